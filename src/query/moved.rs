//! Lines that a commit takes from one place and puts at another, re-indents, or brings back with a
//! file that was deleted or by reverting a revert: whose they were, git's blame of the commit before
//! says.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsString;
use std::ops::Range;

use super::carry::Wanted;
use super::file::File;
use crate::attribution::tokens::{fingerprint, tells};
use crate::git::lines::{self, Space, is_text, split};
use crate::git::objects::{Change, Commit};
use crate::git::target::targets;
use crate::git::{GitError, Repo};
use crate::model::path::os_path;
use crate::model::{Oid, RepoPath};

/// More lines are not followed: whole folders that are gone.
const MAX_LINES: usize = 20_000;
/// So many files are blamed at most.
const MAX_FILES: usize = 20;
/// So many new files are looked for among the deleted ones at most.
const MAX_DELETED: usize = 5;
/// So many telling lines that come together have been moved.
const TOGETHER: usize = 2;

/// A line that a commit took away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// Its file.
    pub path: RepoPath,
    /// Its place there, from 0.
    pub line: usize,
    /// Its fingerprint.
    pub print: u64,
    /// Whether it can be known again.
    pub tells: bool,
    /// The file, and the lines that stand in its place there, from 0.
    pub place: (RepoPath, Range<usize>),
}

impl Removed {
    fn of(path: &RepoPath, (line, text): (usize, &[u8]), place: (RepoPath, Range<usize>)) -> Self {
        let (print, tells) = (fingerprint(text), tells(text));
        Self { path: path.clone(), line, print, tells, place }
    }
}

/// Where a line comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The commit that wrote it.
    pub commit: Oid,
    /// Its file there.
    pub path: RepoPath,
    /// The line there, from 1.
    pub line: u32,
}

/// A file's number, and a line from 0.
type At = (usize, usize);

