use std::path::{Path, PathBuf};

use super::*;
use crate::agents::About;
use crate::agents::sessions::{Moment, SessionError};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sessions/droid").join(name)
}

fn told(file: &Path) -> (Vec<Moment>, Option<SessionError>) {
    let mut moments = Vec::new();
    let outcome = Droid.read(file, &|_| true, &mut |moment| moments.push(moment));
    (moments, outcome.err())
}

fn acts(payload: Value) -> Vec<Act> {
    let mut payload = payload;
    payload["session_id"] = json!("s");
    let reports = Droid.reports(payload.to_string().as_bytes()).unwrap();
    reports.into_iter().map(|report| report.act).collect()
}

#[test]
fn edits_of_every_tool() {
    let edits = |tool: &str, input: Value, response: Value| {
        let told = acts(json!({
            "hook_event_name": "PostToolUse", "tool_name": tool,
            "tool_input": input, "tool_response": response,
        }));
        match told.into_iter().next() {
            Some(Act::Edited(mut edits)) => Some(edits.remove(0)),
            _ => None,
        }
    };
    let done = json!({ "success": true });
    let file = json!({ "file_path": "/top/a", "content": "x" });
    let new = json!({ "success": true, "display_operation": "create" });
    let whole = |before| Told::Whole { before, after: "x".into() };
    assert_eq!(edits("Create", file.clone(), done.clone()).unwrap().told, whole(None));
    assert_eq!(edits("Create", file.clone(), new.clone()).unwrap().told, whole(Some(None)));
    // The same as text.
    assert_eq!(edits("Create", file, new.to_string().into()).unwrap().told, whole(Some(None)));
    let changes = json!([
        { "old_str": "a", "new_str": "b" },
        { "old_str": "c", "new_str": "d", "change_all": true },
    ]);
    let many = json!({ "file_path": "/top/a", "changes": changes });
    let Told::Replaced { steps, .. } = edits("MultiEdit", many.clone(), done).unwrap().told else {
        panic!()
    };
    assert_eq!((steps.len(), steps[0].all, steps[1].all), (2, false, true));
    assert_eq!(edits("MultiEdit", many, json!({ "success": false })), None);
    let patch = json!({ "input": "*** Begin Patch\n*** Delete File: b\n*** End Patch" });
    assert_eq!(edits("ApplyPatch", patch, Value::Null).unwrap().told, Told::Removed);
}

#[test]
fn its_hooks_ask_before_a_command_and_a_write() {
    let asked = |event: &str, tool: &str, input: Value| {
        let payload = json!({
            "session_id": "s", "cwd": "/top", "hook_event_name": event, "tool_name": tool,
            "tool_input": input,
        });
        let question = Droid.question(payload.to_string().as_bytes()).unwrap();
        question.map(|question| question.about)
    };
    let run = asked("PreToolUse", SHELL, json!({ "command": "git push -f" }));
    assert_eq!(run, Some(About::Run("git push -f".into())));
    let write = asked("PreToolUse", "Create", json!({ "file_path": "a", "content": "" }));
    assert_eq!(write, Some(About::Write(vec!["a".into()])));
    assert_eq!(asked("Stop", "", Value::Null), Some(About::Stop));
    assert_eq!(asked("PreToolUse", "server___tool", json!({})), None);
    assert_eq!(asked("PostToolUse", SHELL, json!({})), None);
}

#[test]
fn a_session_is_told_as_its_hooks_tell_it() {
    let (moments, error) = told(&data("main.jsonl"));
    assert!(error.is_none(), "{error:?}");
    let acts: Vec<&Act> = moments.iter().map(|moment| &moment.report.act).collect();
    assert_eq!(acts[0], &Act::Started);
    let prompt = "Please edit hello.txt, add new.txt and a line to notes.txt, then commit.";
    assert_eq!(acts[1], &Act::Prompt(prompt.into()));
    assert_eq!(acts[2], &Act::Read(vec!["{top}/hello.txt".into()]));
    let edited = |act: &&&Act| matches!(act, Act::Edited(_));
    // The edit that failed is not among them.
    assert_eq!(acts.iter().filter(edited).count(), 2);
    let starts = |act: &&&Act| matches!(act, Act::CommandStarts { .. });
    assert_eq!(acts.iter().filter(starts).count(), 1);
    let report = |call: &str| {
        let of = |moment: &&Moment| moment.report.call.as_deref() == Some(call);
        &moments.iter().rfind(of).unwrap().report
    };
    assert_eq!(report("call_4").session, "3d0c5a10-0000-4000-8000-000000000001");
    assert_eq!(report("call_4").turn.as_deref(), Some("0d7c1c5e-0000-4000-8000-000000000002"));
    assert_eq!(report("call_4").model.as_deref(), Some("claude-opus-4-5-20251101"));
    // The message does not say; what was chosen does.
    assert_eq!(report("call_5").model.as_deref(), Some("claude-sonnet-4-5-20250929"));
}

#[test]
fn sub_agents_of_sub_agents_belong_to_the_session_with_a_person() {
    let folder = tempfile::tempdir().unwrap();
    let write = |id: &str, calling: Option<&str>| {
        let start = json!({
            "type": "session_start", "id": id, "cwd": "/top", "callingSessionId": calling,
        });
        let message = json!({ "role": "user", "content": "Do it." });
        let prompt = json!({ "type": "message", "id": "m", "message": message });
        let file = folder.path().join(format!("{id}.jsonl"));
        std::fs::write(&file, format!("{start}\n{prompt}\n")).unwrap();
        file
    };
    let main = write("main", None);
    write("sub", Some("main"));
    let deep = write("deep", Some("sub"));
    // A circle ends.
    write("one", Some("two"));
    let circle = write("two", Some("one"));
    let sessions = |file: &Path| {
        let (moments, error) = told(file);
        assert!(error.is_none(), "{error:?}");
        let told = moments.into_iter().map(|moment| moment.report);
        told.map(|report| (report.session, report.subagent)).collect::<Vec<_>>()
    };
    assert_eq!(sessions(&main), vec![("main".to_owned(), None); 2]);
    // Its task is no prompt.
    assert_eq!(sessions(&deep), [("main".to_owned(), Some("deep".to_owned()))]);
    assert_eq!(sessions(&circle).len(), 1);
}

