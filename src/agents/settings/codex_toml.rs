//! Codex's `config.toml`: hook tables and trust entries, edited in place.

use serde_json::Value as Json;
use similar::{Algorithm, DiffOp, capture_diff_slices};
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::codex::{HookAt, handlers_of, wanted};
use super::{Commands, SettingsError, Task, Trust};

/// `config.toml` with our hooks in it and trusted; `file` is the path that Codex knows it by.
pub fn codex_user_config(
    text: Option<&str>,
    commands: &Commands,
    file: &str,
) -> Result<String, SettingsError> {
    let text = text.unwrap_or("");
    let mut document = parse(text)?;
    let before = handlers(&document)?;
    let hooks = section(document.as_table_mut(), "hooks", "hooks")?;
    for (event, task) in wanted() {
        add(hooks, event, task, commands.of(task))?;
    }
    let after = handlers(&document)?;
    set_trust(&mut document, file, &before, &after)?;
    Ok(lay_over(text, &document.to_string()))
}

/// `config.toml` without our hooks and their trust entries; `None` where nothing else was in it.
pub fn codex_user_config_removed(text: &str, file: &str) -> Result<Option<String>, SettingsError> {
    let mut document = parse(text)?;
    let before = handlers(&document)?;
    if let Some(hooks) = document.get_mut("hooks").and_then(Item::as_table_like_mut) {
        let events: Vec<String> = hooks.iter().map(|(name, _)| name.to_owned()).collect();
        for event in events {
            remove(hooks, &event);
        }
    }
    let after = handlers(&document)?;
    set_trust(&mut document, file, &before, &after)?;
    let new = lay_over(text, &document.to_string());
    Ok((text.trim().is_empty() || !new.trim().is_empty()).then_some(new))
}

/// `config.toml` in which the hooks of ours in `after` are trusted, and no others of ours.
pub(super) fn trust(
    text: &str,
    file: &str,
    before: &[HookAt],
    after: &[HookAt],
) -> Result<String, SettingsError> {
    let mut document = parse(text)?;
    set_trust(&mut document, file, before, after)?;
    Ok(lay_over(text, &document.to_string()))
}

/// Whether Codex reads what a project brings along.
pub(super) fn is_trusted(text: &str, folder: &str) -> bool {
    let Ok(document) = parse(text) else {
        return false;
    };
    let level = document
        .get("projects")
        .and_then(|projects| projects.get(folder))
        .and_then(|project| project.get("trust_level"));
    level.and_then(Item::as_str) == Some("trusted")
}

/// All handlers in `config.toml`.
pub(super) fn handlers_of_toml(text: &str) -> Result<Vec<HookAt>, SettingsError> {
    handlers(&parse(text)?)
}

/// Whether Codex runs a handler, by the key of its trust entry and its hash.
pub(super) fn trust_in(text: &str) -> Result<impl Fn(&str, &str) -> Trust, SettingsError> {
    let document = parse(text)?;
    Ok(move |key: &str, hash: &str| {
        let state = document.get("hooks").and_then(|hooks| hooks.get("state"));
        let Some(entry) = state.and_then(|state| state.get(key)) else {
            return Trust::Missing;
        };
        if entry.get("enabled").and_then(Item::as_bool) == Some(false) {
            return Trust::SwitchedOff;
        }
        match entry.get("trusted_hash").and_then(Item::as_str) == Some(hash) {
            true => Trust::Given,
            false => Trust::Missing,
        }
    })
}

/// Whether all hooks are switched off.
pub(super) fn hooks_are_off(text: &str) -> bool {
    let feature = |document: DocumentMut| {
        document.get("features").and_then(|table| table.get("hooks")).and_then(Item::as_bool)
    };
    parse(text).ok().and_then(feature) == Some(false)
}

pub(in crate::agents) fn parse(text: &str) -> Result<DocumentMut, SettingsError> {
    text.trim_start_matches('\u{feff}').parse().map_err(|error: toml_edit::TomlError| {
        SettingsError::Malformed { format: "TOML", cause: error.to_string().trim().to_owned() }
    })
}

/// The new text with the user's own lines exactly as they were: the parser forgets a byte order
/// mark, the kind of line ends, and whether the last line had one.
pub(in crate::agents) fn lay_over(old: &str, new: &str) -> String {
    let (bom, body) = match old.strip_prefix('\u{feff}') {
        Some(body) => ("\u{feff}", body),
        None => ("", old),
    };
    let old_lines: Vec<&str> = body.split_inclusive('\n').collect();
    let bare = |line: &&'_ str| line.trim_end_matches(['\r', '\n']).to_owned();
    let old_bare: Vec<String> = old_lines.iter().map(bare).collect();
    let new_lines: Vec<String> = new.lines().map(str::to_owned).collect();
    let end =
        if old_lines.first().is_some_and(|line| line.ends_with("\r\n")) { "\r\n" } else { "\n" };
    let mut text = bom.to_owned();
    for op in capture_diff_slices(Algorithm::Myers, &old_bare, &new_lines) {
        if let DiffOp::Equal { old_index, len, .. } = op {
            for line in &old_lines[old_index..old_index + len] {
                finish_line(&mut text, bom, end);
                text.push_str(line);
            }
        } else {
            for line in &new_lines[op.new_range()] {
                finish_line(&mut text, bom, end);
                text.push_str(line);
                text.push_str(end);
            }
        }
    }
    text
}

