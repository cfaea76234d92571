use std::path::{Path, PathBuf};

use super::*;
use crate::agents::sessions::{Moment, SessionError};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sessions/amp").join(name)
}

fn told(file: &Path) -> (Vec<Moment>, Option<SessionError>) {
    let mut moments = Vec::new();
    let outcome = Amp.read(file, &|_| true, &mut |moment| moments.push(moment));
    (moments, outcome.err())
}

fn act_of(event: &str, tool: &str, input: Value, more: Value) -> Option<Act> {
    let mut payload = json!({
        "event": event, "thread": { "id": "T-1" }, "toolUseID": "toolu_1", "tool": tool,
        "input": input, "status": "done", "cwd": "/top",
    });
    more.as_object().into_iter().flatten().for_each(|(name, value)| payload[name] = value.clone());
    let reports = Amp.reports(payload.to_string().as_bytes()).unwrap();
    reports.into_iter().next().map(|report| report.act)
}

#[test]
fn edits_of_every_tool() {
    let edit = |tool: &str, input: Value, output: Value| match act_of(
        "tool.result",
        tool,
        input,
        json!({ "output": output }),
    ) {
        Some(Act::Edited(mut edits)) => edits.remove(0).told,
        act => panic!("{act:?}"),
    };
    let file = json!({ "path": "/top/a", "content": "x" });
    let whole = Told::Whole { before: None, after: "x\n".into() };
    assert_eq!(edit("create_file", file, json!("Successfully created")), whole);
    let replaced = json!({ "path": "/top/a", "old_str": "x", "new_str": "y", "replace_all": true });
    let Told::Replaced { steps, .. } = edit("edit_file", replaced.clone(), Value::Null) else {
        panic!()
    };
    assert!(steps[0].all);
    // What it did is what its diff says, with the fence of a block of Markdown or without.
    for diff in ["````diff\n--- a\n+++ a\n@@ -1 +1 @@\n-x\n+```\n````", "@@ -1 +1 @@\n-x\n+```"] {
        let Told::Patched(hunks) = edit("edit_file", replaced.clone(), json!({ "diff": diff }))
        else {
            panic!()
        };
        assert_eq!((&hunks[0].old, &hunks[0].new), (&vec!["x".into()], &vec!["```".into()]));
    }
    let undone =
        edit("undo_edit", json!({ "path": "/top/a" }), json!("```diff\n@@ @@\n-y\n+x\n```"));
    assert!(matches!(undone, Told::Patched(_)), "{undone:?}");
    let patch = json!({ "patchText": "*** Begin Patch\n*** Delete File: b\n*** End Patch" });
    assert_eq!(edit("apply_patch", patch, Value::Null), Told::Removed);
}

#[test]
fn what_did_not_happen_is_not_told() {
    let result = |tool: &str, status: &str| {
        let input = json!({ "path": "/top/a", "content": "x", "command": "ls", "cmd": "ls" });
        act_of("tool.result", tool, input, json!({ "status": status })).is_some()
    };
    for (tool, told) in [
        ("create_file", [true, false, false, false]),
        ("Read", [true, false, false, false]),
        ("shell_command", [true, true, true, false]),
        ("mcp__server__tool", [true, true, true, false]),
    ] {
        let all =
            ["done", "error", "cancelled", "rejected-by-user"].map(|status| result(tool, status));
        assert_eq!(all, told, "{tool}");
    }
    assert!(!result("web_search", "done"));
}

#[test]
fn a_command_runs_where_it_says() {
    for (tool, input) in [
        ("Bash", json!({ "cmd": "ls", "cwd": "/top/sub" })),
        ("shell_command", json!({ "command": "ls", "workdir": "sub" })),
    ] {
        let payload = json!({
            "event": "tool.call", "thread": { "id": "T-1" }, "tool": tool, "input": input, "cwd": "/top",
        });
        let report = Amp.reports(payload.to_string().as_bytes()).unwrap().remove(0);
        assert_eq!(report.cwd, PathBuf::from("/top/sub"));
        let (tool, command) = (tool.to_owned(), "ls".to_owned());
        assert_eq!(report.act, Act::CommandStarts { tool, command });
    }
}

