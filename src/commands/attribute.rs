//! The journal and the repository, brought together: who wrote what a commit, the index or the
//! work tree has otherwise than the commit below it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::attribution::hunks::{added, blank, owned};
use crate::attribution::replay::Replay;
use crate::attribution::tokens::{fingerprint, tells};
use crate::attribution::{Annotated, Author, Owner, Source as _};
use crate::commands::sessions::{Session, unhooked};
use crate::commands::stored::Stored;
use crate::config::Env;
use crate::error::Result;
use crate::git::Repo;
use crate::git::lines::{MAX_TEXT, is_text, split};
use crate::git::target::Target;
use crate::journal::{Journal, fold};
use crate::model::event::TreeFile;
use crate::model::note::{self, Note, NoteHunk, PromptRecord, Turn};
use crate::model::{
    Content, Contributor, Digest, Event, Evidence, Oid, RepoPath, SessionId, TurnId, What,
};
use crate::query;
use crate::query::beside::{MAX_FILES, Texts, Wish};

/// What one repository's journal says.
#[derive(Default)]
pub struct Evidences {
    /// Every event, folded.
    pub events: Vec<Event>,
    /// Sessions of which only their own files tell.
    pub told: Vec<Session>,
    /// Lines of the journal that could not be read.
    pub skipped: usize,
    /// Turns whose prompts were deleted: they are written nowhere again.
    pub forgotten: BTreeSet<TurnId>,
}

/// Of what attribution was made: the same again gives the same hunks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    base: Option<Oid>,
    events: usize,
    last: Option<DateTime<Utc>>,
    told: usize,
}

impl Evidences {
    /// The stamp of what is attributed by this on top of a commit. A journal only grows while a
    /// commit is made.
    pub fn stamp(&self, base: Option<&Oid>) -> Stamp {
        Stamp {
            base: base.cloned(),
            events: self.events.len(),
            last: self.events.iter().map(|event| event.at).max(),
            told: self.told.iter().map(|told| told.events.len()).sum(),
        }
    }

    /// When the edit was made that a hunk names, seconds since 1970.
    pub fn edited(&self, hunk: &NoteHunk) -> Option<i64> {
        let edit = hunk.edit.as_ref()?;
        let event = self.events.iter().find(|event| event.edit.as_ref() == Some(edit))?;
        Some(event.at.timestamp())
    }

    /// Reads the journal. A journal that cannot be read says nothing; that is said elsewhere.
    pub fn read(repo: &Repo) -> Result<Self> {
        let (mut events, skipped) = Journal::at(&repo.state_dir()).read()?;
        fold(&mut events);
        Ok(Self { events, skipped, told: Vec::new(), forgotten: query::forgotten(repo)? })
    }

    /// The same, and what sessions did here since this commit of which no hook told.
    pub fn since(env: &Env, repo: &Repo, base: Option<&Oid>) -> Result<Self> {
        let mut evidences = Self::read(repo)?;
        evidences.told = unhooked::since(env, repo, base, &evidences.events);
        Ok(evidences)
    }

    /// Those of these files that were not committed when a hook looked at the whole work tree the
    /// last time before this one, seconds since 1970.
    pub fn uncommitted_at(&self, repo: &Repo, time: i64, wanted: Wish<'_>) -> Texts {
        let source = Stored::of(repo);
        let text = |content: &Content| match content {
            Content::Text(digest) => source.snapshot(digest),
            _ => None,
        };
        let top = repo.work_tree().unwrap_or(Path::new(""));
        let events = self.of_worktree(top).into_iter().filter(|event| event.at.timestamp() <= time);
        let last = events.filter(|event| event.tree().is_some()).max_by_key(|event| event.at);
        let tree = last.and_then(|event| text(event.tree()?)).unwrap_or_default();
        let files = TreeFile::all(&tree).filter(|file| wanted(&file.path)).take(MAX_FILES);
        files.filter_map(|TreeFile { path, text: it }| Some((path, text(&it)?))).collect()
    }

