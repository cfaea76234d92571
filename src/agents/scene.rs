//! A prompt and an edit, as each agent's hooks would tell of them: what `doctor` plays.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// A person asks, and the agent adds one line below another.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The agent's name for the conversation.
    pub session: &'a str,
    /// The top of the work tree.
    pub cwd: &'a Path,
    /// A home for the agent's own files.
    pub home: &'a Path,
    /// The file, below `cwd`.
    pub file: &'a str,
    /// Its only line so far.
    pub first: &'a str,
    /// The line that the agent adds.
    pub added: &'a str,
    /// What the person asks for.
    pub prompt: &'a str,
}

/// The prompt's name in every scene.
pub const TURN: &str = "turn-1";

/// The tool call's name in every scene.
pub const CALL: &str = "call-1";

/// One call of an agent's hook.
#[derive(Debug, Clone, PartialEq)]
pub struct Cue {
    /// The event, as the agent's settings spell it.
    pub event: &'static str,
    /// The tool that it is about.
    pub tool: Option<&'static str>,
    /// The file is written before this one.
    pub written: bool,
    /// What the hook gets on its standard input.
    pub payload: Value,
}

/// A file of the agent's own that is there before the first call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prop {
    /// Where, below the scene's home.
    pub path: PathBuf,
    /// What it holds.
    pub text: String,
}

/// A command that the gate denies.
pub const DENIED: &str = "git commit --no-verify";

impl Scene<'_> {
    /// What the hook before a command gets that goes past the gate, as Claude Code spells it.
    pub fn denied(&self) -> Cue {
        let (event, tool) = ("PreToolUse", "Bash");
        let payload = json!({
            "session_id": self.session,
            "cwd": self.cwd,
            "hook_event_name": event,
            "tool_name": tool,
            "tool_input": { "command": DENIED },
        });
        Cue { event, tool: Some(tool), written: false, payload }
    }

    /// A prompt, and both ends of one tool call. `common` is in every payload, `input` is the
    /// tool's, `response` comes with its end.
    pub(super) fn cues(
        &self,
        common: &Value,
        (tool, input): (&'static str, &Value),
        response: &Value,
    ) -> Vec<Cue> {
        let payload = |event: &str, more: Value| {
            let mut all = common.clone();
            for part in [json!({ "hook_event_name": event }), more] {
                if let (Value::Object(all), Value::Object(part)) = (&mut all, part) {
                    all.extend(part);
                }
            }
            all
        };
        let call = |more: Value| {
            let call = json!({ "tool_name": tool, "tool_use_id": CALL, "tool_input": input });
            match (call, more) {
                (Value::Object(mut call), Value::Object(more)) => {
                    call.extend(more);
                    Value::Object(call)
                }
                (call, _) => call,
            }
        };
        let cue = |event, tool, written, more| Cue {
            event,
            tool,
            written,
            payload: payload(event, more),
        };
        vec![
            cue("UserPromptSubmit", None, false, json!({ "prompt": self.prompt })),
            cue("PreToolUse", Some(tool), false, call(json!({}))),
            cue("PostToolUse", Some(tool), true, call(json!({ "tool_response": response }))),
        ]
    }
}
