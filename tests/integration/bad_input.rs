//! Whatever arrives and whatever breaks: the agent and the commit go on, and what was
//! acknowledged stays.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::env::{Output, TestRepo, run};

const AGENTS: [&str; 3] = ["claude-code", "codex", "generic"];

/// An edit by our own event: a whole new file.
fn edit(repo: &TestRepo, path: &str, text: &str) -> String {
    event(repo, "edit", json!({"edits": [{"path": path, "before": null, "after": text}]}))
}

fn event(repo: &TestRepo, event: &str, fields: Value) -> String {
    let mut payload = json!({
        "schema": "git-ai-log/event/1",
        "agent": "my-tool",
        "session": "s",
        "turn": "t",
        "cwd": repo.top,
        "event": event,
    });
    let Value::Object(fields) = fields else { panic!("{fields}") };
    payload.as_object_mut().unwrap().extend(fields);
    payload.to_string()
}

/// A turn of that tool, with number 1 in the margin.
fn prompt(repo: &TestRepo) {
    repo.add_turn(crate::env::turn_id("my-tool", "s", "t"));
    repo.record("generic", event(repo, "prompt", json!({"prompt": "go on"})));
}

/// An agent writes a file and reports it.
fn write(repo: &TestRepo, path: &str, text: &str) {
    repo.write(path, text);
    repo.record("generic", edit(repo, path, text));
}

fn repo() -> TestRepo {
    let repo = TestRepo::with(&[("a.txt", "alpha\nbeta\n")]);
    prompt(&repo);
    repo
}

/// What `record` answers, however it is called.
fn record(repo: &TestRepo, args: &[&str], payload: &[u8]) -> Output {
    run(repo.command("git-ai-log").arg("record").args(args), payload)
}

#[track_caller]
fn silent(output: &Output) {
    let quiet = output.stdout.is_empty() && output.stderr.is_empty();
    assert!(output.code == Some(0) && quiet, "{output}");
}

/// What the journal says could not be used.
fn unusable(repo: &TestRepo) -> Vec<String> {
    let events = repo.journal().into_iter().filter(|event| event["kind"] == "unusable");
    events.map(|event| event["reason"].as_str().unwrap().to_owned()).collect()
}

mod arguments {
    use super::*;

    #[test]
    fn of_any_kind_are_taken() {
        let repo = repo();
        let payload = edit(&repo, "a.txt", "x\n");
        for args in [
            &[][..],
            &["nosuch"],
            &["--flag"],
            &["--version"],
            &["-"],
            &[""],
            &["generic", "--more", "words"],
            &["claude-code", "generic"],
            &["\u{202e}odd\u{1b}[31m"],
        ] {
            silent(&record(&repo, args, payload.as_bytes()));
        }
        let said = unusable(&repo).join("\n");
        assert!(said.contains("`nosuch` is no agent known here"), "{said}");
    }

    #[test]
    fn a_hook_of_another_version_does_nothing() {
        let repo = repo();
        for name in ["pre-push", "no-such-hook", "post-checkout"] {
            assert_eq!(repo.ai_log(["hook", name, "x", "--y"]).ok(), "");
        }
    }
}

mod payloads {
    use super::*;

    #[test]
    fn that_are_malformed_are_noted() {
        let repo = repo();
        let before = repo.journal().len();
        let payloads: [&[u8]; 14] = [
            b"",
            b"\n",
            b"null",
            b"[]",
            b"42",
            b"\"text\"",
            b"{}",
            b"{\"hook_event_name\":\"PostToolUse\"}",
            b"{\"session_id\":\"s\",\"hook_event_name\":\"PostToolUse\",\"tool_name\":\"Edit\"}",
            b"{\"session_id\":1,\"hook_event_name\":2,\"tool_name\":3}",
            b"not json at all",
            b"\xff\xfe\0{\0}\0",
            b"{\"session_id\":\"\xff\"}",
            b"{\"schema\":\"git-ai-log/event/9\",\"agent\":\"a\",\"session\":\"s\",\"cwd\":\"/\",\"event\":\"stop\"}",
        ];
        for payload in payloads {
            for agent in AGENTS {
                silent(&record(&repo, &[agent], payload));
            }
        }
        let events = repo.journal();
        assert_eq!(unusable(&repo).len(), events.len() - before);
        // A tool that Codex does not have says nothing, and is no fault.
        assert_eq!(events.len() - before, payloads.len() * AGENTS.len() - 1);
    }

