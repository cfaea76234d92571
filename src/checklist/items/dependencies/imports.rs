//! What a file imports, by its syntax tree.

use crate::checklist::File;
use crate::checklist::lang::{Lang, Node};
use crate::model::LineRange;

/// An import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// What is imported, as it is written: `a.b`, `@scope/name/x`, `host/path`.
    pub module: String,
    /// Where.
    pub lines: LineRange,
    /// Whether it is only done when a function is called.
    pub late: bool,
}

/// The imports in the judged lines of a file. Those that the code can do without, such as one
/// whose failure is caught, are left out.
pub fn of(file: &File) -> Vec<Import> {
    let (Some(lang), Some(tree)) = (file.lang, file.tree()) else {
        return Vec::new();
    };
    let read: fn(&Node<'_>) -> Vec<String> = match lang {
        Lang::Python => python,
        Lang::JavaScript | Lang::TypeScript | Lang::Tsx => javascript,
        Lang::Go => go,
        Lang::Rust => rust,
        Lang::Ruby => ruby,
        _ => return Vec::new(),
    };
    let mut found = Vec::new();
    let mut left = vec![(tree.root(), false)];
    while let Some((node, late)) = left.pop() {
        let lines = file.lines_of(node.range());
        if file.run_at(lines).is_none() || is_guarded(&node) {
            continue;
        }
        found.extend(read(&node).into_iter().map(|module| Import { module, lines, late }));
        let kind = node.kind();
        let late = late || kind.contains("function") || kind.contains("method_definition");
        left.extend(node.children().map(|child| (child, late)));
    }
    found.sort_by_key(|import| import.lines.start);
    found
}

/// Code that is there because an import may fail.
pub fn is_guarded(node: &Node<'_>) -> bool {
    match &*node.kind() {
        "try_statement" => node.children().any(|child| match &*child.kind() {
            "except_clause" => {
                let text = child.text();
                let head = text.lines().next().unwrap_or_default();
                ["ImportError", "ModuleNotFoundError", "Exception", "except:"]
                    .iter()
                    .any(|e| head.contains(e))
            }
            // JavaScript requires what is optional like this, too.
            "catch_clause" => node.field("body").is_some_and(|body| {
                let body = body.text();
                body.len() < 400 && body.contains("require(")
            }),
            _ => false,
        }),
        // For type checkers, or for another version of the language.
        "if_statement" => node.field("condition").is_some_and(|condition| {
            ["TYPE_CHECKING", "version_info", "sys.platform"]
                .iter()
                .any(|word| condition.text().contains(word))
        }),
        "begin" => {
            let small = node.range().len() < 4096;
            small
                && node.text().lines().any(|line| line.trim_start().starts_with("rescue LoadError"))
        }
        _ => false,
    }
}

fn python(node: &Node<'_>) -> Vec<String> {
    match &*node.kind() {
        "import_statement" => {
            let names = node.field_children("name").map(|name| match &*name.kind() {
                "aliased_import" => name.field("name").map(|n| n.text().into_owned()),
                _ => Some(name.text().into_owned()),
            });
            names.flatten().collect()
        }
        "import_from_statement" => node
            .field("module_name")
            .filter(|name| name.kind() == "dotted_name")
            .map(|name| name.text().into_owned())
            .into_iter()
            .collect(),
        "call" => {
            let function = node.field("function").map(|f| f.text().into_owned());
            let imports = matches!(
                function.as_deref(),
                Some("__import__" | "importlib.import_module" | "import_module")
            );
            let first =
                node.field("arguments").filter(|_| imports).and_then(|a| a.named_children().next());
            let name = first.and_then(|first| text_of(&first));
            name.filter(|name| !name.starts_with('.') && !name.is_empty()).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn javascript(node: &Node<'_>) -> Vec<String> {
    let source = match &*node.kind() {
        "import_statement" | "export_statement" | "import_require_clause" => node.field("source"),
        "call_expression" => {
            let function = node.field("function").map(|f| f.text().into_owned());
            let imports =
                matches!(function.as_deref(), Some("require" | "import" | "require.resolve"));
            node.field("arguments").filter(|_| imports).and_then(|a| a.named_children().next())
        }
        _ => None,
    };
    source.and_then(|source| text_of(&source)).into_iter().collect()
}

/// The text of a string, or of strings that are joined.
fn text_of(node: &Node<'_>) -> Option<String> {
    match &*node.kind() {
        "string" | "template_string" | "interpreted_string_literal" => {
            let filled = node
                .children()
                .any(|c| c.kind().contains("substitution") || c.kind() == "interpolation");
            let text = node.text();
            (!filled).then(|| text.trim_matches(['"', '\'', '`']).to_owned())
        }
        "binary_expression" => {
            let left = text_of(&node.field("left")?)?;
            Some(left + &text_of(&node.field("right")?)?)
        }
        _ => None,
    }
}

fn go(node: &Node<'_>) -> Vec<String> {
    let path = (node.kind() == "import_spec").then(|| node.field("path")).flatten();
    path.map(|path| path.text().trim_matches(['"', '`']).to_owned()).into_iter().collect()
}

fn rust(node: &Node<'_>) -> Vec<String> {
    let path = match &*node.kind() {
        "use_declaration" => node.field("argument"),
        "extern_crate_declaration" => node.field("name"),
        _ => None,
    };
    let Some(path) = path else {
        return Vec::new();
    };
    let text = path.text();
    let text = text.trim_start_matches("::").trim_start_matches('{');
    let tops = if path.kind() == "use_list" { text.split(',').collect() } else { vec![text] };
    let first = |top: &str| {
        let name: String =
            top.trim().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        (!name.is_empty()).then_some(name)
    };
    tops.into_iter().filter_map(first).collect()
}

fn ruby(node: &Node<'_>) -> Vec<String> {
    let requires = node.kind() == "call"
        && node.field("receiver").is_none()
        && node.field("method").is_some_and(|method| method.text() == "require");
    let first =
        node.field("arguments").filter(|_| requires).and_then(|a| a.named_children().next());
    first.and_then(|first| text_of(&first)).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_of_every_language_are_found() {
        for (path, text, expected) in [
            ("a.py", "import a.b as c, d\nfrom e.f import g\nfrom . import h\n", "a.b d e.f"),
            ("a.py", "try:\n    import a\nexcept ImportError:\n    a = None\n", ""),
            ("a.py", "importlib.import_module('a')\n", "a"),
            (
                "a.js",
                "import a from 'a'; export * from \"b\"; require('c' + 'd'); x.require('e'); import('f')",
                "a b cd f",
            ),
            ("a.ts", "import type { A } from 'a';\nimport b = require('b');\n", "a b"),
            (
                "a.go",
                "package a\nimport (\n\t\"fmt\"\n\tx \"github.com/a/b\"\n)\n",
                "fmt github.com/a/b",
            ),
            ("a.rs", "use a::b;\nuse {c::d, e};\nextern crate f;\n", "a c e f"),
            ("a.rb", "require 'a/b'\nrequire_relative 'c'\n", "a/b"),
        ] {
            let imports = of(&File::whole(path.into(), text.as_bytes()));
            let mut modules: Vec<&str> =
                imports.iter().map(|import| import.module.as_str()).collect();
            modules.sort_unstable();
            assert_eq!(modules.join(" "), expected, "{text}");
        }
    }
}
