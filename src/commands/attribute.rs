//! The journal and the repository, brought together: who wrote what a commit, the index or the
//! work tree has otherwise than the commit below it.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::rc::Rc;

use chrono::{DateTime, Utc};

use crate::attribution::hunks::{added, blank, owned};
use crate::attribution::replay::Replay;
use crate::attribution::tokens::{fingerprint, tells};
use crate::attribution::{Annotated, Author, Owner, Source};
use crate::commands::sessions::{Session, unhooked};
use crate::config::Env;
use crate::error::Result;
use crate::git::Repo;
use crate::git::lines::{is_binary, split};
use crate::git::objects::Entry;
use crate::git::target::Target;
use crate::journal::{Journal, MAX_TEXT, Reader, Snapshots, fold};
use crate::model::note::{self, Note, NoteHunk, PromptRecord, Turn};
use crate::model::{Contributor, Digest, Event, Evidence, Oid, RepoPath, SessionId, TurnId, What};
use crate::query;

/// How many folders of commits are remembered.
const MAX_FOLDERS: usize = 2_000;
/// Among so many commits below one it is looked for another one.
const MAX_BELOW: usize = 100;

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

impl Evidences {
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
    let source = Files::of(repo);
    Replay::of(&evidences.of_worktree(top), &source).followed().cloned().collect()
}

/// The lines that these files add, with their owners; lines that are simply a person's are left
/// out. `base` is the commit below.
pub fn hunks(
    repo: &Repo,
    evidences: &Evidences,
    base: Option<&Oid>,
    targets: &[Target],
    now: DateTime<Utc>,
) -> Result<Vec<NoteHunk>> {
    let Some(top) = repo.work_tree() else {
        return Ok(Vec::new());
    };
    let source = Files::of(repo);
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
        .filter(|target| target.text.len() <= MAX_TEXT && !is_binary(&target.text))
        .map(|target| (target.path.clone(), target.old_path.clone(), Some(target.text.clone())))
        .collect();
    let gone = gone(&replay, &source, base, targets, top);
    files.extend(gone.into_iter().map(|path| (path, None, None)));
    let texts = replay.target(base, files, now);
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

/// Files with lines of these that are gone: what an agent wrote into them may have been moved. One
/// that a commit has on which HEAD was, and not the base, is not gone but there, as while commits
/// are rebased.
fn gone(
    replay: &Replay<'_>,
    source: &Files<'_>,
    base: Option<&Oid>,
    targets: &[Target],
    top: &Path,
) -> Vec<RepoPath> {
    let named = |path: &RepoPath| targets.iter().any(|target| target.path == *path);
    let mut gone: Vec<RepoPath> = replay.followed().cloned().collect();
    gone.retain(|path| !named(path) && !path.below(top).exists());
    if gone.is_empty() {
        return gone;
    }
    let lines = targets.iter().flat_map(|target| split(&target.text));
    let lines: HashSet<u64> = lines.filter(|line| tells(line)).map(fingerprint).collect();
    let in_base =
        |path: &RepoPath| base.is_some_and(|base| source.committed_file(base, path).is_some());
    gone.retain(|path| replay.has(path, &lines) && (in_base(path) || !source.was_committed(path)));
    gone
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

/// The repository and the snapshots, as attribution asks for them.
struct Files<'r> {
    repo: &'r Repo,
    snapshots: RefCell<Reader>,
    committed: RefCell<Option<Committed>>,
    folders: RefCell<HashMap<Oid, Vec<Entry>>>,
    moves: OnceCell<Vec<(Oid, String)>>,
    parents: RefCell<HashMap<Oid, Rc<[Oid]>>>,
}

impl<'r> Files<'r> {
    fn of(repo: &'r Repo) -> Self {
        Self {
            repo,
            snapshots: RefCell::new(Reader::of(Snapshots::at(&repo.state_dir()))),
            committed: RefCell::default(),
            folders: RefCell::default(),
            moves: OnceCell::new(),
            parents: RefCell::default(),
        }
    }
}

/// What is known of the commit that was asked for last: events of one HEAD follow each other.
struct Committed {
    commit: Oid,
    tree: Option<Oid>,
    files: HashMap<RepoPath, Option<Oid>>,
}

impl Files<'_> {
    /// The commits on which HEAD was, the last ones first, and what moved it there.
    fn moves(&self) -> &[(Oid, String)] {
        self.moves.get_or_init(|| self.repo.head_moves(200).unwrap_or_default())
    }

    /// The parents of a commit; none of one that is gone, as after a rebase and a prune.
    fn parents(&self, commit: &Oid) -> Rc<[Oid]> {
        let mut known = self.parents.borrow_mut();
        let parents = known.entry(commit.clone()).or_insert_with(|| {
            self.repo.commit(commit).map(|commit| commit.parents.into()).unwrap_or_default()
        });
        Rc::clone(parents)
    }

    /// Whether a commit on which HEAD was has this file.
    fn was_committed(&self, path: &RepoPath) -> bool {
        self.moves().iter().any(|(commit, _)| self.committed_file(commit, path).is_some())
    }

    /// Whether one commit was made on top of another one, a few commits ago at most.
    fn stands_on(&self, commit: &Oid, base: &Oid) -> bool {
        let mut below = vec![commit.clone()];
        let mut at = 0;
        while at < below.len().min(MAX_BELOW) && below[at] != *base {
            for parent in self.parents(&below[at]).iter() {
                if !below.contains(parent) {
                    below.push(parent.clone());
                }
            }
            at += 1;
        }
        below.get(at) == Some(base)
    }
}

impl Source for Files<'_> {
    fn committed_file(&self, commit: &Oid, path: &RepoPath) -> Option<Oid> {
        let mut last = self.committed.borrow_mut();
        if last.as_ref().is_none_or(|last| last.commit != *commit) {
            // A commit that is gone, as after a rebase and a prune, says nothing.
            let tree = self.repo.commit(commit).ok().map(|commit| commit.tree);
            *last = Some(Committed { commit: commit.clone(), tree, files: HashMap::new() });
        }
        let last = last.as_mut()?;
        if let Some(file) = last.files.get(path) {
            return file.clone();
        }
        let mut folders = self.folders.borrow_mut();
        if folders.len() > MAX_FOLDERS {
            folders.clear();
        }
        let file = self.repo.file_by(last.tree.as_ref()?, path, &mut folders).ok().flatten();
        last.files.insert(path.clone(), file.clone());
        file
    }

    fn file(&self, oid: &Oid) -> Option<Vec<u8>> {
        self.repo.blob(oid).ok().flatten()
    }

    fn snapshot(&self, digest: &Digest) -> Option<Vec<u8>> {
        self.snapshots.borrow_mut().get(digest).map(|text| text.to_vec())
    }

    fn is_elsewhere(&self, seen: &Oid, head: &Oid) -> bool {
        if self.stands_on(head, seen) {
            return false;
        }
        // `git reset` and `--amend` go below the commit, too, and leave the files as they are.
        let since = self.moves().iter().take_while(|(commit, _)| commit != seen);
        let left = |action: &str| action.contains("checkout") || action.starts_with("rebase");
        !self.stands_on(seen, head) || since.into_iter().any(|(_, action)| left(action))
    }

    fn only_committed(&self, from: &Oid, to: &Oid) -> bool {
        let moves = self.moves();
        let Some(end) = moves.iter().position(|(oid, _)| oid == to) else {
            return false;
        };
        let Some(length) = moves[end..].iter().position(|(oid, _)| oid == from) else {
            return false;
        };
        moves[end..end + length].iter().all(|(_, action)| action.starts_with("commit"))
    }
}
