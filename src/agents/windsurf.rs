//! Windsurf: hooks in `.windsurf/hooks.json`. From its documents; not seen in a run.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::edit::Replacement;
use super::scene::{Cue, Scene, TURN};
use super::settings::shape::{Flat, More};
use super::settings::table::{Event, Shape, Table};
use super::settings::{Installer, Task};
use super::{Act, Agent, FileEdit, Marks, Payload, PayloadError, Report, Told};

/// Windsurf.
pub struct Windsurf;

const EVENTS: &[Event] = &[
    ("pre_user_prompt", None, Task::Record),
    ("pre_write_code", None, Task::Record),
    ("post_write_code", None, Task::Record),
    ("pre_run_command", None, Task::Record),
    ("post_run_command", None, Task::Record),
    ("pre_mcp_tool_use", None, Task::Record),
    ("post_mcp_tool_use", None, Task::Record),
    ("post_cascade_response", None, Task::Record),
    ("post_read_code", None, Task::Record),
];

static SETTINGS: Table = Table {
    name: "windsurf",
    program: "windsurf",
    about: "hooks of Windsurf",
    home: |homes| homes.below(".codeium/windsurf"),
    project: ".windsurf",
    file: "hooks.json",
    shape: Shape::Flat(Flat {
        command: "command",
        more: &[("show_output", More::Flag(false))],
        version: None,
    }),
    // The last of them is for reads.
    events: |reads| {
        if reads { EVENTS } else { EVENTS.split_last().map_or(EVENTS, |(_, rest)| rest) }
    },
    off: None,
    trust: None,
    over: &[],
    advice: None,
};

impl Agent for Windsurf {
    fn name(&self) -> &'static str {
        "windsurf"
    }

    fn reports(&self, payload: &[u8]) -> Result<Vec<Report>, PayloadError> {
        let payload = Payload::parse(&escaped(payload))?;
        let Some(act) = act(&payload)? else {
            return Ok(Vec::new());
        };
        let turn =
            payload.owned("/execution_id").or_else(|| payload.owned("/tool_info/execution_id"));
        let file = payload.path("/tool_info/file_path");
        let beside = file.and_then(|file| file.parent().map(PathBuf::from));
        Ok(vec![Report {
            agent: self.name().to_owned(),
            session: payload.need("/trajectory_id")?,
            turn,
            call: None,
            subagent: None,
            model: payload.owned("/model_name"),
            transcript: payload.path("/tool_info/transcript_path"),
            cwd: payload.path("/tool_info/cwd").or(beside).unwrap_or_default(),
            act,
        }])
    }

    fn installer(&self) -> Option<&'static dyn Installer> {
        Some(&SETTINGS)
    }

    fn cues(&self, scene: &Scene<'_>) -> Vec<Cue> {
        let old = format!("{}\n", scene.first);
        let cue = |event, written, info: Value| {
            let mut info = info;
            info["cwd"] = json!(scene.cwd);
            let payload = json!({
                "agent_action_name": event,
                "trajectory_id": scene.session,
                "execution_id": TURN,
                "tool_info": info,
            });
            Cue { event, tool: None, written, payload }
        };
        let edit = json!({
            "file_path": scene.cwd.join(scene.file),
            "edits": [{ "old_string": old, "new_string": format!("{old}{}\n", scene.added) }],
        });
        vec![
            cue("pre_user_prompt", false, json!({ "user_prompt": scene.prompt })),
            cue("pre_write_code", false, edit.clone()),
            cue("post_write_code", true, edit),
        ]
    }

    fn marks(&self) -> Marks {
        Marks { variables: &[], session: None, programs: &["windsurf"] }
    }
}

/// What a server's tool is called here.
const MCP: &str = "mcp";

/// Control characters stand as they are within its texts, which JSON does not allow.
fn escaped(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len());
    let (mut inside, mut escape) = (false, false);
    for &byte in payload {
        match byte {
            b'"' if !escape => inside = !inside,
            0..0x20 if inside => {
                out.extend_from_slice(format!("\\u{byte:04x}").as_bytes());
                escape = false;
                continue;
            }
            _ => {}
        }
        escape = byte == b'\\' && !escape;
        out.push(byte);
    }
    out
}

fn act(payload: &Payload) -> Result<Option<Act>, PayloadError> {
    let command = || payload.owned("/tool_info/command_line").unwrap_or_default();
    let tool = || "run_command".to_owned();
    // Not its result, which only the end has: both ends have to name the same call.
    let call = || {
        let part = |name| payload.at(name).map(ToString::to_string).unwrap_or_default();
        part("/tool_info/mcp_tool_name") + &part("/tool_info/mcp_tool_arguments")
    };
    Ok(match payload.need("/agent_action_name")?.as_str() {
        "pre_user_prompt" => payload.owned("/tool_info/user_prompt").map(Act::Prompt),
        "pre_write_code" => {
            payload.path("/tool_info/file_path").map(|file| Act::Before(vec![file]))
        }
        "post_write_code" => payload
            .path("/tool_info/file_path")
            .map(|path| Act::Edited(vec![FileEdit { path, from: None, told: told(payload) }])),
        "pre_run_command" => Some(Act::CommandStarts { tool: tool(), command: command() }),
        "post_run_command" => {
            Some(Act::CommandEnded { tool: tool(), command: command(), background: false })
        }
        // A server's tool may write files, and says so nowhere.
        "pre_mcp_tool_use" => Some(Act::CommandStarts { tool: MCP.to_owned(), command: call() }),
        "post_mcp_tool_use" => {
            Some(Act::CommandEnded { tool: MCP.to_owned(), command: call(), background: false })
        }
        "post_read_code" => payload.path("/tool_info/file_path").map(|file| Act::Read(vec![file])),
        "post_cascade_response" | "post_cascade_response_with_transcript" => {
            Some(Act::Stopped { closing: None, background: false })
        }
        _ => None,
    })
}

fn told(payload: &Payload) -> Told {
    let edits = payload.at("/tool_info/edits").and_then(Value::as_array);
    let step = |edit: &Value| {
        Some(Replacement {
            old: edit.get("old_string")?.as_str()?.to_owned(),
            new: edit.get("new_string")?.as_str()?.to_owned(),
            all: false,
        })
    };
    let steps: Option<Vec<_>> = edits.into_iter().flatten().map(step).collect();
    match steps {
        Some(steps) if !steps.is_empty() => Told::Replaced { before: None, steps },
        _ => Told::Touched,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_are_asked_for_where_rules_need_them() {
        let events = |reads| (SETTINGS.events)(reads).iter().map(|(event, ..)| *event);
        assert!(events(true).any(|event| event == "post_read_code"));
        assert!(events(false).all(|event| event != "post_read_code") && events(false).count() == 8);
    }

    #[test]
    fn raw_control_characters_are_read() {
        let payload = b"{\"agent_action_name\":\"pre_user_prompt\",\"trajectory_id\":\"t\",\"execution_id\":\"e\",\
            \"tool_info\":{\"user_prompt\":\"two\nlines, a \\\"quote\\\" and a\ttab\"}}";
        let report = Windsurf.reports(payload).unwrap().remove(0);
        assert_eq!(report.act, Act::Prompt("two\nlines, a \"quote\" and a\ttab".into()));
        assert_eq!((report.session.as_str(), report.turn.as_deref()), ("t", Some("e")));
    }
}
