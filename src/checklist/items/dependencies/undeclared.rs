//! Imports that no manifest declares: the package may not exist.

use std::collections::{BTreeMap, BTreeSet};

use super::imports::Import;
use super::manifests::{self, Declared, below, folders, normal};
use crate::checklist::lang::Lang;
use crate::checklist::{File, Project};
use crate::model::Confidence;

const STANDARD: &str = include_str!("data/standard.txt");
const DISTRIBUTIONS: &str = include_str!("data/distributions.txt");
const POPULAR: &str = include_str!("data/popular.txt");

/// After so many in one file the manifest is not the right one, or the file no real one.
const MAX_FOUND: usize = 100;

/// Of more modules than these none is looked up.
const MAX_IMPORTS: usize = 2000;

/// An import that nothing declares.
pub struct Undeclared {
    /// The import.
    pub import: Import,
    /// The package that it needs.
    pub package: String,
    /// The manifest that should name it.
    pub manifest: String,
    /// A declared or well-known name that it misses by a letter.
    pub meant: Option<String>,
    /// How sure it is.
    pub confidence: Confidence,
}

/// Reads the manifests above a path.
type Reader = fn(&dyn Project, &str) -> Option<Declared>;

/// What manifests above files declare, read once for each folder.
#[derive(Default)]
pub struct Cache {
    declared: BTreeMap<(&'static str, String), Option<std::rc::Rc<Declared>>>,
}

impl Cache {
    /// What is declared for a file; `None` where there is no manifest, or none that is known.
    pub fn declared(
        &mut self,
        project: &dyn Project,
        file: &File,
    ) -> Option<std::rc::Rc<Declared>> {
        let (name, read): (_, Reader) = match file.lang? {
            Lang::Python => ("python", manifests::python),
            Lang::JavaScript | Lang::TypeScript | Lang::Tsx => {
                ("javascript", manifests::javascript)
            }
            Lang::Go => ("go", manifests::go),
            Lang::Rust => ("rust", manifests::rust),
            Lang::Ruby => ("ruby", manifests::ruby),
            _ => return None,
        };
        let path = file.path.lossy();
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let known = self.declared.entry((name, folder));
        known.or_insert_with(|| read(project, &path).map(std::rc::Rc::new)).clone()
    }
}

/// The imports of a file that nothing declares.
pub fn of(
    file: &File,
    declared: &Declared,
    imports: &[Import],
    project: &dyn Project,
) -> Vec<Undeclared> {
    let path = file.path.lossy();
    let data = |part: &str| {
        matches!(
            part,
            "fixtures" | "testdata" | "test-data" | "data" | "cases" | "_vendor" | "vendor"
        )
    };
    if path.split('/').any(data) {
        return Vec::new();
    }
    let mut found: Vec<Undeclared> = Vec::new();
    let mut seen = BTreeSet::new();
    for import in imports {
        if !seen.insert(import.module.as_str()) || seen.len() > MAX_IMPORTS {
            continue;
        }
        let package = match file.lang {
            Some(Lang::Python) => python(&import.module, declared, project, &path),
            Some(Lang::JavaScript | Lang::TypeScript | Lang::Tsx) => {
                javascript(&import.module, declared, project, &path)
            }
            Some(Lang::Go) => go(&import.module, declared),
            Some(Lang::Rust) => rust(&import.module, declared, file),
            Some(Lang::Ruby) => ruby(&import.module, declared, project, &path),
            _ => None,
        };
        let Some(package) = package else { continue };
        if found.len() >= MAX_FOUND {
            break;
        }
        if found.iter().any(|known| known.package == package) {
            continue;
        }
        let language = match file.lang {
            Some(Lang::Python) => "python",
            Some(Lang::Rust) => "rust",
            Some(Lang::Ruby) => "ruby",
            _ => "javascript",
        };
        found.push(Undeclared {
            meant: near(&package, declared.packages.keys().map(String::as_str), language),
            confidence: if declared.open || import.late || file.is_test() {
                Confidence::Low
            } else {
                Confidence::High
            },
            import: import.clone(),
            manifest: declared.manifests.first().cloned().unwrap_or_default(),
            package,
        });
    }
    found
}

/// The rest of the line of a list that starts with this word.
fn listed<'l>(list: &'l str, first: &str) -> impl Iterator<Item = &'l str> {
    let line = list.lines().find_map(|line| line.strip_prefix(first)?.strip_prefix(' '));
    line.unwrap_or_default().split(' ')
}

