//! `git ai-log install` where hooks do not lie in `.git/hooks`, with the real git.

#![allow(clippy::unwrap_used, reason = "a test may end where it fails")]

mod install_env;

use install_env::World;

fn install(world: &World) -> String {
    world.run(&["install", "--no-agents"]).ok()
}

#[test]
fn core_hooks_path_inside_the_repository() {
    let world = World::new();
    world.git(&["config", "core.hooksPath", "tools/git hooks"]).ok();
    world.foreign_hook(&world.path("repo/tools/git hooks/post-commit"), 0);
    let before = world.picture();
    let sub = world.repo.join("tools");
    world.run_in(&sub, &["install", "--no-agents"]).ok();
    assert_eq!(
        world.commit(),
        ["ours hook pre-commit <>", "theirs  <>", "ours hook post-commit <>"]
    );
    // What is committed names no folder of this machine.
    let text = std::fs::read_to_string(world.path("repo/tools/git hooks/post-commit")).unwrap();
    assert!(text.contains("\nai_log_fallback=\n"), "{text}");
    world.run(&["uninstall"]).ok();
    assert_eq!(world.picture(), before);
}

#[test]
fn core_hooks_path_outside_is_refused() {
    let world = World::new();
    let shared = world.path("shared");
    std::fs::create_dir(&shared).unwrap();
    world.git(&["config", "--global", "core.hooksPath", shared.to_str().unwrap()]).ok();
    let before = world.picture();
    let shared_text = shared.to_str().unwrap();
    world.run(&["install", "--no-agents"]).fails(&[shared_text, "outside", "--force", "2.54"]);
    assert_eq!(world.picture(), before);
    assert_eq!(std::fs::read_dir(&shared).unwrap().count(), 0);
    world.run(&["install", "--no-agents", "--no-git-hooks"]).ok();
    world.run(&["install", "--no-agents", "--force"]).ok();
    assert_eq!(world.commit(), ["ours hook pre-commit <>", "ours hook post-commit <>"]);
    // Another repository needs no leave for what is there, and does not take it away.
    world.git(&["init", "-q", "../other"]).ok();
    let other = world.path("other");
    assert_eq!(world.run_in(&other, &["install", "--no-agents"]).ok(), "nothing to do\n");
    assert_eq!(world.run_in(&other, &["uninstall"]).ok(), "nothing to do\n");
    world.run(&["uninstall"]).ok();
    assert_eq!(std::fs::read_dir(&shared).unwrap().count(), 0);
}

#[test]
fn a_linked_work_tree_shares_the_hooks() {
    let world = World::new();
    let linked = world.path("linked tree");
    world.git(&["worktree", "add", "-q", "-b", "linked", linked.to_str().unwrap()]).ok();
    world.run_in(&linked, &["install", "--no-agents"]).ok();
    assert_eq!(world.commit(), ["ours hook pre-commit <>", "ours hook post-commit <>"]);
    assert_eq!(world.run(&["install", "--no-agents"]).ok(), "nothing to do\n");
    assert!(world.repo.join(".git/ai-log/install.json").exists());
    // One with a hooks folder of its own.
    world.git(&["config", "extensions.worktreeConfig", "true"]).ok();
    let own = linked.join("own");
    let path = linked.to_str().unwrap();
    world.git(&["-C", path, "config", "--worktree", "core.hooksPath", "own"]).ok();
    world.run_in(&linked, &["install", "--no-agents"]).ok();
    assert!(own.join("post-commit").exists());
    world.run(&["uninstall"]).ok();
    assert!(!own.exists() && !world.hook("post-commit").exists());
}

#[test]
fn a_submodule_and_a_repository_without_a_hooks_folder() {
    let world = World::new();
    world.git(&["init", "-q", "--template=", "../inner"]).ok();
    let inner = world.path("inner");
    world.git(&["-C", "../inner", "commit", "-q", "--allow-empty", "-m", "x"]).ok();
    world
        .git(&[
            "-c",
            "protocol.file.allow=always",
            "submodule",
            "--quiet",
            "add",
            "../inner",
            "sub",
        ])
        .ok();
    for dir in [inner, world.repo.join("sub")] {
        world.run_in(&dir, &["install", "--no-agents"]).ok();
        let _ = world.trace();
        world.git(&["-C", dir.to_str().unwrap(), "commit", "-q", "--allow-empty", "-m", "y"]).ok();
        assert_eq!(world.trace(), ["ours hook pre-commit <>", "ours hook post-commit <>"]);
        world.run_in(&dir, &["uninstall"]).ok();
    }
    assert!(!world.path("inner/.git/hooks").exists());
}

