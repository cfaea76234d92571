//! Vibe's session folders: `meta.json`, what was said so far in `chunks/`, and a journal of what
//! came since. Seen with version 3.0.2, store format 1.9.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{AFTER, Vibe, text};
use crate::agents::sessions::{self as files, Moment, SessionError, Sessions, Store};
use crate::agents::{Act, Payload, Report};
use crate::config::Homes;

/// The store whose files we know.
const FORMAT: &str = "mistral.vibe.unified-session-store/v1";
/// What an edit's result is told under.
const EDITED: &str = "mistralai.vibe.sdk.search_replace";

impl Sessions for Vibe {
    fn stores(&self, homes: &Homes, _tops: &[PathBuf]) -> Vec<Store> {
        let home = homes.folder("VIBE_HOME", ".vibe");
        let folder = home.map(|home| home.join("logs/session/unified"));
        folder.into_iter().map(|folder| Store { folder, glob: "*/meta.json" }).collect()
    }

    fn read(
        &self,
        file: &Path,
        wanted: &dyn Fn(&Path) -> bool,
        tell: &mut dyn FnMut(Moment),
    ) -> Result<(), SessionError> {
        let meta = Payload::of(files::json(file)?);
        let folder = file.parent().unwrap_or(file);
        let cwd = meta.path("/environment/working_directory");
        let cwd = cwd.or_else(|| meta.path("/origin_directory")).unwrap_or_default();
        if !wanted(&cwd) {
            return Ok(());
        }
        let missing = || SessionError::Format("no `session_id`".to_owned());
        let own = meta.owned("/session_id").ok_or_else(missing)?;
        let parent = meta.owned("/parent_session_id");
        let mut turns = Vec::new();
        if let (Some(parent), Some(all)) = (&parent, folder.parent()) {
            // It works in the turn of the session that started it; where that is gone, in none.
            let _ = each_entry(&all.join(parent), &mut |entry, _| turns.extend(turn(entry)));
        }
        let session = parent.clone().unwrap_or_else(|| own.clone());
        let begun = files::time(meta.at("/start_time"));
        tell(Moment { at: begun, report: started(session, &cwd) });
        let model = meta.at("/config/model_name").cloned().unwrap_or_default();
        each_entry(folder, &mut |entry, call| {
            let common = json!({
                "session_id": own,
                "parent_session_id": parent,
                "cwd": cwd,
                "model": model,
            });
            let told = match parent {
                None => self.entry(entry, call, common),
                Some(_) => {
                    let time = entry["createdAt"].as_i64().unwrap_or_default();
                    let turn = turns.iter().rev().find(|(since, _)| *since <= time);
                    let mut entry = entry.clone();
                    entry["turnId"] = json!(turn.map(|(_, turn)| turn));
                    self.entry(&entry, call, common)
                }
            };
            told.into_iter().for_each(&mut *tell);
        })
    }

    fn beside(&self, file: &Path) -> Option<Vec<PathBuf>> {
        let folder = file.parent()?;
        let parent = Payload::of(files::json(file).ok()?).owned("/parent_session_id");
        let parent = parent.and_then(|parent| Some(folder.parent()?.join(parent)));
        Some(std::iter::once(folder.to_path_buf()).chain(parent).collect())
    }
}

fn started(session: String, cwd: &Path) -> Report {
    Report {
        agent: "vibe".to_owned(),
        session,
        turn: None,
        call: None,
        subagent: None,
        model: None,
        transcript: None,
        cwd: cwd.to_path_buf(),
        act: Act::Started,
    }
}

/// When a person's turn began, and its name.
fn turn(entry: &Value) -> Option<(i64, String)> {
    let asked = entry["role"] == "user" && entry["source"] == "turn_start";
    let turn = entry["turnId"].as_str().filter(|_| asked)?;
    Some((entry["createdAt"].as_i64()?, turn.to_owned()))
}

