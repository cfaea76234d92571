//! opencode's database: `opencode.db` with its `-wal` file, as seen with version 1.18.33.
//!
//! It also keeps what changed in each step of a turn, commands' changes included, but not by whom:
//! a person may have worked meanwhile. So only the tools' own edits are told.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use super::{AFTER, OpenCode, PROMPT};
use crate::agents::sessions::{Moment, SessionError, Sessions, Store};
use crate::agents::{Act, Payload, Report};
use crate::config::Homes;

/// How long a writer may hold us up.
const PATIENCE: Duration = Duration::from_secs(1);

const SESSIONS: &str = "SELECT id, parent_id, directory FROM session ORDER BY time_created, id";
const PARTS: &str = "SELECT m.id, m.data, p.data FROM message m \
     LEFT JOIN part p ON p.message_id = m.id \
     WHERE m.session_id = ?1 ORDER BY m.time_created, m.id, p.id";

impl Sessions for OpenCode {
    fn stores(&self, homes: &Homes, _tops: &[PathBuf]) -> Vec<Store> {
        let data = homes.data().map(|data| data.join("opencode"));
        // A version of another channel has a name of its own: `opencode-dev.db`.
        let glob = "opencode*.db";
        data.into_iter().map(|folder| Store { folder, glob }).collect()
    }

    fn read(
        &self,
        file: &Path,
        wanted: &dyn Fn(&Path) -> bool,
        tell: &mut dyn FnMut(Moment),
    ) -> Result<(), SessionError> {
        crate::agents::sessions::regular(file)?;
        let database = Connection::open_with_flags(
            file,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )
        .map_err(said)?;
        database.busy_timeout(PATIENCE).map_err(said)?;
        // One picture of it, whatever is written meanwhile.
        let database = database.unchecked_transaction().map_err(said)?;
        let all = sessions(&database).map_err(said)?;
        for tree in trees(&all).into_values() {
            if !tree.iter().any(|session| wanted(&session.directory)) {
                continue;
            }
            let mut moments = Vec::new();
            let outcome = conversation(&database, &tree, &mut moments).map_err(said);
            moments.sort_by_key(|moment: &Moment| moment.at);
            moments.into_iter().for_each(&mut *tell);
            outcome?;
        }
        Ok(())
    }

    fn beside(&self, file: &Path) -> Option<Vec<PathBuf>> {
        let mut log = file.as_os_str().to_owned();
        log.push("-wal");
        Some(vec![log.into()])
    }
}

fn said(error: rusqlite::Error) -> SessionError {
    SessionError::Format(error.to_string())
}

/// A row of `session`.
#[derive(Debug, Clone)]
struct Session {
    id: String,
    parent: Option<String>,
    directory: PathBuf,
}

fn sessions(database: &Connection) -> rusqlite::Result<Vec<Session>> {
    let mut rows = database.prepare(SESSIONS)?;
    let rows = rows.query_map([], |row| {
        let directory: String = row.get(2)?;
        Ok(Session { id: row.get(0)?, parent: row.get(1)?, directory: directory.into() })
    })?;
    rows.collect()
}

/// Each conversation with a person, and the sessions of its sub-agents after it.
fn trees(all: &[Session]) -> std::collections::BTreeMap<usize, Vec<&Session>> {
    let places: HashMap<&str, usize> =
        all.iter().enumerate().map(|(at, session)| (session.id.as_str(), at)).collect();
    let mut trees: std::collections::BTreeMap<usize, Vec<&Session>> = Default::default();
    for (at, session) in all.iter().enumerate() {
        let mut root = at;
        // As deep as the plugin looks: a circle ends.
        for _ in 0..16 {
            let parent = all[root].parent.as_deref().and_then(|parent| places.get(parent));
            let Some(&parent) = parent else { break };
            root = parent;
        }
        let tree = trees.entry(root).or_default();
        if root == at { tree.insert(0, session) } else { tree.push(session) }
    }
    trees
}

/// What one conversation tells, in no order.
fn conversation(
    database: &Connection,
    tree: &[&Session],
    moments: &mut Vec<Moment>,
) -> rusqlite::Result<()> {
    let Some(root) = tree.first() else { return Ok(()) };
    let mut turns = Turns::default();
    for session in tree {
        let subagent = (session.id != root.id).then_some(session.id.as_str());
        let mut teller =
            Teller { root, session, subagent, message: None, moments, turns: &mut turns };
        let mut rows = database.prepare(PARTS)?;
        let mut rows = rows.query([&session.id])?;
        while let Some(row) = rows.next()? {
            let (id, message, part): (String, String, Option<String>) =
                (row.get(0)?, row.get(1)?, row.get(2)?);
            // Rows that are no JSON tell nothing.
            let Ok(message) = serde_json::from_str(&message) else { continue };
            let part = part.and_then(|part| serde_json::from_str(&part).ok());
            teller.part(&id, message, part.unwrap_or_default());
        }
        teller.end_message();
    }
    Ok(())
}

