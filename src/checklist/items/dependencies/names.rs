//! The names that code uses, as their packages call them: imports and aliases followed.

use std::collections::{HashMap, HashSet};

use super::imports;
use crate::checklist::File;
use crate::checklist::lang::Node;
use crate::model::LineRange;

/// A name of a package that code uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The name from the package on, joined by dots.
    pub name: String,
    /// Where it is used.
    pub lines: LineRange,
    /// Whether it is called or constructed.
    pub called: bool,
    /// Whether this is the import itself.
    pub import: bool,
}

/// A longer name is not followed.
const MAX_PARTS: usize = 8;

/// What local names stand for, as far as the walk has come.
type Aliases = HashMap<String, String>;

/// The names that a Python file uses.
pub fn python(file: &File) -> Vec<Named> {
    let Some(tree) = file.tree() else {
        return Vec::new();
    };
    let mut aliases = Aliases::new();
    let mut found: Vec<(String, Named)> = Vec::new();
    let (mut local, mut given) = (HashSet::new(), HashSet::new());
    walk(tree.root(), &mut |node, parent| match &*node.kind() {
        // What may fail here is caught.
        "try_statement" | "if_statement" if imports::is_guarded(node) => false,
        "import_statement" => {
            for name in node.field_children("name") {
                let (path, alias) = aliased(&name);
                let top = path.split('.').next().unwrap_or(&path).to_owned();
                let (alias, target) =
                    alias.map_or((top.clone(), top), |alias| (alias, path.clone()));
                aliases.insert(alias, target);
                found.push((String::new(), named(file, &name, path, false, true)));
            }
            false
        }
        "import_from_statement" => {
            let module = node.field("module_name").filter(|m| m.kind() == "dotted_name");
            if let Some(module) = module.map(|module| module.text().into_owned()) {
                for name in node.field_children("name") {
                    let (path, alias) = aliased(&name);
                    let whole = format!("{module}.{path}");
                    aliases.insert(alias.unwrap_or(path), whole.clone());
                    found.push((String::new(), named(file, &name, whole, false, true)));
                }
            }
            false
        }
        "attribute" | "identifier" => {
            let text = node.text();
            let bound = is_bound(node, parent);
            if bound && node.kind() == "identifier" {
                local.insert(text.into_owned());
                return false;
            }
            let Some(name) = resolved(&text, &aliases) else {
                return node.kind() == "attribute";
            };
            if bound {
                // A module gets an attribute that its text does not show.
                given.insert(name);
                return false;
            }
            let first = text.split('.').next().unwrap_or_default().to_owned();
            found
                .push((first, named(file, node, name, is_callee(node, parent, "function"), false)));
            false
        }
        _ => true,
    });
    // A variable of the same name may stand for anything.
    found.retain(|(first, named)| !local.contains(first) && !given.contains(&named.name));
    found.into_iter().map(|(_, named)| named).collect()
}

/// Visits nodes in the order of the text, each with the node above it; what is below a node only
/// where `visit` says so. Asking a node for its parent is not cheap.
pub fn walk<'t>(root: Node<'t>, visit: &mut dyn FnMut(&Node<'t>, Option<&Node<'t>>) -> bool) {
    let mut left = vec![(root, None)];
    while let Some((node, parent)) = left.pop() {
        if visit(&node, parent.as_ref()) {
            let children: Vec<_> =
                node.children().map(|child| (child, Some(node.clone()))).collect();
            left.extend(children.into_iter().rev());
        }
    }
}

fn named(file: &File, node: &Node<'_>, name: String, called: bool, import: bool) -> Named {
    Named { name, lines: file.lines_of(node.range()), called, import }
}

/// `a as b`, or `a`.
fn aliased(node: &Node<'_>) -> (String, Option<String>) {
    let text = |field: &str| node.field(field).map(|part| part.text().into_owned());
    match &*node.kind() {
        "aliased_import" => (text("name").unwrap_or_default(), text("alias")),
        _ => (node.text().into_owned(), None),
    }
}

/// What a dotted name stands for, if its first part was imported.
fn resolved(text: &str, aliases: &Aliases) -> Option<String> {
    if text.len() > 200 {
        return None;
    }
    let (first, rest) =
        text.split_once('.').map_or((text, None), |(first, rest)| (first, Some(rest)));
    let target = aliases.get(first)?;
    let Some(rest) = rest else {
        return Some(target.clone());
    };
    let plain = rest.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '$'));
    (plain && rest.split('.').count() <= MAX_PARTS).then(|| format!("{target}.{rest}"))
}

