//! What agents do with commands.

use super::repo;
use crate::env::TestRepo;

#[test]
fn a_file_that_the_command_names_is_the_agents_by_shell() {
    for agent in [repo().claude("s"), repo().codex("s"), repo().generic("s")] {
        let agent = agent.prompt("append");
        agent.shell("printf 'three, from the shell\\n' >> b.txt && echo new > n.txt");
        let repo = &agent.repo;
        repo.commit_all("shell");
        repo.expect("b.txt", "H | one\nH | two\nA1| three, from the shell");
        repo.expect("n.txt", "A1| new");
        let note = repo.note("HEAD").unwrap();
        assert_eq!(note.hunk(b"b.txt", 3).unwrap()["evidence"], "shell");
    }
}

#[test]
fn a_command_that_fails_after_writing_is_seen() {
    let repo = repo();
    repo.claude("s").prompt("one").shell("printf 'written_before_failing\\n' >> b.txt; false");
    repo.commit_all("failed");
    repo.expect("b.txt", "H | one\nH | two\nA1| written_before_failing");
}

#[test]
fn a_persons_save_of_another_file_inside_the_window_stays_theirs() {
    let repo = repo();
    repo.claude("s").prompt("one").shell_with("printf 'by_the_shell_1\\n' >> b.txt", |repo| {
        repo.replace("a.txt", "beta", "beta\nsaved_by_the_person_1");
        repo.write("own.txt", "a person's new file\n");
    });
    repo.commit_all("both");
    repo.expect("a.txt", "H | alpha\nH | beta\nH | saved_by_the_person_1\nH | gamma");
    repo.expect("own.txt", "H | a person's new file");
    repo.expect("b.txt", "H | one\nH | two\nA1| by_the_shell_1");
}

#[test]
fn a_save_while_a_command_only_reads_stays_the_persons() {
    let repo = repo();
    let agent = repo.claude("s").prompt("one");
    agent.edit("b.txt", "one", "one\nagent_line_number_1");
    agent.shell_with("cat a.txt b.txt && git status -s", |repo| {
        repo.replace("a.txt", "beta", "beta\nsaved_by_the_person_1");
        repo.replace("b.txt", "two", "two\nsaved_by_the_person_2");
    });
    repo.commit_all("both");
    repo.expect("a.txt", "H | alpha\nH | beta\nH | saved_by_the_person_1\nH | gamma");
    repo.expect("b.txt", "H | one\nA1| agent_line_number_1\nH | two\nH | saved_by_the_person_2");
}

#[test]
fn what_an_opaque_command_may_have_written_is_unknown() {
    let repo = repo();
    repo.write("gen", "#!/bin/sh\nd=d\nprintf 'who_wrote_this_1\\n' >> b.tx${d%d}t\n");
    repo.commit_all("a generator");
    repo.claude("s").prompt("one").shell("sh ./gen");
    repo.commit_all("generated");
    repo.expect("b.txt", "H | one\nH | two\n? | who_wrote_this_1");
}

/// A branch `upstream` that is one commit ahead of `main`, as a server would have it.
fn upstream() -> TestRepo {
    let repo = repo();
    repo.git(["checkout", "-q", "-b", "upstream"]);
    repo.committed(&[("b.txt", "one\ntwo\npulled_from_the_server_1\npulled_line_two_22\n")]);
    repo.git(["checkout", "-q", "main"]);
    repo
}

#[test]
fn a_squash_merge_by_the_agent_is_not_its_work() {
    let repo = upstream();
    let agent = repo.claude("s").prompt("one");
    agent.shell("git merge -q --squash upstream && printf 'by_the_shell_1\\n' >> b.txt");
    repo.commit_all("squashed");
    for (owner, line) in repo.owners("b.txt").0 {
        let expected = if line == "by_the_shell_1" { "A1" } else { "H" };
        assert!(owner == expected || (owner == "?" && expected == "H"), "{owner}| {line}");
    }
}

#[test]
fn a_pull_inside_the_window_brings_nothing_of_the_agents() {
    let repo = upstream();
    let agent = repo.claude("s").prompt("one");
    agent.shell_with("printf 'by_the_shell_1\\n' >> b.txt", |repo| {
        repo.git(["pull", "-q", ".", "upstream"]);
    });
    repo.commit_all("mine");
    repo.expect(
        "b.txt",
        "H | one\nH | two\nH | pulled_from_the_server_1\nH | pulled_line_two_22\nA1| by_the_shell_1",
    );
    let note = repo.note("HEAD").unwrap();
    assert!(note.hunk(b"b.txt", 3).is_none(), "{note:?}");
}

#[test]
fn a_pull_by_the_agent_itself_brings_nothing_of_the_agents() {
    let repo = upstream();
    let agent = repo.codex("s").prompt("one");
    agent.shell("git pull -q . upstream && printf 'by_the_shell_1\\n' >> b.txt");
    repo.commit_all("mine");
    repo.expect(
        "b.txt",
        "H | one\nH | two\nH | pulled_from_the_server_1\nH | pulled_line_two_22\nA1| by_the_shell_1",
    );
}

