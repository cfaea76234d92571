//! Codex's rollouts: `sessions/YYYY/MM/DD/rollout-<time>-<id>.jsonl`. Seen with version 0.169.0.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::Codex;
use crate::agents::sessions::{Moment, SessionError, Sessions, Store, lines, time};
use crate::agents::{Act, Agent as _, FileEdit, Report, Told, patch};
use crate::config::Homes;

impl Sessions for Codex {
    fn stores(&self, homes: &Homes, _tops: &[PathBuf]) -> Vec<Store> {
        let home = homes.folder("CODEX_HOME", ".codex");
        let folders = home
            .into_iter()
            .flat_map(|home| ["sessions", "archived_sessions"].map(|name| home.join(name)));
        folders.map(|folder| Store { folder, glob: "**/*.jsonl" }).collect()
    }

    fn read(
        &self,
        file: &Path,
        _wanted: &dyn Fn(&Path) -> bool,
        tell: &mut dyn FnMut(Moment),
    ) -> Result<(), SessionError> {
        let mut rollout = Rollout { tell, thread: None, report: None };
        lines(file, &mut |line| rollout.line(&line))
    }

    fn beside(&self, _file: &Path) -> Option<Vec<PathBuf>> {
        Some(Vec::new())
    }
}

/// A rollout while it is read.
struct Rollout<'t> {
    tell: &'t mut dyn FnMut(Moment),
    /// The thread of this file. A forked one begins with the lines of another.
    thread: Option<String>,
    /// What every report of this thread has.
    report: Option<Report>,
}

impl Rollout<'_> {
    fn line(&mut self, line: &Value) {
        let (at, payload) = (time(line.get("timestamp")), &line["payload"]);
        match (line["type"].as_str(), payload["type"].as_str()) {
            (Some("session_meta"), _) if self.report.is_none() => self.begin(payload, at),
            (Some("turn_context"), _) => {
                if let Some(report) = &mut self.report {
                    // What a sub-agent does belongs to the person's prompt.
                    let turn = payload["root_turn_id"].as_str().or(payload["turn_id"].as_str());
                    report.turn = turn.map(str::to_owned);
                    report.model = payload["model"].as_str().map(str::to_owned);
                    let cwd = payload["cwd"].as_str().map(PathBuf::from);
                    report.cwd = cwd.unwrap_or_else(|| report.cwd.clone());
                }
            }
            (Some("event_msg"), Some("item_completed")) => self.item(payload, at),
            // Versions before 0.150 or so.
            (Some("event_msg"), Some("user_message")) => {
                let text = payload["message"].as_str().unwrap_or_default();
                self.tell(at, None, Act::Prompt(text.to_owned()));
            }
            _ => {}
        }
    }

    fn begin(&mut self, meta: &Value, at: Option<DateTime<Utc>>) {
        let text = |name: &str| meta[name].as_str().map(str::to_owned);
        let Some(thread) = text("id") else {
            return;
        };
        let parent = text("parent_thread_id").is_some();
        self.report = Some(Report {
            agent: Codex.name().to_owned(),
            session: text("session_id").unwrap_or_else(|| thread.clone()),
            turn: None,
            call: None,
            subagent: parent.then(|| thread.clone()),
            model: None,
            transcript: None,
            cwd: text("cwd").map(PathBuf::from).unwrap_or_default(),
            act: Act::Started,
        });
        self.thread = Some(thread);
        self.tell(at, None, Act::Started);
    }

    fn item(&mut self, payload: &Value, at: Option<DateTime<Utc>>) {
        let foreign = |thread: &str| self.thread.as_deref() != Some(thread);
        if payload["thread_id"].as_str().is_some_and(foreign) {
            return;
        }
        let item = &payload["item"];
        let call = item["id"].as_str();
        match item["type"].as_str() {
            Some("UserMessage") => {
                let parts = item["content"].as_array().map(Vec::as_slice).unwrap_or_default();
                let texts: Vec<&str> =
                    parts.iter().filter_map(|part| part["text"].as_str()).collect();
                self.tell(at, None, Act::Prompt(texts.join("\n")));
            }
            Some("FileChange") if item["status"] == "completed" => {
                let changes = item["changes"].as_object().into_iter().flatten();
                let edits = changes.filter_map(|(path, change)| edit(path, change)).collect();
                self.tell(at, call, Act::Edited(edits));
            }
            Some("CommandExecution") => {
                let words = item["command"].as_array().map(Vec::as_slice).unwrap_or_default();
                // The shell, its flags and what it is to run.
                let command = words.last().and_then(Value::as_str).unwrap_or_default().to_owned();
                let started = payload["started_at_ms"].as_i64();
                let at = started.and_then(DateTime::from_timestamp_millis).or(at);
                self.tell(at, call, Act::CommandStarts { tool: "Bash".into(), command });
            }
            _ => {}
        }
    }

    fn tell(&mut self, at: Option<DateTime<Utc>>, call: Option<&str>, act: Act) {
        if let Some(report) = &self.report {
            let call = call.map(str::to_owned);
            (self.tell)(Moment { at, report: Report { call, act, ..report.clone() } });
        }
    }
}

/// `{"type": "add", "content"}`, `{"type": "update", "unified_diff", "move_path"}` or
/// `{"type": "delete"}`.
fn edit(path: &str, change: &Value) -> Option<FileEdit> {
    let path = PathBuf::from(path);
    let (told, moved) = match change["type"].as_str()? {
        "add" => {
            let after = change["content"].as_str()?.to_owned();
            (Told::Whole { before: Some(None), after }, None)
        }
        "update" => {
            let told = Told::Patched(patch::hunks(change["unified_diff"].as_str()?));
            (told, change["move_path"].as_str().map(PathBuf::from))
        }
        "delete" => (Told::Removed, None),
        _ => return None,
    };
    Some(match moved {
        Some(moved) => FileEdit { from: Some(path), path: moved, told },
        None => FileEdit { path, from: None, told },
    })
}
