//! Runs of lines and who wrote them.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{EditId, RepoPath, SessionId, TurnId};

/// Lines `start` to `end`, counted from 1, both included. As JSON: `[start, end]`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(from = "(u32, u32)", into = "(u32, u32)")]
pub struct LineRange {
    /// The first line.
    pub start: u32,
    /// The last line.
    pub end: u32,
}

impl LineRange {
    /// One line.
    pub fn one(line: u32) -> Self {
        Self { start: line, end: line }
    }

    /// Whether the line is one of these.
    pub fn contains(self, line: u32) -> bool {
        self.start <= line && line <= self.end
    }

    /// Whether both have a line in common.
    pub fn touches(self, other: Self) -> bool {
        self.start <= other.end && other.start <= self.end
    }

    /// How many lines these are.
    pub fn len(self) -> u32 {
        if self.start > self.end { 0 } else { (self.end - self.start).saturating_add(1) }
    }
}

impl From<(u32, u32)> for LineRange {
    fn from((start, end): (u32, u32)) -> Self {
        Self { start, end }
    }
}

impl From<LineRange> for (u32, u32) {
    fn from(range: LineRange) -> Self {
        (range.start, range.end)
    }
}

/// Who wrote a line: the four of Agent Trace.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Contributor {
    /// An agent.
    Ai,
    /// An agent and a person: one changed less than half of what the other wrote.
    Mixed,
    /// A person: capture was active and no agent reported the line.
    Human,
    /// Nobody can say.
    Unknown,
}

impl Contributor {
    /// Whether an agent had a part in it.
    pub fn is_agents(self) -> bool {
        matches!(self, Self::Ai | Self::Mixed)
    }
}

impl fmt::Display for Contributor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ai => "ai",
            Self::Mixed => "mixed",
            Self::Human => "human",
            Self::Unknown => "unknown",
        })
    }
}

/// What an attribution rests on, the strongest first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// The tool call itself.
    Edit,
    /// The file changed during a command of the agent's that concerns it.
    Shell,
    /// The agent's transcript.
    Transcript,
    /// The text was found again somewhere else.
    Carried,
}

/// A run of lines of one path, all with the same owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hunk {
    /// The file.
    pub path: RepoPath,
    /// Its lines.
    pub lines: LineRange,
    /// Who wrote them.
    pub contributor: Contributor,
    /// The session they come from; null for people and where nobody can say.
    pub session: Option<SessionId>,
    /// The turn they come from.
    pub turn: Option<TurnId>,
    /// The tool call that wrote them.
    pub edit: Option<EditId>,
    /// What this rests on; null for people.
    pub evidence: Option<Evidence>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_from_other_peoples_notes_have_a_length() {
        let count = |start, end| LineRange { start, end }.len();
        assert_eq!((count(2, 4), count(3, 2)), (3, 0));
        assert_eq!((count(0, u32::MAX), count(1, u32::MAX)), (u32::MAX, u32::MAX));
    }
}
