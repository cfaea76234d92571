//! What each language's grammar calls the nodes that matter.

mod tables;

use std::cell::RefCell;
use std::collections::HashMap;

use crate::checklist::lang::{Lang, Node};

/// What a node is for a value. Nodes that are in no list are made of their parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A number, a truth value, nothing.
    Constant,
    /// A string, with or without parts in it.
    Text,
    /// A name.
    Name,
    /// A field of an object.
    Member,
    /// An element of a container.
    Index,
    /// A call, or the making of an object.
    Call,
    /// Two values and an operator.
    Binary,
    /// One of two values.
    Choice,
    /// A Rust macro: its arguments are bare tokens.
    Macro,
    /// A function as a value.
    Function,
    /// No part of a value: a type, a comment.
    Skip,
    /// Anything else.
    Parts,
}

/// The kinds of one language, by what they are.
pub struct Syntax {
    constants: &'static [&'static str],
    texts: &'static [&'static str],
    /// Nodes in a text that hold an expression.
    interpolations: &'static [&'static str],
    /// Expressions that stand in a text as they are.
    bare: &'static [&'static str],
    names: &'static [&'static str],
    members: &'static [&'static str],
    indexes: &'static [&'static str],
    calls: &'static [&'static str],
    binaries: &'static [&'static str],
    choices: &'static [&'static str],
    macros: &'static [&'static str],
    /// Functions: the scopes of names.
    pub functions: &'static [&'static str],
    /// Parameters, one node each.
    pub parameters: &'static [&'static str],
    /// Definitions: kind, field of what is defined, field of the value. Without a field name the
    /// value is the last child.
    pub definitions: &'static [(&'static str, &'static str, &'static str)],
    /// Of these the ones that add to what was there.
    pub additions: &'static [&'static str],
    /// What may or may not run: a definition in it does not end what was there before.
    pub conditionals: &'static [&'static str],
    skips: &'static [&'static str],
}

/// Containers whose keys stand in the code.
pub const KEYED: &[&str] =
    &["dictionary", "object", "hash", "composite_literal", "array_creation_expression"];

/// The table of a language.
pub fn of(lang: Lang) -> Option<&'static Syntax> {
    Some(match lang {
        Lang::Python => &tables::PYTHON,
        Lang::JavaScript | Lang::TypeScript | Lang::Tsx => &tables::JAVASCRIPT,
        Lang::Go => &tables::GO,
        Lang::Java => &tables::JAVA,
        Lang::CSharp => &tables::CSHARP,
        Lang::Php => &tables::PHP,
        Lang::Ruby => &tables::RUBY,
        Lang::Rust => &tables::RUST,
        _ => return None,
    })
}

impl Syntax {
    /// What a node is for a value. Kinds have names, and comparing names at every node is what most
    /// of a walk would be spent on.
    pub fn role_of(&self, node: &Node<'_>) -> Role {
        thread_local! {
            static ROLES: RefCell<HashMap<(Lang, u16), Role>> = RefCell::default();
        }
        let key = (*node.lang(), node.kind_id());
        let known = ROLES.with_borrow(|roles| roles.get(&key).copied());
        known.unwrap_or_else(|| {
            let role = self.role(&node.kind());
            ROLES.with_borrow_mut(|roles| roles.insert(key, role));
            role
        })
    }

    /// What a node of this kind is for a value.
    pub fn role(&self, kind: &str) -> Role {
        let roles = [
            (self.names, Role::Name),
            (self.texts, Role::Text),
            (self.constants, Role::Constant),
            (self.members, Role::Member),
            (self.indexes, Role::Index),
            (self.calls, Role::Call),
            (self.binaries, Role::Binary),
            (self.choices, Role::Choice),
            (self.macros, Role::Macro),
            (self.functions, Role::Function),
            (self.skips, Role::Skip),
        ];
        roles.iter().find(|(kinds, _)| kinds.contains(&kind)).map_or(Role::Parts, |(_, role)| *role)
    }

    /// Whether a node of this kind in a text holds an expression.
    pub fn is_interpolation(&self, kind: &str) -> bool {
        self.interpolations.contains(&kind)
    }

    /// Whether a node of this kind stands in a text as it is.
    pub fn is_bare_part(&self, kind: &str) -> bool {
        self.bare.contains(&kind)
    }

    /// A text without its quotes and prefixes.
    pub fn unquoted(&self, text: &str) -> String {
        let start = text.find(['"', '\'', '`']).unwrap_or(0);
        let prefix = text[..start].chars().all(|c| c.is_ascii_alphanumeric() || "$@#%".contains(c));
        let text = if prefix { &text[start..] } else { text };
        text.trim_matches(['"', '\'', '`']).to_owned()
    }

    /// The names along a chain of members, elements and calls: `request.args.get("x")` is
    /// `request`, `args`, `get`.
    pub fn path(&self, node: &Node<'_>) -> Vec<String> {
        let mut path = Vec::new();
        let mut left = Some(node.clone());
        for _ in 0..32 {
            let Some(node) = left else { break };
            let kind = node.kind();
            let own = |name: &str| node.field(name).map(|field| field.text().into_owned());
            match self.role(&kind) {
                Role::Call => {
                    // Ruby, PHP and Java have the name beside the object, the others a function.
                    let name = own("method").or_else(|| own("name"));
                    match (name, object(&node)) {
                        (Some(name), object) => {
                            path.push(name);
                            left = object;
                        }
                        (None, _) => {
                            let function =
                                node.field("function").or_else(|| node.field("constructor"));
                            let made = || node.field("type");
                            left = function.or_else(made).or_else(|| node.named_children().next());
                            // `new Type()`: a type's name is no path below it.
                            if left.as_ref().is_some_and(|n| self.role_of(n) == Role::Skip) {
                                path.extend(left.take().map(|n| n.text().into_owned()));
                            }
                        }
                    }
                }
                Role::Member => {
                    let field = ["attribute", "property", "field", "name"];
                    path.extend(field.iter().find_map(|name| own(name)));
                    left = object(&node).or_else(|| node.named_children().next());
                }
                Role::Index => left = object(&node).or_else(|| node.named_children().next()),
                Role::Name => {
                    path.push(node.text().trim_start_matches(['@']).to_owned());
                    left = None;
                }
                _ if node.named_children().count() == 1 => left = node.named_children().next(),
                _ => {
                    let text = node.text();
                    // `pkg::name`, `Type`, `this`
                    if text.len() < 80 && !text.contains(['(', '"', '\n']) {
                        path.extend(text.rsplit("::").map(str::to_owned));
                    }
                    left = None;
                }
            }
        }
        path.reverse();
        path
    }
}

/// What a member or call is taken from.
fn object<'t>(node: &Node<'t>) -> Option<Node<'t>> {
    let names =
        ["object", "receiver", "operand", "expression", "value", "scope", "array", "argument"];
    names.iter().find_map(|name| node.field(name))
}
