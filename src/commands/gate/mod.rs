//! The gate: what is judged, by which policy, and what is kept of it.

pub mod analyser;
pub mod claims;
pub mod people;
pub mod policy;
mod project;
pub mod range;
pub mod receipt;
mod record;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};

pub use project::TreeProject;
pub use record::record;

use crate::agents;
use crate::attribution::hunks;
use crate::checklist::{self, Change, Claims, File, Judgement, Project, Run};
use crate::commands::attribute::{self, Evidences, Stamp};
use crate::commands::check::files::{Folder, toolchain};
use crate::commands::gate::receipt::Receipt;
use crate::config::Env;
use crate::config::policy::Effective;
use crate::error::{Error, Result};
use crate::git::Repo;
use crate::git::lines::is_text;
use crate::git::objects::Commit;
use crate::git::target::{Target, targets};
use crate::model::note::{Note, NoteHunk, PromptRecord};
use crate::model::{Contributor, Finding, LineRange, Oid, RepoPath, SessionId, TurnId, What};
use crate::query::{PromptState, Provenance};
use crate::render::check::text::Shown;

/// A change that the gate judges.
pub struct Subject {
    /// The tree it leads to.
    pub tree: Oid,
    /// The tree it comes from.
    pub before: Option<Oid>,
    /// The lines of it that are not simply a person's, with their sessions and turns.
    pub note: Note,
    /// The prompts that led to them.
    pub prompts: Vec<PromptRecord>,
    /// The same as the checklist sees it.
    pub change: Change,
    /// Of what the journal told its hunks, where it did.
    pub stamp: Option<Stamp>,
}

/// A judgement with the policy that it was made by.
pub struct Judged {
    /// What the checklist says.
    pub judgement: Judgement,
    /// The policy.
    pub policy: Effective,
}

/// What is staged, over HEAD (and over what is being merged).
pub fn staged(repo: &Repo, env: &Env, now: DateTime<Utc>) -> Result<Subject> {
    let tree = repo.index_tree().map_err(|error| {
        Error::from(error).hint("resolve the conflicts first; `git status` names them")
    })?;
    let merging = repo.state_file("MERGE_HEAD").unwrap_or_default();
    let merging = merging.lines().map(|oid| Oid(oid.trim().to_owned()));
    let parents = repo.head()?.into_iter().chain(merging).collect();
    let time = now.timestamp();
    let (author, message) = (String::new(), String::new());
    let commit = Commit { tree, parents, author, authored: time, time, message };
    let evidences = Evidences::since(env, repo, commit.parents.first())?;
    of_commit(repo, env, &evidences, &commit, now)
}

/// What a commit changes, as its note explains it.
pub fn committed(repo: &Repo, oid: &Oid) -> Result<Subject> {
    let mut provenance = Provenance::open(repo)?;
    let Some(note) = provenance.note(oid)? else {
        return Err(Error::new(format!("nothing is recorded for commit {}", oid.short()))
            .hint("fetch the notes, or see `git ai-log log` for commits that have one"));
    };
    let commit = repo.commit(oid)?;
    let mut prompts = Vec::new();
    for turn in note.turns.keys() {
        if let PromptState::Known(record) = provenance.prompt(oid, turn)? {
            prompts.push(record);
        }
    }
    let mut reads: BTreeMap<SessionId, BTreeSet<RepoPath>> = BTreeMap::new();
    for turn in note.turns.values() {
        reads.entry(turn.session.clone()).or_default().extend(turn.read.iter().cloned());
    }
    let base = commit.parents.first();
    let before = base.map(|base| repo.commit(base).map(|commit| commit.tree)).transpose()?;
    let touched = touched(repo, before.as_ref(), &commit.tree)?;
    let change = change(repo, &targets(repo, &commit)?, &note, reads, touched)?;
    let (tree, note) = (commit.tree, (*note).clone());
    Ok(Subject { tree, before, note, prompts, change, stamp: None })
}

/// What a commit changes, as the journal explains it.
pub fn of_commit(
    repo: &Repo,
    env: &Env,
    evidences: &Evidences,
    commit: &Commit,
    now: DateTime<Utc>,
) -> Result<Subject> {
    let targets = targets(repo, commit)?;
    let base = commit.parents.first();
    let mut note = Note {
        hunks: attribute::hunks(repo, evidences, base, &targets, attribute::Made::Here, now)?,
        ..Note::default()
    };
    let stamp = Some(evidences.stamp(base));
    let prompts = evidences.describe(&mut note, None);
    let before = base.map(|base| repo.commit(base).map(|commit| commit.tree)).transpose()?;
    let touched = touched(repo, before.as_ref(), &commit.tree)?;
    let mut change = change(repo, &targets, &note, reads(evidences, &note), touched)?;
    change.edited = edited(evidences, base);
    if agents::run_us(&env.variables) {
        judge_unknown(&mut change, &note);
    }
    Ok(Subject { tree: commit.tree.clone(), before, note, prompts, change, stamp })
}

