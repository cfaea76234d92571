//! Lines of agents' that people move, and lines that only look moved: what stayed on another branch,
//! what a merge brings, what git itself puts elsewhere.

use super::{WORK, owners};
use crate::env::{Agent, TestRepo};

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
    for looks in [true, false] {
        let repo = TestRepo::new();
        repo.set_one_clock();
        repo.committed(&[("a.py", "import gateway\n"), ("b.py", "import journal\n")]);
        let agent = repo.claude("work").prompt("charge");
        agent.edit("a.py", "gateway\n", "gateway\nthe agent's own line\nthe agent's second line\n");
        repo.commit_all("by an agent");
        if looks {
            let _ = agent.shell("true");
        }
        repo.git(["reset", "-q", "HEAD~1"]);
        repo.write("a.py", "import gateway\n");
        repo.write("b.py", "import journal\nthe agent's own line\nthe agent's second line\n");
        repo.commit_all("moved by a person");
        assert_eq!(owners(&repo, "b.py")[1].0, "ai", "{looks}");
    }
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
fn a_line_that_tells_nothing_is_the_persons_who_types_it_where_the_agents_stayed_on_a_branch() {
    let repo = TestRepo::with(&[("a.py", "\n")]);
    repo.git(["checkout", "-q", "-b", "topic"]);
    let agent = repo.claude("work").prompt("charge");
    agent.write("a.py", "}\nthe agent's own line\nthe agent's second line\n");
    let _ = agent.shell("true");
    repo.commit_all("by an agent");
    repo.git(["checkout", "-q", "main"]);
    repo.write("a.py", "import os\n\na person's line\nanother one\n}\nthe last line\n\n");
    repo.commit_all("by a person");
    assert!(owners(&repo, "a.py").iter().all(|(contributor, _)| contributor != "ai"));
}

#[test]
fn what_left_an_agents_copy_before_it_was_committed_is_not_moved_by_a_later_commit() {
    let line = "    total = order.price * order.count\n";
    let (back, copied) = (
        "git rm -q typed.py; git commit -qm gone; git checkout -q HEAD~1 -- typed.py",
        "cp typed.py copied.py; git add copied.py",
    );
    for (moved, later, path) in [(line, back, "typed.py"), ("", copied, "copied.py")] {
        let repo = TestRepo::with(&[("typed.py", WORK), ("third.py", "import gateway\n")]);
        repo.claude("copy").prompt("the same here").write("copy.py", WORK);
        repo.replace("copy.py", line, "");
        repo.write("third.py", format!("import gateway\n{moved}"));
        repo.commit_all("an agent's copy, without a line");
        let _ = repo.sh(later).ok();
        repo.commit("a person's file");
        assert!(owners(&repo, path).iter().all(|(contributor, _)| contributor != "ai"), "{path}");
    }
}

#[test]
fn a_persons_file_is_copied_though_an_agents_copy_of_it_was_committed_and_deleted_before() {
    for (persons, is_agents) in [(WORK, false), ("import gateway\n", true)] {
        let repo = TestRepo::with(&[("typed.py", persons)]);
        repo.claude("copy").prompt("the same here").write("copy.py", WORK);
        repo.commit_all("an agent's");
        repo.git(["rm", "-q", "copy.py"]);
        repo.commit("deleted by a person");
        repo.write("copied.py", WORK);
        repo.commit_all("by a person");
        assert_eq!(owners(&repo, "copied.py")[1].0 == "ai", is_agents);
    }
}
