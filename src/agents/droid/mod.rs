//! Droid, of Factory: hooks in `.factory/settings.json`, in the words of Claude Code's, as seen with
//! version 0.225.2. Sub-agents, patches and older spellings are read in that program and in others.

mod sessions;

use serde_json::{Value, json};

use super::edit::{self, Replacement};
use super::scene::{CALL, Cue, DENIED, Scene};
use super::settings::table::{Event, Off, Shape, Table};
use super::settings::{Installer, Task};
use super::{
    Act, Agent, Behind, FileEdit, Files, Marks, Payload, PayloadError, Question, Report, Sessions,
    Told, Tool, patch,
};

/// Droid.
pub struct Droid;

/// How much of the end of a transcript is searched for the prompt and the model. Bytes.
const TRANSCRIPT_END: u64 = 32 * 1024 * 1024;

/// Its shell.
const SHELL: &str = "Execute";

// It looks for these anywhere in a name. Those of servers' tools have three underscores in them.
const WRITERS: &str = "Create|Edit|MultiEdit|ApplyPatch|Execute|Script|___.*";
const WRITERS_AND_READ: &str = "Create|Edit|MultiEdit|ApplyPatch|Execute|Script|___.*|Read";
const GATED: &str = "Create|Edit|MultiEdit|ApplyPatch|Execute";

const fn events(tools: &'static str) -> [Event; 8] {
    [
        ("SessionStart", None, Task::Record),
        ("UserPromptSubmit", None, Task::Record),
        ("PreToolUse", Some(tools), Task::Record),
        ("PostToolUse", Some(tools), Task::Record),
        ("Stop", None, Task::Record),
        ("SessionEnd", None, Task::Record),
        ("PreToolUse", Some(GATED), Task::Gate),
        ("Stop", None, Task::Gate),
    ]
}

static EVENTS: [Event; 8] = events(WRITERS);
static EVENTS_AND_READ: [Event; 8] = events(WRITERS_AND_READ);

static SETTINGS: Table = Table {
    name: "droid",
    program: "droid",
    about: "hooks of Droid",
    home: |homes| homes.below(".factory"),
    project: ".factory",
    file: "settings.json",
    shape: Shape::Groups,
    events: |reads| if reads { &EVENTS_AND_READ } else { &EVENTS },
    off: Some(Off { path: &["hooks", "hooksDisabled"], value: true, beside: &[], joined: true }),
    trust: None,
    over: &["hooks.json", "hooks/hooks.json"],
    advice: None,
};

impl Agent for Droid {
    fn name(&self) -> &'static str {
        "droid"
    }

    fn reports(&self, payload: &[u8]) -> Result<Vec<Report>, PayloadError> {
        self.told(&Payload::parse(payload)?)
    }

    fn question(&self, payload: &[u8]) -> Result<Option<Question>, PayloadError> {
        Ok(Question::asked(self.reports(payload)?, |tool| tool == SHELL))
    }

    fn installer(&self) -> Option<&'static dyn Installer> {
        Some(&SETTINGS)
    }

    fn sessions(&self) -> Option<&'static dyn Sessions> {
        Some(&Self)
    }

    fn cues(&self, scene: &Scene<'_>) -> Vec<Cue> {
        let file = scene.cwd.join(scene.file);
        let common = json!({ "session_id": scene.session, "cwd": scene.cwd });
        let old = format!("{}\n", scene.first);
        let both = format!("{old}{}\n", scene.added);
        let input = json!({ "file_path": file, "old_str": old, "new_str": both });
        scene.cues(&common, ("Edit", &input), &json!({ "success": true, "file_path": file }))
    }

    fn denied(&self, scene: &Scene<'_>) -> Cue {
        let payload = json!({
            "session_id": scene.session,
            "cwd": scene.cwd,
            "hook_event_name": "PreToolUse",
            "tool_name": SHELL,
            "tool_use_id": CALL,
            "tool_input": { "command": DENIED },
        });
        Cue { event: "PreToolUse", tool: Some(SHELL), written: false, payload }
    }

    /// Without a terminal no hook tells the prompt, and none ever the model.
    fn behind(&self, report: &Report, files: &dyn Files) -> Behind {
        let end = report.transcript.as_ref().and_then(|path| files.end(path, TRANSCRIPT_END));
        let end = end.unwrap_or_default();
        let read = |line: &[u8]| serde_json::from_slice::<Value>(line).ok();
        let mut behind = Behind::default();
        for line in end.rsplit(|&b| b == b'\n').filter_map(read) {
            let model = || line["message"]["modelId"].as_str().map(str::to_owned);
            behind.model = behind.model.or_else(model);
            behind.prompt = sessions::asked(&line);
            if behind.prompt.is_some() {
                break;
            }
        }
        // The task of a sub-agent is no person's prompt.
        let start = end.split(|&b| b == b'\n').next().and_then(read).unwrap_or_default();
        behind.prompt = behind.prompt.filter(|_| start["callingSessionId"].is_null());
        behind
    }

    fn marks(&self) -> Marks {
        Marks { variables: &[], session: None, programs: &["droid"] }
    }
}

