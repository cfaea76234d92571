//! Names that a Rust crate does not have: the sources of the locked version lie in cargo's registry,
//! or under `vendor/`. Only what a path names right after the crate is looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::installed::Unknown;
use super::names::walk;
use crate::checklist::lang::{self, Lang, Node};
use crate::checklist::{File, Project};

/// The names in judged lines that their crates do not have, each once.
pub fn unknown(file: &File, project: &dyn Project) -> Vec<Unknown> {
    let Some(tree) = file.tree() else { return Vec::new() };
    let locked = locked(project);
    if locked.is_empty() {
        return Vec::new();
    }
    let mut crates: BTreeMap<String, Option<Exports>> = BTreeMap::new();
    let mut found: Vec<Unknown> = Vec::new();
    let mut own = BTreeSet::new();
    walk(tree.root(), &mut |node, _| {
        if node.kind() == "mod_item" {
            own.extend(node.field("name").map(|name| name.text().into_owned()));
        }
        let Some((krate, names)) = path(node) else { return true };
        let lines = file.lines_of(node.range());
        let Some(version) = locked.get(&krate).filter(|_| file.run_at(lines).is_some()) else {
            return true;
        };
        let known =
            crates.entry(krate.clone()).or_insert_with(|| exports(&krate, version, project));
        let Some(known) = known else { return true };
        for name in names.into_iter().filter(|name| known.lack(name)) {
            let close = known.names.iter().filter(|other| strsim::osa_distance(other, &name) <= 2);
            found.push(Unknown {
                meant: close.min_by_key(|other| strsim::osa_distance(other, &name)).cloned(),
                name: format!("{krate}::{name}"),
                lines,
                module: format!("{krate} {version}"),
            });
        }
        true
    });
    let mut once = BTreeSet::new();
    found.retain(|unknown| {
        let krate = unknown.name.split("::").next().unwrap_or_default();
        !own.contains(krate) && once.insert(unknown.name.clone())
    });
    found
}

/// The crate at the start of a path, and what is named right after it.
fn path(node: &Node<'_>) -> Option<(String, Vec<String>)> {
    let first = |node: Node<'_>| (node.kind() == "identifier").then(|| node.text().into_owned());
    match &*node.kind() {
        "scoped_identifier" | "scoped_type_identifier" => {
            let krate = first(node.field("path")?)?;
            Some((krate, vec![node.field("name")?.text().into_owned()]))
        }
        "scoped_use_list" => {
            let krate = first(node.field("path")?)?;
            let list = node.field("list")?;
            let names = list.named_children().filter_map(|part| match &*part.kind() {
                "identifier" => Some(part.text().into_owned()),
                "use_as_clause" => part.field("path").and_then(first),
                _ => None,
            });
            Some((krate, names.collect()))
        }
        _ => None,
    }
}

/// The versions of the crates that the project names itself, by the name that code uses. Two
/// versions of one crate say nothing.
fn locked(project: &dyn Project) -> BTreeMap<String, String> {
    let (Some(lock), Some(manifest)) =
        (project.text(&"Cargo.lock".into()), project.text(&"Cargo.toml".into()))
    else {
        return BTreeMap::new();
    };
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in lock.split("[[package]]").skip(1) {
        let field = |name: &str| {
            let line =
                package.lines().find_map(|line| line.strip_prefix(&format!("{name} = \"")))?;
            line.strip_suffix('"')
        };
        if let (Some(name), Some(version), Some(_)) =
            (field("name"), field("version"), field("source"))
        {
            versions.entry(name.to_owned()).or_default().push(version.to_owned());
        }
    }
    let declared = |name: &str| {
        manifest.lines().any(|line| {
            let line = line.trim_start();
            line.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('='))
        })
    };
    let single = versions.into_iter().filter(|(name, all)| all.len() == 1 && declared(name));
    single.map(|(name, mut all)| (name.replace('-', "_"), all.remove(0))).collect()
}

/// What stands at the top of a crate.
struct Exports {
    names: BTreeSet<String>,
    /// Whether other modules may add macros, whose names are written small.
    macros: bool,
}

impl Exports {
    fn lack(&self, name: &str) -> bool {
        let may_be_macro = self.macros && !name.starts_with(char::is_uppercase);
        !may_be_macro && !self.names.contains(name)
    }
}

