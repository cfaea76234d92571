//! Running the user's git, for all that libgit2 does not do or does not do in this repository.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::GitError;

/// Variables that tie a process to one repository: `git rev-parse --local-env-vars`.
const LOCAL_VARIABLES: &[&str] = &[
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// A git command in the repository that the environment names.
pub fn git() -> Command {
    let mut command = Command::new("git");
    command.stdin(Stdio::null()).env("GIT_OPTIONAL_LOCKS", "0");
    command
}

/// A git command in the repository of this folder, whatever the environment says.
pub fn git_at(dir: &Path) -> Command {
    let mut command = git();
    command.arg("-C").arg(dir);
    unbind(&mut command);
    command
}

/// Takes away what would tie this process to another repository than the one it is started in.
pub fn unbind(command: &mut Command) {
    for name in LOCAL_VARIABLES {
        command.env_remove(name);
    }
}

/// Runs it; its standard output, or an error with what git said.
pub fn output(command: &mut Command, doing: &'static str) -> Result<Vec<u8>, GitError> {
    let done = command.output().map_err(|source| GitError::Start { doing, source })?;
    if done.status.success() {
        return Ok(done.stdout);
    }
    Err(GitError::Failed { doing, said: said(&done.stderr) })
}

/// Runs it; its standard output, or `None` where git answers "no" (exit status 1).
pub fn answer(command: &mut Command, doing: &'static str) -> Result<Option<Vec<u8>>, GitError> {
    let done = command.output().map_err(|source| GitError::Start { doing, source })?;
    match done.status.code() {
        Some(0) => Ok(Some(done.stdout)),
        Some(1) => Ok(None),
        _ => Err(GitError::Failed { doing, said: said(&done.stderr) }),
    }
}

/// Runs it with these bytes on its standard input.
pub fn feed(command: &mut Command, input: &[u8], doing: &'static str) -> Result<Vec<u8>, GitError> {
    let done = fed(command, input).map_err(|source| GitError::Start { doing, source })?;
    if done.status.success() {
        return Ok(done.stdout);
    }
    Err(GitError::Failed { doing, said: said(&done.stderr) })
}

/// Runs any program with these bytes on its standard input; what became of it.
pub fn fed(command: &mut Command, input: &[u8]) -> std::io::Result<Output> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let mut stdin = child.stdin.take().expect("stdin is piped");
    std::thread::scope(|scope| {
        // A thread of its own: the program may fill its output before it has read all of this.
        scope.spawn(move || {
            let _ = stdin.write_all(input);
        });
        child.wait_with_output()
    })
}

/// The first line of an answer of one line.
pub fn line(bytes: &[u8]) -> &[u8] {
    bytes.strip_suffix(b"\n").unwrap_or(bytes)
}

fn said(stderr: &[u8]) -> String {
    String::from_utf8_lossy(stderr).trim().to_owned()
}

/// Adds an argument in a chain.
pub trait With {
    /// The same command with this argument.
    fn with(self, arg: impl AsRef<OsStr>) -> Self;
}

impl With for Command {
    fn with(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.arg(arg);
        self
    }
}
