//! Sessions laid onto the commits that followed them.

use std::collections::HashMap;

use super::{Step, Work};
use crate::agents::Told;
use crate::agents::edit::written;
use crate::attribution::Author;
use crate::attribution::carry::{Kin, New, Pool, Run};
use crate::attribution::hunks::{added, blank};
use crate::attribution::retell::{Commits, Committed, Edit, Retelling};
use crate::attribution::tokens::fingerprint;
use crate::commands::attribute::hunks_of;
use crate::git::lines::{is_text, split};
use crate::git::target::Target;
use crate::model::note::NoteHunk;
use crate::model::{Contributor, RepoPath};

/// Of how many authors it is known that they are there already: steps of one call follow each
/// other.
const KNOWN: usize = 1_000;

/// What sessions did, and which commits have it.
#[derive(Default)]
pub struct Laid {
    retelling: Retelling,
    authors: Vec<Author>,
    ids: HashMap<Author, u32>,
    /// Edits that fit nowhere yet: their commit and they may be of the same second.
    waiting: Vec<Waiting>,
    /// Texts of edits that fit nowhere at all.
    pool: Pool,
    pooled: usize,
}

/// An edit that fits nowhere yet.
struct Waiting {
    at: i64,
    path: RepoPath,
    from: Option<RepoPath>,
    told: Told,
    author: u32,
}

impl Laid {
    /// A step of a session.
    pub fn step(&mut self, step: Step, commits: &mut dyn Commits) {
        let author = self.author(step.author);
        match step.work {
            Work::Command(command) => self.retelling.command(author, &command),
            Work::Edit { path, from, told } => {
                let at = step.at.timestamp();
                let edit = Waiting { at, path, from, told, author };
                if !self.retelling.edit(&edit.as_edit(), commits) {
                    self.waiting.push(edit);
                }
            }
        }
    }

    /// Whether a commit that changes this file may have something of a session.
    pub fn concerns(&self, path: &RepoPath) -> bool {
        self.retelling.has_commands()
            || self.retelling.follows(path)
            || self.retelling.open().next().is_some()
    }

    /// The lines of a commit that sessions wrote.
    pub fn commit(
        &mut self,
        time: i64,
        targets: &[Target],
        commits: &mut dyn Commits,
    ) -> Vec<NoteHunk> {
        let targets: Vec<&Target> = targets.iter().filter(|target| is_text(&target.text)).collect();
        let named = |path: &RepoPath| targets.iter().any(|target| target.path == *path);
        let mut gone: Vec<RepoPath> = self.retelling.open().cloned().collect();
        gone.retain(|path| !named(path) && commits.next(path).is_none());
        let files = targets.iter().map(|target| committed(target)).collect();
        let seen = self.retelling.commit(files, gone);
        let mut hunks = Vec::new();
        for (path, annotated) in seen {
            let target = targets.iter().find(|target| target.path == path);
            hunks.extend(target.into_iter().flat_map(|t| hunks_of(t, &annotated, &self.authors)));
        }
        for edit in std::mem::take(&mut self.waiting) {
            if !targets.iter().any(|target| target.path == edit.path) {
                self.waiting.push(edit);
            } else if !self.retelling.edit(&edit.as_edit(), commits) {
                self.give_up(&edit);
            }
        }
        hunks.extend(self.carried(time, &targets, &hunks));
        hunks.retain(|hunk| hunk.contributor.is_agents());
        hunks
    }

    fn author(&mut self, author: Author) -> u32 {
        if let Some(&id) = self.ids.get(&author) {
            return id;
        }
        let id = u32::try_from(self.authors.len()).unwrap_or(u32::MAX);
        self.authors.push(author.clone());
        if self.ids.len() >= KNOWN {
            self.ids.clear();
        }
        self.ids.insert(author, id);
        id
    }

    /// What is left of such an edit is its text.
    fn give_up(&mut self, edit: &Waiting) {
        let owner = edit.author as usize;
        let lines = written(&edit.told).into_iter();
        let lines = lines.map(|line| (fingerprint(line.as_bytes()), owner)).collect();
        let (path, since, note) = (edit.path.clone(), edit.at, self.pooled);
        self.pool.push(Run { path, since, made: since, note, kin: Kin::Below, lines });
        self.pooled += 1;
    }

    /// Lines of such edits, found again as those of other commits are.
    fn carried(&self, time: i64, targets: &[&Target], known: &[NoteHunk]) -> Vec<NoteHunk> {
        let mut hunks = Vec::new();
        if self.pooled == 0 {
            return hunks;
        }
        for target in targets {
            let lines = split(&target.text);
            let mut free = added_by(target);
            for hunk in known.iter().filter(|hunk| hunk.path == target.path) {
                free[hunk.lines.start as usize - 1..hunk.lines.end as usize].fill(false);
            }
            let new =
                New { path: &target.path, lines: &lines, free: &free, since: &[], stood: &[] };
            let found = self.pool.carry(time, &[new]).pop().unwrap_or_default();
            let mut start = 0;
            for part in found.chunk_by(|a, b| a == b) {
                let end = start + part.len();
                if let Some(found) = part[0].filter(|found| found.sure) {
                    let author = &self.authors[found.owner];
                    hunks.push(NoteHunk {
                        contributor: Contributor::Ai,
                        session: Some(author.session.clone()),
                        turn: author.turn.clone(),
                        edit: author.edit.clone(),
                        evidence: Some(author.evidence),
                        ..blank(&target.path, start, &lines[start..end])
                    });
                }
                start = end;
            }
        }
        hunks
    }
}

impl Waiting {
    fn as_edit(&self) -> Edit<'_> {
        let Self { path, from, told, author, .. } = self;
        Edit { path, from: from.as_ref(), told, author: *author }
    }
}

fn added_by(target: &Target) -> Vec<bool> {
    let bases: Vec<&[u8]> = target.bases.iter().map(Vec::as_slice).collect();
    added(&bases, &target.text)
}

fn committed(target: &Target) -> Committed {
    Committed {
        path: target.path.clone(),
        old_path: target.old_path.clone().filter(|old| *old != target.path),
        base: target.bases.first().cloned(),
        text: target.text.clone(),
        added: added_by(target),
    }
}
