//! Provenance of lines and commits: notes, read as they are asked for.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use crate::git::notes::{Notes, PROMPTS, PROVENANCE};
use crate::git::{GitError, Repo};
use crate::model::note::{Note, NoteHunk, PromptRecord};
use crate::model::{Contributor, EditId, Evidence, Oid, RepoPath, SessionId, TurnId};
use crate::notes::{self, NoteError};

/// Who wrote a line, as far as the notes say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineOwner {
    /// One of the four.
    pub contributor: Contributor,
    /// The agent's name.
    pub agent: Option<String>,
    /// The model, where it is known.
    pub model: Option<String>,
    /// The conversation.
    pub session: Option<SessionId>,
    /// The prompt.
    pub turn: Option<TurnId>,
    /// The tool call.
    pub edit: Option<EditId>,
    /// What this rests on.
    pub evidence: Option<Evidence>,
}

impl LineOwner {
    fn nobody(contributor: Contributor) -> Self {
        Self {
            contributor,
            agent: None,
            model: None,
            session: None,
            turn: None,
            edit: None,
            evidence: None,
        }
    }
}

/// The text of a prompt, or why it is not here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PromptState {
    /// It is here.
    Known(PromptRecord),
    /// Somebody deleted it.
    Forgotten,
    /// It was never brought to this clone.
    NotFetched,
}

impl PromptState {
    /// The text.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Known(record) => Some(&record.prompt.text),
            _ => None,
        }
    }

    /// The word for JSON, where there is no text.
    pub fn word(&self) -> Option<&'static str> {
        match self {
            Self::Known(_) => None,
            Self::Forgotten => Some("forgotten"),
            Self::NotFetched => Some("not-fetched"),
        }
    }
}

/// The turns whose prompts were deleted: one note holds them for the whole repository.
pub fn forgotten(repo: &Repo) -> Result<BTreeSet<TurnId>, GitError> {
    let note = Notes::open(repo, PROVENANCE)?.of_repository()?;
    Ok(note.map(|bytes| notes::forgotten(&bytes)).unwrap_or_default())
}

/// The notes of a repository, each read once.
pub struct Provenance<'r> {
    provenance: Notes<'r>,
    prompts: Notes<'r>,
    read: HashMap<Oid, Option<Rc<Note>>>,
    texts: HashMap<Oid, BTreeMap<TurnId, PromptRecord>>,
    local: BTreeMap<TurnId, PromptRecord>,
    forgotten: BTreeSet<TurnId>,
    /// Notes that could not be read, and why.
    pub unreadable: Vec<(Oid, NoteError)>,
}

impl<'r> Provenance<'r> {
    /// The notes as they are now.
    pub fn open(repo: &'r Repo) -> Result<Self, GitError> {
        Ok(Self {
            forgotten: forgotten(repo)?,
            provenance: Notes::open(repo, PROVENANCE)?,
            prompts: Notes::open(repo, PROMPTS)?,
            read: HashMap::new(),
            texts: HashMap::new(),
            local: BTreeMap::new(),
            unreadable: Vec::new(),
        })
    }

    /// Adds what is not committed yet: it stands under git's name for no commit.
    pub fn add_uncommitted(&mut self, zero: Oid, note: Note, prompts: Vec<PromptRecord>) {
        self.read.insert(zero, Some(Rc::new(note)));
        self.local.extend(prompts.into_iter().map(|prompt| (prompt.turn.clone(), prompt)));
    }

    /// The note of a commit.
    pub fn note(&mut self, commit: &Oid) -> Result<Option<Rc<Note>>, GitError> {
        if let Some(known) = self.read.get(commit) {
            return Ok(known.clone());
        }
        let bytes = self.provenance.get(commit)?;
        let note = match bytes.as_deref().map(notes::parse) {
            None => None,
            Some(Ok(note)) => Some(Rc::new(note)),
            Some(Err(error)) => {
                self.unreadable.push((commit.clone(), error));
                None
            }
        };
        self.read.insert(commit.clone(), note.clone());
        Ok(note)
    }

    /// Who wrote a line of a commit's.
    pub fn owner(
        &mut self,
        commit: &Oid,
        path: &RepoPath,
        line: u32,
    ) -> Result<LineOwner, GitError> {
        Ok(match self.note(commit)? {
            None => LineOwner::nobody(Contributor::Unknown),
            Some(note) => owner_in(&note, path, line),
        })
    }

    /// The text of a turn's prompt, as the commit's note has it.
    pub fn prompt(&mut self, commit: &Oid, turn: &TurnId) -> Result<PromptState, GitError> {
        let told = self.note(commit)?.is_some_and(|note| note.forgotten.contains_key(turn));
        if told || self.forgotten.contains(turn) {
            return Ok(PromptState::Forgotten);
        }
        if !self.texts.contains_key(commit) {
            let bytes = self.prompts.get(commit)?.unwrap_or_default();
            self.texts.insert(commit.clone(), notes::parse_prompts(&bytes).unwrap_or_default());
        }
        let known = self.texts[commit].get(turn).or_else(|| self.local.get(turn));
        Ok(known.map_or(PromptState::NotFetched, |record| PromptState::Known(record.clone())))
    }
}

/// The hunk of a note that holds this line.
pub fn hunk_at<'n>(note: &'n Note, path: &RepoPath, line: u32) -> Option<&'n NoteHunk> {
    let after = note.hunks.partition_point(|hunk| (&hunk.path, hunk.lines.start) <= (path, line));
    let hunk = note.hunks.get(after.checked_sub(1)?)?;
    (hunk.path == *path && hunk.lines.contains(line)).then_some(hunk)
}

fn owner_in(note: &Note, path: &RepoPath, line: u32) -> LineOwner {
    let Some(hunk) = hunk_at(note, path, line) else {
        return LineOwner::nobody(Contributor::Human);
    };
    let session = hunk.session.as_ref().and_then(|id| note.sessions.get(id));
    LineOwner {
        contributor: hunk.contributor,
        agent: session.map(|session| session.agent.clone()),
        model: session.and_then(|session| session.model.clone()),
        session: hunk.session.clone(),
        turn: hunk.turn.clone(),
        edit: hunk.edit.clone(),
        evidence: hunk.evidence,
    }
}
