//! Copilot CLI's transcripts: `session-state/<session>/events.jsonl`, those of sub-agents among the
//! others. Seen with version 1.0.102.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::CopilotCli;
use crate::agents::sessions::{Moment, SessionError, Sessions, Store, lines, time};
use crate::agents::{Payload, PayloadError, Report};
use crate::config::Homes;

impl Sessions for CopilotCli {
    fn stores(&self, homes: &Homes, _tops: &[PathBuf]) -> Vec<Store> {
        let home = homes.folder("COPILOT_HOME", ".copilot").into_iter();
        home.map(|home| Store { folder: home.join("session-state"), glob: "*/events.jsonl" })
            .collect()
    }

    fn read(
        &self,
        file: &Path,
        _wanted: &dyn Fn(&Path) -> bool,
        tell: &mut dyn FnMut(Moment),
    ) -> Result<(), SessionError> {
        let told = |payload: &_| self.told(payload);
        let mut events = Events::of(&told, tell, Value::Null, Value::Null);
        lines(file, &mut |line| events.line(&line))
    }

    fn beside(&self, _file: &Path) -> Option<Vec<PathBuf>> {
        Some(Vec::new())
    }
}

/// What a payload of the agent's hooks says.
type Told<'t> = &'t dyn Fn(&Payload) -> Result<Vec<Report>, PayloadError>;

/// A transcript while it is read.
pub struct Events<'t> {
    told: Told<'t>,
    tell: &'t mut dyn FnMut(Moment),
    session: Value,
    cwd: Value,
    /// Tool calls that have no result yet: name and input.
    open: HashMap<String, (Value, Value)>,
}

impl<'t> Events<'t> {
    /// Of this session, in this folder, where the transcript does not name them.
    pub fn of(told: Told<'t>, tell: &'t mut dyn FnMut(Moment), session: Value, cwd: Value) -> Self {
        Self { told, tell, session, cwd, open: HashMap::new() }
    }

    /// Reads one event.
    pub fn line(&mut self, line: &Value) {
        let data = &line["data"];
        match line["type"].as_str().unwrap_or_default() {
            "session.start" | "session.resume" => {
                if data["sessionId"].is_string() {
                    self.session = data["sessionId"].clone();
                }
                if data["context"]["cwd"].is_string() {
                    self.cwd = data["context"]["cwd"].clone();
                }
                self.hook(line, json!({ "hook_event_name": "SessionStart" }));
            }
            "user.message" => {
                let told =
                    json!({ "hook_event_name": "UserPromptSubmit", "prompt": data["content"] });
                self.hook(line, told);
            }
            "tool.execution_start" => {
                let call = data["toolCallId"].as_str().unwrap_or_default().to_owned();
                let (name, input) = (data["toolName"].clone(), data["arguments"].clone());
                self.hook(line, told("PreToolUse", data, &name, &input));
                self.open.insert(call, (name, input));
            }
            "tool.execution_complete" => {
                let call = data["toolCallId"].as_str().unwrap_or_default();
                if let Some((name, input)) = self.open.remove(call) {
                    let event = match data["success"] == true {
                        true => "PostToolUse",
                        false => "PostToolUseFailure",
                    };
                    self.hook(line, told(event, data, &name, &input));
                }
            }
            _ => {}
        }
    }

    /// Tells what the hook would have told.
    fn hook(&mut self, line: &Value, mut payload: Value) {
        payload["session_id"] = self.session.clone();
        payload["cwd"] = self.cwd.clone();
        if let Some(agent) = line["agentId"].as_str() {
            payload["agent_id"] = json!(agent);
            payload["parent_agent_id"] = self.session.clone();
        }
        let at = time(line.get("timestamp"));
        let reports = (self.told)(&Payload::of(payload)).unwrap_or_default();
        reports.into_iter().for_each(|report| (self.tell)(Moment { at, report }));
    }
}

fn told(event: &str, data: &Value, name: &Value, input: &Value) -> Value {
    json!({
        "hook_event_name": event,
        "tool_name": name,
        "tool_input": input,
        "tool_use_id": data["toolCallId"],
        "model": data["model"],
    })
}
