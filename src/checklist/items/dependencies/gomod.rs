//! Names that a Go package does not have: its files lie in the module cache, or under `vendor/`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::installed::Unknown;
use super::manifests::Declared;
use super::names::walk;
use crate::checklist::lang::{self, Lang, Node};
use crate::checklist::{File, Project};

/// Packages with more files than these are not read.
const MAX_FILES: usize = 400;

/// The names in the judged lines of a Go file that their packages do not have, each once.
pub fn unknown(file: &File, declared: &Declared, project: &dyn Project) -> Vec<Unknown> {
    let Some(tree) = file.tree() else {
        return Vec::new();
    };
    let imports = imports(tree.root());
    let mut uses: BTreeMap<(String, String), Vec<crate::model::LineRange>> = BTreeMap::new();
    let mut local = BTreeSet::new();
    walk(tree.root(), &mut |node, parent| {
        let (on, name) = match &*node.kind() {
            "selector_expression" => (node.field("operand"), node.field("field")),
            "qualified_type" => (node.field("package"), node.field("name")),
            "identifier" => {
                if parent.is_some_and(|parent| binds(parent, node)) {
                    local.insert(node.text().into_owned());
                }
                return false;
            }
            _ => return true,
        };
        let (Some(on), Some(name)) = (on, name) else {
            return true;
        };
        let lines = file.lines_of(node.range());
        if imports.contains_key(&*on.text()) && file.run_at(lines).is_some() {
            uses.entry((on.text().into_owned(), name.text().into_owned())).or_default().push(lines);
        }
        true
    });
    let mut packages: BTreeMap<String, Option<BTreeSet<String>>> = BTreeMap::new();
    let mut found = Vec::new();
    for ((on, name), lines) in uses {
        let Some(path) = imports.get(&on).filter(|_| !local.contains(&on)) else {
            continue;
        };
        let known = packages.entry(path.clone()).or_insert_with(|| {
            let folder = folder(path, declared, project)?;
            exports(&folder, project)
        });
        let Some(known) = known.as_ref().filter(|known| !known.contains(&name)) else {
            continue;
        };
        let close = known.iter().filter(|other| strsim::osa_distance(other, &name) <= 2);
        let Some(first) = lines.first() else { continue };
        found.push(Unknown {
            name: format!("{on}.{name}"),
            lines: *first,
            module: path.clone(),
            meant: close.min_by_key(|other| strsim::osa_distance(other, &name)).cloned(),
        });
    }
    found
}

/// The imports of a file by the name that its code uses. Without an alias that is the last part
/// of the path, where that can be a name.
fn imports(root: Node<'_>) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    walk(root, &mut |node, _| {
        if node.kind() != "import_spec" {
            return matches!(
                &*node.kind(),
                "source_file" | "import_declaration" | "import_spec_list"
            );
        }
        let path = node
            .field("path")
            .map(|path| path.text().trim_matches(['"', '`']).to_owned())
            .unwrap_or_default();
        let alias = node.field("name").map(|name| name.text().into_owned());
        let last = path.rsplit('/').next().unwrap_or_default().to_owned();
        let versioned =
            last.strip_prefix('v').is_some_and(|n| n.chars().all(|c| c.is_ascii_digit()));
        let plain = last.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        match alias {
            Some(alias) if alias != "_" && alias != "." => drop(found.insert(alias, path)),
            None if plain && !versioned => drop(found.insert(last, path)),
            _ => {}
        }
        false
    });
    found
}

/// Whether an identifier is bound by the node above it.
fn binds(parent: &Node<'_>, node: &Node<'_>) -> bool {
    let is = |field: &str| parent.field(field).is_some_and(|part| part.range() == node.range());
    match &*parent.kind() {
        "parameter_declaration" | "var_spec" | "const_spec" | "variadic_parameter_declaration" => {
            is("name")
        }
        "expression_list" => true,
        _ => false,
    }
}

/// Where the files of a package lie.
fn folder(path: &str, declared: &Declared, project: &dyn Project) -> Option<PathBuf> {
    let vendored = project.top().map(|top| top.join("vendor").join(path));
    if let Some(folder) = vendored.filter(|folder| !project.disk_list(folder).is_empty()) {
        return Some(folder);
    }
    let owner = |module: &&String| {
        path == module.as_str()
            || path.strip_prefix(module.as_str()).is_some_and(|rest| rest.starts_with('/'))
    };
    let module = declared.packages.keys().filter(owner).max_by_key(|module| module.len())?;
    let version = declared.packages.get(module).filter(|version| version.starts_with('v'))?;
    // The cache writes capitals as `!` and the small letter.
    let escape = |text: &str| {
        text.chars().fold(String::new(), |mut out, c| {
            if c.is_ascii_uppercase() {
                out.push('!');
            }
            out.push(c.to_ascii_lowercase());
            out
        })
    };
    let root = project.toolchain().go_modules.as_ref()?;
    let top = root.join(format!("{}@{}", escape(module), escape(version)));
    Some(top.join(path[module.len()..].trim_start_matches('/')))
}

/// The exported names of a package; `None` where its files are not there.
fn exports(folder: &std::path::Path, project: &dyn Project) -> Option<BTreeSet<String>> {
    let files: Vec<String> = project
        .disk_list(folder)
        .into_iter()
        .filter(|name| name.ends_with(".go") && !name.ends_with("_test.go"))
        .collect();
    if files.is_empty() || files.len() > MAX_FILES {
        return None;
    }
    let mut names = BTreeSet::new();
    for file in files {
        let text = project.disk(&folder.join(&file))?;
        let tree = lang::parse(Lang::Go, &text)?;
        walk(tree.root(), &mut |node, _| {
            match &*node.kind() {
                "function_declaration" => {
                    names.extend(node.field("name").map(|name| name.text().into_owned()));
                    return false;
                }
                "type_spec" | "type_alias" | "const_spec" | "var_spec" => {
                    names.extend(node.field_children("name").map(|name| name.text().into_owned()));
                    return false;
                }
                "method_declaration" => return false,
                _ => {}
            }
            true
        });
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checklist::testing::Files;

    #[test]
    fn names_that_are_not_in_the_package_are_found() {
        let mut project = Files::default();
        project.toolchain.go_modules = Some("/m".into());
        let text = "package pay\n\ntype Client struct{}\nconst (\n\tA = 1\n\tB\n)\nvar X, Y = 1, 2\nfunc Send() {}\nfunc (c Client) Close() {}\n";
        project.disk.insert("/m/example.com/!big/pay@v1.2.0/x/pay.go".into(), text.into());
        let mut declared = Declared::default();
        declared.packages.insert("example.com/Big/pay".into(), "v1.2.0".into());
        let code = "package a\n\nimport pay \"example.com/Big/pay/x\"\n\nfunc f(c pay.Client) {\n\tpay.Sned()\n\tpay.Send()\n\tpay.Y = pay.B\n\tpay.Refund{}.Do()\n}\n";
        let file = File::whole("a.go".into(), code.as_bytes());
        let said: Vec<String> = unknown(&file, &declared, &project)
            .into_iter()
            .map(|unknown| {
                format!(
                    "{} {} {}",
                    unknown.name,
                    unknown.lines.start,
                    unknown.meant.unwrap_or_default()
                )
            })
            .collect();
        assert_eq!(said, ["pay.Refund 9 ", "pay.Sned 6 Send"]);
        project.disk.clear();
        assert!(unknown(&file, &declared, &project).is_empty());
    }
}
