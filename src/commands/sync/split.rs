//! Prompts at a remote, where they may lie in two refs.
//!
//! When a ref moves, git looks up every file of it on both sides, unless its commit has a parent,
//! and that of the prompts must have none. So a large ref rests, and the notes that it lacks lie
//! in a small one beside it, until there are many or something has to go from the large one.

use super::SyncError;
use super::merge::{self, Prompts};
use crate::git::notes::{Alone, Combine, PROMPTS, PROMPTS_NEW};
use crate::git::remote::{Remote, Update};
use crate::git::{GitError, Repo};
use crate::model::Oid;
use crate::notes;

/// A ref of fewer notes moves itself: one ref is simpler, and git looks them up soon enough.
const LARGE: usize = 4_096;

/// How many notes lie beside a large ref at most: each push looks all of them up.
const FEW: usize = 256;

/// Folders of a notes tree that are counted to guess how many notes are in all.
const COUNTED: usize = 16;

/// What a remote had of prompts when we last saw it: all in both of them.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Held {
    /// The tip of [`PROMPTS`].
    pub large: Option<Oid>,
    /// The tip of [`PROMPTS_NEW`].
    pub small: Option<Oid>,
}

impl Held {
    /// By this remote.
    pub fn by(repo: &Repo, remote: &Remote) -> Result<Self, GitError> {
        let tip = |name: &str| repo.target(&remote.seen(name));
        Ok(Self { large: tip(PROMPTS)?, small: tip(PROMPTS_NEW)? })
    }

    /// Takes it in. Returns where our ref is then.
    pub fn merge(&self, prompts: &mut Prompts<'_>, time: i64) -> Result<Option<Oid>, SyncError> {
        let ours = prompts.merge(self.large.as_ref(), time)?;
        Ok(match &self.small {
            Some(small) => prompts.merge(Some(small), time)?,
            None => ours,
        })
    }

    /// Whether that is what we have, no more and no less.
    pub fn is(&self, repo: &Repo, ours: Option<&Oid>) -> Result<bool, SyncError> {
        Ok(match (&self.small, ours) {
            (None, ours) => self.large.as_ref() == ours,
            (Some(_), None) => false,
            (Some(small), Some(ours)) => {
                let both = merge::union(repo, self.large.as_ref(), small)?;
                both == repo.commit(ours)?.tree
            }
        })
    }

    /// What to tell the remote, so that both refs together have what `ours` has. It has all of
    /// theirs that may stay.
    pub fn shared(&self, repo: &Repo, ours: Oid, time: i64) -> Result<Vec<Update>, SyncError> {
        let beyond = match &self.large {
            Some(large) => beyond(repo, large, &ours)?,
            None => Beyond::Much,
        };
        let whole = match (beyond, &self.large) {
            (Beyond::Few(tree), _) => {
                if let Some(small) = &self.small {
                    let small = repo.commit(small)?;
                    if small.tree == tree && small.parents.is_empty() {
                        return Ok(Vec::new());
                    }
                }
                let new = repo.write_commit(&tree, &[], time, "Notes added by git ai-log")?;
                return Ok(vec![self.small(Some(new))]);
            }
            (Beyond::Nothing, Some(large)) => large.clone(),
            _ => ours,
        };
        // The small one goes with the push that makes it needless, and the large one is told of
        // even where it rests: the small one must stay if the large one is not where we saw it.
        let mut updates = vec![self.large(whole)];
        updates.extend(self.small.as_ref().map(|_| self.small(None)));
        updates.retain(|update| self.small.is_some() || update.is_news());
        Ok(updates)
    }

    /// The same where prompts are not shared: nothing of ours goes there, and what is forgotten
    /// goes from there.
    pub fn cleaned(
        &self,
        prompts: &mut Prompts<'_>,
        ours: &Oid,
        time: i64,
    ) -> Result<Vec<Update>, SyncError> {
        let mut updates = Vec::new();
        if let Some(large) = &self.large {
            updates.extend(prompts.cleaned(large, ours, time)?.map(|new| self.large(new)));
        }
        if let Some(small) = &self.small {
            updates.extend(prompts.cleaned(small, ours, time)?.map(|new| self.small(Some(new))));
        }
        updates.retain(Update::is_news);
        Ok(updates)
    }

    fn large(&self, new: Oid) -> Update {
        Update { name: PROMPTS, new: Some(new), seen: self.large.clone(), free: true }
    }

    fn small(&self, new: Option<Oid>) -> Update {
        Update { name: PROMPTS_NEW, new, seen: self.small.clone(), free: true }
    }
}

/// What we have that a remote's large ref has not, or not so.
enum Beyond {
    /// Nothing.
    Nothing,
    /// A tree with just these notes, which say all that theirs say, and more.
    Few(Oid),
    /// Too much to lie beside it; or it is not large, or has what must not stay.
    Much,
}

fn beyond(repo: &Repo, large: &Oid, ours: &Oid) -> Result<Beyond, SyncError> {
    let large = repo.commit(large)?;
    let digits = large.tree.as_str().len();
    // With a history, what was deleted would stay.
    if !large.parents.is_empty() || count(repo, &large.tree, digits, COUNTED)? < LARGE {
        return Ok(Beyond::Much);
    }
    let (mut found, mut much) = (0, false);
    let mut note = |theirs: &[Oid], ours: &[Oid]| {
        found += 1;
        much = much || found > FEW || !says_all(repo, theirs, ours)?;
        Ok(ours.first().filter(|_| !much).cloned())
    };
    let mut combine =
        Combine { ours: Alone::Visit, theirs: Alone::Visit, equal: Alone::Drop, note: &mut note };
    let tree = combine.run(repo, Some(&large.tree), Some(&repo.commit(ours)?.tree))?;
    Ok(match (much, found) {
        (true, _) => Beyond::Much,
        (false, 0) => Beyond::Nothing,
        (false, _) => Beyond::Few(tree),
    })
}

/// Whether our note of an object says all that theirs does, so that both together are ours.
fn says_all(repo: &Repo, theirs: &[Oid], ours: &[Oid]) -> Result<bool, GitError> {
    let (theirs, ours) = match (theirs, ours) {
        ([], [_]) => return Ok(true),
        ([theirs], [ours]) => (theirs, ours),
        _ => return Ok(false),
    };
    let (Some(theirs), Some(ours)) = (repo.blob(theirs)?, repo.blob(ours)?) else {
        return Ok(false);
    };
    Ok(notes::join(Some(&theirs), &ours) == ours)
}

/// About how many notes are in a folder: some of its folders, at even distances, stand for all.
/// `digits` is how much of a name is left there.
fn count(repo: &Repo, folder: &Oid, digits: usize, counted: usize) -> Result<usize, GitError> {
    let entries = repo.tree(folder)?;
    let folders: Vec<&Oid> = entries.iter().filter(|e| e.is_tree()).map(|e| &e.oid).collect();
    let loose = entries.len() - folders.len();
    if folders.is_empty() || digits <= 2 {
        return Ok(loose);
    }
    let (mut looked, mut found) = (0, 0);
    for folder in folders.iter().step_by(folders.len().div_ceil(counted)) {
        looked += 1;
        found += count(repo, folder, digits - 2, 1)?;
    }
    Ok(loose + found * folders.len() / looked)
}
