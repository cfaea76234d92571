//! `git ai-log install` and the settings of agents.

#![allow(clippy::unwrap_used, reason = "a test may end where it fails")]

mod install_env;

use std::os::unix::fs::{PermissionsExt as _, symlink};

use install_env::World;
use proptest::prelude::*;
use serde_json::Value;

const CLAUDE: &[&str] = &["install", "--agent", "claude-code", "--no-git-hooks"];
const CODEX: &[&str] = &["install", "--agent", "codex", "--no-git-hooks"];

fn settings(world: &World) -> String {
    std::fs::read_to_string(world.repo.join(".claude/settings.json")).unwrap()
}

#[test]
fn agents_that_are_here_are_found() {
    let world = World::new();
    let said = world.run(&["install"]);
    assert!(said.err.contains("no agent was found"), "{said:?}");
    assert!(!said.out.contains("settings.json"), "{said:?}");
    world.script("bin/claude", "#!/bin/sh\n");
    std::fs::create_dir(world.home(".codex")).unwrap();
    let said = world.run(&["install", "--list"]).ok();
    assert!(said.contains("claude-code") && said.contains("bin/claude"), "{said}");
    assert!(said.contains("~/.codex  project: not installed"), "{said}");
    let said = world.run(&["install"]).ok();
    for file in [".claude/settings.json", ".codex/hooks.json", "~/.codex/config.toml"] {
        assert!(said.contains(file), "{said}");
    }
    let said = world.run(&["install", "--list"]).ok();
    assert_eq!(said.matches("project: installed").count(), 2, "{said}");
    world.run(&["install", "--agent", "cluade"]).fails(&["cluade", "claude-code, codex"]);
}

#[test]
fn claude_codes_settings() {
    let world = World::new();
    let before = world.picture();
    world.run(CLAUDE).ok();
    let value: Value = serde_json::from_str(&settings(&world)).unwrap();
    let events: Vec<&String> = value["hooks"].as_object().unwrap().keys().collect();
    assert_eq!(
        events,
        [
            "SessionStart",
            "UserPromptSubmit",
            "PreToolUse",
            "PostToolUse",
            "PostToolUseFailure",
            "SubagentStart",
            "SubagentStop",
            "Stop",
            "SessionEnd"
        ]
    );
    let matcher = "Edit|MultiEdit|Write|NotebookEdit|Bash|mcp__.*";
    assert_eq!(value["hooks"]["PreToolUse"][0]["matcher"], matcher);
    assert!(value["hooks"]["Stop"][0].get("matcher").is_none());
    // The command as the agent runs it: silent, status 0, with the program and without.
    let command = value["hooks"]["Stop"][0]["hooks"][0]["command"].as_str().unwrap().to_owned();
    let call = || {
        let script = format!("printf '{{}}' | {{ {command}; }}");
        let ran = world.command("/bin/sh").args(["-c", &script]).output().unwrap();
        assert_eq!((ran.status.code(), ran.stdout.len(), ran.stderr.len()), (Some(0), 0, 0));
        world.trace()
    };
    assert_eq!(call(), ["ours record claude-code <{}>"]);
    world.remove_program();
    assert_eq!(call(), [""; 0]);
    world.put_program();
    assert_eq!(world.run(CLAUDE).ok(), "nothing to do\n");
    world.run(&["uninstall"]).ok();
    assert_eq!(world.picture(), before);
}

#[test]
fn for_the_user_the_program_is_found_by_path_too() {
    for agent in ["claude-code", "codex"] {
        let world = World::named("it's here");
        let before = world.picture();
        world.run(&["install", "--user", "--agent", agent]).ok();
        let command = if agent == "codex" {
            let text = std::fs::read_to_string(world.home(".codex/config.toml")).unwrap();
            let document: toml_edit::DocumentMut = text.parse().unwrap();
            document["hooks"]["Stop"][0]["hooks"][0]["command"].as_str().unwrap().to_owned()
        } else {
            let text = std::fs::read_to_string(world.home(".claude/settings.json")).unwrap();
            let value: Value = serde_json::from_str(&text).unwrap();
            value["hooks"]["Stop"][0]["hooks"][0]["command"].as_str().unwrap().to_owned()
        };
        let mut shell = world.command("/bin/sh");
        shell.env("PATH", "/usr/bin:/bin").args(["-c", &command]);
        let ran = shell.stdin(std::process::Stdio::null()).output().unwrap();
        assert_eq!((ran.status.code(), ran.stdout.len(), ran.stderr.len()), (Some(0), 0, 0));
        assert_eq!(world.trace(), [format!("ours record {agent} <>")]);
        assert_eq!(world.run(&["install", "--user", "--agent", agent]).ok(), "nothing to do\n");
        world.run(&["uninstall", "--user"]).ok();
        // The folder for state is not ours alone, and stays.
        let _ = std::fs::remove_dir_all(world.home(".local"));
        assert_eq!(world.picture(), before);
    }
}