#[test]
fn a_thread_is_told_as_its_plugins_are() {
    let (moments, error) = told(&data("main.json"));
    assert!(error.is_none(), "{error:?}");
    let acts: Vec<&Act> = moments.iter().map(|moment| &moment.report.act).collect();
    assert_eq!(acts[0], &Act::Started);
    let prompt = "Please edit hello.txt, add new.txt and a line to notes.txt, then commit.";
    assert_eq!(acts[1], &Act::Prompt(prompt.into()));
    assert_eq!(acts[2], &Act::Read(vec!["{top}/hello.txt".into()]));
    let Act::Edited(edits) = acts[3] else { panic!("{acts:#?}") };
    let Told::Patched(hunks) = &edits[0].told else { panic!("{edits:?}") };
    assert_eq!(hunks[0].added().collect::<Vec<_>>(), ["beta, edited by the agent"]);
    assert_eq!(hunks[0].new, ["alpha", "beta, edited by the agent", "gamma"]);
    // Neither the edit that failed nor the command that was rejected is among them.
    assert_eq!(acts.len(), 6, "{acts:#?}");
    let report = &moments[3].report;
    assert_eq!(report.session, "T-3d0c5a10-0000-7000-8000-000000000001");
    assert_eq!(report.turn.as_deref(), Some("0"));
    assert_eq!(report.call.as_deref(), Some("toolu_3"));
    assert_eq!(report.model.as_deref(), Some("claude-opus-4-6"));
    let at = moments[3].at.unwrap();
    assert_eq!(at.to_rfc3339(), "2026-11-22T07:00:04.454+00:00");
}

#[test]
fn threads_that_are_cut_off_or_strange_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("T-1.json");
    for text in ["{\"messages\": 1}", "[]", "{\"messages\": [{\"role\""] {
        std::fs::write(&file, text).unwrap();
        assert!(matches!(told(&file).1, Some(SessionError::Format(_))), "{text}");
    }
    // One without a folder or a time still says what was written where.
    let call = json!({ "type": "tool_use", "id": "c", "name": "create_file",
        "input": { "path": "/top/a", "content": "x" } });
    let result = json!({ "type": "tool_result", "toolUseID": "c", "run": { "status": "done" } });
    let thread = json!({ "messages": [
        { "role": "assistant", "content": [call] },
        { "role": "user", "content": [result] },
        { "role": "parent" },
    ]});
    std::fs::write(&file, thread.to_string()).unwrap();
    let (moments, error) = told(&file);
    assert!(error.is_none(), "{error:?}");
    assert_eq!(moments[1].report.session, "T-1");
    assert!(matches!(moments[1].report.act, Act::Edited(_)));
}

#[test]
fn its_plugin_asks_before_a_command_a_write_and_the_end() {
    let asked = |event: &str, tool: &str, input: Value| {
        let payload = json!({
            "event": event, "thread": { "id": "T-1" }, "turn": 3, "tool": tool, "input": input,
            "cwd": "/top",
        });
        Amp.question(payload.to_string().as_bytes()).unwrap()
    };
    let run = asked(BEFORE, "shell_command", json!({ "command": "git push -f" })).unwrap();
    assert_eq!((&run.about, run.turn.as_deref()), (&About::Run("git push -f".into()), Some("3")));
    assert_eq!(Amp.refusal(&run, "why"), json!({ "deny": "why" }));
    let write = asked(BEFORE, "create_file", json!({ "path": "a", "content": "" })).unwrap();
    assert_eq!(write.about, About::Write(vec!["a".into()]));
    let end = asked(END, "", Value::Null).unwrap();
    assert_eq!(Amp.refusal(&end, "why"), json!({ "more": "why" }));
    assert_eq!(asked(BEFORE, "mcp__server__tool", json!({})), None);
    // What the gate says comes back like a prompt.
    let payload = json!({ "event": PROMPT, "thread": { "id": "T-1" }, "message": FINDINGS });
    assert_eq!(Amp.reports(payload.to_string().as_bytes()), Ok(Vec::new()));
}