#[test]
fn husky_runs_our_line() {
    let world = World::new();
    let trace = world.path("trace");
    world.git(&["config", "core.hooksPath", ".husky/_"]).ok();
    world.write("repo/.husky/_/h", "n=$(basename \"$0\")\ns=$(dirname \"$(dirname \"$0\")\")/$n\n[ ! -f \"$s\" ] || sh -e \"$s\" \"$@\"\n");
    for name in ["post-commit", "post-rewrite", "post-merge", "post-applypatch"] {
        world.script(
            format!("repo/.husky/_/{name}"),
            "#!/usr/bin/env sh\n. \"$(dirname \"$0\")/h\"",
        );
    }
    // No end of the last line, and a reader of the input.
    world.write("repo/.husky/post-commit", format!("echo theirs >>'{}'", trace.display()));
    world.write(
        "repo/.husky/post-rewrite",
        format!("echo theirs $(cat | wc -w) >>'{}'\n", trace.display()),
    );
    let before = world.picture();
    install(&world);
    assert_eq!(install(&world), "nothing to do\n");
    assert_eq!(world.commit(), ["theirs", "ours hook post-commit <>"]);
    world.git(&["commit", "-q", "--amend", "--allow-empty", "-m", "again"]).ok();
    let said =
        ["theirs", "ours hook post-commit <>", "ours hook post-rewrite amend <ID ID>", "theirs 2"];
    assert_eq!(world.trace(), said);
    world.no_temporary_files();
    world.remove_program();
    assert_eq!(world.commit(), ["theirs"]);
    world.put_program();
    world.run(&["uninstall"]).ok();
    assert_eq!(world.picture(), before);
    // Changed after the install, only our line goes.
    install(&world);
    let file = world.repo.join(".husky/post-commit");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{text}echo more\n")).unwrap();
    world.run(&["uninstall"]).ok();
    let left = std::fs::read_to_string(&file).unwrap();
    assert!(left.ends_with("\necho more\n") && !left.contains("git-ai-log"), "{left}");
}

#[test]
fn hooks_from_gits_configuration() {
    let world = World::new();
    world.foreign_hook(&world.hook("post-commit"), 0);
    let before = world.picture();
    world.set_git_version("2.55.0");
    install(&world);
    assert_eq!(install(&world), "nothing to do\n");
    assert!(!world.hook("post-commit.pre-ai-log").exists() && !world.hook("post-merge").exists());
    let key = |name: &str| {
        let all = world.git(&["config", "--get-all", &format!("hook.ai-log-post-rewrite.{name}")]);
        all.ok()
    };
    assert_eq!(key("event"), "post-rewrite\n");
    // As git does it: arguments appended, through a shell.
    let script = format!("{} \"$@\"", key("command").trim_end());
    let run = |path: &str| {
        let mut shell = world.command("/bin/sh");
        shell
            .env("PATH", path)
            .args(["-c", &script, "hook", "amend"])
            .stdin(std::process::Stdio::null());
        (shell.status().unwrap().code(), world.trace())
    };
    let called = vec!["ours hook post-rewrite amend <>".to_owned()];
    let path = format!("{}:/usr/bin:/bin", world.path("bin").display());
    assert_eq!(run(&path), (Some(7), called.clone()));
    assert_eq!(run("/usr/bin:/bin"), (Some(7), called));
    world.remove_program();
    assert_eq!(run("/usr/bin:/bin"), (Some(0), vec![]));
    world.put_program();
    world.run(&["uninstall"]).ok();
    assert_eq!(world.picture(), before);
}

#[test]
fn never_both_files_and_configuration() {
    let world = World::new();
    world.foreign_hook(&world.hook("post-commit"), 0);
    let before = world.picture();
    world.set_git_version("2.53.1");
    install(&world);
    let old = world.picture();
    world.set_git_version("2.54.0");
    install(&world);
    assert!(!world.hook("post-merge").exists() && !world.hook("post-commit.pre-ai-log").exists());
    let keys = |world: &World| world.git(&["config", "--get-regexp", r"^hook\."]).out;
    assert_eq!(keys(&world).lines().count(), 2 * 7);
    world.set_git_version("2.53.1");
    install(&world);
    assert_eq!((keys(&world).as_str(), world.picture()), ("", old));
    world.run(&["uninstall"]).ok();
    assert_eq!(world.picture(), before);
}
