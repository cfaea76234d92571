//! What manifests declare: names, and the versions that they ask for.

use std::collections::HashMap;

use super::pins::is_requirements;
use crate::checklist::Project;

/// The packages that a project declares, by their normalised names.
#[derive(Debug, Default)]
pub struct Declared {
    /// The version that each name is asked for in, as it is written; empty where none is.
    pub packages: HashMap<String, String>,
    /// The manifests that were read.
    pub manifests: Vec<String>,
    /// Whether a manifest is a program, so that it may declare more than can be read.
    pub open: bool,
}

impl Declared {
    fn add(&mut self, name: &str, version: &str) {
        let version = version.trim().to_owned();
        let known = self.packages.entry(normal(name)).or_default();
        if known.is_empty() {
            *known = version;
        }
    }
}

/// A name as registries compare it.
pub fn normal(name: &str) -> String {
    name.trim().to_ascii_lowercase().replace(['_', '.'], "-")
}

/// The folders that a path lies in, from the innermost: `a/b`, `a` and the top.
pub fn folders(path: &str) -> Vec<String> {
    let mut folders = Vec::new();
    let mut rest = path;
    while let Some((folder, _)) = rest.rsplit_once('/') {
        folders.push(folder.to_owned());
        rest = folder;
    }
    folders.push(String::new());
    folders.truncate(32);
    folders
}

