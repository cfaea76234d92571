//! Whether what a note says of a file fits the file's text.

use std::collections::HashMap;

use crate::attribution::hunks::added;
use crate::attribution::tokens::fingerprint;
use crate::git::lines::split;
use crate::model::note::NoteHunk;
use crate::model::{Digest, LineRange};

/// Places at which a text that has moved is looked for.
const SEEDS: usize = 64;

/// How a hunk does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misfit {
    /// The file ends before these lines.
    Beyond {
        /// How many lines it has.
        lines: usize,
    },
    /// An earlier hunk has some of these lines, too.
    Overlaps,
    /// The lines hold another text.
    Stale {
        /// How many of them are as they were, white space apart.
        same: usize,
    },
    /// The lines hold another text; theirs stands elsewhere in the file.
    Shifted(LineRange),
    /// The lines differ in white space, or the digest was never theirs.
    Space,
    /// The text fits, but the fingerprints are of another one: `repair` would carry the wrong lines.
    Fingerprints,
    /// The text fits, but these of its lines were there before.
    NotAdded(LineRange),
}

/// The hunks of one file, in order of their lines, that do not fit its text. `bases` are its texts
/// in the commits below. Each line is looked at a few times, whatever the hunks say.
pub fn misfits(hunks: &[&NoteHunk], text: &[u8], bases: &[&[u8]]) -> Vec<(usize, Misfit)> {
    let mut file = File { lines: split(text), places: None };
    let new = (!bases.is_empty()).then(|| added(bases, text));
    let mut found = Vec::new();
    let mut end = 0;
    for (at, hunk) in hunks.iter().enumerate() {
        let misfit = if hunk.lines.start <= end {
            Some(Misfit::Overlaps)
        } else {
            file.judge(hunk, new.as_deref())
        };
        end = end.max(hunk.lines.end);
        found.extend(misfit.map(|misfit| (at, misfit)));
    }
    found
}

struct File<'t> {
    lines: Vec<&'t [u8]>,
    /// The fingerprint of each line, and where each is found; made when something has to be
    /// looked for.
    places: Option<Places>,
}

type Places = (Vec<u64>, HashMap<u64, Vec<usize>>);

impl File<'_> {
    fn judge(&mut self, hunk: &NoteHunk, new: Option<&[bool]>) -> Option<Misfit> {
        let (start, end) = (hunk.lines.start as usize - 1, hunk.lines.end as usize);
        let Some(own) = self.lines.get(start..end) else {
            let elsewhere = self.elsewhere(hunk).map(Misfit::Shifted);
            return elsewhere.or(Some(Misfit::Beyond { lines: self.lines.len() }));
        };
        let digest = Digest::of(&own.concat()).0;
        let prints = own.iter().map(|line| fingerprint(line));
        let same = prints.zip(&hunk.fingerprints).filter(|(own, told)| own == *told).count();
        let whole = same == own.len();
        if digest != hunk.digest {
            if whole {
                return Some(Misfit::Space);
            }
            let elsewhere = self.elsewhere(hunk).map(Misfit::Shifted);
            return elsewhere.or(Some(Misfit::Stale { same }));
        }
        if !whole {
            return Some(Misfit::Fingerprints);
        }
        let old = |line: &usize| new.is_some_and(|new| !new[*line]);
        let first = (start..end).find(old)?;
        let last = (first..end).take_while(old).last().unwrap_or(first);
        Some(Misfit::NotAdded(range(first, last + 1 - first)))
    }

    /// Where the file has the lines of this hunk, by their fingerprints.
    fn elsewhere(&mut self, hunk: &NoteHunk) -> Option<LineRange> {
        let (prints, places) = self.places.get_or_insert_with(|| {
            let prints: Vec<u64> = self.lines.iter().map(|line| fingerprint(line)).collect();
            let mut places: HashMap<u64, Vec<usize>> = HashMap::new();
            for (at, print) in prints.iter().enumerate() {
                places.entry(*print).or_default().push(at);
            }
            (prints, places)
        });
        let wanted = &hunk.fingerprints;
        // The rarest line of the hunk has the fewest places to look at.
        let seed = |place: &usize| places.get(&wanted[*place]).map_or(0, Vec::len);
        let place = (0..wanted.len()).min_by_key(seed)?;
        let found = places.get(&wanted[place])?.iter().take(SEEDS).find_map(|at| {
            let start = at.checked_sub(place)?;
            (prints.get(start..start + wanted.len())? == wanted.as_slice()).then_some(start)
        })?;
        Some(range(found, wanted.len()))
    }
}

