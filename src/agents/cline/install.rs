//! Cline's hooks: one script for each event, in each of the folders that it looks into.

use std::path::PathBuf;

use crate::agents::settings::{
    self, Commands, Edit, EditError, Edits, Handler, Installer, Obstacle, Options, Place, Read,
    Scope, SettingsError, Task, Trust, own,
};

const ABOUT: &str = "hook of Cline";

/// The events that we want to hear of, which are the scripts' names.
const EVENTS: &[&str] = &[
    "PostToolUse",
    "PreToolUse",
    "TaskCancel",
    "TaskComplete",
    "TaskResume",
    "TaskStart",
    "UserPromptSubmit",
];

/// The event before a tool is used.
const BEFORE: &str = "PreToolUse";

/// Edits Cline's settings.
pub(super) struct Cline;

fn home(place: &Place) -> Option<PathBuf> {
    place.homes.folder("CLINE_DIR", ".cline")
}

/// The folders of hooks: the command line's, and that of the editor's extension where it is used.
fn folders(place: &Place, read: Read<'_>) -> Vec<PathBuf> {
    match place.scope {
        Scope::User => {
            let documents = place.homes.below("Documents/Cline");
            // What is there and is no text is a folder.
            let used = documents.filter(|folder| read(folder).is_err());
            let own = home(place).map(|home| home.join("hooks"));
            own.into_iter().chain(used.map(|used| used.join("Hooks"))).collect()
        }
        Scope::Project => {
            let Some(top) = &place.top else {
                return Vec::new();
            };
            let rules = top.join(".clinerules");
            // Rules may be one file; then the hooks have another place.
            let folder = match read(&rules) {
                Ok(Some(_)) => top.join(".cline"),
                _ => rules,
            };
            vec![folder.join("hooks")]
        }
    }
}

fn files(place: &Place, read: Read<'_>) -> Vec<PathBuf> {
    let folders = folders(place, read);
    folders.iter().flat_map(|folder| EVENTS.iter().map(|event| folder.join(event))).collect()
}

/// What every script begins with.
const HEAD: &str = "#!/bin/sh
# Tells git ai-log what Cline does. `git ai-log install` wrote this file and writes it again;
# `git ai-log uninstall` takes it away.
";

/// A script that tells us and lets Cline go on, whatever comes of it. Before a tool it asks first;
/// what is denied is not told.
fn script(event: &str, commands: &Commands) -> String {
    let Commands { record, gate } = commands;
    if event != BEFORE {
        return format!("{HEAD}{record}\nprintf '{{\"cancel\":false}}\\n'\n");
    }
    format!(
        "{HEAD}ask() {{\n{gate}\n}}\ntell() {{\n{record}\n}}\n\
         payload=$(cat)\nanswer=$(printf '%s' \"$payload\" | ask)\n\
         test -n \"$answer\" || printf '%s' \"$payload\" | tell\n\
         printf '%s\\n' \"${{answer:-{{\\\"cancel\\\":false\\}}}}\"\n"
    )
}

impl Installer for Cline {
    fn name(&self) -> &'static str {
        "cline"
    }

    fn program(&self) -> &'static str {
        "cline"
    }

    fn folder(&self, place: &Place) -> Option<PathBuf> {
        home(place)
    }

    fn commands(&self, options: &Options) -> Result<Commands, SettingsError> {
        settings::claude_code::commands(self.name(), options)
    }

    fn handlers(&self, place: &Place, read: Read<'_>) -> Result<Vec<Handler>, EditError> {
        let mut handlers = Vec::new();
        for file in files(place, read) {
            let text = read(&file)?.unwrap_or_default();
            let event = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let commands =
                text.lines().filter(|line| !line.starts_with('#') && Task::of(line).is_some());
            handlers.extend(commands.map(|command| Handler {
                file: file.clone(),
                event: event.to_owned(),
                matcher: None,
                command: command.to_owned(),
                trust: Trust::Given,
            }));
        }
        Ok(handlers)
    }

    fn add(&self, place: &Place, options: &Options, read: Read<'_>) -> Edits {
        let mut edits = Vec::new();
        for path in files(place, read) {
            let commands = self.commands(options);
            let commands = commands.map_err(|source| EditError { path: path.clone(), source })?;
            let event = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let text = Some(script(event, &commands));
            edits.extend(own::add(Edit { path, text, about: ABOUT }, read)?);
        }
        Ok(edits)
    }

    fn remove(&self, place: &Place, read: Read<'_>) -> Edits {
        let mut edits = Vec::new();
        for path in files(place, read) {
            edits.extend(own::remove(path, ABOUT, read)?);
        }
        Ok(edits)
    }

    fn obstacle(&self, place: &Place, read: Read<'_>) -> Option<Obstacle> {
        own::obstacle(&files(place, read), read)
    }

    fn advice(&self, place: &Place, read: Read<'_>) -> Option<String> {
        self.obstacle(place, read).map(|it| format!("{}; {}", it.what, it.mend))
    }
}
