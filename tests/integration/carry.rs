//! Text of agents', found again where no hook saw the commit: by questions, by the next hook, by
//! `repair`, from notes and from the journal.

use crate::env::team::Team;
use crate::env::{Agent, TestRepo};

const WORK: &str = "def charge(order):\n    total = order.price * order.count\n    \
                    receipt = gateway.charge(total)\n    journal.append(order, receipt)\n    return receipt\n";

/// `topic` has an agent's function below a person's line; `main` has moved on.
fn begin(args: &[&str]) -> TestRepo {
    let repo = TestRepo::init(args);
    repo.committed(&[("a.py", "import gateway\n"), ("b.txt", "first\n")]);
    repo.git(["checkout", "-q", "-b", "topic"]);
    repo.replace("a.py", "import gateway\n", "import gateway\n# the person's remark\n");
    let agent = repo.claude("work").prompt("charge the order");
    agent.edit("a.py", "remark\n", &format!("remark\n{WORK}")).stop();
    repo.commit_all("charge, by an agent");
    repo.git(["checkout", "-q", "main"]);
    repo.committed(&[("b.txt", "second\n")]);
    std::fs::remove_dir_all(repo.git_path("hooks")).unwrap();
    // Only the notes are left, as in another clone.
    std::fs::remove_dir_all(repo.state_dir()).unwrap();
    repo
}

#[test]
fn a_persons_lines_that_an_agent_wrote_too_stay_theirs() {
    let repo = begin(&[]);
    repo.write("c.py", "total = order.price * order.count\nreceipt = gateway.charge(total)\n");
    repo.commit_all("two lines of the same words");
    assert_eq!(repo.ai_log(["repair"]).ok(), "");
    assert!(repo.note("HEAD").is_none());
}

/// `git ai-log blame --json` of this file: contributor and source of each line.
fn owners(repo: &TestRepo, path: &str) -> Vec<(String, String)> {
    let json = repo.ai_log(["blame", "--json", path]).ok();
    let blame: serde_json::Value = serde_json::from_str(&json).unwrap();
    let lines = blame["lines"].as_array().unwrap().iter();
    let word = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_owned();
    lines.map(|line| (word(&line["contributor"]), word(&line["source"]))).collect()
}

fn is(contributor: &str, source: &str) -> (String, String) {
    (contributor.into(), source.into())
}

#[test]
fn a_question_finds_what_no_hook_saw() {
    let repo = begin(&[]);
    let _ = repo.sh("git merge -q --squash topic && git commit -qm squashed").ok();
    assert_eq!(owners(&repo, "a.py")[2], is("ai", "carried"));
    assert_eq!(owners(&repo, "a.py")[1], is("human", "carried"), "the person's remark");
    let answer = repo.ai_log(["--json", "a.py:4"]).ok();
    assert!(answer.contains("charge the order"), "{answer}");
    let shown = repo.ai_log(["show", "--json"]).ok();
    assert!(shown.contains("\"source\":\"carried\"") && shown.contains("not-recorded"), "{shown}");
    assert!(repo.note("HEAD").is_none(), "a question writes nothing");
    let _ = repo.ai_log(["repair"]).ok();
    assert_eq!(owners(&repo, "a.py")[2], is("ai", "note"));
}

#[test]
fn the_index_grows_with_the_notes_and_may_be_lost() {
    let repo = begin(&[]);
    let _ = repo.sh("git cherry-pick topic").ok();
    assert_eq!(owners(&repo, "a.py")[2], is("ai", "carried"));
    repo.install_hooks();
    let other = WORK.replace("charge", "refund").replace("total", "amount");
    repo.git(["checkout", "-q", "topic"]);
    repo.claude("more").prompt("refund").edit(
        "a.py",
        "return receipt\n",
        &format!("return receipt\n{other}"),
    );
    repo.commit_all("refund, by an agent");
    repo.git(["checkout", "-q", "main"]);
    let cut = |_: &TestRepo| std::fs::remove_dir_all(repo.git_path("hooks")).unwrap();
    cut(&repo);
    let _ = repo.sh("git cherry-pick topic").ok();
    assert_eq!(owners(&repo, "a.py")[7], is("ai", "carried"));
    std::fs::remove_dir_all(repo.state_dir().join("cache")).unwrap();
    assert_eq!(owners(&repo, "a.py")[7], is("ai", "carried"));
    for table in std::fs::read_dir(repo.state_dir().join("cache/carry")).unwrap() {
        std::fs::write(table.unwrap().path(), "damaged").unwrap();
    }
    let _ = owners(&repo, "a.py");
    assert_eq!(owners(&repo, "a.py")[7], is("ai", "carried"));
}

#[test]
fn the_next_hook_repairs() {
    for next in ["git merge -q --ff-only squashed", "git checkout -q squashed"] {
        let repo = begin(&[]);
        let squash = "git checkout -qb squashed && git merge -q --squash topic && \
                      git commit -qm squashed && git checkout -q main";
        let _ = repo.sh(squash).ok();
        repo.install_hooks();
        let _ = repo.sh(next).ok();
        assert!(repo.note("HEAD").is_some(), "{next}");
    }
}

