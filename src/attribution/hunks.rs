//! From the owners of a whole text to the lines that a commit adds.

use std::ops::Range;

use super::tokens::fingerprint;
use super::{Annotated, Owner};
use crate::git::lines::{self, Space, split};
use crate::model::note::NoteHunk;
use crate::model::{Contributor, Digest, LineRange, RepoPath};

/// Lines of one owner, 0-based, end excluded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedLines {
    /// Which lines.
    pub lines: Range<usize>,
    /// Whose.
    pub owner: Owner,
}

/// The lines of `text` that are in none of these earlier texts: what the commit adds.
pub fn added(bases: &[&[u8]], text: &[u8]) -> Vec<bool> {
    let count = split(text).len();
    let mut added = vec![true; count];
    for base in bases {
        let mut new = vec![false; count];
        for edit in lines::diff(base, text, Space::Counts) {
            new[edit.new].fill(true);
        }
        for (both, new) in added.iter_mut().zip(new) {
            *both &= new;
        }
    }
    added
}

/// Runs of added lines with one owner.
pub fn owned(annotated: &Annotated, added: &[bool]) -> Vec<OwnedLines> {
    let owners = slide(&split(&annotated.text), &annotated.owners, added);
    let mut runs: Vec<OwnedLines> = Vec::new();
    for (at, owner) in owners.into_iter().enumerate() {
        if !added[at] {
            continue;
        }
        match runs.last_mut() {
            Some(last) if last.lines.end == at && last.owner == owner => last.lines.end += 1,
            _ => runs.push(OwnedLines { lines: at..at + 1, owner }),
        }
    }
    runs
}

/// Where a block could as well be said to start a line earlier or later (`}` before it, `}` at its
/// end), the diff of a commit and the replay may say different things. Only one line is new, so
/// its owner is the one that the replay gave to its twin.
fn slide(lines: &[&[u8]], owners: &[Owner], added: &[bool]) -> Vec<Owner> {
    let mut owners = owners.to_vec();
    let mut at = 0;
    while at < added.len() {
        if !added[at] {
            at += 1;
            continue;
        }
        let end = (at..added.len()).find(|&n| !added[n]).unwrap_or(added.len());
        let (mut start, mut last) = (at, end);
        while start > 0 && lines[start - 1] == lines[last - 1] {
            (start, last) = (start - 1, last - 1);
            if owners[start].is_agent() && owners[last] == Owner::Person {
                owners.swap(start, last);
            }
        }
        let (mut start, mut last) = (at, end);
        while last < lines.len() && lines[last] == lines[start] {
            if owners[last].is_agent() && owners[start] == Owner::Person {
                owners.swap(start, last);
            }
            (start, last) = (start + 1, last + 1);
        }
        at = end;
    }
    owners
}

/// A hunk of these lines, the first one at this place (0-based), that nobody is known to own.
pub fn blank(path: &RepoPath, start: usize, lines: &[&[u8]]) -> NoteHunk {
    let start = u32::try_from(start + 1).unwrap_or(u32::MAX);
    let count = u32::try_from(lines.len()).unwrap_or(u32::MAX);
    NoteHunk {
        path: path.clone(),
        lines: LineRange { start, end: start + count - 1 },
        contributor: Contributor::Unknown,
        session: None,
        turn: None,
        edit: None,
        evidence: None,
        digest: Digest::of(&lines.concat()).0,
        fingerprints: lines.iter().map(|line| fingerprint(line)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merge_adds_what_is_in_no_parent() {
        assert_eq!(added(&[b"a\n", b"b\n"], b"a\nb\nc\n"), [false, false, true]);
        assert_eq!(added(&[], b"a\nb\n"), [true, true]);
    }

    #[test]
    fn the_only_new_brace_belongs_to_who_wrote_one() {
        // The replay saw the agent write lines 2 to 4; the diff says lines 3 to 5 are new.
        let a = Owner::of(0);
        let p = Owner::Person;
        let annotated =
            Annotated { text: b"f {\n}\ng {\nx\n}\n".to_vec(), owners: vec![p, a, a, a, p] };
        let runs = owned(&annotated, &[false, false, true, true, true]);
        assert_eq!(runs, [OwnedLines { lines: 2..5, owner: a }]);
    }
}
