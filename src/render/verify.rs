//! What `verify` found, for people and programs.

use std::io;

use schemars::JsonSchema;
use serde::Serialize;

use super::escape::{line, shorten};
use super::out::{Out, Style};
use super::text::range;
use crate::model::{LineRange, Oid, RepoPath};

/// The longest message that is printed. Characters.
const MAX_MESSAGE: usize = 300;

/// `git ai-log verify --json`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Verified {
    /// `git-ai-log/verify/1`.
    pub schema: &'static str,
    /// Whether there is no fault.
    pub ok: bool,
    /// Commits that were looked at.
    pub commits: usize,
    /// Those of them that have a note.
    pub notes: usize,
    /// Hunks in these notes.
    pub hunks: usize,
    /// Attestations and recorded waivers in them.
    pub claims: usize,
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// What is worth knowing and no fault, without the switches that make it one.
    pub notices: Vec<Fault>,
    /// Commits that add lines and have no note; each is a fault, too, with `--require-notes`.
    pub not_recorded: Vec<Oid>,
}

/// Something that is wrong.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Fault {
    /// What kind of thing.
    pub kind: Kind,
    /// The commit that the note is of.
    pub commit: Oid,
    /// The file it is about, where it is about one.
    pub path: Option<RepoPath>,
    /// Its lines.
    pub lines: Option<LineRange>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub next: Option<String>,
}

/// Kinds of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The note cannot be read at all.
    Unreadable,
    /// The note is of a later version of the format.
    Newer,
    /// A record of the note is broken or was changed.
    Damaged,
    /// The commit has no such file.
    NoFile,
    /// The file ends before the lines.
    Beyond,
    /// The lines hold another text than the note was made for.
    Stale,
    /// The text stands elsewhere in the file.
    Shifted,
    /// The commit does not add the lines.
    NotAdded,
    /// The fingerprints are not those of the lines.
    Fingerprints,
    /// Two hunks claim the same lines.
    Overlapping,
    /// More is wrong with the note than is told.
    More,
    /// Nothing is recorded for a commit that adds lines; a fault with `--require-notes`.
    NotRecorded,
    /// An attestation or a waiver is for hunks that are not in the note.
    Void,
    /// The same for some of its hunks. Never a fault: it counts for the others.
    PartlyVoid,
    /// A signature is not over what it stands beside.
    BadSignature,
    /// A signature is by a key that does not count; a fault with `--require-signed`.
    UnknownSigner,
    /// A signature is by somebody else than the record names; a fault with `--require-signed`.
    OtherSigner,
    /// A signature could not be checked here; a fault with `--require-signed`.
    Unchecked,
    /// There is no signature; a fault with `--require-signed`.
    Unsigned,
}

impl Kind {
    /// Its word.
    pub fn word(self) -> String {
        let value = serde_json::to_value(self).ok();
        value.and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
    }
}

/// One line a fault, and one with the numbers.
pub fn print(out: &mut Out, verified: &Verified) -> io::Result<()> {
    for fault in &verified.faults {
        let text = one(out, "fault", Style::Unknown, fault);
        out.line(&text)?;
    }
    // What is only missing is told by its number.
    let told = verified.notices.iter().filter(|notice| notice.kind != Kind::Unsigned);
    for notice in told {
        let text = one(out, "note", Style::Dim, notice);
        out.line(&text)?;
    }
    let count =
        |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
    let mut parts = vec![
        count(verified.commits, "commit", "commits"),
        count(verified.notes, "note", "notes"),
        count(verified.hunks, "hunk", "hunks"),
        count(verified.claims, "attestation or waiver", "attestations and waivers"),
    ];
    let missing = verified.not_recorded.len();
    if missing > 0 {
        parts.push(count(missing, "commit without a note", "commits without a note"));
    }
    let all = verified.faults.iter().chain(&verified.notices);
    let unsigned = all.filter(|fault| fault.kind == Kind::Unsigned).count();
    if unsigned > 0 {
        parts.push(format!("{unsigned} not signed"));
    }
    let faults = count(verified.faults.len(), "fault", "faults");
    let faults = if verified.ok { faults } else { out.paint(Style::Unknown, &faults) };
    out.line(&format!("{faults}: {}", parts.join(", ")))
}

fn one(out: &Out, word: &str, style: Style, fault: &Fault) -> String {
    let mut text = format!(
        "{}  {}",
        out.paint(style, &format!("{word}[{}]", fault.kind.word())),
        out.paint(Style::Commit, fault.commit.short())
    );
    if let Some(path) = &fault.path {
        text.push_str(&format!("  {}", shorten(&line(&path.quoted()), MAX_MESSAGE)));
        if let Some(lines) = fault.lines {
            text.push_str(&format!(":{}", range(lines)));
        }
    }
    text.push_str(&format!("  {}", shorten(&line(&fault.message), MAX_MESSAGE)));
    if let Some(next) = &fault.next {
        text.push_str(&format!("  {}", out.paint(Style::Dim, &format!("(next: {next})"))));
    }
    text
}
