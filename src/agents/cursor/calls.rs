//! A call of a tool as Cursor's database has it. Names and inputs changed over the versions: what a
//! tool was given is in `params`, what the model wrote in `rawArgs`, both JSON as text.

use std::path::PathBuf;

use serde_json::Value;

use super::path;
use crate::agents::edit::Replacement;
use crate::agents::patch::{self, PatchHunk};
use crate::agents::{Told, Tool};

/// A call of a tool.
pub(super) struct Call {
    pub(super) name: String,
    params: Value,
    /// What the model wrote; a text where it is no JSON.
    pub(super) raw: Value,
    pub(super) result: Value,
}

impl Call {
    pub(super) fn of(tool: &Value) -> Self {
        let read = |name: &str| match &tool[name] {
            Value::String(text) => {
                serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone()))
            }
            other => other.clone(),
        };
        Self {
            name: tool["name"].as_str().unwrap_or_default().to_owned(),
            params: read("params"),
            raw: read("rawArgs"),
            result: read("result"),
        }
    }

    pub(super) fn kind(&self) -> Tool {
        match self.name.as_str() {
            "edit_file_v2" | "edit_file" | "search_replace" | "write" | "MultiEdit"
            | "apply_patch" | "reapply" | "edit_notebook" | "delete_file" => Tool::Edits,
            "read_file_v2" | "read_file" => Tool::Reads,
            "run_terminal_command_v2" | "run_terminal_command" | "run_terminal_cmd" => Tool::Runs,
            _ => Tool::Nothing,
        }
    }

    /// The first of these inputs that there is.
    pub(super) fn text(&self, names: &[&str]) -> Option<String> {
        let texts = [&self.params, &self.raw].into_iter();
        let mut texts = texts.flat_map(|all| names.iter().filter_map(|name| all[*name].as_str()));
        texts.next().map(str::to_owned)
    }

    /// The file that it is about.
    pub(super) fn path(&self) -> Option<PathBuf> {
        let names = ["relativeWorkspacePath", "targetFile", "target_file", "file_path", "path"];
        self.text(&names).filter(|text| !text.is_empty()).map(|text| path(&text))
    }

    /// What it says itself of its edit.
    pub(super) fn told(&self) -> Told {
        if let Some(steps) = self.steps().filter(|steps| !steps.is_empty()) {
            return Told::Replaced { before: None, steps };
        }
        if let Some(after) = self.text(&["contents", "content", "file_text"]) {
            return Told::Whole { before: None, after };
        }
        let chunks = self.result.pointer("/diff/chunks").and_then(Value::as_array);
        let chunks = chunks.into_iter().flatten().filter_map(|chunk| chunk["diffString"].as_str());
        let hunks: Vec<PatchHunk> = chunks.flat_map(hunks).collect();
        if !hunks.is_empty() {
            return Told::Patched(hunks);
        }
        self.text(&["streamingContent"]).map_or(Told::Touched, |text| streamed(&text))
    }

    fn steps(&self) -> Option<Vec<Replacement>> {
        match self.raw["edits"].as_array() {
            Some(edits) => edits.iter().map(step).collect(),
            None => step(&self.raw).map(|step| vec![step]),
        }
    }
}

fn step(value: &Value) -> Option<Replacement> {
    Some(Replacement {
        old: value["old_string"].as_str().filter(|old| !old.is_empty())?.to_owned(),
        new: value["new_string"].as_str()?.to_owned(),
        all: value["replace_all"] == true,
    })
}

/// A part of a diff: with the header of a hunk, or without one and with a space after each sign.
fn hunks(diff: &str) -> Vec<PatchHunk> {
    if diff.lines().any(|line| line.starts_with("@@")) {
        return patch::hunks(diff);
    }
    let spaced = diff.lines().all(|line| {
        let mut signs = line.chars();
        matches!(signs.next(), None | Some('+' | '-' | ' '))
            && matches!(signs.next(), None | Some(' '))
    });
    let bare = diff.lines().map(|line| match line.char_indices().nth(1) {
        Some((at, _)) if spaced => format!("{}{}\n", &line[..at], &line[at + 1..]),
        _ => format!("{line}\n"),
    });
    patch::hunks(&format!("@@ @@\n{}", bare.collect::<String>()))
}

/// What the model wrote while it was shown: a patch without its first lines, of which nothing but
/// added lines is a new file. A bare text may be all of the file or a part of it.
fn streamed(text: &str) -> Told {
    if text.lines().any(|line| line.starts_with("@@")) {
        return Told::Patched(patch::hunks(text));
    }
    let lines = || text.lines().filter(|line| !line.starts_with("*** "));
    if text.is_empty() || !lines().all(|line| line.starts_with('+')) {
        return Told::Touched;
    }
    let after = lines().map(|line| format!("{}\n", &line[1..])).collect();
    Told::Whole { before: Some(None), after }
}
