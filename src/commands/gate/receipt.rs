//! What the pre-commit hook leaves for the post-commit hook: the judgement of a tree.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::checklist::Judgement;
use crate::commands::attribute::Stamp;
use crate::error::Result;
use crate::git::Repo;
use crate::journal::write_private;
use crate::model::note::{Note, NoteHunk};
use crate::model::{Attestation, Finding, Gate, Oid, Ruling, Severity, Status, Verdict, Waiver};
use crate::notes;

/// A judgement of a tree.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Receipt {
    /// What is kept of it.
    pub ruling: Ruling,
    /// What was found.
    pub findings: Vec<Finding>,
    /// What was vouched for and counted.
    pub attestations: Vec<Attestation>,
    /// Exceptions that were used.
    pub waivers: Vec<Waiver>,
    /// The hunks that were judged.
    pub attributed: Option<Attributed>,
}

/// What was attributed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Attributed {
    stamp: Stamp,
    /// As it is stored in notes.
    note: String,
}

impl Attributed {
    /// The hunks of this note, attributed by that.
    pub fn of(stamp: Stamp, note: &Note) -> Self {
        Self { stamp, note: String::from_utf8_lossy(&notes::encode(note)).into_owned() }
    }

    /// The hunks, if it is by this that they were attributed.
    pub fn hunks(&self, stamp: &Stamp) -> Option<Vec<NoteHunk>> {
        let note = (self.stamp == *stamp).then(|| notes::parse_as_it_is(self.note.as_bytes()));
        Some(note?.ok()?.hunks)
    }
}

impl Receipt {
    /// The receipt for this judgement. The hook that lets a commit pass calls it gated.
    pub fn of(judgement: Judgement, tree: &Oid, policy: &str, now: DateTime<Utc>) -> Self {
        let count = |severity: Severity| {
            let open = judgement
                .findings
                .iter()
                .filter(|finding| finding.severity == severity && finding.status == Status::Open);
            u32::try_from(open.count()).unwrap_or(u32::MAX)
        };
        let gate = if judgement.verdict == Verdict::Pass { Gate::Gated } else { Gate::Bypassed };
        Self {
            ruling: Ruling {
                gate,
                verdict: Some(judgement.verdict),
                policy: policy.to_owned(),
                tree: tree.clone(),
                at: now,
                hunks: u32::try_from(judgement.hunks).unwrap_or(u32::MAX),
                blocking: count(Severity::Block),
                warnings: count(Severity::Warn),
            },
            findings: judgement.findings,
            attestations: judgement.attestations,
            waivers: judgement.waivers,
            attributed: None,
        }
    }

    /// Leaves it for the commit that is about to be made.
    pub fn leave(&self, repo: &Repo) -> Result<()> {
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        Ok(write_private(&path(repo, &self.ruling.tree), &bytes)?)
    }

    /// The receipt for this tree, if there is one.
    pub fn find(repo: &Repo, tree: &Oid) -> Option<Self> {
        let bytes = std::fs::read(path(repo, tree)).ok()?;
        let receipt: Self = serde_json::from_slice(&bytes).ok()?;
        (receipt.ruling.tree == *tree).then_some(receipt)
    }

    /// Takes all receipts away: a commit was made.
    pub fn clear(repo: &Repo) {
        let entries = std::fs::read_dir(folder(repo)).into_iter().flatten().flatten();
        for entry in entries {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// A folder a work tree: commits in two of them do not take each other's receipts away.
fn folder(repo: &Repo) -> std::path::PathBuf {
    repo.git_dir().join("ai-log/receipts")
}

fn path(repo: &Repo, tree: &Oid) -> std::path::PathBuf {
    folder(repo).join(tree.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::attribute::Evidences;

    #[test]
    fn what_was_attributed_holds_for_the_same_stamp_alone() {
        let lines = [b"let total = 1;".as_slice()];
        let hunk = crate::attribution::hunks::blank(&"a.rs".into(), 0, &lines);
        let note = Note { hunks: vec![hunk], ..Note::default() };
        let (evidences, base) = (Evidences::default(), Oid("1".repeat(40)));
        let attributed = Attributed::of(evidences.stamp(Some(&base)), &note);
        assert_eq!(attributed.hunks(&evidences.stamp(Some(&base))), Some(note.hunks));
        assert_eq!(attributed.hunks(&evidences.stamp(None)), None);
    }
}
