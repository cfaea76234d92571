//! Where lines were inserted, and when: what is taken away elsewhere only afterwards was moved.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::model::RepoPath;

/// Lines that were inserted, or the last of them.
#[derive(Default)]
pub struct Inserted {
    /// Fingerprint of a line, and the number of its file: the step it was inserted in last.
    lines: BTreeMap<(u64, u32), usize>,
    /// The lines and files, the oldest first.
    order: VecDeque<(u64, u32)>,
    /// How many are remembered; `None` for any number.
    most: Option<usize>,
    files: Vec<RepoPath>,
    numbers: HashMap<RepoPath, u32>,
}

impl Inserted {
    /// No more than so many lines are remembered, the last ones.
    pub fn of_last(lines: usize) -> Self {
        Self { most: Some(lines), ..Self::default() }
    }

    /// A line with this fingerprint was inserted into this file in this step.
    pub fn add(&mut self, print: u64, path: &RepoPath, step: usize) {
        let line = (print, self.number(path));
        if self.lines.insert(line, step).is_none() {
            self.order.push_back(line);
        }
        if self.most.is_some_and(|most| self.order.len() > most)
            && let Some(first) = self.order.pop_front()
        {
            self.lines.remove(&first);
        }
    }

    /// The files that a line with this fingerprint was inserted into after this step.
    pub fn places(&self, print: u64, since: usize) -> impl Iterator<Item = &RepoPath> {
        let lines = self.lines.range((print, 0)..=(print, u32::MAX));
        let lines = lines.filter(move |(_, step)| **step > since);
        lines.map(|((_, number), _)| &self.files[*number as usize])
    }

    fn number(&mut self, path: &RepoPath) -> u32 {
        if let Some(&number) = self.numbers.get(path) {
            return number;
        }
        let number = u32::try_from(self.files.len()).unwrap_or(u32::MAX);
        self.files.push(path.clone());
        self.numbers.insert(path.clone(), number);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_remembered() {
        let (a, b) = (RepoPath::from("a"), RepoPath::from("b"));
        let mut inserted = Inserted::of_last(2);
        for (step, print, path) in [(1, 1, &a), (2, 1, &a), (3, 1, &b)] {
            inserted.add(print, path, step);
        }
        let places = |inserted: &Inserted, print, since| -> Vec<RepoPath> {
            inserted.places(print, since).cloned().collect()
        };
        assert_eq!(places(&inserted, 1, 1), ["a", "b"].map(RepoPath::from));
        assert_eq!(places(&inserted, 1, 2), ["b"].map(RepoPath::from));
        inserted.add(2, &a, 4);
        assert_eq!(places(&inserted, 1, 0), [b]);
        assert_eq!(places(&inserted, 2, 0), [a]);
    }
}
