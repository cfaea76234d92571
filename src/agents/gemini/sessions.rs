//! Gemini CLI's transcripts: `tmp/<project>/chats/session-*.jsonl`, those of sub-agents in
//! `chats/<session>/<id>.jsonl`. Seen with version 0.61.0.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Gemini, SETTINGS};
use crate::agents::Payload;
use crate::agents::sessions::{Moment, SessionError, Sessions, Store, lines, time};
use crate::config::Homes;

impl Sessions for Gemini {
    fn stores(&self, homes: &Homes, _tops: &[PathBuf]) -> Vec<Store> {
        let home = (SETTINGS.home)(homes).into_iter();
        home.map(|home| Store { folder: home.join("tmp"), glob: "*/chats/**/*.jsonl" }).collect()
    }

    fn read(
        &self,
        file: &Path,
        _wanted: &dyn Fn(&Path) -> bool,
        tell: &mut dyn FnMut(Moment),
    ) -> Result<(), SessionError> {
        let cwd = root(file).and_then(|root| std::fs::read_to_string(root).ok());
        let mut chat = Chat {
            tell,
            cwd: json!(cwd.map(|cwd| cwd.trim().to_owned())),
            session: Value::Null,
            subagent: Value::Null,
            folder: file
                .parent()
                .and_then(Path::file_name)
                .map(|name| name.to_string_lossy().into()),
            told: HashSet::new(),
        };
        lines(file, &mut |line| chat.line(&line))
    }

    fn beside(&self, file: &Path) -> Option<Vec<PathBuf>> {
        Some(root(file).into_iter().collect())
    }
}

/// The file that says which folder a chat is about.
fn root(file: &Path) -> Option<PathBuf> {
    let chats = file.ancestors().find(|above| above.ends_with("chats"));
    Some(chats?.parent()?.join(".project_root"))
}

/// A chat while it is read.
struct Chat<'t> {
    tell: &'t mut dyn FnMut(Moment),
    cwd: Value,
    session: Value,
    subagent: Value,
    /// The folder around the file: of a sub-agent's it is the session's name.
    folder: Option<String>,
    /// Messages and calls that were told: a message may come again with more in it.
    told: HashSet<String>,
}

impl Chat<'_> {
    fn line(&mut self, line: &Value) {
        if let Some(kind) = line["kind"].as_str() {
            self.begin(line, kind);
            return;
        }
        let id = line["id"].as_str().unwrap_or_default();
        match line["type"].as_str() {
            Some("user") if self.subagent.is_null() && self.told.insert(id.to_owned()) => {
                let parts = line["content"].as_array().map(Vec::as_slice).unwrap_or_default();
                let texts: Vec<&str> =
                    parts.iter().filter_map(|part| part["text"].as_str()).collect();
                let text = line["content"].as_str().map_or_else(|| texts.join("\n"), str::to_owned);
                if !text.is_empty() && !text.starts_with("<session_context>") {
                    self.hook(
                        &line["timestamp"],
                        json!({ "hook_event_name": "BeforeAgent", "prompt": text }),
                    );
                }
            }
            Some("gemini") => {
                for call in line["toolCalls"].as_array().into_iter().flatten() {
                    self.call(line, call);
                }
            }
            _ => {}
        }
    }

    fn begin(&mut self, line: &Value, kind: &str) {
        self.session = line["sessionId"].clone();
        if kind == "subagent" {
            self.subagent = self.session.take();
            self.session = json!(self.folder);
        }
        if let Some(folder) = line.pointer("/directories/0").filter(|_| self.cwd.is_null()) {
            self.cwd = folder.clone();
        }
        self.hook(&line["startTime"], json!({ "hook_event_name": "SessionStart" }));
    }

    fn call(&mut self, line: &Value, call: &Value) {
        let id = call["id"].as_str().unwrap_or_default();
        let ended = call["status"].as_str().unwrap_or_default();
        if ended.is_empty() || !self.told.insert(id.to_owned()) {
            return;
        }
        let mut told = json!({
            "hook_event_name": "BeforeTool",
            "tool_name": call["name"],
            "tool_input": call["args"],
            "tool_use_id": id,
            "model": line["model"],
        });
        self.hook(&line["timestamp"], told.clone());
        told["hook_event_name"] = json!("AfterTool");
        let error = (ended != "success").then_some(ended);
        told["tool_response"] = json!({ "returnDisplay": call["resultDisplay"], "error": error });
        self.hook(&call["timestamp"], told);
    }

    /// Tells what the hook would have told.
    fn hook(&mut self, at: &Value, mut payload: Value) {
        payload["session_id"] = self.session.clone();
        payload["cwd"] = self.cwd.clone();
        payload["agent_id"] = self.subagent.clone();
        let reports = Gemini.told(&Payload::of(payload)).unwrap_or_default();
        reports.into_iter().for_each(|report| (self.tell)(Moment { at: time(Some(at)), report }));
    }
}
