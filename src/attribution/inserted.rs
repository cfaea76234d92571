//! Where agents inserted lines: what a person had elsewhere, and an agent takes away there, was moved.

use std::collections::{BTreeSet, HashMap, VecDeque};

use crate::model::RepoPath;

/// Lines that agents inserted, or the last of them.
#[derive(Default)]
pub struct Inserted {
    /// Fingerprint of a line, and the number of its file.
    lines: BTreeSet<(u64, u32)>,
    /// The same, the oldest first.
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

    /// A line with this fingerprint was inserted into this file.
    pub fn add(&mut self, print: u64, path: &RepoPath) {
        let line = (print, self.number(path));
        if self.lines.insert(line) {
            self.order.push_back(line);
        }
        if self.most.is_some_and(|most| self.order.len() > most)
            && let Some(first) = self.order.pop_front()
        {
            self.lines.remove(&first);
        }
    }

    /// The files that a line with this fingerprint was inserted into.
    pub fn places(&self, print: u64) -> impl Iterator<Item = &RepoPath> {
        let lines = self.lines.range((print, 0)..=(print, u32::MAX));
        lines.map(|(_, number)| &self.files[*number as usize])
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
        for (print, path) in [(1, &a), (1, &a), (1, &b)] {
            inserted.add(print, path);
        }
        assert_eq!(inserted.places(1).collect::<Vec<_>>(), [&a, &b]);
        inserted.add(2, &a);
        assert_eq!(inserted.places(1).collect::<Vec<_>>(), [&b]);
        assert_eq!(inserted.places(2).collect::<Vec<_>>(), [&a]);
    }
}
