//! Sessions whose hooks never spoke (not installed, not trusted, switched off), read from their own
//! files when a commit asks: capture does not fail without a word.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::files::{self, File};
use super::laid::Laid;
use super::roots::Roots;
use super::{Session, Spoken, join, read};
use crate::attribution::retell::Commits;
use crate::config::Env;
use crate::git::Repo;
use crate::git::objects::Commit;
use crate::git::target::Target;
use crate::model::note::NoteHunk;
use crate::model::{Event, Oid, RepoPath};

/// What a commit reads at most: files, bytes, and time. What is more waits for `backfill`.
const FILES: usize = 50;
const BYTES: u64 = 64 * 1024 * 1024;
const LONGEST: Duration = Duration::from_secs(2);

/// The sessions that worked in this work tree since the commit below, and of which the journal
/// does not tell.
pub fn since(env: &Env, repo: &Repo, base: Option<&Oid>, journal: &[Event]) -> Vec<Session> {
    let Some(top) = repo.work_tree().map(Path::to_path_buf) else {
        return Vec::new();
    };
    let since = time_of(repo, base);
    let spoken = Spoken::of(journal);
    let (sessions, _) = written(env, &[top], &[], since);
    sessions.into_iter().filter_map(|session| unheard(session, &spoken, since)).collect()
}

/// What an agent's sessions that were written since a commit may have done for it: what was
/// before it, and what has no time.
pub fn after(
    env: &Env,
    repo: &Repo,
    agent: &str,
    commit: &Commit,
    journal: &[Event],
) -> Vec<Session> {
    let Some(top) = repo.work_tree().map(Path::to_path_buf) else {
        return Vec::new();
    };
    let (since, made) =
        (time_of(repo, commit.parents.first()), DateTime::from_timestamp(commit.time, 0));
    let spoken = Spoken::of(journal);
    let (sessions, files) = written(env, &[top], &[agent.to_owned()], made);
    let mut sessions: Vec<Session> =
        sessions.into_iter().filter_map(|session| unheard(session, &spoken, since)).collect();
    for session in &mut sessions {
        session.steps.retain(|step| {
            step.at.timestamp() <= commit.time || files.iter().any(|file| file.written == step.at)
        });
    }
    sessions.retain(|session| !session.steps.is_empty());
    sessions
}

fn time_of(repo: &Repo, commit: Option<&Oid>) -> Option<DateTime<Utc>> {
    let commit = commit.and_then(|commit| repo.commit(commit).ok());
    commit.and_then(|commit| DateTime::from_timestamp(commit.time, 0))
}

/// What the files of these agents tell (of all, where none is named) that were written since then,
/// and the files. What has no time of its own may be as young as its file.
fn written(
    env: &Env,
    tops: &[PathBuf],
    agents: &[String],
    since: Option<DateTime<Utc>>,
) -> (Vec<Session>, Vec<File>) {
    let (roots, started) = (Roots::of(tops), Instant::now());
    let (mut raws, mut files) = (Vec::new(), Vec::new());
    for file in latest(files::find(&env.homes, tops, agents, since)) {
        if started.elapsed() > LONGEST {
            break;
        }
        let file = File { begun: file.written, ..file };
        raws.extend(read(&file, &roots, since).0);
        files.push(file);
    }
    (join(raws), files)
}

/// The files that were written last, as far as there is room for them.
fn latest(mut files: Vec<File>) -> Vec<File> {
    files.sort_by_key(|file| std::cmp::Reverse(file.written));
    let mut room = BYTES;
    files.retain(|file| {
        let fits = file.cost() <= room;
        room -= if fits { file.cost() } else { 0 };
        fits
    });
    files.truncate(FILES);
    files
}

/// What of a session no hook told, and no commit below can have.
fn unheard(mut session: Session, spoken: &Spoken, since: Option<DateTime<Utc>>) -> Option<Session> {
    let Session { id, steps, .. } = &mut session;
    steps.retain(|step| !spoken.has(id, step.at) && since.is_none_or(|since| step.at >= since));
    (!steps.is_empty()).then_some(session)
}

/// The lines of these files that the sessions wrote; `base` is the commit below.
pub fn hunks(
    repo: &Repo,
    sessions: &[Session],
    base: Option<&Oid>,
    targets: &[Target],
    now: DateTime<Utc>,
) -> Vec<NoteHunk> {
    let mut steps: Vec<_> = sessions.iter().flat_map(|session| &session.steps).collect();
    steps.sort_by_key(|step| step.at);
    let mut texts = Around { repo, base, targets };
    let mut laid = Laid::default();
    steps.into_iter().for_each(|step| laid.step(step.clone(), &mut texts));
    laid.commit(now.timestamp(), targets, &mut texts)
}

/// The texts below and in what is to be committed.
struct Around<'a> {
    repo: &'a Repo,
    base: Option<&'a Oid>,
    targets: &'a [Target],
}

impl Commits for Around<'_> {
    fn below(&mut self, path: &RepoPath) -> Option<Vec<u8>> {
        self.repo.text_in(self.base?, path).ok().flatten()
    }

    fn next(&mut self, path: &RepoPath) -> Option<Vec<u8>> {
        let target = self.targets.iter().find(|target| target.path == *path)?;
        Some(target.text.clone())
    }
}
