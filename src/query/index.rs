//! Which notes have a line, kept in `<git-common-dir>/ai-log/cache/carry/`: made from the notes
//! ref, brought up to date folder by folder, and safe to delete.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::segment::{Postings, Segment};
use crate::git::notes::PROVENANCE;
use crate::git::{GitError, Repo};
use crate::journal::write_private;
use crate::model::Oid;
use crate::model::note::Note;
use crate::notes;

/// Files that nobody names after so long were left by a process that was killed. Seconds.
const STRAY: u64 = 3_600;

/// What the tables cover.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Manifest {
    /// The root of the notes, if all of it is covered.
    root: Option<Oid>,
    /// Folders of the notes tree, as they were read. The empty name is the root's own notes.
    folders: BTreeMap<String, Oid>,
    /// Files, each with how many lines it has.
    segments: Vec<(String, usize)>,
    /// When the oldest prompt was asked, seconds since 1970.
    oldest: Option<i64>,
}

/// The tables as they are now.
pub struct Index {
    folder: PathBuf,
    manifest: Manifest,
}

impl Index {
    /// The index, brought up to date by reading this many notes at most; the next one goes on.
    pub fn open(repo: &Repo, limit: usize) -> Result<Self, GitError> {
        let folder = repo.state_dir().join("cache/carry");
        let read = std::fs::read(folder.join("manifest.json")).ok();
        let manifest = read.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let mut index = Self { folder, manifest: manifest.unwrap_or_default() };
        let root = match repo.target(PROVENANCE)? {
            Some(tip) => Some(repo.commit(&tip)?.tree),
            None => None,
        };
        if let Some(root) = root.filter(|root| index.manifest.root.as_ref() != Some(root)) {
            index.update(repo, &root, limit)?;
        }
        Ok(index)
    }

    /// When the oldest prompt was asked, seconds since 1970; `None` where no agent wrote anything.
    pub fn oldest(&self) -> Option<i64> {
        self.manifest.oldest
    }

    /// The commits whose notes have these lines, each with how many of them.
    pub fn find(&self, prints: &[u64]) -> HashMap<Oid, usize> {
        let mut hits = HashMap::new();
        for (name, _) in &self.manifest.segments {
            let found = Segment::open(&self.folder.join(name))
                .and_then(|mut segment| segment.find(prints, &mut hits));
            if found.is_err() {
                // A damaged table is made anew the next time.
                let _ = std::fs::remove_file(self.folder.join("manifest.json"));
            }
        }
        hits
    }

    fn update(&mut self, repo: &Repo, root: &Oid, limit: usize) -> Result<(), GitError> {
        let mut postings = Postings::default();
        let mut read = 0;
        let mut whole = true;
        for (name, oid) in folders(repo, root)? {
            if self.manifest.folders.get(&name) == Some(&oid) {
                continue;
            }
            if read >= limit {
                whole = false;
                break;
            }
            let mut new = Vec::new();
            differing(repo, &name, self.manifest.folders.get(&name), &oid, &mut new)?;
            for (commit, blob) in new {
                read += 1;
                // A note that cannot be read says nothing; `blame` and `verify` complain of it.
                if let Some(Ok(note)) = repo.blob(&blob)?.map(|bytes| notes::parse(&bytes)) {
                    self.add(commit, &note, &mut postings);
                }
            }
            self.manifest.folders.insert(name, oid);
        }
        self.manifest.root = whole.then(|| root.clone());
        // What cannot be kept is found out again.
        let _ = self.keep(postings);
        Ok(())
    }

    fn add(&mut self, commit: Oid, note: &Note, postings: &mut Postings) {
        let hunks = note.hunks.iter().filter(|hunk| hunk.contributor.is_agents());
        let prints: HashSet<u64> = hunks.flat_map(|hunk| hunk.fingerprints.clone()).collect();
        if prints.is_empty() {
            return;
        }
        let times = note.turns.values().map(|turn| turn.at.map_or(0, |at| at.timestamp()));
        let oldest = times.min().unwrap_or(0);
        let known = self.manifest.oldest.unwrap_or(oldest);
        self.manifest.oldest = Some(known.min(oldest));
        postings.push(commit, prints);
    }

    /// Writes a table and what it covers. Tables are joined so that each is at least twice as
    /// large as the next one: a commit's own is small, and there are few.
    fn keep(&mut self, mut postings: Postings) -> std::io::Result<()> {
        let mut gone = Vec::new();
        while let Some((name, lines)) = self.manifest.segments.last()
            && !postings.notes.is_empty()
            && *lines <= postings.lines.len() * 2
        {
            let older = Segment::open(&self.folder.join(name)).and_then(Segment::read);
            gone.push(name.clone());
            self.manifest.segments.pop();
            let mut joined = older?;
            joined.extend(postings);
            postings = joined;
        }
        if !postings.notes.is_empty() {
            let lines = postings.lines.len();
            let bytes = postings.encode();
            let name = format!("{}.table", &crate::model::Digest::of(&bytes).0[..16]);
            write_private(&self.folder.join(&name), &bytes).map_err(std::io::Error::other)?;
            gone.retain(|old| *old != name);
            self.manifest.segments.push((name, lines));
        }
        let bytes = serde_json::to_vec(&self.manifest)?;
        write_private(&self.folder.join("manifest.json"), &bytes).map_err(std::io::Error::other)?;
        for name in gone {
            let _ = std::fs::remove_file(self.folder.join(name));
        }
        if self.manifest.segments.len() == 1 {
            sweep(&self.folder, &self.manifest);
        }
        Ok(())
    }
}

/// Removes tables that two processes which wrote at once left behind.
fn sweep(folder: &Path, manifest: &Manifest) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let age = entry.metadata().and_then(|data| data.modified()).ok();
        let old = age.and_then(|at| at.elapsed().ok()).is_some_and(|age| age.as_secs() > STRAY);
        if old && name != "manifest.json" && !manifest.segments.iter().any(|(own, _)| *own == name)
        {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// The folders of a notes tree. The notes at its root are one that has no name.
fn folders(repo: &Repo, root: &Oid) -> Result<Vec<(String, Oid)>, GitError> {
    let entries = repo.kept_tree(root)?;
    let own = entries.iter().any(|entry| !entry.is_tree());
    let trees = entries.iter().filter(|entry| entry.is_tree()).cloned();
    let named = trees.map(|entry| (String::from_utf8_lossy(&entry.name).into_owned(), entry.oid));
    Ok(own.then(|| (String::new(), root.clone())).into_iter().chain(named).collect())
}

/// The notes of such a folder that it had otherwise before, or had not: commit and blob. The folder
/// as it was may be gone; then all are new.
fn differing(
    repo: &Repo,
    prefix: &str,
    old: Option<&Oid>,
    new: &Oid,
    found: &mut Vec<(Oid, Oid)>,
) -> Result<(), GitError> {
    let old = old.and_then(|old| repo.tree(old).ok()).unwrap_or_default();
    let old: HashMap<Vec<u8>, Oid> = old.into_iter().map(|entry| (entry.name, entry.oid)).collect();
    for entry in repo.tree(new)? {
        let before = old.get(&entry.name);
        let path = format!("{prefix}{}", String::from_utf8_lossy(&entry.name));
        match entry.is_tree() {
            _ if before == Some(&entry.oid) => {}
            true if prefix.is_empty() => {} // a folder of its own
            true => differing(repo, &path, before, &entry.oid, found)?,
            false => found.push((Oid(path), entry.oid)),
        }
    }
    Ok(())
}
