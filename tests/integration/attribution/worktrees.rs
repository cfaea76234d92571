//! Several work trees of one repository.

use super::repo;
use crate::env::TestRepo;

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
