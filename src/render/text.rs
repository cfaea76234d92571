//! Sessions, turns and hunks for people.

use super::escape::{line, shorten, visible};
use super::json::{Answer, Counts, SessionInfo, TurnInfo};
use super::out::{Out, Style};
use crate::model::{Contributor, Finding, Gate, Hunk, LineRange, Status, Verdict};

/// The colour of a contributor; people's work has none.
pub fn style(contributor: Contributor) -> Option<Style> {
    match contributor {
        Contributor::Ai => Some(Style::Agent),
        Contributor::Mixed => Some(Style::Mixed),
        Contributor::Unknown => Some(Style::Unknown),
        Contributor::Human => None,
    }
}

fn painted(out: &Out, contributor: Contributor, text: &str) -> String {
    style(contributor).map_or_else(|| text.to_owned(), |style| out.paint(style, text))
}

/// `41` or `41-44`.
pub fn range(lines: LineRange) -> String {
    if lines.start == lines.end {
        lines.start.to_string()
    } else {
        format!("{}-{}", lines.start, lines.end)
    }
}

/// `3 ai, 1 mixed`; kinds without a line are left out.
pub fn counts(counts: Counts) -> String {
    let all = [
        (counts.ai, "ai"),
        (counts.mixed, "mixed"),
        (counts.human, "human"),
        (counts.unknown, "unknown"),
    ];
    let some: Vec<String> =
        all.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    if some.is_empty() { "none".to_owned() } else { some.join(", ") }
}

/// `claude-code (claude-opus-4-8)`.
pub fn agent(agent: &str, model: Option<&str>) -> String {
    match model {
        Some(model) => format!("{} ({})", line(agent), line(model)),
        None => line(agent),
    }
}

/// One answer to "who wrote these lines".
pub fn answer(out: &Out, path: &str, answer: &Answer) -> String {
    let mut head = format!("{}:{}", line(path), range(answer.lines));
    head.push_str("  ");
    head.push_str(&painted(out, answer.contributor, &answer.contributor.to_string()));
    if let Some(name) = &answer.agent {
        head.push_str("  ");
        head.push_str(&agent(name, answer.model.as_deref()));
    }
    if let Some(author) = &answer.author {
        head.push_str(&format!("  {}", line(author)));
    }
    if let Some(at) = answer.at {
        head.push_str(&format!("  {}", at.format("%Y-%m-%d %H:%M")));
    }
    match &answer.commit {
        Some(commit) => {
            head.push_str(&format!("  commit {}", out.paint(Style::Commit, commit.short())));
        }
        None => head.push_str("  not committed yet"),
    }
    let mut text = head;
    if let Some(turn) = &answer.turn {
        text.push('\n');
        text.push_str(&prompt(answer.prompt.as_deref(), answer.prompt_state));
        text.push('\n');
        let evidence = match answer.evidence {
            Some(evidence) => format!("  evidence: {}", word(&evidence)),
            None => String::new(),
        };
        text.push_str(&out.paint(Style::Dim, &format!("    turn {turn}{evidence}")));
    }
    text
}

/// A prompt, indented; or why there is none.
pub fn prompt(text: Option<&str>, state: Option<&str>) -> String {
    match (text, state) {
        (Some(text), _) => {
            visible(text).lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
        }
        (None, Some("forgotten")) => "    (the prompt was deleted)".into(),
        (None, _) => {
            "    (the prompt is not in this clone: `git ai-log sync` brings it, if it is shared)"
                .into()
        }
    }
}

/// A prompt on one line.
pub fn prompt_line(turn: &TurnInfo, most: usize) -> String {
    match (&turn.prompt, turn.prompt_state) {
        (Some(text), _) => shorten(&line(text), most),
        (None, Some("forgotten")) => "(deleted)".into(),
        (None, _) => "(not in this clone)".into(),
    }
}

/// A session on one line.
pub fn session(session: &SessionInfo) -> String {
    let human = session.human.as_deref().map(|human| format!(" with {}", line(human)));
    format!(
        "{}  {}{}",
        session.session,
        agent(&session.agent, session.model.as_deref()),
        human.unwrap_or_default()
    )
}

/// A hunk on one line.
pub fn hunk(out: &Out, hunk: &Hunk) -> String {
    let turn = hunk.turn.as_ref().map(|turn| format!("  turn {turn}")).unwrap_or_default();
    let evidence = hunk.evidence.map(|e| format!("  {}", word(&e))).unwrap_or_default();
    format!(
        "{}:{}  {}{turn}{evidence}",
        line(&hunk.path.quoted()),
        range(hunk.lines),
        painted(out, hunk.contributor, &hunk.contributor.to_string()),
    )
}

/// Whether the gate judged, and what it said.
pub fn gate(out: &Out, gate: Gate, verdict: Option<Verdict>) -> String {
    let text = match verdict {
        Some(verdict) => format!("{}: {}", word(&gate), word(&verdict)),
        None => word(&gate),
    };
    match verdict {
        Some(Verdict::Block) => out.paint(Style::Unknown, &text),
        _ => out.paint(Style::Dim, &text),
    }
}

/// A finding on one line.
pub fn finding(out: &Out, finding: &Finding) -> String {
    let style = if finding.blocks() { Style::Unknown } else { Style::Dim };
    let head = format!("{} [{}]", word(&finding.severity), line(&finding.check));
    let status = match finding.status {
        Status::Open => String::new(),
        status => format!(" ({})", word(&status)),
    };
    format!(
        "{}{status} {}:{}  {}  {}",
        out.paint(style, &head),
        line(&finding.path.quoted()),
        range(finding.lines),
        line(&finding.message),
        out.paint(Style::Dim, &finding.fingerprint),
    )
}

/// The kebab-case word of a unit variant.
fn word<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}
