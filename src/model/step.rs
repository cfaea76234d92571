//! A change of the disk that is planned first, shown or done later, and undone where it fails.

use std::path::PathBuf;

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A file gets this text, whole; folders are made as needed.
    Write {
        /// The file; where it is a symlink, what it points at is written.
        path: PathBuf,
        /// What is there now; `None` where nothing is.
        before: Option<Vec<u8>>,
        /// What will be there.
        after: Vec<u8>,
        /// Whether it has to be executable.
        executable: bool,
        /// What it is for, in a few words.
        about: String,
    },
    /// A file gets another name, and takes the place of what had that name.
    Move {
        /// Now.
        from: PathBuf,
        /// Then.
        to: PathBuf,
        /// Why, in a few words.
        about: String,
    },
    /// A file goes.
    Delete {
        /// Which.
        path: PathBuf,
        /// What is in it.
        before: Vec<u8>,
        /// Why, in a few words.
        about: String,
    },
    /// git changes its own configuration.
    Config {
        /// The repository's own folder.
        git_dir: PathBuf,
        /// What follows `git config`.
        args: Vec<String>,
        /// What undoes it, in order.
        undo: Vec<Vec<String>>,
        /// What it is for, in a few words.
        about: String,
    },
}
