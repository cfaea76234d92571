//! `team`: the team's own rules, from `.ai-log/rules/`.

use crate::checklist::{Check, Meta};

/// The item.
pub struct Team;

static META: Meta = Meta {
    id: "team",
    summary: "the team's own rules under .ai-log/rules/ hold",
    explain: "Rule files in ast-grep's format, one or more rules each. A file below a folder with \
              the name of another item, such as .ai-log/rules/timeouts/, adds to that item.",
};

impl Check for Team {
    fn meta(&self) -> &'static Meta {
        &META
    }
}