    #[test]
    fn that_are_cut_off_do_no_harm() {
        let repo = repo();
        repo.write("new.txt", "agent's line\n");
        let payload = edit(&repo, "new.txt", "agent's line\n");
        for end in (0..payload.len()).step_by(9) {
            silent(&record(&repo, &["generic"], &payload.as_bytes()[..end]));
        }
        repo.commit_all("cut");
        repo.expect("new.txt", "H | agent's line");
    }

    #[test]
    fn that_are_huge_are_not_read() {
        let repo = repo();
        let payload = edit(&repo, "huge.txt", &"x".repeat(70_000_000));
        silent(&record(&repo, &["generic"], payload.as_bytes()));
        let said = unusable(&repo).join("\n");
        assert!(said.contains("the payload is larger than"), "{said}");
        write(&repo, "next.txt", "agent's next line\n");
        repo.commit_all("goes on");
        repo.expect("next.txt", "A1| agent's next line");
    }

    #[test]
    fn with_a_huge_text_keep_nothing_of_it() {
        let repo = repo();
        write(&repo, "large.txt", &"a line of a large file\n".repeat(300_000));
        assert!(size(&repo.state_dir()) < 100_000);
        repo.commit_all("large");
        assert_eq!(
            repo.note("HEAD").unwrap().hunk(b"large.txt", 7).unwrap()["contributor"],
            "unknown"
        );
    }

    #[test]
    fn with_hostile_values_do_no_harm() {
        let repo = repo();
        let long = "x".repeat(5_000);
        let top = repo.top.display().to_string();
        let outside = repo.root().join("outside.txt");
        std::fs::write(&outside, "not the agent's business\n").unwrap();
        let paths = [
            "../outside.txt",
            outside.to_str().unwrap(),
            "/etc/passwd",
            "/dev/zero",
            ".git/config",
            "",
            ".",
            "..",
            "a\0b",
            "-rf",
            "a.txt/../../outside.txt",
            &long,
            "\u{202e}\u{1b}[2J\n",
        ];
        for path in paths {
            silent(&record(&repo, &["generic"], edit(&repo, path, "x\n").as_bytes()));
            for tool in ["Edit", "Write", "Read", "Bash", "NotebookEdit", "mcp__x__y"] {
                let payload = json!({
                    "session_id": format!("../../{path}"),
                    "transcript_path": path,
                    "cwd": top,
                    "prompt_id": path,
                    "tool_use_id": path,
                    "hook_event_name": "PostToolUse",
                    "tool_name": tool,
                    "tool_input": {"file_path": path, "content": path, "old_string": "", "new_string": path, "command": path},
                });
                silent(&record(&repo, &["claude-code"], payload.to_string().as_bytes()));
            }
        }
        for cwd in ["/nowhere/at/all", "", "relative", "a.txt", "/dev/null", &long] {
            let payload =
                edit(&repo, "a.txt", "x\n").replace(&format!("\"{top}\""), &json!(cwd).to_string());
            silent(&record(&repo, &["generic"], payload.as_bytes()));
        }
        let everything = format!("{:?}", files(repo.root()));
        assert!(
            !everything.contains("outside.txt.") && files(&repo.root().join("home")).len() < 10
        );
        let journal = format!("{:?}", repo.journal());
        assert!(
            !journal.contains("\"kind\": String(\"edit\"), \"path\": String(\".git"),
            "{journal}"
        );
        repo.commit_with(&["--allow-empty", "-m", "goes on"]);
    }

