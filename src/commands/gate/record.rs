//! What a commit's note keeps of the gate.

use chrono::{DateTime, Utc};

use super::receipt::Receipt;
use super::{claims, judge, of_commit};
use crate::commands::attribute::Evidences;
use crate::commands::note::{Job, Origin};
use crate::config::Env;
use crate::error::Result;
use crate::git::Repo;
use crate::git::notes::{Notes, PROVENANCE};
use crate::git::objects::Commit;
use crate::model::note::Note;
use crate::model::{Finding, Gate, Ruling, Verdict};
use crate::notes;

/// Adds the gate's judgement to a note. A note without one is better than no note: what goes
/// wrong here is left out.
pub fn record(
    env: &Env,
    repo: &Repo,
    evidences: &Evidences,
    job: &Job,
    commit: &Commit,
    note: &mut Note,
    now: DateTime<Utc>,
) {
    let receipt = match job.origin {
        Origin::Here => receipt(env, repo, evidences, commit, now).ok(),
        Origin::Late | Origin::Rewritten => None,
    };
    let carried = predecessors(repo, job).unwrap_or_default();
    match receipt {
        Some(receipt) => {
            note.ruling = Some(receipt.ruling);
            note.findings = receipt.findings;
            note.attestations = receipt.attestations;
            note.waivers = receipt.waivers;
        }
        None => note.ruling = carried.iter().find_map(|old| not_run(old, note, commit)),
    }
    for old in &carried {
        carry(old, note);
    }
}

/// The receipt of the pre-commit hook. Without one the commit went past the gate, and what it
/// would have said is found out now.
fn receipt(
    env: &Env,
    repo: &Repo,
    evidences: &Evidences,
    commit: &Commit,
    now: DateTime<Utc>,
) -> Result<Receipt> {
    if let Some(receipt) = Receipt::find(repo, &commit.tree) {
        return Ok(receipt);
    }
    let subject = of_commit(repo, env, evidences, commit, now)?;
    let judged = judge(repo, env, &subject, &claims::read(repo))?;
    let mut receipt = Receipt::of(judged.judgement, &commit.tree, &judged.policy.digest, now);
    receipt.ruling.gate = Gate::Bypassed;
    Ok(receipt)
}

fn predecessors(repo: &Repo, job: &Job) -> Result<Vec<Note>> {
    let provenance = Notes::open(repo, PROVENANCE)?;
    let mut found = Vec::new();
    for predecessor in &job.predecessors {
        if let Some(bytes) = provenance.get(predecessor)? {
            found.push(notes::parse(&bytes)?);
        }
    }
    Ok(found)
}

/// A rewritten commit whose hunks are those of the one it came from keeps what the gate said.
fn not_run(old: &Note, note: &Note, commit: &Commit) -> Option<Ruling> {
    let ruling = old.ruling.clone()?;
    let known = |digest: &String| old.hunks.iter().any(|hunk| hunk.digest == *digest);
    let unchanged = note.hunks.iter().all(|hunk| known(&hunk.digest));
    let (gate, verdict) =
        if unchanged { (ruling.gate, ruling.verdict) } else { (Gate::NotRun, None) };
    Some(Ruling { gate, verdict, tree: commit.tree.clone(), ..ruling })
}

/// Takes over findings, attestations and waivers that still concern hunks of the note.
fn carry(old: &Note, note: &mut Note) {
    for finding in &old.findings {
        let known = note.findings.iter().any(|own| own.fingerprint == finding.fingerprint);
        if let Some(moved) = moved(old, note, finding).filter(|_| !known) {
            note.findings.push(moved);
        }
    }
    let has = |digest: &String, note: &Note| note.hunks.iter().any(|hunk| hunk.digest == *digest);
    for claim in &old.attestations {
        if claim.hunks.iter().any(|digest| has(digest, note)) && !note.attestations.contains(claim)
        {
            note.attestations.push(claim.clone());
        }
    }
    for waiver in &old.waivers {
        let used = note.findings.iter().any(|own| own.fingerprint == waiver.fingerprint);
        if used && !note.waivers.contains(waiver) {
            note.waivers.push(waiver.clone());
        }
    }
    if let Some(ruling) = &mut note.ruling
        && ruling.verdict.is_some()
        && note.findings.iter().any(Finding::blocks)
    {
        // What an earlier commit went past the gate with is not gated by an amend that leaves it.
        ruling.verdict = Some(Verdict::Block);
        if ruling.gate == Gate::Gated {
            ruling.gate = Gate::Bypassed;
        }
    }
    note.findings.sort_by(|a, b| (&a.path, a.lines).cmp(&(&b.path, b.lines)));
}

/// The finding where its hunk is now; `None` where the hunk is gone.
fn moved(old: &Note, note: &Note, finding: &Finding) -> Option<Finding> {
    let hunk = old
        .hunks
        .iter()
        .find(|hunk| hunk.path == finding.path && hunk.lines.touches(finding.lines))?;
    let now = note.hunks.iter().find(|own| own.digest == hunk.digest)?;
    let place = |line: u32| now.lines.start.saturating_add(line).saturating_sub(hunk.lines.start);
    let (start, end) = (place(finding.lines.start), place(finding.lines.end));
    let lines = crate::model::LineRange { start: start.max(1), end: end.max(1) };
    Some(Finding { path: now.path.clone(), lines, ..finding.clone() })
}
