//! The files of a commit, with their texts before and after.

use super::objects::{Change, Commit};
use super::{GitError, Repo};
use crate::model::RepoPath;

/// A file as it is to be attributed.
pub struct Target {
    /// Its path.
    pub path: RepoPath,
    /// The path it has in the commit below, if it has another one there.
    pub old_path: Option<RepoPath>,
    /// Its texts in the commits below.
    pub bases: Vec<Vec<u8>>,
    /// Its text.
    pub text: Vec<u8>,
}

/// The files that the commit has otherwise than every one of its parents.
pub fn targets(repo: &Repo, commit: &Commit) -> Result<Vec<Target>, GitError> {
    let mut parents = Vec::new();
    for parent in &commit.parents {
        parents.push(repo.commit(parent)?.tree);
    }
    let mut changes = repo.changes(parents.first(), &commit.tree)?;
    let mut further: Vec<Vec<Change>> = Vec::new();
    for parent in parents.iter().skip(1) {
        further.push(repo.changes(Some(parent), &commit.tree)?);
    }
    changes.retain(|change| {
        further.iter().all(|others| others.iter().any(|other| path_of(other) == path_of(change)))
    });
    let mut targets = Vec::new();
    for change in changes {
        let Some((path, oid)) = &change.new else {
            continue;
        };
        let others = further.iter().flatten().filter(|other| path_of(other) == Some(path));
        let olds: Vec<_> =
            std::iter::once(&change).chain(others).filter_map(|c| c.old.as_ref()).collect();
        let mut bases = Vec::new();
        for (_, oid) in &olds {
            bases.extend(repo.blob(oid)?);
        }
        targets.push(Target {
            path: path.clone(),
            old_path: change.old.as_ref().map(|(path, _)| path.clone()),
            bases,
            text: repo.blob(oid)?.unwrap_or_default(),
        });
    }
    Ok(targets)
}

fn path_of(change: &Change) -> Option<&RepoPath> {
    change.new.as_ref().map(|(path, _)| path)
}
