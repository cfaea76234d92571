//! What is stored for one commit. The wire format is in `notes/`.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Attestation, Contributor, EditId, Evidence, Finding, Gate, Hunk, LineRange, PromptText,
    RepoPath, Ruling, SessionId, TurnId, Verdict, Waiver,
};

/// How many lines that are no agent's a note has a fingerprint of.
const OTHERS: usize = 16;

/// The attribution of one commit.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Note {
    /// The author's time of the commit, which most rewrites keep.
    pub authored: Option<DateTime<Utc>>,
    /// The agent that ran the commit, where one did.
    pub committed_by: Option<CommittedBy>,
    /// Some of what else the commit added, by which it is known in a squash: see [`Note::sample`].
    pub others: Vec<u32>,
    /// Of the agents' lines those that another file had as well when the commit was made, and no
    /// commit: whoever commits that one has not copied them from here. See [`Note::half`].
    pub beside: Vec<u32>,
    /// The sessions that its hunks come from.
    pub sessions: BTreeMap<SessionId, Session>,
    /// The turns that its hunks come from.
    pub turns: BTreeMap<TurnId, Turn>,
    /// The lines that are not simply a person's, in order of path and line.
    pub hunks: Vec<NoteHunk>,
    /// Turns whose prompts were deleted.
    pub forgotten: BTreeMap<TurnId, Forgotten>,
    /// What the gate said; of several judgements the last.
    pub ruling: Option<Ruling>,
    /// What the checklist found, by path and line.
    pub findings: Vec<Finding>,
    /// What people vouch for.
    pub attestations: Vec<Attestation>,
    /// Exceptions that were made.
    pub waivers: Vec<Waiver>,
}

impl Note {
    /// Adds hunks in their places.
    pub fn add(&mut self, hunks: Vec<NoteHunk>) {
        self.hunks.extend(hunks);
        self.hunks.sort_by(|a, b| (&a.path, a.lines).cmp(&(&b.path, b.lines)));
    }

    /// The lowest of these fingerprints' upper halves: two commits with the same lines have the same.
    pub fn sample(prints: impl Iterator<Item = u64>) -> Vec<u32> {
        let lowest: BTreeSet<u32> = prints.map(Self::half).collect();
        lowest.into_iter().take(OTHERS).collect()
    }

    /// A fingerprint as [`Note::others`] has it.
    pub fn half(print: u64) -> u32 {
        (print >> 32) as u32
    }

    /// Whether the gate judged the commit, and what it said.
    pub fn gate(&self) -> (Gate, Option<Verdict>) {
        let none = (Gate::NotRun, None);
        self.ruling.as_ref().map_or(none, |ruling| (ruling.gate, ruling.verdict))
    }
}

/// An agent that ran a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommittedBy {
    /// Its name.
    pub agent: String,
    /// The conversation, where it says so.
    pub session: Option<SessionId>,
}

/// One conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The agent's name.
    pub agent: String,
    /// The model, where it is known.
    pub model: Option<String>,
    /// Who had the conversation: git's author name.
    pub human: Option<String>,
    /// When it was first seen.
    pub started: Option<DateTime<Utc>>,
    /// The session that started this one.
    pub parent: Option<SessionId>,
}

/// One prompt, without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// The session.
    pub session: SessionId,
    /// When.
    pub at: Option<DateTime<Utc>>,
    /// SHA-256 of the prompt after redaction.
    pub prompt_sha256: Option<String>,
    /// Files read in this turn.
    pub read: BTreeSet<RepoPath>,
}

/// A prompt that was deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// When.
    pub at: Option<DateTime<Utc>>,
    /// By whom: git's committer name.
    pub who: Option<String>,
}

/// A run of lines in the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteHunk {
    /// The file.
    pub path: RepoPath,
    /// Its lines in the commit.
    pub lines: LineRange,
    /// Who wrote them.
    pub contributor: Contributor,
    /// The session.
    pub session: Option<SessionId>,
    /// The turn.
    pub turn: Option<TurnId>,
    /// The tool call.
    pub edit: Option<EditId>,
    /// What this rests on.
    pub evidence: Option<Evidence>,
    /// SHA-256 of the lines' bytes.
    pub digest: String,
    /// One fingerprint a line: 64 bits of SHA-256 of the line without white space.
    pub fingerprints: Vec<u64>,
}

impl NoteHunk {
    /// Whether both have a line in common.
    pub fn meets(&self, other: &Self) -> bool {
        self.path == other.path
            && self.lines.start <= other.lines.end
            && other.lines.start <= self.lines.end
    }

    /// Other lines with the same owner.
    pub fn like(&self, lines: Self) -> Self {
        Self {
            contributor: self.contributor,
            session: self.session.clone(),
            turn: self.turn.clone(),
            edit: self.edit.clone(),
            evidence: self.evidence,
            ..lines
        }
    }

    /// What is told of it.
    pub fn hunk(&self) -> Hunk {
        Hunk {
            path: self.path.clone(),
            lines: self.lines,
            contributor: self.contributor,
            session: self.session.clone(),
            turn: self.turn.clone(),
            edit: self.edit.clone(),
            evidence: self.evidence,
        }
    }
}

/// The text of a prompt, kept apart from the attribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptRecord {
    /// The turn.
    pub turn: TurnId,
    /// What the agent was asked.
    pub prompt: PromptText,
    /// The agent's closing message.
    pub closing: Option<PromptText>,
}
