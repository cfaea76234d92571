use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde_json::{Value, json};

use super::Cursor;
use crate::agents::sessions::{Moment, SessionError, Sessions as _};
use crate::agents::{Act, Told};

/// The editor's folder, with a database of these rows.
struct Editor {
    _folder: tempfile::TempDir,
    user: PathBuf,
    database: Connection,
}

const TABLES: &str = "CREATE TABLE ItemTable (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB);
    CREATE TABLE cursorDiskKV (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB);";

impl Editor {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let user = folder.path().join("User");
        std::fs::create_dir_all(user.join("globalStorage")).unwrap();
        let database = Connection::open(user.join("globalStorage/state.vscdb")).unwrap();
        database.execute_batch(TABLES).unwrap();
        Self { _folder: folder, user, database }
    }

    fn file(&self) -> PathBuf {
        self.user.join("globalStorage/state.vscdb")
    }

    fn put(&self, key: &str, value: &Value) {
        let text = value.as_str().map_or(value.to_string(), str::to_owned);
        let insert = "INSERT INTO cursorDiskKV VALUES (?1, ?2)";
        self.database.execute(insert, (key, text)).unwrap();
    }

    /// A session of this folder, with one prompt and these calls of tools.
    fn session(&self, id: &str, folder: Option<&str>, calls: &[Value]) {
        let mut all = vec![json!({ "type": 1, "bubbleId": "u", "text": id })];
        all.extend(calls.iter().enumerate().map(
            |(at, call)| json!({ "type": 2, "bubbleId": format!("a{at}"), "toolFormerData": call }),
        ));
        let headers: Vec<Value> =
            all.iter().map(|one| json!({ "bubbleId": one["bubbleId"] })).collect();
        for bubble in &all {
            let name = bubble["bubbleId"].as_str().unwrap();
            self.put(&format!("bubbleId:{id}:{name}"), bubble);
        }
        let data = json!({
            "createdAt": 1_795_330_800_000_i64, "fullConversationHeadersOnly": headers,
            "workspaceIdentifier": { "id": "w", "uri": { "fsPath": folder } },
        });
        self.put(&format!("composerData:{id}"), &data);
    }

    fn workspace(&self, name: &str, said: &Value) -> PathBuf {
        let folder = self.user.join("workspaceStorage").join(name);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("workspace.json"), said.to_string()).unwrap();
        folder
    }

    fn told(&self) -> (Vec<Moment>, Option<SessionError>) {
        let mut moments = Vec::new();
        let wanted = |folder: &Path| folder.starts_with("/top");
        let outcome = Cursor.read(&self.file(), &wanted, &mut |moment| moments.push(moment));
        (moments, outcome.err())
    }

    fn prompts(&self) -> Vec<(String, String)> {
        let (moments, error) = self.told();
        assert!(error.is_none(), "{error:?}");
        let prompts = moments.into_iter().filter_map(|moment| match moment.report.act {
            Act::Prompt(text) => Some((text, moment.report.cwd.to_string_lossy().into_owned())),
            _ => None,
        });
        prompts.collect()
    }
}

fn call(name: &str, params: &Value, raw: &Value, result: &Value) -> Value {
    json!({
        "name": name, "status": "completed", "toolCallId": "c", "params": params.to_string(),
        "rawArgs": raw.as_str().map_or(raw.to_string(), str::to_owned),
        "result": result.to_string(),
    })
}

#[test]
fn a_session_is_that_of_its_folder() {
    let editor = Editor::new();
    editor.session("here", Some("/top/sub"), &[]);
    editor.session("elsewhere", Some("/other"), &[]);
    editor.session("nowhere", None, &[]);
    let there = |text: &str, folder: &str| (text.to_owned(), folder.to_owned());
    assert_eq!(editor.prompts(), [there("here", "/top/sub")]);
    // A workspace has a folder, on whichever machine, or a list of them in a file.
    editor.workspace("w", &json!({ "folder": "vscode-remote://ssh-remote%2Bbox/top/my%20shop" }));
    let there = [there("here", "/top/sub"), there("nowhere", "/top/my shop")];
    assert_eq!(editor.prompts()[1], there[1]);
    let list = editor.user.join("all.code-workspace");
    let folders = json!({ "folders": [{ "path": "other" }, { "path": "/top/my shop" }] });
    std::fs::write(&list, folders.to_string()).unwrap();
    editor.workspace("w", &json!({ "workspace": format!("file://{}", list.display()) }));
    assert_eq!(editor.prompts()[1], there[1]);
}

