//! `git ai-log redact`: what redaction would remove.

use std::io::{Read as _, Write as _};

use clap::Args;

use crate::commands::screen::{Printing, printed};
use crate::config::Env;
use crate::error::{Error, Result};
use crate::redact;

/// Show what redaction would remove from a text on standard input
///
/// Prints the text as it would be stored; what was removed, by kind, goes to standard error.
#[derive(Debug, Args)]
pub struct RedactArgs {
    #[command(flatten)]
    pub printing: Printing,
}

/// Redacts standard input.
pub fn run(env: &Env, args: &RedactArgs) -> Result<()> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(|e| Error::new("cannot read standard input").because(e))?;
    let done = redact::redact(&String::from_utf8_lossy(&bytes));
    let mut out = Printing { json: true, ..args.printing }.screen(env, None);
    if args.printing.json {
        let shape = serde_json::json!({
            "schema": "git-ai-log/redact/1", "text": done.text, "removed": done.removed,
        });
        printed(out.json(&shape))?;
        return printed(out.finish());
    }
    printed(out.write_all(done.text.as_bytes()))?;
    printed(out.finish())?;
    let mut stderr = std::io::stderr().lock();
    for (kind, count) in &done.removed {
        let _ = writeln!(stderr, "removed: {kind} ({count})");
    }
    Ok(())
}