    fn of_worktree(&self, top: &Path) -> Vec<&Event> {
        let top = top.to_string_lossy();
        self.events.iter().filter(|event| event.worktree == top).collect()
    }

    /// Adds what the journal knows of the sessions and turns that these hunks name.
    pub fn describe(&self, note: &mut Note, human: Option<&str>) -> Vec<PromptRecord> {
        let sessions: Vec<SessionId> =
            note.hunks.iter().filter_map(|h| h.session.clone()).collect();
        let turns: Vec<TurnId> = note.hunks.iter().filter_map(|h| h.turn.clone()).collect();
        let mut prompts: BTreeMap<TurnId, PromptRecord> = BTreeMap::new();
        for event in self.events.iter().chain(self.told.iter().flat_map(|told| &told.events)) {
            if sessions.contains(&event.session) {
                note_session(note, event, human);
            }
            let Some(turn) = event.turn.as_ref().filter(|turn| turns.contains(turn)) else {
                continue;
            };
            let entry = note.turns.entry(turn.clone()).or_insert_with(|| Turn {
                session: event.session.clone(),
                at: None,
                prompt_sha256: None,
                read: Default::default(),
            });
            match &event.what {
                What::Prompt(_) if self.forgotten.contains(turn) => {
                    entry.at.get_or_insert(event.at);
                }
                What::Prompt(prompt) => {
                    entry.at.get_or_insert(event.at);
                    let digest = || Digest::of(prompt.text.as_bytes()).0;
                    entry.prompt_sha256.get_or_insert_with(digest);
                    // An agent may report more under the same name; the first is the person's.
                    prompts.entry(turn.clone()).or_insert_with(|| PromptRecord {
                        turn: turn.clone(),
                        prompt: prompt.clone(),
                        closing: None,
                    });
                }
                What::Read { paths } => entry.read.extend(paths.iter().cloned()),
                What::Stop { closing: Some(closing), .. } => {
                    if let Some(prompt) = prompts.get_mut(turn) {
                        prompt.closing = Some(closing.clone());
                    }
                }
                _ => {}
            }
        }
        prompts.into_values().collect()
    }
}

fn note_session(note: &mut Note, event: &Event, human: Option<&str>) {
    let session = note.sessions.entry(event.session.clone()).or_insert_with(|| note::Session {
        agent: event.agent.clone(),
        model: None,
        human: human.map(str::to_owned),
        started: Some(event.at),
        parent: None,
    });
    if event.model.is_some() && event.subagent.is_none() || session.model.is_none() {
        session.model = event.model.clone().or_else(|| session.model.take());
    }
}

/// The files of this work tree in which agents worked.
pub fn followed(repo: &Repo, evidences: &Evidences) -> BTreeSet<RepoPath> {
    let Some(top) = repo.work_tree() else {
        return BTreeSet::new();
    };
    let source = Stored::of(repo);
    Replay::of(&evidences.of_worktree(top), &source).followed().cloned().collect()
}

/// Where what is attributed was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// By whoever works here.
    Here,
    /// By git from other commits, or in another clone: what it moved was not moved here.
    Elsewhere,
}

/// The lines that these files add, with their owners; lines that are simply a person's are left
/// out. `base` is the commit below.
pub fn hunks(
    repo: &Repo,
    evidences: &Evidences,
    base: Option<&Oid>,
    targets: &[Target],
    made: Made,
    now: DateTime<Utc>,
) -> Result<Vec<NoteHunk>> {
    let Some(top) = repo.work_tree() else {
        return Ok(Vec::new());
    };
    let source = Stored::of(repo);
    let mut hunks = match evidences.told.is_empty() {
        true => Vec::new(),
        false => unhooked::hunks(repo, &evidences.told, base, targets, now),
    };
    let mut replay = Replay::of(&evidences.of_worktree(top), &source);
    if replay.is_empty() {
        return Ok(hunks);
    }
    let mut files: Vec<_> = targets
        .iter()
        .filter(|target| is_text(&target.text))
        .map(|target| (target.path.clone(), target.old_path.clone(), Some(target.text.clone())))
        .collect();
    let is_here = made == Made::Here && is_here(repo, base)?;
    if is_here {
        let left = left(&replay, targets, top).into_iter();
        files.extend(left.map(|(path, text)| (path, None, text)));
    }
    let texts = replay.target(base, is_here, files, now);
    let told = std::mem::take(&mut hunks);
    for target in targets {
        let Some(annotated) = texts.get(&target.path) else {
            if target.text.len() > MAX_TEXT && replay.followed().any(|path| *path == target.path) {
                hunks.extend(unknown(target));
            }
            continue;
        };
        hunks.extend(hunks_of(target, annotated, replay.authors()));
    }
    // What a hook saw goes before what is told.
    let apart = |hunk: &NoteHunk| !hunks.iter().any(|seen| seen.meets(hunk));
    let told: Vec<NoteHunk> = told.into_iter().filter(apart).collect();
    hunks.extend(told);
    hunks.sort_by(|a, b| (&a.path, a.lines).cmp(&(&b.path, b.lines)));
    Ok(hunks)
}

