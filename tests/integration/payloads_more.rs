//! Sessions of real agents whose hooks have words of their own: what the journal says of them.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::env::{TestRepo, apply_patch, turn_id};
use crate::payloads::{read, sorted, story};

/// How one agent spells what its payloads say.
struct Spelling {
    agent: &'static str,
    /// Whether a payload comes before a tool call, or after one, and its tool and input.
    call: fn(&Value) -> Option<(bool, String, Value)>,
    /// The turn that a prompt in a payload begins, by session and name.
    prompt: fn(&Value) -> Option<(String, String)>,
    /// The turns that the session's files tell of.
    turns: &'static [Turn],
    /// Where its sessions lie, below the home.
    sessions: &'static str,
}

/// A turn of which no hook tells.
struct Turn {
    run: &'static str,
    /// Before which payload.
    at: usize,
    session: &'static str,
    turn: &'static str,
    /// The session's files as they are then, below `tests/data/sessions`.
    files: &'static str,
}

#[test]
fn opencode() {
    replay_all(&Spelling {
        agent: "opencode",
        call: |payload| {
            let before = match payload["event"].as_str()? {
                "tool.execute.before" => true,
                "tool.execute.after" => false,
                _ => return None,
            };
            Some((before, payload["tool"].as_str()?.to_owned(), payload["args"].clone()))
        },
        prompt: |payload| {
            let text = |name: &str| payload[name].as_str().map(str::to_owned);
            payload.get("prompt").and_then(|_| Some((text("session")?, text("turn")?)))
        },
        turns: &[],
        sessions: "",
    });
}

/// Hooks that name no turn: the prompts of a session are counted.
const COUNTED: &str = "#";

#[test]
fn gemini() {
    replay_all(&Spelling {
        agent: "gemini",
        call: |payload| called(payload, "BeforeTool", "AfterTool"),
        prompt: |payload| counted(payload, "session_id"),
        turns: &[],
        sessions: "",
    });
}

#[test]
fn qwen() {
    replay_all(&Spelling {
        agent: "qwen",
        call: |payload| called(payload, "PreToolUse", "PostToolUse"),
        prompt: |payload| counted(payload, "session_id"),
        turns: &[],
        sessions: "",
    });
}

#[test]
fn copilot_cli() {
    replay_all(&copilot_clis());
}

/// It runs Claude Code's hooks, too, and an event that is told twice counts once.
#[test]
fn copilot_cli_through_the_hooks_of_claude_code() {
    let spelling = copilot_clis();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/payloads/copilot-cli/pascal");
    let played = |hooks: &[&str]| replay(&spelling, &data, "pascal", hooks);
    let (own, other) = (played(&["copilot-cli"]), played(&["claude-code"]));
    assert_eq!(story(&own), story(&other));
    let both = played(&["copilot-cli", "claude-code"]);
    for path in own.git(["ls-files"]).lines() {
        assert_eq!(own.owners(path), both.owners(path), "{path}");
    }
}

fn copilot_clis() -> Spelling {
    Spelling {
        agent: "copilot-cli",
        call: |payload| match payload["toolArgs"].is_object() {
            true => {
                let before = payload["toolResult"].is_null();
                Some((
                    before,
                    payload["toolName"].as_str()?.to_owned(),
                    payload["toolArgs"].clone(),
                ))
            }
            false => called(payload, "PreToolUse", "PostToolUse"),
        },
        prompt: |payload| match payload["sessionId"].is_string() {
            true => counted(payload, "sessionId"),
            false => counted(payload, "session_id").filter(|_| payload["agent_id"].is_null()),
        },
        turns: &[],
        sessions: "",
    }
}

fn called(payload: &Value, before: &str, after: &str) -> Option<(bool, String, Value)> {
    let event = payload["hook_event_name"].as_str()?;
    let starts = event == before;
    let tool = payload["tool_name"].as_str()?.to_owned();
    (starts || event == after).then(|| (starts, tool, payload["tool_input"].clone()))
}

fn counted(payload: &Value, session: &str) -> Option<(String, String)> {
    let prompt = payload["prompt"].as_str().filter(|prompt| !prompt.is_empty());
    // The end of a turn has the prompt once more.
    let ends = payload["prompt_response"].is_string();
    prompt.filter(|_| !ends)?;
    Some((payload[session].as_str()?.to_owned(), COUNTED.to_owned()))
}

#[test]
fn vibe() {
    replay_all(&Spelling {
        agent: "vibe",
        call: |payload| {
            let before = match payload["hook_event_name"].as_str()? {
                "pre_tool" => true,
                "post_tool" => false,
                _ => return None,
            };
            let tool = payload["tool_name"].as_str()?.trim_start_matches("file_system.");
            Some((before, tool.to_owned(), payload["tool_input"].clone()))
        },
        prompt: |_| None,
        turns: &[
            Turn {
                run: "main",
                at: 0,
                session: "67f38074-3810-f48f-03ca-70505ad2ec12",
                turn: "turn-23a165af5eb31411e735c46ba1a940b3",
                files: "main",
            },
            Turn {
                run: "resumed",
                at: 0,
                session: "967839fe-3258-a9ec-2290-c137bcb5fd2d",
                turn: "turn-7fe0ed207bc6e0aea035e9d3512f2786",
                files: "resumed-before",
            },
            Turn {
                run: "resumed",
                at: 11,
                session: "967839fe-3258-a9ec-2290-c137bcb5fd2d",
                turn: "turn-283997c5b303f4a17a3324d4dfd6ada1",
                files: "resumed",
            },
        ],
        sessions: ".vibe/logs/session/unified",
    });
}

