//! `git ai-log sync`: notes to a remote and back, so that no record is lost.

mod engine;
pub(super) mod merge;
mod plan;
mod seen;
mod split;

use std::io::{Read as _, Write as _};

use chrono::{DateTime, Utc};
use clap::Args;

use crate::commands::screen::{Printing, printed};
use crate::config::Env;
use crate::error::{Error, Result};
use crate::git::remote::Remote;
use crate::git::{GitError, Repo};
use crate::render::escape::visible;
use crate::render::json::{Sync, SyncState, SyncedRef};
use engine::{Effort, Synced};
use plan::Wishes;

/// How often a person's own sync begins again when others are faster.
const TRIES: u32 = 100;

/// The same within a push, which the user waits for.
const TRIES_IN_PUSH: u32 = 10;

/// Fetch, merge and push the notes
///
/// Takes in what the remote has, record by record, and pushes the result; nothing is overwritten.
/// Prompts leave this clone only where `git config ai-log.prompts` is `share`.
#[derive(Debug, Args)]
pub struct SyncArgs {
    /// The remote; without one `ai-log.remote`, the branch's, or `origin`
    pub remote: Option<String>,
    /// Only take in what the remote has
    #[arg(long)]
    pub no_push: bool,
    #[command(flatten)]
    pub printing: Printing,
}

/// Why notes stayed apart. They are all still here.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// Nobody to sync with.
    #[error("no remote to sync with was named{}", list(known))]
    NoRemote {
        /// Those that there are.
        known: Vec<String>,
    },
    /// No answer.
    #[error("notes could not be exchanged with {remote}")]
    Unreachable {
        /// The remote.
        remote: String,
        /// git's words.
        source: GitError,
    },
    /// The remote said no.
    #[error("{remote} refuses the {what}: {reason}")]
    Refused {
        /// The remote.
        remote: String,
        /// `provenance` or `prompts`.
        what: &'static str,
        /// In its words.
        reason: String,
    },
    /// Others were faster each time.
    #[error("the notes of {remote} kept moving, or are locked: {reason}")]
    Contended {
        /// The remote.
        remote: String,
        /// In git's words.
        reason: String,
    },
    /// git failed here.
    #[error(transparent)]
    Git(#[from] GitError),
    /// Something else failed here.
    #[error(transparent)]
    Here(#[from] Error),
}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        return "; this repository has none".to_owned();
    }
    format!("; there are {}", names.join(", "))
}

impl SyncError {
    fn unreachable(remote: &Remote, source: GitError) -> Self {
        Self::Unreachable { remote: remote.name.clone(), source }
    }
}

impl From<SyncError> for Error {
    fn from(error: SyncError) -> Self {
        let what = visible(&error.to_string());
        match error {
            SyncError::Git(error) => error.into(),
            SyncError::Here(error) => error,
            SyncError::NoRemote { .. } => Self::new(what)
                .hint("name one, as in `git ai-log sync origin`, or set it: `git config ai-log.remote origin`"),
            SyncError::Unreachable { remote, source } => Self::new(what)
                .because(visible(&source.to_string()))
                .hint(format!(
                    "nothing is lost; see that `git fetch {remote}` works, then run `git ai-log \
                     sync {remote}`"
                )),
            SyncError::Refused { remote, what: notes, .. } => Self::new(what).hint(format!(
                "nothing is lost; ask who runs {remote} to let refs/notes/ai-log/{notes} be \
                 pushed, or give the notes another remote: `git config ai-log.{} NAME`; `git \
                 config ai-log.sync never` leaves them out of your pushes",
                if notes == "prompts" { "promptsRemote" } else { "remote" }
            )),
            SyncError::Contended { remote, .. } => Self::new(what).hint(format!(
                "nothing is lost; run `git ai-log sync {remote}` later. If nobody else syncs, a \
                 process that was killed there may have left a .lock file beside its ref"
            )),
        }
    }
}

