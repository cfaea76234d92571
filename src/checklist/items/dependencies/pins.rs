//! What is declared without a version: whatever is newest on the day comes in.

use super::installs;
use crate::checklist::File;
use crate::checklist::lang::Lang;
use crate::model::{Confidence, LineRange};

/// A declaration without a version.
pub struct Loose {
    /// The rule.
    pub rule: &'static str,
    /// Its line.
    pub line: u32,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub hint: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

const NAME_VERSION: &str = "name the version that was tried";

/// The declarations without a version in a file.
pub fn loose(file: &File) -> Vec<Loose> {
    let path = file.path.lossy();
    let name = path.rsplit('/').next().unwrap_or(&path);
    let lower = name.to_ascii_lowercase();
    if lower.starts_with("dockerfile")
        || lower.starts_with("containerfile")
        || lower.ends_with(".dockerfile")
    {
        dockerfile(file)
    } else if is_requirements(&lower) {
        requirements(file)
    } else if name == "package.json" || name == "composer.json" {
        json(file)
    } else if name == "Cargo.toml" || name == "pyproject.toml" || name == "Pipfile" {
        toml(file)
    } else if file.lang == Some(Lang::Yaml) {
        yaml(file, &path)
    } else if name == "pom.xml"
        || lower.ends_with(".gradle")
        || lower.ends_with(".gradle.kts")
        || lower.ends_with(".csproj")
    {
        build_file(file)
    } else {
        Vec::new()
    }
}

/// Whether a file (lower case) lists what pip is to install.
pub fn is_requirements(name: &str) -> bool {
    name.ends_with(".txt") && (name.contains("requirements") || name.starts_with("constraints"))
        || name.ends_with("requirements.in")
}

/// An instruction of a Dockerfile, and the line it starts on.
fn instructions(text: &str) -> Vec<(u32, String)> {
    let mut found: Vec<(u32, String)> = Vec::new();
    let mut open = false;
    for (at, line) in text.lines().enumerate() {
        let comment = line.trim_start().starts_with('#');
        match found.last_mut().filter(|_| open) {
            Some((_, whole)) => {
                whole.push('\n');
                whole.push_str(if comment { "\\" } else { line });
                open = comment || line.trim_end().ends_with('\\');
            }
            None if comment || line.trim().is_empty() => {}
            None => {
                let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
                found.push((number, line.to_owned()));
                open = line.trim_end().ends_with('\\');
            }
        }
    }
    found
}

fn dockerfile(file: &File) -> Vec<Loose> {
    let mut stages: Vec<String> = Vec::new();
    let mut found = Vec::new();
    for (line, text) in instructions(&file.text) {
        let text = text.trim_start();
        let (keyword, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        match keyword.to_ascii_uppercase().as_str() {
            "FROM" => {
                let words: Vec<&str> =
                    rest.split_whitespace().filter(|w| !w.starts_with("--")).collect();
                let Some(image) = words.first() else { continue };
                if !stages.contains(&image.to_ascii_lowercase()) {
                    found.extend(self::image(image, line));
                }
                if words.get(1).is_some_and(|word| word.eq_ignore_ascii_case("as")) {
                    stages.extend(words.get(2).map(|stage| stage.to_ascii_lowercase()));
                }
            }
            "RUN" => {
                let script = match rest.trim_start().strip_prefix('[') {
                    Some(list) => list.replace("\",", "\" ").replace(']', " "),
                    None => rest
                        .split_whitespace()
                        .next()
                        .filter(|w| w.starts_with("--"))
                        .map_or_else(|| rest.to_owned(), |option| rest.replacen(option, "", 1)),
                };
                found.extend(installs::unpinned(&script, line).into_iter().map(install));
            }
            _ => {}
        }
    }
    found
}

fn install(install: installs::Install) -> Loose {
    Loose {
        rule: "unpinned-install",
        line: install.line,
        message: format!(
            "`{}` installs whatever version of `{}` is newest",
            install.program, install.package
        ),
        hint: NAME_VERSION,
        confidence: Confidence::Low,
    }
}

/// An image without a tag, or with one that moves.
fn image(name: &str, line: u32) -> Option<Loose> {
    let open = name.contains(['$', '@', '{', '<']) || name == "scratch" || name.is_empty();
    let last = name.rsplit('/').next().unwrap_or(name);
    let tag = last.split_once(':').map(|(_, tag)| tag);
    let message = match tag {
        _ if open => return None,
        None => format!("the image `{name}` has no tag: it is another one after each release"),
        Some("latest" | "edge" | "nightly") => {
            format!("the tag of `{name}` moves with each release")
        }
        Some(_) => return None,
    };
    Some(Loose {
        rule: "unpinned-image",
        line,
        message,
        hint: "name the tag of one release, or the digest",
        confidence: Confidence::Low,
    })
}

fn requirements(file: &File) -> Vec<Loose> {
    let mut found = Vec::new();
    for (line, text) in numbered(file) {
        let text = text.split(" #").next().unwrap_or(text).trim();
        let requirement = text.split(';').next().unwrap_or(text).trim();
        let name = requirement.split('[').next().unwrap_or(requirement);
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let bare = name.chars().all(plain)
            && (name.len() == requirement.len() || requirement.ends_with(']'));
        if !name.is_empty() && bare && name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            found.push(declared(line, name));
        }
    }
    found
}

fn declared(line: u32, name: &str) -> Loose {
    Loose {
        rule: "unpinned",
        line,
        message: format!("`{name}` is declared without a version"),
        hint: NAME_VERSION,
        confidence: Confidence::Low,
    }
}

fn numbered(file: &File) -> impl Iterator<Item = (u32, &str)> {
    (1..).zip(file.text.lines())
}

/// Dependencies of `package.json` and `composer.json` that take any version.
fn json(file: &File) -> Vec<Loose> {
    let mut section = false;
    let mut found = Vec::new();
    for (line, text) in numbered(file) {
        let text = text.trim();
        let mut quoted = text.split('"');
        let (Some(key), Some(rest)) = (quoted.nth(1), quoted.next()) else {
            section &= !text.starts_with('}');
            continue;
        };
        if rest.trim() == ": {" || rest.trim_end() == ":" && text.ends_with('{') {
            section = matches!(
                key,
                "dependencies"
                    | "devDependencies"
                    | "optionalDependencies"
                    | "require"
                    | "require-dev"
            );
            continue;
        }
        let Some(version) = quoted.next().filter(|_| section) else {
            continue;
        };
        let any = matches!(
            version.trim(),
            "*" | "latest"
                | ""
                | "x"
                | "next"
                | ">=0"
                | ">= 0"
                | ">=0.0.0"
                | "dev-master"
                | "dev-main"
        );
        if any && !key.starts_with("ext-") {
            found.push(declared(line, key));
        }
    }
    found
}

/// `name = "*"` of Cargo, Poetry and Pipenv.
fn toml(file: &File) -> Vec<Loose> {
    let mut found = Vec::new();
    let mut section = false;
    for (line, text) in numbered(file) {
        let text = text.trim();
        if let Some(header) = text.strip_prefix('[') {
            section = header.contains("dependencies")
                || header.starts_with("packages]")
                || header.starts_with("dev-packages]");
            continue;
        }
        let Some((key, value)) = text.split_once('=').filter(|_| section) else {
            continue;
        };
        let value = value.trim();
        if value.starts_with("\"*\"") || value.contains("version = \"*\"") {
            found.push(declared(line, key.trim().trim_matches('"')));
        }
    }
    found
}

/// Actions, images and install commands in workflows and in descriptions of services.
fn yaml(file: &File, path: &str) -> Vec<Loose> {
    let workflow = path.contains(".github/workflows/")
        || path.ends_with("action.yml")
        || path.ends_with("action.yaml")
        || file.text.contains("\njobs:");
    let mut found = Vec::new();
    for (line, text) in numbered(file) {
        let text = text.trim_start().trim_start_matches("- ").trim_start();
        let value = |key: &str| {
            let value = text.strip_prefix(key)?.split(" #").next()?.trim();
            Some(value.trim_matches(['"', '\'']))
        };
        if let Some(action) = value("uses:").filter(|_| workflow) {
            let moves = match action.split_once('@') {
                _ if action.starts_with("./")
                    || action.starts_with("docker://")
                    || action.contains("${{") =>
                {
                    false
                }
                None => true,
                Some((_, version)) => {
                    matches!(version, "main" | "master" | "latest" | "develop" | "HEAD")
                }
            };
            if moves && !action.is_empty() {
                found.push(Loose {
                    rule: "unpinned-action",
                    line,
                    message: format!("the action `{action}` changes whenever its branch does"),
                    hint: "name the commit of one release",
                    confidence: Confidence::Low,
                });
            }
        } else if let Some(image) = value("image:") {
            found.extend(
                self::image(image, line).filter(|_| image.len() > 1 && !image.contains(' ')),
            );
        }
    }
    found
}

/// Versions that move in build files of the JVM and of .NET.
fn build_file(file: &File) -> Vec<Loose> {
    let moves = |text: &str| {
        [
            "<version>LATEST<",
            "<version>RELEASE<",
            "latest.release",
            "latest.integration",
            ":+'",
            ":+\"",
            "Version=\"*\"",
        ]
        .iter()
        .any(|form| text.contains(form))
    };
    let found = numbered(file).filter(|(_, text)| moves(text));
    found.map(|(line, text)| declared(line, text.trim())).collect()
}

impl Loose {
    /// The line as a range.
    pub fn lines(&self) -> LineRange {
        LineRange { start: self.line, end: self.line }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<u32> {
        loose(&File::whole(path.into(), text.as_bytes())).iter().map(|loose| loose.line).collect()
    }

    #[test]
    fn what_takes_any_version_is_found_on_its_line() {
        let docker = "FROM debian\nFROM debian:12 AS base\nFROM base\nFROM a/b:latest\nFROM a@sha256:1\n\
            RUN --mount=type=cache apt-get update \\\n  # why\n  && apt-get install -y curl \\\n  git=1\nRUN [\"pip\", \"install\", \"x\"]\n";
        assert_eq!(lines("Dockerfile", docker), [1, 4, 8, 10]);
        let pip = "flask\nflask==3.0\n-r other.txt\nx[extra]\n# no\ngit+https://a/b.git\nb>=1 ; python_version > '3'\n";
        assert_eq!(lines("requirements-dev.txt", pip), [1, 4]);
        let npm = "{\n  \"name\": \"*\",\n  \"dependencies\": {\n    \"a\": \"*\",\n    \"b\": \"^1.0.0\"\n  }\n}\n";
        assert_eq!(lines("package.json", npm), [4]);
        assert_eq!(
            lines("Cargo.toml", "[package]\na = \"*\"\n[dependencies]\nb = \"*\"\nc = \"1\"\n"),
            [4]
        );
        let ci = "jobs:\n  a:\n    steps:\n      - uses: actions/checkout@v4\n      - uses: a/b@main\n      - uses: ./c\n";
        assert_eq!(lines(".github/workflows/ci.yml", ci), [5]);
        assert_eq!(
            lines("compose.yml", "services:\n  a:\n    image: redis\n  b:\n    image: redis:7\n"),
            [3]
        );
        assert_eq!(lines("pom.xml", "<version>LATEST</version>\n<version>1</version>\n"), [1]);
    }
}
