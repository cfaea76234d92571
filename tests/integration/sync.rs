//! Notes of several clones and of the repositories that they share.

use std::collections::BTreeMap;
use std::process::Stdio;

use serde_json::Value;

use crate::env::TestRepo;
use crate::env::team::{PROMPTS, PROVENANCE, Team, sync_at_once};

/// The turns whose prompts a repository has.
fn prompts(repo: &TestRepo) -> Vec<String> {
    let lines = repo.notes_of(PROMPTS).into_values().flatten();
    let mut texts: Vec<String> = lines
        .map(|line| serde_json::from_str::<Value>(&line).unwrap()["prompt"].to_string())
        .collect();
    texts.sort();
    texts
}

/// The notes of commits, and those of both the same.
#[track_caller]
fn agree(one: &TestRepo, other: &TestRepo, name: &str) -> BTreeMap<String, Vec<String>> {
    let notes = one.notes_of(name);
    assert_eq!(notes, other.notes_of(name), "{name}");
    notes
}

#[track_caller]
fn both_ways(init: &[&str]) {
    let Team { hub, first, second } = Team::sharing(init);
    second.sync();
    first.agents_work("a.txt", "write a");
    second.agents_work("b.txt", "write b");
    assert!(first.sync().contains("sent"));
    assert!(second.sync().contains("received and sent"));
    assert!(first.sync().contains("received"));
    for name in [PROVENANCE, PROMPTS] {
        agree(&first, &second, name);
        agree(&first, &hub, name);
        assert_eq!(first.tip(name), hub.tip(name));
    }
    assert_eq!(hub.notes_of(PROVENANCE).len(), 3);
    assert_eq!(prompts(&first), ["\"write a\"", "\"write b\""]);
    // Both add to the note of one commit: neither's records are lost.
    let commit = first.git(["rev-parse", "main~1"]);
    for (repo, turn) in [(&first, "p_1"), (&second, "p_2")] {
        let line = format!("{{\"type\":\"turn\",\"turn\":\"{turn}\",\"session\":\"s_1\"}}");
        repo.git(["notes", "--ref", PROVENANCE, "append", "-m", &line, &commit]);
    }
    second.sync();
    first.sync();
    second.sync();
    let notes = agree(&first, &second, PROVENANCE);
    let has = |turn: &str| notes[&commit].iter().filter(|line| line.contains(turn)).count();
    assert_eq!((has("p_1"), has("p_2")), (1, 1));
    assert!(second.sync().contains("nothing new"));
    // Attribution only ever goes forward; prompts have no history.
    let parents = |name| hub.git(["log", "-1", "--format=%P", name]);
    assert_eq!(parents(PROMPTS), "");
    assert_eq!(hub.git(["rev-list", "--count", &format!("{PROVENANCE}..{PROVENANCE}")]), "0");
    first.git(["fsck", "--strict"]);
}

#[test]
fn two_clones_merge_both_ways() {
    both_ways(&[]);
}

#[test]
fn in_sha_256_and_reftable_too() {
    both_ways(&["--object-format=sha256", "--ref-format=reftable"]);
}

#[test]
fn attribution_is_never_pushed_by_force() {
    let Team { hub, first, second } = Team::new(&[]);
    second.sync();
    let mut tips = vec![hub.tip(PROVENANCE).unwrap()];
    for round in 0..3 {
        first.agents_work(&format!("a{round}"), "write a");
        second.agents_work(&format!("b{round}"), "write b");
        for repo in [&first, &second] {
            repo.sync();
            tips.push(hub.tip(PROVENANCE).unwrap());
        }
    }
    for pair in tips.windows(2) {
        hub.git(["merge-base", "--is-ancestor", &pair[0], &pair[1]]);
    }
}

