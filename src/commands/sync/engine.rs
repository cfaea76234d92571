//! Fetch, merge, push, and again while others are faster.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

use super::merge::{self, Prompts};
use super::plan::Plan;
use super::split::Held;
use super::{SyncError, seen};
use crate::commands::repair;
use crate::git::notes::{PROMPTS, PROMPTS_NEW, PROVENANCE};
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
    let (mut there, mut still) = ((None, Held::default()), 0);
    for attempt in 0..effort.tries {
        pause(attempt);
        if let Some(said) = fetch(repo, plan)? {
            reason = said;
            continue;
        }
        let now = held(repo, plan)?;
        // Others who are faster move something; a lock that a killed process left moves nothing.
        still = if attempt > 0 && now == there { still + 1 } else { 0 };
        if still > MAX_STILL {
            break;
        }
        there = now;
        let Merged { updates, prompts, dropped: lost } = merged(repo, plan, &there, time)?;
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
        let (attribution, held) = held(repo, plan)?;
        // What was pushed makes them the same.
        let shared = plan.share && effort.push && prompts == after[1];
        let in_step = [attribution == after[0], shared || held.is(repo, after[1].as_ref())?];
        let [first, second] = pushed.refused;
        let mut refs = Vec::new();
        for (at, refused) in [first, second].into_iter().enumerate() {
            let what = ["provenance", "prompts"][at];
            let remote = [&plan.provenance, &plan.prompts][at];
            let state = match &refused {
                Some(_) => SyncState::Refused,
                None if in_step[at] => SyncState::InStep,
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
            let at = usize::from(update.name != PROVENANCE);
            match answer {
                Answered::Done => pushed.sent[at] |= update.is_news(),
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
    for name in [PROMPTS, PROMPTS_NEW] {
        for (_, theirs) in repo.seen_of(name)? {
            if repo.target(PROMPTS)?.as_ref() != Some(&theirs) {
                prompts.merge(Some(&theirs), time)?;
            }
        }
    }
    prompts.merge_stray(time)?;
    Ok(())
}

fn tips(repo: &Repo) -> Result<Tips, SyncError> {
    Ok([repo.target(PROVENANCE)?, repo.target(PROMPTS)?])
}

/// What the remotes had of attribution and of prompts when we last saw them.
fn held(repo: &Repo, plan: &Plan) -> Result<(Option<Oid>, Held), SyncError> {
    let attribution = repo.target(&plan.provenance.seen(PROVENANCE))?;
    Ok((attribution, Held::by(repo, &plan.prompts)?))
}

/// Fetches. `None` where all is well; else, in git's words, that another process of this clone
/// fetches the same.
fn fetch(repo: &Repo, plan: &Plan) -> Result<Option<String>, SyncError> {
    let one = plan.provenance == plan.prompts;
    let both: &[(&Remote, &[&str])] = match one {
        true => &[(&plan.provenance, &[PROVENANCE, PROMPTS, PROMPTS_NEW])],
        false => &[(&plan.provenance, &[PROVENANCE]), (&plan.prompts, &[PROMPTS, PROMPTS_NEW])],
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

/// What came of a merge.
struct Merged {
    /// What the remotes should be told.
    updates: Vec<Update>,
    /// Where our prompts are, of which that was made.
    prompts: Option<Oid>,
    /// Notes that lost a forgotten prompt.
    dropped: usize,
}

/// Merges what was fetched.
fn merged(
    repo: &Repo,
    plan: &Plan,
    (seen, held): &(Option<Oid>, Held),
    time: i64,
) -> Result<Merged, SyncError> {
    if let Some(theirs) = seen {
        merge::provenance(repo, theirs, time)?;
    }
    let new = repo.target(PROVENANCE)?;
    let attribution = new.map(|new| {
        let seen = seen.clone();
        Update { name: PROVENANCE, new: Some(new), seen, free: false }
    });
    // What others have forgotten has just come with the attribution.
    let mut prompts = Prompts::of(repo)?;
    prompts.merge_stray(time)?;
    let ours = held.merge(&mut prompts, time)?;
    let texts = match ours.clone() {
        Some(ours) if plan.share => held.shared(repo, ours, time)?,
        Some(ours) => held.cleaned(&mut prompts, &ours, time)?,
        None => Vec::new(),
    };
    // With prompts the attribution goes along even if it is old: somebody may have forgotten one
    // of them since we looked, and then the push must fail.
    let along = !texts.is_empty() && plan.provenance == plan.prompts;
    let attribution = attribution.filter(|update| along || update.is_news());
    let updates = attribution.into_iter().chain(texts).collect();
    Ok(Merged { updates, prompts: ours, dropped: prompts.dropped })
}

fn by_remote(plan: &Plan, updates: Vec<Update>) -> Vec<(&Remote, Vec<Update>)> {
    let one = plan.provenance == plan.prompts;
    let (first, second) = updates.into_iter().partition(|update| one || update.name == PROVENANCE);
    let mut each = vec![(&plan.provenance, first), (&plan.prompts, second)];
    each.retain(|(_, updates): &(_, Vec<Update>)| !updates.is_empty());
    each
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
