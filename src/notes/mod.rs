//! The stored formats: bytes ↔ [`Note`]s, and how two of them become one.
//!
//! A note is JSON Lines. Every line is a record that stands for itself and their order means
//! nothing, so git's own `union`, `concatenate` and `cat_sort_uniq` merges give a valid note.
//! Records and fields that this version does not know survive a round trip.

pub mod audit;
pub mod fit;
mod forget;
pub mod found;
mod merge;
pub mod record;

use std::collections::BTreeMap;

use serde_json::Value;

pub use forget::{forgotten, without};
use merge::drop_overlapping;
pub use merge::join;
use record::{
    FindingRecord, ForgottenRecord, HeadRecord, HunkRecord, PromptLine, Record, SessionRecord,
    TurnRecord,
};

use crate::model::TurnId;
use crate::model::note::{Forgotten, Note, NoteHunk, PromptRecord, Session, Turn};

/// The name and version of the attribution's format.
pub const PROVENANCE_SCHEMA: &str = "git-ai-log/provenance/1";

/// Notes larger than this are not read. Bytes. They may come from somebody else's push.
pub const MAX_NOTE: usize = 64 * 1024 * 1024;

/// Why a note could not be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NoteError {
    /// A later major version.
    #[error("the note's format is `{schema}`, newer than this git ai-log can read")]
    Newer {
        /// What the note says.
        schema: String,
    },
    /// Too large to be ours.
    #[error("the note has {size} bytes, more than {MAX_NOTE}")]
    TooLarge {
        /// Its size.
        size: usize,
    },
}

/// The lines of a note that are JSON objects. Blank and broken lines are left out.
fn lines(bytes: &[u8]) -> Result<Vec<Value>, NoteError> {
    if bytes.len() > MAX_NOTE {
        return Err(NoteError::TooLarge { size: bytes.len() });
    }
    let lines = bytes.split(|&b| b == b'\n').filter(|line| !line.is_empty());
    Ok(lines
        .filter_map(|line| serde_json::from_slice::<Value>(line).ok())
        .filter(Value::is_object)
        .collect())
}

/// Refuses a later major version, politely.
fn check_version(values: &[Value]) -> Result<(), NoteError> {
    for value in values.iter().filter(|value| value["type"] == "head") {
        let schema = value["schema"].as_str().unwrap_or_default();
        let major = schema.strip_prefix("git-ai-log/provenance/");
        if major.and_then(|n| n.split('.').next()).is_some_and(|n| n != "1") {
            return Err(NoteError::Newer { schema: schema.to_owned() });
        }
    }
    Ok(())
}

/// Reads a provenance note. Of hunks that overlap the stronger one is taken.
pub fn parse(bytes: &[u8]) -> Result<Note, NoteError> {
    let mut note = parse_as_it_is(bytes)?;
    drop_overlapping(&mut note.hunks);
    Ok(note)
}

/// The same with every hunk.
pub fn parse_as_it_is(bytes: &[u8]) -> Result<Note, NoteError> {
    let values = lines(bytes)?;
    check_version(&values)?;
    let mut note = Note::default();
    for value in values {
        match serde_json::from_value(value) {
            Ok(Record::Session(record)) => {
                let (id, session) = session(record);
                note.sessions.insert(id, session);
            }
            Ok(Record::Turn(record)) => {
                let turn = Turn {
                    session: record.session,
                    at: record.at,
                    prompt_sha256: record.prompt_sha256,
                    read: record.read,
                };
                note.turns.insert(record.turn, turn);
            }
            Ok(Record::Hunk(record)) => note.hunks.extend(hunk(record)),
            Ok(Record::Forgotten(record)) => {
                let forgotten = Forgotten { at: record.at, who: record.who };
                note.forgotten.insert(record.turn, forgotten);
            }
            Ok(Record::Verdict(ruling)) => {
                if note.ruling.as_ref().is_none_or(|known| known.at <= ruling.at) {
                    note.ruling = Some(ruling);
                }
            }
            Ok(Record::Finding(record)) => note.findings.push(record.into_finding()),
            Ok(Record::Attestation(record)) => note.attestations.push(record),
            Ok(Record::Waiver(record)) => note.waivers.push(record),
            Ok(Record::Head(head)) => {
                note.authored = note.authored.or(head.authored);
                note.others.extend(head.others());
                note.beside.extend(head.beside());
                note.committed_by = note.committed_by.or(head.committed_by);
            }
            Ok(Record::Other) | Err(_) => {}
        }
    }
    note.findings.sort_by(|a, b| (&a.path, a.lines).cmp(&(&b.path, b.lines)));
    note.hunks.sort_by(|a, b| (&a.path, a.lines).cmp(&(&b.path, b.lines)));
    Ok(note)
}

