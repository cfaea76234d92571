//! GitHub Copilot CLI: hooks in a file of ours below `.github/hooks` or `~/.copilot/hooks`, both
//! shapes of payloads and the transcripts as seen with version 1.0.102; `apply_patch`, and what a
//! hook may answer, are from its documents.
//!
//! The spelling of an event in the settings decides the payload's shape. In one of them the event is
//! not named: it is known by its fields.

mod sessions;

pub(super) use sessions::Events;

use std::path::PathBuf;

use serde_json::{Value, json};

use super::edit::{self, Replacement};
use super::scene::{Cue, Scene};
use super::settings::shape::{Flat, More};
use super::settings::table::{Event, Off, Shape, Table};
use super::settings::{Installer, Task};
use super::{
    About, Act, Agent, Behind, FileEdit, Files, Marks, Payload, PayloadError, Question, Report,
    Sessions, Told, Tool, copilot_vscode, patch,
};

/// How much of the end of a transcript is searched for the model. Bytes.
const TRANSCRIPT_END: u64 = 256 * 1024;

/// GitHub Copilot CLI.
pub struct CopilotCli;

static EVENTS: [Event; 9] = [
    ("SessionStart", None, Task::Record),
    ("UserPromptSubmit", None, Task::Record),
    ("PreToolUse", None, Task::Record),
    ("PostToolUse", None, Task::Record),
    ("PostToolUseFailure", None, Task::Record),
    ("Stop", None, Task::Record),
    ("SessionEnd", None, Task::Record),
    ("PreToolUse", None, Task::Gate),
    ("Stop", None, Task::Gate),
];

static SETTINGS: Table = Table {
    name: "copilot-cli",
    program: "copilot",
    about: "hooks of Copilot CLI",
    home: |homes| homes.folder("COPILOT_HOME", ".copilot").map(|home| home.join("hooks")),
    project: ".github/hooks",
    file: "git-ai-log.json",
    shape: Shape::Flat(Flat {
        command: "bash",
        more: &[("type", More::Text("command")), ("timeoutSec", More::Number(30))],
        version: Some(1),
    }),
    events: |_| &EVENTS,
    off: Some(Off {
        path: &["disableAllHooks"],
        value: true,
        beside: &[".github/copilot/settings.json", ".github/copilot/settings.local.json"],
        joined: false,
    }),
    trust: None,
    over: &[],
    advice: Some(
        "Copilot CLI reads a project's hooks only once you trust its folder; `--user` installs for \
         all of them",
    ),
};

impl Agent for CopilotCli {
    fn name(&self) -> &'static str {
        "copilot-cli"
    }

    fn reports(&self, payload: &[u8]) -> Result<Vec<Report>, PayloadError> {
        let payload = Payload::parse(payload)?;
        match copilot_vscode::is_vscodes(&payload) {
            // VS Code runs these hooks, too.
            true => copilot_vscode::CopilotVsCode.told(&payload),
            false => self.told(&payload),
        }
    }

    fn question(&self, payload: &[u8]) -> Result<Option<Question>, PayloadError> {
        let read = Payload::parse(payload)?;
        if copilot_vscode::is_vscodes(&read) {
            return copilot_vscode::CopilotVsCode.question(payload);
        }
        Ok(Question::asked(self.told(&read)?, is_shell))
    }

    fn refusal(&self, question: &Question, reason: &str) -> Value {
        match question.about {
            _ if question.agent != self.name() => {
                copilot_vscode::CopilotVsCode.refusal(question, reason)
            }
            About::Stop => json!({ "decision": "block", "reason": reason }),
            _ => json!({ "permissionDecision": "deny", "permissionDecisionReason": reason }),
        }
    }

    fn installer(&self) -> Option<&'static dyn Installer> {
        Some(&SETTINGS)
    }

    fn sessions(&self) -> Option<&'static dyn Sessions> {
        Some(&Self)
    }

    fn cues(&self, scene: &Scene<'_>) -> Vec<Cue> {
        let common = json!({ "session_id": scene.session, "cwd": scene.cwd });
        let old = format!("{}\n", scene.first);
        let input = json!({
            "path": scene.cwd.join(scene.file),
            "old_str": old,
            "new_str": format!("{old}{}\n", scene.added),
        });
        scene.cues(&common, ("Edit", &input), &Value::Null)
    }

    fn behind(&self, report: &Report, files: &dyn Files) -> Behind {
        // Few payloads name the transcript, and all of them the session.
        let home = files.homes().folder("COPILOT_HOME", ".copilot");
        let file = report.transcript.clone().or_else(|| {
            Some(home?.join("session-state").join(&report.session).join("events.jsonl"))
        });
        let end = file.and_then(|file| files.end(&file, TRANSCRIPT_END)).unwrap_or_default();
        let model = end.rsplit(|&b| b == b'\n').find_map(|line| {
            let line = Payload::parse(line).ok()?;
            // Events of sub-agents stand among the session's own.
            let own = line.owned("/agentId") == report.subagent;
            let known = ["/data/model", "/data/newModel", "/data/selectedModel"];
            known.into_iter().find_map(|name| line.owned(name)).filter(|_| own)
        });
        Behind { model, prompt: None }
    }

    fn marks(&self) -> Marks {
        Marks {
            variables: &["COPILOT_CLI"],
            session: Some("COPILOT_AGENT_SESSION_ID"),
            programs: &["copilot"],
        }
    }
}

