//! opencode's settings: one plugin file of ours, in the user's folder or the project's.

use std::path::PathBuf;

use serde_json::json;

use super::{AFTER, BEFORE, IDLE, PROMPT, QUIET};
use crate::agents::settings::{
    self, Commands, Edit, EditError, Edits, Handler, Installer, Obstacle, Options, Place, Read,
    SettingsError, Task, Trust, own,
};

const PLUGIN: &str = include_str!("plugin.js");
const NAME: &str = "git-ai-log.js";
const ABOUT: &str = "plugin of opencode";

/// Edits opencode's settings.
pub(super) struct OpenCode;

fn home(place: &Place) -> Option<PathBuf> {
    place.homes.config().map(|config| config.join("opencode"))
}

fn file(place: &Place) -> Option<PathBuf> {
    Some(place.base(home(place), ".opencode")?.join("plugins").join(NAME))
}

/// The plugin with these commands in it.
fn plugin(commands: &Commands, read_hook: bool) -> String {
    let quiet: Vec<&str> = QUIET.iter().copied().chain((!read_hook).then_some("read")).collect();
    PLUGIN
        .replace("\"{record}\"", &json!(commands.record).to_string())
        .replace("\"{gate}\"", &json!(commands.gate).to_string())
        .replace("{quiet}", &json!(quiet).to_string())
}

/// The commands that a plugin holds.
fn commands_in(text: &str) -> impl Iterator<Item = (Task, String)> {
    text.lines().filter_map(|line| {
        let (name, value) = line.strip_prefix("const ")?.split_once(" = ")?;
        let command: String = serde_json::from_str(value).ok()?;
        let task = Task::of(&command)?;
        matches!((name, task), ("record", Task::Record) | ("gate", Task::Gate))
            .then_some((task, command))
    })
}

impl Installer for OpenCode {
    fn name(&self) -> &'static str {
        "opencode"
    }

    fn program(&self) -> &'static str {
        "opencode"
    }

    fn folder(&self, place: &Place) -> Option<PathBuf> {
        home(place)
    }

    fn commands(&self, options: &Options) -> Result<Commands, SettingsError> {
        settings::claude_code::commands(self.name(), options)
    }

    fn handlers(&self, place: &Place, read: Read<'_>) -> Result<Vec<Handler>, EditError> {
        let Some(file) = file(place) else {
            return Ok(Vec::new());
        };
        let text = read(&file)?.unwrap_or_default();
        let handlers = commands_in(&text).flat_map(|(task, command)| {
            let events = match task {
                Task::Record => [PROMPT, BEFORE, AFTER, IDLE].as_slice(),
                Task::Gate => &[BEFORE],
            };
            events.iter().map({
                let file = file.clone();
                move |event| Handler {
                    file: file.clone(),
                    event: (*event).to_owned(),
                    matcher: None,
                    command: command.clone(),
                    trust: Trust::Given,
                }
            })
        });
        Ok(handlers.collect())
    }

    fn add(&self, place: &Place, options: &Options, read: Read<'_>) -> Edits {
        let Some(path) = file(place) else {
            return Ok(Vec::new());
        };
        match self.commands(options) {
            Ok(commands) => {
                let text = plugin(&commands, options.read_hook);
                own::add(Edit { path, text: Some(text), about: ABOUT }, read)
            }
            Err(source) => Err(EditError { path, source }),
        }
    }

    fn remove(&self, place: &Place, read: Read<'_>) -> Edits {
        file(place).map_or(Ok(Vec::new()), |path| own::remove(path, ABOUT, read))
    }

    fn obstacle(&self, place: &Place, read: Read<'_>) -> Option<Obstacle> {
        own::obstacle(&[file(place)?], read)
    }

    fn advice(&self, place: &Place, read: Read<'_>) -> Option<String> {
        own::obstacle(&[file(place)?], read).map(|it| format!("{}; {}", it.what, it.mend))
    }
}