impl Vibe {
    /// What an entry of the conversation tells.
    fn entry(&self, entry: &Value, call: Option<&str>, mut common: Value) -> Vec<Moment> {
        common["turn_id"] = entry["turnId"].clone();
        if let Some((time, turn)) = turn(entry) {
            let prompt = text(&entry["content"]);
            // The task of a sub-agent is no person's prompt.
            if prompt.is_empty() || !common["parent_session_id"].is_null() {
                return Vec::new();
            }
            let session = common["session_id"].as_str().unwrap_or_default().to_owned();
            let cwd = PathBuf::from(common["cwd"].as_str().unwrap_or_default());
            let act = Act::Prompt(prompt);
            let report = Report { turn: Some(turn), act, ..started(session, &cwd) };
            return vec![Moment { at: at(Some(time)), report }];
        }
        let Some(tool) = entry.pointer("/detail/toolName").filter(|_| is_done(entry)) else {
            return Vec::new();
        };
        let output = &entry["state"]["output"];
        let succeeded = output["type"] == "success";
        common["hook_event_name"] = json!(AFTER);
        common["tool_name"] = tool.clone();
        common["tool_call_id"] = json!(call);
        common["tool_input"] = entry["detail"]["input"].clone();
        common["tool_status"] = json!(if succeeded { "success" } else { "failure" });
        common["tool_output"] = output["structured_content"].clone();
        common["previous_content"] = output["_meta"][EDITED]["previous_content"].clone();
        let at = at(entry["updatedAt"].as_i64());
        // What says nothing to us as a payload says nothing here either.
        let reports = self.told(&Payload::of(common)).unwrap_or_default();
        reports.into_iter().map(|report| Moment { at, report }).collect()
    }
}

fn is_done(entry: &Value) -> bool {
    entry["type"] == "effect" && entry["generationStatus"] == "completed"
}

fn at(time: Option<i64>) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(time?)
}

/// Every prompt and every finished tool of a session, once, each with the name of its call.
fn each_entry(
    folder: &Path,
    each: &mut dyn FnMut(&Value, Option<&str>),
) -> Result<(), SessionError> {
    let journals = journals(folder);
    let mut calls: HashMap<String, String> = HashMap::new();
    let mut outcome = Ok(());
    for journal in &journals {
        let read = files::lines(journal, &mut |line| {
            let text = |pointer: &str| Some(line.pointer(pointer)?.as_str()?.to_owned());
            if let Some(call) = text("/payload/result/call_id") {
                calls.extend(text("/payload/action_id").map(|action| (action, call)));
            }
        });
        outcome = outcome.and(read);
    }
    let mut told = HashSet::new();
    let mut once = |entry: &Value| {
        let id = entry["id"].as_str().unwrap_or_default();
        if (is_done(entry) || turn(entry).is_some()) && told.insert(id.to_owned()) {
            let action = id.strip_prefix("effect-").unwrap_or(id);
            each(entry, calls.get(action).map(String::as_str).or(Some(id)));
        }
    };
    outcome = outcome.and(chunks(folder, &mut once));
    for journal in &journals {
        // What is torn was said the first time.
        let _ = files::lines(journal, &mut |line| {
            let delta = line.pointer("/payload/delta").and_then(Value::as_array);
            let entries = delta.into_iter().flatten().filter_map(|part| part.get("entry"));
            entries.for_each(&mut once);
        });
    }
    outcome
}

fn journals(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder.join("journal")).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// The entries that have left the journal.
fn chunks(folder: &Path, each: &mut dyn FnMut(&Value)) -> Result<(), SessionError> {
    let current = folder.join("CURRENT");
    if !current.exists() {
        return Ok(());
    }
    let current = Payload::of(files::json(&current)?);
    let format = current.owned("/store_format").unwrap_or_default();
    if format != FORMAT {
        return Err(SessionError::Format(format!("store `{format}`")));
    }
    let generation = current.owned("/generation").unwrap_or_default();
    let manifest = files::json(&inside(folder, &["generations", &generation, "manifest.json"])?)?;
    let names = manifest.pointer("/projection_state/chunks").and_then(Value::as_array);
    for name in names.into_iter().flatten().filter_map(Value::as_str) {
        let chunk = files::json(&inside(folder, &["chunks", &format!("{name}.json")])?)?;
        chunk.as_array().into_iter().flatten().for_each(&mut *each);
    }
    Ok(())
}

