//! `git ai-log hook NAME [ARGS]`: what git's hooks call.

use std::ffi::OsString;
use std::io::Read as _;

use chrono::{DateTime, Utc};
use clap::Args;

use crate::commands::attribute::Evidences;
use crate::commands::check;
use crate::commands::gate::claims;
use crate::commands::gate::receipt::Receipt;
use crate::commands::note::{self, Job, Origin};
use crate::commands::{Answer, agent_gate, late, repair, sync};
use crate::config::Env;
use crate::error::{Error, Result};
use crate::git::Repo;
use crate::git::notes::{Notes, PROVENANCE};
use crate::journal::prune;
use crate::model::Oid;

/// Do what one of git's hooks is there for
///
/// The hooks that `git ai-log install` writes call this. A name that this version does not know
/// does nothing and succeeds.
#[derive(Debug, Args)]
pub struct HookArgs {
    /// The hook's name
    pub name: String,
    /// What git gave it
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub args: Vec<OsString>,
}

/// Runs a hook.
pub fn run(env: &Env, args: &HookArgs) -> Result<Answer> {
    let now = Env::now();
    match args.name.as_str() {
        "pre-commit" => return pre_commit(env, now),
        "agent-gate" => {
            let agent = args.args.first().map(|agent| agent.to_string_lossy().into_owned());
            agent_gate::run(env, &agent.unwrap_or_default());
            Ok(())
        }
        "post-commit" => post_commit(env, now),
        "post-checkout" => post_checkout(env, &args.args, now),
        "post-merge" => post_merge(env, now),
        "post-rewrite" => post_rewrite(env, now),
        "post-applypatch" => post_applypatch(env, now),
        "pre-push" => {
            // What goes out should have its notes.
            let _ = Repo::from_environment().map(|repo| settled(env, &repo, now));
            let words = args.args.iter().map(|arg| arg.to_string_lossy().into_owned());
            sync::before_push(env, &words.collect::<Vec<_>>(), now);
            Ok(())
        }
        _ => Ok(()),
    }
    .map(Answer::from)
}

/// Judges what is staged. Whatever goes wrong here blocks the commit and says how to go on.
fn pre_commit(env: &Env, now: DateTime<Utc>) -> Result<Answer> {
    let repo = Repo::from_environment()?;
    let _ = keep_sources(&repo);
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        check::gate_staged(&repo, env, now)
    }));
    let failed = |error: Error| {
        let hint = error.next_step().map(|hint| format!("{hint}; ")).unwrap_or_default();
        error.hint(format!(
            "{hint}`git commit --no-verify` commits without the gate, and the note says so"
        ))
    };
    match outcome {
        Ok(judged) => judged.map_err(failed),
        Err(_) => Err(failed(Error::new("the gate itself failed; please report this"))),
    }
}

/// Where the commits stand that the coming one is made of.
const SOURCES: &str = "ai-log-sources";

/// Git forgets what it squashes, or picks with a conflict, before the commit is there.
fn keep_sources(repo: &Repo) -> std::io::Result<()> {
    let picked = repo.state_file("CHERRY_PICK_HEAD").unwrap_or_default();
    let squashed = repo.state_file("SQUASH_MSG").unwrap_or_default();
    let squashed = squashed.lines().filter_map(|line| line.strip_prefix("commit "));
    let oids: Vec<&str> = picked.lines().chain(squashed).map(str::trim).collect();
    match oids.is_empty() {
        true => std::fs::remove_file(repo.git_dir().join(SOURCES)),
        false => std::fs::write(repo.git_dir().join(SOURCES), oids.join("\n")),
    }
}

/// What the pre-commit hook kept.
fn sources(repo: &Repo) -> Vec<Oid> {
    let text = repo.state_file(SOURCES).unwrap_or_default();
    let _ = std::fs::remove_file(repo.git_dir().join(SOURCES));
    text.lines().map(|oid| Oid(oid.to_owned())).collect()
}

fn post_commit(env: &Env, now: DateTime<Utc>) -> Result<()> {
    let repo = Repo::from_environment()?;
    let Some(commit) = repo.head()? else {
        return Ok(());
    };
    let (before, action) = repo.last_move().unwrap_or((Oid(String::new()), String::new()));
    let picked = repo.state_file("CHERRY_PICK_HEAD").map(|oid| Oid(oid.trim().to_owned()));
    let amended = action.starts_with("commit (amend)");
    // Without a reflog git's state files are all that tells.
    let plain =
        (action.starts_with("commit") || action.is_empty()) && !repo.rebasing() && picked.is_none();
    let origin = if plain { Origin::Here } else { Origin::Rewritten };
    let before = Some(before).filter(|oid| amended && !oid.is_zero());
    let predecessors = picked.into_iter().chain(before).chain(sources(&repo)).collect();
    let parents = repo.commit(&commit)?.parents;
    let evidences = match plain {
        true => Evidences::since(env, &repo, parents.first())?,
        false => Evidences::read(&repo)?,
    };
    // The oldest first, whenever a process is killed: this one may have lines of those below it.
    // What goes wrong there is no reason to leave this one without a note.
    let owed = match plain {
        true => late::look(env, &repo, now).and_then(|()| repair::below(env, &repo, &parents, now)),
        false => Ok(()),
    };
    let job = Job { commit, origin, predecessors };
    note::write(env, &repo, &evidences, &job, now)?;
    Receipt::clear(&repo);
    owed?;
    if plain {
        repair::looked_at(&repo, &job.commit)?;
        late::remember(&repo, &evidences, &job.commit)?;
    }
    prune(&repo, now)
}

