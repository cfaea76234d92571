//! `timeouts`: calls to other services end in bounded time.

use crate::checklist::{Check, Meta};

/// The item.
pub struct Timeouts;

static META: Meta = Meta {
    id: "timeouts",
    summary: "calls to other services end in bounded time",
    explain: "A call without a timeout waits for ever, and soon everything waits for it. \
              Looked at: HTTP, database and socket calls without a limit, retries without an \
              end.",
};

impl Check for Timeouts {
    fn meta(&self) -> &'static Meta {
        &META
    }
}
