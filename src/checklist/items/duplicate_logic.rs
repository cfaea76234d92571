//! `duplicate-logic`: a new function is not one that the repository already has.

use crate::checklist::{Check, Meta};

/// The item.
pub struct DuplicateLogic;

static META: Meta = Meta {
    id: "duplicate-logic",
    summary: "a new function is not one that the repository already has",
    explain: "An agent that does not know the system writes again what is there, and the two \
              drift apart. Looked at: new functions whose tokens are those of an existing \
              one, names aside.",
};

impl Check for DuplicateLogic {
    fn meta(&self) -> &'static Meta {
        &META
    }
}
