//! Notes trees: one blob a commit, named by the commit, two hexadecimal digits a folder.
//!
//! Written by hand because libgit2 never makes folders (a flat tree of 100,000 notes costs 370 ms
//! a write, against 5 ms). git reads any mixture of folder depths, and so do we.

mod combine;

pub use combine::{Alone, Combine};

use super::objects::{Commit, Entry};
use super::retry::Retry;
use super::{GitError, Repo};
use crate::model::Oid;

/// Attribution: sessions, turns, hunks, verdicts.
pub const PROVENANCE: &str = "refs/notes/ai-log/provenance";
/// What the agents were asked. Its tip never has a parent, so that what is forgotten is gone.
pub const PROMPTS: &str = "refs/notes/ai-log/prompts";
/// At a remote: prompts that [`PROMPTS`], which is large there, does not have yet. Here all are in
/// that one.
pub const PROMPTS_NEW: &str = "refs/notes/ai-log/prompts-new";

/// The names of the empty tree, which is in every repository, by the length of names there. git
/// can annotate any object: what a note on this one says holds for the whole repository.
const EMPTY_TREE: &[&str] = &[
    "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
];

const BLOB: u32 = 0o100_644;
const TREE: u32 = 0o040_000;

/// Notes of one ref as they are now, read as they are asked for.
pub struct Notes<'r> {
    repo: &'r Repo,
    root: Option<Oid>,
}

impl<'r> Notes<'r> {
    /// The notes of this ref; a ref that does not exist has none.
    pub fn open(repo: &'r Repo, name: &str) -> Result<Self, GitError> {
        let root = match repo.target(name)? {
            Some(tip) => Some(repo.commit(&tip)?.tree),
            None => None,
        };
        Ok(Self { repo, root })
    }

    /// The note of the whole repository.
    pub fn of_repository(&self) -> Result<Option<Vec<u8>>, GitError> {
        match self.root.as_ref().and_then(|root| empty_tree(root.as_str().len())) {
            Some(name) => self.get(&name),
            None => Ok(None),
        }
    }

    /// The note of this commit.
    pub fn get(&self, commit: &Oid) -> Result<Option<Vec<u8>>, GitError> {
        let Some(mut folder) = self.root.clone() else {
            return Ok(None);
        };
        let mut rest = commit.as_str().as_bytes();
        loop {
            let entries = self.repo.kept_tree(&folder)?;
            let named = |name: &[u8]| entries.iter().find(|entry| entry.name == name);
            if let Some(entry) = named(rest) {
                return self.repo.blob(&entry.oid);
            }
            let next = rest.get(..2).and_then(named);
            match next {
                Some(entry) => folder = entry.oid.clone(),
                None => return Ok(None),
            }
            rest = &rest[2..];
        }
    }

    /// Every commit that has a note, with the note's object.
    pub fn all(&self) -> Result<Vec<(Oid, Oid)>, GitError> {
        let mut found = Vec::new();
        let mut folders: Vec<_> =
            self.root.iter().map(|root| (String::new(), root.clone())).collect();
        while let Some((prefix, folder)) = folders.pop() {
            for entry in self.repo.tree(&folder)? {
                let name = format!("{prefix}{}", String::from_utf8_lossy(&entry.name));
                match entry.is_tree() {
                    true => folders.push((name, entry.oid)),
                    false => found.push((Oid(name), entry.oid)),
                }
            }
        }
        Ok(found)
    }
}

/// Makes the new bytes of a note from its bytes in the ref, if it has a note, and the given ones.
pub type Join<'j> = &'j dyn Fn(Option<&[u8]>, &[u8]) -> Vec<u8>;

/// Whether the commits of a notes ref keep their history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum History {
    /// Each write is a commit on the one before.
    Kept,
    /// The tip never has a parent.
    None,
}

/// Writes notes, all in one commit. `join` runs again when somebody else was faster.
pub fn write(
    repo: &Repo,
    name: &str,
    history: History,
    notes: &[(Oid, Vec<u8>)],
    time: i64,
    join: Join<'_>,
) -> Result<(), GitError> {
    let mut retry = Retry::of(repo, name);
    loop {
        let tip = repo.target(name)?;
        let root = match &tip {
            Some(tip) => Some(repo.commit(tip)?.tree),
            None => None,
        };
        let mut tree = root.clone();
        for (commit, bytes) in notes {
            let rest = commit.as_str().as_bytes();
            tree = Some(put(repo, tree.as_ref(), rest, 0, bytes, join)?);
        }
        let Some(tree) = tree.filter(|tree| Some(tree) != root.as_ref()) else {
            return Ok(()); // nothing new
        };
        let parent = tip.as_ref().filter(|_| history == History::Kept);
        let parents: Vec<&Oid> = parent.into_iter().collect();
        let commit = repo.write_commit(&tree, &parents, time, "Notes added by git ai-log")?;
        if repo.store().swap(name, &commit, tip.as_ref(), "git ai-log: notes")? {
            return Ok(());
        }
        retry.again()?;
    }
}

