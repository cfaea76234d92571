//! Hook tables without groups, in JSON with comments: `hooks` → event → handlers.
//!
//! Only our own handlers are written or taken away; everything else stays as it is.

use super::json::text_of;
use super::{Commands, SettingsError, Task, cut};
use jsonc_parser::cst::{CstArray, CstInputValue, CstNode, CstObject, CstRootNode};

/// How an agent spells a handler.
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

impl Flat {
    /// The text with exactly one handler of ours for each of these.
    pub(super) fn add(
        &self,
        text: Option<&str>,
        wanted: &[(&str, Task)],
        commands: &Commands,
    ) -> Result<String, SettingsError> {
        let body = text.filter(|text| !text.trim().is_empty());
        let bare = self
            .version
            .map_or("{}\n".to_owned(), |number| format!("{{\n  \"version\": {number}\n}}\n"));
        let root = parse(body.unwrap_or(&bare))?;
        let object = root
            .object_value_or_create()
            .ok_or_else(|| SettingsError::shape("the file", "an object: { … }"))?;
        let hooks = object
            .object_value_or_create("hooks")
            .ok_or_else(|| SettingsError::shape("hooks", "an object: { … }"))?;
        for node in self.ours(&hooks)? {
            let known =
                wanted.iter().any(|(event, task)| *event == node.event && *task == node.task);
            if !known {
                node.node.remove();
            }
        }
        for (event, task) in wanted {
            let command = commands.of(*task);
            let mut ours = self.ours(&hooks)?.into_iter();
            match ours.find(|one| one.event == *event && one.task == *task) {
                Some(one) if one.command == command => {}
                Some(one) => {
                    if let Some(object) = one.node.as_object()
                        && let Some(property) = object.get(self.command)
                    {
                        property.set_value(command.into());
                    }
                }
                None => {
                    let list = hooks.array_value_or_create(event).ok_or_else(|| {
                        SettingsError::shape(format!("hooks.{event}"), "a list: [ … ]")
                    })?;
                    list.ensure_multiline();
                    list.append(self.handler(command));
                }
            }
        }
        Ok(root.to_string())
    }

    /// The text without our handlers; `None` where nothing else was in it.
    pub(super) fn remove(&self, text: &str) -> Result<Option<String>, SettingsError> {
        let root = parse(text)?;
        let Some(object) = root.object_value() else {
            return Ok(Some(text.to_owned()));
        };
        let Some(hooks) = object.object_value("hooks") else {
            return Ok(Some(text.to_owned()));
        };
        let ours = self.ours(&hooks)?;
        if ours.is_empty() {
            return Ok(Some(text.to_owned()));
        }
        for one in ours {
            let empty = one.list.elements().len() == 1;
            one.node.remove();
            if empty && let Some(property) = hooks.get(&one.event) {
                property.remove();
            }
        }
        if hooks.properties().is_empty()
            && let Some(property) = object.get("hooks")
        {
            property.remove();
        }
        let left = object.properties();
        let only_version = left.iter().all(|property| {
            let name = property.name().and_then(|name| name.decoded_value().ok());
            self.version.is_some() && name.as_deref() == Some("version")
        });
        Ok((!only_version).then(|| root.to_string()))
    }

    /// Our handlers: event and command.
    pub(super) fn handlers(&self, text: &str) -> Result<Vec<(String, String)>, SettingsError> {
        let root = parse(if text.trim().is_empty() { "{}" } else { text })?;
        let Some(hooks) = root.object_value().and_then(|object| object.object_value("hooks"))
        else {
            return Ok(Vec::new());
        };
        Ok(self.ours(&hooks)?.into_iter().map(|one| (one.event, one.command)).collect())
    }

    fn ours(&self, hooks: &CstObject) -> Result<Vec<Ours>, SettingsError> {
        let mut found = Vec::new();
        for property in hooks.properties() {
            let name = property.name().and_then(|name| name.decoded_value().ok());
            let event = name.unwrap_or_default();
            let Some(list) = property.array_value() else {
                return Err(SettingsError::shape(format!("hooks.{event}"), "a list: [ … ]"));
            };
            for node in list.elements() {
                let property = node.as_object().and_then(|handler| handler.get(self.command));
                let command = property.and_then(|property| text_of(&property));
                if let Some((command, task)) =
                    command.and_then(|c| Some((c.clone(), Task::of(&c)?)))
                {
                    let event = event.clone();
                    found.push(Ours { event, task, command, node, list: list.clone() });
                }
            }
        }
        Ok(found)
    }

    fn handler(&self, command: &str) -> CstInputValue {
        let more = self.more.iter().map(|(name, value)| {
            let value = match value {
                More::Text(text) => CstInputValue::String((*text).to_owned()),
                More::Number(number) => CstInputValue::Number(number.to_string()),
                More::Flag(flag) => CstInputValue::Bool(*flag),
            };
            ((*name).to_owned(), value)
        });
        let command = (self.command.to_owned(), CstInputValue::String(command.to_owned()));
        CstInputValue::Object(more.chain([command]).collect())
    }
}

/// A handler of ours.
struct Ours {
    event: String,
    task: Task,
    command: String,
    node: CstNode,
    list: CstArray,
}

fn parse(text: &str) -> Result<CstRootNode, SettingsError> {
    CstRootNode::parse(text, &cut::OPTIONS).map_err(|error| cut::malformed(&error))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const FLAT: Flat =
        Flat { command: "command", more: &[("show", More::Flag(false))], version: Some(1) };

    fn commands(version: &str) -> Commands {
        Commands {
            record: format!("git-ai-log record x{version}"),
            gate: format!("git-ai-log hook agent-gate x{version}"),
        }
    }

    const WANTED: &[(&str, Task)] =
        &[("before", Task::Record), ("before", Task::Gate), ("after", Task::Record)];

    #[test]
    fn a_new_file_is_ours_alone() {
        let text = FLAT.add(None, WANTED, &commands("")).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["version"], 1);
        assert_eq!(value["hooks"]["before"].as_array().unwrap().len(), 2);
        assert_eq!(value["hooks"]["after"][0]["show"], false);
        assert_eq!(FLAT.add(Some(&text), WANTED, &commands("")).unwrap(), text);
        assert_eq!(FLAT.remove(&text).unwrap(), None);
        assert_eq!(FLAT.handlers(&text).unwrap().len(), 3);
    }

    #[test]
    fn other_peoples_handlers_and_comments_stay() {
        let own = "{\n  // mine\n  \"version\": 1,\n  \"hooks\": {\n    \"before\": [\n      { \"command\": \"lint\" } // first\n    ]\n  }\n}\n";
        let with = FLAT.add(Some(own), WANTED, &commands("")).unwrap();
        assert!(with.contains("// mine") && with.contains("// first") && with.contains("\"lint\""));
        let newer = FLAT.add(Some(&with), &WANTED[..1], &commands(" 2")).unwrap();
        assert_eq!(
            FLAT.handlers(&newer).unwrap(),
            [("before".into(), "git-ai-log record x 2".into())]
        );
        let without = FLAT.remove(&with).unwrap().unwrap();
        let bare = |text: &str| text.replace([' ', '\n', ','], "");
        assert_eq!(bare(&without), bare(own));
        assert!(without.contains("// mine") && without.contains("// first"));
        let shape = FLAT.add(Some("{\"hooks\": {\"before\": {}}}"), WANTED, &commands(""));
        assert!(shape.unwrap_err().to_string().contains("hooks.before"));
    }
}
