//! The repository and the snapshots, as attribution asks for them: the files of commits, and where
//! HEAD was.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;

use crate::attribution::{Place, Source};
use crate::git::Repo;
use crate::git::objects::Entry;
use crate::git::reflog::Move;
use crate::journal::{Reader, Snapshots};
use crate::model::{Digest, Oid, RepoPath};

/// How many folders of commits are remembered.
const MAX_FOLDERS: usize = 2_000;
/// So many moves of HEAD are known, the last ones.
const MAX_MOVES: usize = 200;

/// The repository and the snapshots, as attribution asks for them.
pub struct Stored<'r> {
    repo: &'r Repo,
    snapshots: RefCell<Reader>,
    committed: RefCell<Option<Committed>>,
    folders: RefCell<HashMap<Oid, Vec<Entry>>>,
    moves: OnceCell<Vec<Move>>,
}

impl<'r> Stored<'r> {
    /// Nothing is read before it is asked for.
    pub fn of(repo: &'r Repo) -> Self {
        Self {
            repo,
            snapshots: RefCell::new(Reader::of(Snapshots::at(&repo.state_dir()))),
            committed: RefCell::default(),
            folders: RefCell::default(),
            moves: OnceCell::new(),
        }
    }
}

/// What is known of the commit that was asked for last: events of one HEAD follow each other.
struct Committed {
    commit: Oid,
    tree: Option<Oid>,
    files: HashMap<RepoPath, Option<Oid>>,
}

impl Stored<'_> {
    /// What moved HEAD, the last moves first.
    fn moves(&self) -> &[Move] {
        self.moves.get_or_init(|| self.repo.head_moves(MAX_MOVES))
    }

    /// What moved HEAD from the one place to the other, the last moves first.
    fn between(&self, from: &Place, to: &Place) -> &[Move] {
        let moves = self.moves();
        let none = moves.len();
        // Of a clock that was set back meanwhile, the commits alone tell.
        let went = |place: &Place| moves.iter().position(|made| made.to == place.head);
        let until = |place: &Place| moves.iter().position(|made| made.at <= place.at.timestamp());
        let end = until(to).or_else(|| went(to)).unwrap_or(none);
        let by_then = until(from).unwrap_or(none);
        // Of what moved HEAD in that second anything may have come later: then all did.
        let there = |made: &Move| made.to == from.head;
        let in_second = moves[by_then..].iter().take_while(|made| made.at == from.at.timestamp());
        let first = (by_then + in_second.count() + 1).min(none);
        let start = moves[by_then..first].iter().rposition(there);
        let start = start.or_else(|| moves[by_then..].iter().position(there));
        let start = start.map(|at| by_then + at).or_else(|| went(from)).unwrap_or(none);
        moves.get(end..start).unwrap_or_default()
    }
}

impl Source for Stored<'_> {
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

    fn left_behind(&self, seen: &Place, now: &Place) -> Vec<Oid> {
        let moves = self.between(seen, now);
        let Some(brought) = moves.iter().position(Move::brings) else {
            return Vec::new();
        };
        let before = moves[brought + 1..].iter().map(|made| &made.to);
        // Where the file was seen comes first: the oldest of too many are left out.
        [&seen.head].into_iter().chain(before).cloned().collect()
    }

    fn made(&self, seen: &Place, now: &Place) -> Vec<(Oid, Oid)> {
        let moves = self.between(seen, now);
        let before = moves.iter().skip(1).map(|made| &made.to).chain([&seen.head]);
        let made = moves.iter().zip(before).take_while(|(made, _)| made.commits_alone());
        made.map(|(made, before)| (made.to.clone(), before.clone())).collect()
    }

    fn only_committed(&self, from: &Oid, to: &Oid) -> bool {
        let moves = self.moves();
        let Some(end) = moves.iter().position(|made| made.to == *to) else {
            return false;
        };
        let Some(length) = moves[end..].iter().position(|made| made.to == *from) else {
            return false;
        };
        moves[end..end + length].iter().all(Move::commits_alone)
    }
}
