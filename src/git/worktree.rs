//! The work tree and the index as git sees them: always git's own commands, which know sparse
//! and split indexes, file-system monitors and untracked caches.

use std::path::{Path, PathBuf};

use super::process::{self, With as _};
use super::{GitError, Repo};
use crate::model::{Oid, RepoPath};

/// Which files to ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Files that differ between HEAD and the index.
    Staged,
    /// Files that differ between HEAD and the work tree, untracked ones included.
    WorkTree,
}

impl Repo {
    /// The files of this side, without ignored ones, submodules and symbolic links.
    pub fn dirty(&self, side: Side) -> Result<Vec<RepoPath>, GitError> {
        let untracked = match side {
            Side::Staged => "--untracked-files=no",
            Side::WorkTree => "--untracked-files=all",
        };
        let mut command = self
            .git()
            .with("-c")
            .with("core.quotePath=false")
            .with("status")
            .with("--porcelain=v2")
            .with("-z")
            .with("--no-renames")
            .with("--ignore-submodules=all")
            .with(untracked);
        let answer = process::output(&mut command, "compare the work tree")?;
        Ok(parse_status(&answer, side))
    }

    /// The file of this path in the index that git uses now.
    pub fn staged_text(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, GitError> {
        let name = [b":0:".as_slice(), path.as_bytes()].concat();
        let mut command = self
            .git()
            .with("rev-parse")
            .with("--quiet")
            .with("--verify")
            .with(crate::model::path::os_path(&name));
        let Some(oid) = process::answer(&mut command, "read the index")? else {
            return Ok(None);
        };
        self.blob(&Oid(String::from_utf8_lossy(process::line(&oid)).into_owned()))
    }

    /// The newest stash.
    pub fn stash(&self) -> Result<Option<Oid>, GitError> {
        self.target("refs/stash")
    }

    /// The reflog of HEAD in this work tree, newest first, at most `limit` entries: the commit
    /// that HEAD moved to, and git's word for what moved it.
    pub fn head_moves(&self, limit: usize) -> Result<Vec<(Oid, String)>, GitError> {
        let mut command = self
            .git()
            .with("log")
            .with("--walk-reflogs")
            .with(format!("--max-count={limit}"))
            .with("--format=%H %gs")
            .with("HEAD")
            .with("--");
        let Ok(answer) = process::output(&mut command, "read the reflog") else {
            return Ok(Vec::new()); // no reflog is no fault: core.logAllRefUpdates may be off
        };
        Ok(String::from_utf8_lossy(&answer)
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(oid, action)| (Oid(oid.to_owned()), action.to_owned()))
            .collect())
    }

    /// What moved HEAD last: the commit it was on (all zeros: none), and git's word for it.
    pub fn last_move(&self) -> Option<(Oid, String)> {
        // Reading the file spares every commit a process; other ref stores have no such file.
        let Ok(text) = std::fs::read(self.git_dir().join("logs/HEAD")) else {
            let moves = self.head_moves(2).ok()?;
            let (_, action) = moves.first()?;
            let (before, _) = moves.get(1)?;
            return Some((before.clone(), action.clone()));
        };
        let text = text.strip_suffix(b"\n").unwrap_or(&text);
        let last = text.rsplit(|&b| b == b'\n').next()?;
        let last = String::from_utf8_lossy(last);
        let (fields, action) = last.split_once('\t').unwrap_or((&last, ""));
        Some((Oid(fields.split(' ').next()?.to_owned()), action.to_owned()))
    }

    /// A file that git keeps in the git directory of this work tree while something is going on,
    /// such as `MERGE_HEAD`.
    pub fn state_file(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.git_dir().join(name)).ok()
    }

    /// Whether a rebase is under way.
    pub fn rebasing(&self) -> bool {
        ["rebase-merge", "rebase-apply"].iter().any(|name| self.git_dir().join(name).exists())
    }

    /// The tops of the submodules that are checked out here.
    pub fn submodules(&self) -> Vec<PathBuf> {
        let Some(top) = self.work_tree() else {
            return Vec::new();
        };
        let Ok(text) = std::fs::read_to_string(top.join(".gitmodules")) else {
            return Vec::new();
        };
        text.lines()
            .filter_map(|line| line.trim().strip_prefix("path"))
            .filter_map(|rest| rest.trim_start().strip_prefix('='))
            .map(|path| top.join(path.trim()))
            .filter(|path| path.join(".git").exists())
            .collect()
    }

    /// A path of the file system as a path of this repository. The file need not exist.
    pub fn relative(&self, path: &Path) -> Option<RepoPath> {
        let top = self.work_tree()?;
        if let Ok(rest) = path.strip_prefix(top) {
            return RepoPath::from_relative(rest);
        }
        // The agent may name the folder by another way than git does (a symbolic link).
        let real = real(path)?;
        let top = top.canonicalize().ok()?;
        RepoPath::from_relative(real.strip_prefix(&top).ok()?)
    }
}

/// The path with the links in its folders resolved, as far as they exist.
fn real(path: &Path) -> Option<PathBuf> {
    let parent = path.parent()?;
    let parent = parent.canonicalize().ok().or_else(|| real(parent))?;
    Some(parent.join(path.file_name()?))
}

fn parse_status(answer: &[u8], side: Side) -> Vec<RepoPath> {
    let mut paths = Vec::new();
    for record in answer.split(|&b| b == 0) {
        let field = |n: usize| record.splitn(n + 1, |&b| b == b' ').nth(n);
        let path = match record.first() {
            Some(b'1') => {
                let staged = record.get(2).is_some_and(|&b| b != b'.');
                if side == Side::Staged && !staged {
                    continue;
                }
                field(8)
            }
            Some(b'u') => field(10),
            Some(b'?') if side == Side::WorkTree => field(1),
            _ => None,
        };
        if let Some(path) = path {
            paths.push(RepoPath::from_bytes(path));
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_names_every_kind_of_file_once() {
        let answer = b"1 .M N... 100644 100644 100644 aa bb a b.txt\0\
            1 M. N... 100644 100644 100644 aa bb staged\0\
            u UU N... 100644 100644 100644 100644 aa bb cc both\0? new\nline\0";
        let all: Vec<String> =
            parse_status(answer, Side::WorkTree).iter().map(ToString::to_string).collect();
        assert_eq!(all, ["a b.txt", "staged", "both", "\"new\\nline\""]);
        assert_eq!(parse_status(answer, Side::Staged).len(), 2);
    }
}
