//! Commits, trees and what a commit changed.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::{GitError, Kind, Repo};
use crate::model::{Oid, RepoPath};

/// So many folders are kept at most.
const MAX_KEPT: usize = 1_000;

/// One entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// git's file mode, octal.
    pub mode: u32,
    /// The entry's own name.
    pub name: Vec<u8>,
    /// The object.
    pub oid: Oid,
}

impl Entry {
    /// Folders.
    pub fn is_tree(&self) -> bool {
        self.mode == 0o040_000
    }

    /// Regular files: symbolic links and submodules have no lines.
    pub fn is_file(&self) -> bool {
        self.mode & 0o170_000 == 0o100_000
    }
}

/// What we need of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its tree.
    pub tree: Oid,
    /// Its parents, the first one first.
    pub parents: Vec<Oid>,
    /// The author's name.
    pub author: String,
    /// The author's time, seconds since 1970. Most rewrites keep it.
    pub authored: i64,
    /// The committer's time, seconds since 1970.
    pub time: i64,
    /// The message.
    pub message: String,
}

/// A file that a commit has otherwise than its parent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The path in the parent, and the file there.
    pub old: Option<(RepoPath, Oid)>,
    /// The path in the commit, and the file there.
    pub new: Option<(RepoPath, Oid)>,
}

impl Repo {
    /// The commit of this name.
    pub fn commit(&self, oid: &Oid) -> Result<Commit, GitError> {
        let damaged = || GitError::Damaged { what: "commit", oid: oid.clone() };
        match self.store().read(oid)? {
            Some((Kind::Commit, bytes)) => parse_commit(&bytes).ok_or_else(damaged),
            _ => Err(damaged()),
        }
    }

    /// A file's bytes; `None` where the object is not here.
    pub fn blob(&self, oid: &Oid) -> Result<Option<Vec<u8>>, GitError> {
        Ok(match self.store().read(oid)? {
            Some((Kind::Blob, bytes)) => Some(bytes),
            _ => None,
        })
    }

    /// Writes a file's bytes.
    pub fn write_blob(&self, bytes: &[u8]) -> Result<Oid, GitError> {
        self.store().write(Kind::Blob, bytes)
    }

    /// The entries of a folder.
    pub fn tree(&self, oid: &Oid) -> Result<Vec<Entry>, GitError> {
        if let Some(known) = self.trees.borrow().get(oid) {
            return Ok(known.to_vec());
        }
        let damaged = || GitError::Damaged { what: "tree", oid: oid.clone() };
        match self.store().read(oid)? {
            Some((Kind::Tree, bytes)) => {
                parse_tree(&bytes, oid.as_str().len() / 2).ok_or_else(damaged)
            }
            _ => Err(damaged()),
        }
    }

    /// The same, kept for the next that asks: for trees of notes, which each step of a hook reads.
    pub fn kept_tree(&self, oid: &Oid) -> Result<Rc<[Entry]>, GitError> {
        if let Some(known) = self.trees.borrow().get(oid) {
            return Ok(known.clone());
        }
        let entries: Rc<[Entry]> = self.tree(oid)?.into();
        let mut trees = self.trees.borrow_mut();
        if trees.len() > MAX_KEPT {
            trees.clear();
        }
        trees.insert(oid.clone(), entries.clone());
        Ok(entries)
    }

    /// Writes a folder.
    pub fn write_tree(&self, entries: &[Entry]) -> Result<Oid, GitError> {
        self.store().write(Kind::Tree, &encode_tree(entries))
    }

    /// Writes a commit of ours. `time` is seconds since 1970.
    pub fn write_commit(
        &self,
        tree: &Oid,
        parents: &[&Oid],
        time: i64,
        message: &str,
    ) -> Result<Oid, GitError> {
        let parents: String = parents.iter().map(|oid| format!("parent {oid}\n")).collect();
        // Ours, not the user's: notes must be written where no author is configured, too.
        let who = format!("git-ai-log <git-ai-log@localhost> {time} +0000");
        let text = format!("tree {tree}\n{parents}author {who}\ncommitter {who}\n\n{message}\n");
        self.store().write(Kind::Commit, text.as_bytes())
    }

    /// The file of this path in a tree.
    pub fn file_in(&self, tree: &Oid, path: &RepoPath) -> Result<Option<Oid>, GitError> {
        self.file_by(tree, path, &mut HashMap::new())
    }

    /// The same, with the folders that have been read already.
    pub fn file_by(
        &self,
        tree: &Oid,
        path: &RepoPath,
        folders: &mut HashMap<Oid, Vec<Entry>>,
    ) -> Result<Option<Oid>, GitError> {
        let mut tree = tree.clone();
        let mut parts = path.as_bytes().split(|&b| b == b'/').peekable();
        while let Some(part) = parts.next() {
            if !folders.contains_key(&tree) {
                folders.insert(tree.clone(), self.tree(&tree)?);
            }
            let Some(entry) = folders[&tree].iter().find(|entry| entry.name == part) else {
                return Ok(None);
            };
            match parts.peek() {
                None => return Ok(entry.is_file().then(|| entry.oid.clone())),
                Some(_) if entry.is_tree() => tree = entry.oid.clone(),
                Some(_) => return Ok(None),
            }
        }
        Ok(None)
    }