#[test]
fn what_a_commit_needs_is_what_happened_since() {
    let editor = Editor::new();
    editor.session("old", Some("/top"), &[]);
    editor.session("new", Some("/top"), &[]);
    let list = "CREATE TABLE composerHeaders (composerId TEXT, workspaceId TEXT, value TEXT)";
    editor.database.execute(list, []).unwrap();
    for (id, updated) in [("old", 1_795_330_800_000_i64), ("new", 1_795_330_900_000)] {
        let identifier = json!({ "uri": { "fsPath": "/top" } });
        let head = json!({ "lastUpdatedAt": updated, "workspaceIdentifier": identifier });
        let insert = "INSERT INTO composerHeaders VALUES (?1, NULL, ?2)";
        editor.database.execute(insert, (id, head.to_string())).unwrap();
    }
    // The rows of a session that is not asked for are not looked at.
    editor.put("composerData:old", &json!("no JSON"));
    let mut told = Vec::new();
    let since = chrono::DateTime::from_timestamp(1_795_330_850, 0).unwrap();
    Cursor.recent(&editor.file(), since, &|_| true, &mut |moment| told.push(moment)).unwrap();
    assert!(told.iter().all(|moment| moment.report.session == "new"), "{told:?}");
    assert_eq!(told.len(), 2);
}

#[test]
fn edits_of_every_version() {
    let edit = |name: &str, params: Value, raw: Value, result: Value| {
        let editor = Editor::new();
        editor.put("composer.content.a", &json!("one\n"));
        editor.put("composer.content.b", &json!("one\ntwo\n"));
        editor.put("composer.content.0", &json!(""));
        editor.session("s", Some("/top"), &[call(name, &params, &raw, &result)]);
        let (moments, error) = editor.told();
        assert!(error.is_none(), "{error:?}");
        match moments.into_iter().next_back().map(|moment| moment.report.act) {
            Some(Act::Edited(mut edits)) => {
                assert_eq!(edits[0].path, PathBuf::from("a.txt"), "{name}");
                edits.remove(0).told
            }
            act => panic!("{name}: {act:?}"),
        }
    };
    let at = || json!({ "relativeWorkspacePath": "a.txt" });
    let whole = |before, after: &str| Told::Whole { before, after: after.into() };
    let ids = |before: Option<&str>| json!({ "beforeContentId": before, "afterContentId": "composer.content.b" });
    let none = Value::Null;
    let known = edit("edit_file_v2", at(), none.clone(), ids(Some("composer.content.a")));
    assert_eq!(known, whole(Some(Some("one\n".into())), "one\ntwo\n"));
    let new = edit("edit_file_v2", at(), none.clone(), ids(Some("composer.content.0")));
    assert_eq!(new, whole(Some(None), "one\ntwo\n"));
    assert_eq!(edit("edit_file_v2", at(), none.clone(), ids(None)), whole(None, "one\ntwo\n"));
    // A row that is gone leaves what else is told.
    let gone = json!({ "afterContentId": "composer.content.z" });
    let stream = |text: &str| json!({ "relativeWorkspacePath": "a.txt", "streamingContent": text });
    assert_eq!(edit("edit_file_v2", stream("a part"), none.clone(), gone), Told::Touched);
    let added = edit("edit_file_v2", stream("+x\n+\n"), none.clone(), none.clone());
    assert_eq!(added, whole(Some(None), "x\n\n"));
    let text = "@@\n a\n-b\n+c\n*** End Patch";
    let Told::Patched(hunks) = edit("edit_file_v2", stream(text), none.clone(), none.clone())
    else {
        panic!()
    };
    assert_eq!((hunks[0].old.join("|"), hunks[0].new.join("|")), ("a|b".into(), "a|c".into()));
    for diff in ["- b\n+ c\n  \n", "@@ -1 +1 @@\n-b\n+c\n \n", "-b\n+c\n \n"] {
        let result = json!({ "diff": { "chunks": [{ "diffString": diff }] }, "isApplied": true });
        let code = json!({ "target_file": "a.txt", "code_edit": "// ... existing code ..." });
        let Told::Patched(hunks) = edit("edit_file", at(), code, result) else { panic!("{diff}") };
        assert_eq!((hunks[0].old.join("|"), hunks[0].new.join("|")), ("b|".into(), "c|".into()));
    }
    let many = json!({ "edits": [{ "old_string": "b", "new_string": "c", "replace_all": true }] });
    let Told::Replaced { steps, .. } = edit("MultiEdit", at(), many, none.clone()) else {
        panic!()
    };
    assert!(steps[0].all);
    assert_eq!(edit("delete_file", at(), none.clone(), none.clone()), Told::Removed);
    let patch = json!("*** Begin Patch\n*** Delete File: a.txt\n*** End Patch");
    assert_eq!(edit("apply_patch", none.clone(), patch, none), Told::Removed);
}

