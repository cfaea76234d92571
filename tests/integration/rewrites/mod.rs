//! What git makes of commits, operation by operation: with our hooks the notes follow at once where
//! git runs a hook, and without them `repair` finds the text again.
//!
//! Each row of `table.rs` is played in a copy of one repository, which has:
//! - `main`: two commits of a person's;
//! - `topic`, from the first: a commit with the function of one agent in `pay.txt`, below a line of a
//!   person's, and one with the function of another agent in `more.txt`;
//! - `rival`, from the first: lines of a person's at the place of the agent's function;
//! - `other`, from the first: lines of a person's at other places of the file.
//!
//! A line names its writer, see [`table::Row::lines`].

mod table;

use std::path::Path;

use serde_json::Value;

use crate::env::TestRepo;
use table::{Deed, OPERATIONS, Row, When};

/// Every line that there is; no two share most of their words.
const LINES: &str = "\
p1 shop opens at seven every day
p2 customers queue along this wall
p3 closing time depends on season
p4 holidays are listed somewhere below
p5 managers keep two spare keys
p6 cleaning happens after midnight only
p7 charging works like so since spring
p10 these notes concern our warehouse
p20 rival paragraph about winter stock
p21 second sentence by that rival
p30 headline goes above all others
p31 subtitle follows right under it
p32 footer ends each printed page
a1 charge takes an order off its queue
a2 multiply price with number per item
a3 gateway receives whatever sum results
a4 ledger stores one receipt each time
a5 failure means waiting three seconds
a6 retry until four attempts went wrong
a7 return receipt when everything passed
b1 inventory loads shelves from disk
b2 compare counted boxes against record
b3 report differences towards purchasing
b4 finish once no shelf remains unseen
c1 courier picks parcels up before noon
c2 labels carry street plus postcode
c3 tracking numbers arrive via email
";

/// What the scripts may call: `agent FILE SED-ARGS` edits a file as the third agent does, `both FILE`
/// keeps both sides of a conflict, and `todo SED-SCRIPT ARGS` rebases with an edited list.
const PRELUDE: &str = r#"
set -e
tell() {
    printf '{"schema":"git-ai-log/event/1","agent":"my-tool","session":"third","cwd":"%s","call":"1","event":"%s",%s}' \
        "$PWD" "$1" "$2" | git-ai-log record generic
}
agent() {
    file=$1; shift
    tell before-edit "\"paths\":[\"$file\"]"
    sed -i "$@" "$file"
    tell edit "\"edits\":[{\"path\":\"$file\"}]"
}
both() { sed -i '/^<<<<<<< /d; /^=======$/d; /^>>>>>>> /d' "$1"; }
todo() {
    script=$1; shift
    GIT_SEQUENCE_EDITOR="sed -i '$script'" git rebase -q -i "$@"
}
"#;

/// The lines of these names, each with its line break.
fn lines(names: &str) -> String {
    let text = |name: &str| {
        let line = LINES.lines().find(|line| line.split(' ').next() == Some(name));
        format!("{}\n", line.unwrap_or_else(|| panic!("there is no line {name}")))
    };
    each(names).iter().map(|name| text(name)).collect()
}

/// `p1 a1-a3` as four names.
fn each(names: &str) -> Vec<String> {
    let mut all = Vec::new();
    for word in names.split(' ') {
        match word.split_once('-') {
            None => all.push(word.to_owned()),
            Some((first, last)) => {
                let number = |name: &str| name[1..].parse::<u32>().unwrap();
                let numbers = number(first)..=number(last);
                all.extend(numbers.map(|number| format!("{}{number}", &first[..1])));
            }
        }
    }
    all
}

/// The repository that every row starts with.
fn template(args: &[&str]) -> TestRepo {
    let repo = TestRepo::init(args);
    std::fs::write(repo.root().join("third.txt"), lines("c1-c3")).unwrap();
    repo.committed(&[("pay.txt", &lines("p1-p6")), ("b.txt", "first\n")]);
    for name in ["topic", "rival", "other"] {
        repo.git(["branch", name]);
    }
    repo.committed(&[("b.txt", "second\n")]);
    repo.git(["checkout", "-q", "rival"]);
    repo.committed(&[("pay.txt", &lines("p1-p3 p20 p21 p4-p6"))]);
    repo.git(["checkout", "-q", "other"]);
    repo.committed(&[("pay.txt", &lines("p30 p31 p1-p6 p32"))]);
    repo.git(["checkout", "-q", "topic"]);
    repo.write("pay.txt", lines("p1-p3 p7 p4-p6"));
    let agent = repo.claude("first").prompt("charge the order");
    agent.edit("pay.txt", &lines("p7"), &lines("p7 a1-a7")).stop();
    repo.commit_all("charge, by an agent");
    repo.write("more.txt", lines("p10"));
    let agent = repo.codex("second").prompt("count the boxes");
    agent.edit("more.txt", &lines("p10"), &lines("p10 b1-b4")).stop();
    repo.commit_all("count, by an agent");
    repo.git(["checkout", "-q", "main"]);
    let _ = repo.generic("third").prompt("send the parcels");
    copy(&repo.top, &repo.root().join("template"));
    repo
}

