//! What came from the agents so far, and what could not be used.

use std::collections::BTreeMap;

use super::agents::Installed;
use super::{Report, fail, ok, warn};
use crate::commands::attribute::Evidences;
use crate::config::Env;
use crate::git::Repo;
use crate::journal::Snapshots;
use crate::journal::prune::LIMITS;
use crate::model::What;
use crate::model::event::{Edge, Event};

pub(super) fn check(env: &Env, repo: Option<&Repo>, installed: &[Installed], report: &mut Report) {
    if let Some(repo) = repo {
        match Evidences::read(repo) {
            Ok(evidences) => {
                last_events(&evidences, installed, report);
                unusable(repo, &evidences, report);
            }
            Err(error) => {
                let mend = format!("chmod -R u+rwX '{}'", repo.state_dir().display());
                report.add(fail("journal", error.to_string(), mend));
            }
        }
        snapshots(repo, report);
    }
    last_resort(env, report);
}

/// The last event of each agent.
fn last_events(evidences: &Evidences, installed: &[Installed], report: &mut Report) {
    let mut last: BTreeMap<&str, Option<&Event>> =
        installed.iter().map(|one| (one.agent.name(), None)).collect();
    for event in &evidences.events {
        if matches!(event.what, What::Unusable { .. }) {
            continue;
        }
        let newest = last.entry(&event.agent).or_default();
        if newest.is_none_or(|known| known.at <= event.at) {
            *newest = Some(event);
        }
    }
    for (agent, event) in last {
        let message = match event {
            Some(event) => {
                let at = event.at.format("%Y-%m-%d %H:%M");
                format!("last event in this repository: {at} UTC, {}", word(&event.what))
            }
            None => "no event in this repository yet".to_owned(),
        };
        report.add(ok("events", message).about(agent));
    }
}

fn word(what: &What) -> &'static str {
    match what {
        What::Session { edge: Edge::Open, .. } => "a session started",
        What::Session { edge: Edge::Close, .. } => "a session ended",
        What::Prompt(_) => "a prompt",
        What::Saw { .. } => "before an edit",
        What::Edit { .. } => "an edit",
        What::Window(_) => "a command",
        What::Read { .. } => "files read",
        What::Stop { .. } => "a turn ended",
        What::Unusable { .. } => "unusable",
        What::Later => "of a later version",
    }
}

/// Payloads and lines that could not be used.
fn unusable(repo: &Repo, evidences: &Evidences, report: &mut Report) {
    let mut told: Vec<(&Event, &str)> = Vec::new();
    for event in &evidences.events {
        if let What::Unusable { reason } = &event.what {
            told.push((event, reason));
        }
    }
    told.sort_by_key(|(event, _)| event.at);
    let journal = repo.state_dir().join("journal");
    if let Some((event, reason)) = told.last() {
        let message = format!(
            "{}, the last at {} UTC from {}: {reason}",
            times(told.len(), "payload could not be used", "payloads could not be used"),
            event.at.format("%Y-%m-%d %H:%M"),
            event.agent,
        );
        let mend =
            format!("update git ai-log; then rm '{}'", journal.join("unusable.jsonl").display());
        report.add(warn("unusable", message, mend));
    }
    if evidences.skipped > 0 {
        let message = format!(
            "{} be read, as after a full disk or a killed process",
            times(evidences.skipped, "line of the journal cannot", "lines of the journal cannot")
        );
        let mend = "nothing to do: the events around them count, and they go with their session";
        report.add(warn("journal", message, mend));
    }
}

/// What `record` could not even write into a journal.
fn last_resort(env: &Env, report: &mut Report) {
    let Some(state) = &env.state_home else { return };
    let path = state.join("git-ai-log/unusable.log");
    let Ok(bytes) = std::fs::read(&path) else { return };
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    if let Some(last) = lines.last() {
        let message = format!(
            "{} outside of a repository or where it cannot be written, the last: {last}",
            times(lines.len(), "payload could not be used", "payloads could not be used")
        );
        report.add(warn("unusable", message, format!("rm '{}'", path.display())));
    }
}

/// What the texts of files take.
fn snapshots(repo: &Repo, report: &mut Report) {
    let size = Snapshots::at(&repo.state_dir()).size();
    let mib = |bytes: u64| bytes.div_ceil(1024 * 1024);
    let message = format!("texts around edits take {} MiB", mib(size));
    report.add(if size > 2 * LIMITS.snapshots {
        let most = mib(LIMITS.snapshots);
        let message = format!("{message}; from {most} on the oldest go, but none of the last days");
        let folder = repo.state_dir().join("snapshots");
        let mend = format!("commit what agents wrote, then rm -r '{}'", folder.display());
        warn("snapshots", message, mend)
    } else {
        ok("snapshots", message)
    });
}

fn times(count: usize, one: &str, more: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {more}"),
    }
}
