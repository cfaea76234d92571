//! GitHub Copilot in VS Code: it runs the hooks of Copilot CLI in the user's home, and Claude Code's,
//! with payloads of its own, which come here from those adapters. From documents; not seen in a run.
//!
//! It tells that an edit is over before the file is on the disk (microsoft/vscode#315926), so that
//! the file is waited for. Payloads of early 2026 spelled what all of them have in camel case.

mod sessions;

use serde_json::{Value, json};

use super::edit::{self, Replacement};
use super::{
    About, Act, Agent, FileEdit, Payload, PayloadError, Question, Report, Sessions, Told, patch,
};

/// GitHub Copilot in VS Code.
pub struct CopilotVsCode;

impl Agent for CopilotVsCode {
    fn name(&self) -> &'static str {
        "copilot-vscode"
    }

    fn reports(&self, payload: &[u8]) -> Result<Vec<Report>, PayloadError> {
        self.told(&Payload::parse(payload)?)
    }

    /// It reads the same folders, in a project and in the home, and understands the same file.
    fn hooks_of(&self) -> Option<&'static str> {
        Some("copilot-cli")
    }

    fn writes_late(&self) -> bool {
        true
    }

    fn sessions(&self) -> Option<&'static dyn Sessions> {
        Some(&Self)
    }

    fn question(&self, payload: &[u8]) -> Result<Option<Question>, PayloadError> {
        Ok(Question::asked(self.reports(payload)?, |tool| tool == SHELL))
    }

    fn refusal(&self, question: &Question, reason: &str) -> Value {
        let mut answer = question.no(reason);
        if question.about == About::Stop {
            let event = json!({ "hookEventName": "Stop", "decision": "block", "reason": reason });
            answer["hookSpecificOutput"] = event;
        }
        answer
    }
}

/// Whether a payload of other hooks is VS Code's: by the file that it keeps the session in, or by
/// its name for the tool call.
pub(super) fn is_vscodes(payload: &Payload) -> bool {
    if payload.text("/tool_use_id").is_some_and(|id| id.contains("__vscode-")) {
        return true;
    }
    let file = first(payload, &["/transcript_path", "/chat_session_path"]).unwrap_or_default();
    let file = file.replace('\\', "/").to_ascii_lowercase();
    ["github.copilot-chat", "github copilot", "/chatsessions/"]
        .iter()
        .any(|part| file.contains(part))
}

impl CopilotVsCode {
    pub(super) fn told(&self, payload: &Payload) -> Result<Vec<Report>, PayloadError> {
        let Some(act) = act(payload)? else {
            return Ok(Vec::new());
        };
        let path = |names: &[&str]| first(payload, names).map(Into::into);
        Ok(vec![Report {
            agent: self.name().to_owned(),
            session: first(payload, &["/session_id", "/sessionId", "/chat_session_id"])
                .ok_or(PayloadError::Missing("/session_id"))?,
            turn: None,
            call: payload.owned("/tool_use_id"),
            subagent: payload.owned("/agent_id"),
            model: payload.owned("/model"),
            transcript: path(&["/transcript_path", "/chat_session_path"]),
            cwd: path(&["/cwd", "/workspace_folder"]).unwrap_or_default(),
            act,
        }])
    }
}

fn first(payload: &Payload, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| payload.owned(name))
}

