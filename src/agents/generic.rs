//! Our own event, for any tool that has no adapter: `git ai-log schema event`.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Act, Agent, FileEdit, PayloadError, Question, Report, Told};

/// The name and version of the format.
pub const SCHEMA: &str = "git-ai-log/event/1";

/// What the gate answers where the tool may not go on; where it may, nothing is printed.
const ANSWER: &str = "git-ai-log/answer/1";

/// One event of a tool that has no adapter of its own.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct GenericEvent {
    /// `git-ai-log/event/1`.
    pub schema: String,
    /// The tool's name, in kebab case.
    pub agent: String,
    /// The tool's name for the conversation.
    pub session: String,
    /// The tool's name for the prompt; without one, an event belongs to the prompt before it.
    #[serde(default)]
    pub turn: Option<String>,
    /// The tool's name for this tool call.
    #[serde(default)]
    pub call: Option<String>,
    /// The tool's name for the sub-agent that acts.
    #[serde(default)]
    pub subagent: Option<String>,
    /// The model, if it is known for sure.
    #[serde(default)]
    pub model: Option<String>,
    /// The folder the tool works in, absolute.
    pub cwd: PathBuf,
    /// What happened.
    #[serde(flatten)]
    pub event: GenericAct,
}

/// What happened.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum GenericAct {
    /// The conversation starts or is resumed.
    SessionStart,
    /// The conversation ends.
    SessionEnd,
    /// A person asks.
    Prompt {
        /// What for.
        prompt: String,
    },
    /// Files are about to be edited. Needed only where `edit` comes without `before`.
    BeforeEdit {
        /// Absolute, or below `cwd`.
        paths: Vec<PathBuf>,
    },
    /// Files were edited.
    Edit {
        /// Which, and how.
        edits: Vec<GenericEdit>,
    },
    /// A command that may change any file starts.
    ShellStart {
        /// The command line.
        command: String,
    },
    /// That command has ended, whether it failed or not.
    ShellEnd {
        /// The command line.
        command: String,
        /// It goes on in the background.
        #[serde(default)]
        background: bool,
    },
    /// Files were read.
    Read {
        /// Absolute, or below `cwd`.
        paths: Vec<PathBuf>,
    },
    /// The turn ended.
    Stop {
        /// The tool's closing message.
        #[serde(default)]
        closing: Option<String>,
    },
}

/// An edit of one file.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct GenericEdit {
    /// Absolute, or below `cwd`.
    pub path: PathBuf,
    /// The path it had before, where the edit moved it.
    #[serde(default)]
    pub from: Option<PathBuf>,
    /// The whole text before; null for a new file; left out where the tool does not know it.
    #[serde(default, with = "told_or_not")]
    #[schemars(with = "Option<String>")]
    pub before: Option<Option<String>>,
    /// The whole text after; null where the file was removed; left out to take it from the disk.
    #[serde(default, with = "told_or_not")]
    #[schemars(with = "Option<String>")]
    pub after: Option<Option<String>>,
}

/// Tells `null` from a field that is not there.
mod told_or_not {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        value: &Option<Option<String>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.as_ref().and_then(Option::as_ref).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Option<String>>, D::Error> {
        Option::deserialize(deserializer).map(Some)
    }
}

/// Any tool that writes [`GenericEvent`]s.
pub struct Generic;

impl Agent for Generic {
    fn name(&self) -> &'static str {
        "generic"
    }

    fn reports(&self, payload: &[u8]) -> Result<Vec<Report>, PayloadError> {
        let event: GenericEvent =
            serde_json::from_slice(payload).map_err(|e| PayloadError::Json(e.to_string()))?;
        if event.schema != SCHEMA {
            return Err(PayloadError::Schema(event.schema));
        }
        if event.agent.is_empty() || event.session.is_empty() {
            return Err(PayloadError::Missing("session"));
        }
        Ok(vec![Report {
            agent: event.agent,
            session: event.session,
            turn: event.turn,
            call: event.call,
            subagent: event.subagent,
            model: event.model,
            transcript: None,
            cwd: event.cwd,
            act: act(event.event),
        }])
    }

    /// A tool may hand the event before a command or an edit, or that of a turn's end, to
    /// `git ai-log hook agent-gate generic`, and heed what it prints.
    fn question(&self, payload: &[u8]) -> Result<Option<Question>, PayloadError> {
        Ok(Question::asked(self.reports(payload)?, |_| true))
    }

    fn refusal(&self, _: &Question, reason: &str) -> Value {
        json!({ "schema": ANSWER, "allowed": false, "reason": reason })
    }
}

fn act(event: GenericAct) -> Act {
    let tool = || "shell".to_owned();
    match event {
        GenericAct::SessionStart => Act::Started,
        GenericAct::SessionEnd => Act::Ended,
        GenericAct::Prompt { prompt } => Act::Prompt(prompt),
        GenericAct::BeforeEdit { paths } => Act::Before(paths),
        GenericAct::Edit { edits } => Act::Edited(edits.into_iter().map(file_edit).collect()),
        GenericAct::ShellStart { command } => Act::CommandStarts { tool: tool(), command },
        GenericAct::ShellEnd { command, background } => {
            Act::CommandEnded { tool: tool(), command, background }
        }
        GenericAct::Read { paths } => Act::Read(paths),
        GenericAct::Stop { closing } => Act::Stopped { closing, background: false },
    }
}

fn file_edit(edit: GenericEdit) -> FileEdit {
    let told = match edit.after {
        Some(Some(after)) => Told::Whole { before: edit.before, after },
        Some(None) => Told::Removed,
        None => edit.before.map_or(Told::Touched, Told::Since),
    };
    FileEdit { path: edit.path, from: edit.from, told }
}
