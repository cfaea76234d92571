//! `dependencies`: what is imported is declared, pinned, and really has the names that are used.

mod imports;
mod installs;
mod manifests;
mod pins;
mod shell;
mod undeclared;

use crate::checklist::{Check, Context, File, Hit, Meta};
use crate::model::{Confidence, LineRange};

/// The item.
pub struct Dependencies;

static META: Meta = Meta {
    id: "dependencies",
    summary: "what is imported is declared, pinned, and really has the names that are used",
    explain: "Agents import packages that do not exist, which somebody else may then \
              publish, and call functions that another version has. Looked at: imports \
              against manifests, pins, near-miss names, lockfiles, and the names that the \
              installed version has.",
};

impl Check for Dependencies {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn run(&self, context: &Context<'_>, hits: &mut Vec<Hit>) {
        let mut manifests = undeclared::Cache::default();
        for file in &context.change.files {
            imported(file, context, &mut manifests, hits);
            for loose in pins::loose(file) {
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

/// Imports that no manifest declares.
fn imported(
    file: &File,
    context: &Context<'_>,
    manifests: &mut undeclared::Cache,
    hits: &mut Vec<Hit>,
) {
    let imports = imports::of(file);
    if imports.is_empty() {
        return;
    }
    let Some(declared) = manifests.declared(context.project, file) else {
        return;
    };
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