/// An agent's single line, on a branch.
fn one_line() -> TestRepo {
    let repo = begin(&[]);
    repo.install_hooks();
    repo.git(["checkout", "-q", "-b", "small"]);
    repo.claude("small").prompt("wait less").edit("b.txt", "second\n", "second\ntimeout = 30\n");
    repo.commit_all("one line");
    repo.git(["checkout", "-q", "main"]);
    repo.committed(&[("c.txt", "third\n")]);
    std::fs::remove_dir_all(repo.git_path("hooks")).unwrap();
    std::fs::remove_dir_all(repo.state_dir()).unwrap();
    repo
}

#[test]
fn one_line_is_known_by_the_author_and_time_that_a_rewrite_keeps() {
    let repo = one_line();
    let _ = repo.sh("git cherry-pick small").ok();
    assert_eq!(owners(&repo, "b.txt")[1], is("ai", "carried"));
}

#[test]
fn one_line_in_a_squash_is_in_doubt() {
    let repo = one_line();
    repo.git(["checkout", "-q", "small"]);
    repo.write("d.txt", "a person's\n");
    repo.commit_all("more, by a person");
    repo.git(["checkout", "-q", "main"]);
    let _ = repo.sh("git merge -q --squash small && git commit -qm squashed").ok();
    assert_ne!(owners(&repo, "b.txt")[1].0, "ai");
}

#[test]
fn one_line_in_a_squash_is_known_by_what_a_person_wrote_beside_it() {
    let repo = one_line();
    repo.install_hooks();
    repo.git(["checkout", "-q", "small"]);
    let near = "delay = 5 seconds\nwindow of a dozen requests\nbackoff doubles each time\n";
    repo.write("b.txt", format!("second\n{near}"));
    repo.claude("less").prompt("try less").edit("b.txt", near, &format!("{near}retries = 4\n"));
    repo.commit_all("a person's three lines, and one of an agent's");
    repo.git(["checkout", "-q", "main"]);
    std::fs::remove_dir_all(repo.git_path("hooks")).unwrap();
    std::fs::remove_dir_all(repo.state_dir()).unwrap();
    let _ = repo.sh("git merge -q --squash small && git commit -qm squashed").ok();
    let owned = owners(&repo, "b.txt");
    let words: Vec<&str> = owned.iter().map(|(word, _)| word.as_str()).collect();
    assert_eq!(words, ["human", "human", "human", "human", "ai"]);
}

/// An agent's lines are on `main`, and the journal is gone.
fn merged() -> TestRepo {
    let repo = begin(&[]);
    repo.git(["merge", "-q", "--no-edit", "topic"]);
    repo.install_hooks();
    repo
}

#[test]
fn lines_that_a_person_moves_or_indents_much_later_stay_the_agents() {
    let repo = merged();
    let lines = "    total = order.price * order.count\n    receipt = gateway.charge(total)\n";
    let text = repo.read("a.py").replace(lines, "");
    repo.write("a.py", &text);
    repo.write("b.py", format!("# moved by a person\nif True:\n  {}", lines.replace("    ", "  ")));
    repo.commit_all("a person moves two lines");
    let owned = owners(&repo, "b.py");
    assert_eq!((owned[0].0.as_str(), &owned[2]), ("human", &is("ai", "note")));
    let text = repo.read("a.py").replace("    journal.append", "        journal.append");
    repo.write("a.py", &text);
    repo.commit_all("a person indents one line");
    assert_eq!(owners(&repo, "a.py")[3], is("ai", "note"));
    repo.write("e.py", "    journal.append(order, receipt)\n");
    repo.commit_all("a person types the same line");
    assert_eq!(owners(&repo, "e.py")[0].0, "human");
}

#[test]
fn a_revert_of_a_revert_brings_the_agents_line_back() {
    let repo = merged();
    repo.claude("late").prompt("wait less").edit("b.txt", "second\n", "second\ntimeout = 30\n");
    repo.commit_all("one line");
    std::fs::remove_dir_all(repo.state_dir()).unwrap();
    let _ = repo.sh("git revert --no-edit HEAD && git revert --no-edit HEAD").ok();
    assert_eq!(owners(&repo, "b.txt")[1], is("ai", "note"));
}

#[test]
fn a_commit_by_a_client_without_hooks_is_found_in_the_journal() {
    let repo = merged();
    repo.claude("ide").prompt("wait less").edit("b.txt", "second\n", "second\ntimeout = 30\n");
    repo.replace("a.py", "import gateway\n", "import gateway\n# a person's, too\n");
    repo.git(["-c", "core.hooksPath=/dev/null", "commit", "-qam", "by another client"]);
    let _ = repo.ai_log(["repair"]).ok();
    assert_eq!(owners(&repo, "b.txt")[1], is("ai", "note"));
    assert_eq!(repo.note("HEAD").unwrap().hunk(b"b.txt", 2).unwrap()["evidence"], "edit");
    assert_eq!(owners(&repo, "a.py")[1], is("human", "note"));
    assert_eq!(repo.ai_log(["repair"]).ok(), "");
}

