//! Analysers of another make: trusted, run on what is staged, and mapped back to agents' lines.

use serde_json::Value;

use crate::env::{Agent, Output, TestRepo, at_terminal, executable};

/// Finds every line that holds `oops`, in the files that it is given.
const LINT: &str = r#"#!/bin/sh
printf '{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "lint"}}, "results": ['
comma=
for file in "$@"; do
    for line in $(grep -n oops "$file" | cut -d: -f1); do
        printf '%s{"ruleId": "oops", "level": "error", "message": {"text": "oops"}, "locations": [{"physicalLocation": {"artifactLocation": {"uri": "%s"}, "region": {"startLine": %s}}}]}' "$comma" "$file" "$line"
        comma=,
    done
done
echo ']}]}'
cat lint.conf >&2
exit 1
"#;

/// A repository with an analyser in its policy that nobody has trusted yet.
fn world() -> (TestRepo, Agent) {
    let repo = TestRepo::new();
    let program = repo.root().join("lint");
    executable(&program, LINT);
    let policy =
        format!("[external.lint]\ncommand = ['{}']\nfiles = ['**/*.txt']\n", program.display());
    repo.committed(&[(".ai-log.toml", &policy), ("lint.conf", "")]);
    let agent = repo.claude("a").prompt("Write it down");
    (repo, agent)
}

fn check(repo: &TestRepo) -> Value {
    let output = repo.ai_log(["check", "--json"]);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output}"))
}

fn found(repo: &TestRepo) -> Vec<String> {
    let check = check(repo);
    let findings = check["findings"].as_array().unwrap();
    let text = |f: &Value| {
        format!(
            "{} {} {}",
            f["check"].as_str().unwrap(),
            f["path"].as_str().unwrap(),
            f["lines"][0]
        )
    };
    findings.iter().map(text).collect()
}

fn trust(repo: &TestRepo, typed: &str) -> Output {
    at_terminal(repo, "git ai-log trust", typed)
}

#[test]
fn a_policys_command_runs_only_when_a_person_has_trusted_it() {
    let (repo, agent) = world();
    agent.write("a b/notes.txt", "fine\noops\n");
    repo.stage(&["a b/notes.txt"]);
    assert_eq!(found(&repo), ["external.lint/untrusted a b/notes.txt 1"]);
    let said = repo.sh("yes | setsid --wait git ai-log trust").failed();
    assert!(said.contains("no terminal"), "{said}");
    assert_eq!(trust(&repo, "n\n").code, Some(1));
    assert_eq!(found(&repo), ["external.lint/untrusted a b/notes.txt 1"]);
    let asked = trust(&repo, "y\n").ok();
    assert!(asked.contains("/lint\" FILE..."), "{asked}");
    assert_eq!(found(&repo), ["external.lint/oops a b/notes.txt 2"]);
    assert!(repo.ai_log(["trust", "--list"]).ok().starts_with("trusted: lint:"));
    assert!(repo.try_git(["commit", "-q", "-m", "x"]).failed().contains("external.lint/oops"));
}

#[test]
fn what_is_staged_is_analysed_and_only_agents_lines_count() {
    let (repo, agent) = world();
    trust(&repo, "y\n").ok();
    repo.committed(&[("notes.txt", "oops of a person\n")]);
    agent.write("notes.txt", "oops of a person\nfine\n");
    repo.stage(&["notes.txt"]);
    agent.write("notes.txt", "oops of a person\noops\n");
    assert!(found(&repo).is_empty());
    repo.stage(&["notes.txt"]);
    assert_eq!(found(&repo), ["external.lint/oops notes.txt 2"]);
    agent.write("code.py", "x = 'oops'\n");
    repo.stage(&["code.py"]);
    assert_eq!(found(&repo).len(), 1, "the analyser is not for this file");
}

#[test]
fn a_command_that_changes_is_trusted_again_and_the_old_one_judges_until_then() {
    let (repo, agent) = world();
    trust(&repo, "y\n").ok();
    agent
        .write("notes.txt", "oops\n")
        .write(".ai-log.toml", "[external.lint]\ncommand = ['true']\n");
    repo.stage(&["notes.txt", ".ai-log.toml"]);
    assert_eq!(found(&repo), ["external.lint/oops notes.txt 1"]);
    repo.git(["checkout", "-q", "HEAD", "--", ".ai-log.toml"]);
    let policy = repo.read(".ai-log.toml").replace("/lint'", "/lint', '-v'");
    repo.write(".ai-log.toml", policy);
    repo.git(["commit", "-q", "-m", "by a person", ".ai-log.toml"]);
    assert_eq!(found(&repo), ["external.lint/untrusted notes.txt 1"]);
}

#[test]
fn an_analyser_that_fails_blocks_and_says_why() {
    let (repo, agent) = world();
    trust(&repo, "y\n").ok();
    executable(&repo.root().join("lint"), "#!/bin/sh\necho 'no such option: -q' >&2\nexit 2\n");
    agent.write("notes.txt", "fine\n");
    repo.stage(&["notes.txt"]);
    let said = repo.try_git(["commit", "-q", "-m", "x"]).failed();
    assert!(said.contains("external.lint/failed") && said.contains("no such option: -q"), "{said}");
    executable(&repo.root().join("lint"), "#!/bin/sh\necho 'all fine'\n");
    assert!(repo.try_git(["commit", "-q", "-m", "x"]).failed().contains("cannot be read as SARIF"));
}

#[test]
fn sarif_that_is_there_already_is_read_without_trust() {
    let (repo, agent) = world();
    let policy = |file: &str| {
        repo.write(".ai-log.toml", format!("[external.scan]\nfile = '{file}'\n"));
        repo.git(["commit", "-q", "-m", "by a person", ".ai-log.toml"]);
    };
    agent.write("notes.txt", "fine\noops\n");
    repo.stage(&["notes.txt"]);
    for file in ["../scan.sarif", "/dev/tty", ".git", "scan.sarif"] {
        policy(file);
        assert_eq!(found(&repo), ["external.scan/failed notes.txt 1"], "{file}");
    }
    let sarif = repo.sh(&format!("sh {}/lint notes.txt", repo.root().display())).stdout;
    repo.write("scan.sarif", sarif);
    assert_eq!(found(&repo), ["external.scan/oops notes.txt 2"]);
    let items = check(&repo)["items"].clone();
    let scan = items.as_array().unwrap().iter().find(|i| i["item"] == "external.scan").unwrap();
    assert_eq!(scan["result"], "block");
}
