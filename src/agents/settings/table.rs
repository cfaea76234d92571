//! Agents whose hooks stand in one JSON file, as a table of events: what `install` needs of them is
//! said in one constant.

use std::path::PathBuf;

use super::flat::Flat;
use super::json::{self, Wanted};
use super::{
    Commands, Edit, EditError, Edits, Handler, Installer, Obstacle, Options, Place, Read,
    SettingsError, Task, Trust, claude_code,
};
use crate::config::Homes;

/// An event that we want to hear of: its name, the tools it is wanted for, and what for.
pub type Event = (&'static str, Option<&'static str>, Task);

/// The settings of an agent.
pub struct Table {
    /// The name that `record` takes.
    pub name: &'static str,
    /// The program that shows that it is installed.
    pub program: &'static str,
    /// What the file is, in a few words.
    pub about: &'static str,
    /// The folder of the user's settings.
    pub home: fn(&Homes) -> Option<PathBuf>,
    /// That of a project's, below its top.
    pub project: &'static str,
    /// The file in either.
    pub file: &'static str,
    /// How handlers stand in it.
    pub shape: Shape,
    /// The events, with a hook for reads or without.
    pub events: fn(bool) -> &'static [Event],
    /// A switch in the file, and the value of it that keeps hooks from running.
    pub off: Option<(&'static [&'static str], bool)>,
    /// What a person should know.
    pub advice: Option<&'static str>,
}

/// How handlers stand in a table.
pub enum Shape {
    /// In groups with a matcher, as Claude Code brought it.
    Groups,
    /// One after the other.
    Flat(Flat),
}

impl Table {
    fn path(&self, place: &Place) -> Option<PathBuf> {
        Some(place.base((self.home)(&place.homes), self.project)?.join(self.file))
    }

    fn text(&self, text: Option<&str>, options: &Options) -> Result<String, SettingsError> {
        let commands = self.commands(options)?;
        let events = (self.events)(options.read_hook);
        match &self.shape {
            Shape::Groups => {
                let wanted =
                    events.iter().map(|&(event, matcher, task)| Wanted { event, matcher, task });
                json::add(text, &wanted.collect::<Vec<_>>(), &commands)
            }
            Shape::Flat(flat) => {
                let wanted: Vec<_> =
                    events.iter().map(|(event, _, task)| (*event, *task)).collect();
                flat.add(text, &wanted, &commands)
            }
        }
    }
}

impl Installer for Table {
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
        let found = match &self.shape {
            Shape::Groups => json::handlers(&text),
            Shape::Flat(flat) => flat.handlers(&text).map(|found| {
                found.into_iter().map(|(event, command)| (event, None, command)).collect()
            }),
        };
        let handler = |(event, matcher, command)| Handler {
            file: file.clone(),
            event,
            matcher,
            command,
            trust: Trust::Given,
        };
        match found {
            Ok(found) => Ok(found.into_iter().map(handler).collect()),
            Err(source) => Err(EditError { path: file, source }),
        }
    }

    fn obstacle(&self, place: &Place, read: Read<'_>) -> Option<Obstacle> {
        let ((path, value), file) = (self.off?, self.path(place)?);
        let text = read(&file).ok()??;
        (json::flag_at(&text, path) == Some(value)).then(|| Obstacle {
            what: format!("{} sets {} to {value}", file.display(), path.join(".")),
            mend: format!("set {} to {} in {}", path.join("."), !value, file.display()),
        })
    }

    fn advice(&self, place: &Place, _: Read<'_>) -> Option<String> {
        self.advice.filter(|_| self.path(place).is_some()).map(str::to_owned)
    }

    fn add(&self, place: &Place, options: &Options, read: Read<'_>) -> Edits {
        let Some(path) = self.path(place) else {
            return Ok(Vec::new());
        };
        match self.text(read(&path)?.as_deref(), options) {
            Ok(text) => Ok(vec![Edit { path, text: Some(text), about: self.about }]),
            Err(source) => Err(EditError { path, source }),
        }
    }

    fn remove(&self, place: &Place, read: Read<'_>) -> Edits {
        let Some(path) = self.path(place) else {
            return Ok(Vec::new());
        };
        let Some(text) = read(&path)? else {
            return Ok(Vec::new());
        };
        let left = match &self.shape {
            Shape::Groups => json::remove(&text),
            Shape::Flat(flat) => flat.remove(&text),
        };
        match left {
            Ok(text) => Ok(vec![Edit { path, text, about: self.about }]),
            Err(source) => Err(EditError { path, source }),
        }
    }
}
