//! What an agent is told in its own loop: short, and what to do about it.

use crate::agents::question::FINDINGS;
use crate::model::{Finding, Severity};
use crate::render::escape::{line, shorten};
use crate::render::text::range;

/// Findings that are told at once; the rest follows when these are mended.
const MAX_FINDINGS: usize = 20;

/// Characters of a source line that are shown.
const MAX_LINE: usize = 120;

/// The findings on what an agent has just written. `source` is a finding's first line.
pub fn findings(findings: &[Finding], source: impl Fn(&Finding) -> String) -> String {
    let mut text = format!(
        "{FINDINGS} Mend them now. Errors block the commit; a warning that is wrong here may stay, \
         and then say why in your answer. Do not waive, suppress or work around them: that is for a \
         person to do.\n"
    );
    for finding in findings.iter().take(MAX_FINDINGS) {
        let word = match finding.severity {
            Severity::Block => "error",
            Severity::Warn => "warning",
        };
        let place = format!("{}:{}", line(&finding.path.quoted()), range(finding.lines));
        text.push_str(&format!(
            "\n{word}[{}] {place}: {}\n",
            line(&finding.check),
            line(&finding.message)
        ));
        let source = line(&shorten(source(finding).trim(), MAX_LINE));
        if !source.is_empty() {
            text.push_str(&format!("    {source}\n"));
        }
        if !finding.hint.is_empty() {
            text.push_str(&format!("  help: {}\n", line(&finding.hint)));
        }
    }
    let more = findings.len().saturating_sub(MAX_FINDINGS);
    if more > 0 {
        text.push_str(&format!("\nand {more} more; `git ai-log status` lists all\n"));
    }
    text
}

/// Why a command or an edit is not allowed.
pub fn denial(what: &str) -> String {
    format!(
        "git ai-log: {}. The hooks are this repository's gate, and an agent may not step round \
         them. Commit in the ordinary way; if the gate blocks, mend what it names, or ask the \
         person you work for to waive it.",
        line(what)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::check::samples;

    #[test]
    fn an_agent_is_told_place_line_and_mend() {
        let check = samples::check();
        let text = findings(&check.findings[1..2], |_| "  key = \"x\"\n".into());
        let told = text.split_once("\n\n").unwrap().1;
        assert_eq!(
            told,
            "error[secrets/key] src/pay.py:4-6: secrets: 100% wrong, see @all\n    key = \"x\"\n  \
             help: mend it: `so`\n"
        );
        let many = vec![check.findings[0].clone(); 22];
        assert!(findings(&many, |_| String::new()).contains("and 2 more"));
    }
}
