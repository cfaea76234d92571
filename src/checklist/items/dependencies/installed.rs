//! Names that an installed package does not have: the packages of a virtual environment are read.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::names::Named;
use crate::checklist::Project;
use crate::checklist::lang::{self, Lang, Node};
use crate::model::LineRange;

/// A name that the installed package does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// The whole name.
    pub name: String,
    /// Where it is used.
    pub lines: LineRange,
    /// What was looked into: a module or a package.
    pub module: String,
    /// A name that it has and that is close.
    pub meant: Option<String>,
}

/// Of more modules than these none is read.
const MAX_MODULES: usize = 300;

/// Star imports are followed no deeper.
const MAX_DEPTH: usize = 4;

/// What a module defines.
#[derive(Debug, Default)]
struct Exports {
    names: BTreeSet<String>,
    /// Whether it may have more names than can be read off its text.
    open: bool,
}

/// The packages that are installed for a Python project.
pub struct Installed<'p> {
    project: &'p dyn Project,
    folders: Vec<PathBuf>,
    modules: RefCell<HashMap<PathBuf, Rc<Exports>>>,
    lists: RefCell<HashMap<PathBuf, Rc<BTreeSet<String>>>>,
}

impl<'p> Installed<'p> {
    /// The packages in the environments that a project may run in.
    pub fn of(project: &'p dyn Project) -> Self {
        let tools = project.toolchain();
        let mut environments: Vec<PathBuf> = tools.virtual_env.iter().cloned().collect();
        environments.extend(
            project
                .top()
                .into_iter()
                .flat_map(|top| [".venv", "venv", "env"].map(|name| top.join(name))),
        );
        let mut folders = Vec::new();
        for environment in environments {
            let lib = environment.join("lib");
            let versions = project.disk_list(&lib);
            folders.extend(
                versions
                    .iter()
                    .filter(|name| name.starts_with("python3"))
                    .map(|name| lib.join(name.trim_end_matches('/')).join("site-packages")),
            );
            folders.push(environment.join("Lib").join("site-packages"));
        }
        folders.retain(|folder| !project.disk_list(folder).is_empty());
        Self { project, folders, modules: RefCell::default(), lists: RefCell::default() }
    }

    /// Whether there is nothing to be read.
    pub fn is_empty(&self) -> bool {
        self.folders.is_empty()
    }

    /// The names that installed packages do not have, each once.
    pub fn unknown(&self, names: &[Named], judged: impl Fn(LineRange) -> bool) -> Vec<Unknown> {
        let mut seen = BTreeSet::new();
        let mut found: Vec<Unknown> = Vec::new();
        for named in names.iter().filter(|named| judged(named.lines)) {
            let within = |known: &Unknown| named.name.starts_with(&format!("{}.", known.name));
            if named.name.contains('.')
                && seen.insert(named.name.as_str())
                && !found.iter().any(within)
            {
                found.extend(self.look(&named.name, named.lines));
            }
        }
        let mut once = BTreeSet::new();
        found.retain(|unknown| once.insert(unknown.name.clone()));
        found
    }

    fn list(&self, folder: &Path) -> Rc<BTreeSet<String>> {
        let mut lists = self.lists.borrow_mut();
        let list = lists.entry(folder.to_owned());
        Rc::clone(
            list.or_insert_with(|| Rc::new(self.project.disk_list(folder).into_iter().collect())),
        )
    }

