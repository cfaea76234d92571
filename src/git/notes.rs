//! Notes trees: one blob a commit, named by the commit, two hexadecimal digits a folder.
//!
//! Written by hand because libgit2 never makes folders (a flat tree of 100,000 notes costs 370 ms
//! a write, against 5 ms). git reads any mixture of folder depths, and so do we.

use std::collections::HashMap;

use super::objects::Entry;
use super::{GitError, Repo};
use crate::model::Oid;

/// Attribution: sessions, turns, hunks, verdicts.
pub const PROVENANCE: &str = "refs/notes/ai-log/provenance";
/// What the agents were asked. Its tip never has a parent, so that what is forgotten is gone.
pub const PROMPTS: &str = "refs/notes/ai-log/prompts";

/// How often a write starts again because somebody else moved the ref.
const TRIES: u32 = 60;

const BLOB: u32 = 0o100_644;
const TREE: u32 = 0o040_000;

/// Notes of one ref as they are now, read as they are asked for.
pub struct Notes<'r> {
    repo: &'r Repo,
    root: Option<Oid>,
    folders: HashMap<Oid, HashMap<Vec<u8>, Entry>>,
}

impl<'r> Notes<'r> {
    /// The notes of this ref; a ref that does not exist has none.
    pub fn open(repo: &'r Repo, name: &str) -> Result<Self, GitError> {
        let root = match repo.target(name)? {
            Some(tip) => Some(repo.commit(&tip)?.tree),
            None => None,
        };
        Ok(Self { repo, root, folders: HashMap::new() })
    }

    /// The note of this commit.
    pub fn get(&mut self, commit: &Oid) -> Result<Option<Vec<u8>>, GitError> {
        let Some(mut folder) = self.root.clone() else {
            return Ok(None);
        };
        let mut rest = commit.as_str().as_bytes();
        loop {
            let entries = self.folder(&folder)?;
            if let Some(entry) = entries.get(rest) {
                let oid = entry.oid.clone();
                return self.repo.blob(&oid);
            }
            let next = rest.get(..2).and_then(|name| entries.get(name));
            match next {
                Some(entry) => folder = entry.oid.clone(),
                None => return Ok(None),
            }
            rest = &rest[2..];
        }
    }

    /// Every commit that has a note, with the note's object.
    #[allow(dead_code, reason = "for prune")]
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

    fn folder(&mut self, oid: &Oid) -> Result<&HashMap<Vec<u8>, Entry>, GitError> {
        if !self.folders.contains_key(oid) {
            let entries = self.repo.tree(oid)?;
            let by_name = entries.into_iter().map(|e| (e.name.clone(), e)).collect();
            self.folders.insert(oid.clone(), by_name);
        }
        Ok(&self.folders[oid])
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
    for attempt in 0..TRIES {
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
        let commit = repo.write_commit(&tree, parent, time, "Notes added by git ai-log")?;
        if repo.store().swap(name, &commit, tip.as_ref(), "git ai-log: notes")? {
            return Ok(());
        }
        std::thread::sleep(std::time::Duration::from_millis(u64::from(attempt.min(20))));
    }
    Err(GitError::Contended { name: name.to_owned() })
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
