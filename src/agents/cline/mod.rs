//! Cline: scripts in its folders of hooks. Payloads and session files as seen with version 3.0.65
//! of the command line; those of the VS Code extension, `write_to_file` and `replace_in_file` are
//! from documents.
//!
//! The command line tells of no prompt: it is in the session's file. What the extension keeps lies
//! elsewhere, but it tells of prompts.

mod install;
mod sessions;

use std::path::PathBuf;

use serde_json::{Value, json};

use super::edit::{self, Replacement};
use super::patch::{self, PatchHunk};
use super::scene::{CALL, Cue, DENIED, Prop, Scene, TURN};
use super::settings::Installer;
use super::{
    About, Act, Agent, Behind, FileEdit, Files, Marks, Payload, PayloadError, Question, Report,
    Sessions, Told, blocks,
};
use crate::config::Homes;

/// How long a session's file may be that is looked into at every call. Bytes.
const SESSION: u64 = 32 * 1024 * 1024;

/// Tools that change no file; those that only read are apart.
const QUIET: &[&str] = &[
    "ask_followup_question",
    "ask_question",
    "attempt_completion",
    "fetch_web_content",
    "list_code_definition_names",
    "list_files",
    "new_task",
    "plan_mode_respond",
    "search_codebase",
    "search_files",
    "spawn_agent",
    "web_fetch",
    "web_search",
];

/// The command line's shell.
const SHELL: &str = "run_commands";

/// Tools that edit files.
const EDITS: &[&str] = &["apply_patch", "editor", "replace_in_file", "write_to_file"];

/// Cline.
pub struct Cline;

impl Agent for Cline {
    fn name(&self) -> &'static str {
        "cline"
    }

    fn reports(&self, payload: &[u8]) -> Result<Vec<Report>, PayloadError> {
        self.told(&Payload::parse(payload)?)
    }

    /// Only the command line heeds an answer that lets the agent go on: what the extension would
    /// make of it is not known.
    fn question(&self, payload: &[u8]) -> Result<Option<Question>, PayloadError> {
        let payload = Payload::parse(payload)?;
        if payload.text("/sessionContext/rootSessionId").is_none() {
            return Ok(None);
        }
        let question = Question::asked(self.told(&payload)?, |tool| tool == SHELL);
        Ok(question.filter(|question| question.about != About::Stop))
    }

    /// To cancel is to end the agent's whole run. A command has another put in its place, which
    /// says why and fails.
    fn refusal(&self, question: &Question, reason: &str) -> Value {
        match question.about {
            About::Run(_) => {
                let reason = reason.replace('\'', r"'\''");
                let instead = format!("printf '%s\\n' '{reason}' >&2; exit 1");
                let input = json!({ "commands": [instead] });
                json!({ "cancel": false, "deny": true, "overrideInput": input })
            }
            _ => json!({ "cancel": true, "errorMessage": reason }),
        }
    }

    fn installer(&self) -> Option<&'static dyn Installer> {
        Some(&install::Cline)
    }

    fn sessions(&self) -> Option<&'static dyn Sessions> {
        Some(&Self)
    }

    fn cues(&self, scene: &Scene<'_>) -> Vec<Cue> {
        let old = format!("{}\n", scene.first);
        let call = json!({
            "id": CALL,
            "name": "editor",
            "input": {
                "path": scene.cwd.join(scene.file),
                "old_text": old,
                "new_text": format!("{old}{}\n", scene.added),
            },
        });
        let cue = |event, name: &str, field: &str, written| {
            let mut payload = json!({
                "hookName": name,
                "sessionContext": { "rootSessionId": scene.session },
                "workspaceRoots": [scene.cwd],
            });
            payload[field] = call.clone();
            Cue { event, tool: None, written, payload }
        };
        vec![
            cue("PreToolUse", "tool_call", "tool_call", false),
            cue("PostToolUse", "tool_result", "tool_result", true),
        ]
    }

    fn denied(&self, scene: &Scene<'_>) -> Cue {
        let call = json!({ "id": CALL, "name": SHELL, "input": { "commands": [DENIED] } });
        let payload = json!({
            "hookName": "tool_call",
            "sessionContext": { "rootSessionId": scene.session },
            "workspaceRoots": [scene.cwd],
            "tool_call": call,
        });
        Cue { event: "PreToolUse", tool: None, written: false, payload }
    }

    fn props(&self, scene: &Scene<'_>) -> Vec<Prop> {
        let asked = json!({ "messages": [{
            "id": TURN,
            "role": "user",
            "content": [{ "type": "text", "text": scene.prompt }],
        }]});
        let folder = PathBuf::from(".cline/data/sessions").join(scene.session);
        let path = folder.join(format!("{}.messages.json", scene.session));
        vec![Prop { path, text: asked.to_string() }]
    }

    /// The prompt is the person's; the model is that of who writes.
    fn behind(&self, report: &Report, files: &dyn Files) -> Behind {
        let Some(all) = stores(files.homes()) else {
            return Behind::default();
        };
        let folder = all.join(&report.session);
        let read = |name: &str| {
            let text = files.whole(&folder.join(format!("{name}.messages.json")), SESSION)?;
            serde_json::from_slice::<Value>(&text).ok()
        };
        let main = read(&report.session).unwrap_or_default();
        let own = report.subagent.as_deref().map(|name| read(name).unwrap_or_default());
        let model = |messages: &Value| {
            let mut models =
                backwards(messages).filter_map(|m| m.pointer("/modelInfo/id")?.as_str());
            models.next().map(str::to_owned)
        };
        Behind {
            model: model(own.as_ref().unwrap_or(&main)),
            prompt: backwards(&main).find_map(asked),
        }
    }

    fn marks(&self) -> Marks {
        Marks { variables: &["CLINE_CONNECTOR_CLI_LAUNCH"], session: None, programs: &["cline"] }
    }
}

