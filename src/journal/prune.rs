//! Letting go of what is no longer needed: journals of sessions whose work is committed and that
//! were not written to for the retention, then the snapshots that no journal names. Notes hold what
//! was attributed.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::log::parse;
use super::{Journal, JournalError, Snapshots, io};
use crate::model::{Digest, RepoPath, What};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a session's journal stays after its last event.
pub const RETENTION: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long it stays if its work seems never to be committed.
const AT_MOST: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// Nothing younger than this goes, whatever it takes.
const KEPT_ANYWAY: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// What may be kept before older sessions go early.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// All snapshots, bytes.
    pub snapshots: u64,
    /// All journals, bytes. Each commit reads them.
    pub journals: u64,
}

/// The limits of a repository.
pub const LIMITS: Limits = Limits { snapshots: 256 * 1024 * 1024, journals: 2 * 1024 * 1024 };

/// What is not committed in a work tree.
pub struct Uncommitted {
    /// The top of the work tree.
    pub worktree: String,
    /// The files that differ from HEAD.
    pub files: HashSet<RepoPath>,
}

/// Whether pruning is due: once a day. `state` is `<git-common-dir>/ai-log`.
pub fn is_due(state: &Path, now: SystemTime) -> bool {
    let age = state.join("pruned").metadata().and_then(|metadata| metadata.modified());
    let age = age.ok().and_then(|then| now.duration_since(then).ok());
    state.is_dir() && age.is_none_or(|age| age > DAY)
}

/// Prunes.
pub fn prune(
    state: &Path,
    now: SystemTime,
    limits: Limits,
    uncommitted: &Uncommitted,
) -> Result<(), JournalError> {
    let mark = state.join("pruned");
    std::fs::write(&mark, "").map_err(io("write", &mark))?;
    let mut files = Journal::at(state).files()?;
    files.sort_by_key(|path| std::cmp::Reverse(age(path, now)));
    let gone = done(&files, now, uncommitted);
    files.retain(|path| !gone.contains(path));
    remove(&gone)?;
    let snapshots = Snapshots::at(state);
    snapshots.sweep(&named(&files)?, now)?;
    // The oldest first, until the rest fits.
    let size = |paths: &[PathBuf]| -> u64 {
        paths.iter().filter_map(|path| path.metadata().ok()).map(|metadata| metadata.len()).sum()
    };
    while snapshots.size() > limits.snapshots || size(&files) > limits.journals {
        let early = |path: &PathBuf| age(path, now) > KEPT_ANYWAY && is_settled(path, uncommitted);
        let Some(at) = files.iter().position(early) else { break };
        remove(&[files.remove(at)])?;
        snapshots.sweep(&named(&files)?, now)?;
    }
    Ok(())
}

/// The journals that are done, and old enough to go.
pub fn done(files: &[PathBuf], now: SystemTime, uncommitted: &Uncommitted) -> Vec<PathBuf> {
    let old = |path: &&PathBuf| {
        let age = age(path, now);
        age > AT_MOST || age > RETENTION && is_settled(path, uncommitted)
    };
    files.iter().filter(old).cloned().collect()
}

/// How long ago a file was written to.
fn age(path: &Path, now: SystemTime) -> Duration {
    let modified = path.metadata().and_then(|metadata| metadata.modified());
    modified.ok().and_then(|then| now.duration_since(then).ok()).unwrap_or_default()
}

/// Whether all that a session did is committed, as far as can be told from this work tree.
fn is_settled(path: &Path, uncommitted: &Uncommitted) -> bool {
    let Ok(bytes) = std::fs::read(path) else {
        return false;
    };
    parse(&bytes).0.iter().all(|event| {
        event.worktree == uncommitted.worktree
            && match &event.what {
                What::Edit { path, .. } => !uncommitted.files.contains(path),
                // A command may have changed any file.
                What::Window(_) => uncommitted.files.is_empty(),
                _ => true,
            }
    })
}

