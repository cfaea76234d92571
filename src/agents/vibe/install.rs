//! Vibe's `hooks.toml`, edited in place.

use std::path::PathBuf;

use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

use super::{AFTER, BEFORE, END};
use crate::agents::settings::codex_toml::{lay_over, parse};
use crate::agents::settings::{
    self, Commands, Edit, EditError, Edits, Handler, Installer, Options, Place, Read, Scope,
    SettingsError, Task, Trust,
};

const ABOUT: &str = "hooks of Mistral Vibe";

/// Edits Vibe's settings.
pub(super) struct Vibe;

/// A hook of ours.
struct Wanted {
    kind: &'static str,
    task: Task,
    matches: Option<&'static str>,
}

/// What we want to hear of. Reads cost a process and say nothing, unless a rule asks for them.
fn wanted(read_hook: bool) -> Vec<Wanted> {
    let all_but_reads = (!read_hook).then_some("re:(?!.*read_file$).*");
    let writers = Some("re:(bash|edit|search_replace|write_file)");
    let wanted = |kind, task, matches| Wanted { kind, task, matches };
    vec![
        // The gate goes first: what it denies did not happen.
        wanted(BEFORE, Task::Gate, writers),
        wanted(BEFORE, Task::Record, all_but_reads),
        wanted(AFTER, Task::Record, all_but_reads),
        wanted(END, Task::Record, None),
        wanted(END, Task::Gate, None),
    ]
}

fn home(place: &Place) -> Option<PathBuf> {
    place.homes.folder("VIBE_HOME", ".vibe")
}

fn file(place: &Place) -> Option<PathBuf> {
    Some(place.base(home(place), ".vibe")?.join("hooks.toml"))
}

fn list(document: &mut DocumentMut) -> Result<&mut ArrayOfTables, SettingsError> {
    let item = document.entry("hooks").or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
    item.as_array_of_tables_mut()
        .ok_or_else(|| SettingsError::shape("hooks", "a list of tables: [[hooks]]"))
}

fn text(table: &Table, name: &str) -> Option<String> {
    table.get(name).and_then(Item::as_str).map(str::to_owned)
}

fn task(table: &Table) -> Option<Task> {
    Task::of(&text(table, "command")?)
}

impl Wanted {
    fn is(&self, table: &Table) -> bool {
        task(table) == Some(self.task) && text(table, "type").as_deref() == Some(self.kind)
    }

    /// A name must be in one file only: of two, Vibe passes over the user's and complains.
    fn name(&self, scope: Scope) -> String {
        let what = if self.task == Task::Gate { "gate" } else { "record" };
        let user = if scope == Scope::User { "user-" } else { "" };
        format!("git-ai-log-{user}{what}-{}", self.kind.replace('_', "-"))
    }

    fn write(&self, table: &mut Table, command: &str, scope: Scope) {
        let mut set = |name: &str, text: &str| {
            if table.get(name).and_then(Item::as_str) != Some(text) {
                table[name] = value(text);
            }
        };
        set("name", &self.name(scope));
        set("type", self.kind);
        set("command", command);
        match self.matches {
            Some(matches) => set("match", matches),
            None => drop(table.remove("match")),
        }
    }
}

/// `hooks.toml` with exactly these hooks of ours.
fn with(
    text: Option<&str>,
    wanted: &[Wanted],
    commands: &Commands,
    scope: Scope,
) -> Result<String, SettingsError> {
    let text = text.unwrap_or("");
    let mut document = parse(text)?;
    let list = list(&mut document)?;
    // The first of each kind stays where it is.
    let mut met: Vec<usize> = Vec::new();
    list.retain(|table| {
        let Some(at) = wanted.iter().position(|one| one.is(table)) else {
            return task(table).is_none();
        };
        let first = !met.contains(&at);
        met.push(at);
        first
    });
    for one in wanted {
        let command = commands.of(one.task);
        let at = list.iter().position(|table| one.is(table));
        if at.is_none() {
            list.push(Table::new());
        }
        let at = at.unwrap_or(list.len() - 1);
        list.get_mut(at).into_iter().for_each(|table| one.write(table, command, scope));
    }
    Ok(lay_over(text, &document.to_string()))
}

