//! Who wrote which line of a commit: stories of agents and people in one work tree.

use crate::env::TestRepo;

const ABC: &str = "alpha\nbeta\ngamma\n";

fn repo() -> TestRepo {
    TestRepo::with(&[("a.txt", ABC), ("b.txt", "one\ntwo\n")])
}

#[test]
fn every_agent_gets_its_lines_and_the_person_keeps_theirs() {
    let repo = repo();
    repo.claude("s").prompt("one").edit("a.txt", "beta", "beta\nfirst agent's line");
    repo.codex("s").prompt("two").edit("a.txt", "gamma", "gamma\nsecond agent's line");
    repo.generic("s").prompt("three").write("new.txt", "third agent's line\n");
    repo.replace("a.txt", "alpha\n", "alpha\nthe person's own line\n");
    repo.commit_all("work");
    repo.expect(
        "a.txt",
        "H | alpha
         H | the person's own line
         H | beta
         A1| first agent's line
         H | gamma
         A2| second agent's line",
    );
    repo.expect("new.txt", "A3| third agent's line");
}

#[test]
fn a_tool_that_tells_the_text_before_alone_is_taken_at_its_word() {
    let repo = repo();
    let agent = repo.generic("s").prompt("one");
    repo.replace("a.txt", "alpha\n", "alpha\nthe person's own line\n");
    let before = repo.read("a.txt");
    repo.replace("a.txt", "gamma\n", "gamma\nthe agent's line\n");
    agent.send("edit", serde_json::json!({"edits": [{"path": "a.txt", "before": before}]}));
    repo.commit_all("work");
    repo.expect(
        "a.txt",
        "H | alpha
         H | the person's own line
         H | beta
         H | gamma
         A1| the agent's line",
    );
}

