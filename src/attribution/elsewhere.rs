//! Which of the lines that leave a file are in a commit still, so that nobody has moved them, and
//! which had left before a commit, so that nobody moves them now.

use std::collections::HashSet;

use super::tokens::fingerprint;
use super::{Place, Source};
use crate::git::lines::split;
use crate::model::{Oid, RepoPath};

/// On so many commits HEAD was, the last ones, that are looked at.
const MAX_COMMITS: usize = 50;

/// Lines that come back to the file that they left alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Elsewhere {
    /// None.
    #[default]
    None,
    /// Those with these fingerprints.
    These(HashSet<u64>),
    /// All.
    All,
}

impl Elsewhere {
    /// Those of a file that was seen when HEAD was at one place and is seen at another one: what was
    /// committed before git brought other text, by a checkout or a merge, and is not any more.
    pub fn of(
        source: &dyn Source,
        path: &RepoPath,
        seen: Option<&Place>,
        now: Option<&Place>,
    ) -> Self {
        let Some((seen, now)) = seen.zip(now).filter(|(seen, now)| seen != now) else {
            return Self::None;
        };
        let mut commits = source.left_behind(seen, now);
        commits.truncate(MAX_COMMITS);
        let file = |commit: &Oid| source.committed_file(commit, path);
        let files: HashSet<Oid> = commits.iter().filter_map(file).collect();
        if files.is_empty() {
            return Self::None;
        }
        let lines = |file: &Oid| source.file(file).map(prints).unwrap_or_default();
        let here = file(&now.head).map(|file| lines(&file)).unwrap_or_default();
        Self::These(files.iter().flat_map(lines).filter(|print| !here.contains(print)).collect())
    }

    /// Whether a line with this fingerprint is one of them.
    pub fn has(&self, print: u64) -> bool {
        match self {
            Self::None => false,
            Self::These(prints) => prints.contains(&print),
            Self::All => true,
        }
    }
}

/// The fingerprints of the lines that a file had in the last commit that was made here of it, since
/// it was seen at one place and until it is seen at another one: its other lines had left by then.
/// `None` where there is no such commit.
pub fn committed(
    source: &dyn Source,
    path: &RepoPath,
    seen: Option<&Place>,
    now: Option<&Place>,
) -> Option<HashSet<u64>> {
    let (seen, now) = seen.zip(now).filter(|(seen, now)| seen.head != now.head)?;
    let file = |commit: &Oid| source.committed_file(commit, path);
    let made = source.made(seen, now).into_iter().take(MAX_COMMITS);
    let (last, _) = made.into_iter().find(|(commit, before)| file(commit) != file(before))?;
    Some(file(&last).and_then(|file| source.file(&file)).map(prints).unwrap_or_default())
}

fn prints(text: Vec<u8>) -> HashSet<u64> {
    split(&text).into_iter().map(fingerprint).collect()
}
