//! The files that agents keep of their sessions, for agents without hooks.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::TestRepo;

/// Appends what Claude Code keeps of what its hook would tell.
pub fn claude(repo: &TestRepo, payload: &Value, subagent: Option<&str>) {
    let session = payload["session_id"].as_str().unwrap();
    let folder = repo.home().join(".claude/projects/-repo");
    let path = match subagent {
        Some(id) => folder.join(session).join(format!("subagents/agent-{id}.jsonl")),
        None => folder.join(format!("{session}.jsonl")),
    };
    let call = &payload["tool_use_id"];
    let result = |failed: bool| {
        let result = json!({"type": "tool_result", "tool_use_id": call, "is_error": failed});
        json!({"type": "user", "message": {"role": "user", "content": [result]},
               "toolUseResult": payload["tool_response"]})
    };
    let mut line = match payload["hook_event_name"].as_str().unwrap() {
        "UserPromptSubmit" => {
            json!({"type": "user", "message": {"role": "user", "content": payload["prompt"]}})
        }
        "PreToolUse" => {
            let call = json!({"type": "tool_use", "id": call, "name": payload["tool_name"],
                              "input": payload["tool_input"]});
            json!({"type": "assistant", "message": {
                "role": "assistant", "model": "claude-opus-4-8", "content": [call]}})
        }
        "PostToolUse" => result(false),
        "PostToolUseFailure" => result(true),
        _ => return,
    };
    line["sessionId"] = json!(session);
    line["cwd"] = payload["cwd"].clone();
    line["isSidechain"] = json!(subagent.is_some());
    line["timestamp"] = json!(time(repo.now()));
    if line["type"] == "user" {
        line["promptId"] = payload["prompt_id"].clone();
    }
    if let Some(id) = subagent {
        line["agentId"] = json!(id);
    }
    append(repo, &path, &line);
}

/// The same for Codex.
pub fn codex(repo: &TestRepo, payload: &Value, subagent: Option<&str>, turn: Option<&str>) {
    let session = payload["session_id"].as_str().unwrap();
    let thread = subagent.unwrap_or(session);
    let path = repo.home().join(format!(".codex/sessions/2026/rollout-{thread}.jsonl"));
    let put = |kind: &str, payload: Value| {
        append(
            repo,
            &path,
            &json!({"timestamp": time(repo.now()), "type": kind, "payload": payload}),
        );
    };
    if !path.exists() {
        put(
            "session_meta",
            json!({"id": thread, "session_id": session, "cwd": payload["cwd"],
                   "parent_thread_id": subagent.map(|_| session)}),
        );
    }
    put(
        "turn_context",
        json!({"turn_id": payload["turn_id"], "root_turn_id": turn, "model": payload["model"],
               "cwd": payload["cwd"]}),
    );
    let call = &payload["tool_use_id"];
    let command = payload["tool_input"]["command"].as_str().unwrap_or_default();
    let item = match (payload["hook_event_name"].as_str().unwrap(), payload["tool_name"].as_str()) {
        ("UserPromptSubmit", _) => {
            json!({"type": "UserMessage", "content": [{"type": "text", "text": payload["prompt"]}]})
        }
        ("PostToolUse", Some("apply_patch")) => json!({
            "type": "FileChange", "id": call, "status": "completed",
            "changes": changes(repo, command),
        }),
        ("PostToolUse", Some(_)) => json!({
            "type": "CommandExecution", "id": call, "status": "completed",
            "command": ["/bin/bash", "-lc", command],
        }),
        _ => return,
    };
    put("event_msg", json!({"type": "item_completed", "thread_id": thread, "item": item}));
}

/// A patch as a rollout tells it once it was applied: by file.
fn changes(repo: &TestRepo, patch: &str) -> Value {
    let mut changes = serde_json::Map::new();
    let body = patch.split_once("*** Begin Patch\n").unwrap().1;
    let mut last = PathBuf::new();
    for file in body.split("*** End Patch").next().unwrap().split("*** ").skip(1) {
        let (header, body) = file.split_once('\n').unwrap();
        let (action, path) = header.split_once(": ").unwrap();
        let whole = |path: &Path| repo.top.join(path).to_str().unwrap().to_owned();
        let change = match action {
            "Add File" => {
                let text: String = body.lines().map(|line| format!("{}\n", &line[1..])).collect();
                json!({"type": "add", "content": text})
            }
            "Delete File" => json!({"type": "delete", "content": ""}),
            "Update File" => json!({"type": "update", "unified_diff": body, "move_path": null}),
            "Move to" => {
                let change = changes.get_mut(&whole(&last)).unwrap();
                change["unified_diff"] = json!(body);
                change["move_path"] = json!(whole(Path::new(path)));
                continue;
            }
            other => panic!("{other}"),
        };
        last = PathBuf::from(path);
        changes.insert(whole(&last), change);
    }
    Value::Object(changes)
}

fn time(at: std::time::SystemTime) -> String {
    chrono::DateTime::<chrono::Utc>::from(at).to_rfc3339()
}

fn append(repo: &TestRepo, path: &Path, line: &Value) {
    use std::io::Write as _;
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
    writeln!(file, "{line}").unwrap();
    // By git's clock, as everything here.
    file.set_modified(repo.now()).unwrap();
}