#[test]
fn words_of_droids_own_and_of_the_gate_are_no_prompt() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.jsonl");
    let message = |content: Value, more: Value| {
        let mut message = json!({ "role": "user", "content": content });
        more.as_object().into_iter().flatten().for_each(|(name, value)| {
            message[name] = value.clone();
        });
        json!({ "type": "message", "id": "m", "message": message })
    };
    let gate = format!("{} Mend them.", crate::agents::question::FINDINGS);
    let lines = [
        json!({ "type": "session_start", "id": "s", "cwd": "/top" }),
        message(json!("<system-reminder>a</system-reminder> "), json!({})),
        message(json!("hidden"), json!({ "hiddenFromUserViews": true })),
        message(json!("not shown"), json!({ "isUserVisible": false })),
        message(json!("a hook"), json!({ "hookEventName": "Stop" })),
        message(json!("for the model"), json!({ "visibility": "llm_only" })),
        message(json!(gate), json!({})),
        message(json!("typed"), json!({ "visibility": "both" })),
    ];
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    std::fs::write(&file, text).unwrap();
    let (moments, _) = told(&file);
    let prompts: Vec<_> = moments.into_iter().skip(1).map(|moment| moment.report.act).collect();
    assert_eq!(prompts, [Act::Prompt("typed".into())]);
}

#[test]
fn a_tool_belongs_to_the_last_prompt_of_the_sessions_file() {
    let message = |role: &str, id: &str, more: Value| {
        let mut message = json!({ "role": role, "content": [{ "type": "text", "text": id }] });
        more.as_object().into_iter().flatten().for_each(|(name, value)| {
            message[name] = value.clone();
        });
        json!({ "type": "message", "id": id, "message": message }).to_string()
    };
    let behind = |start: Value| {
        let lines = [
            start.to_string(),
            message("user", "first", Value::Null),
            message("assistant", "a", json!({ "modelId": "old" })),
            message("user", "second", Value::Null),
            message("assistant", "b", json!({ "modelId": "new" })),
            message("user", "hook", json!({ "hookEventName": "PreToolUse" })),
        ];
        let files = crate::agents::memory::Memory::of([("/s.jsonl", lines.join("\n"))]);
        let payload = json!({
            "hook_event_name": "PreToolUse", "session_id": "s", "tool_name": SHELL,
            "transcript_path": "/s.jsonl", "tool_input": { "command": "ls" },
        });
        let report = Droid.reports(payload.to_string().as_bytes()).unwrap().remove(0);
        Droid.behind(&report, &files)
    };
    let found = behind(json!({ "type": "session_start", "id": "s" }));
    assert_eq!(found.model.as_deref(), Some("new"));
    assert_eq!(found.prompt, Some(("second".to_owned(), "second".to_owned())));
    let sub = behind(json!({ "type": "session_start", "id": "s", "callingSessionId": "m" }));
    assert_eq!(sub.prompt, None);
    // The prompt's own hook names the same message.
    let payload = json!({
        "hook_event_name": "UserPromptSubmit", "session_id": "s", "prompt": "second",
        "message_id": "second",
    });
    let report = Droid.reports(payload.to_string().as_bytes()).unwrap().remove(0);
    assert_eq!(report.turn.as_deref(), Some("second"));
}

#[test]
fn a_command_that_was_denied_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.jsonl");
    let mut lines = vec![json!({ "type": "session_start", "id": "s", "cwd": "/top" })];
    for (at, (answer, failed)) in [
        ("Command completed successfully\n\n[Process exited with code 0]", false),
        ("Error: Command failed (exit code: 1)\n\n[Process exited with code 1]", true),
        ("Error: Droid-Shield cannot scan this commit.", true),
    ]
    .into_iter()
    .enumerate()
    {
        let input = json!({ "command": format!("echo {at} >> a") });
        let call =
            json!({ "type": "tool_use", "id": format!("{at}"), "name": SHELL, "input": input });
        let result = json!({
            "type": "tool_result", "tool_use_id": format!("{at}"), "content": answer,
            "is_error": failed,
        });
        for (minute, role, block) in [(1, "assistant", call), (2, "user", result)] {
            let message = json!({ "role": role, "content": [block] });
            let time = format!("2026-11-22T07:0{minute}:00Z");
            lines.push(json!({ "type": "message", "timestamp": time, "message": message }));
        }
    }
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    std::fs::write(&file, text).unwrap();
    let (moments, _) = told(&file);
    let starts = moments.iter().filter_map(|moment| match &moment.report.act {
        // What it did is told by when it began.
        Act::CommandStarts { command, .. } => {
            Some((command.as_str(), moment.at?.timestamp() % 120))
        }
        _ => None,
    });
    let ends = moments.iter().filter(|m| matches!(m.report.act, Act::CommandEnded { .. }));
    assert_eq!(ends.count(), 2);
    assert_eq!(starts.collect::<Vec<_>>(), [("echo 0 >> a", 60), ("echo 1 >> a", 60)]);
}
