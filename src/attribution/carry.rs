//! Agent-written text, found again in the lines that a commit adds and nobody is known to own.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use super::tokens::{fingerprint, tells};
use crate::model::RepoPath;
use crate::model::note::Note;

/// How many lines that tell something must come back for an agent to be known by them.
pub const TELLING: usize = 3;

/// How many places that hold the same line are compared.
const SEEDS: usize = 64;

/// How the commit of a note is related to the one whose lines are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kin {
    /// The commit was made from it: one line is enough.
    Same,
    /// It is not in the commit's history, so the commit may have been made from it: known by most
    /// of its lines coming back to their files.
    Aside,
    /// It is in the commit's history, and has its lines there already.
    Below,
}

/// Lines that agents wrote one after the other in one file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Run {
    /// The file.
    pub path: RepoPath,
    /// When the youngest of them was asked for, seconds since 1970: no text is older.
    pub since: i64,
    /// When their commit was written, seconds since 1970.
    pub made: i64,
    /// The note it stands in: a number of the caller's.
    pub note: usize,
    /// That note's commit.
    pub kin: Kin,
    /// Fingerprint of each line, and whose it is: a number of the caller's.
    pub lines: Vec<(u64, usize)>,
}

/// All runs that may matter.
#[derive(Debug, Default)]
pub struct Pool {
    runs: Vec<Run>,
    index: HashMap<u64, Vec<(usize, usize)>>,
    /// What each note has of the lines of its commit that are no agent's: [`Note::others`].
    pub others: HashMap<usize, Vec<u32>>,
}

/// A file of the commit.
#[derive(Debug, Clone, Copy)]
pub struct New<'a> {
    /// Its path.
    pub path: &'a RepoPath,
    /// Its lines.
    pub lines: &'a [&'a [u8]],
    /// Which of them are new and without an owner.
    pub free: &'a [bool],
    /// Since when an older version of the commit has each, seconds since 1970, the largest number
    /// where none is known to have it, and the smallest where its note says that it is a person's;
    /// empty where nothing is known of any.
    pub since: &'a [i64],
    /// The same of where they stood before the commit moved them.
    pub stood: &'a [i64],
}

/// Whose a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The owner, as the pool names it.
    pub owner: usize,
    /// Whether it is certain; else it may be a person's who wrote the same.
    pub sure: bool,
}

/// Where the text of each run stands.
type Places = BTreeMap<usize, Vec<Match>>;

/// A run of the pool that stands in a file.
#[derive(Debug, Clone, Copy)]
struct Match {
    file: usize,
    run: usize,
    from: usize,
    to: usize,
    length: usize,
}

impl Match {
    /// The file, and where the run begins or would begin in it.
    fn place(&self) -> (usize, isize) {
        (self.file, self.to.cast_signed() - self.from.cast_signed())
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.from < other.from + other.length && other.from < self.from + self.length
    }
}

/// How good a match is: its length, how alike the paths are, how near the commit.
type Worth = (usize, usize, Reverse<Kin>);

/// A file while its lines are looked for.
struct File<'a> {
    path: &'a RepoPath,
    free: &'a [bool],
    since: &'a [i64],
    stood: &'a [i64],
    prints: Vec<u64>,
    telling: Vec<bool>,
    found: Vec<Option<Found>>,
}

impl<'a> File<'a> {
    fn of(new: &New<'a>) -> Self {
        Self {
            path: new.path,
            free: new.free,
            since: new.since,
            stood: new.stood,
            prints: new.lines.iter().map(|line| fingerprint(line)).collect(),
            telling: new.lines.iter().map(|line| tells(line)).collect(),
            found: vec![None; new.lines.len()],
        }
    }

    fn is_open(&self, at: usize) -> bool {
        self.free[at] && self.found[at].is_none()
    }

    /// Whether this open line can be from a run: not where it was there before the run's own commit
    /// was written, as when an agent copied it; nor where it stood elsewhere before, unless it is
    /// that commit which put it here.
    fn takes(&self, at: usize, run: &Run) -> bool {
        let older = |since: &[i64]| since.get(at).is_some_and(|since| *since <= run.made);
        let put_here = run.kin == Kin::Aside && run.path == *self.path;
        let earlier = older(self.since) || (older(self.stood) && !put_here);
        let persons = self.since.get(at) == Some(&i64::MIN);
        self.is_open(at) && !persons && (run.kin == Kin::Same || !earlier)
    }

    /// Where this telling line is new.
    fn places(&self, print: u64) -> Vec<usize> {
        let new = |at: &usize| self.free[*at] && self.telling[*at] && self.prints[*at] == print;
        (0..self.prints.len()).filter(new).collect()
    }
}

impl Pool {
    /// Adds a run. Of equal ones the first that was added is taken.
    pub fn push(&mut self, run: Run) {
        for (place, (print, _)) in run.lines.iter().enumerate() {
            self.index.entry(*print).or_default().push((self.runs.len(), place));
        }
        self.runs.push(run);
    }

