//! Who wrote which line of a commit: stories of agents and people in one work tree.

mod agents_that_commit;
mod amend;
mod changed_lines;
mod history;
mod moved_text;
mod shell;
mod staging;
mod worktrees;

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
