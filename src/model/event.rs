//! One line of the journal: what an agent's hook told us, and what we saw.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Digest, EditId, Oid, RepoPath, SessionId, TurnId};

/// The version of the journal's format.
pub const JOURNAL_VERSION: u32 = 1;

/// One event. Its text is already redacted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// The format's version, 1.
    pub v: u32,
    /// When it was recorded, UTC.
    pub at: DateTime<Utc>,
    /// The agent's name, such as `claude-code`.
    pub agent: String,
    /// The conversation.
    pub session: SessionId,
    /// The prompt it belongs to, where the agent says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<TurnId>,
    /// The tool call, where the agent names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit: Option<EditId>,
    /// The agent's name for the sub-agent that did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subagent: Option<String>,
    /// The model, where the agent or its transcript says; never guessed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The top of the work tree it happened in.
    pub worktree: String,
    /// HEAD of that work tree; null before the first commit.
    pub head: Option<Oid>,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

impl Event {
    /// The work tree, where all of it was looked at.
    pub fn tree(&self) -> Option<&Content> {
        match &self.what {
            What::Window(window) => Some(&window.tree),
            What::Stop { tree, .. } => tree.as_ref(),
            _ => None,
        }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum What {
    /// A conversation started, was resumed, or ended.
    Session {
        /// The agent's own name for it.
        native: String,
        /// `started` or `ended`.
        edge: Edge,
    },
    /// A person's prompt.
    Prompt(PromptText),
    /// A file as it was, before an edit. Whatever changed since it was last seen is not the agent's.
    Saw {
        /// The file.
        path: RepoPath,
        /// Its text.
        text: Content,
    },
    /// An edit by a tool of the agent's.
    Edit {
        /// The file.
        path: RepoPath,
        /// The path it had before, where the edit moved it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<RepoPath>,
        /// The text before; absent from the JSON where nobody could say.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "maybe")]
        #[schemars(with = "Option<Content>")]
        before: Option<Content>,
        /// The text after.
        after: Content,
    },
    /// A command of the agent's starts (`open`) or has ended (`close`).
    Window(Window),
    /// Files that the agent read.
    Read {
        /// The files.
        paths: Vec<RepoPath>,
    },
    /// The turn ended.
    Stop {
        /// The agent's closing message.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        closing: Option<PromptText>,
        /// Whether commands still run in the background.
        #[serde(default)]
        background: bool,
        /// Every file that differs from HEAD, as in [`Window::tree`]: the end of a command that
        /// nobody reported as ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tree: Option<Content>,
    },
    /// Something that could not be used.
    Unusable {
        /// What, and why.
        reason: String,
    },
    /// An event of a later version.
    #[serde(other)]
    Later,
}

/// One end of something that takes time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Edge {
    /// It begins.
    Open,
    /// It is over.
    Close,
}

/// The work tree at one end of an agent's command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Window {
    /// Which end.
    pub edge: Edge,
    /// The tool's name.
    pub tool: String,
    /// The command, or the tool's input as JSON.
    pub command: String,
    /// Texts of scripts that the command names, as far as they lie in the work tree.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scripts: Vec<Digest>,
    /// Every file that differs from HEAD, as a snapshot of one [`TreeFile`] a line.
    pub tree: Content,
    /// The newest stash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stash: Option<Oid>,
    /// At the close: the command goes on in the background.
    #[serde(default)]
    pub background: bool,
}

/// A file of the work tree that differs from HEAD.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TreeFile {
    /// The file.
    pub path: RepoPath,
    /// Its text; null where it is gone.
    pub text: Content,
}

impl TreeFile {
    /// Those of a snapshot.
    pub fn all(tree: &[u8]) -> impl Iterator<Item = Self> + '_ {
        tree.split(|&b| b == b'\n').filter_map(|line| serde_json::from_slice(line).ok())
    }
}

/// The text of a file, by its digest.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Content {
    /// The snapshot with this SHA-256.
    Text(Digest),
    /// Not kept.
    Opaque {
        /// Why: too large, not a file, unreadable.
        opaque: String,
    },
    /// There is no such file.
    Absent(()),
}

impl Content {
    /// There is no such file.
    pub const ABSENT: Self = Self::Absent(());
}

/// Text after redaction, and what was taken out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct PromptText {
    /// The text.
    pub text: String,
    /// Kinds of secrets that were removed, and how often.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub removed: BTreeMap<String, u32>,
}

/// `null` means "no such file", a missing field means "not known".
mod maybe {
    use super::Content;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        value: &Option<Content>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.as_ref().unwrap_or(&Content::ABSENT).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Content>, D::Error> {
        Content::deserialize(deserializer).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_before_is_not_an_absent_file() {
        let line = |before: Option<Content>| {
            serde_json::to_string(&What::Edit {
                path: "a".into(),
                from: None,
                before,
                after: Content::Text(Digest("00".into())),
            })
            .unwrap()
        };
        for before in [None, Some(Content::ABSENT)] {
            let text = line(before.clone());
            let What::Edit { before: read, .. } = serde_json::from_str(&text).unwrap() else {
                panic!("not an edit: {text}");
            };
            assert_eq!(read, before, "{text}");
        }
    }
}
