//! What the last run saw, so that the next one reads only what was written since, and nothing where
//! nothing was. The file may be deleted at any time: then everything is read again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::survey::{Seen, Survey};
use crate::commands::sessions::Spoken;
use crate::commands::sessions::files::File;
use crate::commands::sessions::roots::Roots;
use crate::error::Result;
use crate::git::notes::PROVENANCE;
use crate::git::{GitError, Repo};
use crate::journal;
use crate::journal::stats::Stat;
use crate::model::{Digest, Oid, SessionId};

/// What the last run saw.
pub struct Memo {
    path: PathBuf,
    kept: Kept,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    /// The program that read the sessions, and for which work trees.
    by: Digest,
    /// What it took for a work tree that is gone, and what not.
    namesakes: BTreeMap<PathBuf, bool>,
    files: BTreeMap<PathBuf, (Digest, Seen)>,
    /// What decides what a run finds, as it was when nothing was left to be found.
    done: Option<Digest>,
}

impl Memo {
    /// What this program saw of these work trees.
    pub fn open(repo: &Repo, program: &Path, roots: &Roots) -> Self {
        let path = repo.state_dir().join("cache/backfill.json");
        let by = by(program, roots).unwrap_or_default();
        let kept = std::fs::read(&path).ok();
        let kept: Option<Kept> = kept.and_then(|text| serde_json::from_slice(&text).ok());
        let same = |kept: &Kept| {
            let stands = |(folder, stood): (&PathBuf, &bool)| folder.exists() == *stood;
            kept.by == by && !by.0.is_empty() && kept.namesakes.iter().all(stands)
        };
        let kept = kept.filter(same).unwrap_or_else(|| Kept { by, ..Kept::default() });
        Self { path, kept }
    }

    /// What a file told when it looked like this.
    pub fn seen(&self, file: &File, stamp: &Digest) -> Option<Seen> {
        let (known, seen) = self.kept.files.get(&file.path)?;
        (known == stamp).then(|| seen.clone())
    }

    /// Whether nothing was left to be found when all was like this.
    pub fn is_done(&self, state: &Digest) -> bool {
        self.kept.done.as_ref() == Some(state)
    }

    /// Keeps what was seen; `done` is how all was left. That it cannot be kept costs time alone.
    pub fn keep(mut self, survey: &Survey<'_>, roots: &Roots, done: Option<Digest>) {
        self.kept.namesakes.extend(roots.namesakes());
        self.kept.files.retain(|path, _| path.exists());
        for one in &survey.read {
            let path = one.file.path.clone();
            match &one.stamp {
                Some(stamp) => {
                    self.kept.files.insert(path, (stamp.clone(), one.seen.clone()));
                }
                None => drop(self.kept.files.remove(&path)),
            }
        }
        self.kept.done = done;
        if let Ok(text) = serde_json::to_vec(&self.kept) {
            let _ = journal::write_private(&self.path, &text);
        }
    }
}

/// Another program may read sessions otherwise.
fn by(program: &Path, roots: &Roots) -> Option<Digest> {
    let stat = Stat::of(&program.metadata().ok()?)?;
    serde_json::to_vec(&(stat, roots.tops())).ok().map(|text| Digest::of(&text))
}

/// All that decides what a run finds, but the notes that there are.
#[derive(Serialize)]
pub struct State {
    files: Vec<(PathBuf, Digest)>,
    /// Since when hooks told of their sessions.
    spoken: BTreeMap<SessionId, Option<i64>>,
    tips: String,
}

impl State {
    /// As it is; `None` where a file may be written just now. Sessions that hooks told of from
    /// their beginning give nothing, whatever is written to them.
    pub fn of(repo: &Repo, survey: &Survey<'_>, spoken: &Spoken) -> Result<Option<Self>> {
        let mut state = Self { files: Vec::new(), spoken: BTreeMap::new(), tips: repo.tips()? };
        for one in &survey.read {
            let Some(begins) = one.seen.begins else {
                continue;
            };
            if one.seen.sessions.iter().all(|session| spoken.has(session, begins)) {
                continue;
            }
            let Some(stamp) = &one.stamp else {
                return Ok(None);
            };
            state.files.push((one.file.path.clone(), stamp.clone()));
            let since = |session: &SessionId| spoken.since(session).map(|at| at.timestamp_micros());
            let sessions = one.seen.sessions.iter();
            state.spoken.extend(sessions.map(|session| (session.clone(), since(session))));
        }
        Ok(Some(state))
    }

    /// With the notes that there are now.
    pub fn now(&self, repo: &Repo) -> Result<Option<Digest>, GitError> {
        let notes = repo.target(PROVENANCE)?.map(|Oid(tip)| tip);
        Ok(serde_json::to_vec(&(self, notes)).ok().map(|text| Digest::of(&text)))
    }
}
