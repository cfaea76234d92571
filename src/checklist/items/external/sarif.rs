//! Results out of an analyser's SARIF 2.1.0.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::checklist::{File, Hit};
use crate::model::{Confidence, LineRange};

/// Results that are read of one analyser.
const MAX_RESULTS: usize = 10_000;

/// One result, as far as it concerns us.
#[derive(Debug, PartialEq)]
pub(super) struct Found {
    rule: String,
    /// From the folder that was analysed.
    path: String,
    lines: LineRange,
    message: String,
    help: Option<String>,
    confidence: Confidence,
}

/// The results of all runs, or why they cannot be read. Paths below one of the roots are taken
/// from there.
pub(super) fn read(sarif: &[u8], roots: &[PathBuf]) -> Result<Vec<Found>, String> {
    let log: Value = serde_json::from_slice(sarif).map_err(|error| error.to_string())?;
    let version = log["version"].as_str().unwrap_or("none");
    if version != "2.1.0" {
        return Err(format!("its version is {version}, and not 2.1.0"));
    }
    let runs = log["runs"].as_array().ok_or("it has no runs")?;
    let mut found = Vec::new();
    for run in runs {
        let mut invocations = run["invocations"].as_array().into_iter().flatten();
        if invocations.any(|one| one["executionSuccessful"] == Value::Bool(false)) {
            return Err("it says that its own run failed".to_owned());
        }
        let results = run["results"].as_array().into_iter().flatten();
        found.extend(results.filter_map(|result| one(run, result, roots)).take(MAX_RESULTS));
    }
    Ok(found)
}

fn one(run: &Value, result: &Value, roots: &[PathBuf]) -> Option<Found> {
    let rule = rule_of(run, result);
    let id = result["ruleId"].as_str().or_else(|| rule?["id"].as_str()).unwrap_or("finding");
    let default = rule.and_then(|rule| rule["defaultConfiguration"]["level"].as_str());
    let level = result["level"].as_str().or(default).unwrap_or("warning");
    let confidence = match level {
        "error" => Confidence::High,
        "warning" => Confidence::Low,
        "note" => Confidence::Advice,
        _ => return None,
    };
    // Somebody has dealt with it in the analyser's own way, outside of the code.
    let mut suppressions = result["suppressions"].as_array().into_iter().flatten();
    if suppressions.any(|one| one["kind"] == "external" && one["status"] != "rejected") {
        return None;
    }
    let place = &result["locations"][0]["physicalLocation"];
    let line = |name: &str| place["region"][name].as_u64().and_then(|n| u32::try_from(n).ok());
    let start = line("startLine").unwrap_or(1).max(1);
    let text = result["message"]["text"].as_str().unwrap_or(id);
    Some(Found {
        rule: name(id),
        path: relative(place["artifactLocation"]["uri"].as_str()?, roots)?,
        lines: LineRange { start, end: line("endLine").unwrap_or(start).max(start) },
        message: text.lines().next().unwrap_or(id).trim().to_owned(),
        help: rule.and_then(|rule| rule["helpUri"].as_str()).map(str::to_owned),
        confidence,
    })
}

fn rule_of<'v>(run: &'v Value, result: &Value) -> Option<&'v Value> {
    let rules = run["tool"]["driver"]["rules"].as_array()?;
    let index = result["ruleIndex"].as_u64().or_else(|| result["rule"]["index"].as_u64());
    match index {
        Some(index) => rules.get(usize::try_from(index).ok()?),
        None => rules.iter().find(|rule| rule["id"] == result["ruleId"]),
    }
}

/// A rule's name stands after a slash and before white space.
fn name(id: &str) -> String {
    let plain = |c: char| if c.is_whitespace() || c == '/' { '-' } else { c };
    id.chars().map(plain).collect()
}

/// A path from the analysed folder; `None` where it leads out of it.
fn relative(uri: &str, roots: &[PathBuf]) -> Option<String> {
    let plain = match uri.strip_prefix("file://") {
        // Some name the machine too.
        Some(rest) => rest.strip_prefix("localhost").unwrap_or(rest),
        None => uri,
    };
    let text = decoded(plain)?;
    let path = Path::new(&text);
    let inside = match path.is_absolute() {
        true => roots.iter().find_map(|root| path.strip_prefix(root).ok())?,
        false => path.strip_prefix(".").unwrap_or(path),
    };
    Some(inside.to_str()?.to_owned())
}

/// Percent-encoding undone.
fn decoded(uri: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(uri.len());
    let mut rest = uri.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

impl Found {
    /// The hit, if it is about one of these files.
    pub(super) fn hit(self, item: &'static str, tool: &str, files: &[&File]) -> Option<Hit> {
        let file = files.iter().find(|file| file.path.lossy() == self.path)?;
        let hint = match self.help {
            Some(uri) => format!("see {uri}"),
            None => format!("mend it as {tool} asks"),
        };
        Some(Hit {
            item,
            rule: self.rule,
            path: file.path.clone(),
            lines: self.lines,
            message: self.message,
            hint,
            confidence: self.confidence,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_are_taken_from_the_analysed_folder() {
        let roots = [PathBuf::from("/tmp/x")];
        let of = |uri: &str| relative(uri, &roots);
        assert_eq!(of("src/a%20b.py").as_deref(), Some("src/a b.py"));
        assert_eq!(of("file:///tmp/x/src/a.py").as_deref(), Some("src/a.py"));
        assert_eq!(of("file://localhost/tmp/x/a.py").as_deref(), Some("a.py"));
        assert_eq!(of("./a.py").as_deref(), Some("a.py"));
        assert_eq!(of("/etc/passwd"), None);
        assert_eq!(of("a%zz%"), Some("a%zz%".into()));
    }

    #[test]
    fn a_failed_run_is_no_answer() {
        let failed =
            br#"{"version": "2.1.0", "runs": [{"invocations": [{"executionSuccessful": false}]}]}"#;
        assert!(read(failed, &[]).unwrap_err().contains("failed"));
        assert!(read(br#"{"version": "2.0.0", "runs": []}"#, &[]).unwrap_err().contains("2.0.0"));
        assert!(read(br#"{"version": "2.1.0"}"#, &[]).is_err());
        assert_eq!(
            read(br#"{"version": "2.1.0", "runs": [{"results": null}]}"#, &[]),
            Ok(Vec::new())
        );
    }

    #[test]
    fn levels_come_from_the_result_or_its_rule() {
        let text = r#"{"version": "2.1.0", "runs": [{
            "tool": {"driver": {"rules": [{"id": "a/b c", "defaultConfiguration": {"level": "note"}}]}},
            "results": [
                {"ruleIndex": 0, "message": {}, "locations": [{"physicalLocation": {"artifactLocation": {"uri": "a"}}}]},
                {"ruleId": "x", "level": "none", "locations": [{"physicalLocation": {"artifactLocation": {"uri": "a"}}}]},
                {"ruleId": "y", "suppressions": [{"kind": "external"}], "locations": [{"physicalLocation": {"artifactLocation": {"uri": "a"}}}]},
                {"ruleId": "z", "message": {"text": "t"}, "locations": []}
            ]}]}"#;
        let found = read(text.as_bytes(), &[]).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].rule.as_str(), found[0].confidence), ("a-b-c", Confidence::Advice));
        assert_eq!(found[0].lines, LineRange::one(1));
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_answer(text in "[\\[\\]{}\":,a-z0-9]{0,80}") {
            let _ = read(text.as_bytes(), &[]);
            let _ = read(format!("{{\"version\":\"2.1.0\",\"runs\":[{text}]}}").as_bytes(), &[]);
        }
    }
}
