//! `explained`: long new functions say why they do what is not obvious.

use crate::checklist::{Check, Meta};

/// The item.
pub struct Explained;

static META: Meta = Meta {
    id: "explained",
    summary: "a long new function says why it does what is not obvious",
    explain: "Whoever is on call reads this code without its prompt. Looked at: long new functions \
              without a single comment. It never blocks by itself.",
};

impl Check for Explained {
    fn meta(&self) -> &'static Meta {
        &META
    }
}
