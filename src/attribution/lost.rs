//! Text that left a file, so that it is known again where it comes back: undo, stash and pop,
//! a function moved to another file, a file renamed before its first commit.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::ops::Range;

use super::step::Change;
use super::tokens::{fingerprint, tells};
use super::{By, Owner};
use crate::model::RepoPath;

/// A run of lines that left a file in one go.
struct Run {
    path: RepoPath,
    by: By,
    when: When,
    lines: Vec<Line>,
    /// The lines around it when it left.
    around: Around,
}

/// When a file changed.
#[derive(Debug, Clone, Copy)]
pub struct When {
    /// The step.
    pub step: usize,
    /// The step in which the file was seen last: what nobody reported may have happened any time
    /// since.
    pub since: usize,
}

/// Fingerprints of the line before and the line after some lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Around {
    /// The line before.
    pub before: Option<u64>,
    /// The line after.
    pub after: Option<u64>,
}

impl Around {
    /// The surroundings of this part of a text.
    pub fn of(lines: &[&[u8]], part: &Range<usize>) -> Self {
        let print = |at: usize| lines.get(at).map(|line| fingerprint(line));
        Self { before: part.start.checked_sub(1).and_then(print), after: print(part.end) }
    }

    /// The surroundings of a part of the lines that these are around; `line` knows the others.
    fn beside(self, part: Range<usize>, line: impl Fn(usize) -> Option<u64>) -> Self {
        Self {
            before: part.start.checked_sub(1).map_or(self.before, &line),
            after: line(part.end).or(self.after),
        }
    }
}

struct Line {
    print: u64,
    tells: bool,
    owner: Owner,
    /// It has come back already; what is moved is not copied.
    back: bool,
    /// It is in a commit still, and comes back to its file alone.
    elsewhere: bool,
    /// It had left before its file was committed last.
    earlier: bool,
}

/// Where a text may come back from.
#[derive(Debug, Clone, Copy)]
pub struct Where<'a> {
    /// The file it comes back into.
    pub path: &'a RepoPath,
    /// When it does.
    pub when: When,
    /// The lines around the new ones.
    pub around: Around,
    /// Whether what has come back already may come back to the file that it left once more.
    pub again: bool,
    /// Whether the step may bring back what left in earlier ones: a person's undo does; an agent
    /// that types an agent's line again writes it anew.
    pub earlier_agents: bool,
}

/// Everything that left, or the last of it.
#[derive(Default)]
pub struct Lost {
    runs: VecDeque<Run>,
    /// How many runs are forgotten: the number of the first one here.
    first: u32,
    /// How many lines the runs have.
    lines: usize,
    /// How many they may have; `None` for any number.
    most: Option<usize>,
    /// Telling lines: fingerprint, number of the run, place in it.
    index: BTreeSet<(u64, u32, u32)>,
    /// Fingerprints of the lines that come into each file in the step under way, and how often.
    coming: HashMap<RepoPath, HashMap<u64, usize>>,
}

impl Lost {
    /// No more than about so many lines are remembered, the last ones.
    pub fn of_last(lines: usize) -> Self {
        Self { most: Some(lines), ..Self::default() }
    }

