//! Where a value comes from: inside one function, with one step into functions of the same file.
//!
//! An expression's [`Origin`] is the join of what it is made of. Names are looked up among the
//! definitions of the enclosing functions ([`names`]); what a language calls its nodes is a table
//! ([`syntax`]), what is known of requests and of functions that make a value harmless are lists
//! ([`sources`]). Whatever is not known is made of its parts, so that a new kind of node loses
//! nothing. The work is bounded by depth and by number of steps.

mod branches;
mod calls;
pub mod condition;
mod names;
mod root;
mod sources;
mod sql;
pub mod syntax;
#[cfg(test)]
mod tests;
mod texts;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use names::{Def, Names};
use syntax::{Role, Syntax};

use super::File;
use super::lang::{Lang, Node};

/// How deep expressions and definitions are followed.
const MAX_DEPTH: u32 = 48;

/// How many nodes are looked at in one file.
const MAX_STEPS: u32 = 60_000;

/// How far from home a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Level {
    /// It stands in the code.
    #[default]
    Constant,
    /// Nobody can say: the result of a call, a field.
    Local,
    /// A parameter of the function around it.
    Parameter,
    /// It comes with a request, an argument of the program, a message.
    Outside,
}

/// What makes a value harmless for a purpose. A set of bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Clean(u8);

impl Clean {
    /// It can only be a number, a date, a hash: harmless everywhere.
    pub const NUMBER: Self = Self(1);
    /// It was compared with what is allowed.
    pub const CHECKED: Self = Self(2);
    /// Quoted for SQL.
    pub const SQL: Self = Self(4);
    /// Quoted for a shell.
    pub const SHELL: Self = Self(8);
    /// Reduced to a name without folders.
    pub const PATH: Self = Self(16);
    /// Encoded for a URL.
    pub const URL: Self = Self(32);
    /// Encoded for HTML.
    pub const HTML: Self = Self(64);
    /// Escaped for a pattern.
    pub const REGEX: Self = Self(128);
    const ALL: Self = Self(255);

    /// Whether it has one of these.
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// How far from home.
    pub level: Level,
    /// A text that was put together with a part that is not constant.
    pub built: bool,
    /// The text, where it stands in the code; of a text that was put together its constant start.
    pub literal: Option<String>,
    /// What was done to make it harmless.
    pub clean: Clean,
    /// Its start does not come from outside, and fixes the host where it is an address.
    pub rooted: bool,
    /// A container whose keys stand in the code.
    pub keyed: bool,
    /// A text whose parts that are not constant all stand where SQL names a table or the like.
    pub named: bool,
}

impl Origin {
    fn constant(literal: Option<String>) -> Self {
        Self {
            level: Level::Constant,
            built: false,
            literal,
            clean: Clean::ALL,
            rooted: false,
            keyed: false,
            named: false,
        }
    }

    fn of(level: Level) -> Self {
        Self {
            level,
            built: false,
            literal: None,
            clean: Clean::default(),
            rooted: false,
            keyed: false,
            named: false,
        }
    }

    /// Made of both: the worse of each.
    fn join(self, other: Self) -> Self {
        let rooted = self.roots() && other.roots();
        let named = self.names() && other.names() && (self.named || other.named);
        Self {
            level: self.level.max(other.level),
            built: self.built || other.built,
            literal: self.literal.or(other.literal),
            clean: self.clean.and(other.clean),
            rooted,
            keyed: self.keyed && other.keyed,
            named,
        }
    }

    /// Whether it has no part but names and what stands in the code.
    fn names(&self) -> bool {
        self.named || self.level == Level::Constant
    }

    /// Whether a text that starts with this has a start that is fixed.
    fn roots(&self) -> bool {
        self.rooted
            || self.level < Level::Parameter && self.literal.as_deref().is_none_or(root::is_fixed)
    }
}

/// The values of one file.
pub struct Flow<'t> {
    syntax: &'static Syntax,
    lang: Lang,
    names: Names<'t>,
    memo: RefCell<HashMap<usize, Origin>>,
    steps: Cell<u32>,
}

impl<'t> Flow<'t> {
    /// The values of this file; `None` where its language has no table.
    pub fn of(file: &'t File) -> Option<Self> {
        let lang = file.lang?;
        let syntax = syntax::of(lang)?;
        let tree = file.tree()?;
        Some(Self {
            names: Names::of(tree, syntax, lang),
            memo: RefCell::default(),
            steps: Cell::new(0),
            syntax,
            lang,
        })
    }

