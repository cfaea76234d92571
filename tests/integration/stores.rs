//! Session stores that are known from documents: constructed ones, read by the real `backfill` and
//! by commits without hooks.

use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use rusqlite::Connection;
use serde_json::Value;

use crate::backfill::backfill;
use crate::backfill::captured::{FIRST, begin, commit, prompts};
use crate::env::TestRepo;

/// When the sessions were written last: after their last step, before the commit that follows.
const WRITTEN: u64 = 1_795_332_000;

/// A store: its agent, and how a session is put into it that worked in this folder.
struct Store {
    agent: &'static str,
    put: fn(&TestRepo, &str, &Path) -> PathBuf,
}

const STORES: &[Store] = &[
    Store { agent: "amp", put: amp },
    Store { agent: "cursor", put: cursor },
    Store { agent: "droid", put: droid },
];

fn data(name: &str) -> String {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sessions");
    std::fs::read_to_string(data.join(name)).unwrap()
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_secs(WRITTEN)).unwrap();
}

/// Puts a file of a session where the agent keeps it.
fn keep(repo: &TestRepo, name: &str, top: &Path, at: &str) -> PathBuf {
    let path = repo.home().join(at);
    write(&path, &data(name).replace("{top}", top.to_str().unwrap()));
    path
}

fn amp(repo: &TestRepo, run: &str, top: &Path) -> PathBuf {
    let at = |run: &str| format!("data/amp/threads/T-{run}.json");
    if run != "main" {
        let sub = format!("{run}-subagent");
        keep(repo, &format!("amp/{sub}.json"), top, &at(&sub));
    }
    keep(repo, &format!("amp/{run}.json"), top, &at(run))
}

const STATE: &str = "config/Cursor/User/globalStorage/state.vscdb";
const WORKSPACE: &str = "config/Cursor/User/workspaceStorage/3d0c5a10000040008000000000000001";

/// Cursor's databases from their rows: the one of all sessions, and that of a workspace.
fn cursor(repo: &TestRepo, run: &str, top: &Path) -> PathBuf {
    let (global, workspace) = (repo.home().join(STATE), repo.home().join(WORKSPACE));
    let folder = serde_json::json!({ "folder": format!("file://{}", top.display()) });
    write(&workspace.join("workspace.json"), &folder.to_string());
    write(&global, "");
    let all = Connection::open(&global).unwrap();
    let own = Connection::open(workspace.join("state.vscdb")).unwrap();
    for database in [&all, &own] {
        let tables = "CREATE TABLE ItemTable (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB);
            CREATE TABLE cursorDiskKV (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB);";
        database.execute_batch(tables).unwrap();
    }
    let rows = data(&format!("cursor/{run}.jsonl")).replace("{top}", top.to_str().unwrap());
    for row in rows.lines() {
        let row: Value = serde_json::from_str(row).unwrap();
        let text = |value: &Value| value.as_str().map_or(value.to_string(), str::to_owned);
        let put = |database: &Connection, table: &str| {
            let insert = format!("INSERT INTO {table} VALUES (?1, ?2)");
            database.execute(&insert, (row["key"].as_str(), text(&row["value"]))).unwrap();
        };
        match row["table"].as_str().unwrap() {
            "workspace" => put(&own, "ItemTable"),
            "composerHeaders" => head(&all, &row["row"]),
            table => put(&all, table),
        }
    }
    drop(all);
    let file = std::fs::File::options().write(true).open(&global).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_secs(WRITTEN)).unwrap();
    global
}

fn head(database: &Connection, row: &Value) {
    let table = "CREATE TABLE IF NOT EXISTS composerHeaders (composerId TEXT PRIMARY KEY,
        workspaceId TEXT, createdAt INTEGER, lastUpdatedAt INTEGER, isArchived INTEGER,
        isSubagent INTEGER, recency INTEGER, checkpointAt INTEGER, value TEXT)";
    database.execute(table, []).unwrap();
    let (id, workspace) = (row["composerId"].as_str(), row["workspaceId"].as_str());
    let insert = "INSERT INTO composerHeaders (composerId, workspaceId, createdAt, lastUpdatedAt,
        isArchived, isSubagent, recency, value) VALUES (?1, ?2, ?3, ?4, 0, 0, ?4, ?5)";
    let (made, updated) = (row["createdAt"].as_i64(), row["lastUpdatedAt"].as_i64());
    database.execute(insert, (id, workspace, made, updated, row["value"].to_string())).unwrap();
}