impl Droid {
    /// What a hook, or the session's own file in a hook's words, says.
    fn told(&self, payload: &Payload) -> Result<Vec<Report>, PayloadError> {
        let Some(act) = act(payload)? else {
            return Ok(Vec::new());
        };
        // Older ones spell some fields in another way.
        let either = |name: &str, other: &str| payload.owned(name).or_else(|| payload.owned(other));
        let session = either("/session_id", "/sessionId");
        Ok(vec![Report {
            agent: self.name().to_owned(),
            session: session.ok_or(PayloadError::Missing("/session_id"))?,
            turn: payload.owned("/turn").or_else(|| prompted(payload)),
            call: payload.owned("/tool_use_id"),
            subagent: payload.owned("/subagent"),
            model: payload.owned("/model"),
            transcript: payload.path("/transcript_path"),
            cwd: payload.path("/cwd").unwrap_or_default(),
            act,
        }])
    }
}

/// The message with the prompt, which only the prompt's own hook names.
fn prompted(payload: &Payload) -> Option<String> {
    let prompt = payload.text("/prompt").is_some();
    payload.owned("/message_id").filter(|_| prompt)
}

fn act(payload: &Payload) -> Result<Option<Act>, PayloadError> {
    let event = payload.owned("/hook_event_name").or_else(|| payload.owned("/hookEventName"));
    Ok(match event.ok_or(PayloadError::Missing("/hook_event_name"))?.as_str() {
        "SessionStart" => Some(Act::Started),
        "SessionEnd" => Some(Act::Ended),
        "UserPromptSubmit" => payload.owned("/prompt").map(Act::Prompt),
        "PreToolUse" => before(payload)?,
        "PostToolUse" => after(payload)?,
        "Stop" => Some(Act::Stopped { closing: None, background: false }),
        _ => None,
    })
}

fn kind(tool: &str) -> Tool {
    match tool {
        "Create" | "Write" | "Edit" | "MultiEdit" | "ApplyPatch" => Tool::Edits,
        "Read" => Tool::Reads,
        SHELL | "Bash" | "Script" => Tool::Runs,
        // A server's tool may write files, and says so nowhere.
        _ if tool.contains("___") => Tool::Runs,
        _ => Tool::Nothing,
    }
}

fn before(payload: &Payload) -> Result<Option<Act>, PayloadError> {
    let tool = payload.need("/tool_name")?;
    Ok(match kind(&tool) {
        Tool::Edits => Some(Act::Before(edit::paths(edits(&tool, payload)?))),
        Tool::Runs => Some(Act::CommandStarts { command: command(payload), tool }),
        Tool::Reads | Tool::Nothing => None,
    })
}

fn after(payload: &Payload) -> Result<Option<Act>, PayloadError> {
    let tool = payload.need("/tool_name")?;
    let failed = payload.flag("/failed") || response(payload)["success"] == false;
    Ok(match kind(&tool) {
        Tool::Runs => Some(Act::CommandEnded {
            command: command(payload),
            background: payload.flag("/tool_input/fireAndForget"),
            tool,
        }),
        Tool::Edits if !failed => Some(Act::Edited(edits(&tool, payload)?)),
        Tool::Reads if !failed => {
            payload.path("/tool_input/file_path").map(|path| Act::Read(vec![path]))
        }
        _ => None,
    })
}

/// What the tool answered: an object, or the same as text.
fn response(payload: &Payload) -> Value {
    let told = payload.at("/tool_response").cloned().unwrap_or_default();
    match told.as_str().map(serde_json::from_str) {
        Some(Ok(read)) => read,
        Some(Err(_)) => Value::Null,
        None => told,
    }
}

fn command(payload: &Payload) -> String {
    payload
        .owned("/tool_input/command")
        .unwrap_or_else(|| payload.at("/tool_input").map(ToString::to_string).unwrap_or_default())
}

fn edits(tool: &str, payload: &Payload) -> Result<Vec<FileEdit>, PayloadError> {
    if tool == "ApplyPatch" {
        let text = ["/tool_input/input", "/tool_input/patch", "/tool_input"];
        let text = text.iter().find_map(|name| payload.text(name));
        return text.and_then(patch::parse).ok_or(PayloadError::Missing("/tool_input/input"));
    }
    let path = payload.path("/tool_input/file_path");
    let path = path.ok_or(PayloadError::Missing("/tool_input/file_path"))?;
    Ok(vec![FileEdit { path, from: None, told: told(tool, payload) }])
}

fn told(tool: &str, payload: &Payload) -> Told {
    if matches!(tool, "Create" | "Write") {
        let new = response(payload)["display_operation"] == "create";
        return match payload.text("/tool_input/content") {
            Some(text) => Told::Whole { before: new.then_some(None), after: text.to_owned() },
            None => Told::Touched,
        };
    }
    let steps = match payload.at("/tool_input/changes").and_then(Value::as_array) {
        Some(changes) => changes.iter().map(step).collect::<Option<Vec<_>>>(),
        None => payload.at("/tool_input").and_then(step).map(|step| vec![step]),
    };
    match steps {
        Some(steps) if !steps.is_empty() => Told::Replaced { before: None, steps },
        _ => Told::Touched,
    }
}

fn step(value: &Value) -> Option<Replacement> {
    Some(Replacement {
        old: value.get("old_str")?.as_str()?.to_owned(),
        new: value.get("new_str")?.as_str()?.to_owned(),
        all: value.get("change_all").and_then(Value::as_bool).unwrap_or(false),
    })
}

#[cfg(test)]
mod tests;
