//! `git ai-log repair [RANGE]`: notes for commits that lost them.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::Args;

use crate::commands::attribute::{self, Evidences};
use crate::commands::note::{self, Job, Made, Origin};
use crate::commands::screen::{Printing, printed};
use crate::config::Env;
use crate::error::Result;
use crate::git::Repo;
use crate::git::notes::{Notes, PROVENANCE};
use crate::git::objects::Commit;
use crate::git::reflog::Move;
use crate::git::target::targets;
use crate::journal;
use crate::model::note::{Note, NoteHunk};
use crate::model::{Oid, RepoPath};
use crate::query::carry::{Carrier, Wanted};
use crate::query::file::unexplained;
use crate::render::json::Repaired;
use crate::{notes, query};

/// Carry provenance onto commits that lost it
///
/// Looks in commits without a note for text that notes of other commits call an agent's, as after
/// a squash or a rebase on a server, and writes notes that say so. Notes that commits have already
/// only gain lines, where notes of others came after them.
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
    let (repo, now) = (Repo::from_environment()?, Env::now());
    let repaired = if args.range.is_none() && repo.is_unborn() {
        Vec::new()
    } else {
        let range = args.range.clone().unwrap_or_else(|| "HEAD".into());
        let entries = repo.log(&["--end-of-options".into(), range, "--".into()])?;
        let commits: Vec<Oid> = entries.into_iter().map(|entry| entry.commit).collect();
        find(env, &repo, &commits, usize::MAX, now)?
    };
    if !args.dry_run {
        note::store(&repo, &repaired, now)?;
    }
    let mut out = args.printing.screen(env, Some(&repo));
    for Made { commit, note, from, .. } in repaired {
        let agents = note.hunks.iter().filter(|hunk| hunk.contributor.is_agents());
        let lines = agents.map(|hunk| hunk.lines.len()).sum();
        let written = !args.dry_run;
        printed(if args.printing.json {
            let schema = "git-ai-log/repair/1";
            out.json(&Repaired { schema, commit, lines, from, written })
        } else {
            let sources: Vec<&str> = from.iter().map(Oid::short).collect();
            let sources = if from.is_empty() { "the journal".into() } else { sources.join(", ") };
            out.line(&format!("{}  {lines} lines from {sources}", commit.short()))
        })?;
    }
    printed(out.finish())
}

/// How many commits a hook looks at, and how many notes that others brought it reads.
const LAST: usize = 50;
const NEW_NOTES: usize = 500;
/// How far back the reflog is read.
const MOVES: usize = 1_000;

/// The commit that a hook looked at last.
fn marker(repo: &Repo) -> PathBuf {
    repo.state_dir().join("repaired")
}

/// Gives the last commit its note where no hook did, and those before it.
pub fn owed(env: &Env, repo: &Repo, now: DateTime<Utc>) -> Result<()> {
    let Some(head) = repo.head()? else {
        return Ok(());
    };
    if seen(repo).as_ref() == Some(&head) || Notes::open(repo, PROVENANCE)?.get(&head)?.is_some() {
        return Ok(());
    }
    unsee(repo);
    recent(env, repo, now)
}

fn seen(repo: &Repo) -> Option<Oid> {
    std::fs::read_to_string(marker(repo)).ok().map(|text| Oid(text.trim().to_owned()))
}

/// The next hook looks at the last commits once more.
pub fn unsee(repo: &Repo) {
    let _ = std::fs::remove_file(marker(repo));
}

/// Notes have come: the next hook looks at the last commits once more. Whoever brings many notes
/// reads them, too, and not one commit after the other.
pub fn look_again(repo: &Repo) {
    unsee(repo);
    let _ = Carrier::open(repo, usize::MAX);
}

/// Repairs what lost its note, or has it from before others came, since a hook last looked, in the
/// last commits of HEAD.
pub fn recent(env: &Env, repo: &Repo, now: DateTime<Utc>) -> Result<()> {
    let Some(head) = repo.head()? else {
        return Ok(());
    };
    below(env, repo, std::slice::from_ref(&head), now)?;
    looked_at(repo, &head)
}

/// The same below a new commit, whose own note may need theirs.
pub fn below(env: &Env, repo: &Repo, tips: &[Oid], now: DateTime<Utc>) -> Result<()> {
    let seen = seen(repo);
    if tips.iter().all(|tip| seen.as_ref() == Some(tip)) {
        return Ok(());
    }
    let mut args: Vec<OsString> = vec![format!("-{LAST}").into()];
    args.extend(tips.iter().map(|tip| tip.as_str().into()));
    let known = seen.filter(|seen| repo.commit(seen).is_ok());
    args.extend(known.map(|seen| format!("^{seen}").into()));
    args.push("--".into());
    let commits: Vec<Oid> = repo.log(&args)?.into_iter().map(|entry| entry.commit).collect();
    note::store(repo, &find(env, repo, &commits, NEW_NOTES, now)?, now)
}

