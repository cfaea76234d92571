//! `git ai-log doctor`, with the real git and the program itself.

#![allow(clippy::unwrap_used, reason = "a test may end where it fails")]

mod install_env;

use install_env::{Ran, World};
use serde_json::Value;

const HOOKS: &[&str] = &[
    "pre-commit",
    "post-commit",
    "post-checkout",
    "post-merge",
    "post-rewrite",
    "post-applypatch",
    "pre-push",
];

/// A place where both agents are installed and may be heard.
fn healthy() -> World {
    let world = World::new();
    world.put_real_program();
    world.run(&["install", "--agent", "claude-code", "--agent", "codex"]).ok();
    let config = std::fs::read_to_string(world.home(".codex/config.toml")).unwrap();
    let top = world.repo.canonicalize().unwrap();
    let trust = format!("{config}\n[projects.\"{}\"]\ntrust_level = \"trusted\"\n", top.display());
    world.write("home/.codex/config.toml", trust);
    world
}

fn doctor(world: &World) -> Ran {
    world.run(&["doctor"])
}

/// The lines that do not start with `ok`.
fn complaints(ran: &Ran) -> Vec<&str> {
    ran.out.lines().filter(|line| !line.starts_with("ok ")).collect()
}

/// Exactly one line fails; it holds these words.
#[track_caller]
fn fails(world: &World, words: &[&str]) {
    let ran = doctor(world);
    assert_eq!(ran.code, 1, "{ran:#?}");
    let said = complaints(&ran);
    let line = said.iter().find(|line| words.iter().all(|word| line.contains(word)));
    assert!(line.is_some_and(|line| line.starts_with("fail")), "no {words:?} in {said:#?}");
    world.no_temporary_files();
}

/// Nothing fails, and one line warns with these words.
#[track_caller]
fn warns(world: &World, words: &[&str]) {
    let ran = doctor(world);
    assert_eq!(ran.code, 0, "{ran:#?}");
    let said = complaints(&ran);
    let line = said.iter().find(|line| words.iter().all(|word| line.contains(word)));
    assert!(line.is_some_and(|line| line.starts_with("warn")), "no {words:?} in {said:#?}");
    world.no_temporary_files();
}

#[test]
fn all_is_well_and_nothing_of_the_users_runs() {
    let world = World::new();
    world.foreign_hook(&world.hook("post-commit"), 0);
    let trace = world.path("trace");
    let theirs = format!("#!/bin/sh\necho prepared >>'{}'\n", trace.display());
    world.script("templates/hooks/prepare-commit-msg", &theirs);
    let templates = world.path("templates");
    world.git(&["config", "--global", "init.templateDir", templates.to_str().unwrap()]).ok();
    world.git(&["config", "--global", "core.hooksPath", "/nowhere"]).ok();
    world.git(&["config", "core.hooksPath", ".git/hooks"]).ok();
    world.git(&["config", "--global", "commit.gpgSign", "true"]).ok();
    world.put_real_program();
    world.run(&["install", "--agent", "claude-code"]).ok();
    let before = world.picture();
    let ran = doctor(&world);
    assert_eq!((ran.code, complaints(&ran)), (0, vec![]), "{ran:#?}");
    for proof in [
        "ok    probe post-commit  a commit in a throw-away repository got its note",
        "ok    probe claude-code (project)  its own commands recorded a prompt and an edit, and \
         the commit's note names the agent, the turn and the line",
        "ok    probe claude-code (project)  `git commit --no-verify` in an agent's command is denied",
    ] {
        assert!(ran.out.contains(proof), "{ran:#?}");
    }
    assert_eq!(world.trace(), [""; 0]);
    assert_eq!(world.picture(), before);
    world.no_temporary_files();
}

#[test]
fn json() {
    let world = healthy();
    let answer: Value = serde_json::from_str(&world.run(&["doctor", "--json"]).ok()).unwrap();
    assert_eq!(answer["schema"], "git-ai-log/doctor/1");
    assert_eq!(answer["verdict"], "ok", "{answer:#}");
    assert_eq!(answer["repository"], world.repo.canonicalize().unwrap().to_str().unwrap());
    let checks = answer["checks"].as_array().unwrap();
    for about in ["post-commit", "claude-code (project)", "codex (project)"] {
        let proof = |check: &&Value| check["check"] == "probe" && check["about"] == about;
        assert_eq!(checks.iter().find(proof).unwrap()["verdict"], "ok", "{answer:#}");
    }
    std::fs::remove_file(world.hook("post-merge")).unwrap();
    let ran = world.run(&["doctor", "--json"]);
    let answer: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &answer["verdict"]), (1, &Value::from("fail")));
    let failed = |check: &&Value| check["verdict"] == "fail";
    let check = answer["checks"].as_array().unwrap().iter().find(failed).unwrap();
    assert_eq!(check["about"], "post-merge");
    assert_eq!(check["mend"], "git ai-log install --no-agents");
}

