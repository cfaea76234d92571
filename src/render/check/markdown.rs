//! The checklist section for the body of a pull request.

use super::text::count;
use super::{Check, ItemResult, Origin, Outcome};
use crate::model::{Finding, Severity, Status, Verdict};
use crate::render::escape;
use crate::render::text::{agent, range};

/// Characters of a prompt that are shown.
const MAX_PROMPT: usize = 300;

/// The section: items with their evidence, what is open, what people dealt with, where the lines
/// come from.
pub fn section(check: &Check) -> String {
    let mut text =
        format!("## Checklist for agents' lines: {}\n\n{}\n", verdict(check), facts(check));
    for (index, commit) in check.not_recorded.iter().enumerate() {
        let start = if index == 0 { "\n" } else { "" };
        let commit = commit.short();
        text.push_str(&format!(
            "{start}- **not recorded**: nothing is recorded for commit {commit}\n"
        ));
    }
    text.push_str("\n| item | result | evidence |\n|---|---|---|\n");
    for item in check.items.iter().filter(|item| item.result != Outcome::Off) {
        text.push_str(&row(item, check));
    }
    let off: Vec<_> = check.items.iter().filter(|item| item.result == Outcome::Off).collect();
    if !off.is_empty() {
        let names: Vec<_> = off.iter().map(|item| code(&item.item)).collect();
        text.push_str(&format!("\nNot asked for: {}\n", names.join(", ")));
    }
    if !check.open().is_empty() {
        text.push_str("\n### Open findings\n\n");
        check.open().into_iter().for_each(|finding| text.push_str(&open(finding)));
    }
    let settled: Vec<_> = check.findings.iter().filter(|f| f.status != Status::Open).collect();
    if !settled.is_empty() {
        text.push_str("\n### Waived and attested\n\n");
        settled.into_iter().for_each(|finding| text.push_str(&dealt_with(finding, check)));
    }
    if let Some(origin) = check.origin.as_ref().filter(|origin| !origin.sessions.is_empty()) {
        text.push_str("\n### Sessions and prompts\n\n");
        text.push_str(&sessions(origin));
    }
    text
}

fn verdict(check: &Check) -> &'static str {
    match check.verdict {
        Verdict::Pass => "pass",
        Verdict::Block => "block",
    }
}

fn facts(check: &Check) -> String {
    let mut facts = vec![
        format!("{} judged", count(check.hunks, "hunk")),
        format!(
            "{} and {} open",
            count(check.count(Severity::Block), "error"),
            count(check.count(Severity::Warn), "warning")
        ),
    ];
    let settled = check.findings.iter().filter(|f| f.status != Status::Open).count();
    if settled > 0 {
        facts.push(format!("{settled} waived or attested"));
    }
    facts.extend(check.origin.as_ref().and_then(share));
    facts.join(" · ")
}

/// How much of what the change adds is agents'.
fn share(origin: &Origin) -> Option<String> {
    let lines = origin.lines;
    let agents = lines.ai + lines.mixed;
    let all = agents + lines.human + lines.unknown;
    let percent = (u64::from(agents) * 100).checked_div(u64::from(all))?;
    let unknown = match lines.unknown {
        0 => String::new(),
        unknown => format!(", {unknown} unknown"),
    };
    Some(format!("agents wrote {agents} of {all} added lines ({percent} %{unknown})"))
}

fn row(item: &ItemResult, check: &Check) -> String {
    let result = match item.result {
        Outcome::Off => "off",
        Outcome::Pass => "pass",
        Outcome::Warn => "warn",
        Outcome::Block => "**block**",
    };
    let own = check.findings.iter().filter(|finding| finding.item() == item.item);
    let mut places: Vec<String> = own
        .map(|finding| {
            let word = match finding.status {
                Status::Open => "",
                Status::Waived => " waived",
                Status::Attested => " attested",
            };
            format!("{}{word}", cell(&code(&place(finding))))
        })
        .collect();
    let more = places.len().saturating_sub(5);
    places.truncate(5);
    if more > 0 {
        places.push(format!("{more} more"));
    }
    let evidence = if places.is_empty() { cell(&plain(&item.summary)) } else { places.join(", ") };
    format!("| {} | {result} | {evidence} |\n", cell(&code(&item.item)))
}

