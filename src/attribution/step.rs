//! One step of a replay: some files get new texts, all by the same hand.

use std::collections::{HashMap, HashSet};

use super::blend::blend;
use super::elsewhere::Elsewhere;
use super::inserted::Inserted;
use super::lost::{Around, Lost, When, Where};
use super::tokens::{fingerprint, folded, tells};
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
    /// The step under way is the last one: text that came back somewhere else may be wanted again,
    /// where what is staged is older than the work tree.
    pub last: bool,
    /// Where agents inserted telling lines.
    pub(super) inserted: Inserted,
    /// Where others did.
    pub(super) typed: Inserted,
    /// In which step each file was seen last.
    seen: HashMap<RepoPath, usize>,
    pub(super) steps: usize,
}

/// A file that changes.
pub struct Change {
    /// Which.
    pub path: RepoPath,
    /// Its text now; `None` where it is gone.
    pub text: Option<Vec<u8>>,
    /// Who changed it.
    pub by: By,
    /// What git brought into the file: nobody's work in this step.
    pub brought: Brought,
    /// What commits say of the lines that leave it.
    pub elsewhere: Elsewhere,
}

/// Lines that git brought into a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Brought {
    /// None.
    #[default]
    Nothing,
    /// Those of this text.
    Lines(Vec<u8>),
    /// Nobody can say which; those that stand in this text, a command's, were not.
    AllBut(String),
}

impl Change {
    /// A change that git had no part in.
    pub fn new(path: RepoPath, text: Option<Vec<u8>>, by: By) -> Self {
        let (brought, elsewhere) = (Brought::Nothing, Elsewhere::Unknown);
        Self { path, text, by, brought, elsewhere }
    }
}

impl Files {
    /// What left and what agents inserted is remembered for about so many lines, the last ones.
    pub fn of_last(lines: usize) -> Self {
        let (lost, inserted) = (Lost::of_last(lines), Inserted::of_last(lines));
        Self { lost, inserted, typed: Inserted::of_last(lines), ..Self::default() }
    }

    /// The number of the step that comes next.
    pub fn next(&self) -> usize {
        self.steps + 1
    }

    /// A file is as it is known here, or was before this step at the latest.
    pub fn sees(&mut self, path: &RepoPath, before: usize) {
        let seen = self.seen.entry(path.clone()).or_default();
        *seen = before.max(*seen);
    }

    /// The step under way, and the one in which a file was seen last before it.
    fn when(&self, path: &RepoPath) -> When {
        let since = self.seen.get(path).copied().unwrap_or(self.steps - 1);
        When { step: self.steps, since }
    }

    /// A file, if it is known, has another name from here on.
    pub fn rename(&mut self, from: &RepoPath, to: &RepoPath) -> bool {
        let Some(text) = self.texts.remove(from) else {
            return false;
        };
        self.texts.insert(to.clone(), text);
        if let Some(step) = self.seen.remove(from) {
            self.seen.insert(to.clone(), step);
        }
        true
    }