/// Where the command line keeps its sessions.
fn stores(homes: &Homes) -> Option<PathBuf> {
    let data = || {
        let own = homes.folder("CLINE_DIR", ".cline").map(|own| own.join("data"));
        homes.variables.get(std::ffi::OsStr::new("CLINE_DATA_DIR")).cloned().or(own)
    };
    let named = homes.variables.get(std::ffi::OsStr::new("CLINE_SESSION_DATA_DIR"));
    named.cloned().or_else(|| data().map(|data| data.join("sessions")))
}

fn backwards(session: &Value) -> impl Iterator<Item = &Value> {
    session["messages"].as_array().into_iter().flatten().rev()
}

/// The prompt that a message is, with its name.
fn asked(message: &Value) -> Option<(String, String)> {
    if message["role"] != "user" {
        return None;
    }
    let texts: Vec<&str> = match &message["content"] {
        Value::String(text) => vec![text],
        content => {
            let blocks = content.as_array()?.iter().filter(|block| block["type"] == "text");
            blocks.filter_map(|block| block["text"].as_str()).collect()
        }
    };
    let text = typed(&texts.join("\n")).to_owned();
    let name = message["id"].as_str()?.to_owned();
    (!text.is_empty()).then_some((name, text))
}

/// What a person typed: Cline puts it in a tag, and adds words of its own around it.
fn typed(text: &str) -> &str {
    let inner = text.split_once("<user_input").and_then(|(_, rest)| rest.split_once('>'));
    let inner = inner.and_then(|(_, rest)| rest.rsplit_once("</user_input>"));
    inner.map_or(text, |(inner, _)| inner).trim()
}