/// Where lines of these files of a commit, by the file's number and the line from 0, stood before:
/// those that one of these fingerprints is of, and their neighbours.
pub fn places(
    repo: &Repo,
    wanted: &Wanted<'_>,
    files: &[File<'_>],
    prints: &HashSet<u64>,
) -> Result<BTreeMap<At, Place>, GitError> {
    let asked: Vec<&File<'_>> =
        files.iter().filter(|file| file.telling().any(|print| prints.contains(&print))).collect();
    let mut found = BTreeMap::new();
    if asked.is_empty() {
        return Ok(found);
    }
    let mut gone = replaced(repo, wanted.commit)?;
    gone.extend(deleted(repo, wanted, &asked)?);
    let texts: Vec<Vec<u64>> = files.iter().map(File::prints).collect();
    let into = files.iter().zip(&texts);
    let into: Vec<Into<'_>> =
        into.map(|(file, prints)| Into { path: file.path, prints, free: &file.free }).collect();
    for Gone { from, to, back } in gone {
        let Ok(had) = repo.commit(&from) else {
            continue; // beyond the edge of a shallow clone
        };
        let removed = removed(repo, &had.tree, &to)?;
        let pairs = pairs(&removed, &into, prints, back).into_iter();
        let lines = pairs.map(|(to, at)| {
            let Removed { path, line, .. } = &removed[at];
            ((path.clone(), *line), to)
        });
        for (to, place) in blamed(repo, &from, lines.collect())? {
            found.entry(to).or_insert(place);
        }
    }
    Ok(found)
}

/// Where lines of these files stood in a commit on which an older version of theirs was made, those
/// that one of these fingerprints is of, and their neighbours: a conflict brought them back.
pub fn stood(
    repo: &Repo,
    base: &Oid,
    files: &[File<'_>],
    prints: &HashSet<u64>,
) -> Result<Vec<(At, Place)>, GitError> {
    let mut asked = Vec::new();
    for (number, file) in files.iter().enumerate() {
        if !file.telling().any(|print| prints.contains(&print)) {
            continue;
        }
        let text = repo.text_in(base, file.path)?.filter(|text| is_text(text)).unwrap_or_default();
        let place = (file.path.clone(), 0..0);
        let lines = split(&text).into_iter().enumerate();
        let had = lines.map(|line| Removed::of(file.path, line, place.clone()));
        let into = Into { path: file.path, prints: &file.prints(), free: &file.free };
        let pairs = pairs(&had.collect::<Vec<_>>(), &[into], prints, true);
        asked
            .extend(pairs.into_iter().map(|((_, to), at)| ((file.path.clone(), at), (number, to))));
    }
    blamed(repo, base, asked)
}

/// The same for all lines of one file of a commit, by the line from 0.
pub fn into(
    repo: &Repo,
    oid: &Oid,
    commit: &Commit,
    path: &RepoPath,
) -> Result<HashMap<usize, Place>, GitError> {
    let mut targets = targets(repo, commit)?;
    targets.retain(|target| target.path == *path);
    let wanted = Wanted { oid, commit, targets: &targets, taken: &[], predecessors: &[] };
    let files: Vec<File<'_>> = targets.iter().filter_map(|file| File::of(file, &[])).collect();
    let prints = files.iter().flat_map(File::telling).collect();
    let places = places(repo, &wanted, &files, &prints)?;
    Ok(places.into_iter().map(|((_, line), place)| (line, place)).collect())
}

/// Where lines went away.
struct Gone {
    /// The commit that had them.
    from: Oid,
    /// A tree that has not.
    to: Oid,
    /// Whether they came back later.
    back: bool,
}

/// What the commit itself took away, and what the one took away that it reverts, in the words of
/// `git revert`.
fn replaced(repo: &Repo, commit: &Commit) -> Result<Vec<Gone>, GitError> {
    let mut gone = Vec::new();
    if let [parent] = commit.parents.as_slice() {
        gone.push(Gone { from: parent.clone(), to: commit.tree.clone(), back: false });
    }
    let named = commit.message.split("This reverts commit ").nth(1);
    let digits = named.map(|text| text.split(|c: char| !c.is_ascii_hexdigit()).next());
    let reverted = digits.flatten().filter(|digits| matches!(digits.len(), 40 | 64));
    if let Some(reverted) = reverted.and_then(|oid| repo.commit(&Oid(oid.to_owned())).ok())
        && let [parent] = reverted.parents.as_slice()
    {
        gone.push(Gone { from: parent.clone(), to: reverted.tree, back: true });
    }
    Ok(gone)
}

/// What the commits took away that deleted these files, where they are new.
fn deleted(repo: &Repo, wanted: &Wanted<'_>, files: &[&File<'_>]) -> Result<Vec<Gone>, GitError> {
    let mut gone = Vec::new();
    let [parent] = wanted.commit.parents.as_slice() else {
        return Ok(gone);
    };
    let is_new = |file: &&&File<'_>| {
        let target = wanted.targets.iter().find(|target| target.path == *file.path);
        target.is_some_and(|target| target.bases.is_empty())
    };
    for file in files.iter().filter(is_new).take(MAX_DELETED) {
        let Some(last) = repo.last_changes(parent, &[file.path], 1)?.pop() else {
            continue;
        };
        let last = repo.commit(&last)?;
        if let [before] = last.parents.as_slice() {
            gone.push(Gone { from: before.clone(), to: last.tree, back: true });
        }
    }
    gone.dedup_by(|a, b| a.from == b.from && a.to == b.to);
    Ok(gone)
}

/// The lines that the second of two trees has no more where they were.
pub fn removed(repo: &Repo, old: &Oid, new: &Oid) -> Result<Vec<Removed>, GitError> {
    let mut found = Vec::new();
    for Change { old, new } in repo.changes(Some(old), new)? {
        let Some((path, oid)) = old else {
            continue;
        };
        let text = repo.blob(&oid)?.unwrap_or_default();
        let (there, now) = match new {
            Some((path, oid)) => (path, repo.blob(&oid)?.unwrap_or_default()),
            None => (path.clone(), Vec::new()),
        };
        if !is_text(&text) {
            continue;
        }
        let lines = split(&text);
        for edit in lines::diff(&text, &now, Space::Counts) {
            let place = (there.clone(), edit.new.clone());
            let gone = edit.old.clone().map(|line| (line, lines[line]));
            found.extend(gone.map(|line| Removed::of(&path, line, place.clone())));
        }
        if found.len() > MAX_LINES {
            return Ok(Vec::new());
        }
    }
    Ok(found)
}

