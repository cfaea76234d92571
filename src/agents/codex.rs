//! Codex CLI: hooks in `config.toml` or `hooks.json`, payloads as seen with version 0.169.0.

mod sessions;

use serde_json::json;

use super::edit;
use super::scene::{Cue, Scene, TURN};
use super::settings::{self, Installer};
use super::{Act, Agent, Marks, Payload, PayloadError, Question, Report, Sessions, patch};

/// Codex CLI.
pub struct Codex;

impl Agent for Codex {
    fn name(&self) -> &'static str {
        "codex"
    }

    fn reports(&self, payload: &[u8]) -> Result<Vec<Report>, PayloadError> {
        let payload = Payload::parse(payload)?;
        // `notify` tells only what `Stop` has told already.
        if payload.text("/type") == Some("agent-turn-complete") {
            return Ok(Vec::new());
        }
        let session = payload.need("/session_id")?;
        let report = |act| Report {
            agent: self.name().to_owned(),
            session: session.clone(),
            turn: payload.owned("/turn_id"),
            call: payload.owned("/tool_use_id"),
            subagent: payload.owned("/agent_id"),
            model: payload.owned("/model"),
            transcript: payload.path("/transcript_path"),
            cwd: payload.path("/cwd").unwrap_or_default(),
            act,
        };
        Ok(acts(&payload)?.into_iter().map(report).collect())
    }

    fn question(&self, payload: &[u8]) -> Result<Option<Question>, PayloadError> {
        let payload = Payload::parse(payload)?;
        Question::of(self.name(), &payload, "/turn_id", |tool| match tool {
            "apply_patch" => edit::paths(patch::parse(&command(&payload)).unwrap_or_default()),
            _ => Vec::new(),
        })
    }

    fn installer(&self) -> Option<&'static dyn Installer> {
        Some(&settings::codex::Codex)
    }

    fn sessions(&self) -> Option<&'static dyn Sessions> {
        Some(&Self)
    }

    fn marks(&self) -> Marks {
        Marks {
            variables: &["CODEX_SESSION_ID", "CODEX_THREAD_ID"],
            session: Some("CODEX_SESSION_ID"),
            programs: &["codex"],
        }
    }

    fn cues(&self, scene: &Scene<'_>) -> Vec<Cue> {
        let common = json!({ "session_id": scene.session, "cwd": scene.cwd, "turn_id": TURN });
        let patch = format!(
            "*** Begin Patch\n*** Update File: {}\n@@\n {}\n+{}\n*** End Patch",
            scene.file, scene.first, scene.added
        );
        let input = json!({ "command": patch });
        scene.cues(&common, ("apply_patch", &input), &json!("Exit code: 0\n"))
    }
}

fn acts(payload: &Payload) -> Result<Vec<Act>, PayloadError> {
    Ok(match payload.need("/hook_event_name")?.as_str() {
        "SessionStart" => vec![Act::Started],
        "SessionEnd" => vec![Act::Ended],
        "UserPromptSubmit" => vec![Act::Prompt(payload.need("/prompt")?)],
        "PreToolUse" => before(payload)?,
        "PostToolUse" => after(payload)?,
        "Stop" => vec![Act::Stopped {
            closing: payload.owned("/last_assistant_message"),
            background: false,
        }],
        _ => Vec::new(),
    })
}

fn before(payload: &Payload) -> Result<Vec<Act>, PayloadError> {
    let tool = payload.need("/tool_name")?;
    let command = command(payload);
    Ok(match tool.as_str() {
        "apply_patch" => {
            let edits =
                patch::parse(&command).ok_or(PayloadError::Missing("/tool_input/command"))?;
            vec![Act::Before(edit::paths(edits))]
        }
        _ if runs(&tool) => vec![Act::CommandStarts { tool, command }],
        _ => Vec::new(),
    })
}

fn after(payload: &Payload) -> Result<Vec<Act>, PayloadError> {
    let tool = payload.need("/tool_name")?;
    let command = command(payload);
    Ok(match tool.as_str() {
        "apply_patch" => {
            let edits =
                patch::parse(&command).ok_or(PayloadError::Missing("/tool_input/command"))?;
            vec![Act::Edited(edits)]
        }
        _ if runs(&tool) => vec![Act::CommandEnded { tool, command, background: false }],
        _ => Vec::new(),
    })
}

/// Codex calls every shell `Bash`; tools of servers have names of their own.
fn runs(tool: &str) -> bool {
    tool == "Bash" || tool.starts_with("mcp")
}

fn command(payload: &Payload) -> String {
    payload
        .owned("/tool_input/command")
        .unwrap_or_else(|| payload.at("/tool_input").map(ToString::to_string).unwrap_or_default())
}