    #[test]
    fn with_deep_nesting_do_no_harm() {
        let repo = repo();
        let deep = format!("{}1{}", "[".repeat(200_000), "]".repeat(200_000));
        for agent in AGENTS {
            silent(&record(&repo, &[agent], deep.as_bytes()));
            let payload = format!("{{\"session_id\":\"s\",\"hook_event_name\":{deep}}}");
            silent(&record(&repo, &[agent], payload.as_bytes()));
        }
        let command = format!("{} x {}", "$(".repeat(5_000), ")".repeat(5_000));
        let fields = json!({"command": command});
        silent(&record(
            &repo,
            &["generic"],
            event(&repo, "shell-start", fields.clone()).as_bytes(),
        ));
        silent(&record(&repo, &["generic"], event(&repo, "shell-end", fields).as_bytes()));
        repo.replace("a.txt", "beta", "beta\nthe person's line");
        repo.commit_all("goes on");
        repo.expect("a.txt", "H | alpha\nH | beta\nH | the person's line");
    }

    #[test]
    fn with_a_transcript_that_never_ends_do_not_wait() {
        let repo = repo();
        let pipe = repo.root().join("pipe");
        assert_eq!(run(repo.command("mkfifo").arg(&pipe), b"").ok(), "");
        for transcript in [pipe.to_str().unwrap(), "/dev/zero", "/dev/stdin", "/"] {
            let payload = json!({
                "session_id": "s",
                "transcript_path": transcript,
                "cwd": repo.top,
                "hook_event_name": "PostToolUse",
                "tool_name": "Write",
                "tool_input": {"file_path": "a.txt", "content": "x\n"},
            });
            // Without a guard a failure would hang the whole suite.
            let mut guarded = repo.command("timeout");
            guarded.args(["60", "git-ai-log", "record", "claude-code"]);
            silent(&run(&mut guarded, payload.to_string().as_bytes()));
        }
    }

    #[test]
    fn outside_of_any_repository_are_nobodys_business() {
        let repo = repo();
        let elsewhere = repo.at("elsewhere");
        std::fs::create_dir(&elsewhere.top).unwrap();
        for agent in AGENTS {
            silent(&record(&elsewhere, &[agent], b"{}"));
        }
        silent(&record(&elsewhere, &["generic"], edit(&elsewhere, "x.txt", "x\n").as_bytes()));
        assert_eq!(files(&elsewhere.top), [] as [PathBuf; 0]);
    }

    #[test]
    fn in_a_bare_repository_are_nobodys_business() {
        let repo = repo();
        repo.git(["clone", "-q", "--bare", ".", "../bare.git"]);
        let bare = repo.at("bare.git");
        silent(&record(&bare, &["generic"], edit(&bare, "x.txt", "x\n").as_bytes()));
        silent(&record(&bare, &["generic"], b"{}"));
    }
}

mod broken_storage {
    use super::*;

    /// The agent writes, and the commit goes on, whatever the state folder is.
    fn goes_on(repo: &TestRepo) {
        write(repo, "new.txt", "agent's line\n");
        repo.git(["add", "-A"]);
        let commit = repo.try_git(["commit", "-q", "-m", "goes on"]);
        assert_eq!(commit.code, Some(0), "{commit}");
        assert_eq!(repo.git(["status", "--porcelain"]), "");
    }

    /// Without a journal nobody knows what to judge: the gate says so and how to go on.
    fn goes_past_the_gate(repo: &TestRepo, thing: &str) {
        write(repo, "new.txt", "agent's line\n");
        repo.git(["add", "-A"]);
        let said = repo.try_git(["commit", "-q", "-m", "goes on"]).failed();
        assert!(said.contains(thing) && said.contains("git commit --no-verify"), "{said}");
        let commit = repo.try_git(["commit", "-q", "-n", "-m", "goes on"]);
        assert_eq!(commit.code, Some(0), "{commit}");
    }

