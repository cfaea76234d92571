//! Sessions of real agents, event for event: what the journal says of them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::env::{TestRepo, apply_patch, turn_id};

#[test]
fn claude_code() {
    replay_all("claude-code");
}

#[test]
fn codex() {
    replay_all("codex");
}

/// Every session that lies in the agent's folder.
fn replay_all(agent: &str) {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/payloads").join(agent);
    for folder in sorted(&data) {
        let repo = replay(agent, &folder);
        let run = folder.file_name().unwrap().to_str().unwrap();
        insta::assert_snapshot!(format!("{agent}__{run}"), story(&repo));
    }
}

/// Does what the payloads say, and sends each of them through `record`.
fn replay(agent: &str, folder: &Path) -> TestRepo {
    let repo =
        TestRepo::with(&[("hello.txt", "alpha\nbeta\ngamma\n"), ("notes.txt", "one\ntwo\n")]);
    let payloads: Vec<(String, Value)> =
        sorted(folder).iter().map(|path| read(&repo, path)).collect();
    let ended = |id: &Value| {
        let after = |event: &Value| event.as_str().is_some_and(|name| name.starts_with("PostTool"));
        payloads.iter().any(|(_, p)| after(&p["hook_event_name"]) && p["tool_use_id"] == *id)
    };
    for (text, payload) in &payloads {
        let id = &payload["tool_use_id"];
        match payload["hook_event_name"].as_str().unwrap_or_default() {
            // The transcript says which model wrote: the session's own, and the sub-agent's.
            "PreToolUse" => {
                write_transcript(payload);
                repo.record(agent, text);
                // A patch through the shell has no end; a patch that fails changes nothing.
                if payload["tool_name"] == "Bash" && !ended(id) {
                    act(&repo, payload);
                }
            }
            "PostToolUse" if payload["tool_input"]["run_in_background"] == true => {
                repo.record(agent, text);
                act(&repo, payload);
            }
            "PostToolUse" | "PostToolUseFailure" => {
                act(&repo, payload);
                repo.record(agent, text);
            }
            event => {
                if event == "UserPromptSubmit" {
                    let field = |name: &str| payload[name].as_str();
                    let turn = field("prompt_id").or(field("turn_id")).unwrap();
                    repo.add_turn(turn_id(agent, field("session_id").unwrap(), turn));
                }
                repo.record(agent, text);
            }
        }
    }
    repo.git(["add", "-A"]);
    repo.commit_with(&["--allow-empty", "-m", "the person's commit"]);
    repo
}

/// What the tool call does to the work tree.
fn act(repo: &TestRepo, payload: &Value) {
    let input = &payload["tool_input"];
    let text = |name: &str| input[name].as_str().unwrap();
    let refused = payload["tool_response"].as_str().is_some_and(|said| said.contains("Read-only"));
    match payload["tool_name"].as_str().unwrap() {
        _ if refused => {}
        "Write" => repo.write(text("file_path"), text("content")),
        "Edit" => {
            let path = Path::new(text("file_path")).strip_prefix(&repo.top).unwrap();
            repo.replace(path.to_str().unwrap(), text("old_string"), text("new_string"));
        }
        "apply_patch" => drop(apply_patch(repo, text("command"))),
        "Bash" => match text("command").strip_prefix("apply_patch <<'EOF'\n") {
            Some(patch) => drop(apply_patch(repo, patch)),
            None => drop(repo.sh(text("command"))),
        },
        _ => {}
    }
}

fn write_transcript(payload: &Value) {
    let path = Path::new(payload["transcript_path"].as_str().unwrap());
    let (path, model) = match payload["agent_id"].as_str() {
        Some(id) => {
            let name = format!("subagents/agent-{id}.jsonl");
            (path.with_extension("").join(name), "claude-haiku-4-5")
        }
        None => (path.to_path_buf(), "claude-opus-4-8"),
    };
    let lines = [
        r#"{"type":"user","message":{"role":"user","content":"Change hello.txt"}}"#.to_owned(),
        format!(r#"{{"type":"assistant","message":{{"role":"assistant","model":"{model}"}}}}"#),
        r#"{"type":"assistant","message":{"role":"assistant","model":"<synthetic>"}}"#.to_owned(),
    ];
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, lines.join("\n") + "\n").unwrap();
}

/// The journal, an event a line, and the owners of what was committed.
pub fn story(repo: &TestRepo) -> String {
    let mut commits: HashMap<String, String> = HashMap::new();
    let mut out = String::new();
    for mut event in repo.journal() {
        let event = event.as_object_mut().unwrap();
        event.shift_remove("at").unwrap();
        assert_eq!(event.shift_remove("worktree").unwrap(), repo.top.to_str().unwrap());
        if let Some(head) = event.get_mut("head").filter(|head| head.is_string()) {
            let next = format!("commit {}", commits.len() + 1);
            *head = commits.entry(head.as_str().unwrap().to_owned()).or_insert(next).clone().into();
        }
        out.push_str(&short(&serde_json::to_string(event).unwrap()));
        out.push('\n');
    }
    for path in repo.git(["ls-files"]).lines() {
        out.push_str(&format!("\n{path}\n{}", repo.owners(path)));
    }
    out
}

/// Digests cut to what the eye can compare.
fn short(text: &str) -> String {
    let mut out = String::new();
    for part in text.split('"') {
        let digest = part.len() == 64 && part.bytes().all(|b| b.is_ascii_hexdigit());
        out.push_str(if digest { &part[..8] } else { part });
        out.push('"');
    }
    out.pop();
    out
}

pub fn read(repo: &TestRepo, path: &Path) -> (String, Value) {
    let text = std::fs::read_to_string(path).unwrap();
    let text = text.replace("{top}", repo.top.to_str().unwrap());
    let text = text.replace("{home}", repo.home().to_str().unwrap());
    let value = serde_json::from_str(&text).unwrap();
    (text, value)
}

pub fn sorted(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}
