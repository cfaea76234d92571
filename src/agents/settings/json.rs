//! Hook tables in JSON with comments, edited in place.
//!
//! Claude Code brought the shape and others took it over: `hooks` → event → groups, each with an
//! optional `matcher` and a list of handlers. Only our own handlers are written or taken away;
//! comments, order, indentation and everything unknown stay as they are.

use jsonc_parser::cst::{CstInputValue, CstObject, CstObjectProp, CstRootNode};

use super::cut::{self, Ours};
use super::{Commands, SettingsError, Task};

/// An event we want to hear of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// As the agent spells it.
    pub(super) event: &'a str,
    /// The tools it is wanted for; `None` for events that are not about tools.
    pub(super) matcher: Option<&'a str>,
    /// What it is wanted for.
    pub(super) task: Task,
}

impl Wanted<'_> {
    fn is_for(&self, ours: &Ours) -> bool {
        ours.event == self.event && ours.task == self.task
    }

    /// Whether a handler of ours can serve. In a group that is somebody else's too the matcher
    /// is not ours to change.
    fn is_served_by(&self, ours: &Ours) -> bool {
        self.is_for(ours) && (ours.alone || ours.matcher.as_deref() == self.matcher)
    }
}

/// The text with exactly these hooks of ours.
pub(super) fn add(
    text: Option<&str>,
    wanted: &[Wanted<'_>],
    commands: &Commands,
) -> Result<String, SettingsError> {
    let (bom, body) = split_bom(text.unwrap_or(""));
    if body.trim().is_empty() {
        return Ok(format!("{bom}{}", fresh(wanted, commands)));
    }
    let mut gone = ours_in(body)?;
    for one in wanted {
        if let Some(index) = gone.iter().position(|ours| one.is_served_by(ours)) {
            gone.remove(index);
        }
    }
    let Some(body) = cut::without(body, &gone)? else {
        return Ok(format!("{bom}{}", fresh(wanted, commands)));
    };
    let kept = ours_in(&body)?;
    let root = parse(&body)?;
    let file = || SettingsError::shape("the file", "an object: { … }");
    let object = root.object_value_or_create().ok_or_else(file)?;
    let hooks = object
        .object_value_or_create("hooks")
        .ok_or_else(|| SettingsError::shape("hooks", "an object: { … }"))?;
    for one in wanted {
        let command = commands.of(one.task);
        match kept.iter().find(|ours| one.is_for(ours)) {
            Some(ours) => update(&hooks, ours, *one, command),
            None => {
                let shape =
                    || SettingsError::shape(format!("hooks.{}", one.event), "a list: [ … ]");
                match hooks.get(one.event) {
                    Some(property) => {
                        property.array_value().ok_or_else(shape)?.append(group(*one, command));
                    }
                    None => {
                        let list = CstInputValue::Array(vec![group(*one, command)]);
                        hooks.append(one.event, list);
                    }
                }
            }
        }
    }
    Ok(format!("{bom}{root}"))
}

/// The text without our hooks; `None` where nothing else was in it.
pub(super) fn remove(text: &str) -> Result<Option<String>, SettingsError> {
    let (bom, body) = split_bom(text);
    let ours = ours_in(body)?;
    Ok(cut::without(body, &ours)?.map(|body| format!("{bom}{body}")))
}

/// All groups, ours and other people's, in the order of the file.
pub(super) fn groups(text: &str) -> Result<Vec<cut::Group>, SettingsError> {
    cut::groups(split_bom(text).1)
}

/// Our handlers: event, matcher, command.
pub(super) fn handlers(text: &str) -> Result<Vec<(String, Option<String>, String)>, SettingsError> {
    let groups = groups(text)?;
    let ours = groups.iter().flat_map(|group| group.ours().into_iter().map(move |o| (group, o)));
    Ok(ours
        .filter_map(|(group, ours)| {
            let command = group.value.pointer(&format!("/hooks/{}/command", ours.handler))?;
            Some((ours.event, ours.matcher, command.as_str()?.to_owned()))
        })
        .collect())
}

/// A setting that is true or false; `None` where it is neither, or where the text does not parse.
pub(super) fn flag(text: &str, name: &str) -> Option<bool> {
    flag_at(text, &[name])
}

/// The same, in objects within objects.
pub(super) fn flag_at(text: &str, path: &[&str]) -> Option<bool> {
    let (name, above) = path.split_last()?;
    let mut object = parse(split_bom(text).1).ok()?.object_value()?;
    for name in above {
        object = object.object_value(name)?;
    }
    object.get(name)?.value()?.as_boolean_lit().map(|lit| lit.value())
}

fn ours_in(body: &str) -> Result<Vec<Ours>, SettingsError> {
    Ok(cut::groups(body)?.iter().flat_map(cut::Group::ours).collect())
}

fn split_bom(text: &str) -> (&str, &str) {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => ("\u{feff}", rest),
        None => ("", text),
    }
}

