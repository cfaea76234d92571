//! The commits that sessions may have written into, and the texts around each.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::attribution::retell::Commits;
use crate::error::Result;
use crate::git::Repo;
use crate::git::changed::Changed;
use crate::model::{Oid, RepoPath};

/// Clocks and rewritten commits are not in step with sessions. Seconds.
const SLACK: i64 = 24 * 60 * 60;

/// Commits, the oldest first.
pub struct History {
    /// The commits.
    pub commits: Vec<Changed>,
    /// Where each file changes: place of the commit, and of the file in it.
    places: HashMap<RepoPath, Vec<(usize, usize)>>,
}

impl History {
    /// The commits of all branches since then.
    pub fn since(repo: &Repo, first: DateTime<Utc>) -> Result<Self> {
        let commits = repo.changed_anywhere(first.timestamp() - SLACK)?;
        let mut commits = commits.collect::<Result<Vec<Changed>, _>>()?;
        commits.reverse();
        let mut places: HashMap<RepoPath, Vec<(usize, usize)>> = HashMap::new();
        for (place, commit) in commits.iter().enumerate() {
            for (number, file) in commit.files.iter().enumerate() {
                places.entry(file.path.clone()).or_default().push((place, number));
            }
        }
        Ok(Self { commits, places })
    }

    /// The texts around what happened before the commit at this place.
    pub fn around<'h>(&'h self, repo: &'h Repo, place: usize) -> Around<'h> {
        Around { history: self, repo, place }
    }
}

/// The texts around a moment.
pub struct Around<'h> {
    history: &'h History,
    repo: &'h Repo,
    place: usize,
}

impl Around<'_> {
    /// The next commit that changes a file: the objects before and after.
    fn change(&self, path: &RepoPath) -> Option<(Option<&Oid>, &Oid)> {
        let places = self.history.places.get(path)?;
        let next = places.partition_point(|(place, _)| *place < self.place);
        let (place, number) = places.get(next)?;
        let file = &self.history.commits[*place].files[*number];
        Some((file.old.first(), &file.new))
    }

    fn text(&self, oid: &Oid) -> Option<Vec<u8>> {
        self.repo.blob(oid).ok().flatten()
    }
}

impl Commits for Around<'_> {
    /// What stood below the next commit that changes the file: with that one its line goes on.
    fn below(&mut self, path: &RepoPath) -> Option<Vec<u8>> {
        if let Some((old, _)) = self.change(path) {
            return self.text(old?);
        }
        let last = self.history.commits.get(self.place.checked_sub(1)?)?;
        self.repo.text_in(&last.commit, path).ok().flatten()
    }

    fn next(&mut self, path: &RepoPath) -> Option<Vec<u8>> {
        self.change(path).and_then(|(_, new)| self.text(new))
    }
}