#[test]
fn a_copy_of_agents_lines_is_theirs_and_the_copyists_own_are_not() {
    let repo = merged();
    repo.write("copy.py", format!("# by a person\n{WORK}# another remark, by a person\n"));
    repo.commit_all("copied");
    let owned = owners(&repo, "copy.py");
    let words: Vec<&str> = owned.iter().map(|(word, _)| word.as_str()).collect();
    assert_eq!(words, ["human", "ai", "ai", "ai", "ai", "ai", "human"]);
}

#[test]
fn git_tells_before_a_commit_what_it_squashes_and_picks() {
    // A conflict, a single line, and the journal is gone: only the named commits are left.
    for take in ["git merge -q --squash small", "git cherry-pick small"] {
        let repo = one_line();
        repo.install_hooks();
        repo.write("b.txt", "second\nanother line of a person's\n");
        repo.commit_all("the same place");
        let _ = repo.sh(take);
        repo.write("b.txt", "second\nanother line of a person's\ntimeout = 30\n");
        repo.git(["add", "-A"]);
        repo.commit("resolved");
        let owned = owners(&repo, "b.txt");
        assert_eq!((&owned[1].0[..], &owned[2].0[..]), ("human", "ai"), "{take}");
    }
}

/// A clone that has an agent's commit and not yet its note, in which a person has indented two of
/// its lines. Returns the note, under a ref of its own, for `arrives`.
fn too_early() -> TestRepo {
    let repo = merged();
    repo.git(["update-ref", "refs/tmp/notes", "refs/notes/ai-log/provenance"]);
    repo.git(["update-ref", "-d", "refs/notes/ai-log/provenance"]);
    let lines = "    total = order.price * order.count\n    receipt = gateway.charge(total)\n";
    let text = repo.read("a.py").replace(lines, &lines.replace("    ", "        "));
    repo.write("a.py", &text);
    repo.commit_all("indented by a person");
    assert_eq!(owners(&repo, "a.py")[3], is("human", "note"));
    repo
}

/// The hub gets the notes that were missing.
fn arrives(repo: &TestRepo) {
    repo.git(["init", "-q", "--bare", "../hub"]);
    repo.git(["push", "-q", "../hub", "refs/tmp/notes:refs/notes/ai-log/provenance"]);
    repo.git(["remote", "add", "origin", "../hub"]);
    let _ = repo.ai_log(["sync"]).ok();
}

#[test]
fn a_note_that_came_too_late_is_taken_up_by_repair() {
    let repo = too_early();
    arrives(&repo);
    let _ = repo.ai_log(["repair"]).ok();
    assert_eq!(owners(&repo, "a.py")[3], is("ai", "note"));
    assert_eq!(owners(&repo, "a.py")[0].0, "human");
    assert_eq!(repo.ai_log(["repair"]).ok(), "", "nothing is left to do");
    assert_eq!(repo.ai_log(["verify"]).code, Some(0));
}

#[test]
fn a_note_that_came_too_late_is_taken_up_by_the_next_hook() {
    let repo = too_early();
    arrives(&repo);
    repo.committed(&[("b.txt", "a person's next commit\n")]);
    assert_eq!(owners(&repo, "a.py")[3], is("ai", "note"));
    assert_eq!(owners(&repo, "a.py")[0].0, "human");
}

#[test]
fn lines_that_an_agent_copied_later_stay_the_persons_who_typed_them() {
    for hooks in [true, false] {
        let repo = merged();
        let typed = WORK.replace("charge", "refund").replace("total", "amount");
        repo.write("typed.py", &typed);
        let off = ["-c", "core.hooksPath=/dev/null"];
        repo.git(["add", "-A"]);
        repo.git([&off[usize::from(hooks) * 2..], &["commit", "-qm", "by a person"]].concat());
        // On the branch itself, and on another one that was merged.
        for name in ["one.py", "two.py"] {
            repo.claude(name).prompt("the same here").write(name, &typed);
            repo.commit_all("copied by an agent");
            repo.git(["checkout", "-q", "-b", name]);
        }
        repo.git(["checkout", "-q", "-B", "main", "HEAD~2"]);
        let _ = repo.ai_log(["repair"]).ok();
        assert_ne!(owners(&repo, "typed.py")[1].0, "ai", "aside, hooks: {hooks}");
        repo.git(["merge", "-q", "--ff-only", "two.py"]);
        let _ = repo.ai_log(["repair"]).ok();
        assert_ne!(owners(&repo, "typed.py")[1].0, "ai", "below, hooks: {hooks}");
        assert_eq!(owners(&repo, "two.py")[1].0, "ai");
    }
}

const OFF: [&str; 2] = ["-c", "core.hooksPath=/dev/null"];