#[test]
fn cline() {
    replay_all(&Spelling {
        agent: "cline",
        call: |payload| {
            let (before, call) = match payload.get("tool_call") {
                Some(call) => (true, call),
                None => (false, payload.get("tool_result")?),
            };
            Some((before, call["name"].as_str()?.to_owned(), call["input"].clone()))
        },
        prompt: |_| None,
        turns: &[
            Turn {
                run: "main",
                at: 0,
                session: "1795330565897_p0sid",
                turn: "cd746587-18a7-443c-82b4-f08add7aa588",
                files: "main/1795330565897_p0sid",
            },
            Turn {
                run: "subagent",
                at: 0,
                session: "1795795592928_uvzr5",
                turn: "fd49117f-a653-47c5-a4e9-836dd8dc51c8",
                files: "subagent-before/1795795592928_uvzr5",
            },
            Turn {
                run: "subagent",
                at: 19,
                session: "1795795592928_uvzr5",
                turn: "119d44ed-eb72-426d-ae3a-9273d885188b",
                files: "subagent/1795795592928_uvzr5",
            },
        ],
        sessions: ".cline/data/sessions",
    });
}

/// Every session that lies in the agent's folder.
fn replay_all(spelling: &Spelling) {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/payloads");
    for folder in sorted(&data.join(spelling.agent)) {
        let run = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let repo = replay(spelling, &folder, &run, &[spelling.agent]);
        insta::assert_snapshot!(format!("{}__{run}", spelling.agent), story(&repo));
    }
}

/// Does what the payloads say, and sends each of them through `record`, as these agents' hooks do.
fn replay(spelling: &Spelling, folder: &Path, run: &str, hooks: &[&str]) -> TestRepo {
    let repo =
        TestRepo::with(&[("hello.txt", "alpha\nbeta\ngamma\n"), ("notes.txt", "one\ntwo\n")]);
    let mut prompts = 0;
    for (number, path) in sorted(folder).into_iter().enumerate() {
        let turns = spelling.turns.iter().filter(|turn| turn.run == run && turn.at == number);
        for turn in turns {
            repo.add_turn(turn_id(spelling.agent, turn.session, turn.turn));
            put_session(&repo, spelling, turn);
        }
        let (text, payload) = read(&repo, &path);
        if let Some((session, turn)) = (spelling.prompt)(&payload) {
            prompts += 1;
            let turn = if turn == COUNTED { format!("#{prompts}") } else { turn };
            repo.add_turn(turn_id(spelling.agent, &session, &turn));
        }
        if let Some((false, tool, input)) = (spelling.call)(&payload) {
            act(&repo, &tool, &input);
        }
        for agent in hooks {
            repo.record(agent, &text);
        }
    }
    repo.git(["add", "-A"]);
    repo.commit_with(&["--allow-empty", "-m", "the person's commit"]);
    repo
}

/// Puts the session's files where the agent keeps them.
fn put_session(repo: &TestRepo, spelling: &Spelling, turn: &Turn) {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sessions");
    let to = repo.home().join(spelling.sessions).join(turn.session);
    let _ = std::fs::remove_dir_all(&to);
    copy(&data.join(spelling.agent).join(turn.files), &to);
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for path in sorted(from) {
        let to: PathBuf = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &to),
            false => drop(std::fs::copy(&path, &to).unwrap()),
        }
    }
}

/// What the tool call does to the work tree; where an old text is not there it fails.
fn act(repo: &TestRepo, tool: &str, input: &Value) {
    let text = |names: &[&str]| names.iter().find_map(|name| input[name].as_str());
    let path = || {
        let path = text(&["filePath", "file_path", "path"]).unwrap();
        Path::new(path).strip_prefix(&repo.top).unwrap_or(Path::new(path)).to_owned()
    };
    let old = text(&["oldString", "old_string", "old_text", "old_str"]);
    let new = text(&["newString", "new_string", "new_text", "new_str", "content", "file_text"]);
    match tool {
        "apply_patch" => drop(apply_patch(repo, text(&["patchText"]).unwrap())),
        "bash" | "Bash" | "run_shell_command" => drop(repo.sh(text(&["command"]).unwrap())),
        "run_commands" => {
            for command in input["commands"].as_array().unwrap() {
                drop(repo.sh(command.as_str().unwrap()));
            }
        }
        "edit" | "Edit" | "write" | "Write" | "create" | "editor" | "replace"
        | "search_replace" | "write_file" => match old {
            Some(old) if !repo.read(path().to_str().unwrap()).contains(old) => {}
            Some(old) => repo.replace(path().to_str().unwrap(), old, new.unwrap()),
            None if input.get("insert_line").is_some() => {
                let before = repo.read(path().to_str().unwrap());
                let mut lines: Vec<&str> = before.lines().collect();
                let at = input["insert_line"].as_u64().unwrap() as usize - 1;
                lines.insert(at, new.unwrap());
                repo.write(path(), lines.join("\n") + "\n");
            }
            None => repo.write(path(), new.unwrap()),
        },
        _ => {}
    }
}
