//! Provenance for commits that were made before anything was installed.

use crate::env::TestRepo;

const ABC: &str = "alpha\nbeta\ngamma\n";

fn repo() -> TestRepo {
    TestRepo::unhooked(&[("a.txt", ABC), ("notes.txt", "one\ntwo\n")])
}

fn backfill(repo: &TestRepo) -> serde_json::Value {
    serde_json::from_str(&repo.ai_log(["backfill", "--json"]).ok()).unwrap()
}

#[test]
fn what_agents_wrote_is_found_in_the_commits_that_followed() {
    let repo = repo();
    let claude = repo.claude("s").prompt("one");
    claude.edit("a.txt", "beta", "beta\nof the first prompt");
    claude.write("new.py", "def total(items):\n    return sum(items)\n");
    claude.shell("printf 'three, by the shell\\n' >> notes.txt");
    claude.subagent("helper").write("sub.txt", "by the sub-agent\n");
    repo.replace("a.txt", "alpha\n", "alpha\nthe person's own line\n");
    repo.write("notes.txt", repo.read("notes.txt") + "four, by the person\n");
    repo.commit_all("first");
    let codex = repo.codex("t").prompt("two");
    codex.edit("new.py", "    return sum(items)", "    cost = sum(items)\n    return cost * 2");
    repo.replace("a.txt", "gamma\n", "delta of the person\n");
    repo.commit_all("second");
    claude.prompt("three").edit("a.txt", "alpha", "alpha, changed");
    repo.commit_all("third");
    let done = backfill(&repo);
    assert_eq!((&done["commits"], &done["written"]), (&3.into(), &true.into()), "{done}");
    repo.expect(
        "a.txt",
        "A3| alpha, changed
         ? | the person's own line
         ? | beta
         A1| of the first prompt
         ? | delta of the person",
    );
    repo.expect(
        "new.py",
        "A1| def total(items):\nA2|     cost = sum(items)\nA2|     return cost * 2",
    );
    repo.expect("notes.txt", "? | one\n? | two\nA1| three, by the shell\n? | four, by the person");
    repo.expect("sub.txt", "A1| by the sub-agent");
    let before = repo.git(["rev-parse", "refs/notes/ai-log/provenance"]);
    assert_eq!(backfill(&repo)["commits"], 0);
    assert_eq!(repo.git(["rev-parse", "refs/notes/ai-log/provenance"]), before);
}
