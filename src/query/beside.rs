//! Lines of agents' that another file has as well when they are committed. A person may have typed
//! them there first, and the agent copied them; once both are committed, nobody could tell.

use std::collections::{BTreeSet, HashSet};

use super::file::{File, telling};
use crate::attribution::carry::TELLING;
use crate::attribution::tokens::{fingerprint, tells};
use crate::git::lines::{MAX_TEXT, is_text, split};
use crate::git::target::Target;
use crate::git::{GitError, Repo};
use crate::model::note::{Note, NoteHunk};
use crate::model::{Oid, RepoPath};

/// So many uncommitted files are read at most.
pub const MAX_FILES: usize = 200;

/// Files with their texts.
pub type Texts = Vec<(RepoPath, Vec<u8>)>;

/// Which files are asked for.
pub type Wish<'w> = &'w dyn Fn(&RepoPath) -> bool;

/// Those of a commit that was made here, as [`Note::beside`] has them: in what else it adds, and in
/// files of the same kind that were not committed then.
pub fn beside(
    repo: &Repo,
    commit: &Oid,
    targets: &[Target],
    hunks: &[NoteHunk],
    uncommitted: impl FnOnce(Wish<'_>) -> Texts,
) -> Result<Vec<u32>, GitError> {
    let agents: Vec<NoteHunk> =
        hunks.iter().filter(|hunk| hunk.contributor.is_agents()).cloned().collect();
    let wrote = telling(targets, agents.iter());
    if wrote.len() < TELLING {
        return Ok(Vec::new());
    }
    let same = |prints: HashSet<u64>| Some(&wrote & &prints).filter(|same| same.len() >= TELLING);
    let committed = targets.iter().filter_map(|target| File::of(target, hunks));
    let mut found: BTreeSet<u64> =
        committed.filter_map(|file| same(file.telling().collect())).flatten().collect();
    let kinds: HashSet<_> = agents.iter().map(|hunk| hunk.path.extension()).collect();
    for (path, text) in uncommitted(&|path| kinds.contains(&path.extension())) {
        if let Some(same) = same(prints(&text)) {
            let known = repo.text_in(commit, &path)?.unwrap_or_default();
            found.extend(&same - &prints(&known));
        }
    }
    Ok(found.into_iter().map(Note::half).collect())
}

/// Those of these files that are not committed now.
pub fn dirty(repo: &Repo, wanted: Wish<'_>) -> Texts {
    // A note without them is better than none.
    let paths = repo.dirty().unwrap_or_default().into_iter().filter(wanted).take(MAX_FILES);
    paths.map(|path| (path.clone(), lying(repo, &path))).collect()
}

/// A file of the work tree; nothing of one that nobody reads.
fn lying(repo: &Repo, path: &RepoPath) -> Vec<u8> {
    let file = repo.work_tree().map(|top| path.below(top)).unwrap_or_default();
    let small =
        file.symlink_metadata().is_ok_and(|file| file.is_file() && file.len() <= MAX_TEXT as u64);
    let text = if small { std::fs::read(&file).unwrap_or_default() } else { Vec::new() };
    if is_text(&text) { text } else { Vec::new() }
}

fn prints(text: &[u8]) -> HashSet<u64> {
    split(text).into_iter().filter(|line| tells(line)).map(fingerprint).collect()
}
