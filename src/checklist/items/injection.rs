//! `injection`: no SQL, shell command or query is built from strings with outside data.

use crate::checklist::{Check, Meta};

/// The item.
pub struct Injection;

static META: Meta = Meta {
    id: "injection",
    summary: "no SQL, shell command or query is built from strings with outside data",
    explain: "A statement put together from strings does what its input says. Looked at: \
              where the text of a statement or command comes from, through the variables of \
              the function.",
};

impl Check for Injection {
    fn meta(&self) -> &'static Meta {
        &META
    }
}
