//! Amp: what its plugins are told, and the threads that it kept on the disk until spring 2026. From
//! the types that its program documents (September 2026), the program that wrote threads (February
//! 2026), and other programs that read them; not seen in a run.

mod sessions;

use serde_json::{Value, json};

use super::edit::{self, Replacement};
use super::question::FINDINGS;
use super::scene::{CALL, Cue, DENIED, Scene, TURN};
use super::settings::plugin::Plugin;
use super::settings::{Installer, Task};
use super::{
    About, Act, Agent, FileEdit, Marks, Payload, PayloadError, Question, Report, Sessions, Told,
    Tool, patch,
};

/// Amp.
pub struct Amp;

/// The event before a tool is used, which waits for an answer.
const BEFORE: &str = "tool.call";
/// The event after it was used.
const AFTER: &str = "tool.result";
/// The event of a prompt.
const PROMPT: &str = "agent.start";
/// The event at a turn's end, which waits for an answer, too.
const END: &str = "agent.end";

/// Tools that change no file; those that only read are apart.
const QUIET: &[&str] = &[
    "Check",
    "Grep",
    "Task",
    "code_review",
    "find_thread",
    "finder",
    "get_diagnostics",
    "glob",
    "handoff",
    "librarian",
    "look_at",
    "mermaid",
    "oracle",
    "painter",
    "read_mcp_resource",
    "read_thread",
    "read_web_page",
    "skill",
    "task_list",
    "todo_write",
    "web_search",
];

static PLUGIN: Plugin = Plugin {
    name: "amp",
    program: "amp",
    about: "plugin of Amp",
    home: |homes| homes.config().map(|config| config.join("amp")),
    project: ".amp",
    file: "plugins/git-ai-log.ts",
    text: include_str!("plugin.ts"),
    quiet: QUIET,
    reads: &["Read", "read_file"],
    events: |task| match task {
        Task::Record => &["session.start", PROMPT, BEFORE, AFTER, END],
        Task::Gate => &[BEFORE, END],
    },
};

impl Agent for Amp {
    fn name(&self) -> &'static str {
        "amp"
    }

    fn reports(&self, payload: &[u8]) -> Result<Vec<Report>, PayloadError> {
        self.told(&Payload::parse(payload)?)
    }

    fn question(&self, payload: &[u8]) -> Result<Option<Question>, PayloadError> {
        Ok(Question::asked(self.reports(payload)?, is_shell))
    }

    /// The plugin makes of it what Amp understands.
    fn refusal(&self, question: &Question, reason: &str) -> Value {
        match question.about {
            About::Stop => json!({ "more": reason }),
            _ => json!({ "deny": reason }),
        }
    }

    fn installer(&self) -> Option<&'static dyn Installer> {
        Some(&PLUGIN)
    }

    fn sessions(&self) -> Option<&'static dyn Sessions> {
        Some(&Self)
    }

    fn cues(&self, scene: &Scene<'_>) -> Vec<Cue> {
        let old = format!("{}\n", scene.first);
        let call = json!({
            "toolUseID": CALL,
            "tool": "edit_file",
            "input": {
                "path": scene.cwd.join(scene.file),
                "old_str": old,
                "new_str": format!("{old}{}\n", scene.added),
            },
            "status": "done",
        });
        let cue = |event, written, more| Cue {
            event,
            tool: None,
            written,
            payload: payload(scene, event, more),
        };
        vec![
            cue(PROMPT, false, json!({ "message": scene.prompt })),
            cue(BEFORE, false, call.clone()),
            cue(AFTER, true, call),
        ]
    }

    fn denied(&self, scene: &Scene<'_>) -> Cue {
        let call = json!({
            "toolUseID": CALL, "tool": "shell_command", "input": { "command": DENIED },
        });
        Cue { event: BEFORE, tool: None, written: false, payload: payload(scene, BEFORE, call) }
    }

    fn marks(&self) -> Marks {
        Marks { variables: &[], session: None, programs: &["amp"] }
    }
}

fn payload(scene: &Scene<'_>, event: &str, more: Value) -> Value {
    let mut payload = json!({
        "event": event,
        "thread": { "id": scene.session },
        "turn": TURN,
        "cwd": scene.cwd,
    });
    if let (Value::Object(all), Value::Object(more)) = (&mut payload, more) {
        all.extend(more);
    }
    payload
}

impl Amp {
    /// What a plugin's event, or a thread in a plugin's words, says.
    fn told(&self, payload: &Payload) -> Result<Vec<Report>, PayloadError> {
        let Some(act) = act(payload)? else {
            return Ok(Vec::new());
        };
        let folder = payload.path("/cwd").unwrap_or_default();
        let own = ["/input/cwd", "/input/workdir"].iter().find_map(|name| payload.path(name));
        Ok(vec![Report {
            agent: self.name().to_owned(),
            session: payload.need("/thread/id")?,
            turn: id(payload, "/turn"),
            call: payload.owned("/toolUseID"),
            subagent: payload.owned("/subagent"),
            model: payload.owned("/model"),
            transcript: None,
            cwd: own.map_or(folder.clone(), |own| folder.join(own)),
            act,
        }])
    }
}