#[test]
fn a_push_takes_the_notes_along() {
    let Team { hub, first, second } = Team::new(&[]);
    first.agents_work("a.txt", "write a");
    let said = first.try_git(["push", "-q"]);
    assert_eq!(said.ok(), "");
    assert_eq!(hub.notes_of(PROVENANCE).len(), 2);
    second.git(["pull", "-q"]);
    second.agents_work("b.txt", "write b");
    let _ = second.try_git(["push", "-q"]).ok();
    assert_eq!(second.notes_of(PROVENANCE).len(), 3, "what others have comes, too");
    agree(&second, &hub, PROVENANCE);
    // Switched off, a push is a push.
    first.git(["config", "ai-log.sync", "never"]);
    first.git(["pull", "-q"]);
    first.agents_work("c.txt", "write c");
    first.git(["push", "-q"]);
    assert_eq!(hub.notes_of(PROVENANCE).len(), 3);
    first.sync();
    assert_eq!(hub.notes_of(PROVENANCE).len(), 4);
}

#[test]
fn a_push_within_a_push_syncs_once() {
    let Team { hub, first, .. } = Team::new(&[]);
    // Each push that reaches the server is a line here.
    let log = hub.top.join("pushes");
    hub.server_hook("pre-receive", &format!("echo push >>'{}'; cat >/dev/null", log.display()));
    let pushes = || {
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        let _ = std::fs::remove_file(&log);
        text.lines().count()
    };
    first.agents_work("a.txt", "write a");
    first.git(["push", "-q"]);
    assert_eq!(pushes(), 2, "the notes, and the branch");
    // Hooks that git runs within our own push, as a wrapper of git may make it do, do nothing.
    first.agents_work("b.txt", "write b");
    let line = "GIT_AI_LOG_SYNCING=1 git-ai-log hook pre-push origin ../hub.git </dev/null";
    assert_eq!(first.sh(line).ok(), "");
    assert_eq!(pushes(), 0);
    // The user pushes the notes, which git has looked up already.
    first.git(["push", "-q", "origin", &format!("{PROVENANCE}:{PROVENANCE}")]);
    assert_eq!(pushes(), 1);
    assert_eq!(first.tip(PROVENANCE), hub.tip(PROVENANCE));
}

#[test]
fn without_news_a_push_does_not_ask_the_remote() {
    let Team { hub, first, .. } = Team::new(&[]);
    first.sync();
    // A remote that cannot be reached would be told of.
    std::fs::rename(&hub.top, hub.top.with_extension("gone")).unwrap();
    let asked = first.sh("git-ai-log hook pre-push origin ../hub.git </dev/null");
    assert_eq!((asked.code, asked.stderr), (Some(0), Vec::new()));
    first.agents_work("a.txt", "write a");
    let asked = first.sh("git-ai-log hook pre-push origin ../hub.git </dev/null");
    assert_eq!(asked.code, Some(0), "{asked}");
    assert!(String::from_utf8_lossy(&asked.stderr).contains("not be exchanged with origin"));
    let failed = first.ai_log(["sync"]);
    assert_eq!(failed.code, Some(2), "{failed}");
    // What was seen long ago is asked for again.
    std::fs::rename(hub.top.with_extension("gone"), &hub.top).unwrap();
    first.sync();
    let mark = first.state_dir().join("synced");
    for file in crate::env::team::files_below(&mark) {
        std::fs::File::options()
            .append(true)
            .open(file)
            .unwrap()
            .set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(7_200))
            .unwrap();
    }
    std::fs::rename(&hub.top, hub.top.with_extension("gone")).unwrap();
    let asked = first.sh("git-ai-log hook pre-push origin ../hub.git </dev/null");
    assert!(!asked.stderr.is_empty(), "{asked}");
}

#[test]
fn prompts_stay_here_without_consent() {
    let Team { hub, first, second } = Team::new(&[]);
    first.agents_work("a.txt", "a private wish");
    second.share_prompts();
    second.agents_work("b.txt", "a public wish");
    let said = first.sync();
    assert!(said.contains("prompts     origin: nothing new; what is only here stays"), "{said}");
    assert_eq!(hub.tip(PROMPTS), None);
    second.sync();
    // Those of others come all the same, and one's own still do not go.
    first.sync();
    assert_eq!(prompts(&first), ["\"a private wish\"", "\"a public wish\""]);
    first.agents_work("c.txt", "another private wish");
    first.git(["push", "-q"]);
    assert_eq!(prompts(&hub), ["\"a public wish\""]);
    assert!(!hub.objects_hold("private wish"));
    // A word that means nothing is not consent.
    first.git(["config", "ai-log.prompts", "yes"]);
    let said = first.ai_log(["sync"]);
    assert!(String::from_utf8_lossy(&said.stderr).contains("ai-log.prompts is `yes`"));
    let _ = said.ok();
    assert_eq!(prompts(&hub), ["\"a public wish\""]);
    first.share_prompts();
    first.sync();
    assert_eq!(prompts(&hub).len(), 3);
}

