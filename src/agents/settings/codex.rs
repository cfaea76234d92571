//! Codex CLI: `.codex/hooks.json` in the project, `config.toml` in `$CODEX_HOME` for the user, and
//! in both cases the trust entries in `config.toml`, without which Codex passes our hooks over.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::claude_code::{self, utf8};
use super::json::{self, Wanted};
use super::shape::Shape;
use super::{
    Commands, Edit, EditError, Edits, Handler, Installer, Obstacle, Options, Place, Read, Scope,
    SettingsError, Task, codex_toml,
};

/// The events we want. None has a matcher: Codex names its tools differently from one model to
/// the next.
pub(super) const EVENTS: &[&str] = &[
    "SessionStart",
    "UserPromptSubmit",
    "PreToolUse",
    "PostToolUse",
    "SubagentStart",
    "SubagentStop",
    "Stop",
    "SessionEnd",
];

/// Those at which the gate is asked.
const GATE: &[&str] = &["PreToolUse", "SubagentStop", "Stop"];

/// The events we want, each with what for.
pub(super) fn wanted() -> impl Iterator<Item = (&'static str, Task)> {
    let record = EVENTS.iter().map(|event| (*event, Task::Record));
    record.chain(GATE.iter().map(|event| (*event, Task::Gate)))
}

/// One handler in Codex's hook table, as the trust entries know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookAt {
    /// The event in Codex's snake case.
    pub event: String,
    /// The place of its group among the groups of that event in that file.
    pub group: usize,
    /// Its place in the group.
    pub handler: usize,
    /// Whether it calls us.
    pub ours: bool,
    /// What Codex runs.
    pub command: String,
    /// The tools it is called for.
    pub matcher: Option<String>,
    /// What `trusted_hash` has to be.
    pub hash: String,
}

impl HookAt {
    /// The key of its trust entry.
    pub(super) fn key(&self, file: &str) -> String {
        format!("{file}:{}:{}:{}", self.event, self.group, self.handler)
    }
}

/// `hooks.json` with our hooks in it.
pub fn codex_hooks_json(text: Option<&str>, commands: &Commands) -> Result<String, SettingsError> {
    let wanted: Vec<Wanted<'_>> =
        wanted().map(|(event, task)| Wanted { event, matcher: None, task }).collect();
    json::add(&Shape::Groups, text, &wanted, commands)
}

/// `hooks.json` without our hooks; `None` where nothing else was in it.
pub fn codex_hooks_json_removed(text: &str) -> Result<Option<String>, SettingsError> {
    json::remove(&Shape::Groups, text)
}

/// `config.toml` in which the hooks of ours in `after` are trusted.
///
/// `before` and `after` are all handlers of the file that `hooks_file` names. Entries are keyed by
/// place, so what other people's hooks were trusted under moves with them.
pub fn codex_trust(
    text: Option<&str>,
    hooks_file: &str,
    before: &[HookAt],
    after: &[HookAt],
) -> Result<String, SettingsError> {
    codex_toml::trust(text.unwrap_or(""), hooks_file, before, after)
}

/// `config.toml` without the trust entries of our hooks; `None` where nothing else was in it.
pub fn codex_trust_removed(
    text: &str,
    hooks_file: &str,
    before: &[HookAt],
    after: &[HookAt],
) -> Result<Option<String>, SettingsError> {
    let new = codex_toml::trust(text, hooks_file, before, after)?;
    Ok((text.trim().is_empty() || !new.trim().is_empty()).then_some(new))
}

