//! How alike two functions are.

use super::shape::Function;

/// From here on two functions of different files are called twins.
pub const TWIN: f32 = 0.58;
/// From here on it is a copy and hardly anything else.
pub const COPY: f32 = 0.85;

/// From 0 to 1: tokens in the same order, runs of tokens, and names of others that both use.
pub fn likeness(a: &Function, b: &Function) -> f32 {
    let order = share(common_in_order(&a.tokens, &b.tokens), a.tokens.len(), b.tokens.len());
    let runs = share(common(&a.grams, &b.grams), a.grams.len(), b.grams.len());
    let names = share(common(&a.names, &b.names), a.names.len(), b.names.len());
    if a.names.is_empty() && b.names.is_empty() {
        return (order + runs) / 2.0;
    }
    (order + runs + names) / 3.0
}

/// Whether what differs is data: functions that are mostly literals and have few in common.
pub fn differ_in_data(a: &Function, b: &Function) -> bool {
    let most = |function: &Function| function.texts.len() * 8 > function.tokens.len();
    let same = share(common(&a.texts, &b.texts), a.texts.len(), b.texts.len());
    a.texts.len().min(b.texts.len()) >= 5 && most(a) && most(b) && same < 0.65
}

fn share(common: usize, a: usize, b: usize) -> f32 {
    if a + b == 0 { 0.0 } else { 2.0 * common as f32 / (a + b) as f32 }
}

/// How many elements two sorted lists have in common.
fn common(a: &[u32], b: &[u32]) -> usize {
    let (mut i, mut j, mut found) = (0, 0, 0);
    while let (Some(left), Some(right)) = (a.get(i), b.get(j)) {
        found += usize::from(left == right);
        i += usize::from(left <= right);
        j += usize::from(right <= left);
    }
    found
}

/// The length of the longest sequence of tokens that both have, by bits: 64 of a row at a time.
fn common_in_order(a: &[u32], b: &[u32]) -> usize {
    use std::collections::HashMap;
    let words = a.len().div_ceil(64);
    let mut places: HashMap<u32, Vec<u64>> = HashMap::new();
    for (at, token) in a.iter().enumerate() {
        let bits = places.entry(*token).or_insert_with(|| vec![0; words]);
        bits[at / 64] |= 1 << (at % 64);
    }
    let mut row = vec![u64::MAX; words];
    for token in b {
        let Some(bits) = places.get(token) else {
            continue;
        };
        let mut carry = false;
        for (word, bits) in row.iter_mut().zip(bits) {
            let hit = *word & bits;
            let (sum, over) = word.overflowing_add(hit);
            let (sum, again) = sum.overflowing_add(u64::from(carry));
            carry = over || again;
            *word = sum | (*word & !bits);
        }
    }
    let unset = |(at, word): (usize, &u64)| {
        let used = (a.len() - at * 64).min(64);
        let mask = if used == 64 { u64::MAX } else { (1 << used) - 1 };
        (!word & mask).count_ones() as usize
    };
    row.iter().enumerate().map(unset).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slow(a: &[u32], b: &[u32]) -> usize {
        let mut row = vec![0; b.len() + 1];
        for x in a {
            let mut last = 0;
            for (j, y) in b.iter().enumerate() {
                let above = row[j + 1];
                row[j + 1] = if x == y { last + 1 } else { above.max(row[j]) };
                last = above;
            }
        }
        row[b.len()]
    }

    #[test]
    fn order_is_counted_as_the_plain_way_counts_it() {
        let text =
            |seed: u32, n: u32| (0..n).map(|i| (i * i * seed + i / 3) % 7).collect::<Vec<_>>();
        for (a, b) in [(1, 2), (3, 5), (11, 13), (4, 4)] {
            for n in [0, 1, 63, 64, 65, 200] {
                let (a, b) = (text(a, n), text(b, n + 5));
                assert_eq!(common_in_order(&a, &b), slow(&a, &b));
            }
        }
        assert_eq!(common(&[1, 2, 2, 5], &[2, 2, 3, 5]), 3);
    }
}
