//! Qwen Code's transcripts: `projects/<folder>/chats/<session>.jsonl` in `$QWEN_RUNTIME_DIR`, or in
//! its home. Seen with version 0.15.10.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Qwen, home};
use crate::agents::Payload;
use crate::agents::sessions::{Moment, SessionError, Sessions, Store, lines, time};
use crate::config::Homes;

impl Sessions for Qwen {
    fn stores(&self, homes: &Homes, _tops: &[PathBuf]) -> Vec<Store> {
        let runtime = homes.variables.get(OsStr::new("QWEN_RUNTIME_DIR")).cloned();
        // What was kept before the variables were set counts, too.
        let mut folders: Vec<PathBuf> =
            [runtime, home(homes), homes.below(".qwen")].into_iter().flatten().collect();
        folders.dedup();
        let store =
            |home: PathBuf| Store { folder: home.join("projects"), glob: "*/chats/**/*.jsonl" };
        folders.into_iter().map(store).collect()
    }

    fn read(
        &self,
        file: &Path,
        _wanted: &dyn Fn(&Path) -> bool,
        tell: &mut dyn FnMut(Moment),
    ) -> Result<(), SessionError> {
        let mut chat = Chat { tell, started: false, open: HashMap::new() };
        lines(file, &mut |line| chat.line(&line))
    }

    fn beside(&self, _file: &Path) -> Option<Vec<PathBuf>> {
        Some(Vec::new())
    }
}

/// A chat while it is read.
struct Chat<'t> {
    tell: &'t mut dyn FnMut(Moment),
    started: bool,
    /// Tool calls that have no result yet: name, input, model.
    open: HashMap<String, [Value; 3]>,
}

impl Chat<'_> {
    fn line(&mut self, line: &Value) {
        if !self.started && line.get("cwd").is_some() {
            self.started = true;
            self.hook(line, json!({ "hook_event_name": "SessionStart" }));
        }
        let parts = line["message"]["parts"].as_array().map(Vec::as_slice).unwrap_or_default();
        match line["type"].as_str() {
            Some("user") => {
                let texts: Vec<&str> =
                    parts.iter().filter_map(|part| part["text"].as_str()).collect();
                let prompt = texts.join("\n");
                self.hook(line, json!({ "hook_event_name": "UserPromptSubmit", "prompt": prompt }));
            }
            Some("assistant") => {
                for call in parts.iter().filter_map(|part| part.get("functionCall")) {
                    let id = call["id"].as_str().unwrap_or_default();
                    let open = [call["name"].clone(), call["args"].clone(), line["model"].clone()];
                    self.hook(line, told("PreToolUse", id, &open));
                    self.open.insert(id.to_owned(), open);
                }
            }
            Some("tool_result") => {
                let result = &line["toolCallResult"];
                let id = result["callId"].as_str().unwrap_or_default();
                let Some(open) = self.open.remove(id) else {
                    return;
                };
                let event = match result["status"] == "success" {
                    true => "PostToolUse",
                    false => "PostToolUseFailure",
                };
                let mut told = told(event, id, &open);
                told["tool_response"] = json!({ "returnDisplay": result["resultDisplay"] });
                self.hook(line, told);
            }
            Some("system") => self.subagent(line),
            _ => {}
        }
    }

    /// A sub-agent's calls stand nowhere but among the events that the program counts.
    fn subagent(&mut self, line: &Value) {
        let event = &line["systemPayload"]["uiEvent"];
        let agent = event["prompt_id"].as_str().and_then(|id| id.split('#').nth(1));
        if let (Some(agent), true) = (agent, event["success"] == true) {
            let mut payload = json!({
                "hook_event_name": "PreToolUse",
                "tool_name": event["function_name"],
                "tool_input": event["function_args"],
                "agent_id": agent,
            });
            self.hook(line, payload.clone());
            payload["hook_event_name"] = json!("PostToolUse");
            self.hook(line, payload);
        }
    }

    /// Tells what the hook would have told.
    fn hook(&mut self, line: &Value, mut payload: Value) {
        payload["session_id"] = line["sessionId"].clone();
        payload["cwd"] = line["cwd"].clone();
        let at = time(line.get("timestamp"));
        let reports = Qwen.told(&Payload::of(payload)).unwrap_or_default();
        reports.into_iter().for_each(|report| (self.tell)(Moment { at, report }));
    }
}

fn told(event: &str, id: &str, [name, input, model]: &[Value; 3]) -> Value {
    json!({
        "hook_event_name": event,
        "tool_name": name,
        "tool_input": input,
        "tool_use_id": id,
        "model": model,
    })
}