/// The hash by which Codex knows a handler: SHA-256 of its compact JSON with sorted keys, with
/// the defaults written out.
pub fn codex_trust_hash(event: &str, group: &Value, handler: &Value) -> String {
    let mut of_handler = Map::new();
    of_handler.insert("async".to_owned(), handler.get("async").cloned().unwrap_or(false.into()));
    of_handler.insert("command".to_owned(), handler.get("command").cloned().unwrap_or_default());
    let timeout = if event == "session_end" { 1 } else { 600 };
    let timeout = handler.get("timeout").cloned().unwrap_or(timeout.into());
    of_handler.insert("timeout".to_owned(), timeout);
    of_handler.insert("type".to_owned(), handler.get("type").cloned().unwrap_or_default());
    let mut whole = Map::new();
    whole.insert("event_name".to_owned(), event.into());
    whole.insert("hooks".to_owned(), Value::Array(vec![Value::Object(of_handler)]));
    if let Some(matcher) = group.get("matcher") {
        whole.insert("matcher".to_owned(), matcher.clone());
    }
    let digest = Sha256::digest(Value::Object(whole).to_string());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// All handlers of a group, as the trust entries know them.
pub(super) fn handlers_of(event: &str, index: usize, group: &Value) -> Vec<HookAt> {
    let snake = snake_case(event);
    let handlers = group.get("hooks").and_then(Value::as_array).into_iter().flatten();
    handlers
        .enumerate()
        .map(|(handler, value)| {
            let command = value.get("command").and_then(Value::as_str).unwrap_or_default();
            HookAt {
                group: index,
                handler,
                ours: Task::of(command).is_some(),
                command: command.to_owned(),
                matcher: group.get("matcher").and_then(Value::as_str).map(str::to_owned),
                hash: codex_trust_hash(&snake, group, value),
                event: snake.clone(),
            }
        })
        .collect()
}

/// All handlers of a `hooks.json`.
fn handlers_of_json(text: Option<&str>) -> Result<Vec<HookAt>, SettingsError> {
    let groups = json::groups(text.unwrap_or(""))?;
    Ok(groups
        .iter()
        .flat_map(|group| handlers_of(&group.event, group.index, &group.value))
        .collect())
}

fn snake_case(event: &str) -> String {
    let mut snake = String::new();
    for letter in event.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// Codex runs commands through the user's own shell, which need not be a POSIX one.
fn commands(options: &Options) -> Result<Commands, SettingsError> {
    let shell = |inner: &str| format!("sh -c '{}'", inner.replace('\'', r"'\''"));
    let inner = claude_code::commands("codex", options)?;
    Ok(Commands { record: shell(&inner.record), gate: shell(&inner.gate) })
}

/// `$CODEX_HOME`, or its default.
fn home(place: &Place) -> Option<PathBuf> {
    place.homes.folder("CODEX_HOME", ".codex")
}

pub struct Codex;

const HOOKS: &str = "hooks of Codex";
const TRUST: &str = "Codex's trust in these hooks";

impl Codex {
    fn config(place: &Place) -> Option<PathBuf> {
        Some(home(place)?.join("config.toml"))
    }

    /// In a linked work tree Codex reads the `hooks.json` of the main one, if the linked one has a
    /// `.codex` folder at all.
    fn hooks_files(place: &Place) -> Vec<PathBuf> {
        let mut tops = vec![place.top.as_ref()];
        if place.main != place.top {
            tops.push(place.main.as_ref());
        }
        tops.into_iter().flatten().map(|top| top.join(".codex").join("hooks.json")).collect()
    }

    /// One `hooks.json` with our hooks, and `config.toml` with the trust in them.
    fn add_to(
        file: PathBuf,
        (config, settings): (&Path, Option<String>),
        commands: &Commands,
        read: Read<'_>,
    ) -> Result<(Edit, String), EditError> {
        let text = read(&file)?;
        let key = utf8(&file).map_err(at(&file))?;
        let new = codex_hooks_json(text.as_deref(), commands).map_err(at(&file))?;
        let before = handlers_of_json(text.as_deref()).map_err(at(&file))?;
        let after = handlers_of_json(Some(&new)).map_err(at(&file))?;
        let trust = codex_trust(settings.as_deref(), key, &before, &after).map_err(at(config))?;
        Ok((Edit { path: file, text: Some(new), about: HOOKS }, trust))
    }

    /// One `hooks.json` without our hooks, and `config.toml` without the trust in them.
    fn remove_from(
        file: PathBuf,
        (config, settings): (&Path, Option<String>),
        read: Read<'_>,
    ) -> Result<(Option<Edit>, Option<String>), EditError> {
        let text = read(&file)?;
        let before = match &text {
            Some(text) => handlers_of_json(Some(text)),
            // The file went without us; the trust in it may still be there.
            None => commands(&Options::default())
                .and_then(|commands| codex_hooks_json(None, &commands))
                .and_then(|text| handlers_of_json(Some(&text))),
        };
        let before = before.map_err(at(&file))?;
        let new = match &text {
            Some(text) => codex_hooks_json_removed(text).map_err(at(&file))?,
            None => None,
        };
        let after = handlers_of_json(new.as_deref()).map_err(at(&file))?;
        let settings = match (settings, file.to_str()) {
            (Some(settings), Some(key)) => {
                codex_trust_removed(&settings, key, &before, &after).map_err(at(config))?
            }
            (settings, _) => settings,
        };
        let edit = text.map(|_| Edit { path: file, text: new, about: HOOKS });
        Ok((edit, settings))
    }
}

fn at(path: &Path) -> impl FnOnce(SettingsError) -> EditError {
    let path = path.to_owned();
    move |source| EditError { path, source }
}

impl Installer for Codex {
    fn name(&self) -> &'static str {
        "codex"
    }

    fn program(&self) -> &'static str {
        "codex"
    }

    fn folder(&self, place: &Place) -> Option<PathBuf> {
        home(place)
    }

    fn commands(&self, options: &Options) -> Result<Commands, SettingsError> {
        commands(options)
    }

    fn handlers(&self, place: &Place, read: Read<'_>) -> Result<Vec<Handler>, EditError> {
        let Some(config) = Self::config(place) else {
            return Ok(Vec::new());
        };
        let settings = read(&config)?.unwrap_or_default();
        let (file, found) = match place.scope {
            Scope::User => (config.clone(), codex_toml::handlers_of_toml(&settings)),
            // The last one is the one that Codex reads.
            Scope::Project => match Self::hooks_files(place).pop() {
                Some(file) => {
                    let text = read(&file)?;
                    (file, handlers_of_json(text.as_deref()))
                }
                None => return Ok(Vec::new()),
            },
        };
        let name = file.to_string_lossy().into_owned();
        let ours = found.map_err(at(&file))?.into_iter().filter(|hook| hook.ours);
        let trust = codex_toml::trust_in(&settings).map_err(at(&config))?;
        Ok(ours
            .map(|hook| Handler {
                file: file.clone(),
                trust: trust(&hook.key(&name), &hook.hash),
                event: EVENTS
                    .iter()
                    .find(|event| snake_case(event) == hook.event)
                    .map_or(hook.event, |event| (*event).to_owned()),
                matcher: hook.matcher,
                command: hook.command,
            })
            .collect())
    }

    fn obstacle(&self, place: &Place, read: Read<'_>) -> Option<Obstacle> {
        let config = Self::config(place)?;
        let text = read(&config).ok()??;
        if codex_toml::hooks_are_off(&text) {
            return Some(Obstacle {
                what: format!("{} switches hooks off (features.hooks)", config.display()),
                mend: format!("set hooks = true under [features] in {}", config.display()),
            });
        }
        self.advice(place, read).map(|_| Obstacle {
            what: "Codex does not trust this folder, and passes over the hooks in it".to_owned(),
            mend: "start `codex` here and say yes, or `git ai-log install --user --agent codex`"
                .to_owned(),
        })
    }

    fn add(&self, place: &Place, options: &Options, read: Read<'_>) -> Edits {
        let Some(config) = Self::config(place) else {
            return Ok(Vec::new());
        };
        let mut settings = read(&config)?;
        let commands = self.commands(options).map_err(at(&config))?;
        if place.scope == Scope::User {
            let key = utf8(&config).map_err(at(&config))?;
            let text = codex_toml::codex_user_config(settings.as_deref(), &commands, key)
                .map_err(at(&config))?;
            return Ok(vec![Edit { path: config, text: Some(text), about: HOOKS }]);
        }
        let mut edits = Vec::new();
        for file in Self::hooks_files(place) {
            let (edit, trust) = Self::add_to(file, (&config, settings), &commands, read)?;
            edits.push(edit);
            settings = Some(trust);
        }
        if !edits.is_empty() {
            edits.push(Edit { path: config, text: settings, about: TRUST });
        }
        Ok(edits)
    }

    fn remove(&self, place: &Place, read: Read<'_>) -> Edits {
        let Some(config) = Self::config(place) else {
            return Ok(Vec::new());
        };
        let mut settings = read(&config)?;
        let there = settings.is_some();
        if place.scope == Scope::User {
            let (Some(text), Some(key)) = (settings, config.to_str()) else {
                return Ok(Vec::new());
            };
            let text = codex_toml::codex_user_config_removed(&text, key).map_err(at(&config))?;
            return Ok(vec![Edit { path: config, text, about: HOOKS }]);
        }
        let mut edits = Vec::new();
        for file in Self::hooks_files(place) {
            let (edit, trust) = Self::remove_from(file, (&config, settings), read)?;
            edits.extend(edit);
            settings = trust;
        }
        if there {
            edits.push(Edit { path: config, text: settings, about: TRUST });
        }
        Ok(edits)
    }

    fn advice(&self, place: &Place, read: Read<'_>) -> Option<String> {
        let top = place.top.as_ref().filter(|_| place.scope == Scope::Project)?;
        let text = read(&Self::config(place)?).ok()??;
        let folders = [Some(top), place.main.as_ref()].into_iter().flatten();
        if folders.filter_map(|path| path.to_str()).any(|path| codex_toml::is_trusted(&text, path))
        {
            return None;
        }
        Some(
            "Codex reads the hooks of a project only once you trust its folder: start `codex` \
             here and say yes (or install with --user)"
                .to_owned(),
        )
    }
}
