//! What a hook table in JSON holds, and cutting handlers of ours out of it.
//!
//! Only the bytes of the handler, its comma and the line that would be left blank go; comments
//! around it are the user's.

use std::ops::Range;

use jsonc_parser::ast::{Array, Object, ObjectProp, Value};
use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde_json::Value as Json;

use super::shape::Shape;
use super::{SettingsError, Task};

/// JSON with comments and trailing commas, but nothing laxer: what we write back has to be what
/// the agent reads.
pub(super) const OPTIONS: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_trailing_commas: true,
    allow_loose_object_property_names: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

pub(super) fn malformed(error: &jsonc_parser::errors::ParseError) -> SettingsError {
    SettingsError::Malformed { format: "JSON", cause: error.to_string() }
}

/// One group of handlers; where there are no groups, one handler.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) event: String,
    pub(super) index: usize,
    pub(super) value: Json,
}

/// One handler of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ours {
    pub(super) event: String,
    pub(super) group: usize,
    pub(super) handler: usize,
    pub(super) matcher: Option<String>,
    pub(super) task: Task,
    /// What the agent runs.
    pub(super) command: String,
    /// All handlers of the group are ours, and for the same task.
    pub(super) alone: bool,
}

/// All groups, ours and other people's, in the order of the file.
pub(super) fn groups(body: &str) -> Result<Vec<Group>, SettingsError> {
    let mut found = Vec::new();
    let value = parse(body)?;
    let Some(hooks) = hooks_of(value.as_ref())? else {
        return Ok(found);
    };
    for property in &hooks.properties {
        let groups = list_of(property)?;
        for (index, group) in groups.elements.iter().enumerate() {
            let event = property.name.as_str().to_owned();
            found.push(Group { event, index, value: json_of(group) });
        }
    }
    Ok(found)
}

/// The text without these handlers, and without what is then empty; `None` where nothing is left.
pub(super) fn without(
    body: &str,
    shape: &Shape,
    gone: &[Ours],
) -> Result<Option<String>, SettingsError> {
    let mut body = body.to_owned();
    // From the last to the first: what stands before a cut keeps its place.
    for one in gone.iter().rev() {
        let value = parse(&body)?;
        let Some(part) = enclosing(&body, value.as_ref(), shape, one)? else {
            continue;
        };
        let Some(part) = part else { return Ok(None) };
        body = cut(&body, &part);
    }
    let bare = !gone.is_empty() && is_bare(&body, shape)?;
    Ok((!bare).then_some(body))
}

/// Whether a text holds nothing but the format's number.
fn is_bare(body: &str, shape: &Shape) -> Result<bool, SettingsError> {
    let value = parse(body)?;
    let left = value.as_ref().map_or(Json::Null, json_of);
    let version = shape.version().map(|version| Json::Object([version].into_iter().collect()));
    Ok(version.is_some_and(|version| version == left) && !body.contains('/'))
}

fn parse(body: &str) -> Result<Option<Value<'_>>, SettingsError> {
    let parsed = parse_to_ast(body, &CollectOptions::default(), &OPTIONS);
    Ok(parsed.map_err(|error| malformed(&error))?.value)
}

fn hooks_of<'a, 'b>(value: Option<&'b Value<'a>>) -> Result<Option<&'b Object<'a>>, SettingsError> {
    let Some(value) = value else { return Ok(None) };
    let root =
        value.as_object().ok_or_else(|| SettingsError::shape("the file", "an object: { … }"))?;
    let Some(property) = root.get("hooks") else {
        return Ok(None);
    };
    // Names given twice are read differently by different programs.
    once(root, "hooks", "hooks".to_owned())?;
    let hooks = property
        .value
        .as_object()
        .ok_or_else(|| SettingsError::shape("hooks", "an object: { … }"))?;
    for property in &hooks.properties {
        let name = property.name.as_str();
        once(hooks, name, format!("hooks.{name}"))?;
        list_of(property)?;
    }
    Ok(Some(hooks))
}

fn once(object: &Object<'_>, name: &str, at: String) -> Result<(), SettingsError> {
    match object.properties.iter().filter(|property| property.name.as_str() == name).count() {
        0 | 1 => Ok(()),
        _ => Err(SettingsError::shape(at, "there only once")),
    }
}

fn list_of<'a, 'b>(property: &'b ObjectProp<'a>) -> Result<&'b Array<'a>, SettingsError> {
    let at = || SettingsError::shape(format!("hooks.{}", property.name.as_str()), "a list: [ … ]");
    property.value.as_array().ok_or_else(at)
}

/// Something to cut out of a list or an object.
struct Part {
    range: Range<usize>,
    /// Where the part before it ends, else where the container begins.
    after: usize,
    is_first: bool,
}

impl Part {
    fn of(container: Range<usize>, parts: &[Range<usize>], index: usize) -> Option<Self> {
        let before = index.checked_sub(1).and_then(|index| parts.get(index));
        Some(Self {
            range: parts.get(index)?.clone(),
            after: before.map_or(container.start + 1, |before| before.end),
            is_first: before.is_none(),
        })
    }
}

