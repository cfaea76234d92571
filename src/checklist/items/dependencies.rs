//! `dependencies`: what is imported is declared, pinned, and really has the names that are used.

mod installs;
mod pins;
mod shell;

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
        for file in &context.change.files {
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