/// A path below the folder, whatever the names say.
fn inside(folder: &Path, names: &[&str]) -> Result<PathBuf, SessionError> {
    let plain =
        |name: &&str| !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\']);
    match names.iter().all(plain) {
        true => Ok(names.iter().fold(folder.to_path_buf(), |path, name| path.join(name))),
        false => Err(SessionError::Format("a name that is none".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::Told;

    fn data() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sessions/vibe")
    }

    fn told(file: &Path) -> (Vec<Moment>, Option<SessionError>) {
        let mut moments = Vec::new();
        let wanted = |cwd: &Path| cwd == Path::new("/top");
        let outcome = Vibe.read(file, &wanted, &mut |moment| moments.push(moment));
        (moments, outcome.err())
    }

    #[test]
    fn a_session_is_told_as_its_hooks_tell_it() {
        let (moments, error) = told(&data().join("main/meta.json"));
        assert!(error.is_none(), "{error:?}");
        let acts: Vec<&Act> = moments.iter().map(|moment| &moment.report.act).collect();
        assert_eq!(acts[0], &Act::Started);
        let prompt = "Please edit hello.txt, add new.txt and a line to notes.txt, then commit.";
        assert_eq!(acts[1], &Act::Prompt(prompt.into()));
        assert_eq!(acts[2], &Act::Read(vec!["hello.txt".into()]));
        let Act::Edited(edits) = acts[3] else { panic!("{acts:#?}") };
        let Told::Replaced { before, steps } = &edits[0].told else { panic!("{edits:?}") };
        assert_eq!(before.as_deref(), Some("alpha\nbeta\ngamma\n"));
        assert_eq!((steps[0].old.as_str(), steps[0].all), ("beta", false));
        let Act::Edited(edits) = acts[4] else { panic!("{acts:#?}") };
        let after = "created by the agent\nsecond line\n".into();
        assert_eq!(edits[0].told, Told::Whole { before: Some(None), after });
        assert!(matches!(acts[5], Act::CommandEnded { .. }));
        assert_eq!(acts.len(), 8);
        let report = &moments[3].report;
        assert_eq!(report.call.as_deref(), Some("call_mock000004"));
        assert_eq!(report.model.as_deref(), Some("mock-model"));
        assert_eq!(report.turn, moments[1].report.turn);
        assert_eq!(report.cwd, Path::new("/top"));
        assert!(moments.windows(2).all(|pair| pair[0].at <= pair[1].at));
    }

    #[test]
    fn what_has_left_the_journal_is_told_too() {
        let (moments, error) = told(&data().join("resumed/meta.json"));
        assert!(error.is_none(), "{error:?}");
        let turns: Vec<_> = moments
            .iter()
            .filter(|moment| matches!(moment.report.act, Act::Prompt(_)))
            .map(|moment| moment.report.turn.clone())
            .collect();
        assert_eq!(turns.len(), 2);
        let edits: Vec<_> = moments
            .iter()
            .filter_map(|moment| match &moment.report.act {
                Act::Edited(edits) => Some((edits[0].path.to_str().unwrap(), &moment.report.turn)),
                _ => None,
            })
            .collect();
        // The edit that failed is not among them.
        let [first, second] = [&turns[0], &turns[1]];
        let expected =
            [("p2.txt", first), ("p1.txt", first), ("hello.txt", first), ("hello.txt", second)];
        assert_eq!(edits, expected);
    }

    #[test]
    fn files_that_are_cut_off_or_strange_are_said() {
        let folder = tempfile::tempdir().unwrap();
        let meta = folder.path().join("meta.json");
        std::fs::write(&meta, r#"{"session_id": "s", "origin_directory": "/top"}"#).unwrap();
        assert_eq!(told(&meta).0.len(), 1);
        std::fs::create_dir(folder.path().join("journal")).unwrap();
        let journal = std::fs::read(data().join("main/journal/0000000000000001.jsonl")).unwrap();
        let cut = folder.path().join("journal/1.jsonl");
        std::fs::write(&cut, &journal[..journal.len() / 2]).unwrap();
        let (moments, error) = told(&meta);
        assert!(moments.len() > 3 && error.is_none(), "{error:?}");
        let current = folder.path().join("CURRENT");
        std::fs::write(&current, r#"{"store_format": "another/v9"}"#).unwrap();
        let (more, error) = told(&meta);
        assert_eq!(more.len(), moments.len());
        assert!(error.unwrap().to_string().contains("another/v9"));
        let escape = format!(r#"{{"store_format": "{FORMAT}", "generation": "../.."}}"#);
        std::fs::write(&current, escape).unwrap();
        assert!(matches!(told(&meta).1, Some(SessionError::Format(_))));
        std::fs::write(&meta, "{").unwrap();
        assert!(matches!(told(&meta).1, Some(SessionError::Format(_))));
    }
}
