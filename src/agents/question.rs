//! What an agent's hook asks before the agent goes on, and how it is told no. Claude Code brought
//! the protocol and Codex took it over.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Act, Payload, PayloadError, Report};

/// How the gate begins what it tells an agent at the end of a turn.
pub const FINDINGS: &str =
    "git ai-log: the checklist has findings on lines that you wrote in this turn.";

/// What a hook asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The name that events are recorded under.
    pub agent: String,
    /// The agent's name for the conversation.
    pub session: String,
    /// Its name for the prompt.
    pub turn: Option<String>,
    /// Its name for the sub-agent that asks.
    pub subagent: Option<String>,
    /// The folder it works in.
    pub cwd: PathBuf,
    /// What it is about to do.
    pub about: About,
}

/// What an agent is about to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// To run this command.
    Run(String),
    /// To write these files.
    Write(Vec<PathBuf>),
    /// To end its turn.
    Stop,
}

impl Question {
    /// What the last thing asks that a payload tells, where it is something that is asked of.
    /// `is_shell` knows the tools whose commands are looked at.
    pub(super) fn asked(mut reports: Vec<Report>, is_shell: impl Fn(&str) -> bool) -> Option<Self> {
        let Report { agent, session, turn, subagent, cwd, act, .. } = reports.pop()?;
        let about = match act {
            Act::CommandStarts { tool, command } if is_shell(&tool) => About::Run(command),
            Act::Before(paths) => About::Write(paths),
            Act::Stopped { .. } => About::Stop,
            _ => return None,
        };
        Some(Self { agent, session, turn, subagent, cwd, about })
    }

    /// What a payload of this protocol asks; `turn` is its name for the prompt's name.
    pub(super) fn of(
        agent: &str,
        payload: &Payload,
        turn: &str,
        writes: impl Fn(&str) -> Vec<PathBuf>,
    ) -> Result<Option<Self>, PayloadError> {
        let about = match payload.need("/hook_event_name")?.as_str() {
            "PreToolUse" => match payload.need("/tool_name")?.as_str() {
                "Bash" => About::Run(payload.owned("/tool_input/command").unwrap_or_default()),
                tool => match writes(tool) {
                    paths if paths.is_empty() => return Ok(None),
                    paths => About::Write(paths),
                },
            },
            "Stop" | "SubagentStop" => About::Stop,
            _ => return Ok(None),
        };
        Ok(Some(Self {
            agent: agent.to_owned(),
            session: payload.need("/session_id")?,
            turn: payload.owned(turn),
            subagent: payload.owned("/agent_id"),
            cwd: payload.path("/cwd").unwrap_or_default(),
            about,
        }))
    }

    /// The answer that keeps the agent from it, or, at the end of a turn, from ending it.
    pub fn no(&self, reason: &str) -> Value {
        match self.about {
            About::Stop => json!({ "decision": "block", "reason": reason }),
            About::Run(_) | About::Write(_) => json!({ "hookSpecificOutput": {
                "hookEventName": "PreToolUse",
                "permissionDecision": "deny",
                "permissionDecisionReason": reason,
            }}),
        }
    }
}
