//! Claude Code: `.claude/settings.json` in the project or in the user's home.

use std::path::PathBuf;

use super::json::{self, Wanted};
use super::shape::Shape;
use super::{
    Commands, Edit, EditError, Edits, Handler, Installer, Obstacle, Options, Place, Read,
    SettingsError, Task, Trust,
};

/// Events that are not about a tool.
const PLAIN: &[&str] =
    &["SessionStart", "UserPromptSubmit", "SubagentStart", "SubagentStop", "Stop", "SessionEnd"];
/// Events around a tool's use.
const TOOL: &[&str] = &["PreToolUse", "PostToolUse", "PostToolUseFailure"];
/// Tools that can change a file; those that only read cost a process and say nothing.
const WRITERS: &str = "Edit|MultiEdit|Write|NotebookEdit|Bash|mcp__.*";
const WRITERS_AND_READ: &str = "Edit|MultiEdit|Write|NotebookEdit|Bash|mcp__.*|Read";

/// Events at which the gate is asked, each with the tools it is asked about.
const GATE: &[(&str, Option<&str>)] = &[
    ("PreToolUse", Some("Bash|Edit|MultiEdit|Write|NotebookEdit")),
    ("SubagentStop", None),
    ("Stop", None),
];

/// The settings with our hooks in them.
pub fn claude_settings(
    text: Option<&str>,
    commands: &Commands,
    read_hook: bool,
) -> Result<String, SettingsError> {
    let matcher = if read_hook { WRITERS_AND_READ } else { WRITERS };
    let order = [&PLAIN[..2], TOOL, &PLAIN[2..]];
    let mut wanted: Vec<Wanted<'_>> = order
        .into_iter()
        .flatten()
        .map(|event| Wanted {
            event,
            matcher: TOOL.contains(event).then_some(matcher),
            task: Task::Record,
        })
        .collect();
    wanted.extend(GATE.iter().map(|&(event, matcher)| Wanted { event, matcher, task: Task::Gate }));
    json::add(&Shape::Groups, text, &wanted, commands)
}

/// The settings without our hooks; `None` where nothing else was in them.
pub fn claude_settings_removed(text: &str) -> Result<Option<String>, SettingsError> {
    json::remove(&Shape::Groups, text)
}

/// The commands that an agent is given.
pub(in crate::agents) fn commands(
    agent: &str,
    options: &Options,
) -> Result<Commands, SettingsError> {
    Ok(Commands {
        record: guarded(&format!("record {agent}"), options)?,
        gate: guarded(&format!("hook agent-gate {agent}"), options)?,
    })
}

/// A command that Claude Code is given; it runs it through `/bin/sh -c`. A machine without the
/// program is not disturbed: nothing is printed and the status is 0.
fn guarded(words: &str, options: &Options) -> Result<String, SettingsError> {
    let found = format!("command -v git-ai-log >/dev/null 2>&1 && git-ai-log {words}");
    let Some(fallback) = &options.fallback else {
        return Ok(format!("{found} || true"));
    };
    let path = utf8(fallback)?.replace('\'', r"'\''");
    Ok(format!(
        "if command -v git-ai-log >/dev/null 2>&1; then git-ai-log {words}; \
         elif test -x '{path}'; then '{path}' {words}; fi || true"
    ))
}

pub(super) fn utf8(path: &std::path::Path) -> Result<&str, SettingsError> {
    path.to_str().ok_or_else(|| SettingsError::Path { path: path.display().to_string() })
}

/// `$CLAUDE_CONFIG_DIR`, or its default.
fn home(place: &Place) -> Option<PathBuf> {
    place.homes.folder("CLAUDE_CONFIG_DIR", ".claude")
}

pub struct ClaudeCode;

impl ClaudeCode {
    fn file(place: &Place) -> Option<PathBuf> {
        Some(place.base(home(place), ".claude")?.join("settings.json"))
    }
}

impl Installer for ClaudeCode {
    fn name(&self) -> &'static str {
        "claude-code"
    }

    fn program(&self) -> &'static str {
        "claude"
    }

    fn folder(&self, place: &Place) -> Option<PathBuf> {
        home(place)
    }

    fn commands(&self, options: &Options) -> Result<Commands, SettingsError> {
        commands(self.name(), options)
    }

    fn handlers(&self, place: &Place, read: Read<'_>) -> Result<Vec<Handler>, EditError> {
        let Some(file) = Self::file(place) else {
            return Ok(Vec::new());
        };
        let text = read(&file)?.unwrap_or_default();
        match json::handlers(&Shape::Groups, &text) {
            Ok(handlers) => Ok(handlers
                .into_iter()
                .map(|(event, matcher, command)| Handler {
                    file: file.clone(),
                    event,
                    matcher,
                    command,
                    trust: Trust::Given,
                })
                .collect()),
            Err(source) => Err(EditError { path: file, source }),
        }
    }

    /// One switch in any of the settings that Claude Code puts together.
    fn obstacle(&self, place: &Place, read: Read<'_>) -> Option<Obstacle> {
        let project = place.top.as_ref().map(|top| top.join(".claude"));
        let local = project.as_ref().map(|folder| folder.join("settings.local.json"));
        let files = [home(place).as_ref(), project.as_ref()]
            .map(|folder| folder.map(|folder| folder.join("settings.json")));
        let off = |file: &PathBuf| {
            let text = read(file).ok().flatten().unwrap_or_default();
            json::flag(&text, "disableAllHooks") == Some(true)
        };
        let file = files.into_iter().chain([local]).flatten().find(off)?;
        Some(Obstacle {
            what: format!("{} sets disableAllHooks", file.display()),
            mend: format!("take disableAllHooks out of {}", file.display()),
        })
    }

    fn add(&self, place: &Place, options: &Options, read: Read<'_>) -> Edits {
        let Some(path) = Self::file(place) else {
            return Ok(Vec::new());
        };
        let text = read(&path)?;
        let new = self
            .commands(options)
            .and_then(|commands| claude_settings(text.as_deref(), &commands, options.read_hook));
        match new {
            Ok(new) => Ok(vec![Edit { path, text: Some(new), about: "hooks of Claude Code" }]),
            Err(source) => Err(EditError { path, source }),
        }
    }

    fn remove(&self, place: &Place, read: Read<'_>) -> Edits {
        let Some(path) = Self::file(place) else {
            return Ok(Vec::new());
        };
        let Some(text) = read(&path)? else {
            return Ok(Vec::new());
        };
        match claude_settings_removed(&text) {
            Ok(text) => Ok(vec![Edit { path, text, about: "hooks of Claude Code" }]),
            Err(source) => Err(EditError { path, source }),
        }
    }
}