#[test]
fn what_agents_tell_twice_counts_once() {
    let story = |repo: &TestRepo| {
        let claude = repo.claude("s").prompt("one");
        claude.write("f.py", "price = base * rate\nold = 1\n").shell("echo shell >> notes.txt");
        // Half of the line stays: were the text seen to go back in between, it would be mixed.
        let codex = repo.codex("t").prompt("two");
        codex.edit("f.py", "base * rate", "base + vat").stop();
        repo.replace("f.py", "old = 1\n", "old = 1\nof_a_person = 2\n");
        let generic = repo.generic("u").prompt("three");
        generic.write("g.txt", "first\n").write("g.txt", "first\nsecond\n").stop();
        repo.commit_all("work");
        let expected = "A2| price = base + vat\nA1| old = 1\nH | of_a_person = 2";
        repo.expect("f.py", expected);
        repo.expect("g.txt", "A3| first\nA3| second");
        repo.expect("notes.txt", "A1| shell");
    };
    let (plain, twice) = (repo(), repo());
    twice.tell_twice();
    story(&plain);
    story(&twice);
    let told = |repo: &TestRepo| {
        let records = repo.git(["notes", "--ref", "ai-log/provenance", "show", "HEAD"]);
        let hunks = records.lines().filter(|line| line.contains("\"type\":\"hunk\""));
        hunks.map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(told(&plain).len() >= 4);
    assert_eq!(told(&plain), told(&twice));
}

#[test]
fn lines_of_a_person_beside_between_and_inside_agents_lines_stay_theirs() {
    let repo = repo();
    let agent = repo.claude("s").prompt("write a function");
    agent.write("f.py", "def total(items):\n    cost = sum(items)\n    return cost\n");
    repo.write(
        "f.py",
        "import os\ndef total(items):\n    person_checks(items)\n    cost = sum(items)\n    return cost\nprint(total([1]))\n",
    );
    agent.edit("f.py", "    return cost\n", "    tax = cost * 0.2\n    return cost\n");
    repo.replace("f.py", "    tax =", "    # the person's note on tax\n    tax =");
    repo.commit_all("f");
    repo.expect(
        "f.py",
        "H | import os
         A1| def total(items):
         H |     person_checks(items)
         A1|     cost = sum(items)
         H |     # the person's note on tax
         A1|     tax = cost * 0.2
         A1|     return cost
         H | print(total([1]))",
    );
}

#[test]
fn two_prompts_of_a_session_are_two_turns() {
    let repo = repo();
    let agent = repo.claude("s").prompt("one");
    agent.edit("a.txt", "beta", "beta\nof the first prompt").stop();
    let agent = agent.prompt("two");
    agent.edit("a.txt", "gamma", "gamma\nof the second prompt").stop();
    repo.commit_all("both");
    repo.expect(
        "a.txt",
        "H | alpha\nH | beta\nA1| of the first prompt\nH | gamma\nA2| of the second prompt",
    );
    let prompts = crate::env::Note::prompts(&repo, "HEAD");
    let mut texts: Vec<_> = prompts.iter().map(|(_, text)| text.as_str()).collect();
    texts.sort_unstable();
    assert_eq!(texts, ["one", "two"]);
}

#[test]
fn a_subagents_lines_belong_to_the_prompt_that_started_it() {
    let repo = repo();
    let claude = repo.claude("s").prompt("delegate");
    claude.subagent("sub-1").write("sub.txt", "written by the sub-agent\n");
    let codex = repo.codex("t").prompt("delegate too");
    codex.subagent("sub-2").write("sub2.txt", "written by another sub-agent\n");
    codex.edit("a.txt", "beta", "beta\nby the agent itself");
    repo.commit_all("delegated");
    repo.expect("sub.txt", "A1| written by the sub-agent");
    repo.expect("sub2.txt", "A2| written by another sub-agent");
    repo.expect("a.txt", "H | alpha\nH | beta\nA2| by the agent itself\nH | gamma");
}

#[test]
fn several_sessions_at_once_in_one_file() {
    let repo = TestRepo::with(&[("f", "1 one\n2 two\n3 three\n4 four\n5 five\n")]);
    let (a, b) = (repo.claude("a").prompt("a"), repo.claude("b").prompt("b"));
    a.edit("f", "1 one\n", "1 one\nfrom session a\n");
    b.edit("f", "5 five\n", "5 five\nfrom session b\n");
    a.edit("f", "3 three\n", "3 three\nagain from session a\n");
    b.edit("f", "again from session a\n", "again from session a\nbelow it session b\n");
    repo.commit_all("both");
    repo.expect(
        "f",
        "H | 1 one
         A1| from session a
         H | 2 two
         H | 3 three
         A1| again from session a
         A2| below it session b
         H | 4 four
         H | 5 five
         A2| from session b",
    );
}

mod staging {
    use super::*;

    #[test]
    fn what_is_staged_of_an_edit_is_attributed_and_the_rest_later() {
        let repo = repo();
        let agent = repo.claude("s").prompt("two lines");
        agent.edit("a.txt", "alpha\n", "alpha\nfirst new line\n");
        agent.edit("a.txt", "gamma\n", "gamma\nlast new line\n");
        repo.replace("a.txt", "beta\n", "beta\na person's line\n");
        repo.stage_lines("a.txt", "alpha\nfirst new line\nbeta\ngamma\n");
        repo.commit("a part");
        repo.expect("a.txt", "H | alpha\nA1| first new line\nH | beta\nH | gamma");
        repo.stage_lines("a.txt", "alpha\nfirst new line\nbeta\na person's line\ngamma\n");
        repo.commit("the person's part");
        repo.stage(&["a.txt"]);
        repo.commit("the rest");
        repo.expect(
            "a.txt",
            "H | alpha
             A1| first new line
             H | beta
             H | a person's line
             H | gamma
             A1| last new line",
        );
    }

    #[test]
    fn a_staged_state_older_than_the_work_tree_is_what_counts() {
        let repo = repo();
        let agent = repo.claude("s").prompt("one");
        agent.edit("a.txt", "beta", "beta of the agent, first try");
        repo.stage(&["a.txt"]);
        let agent = agent.prompt("two");
        agent.edit(
            "a.txt",
            "beta of the agent, first try",
            "something else entirely, by prompt two",
        );
        repo.replace("a.txt", "gamma", "a person's later thought");
        repo.commit("staged");
        repo.expect("a.txt", "H | alpha\nA1| beta of the agent, first try\nH | gamma");
        repo.commit_with(&["-a", "-m", "the rest"]);
        repo.expect(
            "a.txt",
            "H | alpha\nA2| something else entirely, by prompt two\nH | a person's later thought",
        );
    }

    #[test]
    fn commit_with_a_path_takes_that_file_from_the_work_tree() {
        let repo = repo();
        let agent = repo.claude("s").prompt("two files");
        agent.edit("a.txt", "beta", "beta\nagent's line in a");
        agent.edit("b.txt", "one", "one\nagent's line in b");
        repo.stage(&["b.txt"]);
        repo.replace("a.txt", "alpha", "the person's alpha line");
        repo.commit_with(&["-m", "a only", "a.txt"]);
        repo.expect(
            "a.txt",
            "H | the person's alpha line\nH | beta\nA1| agent's line in a\nH | gamma",
        );
        repo.expect("b.txt", "H | one\nH | two");
        repo.commit("b");
        repo.expect("b.txt", "H | one\nA1| agent's line in b\nH | two");
    }

    #[test]
    fn commit_all_takes_tracked_files() {
        let repo = repo();
        let agent = repo.codex("s").prompt("one");
        agent.edit("a.txt", "beta", "beta\nagent's line in a");
        agent.write("new.txt", "agent's new file\n");
        repo.commit_with(&["-a", "-m", "tracked"]);
        repo.expect("a.txt", "H | alpha\nH | beta\nA1| agent's line in a\nH | gamma");
        repo.commit_all("untracked");
        repo.expect("new.txt", "A1| agent's new file");
    }

    #[test]
    fn no_verify_is_recorded_too() {
        let repo = repo();
        repo.claude("s").prompt("one").edit("a.txt", "beta", "beta\nagent's line");
        repo.commit_with(&["-a", "--no-verify", "-m", "in a hurry"]);
        repo.expect("a.txt", "H | alpha\nH | beta\nA1| agent's line\nH | gamma");
    }

    #[test]
    fn a_staged_part_says_what_the_whole_says_of_it() {
        let repo = repo();
        let agent = repo.claude("s").prompt("one");
        agent.edit("a.txt", "beta\n", "block one of the agent\nblock two of the agent\nbeta\n");
        repo.replace("a.txt", "block two", "person's middle line\nblock two");
        repo.stage_lines("a.txt", "alpha\nblock two of the agent\nbeta\ngamma\n");
        repo.commit("second line only");
        repo.expect("a.txt", "H | alpha\nA1| block two of the agent\nH | beta\nH | gamma");
        repo.commit_all("rest");
        repo.expect(
            "a.txt",
            "H | alpha
             A1| block one of the agent
             H | person's middle line
             A1| block two of the agent
             H | beta
             H | gamma",
        );
    }
}

mod amend {
    use super::*;

    fn committed() -> TestRepo {
        let repo = repo();
        repo.claude("s").prompt("one").edit("a.txt", "beta", "beta\nagent's own line");
        repo.commit_all("first");
        repo
    }

    #[test]
    fn of_the_message_only_keeps_everything() {
        let repo = committed();
        let before = repo.note("HEAD").unwrap();
        repo.commit_with(&["--amend", "-m", "better words"]);
        repo.expect("a.txt", "H | alpha\nH | beta\nA1| agent's own line\nH | gamma");
        let hunks = |note: &crate::env::Note| note.of("hunk").cloned().collect::<Vec<_>>();
        assert_eq!(hunks(&repo.note("HEAD").unwrap()), hunks(&before));
        assert_eq!(crate::env::Note::prompts(&repo, "HEAD").len(), 1);
    }

    #[test]
    fn with_lines_added_above_moves_the_agents_lines() {
        let repo = committed();
        repo.replace("a.txt", "alpha", "a person's title\nand subtitle\nalpha");
        repo.commit_with(&["-a", "--amend", "--no-edit"]);
        repo.expect(
            "a.txt",
            "H | a person's title
             H | and subtitle
             H | alpha
             H | beta
             A1| agent's own line
             H | gamma",
        );
    }

    #[test]
    fn by_a_second_session_names_both() {
        let repo = committed();
        repo.codex("t").prompt("two").edit("a.txt", "gamma", "gamma\nsecond session's line");
        repo.commit_with(&["-a", "--amend", "--no-edit"]);
        repo.expect(
            "a.txt",
            "H | alpha\nH | beta\nA1| agent's own line\nH | gamma\nA2| second session's line",
        );
        assert_eq!(repo.note("HEAD").unwrap().of("session").count(), 2);
    }

    /// As pre-commit and prek call it: post-rewrite alone, and nothing on standard input.
    #[test]
    fn told_without_input_asks_the_reflog() {
        let repo = committed();
        std::fs::remove_dir_all(repo.state_dir()).unwrap();
        std::fs::remove_file(repo.git_path("hooks/post-commit")).unwrap();
        let call = "#!/bin/sh\nexec git-ai-log hook post-rewrite </dev/null\n";
        crate::env::executable(&repo.git_path("hooks/post-rewrite"), call);
        repo.replace("a.txt", "gamma", "gamma\na person's last line");
        repo.commit_with(&["-a", "--amend", "--no-edit"]);
        repo.expect(
            "a.txt",
            "H | alpha\nH | beta\nA1| agent's own line\nH | gamma\nH | a person's last line",
        );
    }

    #[test]
    fn without_the_journal_the_old_note_is_enough() {
        let repo = committed();
        std::fs::remove_dir_all(repo.state_dir()).unwrap();
        repo.replace("a.txt", "alpha", "a person's title\nalpha");
        repo.commit_with(&["-a", "--amend", "--no-edit"]);
        repo.expect(
            "a.txt",
            "H | a person's title\nH | alpha\nH | beta\nA1| agent's own line\nH | gamma",
        );
    }
}

mod changed_lines {
    use super::*;

    #[test]
    fn more_than_half_of_the_tokens_kept_on_both_sides_is_mixed() {
        let repo = repo();
        repo.claude("s")
            .prompt("one")
            .write("f.py", "limit = load(path, mode)\nwords a b c d\nkeep me as I am\n");
        repo.write("f.py", "limit = load(path, flags)\nwords a b x y z\nkeep me as I am\n");
        repo.commit_all("f");
        repo.expect(
            "f.py",
            "M1| limit = load(path, flags)\nH | words a b x y z\nA1| keep me as I am",
        );
    }

    #[test]
    fn exactly_half_is_whose_who_changed_it() {
        let repo = repo();
        repo.claude("s").prompt("one").write("f", "aa bb cc dd\nee ff gg hh\n");
        repo.write("f", "aa bb xx yy\nee ff gg xx\n");
        repo.commit_all("f");
        repo.expect("f", "H | aa bb xx yy\nM1| ee ff gg xx");
    }

    #[test]
    fn a_persons_line_that_an_agent_changes_is_mixed_or_the_agents() {
        let repo = repo();
        repo.write("f", "price = base + tax\nold words of a person\n");
        repo.claude("s").prompt("one").edit(
            "f",
            "base + tax\nold words of a person",
            "base + vat\nnothing left",
        );
        repo.commit_all("f");
        repo.expect("f", "M1| price = base + vat\nA1| nothing left");
    }

    #[test]
    fn an_agents_line_that_another_agent_changes_is_the_other_agents() {
        let repo = repo();
        repo.claude("s").prompt("one").write("f", "price = base + tax\n");
        repo.codex("t").prompt("two").edit("f", "tax", "vat");
        repo.commit_all("f");
        repo.expect("f", "A2| price = base + vat");
    }

    #[test]
    fn other_indentation_keeps_the_owner() {
        let repo = repo();
        repo.write("f.py", "person_calls(this)\n");
        repo.claude("s").prompt("one").edit(
            "f.py",
            "person_calls(this)\n",
            "person_calls(this)\nagent_calls(that)\n",
        );
        repo.write("f.py", "if ready:\n    person_calls(this)\n\tagent_calls( that )\n");
        repo.commit_all("f");
        repo.expect("f.py", "H | if ready:\nH |     person_calls(this)\nA1| \tagent_calls( that )");
    }

    #[test]
    fn an_agent_that_indents_a_persons_lines_does_not_own_them() {
        let repo = TestRepo::with(&[("f.py", "one_of_mine()\ntwo_of_mine()\n")]);
        repo.claude("s").prompt("wrap").edit(
            "f.py",
            "one_of_mine()\ntwo_of_mine()\n",
            "try:\n    one_of_mine()\n    two_of_mine()\nfinally:\n    cleanup_by_agent()\n",
        );
        repo.commit_all("wrapped");
        repo.expect(
            "f.py",
            "A1| try:
             H |     one_of_mine()
             H |     two_of_mine()
             A1| finally:
             A1|     cleanup_by_agent()",
        );
    }

    #[test]
    fn other_line_breaks_keep_the_owner() {
        let repo = repo();
        repo.claude("s").prompt("one").write("f.py", "result = compute(first, second, third)\n");
        repo.write("f.py", "result = compute(\n    first,\n    second,\n    third)\n");
        repo.commit_all("f");
        repo.expect(
            "f.py",
            "A1| result = compute(\nA1|     first,\nA1|     second,\nA1|     third)",
        );
    }

    #[test]
    fn a_formatter_that_an_agent_runs_changes_no_owner() {
        let repo = TestRepo::with(&[("f.py", "  persons = 1\n  others = 2\n")]);
        let agent = repo.claude("s").prompt("format");
        agent.edit("f.py", "  others = 2\n", "  others = 2\n  agents_own = 3\n");
        repo.replace("f.py", "  persons = 1\n", "  persons = 1\n  new_of_person = 4\n");
        agent.shell("sed -i 's/^  //; s/ = /=/' f.py");
        repo.commit_all("formatted");
        repo.expect("f.py", "H | persons=1\nH | new_of_person=4\nH | others=2\nA1| agents_own=3");
    }
}

mod moved_text {
    use super::*;

    const FUNCTION: &str = "def handler(request):\n    token = request.headers[\"token\"]\n    return check_token(token)\n";

    #[test]
    fn a_person_who_undoes_an_edit_has_their_lines_back() {
        let repo = repo();
        repo.write("a.txt", "alpha\nthe person's unsaved thought\ngamma\n");
        repo.claude("s").prompt("one").edit(
            "a.txt",
            "the person's unsaved thought",
            "agent's replacement text",
        );
        repo.write("a.txt", "alpha\nthe person's unsaved thought\ngamma\n");
        repo.commit_all("undone");
        repo.expect("a.txt", "H | alpha\nH | the person's unsaved thought\nH | gamma");
    }

    #[test]
    fn a_person_who_redoes_an_edit_gives_the_agent_its_lines_back() {
        let repo = repo();
        let agent = repo.claude("s").prompt("one");
        agent.edit("a.txt", "beta", "agent_line_number_one");
        repo.write("a.txt", ABC);
        agent.edit("b.txt", "one", "one\nanother_agent_line_2");
        repo.write("a.txt", "alpha\nagent_line_number_one\ngamma\n");
        agent.edit("a.txt", "gamma", "gamma\nand_one_more_line_3");
        repo.commit_all("redone");
        repo.expect(
            "a.txt",
            "H | alpha\nA1| agent_line_number_one\nH | gamma\nA1| and_one_more_line_3",
        );
    }

    #[test]
    fn a_persons_lines_that_an_agent_moves_stay_theirs() {
        let repo = TestRepo::with(&[("one.py", FUNCTION), ("two.py", "import os\n")]);
        let agent = repo.claude("s").prompt("move it");
        agent.write("two.py", &format!("import os\n\n{FUNCTION}"));
        agent.write("one.py", "from two import handler\n");
        repo.commit_all("moved");
        repo.expect("one.py", "A1| from two import handler");
        let owners = repo.owners("two.py");
        let wrong: Vec<_> = owners.0.iter().skip(2).filter(|(owner, _)| owner != "H").collect();
        assert!(wrong.is_empty(), "{owners}");
    }

    #[test]
    fn a_persons_lines_moved_within_a_file_stay_theirs() {
        let repo = TestRepo::with(&[("f.py", &format!("{FUNCTION}\nlast_line = 1\n"))]);
        let agent = repo.claude("s").prompt("move it down");
        agent.write("f.py", &format!("last_line = 1\nagent_line = 2\n\n{FUNCTION}"));
        repo.commit_all("moved");
        for (owner, line) in repo.owners("f.py").0 {
            let expected = if line == "agent_line = 2" { "A1" } else { "H" };
            assert!(line.is_empty() || owner == expected, "{owner}| {line}");
        }
    }

    #[test]
    fn an_agents_text_that_a_person_moves_to_another_file_before_the_first_commit_stays_the_agents()
    {
        let repo = repo();
        let agent = repo.claude("s").prompt("write it");
        agent.write("one.py", &format!("{FUNCTION}\nrest = 1\n"));
        repo.write("one.py", "rest = 1\n");
        repo.write("two.py", format!("# my own file\n{FUNCTION}"));
        repo.commit_all("moved");
        repo.expect(
            "two.py",
            "H | # my own file
             A1| def handler(request):
             A1|     token = request.headers[\"token\"]
             A1|     return check_token(token)",
        );
        let note = repo.note("HEAD").unwrap();
        assert_eq!(note.hunk(b"two.py", 2).unwrap()["evidence"], "carried");
        assert_eq!(note.hunk(b"one.py", 1).unwrap()["evidence"], "edit");
    }

    #[test]
    fn an_agents_file_that_is_renamed_before_its_first_commit_stays_the_agents() {
        let repo = repo();
        repo.claude("s").prompt("write it").write("draft.py", FUNCTION);
        std::fs::rename(repo.top.join("draft.py"), repo.top.join("final.py")).unwrap();
        repo.commit_all("renamed");
        for (owner, line) in repo.owners("final.py").0 {
            assert_eq!(owner, "A1", "{line}");
        }
    }

    #[test]
    fn a_new_file_of_which_only_the_end_is_told_is_the_agents() {
        let repo = repo();
        let agent = repo.generic("s").prompt("one");
        agent.send("before-edit", serde_json::json!({"paths": ["new.txt"], "call": "c1"}));
        repo.write("new.txt", "agent's line\n");
        agent.send("edit", serde_json::json!({"edits": [{"path": "new.txt"}], "call": "c1"}));
        repo.commit_all("told late");
        repo.expect("new.txt", "A1| agent's line");
    }

    #[test]
    fn an_agent_that_brings_a_file_back_to_an_earlier_text_did_not_do_so_first() {
        let repo = TestRepo::with(&[("n.txt", "")]);
        let agent = repo.claude("s").prompt("one");
        agent.write("n.txt", "");
        let lines = "shell_line_number_1\nshell_line_number_2\nshell_line_number_3\n";
        agent.shell(&format!("printf '{}' >> n.txt", lines.replace('\n', "\\n")));
        agent.write("n.txt", "").write("m.txt", lines);
        repo.commit_all("moved");
        repo.expect(
            "m.txt",
            "A1| shell_line_number_1\nA1| shell_line_number_2\nA1| shell_line_number_3",
        );
    }

    #[test]
    fn a_file_that_is_renamed_and_edited_keeps_its_history() {
        let repo = TestRepo::with(&[("old.py", FUNCTION)]);
        repo.git(["mv", "old.py", "new.py"]);
        repo.claude("s").prompt("log").edit(
            "new.py",
            "    return",
            "    log_the_token(token)\n    return",
        );
        repo.commit_all("renamed and edited");
        repo.expect(
            "new.py",
            "H | def handler(request):
             H |     token = request.headers[\"token\"]
             A1|     log_the_token(token)
             H |     return check_token(token)",
        );
    }

    #[test]
    fn a_codex_patch_that_moves_a_file_owns_what_it_changed_only() {
        let repo = TestRepo::with(&[("old.txt", "one\ntwo\nthree\n")]);
        repo.codex("s").prompt("move").patch(
            "*** Begin Patch\n*** Update File: old.txt\n*** Move to: moved.txt\n@@\n one\n-two\n+two by the agent\n three\n*** End Patch",
        );
        repo.commit_all("moved");
        repo.expect("moved.txt", "H | one\nA1| two by the agent\nH | three");
    }

    #[test]
    fn a_file_deleted_and_restored_keeps_its_owners() {
        let repo = repo();
        let agent = repo.claude("s").prompt("one");
        agent.edit("a.txt", "beta", "beta\nagent_line_number_1");
        let text = repo.read("a.txt");
        std::fs::remove_file(repo.top.join("a.txt")).unwrap();
        agent.shell("ls");
        repo.write("a.txt", text);
        agent.shell("ls");
        repo.commit_all("restored");
        repo.expect("a.txt", "H | alpha\nH | beta\nA1| agent_line_number_1\nH | gamma");
    }

    #[test]
    fn stash_and_pop_keep_the_owners() {
        let repo = repo();
        let agent = repo.claude("s").prompt("one");
        agent.edit("a.txt", "beta", "beta\nagent_line_number_1");
        repo.replace("a.txt", "gamma", "gamma\nperson_line_number_1");
        repo.git(["stash", "-q"]);
        agent.edit("b.txt", "two", "two\nagent_line_number_2");
        agent.edit("a.txt", "alpha", "alpha\nagent_line_number_3");
        repo.commit_all("meanwhile");
        repo.git(["stash", "pop", "-q"]);
        repo.commit_all("popped");
        repo.expect(
            "a.txt",
            "H | alpha
             A1| agent_line_number_3
             H | beta
             A1| agent_line_number_1
             H | gamma
             H | person_line_number_1",
        );
    }
}

mod history {
    use super::*;

    /// `main` and `topic` part; the agent's commit is the tip of `topic`.
    fn forked() -> TestRepo {
        let repo = repo();
        repo.git(["checkout", "-q", "-b", "topic"]);
        let agent = repo.claude("s").prompt("on a branch");
        agent.edit("a.txt", "gamma", "gamma\nagent_line_on_topic_1");
        repo.replace("a.txt", "gamma\n", "gamma\nperson_line_on_topic\n");
        repo.commit_all("topic");
        repo.git(["checkout", "-q", "main"]);
        repo.committed(&[("a.txt", "a new first line\nalpha\nbeta\ngamma\n")]);
        repo
    }

    const JOINED: &str = "H | a new first line
        H | alpha
        H | beta
        H | gamma
        H | person_line_on_topic
        A1| agent_line_on_topic_1";

    #[test]
    fn rebase_keeps_the_owners() {
        let repo = forked();
        repo.git(["checkout", "-q", "topic"]);
        repo.git(["rebase", "-q", "main"]);
        repo.expect("a.txt", JOINED);
    }

    #[test]
    fn cherry_pick_keeps_the_owners() {
        let repo = forked();
        repo.git(["cherry-pick", "topic"]);
        repo.expect("a.txt", JOINED);
    }

    #[test]
    fn a_clean_merge_leaves_the_lines_to_their_commits() {
        let repo = forked();
        repo.git(["merge", "-q", "--no-edit", "topic"]);
        repo.expect("a.txt", JOINED);
        assert_eq!(repo.note("HEAD").unwrap().of("hunk").count(), 0);
    }

    /// A merge that stops: both sides changed `beta`.
    fn conflict() -> TestRepo {
        let repo = repo();
        repo.git(["checkout", "-q", "-b", "topic"]);
        repo.claude("s").prompt("on topic").edit("a.txt", "beta", "the agent's topic side");
        repo.commit_all("topic");
        repo.git(["checkout", "-q", "main"]);
        repo.committed(&[("a.txt", "alpha\nthe person's main side\ngamma\n")]);
        let _ = repo.try_git(["merge", "-q", "topic"]).failed();
        repo
    }

    #[test]
    fn a_conflict_that_an_agent_solves_is_the_agents() {
        let repo = conflict();
        let agent = repo.claude("t").prompt("solve it");
        agent.write("a.txt", "alpha\na third wording by the solver\ngamma\n");
        repo.commit_with(&["-a", "--no-edit"]);
        repo.expect("a.txt", "H | alpha\nA2| a third wording by the solver\nH | gamma");
    }

    #[test]
    fn a_conflict_that_a_person_solves_is_the_persons() {
        let repo = conflict();
        repo.write("a.txt", "alpha\nmy own way to say it\ngamma\n");
        repo.commit_with(&["-a", "--no-edit"]);
        repo.expect("a.txt", "H | alpha\nH | my own way to say it\nH | gamma");
    }

    #[test]
    fn a_conflict_solved_by_one_side_is_that_sides() {
        let repo = conflict();
        repo.git(["checkout", "-q", "--theirs", "a.txt"]);
        repo.commit_with(&["-a", "--no-edit"]);
        repo.expect("a.txt", "H | alpha\nA1| the agent's topic side\nH | gamma");
    }

    #[test]
    fn a_commit_that_somebody_else_made_is_unknown() {
        let repo = repo();
        repo.write("a.txt", "alpha\nbeta\ngamma\na teammate's line\n");
        repo.git(["-c", "core.hooksPath=/dev/null", "commit", "-q", "-a", "-m", "no tool here"]);
        repo.claude("s").prompt("one").edit("a.txt", "beta", "beta\nagent_line_number_1");
        repo.commit_all("with the tool");
        repo.expect(
            "a.txt",
            "H | alpha\nH | beta\nA1| agent_line_number_1\nH | gamma\n? | a teammate's line",
        );
    }

    #[test]
    fn squashing_keeps_the_owners() {
        let repo = repo();
        let agent = repo.claude("s").prompt("one");
        agent.edit("a.txt", "beta", "beta\nagent_line_number_1");
        repo.commit_all("one");
        let agent = agent.prompt("two");
        agent.edit("a.txt", "gamma", "gamma\nagent_line_number_2");
        repo.replace("a.txt", "alpha", "alpha\nperson_line_number_1");
        repo.commit_all("two");
        repo.git(["reset", "-q", "--soft", "HEAD~2"]);
        repo.commit("both");
        repo.expect(
            "a.txt",
            "H | alpha
             H | person_line_number_1
             H | beta
             A1| agent_line_number_1
             H | gamma
             A2| agent_line_number_2",
        );
    }
}

mod worktrees {
    use super::*;

    fn linked(repo: &TestRepo, name: &str) -> TestRepo {
        let linked = repo.at(name);
        repo.git(["worktree", "add", "-q", "-b", name, linked.top.to_str().unwrap()]);
        linked
    }

    #[test]
    fn a_linked_work_tree_records_for_itself() {
        let repo = repo();
        let linked = linked(&repo, "linked");
        linked.claude("s").prompt("one").edit("a.txt", "beta", "beta\nagent_line_number_1");
        linked.commit_all("in the linked one");
        linked.expect("a.txt", "H | alpha\nH | beta\nA1| agent_line_number_1\nH | gamma");
        // The person who writes the same in the other work tree wrote it.
        repo.replace("a.txt", "beta", "beta\nperson_line_number_1");
        repo.commit_all("in the main one");
        repo.expect("a.txt", "H | alpha\nH | beta\nH | person_line_number_1\nH | gamma");
    }

    #[test]
    fn two_work_trees_at_once_do_not_mix() {
        let repo = repo();
        let (x, y) = (linked(&repo, "x"), linked(&repo, "y"));
        let (a, b) = (x.claude("a").prompt("in x"), y.codex("b").prompt("in y"));
        let window = a.starts("printf 'shell_line_in_x_1\\n' >> b.txt");
        b.edit("b.txt", "one", "one\nedit_in_y_number_1");
        let code = a.run("printf 'shell_line_in_x_1\\n' >> b.txt");
        a.ends(window, code);
        b.edit("a.txt", "beta", "beta\nedit_in_y_number_2");
        a.edit("a.txt", "beta", "beta\nedit_in_x_number_1");
        x.commit_all("x");
        y.commit_all("y");
        x.expect("b.txt", "H | one\nH | two\nA1| shell_line_in_x_1");
        x.expect("a.txt", "H | alpha\nH | beta\nA1| edit_in_x_number_1\nH | gamma");
        y.expect("b.txt", "H | one\nA2| edit_in_y_number_1\nH | two");
        y.expect("a.txt", "H | alpha\nH | beta\nA2| edit_in_y_number_2\nH | gamma");
    }

    #[test]
    fn one_session_in_two_work_trees() {
        let repo = repo();
        let linked = linked(&repo, "linked");
        let agent = repo.claude("s").prompt("both");
        agent.edit("a.txt", "beta", "beta\nagent_line_in_main_1");
        agent.within(&linked).edit("a.txt", "gamma", "gamma\nagent_line_in_linked");
        repo.commit_all("main");
        linked.commit_all("linked");
        repo.expect("a.txt", "H | alpha\nH | beta\nA1| agent_line_in_main_1\nH | gamma");
        linked.expect("a.txt", "H | alpha\nH | beta\nH | gamma\nA1| agent_line_in_linked");
    }
}

mod shell {
    use super::*;

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
        repo.expect(
            "b.txt",
            "H | one\nA1| agent_line_number_1\nH | two\nH | saved_by_the_person_2",
        );
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
        let patch =
            "*** Begin Patch\n*** Add File: heredoc.txt\n+through the shell\n*** End Patch\n";
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
        let _ = agent.starts(
            "apply_patch <<'EOF'\n*** Begin Patch\n*** Update File: b.txt\n*** End Patch\nEOF",
        );
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
}

mod agents_that_commit {
    use super::*;
    use serde_json::Value;

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
        assert!(
            repo.ai_log(["show", "HEAD"]).ok().contains("Committed by claude-code, session s_")
        );
        repo.committed(&[("b.txt", "a person's\n")]);
        assert_eq!(shown(&repo)["committed_by"], Value::Null);
    }
}
