//! Names that an installed npm package does not have: its type declarations are read, or its
//! JavaScript where that says plainly what it exports.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::installed::Unknown;
use super::names::walk;
use crate::checklist::lang::{self, Lang, Node};
use crate::checklist::{File, Project};

/// Of one package no more files are read.
const MAX_FILES: usize = 40;

/// What a package exports; `None` where its text does not tell for certain.
type Exports = Option<BTreeSet<String>>;

/// A name and its place in the file, in bytes.
type Named = (String, std::ops::Range<usize>);

/// The names that judged lines import from installed packages and that those do not have.
pub fn unknown(file: &File, project: &dyn Project) -> Vec<Unknown> {
    let (Some(tree), Some(top)) = (file.tree(), project.top()) else {
        return Vec::new();
    };
    let mut packages: BTreeMap<String, Exports> = BTreeMap::new();
    let mut found = Vec::new();
    walk(tree.root(), &mut |node, _| {
        let lines = file.lines_of(node.range());
        if file.run_at(lines).is_none() {
            return false;
        }
        let Some((package, names)) = imported(node) else {
            return true;
        };
        let known = packages.entry(package.clone()).or_insert_with(|| {
            let folder = folder(file, top, &package, project)?;
            exports(&folder, top, &package, project)
        });
        let Some(known) = known else { return false };
        for (name, range) in names.into_iter().filter(|(name, _)| !known.contains(name)) {
            let close = known.iter().filter(|other| strsim::osa_distance(other, &name) <= 2);
            found.push(Unknown {
                meant: close.min_by_key(|other| strsim::osa_distance(other, &name)).cloned(),
                name: format!("{package}.{name}"),
                lines: file.lines_of(range),
                module: package.clone(),
            });
        }
        false
    });
    found
}

/// The package, and the names with their places, of `import { a } from "x"` and of
/// `const { a } = require("x")`.
fn imported(node: &Node<'_>) -> Option<(String, Vec<Named>)> {
    let (source, names) = match &*node.kind() {
        "import_statement" => {
            let specifiers = node.dfs().filter(|part| part.kind() == "import_specifier");
            (
                node.field("source")?,
                specifiers.filter_map(|part| part.field("name")).collect::<Vec<_>>(),
            )
        }
        "variable_declarator" => {
            let call = node.field("value").filter(|value| value.kind() == "call_expression")?;
            call.field("function").filter(|function| function.text() == "require")?;
            let pattern = node.field("name").filter(|name| name.kind() == "object_pattern")?;
            let names = pattern.named_children().filter_map(|part| match &*part.kind() {
                "shorthand_property_identifier_pattern" => Some(part),
                "pair_pattern" => part.field("key"),
                _ => None,
            });
            (call.field("arguments")?.named_children().next()?, names.collect())
        }
        _ => return None,
    };
    let package = source.text().trim_matches(['"', '\'', '`']).to_owned();
    // A path below a package, a file of the project's, one of Node's own: other rules.
    let parts = package.split('/').count();
    let whole = if package.starts_with('@') { parts == 2 } else { parts == 1 };
    let plain = package.chars().all(|c| c.is_ascii_alphanumeric() || "@/._-".contains(c));
    (whole && plain && !package.starts_with('.') && !names.is_empty()).then(|| {
        (package, names.into_iter().map(|name| (name.text().into_owned(), name.range())).collect())
    })
}

/// The folder of a package, from the file's own upward.
fn folder(file: &File, top: &Path, package: &str, project: &dyn Project) -> Option<PathBuf> {
    let path = file.path.below(top);
    let above = path.ancestors().skip(1).take_while(|folder| folder.starts_with(top));
    let mut folders = above.map(|folder| folder.join("node_modules").join(package));
    folders.find(|folder| project.disk(&folder.join("package.json")).is_some())
}

fn exports(folder: &Path, top: &Path, package: &str, project: &dyn Project) -> Exports {
    let manifest: Value =
        serde_json::from_str(&project.disk(&folder.join("package.json"))?).ok()?;
    let typed = ["types", "typings"].iter().find_map(|key| manifest[*key].as_str());
    let typed = typed.or_else(|| conditional(&manifest["exports"], &["types"]));
    let types = folder.join(typed.unwrap_or("index.d.ts"));
    if let Some(names) = read(&types, project) {
        return names;
    }
    let published =
        top.join("node_modules/@types").join(package.trim_start_matches('@').replace('/', "__"));
    if let Some(names) = read(&published.join("index.d.ts"), project) {
        return names;
    }
    // Where the way in depends on who asks, its JavaScript may differ.
    if !manifest["exports"].is_null() && !manifest["exports"].is_string() {
        return None;
    }
    let main =
        manifest["exports"].as_str().or_else(|| manifest["main"].as_str()).unwrap_or("index.js");
    read(&folder.join(main), project).flatten()
}

