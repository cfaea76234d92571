//! Notes that have lines of a commit, and what agents wrote in theirs.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::carry::Wanted;
use super::file::telling;
use super::kin::Noted;
use crate::attribution::carry::{Kin, Pool, Run};
use crate::model::Oid;
use crate::model::note::{Note, NoteHunk};

/// Notes of one commit, by nearness.
pub struct Known {
    /// Its name.
    pub commit: Oid,
    /// How it is related to the commit that is looked at.
    pub kin: Kin,
    /// Its note.
    pub note: Rc<Note>,
    /// Lines of it that are found elsewhere already.
    pub spent: Vec<Rc<HashSet<u64>>>,
}

impl Known {
    /// What is known of the commit itself.
    pub fn noted(&self) -> Noted<'_> {
        noted(&self.commit, &self.note)
    }

    /// What agents wrote in one piece. Each line names its hunk by a place in `owners`.
    fn runs(&self, number: usize, owners: &mut Vec<(usize, usize)>) -> Vec<Run> {
        let note = &self.note;
        let made = self.noted().authored;
        let mut runs: Vec<(Run, u32)> = Vec::new();
        for (place, hunk) in note.hunks.iter().enumerate() {
            if !hunk.contributor.is_agents() {
                continue;
            }
            let turn = hunk.turn.as_ref().and_then(|id| note.turns.get(id));
            let since = turn.and_then(|turn| turn.at).map_or(i64::MIN, |at| at.timestamp());
            let owner = owners.len();
            owners.push((number, place));
            for (line, print) in (hunk.lines.start..).zip(&hunk.fingerprints) {
                if self.is_spent(*print) {
                    continue;
                }
                match runs.last_mut() {
                    Some((run, end)) if run.path == hunk.path && end.saturating_add(1) == line => {
                        run.lines.push((*print, owner));
                        run.since = run.since.max(since);
                        *end = line;
                    }
                    _ => {
                        let (path, kin, lines) =
                            (hunk.path.clone(), self.kin, vec![(*print, owner)]);
                        let made = made.unwrap_or(since);
                        runs.push((Run { path, since, made, note: number, kin, lines }, line));
                    }
                }
            }
        }
        runs.into_iter().map(|(run, _)| run).collect()
    }

    fn is_spent(&self, print: u64) -> bool {
        self.spent.iter().any(|lines| lines.contains(&print))
    }
}

/// What is known of a commit itself.
pub fn noted<'a>(commit: &'a Oid, note: &Note) -> Noted<'a> {
    Noted { commit, authored: note.authored.map(|at| at.timestamp()) }
}

/// Lines that can be known again and are known to be from the turns of this note.
pub fn taken(wanted: &Wanted<'_>, note: &Note) -> HashSet<u64> {
    let of_note = |hunk: &&NoteHunk| {
        let turn = hunk.turn.as_ref();
        hunk.contributor.is_agents() && turn.is_some_and(|turn| note.turns.contains_key(turn))
    };
    telling(wanted.targets, wanted.taken.iter().filter(of_note))
}

/// The runs of these notes, and their owners: a note and one of its hunks. The same lines of the
/// same turn are in it once, as often as the commit they are in was made again.
pub fn pool(known: &[Known], owners: &mut Vec<(usize, usize)>) -> Pool {
    let mut pool = Pool::default();
    let mut pushed = HashMap::new();
    for (number, known) in known.iter().enumerate() {
        pool.others.insert(number, known.note.others.clone());
        for run in known.runs(number, owners) {
            let prints: Vec<u64> = run.lines.iter().map(|(print, _)| *print).collect();
            let turn = |owner: usize| known.note.hunks[owners[owner].1].turn.clone();
            let turns: Vec<_> = run.lines.iter().map(|(_, owner)| turn(*owner)).collect();
            if *pushed.entry((run.path.clone(), prints, turns)).or_insert(number) == number {
                pool.push(run);
            }
        }
    }
    pool
}
