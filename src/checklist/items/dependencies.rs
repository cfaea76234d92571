//! `dependencies`: what is imported is declared, pinned, and really has the names that are used.

use crate::checklist::{Check, Meta};

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
}