#[test]
fn attribution_and_prompts_go_to_remotes_of_their_own() {
    let Team { hub, first, second } = Team::new(&[]);
    for name in ["public", "private"] {
        first.add_hub(&format!("{name}.git"), &[]);
        for repo in [&first, &second] {
            repo.git(["remote", "add", name, &format!("../{name}.git")]);
        }
    }
    for repo in [&first, &second] {
        repo.share_prompts();
        repo.git(["config", "ai-log.remote", "public"]);
        repo.git(["config", "ai-log.promptsRemote", "private"]);
    }
    let before = hub.notes_of(PROVENANCE);
    first.agents_work("a.txt", "a private wish");
    first.git(["push", "-q"]);
    let (public, private) = (first.at("public.git"), first.at("private.git"));
    assert_eq!((public.notes_of(PROVENANCE).len(), public.tip(PROMPTS)), (2, None));
    assert_eq!((prompts(&private).len(), private.tip(PROVENANCE)), (1, None));
    assert_eq!(hub.notes_of(PROVENANCE), before);
    second.sync();
    agree(&first, &second, PROVENANCE);
    agree(&first, &second, PROMPTS);
    // Prompts never go where only the attribution was sent.
    second.agents_work("b.txt", "another private wish");
    let _ = second.ai_log(["sync", "origin"]).ok();
    assert_eq!(hub.tip(PROMPTS), None);
    assert_eq!(prompts(&private).len(), 2);
}

#[test]
fn a_remote_that_refuses_notes_holds_nothing_up() {
    let Team { hub, first, second } = Team::sharing(&[]);
    let refuse = |what: &str| {
        let script = format!(
            "while read old new ref; do case $ref in {what}) echo 'no notes here' >&2; \
             exit 1;; esac; done"
        );
        hub.server_hook("pre-receive", &script);
    };
    refuse("refs/notes/*");
    first.agents_work("a.txt", "write a");
    let pushed = first.try_git(["push", "-q"]);
    let said = String::from_utf8_lossy(&pushed.stderr).into_owned();
    let _ = pushed.ok();
    for part in ["origin refuses", "no notes here", "hint:", "your push goes on"] {
        assert!(said.contains(part), "{part:?} in {said}");
    }
    assert_eq!(hub.git(["rev-parse", "main"]), first.git(["rev-parse", "main"]));
    let failed = first.ai_log(["sync"]);
    assert_eq!(failed.code, Some(2), "{failed}");
    assert!(failed.failed().contains("ai-log.remote"));
    // Only the prompts: the attribution still arrives.
    refuse("refs/notes/ai-log/prompts");
    let failed = first.ai_log(["sync", "--json"]);
    let told: Value = serde_json::from_slice(&failed.stdout).unwrap();
    assert_eq!(told["notes"][0]["state"], "in-step", "{told}");
    assert_eq!(told["notes"][1]["state"], "refused", "{told}");
    assert!(failed.failed().contains("ai-log.promptsRemote"));
    assert_eq!(hub.tip(PROVENANCE), first.tip(PROVENANCE));
    std::fs::remove_file(hub.top.join("hooks/pre-receive")).unwrap();
    first.sync();
    second.sync();
    agree(&first, &second, PROMPTS);
}

