//! The edits of settings, case by case and at random.

use proptest::prelude::*;
use serde_json::{Value, json as value};

use super::claude_code::*;
use super::codex::*;
use super::codex_toml::*;
use super::json::Wanted;
use super::shape::*;
use super::*;

const COMMAND: &str = "git-ai-log record claude-code || true";
const GATE: &str = "git-ai-log hook agent-gate claude-code || true";
const CODEX: &str = "sh -c 'git-ai-log record codex'";
const RECORD: &str = Task::Record.mark();
const ASK: &str = Task::Gate.mark();
const FILE: &str = "/home/dev/.codex/config.toml";

/// The commands, the one for the record as it is given.
fn commands(record: &str) -> Commands {
    Commands { record: record.to_owned(), gate: record.replace("record", "hook agent-gate") }
}

fn claude(text: &str) -> String {
    claude_settings(Some(text), &commands(COMMAND), false).unwrap()
}

fn plain(text: &str) -> Value {
    let text = text.trim_start_matches('\u{feff}');
    cut::value_of(text)
}

fn count(text: &str, words: &str) -> usize {
    text.matches(words).count()
}

#[test]
fn nothing_gives_a_whole_file() {
    for text in [None, Some(""), Some("\n"), Some("{}"), Some("{ }\n")] {
        let new = claude_settings(text, &commands(COMMAND), false).unwrap();
        assert_eq!((count(&new, RECORD), count(&new, ASK)), (9, 3), "{text:?}");
        let hooks = &plain(&new)["hooks"];
        let handler = value!({"type": "command", "command": COMMAND});
        assert_eq!(hooks["SessionEnd"], value!([{ "hooks": [handler] }]));
        let matcher = "Edit|MultiEdit|Write|NotebookEdit|Bash|mcp__.*";
        let tool = value!([{ "matcher": matcher, "hooks": [handler] }]);
        assert_eq!(hooks["PostToolUseFailure"], tool);
        let gate = value!({"type": "command", "command": GATE});
        assert_eq!(hooks["PreToolUse"][0], tool[0]);
        let matcher = "Bash|Edit|MultiEdit|Write|NotebookEdit";
        assert_eq!(hooks["PreToolUse"][1], value!({ "matcher": matcher, "hooks": [gate] }));
        assert_eq!(hooks["Stop"][1], value!({ "hooks": [gate] }));
        assert_eq!(claude_settings_removed(&new).unwrap(), None, "{text:?}");
    }
    assert!(claude_settings(None, &commands(COMMAND), true).unwrap().contains("mcp__.*|Read\""));
}

#[test]
fn what_is_there_stays_as_it_is_written() {
    for text in [
        "{\n  \"a\": 1, // one\n  /* two */ \"b\": [1, 2]\n}\n",
        "{\n\t\"a\": 1,\n}\n",
        "{\r\n    \"a\": 1 // x\r\n}\r\n",
        "\u{feff}{\n  \"a\": 1\n}",
        "// head\n{\n  \"a\": \"\\u00e9\" // tail\n}\n// foot\n",
        "{\n  \"hooks\": {\n    // why\n    \"PreToolUse\": [\n      { \"matcher\": \"Bash\", \"hooks\": \
         [ { \"type\": \"command\", \"command\": \"x\" } ] } // mine\n      // end\n    ]\n  },\n  \"z\": 1\n}\n",
        "{\n  \"hooks\": {\n    \"Notification\": [{\"hooks\": []}]\n  }\n}\n",
    ] {
        let new = claude(text);
        assert_eq!(claude(&new), new, "twice is once: {text}");
        assert_eq!(new.contains("\r\n"), text.contains("\r\n"));
        assert_eq!(count(&new, "\n"), count(&new, "\r\n").max(count(&new, "\n")));
        assert_eq!(claude_settings_removed(&new).unwrap().as_deref(), Some(text));
        assert_eq!(claude_settings_removed(text).unwrap().as_deref(), Some(text));
    }
    let tabs = claude("{\n\t\"a\": 1\n}\n");
    assert!(tabs.contains("\n\t\t\"Stop\": [\n\t\t\t{\n"), "{tabs}");
    let crlf = claude("{\r\n  \"a\": 1\r\n}\r\n");
    assert_eq!(count(&crlf, "\n"), count(&crlf, "\r\n"));
}

