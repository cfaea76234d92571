//! Provenance for commits that were made before anything was installed.

use crate::env::TestRepo;

const ABC: &str = "alpha\nbeta\ngamma\n";

fn repo() -> TestRepo {
    TestRepo::unhooked(&[("a.txt", ABC), ("notes.txt", "one\ntwo\n")])
}

fn backfill(repo: &TestRepo) -> serde_json::Value {
    serde_json::from_str(&repo.ai_log(["backfill", "--json"]).ok()).unwrap()
}

#[test]
fn what_agents_wrote_is_found_in_the_commits_that_followed() {
    let repo = repo();
    let claude = repo.claude("s").prompt("one");
    claude.edit("a.txt", "beta", "beta\nof the first prompt");
    claude.write("new.py", "def total(items):\n    return sum(items)\n");
    claude.shell("printf 'three, by the shell\\n' >> notes.txt");
    claude.subagent("helper").write("sub.txt", "by the sub-agent\n");
    repo.replace("a.txt", "alpha\n", "alpha\nthe person's own line\n");
    repo.write("notes.txt", repo.read("notes.txt") + "four, by the person\n");
    repo.commit_all("first");
    let codex = repo.codex("t").prompt("two");
    codex.edit("new.py", "    return sum(items)", "    cost = sum(items)\n    return cost * 2");
    repo.replace("a.txt", "gamma\n", "delta of the person\n");
    repo.commit_all("second");
    claude.prompt("three").edit("a.txt", "alpha", "alpha, changed");
    repo.commit_all("third");
    let done = backfill(&repo);
    assert_eq!((&done["commits"], &done["written"]), (&3.into(), &true.into()), "{done}");
    repo.expect(
        "a.txt",
        "A3| alpha, changed
         ? | the person's own line
         ? | beta
         A1| of the first prompt
         ? | delta of the person",
    );
    repo.expect(
        "new.py",
        "A1| def total(items):\nA2|     cost = sum(items)\nA2|     return cost * 2",
    );
    repo.expect("notes.txt", "? | one\n? | two\nA1| three, by the shell\n? | four, by the person");
    repo.expect("sub.txt", "A1| by the sub-agent");
    let before = repo.git(["rev-parse", "refs/notes/ai-log/provenance"]);
    assert_eq!(backfill(&repo)["commits"], 0);
    assert_eq!(repo.git(["rev-parse", "refs/notes/ai-log/provenance"]), before);
}

#[test]
fn a_command_that_writes_and_commits_at_once_is_known_by_its_start() {
    let repo = repo();
    repo.replace("a.txt", "beta", "beta\na person's line before");
    let claude = repo.claude("s").prompt("append and commit");
    claude.shell("echo the line of the command >> a.txt && git commit -q -a -m both");
    backfill(&repo);
    repo.expect(
        "a.txt",
        "? | alpha\n? | beta\n? | a person's line before\n? | gamma\nA1| the line of the command",
    );
}