#[test]
fn a_malformed_file_is_named_and_nothing_is_written() {
    let world = World::new();
    world.write("repo/.claude/settings.json", "{\"hooks\": {\n  \"Stop\" [] }}");
    let before = world.picture();
    let args = ["install", "--agent", "codex", "--agent", "claude-code"];
    world.run(&args).fails(&[".claude/settings.json", "not valid JSON", "line 2", "mend"]);
    assert_eq!(world.picture(), before);
    world.write("repo/.claude/settings.json", "{\"hooks\": {\"Stop\": {}}}");
    world.run(&args).fails(&["settings.json", "`hooks.Stop` should be a list"]);
    world.write("repo/.claude/settings.json", b"{\"a\": \"\xff\"}");
    world.run(&args).fails(&["settings.json", "not UTF-8"]);
    std::fs::remove_file(world.repo.join(".claude/settings.json")).unwrap();
    world.write("home/.codex/config.toml", "model = \n");
    world.run(&args).fails(&[".codex/config.toml", "not valid TOML", "line 1"]);
    assert!(!world.repo.join(".codex").exists() && !world.hook("post-commit").exists());
}

#[test]
fn what_the_user_changed_afterwards_stays() {
    let world = World::new();
    let original = "{\n  // mine\n  \"model\": \"opus\"\n}\n";
    world.write("repo/.claude/settings.json", original);
    world.run(CLAUDE).ok();
    let changed = settings(&world)
        .replace("\"opus\"", "\"sonnet\"")
        .replace("git-ai-log record", "git-ai-log record --old");
    world.write("repo/.claude/settings.json", &changed);
    // A second install must not take its own text for the user's.
    world.run(CLAUDE).ok();
    assert!(!settings(&world).contains("--old"));
    world.run(&["uninstall"]).ok();
    assert_eq!(settings(&world), original.replace("opus", "sonnet"));
    // The same, with the record lost.
    world.run(CLAUDE).ok();
    std::fs::remove_dir_all(world.repo.join(".git/ai-log")).unwrap();
    let _ = world.run(CLAUDE);
    world.write(
        "repo/.claude/settings.json",
        settings(&world).replace("git-ai-log record", "git-ai-log record --old"),
    );
    world.run(CLAUDE).ok();
    world.run(&["uninstall"]).ok();
    assert_eq!(settings(&world), original.replace("opus", "sonnet"));
}

#[test]
fn a_file_with_nothing_but_ours_goes_only_if_it_is_ours() {
    let world = World::new();
    world.write("repo/.claude/settings.json", "{\"a\": 1}");
    world.run(CLAUDE).ok();
    let value: Value = serde_json::from_str(&settings(&world)).unwrap();
    let text = serde_json::json!({ "hooks": value["hooks"] }).to_string();
    world.write("repo/.claude/settings.json", text);
    world.run(&["uninstall"]).ok();
    assert_eq!(settings(&world), "{}\n");
}

#[test]
fn settings_that_are_symlinks_are_written_through() {
    let world = World::new();
    let file = world.write("dotfiles/codex.toml", "model = \"x\" # mine\n");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::create_dir(world.home(".codex")).unwrap();
    symlink(&file, world.home(".codex/config.toml")).unwrap();
    let before = world.picture();
    world.run(CODEX).ok();
    assert!(std::fs::read_to_string(&file).unwrap().contains("trusted_hash"));
    assert!(world.home(".codex/config.toml").is_symlink());
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let record = world.repo.join(".git/ai-log/install.json");
    assert_eq!(record.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    world.run(&["uninstall"]).ok();
    assert_eq!(world.picture(), before);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "model = \"x\" # mine\n");
}

#[test]
fn two_repositories_share_codexs_settings() {
    let world = World::new();
    let original = "model = \"x\"\n";
    let config = world.write("home/.codex/config.toml", original);
    let other = world.path("other");
    world.git(&["init", "-q", "../other"]).ok();
    let read = || std::fs::read_to_string(&config).unwrap();
    for uninstall_first in [&world.repo, &other] {
        for dir in [&world.repo, &other] {
            world.run_in(dir, CODEX).ok();
        }
        world.run_in(&world.repo, &["install", "--user", "--agent", "codex"]).ok();
        assert_eq!(read().matches("trusted_hash").count(), 33);
        world.run_in(uninstall_first, &["uninstall"]).ok();
        assert_eq!(read().matches("trusted_hash").count(), 22);
        assert!(!read().contains(&format!("{}/.codex", uninstall_first.display())));
        world.run(&["uninstall", "--user"]).ok();
        let last = if *uninstall_first == other { &world.repo } else { &other };
        assert!(read().contains(&format!("{}/.codex/hooks.json:stop:0:0", last.display())));
        world.run_in(last, &["uninstall"]).ok();
        assert_eq!(read(), original);
    }
}

