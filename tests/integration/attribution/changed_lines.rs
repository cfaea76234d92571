//! Lines of agents' that people change, and the other way round.

use super::repo;
use crate::env::TestRepo;

#[test]
fn more_than_half_of_the_tokens_kept_on_both_sides_is_mixed() {
    let repo = repo();
    repo.claude("s")
        .prompt("one")
        .write("f.py", "limit = load(path, mode)\nwords a b c d\nkeep me as I am\n");
    repo.write("f.py", "limit = load(path, flags)\nwords a b x y z\nkeep me as I am\n");
    repo.commit_all("f");
    repo.expect("f.py", "M1| limit = load(path, flags)\nH | words a b x y z\nA1| keep me as I am");
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
    repo.expect("f.py", "A1| result = compute(\nA1|     first,\nA1|     second,\nA1|     third)");
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
