//! What the checklist says, for people, programs and services.

pub mod agent;
pub mod github;
pub mod gitlab;
pub mod markdown;
#[cfg(test)]
mod samples;
pub mod sarif;
pub mod text;

use schemars::JsonSchema;
use serde::Serialize;

use super::json::{Counts, SessionInfo, TurnInfo};
use crate::model::{Attestation, Finding, Oid, Severity, Status, Verdict, Waiver};

/// `git ai-log check --json`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Check {
    /// `git-ai-log/check/1`.
    pub schema: &'static str,
    /// `pass` or `block`.
    pub verdict: Verdict,
    /// How many hunks were judged.
    pub hunks: usize,
    /// Commits of the range on which nothing is recorded, where notes are required.
    pub not_recorded: Vec<Oid>,
    /// The items, in the order of the checklist.
    pub items: Vec<ItemResult>,
    /// What was found, by path and line.
    pub findings: Vec<Finding>,
    /// The exceptions that were used.
    pub waivers: Vec<Waiver>,
    /// What people vouched for and counted.
    pub attestations: Vec<Attestation>,
    /// Where the lines come from; null where whole files were judged.
    pub origin: Option<Origin>,
}

/// What became of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ItemResult {
    /// Its name.
    pub item: String,
    /// What it asks.
    pub summary: String,
    /// The worst that is open.
    pub result: Outcome,
    /// Findings that nobody has dealt with.
    pub open: usize,
    /// Findings that are waived or attested.
    pub settled: usize,
}

/// The worst that is open of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The policy does not ask for it anywhere.
    Off,
    /// Nothing.
    Pass,
    /// Something that is said.
    Warn,
    /// Something that blocks.
    Block,
}

/// Where the judged lines come from.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Origin {
    /// The lines that the change adds, by contributor.
    pub lines: Counts,
    /// The conversations.
    pub sessions: Vec<SessionInfo>,
    /// The prompts.
    pub turns: Vec<TurnInfo>,
}

impl ItemResult {
    /// What these findings make of an item that the policy asks for, or not.
    pub fn of(item: &str, summary: &str, asked: bool, findings: &[Finding]) -> Self {
        let own = || findings.iter().filter(|finding| finding.item() == item);
        let open = own().filter(|finding| finding.status == Status::Open);
        let worst = open.clone().map(|finding| finding.severity).max();
        Self {
            item: item.to_owned(),
            summary: summary.to_owned(),
            result: match worst {
                Some(Severity::Block) => Outcome::Block,
                Some(Severity::Warn) => Outcome::Warn,
                None if asked || own().next().is_some() => Outcome::Pass,
                None => Outcome::Off,
            },
            open: open.count(),
            settled: own().filter(|finding| finding.status != Status::Open).count(),
        }
    }
}

impl Check {
    /// Findings that nobody has dealt with, those that block first.
    pub fn open(&self) -> Vec<&Finding> {
        let mut open: Vec<_> = self.with(Status::Open).collect();
        open.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        open
    }

    /// How many findings of this weight nobody has dealt with.
    pub fn count(&self, severity: Severity) -> usize {
        self.with(Status::Open).filter(|finding| finding.severity == severity).count()
    }

    fn with(&self, status: Status) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.status == status)
    }
}
