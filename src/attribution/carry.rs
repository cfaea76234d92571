//! Agent-written text, found again in the lines that a commit adds and nobody is known to own.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use super::tokens::{fingerprint, tells};
use crate::model::RepoPath;
use crate::model::note::Note;

/// How many lines that tell something must come back for an agent to be known by them.
const TELLING: usize = 3;

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
}

/// Whose a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The owner, as the pool names it.
    pub owner: usize,
    /// Whether it is certain; else it may be a person's who wrote the same.
    pub sure: bool,
}

/// A run of the pool that stands in a file.
#[derive(Debug, Clone, Copy)]
struct Match {
    run: usize,
    from: usize,
    to: usize,
    length: usize,
}

/// How good a match is: its length, how alike the paths are, how near the commit.
type Worth = (usize, usize, Reverse<Kin>);

/// A file while its lines are looked for.
struct File<'a> {
    path: &'a RepoPath,
    free: &'a [bool],
    prints: Vec<u64>,
    telling: Vec<bool>,
    found: Vec<Option<Found>>,
}

impl<'a> File<'a> {
    fn of(new: &New<'a>) -> Self {
        Self {
            path: new.path,
            free: new.free,
            prints: new.lines.iter().map(|line| fingerprint(line)).collect(),
            telling: new.lines.iter().map(|line| tells(line)).collect(),
            found: vec![None; new.lines.len()],
        }
    }

