//! The rooms hold: who may import whom, how long a file and a function may be, and what only one
//! place may do. ARCHITECTURE.md says why.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms from the top. A file may import its own room and those above it.
const ROOMS: &[&str] = &[
    "model",
    "config",
    "error",
    "git",
    "journal",
    "agents",
    "redact",
    "attribution",
    "checklist",
    "notes",
    "query",
    "render",
    "commands",
];

const MAX_FILE: usize = 500;
const MAX_FUNCTION: usize = 100;

/// Text that may stand only in the files whose path starts so.
const ONLY: &[(&str, &[&str])] = &[
    ("git2::", &["git/"]),
    ("Command::new(\"git\")", &["git/"]),
    ("process::exit", &[]),
    ("println!", &[]),
    ("eprintln!", &[]),
    ("env::var", &["config/mod.rs"]),
    ("env::current_", &["config/mod.rs"]),
    ("Utc::now", &["config/mod.rs"]),
];

struct Source {
    name: String,
    text: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&root, &mut files);
    assert!(files.len() > 20, "only {} files found", files.len());
    files
        .into_iter()
        .map(|path| Source {
            name: path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/"),
            text: fs::read_to_string(&path).unwrap(),
        })
        .collect()
}

fn walk(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
}

fn room(name: &str) -> &str {
    name.split(['/', '.']).next().unwrap()
}

fn place(room: &str) -> Option<usize> {
    ROOMS.iter().position(|known| *known == room)
}

/// The text without its tests.
fn product(source: &Source) -> &str {
    let test_file = source.name.ends_with("tests.rs") || source.name.contains("/tests");
    if test_file {
        return "";
    }
    source.text.split("#[cfg(test)]\nmod ").next().unwrap()
}

#[test]
fn every_folder_is_a_known_room() {
    for source in sources() {
        let room = room(&source.name);
        assert!(place(room).is_some() || ["lib", "main"].contains(&room), "{}", source.name);
    }
}

#[test]
fn a_file_imports_its_own_room_and_those_above() {
    let mut wrong = Vec::new();
    for source in
        sources().iter().filter(|s| !s.name.starts_with("lib") && !s.name.starts_with("main"))
    {
        let own = place(room(&source.name)).unwrap();
        for (at, _) in product(source).match_indices("crate::") {
            let rest = &source.text[at + "crate::".len()..];
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            if let Some(used) = place(&rest[..end])
                && used > own
            {
                wrong.push(format!("{} imports {}", source.name, &rest[..end]));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_only_one_place_may_do_is_done_there() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (text, places) in ONLY {
            let allowed = places.iter().any(|place| source.name.starts_with(place));
            for line in product(&source).lines().filter(|line| !line.trim_start().starts_with("//"))
            {
                if !allowed && line.contains(text) {
                    wrong.push(format!("{}: {}", source.name, line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn files_and_functions_stay_small() {
    let mut wrong = Vec::new();
    for source in sources() {
        let lines = source.text.lines().count();
        if lines > MAX_FILE {
            wrong.push(format!("{}: {lines} lines", source.name));
        }
        for (name, length) in functions(&source.text) {
            if length > MAX_FUNCTION {
                wrong.push(format!("{}: fn {name} has {length} lines", source.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Functions with their lengths: from the line with `fn` to the closing brace at its indent.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(rest) = line.trim_start().split("fn ").nth(1).filter(|_| is_function(line)) else {
            continue;
        };
        let indent = &line[..line.len() - line.trim_start().len()];
        let end = format!("{indent}}}");
        if let Some(length) = lines[at..].iter().position(|line| *line == end) {
            let name = rest.split(['(', '<']).next().unwrap_or(rest);
            found.push((name.to_owned(), length + 1));
        }
    }
    found
}

fn is_function(line: &str) -> bool {
    let start = line.trim_start();
    let start =
        start.strip_prefix("pub(crate) ").or(start.strip_prefix("pub(super) ")).unwrap_or(start);
    let start = start.strip_prefix("pub ").unwrap_or(start);
    start.starts_with("fn ") || start.starts_with("const fn ")
}

#[test]
fn the_walk_sees_functions() {
    let text = "impl X {\n    pub fn a() {\n        b();\n    }\n}\nfn c() {\n}\n";
    assert_eq!(functions(text), [("a".to_owned(), 3), ("c".to_owned(), 2)]);
}
