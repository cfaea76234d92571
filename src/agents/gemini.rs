//! Gemini CLI: hooks in `.gemini/settings.json`, payloads and transcripts as seen with version
//! 0.61.0; what a hook may answer is from its documents.
//!
//! Its payloads name neither prompts nor tool calls. Its shell runs git without hooks, so that a
//! commit is first seen when the command ends.

mod sessions;

use std::path::PathBuf;

use serde_json::{Value, json};

use super::edit::Replacement;
use super::scene::{Cue, DENIED, Scene};
use super::settings::table::{Event, Off, Shape, Table};
use super::settings::{Installer, Task};
use super::{
    Act, Agent, Behind, FileEdit, Files, Marks, Payload, PayloadError, Question, Report, Sessions,
    Told, Tool,
};

/// How much of the end of a transcript is searched for the model. Bytes.
const TRANSCRIPT_END: u64 = 256 * 1024;

/// Gemini CLI.
pub struct Gemini;

const WRITERS: &str = "replace|write_file|run_shell_command|mcp_.*";
const WRITERS_AND_READ: &str = "replace|write_file|run_shell_command|mcp_.*|read_file";

const fn events(tools: &'static str) -> [Event; 8] {
    [
        ("SessionStart", None, Task::Record),
        ("BeforeAgent", None, Task::Record),
        ("BeforeTool", Some(tools), Task::Record),
        ("AfterTool", Some(tools), Task::Record),
        ("AfterAgent", None, Task::Record),
        ("SessionEnd", None, Task::Record),
        ("BeforeTool", Some("replace|write_file|run_shell_command"), Task::Gate),
        ("AfterAgent", None, Task::Gate),
    ]
}

static EVENTS: [Event; 8] = events(WRITERS);
static EVENTS_AND_READ: [Event; 8] = events(WRITERS_AND_READ);

static SETTINGS: Table = Table {
    name: "gemini",
    program: "gemini",
    about: "hooks of Gemini CLI",
    home: |homes| {
        let own = homes.variables.get(std::ffi::OsStr::new("GEMINI_CLI_HOME"));
        own.or(homes.home.as_ref()).map(|home| home.join(".gemini"))
    },
    project: ".gemini",
    file: "settings.json",
    shape: Shape::Groups,
    events: |reads| if reads { &EVENTS_AND_READ } else { &EVENTS },
    off: Some(Off { path: &["hooksConfig", "enabled"], value: false, beside: &[], joined: true }),
    trust: Some("trustedFolders.json"),
    over: &[],
    advice: None,
};

impl Agent for Gemini {
    fn name(&self) -> &'static str {
        "gemini"
    }

    fn reports(&self, payload: &[u8]) -> Result<Vec<Report>, PayloadError> {
        self.told(&Payload::parse(payload)?)
    }

    fn question(&self, payload: &[u8]) -> Result<Option<Question>, PayloadError> {
        Ok(Question::asked(self.reports(payload)?, |tool| tool == SHELL))
    }

    fn refusal(&self, _: &Question, reason: &str) -> Value {
        json!({ "decision": "deny", "reason": reason })
    }

    fn installer(&self) -> Option<&'static dyn Installer> {
        Some(&SETTINGS)
    }

    fn sessions(&self) -> Option<&'static dyn Sessions> {
        Some(&Self)
    }

    fn cues(&self, scene: &Scene<'_>) -> Vec<Cue> {
        let (old, both) =
            (format!("{}\n", scene.first), format!("{}\n{}\n", scene.first, scene.added));
        let input = json!({ "file_path": scene.file, "old_string": old, "new_string": both });
        let display = json!({
            "filePath": scene.cwd.join(scene.file), "originalContent": old, "newContent": both,
            "isNewFile": false,
        });
        let cue = |event, tool, written, more: Value| {
            let mut payload =
                json!({ "session_id": scene.session, "cwd": scene.cwd, "hook_event_name": event });
            more.as_object().into_iter().flatten().for_each(|(name, value)| {
                payload[name] = value.clone();
            });
            Cue { event, tool, written, payload }
        };
        let tool = Some("replace");
        let call = json!({ "tool_name": "replace", "tool_input": input });
        let mut ended = call.clone();
        ended["tool_response"] = json!({ "returnDisplay": display });
        vec![
            cue("BeforeAgent", None, false, json!({ "prompt": scene.prompt })),
            cue("BeforeTool", tool, false, call),
            cue("AfterTool", tool, true, ended),
        ]
    }

    fn denied(&self, scene: &Scene<'_>) -> Cue {
        let payload = json!({
            "session_id": scene.session,
            "cwd": scene.cwd,
            "hook_event_name": "BeforeTool",
            "tool_name": SHELL,
            "tool_input": { "command": DENIED },
        });
        Cue { event: "BeforeTool", tool: Some(SHELL), written: false, payload }
    }

    fn behind(&self, report: &Report, files: &dyn Files) -> Behind {
        let Some(transcript) = &report.transcript else {
            return Behind::default();
        };
        // A sub-agent's hooks look like the session's own; its messages lie in a file of its own, in
        // a folder that the session names. Who spoke last has called the tool.
        let subagents = transcript.with_file_name(&report.session);
        let all = files.names(&subagents).into_iter().chain([transcript.clone()]);
        let last = |path: PathBuf| {
            let end = files.end(&path, TRANSCRIPT_END)?;
            end.rsplit(|&b| b == b'\n').find_map(|line| {
                let line = Payload::parse(line).ok()?;
                let model =
                    line.owned("/model").filter(|_| line.text("/type") == Some("gemini"))?;
                Some((line.owned("/timestamp"), model))
            })
        };
        Behind { model: all.filter_map(last).max().map(|(_, model)| model), prompt: None }
    }

    fn marks(&self) -> Marks {
        Marks { variables: &["GEMINI_CLI"], session: None, programs: &["gemini"] }
    }
}

