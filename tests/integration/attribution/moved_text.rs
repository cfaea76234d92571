//! Text that is undone, moved, copied or indented before it is committed.

use super::{ABC, repo};
use crate::env::TestRepo;

const FUNCTION: &str = "def handler(request):\n    token = request.headers[\"token\"]\n    return check_token(token)\n";

#[test]
fn a_person_who_undoes_an_edit_has_their_lines_back() {
    let repo = repo();
    repo.write("a.txt", "alpha\nthe person's unsaved thought\ngamma\n");
    repo.claude("s").prompt("one").edit(
        "a.txt",
        "the person's unsaved thought",
        "agent's replacement text",
    );
    repo.write("a.txt", "alpha\nthe person's unsaved thought\ngamma\n");
    repo.commit_all("undone");
    repo.expect("a.txt", "H | alpha\nH | the person's unsaved thought\nH | gamma");
}

#[test]
fn a_person_who_redoes_an_edit_gives_the_agent_its_lines_back() {
    let repo = repo();
    let agent = repo.claude("s").prompt("one");
    agent.edit("a.txt", "beta", "agent_line_number_one");
    repo.write("a.txt", ABC);
    agent.edit("b.txt", "one", "one\nanother_agent_line_2");
    repo.write("a.txt", "alpha\nagent_line_number_one\ngamma\n");
    agent.edit("a.txt", "gamma", "gamma\nand_one_more_line_3");
    repo.commit_all("redone");
    repo.expect(
        "a.txt",
        "H | alpha\nA1| agent_line_number_one\nH | gamma\nA1| and_one_more_line_3",
    );
}

#[test]
fn a_persons_lines_that_an_agent_moves_stay_theirs() {
    let repo = TestRepo::with(&[("one.py", FUNCTION), ("two.py", "import os\n")]);
    let agent = repo.claude("s").prompt("move it");
    agent.write("two.py", &format!("import os\n\n{FUNCTION}"));
    agent.write("one.py", "from two import handler\n");
    repo.commit_all("moved");
    repo.expect("one.py", "A1| from two import handler");
    let owners = repo.owners("two.py");
    let wrong: Vec<_> = owners.0.iter().skip(2).filter(|(owner, _)| owner != "H").collect();
    assert!(wrong.is_empty(), "{owners}");
}

#[test]
fn a_persons_lines_moved_within_a_file_stay_theirs() {
    let repo = TestRepo::with(&[("f.py", &format!("{FUNCTION}\nlast_line = 1\n"))]);
    let agent = repo.claude("s").prompt("move it down");
    agent.write("f.py", &format!("last_line = 1\nagent_line = 2\n\n{FUNCTION}"));
    repo.commit_all("moved");
    for (owner, line) in repo.owners("f.py").0 {
        let expected = if line == "agent_line = 2" { "A1" } else { "H" };
        assert!(line.is_empty() || owner == expected, "{owner}| {line}");
    }
}