#[test]
fn a_moved_repository_can_be_uninstalled() {
    let world = World::new();
    world.run(CLAUDE).ok();
    let moved = world.path("moved");
    std::fs::rename(&world.repo, &moved).unwrap();
    world.run_in(&moved, &["uninstall"]).ok();
    assert!(!moved.join(".claude").exists());
}

#[test]
fn uninstalling_one_agent_leaves_the_rest() {
    let world = World::new();
    world.run(&["install", "--agent", "codex", "--agent", "claude-code"]).ok();
    world.run(&["uninstall", "--agent", "codex"]).ok();
    assert!(!world.repo.join(".codex").exists());
    assert!(settings(&world).contains("record claude-code"));
    assert_eq!(world.commit(), ["ours hook pre-commit <>", "ours hook post-commit <>"]);
    world.run(&["uninstall"]).ok();
    assert!(!world.repo.join(".claude").exists() && !world.hook("post-commit").exists());
}

/// JSON as people write it: comments, trailing commas, odd spaces, hooks of others.
fn json_with_comments() -> impl Strategy<Value = String> {
    let space = prop_oneof![
        4 => Just(String::new()),
        4 => Just(" ".to_owned()),
        3 => Just("\n  ".to_owned()),
        1 => Just("\r\n\t".to_owned()),
        1 => Just(" /* note */ ".to_owned()),
        1 => Just("// line, { [\n".to_owned()),
    ];
    let scalar = prop_oneof![
        Just("1".to_owned()),
        Just("null".to_owned()),
        "[a-z ]{0,6}".prop_map(|text| format!("\"{text}\"")),
        Just("\"\\u00e9 \\\"q\\\" // no\"".to_owned()),
    ];
    let group = prop_oneof![
        Just(
            r#"{"matcher": "Bash", "hooks": [{"type": "command", "command": "mine"}]}"#.to_owned()
        ),
        Just(r#"{"hooks": []}"#.to_owned()),
    ];
    let joined = |open: &'static str,
                  close: &'static str,
                  items: Vec<(String, String, String)>,
                  comma: bool| {
        let all: Vec<String> =
            items.into_iter().map(|(a, item, b)| format!("{a}{item}{b}")).collect();
        let end = if comma && !all.is_empty() { "," } else { "" };
        format!("{open}{}{end}{close}", all.join(","))
    };
    let list =
        (proptest::collection::vec((space.clone(), group, space.clone()), 0..3), any::<bool>())
            .prop_map(move |(items, comma)| joined("[", "]", items, comma));
    let hooks = proptest::sample::subsequence(vec!["Stop", "PreToolUse", "Other"], 0..=3)
        .prop_flat_map(move |names| {
            let lists = proptest::collection::vec(list.clone(), names.len());
            (Just(names), lists)
        })
        .prop_map(move |(names, lists)| {
            let items = names.into_iter().zip(lists);
            let items = items
                .map(|(name, list)| (String::new(), format!("\"{name}\": {list}"), String::new()));
            joined("{", "}", items.collect(), false)
        });
    let members = proptest::collection::vec((space.clone(), scalar, space.clone()), 0..4);
    (members, proptest::option::of(hooks), any::<bool>(), space.clone(), space, any::<bool>())
        .prop_map(move |(members, hooks, comma, before, after, bom)| {
            let mut all: Vec<(String, String, String)> = members
                .into_iter()
                .enumerate()
                .map(|(n, (a, value, b))| (a, format!("\"k{n}\": {value}"), b))
                .collect();
            if let Some(hooks) = hooks {
                all.insert(
                    all.len() / 2,
                    (" ".to_owned(), format!("\"hooks\":{hooks}"), String::new()),
                );
            }
            let bom = if bom { "\u{feff}" } else { "" };
            format!("{bom}{before}{}{after}", joined("{", "}", all, comma))
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn uninstall_restores_every_byte(text in json_with_comments()) {
        let world = World::new();
        world.write("repo/.claude/settings.json", &text);
        world.write("home/.codex/config.toml", "a = 1\r\n[b] # c\nd = 2");
        let before = world.picture();
        let args = ["install", "--agent", "claude-code", "--agent", "codex"];
        world.run(&args).ok();
        let after = world.picture();
        prop_assert_eq!(world.run(&args).ok(), "nothing to do\n");
        prop_assert_eq!(world.picture(), after);
        world.run(&["uninstall"]).ok();
        prop_assert_eq!(world.picture(), before);
    }
}