#[test]
fn ours_comes_after_hooks_of_others() {
    let theirs = r#"{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "x"}]}]}}"#;
    let new = claude(theirs);
    let stop = &plain(&new)["hooks"]["Stop"];
    assert_eq!(stop[0]["hooks"][0]["command"], "x");
    assert_eq!(stop[1]["hooks"][0]["command"], COMMAND);
    // And stays where it is when others came after it.
    let mixed = new.replace("\"command\": \"x\"", "\"command\": \"git-ai-log record old\"");
    let mixed = claude_settings(Some(&mixed), &commands(COMMAND), false).unwrap();
    assert_eq!((count(&mixed, RECORD), count(&mixed, ASK)), (9, 3));
    assert_eq!(plain(&mixed)["hooks"]["Stop"].as_array().unwrap().len(), 2);
}

#[test]
fn an_older_entry_is_brought_up_to_date_in_place() {
    let old = r#"{"hooks": {
      "PreToolUse": [
        {"matcher": "*", "hooks": [{"type": "command", "command": "git-ai-log record claude-code", "timeout": 9}]},
        {"matcher": "Bash", "hooks": [{"type": "command", "command": "x"}]}
      ],
      "PostToolBatch": [{"hooks": [{"type": "command", "command": "git-ai-log record claude-code"}]}],
      "Stop": [{"hooks": [
        {"type": "command", "command": "y"},
        {"type": "command", "command": "/opt/git-ai-log record claude-code"},
        {"type": "prompt", "prompt": "explain git-ai-log record"}
      ]}],
      "SessionStart": [{"matcher": "startup", "hooks": [
        {"type": "command", "command": "z"}, {"type": "command", "command": "git-ai-log record claude-code"}
      ]}]
    }}"#;
    let new = plain(&claude(old));
    let hooks = &new["hooks"];
    let pre = hooks["PreToolUse"].as_array().unwrap();
    assert_eq!(pre.len(), 3);
    assert_eq!(pre[0]["matcher"], "Edit|MultiEdit|Write|NotebookEdit|Bash|mcp__.*");
    assert_eq!(pre[0]["hooks"][0], value!({"type": "command", "command": COMMAND, "timeout": 9}));
    assert!(hooks.get("PostToolBatch").is_none());
    assert_eq!(hooks["Stop"][0]["hooks"][1]["command"], COMMAND);
    assert_eq!(hooks["Stop"][0]["hooks"].as_array().unwrap().len(), 3);
    // A group of somebody else's with a matcher is left to him.
    assert_eq!(hooks["SessionStart"][0]["hooks"], value!([{"type": "command", "command": "z"}]));
    assert_eq!(hooks["SessionStart"][1]["hooks"][0]["command"], COMMAND);
}

