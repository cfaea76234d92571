//! Calls: sources, functions that make a value harmless, functions that put texts together, and
//! functions of the same file.

use super::names::Def;
use super::syntax::Role;
use super::{Clean, Flow, Level, Origin, sources, sql};
use crate::checklist::lang::{Lang, Node};

/// Functions that put a text together from a pattern and values.
const FORMATTING: &[&str] = &[
    "format",
    "Format",
    "sprintf",
    "Sprintf",
    "vsprintf",
    "printf",
    "formatted",
    "join",
    "Join",
    "concat",
    "Concat",
    "implode",
    "strtr",
    "replace",
    "Replace",
    "str_replace",
    "gsub",
    "sub",
    "format_map",
    "substitute",
    "safe_substitute",
    "interpolate",
    "AppendFormat",
    "Errorf",
];

/// Functions that give their arguments several times.
const REPEATING: &[&str] =
    &["repeat", "Repeat", "nCopies", "array_fill", "str_repeat", "fill", "append", "take"];

/// Methods that make a value of each.
const EACH: &[&str] = &["map", "Select", "collect", "array_map", "flatMap"];

/// Methods that take out of a table what it has under a key.
const LOOKING: &[&str] = &["get", "getOrDefault", "fetch", "GetValueOrDefault", "dig"];

/// Macros of Rust's that put a text together.
const FORMATTING_MACROS: &[&str] =
    &["format", "format_args", "concat", "println", "write", "writeln"];

impl<'t> Flow<'t> {
    pub(super) fn call(&self, node: &Node<'t>, depth: u32) -> Origin {
        let path = self.syntax.path(node);
        let segments: Vec<&str> = path.iter().map(String::as_str).collect();
        let cleaned = sources::cleaner(self.lang, &segments);
        if cleaned == Clean::NUMBER {
            return Origin { clean: cleaned, ..Origin::of(Level::Local) };
        }
        if sources::is_source(self.lang, &segments) {
            return Origin { clean: cleaned, ..Origin::of(Level::Outside) };
        }
        let name = segments.last().copied().unwrap_or_default();
        let arguments = arguments(node);
        if let [container, "get" | "Get" | "getProperty" | "GetValue" | "fetch"] = segments[..]
            && let Some(origin) = self.element(&[container], arguments.iter().cloned(), node, depth)
        {
            return origin;
        }
        let made: Vec<Origin> = arguments.iter().map(|a| self.at(a, depth)).collect();
        let receiver = self.receiver(node, depth);
        if let Some(origin) = self.own_function(&segments, &made, depth) {
            return Origin { clean: origin.clean.or(cleaned), ..origin };
        }
        if let Some(origin) = self.repeated(node, name, receiver.as_ref(), &made, depth) {
            return origin;
        }
        // What a table that stands in the code has under a key, and else what is asked for instead.
        if LOOKING.contains(&name)
            && receiver.as_ref().is_some_and(|table| table.level == Level::Constant)
        {
            let instead = made.into_iter().skip(1).reduce(Origin::join);
            return instead.unwrap_or_else(|| Origin::constant(None));
        }
        let mut origin = Origin { clean: Clean::ALL, ..Origin::of(Level::Local) };
        origin.rooted = receiver.iter().chain(&made).all(Origin::roots);
        let mut any = false;
        for part in receiver.iter().chain(&made) {
            any = true;
            let level = origin.level.max(part.level);
            origin.clean = if part.level == Level::Constant {
                origin.clean
            } else {
                origin.clean.and(part.clean)
            };
            origin.level = level;
            origin.built |= part.built;
        }
        let keeps = sources::KEEPING.contains(&name) || FORMATTING.contains(&name);
        if !any || origin.level == Level::Local && !keeps {
            origin.clean = Clean::default();
        }
        let pattern = receiver.iter().chain(&made).find_map(|part| part.literal.clone());
        if FORMATTING.contains(&name) {
            let varies = receiver.iter().chain(&made).any(|part| part.level > Level::Constant);
            if !varies {
                return Origin::constant(pattern);
            }
            let always = name.to_lowercase().contains("format") || name.contains("printf");
            origin.built |= always || pattern.is_some();
            origin.rooted = pattern.as_deref().is_some_and(super::root::is_fixed);
            let percent = name.contains("printf") || self.lang == Lang::Java;
            origin.named = Self::fills_names(pattern.as_deref(), if percent { '%' } else { '{' });
            origin.literal = pattern;
        } else if origin.built {
            origin.literal = pattern;
        } else if any
            && sources::KEEPING.contains(&name)
            && receiver.iter().chain(&made).all(|part| part.level == Level::Constant)
        {
            return Origin::constant(pattern);
        }
        origin.clean = origin.clean.or(cleaned);
        origin
    }

    /// `ids.map(() => "?")`, `"?".repeat(n)`: constant text, as often as somebody wishes.
    fn repeated(
        &self,
        node: &Node<'t>,
        name: &str,
        receiver: Option<&Origin>,
        made: &[Origin],
        depth: u32,
    ) -> Option<Origin> {
        let fixed = |origin: &Origin| {
            origin.level == Level::Constant || origin.clean.has(Clean::NUMBER) && !origin.built
        };
        if REPEATING.contains(&name) {
            let mut parts = receiver.into_iter().chain(made);
            return parts.all(fixed).then(|| Origin::constant(None));
        }
        if !EACH.contains(&name) {
            return None;
        }
        let given = arguments(node).into_iter().chain(node.field("block"));
        let function = given.last().filter(|last| self.syntax.role(&last.kind()) == Role::Function);
        let body = function?.field("body")?;
        let value = match &*body.kind() {
            "statement_block" | "block" => return None,
            "block_body" | "body_statement" => body.named_children().last()?,
            _ => body,
        };
        let value = self.at(&value, depth);
        (value.level == Level::Constant || value.clean.has(Clean::NUMBER))
            .then(|| Origin::constant(None))
    }

