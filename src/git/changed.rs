//! Which files each commit of a range changed, as one git process tells it.
//!
//! Nothing but trees is read for this, so that a long history costs what `git log --raw` does.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Stdio};
use std::thread::JoinHandle;

use super::process::With as _;
use super::{GitError, Repo};
use crate::model::{Oid, RepoPath};

const DOING: &str = "read the log";

/// A commit, with the regular files that it has otherwise than every one of its parents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Its name.
    pub commit: Oid,
    /// When it was made, seconds since 1970.
    pub time: i64,
    /// The files that it has.
    pub files: Vec<ChangedFile>,
    /// How many parents it has here: none at the edge of a shallow clone.
    pub parents: usize,
    /// Whether files are gone in it: a new file may be one of those under another name.
    pub gone: bool,
}

/// A file that a commit has otherwise than its parents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedFile {
    /// Its path.
    pub path: RepoPath,
    /// The file of this path in each parent that has one.
    pub old: Vec<Oid>,
    /// The file in the commit.
    pub new: Oid,
}

/// The commits of a range, one after the other.
pub struct ChangedLog {
    child: Child,
    out: BufReader<ChildStdout>,
    said: Option<JoinHandle<Vec<u8>>>,
    next: Option<Changed>,
    over: bool,
}

impl Repo {
    /// The commits of a range, as `git log` takes it, the newest first.
    pub fn changed(&self, range: &OsStr) -> Result<ChangedLog, GitError> {
        self.changed_in(&[OsStr::new("--end-of-options"), range])
    }

    /// The commits of every branch, here and as last seen elsewhere, and of every tag that were
    /// made since then (seconds since 1970), the newest first.
    pub fn changed_anywhere(&self, since: i64) -> Result<ChangedLog, GitError> {
        let since = format!("--since={}", since.max(0));
        let all = ["--date-order", "--branches", "--remotes", "--tags", &since];
        let mut args = all.map(OsStr::new).to_vec();
        if !self.is_unborn() {
            args.push(OsStr::new("HEAD"));
        }
        self.changed_in(&args)
    }

    fn changed_in(&self, which: &[&OsStr]) -> Result<ChangedLog, GitError> {
        // By itself git holds six times as much of what it read, and is no faster here.
        let mut command = self.git().with("-c").with("core.deltaBaseCacheLimit=16m");
        command.args(["log", "-z", "--format=%H %ct %P"]);
        // What a user's settings would change of the output is set here.
        command.args(["--raw", "-r", "-c", "--root", "--no-abbrev", "--no-renames"]);
        command.args(["--no-relative", "--no-color", "--no-show-signature", "--no-ext-diff"]);
        command.args(which).arg("--");
        let start = |source| GitError::Start { doing: DOING, source };
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(start)?;
        let out = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let mut stderr = child.stderr.take().expect("stderr is piped");
        let said = std::thread::spawn(move || {
            let mut said = Vec::new();
            let _ = stderr.read_to_end(&mut said);
            said
        });
        Ok(ChangedLog { child, out, said: Some(said), next: None, over: false })
    }
}

impl ChangedLog {
    fn word(&mut self) -> Result<Option<Vec<u8>>, GitError> {
        let mut word = Vec::new();
        let read = self.out.read_until(0, &mut word);
        let read = read.map_err(|source| GitError::Start { doing: DOING, source })?;
        if word.last() == Some(&0) {
            word.pop();
        }
        Ok((read > 0).then_some(word))
    }

    /// The next whole commit; `None` at the end.
    fn advance(&mut self) -> Result<Option<Changed>, GitError> {
        while let Some(word) = self.word()? {
            let word = word.strip_prefix(b"\n").unwrap_or(&word);
            if word.starts_with(b":") {
                let path = self.word()?.unwrap_or_default();
                if let Some(commit) = &mut self.next {
                    commit.add(word, path);
                }
                continue;
            }
            let text = String::from_utf8_lossy(word);
            let mut words = text.split_whitespace();
            let (Some(name), Some(time)) = (words.next(), words.next()) else {
                continue;
            };
            let begun = Changed {
                commit: Oid(name.to_owned()),
                time: time.parse().unwrap_or_default(),
                files: Vec::new(),
                parents: words.count(),
                gone: false,
            };
            if let Some(mut done) = self.next.replace(begun) {
                done.files.shrink_to_fit();
                return Ok(Some(done));
            }
        }
        self.end()?;
        Ok(self.next.take())
    }

    fn end(&mut self) -> Result<(), GitError> {
        self.over = true;
        let status = self.child.wait();
        let status = status.map_err(|source| GitError::Start { doing: DOING, source })?;
        let said = self.said.take().and_then(|said| said.join().ok()).unwrap_or_default();
        if status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&said).trim().to_owned();
        Err(GitError::Failed { doing: DOING, said })
    }
}

impl Iterator for ChangedLog {
    type Item = Result<Changed, GitError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let next = self.advance().transpose();
        self.over |= matches!(next, Some(Err(_)));
        next
    }
}

impl Drop for ChangedLog {
    fn drop(&mut self) {
        if self.said.is_some() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

impl Changed {
    /// Adds a file: a colon for each parent, the modes, the objects, a letter for each parent.
    fn add(&mut self, entry: &[u8], path: Vec<u8>) {
        let text = String::from_utf8_lossy(entry);
        let parents = text.bytes().take_while(|b| *b == b':').count();
        let words: Vec<&str> = text.trim_start_matches(':').split(' ').collect();
        let Some(objects) = words.get(parents + 1..2 * parents + 2) else {
            return;
        };
        // Symbolic links and submodules have no lines.
        let files = words
            .iter()
            .zip(objects)
            .map(|(mode, oid)| mode.starts_with("100").then(|| Oid((*oid).to_owned())));
        let mut old: Vec<Option<Oid>> = files.collect();
        let new = old.pop().flatten();
        let Some(new) = new else {
            self.gone |= old.iter().any(Option::is_some);
            return;
        };
        let mut old: Vec<Oid> = old.into_iter().flatten().collect();
        // A history of thousands is held at once.
        old.shrink_to_fit();
        // Where only the mode is another one no line is.
        if !old.contains(&new) {
            self.files.push(ChangedFile { path: RepoPath::from_bytes(path), old, new });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(entry: &str) -> Changed {
        let mut commit = Changed {
            commit: Oid("c".into()),
            time: 0,
            files: Vec::new(),
            parents: 1,
            gone: false,
        };
        commit.add(entry.as_bytes(), b"a".to_vec());
        commit
    }

    fn olds(entry: &str) -> Option<Vec<String>> {
        let file = added(entry).files.pop()?;
        assert_eq!(file.new, Oid("n".into()));
        Some(file.old.into_iter().map(|oid| oid.0).collect())
    }

    #[test]
    fn only_regular_files_with_other_bytes_count() {
        assert_eq!(olds(":100644 100755 o n M"), Some(vec!["o".into()]));
        assert_eq!(olds(":000000 100644 0 n A"), Some(vec![]));
        assert_eq!(olds(":120000 100644 o n T"), Some(vec![]));
        assert_eq!(olds(":100644 100755 n n M"), None);
        assert_eq!(olds(":100644 120000 o n T"), None);
        assert_eq!(olds("::100644 000000 100644 o 0 n MA"), Some(vec!["o".into()]));
        assert_eq!(olds(":::1"), None);
        assert!(added(":100644 000000 o 0 D").gone && !added(":160000 000000 o 0 D").gone);
    }
}
