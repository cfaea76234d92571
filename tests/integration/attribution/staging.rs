//! What is staged of an edit, and what is not.

use super::repo;

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
    agent.edit("a.txt", "beta of the agent, first try", "something else entirely, by prompt two");
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
    repo.expect("a.txt", "H | the person's alpha line\nH | beta\nA1| agent's line in a\nH | gamma");
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
