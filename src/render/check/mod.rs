//! What the checklist says, for people, programs and services.

pub mod sarif;
pub mod text;

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{Finding, Verdict};

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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_recorded: Vec<crate::model::Oid>,
    /// What was found, by path and line.
    pub findings: Vec<Finding>,
}