    /// Whether a file has one of these lines, by their fingerprints.
    pub fn has(&self, path: &RepoPath, lines: &HashSet<u64>) -> bool {
        let text = self.texts.get(path).map(|file| split(&file.text)).unwrap_or_default();
        text.into_iter().any(|line| lines.contains(&fingerprint(line)))
    }

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
            let before = split(ends.middle(&old.text));
            let owners = &old.owners[ends.lines..];
            for edit in &edits {
                let left: Vec<(&[u8], Owner)> =
                    edit.old.clone().map(|at| (before[at], owners[at])).collect();
                let around = Around::of(&before, &edit.old);
                self.lost.push(&change, self.when(&change.path), &left, around);
            }
            work.push((change, gone, old, new, ends, edits));
        }
        self.lost.begin(work.iter().flat_map(|(change, _, _, text, ends, edits)| {
            let after = split(ends.middle(text));
            let new = edits.iter().flat_map(move |edit| after[edit.new.clone()].to_vec());
            new.map(|line| (&change.path, line))
        }));
        for (change, gone, old, text, ends, edits) in work {
            let owners = self.owners(&change, old, &text, ends, &edits);
            let path = change.path;
            self.seen.insert(path.clone(), self.steps);
            if !gone {
                self.texts.insert(path, Annotated { text, owners });
            }
        }
        self.left_later();
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
        for (number, edit) in edits.iter().enumerate() {
            let same = edit.new.start - owners.len();
            let stayed = &after[owners.len()..edit.new.start];
            owners.extend_from_slice(&known[at..at + same]);
            // A brace between two changes may be another one by now, as after a switch to another
            // branch, and in the end any line that tells nothing; with nothing else beside it, it
            // is whoever's who committed.
            let others = self.last || change.by == By::Other;
            let firm = |line: &&[u8]| match self.last {
                true => tells(line),
                false => line.iter().any(u8::is_ascii_alphanumeric),
            };
            if others && number > 0 && !stayed.iter().any(firm) {
                let start = owners.len() - same;
                owners[start..].iter_mut().for_each(|owner| {
                    if owner.is_agent() {
                        *owner = change.by.owner();
                    }
                });
            }
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
            when: self.when(&change.path),
            around,
            again: self.last,
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
        unclaim(&mut owners, new, &change.brought, change.by);
        for (line, owner) in new.iter().zip(&owners).filter(|(line, _)| tells(line)) {
            if change.by.is_agent() && owner.is_agent() {
                self.inserted.add(fingerprint(line), &change.path, self.steps);
            } else if change.by == By::Other && *owner == Owner::Person {
                self.typed.add(fingerprint(line), &change.path, self.steps);
            }
        }
        owners
    }
}

