//! Agents that are told by a plugin: one file of ours in a folder of theirs, with the commands that
//! it runs as constants.

use std::path::PathBuf;

use serde_json::json;

use super::{
    Commands, Edit, EditError, Edits, Handler, Installer, Obstacle, Options, Place, Read,
    SettingsError, Task, Trust, claude_code, own,
};
use crate::config::Homes;

/// A plugin.
pub struct Plugin {
    /// The name that `record` takes.
    pub name: &'static str,
    /// The program that shows that the agent is installed.
    pub program: &'static str,
    /// What the file is, in a few words.
    pub about: &'static str,
    /// The folder of the user's settings.
    pub home: fn(&Homes) -> Option<PathBuf>,
    /// That of a project's, below its top.
    pub project: &'static str,
    /// The file in either.
    pub file: &'static str,
    /// The plugin itself: `"{record}"`, `"{gate}"` and `{quiet}` stand for what follows.
    pub text: &'static str,
    /// Tools that it need not tell of.
    pub quiet: &'static [&'static str],
    /// Tools that read, of which only rules about context need to hear.
    pub reads: &'static [&'static str],
    /// The events that it tells, and those at which it asks the gate.
    pub events: fn(Task) -> &'static [&'static str],
}

impl Plugin {
    fn path(&self, place: &Place) -> Option<PathBuf> {
        Some(place.base((self.home)(&place.homes), self.project)?.join(self.file))
    }

    /// The plugin with these commands in it.
    fn filled(&self, commands: &Commands, read_hook: bool) -> String {
        let reads = self.reads.iter().filter(|_| !read_hook);
        let quiet: Vec<&&str> = self.quiet.iter().chain(reads).collect();
        self.text
            .replace("\"{record}\"", &json!(commands.record).to_string())
            .replace("\"{gate}\"", &json!(commands.gate).to_string())
            .replace("{quiet}", &json!(quiet).to_string())
    }
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

impl Installer for Plugin {
    fn name(&self) -> &'static str {
        self.name
    }

    fn program(&self) -> &'static str {
        self.program
    }

    fn folder(&self, place: &Place) -> Option<PathBuf> {
        (self.home)(&place.homes)
    }

    fn commands(&self, options: &Options) -> Result<Commands, SettingsError> {
        claude_code::commands(self.name, options)
    }

    fn handlers(&self, place: &Place, read: Read<'_>) -> Result<Vec<Handler>, EditError> {
        let Some(file) = self.path(place) else {
            return Ok(Vec::new());
        };
        let text = read(&file)?.unwrap_or_default();
        let handlers = commands_in(&text).flat_map(|(task, command)| {
            (self.events)(task).iter().map({
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
        let Some(path) = self.path(place) else {
            return Ok(Vec::new());
        };
        match self.commands(options) {
            Ok(commands) => {
                let text = self.filled(&commands, options.read_hook);
                own::add(Edit { path, text: Some(text), about: self.about }, read)
            }
            Err(source) => Err(EditError { path, source }),
        }
    }

    fn remove(&self, place: &Place, read: Read<'_>) -> Edits {
        self.path(place).map_or(Ok(Vec::new()), |path| own::remove(path, self.about, read))
    }

    fn obstacle(&self, place: &Place, read: Read<'_>) -> Option<Obstacle> {
        own::obstacle(&[self.path(place)?], read)
    }

    fn advice(&self, place: &Place, read: Read<'_>) -> Option<String> {
        self.obstacle(place, read).map(|it| format!("{}; {}", it.what, it.mend))
    }
}
