use std::path::Path;

use super::*;
use crate::agents::sessions::{Moment, SessionError};

fn data(run: &str) -> PathBuf {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sessions/cline");
    data.join(run)
}

fn told(file: &Path) -> (Vec<Moment>, Option<SessionError>) {
    let mut moments = Vec::new();
    let wanted = |cwd: &Path| cwd == Path::new("/top");
    let outcome = Cline.read(file, &wanted, &mut |moment| moments.push(moment));
    (moments, outcome.err())
}

fn acts(payload: Value) -> Vec<Act> {
    let mut payload = payload;
    payload["taskId"] = json!("t");
    let reports = Cline.reports(payload.to_string().as_bytes()).unwrap();
    reports.into_iter().map(|report| report.act).collect()
}

#[test]
fn the_older_form_is_read_too() {
    let parameters = json!({ "commands": "[\"one\",\"two\"]" });
    let told = acts(json!({
        "hookName": "PreToolUse",
        "preToolUse": { "toolName": "run_commands", "parameters": parameters },
    }));
    let (tool, command) = ("run_commands".to_owned(), "one\ntwo".to_owned());
    assert_eq!(told, [Act::CommandStarts { tool, command }]);
    // A file's text is no list, whatever it looks like.
    let parameters = json!({ "path": "a.json", "content": "[1]" });
    let told = acts(json!({
        "hookName": "PostToolUse",
        "postToolUse": { "toolName": "write_to_file", "parameters": parameters, "success": true },
    }));
    let Act::Edited(edits) = &told[0] else { panic!("{told:?}") };
    assert_eq!(edits[0].told, Told::Whole { before: None, after: "[1]".into() });
    let diff = "------- SEARCH\nold\n=======\nnew\n+++++++ REPLACE\n";
    let told = acts(json!({
        "hookName": "PostToolUse",
        "postToolUse": { "toolName": "replace_in_file", "parameters": { "path": "a", "diff": diff } },
    }));
    let Act::Edited(edits) = &told[0] else { panic!("{told:?}") };
    let Told::Replaced { steps, .. } = &edits[0].told else { panic!("{edits:?}") };
    assert_eq!((steps[0].old.as_str(), steps[0].new.as_str()), ("old\n", "new\n"));
    let prompt = json!({ "hookName": "UserPromptSubmit", "userPromptSubmit": { "prompt": "Go." } });
    assert_eq!(acts(prompt.clone()), [Act::Prompt("Go.".into())]);
    // The command line's prompt is in its session's file.
    let mut known = prompt;
    known["sessionContext"] = json!({ "rootSessionId": "s" });
    assert_eq!(acts(known), []);
}

#[test]
fn an_edit_that_failed_is_none() {
    let result = |output: Value| {
        let input = json!({ "path": "/top/a", "old_text": "x", "new_text": "y" });
        let call = json!({ "id": "c", "name": "editor", "input": input, "output": output });
        acts(
            json!({ "hookName": "tool_result", "tool_result": call, "postToolUse": { "success": true } }),
        )
    };
    assert_eq!(result(json!({ "success": true, "result": "Edited" })).len(), 1);
    assert_eq!(result(json!({ "success": false, "result": "" })).len(), 0);
    assert_eq!(result(json!({ "error": "No replacement performed" })).len(), 0);
}

#[test]
fn words_of_clines_own_are_no_prompt() {
    let text = "<environment>x</environment><user_input mode=\"act\">Go <b>on</b>.</user_input> y";
    assert_eq!(typed(text), "Go <b>on</b>.");
    assert_eq!(typed(" plain "), "plain");
}

#[test]
fn a_session_is_told_as_its_hooks_tell_it() {
    let (moments, error) =
        told(&data("main/1795330565897_p0sid/1795330565897_p0sid.messages.json"));
    assert!(error.is_none(), "{error:?}");
    let acts: Vec<&Act> = moments.iter().map(|moment| &moment.report.act).collect();
    assert_eq!(acts[0], &Act::Started);
    let prompt = "Please edit hello.txt, add new.txt and a line to notes.txt, then commit.";
    assert_eq!(acts[1], &Act::Prompt(prompt.into()));
    assert_eq!(acts[2], &Act::Read(vec!["/top/hello.txt".into()]));
    let Act::Edited(edits) = acts[4] else { panic!("{acts:#?}") };
    let after = "created by the agent\nsecond line\n".into();
    assert_eq!(edits[0].told, Told::Whole { before: Some(None), after });
    let Act::CommandEnded { command, .. } = acts[5] else { panic!("{acts:#?}") };
    assert_eq!(command, "printf 'three, from the shell\\n' >> notes.txt");
    assert_eq!(acts.len(), 8);
    let report = &moments[3].report;
    assert_eq!(report.session, "1795330565897_p0sid");
    assert_eq!(report.turn.as_deref(), Some("cd746587-18a7-443c-82b4-f08add7aa588"));
    assert_eq!(report.call.as_deref(), Some("call_mock000004"));
    assert_eq!(report.model.as_deref(), Some("mock-model"));
}