/// A message's name: a number in older threads.
fn id(payload: &Payload, pointer: &str) -> Option<String> {
    let number = || payload.at(pointer)?.as_i64().map(|id| id.to_string());
    payload.owned(pointer).or_else(number)
}

fn act(payload: &Payload) -> Result<Option<Act>, PayloadError> {
    Ok(match payload.need("/event")?.as_str() {
        "session.start" => Some(Act::Started),
        PROMPT => {
            let prompt = payload.owned("/message").filter(|text| !text.starts_with(FINDINGS));
            prompt.map(Act::Prompt)
        }
        BEFORE => before(payload)?,
        AFTER => after(payload)?,
        END => Some(Act::Stopped { closing: None, background: false }),
        _ => None,
    })
}

fn kind(tool: &str) -> Tool {
    match tool {
        "edit_file" | "create_file" | "write_file" | "apply_patch" | "undo_edit"
        | "format_file" => Tool::Edits,
        "Read" | "read_file" => Tool::Reads,
        "restore_snapshot" => Tool::Runs,
        _ if is_shell(tool) => Tool::Runs,
        // Tools of servers and of the user's own may write files, and say so nowhere.
        _ if tool.starts_with("mcp__") || tool.starts_with("tb__") => Tool::Runs,
        _ => Tool::Nothing,
    }
}

fn is_shell(tool: &str) -> bool {
    matches!(tool, "Bash" | "shell_command" | "run_terminal_command")
}

fn before(payload: &Payload) -> Result<Option<Act>, PayloadError> {
    let tool = payload.need("/tool")?;
    Ok(match kind(&tool) {
        Tool::Edits => Some(Act::Before(edit::paths(edits(&tool, payload)?))),
        Tool::Runs => Some(Act::CommandStarts { command: command(payload), tool }),
        Tool::Reads | Tool::Nothing => None,
    })
}

fn after(payload: &Payload) -> Result<Option<Act>, PayloadError> {
    let tool = payload.need("/tool")?;
    let status = payload.text("/status");
    let done = status == Some("done");
    Ok(match kind(&tool) {
        // One that a person rejected did not run.
        Tool::Runs if done || matches!(status, Some("error" | "cancelled")) => {
            Some(Act::CommandEnded { command: command(payload), background: false, tool })
        }
        Tool::Edits if done => Some(Act::Edited(edits(&tool, payload)?)),
        Tool::Reads if done => payload.path("/input/path").map(|path| Act::Read(vec![path])),
        _ => None,
    })
}

fn command(payload: &Payload) -> String {
    let words = payload.owned("/input/cmd").or_else(|| payload.owned("/input/command"));
    words.unwrap_or_else(|| payload.at("/input").map(ToString::to_string).unwrap_or_default())
}

fn edits(tool: &str, payload: &Payload) -> Result<Vec<FileEdit>, PayloadError> {
    if tool == "apply_patch" {
        let text = payload.text("/input/patchText");
        return text.and_then(patch::parse).ok_or(PayloadError::Missing("/input/patchText"));
    }
    let path = payload.path("/input/path").ok_or(PayloadError::Missing("/input/path"))?;
    Ok(vec![FileEdit { path, from: None, told: told(tool, payload) }])
}

fn told(tool: &str, payload: &Payload) -> Told {
    if matches!(tool, "create_file" | "write_file") {
        return match payload.text("/input/content") {
            Some(text) => Told::Whole { before: None, after: ended(text) },
            None => Told::Touched,
        };
    }
    // It looks for the old text with some tolerance; its own diff says what it did.
    let diff = payload.text("/output/diff").or_else(|| payload.text("/output")).map(unfenced);
    let hunks = diff.map(patch::hunks).unwrap_or_default();
    if !hunks.is_empty() {
        return Told::Patched(hunks);
    }
    let input = |name: &str| payload.text(&format!("/input/{name}")).map(str::to_owned);
    match (input("old_str"), input("new_str")) {
        (Some(old), Some(new)) if tool == "edit_file" => {
            let all = payload.flag("/input/replace_all");
            Told::Replaced { before: None, steps: vec![Replacement { old, new, all }] }
        }
        _ => Told::Touched,
    }
}

/// It ends every file that it creates with a line feed.
fn ended(text: &str) -> String {
    let end = if text.ends_with('\n') { "" } else { "\n" };
    format!("{text}{end}")
}

/// A diff without the marks that make it a block of Markdown.
fn unfenced(text: &str) -> &str {
    let text = text.trim_end();
    let bare = text.trim_end_matches('`');
    if text.len() - bare.len() >= 3 && bare.ends_with('\n') { bare } else { text }
}

#[cfg(test)]
mod tests;
