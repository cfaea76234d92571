//! Who wrote which line: events and texts in, owners out. Pure; what it needs of git comes
//! through [`Source`].
//!
//! [`replay`] folds the journal into one annotated text for each file; [`step`] takes a text from
//! one state to the next; [`blend`] decides about changed lines; [`lost`] finds text again that
//! was moved; [`carry`] finds text of other commits again; [`shell`] says what a command can have written; [`hunks`] cuts the result into the
//! lines that a commit adds.

mod authors;
pub mod blend;
pub mod carry;
mod elsewhere;
pub mod hunks;
mod inserted;
mod left_later;
pub mod lost;
mod order;
#[cfg(test)]
mod properties;
pub mod replay;
pub mod retell;
mod running;
mod seen;
pub mod shell;
pub mod step;
pub mod tokens;

use chrono::{DateTime, Utc};

use crate::model::{EditId, Evidence, Oid, RepoPath, SessionId, TurnId};

/// Who wrote a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A person, or somebody before the journal began: no agent reported it.
    Person,
    /// Nobody can say.
    Unknown,
    /// An agent.
    Agent {
        /// Which tool call: an index into the replay's authors.
        author: u32,
        /// A person wrote part of the line.
        mixed: bool,
        /// The text was found again in another file.
        carried: bool,
    },
}

impl Owner {
    /// Whether an agent had a part in it.
    pub fn is_agent(self) -> bool {
        matches!(self, Self::Agent { .. })
    }

    pub(crate) fn of(author: u32) -> Self {
        Self::Agent { author, mixed: false, carried: false }
    }

    fn as_mixed(self) -> Self {
        match self {
            Self::Agent { author, carried, .. } => Self::Agent { author, mixed: true, carried },
            other => other,
        }
    }

    fn as_carried(self) -> Self {
        match self {
            Self::Agent { author, mixed, .. } => Self::Agent { author, mixed, carried: true },
            other => other,
        }
    }
}

/// One tool call of an agent's that wrote lines.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Author {
    /// The conversation.
    pub session: SessionId,
    /// The prompt.
    pub turn: Option<TurnId>,
    /// The tool call.
    pub edit: Option<EditId>,
    /// What it rests on.
    pub evidence: Evidence,
}

/// Who changed a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Somebody who reported nothing: a person, or git.
    Other,
    /// It may have been an agent.
    Doubt,
    /// This author.
    Agent(u32),
    /// This author, by a command: what the command found elsewhere and copied is not its own.
    Command(u32),
}

impl By {
    /// Whether an agent is known to have done it.
    pub fn is_agent(self) -> bool {
        matches!(self, Self::Agent(_) | Self::Command(_))
    }

    /// The owner of a line that is simply new.
    pub fn owner(self) -> Owner {
        match self {
            Self::Other => Owner::Person,
            Self::Doubt => Owner::Unknown,
            Self::Agent(author) | Self::Command(author) => Owner::of(author),
        }
    }
}

/// A text with the owner of each line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Annotated {
    /// The bytes.
    pub text: Vec<u8>,
    /// One owner a line.
    pub owners: Vec<Owner>,
}

impl Annotated {
    /// A text that no agent is known to have written.
    pub fn plain(text: Vec<u8>) -> Self {
        let lines = crate::git::lines::count_lines(&text);
        Self { text, owners: vec![Owner::Person; lines] }
    }
}

/// What attribution asks of the repository and the journal.
pub trait Source {
    /// The object of a file in a commit.
    fn committed_file(&self, commit: &Oid, path: &RepoPath) -> Option<Oid>;
    /// The text of such an object.
    fn file(&self, oid: &Oid) -> Option<Vec<u8>>;
    /// The text of a file in a commit.
    fn committed(&self, commit: &Oid, path: &RepoPath) -> Option<Vec<u8>> {
        self.file(&self.committed_file(commit, path)?)
    }
    /// A snapshot.
    fn snapshot(&self, digest: &crate::model::Digest) -> Option<Vec<u8>>;
    /// Whether only commits made here moved HEAD from one commit to the other, so that no text
    /// came from elsewhere.
    fn only_committed(&self, from: &Oid, to: &Oid) -> bool;
    /// The commits on which HEAD was, from one place to the other, before git brought text from
    /// elsewhere the last time, the one on which it was seen and then the last ones first; none
    /// where it did not.
    fn left_behind(&self, seen: &Place, now: &Place) -> Vec<Oid>;
    /// The commits that were made here from one place to the other since something else moved HEAD,
    /// the last ones first, each with the one on which HEAD was before.
    fn made(&self, seen: &Place, now: &Place) -> Vec<(Oid, Oid)>;
}

/// Where HEAD was at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The commit.
    pub head: Oid,
    /// When.
    pub at: DateTime<Utc>,
}