#[test]
fn sub_agents_belong_to_the_turn_that_started_them() {
    let folder = data("subagent/1795795592928_uvzr5");
    let (main, error) = told(&folder.join("1795795592928_uvzr5.messages.json"));
    assert!(error.is_none(), "{error:?}");
    let paths = |moments: &[Moment]| {
        let edits = moments.iter().filter_map(|moment| match &moment.report.act {
            Act::Edited(edits) => Some(edits[0].path.to_str().unwrap().to_owned()),
            _ => None,
        });
        edits.collect::<Vec<_>>()
    };
    // The edit that failed is not among them.
    assert_eq!(paths(&main), ["/top/p1.txt", "/top/p2.txt", "/top/hello.txt", "/top/hello.txt"]);
    let mut prompts = main.iter().filter(|m| matches!(m.report.act, Act::Prompt(_)));
    let turns = [(); 2].map(|()| prompts.next().unwrap().report.turn.clone());
    assert_eq!(turns[1].as_deref(), Some("119d44ed-eb72-426d-ae3a-9273d885188b"));
    assert_eq!(main.last().unwrap().report.turn, turns[1]);
    let (sub, error) = told(&folder.join("agent_1795795597133_ap7ve4.messages.json"));
    assert!(error.is_none(), "{error:?}");
    assert_eq!(paths(&sub), ["/top/sub.txt"]);
    assert!(!sub.iter().any(|moment| matches!(moment.report.act, Act::Prompt(_))));
    let report = &sub.last().unwrap().report;
    assert_eq!(report.session, "1795795592928_uvzr5");
    assert_eq!(report.subagent.as_deref(), Some("agent_1795795597133_ap7ve4"));
    assert_eq!(report.turn, turns[0]);
    assert_eq!(report.model.as_deref(), Some("mock-model"));
}

#[test]
fn files_that_are_cut_off_or_strange_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join("s").join(name);
    std::fs::create_dir(folder.path().join("s")).unwrap();
    let messages = at("s.messages.json");
    std::fs::write(&messages, "{\"messages\": 1}").unwrap();
    assert!(matches!(told(&messages).1, Some(SessionError::Io(_))));
    std::fs::write(at("s.json"), "{\"cwd\": \"/top\"}").unwrap();
    assert!(matches!(told(&messages).1, Some(SessionError::Format(_))));
    std::fs::write(&messages, "{\"messages\": [{\"role\": \"user\"").unwrap();
    assert!(matches!(told(&messages).1, Some(SessionError::Format(_))));
    std::fs::write(at("s.json"), "{\"cwd\": \"/elsewhere\"}").unwrap();
    assert!(told(&messages).1.is_none());
}

#[test]
fn a_command_that_is_denied_is_another_one_that_says_why() {
    let asked = |name: &str, input: Value, session: Value| {
        let call = json!({ "id": "c", "name": name, "input": input });
        let payload = json!({
            "hookName": "tool_call", "sessionContext": session, "taskId": "t",
            "workspaceRoots": ["/top"], "tool_call": call,
        });
        Cline.question(payload.to_string().as_bytes()).unwrap()
    };
    let known = json!({ "rootSessionId": "s" });
    let commands = json!({ "commands": ["git commit -n", "ls"] });
    let run = asked(SHELL, commands.clone(), known.clone()).unwrap();
    assert_eq!(
        (&run.about, run.cwd.to_str()),
        (&About::Run("git commit -n\nls".into()), Some("/top"))
    );
    // The real one takes a command without a list, too.
    let one = asked(SHELL, json!({ "commands": "git commit -n" }), known.clone()).unwrap();
    assert_eq!(one.about, About::Run("git commit -n".into()));
    let no = Cline.refusal(&run, "it's no way");
    assert_eq!(no["cancel"], false);
    let instead = no["overrideInput"]["commands"][0].as_str().unwrap();
    let ran = std::process::Command::new("sh").args(["-c", instead]).output().unwrap();
    assert_eq!((ran.status.code(), ran.stdout.len()), (Some(1), 0));
    assert_eq!(ran.stderr, b"it's no way\n");
    let file = json!({ "path": "/top/.git/hooks/pre-commit", "new_text": "x" });
    let write = asked("editor", file, known.clone()).unwrap();
    assert_eq!(write.about, About::Write(vec!["/top/.git/hooks/pre-commit".into()]));
    let no = Cline.refusal(&write, "why");
    assert_eq!((&no["cancel"], &no["errorMessage"]), (&true.into(), &"why".into()));
    // The extension is not asked, and other tools are not.
    assert_eq!(asked(SHELL, commands, Value::Null), None);
    assert_eq!(asked("read_files", json!({ "files": [] }), known), None);
}
