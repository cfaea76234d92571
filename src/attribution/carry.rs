//! Agent-written text, found again in the lines that a commit without a note adds.

use std::collections::HashMap;

use super::tokens::{fingerprint, tells};
use crate::model::RepoPath;

/// How many lines that tell something a run must have to be known again.
const TELLING: usize = 3;

/// How many places that hold the same line are compared.
const SEEDS: usize = 64;

/// Lines that agents wrote one after the other in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The file.
    pub path: RepoPath,
    /// When the youngest of them was asked for, seconds since 1970: no text is older.
    pub since: i64,
    /// Fingerprint of each line, and whose it is: a number of the caller's.
    pub lines: Vec<(u64, usize)>,
}

/// All runs that are known.
#[derive(Debug, Default)]
pub struct Pool {
    runs: Vec<Run>,
    index: HashMap<u64, Vec<(usize, usize)>>,
}

/// A text that may hold what agents wrote.
#[derive(Debug, Clone, Copy)]
pub struct New<'a> {
    /// Its file.
    pub path: &'a RepoPath,
    /// When it was committed, seconds since 1970.
    pub time: i64,
    /// Its lines.
    pub lines: &'a [&'a [u8]],
    /// Which of them are new and without an owner.
    pub free: &'a [bool],
}

#[derive(Debug, Clone, Copy)]
struct Found {
    run: usize,
    from: usize,
    to: usize,
    length: usize,
}

impl Pool {
    /// Adds a run. Of equal ones the first that was added is taken.
    pub fn push(&mut self, run: Run) {
        for (place, (print, _)) in run.lines.iter().enumerate() {
            self.index.entry(*print).or_default().push((self.runs.len(), place));
        }
        self.runs.push(run);
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Whose the new lines are; `None` for those that nobody is known to own. Only runs with three
    /// telling lines count: whoever types a line that an agent once wrote, too, keeps it.
    pub fn carry(&self, new: New<'_>) -> Vec<Option<usize>> {
        let mut owners = vec![None; new.lines.len()];
        let prints: Vec<u64> = new.lines.iter().map(|line| fingerprint(line)).collect();
        let telling: Vec<bool> = new.lines.iter().map(|line| tells(line)).collect();
        let mut found: Vec<Found> = Vec::new();
        let mut at = 0;
        while at < prints.len() {
            let best = telling[at].then(|| self.longest(&new, &prints, at)).flatten();
            at = best.map_or(at + 1, |best| best.to + best.length);
            found.extend(best);
        }
        found.sort_by_key(|found| std::cmp::Reverse(found.length));
        for Found { run, from, to, length } in found {
            let places = (0..length).filter(|n| owners[to + n].is_none());
            let places: Vec<usize> = places.collect();
            if places.iter().filter(|n| telling[to + **n]).count() < TELLING {
                continue;
            }
            for n in places {
                owners[to + n] = Some(self.runs[run].lines[from + n].1);
            }
        }
        owners
    }

    /// The longest run around this line; of two the one of the same file, then the first.
    fn longest(&self, new: &New<'_>, prints: &[u64], at: usize) -> Option<Found> {
        let mut best: Option<(usize, bool, Found)> = None;
        for &(run, from) in self.index.get(&prints[at])?.iter().take(SEEDS) {
            let Run { path, since, lines } = &self.runs[run];
            let same = |from: usize, to: usize| new.free[to] && lines[from].0 == prints[to];
            if *since > new.time || !same(from, at) {
                continue;
            }
            let (mut start, mut to) = (from, at);
            while start > 0 && to > 0 && same(start - 1, to - 1) {
                (start, to) = (start - 1, to - 1);
            }
            let ahead = (at..prints.len()).zip(from..lines.len());
            let length = at - to + ahead.take_while(|(to, from)| same(*from, *to)).count();
            let own = *path == *new.path;
            if best.as_ref().is_none_or(|(known, there, _)| (length, own) > (*known, *there)) {
                best = Some((length, own, Found { run, from: start, to, length }));
            }
        }
        best.map(|(.., found)| found)
    }
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

    fn pool(texts: &[(&str, &str)]) -> Pool {
        let mut pool = Pool::default();
        for (owner, (name, text)) in texts.iter().enumerate() {
            let lines = split(text.as_bytes());
            let lines = lines.iter().map(|line| (fingerprint(line), owner)).collect();
            pool.push(Run { path: path(name), since: 100, lines });
        }
        pool
    }

    fn carry(pool: &Pool, name: &str, time: i64, text: &str) -> Vec<Option<usize>> {
        let lines = split(text.as_bytes());
        let free = vec![true; lines.len()];
        pool.carry(New { path: &path(name), time, lines: &lines, free: &free })
    }

    #[test]
    fn a_run_is_found_again_with_other_white_space_between_other_lines() {
        let text =
            format!("import os\n{}a person's own line of code\n", WORK.replace("    ", "\t"));
        let owners = carry(&pool(&[("a.py", WORK)]), "b.py", 200, &text);
        assert_eq!(owners, [None, Some(0), Some(0), Some(0), Some(0), None]);
    }

    #[test]
    fn lines_that_stand_alone_are_their_typists() {
        let text =
            "    total = order.price * order.count\n    receipt = gateway.charge(total)\n}\n";
        assert_eq!(carry(&pool(&[("a.py", WORK)]), "a.py", 200, text), [None, None, None]);
    }

    #[test]
    fn text_older_than_the_prompt_is_not_the_agents() {
        assert_eq!(carry(&pool(&[("a.py", WORK)]), "a.py", 99, WORK), [None; 4]);
    }

    #[test]
    fn the_same_file_goes_before_the_first_run() {
        let pool = pool(&[("a.py", WORK), ("b.py", WORK)]);
        assert_eq!(carry(&pool, "b.py", 200, WORK), [Some(1); 4]);
        assert_eq!(carry(&pool, "c.py", 200, WORK), [Some(0); 4]);
    }

    #[test]
    fn lines_with_an_owner_are_left_alone() {
        let lines = split(WORK.as_bytes());
        let free = [false; 4];
        let new = New { path: &path("a.py"), time: 200, lines: &lines, free: &free };
        assert_eq!(pool(&[("a.py", WORK)]).carry(new), [None; 4]);
    }
}
