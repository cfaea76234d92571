//! GitHub's workflow commands: each finding stands beside its line in the pull request.

use super::Check;
use crate::model::{Finding, Severity};

/// One line a finding that nobody has dealt with, those that block first: GitHub shows ten of a
/// kind.
pub fn lines(check: &Check) -> Vec<String> {
    let missing = check.not_recorded.iter().map(|commit| {
        let text = format!("nothing is recorded for commit {}", commit.short());
        format!("::error title=not recorded::{}", data(&text))
    });
    missing.chain(check.open().into_iter().map(one)).collect()
}

fn one(finding: &Finding) -> String {
    let word = match finding.severity {
        Severity::Block => "error",
        Severity::Warn => "warning",
    };
    let mut text = finding.message.clone();
    if !finding.hint.is_empty() {
        text.push_str(&format!("\nhelp: {}", finding.hint));
    }
    text.push_str(&format!("\nfingerprint: {}", finding.fingerprint));
    format!(
        "::{word} file={},line={},endLine={},title={}::{}",
        property(&finding.path.lossy()),
        finding.lines.start,
        finding.lines.end,
        property(&finding.check),
        data(&text)
    )
}

/// What stands after `::`: line breaks would end the command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::check::samples;

    #[test]
    fn a_finding_is_one_command_whatever_its_text() {
        assert_eq!(
            lines(&samples::check()),
            [
                "::error title=not recorded::nothing is recorded for commit ababababab",
                "::error file=src/pay.py,line=4,endLine=6,title=secrets/key::secrets: 100%25 \
                 wrong,%0Asee @all%0Ahelp: mend it: `so`%0Afingerprint: secrets:1f3a9c21",
                "::warning file=src/a b%2Cc.py,line=4,endLine=6,title=timeouts/requests::timeouts: \
                 100%25 wrong,%0Asee @all%0Ahelp: mend it: `so`%0Afingerprint: timeouts:1f3a9c21",
            ]
        );
    }
}
