//! The project as a tree of git's: what is staged, or a commit.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use chrono::NaiveDate;

use crate::checklist::project::{Analysis, Toolchain};
use crate::checklist::{File, Project};
use crate::commands::check::files::{names, read};
use crate::config::policy::External;
use crate::git::Repo;
use crate::git::lines::MAX_TEXT;
use crate::git::objects::Entry;
use crate::model::{Oid, RepoPath};

/// A tree of a repository.
pub struct TreeProject<'r> {
    repo: &'r Repo,
    tree: Oid,
    toolchain: Toolchain,
    today: NaiveDate,
    folders: RefCell<HashMap<Oid, Vec<Entry>>>,
}

impl<'r> TreeProject<'r> {
    /// The project of this tree.
    pub fn of(repo: &'r Repo, tree: Oid, toolchain: Toolchain, today: NaiveDate) -> Self {
        Self { repo, tree, toolchain, today, folders: RefCell::default() }
    }

    fn folder(&self, oid: &Oid) -> Vec<Entry> {
        let mut folders = self.folders.borrow_mut();
        if let Some(known) = folders.get(oid) {
            return known.clone();
        }
        let entries = self.repo.tree(oid).unwrap_or_default();
        folders.insert(oid.clone(), entries.clone());
        entries
    }

    fn walk(&self, tree: &Oid, prefix: &[u8], files: &mut Vec<(RepoPath, Oid)>) {
        for entry in self.folder(tree) {
            let path = [prefix, &entry.name].concat();
            if entry.is_tree() {
                self.walk(&entry.oid, &[path.as_slice(), b"/"].concat(), files);
            } else if entry.is_file() {
                files.push((RepoPath::from_bytes(path), entry.oid));
            }
        }
    }

    /// Goes through two folders at once, only where they differ.
    fn compare(
        &self,
        old: Option<&Oid>,
        new: Option<&Oid>,
        prefix: &[u8],
        changed: &mut Vec<(RepoPath, Option<Oid>)>,
    ) -> Option<()> {
        let folder = |oid: Option<&Oid>| match oid {
            Some(oid) => self.repo.tree(oid).ok(),
            None => Some(Vec::new()),
        };
        let (old, new) = (folder(old)?, folder(new)?);
        let old: HashMap<&[u8], &Entry> = old.iter().map(|e| (e.name.as_slice(), e)).collect();
        let names: HashSet<&[u8]> = new.iter().map(|e| e.name.as_slice()).collect();
        let gone = old.values().filter(|entry| !names.contains(entry.name.as_slice()));
        let pairs = new
            .iter()
            .map(|entry| (old.get(entry.name.as_slice()).copied(), Some(entry)))
            .chain(gone.map(|entry| (Some(*entry), None)));
        for (before, after) in pairs {
            if before.map(|e| &e.oid) == after.map(|e| &e.oid) {
                continue;
            }
            let name = before.or(after).map(|e| e.name.as_slice()).unwrap_or_default();
            let path = [prefix, name].concat();
            let (file, other) = (after.filter(|e| e.is_file()), before.filter(|e| e.is_file()));
            if file.is_some() || other.is_some() {
                let path = RepoPath::from_bytes(path.clone());
                changed.push((path, file.map(|entry| entry.oid.clone())));
            }
            let tree = |entry: Option<&Entry>| entry.filter(|e| e.is_tree()).map(|e| e.oid.clone());
            let (before, after) = (tree(before), tree(after));
            if before.is_some() || after.is_some() {
                let prefix = [path.as_slice(), b"/"].concat();
                self.compare(before.as_ref(), after.as_ref(), &prefix, changed)?;
            }
        }
        Some(())
    }

    fn cache(&self, name: &str) -> PathBuf {
        self.repo.state_dir().join("cache").join(name)
    }
}

impl Project for TreeProject<'_> {
    fn text(&self, path: &RepoPath) -> Option<Rc<str>> {
        let oid = self.repo.file_by(&self.tree, path, &mut self.folders.borrow_mut()).ok()??;
        let bytes = self.repo.blob(&oid).ok()?.filter(|bytes| bytes.len() <= MAX_TEXT)?;
        Some(String::from_utf8_lossy(&bytes).into())
    }

    fn list(&self, folder: &str) -> Vec<String> {
        let mut tree = self.tree.clone();
        for part in folder.split('/').filter(|part| !part.is_empty()) {
            let entries = self.folder(&tree);
            let Some(entry) = entries.iter().find(|e| e.name == part.as_bytes() && e.is_tree())
            else {
                return Vec::new();
            };
            tree = entry.oid.clone();
        }
        let name = |entry: &Entry| {
            let slash = if entry.is_tree() { "/" } else { "" };
            format!("{}{slash}", String::from_utf8_lossy(&entry.name))
        };
        self.folder(&tree).iter().map(name).collect()
    }

    fn all(&self) -> Vec<(RepoPath, Oid)> {
        let mut files = Vec::new();
        self.walk(&self.tree, b"", &mut files);
        files
    }

    fn tree(&self) -> Option<Oid> {
        Some(self.tree.clone())
    }

    fn changed_since(&self, tree: &Oid) -> Option<Vec<(RepoPath, Option<Oid>)>> {
        let mut changed = Vec::new();
        self.compare(Some(tree), Some(&self.tree), b"", &mut changed)?;
        Some(changed)
    }

    fn top(&self) -> Option<&Path> {
        self.repo.work_tree()
    }

    fn toolchain(&self) -> &Toolchain {
        &self.toolchain
    }

    fn disk(&self, path: &Path) -> Option<String> {
        read(path)
    }

    fn disk_list(&self, path: &Path) -> Vec<String> {
        names(path)
    }

    fn kept(&self, name: &str) -> Option<Vec<u8>> {
        std::fs::read(self.cache(name)).ok()
    }

    fn keep(&self, name: &str, bytes: &[u8]) {
        // A cache that cannot be written costs time, nothing else.
        let _ = crate::journal::write_private(&self.cache(name), bytes);
    }

    fn analyse(&self, analyser: &External, own: bool, files: &[&File]) -> Analysis {
        super::analyser::analyse(self.repo, self, analyser, own, files)
    }

    fn today(&self) -> NaiveDate {
        self.today
    }
}