/// Whether a name is bound here, not used: a parameter, a target, the name of a keyword argument.
fn is_bound(node: &Node<'_>, parent: Option<&Node<'_>>) -> bool {
    let Some(parent) = parent else {
        return false;
    };
    let is = |field: &str| parent.field(field).is_some_and(|part| part.range() == node.range());
    match &*parent.kind() {
        "keyword_argument"
        | "default_parameter"
        | "typed_default_parameter"
        | "function_definition"
        | "class_definition"
        | "named_expression" => is("name"),
        "assignment" | "for_statement" | "for_in_clause" | "augmented_assignment" => is("left"),
        "parameters"
        | "lambda_parameters"
        | "pattern_list"
        | "tuple_pattern"
        | "as_pattern_target"
        | "list_splat_pattern"
        | "dictionary_splat_pattern" => true,
        "typed_parameter" => parent.child(0).is_some_and(|first| first.range() == node.range()),
        _ => false,
    }
}

fn is_callee(node: &Node<'_>, parent: Option<&Node<'_>>, field: &str) -> bool {
    parent
        .is_some_and(|parent| parent.field(field).is_some_and(|part| part.range() == node.range()))
}

/// Names that Node.js has without an import.
const GLOBALS: &[&str] = &["Buffer", "SlowBuffer", "GLOBAL", "root", "process", "Intl", "require"];

/// The names that a JavaScript or TypeScript file uses. Those of Node.js stand without `node:`.
pub fn javascript(file: &File) -> Vec<Named> {
    let Some(tree) = file.tree() else {
        return Vec::new();
    };
    let mut aliases = Aliases::new();
    for global in GLOBALS {
        aliases.insert((*global).to_owned(), (*global).to_owned());
    }
    let mut found = Vec::new();
    let mut local: Vec<String> = Vec::new();
    walk(tree.root(), &mut |node, parent| match &*node.kind() {
        "import_statement" => {
            let source = node.field("source").map(|source| module(&source.text()));
            if let Some(source) = source {
                found.push(named(file, node, source.clone(), false, true));
                let clause = node.children().find(|child| child.kind() == "import_clause");
                clause
                    .iter()
                    .for_each(|clause| imported(file, clause, &source, &mut aliases, &mut found));
            }
            false
        }
        "export_statement" => {
            let clause = node.children().find(|child| child.kind() == "export_clause");
            let Some((source, clause)) = node.field("source").zip(clause) else {
                return true;
            };
            let source = module(&source.text());
            for name in clause.named_children().filter_map(|part| part.field("name")) {
                found.push(named(file, &name, format!("{source}.{}", name.text()), false, true));
            }
            false
        }
        "variable_declarator" => {
            let required = node.field("value").and_then(|value| required(&value));
            let (Some(source), Some(name)) = (required, node.field("name")) else {
                return true;
            };
            found.push(named(file, node, source.clone(), false, true));
            bind(file, &name, &source, &mut aliases, &mut found);
            false
        }
        "member_expression" | "identifier" | "call_expression" | "new_expression" => {
            if let Some(source) = required(node) {
                found.push(named(file, node, source, false, true));
                return false;
            }
            if node.kind().ends_with("call_expression") || node.kind() == "new_expression" {
                return true;
            }
            // `require("fs").exists` stands for a name, too.
            let name = member(node).or_else(|| resolved(&node.text(), &aliases));
            let Some(name) = name else {
                return true;
            };
            // `new (require("buffer").Buffer)()`.
            let called = is_callee(node, parent, "function")
                || is_callee(node, parent, "constructor")
                || parent.is_some_and(|parent| parent.kind() == "parenthesized_expression");
            if shadowed(node, parent) {
                local.push(node.text().into_owned());
            } else if name != "require" && name != "process" {
                found.push(named(file, node, name, called, false));
            }
            false
        }
        "shorthand_property_identifier_pattern" => {
            local.push(node.text().into_owned());
            false
        }
        _ => true,
    });
    // A global of that name means nothing where a variable has it, too.
    let top = |named: &Named| named.name.split('.').next().unwrap_or_default().to_owned();
    found.retain(|named| {
        let top = top(named);
        !(GLOBALS.contains(&top.as_str()) && local.contains(&top))
    });
    found
}

