//! Moving a ref of ours when others move it, too.

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use super::{GitError, Repo};

/// How often a write starts again because somebody else moved the ref.
const TRIES: u32 = 60;
/// Nobody holds a ref's lock for so long: git and libgit2 hold it for a rename.
const STALE: Duration = Duration::from_secs(4);
/// A write ends, whatever others do.
const LONGEST: Duration = Duration::from_secs(30);

/// The tries of one write.
pub struct Retry {
    name: String,
    lock: PathBuf,
    tries: u32,
    start: Instant,
    /// The lock that stands there, and since when we have seen it.
    seen: Option<(SystemTime, Instant)>,
}

impl Retry {
    /// Before the first try of moving this ref.
    pub fn of(repo: &Repo, name: &str) -> Self {
        let lock = repo.common_dir.join(format!("{name}.lock"));
        Self { name: name.to_owned(), lock, tries: 0, start: Instant::now(), seen: None }
    }

    /// Waits for the next try. A lock that stood there all the time that this process has been
    /// awake was left by a process that was killed, and is removed: ours are the only refs below
    /// `refs/notes/ai-log`.
    pub fn again(&mut self) -> Result<(), GitError> {
        self.tries += 1;
        let made = self.lock.metadata().and_then(|lock| lock.modified()).ok();
        self.seen = match (made, self.seen) {
            (Some(made), Some((known, since))) if made == known => Some((known, since)),
            (made, _) => made.map(|made| (made, Instant::now())),
        };
        if self.seen.is_some_and(|(_, since)| since.elapsed() > STALE) {
            self.seen = None;
            // Where that is not allowed, the end of the tries says so.
            if std::fs::remove_file(&self.lock).is_ok() {
                self.tries = 0;
            }
        }
        if self.tries >= TRIES && self.seen.is_none() || self.start.elapsed() > LONGEST {
            return Err(GitError::Contended { name: self.name.clone() });
        }
        std::thread::sleep(Duration::from_millis(u64::from(self.tries.min(20))));
        Ok(())
    }
}
