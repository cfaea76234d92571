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

/// Equal lines that are compared all the same: git looks at up to 120 of them to decide where a
/// run of new lines begins.
const CONTEXT: usize = 160;

/// Edits with more pairs of old and new lines than this are left to libgit2.
const MAX_PAIRS: usize = 4_096;

/// How many bytes are compared at once.
const BLOCK: usize = 256;

/// Larger texts are not looked at line by line, nor kept; what an agent wrote of them is `unknown`.
/// Bytes.
pub const MAX_TEXT: usize = 4 * 1024 * 1024;

/// Whether a text is looked at line by line.
pub fn is_text(bytes: &[u8]) -> bool {
    bytes.len() <= MAX_TEXT && !is_binary(bytes)
}

/// A text cut after each line feed; the last line may lack one.
pub fn split(text: &[u8]) -> Vec<&[u8]> {
    let mut lines = Vec::with_capacity(text.len() / 32);
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', text) {
        lines.push(&text[start..=end]);
        start = end + 1;
    }
    if start < text.len() {
        lines.push(&text[start..]);
    }
    lines
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
    if space == Space::Counts {
        return whole_diff(old, new, space);
    }
    let ends = Ends::of(old, new);
    let mut edits = folded_diff(ends.middle(old), ends.middle(new));
    for edit in &mut edits {
        edit.old = edit.old.start + ends.lines..edit.old.end + ends.lines;
        edit.new = edit.new.start + ends.lines..edit.new.end + ends.lines;
    }
    edits
}

/// The equal ends of two texts, in whole lines, without the [`CONTEXT`] lines next to what
/// differs. An edit of a large file leaves most of it there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ends {
    /// Lines before the middle.
    pub lines: usize,
    head: usize,
    tail: usize,
}

impl Ends {
    /// Of these two texts.
    pub fn of(old: &[u8], new: &[u8]) -> Self {
        let limit = old.len().min(new.len());
        let head = common_prefix(old, new);
        let tail = common_suffix(old, new, limit - head);
        let head = memchr::memrchr_iter(b'\n', &old[..head]).nth(CONTEXT).map_or(0, |at| at + 1);
        let end = &old[old.len() - tail..];
        let tail = memchr::memchr_iter(b'\n', end).nth(CONTEXT).map_or(0, |at| end.len() - at - 1);
        Self { lines: count_lines(&old[..head]), head, tail }
    }

    /// What lies between the ends of one of the two.
    pub fn middle<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        &text[self.head..text.len() - self.tail]
    }
}

/// The lines in which two texts differ, white space removed.
pub fn folded_diff(old: &[u8], new: &[u8]) -> Vec<Edit> {
    one_edit(old, new).unwrap_or_else(|| whole_diff(old, new, Space::Folded))
}

/// Most edits put other lines in the place of some, and there is nothing to choose: no line is on
/// both sides, and the run cannot be moved up or down. libgit2 would say the same, after hashing
/// both texts. `None` where there is a choice.
fn one_edit(old: &[u8], new: &[u8]) -> Option<Vec<Edit>> {
    let (old, new) = (split(old), split(new));
    let limit = old.len().min(new.len());
    let head = old.iter().zip(&new).take_while(|(a, b)| same(a, b)).count();
    let ends = old[head..].iter().rev().zip(new[head..].iter().rev());
    let tail = ends.take(limit - head).take_while(|(a, b)| same(a, b)).count();
    let (gone, come) = (head..old.len() - tail, head..new.len() - tail);
    if gone.is_empty() && come.is_empty() {
        return Some(Vec::new());
    }
    if gone.len() * come.len() > MAX_PAIRS || moves(&old, &gone) || moves(&new, &come) {
        return None;
    }
    let kept = old[gone.clone()].iter().any(|a| new[come.clone()].iter().any(|b| same(a, b)));
    (!kept).then(|| vec![Edit { old: gone, new: come }])
}

/// Whether a run of lines could as well be said to begin a line earlier or later.
fn moves(lines: &[&[u8]], run: &std::ops::Range<usize>) -> bool {
    let up = run.start > 0 && same(lines[run.start - 1], lines[run.end - 1]);
    let down = run.end < lines.len() && same(lines[run.start], lines[run.end]);
    !run.is_empty() && (up || down)
}