impl Gemini {
    fn told(&self, payload: &Payload) -> Result<Vec<Report>, PayloadError> {
        let Some(act) = act(payload)? else {
            return Ok(Vec::new());
        };
        Ok(vec![Report {
            agent: self.name().to_owned(),
            session: payload.need("/session_id")?,
            // A payload has neither of these; a transcript does.
            turn: None,
            call: payload.owned("/tool_use_id"),
            subagent: payload.owned("/agent_id"),
            model: payload.owned("/model"),
            transcript: payload.path("/transcript_path"),
            cwd: payload.path("/cwd").unwrap_or_default(),
            act,
        }])
    }
}

fn act(payload: &Payload) -> Result<Option<Act>, PayloadError> {
    Ok(match payload.need("/hook_event_name")?.as_str() {
        "SessionStart" => Some(Act::Started),
        "SessionEnd" => Some(Act::Ended),
        "BeforeAgent" => payload.owned("/prompt").map(Act::Prompt),
        "BeforeTool" => before(payload)?,
        "AfterTool" => {
            after(payload, payload.at("/tool_response/error").is_none_or(Value::is_null))?
        }
        "AfterAgent" => {
            Some(Act::Stopped { closing: payload.owned("/prompt_response"), background: false })
        }
        _ => None,
    })
}

pub(super) const SHELL: &str = "run_shell_command";

fn kind(tool: &str) -> Tool {
    match tool {
        "replace" | "edit" | "write_file" => Tool::Edits,
        "read_file" => Tool::Reads,
        SHELL => Tool::Runs,
        // A server's tool may write files, and says so nowhere.
        _ if tool.starts_with("mcp_") => Tool::Runs,
        _ => Tool::Nothing,
    }
}

/// What starts with a tool's use; the same in agents that came from this one.
pub(super) fn before(payload: &Payload) -> Result<Option<Act>, PayloadError> {
    let tool = payload.need("/tool_name")?;
    Ok(match kind(&tool) {
        Tool::Edits => Some(Act::Before(vec![file(payload)?])),
        Tool::Runs => Some(Act::CommandStarts { command: command(payload), tool }),
        Tool::Reads | Tool::Nothing => None,
    })
}

/// What has ended with it.
pub(super) fn after(payload: &Payload, succeeded: bool) -> Result<Option<Act>, PayloadError> {
    let tool = payload.need("/tool_name")?;
    Ok(match kind(&tool) {
        Tool::Runs => Some(Act::CommandEnded {
            command: command(payload),
            background: payload.flag("/tool_input/is_background"),
            tool,
        }),
        Tool::Edits if succeeded => {
            let whole = payload.path("/tool_response/returnDisplay/filePath");
            let path = whole.map_or_else(|| file(payload), Ok)?;
            Some(Act::Edited(vec![FileEdit { path, from: None, told: told(payload) }]))
        }
        Tool::Reads if succeeded => Some(Act::Read(vec![file(payload)?])),
        _ => None,
    })
}