/// A branch with a person's file, on which an agent copied its lines into another one; `main` has
/// moved on. The second clone has the branch as it was before the copy and before a rebase, the
/// hub has the notes.
fn copied_by_an_agent() -> Team {
    let team = Team::new(&[]);
    let (first, second) = (&team.first, &team.second);
    first.set_one_clock();
    let typed = WORK.replace("charge", "refund").replace("total", "amount");
    first.git(["checkout", "-q", "-b", "typed"]);
    first.write("typed.py", &typed);
    first.commit_all("typed by a person");
    first.git(["push", "-q", "origin", "typed"]);
    second.git(["fetch", "-q"]);
    second.git(["branch", "-q", "--no-track", "typed", "origin/typed"]);
    first.git(["checkout", "-q", "main"]);
    first.committed(&[("b.txt", "moved on\n")]);
    first.git(["rebase", "-q", "main", "typed"]);
    first.claude("copy").prompt("the same here").write("copy.py", &typed);
    first.commit_all("copied by an agent");
    first.git(["push", "-q", "-f", "origin", "typed", "main"]);
    first.sync();
    team
}

#[test]
fn lines_that_an_agent_copied_from_another_rebase_stay_the_persons_who_typed_them() {
    for (early, hooks) in [(true, true), (true, false), (false, true), (false, false)] {
        let Team { second, .. } = copied_by_an_agent();
        if early {
            second.git(["fetch", "-q"]);
            second.sync();
        }
        second.committed(&[("c.txt", "moved on elsewhere\n")]);
        second.git([&OFF[usize::from(hooks) * 2..], &["rebase", "-q", "main", "typed"]].concat());
        second.sync();
        let _ = second.ai_log(["repair"]).ok();
        assert_ne!(owners(&second, "typed.py")[1].0, "ai", "early: {early}, hooks: {hooks}");
    }
}

/// A clone that has the notes, and of the branch only what a server made of it.
fn from_the_server(script: &str) -> TestRepo {
    let Team { first, .. } = copied_by_an_agent();
    first.git(["checkout", "-q", "main"]);
    first.committed(&[("d.txt", "moved on again\n")]);
    let off =
        "export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=core.hooksPath GIT_CONFIG_VALUE_0=/dev/null";
    let _ = first.sh(&format!("{off}; {script}")).ok();
    first.git(["push", "-q", "origin", "main", ":typed"]);
    let clone = first.clone_to("clone", &[]);
    clone.sync();
    let _ = clone.ai_log(["repair"]).ok();
    clone
}

#[test]
fn a_server_rebases_a_branch_in_which_an_agent_copied_a_persons_lines() {
    let clone = from_the_server("git rebase -q main typed && git checkout -q -B main");
    assert_ne!(owners(&clone, "typed.py")[1].0, "ai");
    assert_eq!(owners(&clone, "copy.py")[1], is("ai", "note"));
}

#[test]
fn a_server_squashes_a_branch_in_which_an_agent_copied_a_persons_lines() {
    let clone = from_the_server("git merge -q --squash typed && git commit -qm squashed");
    assert_ne!(owners(&clone, "typed.py")[1].0, "ai");
    assert_eq!(owners(&clone, "copy.py")[1], is("ai", "note"));
}

#[test]
fn a_server_squashes_lines_that_an_agent_wrote_again_below_a_persons() {
    let team = Team::new(&[]);
    let repo = &team.first;
    repo.git(["checkout", "-q", "-b", "typed"]);
    repo.committed(&[("typed.py", WORK)]);
    repo.claude("copy").prompt("once more").write("typed.py", &format!("{WORK}\n\n{WORK}"));
    repo.commit_all("the same again, by an agent");
    repo.sync();
    repo.git(["checkout", "-q", "main"]);
    let _ = repo.sh("git merge -q --squash typed").ok();
    repo.git([&OFF[..], &["commit", "-qm", "squashed"]].concat());
    repo.git(["push", "-q", "origin", "main"]);
    let clone = repo.clone_to("clone", &[]);
    clone.sync();
    let _ = clone.ai_log(["repair"]).ok();
    assert_ne!(owners(&clone, "typed.py")[1].0, "ai");
}

#[test]
fn what_an_agent_copied_in_the_same_commit_stays_the_persons_when_it_is_made_again() {
    let repo = TestRepo::with(&[("typed.py", "import gateway\n"), ("b.txt", "first\n")]);
    repo.set_one_clock();
    let typed = WORK.replace("charge", "refund").replace("total", "amount");
    repo.git(["checkout", "-q", "-b", "topic"]);
    repo.write("typed.py", format!("import gateway\n{typed}"));
    repo.claude("copy").prompt("the same here").write("copy.py", &typed);
    repo.commit_all("typed by a person, and copied by an agent");
    repo.git(["checkout", "-q", "main"]);
    repo.committed(&[("b.txt", "second\n")]);
    let _ = repo.sh("git format-patch -q --stdout main..topic | git am -q").ok();
    let _ = repo.ai_log(["repair"]).ok();
    assert_ne!(owners(&repo, "typed.py")[2].0, "ai");
    assert_eq!(owners(&repo, "copy.py")[1], is("ai", "note"));
}

/// A person's file, and a commit on top in which an agent copied it into another one.
fn copied_here() -> TestRepo {
    let repo = merged();
    let typed = WORK.replace("charge", "refund").replace("total", "amount");
    repo.committed(&[("typed.py", &typed)]);
    repo.claude("copy").prompt("the same here").write("copy.py", &typed);
    repo.commit_all("copied by an agent");
    repo
}