#[test]
fn the_remote_moves_between_fetch_and_push() {
    let Team { hub, first, second } = Team::sharing(&[]);
    second.sync();
    first.agents_work("a.txt", "write a");
    second.agents_work("b.txt", "write b");
    let outrun = second.at("outrun");
    std::fs::create_dir(&outrun.top).unwrap();
    // When the first push of notes comes in, the other clone is faster.
    let second_sync = format!(
        "[ -e '{0}/done' ] && exit 0; mkdir '{0}/done'; unset $(git rev-parse --local-env-vars) \
         GIT_QUARANTINE_PATH; cd '{1}' && git ai-log sync >&2",
        outrun.top.display(),
        second.top.display(),
    );
    hub.server_hook("pre-receive", &second_sync);
    first.sync();
    assert!(outrun.top.join("done").exists());
    second.sync();
    for name in [PROVENANCE, PROMPTS] {
        agree(&first, &second, name);
        agree(&first, &hub, name);
    }
    assert_eq!(prompts(&hub).len(), 2);
}

#[test]
fn the_users_refspecs_stay_and_go_on_working() {
    let Team { first, second, .. } = Team::new(&[]);
    let config = |repo: &TestRepo| repo.git(["config", "--local", "--list"]);
    let before = config(&second);
    let fetched = second.tip("refs/remotes/origin/main");
    first.agents_work("a.txt", "write a");
    first.git(["push", "-q"]);
    second.sync();
    assert_eq!(config(&second), before);
    assert_eq!(second.tip("refs/remotes/origin/main"), fetched, "only notes were fetched");
    assert!(!second.git_path("FETCH_HEAD").exists());
    second.git(["fetch", "-q"]);
    assert_ne!(second.tip("refs/remotes/origin/main"), fetched);
    // With a refspec of the user's own the notes come with each fetch, and a pull takes them in.
    let spec = "+refs/notes/ai-log/*:refs/ai-log/remote/origin/*";
    second.git(["config", "--add", "remote.origin.fetch", spec]);
    second.git(["merge", "-q", "origin/main"]);
    first.agents_work("b.txt", "write b");
    first.git(["push", "-q"]);
    second.git(["pull", "-q"]);
    agree(&first, &second, PROVENANCE);
    assert_eq!(second.notes_of(PROVENANCE).len(), 3);
}

#[test]
fn shallow_and_partial_clones() {
    let Team { hub, first, .. } = Team::sharing(&[]);
    hub.git(["config", "uploadpack.allowFilter", "true"]);
    first.agents_work("a.txt", "write a");
    first.git(["push", "-q"]);
    for (name, args) in [
        ("shallow", ["--depth=1"]),
        ("blobless", ["--filter=blob:none"]),
        ("treeless", ["--filter=tree:0"]),
    ] {
        let clone = first.clone_to(name, &args);
        clone.share_prompts();
        clone.sync();
        agree(&first, &clone, PROVENANCE);
        clone.agents_work(&format!("{name}.txt"), &format!("write {name}"));
        first.agents_work(&format!("beside {name}.txt"), "write beside");
        first.sync();
        clone.sync();
        first.sync();
        agree(&first, &clone, PROVENANCE);
        agree(&first, &clone, PROMPTS);
        agree(&first, &hub, PROMPTS);
    }
    assert_eq!(prompts(&hub).len(), 7);
}

#[test]
fn trees_of_any_depth_are_merged() {
    let Team { hub, first, second } = Team::new(&[]);
    second.sync();
    // git's own notes lie loose until there are many; another tool may have folders of any depth.
    let commits: Vec<String> = (0..40)
        .map(|n| {
            let tree = first.git(["write-tree"]);
            first.git(["commit-tree", &tree, "-m", &n.to_string()])
        })
        .collect();
    let text = "{\"type\":\"turn\",\"turn\":\"p_1\",\"session\":\"s_1\"}\n";
    let blob = {
        std::fs::write(first.root().join("note"), text).unwrap();
        first.git(["hash-object", "-w", "../note"])
    };
    let mut stream = String::new();
    for (n, commit) in commits.iter().enumerate() {
        let name = match n % 3 {
            0 => commit.clone(),
            1 => format!("{}/{}", &commit[..2], &commit[2..]),
            _ => format!("{}/{}/{}", &commit[..2], &commit[2..4], &commit[4..]),
        };
        stream.push_str(&format!("M 100644 {blob} {name}\n"));
    }
    let head = "committer A <a@example.com> 1800000000 +0000\ndata 1\nx\n";
    let stream = format!("commit {PROVENANCE}\n{head}from {PROVENANCE}^0\n{stream}\n");
    let _ =
        crate::env::run(first.command("git").args(["fast-import", "--quiet"]), stream.as_bytes())
            .ok();
    second.agents_work("b.txt", "write b");
    first.sync();
    second.sync();
    first.sync();
    let notes = agree(&first, &second, PROVENANCE);
    agree(&first, &hub, PROVENANCE);
    assert_eq!(notes.len(), 42);
    assert!(commits.iter().all(|commit| notes.contains_key(commit)));
}