/// Whether a payload of Claude Code's hooks is Copilot CLI's, which reads the hooks of a project
/// from Claude Code's settings, too: it tells the time, and the session's file, if at all, is its
/// own.
pub(super) fn is_copilots(payload: &Payload) -> bool {
    let file = first(payload, &["/transcript_path", "/transcriptPath"]);
    let own = |file: &String| file.replace('\\', "/").contains("/session-state/");
    payload.at("/timestamp").is_some() && file.as_ref().is_none_or(own)
}

impl CopilotCli {
    fn told(&self, payload: &Payload) -> Result<Vec<Report>, PayloadError> {
        let own = first(payload, &["/session_id", "/sessionId"]);
        let own = own.ok_or(PayloadError::Missing("/session_id"))?;
        let subagent = payload.owned("/agent_id");
        // What a sub-agent does is told under its own name, and belongs to the session above it.
        let session =
            payload.owned("/parent_agent_id").filter(|_| subagent.is_some()).unwrap_or(own);
        let report = |act| Report {
            agent: self.name().to_owned(),
            session: session.clone(),
            turn: payload.owned("/turn_id"),
            call: first(payload, &["/tool_use_id", "/toolCallId"]),
            subagent: subagent.clone(),
            model: payload.owned("/model"),
            transcript: first(payload, &["/transcript_path", "/transcriptPath"]).map(PathBuf::from),
            cwd: payload.path("/cwd").unwrap_or_default(),
            act,
        };
        Ok(act(payload, subagent.is_some())?.map(report).into_iter().collect())
    }
}

fn first(payload: &Payload, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| payload.owned(name))
}

/// The event, in the words of the shape that names it.
fn event(payload: &Payload) -> Option<String> {
    if let Some(named) = payload.owned("/hook_event_name") {
        return Some(named);
    }
    let has = |name: &str| payload.at(name).is_some();
    let event = match () {
        // `permissionRequest` and the like, which say nothing more.
        () if has("/hookName") => return None,
        () if has("/toolArgs") && has("/toolResult") => "PostToolUse",
        () if has("/toolArgs") && has("/error") => "PostToolUseFailure",
        () if has("/toolArgs") => "PreToolUse",
        () if has("/prompt") => "UserPromptSubmit",
        () if has("/source") => "SessionStart",
        () if has("/stopReason") && !has("/agentName") => "Stop",
        () if has("/reason") => "SessionEnd",
        () => return None,
    };
    Some(event.to_owned())
}

