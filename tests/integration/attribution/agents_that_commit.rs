//! Agents that commit themselves.

use serde_json::Value;

use super::repo;
use crate::env::TestRepo;

fn shown(repo: &TestRepo) -> Value {
    serde_json::from_str(&repo.ai_log(["show", "--json", "HEAD"]).ok()).unwrap()
}

#[test]
fn without_hooks_are_seen_by_the_end_of_their_command() {
    let repo = repo();
    let claude = repo.claude("s").prompt("write and commit");
    claude.edit("a.txt", "beta", "beta\nthe agent's line");
    repo.replace("a.txt", "alpha", "alpha\nthe person's line");
    // As Gemini CLI does, and programs that use a library in git's place.
    claude.shell("git -c core.hooksPath=/dev/null commit -q -a -m 'no hook ran'");
    assert!(repo.note("HEAD").is_some());
    repo.expect(
        "a.txt",
        "H | alpha\nH | the person's line\nH | beta\nA1| the agent's line\nH | gamma",
    );
    assert_eq!(shown(&repo)["gate"], "not-run");
}

#[test]
fn are_named_in_the_note() {
    let under = ["CLAUDECODE", "CODEX_SESSION_ID", "AI_AGENT", "GEMINI_CLI", "OPENCODE"];
    #[expect(clippy::disallowed_methods, reason = "another agent's shell")]
    let marked = |name: &&str| std::env::var_os(name).is_some();
    if under.iter().any(marked) {
        eprintln!("an agent runs these tests: it would be the nearest one");
        return;
    }
    let repo = repo();
    let claude = repo.claude("s").prompt("write and commit");
    claude.edit("a.txt", "beta", "beta\nthe agent's line");
    claude.shell("git commit -q -a -m work");
    assert_eq!(shown(&repo)["committed_by"]["agent"], "claude-code");
    assert!(repo.ai_log(["show", "HEAD"]).ok().contains("Committed by claude-code, session s_"));
    repo.committed(&[("b.txt", "a person's\n")]);
    assert_eq!(shown(&repo)["committed_by"], Value::Null);
}