#[test]
fn a_lock_that_a_killed_process_left_is_removed_here_and_told_of_elsewhere() {
    let Team { hub, first, .. } = Team::new(&[]);
    first.sync();
    first.agents_work("a.txt", "write a");
    let lock = |repo: &TestRepo| {
        let lock = repo.git_path(&format!("{PROVENANCE}.lock"));
        std::fs::write(&lock, "").unwrap();
        lock
    };
    let theirs = lock(&hub);
    let failed = first.ai_log(["sync"]);
    assert_eq!(failed.code, Some(2), "{failed}");
    assert!(failed.failed().contains(".lock file"));
    std::fs::remove_file(theirs).unwrap();
    first.sync();
    agree(&first, &hub, PROVENANCE);
    // Something to merge.
    let line = "{\"type\":\"turn\",\"turn\":\"p_1\",\"session\":\"s_1\"}";
    hub.git(["notes", "--ref", PROVENANCE, "append", "-m", line, "main"]);
    let ours = lock(&first);
    first.sync();
    assert!(!ours.exists());
    agree(&first, &hub, PROVENANCE);
}

#[test]
fn two_syncs_of_one_clone_at_once() {
    let Team { hub, first, .. } = Team::sharing(&[]);
    for round in 0..3 {
        first.agents_work(&format!("a{round}"), "write a");
        let start = || first.command("git-ai-log").arg("sync").stdout(Stdio::null()).spawn();
        let children: Vec<_> = (0..3).map(|_| start().unwrap()).collect();
        for mut child in children {
            assert!(child.wait().unwrap().success());
        }
    }
    agree(&first, &hub, PROVENANCE);
    agree(&first, &hub, PROMPTS);
}

/// How many objects a repository has been sent.
fn objects(repo: &TestRepo) -> usize {
    let counts = repo.git(["count-objects", "-v"]);
    let count = |name: &str| {
        let line = counts.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap().trim().parse::<usize>().unwrap()
    };
    count("count:") + count("in-pack:")
}

#[test]
fn one_new_prompt_is_all_that_is_sent() {
    let Team { hub, first, second } = Team::sharing(&[]);
    // More than git would unpack, so that objects that are sent twice are counted twice.
    let tree = first.git(["write-tree"]);
    let commit = |n: usize| first.git(["commit-tree", &tree, "-m", &n.to_string()]);
    let line = |n: usize| format!("{{\"type\":\"prompt\",\"turn\":\"p_{n}\",\"prompt\":\"x\"}}");
    let mut stream = String::new();
    for n in 0..150 {
        let line = line(n);
        stream.push_str(&format!("N inline {}\ndata {}\n{line}\n", commit(n), line.len()));
    }
    let head = "committer A <a@example.com> 1800000000 +0000\ndata 1\nx\n";
    let stream = format!("commit {PROMPTS}\n{head}{stream}\n");
    let import = ["fast-import", "--quiet", "--force"];
    let _ = crate::env::run(first.command("git").args(import), stream.as_bytes()).ok();
    for round in 0..3 {
        first.agents_work(&format!("a{round}"), "write a");
        second.agents_work(&format!("b{round}"), "write b");
        first.sync();
        let before = [objects(&hub), objects(&second)];
        second.sync();
        let sent = [objects(&hub) - before[0], objects(&second) - before[1]];
        // The first time they come.
        assert!(round == 0 || sent.iter().all(|count| *count < 40), "{sent:?}");
        first.sync();
        agree(&first, &second, PROMPTS);
    }
    assert_eq!(prompts(&hub).len(), 156);
    // Whatever git's own commands make of the ref: there it has no history.
    let new = commit(1_000);
    first.git(["notes", "--ref", PROMPTS, "add", "-m", &line(1_000), &new]);
    assert_ne!(first.git(["log", "-1", "--format=%P", PROMPTS]), "");
    first.sync();
    assert_eq!(hub.git(["log", "-1", "--format=%P", PROMPTS]), "");
    assert_eq!(prompts(&hub).len(), 157);
}

