//! Names that a version of a package no longer has: tables, and versions as they are declared.

use std::collections::HashMap;

use super::manifests::{self, Declared, normal};
use crate::checklist::Project;

/// A name that is gone, or goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removal<'t> {
    /// The package as registries name it.
    pub package: &'t str,
    /// The version without it.
    pub since: &'t str,
    /// What to use instead; may be empty.
    pub instead: &'t str,
    /// Whether it is still there, but goes.
    pub goes: bool,
}

/// The removals that hold for a project.
#[derive(Debug, Default)]
pub struct Table<'t> {
    /// By the whole name.
    names: HashMap<&'t str, Removal<'t>>,
    /// By the name of what is gone with all below it.
    below: HashMap<&'t str, Removal<'t>>,
    /// By the name, where it is called or constructed.
    called: HashMap<&'t str, Removal<'t>>,
    /// Attributes, whatever they are of.
    pub attributes: HashMap<&'t str, Removal<'t>>,
    /// Keys of a context.
    pub keys: HashMap<&'t str, Removal<'t>>,
    /// Keyword arguments: the callees, and the removal.
    pub keywords: HashMap<&'t str, Vec<(&'t str, Removal<'t>)>>,
    /// Keyword arguments with a value that is gone: the value, and the removal.
    pub values: HashMap<&'t str, Vec<(&'t str, Removal<'t>)>>,
    /// Methods of instances of these classes.
    pub methods: HashMap<&'t str, Vec<(&'t str, Removal<'t>)>>,
    /// Names that mean nothing any more in the body of a class with this base.
    pub bodies: Vec<(&'t str, &'t str, Removal<'t>)>,
    /// Classes that take no argument any more.
    pub bare: HashMap<&'t str, Removal<'t>>,
}

impl<'t> Table<'t> {
    /// The removals of a list that hold for the versions that `version` knows.
    pub fn read(text: &'t str, version: &mut dyn FnMut(&str) -> Option<Version>) -> Self {
        let mut table = Self::default();
        let mut section = None;
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some(header) = line.strip_prefix('[') {
                let mut words = header.trim_end_matches(']').split(' ');
                let (package, since) =
                    (words.next().unwrap_or_default(), words.next().unwrap_or_default());
                let known = version(package);
                let until = words.next().and_then(Version::parse);
                let holds = known.is_some_and(|known| {
                    Version::parse(since).is_some_and(|since| known >= since)
                        && until.is_none_or(|until| known < until)
                });
                section = holds.then_some((package, since));
            } else if let Some((package, since)) = section {
                table.add(line, package, since);
            }
        }
        table
    }

    fn add(&mut self, line: &'t str, package: &'t str, since: &'t str) {
        let goes = line.starts_with('~');
        let line = line.trim_start_matches('~');
        let mut words = line.splitn(3, ' ');
        let first = words.next().unwrap_or_default();
        let second = words.next().unwrap_or_default();
        let rest = words.next().unwrap_or_default();
        let removal = |instead| Removal { package, since, instead, goes };
        let (third, last) = rest.split_once(' ').unwrap_or((rest, ""));
        match first {
            "attr" => drop(self.attributes.insert(second, removal(rest))),
            "key" => drop(self.keys.insert(second, removal(rest))),
            "call" if rest.is_empty() => drop(self.bare.insert(second, removal(""))),
            "call" => drop(self.called.insert(second, removal(rest))),
            "kw" => self.keywords.entry(third).or_default().push((second, removal(last))),
            "val" => self.values.entry(second).or_default().push((third, removal(last))),
            "on" => self.methods.entry(third).or_default().push((second, removal(last))),
            "in" => self.bodies.push((second, third, removal(""))),
            _ => {
                let instead = &line[(first.len() + 1).min(line.len())..];
                let removal = removal(instead);
                match first.strip_suffix(".*") {
                    Some(parent) => self.below.insert(parent, removal),
                    None => self.names.insert(first, removal),
                };
            }
        }
    }

    /// Whether nothing is known to be gone.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
            && self.below.is_empty()
            && self.attributes.is_empty()
            && self.keywords.is_empty()
            && self.called.is_empty()
    }

    /// The removal of a whole name or of something it is below, and how much of the name that is.
    pub fn name(&self, name: &str, called: bool) -> Option<(Removal<'t>, usize)> {
        let ends = name.match_indices('.').map(|(at, _)| at).chain([name.len()]);
        for end in ends {
            let part = &name[..end];
            let exact = self.names.get(part);
            let call = self.called.get(part).filter(|_| called && end == name.len());
            let below = part.rsplit_once('.').and_then(|(parent, _)| self.below.get(parent));
            if let Some(removal) = exact.or(call).or(below) {
                return Some((*removal, end));
            }
        }
        None
    }
}