/// The prompts of a conversation: when, and their names.
#[derive(Default)]
struct Turns(Vec<(i64, String)>);

impl Turns {
    /// The turn that was under way then.
    fn at(&self, time: i64) -> Option<&str> {
        self.0.iter().rev().find(|(since, _)| *since <= time).map(|(_, turn)| turn.as_str())
    }
}

/// A session while it is read.
struct Teller<'a> {
    root: &'a Session,
    session: &'a Session,
    subagent: Option<&'a str>,
    /// The message that is read: its name, itself, what a person wrote in it.
    message: Option<(String, Value, Vec<String>)>,
    moments: &'a mut Vec<Moment>,
    turns: &'a mut Turns,
}

impl Teller<'_> {
    fn part(&mut self, id: &str, message: Value, part: Value) {
        if self.message.as_ref().is_none_or(|(known, ..)| known != id) {
            self.end_message();
            self.message = Some((id.to_owned(), message, Vec::new()));
        }
        let Some((_, message, texts)) = &mut self.message else { return };
        let user = message["role"] == "user";
        match part["type"].as_str() {
            Some("text") if user && part["synthetic"] != true && part["ignored"] != true => {
                texts.extend(part["text"].as_str().map(str::to_owned));
            }
            Some("tool") if !user => self.tool(&part),
            _ => {}
        }
    }

    fn end_message(&mut self) {
        let Some((id, message, texts)) = self.message.take() else { return };
        if message["role"] != "user" || self.subagent.is_some() {
            return;
        }
        let time = message.pointer("/time/created").and_then(Value::as_i64).unwrap_or_default();
        if self.turns.0.is_empty() {
            let report = self.report(Act::Started);
            self.moments.push(Moment { at: moment(time), report });
        }
        self.turns.0.push((time, id.clone()));
        let model = message.pointer("/model/modelID").cloned().unwrap_or_default();
        let told =
            json!({ "event": PROMPT, "prompt": texts.join("\n"), "turn": id, "model": model });
        self.tell(time, told);
    }

    fn tool(&mut self, part: &Value) {
        let state = &part["state"];
        let failed = match state["status"].as_str() {
            Some("completed") => false,
            Some("error") => true,
            _ => return,
        };
        // Of tools that failed only a command may have changed something.
        if failed && part["tool"] != "bash" {
            return;
        }
        let Some((_, message, _)) = &self.message else { return };
        let time = |pointer: &str| state.pointer(pointer).and_then(Value::as_i64);
        let time = time("/time/end").or_else(|| time("/time/start")).unwrap_or_default();
        let turn = match self.subagent {
            // It works in the turn that started it.
            Some(_) => {
                let since = message.pointer("/time/created").and_then(Value::as_i64);
                self.turns.at(since.unwrap_or(time)).map(Value::from).unwrap_or_default()
            }
            None => message["parentID"].clone(),
        };
        let told = json!({
            "event": AFTER,
            "tool": part["tool"],
            "call": part["callID"],
            "args": state["input"],
            "metadata": state["metadata"],
            "turn": turn,
            "model": message["modelID"],
        });
        self.tell(time, told);
    }

    /// Tells what the plugin would have told.
    fn tell(&mut self, time: i64, mut payload: Value) {
        payload["session"] = json!(self.root.id);
        payload["subagent"] = json!(self.subagent);
        payload["directory"] = json!(self.session.directory);
        // What says nothing to us as a payload says nothing here either.
        let reports = OpenCode.told(&Payload::of(payload)).unwrap_or_default();
        let at = moment(time);
        self.moments.extend(reports.into_iter().map(|report| Moment { at, report }));
    }

    fn report(&self, act: Act) -> Report {
        Report {
            agent: "opencode".to_owned(),
            session: self.root.id.clone(),
            turn: None,
            call: None,
            subagent: None,
            model: None,
            transcript: None,
            cwd: self.session.directory.clone(),
            act,
        }
    }
}

fn moment(time: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(time).filter(|_| time > 0)
}

#[cfg(test)]
#[path = "sessions_tests.rs"]
mod tests;
