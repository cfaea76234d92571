//! Claude Code: hooks in `.claude/settings.json`, payloads as seen with version 2.1.197.

mod sessions;

use std::path::PathBuf;

use serde_json::{Value, json};

use super::edit::Replacement;
use super::scene::{Cue, Scene, TURN};
use super::settings::{self, Installer};
use super::{
    Act, Agent, Behind, FileEdit, Files, Marks, Payload, PayloadError, Question, Report, Sessions,
    Told, Tool, copilot_cli, copilot_vscode, cursor,
};

/// How much of the end of a transcript is searched for the model. Bytes.
const TRANSCRIPT_END: u64 = 256 * 1024;

/// Claude Code.
pub struct ClaudeCode;

impl Agent for ClaudeCode {
    fn name(&self) -> &'static str {
        "claude-code"
    }

    fn reports(&self, payload: &[u8]) -> Result<Vec<Report>, PayloadError> {
        let read = Payload::parse(payload)?;
        match guest(&read) {
            Some(agent) => agent.reports(payload),
            None => self.told(&read),
        }
    }

    fn sessions(&self) -> Option<&'static dyn Sessions> {
        Some(&Self)
    }

    fn question(&self, payload: &[u8]) -> Result<Option<Question>, PayloadError> {
        let read = Payload::parse(payload)?;
        if let Some(agent) = guest(&read) {
            return agent.question(payload);
        }
        Question::of(self.name(), &read, "/prompt_id", |tool| match kind(tool) {
            Tool::Edits => file(&read).into_iter().collect(),
            _ => Vec::new(),
        })
    }

    /// Who runs these hooks without being Claude Code finds its own answer beside the usual one.
    fn refusal(&self, question: &Question, reason: &str) -> Value {
        let mut answer = question.no(reason);
        let guest = super::find(&question.agent).filter(|agent| agent.name() != self.name());
        if let Some(Value::Object(own)) = guest.map(|agent| agent.refusal(question, reason)) {
            own.into_iter().for_each(|(name, value)| answer[name] = value);
        }
        answer
    }

    fn installer(&self) -> Option<&'static dyn Installer> {
        Some(&settings::claude_code::ClaudeCode)
    }

    fn cues(&self, scene: &Scene<'_>) -> Vec<Cue> {
        let file = scene.cwd.join(scene.file);
        let common = json!({ "session_id": scene.session, "cwd": scene.cwd, "prompt_id": TURN });
        let (old, both) =
            (format!("{}\n", scene.first), format!("{}\n{}\n", scene.first, scene.added));
        let input = json!({ "file_path": file, "old_string": old, "new_string": both });
        let response = json!({ "filePath": file, "originalFile": old, "userModified": false });
        scene.cues(&common, ("Edit", &input), &response)
    }

    /// `message.model` of the last assistant line.
    fn behind(&self, report: &Report, files: &dyn Files) -> Behind {
        let end = report.transcript.as_ref().and_then(|path| files.end(path, TRANSCRIPT_END));
        let end = end.unwrap_or_default();
        let model = end.rsplit(|&b| b == b'\n').find_map(|line| {
            let payload = Payload::parse(line).ok()?;
            // "<synthetic>" marks lines that no model wrote.
            payload.owned("/message/model").filter(|model| !model.starts_with('<'))
        });
        Behind { model, prompt: None }
    }

    fn marks(&self) -> Marks {
        Marks {
            variables: &["CLAUDECODE"],
            session: Some("CLAUDE_CODE_SESSION_ID"),
            programs: &["claude"],
        }
    }
}

/// The agent that a payload is from, where another one runs these hooks.
fn guest(payload: &Payload) -> Option<&'static dyn Agent> {
    match () {
        () if cursor::is_cursors(payload) => Some(&cursor::Cursor),
        () if copilot_vscode::is_vscodes(payload) => Some(&copilot_vscode::CopilotVsCode),
        () if copilot_cli::is_copilots(payload) => Some(&copilot_cli::CopilotCli),
        () => None,
    }
}

