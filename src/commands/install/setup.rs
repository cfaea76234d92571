//! What `install` and `uninstall` share: where things are, what is read, and how a plan is shown
//! and done.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::record::Book;
use super::{disk, steps};
use crate::agents::settings::{Edit, EditError, Options, Place, Scope, SettingsError, installers};
use crate::config::Env;
use crate::config::policy::{Policy, PolicyError};
use crate::error::Error;
use crate::git::GitError;
use crate::git::hooks::{self, HookError, Site};
use crate::model::step::Step;

/// Why nothing was installed or uninstalled.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A settings file is not what it should be.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// git's hooks cannot be set up.
    #[error(transparent)]
    Hook(#[from] HookError),
    /// git failed while its configuration was changed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// No agent has this name.
    #[error("no agent is called `{name}`")]
    Agent {
        /// As given.
        name: String,
    },
    /// An agent has no hooks.
    #[error("{name} has no hooks: its session files are read at each commit")]
    NoHooks {
        /// Which.
        name: String,
    },
    /// A file could not be written.
    #[error("{} cannot be written: {source}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// A file is not what it was a moment ago.
    #[error("{} was changed by another program in the meantime", path.display())]
    Changed {
        /// Which.
        path: PathBuf,
    },
    /// There is no home to keep the record in.
    #[error("neither HOME nor XDG_STATE_HOME is set, so there is no place for what is installed")]
    NoHome,
    /// The team's policy cannot be used.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The answer could not be printed.
    #[error("cannot print: {0}")]
    Print(#[from] std::io::Error),
}

impl SetupError {
    /// The way on. Whatever the error, nothing is left half-written.
    pub fn hint(&self) -> String {
        match self {
            Self::Edit(error) => {
                format!("nothing was written; mend {} and run this again", error.path.display())
            }
            Self::Hook(error) => format!("nothing was written; {}", error.hint()),
            Self::Git(_) | Self::Print(_) => "mend this and run it again".to_owned(),
            Self::NoHooks { .. } => "`git ai-log doctor` says whether they can be read".to_owned(),
            Self::Agent { .. } => {
                let names: Vec<&str> = installers().map(|agent| agent.name()).collect();
                format!("known are {}", names.join(", "))
            }
            Self::Write { path, .. } => {
                format!(
                    "what was written is put back; see to it that {} can be written, then run \
                     this again",
                    path.display()
                )
            }
            Self::Changed { .. } => "what was written is put back; run this again".to_owned(),
            Self::Policy(PolicyError::TooOld { .. }) => "install a newer git ai-log".to_owned(),
            Self::Policy(_) => "nothing was written; mend the policy and run this again".to_owned(),
            Self::NoHome => "set HOME and run this again".to_owned(),
        }
    }
}

impl From<SetupError> for Error {
    fn from(error: SetupError) -> Self {
        let hint = error.hint();
        Self::new(error.to_string()).hint(hint)
    }
}

/// Where things are.
pub(crate) struct Setup {
    /// The repository; `None` with [`Scope::User`], which needs none.
    pub(crate) site: Option<Site>,
    /// Where agents' settings lie.
    pub(crate) place: Place,
    /// What was installed so far.
    pub(crate) book: Book,
    book_path: PathBuf,
    /// The record as it is on the disk.
    book_bytes: Option<Vec<u8>>,
    /// Where this program lies.
    pub(crate) program: Option<PathBuf>,
    /// Whether a shell finds it.
    pub(crate) on_path: bool,
    /// Whether the policy has rules about what agents must have read.
    reads: bool,
}

impl Setup {
    pub(crate) fn open(env: &Env, scope: Scope) -> Result<Self, SetupError> {
        let site = match scope {
            Scope::User => None,
            Scope::Project => Some(hooks::locate(&env.cwd)?),
        };
        let (root, dir) = match &site {
            Some(site) => (root_of(&site.common), site.common.join("ai-log")),
            None => {
                let state = env.state_home.clone().ok_or(SetupError::NoHome)?;
                (PathBuf::new(), state.join("git-ai-log"))
            }
        };
        let book_path = dir.join("install.json");
        let book_bytes = std::fs::read(&book_path).ok();
        let book = match &book_bytes {
            Some(bytes) => Book::parse(bytes, &root),
            None => Book::empty(&root),
        };
        let on_path = program(env, "git-ai-log");
        let place = Place {
            scope,
            top: site.as_ref().and_then(|site| site.top.clone()),
            main: site.as_ref().and_then(Site::main),
            homes: env.homes.clone(),
        };
        let reads = match &place.top {
            Some(top) => !Policy::of(top)?.context.is_empty(),
            None => false,
        };
        Ok(Self {
            site,
            reads,
            place,
            book,
            book_path,
            book_bytes,
            on_path: on_path.is_some(),
            program: on_path.or_else(|| Some(env.program.clone())),
        })
    }

    /// Settings in a project are committed, so they say nothing about this machine.
    pub(crate) fn options(&self) -> Options {
        let fallback = self.program.clone().filter(|_| self.place.scope == Scope::User);
        Options { read_hook: self.reads, fallback }
    }

    /// A path as a person would write it.
    pub(crate) fn show(&self, path: &Path) -> String {
        let top = self.place.top.as_deref();
        if let Some(inside) = top.and_then(|top| path.strip_prefix(top).ok()) {
            return inside.display().to_string();
        }
        let home = self.place.homes.home.as_deref().filter(|home| home.components().count() > 1);
        match home.and_then(|home| path.strip_prefix(home).ok()) {
            Some(inside) => format!("~/{}", inside.display()),
            None => path.display().to_string(),
        }
    }

    /// Shows the plan, or does it and keeps the record.
    pub(crate) fn carry_out(
        &self,
        out: &mut dyn Write,
        plan: &[Step],
        dry_run: bool,
    ) -> Result<(), SetupError> {
        if plan.is_empty() {
            return print(out, "nothing to do");
        }
        let show = |path: &Path| self.show(path);
        if dry_run {
            for step in plan {
                write!(out, "{}", steps::diff(step, &show))?;
            }
            return Ok(());
        }
        // First the record: a plan that is cut off half-way can be undone too.
        self.keep_book(Some(&self.book))?;
        if let Err(error) = steps::apply(plan) {
            let _ = self.put_book(self.book_bytes.as_deref());
            return Err(error);
        }
        for step in plan {
            print(out, &steps::summary(step, &show))?;
        }
        Ok(())
    }

    /// Writes the record, or takes it away.
    pub(crate) fn keep_book(&self, book: Option<&Book>) -> Result<(), SetupError> {
        let bytes = book.filter(|book| !book.is_empty()).map(Book::bytes);
        self.put_book(bytes.as_deref())
            .map_err(|source| SetupError::Write { path: self.book_path.clone(), source })
    }

    fn put_book(&self, bytes: Option<&[u8]>) -> std::io::Result<()> {
        let dir = self.book_path.parent().unwrap_or(Path::new("."));
        if let Some(bytes) = bytes {
            std::fs::create_dir_all(dir)?;
            // It holds copies of settings: it is as private as they may be.
            return steps::write(&self.book_path, bytes, Some(0o600), false);
        }
        match std::fs::remove_file(&self.book_path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // Other things of ours may lie there.
        let _ = std::fs::remove_dir(dir);
        Ok(())
    }
}

/// What paths in a repository's record are relative to: its main work tree.
fn root_of(common: &Path) -> PathBuf {
    match common.file_name() {
        Some(name) if name == ".git" => common.parent().unwrap_or(common).to_owned(),
        _ => common.to_owned(),
    }
}

/// A program that a shell would find.
pub(crate) fn program(env: &Env, name: &str) -> Option<PathBuf> {
    std::env::split_paths(env.path.as_ref()?)
        .filter(|dir| dir.is_absolute())
        .map(|dir| dir.join(name))
        .find(|path| {
            let meta = path.metadata();
            meta.is_ok_and(|meta| meta.is_file() && disk::mode(&meta) & 0o111 != 0)
        })
}

/// One line of the answer.
pub(crate) fn print(out: &mut dyn Write, line: &str) -> Result<(), SetupError> {
    Ok(writeln!(out, "{line}")?)
}

/// What is left of a settings file of the user's when all that was in it was ours.
pub(crate) fn empty_file(path: &Path) -> Vec<u8> {
    match path.extension() {
        Some(extension) if extension == "json" => b"{}\n".to_vec(),
        _ => Vec::new(),
    }
}

/// Settings files as they are on the disk and as they are planned to be.
#[derive(Default)]
pub(crate) struct Texts {
    planned: RefCell<BTreeMap<PathBuf, Edit>>,
}

impl Texts {
    /// The text as planned so far.
    pub(crate) fn read(&self, path: &Path) -> Result<Option<String>, EditError> {
        match self.planned.borrow().get(path) {
            Some(edit) => Ok(edit.text.clone()),
            None => on_disk(path),
        }
    }

    /// Whether an edit changes anything.
    pub(crate) fn changes(&self, edit: &Edit) -> bool {
        self.read(&edit.path).is_ok_and(|text| text != edit.text)
    }

    /// Plans an edit.
    pub(crate) fn put(&self, edit: Edit) {
        self.planned.borrow_mut().insert(edit.path.clone(), edit);
    }

    /// The planned text, where one is planned.
    pub(crate) fn get(&self, path: &Path) -> Option<Option<String>> {
        self.planned.borrow().get(path).map(|edit| edit.text.clone())
    }

    /// What is to be done so that the disk is as planned.
    pub(crate) fn steps(&self) -> Result<Vec<Step>, SetupError> {
        let mut steps = Vec::new();
        for (path, edit) in &*self.planned.borrow() {
            let before = on_disk(path)?;
            if before == edit.text {
                continue;
            }
            let before = before.map(String::into_bytes);
            let (path, about) = (path.clone(), edit.about.to_owned());
            match (before, &edit.text) {
                (before, Some(text)) => {
                    let after = text.clone().into_bytes();
                    // Only scripts begin so.
                    let executable = text.starts_with("#!");
                    steps.push(Step::Write { path, before, after, executable, about });
                }
                (Some(before), None) => steps.push(Step::Delete { path, before, about }),
                (None, None) => {}
            }
        }
        Ok(steps)
    }
}

/// A settings file as it is.
pub(crate) fn on_disk(path: &Path) -> Result<Option<String>, EditError> {
    let wrong = |cause: String| {
        let source = SettingsError::Unreadable { cause };
        EditError { path: path.to_owned(), source }
    };
    match std::fs::read(path) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(wrong("it is not UTF-8 text".to_owned())),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => Ok(None),
        Err(error) => Err(wrong(error.to_string())),
    }
}