/// What the pre-commit hook attributed of this very commit, so that it need not be done again.
pub fn attributed(repo: &Repo, evidences: &Evidences, commit: &Commit) -> Option<Vec<NoteHunk>> {
    let stamp = evidences.stamp(commit.parents.first());
    Receipt::find(repo, &commit.tree)?.attributed?.hunks(&stamp)
}

/// How many lines a change adds, whoever wrote them.
pub fn added(repo: &Repo, subject: &Subject) -> Result<u32> {
    let mut count = 0;
    for change in repo.changes(subject.before.as_ref(), &subject.tree)? {
        let text = |side: &Option<(RepoPath, Oid)>| {
            side.as_ref().map_or(Ok(None), |(_, oid)| repo.blob(oid))
        };
        let (old, new) = (text(&change.old)?, text(&change.new)?.unwrap_or_default());
        if is_text(&new) {
            let bases: Vec<&[u8]> = old.as_deref().into_iter().collect();
            count += hunks::added(&bases, &new).into_iter().filter(|added| *added).count();
        }
    }
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Every path in which the trees differ.
fn touched(repo: &Repo, before: Option<&Oid>, tree: &Oid) -> Result<Vec<RepoPath>> {
    let changes = repo.changes(before, tree)?;
    let paths = changes.into_iter().flat_map(|change| [change.old, change.new]).flatten();
    let paths: BTreeSet<RepoPath> = paths.map(|(path, _)| path).collect();
    Ok(paths.into_iter().collect())
}

/// The files that agents edited on this commit.
fn edited(evidences: &Evidences, base: Option<&Oid>) -> BTreeSet<RepoPath> {
    let since = evidences.events.iter().filter(|event| event.head.as_ref() == base);
    since
        .filter_map(|event| match &event.what {
            What::Edit { path, .. } => Some(path.clone()),
            _ => None,
        })
        .collect()
}

/// The files that the sessions of a note have read, as far as the journal knows.
fn reads(evidences: &Evidences, note: &Note) -> BTreeMap<SessionId, BTreeSet<RepoPath>> {
    let mut reads: BTreeMap<SessionId, BTreeSet<RepoPath>> = BTreeMap::new();
    for event in &evidences.events {
        if let What::Read { paths } = &event.what
            && note.sessions.contains_key(&event.session)
        {
            reads.entry(event.session.clone()).or_default().extend(paths.iter().cloned());
        }
    }
    reads
}

/// The change as the checklist sees it: files with lines of agents', without generated ones.
pub fn change(
    repo: &Repo,
    targets: &[Target],
    note: &Note,
    reads: BTreeMap<SessionId, BTreeSet<RepoPath>>,
    touched: Vec<RepoPath>,
) -> Result<Change> {
    let mut hunks: HashMap<&RepoPath, Vec<&NoteHunk>> = HashMap::new();
    for hunk in &note.hunks {
        hunks.entry(&hunk.path).or_default().push(hunk);
    }
    let mut change = Change { reads, touched, ..Change::default() };
    for target in targets {
        let Some(hunks) = hunks.get(&target.path) else {
            continue;
        };
        if !is_text(&target.text) {
            continue;
        }
        let file = file(target, hunks, note);
        if file.runs.is_empty() { &mut change.doubtful } else { &mut change.files }.push(file);
    }
    if !change.files.is_empty() {
        let paths: Vec<RepoPath> = change.files.iter().map(|file| file.path.clone()).collect();
        let not_ours = if has_attributes(repo) { repo.not_ours(&paths)? } else { Vec::new() };
        change.files.retain(|file| !not_ours.contains(&file.path));
    }
    Ok(change)
}

/// Asking git costs a process, which most repositories need not pay.
fn has_attributes(repo: &Repo) -> bool {
    let file = repo.work_tree().map(|top| top.join(".gitattributes"));
    let text = file.and_then(|file| std::fs::read(file).ok()).unwrap_or_default();
    memchr::memmem::find(&text, b"linguist-").is_some()
}

fn file(target: &Target, hunks: &[&NoteHunk], note: &Note) -> File {
    let judged =
        |hunk: &&&NoteHunk| matches!(hunk.contributor, Contributor::Ai | Contributor::Mixed);
    let runs = hunks.iter().filter(judged).map(|hunk| Run {
        lines: hunk.lines,
        contributor: hunk.contributor,
        agent: hunk.session.as_ref().and_then(|id| note.sessions.get(id)).map(|s| s.agent.clone()),
        session: hunk.session.clone(),
        turn: hunk.turn.clone(),
        digest: hunk.digest.clone(),
    });
    let old = target.bases.first().map(Vec::as_slice);
    let mut file = File::new(target.path.clone(), &target.text, old, runs.collect());
    let unknown = hunks.iter().filter(|hunk| hunk.contributor == Contributor::Unknown);
    file.unknown = unknown.map(|hunk| hunk.lines).collect();
    file
}

/// Where an agent itself commits, lines that nobody can say who wrote are judged, too.
fn judge_unknown(change: &mut Change, note: &Note) {
    change.files.append(&mut change.doubtful);
    for file in &mut change.files {
        let unknown = std::mem::take(&mut file.unknown);
        let hunks = note.hunks.iter().filter(|hunk| hunk.path == file.path);
        let hunks = hunks.filter(|hunk| unknown.contains(&hunk.lines));
        file.runs.extend(hunks.map(|hunk| Run {
            lines: hunk.lines,
            contributor: Contributor::Unknown,
            agent: None,
            session: None,
            turn: None,
            digest: hunk.digest.clone(),
        }));
        file.runs.sort_by_key(|run| run.lines);
    }
    change.files.sort_by(|a, b| a.path.cmp(&b.path));
}

/// The project of a tree.
pub fn project<'r>(repo: &'r Repo, env: &Env, tree: &Oid) -> TreeProject<'r> {
    TreeProject::of(repo, tree.clone(), toolchain(env), Env::now().date_naive())
}