    /// What a method is called on, where it is a value of this file's and not a package or type.
    fn receiver(&self, node: &Node<'t>, depth: u32) -> Option<Origin> {
        let names = ["object", "receiver", "scope"];
        let direct = names.iter().find_map(|name| node.field(name));
        let object = direct.or_else(|| {
            let function =
                node.field("function").filter(|f| self.syntax.role_of(f) == Role::Member)?;
            let names = ["object", "operand", "expression", "value"];
            names.iter().find_map(|name| function.field(name))
        })?;
        if self.syntax.role_of(&object) == Role::Name
            && self.names.reaching(&object.text(), object.range().start).is_empty()
        {
            return None;
        }
        Some(self.at(&object, depth))
    }

    /// A function of this file gives what it returns; its parameters are what it is called with.
    fn own_function(&self, path: &[&str], made: &[Origin], depth: u32) -> Option<Origin> {
        let name = match path {
            [name] | ["self" | "this" | "$this" | "cls", name] => *name,
            // A function of a class of this file: `Helper.read(x)`, `new Helper().read(x)`.
            [class, name] if class.starts_with(|c: char| c.is_ascii_uppercase()) => *name,
            _ => return None,
        };
        let function = self.names.function(name)?;
        let mut returned: Option<Origin> = None;
        let mut left: Vec<Node<'t>> = function.named_children().collect();
        let mut seen = 0;
        while let Some(node) = left.pop() {
            seen += 1;
            if seen > 2_000 {
                break;
            }
            let kind = node.kind();
            if kind.contains("return") {
                let origin = self.at(&node, depth);
                returned = Some(match returned {
                    None => origin,
                    Some(known) => known.join(origin),
                });
            } else if self.syntax.role(&kind) != Role::Function {
                left.extend(node.named_children());
            }
        }
        let mut origin = returned?;
        if origin.level == Level::Parameter {
            let given = made.iter().map(|part| part.level).max().unwrap_or(Level::Local);
            let clean = made.iter().filter(|part| part.level > Level::Constant);
            let clean = clean.map(|part| part.clean).reduce(Clean::and).unwrap_or_default();
            origin.level = given;
            origin.clean = origin.clean.or(clean);
            origin.built &= given > Level::Constant;
        }
        Some(origin)
    }

    /// `format!("... {x}", y)`: the tokens of a macro are no expressions, but names among them are
    /// names.
    pub(super) fn macro_call(&self, node: &Node<'t>, depth: u32) -> Origin {
        let text = node.text();
        let name = text.split('!').next().unwrap_or_default().trim();
        let name = name.rsplit("::").next().unwrap_or(name);
        let mut origin = Origin::constant(None);
        let mut pattern = None;
        let mut left: Vec<Node<'t>> = node.named_children().skip(1).collect();
        while let Some(part) = left.pop() {
            match self.syntax.role_of(&part) {
                Role::Text => {
                    let text = self.syntax.unquoted(&part.text());
                    for inline in inline_names(&text) {
                        let defs = self.names.reaching(inline, part.range().start);
                        origin = origin.join(self.joined(defs, depth));
                    }
                    pattern = Some(text);
                }
                Role::Name => origin = origin.join(self.at(&part, depth)),
                _ => left.extend(part.named_children()),
            }
        }
        if FORMATTING_MACROS.contains(&name) {
            origin.built |= origin.level > Level::Constant;
            origin.named = Self::fills_names(pattern.as_deref(), '{');
            origin.literal = pattern;
        }
        origin
    }

    fn fills_names(pattern: Option<&str>, start: char) -> bool {
        pattern.is_some_and(|pattern| sql::holes_are_names(pattern, start))
    }

    fn joined(&self, defs: Vec<&Def<'t>>, depth: u32) -> Origin {
        let origins = defs.into_iter().map(|def| self.definition(def, depth));
        origins.reduce(Origin::join).unwrap_or_else(|| Origin::of(Level::Local))
    }
}

/// The arguments of a call.
fn arguments<'t>(node: &Node<'t>) -> Vec<Node<'t>> {
    let Some(list) = node.field("arguments") else {
        // Objects and calls without a field of that name: what stands in the list of arguments.
        let list = node.named_children().find(|child| child.kind().contains("argument"));
        return list.map(|list| list.named_children().collect()).unwrap_or_default();
    };
    if !list.kind().contains("argument") {
        return vec![list]; // a template after a tag, a single argument
    }
    list.named_children().filter(|child| !child.kind().contains("comment")).collect()
}

/// Names in the braces of a format string.
fn inline_names(text: &str) -> Vec<&str> {
    let parts = text.split('{').skip(1);
    let names = parts.filter_map(|part| part.split(['}', ':']).next());
    let plain = |name: &&str| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    names.filter(plain).collect()
}
