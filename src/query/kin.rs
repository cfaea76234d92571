//! How the commit of a note is related to the one whose lines are looked for. A rewrite gives a
//! commit another name and keeps the time at which it was written: two such commits are versions of
//! one another.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use super::carry::{SKEW, Wanted};
use super::file::File;
use crate::attribution::carry::Kin;
use crate::git::history::History;
use crate::git::objects::Commit;
use crate::git::reflog::Move;
use crate::git::target::targets;
use crate::git::{GitError, Repo};
use crate::model::Oid;

/// How many commits on which HEAD and the branches were may be older versions of one.
const MOVES: usize = 5_000;

/// A commit with a note, and when it was written, seconds since 1970.
#[derive(Debug, Clone, Copy)]
pub struct Noted<'a> {
    /// Its name. It need not be here.
    pub commit: &'a Oid,
    /// As its note says, if it does.
    pub authored: Option<i64>,
}

/// What is known of the history around the commits that are looked at.
pub struct Kinship<'r> {
    repo: &'r Repo,
    /// The oldest prompt of all notes: older history tells nothing.
    since: i64,
    history: Option<History>,
    reflogs: Option<HashMap<i64, Vec<Oid>>>,
    plain: Option<HashSet<Oid>>,
    telling: HashMap<Oid, Rc<HashSet<u64>>>,
}

/// An older version of the commit that is looked at.
pub struct Version {
    /// Its name.
    pub oid: Oid,
    /// When it was made, seconds since 1970.
    pub time: i64,
    /// On which commits.
    pub parents: Vec<Oid>,
    /// Fingerprints of its new lines, of those that can be known again.
    pub lines: Rc<HashSet<u64>>,
}

impl<'r> Kinship<'r> {
    /// Nothing is read yet.
    pub fn new(repo: &'r Repo, since: i64) -> Self {
        Self { repo, since, history: None, reflogs: None, plain: None, telling: HashMap::new() }
    }

    /// How a commit is related to the one that is looked at; `None` where it was made on top of it,
    /// and may have its lines from there.
    pub fn of(&mut self, wanted: &Wanted<'_>, noted: Noted<'_>) -> Result<Option<Kin>, GitError> {
        let Noted { commit, authored } = noted;
        if wanted.predecessors.contains(commit) {
            return Ok(Some(Kin::Same));
        }
        let again = authored == Some(wanted.commit.authored) && self.is_made_again(wanted);
        let history = self.history(wanted.oid)?;
        if history.is_below(commit, wanted.oid) {
            return Ok(Some(Kin::Below));
        }
        let listed = history.places.contains_key(commit);
        if !listed && let Some(at) = authored {
            if again {
                return Ok(Some(Kin::Same));
            }
            if history.versions(at).iter().any(|version| history.is_below(version, wanted.oid)) {
                return Ok(Some(Kin::Below));
            }
        }
        // What was written before the commit was made is not from there.
        let young = authored.is_some_and(|at| at + SKEW >= wanted.commit.time);
        if young && self.repo.stands_on(commit, wanted.oid)? {
            return Ok(None);
        }
        Ok(Some(if listed { Kin::Below } else { Kin::Aside }))
    }

    /// Whether the commit may have been made from another one of the same author's time. What was
    /// simply committed here was not: somebody else committed in the same second.
    fn is_made_again(&mut self, wanted: &Wanted<'_>) -> bool {
        if wanted.commit.time != wanted.commit.authored {
            return true;
        }
        let repo = self.repo;
        let plain = self.plain.get_or_insert_with(|| {
            let moves = repo.head_moves(MOVES).into_iter();
            moves.filter(Move::commits_plainly).map(|made| made.to).collect()
        });
        !plain.contains(wanted.oid)
    }

    /// Lines that commits have which were made from the one of a note: the commit that is looked at,
    /// which is none of them, does not have them from there.
    pub fn spent(
        &mut self,
        wanted: &Wanted<'_>,
        noted: Noted<'_>,
    ) -> Result<Vec<Rc<HashSet<u64>>>, GitError> {
        let history = self.history(wanted.oid)?;
        let versions = noted.authored.map_or(&[][..], |at| history.versions(at)).to_vec();
        versions.iter().map(|version| self.telling(version)).collect()
    }

    /// Older versions of the commit that is looked at, as far as a branch was on them or these
    /// commits, which are not of its history, stand on them.
    pub fn versions(
        &mut self,
        wanted: &Wanted<'_>,
        aside: &[&Oid],
    ) -> Result<Vec<Version>, GitError> {
        let authored = wanted.commit.authored;
        // What was never made again has none.
        if authored == wanted.commit.time && wanted.predecessors.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = self.repo.written_at(authored, aside, wanted.oid)?;
        found.extend(self.moves(authored).iter().chain(wanted.predecessors).cloned());
        found.retain(|oid| oid != wanted.oid);
        found.sort();
        found.dedup();
        let mut versions = Vec::new();
        for oid in found {
            if let Ok(Commit { time, parents, .. }) = self.repo.commit(&oid) {
                versions.push(Version { lines: self.telling(&oid)?, oid, time, parents });
            }
        }
        Ok(versions)
    }

    /// The commits on which these older versions of the commit that is looked at were made.
    pub fn bases(&self, wanted: &Wanted<'_>, versions: &[Version]) -> BTreeSet<Oid> {
        let parents = versions.iter().flat_map(|version| &version.parents);
        let others = parents.filter(|parent| !wanted.commit.parents.contains(parent));
        others.filter(|parent| self.repo.commit(parent).is_ok()).cloned().collect()
    }

    fn moves(&mut self, authored: i64) -> &[Oid] {
        let repo = self.repo;
        let reflogs = self.reflogs.get_or_insert_with(|| {
            let mut moves: HashMap<i64, Vec<Oid>> = HashMap::new();
            for (oid, at) in repo.reflogs(MOVES) {
                moves.entry(at).or_default().push(oid);
            }
            moves
        });
        reflogs.get(&authored).map_or(&[], Vec::as_slice)
    }

    /// The new lines of a commit that can be known again.
    fn telling(&mut self, oid: &Oid) -> Result<Rc<HashSet<u64>>, GitError> {
        if let Some(known) = self.telling.get(oid) {
            return Ok(known.clone());
        }
        let targets = targets(self.repo, &self.repo.commit(oid)?)?;
        let files: Vec<File<'_>> = targets.iter().filter_map(|file| File::of(file, &[])).collect();
        let lines = Rc::new(files.iter().flat_map(File::telling).collect());
        self.telling.insert(oid.clone(), Rc::clone(&lines));
        Ok(lines)
    }

    /// The history of HEAD, where the commit is in it, else the commit's own; as far back as there
    /// are notes.
    fn history(&mut self, of: &Oid) -> Result<&History, GitError> {
        let holds = |history: &History| history.places.contains_key(of);
        let mut known = self.history.take().filter(holds);
        if known.is_none()
            && let Some(head) = self.repo.head()?
        {
            known = Some(self.repo.history(&head, self.since)?).filter(holds);
        }
        let history = match known {
            Some(known) => known,
            None => self.repo.history(of, self.since)?,
        };
        Ok(self.history.insert(history))
    }
}
