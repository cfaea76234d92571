//! Lines that left a file only after they had come into another one: they were moved, and the new
//! place was written, or seen, first.

use std::ops::Range;

use super::lost::Left;
use super::step::Files;
use super::tokens::fingerprint;
use super::{Annotated, Owner};
use crate::git::lines::split;
use crate::model::RepoPath;

/// Lines of a text that left, and where in another file the same ones are.
struct Moved {
    lines: Range<usize>,
    path: RepoPath,
    to: usize,
}

impl Files {
    /// What left in the step that was just taken keeps its owner where it was before.
    ///
    /// A person's lines that an agent takes away and wrote somewhere else in an earlier call stay
    /// the person's. An agent's lines that somebody else takes away stay the agent's where the same
    /// ones were typed since their file was seen; of two places nobody knows which is the agent's.
    pub(super) fn left_later(&mut self) {
        for left in self.lost.left(self.steps) {
            let mut at = 0;
            while at < left.lines.len() {
                at = self.moved(&left, at).map_or(at + 1, |moved| self.keep(&left, &moved));
            }
        }
    }

    /// Where the run around the line `at` of what left is now.
    fn moved(&self, left: &Left, at: usize) -> Option<Moved> {
        let line = left.lines[at].filter(|line| line.tells)?;
        let agents = left.by.is_agent();
        let places = match agents {
            true => self.inserted.places(line.print, 0),
            false => self.typed.places(line.print, left.when.since),
        };
        let mut found = places.flat_map(|path| self.found(left, at, path));
        let first = found.next()?;
        (agents || found.next().is_none()).then_some(first)
    }

    /// The runs of a file around those of its lines that are the line `at` of what left.
    fn found(&self, left: &Left, at: usize, path: &RepoPath) -> Vec<Moved> {
        let Some(Annotated { text, owners }) = self.texts.get(path) else { return Vec::new() };
        let prints: Vec<u64> = split(text).into_iter().map(fingerprint).collect();
        let others = |owner: Owner| match left.by.is_agent() {
            true => owner.is_agent(),
            false => owner == Owner::Person,
        };
        let same = |at: usize, line: usize| {
            others(owners[line]) && left.lines[at].is_some_and(|left| left.print == prints[line])
        };
        let most = |line: usize| (left.lines.len() - at).min(prints.len() - line);
        let run = |line: usize| {
            let back = (1..=at.min(line)).take_while(|n| same(at - n, line - n)).count();
            let on = (0..most(line)).take_while(|n| same(at + n, line + n)).count();
            Moved { lines: at - back..at + on, path: path.clone(), to: line - back }
        };
        (0..prints.len()).filter(|&line| same(at, line)).map(run).collect()
    }

    /// The lines have at their new place the owners that they had; the end of what was moved.
    fn keep(&mut self, left: &Left, moved: &Moved) -> usize {
        let had = left.lines[moved.lines.clone()].iter().flatten();
        if let Some(file) = self.texts.get_mut(&moved.path) {
            for (owner, line) in file.owners[moved.to..].iter_mut().zip(had) {
                *owner = line.owner.as_carried();
            }
        }
        if !left.by.is_agent() {
            self.lost.came_back(left, moved.lines.clone());
        }
        moved.lines.end
    }
}
