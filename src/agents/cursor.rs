//! Cursor: hooks in `.cursor/hooks.json`. From its documents and the type definitions that follow
//! them; not seen in a run.
//!
//! It runs Claude Code's hooks file, too: such a payload has a `cursor_version`, and comes here from
//! that adapter.

mod bubbles;
mod calls;
mod heads;
mod sessions;
mod state;
mod transcripts;

use std::path::PathBuf;

use serde_json::{Value, json};

use super::edit::{self, Replacement};
use super::scene::{CALL, Cue, DENIED, Scene, TURN};
use super::settings::shape::Flat;
use super::settings::table::{Event, Shape, Table};
use super::settings::{Installer, Task};
use super::{
    About, Act, Agent, FileEdit, Marks, Payload, PayloadError, Question, Report, Sessions, Told,
    patch,
};

/// Cursor.
pub struct Cursor;

static EVENTS: [Event; 10] = [
    ("sessionStart", None, Task::Record),
    ("beforeSubmitPrompt", None, Task::Record),
    ("preToolUse", None, Task::Record),
    ("postToolUse", None, Task::Record),
    ("postToolUseFailure", None, Task::Record),
    ("stop", None, Task::Record),
    ("sessionEnd", None, Task::Record),
    ("beforeShellExecution", None, Task::Gate),
    ("preToolUse", None, Task::Gate),
    ("stop", None, Task::Gate),
];

static SETTINGS: Table = Table {
    name: "cursor",
    program: "cursor",
    about: "hooks of Cursor",
    home: |homes| homes.below(".cursor"),
    project: ".cursor",
    file: "hooks.json",
    shape: Shape::Flat(Flat { command: "command", more: &[], version: Some(1) }),
    events: |_| &EVENTS,
    off: None,
    trust: None,
    over: &[],
    advice: None,
};

impl Agent for Cursor {
    fn name(&self) -> &'static str {
        "cursor"
    }

    fn reports(&self, payload: &[u8]) -> Result<Vec<Report>, PayloadError> {
        self.told(&Payload::parse(&utf8(payload))?)
    }

    fn question(&self, payload: &[u8]) -> Result<Option<Question>, PayloadError> {
        let payload = Payload::parse(&utf8(payload))?;
        let event = payload.need("/hook_event_name")?;
        if event == "beforeShellExecution" {
            return Ok(Some(Question {
                agent: self.name().to_owned(),
                session: payload.need("/conversation_id")?,
                turn: payload.owned("/generation_id"),
                subagent: None,
                cwd: folder(&payload).unwrap_or_default(),
                about: About::Run(payload.owned("/command").unwrap_or_default()),
            }));
        }
        // Its own hooks ask about a command by the event above.
        Ok(Question::asked(self.told(&payload)?, |_| event != "preToolUse"))
    }

    fn refusal(&self, question: &Question, reason: &str) -> Value {
        match question.about {
            About::Stop => json!({ "followup_message": reason }),
            _ => json!({ "permission": "deny", "user_message": reason, "agent_message": reason }),
        }
    }

    fn installer(&self) -> Option<&'static dyn Installer> {
        Some(&SETTINGS)
    }

    fn sessions(&self) -> Option<&'static dyn Sessions> {
        Some(&Self)
    }

    fn cues(&self, scene: &Scene<'_>) -> Vec<Cue> {
        let old = format!("{}\n", scene.first);
        let cue = |event, written, more: Value| {
            let mut payload = json!({
                "conversation_id": scene.session,
                "generation_id": TURN,
                "workspace_roots": [scene.cwd],
                "hook_event_name": event,
            });
            more.as_object().into_iter().flatten().for_each(|(name, value)| {
                payload[name] = value.clone();
            });
            Cue { event, tool: None, written, payload }
        };
        let call = json!({
            "tool_name": "StrReplace",
            "tool_use_id": CALL,
            "tool_input": {
                "path": scene.cwd.join(scene.file),
                "old_string": old,
                "new_string": format!("{old}{}\n", scene.added),
            },
        });
        vec![
            cue("beforeSubmitPrompt", false, json!({ "prompt": scene.prompt })),
            cue("preToolUse", false, call.clone()),
            cue("postToolUse", true, call),
        ]
    }

    fn denied(&self, scene: &Scene<'_>) -> Cue {
        let payload = json!({
            "conversation_id": scene.session,
            "generation_id": TURN,
            "workspace_roots": [scene.cwd],
            "hook_event_name": "beforeShellExecution",
            "command": DENIED,
            "cwd": scene.cwd,
        });
        Cue { event: "beforeShellExecution", tool: None, written: false, payload }
    }

    fn marks(&self) -> Marks {
        Marks { variables: &["CURSOR_AGENT"], session: None, programs: &["cursor-agent", "cursor"] }
    }
}