/// A name below a folder.
pub fn below(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// The text of a file of the project.
pub fn read(project: &dyn Project, path: &str) -> Option<std::rc::Rc<str>> {
    project.text(&path.into())
}

/// What Python manifests above a file declare; `None` where there is none.
pub fn python(project: &dyn Project, path: &str) -> Option<Declared> {
    let mut declared = Declared::default();
    for folder in folders(path) {
        for name in project.list(&folder) {
            let whole = below(&folder, &name);
            if name == "requirements/" {
                python_folder(project, whole.trim_end_matches('/'), &mut declared);
            }
            let reader: fn(&str, &mut Declared) = match name.as_str() {
                "pyproject.toml" => pyproject,
                "Pipfile" => pipfile,
                "setup.py" => setup_py,
                "setup.cfg" => setup_cfg,
                "environment.yml" | "environment.yaml" => conda,
                _ if is_requirements(&name.to_ascii_lowercase()) => requirement_lines,
                _ => continue,
            };
            python_file(project, &whole, reader, &mut declared);
        }
    }
    (!declared.manifests.is_empty()).then_some(declared)
}

/// Lists of requirements in a folder of them, and in the folders in it.
fn python_folder(project: &dyn Project, folder: &str, declared: &mut Declared) {
    let mut names: Vec<String> =
        project.list(folder).iter().map(|name| below(folder, name)).collect();
    let inner = names.iter().filter_map(|name| name.strip_suffix('/'));
    let inner: Vec<String> = inner
        .flat_map(|inner| project.list(inner).into_iter().map(move |name| below(inner, &name)))
        .collect();
    names.extend(inner);
    for name in names.iter().filter(|name| name.ends_with(".txt") || name.ends_with(".in")) {
        python_file(project, name, requirement_lines, declared);
    }
}

fn python_file(
    project: &dyn Project,
    path: &str,
    reader: fn(&str, &mut Declared),
    declared: &mut Declared,
) {
    if let Some(text) = read(project, path) {
        let before = declared.packages.len();
        reader(&text, declared);
        // A `setup.cfg` or `pyproject.toml` may be there for the settings of tools alone.
        let settings = path.ends_with("setup.cfg") || path.ends_with("pyproject.toml");
        if !settings || declared.packages.len() > before || text.contains("[project]") {
            declared.manifests.push(path.to_owned());
        }
    }
}

fn requirement_lines(text: &str, declared: &mut Declared) {
    for line in text.lines() {
        requirement(line, declared);
    }
}

/// One requirement as PEP 508 writes it.
fn requirement(line: &str, declared: &mut Declared) {
    let line = line.trim().trim_matches(['"', '\'', ',']);
    let line = line.split(" #").next().unwrap_or(line).trim();
    if let Some((_, egg)) = line.split_once("#egg=") {
        declared.add(egg.split('&').next().unwrap_or(egg), "");
        return;
    }
    if line.starts_with(['#', '-', '.', '/'])
        || line.is_empty()
        || line.contains("://") && !line.contains(" @ ")
    {
        return;
    }
    let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')));
    let (name, rest) = line.split_at(end.unwrap_or(line.len()));
    let rest = rest.trim_start();
    let rest = match rest.strip_prefix('[') {
        Some(extras) => extras.split_once(']').map_or("", |(_, rest)| rest),
        None => rest,
    };
    if !name.is_empty() {
        declared.add(name, rest.split(';').next().unwrap_or_default());
    }
}

fn pyproject(text: &str, declared: &mut Declared) {
    let Ok(value) = text.parse::<toml::Table>() else {
        declared.open = true;
        return;
    };
    let value = toml::Value::Table(value);
    let at = |path: &str| path.split('/').try_fold(&value, |value, key| value.get(key));
    lists(at("project/dependencies"), declared);
    for groups in
        ["project/optional-dependencies", "dependency-groups", "tool/pdm/dev-dependencies"]
    {
        for (_, group) in at(groups).and_then(toml::Value::as_table).into_iter().flatten() {
            lists(Some(group), declared);
        }
    }
    lists(at("tool/uv/dev-dependencies"), declared);
    lists(at("build-system/requires"), declared);
    for table in ["tool/poetry/dependencies", "tool/poetry/dev-dependencies"] {
        tables(at(table), declared);
    }
    for (_, group) in at("tool/poetry/group").and_then(toml::Value::as_table).into_iter().flatten()
    {
        tables(group.get("dependencies"), declared);
    }
    for (_, environment) in
        at("tool/hatch/envs").and_then(toml::Value::as_table).into_iter().flatten()
    {
        lists(environment.get("dependencies"), declared);
        lists(environment.get("extra-dependencies"), declared);
    }
    let names = ["project/name", "tool/poetry/name"].iter().filter_map(|path| at(path)?.as_str());
    for name in names {
        declared.add(name, "");
    }
}

fn lists(value: Option<&toml::Value>, declared: &mut Declared) {
    for item in value.and_then(toml::Value::as_array).into_iter().flatten() {
        if let Some(text) = item.as_str() {
            requirement(text, declared);
        }
    }
}

fn tables(value: Option<&toml::Value>, declared: &mut Declared) {
    for (name, value) in value.and_then(toml::Value::as_table).into_iter().flatten() {
        let version = value.as_str().or_else(|| value.get("version").and_then(toml::Value::as_str));
        declared.add(name, version.unwrap_or_default());
    }
}

fn pipfile(text: &str, declared: &mut Declared) {
    let Ok(value) = text.parse::<toml::Table>() else {
        declared.open = true;
        return;
    };
    tables(value.get("packages"), declared);
    tables(value.get("dev-packages"), declared);
}

/// A program: its strings that look like requirements.
fn setup_py(text: &str, declared: &mut Declared) {
    declared.open = true;
    for part in text.split(['"', '\'']).skip(1).step_by(2) {
        if part.len() < 80 && !part.contains(['\n', '/']) {
            requirement(part, declared);
        }
    }
}

fn setup_cfg(text: &str, declared: &mut Declared) {
    let mut section = "";
    let mut inside = false;
    for line in text.lines() {
        if line.starts_with('[') {
            section = line.trim();
            inside = false;
        } else if line.starts_with(char::is_whitespace) {
            if inside {
                requirement(line, declared);
            }
        } else if let Some((key, value)) = line.split_once('=') {
            let key = key.trim();
            inside = matches!(key, "install_requires" | "tests_require" | "setup_requires")
                || section.starts_with("[options.extras_require]");
            if inside {
                requirement(value, declared);
            }
        }
    }
}

fn conda(text: &str, declared: &mut Declared) {
    for line in text.lines() {
        if let Some(item) = line.trim().strip_prefix("- ") {
            let item = item.rsplit("::").next().unwrap_or(item);
            requirement(&item.replacen('=', "==", usize::from(!item.contains("=="))), declared);
        }
    }
}

/// What the `package.json` files above a file declare, with the version of Node.js under `node`;
/// `None` where there is none.
pub fn javascript(project: &dyn Project, path: &str) -> Option<Declared> {
    const SECTIONS: &[&str] =
        &["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"];
    let mut declared = Declared::default();
    for folder in folders(path) {
        let manifest = below(&folder, "package.json");
        let Some(text) = read(project, &manifest) else {
            continue;
        };
        declared.manifests.push(manifest);
        let Ok(value) = serde_json::from_str::<serde_json::Value>(&text) else {
            declared.open = true;
            continue;
        };
        for section in SECTIONS {
            for (name, version) in value[*section].as_object().into_iter().flatten() {
                declared
                    .packages
                    .entry(name.clone())
                    .or_insert_with(|| version.as_str().unwrap_or_default().to_owned());
            }
        }
        for section in ["bundledDependencies", "bundleDependencies"] {
            for name in value[section].as_array().into_iter().flatten().filter_map(|n| n.as_str()) {
                declared.packages.entry(name.to_owned()).or_default();
            }
        }
        if let Some(name) = value["name"].as_str() {
            declared.packages.entry(name.to_owned()).or_default();
        }
        if let Some(node) = value["engines"]["node"].as_str() {
            declared.packages.entry("node".to_owned()).or_insert_with(|| node.to_owned());
        }
        declared.open |= value.get("workspaces").is_some() || value.get("_moduleAliases").is_some();
    }
    (!declared.manifests.is_empty()).then_some(declared)
}

/// What the nearest `go.mod` requires, its own module included.
pub fn go(project: &dyn Project, path: &str) -> Option<Declared> {
    let (manifest, text) = nearest(project, path, "go.mod")?;
    let mut declared = Declared { manifests: vec![manifest], ..Declared::default() };
    for line in text.lines() {
        let line = line.trim().trim_start_matches("require ").trim_start_matches("replace ");
        let mut words = line.split_whitespace();
        let name = match words.next() {
            Some("module") => words.next(),
            name => name,
        };
        if let Some(name) = name.filter(|name| !matches!(*name, "//" | ")" | "(" | "go")) {
            let version = words.find(|word| word.starts_with('v')).unwrap_or_default();
            declared.packages.insert(name.trim_matches('"').to_owned(), version.to_owned());
        }
    }
    Some(declared)
}

/// What the `Cargo.toml` files above a file declare, by the names that code uses.
pub fn rust(project: &dyn Project, path: &str) -> Option<Declared> {
    let mut declared = Declared::default();
    for folder in folders(path) {
        let manifest = below(&folder, "Cargo.toml");
        let Some(text) = read(project, &manifest) else {
            continue;
        };
        declared.manifests.push(manifest);
        let Ok(value) = text.parse::<toml::Table>() else {
            declared.open = true;
            continue;
        };
        cargo(&value, &mut declared);
        for (_, target) in value.get("target").and_then(toml::Value::as_table).into_iter().flatten()
        {
            target.as_table().into_iter().for_each(|table| cargo(table, &mut declared));
        }
        for table in ["package", "lib"] {
            let name = value.get(table).and_then(|table| table.get("name")?.as_str());
            name.into_iter().for_each(|name| declared.add(name, ""));
        }
    }
    (!declared.manifests.is_empty()).then_some(declared)
}

fn cargo(table: &toml::Table, declared: &mut Declared) {
    for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
        tables(table.get(section), declared);
    }
}