    /// Follows a name through folders and modules to where it must be defined.
    fn look(&self, name: &str, lines: LineRange) -> Option<Unknown> {
        let mut parts = name.split('.');
        let top = parts.next()?;
        let site = self.folders.iter().find(|folder| {
            let names = self.list(folder);
            names.contains(&format!("{top}/")) || names.contains(&format!("{top}.py"))
        })?;
        let mut at = Module { folder: site.clone(), name: top.to_owned(), path: top.to_owned() };
        for part in parts {
            let package = at.folder.join(&at.name);
            if self.list(&at.folder).contains(&format!("{}/", at.name)) {
                let inside = self.list(&package);
                let compiled = inside.iter().any(|file| {
                    file.starts_with(&format!("{part}."))
                        && (file.ends_with(".so") || file.ends_with(".pyd"))
                });
                if compiled {
                    return None;
                }
                if [format!("{part}/"), format!("{part}.py"), format!("{part}.pyi")]
                    .iter()
                    .any(|file| inside.contains(file))
                {
                    at = Module {
                        folder: package,
                        name: part.to_owned(),
                        path: format!("{}.{part}", at.path),
                    };
                    continue;
                }
            }
            let exports = self.exports(&at, 0)?;
            // What is private may be patched from anywhere.
            if exports.open
                || exports.names.contains(part)
                || part.starts_with("__")
                || name.contains("._")
            {
                return None;
            }
            let close = exports.names.iter().filter(|known| strsim::osa_distance(known, part) <= 2);
            return Some(Unknown {
                name: format!("{}.{part}", at.path),
                lines,
                meant: close.min_by_key(|known| strsim::osa_distance(known, part)).cloned(),
                module: at.path,
            });
        }
        None
    }

    /// What a module defines; `None` where its text is not there.
    fn exports(&self, module: &Module, depth: usize) -> Option<Rc<Exports>> {
        let package = module.folder.join(&module.name);
        let folder = self.list(&module.folder).contains(&format!("{}/", module.name));
        let (files, home) = if folder {
            ([package.join("__init__.py"), package.join("__init__.pyi")], package)
        } else {
            let file = |end: &str| module.folder.join(format!("{}.{end}", module.name));
            ([file("py"), file("pyi")], module.folder.clone())
        };
        if let Some(known) = self.modules.borrow().get(&files[0]) {
            return Some(Rc::clone(known));
        }
        if self.modules.borrow().len() >= MAX_MODULES {
            return None;
        }
        let mut exports = Exports::default();
        let mut any = false;
        for file in &files {
            if let Some(text) = self.project.disk(file) {
                any = true;
                self.read(&text, &home, depth, &mut exports);
            }
        }
        let exports = Rc::new(exports);
        self.modules.borrow_mut().insert(files[0].clone(), Rc::clone(&exports));
        any.then_some(exports)
    }

    fn read(&self, text: &str, home: &Path, depth: usize, exports: &mut Exports) {
        const OPEN: &[&str] = &[
            "__getattr__",
            "globals()",
            "sys.modules",
            "setattr(",
            "exec(",
            "lazy",
            "__path__",
            "vars()[",
            "__dict__",
        ];
        if OPEN.iter().any(|word| text.contains(word)) || depth > MAX_DEPTH {
            exports.open = true;
            return;
        }
        // Functions bring names into their module.
        let brought = text.lines().filter_map(|line| line.trim_start().strip_prefix("global "));
        exports
            .names
            .extend(brought.flat_map(|names| names.split(',')).map(|name| name.trim().to_owned()));
        let Some(tree) = lang::parse(Lang::Python, text) else {
            exports.open = true;
            return;
        };
        let mut left = vec![tree.root()];
        while let Some(node) = left.pop() {
            match &*node.kind() {
                "function_definition" | "class_definition" => {
                    exports.names.extend(node.field("name").map(|name| name.text().into_owned()));
                }
                "import_statement" => {
                    exports.names.extend(node.field_children("name").map(|name| local(&name)));
                }
                "import_from_statement" => self.from(&node, home, depth, exports),
                "assignment" | "for_statement" | "named_expression" | "augmented_assignment" => {
                    let target = node.field("left").or_else(|| node.field("name"));
                    target.iter().for_each(|target| bound(target, &mut exports.names));
                    left.extend(node.field("right"));
                    left.extend(node.field("body"));
                }
                "as_pattern_target" => bound(&node, &mut exports.names),
                "type_alias_statement" => {
                    exports.names.extend(node.field("left").map(|name| name.text().into_owned()))
                }
                "lambda" | "string" | "call" | "dictionary" | "list" => {}
                _ => left.extend(node.children()),
            }
        }
    }