/// A last line without its end gets one before another follows.
fn finish_line(text: &mut String, bom: &str, end: &str) {
    if text.len() > bom.len() && !text.ends_with('\n') {
        text.push_str(end);
    }
}

/// A table inside this one, made where it is missing.
fn section<'a>(
    parent: &'a mut dyn TableLike,
    name: &str,
    at: &str,
) -> Result<&'a mut dyn TableLike, SettingsError> {
    if parent.get(name).is_none_or(Item::is_none) {
        let mut table = Table::new();
        table.set_implicit(true);
        parent.insert(name, Item::Table(table));
    }
    parent
        .get_mut(name)
        .and_then(Item::as_table_like_mut)
        .ok_or_else(|| SettingsError::shape(at, "a table"))
}

/// All handlers, as the trust entries know them.
fn handlers(document: &DocumentMut) -> Result<Vec<HookAt>, SettingsError> {
    let mut found = Vec::new();
    let Some(hooks) = document.get("hooks").filter(|item| !item.is_none()) else {
        return Ok(found);
    };
    let hooks = hooks.as_table_like().ok_or_else(|| SettingsError::shape("hooks", "a table"))?;
    for (event, item) in hooks.iter().filter(|(event, _)| *event != "state") {
        if let Json::Array(groups) = json_of(item) {
            for (index, group) in groups.iter().enumerate() {
                found.extend(handlers_of(event, index, group));
            }
        }
    }
    Ok(found)
}

fn json_of(item: &Item) -> Json {
    match item {
        Item::None => Json::Null,
        Item::Value(value) => json_of_value(value),
        Item::Table(table) => table.iter().map(|(key, item)| (key, json_of(item))).collect(),
        Item::ArrayOfTables(tables) => {
            let tables = tables.iter().map(|table| json_of(&Item::Table(table.clone())));
            Json::Array(tables.collect())
        }
    }
}

fn json_of_value(value: &Value) -> Json {
    match value {
        Value::String(text) => text.value().as_str().into(),
        Value::Integer(number) => (*number.value()).into(),
        Value::Float(number) => (*number.value()).into(),
        Value::Boolean(flag) => (*flag.value()).into(),
        Value::Datetime(at) => at.value().to_string().into(),
        Value::Array(array) => Json::Array(array.iter().map(json_of_value).collect()),
        Value::InlineTable(table) => {
            table.iter().map(|(key, value)| (key, json_of_value(value))).collect()
        }
    }
}

