//! Appending and reading events.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::{Journal, JournalError, io, private_dir};
use crate::model::{Event, SessionId};

impl Journal {
    /// Appends events of one session. When this returns they outlive the process.
    pub fn append(&self, session: &SessionId, events: &[Event]) -> Result<(), JournalError> {
        if events.is_empty() {
            return Ok(());
        }
        private_dir(&self.dir)?;
        let path = self.file(session);
        let mut options = OpenOptions::new();
        options.create(true).read(true).append(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        // Two hooks of one session may run at once; a torn line must not swallow ours.
        let mut file = loop {
            let file = options.open(&path).map_err(io("open", &path))?;
            file.lock().map_err(io("lock", &path))?;
            // `forget` may have put another file here while we waited.
            if is_at(&file, &path) {
                break file;
            }
        };
        let mut bytes = Vec::new();
        if is_torn(&mut file).map_err(io("read", &path))? {
            bytes.push(b'\n');
        }
        for event in events {
            serde_json::to_writer(&mut bytes, event)?;
            bytes.push(b'\n');
        }
        file.write_all(&bytes).map_err(io("write", &path))
    }

    /// Every event, session by session, in the order they were written. Torn and foreign lines
    /// are skipped and counted.
    pub fn read(&self) -> Result<(Vec<Event>, usize), JournalError> {
        let mut events = Vec::new();
        let mut skipped = 0;
        for path in self.files()? {
            let bytes = std::fs::read(&path).map_err(io("read", &path))?;
            let (mut found, lost) = parse(&bytes);
            events.append(&mut found);
            skipped += lost;
        }
        Ok((events, skipped))
    }

    /// The events of one session.
    pub fn of(&self, session: &SessionId) -> Result<Vec<Event>, JournalError> {
        let path = self.file(session);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(parse(&bytes).0),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(io("read", &path)(error)),
        }
    }

    /// The files, one a session.
    pub fn files(&self) -> Result<Vec<PathBuf>, JournalError> {
        let entries = match std::fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(io("list", &self.dir)(error)),
        };
        let mut files: Vec<PathBuf> = entries
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
            .collect();
        files.sort();
        Ok(files)
    }

    fn file(&self, session: &SessionId) -> PathBuf {
        self.dir.join(format!("{session}.jsonl"))
    }
}

/// The events of one file, folded or not, and how many lines were none.
pub fn parse(bytes: &[u8]) -> (Vec<Event>, usize) {
    let mut events = Vec::new();
    let mut skipped = 0;
    for line in bytes.split(|&b| b == b'\n') {
        if line.is_empty() {
            continue;
        }
        match serde_json::from_slice(line) {
            Ok(event) => events.push(event),
            Err(_) => skipped += 1,
        }
    }
    (events, skipped)
}

/// Whether this is still the file of this name.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let place = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), path.metadata()) {
        (Ok(open), Ok(named)) => place(open) == place(named),
        // Pruned just now: the next round makes it again. Where nothing can be said, it counts.
        (Ok(_), Err(error)) => error.kind() != std::io::ErrorKind::NotFound,
        (Err(_), _) => true,
    }
}

/// Windows does not replace a file that is open.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

fn is_torn(file: &mut File) -> std::io::Result<bool> {
    let length = file.seek(SeekFrom::End(0))?;
    if length == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::Start(length - 1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}
