//! `git ai-log install` and git's hooks, with the real git.

#![allow(clippy::unwrap_used, reason = "a test may end where it fails")]

mod install_env;

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use install_env::World;

const HOOKS: &[&str] = &["--no-agents"];

fn install(world: &World) -> String {
    world.run(&[&["install"], HOOKS].concat()).ok()
}

#[test]
fn hooks_are_called_with_arguments_and_input() {
    let world = World::new();
    install(&world);
    assert_eq!(world.commit(), ["ours hook pre-commit <>", "ours hook post-commit <>"]);
    world.git(&["commit", "-q", "--amend", "--allow-empty", "-m", "again"]).ok();
    assert_eq!(
        world.trace(),
        [
            "ours hook pre-commit <>",
            "ours hook post-commit <>",
            "ours hook post-rewrite amend <ID ID>"
        ]
    );
    world.git(&["switch", "-q", "-c", "side", "HEAD~1"]).ok();
    world.commit();
    world.git(&["merge", "-q", "-m", "merge", "main"]).ok();
    assert_eq!(world.trace(), ["ours hook post-merge 0 <>"]);
    world.no_temporary_files();
}

#[test]
fn an_earlier_hook_runs_first_and_sees_the_same() {
    let world = World::named("a repo's \"name\" $HOME");
    for name in ["post-commit", "post-rewrite", "post-merge"] {
        world.foreign_hook(&world.hook(name), 3);
    }
    let before = world.picture();
    install(&world);
    assert_eq!(
        world.commit(),
        ["ours hook pre-commit <>", "theirs  <>", "ours hook post-commit <>"]
    );
    world.git(&["commit", "-q", "--amend", "--allow-empty", "-m", "again"]).ok();
    assert_eq!(
        world.trace(),
        [
            "ours hook pre-commit <>",
            "theirs  <>",
            "ours hook post-commit <>",
            "theirs amend <ID ID>",
            "ours hook post-rewrite amend <ID ID>"
        ]
    );
    world.no_temporary_files();
    // Without the program the earlier hook still runs, and nothing else.
    world.remove_program();
    world.git(&["commit", "-q", "--amend", "--allow-empty", "-m", "third"]).ok();
    assert_eq!(world.trace(), ["theirs  <>", "theirs amend <ID ID>"]);
    world.put_program();
    assert_eq!(
        world.run(&["uninstall"]).ok().lines().filter(|l| l.starts_with("moved")).count(),
        3
    );
    assert_eq!(world.picture(), before);
}

#[test]
fn only_the_earlier_hooks_status_counts() {
    let world = World::new();
    world.foreign_hook(&world.hook("post-commit"), 3);
    install(&world);
    let status = |name: &str| world.command(world.hook(name)).status().unwrap().code();
    assert_eq!(status("post-commit"), Some(3), "theirs");
    assert_eq!(status("post-merge"), Some(0), "ours ends with 7");
    world.remove_program();
    assert_eq!((status("post-commit"), status("post-merge")), (Some(3), Some(0)));
}

#[test]
fn a_gate_lets_the_first_failure_stand() {
    // The stub for a hook that can stop git, which is not installed yet.
    let world = World::new();
    install(&world);
    let text = std::fs::read_to_string(world.hook("post-commit")).unwrap();
    let gate = world.script(
        world.hook("pre-push"),
        &text.replace("ai_log_hook=post-commit", "ai_log_hook=pre-push"),
    );
    let push = |world: &World| {
        let command = format!("printf 'a b c d\\n' | '{}' origin url", gate.display());
        let code = world.command("/bin/sh").args(["-c", &command]).status().unwrap().code();
        (code.unwrap(), world.trace())
    };
    assert_eq!(push(&world), (7, vec!["ours hook pre-push origin url <a b c d>".to_owned()]));
    let theirs = "theirs origin url <a b c d>".to_owned();
    world.foreign_hook(&world.hook("pre-push.pre-ai-log"), 0);
    let ours = "ours hook pre-push origin url <a b c d>".to_owned();
    assert_eq!(push(&world), (7, vec![theirs.clone(), ours]));
    world.foreign_hook(&world.hook("pre-push.pre-ai-log"), 3);
    assert_eq!(push(&world), (3, vec![theirs]));
    world.no_temporary_files();
}

#[test]
fn earlier_hooks_of_every_kind_run_as_git_would_run_them() {
    let world = World::new();
    let trace = world.path("trace");
    // Not executable: git passes it over.
    let plain = world.foreign_hook(&world.hook("post-merge"), 0);
    std::fs::set_permissions(&plain, std::fs::Permissions::from_mode(0o644)).unwrap();
    // A symlink with a relative target.
    world.foreign_hook(&world.path("repo/tools/hook.sh"), 0);
    symlink("../../tools/hook.sh", world.hook("post-commit")).unwrap();
    // No first line.
    world.script(world.hook("post-rewrite"), &format!("echo bare $1 >>'{}'\n", trace.display()));
    // A program.
    std::fs::copy("/bin/true", world.hook("post-applypatch")).unwrap();
    let before = world.picture();
    install(&world);
    assert_eq!(
        world.commit(),
        ["ours hook pre-commit <>", "theirs  <>", "ours hook post-commit <>"]
    );
    world.git(&["commit", "-q", "--amend", "--allow-empty", "-m", "again"]).ok();
    assert!(world.trace().contains(&"bare amend".to_owned()));
    let status = world.command(world.hook("post-applypatch")).status().unwrap();
    assert_eq!(
        (status.code(), world.trace()),
        (Some(0), vec!["ours hook post-applypatch <>".to_owned()])
    );
    let _ = world.command(world.hook("post-merge")).status();
    assert_eq!(world.trace(), ["ours hook post-merge <>"]);
    world.run(&["uninstall"]).ok();
    assert_eq!(world.picture(), before);
}

