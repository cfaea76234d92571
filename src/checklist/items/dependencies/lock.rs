//! Manifests: what their lines declare, whether the lock file beside them knows it, and names that
//! miss a known one by a letter.

use super::manifests::{below, normal, read};
use super::pins::is_requirements;
use super::undeclared::near;
use crate::checklist::{File, Project};

/// A declaration that something is wrong with.
pub struct Fault {
    /// Its line.
    pub line: u32,
    /// The package.
    pub name: String,
    /// The lock file that does not know it, or the name that it nearly is.
    pub what: What,
}

/// What is wrong.
pub enum What {
    /// The lock file does not know it.
    NotLocked(&'static str),
    /// It is one letter away from this one.
    Near(String),
}

/// Manifests that declare more than this are not compared name by name.
const MAX_DECLARED: usize = 1000;

/// A kind of manifest.
struct Kind {
    language: &'static str,
    locks: &'static [&'static str],
    entry: fn(&str, &str) -> Option<String>,
    section: fn(&str) -> Option<bool>,
}

static KINDS: &[(&str, Kind)] = &[
    (
        "package.json",
        Kind {
            language: "javascript",
            locks: &["package-lock.json", "yarn.lock", "pnpm-lock.yaml"],
            entry: json,
            section: json_section,
        },
    ),
    (
        "composer.json",
        Kind { language: "php", locks: &["composer.lock"], entry: json, section: json_section },
    ),
    (
        "Cargo.toml",
        Kind { language: "rust", locks: &["Cargo.lock"], entry: toml, section: toml_section },
    ),
    (
        "pyproject.toml",
        Kind {
            language: "python",
            locks: &["poetry.lock", "uv.lock", "pdm.lock"],
            entry: toml,
            section: poetry_section,
        },
    ),
    ("Gemfile", Kind { language: "ruby", locks: &["Gemfile.lock"], entry: gem, section: |_| None }),
    ("go.mod", Kind { language: "go", locks: &["go.sum"], entry: module, section: |_| None }),
];

static REQUIREMENTS: Kind =
    Kind { language: "python", locks: &[], entry: requirement, section: |_| None };

/// What is wrong with the declarations in the judged lines of a manifest.
pub fn faults(file: &File, project: &dyn Project) -> Vec<Fault> {
    let path = file.path.lossy();
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let known = KINDS.iter().find(|(known, _)| *known == name).map(|(_, kind)| kind);
    let listed = is_requirements(&name.to_ascii_lowercase()).then_some(&REQUIREMENTS);
    let Some(kind) = known.or(listed) else {
        return Vec::new();
    };
    let declared: Vec<(u32, String, &str)> = entries(&file.text, kind);
    let lock = kind
        .locks
        .iter()
        .find_map(|lock| read(project, &below(folder, lock)).map(|text| (*lock, text)));
    if declared.len() > MAX_DECLARED {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (line, name, text) in &declared {
        let here = crate::model::LineRange { start: *line, end: *line };
        if file.run_at(here).is_none() {
            continue;
        }
        let others =
            declared.iter().map(|(_, other, _)| other.as_str()).filter(|other| other != name);
        if let Some(meant) = near(name, others, kind.language) {
            found.push(Fault { line: *line, name: name.clone(), what: What::Near(meant) });
        } else if let Some((lock, locked)) = &lock
            && !elsewhere(text)
            && !knows(locked, name)
        {
            found.push(Fault { line: *line, name: name.clone(), what: What::NotLocked(lock) });
        }
    }
    found
}

/// The declarations of a manifest: their lines, their names and their text.
fn entries<'t>(text: &'t str, kind: &Kind) -> Vec<(u32, String, &'t str)> {
    let mut inside = (kind.section)("").is_none();
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        match (kind.section)(line.trim()) {
            Some(section) => inside = section,
            None if inside => {
                let entry = (kind.entry)(line.trim(), line);
                found.extend(entry.map(|name| (number, name, line)));
            }
            None => {}
        }
    }
    found
}

/// What comes from a folder or is named otherwise than it is locked.
fn elsewhere(text: &str) -> bool {
    ["path", "workspace", "package =", "file:", "link:", "git", "replace", "=>"]
        .iter()
        .any(|word| text.contains(word))
}

fn knows(lock: &str, name: &str) -> bool {
    lock.contains(name) || lock.contains(&normal(name))
}