#[test]
fn a_file_that_is_not_what_it_should_be_is_an_error() {
    for (text, words) in [
        ("{", "not valid JSON"),
        ("{\"a\": 1 \"b\": 2}", "line 1"),
        ("{'a': 1}", "not valid JSON"),
        ("[]", "`the file` should be an object"),
        ("{\"hooks\": []}", "`hooks` should be an object"),
        ("{\"hooks\": {\"Stop\": {}}}", "`hooks.Stop` should be a list"),
        ("{\"hooks\": {}, \"hooks\": {}}", "`hooks` should be there only once"),
        ("{\"hooks\": {\"Stop\": [], \"Stop\": []}}", "`hooks.Stop` should be there only once"),
    ] {
        let error = claude_settings(Some(text), &commands(COMMAND), false).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    let deep = format!("{{\"a\": {}{}}}", "[".repeat(9000), "]".repeat(9000));
    assert!(claude_settings(Some(&deep), &commands(COMMAND), false).is_err());
    for (text, words) in [
        ("a = ", "not valid TOML"),
        ("hooks = 1\n", "`hooks` should be a table"),
        ("[hooks]\nStop = 1\n", "`hooks.Stop` should be a list of tables"),
    ] {
        let error = codex_user_config(Some(text), &commands(CODEX), FILE).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn codexs_hash_is_the_one_that_codex_computes() {
    // Seen in the answer of `codex app-server` to `hooks/list`.
    let handler = value!({"type": "command", "command": "true"});
    for (event, group, handler, hash) in [
        (
            "pre_tool_use",
            value!({}),
            handler.clone(),
            "a7de97b60e1412f8e936f33ad7e97c04dfe69190d43e61d14c46265643383835",
        ),
        (
            "pre_tool_use",
            value!({"matcher": "Bash"}),
            value!({"command": "true", "timeout": 5, "type": "command"}),
            "b09f3f914da52c9e5678323183b484da90ba69ac765187c07cff74249f48069b",
        ),
        (
            "session_end",
            value!({}),
            handler,
            "3a77f6214a1fc904ec3c34db73f74db5d254ba7cfe462739bd9d37a130a2839f",
        ),
    ] {
        assert_eq!(codex_trust_hash(event, &group, &handler), format!("sha256:{hash}"));
    }
}

#[test]
fn codexs_tables_keep_every_byte_of_the_users() {
    for text in [
        "a = 1\n",
        "a = 1 # c\r\n# x\r\n[b]\r\nc = '''x\r\ny'''\r\n\r\n# end\r\n",
        "a = 1\r\nb = 2\n[c]\n",
        "[hooks]\nPreToolUse = [{ hooks = [{ type = \"command\", command = \"x\" }] }]\n",
        "[[hooks.Stop]]\n[[hooks.Stop.hooks]]\ntype = \"command\"\ncommand = \"x\" # c\n\n# next\n[z]\nx = 1\n",
        "[hooks.state.\"/f:stop:0:0\"]\nenabled = false\n\n[z]\n",
        "[hooks]\n",
        "\u{feff}a = 1\n",
    ] {
        let new = codex_user_config(Some(text), &commands(CODEX), FILE).unwrap();
        assert_eq!(codex_user_config(Some(&new), &commands(CODEX), FILE).unwrap(), new, "{text}");
        assert_eq!(
            (count(&new, RECORD), count(&new, ASK), count(&new, "trusted_hash")),
            (8, 3, 11)
        );
        let back = codex_user_config_removed(&new, FILE).unwrap();
        assert_eq!(back.as_deref(), Some(text));
        assert_eq!(codex_user_config_removed(text, FILE).unwrap().as_deref(), Some(text));
    }
    let new = codex_user_config(None, &commands(CODEX), FILE).unwrap();
    assert_eq!(codex_user_config_removed(&new, FILE).unwrap(), None);
    // Only the end of the last line is added.
    let new = codex_user_config(Some("a = 1 # no end"), &commands(CODEX), FILE).unwrap();
    assert!(new.starts_with("a = 1 # no end\n"));
    // A table on one line stays one.
    let new = codex_user_config(Some("hooks = { Stop = [] }\n"), &commands(CODEX), FILE).unwrap();
    assert_eq!((new.lines().count(), count(&new, RECORD), count(&new, "trusted_hash")), (1, 8, 11));
}

#[test]
fn codexs_older_entry_is_brought_up_to_date() {
    let first = codex_user_config(None, &commands("git-ai-log record codex --old"), FILE).unwrap();
    let new = codex_user_config(Some(&first), &commands(CODEX), FILE).unwrap();
    assert_eq!(new, codex_user_config(None, &commands(CODEX), FILE).unwrap());
    // Switched off by the user in Codex, it stays off.
    let off = first.replacen("enabled = true", "enabled = false", 1);
    let new = codex_user_config(Some(&off), &commands(CODEX), FILE).unwrap();
    assert_eq!((count(&new, "enabled = false"), count(&new, "--old")), (1, 0));
}

#[test]
fn trust_in_hooks_of_others_moves_with_them() {
    let hook = |command: &str| value!({"hooks": [{"type": "command", "command": command}]});
    let of = |groups: &[Value]| -> Vec<HookAt> {
        let all = groups.iter().enumerate();
        all.flat_map(|(index, group)| handlers_of("Stop", index, group)).collect()
    };
    let (theirs, ours, last) = (hook("a"), hook(CODEX), hook("b"));
    let with = of(&[theirs.clone(), ours, last.clone()]);
    let without = of(&[theirs, last]);
    let original = format!(
        "[hooks.state.\"/f:stop:0:0\"]\ntrusted_hash = \"a\"\n\n\
         [hooks.state.\"/f:stop:1:0\"]\ntrusted_hash = \"{}\"\n",
        without[1].hash
    );
    let text = codex_trust(Some(&original), "/f", &without, &with).unwrap();
    let document: toml_edit::DocumentMut = text.parse().unwrap();
    let hash = |key: &str| document["hooks"]["state"][key]["trusted_hash"].as_str().unwrap();
    assert_eq!(hash("/f:stop:0:0"), "a");
    assert_eq!(hash("/f:stop:1:0"), with[1].hash);
    assert_eq!(hash("/f:stop:2:0"), with[2].hash);
    let back = codex_trust_removed(&text, "/f", &with, &without).unwrap().unwrap();
    let back: toml_edit::DocumentMut = back.parse().unwrap();
    assert_eq!(back["hooks"]["state"].as_table().unwrap().len(), 2);
    assert_eq!(
        back["hooks"]["state"]["/f:stop:1:0"]["trusted_hash"].as_str(),
        Some(&*without[1].hash)
    );
    // Another file's entries are not touched.
    let other = codex_trust_removed(&text, "/g", &with, &without).unwrap();
    assert_eq!(other.as_deref(), Some(text.as_str()));
}

/// A JSON value, printed with random space and comments between its parts. Each comment is its
/// own, so that a lost one is seen.
fn commented(depth: u32) -> impl Strategy<Value = Vec<String>> {
    let leaf = prop_oneof![
        Just(vec!["1".to_owned()]),
        Just(vec!["true".to_owned()]),
        "[a-z/* {}]{0,8}".prop_map(|text| vec![format!("\"{text}\"")]),
    ];
    leaf.prop_recursive(depth, 24, 4, |inner| {
        let items = proptest::collection::vec(inner, 0..4);
        (items, any::<bool>(), any::<bool>()).prop_map(|(items, object, comma)| {
            let mut parts = vec![if object { "{" } else { "[" }.to_owned()];
            let last = items.len();
            for (index, item) in items.into_iter().enumerate() {
                if object {
                    parts.extend([format!("\"k{index}\""), ":".to_owned()]);
                }
                parts.extend(item);
                if index + 1 < last || comma {
                    parts.push(",".to_owned());
                }
            }
            parts.push(if object { "}" } else { "]" }.to_owned());
            parts
        })
    })
}

/// A table without groups, as Cursor, Windsurf and Copilot CLI have it.
const FLAT: Shape = Shape::Flat(Flat {
    command: "run",
    more: &[("type", More::Text("command")), ("show", More::Flag(false))],
    version: Some(1),
});

fn flat(text: Option<&str>, record: &str) -> Result<String, SettingsError> {
    let wanted = [("before", Task::Record), ("before", Task::Gate), ("after", Task::Record)];
    let wanted = wanted.map(|(event, task)| Wanted { event, matcher: None, task });
    json::add(&FLAT, text, &wanted, &commands(record))
}

#[test]
fn a_table_without_groups_keeps_every_byte_of_the_users() {
    for text in [None, Some(""), Some("{}"), Some("{ }\n")] {
        let new = flat(text, COMMAND).unwrap();
        let handler = |run: &str| value!({ "type": "command", "show": false, "run": run });
        let all = value!({
            "version": 1,
            "hooks": { "before": [handler(COMMAND), handler(GATE)], "after": [handler(COMMAND)] },
        });
        assert_eq!(plain(&new), all, "{text:?}");
        assert_eq!(flat(Some(&new), COMMAND).unwrap(), new);
        assert_eq!(json::remove(&FLAT, &new).unwrap(), None);
        assert_eq!(json::handlers(&FLAT, &new).unwrap().len(), 3);
    }
    for text in [
        "{\n  // mine\n  \"version\": 1,\n  \"hooks\": {\n    \"before\": [\n      { \"run\": \"lint\" } // first\n    ]\n  }\n}\n",
        "{\n  \"hooks\": {\n    \"before\": [\n      {\"run\": \"lint\"},\n    ],\n    \"other\": []\n  },\n  \"z\": 1\n}",
        "\u{feff}{\r\n\t\"version\": 1, // one\r\n\t\"hooks\": {\r\n\t\t\"after\": [\r\n\t\t\t\"odd\", {\"run\": \"x\"}\r\n\t\t]\r\n\t}\r\n}\r\n",
    ] {
        let old = flat(Some(text), "git-ai-log record claude-code --old").unwrap();
        let new = flat(Some(&old), COMMAND).unwrap();
        assert_eq!(new, flat(Some(text), COMMAND).unwrap(), "brought up to date where it stands");
        assert_eq!(flat(Some(&new), COMMAND).unwrap(), new);
        assert_eq!(json::remove(&FLAT, &new).unwrap().as_deref(), Some(text));
        assert_eq!(json::remove(&FLAT, text).unwrap().as_deref(), Some(text));
    }
    for (text, words) in [
        ("{\"hooks\": {\"before\": {}}}", "`hooks.before` should be a list"),
        ("{\"hooks\": {\"a\": [], \"a\": []}}", "there only once"),
        ("[]", "`the file` should be an object"),
    ] {
        let error = flat(Some(text), COMMAND).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_comment_and_no_entry_is_lost(
        member in commented(3),
        group in commented(2),
        spaces in proptest::collection::vec(0..9u8, 80),
        crlf: bool,
    ) {
        let mut parts: Vec<String> =
            ["{", "\"first\"", ":"].iter().map(|part| (*part).to_owned()).collect();
        parts.extend(member);
        parts.extend([",", "\"hooks\"", ":", "{", "\"Stop\"", ":", "["].map(str::to_owned));
        parts.extend(group);
        parts.extend(["]", "}", "}"].map(str::to_owned));
        let (mut text, mut comments) = (String::new(), Vec::new());
        for (index, part) in parts.iter().enumerate() {
            text.push_str(part);
            match spaces.get(index).copied().unwrap_or(0) {
                5 => text.push_str("\n  "),
                6 => {
                    comments.push(format!("/* c{index}. */"));
                    text.push_str(&comments[comments.len() - 1]);
                }
                7 => {
                    comments.push(format!("// c{index}."));
                    text.push_str(&format!(" {}\n", comments[comments.len() - 1]));
                }
                8 => text.push('\t'),
                _ => {}
            }
        }
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        let new = claude(&text);
        prop_assert_eq!(&claude(&new), &new);
        let (old_value, new_value) = (plain(&text), plain(&new));
        prop_assert_eq!(&new_value["first"], &old_value["first"]);
        prop_assert_eq!(&new_value["hooks"]["Stop"][0], &old_value["hooks"]["Stop"][0]);
        for comment in &comments {
            prop_assert!(new.contains(comment), "lost {} from {}: {}", comment, text, new);
        }
        let back = claude_settings_removed(&new).unwrap().unwrap();
        prop_assert_eq!(plain(&back), plain(&text));
        for comment in &comments {
            prop_assert!(back.contains(comment), "lost {} from {}: {}", comment, text, back);
        }
        let new = flat(Some(&text), COMMAND).unwrap();
        prop_assert_eq!(&flat(Some(&new), COMMAND).unwrap(), &new);
        let back = json::remove(&FLAT, &new).unwrap().unwrap();
        prop_assert_eq!(plain(&back), plain(&text));
        for comment in &comments {
            prop_assert!(new.contains(comment), "lost {} from {}: {}", comment, text, new);
            prop_assert!(back.contains(comment), "lost {} from {}: {}", comment, text, back);
        }
    }

    #[test]
    fn any_bytes_are_an_error_or_a_text(text in "\\PC{0,40}|[\\[\\]{}\",:a\\n/*]{0,40}") {
        if let Ok(new) = claude_settings(Some(&text), &commands(COMMAND), false) {
            prop_assert_eq!(claude(&new), new);
        }
        if let Ok(new) = codex_user_config(Some(&text), &commands(CODEX), FILE) {
            prop_assert_eq!(codex_user_config(Some(&new), &commands(CODEX), FILE).unwrap(), new);
        }
    }
}
