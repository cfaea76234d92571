//! Amp: what its plugins are told, and the threads that it kept on the disk until spring 2026. From
//! the types that its program documents (September 2026), the program that wrote threads (February
//! 2026), and other programs that read them; not seen in a run.

mod sessions;

use super::edit::Replacement;
use super::{Act, Agent, FileEdit, Marks, Payload, PayloadError, Report, Sessions, Told, patch};

/// Amp.
pub struct Amp;

impl Agent for Amp {
    fn name(&self) -> &'static str {
        "amp"
    }

    fn reports(&self, payload: &[u8]) -> Result<Vec<Report>, PayloadError> {
        self.told(&Payload::parse(payload)?)
    }

    fn sessions(&self) -> Option<&'static dyn Sessions> {
        Some(&Self)
    }

    fn marks(&self) -> Marks {
        Marks { variables: &[], session: None, programs: &["amp"] }
    }
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
        "agent.start" => payload.owned("/message").map(Act::Prompt),
        "tool.call" => before(payload)?,
        "tool.result" => after(payload)?,
        "agent.end" => Some(Act::Stopped { closing: None, background: false }),
        _ => None,
    })
}

enum Tool {
    Edits,
    Reads,
    Runs,
    Nothing,
}

fn kind(tool: &str) -> Tool {
    match tool {
        "edit_file" | "create_file" | "write_file" | "apply_patch" | "undo_edit"
        | "format_file" => Tool::Edits,
        "Read" | "read_file" => Tool::Reads,
        "Bash" | "shell_command" | "run_terminal_command" | "restore_snapshot" => Tool::Runs,
        // Tools of servers and of the user's own may write files, and say so nowhere.
        _ if tool.starts_with("mcp__") || tool.starts_with("tb__") => Tool::Runs,
        _ => Tool::Nothing,
    }
}

fn before(payload: &Payload) -> Result<Option<Act>, PayloadError> {
    let tool = payload.need("/tool")?;
    Ok(match kind(&tool) {
        Tool::Edits => {
            let edits = edits(&tool, payload)?.into_iter();
            let paths = edits.flat_map(|edit| [edit.from, Some(edit.path)]).flatten();
            Some(Act::Before(paths.collect()))
        }
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
