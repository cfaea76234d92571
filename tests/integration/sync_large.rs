//! Prompts beside a large ref of prompts at the remote.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::env::TestRepo;
use crate::env::team::{PROMPTS, PROVENANCE, Team, sync_at_once};

const PROMPTS_NEW: &str = "refs/notes/ai-log/prompts-new";
const SECRET: &str = "about the merger with Umbrella";

/// More notes than a ref may have that moves each time.
const MANY: usize = 5_000;

/// Notes that may lie beside it.
const FEW: usize = 256;

fn line(turn: &str) -> String {
    format!("{{\"type\":\"prompt\",\"turn\":\"{turn}\",\"prompt\":\"text of {turn}\"}}")
}

/// The name of an object that nobody has; a note needs no more.
fn object(kind: &str, n: usize) -> String {
    let kind: String = kind.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("{:02x}{n:04x}{kind:0<34}", n % 256)
}

/// Adds notes to the prompts of a repository, as git makes a tree of them.
fn add(repo: &TestRepo, kind: &str, count: usize) {
    let from =
        if repo.tip(PROMPTS).is_some() { format!("from {PROMPTS}^0\n") } else { String::new() };
    let mut stream =
        format!("commit {PROMPTS}\ncommitter A <a@example.com> 1 +0000\ndata 1\nx\n{from}");
    for n in 0..count {
        let name = object(kind, n);
        let line = line(&format!("p_{kind}_{n}"));
        stream.push_str(&format!("M 100644 inline {}/{}\n", &name[..2], &name[2..]));
        stream.push_str(&format!("data {}\n{line}\n\n", line.len() + 1));
    }
    let import = ["fast-import", "--quiet", "--force"];
    let _ = crate::env::run(repo.command("git").args(import), stream.as_bytes()).ok();
}

/// Two clones that have as many prompts as the hub.
fn large(init: &[&str]) -> Team {
    let team = Team::sharing(init);
    add(&team.hub, "old", MANY);
    team.first.sync();
    team.second.sync();
    team
}

fn names(repo: &TestRepo, name: &str) -> Vec<String> {
    let listed = repo.git(["ls-tree", "-r", "--name-only", name]);
    listed.lines().map(|path| path.replace('/', "")).collect()
}

/// What both refs of a hub say together, by objects.
fn held(hub: &TestRepo) -> BTreeMap<String, Vec<String>> {
    let mut all = prompts(hub, PROMPTS);
    for (object, lines) in prompts(hub, PROMPTS_NEW) {
        let known = all.entry(object).or_default();
        known.extend(lines);
        known.sort();
        known.dedup();
    }
    all
}

/// The notes of a ref from one process.
fn prompts(repo: &TestRepo, name: &str) -> BTreeMap<String, Vec<String>> {
    if repo.tip(name).is_none() {
        return BTreeMap::new();
    }
    let listed = repo.git(["ls-tree", "-r", "--format=%(objectname) %(path)", name]);
    let pairs: Vec<(&str, &str)> =
        listed.lines().map(|line| line.split_once(' ').unwrap()).collect();
    let asked: String = pairs.iter().map(|(blob, _)| format!("{blob}\n")).collect();
    let mut command = repo.command("git");
    // A record is one line, so what is between two heads is the note.
    command.args(["cat-file", "--batch=%(objectname) head"]);
    let answer = crate::env::run(&mut command, asked.as_bytes()).ok();
    let mut notes: Vec<Vec<String>> = Vec::new();
    for line in answer.lines().filter(|line| !line.is_empty()) {
        match line.ends_with(" head") {
            true => notes.push(Vec::new()),
            false => notes.last_mut().unwrap().push(line.to_owned()),
        }
    }
    for lines in &mut notes {
        lines.sort();
    }
    pairs.iter().map(|(_, path)| path.replace('/', "")).zip(notes).collect()
}

/// The hub has what this clone has, in commits without a parent.
#[track_caller]
fn agree(hub: &TestRepo, clone: &TestRepo) {
    assert_eq!(held(hub), prompts(clone, PROMPTS));
    for name in [PROMPTS, PROMPTS_NEW] {
        if hub.tip(name).is_some() {
            assert_eq!(hub.git(["rev-list", "--count", name]), "1", "{name}");
        }
    }
}