#[test]
fn hooks_that_are_not_there_or_not_ours() {
    let world = healthy();
    std::fs::remove_file(world.hook("post-commit")).unwrap();
    fails(&world, &["git-hooks post-commit", "not installed", "git ai-log install"]);
    world.foreign_hook(&world.hook("post-commit"), 0);
    fails(&world, &["git-hooks post-commit", "another program's", "git ai-log install"]);
    assert_eq!(world.trace(), [""; 0]);
    world.run(&["install", "--no-agents"]).ok();
    assert_eq!(doctor(&world).code, 0);
    // Somebody's own lines in our script: not to be run, and not to be relied on.
    let ours = std::fs::read_to_string(world.hook("post-commit")).unwrap();
    let more = ours
        .replace("\nai_log_status=0\n", &format!("\ntouch '{}'\n", world.path("ran").display()));
    world.script(world.hook("post-commit"), &more);
    fails(&world, &["git-hooks post-commit", "not as this version writes it"]);
    assert!(!world.path("ran").exists());
    world.script(world.hook("post-commit"), &ours);
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |mode| std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(world.hook("post-commit"), mode(0o644)).unwrap();
    fails(&world, &["git-hooks post-commit", "not executable", "chmod +x"]);
    for hook in HOOKS {
        std::fs::remove_file(world.hook(hook)).unwrap();
    }
    fails(
        &world,
        &[
            "git-hooks  none of pre-commit, post-commit, post-checkout, post-merge",
            "git ai-log install",
        ],
    );
}

#[test]
fn hook_managers() {
    let world = healthy();
    let put_aside = |name: &str, end: &str, words: &str| {
        let aside = format!("{name}{end}");
        std::fs::rename(world.hook(name), world.hook(&aside)).unwrap();
        world.script(world.hook(name), &format!("#!/bin/sh\n{words}\n"));
    };
    put_aside("post-commit", ".old", "call_lefthook run \"post-commit\" \"$@\"");
    fails(&world, &["git-hooks post-commit", "post-commit.old", "does not run it"]);
    world.run(&["install", "--no-agents"]).ok();
    assert_eq!(doctor(&world).code, 0);
    // pre-commit runs what it finds, but keeps the input of post-rewrite to itself.
    for name in ["post-merge", "post-rewrite"] {
        put_aside(name, ".legacy", "# File generated by pre-commit: https://pre-commit.com");
    }
    warns(&world, &["git-hooks post-rewrite", "without its standard input"]);
    assert!(doctor(&world).out.contains("run by the hook manager"));
    // Their configuration may call us as well.
    world.write("repo/.pre-commit-config.yaml", "entry: git-ai-log hook post-merge\n");
    warns(&world, &["git-hooks post-merge", "runs 2 times"]);
    std::fs::remove_file(world.hook("post-merge.legacy")).unwrap();
    let ran = doctor(&world);
    assert!(ran.out.contains("named in") && ran.code == 0, "{ran:#?}");
}

#[test]
fn husky() {
    let world = World::new();
    world.put_real_program();
    world.write("repo/.husky/_/h", "");
    world.script("repo/.husky/_/post-commit", "#!/usr/bin/env sh\n. \"$(dirname \"$0\")/h\"\n");
    world.git(&["config", "core.hooksPath", ".husky/_"]).ok();
    let ran = world.path("ran");
    world.write("repo/.husky/post-commit", format!("touch '{}'\n", ran.display()));
    world.run(&["install", "--agent", "claude-code"]).ok();
    let said = doctor(&world);
    let expected = "ok    probe post-commit  a commit in a throw-away repository got its note";
    assert!(said.out.contains(expected), "{said:#?}");
    assert!(!ran.exists(), "the user's line ran");
    assert!(said.out.contains("husky is not set up"), "{said:#?}");
    world.git(&["config", "--unset", "core.hooksPath"]).ok();
    fails(&world, &["git-hooks  none of pre-commit, post-commit"]);
}

#[test]
fn agents_that_lost_their_hooks() {
    let world = healthy();
    std::fs::remove_file(world.repo.join(".claude/settings.json")).unwrap();
    fails(&world, &["agent claude-code", "its hooks are gone", "install --no-git-hooks --agent"]);
    world.write("repo/.claude/settings.json", "{\"hooks\": [}");
    fails(&world, &["agent claude-code", "not valid JSON", "settings.json"]);
    let elsewhere = World::new();
    elsewhere.put_real_program();
    elsewhere.run(&["install", "--no-agents"]).ok();
    elsewhere.script("bin/claude", "#!/bin/sh\n");
    warns(&elsewhere, &["agent claude-code", "does not report", "git ai-log install --agent"]);
}

