use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::model::{Contributor, EditId, Evidence, LineRange, PromptText, SessionId};

pub(super) fn hunk(path: &str, start: u32, prints: &[u64], evidence: Evidence) -> NoteHunk {
    NoteHunk {
        path: path.into(),
        lines: LineRange { start, end: start + prints.len() as u32 - 1 },
        contributor: Contributor::Ai,
        session: Some(SessionId("s_1".into())),
        turn: Some(TurnId("p_1".into())),
        edit: Some(EditId("t_1".into())),
        evidence: Some(evidence),
        digest: "00".into(),
        fingerprints: prints.to_vec(),
    }
}

fn any_note() -> impl Strategy<Value = Note> {
    let hunks = proptest::collection::vec(
        ("[a-z\"\n é]{1,8}", 1_u32..50, proptest::collection::vec(any::<u64>(), 1..5)),
        0..6,
    );
    let sessions =
        proptest::collection::btree_map("s_[0-9a-f]{3}", proptest::option::of("[a-z]{1,9}"), 0..3);
    let others = proptest::collection::btree_set(any::<u32>(), 0..4);
    (hunks, sessions, others).prop_map(|(hunks, sessions, others)| {
        let beside = others.iter().rev().map(|half| !half).collect();
        let others = Vec::from_iter(others);
        let mut note = Note { others, beside, ..Note::default() };
        for (path, start, prints) in hunks {
            note.hunks.push(hunk(&path, start, &prints, Evidence::Edit));
        }
        note.hunks.sort_by(|a, b| (&a.path, a.lines).cmp(&(&b.path, b.lines)));
        drop_overlapping(&mut note.hunks);
        for (id, model) in sessions {
            let session =
                Session { agent: "codex".into(), model, human: None, started: None, parent: None };
            note.sessions.insert(SessionId(id), session);
        }
        note
    })
}

proptest! {
    #[test]
    fn notes_round_trip(note in any_note()) {
        let bytes = encode(&note);
        let read = parse(&bytes).unwrap();
        prop_assert_eq!(&read, &note);
        prop_assert_eq!(encode(&read), bytes);
    }

    #[test]
    fn bytes_of_any_kind_are_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(&bytes);
        let _ = parse_prompts(&bytes);
        let _ = join(Some(&bytes), b"{}\n");
    }

    #[test]
    fn joining_has_no_order(a in any_note(), b in any_note(), c in any_note()) {
        let all: BTreeSet<u32> = a.beside.iter().chain(&b.beside).copied().collect();
        let [a, b, c] = [a, b, c].map(|note| encode(&note));
        let join = |x: &[u8], y: &[u8]| join(Some(x), y);
        let ab = join(&a, &b);
        prop_assert_eq!(parse(&ab).unwrap().sessions, parse(&join(&b, &a)).unwrap().sessions);
        prop_assert_eq!(parse(&ab).unwrap().beside, Vec::from_iter(all));
        prop_assert_eq!(join(&ab, &b), ab.clone());
        prop_assert_eq!(
            parse(&join(&ab, &c)).unwrap().sessions,
            parse(&join(&a, &join(&b, &c))).unwrap().sessions
        );
    }
}

#[test]
fn records_of_a_later_version_survive() {
    let old = b"{\"type\":\"head\",\"schema\":\"git-ai-log/provenance/1.4\",\"tool\":\"x\"}\n\
        {\"type\":\"hologram\",\"x\":1}\n{\"type\":\"session\",\"session\":\"s_1\",\"agent\":\"a\",\"new\":[1]}\n";
    let new = b"{\"type\":\"session\",\"session\":\"s_1\",\"agent\":\"a\",\"model\":\"m\"}\n";
    let joined = String::from_utf8(join(Some(old), new)).unwrap();
    assert!(joined.contains("hologram"), "{joined}");
    assert!(joined.contains("\"new\":[1]") && joined.contains("\"model\":\"m\""), "{joined}");
    assert_eq!(joined.lines().count(), 3);
}

#[test]
fn a_later_major_version_is_refused() {
    let bytes = b"{\"type\":\"head\",\"schema\":\"git-ai-log/provenance/2\",\"tool\":\"x\"}\n";
    assert!(matches!(parse(bytes), Err(NoteError::Newer { .. })));
}

#[test]
fn the_stronger_of_two_overlapping_hunks_stays() {
    let mut weak = Note::default();
    weak.hunks.push(hunk("a", 1, &[1, 2], Evidence::Carried));
    let mut strong = Note::default();
    strong.hunks.push(hunk("a", 2, &[2, 3], Evidence::Edit));
    for (a, b) in [(&weak, &strong), (&strong, &weak)] {
        let joined = parse(&join(Some(&encode(a)), &encode(b))).unwrap();
        assert_eq!(joined.hunks, strong.hunks);
    }
}

#[test]
fn who_knows_more_of_lines_is_right() {
    let note = |hunk: &NoteHunk| {
        let mut note = Note::default();
        note.hunks.push(hunk.clone());
        encode(&note)
    };
    let saw = hunk("a", 1, &[7], Evidence::Edit);
    let found = NoteHunk { turn: None, edit: None, ..hunk("a", 1, &[7], Evidence::Carried) };
    let doubt = NoteHunk {
        contributor: Contributor::Unknown,
        session: None,
        evidence: None,
        ..found.clone()
    };
    for (more, less) in [(&saw, &found), (&saw, &doubt), (&found, &doubt)] {
        for (one, two) in [(more, less), (less, more)] {
            let joined = join(Some(&note(one)), &note(two));
            assert_eq!(parse(&joined).unwrap().hunks, std::slice::from_ref(more));
        }
    }
}

#[test]
fn gits_own_merges_give_a_valid_note() {
    let mut a = Note::default();
    a.hunks.push(hunk("a", 1, &[1], Evidence::Edit));
    let mut b = a.clone();
    b.hunks.push(hunk("b", 1, &[2], Evidence::Edit));
    // `union` leaves a blank line between, and repeats lines.
    let merged = [encode(&a), b"\n".to_vec(), encode(&b)].concat();
    assert_eq!(parse(&join(Some(&merged), b"")).unwrap(), b);
}

#[test]
fn prompts_round_trip() {
    let prompts = [PromptRecord {
        turn: TurnId("p_1".into()),
        prompt: PromptText {
            text: "do\nit".into(),
            removed: [("aws-access-key".into(), 2)].into(),
        },
        closing: Some(PromptText { text: "done".into(), removed: Default::default() }),
    }];
    let read = parse_prompts(&encode_prompts(&prompts)).unwrap();
    assert_eq!(read.into_values().collect::<Vec<_>>(), prompts);
}