#[test]
fn a_copy_is_nobodys_where_a_persons_file_has_the_text_as_well_as_an_agents() {
    for hooks in [true, false] {
        let repo = copied_here();
        let _ = repo.sh("cp typed.py third.py && git add third.py").ok();
        repo.git([&OFF[usize::from(hooks) * 2..], &["commit", "-qm", "copied"]].concat());
        let _ = repo.ai_log(["repair"]).ok();
        assert_ne!(owners(&repo, "third.py")[1].0, "ai", "hooks: {hooks}");
        assert_eq!(owners(&repo, "copy.py")[1], is("ai", "note"));
    }
}

#[test]
fn a_persons_lines_that_were_taken_out_and_come_back_are_not_those_of_an_agent_who_copied_them() {
    let repo = copied_here();
    let typed = repo.read("typed.py");
    for text in ["import gateway\n", &typed] {
        repo.write("typed.py", text);
        repo.git([&OFF[..], &["commit", "-qam", "out, and in again"]].concat());
    }
    let _ = repo.ai_log(["repair"]).ok();
    assert_ne!(owners(&repo, "typed.py")[1].0, "ai");
    assert_eq!(owners(&repo, "copy.py")[1], is("ai", "note"));
}

/// A clone with a person's file, and the notes of an agent's commit that copied it and is not here.
fn copied_elsewhere() -> Team {
    let team = Team::new(&[]);
    let (first, second) = (&team.first, &team.second);
    first.set_one_clock();
    first.committed(&[("typed.py", WORK)]);
    first.git(["push", "-q", "origin", "main"]);
    first.claude("copy").prompt("the same here").write("copy.py", WORK);
    first.commit_all("copied by an agent");
    first.sync();
    second.git(["pull", "-q"]);
    second.sync();
    team
}

#[test]
fn a_persons_lines_that_come_back_are_theirs_where_the_commit_of_the_agent_is_not_here() {
    let Team { second, .. } = copied_elsewhere();
    for text in ["import gateway\n", "import journal\n", WORK] {
        second.write("typed.py", text);
        second.git([&OFF[..], &["commit", "-qam", "out, and in again"]].concat());
        second.git([&OFF[..], &["commit", "-q", "--allow-empty", "-m", "other work"]].concat());
    }
    let _ = second.ai_log(["repair"]).ok();
    assert_ne!(owners(&second, "typed.py")[2].0, "ai");
}

#[test]
fn a_persons_move_in_two_commits_is_theirs_where_an_agent_copied_the_lines_elsewhere() {
    let Team { second, .. } = copied_elsewhere();
    let off =
        "export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=core.hooksPath GIT_CONFIG_VALUE_0=/dev/null";
    let script = "cp typed.py moved.py; echo 'import gateway' > typed.py; \
                  git commit -qam out; git add .; git commit -qm in";
    let _ = second.sh(&format!("{off}; {script}")).ok();
    let _ = second.ai_log(["repair"]).ok();
    assert_eq!(owners(&second, "moved.py").len(), WORK.lines().count());
    assert!(owners(&second, "moved.py").iter().all(|(contributor, _)| contributor != "ai"));
}

#[test]
fn a_persons_lines_that_come_back_are_theirs_where_the_copy_was_made_again_without_them() {
    let repo = TestRepo::with(&[("typed.py", WORK)]);
    repo.claude("copy").prompt("the same here").write("copy.py", WORK).stop();
    let off =
        "export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=core.hooksPath GIT_CONFIG_VALUE_0=/dev/null";
    let script = "git checkout -qb topic; git add .; git commit -qm copied; git checkout -q main; \
                  echo 'import gateway' > typed.py; git commit -qam out; \
                  git rebase -q --no-ff main topic";
    let _ = repo.sh(&format!("{off}; {script}")).ok();
    let _ = repo.ai_log(["repair"]).ok();
    repo.write("typed.py", WORK);
    repo.git([&OFF[..], &["commit", "-qam", "in again"]].concat());
    let _ = repo.ai_log(["repair"]).ok();
    assert_ne!(owners(&repo, "typed.py")[1].0, "ai");
    assert_eq!(owners(&repo, "copy.py")[1].0, "ai");
}

#[test]
fn a_persons_lines_that_a_conflict_brings_back_are_theirs_though_a_copy_goes_with_the_commit() {
    let repo = TestRepo::with(&[("typed.py", &format!("import gateway\n{WORK}import journal\n"))]);
    let agent = repo.claude("copy").prompt("the same here");
    agent.write("copy.py", WORK);
    repo.commit_all("copied by an agent");
    repo.git(["checkout", "-q", "-b", "topic"]);
    agent.write("copy.py", "import ledger\n");
    let typed = repo.read("typed.py");
    repo.write("typed.py", typed.replace("journal\n", "journal\nimport ledger\n"));
    repo.commit_all("out of the copy, and a person's line");
    repo.git(["checkout", "-q", "main"]);
    repo.write("typed.py", "import gateway\nimport another\n");
    repo.commit_all("out of the person's file");
    repo.git(["rebase", "-q", "-X", "theirs", "main", "topic"]);
    assert_eq!(repo.read("typed.py").matches(WORK).count(), 1);
    assert!(owners(&repo, "typed.py").iter().all(|(contributor, _)| contributor == "human"));
}

