//! Lines that were changed: whose are they now?
//!
//! A line keeps its owner when only white space or line breaks changed. A line of which strictly
//! more than half of the tokens were kept, counted on both sides, belongs to both if one was an
//! agent's and the other a person's. Else it belongs to whoever changed it.

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::tokens::tokens;
use super::{By, Owner};

/// Blocks with more pairs of lines than this are compared line by line at the same height only.
const MAX_PAIRS: usize = 10_000;

/// Lines with more tokens than this are taken as new.
const MAX_TOKENS: usize = 2_000;

/// The owners of the new lines that replaced these old ones.
pub fn blend(old: &[(&[u8], Owner)], new: &[&[u8]], by: By) -> Vec<Owner> {
    if old.is_empty() {
        return vec![by.owner(); new.len()];
    }
    let before: Vec<Vec<String>> = old.iter().map(|(line, _)| tokens(line)).collect();
    let after: Vec<Vec<String>> = new.iter().map(|line| tokens(line)).collect();
    let owners: Vec<Owner> = old.iter().map(|(_, owner)| *owner).collect();
    if let Some(owners) = reflowed(&before, &owners, &after) {
        return owners;
    }
    let pairs = counterparts(&before, &after);
    pairs.into_iter().map(|pair| pair.map_or(by.owner(), |at| changed(owners[at], by))).collect()
}

/// The owner of a line that was changed, but not beyond recognition.
fn changed(owner: Owner, by: By) -> Owner {
    match (by, owner) {
        (By::Agent(author) | By::Command(author), Owner::Agent { mixed: false, .. }) => {
            Owner::of(author)
        }
        (By::Agent(author) | By::Command(author), _) => Owner::of(author).as_mixed(),
        (By::Other | By::Doubt, Owner::Agent { .. }) => owner.as_mixed(),
        (By::Other, Owner::Person | Owner::Unknown) => owner,
        (By::Doubt, Owner::Person | Owner::Unknown) => Owner::Unknown,
    }
}

/// The same tokens with other line breaks: each line belongs to whom its tokens belong to.
fn reflowed(before: &[Vec<String>], owners: &[Owner], after: &[Vec<String>]) -> Option<Vec<Owner>> {
    let count: usize = before.iter().map(Vec::len).sum();
    if count == 0 || !before.iter().flatten().eq(after.iter().flatten()) {
        return None;
    }
    let mut of_token =
        before.iter().zip(owners).flat_map(|(line, owner)| std::iter::repeat_n(*owner, line.len()));
    let mut last = owners[0];
    Some(
        after
            .iter()
            .map(|line| {
                let all: Vec<Owner> = of_token.by_ref().take(line.len()).collect();
                last = joined(&all).unwrap_or(last);
                last
            })
            .collect(),
    )
}

/// The owner of a line that is made of these; `None` of none.
fn joined(owners: &[Owner]) -> Option<Owner> {
    let first = *owners.first()?;
    if owners.iter().all(|owner| *owner == first) {
        return Some(first);
    }
    let agent = owners.iter().copied().rfind(|owner| owner.is_agent());
    let agents_only = owners.iter().all(|owner| matches!(owner, Owner::Agent { mixed: false, .. }));
    Some(match agent {
        Some(agent) if agents_only => agent,
        Some(agent) => agent.as_mixed(),
        None => Owner::Unknown,
    })
}

/// For each new line the old one that it was made from: in order, each used once, as many tokens
/// kept as possible.
fn counterparts(before: &[Vec<String>], after: &[Vec<String>]) -> Vec<Option<usize>> {
    let (rows, columns) = (before.len(), after.len());
    if rows * columns > MAX_PAIRS {
        let at = |line: usize| line * rows / columns;
        return (0..columns)
            .map(|line| kept(&before[at(line)], &after[line]).map(|_| at(line)))
            .collect();
    }
    let score: Vec<Vec<usize>> = before
        .iter()
        .map(|old| after.iter().map(|new| kept(old, new).unwrap_or(0)).collect())
        .collect();
    // best[i][j]: the most tokens kept by the first i old and the first j new lines.
    let mut best = vec![vec![0; columns + 1]; rows + 1];
    for i in 0..rows {
        for j in 0..columns {
            let paired = if score[i][j] > 0 { best[i][j] + score[i][j] } else { 0 };
            best[i + 1][j + 1] = paired.max(best[i][j + 1]).max(best[i + 1][j]);
        }
    }
    let mut pairs = vec![None; columns];
    let (mut i, mut j) = (rows, columns);
    while i > 0 && j > 0 {
        if best[i][j] == best[i][j - 1] {
            j -= 1;
        } else if best[i][j] == best[i - 1][j] {
            i -= 1;
        } else {
            (i, j) = (i - 1, j - 1);
            pairs[j] = Some(i);
        }
    }
    pairs
}

/// How many tokens both lines have in order, if that is more than half of each.
fn kept(old: &[String], new: &[String]) -> Option<usize> {
    let (short, long) = (old.len().min(new.len()), old.len().max(new.len()));
    if short * 2 <= long || long > MAX_TOKENS {
        return None;
    }
    let same: usize = capture_diff_slices(Algorithm::Myers, old, new)
        .iter()
        .map(|op| if let DiffOp::Equal { len, .. } = op { *len } else { 0 })
        .sum();
    (same * 2 > long).then_some(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Owner = Owner::Agent { author: 0, mixed: false, carried: false };
    const M: Owner = Owner::Agent { author: 0, mixed: true, carried: false };

    fn owners(old: &[(&str, Owner)], new: &[&str], by: By) -> Vec<Owner> {
        let old: Vec<_> = old.iter().map(|(line, owner)| (line.as_bytes(), *owner)).collect();
        let new: Vec<_> = new.iter().map(|line| line.as_bytes()).collect();
        blend(&old, &new, by)
    }

    #[test]
    fn more_than_half_on_both_sides_is_mixed() {
        // Three of four tokens kept.
        assert_eq!(owners(&[("a b c d", A)], &["a b c x"], By::Other), [M]);
        // Two of four are not more than half.
        assert_eq!(owners(&[("a b c d", A)], &["a b x y"], By::Other), [Owner::Person]);
        // All of the old, but half of the new.
        assert_eq!(owners(&[("a b", A)], &["a b x y"], By::Other), [Owner::Person]);
        assert_eq!(owners(&[("a b c d", Owner::Person)], &["a b c x"], By::Agent(0)), [M]);
        assert_eq!(owners(&[("a b c d", A)], &["a b c x"], By::Agent(1)), [Owner::of(1)]);
        assert_eq!(owners(&[("a b c d", M)], &["a b c x"], By::Other), [M]);
    }

    #[test]
    fn other_line_breaks_change_nothing() {
        assert_eq!(owners(&[("f(a, b)", A)], &["f(", "  a,", "  b)"], By::Other), [A, A, A]);
        assert_eq!(owners(&[("f(", A), ("a)", A)], &["f(a)"], By::Other), [A]);
        assert_eq!(owners(&[("f(a)", A), ("g(b)", Owner::Person)], &["f(a) g(b)"], By::Other), [M]);
    }

    #[test]
    fn lines_are_paired_in_order() {
        let old = [("x = load(path, mode)", A), ("y = x.strip().lower()", Owner::Person)];
        let new = ["x = load(path, flags)", "new", "y = x.strip().upper()"];
        assert_eq!(owners(&old, &new, By::Other), [M, Owner::Person, Owner::Person]);
        assert_eq!(
            owners(&old, &new, By::Agent(3)),
            [Owner::of(3), Owner::of(3), Owner::of(3).as_mixed()]
        );
    }
}
