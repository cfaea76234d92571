//! Text of agents', found again where no hook saw the commit: by questions, by the next hook, by
//! `repair`, from notes and from the journal.

mod copied;
mod moved;

use crate::env::TestRepo;
use crate::env::team::Team;

const WORK: &str = "def charge(order):\n    total = order.price * order.count\n    \
                    receipt = gateway.charge(total)\n    journal.append(order, receipt)\n    return receipt\n";

const OFF: [&str; 2] = ["-c", "core.hooksPath=/dev/null"];
/// The same for the rest of a script.
const NO_HOOKS: &str =
    "export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=core.hooksPath GIT_CONFIG_VALUE_0=/dev/null";

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
