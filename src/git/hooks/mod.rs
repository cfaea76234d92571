//! Where this repository's hooks live, who manages them, and what to change so that ours run.
//!
//! There are three ways in, and never two at once: git's own config hooks where git is new enough,
//! a line in husky's scripts where husky owns the hooks, else one small script in the hooks folder
//! that runs what was there before it.

mod advice;
mod config;
mod files;
mod husky;
pub mod look;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::process::Command;

use super::GitError;
use super::process::{self, With as _};
use crate::model::path::os_path;
use crate::model::step::Step;

pub use files::is_ours;
pub use husky::husky_script_removed;

/// A git hook that we want to hear of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hook {
    /// As git calls it.
    pub name: &'static str,
    /// git says something on its standard input.
    pub stdin: bool,
}

impl Hook {
    /// Its exit status stops git: it speaks before the thing happens, not after.
    pub fn gates(&self) -> bool {
        !self.name.starts_with("post-")
    }
}

/// All that we install; `hooks/stub.sh` knows the names of those with standard input.
pub const HOOKS: &[Hook] = &[
    Hook { name: "pre-commit", stdin: false },
    Hook { name: "post-commit", stdin: false },
    Hook { name: "post-checkout", stdin: false },
    Hook { name: "post-merge", stdin: false },
    Hook { name: "post-rewrite", stdin: true },
    Hook { name: "post-applypatch", stdin: false },
    Hook { name: "pre-push", stdin: true },
];

/// The first git that runs hooks from its configuration.
pub const CONFIG_HOOKS_SINCE: GitVersion = GitVersion(2, 54);

/// Major and minor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct GitVersion(pub u32, pub u32);

impl GitVersion {
    /// From what `git --version` prints: `git version 2.47.3`, `git version 2.39.5 (Apple Git-154)`,
    /// `git version 2.55.GIT`, `git version 2.45.2.windows.1`.
    pub fn parse(text: &str) -> Option<Self> {
        let version = text.trim().strip_prefix("git version ")?;
        let mut numbers = version.split(['.', ' ', '-']);
        Some(Self(numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
    }
}

/// Who put hooks here before us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Manager {
    /// git alone.
    None,
    /// husky: our line goes into the scripts in this folder.
    Husky {
        /// The folder with the user's scripts.
        scripts: PathBuf,
        /// Before version 9 git runs these scripts itself: they need a first line and a mode.
        direct: bool,
    },
    /// lefthook.
    Lefthook,
    /// pre-commit.
    PreCommit,
    /// prek.
    Prek,
}

/// A repository, as far as hooks go.
#[derive(Debug, Clone)]
pub struct Site {
    /// The top of the work tree; `None` in a bare repository.
    pub top: Option<PathBuf>,
    /// The repository's own folder, that of the linked work tree in one.
    pub git_dir: PathBuf,
    /// What all its work trees share.
    pub common: PathBuf,
    /// Where git looks for hooks in this work tree.
    pub hooks: PathBuf,
    /// The git that will run them.
    pub version: GitVersion,
    /// Who manages them.
    pub manager: Manager,
}

/// Why the hooks were left as they are.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// git itself failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// `core.hooksPath` points out of the repository.
    #[error(
        "git looks for hooks in {}, which is outside this repository: what is written there runs \
         in every repository that shares it", dir.display()
    )]
    Shared {
        /// That folder.
        dir: PathBuf,
    },
    /// Both a foreign hook and an earlier one are there.
    #[error(
        "{} is not ours, and {} is still there from the hook before it", hook.display(),
        earlier.display()
    )]
    InTheWay {
        /// The hook that git runs.
        hook: PathBuf,
        /// The one we once set aside.
        earlier: PathBuf,
    },
    /// A file could not be read.
    #[error("{} cannot be read: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
}

