//! Texts and versions; the rest is tested with the real git.

use super::config::config_command;
use super::husky::husky_script;
use super::*;

#[test]
fn versions_of_git() {
    for (text, version) in [
        ("git version 2.47.3\n", Some(GitVersion(2, 47))),
        ("git version 2.39.5 (Apple Git-154)", Some(GitVersion(2, 39))),
        ("git version 2.55.GIT", Some(GitVersion(2, 55))),
        ("git version 2.45.2.windows.1", Some(GitVersion(2, 45))),
        ("git version 2.54.0-rc1", Some(GitVersion(2, 54))),
        ("git version 3.0", Some(GitVersion(3, 0))),
        ("hub version 2", None),
    ] {
        assert_eq!(GitVersion::parse(text), version, "{text}");
    }
    assert!(GitVersion(2, 54) >= CONFIG_HOOKS_SINCE && GitVersion(2, 53) < CONFIG_HOOKS_SINCE);
}

#[test]
fn the_stub_knows_which_hooks_have_input() {
    let stub = include_str!("../../../hooks/stub.sh");
    let cases = stub.lines().find(|line| line.trim_start().starts_with("post-rewrite |"));
    let known: Vec<&str> = cases.unwrap().trim().trim_end_matches(')').split(" | ").collect();
    for hook in HOOKS {
        assert_eq!(hook.stdin, known.contains(&hook.name), "{}", hook.name);
        assert!(is_ours(&files::stub(hook, None)));
    }
    assert!(!is_ours(b"#!/bin/sh\n# calls git-ai-log hook, version 1\n"));
    let path = Path::new("/it's here/git-ai-log");
    let text = String::from_utf8(files::stub(&HOOKS[0], Some(path))).unwrap();
    assert!(text.contains("\nai_log_fallback='/it'\\''s here/git-ai-log'\n"), "{text}");
}

#[test]
fn names_of_config_hooks_are_no_events() {
    for hook in HOOKS {
        let command = config_command(hook, None);
        assert!(command.ends_with(&format!("git-ai-log hook {}", hook.name)), "{command}");
    }
}

#[test]
fn huskys_scripts() {
    let named = |name| HOOKS.iter().find(|hook| hook.name == name).unwrap();
    let (plain, input) = (named("post-commit"), named("post-rewrite"));
    for text in ["", "echo a\n", "#!/bin/sh\necho a\n", "a\r\nb\r\n"] {
        for hook in [plain, input] {
            let new = husky_script(Some(text), hook, false);
            assert_eq!(husky_script(Some(&new), hook, false), new);
            assert_eq!(new.matches("# git-ai-log").count(), 1);
            let back = husky_script_removed(&new);
            assert_eq!(back.as_deref(), (!text.is_empty()).then_some(text));
            assert_eq!(husky_script_removed(text).as_deref(), Some(text));
        }
    }
    assert!(husky_script(Some("#!/bin/sh\ncat\n"), input, false).ends_with("\ncat\n"));
    let direct = husky_script(None, plain, true);
    assert!(direct.starts_with("#!/usr/bin/env sh\n"));
    assert_eq!(husky_script_removed(&direct), None);
    let old = "a\ngit-ai-log hook post-commit --old # git-ai-log\nb";
    let new = husky_script(Some(old), plain, false);
    assert!(new.starts_with("a\nif ") && new.ends_with("# git-ai-log\nb"), "{new}");
}
