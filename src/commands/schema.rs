//! `git ai-log schema`: the JSON Schemas of all that is stored and printed.

use std::ffi::OsStr;

use clap::Args;
use schemars::{Schema, schema_for};

use crate::agents::generic::GenericEvent;
use crate::commands::screen::{Printing, printed};
use crate::config::Env;
use crate::config::policy::Policy;
use crate::error::{Error, Result};
use crate::model::Event;
use crate::notes::record::{PromptLine, Record};
use crate::render::backfill::Backfilled;
use crate::render::check::Check;
use crate::render::json;
use crate::render::prune::Pruned;
use crate::render::verify::Verified;

/// Print a JSON Schema, or their names
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// The schema
    pub name: Option<String>,
}

/// A name and what makes its schema.
type Named = (&'static str, fn() -> Schema);

/// Every schema, by name. The files under `schema/` are written from these.
static SCHEMAS: &[Named] = &[
    ("backfill", || schema_for!(Backfilled)),
    ("blame", || schema_for!(json::Blame)),
    ("check", || schema_for!(Check)),
    ("doctor", || schema_for!(json::Doctor)),
    ("event", || schema_for!(GenericEvent)),
    ("forget", || schema_for!(json::Forget)),
    ("journal", || schema_for!(Event)),
    ("log", || schema_for!(json::LogEntry)),
    ("policy", || schema_for!(Policy)),
    ("prompt-note", || schema_for!(PromptLine)),
    ("prompts", || schema_for!(json::Prompts)),
    ("provenance", || schema_for!(Record)),
    ("prune", || schema_for!(Pruned)),
    ("repair", || schema_for!(json::Repaired)),
    ("show", || schema_for!(json::Show)),
    ("status", || schema_for!(json::Status)),
    ("sync", || schema_for!(json::Sync)),
    ("verify", || schema_for!(Verified)),
];

/// Prints a schema.
pub fn run(env: &Env, args: &SchemaArgs) -> Result<()> {
    let mut out = Printing { json: true, ..Printing::default() }.screen(env, None);
    let outcome = match &args.name {
        None => SCHEMAS.iter().try_for_each(|(name, _)| out.line(name)),
        Some(name) => out.line(&text(name)?),
    };
    printed(outcome)?;
    printed(out.finish())
}

/// The text of a schema.
fn text(name: &str) -> Result<String> {
    let stem = std::path::Path::new(name).file_stem().and_then(OsStr::to_str).unwrap_or(name);
    let Some((_, schema)) = SCHEMAS.iter().find(|(known, _)| *known == stem) else {
        let names: Vec<_> = SCHEMAS.iter().map(|(name, _)| *name).collect();
        return Err(Error::new(format!("there is no schema `{name}`"))
            .hint(format!("use one of: {}", names.join(", "))));
    };
    serde_json::to_string_pretty(&schema())
        .map_err(|e| Error::new("cannot write the schema").because(e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "asks whether to rewrite the files")]
    fn rewrite() -> bool {
        std::env::var_os("UPDATE").is_some()
    }

    #[test]
    fn the_files_are_what_the_types_say() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schema");
        for (name, _) in SCHEMAS {
            let path = folder.join(format!("{name}.json"));
            let text = text(name).unwrap() + "\n";
            if rewrite() {
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(&path, &text).unwrap();
            }
            let file = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(file == text, "schema/{name}.json is stale: UPDATE=1 cargo test writes it");
        }
    }
}