fn act(payload: &Payload, subagent: bool) -> Result<Option<Act>, PayloadError> {
    let Some(event) = event(payload) else {
        return Ok(None);
    };
    Ok(match event.as_str() {
        "SessionStart" => Some(Act::Started),
        "SessionEnd" => Some(Act::Ended),
        // A sub-agent's task is no person's prompt.
        "UserPromptSubmit" if !subagent => payload.owned("/prompt").map(Act::Prompt),
        "PreToolUse" => before(payload)?,
        "PostToolUse" => after(payload, true)?,
        "PostToolUseFailure" => after(payload, false)?,
        "Stop" => Some(Act::Stopped {
            closing: payload.owned("/last_assistant_message"),
            background: false,
        }),
        _ => None,
    })
}

fn is_shell(tool: &str) -> bool {
    ["bash", "powershell"].contains(&tool.to_ascii_lowercase().as_str())
}

fn kind(tool: &str) -> Tool {
    match tool.to_ascii_lowercase().as_str() {
        "edit" | "create" | "write" | "str_replace" | "str_replace_editor" | "multiedit"
        | "apply_patch" | "git_apply_patch" => Tool::Edits,
        "view" | "read" => Tool::Reads,
        // A server's tool may write files, and says so nowhere.
        name if is_shell(name) || name.starts_with("mcp") => Tool::Runs,
        _ => Tool::Nothing,
    }
}

fn tool(payload: &Payload) -> Result<String, PayloadError> {
    first(payload, &["/tool_name", "/toolName"]).ok_or(PayloadError::Missing("/tool_name"))
}

/// The tool's input, in which both shapes have the same names.
fn input(payload: &Payload) -> Payload {
    let input = payload.at("/tool_input").or_else(|| payload.at("/toolArgs"));
    match input {
        // Arguments may come as JSON within a text, and a patch as a text alone.
        Some(Value::String(text)) => {
            let value = serde_json::from_str(text).ok().filter(Value::is_object);
            Payload::of(value.unwrap_or_else(|| json!({ "patch": text })))
        }
        Some(value) => Payload::of(value.clone()),
        None => Payload::of(Value::Null),
    }
}

fn before(payload: &Payload) -> Result<Option<Act>, PayloadError> {
    let (tool, input) = (tool(payload)?, input(payload));
    Ok(match kind(&tool) {
        Tool::Edits => {
            let paths = edit::paths(edits(&input));
            (!paths.is_empty()).then_some(Act::Before(paths))
        }
        Tool::Runs => Some(Act::CommandStarts { command: command(&input), tool }),
        Tool::Reads | Tool::Nothing => None,
    })
}

fn after(payload: &Payload, called: bool) -> Result<Option<Act>, PayloadError> {
    let (tool, input) = (tool(payload)?, input(payload));
    let result = first(payload, &["/tool_result/result_type", "/toolResult/resultType"]);
    let succeeded = called && result.is_none_or(|result| result == "success");
    Ok(match kind(&tool) {
        Tool::Runs => Some(Act::CommandEnded {
            command: command(&input),
            background: input.text("/mode") == Some("async") || input.flag("/detach"),
            tool,
        }),
        Tool::Edits if succeeded => Some(Act::Edited(edits(&input)))
            .filter(|act| !matches!(act, Act::Edited(edits) if edits.is_empty())),
        Tool::Reads if succeeded => input.path("/path").map(|path| Act::Read(vec![path])),
        _ => None,
    })
}

/// The edits that a call of an editing tool asks for.
fn edits(input: &Payload) -> Vec<FileEdit> {
    if let Some(patch) = first(input, &["/patch", "/input"]) {
        return patch::parse(&patch).unwrap_or_default();
    }
    let Some(path) = input.path("/path").or_else(|| input.path("/file_path")) else {
        return Vec::new();
    };
    let text = |names: &[&str]| names.iter().find_map(|name| input.text(name)).map(str::to_owned);
    let old = text(&["/old_str", "/old_string"]);
    let told = match (old, text(&["/file_text", "/content"])) {
        (Some(old), _) => {
            let new = text(&["/new_str", "/new_string"]).unwrap_or_default();
            let steps = vec![Replacement { old, new, all: input.flag("/replace_all") }];
            Told::Replaced { before: None, steps }
        }
        (None, Some(after)) => Told::Whole { before: None, after },
        (None, None) => Told::Touched,
    };
    vec![FileEdit { path, from: None, told }]
}

