//! What `backfill` found in the sessions of agents, for people and programs.

use std::io;

use schemars::JsonSchema;
use serde::Serialize;

use super::escape::line;
use super::out::{Out, Style};

/// `git ai-log backfill --json`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Backfilled {
    /// `git-ai-log/backfill/1`.
    pub schema: &'static str,
    /// Whether notes were written; false with `--dry-run`.
    pub written: bool,
    /// What each agent's sessions gave.
    pub agents: Vec<OfAgent>,
    /// Commits that something was found of.
    pub commits: usize,
    /// Lines that were found.
    pub lines: usize,
    /// Files that could not be read, or not to their end.
    pub unreadable: Vec<Unreadable>,
}

/// The sessions of one agent that worked in this repository.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OfAgent {
    /// Its name.
    pub agent: String,
    /// How many files they are.
    pub files: usize,
    /// How many there are.
    pub sessions: usize,
    /// How many prompts they have.
    pub turns: usize,
    /// Commits that have lines of theirs.
    pub commits: usize,
    /// These lines.
    pub lines: usize,
}

/// A file that could not be read, or not to its end.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Unreadable {
    /// Whose.
    pub agent: String,
    /// Where.
    pub file: String,
    /// Why not.
    pub reason: String,
}

/// Prints it for people.
pub fn print(out: &mut Out, done: &Backfilled) -> io::Result<()> {
    for one in &done.unreadable {
        let text = format!("{}: {} {}", one.agent, line(&one.file), line(&one.reason));
        let text = out.paint(Style::Unknown, &text);
        out.line(&text)?;
    }
    if done.agents.is_empty() {
        return out.line("No agent's session on this machine worked in this repository.");
    }
    for one in &done.agents {
        let agent = out.paint(Style::Strong, &format!("{:<12}", one.agent));
        out.line(&format!(
            "{agent}  {}, {}: {} in {}",
            some(one.sessions, "session"),
            some(one.turns, "turn"),
            some(one.lines, "line"),
            some(one.commits, "commit"),
        ))?;
    }
    out.line(&match (done.commits, done.written) {
        (0, _) => "Nothing that the notes do not say already.".to_owned(),
        (commits, true) => format!("{} written.", some(commits, "note")),
        (commits, false) => format!("{} to be written.", some(commits, "note")),
    })
}

fn some(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
