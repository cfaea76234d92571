//! What agents keep of their sessions, told as their hooks would have told it.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::Report;
use crate::config::Homes;

/// A line of a session file longer than this is passed over. Bytes.
const MAX_LINE: u64 = 64 * 1024 * 1024;
/// A session file that is read whole may not be longer. Bytes.
pub const MAX_FILE: u64 = 256 * 1024 * 1024;

/// Something that happened in a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// When, where the agent says so.
    pub at: Option<DateTime<Utc>>,
    /// What.
    pub report: Report,
}

/// The sessions that one agent keeps on this machine.
pub trait Sessions: Sync {
    /// Where they lie; `tops` are the work trees of the repository, for agents that keep them
    /// there.
    fn stores(&self, homes: &Homes, tops: &[PathBuf]) -> Vec<Store>;

    /// What one of their files tells, in order: prompts, edits that succeeded, commands when they
    /// started (or ended, where that is all there is), each with the folder that the agent worked
    /// in. A file may hold many sessions; those of folders that `wanted` denies may be left out.
    ///
    /// What was told before an error holds.
    fn read(
        &self,
        file: &Path,
        wanted: &dyn Fn(&Path) -> bool,
        tell: &mut dyn FnMut(Moment),
    ) -> Result<(), SessionError>;

    /// What is read with a file: files, and folders with all that is in them. While none of these
    /// and not the file itself is written to, it tells the same. `None` where nobody can say.
    fn beside(&self, file: &Path) -> Option<Vec<PathBuf>>;

    /// The same; sessions in which nothing happened since then may be left out.
    fn recent(
        &self,
        file: &Path,
        _since: DateTime<Utc>,
        wanted: &dyn Fn(&Path) -> bool,
        tell: &mut dyn FnMut(Moment),
    ) -> Result<(), SessionError> {
        self.read(file, wanted, tell)
    }

    /// Whether only what is asked for is read of this file, however long it is.
    fn looks_up(&self, _file: &Path) -> bool {
        false
    }

    /// Whether this file is a lesser copy: where another one has its session, that one counts.
    fn is_copy(&self, _file: &Path) -> bool {
        false
    }
}

/// Files of sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// The folder above them.
    pub folder: PathBuf,
    /// Their paths below it, as a glob: `*` within a name, `**` for any folders.
    pub glob: &'static str,
}

/// Why a session could not be read, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The system said no.
    #[error("cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// Lines that are no JSON, as after a crash.
    #[error("{lines} lines are no JSON, the first is line {first}")]
    Torn {
        /// How many.
        lines: usize,
        /// Which is the first, from 1.
        first: usize,
    },
    /// The file is not what this version of git ai-log knows.
    #[error("has another format than this version of git ai-log knows: {0}")]
    Format(String),
    /// It is larger than anything that is read whole. Bytes.
    #[error("is larger than {0} bytes")]
    Large(u64),
}

/// Reads a file of one JSON value a line. A last line that is cut off, as of a session that is
/// still written, is left out without a word.
pub fn lines(path: &Path, each: &mut dyn FnMut(Value)) -> Result<(), SessionError> {
    let mut reader = BufReader::with_capacity(1 << 18, regular(path)?);
    let (mut line, mut number) = (Vec::new(), 0);
    let (mut torn, mut first) = (0, 0);
    loop {
        line.clear();
        if reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let whole = line.ends_with(b"\n");
        number += 1;
        match serde_json::from_slice(&line) {
            Ok(value) => each(value),
            Err(_) if line.iter().all(u8::is_ascii_whitespace) => {}
            Err(_) if !whole && (line.len() as u64) < MAX_LINE => {}
            Err(_) => {
                torn += 1;
                first = if first == 0 { number } else { first };
            }
        }
    }
    if torn > 0 { Err(SessionError::Torn { lines: torn, first }) } else { Ok(()) }
}

/// Reads a file that is one JSON value.
pub fn json(path: &Path) -> Result<Value, SessionError> {
    let file = regular(path)?;
    let length = file.metadata()?.len();
    if length > MAX_FILE {
        return Err(SessionError::Large(MAX_FILE));
    }
    serde_json::from_reader(BufReader::new(file)).map_err(|e| SessionError::Format(e.to_string()))
}

/// A time as RFC 3339 has it.
pub fn time(value: Option<&Value>) -> Option<DateTime<Utc>> {
    let text = value?.as_str()?;
    DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc())
}

/// A pipe would be waited for without end.
pub(super) fn regular(path: &Path) -> std::io::Result<File> {
    let file = File::open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(std::io::Error::other("it is not a regular file")),
    }
}