#[test]
fn an_agents_text_that_a_person_moves_to_another_file_before_the_first_commit_stays_the_agents() {
    let repo = repo();
    let agent = repo.claude("s").prompt("write it");
    agent.write("one.py", &format!("{FUNCTION}\nrest = 1\n"));
    repo.write("one.py", "rest = 1\n");
    repo.write("two.py", format!("# my own file\n{FUNCTION}"));
    repo.commit_all("moved");
    repo.expect(
        "two.py",
        "H | # my own file
         A1| def handler(request):
         A1|     token = request.headers[\"token\"]
         A1|     return check_token(token)",
    );
    let note = repo.note("HEAD").unwrap();
    assert_eq!(note.hunk(b"two.py", 2).unwrap()["evidence"], "carried");
    assert_eq!(note.hunk(b"one.py", 1).unwrap()["evidence"], "edit");
}

#[test]
fn an_agents_file_that_is_renamed_before_its_first_commit_stays_the_agents() {
    let repo = repo();
    repo.claude("s").prompt("write it").write("draft.py", FUNCTION);
    std::fs::rename(repo.top.join("draft.py"), repo.top.join("final.py")).unwrap();
    repo.commit_all("renamed");
    for (owner, line) in repo.owners("final.py").0 {
        assert_eq!(owner, "A1", "{line}");
    }
}

#[test]
fn a_new_file_of_which_only_the_end_is_told_is_the_agents() {
    let repo = repo();
    let agent = repo.generic("s").prompt("one");
    agent.send("before-edit", serde_json::json!({"paths": ["new.txt"], "call": "c1"}));
    repo.write("new.txt", "agent's line\n");
    agent.send("edit", serde_json::json!({"edits": [{"path": "new.txt"}], "call": "c1"}));
    repo.commit_all("told late");
    repo.expect("new.txt", "A1| agent's line");
}

#[test]
fn an_agent_that_brings_a_file_back_to_an_earlier_text_did_not_do_so_first() {
    let repo = TestRepo::with(&[("n.txt", "")]);
    let agent = repo.claude("s").prompt("one");
    agent.write("n.txt", "");
    let lines = "shell_line_number_1\nshell_line_number_2\nshell_line_number_3\n";
    agent.shell(&format!("printf '{}' >> n.txt", lines.replace('\n', "\\n")));
    agent.write("n.txt", "").write("m.txt", lines);
    repo.commit_all("moved");
    repo.expect(
        "m.txt",
        "A1| shell_line_number_1\nA1| shell_line_number_2\nA1| shell_line_number_3",
    );
}

#[test]
fn a_file_that_is_renamed_and_edited_keeps_its_history() {
    let repo = TestRepo::with(&[("old.py", FUNCTION)]);
    repo.git(["mv", "old.py", "new.py"]);
    repo.claude("s").prompt("log").edit(
        "new.py",
        "    return",
        "    log_the_token(token)\n    return",
    );
    repo.commit_all("renamed and edited");
    repo.expect(
        "new.py",
        "H | def handler(request):
         H |     token = request.headers[\"token\"]
         A1|     log_the_token(token)
         H |     return check_token(token)",
    );
}

#[test]
fn a_codex_patch_that_moves_a_file_owns_what_it_changed_only() {
    let repo = TestRepo::with(&[("old.txt", "one\ntwo\nthree\n")]);
    repo.codex("s").prompt("move").patch(
        "*** Begin Patch\n*** Update File: old.txt\n*** Move to: moved.txt\n@@\n one\n-two\n+two by the agent\n three\n*** End Patch",
    );
    repo.commit_all("moved");
    repo.expect("moved.txt", "H | one\nA1| two by the agent\nH | three");
}

#[test]
fn a_file_deleted_and_restored_keeps_its_owners() {
    let repo = repo();
    let agent = repo.claude("s").prompt("one");
    agent.edit("a.txt", "beta", "beta\nagent_line_number_1");
    let text = repo.read("a.txt");
    std::fs::remove_file(repo.top.join("a.txt")).unwrap();
    agent.shell("ls");
    repo.write("a.txt", text);
    agent.shell("ls");
    repo.commit_all("restored");
    repo.expect("a.txt", "H | alpha\nH | beta\nA1| agent_line_number_1\nH | gamma");
}

#[test]
fn stash_and_pop_keep_the_owners() {
    let repo = repo();
    let agent = repo.claude("s").prompt("one");
    agent.edit("a.txt", "beta", "beta\nagent_line_number_1");
    repo.replace("a.txt", "gamma", "gamma\nperson_line_number_1");
    repo.git(["stash", "-q"]);
    agent.edit("b.txt", "two", "two\nagent_line_number_2");
    agent.edit("a.txt", "alpha", "alpha\nagent_line_number_3");
    repo.commit_all("meanwhile");
    repo.git(["stash", "pop", "-q"]);
    repo.commit_all("popped");
    repo.expect(
        "a.txt",
        "H | alpha
         A1| agent_line_number_3
         H | beta
         A1| agent_line_number_1
         H | gamma
         H | person_line_number_1",
    );
}
