//! Commits that an agent made before its session could be read: some agents write it when the turn
//! has ended. Each hook looks once more.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use crate::agents;
use crate::commands::attribute::Evidences;
use crate::commands::note::{self, Made};
use crate::commands::repair;
use crate::commands::sessions::{Session, unhooked};
use crate::config::Env;
use crate::error::Result;
use crate::git::Repo;
use crate::git::notes::{Notes, PROVENANCE};
use crate::git::objects::Commit;
use crate::git::target::targets;
use crate::model::Oid;
use crate::model::note::Note;
use crate::{journal, notes};

/// How many commits wait, the last ones.
const MOST: usize = 20;
/// How long a commit waits. Days.
const DAYS: i64 = 7;
/// How long a hook looks.
const LONGEST: Duration = Duration::from_secs(2);

/// The commits that wait, the oldest first.
fn list(repo: &Repo) -> PathBuf {
    repo.state_dir().join("late")
}

fn waiting(repo: &Repo) -> Vec<Oid> {
    let text = std::fs::read_to_string(list(repo)).unwrap_or_default();
    text.lines().map(|line| Oid(line.to_owned())).collect()
}

fn keep(repo: &Repo, commits: &[Oid]) -> Result<()> {
    if commits.is_empty() {
        let _ = std::fs::remove_file(list(repo));
        return Ok(());
    }
    let last = &commits[commits.len().saturating_sub(MOST)..];
    let text: String = last.iter().map(|oid| format!("{oid}\n")).collect();
    Ok(journal::write_private(&list(repo), text.as_bytes())?)
}

/// Lets a commit wait that an agent made of which neither hooks nor its session have told.
pub fn remember(repo: &Repo, evidences: &Evidences, commit: &Oid) -> Result<()> {
    let note = Notes::open(repo, PROVENANCE)?.get(commit)?;
    let note = note.and_then(|bytes| notes::parse(&bytes).ok()).unwrap_or_default();
    let Some(agent) = owed(&note) else {
        return Ok(());
    };
    if evidences.events.iter().any(|event| event.agent == agent) {
        return Ok(());
    }
    let mut commits = waiting(repo);
    commits.push(commit.clone());
    keep(repo, &commits)
}

/// The agent that made a commit and of which its note says nothing else.
fn owed(note: &Note) -> Option<&str> {
    let agent = note.committed_by.as_ref()?.agent.as_str();
    let told = note.sessions.values().any(|session| session.agent == agent);
    let keeps = agents::find(agent)?.sessions().is_some();
    (keeps && !told).then_some(agent)
}

/// Gives the commits that wait what sessions tell of them by now.
pub fn look(env: &Env, repo: &Repo, now: DateTime<Utc>) -> Result<()> {
    let commits = waiting(repo);
    if commits.is_empty() {
        return Ok(());
    }
    let started = Instant::now();
    let evidences = Evidences::read(repo)?;
    let notes = Notes::open(repo, PROVENANCE)?;
    let (mut left, mut made) = (Vec::new(), Vec::new());
    for oid in commits {
        let note = notes.get(&oid)?.and_then(|bytes| notes::parse(&bytes).ok());
        let (Some(note), Ok(commit)) = (note, repo.commit(&oid)) else {
            continue;
        };
        let Some(agent) = owed(&note).filter(|_| is_young(&commit, now)) else {
            continue;
        };
        let sessions = match started.elapsed() < LONGEST {
            true => unhooked::after(env, repo, agent, &commit, &evidences.events),
            false => Vec::new(),
        };
        match find(repo, &evidences, (&oid, &commit), &note, sessions, now)? {
            Some(found) => made.push(found),
            None => left.push(oid),
        }
    }
    note::store(repo, &made, now)?;
    if !made.is_empty() {
        // What was made of such a commit since has its lines.
        repair::unsee(repo);
    }
    keep(repo, &left)
}

fn is_young(commit: &Commit, now: DateTime<Utc>) -> bool {
    let made = DateTime::from_timestamp(commit.time, 0);
    made.is_some_and(|made| now - made < TimeDelta::days(DAYS))
}

/// What these sessions say of a commit; what its note has of agents stays.
fn find(
    repo: &Repo,
    evidences: &Evidences,
    (oid, commit): (&Oid, &Commit),
    old: &Note,
    sessions: Vec<Session>,
    now: DateTime<Utc>,
) -> Result<Option<Made>> {
    if sessions.is_empty() {
        return Ok(None);
    }
    let targets = targets(repo, commit)?;
    let mut hunks = unhooked::hunks(repo, &sessions, commit.parents.first(), &targets, now);
    let agents = old.hunks.iter().filter(|known| known.contributor.is_agents());
    let agents: Vec<_> = agents.collect();
    hunks.retain(|hunk| !agents.iter().any(|known| known.meets(hunk)));
    if hunks.is_empty() {
        return Ok(None);
    }
    let mut note = Note { authored: old.authored, ..Note::default() };
    note.add(hunks);
    let forgotten = evidences.forgotten.clone();
    let told = Evidences { told: sessions, forgotten, ..Evidences::default() };
    let prompts = told.describe(&mut note, Some(&commit.author));
    Ok(Some(Made { commit: oid.clone(), note, prompts, from: Vec::new() }))
}