    /// The text of this path in a commit.
    pub fn text_in(&self, commit: &Oid, path: &RepoPath) -> Result<Option<Vec<u8>>, GitError> {
        let tree = self.commit(commit)?.tree;
        match self.file_in(&tree, path)? {
            Some(oid) => self.blob(&oid),
            None => Ok(None),
        }
    }

    /// The regular files of a tree that another one does not have, or has otherwise.
    pub fn files_but(
        &self,
        other: Option<&Oid>,
        tree: &Oid,
    ) -> Result<Vec<(RepoPath, Oid)>, GitError> {
        let mut found = Files::default();
        self.compare(other, Some(tree), b"", &mut found)?;
        found.added.extend(found.changed.into_iter().map(|(path, _, oid)| (path, oid)));
        Ok(found.added)
    }

    /// The regular files in which two trees differ. A file that is gone and a new one with the
    /// same or much the same lines are one change.
    pub fn changes(&self, old: Option<&Oid>, new: &Oid) -> Result<Vec<Change>, GitError> {
        let mut found = Files::default();
        self.compare(old, Some(new), b"", &mut found)?;
        let mut changes: Vec<Change> = found
            .changed
            .into_iter()
            .map(|(path, old, new)| Change {
                old: Some((path.clone(), old)),
                new: Some((path, new)),
            })
            .collect();
        changes.extend(self.pair_renames(found.gone, found.added)?);
        changes.sort_by(|a, b| key(a).cmp(&key(b)));
        Ok(changes)
    }

    fn compare(
        &self,
        old: Option<&Oid>,
        new: Option<&Oid>,
        prefix: &[u8],
        found: &mut Files,
    ) -> Result<(), GitError> {
        if old == new {
            return Ok(());
        }
        let read = |oid: Option<&Oid>| oid.map_or(Ok(Vec::new()), |oid| self.tree(oid));
        let mut sides: BTreeMap<Vec<u8>, [Option<Entry>; 2]> = BTreeMap::new();
        for (side, entries) in [read(old)?, read(new)?].into_iter().enumerate() {
            for entry in entries {
                let name = entry.name.clone();
                sides.entry(name).or_default()[side] = Some(entry);
            }
        }
        for (name, [old, new]) in sides {
            if old == new {
                continue;
            }
            let path = [prefix, &name].concat();
            let tree =
                |side: &Option<Entry>| side.as_ref().filter(|e| e.is_tree()).map(|e| e.oid.clone());
            let file =
                |side: &Option<Entry>| side.as_ref().filter(|e| e.is_file()).map(|e| e.oid.clone());
            let below = [path.as_slice(), b"/"].concat();
            self.compare(tree(&old).as_ref(), tree(&new).as_ref(), &below, found)?;
            let path = RepoPath::from_bytes(path);
            match (file(&old), file(&new)) {
                (Some(old), Some(new)) if old == new => {} // only its mode changed
                (Some(old), Some(new)) => found.changed.push((path, old, new)),
                (Some(old), None) => found.gone.push((path, old)),
                (None, Some(new)) => found.added.push((path, new)),
                (None, None) => {}
            }
        }
        Ok(())
    }

    /// Renames as git sees them by default: the same file, or more than half of it.
    fn pair_renames(
        &self,
        mut gone: Vec<(RepoPath, Oid)>,
        mut added: Vec<(RepoPath, Oid)>,
    ) -> Result<Vec<Change>, GitError> {
        let mut changes = Vec::new();
        added.retain(|(path, oid)| {
            let Some(at) = gone.iter().position(|(_, old)| old == oid) else {
                return true;
            };
            let old = gone.remove(at);
            changes.push(Change { old: Some(old), new: Some((path.clone(), oid.clone())) });
            false
        });
        // git's own limit is 1,000 files a side; comparing fewer keeps a commit quick.
        if gone.len() * added.len() <= 2_500 {
            for pair in self.similar_pairs(&gone, &added)? {
                changes.push(Change {
                    old: Some(gone[pair.0].clone()),
                    new: Some(added[pair.1].clone()),
                });
            }
            let taken = |path: &RepoPath, changes: &[Change]| {
                changes.iter().any(|change| {
                    change.old.as_ref().is_some_and(|(old, _)| old == path)
                        || change.new.as_ref().is_some_and(|(new, _)| new == path)
                })
            };
            gone.retain(|(path, _)| !taken(path, &changes));
            added.retain(|(path, _)| !taken(path, &changes));
        }
        changes.extend(gone.into_iter().map(|old| Change { old: Some(old), new: None }));
        changes.extend(added.into_iter().map(|new| Change { old: None, new: Some(new) }));
        Ok(changes)
    }

