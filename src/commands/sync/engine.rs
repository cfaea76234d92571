//! Fetch, merge, push, and again while others are faster.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

use super::merge::{self, Prompts};
use super::plan::Plan;
use super::{SyncError, seen};
use crate::commands::repair;
use crate::git::notes::{PROMPTS, PROVENANCE};
use crate::git::remote::{Answered, Remote, Update};
use crate::git::{GitError, Repo};
use crate::model::Oid;
use crate::render::json::{SyncState, SyncedRef};

/// The longest time between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// How often a remote may say that others are faster without anything moving there.
const MAX_STILL: u32 = 5;

/// How far to go.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// How often to begin again when others are faster.
    pub tries: u32,
    /// Whether to push at all.
    pub push: bool,
}

/// What came of it: one for attribution, one for prompts.
pub struct Synced {
    /// Of each ref, what happened.
    pub refs: Vec<SyncedRef>,
    /// Notes that lost a forgotten prompt.
    pub dropped: usize,
}

/// Where our two refs are.
type Tips = [Option<Oid>; 2];

/// Brings both sides together.
pub fn sync(repo: &Repo, plan: &Plan, effort: Effort, time: i64) -> Result<Synced, SyncError> {
    let before = tips(repo)?;
    let mut dropped = 0;
    let mut reason = String::new();
    let mut sent = [false; 2];
    let (mut there, mut still) = ([None, None], 0);
    for attempt in 0..effort.tries {
        pause(attempt);
        if let Some(said) = fetch(repo, plan)? {
            reason = said;
            continue;
        }
        let now = [
            repo.target(&plan.provenance.seen(PROVENANCE))?,
            repo.target(&plan.prompts.seen(PROMPTS))?,
        ];
        // Others who are faster move something; a lock that a killed process left moves nothing.
        still = if attempt > 0 && now == there { still + 1 } else { 0 };
        if still > MAX_STILL {
            break;
        }
        there = now;
        let (updates, lost) = merged(repo, plan, time)?;
        dropped += lost;
        let pushed = match effort.push {
            true => push(repo, plan, updates)?,
            false => Pushed::default(),
        };
        sent = [sent[0] || pushed.sent[0], sent[1] || pushed.sent[1]];
        if let Some(said) = pushed.moved {
            reason = said;
            continue;
        }
        let after = tips(repo)?;
        let [first, second] = pushed.refused;
        let mut refs = Vec::new();
        for (at, refused) in [first, second].into_iter().enumerate() {
            let (what, name) = [("provenance", PROVENANCE), ("prompts", PROMPTS)][at];
            let remote = [&plan.provenance, &plan.prompts][at];
            let state = match &refused {
                Some(_) => SyncState::Refused,
                None if repo.target(&remote.seen(name))? == after[at] => SyncState::InStep,
                None => SyncState::KeptHere,
            };
            let (remote, received) = (remote.name.clone(), before[at] != after[at]);
            let reason = refused;
            refs.push(SyncedRef { what, remote, received, sent: sent[at], state, reason });
        }
        if before != after {
            repair::look_again(repo);
        }
        return Ok(Synced { refs, dropped });
    }
    Err(SyncError::Contended { remote: plan.provenance.name.clone(), reason })
}

/// What remotes answered.
#[derive(Default)]
struct Pushed {
    sent: [bool; 2],
    moved: Option<String>,
    refused: [Option<String>; 2],
}

fn push(repo: &Repo, plan: &Plan, updates: Vec<Update>) -> Result<Pushed, SyncError> {
    let mut pushed = Pushed::default();
    for (remote, updates) in by_remote(plan, updates) {
        let answers =
            remote.push(repo, &updates).map_err(|source| SyncError::unreachable(remote, source))?;
        for (update, answer) in updates.iter().zip(answers) {
            let at = usize::from(update.name == PROMPTS);
            match answer {
                Answered::Done => pushed.sent[at] = update.seen.as_ref() != Some(&update.new),
                Answered::Moved(said) => pushed.moved = Some(said),
                Answered::Refused(said) => pushed.refused[at] = Some(said),
            }
        }
        if pushed.moved.is_some() {
            break;
        }
    }
    Ok(pushed)
}

