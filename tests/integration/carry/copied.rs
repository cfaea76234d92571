//! Lines of a person's that an agent copied: they stay the person's where they stood, whatever is
//! made of the commits.

use super::{NO_HOOKS, OFF, WORK, is, merged, owners};
use crate::env::team::Team;
use crate::env::{Agent, TestRepo};

#[test]
fn lines_that_an_agent_copied_later_stay_the_persons_who_typed_them() {
    for hooks in [true, false] {
        let repo = merged();
        let typed = WORK.replace("charge", "refund").replace("total", "amount");
        repo.write("typed.py", &typed);
        repo.git(["add", "-A"]);
        repo.git([&OFF[usize::from(hooks) * 2..], &["commit", "-qm", "by a person"]].concat());
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
    let _ = first.sh(&format!("{NO_HOOKS}; {script}")).ok();
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
fn what_a_person_committed_minutes_before_an_agent_copied_it_elsewhere_is_theirs() {
    let Team { first, second, .. } = Team::new(&[]);
    first.set_one_clock();
    first.write("typed.py", WORK);
    first.stage(&["typed.py"]);
    first.git([&OFF[..], &["commit", "-qm", "by a person, without our hooks"]].concat());
    first.git(["push", "-q", "origin", "main"]);
    first.claude("copy").prompt("the same here").write("copy.py", WORK);
    first.commit_all("copied by an agent");
    first.sync();
    second.git(["pull", "-q"]);
    second.sync();
    let _ = second.ai_log(["repair"]).ok();
    assert!(owners(&second, "typed.py").iter().all(|(contributor, _)| contributor != "ai"));
}

#[test]
fn one_line_that_a_person_commits_in_the_second_of_an_agents_work_is_theirs() {
    let (before, line) = ("import gateway\n", "timeout = client.wait(30)\n");
    let after = format!("{before}{line}");
    for in_that_second in [false, true] {
        let repo = TestRepo::new();
        repo.set_one_clock();
        repo.committed(&[("a.py", before)]);
        repo.git(["checkout", "-q", "-b", "topic"]);
        let mut tell = String::new();
        if in_that_second {
            let event = serde_json::json!({
                "schema": "git-ai-log/event/1", "agent": "my-tool", "session": "s", "cwd": repo.top,
                "event": "edit", "edits": [{"path": "a.py", "before": before, "after": after}],
            });
            repo.write("a.py", &after);
            tell = format!("printf '%s' '{event}' | git ai-log record generic; ");
        } else {
            repo.claude("work").prompt("wait").edit("a.py", before, &after);
        }
        let script = "git commit -qam 'by an agent'; git checkout -q main; \
                      printf 'timeout = client.wait(30)\n' > typed.py; git add .; git commit -qm typed";
        // By the clock of the machine, which goes on within a second.
        let clock = "unset GIT_AI_LOG_NOW GIT_AUTHOR_DATE GIT_COMMITTER_DATE; ";
        let _ = repo.sh(&format!("{clock}{tell}{script}")).ok();
        let _ = repo.ai_log(["repair"]).ok();
        assert_eq!(owners(&repo, "typed.py")[0].0, "human", "{in_that_second}");
    }
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
    let script = "cp typed.py moved.py; echo 'import gateway' > typed.py; \
                  git commit -qam out; git add .; git commit -qm in";
    let _ = second.sh(&format!("{NO_HOOKS}; {script}")).ok();
    let _ = second.ai_log(["repair"]).ok();
    assert_eq!(owners(&second, "moved.py").len(), WORK.lines().count());
    assert!(owners(&second, "moved.py").iter().all(|(contributor, _)| contributor != "ai"));
}

#[test]
fn a_persons_lines_that_come_back_are_theirs_where_the_copy_was_made_again_without_them() {
    let repo = TestRepo::with(&[("typed.py", WORK)]);
    repo.claude("copy").prompt("the same here").write("copy.py", WORK).stop();
    let script = "git checkout -qb topic; git add .; git commit -qm copied; git checkout -q main; \
                  echo 'import gateway' > typed.py; git commit -qam out; \
                  git rebase -q --no-ff main topic";
    let _ = repo.sh(&format!("{NO_HOOKS}; {script}")).ok();
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
    let script = "git rm -q typed.py; git commit -qm gone; git checkout -q HEAD~1 -- typed.py; \
                  git commit -qm back; git revert --no-edit HEAD; git revert --no-edit HEAD";
    let _ = second.sh(&format!("{NO_HOOKS}; {script}")).ok();
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

/// A person's file and an agent's copy of it, neither committed.
fn copied_uncommitted() -> Agent {
    let repo = TestRepo::with(&[("readme", "a person's\n")]);
    repo.write("typed.py", WORK);
    let agent = repo.claude("copy").prompt("the same here");
    agent.write("copy.py", WORK);
    agent
}

#[test]
fn a_persons_lines_that_an_agent_copied_are_theirs_though_the_copy_is_committed_first() {
    let Agent { repo, .. } = copied_uncommitted();
    for path in ["copy.py", "typed.py"] {
        repo.stage(&[path]);
        repo.commit(path);
    }
    assert_ne!(owners(&repo, "typed.py")[1].0, "ai");
    assert_eq!(owners(&repo, "copy.py")[1], is("ai", "note"));
}

#[test]
fn the_same_where_no_hook_ran_and_repair_finds_both_commits() {
    let repo = copied_uncommitted().stop().repo.clone();
    for path in ["copy.py", "typed.py"] {
        repo.stage(&[path]);
        repo.git([&OFF[..], &["commit", "-q", "-m", path]].concat());
    }
    // Of the copy first, so that its note is known when the other commit is looked at.
    for range in ["HEAD~1", "HEAD"] {
        let _ = repo.ai_log(["repair", range]).ok();
    }
    assert_ne!(owners(&repo, "typed.py")[1].0, "ai");
    assert_eq!(owners(&repo, "copy.py")[1], is("ai", "note"));
}
