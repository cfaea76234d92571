//! Which lines two texts have in common: git's own diff, so that what we call added is what
//! `git blame` gives to the commit.

/// A run of lines that differ: `old` lines replaced by `new` lines. 0-based, end excluded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Lines of the old text.
    pub old: std::ops::Range<usize>,
    /// Lines of the new text.
    pub new: std::ops::Range<usize>,
}

/// How lines are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Space {
    /// Byte for byte.
    Counts,
    /// With all white space removed.
    Folded,
}

/// A text cut after each line feed; the last line may lack one.
pub fn split(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|&b| b == b'\n').collect()
}

/// Whether git would call it binary: a NUL byte among the first 8,000.
pub fn is_binary(text: &[u8]) -> bool {
    text.iter().take(8_000).any(|&b| b == 0)
}

/// The lines in which two texts differ, by Myers with the indent heuristic as `git blame` does.
pub fn diff(old: &[u8], new: &[u8], space: Space) -> Vec<Edit> {
    if old == new {
        return Vec::new();
    }
    let mut options = git2::DiffOptions::new();
    options
        .context_lines(0)
        .interhunk_lines(0)
        .indent_heuristic(true)
        .force_text(true)
        .ignore_whitespace(space == Space::Folded);
    let whole = || vec![Edit { old: 0..split(old).len(), new: 0..split(new).len() }];
    let Ok(patch) = git2::Patch::from_buffers(old, None, new, None, Some(&mut options)) else {
        return whole();
    };
    let mut edits = Vec::with_capacity(patch.num_hunks());
    for index in 0..patch.num_hunks() {
        let Ok((hunk, _)) = patch.hunk(index) else {
            return whole();
        };
        edits.push(Edit {
            old: range(hunk.old_start(), hunk.old_lines()),
            new: range(hunk.new_start(), hunk.new_lines()),
        });
    }
    edits
}

/// Hunk headers count from 1, and name the line before where there are none.
fn range(start: u32, lines: u32) -> std::ops::Range<usize> {
    let start = if lines == 0 { start } else { start - 1 } as usize;
    start..start + lines as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_zero_based_ranges() {
        let edits = diff(b"a\nb\nc\n", b"a\nx\ny\nc\nd\n", Space::Counts);
        assert_eq!(edits, [Edit { old: 1..2, new: 1..3 }, Edit { old: 3..3, new: 4..5 }]);
        assert_eq!(diff(b"", b"a\n", Space::Counts), [Edit { old: 0..0, new: 0..1 }]);
        assert_eq!(diff(b"a\n", b"", Space::Counts), [Edit { old: 0..1, new: 0..0 }]);
        assert_eq!(diff(b"a\n", b"b\na\n", Space::Counts), [Edit { old: 0..0, new: 0..1 }]);
    }

    #[test]
    fn white_space_can_be_folded() {
        assert_eq!(diff(b"if (a) {\n", b"  if(a)  {\r\n", Space::Folded), []);
        assert_eq!(diff(b"a", b"a\n", Space::Folded), []);
    }

    #[test]
    fn bytes_that_are_not_text_are_compared_too() {
        assert_eq!(diff(b"\xff\0\n", b"\xff\0\nb\n", Space::Counts).len(), 1);
        assert!(is_binary(b"a\0b"));
    }
}
