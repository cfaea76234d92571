//! What a message of a session of Cursor's tells: a prompt, or a tool that was used.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::calls::Call;
use super::heads::Head;
use super::state::Database;
use crate::agents::patch;
use crate::agents::sessions::{Moment, SessionError, time};
use crate::agents::{Act, FileEdit, Report, Told, Tool};
use crate::git::lines::MAX_TEXT;

/// How much of the texts of files is told of one database. Bytes.
pub(super) const ROOM: usize = 256 * 1024 * 1024;

/// Who asks, and who answers.
const PERSON: i64 = 1;
const AGENT: i64 = 2;

/// A session while it is told.
pub(super) struct Teller<'t> {
    head: &'t Head,
    database: &'t Database,
    room: &'t mut usize,
    tell: &'t mut dyn FnMut(Moment),
    at: Option<DateTime<Utc>>,
    model: Option<String>,
    turn: Option<String>,
}

impl<'t> Teller<'t> {
    pub(super) fn of(
        head: &'t Head,
        data: &Value,
        database: &'t Database,
        room: &'t mut usize,
        tell: &'t mut dyn FnMut(Moment),
    ) -> Self {
        let at = data["createdAt"].as_i64().and_then(DateTime::from_timestamp_millis);
        let model = model(data.pointer("/modelConfig/modelName"));
        let mut teller = Self { head, database, room, tell, at, model, turn: None };
        teller.say(None, Act::Started);
        teller
    }

    pub(super) fn bubble(&mut self, bubble: &Value) -> Result<(), SessionError> {
        self.at = when(bubble).or(self.at);
        self.model = model(bubble.pointer("/modelInfo/modelName")).or(self.model.take());
        match bubble["type"].as_i64() {
            // The task of a sub-agent is no person's prompt.
            Some(PERSON) if self.head.root.is_none() => {
                let text = bubble["text"].as_str().unwrap_or_default();
                if !text.trim().is_empty() {
                    self.turn = bubble["bubbleId"].as_str().map(str::to_owned);
                    self.say(None, Act::Prompt(text.to_owned()));
                }
            }
            Some(AGENT) if bubble["toolFormerData"].is_object() => {
                self.tool(&bubble["toolFormerData"])?;
            }
            _ => {}
        }
        Ok(())
    }

    fn tool(&mut self, tool: &Value) -> Result<(), SessionError> {
        let call = Call::of(tool);
        let done = tool["status"] == "completed"
            && tool["userDecision"] != "rejected"
            && call.result["applyFailed"] != true;
        let act = match call.kind() {
            Tool::Edits if done => {
                let edits = self.edits(&call)?;
                (!edits.is_empty()).then_some(Act::Edited(edits))
            }
            Tool::Reads if done => call.path().map(|path| Act::Read(vec![path])),
            // A command that failed may have written something; one that was rejected did not.
            Tool::Runs
                if (done || tool["status"] == "error") && call.result["rejected"] != true =>
            {
                let command = call.text(&["command"]).unwrap_or_default();
                let tool = call.name.clone();
                Some(Act::CommandEnded { tool, command, background: false })
            }
            _ => None,
        };
        if let Some(act) = act {
            self.say(tool["toolCallId"].as_str(), act);
        }
        Ok(())
    }

    fn edits(&mut self, call: &Call) -> Result<Vec<FileEdit>, SessionError> {
        let patch = call.text(&["patch"]).or_else(|| call.raw.as_str().map(str::to_owned));
        if let Some(edits) = patch.as_deref().and_then(patch::parse) {
            return Ok(edits);
        }
        let Some(path) = call.path() else {
            return Ok(Vec::new());
        };
        let told = match call.name.as_str() {
            "delete_file" => Told::Removed,
            _ => match self.texts(call)? {
                Some(told) => told,
                None => call.told(),
            },
        };
        Ok(vec![FileEdit { path, from: None, told }])
    }

    /// The whole texts before and after, which lie in rows of their own; `None` where there are
    /// none, or no room for them is left.
    fn texts(&mut self, call: &Call) -> Result<Option<Told>, SessionError> {
        let mut text = |name: &str| -> Result<Option<String>, SessionError> {
            let key = call.result[name].as_str().filter(|key| key.starts_with("composer.content."));
            let text = key.map(|key| self.database.text(key)).transpose()?.flatten();
            let text = text.filter(|text| text.len() <= MAX_TEXT);
            Ok(text.filter(|text| {
                let fits = text.len() <= *self.room;
                *self.room = if fits { *self.room - text.len() } else { 0 };
                fits
            }))
        };
        let Some(after) = text("afterContentId")? else {
            return Ok(None);
        };
        // A file that was not there has the text of an empty one.
        let before =
            text("beforeContentId")?.map(|text| Some(text).filter(|text| !text.is_empty()));
        Ok(Some(Told::Whole { before, after }))
    }

    fn say(&mut self, call: Option<&str>, act: Act) {
        let Head { id, folder, root } = self.head;
        let report = Report {
            agent: "cursor".to_owned(),
            session: root.as_ref().unwrap_or(id).clone(),
            turn: self.turn.clone(),
            call: call.map(str::to_owned),
            subagent: root.as_ref().map(|_| id.clone()),
            model: self.model.clone(),
            transcript: None,
            cwd: folder.clone(),
            act,
        };
        (self.tell)(Moment { at: self.at, report });
    }
}

fn model(name: Option<&Value>) -> Option<String> {
    let name = name.and_then(Value::as_str).filter(|name| !name.is_empty() && *name != "default");
    name.map(str::to_owned)
}

/// When a message was made; in older versions a number says so, or when the answer was complete.
fn when(bubble: &Value) -> Option<DateTime<Utc>> {
    let number = |value: Option<&Value>| {
        let millis = value?.as_f64().filter(|millis| *millis > 1e12)?;
        DateTime::from_timestamp_millis(millis as i64)
    };
    let made = bubble.get("createdAt");
    time(made)
        .or_else(|| number(made))
        .or_else(|| number(bubble.pointer("/timingInfo/clientEndTime")))
        .or_else(|| number(bubble.pointer("/timingInfo/clientRpcSendTime")))
}