impl ClaudeCode {
    fn told(&self, payload: &Payload) -> Result<Vec<Report>, PayloadError> {
        let Some(act) = act(payload)? else {
            return Ok(Vec::new());
        };
        let session = payload.need("/session_id")?;
        let transcript = payload.path("/transcript_path");
        let subagent = payload.owned("/agent_id");
        Ok(vec![Report {
            agent: self.name().to_owned(),
            turn: payload.owned("/prompt_id"),
            call: payload.owned("/tool_use_id"),
            model: payload.owned("/model"),
            transcript: transcript.map(|path| own_transcript(path, &session, subagent.as_deref())),
            cwd: payload.path("/cwd").unwrap_or_default(),
            session,
            subagent,
            act,
        }])
    }
}

/// A sub-agent has a transcript of its own beside the session's.
fn own_transcript(path: PathBuf, session: &str, subagent: Option<&str>) -> PathBuf {
    match (subagent, path.parent()) {
        (Some(id), Some(folder)) => {
            folder.join(session).join("subagents").join(format!("agent-{id}.jsonl"))
        }
        _ => path,
    }
}

fn act(payload: &Payload) -> Result<Option<Act>, PayloadError> {
    Ok(match payload.need("/hook_event_name")?.as_str() {
        "SessionStart" => Some(Act::Started),
        "SessionEnd" => Some(Act::Ended),
        "UserPromptSubmit" => {
            let prompt = payload.need("/prompt")?;
            // A finished background task is told like a prompt, under the person's own.
            (!prompt.starts_with("<task-notification>")).then_some(Act::Prompt(prompt))
        }
        "PreToolUse" => before(payload)?,
        "PostToolUse" => after(payload, true)?,
        "PostToolUseFailure" => after(payload, false)?,
        "Stop" => Some(Act::Stopped {
            closing: payload.owned("/last_assistant_message"),
            background: payload
                .at("/background_tasks")
                .and_then(Value::as_array)
                .is_some_and(|tasks| !tasks.is_empty()),
        }),
        _ => None,
    })
}

fn kind(tool: &str) -> Tool {
    match tool {
        "Edit" | "MultiEdit" | "Write" | "NotebookEdit" => Tool::Edits,
        "Read" => Tool::Reads,
        "Bash" => Tool::Runs,
        // A server's tool may write files, and says so nowhere.
        _ if tool.starts_with("mcp__") => Tool::Runs,
        _ => Tool::Nothing,
    }
}

fn before(payload: &Payload) -> Result<Option<Act>, PayloadError> {
    let tool = payload.need("/tool_name")?;
    Ok(match kind(&tool) {
        Tool::Edits => Some(Act::Before(vec![file(payload)?])),
        Tool::Runs => Some(Act::CommandStarts { command: command(payload), tool }),
        Tool::Reads | Tool::Nothing => None,
    })
}

fn after(payload: &Payload, succeeded: bool) -> Result<Option<Act>, PayloadError> {
    let tool = payload.need("/tool_name")?;
    Ok(match kind(&tool) {
        Tool::Runs => Some(Act::CommandEnded {
            command: command(payload),
            background: payload.flag("/tool_input/run_in_background")
                || payload.text("/tool_response/backgroundTaskId").is_some(),
            tool,
        }),
        Tool::Edits if succeeded => Some(Act::Edited(vec![FileEdit {
            path: file(payload)?,
            from: None,
            told: told(&tool, payload),
        }])),
        Tool::Reads if succeeded => Some(Act::Read(vec![file(payload)?])),
        _ => None,
    })
}

fn file(payload: &Payload) -> Result<PathBuf, PayloadError> {
    payload
        .path("/tool_input/file_path")
        .or_else(|| payload.path("/tool_input/notebook_path"))
        .ok_or(PayloadError::Missing("/tool_input/file_path"))
}