/// Lines from 1 of a first one from 0.
fn range(start: usize, count: usize) -> LineRange {
    let number = |line: usize| u32::try_from(line).unwrap_or(u32::MAX);
    LineRange { start: number(start + 1), end: number(start + count) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Contributor, RepoPath};

    const TEXT: &str = "import a\ndef f():\n    return one(a)\n\ndef g():\n    return two(a)\n";

    /// A hunk of these lines of the text.
    fn hunk(text: &str, start: u32, end: u32) -> NoteHunk {
        let lines = split(text.as_bytes());
        let own = &lines[start as usize - 1..end as usize];
        NoteHunk {
            path: RepoPath::from("a"),
            lines: LineRange { start, end },
            contributor: Contributor::Ai,
            session: None,
            turn: None,
            edit: None,
            evidence: None,
            digest: Digest::of(&own.concat()).0,
            fingerprints: own.iter().map(|line| fingerprint(line)).collect(),
        }
    }

    fn misfit(hunk: &NoteHunk, text: &str) -> Option<Misfit> {
        misfits(&[hunk], text.as_bytes(), &[]).pop().map(|(_, misfit)| misfit)
    }

    #[test]
    fn a_hunk_fits_the_text_it_was_made_of() {
        let all = [hunk(TEXT, 1, 1), hunk(TEXT, 2, 3), hunk(TEXT, 5, 6)];
        let all: Vec<&NoteHunk> = all.iter().collect();
        assert_eq!(misfits(&all, TEXT.as_bytes(), &[]), []);
        assert_eq!(misfits(&all, TEXT.as_bytes(), &[b"other\n"]), []);
    }

    #[test]
    fn another_text_is_stale_and_the_same_one_elsewhere_is_shifted() {
        let own = hunk(TEXT, 2, 3);
        assert_eq!(misfit(&own, &TEXT.replace("one", "three")), Some(Misfit::Stale { same: 1 }));
        let moved = LineRange { start: 4, end: 5 };
        assert_eq!(misfit(&own, &format!("x\ny\n{TEXT}")), Some(Misfit::Shifted(moved)));
        // Even where the file is shorter now.
        let last = hunk(TEXT, 5, 6);
        let first = LineRange { start: 1, end: 2 };
        let text = "def g():\n    return two(a)\n";
        assert_eq!(misfit(&last, text), Some(Misfit::Shifted(first)));
        assert_eq!(misfit(&last, &TEXT.replace("    return", "\treturn")), Some(Misfit::Space));
    }

    #[test]
    fn lines_that_the_file_has_not_are_no_panic() {
        let mut own = hunk(TEXT, 2, 3);
        own.lines = LineRange { start: u32::MAX - 1, end: u32::MAX };
        assert!(matches!(misfit(&own, TEXT), Some(Misfit::Shifted(_))));
        own.fingerprints = vec![7, 8];
        assert_eq!(misfit(&own, TEXT), Some(Misfit::Beyond { lines: 6 }));
        assert_eq!(misfit(&own, ""), Some(Misfit::Beyond { lines: 0 }));
    }

    #[test]
    fn fingerprints_of_another_text_are_forged() {
        let own = NoteHunk { fingerprints: vec![1, 2], ..hunk(TEXT, 2, 3) };
        assert_eq!(misfit(&own, TEXT), Some(Misfit::Fingerprints));
    }

    #[test]
    fn lines_that_were_there_before_are_not_added() {
        let own = hunk(TEXT, 2, 3);
        let base = TEXT.replace("def g", "def h");
        let found = misfits(&[&own], TEXT.as_bytes(), &[base.as_bytes()]);
        assert_eq!(found, [(0, Misfit::NotAdded(LineRange { start: 2, end: 3 }))]);
        // Of a merge only what no parent has is new.
        let found = misfits(&[&own], TEXT.as_bytes(), &[b"", base.as_bytes()]);
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn of_hunks_that_overlap_the_first_is_looked_at() {
        let (wide, inner, next) = (hunk(TEXT, 1, 5), hunk(TEXT, 2, 3), hunk(TEXT, 6, 6));
        let found = misfits(&[&wide, &inner, &next], TEXT.as_bytes(), &[]);
        assert_eq!(found, [(1, Misfit::Overlaps)]);
    }

    #[test]
    fn a_file_of_equal_lines_and_hunks_that_are_nowhere_take_no_time() {
        let text = "}\n".repeat(50_000);
        let mut own = hunk(&text, 1, 25_000);
        own.fingerprints[24_999] = 7;
        assert!(matches!(misfit(&own, &text), Some(Misfit::Fingerprints)));
        own.digest = "00".into();
        assert!(matches!(misfit(&own, &text), Some(Misfit::Stale { .. })));
    }
}