fn copy(from: &Path, to: &Path) {
    let status = std::process::Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(status.unwrap().success());
}

/// What is wrong after a row was played; empty where nothing is. `None` where it cannot be played.
fn play(repo: &TestRepo, row: &Row, hooks: bool) -> Option<String> {
    std::fs::remove_dir_all(&repo.top).unwrap();
    copy(&repo.root().join("template"), &repo.top);
    let old = repo.git(["rev-list", "--all"]);
    if !hooks {
        std::fs::remove_dir_all(repo.git_path("hooks")).unwrap();
    }
    let script = match row.deed {
        Deed::Shell(script) => script,
        Deed::Libgit2 => "",
    };
    if !hooks && !script.contains("agent ") {
        // Only the notes are left, as in another clone.
        std::fs::remove_dir_all(repo.state_dir()).unwrap();
    }
    let notes = repo.git(["rev-parse", "refs/notes/ai-log/provenance"]);
    match row.deed {
        Deed::Shell(script) if !is_there(repo, script) => return None,
        Deed::Shell(script) => {
            let done = repo.sh(&format!("{PRELUDE}{script}"));
            assert_eq!(done.code, Some(0), "{}: {done}", row.name);
        }
        Deed::Libgit2 => commit_by_libgit2(repo)?,
    }
    let untouched = || repo.git(["rev-parse", "refs/notes/ai-log/provenance"]) == notes;
    assert!(hooks || script.contains("filter-repo") || untouched(), "{}: a hook ran", row.name);
    let when = if hooks { row.hooked } else { row.bare };
    if when == When::Repaired {
        let would = repo.ai_log(["repair", "--dry-run", "--json"]).ok();
        if !would.contains("\"written\":false") {
            return Some(format!("  repair would write nothing: {would}\n"));
        }
        let _ = repo.ai_log(["repair"]).ok();
    }
    let first = faults(repo, row);
    let mut wrong = first.clone();
    // What is right at once is right after `repair`, too, and a second one has nothing to do.
    if !repo.ai_log(["repair"]).ok().is_empty() {
        let later = faults(repo, row);
        if later != first {
            wrong.push_str(&format!("after `repair`:\n{later}"));
        }
    }
    let again = repo.ai_log(["repair"]).ok();
    if !again.is_empty() {
        wrong.push_str(&format!("repair repeats {again}\n"));
    }
    Some(wrong + &prompts(repo, row, &old))
}

/// Whether git has the command that is not everywhere.
fn is_there(repo: &TestRepo, script: &str) -> bool {
    for name in [
        "filter-repo",
        "replay",
        "history reword",
        "history fixup",
        "history split",
        "history drop",
    ] {
        let words: Vec<&str> = name.split(' ').collect();
        if !script.contains(&format!("git {name} ")) {
            continue;
        }
        let said = repo.try_git([words[0], "-h"]).to_string();
        if said.contains("is not a git command") || words.len() > 1 && !said.contains(name) {
            eprintln!("not tested: this git has no `git {name}`");
            return false;
        }
        if name == "filter-repo" && repo.git(["rev-parse", "--show-object-format"]) != "sha1" {
            eprintln!("not tested: git filter-repo knows SHA-1 alone");
            return false;
        }
    }
    true
}

/// `None` where libgit2 cannot open the repository.
#[expect(clippy::disallowed_methods, reason = "another program, which knows nothing of ours")]
fn commit_by_libgit2(repo: &TestRepo) -> Option<()> {
    let oid = repo.git(["rev-parse", "topic^{tree}"]);
    let Ok(library) = git2::Repository::open(&repo.top) else {
        eprintln!("not tested: libgit2 cannot open this repository");
        return None;
    };
    let main = library.head().unwrap().peel_to_commit().unwrap();
    let tree = library.find_tree(git2::Oid::from_str(&oid).unwrap()).unwrap();
    let time = git2::Time::new(4_100_000_000, 0);
    let person = git2::Signature::new("Pat Person", "pat@example.com", &time).unwrap();
    library.commit(Some("HEAD"), &person, &person, "by a library", &tree, &[&main]).unwrap();
    repo.git(["reset", "-q", "--hard"]);
    Some(())
}