/// Syncs and says what came of it.
pub fn run(env: &Env, args: &SyncArgs) -> Result<()> {
    let repo = Repo::from_environment()?;
    let wishes = Wishes::read(&repo)?;
    warn(&wishes.unknown);
    let plan = wishes.plan(&repo, args.remote.as_deref())?;
    let effort = Effort { tries: TRIES, push: !args.no_push };
    let Synced { refs, dropped } = engine::sync(&repo, &plan, effort, Env::now().timestamp())?;
    let mut out = args.printing.screen(env, None);
    let error = refused(&refs);
    let notes = refs;
    printed(if args.printing.json {
        out.json(&Sync { schema: "git-ai-log/sync/1", notes, dropped })
    } else {
        notes.iter().try_for_each(|one| out.line(&told(one)))
    })?;
    printed(out.finish())?;
    error.map_or(Ok(()), |error| Err(error.into()))
}

fn refused(refs: &[SyncedRef]) -> Option<SyncError> {
    let one = refs.iter().find(|one| one.state == SyncState::Refused)?;
    Some(SyncError::Refused {
        remote: one.remote.clone(),
        what: one.what,
        reason: one.reason.clone().unwrap_or_default(),
    })
}

fn told(one: &SyncedRef) -> String {
    let did = match (one.received, one.sent) {
        (true, true) => "received and sent",
        (true, false) => "received",
        (false, true) => "sent",
        (false, false) => "nothing new",
    };
    let rest = match one.state {
        SyncState::InStep => "",
        SyncState::KeptHere if one.what == "prompts" => {
            "; what is only here stays here (ai-log.prompts, --no-push)"
        }
        SyncState::KeptHere => "; what is only here stays here",
        SyncState::Refused => "; refused",
    };
    visible(&format!("{:<10}  {}: {did}{rest}", one.what, one.remote))
}

/// `git push` is about to push to this remote: notes go first. Whatever happens here, the user's
/// push goes on.
pub fn before_push(env: &Env, args: &[String], now: DateTime<Utc>) {
    // Read to its end: git must not write into a closed pipe.
    let mut input = Vec::new();
    let _ = std::io::stdin().lock().read_to_end(&mut input);
    let input = String::from_utf8_lossy(&input);
    // Our own push; or the user pushes the notes: git has made up its mind by now what it sends.
    if env.own_push || input.contains(" refs/notes/ai-log/") {
        return;
    }
    let named = args.first().or(env.push_remote.as_ref());
    let Some(remote) = named else {
        return;
    };
    let outcome = std::panic::catch_unwind(|| sync_push(remote, now));
    let error = match outcome {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error,
        Err(_) => Error::new("sync itself failed; please report this"),
    };
    let mut text = format!("the notes of git ai-log were not pushed; your push goes on\n  {error}");
    if let Some(hint) = error.next_step() {
        text.push_str(&format!("\n  hint: {hint}"));
    }
    warn(&[text]);
}

fn sync_push(remote: &str, now: DateTime<Utc>) -> Result<()> {
    let repo = Repo::from_environment()?;
    let wishes = Wishes::read(&repo)?;
    if !wishes.on_push {
        return Ok(());
    }
    let Some(plan) = wishes.plan_of_push(&repo, remote)? else {
        return Ok(());
    };
    if seen::is_enough(&repo, &plan, now.into())? {
        return Ok(());
    }
    let effort = Effort { tries: TRIES_IN_PUSH, push: true };
    let synced = engine::sync(&repo, &plan, effort, now.timestamp())?;
    refused(&synced.refs).map_or(Ok(()), |error| Err(error.into()))
}

/// After a merge or a pull: what `git fetch` brought into our refs is taken in.
pub fn after_merge(repo: &Repo, now: DateTime<Utc>) -> Result<()> {
    Ok(engine::take_in(repo, now.timestamp())?)
}

fn warn(texts: &[String]) {
    let mut stderr = std::io::stderr().lock();
    for text in texts {
        let _ = writeln!(stderr, "warning: {text}");
    }
}
