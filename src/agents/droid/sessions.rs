//! Droid's sessions: `sessions/<folder>/<id>.jsonl`, whose first line says where, and beside it
//! `<id>.settings.json` with the model. Seen with version 0.225.2; what sub-agents leave is read in
//! that program.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Droid, SETTINGS};
use crate::agents::Payload;
use crate::agents::question::FINDINGS;
use crate::agents::sessions::{self, Moment, SessionError, Sessions, Store, time};
use crate::config::Homes;

/// What Droid puts into a message beside the person's words.
const REMINDER: (&str, &str) = ("<system-reminder>", "</system-reminder>");

/// How the answer to a command that ran begins its last line.
const STATUS: &str = "[Process exited with code ";

/// How deep sub-agents start sub-agents: a circle ends.
const DEPTH: usize = 16;

impl Sessions for Droid {
    fn stores(&self, homes: &Homes, _tops: &[PathBuf]) -> Vec<Store> {
        let home = (SETTINGS.home)(homes).into_iter();
        home.map(|home| Store { folder: home.join("sessions"), glob: "**/*.jsonl" }).collect()
    }

    fn read(
        &self,
        file: &Path,
        _wanted: &dyn Fn(&Path) -> bool,
        tell: &mut dyn FnMut(Moment),
    ) -> Result<(), SessionError> {
        let settings = sessions::json(&file.with_extension("settings.json")).unwrap_or_default();
        let mut session = Session {
            tell,
            file,
            model: settings["model"].clone(),
            about: Value::Null,
            open: HashMap::new(),
            turn: Value::Null,
        };
        sessions::lines(file, &mut |line| session.line(&line))
    }

    fn beside(&self, file: &Path) -> Option<Vec<PathBuf>> {
        let above = first(file).as_ref().and_then(calling).map(|above| session(file, &above));
        Some(above.into_iter().chain([file.with_extension("settings.json")]).collect())
    }
}

/// A session while it is read.
struct Session<'t> {
    tell: &'t mut dyn FnMut(Moment),
    file: &'t Path,
    /// The model that was chosen last.
    model: Value,
    /// What every payload has: the session, the folder, the sub-agent.
    about: Value,
    /// Tool calls that have no result yet: when, name, input, model.
    open: HashMap<String, [Value; 4]>,
    /// The message with the prompt that what follows belongs to.
    turn: Value,
}

impl Session<'_> {
    fn line(&mut self, line: &Value) {
        let message = &line["message"];
        match (line["type"].as_str(), message["role"].as_str()) {
            (Some("session_start"), _) => self.start(line),
            (Some("message"), Some("assistant")) => {
                for block in blocks(message).filter(|block| block["type"] == "tool_use") {
                    self.call(line, block);
                }
            }
            (Some("message"), Some("user" | "tool")) => self.user(line, message),
            _ => {}
        }
    }

    fn start(&mut self, line: &Value) {
        let own = line["id"].as_str().map(str::to_owned);
        let own = own.or_else(|| Some(self.file.file_stem()?.to_string_lossy().into_owned()));
        let root = root(self.file, line);
        self.about = json!({
            "session_id": root.as_ref().or(own.as_ref()),
            "subagent": root.as_ref().and(own.as_ref()),
            "cwd": line["cwd"],
        });
        self.hook(&line["timestamp"], json!({ "hook_event_name": "SessionStart" }));
    }

    fn call(&mut self, line: &Value, block: &Value) {
        let id = block["id"].as_str().unwrap_or_default();
        let model = match &line["message"]["modelId"] {
            Value::Null => &self.model,
            own => own,
        };
        let call = [&line["timestamp"], &block["name"], &block["input"], model];
        self.open.insert(id.to_owned(), call.map(Value::clone));
    }

    fn user(&mut self, line: &Value, message: &Value) {
        let mut results = false;
        for result in blocks(message).filter(|block| block["type"] == "tool_result") {
            results = true;
            let id = result["tool_use_id"].as_str().unwrap_or_default();
            let Some([since, name, input, model]) = self.open.remove(id) else {
                continue;
            };
            let response = text(&result["content"]);
            // Of tools that failed only a command may have changed something. One that Droid or a
            // hook of its denied never ran, and has no status.
            let ran = response.as_str().is_some_and(|text| text.contains(STATUS));
            if result["is_error"] == true && !ran {
                continue;
            }
            let mut told = json!({
                "hook_event_name": "PreToolUse",
                "tool_name": name,
                "tool_input": input,
                "tool_use_id": id,
                "tool_response": response,
                "failed": result["is_error"],
                "model": model,
            });
            self.hook(&since, told.clone());
            told["hook_event_name"] = json!("PostToolUse");
            self.hook(&line["timestamp"], told);
        }
        // The task of a sub-agent is no person's prompt.
        if results || !self.about["subagent"].is_null() {
            return;
        }
        if let Some((turn, prompt)) = asked(line) {
            self.turn = turn.into();
            let told = json!({ "hook_event_name": "UserPromptSubmit", "prompt": prompt });
            self.hook(&line["timestamp"], told);
        }
    }

    /// Tells what the hook would have told then.
    fn hook(&mut self, at: &Value, mut payload: Value) {
        for (name, value) in self.about.as_object().into_iter().flatten() {
            payload[name] = value.clone();
        }
        payload["turn"] = self.turn.clone();
        let at = time(Some(at));
        // What says nothing to us as a payload says nothing here either.
        let reports = Droid.told(&Payload::of(payload)).unwrap_or_default();
        reports.into_iter().for_each(|report| (self.tell)(Moment { at, report }));
    }
}