fn place(finding: &Finding) -> String {
    format!("{}:{}", finding.path.quoted(), range(finding.lines))
}

fn open(finding: &Finding) -> String {
    let word = match finding.severity {
        Severity::Block => "error",
        Severity::Warn => "warning",
    };
    let mut text = format!(
        "- **{word}** {} at {}: {}\n",
        code(&finding.check),
        code(&place(finding)),
        plain(&finding.message)
    );
    if !finding.hint.is_empty() {
        text.push_str(&format!("  - to mend it: {}\n", plain(&finding.hint)));
    }
    let turn = finding.turn.as_ref().map(|turn| format!(", turn {turn}")).unwrap_or_default();
    let whose =
        finding.agent.as_deref().map(|agent| format!("; written by {}{turn}", plain(agent)));
    text.push_str(&format!("  - {}{}\n", code(&finding.fingerprint), whose.unwrap_or_default()));
    text
}

fn dealt_with(finding: &Finding, check: &Check) -> String {
    let head = format!("{} at {}", code(&finding.check), code(&place(finding)));
    let until = |until: Option<chrono::NaiveDate>| {
        until.map(|day| format!(", until {day}")).unwrap_or_default()
    };
    let said = match finding.status {
        Status::Attested => {
            let claim = check.attestations.iter().find(|claim| claim.item == finding.item());
            claim.map(|c| ("attested", c.reason.as_str(), c.who.as_str(), until(c.until)))
        }
        _ => {
            let own = |waiver: &&crate::model::Waiver| waiver.fingerprint == finding.fingerprint;
            let waiver = check.waivers.iter().find(own);
            waiver.map(|w| ("waived", w.reason.as_str(), w.who.as_str(), until(w.until)))
        }
    };
    match said {
        Some((word, reason, who, until)) => {
            format!("- {word} {head}: {} ({}{until})\n", plain(reason), plain(&name(who)))
        }
        None => format!("- {head}\n"),
    }
}

/// Without the address: a pull request is more public than a note.
fn name(who: &str) -> String {
    who.split(" <").next().unwrap_or(who).to_owned()
}

fn sessions(origin: &Origin) -> String {
    let mut text = String::new();
    for session in &origin.sessions {
        let who = agent(&session.agent, session.model.as_deref());
        text.push_str(&format!("- {}, session {}\n", plain(&who), session.session));
        for turn in origin.turns.iter().filter(|turn| turn.session == session.session) {
            let prompt = match (&turn.prompt, turn.prompt_state) {
                (Some(prompt), _) => code(&escape::shorten(prompt, MAX_PROMPT)),
                (None, state) => format!("(prompt {})", state.unwrap_or("not recorded")),
            };
            text.push_str(&format!("  - turn {}: {prompt}\n", turn.turn));
        }
    }
    text
}

/// A code span: nothing in it is markup, and nobody is called by it.
fn code(text: &str) -> String {
    let text = escape::line(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let ticks = "`".repeat(longest + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{ticks}{space}{text}{space}{ticks}")
}

/// Text in which nothing is markup. A name after `@` would call somebody.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in escape::line(text).chars() {
        if "\\`*_[]<>|#~&".contains(c) {
            out.push('\\');
        }
        out.push(c);
        if c == '@' {
            out.push_str("&#8203;");
        }
    }
    out
}

/// A table splits cells at every bar, those in code spans included.
fn cell(text: &str) -> String {
    text.replace("\\|", "|").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::check::samples;

    #[test]
    fn the_section_says_it_all() {
        insta::assert_snapshot!(section(&samples::check()));
    }

    #[test]
    fn text_of_others_is_no_markup() {
        assert_eq!(code("a `b` |\nc"), "``a `b` | c``");
        assert_eq!(code("`b`"), "`` `b` ``");
        assert_eq!(plain("<b> @x a_b\n# |"), "\\<b\\> @&#8203;x a\\_b \\# \\|");
        assert_eq!(cell(&plain("a|b")), "a\\|b");
    }

    #[test]
    fn without_lines_there_is_no_share() {
        let mut check = samples::check();
        check.origin.as_mut().unwrap().lines = Default::default();
        assert!(!section(&check).contains("added lines"));
    }
}
