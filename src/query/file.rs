//! The new lines of a commit's file.

use std::collections::{HashMap, HashSet};

use crate::attribution::carry::New;
use crate::attribution::hunks::{added, blank};
use crate::attribution::tokens::{fingerprint, tells};
use crate::git::lines::{is_text, split};
use crate::git::target::Target;
use crate::model::RepoPath;
use crate::model::note::{Note, NoteHunk};

/// A file while its lines are looked for.
pub struct File<'a> {
    /// Its path.
    pub path: &'a RepoPath,
    /// Its lines.
    pub lines: Vec<&'a [u8]>,
    /// Which of them are new and have no owner yet.
    pub free: Vec<bool>,
    /// Since when an older version of the commit has each line, seconds since 1970.
    since: Vec<i64>,
    /// Since when each stood elsewhere, where it did before the commit moved it.
    pub stood: Vec<i64>,
}

impl<'a> File<'a> {
    /// A file of a commit; `None` where all its new lines are taken already, or nobody reads it.
    pub fn of(target: &'a Target, taken: &[NoteHunk]) -> Option<Self> {
        if !is_text(&target.text) {
            return None;
        }
        let bases: Vec<&[u8]> = target.bases.iter().map(Vec::as_slice).collect();
        let mut free = added(&bases, &target.text);
        for hunk in taken.iter().filter(|hunk| hunk.path == target.path) {
            let end = (hunk.lines.end as usize).min(free.len());
            let start = (hunk.lines.start as usize).saturating_sub(1).min(end);
            free[start..end].fill(false);
        }
        let path = &target.path;
        let (since, stood) = (vec![i64::MAX; free.len()], vec![i64::MAX; free.len()]);
        free.contains(&true).then(|| Self { path, lines: split(&target.text), free, since, stood })
    }

    /// An older version of the commit, made at this time, seconds since 1970, has these lines.
    pub fn date(&mut self, time: i64, has: &HashSet<u64>) {
        for (line, since) in self.lines.iter().zip(&mut self.since) {
            if tells(line) && has.contains(&fingerprint(line)) {
                *since = time.min(*since);
            }
        }
    }

    /// What may be carried into it.
    pub fn as_new(&self) -> New<'_> {
        New {
            path: self.path,
            lines: &self.lines,
            free: &self.free,
            since: &self.since,
            stood: &self.stood,
        }
    }

    /// Fingerprints of the lines that can be known again.
    pub fn telling(&self) -> impl Iterator<Item = u64> + '_ {
        let free = self.lines.iter().zip(&self.free).filter(|(_, free)| **free);
        free.map(|(line, _)| *line).filter(|line| tells(line)).map(fingerprint)
    }

    /// Fingerprints of all lines.
    pub fn prints(&self) -> Vec<u64> {
        self.lines.iter().map(|line| fingerprint(line)).collect()
    }
}

/// Fingerprints of those lines of hunks of these files that can be known again.
pub fn telling<'h>(targets: &[Target], hunks: impl Iterator<Item = &'h NoteHunk>) -> HashSet<u64> {
    let (mut prints, mut files) = (HashSet::new(), HashMap::new());
    for hunk in hunks {
        let lines = files.entry(&hunk.path).or_insert_with(|| {
            let target = targets.iter().find(|target| target.path == hunk.path);
            target.map(|target| split(&target.text)).unwrap_or_default()
        });
        let start = (hunk.lines.start as usize).saturating_sub(1);
        let own = lines.iter().skip(start).take(hunk.fingerprints.len());
        prints.extend(own.filter(|line| tells(line)).map(|line| fingerprint(line)));
    }
    prints
}

/// What a note keeps of the new lines that are no agent's, where there are agents' lines beside them.
pub fn others(targets: &[Target], hunks: &[NoteHunk]) -> Vec<u32> {
    let agents = hunks.iter().filter(|hunk| hunk.contributor.is_agents());
    let agents: Vec<NoteHunk> = agents.cloned().collect();
    if agents.is_empty() {
        return Vec::new();
    }
    let files: Vec<File<'_>> = targets.iter().filter_map(|file| File::of(file, &agents)).collect();
    Note::sample(files.iter().flat_map(File::telling))
}

/// The new lines of these files that have no owner: nobody can say whose they are.
pub fn unexplained(targets: &[Target], taken: &[NoteHunk]) -> Vec<NoteHunk> {
    let mut hunks = Vec::new();
    for file in targets.iter().filter_map(|target| File::of(target, taken)) {
        let mut start = 0;
        for run in file.free.chunk_by(|a, b| a == b) {
            let lines = start..start + run.len();
            start = lines.end;
            if run[0] {
                hunks.push(blank(file.path, lines.start, &file.lines[lines]));
            }
        }
    }
    hunks
}
