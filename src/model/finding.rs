//! What the checklist says of a change.

use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{LineRange, Oid, RepoPath, TurnId};

/// How sure a rule is, which decides what a preset makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confidence {
    /// Hardly ever wrong: blocks under `standard`.
    High,
    /// A question to a reader: blocks under `strict` alone.
    Low,
    /// Good practice: never blocks by itself.
    Advice,
    /// Only a person can say: asked under `strict`, or where the policy names the item.
    Judgement,
}

/// What a finding does to a commit.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It is said, and the commit passes.
    Warn,
    /// The commit is blocked.
    Block,
}

/// Whether somebody has dealt with a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Nobody has.
    Open,
    /// An exception is recorded for it.
    Waived,
    /// A person vouches for the item on these lines.
    Attested,
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// `ITEM/RULE`.
    pub check: String,
    /// Its weight under the policy.
    pub severity: Severity,
    /// The file.
    pub path: RepoPath,
    /// Its lines.
    pub lines: LineRange,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub hint: String,
    /// Its name, stable where lines move: `ITEM:` and 8 hexadecimal digits.
    pub fingerprint: String,
    /// The agent that wrote the lines; null where nobody can say.
    pub agent: Option<String>,
    /// The turn they come from.
    pub turn: Option<TurnId>,
    /// Whether somebody has dealt with it.
    pub status: Status,
}

impl Finding {
    /// The checklist item it belongs to.
    pub fn item(&self) -> &str {
        self.check.split('/').next().unwrap_or_default()
    }

    /// Whether it stands in the way of a commit.
    pub fn blocks(&self) -> bool {
        self.severity == Severity::Block && self.status == Status::Open
    }
}

/// What the gate says of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing stands in its way.
    #[default]
    Pass,
    /// An open finding does.
    Block,
}

impl Verdict {
    /// The verdict over these findings.
    pub fn of(findings: &[Finding]) -> Self {
        if findings.iter().any(Finding::blocks) { Self::Block } else { Self::Pass }
    }
}

/// Whether the gate judged a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// The pre-commit hook judged exactly this tree, and let it pass.
    Gated,
    /// A plain commit that the hook did not let pass, or did not see.
    Bypassed,
    /// Git runs no gate for a commit that came to be this way.
    NotRun,
    /// Nothing is recorded for the commit.
    NotRecorded,
}

/// What is kept of the gate's judgement of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ruling {
    /// Whether the gate judged the commit.
    pub gate: Gate,
    /// What it said, or would have said; null where nobody judged.
    pub verdict: Option<Verdict>,
    /// The digest of the policy.
    pub policy: String,
    /// The tree that was judged.
    pub tree: Oid,
    /// When, UTC.
    pub at: DateTime<Utc>,
    /// How many hunks were judged.
    pub hunks: u32,
    /// Open findings that block.
    pub blocking: u32,
    /// Open findings that warn.
    pub warnings: u32,
}

/// A person's recorded claim that a checklist item holds. Void when the hunks change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attestation {
    /// The checklist item.
    pub item: String,
    /// Digests of the hunks that it covers: SHA-256 of their lines' bytes.
    pub hunks: Vec<String>,
    /// Who: git's name and address.
    pub who: String,
    /// Why it holds.
    pub reason: String,
    /// When, UTC.
    pub at: DateTime<Utc>,
    /// The last day it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
    /// The signature over the record without it, by the key that git signs commits with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

impl Attestation {
    /// What its signature is over: the record as JSON, without the signature.
    pub fn payload(&self) -> Vec<u8> {
        payload(&Self { signature: None, ..self.clone() })
    }
}

/// Records of these types always have a form as JSON.
fn payload<R: Serialize>(record: &R) -> Vec<u8> {
    serde_json::to_vec(record).unwrap_or_default()
}

/// A recorded exception for one finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Waiver {
    /// The finding's fingerprint.
    pub fingerprint: String,
    /// Digests of the hunks that it was given for; empty where it stands in the policy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hunks: Vec<String>,
    /// Who: git's name and address.
    pub who: String,
    /// Why.
    pub reason: String,
    /// When, UTC; null where it stands in the policy or in the code.
    pub at: Option<DateTime<Utc>>,
    /// The last day it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
    /// The signature over the record without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

impl Waiver {
    /// What its signature is over: the record as JSON, without the signature.
    pub fn payload(&self) -> Vec<u8> {
        payload(&Self { signature: None, ..self.clone() })
    }
}