/// The prompt that a line is, and the message's name.
pub(super) fn asked(line: &Value) -> Option<(String, String)> {
    let message = &line["message"];
    let person = line["type"] == "message" && message["role"] == "user" && is_shown(message);
    let text = prompt(&message["content"]).filter(|_| person)?;
    Some((line["id"].as_str()?.to_owned(), text))
}

fn blocks(message: &Value) -> impl Iterator<Item = &Value> {
    message["content"].as_array().into_iter().flatten()
}

/// What a tool answered, whether in one piece or in parts.
fn text(content: &Value) -> Value {
    let Some(parts) = content.as_array() else {
        return content.clone();
    };
    parts.iter().filter_map(|part| part["text"].as_str()).collect::<String>().into()
}

/// Whether a message under a person's name is one: Droid's own words are hidden, and hooks have a
/// name.
fn is_shown(message: &Value) -> bool {
    message["hookEventName"].is_null()
        && message["hiddenFromUserViews"] != true
        && message["isUserVisible"] != false
        && matches!(message["visibility"].as_str(), None | Some("both"))
}

/// What a person typed: the first text that is left without Droid's reminders. The texts of files
/// that a person named come after it.
fn prompt(content: &Value) -> Option<String> {
    let parts = content.as_array().into_iter().flatten().filter(|part| part["type"] == "text");
    let mut texts = content.as_str().into_iter().chain(parts.filter_map(|p| p["text"].as_str()));
    texts.find_map(|text| {
        let mut rest = text.to_owned();
        while let Some(from) = rest.find(REMINDER.0) {
            let to = rest[from..].find(REMINDER.1).map(|to| from + to + REMINDER.1.len());
            rest.replace_range(from..to.unwrap_or(rest.len()), "");
        }
        let rest = rest.trim();
        (!rest.is_empty() && !rest.starts_with(FINDINGS)).then(|| rest.to_owned())
    })
}

/// The session with a person that a sub-agent's goes back to: each says in its first line which one
/// called it. `None` for a person's own.
fn root(file: &Path, start: &Value) -> Option<String> {
    let mut root = calling(start)?;
    for _ in 0..DEPTH {
        match first(&session(file, &root)).as_ref().and_then(calling) {
            Some(next) => root = next,
            None => break,
        }
    }
    Some(root)
}

/// The session that started this one.
fn calling(start: &Value) -> Option<String> {
    start["callingSessionId"].as_str().map(str::to_owned)
}

/// The file of another session of the same folder.
fn session(file: &Path, id: &str) -> PathBuf {
    file.with_file_name(format!("{id}.jsonl"))
}

/// The first line of a session.
fn first(file: &Path) -> Option<Value> {
    use std::io::{BufRead as _, BufReader, Read as _};
    let mut line = String::new();
    let file = sessions::regular(file).ok()?;
    BufReader::new(file.take(1 << 20)).read_line(&mut line).ok()?;
    serde_json::from_str(&line).ok()
}
