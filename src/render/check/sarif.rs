//! SARIF 2.1.0 (OASIS Standard, 27 March 2020), as far as code scanning services read it.

use serde_json::{Value, json};

use super::Check;
use crate::model::{Finding, RepoPath, Severity, Status};

/// Where the format is described.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The name under which a finding's fingerprint stands.
const FINGERPRINT: &str = "gitAiLog/v1";

/// What is known of an item: its name, summary and explanation.
pub type Item = (&'static str, &'static str, &'static str);

/// The log of one run. `items` are told as the rules' help.
pub fn log(check: &Check, items: &[Item]) -> Value {
    let mut ids: Vec<&str> = check.findings.iter().map(|f| f.check.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    let rules: Vec<Value> = ids.iter().map(|id| rule(id, items)).collect();
    let results: Vec<Value> = check
        .findings
        .iter()
        .map(|finding| result(finding, ids.binary_search(&finding.check.as_str()).unwrap_or(0)))
        .collect();
    let missing: Vec<Value> = check
        .not_recorded
        .iter()
        .map(|commit| {
            let text = format!("nothing is recorded for commit {}", commit.short());
            json!({"level": "error", "message": {"text": text}})
        })
        .collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "git-ai-log",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{"executionSuccessful": true, "toolExecutionNotifications": missing}],
            "results": results,
        }],
    })
}

fn rule(id: &str, items: &[Item]) -> Value {
    let category = id.split('/').next().unwrap_or_default();
    let item = items.iter().find(|(item, _, _)| *item == category);
    let (summary, explain) =
        item.map_or((category, category), |(_, summary, explain)| (summary, explain));
    json!({
        "id": id,
        "shortDescription": {"text": summary},
        "help": {"text": explain},
        "properties": {"category": category},
    })
}

fn result(finding: &Finding, rule: usize) -> Value {
    let level = match finding.severity {
        Severity::Block => "error",
        Severity::Warn => "warning",
    };
    let mut text = finding.message.clone();
    if !finding.hint.is_empty() {
        text.push_str(&format!("\n{}", finding.hint));
    }
    let mut result = json!({
        "ruleId": finding.check,
        "ruleIndex": rule,
        "level": level,
        "message": {"text": text},
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": uri(&finding.path)},
            "region": {"startLine": finding.lines.start, "endLine": finding.lines.end},
        }}],
        "partialFingerprints": {FINGERPRINT: finding.fingerprint},
        "properties": {
            "category": finding.item(),
            "agent": finding.agent,
            "turn": finding.turn,
        },
    });
    let justified = match finding.status {
        Status::Open => None,
        Status::Waived => Some("a waiver is recorded"),
        Status::Attested => Some("a person vouches for it"),
    };
    if let Some(justification) = justified {
        result["suppressions"] = json!([{"kind": "external", "justification": justification}]);
    }
    result
}

/// A relative URI: every byte that a path segment may not hold is escaped (RFC 3986).
fn uri(path: &RepoPath) -> String {
    let mut text = String::new();
    for &byte in path.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_uris() {
        assert_eq!(uri(&"src/a b.py".into()), "src/a%20b.py");
        assert_eq!(uri(&RepoPath::from_bytes(*b"\xff:%")), "%FF%3A%25");
    }
}
