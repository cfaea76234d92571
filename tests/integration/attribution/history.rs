//! Work that is not committed while the branch changes below it.

use super::repo;
use crate::env::TestRepo;

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