/// The edit as the model asked for it: what a person changed in it before agreeing then shows as
/// the person's.
fn told(payload: &Payload) -> Told {
    let display = |name: &str| payload.text(&format!("/tool_response/returnDisplay/{name}"));
    let count = |name: &str| {
        let at = format!("/tool_response/returnDisplay/diffStat/{name}");
        payload.at(&at).and_then(Value::as_u64).unwrap_or(0)
    };
    let original = match payload.flag("/tool_response/returnDisplay/isNewFile") {
        true => None,
        false => display("originalContent").map(str::to_owned),
    };
    let input = |name: &str| payload.text(&format!("/tool_input/{name}")).map(str::to_owned);
    let changed = count("user_added_lines") + count("user_removed_lines") > 0;
    match (display("newContent"), input("old_string"), input("content")) {
        (Some(new), ..) if !changed => {
            Told::Whole { before: Some(original), after: new.to_owned() }
        }
        (new, None, Some(content)) => Told::Whole { before: new.map(|_| original), after: content },
        (_, Some(old), _) => {
            let new = input("new_string").unwrap_or_default();
            let all = payload.flag("/tool_input/allow_multiple")
                || payload.flag("/tool_input/replace_all");
            Told::Replaced { before: original, steps: vec![Replacement { old, new, all }] }
        }
        _ => Told::Touched,
    }
}

fn file(payload: &Payload) -> Result<PathBuf, PayloadError> {
    let named = payload.path("/tool_input/file_path");
    named
        .or_else(|| payload.path("/tool_input/absolute_path"))
        .ok_or(PayloadError::Missing("/tool_input/file_path"))
}

fn command(payload: &Payload) -> String {
    payload
        .owned("/tool_input/command")
        .unwrap_or_else(|| payload.at("/tool_input").map(ToString::to_string).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_is_that_of_the_agent_that_spoke_last() {
        let line = |second: u8, model: &str| {
            json!({ "type": "gemini", "timestamp": format!("2026-11-22T06:54:0{second}Z"), "model": model })
                .to_string()
        };
        let found = |main: String| {
            let files = crate::agents::memory::Memory::of([
                ("/chats/session-1.jsonl", main),
                ("/chats/s/sub.jsonl", line(2, "flash") + "\n{\"$set\": {}}\n"),
            ]);
            let payload = json!({
                "hook_event_name": "AfterTool", "session_id": "s", "tool_name": "run_shell_command",
                "transcript_path": "/chats/session-1.jsonl", "tool_input": { "command": "ls" },
            });
            let report = Gemini.reports(payload.to_string().as_bytes()).unwrap().remove(0);
            Gemini.behind(&report, &files).model
        };
        assert_eq!(found(line(1, "pro")).as_deref(), Some("flash"));
        assert_eq!(found(line(1, "pro") + "\n" + &line(3, "pro")).as_deref(), Some("pro"));
    }

    #[test]
    fn what_a_person_changed_in_an_edit_is_theirs() {
        let payload = |lines: u64| {
            json!({
                "hook_event_name": "AfterTool", "session_id": "s", "cwd": "/c", "tool_name": "replace",
                "tool_input": { "file_path": "a", "old_string": "b", "new_string": "B" },
                "tool_response": { "returnDisplay": {
                    "filePath": "/c/a", "originalContent": "b\n", "newContent": "B!\n",
                    "isNewFile": false, "diffStat": { "user_added_lines": lines },
                }},
            })
        };
        let edit = |lines| {
            let reports = Gemini.reports(payload(lines).to_string().as_bytes()).unwrap();
            let Act::Edited(edits) = &reports[0].act else { panic!("{reports:?}") };
            super::super::edit::texts(&edits[0].told, Some(b"B!\n")).after.unwrap()
        };
        assert_eq!(edit(0), b"B!\n");
        assert_eq!(edit(1), b"B\n");
    }
}
