//! Version 1 of the records, as they are written. Domain types may change; these may only grow.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::note::{CommittedBy, Note, NoteHunk, PromptRecord};
use crate::model::{
    Attestation, Contributor, EditId, Evidence, Finding, LineRange, PromptText, RepoPath, Ruling,
    SessionId, Severity, Status, TurnId, Waiver,
};

/// A line of `refs/notes/ai-log/provenance`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Record {
    /// The format. Of two, the higher schema holds.
    Head(HeadRecord),
    /// A conversation. Of two, what is not null holds.
    Session(SessionRecord),
    /// A prompt without its text.
    Turn(TurnRecord),
    /// Lines that are not simply a person's.
    Hunk(HunkRecord),
    /// A prompt that was deleted, for ever.
    Forgotten(ForgottenRecord),
    /// What the gate said. Of two with the same policy and tree the later holds.
    Verdict(Ruling),
    /// What the checklist found.
    Finding(FindingRecord),
    /// What a person vouches for. All are kept.
    Attestation(Attestation),
    /// An exception that was made. All are kept.
    Waiver(Waiver),
    /// A record of a later version.
    #[serde(other)]
    Other,
}

/// The format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HeadRecord {
    /// `git-ai-log/provenance/1`.
    pub schema: String,
    /// The program that wrote the note, with its version.
    pub tool: String,
    /// The author's time of the commit, UTC: what tells a commit that a rewrite made of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authored: Option<DateTime<Utc>>,
    /// The agent that ran the commit; absent where a person did, or nobody can say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committed_by: Option<CommittedBy>,
    /// Of up to 16 of the added lines that are no agent's, the first four bytes of the fingerprint,
    /// as base64: what tells a squash that the commit went into, however few its agents' lines are.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub others: String,
    /// The same of the agents' lines that another file had as well when the commit was made, and no
    /// commit: they were not copied from here into that one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub beside: String,
}

/// A conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SessionRecord {
    /// The key.
    pub session: SessionId,
    /// The agent's name.
    pub agent: String,
    /// The model; null where it is not known.
    pub model: Option<String>,
    /// Who had the conversation.
    pub human: Option<String>,
    /// When it was first seen, UTC.
    pub started: Option<DateTime<Utc>>,
    /// The session that started it.
    pub parent: Option<SessionId>,
}

/// A prompt without its text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TurnRecord {
    /// The key.
    pub turn: TurnId,
    /// The conversation.
    pub session: SessionId,
    /// When, UTC.
    pub at: Option<DateTime<Utc>>,
    /// SHA-256 of the prompt after redaction.
    pub prompt_sha256: Option<String>,
    /// Files read in this turn.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub read: BTreeSet<RepoPath>,
}

/// Lines of one owner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HunkRecord {
    /// The key: SHA-256 of path, lines and digest, each followed by a NUL byte.
    pub hunk: String,
    /// The file.
    pub path: RepoPath,
    /// Its lines in the commit, `[first, last]`, from 1.
    pub lines: LineRange,
    /// `ai`, `mixed` or `unknown`.
    pub contributor: Contributor,
    /// The conversation.
    pub session: Option<SessionId>,
    /// The prompt.
    pub turn: Option<TurnId>,
    /// The tool call.
    pub edit: Option<EditId>,
    /// What this rests on.
    pub evidence: Option<Evidence>,
    /// SHA-256 of the lines' bytes.
    pub digest: String,
    /// One fingerprint a line, eight bytes each, big-endian, as base64.
    pub fingerprints: String,
}

/// A prompt that was deleted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ForgottenRecord {
    /// The key.
    pub turn: TurnId,
    /// When, UTC.
    pub at: Option<DateTime<Utc>>,
    /// By whom.
    pub who: Option<String>,
}

/// What the checklist found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FindingRecord {
    /// The key.
    pub fingerprint: String,
    /// The checklist item.
    pub item: String,
    /// The rule within it.
    pub rule: String,
    /// `block` or `warn`.
    pub severity: Severity,
    /// The file.
    pub path: RepoPath,
    /// Its lines in the commit.
    pub lines: LineRange,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    #[serde(default)]
    pub hint: String,
    /// The agent that wrote the lines.
    pub agent: Option<String>,
    /// The prompt they come from.
    pub turn: Option<TurnId>,
    /// Whether somebody has dealt with it.
    pub status: Status,
}

/// A line of `refs/notes/ai-log/prompts`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum PromptLine {
    /// What an agent was asked.
    Prompt(PromptLineRecord),
    /// A record of a later version.
    #[serde(other)]
    Other,
}

/// What an agent was asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PromptLineRecord {
    /// The key.
    pub turn: TurnId,
    /// The text after redaction.
    pub prompt: String,
    /// Kinds of secrets that were removed from it, and how often.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub redactions: BTreeMap<String, u32>,
    /// The agent's closing message after redaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closing: Option<PromptText>,
}

