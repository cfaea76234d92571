//! Agents whose hooks stand in one JSON file, as a table of events: what `install` needs of them is
//! said in one constant.

use std::path::{Path, PathBuf};

use super::json::{self, Wanted};
pub use super::shape::Shape;
use super::{
    Commands, Edit, EditError, Edits, Handler, Installer, Obstacle, Options, Place, Read, Scope,
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
    /// A switch that keeps hooks from running.
    pub off: Option<Off>,
    /// The file beside the user's settings in which the agent keeps whether folders are trusted:
    /// in one that is not, it reads no settings.
    pub trust: Option<&'static str>,
    /// Files beside the settings that are such a table themselves: what they have of an event
    /// stands in the place of what the settings have.
    pub over: &'static [&'static str],
    /// What a person should know.
    pub advice: Option<&'static str>,
}

/// A switch in an agent's settings.
#[derive(Debug, Clone, Copy)]
pub struct Off {
    /// Its name, in objects within objects.
    pub path: &'static [&'static str],
    /// The value of it that keeps hooks from running.
    pub value: bool,
    /// Other files of a project in which it may stand, below its top.
    pub beside: &'static [&'static str],
    /// The user's settings and a project's are put together; what the project says wins.
    pub joined: bool,
}

impl Table {
    fn path(&self, place: &Place) -> Option<PathBuf> {
        Some(place.base((self.home)(&place.homes), self.project)?.join(self.file))
    }

    fn users(&self, place: &Place) -> Option<PathBuf> {
        Some((self.home)(&place.homes)?.join(self.file))
    }

    fn switched_off(&self, place: &Place, read: Read<'_>) -> Option<Obstacle> {
        let off = self.off?;
        let beside = place.top.iter().flat_map(|top| off.beside.iter().map(|file| top.join(file)));
        let users = self.users(place).filter(|_| off.joined);
        let files = users.into_iter().chain(self.path(place)).chain(beside);
        let said = |file: PathBuf| {
            let text = read(&file).ok()??;
            Some((json::flag_at(&text, off.path)?, file))
        };
        let (value, file) = files.filter_map(said).last()?;
        (value == off.value).then(|| Obstacle {
            what: format!("{} sets {} to {value}", file.display(), off.path.join(".")),
            mend: format!("set {} to {} in {}", off.path.join("."), !value, file.display()),
        })
    }

    /// A person has said that the folder is not to be trusted.
    fn distrusted(&self, place: &Place, read: Read<'_>) -> Option<Obstacle> {
        let top = place.top.as_ref().filter(|_| place.scope == Scope::Project)?;
        let file = (self.home)(&place.homes)?.join(self.trust?);
        let folders: serde_json::Value = serde_json::from_str(&read(&file).ok()??).ok()?;
        let said = |folder: &Path| folders.get(folder.to_str()?)?.as_str().map(str::to_owned);
        let nearest = top.ancestors().find_map(said)?;
        (nearest == "DO_NOT_TRUST").then(|| Obstacle {
            what: format!("{} says that this folder is not trusted", file.display()),
            mend: format!("trust it in `{}`, or install with --user", self.program),
        })
    }

    /// Another file has the hooks of an event of ours, and ours are not among them.
    fn covered(&self, place: &Place, read: Read<'_>) -> Option<Obstacle> {
        let settings = self.path(place)?;
        let mut over = self.over.iter().map(|file| settings.with_file_name(file));
        over.find_map(|file| {
            let text = read(&file).ok()?.filter(|text| Task::of(text).is_none())?;
            let named = json::names(&text);
            let (event, ..) = (self.events)(false)
                .iter()
                .find(|(event, ..)| named.iter().any(|name| name == event))?;
            Some(Obstacle {
                what: format!("{} has the hooks of {event}, in place of ours", file.display()),
                mend: format!(
                    "put those of {} into it, or take {event} out of it",
                    settings.display()
                ),
            })
        })
    }

    fn text(&self, text: Option<&str>, options: &Options) -> Result<String, SettingsError> {
        let commands = self.commands(options)?;
        let events = (self.events)(options.read_hook);
        let wanted: Vec<Wanted<'_>> =
            events.iter().map(|&(event, matcher, task)| Wanted { event, matcher, task }).collect();
        json::add(&self.shape, text, &wanted, &commands)
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
        let handler = |(event, matcher, command)| Handler {
            file: file.clone(),
            event,
            matcher,
            command,
            trust: Trust::Given,
        };
        match json::handlers(&self.shape, &text) {
            Ok(found) => Ok(found.into_iter().map(handler).collect()),
            Err(source) => Err(EditError { path: file, source }),
        }
    }

    fn obstacle(&self, place: &Place, read: Read<'_>) -> Option<Obstacle> {
        self.switched_off(place, read)
            .or_else(|| self.distrusted(place, read))
            .or_else(|| self.covered(place, read))
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
        match json::remove(&self.shape, &text) {
            Ok(text) => Ok(vec![Edit { path, text, about: self.about }]),
            Err(source) => Err(EditError { path, source }),
        }
    }
}
