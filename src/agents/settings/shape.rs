//! How handlers stand in an agent's hook table, `hooks` → event → list.

use jsonc_parser::cst::CstInputValue;
use serde_json::{Map, Value};

use super::cut::{Group, Ours};
use super::json::Wanted;
use super::{Commands, Task};

/// What the list of an event holds.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// Groups, each with a matcher and a list of handlers, as Claude Code brought it.
    Groups,
    /// Handlers.
    Flat(Flat),
}

/// How an agent without groups spells a handler.
#[derive(Debug, Clone, Copy)]
pub struct Flat {
    /// The field that holds the command.
    pub command: &'static str,
    /// Fields that a handler has beside it.
    pub more: &'static [(&'static str, More)],
    /// The format's number, at the top of the file.
    pub version: Option<u32>,
}

/// A field of a handler.
#[derive(Debug, Clone, Copy)]
pub enum More {
    /// A text.
    Text(&'static str),
    /// A number.
    Number(u32),
    /// A switch.
    Flag(bool),
}

impl Shape {
    /// The field of a handler that holds its command.
    pub(super) fn command(&self) -> &'static str {
        match self {
            Self::Groups => "command",
            Self::Flat(flat) => flat.command,
        }
    }

    /// The handlers of ours in an element of a list.
    pub(super) fn ours(&self, group: &Group) -> Vec<Ours> {
        let handlers = match self {
            Self::Groups => group.value.get("hooks").and_then(Value::as_array),
            Self::Flat(_) => None,
        };
        let all = match self {
            Self::Groups => handlers.map(Vec::as_slice).unwrap_or_default(),
            Self::Flat(_) => std::slice::from_ref(&group.value),
        };
        let command = |handler: &Value| handler.get(self.command())?.as_str().map(str::to_owned);
        let task = |handler: &Value| Task::of(&command(handler)?);
        let matcher = group.value.get("matcher").and_then(Value::as_str);
        let matcher = matcher.filter(|_| matches!(self, Self::Groups));
        let ours = all.iter().enumerate().filter_map(|(at, handler)| {
            Some(Ours {
                event: group.event.clone(),
                group: group.index,
                handler: at,
                matcher: matcher.map(str::to_owned),
                task: task(handler)?,
                command: command(handler)?,
                alone: all.iter().all(|other| task(other) == task(handler)),
            })
        });
        ours.collect()
    }

    /// An element of a list that is ours.
    pub(super) fn element(&self, wanted: &Wanted<'_>, command: &str) -> Value {
        match self {
            Self::Groups => {
                let mut group = Map::new();
                if let Some(matcher) = wanted.matcher {
                    group.insert("matcher".to_owned(), matcher.into());
                }
                let handler = serde_json::json!({ "type": "command", "command": command });
                group.insert("hooks".to_owned(), Value::Array(vec![handler]));
                group.into()
            }
            Self::Flat(flat) => {
                let more = flat.more.iter().map(|(name, value)| {
                    let value = match *value {
                        More::Text(text) => text.into(),
                        More::Number(number) => number.into(),
                        More::Flag(flag) => Value::Bool(flag),
                    };
                    ((*name).to_owned(), value)
                });
                more.chain([(flat.command.to_owned(), command.into())])
                    .collect::<Map<_, _>>()
                    .into()
            }
        }
    }

    /// A whole file of ours, written as most tools write JSON.
    pub(super) fn fresh(&self, wanted: &[Wanted<'_>], commands: &Commands) -> String {
        let mut hooks = Map::new();
        for one in wanted {
            let list = hooks.entry(one.event).or_insert_with(|| Value::Array(Vec::new()));
            let element = self.element(one, commands.of(one.task));
            list.as_array_mut().into_iter().for_each(|list| list.push(element.clone()));
        }
        let mut file: Map<String, Value> = self.version().into_iter().collect();
        file.insert("hooks".to_owned(), hooks.into());
        format!("{:#}\n", Value::Object(file))
    }

    /// What stands at the top of a file of ours beside the hooks.
    pub(super) fn version(&self) -> Option<(String, Value)> {
        match self {
            Self::Groups => None,
            Self::Flat(flat) => flat.version.map(|number| ("version".to_owned(), number.into())),
        }
    }
}

/// A value to be put into a text.
pub(super) fn input(value: &Value) -> CstInputValue {
    match value {
        Value::Null => CstInputValue::Null,
        Value::Bool(flag) => CstInputValue::Bool(*flag),
        Value::Number(number) => CstInputValue::Number(number.to_string()),
        Value::String(text) => CstInputValue::String(text.clone()),
        Value::Array(items) => CstInputValue::Array(items.iter().map(input).collect()),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| (name.clone(), input(value)));
            CstInputValue::Object(members.collect())
        }
    }
}
