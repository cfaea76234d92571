//! Sessions of agents as their own files tell them, for one repository: in the words of the
//! journal, and with the edits that nobody saw.

pub mod files;
pub mod laid;
pub mod roots;
pub mod unhooked;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use chrono::{DateTime, Utc};

use crate::agents::sessions::{Moment, SessionError};
use crate::agents::{Act, Told};
use crate::attribution::Author;
use crate::journal::fold;
use crate::model::event::{Edge, JOURNAL_VERSION};
use crate::model::{
    Content, EditId, Event, Evidence, PromptText, RepoPath, SessionId, TurnId, What,
};
use crate::redact;
use files::File;
use roots::Roots;

/// A session.
#[derive(Default)]
pub struct Session {
    /// Its name.
    pub id: SessionId,
    /// The agent's.
    pub agent: String,
    /// Its prompts, what was read and how turns ended. They belong to no work tree: no replay
    /// takes them for something that was seen.
    pub events: Vec<Event>,
    /// What it did, in order.
    pub steps: Vec<Step>,
}

/// Something that an agent did.
#[derive(Clone)]
pub struct Step {
    /// When.
    pub at: DateTime<Utc>,
    /// In which turn and by which call.
    pub author: Author,
    /// What.
    pub work: Work,
}

/// What an agent did.
#[derive(Clone)]
pub enum Work {
    /// An edit of a file of the repository.
    Edit {
        /// Which.
        path: RepoPath,
        /// The path it had before.
        from: Option<RepoPath>,
        /// How.
        told: Told,
    },
    /// A command that may have written anything.
    Command(String),
}

/// Sessions that hooks told of, and since when.
pub struct Spoken(HashMap<SessionId, DateTime<Utc>>);

impl Spoken {
    /// Those of the journal.
    pub fn of(events: &[Event]) -> Self {
        let mut since = HashMap::new();
        for event in events {
            let first: &mut DateTime<Utc> = since.entry(event.session.clone()).or_insert(event.at);
            *first = event.at.min(*first);
        }
        Self(since)
    }

    /// Since when hooks told of a session.
    pub fn since(&self, session: &SessionId) -> Option<DateTime<Utc>> {
        self.0.get(session).copied()
    }

    /// Whether hooks told of this moment of a session.
    pub fn has(&self, session: &SessionId, at: DateTime<Utc>) -> bool {
        self.0.get(session).is_some_and(|since| *since <= at)
    }
}

/// Reads a file of sessions as far as they concern the repository, and something may have happened
/// since then. What was read before an error holds.
pub fn read(
    file: &File,
    roots: &Roots,
    since: Option<DateTime<Utc>>,
) -> (Vec<Raw>, Option<SessionError>) {
    let mut reader = Reader { roots, file, sessions: Vec::new(), places: HashMap::new() };
    let wanted = |cwd: &Path| roots.near(cwd);
    let outcome = file.agent.sessions().map_or(Ok(()), |sessions| {
        let mut tell = |moment| reader.moment(moment);
        match since {
            Some(since) => sessions.recent(&file.path, since, &wanted, &mut tell),
            None => sessions.read(&file.path, &wanted, &mut tell),
        }
    });
    reader.sessions.retain(|raw| !raw.session.steps.is_empty() || raw.prompts() > 0);
    (reader.sessions, outcome.err())
}

/// Makes sessions of what was read: one may lie in several files, those of its sub-agents. A copy
/// of one that is told elsewhere adds nothing.
pub fn join(mut raws: Vec<Raw>) -> Vec<Session> {
    let told = raws.iter().filter(|raw| !raw.copy).map(|raw| raw.session.id.clone());
    let told: BTreeSet<SessionId> = told.collect();
    raws.retain(|raw| !raw.copy || !told.contains(&raw.session.id));
    let mut sessions: BTreeMap<SessionId, Raw> = BTreeMap::new();
    for raw in raws {
        match sessions.entry(raw.session.id.clone()) {
            Entry::Vacant(place) => drop(place.insert(raw)),
            Entry::Occupied(mut known) => known.get_mut().extend(raw),
        }
    }
    let folded = sessions.into_values().map(Raw::folded);
    folded.filter(|session| !session.steps.is_empty()).collect()
}

/// Sessions while they are read.
struct Reader<'r> {
    roots: &'r Roots,
    file: &'r File,
    sessions: Vec<Raw>,
    places: HashMap<String, usize>,
}

/// What a file has of a session, in which each step has an event that stands for it, by its number.
pub struct Raw {
    /// What was read. No step knows its turn yet.
    pub session: Session,
    last: DateTime<Utc>,
    /// The starts of commands are told.
    started: bool,
    /// It counts only where no other file has the session.
    copy: bool,
}