impl HeadRecord {
    /// The head of a note.
    pub fn of(note: &Note) -> Self {
        Self {
            schema: super::PROVENANCE_SCHEMA.into(),
            tool: concat!("git-ai-log ", env!("CARGO_PKG_VERSION")).into(),
            authored: note.authored,
            committed_by: note.committed_by.clone(),
            others: packed(&note.others),
            beside: packed(&note.beside),
        }
    }

    /// What else the commit added.
    pub fn others(&self) -> Vec<u32> {
        unpacked(&self.others)
    }

    /// Which of the agents' lines stood in another file, too.
    pub fn beside(&self) -> Vec<u32> {
        unpacked(&self.beside)
    }
}

/// Four bytes each, big-endian, as base64.
fn packed(halves: &[u32]) -> String {
    let bytes: Vec<u8> = halves.iter().flat_map(|half| half.to_be_bytes()).collect();
    base64(&bytes)
}

/// Both of two such texts, in order, each once.
pub fn union_of_halves(a: &str, b: &str) -> String {
    let both: BTreeSet<u32> = unpacked(a).into_iter().chain(unpacked(b)).collect();
    packed(&Vec::from_iter(both))
}

fn unpacked(text: &str) -> Vec<u32> {
    let bytes = unbase64(text).unwrap_or_default();
    let (halves, _) = bytes.as_chunks::<4>();
    halves.iter().map(|half| u32::from_be_bytes(*half)).collect()
}

impl HunkRecord {
    /// The record of a hunk.
    pub fn of(hunk: &NoteHunk) -> Self {
        let bytes: Vec<u8> =
            hunk.fingerprints.iter().flat_map(|print| print.to_be_bytes()).collect();
        Self {
            hunk: key(&hunk.path, hunk.lines, &hunk.digest),
            path: hunk.path.clone(),
            lines: hunk.lines,
            contributor: hunk.contributor,
            session: hunk.session.clone(),
            turn: hunk.turn.clone(),
            edit: hunk.edit.clone(),
            evidence: hunk.evidence,
            digest: hunk.digest.clone(),
            fingerprints: base64(&bytes),
        }
    }

    /// One a line; `None` where the record is damaged.
    pub fn fingerprints(&self) -> Option<Vec<u64>> {
        let bytes = unbase64(&self.fingerprints)?;
        let prints: Vec<u64> = bytes
            .chunks_exact(8)
            .map(|chunk| chunk.iter().fold(0, |print, byte| print << 8 | u64::from(*byte)))
            .collect();
        let lines = self.lines.start > 0 && self.lines.start <= self.lines.end;
        (lines && prints.len() == self.lines.len() as usize).then_some(prints)
    }
}

impl FindingRecord {
    /// The record of a finding.
    pub fn of(finding: &Finding) -> Self {
        let (item, rule) = finding.check.split_once('/').unwrap_or((&finding.check, ""));
        Self {
            fingerprint: finding.fingerprint.clone(),
            item: item.to_owned(),
            rule: rule.to_owned(),
            severity: finding.severity,
            path: finding.path.clone(),
            lines: finding.lines,
            message: finding.message.clone(),
            hint: finding.hint.clone(),
            agent: finding.agent.clone(),
            turn: finding.turn.clone(),
            status: finding.status,
        }
    }

    /// The finding of this record.
    pub fn into_finding(self) -> Finding {
        Finding {
            check: format!("{}/{}", self.item, self.rule),
            severity: self.severity,
            path: self.path,
            lines: self.lines,
            message: self.message,
            hint: self.hint,
            fingerprint: self.fingerprint,
            agent: self.agent,
            turn: self.turn,
            status: self.status,
        }
    }
}

impl PromptLine {
    /// The record of a prompt.
    pub fn of(record: &PromptRecord) -> Self {
        Self::Prompt(PromptLineRecord {
            turn: record.turn.clone(),
            prompt: record.prompt.text.clone(),
            redactions: record.prompt.removed.clone(),
            closing: record.closing.clone(),
        })
    }
}

impl PromptLineRecord {
    /// The prompt of this record.
    pub fn into_record(self) -> PromptRecord {
        PromptRecord {
            turn: self.turn,
            prompt: PromptText { text: self.prompt, removed: self.redactions },
            closing: self.closing,
        }
    }
}

/// The name of a hunk's record.
pub fn key(path: &RepoPath, lines: LineRange, digest: &str) -> String {
    let text = [path.as_bytes(), format!("\0{}-{}\0{digest}\0", lines.start, lines.end).as_bytes()]
        .concat();
    crate::model::Digest::of(&text).0
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// RFC 4648, section 4, with padding.
fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
        let word = word << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let six = (word >> (18 - 6 * place)) & 63;
            text.push(if place <= chunk.len() { char::from(ALPHABET[six as usize]) } else { '=' });
        }
    }
    text
}

fn unbase64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    for chunk in text.as_bytes().chunks(4) {
        let mut word = 0_u32;
        for byte in chunk {
            let six = ALPHABET.iter().position(|known| known == byte)?;
            word = word << 6 | u32::try_from(six).ok()?;
        }
        word <<= 6 * (4 - chunk.len());
        bytes.extend_from_slice(&word.to_be_bytes()[1..chunk.len()]);
    }
    Some(bytes)
}
