//! Names that the declared version of a package does not have.

use std::collections::BTreeMap;

use super::manifests::Declared;
use super::names::{self, Named};
use super::removals;
use super::removals::{Removal, Table, Version};
use crate::checklist::lang::{Lang, Node};
use crate::checklist::{File, Project};
use crate::model::LineRange;

const PYTHON: &str = include_str!("data/removed-python.txt");
const JAVASCRIPT: &str = include_str!("data/removed-javascript.txt");

/// A name that is gone, where it is used.
pub struct Gone<'t> {
    /// The name.
    pub name: String,
    /// Where.
    pub lines: LineRange,
    /// Since when, and what is there instead.
    pub removal: Removal<'t>,
    /// Whether it is a matter of the name alone, whatever it belongs to.
    pub loose: bool,
}

/// The uses of names that are gone.
pub fn gone(file: &File, declared: &Declared, project: &dyn Project) -> Vec<Gone<'static>> {
    let path = file.path.lossy();
    match file.lang {
        Some(Lang::Python) => {
            let mut version = |package: &str| {
                let imported = package == "python" || is_imported(&file.text, package);
                imported.then(|| removals::python(project, &path, declared, package)).flatten()
            };
            let table = Table::read(PYTHON, &mut version);
            if table.is_empty() {
                return Vec::new();
            }
            let mut found = whole_names(&table, &names::python(file));
            loose_names(file, &table, &mut found);
            found
        }
        Some(Lang::JavaScript | Lang::TypeScript | Lang::Tsx) => {
            let mut version = |package: &str| Version::lowest(declared.packages.get(package)?);
            let table = Table::read(JAVASCRIPT, &mut version);
            if table.is_empty() {
                Vec::new()
            } else {
                whole_names(&table, &names::javascript(file))
            }
        }
        _ => Vec::new(),
    }
}

/// Whether a text imports a module of this distribution.
fn is_imported(text: &str, package: &str) -> bool {
    let module = match package {
        "scikit-learn" => "sklearn",
        "apache-airflow" => "airflow",
        "pillow" => "PIL",
        "pyjwt" => "jwt",
        _ => package,
    };
    memchr::memmem::find(text.as_bytes(), module.as_bytes()).is_some()
        && (text.contains(&format!("import {module}")) || text.contains(&format!("from {module}")))
}

/// Uses of whole names, one for each line. The import itself is meant only where nothing else is.
fn whole_names<'t>(table: &Table<'t>, names: &[Named]) -> Vec<Gone<'t>> {
    let mut uses: BTreeMap<u32, Gone<'t>> = BTreeMap::new();
    let mut imports: Vec<Gone<'t>> = Vec::new();
    let mut used = Vec::new();
    for named in names {
        let Some((removal, end)) = table.name(&named.name, named.called) else {
            continue;
        };
        let name = named.name[..end].to_owned();
        let gone = Gone { name: name.clone(), lines: named.lines, removal, loose: false };
        if named.import {
            imports.push(gone);
        } else {
            used.push(name);
            uses.entry(named.lines.start).or_insert(gone);
        }
    }
    for import in imports {
        let below = |name: &String| {
            *name == import.name
                || name.starts_with(&import.name)
                || import.name.starts_with(name.as_str())
        };
        if !used.iter().any(below) {
            uses.entry(import.lines.start).or_insert(import);
        }
    }
    uses.into_values().collect()
}

/// Attributes, keyword arguments and keys that are gone.
fn loose_names<'t>(file: &File, table: &Table<'t>, found: &mut Vec<Gone<'t>>) {
    let Some(tree) = file.tree() else {
        return;
    };
    let mut classes: BTreeMap<String, String> = BTreeMap::new();
    let mut add = |node: &Node<'_>, name: &str, removal: &Removal<'t>| {
        let lines = file.lines_of(node.range());
        if !found.iter().any(|known| known.lines.start == lines.start) {
            found.push(Gone { name: name.to_owned(), lines, removal: *removal, loose: true });
        }
    };
    names::walk(tree.root(), &mut |node, _| {
        match &*node.kind() {
            "assignment" => {
                // `x = Class(…)`: what `x` is.
                let class = node
                    .field("right")
                    .filter(|right| right.kind() == "call")
                    .and_then(|call| call.field("function"));
                if let (Some(name), Some(class)) = (node.field("left"), class) {
                    classes.insert(name.text().into_owned(), last(&class.text()).to_owned());
                }
            }
            "attribute" => {
                let Some(name) = node.field("attribute") else { return true };
                let text = name.text();
                if let Some(removal) = table.attributes.get(&*text) {
                    add(&name, &text, removal);
                }
                let object = node
                    .field("object")
                    .map(|object| object.text().into_owned())
                    .unwrap_or_default();
                for (owners, removal) in table.methods.get(&*text).into_iter().flatten() {
                    let class = classes.get(&object);
                    if class
                        .is_some_and(|class| owners.split(',').any(|owner| class.ends_with(owner)))
                    {
                        add(&name, &text, removal);
                    }
                }
            }
            "call" => keywords(node, table, &mut add),
            "subscript" => {
                let key = node.field("subscript").filter(|key| key.kind() == "string");
                let on = node.field("value").is_some_and(|value| is_context(&value.text()));
                let text = key.as_ref().map(|key| key.text().trim_matches(['"', '\'']).to_owned());
                if let (Some(key), Some(removal)) =
                    (&key, text.as_deref().filter(|_| on).and_then(|text| table.keys.get(text)))
                {
                    add(key, &text.unwrap_or_default(), removal);
                }
            }
            "class_definition" => bodies(node, table, &mut add),
            "function_definition" => parameters(node, table, &mut add),
            _ => {}
        }
        true
    });
}