/// Makes one tree of ours and theirs.
pub type Trees<'t> = &'t mut dyn FnMut(Option<&Oid>, Option<&Oid>) -> Result<Oid, GitError>;

/// Takes the notes of another commit into a ref; `theirs` is `None` where only our own notes are
/// looked through. Returns where the ref is then. `combine` makes one tree of two, and runs again
/// when somebody else was faster.
pub fn merge(
    repo: &Repo,
    name: &str,
    history: History,
    theirs: Option<&Oid>,
    time: i64,
    combine: Trees<'_>,
) -> Result<Option<Oid>, GitError> {
    let read = |tip: Option<&Oid>| tip.map(|tip| repo.commit(tip)).transpose();
    let their_commit = read(theirs)?;
    // Where no history is kept, a tip that has some (git's own `git notes` makes it) is made anew.
    let may_stay = |commit: &&Commit| history == History::Kept || commit.parents.is_empty();
    let is_of = |commit: &Option<Commit>, tree: &Oid| {
        commit.as_ref().filter(may_stay).is_some_and(|commit| commit.tree == *tree)
    };
    let mut retry = Retry::of(repo, name);
    loop {
        let ours = repo.target(name)?;
        let our_commit = read(ours.as_ref())?;
        if ours.is_none() && theirs.is_none() {
            return Ok(None);
        }
        let tree = |commit: &Option<Commit>| commit.as_ref().map(|commit| commit.tree.clone());
        let tree = combine(tree(&our_commit).as_ref(), tree(&their_commit).as_ref())?;
        let contains = |theirs: &Oid, ours: &Oid| match history {
            History::Kept => repo.is_ancestor(theirs, ours),
            History::None => Ok(true),
        };
        let new = match (&ours, theirs) {
            // All that we have is there: no merge is needed, whatever the two histories are.
            (_, Some(theirs)) if is_of(&their_commit, &tree) => theirs.clone(),
            (Some(ours), None) if is_of(&our_commit, &tree) => ours.clone(),
            (Some(ours), Some(theirs)) if is_of(&our_commit, &tree) && contains(theirs, ours)? => {
                ours.clone()
            }
            _ => {
                let parents: Vec<&Oid> = match history {
                    History::Kept => ours.iter().chain(theirs).collect(),
                    History::None => Vec::new(),
                };
                repo.write_commit(&tree, &parents, time, "Notes merged by git ai-log")?
            }
        };
        let done = ours.as_ref() == Some(&new)
            || repo.store().swap(name, &new, ours.as_ref(), "git ai-log: notes merged")?;
        if done {
            return Ok(Some(new));
        }
        retry.again()?;
    }
}

/// The object whose note holds for the whole repository, where names have this many digits.
fn empty_tree(digits: usize) -> Option<Oid> {
    let name = EMPTY_TREE.iter().find(|name| name.len() == digits)?;
    Some(Oid((*name).to_owned()))
}

impl Repo {
    /// The object whose note holds for the whole repository.
    pub fn empty_tree(&self) -> Result<Oid, GitError> {
        self.write_tree(&[])
    }
}

fn put(
    repo: &Repo,
    folder: Option<&Oid>,
    rest: &[u8],
    depth: usize,
    bytes: &[u8],
    join: Join<'_>,
) -> Result<Oid, GitError> {
    let mut entries = match folder {
        Some(oid) => repo.tree(oid)?,
        None => Vec::new(),
    };
    if let Some(entry) = entries.iter_mut().find(|e| e.name == rest) {
        let old = repo.blob(&entry.oid)?;
        entry.oid = repo.write_blob(&join(old.as_deref(), bytes))?;
        return repo.write_tree(&entries);
    }
    let next = entries.iter().position(|e| e.mode == TREE && e.name == rest[..2]);
    let deeper = next.is_some() || depth == 0 || entries.iter().any(|e| e.mode == TREE);
    if !deeper || rest.len() <= 2 {
        let oid = repo.write_blob(&join(None, bytes))?;
        entries.push(Entry { mode: BLOB, name: rest.to_vec(), oid });
        return repo.write_tree(&entries);
    }
    let below = next.map(|at| entries[at].oid.clone());
    let oid = put(repo, below.as_ref(), &rest[2..], depth + 1, bytes, join)?;
    match next {
        Some(at) => entries[at].oid = oid,
        None => entries.push(Entry { mode: TREE, name: rest[..2].to_vec(), oid }),
    }
    repo.write_tree(&entries)
}
