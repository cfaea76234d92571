//! `authorization`: new endpoints have the permission check that their siblings have.

use crate::checklist::{Check, Meta};

/// The item.
pub struct Authorization;

static META: Meta = Meta {
    id: "authorization",
    summary: "new endpoints have the permission check that their siblings have",
    explain: "An endpoint without a permission check is open to everybody. Agents write the \
              handler that was asked for and do not know who may call it. Looked at: routes \
              whose siblings in the file are guarded, CSRF or token verification switched \
              off, anonymous access allowed.",
};

impl Check for Authorization {
    fn meta(&self) -> &'static Meta {
        &META
    }
}
