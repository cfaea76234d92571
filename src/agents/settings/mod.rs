//! What agents must be told so that they call us: edits of their settings, text in and text out.
//!
//! Nothing here touches the disk. `install`, `uninstall` and `doctor` go through [`installers`].

pub(super) mod claude_code;
pub(super) mod codex;
pub(super) mod codex_toml;
mod cut;
mod json;
pub(super) mod own;
pub(super) mod plugin;
pub(super) mod shape;
pub(super) mod table;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use crate::config::Homes;

/// What a command of ours in an agent's settings is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// To tell us what the agent does.
    Record,
    /// To ask us before the agent goes on.
    Gate,
}

impl Task {
    /// A command that holds these words is one of ours, whatever version wrote it.
    pub const fn mark(self) -> &'static str {
        match self {
            Self::Record => "git-ai-log record",
            Self::Gate => "git-ai-log hook agent-gate",
        }
    }

    /// What this command is for, if it is one of ours.
    pub fn of(command: &str) -> Option<Self> {
        [Self::Record, Self::Gate].into_iter().find(|task| command.contains(task.mark()))
    }
}

/// What an agent is given to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commands {
    /// For [`Task::Record`].
    pub record: String,
    /// For [`Task::Gate`].
    pub gate: String,
}

impl Commands {
    /// The command for this task.
    pub fn of(&self, task: Task) -> &str {
        match task {
            Task::Record => &self.record,
            Task::Gate => &self.gate,
        }
    }
}

/// The agents whose settings we know how to edit.
pub fn installers() -> impl Iterator<Item = &'static dyn Installer> {
    super::AGENTS.iter().filter_map(|agent| agent.installer())
}

/// The installer of this agent, or of the one whose hooks it runs.
pub fn installer(name: &str) -> Option<&'static dyn Installer> {
    let host = super::find(name).and_then(|agent| agent.hooks_of()).unwrap_or(name);
    installers().find(|agent| agent.name() == host)
}

/// Why a settings file was left as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The text does not parse.
    #[error("not valid {format}: {cause}")]
    Malformed {
        /// JSON or TOML.
        format: &'static str,
        /// The parser's words, with line and column.
        cause: String,
    },
    /// It parses, but is not what the agent reads.
    #[error("`{at}` should be {expected}")]
    Shape {
        /// Where, as a dotted path.
        at: String,
        /// What belongs there.
        expected: &'static str,
    },
    /// The file is there but cannot be read.
    #[error("cannot be read: {cause}")]
    Unreadable {
        /// The system's words.
        cause: String,
    },
    /// A path that the format cannot hold.
    #[error("{path} is not UTF-8, and the agent's settings can only name paths that are")]
    Path {
        /// As well as it can be shown.
        path: String,
    },
}

impl SettingsError {
    pub(in crate::agents) fn shape(at: impl Into<String>, expected: &'static str) -> Self {
        Self::Shape { at: at.into(), expected }
    }
}

/// For whom an agent is told to call us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Everything this user does, anywhere.
    User,
    /// One work tree.
    Project,
}

/// Where the settings of agents lie.
#[derive(Debug, Clone)]
pub struct Place {
    /// Which of the two sets of files.
    pub scope: Scope,
    /// The top of the work tree; only there with [`Scope::Project`].
    pub top: Option<PathBuf>,
    /// The top of the main work tree, where there is one; `top` itself unless that is a linked one.
    pub main: Option<PathBuf>,
    /// What is the user's.
    pub homes: Homes,
}

impl Place {
    /// The folder that holds the settings of this scope.
    pub(super) fn base(&self, user: Option<PathBuf>, project: &str) -> Option<PathBuf> {
        match self.scope {
            Scope::User => user,
            Scope::Project => self.top.as_ref().map(|top| top.join(project)),
        }
    }
}

/// What else an agent's settings depend on.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Call us for reads too, which rules about context need.
    pub read_hook: bool,
    /// Where the program lies, for an agent that was started with a poorer `PATH`.
    pub fallback: Option<PathBuf>,
}

/// A settings file as it is and as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The file.
    pub path: PathBuf,
    /// Its text afterwards; `None` where nothing is left that is not ours.
    pub text: Option<String>,
    /// What it is for, in a few words.
    pub about: &'static str,
}

/// An error and the file it is about.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
pub struct EditError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub source: SettingsError,
}

/// What [`Installer::add`] and [`Installer::remove`] answer.
pub type Edits = Result<Vec<Edit>, EditError>;

/// Reads a settings file; `None` where there is none.
pub type Read<'a> = &'a dyn Fn(&Path) -> Result<Option<String>, EditError>;

/// A handler of ours as it stands in an agent's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handler {
    /// The file it stands in.
    pub file: PathBuf,
    /// The event, as the agent spells it.
    pub event: String,
    /// The tools it is called for; `None` for all.
    pub matcher: Option<String>,
    /// What the agent gives to a shell.
    pub command: String,
    /// Whether the agent runs it.
    pub trust: Trust,
}

impl Handler {
    /// Whether the agent calls it for this event of this tool.
    pub fn serves(&self, event: &str, tool: Option<&str>) -> bool {
        let names = |matcher: &str| match tool {
            // Patterns of ours and of most people: names, and `prefix.*`.
            Some(tool) => matcher.split('|').any(|name| match name.strip_suffix(".*") {
                Some(start) => tool.starts_with(start),
                None => name == tool || name == "*",
            }),
            None => true,
        };
        self.event == event && self.matcher.as_deref().is_none_or(|m| m.is_empty() || names(m))
    }
}

/// Whether an agent runs a handler that it has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// It does.
    Given,
    /// Nobody has agreed to it, or it was changed since; the agent passes it over and says nothing.
    Missing,
    /// A person has switched it off.
    SwitchedOff,
}

/// Why an agent runs no hook, though it is told to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// What is in the way.
    pub what: String,
    /// What takes it away.
    pub mend: String,
}

/// One agent's settings.
pub trait Installer: Sync {
    /// The name that `record` takes.
    fn name(&self) -> &'static str;
    /// The program that shows that it is installed.
    fn program(&self) -> &'static str;
    /// The folder in the user's home that shows that it is used.
    fn folder(&self, place: &Place) -> Option<PathBuf>;
    /// The files to write so that it calls us.
    fn add(&self, place: &Place, options: &Options, read: Read<'_>) -> Edits;
    /// The files to write so that it does not.
    fn remove(&self, place: &Place, read: Read<'_>) -> Edits;
    /// What the agent is given to run.
    fn commands(&self, options: &Options) -> Result<Commands, SettingsError>;
    /// The handlers of ours that the agent reads here.
    fn handlers(&self, place: &Place, read: Read<'_>) -> Result<Vec<Handler>, EditError>;
    /// What keeps the agent from running hooks that it is told to run.
    fn obstacle(&self, _place: &Place, _read: Read<'_>) -> Option<Obstacle> {
        None
    }
    /// What a person should know after `add`, beside the files written.
    fn advice(&self, _place: &Place, _read: Read<'_>) -> Option<String> {
        None
    }
}