    fn similar_pairs(
        &self,
        gone: &[(RepoPath, Oid)],
        added: &[(RepoPath, Oid)],
    ) -> Result<Vec<(usize, usize)>, GitError> {
        if gone.is_empty() || added.is_empty() {
            return Ok(Vec::new());
        }
        let texts = |files: &[(RepoPath, Oid)]| {
            let texts = files.iter().map(|(_, oid)| Ok(self.blob(oid)?.unwrap_or_default()));
            texts.collect::<Result<Vec<_>, GitError>>()
        };
        let (old, new) = (texts(gone)?, texts(added)?);
        let old: Vec<_> = old.iter().map(|text| line_sizes(text)).collect();
        let new: Vec<_> = new.iter().map(|text| line_sizes(text)).collect();
        let mut scored = Vec::new();
        for (i, old) in old.iter().enumerate() {
            for (j, new) in new.iter().enumerate() {
                let score = similarity(old, new);
                if score > 50 {
                    scored.push((score, i, j));
                }
            }
        }
        scored.sort_by(|a, b| b.cmp(a));
        let (mut left, mut right) = (vec![false; gone.len()], vec![false; added.len()]);
        Ok(scored
            .into_iter()
            .filter_map(|(_, i, j)| {
                if left[i] || right[j] {
                    return None;
                }
                (left[i], right[j]) = (true, true);
                Some((i, j))
            })
            .collect())
    }
}

#[derive(Default)]
struct Files {
    changed: Vec<(RepoPath, Oid, Oid)>,
    gone: Vec<(RepoPath, Oid)>,
    added: Vec<(RepoPath, Oid)>,
}

fn key(change: &Change) -> Option<&RepoPath> {
    change.new.as_ref().or(change.old.as_ref()).map(|(path, _)| path)
}

/// How many bytes each different line makes up.
fn line_sizes(text: &[u8]) -> HashMap<&[u8], usize> {
    let mut sizes = HashMap::new();
    for line in text.split_inclusive(|&b| b == b'\n') {
        *sizes.entry(line).or_insert(0) += line.len();
    }
    sizes
}

/// The share of the larger text that both have, in per cent.
fn similarity(old: &HashMap<&[u8], usize>, new: &HashMap<&[u8], usize>) -> usize {
    let total = |sizes: &HashMap<&[u8], usize>| sizes.values().sum::<usize>();
    let larger = total(old).max(total(new));
    let common: usize =
        old.iter().filter_map(|(line, size)| new.get(line).map(|other| size.min(other))).sum();
    (common * 100).checked_div(larger).unwrap_or(0)
}

fn parse_commit(bytes: &[u8]) -> Option<Commit> {
    let text = String::from_utf8_lossy(bytes);
    let (headers, message) = text.split_once("\n\n").unwrap_or((&text, ""));
    let field = |name: &str| {
        headers
            .lines()
            .filter_map(|line| line.split_once(' '))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    };
    let parents = headers
        .lines()
        .filter_map(|line| line.strip_prefix("parent "))
        .map(|oid| Oid(oid.to_owned()))
        .collect();
    let author = field("author")?.split(" <").next().unwrap_or("").to_owned();
    let time = |field: &str| field.rsplit(' ').nth(1)?.parse().ok();
    Some(Commit {
        tree: Oid(field("tree")?.to_owned()),
        parents,
        author,
        authored: time(field("author")?)?,
        time: time(field("committer")?)?,
        message: message.to_owned(),
    })
}

/// Entries as `<octal mode> <name>\0<raw object name>`.
fn parse_tree(mut bytes: &[u8], oid_len: usize) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        let space = bytes.iter().position(|&b| b == b' ')?;
        let end = space + bytes[space..].iter().position(|&b| b == 0)?;
        let oid = bytes.get(end + 1..end + 1 + oid_len)?;
        let mode = std::str::from_utf8(&bytes[..space]).ok()?;
        entries.push(Entry {
            mode: u32::from_str_radix(mode, 8).ok()?,
            name: bytes[space + 1..end].to_vec(),
            oid: Oid(crate::model::id::hex(oid)),
        });
        bytes = &bytes[end + 1 + oid_len..];
    }
    Some(entries)
}

fn encode_tree(entries: &[Entry]) -> Vec<u8> {
    let mut sorted: Vec<&Entry> = entries.iter().collect();
    // git sorts folders as if their names ended with a slash.
    fn name(entry: &Entry) -> impl Iterator<Item = u8> {
        entry.name.iter().copied().chain(entry.is_tree().then_some(b'/'))
    }
    sorted.sort_by(|a, b| name(a).cmp(name(b)));
    let mut bytes = Vec::new();
    for entry in sorted {
        bytes.extend_from_slice(format!("{:o} ", entry.mode).as_bytes());
        bytes.extend_from_slice(&entry.name);
        bytes.push(0);
        bytes.extend(
            (0..entry.oid.as_str().len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&entry.oid.as_str()[at..at + 2], 16).unwrap_or(0)),
        );
    }
    bytes
}
