//! Agents that do what their hooks report, with payloads in the shapes of the real ones.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use super::{TestRepo, run, transcript, turn_id};

/// Whose hooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Claude,
    Codex,
    Generic,
}

/// A session of an agent.
#[derive(Clone)]
pub struct Agent {
    pub repo: TestRepo,
    kind: Kind,
    session: String,
    turn: Option<String>,
    subagent: Option<String>,
}

/// A command that has started and not ended.
#[must_use]
pub struct Running {
    id: String,
    command: String,
}

impl Agent {
    pub(super) fn new(repo: &TestRepo, kind: Kind, session: &str) -> Self {
        let session = session.to_owned();
        Self { repo: repo.clone(), kind, session, turn: None, subagent: None }
    }

    /// The name that its events are recorded under.
    pub fn name(&self) -> &'static str {
        match self.kind {
            Kind::Claude => "claude-code",
            Kind::Codex => "codex",
            Kind::Generic => "my-tool",
        }
    }

    /// The name of what reads its payloads.
    fn adapter(&self) -> &'static str {
        if self.kind == Kind::Generic { "generic" } else { self.name() }
    }

    /// A person asks; everything that follows belongs to this turn.
    pub fn prompt(mut self, text: &str) -> Self {
        let native = format!("{}-prompt-{}", self.session, self.repo.next_call());
        self.repo.add_turn(turn_id(self.name(), &self.session, &native));
        self.turn = Some(native);
        match self.kind {
            Kind::Generic => self.send("prompt", json!({"prompt": text})),
            _ => self.send("UserPromptSubmit", json!({"prompt": text})),
        }
        self.write_transcript();
        self
    }

    /// A sub-agent that works in the same turn.
    pub fn subagent(&self, id: &str) -> Self {
        let subagent = Self { subagent: Some(id.to_owned()), ..self.clone() };
        if self.kind != Kind::Generic {
            subagent.send("SubagentStart", json!({}));
        }
        subagent
    }

    /// The same session in another folder.
    pub fn within(&self, repo: &TestRepo) -> Self {
        Self { repo: repo.clone(), ..self.clone() }
    }

    /// Replaces a text that stands in the file once.
    pub fn edit(&self, path: &str, old: &str, new: &str) -> &Self {
        let text = self.repo.read(path).replace("\r\n", "\n");
        assert_eq!(text.matches(old).count(), 1, "{old:?} in {text:?}");
        let input = json!({
            "file_path": self.repo.top.join(path),
            "old_string": old,
            "new_string": new,
            "replace_all": false,
        });
        self.change("Edit", path, input, text.replacen(old, new, 1))
    }

    /// Writes a whole file.
    pub fn write(&self, path: &str, text: &str) -> &Self {
        let input = json!({"file_path": self.repo.top.join(path), "content": text});
        self.change("Write", path, input, text.to_owned())
    }

    fn change(&self, tool: &str, path: &str, input: Value, after: String) -> &Self {
        let disk = std::fs::read_to_string(self.repo.top.join(path)).ok();
        let crlf = disk.as_ref().is_some_and(|text| text.contains("\r\n"));
        // Agents show files with CRLF to their models with LF, and write CRLF again.
        let before = disk.map(|text| text.replace("\r\n", "\n"));
        let save = || {
            let text = if crlf { after.replace('\n', "\r\n") } else { after.clone() };
            self.repo.write(path, text);
        };
        match self.kind {
            Kind::Codex => return self.patch(&patch(path, before.as_deref(), &after)),
            Kind::Claude => {
                let call =
                    json!({"tool_name": tool, "tool_input": input, "tool_use_id": self.id()});
                self.send("PreToolUse", call.clone());
                save();
                let response = claude_response(&input, before.as_deref(), &after);
                let response = json!({"tool_response": response, "duration_ms": 3});
                self.send("PostToolUse", joined(call, response));
            }
            Kind::Generic => {
                self.send("before-edit", json!({"paths": [path]}));
                save();
                let edit = json!({"path": path, "before": before, "after": after});
                self.send("edit", json!({"edits": [edit], "call": self.id()}));
            }
        }
        self
    }

    /// Codex applies a patch of its own format.
    pub fn patch(&self, patch: &str) -> &Self {
        let call = self.patch_starts(patch);
        let changed = apply_patch(&self.repo, patch);
        let response = format!(
            "Exit code: 0\nWall time: 0 seconds\nOutput:\nSuccess. Updated the following files:\n{changed}"
        );
        self.send("PostToolUse", joined(call, json!({"tool_response": response})));
        self
    }

    /// Only the hook after a patch that was applied.
    pub fn patched(&self, patch: &str) {
        let call = json!({
            "tool_name": "apply_patch",
            "tool_input": {"command": patch},
            "tool_response": "Exit code: 0\n",
            "tool_use_id": self.id(),
        });
        self.send("PostToolUse", call);
    }

    /// A patch that fails has no end: `PreToolUse` is all there is.
    pub fn patch_starts(&self, patch: &str) -> Value {
        assert_eq!(self.kind, Kind::Codex);
        let call = json!({
            "tool_name": "apply_patch",
            "tool_input": {"command": patch},
            "tool_use_id": self.id(),
        });
        self.send("PreToolUse", call.clone());
        call
    }

    /// Runs a command through the agent's shell.
    pub fn shell(&self, command: &str) -> &Self {
        self.shell_with(command, |_| ())
    }

    /// The same; inside the window, before the command, others act.
    pub fn shell_with(&self, command: &str, others: impl FnOnce(&TestRepo)) -> &Self {
        let running = self.starts(command);
        others(&self.repo);
        let code = self.run(command);
        self.ends(running, code)
    }

    /// The hook before a command.
    pub fn starts(&self, command: &str) -> Running {
        let running = Running { id: self.id(), command: command.to_owned() };
        match self.kind {
            Kind::Generic => {
                self.send("shell-start", json!({"command": command, "call": running.id}));
            }
            _ => self.send("PreToolUse", self.bash(&running)),
        }
        running
    }

    /// Runs a command with the variables that the agent's shell has.
    pub fn run(&self, command: &str) -> i32 {
        let mut shell = self.repo.command("sh");
        self.shell_variables(&mut shell);
        run(shell.arg("-c").arg(command), b"").code.unwrap()
    }

    /// The hook after a command.
    pub fn ends(&self, running: Running, code: i32) -> &Self {
        let call = self.bash(&running);
        match self.kind {
            Kind::Generic => {
                let Running { id, command } = running;
                self.send("shell-end", json!({"command": command, "call": id}));
            }
            Kind::Claude if code != 0 => {
                let error = json!({"error": format!("Exit code {code}"), "is_interrupt": false});
                self.send("PostToolUseFailure", joined(call, error));
            }
            Kind::Claude => {
                let response = json!({"stdout": "", "stderr": "", "interrupted": false});
                self.send("PostToolUse", joined(call, json!({"tool_response": response})));
            }
            Kind::Codex => self.send("PostToolUse", joined(call, json!({"tool_response": ""}))),
        }
        self
    }

    /// A command in the background: both hooks run before it changes anything.
    pub fn background(&self, command: &str) -> &Self {
        assert_eq!(self.kind, Kind::Claude);
        let call = json!({
            "tool_name": "Bash",
            "tool_input": {"command": command, "run_in_background": true},
            "tool_use_id": self.id(),
        });
        self.send("PreToolUse", call.clone());
        let response = json!({"stdout": "", "stderr": "", "backgroundTaskId": "b2usa51et"});
        self.send("PostToolUse", joined(call, json!({"tool_response": response})));
        self
    }

    /// The turn ends.
    pub fn stop(&self) -> &Self {
        match self.kind {
            Kind::Generic => self.send("stop", json!({"closing": "All done."})),
            _ => self.send(
                "Stop",
                json!({"stop_hook_active": false, "last_assistant_message": "All done."}),
            ),
        }
        self
    }

    /// Any event of this session, in the agent's shape.
    pub fn send(&self, event: &str, fields: Value) {
        let (payload, subagent) = (self.payload(event, fields), self.subagent.as_deref());
        if self.repo.world.kept.get() {
            match self.kind {
                Kind::Claude => transcript::claude(&self.repo, &payload, subagent),
                Kind::Codex => {
                    transcript::codex(&self.repo, &payload, subagent, self.turn.as_deref());
                }
                Kind::Generic => {}
            }
        }
        self.repo.record(self.adapter(), payload.to_string());
    }

    /// What the gate answers to an event of this session; nothing where it lets the agent go on.
    pub fn ask(&self, event: &str, fields: Value) -> Option<Value> {
        let mut hook = self.repo.command("git-ai-log");
        hook.args(["hook", "agent-gate", self.adapter()]);
        let answer = run(&mut hook, self.payload(event, fields).to_string().as_bytes()).ok();
        (!answer.is_empty()).then(|| serde_json::from_str(&answer).unwrap())
    }

    fn payload(&self, event: &str, fields: Value) -> Value {
        let cwd = self.repo.top.display().to_string();
        let payload = match self.kind {
            Kind::Claude => json!({
                "session_id": self.session,
                "transcript_path": self.transcript(),
                "cwd": cwd,
                "prompt_id": self.turn,
                "permission_mode": "acceptEdits",
                "hook_event_name": event,
            }),
            Kind::Codex => json!({
                "session_id": self.session,
                // A sub-agent's turn is its own.
                "turn_id": match &self.subagent {
                    Some(id) => Some(format!("turn-of-{id}")),
                    None => self.turn.clone(),
                },
                "transcript_path": self.transcript(),
                "cwd": cwd,
                "hook_event_name": event,
                "model": "gpt-5.5",
                "permission_mode": "bypassPermissions",
            }),
            Kind::Generic => json!({
                "schema": "git-ai-log/event/1",
                "agent": self.name(),
                "session": self.session,
                "turn": self.turn,
                "subagent": self.subagent,
                "model": "model-1",
                "cwd": cwd,
                "event": event,
            }),
        };
        let mut payload = joined(payload, fields);
        if let (Some(id), Kind::Claude | Kind::Codex) = (&self.subagent, self.kind) {
            payload["agent_id"] = json!(id);
            payload["agent_type"] = json!("general-purpose");
        }
        payload
    }

    fn bash(&self, running: &Running) -> Value {
        json!({
            "tool_name": "Bash",
            "tool_input": {"command": running.command},
            "tool_use_id": running.id,
        })
    }

    fn id(&self) -> String {
        format!("toolu_{:06}", self.repo.next_call())
    }

    fn transcript(&self) -> PathBuf {
        self.repo.home().join("transcripts").join(format!("{}.jsonl", self.session))
    }

    fn write_transcript(&self) {
        let path = self.transcript();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let line = json!({"type": "assistant", "message": {"model": "claude-opus-4-8"}});
        std::fs::write(path, format!("{line}\n")).unwrap();
    }

    fn shell_variables(&self, command: &mut Command) {
        match self.kind {
            Kind::Claude => {
                command.env("CLAUDECODE", "1").env("CLAUDE_CODE_SESSION_ID", &self.session);
            }
            Kind::Codex => {
                command.env("CODEX_CI", "1").env("CODEX_SESSION_ID", &self.session);
            }
            Kind::Generic => {}
        }
    }
}