#[test]
fn a_missing_program_lets_commits_pass() {
    let world = World::new();
    install(&world);
    world.remove_program();
    let ran = world.git(&["commit", "--allow-empty", "-q", "-m", "x"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
}

#[test]
fn a_poorer_path_finds_the_program_where_it_was() {
    let world = World::new();
    install(&world);
    let mut command = world.command(world.hook("post-commit"));
    command.env("PATH", "/usr/bin:/bin").status().unwrap();
    assert_eq!(world.trace(), ["ours hook post-commit <>"]);
}

#[test]
fn twice_is_once_and_a_dry_run_writes_nothing() {
    let world = World::new();
    world.foreign_hook(&world.hook("post-commit"), 0);
    let before = world.picture();
    let shown = world.run(&["install", "--no-agents", "--dry-run"]).ok();
    assert!(shown.contains("rename to .git/hooks/post-commit.pre-ai-log"), "{shown}");
    assert!(shown.contains("+++ .git/hooks/post-rewrite"), "{shown}");
    assert_eq!(world.picture(), before);
    install(&world);
    let after = world.picture();
    assert_eq!(install(&world), "nothing to do\n");
    assert_eq!(world.picture(), after);
    let shown = world.run(&["uninstall", "--dry-run"]).ok();
    assert!(shown.contains("rename from .git/hooks/post-commit.pre-ai-log"), "{shown}");
    assert_eq!(world.picture(), after);
    world.run(&["uninstall"]).ok();
    assert_eq!(world.picture(), before);
    assert_eq!(world.run(&["uninstall"]).ok(), "nothing to do\n");
}

#[test]
fn an_older_script_of_ours_is_replaced() {
    let world = World::new();
    world.script(world.hook("post-commit"), "#!/bin/sh\n# git-ai-log hook, version 0\nexit 1\n");
    install(&world);
    assert_eq!(world.commit(), ["ours hook pre-commit <>", "ours hook post-commit <>"]);
    assert!(!world.hook("post-commit.pre-ai-log").exists());
}

#[test]
fn a_second_earlier_hook_is_nobodys_to_drop() {
    let world = World::new();
    world.foreign_hook(&world.hook("post-commit"), 0);
    install(&world);
    world.foreign_hook(&world.hook("post-commit"), 1);
    let before = world.picture();
    world.run(&["install", "--no-agents"]).fails(&["post-commit.pre-ai-log", "move "]);
    assert_eq!(world.picture(), before);
}

#[test]
fn a_hook_manager_that_puts_ours_aside_is_chained_again() {
    for (end, generated) in [
        (".legacy", "# File generated by pre-commit: https://pre-commit.com"),
        (".legacy", "# File generated by prek: https://github.com/j178/prek"),
        (".old", "call_lefthook run \"post-commit\" \"$@\""),
    ] {
        let world = World::new();
        let hook = world.hook("post-commit");
        let aside = world.hook(&format!("post-commit{end}"));
        let manager = format!("#!/bin/sh\ncall_lefthook() {{ :; }}\n{generated}\n");
        world.foreign_hook(&hook, 0);
        install(&world);
        std::fs::rename(&hook, &aside).unwrap();
        world.script(&hook, &manager);
        install(&world);
        // The first hook is where the manager had put ours, the manager's own is run by ours.
        assert!(std::fs::read_to_string(&aside).unwrap().contains("theirs"), "{end}");
        assert_eq!(world.commit(), ["ours hook pre-commit <>", "ours hook post-commit <>"]);
        // And once more: the manager's script must not come to lie where it calls itself.
        std::fs::rename(&hook, &aside).unwrap();
        world.script(&hook, &manager);
        let _ = world.command(&aside).status();
        assert_eq!(world.trace(), ["ours hook post-commit <>"], "{end}");
        install(&world);
        assert!(!aside.exists(), "{end}");
        world.run(&["uninstall"]).ok();
        assert_eq!(std::fs::read_to_string(&hook).unwrap(), manager);
        assert!(!world.hook("post-commit.pre-ai-log").exists());
    }
}

#[test]
fn a_failure_leaves_nothing_half_written() {
    let world = World::new();
    world.foreign_hook(&world.hook("post-commit"), 0);
    world.foreign_hook(&world.hook("post-rewrite"), 0);
    // Planning fails: the script of one hook has no place to go.
    std::fs::create_dir_all(world.hook("post-merge.pre-ai-log/x")).unwrap();
    world.foreign_hook(&world.hook("post-merge"), 0);
    let before = world.picture();
    world.run(&["install", "--no-agents"]).fails(&["post-merge"]);
    assert_eq!(world.picture(), before);
    // Doing fails: the agent's settings are written already when git cannot lock its own.
    world.set_git_version("2.55.0");
    world.write("repo/.git/config.lock", "");
    let before = world.picture();
    world.run(&["install", "--agent", "claude-code"]).fails(&["git could not", "config"]);
    assert_eq!(world.picture(), before);
}

#[test]
fn outside_a_repository() {
    let world = World::new();
    let here = world.path("tmp");
    world.run_in(&here, &["install", "--no-agents"]).fails(&["not a git repository"]);
    world.run_in(&here, &["install", "--user", "--no-agents"]).ok();
    world.run_in(Path::new("/"), &["install", "--list"]).ok();
}