/// The distributions that bring a Python module.
pub fn distributions(module: &str) -> Vec<String> {
    let own = std::iter::once(module.to_owned());
    own.chain(listed(DISTRIBUTIONS, module).map(str::to_owned))
        .map(|name| normal(&name))
        .filter(|name| !name.is_empty())
        .collect()
}

fn python(module: &str, declared: &Declared, project: &dyn Project, path: &str) -> Option<String> {
    let top = module.split('.').next().unwrap_or(module);
    if top.is_empty() || top.starts_with('_') || listed(STANDARD, "python").any(|name| name == top)
    {
        return None;
    }
    let names = distributions(top);
    let dotted = normal(module);
    let has = |name: &String| {
        let prefixed = |known: &String| {
            // `google.cloud.storage` comes with `google-cloud-storage`.
            known.contains('-')
                && (dotted.starts_with(known.as_str())
                    || dotted.contains('-') && known.starts_with(&dotted))
        };
        declared.packages.contains_key(name) || declared.packages.keys().any(prefixed)
    };
    let plain = format!("python-{}", names[0]);
    let variants = [
        plain,
        format!("{}-python", names[0]),
        format!("py{}", names[0]),
        format!("{}-py", names[0]),
        format!("django-{}", names[0]),
        format!("{}-client", names[0]),
        format!("{}-binary", names[0]),
    ];
    if names.iter().any(has) || variants.iter().any(|name| declared.packages.contains_key(name)) {
        return None;
    }
    // Namespaces such as `google` and `azure` are shared by many distributions.
    let namespace = format!("{}-", names[0]);
    let shared = [
        "google",
        "azure",
        "zope",
        "jaraco",
        "backports",
        "opentelemetry",
        "airflow",
        "sphinxcontrib",
        "flaskext",
        "mpl-toolkits",
    ];
    if shared.contains(&names[0].as_str())
        && declared.packages.keys().any(|known| known.starts_with(&namespace))
    {
        return None;
    }
    let local = folders(path).iter().any(|folder| {
        ["", "src", "lib", "python", "app"].iter().any(|inner| {
            let folder = if inner.is_empty() { folder.clone() } else { below(folder, inner) };
            project.list(&folder).iter().any(|name| {
                name.strip_prefix(top)
                    .is_some_and(|rest| matches!(rest, "/" | ".py" | ".pyi" | ".pyx" | ".so"))
            })
        })
    });
    (!local).then(|| names.get(1).cloned().unwrap_or_else(|| top.to_owned()))
}

fn javascript(
    module: &str,
    declared: &Declared,
    project: &dyn Project,
    path: &str,
) -> Option<String> {
    let odd = module.is_empty()
        || module.starts_with(['.', '/', '#', '~', '$', '!', '\0'])
        || module.starts_with("@/")
        || module.contains([':', '!', '\\', ' ', '{']);
    if odd {
        return None;
    }
    let mut parts = module.split('/');
    let first = parts.next().unwrap_or(module);
    let package = match first.strip_prefix('@') {
        Some(_) => format!("{first}/{}", parts.next()?),
        None => first.to_owned(),
    };
    let built_in = listed(STANDARD, "node").any(|name| name == module || name == package);
    let types = format!("@types/{}", package.trim_start_matches('@').replace('/', "__"));
    let declared_here =
        declared.packages.contains_key(&package) || declared.packages.contains_key(&types);
    let provided = matches!(
        package.as_str(),
        "vscode"
            | "electron"
            | "bun"
            | "deno"
            | "react-native"
            | "virtual"
            | "k6"
            | "astro"
            | "eslint"
    );
    if built_in || declared_here || provided && !declared.packages.is_empty() {
        return None;
    }
    let aliased = ["tsconfig.json", "jsconfig.json", "tsconfig.base.json"].iter().any(|name| {
        manifests::nearest(project, path, name).is_some_and(|(_, text)| {
            text.contains(&format!("\"{first}"))
                || text.contains("\"baseUrl\"") && is_local(project, path, first)
        })
    });
    (!aliased && !is_local(project, path, first)).then_some(package)
}

