//! Cursor's database, `globalStorage/state.vscdb`: of each session `composerData:<id>` and of each
//! of its messages `bubbleId:<id>:<message>`, as JSON by key. From documents of other programs that
//! read it, up to version 3.16.
//!
//! It grows to gigabytes, and the editor writes while we read. So rows are looked up by their keys,
//! one statement each: nothing is held longer than that takes, and only what one row has is in
//! memory, beside what is told.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OpenFlags, OptionalExtension as _};
use serde_json::Value;

use super::bubbles::{ROOM, Teller};
use super::heads;
use crate::agents::sessions::{Moment, SessionError, regular};

/// How long a writer may hold us up.
const PATIENCE: Duration = Duration::from_secs(1);
/// Rows that are longer are passed over. Bytes.
const MAX_ROW: i64 = 64 * 1024 * 1024;
/// How many keys one statement lists.
const PAGE: i64 = 1000;

const ROW: &str = "SELECT CAST(value AS TEXT) FROM cursorDiskKV \
     WHERE key = ?1 AND octet_length(value) <= ?2";
const ITEM: &str = "SELECT CAST(value AS TEXT) FROM ItemTable \
     WHERE key = ?1 AND octet_length(value) <= ?2";
const KEYS: &str = "SELECT key FROM cursorDiskKV \
     WHERE key > ?1 AND key < ?2 ORDER BY key LIMIT ?3";

/// Which sessions are asked for.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    /// Those of these folders.
    pub(super) wanted: &'a dyn Fn(&Path) -> bool,
    /// In which something happened since then.
    pub(super) since: Option<DateTime<Utc>>,
}

pub(super) fn read(
    file: &Path,
    asked: Asked<'_>,
    tell: &mut dyn FnMut(Moment),
) -> Result<(), SessionError> {
    let mut moments = Vec::new();
    let outcome = sessions(file, asked, &mut |moment| moments.push(moment));
    // A sub-agent's session lies beside that of the prompt which it works for.
    moments.sort_by_key(|moment| moment.at);
    moments.into_iter().for_each(tell);
    outcome
}

fn sessions(
    file: &Path,
    asked: Asked<'_>,
    tell: &mut dyn FnMut(Moment),
) -> Result<(), SessionError> {
    let database = Database::open(file)?;
    let (heads, wrong) = heads::of(&database, file, asked)?;
    let mut room = ROOM;
    for head in heads {
        let Some(data) = database.json(&format!("composerData:{}", head.id))? else {
            continue;
        };
        let mut teller = Teller::of(&head, &data, &database, &mut room, tell);
        for id in messages(&database, &head.id, &data)? {
            if let Some(bubble) = database.json(&format!("bubbleId:{}:{id}", head.id))? {
                teller.bubble(&bubble)?;
            }
        }
        // Older ones have their messages in them.
        for bubble in data["conversation"].as_array().into_iter().flatten() {
            teller.bubble(bubble)?;
        }
    }
    match wrong {
        Some(error) => Err(error),
        None if room == 0 => Err(SessionError::Large(ROOM as u64)),
        None => Ok(()),
    }
}

/// The messages of a session in their order, and those that are not in the list yet after them.
fn messages(database: &Database, id: &str, data: &Value) -> Result<Vec<String>, SessionError> {
    let listed = data["fullConversationHeadersOnly"].as_array().into_iter().flatten();
    let mut all: Vec<String> =
        listed.filter_map(|header| header["bubbleId"].as_str().map(str::to_owned)).collect();
    let known: HashSet<String> = all.iter().cloned().collect();
    let start = format!("bubbleId:{id}:");
    let there = database.keys(&start)?;
    let there = there.iter().filter_map(|key| key.strip_prefix(&start));
    all.extend(there.filter(|id| !known.contains(*id)).map(str::to_owned));
    Ok(all)
}

/// A session in the list of them: its name, its workspace, and what it says of itself.
pub(super) type Listed = (String, Option<String>, Value);

/// A database of the editor's, open for reading.
pub(super) struct Database(Connection);

impl Database {
    pub(super) fn open(file: &Path) -> Result<Self, SessionError> {
        regular(file)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let database = Connection::open_with_flags(file, flags).map_err(said)?;
        database.busy_timeout(PATIENCE).map_err(said)?;
        Ok(Self(database))
    }

    /// A row as it is: JSON, or the text of a file.
    pub(super) fn text(&self, key: &str) -> Result<Option<String>, SessionError> {
        self.one(ROW, key)
    }

    /// A row that is JSON. One that is not tells nothing.
    pub(super) fn json(&self, key: &str) -> Result<Option<Value>, SessionError> {
        Ok(self.text(key)?.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// A row of the other table, which the editor has in every database.
    pub(super) fn item(&self, key: &str) -> Result<Option<Value>, SessionError> {
        Ok(self.one(ITEM, key)?.and_then(|text| serde_json::from_str(&text).ok()))
    }

    fn one(&self, statement: &str, key: &str) -> Result<Option<String>, SessionError> {
        let mut statement = self.0.prepare(statement).map_err(said)?;
        let row = statement.query_row((key, MAX_ROW), |row| {
            // Text is kept as bytes where it is not plain.
            let bytes = row.get_ref(0)?.as_bytes_or_null()?;
            Ok(bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned()))
        });
        Ok(row.optional().map_err(said)?.flatten())
    }

    /// The keys that start so, page by page.
    pub(super) fn keys(&self, start: &str) -> Result<Vec<String>, SessionError> {
        let mut end = start.to_owned();
        end.push(char::MAX);
        let mut statement = self.0.prepare(KEYS).map_err(said)?;
        let (mut all, mut last) = (Vec::new(), start.to_owned());
        loop {
            let page = statement.query_map((&last, &end, PAGE), |row| row.get(0)).map_err(said)?;
            let page: Vec<String> = page.collect::<Result<_, _>>().map_err(said)?;
            let whole = page.len() as i64 == PAGE;
            all.extend(page);
            match all.last() {
                Some(key) if whole => last.clone_from(key),
                _ => return Ok(all),
            }
        }
    }

    /// The list of sessions that newer versions keep; `None` where there is no such list.
    pub(super) fn listed(&self) -> Result<Option<Vec<Listed>>, SessionError> {
        let there = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'composerHeaders'";
        let there = self.0.query_row(there, [], |_| Ok(())).optional().map_err(said)?;
        if there.is_none() {
            return Ok(None);
        }
        let list = "SELECT composerId, workspaceId, CAST(value AS TEXT) FROM composerHeaders";
        let mut list = self.0.prepare(list).map_err(said)?;
        let rows = list.query_map([], |row| {
            let value: Option<String> = row.get(2)?;
            let value = value.and_then(|value| serde_json::from_str(&value).ok());
            Ok((row.get(0)?, row.get(1)?, value.unwrap_or_default()))
        });
        let rows: Result<Vec<_>, _> = rows.map_err(said)?.collect();
        Ok(Some(rows.map_err(said)?))
    }
}

fn said(error: rusqlite::Error) -> SessionError {
    SessionError::Format(error.to_string())
}