#[test]
fn text_that_is_moved_before_its_first_commit_stays_the_agents() {
    let repo = repo();
    let text =
        "def handler(request):\n    token = request.headers[\"token\"]\n    return check(token)\n";
    let claude = repo.claude("s").prompt("write");
    claude.write("one.py", text).write("old.txt", "a file that is renamed\n");
    std::fs::remove_file(repo.top.join("one.py")).unwrap();
    repo.write("two.py", format!("import os\n{text}"));
    repo.sh("mv old.txt new.txt").ok();
    repo.commit_all("moved");
    backfill(&repo);
    repo.expect(
        "two.py",
        "? | import os
         A1| def handler(request):
         A1|     token = request.headers[\"token\"]
         A1|     return check(token)",
    );
    repo.expect("new.txt", "A1| a file that is renamed");
}

#[test]
fn a_line_that_an_edit_did_not_bring_is_no_agents() {
    let repo = repo();
    let claude = repo.claude("s").prompt("fail");
    let input = serde_json::json!({
        "file_path": repo.top.join("a.txt"), "old_string": "not there",
        "new_string": "the very line that failed",
    });
    let call = serde_json::json!({"tool_name": "Edit", "tool_input": input, "tool_use_id": "t1"});
    claude.send("PreToolUse", call.clone());
    claude.send("PostToolUseFailure", call);
    claude.write("b.txt", "something of the agent's\n");
    repo.replace("a.txt", "beta", "beta\nthe very line that failed");
    repo.commit_all("typed");
    backfill(&repo);
    repo.expect("a.txt", "? | alpha\n? | beta\n? | the very line that failed\n? | gamma");
    repo.expect("b.txt", "A1| something of the agent's");
}

mod at_the_commit {
    use super::*;

    fn silent() -> TestRepo {
        let repo = TestRepo::with(&[("a.txt", ABC), ("notes.txt", "one\ntwo\n")]);
        repo.keep_sessions(false);
        repo
    }

    #[test]
    fn a_session_whose_hooks_are_silent_is_read_from_its_transcript() {
        let repo = silent();
        let claude = repo.claude("s").prompt("one");
        claude.edit("a.txt", "beta", "beta\nof the first prompt");
        claude.shell("printf 'three, by the shell\\n' >> notes.txt");
        repo.replace("a.txt", "alpha\n", "alpha\nthe person's own line\n");
        let status: serde_json::Value =
            serde_json::from_str(&repo.ai_log(["status", "--json"]).ok()).unwrap();
        assert_eq!(status["sessions"][0]["capture"], "transcript", "{status}");
        let said = repo.ai_log(["status"]).ok();
        assert!(said.contains("claude-code, from its transcript"), "{said}");
        let blamed = repo.ai_log(["blame", "--json", "a.txt"]).ok();
        assert!(blamed.contains("\"evidence\":\"transcript\""), "{blamed}");
        repo.commit_all("first");
        repo.expect(
            "a.txt",
            "H | alpha\nH | the person's own line\nH | beta\nA1| of the first prompt\nH | gamma",
        );
        repo.expect("notes.txt", "H | one\nH | two\nA1| three, by the shell");
        assert_eq!(crate::env::Note::prompts(&repo, "HEAD").len(), 1);
        // What a commit has is not looked for in the next one; nor is what a backfill finds.
        repo.replace("a.txt", "gamma", "gamma\nthree, by the shell");
        repo.commit_all("second");
        repo.expect(
            "a.txt",
            "H | alpha
             H | the person's own line
             H | beta
             A1| of the first prompt
             H | gamma
             H | three, by the shell",
        );
        assert_eq!(backfill(&repo)["commits"], 0);
    }

    #[test]
    fn the_gate_judges_it() {
        let repo = silent();
        repo.write(".ai-log.toml", "");
        repo.commit_all("policy");
        let claude = repo.claude("s").prompt("one");
        claude.write("s3.py", "import boto3\nkey = \"AKIAQ3EGRIT7WQ2MVZKY\"\n");
        repo.git(["add", "-A"]);
        let blocked = repo.try_git(["commit", "-q", "-m", "secret"]);
        assert!(blocked.failed().contains("secrets"));
    }

    #[test]
    fn hooks_that_spoke_are_believed() {
        let repo = silent();
        let codex = repo.codex("t").prompt("one");
        codex.edit("a.txt", "beta", "beta\ntold by the transcript");
        // Of another session both tell.
        repo.keep_sessions(true);
        let claude = repo.claude("s").prompt("two");
        claude.edit("a.txt", "gamma", "gamma\ntold by both");
        repo.replace("a.txt", "told by both", "a person's own words");
        repo.commit_all("one");
        repo.expect(
            "a.txt",
            "H | alpha\nH | beta\nA1| told by the transcript\nH | gamma\nH | a person's own words",
        );
        assert_eq!(backfill(&repo)["commits"], 0);
    }
}
