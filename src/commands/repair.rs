//! `git ai-log repair [RANGE]`: notes for commits that lost them.

use std::ffi::OsString;

use clap::Args;

use crate::commands::screen::{Printing, printed};
use crate::config::Env;
use crate::error::Result;
use crate::git::Repo;
use crate::git::notes::{self as refs, History, Notes, PROMPTS, PROVENANCE};
use crate::git::target::targets;
use crate::model::Oid;
use crate::model::note::Note;
use crate::query::carry::{Carrier, Wanted};
use crate::render::json::Repaired;
use crate::{notes, query};

/// Carry provenance onto commits that lost it
///
/// Looks in commits without a note for text that notes of other commits call an agent's, as after
/// a squash or a rebase on a server, and writes notes that say so. Commits that have a note stay
/// as they are.
#[derive(Debug, Args)]
pub struct RepairArgs {
    /// Commits, as `git log` takes them; without one, the history of HEAD
    #[arg(value_name = "RANGE")]
    pub range: Option<OsString>,
    /// Say what would be written, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub printing: Printing,
}

/// Repairs the range, or says what it would do.
pub fn run(env: &Env, args: &RepairArgs) -> Result<()> {
    let repo = Repo::from_environment()?;
    let repaired = if args.range.is_none() && repo.is_unborn() {
        Vec::new()
    } else {
        let range = args.range.clone().unwrap_or_else(|| "HEAD".into());
        let entries = repo.log(&["--end-of-options".into(), range, "--".into()])?;
        let commits: Vec<Oid> = entries.into_iter().map(|entry| entry.commit).collect();
        find(&repo, &commits, usize::MAX)?
    };
    if !args.dry_run {
        write(&repo, &repaired)?;
    }
    let mut out = args.printing.screen(env, Some(&repo));
    for Carried { commit, note, from } in repaired {
        let agents = note.hunks.iter().filter(|hunk| hunk.contributor.is_agents());
        let lines = agents.map(|hunk| hunk.lines.len()).sum();
        let written = !args.dry_run;
        printed(if args.printing.json {
            let schema = "git-ai-log/repair/1";
            out.json(&Repaired { schema, commit, lines, from, written })
        } else {
            let sources: Vec<&str> = from.iter().map(Oid::short).collect();
            out.line(&format!("{}  {lines} lines from {}", commit.short(), sources.join(", ")))
        })?;
    }
    printed(out.finish())
}

/// A note that was made of others.
struct Carried {
    commit: Oid,
    note: Note,
    from: Vec<Oid>,
}

/// What other commits' notes say of these, where they have none. So many notes that are new here
/// are read at most.
fn find(repo: &Repo, commits: &[Oid], limit: usize) -> Result<Vec<Carried>> {
    let mut carrier = Carrier::open(repo, limit)?;
    let mut notes = Notes::open(repo, PROVENANCE)?;
    let mut found = Vec::new();
    for oid in commits {
        let commit = repo.commit(oid)?;
        if !carrier.concerns(commit.time) || notes.get(oid)?.is_some() {
            continue;
        }
        let targets = targets(repo, &commit)?;
        let wanted =
            Wanted { oid, commit: &commit, targets: &targets, taken: &[], predecessors: &[] };
        let carried = carrier.carry(&wanted)?;
        if let Some(note) = carried.note(&mut carrier, &commit)? {
            found.push(Carried { commit: oid.clone(), note, from: carried.from });
        }
    }
    Ok(found)
}

/// Writes the notes, prompts first, each ref in one commit.
fn write(repo: &Repo, repaired: &[Carried]) -> Result<()> {
    let time = Env::now().timestamp();
    let (mut prompts, mut provenance) = (Vec::new(), Vec::new());
    for Carried { commit, note, from } in repaired {
        let known = query::prompts_of(repo, from, note)?;
        if !known.is_empty() {
            prompts.push((commit.clone(), notes::encode_prompts(&known)));
        }
        provenance.push((commit.clone(), notes::encode(note)));
    }
    refs::write(repo, PROMPTS, History::None, &prompts, time, &notes::join)?;
    Ok(refs::write(repo, PROVENANCE, History::Kept, &provenance, time, &notes::join)?)
}