/// The first path below one of these conditions in an `exports` map of package.json.
fn conditional<'v>(value: &'v Value, wanted: &[&str]) -> Option<&'v str> {
    let dot = if value["."].is_null() { value } else { &value["."] };
    let ways = [dot, &dot["import"], &dot["require"], &dot["default"], &dot["node"]];
    ways.into_iter().find_map(|way| wanted.iter().find_map(|key| way[*key].as_str()))
}

/// The names that a file exports, with those of the files it passes on; `None` where there is no
/// such file.
fn read(entry: &Path, project: &dyn Project) -> Option<Exports> {
    let mut names = BTreeSet::from(["default".to_owned()]);
    let mut left = vec![entry.to_owned()];
    let mut seen: BTreeSet<PathBuf> = BTreeSet::new();
    let mut first = true;
    while let Some(path) = left.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let text = if seen.len() > MAX_FILES { None } else { project.disk(&path) };
        match text {
            None if first => return None,
            None => return Some(None),
            Some(text) => {
                let folder = path.parent().unwrap_or(&path).to_owned();
                let typed = path.to_string_lossy().ends_with(".ts");
                if !collect(&text, typed, &folder, project, &mut names, &mut left) {
                    return Some(None);
                }
            }
        }
        first = false;
    }
    Some(Some(names))
}

/// Adds what a file exports; false where it may export more than its text says.
fn collect(
    text: &str,
    typed: bool,
    folder: &Path,
    project: &dyn Project,
    names: &mut BTreeSet<String>,
    left: &mut Vec<PathBuf>,
) -> bool {
    const OPEN: &[&str] = &[
        "__exportStar",
        "module.exports = require",
        "Object.assign(module.exports",
        "exports[",
        "declare module",
        "export =",
        "module.exports = new",
        "Object.assign(exports",
        "webpack",
    ];
    if OPEN.iter().any(|mark| text.contains(mark)) {
        return false;
    }
    let Some(tree) = lang::parse(if typed { Lang::TypeScript } else { Lang::JavaScript }, text)
    else {
        return false;
    };
    let mut certain = true;
    let mut any = false;
    for node in tree.root().children().filter(Node::is_named) {
        match &*node.kind() {
            "export_statement" => {
                any = true;
                certain &= exported(&node, folder, project, names, left);
            }
            "expression_statement" if !typed => any |= assigned(&node, names, &mut certain),
            // In a file of declarations everything at the top may be had.
            _ if typed => declared(&node, names),
            "ERROR" => certain = false,
            _ => {}
        }
    }
    certain && any
}

/// `export function a`, `export { a as b }`, `export * from "./c"`.
fn exported(
    node: &Node<'_>,
    folder: &Path,
    project: &dyn Project,
    names: &mut BTreeSet<String>,
    left: &mut Vec<PathBuf>,
) -> bool {
    if let Some(declaration) = node.field("declaration") {
        declared(&declaration, names);
        return true;
    }
    let specifiers: Vec<_> = node.dfs().filter(|part| part.kind() == "export_specifier").collect();
    names.extend(specifiers.iter().filter_map(|part| {
        part.field("alias").or_else(|| part.field("name")).map(|name| name.text().into_owned())
    }));
    if let Some(space) = node.dfs().find(|part| part.kind() == "namespace_export") {
        names.extend(space.named_children().next().map(|name| name.text().into_owned()));
        return true;
    }
    let star = node.children().any(|part| part.kind() == "*");
    let Some(source) = node.field("source").filter(|_| star) else {
        return true;
    };
    let from = source.text().trim_matches(['"', '\'']).to_owned();
    let Some(file) = from.starts_with('.').then(|| resolve(folder, &from, project)).flatten()
    else {
        return false;
    };
    left.push(file);
    true
}