#[test]
fn a_remote_of_which_only_an_address_is_known() {
    let Team { first, .. } = Team::new(&[]);
    first.add_hub("other.git", &[]);
    let other = first.at("other.git");
    // A push there takes nothing along: it may be anybody's.
    first.git(["push", "-q", "../other.git", "main"]);
    assert_eq!(other.tip(PROVENANCE), None);
    let _ = first.ai_log(["sync", "../other.git"]).ok();
    agree(&first, &other, PROVENANCE);
    // Where one pushes to another place than one fetches from, the notes are merged with that.
    first.git(["remote", "set-url", "--push", "origin", "../other.git"]);
    first.agents_work("a.txt", "write a");
    first.git(["push", "-q"]);
    agree(&first, &other, PROVENANCE);
}

#[test]
fn without_a_remote_it_says_so() {
    let repo = TestRepo::with(&[("a", "a\n")]);
    let failed = repo.ai_log(["sync"]);
    assert_eq!(failed.code, Some(2));
    assert!(failed.failed().contains("git config ai-log.remote"));
}

/// Clones that sync at the same time.
const CLONES: usize = 50;

#[test]
fn fifty_at_once_lose_nothing() {
    let Team { hub, first, .. } = Team::sharing(&[]);
    first.sync();
    let spare = first.git(["rev-parse", "HEAD"]);
    let mut wanted = Vec::new();
    let clones: Vec<TestRepo> = (0..CLONES)
        .map(|n| {
            let name = format!("clone-{n}");
            first.git(["clone", "-q", "--shared", "-n", "../hub.git", &format!("../{name}")]);
            let clone = first.at(&name);
            clone.share_prompts();
            // A commit of its own, and a record in the note of one that all of them have.
            let tree = format!("{spare}^{{tree}}");
            let commit = clone.git(["commit-tree", &tree, "-m", &name]);
            for (object, turn) in [(&commit, format!("p_own{n}")), (&spare, format!("p_all{n}"))] {
                let line = format!("{{\"type\":\"turn\",\"turn\":\"{turn}\",\"session\":\"s_1\"}}");
                clone.git(["notes", "--ref", PROVENANCE, "add", "-f", "-m", &line, object]);
                let line = format!("{{\"type\":\"prompt\",\"turn\":\"{turn}\",\"prompt\":\"x\"}}");
                clone.git(["notes", "--ref", PROMPTS, "add", "-f", "-m", &line, object]);
                wanted.push((object.clone(), turn));
            }
            clone
        })
        .collect();
    sync_at_once(&clones, |n| 7 * (n % 11));
    for name in [PROVENANCE, PROMPTS] {
        let notes = hub.notes_of(name);
        for (object, turn) in &wanted {
            let found = notes[object].iter().filter(|line| line.contains(&format!("\"{turn}\"")));
            assert_eq!(found.count(), 1, "{name}: {turn}");
        }
    }
    hub.git(["fsck", "--strict"]);
}

#[test]
fn install_asks_once_whether_prompts_may_be_shared() {
    for (typed, said) in [("y\n", "share"), ("\n", "local"), ("", "local")] {
        let repo = TestRepo::new();
        let _ = repo.ai_log(["install", "--no-agents"]).ok();
        let unset = repo.try_git(["config", "ai-log.prompts"]);
        assert_eq!(unset.code, Some(1), "nobody is there to be asked");
        let install = "git ai-log install --no-agents";
        let first = crate::env::at_terminal(&repo, install, typed);
        assert!(String::from_utf8_lossy(&first.stdout).contains("[y/N]"), "{first}");
        assert_eq!(repo.git(["config", "--get-all", "ai-log.prompts"]), said);
        let second = crate::env::at_terminal(&repo, install, "y\n");
        assert!(!String::from_utf8_lossy(&second.stdout).contains("[y/N]"), "{second}");
    }
}
