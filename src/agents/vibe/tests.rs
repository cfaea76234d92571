use super::*;
use crate::agents::About;
use crate::agents::memory::Memory;

fn memory(files: &[(&str, &str)]) -> Memory {
    Memory::of(files.iter().map(|(path, text)| (*path, (*text).to_owned())))
}

fn start(turn: &str, text: &str, injected: bool) -> String {
    let params = json!({ "injected": injected, "message": [{ "type": "text", "text": text }] });
    let start = json!({ "method": "turn/start", "client_command_id": turn, "params": params });
    format!("{}\n", json!({ "payload": start, "type": "command_reserved" }))
}

fn latest(turn: &str) -> String {
    let state = json!({ "latestTurn": { "id": turn, "status": "in_progress" } });
    let delta = json!([{ "op": "append_entry" }, { "op": "set_envelope", "state": state }]);
    format!("{}\n", json!({ "payload": { "delta": delta }, "type": "projection_delta" }))
}

fn report(payload: Value) -> Report {
    Vibe.reports(payload.to_string().as_bytes()).unwrap().remove(0)
}

fn edit(more: Value) -> Value {
    let mut payload = json!({
        "session_id": "s",
        "transcript_path": "/all/s",
        "cwd": "/top",
        "hook_event_name": "post_tool",
        "tool_name": "file_system.search_replace",
        "tool_call_id": "c",
        "tool_input": { "file_path": "a", "old_string": "x", "new_string": "y" },
        "tool_status": "success",
    });
    for (name, value) in more.as_object().unwrap() {
        payload[name] = value.clone();
    }
    payload
}

#[test]
fn the_prompt_is_that_of_the_turn_under_way() {
    let behind = |files: &[(&str, &str)]| {
        Vibe.behind(&report(edit(json!({}))), &memory(files)).prompt.map(|(turn, _)| turn)
    };
    let one = start("t1", "one", false) + &latest("t1");
    let two = one.clone() + &start("t2", "two", false);
    let name = "/all/s/journal/1.jsonl";
    assert_eq!(behind(&[(name, &one)]).as_deref(), Some("t1"));
    // The second prompt waits for the first turn's end.
    assert_eq!(behind(&[(name, &two)]).as_deref(), Some("t1"));
    assert_eq!(behind(&[(name, &(two.clone() + &latest("t2")))]).as_deref(), Some("t2"));
    // Before anything is said of turns.
    assert_eq!(behind(&[(name, &start("t1", "one", false))]).as_deref(), Some("t1"));
    // What no person wrote, and a line that is cut off.
    assert_eq!(behind(&[(name, &start("t1", "one", true))]), None);
    assert_eq!(
        behind(&[(name, &(one.clone() + "{\"payload\":{\"latestTurn\""))]).as_deref(),
        Some("t1")
    );
    // The journal goes on in another file, which may hold nothing yet.
    let files = [
        (name, two.as_str()),
        ("/all/s/journal/2.jsonl", &latest("t2")),
        ("/all/s/journal/3.jsonl", ""),
    ];
    assert_eq!(behind(&files).as_deref(), Some("t2"));
    assert_eq!(behind(&[]), None);
}

#[test]
fn a_sub_agent_works_in_its_parents_turn() {
    let payload = edit(json!({
        "session_id": "child", "parent_session_id": "s", "transcript_path": "/all/child",
    }));
    let told = report(payload);
    assert_eq!((told.session.as_str(), told.subagent.as_deref()), ("s", Some("child")));
    let main = start("t1", "one", false);
    let files = memory(&[
        ("/all/s/journal/1.jsonl", &main),
        ("/all/child/journal/1.jsonl", &start("t9", "the task", false)),
        ("/all/child/meta.json", "{\"config\": {\"model_name\": \"small\"}}"),
    ]);
    let behind = Vibe.behind(&told, &files);
    assert_eq!(behind.prompt, Some(("t1".into(), "one".into())));
    assert_eq!(behind.model.as_deref(), Some("small"));
    let mut end = edit(json!({ "hook_event_name": "post_agent", "parent_session_id": "p" }));
    assert_eq!(Vibe.reports(end.to_string().as_bytes()).unwrap(), []);
    end["parent_session_id"] = Value::Null;
    assert!(matches!(report(end).act, Act::Stopped { .. }));
}

#[test]
fn tools_are_told_apart() {
    let act = |more: Value| {
        let told = Vibe.reports(edit(more).to_string().as_bytes()).unwrap();
        told.into_iter().next().map(|report| report.act)
    };
    assert_eq!(act(json!({"tool_status": "failure"})), None);
    assert_eq!(act(json!({"hook_event_name": "pre_tool"})), Some(Act::Before(vec!["a".into()])));
    let many = json!({ "file_path": "a", "content": [
        { "old_str": "x", "new_str": "y" }, { "old_str": "v", "new_str": "w", "replace_all": true },
    ]});
    let Some(Act::Edited(edits)) = act(json!({ "tool_input": many })) else { panic!() };
    let Told::Replaced { before: None, steps } = &edits[0].told else { panic!("{edits:?}") };
    assert_eq!((steps.len(), steps[1].all), (2, true));
    let failed = json!({
        "tool_name": "file_system.bash", "tool_input": { "command": "false" },
        "tool_status": "failure",
    });
    let (tool, command) = ("bash".to_owned(), "false".to_owned());
    assert_eq!(act(failed), Some(Act::CommandEnded { tool, command, background: false }));
    assert_eq!(act(json!({"tool_name": "todo"})), None);
    assert!(matches!(act(json!({"tool_name": "linear_create"})), Some(Act::CommandEnded { .. })));
}

#[test]
fn it_asks_and_is_told_no() {
    let payload = edit(json!({
        "hook_event_name": "pre_tool", "tool_name": "file_system.bash",
        "tool_input": { "command": "ls" },
    }));
    let asked = Vibe.question(payload.to_string().as_bytes()).unwrap().unwrap();
    assert_eq!(asked.about, About::Run("ls".into()));
    assert_eq!(Vibe.refusal(&asked, "why"), json!({"decision": "deny", "reason": "why"}));
}