fn droid(repo: &TestRepo, run: &str, top: &Path) -> PathBuf {
    let folder = ".factory/sessions/-top";
    if run == "main" {
        let settings = format!("{folder}/main.settings.json");
        keep(repo, "droid/main.settings.json", top, &settings);
    } else {
        let sub = format!("{folder}/{run}-subagent.jsonl");
        keep(repo, &format!("droid/{run}-subagent.jsonl"), top, &sub);
    }
    keep(repo, &format!("droid/{run}.jsonl"), top, &format!("{folder}/{run}.jsonl"))
}

/// What is committed after the main session: the agent's lines and a person's.
fn end(repo: &TestRepo) {
    repo.write("hello.txt", "alpha\nbeta, edited by the agent\ngamma\nby a person\n");
    repo.write("new.txt", "created by the agent\nsecond line\n");
    repo.write("notes.txt", "one\ntwo\nthree, from the shell\n");
    commit(repo, "2026-11-22T08:00:00Z");
}

fn owners(repo: &TestRepo, path: &str) -> Vec<String> {
    let margin = repo.owners(path).0.into_iter();
    margin.map(|(owner, _)| owner.replace(char::is_numeric, "")).collect()
}

fn expect_main(repo: &TestRepo, agent: &str, person: &str) {
    let p = person;
    assert_eq!(prompts(repo), [FIRST], "{agent}");
    assert_eq!(owners(repo, "hello.txt"), [p, "A-", p, p], "{agent}");
    assert_eq!(owners(repo, "new.txt"), ["A-", "A-"], "{agent}");
    assert_eq!(owners(repo, "notes.txt"), [p, p, "A-"], "{agent}");
}

#[test]
fn a_session_is_found_in_the_commits_that_followed() {
    for Store { agent, put } in STORES {
        let repo = TestRepo::unhooked(&[]);
        begin(&repo);
        put(&repo, "main", &repo.top);
        end(&repo);
        let done = backfill(&repo);
        let told = &done["agents"][0];
        assert_eq!((&told["agent"], &told["sessions"]), (&(*agent).into(), &1.into()), "{done}");
        assert_eq!(done["unreadable"].as_array().unwrap().len(), 0, "{done}");
        expect_main(&repo, agent, "?");
        assert_eq!(backfill(&repo)["commits"], 0, "{agent}");
    }
}

#[test]
fn sub_agents_failures_and_a_second_prompt() {
    for Store { agent, put } in STORES {
        let repo = TestRepo::unhooked(&[]);
        begin(&repo);
        put(&repo, "delegates", &repo.top);
        repo.write("sub.txt", "written by the sub-agent\n");
        repo.write("hello.txt", "alpha\nbeta\ngamma, second prompt\nnot in the file\n");
        commit(&repo, "2026-11-22T08:00:00Z");
        let done = backfill(&repo);
        let told = &done["agents"][0];
        assert_eq!((&told["sessions"], &told["turns"]), (&1.into(), &2.into()), "{agent}: {done}");
        assert_eq!(done["lines"], 2, "{agent}: {done}");
        let told = prompts(&repo);
        assert!(told[0].starts_with("Delegate one file"), "{agent}: {told:?}");
        assert_eq!(told[1], "Second prompt: change hello.txt again.", "{agent}");
        let said = repo.ai_log(["sub.txt:1"]).ok();
        assert!(said.contains("Delegate one file"), "{agent}: {said}");
    }
}

#[test]
fn a_session_of_another_repository_is_not_looked_at() {
    for Store { agent, put } in STORES {
        let repo = TestRepo::unhooked(&[]);
        begin(&repo);
        let other = repo.root().join("other/repo");
        std::fs::create_dir_all(&other).unwrap();
        put(&repo, "main", &other);
        end(&repo);
        let done = backfill(&repo);
        assert_eq!((&done["commits"], &done["lines"]), (&0.into(), &0.into()), "{agent}: {done}");
        assert!(repo.note("HEAD").is_none(), "{agent}");
    }
}