#[test]
fn a_persons_file_that_was_restored_and_reverted_twice_is_not_an_agents_who_copied_it() {
    let Team { second, .. } = copied_elsewhere();
    let off =
        "export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=core.hooksPath GIT_CONFIG_VALUE_0=/dev/null";
    let script = "git rm -q typed.py; git commit -qm gone; git checkout -q HEAD~1 -- typed.py; \
                  git commit -qm back; git revert --no-edit HEAD; git revert --no-edit HEAD";
    let _ = second.sh(&format!("{off}; {script}")).ok();
    let _ = second.ai_log(["repair"]).ok();
    assert_ne!(owners(&second, "typed.py")[1].0, "ai");
}

#[test]
fn what_an_agent_copied_in_a_later_commit_does_not_move_into_one_that_is_split_below() {
    let repo = TestRepo::with(&[("b.txt", "first\n")]);
    repo.committed(&[("typed.py", WORK), ("b.txt", "second\n")]);
    repo.claude("copy").prompt("the same here").write("copy.py", WORK);
    repo.commit_all("copied by an agent");
    repo.committed(&[("third.py", WORK)]);
    let script = "GIT_SEQUENCE_EDITOR=\"sed -i '1s/^pick/edit/'\" git rebase -q -i HEAD~3 2>/dev/null; \
                  git reset -q HEAD^; git add typed.py; git commit -qm typed; git commit -qam rest; \
                  git rebase --continue 2>/dev/null";
    let _ = repo.sh(script).ok();
    let subjects = repo.git(["log", "--skip=1", "--format=%s", "-3"]);
    assert_eq!(subjects, "copied by an agent\nrest\ntyped");
    let _ = repo.ai_log(["repair"]).ok();
    assert_ne!(owners(&repo, "typed.py")[1].0, "ai");
    assert_ne!(owners(&repo, "third.py")[1].0, "ai");
    assert_eq!(owners(&repo, "copy.py")[1], is("ai", "note"));
}

/// The agent comes upon `main` again by a command, by an edit of the file, or not at all; what a
/// person takes over from `topic` then is not the agent's.
fn is_taken_from_topic(repo: &TestRepo, agent: &Agent, comes: &str) {
    repo.git(["checkout", "-q", "main"]);
    match comes {
        "command" => drop(agent.shell("true")),
        "edit" => drop(agent.edit("b.txt", "first\n", "second\n")),
        _ => repo.write("b.txt", "second\n"),
    }
    repo.git(["checkout", "-q", "topic", "--", "typed.py"]);
    repo.commit_all("taken by a person");
    assert_ne!(owners(repo, "typed.py")[1].0, "ai", "{comes}");
}

#[test]
fn what_stayed_on_another_branch_is_not_what_a_person_takes_from_there() {
    for comes in ["command", "edit", "not"] {
        let repo = TestRepo::with(&[("b.txt", "first\n")]);
        repo.git(["checkout", "-q", "-b", "topic"]);
        repo.committed(&[("typed.py", WORK)]);
        let agent = repo.claude("copy").prompt("the same here");
        agent.edit("b.txt", "first\n", &format!("first\n{WORK}"));
        repo.commit_all("copied by an agent");
        is_taken_from_topic(&repo, &agent, comes);
    }
}

#[test]
fn what_was_committed_on_a_new_branch_has_stayed_there_though_head_came_back() {
    for comes in ["command", "edit", "not"] {
        let repo = TestRepo::init(&[]);
        repo.set_one_clock();
        repo.committed(&[("b.txt", "first\n")]);
        repo.write("typed.py", WORK);
        let agent = repo.claude("copy").prompt("the same here");
        agent.edit("b.txt", "first\n", &format!("first\n{WORK}"));
        repo.git(["checkout", "-q", "-b", "topic"]);
        repo.git(["add", "typed.py"]);
        repo.git(["commit", "-qm", "typed"]);
        repo.commit_all("copied by an agent");
        is_taken_from_topic(&repo, &agent, comes);
    }
}

#[test]
fn what_was_carried_to_another_branch_and_back_may_still_be_moved() {
    let repo = TestRepo::init(&[]);
    repo.set_one_clock();
    repo.committed(&[("b.txt", "first\n"), ("c.txt", "third\n")]);
    repo.git(["branch", "other"]);
    repo.claude("work").prompt("charge").edit("b.txt", "first\n", &format!("first\n{WORK}"));
    repo.git(["checkout", "-q", "other"]);
    repo.git(["checkout", "-q", "main"]);
    repo.write("b.txt", "first\n");
    repo.write("c.txt", format!("third\n{WORK}"));
    repo.commit_all("moved by a person");
    assert_eq!(owners(&repo, "c.txt")[2].0, "ai");
}

