//! Prompts that are deleted stay deleted, wherever they were.

use serde_json::Value;

use crate::env::TestRepo;
use crate::env::team::{PROMPTS, PROVENANCE, Team, files_below};

const SECRET: &str = "about the merger with Umbrella";

fn forget(repo: &TestRepo, args: &[&str]) -> Value {
    let output = repo.ai_log(["forget", "--json"].iter().chain(args));
    serde_json::from_str(&output.ok()).unwrap()
}

fn turns(told: &Value) -> Vec<&str> {
    told["turns"].as_array().unwrap().iter().map(|one| one["turn"].as_str().unwrap()).collect()
}

/// No file of ours, and no note, holds the text.
#[track_caller]
fn is_gone(repo: &TestRepo, text: &str) {
    for file in files_below(&repo.git_path("ai-log")) {
        let bytes = std::fs::read(&file).unwrap();
        let found = bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(!found, "{}", file.display());
    }
    assert!(!repo.objects_hold(text));
}

#[track_caller]
fn everywhere(init: &[&str]) {
    let Team { hub, first, second } = Team::sharing(init);
    let old = second.agents_work("b.txt", "something else");
    let turn = first.agents_work("a.txt", SECRET);
    first.git(["push", "-q"]);
    second.git(["pull", "-q", "--no-rebase", "--no-edit"]);
    second.sync();
    // A third clone has the prompt and carried it to a commit of its own, and is away for long.
    let third = first.clone_to("third", &[]);
    third.share_prompts();
    third.sync();
    third.git(["checkout", "-q", "-b", "aside", "main~1"]);
    third.git(["cherry-pick", "origin/main"]);
    let carried = third.git(["rev-parse", "HEAD"]);
    assert!(third.notes_of(PROMPTS)[&carried].iter().any(|line| line.contains(SECRET)));

    let told = forget(&second, &[&turn]);
    assert_eq!(turns(&told), [turn.as_str()]);
    assert_eq!(told["left"], Value::Array(Vec::new()));
    is_gone(&second, SECRET);
    second.sync();
    is_gone(&hub, SECRET);
    // The clone in which it was asked: its journal and its notes, at its next sync.
    first.sync();
    is_gone(&first, SECRET);
    // The old one comes back, with new work to push.
    third.agents_work("c.txt", "a third thing");
    third.git(["push", "-q", "origin", "aside"]);
    is_gone(&hub, SECRET);
    assert!(!third.objects_hold(SECRET));
    let _ = third.ai_log(["repair"]).ok();
    for repo in [&first, &second, &third, &hub] {
        if repo.top != hub.top {
            repo.sync();
        }
        let lines: Vec<String> = repo.notes_of(PROMPTS).into_values().flatten().collect();
        assert!(lines.iter().all(|line| !line.contains(&turn)), "{lines:?}");
        assert!(lines.iter().any(|line| line.contains(&old)), "{lines:?}");
    }
    // Attribution stays, and says what became of the prompt.
    for repo in [&first, &second, &third] {
        let rev = if repo.top == third.top { &carried } else { "origin/main" };
        let shown = repo.ai_log(["show", "--json", rev]).ok();
        let shown: Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(shown["hunks"][0]["turn"], turn.as_str(), "{shown}");
        assert_eq!(shown["turns"][0]["prompt_state"], "forgotten", "{shown}");
    }
    let who: Vec<Value> = records(&third);
    assert_eq!((&who[0]["turn"], &who[0]["who"]), (&turn.as_str().into(), &"Pat Person".into()));
    assert!(who[0]["at"].is_string() && who.len() == 1, "{who:?}");
}

/// What is forgotten, as any reader of git finds it.
fn records(repo: &TestRepo) -> Vec<Value> {
    let empty = repo.git(["hash-object", "-t", "tree", "/dev/null"]);
    let notes = repo.notes_of(PROVENANCE);
    let lines = notes.get(&empty).into_iter().flatten();
    let records = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    records.filter(|record| record["type"] == "forgotten").collect()
}

#[test]
fn it_is_gone_everywhere_and_an_old_clone_does_not_bring_it_back() {
    everywhere(&[]);
}

#[test]
fn in_sha_256_and_reftable_too() {
    everywhere(&["--object-format=sha256", "--ref-format=reftable"]);
}

#[test]
fn a_clone_that_shares_nothing_takes_it_from_the_remote_all_the_same() {
    let Team { hub, first, second } = Team::sharing(&[]);
    let turn = first.agents_work("a.txt", SECRET);
    first.git(["push", "-q"]);
    second.git(["config", "ai-log.prompts", "local"]);
    second.agents_work("b.txt", "a private wish");
    second.sync();
    forget(&second, &[&turn]);
    second.sync();
    is_gone(&hub, SECRET);
    assert!(!hub.objects_hold("a private wish"));
    assert_eq!(hub.git(["log", "-1", "--format=%P", PROMPTS]), "");
}

