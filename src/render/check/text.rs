//! Findings for people and agents: what, where, whose prompt, how to mend it, how to waive it.

use std::io;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::Check;
use crate::model::{Finding, Severity, Status, Verdict};
use crate::render::escape::{line, shorten, visible};
use crate::render::out::Out;

/// What is shown of a finding beside the finding itself.
#[derive(Debug, Default)]
pub struct Shown {
    /// The text of its first line.
    pub source: String,
    /// The prompt that led to it, where it is known.
    pub prompt: Option<String>,
}

/// Characters of a source line that are shown.
const MAX_LINE: usize = 120;

/// Prints all findings and the verdict.
pub fn print(out: &mut Out, check: &Check, shown: impl Fn(&Finding) -> Shown) -> io::Result<()> {
    for finding in check.findings.iter().filter(|finding| finding.status == Status::Open) {
        let text = one(out, finding, &shown(finding));
        out.line(&text)?;
        out.line("")?;
    }
    for commit in &check.not_recorded {
        out.line(&format!("error: nothing is recorded for commit {}", commit.short()))?;
    }
    let text = summary(check);
    out.line(&text)
}

fn one(out: &Out, finding: &Finding, shown: &Shown) -> String {
    let level = match finding.severity {
        Severity::Block => Level::ERROR,
        Severity::Warn => Level::WARNING,
    };
    let title = line(&finding.message);
    let check = line(&finding.check);
    let path = line(&finding.path.quoted());
    let source = shorten(&visible(&shown.source.replace('\t', "    ")), MAX_LINE);
    let text = source.trim_end();
    let indent = text.len() - text.trim_start().len();
    let who = whose(finding, shown);
    let mut mark = AnnotationKind::Primary.span(indent..text.len());
    if let Some(who) = &who {
        mark = mark.label(who);
    }
    let snippet =
        Snippet::source(text).line_start(finding.lines.start as usize).path(&path).annotation(mark);
    let mut group = level.primary_title(&title).id(&check).element(snippet);
    let hint = line(&finding.hint);
    if !hint.is_empty() {
        group = group.element(Level::HELP.message(&hint));
    }
    let waive = format!("git ai-log waive {} -m \"why this is right here\"", finding.fingerprint);
    let group = group.element(Level::HELP.with_name("to waive").message(&waive));
    let renderer = if out.colored() { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&[group])
}

fn whose(finding: &Finding, shown: &Shown) -> Option<String> {
    let agent = line(finding.agent.as_deref()?);
    let turn = finding.turn.as_ref().map(|turn| format!(", turn {turn}")).unwrap_or_default();
    let prompt = shown.prompt.as_deref().map(|text| format!(", \"{}\"", shorten(&line(text), 60)));
    Some(format!("written by {agent}{turn}{}", prompt.unwrap_or_default()))
}

fn summary(check: &Check) -> String {
    let settled = check.findings.iter().filter(|f| f.status != Status::Open).count();
    let mut text = match check.verdict {
        Verdict::Pass => "The checklist passes".to_owned(),
        Verdict::Block => "The checklist blocks".to_owned(),
    };
    text.push_str(&format!(
        ": {} judged, {}, {}",
        count(check.hunks, "hunk"),
        count(check.count(Severity::Block), "error"),
        count(check.count(Severity::Warn), "warning")
    ));
    if settled > 0 {
        text.push_str(&format!(", {settled} waived or attested"));
    }
    text
}

/// `1 hunk`, `2 hunks`.
pub(super) fn count(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}
