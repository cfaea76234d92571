//! Cline's sessions: `<id>/<id>.json` says where, `<id>/<id>.messages.json` what, and
//! `<id>/agent_….messages.json` what its sub-agents did. Seen with version 3.0.65.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Cline, asked, stores};
use crate::agents::sessions::{self as files, Moment, SessionError, Sessions, Store};
use crate::agents::{Act, Payload, Report};
use crate::config::Homes;

impl Sessions for Cline {
    fn stores(&self, homes: &Homes, _tops: &[PathBuf]) -> Vec<Store> {
        let folder = stores(homes);
        folder.into_iter().map(|folder| Store { folder, glob: "*/*.messages.json" }).collect()
    }

    fn read(
        &self,
        file: &Path,
        wanted: &dyn Fn(&Path) -> bool,
        tell: &mut dyn FnMut(Moment),
    ) -> Result<(), SessionError> {
        let folder = file.parent().unwrap_or(file);
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let about = Payload::of(files::json(&folder.join(format!("{name}.json")))?);
        let cwd = about.path("/cwd").or_else(|| about.path("/workspace_root")).unwrap_or_default();
        if !wanted(&cwd) {
            return Ok(());
        }
        let session = about.owned("/session_id").unwrap_or_else(|| name.to_owned());
        let messages = files::json(file)?;
        let Some(all) = messages["messages"].as_array() else {
            return Err(SessionError::Format("no `messages`".to_owned()));
        };
        let subagent = messages.pointer("/origin/subagent").and_then(Value::as_str);
        let main = match subagent {
            // It works in the turn of the session that started it.
            Some(_) => files::json(&folder.join(format!("{name}.messages.json")))?,
            None => Value::Null,
        };
        let turns =
            prompts(if subagent.is_some() { &main["messages"] } else { &messages["messages"] });
        let mut teller = Teller { session, cwd, subagent, turns, open: HashMap::new(), tell };
        let begun = files::time(about.at("/started_at"));
        teller.say(begun, None, Act::Started);
        all.iter().for_each(|message| teller.message(message));
        Ok(())
    }

    fn beside(&self, file: &Path) -> Option<Vec<PathBuf>> {
        Some(file.parent().into_iter().map(PathBuf::from).collect())
    }
}

/// When each prompt came, its name and its text.
fn prompts(messages: &Value) -> Vec<(i64, String, String)> {
    let messages = messages.as_array().into_iter().flatten();
    let prompt = |message: &Value| {
        let (turn, text) = asked(message)?;
        Some((message["ts"].as_i64().unwrap_or_default(), turn, text))
    };
    messages.filter_map(prompt).collect()
}

/// A session while it is read.
struct Teller<'t> {
    session: String,
    cwd: PathBuf,
    subagent: Option<&'t str>,
    turns: Vec<(i64, String, String)>,
    /// Tool calls that have no result yet, and their model.
    open: HashMap<&'t str, (&'t Value, &'t Value)>,
    tell: &'t mut dyn FnMut(Moment),
}

impl<'t> Teller<'t> {
    fn message(&mut self, message: &'t Value) {
        let time = message["ts"].as_i64().unwrap_or_default();
        if self.subagent.is_none()
            && let Some((turn, text)) = asked(message)
        {
            self.say(at(time), Some(turn), Act::Prompt(text));
            return;
        }
        for block in message["content"].as_array().into_iter().flatten() {
            let id = |name: &str| block[name].as_str().unwrap_or_default();
            match block["type"].as_str() {
                Some("tool_use") => {
                    let model = message.pointer("/modelInfo/id").unwrap_or(&Value::Null);
                    self.open.insert(id("id"), (block, model));
                }
                Some("tool_result") => {
                    if let Some((call, model)) = self.open.remove(id("tool_use_id")) {
                        self.result(time, call, model, block);
                    }
                }
                _ => {}
            }
        }
    }

    fn result(&mut self, time: i64, call: &Value, model: &Value, result: &Value) {
        // An object comes as text here.
        let content = &result["content"];
        let output = content.as_str().and_then(|text| serde_json::from_str(text).ok());
        let turn = self.turns.iter().rev().find(|(since, ..)| *since <= time);
        let payload = json!({
            "hookName": "tool_result",
            "sessionContext": { "rootSessionId": self.session },
            "workspaceRoots": [self.cwd],
            "agent_id": self.subagent,
            "parent_agent_id": self.subagent.map(|_| &self.session),
            "turn_id": turn.map(|(_, turn, _)| turn),
            "model": { "slug": model },
            "tool_result": {
                "id": call["id"],
                "name": call["name"],
                "input": call["input"],
                "output": output.unwrap_or_else(|| content.clone()),
                "error": (result["is_error"] == true).then_some("failed"),
            },
        });
        // What says nothing to us as a payload says nothing here either.
        let reports = Cline.told(&Payload::of(payload)).unwrap_or_default();
        let at = at(time);
        reports.into_iter().for_each(|report| (self.tell)(Moment { at, report }));
    }

    fn say(&mut self, at: Option<DateTime<Utc>>, turn: Option<String>, act: Act) {
        let report = Report {
            agent: "cline".to_owned(),
            session: self.session.clone(),
            turn,
            call: None,
            subagent: None,
            model: None,
            transcript: None,
            cwd: self.cwd.clone(),
            act,
        };
        (self.tell)(Moment { at, report });
    }
}

fn at(time: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(time).filter(|_| time > 0)
}
