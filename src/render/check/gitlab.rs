//! GitLab's Code Quality report: a list of issues in the shape of Code Climate.

use serde_json::{Value, json};

use super::Check;
use crate::model::{Finding, Severity};

/// The report. What somebody has dealt with is not in it.
pub fn report(check: &Check) -> Value {
    let missing = check.not_recorded.iter().map(|commit| {
        json!({
            "description": format!("nothing is recorded for commit {}", commit.short()),
            "check_name": "not-recorded",
            "fingerprint": commit.as_str(),
            "severity": "blocker",
            // A place is asked for, and a commit has none.
            "location": {"path": ".", "lines": {"begin": 1}},
        })
    });
    missing.chain(check.open().into_iter().map(one)).collect()
}

fn one(finding: &Finding) -> Value {
    let mut text = finding.message.clone();
    if !finding.hint.is_empty() {
        text.push_str(&format!(" (help: {})", finding.hint));
    }
    json!({
        "description": text,
        "check_name": finding.check,
        "fingerprint": finding.fingerprint,
        "severity": match finding.severity {
            Severity::Block => "critical",
            Severity::Warn => "minor",
        },
        "location": {
            "path": finding.path.lossy(),
            "lines": {"begin": finding.lines.start, "end": finding.lines.end},
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::check::samples;

    #[test]
    fn open_findings_are_issues_and_what_is_settled_is_not() {
        let report = report(&samples::check());
        let names: Vec<_> = report.as_array().unwrap().iter().map(|i| &i["check_name"]).collect();
        assert_eq!(names, ["not-recorded", "secrets/key", "timeouts/requests"]);
        assert_eq!(report[1]["severity"], "critical");
        assert_eq!(
            report[2]["location"],
            json!({"path": "src/a b,c.py", "lines": {"begin": 4, "end": 6}})
        );
    }
}