    /// A step begins in which these lines come into files. What comes back to the file that it left
    /// does not come to another one as well: that one has it from elsewhere.
    pub fn begin<'t>(&mut self, coming: impl Iterator<Item = (&'t RepoPath, &'t [u8])>) {
        self.coming.clear();
        if !self.runs.is_empty() {
            for (path, line) in coming {
                let coming = self.coming.entry(path.clone()).or_default();
                *coming.entry(fingerprint(line)).or_default() += 1;
            }
        }
    }

    /// Lines that leave a file in a step.
    pub fn push(&mut self, change: &Change, when: When, lines: &[(&[u8], Owner)], around: Around) {
        if lines.is_empty() {
            return;
        }
        let run = self.first + self.runs.len() as u32;
        let lines: Vec<Line> = lines
            .iter()
            .map(|(line, owner)| {
                let print = fingerprint(line);
                let elsewhere = change.elsewhere.has(print);
                let earlier = change.elsewhere.is_earlier(print);
                Line { print, tells: tells(line), owner: *owner, back: false, elsewhere, earlier }
            })
            .collect();
        self.index.extend(telling(&lines).map(|(print, place)| (print, run, place)));
        self.lines += lines.len();
        let (path, by) = (change.path.clone(), change.by);
        self.runs.push_back(Run { path, by, when, lines, around });
        while self.runs.len() > 1 && self.most.is_some_and(|most| self.lines > most) {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        if let Some(run) = self.runs.pop_front() {
            for (print, place) in telling(&run.lines) {
                self.index.remove(&(print, self.first, place));
            }
            self.lines -= run.lines.len();
            self.first += 1;
        }
    }

    /// The owners of those of these new lines that were here before; `None` for the others.
    ///
    /// One telling line is enough where the text leaves a file in this step, or left it since this one
    /// was seen and nobody reported that, or where it comes back to the place that it left or beside
    /// lines that it left with. From anywhere else, only a run with three telling lines counts: a
    /// person who types a line that an agent once wrote, too, keeps it. Lines that tell nothing
    /// come back with their neighbours. A person's line that an agent writes again stays theirs.
    pub fn take(&mut self, lines: &[&[u8]], place: Where<'_>) -> Vec<Option<Owner>> {
        let mut owners = vec![None; lines.len()];
        if self.runs.is_empty() {
            return owners;
        }
        let prints: Vec<u64> = lines.iter().map(|line| fingerprint(line)).collect();
        let mut from = vec![None; lines.len()];
        // Twice: a line may be known by one that comes after it.
        for at in (0..lines.len()).chain(0..lines.len()) {
            if from[at].is_some() {
                continue;
            }
            let Some(found) = self.longest(&prints, &from, at, place) else {
                continue;
            };
            let foreign = self.runs[found.run].path != *place.path;
            let to = found.to..found.to + found.length;
            let any =
                foreign && prints[to.clone()].iter().any(|print| self.comes_too_often(*print));
            for (line, at) in (found.from..).zip(to) {
                from[at] = Some((found.run, line));
                let line = &mut self.runs[found.run].lines[line];
                line.back = true;
                owners[at] = Some(match line.owner {
                    owner if any && owner.is_agent() => Owner::Unknown,
                    owner if foreign => owner.as_carried(),
                    owner => owner,
                });
            }
        }
        owners
    }

    /// What left in this step, the last one: a person's lines that an agent took away, and agents'
    /// lines that somebody else did, which came nowhere.
    pub fn left(&self, step: usize) -> Vec<Left> {
        let runs = self.runs.iter().enumerate().rev().take_while(|(_, run)| run.when.step == step);
        runs.filter_map(|(number, run)| Left::of(number, run)).collect()
    }

    /// Some of its lines came back.
    pub fn came_back(&mut self, left: &Left, lines: Range<usize>) {
        self.runs[left.run].lines[lines].iter_mut().for_each(|line| line.back = true);
    }

    /// Whether a telling line comes more often than it has left: one of them is somebody else's, and
    /// nobody can say which.
    fn comes_too_often(&self, print: u64) -> bool {
        let comes = self.coming.values().filter_map(|coming| coming.get(&print)).sum::<usize>();
        let left = self.index.range((print, 0, 0)..=(print, u32::MAX, u32::MAX)).count();
        left > 0 && comes > left
    }

    /// The longest run around the line `at` that may come back.
    fn longest(
        &self,
        prints: &[u64],
        taken: &[Option<(usize, usize)>],
        at: usize,
        place: Where<'_>,
    ) -> Option<Found> {
        let print = prints[at];
        let seeds = self.index.range((print, 0, 0)..=(print, u32::MAX, u32::MAX));
        let free = |to: usize| taken[to].is_none();
        let mut best: Option<(bool, Found)> = None;
        for &(_, run, from) in seeds.rev().take(64) {
            let (run, from) = ((run - self.first) as usize, from as usize);
            let lines = &self.runs[run].lines;
            let own = self.runs[run].path == *place.path;
            let again = place.again && own;
            let home = self.coming.get(&self.runs[run].path).filter(|_| !own);
            let expected = |print: &u64| home.is_some_and(|coming| coming.contains_key(print));
            let same = |from: usize, to: usize| {
                let Line { print, back, elsewhere, .. } = &lines[from];
                let may = (again || !back) && (own || !elsewhere);
                free(to) && may && *print == prints[to] && !expected(print)
            };
            if !same(from, at) {
                continue;
            }
            let (mut start, mut to) = (from, at);
            while start > 0 && to > 0 && same(start - 1, to - 1) {
                (start, to) = (start - 1, to - 1);
            }
            let mut length = at - to + 1;
            while start + length < lines.len()
                && to + length < prints.len()
                && same(start + length, to + length)
            {
                length += 1;
            }
            let found = Found { run, from: start, to, length };
            let better = best
                .as_ref()
                .is_none_or(|(known_own, known)| (length, own) > (known.length, *known_own));
            if better && self.may(found, prints, taken, place) {
                best = Some((own, found));
            }
        }
        best.map(|(_, found)| found)
    }

    fn may(
        &self,
        found: Found,
        prints: &[u64],
        taken: &[Option<(usize, usize)>],
        place: Where<'_>,
    ) -> bool {
        let run = &self.runs[found.run];
        let lines = &run.lines[found.from..found.from + found.length];
        let (left, now) = (run.when.step, place.when);
        let now = (left == now.step || run.by == By::Other && left > now.since)
            && !lines.iter().any(|line| line.earlier);
        if !now && !place.earlier_agents && lines.iter().any(|line| line.owner.is_agent()) {
            return false;
        }
        let had = run.around.beside(found.from..found.from + found.length, |at| {
            run.lines.get(at).map(|line| line.print)
        });
        let has =
            place.around.beside(found.to..found.to + found.length, |at| prints.get(at).copied());
        let there = run.path == *place.path && (had.before == has.before || had.after == has.after);
        // Beside a line that left together with them.
        let at = |line: Option<usize>| taken.get(line?).copied().flatten();
        let before = at(found.to.checked_sub(1));
        let after = at(Some(found.to + found.length));
        let together = before.is_some_and(|(run, line)| run == found.run && line < found.from)
            || after.is_some_and(|(run, line)| run == found.run && line > found.from);
        // In doubt an agent has moved a person's line, not thought of the same one.
        let persons = !place.earlier_agents && lines.iter().all(|line| line.owner == Owner::Person);
        let telling = lines.iter().filter(|line| line.tells).count();
        telling >= if now || there || together || persons { 1 } else { 3 }
    }
}

