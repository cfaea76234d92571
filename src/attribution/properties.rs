//! Random stories of two agents and a person, every line with a tag of its own: what the replay
//! says is compared with who really wrote it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

use chrono::{DateTime, Duration, Utc};
use proptest::prelude::*;

use super::hunks::{added, owned};
use super::replay::Replay;
use super::{Owner, Place, Source};
use crate::git::lines::{Space, diff, split};
use crate::model::event::{Edge, JOURNAL_VERSION, TreeFile, Window};
use crate::model::{
    Content, Digest, EditId, Event, Oid, PromptText, RepoPath, SessionId, TurnId, What,
};

/// The person, and two agents.
const PERSON: usize = 0;
const FILES: [&str; 3] = ["one.txt", "src/two.py", "three.md"];

type Text = Vec<u32>;
type Texts = BTreeMap<usize, Text>;

/// One thing that somebody does. Numbers are taken modulo what there is.
#[derive(Debug, Clone)]
enum Act {
    /// Lines are typed, in place of others or between them.
    Type { who: usize, file: usize, at: usize, over: usize, count: usize, told: bool },
    /// Lines move within a file.
    Shift { who: usize, file: usize, at: usize, count: usize, to: usize },
    /// Lines move to another file: cut first, then pasted.
    Carry { who: usize, file: usize, at: usize, count: usize, other: usize, to: usize },
    /// An agent's command appends to a file it names, or cuts some of it off; a person may save
    /// another file meanwhile.
    Command { who: usize, file: usize, count: usize, cut: usize, meanwhile: Option<usize> },
    /// An agent's command of which nobody can say what it writes; a person may save a file
    /// meanwhile.
    Build { who: usize, file: usize, count: usize, meanwhile: Option<usize> },
    /// The person takes back what a file was some changes ago.
    Undo { file: usize, back: usize },
    /// The person stages a file as it is.
    Stage { file: usize },
    /// The person commits: what is staged, or those of the changes in the work tree whose bit is
    /// set.
    Commit { all: bool, mask: u32 },
}

fn act() -> impl Strategy<Value = Act> {
    let (who, file, at) = (0..3_usize, 0..FILES.len(), 0..40_usize);
    let agent = 1..3_usize;
    prop_oneof![
        6 => (who.clone(), file.clone(), at.clone(), 0..4_usize, 0..6_usize, any::<bool>())
            .prop_map(|(who, file, at, over, count, told)| Act::Type { who, file, at, over, count, told }),
        2 => (who.clone(), file.clone(), at.clone(), 1..5_usize, at.clone())
            .prop_map(|(who, file, at, count, to)| Act::Shift { who, file, at, count, to }),
        2 => (who, file.clone(), at.clone(), 1..7_usize, file.clone(), at)
            .prop_map(|(who, file, at, count, other, to)| Act::Carry { who, file, at, count, other, to }),
        2 => (agent.clone(), file.clone(), 0..4_usize, 0..3_usize, proptest::option::of(file.clone()))
            .prop_map(|(who, file, count, cut, meanwhile)| Act::Command { who, file, count, cut, meanwhile }),
        1 => (agent, file.clone(), 1..3_usize, proptest::option::of(file.clone()))
            .prop_map(|(who, file, count, meanwhile)| Act::Build { who, file, count, meanwhile }),
        1 => (file.clone(), 1..5_usize).prop_map(|(file, back)| Act::Undo { file, back }),
        1 => file.prop_map(|file| Act::Stage { file }),
        2 => (any::<bool>(), any::<u32>()).prop_map(|(all, mask)| Act::Commit { all, mask }),
    ]
}

/// The disk, the journal, the history, and the truth.
#[derive(Default)]
struct World {
    texts: Texts,
    index: Texts,
    past: HashMap<usize, Vec<Text>>,
    events: Vec<Event>,
    memory: Memory,
    head: Option<Oid>,
    committed: Texts,
    next: u32,
    /// Who put this line into a file it was not in.
    put: HashMap<u32, BTreeSet<usize>>,
    /// Lines that a command wrote of which nobody can say what it wrote.
    doubtful: BTreeSet<u32>,
    /// An agent's line that is not called its own is a fault, too.
    complete: bool,
}