/// The gems that the nearest `Gemfile`, or a `*.gemspec` beside it, names.
pub fn ruby(project: &dyn Project, path: &str) -> Option<Declared> {
    let mut declared = Declared::default();
    for folder in folders(path) {
        for name in project.list(&folder) {
            if name != "Gemfile" && !name.ends_with(".gemspec") && name != "Gemfile.lock" {
                continue;
            }
            let whole = below(&folder, &name);
            let Some(text) = read(project, &whole) else { continue };
            declared.open |= text.contains("eval_gemfile");
            declared.manifests.push(whole);
            if name == "Gemfile.lock" {
                let gems = text.lines().filter_map(|line| line.strip_prefix("    "));
                gems.filter_map(|line| line.split_whitespace().next())
                    .for_each(|gem| declared.add(gem, ""));
                continue;
            }
            for line in text.lines().map(str::trim_start) {
                let gem = line.starts_with("gem ")
                    || line.contains("add_dependency")
                    || line.contains("add_runtime_dependency")
                    || line.contains("add_development_dependency")
                    || line.contains(".name =")
                    || line.contains(".name  ");
                let named = line.split(['"', '\'']).nth(1).filter(|_| gem);
                named.into_iter().for_each(|name| declared.add(name, ""));
            }
        }
    }
    (!declared.manifests.is_empty()).then_some(declared)
}

/// The nearest file of this name above a path, and its text.
pub fn nearest(
    project: &dyn Project,
    path: &str,
    name: &str,
) -> Option<(String, std::rc::Rc<str>)> {
    folders(path).into_iter().find_map(|folder| {
        let path = below(&folder, name);
        read(project, &path).map(|text| (path, text))
    })
}