/// Lines that left a file in one go.
pub struct Left {
    /// Who took them away.
    pub by: By,
    /// When.
    pub when: When,
    /// The lines; `None` for those that are not asked for.
    pub lines: Vec<Option<LeftLine>>,
    run: usize,
}

/// A line that left.
#[derive(Debug, Clone, Copy)]
pub struct LeftLine {
    /// Its fingerprint.
    pub print: u64,
    /// Whether it can be known again.
    pub tells: bool,
    /// Whose it was.
    pub owner: Owner,
}

impl Left {
    fn of(number: usize, run: &Run) -> Option<Self> {
        let wanted = |line: &&Line| match run.by {
            By::Other => line.owner.is_agent() && !(line.back || line.elsewhere || line.earlier),
            By::Doubt => false,
            By::Agent(_) | By::Command(_) => line.owner == Owner::Person,
        };
        let left =
            |line: &Line| LeftLine { print: line.print, tells: line.tells, owner: line.owner };
        let lines = run.lines.iter().map(|line| Some(line).filter(wanted).map(left)).collect();
        let left = Self { by: run.by, when: run.when, lines, run: number };
        left.lines.iter().any(Option::is_some).then_some(left)
    }
}

/// The fingerprints of lines that tell, with their places.
fn telling(lines: &[Line]) -> impl Iterator<Item = (u64, u32)> + '_ {
    (0..).zip(lines).filter(|(_, line)| line.tells).map(|(place, line)| (line.print, place))
}

/// A run by its place among those that are remembered.
#[derive(Debug, Clone, Copy)]
struct Found {
    run: usize,
    from: usize,
    to: usize,
    length: usize,
}
