//! What `install` wrote and what was there before, so that `uninstall` can put it back.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::base64;
use crate::model::path::{os_bytes, os_path};

/// The only schema so far.
const SCHEMA: &str = "git-ai-log/install/1";

/// The install record of one repository, or of the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    schema: String,
    /// Files that hold more than what is ours.
    pub(crate) files: Vec<FileRecord>,
    /// Agents that were told, and for which work tree.
    pub(crate) agents: Vec<AgentRecord>,
    /// Folders that were made, in that order.
    pub(crate) folders: Vec<PathText>,
    /// Hooks folders that were written to.
    pub(crate) hooks: Vec<PathText>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileRecord {
    pub(crate) path: PathText,
    /// Its bytes before us, in base64; `None` where it was not there. Never holds anything of ours.
    pub(crate) original: Option<String>,
    /// SHA-256 of what we wrote.
    pub(crate) written: String,
}

/// One agent's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AgentRecord {
    pub(crate) agent: String,
    /// The work tree; `None` for the user as a whole.
    pub(crate) top: Option<PathText>,
}

/// A path in JSON, be it UTF-8 or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum PathText {
    Text(String),
    Bytes { base64: String },
}

impl PathText {
    fn new(path: &Path) -> Self {
        match path.to_str() {
            Some(text) => Self::Text(text.to_owned()),
            None => Self::Bytes { base64: base64::encode(&os_bytes(path.as_os_str())) },
        }
    }

    fn path(&self) -> PathBuf {
        match self {
            Self::Text(text) => PathBuf::from(text),
            Self::Bytes { base64 } => os_path(&base64::decode(base64).unwrap_or_default()),
        }
    }
}

/// A record and what its paths are relative to: a repository can be moved.
#[derive(Debug, Clone)]
pub(crate) struct Book {
    pub(crate) record: Record,
    root: PathBuf,
}

impl Book {
    /// A record that says nothing yet.
    pub(crate) fn empty(root: &Path) -> Self {
        let record = Record {
            schema: SCHEMA.to_owned(),
            files: Vec::new(),
            agents: Vec::new(),
            folders: Vec::new(),
            hooks: Vec::new(),
        };
        Self { record, root: root.to_owned() }
    }

    /// From what is on the disk. A record that nobody can read is no reason to stop: without it,
    /// what is ours is known by its own marks.
    pub(crate) fn parse(bytes: &[u8], root: &Path) -> Self {
        match serde_json::from_slice::<Record>(bytes) {
            Ok(record) if record.schema == SCHEMA => Self { record, root: root.to_owned() },
            _ => Self::empty(root),
        }
    }

    /// For the disk.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(&self.record).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    fn inside(&self, path: &Path) -> PathText {
        PathText::new(path.strip_prefix(&self.root).unwrap_or(path))
    }

    /// The absolute path.
    pub(crate) fn path(&self, path: &PathText) -> PathBuf {
        self.root.join(path.path())
    }

    fn file(&self, path: &Path) -> Option<&FileRecord> {
        let path = self.inside(path);
        self.record.files.iter().find(|file| file.path == path)
    }

    /// What to put back where a file is still as we left it: outer `None` where it is not.
    pub(crate) fn restored(&self, path: &Path, now: &[u8]) -> Option<Option<Vec<u8>>> {
        let file = self.file(path).filter(|file| file.written == digest(now))?;
        match &file.original {
            Some(original) => Some(Some(base64::decode(original)?)),
            None => Some(None),
        }
    }

    /// Whether the file was not there before us, as far as is known.
    pub(crate) fn made(&self, path: &Path) -> Option<bool> {
        self.file(path).map(|file| file.original.is_none())
    }

    /// Notes that a file is about to be written. `stripped` is what it holds now without anything
    /// of ours; it counts as the original unless the file is as we left it.
    pub(crate) fn note(
        &mut self,
        path: &Path,
        now: Option<&[u8]>,
        stripped: Option<Vec<u8>>,
        after: &[u8],
    ) {
        let original = match now.and_then(|now| self.restored(path, now)) {
            Some(original) => original,
            None => stripped,
        };
        self.forget(path);
        let path = self.inside(path);
        let original = original.map(|bytes| base64::encode(&bytes));
        self.record.files.push(FileRecord { path, original, written: digest(after) });
    }

    /// Notes that a file is no longer ours to restore.
    pub(crate) fn forget(&mut self, path: &Path) {
        let path = self.inside(path);
        self.record.files.retain(|file| file.path != path);
    }

    /// Notes an agent.
    pub(crate) fn note_agent(&mut self, agent: &str, top: Option<&Path>) {
        let top = top.map(|top| self.inside(top));
        let entry = AgentRecord { agent: agent.to_owned(), top };
        if !self.record.agents.contains(&entry) {
            self.record.agents.push(entry);
        }
    }

    /// Whether this agent was told, for this work tree or for the user.
    pub(crate) fn has_agent(&self, agent: &str, top: Option<&Path>) -> bool {
        let top = top.map(|top| self.inside(top));
        self.record.agents.iter().any(|entry| entry.agent == agent && entry.top == top)
    }

    /// Notes folders that are about to be made.
    pub(crate) fn note_folders(&mut self, folders: &[PathBuf]) {
        for folder in folders {
            let folder = self.inside(folder);
            if !self.record.folders.contains(&folder) {
                self.record.folders.push(folder);
            }
        }
    }

    /// Notes a hooks folder.
    pub(crate) fn note_hooks(&mut self, dir: &Path) {
        let dir = self.inside(dir);
        if !self.record.hooks.contains(&dir) {
            self.record.hooks.push(dir);
        }
    }

    /// Whether there is nothing left to undo.
    pub(crate) fn is_empty(&self) -> bool {
        let record = &self.record;
        record.files.is_empty() && record.agents.is_empty() && record.hooks.is_empty()
    }
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