/// `hooks.toml` without our hooks; `None` where nothing else was in it.
fn without(text: &str) -> Result<Option<String>, SettingsError> {
    let mut document = parse(text)?;
    if document.contains_key("hooks") {
        let list = list(&mut document)?;
        list.retain(|table| task(table).is_none());
        if list.is_empty() {
            document.remove("hooks");
        }
    }
    let new = lay_over(text, &document.to_string());
    Ok((text.trim().is_empty() || !new.trim().is_empty()).then_some(new))
}

impl Installer for Vibe {
    fn name(&self) -> &'static str {
        "vibe"
    }

    fn program(&self) -> &'static str {
        "vibe"
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
        let wrong = |source| EditError { path: file.clone(), source };
        let mut document = parse(&read(&file)?.unwrap_or_default()).map_err(wrong)?;
        let list = list(&mut document).map_err(wrong)?;
        let handler = |table: &Table| {
            let command = text(table, "command")?;
            Task::of(&command)?;
            Some(Handler {
                file: file.clone(),
                event: text(table, "type")?,
                // Ours are patterns that hold for all tools of the probe.
                matcher: None,
                command,
                trust: Trust::Given,
            })
        };
        Ok(list.iter().filter_map(handler).collect())
    }

    fn add(&self, place: &Place, options: &Options, read: Read<'_>) -> Edits {
        let Some(path) = file(place) else {
            return Ok(Vec::new());
        };
        let text = read(&path)?;
        let wanted = wanted(options.read_hook);
        let new = self
            .commands(options)
            .and_then(|commands| with(text.as_deref(), &wanted, &commands, place.scope));
        match new {
            Ok(new) => Ok(vec![Edit { path, text: Some(new), about: ABOUT }]),
            Err(source) => Err(EditError { path, source }),
        }
    }

    fn remove(&self, place: &Place, read: Read<'_>) -> Edits {
        let Some(path) = file(place) else {
            return Ok(Vec::new());
        };
        let Some(text) = read(&path)? else {
            return Ok(Vec::new());
        };
        match without(&text) {
            Ok(text) => Ok(vec![Edit { path, text, about: ABOUT }]),
            Err(source) => Err(EditError { path, source }),
        }
    }

    fn advice(&self, place: &Place, _read: Read<'_>) -> Option<String> {
        let say = "Mistral Vibe runs the hooks of a project only in a folder that it was told to \
                   trust; it asks when it is started there, or takes --trust";
        (place.scope == Scope::Project).then(|| say.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands() -> Commands {
        Commands {
            record: "git-ai-log record vibe".into(),
            gate: "git-ai-log hook agent-gate vibe".into(),
        }
    }

    fn added(text: &str) -> String {
        with(Some(text), &wanted(false), &commands(), Scope::User).unwrap()
    }

    const FOREIGN: &str = "# mine\n\n[[hooks]]   # a linter\nname = 'lint'\ntype = \"post_agent\"\n\
                           command = \"eslint .\"\n\n# the end\n";

    #[test]
    fn what_was_there_stays() {
        for text in ["", FOREIGN, "other = 1\n", &FOREIGN.replace('\n', "\r\n")] {
            let new = added(text);
            assert_eq!(new.matches("git-ai-log record vibe").count(), 3, "{new}");
            assert_eq!(new.matches("agent-gate vibe").count(), 2, "{new}");
            for line in text.lines() {
                assert!(new.contains(line), "{line} in {new}");
            }
            assert_eq!(added(&new), new);
            assert_eq!(without(&new).unwrap().unwrap_or_default(), text);
        }
    }

    #[test]
    fn older_hooks_of_ours_are_brought_up_to_date() {
        let old = added(FOREIGN).replace("record vibe", "record vibe --old");
        assert_eq!(added(&old), added(FOREIGN));
        let double = format!("{}{}", added(FOREIGN), added(""));
        assert_eq!(added(&double).matches("git-ai-log record vibe").count(), 3);
    }

    #[test]
    fn what_is_no_list_is_left_alone() {
        let error = with(Some("hooks = 3\n"), &wanted(true), &commands(), Scope::User).unwrap_err();
        assert!(error.to_string().contains("[[hooks]]"));
        assert!(with(Some("hooks = [\n"), &[], &commands(), Scope::User).is_err());
    }
}