#[test]
fn a_commit_without_hooks_reads_it() {
    for Store { agent, put } in STORES {
        let repo = TestRepo::new();
        begin(&repo);
        put(&repo, "main", &repo.top);
        end(&repo);
        expect_main(&repo, agent, "H");
        assert_eq!(backfill(&repo)["commits"], 0, "{agent}");
    }
}

#[test]
fn what_is_broken_is_named_and_the_rest_is_read() {
    for Store { agent, put } in STORES {
        let repo = TestRepo::unhooked(&[]);
        begin(&repo);
        let file = put(&repo, "main", &repo.top);
        broken(&file);
        // Another agent's is read.
        let claude = repo.claude("s").prompt("one");
        claude.write("other.txt", "of another agent\n");
        repo.commit_all("other");
        let done = backfill(&repo);
        let named = done["unreadable"].as_array().unwrap();
        assert_eq!(named.len(), 1, "{agent}: {done}");
        assert_eq!(named[0]["file"], file.to_str().unwrap(), "{agent}: {done}");
        assert_eq!(done["lines"], 1, "{agent}: {done}");
        let doctor = repo.ai_log(["doctor"]);
        let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
        assert!(said.contains(file.to_str().unwrap()), "{agent}: {said}");
    }
}

/// Makes a file one that no reader understands.
fn broken(file: &Path) {
    write(file, &"this is no session, however long it may be\n".repeat(100));
}

/// Cursor keeps a transcript of some sessions beside the database: each counts once.
#[test]
fn what_cursor_keeps_twice_counts_once() {
    for whole in [true, false] {
        let repo = TestRepo::unhooked(&[]);
        begin(&repo);
        let database = cursor(&repo, "main", &repo.top);
        let session = "3d0c5a10-0000-4000-8000-0000000000c0";
        let line = |role: &str, block: Value| {
            let message = serde_json::json!({ "role": role, "message": { "content": [block] } });
            format!("{message}\n")
        };
        let query = format!("<user_query>\n{FIRST}\n</user_query>");
        let prompt = line("user", serde_json::json!({ "type": "text", "text": query }));
        let input = serde_json::json!({
            "path": repo.top.join("new.txt"), "contents": "created by the agent\nsecond line\n",
        });
        let call = serde_json::json!({ "type": "tool_use", "name": "Write", "input": input });
        let transcript =
            format!(".cursor/projects/top/agent-transcripts/{session}/{session}.jsonl");
        write(&repo.home().join(transcript), &(prompt + &line("assistant", call)));
        if !whole {
            broken(&database);
        }
        end(&repo);
        let done = backfill(&repo);
        let told = &done["agents"][0];
        assert_eq!((&told["files"], &told["sessions"]), (&1.into(), &1.into()), "{done}");
        assert_eq!(told["turns"], 1, "{done}");
        assert_eq!(prompts(&repo), [FIRST]);
        // Where the database cannot be read, the transcript is what there is.
        assert_eq!(owners(&repo, "new.txt"), ["A-", "A-"]);
        let line = if whole { "A-" } else { "?" };
        assert_eq!(owners(&repo, "hello.txt"), ["?", line, "?", "?"]);
    }
}

#[test]
fn a_database_that_the_editor_has_locked_is_named_and_left_alone() {
    let repo = TestRepo::unhooked(&[]);
    begin(&repo);
    let database = cursor(&repo, "main", &repo.top);
    droid(&repo, "main", &repo.top);
    let editor = Connection::open(&database).unwrap();
    editor.execute_batch("BEGIN EXCLUSIVE").unwrap();
    end(&repo);
    let done = backfill(&repo);
    let named = done["unreadable"][0].to_string();
    assert!(named.contains("state.vscdb") && named.contains("locked"), "{done}");
    expect_main(&repo, "droid", "?");
    editor.execute_batch("COMMIT").unwrap();
    assert_eq!(backfill(&repo)["unreadable"].as_array().unwrap().len(), 0);
}
