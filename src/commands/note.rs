//! Writing the note of a commit.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::agents;
use crate::attribution::hunks::{added, blank};
use crate::attribution::tokens::tells;
use crate::commands::attribute::{self, Evidences};
use crate::commands::gate;
use crate::config::{Env, ancestors};
use crate::error::Result;
use crate::git::Repo;
use crate::git::lines::{self, Space, is_text, split};
use crate::git::notes::{self as refs, History, Notes, PROMPTS, PROVENANCE};
use crate::git::target::{Target, targets};
use crate::model::note::{CommittedBy, Note, NoteHunk, PromptRecord};
use crate::model::{Oid, SessionId};
use crate::query::beside::{Wish, beside, dirty};
use crate::query::carry::{Carrier, Wanted, adopt};
use crate::query::file::{others, unexplained};
use crate::{notes, query};

/// How many notes that others brought a commit reads at most; the next one goes on.
const NEW_NOTES: usize = 500;

/// How a commit came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Somebody committed what is here: lines that no agent reported are a person's.
    Here,
    /// The same, but its hook never ran: what the journal still says of it holds.
    Late,
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

/// A note with what belongs to it.
pub struct Made {
    /// The commit.
    pub commit: Oid,
    /// Its note.
    pub note: Note,
    /// The prompts that it names.
    pub prompts: Vec<PromptRecord>,
    /// Commits whose notes had lines of it.
    pub from: Vec<Oid>,
}

/// Attributes a commit and writes its note. Returns whether a note was written.
pub fn write(
    env: &Env,
    repo: &Repo,
    evidences: &Evidences,
    job: &Job,
    now: DateTime<Utc>,
) -> Result<bool> {
    let mut carrier = Carrier::open(repo, NEW_NOTES)?;
    let made = make(env, repo, evidences, &mut carrier, job, now)?;
    store(repo, made.as_slice(), now)?;
    Ok(made.is_some())
}

/// Attributes a commit: by the journal, then by the commits that it is known to be made from, then
/// by all notes. `None` where a commit was made elsewhere and nobody knows anything of it.
pub fn make(
    env: &Env,
    repo: &Repo,
    evidences: &Evidences,
    carrier: &mut Carrier<'_>,
    job: &Job,
    now: DateTime<Utc>,
) -> Result<Option<Made>> {
    let commit = repo.commit(&job.commit)?;
    let targets = targets(repo, &commit)?;
    let base = commit.parents.first();
    let mut note = Note {
        authored: DateTime::from_timestamp(commit.authored, 0),
        committed_by: (job.origin == Origin::Here).then(|| committed_by(env)).flatten(),
        ..Note::default()
    };
    let told = |made| attribute::hunks(repo, evidences, base, &targets, made, now);
    let here = || told(attribute::Made::Here);
    note.hunks = match job.origin {
        Origin::Here => gate::attributed(repo, evidences, &commit).map_or_else(here, Ok)?,
        Origin::Late => here()?,
        Origin::Rewritten => {
            let hunks = told(attribute::Made::Elsewhere)?;
            let predecessors = &job.predecessors;
            let (oid, commit, targets) = (&job.commit, &commit, &targets);
            let wanted = Wanted { oid, commit, targets, taken: &[], predecessors };
            let hunks = carrier.without_persons(&wanted, hunks, &|hunk| evidences.edited(hunk))?;
            hunks.into_iter().filter(|hunk| says_something(hunk, targets)).collect()
        }
    };
    let mut prompts = evidences.describe(&mut note, Some(&commit.author));
    let known = inherit(repo, job, &targets, &mut note, &mut prompts)?;
    let wanted = Wanted {
        oid: &job.commit,
        commit: &commit,
        targets: &targets,
        taken: &note.hunks,
        predecessors: &job.predecessors,
    };
    let mut carried = carrier.carry(&wanted)?;
    if job.origin != Origin::Here {
        note.add(std::mem::take(&mut carried.doubtful));
    }
    carried.add_to(carrier, &mut note)?;
    prompts.extend(query::prompts_of(repo, &carried.from, &note)?);
    if job.origin != Origin::Here && !known && !carried.rewritten {
        if note.hunks.is_empty() {
            return Ok(None);
        }
        if job.origin == Origin::Rewritten {
            note.add(unexplained(&targets, &note.hunks));
        }
    }
    note.others = others(&targets, &note.hunks);
    if job.origin != Origin::Rewritten {
        let uncommitted = |wanted: Wish<'_>| match job.origin {
            Origin::Here => dirty(repo, wanted),
            _ => evidences.uncommitted_at(repo, commit.time, wanted),
        };
        note.beside.extend(beside(repo, &job.commit, &targets, &note.hunks, uncommitted)?);
    }
    gate::record(env, repo, evidences, job, &commit, &mut note, now);
    // The journal's own come first.
    let mut told = BTreeSet::new();
    prompts.retain(|prompt| told.insert(prompt.turn.clone()));
    Ok(Some(Made { commit: job.commit.clone(), note, prompts, from: carried.from }))
}