fn joined(mut a: Value, b: Value) -> Value {
    let Value::Object(fields) = b else { panic!("{b} is no object") };
    a.as_object_mut().unwrap().extend(fields);
    a
}

fn claude_response(input: &Value, before: Option<&str>, after: &str) -> Value {
    let mut response = json!({
        "filePath": input["file_path"],
        "originalFile": before,
        "structuredPatch": [],
        "userModified": false,
    });
    if input.get("content").is_some() {
        response["type"] = json!(if before.is_some() { "update" } else { "create" });
        response["content"] = json!(after);
    } else {
        response["oldString"] = input["old_string"].clone();
        response["newString"] = input["new_string"].clone();
        response["replaceAll"] = json!(false);
    }
    response
}

/// Codex's patch between two texts: what differs, with up to three lines around it.
fn patch(path: &str, before: Option<&str>, after: &str) -> String {
    let added = |text: &str| text.lines().map(|line| format!("+{line}\n")).collect::<String>();
    let Some(before) = before else {
        return format!("*** Begin Patch\n*** Add File: {path}\n{}*** End Patch", added(after));
    };
    let (old, new): (Vec<_>, Vec<_>) = (before.lines().collect(), after.lines().collect());
    let limit = old.len().min(new.len());
    let head = (0..limit).take_while(|&at| old[at] == new[at]).count();
    let tail = (0..limit - head)
        .take_while(|&at| old[old.len() - 1 - at] == new[new.len() - 1 - at])
        .count();
    let run = |sign: &str, lines: &[&str]| {
        lines.iter().map(|line| format!("{sign}{line}\n")).collect::<String>()
    };
    format!(
        "*** Begin Patch\n*** Update File: {path}\n@@\n{}{}{}{}*** End Patch",
        run(" ", &old[head.saturating_sub(3)..head]),
        run("-", &old[head..old.len() - tail]),
        run("+", &new[head..new.len() - tail]),
        run(" ", &old[old.len() - tail..(old.len() - tail + 3).min(old.len())]),
    )
}

