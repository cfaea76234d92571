//! Claude Code's transcripts: `projects/<folder>/<session>.jsonl`, and beside each one
//! `<session>/subagents/agent-<id>.jsonl`. Seen with version 2.1.197.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::ClaudeCode;
use crate::agents::Payload;
use crate::agents::sessions::{Moment, SessionError, Sessions, Store, lines, time};
use crate::config::Homes;

/// Texts under a person's name that no person typed.
const NOT_TYPED: &[&str] = &["<task-notification>", "<local-command-", "<command-", "Caveat: "];

impl Sessions for ClaudeCode {
    fn stores(&self, homes: &Homes, _tops: &[PathBuf]) -> Vec<Store> {
        // Some versions keep them below the user's configuration.
        let folders = [
            homes.folder("CLAUDE_CONFIG_DIR", ".claude"),
            homes.config().map(|config| config.join("claude")),
        ];
        let stores = folders.into_iter().flatten();
        stores.map(|at| Store { folder: at.join("projects"), glob: "**/*.jsonl" }).collect()
    }

    fn read(
        &self,
        file: &Path,
        _wanted: &dyn Fn(&Path) -> bool,
        tell: &mut dyn FnMut(Moment),
    ) -> Result<(), SessionError> {
        let mut transcript = Transcript { tell, turn: None, started: false, open: HashMap::new() };
        lines(file, &mut |line| transcript.line(&line))
    }

    fn beside(&self, _file: &Path) -> Option<Vec<PathBuf>> {
        Some(Vec::new())
    }
}

/// A transcript while it is read.
struct Transcript<'t> {
    tell: &'t mut dyn FnMut(Moment),
    /// The prompt that what follows belongs to.
    turn: Option<Value>,
    started: bool,
    /// Tool calls that have no result yet: name, input, model.
    open: HashMap<String, [Value; 3]>,
}

impl Transcript<'_> {
    fn line(&mut self, line: &Value) {
        if line.get("cwd").is_some() && !self.started {
            self.started = true;
            self.hook(line, json!({ "hook_event_name": "SessionStart" }));
        }
        let content = line.pointer("/message/content");
        match (line["type"].as_str(), content) {
            (Some("user"), Some(content)) if line["isMeta"] != true => {
                self.turn = line.get("promptId").cloned().or_else(|| self.turn.take());
                self.user(line, content);
            }
            (Some("assistant"), Some(Value::Array(blocks))) => {
                for block in blocks.iter().filter(|block| block["type"] == "tool_use") {
                    self.call(line, block);
                }
            }
            _ => {}
        }
    }

    fn call(&mut self, line: &Value, block: &Value) {
        let id = block["id"].as_str().unwrap_or_default();
        let (name, input) = (block["name"].clone(), block["input"].clone());
        let told = json!({
            "hook_event_name": "PreToolUse",
            "tool_name": name,
            "tool_input": input,
            "tool_use_id": id,
        });
        self.hook(line, told);
        self.open.insert(id.to_owned(), [name, input, line["message"]["model"].clone()]);
    }

    fn user(&mut self, line: &Value, content: &Value) {
        let blocks = content.as_array().map(Vec::as_slice).unwrap_or_default();
        let results = blocks.iter().filter(|block| block["type"] == "tool_result");
        let mut prompted = true;
        for result in results {
            prompted = false;
            let id = result["tool_use_id"].as_str().unwrap_or_default();
            let Some([name, input, model]) = self.open.remove(id) else {
                continue;
            };
            let failed = result["is_error"] == true;
            let event = if failed { "PostToolUseFailure" } else { "PostToolUse" };
            let told = json!({
                "hook_event_name": event,
                "tool_name": name,
                "tool_input": input,
                "tool_use_id": id,
                "tool_response": line["toolUseResult"],
                "model": model,
            });
            self.hook(line, told);
        }
        // The task of a sub-agent is no person's prompt.
        if prompted && line["isSidechain"] != true {
            let texts = blocks.iter().filter_map(|block| block["text"].as_str());
            let text = match content {
                Value::String(text) => text.clone(),
                _ => texts.collect::<Vec<_>>().join("\n"),
            };
            if !text.is_empty() && !NOT_TYPED.iter().any(|start| text.starts_with(start)) {
                self.hook(line, json!({ "hook_event_name": "UserPromptSubmit", "prompt": text }));
            }
        }
    }

    /// Tells what the hook would have told.
    fn hook(&mut self, line: &Value, mut payload: Value) {
        payload["session_id"] = line["sessionId"].clone();
        payload["cwd"] = line["cwd"].clone();
        payload["agent_id"] = line["agentId"].clone();
        payload["prompt_id"] = self.turn.clone().unwrap_or_default();
        let at = time(line.get("timestamp"));
        // What says nothing to us as a payload says nothing here either.
        let reports = ClaudeCode.told(&Payload::of(payload)).unwrap_or_default();
        reports.into_iter().for_each(|report| (self.tell)(Moment { at, report }));
    }
}
