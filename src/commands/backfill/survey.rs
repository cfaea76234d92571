//! Which sessions there are, before the first of them is laid onto commits: a session is read
//! twice, so that not all of them are held at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, Utc};

use super::{BackfillArgs, Progress};
use crate::commands::sessions::files::File;
use crate::commands::sessions::roots::Roots;
use crate::commands::sessions::{self, Session};
use crate::model::SessionId;

/// What is there.
#[derive(Default)]
pub struct Survey<'f> {
    /// What is read together, the earliest first.
    pub units: Vec<Unit<'f>>,
    /// What each agent has.
    pub agents: BTreeMap<String, Counts>,
    /// Files that could not be read, or not to their end, and why.
    pub unreadable: Vec<(&'f File, String)>,
}

/// Files that share a session.
pub struct Unit<'f> {
    /// The files.
    pub files: Vec<&'f File>,
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

/// Reads every file once.
pub fn of<'f>(
    files: &'f [File],
    roots: &Roots,
    args: &BackfillArgs,
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
                        let one = Seen::of(file, roots, args);
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
    let told: BTreeSet<SessionId> = originals.flat_map(|one| one.sessions.clone()).collect();
    let mut survey = Survey::default();
    let mut units: BTreeMap<String, Unit<'f>> = BTreeMap::new();
    for one in found {
        survey.unreadable.extend(one.error.map(|error| (one.file, error)));
        let Some(begins) = one.begins else {
            continue;
        };
        if one.file.is_copy() && one.sessions.iter().all(|session| told.contains(session)) {
            continue;
        }
        let counts = survey.agents.entry(one.file.agent.name().to_owned()).or_default();
        counts.files += 1;
        counts.turns += one.turns;
        // A session and its sub-agents may lie in several files; a database has many sessions.
        let key = match one.sessions.as_slice() {
            [only] => only.to_string(),
            _ => one.file.path.to_string_lossy().into_owned(),
        };
        counts.sessions.extend(one.sessions);
        let unit = units.entry(key).or_insert_with(|| Unit { files: Vec::new(), begins });
        unit.files.push(one.file);
        unit.begins = unit.begins.min(begins);
    }
    survey.units = units.into_values().collect();
    survey.units.sort_by_key(|unit| unit.begins);
    survey
}

/// What one file has.
struct Seen<'f> {
    file: &'f File,
    sessions: Vec<SessionId>,
    turns: usize,
    begins: Option<DateTime<Utc>>,
    error: Option<String>,
}

impl<'f> Seen<'f> {
    fn of(file: &'f File, roots: &Roots, args: &BackfillArgs) -> Self {
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
            file,
            turns: turns.into_iter().sum(),
            begins: steps.map(|step| step.at).min(),
            sessions: sessions.into_iter().map(|session| session.id).collect(),
            error,
        }
    }
}
