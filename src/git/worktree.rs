//! The work tree and the index as git sees them: always git's own commands, which know sparse
//! and split indexes, file-system monitors and untracked caches.

use std::path::{Path, PathBuf};

use super::process::{self, With as _};
use super::{GitError, Repo};
use crate::model::{Oid, RepoPath};

impl Repo {
    /// The tops of all its work trees, those included that are gone and not pruned yet.
    pub fn work_trees(&self) -> Result<Vec<PathBuf>, GitError> {
        let mut command = self.git().with("worktree").with("list").with("--porcelain");
        let answer = process::output(&mut command, "list the work trees")?;
        let lines = answer.split(|&b| b == b'\n');
        let tops = lines.filter_map(|line| line.strip_prefix(b"worktree "));
        let tops = tops.map(|top| PathBuf::from(String::from_utf8_lossy(top).into_owned()));
        // Of a submodule, and where the git directory lies elsewhere, git names that one instead.
        Ok(self.work_tree().map(Path::to_path_buf).into_iter().chain(tops).collect())
    }

    /// The files that differ between HEAD, the index and the work tree, untracked ones included,
    /// ignored ones and submodules not.
    pub fn dirty(&self) -> Result<Vec<RepoPath>, GitError> {
        let mut command = self
            .git()
            .with("-c")
            .with("core.quotePath=false")
            .with("status")
            .with("--porcelain=v2")
            .with("-z")
            .with("--no-renames")
            .with("--ignore-submodules=all")
            .with("--untracked-files=all");
        let answer = process::output(&mut command, "compare the work tree")?;
        Ok(parse_status(&answer))
    }

    /// The regular files that differ between HEAD and the index that git uses now, and what is
    /// staged of them.
    pub fn staged(&self) -> Result<Vec<(RepoPath, Oid)>, GitError> {
        let mut command = self
            .git()
            .with("diff")
            .with("--cached")
            .with("--raw")
            .with("-z")
            .with("--no-abbrev")
            .with("--no-renames")
            .with("--no-ext-diff")
            .with("--ignore-submodules=all");
        let answer = process::output(&mut command, "compare the index")?;
        let mut fields = answer.split(|&b| b == 0);
        let mut staged = Vec::new();
        while let (Some(record), Some(path)) = (fields.next(), fields.next()) {
            let record = String::from_utf8_lossy(record);
            // :<old mode> <new mode> <old> <new> <status>
            let words: Vec<&str> = record.split(' ').collect();
            if let [_, mode, _, oid, _] = words[..]
                && mode.starts_with("100")
            {
                staged.push((RepoPath::from_bytes(path), Oid(oid.to_owned())));
            }
        }
        Ok(staged)
    }

    /// The tree of the index that git uses now, which the next commit will have.
    pub fn index_tree(&self) -> Result<Oid, GitError> {
        let answer = process::output(&mut self.git().with("write-tree"), "write the index's tree")?;
        Ok(Oid(String::from_utf8_lossy(process::line(&answer)).into_owned()))
    }

    /// Of these files those that `.gitattributes` says are generated or vendored.
    pub fn not_ours(&self, paths: &[RepoPath]) -> Result<Vec<RepoPath>, GitError> {
        let mut command = self.git().with("check-attr").with("--cached").with("-z").with("--stdin");
        command.args(["linguist-generated", "linguist-vendored"]);
        let mut input = Vec::new();
        for path in paths {
            input.extend_from_slice(path.as_bytes());
            input.push(0);
        }
        let answer = process::feed(&mut command, &input, "read .gitattributes")?;
        let mut fields = answer.split(|&b| b == 0);
        let mut found = Vec::new();
        while let (Some(path), Some(_), Some(value)) = (fields.next(), fields.next(), fields.next())
        {
            if matches!(value, b"set" | b"true") {
                found.push(RepoPath::from_bytes(path));
            }
        }
        Ok(found)
    }

    /// The newest stash.
    pub fn stash(&self) -> Result<Option<Oid>, GitError> {
        self.target("refs/stash")
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
        // The agent may name a folder by another way than git does (a symbolic link).
        let real = real(path)?;
        if let Ok(rest) = real.strip_prefix(top) {
            return RepoPath::from_relative(rest);
        }
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

fn parse_status(answer: &[u8]) -> Vec<RepoPath> {
    let mut paths = Vec::new();
    for record in answer.split(|&b| b == 0) {
        let field = |n: usize| record.splitn(n + 1, |&b| b == b' ').nth(n);
        let path = match record.first() {
            Some(b'1') => field(8),
            Some(b'u') => field(10),
            Some(b'?') => field(1),
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
        let all: Vec<String> = parse_status(answer).iter().map(ToString::to_string).collect();
        assert_eq!(all, ["a b.txt", "staged", "both", "\"new\\nline\""]);
    }
}
