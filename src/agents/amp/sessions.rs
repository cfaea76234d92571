//! Amp's threads: `threads/T-….json`, one document each, with the calls of tools in the agent's
//! messages and their results in the messages after them. Later versions keep them on a server
//! only.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::Amp;
use crate::agents::Payload;
use crate::agents::continue_cli::folder;
use crate::agents::question::FINDINGS;
use crate::agents::sessions::{self, Moment, SessionError, Sessions, Store, time};
use crate::config::Homes;

impl Sessions for Amp {
    fn stores(&self, homes: &Homes, _tops: &[PathBuf]) -> Vec<Store> {
        let folder = homes.data().map(|data| data.join("amp/threads"));
        folder.into_iter().map(|folder| Store { folder, glob: "T-*.json" }).collect()
    }

    fn read(
        &self,
        file: &Path,
        _wanted: &dyn Fn(&Path) -> bool,
        tell: &mut dyn FnMut(Moment),
    ) -> Result<(), SessionError> {
        let thread = sessions::json(file)?;
        let Some(messages) = thread["messages"].as_array() else {
            return Err(SessionError::Format("no `messages`".to_owned()));
        };
        let id = thread["id"].as_str().map(str::to_owned);
        let id = id.or_else(|| Some(file.file_stem()?.to_string_lossy().into_owned()));
        // A sub-agent's thread names that of the person.
        let main = thread["mainThreadID"].as_str().map(str::to_owned);
        let root = thread.pointer("/env/initial/trees/0/uri").and_then(Value::as_str);
        let mut teller = Teller {
            thread: json!({ "id": main.as_ref().or(id.as_ref()) }),
            subagent: main.as_ref().and(id),
            cwd: root.map(folder),
            at: thread["created"].as_i64().and_then(DateTime::from_timestamp_millis),
            turn: Value::Null,
            open: HashMap::new(),
            tell,
        };
        teller.event(json!({ "event": "session.start" }));
        messages.iter().for_each(|message| teller.message(message));
        Ok(())
    }

    fn beside(&self, _file: &Path) -> Option<Vec<PathBuf>> {
        Some(Vec::new())
    }
}

/// A thread while it is read.
struct Teller<'t> {
    thread: Value,
    subagent: Option<String>,
    cwd: Option<PathBuf>,
    /// When the last message was that says so: tools ran right after it.
    at: Option<DateTime<Utc>>,
    /// The message with the prompt that what follows belongs to.
    turn: Value,
    /// Tool calls that have no result yet, and their model.
    open: HashMap<&'t str, (&'t Value, &'t Value)>,
    tell: &'t mut dyn FnMut(Moment),
}

impl<'t> Teller<'t> {
    fn message(&mut self, message: &'t Value) {
        let blocks = message["content"].as_array().map(Vec::as_slice).unwrap_or_default();
        match message["role"].as_str() {
            Some("assistant") => {
                self.at = time(message.pointer("/usage/timestamp")).or(self.at);
                let model = message.pointer("/usage/model").unwrap_or(&Value::Null);
                for call in blocks.iter().filter(|block| block["type"] == "tool_use") {
                    self.open.insert(call["id"].as_str().unwrap_or_default(), (call, model));
                }
            }
            Some("user") => {
                blocks.iter().filter(|block| block["type"] == "tool_result").for_each(|block| {
                    self.result(block);
                });
                self.prompt(message, blocks);
            }
            _ => {}
        }
    }

    fn result(&mut self, result: &Value) {
        let id = result["toolUseID"].as_str().unwrap_or_default();
        let Some((call, model)) = self.open.remove(id) else {
            return;
        };
        self.event(json!({
            "event": "tool.result",
            "toolUseID": id,
            "tool": call["name"],
            "input": call["input"],
            "status": result["run"]["status"],
            "output": result["run"]["result"],
            "model": model,
        }));
    }

    fn prompt(&mut self, message: &Value, blocks: &[Value]) {
        let texts = blocks.iter().filter(|block| block["type"] == "text");
        let texts: Vec<&str> = texts.filter_map(|block| block["text"].as_str()).collect();
        let text = texts.join("\n");
        // The task of a sub-agent is no person's prompt, nor is what the gate had to say.
        let typed = !text.trim().is_empty() && !text.starts_with(FINDINGS);
        if !typed || self.subagent.is_some() {
            return;
        }
        let sent = message.pointer("/meta/sentAt").and_then(Value::as_i64);
        self.at = sent.and_then(DateTime::from_timestamp_millis).or(self.at);
        self.turn = message["messageId"].clone();
        self.event(json!({ "event": "agent.start", "message": text }));
    }

    /// Tells what a plugin would have been told.
    fn event(&mut self, mut payload: Value) {
        payload["thread"] = self.thread.clone();
        payload["subagent"] = json!(self.subagent);
        payload["cwd"] = json!(self.cwd);
        payload["turn"] = self.turn.clone();
        let at = self.at;
        // What says nothing to us as an event says nothing here either.
        let reports = Amp.told(&Payload::of(payload)).unwrap_or_default();
        reports.into_iter().for_each(|report| (self.tell)(Moment { at, report }));
    }
}
