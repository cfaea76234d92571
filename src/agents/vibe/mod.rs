//! Mistral Vibe: hooks in `hooks.toml`, payloads and session folders as seen with version 3.0.2;
//! sub-agents and what a hook may answer are from the documents that it brings along.
//!
//! No hook tells of prompts: they are in the journal of the session's folder.

mod install;
mod sessions;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::edit::Replacement;
use super::scene::{CALL, Cue, DENIED, Prop, Scene, TURN};
use super::settings::Installer;
use super::{
    Act, Agent, Behind, FileEdit, Files, Marks, Payload, PayloadError, Question, Report, Sessions,
    Told,
};

const BEFORE: &str = "pre_tool";
const AFTER: &str = "post_tool";
const END: &str = "post_agent";

/// How much of a journal is searched for the prompt. Bytes.
const JOURNAL_END: u64 = 64 * 1024 * 1024;
/// How long a session's description may be. Bytes.
const META: u64 = 1024 * 1024;

/// Tools that change no file, without the name of their group; `read_file` is apart.
const QUIET: &[&str] = &[
    "ask_user_question",
    "grep",
    "search_tool_functions",
    "skill",
    "task",
    "todo",
    "unified_harness_scratchpad",
    "wait",
    "web_fetch",
    "web_search",
];

/// Mistral Vibe.
pub struct Vibe;

impl Agent for Vibe {
    fn name(&self) -> &'static str {
        "vibe"
    }

    fn reports(&self, payload: &[u8]) -> Result<Vec<Report>, PayloadError> {
        self.told(&Payload::parse(payload)?)
    }

    fn question(&self, payload: &[u8]) -> Result<Option<Question>, PayloadError> {
        Ok(Question::asked(self.reports(payload)?, |tool| tool == "bash"))
    }

    fn refusal(&self, _: &Question, reason: &str) -> Value {
        json!({ "decision": "deny", "reason": reason })
    }

    fn installer(&self) -> Option<&'static dyn Installer> {
        Some(&install::Vibe)
    }

    fn sessions(&self) -> Option<&'static dyn Sessions> {
        Some(&Self)
    }

    fn cues(&self, scene: &Scene<'_>) -> Vec<Cue> {
        let old = format!("{}\n", scene.first);
        let input = json!({
            "file_path": scene.file,
            "old_string": old,
            "new_string": format!("{old}{}\n", scene.added),
        });
        let cue = |event, written| {
            let payload = payload(scene, event, "file_system.search_replace", &input);
            Cue { event, tool: None, written, payload }
        };
        vec![cue(BEFORE, false), cue(AFTER, true)]
    }

    fn props(&self, scene: &Scene<'_>) -> Vec<Prop> {
        let start = json!({ "payload": {
            "method": "turn/start",
            "client_command_id": TURN,
            "params": { "message": [{ "type": "text", "text": scene.prompt }] },
        }});
        let path = folder(scene).join("journal/0000000000000001.jsonl");
        vec![Prop { path, text: format!("{start}\n") }]
    }

    fn denied(&self, scene: &Scene<'_>) -> Cue {
        let input = json!({ "command": DENIED });
        let payload = payload(scene, BEFORE, "file_system.bash", &input);
        Cue { event: BEFORE, tool: None, written: false, payload }
    }

    /// The prompt is the person's: that of the session that started a sub-agent.
    fn behind(&self, report: &Report, files: &dyn Files) -> Behind {
        let Some(own) = &report.transcript else {
            return Behind::default();
        };
        let main = match (&report.subagent, own.parent()) {
            (Some(_), Some(all)) => all.join(&report.session),
            _ => own.clone(),
        };
        let meta = files.whole(&own.join("meta.json"), META).unwrap_or_default();
        let meta = Payload::parse(&meta).ok();
        Behind {
            model: meta.and_then(|meta| meta.owned("/config/model_name")),
            prompt: prompt(&main, files),
        }
    }

    fn marks(&self) -> Marks {
        Marks {
            variables: &["VIBE_APP_SERVER_BIN"],
            session: None,
            programs: &["vibe", "vibe-app-server", "vibe-rs"],
        }
    }
}

/// Where the session of a scene lies, below its home.
fn folder(scene: &Scene<'_>) -> PathBuf {
    Path::new(".vibe/logs/session/unified").join(scene.session)
}

fn payload(scene: &Scene<'_>, event: &str, tool: &str, input: &Value) -> Value {
    let mut payload = json!({
        "hook_event_name": event,
        "session_id": scene.session,
        "transcript_path": scene.home.join(folder(scene)),
        "cwd": scene.cwd,
        "tool_name": tool,
        "tool_call_id": CALL,
        "tool_input": input,
    });
    if event == AFTER {
        payload["tool_status"] = json!("success");
    }
    payload
}

/// The prompt that the turn under way began with: its name and its text. A prompt that waits for
/// the turn's end stands below it.
fn prompt(folder: &Path, files: &dyn Files) -> Option<(String, String)> {
    let paths = files.names(&folder.join("journal"));
    let journals: Vec<Vec<u8>> =
        paths.iter().rev().filter_map(|path| files.end(path, JOURNAL_END)).collect();
    let lines = || journals.iter().flat_map(|journal| journal.rsplit(|&byte| byte == b'\n'));
    // Lines are long, and most are of other kinds.
    let latest = lines().filter(|line| holds(line, b"\"latestTurn\"")).find_map(turn_of);
    let mut starts = lines().filter(|line| holds(line, b"\"turn/start\"")).filter_map(started);
    starts.find(|(turn, _)| latest.as_ref().is_none_or(|latest| latest == turn))
}

