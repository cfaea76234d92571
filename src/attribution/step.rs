//! One step of a replay: some files get new texts, all by the same hand.

use std::collections::HashMap;

use super::blend::blend;
use super::lost::{Around, Lost, Where};
use super::{Annotated, By, Owner};
use crate::git::lines::{self, Edit, Ends, split};
use crate::model::RepoPath;

/// The files of a work tree as far as they have been followed, and what left them.
#[derive(Default)]
pub struct Files {
    /// The texts, by path.
    pub texts: HashMap<RepoPath, Annotated>,
    /// What left.
    pub lost: Lost,
    steps: usize,
}

/// A file that changes.
pub struct Change {
    /// Which.
    pub path: RepoPath,
    /// Its text now; `None` where it is gone.
    pub text: Option<Vec<u8>>,
    /// Who changed it.
    pub by: By,
    /// Lines, folded, that git brought into the file: nobody's in this step.
    pub brought: Option<Vec<u8>>,
}

impl Change {
    /// A change that git had no part in.
    pub fn new(path: RepoPath, text: Option<Vec<u8>>, by: By) -> Self {
        Self { path, text, by, brought: None }
    }
}

impl Files {
    /// Takes every file of the step from its text to the new one. All that leaves any of them is
    /// known before the first line is looked for, so that a move between two files is seen
    /// whatever their order.
    pub fn step(&mut self, changes: Vec<Change>) {
        self.steps += 1;
        let mut work = Vec::with_capacity(changes.len());
        for mut change in changes {
            let old = self.texts.remove(&change.path).unwrap_or_default();
            let gone = change.text.is_none();
            let new = change.text.take().unwrap_or_default();
            let ends = Ends::of(&old.text, &new);
            let edits = lines::folded_diff(ends.middle(&old.text), ends.middle(&new));
            {
                let before = split(ends.middle(&old.text));
                let owners = &old.owners[ends.lines..];
                for edit in &edits {
                    let gone: Vec<(&[u8], Owner)> =
                        edit.old.clone().map(|at| (before[at], owners[at])).collect();
                    let around = Around::of(&before, &edit.old);
                    self.lost.push(&change.path, self.steps, &gone, around);
                }
            }
            work.push((change, gone, old, new, ends, edits));
        }
        for (change, gone, old, text, ends, edits) in work {
            let owners = self.owners(&change, old, &text, ends, &edits);
            if !gone {
                self.texts.insert(change.path, Annotated { text, owners });
            }
        }
    }

    /// The owners of the new text; its edits count from the first line between the ends.
    fn owners(
        &mut self,
        change: &Change,
        old: Annotated,
        new: &[u8],
        ends: Ends,
        edits: &[Edit],
    ) -> Vec<Owner> {
        let (before, after) = (split(ends.middle(&old.text)), split(ends.middle(new)));
        let known = &old.owners[ends.lines..];
        let mut owners = Vec::with_capacity(after.len());
        let mut at = 0;
        for edit in edits {
            let same = edit.new.start - owners.len();
            owners.extend_from_slice(&known[at..at + same]);
            at = edit.old.end;
            let gone: Vec<(&[u8], Owner)> =
                edit.old.clone().map(|at| (before[at], known[at])).collect();
            let around = Around::of(&after, &edit.new);
            owners.extend(self.inserted(change, &gone, &after[edit.new.clone()], around));
        }
        let rest = after.len() - owners.len();
        owners.extend_from_slice(&known[at..at + rest]);
        let middle = ends.lines..ends.lines + before.len();
        let mut all = old.owners;
        all.splice(middle, owners);
        all
    }

    fn inserted(
        &mut self,
        change: &Change,
        gone: &[(&[u8], Owner)],
        new: &[&[u8]],
        around: Around,
    ) -> Vec<Owner> {
        if new.is_empty() {
            return Vec::new();
        }
        let place = Where {
            path: &change.path,
            step: self.steps,
            around,
            earlier_agents: !matches!(change.by, By::Agent(_)),
        };
        let known = self.lost.take(new, place);
        let mut owners = Vec::with_capacity(new.len());
        if known.iter().all(Option::is_none) {
            owners = blend(gone, new, change.by);
        } else {
            // Lines that came back are done with; the others are compared with what they replaced.
            let rest: Vec<&[u8]> = new
                .iter()
                .zip(&known)
                .filter(|(_, k)| k.is_none())
                .map(|(line, _)| *line)
                .collect();
            let mut rest = blend(gone, &rest, change.by).into_iter();
            for owner in known {
                owners.extend(owner.or_else(|| rest.next()));
            }
        }
        if let Some(brought) = &change.brought {
            unclaim(&mut owners, new, brought, change.by);
        }
        owners
    }
}

/// Lines that git brought are not the work of whoever ran git.
fn unclaim(owners: &mut [Owner], new: &[&[u8]], brought: &[u8], by: By) {
    let (By::Agent(author) | By::Command(author)) = by else {
        return;
    };
    let brought: std::collections::HashSet<u64> =
        split(brought).into_iter().map(super::tokens::fingerprint).collect();
    for (owner, line) in owners.iter_mut().zip(new) {
        let claimed = matches!(owner, Owner::Agent { author: a, .. } if *a == author);
        if claimed && brought.contains(&super::tokens::fingerprint(line)) {
            *owner = Owner::Person;
        }
    }
}