#[track_caller]
fn both_ways(init: &[&str]) {
    let Team { hub, first, second } = large(init);
    let rests = hub.tip(PROMPTS).unwrap();
    first.agents_work("a.txt", "write a");
    let said = first.sync();
    assert!(said.ends_with("prompts     origin: sent"), "{said}");
    let commit = first.git(["rev-parse", "HEAD"]);
    assert_eq!(names(&hub, PROMPTS_NEW), [commit.as_str()]);
    assert_eq!(hub.tip(PROMPTS).as_ref(), Some(&rests));
    agree(&hub, &first);
    // Nothing is new, and a push need not even ask.
    let said = first.sync();
    assert!(said.ends_with("prompts     origin: nothing new"), "{said}");
    std::fs::rename(&hub.top, hub.top.with_extension("gone")).unwrap();
    let asked = first.sh("git-ai-log hook pre-push origin ../hub.git </dev/null");
    assert_eq!((asked.code, asked.stderr), (Some(0), Vec::new()));
    std::fs::rename(hub.top.with_extension("gone"), &hub.top).unwrap();
    // The other clone gets it, and what it has itself lies beside it then.
    second.agents_work("b.txt", "write b");
    // Of an old note, too, there may be more to say.
    let old = object("old", 7);
    let more = line("p_more");
    second.git(["notes", "--ref", PROMPTS, "append", "-m", &more, &old]);
    let said = second.sync();
    assert!(said.ends_with("prompts     origin: received and sent"), "{said}");
    assert_eq!(hub.tip(PROMPTS).as_ref(), Some(&rests));
    assert_eq!(names(&hub, PROMPTS_NEW).len(), 3);
    assert_eq!(prompts(&hub, PROMPTS_NEW)[&old].len(), 2, "a whole note");
    agree(&hub, &second);
    first.sync();
    agree(&hub, &first);
    // Too many for there.
    add(&first, "new", FEW);
    first.sync();
    assert_eq!(hub.tip(PROMPTS_NEW), None);
    assert_eq!(hub.tip(PROMPTS), first.tip(PROMPTS));
    assert_eq!(first.tip("refs/ai-log/remote/origin/prompts-new"), None);
    agree(&hub, &first);
    let said = second.sync();
    assert!(said.ends_with("prompts     origin: received"), "{said}");
    assert_eq!(second.tip("refs/ai-log/remote/origin/prompts-new"), None);
    assert_eq!(prompts(&second, PROMPTS).len(), MANY + 2 + FEW);
    agree(&hub, &second);
    hub.git(["fsck", "--strict"]);
}

#[test]
fn new_prompts_lie_beside_until_they_are_many() {
    both_ways(&[]);
}

#[test]
fn in_reftable_too() {
    both_ways(&["--ref-format=reftable"]);
}

#[test]
fn a_ref_moves_itself_until_it_is_large() {
    let Team { hub, first, .. } = Team::sharing(&[]);
    for (kind, count) in [("old", 3_000), ("new", 2_000)] {
        add(&first, kind, count);
        first.agents_work(kind, "write it");
        first.sync();
        assert_eq!(hub.tip(PROMPTS_NEW), None);
        assert_eq!(hub.tip(PROMPTS), first.tip(PROMPTS));
    }
    first.agents_work("a.txt", "write a");
    first.sync();
    assert_eq!(names(&hub, PROMPTS_NEW).len(), 1);
}

/// A hub with a secret in the large ref, and then a prompt beside; or the other way round.
fn with_secret(in_large: bool) -> (Team, String) {
    let team = Team::sharing(&[]);
    add(&team.first, "old", MANY);
    let first = |text: &str| team.first.agents_work(&format!("{}.txt", text.len()), text);
    let turn = match in_large {
        true => {
            let turn = first(SECRET);
            team.first.sync();
            first("write a");
            turn
        }
        false => {
            team.first.sync();
            first("write a");
            first(SECRET)
        }
    };
    team.first.sync();
    team.second.sync();
    for (name, holds) in [(PROMPTS, in_large), (PROMPTS_NEW, !in_large)] {
        let notes = prompts(&team.hub, name);
        let found = notes.values().flatten().any(|line| line.contains(SECRET));
        assert_eq!(found, holds, "{name}");
    }
    (team, turn)
}

fn text_goes_from(in_large: bool, share: bool) {
    let (Team { hub, first, second }, turn) = with_secret(in_large);
    // One that knows the large ref alone has all of that.
    let older = first.clone_to("older", &[]);
    older.git(["fetch", "-q", "origin", &format!("{PROMPTS}:{PROMPTS}")]);
    let old = older.tip(PROMPTS).unwrap();
    if !share {
        second.git(["config", "ai-log.prompts", "local"]);
    }
    let _ = second.ai_log(["forget", &turn]).ok();
    assert!(!second.objects_hold(SECRET));
    second.sync();
    assert!(!hub.objects_hold(SECRET));
    assert_eq!(held(&hub).len(), MANY + 1);
    first.sync();
    assert!(!first.objects_hold(SECRET));
    agree(&hub, &first);
    // Whatever the older one does, the next sync of anybody mends it.
    if hub.tip(PROMPTS).as_ref() != Some(&old) {
        let lease = format!("--force-with-lease={PROMPTS}:{old}");
        let pushed = older.try_git(["push", "-q", &lease, "origin", PROMPTS]);
        assert_ne!(pushed.code, Some(0), "{pushed}");
    }
    older.git(["push", "-q", "--force", "origin", PROMPTS]);
    first.sync();
    assert!(!hub.objects_hold(SECRET));
    agree(&hub, &first);
    assert_eq!(held(&hub).len(), MANY + 1);
}