/// Takes in what the user's own `git fetch` brought, without a network.
pub fn take_in(repo: &Repo, time: i64) -> Result<(), SyncError> {
    for (_, theirs) in repo.seen_of(PROVENANCE)? {
        if repo.target(PROVENANCE)?.as_ref() != Some(&theirs) {
            merge::provenance(repo, &theirs, time)?;
            repair::look_again(repo);
        }
    }
    let mut prompts = Prompts::of(repo)?;
    for (_, theirs) in repo.seen_of(PROMPTS)? {
        if repo.target(PROMPTS)?.as_ref() != Some(&theirs) {
            prompts.merge(Some(&theirs), time)?;
        }
    }
    Ok(())
}

fn tips(repo: &Repo) -> Result<Tips, SyncError> {
    Ok([repo.target(PROVENANCE)?, repo.target(PROMPTS)?])
}

/// Fetches. `None` where all is well; else, in git's words, that another process of this clone
/// fetches the same.
fn fetch(repo: &Repo, plan: &Plan) -> Result<Option<String>, SyncError> {
    let one = plan.provenance == plan.prompts;
    let both: &[(&Remote, &[&str])] = match one {
        true => &[(&plan.provenance, &[PROVENANCE, PROMPTS])],
        false => &[(&plan.provenance, &[PROVENANCE]), (&plan.prompts, &[PROMPTS])],
    };
    for (remote, names) in both {
        match remote.fetch(repo, names) {
            Ok(()) => seen::note(repo, remote),
            Err(GitError::Failed { said, .. }) if said.contains("cannot lock ref") => {
                return Ok(Some(said));
            }
            Err(source) => return Err(SyncError::unreachable(remote, source)),
        }
    }
    Ok(None)
}

/// Merges what was fetched; what the remotes should be told then, and how many notes lost a
/// forgotten prompt.
fn merged(repo: &Repo, plan: &Plan, time: i64) -> Result<(Vec<Update>, usize), SyncError> {
    let mut updates = Vec::new();
    let seen = repo.target(&plan.provenance.seen(PROVENANCE))?;
    if let Some(theirs) = &seen {
        merge::provenance(repo, theirs, time)?;
    }
    let new = repo.target(PROVENANCE)?;
    let attribution = new.map(|new| Update { name: PROVENANCE, new, seen, free: false });
    // What others have forgotten has just come with the attribution.
    let mut prompts = Prompts::of(repo)?;
    let seen = repo.target(&plan.prompts.seen(PROMPTS))?;
    let ours = prompts.merge(seen.as_ref(), time)?;
    let new = match (&seen, ours) {
        (_, Some(ours)) if plan.share => Some(ours),
        (Some(theirs), Some(ours)) => prompts.cleaned(theirs, &ours, time)?,
        _ => None,
    };
    let texts = new.map(|new| Update { name: PROMPTS, new, seen, free: true });
    let news = |update: &Update| update.seen.as_ref() != Some(&update.new);
    let texts = texts.filter(news);
    // With prompts the attribution goes along even if it is old: somebody may have forgotten one
    // of them since we looked, and then the push must fail.
    let along = texts.is_some() && plan.provenance == plan.prompts;
    updates.extend(attribution.filter(|update| along || news(update)));
    updates.extend(texts);
    Ok((updates, prompts.dropped))
}

fn by_remote(plan: &Plan, updates: Vec<Update>) -> Vec<(&Remote, Vec<Update>)> {
    if plan.provenance == plan.prompts {
        return if updates.is_empty() { Vec::new() } else { vec![(&plan.provenance, updates)] };
    }
    let each = updates.into_iter().map(|update| match update.name {
        PROVENANCE => (&plan.provenance, vec![update]),
        _ => (&plan.prompts, vec![update]),
    });
    each.collect()
}

/// Longer with each try, and never the same for two who try at once.
fn pause(attempt: u32) {
    if attempt == 0 {
        return;
    }
    let longest = Duration::from_millis(50 << attempt.min(8)).min(LONGEST_PAUSE);
    let share = RandomState::new().build_hasher().finish() % 1_000;
    std::thread::sleep(longest * u32::try_from(share).unwrap_or(0) / 1_000);
}
