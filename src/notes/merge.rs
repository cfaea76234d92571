//! Joining the notes of one commit that two processes, or two clones, wrote.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::record::{HunkRecord, Record, union_of_halves};
use super::{lines, write_lines};
use crate::model::note::NoteHunk;
use crate::model::{Evidence, LineRange, RepoPath};

/// The union of two notes of either ref, record by record. Neither order nor repetition matters.
pub fn join(old: Option<&[u8]>, new: &[u8]) -> Vec<u8> {
    let Some(old) = old else {
        return new.to_vec();
    };
    // A note that cannot be read is not ours to change.
    let (Ok(old_lines), Ok(new_lines)) = (lines(old), lines(new)) else {
        return old.to_vec();
    };
    let mut records: BTreeMap<(u8, String), Value> = BTreeMap::new();
    for value in old_lines.into_iter().chain(new_lines) {
        let key = key(&value);
        match records.remove(&key) {
            Some(known) => {
                let joined = join_records(known, value);
                records.insert(key, joined);
            }
            None => {
                records.insert(key, value);
            }
        }
    }
    let mut values: Vec<Value> = records.into_values().collect();
    drop_overlapping_records(&mut values);
    write_lines(&values)
}

/// Records of one key are one record. The number keeps the order of kinds that [`super::encode`]
/// writes.
fn key(value: &Value) -> (u8, String) {
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    match value["type"].as_str().unwrap_or_default() {
        "head" => (0, String::new()),
        "session" => (1, text("session")),
        "turn" => (2, text("turn")),
        "hunk" => {
            let line = value["lines"][0].as_u64().unwrap_or(0);
            (3, format!("{}\0{line:010}\0{}", text("path"), text("hunk")))
        }
        "forgotten" => (4, text("turn")),
        "prompt" => (5, text("turn")),
        "verdict" => (6, format!("{}\0{}", text("policy"), text("tree"))),
        "finding" => (7, text("fingerprint")),
        // Attestations and waivers are all kept; of a later version: the same only if every byte is.
        _ => (8, value.to_string()),
    }
}

/// What is not null wins; of two that differ the greater text, so that every order of joining
/// gives the same.
fn join_records(a: Value, b: Value) -> Value {
    if a["type"] == "verdict" {
        // Its fields belong together: the later one holds.
        let place = |value: &Value| (value["at"].to_string(), value.to_string());
        return if place(&a) >= place(&b) { a } else { b };
    }
    if a["type"] == "forgotten" {
        // Who and when belong together: the first one to forget it did.
        let place =
            |value: &Value| (value["at"].is_null(), value["at"].to_string(), value.to_string());
        return if place(&a) <= place(&b) { a } else { b };
    }
    // Of hunks who knows more is right: as where two overlap.
    let sure = knows(&a) != knows(&b);
    let (a, b) = if knows(&b) > knows(&a) { (b, a) } else { (a, b) };
    let (Value::Object(mut a), Value::Object(b)) = (a, b) else {
        return Value::Null;
    };
    for (name, theirs) in b {
        if sure && WHOSE.contains(&name.as_str()) {
            continue;
        }
        match a.get_mut(&name) {
            None => {
                a.insert(name, theirs);
            }
            Some(ours) => {
                if let Some(both) = union(&name, ours, &theirs) {
                    *ours = both;
                } else if ours.is_null() || !theirs.is_null() && wins(&name, &theirs, ours) {
                    *ours = theirs;
                }
            }
        }
    }
    Value::Object(a)
}

/// Both of two values of a field that holds many, if it does.
fn union(name: &str, ours: &Value, theirs: &Value) -> Option<Value> {
    match name {
        "read" => {
            let all = ours.as_array()?.iter().chain(theirs.as_array()?);
            let all: BTreeSet<&str> = all.filter_map(Value::as_str).collect();
            Some(all.into_iter().collect())
        }
        "beside" => Some(union_of_halves(ours.as_str()?, theirs.as_str()?).into()),
        _ => None,
    }
}

/// What a hunk's evidence speaks for: these fields belong together.
const WHOSE: [&str; 5] = ["contributor", "session", "turn", "edit", "evidence"];

/// How much is known of the lines: somebody saw them being written, or found them again, or neither.
fn knows(hunk: &Value) -> u8 {
    match hunk["evidence"].as_str() {
        None => 0,
        Some("carried") => 1,
        Some(_) => 2,
    }
}

/// The earlier of two times, the greater of two other values.
fn wins(name: &str, theirs: &Value, ours: &Value) -> bool {
    let (theirs, ours) = (theirs.to_string(), ours.to_string());
    if matches!(name, "started" | "at") { theirs < ours } else { theirs > ours }
}

/// Of hunks that overlap the one with the stronger evidence stays; of equal ones the first.
pub fn drop_overlapping(hunks: &mut Vec<NoteHunk>) {
    let places: Vec<_> = hunks.iter().map(|hunk| (hunk.evidence, &hunk.path, hunk.lines)).collect();
    let gone = overlapped(&places);
    keep(hunks, |at| !gone.contains(&at));
}

/// The same for records.
fn drop_overlapping_records(values: &mut Vec<Value>) {
    let mut numbers = Vec::new();
    let mut records: Vec<HunkRecord> = Vec::new();
    for (at, value) in values.iter().enumerate() {
        if let Ok(Record::Hunk(hunk)) = serde_json::from_value(value.clone()) {
            numbers.push(at);
            records.push(hunk);
        }
    }
    let places: Vec<_> =
        records.iter().map(|hunk| (hunk.evidence, &hunk.path, hunk.lines)).collect();
    let gone: BTreeSet<usize> = overlapped(&places).into_iter().map(|at| numbers[at]).collect();
    keep(values, |at| !gone.contains(&at));
}

fn keep<T>(items: &mut Vec<T>, stays: impl Fn(usize) -> bool) {
    let mut at = 0;
    items.retain(|_| {
        at += 1;
        stays(at - 1)
    });
}

/// The numbers of those that a stronger one overlaps.
fn overlapped(hunks: &[(Option<Evidence>, &RepoPath, LineRange)]) -> BTreeSet<usize> {
    let mut order: Vec<usize> = (0..hunks.len()).collect();
    // None, which people and doubt have, sorts first but is the weakest.
    order.sort_by_key(|at| (hunks[*at].0.is_none(), hunks[*at].0, *at));
    // What stays, by path and first line: none of these overlap.
    let mut kept: BTreeMap<(&RepoPath, u32), u32> = BTreeMap::new();
    let mut gone = BTreeSet::new();
    for at in order {
        let (_, path, lines) = hunks[at];
        let before = kept.range(..=(path, lines.end)).next_back();
        let overlaps =
            before.is_some_and(|((other, _), end)| *other == path && *end >= lines.start);
        if overlaps {
            gone.insert(at);
        } else {
            kept.insert((path, lines.start), lines.end);
        }
    }
    gone
}
