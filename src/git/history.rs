//! The log.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::Path;

use super::process::{self, With as _};
use super::{GitError, Repo};
use crate::model::path::os_path;
use crate::model::{Oid, RepoPath};

/// A commit of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// Its name.
    pub commit: Oid,
    /// The author's name.
    pub author: String,
    /// The author's date, ISO 8601.
    pub date: String,
    /// The first line of the message.
    pub subject: String,
}

/// The history of a commit.
#[derive(Debug, Default)]
pub struct History {
    /// Its commits, each with its place: none stands before one made on top of it.
    pub places: HashMap<Oid, usize>,
    /// Those that were written at a time, seconds since 1970.
    pub authored: HashMap<i64, Vec<Oid>>,
}

impl History {
    /// The commits that were written at this time: the versions of one that a rewrite made.
    pub fn versions(&self, authored: i64) -> &[Oid] {
        self.authored.get(&authored).map_or(&[], Vec::as_slice)
    }

    /// Whether one commit of this history is not a descendant of another one, and comes after it.
    pub fn is_below(&self, one: &Oid, other: &Oid) -> bool {
        self.places.get(one).is_some_and(|place| Some(place) > self.places.get(other))
    }
}

impl Repo {
    /// `git log` with these further arguments, as the user gave them.
    pub fn log(&self, args: &[OsString]) -> Result<Vec<LogEntry>, GitError> {
        let mut command = self.git().with("log").with("-z").with("--format=%H%x1f%an%x1f%aI%x1f%s");
        command.args(args);
        let answer = process::output(&mut command, "read the log")?;
        Ok(answer.split(|&b| b == 0).filter_map(parse).collect())
    }

    /// The commits of this one's history, itself included, that were made after this time (seconds
    /// since 1970) or much before it.
    pub fn history(&self, of: &Oid, since: i64) -> Result<History, GitError> {
        let mut command = self.git().with("rev-list").with("--topo-order").with("--format=%at");
        command.args([&format!("--since={}", since.max(0)), "--end-of-options", of.as_str(), "--"]);
        let answer = process::output(&mut command, "read the history")?;
        let mut history = History::default();
        for (place, (commit, authored)) in (1..).zip(dated(&answer)) {
            history.authored.entry(authored).or_default().push(commit.clone());
            history.places.insert(commit, place);
        }
        history.places.entry(of.clone()).or_insert(0);
        Ok(history)
    }

    /// The commits below these that are not below another one, were made after this time and written
    /// at this one, in seconds since 1970. Those that are not here are left out.
    pub fn written_at(
        &self,
        authored: i64,
        below: &[&Oid],
        without: &Oid,
    ) -> Result<Vec<Oid>, GitError> {
        let here: Vec<&str> = {
            let store = self.store();
            let here = below.iter().filter(|oid| store.has(oid));
            here.map(|oid| oid.as_str()).collect()
        };
        if here.is_empty() {
            return Ok(Vec::new());
        }
        let mut command = self.git().with("rev-list").with("--format=%at");
        command.args([&format!("--since={}", authored.max(0)), "--end-of-options"]).args(here);
        command.args([&format!("^{without}"), "--"]);
        let answer = process::output(&mut command, "read the history")?;
        let dated = dated(&answer).into_iter();
        Ok(dated.filter(|(_, at)| *at == authored).map(|(commit, _)| commit).collect())
    }

    /// The last commits in the history of this one, so many at most, that changed one of these files.
    pub fn last_changes(
        &self,
        of: &Oid,
        paths: &[&RepoPath],
        limit: usize,
    ) -> Result<Vec<Oid>, GitError> {
        let mut command = self.git().with("--literal-pathspecs").with("rev-list");
        command.args([&format!("--max-count={limit}"), "--end-of-options", of.as_str(), "--"]);
        let top = self.work_tree().unwrap_or(Path::new(""));
        command.args(paths.iter().map(|path| top.join(os_path(path.as_bytes()))));
        let answer = process::output(&mut command, "look for a file in the history")?;
        let text = String::from_utf8_lossy(&answer);
        Ok(text.lines().map(|line| Oid(line.to_owned())).collect())
    }

    /// The commits on which HEAD and the branches were, so many at most, each with the time at which
    /// it was written.
    pub fn reflogs(&self, limit: usize) -> Vec<(Oid, i64)> {
        let mut command = self.git().with("rev-list").with("--walk-reflogs").with("--format=%at");
        command.args([&format!("--max-count={limit}"), "HEAD", "--branches", "--"]);
        // No reflog is no fault: core.logAllRefUpdates may be off.
        let answer = process::output(&mut command, "read the reflog").unwrap_or_default();
        dated(&answer)
    }