    #[test]
    fn a_state_folder_that_cannot_be_made() {
        let repo = TestRepo::with(&[("a.txt", "alpha\n")]);
        std::fs::remove_dir_all(repo.state_dir()).unwrap();
        std::fs::write(repo.state_dir(), "in the way").unwrap();
        goes_past_the_gate(&repo, "ai-log/journal");
        let said = repo.home().join("state/git-ai-log/unusable.log");
        let said = std::fs::read_to_string(said).unwrap();
        assert!(said.contains("ai-log"), "{said}");
    }

    #[test]
    fn a_journal_that_cannot_be_written() {
        let repo = repo();
        let journal = repo.state_dir().join("journal");
        std::fs::remove_dir_all(&journal).unwrap();
        std::fs::write(&journal, "in the way").unwrap();
        goes_past_the_gate(&repo, "ai-log/journal");
    }

    #[test]
    fn snapshots_that_cannot_be_written() {
        let repo = repo();
        std::fs::write(repo.state_dir().join("snapshots"), "in the way").unwrap();
        goes_on(&repo);
        let said = unusable(&repo).join("\n");
        assert!(said.contains("snapshots"), "{said}");
    }

    #[test]
    fn a_lock_that_a_killed_process_left() {
        let repo = repo();
        write(&repo, "one.txt", "agent_line_number_1\n");
        let lock = repo.git_path("refs/notes/ai-log/provenance.lock");
        std::fs::create_dir_all(lock.parent().unwrap()).unwrap();
        std::fs::write(&lock, "left by a killed process").unwrap();
        repo.git(["add", "-A"]);
        repo.commit("locked");
        assert!(!lock.exists());
        repo.expect("one.txt", "A1| agent_line_number_1");
    }

    #[test]
    fn a_git_directory_that_is_read_only() {
        let repo = repo();
        repo.write("new.txt", "agent's line\n");
        let Some(_mount) = Mount::over(&repo, &repo.state_dir(), "ro,size=64k") else {
            return;
        };
        goes_on(&repo);
    }

    #[test]
    fn a_full_disk() {
        let repo = repo();
        std::fs::remove_dir_all(repo.state_dir()).unwrap();
        std::fs::create_dir(repo.state_dir()).unwrap();
        let Some(_mount) = Mount::over(&repo, &repo.state_dir(), "size=512k") else {
            return;
        };
        repo.record("generic", event(&repo, "prompt", json!({"prompt": "go on"})));
        write(&repo, "before.txt", "agent_line_before_1\n");
        let filler = repo.state_dir().join("filler");
        let _ = std::fs::write(&filler, vec![b'x'; 1_000_000]).unwrap_err();
        for n in 0..5 {
            write(&repo, &format!("full{n}.txt"), &"agent_line_without_room\n".repeat(200));
        }
        std::fs::remove_file(filler).unwrap();
        write(&repo, "after.txt", "agent_line_after_11\n");
        repo.commit_all("full");
        repo.expect("before.txt", "A1| agent_line_before_1");
        repo.expect("after.txt", "A1| agent_line_after_11");
        // The disk was too full to keep these: that is said, and nobody is accused.
        let lost = repo.owners("full0.txt");
        assert!(lost.0.iter().all(|(owner, _)| owner == "H" || owner == "?"), "{lost}");
    }

    /// A small file system of our own over a folder.
    struct Mount(std::process::Command);

    impl Mount {
        /// `None`, with a message, where this user may not mount.
        fn over(repo: &TestRepo, folder: &Path, options: &str) -> Option<Self> {
            let mut mount = repo.command("mount");
            mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(folder);
            if mount.output().is_ok_and(|output| output.status.success()) {
                let mut umount = repo.command("umount");
                umount.current_dir("/").arg("-l").arg(folder);
                return Some(Self(umount));
            }
            eprintln!("skipped: only root may mount a small file system");
            None
        }
    }