impl HookError {
    /// The way on.
    pub fn hint(&self) -> String {
        match self {
            Self::Git(_) => "run this inside a repository that git itself can open".to_owned(),
            Self::Shared { .. } => "git 2.54 and later need no file there; else --force writes \
                it all the same, --no-git-hooks leaves git's hooks alone, and `git config --local \
                core.hooksPath .git/hooks` gives this repository hooks of its own"
                .to_owned(),
            Self::InTheWay { earlier, .. } => {
                format!("move {} away or delete it, then run this again", earlier.display())
            }
            Self::Read { path, .. } => {
                format!("see to it that {} can be read, then run this again", path.display())
            }
        }
    }
}

/// Asks git about the repository that the environment or this folder names.
pub fn locate(cwd: &Path) -> Result<Site, HookError> {
    let ask = |args: &[&str], doing| {
        let mut command = process::git();
        command.current_dir(cwd).args(args);
        process::output(&mut command, doing).map(|out| os_path(process::line(&out)))
    };
    let find = "find the repository";
    let git_dir = cwd.join(ask(&["rev-parse", "--absolute-git-dir"], find)?);
    let common = cwd.join(ask(&["rev-parse", "--git-common-dir"], find)?);
    let common = common.canonicalize().unwrap_or(common);
    let bare = ask(&["rev-parse", "--is-inside-work-tree"], find)?.as_os_str() != "true";
    let top = match bare {
        true => None,
        false => Some(ask(&["rev-parse", "--show-toplevel"], find)?),
    };
    let version = ask(&["--version"], "tell its version")?;
    let version = GitVersion::parse(&version.to_string_lossy()).unwrap_or(GitVersion(2, 0));
    // core.hooksPath is relative to where hooks run, and that is the top.
    let from = top.as_ref().unwrap_or(&git_dir);
    let mut command = pinned(&git_dir, top.as_deref());
    command.current_dir(from).args(["rev-parse", "--git-path", "hooks"]);
    let hooks = process::output(&mut command, "find its hooks")?;
    let hooks = from.join(os_path(process::line(&hooks)));
    let manager = manager(top.as_deref(), &hooks);
    Ok(Site { top, git_dir, common, hooks, version, manager })
}

/// git in exactly this repository, wherever it is started.
fn pinned(git_dir: &Path, top: Option<&Path>) -> Command {
    let mut command = process::git_at(top.unwrap_or(git_dir));
    command.env("GIT_DIR", git_dir);
    if let Some(top) = top {
        command.env("GIT_WORK_TREE", top);
    }
    command
}

/// `git config` in this repository.
pub fn config_at(git_dir: &Path) -> Command {
    pinned(git_dir, None).with("config")
}

fn manager(top: Option<&Path>, hooks: &Path) -> Manager {
    let parent = hooks.parent().unwrap_or(hooks);
    let in_underscore = hooks.file_name().is_some_and(|name| name == "_");
    if in_underscore && (hooks.join("h").is_file() || parent.ends_with(".husky")) {
        return Manager::Husky { scripts: parent.to_owned(), direct: false };
    }
    if hooks.join("_").join("husky.sh").is_file() {
        return Manager::Husky { scripts: hooks.to_owned(), direct: true };
    }
    let Some(top) = top else { return Manager::None };
    let any = |names: &[&str]| names.iter().any(|name| top.join(name).is_file());
    if advice::lefthook_file(top).is_some() {
        Manager::Lefthook
    } else if any(&["prek.toml"]) {
        Manager::Prek
    } else if any(&[".pre-commit-config.yaml", ".pre-commit-config.yml"]) {
        Manager::PreCommit
    } else {
        Manager::None
    }
}

impl Site {
    /// The top of the main work tree, where there is one beside the repository's own folder.
    pub fn main(&self) -> Option<PathBuf> {
        let named = self.common.file_name().is_some_and(|name| name == ".git");
        self.common.parent().filter(|_| named).map(Path::to_owned)
    }

