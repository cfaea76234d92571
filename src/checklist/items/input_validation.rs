//! `input-validation`: request data is checked before it names a file, an address or a field.

use crate::checklist::{Check, Meta};

/// The item.
pub struct InputValidation;

static META: Meta = Meta {
    id: "input-validation",
    summary: "request data is checked before it names a file, an address or a field",
    explain: "What comes with a request is chosen by whoever sends it. Looked at: request \
              data that reaches file paths, redirects, fetched URLs, commands, and whole- \
              object assignment, without a check between.",
};

impl Check for InputValidation {
    fn meta(&self) -> &'static Meta {
        &META
    }
}
