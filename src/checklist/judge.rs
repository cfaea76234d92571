//! From what rules found to what the gate says: the one place where the policy's severities,
//! waivers, attestations and allowing comments apply.

use std::collections::HashMap;

use super::rules::{self, RuleError, TeamRule};
use super::{Change, Context, File, Hit, ITEMS, Project, Run, allow};
use crate::config::policy::Effective;
use crate::model::{
    Attestation, Confidence, Digest, Finding, LineRange, Severity, Status, Verdict, Waiver,
};

/// A finding on more lines than this is about its first line.
const MAX_LINES: u32 = 10;

/// What people have said so far.
#[derive(Debug, Clone, Default)]
pub struct Claims {
    /// What they vouch for.
    pub attestations: Vec<Attestation>,
    /// Exceptions that they made.
    pub waivers: Vec<Waiver>,
}

/// What the checklist says of a change.
#[derive(Debug, Clone, Default)]
pub struct Judgement {
    /// Pass or block.
    pub verdict: Verdict,
    /// How many hunks were judged.
    pub hunks: usize,
    /// What was found, by path and line.
    pub findings: Vec<Finding>,
    /// The exceptions that were used.
    pub waivers: Vec<Waiver>,
    /// What was vouched for and counted.
    pub attestations: Vec<Attestation>,
}

/// Runs the checklist.
pub fn judge(
    change: &Change,
    project: &dyn Project,
    policy: &Effective,
    team: &[TeamRule],
    claims: &Claims,
) -> Result<Judgement, RuleError> {
    let context = Context { change, project, policy };
    let mut hits = rules::run(&context, team)?;
    for check in ITEMS {
        check.run(&context, &mut hits);
    }
    Ok(decide(hits, &context, claims))
}

/// Applies the policy and what people said to raw hits.
fn decide(mut hits: Vec<Hit>, context: &Context<'_>, claims: &Claims) -> Judgement {
    hits.sort_by(|a, b| {
        (&a.path, a.lines, a.item, &a.rule).cmp(&(&b.path, b.lines, b.item, &b.rule))
    });
    hits.dedup_by(|a, b| {
        (&a.path, a.lines, a.item, &a.rule) == (&b.path, b.lines, b.item, &b.rule)
    });
    let mut judgement = Judgement { hunks: context.change.hunks(), ..Judgement::default() };
    let mut names = Names::default();
    for hit in hits {
        let Some(file) = context.change.file(&hit.path) else {
            continue;
        };
        let fingerprint = names.of(&hit, file);
        let most = if hit.confidence == Confidence::Judgement { u32::MAX } else { MAX_LINES };
        let lines = anchor(hit.lines, most);
        let runs: Vec<&Run> = file.runs_at(lines).collect();
        let Some(run) = runs.first() else {
            continue;
        };
        let Some(severity) = context.policy.severity(hit.item, &hit.path, hit.confidence) else {
            continue;
        };
        let mut finding = Finding {
            check: format!("{}/{}", hit.item, hit.rule),
            severity: severity.min(most_of(hit.confidence)),
            path: hit.path,
            lines: hit.lines,
            message: hit.message,
            hint: hit.hint,
            fingerprint,
            agent: run.agent.clone(),
            turn: run.turn.clone(),
            status: Status::Open,
        };
        settle(&mut finding, file, &runs, context, claims, &mut judgement);
        judgement.findings.push(finding);
    }
    judgement.verdict = Verdict::of(&judgement.findings);
    judgement
}

/// Advice never blocks.
fn most_of(confidence: Confidence) -> Severity {
    if confidence == Confidence::Advice { Severity::Warn } else { Severity::Block }
}

fn anchor(lines: LineRange, most: u32) -> LineRange {
    if lines.len() > most { LineRange::one(lines.start) } else { lines }
}

/// Whether somebody has dealt with a finding, and who.
fn settle(
    finding: &mut Finding,
    file: &File,
    runs: &[&Run],
    context: &Context<'_>,
    claims: &Claims,
    judgement: &mut Judgement,
) {
    let today = context.project.today();
    let lasts = |until: Option<chrono::NaiveDate>| until.is_none_or(|until| today <= until);
    let all = |hunks: &[String]| runs.iter().all(|run| hunks.contains(&run.digest));
    let attested = claims
        .attestations
        .iter()
        .find(|claim| claim.item == finding.item() && all(&claim.hunks) && lasts(claim.until));
    if let Some(claim) = attested {
        finding.status = Status::Attested;
        if !judgement.attestations.contains(claim) {
            judgement.attestations.push(claim.clone());
        }
        return;
    }
    let recorded = claims.waivers.iter().find(|waiver| {
        waiver.fingerprint == finding.fingerprint
            && (waiver.hunks.is_empty() || all(&waiver.hunks))
            && lasts(waiver.until)
    });
    let waiver = recorded.cloned().or_else(|| by_policy(finding, context, lasts)).or_else(|| {
        let reason = allow::reason(file, finding.item(), finding.lines)?;
        Some(without_date(finding, "comment in the code", reason))
    });
    if let Some(waiver) = waiver {
        finding.status = Status::Waived;
        judgement.waivers.push(waiver);
    }
}

fn by_policy(
    finding: &Finding,
    context: &Context<'_>,
    lasts: impl Fn(Option<chrono::NaiveDate>) -> bool,
) -> Option<Waiver> {
    let waivers = context.policy.waivers();
    let waiver = waivers
        .into_iter()
        .find(|waiver| waiver.fingerprint == finding.fingerprint && lasts(waiver.until))?;
    Some(Waiver { until: waiver.until, ..without_date(finding, "policy", &waiver.reason) })
}

fn without_date(finding: &Finding, who: &str, reason: &str) -> Waiver {
    Waiver {
        fingerprint: finding.fingerprint.clone(),
        hunks: Vec::new(),
        who: who.into(),
        reason: reason.into(),
        at: None,
        until: None,
        signature: None,
    }
}

/// Names for findings that stay when lines move: rule, path, the lines without white space, and
/// which of equal ones it is.
#[derive(Default)]
struct Names {
    seen: HashMap<String, usize>,
}

impl Names {
    fn of(&mut self, hit: &Hit, file: &File) -> String {
        let lines = anchor(hit.lines, MAX_LINES);
        let text: String = (lines.start..=lines.end.min(file.len()))
            .flat_map(|line| file.line(line).split_whitespace())
            .collect();
        let key = format!("{}/{}\0{}\0{text}", hit.item, hit.rule, hit.path);
        let nth = self.seen.entry(key.clone()).or_default();
        *nth += 1;
        let digest = Digest::of(format!("{key}\0{nth}").as_bytes()).0;
        format!("{}:{}", hit.item, &digest[..8])
    }
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
