//! Commits that are amended.

use super::repo;
use crate::env::TestRepo;

fn committed() -> TestRepo {
    let repo = repo();
    repo.claude("s").prompt("one").edit("a.txt", "beta", "beta\nagent's own line");
    repo.commit_all("first");
    repo
}

#[test]
fn of_the_message_only_keeps_everything() {
    let repo = committed();
    let before = repo.note("HEAD").unwrap();
    repo.commit_with(&["--amend", "-m", "better words"]);
    repo.expect("a.txt", "H | alpha\nH | beta\nA1| agent's own line\nH | gamma");
    let hunks = |note: &crate::env::Note| note.of("hunk").cloned().collect::<Vec<_>>();
    assert_eq!(hunks(&repo.note("HEAD").unwrap()), hunks(&before));
    assert_eq!(crate::env::Note::prompts(&repo, "HEAD").len(), 1);
}

#[test]
fn with_lines_added_above_moves_the_agents_lines() {
    let repo = committed();
    repo.replace("a.txt", "alpha", "a person's title\nand subtitle\nalpha");
    repo.commit_with(&["-a", "--amend", "--no-edit"]);
    repo.expect(
        "a.txt",
        "H | a person's title
         H | and subtitle
         H | alpha
         H | beta
         A1| agent's own line
         H | gamma",
    );
}

#[test]
fn by_a_second_session_names_both() {
    let repo = committed();
    repo.codex("t").prompt("two").edit("a.txt", "gamma", "gamma\nsecond session's line");
    repo.commit_with(&["-a", "--amend", "--no-edit"]);
    repo.expect(
        "a.txt",
        "H | alpha\nH | beta\nA1| agent's own line\nH | gamma\nA2| second session's line",
    );
    assert_eq!(repo.note("HEAD").unwrap().of("session").count(), 2);
}

/// As pre-commit and prek call it: post-rewrite alone, and nothing on standard input.
#[test]
fn told_without_input_asks_the_reflog() {
    let repo = committed();
    std::fs::remove_dir_all(repo.state_dir()).unwrap();
    std::fs::remove_file(repo.git_path("hooks/post-commit")).unwrap();
    let call = "#!/bin/sh\nexec git-ai-log hook post-rewrite </dev/null\n";
    crate::env::executable(&repo.git_path("hooks/post-rewrite"), call);
    repo.replace("a.txt", "gamma", "gamma\na person's last line");
    repo.commit_with(&["-a", "--amend", "--no-edit"]);
    repo.expect(
        "a.txt",
        "H | alpha\nH | beta\nA1| agent's own line\nH | gamma\nH | a person's last line",
    );
}

#[test]
fn without_the_journal_the_old_note_is_enough() {
    let repo = committed();
    std::fs::remove_dir_all(repo.state_dir()).unwrap();
    repo.replace("a.txt", "alpha", "a person's title\nalpha");
    repo.commit_with(&["-a", "--amend", "--no-edit"]);
    repo.expect(
        "a.txt",
        "H | a person's title\nH | alpha\nH | beta\nA1| agent's own line\nH | gamma",
    );
}