/// Does what a patch says; returns Codex's list of the files.
pub fn apply_patch(repo: &TestRepo, patch: &str) -> String {
    let mut changed = String::new();
    let body = patch.split_once("*** Begin Patch\n").unwrap().1;
    for file in body.split("*** End Patch").next().unwrap().split("*** ").skip(1) {
        let (header, body) = file.split_once('\n').unwrap();
        let (action, path) = header.split_once(": ").unwrap();
        match action {
            "Add File" => {
                repo.write(
                    path,
                    body.lines().map(|line| format!("{}\n", &line[1..])).collect::<String>(),
                );
                changed.push_str(&format!("A {path}\n"));
            }
            "Delete File" => {
                std::fs::remove_file(repo.top.join(path)).unwrap();
                changed.push_str(&format!("D {path}\n"));
            }
            "Update File" => {
                repo.write(path, patched(&repo.read(path), body));
                changed.push_str(&format!("M {path}\n"));
            }
            // `Update File` has left the old path in the list.
            "Move to" => {
                let from = changed.lines().last().unwrap()[2..].to_owned();
                std::fs::rename(repo.top.join(&from), repo.top.join(path)).unwrap();
                repo.write(path, patched(&repo.read(path), body));
                changed = changed.replace(&format!("M {from}\n"), &format!("M {path}\n"));
            }
            other => panic!("{other}"),
        }
    }
    changed
}

fn patched(text: &str, hunks: &str) -> String {
    let crlf = text.contains("\r\n");
    let mut text = text.replace("\r\n", "\n");
    for hunk in hunks.split("@@\n").skip(1) {
        let side = |other: char| {
            let lines = hunk.lines().filter(|line| !line.starts_with(other));
            lines.map(|line| format!("{}\n", &line[1..])).collect::<String>()
        };
        let (old, new) = (side('+'), side('-'));
        assert_eq!(text.matches(&old).count(), 1, "{old:?} in {text:?}");
        text = text.replacen(&old, &new, 1);
    }
    if crlf { text.replace('\n', "\r\n") } else { text }
}