fn command(input: &Payload) -> String {
    input.owned("/command").unwrap_or_else(|| input.whole())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acts(payload: Value) -> Vec<(String, Option<String>, Act)> {
        let reports = CopilotCli.reports(payload.to_string().as_bytes()).unwrap();
        reports.into_iter().map(|r| (r.session, r.subagent, r.act)).collect()
    }

    #[test]
    fn an_event_without_a_name_is_known_by_its_fields() {
        let of = |more: Value| {
            let mut payload = json!({ "sessionId": "s", "timestamp": 1, "cwd": "/c" });
            more.as_object().unwrap().iter().for_each(|(k, v)| payload[k] = v.clone());
            acts(payload).pop().map(|(_, _, act)| act)
        };
        assert_eq!(of(json!({ "source": "new", "initialPrompt": "p" })), Some(Act::Started));
        assert_eq!(of(json!({ "prompt": "p" })), Some(Act::Prompt("p".into())));
        assert_eq!(of(json!({ "reason": "complete" })), Some(Act::Ended));
        let args = json!({ "command": "ls" });
        let (tool, command) = ("bash".to_owned(), "ls".to_owned());
        assert_eq!(
            of(json!({ "toolName": "bash", "toolArgs": args })),
            Some(Act::CommandStarts { tool, command })
        );
        assert_eq!(of(json!({ "hookName": "permissionRequest", "toolName": "bash" })), None);
        let patch = "*** Begin Patch\n*** Add File: a\n+x\n*** End Patch";
        let edited = of(json!({
            "toolName": "apply_patch", "toolArgs": patch, "toolResult": { "resultType": "success" },
        }));
        let Some(Act::Edited(edits)) = edited else { panic!("{edited:?}") };
        assert_eq!(edits[0].path, PathBuf::from("a"));
        let failed = json!({ "toolName": "edit", "toolArgs": { "path": "a", "old_str": "x" },
                             "toolResult": { "resultType": "failure" } });
        assert_eq!(of(failed), None);
    }

    #[test]
    fn each_agent_of_a_session_has_its_model() {
        let line = |agent: Value, model: &str| json!({ "type": "assistant.message", "data": { "model": model }, "agentId": agent });
        let text = format!("{}\n{}\n", line(json!("sub"), "small"), line(Value::Null, "large"));
        let file = "/home/.copilot/session-state/main/events.jsonl";
        let files = crate::agents::memory::Memory::of([(file, text)]);
        let model = |more: Value| {
            let mut payload = json!({
                "hook_event_name": "PostToolUse", "session_id": "main", "cwd": "/c",
                "tool_name": "Bash", "tool_input": { "command": "ls" },
            });
            more.as_object().unwrap().iter().for_each(|(k, v)| payload[k] = v.clone());
            let report = CopilotCli.reports(payload.to_string().as_bytes()).unwrap().remove(0);
            CopilotCli.behind(&report, &files).model
        };
        let sub = json!({ "session_id": "sub", "agent_id": "sub", "parent_agent_id": "main" });
        assert_eq!(model(sub).as_deref(), Some("small"));
        assert_eq!(model(json!({})).as_deref(), Some("large"));
    }

    #[test]
    fn a_sub_agent_works_for_the_session_above_it() {
        let found = acts(json!({
            "hook_event_name": "PreToolUse", "session_id": "sub", "agent_id": "sub",
            "parent_agent_id": "main", "cwd": "/c", "tool_name": "Write",
            "tool_input": { "path": "/c/a", "file_text": "x" },
        }));
        assert_eq!((found[0].0.as_str(), found[0].1.as_deref()), ("main", Some("sub")));
        let task = json!({
            "hook_event_name": "UserPromptSubmit", "session_id": "sub", "agent_id": "sub",
            "parent_agent_id": "main", "cwd": "/c", "prompt": "the task",
        });
        assert_eq!(acts(task), []);
    }
}
