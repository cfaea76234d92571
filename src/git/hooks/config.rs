//! Hooks from git's own configuration (git 2.54 and later).
//!
//! git does not tell a command which event it is run for, so each hook is a section of its own. A
//! section's name must not be an event's.

use std::path::Path;
use std::process::Command;

use super::{HOOKS, Hook, HookError, Site, config_at, quoted};
use crate::git::process;
use crate::model::path::os_bytes;
use crate::model::step::Step;

/// The command that git is given; it appends the hook's arguments and runs it through `sh -c`.
pub fn config_command(hook: &Hook, fallback: Option<&Path>) -> String {
    let found = "command -v git-ai-log >/dev/null 2>&1";
    let name = hook.name;
    // A path that is no text cannot be kept in the configuration.
    match fallback.map(|path| String::from_utf8(quoted(&os_bytes(path.as_os_str())))) {
        Some(Ok(path)) => format!(
            "if {found}; then ai_log=git-ai-log; elif test -x {path}; then ai_log={path}; else \
             exit 0; fi; \"$ai_log\" hook {name}"
        ),
        _ => format!("{found} || exit 0; git-ai-log hook {name}"),
    }
}

/// A hook of ours in git's configuration, wherever that says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ConfigHook {
    pub(super) section: String,
    pub(super) command: String,
    pub(super) events: Vec<String>,
    pub(super) enabled: bool,
}

/// Every hook in the configuration that calls us: this repository's, the user's, the system's.
pub(super) fn hooks(site: &Site) -> Result<Vec<ConfigHook>, HookError> {
    let mut command = config_at(&site.git_dir);
    command.args(["--null", "--get-regexp", r"^hook\..*\.(command|event|enabled)$"]);
    let mut hooks: Vec<ConfigHook> = Vec::new();
    for (key, value) in entries_of(&mut command)? {
        let Some((section, name)) = key.rsplit_once('.') else { continue };
        let at = hooks.iter().position(|hook| hook.section == section);
        let at = at.unwrap_or_else(|| {
            let section = section.to_owned();
            let (command, events) = (String::new(), Vec::new());
            hooks.push(ConfigHook { section, command, events, enabled: true });
            hooks.len() - 1
        });
        match name {
            "command" => hooks[at].command = value,
            "event" => hooks[at].events.push(value),
            _ => hooks[at].enabled = !["false", "no", "off", "0"].contains(&&*value),
        }
    }
    hooks.retain(|hook| hook.command.contains("git-ai-log") && hook.command.contains(" hook "));
    Ok(hooks)
}

/// What makes git run our hooks.
pub(super) fn set(site: &Site, fallback: Option<&Path>) -> Result<Vec<Step>, HookError> {
    let present = present(site)?;
    let mut steps = Vec::new();
    for hook in HOOKS {
        let section = section(hook);
        let command = config_command(hook, fallback);
        // The first change of a section undoes all of them.
        let mut undo = vec![words(&["--remove-section", &section])];
        undo.extend(entries(&present, &section));
        for (name, value) in [("command", command.as_str()), ("event", hook.name)] {
            let key = format!("{section}.{name}");
            let values = present.iter().filter(|(other, _)| *other == key).map(|(_, value)| value);
            if !values.eq([value]) {
                let undo = std::mem::take(&mut undo);
                steps.push(step(site, &["--replace-all", &key, value], undo));
            }
        }
    }
    Ok(steps)
}

/// What makes git forget them.
pub(super) fn unset(site: &Site) -> Result<Vec<Step>, HookError> {
    let present = present(site)?;
    let mut steps = Vec::new();
    for hook in HOOKS {
        let section = section(hook);
        let undo = entries(&present, &section);
        if !undo.is_empty() {
            steps.push(step(site, &["--remove-section", &section], undo));
        }
    }
    Ok(steps)
}

/// What writes these entries of a section anew.
fn entries(present: &[(String, String)], section: &str) -> Vec<Vec<String>> {
    present
        .iter()
        .filter(|(key, _)| in_section(key, section))
        .map(|(key, value)| words(&["--add", key, value]))
        .collect()
}

fn section(hook: &Hook) -> String {
    format!("hook.ai-log-{}", hook.name)
}

fn in_section(key: &str, section: &str) -> bool {
    key.strip_prefix(section).is_some_and(|rest| rest.starts_with('.'))
}

fn words(words: &[&str]) -> Vec<String> {
    let mut all = vec!["--local".to_owned()];
    all.extend(words.iter().map(|word| (*word).to_owned()));
    all
}

fn step(site: &Site, args: &[&str], undo: Vec<Vec<String>>) -> Step {
    let about = "git hook".to_owned();
    Step::Config { git_dir: site.git_dir.clone(), args: words(args), undo, about }
}

/// Keys and values of ours that the repository's own configuration holds.
fn present(site: &Site) -> Result<Vec<(String, String)>, HookError> {
    let mut command = config_at(&site.git_dir);
    command.args(["--local", "--null", "--get-regexp", r"^hook\.ai-log-"]);
    entries_of(&mut command)
}

/// Keys and values, as `git config --null` prints them.
fn entries_of(command: &mut Command) -> Result<Vec<(String, String)>, HookError> {
    let out = process::answer(command, "read its configuration")?.unwrap_or_default();
    let entries = out.split(|byte| *byte == 0).filter(|entry| !entry.is_empty());
    Ok(entries
        .map(|entry| {
            let entry = String::from_utf8_lossy(entry);
            let (key, value) = entry.split_once('\n').unwrap_or((&entry, ""));
            (key.to_owned(), value.to_owned())
        })
        .collect())
}