/// The agent in whose shell this runs.
fn committed_by(env: &Env) -> Option<CommittedBy> {
    let (agent, session) = agents::runner(&env.variables, &ancestors::read())?;
    let agent = agent.name().to_owned();
    let session = session.map(|session| SessionId::derive(&agent, &session));
    Some(CommittedBy { agent, session })
}

/// Whether a hunk has more than braces and the like. In a commit that was made elsewhere these may
/// be anybody's.
fn says_something(hunk: &NoteHunk, targets: &[Target]) -> bool {
    let target = targets.iter().find(|target| target.path == hunk.path);
    let lines = target.map(|target| split(&target.text)).unwrap_or_default();
    let start = (hunk.lines.start as usize).saturating_sub(1);
    lines.iter().skip(start).take(hunk.fingerprints.len()).any(|line| tells(line))
}

/// Writes notes, each ref in one commit. Prompts go first: a note never names prompts that nobody
/// has.
pub fn store(repo: &Repo, made: &[Made], now: DateTime<Utc>) -> Result<()> {
    let time = now.timestamp();
    let told = made.iter().filter(|made| !made.prompts.is_empty());
    let prompts: Vec<_> =
        told.map(|made| (made.commit.clone(), notes::encode_prompts(&made.prompts))).collect();
    refs::write(repo, PROMPTS, History::None, &prompts, time, &notes::join)?;
    let provenance: Vec<_> =
        made.iter().map(|made| (made.commit.clone(), notes::encode(&made.note))).collect();
    Ok(refs::write(repo, PROVENANCE, History::Kept, &provenance, time, &notes::join)?)
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
    let provenance = Notes::open(repo, PROVENANCE)?;
    let mut found = false;
    for predecessor in &job.predecessors {
        let Some(bytes) = provenance.get(predecessor)? else {
            continue;
        };
        let old = notes::parse(&bytes)?;
        found = true;
        note.beside.extend(&old.beside);
        let mut hunks = Vec::new();
        for target in targets {
            hunks.extend(inherited(repo, predecessor, &old, target, note)?);
        }
        for hunk in &hunks {
            adopt(&mut note.sessions, &old.sessions, hunk.session.as_ref());
            adopt(&mut note.turns, &old.turns, hunk.turn.as_ref());
        }
        note.add(hunks);
    }
    prompts.extend(query::prompts_of(repo, &job.predecessors, note)?);
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
    if !is_text(&target.text) {
        return Ok(Vec::new());
    }
    let bases: Vec<&[u8]> = target.bases.iter().map(Vec::as_slice).collect();
    let added = added(&bases, &target.text);
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
        .map(|(start, end, hunk)| hunk.like(blank(&target.path, start, &lines[start..end])))
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
