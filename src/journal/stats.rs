//! What a file looked like from outside when its text was last read, so that a command's window
//! reads only the files that changed since.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use super::{JournalError, write_private};
use crate::model::Digest;

/// Size, times and number of a file; equal ones mean the same content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stat(u64, u128, u64, u64);

impl Stat {
    /// Of this file as it is now.
    pub fn of(metadata: &std::fs::Metadata) -> Option<Self> {
        let modified = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        let (inode, changed) = identity(metadata);
        Some(Self(metadata.len(), modified.as_nanos(), inode, changed))
    }

    /// Whether the file was changed so shortly before `now` (nanoseconds since 1970) that a
    /// second change might not show.
    pub fn is_fresh(&self, now: u128) -> bool {
        now.saturating_sub(self.1) < 100_000_000
    }
}

#[cfg(unix)]
fn identity(metadata: &std::fs::Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    let changed =
        metadata.ctime().unsigned_abs() * 1_000_000_000 + metadata.ctime_nsec().unsigned_abs();
    (metadata.ino(), changed)
}

#[cfg(not(unix))]
fn identity(_: &std::fs::Metadata) -> (u64, u64) {
    (0, 0)
}

/// The digests of the files of one work tree by what they look like.
pub struct StatCache {
    path: PathBuf,
    known: HashMap<String, (Stat, Digest)>,
}

impl StatCache {
    /// The cache for this work tree; an unreadable one is an empty one.
    pub fn open(state: &Path, worktree: &str) -> Self {
        let name = Digest::of(worktree.as_bytes());
        let path = state.join("stats").join(&name.as_str()[..16]);
        let known = std::fs::read(&path)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        Self { path, known }
    }

    /// The digest of the file, if it looks as it did.
    pub fn get(&self, path: &str, stat: &Stat) -> Option<Digest> {
        let (seen, digest) = self.known.get(path)?;
        (seen == stat).then(|| digest.clone())
    }

    /// Replaces what is known by these files. `now` is nanoseconds since 1970.
    pub fn save(
        &self,
        files: impl IntoIterator<Item = (String, Stat, Digest)>,
        now: u128,
    ) -> Result<(), JournalError> {
        let known: HashMap<String, (Stat, Digest)> = files
            .into_iter()
            .filter(|(_, stat, _)| !stat.is_fresh(now))
            .map(|(path, stat, digest)| (path, (stat, digest)))
            .collect();
        if known == self.known {
            return Ok(());
        }
        write_private(&self.path, &serde_json::to_vec(&known)?)
    }
}
