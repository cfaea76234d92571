use super::*;
use crate::agents::Told;

const SCHEMA: &str = "
    CREATE TABLE session (id TEXT PRIMARY KEY, parent_id TEXT, directory TEXT, time_created INTEGER);
    CREATE TABLE message (id TEXT PRIMARY KEY, session_id TEXT, time_created INTEGER, data TEXT);
    CREATE TABLE part (id TEXT PRIMARY KEY, message_id TEXT, session_id TEXT, data TEXT);";

/// A database with the rows of a real one.
fn database(run: &str, path: &Path) -> Connection {
    let rows = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sessions/opencode");
    let rows = std::fs::read_to_string(rows.join(format!("{run}.jsonl"))).unwrap();
    let database = Connection::open(path).unwrap();
    database.pragma_update(None, "journal_mode", "wal").unwrap();
    database.execute_batch(SCHEMA).unwrap();
    for line in rows.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let row = &line["row"];
        let text = |name: &str| row[name].as_str();
        let (id, time) = (text("id"), row["time_created"].as_i64());
        let data = row["data"].to_string();
        let session = text("session_id");
        match line["table"].as_str().unwrap() {
            "session" => database.execute(
                "INSERT INTO session VALUES (?, ?, ?, ?)",
                (id, text("parent_id"), text("directory"), time),
            ),
            "message" => database
                .execute("INSERT INTO message VALUES (?, ?, ?, ?)", (id, session, time, data)),
            "part" => database.execute(
                "INSERT INTO part VALUES (?, ?, ?, ?)",
                (id, text("message_id"), session, data),
            ),
            _ => Ok(0),
        }
        .unwrap();
    }
    database
}

fn told(path: &Path) -> (Vec<Moment>, Option<SessionError>) {
    let mut moments = Vec::new();
    let outcome =
        OpenCode.read(path, &|cwd| cwd == Path::new("/top"), &mut |moment| moments.push(moment));
    (moments, outcome.err())
}

#[test]
fn a_session_is_told_as_the_plugin_tells_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("opencode.db");
    // The writer stays open: all of it still lies in the WAL.
    let writer = database("main", &path);
    assert!(path.with_extension("db-wal").metadata().unwrap().len() > 0);
    let (moments, error) = told(&path);
    assert!(error.is_none(), "{error:?}");
    let acts: Vec<&Act> = moments.iter().map(|moment| &moment.report.act).collect();
    assert_eq!(acts[0], &Act::Started);
    let prompt = "Please edit hello.txt, add new.txt and a line to notes.txt, then commit.";
    assert_eq!(acts[1], &Act::Prompt(prompt.into()));
    assert_eq!(acts[2], &Act::Read(vec!["/top/hello.txt".into()]));
    let Act::Edited(edits) = acts[3] else { panic!("{acts:#?}") };
    let Told::Patched(hunks) = &edits[0].told else { panic!("{edits:?}") };
    assert_eq!(hunks[0].added().collect::<Vec<_>>(), ["beta, edited by the agent"]);
    let Act::Edited(edits) = acts[4] else { panic!("{acts:#?}") };
    let whole =
        Told::Whole { before: Some(None), after: "created by the agent\nsecond line\n".into() };
    assert_eq!(edits[0].told, whole);
    let commands = acts.iter().filter(|act| matches!(act, Act::CommandEnded { .. })).count();
    assert_eq!((commands, acts.len()), (3, 8));
    let report = &moments[3].report;
    assert_eq!(report.session, "ses_dfdefcdecffenMEO6Pta30MTNv");
    assert_eq!(report.turn.as_deref(), Some("msg_2021033050010bJYnqlgmAOjWf"));
    assert_eq!(report.call.as_deref(), Some("call_mock000005"));
    assert_eq!(report.model.as_deref(), Some("mock-model"));
    let at = moments[3].at.unwrap();
    assert_eq!(at.timestamp_millis(), 1_795_330_951_717);
    drop(writer);
}

#[test]
fn sub_agents_belong_to_the_turn_that_started_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("opencode.db");
    drop(database("subagent", &path));
    let (moments, error) = told(&path);
    assert!(error.is_none(), "{error:?}");
    assert!(moments.windows(2).all(|pair| pair[0].at <= pair[1].at));
    let prompts: Vec<_> =
        moments.iter().filter(|m| matches!(m.report.act, Act::Prompt(_))).collect();
    assert_eq!(prompts.len(), 2);
    let turn = |at: usize| prompts[at].report.turn.clone();
    let of = |name: &str| {
        let wrote = |moment: &&Moment| match &moment.report.act {
            Act::Edited(edits) => edits.iter().any(|edit| edit.path == Path::new(name)),
            _ => false,
        };
        moments.iter().filter(wrote).map(|moment| &moment.report).collect::<Vec<_>>()
    };
    let sub = of("sub.txt")[0];
    assert_eq!(sub.session, prompts[0].report.session);
    assert_eq!(sub.subagent.as_deref(), Some("ses_dfdfd57a9ffeg7idpwxJJ7yaOs"));
    assert_eq!(sub.turn, turn(0));
    assert_eq!(of("p1.txt")[0].turn, turn(0));
    // The patch that failed is not told; that of the second turn is.
    let hello = of("hello.txt");
    assert_eq!((hello.len(), &hello[0].turn), (1, &turn(1)));
}

#[test]
fn what_is_no_database_of_theirs_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("opencode.db");
    std::fs::write(&path, "this is no database, however long it may be\n".repeat(100)).unwrap();
    assert!(matches!(told(&path).1, Some(SessionError::Format(_))));
    std::fs::remove_file(&path).unwrap();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE session (id TEXT)").unwrap();
    let (_, error) = told(&path);
    assert!(error.unwrap().to_string().contains("no such column"));
    let gone = folder.path().join("gone.db");
    assert!(matches!(told(&gone).1, Some(SessionError::Io(_))));
    // Cut off in the middle: what is there is told, or it is said why not; nothing panics.
    let whole = folder.path().join("whole.db");
    let writer = database("main", &whole);
    writer.pragma_update(None, "journal_mode", "delete").unwrap();
    drop(writer);
    let bytes = std::fs::read(&whole).unwrap();
    for part in [1, 2, 3, 5, 8] {
        let cut = folder.path().join("cut.db");
        std::fs::write(&cut, &bytes[..bytes.len() * part / 9]).unwrap();
        let _ = told(&cut);
    }
}

#[test]
fn a_locked_database_is_not_waited_for_without_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("opencode.db");
    let writer = database("main", &path);
    writer.pragma_update(None, "journal_mode", "delete").unwrap();
    writer.execute_batch("BEGIN EXCLUSIVE").unwrap();
    assert!(told(&path).1.unwrap().to_string().contains("locked"));
}
