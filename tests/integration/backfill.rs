//! Provenance for commits that were made before anything was installed.

use crate::env::TestRepo;

const ABC: &str = "alpha\nbeta\ngamma\n";

fn repo() -> TestRepo {
    TestRepo::unhooked(&[("a.txt", ABC), ("notes.txt", "one\ntwo\n")])
}

pub fn backfill(repo: &TestRepo) -> serde_json::Value {
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

/// Sessions of the real agents, without any hook: the files they left.
pub mod captured {
    use super::*;
    use crate::env::Note;
    use std::path::Path;

    /// A repository that is as such a session found it.
    fn before() -> TestRepo {
        let repo = TestRepo::unhooked(&[]);
        begin(&repo);
        repo
    }

    /// Commits what such a session found.
    pub fn begin(repo: &TestRepo) {
        repo.write("hello.txt", "alpha\nbeta\ngamma\n");
        repo.write("notes.txt", "one\ntwo\n");
        commit(repo, "2026-11-22T06:00:00Z");
    }

    pub fn commit(repo: &TestRepo, date: &str) {
        repo.git(["add", "-A"]);
        let mut git = repo.command("git");
        git.args(["commit", "-q", "-m", "by a person"]).env("GIT_AUTHOR_DATE", date);
        let _ = crate::env::run(git.env("GIT_COMMITTER_DATE", date), b"").ok();
    }

    /// Puts a file of a session where the agent keeps it.
    fn keep(repo: &TestRepo, file: &str, at: &str) {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sessions").join(file);
        let text = std::fs::read_to_string(data).unwrap();
        let text = text.replace("{top}", repo.top.to_str().unwrap());
        let path = repo.home().join(at);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Gemini CLI says beside its chats which folder they are about.
    fn root(repo: &TestRepo) {
        let folder = repo.home().join(".gemini/tmp/shop");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(".project_root"), repo.top.to_str().unwrap()).unwrap();
    }

    pub fn prompts(repo: &TestRepo) -> Vec<String> {
        let mut texts: Vec<String> =
            Note::prompts(repo, "HEAD").into_iter().map(|(_, text)| text).collect();
        texts.sort();
        texts
    }

    pub const FIRST: &str =
        "Please edit hello.txt, add new.txt and a line to notes.txt, then commit.";

    fn main_session(agent: &str, at: &str) {
        let repo = before();
        root(&repo);
        keep(&repo, &format!("{agent}/main.jsonl"), at);
        repo.write("hello.txt", "alpha\nbeta, edited by the agent\ngamma\nby a person\n");
        repo.write("new.txt", "created by the agent\nsecond line\n");
        repo.write("notes.txt", "one\ntwo\nthree, from the shell\n");
        commit(&repo, "2026-11-22T08:00:00Z");
        let done = backfill(&repo);
        assert_eq!(done["agents"][0]["agent"], agent, "{done}");
        assert_eq!(prompts(&repo), [FIRST]);
        let owners = |path: &str| {
            let margin = repo.owners(path);
            margin
                .0
                .into_iter()
                .map(|(owner, _)| owner.replace(char::is_numeric, ""))
                .collect::<Vec<_>>()
        };
        assert_eq!(owners("hello.txt"), ["?", "A-", "?", "?"]);
        assert_eq!(owners("new.txt"), ["A-", "A-"]);
        assert_eq!(owners("notes.txt"), ["?", "?", "A-"]);
    }

    #[test]
    fn claude_code() {
        main_session("claude-code", ".claude/projects/-top/d7a85f43.jsonl");
    }

    #[test]
    fn codex() {
        main_session("codex", ".codex/sessions/2026/11/22/rollout-1.jsonl");
    }

    #[test]
    fn gemini_qwen_and_copilot() {
        main_session("gemini", ".gemini/tmp/shop/chats/session-1.jsonl");
        main_session("qwen", ".qwen/projects/-top/chats/16fa625d.jsonl");
        main_session("copilot-cli", ".copilot/session-state/2325105c/events.jsonl");
    }

    #[test]
    fn qwen_where_its_runtime_folder_says() {
        let repo = before();
        keep(&repo, "qwen/main.jsonl", "runs/projects/-top/chats/16fa625d.jsonl");
        repo.write("new.txt", "created by the agent\nsecond line\n");
        commit(&repo, "2026-11-22T08:00:00Z");
        assert_eq!(backfill(&repo)["lines"], 0);
        let mut ai_log = repo.command("git-ai-log");
        ai_log.args(["backfill", "--json"]).env("QWEN_RUNTIME_DIR", "~/runs");
        let done: serde_json::Value =
            serde_json::from_str(&crate::env::run(&mut ai_log, b"").ok()).unwrap();
        assert_eq!(done["lines"], 2, "{done}");
    }

    /// Continue writes its session when the turn has ended, which is after the commit.
    #[cfg(target_os = "linux")]
    mod written_late {
        use super::*;
        use std::os::unix::process::CommandExt as _;
        use std::time::{Duration, SystemTime, UNIX_EPOCH};

        fn hours_ago(hours: u64) -> String {
            let then = SystemTime::now() - Duration::from_secs(hours * 3600);
            format!("@{} +0000", then.duration_since(UNIX_EPOCH).unwrap().as_secs())
        }

        /// What the agent of the captured session does, with a line of a person's, and its commit.
        fn played(hours: u64) -> TestRepo {
            let repo = TestRepo::new();
            repo.write("hello.txt", "alpha\nbeta\ngamma\n");
            repo.write("notes.txt", "one\ntwo\n");
            commit(&repo, &hours_ago(hours + 1));
            repo.write("hello.txt", "alpha\nbeta, edited by the agent\ngamma\nby a person\n");
            repo.write("new.txt", "created by the agent\nsecond line\n");
            let mut agent = repo.command("sh");
            agent.arg0("cn").args(["-c", "git add -A && git commit -q -m work; :"]);
            let date = hours_ago(hours);
            agent.env("GIT_AUTHOR_DATE", &date).env("GIT_COMMITTER_DATE", &date);
            assert_eq!(crate::env::run(&mut agent, b"").ok(), "");
            assert_eq!(owners(&repo, "new.txt"), ["H", "H"], "nothing tells of it yet");
            repo
        }

        fn end_turn(repo: &TestRepo) {
            let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sessions/continue");
            let name = "b33a469c-1e47-41ca-914a-32c3795213ca.json";
            let text = std::fs::read_to_string(data.join("main").join(name)).unwrap();
            let folder = repo.home().join(".continue/sessions");
            std::fs::create_dir_all(&folder).unwrap();
            let top = repo.top.to_str().unwrap();
            std::fs::write(folder.join(name), text.replace("/top", top)).unwrap();
        }

        fn owners(repo: &TestRepo, path: &str) -> Vec<String> {
            let owners = repo.owners(path).0.into_iter();
            owners.map(|(owner, _)| owner.replace(char::is_numeric, "")).collect()
        }

        fn expect_found(repo: &TestRepo) {
            assert_eq!(owners(repo, "hello.txt"), ["H", "A-", "H", "H"]);
            assert_eq!(owners(repo, "new.txt"), ["A-", "A-"]);
            assert_eq!(prompts(repo), [FIRST]);
            assert!(!repo.state_dir().join("late").exists());
        }

        #[test]
        fn the_next_hook_finds_it() {
            let repo = played(1);
            repo.git(["checkout", "-q", "-b", "early"]);
            assert!(repo.state_dir().join("late").exists(), "the turn still goes on");
            end_turn(&repo);
            repo.git(["checkout", "-q", "-b", "next"]);
            expect_found(&repo);
            assert_eq!(backfill(&repo)["lines"], 0);
        }

        #[test]
        fn the_next_commit_finds_it_and_has_nothing_of_it() {
            let repo = played(1);
            end_turn(&repo);
            repo.write("other.txt", "of a person\n");
            commit(&repo, &hours_ago(0));
            assert_eq!(owners(&repo, "other.txt"), ["H"]);
            assert!(Note::prompts(&repo, "HEAD").is_empty());
            repo.git(["checkout", "-q", "HEAD~"]);
            expect_found(&repo);
        }

        #[test]
        fn a_push_brings_it_along() {
            let repo = played(1);
            end_turn(&repo);
            repo.git(["init", "-q", "--bare", "../remote"]);
            repo.git(["push", "-q", "../remote", "main"]);
            expect_found(&repo);
        }

        #[test]
        fn it_does_not_wait_for_ever() {
            let repo = played(24 * 8);
            end_turn(&repo);
            repo.git(["checkout", "-q", "-b", "next"]);
            assert_eq!(owners(&repo, "new.txt"), ["H", "H"]);
            assert!(!repo.state_dir().join("late").exists());
        }
    }

    #[test]
    fn sub_agents_failures_and_a_resumed_session() {
        let gemini = "25593ce8-8f70-4597-8b02-4fe8a77fad2a/1.jsonl";
        for (agent, folder, main, sub) in [
            ("claude-code", ".claude/projects/-top", "s.jsonl", "s/subagents/agent-a.jsonl"),
            ("codex", ".codex/sessions/2026/11/22", "rollout-1.jsonl", "rollout-2.jsonl"),
            ("gemini", ".gemini/tmp/shop/chats", "session-1.jsonl", gemini),
            ("copilot-cli", ".copilot/session-state/b9929f3c", "events.jsonl", ""),
        ] {
            let repo = before();
            root(&repo);
            keep(&repo, &format!("{agent}/delegates.jsonl"), &format!("{folder}/{main}"));
            if !sub.is_empty() {
                keep(
                    &repo,
                    &format!("{agent}/delegates-subagent.jsonl"),
                    &format!("{folder}/{sub}"),
                );
            }
            repo.write("sub.txt", "written by the sub-agent\n");
            repo.write("hello.txt", "alpha\nbeta\ngamma, second prompt\nnot in the file\n");
            commit(&repo, "2026-11-22T08:00:00Z");
            let done = backfill(&repo);
            assert_eq!(done["agents"][0]["sessions"], 1, "{agent}: {done}");
            assert_eq!(done["agents"][0]["turns"], 2, "{agent}: {done}");
            assert_eq!(done["lines"], 2, "{agent}: {done}");
            let told = prompts(&repo);
            assert!(told[0].starts_with("Delegate one file"), "{agent}: {told:?}");
            assert_eq!(told[1], "Second prompt: change hello.txt again.");
        }
    }
}

/// Files that are not as they should be, and repositories that are not where they were.
mod odd {
    use super::*;

    fn played() -> TestRepo {
        let repo = repo();
        let claude = repo.claude("s").prompt("one");
        claude.edit("a.txt", "beta", "beta\nof the first prompt");
        repo.commit_all("first");
        repo
    }

    #[test]
    fn a_broken_line_hides_nothing_else_and_is_told_of() {
        let repo = played();
        let file = repo.home().join(".claude/projects/-repo/s.jsonl");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, format!("not JSON\n{text}{{\"type\":\"user\",\"mess")).unwrap();
        std::fs::write(file.with_file_name("other.jsonl"), [0xff, 0xfe, b'\n']).unwrap();
        let done = backfill(&repo);
        assert_eq!(done["lines"], 1, "{done}");
        assert_eq!(done["unreadable"].as_array().unwrap().len(), 2, "{done}");
        let said = repo.ai_log(["backfill"]).ok();
        assert!(said.contains("1 lines are no JSON, the first is line 1"), "{said}");
        let doctor = repo.ai_log(["doctor", "--json"]);
        let doctor: serde_json::Value = serde_json::from_slice(&doctor.stdout).unwrap();
        let checks = doctor["checks"].as_array().unwrap();
        let told = checks.iter().find(|check| check["check"] == "transcripts").unwrap();
        assert_eq!(told["verdict"], "warn", "{told}");
    }

    #[test]
    fn a_format_that_nobody_knows_is_told_of() {
        let repo = played();
        let file = repo.home().join(".claude/projects/-repo/s.jsonl");
        std::fs::write(&file, "{\"kind\":\"of another time\"}\n").unwrap();
        assert_eq!(backfill(&repo)["lines"], 0);
        let doctor = repo.ai_log(["doctor"]);
        let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
        assert!(said.contains("their format may be another by now"), "{said}");
    }

    #[test]
    fn a_repository_that_was_moved_is_known_by_its_name_or_by_root() {
        for renamed in [false, true] {
            let repo = played();
            let to = if renamed { "elsewhere/shop" } else { "elsewhere/repo" };
            std::fs::create_dir(repo.root().join("elsewhere")).unwrap();
            std::fs::rename(&repo.top, repo.root().join(to)).unwrap();
            let moved = repo.at(to);
            if renamed {
                assert_eq!(backfill(&moved)["lines"], 0);
                let root = repo.top.to_str().unwrap();
                let _ = moved.ai_log(["backfill", "--root", root]).ok();
            } else {
                assert_eq!(backfill(&moved)["lines"], 1);
            }
            moved.expect("a.txt", "? | alpha\n? | beta\nA1| of the first prompt\n? | gamma");
        }
    }

    #[test]
    fn a_linked_work_tree_counts_also_when_it_is_gone() {
        let repo = repo();
        repo.git(["worktree", "add", "-q", "-b", "side", "../linked"]);
        let linked = repo.at("linked");
        let claude = linked.claude("s").prompt("one");
        claude.edit("a.txt", "beta", "beta\nin the linked work tree");
        linked.commit_all("side");
        std::fs::remove_dir_all(&linked.top).unwrap();
        repo.git(["merge", "-q", "--ff-only", "side"]);
        assert_eq!(backfill(&repo)["lines"], 1);
        repo.expect("a.txt", "? | alpha\n? | beta\nA1| in the linked work tree\n? | gamma");
    }

    #[test]
    fn a_dry_run_and_choices() {
        let repo = played();
        let run = |args: &[&str]| -> serde_json::Value {
            let args = ["backfill", "--json"].iter().chain(args);
            serde_json::from_str(&repo.ai_log(args).ok()).unwrap()
        };
        assert_eq!(run(&["--agent", "codex"])["lines"], 0);
        assert_eq!(run(&["--session", "another"])["lines"], 0);
        assert_eq!(run(&["--since", "2098-01-01"])["lines"], 0);
        let dry = run(&["--dry-run", "--session", "s", "--agent", "claude-code"]);
        assert_eq!((&dry["lines"], &dry["written"]), (&1.into(), &false.into()));
        assert!(repo.note("HEAD").is_none());
        assert!(repo.ai_log(["backfill", "--agent", "claud"]).failed().contains("claude-code"));
        let said = crate::env::at_terminal(&repo, "git ai-log backfill", "n\n");
        assert!(
            String::from_utf8_lossy(&said.stdout).contains("Write these notes? [y/N]"),
            "{said}"
        );
        assert!(repo.note("HEAD").is_none());
        let said = crate::env::at_terminal(&repo, "git ai-log backfill", "y\n");
        assert!(repo.note("HEAD").is_some(), "{said}");
    }

    #[test]
    fn a_squash_and_a_rebase_have_their_lines() {
        let repo = repo();
        repo.git(["checkout", "-q", "-b", "topic"]);
        let claude = repo.claude("s").prompt("one");
        claude.edit("a.txt", "beta", "beta\nfirst line of the agent");
        repo.commit_all("first");
        claude.edit("a.txt", "gamma", "gamma\nsecond line of the agent");
        repo.replace("a.txt", "alpha", "alpha\na person's");
        repo.commit_all("second");
        repo.git(["checkout", "-q", "main"]);
        repo.replace("notes.txt", "one", "one, by a person");
        repo.commit_all("meanwhile");
        repo.git(["branch", "-q", "rebased", "topic"]);
        repo.git(["merge", "-q", "--squash", "topic"]);
        repo.commit("squashed");
        repo.git(["rebase", "-q", "main~1", "rebased"]);
        repo.git(["branch", "-q", "-D", "topic"]);
        backfill(&repo);
        let expected = "? | alpha
             ? | a person's
             ? | beta
             A1| first line of the agent
             ? | gamma
             A1| second line of the agent";
        repo.expect("a.txt", expected);
        repo.git(["checkout", "-q", "main"]);
        repo.expect("a.txt", expected);
    }
}

