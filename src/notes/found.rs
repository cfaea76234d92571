//! Whether what the note of a commit that is gone says stands in other notes, too.
//!
//! Such a note may be the only place from which `repair` can carry provenance onto the commit that
//! took its place. So it counts as found again only line by line.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};

use crate::model::note::{Note, NoteHunk, PromptRecord};
use crate::model::{Contributor, TurnId};

/// What the notes of commits that exist say.
#[derive(Debug, Default)]
pub struct Held {
    /// Turns, or sessions where a hunk names no turn, by number.
    owners: HashMap<String, u32>,
    lines: HashSet<(u32, u64)>,
    said: HashSet<Vec<u8>>,
    forgotten: HashSet<TurnId>,
    prompts: HashSet<TurnId>,
}

/// What of a note stands nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lost {
    /// Lines of agents'.
    pub lines: usize,
    /// Attestations and waivers.
    pub claims: usize,
    /// Texts of prompts.
    pub prompts: usize,
    /// Turns that were forgotten: they must never come back.
    pub forgotten: usize,
}

impl Lost {
    /// Whether all of it stands elsewhere.
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

impl Held {
    /// Adds a note of a commit that exists.
    pub fn add(&mut self, note: &Note) {
        for hunk in owned(note) {
            let next = u32::try_from(self.owners.len()).unwrap_or(u32::MAX);
            let owner = *self.owners.entry(owner(hunk).to_owned()).or_insert(next);
            self.lines.extend(hunk.fingerprints.iter().map(|print| (owner, *print)));
        }
        self.said.extend(said(note));
        self.forgotten.extend(note.forgotten.keys().cloned());
    }

    /// Adds the prompts of such a commit.
    pub fn add_prompts(&mut self, prompts: &BTreeMap<TurnId, PromptRecord>) {
        self.prompts.extend(prompts.keys().cloned());
    }

    /// What would be lost with this note and its prompts.
    pub fn lost(&self, note: &Note, prompts: &BTreeMap<TurnId, PromptRecord>) -> Lost {
        let lines = owned(note).map(|hunk| {
            let owner = self.owners.get(owner(hunk));
            let held = |print: &&u64| owner.is_some_and(|o| self.lines.contains(&(*o, **print)));
            hunk.fingerprints.len() - hunk.fingerprints.iter().filter(held).count()
        });
        let known = |turn: &TurnId| self.prompts.contains(turn) || self.forgotten.contains(turn);
        Lost {
            lines: lines.sum(),
            claims: said(note).filter(|claim| !self.said.contains(claim)).count(),
            prompts: prompts.keys().filter(|turn| !known(turn)).count(),
            forgotten: note.forgotten.keys().filter(|turn| !self.forgotten.contains(*turn)).count(),
        }
    }
}

/// The youngest time that a note names.
pub fn youngest(note: &Note) -> Option<DateTime<Utc>> {
    let turns = note.turns.values().filter_map(|turn| turn.at);
    let sessions = note.sessions.values().filter_map(|session| session.started);
    let claims = note.attestations.iter().map(|claim| claim.at);
    let waivers = note.waivers.iter().filter_map(|waiver| waiver.at);
    let ruling = note.ruling.iter().map(|ruling| ruling.at);
    turns.chain(sessions).chain(claims).chain(waivers).chain(ruling).max()
}

/// Lines of which nobody knows the owner are carried nowhere.
fn owned(note: &Note) -> impl Iterator<Item = &NoteHunk> {
    note.hunks.iter().filter(|hunk| hunk.contributor != Contributor::Unknown)
}

fn owner(hunk: &NoteHunk) -> &str {
    let turn = hunk.turn.as_ref().map(TurnId::as_str);
    turn.or(hunk.session.as_ref().map(|session| session.as_str())).unwrap_or_default()
}

/// What people said that still concerns a line of the note.
fn said(note: &Note) -> impl Iterator<Item = Vec<u8>> + '_ {
    let holds = |hunks: &[String]| note.hunks.iter().any(|hunk| hunks.contains(&hunk.digest));
    let attested = note.attestations.iter().filter(move |claim| holds(&claim.hunks));
    let waived = note.waivers.iter().filter(move |waiver| holds(&waiver.hunks));
    attested.map(|claim| claim.payload()).chain(waived.map(|waiver| waiver.payload()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Attestation, Evidence, PromptText};
    use crate::notes::tests::hunk;

    fn note(prints: &[u64]) -> Note {
        let mut note = Note::default();
        note.hunks.push(hunk("a", 1, prints, Evidence::Edit));
        note
    }

    #[test]
    fn every_line_must_stand_in_another_note_under_its_own_turn() {
        let mut held = Held::default();
        let none = BTreeMap::new();
        held.add(&note(&[1, 2]));
        held.add(&note(&[3]));
        assert!(held.lost(&note(&[3, 1, 2, 1]), &none).is_nothing());
        assert_eq!(held.lost(&note(&[3, 4]), &none).lines, 1);
        let mut other = note(&[1]);
        other.hunks[0].turn = Some(TurnId("p_2".into()));
        assert_eq!(held.lost(&other, &none).lines, 1);
        other.hunks[0].contributor = Contributor::Unknown;
        assert!(held.lost(&other, &none).is_nothing());
    }

    #[test]
    fn what_people_said_and_asked_must_stand_elsewhere_too() {
        let mut held = Held::default();
        held.add(&note(&[1]));
        let mut gone = note(&[1]);
        gone.attestations.push(Attestation {
            item: "cors".into(),
            hunks: vec!["00".into()],
            who: "Pat".into(),
            reason: "read".into(),
            at: DateTime::UNIX_EPOCH,
            until: None,
            signature: None,
        });
        gone.forgotten.insert(TurnId("p_9".into()), Default::default());
        let prompt = PromptRecord {
            turn: TurnId("p_1".into()),
            prompt: PromptText::default(),
            closing: None,
        };
        let prompts = BTreeMap::from([(prompt.turn.clone(), prompt)]);
        let lost = held.lost(&gone, &prompts);
        assert_eq!(lost, Lost { lines: 0, claims: 1, prompts: 1, forgotten: 1 });
        assert_eq!(youngest(&gone), Some(DateTime::UNIX_EPOCH));
        held.add(&gone);
        held.add_prompts(&prompts);
        assert!(held.lost(&gone, &prompts).is_nothing());
        // A void attestation is worth nothing.
        gone.attestations[0].hunks = vec!["01".into()];
        let mut held = Held::default();
        held.add(&note(&[1]));
        assert_eq!(held.lost(&gone, &BTreeMap::new()).claims, 0);
    }
}
