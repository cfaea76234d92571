//! What `check` prints for programs and services.

use serde_json::{Value, json};

use crate::env::schema::faults;
use crate::env::{TestRepo, at_terminal};

const BAD: &str = "def pay():\n    try:\n        go()\n    except Exception:\n        pass\n";

fn schema(path: &str) -> Value {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// A repository with a branch: an agent's faults in two files, one of them waived, and a commit
/// that nothing is recorded of.
fn world() -> TestRepo {
    let repo = TestRepo::with(&[("readme.md", "# Shop\n")]);
    repo.git(["branch", "base"]);
    let agent = repo.claude("a").prompt("Add `pay`\nfor @everyone");
    agent.write("src/a b%.py", BAD).write("ship.py", BAD);
    repo.stage(&["src/a b%.py", "ship.py"]);
    let check: Value = serde_json::from_slice(&repo.ai_log(["check", "--json"]).stdout).unwrap();
    let print = check["findings"][0]["fingerprint"].as_str().unwrap().to_owned();
    at_terminal(&repo, &format!("git ai-log waive {print} -m 'the caller retries'"), "y\n").ok();
    repo.git(["commit", "-q", "--no-verify", "-m", "faults"]);
    repo.write("readme.md", "# The shop\n");
    repo.git(["-c", "core.hooksPath=/dev/null", "commit", "-q", "-a", "-m", "unseen"]);
    repo
}

fn print(repo: &TestRepo, format: &str) -> String {
    let output = repo.ai_log(["check", "base..HEAD", "--require-notes", "--format", format]);
    assert_eq!(output.code, Some(1), "{output}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn sarif_is_what_its_standard_says() {
    let repo = world();
    let schema = schema("tests/data/sarif/sarif-schema-2.1.0.json");
    let sarif: Value = serde_json::from_str(&print(&repo, "sarif")).unwrap();
    assert_eq!(faults(&schema, &sarif), Vec::<String>::new());
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let result = results.iter().find(|r| r.get("suppressions").is_none()).unwrap();
    assert_eq!(result["properties"]["category"], "error-handling");
    assert!(result["ruleId"].as_str().unwrap().starts_with("error-handling/"));
    assert!(result["partialFingerprints"]["gitAiLog/v1"].is_string());
    let uris: Vec<_> = results
        .iter()
        .map(|r| &r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
        .collect();
    assert!(uris.contains(&&json!("src/a%20b%25.py")), "{uris:?}");
    let told = &sarif["runs"][0]["invocations"][0]["toolExecutionNotifications"];
    assert!(told[0]["message"]["text"].as_str().unwrap().starts_with("nothing is recorded"));

    // The schema finds what is wrong.
    for (pointer, value) in [
        ("/runs/0/results/0/level", json!("fatal")),
        ("/runs/0/results/0/message", json!({})),
        ("/runs/0/results/0/locations/0/physicalLocation/artifactLocation/uri", json!("a b")),
        ("/runs/0/results/0/locations/0/physicalLocation/region/startLine", json!(0)),
        ("/version", json!("2.0.0")),
        ("/runs/0/tool/driver", json!({"name": "x", "more": 1})),
    ] {
        let mut wrong = sarif.clone();
        *wrong.pointer_mut(pointer).unwrap() = value;
        assert!(!faults(&schema, &wrong).is_empty(), "{pointer}");
    }
}

#[test]
fn json_is_what_our_schema_says() {
    let repo = world();
    let schema = schema("schema/check.json");
    let range: Value = serde_json::from_str(&print(&repo, "json")).unwrap();
    assert_eq!(faults(&schema, &range), Vec::<String>::new());
    assert_eq!(range["not_recorded"].as_array().unwrap().len(), 1);
    assert_eq!(range["waivers"][0]["reason"], "the caller retries");
    assert_eq!(range["origin"]["lines"]["ai"], 10);
    let files = repo.ai_log(["check", "--all-lines", "--json", "ship.py"]);
    let files: Value = serde_json::from_slice(&files.stdout).unwrap();
    assert_eq!(faults(&schema, &files), Vec::<String>::new());
    assert_eq!(files["origin"], Value::Null);
}

#[test]
fn what_a_person_stages_counts_in_the_share() {
    let repo = TestRepo::with(&[("readme.md", "# Shop\n")]);
    let agent = repo.claude("a").prompt("Add it");
    agent.write("new.txt", "one\ntwo\n");
    repo.write("own.txt", "three\n");
    repo.write("readme.md", "# The shop\n");
    repo.git(["add", "-A"]);
    let output = repo.ai_log(["check", "--json"]);
    let check: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(check["origin"]["lines"], json!({"ai": 2, "mixed": 0, "human": 2, "unknown": 0}));
}

#[test]
fn services_get_one_entry_a_finding_that_is_open() {
    let repo = world();
    let github = print(&repo, "github");
    let lines: Vec<_> = github.lines().collect();
    assert_eq!(lines.len(), 2, "{github}");
    assert!(lines[0].starts_with("::error title=not recorded::nothing is recorded for commit "));
    assert!(lines[1].starts_with("::error file="), "{github}");
    let gitlab: Value = serde_json::from_str(&print(&repo, "gitlab")).unwrap();
    let names: Vec<_> = gitlab.as_array().unwrap().iter().map(|i| &i["check_name"]).collect();
    assert_eq!(names, ["not-recorded", "error-handling/swallowed"]);
    assert_ne!(gitlab[0]["fingerprint"], gitlab[1]["fingerprint"]);
}

#[test]
fn a_pull_request_gets_items_findings_and_prompts() {
    let text = print(&world(), "markdown");
    for part in [
        "## Checklist for agents' lines: block",
        "agents wrote 10 of 11 added lines (90 %, 1 unknown)",
        "**not recorded**",
        "| `error-handling` | **block** |",
        "| `cors` | pass |",
        "Not asked for: `business-logic`",
        "- waived `error-handling/swallowed` at ",
        ": the caller retries (Pat Person)",
        "- claude-code (claude-opus-4-8), session s_",
        "``Add `pay` for @everyone``",
    ] {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
}