impl Cline {
    /// What a hook, or the session's file in its words, says.
    fn told(&self, payload: &Payload) -> Result<Vec<Report>, PayloadError> {
        let command_line = payload.owned("/sessionContext/rootSessionId");
        let subagent = payload.text("/parent_agent_id").and_then(|_| payload.owned("/agent_id"));
        let event = payload.need("/hookName")?;
        let act = match event.as_str() {
            "agent_start" | "agent_resume" | "TaskStart" | "TaskResume" => Some(Act::Started),
            "agent_end" | "agent_abort" | "TaskComplete" | "TaskCancel" => {
                Some(Act::Stopped { closing: payload.owned("/turn/outputText"), background: false })
            }
            "session_shutdown" | "SessionShutdown" => Some(Act::Ended),
            // In the session's file it has the name that its edits are told under.
            "prompt_submit" | "UserPromptSubmit" => payload
                .owned("/userPromptSubmit/prompt")
                .filter(|_| command_line.is_none())
                .map(|text| Act::Prompt(typed(&text).to_owned())),
            "tool_call" | "PreToolUse" => before(payload)?,
            "tool_result" | "PostToolUse" => after(payload)?,
            _ => None,
        };
        let works = matches!(
            act,
            Some(Act::Before(_) | Act::Edited(_) | Act::Read(_))
                | Some(Act::CommandStarts { .. } | Act::CommandEnded { .. })
        );
        let Some(act) = act.filter(|_| works || subagent.is_none()) else {
            return Ok(Vec::new());
        };
        let session = command_line.or_else(|| payload.owned("/taskId"));
        let folder = payload.path("/workspaceInfo/rootPath");
        Ok(vec![Report {
            agent: self.name().to_owned(),
            session: session.ok_or(PayloadError::Missing("/sessionContext/rootSessionId"))?,
            turn: payload.owned("/turn_id"),
            call: call(payload, "id").and_then(Value::as_str).map(str::to_owned),
            subagent,
            model: payload.owned("/model/slug"),
            transcript: None,
            cwd: folder.or_else(|| payload.path("/workspaceRoots/0")).unwrap_or_default(),
            act,
        }])
    }
}

/// A part of the tool call.
fn call<'p>(payload: &'p Payload, name: &str) -> Option<&'p Value> {
    let parts = ["/tool_result", "/tool_call"];
    parts.iter().find_map(|part| payload.at(part)?.get(name))
}

/// A part of the older form of it.
fn older<'p>(payload: &'p Payload, name: &str) -> Option<&'p Value> {
    let parts = ["/postToolUse", "/preToolUse"];
    parts.iter().find_map(|part| payload.at(part)?.get(name))
}

fn tool(payload: &Payload) -> Result<String, PayloadError> {
    let name = call(payload, "name").or_else(|| older(payload, "toolName"));
    let name = name.and_then(Value::as_str).filter(|name| !name.is_empty());
    name.map(str::to_owned).ok_or(PayloadError::Missing("/tool_call/name"))
}

fn input(payload: &Payload, name: &str) -> Option<Value> {
    if let Some(input) = call(payload, "input") {
        return input.get(name).filter(|value| !value.is_null()).cloned();
    }
    let value = older(payload, "parameters")?.get(name)?;
    // Lists come as text here.
    let list = value.as_str().filter(|_| ["commands", "files"].contains(&name));
    list.and_then(|text| serde_json::from_str(text).ok()).or_else(|| Some(value.clone()))
}

fn text(payload: &Payload, name: &str) -> Option<String> {
    input(payload, name)?.as_str().map(str::to_owned)
}

fn before(payload: &Payload) -> Result<Option<Act>, PayloadError> {
    let tool = tool(payload)?;
    Ok(match tool.as_str() {
        name if EDITS.contains(&name) => Some(Act::Before(edit::paths(edits(name, payload)?))),
        name if reads(name) || is_quiet(name) => None,
        _ => Some(Act::CommandStarts { command: command(payload), tool }),
    })
}