    /// Where the value of this expression comes from.
    pub fn origin(&self, node: &Node<'t>) -> Origin {
        self.at(node, 0)
    }

    fn at(&self, node: &Node<'t>, depth: u32) -> Origin {
        if let Some(known) = self.memo.borrow().get(&node.node_id()) {
            return known.clone();
        }
        self.steps.set(self.steps.get() + 1);
        if depth > MAX_DEPTH || self.steps.get() > MAX_STEPS {
            return Origin::of(Level::Local);
        }
        // Whoever asks again while this is being found out is part of a circle, and adds nothing.
        self.memo.borrow_mut().insert(node.node_id(), Origin::constant(None));
        let origin = self.find(node, depth + 1);
        self.memo.borrow_mut().insert(node.node_id(), origin.clone());
        origin
    }

    fn find(&self, node: &Node<'t>, depth: u32) -> Origin {
        match self.syntax.role_of(node) {
            Role::Constant => Origin::constant(None),
            Role::Text => self.text(node, depth),
            Role::Name => self.name(node, depth),
            Role::Member | Role::Index => self.member(node, depth),
            Role::Call => self.call(node, depth),
            Role::Binary => self.binary(node, depth),
            Role::Choice => self.choice(node, depth),
            Role::Macro => self.macro_call(node, depth),
            Role::Function => Origin::of(Level::Local),
            Role::Skip => Origin::constant(None),
            Role::Parts => {
                let keyed = syntax::KEYED.contains(&&*node.kind());
                let parts = self.parts(node, depth);
                Origin { keyed: keyed || parts.keyed, ..parts }
            }
        }
    }

    /// What a node is made of; the names of arguments and keys are no part of it.
    fn parts(&self, node: &Node<'t>, depth: u32) -> Origin {
        let cast = node.kind().contains("cast") || node.kind() == "type_conversion_expression";
        if cast && node.field("type").is_some_and(|to| sources::NUMBERS.contains(&&*to.text())) {
            return Origin { clean: Clean::NUMBER, ..Origin::of(Level::Local) };
        }
        if let Some(each) = node.field("body").filter(|_| {
            node.kind().contains("comprehension") || node.kind() == "generator_expression"
        }) {
            return self.at(&each, depth);
        }
        let name = node.field("name").or_else(|| node.field("key")).map(|name| name.node_id());
        let mut joined: Option<Origin> = None;
        for child in node.named_children().take(200) {
            if Some(child.node_id()) == name && node.named_children().count() > 1 {
                continue;
            }
            let origin = self.at(&child, depth);
            joined = Some(match joined {
                None => origin,
                Some(known) => known.join(origin),
            });
        }
        joined.unwrap_or_else(|| Origin::constant(None))
    }

    /// `a ? b : c`, `b if a else c`: the condition is no part of the value.
    fn choice(&self, node: &Node<'t>, depth: u32) -> Origin {
        if let Some(chosen) = self.chosen(node) {
            return self.at(&chosen, depth);
        }
        let condition = node.field("condition").map(|c| c.node_id());
        let python = condition.is_none() && self.lang == Lang::Python;
        let mut joined: Option<Origin> = None;
        for (at, child) in node.named_children().enumerate() {
            if Some(child.node_id()) == condition || python && at == 1 {
                continue;
            }
            let origin = self.at(&child, depth);
            joined = Some(match joined {
                None => origin,
                Some(known) => known.join(origin),
            });
        }
        joined.unwrap_or_else(|| Origin::constant(None))
    }