    fn is_open(&self, at: usize) -> bool {
        self.free[at] && self.found[at].is_none()
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
        self.whole(&mut files, &|run| young(run) && run.kin == Kin::Same);
        for places in self.notes(|run| young(run) && run.kin == Kin::Same).into_values() {
            self.singles(&mut files, &places, true);
        }
        self.whole(&mut files, &young);
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

    /// Gives runs with three telling lines their owners, the longest first.
    fn whole(&self, files: &mut [File<'_>], admits: &dyn Fn(&Run) -> bool) {
        for file in files {
            let mut matches: Vec<Match> = Vec::new();
            let mut at = 0;
            while at < file.prints.len() {
                let seeds = file.telling[at] && file.is_open(at);
                let best = seeds.then(|| self.longest(file, at, admits)).flatten();
                at = best.map_or(at + 1, |best| best.to + best.length);
                matches.extend(best);
            }
            matches.sort_by_key(|found| Reverse(found.length));
            for Match { run, from, to, length } in matches {
                // A longer run may have some of them: the text is there all the same.
                if file.telling[to..to + length].iter().filter(|tells| **tells).count() < TELLING {
                    continue;
                }
                for n in 0..length {
                    let owner = self.runs[run].lines[from + n].1;
                    file.found[to + n].get_or_insert(Found { owner, sure: true });
                }
            }
        }
    }

    /// The longest run around this line; of two the one whose path ends the most like the file's,
    /// as where a folder was renamed, then the nearer kin, then the first.
    fn longest(&self, file: &File<'_>, at: usize, admits: &dyn Fn(&Run) -> bool) -> Option<Match> {
        let mut best: Option<(Worth, Match)> = None;
        let seeds = self.index.get(&file.prints[at])?.iter();
        for &(number, from) in seeds.filter(|(run, _)| admits(&self.runs[*run])).take(SEEDS) {
            let run = &self.runs[number];
            let part = around(file, &run.lines, at, from);
            let start = from - (at - part.start);
            let length = part.len();
            let worth = (length, alike(&run.path, file.path), Reverse(run.kin));
            if best.as_ref().is_none_or(|(known, _)| worth > *known) {
                let found = Match { run: number, from: start, to: part.start, length };
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
                    if file.is_open(at) {
                        let lines = &self.runs[*run].lines;
                        for to in around(file, lines, at, *place) {
                            let owner = lines[place + to - at].1;
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
fn around(file: &File<'_>, run: &[(u64, usize)], at: usize, from: usize) -> Range<usize> {
    let same = |to: usize, from: usize| file.is_open(to) && run[from].0 == file.prints[to];
    let before = (0..at).rev().zip((0..from).rev()).take_while(|(to, from)| same(*to, *from));
    let start = at - before.count();
    let after = (at..file.prints.len()).zip(from..run.len());
    start..at + after.take_while(|(to, from)| same(*to, *from)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::lines::split;

    const WORK: &str = "def charge(order):\n    total = order.price * order.count\n    \
                        receipt = gateway.charge(total)\n    return receipt\n";

    fn path(name: &str) -> RepoPath {
        RepoPath::from(name)
    }

    fn pool(kin: Kin, texts: &[(&str, &str)]) -> Pool {
        let mut pool = Pool::default();
        for (owner, (name, text)) in texts.iter().enumerate() {
            let lines = split(text.as_bytes());
            let lines = lines.iter().map(|line| (fingerprint(line), owner)).collect();
            pool.push(Run { path: path(name), since: 100, note: owner, kin, lines });
        }
        pool
    }

    fn found(pool: &Pool, name: &str, time: i64, text: &str) -> Vec<Option<Found>> {
        let lines = split(text.as_bytes());
        let free = vec![true; lines.len()];
        pool.carry(time, &[New { path: &path(name), lines: &lines, free: &free }]).remove(0)
    }

    fn carry(pool: &Pool, name: &str, time: i64, text: &str) -> Vec<Option<usize>> {
        let found = found(pool, name, time, text).into_iter();
        found.map(|found| found.filter(|found| found.sure).map(|found| found.owner)).collect()
    }

    #[test]
    fn a_run_is_found_again_with_other_white_space_between_other_lines() {
        let text =
            format!("import os\n{}a person's own line of code\n", WORK.replace("    ", "\t"));
        let owners = carry(&pool(Kin::Below, &[("a.py", WORK)]), "b.py", 200, &text);
        assert_eq!(owners, [None, Some(0), Some(0), Some(0), Some(0), None]);
    }

    #[test]
    fn lines_that_stand_alone_are_their_typists() {
        let text =
            "    total = order.price * order.count\n    receipt = gateway.charge(total)\n}\n";
        for kin in [Kin::Below, Kin::Aside] {
            let longer = format!("{WORK}    # some more of it\n");
            let pool = pool(kin, &[("a.py", &longer)]);
            assert_eq!(found(&pool, "a.py", 200, text), [None, None, None], "{kin:?}");
        }
    }

    #[test]
    fn text_older_than_the_prompt_is_not_the_agents() {
        assert_eq!(carry(&pool(Kin::Same, &[("a.py", WORK)]), "a.py", 99, WORK), [None; 4]);
    }

    #[test]
    fn the_same_file_goes_before_the_first_run() {
        let pool = pool(Kin::Below, &[("a.py", WORK), ("b.py", WORK)]);
        assert_eq!(carry(&pool, "b.py", 200, WORK), [Some(1); 4]);
        assert_eq!(carry(&pool, "c.py", 200, WORK), [Some(0); 4]);
        assert_eq!(carry(&pool, "sub/b.py", 200, WORK), [Some(1); 4], "a folder deeper");
    }

    #[test]
    fn runs_that_overlap_each_give_what_the_longer_one_leaves() {
        let (one, two) = ("first_line = 1\nsecond_line = 2\n", "third_line = 3\nfourth_line = 4\n");
        let (three, four) = ("fifth_line = 5\nsixth_line = 6\n", "seventh_line = 7\n");
        let middle = format!("second_line = 2\n{two}fifth_line = 5\n");
        let first = format!("{one}third_line = 3\n");
        let last = format!("{three}{four}");
        let pool = pool(Kin::Below, &[("a.py", &first), ("b.py", &middle), ("c.py", &last)]);
        let found = carry(&pool, "d.py", 200, &format!("{one}{two}{three}{four}"));
        assert_eq!(found, [Some(0), Some(1), Some(1), Some(1), Some(1), Some(2), Some(2)]);
    }

    #[test]
    fn lines_with_an_owner_are_left_alone() {
        let lines = split(WORK.as_bytes());
        let free = [false; 4];
        let new = New { path: &path("a.py"), lines: &lines, free: &free };
        assert_eq!(pool(Kin::Same, &[("a.py", WORK)]).carry(200, &[new]), [[None; 4]]);
    }

    #[test]
    fn one_line_is_enough_from_the_commit_that_this_one_was_made_from() {
        let pool = pool(Kin::Same, &[("a.py", "timeout_seconds = 30\n}\n")]);
        let text = "a person's first line\ntimeout_seconds = 30\n}\n}\n";
        assert_eq!(carry(&pool, "a.py", 200, text), [None, Some(0), Some(0), None]);
        assert_eq!(carry(&pool, "b.py", 200, text), [None, Some(0), Some(0), None], "renamed");
        let twice = "timeout_seconds = 30\ntimeout_seconds = 30\n";
        assert_eq!(carry(&pool, "a.py", 200, twice), [None, None], "whose is which?");
    }

    #[test]
    fn a_commit_aside_is_known_by_most_of_its_lines() {
        let one = pool(Kin::Aside, &[("a.py", "timeout_seconds = 30\n")]);
        let doubt = Some(Found { owner: 0, sure: false });
        assert_eq!(found(&one, "a.py", 200, "timeout_seconds = 30\n"), [doubt]);
        assert_eq!(found(&one, "b.py", 200, "timeout_seconds = 30\n"), [None]);
        let own = ["delay_seconds = 5", "window_size = 12"];
        let mut known = pool(Kin::Aside, &[("a.py", "timeout_seconds = 30\n")]);
        known
            .others
            .insert(0, Note::sample(own.map(|line| fingerprint(line.as_bytes())).into_iter()));
        let line = "timeout_seconds = 30\n";
        let with =
            |others: &[&str]| carry(&known, "a.py", 200, &format!("{}\n{line}", others.join("\n")));
        assert_eq!(with(&own), [None, None, Some(0)], "its commit's other lines came along");
        assert_eq!(with(&own[1..]), [None, None], "a half of them");
        let three = [
            ("a.py", "timeout_seconds = 30\n"),
            ("a.py", "retries_at_most = 4\n"),
            ("a.py", "backoff_factor = 2\n"),
        ];
        let text =
            "backoff_factor = 2\na person's line here\ntimeout_seconds = 30\nretries_at_most = 4\n";
        let owners = carry(&pool(Kin::Aside, &three), "a.py", 200, text);
        assert_eq!(owners, [Some(2), None, Some(0), Some(1)], "a squash of three commits");
        assert_eq!(carry(&pool(Kin::Below, &three), "a.py", 200, text), [None; 4]);
    }
}