#[test]
fn what_is_forgotten_goes_from_the_large_ref() {
    text_goes_from(true, true);
}

#[test]
fn what_is_forgotten_goes_from_the_small_ref() {
    text_goes_from(false, true);
}

#[test]
fn it_goes_from_the_large_ref_where_nothing_is_shared() {
    text_goes_from(true, false);
}

#[test]
fn it_goes_from_the_small_ref_where_nothing_is_shared() {
    text_goes_from(false, false);
}

/// One clone syncs, once, as soon as this hook runs: in the hub when a push comes in, or in a clone
/// when a fetch has moved its refs.
fn meanwhile(hook: &Path, other: &TestRepo) {
    let script = format!(
        "#!/bin/sh\nmkdir '{0}' 2>/dev/null || exit 0; unset $(git rev-parse --local-env-vars) \
         GIT_QUARANTINE_PATH; cd '{1}' && git ai-log sync >&2\n",
        other.root().join("outrun").display(),
        other.top.display(),
    );
    crate::env::executable(hook, &script);
}

/// The hook of a hub that a push runs before refs move.
fn incoming(hub: &TestRepo) -> PathBuf {
    hub.top.join("hooks/pre-receive")
}

#[track_caller]
fn nothing_is_lost(hub: &TestRepo, clones: &[&TestRepo], count: usize) {
    assert!(hub.root().join("outrun").exists());
    for clone in clones.iter().chain(clones) {
        clone.sync();
    }
    for clone in clones {
        agree(hub, clone);
    }
    assert_eq!(held(hub).len(), count);
}

#[test]
fn another_adds_to_the_small_ref_between_fetch_and_push() {
    let Team { hub, first, second } = large(&[]);
    for round in 0..2 {
        first.agents_work(&format!("a{round}"), "write a");
        second.agents_work(&format!("b{round}"), "write b");
        // The second time the ref is there already.
        let _ = std::fs::remove_dir(hub.root().join("outrun"));
        meanwhile(&incoming(&hub), &second);
        first.sync();
        nothing_is_lost(&hub, &[&first, &second], MANY + 2 * (round + 1));
    }
    assert_eq!(names(&hub, PROMPTS_NEW).len(), 4);
}

#[test]
fn another_compacts_between_fetch_and_push() {
    let Team { hub, first, second } = large(&[]);
    first.agents_work("a", "write a");
    first.sync();
    first.agents_work("b", "write b");
    add(&second, "new", FEW);
    meanwhile(&incoming(&hub), &second);
    first.sync();
    nothing_is_lost(&hub, &[&first, &second], MANY + FEW + 2);
    assert_eq!(names(&hub, PROMPTS_NEW).len(), 1);
}

#[test]
fn another_adds_while_it_is_compacted() {
    let Team { hub, first, second } = large(&[]);
    second.agents_work("a", "write a");
    second.sync();
    assert_eq!(names(&hub, PROMPTS_NEW).len(), 1);
    second.agents_work("b", "write b");
    add(&first, "new", FEW);
    meanwhile(&incoming(&hub), &second);
    first.sync();
    nothing_is_lost(&hub, &[&first, &second], MANY + FEW + 2);
}

fn both_compact(hook: impl FnOnce(&Team) -> PathBuf) {
    let team = large(&[]);
    let hook = hook(&team);
    let Team { hub, first, second } = team;
    second.agents_work("a", "write a");
    second.sync();
    assert_eq!(names(&hub, PROMPTS_NEW).len(), 1);
    add(&first, "new", FEW);
    add(&second, "other", FEW + 1);
    meanwhile(&hook, &second);
    first.sync();
    nothing_is_lost(&hub, &[&first, &second], MANY + 2 * FEW + 2);
}

#[test]
fn both_compact_at_once() {
    both_compact(|team| incoming(&team.hub));
}

#[test]
fn the_small_ref_is_gone_before_the_push() {
    both_compact(|team| team.first.git_path("hooks/reference-transaction"));
}