#[test]
fn hooks_that_an_agent_passes_over() {
    let world = healthy();
    let config = std::fs::read_to_string(world.home(".codex/config.toml")).unwrap();
    world.write("home/.codex/config.toml", config.replacen("sha256:", "sha256:0", 1));
    fails(&world, &["agent-trust codex", "nobody has agreed", "git ai-log install"]);
    world.write("home/.codex/config.toml", config.replace("\"trusted\"", "\"untrusted\""));
    fails(&world, &["agent-trust codex", "does not trust this folder", "start `codex`"]);
    // For the user it is heard all the same.
    world.run(&["install", "--user", "--agent", "codex"]).ok();
    warns(&world, &["agent-trust codex", "does not trust this folder"]);
    world.write("repo/.claude/settings.local.json", "{\"disableAllHooks\": true}");
    fails(&world, &["agent-trust claude-code", "settings.local.json sets disableAllHooks"]);
}

#[test]
fn the_program_is_missing_where_hooks_look_for_it() {
    let world = healthy();
    world.remove_program();
    fails(&world, &["probe claude-code (project)", "no git-ai-log on PATH", "export PATH="]);
    fails(&world, &["probe post-commit", "the hook finds no git-ai-log", "export PATH="]);
    // A stand-in of another version, which records nothing.
    world.script("bin/git-ai-log", "#!/bin/sh\necho git-ai-log 0.0.1\n");
    let ran = doctor(&world);
    assert!(ran.out.contains("warn  program  hooks run ") && ran.out.contains("version 0.0.1"));
    fails(&world, &["probe codex (project)", "recorded nothing", "bin/git-ai-log"]);
}

#[test]
fn what_could_not_be_used_is_shown() {
    let world = healthy();
    world.record("claude-code", "{\"hook_event_name\": \"PostToolUse\"");
    warns(&world, &["unusable", "1 payload could not be used", "claude-code", "not a JSON object"]);
    let journal = world.repo.join(".git/ai-log/journal/unusable.jsonl");
    let text = std::fs::read_to_string(&journal).unwrap();
    std::fs::write(&journal, format!("{text}{{\"v\": 1, \"at")).unwrap();
    warns(&world, &["journal", "1 line of the journal cannot be read"]);
    std::fs::remove_dir_all(world.repo.join(".git/ai-log/journal")).unwrap();
    world.write("home/.local/state/git-ai-log/unusable.log", "2026-11-22 codex: no room\n");
    warns(&world, &["unusable", "the last: 2026-11-22 codex: no room", "rm '"]);
}

#[test]
fn one_agent_installed_for_user_and_project() {
    let world = healthy();
    world.run(&["install", "--user", "--agent", "claude-code"]).ok();
    warns(&world, &["agent claude-code", "told twice", "uninstall --user"]);
    assert!(doctor(&world).out.contains("ok    probe claude-code (user)"));
}