impl Reader<'_> {
    fn moment(&mut self, moment: Moment) {
        let Moment { at, report } = moment;
        let place = *self.places.entry(report.session.clone()).or_insert_with(|| {
            let id = SessionId::derive(&report.agent, &report.session);
            let session = Session { id, agent: report.agent.clone(), ..Session::default() };
            let (last, copy) = (self.file.begun, self.file.is_copy());
            self.sessions.push(Raw { session, last, started: false, copy });
            self.sessions.len() - 1
        });
        let raw = &mut self.sessions[place];
        // What has no time of its own came after what was told before it.
        raw.last = at.unwrap_or(raw.last);
        let near = self.roots.near(&report.cwd);
        let mut tell = |what: What| {
            let session = raw.session.id.clone();
            raw.session.events.push(Event {
                v: JOURNAL_VERSION,
                at: raw.last,
                agent: report.agent.clone(),
                turn: report.turn.as_deref().map(|turn| TurnId::derive(&session, turn)),
                edit: report.call.as_deref().map(|call| EditId::derive(&session, call)),
                subagent: report.subagent.clone(),
                model: report.model.clone(),
                worktree: String::new(),
                head: None,
                session,
                what,
            });
        };
        let inside = |path: &Path| self.roots.relative(&report.cwd, path);
        let by_gate = report.is_prompted_by_gate();
        match report.act {
            Act::Prompt(_) if by_gate => {}
            Act::Prompt(text) => tell(What::Prompt(redacted(&text))),
            Act::Stopped { closing, background } => {
                let closing = closing.as_deref().map(redacted);
                tell(What::Stop { closing, background, tree: None });
            }
            Act::Read(paths) => {
                let paths: Vec<RepoPath> = paths.iter().filter_map(|path| inside(path)).collect();
                if !paths.is_empty() {
                    tell(What::Read { paths });
                }
            }
            Act::Edited(edits) => {
                for edit in edits {
                    let Some(path) = inside(&edit.path) else {
                        continue;
                    };
                    tell(stand_in(raw.session.steps.len()));
                    let from = edit.from.as_deref().and_then(inside);
                    let work = Work::Edit { path, from, told: edit.told };
                    raw.session.steps.push(Step { at: raw.last, author: nobody(), work });
                }
            }
            Act::CommandStarts { command, .. } if near => {
                raw.started = true;
                tell(stand_in(raw.session.steps.len()));
                let work = Work::Command(command);
                raw.session.steps.push(Step { at: raw.last, author: nobody(), work });
            }
            // Where no start is told, the end is all there is.
            Act::CommandEnded { command, .. } if near && !raw.started => {
                tell(stand_in(raw.session.steps.len()));
                let work = Work::Command(command);
                raw.session.steps.push(Step { at: raw.last, author: nobody(), work });
            }
            Act::Started => {
                tell(What::Session { native: report.session.clone(), edge: Edge::Open });
            }
            Act::CommandEnded { .. } | Act::CommandStarts { .. } | Act::Before(_) | Act::Ended => {}
        }
    }
}

impl Raw {
    /// How many prompts it has.
    pub fn prompts(&self) -> usize {
        let prompts = |event: &&Event| matches!(event.what, What::Prompt(_));
        self.session.events.iter().filter(prompts).count()
    }

    /// Adds what another file has of the session, in its place by time.
    fn extend(&mut self, other: Self) {
        let before = self.session.steps.len();
        self.session.steps.extend(other.session.steps);
        self.session.events.extend(other.session.events.into_iter().map(|mut event| {
            if let Some(number) = stands_for(&event) {
                event.what = stand_in(before + number);
            }
            event
        }));
        self.session.events.sort_by_key(|event| event.at);
    }

    /// Gives every step the turn and the call that its stand-in got.
    fn folded(mut self) -> Session {
        fold(&mut self.session.events);
        for event in &self.session.events {
            if let Some(number) = stands_for(event) {
                self.session.steps[number].author = Author {
                    session: event.session.clone(),
                    turn: event.turn.clone(),
                    edit: event.edit.clone(),
                    evidence: Evidence::Transcript,
                };
            }
        }
        self.session.events.retain(|event| stands_for(event).is_none());
        self.session
    }
}

/// An event like no other.
fn stand_in(number: usize) -> What {
    let after = Content::Opaque { opaque: number.to_string() };
    What::Edit { path: RepoPath::from(""), from: None, before: None, after }
}

fn stands_for(event: &Event) -> Option<usize> {
    match &event.what {
        What::Edit { after: Content::Opaque { opaque }, .. } => opaque.parse().ok(),
        _ => None,
    }
}

fn nobody() -> Author {
    let session = SessionId::default();
    Author { session, turn: None, edit: None, evidence: Evidence::Transcript }
}

fn redacted(text: &str) -> PromptText {
    let done = redact::redact(text);
    PromptText { text: done.text, removed: done.removed }
}