/// The public names at the top of a crate; `None` where it may have more than its text says.
fn exports(krate: &str, version: &str, project: &dyn Project) -> Option<Exports> {
    let text = sources(krate, version, project)
        .iter()
        .find_map(|folder| project.disk(&folder.join("src/lib.rs")))?;
    let tree = lang::parse(Lang::Rust, &text)?;
    let mut names = BTreeSet::new();
    for node in tree.root().children().filter(Node::is_named) {
        let public = node
            .children()
            .any(|part| part.kind() == "visibility_modifier" && part.text() == "pub");
        match &*node.kind() {
            // A macro may make items, and a glob brings names from elsewhere.
            "macro_invocation" | "expression_statement" | "ERROR" => return None,
            "use_declaration" if public => {
                let tree = node.field("argument")?;
                if tree.dfs().any(|part| part.kind() == "use_wildcard") {
                    return None;
                }
                names.extend(used(&tree));
            }
            "macro_definition" => {
                names.extend(node.field("name").map(|name| name.text().into_owned()))
            }
            "extern_crate_declaration" if public => {
                names.extend(
                    node.field("alias")
                        .or_else(|| node.field("name"))
                        .map(|n| n.text().into_owned()),
                );
            }
            _ if public => names.extend(node.field("name").map(|name| name.text().into_owned())),
            _ => {}
        }
    }
    // Macros of other modules stand at the top of the crate, too.
    let macros = text.contains("#[macro_use]");
    let hidden = text.contains("include!") || names.len() < 2;
    (!hidden).then_some(Exports { names, macros })
}

/// The last names of a tree of `use`.
fn used(tree: &Node<'_>) -> Vec<String> {
    match &*tree.kind() {
        "scoped_identifier" => {
            tree.field("name").map(|name| name.text().into_owned()).into_iter().collect()
        }
        "use_as_clause" => {
            tree.field("alias").map(|name| name.text().into_owned()).into_iter().collect()
        }
        "scoped_use_list" => tree.field("list").iter().flat_map(used).collect(),
        "use_list" => tree.named_children().flat_map(|part| used(&part)).collect(),
        _ => vec![tree.text().into_owned()],
    }
}

/// The folders in which a crate may lie.
fn sources(krate: &str, version: &str, project: &dyn Project) -> Vec<PathBuf> {
    let dashed = krate.replace('_', "-");
    let mut folders = Vec::new();
    if let Some(top) = project.top() {
        folders.extend([krate, &dashed].map(|name| top.join("vendor").join(name)));
    }
    if let Some(home) = &project.toolchain().cargo_home {
        let registry = home.join("registry/src");
        for index in project.disk_list(&registry) {
            let index = registry.join(index.trim_end_matches('/'));
            folders.extend([krate, &dashed].map(|name| index.join(format!("{name}-{version}"))));
        }
    }
    folders
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checklist::testing::Files;

    const LOCK: &str =
        "[[package]]\nname = \"pay-now\"\nversion = \"1.2.0\"\nsource = \"registry\"\n";

    fn said(library: &str, code: &str) -> Vec<String> {
        let mut project =
            Files::of(&[("Cargo.lock", LOCK), ("Cargo.toml", "[dependencies]\npay-now = \"1\"\n")]);
        project.toolchain.cargo_home = Some("/c".into());
        project
            .disk
            .insert("/c/registry/src/index/pay-now-1.2.0/src/lib.rs".into(), library.into());
        let file = File::whole("a.rs".into(), code.as_bytes());
        let found = unknown(&file, &project).into_iter();
        found
            .map(|one| {
                format!("{} {} {}", one.name, one.lines.start, one.meant.unwrap_or_default())
            })
            .collect()
    }

    #[test]
    fn names_that_the_locked_crate_does_not_have_are_found() {
        let library = "pub mod wire;\npub use wire::{Amount, Rate as Price};\npub fn send() {}\nfn hidden() {}\n";
        let code = "use pay_now::{Amount, Amuont};\nuse pay_now::wire::Deep;\nfn f() {\n    pay_now::send();\n    pay_now::hidden();\n    let x: pay_now::Price;\n    other::thing();\n}\n";
        assert_eq!(said(library, code), ["pay_now::Amuont 1 Amount", "pay_now::hidden 5 "]);
    }

    #[test]
    fn doubt_is_silent() {
        let code = "fn f() {\n    pay_now::missing();\n}\n";
        for library in [
            "pub use wire::*;\npub fn a() {}\npub fn b() {}\n",
            "items!();\npub fn a() {}\npub fn b() {}\n",
            "",
        ] {
            assert!(said(library, code).is_empty(), "{library}");
        }
        let macros = "#[macro_use]\nmod macros;\npub fn a() {}\npub fn b() {}\n";
        assert!(said(macros, code).is_empty());
        assert_eq!(said(macros, "use pay_now::Amuont;\n"), ["pay_now::Amuont 1 "]);
        let own = "mod pay_now { pub fn missing() {} }\nfn f() { pay_now::missing(); }\n";
        assert!(said("pub fn a() {}\npub fn b() {}\n", own).is_empty());
    }
}
