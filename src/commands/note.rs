//! Writing the note of a commit.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::commands::attribute::{self, Evidences, Target, blank};
use crate::commands::gate;
use crate::config::Env;
use crate::error::Result;
use crate::git::Repo;
use crate::git::lines::{self, Space, is_binary, split};
use crate::git::notes::{self as refs, History, Notes, PROMPTS, PROVENANCE};
use crate::git::objects::{Change, Commit};
use crate::journal::MAX_TEXT;
use crate::model::note::{Note, NoteHunk, PromptRecord};
use crate::model::{Oid, RepoPath};
use crate::notes;

/// How a commit came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Somebody committed what is here: lines that no agent reported are a person's.
    Here,
    /// It was made from other commits: what they say holds, and what they do not say is unknown.
    Rewritten,
}

/// A commit to be attributed.
pub struct Job {
    /// The commit.
    pub commit: Oid,
    /// How it came to be.
    pub origin: Origin,
    /// The commits that it was made from, if any are known.
    pub predecessors: Vec<Oid>,
}

impl Job {
    /// A commit of which nobody knows a predecessor.
    pub fn of(commit: Oid, origin: Origin) -> Self {
        Self { commit, origin, predecessors: Vec::new() }
    }
}

/// Attributes a commit and writes its note, prompts first: a note never names prompts that
/// nobody has. Returns whether a note was written.
pub fn write(
    env: &Env,
    repo: &Repo,
    evidences: &Evidences,
    job: &Job,
    now: DateTime<Utc>,
) -> Result<bool> {
    let commit = repo.commit(&job.commit)?;
    let targets = targets(repo, &commit)?;
    let base = commit.parents.first();
    let mut note =
        Note { hunks: attribute::hunks(repo, evidences, base, &targets, now)?, ..Note::default() };
    let mut prompts = evidences.describe(&mut note, Some(&commit.author));
    let known = inherit(repo, job, &targets, &mut note, &mut prompts)?;
    if job.origin == Origin::Rewritten && !known && note.hunks.is_empty() {
        return Ok(false);
    }
    gate::record(env, repo, evidences, job, &commit, &mut note, now);
    let time = now.timestamp();
    prompts.retain(|prompt| !evidences.forgotten.contains(&prompt.turn));
    if !prompts.is_empty() {
        let bytes = notes::encode_prompts(&prompts);
        let notes = [(job.commit.clone(), bytes)];
        refs::write(repo, PROMPTS, History::None, &notes, time, &notes::join)?;
    }
    let notes = [(job.commit.clone(), notes::encode(&note))];
    refs::write(repo, PROVENANCE, History::Kept, &notes, time, &notes::join)?;
    Ok(true)
}

/// The files that the commit has otherwise than every one of its parents.
pub fn targets(repo: &Repo, commit: &Commit) -> Result<Vec<Target>> {
    let mut parents = Vec::new();
    for parent in &commit.parents {
        parents.push(repo.commit(parent)?.tree);
    }
    let mut changes = repo.changes(parents.first(), &commit.tree)?;
    let mut further: Vec<Vec<Change>> = Vec::new();
    for parent in parents.iter().skip(1) {
        further.push(repo.changes(Some(parent), &commit.tree)?);
    }
    changes.retain(|change| {
        further.iter().all(|others| others.iter().any(|other| path_of(other) == path_of(change)))
    });
    let mut targets = Vec::new();
    for change in changes {
        let Some((path, oid)) = &change.new else {
            continue;
        };
        let others = further.iter().flatten().filter(|other| path_of(other) == Some(path));
        let olds: Vec<_> =
            std::iter::once(&change).chain(others).filter_map(|c| c.old.as_ref()).collect();
        let mut bases = Vec::new();
        for (_, oid) in &olds {
            bases.extend(repo.blob(oid)?);
        }
        targets.push(Target {
            path: path.clone(),
            old_path: change.old.as_ref().map(|(path, _)| path.clone()),
            bases,
            text: repo.blob(oid)?.unwrap_or_default(),
        });
    }
    Ok(targets)
}

fn path_of(change: &Change) -> Option<&RepoPath> {
    change.new.as_ref().map(|(path, _)| path)
}