fn remove(paths: &[PathBuf]) -> Result<(), JournalError> {
    for path in paths {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(io("remove", path)(error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Every word of these journals that may be a snapshot's name: 64 hexadecimal digits.
fn named(files: &[PathBuf]) -> Result<HashSet<Digest>, JournalError> {
    let mut names = HashSet::new();
    for path in files {
        let bytes = std::fs::read(path).map_err(io("read", path))?;
        collect(&bytes, &mut names);
    }
    Ok(names)
}

/// Adds the names of snapshots that this text holds.
pub(super) fn collect(bytes: &[u8], names: &mut HashSet<Digest>) {
    for word in bytes.split(|b| !b.is_ascii_hexdigit()).filter(|word| word.len() == 64) {
        names.insert(Digest(String::from_utf8_lossy(word).into_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SessionId;

    fn world() -> (tempfile::TempDir, Snapshots, Digest, Digest) {
        let dir = tempfile::tempdir().unwrap();
        let snapshots = Snapshots::at(dir.path());
        let text = "a text that is long enough to be stood on\n".repeat(20);
        let base = snapshots.put(text.as_bytes(), None).unwrap();
        let more = text.clone() + "and more\n";
        let delta = snapshots.put(more.as_bytes(), Some((&base, text.as_bytes()))).unwrap();
        let journal = dir.path().join("journal");
        std::fs::create_dir_all(&journal).unwrap();
        std::fs::write(
            journal.join(format!("{}.jsonl", SessionId("s_1".into()))),
            format!(
                "{{\"v\":1,\"at\":\"2026-01-01T00:00:00Z\",\"agent\":\"a\",\"session\":\"s_1\",\
                 \"worktree\":\"/w\",\"head\":null,\"kind\":\"edit\",\"path\":\"a\",\"after\":\"{delta}\"}}\n"
            ),
        )
        .unwrap();
        (dir, snapshots, base, delta)
    }

    fn clean() -> Uncommitted {
        Uncommitted { worktree: "/w".into(), files: HashSet::new() }
    }

    const NO_LIMITS: Limits = Limits { snapshots: u64::MAX, journals: u64::MAX };

    #[test]
    fn what_a_journal_names_stays_and_what_that_stands_on() {
        let (dir, snapshots, base, delta) = world();
        let orphan = snapshots.put(b"nobody names this\n", None).unwrap();
        let later = SystemTime::now() + KEPT_ANYWAY * 2;
        prune(dir.path(), later, NO_LIMITS, &clean()).unwrap();
        assert!(snapshots.get(&base).is_some() && snapshots.get(&delta).is_some());
        assert_eq!(snapshots.get(&orphan), None);
        assert!(!is_due(dir.path(), SystemTime::now()));
    }

    #[test]
    fn after_the_retention_all_goes() {
        let (dir, snapshots, base, delta) = world();
        prune(dir.path(), SystemTime::now() + RETENTION * 2, NO_LIMITS, &clean()).unwrap();
        assert_eq!((snapshots.get(&base), snapshots.get(&delta)), (None, None));
        assert!(Journal::at(dir.path()).files().unwrap().is_empty());
    }

    #[test]
    fn what_is_too_much_goes_early_but_nothing_fresh_or_uncommitted() {
        let later = SystemTime::now() + KEPT_ANYWAY * 2;
        for limits in [Limits { snapshots: 0, ..NO_LIMITS }, Limits { journals: 0, ..NO_LIMITS }] {
            let (dir, snapshots, _, delta) = world();
            prune(dir.path(), SystemTime::now(), limits, &clean()).unwrap();
            assert!(snapshots.get(&delta).is_some());
            let dirty = Uncommitted { files: [RepoPath::from("a")].into(), ..clean() };
            prune(dir.path(), later, limits, &dirty).unwrap();
            assert!(snapshots.get(&delta).is_some());
            prune(dir.path(), later, limits, &clean()).unwrap();
            assert_eq!(snapshots.get(&delta), None);
        }
    }
}