/// Nothing of the history of this commit is owed a note.
pub fn looked_at(repo: &Repo, commit: &Oid) -> Result<()> {
    Ok(journal::write_private(&marker(repo), format!("{commit}\n").as_bytes())?)
}

/// What the journal and other commits' notes say of these commits, and their own notes do not. So
/// many notes that are new here are read at most.
fn find(
    env: &Env,
    repo: &Repo,
    commits: &[Oid],
    limit: usize,
    now: DateTime<Utc>,
) -> Result<Vec<Made>> {
    let mut carrier = Carrier::open(repo, limit)?;
    let notes = Notes::open(repo, PROVENANCE)?;
    let mut told = Told::read(repo)?;
    let none = Evidences::default();
    let mut found = Vec::new();
    for oid in commits {
        let commit = repo.commit(oid)?;
        let young = told.first.is_some_and(|first| first <= commit.time);
        if !young && !carrier.concerns(commit.time) {
            continue;
        }
        let mut look = || {
            if let Some(bytes) = notes.get(oid)? {
                return late(repo, &mut carrier, oid, &commit, &bytes);
            }
            let origin = if young { told.of(repo, oid, &commit)? } else { None };
            let evidences = if origin.is_some() { &told.evidences } else { &none };
            let job = Job::of(oid.clone(), origin.unwrap_or(Origin::Rewritten));
            note::make(env, repo, evidences, &mut carrier, &job, now)
        };
        match look() {
            Ok(made) => found.extend(made),
            // What lies beyond the edge of a shallow or partial clone says nothing.
            Err(_) if targets(repo, &commit).is_err() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// What notes that came later say of a commit that has one: whoever moves lines of a fetched commit
/// before its note is fetched, too, is taken for their writer, and of a commit made elsewhere nobody
/// knew some lines. Only what is new is told.
fn late(
    repo: &Repo,
    carrier: &mut Carrier<'_>,
    oid: &Oid,
    commit: &Commit,
    bytes: &[u8],
) -> Result<Option<Made>> {
    let (Ok(old), Ok(targets)) = (notes::parse(bytes), targets(repo, commit)) else {
        return Ok(None);
    };
    // No gate saw the commit: its note was made from others', and doubts for want of this one.
    let made_up = old.ruling.is_none();
    let sure = |hunk: &&NoteHunk| !made_up || hunk.evidence.is_some();
    let taken: Vec<NoteHunk> = old.hunks.iter().filter(sure).cloned().collect();
    let wanted = Wanted { oid, commit, targets: &targets, taken: &taken, predecessors: &[] };
    let carried = carrier.carry(&wanted)?;
    if carried.hunks.is_empty() {
        return Ok(None);
    }
    let mut note = Note { authored: old.authored, ..Note::default() };
    carried.add_to(carrier, &mut note)?;
    if !carried.rewritten {
        let persons = unexplained(&targets, &old.hunks);
        let rest = unexplained(&targets, &[persons, taken, carried.hunks].concat());
        note.add(rest);
    }
    let prompts = query::prompts_of(repo, &carried.from, &note)?;
    Ok(Some(Made { commit: oid.clone(), note, prompts, from: carried.from }))
}

/// The journal, for commits that were made since it begins.
struct Told {
    evidences: Evidences,
    /// When it begins, seconds since 1970.
    first: Option<i64>,
    files: Option<BTreeSet<RepoPath>>,
    moves: Option<Vec<Move>>,
}

impl Told {
    fn read(repo: &Repo) -> Result<Self> {
        let evidences = Evidences::read(repo)?;
        let first = evidences.events.iter().map(|event| event.at.timestamp()).min();
        Ok(Self { evidences, first, files: None, moves: None })
    }

    /// How a commit came to be that changes files in which agents worked here; `None` for others.
    fn of(&mut self, repo: &Repo, oid: &Oid, commit: &Commit) -> Result<Option<Origin>> {
        let evidences = &self.evidences;
        let files = self.files.get_or_insert_with(|| attribute::followed(repo, evidences));
        let before = commit.parents.first().map(|parent| repo.commit(parent)).transpose()?;
        let changes = repo.changes(before.as_ref().map(|before| &before.tree), &commit.tree)?;
        let mut paths = changes.iter().flat_map(|change| [&change.old, &change.new]).flatten();
        if !paths.any(|(path, _)| files.contains(path)) {
            return Ok(None);
        }
        let moves = self.moves.get_or_insert_with(|| repo.head_moves(MOVES));
        let here = moves.iter().any(|made| made.to == *oid && made.commits());
        Ok(Some(if here { Origin::Late } else { Origin::Rewritten }))
    }
}