    /// Whether the hooks folder belongs to this repository alone.
    pub fn owns_hooks(&self) -> bool {
        let hooks = real(&self.hooks);
        let inside = |dir: &Path| hooks.starts_with(real(dir));
        inside(&self.common) || self.top.as_deref().is_some_and(inside)
    }

    /// Whether the hooks folder is part of what is committed.
    fn hooks_are_tracked(&self) -> bool {
        let in_tree =
            self.top.as_deref().is_some_and(|top| real(&self.hooks).starts_with(real(top)));
        in_tree && !real(&self.hooks).starts_with(real(&self.common))
    }

    /// Whether git's configuration is the way in.
    fn by_config(&self) -> bool {
        self.version >= CONFIG_HOOKS_SINCE
    }

    /// What makes our hooks run.
    pub fn install(&self, fallback: Option<&Path>, force: bool) -> Result<Vec<Step>, HookError> {
        if self.by_config() {
            let mut steps = config::set(self, fallback)?;
            if self.owns_hooks() {
                steps.extend(self.remove_files(&self.hooks)?);
            }
            return Ok(steps);
        }
        let mut steps = config::unset(self)?;
        if let Manager::Husky { scripts, direct } = &self.manager {
            steps.extend(husky::add(scripts, *direct)?);
            return Ok(steps);
        }
        // A path of one machine has no place in a file that is committed.
        let fallback = fallback.filter(|_| !self.hooks_are_tracked());
        let files = files::add(&self.hooks, fallback)?;
        if !files.is_empty() && !self.owns_hooks() && !force {
            return Err(HookError::Shared { dir: self.hooks.clone() });
        }
        steps.extend(files);
        Ok(steps)
    }

    /// What takes our hooks away again: here, and in the hooks folders that the record names. A
    /// folder that other repositories share is left to the one that wrote there.
    pub fn uninstall(&self, recorded: &[PathBuf]) -> Result<Vec<Step>, HookError> {
        let mut steps = config::unset(self)?;
        if self.owns_hooks() {
            steps.extend(self.remove_files(&self.hooks)?);
        }
        for dir in recorded.iter().filter(|dir| **dir != self.hooks || !self.owns_hooks()) {
            steps.extend(self.remove_files(dir)?);
        }
        Ok(steps)
    }

    fn remove_files(&self, dir: &Path) -> Result<Vec<Step>, HookError> {
        let mut steps = files::remove(dir)?;
        if let Manager::Husky { scripts, .. } = manager(self.top.as_deref(), dir) {
            steps.extend(husky::remove(&scripts)?);
        }
        Ok(steps)
    }

    /// What a person should know, beside what is written.
    pub fn advice(&self) -> Vec<String> {
        if self.by_config() {
            return Vec::new();
        }
        let top = self.top.as_deref().unwrap_or(&self.git_dir);
        match &self.manager {
            Manager::PreCommit | Manager::Prek => vec![advice::PRE_COMMIT.to_owned()],
            Manager::Lefthook => advice::lefthook(top),
            Manager::None | Manager::Husky { .. } => Vec::new(),
        }
    }
}

/// The path without symlinks, as far as it exists.
fn real(path: &Path) -> PathBuf {
    for ancestor in path.ancestors() {
        if let Ok(real) = ancestor.canonicalize() {
            return real.join(path.strip_prefix(ancestor).unwrap_or(Path::new("")));
        }
    }
    path.to_owned()
}

/// A file's bytes; `None` where there is none.
fn read(path: &Path) -> Result<Option<Vec<u8>>, HookError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => Ok(None),
        Err(source) => Err(HookError::Read { path: path.to_owned(), source }),
    }
}

/// A word that no shell reads as anything else.
fn quoted(bytes: &[u8]) -> Vec<u8> {
    let mut word = vec![b'\''];
    for byte in bytes {
        match byte {
            b'\'' => word.extend_from_slice(br"'\''"),
            byte => word.push(*byte),
        }
    }
    word.push(b'\'');
    word
}
