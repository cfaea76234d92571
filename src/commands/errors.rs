//! Errors of the rooms below, as users see them: with the next step.

use crate::agents::PayloadError;
use crate::checklist::RuleError;
use crate::config::policy::PolicyError;
use crate::error::Error;
use crate::git::GitError;
use crate::git::sign::SignError;
use crate::journal::JournalError;
use crate::notes::NoteError;

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
            GitError::Contended { .. } => Some(
                "try again when the other process is done; if there is none, one that was killed \
                 left a .lock file beside that ref in the git directory",
            ),
            GitError::Damaged { .. } => Some("run `git fsck` to see what is missing"),
            _ => None,
        };
        let mut shown = Self::new(error.to_string());
        if let GitError::Start { source, .. } = error {
            shown = shown.because(source);
        }
        hint.into_iter().fold(shown, Self::hint)
    }
}

impl From<JournalError> for Error {
    fn from(error: JournalError) -> Self {
        let shown = Self::new(error.to_string());
        let JournalError::Io { source, .. } = error else {
            return shown;
        };
        let hint = match source.kind() {
            std::io::ErrorKind::PermissionDenied => {
                Some("make the git directory writable for this user")
            }
            std::io::ErrorKind::StorageFull => Some("free some disk space"),
            _ => None,
        };
        hint.into_iter().fold(shown.because(source), Self::hint)
    }
}

impl From<PayloadError> for Error {
    fn from(error: PayloadError) -> Self {
        Self::new(error.to_string()).hint("`git ai-log doctor` shows what could not be used")
    }
}

impl From<NoteError> for Error {
    fn from(error: NoteError) -> Self {
        let newer = matches!(error, NoteError::Newer { .. });
        let hint = newer.then_some("install a newer version of git ai-log");
        hint.into_iter().fold(Self::new(error.to_string()), Self::hint)
    }
}

impl From<PolicyError> for Error {
    fn from(error: PolicyError) -> Self {
        let hint = match &error {
            PolicyError::TooOld { .. } => "install a newer version of git ai-log",
            _ => "mend the policy and try again; `git ai-log schema policy` shows its shape",
        };
        Self::new(error.to_string()).hint(hint)
    }
}

impl From<RuleError> for Error {
    fn from(error: RuleError) -> Self {
        Self::new(error.to_string()).hint("mend the rule, or take its file away")
    }
}

impl From<SignError> for Error {
    fn from(error: SignError) -> Self {
        let hint = match &error {
            SignError::NoKey => Some("set user.signingKey, and gpg.format if it is an SSH key"),
            SignError::NoAllowedSigners => Some(
                "list the keys that count in a file, and name it in gpg.ssh.allowedSignersFile",
            ),
            SignError::Format(_) => Some("set gpg.format to ssh or openpgp"),
            _ => None,
        };
        let mut shown = Self::new(error.to_string());
        if let SignError::Start { source, .. } | SignError::Unreadable { source, .. } = error {
            shown = shown.because(source);
        }
        hint.into_iter().fold(shown, Self::hint)
    }
}