/// Writes a provenance note: the records in a fixed order, so that equal notes are equal bytes.
pub fn encode(note: &Note) -> Vec<u8> {
    let mut records = vec![Record::Head(HeadRecord::of(note))];
    for (id, session) in &note.sessions {
        records.push(Record::Session(SessionRecord {
            session: id.clone(),
            agent: session.agent.clone(),
            model: session.model.clone(),
            human: session.human.clone(),
            started: session.started,
            parent: session.parent.clone(),
        }));
    }
    for (id, turn) in &note.turns {
        records.push(Record::Turn(TurnRecord {
            turn: id.clone(),
            session: turn.session.clone(),
            at: turn.at,
            prompt_sha256: turn.prompt_sha256.clone(),
            read: turn.read.clone(),
        }));
    }
    records.extend(note.hunks.iter().map(|hunk| Record::Hunk(HunkRecord::of(hunk))));
    records.extend(note.forgotten.iter().map(|(turn, forgotten)| {
        let Forgotten { at, who } = forgotten.clone();
        Record::Forgotten(ForgottenRecord { turn: turn.clone(), at, who })
    }));
    records.extend(note.ruling.clone().map(Record::Verdict));
    records.extend(note.findings.iter().map(|found| Record::Finding(FindingRecord::of(found))));
    records.extend(note.attestations.iter().cloned().map(Record::Attestation));
    records.extend(note.waivers.iter().cloned().map(Record::Waiver));
    write_lines(&records)
}

/// Writes the prompts of a commit.
pub fn encode_prompts(prompts: &[PromptRecord]) -> Vec<u8> {
    let records: Vec<PromptLine> = prompts.iter().map(PromptLine::of).collect();
    write_lines(&records)
}

/// Reads the prompts of a commit.
pub fn parse_prompts(bytes: &[u8]) -> Result<BTreeMap<TurnId, PromptRecord>, NoteError> {
    let mut prompts = BTreeMap::new();
    for value in lines(bytes)? {
        if let Ok(PromptLine::Prompt(line)) = serde_json::from_value(value) {
            let record = line.into_record();
            prompts.insert(record.turn.clone(), record);
        }
    }
    Ok(prompts)
}

fn write_lines<R: serde::Serialize>(records: &[R]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for record in records {
        // Our own records are always writable as JSON, and a Vec takes every byte.
        if serde_json::to_writer(&mut bytes, record).is_ok() {
            bytes.push(b'\n');
        }
    }
    bytes
}

fn session(record: SessionRecord) -> (crate::model::SessionId, Session) {
    let session = Session {
        agent: record.agent,
        model: record.model,
        human: record.human,
        started: record.started,
        parent: record.parent,
    };
    (record.session, session)
}

fn hunk(record: HunkRecord) -> Option<NoteHunk> {
    let fingerprints = record.fingerprints()?;
    Some(NoteHunk {
        path: record.path,
        lines: record.lines,
        contributor: record.contributor,
        session: record.session,
        turn: record.turn,
        edit: record.edit,
        evidence: record.evidence,
        digest: record.digest,
        fingerprints,
    })
}

#[cfg(test)]
mod tests;
