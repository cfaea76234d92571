//! Which folders of a session are this repository.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::model::RepoPath;

/// The work trees of a repository, those that are gone included.
pub struct Roots {
    tops: Vec<PathBuf>,
    names: Vec<OsString>,
    /// Folders that have such a name elsewhere, and whether something stands there.
    namesakes: Mutex<BTreeMap<PathBuf, bool>>,
}

impl Roots {
    /// These work trees. One that was moved is known by its name, where nothing stands any more.
    pub fn of(tops: &[PathBuf]) -> Self {
        let real = tops.iter().filter_map(|top| top.canonicalize().ok());
        let mut all: Vec<PathBuf> = tops.iter().cloned().chain(real).collect();
        all.sort();
        all.dedup();
        let names = all.iter().filter_map(|top| top.file_name().map(OsString::from)).collect();
        Self { tops: all, names, namesakes: Mutex::default() }
    }

    /// The work trees.
    pub fn tops(&self) -> &[PathBuf] {
        &self.tops
    }

    /// Folders that are no work tree as long as something stands there, or are one as long as
    /// nothing does: those that were asked about.
    pub fn namesakes(&self) -> BTreeMap<PathBuf, bool> {
        self.namesakes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The top of the repository around a folder that a session worked in.
    fn top<'p>(&'p self, folder: &'p Path) -> Option<&'p Path> {
        let around = self.tops.iter().filter(|top| folder.starts_with(top));
        let known = around.max_by_key(|top| top.components().count()).map(PathBuf::as_path);
        known.or_else(|| {
            let moved = folder.ancestors().find(|above| {
                above.file_name().is_some_and(|name| self.names.iter().any(|known| known == name))
            });
            moved.filter(|top| !self.stands(top))
        })
    }

    fn stands(&self, folder: &Path) -> bool {
        let mut known = self.namesakes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stands) = known.get(folder) {
            return *stands;
        }
        let stands = folder.exists();
        known.insert(folder.to_path_buf(), stands);
        stands
    }

    /// Whether a session in this folder may be about the repository.
    pub fn near(&self, cwd: &Path) -> bool {
        self.top(cwd).is_some()
    }

    /// The path of a file in the repository, as a session in this folder names it; `None` for
    /// files elsewhere.
    pub fn relative(&self, cwd: &Path, path: &Path) -> Option<RepoPath> {
        let whole = plain(&cwd.join(path));
        // A file is in history by the path that no link leads to.
        let real = whole.parent().and_then(|folder| folder.canonicalize().ok());
        let whole = match (real, whole.file_name()) {
            (Some(folder), Some(name)) => folder.join(name),
            _ => whole,
        };
        let below = whole.strip_prefix(self.top(&whole)?).ok()?;
        let inside = below.components().next().is_some_and(|first| first.as_os_str() != ".git");
        RepoPath::from_relative(below).filter(|_| inside)
    }
}

/// Without `.` and `..`, as the text says.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_below_any_work_tree_and_below_one_that_was_moved() {
        let here = tempfile::tempdir().unwrap();
        let top = here.path().join("shop");
        std::fs::create_dir(&top).unwrap();
        let roots = Roots::of(&[top.clone(), "/gone/feature".into()]);
        let relative = |cwd: &str, path: &str| {
            let path = roots.relative(Path::new(cwd), Path::new(path));
            path.map(|path| path.lossy().into_owned())
        };
        let inside = top.join("src/a.py");
        assert_eq!(relative("/", inside.to_str().unwrap()).as_deref(), Some("src/a.py"));
        assert_eq!(relative(top.to_str().unwrap(), "./x/../b").as_deref(), Some("b"));
        assert_eq!(relative("/gone/feature/src", "../b").as_deref(), Some("b"));
        assert_eq!(relative("/old/place/shop/src", "a.py").as_deref(), Some("src/a.py"));
        assert_eq!(relative("/elsewhere", "a.py"), None);
        assert_eq!(relative(top.to_str().unwrap(), ".git/config"), None);
        // Another repository of that name, which is there.
        let other = here.path().join("other/shop");
        std::fs::create_dir_all(&other).unwrap();
        assert_eq!(relative(other.to_str().unwrap(), "a.py"), None);
    }
}
