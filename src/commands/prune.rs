//! `git ai-log prune`: notes of commits that are gone, journals that are done.

use std::collections::{BTreeMap, HashSet};
use std::io::Write as _;

use chrono::{DateTime, Duration, Utc};
use clap::Args;

use crate::commands::gate::claims;
use crate::commands::screen::{Printing, printed};
use crate::config::Env;
use crate::error::Result;
use crate::git::Repo;
use crate::git::notes::{History, Notes, PROMPTS, PROVENANCE};
use crate::git::prune::{self as refs, Lacking};
use crate::journal::Journal;
use crate::journal::prune::{self as journals, Uncommitted};
use crate::model::note::{Note, PromptRecord};
use crate::model::{Oid, TurnId};
use crate::notes::found::{Held, Lost, youngest};
use crate::notes::{self, audit};
use crate::render::prune::{Because, Compacted, Gone, Pruned, Skipped, print};

/// Let go of notes of commits that are gone, and of journals that are done
///
/// A note goes only where its commit is not in this repository and all that it says stands in
/// notes of commits that are: until then it may be what `git ai-log repair` has to carry from.
/// Commits that no branch reaches are still there, as for `git notes prune`. Fetch first: a commit
/// that was never fetched looks gone. Shallow and partial clones, and clones of some branches,
/// keep every note. A note that a remote still has comes back with the next sync.
#[derive(Debug, Args)]
pub struct PruneArgs {
    /// Drop notes of commits that are gone even where their lines were not found again, if nothing
    /// in them is younger: 90d, 26w
    #[arg(long, value_name = "TIME", value_parser = days)]
    pub older_than: Option<i64>,
    /// Make the history of the notes one commit. The notes stay as they are. The remote still has
    /// the old history: the next sync joins both, unless somebody replaces the remote's by force
    #[arg(long)]
    pub compact: bool,
    /// Say what would go, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub printing: Printing,
}

/// Days, as `90d`, `12w` or `90`.
fn days(text: &str) -> Result<i64, String> {
    let (number, unit) = match text.strip_suffix(['d', 'w']) {
        Some(number) => (number, if text.ends_with('w') { 7 } else { 1 }),
        None => (text, 1),
    };
    let number = number.parse::<u32>().ok().filter(|number| *number <= 36_500);
    number.map(|number| i64::from(number) * unit).ok_or_else(|| "say it as 90d or 12w".to_owned())
}

/// Prunes, or says what would go.
pub fn run(env: &Env, args: &PruneArgs) -> Result<()> {
    let repo = Repo::from_environment()?;
    let now = Env::now();
    let mut pruned = Pruned {
        schema: "git-ai-log/prune/1",
        written: !args.dry_run,
        skipped: repo.lacking()?.map(skipped),
        dropped: Vec::new(),
        kept: Vec::new(),
        journals: 0,
        compacted: Vec::new(),
    };
    match pruned.skipped {
        Some(why) => say(why),
        None => notes(&repo, args, now, &mut pruned)?,
    }
    if args.compact {
        compact(&repo, args, now, &mut pruned)?;
    }
    pruned.journals = journal(&repo, args, now)?;
    let mut out = args.printing.screen(env, Some(&repo));
    printed(if args.printing.json { out.json(&pruned) } else { print(&mut out, &pruned) })?;
    printed(out.finish())
}

fn skipped(lacking: Lacking) -> Skipped {
    match lacking {
        Lacking::Shallow => Skipped::Shallow,
        Lacking::Partial => Skipped::Partial,
        Lacking::SomeBranches => Skipped::SomeBranches,
    }
}

fn say(why: Skipped) {
    let (what, hint) = match why {
        Skipped::Shallow => ("is shallow", "git fetch --unshallow"),
        Skipped::Partial => ("is a partial clone", "prune in a full clone"),
        Skipped::SomeBranches => {
            ("fetches only some branches of its remote", "prune in a clone that fetches all")
        }
    };
    let _ = writeln!(
        std::io::stderr(),
        "warning: every note stays: this repository {what}, and lacks commits that exist \
         elsewhere\n  hint: {hint}"
    );
}

/// The notes of one commit.
struct Noted {
    commit: Oid,
    /// The blobs, of the provenance and of the prompts.
    blobs: [Option<Oid>; 2],
}

/// Every commit that has a note in either ref.
fn noted(repo: &Repo) -> Result<Vec<Noted>> {
    let mut all: BTreeMap<Oid, [Option<Oid>; 2]> = BTreeMap::new();
    for (place, name) in [PROVENANCE, PROMPTS].into_iter().enumerate() {
        for (commit, blob) in Notes::open(repo, name)?.all()? {
            all.entry(commit).or_default()[place] = Some(blob);
        }
    }
    Ok(all.into_iter().map(|(commit, blobs)| Noted { commit, blobs }).collect())
}

/// A note with its prompts.
type Read = (Note, BTreeMap<TurnId, PromptRecord>);

impl Noted {
    /// `None` where a part cannot be read: nobody can say what would be lost.
    fn read(&self, repo: &Repo) -> Result<Option<Read>> {
        let mut bytes = [Vec::new(), Vec::new()];
        for (bytes, blob) in bytes.iter_mut().zip(&self.blobs) {
            if let Some(blob) = blob {
                let Some(text) = repo.blob(blob)? else { return Ok(None) };
                *bytes = text;
            }
        }
        let [provenance, prompts] = bytes;
        let whole = audit::unknown(&provenance) == Some(0);
        Ok(match (notes::parse(&provenance), notes::parse_prompts(&prompts)) {
            (Ok(note), Ok(prompts)) if whole => Some((note, prompts)),
            _ => None,
        })
    }
}