fn parse(body: &str) -> Result<CstRootNode, SettingsError> {
    CstRootNode::parse(body, &cut::OPTIONS).map_err(|error| cut::malformed(&error))
}

/// A whole file of ours, written as most tools write JSON.
fn fresh(wanted: &[Wanted<'_>], commands: &Commands) -> String {
    let mut hooks = serde_json::Map::new();
    for one in wanted {
        let mut group = serde_json::Map::new();
        if let Some(matcher) = one.matcher {
            group.insert("matcher".to_owned(), matcher.into());
        }
        let handler = serde_json::json!({"type": "command", "command": commands.of(one.task)});
        group.insert("hooks".to_owned(), serde_json::json!([handler]));
        let groups = hooks.entry(one.event).or_insert_with(|| serde_json::json!([]));
        groups.as_array_mut().into_iter().for_each(|groups| groups.push(group.clone().into()));
    }
    format!("{:#}\n", serde_json::json!({ "hooks": hooks }))
}

fn group(wanted: Wanted<'_>, command: &str) -> CstInputValue {
    let text = |text: &str| CstInputValue::String(text.to_owned());
    let mut members = Vec::new();
    if let Some(matcher) = wanted.matcher {
        members.push(("matcher".to_owned(), text(matcher)));
    }
    let handler = CstInputValue::Object(vec![
        ("type".to_owned(), text("command")),
        ("command".to_owned(), text(command)),
    ]);
    members.push(("hooks".to_owned(), CstInputValue::Array(vec![handler])));
    CstInputValue::Object(members)
}

/// Brings a handler of ours up to date where it stands.
fn update(hooks: &CstObject, ours: &Ours, wanted: Wanted<'_>, command: &str) {
    let groups = hooks.array_value(&ours.event).map(|groups| groups.elements());
    let Some(group) = groups
        .and_then(|groups| groups.get(ours.group).cloned())
        .and_then(|group| group.as_object())
    else {
        return;
    };
    if ours.matcher.as_deref() != wanted.matcher {
        match (group.get("matcher"), wanted.matcher) {
            (Some(property), Some(text)) => property.set_value(text.into()),
            (Some(property), None) => property.remove(),
            (None, Some(text)) => {
                group.insert(0, "matcher", text.into());
            }
            (None, None) => {}
        }
    }
    let handlers = group.array_value("hooks").map(|handlers| handlers.elements());
    let handler = handlers
        .and_then(|handlers| handlers.get(ours.handler).cloned())
        .and_then(|handler| handler.as_object());
    if let Some(property) = handler.and_then(|handler| handler.get("command"))
        && text_of(&property).as_deref() != Some(command)
    {
        property.set_value(command.into());
    }
}

pub(super) fn text_of(property: &CstObjectProp) -> Option<String> {
    property.value()?.as_string_lit()?.decoded_value().ok()
}
