//! `error-handling`: errors are logged or passed on, with their cause.

use crate::checklist::{Check, Meta};

/// The item.
pub struct ErrorHandling;

static META: Meta = Meta {
    id: "error-handling",
    summary: "errors are logged or passed on, with their cause",
    explain: "A handler that hides a failure turns a fault into wrong data, found weeks \
              later. Looked at: empty and pass-only handlers, broad ones that neither log \
              nor raise, ignored errors, promises without a catch, and errors raised again \
              or logged without their cause.",
};

impl Check for ErrorHandling {
    fn meta(&self) -> &'static Meta {
        &META
    }
}
