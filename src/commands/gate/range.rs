//! A range of commits as one change: the lines at its tip that agents wrote in it.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use super::{Subject, change, touched};
use crate::attribution::hunks::blank;
use crate::checklist::Claims;
use crate::error::{Error, Result};
use crate::git::Repo;
use crate::git::lines::split;
use crate::git::objects::Commit;
use crate::git::target::{Target, targets};
use crate::model::note::{Note, NoteHunk, Session, Turn};
use crate::model::path::os_path;
use crate::model::{Contributor, Oid, RepoPath, SessionId};
use crate::query::{LineOwner, Provenance};

/// A range, as it is to be judged.
pub struct Range {
    /// The change it makes.
    pub subject: Subject,
    /// Its commits, the newest first.
    pub commits: Vec<Oid>,
    /// Those of them that add lines and have no note.
    pub not_recorded: Vec<Oid>,
    /// What people said in its notes.
    pub claims: Claims,
    /// Lines that the range adds.
    pub added: u32,
}

/// The ends of a range: `A..B`, `A...B`, or one commit.
fn ends(repo: &Repo, text: &str) -> Result<(Option<Oid>, Oid)> {
    let missing = |rev: &str| {
        Error::new(format!("there is no commit `{rev}` here"))
            .hint("name a range as git does: main..HEAD; in CI fetch enough history first")
    };
    let named = |rev: &str| {
        let rev = if rev.is_empty() { "HEAD" } else { rev };
        repo.commit_named(rev)?.ok_or_else(|| missing(rev))
    };
    let parts = text.split_once("...").or_else(|| text.split_once(".."));
    let Some((from, to)) = parts else {
        let tip = named(text)?;
        return Ok((repo.commit(&tip)?.parents.first().cloned(), tip));
    };
    let (from, tip) = (named(from)?, named(to)?);
    Ok((Some(repo.merge_base(&from, &tip)?.unwrap_or(from)), tip))
}

/// Reads a range from the notes of its commits.
pub fn read(repo: &Repo, text: &str) -> Result<Range> {
    let (base, tip) = ends(repo, text)?;
    let commit = Commit { parents: base.iter().cloned().collect(), ..repo.commit(&tip)? };
    let mut provenance = Provenance::open(repo)?;
    let mut range = Range {
        subject: Subject {
            before: base.as_ref().map(|base| repo.commit(base).map(|c| c.tree)).transpose()?,
            tree: commit.tree.clone(),
            note: Note::default(),
            prompts: Vec::new(),
            change: Default::default(),
            stamp: None,
        },
        commits: commits(repo, base.as_ref(), &tip)?,
        not_recorded: Vec::new(),
        claims: Claims::default(),
        added: 0,
    };
    let reads = notes(repo, &mut provenance, &mut range)?;
    let targets = targets(repo, &commit)?;
    for target in &targets {
        let hunks = hunks(repo, &mut provenance, base.as_ref(), &tip, target, &mut range.added)?;
        range.subject.note.hunks.extend(hunks);
    }
    describe(&mut range.subject, &mut provenance, &range.commits)?;
    let touched = touched(repo, range.subject.before.as_ref(), &commit.tree)?;
    range.subject.change = change(repo, &targets, &range.subject.note, reads, touched)?;
    Ok(range)
}

fn commits(repo: &Repo, base: Option<&Oid>, tip: &Oid) -> Result<Vec<Oid>> {
    let mut args: Vec<OsString> = vec![tip.as_str().into()];
    args.extend(base.map(|base| format!("^{base}").into()));
    Ok(repo.log(&args)?.into_iter().map(|entry| entry.commit).collect())
}

/// Goes through the commits' notes: what is missing, what people said, what sessions read.
fn notes(
    repo: &Repo,
    provenance: &mut Provenance<'_>,
    range: &mut Range,
) -> Result<BTreeMap<SessionId, BTreeSet<RepoPath>>> {
    let mut reads: BTreeMap<SessionId, BTreeSet<RepoPath>> = BTreeMap::new();
    for oid in &range.commits {
        let Some(note) = provenance.recorded(oid)? else {
            if !targets(repo, &repo.commit(oid)?)?.is_empty() {
                range.not_recorded.push(oid.clone());
            }
            continue;
        };
        range.claims.attestations.extend(note.attestations.iter().cloned());
        let recorded = note.waivers.iter().filter(|waiver| waiver.at.is_some());
        range.claims.waivers.extend(recorded.cloned());
        for turn in note.turns.values() {
            reads.entry(turn.session.clone()).or_default().extend(turn.read.iter().cloned());
        }
    }
    Ok(reads)
}

/// The lines of a file that agents wrote in the range, or nobody can say who.
fn hunks(
    repo: &Repo,
    provenance: &mut Provenance<'_>,
    base: Option<&Oid>,
    tip: &Oid,
    target: &Target,
    added: &mut u32,
) -> Result<Vec<NoteHunk>> {
    let revs = base.map_or_else(|| tip.to_string(), |base| format!("{base}..{tip}"));
    let path = os_path(target.path.as_bytes());
    let top = repo.work_tree().map(|top| top.join(&path)).unwrap_or(path);
    let blame = repo.blame(&[revs.into(), "--".into(), top.into()])?;
    let lines = split(&target.text);
    let mut runs: Vec<(usize, usize, Oid, LineOwner)> = Vec::new();
    for line in &blame.lines {
        // Lines of the base are blamed on the boundary.
        if blame.sources[line.source].boundary && base.is_some() {
            continue;
        }
        *added += 1;
        let there = blame.sources[line.source].path.as_ref().unwrap_or(&target.path);
        let owner = provenance.owner(&line.commit, there, line.orig_line)?;
        let at = (line.line as usize).saturating_sub(1);
        match runs.last_mut() {
            Some((_, end, commit, last))
                if *end == at && *commit == line.commit && *last == owner =>
            {
                *end += 1;
            }
            _ => runs.push((at, at + 1, line.commit.clone(), owner)),
        }
    }
    let runs = runs.into_iter().filter(|(_, end, _, owner)| {
        owner.contributor != Contributor::Human && *end <= lines.len()
    });
    Ok(runs
        .map(|(start, end, _, owner)| NoteHunk {
            contributor: owner.contributor,
            session: owner.session,
            turn: owner.turn,
            edit: owner.edit,
            evidence: owner.evidence,
            ..blank(&target.path, start, &lines[start..end])
        })
        .collect())
}

/// Adds the sessions, turns and prompts that the hunks name.
fn describe(subject: &mut Subject, provenance: &mut Provenance<'_>, commits: &[Oid]) -> Result<()> {
    let note = &mut subject.note;
    let sessions: BTreeSet<_> = note.hunks.iter().filter_map(|h| h.session.clone()).collect();
    let turns: BTreeSet<_> = note.hunks.iter().filter_map(|h| h.turn.clone()).collect();
    for oid in commits {
        let Some(own) = provenance.note(oid)? else {
            continue;
        };
        let known = own.sessions.iter().filter(|(id, _)| sessions.contains(id));
        note.sessions.extend(known.map(|(id, s): (_, &Session)| (id.clone(), s.clone())));
        for (id, turn) in own.turns.iter().filter(|(id, _)| turns.contains(id)) {
            let turn: &Turn = turn;
            note.turns.insert(id.clone(), turn.clone());
            if let crate::query::PromptState::Known(record) = provenance.prompt(oid, id)? {
                subject.prompts.push(record);
            }
        }
    }
    Ok(())
}
