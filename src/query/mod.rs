//! Provenance of lines and commits: notes, read as they are asked for.

pub mod beside;
pub mod carry;
mod copied;
pub mod file;
mod index;
mod kin;
mod known;
mod moved;
mod segment;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use carry::{Carrier, Wanted};
use schemars::JsonSchema;
use serde::Serialize;

use crate::git::notes::{Notes, PROMPTS, PROVENANCE};
use crate::git::target::targets;
use crate::git::{GitError, Repo};
use crate::model::note::{Note, NoteHunk, PromptRecord};
use crate::model::{
    Contributor, EditId, Evidence, Gate, Oid, RepoPath, SessionId, TurnId, Verdict,
};
use crate::notes::{self, NoteError};

/// Where an answer comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The commit's note, or the journal for what is not committed.
    Note,
    /// The commit has none: notes of other commits have its lines.
    Carried,
}

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
    /// Where it was found; `None` where nothing is recorded.
    pub source: Option<Origin>,
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
            source: None,
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
    repo: &'r Repo,
    /// Opened when a commit without a note is asked for.
    carrier: Option<Carrier<'r>>,
    /// Commits without a note, and those that their lines came from.
    carried: HashMap<Oid, Vec<Oid>>,
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
            repo,
            carrier: None,
            carried: HashMap::new(),
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

    /// The note of a commit; where it has none, what those of other commits say of its lines.
    pub fn note(&mut self, commit: &Oid) -> Result<Option<Rc<Note>>, GitError> {
        if let Some(known) = self.read.get(commit) {
            return Ok(known.clone());
        }
        let bytes = self.provenance.get(commit)?;
        let note = match bytes.as_deref().map(notes::parse) {
            None => self.carry(commit)?.map(Rc::new),
            Some(Ok(note)) => Some(Rc::new(note)),
            Some(Err(error)) => {
                self.unreadable.push((commit.clone(), error));
                None
            }
        };
        self.read.insert(commit.clone(), note.clone());
        Ok(note)
    }

    /// The note that was stored with a commit.
    pub fn recorded(&mut self, commit: &Oid) -> Result<Option<Rc<Note>>, GitError> {
        Ok(self.note(commit)?.filter(|_| self.source(commit) == Origin::Note))
    }

    /// Where the note of a commit that was asked for comes from.
    pub fn source(&self, commit: &Oid) -> Origin {
        if self.carried.contains_key(commit) { Origin::Carried } else { Origin::Note }
    }

    /// Whether the gate judged a commit, and what it said.
    pub fn gate(&mut self, commit: &Oid) -> Result<(Gate, Option<Verdict>), GitError> {
        let note = self.recorded(commit)?;
        Ok(note.map_or((Gate::NotRecorded, None), |note| note.gate()))
    }

    fn carry(&mut self, oid: &Oid) -> Result<Option<Note>, GitError> {
        // What lies beyond the edge of a shallow clone says nothing.
        let Ok(commit) = self.repo.commit(oid) else {
            return Ok(None);
        };
        let carrier = match &mut self.carrier {
            Some(carrier) => carrier,
            none => none.insert(Carrier::open(self.repo, usize::MAX)?),
        };
        if !carrier.concerns(commit.time) {
            return Ok(None);
        }
        let Ok(targets) = targets(self.repo, &commit) else {
            return Ok(None);
        };
        let wanted =
            Wanted { oid, commit: &commit, targets: &targets, taken: &[], predecessors: &[] };
        let carried = carrier.carry(&wanted)?;
        let note = carried.note(carrier, &commit, &targets)?;
        if note.is_some() {
            self.carried.insert(oid.clone(), carried.from);
        }
        Ok(note)
    }

    /// Who wrote a line of a commit's.
    pub fn owner(
        &mut self,
        commit: &Oid,
        path: &RepoPath,
        line: u32,
    ) -> Result<LineOwner, GitError> {
        let Some(note) = self.note(commit)? else {
            return Ok(LineOwner::nobody(Contributor::Unknown));
        };
        let source = self.source(commit);
        Ok(LineOwner { source: Some(source), ..owner_in(&note, path, line) })
    }

    /// The text of a turn's prompt, as the commit's note has it.
    pub fn prompt(&mut self, commit: &Oid, turn: &TurnId) -> Result<PromptState, GitError> {
        let told = self.note(commit)?.is_some_and(|note| note.forgotten.contains_key(turn));
        if told || self.forgotten.contains(turn) {
            return Ok(PromptState::Forgotten);
        }
        if !self.texts.contains_key(commit) {
            let own = std::slice::from_ref(commit);
            let mut texts = BTreeMap::new();
            for commit in self.carried.get(commit).map_or(own, Vec::as_slice) {
                let bytes = self.prompts.get(commit)?.unwrap_or_default();
                texts.extend(notes::parse_prompts(&bytes).unwrap_or_default());
            }
            self.texts.insert(commit.clone(), texts);
        }
        let known = self.texts[commit].get(turn).or_else(|| self.local.get(turn));
        Ok(known.map_or(PromptState::NotFetched, |record| PromptState::Known(record.clone())))
    }
}

/// The prompts of the turns that a note names, as these commits' notes have them.
pub fn prompts_of(
    repo: &Repo,
    commits: &[Oid],
    note: &Note,
) -> Result<Vec<PromptRecord>, GitError> {
    let texts = Notes::open(repo, PROMPTS)?;
    let mut known = BTreeMap::new();
    for commit in commits {
        let bytes = texts.get(commit)?.unwrap_or_default();
        known.extend(notes::parse_prompts(&bytes).unwrap_or_default());
    }
    if known.is_empty() {
        return Ok(Vec::new());
    }
    let forgotten = forgotten(repo)?;
    known.retain(|turn, _| note.turns.contains_key(turn) && !forgotten.contains(turn));
    Ok(known.into_values().collect())
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
        source: None,
    }
}
