//! The documents say what the program does: their tables are written from it, and their examples
//! are played.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn doc(name: &str) -> (PathBuf, String) {
    let path = root().join("docs").join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    (path, text)
}

fn ai_log(folder: &Path, args: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_git-ai-log");
    Command::new(program)
        .args(args)
        .current_dir(folder)
        .env_remove("XDG_CONFIG_HOME")
        .output()
        .unwrap()
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "asks whether to rewrite the files")]
fn rewrite() -> bool {
    std::env::var_os("UPDATE").is_some()
}

/// Holds what stands between two marks against what it should be.
fn table(name: &str, mark: &str, rows: &str) {
    let (path, text) = doc(name);
    let start = text.find(&format!("<!-- {mark}:")).unwrap();
    let start = start + text[start..].find('\n').unwrap() + 1;
    let end = start + text[start..].find("<!-- end -->").unwrap();
    let wanted = format!("\n{rows}\n");
    if rewrite() {
        std::fs::write(&path, format!("{}{wanted}{}", &text[..start], &text[end..])).unwrap();
        return;
    }
    assert!(text[start..end] == wanted, "docs/{name} is stale: UPDATE=1 cargo test --test docs");
}

#[test]
fn every_item_is_in_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let check = json(&ai_log(folder.path(), &["check", "--all-lines", "--json"]).stdout);
    let items = check["items"].as_array().unwrap();
    let row = |item: &Value| {
        format!(
            "| `{}` | {} |\n",
            item["item"].as_str().unwrap(),
            item["summary"].as_str().unwrap()
        )
    };
    let rows: String = items.iter().map(row).collect();
    let external = "| `external.NAME` | an analyser that the policy names finds nothing |\n";
    table(
        "checklist.md",
        "items",
        &format!("| item | what is asked |\n|---|---|\n{rows}{external}"),
    );
}

#[test]
fn every_key_of_the_policy_is_in_the_table() {
    let schema = json(&std::fs::read(root().join("schema/policy.json")).unwrap());
    let mut rows = String::from("| key | what it is |\n|---|---|\n");
    keys(&schema, &schema["properties"], "", &mut rows);
    table("checklist.md", "policy", &rows);
}

/// One row a key; those of tables within tables below it.
fn keys(schema: &Value, properties: &Value, prefix: &str, rows: &mut String) {
    for (name, property) in properties.as_object().unwrap() {
        let about = property["description"].as_str().unwrap();
        rows.push_str(&format!("| `{prefix}{name}` | {about} |\n"));
        let inner = [
            ("", property),
            ("[].", &property["items"]),
            (".NAME", &property["additionalProperties"]),
        ];
        for (step, inner) in inner {
            let Some(pointer) = inner["$ref"].as_str().and_then(|r| r.strip_prefix('#')) else {
                continue;
            };
            let properties = &schema.pointer(pointer).unwrap()["properties"];
            if properties.is_object() {
                let step = if step == "[]." { "[]" } else { step };
                keys(schema, properties, &format!("{prefix}{name}{step}."), rows);
            }
        }
    }
}

/// The text of the nth block of this language after a heading.
fn block(text: &str, heading: &str, language: &str) -> String {
    let after = &text[text.find(&format!("## {heading}\n")).unwrap()..];
    let start = after.find(&format!("```{language}\n")).unwrap() + language.len() + 4;
    after[start..start + after[start..].find("```").unwrap()].to_owned()
}

#[test]
fn the_teams_rule_finds_what_the_document_says() {
    let (_, text) = doc("checklist.md");
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join(".ai-log/rules");
    std::fs::create_dir_all(&rules).unwrap();
    std::fs::write(rules.join("clock.yml"), block(&text, "Rules of your own", "yaml")).unwrap();
    std::fs::write(folder.path().join("a.py"), block(&text, "Rules of your own", "python"))
        .unwrap();
    let check = json(&ai_log(folder.path(), &["check", "--all-lines", "--json", "a.py"]).stdout);
    let found: Vec<_> = check["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["check"].as_str().unwrap(), f["lines"][0].as_u64().unwrap(), &f["severity"]))
        .collect();
    assert_eq!(found, [("team/clock", 1, &Value::from("block"))]);
}

#[test]
fn the_policy_of_the_document_is_one() {
    let (_, text) = doc("checklist.md");
    for heading in ["The policy", "Analysers of another make"] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(".ai-log.toml"), block(&text, heading, "toml")).unwrap();
        let check = ai_log(folder.path(), &["check", "--all-lines", "--json"]);
        assert!(check.stderr.is_empty(), "{}", String::from_utf8_lossy(&check.stderr));
        let items = json(&check.stdout)["items"].clone();
        let all = items.as_array().unwrap();
        assert!(all.iter().any(|item| item["item"].as_str().unwrap().starts_with("external.")));
    }
}

#[test]
fn the_jobs_call_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let help = |command: &str| {
        let output = ai_log(folder.path(), &[command, "--help"]);
        assert!(output.status.success(), "there is no command {command}");
        String::from_utf8(output.stdout).unwrap()
    };
    let mut calls = 0;
    for name in ["ci.md", "checklist.md", "verify.md"] {
        let (_, text) = doc(name);
        for call in text.split("git ai-log ").skip(1) {
            let end = call.find(['`', '\n', '|', '>', ')', ',']).unwrap();
            let mut words = call[..end].split_whitespace();
            let Some(command) = words.next().filter(|c| c.bytes().all(|b| b.is_ascii_lowercase()))
            else {
                continue;
            };
            if ![
                "check", "trust", "waive", "attest", "review", "show", "schema", "install",
                "verify", "prune", "repair",
            ]
            .contains(&command)
            {
                continue;
            }
            let said = help(command);
            for flag in words.filter(|word| word.starts_with("--")) {
                assert!(said.contains(flag), "{name}: git ai-log {command} has no {flag}");
                calls += 1;
            }
        }
    }
    assert!(calls > 10, "only {calls} options were found");
}

#[test]
fn every_kind_of_fault_is_in_the_table() {
    let schema = json(&std::fs::read(root().join("schema/verify.json")).unwrap());
    let kinds = schema["$defs"]["Kind"]["oneOf"].as_array().unwrap();
    let (_, text) = doc("verify.md");
    assert!(kinds.len() > 10, "{kinds:?}");
    for kind in kinds {
        let word = kind["const"].as_str().unwrap();
        assert!(text.contains(&format!("`{word}`")), "docs/verify.md does not say what {word} is");
    }
}
