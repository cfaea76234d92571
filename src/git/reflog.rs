//! What moved HEAD.

use super::Repo;
use super::process::{self, With as _};
use crate::model::Oid;

/// An entry of the reflog of HEAD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// The commit that HEAD moved to.
    pub to: Oid,
    /// When, seconds since 1970.
    pub at: i64,
    /// Git's word for what moved it.
    pub action: String,
}

impl Move {
    /// Whether a commit was made.
    pub fn commits(&self) -> bool {
        self.action.starts_with("commit")
    }

    /// Whether a commit was made that brought nothing from elsewhere, as one that ends a merge or a
    /// cherry-pick does.
    pub fn commits_alone(&self) -> bool {
        let brings = ["commit (merge)", "commit (cherry-pick)"];
        self.commits() && !brings.iter().any(|word| self.action.starts_with(word))
    }

    /// Whether a commit was made that is no other one made again.
    pub fn commits_plainly(&self) -> bool {
        ["commit: ", "commit (initial): "].iter().any(|word| self.action.starts_with(word))
    }

    /// Whether git may have brought text from elsewhere, and taken other text away. `git reset` may
    /// leave the files as they are.
    pub fn brings(&self) -> bool {
        !self.commits_alone() && !self.action.starts_with("reset")
    }
}

impl Repo {
    /// The reflog of HEAD in this work tree, newest first, at most `limit` entries; none where none
    /// is kept.
    pub fn head_moves(&self, limit: usize) -> Vec<Move> {
        let mut command = self
            .git()
            .with("log")
            .with("--walk-reflogs")
            .with(format!("--max-count={limit}"))
            .with("--date=unix")
            .with("--format=%H %gd %gs")
            .with("HEAD")
            .with("--");
        // No reflog is no fault: core.logAllRefUpdates may be off.
        let answer = process::output(&mut command, "read the reflog").unwrap_or_default();
        String::from_utf8_lossy(&answer).lines().filter_map(parse).collect()
    }

    /// What moved HEAD last: the commit it was on (all zeros: none), and git's word for it.
    pub fn last_move(&self) -> Option<(Oid, String)> {
        // Reading the file spares every commit a process; other ref stores have no such file.
        let Ok(text) = std::fs::read(self.git_dir().join("logs/HEAD")) else {
            let mut moves = self.head_moves(2).into_iter();
            let last = moves.next()?;
            // The first move of all came from nowhere.
            let before = moves.next().map_or_else(|| Oid("0".repeat(40)), |before| before.to);
            return Some((before, last.action));
        };
        let text = text.strip_suffix(b"\n").unwrap_or(&text);
        let last = text.rsplit(|&b| b == b'\n').next()?;
        let last = String::from_utf8_lossy(last);
        let (fields, action) = last.split_once('\t').unwrap_or((&last, ""));
        Some((Oid(fields.split(' ').next()?.to_owned()), action.to_owned()))
    }
}

/// `<commit> HEAD@{<seconds>} <action>`
fn parse(line: &str) -> Option<Move> {
    let (to, rest) = line.split_once(' ')?;
    let (at, action) = rest.split_once("@{")?.1.split_once('}')?;
    let action = action.strip_prefix(' ').unwrap_or(action).to_owned();
    Some(Move { to: Oid(to.to_owned()), at: at.parse().ok()?, action })
}