#[test]
fn a_stash_popped_inside_the_window_is_not_the_agents() {
    let repo = repo();
    repo.replace("b.txt", "two", "two\nstashed_by_the_person_1");
    repo.git(["stash", "-q"]);
    repo.claude("s").prompt("one").shell_with("printf 'by_the_shell_1\\n' >> b.txt", |repo| {
        repo.git(["stash", "pop", "-q"]);
    });
    repo.commit_all("popped");
    let expected = ["H", "H", "H", "A1"];
    for ((owner, line), expected) in repo.owners("b.txt").0.into_iter().zip(expected) {
        assert_eq!(owner, expected, "{line}");
    }
}

#[test]
fn a_stash_popped_by_the_agent_is_the_persons() {
    let repo = repo();
    repo.replace("b.txt", "two", "two\nstashed_by_the_person_1");
    repo.git(["stash", "-q"]);
    let agent = repo.claude("s").prompt("one");
    agent.shell("git stash pop -q && printf 'by_the_shell_1\\n' >> b.txt");
    repo.commit_all("popped");
    repo.expect("b.txt", "H | one\nH | two\nH | stashed_by_the_person_1\nA1| by_the_shell_1");
}

#[test]
fn a_checkout_inside_the_window_brings_nothing_of_the_agents() {
    let repo = upstream();
    repo.claude("s").prompt("one").shell_with("printf 'by_the_shell_1\\n' >> b.txt", |repo| {
        repo.git(["checkout", "-q", "upstream"]);
    });
    repo.commit_all("on upstream");
    repo.expect(
        "b.txt",
        "H | one\nH | two\nH | pulled_from_the_server_1\nH | pulled_line_two_22\nA1| by_the_shell_1",
    );
}

#[test]
fn another_agents_edit_inside_the_window_is_the_other_agents() {
    let repo = repo();
    let (a, b) = (repo.claude("a").prompt("a"), repo.codex("b").prompt("b"));
    a.shell_with("printf 'by_the_shell_1\\n' >> b.txt", |_| {
        b.edit("a.txt", "beta", "beta\nby_the_other_agent_1");
        b.write("own.txt", "by the other agent too\n");
    });
    repo.commit_all("both");
    repo.expect("a.txt", "H | alpha\nH | beta\nA2| by_the_other_agent_1\nH | gamma");
    repo.expect("own.txt", "A2| by the other agent too");
    repo.expect("b.txt", "H | one\nH | two\nA1| by_the_shell_1");
}

#[test]
fn another_agents_edit_of_the_same_file_keeps_its_lines() {
    let repo = repo();
    let (a, b) = (repo.claude("a").prompt("a"), repo.codex("b").prompt("b"));
    a.shell_with("printf 'by_the_shell_1\\n' >> b.txt", |_| {
        b.edit("b.txt", "one", "one\nby_the_other_agent_1");
    });
    repo.commit_all("both");
    repo.expect("b.txt", "H | one\nA2| by_the_other_agent_1\nH | two\n? | by_the_shell_1");
}

#[test]
fn later_changes_of_a_background_command_are_unknown() {
    let repo = repo();
    let agent = repo.claude("s").prompt("one");
    agent.background("sh watch.sh");
    agent.edit("a.txt", "beta", "beta\nagent_line_number_1");
    repo.replace("b.txt", "two", "two\nwho_wrote_this_1");
    agent.shell("ls");
    repo.commit_all("while it runs");
    repo.expect("b.txt", "H | one\nH | two\n? | who_wrote_this_1");
    repo.expect("a.txt", "H | alpha\nH | beta\nA1| agent_line_number_1\nH | gamma");
}

#[test]
fn a_commit_inside_the_window_has_its_lines() {
    let repo = repo();
    let agent = repo.claude("s").prompt("commit too");
    agent.edit("a.txt", "beta", "beta\nagent_line_number_1");
    agent.shell("printf 'by_the_shell_1\\n' >> b.txt && git add -A && git commit -q -m agent");
    repo.expect("a.txt", "H | alpha\nH | beta\nA1| agent_line_number_1\nH | gamma");
    repo.expect("b.txt", "H | one\nH | two\nA1| by_the_shell_1");
    repo.replace("b.txt", "two", "two\na person's next line");
    repo.commit_all("afterwards");
    repo.expect("b.txt", "H | one\nH | two\nH | a person's next line\nA1| by_the_shell_1");
}

#[test]
fn a_commit_by_the_agents_command_does_not_take_the_persons_lines() {
    let repo = repo();
    repo.replace("a.txt", "beta", "beta\na person's line before");
    let agent = repo.codex("s").prompt("commit");
    agent.shell("git add -A && git commit -q -m 'by the agent'");
    repo.expect("a.txt", "H | alpha\nH | beta\nH | a person's line before\nH | gamma");
}