#[test]
fn rows_of_any_shape_break_nothing() {
    let editor = Editor::new();
    editor.session("s", Some("/top"), &[json!([]), json!({}), json!({ "name": 1, "status": 2 })]);
    for (at, row) in ["not JSON", "[]", "{}", "{\"type\": 2, \"toolFormerData\": {\"params\": 7}}"]
        .into_iter()
        .enumerate()
    {
        editor.put(&format!("bubbleId:s:x{at}"), &json!(row));
    }
    let insert =
        "INSERT INTO cursorDiskKV VALUES ('bubbleId:s:y', NULL), ('bubbleId:s:z', x'ff00')";
    editor.database.execute(insert, []).unwrap();
    editor.put("composerData:t", &json!("cut of"));
    editor.put("composerData:", &json!(1));
    assert_eq!(editor.prompts().len(), 1);
    // A folder's own database that is none is said; the sessions of others are told.
    let own = editor.workspace("w", &json!({ "folder": "file:///top" }));
    std::fs::write(own.join("state.vscdb"), "no database at all".repeat(100)).unwrap();
    let (moments, error) = editor.told();
    assert!(matches!(error, Some(SessionError::Format(_))), "{error:?}");
    assert_eq!(moments.len(), 2);
}

#[test]
fn a_session_whose_messages_lie_in_it_is_told_with_its_times() {
    let editor = Editor::new();
    let bubble = |kind: i64, id: &str, time: Value| {
        let mut bubble = json!({ "type": kind, "bubbleId": id, "text": id });
        bubble.as_object_mut().unwrap().extend(time.as_object().unwrap().clone());
        bubble
    };
    let conversation = [
        bubble(1, "first", json!({ "createdAt": 1_795_330_801_000_i64 })),
        bubble(1, "second", json!({ "timingInfo": { "clientRpcSendTime": 1_795_330_802_000.5 } })),
        bubble(1, "third", json!({ "createdAt": "2026-11-22T07:00:03Z" })),
    ];
    let identifier = json!({ "uri": { "fsPath": "/top" } });
    let data = json!({
        "createdAt": 1_795_330_800_000_i64, "conversation": conversation,
        "workspaceIdentifier": identifier, "modelConfig": { "modelName": "composer-2" },
    });
    editor.put("composerData:s", &data);
    let (moments, error) = editor.told();
    assert!(error.is_none(), "{error:?}");
    let seconds: Vec<i64> = moments.iter().map(|m| m.at.unwrap().timestamp() % 10).collect();
    assert_eq!(seconds, [0, 1, 2, 3]);
    assert_eq!(moments[3].report.turn.as_deref(), Some("third"));
    assert_eq!(moments[3].report.model.as_deref(), Some("composer-2"));
}
