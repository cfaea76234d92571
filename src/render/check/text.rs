//! Findings for people and agents: what, where, whose prompt, how to mend it, how to waive it.

use std::io;

use super::Check;
use crate::model::{Finding, Severity, Status, Verdict};
use crate::render::escape::{line, shorten};
use crate::render::out::{Out, Style};
use crate::render::text::range;

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
    let (word, style) = match finding.severity {
        Severity::Block => ("error", Style::Unknown),
        Severity::Warn => ("warning", Style::Commit),
    };
    let head = out.paint(style, &format!("{word}[{}]", line(&finding.check)));
    let number = finding.lines.start.to_string();
    let margin = " ".repeat(number.len());
    let source = line(&shorten(shown.source.trim_end(), MAX_LINE));
    let place = format!("{}:{}", line(&finding.path.quoted()), range(finding.lines));
    let mut text = format!(
        "{head}: {}\n{margin}{} {place}",
        out.paint(Style::Strong, &line(&finding.message)),
        out.paint(Style::Dim, "-->"),
    );
    if !source.is_empty() {
        let bar = out.paint(Style::Dim, "|");
        text.push_str(&format!("\n{margin} {bar}\n{number} {bar} {source}\n{margin} {bar}"));
    }
    if let Some(who) = whose(finding, shown) {
        text.push_str(&format!("\n{margin} = written by {who}"));
    }
    if !finding.hint.is_empty() {
        text.push_str(&format!("\n{margin} = help: {}", line(&finding.hint)));
    }
    text.push_str(&format!(
        "\n{margin} = to waive: git ai-log waive {} -m \"why this is right here\"",
        finding.fingerprint
    ));
    text
}

fn whose(finding: &Finding, shown: &Shown) -> Option<String> {
    let agent = line(finding.agent.as_deref()?);
    let turn = finding.turn.as_ref().map(|turn| format!(", turn {turn}")).unwrap_or_default();
    let prompt = shown.prompt.as_deref().map(|text| format!(", \"{}\"", shorten(&line(text), 60)));
    Some(format!("{agent}{turn}{}", prompt.unwrap_or_default()))
}

fn summary(check: &Check) -> String {
    let settled = check.findings.iter().filter(|f| f.status != Status::Open).count();
    let mut text = match check.verdict {
        Verdict::Pass => "The checklist passes".to_owned(),
        Verdict::Block => "The checklist blocks".to_owned(),
    };
    text.push_str(&format!(
        ": {} hunks judged, {} errors, {} warnings",
        check.hunks,
        check.count(Severity::Block),
        check.count(Severity::Warn)
    ));
    if settled > 0 {
        text.push_str(&format!(", {settled} waived or attested"));
    }
    text
}