/// Whether a folder or a file of this name lies beside a file or above it: bundlers and `baseUrl`
/// find modules there.
fn is_local(project: &dyn Project, path: &str, name: &str) -> bool {
    folders(path).iter().any(|folder| {
        ["", "src", "app", "packages"].iter().any(|inner| {
            let folder = if inner.is_empty() { folder.clone() } else { below(folder, inner) };
            project.list(&folder).iter().any(|known| known.strip_prefix(name) == Some("/"))
        })
    })
}

fn go(module: &str, declared: &Declared) -> Option<String> {
    let host = module.split('/').next().unwrap_or(module);
    let own = |known: &String| {
        module == known
            || module.strip_prefix(known.as_str()).is_some_and(|rest| rest.starts_with('/'))
    };
    if !host.contains('.') || module.starts_with('.') || declared.packages.keys().any(own) {
        return None;
    }
    Some(module.to_owned())
}

fn rust(module: &str, declared: &Declared, file: &File) -> Option<String> {
    let plain = matches!(
        module,
        "std" | "core" | "alloc" | "crate" | "self" | "super" | "proc_macro" | "test"
    );
    if plain
        || module.starts_with(|c: char| c.is_ascii_uppercase())
        || declared.packages.contains_key(&normal(module))
    {
        return None;
    }
    // A module or a name that the file itself brings in.
    let text = &file.text;
    let local = [
        format!("mod {module}"),
        format!("::{module};"),
        format!("::{module}::"),
        format!("{module},"),
        format!("as {module}"),
        format!("{module}}}"),
    ];
    (!local.iter().any(|form| text.contains(form.as_str()))).then(|| module.to_owned())
}

fn ruby(module: &str, declared: &Declared, project: &dyn Project, path: &str) -> Option<String> {
    let first = module.split('/').next().unwrap_or(module);
    let built_in = listed(STANDARD, "ruby").any(|name| name == first);
    if built_in || first.starts_with('.') || first.is_empty() || first.contains(' ') {
        return None;
    }
    let plain = |name: &str| name.replace(['-', '_'], "").to_ascii_lowercase();
    let wanted = [plain(first), plain(module)];
    let known = |name: &String| {
        let name = plain(name);
        wanted.contains(&name)
            || name.starts_with(&wanted[0])
            || name.ends_with(&wanted[0])
            || wanted[0].starts_with(&name)
    };
    let rails = declared.packages.contains_key("rails")
        && ["active", "action", "rails", "abstract"].iter().any(|start| first.starts_with(start));
    if declared.packages.keys().any(known) || rails {
        return None;
    }
    let file = format!("{first}.rb");
    let folder = format!("{first}/");
    let local = folders(path).iter().any(|above| {
        ["", "lib", "app", "spec", "test"].iter().any(|inner| {
            let at = if inner.is_empty() { above.clone() } else { below(above, inner) };
            project.list(&at).iter().any(|name| *name == file || *name == folder)
        })
    });
    (!local).then(|| first.to_owned())
}

/// A declared or well-known name that this one misses by a letter.
pub fn near<'d>(
    name: &str,
    declared: impl Iterator<Item = &'d str>,
    language: &str,
) -> Option<String> {
    let name = name.to_ascii_lowercase();
    let popular: Vec<&str> = listed(POPULAR, language).collect();
    if name.len() < 5 || popular.contains(&name.as_str()) {
        return None;
    }
    let letters = |text: &str| text.chars().filter(|c| c.is_ascii_alphabetic()).collect::<String>();
    let close = |known: &&str| {
        known.len() >= 5
            && **known != name
            && known.len().abs_diff(name.len()) <= 1
            && letters(known) != letters(&name)
            && known.strip_suffix('s') != Some(&name)
            && name.strip_suffix('s') != Some(known)
            && strsim::osa_distance(known, &name) == 1
    };
    let declared: Vec<&str> = declared.collect();
    if declared.contains(&name.as_str()) {
        return None;
    }
    declared.iter().copied().chain(popular).find(close).map(str::to_owned)
}