#[derive(Default)]
struct Memory {
    snapshots: RefCell<HashMap<Digest, Vec<u8>>>,
    commits: HashMap<Oid, BTreeMap<RepoPath, Vec<u8>>>,
}

impl Memory {
    fn keep(&self, bytes: Vec<u8>) -> Content {
        let digest = Digest::of(&bytes);
        self.snapshots.borrow_mut().insert(digest.clone(), bytes);
        Content::Text(digest)
    }
}

impl Source for Memory {
    fn committed_file(&self, commit: &Oid, path: &RepoPath) -> Option<Oid> {
        Some(Oid(Digest::of(self.commits.get(commit)?.get(path)?).0))
    }

    fn file(&self, oid: &Oid) -> Option<Vec<u8>> {
        let mut files = self.commits.values().flat_map(BTreeMap::values);
        files.find(|bytes| Digest::of(bytes).0 == oid.0).cloned()
    }

    fn snapshot(&self, digest: &Digest) -> Option<Vec<u8>> {
        self.snapshots.borrow().get(digest).cloned()
    }

    fn left_behind(&self, _: &Place, _: &Place) -> Vec<Oid> {
        Vec::new()
    }

    fn made(&self, _: &Place, _: &Place) -> Vec<(Oid, Oid)> {
        Vec::new()
    }

    fn only_committed(&self, _: &Oid, _: &Oid) -> bool {
        true
    }
}

fn path(file: usize) -> RepoPath {
    FILES[file].into()
}

/// One token a line, so that no line is like another one.
fn bytes(text: &[u32]) -> Vec<u8> {
    text.iter()
        .fold(String::new(), |mut out, tag| {
            let _ = writeln!(out, "tagged{tag:05}");
            out
        })
        .into_bytes()
}

fn session(who: usize) -> SessionId {
    SessionId(format!("s_{who}"))
}

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

impl World {
    fn now(&self) -> DateTime<Utc> {
        start() + Duration::milliseconds(i64::try_from(self.events.len()).unwrap())
    }

    fn report(&mut self, who: usize, call: usize, what: What) {
        let session = session(who);
        self.events.push(Event {
            v: JOURNAL_VERSION,
            at: self.now(),
            agent: "test".into(),
            turn: Some(TurnId::derive(&session, "1")),
            edit: Some(EditId::derive(&session, &call.to_string())),
            subagent: None,
            model: None,
            worktree: "/w".into(),
            head: self.head.clone(),
            session,
            what,
        });
    }

    fn fresh(&mut self, count: usize) -> Text {
        let first = self.next;
        self.next += u32::try_from(count).unwrap();
        (first..self.next).collect()
    }

    fn text(&self, file: usize) -> Text {
        self.texts.get(&file).cloned().unwrap_or_default()
    }

    fn content(&self, file: usize) -> Content {
        match self.texts.get(&file) {
            Some(text) => self.memory.keep(bytes(text)),
            None => Content::ABSENT,
        }
    }

    /// The file has a new text, by this hand.
    fn save(&mut self, who: usize, file: usize, text: Text) {
        let old = self.text(file);
        for tag in text.iter().filter(|tag| !old.contains(tag)) {
            self.put.entry(*tag).or_default().insert(who);
        }
        self.past.entry(file).or_default().push(old);
        self.texts.insert(file, text);
    }

    /// The same, reported if it is an agent's.
    fn edit(&mut self, who: usize, file: usize, text: Text, told: bool) {
        let call = self.events.len();
        let before = self.content(file);
        if who != PERSON {
            let text = before.clone();
            self.report(who, call, What::Saw { path: path(file), text });
        }
        self.save(who, file, text);
        if who != PERSON {
            let after = self.content(file);
            let before = told.then_some(before);
            self.report(who, call, What::Edit { path: path(file), from: None, before, after });
        }
    }

    fn tree(&self) -> Content {
        let mut manifest = Vec::new();
        for (&file, text) in &self.texts {
            if self.committed.get(&file) != Some(text) {
                let text = self.content(file);
                let line = TreeFile { path: path(file), text };
                serde_json::to_writer(&mut manifest, &line).unwrap();
                manifest.push(b'\n');
            }
        }
        self.memory.keep(manifest)
    }