    impl Drop for Mount {
        fn drop(&mut self) {
            let _ = self.0.status();
        }
    }
}

mod killed {
    use super::*;

    #[test]
    fn a_journal_cut_at_any_byte_keeps_what_was_whole() {
        let repo = repo();
        write(&repo, "one.txt", "agent_line_number_1\n");
        write(&repo, "two.txt", "agent_line_number_2\n");
        let file = files(&repo.state_dir().join("journal")).pop().unwrap();
        let whole = std::fs::read(&file).unwrap();
        let last = whole[..whole.len() - 1].iter().rposition(|&b| b == b'\n').unwrap() + 1;
        let events = repo.journal();
        for end in (last..whole.len()).step_by(7).chain([whole.len() - 2, whole.len() - 1]) {
            std::fs::write(&file, &whole[..end]).unwrap();
            write(&repo, "three.txt", "agent_line_number_3\n");
            let now = repo.journal();
            assert_eq!(now[..events.len() - 1], events[..events.len() - 1], "cut at {end}");
            assert_eq!(now.last().unwrap()["path"], "three.txt", "cut at {end}");
        }
        repo.commit_all("torn");
        repo.expect("one.txt", "A1| agent_line_number_1");
        repo.expect("three.txt", "A1| agent_line_number_3");
        // Only a line feed was missing: the event itself was whole.
        repo.expect("two.txt", "A1| agent_line_number_2");
    }

    #[test]
    fn garbage_in_the_journal_is_skipped() {
        let repo = repo();
        write(&repo, "one.txt", "agent_line_number_1\n");
        let file = files(&repo.state_dir().join("journal")).pop().unwrap();
        let mut bytes = b"\xff\xfe not json\n{}\n{\"v\":1}\n[1,2]\n\n".to_vec();
        bytes.extend(std::fs::read(&file).unwrap());
        bytes.extend_from_slice(b"{\"v\":7,\"kind\":\"of-the-future\",\"x\":1}\n");
        std::fs::write(&file, bytes).unwrap();
        std::fs::write(file.with_file_name("foreign.jsonl"), "\0\0\0").unwrap();
        write(&repo, "two.txt", "agent_line_number_2\n");
        repo.commit_all("garbage");
        repo.expect("one.txt", "A1| agent_line_number_1");
        repo.expect("two.txt", "A1| agent_line_number_2");
    }

    #[test]
    fn damaged_snapshots_accuse_nobody() {
        let repo = repo();
        write(&repo, "one.txt", "agent_line_number_1\n");
        for snapshot in files(&repo.state_dir().join("snapshots")) {
            std::fs::write(snapshot, "whole\nsomething else\n").unwrap();
        }
        repo.commit_all("damaged");
        repo.expect("one.txt", "? | agent_line_number_1");
    }

    #[test]
    fn what_record_acknowledged_survives_kill_9() {
        let repo = repo();
        let mut acknowledged = Vec::new();
        for n in 0..40 {
            let (path, text) = (format!("f{n:02}.txt"), format!("agent_line_number_{n:02}\n"));
            repo.write(&path, &text);
            let mut killed = repo.command("timeout");
            killed.args([
                "-s",
                "KILL",
                &format!("0.{:03}", n + 1),
                "git-ai-log",
                "record",
                "generic",
            ]);
            if run(&mut killed, edit(&repo, &path, &text).as_bytes()).code == Some(0) {
                acknowledged.push((path, text));
            }
        }
        write(&repo, "last.txt", "agent_line_of_the_end_1\n");
        repo.commit_all("killed");
        repo.expect("last.txt", "A1| agent_line_of_the_end_1");
        for (path, text) in acknowledged {
            repo.expect(&path, &format!("A1| {text}"));
        }
    }

