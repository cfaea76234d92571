//! Taking notes away, and which clones can tell that a commit is gone.

use std::collections::{HashMap, HashSet};

use super::notes::History;
use super::objects::Entry;
use super::process::{self, With as _};
use super::retry::Retry;
use super::{GitError, Repo};
use crate::model::Oid;

/// Why a clone lacks commits that exist elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lacking {
    /// It has only the youngest commits.
    Shallow,
    /// It fetches objects when they are asked for.
    Partial,
    /// It fetches some branches of its remote only.
    SomeBranches,
}

impl Repo {
    /// Whether this clone, by the way it was made, lacks commits that exist elsewhere.
    pub fn lacking(&self) -> Result<Option<Lacking>, GitError> {
        let mut command = self.git().with("rev-parse").with("--is-shallow-repository");
        let shallow = process::output(&mut command, "ask whether this is a shallow clone")?;
        if process::line(&shallow) == b"true" {
            return Ok(Some(Lacking::Shallow));
        }
        let mut command = self.git().with("config").with("--get-regexp");
        command.arg(r"^(extensions\.partialclone|remote\..*\.(promisor|fetch))$");
        let settings = process::answer(&mut command, "read the remotes")?.unwrap_or_default();
        let settings = String::from_utf8_lossy(&settings).into_owned();
        let settings = settings.lines().filter_map(|line| line.split_once(' '));
        let mut branches: HashMap<&str, bool> = HashMap::new();
        for (name, value) in settings {
            if let Some(remote) = name.strip_suffix(".fetch") {
                let from = value.trim_start_matches('+').split(':').next().unwrap_or_default();
                let heads = from.starts_with("refs/heads/") || !from.starts_with("refs/");
                let all = matches!(from, "refs/heads/*" | "refs/*");
                // A refspec for notes or tags says nothing of branches.
                if heads || all {
                    *branches.entry(remote).or_default() |= all;
                }
            } else if name.ends_with(".partialclone") || value == "true" {
                return Ok(Some(Lacking::Partial));
            }
        }
        Ok(branches.values().any(|all| !all).then_some(Lacking::SomeBranches))
    }

    /// Those of these objects that are not in this repository. Names that are no object's, as of
    /// other files in a tree of notes, are none of them.
    pub fn missing(&self, names: &[Oid]) -> Result<HashSet<Oid>, GitError> {
        let whole = |name: &&Oid| {
            let name = name.as_str();
            matches!(name.len(), 40 | 64) && name.bytes().all(|b| b.is_ascii_hexdigit())
        };
        let asked: String = names.iter().filter(whole).map(|name| format!("{name}\n")).collect();
        let mut command = self.git().with("cat-file").with("--batch-check");
        command.env("GIT_NO_LAZY_FETCH", "1");
        let answer = process::feed(&mut command, asked.as_bytes(), "look for commits")?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let gone = answer.lines().filter_map(|line| line.strip_suffix(" missing"));
        Ok(gone.map(|name| Oid(name.to_owned())).collect())
    }

    /// How many commits a ref has.
    pub fn commits_of(&self, name: &str) -> Result<usize, GitError> {
        if self.target(name)?.is_none() {
            return Ok(0);
        }
        let mut command = self.git().with("rev-list").with("--count").with(name).with("--");
        let answer = process::output(&mut command, "count the commits of a ref")?;
        Ok(String::from_utf8_lossy(process::line(&answer)).parse().unwrap_or(0))
    }
}

/// Takes notes away, each only where it still is the blob that it was judged by; all in one commit.
pub fn remove(
    repo: &Repo,
    name: &str,
    history: History,
    notes: &[(Oid, Oid)],
    time: i64,
) -> Result<(), GitError> {
    let names: Vec<_> = notes.iter().map(|(name, blob)| (name.as_str().as_bytes(), blob)).collect();
    rewrite(repo, name, |tip, root| {
        let tree = match without(repo, root, &names)? {
            Some(tree) if tree == *root => return Ok(None),
            Some(tree) => tree,
            None => repo.write_tree(&[])?,
        };
        let parent = Some(tip).filter(|_| history == History::Kept);
        let message = "Notes removed by git ai-log";
        repo.write_commit(&tree, parent.as_slice(), time, message).map(Some)
    })
}

/// Makes the history of a notes ref one commit with the notes as they are.
pub fn compact(repo: &Repo, name: &str, time: i64) -> Result<(), GitError> {
    rewrite(repo, name, |tip, root| {
        if repo.commit(tip)?.parents.is_empty() {
            return Ok(None);
        }
        repo.write_commit(root, &[], time, "Notes compacted by git ai-log").map(Some)
    })
}

/// Moves a ref to what `make` makes of its tip and its tree, again where somebody was faster.
fn rewrite(
    repo: &Repo,
    name: &str,
    make: impl Fn(&Oid, &Oid) -> Result<Option<Oid>, GitError>,
) -> Result<(), GitError> {
    let mut retry = Retry::of(repo, name);
    loop {
        let Some(tip) = repo.target(name)? else {
            return Ok(());
        };
        let root = repo.commit(&tip)?.tree;
        let Some(commit) = make(&tip, &root)? else {
            return Ok(());
        };
        if repo.store().swap(name, &commit, Some(&tip), "git ai-log: prune")? {
            return Ok(());
        }
        retry.again()?;
    }
}

/// The folder without these notes; `None` where nothing is left of it.
fn without(repo: &Repo, folder: &Oid, names: &[(&[u8], &Oid)]) -> Result<Option<Oid>, GitError> {
    let mut below: HashMap<&[u8], Vec<(&[u8], &Oid)>> = HashMap::new();
    let mut here: HashMap<&[u8], &Oid> = HashMap::new();
    for (name, blob) in names {
        here.insert(name, blob);
        if let Some((start, rest)) = name.split_at_checked(2) {
            below.entry(start).or_default().push((rest, blob));
        }
    }
    let mut kept: Vec<Entry> = Vec::new();
    let mut changed = false;
    for entry in repo.tree(folder)? {
        if here.get(entry.name.as_slice()).is_some_and(|blob| **blob == entry.oid) {
            changed = true;
            continue;
        }
        match below.get(entry.name.as_slice()).filter(|_| entry.is_tree()) {
            None => kept.push(entry),
            Some(names) => match without(repo, &entry.oid, names)? {
                Some(oid) => {
                    changed |= oid != entry.oid;
                    kept.push(Entry { oid, ..entry });
                }
                None => changed = true,
            },
        }
    }
    match (kept.is_empty(), changed) {
        (true, _) => Ok(None),
        (false, false) => Ok(Some(folder.clone())),
        (false, true) => repo.write_tree(&kept).map(Some),
    }
}