fn command(payload: &Payload) -> String {
    payload
        .owned("/tool_input/command")
        .unwrap_or_else(|| payload.at("/tool_input").map(ToString::to_string).unwrap_or_default())
}

/// The edit as the model asked for it: what a person changed in it before agreeing
/// (`userModified`) then shows as the person's.
fn told(tool: &str, payload: &Payload) -> Told {
    // Of a new file, `originalFile` is there and null.
    let original = payload.at("/tool_response/originalFile");
    let before = original.and_then(Value::as_str).map(str::to_owned);
    match tool {
        "Write" => match payload.text("/tool_input/content") {
            Some(content) => {
                Told::Whole { before: original.map(|_| before), after: content.to_owned() }
            }
            None => Told::Touched,
        },
        "Edit" => match step(payload.at("/tool_input")) {
            Some(step) => Told::Replaced { before, steps: vec![step] },
            None => Told::Touched,
        },
        "MultiEdit" => {
            let edits = payload.at("/tool_input/edits").and_then(Value::as_array);
            let steps: Option<Vec<_>> = edits
                .map_or(Some(Vec::new()), |edits| edits.iter().map(|e| step(Some(e))).collect());
            match steps {
                Some(steps) if !steps.is_empty() => Told::Replaced { before, steps },
                _ => Told::Touched,
            }
        }
        _ => Told::Touched,
    }
}

fn step(value: Option<&Value>) -> Option<Replacement> {
    let value = value?;
    Some(Replacement {
        old: value.get("old_string")?.as_str()?.to_owned(),
        new: value.get("new_string")?.as_str()?.to_owned(),
        all: value.get("replace_all").and_then(Value::as_bool).unwrap_or(false),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::About;

    fn asked(payload: Value) -> Option<Question> {
        let mut payload = payload;
        payload["session_id"] = json!("s");
        payload["cwd"] = json!("/top");
        ClaudeCode.question(payload.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn it_asks_before_commands_and_edits_and_at_the_end_of_a_turn() {
        let before = |tool: &str, input: Value| {
            let payload =
                json!({"hook_event_name": "PreToolUse", "tool_name": tool, "tool_input": input});
            asked(payload).map(|question| question.about)
        };
        let run = before("Bash", json!({"command": "ls"}));
        assert_eq!(run, Some(About::Run("ls".into())));
        let write = before("Write", json!({"file_path": "/top/a", "content": "x"}));
        assert_eq!(write, Some(About::Write(vec!["/top/a".into()])));
        assert_eq!(before("Read", json!({"file_path": "/top/a"})), None);
        assert_eq!(asked(json!({"hook_event_name": "PostToolUse", "tool_name": "Bash"})), None);
        let stop = json!({"hook_event_name": "SubagentStop", "prompt_id": "p", "agent_id": "a"});
        let stop = asked(stop).unwrap();
        assert_eq!((stop.turn.as_deref(), stop.subagent.as_deref()), (Some("p"), Some("a")));
        assert_eq!(stop.no("why"), json!({"decision": "block", "reason": "why"}));
        let run = asked(json!({"hook_event_name": "PreToolUse", "tool_name": "Bash"})).unwrap();
        let no = run.no("why");
        assert_eq!(no["hookSpecificOutput"]["permissionDecision"], "deny");
        assert_eq!(no["hookSpecificOutput"]["permissionDecisionReason"], "why");
    }

    fn acts(prompt: &str) -> usize {
        let payload = serde_json::json!({
            "hook_event_name": "UserPromptSubmit", "session_id": "s", "prompt_id": "p",
            "cwd": "/c", "prompt": prompt,
        });
        ClaudeCode.reports(payload.to_string().as_bytes()).unwrap().len()
    }

    #[test]
    fn what_a_background_task_reports_is_no_prompt() {
        assert_eq!(acts("Greet the reader."), 1);
        assert_eq!(acts("<task-notification>\n<task-id>1</task-id>\n</task-notification>"), 0);
    }
}
