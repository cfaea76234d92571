//! Hook tables in JSON with comments, edited in place.
//!
//! `hooks` → event → a list, of which [`Shape`] says what it holds. Only our own handlers are written
//! or taken away; comments, order, indentation and everything unknown stay as they are.

use jsonc_parser::cst::{CstInputValue, CstObject, CstObjectProp, CstRootNode};

use super::cut::{self, Ours};
use super::shape::{Shape, input};
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
    shape: &Shape,
    text: Option<&str>,
    wanted: &[Wanted<'_>],
    commands: &Commands,
) -> Result<String, SettingsError> {
    let (bom, body) = split_bom(text.unwrap_or(""));
    if body.trim().is_empty() {
        return Ok(format!("{bom}{}", shape.fresh(wanted, commands)));
    }
    let mut gone = ours_in(shape, body)?;
    for one in wanted {
        if let Some(index) = gone.iter().position(|ours| one.is_served_by(ours)) {
            gone.remove(index);
        }
    }
    let Some(body) = cut::without(body, shape, &gone)? else {
        return Ok(format!("{bom}{}", shape.fresh(wanted, commands)));
    };
    let kept = ours_in(shape, &body)?;
    let root = parse(&body)?;
    let file = || SettingsError::shape("the file", "an object: { … }");
    let object = root.object_value_or_create().ok_or_else(file)?;
    if let Some((name, value)) = shape.version().filter(|_| object.properties().is_empty()) {
        object.append(&name, input(&value));
    }
    let hooks = object
        .object_value_or_create("hooks")
        .ok_or_else(|| SettingsError::shape("hooks", "an object: { … }"))?;
    for one in wanted {
        let command = commands.of(one.task);
        match kept.iter().find(|ours| one.is_for(ours)) {
            Some(ours) => update(shape, &hooks, ours, *one, command),
            None => {
                let wrong =
                    || SettingsError::shape(format!("hooks.{}", one.event), "a list: [ … ]");
                let element = input(&shape.element(one, command));
                match hooks.get(one.event) {
                    Some(property) => {
                        property.array_value().ok_or_else(wrong)?.append(element);
                    }
                    None => {
                        hooks.append(one.event, CstInputValue::Array(vec![element]));
                    }
                }
            }
        }
    }
    Ok(format!("{bom}{root}"))
}

/// The text without our hooks; `None` where nothing else was in it.
pub(super) fn remove(shape: &Shape, text: &str) -> Result<Option<String>, SettingsError> {
    let (bom, body) = split_bom(text);
    let ours = ours_in(shape, body)?;
    Ok(cut::without(body, shape, &ours)?.map(|body| format!("{bom}{body}")))
}

/// All groups, ours and other people's, in the order of the file.
pub(super) fn groups(text: &str) -> Result<Vec<cut::Group>, SettingsError> {
    cut::groups(split_bom(text).1)
}

/// Our handlers: event, matcher, command.
pub(super) fn handlers(
    shape: &Shape,
    text: &str,
) -> Result<Vec<(String, Option<String>, String)>, SettingsError> {
    let ours = ours_in(shape, split_bom(text).1)?;
    Ok(ours.into_iter().map(|ours| (ours.event, ours.matcher, ours.command)).collect())
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

/// The names at the top of a file.
pub(super) fn names(text: &str) -> Vec<String> {
    let object = parse(split_bom(text).1).ok().and_then(|root| root.object_value());
    let properties = object.map(|object| object.properties()).unwrap_or_default();
    let name = |property: &CstObjectProp| property.name()?.decoded_value().ok();
    properties.iter().filter_map(name).collect()
}

fn ours_in(shape: &Shape, body: &str) -> Result<Vec<Ours>, SettingsError> {
    Ok(cut::groups(body)?.iter().flat_map(|group| shape.ours(group)).collect())
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

/// Brings a handler of ours up to date where it stands.
fn update(shape: &Shape, hooks: &CstObject, ours: &Ours, wanted: Wanted<'_>, command: &str) {
    let groups = hooks.array_value(&ours.event).map(|groups| groups.elements());
    let Some(group) = groups
        .and_then(|groups| groups.get(ours.group).cloned())
        .and_then(|group| group.as_object())
    else {
        return;
    };
    if matches!(shape, Shape::Flat(_)) {
        return renew(&group, shape, command);
    }
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
    if let Some(handler) = handler {
        renew(&handler, shape, command);
    }
}

fn renew(handler: &CstObject, shape: &Shape, command: &str) {
    if let Some(property) = handler.get(shape.command())
        && text_of(&property).as_deref() != Some(command)
    {
        property.set_value(command.into());
    }
}

pub(super) fn text_of(property: &CstObjectProp) -> Option<String> {
    property.value()?.as_string_lit()?.decoded_value().ok()
}