fn after(payload: &Payload) -> Result<Option<Act>, PayloadError> {
    let tool = tool(payload)?;
    Ok(match tool.as_str() {
        name if EDITS.contains(&name) => {
            succeeded(payload).then(|| edits(name, payload).map(Act::Edited)).transpose()?
        }
        name if reads(name) => Some(Act::Read(read(payload))).filter(|_| succeeded(payload)),
        name if is_quiet(name) => None,
        _ => Some(Act::CommandEnded { command: command(payload), tool, background: false }),
    })
}

fn reads(tool: &str) -> bool {
    tool == "read_files" || tool == "read_file"
}

fn is_quiet(tool: &str) -> bool {
    QUIET.contains(&tool) || tool.starts_with("team_")
}

/// An edit that failed is told like one that did not, with an error in its output.
fn succeeded(payload: &Payload) -> bool {
    let output = call(payload, "output");
    let failed = |output: &Value| {
        output["success"] == false || output["error"].as_str().is_some_and(|e| !e.is_empty())
    };
    let error = call(payload, "error").is_some_and(|error| !error.is_null());
    !error
        && !output.is_some_and(failed)
        && older(payload, "success").is_none_or(|told| *told != false)
}

fn read(payload: &Payload) -> Vec<PathBuf> {
    let files = input(payload, "files").unwrap_or_default();
    let files = files.as_array().map(Vec::as_slice).unwrap_or_default();
    let many = files.iter().filter_map(|file| file["path"].as_str().or(file.as_str()));
    many.map(PathBuf::from).chain(text(payload, "path").map(PathBuf::from)).collect()
}

/// The commands of one call, a line each; a model may give one without a list.
fn command(payload: &Payload) -> String {
    let line = |line: &Value| line.as_str().map_or_else(|| line.to_string(), str::to_owned);
    let lines = input(payload, "commands").map(|commands| match commands.as_array() {
        Some(commands) => commands.iter().map(line).collect::<Vec<_>>().join("\n"),
        None => line(&commands),
    });
    lines.or_else(|| text(payload, "command")).unwrap_or_else(|| {
        let all = call(payload, "input").or_else(|| older(payload, "parameters"));
        all.map(ToString::to_string).unwrap_or_default()
    })
}

fn edits(tool: &str, payload: &Payload) -> Result<Vec<FileEdit>, PayloadError> {
    if tool == "apply_patch" {
        let patch = ["input", "patch"].iter().find_map(|name| text(payload, name));
        return patch
            .and_then(|patch| patch::parse(&patch))
            .ok_or(PayloadError::Missing("/tool_call/input/input"));
    }
    let path = text(payload, "path").filter(|path| !path.is_empty());
    let path = path.ok_or(PayloadError::Missing("/tool_call/input/path"))?.into();
    let told = match tool {
        "editor" => edited(payload),
        "write_to_file" => text(payload, "content")
            .map_or(Told::Touched, |after| Told::Whole { before: None, after }),
        _ => match text(payload, "diff").map(|diff| blocks::parse(&diff)) {
            Some(steps) if !steps.is_empty() => Told::Replaced { before: None, steps },
            _ => Told::Touched,
        },
    };
    Ok(vec![FileEdit { path, from: None, told }])
}

fn edited(payload: &Payload) -> Told {
    let Some(new) = text(payload, "new_text") else {
        return Told::Touched;
    };
    if let Some(old) = text(payload, "old_text").filter(|old| !old.is_empty()) {
        let steps = vec![Replacement { old, new, all: false }];
        return Told::Replaced { before: None, steps };
    }
    if input(payload, "insert_line").is_some() {
        let new = new.lines().map(str::to_owned).collect();
        return Told::Patched(vec![PatchHunk { old: Vec::new(), new }]);
    }
    let said = call(payload, "output").and_then(|output| output["result"].as_str());
    let made = said.is_some_and(|said| said.starts_with("File created"));
    Told::Whole { before: made.then_some(None), after: new }
}

#[cfg(test)]
mod tests;
