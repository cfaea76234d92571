//! `prune`: what goes, and above all what stays.

use serde_json::{Value, json};

use crate::env::schema::faults;
use crate::env::{Note, TestRepo};

const WORK: &str = "def charge(order):\n    total = order.price * order.count\n    \
                    receipt = gateway.charge(total)\n    journal.append(order, receipt)\n    return receipt\n";

/// An agent's function on `topic`, squashed onto `main` as a server does it; the commit of `topic`
/// is gone. Returns its name.
fn squashed(args: &[&str]) -> (TestRepo, String) {
    let repo = TestRepo::init(args);
    repo.committed(&[("a.py", "import gateway\n")]);
    repo.git(["checkout", "-q", "-b", "topic"]);
    let agent = repo.claude("work").prompt("charge the order");
    agent.edit("a.py", "gateway\n", &format!("gateway\n{WORK}")).stop();
    repo.commit_all("charge, by an agent");
    let old = repo.git(["rev-parse", "HEAD"]);
    repo.git(["checkout", "-q", "main"]);
    repo.git(["merge", "-q", "--squash", "topic"]);
    repo.git(["-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "squashed"]);
    repo.git(["branch", "-q", "-D", "topic"]);
    (repo, old)
}

/// Commits that nothing reaches are gone.
fn collect(repo: &TestRepo) {
    repo.git(["reflog", "expire", "--expire=now", "--all"]);
    repo.git(["gc", "-q", "--prune=now"]);
}

fn prune(repo: &TestRepo, args: &[&str]) -> Value {
    let text = repo.ai_log(["prune", "--json"].iter().chain(args)).ok();
    let value: Value = serde_json::from_str(&text).unwrap();
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/prune.json");
    let schema = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(faults(&schema, &value), Vec::<String>::new());
    value
}

/// Why notes were dropped, and why they were kept.
fn reasons(value: &Value) -> (Vec<&str>, Vec<&str>) {
    let list = |name: &str| {
        let all = value[name].as_array().unwrap().iter();
        all.map(|gone| gone["because"].as_str().unwrap()).collect()
    };
    (list("dropped"), list("kept"))
}

fn noted(repo: &TestRepo, name: &str) -> Vec<String> {
    let list = repo.git(["notes", "--ref", &format!("ai-log/{name}"), "list"]);
    list.lines().filter_map(|line| Some(line.split_once(' ')?.1.to_owned())).collect()
}

#[test]
fn a_note_goes_when_its_commit_is_gone_and_its_lines_are_found_again() {
    for args in [&[][..], &["--object-format=sha256", "--ref-format=reftable"]] {
        let (repo, old) = squashed(args);
        // It is on no branch, but still there.
        assert_eq!(reasons(&prune(&repo, &[])), (vec![], vec![]));
        collect(&repo);
        // It is what `repair` carries from.
        let kept = prune(&repo, &[]);
        assert_eq!(reasons(&kept), (vec![], vec!["lines"]), "{args:?}");
        assert_eq!(
            (&kept["kept"][0]["commit"], &kept["kept"][0]["lines"]),
            (&json!(old), &json!(5))
        );
        assert!(noted(&repo, "provenance").contains(&old));
        repo.ai_log(["repair"]).ok();
        let would = prune(&repo, &["--dry-run"]);
        assert_eq!(
            (reasons(&would), &would["written"]),
            ((vec!["found-again"], vec![]), &json!(false))
        );
        assert!(noted(&repo, "provenance").contains(&old));
        let done = prune(&repo, &[]);
        assert_eq!(reasons(&done), (vec!["found-again"], vec![]));
        for name in ["provenance", "prompts"] {
            assert!(!noted(&repo, name).contains(&old), "{name}");
        }
        assert_eq!(noted(&repo, "provenance").len(), 2);
        assert_eq!(Note::prompts(&repo, "HEAD")[0].1, "charge the order");
        assert_eq!(repo.ai_log(["verify", "--require-notes"]).code, Some(0));
        repo.git(["fsck", "--strict", "--no-dangling"]);
        assert_eq!(reasons(&prune(&repo, &[])), (vec![], vec![]));
    }
}

#[test]
fn lines_that_are_nowhere_else_go_only_when_they_are_old_and_it_is_asked_for() {
    let (repo, old) = squashed(&[]);
    collect(&repo);
    let text = repo.ai_log(["prune"]).ok();
    assert!(text.contains("its lines stand in no other note (5 lines)"), "{text}");
    assert!(text.contains("--older-than 90d"), "{text}");
    assert_eq!(reasons(&prune(&repo, &["--older-than", "1d"])), (vec![], vec!["lines"]));
    assert!(noted(&repo, "provenance").contains(&old));
    assert_eq!(reasons(&prune(&repo, &["--older-than", "0d"])), (vec!["older"], vec![]));
    assert!(!noted(&repo, "provenance").contains(&old));
    let said = repo.ai_log(["prune", "--older-than", "soon"]);
    assert_eq!(said.code, Some(2), "{said}");
}

#[test]
fn what_people_said_and_prompts_that_stand_nowhere_else_stay() {
    let (repo, old) = squashed(&[]);
    repo.ai_log(["repair"]).ok();
    let line = format!("git ai-log attest business-logic --rev {old} -m read");
    assert_eq!(crate::env::at_terminal(&repo, &line, "y\n").code, Some(0));
    collect(&repo);
    assert_eq!(reasons(&prune(&repo, &[])), (vec![], vec!["claims"]));
    let (repo, _) = squashed(&[]);
    repo.ai_log(["repair"]).ok();
    repo.git(["notes", "--ref", "ai-log/prompts", "remove", "HEAD"]);
    collect(&repo);
    assert_eq!(reasons(&prune(&repo, &[])), (vec![], vec!["prompts"]));
}

#[test]
fn notes_that_cannot_be_read_or_hold_what_was_forgotten_stay() {
    let (repo, old) = squashed(&[]);
    repo.ai_log(["repair"]).ok();
    repo.git([
        "notes",
        "--ref",
        "ai-log/provenance",
        "append",
        "-m",
        "{\"type\":\"hologram\"}",
        &old,
    ]);
    collect(&repo);
    assert_eq!(reasons(&prune(&repo, &["--older-than", "0d"])), (vec![], vec!["unreadable"]));

    let (repo, old) = squashed(&[]);
    repo.ai_log(["repair"]).ok();
    let record = "{\"type\":\"forgotten\",\"turn\":\"p_x\",\"at\":null,\"who\":null}";
    repo.git(["notes", "--ref", "ai-log/provenance", "append", "-m", record, &old]);
    // Tombstones lie on the empty tree, which no repository stores and none lacks.
    let empty = repo.git(["hash-object", "-t", "tree", "/dev/null"]);
    repo.git(["notes", "--ref", "ai-log/provenance", "add", "-m", record, &empty]);
    let other = record.replace("p_x", "p_y");
    repo.git(["notes", "--ref", "ai-log/provenance", "append", "-m", &other, &old]);
    collect(&repo);
    assert_eq!(reasons(&prune(&repo, &["--older-than", "0d"])), (vec![], vec!["forgotten"]));
    repo.git(["notes", "--ref", "ai-log/provenance", "append", "-m", &other, &empty]);
    assert_eq!(reasons(&prune(&repo, &[])), (vec!["found-again"], vec![]));
    assert!(noted(&repo, "provenance").contains(&empty));
}

#[test]
fn a_clone_that_lacks_commits_keeps_every_note() {
    let (repo, old) = squashed(&[]);
    repo.ai_log(["repair"]).ok();
    repo.git(["config", "uploadpack.allowFilter", "true"]);
    collect(&repo);
    let url = format!("file://{}", repo.top.display());
    for (name, args, why) in [
        ("shallow", &["--depth", "1", "--no-single-branch"][..], "shallow"),
        ("partial", &["--filter=blob:none"], "partial"),
        ("single", &["--single-branch"], "some-branches"),
        ("whole", &[], ""),
    ] {
        repo.git(["clone", "-q"].iter().chain(args).chain(&[&*url, &*format!("../{name}")]));
        let clone = repo.at(name);
        clone.git(["fetch", "-q", "origin", "refs/notes/ai-log/*:refs/notes/ai-log/*"]);
        let value = prune(&clone, &["--older-than", "0d"]);
        if why.is_empty() {
            assert_eq!(reasons(&value), (vec!["found-again"], vec![]));
            continue;
        }
        assert_eq!((&value["skipped"], reasons(&value)), (&json!(why), (vec![], vec![])), "{name}");
        assert!(noted(&clone, "provenance").contains(&old), "{name}");
        let said = clone.ai_log(["prune"]);
        let said = String::from_utf8(said.stderr).unwrap();
        assert!(said.contains("every note stays") && said.contains("hint:"), "{said}");
    }
}

#[test]
fn the_history_of_the_notes_becomes_one_commit_only_when_asked() {
    let (repo, _) = squashed(&[]);
    let tree = repo.git(["rev-parse", "refs/notes/ai-log/provenance^{tree}"]);
    let count = |repo: &TestRepo| repo.git(["rev-list", "--count", "refs/notes/ai-log/provenance"]);
    prune(&repo, &[]);
    assert_eq!(count(&repo), "2");
    let would = prune(&repo, &["--compact", "--dry-run"]);
    assert_eq!(would["compacted"][0]["commits"], 2);
    assert_eq!(count(&repo), "2");
    prune(&repo, &["--compact"]);
    assert_eq!(count(&repo), "1");
    assert_eq!(repo.git(["rev-parse", "refs/notes/ai-log/provenance^{tree}"]), tree);
    assert_eq!(prune(&repo, &["--compact"])["compacted"], json!([]));
    repo.git(["fsck", "--strict", "--no-dangling"]);
}

#[test]
fn notes_of_others_and_entries_that_are_none_stay_where_they_are() {
    let (repo, _) = squashed(&[]);
    repo.ai_log(["repair"]).ok();
    // Another tool's file in the tree of the notes.
    let blob = repo.git(["hash-object", "-w", "/dev/null"]);
    let tree = repo.sh(&format!(
        "(git ls-tree refs/notes/ai-log/provenance; printf '100644 blob {blob}\\tREADME\\n') | git mktree"
    ));
    let commit = repo.git(["commit-tree", "-m", "with a file", tree.ok().trim()]);
    repo.git(["update-ref", "refs/notes/ai-log/provenance", &commit]);
    collect(&repo);
    assert_eq!(reasons(&prune(&repo, &[])), (vec!["found-again"], vec![]));
    assert_eq!(repo.git(["show", "refs/notes/ai-log/provenance:README"]), "");
}

#[test]
fn journals_that_are_done_go() {
    let repo = TestRepo::new();
    let agent = repo.claude("old").prompt("work");
    agent.write("a.py", WORK).stop();
    repo.commit_all("work");
    assert_eq!(prune(&repo, &[])["journals"], 0);
    let journal = std::fs::read_dir(repo.state_dir().join("journal")).unwrap().next().unwrap();
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(40 * 24 * 3600);
    let file = std::fs::File::options().append(true).open(journal.unwrap().path()).unwrap();
    file.set_modified(long_ago).unwrap();
    repo.write("a.py", "not committed\n");
    assert_eq!(prune(&repo, &["--dry-run"])["journals"], 0);
    repo.git(["checkout", "-q", "a.py"]);
    assert_eq!(prune(&repo, &["--dry-run"])["journals"], 1);
    assert!(!repo.journal().is_empty());
    assert_eq!(prune(&repo, &[])["journals"], 1);
    assert!(repo.journal().is_empty());
    assert!(repo.note("HEAD").is_some());
}
