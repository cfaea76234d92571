//! The project around a change, as far as checks need it.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::File;
use crate::config::policy::External;
use crate::model::{Oid, RepoPath};

/// Where installed packages may lie on this machine.
#[derive(Debug, Clone, Default)]
pub struct Toolchain {
    /// `$VIRTUAL_ENV`.
    pub virtual_env: Option<PathBuf>,
    /// `$CARGO_HOME`, or its default.
    pub cargo_home: Option<PathBuf>,
    /// `$GOMODCACHE`, or its default.
    pub go_modules: Option<PathBuf>,
}

/// What an analyser of the policy's says of some files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Analysis {
    /// Analysers are not run here.
    Skipped,
    /// Nobody has trusted its command.
    Untrusted,
    /// It could not be run, or failed.
    Failed(String),
    /// It ran.
    Done {
        /// What it printed.
        sarif: Vec<u8>,
        /// Folders that absolute paths in it may start with.
        roots: Vec<PathBuf>,
    },
}

/// What checks may read beside the judged files: texts as they are staged (or committed, where a
/// commit is judged), and packages that are installed.
pub trait Project {
    /// The text of a file of the project.
    fn text(&self, path: &RepoPath) -> Option<Rc<str>>;
    /// The names in a folder of the project, folders with a `/` at the end; `""` is the top.
    fn list(&self, folder: &str) -> Vec<String>;
    /// Every file of the project with the name of its content. Dear in large repositories: only
    /// for what is then kept by [`Project::keep`].
    fn all(&self) -> Vec<(RepoPath, Oid)>;
    /// The name of the whole, where it has one.
    fn tree(&self) -> Option<Oid> {
        None
    }
    /// The files that are not as they were in an earlier [`Project::tree`], `None` for those that
    /// are gone; `None` for all where that cannot be said.
    fn changed_since(&self, _tree: &Oid) -> Option<Vec<(RepoPath, Option<Oid>)>> {
        None
    }
    /// The top of the work tree, where installed packages may lie.
    fn top(&self) -> Option<&Path>;
    /// Where else they may lie.
    fn toolchain(&self) -> &Toolchain;
    /// A file of the machine's, such as one of an installed package; at most 4 MiB are read.
    fn disk(&self, path: &Path) -> Option<String>;
    /// The names in a folder of the machine's.
    fn disk_list(&self, path: &Path) -> Vec<String>;
    /// Bytes kept under this name from an earlier run. They may be gone or damaged.
    fn kept(&self, name: &str) -> Option<Vec<u8>>;
    /// Keeps bytes for later runs. Losing them is no fault.
    fn keep(&self, name: &str, bytes: &[u8]);
    /// What an analyser says of these files; `own` is one of the user's own policy.
    fn analyse(&self, _analyser: &External, _own: bool, _files: &[&File]) -> Analysis {
        Analysis::Skipped
    }
    /// The day it is, for waivers that end: UTC.
    fn today(&self) -> chrono::NaiveDate;
}
