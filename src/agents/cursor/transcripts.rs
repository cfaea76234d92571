//! Cursor's transcripts: JSON lines of messages below `projects/`, the prompt within `<user_query>`.
//! From documents. They have no times.

use std::path::Path;

use serde_json::{Value, json};

use super::Cursor;
use crate::agents::Payload;
use crate::agents::sessions::{Moment, SessionError, lines};

pub(super) fn read(file: &Path, tell: &mut dyn FnMut(Moment)) -> Result<(), SessionError> {
    let name = file.file_stem().map(|name| name.to_string_lossy().into_owned());
    let above = caller(file);
    let mut hook = |mut payload: Value| {
        payload["conversation_id"] = json!(above.as_ref().or(name.as_ref()));
        payload["subagent_id"] = json!(above.as_ref().and(name.as_ref()));
        let reports = Cursor.told(&Payload::of(payload)).unwrap_or_default();
        reports.into_iter().for_each(|report| tell(Moment { at: None, report }));
    };
    hook(json!({ "hook_event_name": "sessionStart" }));
    lines(file, &mut |line| {
        let blocks = line["message"]["content"].as_array().map(Vec::as_slice).unwrap_or_default();
        for block in blocks {
            let query = block["text"].as_str().and_then(query);
            match (line["role"].as_str(), query, block["type"].as_str()) {
                // The task of a sub-agent is no person's prompt.
                (Some("user"), Some(_), _) if above.is_some() => {}
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

/// The session that a sub-agent works for: `<session>/subagents/<sub-agent>.jsonl`.
fn caller(file: &Path) -> Option<String> {
    let folder = file.parent().filter(|folder| folder.ends_with("subagents"))?;
    Some(folder.parent()?.file_name()?.to_string_lossy().into_owned())
}

fn query(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("<user_query>")?;
    Some(rest.split_once("</user_query>").map_or(rest, |(query, _)| query).trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::Act;

    #[test]
    fn a_sub_agent_works_for_the_session_around_it() {
        let folder = tempfile::tempdir().unwrap();
        let line = |role: &str, block: Value| {
            json!({ "role": role, "message": { "content": [block] } }).to_string()
        };
        let query = json!({ "type": "text", "text": "<user_query>Do it.</user_query>" });
        let input = json!({ "path": "/top/a", "contents": "x" });
        let call = json!({ "type": "tool_use", "name": "Write", "input": input });
        let text = format!("{}\n{}\n", line("user", query), line("assistant", call));
        let told = |name: &str| {
            let file = folder.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, &text).unwrap();
            let mut told = Vec::new();
            read(&file, &mut |moment| told.push(moment.report)).unwrap();
            let prompted = told.iter().any(|report| matches!(report.act, Act::Prompt(_)));
            let last = told.pop().unwrap();
            (last.session, last.subagent, prompted)
        };
        assert_eq!(told("main/main.jsonl"), ("main".into(), None, true));
        let sub = told("main/subagents/sub.jsonl");
        assert_eq!(sub, ("main".into(), Some("sub".into()), false));
    }
}
