//! Prompts of turns that are forgotten: what goes, and what stays.

use std::collections::BTreeSet;

use serde_json::Value;

use super::record::Record;
use crate::model::TurnId;

/// The turns that a note says are forgotten, whatever version wrote it and however large it is:
/// where this cannot be read, prompts would come back.
pub fn forgotten(bytes: &[u8]) -> BTreeSet<TurnId> {
    let lines = bytes.split(|&b| b == b'\n');
    lines
        .filter_map(|line| match serde_json::from_slice(line) {
            Ok(Record::Forgotten(record)) => Some(record.turn),
            _ => None,
        })
        .collect()
}

/// The note without the records of these turns; `None` where nothing of theirs is in it. For
/// notes of prompts only: in the attribution the turns stay.
pub fn without(bytes: &[u8], forgotten: &dyn Fn(&TurnId) -> bool) -> Option<Vec<u8>> {
    // Whatever kind of record it is: a later version may keep more of a turn than its prompt.
    let goes = |line: &[u8]| {
        let record: Option<Value> = serde_json::from_slice(line).ok();
        let turn = record.as_ref().and_then(|record| record["turn"].as_str());
        turn.is_some_and(|turn| forgotten(&TurnId(turn.to_owned())))
    };
    let lines = bytes.split_inclusive(|&b| b == b'\n');
    let kept: Vec<u8> = lines.filter(|line| !goes(line)).flatten().copied().collect();
    (kept.len() < bytes.len()).then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_records_of_these_turns_go() {
        let gone = |turn: &TurnId| turn.as_str() == "p_1";
        let note = b"{\"type\":\"prompt\",\"turn\":\"p_1\"}\nnot ours\n\n\
            {\"type\":\"later\",\"turn\":\"p_1\"}\n{\"type\":\"prompt\",\"turn\":\"p_2\"}";
        let kept = b"not ours\n\n{\"type\":\"prompt\",\"turn\":\"p_2\"}";
        assert_eq!(without(note, &gone).as_deref(), Some(kept.as_slice()));
        assert_eq!(without(kept, &gone), None);
    }
}
