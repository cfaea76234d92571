//! What the commits since a file was seen say of the lines that leave it: which are in a commit still,
//! so that nobody has moved them, and which had left before a commit, so that nobody moves them now.

use std::collections::HashSet;

use super::tokens::fingerprint;
use super::{Place, Source};
use crate::git::lines::split;
use crate::model::{Oid, RepoPath};

/// On so many commits HEAD was, the last ones, that are looked at.
const MAX_COMMITS: usize = 50;

/// Fingerprints of the lines of a file.
type Lines = HashSet<u64>;

/// What is known of the lines that leave a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Elsewhere {
    /// Nothing.
    #[default]
    Unknown,
    /// What commits say.
    Said {
        /// The lines that are in one of them and not here.
        committed: Lines,
        /// What the file had when it was committed here last: other lines had left by then. `None`
        /// where it was not since it was seen.
        last: Option<Lines>,
    },
    /// All are elsewhere.
    All,
}

impl Elsewhere {
    /// Of a file that was seen when HEAD was at one place and is seen at another one.
    pub fn of(
        source: &dyn Source,
        path: &RepoPath,
        seen: Option<&Place>,
        now: Option<&Place>,
    ) -> Self {
        let Some((seen, now)) = seen.zip(now).filter(|(seen, now)| seen != now) else {
            return Self::Unknown;
        };
        let file = |commit: &Oid| source.committed_file(commit, path);
        let lines = |file: &Oid| source.file(file).map(prints).unwrap_or_default();
        // What was committed before git brought other text, by a checkout or a merge.
        let mut left = source.left_behind(seen, now);
        left.truncate(MAX_COMMITS);
        let mut files: HashSet<Oid> = left.iter().filter_map(file).collect();
        // What was committed here, and is not any more.
        let made = source.made(seen, now).into_iter().take(MAX_COMMITS);
        let states = made.map(|(commit, before)| (file(&commit), file(&before)));
        let states: Vec<_> = states.filter(|(file, before)| file != before).collect();
        let last = states.first().map(|(file, _)| file.as_ref().map(lines).unwrap_or_default());
        files.extend(states.into_iter().filter_map(|(file, _)| file));
        let here = file(&now.head);
        files.retain(|file| Some(file) != here.as_ref());
        if files.is_empty() && last.is_none() {
            return Self::Unknown;
        }
        let here = here.as_ref().map(lines).unwrap_or_default();
        let committed =
            files.iter().flat_map(lines).filter(|print| !here.contains(print)).collect();
        Self::Said { committed, last }
    }

    /// Whether a line with this fingerprint is in a commit still, and comes back to its file alone.
    pub fn has(&self, print: u64) -> bool {
        match self {
            Self::Unknown => false,
            Self::Said { committed, .. } => committed.contains(&print),
            Self::All => true,
        }
    }

    /// Whether it had left before the file was committed.
    pub fn is_earlier(&self, print: u64) -> bool {
        matches!(self, Self::Said { last: Some(last), .. } if !last.contains(&print))
    }
}

fn prints(text: Vec<u8>) -> Lines {
    split(&text).into_iter().map(fingerprint).collect()
}