/// Takes over what the notes of the predecessors say of lines that the journal does not explain.
/// Returns whether there was such a note.
fn inherit(
    repo: &Repo,
    job: &Job,
    targets: &[Target],
    note: &mut Note,
    prompts: &mut Vec<PromptRecord>,
) -> Result<bool> {
    let mut provenance = Notes::open(repo, PROVENANCE)?;
    let mut texts = Notes::open(repo, PROMPTS)?;
    let mut found = false;
    for predecessor in &job.predecessors {
        let Some(bytes) = provenance.get(predecessor)? else {
            continue;
        };
        let old = notes::parse(&bytes)?;
        found = true;
        let mut hunks = Vec::new();
        for target in targets {
            hunks.extend(inherited(repo, predecessor, &old, target, note)?);
        }
        let used = |turn: &crate::model::TurnId| {
            hunks.iter().any(|h: &NoteHunk| h.turn.as_ref() == Some(turn))
        };
        for (id, session) in &old.sessions {
            if hunks.iter().any(|hunk| hunk.session.as_ref() == Some(id)) {
                note.sessions.entry(id.clone()).or_insert_with(|| session.clone());
            }
        }
        for (id, turn) in old.turns.iter().filter(|(id, _)| used(id)) {
            note.turns.entry(id.clone()).or_insert_with(|| turn.clone());
        }
        if let Some(bytes) = texts.get(predecessor)? {
            let known = notes::parse_prompts(&bytes)?.into_values();
            prompts.extend(known.filter(|prompt| used(&prompt.turn)));
        }
        note.hunks.extend(hunks);
    }
    note.hunks.sort_by(|a, b| (&a.path, a.lines).cmp(&(&b.path, b.lines)));
    Ok(found)
}

/// The lines of this file that the predecessor has too, and has a hunk for, and that have no
/// owner yet.
fn inherited(
    repo: &Repo,
    predecessor: &Oid,
    old: &Note,
    target: &Target,
    note: &Note,
) -> Result<Vec<NoteHunk>> {
    let paths = std::iter::once(&target.path).chain(&target.old_path);
    let Some(path) = paths.into_iter().find(|path| old.hunks.iter().any(|h| h.path == **path))
    else {
        return Ok(Vec::new());
    };
    let Some(before) = repo.text_in(predecessor, path)? else {
        return Ok(Vec::new());
    };
    if is_binary(&target.text) || target.text.len() > MAX_TEXT {
        return Ok(Vec::new());
    }
    let bases: Vec<&[u8]> = target.bases.iter().map(Vec::as_slice).collect();
    let added = crate::attribution::hunks::added(&bases, &target.text);
    let taken =
        |line: u32| note.hunks.iter().any(|h| h.path == target.path && h.lines.contains(line));
    let lines = split(&target.text);
    let mut found: BTreeMap<usize, &NoteHunk> = BTreeMap::new();
    for (old_line, new_line) in common(&before, &target.text) {
        let number = u32::try_from(new_line + 1).unwrap_or(u32::MAX);
        let was = u32::try_from(old_line + 1).unwrap_or(u32::MAX);
        let hunk = old.hunks.iter().find(|h| h.path == *path && h.lines.contains(was));
        if let Some(hunk) = hunk.filter(|_| added[new_line] && !taken(number)) {
            found.insert(new_line, hunk);
        }
    }
    let mut hunks: Vec<(usize, usize, &NoteHunk)> = Vec::new();
    for (line, hunk) in found {
        match hunks.last_mut() {
            Some((_, end, last)) if *end == line && std::ptr::eq(*last, hunk) => *end += 1,
            _ => hunks.push((line, line + 1, hunk)),
        }
    }
    Ok(hunks
        .into_iter()
        .map(|(start, end, hunk)| NoteHunk {
            contributor: hunk.contributor,
            session: hunk.session.clone(),
            turn: hunk.turn.clone(),
            edit: hunk.edit.clone(),
            evidence: hunk.evidence,
            ..blank(&target.path, start, &lines[start..end])
        })
        .collect())
}

/// Lines that two texts have in common, 0-based, but for white space.
fn common(old: &[u8], new: &[u8]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    let (mut a, mut b) = (0, 0);
    let count = split(new).len();
    for edit in lines::diff(old, new, Space::Folded) {
        pairs.extend((b..edit.new.start).enumerate().map(|(n, line)| (a + n, line)));
        (a, b) = (edit.old.end, edit.new.end);
    }
    pairs.extend((b..count).enumerate().map(|(n, line)| (a + n, line)));
    pairs
}