#[test]
fn commands_that_come_with_a_clone_are_not_run() {
    let world = healthy();
    let path = world.repo.join(".claude/settings.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let ran = world.path("ran");
    let evil = format!("|| true; touch '{}'", ran.display());
    std::fs::write(&path, text.replace("|| true", &evil)).unwrap();
    fails(&world, &["agent claude-code", "install did not write"]);
    assert!(!ran.exists());
}

#[test]
fn settings_that_work_against_the_notes() {
    let world = healthy();
    world.git(&["config", "--global", "notes.rewriteRef", "refs/notes/*"]).ok();
    warns(&world, &["notes-settings", "notes.rewriteref", "git config --global --unset-all"]);
    world.git(&["config", "notes.displayRef", "refs/notes/ai-log/*"]).ok();
    warns(&world, &["notes-settings", "notes.displayref", "git config --local --unset-all"]);
    world.git(&["config", "remote.origin.url", "elsewhere"]).ok();
    world.git(&["config", "--add", "remote.origin.fetch", "+refs/heads/*:refs/remotes/o/*"]).ok();
    assert_eq!(doctor(&world).code, 0);
    world.git(&["config", "--add", "remote.origin.fetch", "+refs/notes/*:refs/notes/*"]).ok();
    fails(&world, &["fetch-refspec", "remote.origin.fetch"]);
    let said = doctor(&world).out;
    let mend = said.lines().find(|line| line.contains("fetch-refspec")).unwrap();
    let mend = mend.split("(mend: ").nth(1).unwrap().trim_end_matches(')');
    assert!(world.command("/bin/sh").args(["-c", mend]).status().unwrap().success());
    assert_eq!(doctor(&world).code, 0);
}

#[test]
fn hooks_that_others_share() {
    let world = healthy();
    let shared = world.path("shared");
    std::fs::create_dir(&shared).unwrap();
    for hook in HOOKS {
        std::fs::rename(world.hook(hook), shared.join(hook)).unwrap();
    }
    world.git(&["config", "core.hooksPath", shared.to_str().unwrap()]).ok();
    warns(&world, &["hooks-path", "outside this repository"]);
}

#[test]
fn outside_of_a_repository() {
    let world = healthy();
    world.run(&["install", "--user", "--agent", "codex"]).ok();
    let ran = world.run_in(&world.path("home"), &["doctor"]);
    assert_eq!(ran.code, 0, "{ran:#?}");
    assert!(ran.out.contains("warn  repository  this is no git repository"), "{ran:#?}");
    assert!(ran.out.contains("ok    probe codex (user)  its own commands recorded"), "{ran:#?}");
}

/// A git that runs post-commit from its configuration, as 2.54 does.
fn put_git_with_config_hooks(world: &World) {
    if world.has_config_hooks() {
        world.set_git_version("2.54.0");
        return;
    }
    let git = world.real_git();
    world.script(
        "bin/git",
        &format!(
            "#!/bin/sh
[ \"$1\" != --version ] || {{ echo git version 2.54.0; exit; }}
{git} \"$@\" || exit
case \" $* \" in *' commit '*) ;; *) exit 0 ;; esac
hook=$({git} config --get hook.ai-log-post-commit.command) || exit 0
sh -c \"$hook\"
"
        ),
    );
}

#[test]
fn hooks_in_gits_configuration() {
    let world = World::new();
    put_git_with_config_hooks(&world);
    world.put_real_program();
    world.run(&["install", "--agent", "claude-code"]).ok();
    assert!(!world.hook("post-commit").exists());
    let ran = doctor(&world);
    assert_eq!((ran.code, complaints(&ran)), (0, vec![]), "{ran:#?}");
    assert!(ran.out.contains("git's configuration") && ran.out.contains("ok    probe post-commit"));
    let key = "hook.ai-log-post-commit.command";
    let command = world.git(&["config", key]).ok().trim_end().to_owned();
    // Left over from an older git: now both run.
    world.set_git_version("2.47.0");
    world.run(&["install", "--no-agents"]).ok();
    put_git_with_config_hooks(&world);
    world.git(&["config", key, &command]).ok();
    world.git(&["config", "hook.ai-log-post-commit.event", "post-commit"]).ok();
    warns(&world, &["git-hooks post-commit", "runs 2 times", "git ai-log install"]);
    world.run(&["install", "--no-agents"]).ok();
    assert_eq!(complaints(&doctor(&world)), [""; 0]);
    world.git(&["config", "hook.ai-log-post-commit.enabled", "false"]).ok();
    fails(&world, &["git-hooks post-commit", "enabled is false", "git config --unset-all"]);
    world.git(&["config", "--unset-all", "hook.ai-log-post-commit.enabled"]).ok();
    let ran = world.path("ran");
    world.git(&["config", key, &format!("{command}; touch '{}'", ran.display())]).ok();
    fails(&world, &["git-hooks post-commit", "not as this version writes it"]);
    assert!(!ran.exists());
    world.git(&["config", key, &command]).ok();
    // Back to a git that does not know of them.
    if !world.has_config_hooks() {
        world.set_git_version("2.47.0");
        fails(&world, &["git-hooks post-commit", "does not run hook.ai-log-post-commit"]);
    }
}

#[test]
fn kinds_of_repositories() {
    let world = healthy();
    world.git(&["config", "core.splitIndex", "true"]).ok();
    assert!(doctor(&world).out.contains(": split index\n"));
    let linked = world.path("linked");
    world.git(&["worktree", "add", "-q", linked.to_str().unwrap()]).ok();
    let ran = world.run_in(&linked, &["doctor"]);
    assert!(ran.out.contains("linked: split index, linked work tree\n"), "{ran:#?}");
    let mut command = world.command(env!("CARGO_BIN_EXE_git-ai-log"));
    command.arg("doctor").env("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1");
    let ran = Ran::from(command.output().unwrap());
    assert_eq!(ran.code, 1, "{ran:#?}");
    assert!(ran.out.contains("fail  safe-directory") && ran.out.contains("safe.directory"));
}
