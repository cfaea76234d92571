//! `git ai-log repair [RANGE]`: notes for commits that lost them.

use std::collections::BTreeMap;
use std::ffi::OsString;

use clap::Args;
use serde::Serialize;

use crate::attribution::carry::{New, Pool, Run};
use crate::attribution::hunks::added;
use crate::commands::attribute::{Target, blank};
use crate::commands::note::targets;
use crate::commands::screen::{Printing, printed};
use crate::config::Env;
use crate::error::Result;
use crate::git::Repo;
use crate::git::lines::{is_binary, split};
use crate::git::notes::{self as refs, History, Notes, PROMPTS, PROVENANCE};
use crate::journal::MAX_TEXT;
use crate::model::note::{Note, NoteHunk};
use crate::model::{Contributor, Evidence, Oid};
use crate::notes;
use crate::query;

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

/// What was found for one commit.
#[derive(Debug, Serialize)]
struct Repaired {
    schema: &'static str,
    commit: Oid,
    lines: u32,
    from: Vec<Oid>,
    written: bool,
}

/// Repairs the range, or says what it would do.
pub fn run(env: &Env, args: &RepairArgs) -> Result<()> {
    let repo = Repo::from_environment()?;
    let known = Known::read(&repo)?;
    let range = args.range.clone().unwrap_or_else(|| "HEAD".into());
    let commits = if known.pool.is_empty() || args.range.is_none() && repo.is_unborn() {
        Vec::new()
    } else {
        repo.log(&["--end-of-options".into(), range, "--".into()])?
    };
    let mut provenance = Notes::open(&repo, PROVENANCE)?;
    let mut repaired = Vec::new();
    for entry in commits {
        if provenance.get(&entry.commit)?.is_none() {
            repaired.extend(known.note(&repo, &entry.commit)?);
        }
    }
    if !args.dry_run {
        write(&repo, &repaired)?;
    }
    let mut out = args.printing.screen(env, Some(&repo));
    for Carried { commit, note, from } in repaired {
        let lines = note.hunks.iter().map(|hunk| hunk.lines.len()).sum();
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

/// What the notes say that agents wrote.
#[derive(Default)]
struct Known {
    notes: Vec<(Oid, Note)>,
    /// Owners, as the pool names them: a note and one of its hunks.
    owners: Vec<(usize, usize)>,
    pool: Pool,
}

impl Known {
    fn read(repo: &Repo) -> Result<Self> {
        let mut known = Self::default();
        for (commit, blob) in Notes::open(repo, PROVENANCE)?.all()? {
            // A note that cannot be read says nothing; `blame` and `show` complain of it.
            if let Some(Ok(note)) = repo.blob(&blob)?.map(|bytes| notes::parse(&bytes)) {
                known.notes.push((commit, note));
            }
        }
        // The older first: of two that wrote the same, it wrote it.
        known.notes.sort_by_cached_key(|(commit, note)| {
            (note.turns.values().filter_map(|turn| turn.at).min(), commit.clone())
        });
        for number in 0..known.notes.len() {
            known.add(number);
        }
        Ok(known)
    }

    /// Neighbouring hunks of a note are one run.
    fn add(&mut self, number: usize) {
        let note = &self.notes[number].1;
        let mut last: Option<(Run, u32)> = None;
        for (place, hunk) in note.hunks.iter().enumerate() {
            if !matches!(hunk.contributor, Contributor::Ai | Contributor::Mixed) {
                continue;
            }
            let turn = hunk.turn.as_ref().and_then(|id| note.turns.get(id));
            let since = turn.and_then(|turn| turn.at).map_or(i64::MIN, |at| at.timestamp());
            let owner = self.owners.len();
            self.owners.push((number, place));
            let lines = hunk.fingerprints.iter().map(|print| (*print, owner));
            match &mut last {
                Some((run, end))
                    if run.path == hunk.path && end.saturating_add(1) == hunk.lines.start =>
                {
                    run.lines.extend(lines);
                    run.since = run.since.max(since);
                    *end = hunk.lines.end;
                }
                _ => {
                    let run = Run { path: hunk.path.clone(), since, lines: lines.collect() };
                    if let Some((done, _)) = last.replace((run, hunk.lines.end)) {
                        self.pool.push(done);
                    }
                }
            }
        }
        if let Some((done, _)) = last {
            self.pool.push(done);
        }
    }

    /// The note of a commit that has none; `None` where nothing is found again.
    fn note(&self, repo: &Repo, oid: &Oid) -> Result<Option<Carried>> {
        let commit = repo.commit(oid)?;
        let mut note = Note::default();
        let mut from = Vec::new();
        for target in targets(repo, &commit)? {
            if is_binary(&target.text) || target.text.len() > MAX_TEXT {
                continue;
            }
            for (owner, hunk) in self.hunks(&target, commit.time) {
                let (source, old) = &self.notes[self.owners[owner].0];
                if let Some((id, session)) =
                    hunk.session.as_ref().and_then(|id| old.sessions.get_key_value(id))
                {
                    note.sessions.entry(id.clone()).or_insert_with(|| session.clone());
                }
                if let Some((id, turn)) =
                    hunk.turn.as_ref().and_then(|id| old.turns.get_key_value(id))
                {
                    note.turns.entry(id.clone()).or_insert_with(|| turn.clone());
                }
                if !from.contains(source) {
                    from.push(source.clone());
                }
                note.hunks.push(hunk);
            }
        }
        Ok((!from.is_empty()).then(|| Carried { commit: oid.clone(), note, from }))
    }

    fn hunks(&self, target: &Target, time: i64) -> Vec<(usize, NoteHunk)> {
        let bases: Vec<&[u8]> = target.bases.iter().map(Vec::as_slice).collect();
        let free = added(&bases, &target.text);
        let lines = split(&target.text);
        let owners = self.pool.carry(New { path: &target.path, time, lines: &lines, free: &free });
        let mut hunks = Vec::new();
        let mut start = 0;
        for part in owners.chunk_by(|a, b| a == b) {
            let end = start + part.len();
            if let Some(owner) = part[0] {
                let (note, place) = self.owners[owner];
                let old = &self.notes[note].1.hunks[place];
                let hunk = NoteHunk {
                    contributor: old.contributor,
                    session: old.session.clone(),
                    turn: old.turn.clone(),
                    edit: old.edit.clone(),
                    evidence: Some(Evidence::Carried),
                    ..blank(&target.path, start, &lines[start..end])
                };
                hunks.push((owner, hunk));
            }
            start = end;
        }
        hunks
    }
}

/// Writes the notes, prompts first, each ref in one commit.
fn write(repo: &Repo, repaired: &[Carried]) -> Result<()> {
    let mut texts = Notes::open(repo, PROMPTS)?;
    let forgotten = query::forgotten(repo)?;
    let time = Env::now().timestamp();
    let (mut prompts, mut provenance) = (Vec::new(), Vec::new());
    for Carried { commit, note, from } in repaired {
        let mut known = BTreeMap::new();
        for source in from {
            let bytes = texts.get(source)?.unwrap_or_default();
            known.extend(notes::parse_prompts(&bytes).unwrap_or_default());
        }
        known.retain(|turn, _| note.turns.contains_key(turn) && !forgotten.contains(turn));
        if !known.is_empty() {
            let known: Vec<_> = known.into_values().collect();
            prompts.push((commit.clone(), notes::encode_prompts(&known)));
        }
        provenance.push((commit.clone(), notes::encode(note)));
    }
    refs::write(repo, PROMPTS, History::None, &prompts, time, &notes::join)?;
    Ok(refs::write(repo, PROVENANCE, History::Kept, &provenance, time, &notes::join)?)
}