/// Judges a change by the policy that is in force for it.
pub fn judge(repo: &Repo, env: &Env, subject: &Subject, claims: &Claims) -> Result<Judged> {
    let after = project(repo, env, &subject.tree);
    let before = subject.before.as_ref().map(|tree| project(repo, env, tree));
    let before = before.as_ref().map(|project| project as &dyn Project);
    judge_in(env, &subject.change, before, &after, claims)
}

/// Judges what lies in the work tree, whether or not it is staged. `note` has its hunks.
pub fn judge_work_tree(
    repo: &Repo,
    env: &Env,
    evidences: &Evidences,
    targets: &[Target],
    note: &Note,
) -> Result<Judgement> {
    let Some(top) = repo.work_tree() else {
        return Ok(Judgement::default());
    };
    let touched = targets.iter().map(|target| target.path.clone()).collect();
    let change = change(repo, targets, note, reads(evidences, note), touched)?;
    let head = repo.head()?.map(|head| repo.commit(&head)).transpose()?;
    let before = head.as_ref().map(|commit| project(repo, env, &commit.tree));
    let before = before.as_ref().map(|project| project as &dyn Project);
    let after = Folder::of(top.to_path_buf(), env);
    Ok(judge_in(env, &change, before, &after, &claims::read(repo))?.judgement)
}

fn judge_in(
    env: &Env,
    change: &Change,
    before: Option<&dyn Project>,
    after: &dyn Project,
    claims: &Claims,
) -> Result<Judged> {
    let policy = policy::of(env, before, after, change)?;
    let rules = policy::rules(before, after, change);
    let judgement = checklist::judge(change, after, &policy, &rules, claims)?;
    Ok(Judged { judgement, policy })
}

impl Subject {
    /// What is shown of a finding beside the finding itself.
    pub fn shown(&self, finding: &Finding) -> Shown {
        let file = self.change.file(&finding.path);
        let prompt = finding.turn.as_ref().and_then(|turn| self.prompt(turn));
        Shown {
            source: file.map(|file| file.line(finding.lines.start).to_owned()).unwrap_or_default(),
            prompt: prompt.map(str::to_owned),
        }
    }

    /// The text of a turn's prompt.
    pub fn prompt(&self, turn: &TurnId) -> Option<&str> {
        let known = self.prompts.iter().find(|prompt| prompt.turn == *turn);
        known.map(|prompt| prompt.prompt.text.as_str())
    }

    /// The hunks that lie on these lines.
    pub fn hunks_at(&self, path: &RepoPath, lines: LineRange) -> Vec<&Run> {
        self.change.file(path).into_iter().flat_map(|file| file.runs_at(lines)).collect()
    }
}