/// A list of tables, written either way.
enum List<'a> {
    Tables(&'a mut ArrayOfTables),
    Inline(&'a mut Array),
}

impl<'a> List<'a> {
    fn of(item: &'a mut Item) -> Option<Self> {
        match item {
            Item::ArrayOfTables(tables) => Some(Self::Tables(tables)),
            Item::Value(Value::Array(array)) => Some(Self::Inline(array)),
            _ => None,
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Tables(tables) => tables.len(),
            Self::Inline(array) => array.len(),
        }
    }

    fn get(&mut self, index: usize) -> Option<&mut dyn TableLike> {
        match self {
            Self::Tables(tables) => tables.get_mut(index).map(|table| table as &mut dyn TableLike),
            Self::Inline(array) => array
                .get_mut(index)
                .and_then(Value::as_inline_table_mut)
                .map(|table| table as &mut dyn TableLike),
        }
    }

    fn remove(&mut self, index: usize) {
        match self {
            Self::Tables(tables) => {
                tables.remove(index);
            }
            Self::Inline(array) => {
                array.remove(index);
            }
        }
    }
}

fn task_of(handler: &dyn TableLike) -> Option<Task> {
    handler.get("command").and_then(Item::as_str).and_then(Task::of)
}

/// Leaves exactly one handler of ours for this event and this task.
fn add(
    hooks: &mut dyn TableLike,
    event: &str,
    task: Task,
    command: &str,
) -> Result<(), SettingsError> {
    if hooks.get(event).is_none_or(Item::is_none) {
        hooks.insert(event, Item::ArrayOfTables(ArrayOfTables::new()));
    }
    let shape = || SettingsError::shape(format!("hooks.{event}"), "a list of tables");
    let item = hooks.get_mut(event).ok_or_else(shape)?;
    let mut groups = List::of(item).ok_or_else(shape)?;
    let mut kept = false;
    let mut index = 0;
    while index < groups.len() {
        let left = match groups.get(index) {
            Some(group) => keep_one(group, Some(task), &mut kept, command),
            None => true,
        };
        if left {
            index += 1;
        } else {
            groups.remove(index);
        }
    }
    if !kept {
        let mut handler = Table::new();
        handler.insert("type", "command".into());
        handler.insert("command", command.into());
        match groups {
            List::Tables(tables) => {
                let mut handlers = ArrayOfTables::new();
                handlers.push(handler);
                let mut group = Table::new();
                group.insert("hooks", Item::ArrayOfTables(handlers));
                tables.push(group);
            }
            List::Inline(array) => {
                let mut handlers = Array::new();
                handlers.push(handler.into_inline_table());
                let mut group = InlineTable::new();
                group.insert("hooks", handlers.into());
                array.push(group);
            }
        }
    }
    Ok(())
}

/// Brings the first handler of ours for this task (for any, where none is named) up to date and
/// drops the others; false where the group is then empty.
fn keep_one(group: &mut dyn TableLike, task: Option<Task>, kept: &mut bool, command: &str) -> bool {
    let Some(mut handlers) = group.get_mut("hooks").and_then(List::of) else {
        return true;
    };
    let all = handlers.len();
    let mut index = 0;
    while index < handlers.len() {
        match handlers.get(index) {
            Some(handler)
                if task_of(handler).is_some_and(|own| task.is_none_or(|task| task == own)) =>
            {
                if *kept {
                    handlers.remove(index);
                    continue;
                }
                *kept = true;
                if handler.get("command").and_then(Item::as_str) != Some(command) {
                    handler.insert("command", command.into());
                }
            }
            _ => {}
        }
        index += 1;
    }
    handlers.len() > 0 || all == 0
}

/// Takes our handlers of this event away, and what is then empty with them.
fn remove(hooks: &mut dyn TableLike, event: &str) {
    let Some(mut groups) = hooks.get_mut(event).and_then(List::of) else {
        return;
    };
    let all = groups.len();
    let mut index = 0;
    while index < groups.len() {
        let left = match groups.get(index) {
            Some(group) => keep_one(group, None, &mut true, ""),
            None => true,
        };
        if left {
            index += 1;
        } else {
            groups.remove(index);
        }
    }
    if groups.len() == 0 && all > 0 {
        hooks.remove(event);
    }
}

/// Writes the trust entries of our hooks, takes away those of hooks of ours that are gone, and
/// moves those of other people's hooks to where these are now.
fn set_trust(
    document: &mut DocumentMut,
    file: &str,
    before: &[HookAt],
    after: &[HookAt],
) -> Result<(), SettingsError> {
    let hooks = section(document.as_table_mut(), "hooks", "hooks")?;
    let state = section(hooks, "state", "hooks.state")?;
    forget_ours(state, file, before, after);
    move_foreign(state, file, before, after);
    for hook in after.iter().filter(|hook| hook.ours) {
        let key = hook.key(file);
        if state.get(&key).and_then(Item::as_table_like).is_none() {
            let mut entry = Table::new();
            entry.insert("enabled", true.into());
            state.insert(&key, Item::Table(entry));
        }
        // A person who switched our hook off in Codex keeps it off: only the hash is brought up
        // to date.
        if let Some(entry) = state.get_mut(&key).and_then(Item::as_table_like_mut)
            && entry.get("trusted_hash").and_then(Item::as_str) != Some(&hook.hash)
        {
            entry.insert("trusted_hash", hook.hash.as_str().into());
        }
    }
    if hooks.get("state").is_some_and(is_left_over) {
        hooks.remove("state");
    }
    if document.get("hooks").is_some_and(is_left_over) {
        document.remove("hooks");
    }
    Ok(())
}

/// A table that is empty and that nobody wrote a header for.
fn is_left_over(item: &Item) -> bool {
    item.as_table().is_some_and(|table| table.is_empty() && table.is_implicit())
}

/// Entries with a hash of ours that stand where no hook of ours is (any more).
fn forget_ours(state: &mut dyn TableLike, file: &str, before: &[HookAt], after: &[HookAt]) {
    let prefix = format!("{file}:");
    let keep: Vec<String> =
        after.iter().filter(|hook| hook.ours).map(|hook| hook.key(file)).collect();
    let stale: Vec<String> = state
        .iter()
        .filter(|(key, _)| key.starts_with(&prefix) && !keep.iter().any(|kept| kept == key))
        .filter(|(_, entry)| {
            let hash = entry.get("trusted_hash").and_then(Item::as_str);
            let mut ours = before.iter().chain(after).filter(|hook| hook.ours);
            ours.any(|hook| Some(hook.hash.as_str()) == hash)
        })
        .map(|(key, _)| key.to_owned())
        .collect();
    for key in stale {
        state.remove(&key);
    }
}

/// The nth hook of other people before is their nth hook after.
fn move_foreign(state: &mut dyn TableLike, file: &str, before: &[HookAt], after: &[HookAt]) {
    let mut moved = Vec::new();
    for hook in before.iter().filter(|hook| !hook.ours) {
        let same = |other: &&HookAt| !other.ours && other.event == hook.event;
        let nth = before.iter().filter(same).position(|other| other == hook);
        let now = nth.and_then(|nth| after.iter().filter(same).nth(nth));
        let Some(now) = now.filter(|now| now.key(file) != hook.key(file)) else {
            continue;
        };
        if let Some(entry) = state.remove(&hook.key(file)) {
            moved.push((now.key(file), entry));
        }
    }
    for (key, entry) in moved {
        state.insert(&key, entry);
    }
}
