//! `migrations`: migrations can run while the old version of the code still does.

use crate::checklist::{Check, Meta};

/// The item.
pub struct Migrations;

static META: Meta = Meta {
    id: "migrations",
    summary: "migrations can run while the old version of the code still does",
    explain: "While a deploy is under way the old code runs on the new schema. Looked at: \
              columns dropped, renamed or retyped, NOT NULL without a default, indexes that \
              lock the table, data and schema changed together, models changed without a \
              migration.",
};

impl Check for Migrations {
    fn meta(&self) -> &'static Meta {
        &META
    }
}
