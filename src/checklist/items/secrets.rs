//! `secrets`: no credentials and no values of one environment in code or configuration.

use crate::checklist::{Check, Meta};

/// The item.
pub struct Secrets;

static META: Meta = Meta {
    id: "secrets",
    summary: "no credentials and no values of one environment in code or configuration",
    explain: "A secret in a commit is out for good. Looked at: credentials by their shape \
              and by their entropy, and values that hold in one environment only: hosts, \
              addresses, home folders, debug switches.",
};

impl Check for Secrets {
    fn meta(&self) -> &'static Meta {
        &META
    }
}
