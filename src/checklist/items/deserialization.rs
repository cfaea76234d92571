//! `deserialization`: data from outside is not turned into objects or code.

use crate::checklist::{Check, Meta};

/// The item.
pub struct Deserialization;

static META: Meta = Meta {
    id: "deserialization",
    summary: "data from outside is not turned into objects or code",
    explain: "Formats that can name any class, and functions that run text, let whoever \
              writes the data run code. Looked at: pickle, unsafe YAML, eval, native object \
              streams, and where their data comes from.",
};

impl Check for Deserialization {
    fn meta(&self) -> &'static Meta {
        &META
    }
}