/// Once a day, lets go of journals whose sessions are done.
fn prune(repo: &Repo, now: DateTime<Utc>) -> Result<()> {
    let state = repo.state_dir();
    let Some(top) = repo.work_tree().filter(|_| prune::is_due(&state, now.into())) else {
        return Ok(());
    };
    claims::prune(repo, now)?;
    let uncommitted = prune::Uncommitted {
        worktree: top.to_string_lossy().into_owned(),
        files: repo.dirty()?.into_iter().collect(),
    };
    Ok(prune::prune(&state, now.into(), prune::LIMITS, &uncommitted)?)
}

/// Another branch may have commits that were made elsewhere. The third argument is 1 where HEAD
/// moved.
fn post_checkout(env: &Env, args: &[OsString], now: DateTime<Utc>) -> Result<()> {
    let repo = Repo::from_environment()?;
    match args.get(2).is_some_and(|flag| flag == "1") && !repo.rebasing() {
        true => settled(env, &repo, now),
        false => Ok(()),
    }
}

/// A true merge runs no post-commit. A fast-forward makes no commit.
fn post_merge(env: &Env, now: DateTime<Utc>) -> Result<()> {
    let repo = Repo::from_environment()?;
    let Some(commit) = repo.head()? else {
        return Ok(());
    };
    let (_, action) = repo.last_move().unwrap_or((Oid(String::new()), String::new()));
    let made_here = !action.contains("Fast-forward");
    if made_here && repo.commit(&commit)?.parents.len() > 1 {
        let evidences = Evidences::read(&repo)?;
        note::write(env, &repo, &evidences, &Job::of(commit, Origin::Here), now)?;
    }
    // A pull may have fetched notes.
    sync::after_merge(&repo, now)?;
    settled(env, &repo, now)
}

/// Gives the last commits what is known of them by now.
fn settled(env: &Env, repo: &Repo, now: DateTime<Utc>) -> Result<()> {
    late::look(env, repo, now)?;
    repair::recent(env, repo, now)
}

/// Pairs `old new` on standard input. What post-commit has done already stays.
fn post_rewrite(env: &Env, now: DateTime<Utc>) -> Result<()> {
    let mut input = String::new();
    let _ = std::io::stdin().lock().take(16 * 1024 * 1024).read_to_string(&mut input);
    let repo = Repo::from_environment()?;
    let pairs = match input.trim().is_empty() {
        true => amended(&repo)?,
        false => rewritten(&input),
    };
    let mut evidences = None;
    for (commit, predecessors) in pairs {
        if Notes::open(&repo, PROVENANCE)?.get(&commit)?.is_some() {
            continue;
        }
        let evidences = match &evidences {
            Some(known) => known,
            None => evidences.insert(Evidences::read(&repo)?),
        };
        note::write(
            env,
            &repo,
            evidences,
            &Job { commit, origin: Origin::Rewritten, predecessors },
            now,
        )?;
    }
    Ok(())
}

/// New commits, each with those that it was made of.
type Rewritten = Vec<(Oid, Vec<Oid>)>;

fn rewritten(input: &str) -> Rewritten {
    let mut pairs = Rewritten::new();
    for line in input.lines() {
        let mut words = line.split(' ').map(|word| Oid(word.to_owned()));
        let (Some(old), Some(new)) = (words.next(), words.next()) else {
            continue;
        };
        match pairs.iter_mut().find(|(known, _)| *known == new) {
            Some((_, olds)) => olds.push(old),
            None => pairs.push((new, vec![old])),
        }
    }
    pairs
}

/// Hook managers lose the standard input. Then the reflog knows of an amended commit what it was
/// before; the commits of a rebase have each had their post-commit.
fn amended(repo: &Repo) -> Result<Rewritten> {
    let amended =
        repo.last_move().filter(|(old, what)| what.starts_with("commit (amend)") && !old.is_zero());
    Ok(match (amended, repo.head()?) {
        (Some((old, _)), Some(new)) if old != new => vec![(new, vec![old])],
        _ => Rewritten::new(),
    })
}

fn post_applypatch(env: &Env, now: DateTime<Utc>) -> Result<()> {
    let repo = Repo::from_environment()?;
    let Some(commit) = repo.head()? else {
        return Ok(());
    };
    let evidences = Evidences::read(&repo)?;
    note::write(env, &repo, &evidences, &Job::of(commit, Origin::Rewritten), now)?;
    Ok(())
}