/// Whether two lines are equal but for white space.
fn same(old: &[u8], new: &[u8]) -> bool {
    let visible = |b: &&u8| !b.is_ascii_whitespace() && **b != 0x0b;
    old == new || old.iter().filter(visible).eq(new.iter().filter(visible))
}

/// How many bytes two texts have in common at their start.
pub fn common_prefix(old: &[u8], new: &[u8]) -> usize {
    let blocks = old.chunks_exact(BLOCK).zip(new.chunks_exact(BLOCK));
    let at = blocks.take_while(|(old, new)| old == new).count() * BLOCK;
    at + old[at..].iter().zip(&new[at..]).take_while(|(old, new)| old == new).count()
}

/// How many bytes two texts have in common at their end, at most `limit`.
pub fn common_suffix(old: &[u8], new: &[u8], limit: usize) -> usize {
    let (old, new) = (&old[old.len() - limit..], &new[new.len() - limit..]);
    let blocks = old.rchunks_exact(BLOCK).zip(new.rchunks_exact(BLOCK));
    let at = blocks.take_while(|(old, new)| old == new).count() * BLOCK;
    let pairs = old[..limit - at].iter().rev().zip(new[..limit - at].iter().rev());
    at + pairs.take_while(|(old, new)| old == new).count()
}

/// How many lines a text has.
pub fn count_lines(text: &[u8]) -> usize {
    let ends = memchr::memchr_iter(b'\n', text).count();
    ends + usize::from(text.last().is_some_and(|&b| b != b'\n'))
}

fn whole_diff(old: &[u8], new: &[u8], space: Space) -> Vec<Edit> {
    let mut options = git2::DiffOptions::new();
    options
        .context_lines(0)
        .interhunk_lines(0)
        .indent_heuristic(true)
        .force_text(true)
        .ignore_whitespace(space == Space::Folded);
    let whole = || vec![Edit { old: 0..count_lines(old), new: 0..count_lines(new) }];
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
    use proptest::prelude::*;

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
    fn equal_ends_are_counted_in_whole_lines() {
        let mut lines: Vec<String> = (0..1_000).map(|n| format!("line {}\n", n % 7)).collect();
        let old = lines.concat();
        lines[500] = "other\n".into();
        lines.remove(700);
        let edits = diff(old.as_bytes(), lines.concat().as_bytes(), Space::Folded);
        assert_eq!(edits, whole_diff(old.as_bytes(), lines.concat().as_bytes(), Space::Folded));
        assert_eq!(common_prefix(b"abc", b"abd"), 2);
        assert_eq!(common_suffix(b"xbc", b"abc", 3), 2);
        assert_eq!(count_lines(b"a\nb"), 2);
    }

    proptest! {
        #[test]
        fn leaving_out_equal_ends_changes_nothing(
            parts in proptest::collection::vec((0_u8..6, 0_u8..3), 600..900),
            cuts in proptest::collection::vec((0_usize..900, 0_usize..4, 0_u8..9), 1..4),
        ) {
            let text = |(word, indent): &(u8, u8)| {
                let word = ["", "}", "end", "if a {", "call(b)", "x = 1"].get(usize::from(*word));
                format!("{}{}\n", "  ".repeat(usize::from(*indent)), word.unwrap_or(&"new line"))
            };
            let mut changed = parts.clone();
            for (at, gone, new) in cuts {
                let at = at.min(changed.len());
                let end = (at + gone).min(changed.len());
                changed.splice(at..end, (0..new).map(|word| (word, word % 3)));
            }
            let old: String = parts.iter().map(text).collect();
            let new: String = changed.iter().map(text).collect();
            let (old, new) = (old.as_bytes(), new.as_bytes());
            let whole = whole_diff(old, new, Space::Folded);
            prop_assert_eq!(diff(old, new, Space::Folded), whole.clone());
            prop_assert_eq!(one_edit(old, new).unwrap_or_else(|| whole.clone()), whole);
        }
    }

    #[test]
    fn bytes_that_are_not_text_are_compared_too() {
        assert_eq!(diff(b"\xff\0\n", b"\xff\0\nb\n", Space::Counts).len(), 1);
        assert!(is_binary(b"a\0b"));
    }
}
