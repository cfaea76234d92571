//! Letting go of what is no longer needed: journals that were not written to for the retention,
//! then the snapshots that no journal names. Notes hold what was attributed.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{Journal, JournalError, Snapshots, io};
use crate::model::Digest;

/// How long a session's journal stays after its last event.
pub const RETENTION: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What snapshots may take before older sessions go early. Bytes.
pub const MAX_SNAPSHOTS: u64 = 256 * 1024 * 1024;

/// Nothing younger than this goes, whatever it takes: it may not be committed yet.
const KEPT_ANYWAY: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// How often it is looked after.
const EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// Prunes if that was not done today. `state` is `<git-common-dir>/ai-log`.
pub fn now_and_then(state: &Path, now: SystemTime) -> Result<(), JournalError> {
    let mark = state.join("pruned");
    let age = |path: &Path| now.duration_since(path.metadata().ok()?.modified().ok()?).ok();
    if !state.is_dir() || age(&mark).is_some_and(|age| age < EVERY) {
        return Ok(());
    }
    std::fs::write(&mark, "").map_err(io("write", &mark))?;
    prune(state, now, MAX_SNAPSHOTS)
}

/// Prunes.
pub fn prune(state: &Path, now: SystemTime, most: u64) -> Result<(), JournalError> {
    let journal = Journal::at(state);
    let age = |path: &Path| {
        let modified = path.metadata().and_then(|metadata| metadata.modified());
        modified.ok().and_then(|then| now.duration_since(then).ok()).unwrap_or_default()
    };
    let mut files = journal.files()?;
    files.sort_by_key(|path| std::cmp::Reverse(age(path)));
    let mut gone: Vec<PathBuf> = Vec::new();
    files.retain(|path| {
        let old = age(path) > RETENTION;
        if old {
            gone.push(path.clone());
        }
        !old
    });
    remove(&gone)?;
    let snapshots = Snapshots::at(state);
    snapshots.sweep(&named(&files)?, now)?;
    // The oldest first, until the rest fits.
    let mut rest = files.into_iter();
    while snapshots.size() > most {
        let Some(path) = rest.next().filter(|path| age(path) > KEPT_ANYWAY) else { break };
        remove(&[path])?;
        snapshots.sweep(&named(rest.as_slice())?, now)?;
    }
    Ok(())
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
            format!("{{\"x\":\"{delta}\"}}\n"),
        )
        .unwrap();
        (dir, snapshots, base, delta)
    }

    #[test]
    fn what_a_journal_names_stays_and_what_that_stands_on() {
        let (dir, snapshots, base, delta) = world();
        let orphan = snapshots.put(b"nobody names this\n", None).unwrap();
        let later = SystemTime::now() + KEPT_ANYWAY * 2;
        prune(dir.path(), later, u64::MAX).unwrap();
        assert!(snapshots.get(&base).is_some() && snapshots.get(&delta).is_some());
        assert_eq!(snapshots.get(&orphan), None);
    }

    #[test]
    fn after_the_retention_all_goes() {
        let (dir, snapshots, base, delta) = world();
        prune(dir.path(), SystemTime::now() + RETENTION * 2, u64::MAX).unwrap();
        assert_eq!((snapshots.get(&base), snapshots.get(&delta)), (None, None));
        assert!(Journal::at(dir.path()).files().unwrap().is_empty());
    }

    #[test]
    fn what_is_too_much_goes_early_but_nothing_fresh() {
        let (dir, snapshots, _, delta) = world();
        prune(dir.path(), SystemTime::now(), 0).unwrap();
        assert!(snapshots.get(&delta).is_some());
        prune(dir.path(), SystemTime::now() + KEPT_ANYWAY * 2, 0).unwrap();
        assert_eq!(snapshots.get(&delta), None);
    }
}
