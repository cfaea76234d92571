//! The only room that names libgit2 or starts git.
//!
//! libgit2 is started in a few hundred microseconds and needs no process, so the hooks use it for
//! objects and refs. It cannot open every repository that git can, so each thing it does here has
//! git's own plumbing behind it ([`store`]). The index, the work tree, blame and the log are
//! git's alone.

pub mod blame;
pub mod changed;
pub mod history;
pub mod hooks;
pub mod lines;
pub mod notes;
pub mod objects;
pub mod process;
pub mod prune;
pub mod reflog;
pub mod remote;
mod retry;
pub mod settings;
pub mod sign;
pub mod signature;
mod store;
pub mod target;
pub mod worktree;

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;

use objects::Entry;
use process::With as _;
use store::{Native, Plumbing, Store};

use crate::model::Oid;
use crate::model::path::os_path;

/// What went wrong in git, and what was being attempted.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The program itself could not be started.
    #[error("cannot start git to {doing}")]
    Start {
        /// What for.
        doing: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// git said no.
    #[error("git could not {doing}: {said}")]
    Failed {
        /// What.
        doing: &'static str,
        /// Its own words.
        said: String,
    },
    /// libgit2 said no.
    #[error("could not {doing}: {said}")]
    Library {
        /// What.
        doing: &'static str,
        /// Its own words.
        said: String,
    },
    /// An object is not what it should be.
    #[error("{what} {oid} is damaged or missing")]
    Damaged {
        /// Commit, tree or blob.
        what: &'static str,
        /// Its name.
        oid: Oid,
    },
    /// Others moved the ref each time we tried.
    #[error("{name} kept moving; another process writes it")]
    Contended {
        /// The ref.
        name: String,
    },
}

impl GitError {
    fn library(doing: &'static str, error: git2::Error) -> Self {
        Self::Library { doing, said: error.to_string() }
    }
}

/// The types of git's objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file's bytes.
    Blob,
    /// A folder.
    Tree,
    /// A commit.
    Commit,
    /// An annotated tag.
    Tag,
}

impl Kind {
    fn of(kind: git2::ObjectType) -> Option<Self> {
        Self::parse(kind.str())
    }

    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "blob" => Self::Blob,
            "tree" => Self::Tree,
            "commit" => Self::Commit,
            "tag" => Self::Tag,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Blob => "blob",
            Self::Tree => "tree",
            Self::Commit => "commit",
            Self::Tag => "tag",
        }
    }

    fn native(self) -> git2::ObjectType {
        match self {
            Self::Blob => git2::ObjectType::Blob,
            Self::Tree => git2::ObjectType::Tree,
            Self::Commit => git2::ObjectType::Commit,
            Self::Tag => git2::ObjectType::Tag,
        }
    }
}

/// An open repository.
pub struct Repo {
    work_tree: Option<PathBuf>,
    git_dir: PathBuf,
    common_dir: PathBuf,
    store: Box<dyn Store>,
    native: bool,
    plumbing: Plumbing,
    trees: RefCell<HashMap<Oid, Rc<[Entry]>>>,
}

impl Repo {
    /// The repository that git's variables name, or the one around the working directory: what
    /// git itself would take. Hooks must open this one, or they see the wrong index.
    pub fn from_environment() -> Result<Self, GitError> {
        Self::open(None, git2::Repository::open_from_env())
    }

    /// The repository around this folder, whatever the environment says; `None` where there is
    /// none.
    pub fn around(dir: &Path) -> Result<Option<Self>, GitError> {
        let flags = git2::RepositoryOpenFlags::empty();
        let native = git2::Repository::open_ext(dir, flags, std::iter::empty::<&Path>());
        match native {
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
            native => Self::open(Some(dir.to_path_buf()), native).map(Some),
        }
    }