#[test]
fn what_is_forgotten_before_its_commit_is_written_nowhere() {
    let repo = TestRepo::with(&[("a", "a\n")]);
    let agent = repo.claude("one").prompt(SECRET);
    agent.write("b.txt", "one\ntwo\nthree\n");
    let told = forget(&repo, &["--matching", "(?i)umbrella"]);
    let turn = turns(&told)[0].to_owned();
    assert_eq!(told["turns"][0]["journal"], true);
    // The turn goes on; its end is not kept either.
    agent.write("c.txt", "four\nfive\nsix\n").stop();
    repo.commit_all("later");
    let note = repo.note("HEAD").unwrap();
    assert_eq!(note.hunk(b"c.txt", 1).unwrap()["turn"], turn.as_str());
    let recorded = note.of("turn").next().unwrap();
    assert!(recorded["prompt_sha256"].is_null(), "{recorded}");
    assert!(repo.notes_of(PROMPTS).is_empty());
    let answer = repo.ai_log(["--json", "b.txt:1"]).ok();
    assert!(answer.contains("\"prompt_state\":\"forgotten\""), "{answer}");
    // Nor when the commit is made again.
    repo.git(["commit", "-q", "--amend", "-m", "again"]);
    assert!(repo.notes_of(PROMPTS).is_empty());
    is_gone(&repo, SECRET);
}

#[test]
fn what_is_chosen() {
    let repo = TestRepo::with(&[("a", "a\n")]);
    let first = repo.agents_work("a.txt", "rename the table");
    let second = repo.agents_work("b.txt", "drop the table");
    let session = repo.note("HEAD").unwrap().of("session").next().unwrap()["session"].clone();
    let session = session.as_str().unwrap();
    let chosen = |args: &[&str]| {
        let told = forget(&repo, &["--dry-run"].iter().chain(args).copied().collect::<Vec<_>>());
        turns(&told).into_iter().map(str::to_owned).collect::<std::collections::BTreeSet<_>>()
    };
    let both = [first.clone(), second.clone()].into();
    assert_eq!(chosen(&["--matching", "table"]), both);
    assert_eq!(chosen(&["--before", "2200-01-01"]), both);
    assert_eq!(chosen(&["--before", "2001-01-01T00:00:00Z"]).len(), 0);
    assert_eq!(chosen(&[&first[..9]]), [first.clone()].into());
    assert_eq!(chosen(&[session]), [second.clone()].into());
    assert_eq!(chosen(&[&session[..9], "--matching", "rename"]).len(), 0);
    // One that only other clones have.
    assert_eq!(chosen(&["p_00112233445566"]), ["p_00112233445566".to_owned()].into());
    for wrong in [&["p_"][..], &["p_zz"], &["x"], &[], &["--before", "soon"], &["--matching", "("]]
    {
        let failed = repo.ai_log(["forget"].iter().chain(wrong));
        assert_eq!(failed.code, Some(2), "{wrong:?}: {failed}");
    }
    assert!(records(&repo).is_empty(), "a dry run writes nothing");
    assert_eq!(repo.notes_of(PROMPTS).len(), 2);
    let said = repo.ai_log(["forget", &first]);
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(text.contains("cannot be recalled"), "{text}");
    assert!(said.ok().starts_with(&format!("forgot {first}  session s_")));
    assert_eq!(chosen(&["--matching", "table"]), [second].into());
    // Other readers of all notes pass over a note that is no commit's.
    assert_eq!(repo.ai_log(["repair"]).ok(), "");
    let _ = repo.ai_log(["log"]).ok();
    repo.git(["notes", "--ref", PROVENANCE, "prune"]);
    assert_eq!(records(&repo).len(), 1, "it annotates what every repository has");
}

#[test]
fn a_text_that_stands_elsewhere_is_told_of() {
    let repo = TestRepo::with(&[("a", "a\n")]);
    let words = "a sentence that the agent copied";
    let agent = repo.claude("one").prompt(words);
    agent.write("b.txt", &format!("{words}\nand more\n")).stop();
    repo.commit_all("copied");
    let told = forget(&repo, &["--matching", "copied"]);
    let left = told["left"].as_array().unwrap();
    assert!(!left.is_empty() && left.iter().all(|p| p.as_str().unwrap().contains("snapshots")));
    // The line keeps its owner: nothing of the work was touched.
    repo.expect("b.txt", &format!("A1| {words}\nA1| and more\n"));
}