#[test]
fn what_a_merge_takes_from_one_file_and_brings_into_another_was_not_moved_here() {
    for looks in [true, false] {
        let repo = TestRepo::with(&[("typed.py", WORK), ("third.py", "first\n")]);
        let agent = repo.claude("copy").prompt("the same here");
        agent.write("copy.py", WORK);
        agent.edit("third.py", "first\n", "first\nthe agent's own second line\n");
        repo.commit_all("copied by an agent");
        let script = "git clone -q . ../other && cd ../other && sed -n 2,3p typed.py >> third.py && \
                      sed -i 2,3d typed.py && sed -i 2,3d copy.py && git commit -qam moved && \
                      cd - && git -c core.hooksPath=/dev/null pull -q ../other";
        let _ = repo.sh(script).ok();
        if looks {
            let _ = agent.shell("true");
        }
        let _ = repo.ai_log(["repair"]).ok();
        let owners = owners(&repo, "third.py");
        assert_eq!(owners[1].0, "ai", "{looks}");
        assert_ne!(owners[2].0, "ai", "{looks}");
        assert_ne!(owners[3].0, "ai", "{looks}");
    }
}

#[test]
fn what_is_not_committed_yet_may_be_moved_after_git_has_changed_its_file() {
    let repo = TestRepo::with(&[("a.py", "import gateway\n\n\nprint('the end')\n")]);
    repo.claude("work").prompt("charge").edit("a.py", "\n\n", &format!("\n\n{WORK}"));
    let script = "git stash -q && git clone -q . ../other && cd ../other && \
                  sed -i '1i import journal' a.py && git commit -qam import && cd - && \
                  git pull -q ../other && git stash pop -q";
    let _ = repo.sh(script).ok();
    repo.replace("a.py", WORK, "");
    repo.write("b.py", WORK);
    repo.commit_all("moved by a person");
    assert_eq!(owners(&repo, "b.py")[1].0, "ai");
}

#[test]
fn one_line_that_comes_back_beside_its_neighbour_is_the_agents() {
    let repo =
        TestRepo::with(&[("a.py", "first of all\nsecond of all\n    return None\nlast of all\n")]);
    repo.git(["checkout", "-q", "-b", "topic"]);
    let agent = repo.claude("work").prompt("charge");
    agent.edit("a.py", "first of all\n", "first of all\n    return None\nthe agent's own line\n");
    repo.commit_all("by an agent");
    repo.git(["checkout", "-q", "main"]);
    // It sees the file without the line.
    let _ = agent.shell("true");
    repo.write("a.py", "first of all\n    return None\nthe agent's own line\nlast of all\n");
    repo.commit_all("as on the branch");
    assert_eq!(owners(&repo, "a.py")[2].0, "ai");
}

#[test]
fn of_two_same_texts_one_moved_and_one_typed_nobody_knows_which_is_the_agents() {
    let repo = TestRepo::with(&[("typed.py", "import gateway\n")]);
    repo.write("typed.py", format!("import gateway\n{WORK}"));
    repo.claude("copy").prompt("the same here").write("copy.py", WORK);
    repo.write("copy.py", "import journal\n");
    repo.write("typed.py", format!("import gateway\n{WORK}\n\n{WORK}"));
    repo.commit_all("moved back by a person");
    assert_ne!(owners(&repo, "typed.py")[2].0, "ai");
}

#[test]
fn what_is_not_committed_yet_follows_its_file_where_git_renames_it() {
    let text = "import gateway\nimport journal\nimport ledger\nprint('the end')\n";
    let repo = TestRepo::with(&[("a.py", text)]);
    repo.claude("work").prompt("charge").edit("a.py", "ledger\n", &format!("ledger\n{WORK}"));
    let script = "git stash -q && git clone -q . ../other && cd ../other && git mv a.py b.py && \
                  git commit -qm renamed && cd - && git pull -q ../other && git stash pop -q";
    let _ = repo.sh(script).ok();
    repo.commit_all("by a person");
    assert_eq!(owners(&repo, "b.py")[4].0, "ai");
}

#[test]
fn what_a_reset_leaves_in_the_work_tree_may_be_moved() {
    let repo = TestRepo::with(&[("a.py", "import gateway\n"), ("b.py", "import journal\n")]);
    let agent = repo.claude("work").prompt("charge");
    agent.edit("a.py", "gateway\n", "gateway\nthe agent's own line\nthe agent's second line\n");
    repo.commit_all("by an agent");
    let _ = agent.shell("true");
    repo.git(["reset", "-q", "HEAD~1"]);
    repo.write("a.py", "import gateway\n");
    repo.write("b.py", "import journal\nthe agent's own line\nthe agent's second line\n");
    repo.commit_all("moved by a person");
    assert_eq!(owners(&repo, "b.py")[1].0, "ai");
}

#[test]
fn what_a_person_moved_into_a_file_that_the_agent_edits_next_is_the_agents() {
    let repo = TestRepo::with(&[("a.py", "import gateway\n"), ("b.py", "import journal\n")]);
    let agent = repo.claude("work").prompt("charge");
    agent.edit("a.py", "gateway\n", "gateway\nthe agent's own line\n");
    repo.write("a.py", "import gateway\n");
    repo.write("b.py", "import journal\nthe agent's own line\n");
    agent.edit("b.py", "journal\n", "journal, ledger\n");
    repo.commit_all("moved by a person");
    assert_eq!(owners(&repo, "b.py")[1].0, "ai");
}