    fn name(&self, node: &Node<'t>, depth: u32) -> Origin {
        let text = node.text();
        if sources::is_source(self.lang, &[&text]) {
            return Origin::of(Level::Outside);
        }
        let defs = self.names.reaching(&text, node.range().start);
        if defs.is_empty() {
            return if is_shouted(self.lang, &text) {
                Origin::constant(None)
            } else {
                Origin::of(Level::Local)
            };
        }
        let mut joined: Option<Origin> = None;
        for def in self.alive(defs) {
            let origin = self.definition(def, depth);
            joined = Some(match joined {
                None => origin,
                Some(known) if def.adds => {
                    let joined = known.clone().join(origin);
                    // What is added to a text makes it a text that was put together.
                    let built =
                        joined.built || joined.level > Level::Constant && joined.literal.is_some();
                    let (rooted, keyed) = (known.roots(), known.keyed);
                    Origin { built, rooted, keyed, ..joined }
                }
                Some(known) => known.join(origin),
            });
        }
        let mut origin = joined.unwrap_or_else(|| Origin::of(Level::Local));
        if self.names.is_checked(&text, node.range().start) {
            origin.clean = origin.clean.or(Clean::CHECKED);
        }
        origin
    }

    /// What a container of this function holds under a key that stands in the code.
    fn element(
        &self,
        path: &[&str],
        keys: impl Iterator<Item = Node<'t>>,
        node: &Node<'t>,
        depth: u32,
    ) -> Option<Origin> {
        let [container] = path else { return None };
        let key = names::key_of(self.syntax, keys)?;
        let defs = self.names.reaching(&names::element(container, &key), node.range().start);
        let origins = self.alive(defs).into_iter().map(|def| self.definition(def, depth));
        origins.reduce(Origin::join)
    }

    fn definition(&self, def: &Def<'t>, depth: u32) -> Origin {
        if def.number
            && def.value.as_ref().is_none_or(|v| self.at(v, depth).level != Level::Constant)
        {
            return Origin { clean: Clean::NUMBER, ..Origin::of(Level::Local) };
        }
        match &def.value {
            Some(value) => self.at(value, depth),
            None if def.outside => Origin::of(Level::Outside),
            None if def.parameter => Origin::of(Level::Parameter),
            None => Origin::of(Level::Local),
        }
    }

    /// `a.b`, `a["b"]`: a source by its path, a constant by its case, else as far as its object.
    fn member(&self, node: &Node<'t>, depth: u32) -> Origin {
        let path = self.syntax.path(node);
        let segments: Vec<&str> = path.iter().map(String::as_str).collect();
        if sources::is_source(self.lang, &segments) {
            return Origin::of(Level::Outside);
        }
        let last = segments.last().copied().unwrap_or_default();
        let capital = |name: &str| name.starts_with(char::is_uppercase);
        // A constant of an enumeration: `Status.Open`.
        let listed =
            self.lang == Lang::Java && segments.len() == 2 && segments.iter().copied().all(capital);
        let fixed = listed || is_shouted(self.lang, last);
        if fixed && self.syntax.role_of(node) == Role::Member {
            return Origin::constant(None);
        }
        if let Some(origin) = self.element(&segments, node.named_children().skip(1), node, depth)
            && self.syntax.role_of(node) == Role::Index
        {
            return origin;
        }
        // A field that was written in this function: `self.sql = ...`, `cmd.CommandText = ...`.
        let whole = segments.join(".");
        let defs = self.names.reaching(&whole, node.range().start);
        if !defs.is_empty() {
            let origins = defs.into_iter().map(|def| self.definition(def, depth));
            return origins.reduce(Origin::join).unwrap_or_else(|| Origin::of(Level::Local));
        }
        match node.named_children().next() {
            Some(object) => {
                let origin = self.at(&object, depth);
                // A field of something known here is not known itself; one of a constant table is.
                let level = match (origin.level, self.syntax.role_of(node)) {
                    (Level::Constant, Role::Member) => Level::Local,
                    (level, _) => level,
                };
                let clean = if level == Level::Constant { Clean::ALL } else { origin.clean };
                Origin {
                    level,
                    built: false,
                    literal: None,
                    clean,
                    rooted: false,
                    keyed: false,
                    named: false,
                }
            }
            None => Origin::of(Level::Local),
        }
    }
}

/// Whether a name is a constant's by its capitals. Where constants are not written so, capitals are
/// an abbreviation: `q.SQL`, `user.ID`.
fn is_shouted(lang: Lang, name: &str) -> bool {
    let capitals = name.len() > 1
        && name.chars().all(|c| c.is_uppercase() || c.is_ascii_digit() || c == '_')
        && name.chars().any(char::is_alphabetic);
    let mixed = matches!(lang, Lang::Go | Lang::CSharp);
    capitals && (name.contains('_') || !mixed && !["ID", "SQL", "URL"].contains(&name))
}