/// A file that lines may have come into.
#[derive(Debug)]
pub struct Into<'a> {
    /// Its path.
    pub path: &'a RepoPath,
    /// Fingerprints of its lines.
    pub prints: &'a [u64],
    /// Which of them are new and have no owner.
    pub free: &'a [bool],
}

/// Pairs of a file's number and line with the removed line that it was. Where a line is there more
/// often than it was removed, or was removed from several other files, nobody can say which one it
/// was. One line is enough where it stands in the place of the one that was removed (`back`: or in
/// its file); from elsewhere two telling lines must come together.
pub fn pairs(
    removed: &[Removed],
    files: &[Into<'_>],
    wanted: &HashSet<u64>,
    back: bool,
) -> Vec<Pair> {
    let mut places: HashMap<u64, Vec<(usize, usize)>> = HashMap::new();
    for (number, file) in files.iter().enumerate() {
        for (line, print) in file.prints.iter().enumerate().filter(|(line, _)| file.free[*line]) {
            if wanted.contains(print) {
                places.entry(*print).or_default().push((number, line));
            }
        }
    }
    let mut sources: HashMap<u64, Vec<usize>> = HashMap::new();
    for (at, line) in removed.iter().enumerate().filter(|(_, line)| line.tells) {
        if places.contains_key(&line.print) {
            sources.entry(line.print).or_default().push(at);
        }
    }
    let mut pairs: HashMap<(usize, usize), usize> = HashMap::new();
    for (print, mut sources) in sources {
        let places = &places[&print];
        if places.len() > sources.len() {
            continue;
        }
        // What stayed in its file first, then in order; of several other files it may be any.
        for &(number, line) in places {
            let own = |at: &usize| removed[*at].path == *files[number].path;
            let path = |at: &usize| &removed[*at].path;
            let others = || sources.iter().all(|at| path(at) == path(&sources[0])).then_some(0);
            if let Some(at) = sources.iter().position(own).or_else(others) {
                pairs.insert((number, line), sources.remove(at));
            }
        }
    }
    let known: Vec<_> = pairs.iter().map(|(place, at)| (*place, *at)).collect();
    for (place, at) in known {
        extend(removed, files, &mut pairs, place, at, 1);
        extend(removed, files, &mut pairs, place, at, -1);
    }
    let mut pairs: Vec<_> = pairs.into_iter().collect();
    pairs.sort_unstable();
    let stays = |run: &[Pair]| {
        let telling = run.iter().filter(|(_, at)| removed[*at].tells).count();
        run.iter().any(|((number, line), at)| {
            let (path, lines) = &removed[*at].place;
            path == files[*number].path && (back || lines.contains(line))
        }) || telling >= TOGETHER
    };
    let together =
        |(a, from): &Pair, (b, to): &Pair| a.0 == b.0 && a.1 + 1 == b.1 && from + 1 == *to;
    pairs.chunk_by(together).filter(|run| stays(run)).flatten().copied().collect()
}

/// A line of a file, by the file's number, and the removed line that it was.
type Pair = ((usize, usize), usize);

/// Neighbours that left together and came together.
fn extend(
    removed: &[Removed],
    files: &[Into<'_>],
    pairs: &mut HashMap<(usize, usize), usize>,
    (number, mut line): (usize, usize),
    mut at: usize,
    step: isize,
) {
    let file = &files[number];
    loop {
        let (Some(next), Some(source)) =
            (line.checked_add_signed(step), at.checked_add_signed(step))
        else {
            return;
        };
        let (Some(from), Some(was)) = (removed.get(source), removed.get(at)) else {
            return;
        };
        let near = from.path == was.path && was.line.checked_add_signed(step) == Some(from.line);
        let same = near && file.prints.get(next) == Some(&from.print) && file.free[next];
        if !same || pairs.contains_key(&(number, next)) {
            return;
        }
        pairs.insert((number, next), source);
        (line, at) = (next, source);
    }
}

/// Lines of a commit's files, each from 0, and what each is asked for.
pub type Asked<T> = Vec<((RepoPath, usize), T)>;

/// Who wrote these lines of a commit: git's blame, a file at a time.
pub fn blamed<T>(
    repo: &Repo,
    commit: &Oid,
    mut asked: Asked<T>,
) -> Result<Vec<(T, Place)>, GitError> {
    asked.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut places = HashMap::new();
    for file in asked.chunk_by(|((a, _), _), ((b, _), _)| a == b).take(MAX_FILES) {
        let path = &file[0].0.0;
        // A line that was indented otherwise, or moved before, is still its writer's.
        let mut args: Vec<OsString> = vec!["-w".into(), "-C".into()];
        for run in file.chunk_by(|((_, a), _), ((_, b), _)| a == b || a + 1 == *b) {
            let (((_, first), _), ((_, last), _)) = (&run[0], &run[run.len() - 1]);
            args.extend(["-L".into(), format!("{},{}", first + 1, last + 1).into()]);
        }
        args.extend([commit.as_str().into(), "--".into()]);
        let file = os_path(path.as_bytes());
        args.push(repo.work_tree().map(|top| top.join(&file)).unwrap_or(file).into());
        let blame = repo.blame(&args)?;
        for line in blame.lines {
            let there = blame.sources[line.source].path.clone().unwrap_or_else(|| path.clone());
            let place = Place { commit: line.commit, path: there, line: line.orig_line };
            places.insert((path.clone(), (line.line as usize).saturating_sub(1)), place);
        }
    }
    let known = |(at, what)| Some((what, Place::clone(places.get(&at)?)));
    Ok(asked.into_iter().filter_map(known).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prints(text: &str) -> Vec<u64> {
        split(text.as_bytes()).iter().map(|line| fingerprint(line)).collect()
    }

    fn left(name: &str, text: &str) -> Vec<Removed> {
        let lines = split(text.as_bytes()).into_iter().enumerate();
        lines
            .map(|(line, text)| Removed {
                path: name.into(),
                line,
                print: fingerprint(text),
                tells: tells(text),
                place: (name.into(), 0..100),
            })
            .collect()
    }

    fn found(removed: &[Removed], text: &str) -> Vec<(usize, usize)> {
        let (path, prints) = (RepoPath::from("b.py"), prints(text));
        let free = vec![true; prints.len()];
        let into = Into { path: &path, prints: &prints, free: &free };
        let wanted = removed.iter().map(|line| line.print).collect();
        pairs(removed, &[into], &wanted, false)
            .into_iter()
            .map(|((_, line), at)| (line, at))
            .collect()
    }

    #[test]
    fn one_line_from_another_file_may_be_the_typists() {
        let one = left("a.py", "total_of_all_items = 1\n");
        assert_eq!(found(&one, "total_of_all_items = 1\n"), []);
        let two = left("a.py", "total_of_all_items = 1\n}\nand_another_thing = 2\n");
        let text = "total_of_all_items = 1\n}\nand_another_thing = 2\n";
        assert_eq!(found(&two, text), [(0, 0), (1, 1), (2, 2)]);
    }

    #[test]
    fn a_line_that_left_and_came_is_one_with_its_neighbours() {
        let removed = left("b.py", "{\ntotal_of_all_items = 1\n}\nand_another_thing = 2\n");
        assert_eq!(
            found(&removed, "x\n{\n  total_of_all_items = 1\n}\n}\n"),
            [(1, 0), (2, 1), (3, 2)]
        );
    }

    #[test]
    fn a_line_that_came_more_often_is_nobodys() {
        let removed = left("b.py", "total_of_all_items = 1\n");
        assert_eq!(found(&removed, "total_of_all_items = 1\ntotal_of_all_items = 1\n"), []);
    }

    #[test]
    fn of_two_that_left_the_one_of_the_same_file_stayed() {
        let mut removed = left("a.py", "total_of_all_items = 1\n");
        removed.extend(left("b.py", "total_of_all_items = 1\n"));
        assert_eq!(found(&removed, "total_of_all_items = 1\n"), [(0, 1)]);
    }
}
