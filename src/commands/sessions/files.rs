//! The files in which agents on this machine keep their sessions.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use globset::GlobBuilder;

use crate::agents::{AGENTS, Agent};
use crate::config::Homes;
use crate::journal::stats::Stat;
use crate::model::Digest;

/// A file of sessions.
pub struct File {
    /// Whose.
    pub agent: &'static dyn Agent,
    /// Where.
    pub path: PathBuf,
    /// How long it is. Bytes.
    pub size: u64,
    /// When it was made, as far as the file system knows.
    pub begun: DateTime<Utc>,
    /// When it was written last.
    pub written: DateTime<Utc>,
}

impl File {
    /// What it and all that is read with it look like from outside, in a word: while this stays,
    /// it tells the same. `None` where that is not sure, as while it is written.
    pub fn stamp(&self, now: DateTime<Utc>) -> Option<Digest> {
        let now = now.timestamp_nanos_opt()?.unsigned_abs().into();
        let mut paths = vec![self.path.clone()];
        for beside in self.agent.sessions()?.beside(&self.path)? {
            match beside.is_dir() {
                true => walk(&beside, usize::MAX, &mut |path| paths.push(path.to_path_buf())),
                false => paths.push(beside),
            }
        }
        paths.sort();
        let mut all = Vec::new();
        for path in paths {
            let stat = path.metadata().ok().as_ref().and_then(Stat::of);
            if stat.as_ref().is_some_and(|stat| stat.is_fresh(now)) {
                return None;
            }
            all.push((path.to_str()?.to_owned(), stat));
        }
        serde_json::to_vec(&all).ok().map(|text| Digest::of(&text))
    }

    /// Whether it counts only where no other file has its session.
    pub fn is_copy(&self) -> bool {
        self.agent.sessions().is_some_and(|sessions| sessions.is_copy(&self.path))
    }

    /// How much of it is read. Bytes.
    pub fn cost(&self) -> u64 {
        let looked_up = self.agent.sessions().is_some_and(|sessions| sessions.looks_up(&self.path));
        if looked_up { 0 } else { self.size }
    }
}

/// The files of these agents (of all, where none is named) that were written since then, by path.
pub fn find(
    homes: &Homes,
    tops: &[PathBuf],
    agents: &[String],
    since: Option<DateTime<Utc>>,
) -> Vec<File> {
    let named = |agent: &&&'static dyn Agent| {
        agents.is_empty() || agents.iter().any(|name| name == agent.name())
    };
    let mut files = Vec::new();
    for agent in AGENTS.iter().filter(named) {
        let Some(sessions) = agent.sessions() else {
            continue;
        };
        for store in sessions.stores(homes, tops) {
            let glob = GlobBuilder::new(store.glob).literal_separator(true).build();
            let Ok(glob) = glob.map(|glob| glob.compile_matcher()) else {
                continue;
            };
            let deep = store.glob.contains("**").then_some(usize::MAX);
            let depth = deep.unwrap_or_else(|| store.glob.split('/').count());
            walk(&store.folder, depth, &mut |path| {
                let below = path.strip_prefix(&store.folder).unwrap_or(path);
                if glob.is_match(below)
                    && let Some(file) = file(*agent, path)
                    && since.is_none_or(|since| file.written >= since)
                {
                    files.push(file);
                }
            });
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files.dedup_by(|a, b| a.path == b.path);
    files
}

fn file(agent: &'static dyn Agent, path: &Path) -> Option<File> {
    let data = path.metadata().ok().filter(std::fs::Metadata::is_file)?;
    // A database keeps what was written last in a file beside it.
    let beside = |end: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        Path::new(&name).metadata().ok()?.modified().ok()
    };
    let written = data.modified().ok()?;
    let written = beside("-wal").map_or(written, |wal| wal.max(written));
    let begun = data.created().unwrap_or(written).min(written);
    let time = |at: SystemTime| DateTime::<Utc>::from(at);
    let (begun, written) = (time(begun), time(written));
    Some(File { agent, path: path.to_path_buf(), size: data.len(), begun, written })
}

/// Every file below a folder, this many names deep. Links are not followed: none could end.
fn walk(folder: &Path, depth: usize, each: &mut dyn FnMut(&Path)) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth > 1 => walk(&path, depth - 1, each),
            Ok(kind) if kind.is_dir() => {}
            _ => each(&path),
        }
    }
}
