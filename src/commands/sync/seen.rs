//! When we last looked at a remote: a push that has no new notes to send asks again only then.

use std::time::{Duration, SystemTime};

use crate::git::Repo;
use crate::git::notes::{PROMPTS, PROVENANCE};
use crate::git::remote::Remote;
use crate::journal::write_private;

use super::SyncError;
use super::plan::Plan;
use super::split::Held;

/// How long what was seen of a remote is taken for what it still has, where we have no news.
const FRESH: Duration = Duration::from_secs(60 * 60);

/// Keeps that we looked just now. Where that cannot be kept we look more often.
pub fn note(repo: &Repo, remote: &Remote) {
    let _ = write_private(&path(repo, remote), b"");
}

/// Whether a push need not ask: nothing of ours is new, and we looked not long ago.
pub fn is_enough(repo: &Repo, plan: &Plan, now: SystemTime) -> Result<bool, SyncError> {
    if repo.target(PROVENANCE)? != repo.target(&plan.provenance.seen(PROVENANCE))? {
        return Ok(false);
    }
    let held = Held::by(repo, &plan.prompts)?;
    if plan.share && !held.is(repo, repo.target(PROMPTS)?.as_ref())? {
        return Ok(false);
    }
    let fresh = |remote: &Remote| {
        let looked = path(repo, remote).metadata().and_then(|metadata| metadata.modified());
        let age = looked.ok().and_then(|then| now.duration_since(then).ok());
        age.is_some_and(|age| age < FRESH)
    };
    Ok(fresh(&plan.provenance) && fresh(&plan.prompts))
}

fn path(repo: &Repo, remote: &Remote) -> std::path::PathBuf {
    let name = remote.seen("").replace('/', "_");
    repo.state_dir().join("synced").join(name.trim_end_matches('_'))
}
