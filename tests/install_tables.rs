//! `git ai-log install` and `doctor` for agents whose hooks stand in one JSON file.

#![allow(clippy::unwrap_used, reason = "a test may end where it fails")]

mod install_env;

use std::path::PathBuf;

use install_env::{Ran, World};
use serde_json::Value;

/// The agents, their files in a project and for the user, and the fields on the way to a command.
const AGENTS: &[(&str, &str, &str, &str)] = &[
    ("copilot-cli", ".github/hooks/git-ai-log.json", ".copilot/hooks/git-ai-log.json", "/0/bash"),
    ("cursor", ".cursor/hooks.json", ".cursor/hooks.json", "/0/command"),
    ("droid", ".factory/settings.json", ".factory/settings.json", "/0/hooks/0/command"),
    ("gemini", ".gemini/settings.json", ".gemini/settings.json", "/0/hooks/0/command"),
    ("qwen", ".qwen/settings.json", ".qwen/settings.json", "/0/hooks/0/command"),
    ("windsurf", ".windsurf/hooks.json", ".codeium/windsurf/hooks.json", "/0/command"),
];

fn install(world: &World, agent: &str, user: bool) -> Ran {
    let scope = if user { "--user" } else { "--project" };
    world.run(&["install", scope, "--agent", agent, "--no-git-hooks"])
}

fn files(world: &World, project: &str, home: &str) -> [(bool, PathBuf); 2] {
    [(false, world.repo.join(project)), (true, world.home(home))]
}

#[test]
fn what_is_written_comes_once_and_goes_again() {
    for (agent, project, home, _) in AGENTS {
        let world = World::named("it's here");
        let before = world.picture();
        for (user, file) in files(&world, project, home) {
            install(&world, agent, user).ok();
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(text.contains(&format!("git-ai-log record {agent}")), "{text}");
            assert_eq!(install(&world, agent, user).ok(), "nothing to do\n");
            let scope = if user { "--user" } else { "--project" };
            world.run(&["uninstall", scope]).ok();
            let _ = std::fs::remove_dir_all(world.home(".local"));
            assert_eq!(world.picture(), before, "{agent}");
        }
    }
}

#[test]
fn what_is_the_users_stays() {
    for (agent, project, home, _) in AGENTS {
        let world = World::new();
        for (user, file) in files(&world, project, home) {
            let original = "{\n  // mine\n  \"version\": 1,\n  \"theme\": \"dark\" // for now\n}\n";
            world.write(&file, original);
            install(&world, agent, user).ok();
            // What the user changes afterwards stays, and an older command of ours does not.
            let text = std::fs::read_to_string(&file).unwrap();
            let text = text
                .replace("dark", "light")
                .replace("git-ai-log record", "git-ai-log record --old");
            world.write(&file, text);
            install(&world, agent, user).ok();
            assert!(!std::fs::read_to_string(&file).unwrap().contains("--old"));
            world.run(&["uninstall", if user { "--user" } else { "--project" }]).ok();
            let left = std::fs::read_to_string(&file).unwrap();
            assert_eq!(left, original.replace("dark", "light"), "{agent}");
        }
    }
}

#[test]
fn the_command_is_silent_with_the_program_and_without() {
    for (agent, project, _, pointer) in AGENTS {
        let world = World::new();
        install(&world, agent, false).ok();
        let text = std::fs::read_to_string(world.repo.join(project)).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        let hooks = value["hooks"].as_object().unwrap();
        let command = hooks.values().next().unwrap().pointer(pointer).unwrap().as_str().unwrap();
        let call = || {
            let script = format!("printf '{{}}' | {{ {command}; }}");
            let ran = world.command("/bin/sh").args(["-c", &script]).output().unwrap();
            assert_eq!((ran.status.code(), ran.stdout.len(), ran.stderr.len()), (Some(0), 0, 0));
            world.trace()
        };
        assert_eq!(call(), [format!("ours record {agent} <{{}}>")]);
        world.remove_program();
        assert_eq!(call(), [""; 0]);
    }
}

#[test]
fn doctor_plays_what_is_installed() {
    let world = World::new();
    world.put_real_program();
    let mut args = vec!["install"];
    AGENTS.iter().for_each(|(agent, ..)| args.extend(["--agent", agent]));
    world.run(&args).ok();
    for (agent, ..) in AGENTS {
        install(&world, agent, true).ok();
    }
    let ran = world.run(&["doctor"]);
    assert_eq!(ran.code, 0, "{ran:#?}");
    for (agent, ..) in AGENTS {
        for scope in ["project", "user"] {
            let proof =
                format!("ok    probe {agent} ({scope})  its own commands recorded a prompt");
            assert!(ran.out.contains(&proof), "{ran:#?}");
            let denied = format!("ok    probe {agent} ({scope})  `git commit --no-verify` in an");
            assert_eq!(ran.out.contains(&denied), *agent != "windsurf", "{ran:#?}");
        }
    }
    world.no_temporary_files();
}

#[test]
fn what_keeps_hooks_from_running_is_told() {
    let told = |agent: &str, file: &str, text: &str, words: &str| {
        let world = World::new();
        world.put_real_program();
        world.run(&["install", "--agent", agent]).ok();
        if text == "off" {
            let path = world.repo.join(file);
            let settings = std::fs::read_to_string(&path).unwrap();
            world.write(&path, settings.replacen('{', words, 1));
        } else {
            let top = world.repo.canonicalize().unwrap();
            world.write(file, text.replace("TOP", top.parent().unwrap().to_str().unwrap()));
        }
        let ran = world.run(&["doctor"]);
        assert_eq!(ran.code, 1, "{ran:#?}");
        ran.out.lines().find(|line| line.starts_with("fail  agent-trust")).unwrap().to_owned()
    };
    let off =
        told("gemini", ".gemini/settings.json", "off", "{\"hooksConfig\": {\"enabled\": false},");
    assert!(off.contains("sets hooksConfig.enabled to false"), "{off}");
    let off =
        told("gemini", "home/.gemini/settings.json", "{\"hooksConfig\": {\"enabled\": false}}", "");
    assert!(off.contains("home/.gemini/settings.json sets hooksConfig.enabled"), "{off}");
    let off = told("qwen", ".qwen/settings.json", "off", "{\"disableAllHooks\": true,");
    assert!(off.contains("sets disableAllHooks to true"), "{off}");
    let off = told(
        "copilot-cli",
        "repo/.github/copilot/settings.json",
        "{\"disableAllHooks\": true}",
        "",
    );
    assert!(off.contains(".github/copilot/settings.json sets disableAllHooks"), "{off}");
    let off =
        told("droid", "home/.factory/settings.json", "{\"hooks\": {\"hooksDisabled\": true}}", "");
    assert!(off.contains("home/.factory/settings.json sets hooks.hooksDisabled to true"), "{off}");
    let off = told("droid", "repo/.factory/hooks.json", "{\"Stop\": [], \"other\": 1}", "");
    assert!(off.contains(".factory/hooks.json has the hooks of Stop, in place of ours"), "{off}");
    let trust = "{\"TOP\": \"DO_NOT_TRUST\"}";
    let off = told("gemini", "home/.gemini/trustedFolders.json", trust, "");
    assert!(off.contains("this folder is not trusted"), "{off}");
}