fn holds(line: &[u8], word: &[u8]) -> bool {
    memchr::memmem::find(line, word).is_some()
}

/// The turn that this line says to be the latest.
fn turn_of(line: &[u8]) -> Option<String> {
    let line = Payload::parse(line).ok()?;
    let delta = line.at("/payload/delta")?.as_array()?;
    let turns = delta.iter().filter_map(|part| part.pointer("/state/latestTurn/id"));
    turns.filter_map(Value::as_str).next_back().map(str::to_owned)
}

/// The turn that a person starts in this line, and the prompt.
fn started(line: &[u8]) -> Option<(String, String)> {
    let line = Payload::parse(line).ok()?;
    if line.text("/payload/method") != Some("turn/start") || line.flag("/payload/params/injected") {
        return None;
    }
    let text = text(line.at("/payload/params/message")?);
    Some((line.owned("/payload/client_command_id")?, text)).filter(|(_, text)| !text.is_empty())
}

/// The text of a message's parts.
fn text(parts: &Value) -> String {
    let parts = parts.as_array().map(Vec::as_slice).unwrap_or_default();
    let texts = parts.iter().filter_map(|part| part.get("text")?.as_str());
    texts.collect::<Vec<_>>().join("\n")
}

impl Vibe {
    /// What a hook, or the session's files in its words, says.
    fn told(&self, payload: &Payload) -> Result<Vec<Report>, PayloadError> {
        let Some(act) = act(payload)? else {
            return Ok(Vec::new());
        };
        let own = payload.need("/session_id")?;
        let parent = payload.owned("/parent_session_id");
        let (session, subagent) = match parent {
            Some(parent) => (parent, Some(own)),
            None => (own, None),
        };
        // The end of a sub-agent is not the turn's.
        if subagent.is_some() && matches!(act, Act::Stopped { .. }) {
            return Ok(Vec::new());
        }
        Ok(vec![Report {
            agent: self.name().to_owned(),
            session,
            turn: payload.owned("/turn_id"),
            call: payload.owned("/tool_call_id"),
            subagent,
            model: payload.owned("/model"),
            transcript: payload.path("/transcript_path"),
            cwd: payload.path("/cwd").unwrap_or_default(),
            act,
        }])
    }
}

fn act(payload: &Payload) -> Result<Option<Act>, PayloadError> {
    let event = payload.need("/hook_event_name")?;
    if event == END {
        return Ok(Some(Act::Stopped { closing: None, background: false }));
    }
    if event != BEFORE && event != AFTER {
        return Ok(None);
    }
    let name = payload.need("/tool_name")?;
    let tool = name.rsplit('.').next().unwrap_or(&name);
    let (before, succeeded) = (event == BEFORE, payload.text("/tool_status") == Some("success"));
    Ok(match tool {
        "edit" | "search_replace" | "write_file" if before => {
            Some(Act::Before(vec![file(payload)?]))
        }
        "edit" | "search_replace" | "write_file" if succeeded => {
            let told = if tool == "write_file" { written(payload) } else { replaced(payload) };
            Some(Act::Edited(vec![FileEdit { path: file(payload)?, from: None, told }]))
        }
        "edit" | "search_replace" | "write_file" => None,
        "read_file" if succeeded && !before => Some(Act::Read(vec![file(payload)?])),
        "read_file" => None,
        _ if QUIET.contains(&tool) => None,
        _ => {
            let (tool, command) = (tool.to_owned(), command(payload));
            Some(match before {
                true => Act::CommandStarts { tool, command },
                false => Act::CommandEnded { tool, command, background: false },
            })
        }
    })
}

/// Hooks and the journal have different names for it.
fn file(payload: &Payload) -> Result<PathBuf, PayloadError> {
    payload
        .path("/tool_input/file_path")
        .or_else(|| payload.path("/tool_input/path"))
        .ok_or(PayloadError::Missing("/tool_input/file_path"))
}

fn command(payload: &Payload) -> String {
    payload
        .owned("/tool_input/command")
        .unwrap_or_else(|| payload.at("/tool_input").map(ToString::to_string).unwrap_or_default())
}

fn written(payload: &Payload) -> Told {
    let existed = payload.at("/tool_output/file_existed").and_then(Value::as_bool);
    match payload.text("/tool_input/content") {
        Some(content) => Told::Whole {
            before: (existed == Some(false)).then_some(None),
            after: content.to_owned(),
        },
        None => Told::Touched,
    }
}

/// One replacement beside the path, or some in a list.
fn replaced(payload: &Payload) -> Told {
    let step = |value: &Value, old: &str, new: &str| {
        Some(Replacement {
            old: value.get(old)?.as_str()?.to_owned(),
            new: value.get(new)?.as_str()?.to_owned(),
            all: value.get("replace_all").and_then(Value::as_bool).unwrap_or(false),
        })
    };
    let blocks = payload.at("/tool_input/content").and_then(Value::as_array);
    let steps = match blocks {
        Some(blocks) => blocks.iter().map(|block| step(block, "old_str", "new_str")).collect(),
        None => {
            let input = payload.at("/tool_input");
            input.and_then(|input| step(input, "old_string", "new_string")).map(|step| vec![step])
        }
    };
    match steps {
        Some(steps) if !steps.is_empty() => {
            Told::Replaced { before: payload.text("/previous_content").map(str::to_owned), steps }
        }
        _ => Told::Touched,
    }
}

#[cfg(test)]
mod tests;
