//! Qwen Code: hooks in `.qwen/settings.json`, payloads and transcripts as seen with version 0.15.10;
//! what a hook may answer is from its documents, which are Claude Code's.
//!
//! It came from Gemini CLI and has its tools, with Claude Code's events.

mod sessions;

use std::path::PathBuf;

use serde_json::{Value, json};

use super::gemini::{SHELL, after, before};
use super::scene::{CALL, Cue, DENIED, Scene};
use super::settings::table::{Event, Off, Shape, Table};
use super::settings::{Installer, Task};
use super::{Act, Agent, Behind, Files, Marks, Payload, PayloadError, Question, Report, Sessions};
use crate::config::Homes;

/// How much of the end of a transcript is searched for the model. Bytes.
const TRANSCRIPT_END: u64 = 256 * 1024;

/// Qwen Code.
pub struct Qwen;

const WRITERS: &str = "edit|write_file|run_shell_command|mcp__.*";
const WRITERS_AND_READ: &str = "edit|write_file|run_shell_command|mcp__.*|read_file";

const fn events(tools: &'static str) -> [Event; 9] {
    [
        ("SessionStart", None, Task::Record),
        ("UserPromptSubmit", None, Task::Record),
        ("PreToolUse", Some(tools), Task::Record),
        ("PostToolUse", Some(tools), Task::Record),
        ("PostToolUseFailure", Some(tools), Task::Record),
        ("Stop", None, Task::Record),
        ("SessionEnd", None, Task::Record),
        ("PreToolUse", Some("edit|write_file|run_shell_command"), Task::Gate),
        ("Stop", None, Task::Gate),
    ]
}

static EVENTS: [Event; 9] = events(WRITERS);
static EVENTS_AND_READ: [Event; 9] = events(WRITERS_AND_READ);

static SETTINGS: Table = Table {
    name: "qwen",
    program: "qwen",
    about: "hooks of Qwen Code",
    home,
    project: ".qwen",
    file: "settings.json",
    shape: Shape::Groups,
    events: |reads| if reads { &EVENTS_AND_READ } else { &EVENTS },
    off: Some(Off { path: &["disableAllHooks"], value: true, beside: &[], joined: true }),
    trust: Some("trustedFolders.json"),
    over: &[],
    advice: None,
};

/// `$QWEN_HOME`, or its default.
fn home(homes: &Homes) -> Option<PathBuf> {
    homes.folder("QWEN_HOME", ".qwen")
}

impl Agent for Qwen {
    fn name(&self) -> &'static str {
        "qwen"
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
        let (old, both) =
            (format!("{}\n", scene.first), format!("{}\n{}\n", scene.first, scene.added));
        let input = json!({ "file_path": file, "old_string": old, "new_string": both });
        let display = json!({ "originalContent": old, "newContent": both });
        scene.cues(&common, ("edit", &input), &json!({ "returnDisplay": display }))
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

    fn behind(&self, report: &Report, files: &dyn Files) -> Behind {
        let end = report.transcript.as_ref().and_then(|path| files.end(path, TRANSCRIPT_END));
        let end = end.unwrap_or_default();
        let model = end.rsplit(|&b| b == b'\n').find_map(|line| {
            let line = Payload::parse(line).ok()?;
            // A sub-agent's messages are not kept, but what was answered to it is counted.
            let counted = line.owned("/systemPayload/uiEvent/model");
            counted.or_else(|| {
                line.owned("/model").filter(|_| line.text("/type") == Some("assistant"))
            })
        });
        Behind { model, prompt: None }
    }

    fn marks(&self) -> Marks {
        Marks { variables: &["QWEN_CODE"], session: None, programs: &["qwen"] }
    }
}

impl Qwen {
    fn told(&self, payload: &Payload) -> Result<Vec<Report>, PayloadError> {
        let Some(act) = act(payload)? else {
            return Ok(Vec::new());
        };
        Ok(vec![Report {
            agent: self.name().to_owned(),
            session: payload.need("/session_id")?,
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
        // It comes again after each result of a tool, with an empty prompt.
        "UserPromptSubmit" => payload.owned("/prompt").map(Act::Prompt),
        "PreToolUse" => before(payload)?,
        "PostToolUse" => {
            after(payload, payload.at("/tool_response/error").is_none_or(Value::is_null))?
        }
        "PostToolUseFailure" => after(payload, false)?,
        "Stop" => Some(Act::Stopped {
            closing: payload.owned("/last_assistant_message"),
            background: false,
        }),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::settings::{Options, Place, Scope};

    fn homes(variables: &[(&str, &str)]) -> Homes {
        let variables = variables.iter().map(|(name, path)| ((*name).into(), (*path).into()));
        Homes { home: Some("/home/dev".into()), variables: variables.collect() }
    }

    #[test]
    fn settings_lie_where_its_variable_says() {
        let file = |variables| {
            let place =
                Place { scope: Scope::User, top: None, main: None, homes: homes(variables) };

            let edits = SETTINGS.add(&place, &Options::default(), &|_| Ok(None)).unwrap();
            edits[0].path.clone()
        };
        assert_eq!(file(&[]), PathBuf::from("/home/dev/.qwen/settings.json"));
        let set = [("QWEN_HOME", "/etc/qwen"), ("QWEN_RUNTIME_DIR", "/var/qwen")];
        assert_eq!(file(&set), PathBuf::from("/etc/qwen/settings.json"));
    }

    #[test]
    fn sessions_lie_where_its_variables_say_or_said() {
        let folders = |variables| -> Vec<PathBuf> {
            let stores = Qwen.stores(&homes(variables), &[]).into_iter();
            stores.map(|store| store.folder).collect()
        };
        let (home, moved) = ("/home/dev/.qwen/projects", "/etc/qwen/projects");
        assert_eq!(folders(&[]), [home].map(PathBuf::from));
        assert_eq!(folders(&[("QWEN_HOME", "/etc/qwen")]), [moved, home].map(PathBuf::from));
        let both = [("QWEN_HOME", "/etc/qwen"), ("QWEN_RUNTIME_DIR", "/var/qwen")];
        let runs = "/var/qwen/projects";
        assert_eq!(folders(&both), [runs, moved, home].map(PathBuf::from));
    }

    #[test]
    fn the_model_is_that_of_the_agent_that_was_answered_last() {
        let main = json!({ "type": "assistant", "model": "large" });
        let sub = json!({ "type": "system", "systemPayload": { "uiEvent": { "model": "small" } } });
        let tool = json!({ "type": "tool_result", "model": "none" });
        let files = crate::agents::memory::Memory::of([(
            "/chats/s.jsonl",
            format!("{main}\n{sub}\n{tool}\n"),
        )]);
        let payload = json!({
            "hook_event_name": "PostToolUse", "session_id": "s", "tool_name": SHELL,
            "transcript_path": "/chats/s.jsonl", "tool_input": { "command": "ls" },
        });
        let report = Qwen.reports(payload.to_string().as_bytes()).unwrap().remove(0);
        assert_eq!(Qwen.behind(&report, &files).model.as_deref(), Some("small"));
    }
}