/// A version's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version([u32; 3]);

impl Version {
    /// The first version in a text such as `>=2.0,<3`, `^1.4` or `2.1.0rc1`.
    pub fn parse(text: &str) -> Option<Self> {
        let start = text.find(|c: char| c.is_ascii_digit())?;
        let mut parts = text[start..].split(['.', '-', '+']).map(|part| {
            let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            part[..digits].parse().ok()
        });
        let mut next = || parts.next().flatten().unwrap_or(0);
        Some(Self([next(), next(), next()]))
    }

    /// The lowest version that a declaration allows.
    pub fn lowest(spec: &str) -> Option<Self> {
        let bound = spec.split([',', '|', ' ']).map(str::trim).filter(|part| !part.is_empty());
        let mut upper = false;
        for part in bound {
            if part.starts_with('<') || part.starts_with('!') {
                upper = part.trim_start_matches(['<', '=', '!']).is_empty();
                continue;
            }
            if std::mem::take(&mut upper) {
                continue;
            }
            if let Some(version) = Self::parse(part) {
                return Some(version);
            }
        }
        None
    }
}

/// The version of a Python package in a project: what a lock file says, or the lowest that is
/// declared.
pub fn python(
    project: &dyn Project,
    path: &str,
    declared: &Declared,
    package: &str,
) -> Option<Version> {
    if package == "python" {
        return requires_python(project, path);
    }
    let name = normal(package);
    let spec = declared.packages.get(&name);
    if let Some(exact) = spec.filter(|spec| spec.starts_with("==")) {
        return Version::lowest(exact);
    }
    let locked = ["poetry.lock", "uv.lock", "pdm.lock"].iter().find_map(|lock| {
        let (_, text) = manifests::nearest(project, path, lock)?;
        let at = text.find(&format!("name = \"{name}\"\n"))?;
        let line = text[at..].lines().nth(1)?.strip_prefix("version = ")?;
        Version::parse(line)
    });
    locked.or_else(|| Version::lowest(spec?))
}

fn requires_python(project: &dyn Project, path: &str) -> Option<Version> {
    let from = |name: &str, key: &str| {
        let (_, text) = manifests::nearest(project, path, name)?;
        let line = text.lines().find_map(|line| line.trim().strip_prefix(key))?;
        Version::lowest(
            line.trim_start_matches([' ', '=', '"', '\''])
                .trim_start_matches("==")
                .trim_matches('"'),
        )
    };
    let of_version = || {
        let (_, text) = manifests::nearest(project, path, ".python-version")?;
        Version::parse(&text)
    };
    from("pyproject.toml", "requires-python")
        .or_else(|| from("pyproject.toml", "python ="))
        .or_else(|| from("setup.cfg", "python_requires"))
        .or_else(of_version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_declarations() {
        for (spec, expected) in [
            ("==2.0.1", [2, 0, 1]),
            ("~=1.4", [1, 4, 0]),
            ("^18.2.0", [18, 2, 0]),
            (">=1.21,<2", [1, 21, 0]),
            ("<3,>=2.1", [2, 1, 0]),
            ("< 3 >= 2", [2, 0, 0]),
            ("2.0.0rc1", [2, 0, 0]),
        ] {
            assert_eq!(Version::lowest(spec), Some(Version(expected)), "{spec}");
        }
        assert_eq!(Version::lowest("<3"), None);
        assert_eq!(Version::lowest("*"), None);
    }

    #[test]
    fn a_list_holds_from_its_version_on() {
        let text = "# why\n[a 2.0]\na.b a.c\na.d.*\ncall a.E a.e\n[a 1.0 2.0]\na.f\n[b 1.0]\nb.x\n";
        let mut version = |name: &str| Version::parse(if name == "a" { "2.1" } else { "0.9" });
        let table = Table::read(text, &mut version);
        assert_eq!(table.name("a.b.x", false).map(|(r, end)| (r.instead, end)), Some(("a.c", 3)));
        assert!(table.name("a.d.anything", false).is_some() && table.name("a.d", false).is_none());
        assert!(table.name("a.E", true).is_some() && table.name("a.E", false).is_none());
        assert!(table.name("a.f", false).is_none() && table.name("b.x", false).is_none());
    }
}
