//! Lines that a commit has from elsewhere, as a copy: where the text stood before. An agent may have
//! copied a person's lines earlier, and then nobody can say from which of the two these come.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use super::carry::Wanted;
use super::file::File;
use super::known::Known;
use super::moved::{Asked, Place, blamed};
use crate::attribution::carry::{Found, Kin, TELLING};
use crate::attribution::tokens::{fingerprint, tells};
use crate::git::lines::{is_text, split};
use crate::git::objects::Commit;
use crate::git::{GitError, Repo};
use crate::model::note::Note;
use crate::model::{Oid, RepoPath};

/// So many files of a tree are read at most, those of the same kind first.
const MAX_FILES: usize = 5_000;
/// In so many commits the text is looked for at most, and in so many older states of a file.
const MAX_COMMITS: usize = 4;
const MAX_STATES: usize = 4;

/// So many lines are kept at most.
const MAX_LINES: usize = 5_000_000;

/// The lines of files that can be known again, kept for the next commit.
#[derive(Default)]
pub struct Texts {
    files: HashMap<Oid, Rc<[u64]>>,
    lines: usize,
}

/// A file's number, and a line from 0.
type At = (usize, usize);

/// Lines that agents wrote into other files than the commit has them in.
#[derive(Default)]
pub struct Copies<'a> {
    /// By fingerprint.
    lines: HashMap<u64, Vec<At>>,
    /// The agents' commits.
    commits: Vec<&'a Oid>,
    /// Those that stood in another file, too, when an agent's were committed.
    pub beside: Vec<At>,
}

impl<'a> Copies<'a> {
    /// Those among what was found in these files; an owner is a note and one of its hunks.
    pub fn of(
        files: &[File<'_>],
        found: &[Vec<Option<Found>>],
        known: &'a [Known],
        owners: &[(usize, usize)],
    ) -> Self {
        let beside = known.iter().flat_map(|known| known.note.beside.iter().copied());
        let beside: HashSet<u32> = beside.collect();
        let mut copies = Self::default();
        for (number, (file, found)) in files.iter().zip(found).enumerate() {
            for (at, found) in found.iter().enumerate() {
                let Some(Found { owner, sure: true }) = found else {
                    continue;
                };
                let (note, hunk) = owners[*owner];
                let Known { commit, kin, note, .. } = &known[note];
                if *kin == Kin::Same
                    || note.hunks[hunk].path == *file.path
                    || !tells(file.lines[at])
                {
                    continue;
                }
                let print = fingerprint(file.lines[at]);
                if beside.contains(&Note::half(print)) {
                    copies.beside.push((number, at));
                }
                copies.lines.entry(print).or_default().push((number, at));
                if !copies.commits.contains(&commit) {
                    copies.commits.push(commit);
                }
            }
        }
        copies
    }

    /// Where each stood before: in the commits below, in the agents', and in older states of the
    /// files: the agent's commit may be gone, or was made again where they are no more.
    pub fn places(
        &self,
        repo: &Repo,
        wanted: &Wanted<'_>,
        files: &[File<'_>],
        texts: &mut Texts,
    ) -> Result<Vec<(At, Place)>, GitError> {
        let mut found = Vec::new();
        if self.lines.is_empty() {
            return Ok(found);
        }
        let kinds: HashSet<_> = files.iter().map(|file| file.path.extension()).collect();
        let agents = self.commits.iter().copied();
        let mut commits: Vec<Oid> =
            wanted.commit.parents.iter().chain(agents).take(MAX_COMMITS).cloned().collect();
        commits.extend(self.older(repo, wanted, files)?);
        let mut seen = HashSet::new();
        // What the first one has as well is known from there.
        let mut first = None;
        for commit in &commits {
            let read = repo
                .commit(commit)
                .and_then(|Commit { tree, .. }| Ok((repo.files_but(first.as_ref(), &tree)?, tree)));
            let Ok((files, tree)) = read else {
                continue; // not here: beyond the edge of a clone, or gone
            };
            first.get_or_insert(tree);
            let mut lines = Vec::new();
            for file in texts.holding(repo, files, &kinds, &self.lines)? {
                if seen.insert(file.clone()) {
                    lines.extend(self.same(repo, file)?);
                }
            }
            for (same, place) in blamed(repo, commit, lines)? {
                found.extend(same.iter().map(|at| (*at, place.clone())));
            }
        }
        Ok(found)
    }

    /// Those on which the last ones before this were made, and the last ones that changed the files
    /// with these lines: what takes lines away may stand some commits below what brings them back.
    fn older(
        &self,
        repo: &Repo,
        wanted: &Wanted<'_>,
        files: &[File<'_>],
    ) -> Result<Vec<Oid>, GitError> {
        let Some(parent) = wanted.commit.parents.first() else {
            return Ok(Vec::new());
        };
        let files: BTreeSet<&RepoPath> =
            self.lines.values().flatten().map(|(file, _)| files[*file].path).collect();
        let files: Vec<&RepoPath> = files.into_iter().collect();
        let mut older = BTreeSet::new();
        for paths in [&[], files.as_slice()] {
            for commit in repo.last_changes(parent, paths, MAX_STATES)? {
                older.extend(repo.commit(&commit)?.parents);
            }
        }
        Ok(older.into_iter().collect())
    }

    /// The lines of a file that are the same as some of these.
    fn same(&self, repo: &Repo, (path, oid): (RepoPath, Oid)) -> Result<Asked<&[At]>, GitError> {
        let text = repo.blob(&oid)?.unwrap_or_default();
        let lines = split(&text).into_iter().enumerate();
        let same = lines.filter_map(|(at, line)| {
            let same = self.lines.get(&fingerprint(line))?;
            Some(((path.clone(), at), same.as_slice()))
        });
        Ok(same.collect())
    }
}

impl Texts {
    /// Those of these files that hold some of these lines: so many that somebody may be known by
    /// them.
    fn holding(
        &mut self,
        repo: &Repo,
        mut all: Vec<(RepoPath, Oid)>,
        kinds: &HashSet<Option<&[u8]>>,
        wanted: &HashMap<u64, Vec<At>>,
    ) -> Result<Vec<(RepoPath, Oid)>, GitError> {
        all.sort_by_key(|(path, _)| !kinds.contains(&path.extension()));
        let mut holding = Vec::new();
        for (path, oid) in all.into_iter().take(MAX_FILES) {
            let lines = self.lines(repo, &oid)?;
            let same = lines.iter().filter(|print| wanted.contains_key(print));
            if same.take(TELLING).count() == TELLING {
                holding.push((path, oid));
            }
        }
        Ok(holding)
    }

    fn lines(&mut self, repo: &Repo, oid: &Oid) -> Result<Rc<[u64]>, GitError> {
        if let Some(known) = self.files.get(oid) {
            return Ok(known.clone());
        }
        let text = repo.blob(oid)?.filter(|text| is_text(text));
        let text = text.unwrap_or_default();
        let mut lines: Vec<u64> =
            split(&text).into_iter().filter(|line| tells(line)).map(fingerprint).collect();
        lines.sort_unstable();
        lines.dedup();
        if self.lines > MAX_LINES {
            *self = Self::default();
        }
        self.lines += lines.len();
        let lines: Rc<[u64]> = lines.into();
        self.files.insert(oid.clone(), lines.clone());
        Ok(lines)
    }
}
