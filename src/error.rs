//! What a user sees when something goes wrong: the thing, the cause, the next step.

use std::error::Error as StdError;
use std::fmt;

use crate::agents::PayloadError;
use crate::git::GitError;
use crate::journal::JournalError;
use crate::notes::NoteError;

/// The exit code of every error.
pub const EXIT_ERROR: u8 = 2;

/// An error at the edge of the program.
#[derive(Debug)]
pub struct Error {
    what: String,
    cause: Option<Box<dyn StdError + Send + Sync>>,
    hint: Option<String>,
}

/// What most functions of `commands/` return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error that says what is wrong.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), cause: None, hint: None }
    }

    /// The same with its cause.
    pub fn because(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The same with what to do next.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The next step, if one is known.
    pub fn next_step(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

/// Adds what was being attempted, and what to do next, to a lower error.
pub trait Context<T> {
    /// What failed.
    fn what(self, what: impl Into<String>) -> Result<T>;
}

impl<T, E: StdError + Send + Sync + 'static> Context<T> for std::result::Result<T, E> {
    fn what(self, what: impl Into<String>) -> Result<T> {
        self.map_err(|cause| Error::new(what).because(cause))
    }
}

impl fmt::Display for Error {
    /// `what`, and each cause on a line of its own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        let mut cause = self.cause.as_deref().map(|c| c as &dyn StdError);
        while let Some(error) = cause {
            write!(f, "\n  caused by: {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl StdError for Error {}

impl From<GitError> for Error {
    fn from(error: GitError) -> Self {
        let hint = match &error {
            GitError::Start { .. } => Some("install git, or put it on PATH"),
            GitError::Failed { said, .. } if said.contains("not a git repository") => {
                Some("run this in a git repository")
            }
            GitError::Failed { said, .. } if said.contains("dubious ownership") => {
                Some("git names the command that trusts this folder in its message above")
            }
            GitError::Contended { .. } => Some("try again when the other process is done"),
            GitError::Damaged { .. } => Some("run `git fsck` to see what is missing"),
            _ => None,
        };
        let mut shown = Self::new(error.to_string());
        if let GitError::Start { source, .. } = error {
            shown = shown.because(source);
        }
        shown.hint = hint.map(str::to_owned);
        shown
    }
}

impl From<JournalError> for Error {
    fn from(error: JournalError) -> Self {
        let mut shown = Self::new(error.to_string());
        if let JournalError::Io { source, .. } = error {
            shown.hint = match source.kind() {
                std::io::ErrorKind::PermissionDenied => {
                    Some("make the git directory writable for this user".to_owned())
                }
                std::io::ErrorKind::StorageFull => Some("free some disk space".to_owned()),
                _ => None,
            };
            shown = shown.because(source);
        }
        shown
    }
}

impl From<PayloadError> for Error {
    fn from(error: PayloadError) -> Self {
        Self::new(error.to_string()).hint("`git ai-log doctor` shows what could not be used")
    }
}

impl From<NoteError> for Error {
    fn from(error: NoteError) -> Self {
        let hint = matches!(error, NoteError::Newer { .. })
            .then(|| "install a newer version of git ai-log".to_owned());
        Self { what: error.to_string(), cause: None, hint }
    }
}