type Add<'a, 't> = &'a mut dyn FnMut(&Node<'_>, &str, &Removal<'t>);

fn last(text: &str) -> &str {
    text.rsplit('.').next().unwrap_or(text)
}

/// Names under which a task gets its context.
fn is_context(text: &str) -> bool {
    matches!(last(text), "context" | "kwargs" | "ctx" | "c")
        || text.ends_with("get_current_context()")
}

fn keywords<'t>(call: &Node<'_>, table: &Table<'t>, add: Add<'_, 't>) {
    let Some(function) = call.field("function") else {
        return;
    };
    let text = function.text();
    let callee = last(&text);
    let Some(arguments) = call.field("arguments") else {
        return;
    };
    for argument in arguments.named_children() {
        if argument.kind() != "keyword_argument" {
            continue;
        }
        let (Some(name), Some(value)) = (argument.field("name"), argument.field("value")) else {
            continue;
        };
        for (callees, removal) in table.keywords.get(&*name.text()).into_iter().flatten() {
            if *callees == "*" || callees.split(',').any(|known| known == callee) {
                add(&argument, &name.text(), removal);
            }
        }
        for (gone, removal) in table.values.get(&*name.text()).into_iter().flatten() {
            if value.text().trim_matches(['"', '\'']) == *gone {
                add(&argument, gone, removal);
            }
        }
    }
    let first = arguments.named_children().next();
    if let Some((first, removal)) = first.zip(table.bare.get(callee)) {
        add(&first, callee, removal);
    }
    // `context.get("key")`.
    let on = callee == "get"
        && function.field("object").is_some_and(|object| is_context(&object.text()));
    let key = arguments.named_children().next().filter(|key| on && key.kind() == "string");
    if let Some(key) = key
        && let Some(removal) = table.keys.get(key.text().trim_matches(['"', '\'']))
    {
        add(&key, key.text().trim_matches(['"', '\'']), removal);
    }
}

/// Assignments in the body of a class that mean nothing any more.
fn bodies<'t>(class: &Node<'_>, table: &Table<'t>, add: Add<'_, 't>) {
    let Some(bases) = class.field("superclasses").map(|bases| bases.text().into_owned()) else {
        return;
    };
    let gone = table.bodies.iter().filter(|(base, _, _)| bases.contains(base));
    for (_, names, removal) in gone {
        let body = class.field("body");
        for statement in body.iter().flat_map(|body| body.named_children().collect::<Vec<_>>()) {
            let Some(assignment) = statement.child(0).filter(|child| child.kind() == "assignment")
            else {
                continue;
            };
            let Some(name) = assignment.field("left") else { continue };
            if names.split(',').any(|known| known == name.text()) {
                add(&name, &name.text(), removal);
            }
        }
    }
}

/// Parameters of tasks that are filled from the context.
fn parameters<'t>(function: &Node<'_>, table: &Table<'t>, add: Add<'_, 't>) {
    let runs = function.field("name").is_some_and(|name| {
        matches!(&*name.text(), "execute" | "poke" | "pre_execute" | "post_execute")
    });
    let list = function.field("parameters").filter(|_| runs && !table.keys.is_empty());
    for parameter in list.iter().flat_map(|list| list.named_children().collect::<Vec<_>>()) {
        if let Some(removal) = table.keys.get(&*parameter.text()) {
            add(&parameter, &parameter.text(), removal);
        }
    }
}