/// A name that is declared here, not used.
fn shadowed(node: &Node<'_>, parent: Option<&Node<'_>>) -> bool {
    parent.is_some_and(|parent| {
        let is = |field: &str| parent.field(field).is_some_and(|part| part.range() == node.range());
        match &*parent.kind() {
            "variable_declarator" | "function_declaration" | "class_declaration" => is("name"),
            "formal_parameters" | "required_parameter" | "optional_parameter" | "array_pattern"
            | "rest_pattern" | "catch_clause" => true,
            "arrow_function" => is("parameter"),
            "assignment_pattern" | "for_in_statement" => is("left"),
            "pair_pattern" => is("value"),
            "pair" => is("key"),
            _ => false,
        }
    })
}

fn module(text: &str) -> String {
    let text = text.trim_matches(['"', '\'', '`']);
    text.strip_prefix("node:").unwrap_or(text).to_owned()
}

/// The module that a call of `require` names.
fn required(node: &Node<'_>) -> Option<String> {
    let is = node.kind() == "call_expression"
        && node.field("function").is_some_and(|f| f.text() == "require");
    let first = node.field("arguments").filter(|_| is)?.named_children().next()?;
    (first.kind() == "string").then(|| module(&first.text()))
}

/// `require("fs").exists`.
fn member(node: &Node<'_>) -> Option<String> {
    if node.range().len() > 200 {
        return None;
    }
    let object = node.field("object")?;
    let property = node.field("property")?;
    let source = required(&object).or_else(|| member(&object))?;
    Some(format!("{source}.{}", property.text()))
}

/// The names that an import statement brings in.
fn imported(
    file: &File,
    clause: &Node<'_>,
    source: &str,
    aliases: &mut Aliases,
    found: &mut Vec<Named>,
) {
    for part in clause.named_children() {
        match &*part.kind() {
            // What a module exports by default stands for the module itself.
            "identifier" => drop(aliases.insert(part.text().into_owned(), source.to_owned())),
            "namespace_import" => {
                let name = part.named_children().last();
                name.into_iter().for_each(|name| {
                    drop(aliases.insert(name.text().into_owned(), source.to_owned()))
                });
            }
            "named_imports" => {
                for specifier in part.named_children() {
                    let Some(name) = specifier.field("name") else { continue };
                    let local = specifier.field("alias").unwrap_or_else(|| name.clone());
                    let whole = format!("{source}.{}", name.text());
                    found.push(named(file, &specifier, whole.clone(), false, true));
                    aliases.insert(local.text().into_owned(), whole);
                }
            }
            _ => {}
        }
    }
}

/// What `const NAME = require(…)` binds, taken apart or whole.
fn bind(file: &File, name: &Node<'_>, source: &str, aliases: &mut Aliases, found: &mut Vec<Named>) {
    if name.kind() == "identifier" {
        aliases.insert(name.text().into_owned(), source.to_owned());
        return;
    }
    for part in name.named_children() {
        let (key, local) = match &*part.kind() {
            "shorthand_property_identifier_pattern" => {
                (part.text().into_owned(), part.text().into_owned())
            }
            "pair_pattern" => {
                let text = |field: &str| {
                    part.field(field).map(|p| p.text().into_owned()).unwrap_or_default()
                };
                (text("key"), text("value"))
            }
            _ => continue,
        };
        let whole = format!("{source}.{key}");
        found.push(named(file, &part, whole.clone(), false, true));
        aliases.insert(local, whole);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(names: Vec<Named>) -> String {
        let uses = names.into_iter().filter(|named| !named.import);
        let said: Vec<String> = uses
            .map(|named| {
                format!(
                    "{}{}@{}",
                    named.name,
                    if named.called { "()" } else { "" },
                    named.lines.start
                )
            })
            .collect();
        said.join(" ")
    }

    #[test]
    fn names_are_followed_to_their_packages() {
        let text = "import numpy as np\nfrom a.b import c as d, e\nimport f.g\nnp.x.y(d, k=e)\nd.z()\nf.g.h\nq.r\n";
        let file = File::whole("a.py".into(), text.as_bytes());
        assert_eq!(said(python(&file)), "numpy.x.y()@4 a.b.c@4 a.b.e@4 a.b.c.z()@5 f.g.h@6");
    }

    #[test]
    fn names_of_modules_are_followed_in_javascript() {
        let text = "const fs = require('node:fs');\nconst { parse: p } = require('url');\nimport R, { render } from 'react-dom';\n\
            fs.exists(a);\np(b);\nrender();\nnew Buffer(1);\nrequire('util').isArray(x);\nR.hydrate();\n";
        let file = File::whole("a.js".into(), text.as_bytes());
        assert_eq!(
            said(javascript(&file)),
            "fs.exists()@4 url.parse()@5 react-dom.render()@6 Buffer()@7 util.isArray()@8 react-dom.hydrate()@9"
        );
    }
}