/// Whether a payload of Claude Code's hooks is Cursor's.
pub(super) fn is_cursors(payload: &Payload) -> bool {
    payload.at("/cursor_version").is_some()
}

impl Cursor {
    pub(super) fn told(&self, payload: &Payload) -> Result<Vec<Report>, PayloadError> {
        let Some(act) = act(payload)? else {
            return Ok(Vec::new());
        };
        let session = payload.owned("/conversation_id").or_else(|| payload.owned("/session_id"));
        Ok(vec![Report {
            agent: self.name().to_owned(),
            session: session.ok_or(PayloadError::Missing("/conversation_id"))?,
            turn: payload.owned("/generation_id"),
            call: payload.owned("/tool_use_id"),
            subagent: payload.owned("/subagent_id"),
            model: payload.owned("/model").filter(|model| model != "default"),
            transcript: payload.path("/transcript_path"),
            cwd: folder(payload).unwrap_or_default(),
            act,
        }])
    }
}

/// On Windows the input comes as UTF-16.
fn utf8(payload: &[u8]) -> Vec<u8> {
    let wide = |from: fn([u8; 2]) -> u16| {
        let (pairs, _) = payload[2..].as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().map(|pair| from(*pair)).collect();
        String::from_utf16_lossy(&units).into_bytes()
    };
    match payload {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        _ => payload.to_vec(),
    }
}

/// The tool's own folder, or the root that holds the file, or the first one.
fn folder(payload: &Payload) -> Option<PathBuf> {
    let roots = payload.at("/workspace_roots").and_then(Value::as_array);
    let roots: Vec<PathBuf> =
        roots.into_iter().flatten().filter_map(Value::as_str).map(path).collect();
    let file = file(payload);
    let around = roots.iter().find(|root| file.as_ref().is_some_and(|file| file.starts_with(root)));
    let own = payload.text("/cwd").filter(|cwd| !cwd.is_empty()).map(path);
    own.or_else(|| around.or(roots.first()).cloned())
}

/// A path as it is on the disk: on Windows it may come as `/c:/folder`.
fn path(text: &str) -> PathBuf {
    let drive = text.as_bytes().get(2) == Some(&b':') && text.starts_with('/');
    PathBuf::from(if drive { &text[1..] } else { text })
}

fn file(payload: &Payload) -> Option<PathBuf> {
    let names = ["/tool_input/file_path", "/tool_input/path", "/tool_input/filePath", "/file_path"];
    names.into_iter().find_map(|name| payload.text(name)).map(path)
}

fn act(payload: &Payload) -> Result<Option<Act>, PayloadError> {
    let event = payload.need("/hook_event_name")?;
    // Claude Code's spelling differs in the first letter.
    let mut letters = event.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    let event: String = first.into_iter().chain(letters).collect();
    Ok(match event.as_str() {
        "sessionStart" => Some(Act::Started),
        "sessionEnd" => Some(Act::Ended),
        "beforeSubmitPrompt" | "userPromptSubmit" => payload.owned("/prompt").map(Act::Prompt),
        "preToolUse" => before(payload)?,
        "postToolUse" => after(payload, true)?,
        "postToolUseFailure" => after(payload, false)?,
        "stop" => Some(Act::Stopped { closing: None, background: false }),
        _ => None,
    })
}

fn edits(payload: &Payload, tool: &str) -> Vec<FileEdit> {
    let input = |name: &str| payload.text(&format!("/tool_input/{name}")).map(str::to_owned);
    if tool == "ApplyPatch" {
        let text = payload.text("/tool_input").map(str::to_owned);
        return text.or_else(|| input("patch")).and_then(|p| patch::parse(&p)).unwrap_or_default();
    }
    let Some(path) = file(payload) else {
        return Vec::new();
    };
    let whole = ["content", "contents", "file_text"].into_iter().find_map(input);
    let told = match (tool, input("old_string"), whole) {
        ("Delete", ..) => Told::Removed,
        (_, Some(old), _) => {
            let new = input("new_string").unwrap_or_default();
            let all = payload.flag("/tool_input/replace_all");
            Told::Replaced { before: None, steps: vec![Replacement { old, new, all }] }
        }
        (_, None, Some(after)) => Told::Whole { before: None, after },
        (_, None, None) => Told::Touched,
    };
    vec![FileEdit { path, from: None, told }]
}

fn is_edit(tool: &str) -> bool {
    ["Write", "Edit", "MultiEdit", "StrReplace", "Delete", "ApplyPatch"].contains(&tool)
}

fn is_shell(tool: &str) -> bool {
    tool == "Shell" || tool.starts_with("MCP") || tool.starts_with("mcp")
}