fn notes(repo: &Repo, args: &PruneArgs, now: DateTime<Utc>, pruned: &mut Pruned) -> Result<()> {
    let all = noted(repo)?;
    let names: Vec<Oid> = all.iter().map(|noted| noted.commit.clone()).collect();
    // git knows its empty tree in every repository: what stands there is never gone.
    let missing = repo.missing(&names)?;
    let (gone, here): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|noted| missing.contains(&noted.commit));
    if gone.is_empty() {
        return Ok(());
    }
    let mut held = Held::default();
    for noted in &here {
        // Of a note that cannot be read as a whole only what readers see is held.
        for (place, blob) in noted.blobs.iter().enumerate() {
            let bytes = blob.as_ref().map_or(Ok(None), |blob| repo.blob(blob))?;
            let bytes = bytes.unwrap_or_default();
            match place {
                0 => notes::parse(&bytes).iter().for_each(|note| held.add(note)),
                _ => notes::parse_prompts(&bytes).iter().for_each(|all| held.add_prompts(all)),
            }
        }
    }
    let since = args.older_than.map(|days| now - Duration::days(days));
    let mut dropped = HashSet::new();
    for noted in &gone {
        let (because, lost) = match noted.read(repo)? {
            None => (Because::Unreadable, Lost::default()),
            Some((note, prompts)) => {
                let lost = held.lost(&note, &prompts);
                (judge(lost, youngest(&note), since), lost)
            }
        };
        let told = Gone { commit: noted.commit.clone(), because, lines: lost.lines };
        if matches!(because, Because::FoundAgain | Because::Older) {
            dropped.insert(&noted.commit);
            pruned.dropped.push(told);
        } else {
            pruned.kept.push(told);
        }
    }
    if args.dry_run {
        return Ok(());
    }
    // The prompts last: a note never names prompts that nobody has.
    for (place, name, history) in [(0, PROVENANCE, History::Kept), (1, PROMPTS, History::None)] {
        let of = |noted: &&Noted| dropped.contains(&noted.commit);
        let blob = |noted: &Noted| Some((noted.commit.clone(), noted.blobs[place].clone()?));
        let blobs: Vec<_> = gone.iter().filter(of).filter_map(blob).collect();
        if !blobs.is_empty() {
            refs::remove(repo, name, history, &blobs, now.timestamp())?;
        }
    }
    Ok(())
}

/// Whether a note goes, and why.
fn judge(lost: Lost, youngest: Option<DateTime<Utc>>, since: Option<DateTime<Utc>>) -> Because {
    if lost.is_nothing() {
        return Because::FoundAgain;
    }
    if lost.forgotten > 0 {
        return Because::Forgotten;
    }
    // A note without a time may be of today.
    if let (Some(youngest), Some(since)) = (youngest, since)
        && youngest < since
    {
        return Because::Older;
    }
    match lost {
        Lost { lines: 1.., .. } => Because::Lines,
        Lost { claims: 1.., .. } => Because::Claims,
        _ => Because::Prompts,
    }
}

fn compact(repo: &Repo, args: &PruneArgs, now: DateTime<Utc>, pruned: &mut Pruned) -> Result<()> {
    // The prompts never have a history.
    let commits = repo.commits_of(PROVENANCE)?;
    if commits > 1 {
        if !args.dry_run {
            refs::compact(repo, PROVENANCE, now.timestamp())?;
        }
        pruned.compacted.push(Compacted { name: PROVENANCE, commits });
    }
    Ok(())
}

/// Lets go of journals, as the hook after a commit does once a day; how many.
fn journal(repo: &Repo, args: &PruneArgs, now: DateTime<Utc>) -> Result<usize> {
    let state = repo.state_dir();
    let Some(top) = repo.work_tree().filter(|_| state.is_dir()) else {
        return Ok(0);
    };
    let uncommitted = Uncommitted {
        worktree: top.to_string_lossy().into_owned(),
        files: repo.dirty()?.into_iter().collect(),
    };
    let journal = Journal::at(&state);
    let before = journal.files()?;
    if args.dry_run {
        return Ok(journals::done(&before, now.into(), &uncommitted).len());
    }
    claims::prune(repo, now)?;
    journals::prune(&state, now.into(), journals::LIMITS, &uncommitted)?;
    let after = journal.files()?;
    Ok(before.iter().filter(|path| !after.contains(path)).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_days_or_weeks() {
        assert_eq!(days("90d"), Ok(90));
        assert_eq!(days("2w"), Ok(14));
        assert_eq!(days("7"), Ok(7));
        for wrong in ["", "d", "-1d", "1y", "99999999d"] {
            assert!(days(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_what_is_found_again_or_was_asked_for_goes() {
        let at = |day: i64| Some(DateTime::UNIX_EPOCH + Duration::days(day));
        let lines = Lost { lines: 1, claims: 1, ..Lost::default() };
        assert_eq!(judge(Lost::default(), at(9), None), Because::FoundAgain);
        assert_eq!(judge(lines, at(0), None), Because::Lines);
        assert_eq!(judge(lines, at(0), at(1)), Because::Older);
        assert_eq!(judge(lines, at(1), at(1)), Because::Lines);
        assert_eq!(judge(lines, None, at(1)), Because::Lines);
        let forgotten = Lost { forgotten: 1, ..Lost::default() };
        assert_eq!(judge(forgotten, at(0), at(1)), Because::Forgotten);
    }
}
