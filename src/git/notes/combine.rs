//! Two notes trees made into one.
//!
//! Folders that are the same on both sides are not opened, and a folder that only one side has is
//! taken as it is, so that one new note among 100,000 costs a few folders. The two may differ in
//! how deep their folders go, as git and other tools make them: notes that lie loose on one side
//! go into the folder that the other side has for them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{BLOB, TREE};
use crate::git::objects::Entry;
use crate::git::{GitError, Repo};
use crate::model::Oid;

/// What becomes of notes that are not told apart by being different on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alone {
    /// They stay as they are, unread.
    Keep,
    /// They are left out, unread.
    Drop,
    /// Each is handed to [`Combine::note`].
    Visit,
}

/// The note to keep of what both sides have for one object, ours first; `None` for none.
pub type Pick<'c> = &'c mut dyn FnMut(&[Oid], &[Oid]) -> Result<Option<Oid>, GitError>;

/// How two trees become one.
pub struct Combine<'c> {
    /// Notes that only we have.
    pub ours: Alone,
    /// Notes that only the other side has.
    pub theirs: Alone,
    /// Notes that are the same on both sides.
    pub equal: Alone,
    /// Decides where the two differ, and what is to be visited.
    pub note: Pick<'c>,
}

/// What one side has below a prefix.
#[derive(Default)]
struct Side {
    folder: Option<Oid>,
    /// Notes from above whose names start with the prefix: the rest of the name, and the note.
    loose: Vec<(Vec<u8>, Oid)>,
}

impl Side {
    fn of(folder: Option<&Oid>) -> Self {
        Self { folder: folder.cloned(), loose: Vec::new() }
    }

    fn is_empty(&self) -> bool {
        self.folder.is_none() && self.loose.is_empty()
    }
}

/// What two sides have of one name.
type Pair<T> = [T; 2];

/// The entries of a folder of both sides.
#[derive(Default)]
struct Level {
    notes: BTreeMap<Vec<u8>, Pair<Vec<Oid>>>,
    folders: BTreeMap<Vec<u8>, Pair<Side>>,
    /// What is no note, such as a file that somebody put there.
    foreign: BTreeMap<Vec<u8>, Entry>,
}