/// Lines that git brought are not the work of whoever ran git.
fn unclaim(owners: &mut [Owner], new: &[&[u8]], brought: &Brought, by: By) {
    let (By::Agent(author) | By::Command(author)) = by else {
        return;
    };
    let claimed = |owner: &Owner| matches!(owner, Owner::Agent { author: a, .. } if *a == author);
    let lines = owners.iter_mut().zip(new).filter(|(owner, _)| claimed(owner));
    match brought {
        Brought::Nothing => {}
        Brought::Lines(text) => {
            let known: HashSet<u64> = split(text).into_iter().map(fingerprint).collect();
            lines
                .filter(|(_, line)| known.contains(&fingerprint(line)))
                .for_each(|(owner, _)| *owner = Owner::Person);
        }
        Brought::AllBut(command) => {
            let command = folded(command.as_bytes());
            let said = |line: &[u8]| {
                let line = folded(line);
                line.is_empty() || command.windows(line.len()).any(|part| part == line)
            };
            lines.filter(|(_, line)| !said(line)).for_each(|(owner, _)| *owner = Owner::Unknown);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: Owner = Owner::Person;

    fn change(path: &str, text: &str, by: By) -> Change {
        Change::new(path.into(), Some(text.as_bytes().to_vec()), by)
    }

    fn owners(files: &Files, path: &str) -> Vec<Owner> {
        files.texts[&RepoPath::from(path)].owners.clone()
    }

    #[test]
    fn lines_that_an_agent_moves_stay_the_persons() {
        let moved = "fn total_of(items) {\n    sum_of_all(items)\n}\n";
        let rest = "fn something_else() {}\n";
        let both = format!("{moved}{rest}");
        let new = format!("// moved here by the agent\n{moved}");
        let expected = [Owner::of(0), P, P, P];
        for order in [vec![("a", rest), ("b", &new)], vec![("b", &new), ("a", rest)]] {
            let mut files = Files::default();
            files.step(vec![change("a", &both, By::Other)]);
            for (path, text) in &order {
                files.step(vec![change(path, text, By::Agent(0))]);
            }
            assert_eq!(owners(&files, "b"), expected, "{order:?}");
            let mut files = Files::default();
            files.step(vec![change("a", &both, By::Other)]);
            let at_once = order.iter().map(|(path, text)| change(path, text, By::Agent(0)));
            files.step(at_once.collect());
            assert_eq!(owners(&files, "b"), expected, "{order:?} at once");
        }
    }

    #[test]
    fn what_an_agent_copies_it_wrote() {
        let mut files = Files::default();
        let text = "fn total_of(items) {\n    sum_of_all(items)\n}\n";
        files.step(vec![change("a", text, By::Other)]);
        files.step(vec![change("b", text, By::Agent(0))]);
        assert_eq!(owners(&files, "a"), [P; 3]);
        assert_eq!(owners(&files, "b"), [Owner::of(0); 3]);
    }

    #[test]
    fn what_comes_back_to_its_file_does_not_come_to_another_one() {
        let text = "a_line_of_the_agent\nanother_line_of_it\na_third_line_of_it\n";
        for order in [["a", "b"], ["b", "a"]] {
            let mut files = Files::default();
            files.step(vec![change("b", text, By::Agent(0))]);
            files.step(vec![Change::new("b".into(), None, By::Other)]);
            files.step(order.map(|path| change(path, text, By::Other)).into());
            assert_eq!(owners(&files, "a"), [P; 3], "{order:?}");
            assert_eq!(owners(&files, "b"), [Owner::of(0); 3], "{order:?}");
        }
    }

    #[test]
    fn a_brace_between_two_changes_of_a_persons_is_theirs() {
        let before = "first_line_of_a_person\nlast_line_of_a_person\n";
        let agents = before.replace("last", "a_line_of_the_agent\n}\nlast");
        let typed = before.replace("last", "a_line_of_the_person\n}\nanother_of_theirs\nlast");
        let mut files = Files::default();
        files.step(vec![change("a", before, By::Other)]);
        files.step(vec![change("a", &agents, By::Agent(0))]);
        files.step(vec![change("a", &typed, By::Other)]);
        assert_eq!(owners(&files, "a"), [P; 5]);
    }

    #[test]
    fn one_line_comes_back_beside_lines_that_it_left_with() {
        let (first, last) =
            ("a_line_of_the_agent\n", "its_second_line_of_all\nits_third_line_of_all\n");
        let mut files = Files::default();
        let both = format!("{first}a_line_that_is_gone_for_good\n{last}");
        files.step(vec![change("a", &both, By::Agent(0))]);
        files.step(vec![change("a", "", By::Other)]);
        files.step(vec![change("a", "of_a_person\n", By::Other)]);
        let back = format!("of_a_person\n{first}{last}");
        files.step(vec![change("a", &back, By::Other)]);
        assert_eq!(owners(&files, "a"), [P, Owner::of(0), Owner::of(0), Owner::of(0)]);
    }

    #[test]
    fn what_left_long_ago_is_forgotten() {
        let agents = "a_line_of_the_agent\nanother_line_of_it\na_third_line_of_it\n";
        let since = |lines: usize| {
            let mut files = Files::of_last(4);
            files.step(vec![change("a", agents, By::Agent(0))]);
            files.step(vec![change("a", "", By::Other)]);
            let others: String = (0..lines).map(|n| format!("line_of_a_person_{n}\n")).collect();
            files.step(vec![change("b", &others, By::Other)]);
            files.step(vec![change("b", "", By::Other)]);
            files.step(vec![change("a", agents, By::Other)]);
            owners(&files, "a")
        };
        assert_eq!(since(1), [Owner::of(0); 3]);
        assert_eq!(since(2), [P; 3]);
        assert_eq!(since(9), [P; 3]);
    }

    #[test]
    fn an_undo_brings_owners_back() {
        let mut files = Files::default();
        files.step(vec![change("a", "first_line_of_a_person\n", By::Other)]);
        files.step(vec![change(
            "a",
            "first_line_of_a_person\nsecond_line_of_an_agent\n",
            By::Agent(0),
        )]);
        files.step(vec![change("a", "first_line_of_a_person\n", By::Other)]);
        files.step(vec![change(
            "a",
            "first_line_of_a_person\nsecond_line_of_an_agent\n",
            By::Other,
        )]);
        assert_eq!(owners(&files, "a"), [P, Owner::of(0)]);
    }
}
