//! What agents told us, on disk: append-only files in the git directory, one a session, and the
//! texts of files before and after edits.
//!
//! Everything here is as private as the work tree: mode 0600, never shared.

mod fold;
pub mod forget;
mod log;
pub mod prune;
mod snapshots;
pub mod stats;

use std::path::{Path, PathBuf};

pub use fold::fold;
pub use snapshots::{Reader, Snapshots};

/// What went wrong with our files.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A file could not be read or written.
    #[error("cannot {doing} {}", path.display())]
    Io {
        /// What was attempted.
        doing: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// An event could not be written as JSON.
    #[error("cannot encode an event")]
    Encode(#[from] serde_json::Error),
}

/// The journal of one repository.
pub struct Journal {
    dir: PathBuf,
}

impl Journal {
    /// The journal below this state folder (`<git-common-dir>/ai-log`).
    pub fn at(state: &Path) -> Self {
        Self { dir: state.join("journal") }
    }
}

fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> JournalError {
    let path = path.to_path_buf();
    move |source| JournalError::Io { doing, path, source }
}

/// Makes a folder that only its owner can read.
fn private_dir(path: &Path) -> Result<(), JournalError> {
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(path).map_err(io("create", path))
}

/// Writes a file that only its owner can read, whole or not at all.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), JournalError> {
    use std::io::Write as _;
    let folder = path.parent().unwrap_or(path);
    private_dir(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(io("write in", folder))?;
    file.write_all(bytes).map_err(io("write", path))?;
    file.persist(path).map_err(|e| io("write", path)(e.error))?;
    Ok(())
}