    fn open(
        dir: Option<PathBuf>,
        native: Result<git2::Repository, git2::Error>,
    ) -> Result<Self, GitError> {
        let Ok(repo) = native else {
            return Self::open_by_plumbing(Plumbing::at(dir));
        };
        // git does not hash again what it reads, either.
        git2::opts::strict_hash_verification(false);
        let work_tree = match repo.workdir() {
            Some(top) if belongs(top, repo.path()) => {
                Some(top.canonicalize().unwrap_or(plain(top)))
            }
            // Where only GIT_DIR is set git takes the working directory; libgit2 does not.
            Some(top) => {
                let asked = top_by_plumbing(&Plumbing::at(dir.clone()));
                Some(asked.unwrap_or_else(|_| plain(top)))
            }
            None => None,
        };
        let home = dir.map(|dir| work_tree.clone().unwrap_or(dir));
        let plumbing = || Plumbing::at(home.clone());
        Ok(Self {
            git_dir: plain(repo.path()),
            common_dir: plain(repo.commondir()),
            work_tree,
            plumbing: plumbing(),
            native: true,
            trees: RefCell::default(),
            store: Box::new(Native { repo, fallback: plumbing() }),
        })
    }

    fn open_by_plumbing(plumbing: Plumbing) -> Result<Self, GitError> {
        let doing = "open the repository";
        let mut command = plumbing
            .git()
            .with("rev-parse")
            .with("--path-format=absolute")
            .with("--git-dir")
            .with("--git-common-dir")
            .with("--is-inside-work-tree")
            .with("--show-cdup");
        let answer = process::output(&mut command, doing)?;
        let mut lines = answer.split(|&b| b == b'\n');
        let mut path = || lines.next().map(os_path).unwrap_or_default();
        let (git_dir, common_dir, inside) = (path(), path(), path());
        let inside = inside == Path::new("true");
        let work_tree = if inside { Some(top_by_plumbing(&plumbing)?) } else { None };
        let dir = plumbing.dir.map(|dir| work_tree.clone().unwrap_or(dir));
        let store = Plumbing::at(dir.clone());
        Ok(Self {
            work_tree,
            git_dir,
            common_dir,
            store: Box::new(store),
            native: false,
            trees: RefCell::default(),
            plumbing: Plumbing::at(dir),
        })
    }

    /// The top of the work tree; `None` in a bare repository.
    pub fn work_tree(&self) -> Option<&Path> {
        self.work_tree.as_deref()
    }

    /// The git directory of this work tree.
    pub fn git_dir(&self) -> &Path {
        &self.git_dir
    }

    /// Where our own working state lies.
    pub fn state_dir(&self) -> PathBuf {
        self.common_dir.join("ai-log")
    }

    /// Whether libgit2 can open it: objects and refs need no process then.
    pub fn is_native(&self) -> bool {
        self.native
    }

    /// HEAD's commit; `None` before the first one.
    pub fn head(&self) -> Result<Option<Oid>, GitError> {
        self.store.target("HEAD")
    }

    /// What a ref points at.
    pub fn target(&self, name: &str) -> Result<Option<Oid>, GitError> {
        self.store.target(name)
    }

    /// The commit that a revision names; `None` where there is none.
    pub fn commit_named(&self, rev: &str) -> Result<Option<Oid>, GitError> {
        let mut command = self
            .git()
            .with("rev-parse")
            .with("--quiet")
            .with("--verify")
            .with("--end-of-options")
            .with(format!("{rev}^{{commit}}"));
        let answer = process::answer(&mut command, "find a revision")?;
        Ok(answer.map(|bytes| Oid(String::from_utf8_lossy(process::line(&bytes)).into_owned())))
    }

    /// Whether git ignores this path of the file system.
    pub fn ignores(&self, path: &Path) -> Result<bool, GitError> {
        self.store.ignores(path)
    }

    /// A git command in this repository.
    pub fn git(&self) -> Command {
        self.plumbing.git()
    }

    fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }
}

/// The top of the work tree as git says.
fn top_by_plumbing(plumbing: &Plumbing) -> Result<PathBuf, GitError> {
    let mut command = plumbing.git().with("rev-parse").with("--show-toplevel");
    let answer = process::output(&mut command, "find the work tree")?;
    Ok(os_path(process::line(&answer)))
}

/// Whether the `.git` of this folder is, or names, this git directory.
fn belongs(top: &Path, git_dir: &Path) -> bool {
    let entry = top.join(".git");
    let named = std::fs::read_to_string(&entry).ok();
    let named = named.as_deref().and_then(|text| text.strip_prefix("gitdir:"));
    let entry = named.map_or(entry, |dir| top.join(dir.trim()));
    matches!((entry.canonicalize(), git_dir.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// libgit2 ends folders with a slash; git does not.
fn plain(path: &Path) -> PathBuf {
    path.components().collect()
}