fn resolve(folder: &Path, from: &str, project: &dyn Project) -> Option<PathBuf> {
    let bare = from.trim_start_matches("./").trim_end_matches(".js").trim_end_matches(".mjs");
    let ends = [".d.ts", ".d.mts", "/index.d.ts", ".ts", ".js", ".mjs", "/index.js"];
    let paths = ends.iter().map(|end| folder.join(format!("{bare}{end}")));
    paths.into_iter().find(|path| project.disk(path).is_some())
}

/// The names that a declaration gives.
fn declared(node: &Node<'_>, names: &mut BTreeSet<String>) {
    match &*node.kind() {
        "lexical_declaration" | "variable_declaration" => {
            let each = node.named_children().filter(|part| part.kind() == "variable_declarator");
            names.extend(each.filter_map(|part| part.field("name")).map(|n| n.text().into_owned()));
        }
        "ambient_declaration" | "expression_statement" => {
            node.named_children().for_each(|part| declared(&part, names));
        }
        _ => names.extend(node.field("name").map(|name| name.text().into_owned())),
    }
}

/// `exports.a = ...`, `module.exports = { a, b: c }`; whether it is one.
fn assigned(node: &Node<'_>, names: &mut BTreeSet<String>, certain: &mut bool) -> bool {
    let Some(assignment) =
        node.named_children().next().filter(|n| n.kind() == "assignment_expression")
    else {
        return false;
    };
    let (Some(target), Some(value)) = (assignment.field("left"), assignment.field("right")) else {
        return false;
    };
    let text = target.text();
    if let Some(name) =
        text.strip_prefix("module.exports.").or_else(|| text.strip_prefix("exports."))
    {
        names.insert(name.to_owned());
        if value.kind() == "assignment_expression" {
            *certain = false; // `exports.a = exports.b = ...`
        }
        return true;
    }
    if text != "module.exports" {
        return false;
    }
    if value.kind() != "object" {
        *certain = false;
    }
    for part in value.named_children() {
        match &*part.kind() {
            "shorthand_property_identifier" => drop(names.insert(part.text().into_owned())),
            "pair" => names.extend(
                part.field("key").map(|key| key.text().trim_matches(['"', '\'']).to_owned()),
            ),
            "method_definition" => {
                names.extend(part.field("name").map(|name| name.text().into_owned()))
            }
            "comment" => {}
            _ => *certain = false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checklist::testing::Files;

    fn project(files: &[(&str, &str)]) -> Files {
        let mut project = Files { top: Some("/p".into()), ..Files::default() };
        for (path, text) in files {
            project.disk.insert(format!("/p/node_modules/{path}"), (*text).into());
        }
        project
    }

    fn file(text: &str) -> File {
        File::whole("src/a.ts".into(), text.as_bytes())
    }

    fn said(file: &File, project: &dyn Project) -> Vec<String> {
        let say = |found: Unknown| {
            format!("{} {} {}", found.name, found.lines.start, found.meant.unwrap_or_default())
        };
        unknown(file, project).into_iter().map(say).collect()
    }

    #[test]
    fn names_that_the_declarations_do_not_have_are_found() {
        let project = project(&[
            ("pay/package.json", "{\"types\": \"dist/index.d.ts\"}"),
            (
                "pay/dist/index.d.ts",
                "export declare function send(): void;\nexport * from './more';\nexport { Inner as Outer } from './x';\ninterface Options {}\n",
            ),
            (
                "pay/dist/more.d.ts",
                "export declare const limit: number, rate: number;\nexport default class A {}\n",
            ),
        ]);
        let code = "import { send, sned,\n  limit, Outer, type Options } from 'pay';\nimport all, { default as d } from 'pay';\nimport { x } from './own';\n";
        assert_eq!(said(&file(code), &project), ["pay.sned 1 send"]);
    }

    #[test]
    fn plain_javascript_is_read_and_doubt_is_silent() {
        let code = "const { send, refund: r } = require('pay');\n";
        let with = |text: &str| {
            project(&[("pay/package.json", "{\"main\": \"main.js\"}"), ("pay/main.js", text)])
        };
        assert_eq!(said(&file(code), &with("exports.send = function () {};\n")), ["pay.refund 1 "]);
        assert!(said(&file(code), &with("module.exports = { send, refund };\n")).is_empty());
        assert!(said(&file(code), &with("module.exports = make();\n")).is_empty());
        assert!(said(&file(code), &with("module.exports = { ...all };\n")).is_empty());
        assert!(said(&file(code), &with("module.exports = require('./lib');\n")).is_empty());
        assert!(said(&file(code), &project(&[])).is_empty());
    }
}
