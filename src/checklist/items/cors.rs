//! `cors`: no site may use the users' sessions by way of permissive CORS.

use crate::checklist::{Check, Meta};

/// The item.
pub struct Cors;

static META: Meta = Meta {
    id: "cors",
    summary: "no site may use the users' sessions by way of permissive CORS",
    explain: "A page of somebody else's can then read what the user may read. Looked at: any \
              origin together with credentials, origins that are sent back as they came, \
              wildcard middleware.",
};

impl Check for Cors {
    fn meta(&self) -> &'static Meta {
        &META
    }
}