    fn window(&mut self, who: usize, call: usize, edge: Edge, command: &str) {
        let window = Window {
            edge,
            tool: "Bash".into(),
            command: command.to_owned(),
            scripts: Vec::new(),
            tree: self.tree(),
            stash: None,
            background: false,
        };
        self.report(who, call, What::Window(window));
    }

    fn act(&mut self, act: &Act) -> Result<(), TestCaseError> {
        match *act {
            Act::Type { who, file, at, over, count, told } => {
                let mut text = self.text(file);
                let at = at % (text.len() + 1);
                let end = (at + over).min(text.len());
                text.splice(at..end, self.fresh(count));
                self.edit(who, file, text, told);
            }
            Act::Shift { who, file, at, count, to } => {
                let mut text = self.text(file);
                let lines = cut(&mut text, at, count);
                let to = to % (text.len() + 1);
                text.splice(to..to, lines);
                self.edit(who, file, text, true);
            }
            Act::Carry { who, file, at, count, other, to } => {
                let other = if other == file { (other + 1) % FILES.len() } else { other };
                let (mut from, mut into) = (self.text(file), self.text(other));
                let lines = cut(&mut from, at, count);
                // A line that is in both files is no line of one person's any more.
                let lines: Text = lines.into_iter().filter(|tag| !into.contains(tag)).collect();
                let to = to % (into.len() + 1);
                into.splice(to..to, lines);
                self.edit(who, file, from, true);
                self.edit(who, other, into, true);
            }
            Act::Command { who, file, count, cut, meanwhile } => {
                let command = format!("sed -i script {}", FILES[file]);
                let call = self.events.len();
                self.window(who, call, Edge::Open, &command);
                if let Some(other) = meanwhile.filter(|other| *other != file) {
                    let mut text = self.text(other);
                    text.extend(self.fresh(2));
                    self.save(PERSON, other, text);
                }
                let mut text = self.text(file);
                text.truncate(text.len() - cut.min(text.len()));
                text.extend(self.fresh(count));
                self.save(who, file, text);
                self.window(who, call, Edge::Close, &command);
            }
            Act::Build { who, file, count, meanwhile } => {
                let call = self.events.len();
                self.window(who, call, Edge::Open, "./build.sh");
                if let Some(other) = meanwhile {
                    let mut text = self.text(other);
                    text.extend(self.fresh(2));
                    self.save(PERSON, other, text);
                }
                let lines = self.fresh(count);
                self.doubtful.extend(&lines);
                let mut text = self.text(file);
                text.extend(lines);
                self.save(who, file, text);
                self.window(who, call, Edge::Close, "./build.sh");
            }
            Act::Undo { file, back } => {
                let past = self.past.entry(file).or_default();
                if let Some(text) = past.len().checked_sub(back).map(|at| past[at].clone()) {
                    self.save(PERSON, file, text);
                }
            }
            Act::Stage { file } => {
                if let Some(text) = self.texts.get(&file) {
                    self.index.insert(file, text.clone());
                }
            }
            Act::Commit { all, mask } => self.commit(all, mask)?,
        }
        Ok(())
    }

    fn commit(&mut self, all: bool, mask: u32) -> Result<(), TestCaseError> {
        let mut target = self.committed.clone();
        if all {
            for (&file, text) in &self.texts {
                let base = self.committed.get(&file).cloned().unwrap_or_default();
                target.insert(file, partly(&base, text, mask));
            }
        } else {
            target.extend(self.index.iter().map(|(file, text)| (*file, text.clone())));
        }
        self.check(&target)?;
        let oid = Oid(format!("{:040x}", self.memory.commits.len() + 1));
        let files = target.iter().map(|(file, text)| (path(*file), bytes(text)));
        self.memory.commits.insert(oid.clone(), files.collect());
        self.head = Some(oid);
        self.committed.clone_from(&target);
        self.index = target;
        Ok(())
    }

