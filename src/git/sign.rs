//! Signatures by the key that git signs commits with, made by git's own programs:
//! `ssh-keygen -Y` for `gpg.format=ssh`, GnuPG else (git-config(1), `gpg.*` and `user.signingKey`).

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::Repo;
use super::process::{self, With as _};

/// The purpose that SSH signatures are bound to.
pub(super) const NAMESPACE: &str = "git-ai-log";

/// Why nothing could be signed or checked.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// No key is configured.
    #[error("no signing key is configured")]
    NoKey,
    /// The allowed signers are not configured.
    #[error("gpg.ssh.allowedSignersFile is not configured")]
    NoAllowedSigners,
    /// A format that git does not have either.
    #[error("gpg.format is `{0}`, which cannot be used here")]
    Format(String),
    /// The list of allowed signers cannot be read.
    #[error("cannot read {path}, the list of gpg.ssh.allowedSignersFile")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A program could not be run.
    #[error("cannot run {program}")]
    Start {
        /// Which.
        program: String,
        /// Why.
        source: std::io::Error,
    },
    /// A program said no.
    #[error("{program} refused: {said}")]
    Refused {
        /// Which.
        program: String,
        /// Its words.
        said: String,
    },
}

impl Repo {
    /// Signs these bytes with the user's key; the signature as text.
    pub fn sign(&self, bytes: &[u8]) -> Result<String, SignError> {
        let key = self.config("user.signingKey");
        match self.signing_format().as_str() {
            "ssh" => self.sign_ssh(bytes, key),
            "openpgp" => {
                let program = self.gpg_program();
                // Without a key git names who commits here.
                let who = || {
                    let ident = self.committer().ok()?;
                    ident.rsplit_once('>').map(|(who, _)| format!("{who}>"))
                };
                let key = key.or_else(who).ok_or(SignError::NoKey)?;
                let mut command = Command::new(&program);
                command.args(["--batch", "--armor", "--detach-sign", "--local-user", &key]);
                fed(command, &program, bytes)
            }
            other => Err(SignError::Format(other.to_owned())),
        }
    }

    fn sign_ssh(&self, bytes: &[u8], key: Option<String>) -> Result<String, SignError> {
        let key = match key.or_else(|| self.default_ssh_key()) {
            Some(key) => key,
            None => return Err(SignError::NoKey),
        };
        let program = self.config("gpg.ssh.program").unwrap_or_else(|| "ssh-keygen".into());
        let failed = |source| SignError::Start { program: program.clone(), source };
        // A key that stands in the configuration itself goes through a file, as git does it.
        let literal =
            key.strip_prefix("key::").or_else(|| key.starts_with("ssh-").then_some(&*key));
        let file = match literal {
            Some(text) => {
                let mut file = tempfile::NamedTempFile::new().map_err(failed)?;
                writeln!(file, "{text}").map_err(failed)?;
                Some(file)
            }
            None => None,
        };
        let mut command = Command::new(&program);
        command.args(["-Y", "sign", "-n", NAMESPACE]);
        if file.is_some() {
            command.arg("-U");
        }
        match &file {
            Some(file) => command.arg("-f").arg(file.path()),
            None => command.arg("-f").arg(self.expanded(&key)),
        };
        fed(command, &program, bytes)
    }

    /// The program for OpenPGP.
    pub(super) fn gpg_program(&self) -> String {
        let program = self.config("gpg.openpgp.program").or_else(|| self.config("gpg.program"));
        program.unwrap_or_else(|| "gpg".into())
    }

    fn signing_format(&self) -> String {
        self.config("gpg.format").unwrap_or_else(|| "openpgp".into())
    }

    fn default_ssh_key(&self) -> Option<String> {
        let command = self.config("gpg.ssh.defaultKeyCommand")?;
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(command).stdin(Stdio::null());
        let answer = process::output(&mut shell, "ask for the signing key").ok()?;
        let text = String::from_utf8_lossy(&answer).into_owned();
        text.lines().next().map(str::to_owned).filter(|key| !key.is_empty())
    }

    /// A path of the configuration: git knows where `~` is.
    pub(super) fn expanded(&self, path: &str) -> String {
        let Some(rest) = path.strip_prefix("~/") else {
            return path.to_owned();
        };
        let mut command = self.git().with("-c").with(format!("ai-log.path={path}"));
        command.args(["config", "--type=path", "--get", "ai-log.path"]);
        let answer = process::output(&mut command, "find a file").ok();
        answer.map_or(rest.to_owned(), |bytes| {
            String::from_utf8_lossy(process::line(&bytes)).into_owned()
        })
    }
}

/// Runs a program with these bytes on its standard input; what it prints.
pub(super) fn fed(mut command: Command, program: &str, bytes: &[u8]) -> Result<String, SignError> {
    let start = |source| SignError::Start { program: program.to_owned(), source };
    let done = process::fed(&mut command, bytes).map_err(start)?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    let said = [done.stderr, done.stdout].concat();
    let said = String::from_utf8_lossy(&said).trim().to_owned();
    Err(SignError::Refused { program: program.to_owned(), said })
}