    fn from(&self, node: &Node<'_>, home: &Path, depth: usize, exports: &mut Exports) {
        let star = node.children().any(|child| child.kind() == "wildcard_import");
        exports.names.extend(node.field_children("name").map(|name| local(&name)));
        if !star {
            return;
        }
        let module =
            node.field("module_name").map(|module| module.text().into_owned()).unwrap_or_default();
        let dots = module.len() - module.trim_start_matches('.').len();
        let mut folder = match dots {
            0 => self.folders.iter().find(|folder| home.starts_with(folder)).cloned(),
            _ => home.ancestors().nth(dots - 1).map(Path::to_owned),
        };
        let mut name = String::new();
        for part in module.trim_start_matches('.').split('.') {
            if !name.is_empty() {
                folder = folder.map(|folder| folder.join(&name));
            }
            name = part.to_owned();
        }
        let inner = folder.filter(|_| !name.is_empty()).and_then(|folder| {
            self.exports(&Module { folder, name, path: String::new() }, depth + 1)
        });
        match inner {
            Some(inner) => {
                exports.open |= inner.open;
                exports.names.extend(inner.names.iter().cloned());
            }
            None => exports.open = true,
        }
    }
}

/// Where a module lies.
struct Module {
    folder: PathBuf,
    name: String,
    path: String,
}

/// The name that an import gives to what it brings in.
fn local(name: &Node<'_>) -> String {
    let alias = name.field("alias").unwrap_or_else(|| name.clone());
    let text = alias.text();
    text.split('.').next().unwrap_or(&text).to_owned()
}

/// The names in the target of an assignment.
fn bound(target: &Node<'_>, names: &mut BTreeSet<String>) {
    let mut left = vec![target.clone()];
    while let Some(node) = left.pop() {
        match &*node.kind() {
            "identifier" => drop(names.insert(node.text().into_owned())),
            "attribute" | "subscript" => {}
            _ => left.extend(node.children()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checklist::File;
    use crate::checklist::testing::Files;

    fn unknown(text: &str) -> Vec<String> {
        let site = "/v/lib/python3.12/site-packages";
        let mut project = Files::default();
        project.toolchain.virtual_env = Some("/v".into());
        for (path, text) in [
            (
                "pay/__init__.py",
                "from .core import *\nfrom . import util as u\nVERSION, B = 1, 2\ntry:\n    import json as fast\nexcept ImportError:\n    fast = None\n",
            ),
            ("pay/core.py", "class Client:\n    pass\n\ndef send(order):\n    hidden = 1\n"),
            ("pay/util/__init__.py", "def __getattr__(name):\n    return 1\n"),
        ] {
            project.disk.insert(format!("{site}/{path}"), text.to_owned());
        }
        let file = File::whole("a.py".into(), text.as_bytes());
        let installed = Installed::of(&project);
        let found = installed.unknown(&super::super::names::python(&file), |_| true);
        found
            .into_iter()
            .map(|unknown| format!("{} {}", unknown.name, unknown.meant.unwrap_or_default()))
            .collect()
    }

    #[test]
    fn names_that_are_not_in_the_installed_package_are_found() {
        assert_eq!(
            unknown("import pay\npay.sned(1)\npay.Clint\n"),
            ["pay.sned send", "pay.Clint Client"]
        );
        assert_eq!(unknown("from pay.core import hidden\n"), ["pay.core.hidden "]);
        assert_eq!(unknown("from pay import refunds\nrefunds.give()\n"), ["pay.refunds "]);
    }

    #[test]
    fn names_that_are_there_or_may_be_pass() {
        for text in [
            "import pay\npay.send(1); pay.Client().x; pay.VERSION; pay.B; pay.fast; pay.u\n",
            "from pay.util import anything\n",
            "import pay.core\npay.core.send\n",
            "import other\nother.x\n",
            "try:\n    from pay import refunds\nexcept ImportError:\n    refunds = None\n",
        ] {
            assert_eq!(unknown(text), Vec::<String>::new(), "{text}");
        }
    }
}
