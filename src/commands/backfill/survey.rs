//! Which sessions there are, before the first of them is laid onto commits: a session is read
//! twice, so that not all of them are held at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::memo::Memo;
use super::{BackfillArgs, Progress};
use crate::commands::sessions::files::File;
use crate::commands::sessions::roots::Roots;
use crate::commands::sessions::{self, Session};
use crate::model::{Digest, SessionId};

/// What is there.
#[derive(Default)]
pub struct Survey<'f> {
    /// What is read together, the earliest first.
    pub units: Vec<Unit<'f>>,
    /// What each agent has.
    pub agents: BTreeMap<String, Counts>,
    /// Files that could not be read, or not to their end, and why.
    pub unreadable: Vec<(&'f File, String)>,
    /// Each file.
    pub read: Vec<Read<'f>>,
}

/// A file that was read, now or by the last run.
pub struct Read<'f> {
    /// Which.
    pub file: &'f File,
    /// What it looked like from outside.
    pub stamp: Option<Digest>,
    /// What it has.
    pub seen: Seen,
}

/// What one file has.
#[derive(Clone, Serialize, Deserialize)]
pub struct Seen {
    /// Its sessions.
    pub sessions: Vec<SessionId>,
    turns: usize,
    /// When the first step was.
    pub begins: Option<DateTime<Utc>>,
    error: Option<String>,
}

/// Files that share a session.
pub struct Unit<'f> {
    /// The files.
    pub files: Vec<&'f File>,
    /// The sessions in them.
    pub sessions: BTreeSet<SessionId>,
    /// When the first step was.
    pub begins: DateTime<Utc>,
}

/// What an agent has.
#[derive(Default)]
pub struct Counts {
    /// Files in which something concerns the repository.
    pub files: usize,
    /// Their sessions.
    pub sessions: BTreeSet<SessionId>,
    /// Their prompts.
    pub turns: usize,
}

/// Whether a session was asked for.
pub fn is_asked_for(session: &Session, args: &BackfillArgs) -> bool {
    args.session.as_deref().is_none_or(|asked| {
        session.id.as_str() == asked || SessionId::derive(&session.agent, asked) == session.id
    })
}

/// Reads every file once that looks otherwise than the last run saw it.
pub fn of<'f>(
    files: &'f [File],
    roots: &Roots,
    args: &BackfillArgs,
    (memo, now): (Option<&Memo>, DateTime<Utc>),
    progress: &mut Progress,
) -> Survey<'f> {
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let stamp = file.stamp(now);
                        let known = memo.and_then(|memo| memo.seen(file, stamp.as_ref()?));
                        let seen = known.unwrap_or_else(|| Seen::of(file, roots, args));
                        let one = Read { file, stamp, seen };
                        found.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(one);
                    }
                })
            })
            .collect();
        while workers.iter().any(|worker| !worker.is_finished()) {
            progress.at(next.load(Ordering::Relaxed).min(files.len()), files.len());
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    });
    let mut found = found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    found.sort_by(|a, b| a.file.path.cmp(&b.file.path));
    let originals = found.iter().filter(|one| !one.file.is_copy());
    let told: BTreeSet<SessionId> = originals.flat_map(|one| one.seen.sessions.clone()).collect();
    let mut survey = Survey::default();
    let mut units: BTreeMap<String, Unit<'f>> = BTreeMap::new();
    for Read { file, seen, .. } in &found {
        survey.unreadable.extend(seen.error.clone().map(|error| (*file, error)));
        let Some(begins) = seen.begins else {
            continue;
        };
        if file.is_copy() && seen.sessions.iter().all(|session| told.contains(session)) {
            continue;
        }
        let counts = survey.agents.entry(file.agent.name().to_owned()).or_default();
        counts.files += 1;
        counts.turns += seen.turns;
        // A session and its sub-agents may lie in several files; a database has many sessions.
        let key = match seen.sessions.as_slice() {
            [only] => only.to_string(),
            _ => file.path.to_string_lossy().into_owned(),
        };
        counts.sessions.extend(seen.sessions.iter().cloned());
        let unit = || Unit { files: Vec::new(), sessions: BTreeSet::new(), begins };
        let unit = units.entry(key).or_insert_with(unit);
        unit.files.push(file);
        unit.sessions.extend(seen.sessions.iter().cloned());
        unit.begins = unit.begins.min(begins);
    }
    survey.read = found;
    survey.units = units.into_values().collect();
    survey.units.sort_by_key(|unit| unit.begins);
    survey
}

impl Seen {
    fn of(file: &File, roots: &Roots, args: &BackfillArgs) -> Self {
        // A file that breaks its reader is told of like any other that cannot be read.
        let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            sessions::read(file, roots, None)
        }));
        let (raws, error) = match read {
            Ok((raws, error)) => (raws, error.map(|error| error.to_string())),
            Err(_) => (Vec::new(), Some("its reader failed; please report this".to_owned())),
        };
        let asked = raws.into_iter().filter(|raw| is_asked_for(&raw.session, args));
        let (turns, sessions): (Vec<usize>, Vec<Session>) =
            asked.map(|raw| (raw.prompts(), raw.session)).unzip();
        let steps = sessions.iter().flat_map(|session| &session.steps);
        Self {
            turns: turns.into_iter().sum(),
            begins: steps.map(|step| step.at).min(),
            sessions: sessions.into_iter().map(|session| session.id).collect(),
            error,
        }
    }
}