    /// Compares what the replay says of a commit of these texts with the truth.
    fn check(&self, target: &Texts) -> Result<(), TestCaseError> {
        let events: Vec<&Event> = self.events.iter().collect();
        let mut replay = Replay::of(&events, &self.memory);
        let changed: Vec<(usize, &Text)> = target
            .iter()
            .filter(|(file, text)| self.committed.get(file) != Some(*text))
            .map(|(file, text)| (*file, text))
            .collect();
        let files = changed.iter().map(|(file, text)| (path(*file), None, Some(bytes(text))));
        let files = files.collect();
        let texts = replay.target(self.head.as_ref(), true, files, self.now());
        for (file, text) in changed {
            let base = self.committed.get(&file).map(|text| bytes(text)).unwrap_or_default();
            let annotated = &texts[&path(file)];
            prop_assert_eq!(annotated.owners.len(), split(&bytes(text)).len());
            for run in owned(annotated, &added(&[&base], &bytes(text))) {
                for &tag in &text[run.lines.clone()] {
                    self.judge(tag, run.owner, &replay)?;
                }
            }
        }
        Ok(())
    }

    fn judge(&self, tag: u32, owner: Owner, replay: &Replay<'_>) -> Result<(), TestCaseError> {
        let put = &self.put[&tag];
        match owner {
            Owner::Agent { author, mixed, .. } => {
                prop_assert!(!mixed, "tagged{tag:05} is half of somebody else");
                let name = &replay.authors()[author as usize].session;
                let true_one = put.iter().any(|who| *who != PERSON && session(*who) == *name);
                prop_assert!(true_one, "tagged{tag:05} is called {name}'s, and is by {put:?}");
            }
            Owner::Person if self.complete => {
                let known = self.doubtful.contains(&tag) || put.contains(&PERSON);
                prop_assert!(known, "tagged{tag:05} is called a person's, and is by {put:?}");
            }
            // Doubt is never wrong, but it has its reasons.
            Owner::Unknown if self.complete => {
                let doubt = self.events.iter().any(
                    |event| matches!(&event.what, What::Window(w) if w.command == "./build.sh"),
                );
                prop_assert!(doubt, "tagged{tag:05} is called unknown, and is by {put:?}");
            }
            Owner::Person | Owner::Unknown => {}
        }
        Ok(())
    }
}

fn cut(text: &mut Text, at: usize, count: usize) -> Text {
    let at = at % (text.len() + 1);
    let end = (at + count).min(text.len());
    text.drain(at..end).collect()
}

/// The base with those of the changes whose bit is set; all of them where half of a move would
/// be a copy.
fn partly(base: &Text, text: &Text, mask: u32) -> Text {
    let mut staged = Vec::new();
    let mut at = 0;
    for (number, edit) in diff(&bytes(base), &bytes(text), Space::Counts).into_iter().enumerate() {
        staged.extend_from_slice(&base[at..edit.old.start]);
        let taken = mask >> (number % 32) & 1 == 1;
        staged.extend_from_slice(if taken { &text[edit.new] } else { &base[edit.old.clone()] });
        at = edit.old.end;
    }
    staged.extend_from_slice(&base[at..]);
    let copies = staged.iter().collect::<BTreeSet<_>>().len() < staged.len();
    if copies { text.clone() } else { staged }
}

/// Plays a story to its end.
fn play(acts: &[Act], complete: bool) -> Result<(), TestCaseError> {
    let mut world = World { complete, ..World::default() };
    for who in 1..3 {
        world.report(who, 0, What::Prompt(PromptText::default()));
    }
    for act in acts {
        world.act(act)?;
    }
    world.commit(true, u32::MAX)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn a_line_no_agent_wrote_is_never_called_ai(acts in proptest::collection::vec(act(), 1..30)) {
        play(&acts, false)?;
    }

    #[test]
    fn a_line_only_an_agent_wrote_is_that_agents(acts in proptest::collection::vec(act(), 1..30)) {
        let acts: Vec<Act> =
            acts.into_iter().filter(|act| !matches!(act, Act::Stage { .. } | Act::Undo { .. })).collect();
        play(&acts, true)?;
    }
}