impl Combine<'_> {
    /// The tree of both.
    pub fn run(
        &mut self,
        repo: &Repo,
        ours: Option<&Oid>,
        theirs: Option<&Oid>,
    ) -> Result<Oid, GitError> {
        let digits = ours.or(theirs).map_or(40, |oid| oid.as_str().len());
        match self.folder(repo, [Side::of(ours), Side::of(theirs)], digits, true)? {
            Some(tree) => Ok(tree),
            None => repo.write_tree(&[]),
        }
    }

    /// `digits` is how much of a name is left here.
    fn folder(
        &mut self,
        repo: &Repo,
        sides: Pair<Side>,
        digits: usize,
        root: bool,
    ) -> Result<Option<Oid>, GitError> {
        if let Some(whole) = self.whole(&sides) {
            return Ok(whole);
        }
        if let [Side { folder: Some(ours), loose: a }, Side { folder: Some(theirs), loose: b }] =
            &sides
            && (!root && a.is_empty() && b.is_empty())
            && let Some(tree) = self.leaf(repo, [ours, theirs], digits)?
        {
            return Ok(tree);
        }
        let mut level = Level::default();
        for (side, Side { folder, loose }) in sides.into_iter().enumerate() {
            for (name, oid) in loose {
                level.notes.entry(name).or_default()[side].push(oid);
            }
            let entries = folder.map_or(Ok(Vec::new()), |folder| repo.tree(&folder))?;
            for entry in entries {
                level.add(side, entry, digits);
            }
        }
        if digits > 2 && (root || !level.folders.is_empty()) {
            level.lay_into_folders();
        }
        let mut entries: Vec<Entry> = level.foreign.into_values().collect();
        for (name, [ours, theirs]) in level.notes {
            if let Some(oid) = self.pick(ours, theirs)? {
                entries.push(Entry { mode: BLOB, name, oid });
            }
        }
        for (name, sides) in level.folders {
            if let Some(oid) = self.folder(repo, sides, digits - 2, false)? {
                entries.push(Entry { mode: TREE, name, oid });
            }
        }
        if entries.is_empty() { Ok(None) } else { repo.write_tree(&entries).map(Some) }
    }

    /// The folder of both where each has nothing but notes: most are the same, and pass without a
    /// second look. `None` where there is more.
    fn leaf(
        &mut self,
        repo: &Repo,
        [ours, theirs]: Pair<&Oid>,
        digits: usize,
    ) -> Result<Option<Option<Oid>>, GitError> {
        // A sync walks the same folders up to three times.
        let (a, b) = (repo.kept_tree(ours)?, repo.kept_tree(theirs)?);
        // Without a branch for each digit: most names have nothing else.
        let hex = |name: &[u8]| name.iter().fold(true, |hex, byte| hex & byte.is_ascii_hexdigit());
        let is_note =
            |entry: &Entry| entry.mode == BLOB && entry.name.len() == digits && hex(&entry.name);
        let sorted = |entries: &[Entry]| entries.is_sorted_by(|one, next| one.name < next.name);
        let plain = |entries: &[Entry]| entries.iter().all(is_note) && sorted(entries);
        if self.equal == Alone::Visit || !plain(&a) || !plain(&b) {
            return Ok(None);
        }
        let mut entries: Vec<Cow<'_, Entry>> = Vec::with_capacity(a.len().max(b.len()));
        let (mut left, mut right) = (a.iter().peekable(), b.iter().peekable());
        while let Some(name) = left.peek().into_iter().chain(right.peek()).map(|e| &e.name).min() {
            let one = left.next_if(|entry| entry.name == *name);
            let other = right.next_if(|entry| entry.name == *name);
            if let (Some(one), Some(other)) = (one, other)
                && one.oid == other.oid
            {
                entries.extend((self.equal == Alone::Keep).then_some(Cow::Borrowed(one)));
                continue;
            }
            let oids = |entry: Option<&Entry>| entry.map(|e| e.oid.clone()).into_iter();
            let kept = self.pick(oids(one).collect(), oids(other).collect())?;
            entries
                .extend(kept.map(|oid| Cow::Owned(Entry { mode: BLOB, name: name.clone(), oid })));
        }
        let is = |all: &[Entry]| entries.iter().map(AsRef::as_ref).eq(all);
        // What is there already need not be written.
        Ok(Some(if entries.is_empty() {
            None
        } else if is(&a) {
            Some(ours.clone())
        } else if is(&b) {
            Some(theirs.clone())
        } else {
            let entries: Vec<Entry> = entries.into_iter().map(Cow::into_owned).collect();
            Some(repo.write_tree(&entries)?)
        }))
    }

    /// The answer for a folder that need not be opened.
    fn whole(&self, [ours, theirs]: &Pair<Side>) -> Option<Option<Oid>> {
        let (rule, folder) = match (ours.is_empty(), theirs.is_empty()) {
            (true, true) => return Some(None),
            (true, false) => (self.theirs, theirs),
            (false, true) => (self.ours, ours),
            (false, false) if ours.folder != theirs.folder => return None,
            (false, false) => (self.equal, ours),
        };
        if !ours.loose.is_empty() || !theirs.loose.is_empty() {
            return None;
        }
        match rule {
            Alone::Keep => Some(folder.folder.clone()),
            Alone::Drop => Some(None),
            Alone::Visit => None,
        }
    }

    /// The note to keep of one object's.
    fn pick(&mut self, mut ours: Vec<Oid>, mut theirs: Vec<Oid>) -> Result<Option<Oid>, GitError> {
        ours.dedup();
        theirs.dedup();
        let (rule, first) = match (ours.as_slice(), theirs.as_slice()) {
            ([], [one]) => (self.theirs, one),
            ([one], []) => (self.ours, one),
            ([one], [other]) if one == other => (self.equal, one),
            _ => return (self.note)(&ours, &theirs),
        };
        match rule {
            Alone::Keep => Ok(Some(first.clone())),
            Alone::Drop => Ok(None),
            Alone::Visit => (self.note)(&ours, &theirs),
        }
    }
}

impl Level {
    fn add(&mut self, side: usize, entry: Entry, digits: usize) {
        let hex = entry.name.iter().all(u8::is_ascii_hexdigit);
        if hex && entry.is_tree() && entry.name.len() == 2 && digits > 2 {
            self.folders.entry(entry.name).or_default()[side].folder = Some(entry.oid);
        } else if hex && entry.is_file() && entry.name.len() == digits {
            self.notes.entry(entry.name).or_default()[side].push(entry.oid);
        } else {
            self.foreign.entry(entry.name.clone()).or_insert(entry);
        }
    }

    fn lay_into_folders(&mut self) {
        for (name, sides) in std::mem::take(&mut self.notes) {
            let (folder, rest) = name.split_at(2);
            let into = self.folders.entry(folder.to_vec()).or_default();
            for (side, oids) in sides.into_iter().enumerate() {
                into[side].loose.extend(oids.into_iter().map(|oid| (rest.to_vec(), oid)));
            }
        }
    }
}