fn command(payload: &Payload) -> String {
    payload
        .owned("/tool_input/command")
        .unwrap_or_else(|| payload.at("/tool_input").map(ToString::to_string).unwrap_or_default())
}

/// A tool's name as Cursor's own hooks have it: through Claude Code's it is Claude Code's, and the
/// same event must not count twice.
fn tool(payload: &Payload) -> Result<String, PayloadError> {
    let tool = payload.need("/tool_name")?;
    Ok(if tool == "Bash" { "Shell".to_owned() } else { tool })
}

fn before(payload: &Payload) -> Result<Option<Act>, PayloadError> {
    let tool = tool(payload)?;
    if is_shell(&tool) {
        return Ok(Some(Act::CommandStarts { command: command(payload), tool }));
    }
    let edits = if is_edit(&tool) { edits(payload, &tool) } else { Vec::new() };
    let paths = edit::paths(edits);
    Ok((!paths.is_empty()).then_some(Act::Before(paths)))
}

fn after(payload: &Payload, succeeded: bool) -> Result<Option<Act>, PayloadError> {
    let tool = tool(payload)?;
    Ok(match tool.as_str() {
        name if is_shell(name) => {
            Some(Act::CommandEnded { command: command(payload), background: false, tool })
        }
        name if is_edit(name) && succeeded => {
            let edits = edits(payload, name);
            (!edits.is_empty()).then_some(Act::Edited(edits))
        }
        "Read" if succeeded => file(payload).map(|file| Act::Read(vec![file])),
        _ => None,
    })
}

#[cfg(test)]
mod state_tests;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::claude_code::ClaudeCode;

    fn report(payload: &[u8]) -> Report {
        Cursor.reports(payload).unwrap().pop().unwrap()
    }

    #[test]
    fn windows_has_its_own_paths_and_bytes() {
        let text = json!({
            "hook_event_name": "preToolUse", "conversation_id": "c", "generation_id": "g",
            "workspace_roots": ["/c:/shop", "/d:/other"], "model": "default",
            "tool_name": "Write", "tool_input": { "file_path": "/d:/other/a.py", "content": "x" },
        })
        .to_string();
        let wide: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain(text.encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        let bom = [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat();
        for payload in [wide, bom, text.into_bytes()] {
            let report = report(&payload);
            assert_eq!(report.cwd, PathBuf::from("d:/other"));
            assert_eq!(report.act, Act::Before(vec!["d:/other/a.py".into()]));
            assert_eq!((report.turn.as_deref(), report.model), (Some("g"), None));
        }
    }

    #[test]
    fn through_claude_codes_hooks_it_tells_and_asks_the_same() {
        let call = |event: &str, tool: &str| {
            let payload = json!({
                "hook_event_name": event, "conversation_id": "c", "generation_id": "g",
                "cursor_version": "2.0", "workspace_roots": ["/top"], "tool_name": tool,
                "tool_use_id": "t", "tool_input": { "command": "ls" },
            });
            payload.to_string().into_bytes()
        };
        let (own, other) = (call("preToolUse", "Shell"), call("PreToolUse", "Bash"));
        assert_eq!(Cursor.reports(&own), ClaudeCode.reports(&other));
        assert_eq!(Cursor.question(&own).unwrap(), None, "beforeShellExecution asks");
        let asked = ClaudeCode.question(&other).unwrap().unwrap();
        assert_eq!(asked.about, About::Run("ls".into()));
        let no = ClaudeCode.refusal(&asked, "why");
        assert_eq!(no["permission"], "deny");
        assert_eq!(no["hookSpecificOutput"]["permissionDecision"], "deny");
        let strange = call("\u{e9}v\u{e9}nement", "Shell");
        assert_eq!(Cursor.reports(&strange), Ok(Vec::new()));
    }

    #[test]
    fn edits_of_every_tool() {
        let edit = |tool: &str, input: Value| {
            let payload = json!({
                "hook_event_name": "postToolUse", "conversation_id": "c",
                "workspace_roots": ["/top"], "tool_name": tool, "tool_input": input,
            });
            match report(payload.to_string().as_bytes()).act {
                Act::Edited(mut edits) => edits.remove(0),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(edit("Delete", json!({ "path": "/top/a" })).told, Told::Removed);
        let patch = "*** Begin Patch\n*** Add File: a\n+x\n*** End Patch";
        assert_eq!(edit("ApplyPatch", json!(patch)).path, PathBuf::from("a"));
        let whole = edit("Write", json!({ "path": "/top/a", "contents": "x" }));
        assert_eq!(whole.told, Told::Whole { before: None, after: "x".into() });
    }
}
