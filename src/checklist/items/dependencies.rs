//! `dependencies`: what is imported is declared, pinned, and really has the names that are used.

mod api;
mod crates;
mod gomod;
mod imports;
mod installed;
mod installs;
mod lock;
mod manifests;
mod names;
mod npm;
mod pins;
mod removals;
mod shell;
mod undeclared;

use crate::checklist::lang::Lang;
use crate::checklist::{Check, Context, File, Hit, Meta};
use crate::model::{Confidence, LineRange};

/// The item.
pub struct Dependencies;

static META: Meta = Meta {
    id: "dependencies",
    summary: "what is imported is declared, pinned, and really has the names that are used",
    explain: "Agents import packages that do not exist, which somebody else may then \
              publish, and call functions that another version has. Looked at: imports of \
              Python, JavaScript, TypeScript, Go, Rust and Ruby against their manifests; \
              what is declared or installed without a version (manifests, Dockerfiles, \
              workflows); names one letter away from a known package; lock files that do \
              not know a declaration; names that the installed Python, npm, Go or Rust \
              package does not have; names that the declared version of some 40 packages, of Python or \
              of Node.js has removed. Imports that are guarded, inside a function or in \
              tests ask instead of block.",
};

impl Check for Dependencies {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn run(&self, context: &Context<'_>, hits: &mut Vec<Hit>) {
        let mut manifests = undeclared::Cache::default();
        let installed = installed::Installed::of(context.project);
        for file in &context.change.files {
            manifest(file, context, hits);
            if file.lang == Some(Lang::Python) && !installed.is_empty() {
                let judged = |lines| file.run_at(lines).is_some();
                unknown(file, installed.unknown(&names::python(file), judged), hits);
            }
            match file.lang {
                Some(Lang::Rust) => unknown(file, crates::unknown(file, context.project), hits),
                Some(Lang::JavaScript | Lang::TypeScript | Lang::Tsx) => {
                    unknown(file, npm::unknown(file, context.project), hits);
                }
                _ => {}
            }
            imported(file, context, &mut manifests, hits);
            for loose in pins::loose(file).into_iter().take(MAX_LOOSE) {
                hits.extend(hit(
                    file,
                    loose.lines(),
                    loose.rule,
                    loose.message,
                    loose.hint,
                    loose.confidence,
                ));
            }
        }
    }
}

/// Of more loose declarations in one file the rest is not said.
const MAX_LOOSE: usize = 500;

/// Imports that no manifest declares.
fn imported(
    file: &File,
    context: &Context<'_>,
    manifests: &mut undeclared::Cache,
    hits: &mut Vec<Hit>,
) {
    let Some(declared) = manifests.declared(context.project, file) else {
        return;
    };
    absent(file, &declared, context, hits);
    if file.lang == Some(Lang::Go) {
        unknown(file, gomod::unknown(file, &declared, context.project), hits);
    }
    let imports = imports::of(file);
    for found in undeclared::of(file, &declared, &imports, context.project) {
        let undeclared::Undeclared { import, package, manifest, meant, confidence } = found;
        let (rule, message, hint) = match meant {
            Some(meant) => (
                "near-miss",
                format!(
                    "`{package}` is not declared in {manifest}, and `{meant}` is one letter away"
                ),
                "make sure that this is the package you mean: such names are how malware is spread",
            ),
            None => (
                "undeclared",
                format!("`{package}` is imported, but not declared in {manifest}"),
                "make sure that the package exists and is the right one, then declare it with its version",
            ),
        };
        hits.extend(hit(file, import.lines, rule, message, hint, confidence));
    }
}

/// Declarations that their lock file does not know, or that nearly have another name.
fn manifest(file: &File, context: &Context<'_>, hits: &mut Vec<Hit>) {
    for lock::Fault { line, name, what } in lock::faults(file, context.project) {
        let lines = LineRange { start: line, end: line };
        let (rule, message, hint) = match what {
            lock::What::NotLocked(lock) => (
                "lockfile",
                format!("`{name}` is declared here, but {lock} does not know it"),
                "run the package manager, and commit its lock file with this",
            ),
            lock::What::Near(meant) => (
                "near-miss",
                format!("`{name}` is one letter away from `{meant}`"),
                "make sure that this is the package you mean: such names are how malware is spread",
            ),
        };
        hits.extend(hit(file, lines, rule, message, hint, Confidence::Low));
    }
}

/// Names that the installed package does not have.
fn unknown(file: &File, unknown: Vec<installed::Unknown>, hits: &mut Vec<Hit>) {
    for installed::Unknown { name, lines, module, meant } in unknown {
        let message = format!("`{name}` does not exist: the installed `{module}` has no such name");
        let hint = match meant {
            Some(meant) => format!("use a name that it has, such as `{meant}`"),
            None => "look the name up in the version that is installed".to_owned(),
        };
        hits.extend(hit(file, lines, "api-unknown", message, &hint, Confidence::High));
    }
}

/// Names that the declared version of their package does not have.
fn absent(file: &File, declared: &manifests::Declared, context: &Context<'_>, hits: &mut Vec<Hit>) {
    for api::Gone { name, lines, removal, loose } in api::gone(file, declared, context.project) {
        let removals::Removal { package, since, instead, goes } = removal;
        let (rule, message) = match goes {
            true => (
                "api-deprecated",
                format!("`{name}` is deprecated since {package} {since}, which is declared"),
            ),
            false => (
                "api-removed",
                format!("`{name}` is gone since {package} {since}, which is declared"),
            ),
        };
        let hint = match instead {
            "" => "use what the release notes of that version name in its place".to_owned(),
            instead => format!("use `{instead}` instead"),
        };
        let confidence = if goes || loose { Confidence::Low } else { Confidence::High };
        hits.extend(hit(file, lines, rule, message, &hint, confidence));
    }
}

/// A hit on lines that are judged.
fn hit(
    file: &File,
    lines: LineRange,
    rule: &str,
    message: String,
    hint: &str,
    confidence: Confidence,
) -> Option<Hit> {
    file.run_at(lines)?;
    Some(Hit {
        item: META.id,
        rule: rule.to_owned(),
        path: file.path.clone(),
        lines,
        message,
        hint: hint.to_owned(),
        confidence,
    })
}

#[cfg(test)]
mod tests;