#[test]
fn a_command_that_writes_and_commits_takes_only_its_own_lines() {
    let repo = repo();
    repo.replace("a.txt", "beta", "beta\na person's line before");
    let agent = repo.claude("s").prompt("append and commit");
    agent.shell("echo 'the line of the command' >> a.txt && git commit -q -a -m both");
    repo.expect(
        "a.txt",
        "H | alpha\nH | beta\nH | a person's line before\nH | gamma\nA1| the line of the command",
    );
}

#[test]
fn a_command_that_renames_a_file_keeps_the_owners_whatever_the_names() {
    for (from, to) in [("a_old.txt", "z_new.txt"), ("z_old.txt", "a_new.txt")] {
        let repo = repo();
        let agent = repo.claude("s").prompt("write");
        agent.write(from, "written by the first prompt\nand a second line of it\n");
        agent.stop();
        let text = repo.read(from);
        repo.write(from, text + "a line that a person added\n");
        let agent = agent.prompt("rename");
        agent.shell(&format!("mv {from} {to}"));
        agent.stop();
        repo.commit_all("renamed");
        repo.expect(
            to,
            "A1| written by the first prompt\nA1| and a second line of it\nH | a line that a person added",
        );
    }
}

#[test]
fn a_patch_through_the_shell_that_never_ends_is_the_agents() {
    let repo = repo();
    let agent = repo.codex("s").prompt("heredoc");
    let patch = "*** Begin Patch\n*** Add File: heredoc.txt\n+through the shell\n*** End Patch\n";
    let _ = agent.starts(&format!("apply_patch <<'EOF'\n{patch}EOF"));
    crate::env::apply_patch(&repo, patch);
    agent.stop();
    repo.commit_all("heredoc");
    repo.expect("heredoc.txt", "A1| through the shell");
}

#[test]
fn what_a_person_writes_after_a_turn_without_an_end_is_theirs() {
    let repo = repo();
    let agent = repo.codex("s").prompt("heredoc");
    let _ = agent
        .starts("apply_patch <<'EOF'\n*** Begin Patch\n*** Update File: b.txt\n*** End Patch\nEOF");
    agent.stop();
    repo.replace("b.txt", "two", "two\na person's line afterwards");
    repo.commit_all("afterwards");
    repo.expect("b.txt", "H | one\nH | two\nH | a person's line afterwards");
}

#[test]
fn a_failed_edit_changes_no_owner() {
    let repo = repo();
    let codex = repo.codex("s").prompt("bad patch");
    codex.patch_starts(
        "*** Begin Patch\n*** Update File: a.txt\n@@\n-not in the file\n+x\n*** End Patch",
    );
    repo.replace("a.txt", "beta", "beta\na person's line\nx");
    codex.stop();
    let claude = repo.claude("t").prompt("denied");
    let call = serde_json::json!({
        "tool_name": "Edit",
        "tool_input": {"file_path": repo.top.join("b.txt"), "old_string": "two", "new_string": "two\nx"},
        "tool_use_id": "toolu_denied",
        "error": "The user doesn't want to proceed with this tool use.",
    });
    claude.send("PreToolUse", call.clone());
    claude.send("PostToolUseFailure", call);
    repo.replace("b.txt", "two", "two\nx");
    repo.commit_all("all by hand");
    repo.expect("a.txt", "H | alpha\nH | beta\nH | a person's line\nH | x\nH | gamma");
    repo.expect("b.txt", "H | one\nH | two\nH | x");
}

#[test]
fn overlapping_commands_of_one_session() {
    let repo = repo();
    let agent = repo.claude("s").prompt("two at once");
    let (first, second) =
        ("printf 'first_shell_line\\n' >> a.txt", "printf 'second_shell_line\\n' >> b.txt");
    let (one, two) = (agent.starts(first), agent.starts(second));
    let (code_two, code_one) = (agent.run(second), agent.run(first));
    agent.ends(one, code_one);
    agent.ends(two, code_two);
    repo.commit_all("both");
    repo.expect("a.txt", "H | alpha\nH | beta\nH | gamma\nA1| first_shell_line");
    repo.expect("b.txt", "H | one\nH | two\nA1| second_shell_line");
}

#[test]
fn a_persons_lines_that_a_command_copies_are_not_the_agents() {
    let repo = TestRepo::with(&[(
        "lib.py",
        "first_line_of_person = 1\nsecond_line_of_person = 2\nthird_line_of_person = 3\n",
    )]);
    repo.claude("s").prompt("split").shell("cp lib.py copy.py && mv lib.py moved.py");
    repo.commit_all("moved");
    for (owner, line) in repo.owners("moved.py").0 {
        assert!(!owner.starts_with('A'), "{owner}| {line}");
    }
}