/// The largest part that is nothing but this handler: outer `None` where there is no such handler,
/// inner `None` where the part is the whole text.
fn enclosing(
    body: &str,
    value: Option<&Value<'_>>,
    shape: &Shape,
    one: &Ours,
) -> Result<Option<Option<Part>>, SettingsError> {
    let Some(hooks) = hooks_of(value)? else {
        return Ok(None);
    };
    let path = || {
        let event = hooks.get(&one.event)?;
        let groups = event.value.as_array()?;
        let handlers = match shape {
            Shape::Groups => Some(groups.elements.get(one.group)?.as_object()?.get_array("hooks")?),
            Shape::Flat(_) => None,
        };
        Some((event, groups, handlers))
    };
    let (Some((event, groups, handlers)), Some(root)) = (path(), value.and_then(Value::as_object))
    else {
        return Ok(None);
    };
    let elements = |array: &Array<'_>| array.elements.iter().map(range).collect::<Vec<_>>();
    let members = |object: &Object<'_>| {
        object.properties.iter().map(|property| span(property.range)).collect::<Vec<_>>()
    };
    let place =
        |parts: &[Range<usize>], range: Range<usize>| parts.iter().position(|p| *p == range);
    let handlers = handlers.map(|all| (span(all.range), elements(all), Some(one.handler)));
    let levels = [
        (span(groups.range), elements(groups), Some(one.group)),
        (span(hooks.range), members(hooks), place(&members(hooks), span(event.range))),
        (
            span(root.range),
            members(root),
            root.get("hooks").and_then(|hooks| place(&members(root), span(hooks.range))),
        ),
    ];
    // A group is more than its list of handlers: comments and members in it are part of ours.
    let depths = usize::from(handlers.is_none())..;
    for (depth, (container, parts, index)) in depths.zip(handlers.into_iter().chain(levels)) {
        let Some(part) = index.and_then(|index| Part::of(container.clone(), &parts, index)) else {
            return Ok(None);
        };
        let commented = depth > 0 && has_comment(body, &container, &part.range);
        if parts.len() > 1 || commented {
            return Ok(Some(Some(part)));
        }
        if depth == 3 && has_comment(body, &(0..body.len()), &container) {
            return Ok(Some(Some(part)));
        }
    }
    Ok(Some(None))
}

/// Whether there is a comment in the outer range beside the inner one, where nothing else is but
/// brackets, commas and space.
fn has_comment(body: &str, outer: &Range<usize>, inner: &Range<usize>) -> bool {
    body[outer.start..inner.start].contains('/') || body[inner.end..outer.end].contains('/')
}

/// The text without this part, and without the comma that is one too many then.
fn cut(body: &str, part: &Part) -> String {
    let Range { mut start, mut end } = part.range;
    let mut gone = Vec::new();
    let next = next_token(body, end);
    let comma_follows = body[next..].starts_with(',');
    if comma_follows && body[end..next].trim().is_empty() {
        end = next + 1;
        let rest = skip_blanks(body, end);
        if !body[rest..].starts_with(['\r', '\n']) {
            end = rest;
        }
    } else if comma_follows {
        gone.push(next..next + 1);
    } else if !part.is_first {
        let comma = next_token(body, part.after);
        gone.push(comma..comma + 1);
    }
    let line = body[..start].rfind('\n').map_or(0, |end| end + 1);
    let rest = skip_blanks(body, end);
    let alone = line >= part.after
        && body[line..start].trim().is_empty()
        && body[rest..].starts_with(['\r', '\n']);
    if alone {
        // The line goes as a whole, with the line end before it.
        start = line - if body[..line].ends_with("\r\n") { 2 } else { 1 };
        end = rest;
    } else if !comma_follows {
        start = body[..start].trim_end_matches([' ', '\t']).len();
    }
    gone.push(start..end);
    gone.sort_by_key(|range| range.start);
    let mut text = body.to_owned();
    for range in gone.into_iter().rev() {
        text.replace_range(range, "");
    }
    text
}

/// Where the next thing is that is neither space nor a comment.
fn next_token(body: &str, from: usize) -> usize {
    let mut rest = &body[from..];
    loop {
        rest = rest.trim_start();
        if let Some(comment) = rest.strip_prefix("//") {
            rest = comment.split_once('\n').map_or("", |(_, rest)| rest);
        } else if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/").map_or("", |(_, rest)| rest);
        } else {
            return body.len() - rest.len();
        }
    }
}

fn skip_blanks(body: &str, from: usize) -> usize {
    body.len() - body[from..].trim_start_matches([' ', '\t']).len()
}

fn span(range: jsonc_parser::common::Range) -> Range<usize> {
    range.start..range.end
}

fn range(value: &Value<'_>) -> Range<usize> {
    span(value.range())
}

fn json_of(value: &Value<'_>) -> Json {
    match value {
        Value::StringLit(text) => Json::String(text.value.to_string()),
        Value::NumberLit(number) => serde_json::from_str(number.value).unwrap_or_default(),
        Value::BooleanLit(flag) => Json::Bool(flag.value),
        Value::NullKeyword(_) => Json::Null,
        Value::Array(array) => Json::Array(array.elements.iter().map(json_of).collect()),
        Value::Object(object) => {
            let members = object.properties.iter();
            let members = members.map(|one| (one.name.as_str().to_owned(), json_of(&one.value)));
            Json::Object(members.collect())
        }
    }
}

/// The whole text as a value.
#[cfg(test)]
pub(super) fn value_of(body: &str) -> Json {
    parse(body).unwrap().as_ref().map_or(Json::Null, json_of)
}