#[test]
fn both_compact_at_once_where_refs_move_one_by_one() {
    both_compact(|team| {
        team.hub.git(["config", "receive.advertiseAtomic", "false"]);
        incoming(&team.hub)
    });
}

#[test]
fn a_clone_that_knows_the_large_ref_alone_loses_nothing() {
    let Team { hub, first, second } = large(&[]);
    first.agents_work("a", "write a");
    first.sync();
    assert_eq!(names(&hub, PROMPTS_NEW).len(), 1);
    // As a version without the small ref merges and pushes: what it saw, and its own.
    let older = first.clone_to("older", &[]);
    older.git(["fetch", "-q", "origin", &format!("{PROMPTS}:{PROMPTS}")]);
    let seen = older.tip(PROMPTS).unwrap();
    older.git(["notes", "--ref", PROMPTS, "add", "-m", &line("p_older"), &object("older", 1)]);
    let tree = format!("{PROMPTS}^{{tree}}");
    let tip = older.git(["commit-tree", "-m", "older", &tree]);
    let lease = format!("--force-with-lease={PROMPTS}:{seen}");
    older.git(["push", "-q", &lease, "origin", &format!("{tip}:{PROMPTS}")]);
    second.agents_work("b", "write b");
    for repo in [&second, &first, &second] {
        repo.sync();
    }
    agree(&hub, &first);
    agree(&hub, &second);
    assert_eq!(held(&hub).len(), MANY + 3);
    assert!(held(&hub).contains_key(&object("older", 1)));
}

#[test]
fn a_compaction_that_is_refused_keeps_the_small_ref() {
    let Team { hub, first, second } = large(&[]);
    first.agents_work("a", "write a");
    first.sync();
    let small = hub.tip(PROMPTS_NEW);
    assert!(small.is_some());
    add(&first, "new", FEW);
    let refuse = format!("while read old new ref; do [ $ref != {PROMPTS} ] || exit 1; done");
    hub.server_hook("pre-receive", &refuse);
    let failed = first.ai_log(["sync"]);
    assert_eq!(failed.code, Some(2), "{failed}");
    assert!(failed.failed().contains("refuses the prompts"));
    assert_eq!(hub.tip(PROMPTS_NEW), small);
    assert_eq!(hub.tip(PROVENANCE), first.tip(PROVENANCE));
    std::fs::remove_file(hub.top.join("hooks/pre-receive")).unwrap();
    first.sync();
    second.sync();
    agree(&hub, &second);
}

#[test]
fn what_the_users_own_fetch_brings_is_taken_in() {
    let Team { hub, first, second } = large(&[]);
    let spec = "+refs/notes/ai-log/*:refs/ai-log/remote/origin/*";
    second.git(["config", "--add", "remote.origin.fetch", spec]);
    first.agents_work("a.txt", "write a");
    first.git(["push", "-q"]);
    second.git(["pull", "-q"]);
    agree(&hub, &second);
    // Fetched into the same names, as CI does: taken in and put away.
    second.git(["config", "--unset", "remote.origin.fetch", "ai-log"]);
    for (file, text) in [("b.txt", "write b"), ("c.txt", SECRET)] {
        let turn = first.agents_work(file, text);
        first.git(["push", "-q"]);
        second.git(["fetch", "-q", "origin", &format!("{PROMPTS_NEW}:{PROMPTS_NEW}")]);
        match file {
            "b.txt" => drop(second.git(["pull", "-q"])),
            _ => drop(second.ai_log(["forget", &turn]).ok()),
        }
        assert_eq!(second.tip(PROMPTS_NEW), None);
    }
    assert_eq!(prompts(&second, PROMPTS).len(), MANY + 2);
    assert!(!second.objects_hold(SECRET));
}

#[test]
fn many_at_once_and_some_killed() {
    let Team { hub, first, .. } = large(&[]);
    first.agents_work("a", "write a");
    first.sync();
    assert_eq!(names(&hub, PROMPTS_NEW).len(), 1);
    let clones: Vec<TestRepo> = (0..12)
        .map(|n| {
            let name = format!("clone-{n}");
            first.git(["clone", "-q", "--shared", "-n", "../hub.git", &format!("../{name}")]);
            let clone = first.at(&name);
            clone.share_prompts();
            clone.sync();
            // Every fourth has so much that it compacts.
            add(&clone, &name, if n % 4 == 0 { FEW + 1 } else { 1 });
            clone
        })
        .collect();
    sync_at_once(&clones, |n| 23 * n);
    first.sync();
    agree(&hub, &first);
    assert_eq!(held(&hub).len(), MANY + 3 * (FEW + 1) + 10);
    hub.git(["fsck", "--strict"]);
}
