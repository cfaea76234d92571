//! The console blocks of a document are run, all in one shell, and must print what they say.
//!
//! `[..]` stands for any text in a line. Lines that start with `> ` belong to the command above.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Command;

struct Step {
    command: String,
    expected: Vec<String>,
}

fn steps(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        match line {
            "```console" => inside = true,
            "```" => inside = false,
            _ if !inside => {}
            _ => match (line.strip_prefix("$ "), line.strip_prefix("> "), steps.last_mut()) {
                (Some(command), ..) => {
                    steps.push(Step { command: command.to_owned(), expected: Vec::new() });
                }
                (None, Some(more), Some(step)) if step.expected.is_empty() => {
                    step.command.push('\n');
                    step.command.push_str(more);
                }
                (None, _, Some(step)) => step.expected.push(line.to_owned()),
                (None, _, None) => panic!("output without a command: {line}"),
            },
        }
    }
    steps
}

/// Whether a line is what the README says.
fn fits(expected: &str, line: &str) -> bool {
    let mut parts = expected.split("[..]");
    let Some(mut rest) = line.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    for (at, part) in parts.iter().enumerate() {
        if at + 1 == parts.len() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(found) => rest = &rest[found + part.len()..],
            None => return false,
        }
    }
    rest.is_empty()
}

#[test]
fn the_readme_says_what_happens() {
    play("README.md");
}

#[test]
fn an_agent_without_an_adapter_reports_as_the_document_says() {
    play("docs/add-an-agent.md");
}

fn play(document: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut steps = steps(&std::fs::read_to_string(root.join(document)).unwrap());
    if has_config_hooks() {
        steps.iter_mut().for_each(expect_config_hooks);
    }
    assert!(steps.len() > 8, "only {} commands found", steps.len());
    let dir = tempfile::tempdir().unwrap();
    let mut script = String::from("set -u\n");
    for step in &steps {
        script.push_str(&format!("{{ {}\n}} 2>&1\nprintf '@@@%s\\n' \"$?\"\n", step.command));
    }
    let program = Path::new(env!("CARGO_BIN_EXE_git-ai-log")).parent().unwrap();
    #[expect(clippy::disallowed_methods, reason = "git must be found")]
    let path = std::env::var("PATH").unwrap();
    let ran = Command::new("sh")
        .arg("-c")
        .arg(&script)
        .current_dir(dir.path())
        .env_clear()
        .env("PATH", format!("{}:{path}", program.display()))
        .env("HOME", dir.path())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("TZ", "UTC")
        .output()
        .unwrap();
    let printed = String::from_utf8(ran.stdout).unwrap();
    let mut outputs = printed.split_inclusive('\n');
    for step in &steps {
        let mut lines: Vec<&str> = Vec::new();
        let status = loop {
            let line = outputs.next().unwrap_or_else(|| panic!("`{}` ended early", step.command));
            match line.trim_end_matches('\n').strip_prefix("@@@") {
                Some(status) => break status,
                None => lines.push(line.trim_end_matches('\n')),
            }
        };
        let same = lines.len() == step.expected.len()
            && step.expected.iter().zip(&lines).all(|(expected, line)| fits(expected, line));
        assert!(
            same && status == "0",
            "$ {}\nexit status {status}\nexpected:\n{}\ngot:\n{}",
            step.command,
            step.expected.join("\n"),
            lines.join("\n")
        );
    }
}

/// Whether git runs hooks from its configuration, as 2.54 and later do.
fn has_config_hooks() -> bool {
    let listed = Command::new("git").args(["hook", "list", "-h"]).output().unwrap();
    String::from_utf8_lossy(&listed.stdout).contains("hook list")
}

/// Where the document shows a file of hooks there are two entries of git's configuration then.
fn expect_config_hooks(step: &mut Step) {
    let lines = std::mem::take(&mut step.expected).into_iter().flat_map(|line| {
        match line
            .strip_prefix("created  .git/hooks/")
            .and_then(|name| name.strip_suffix("  (git hook)"))
        {
            Some(name) => ["command", "event"]
                .map(|key| format!("changed  git config hook.ai-log-{name}.{key}  (git hook)"))
                .to_vec(),
            None => vec![line],
        }
    });
    step.expected = lines.collect();
}

#[test]
fn patterns_fit_what_they_should() {
    assert!(fits("a [..] b [..]", "a x y b 1"));
    assert!(fits("[..]", ""));
    assert!(!fits("a [..] b", "a x c"));
    assert!(!fits("a", "ab"));
}