fn act(payload: &Payload) -> Result<Option<Act>, PayloadError> {
    let event = first(payload, &["/hook_event_name", "/hookEventName"]);
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

const SHELL: &str = "run_in_terminal";

/// Where a tool's input names a file.
const FILE: &[&str] = &["/tool_input/filePath", "/tool_input/file_path", "/tool_input/path"];

fn is_edit(tool: &str) -> bool {
    let tool = tool.to_ascii_lowercase();
    ["edit", "write", "replace", "create_file", "apply_patch", "delete_file"]
        .iter()
        .any(|part| tool.contains(part))
}

fn before(payload: &Payload) -> Result<Option<Act>, PayloadError> {
    let tool = payload.need("/tool_name")?;
    if tool == SHELL {
        return Ok(Some(Act::CommandStarts { command: command(payload), tool }));
    }
    let edits = if is_edit(&tool) { edits(payload, &tool) } else { Vec::new() };
    let paths = edit::paths(edits);
    Ok((!paths.is_empty()).then_some(Act::Before(paths)))
}

fn after(payload: &Payload) -> Result<Option<Act>, PayloadError> {
    let tool = payload.need("/tool_name")?;
    if tool == SHELL {
        let background = payload.flag("/tool_input/isBackground");
        return Ok(Some(Act::CommandEnded { command: command(payload), background, tool }));
    }
    if tool == "read_file" {
        let file = first(payload, FILE);
        return Ok(file.map(|file| Act::Read(vec![file.into()])));
    }
    let edits = if is_edit(&tool) { edits(payload, &tool) } else { Vec::new() };
    Ok((!edits.is_empty()).then_some(Act::Edited(edits)))
}

fn command(payload: &Payload) -> String {
    payload.owned("/tool_input/command").unwrap_or_default()
}

fn edits(payload: &Payload, tool: &str) -> Vec<FileEdit> {
    let patch = first(payload, &["/tool_input/input", "/tool_input/patch"]);
    if let Some(edits) = patch.and_then(|text| patch::parse(&text)) {
        return edits;
    }
    let Some(path) = first(payload, FILE) else {
        return several(payload);
    };
    let input = payload.at("/tool_input").cloned().unwrap_or_default();
    let whole = payload.text("/tool_input/content").filter(|_| tool.contains("create"));
    let told = match (step(&input), whole) {
        _ if tool.contains("delete") => Told::Removed,
        (Some(step), _) => Told::Replaced { before: None, steps: vec![step] },
        (None, Some(after)) => Told::Whole { before: Some(None), after: after.to_owned() },
        (None, None) => Told::Touched,
    };
    vec![FileEdit { path: path.into(), from: None, told }]
}

/// Replacements in several files, told by one call.
fn several(payload: &Payload) -> Vec<FileEdit> {
    let all = payload.at("/tool_input/replacements").and_then(Value::as_array);
    let edit = |one: &Value| {
        let steps = vec![step(one)?];
        let path = one.get("filePath")?.as_str()?.into();
        Some(FileEdit { path, from: None, told: Told::Replaced { before: None, steps } })
    };
    all.into_iter().flatten().filter_map(edit).collect()
}

fn step(value: &Value) -> Option<Replacement> {
    let text = |names: [&str; 2]| names.iter().find_map(|name| value.get(name)?.as_str());
    Some(Replacement {
        old: text(["oldString", "old_string"])?.to_owned(),
        new: text(["newString", "new_string"])?.to_owned(),
        all: false,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::agents::claude_code::ClaudeCode;
    use crate::agents::copilot_cli::CopilotCli;

    #[test]
    fn early_payloads_are_read() {
        let payload = json!({
            "timestamp": "2026-02-26T11:53:49.593Z", "hookEventName": "PostToolUse",
            "sessionId": "s", "cwd": "/top", "tool_name": "read_file",
            "tool_use_id": "call_1__vscode-1772105116078",
            "tool_input": { "filePath": "/top/a.txt", "startLine": 1, "endLine": 200 },
        });
        let reports = ClaudeCode.reports(payload.to_string().as_bytes()).unwrap();
        assert_eq!(
            (reports[0].agent.as_str(), reports[0].session.as_str()),
            ("copilot-vscode", "s")
        );
        assert_eq!(reports[0].act, Act::Read(vec!["/top/a.txt".into()]));
    }

    #[test]
    fn it_is_known_in_the_hooks_of_others() {
        let payload = json!({
            "hook_event_name": "PostToolUse", "session_id": "s", "cwd": "/top",
            "transcript_path": "/u/workspaceStorage/1/GitHub.copilot-chat/transcripts/s.jsonl",
            "tool_name": "replace_string_in_file", "tool_use_id": "c",
            "tool_input": { "filePath": "/top/a", "oldString": "b", "newString": "B" },
        });
        let stop = json!({
            "hook_event_name": "Stop", "session_id": "s", "cwd": "/top",
            "transcript_path": payload["transcript_path"],
        });
        for adapter in [&CopilotCli as &dyn Agent, &ClaudeCode] {
            let asked = adapter.question(stop.to_string().as_bytes()).unwrap().unwrap();
            assert_eq!((asked.agent.as_str(), &asked.about), ("copilot-vscode", &About::Stop));
            let answer = adapter.refusal(&asked, "why");
            assert_eq!(answer["hookSpecificOutput"]["decision"], "block");

            let reports = adapter.reports(payload.to_string().as_bytes()).unwrap();
            assert_eq!(reports[0].agent, "copilot-vscode");
            let Act::Edited(edits) = &reports[0].act else { panic!("{reports:?}") };
            assert!(matches!(&edits[0].told, Told::Replaced { steps, .. } if steps[0].new == "B"));
        }
    }
}
