//! Cursor's transcripts: JSON lines of messages below `projects/`, the prompt within `<user_query>`.
//! From documents. They have no times.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Cursor, SETTINGS};
use crate::agents::Payload;
use crate::agents::sessions::{Moment, SessionError, Sessions, Store, lines};
use crate::config::Homes;

impl Sessions for Cursor {
    fn stores(&self, homes: &Homes, _tops: &[PathBuf]) -> Vec<Store> {
        let home = homes.folder("CURSOR_CONFIG_DIR", ".cursor").or_else(|| (SETTINGS.home)(homes));
        let home = home.into_iter();
        home.map(|home| Store { folder: home.join("projects"), glob: "**/*.jsonl" }).collect()
    }

    fn read(
        &self,
        file: &Path,
        _wanted: &dyn Fn(&Path) -> bool,
        tell: &mut dyn FnMut(Moment),
    ) -> Result<(), SessionError> {
        let session = file.file_stem().map(|name| name.to_string_lossy().into_owned());
        let mut hook = |mut payload: Value| {
            payload["conversation_id"] = json!(session);
            let reports = self.told(&Payload::of(payload)).unwrap_or_default();
            reports.into_iter().for_each(|report| tell(Moment { at: None, report }));
        };
        hook(json!({ "hook_event_name": "sessionStart" }));
        lines(file, &mut |line| {
            let blocks =
                line["message"]["content"].as_array().map(Vec::as_slice).unwrap_or_default();
            for block in blocks {
                let query = block["text"].as_str().and_then(query);
                match (line["role"].as_str(), query, block["type"].as_str()) {
                    (Some("user"), Some(query), _) => {
                        hook(json!({ "hook_event_name": "beforeSubmitPrompt", "prompt": query }));
                    }
                    (Some("assistant"), _, Some("tool_use")) => hook(json!({
                        "hook_event_name": "postToolUse",
                        "tool_name": block["name"],
                        "tool_input": block["input"],
                        "tool_use_id": block["id"],
                    })),
                    _ => {}
                }
            }
        })
    }

    fn beside(&self, _file: &Path) -> Option<Vec<PathBuf>> {
        Some(Vec::new())
    }
}

fn query(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("<user_query>")?;
    Some(rest.split_once("</user_query>").map_or(rest, |(query, _)| query).trim())
}