    #[test]
    fn hooks_killed_at_any_time_leave_whole_notes() {
        let repo = repo();
        let hook = repo.git_path("hooks/post-commit");
        for n in 0..30 {
            let wait = format!("0.{:03}", 2 * n + 1);
            let script = format!("#!/bin/sh\ntimeout -s KILL {wait} git-ai-log hook post-commit\n");
            crate::env::executable(&hook, &script);
            write(&repo, &format!("f{n:02}.txt"), &format!("agent_line_number_{n:02}\n"));
            repo.commit_all("killed");
            // As after any killed git process: its locks are the user's to remove.
            for lock in files(&repo.top.join(".git")) {
                if lock.extension().is_some_and(|end| end == "lock") {
                    std::fs::remove_file(lock).unwrap();
                }
            }
            if n % 8 == 7 {
                repo.install_hooks();
                repo.committed(&[("person.txt", &format!("a person's commit {n}\n"))]);
            }
        }
        repo.install_hooks();
        repo.committed(&[("person.txt", "the person's last commit\n")]);
        repo.git(["fsck", "--strict"]);
        for n in 0..30 {
            repo.expect(format!("f{n:02}.txt"), &format!("A1| agent_line_number_{n:02}"));
        }
    }

    #[test]
    fn a_commit_whose_hook_was_killed_gets_its_note_with_the_next_one() {
        let repo = repo();
        for n in 1..4 {
            write(&repo, &format!("f{n}.txt"), &format!("agent_line_number_{n}\n"));
            repo.git(["add", "-A"]);
            repo.git(["-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "killed"]);
        }
        repo.committed(&[("b.txt", "a person's file\n")]);
        for n in 1..4 {
            repo.expect(format!("f{n}.txt"), &format!("A1| agent_line_number_{n}"));
        }
        repo.expect("b.txt", "H | a person's file");
    }
}

mod at_once {
    use super::*;

    #[test]
    fn hooks_of_one_session_lose_nothing() {
        let repo = repo();
        let mut commands = Vec::new();
        for n in 0..24 {
            let (path, text) = (format!("f{n:02}.txt"), format!("agent_line_number_{n:02}\n"));
            repo.write(&path, &text);
            let mut command = repo.command("git-ai-log");
            command.args(["record", "generic"]);
            commands.push((command, edit(&repo, &path, &text)));
        }
        std::thread::scope(|scope| {
            for (command, payload) in &mut commands {
                scope.spawn(|| silent(&run(command, payload.as_bytes())));
            }
        });
        repo.commit_all("at once");
        for n in 0..24 {
            repo.expect(format!("f{n:02}.txt"), &format!("A1| agent_line_number_{n:02}"));
        }
    }

    #[test]
    fn notes_of_two_work_trees_lose_nothing() {
        let repo = repo();
        let trees: Vec<TestRepo> = (0..4)
            .map(|n| {
                let name = format!("tree{n}");
                repo.git(["worktree", "add", "-q", &format!("../{name}")]);
                let tree = repo.at(&name);
                write(&tree, "f.txt", &format!("agent_line_number_{n}\n"));
                tree.git(["add", "-A"]);
                tree
            })
            .collect();
        let mut commands: Vec<_> = trees.iter().map(|tree| tree.command("git")).collect();
        std::thread::scope(|scope| {
            for command in &mut commands {
                command.args(["commit", "-q", "-m", "at once"]);
                scope.spawn(|| assert_eq!(run(command, b"").ok(), ""));
            }
        });
        for (n, tree) in trees.iter().enumerate() {
            tree.expect("f.txt", &format!("A1| agent_line_number_{n}"));
        }
    }
}

mod notes {
    use super::*;

    /// A commit whose note was replaced by these bytes.
    fn with_note(note: &[u8]) -> TestRepo {
        let repo = repo();
        write(&repo, "one.txt", "agent_line_number_1\n");
        repo.commit_all("one");
        let file = repo.root().join("note");
        std::fs::write(&file, note).unwrap();
        repo.git([
            "notes",
            "--ref",
            "ai-log/provenance",
            "add",
            "-f",
            "-F",
            file.to_str().unwrap(),
            "HEAD",
        ]);
        repo
    }

    const HOSTILE: [&[u8]; 8] = [
        b"garbage",
        b"\xff\xfe\xfd",
        b"{\"type\":\"head\",\"schema\":\"git-ai-log/provenance/9\"}",
        b"{\"type\":\"hunk\",\"path\":\"one.txt\",\"lines\":[0,4294967295]}",
        b"{\"type\":\"hunk\",\"hunk\":\"x\",\"path\":\"one.txt\",\"lines\":[1,4294967295],\"contributor\":\"ai\",\"session\":null,\"turn\":null,\"edit\":null,\"evidence\":null,\"digest\":\"\",\"fingerprints\":\"\"}",
        b"{\"type\":\"session\",\"session\":\"s_1\",\"agent\":\"\\u001b[31mred\\u202e\",\"model\":null}",
        b"[[[[[[[[[[[[[[[[[[[[[[[[",
        b"{\"type\":\"turn\",\"turn\":\"\",\"session\":\"\",\"at\":\"never\"}",
    ];

    #[test]
    fn of_other_people_never_break_a_question() {
        for note in HOSTILE {
            let repo = with_note(note);
            for args in [
                &["blame", "one.txt"][..],
                &["blame", "--json", "one.txt"],
                &["show"],
                &["show", "--json"],
                &["log"],
                &["one.txt:1"],
                &["status"],
            ] {
                let output = repo.ai_log(args);
                let fine = matches!(output.code, Some(0 | 2));
                assert!(fine, "{args:?} on {}: {output}", String::from_utf8_lossy(note));
                let shown = !output.stdout.contains(&0x1b);
                assert!(
                    shown && !String::from_utf8_lossy(&output.stdout).contains('\u{202e}'),
                    "{output}"
                );
            }
        }
    }

    #[test]
    fn of_other_people_never_block_a_commit() {
        for note in HOSTILE {
            let repo = with_note(note);
            repo.commit_with(&["--amend", "-m", "amended"]);
            repo.committed(&[("a.txt", "a person's next commit\n")]);
        }
    }
}

#[test]
fn two_hundred_edits_of_a_large_file_stay_small() {
    let repo = repo();
    let mut lines: Vec<String> = (0..8_000)
        .map(|n| format!("line number {n} of a file of half a megabyte, or a little bit more\n"))
        .collect();
    assert!(lines.concat().len() > 500_000);
    repo.write("large.txt", lines.concat());
    let codex = repo.codex("large").prompt("edit it");
    for round in 0..200 {
        let mut hunks = String::new();
        for at in [round, 4_000 + round, 7_999 - round] {
            let new = format!("edited by the agent in round {round}, line {at}\n");
            hunks.push_str(&format!("@@\n-{}+{new}", lines[at]));
            lines[at] = new;
        }
        // Only the end: what was there before follows from the patch.
        repo.write("large.txt", lines.concat());
        codex
            .patched(&format!("*** Begin Patch\n*** Update File: large.txt\n{hunks}*** End Patch"));
    }
    let size = size(&repo.state_dir());
    assert!(size < 10_000_000, "{size} bytes");
    repo.commit_all("two hundred edits");
    let note = repo.note("HEAD").unwrap();
    assert_eq!(note.hunk(b"large.txt", 1).unwrap()["contributor"], "ai");
    assert!(note.hunk(b"large.txt", 1_000).is_none());
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn size(folder: &Path) -> u64 {
    files(folder).iter().map(|file| file.metadata().unwrap().len()).sum()
}