#[test]
fn what_a_person_copied_and_then_took_away_where_it_was_copied_from_is_the_persons() {
    let repo = TestRepo::with(&[("a.py", "import gateway\n"), ("b.py", "import journal\n")]);
    let agent = repo.claude("work").prompt("charge");
    agent.edit("a.py", "gateway\n", "gateway\nthe agent's own line\n");
    repo.write("b.py", "import journal\nthe agent's own line\n");
    agent.edit("b.py", "journal\n", "journal, ledger\n");
    let _ = agent.shell("true");
    repo.write("a.py", "import gateway\n");
    repo.commit_all("copied by a person");
    assert_eq!(owners(&repo, "b.py")[1].0, "human");
}

#[test]
fn what_a_person_moved_into_a_file_that_no_agent_knows_is_the_agents_whoever_looked() {
    let repo = TestRepo::with(&[("a.py", "import gateway\n"), ("b.py", "import journal\n")]);
    for look in ["a command", "an edit"] {
        let agent = repo.claude("work").prompt("charge");
        agent.edit("a.py", "gateway\n", &format!("gateway\nthe agent's line before {look}\n"));
        repo.write("a.py", "import gateway\n");
        repo.write("b.py", format!("import journal\nthe agent's line before {look}\n"));
        match look {
            "an edit" => agent.edit("a.py", "gateway\n", "gateway, ledger\n"),
            _ => agent.shell("true"),
        };
        repo.commit_all("moved by a person");
        assert_eq!(owners(&repo, "b.py")[1].0, "ai", "{look}");
    }
}

#[test]
fn what_nobody_knew_of_a_squash_is_known_once_the_notes_of_its_branch_come() {
    let Team { first, second, .. } = Team::new(&[]);
    let files = [("a.py", "import gateway\nimport journal\n"), ("b.py", "import ledger\n")];
    first.committed(&files);
    first.claude("work").prompt("charge").edit("a.py", "journal\n", &format!("journal\n{WORK}"));
    first.commit_all("by an agent");
    first.git(["push", "-q", "origin", "main"]);
    first.sync();
    first.git(["checkout", "-q", "-b", "topic"]);
    // A person moves the agent's text, by which the squash is known to have something of an agent's.
    first.write("a.py", files[0].1);
    first.write("b.py", format!("{}{WORK}", files[1].1));
    let later = WORK.replace("charge", "refund").replace("total", "amount");
    first.claude("later").prompt("refund").write("c.py", &later);
    first.commit_all("moved, and more by an agent");
    first.git(["checkout", "-q", "main"]);
    first.git(["merge", "-q", "--squash", "topic"]);
    first.git([&OFF[..], &["commit", "-qm", "squashed on the server"]].concat());
    first.git(["push", "-q", "--no-verify", "origin", "main"]);
    second.git(["pull", "-q"]);
    second.sync();
    let _ = second.ai_log(["repair"]).ok();
    assert_eq!(owners(&second, "b.py")[2], is("ai", "note"));
    assert_eq!(owners(&second, "c.py")[1], is("unknown", "note"));
    first.sync();
    second.sync();
    let _ = second.ai_log(["repair"]).ok();
    assert_eq!(owners(&second, "b.py")[2], is("ai", "note"));
    assert_eq!(owners(&second, "c.py")[1], is("ai", "note"));
    assert_eq!(second.ai_log(["repair"]).ok(), "", "nothing is left to do");
    assert_eq!(second.ai_log(["verify"]).code, Some(0));
}

#[test]
fn a_persons_lines_that_an_agent_copied_are_theirs_though_the_copy_is_committed_first() {
    let repo = TestRepo::with(&[("readme", "a person's\n")]);
    repo.write("typed.py", WORK);
    repo.claude("copy").prompt("the same here").write("copy.py", WORK);
    for path in ["copy.py", "typed.py"] {
        repo.stage(&[path]);
        repo.commit(path);
    }
    assert_ne!(owners(&repo, "typed.py")[1].0, "ai");
    assert_eq!(owners(&repo, "copy.py")[1], is("ai", "note"));
}

#[test]
fn the_same_where_no_hook_ran_and_repair_finds_both_commits() {
    let repo = TestRepo::with(&[("readme", "a person's\n")]);
    repo.write("typed.py", WORK);
    repo.claude("copy").prompt("the same here").write("copy.py", WORK).stop();
    for path in ["copy.py", "typed.py"] {
        repo.stage(&[path]);
        repo.git(["-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", path]);
    }
    // Of the copy first, so that its note is known when the other commit is looked at.
    for range in ["HEAD~1", "HEAD"] {
        let _ = repo.ai_log(["repair", range]).ok();
    }
    assert_ne!(owners(&repo, "typed.py")[1].0, "ai");
    assert_eq!(owners(&repo, "copy.py")[1], is("ai", "note"));
}