    /// Whose the new lines of a commit of this time are; `None` for those that nobody is known to
    /// own.
    ///
    /// A run counts with three telling lines in order, white space folded: whoever types a line
    /// that an agent once wrote, too, keeps it. Fewer count where the commit was made from the
    /// run's own.
    pub fn carry(&self, time: i64, news: &[New<'_>]) -> Vec<Vec<Option<Found>>> {
        let mut files: Vec<File<'_>> = news.iter().map(File::of).collect();
        let young = |run: &Run| run.since <= time;
        let mut places = Places::default();
        self.whole(&mut files, &mut places, &|run| young(run) && run.kin == Kin::Same);
        for places in self.notes(|run| young(run) && run.kin == Kin::Same).into_values() {
            self.singles(&mut files, &places, true);
        }
        self.whole(&mut files, &mut places, &young);
        let mut identified = Vec::new();
        let mut came_back = HashSet::new();
        for (note, places) in self.notes(|run| young(run) && run.kin == Kin::Aside) {
            if let Some(lines) = self.most(&files, &places) {
                let known = lines.len() + self.others_back(&files, note) >= TELLING;
                came_back.extend(lines);
                identified.push((places, known));
            }
        }
        for (places, known) in identified {
            self.singles(&mut files, &places, known || came_back.len() >= TELLING);
        }
        for found in places.into_values().flatten() {
            self.give(&mut files[found.file], &found, false);
        }
        files.into_iter().map(|file| file.found).collect()
    }

    /// The runs of each note.
    fn notes(&self, admits: impl Fn(&Run) -> bool) -> BTreeMap<usize, Vec<usize>> {
        let mut notes: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (at, run) in self.runs.iter().enumerate().filter(|(_, run)| admits(run)) {
            notes.entry(run.note).or_default().push(at);
        }
        notes
    }

    /// Gives runs with three telling lines their owners, the longest first, where it is certain
    /// that the text is theirs.
    fn whole(&self, files: &mut [File<'_>], places: &mut Places, admits: &dyn Fn(&Run) -> bool) {
        let mut matches: Vec<Match> = Vec::new();
        for (number, file) in files.iter().enumerate() {
            let mut at = 0;
            while at < file.prints.len() {
                let seeds = file.telling[at] && file.is_open(at);
                let best = seeds.then(|| self.longest(file, at, admits)).flatten();
                at = best.map_or(at + 1, |best| best.to + best.length);
                matches.extend(best.map(|best| Match { file: number, ..best }));
            }
        }
        // A longer run may have some of a file's lines: the text is there all the same.
        matches.retain(|found| {
            let telling = &files[found.file].telling[found.to..found.to + found.length];
            telling.iter().filter(|tells| **tells).count() >= TELLING
        });
        for found in &matches {
            places.entry(found.run).or_default().push(*found);
        }
        matches.sort_by_key(|found| Reverse(found.length));
        for found in &matches {
            if self.is_own(files, &places[&found.run], found) {
                self.give(&mut files[found.file], found, true);
            }
        }
    }

    /// Whether the text is the run's and not one that a person wrote before: a commit that is made
    /// from the run's own has it as often as that one, and in its file first.
    fn is_own(&self, files: &[File<'_>], places: &[Match], found: &Match) -> bool {
        let run = &self.runs[found.run];
        if run.kin == Kin::Below {
            return true;
        }
        let home = |file: usize| *files[file].path == run.path;
        let rivals = places.iter().filter(|other| other.overlaps(found));
        let all: HashSet<_> = rivals.map(Match::place).collect();
        let at_home = all.iter().filter(|(file, _)| home(*file)).count();
        let written = self.written(found);
        all.len() <= written || (home(found.file) && at_home <= written)
    }

    /// How often notes have the matched text in the run's file, those of versions of one commit
    /// once.
    fn written(&self, found: &Match) -> usize {
        let run = &self.runs[found.run];
        let print = |(print, _): &(u64, usize)| *print;
        let text = || run.lines[found.from..found.from + found.length].iter().map(print);
        let starts = text().next().and_then(|first| self.index.get(&first)).into_iter().flatten();
        let mut times: BTreeMap<(i64, usize), usize> = BTreeMap::new();
        for (number, from) in starts.take(SEEDS) {
            let other = &self.runs[*number];
            let lines = other.lines.get(*from..*from + found.length);
            let same = lines.is_some_and(|lines| lines.iter().map(print).eq(text()));
            if same && other.path == run.path {
                *times.entry((other.made, other.note)).or_default() += 1;
            }
        }
        let mut versions: BTreeMap<i64, usize> = BTreeMap::new();
        for ((made, _), times) in times {
            let most = versions.entry(made).or_default();
            *most = times.max(*most);
        }
        versions.values().sum()
    }

    fn give(&self, file: &mut File<'_>, found: &Match, sure: bool) {
        for n in 0..found.length {
            let owner = self.runs[found.run].lines[found.from + n].1;
            file.found[found.to + n].get_or_insert(Found { owner, sure });
        }
    }

    /// The longest run around this line; of two the one whose path ends the most like the file's,
    /// as where a folder was renamed, then the nearer kin, then the first.
    fn longest(&self, file: &File<'_>, at: usize, admits: &dyn Fn(&Run) -> bool) -> Option<Match> {
        let mut best: Option<(Worth, Match)> = None;
        let seeds = self.index.get(&file.prints[at])?.iter();
        let seeds = seeds.filter(|(run, _)| {
            let run = &self.runs[*run];
            admits(run) && file.takes(at, run)
        });
        for &(number, from) in seeds.take(SEEDS) {
            let run = &self.runs[number];
            let part = around(file, run, at, from);
            let start = from - (at - part.start);
            let length = part.len();
            let worth = (length, alike(&run.path, file.path), Reverse(run.kin));
            if best.as_ref().is_none_or(|(known, _)| worth > *known) {
                let found = Match { file: 0, run: number, from: start, to: part.start, length };
                best = Some((worth, found));
            }
        }
        best.map(|(_, found)| found)
    }

    /// The telling lines of a note that came back to their files, if they are most of its lines.
    fn most(&self, files: &[File<'_>], runs: &[usize]) -> Option<HashSet<u64>> {
        let (mut all, mut back, mut telling) = (HashSet::new(), HashSet::new(), HashSet::new());
        for run in runs.iter().map(|run| &self.runs[*run]) {
            let prints = || run.lines.iter().map(|(print, _)| *print);
            all.extend(prints());
            for file in files.iter().filter(|file| *file.path == run.path) {
                let wanted: HashSet<u64> = prints().collect();
                for (at, print) in file.prints.iter().enumerate() {
                    if file.free[at] && wanted.contains(print) {
                        back.insert(*print);
                        if file.telling[at] {
                            telling.insert(*print);
                        }
                    }
                }
            }
        }
        (back.len() * 2 > all.len() && !telling.is_empty()).then_some(telling)
    }

    /// How many of the lines that the note's commit added beside its agents' are new here, too; none
    /// where most of them are not.
    fn others_back(&self, files: &[File<'_>], note: usize) -> usize {
        let Some(others) = self.others.get(&note).filter(|others| !others.is_empty()) else {
            return 0;
        };
        let lines = files.iter().flat_map(|file| file.prints.iter().zip(file.free));
        let new: HashSet<u32> =
            lines.filter(|(_, free)| **free).map(|(print, _)| Note::half(*print)).collect();
        let back = others.iter().filter(|half| new.contains(half)).count();
        if back * 2 > others.len() { back } else { 0 }
    }

    /// Gives single lines of one note their owners, with the neighbours that came along. A line
    /// that is new more often than the note has it says nothing.
    fn singles(&self, files: &mut [File<'_>], runs: &[usize], sure: bool) {
        let mut lines: BTreeMap<(&RepoPath, u64), Vec<(usize, usize)>> = BTreeMap::new();
        for &run in runs {
            let Run { path, lines: prints, .. } = &self.runs[run];
            for (place, (print, _)) in prints.iter().enumerate() {
                lines.entry((path, *print)).or_default().push((run, place));
            }
        }
        let named: Vec<RepoPath> = files.iter().map(|file| file.path.clone()).collect();
        for ((path, print), from) in lines {
            for file in &mut *files {
                let moved = self.runs[from[0].0].kin == Kin::Same && !named.contains(path);
                if *file.path != *path && !moved {
                    continue;
                }
                let places = file.places(print);
                if places.len() != from.len() {
                    continue;
                }
                for (at, (run, place)) in places.into_iter().zip(&from) {
                    let run = &self.runs[*run];
                    if file.takes(at, run) {
                        for to in around(file, run, at, *place) {
                            let owner = run.lines[place + to - at].1;
                            file.found[to] = Some(Found { owner, sure });
                        }
                    }
                }
            }
        }
    }
}

/// How alike two paths are: names at their ends that they share, and most where they are the same.
fn alike(a: &RepoPath, b: &RepoPath) -> usize {
    if a == b {
        return usize::MAX;
    }
    let slash = |byte: &u8| *byte == b'/';
    let names = a.as_bytes().rsplit(slash).zip(b.as_bytes().rsplit(slash));
    names.take_while(|(a, b)| a == b).count()
}

/// The open lines around this one that are the run's, too, which has this one at `from`.
fn around(file: &File<'_>, run: &Run, at: usize, from: usize) -> Range<usize> {
    let same = |to: usize, from: usize| file.takes(to, run) && run.lines[from].0 == file.prints[to];
    let before = (0..at).rev().zip((0..from).rev()).take_while(|(to, from)| same(*to, *from));
    let start = at - before.count();
    let after = (at..file.prints.len()).zip(from..run.lines.len());
    start..at + after.take_while(|(to, from)| same(*to, *from)).count()
}

#[cfg(test)]
mod tests;