/// The lines whose owners are not those that the row tells.
fn faults(repo: &TestRepo, row: &Row) -> String {
    let mut wrong = String::new();
    for file in row.lines {
        let (path, names) = file.split_once(": ").unwrap();
        let answer = repo.ai_log(["blame", "--json", "HEAD", "--", path]).ok();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let answered = answer["lines"].as_array().unwrap();
        let names = each(names);
        let word = |line: &Value, field: &str| line[field].as_str().unwrap_or("-").to_owned();
        let first = |line| word(line, "text").split_whitespace().next().unwrap().to_owned();
        let there: Vec<String> = answered.iter().map(first).collect();
        let wanted: Vec<&str> = names.iter().map(|name| name.trim_start_matches("H:")).collect();
        assert_eq!(there, wanted, "{}: {path}", row.name);
        for (line, name) in answered.iter().zip(&names) {
            let owner = ["contributor", "agent", "source"].map(|field| word(line, field));
            let agent = match name.as_bytes()[0] {
                b'a' => "claude-code",
                b'b' => "codex",
                b'c' => "my-tool",
                _ => "",
            };
            let fits = match agent {
                // Nobody wrote it down, or a person's it is.
                "" => ["human", "unknown"].contains(&owner[0].as_str()),
                agent => owner == ["ai", agent, "note"],
            };
            if !fits {
                wrong.push_str(&format!("  {} is said of {path}: {name}\n", owner.join(" ")));
            }
        }
    }
    wrong
}

/// Turns of which a new commit's note speaks, and whose prompts it does not bring along.
fn prompts(repo: &TestRepo, row: &Row, old: &str) -> String {
    let mut missing = String::new();
    for commit in repo.git(["rev-list", "HEAD"]).lines().filter(|commit| !old.contains(*commit)) {
        let Some(note) = repo.note(commit) else { continue };
        let known = crate::env::Note::prompts(repo, commit);
        for turn in note.of("turn").map(|turn| turn["turn"].as_str().unwrap()) {
            if !known.iter().any(|(known, _)| known == turn) {
                missing.push_str(&format!("  no prompt of {turn} at {commit} ({})\n", row.name));
            }
        }
    }
    missing
}

#[track_caller]
fn each_row(args: &[&str], hooks: bool) {
    let repo = template(args);
    let mut wrong = String::new();
    for row in OPERATIONS {
        let Some(faults) = play(&repo, row, hooks) else { continue };
        if !faults.is_empty() {
            wrong.push_str(&format!("{}\n{faults}", row.name));
        }
    }
    assert!(wrong.is_empty(), "{}hooks:\n{wrong}", if hooks { "with " } else { "without " });
}

const OTHER_FORMAT: &[&str] = &["--object-format=sha256", "--ref-format=reftable"];

#[test]
fn with_hooks() {
    each_row(&[], true);
}

#[test]
fn with_hooks_in_sha_256_and_reftable() {
    each_row(OTHER_FORMAT, true);
}

#[test]
fn without_hooks() {
    each_row(&[], false);
}

#[test]
fn without_hooks_in_sha_256_and_reftable() {
    each_row(OTHER_FORMAT, false);
}

#[test]
fn a_range_that_is_none_is_an_error() {
    let repo = template(&[]);
    let said = repo.ai_log(["repair", "nowhere..HEAD"]);
    assert_eq!(said.code, Some(2), "{said}");
}

#[test]
fn the_document_lists_the_operations_tested_here() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rewrites.md");
    let document = std::fs::read_to_string(&path).unwrap();
    let start = document.find("| operation |").unwrap();
    let rows = OPERATIONS.iter().map(|row| {
        let Row { name, does, hooked, bare, .. } = row;
        format!("| {name} | {does} | {hooked} | {bare} |\n")
    });
    let heading = "| operation | what git does | with our hooks | without |\n|---|---|---|---|\n";
    let table = format!("{heading}{}", rows.collect::<String>());
    let end = start + document[start..].find("\n\n").map_or(document.len() - start, |at| at + 1);
    assert_eq!(document[start..end], table, "the table in docs/rewrites.md");
}