/// What the last run kept of what it saw.
mod again {
    use super::*;

    fn played() -> TestRepo {
        let repo = repo();
        let claude = repo.claude("s").prompt("one");
        claude.edit("a.txt", "beta", "beta\nof the first prompt");
        repo.commit_all("first");
        repo
    }

    /// Session files are not remembered while they may be written.
    fn settle(repo: &TestRepo) {
        let folder = repo.home().join(".claude/projects/-repo");
        let before = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
        for entry in std::fs::read_dir(folder).unwrap() {
            let file = std::fs::File::options().write(true).open(entry.unwrap().path()).unwrap();
            if file.metadata().unwrap().modified().unwrap() > before {
                file.set_modified(before).unwrap();
            }
        }
    }

    fn again(repo: &TestRepo, args: &[&str]) -> serde_json::Value {
        settle(repo);
        let args = ["backfill", "--json"].iter().chain(args);
        serde_json::from_str(&repo.ai_log(args).ok()).unwrap()
    }

    /// What was kept says another number of turns, which shows where it is believed.
    fn mark(repo: &TestRepo) {
        let path = repo.state_dir().join("cache/backfill.json");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("\"turns\":1"), "{text}");
        std::fs::write(path, text.replace("\"turns\":1", "\"turns\":7")).unwrap();
    }

    fn turns(done: &serde_json::Value) -> u64 {
        done["agents"][0]["turns"].as_u64().unwrap()
    }

    #[test]
    fn a_file_that_was_not_written_to_is_not_read_again() {
        let repo = played();
        assert_eq!(again(&repo, &[])["lines"], 1);
        mark(&repo);
        for args in [&["--dry-run"][..], &[]] {
            let done = again(&repo, args);
            assert_eq!((turns(&done), &done["lines"]), (7, &0.into()), "{done}");
        }
        repo.claude("s").edit("a.txt", "gamma", "gamma\nof the second edit");
        assert_eq!(turns(&again(&repo, &["--dry-run"])), 1);
    }

    #[test]
    fn a_dry_run_keeps_nothing_and_a_choice_of_sessions_believes_nothing() {
        let repo = played();
        assert_eq!(again(&repo, &["--dry-run"])["lines"], 1);
        assert!(!repo.state_dir().join("cache/backfill.json").exists());
        again(&repo, &[]);
        mark(&repo);
        assert_eq!(turns(&again(&repo, &["--session", "s"])), 1);
    }

    #[test]
    fn commits_that_came_since_are_found() {
        let repo = played();
        repo.claude("s").edit("a.txt", "gamma", "gamma\nof the second edit");
        assert_eq!(again(&repo, &[])["lines"], 1);
        repo.git(["checkout", "-q", "-b", "side"]);
        repo.commit_all("second");
        repo.git(["checkout", "-q", "main"]);
        mark(&repo);
        let done = again(&repo, &[]);
        assert_eq!((turns(&done), &done["lines"]), (7, &1.into()), "{done}");
        assert_eq!(again(&repo, &[])["lines"], 0);
    }

    #[test]
    fn sessions_that_came_since_are_found() {
        let repo = played();
        let claude = repo.claude("t").prompt("two");
        claude.edit("a.txt", "gamma", "gamma\nof the other session");
        repo.commit_all("second");
        let file = repo.home().join(".claude/projects/-repo/t.jsonl");
        let kept = repo.root().join("kept.jsonl");
        std::fs::rename(&file, &kept).unwrap();
        assert_eq!(again(&repo, &[])["lines"], 1);
        std::fs::rename(&kept, &file).unwrap();
        assert_eq!(again(&repo, &[])["lines"], 1);
    }

    #[test]
    fn notes_that_were_lost_are_made_again() {
        let repo = played();
        assert_eq!(again(&repo, &[])["lines"], 1);
        repo.git(["update-ref", "-d", "refs/notes/ai-log/provenance"]);
        assert_eq!(again(&repo, &[])["lines"], 1);
    }

    #[test]
    fn a_namesake_that_is_gone_may_have_been_this_repository() {
        let repo = played();
        let other = repo.at("other/repo");
        std::fs::create_dir_all(&other.top).unwrap();
        other.write("a.txt", ABC);
        other.claude("t").prompt("two").edit("a.txt", "gamma", "gamma\nin the other one");
        let files = |done: &serde_json::Value| done["agents"][0]["files"].as_u64();
        assert_eq!(files(&again(&repo, &[])), Some(1));
        std::fs::remove_dir_all(&other.top).unwrap();
        assert_eq!(files(&again(&repo, &[])), Some(2));
    }
}
