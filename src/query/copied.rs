//! Lines that a commit has from elsewhere, as a copy: where the text stood before. An agent may have
//! copied a person's lines earlier, and then nobody can say from which of the two these come.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use super::carry::Wanted;
use super::file::File;
use super::known::Known;
use super::moved::{Place, blamed};
use crate::attribution::carry::{Kin, TELLING};
use crate::attribution::tokens::{fingerprint, tells};
use crate::git::lines::{is_binary, split};
use crate::git::{GitError, Repo};
use crate::journal::MAX_TEXT;
use crate::model::{Oid, RepoPath};

/// So many files of a tree are read at most, those of the same kind first.
const MAX_FILES: usize = 5_000;
/// In so many commits the text is looked for at most.
const MAX_COMMITS: usize = 4;

/// So many lines are kept at most.
const MAX_LINES: usize = 5_000_000;

/// The lines of files that can be known again, kept for the next commit.
#[derive(Default)]
pub struct Texts {
    files: HashMap<Oid, Rc<[u64]>>,
    lines: usize,
}

/// Lines of files of a commit, by the file's number and the line from 0, with where each stood
/// before.
pub type Stood = BTreeMap<(usize, usize), Vec<Place>>;

/// Where the lines of these files stood before that agents are known to have written into other
/// files than theirs: in the commits below, and in those of the agents that are in the history.
pub fn places(
    repo: &Repo,
    wanted: &Wanted<'_>,
    files: &[File<'_>],
    known: &[Known],
    texts: &mut Texts,
) -> Result<Stood, GitError> {
    let mut found = Stood::new();
    let asked = asked(files, known);
    if asked.is_empty() {
        return Ok(found);
    }
    let agents = known.iter().filter(|known| known.kin == Kin::Below && known.has(&asked));
    let commits = wanted.commit.parents.iter().chain(agents.map(|known| &known.commit));
    let mut seen = HashSet::new();
    for commit in commits.take(MAX_COMMITS) {
        let mut lines: BTreeMap<RepoPath, Vec<usize>> = BTreeMap::new();
        let mut prints = HashMap::new();
        for (path, oid) in texts.holding(repo, commit, files, &asked)? {
            if !seen.insert((path.clone(), oid.clone())) {
                continue;
            }
            let text = repo.blob(&oid)?.unwrap_or_default();
            for (at, line) in split(&text).into_iter().enumerate() {
                let print = fingerprint(line);
                if asked.contains_key(&print) {
                    lines.entry(path.clone()).or_default().push(at);
                    prints.insert((path.clone(), at), print);
                }
            }
        }
        for (at, place) in blamed(repo, commit, lines)? {
            for to in &asked[&prints[&at]] {
                found.entry(*to).or_default().push(place.clone());
            }
        }
    }
    Ok(found)
}

/// Lines that agents wrote into other files than these, by their fingerprints; not those of which
/// there are too few in a file for anybody to be known by them.
fn asked(files: &[File<'_>], known: &[Known]) -> HashMap<u64, Vec<(usize, usize)>> {
    let mut written: HashMap<u64, HashSet<&RepoPath>> = HashMap::new();
    for known in known.iter().filter(|known| known.kin != Kin::Same) {
        for hunk in known.note.hunks.iter().filter(|hunk| hunk.contributor.is_agents()) {
            for print in &hunk.fingerprints {
                written.entry(*print).or_default().insert(&hunk.path);
            }
        }
    }
    let mut asked: HashMap<u64, Vec<(usize, usize)>> = HashMap::new();
    for (number, file) in files.iter().enumerate() {
        let foreign = |print| written.get(&print).is_some_and(|paths| !paths.contains(file.path));
        let lines = file
            .lines
            .iter()
            .enumerate()
            .filter(|(at, line)| file.free[*at] && file.stood[*at] == i64::MAX && tells(line));
        let lines = lines.map(|(at, line)| (fingerprint(line), at));
        let lines: Vec<_> = lines.filter(|(print, _)| foreign(*print)).collect();
        if lines.len() >= TELLING {
            for (print, at) in lines {
                asked.entry(print).or_default().push((number, at));
            }
        }
    }
    asked
}

impl Texts {
    /// The files of a commit that hold some of these lines: so many that somebody may be known by
    /// them.
    fn holding(
        &mut self,
        repo: &Repo,
        commit: &Oid,
        files: &[File<'_>],
        asked: &HashMap<u64, Vec<(usize, usize)>>,
    ) -> Result<Vec<(RepoPath, Oid)>, GitError> {
        let Ok(commit) = repo.commit(commit) else {
            return Ok(Vec::new()); // beyond the edge of a shallow clone
        };
        let mut all = repo.files(&commit.tree)?;
        let kinds: HashSet<_> = files.iter().map(|file| file.path.extension()).collect();
        all.sort_by_key(|(path, _)| !kinds.contains(&path.extension()));
        let mut holding = Vec::new();
        for (path, oid) in all.into_iter().take(MAX_FILES) {
            let lines = self.lines(repo, &oid)?;
            let same = lines.iter().filter(|print| asked.contains_key(print));
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
        let text = repo.blob(oid)?.filter(|text| text.len() <= MAX_TEXT && !is_binary(text));
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