fn json_section(line: &str) -> Option<bool> {
    if line.is_empty() || line == "}" || line == "}," {
        return Some(false);
    }
    let opens = line.ends_with('{') && line.contains(':');
    opens.then(|| {
        line.to_ascii_lowercase().contains("dependencies\"") || line.starts_with("\"require")
    })
}

fn json(line: &str, _: &str) -> Option<String> {
    let (name, rest) = line.strip_prefix('"')?.split_once('"')?;
    let outside = name == "php" || name.starts_with("ext-");
    (rest.trim_start().starts_with(':') && !outside).then(|| name.to_owned())
}

fn toml_section(line: &str) -> Option<bool> {
    if line.is_empty() {
        return Some(false);
    }
    line.strip_prefix('[').map(|header| header.trim_end_matches(']').ends_with("dependencies"))
}

fn poetry_section(line: &str) -> Option<bool> {
    if line.is_empty() {
        return Some(false);
    }
    let header = line.strip_prefix('[')?;
    Some(
        header.starts_with("tool.poetry") && header.trim_end_matches(']').ends_with("dependencies"),
    )
}

fn toml(line: &str, whole: &str) -> Option<String> {
    let (name, _) = line.split_once('=').filter(|_| !whole.starts_with(char::is_whitespace))?;
    let name = name.trim().trim_matches('"').trim_end_matches(".workspace");
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    (plain && !name.is_empty() && name != "python").then(|| name.to_owned())
}

fn gem(line: &str, _: &str) -> Option<String> {
    let rest = line.strip_prefix("gem ")?;
    rest.split(['"', '\'']).nth(1).map(str::to_owned)
}

fn module(line: &str, _: &str) -> Option<String> {
    let line = line.strip_prefix("require ").unwrap_or(line);
    let mut words = line.split_whitespace();
    let name = words.next().filter(|name| name.contains('.') && name.contains('/'))?;
    let version = words.next().filter(|version| version.starts_with('v'))?;
    Some(format!("{name} {version}"))
}

fn requirement(line: &str, _: &str) -> Option<String> {
    let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')));
    let name = &line[..end.unwrap_or(line.len())];
    name.starts_with(|c: char| c.is_ascii_alphabetic()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checklist::testing::Files;

    fn said(files: &[(&str, &str)]) -> Vec<String> {
        let file = File::whole(files[0].0.into(), files[0].1.as_bytes());
        let said = |fault: Fault| match fault.what {
            What::NotLocked(lock) => format!("{} {} {lock}", fault.line, fault.name),
            What::Near(meant) => format!("{} {} ~ {meant}", fault.line, fault.name),
        };
        faults(&file, &Files::of(files)).into_iter().map(said).collect()
    }

    #[test]
    fn what_the_lock_file_does_not_know_is_found() {
        let npm = "{\n  \"name\": \"own\",\n  \"dependencies\": {\n    \"left\": \"1\",\n    \"right\": \"1\"\n  }\n}\n";
        let lock = "{\"packages\": {\"node_modules/left\": {}}}";
        assert_eq!(
            said(&[("package.json", npm), ("package-lock.json", lock)]),
            ["5 right package-lock.json"]
        );
        assert_eq!(said(&[("package.json", npm)]), Vec::<String>::new());
        let cargo = "[package]\nname = \"own\"\n\n[dependencies]\nleft = \"1\"\nright = { version = \"1\" }\nup = { path = \"..\" }\n";
        assert_eq!(
            said(&[("Cargo.toml", cargo), ("Cargo.lock", "name = \"left\"\n")]),
            ["6 right Cargo.lock"]
        );
        let go = "module a.com/own\n\nrequire (\n\ta.com/left v1.0.0\n\ta.com/left/v2 v2.1.0\n)\n";
        assert_eq!(
            said(&[("go.mod", go), ("go.sum", "a.com/left v1.0.0 h1:x\n")]),
            ["5 a.com/left/v2 v2.1.0 go.sum"]
        );
    }

    #[test]
    fn a_name_one_letter_away_from_a_known_one_is_found() {
        assert_eq!(
            said(&[("requirements.txt", "reqeusts==2.0\nflask==3.0\n")]),
            ["1 reqeusts ~ requests"]
        );
        let npm =
            "{\n  \"devDependencies\": {\n    \"loadsh\": \"1\",\n    \"lodash\": \"1\"\n  }\n}\n";
        assert_eq!(said(&[("package.json", npm)]), ["3 loadsh ~ lodash"]);
        assert_eq!(
            said(&[("requirements.txt", "requests==2.0\nown-tool==1\n")]),
            Vec::<String>::new()
        );
    }
}
