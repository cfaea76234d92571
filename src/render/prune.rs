//! What `prune` let go of, for people and programs.

use std::io;

use schemars::JsonSchema;
use serde::Serialize;

use super::out::{Out, Style};
use crate::model::Oid;

/// `git ai-log prune --json`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Pruned {
    /// `git-ai-log/prune/1`.
    pub schema: &'static str,
    /// Whether it was done; false with `--dry-run`.
    pub written: bool,
    /// Why no note was looked at; null where they were.
    pub skipped: Option<Skipped>,
    /// Notes that were dropped.
    pub dropped: Vec<Gone>,
    /// Notes of commits that are gone which stay all the same.
    pub kept: Vec<Gone>,
    /// Journals of sessions that are done.
    pub journals: usize,
    /// With `--compact`: how many commits each ref had of which one is left.
    pub compacted: Vec<Compacted>,
}

/// A note of a commit that is not in this repository.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Gone {
    /// The commit.
    pub commit: Oid,
    /// Why.
    pub because: Because,
    /// Lines of agents' that stand in no other note.
    pub lines: usize,
}

/// Why a note is dropped or stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Because {
    /// Dropped: all that it says stands in notes of commits that exist.
    FoundAgain,
    /// Dropped: it is older than was asked for.
    Older,
    /// Kept: lines of it stand in no other note.
    Lines,
    /// Kept: an attestation or a waiver of it stands in no other note.
    Claims,
    /// Kept: a prompt's text stands nowhere else.
    Prompts,
    /// Kept: it says that a prompt was forgotten, which must never come back.
    Forgotten,
    /// Kept: it cannot be read.
    Unreadable,
}

/// Why this clone cannot tell that a commit is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Skipped {
    /// It is a shallow clone.
    Shallow,
    /// It is a partial clone.
    Partial,
    /// It fetches some branches of its remote only.
    SomeBranches,
}

/// A notes ref whose history became one commit.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Compacted {
    /// The ref.
    pub name: &'static str,
    /// How many commits it had.
    pub commits: usize,
}

impl Because {
    fn words(self) -> &'static str {
        match self {
            Self::FoundAgain => "all of it stands in notes of commits that exist",
            Self::Older => "older than was asked for",
            Self::Lines => "its lines stand in no other note",
            Self::Claims => "what people vouched for in it stands in no other note",
            Self::Prompts => "a prompt of it stands nowhere else",
            Self::Forgotten => "it says that a prompt was forgotten",
            Self::Unreadable => "it cannot be read",
        }
    }
}

/// One line a note, and one with the numbers.
pub fn print(out: &mut Out, pruned: &Pruned) -> io::Result<()> {
    let verb = if pruned.written { "dropped" } else { "would drop" };
    for (word, notes) in [(verb, &pruned.dropped), ("kept", &pruned.kept)] {
        for gone in notes {
            let commit = out.paint(Style::Commit, gone.commit.short());
            let lines = match gone.lines {
                0 => String::new(),
                lines => format!(" ({lines} lines)"),
            };
            out.line(&format!("{word}  {commit}  {}{lines}", gone.because.words()))?;
        }
    }
    if pruned.kept.iter().any(|gone| gone.because == Because::Lines) {
        out.line(
            "`git ai-log repair` looks for such lines in commits without a note; \
             --older-than 90d lets old ones go",
        )?;
    }
    for Compacted { name, commits } in &pruned.compacted {
        let verb = if pruned.written { "compacted" } else { "would compact" };
        out.line(&format!("{verb}  {name}  {commits} commits to one"))?;
    }
    let notes = match pruned.skipped {
        Some(_) => "no note was looked at".to_owned(),
        None => format!("{} notes {verb}, {} kept", pruned.dropped.len(), pruned.kept.len()),
    };
    out.line(&format!("{notes}; {} journals {verb}", pruned.journals))
}