    /// What every branch, here and as last seen elsewhere, every tag and HEAD point at, in one
    /// text: while it stays, there are no other commits.
    pub fn tips(&self) -> Result<String, GitError> {
        let mut command = self.git().with("for-each-ref").with("--format=%(objectname) %(refname)");
        command.args(["refs/heads", "refs/remotes", "refs/tags", "refs/replace"]);
        let refs = process::output(&mut command, "read the refs")?;
        let head = self.head()?.map(|Oid(head)| head).unwrap_or_default();
        let edge = std::fs::read_to_string(self.common_dir.join("shallow")).unwrap_or_default();
        Ok(format!("{head}\n{}\n{edge}", String::from_utf8_lossy(&refs)))
    }

    /// The best common ancestor of two commits, if they have one.
    pub fn merge_base(&self, one: &Oid, other: &Oid) -> Result<Option<Oid>, GitError> {
        let mut command = self.git().with("merge-base").with(one.as_str()).with(other.as_str());
        let answer = process::answer(&mut command, "find where two commits meet")?;
        Ok(answer.map(|bytes| Oid(String::from_utf8_lossy(process::line(&bytes)).into_owned())))
    }

    /// Whether one commit is another one or stands below it.
    pub fn is_ancestor(&self, one: &Oid, other: &Oid) -> Result<bool, GitError> {
        let mut command = self
            .git()
            .with("merge-base")
            .with("--is-ancestor")
            .with(one.as_str())
            .with(other.as_str());
        Ok(process::answer(&mut command, "compare two commits")?.is_some())
    }

    /// Whether a commit, which need not be here, has another one in its history.
    pub fn stands_on(&self, commit: &Oid, base: &Oid) -> Result<bool, GitError> {
        Ok(self.store().has(commit) && self.is_ancestor(base, commit)?)
    }

    /// Who commits here, as git writes it: name, address, time.
    pub fn committer(&self) -> Result<String, GitError> {
        self.var("GIT_COMMITTER_IDENT")
    }

    /// The command that git starts to edit a file.
    pub fn editor(&self) -> Result<String, GitError> {
        self.var("GIT_EDITOR")
    }

    fn var(&self, name: &str) -> Result<String, GitError> {
        let mut command = self.git().with("var").with(name);
        let answer = process::output(&mut command, "ask who commits here")?;
        Ok(String::from_utf8_lossy(process::line(&answer)).into_owned())
    }

    /// Whether this work tree has a commit yet.
    pub fn is_unborn(&self) -> bool {
        matches!(self.head(), Ok(None))
    }

    /// Every value of a setting of git's.
    pub fn config_all(&self, name: &str) -> Vec<String> {
        let mut command = self.git().with("config").with("--get-all").with(name);
        let answer = process::answer(&mut command, "read a setting").ok().flatten();
        String::from_utf8_lossy(&answer.unwrap_or_default()).lines().map(str::to_owned).collect()
    }

    /// Adds a value to a setting of this repository.
    pub fn add_config(&self, name: &str, value: &str) -> Result<(), GitError> {
        let mut command = self.git();
        command.args(["config", "--local", "--add", name, value]);
        process::output(&mut command, "keep a setting").map(drop)
    }

    /// A setting of git's, as git itself would read it here.
    pub fn config(&self, name: &str) -> Option<String> {
        let mut command = self.git().with("config").with("--get").with(name);
        let answer = process::answer(&mut command, "read a setting").ok()??;
        Some(String::from_utf8_lossy(process::line(&answer)).into_owned())
    }
}

/// What `git rev-list --format=%at` prints: a line that names a commit, then one with the time.
fn dated(answer: &[u8]) -> Vec<(Oid, i64)> {
    let text = String::from_utf8_lossy(answer);
    let lines: Vec<&str> = text.lines().collect();
    let pairs = lines.chunks_exact(2).filter_map(|pair| {
        let oid = pair[0].strip_prefix("commit ")?;
        Some((Oid(oid.to_owned()), pair[1].parse().ok()?))
    });
    pairs.collect()
}

fn parse(record: &[u8]) -> Option<LogEntry> {
    let text = String::from_utf8_lossy(record);
    let mut fields = text.splitn(4, '\x1f').map(str::to_owned);
    Some(LogEntry {
        commit: Oid(fields.next()?.trim().to_owned()),
        author: fields.next()?,
        date: fields.next()?,
        subject: fields.next()?,
    })
}