/// Those of what lies in the work tree now, on top of HEAD.
pub fn uncommitted(
    repo: &Repo,
    evidences: &Evidences,
    head: Option<&Oid>,
    targets: &[Target],
) -> Result<Vec<NoteHunk>> {
    hunks(repo, evidences, head, targets, Made::Here, Env::now())
}

/// Whether what stands on this commit is HEAD, or would be the next one.
fn is_here(repo: &Repo, base: Option<&Oid>) -> Result<bool> {
    let Some(head) = repo.head()? else {
        return Ok(true);
    };
    Ok(Some(&head) == base || repo.commit(&head)?.parents.first() == base)
}

/// Other files that had lines of these when they were seen, as they are now: what an agent wrote
/// into them may have been moved.
fn left(replay: &Replay<'_>, targets: &[Target], top: &Path) -> Vec<(RepoPath, Option<Vec<u8>>)> {
    let lines = targets.iter().flat_map(|target| split(&target.text));
    let lines: HashSet<u64> = lines.filter(|line| tells(line)).map(fingerprint).collect();
    let named = |path: &RepoPath| targets.iter().any(|target| target.path == *path);
    let others = replay.followed().filter(|path| !named(path) && replay.has(path, &lines));
    let text = |path: &RepoPath| std::fs::read(path.below(top)).ok();
    others
        .map(|path| (path.clone(), text(path)))
        .filter(|(_, text)| text.as_deref().is_none_or(is_text))
        .collect()
}

/// The lines of a file that are not simply a person's.
pub fn hunks_of(target: &Target, annotated: &Annotated, authors: &[Author]) -> Vec<NoteHunk> {
    let bases: Vec<&[u8]> = target.bases.iter().map(Vec::as_slice).collect();
    let lines = split(&target.text);
    owned(annotated, &added(&bases, &target.text))
        .into_iter()
        .filter(|run| run.owner != Owner::Person)
        .map(|run| {
            let mut hunk = blank(&target.path, run.lines.start, &lines[run.lines.clone()]);
            if let Owner::Agent { author, mixed, carried } = run.owner {
                let author = &authors[author as usize];
                hunk.contributor = if mixed { Contributor::Mixed } else { Contributor::Ai };
                hunk.session = Some(author.session.clone());
                hunk.turn.clone_from(&author.turn);
                hunk.edit.clone_from(&author.edit);
                hunk.evidence = Some(if carried { Evidence::Carried } else { author.evidence });
            }
            hunk
        })
        .collect()
}

/// A file that agents worked on and that is too large to have been followed.
fn unknown(target: &Target) -> Vec<NoteHunk> {
    let bases: Vec<&[u8]> = target.bases.iter().map(Vec::as_slice).collect();
    let owners = vec![Owner::Unknown; split(&target.text).len()];
    let annotated = Annotated { text: target.text.clone(), owners };
    let lines = split(&target.text);
    owned(&annotated, &added(&bases, &target.text))
        .into_iter()
        .map(|run| blank(&target.path, run.lines.start, &lines[run.lines.clone()]))
        .collect()
}
