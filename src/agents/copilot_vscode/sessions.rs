//! The transcripts of Copilot in VS Code: `GitHub.copilot-chat/transcripts/<session>.jsonl` in the
//! editor's folder for a workspace, in the words of Copilot CLI's. From documents and other
//! programs that read them.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::CopilotVsCode;
use crate::agents::continue_cli::folder;
use crate::agents::copilot_cli::Events;
use crate::agents::sessions::{self, Moment, SessionError, Sessions, Store};
use crate::config::Homes;

/// The editors that keep sessions in this way.
const EDITORS: &[&str] = &["Code", "Code - Insiders", "VSCodium"];

/// Where they are, in a folder for workspaces.
const GLOB: &str = "*/GitHub.copilot-chat/transcripts/*.jsonl";

impl Sessions for CopilotVsCode {
    fn stores(&self, homes: &Homes, _tops: &[PathBuf]) -> Vec<Store> {
        let above = [
            homes.config(),
            homes.below("Library/Application Support"),
            homes.folder("APPDATA", "AppData/Roaming"),
        ];
        let users = above
            .into_iter()
            .flatten()
            .flat_map(|above| EDITORS.iter().map(move |editor| above.join(editor).join("User")));
        // Where VS Code works on another machine than its window.
        let remote = homes.below(".vscode-server/data/User");
        let store = |user: PathBuf| Store { folder: user.join("workspaceStorage"), glob: GLOB };
        users.chain(remote).map(store).collect()
    }

    fn read(
        &self,
        file: &Path,
        _wanted: &dyn Fn(&Path) -> bool,
        tell: &mut dyn FnMut(Moment),
    ) -> Result<(), SessionError> {
        let name = file.file_stem().map(|name| name.to_string_lossy().into_owned());
        let told = |payload: &_| self.told(payload);
        let mut events = Events::of(&told, tell, json!(name), workspace(file));
        sessions::lines(file, &mut |line| events.line(&line))
    }

    fn beside(&self, file: &Path) -> Option<Vec<PathBuf>> {
        Some(about(file).into_iter().collect())
    }
}

/// The file that says of which workspace a session is.
fn about(file: &Path) -> Option<PathBuf> {
    Some(file.ancestors().nth(3)?.join("workspace.json"))
}

/// The folder of the workspace that a session belongs to.
fn workspace(file: &Path) -> Value {
    let said = about(file).and_then(|path| sessions::json(&path).ok());
    let address = said.as_ref().and_then(|said| said["folder"].as_str());
    json!(address.map(|address| match address.strip_prefix("vscode-remote://") {
        // The machine, and the path on it.
        Some(rest) => folder(&format!("file://{}", &rest[rest.find('/').unwrap_or(0)..])),
        None => folder(address),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::{Act, Report};

    #[test]
    fn a_session_is_told_as_its_hooks_tell_it() {
        let home = tempfile::tempdir().unwrap();
        let storage = home.path().join(".config/Code/User/workspaceStorage/1a2b");
        let file = storage.join("GitHub.copilot-chat/transcripts/s-1.jsonl");
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        let folder = "{\"folder\": \"vscode-remote://wsl%2Bubuntu/my%20shop\"}";
        std::fs::write(storage.join("workspace.json"), folder).unwrap();
        let call = |id: &str, old: &str| {
            json!({
                "type": "tool.execution_start", "timestamp": "2026-04-29T11:00:02Z",
                "data": {
                    "toolCallId": id, "toolName": "replace_string_in_file",
                    "arguments": { "filePath": "/my shop/a.py", "oldString": old, "newString": "B" },
                },
            })
        };
        let ended = |id: &str, success: bool| {
            json!({
                "type": "tool.execution_complete", "timestamp": "2026-04-29T11:00:03Z",
                "data": { "toolCallId": id, "success": success },
            })
        };
        let prompt = json!({
            "type": "user.message", "timestamp": "2026-04-29T11:00:01Z",
            "data": { "content": "Change a." },
        });
        let start = json!({ "type": "session.start", "data": { "producer": "copilot-agent" } });
        let all =
            [start, prompt, call("1", "b"), ended("1", true), call("2", "x"), ended("2", false)];
        let text: String = all.iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(&file, text + "{\"cut").unwrap();
        let homes = Homes { home: Some(home.path().into()), ..Homes::default() };
        let stores = CopilotVsCode.stores(&homes, &[]);
        assert!(stores.iter().any(|store| file.starts_with(&store.folder)));
        let mut told: Vec<Report> = Vec::new();
        CopilotVsCode.read(&file, &|_| true, &mut |moment| told.push(moment.report)).unwrap();
        let same = |report: &Report| {
            (report.agent.as_str(), report.session.as_str(), report.cwd.to_str())
                == ("copilot-vscode", "s-1", Some("/my shop"))
        };
        assert!(told.iter().all(same), "{told:?}");
        let acts: Vec<&Act> = told.iter().map(|report| &report.act).collect();
        assert_eq!(acts[..2], [&Act::Started, &Act::Prompt("Change a.".into())]);
        let edits: Vec<_> = told.iter().filter(|r| matches!(r.act, Act::Edited(_))).collect();
        assert_eq!(edits.len(), 1);
        assert_eq!(edits[0].call.as_deref(), Some("1"));
    }
}
