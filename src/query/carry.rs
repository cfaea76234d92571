//! Provenance for lines of a commit that nothing else explains: text of agents', found again by
//! what the notes of other commits say.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use chrono::DateTime;

use super::copied::{Copies, Texts};
use super::file::{File, unexplained};
use super::hunk_at;
use super::index::Index;
use super::kin::{Kinship, Version};
use super::known::{Known, noted, pool, taken};
use super::moved::{self, Place};
use crate::attribution::carry::{Found, Kin, New};
use crate::attribution::hunks::blank;
use crate::attribution::tokens::{fingerprint, tells};
use crate::git::lines::split;
use crate::git::notes::{Notes, PROVENANCE};
use crate::git::objects::Commit;
use crate::git::target::{Target, targets};
use crate::git::{GitError, Repo};
use crate::model::note::{Note, NoteHunk};
use crate::model::{Evidence, Oid, RepoPath};
use crate::notes;

/// How many notes are read for one commit: those that have most of its lines.
const NOTES: usize = 2_000;
/// Clocks of two machines differ. Seconds.
pub(super) const SKEW: i64 = 600;

/// A commit whose lines are looked for.
pub struct Wanted<'a> {
    /// Its name.
    pub oid: &'a Oid,
    /// What it is.
    pub commit: &'a Commit,
    /// Its files.
    pub targets: &'a [Target],
    /// Lines that have an owner already.
    pub taken: &'a [NoteHunk],
    /// Commits that it is known to be made from.
    pub predecessors: &'a [Oid],
}

/// What was found.
#[derive(Debug, Default)]
pub struct Carried {
    /// The lines.
    pub hunks: Vec<NoteHunk>,
    /// Lines that an agent wrote in a commit that may be this one's predecessor, but so few that
    /// a person may have written them here.
    pub doubtful: Vec<NoteHunk>,
    /// The commits that they come from.
    pub from: Vec<Oid>,
    /// Whether one of these is not in the commit's history: the commit was made from it.
    pub rewritten: bool,
}

/// What all notes say, as far as it is asked for.
pub struct Carrier<'r> {
    repo: &'r Repo,
    notes: Notes<'r>,
    index: Index,
    read: HashMap<Oid, Option<Rc<Note>>>,
    kinship: Kinship<'r>,
    texts: Texts,
    before: HashMap<(Oid, RepoPath), HashMap<usize, Place>>,
}

impl<'r> Carrier<'r> {
    /// Opens the index and reads this many new notes at most.
    pub fn open(repo: &'r Repo, limit: usize) -> Result<Self, GitError> {
        let index = Index::open(repo, limit)?;
        Ok(Self {
            repo,
            notes: Notes::open(repo, PROVENANCE)?,
            kinship: Kinship::new(repo, index.oldest().unwrap_or(0)),
            index,
            read: HashMap::new(),
            texts: Texts::default(),
            before: HashMap::new(),
        })
    }

    /// Whether a commit of this time can have lines of agents'.
    pub fn concerns(&self, time: i64) -> bool {
        self.index.oldest().is_some_and(|oldest| oldest <= time + SKEW)
    }

    /// Agents' lines in this commit, of those that are new in it and have no owner yet.
    pub fn carry(&mut self, wanted: &Wanted<'_>) -> Result<Carried, GitError> {
        if !self.concerns(wanted.commit.time) {
            return Ok(Carried::default());
        }
        let mut files: Vec<File<'_>> =
            wanted.targets.iter().filter_map(|target| File::of(target, wanted.taken)).collect();
        let mut prints: Vec<u64> = files.iter().flat_map(File::telling).collect();
        prints.sort_unstable();
        prints.dedup();
        if prints.is_empty() {
            return Ok(Carried::default());
        }
        let latest = self.latest(wanted)?;
        let known = self.known(wanted, &prints, latest)?;
        if known.is_empty() {
            return Ok(Carried::default());
        }
        self.date(wanted, &known, &mut files)?;
        let moved = self.moved(wanted, &known, &mut files)?;
        let mut owners = Vec::new();
        let pool = pool(&known, &mut owners);
        let find = |files: &[File<'_>]| {
            let news: Vec<New<'_>> = files.iter().map(File::as_new).collect();
            pool.carry(latest, &news)
        };
        let mut found = find(&files);
        while self.copied(wanted, &Copies::of(&files, &found, &known, &owners), &mut files)? {
            found = find(&files);
        }
        let mut carried = Carried::default();
        for (file, found) in files.iter_mut().zip(found) {
            carried.take(file, &found, &known, &owners, wanted.commit.time);
            for (free, found) in file.free.iter_mut().zip(&found) {
                *free &= found.is_none();
            }
        }
        carried.take_moved(&files, moved);
        Ok(carried)
    }

    /// The owners of lines that stood elsewhere before: agents', or nobody's. They, and a person's,
    /// are not those of another commit's agent who wrote the same; where nobody knows whose they
    /// were, only of one that was earlier.
    fn moved(
        &mut self,
        wanted: &Wanted<'_>,
        known: &[Known],
        files: &mut [File<'_>],
    ) -> Result<Vec<Moved>, GitError> {
        let hunks = known.iter().flat_map(|known| &known.note.hunks);
        let agents = hunks.filter(|hunk| hunk.contributor.is_agents());
        let agents: HashSet<u64> = agents.flat_map(|hunk| hunk.fingerprints.clone()).collect();
        let mut places = moved::places(self.repo, wanted, files, &agents)?;
        let versions = self.kinship.versions(wanted, &[])?;
        for base in self.kinship.bases(wanted, &versions) {
            places.extend(moved::stood(self.repo, &base, files, &agents)?);
        }
        let mut moved = Vec::new();
        for ((file, line), place) in places {
            let (since, owner) = self.owner(&place)?;
            files[file].stood[line] = since;
            moved.extend(owner.map(|(commit, hunk)| Moved { file, line, commit, hunk }));
        }
        Ok(moved)
    }

    /// Marks lines that the commit may have copied from elsewhere, and not from an agent's file.
    /// Returns whether there are any.
    fn copied(
        &mut self,
        wanted: &Wanted<'_>,
        copies: &Copies<'_>,
        files: &mut [File<'_>],
    ) -> Result<bool, GitError> {
        let mut any = false;
        for (file, line) in &copies.beside {
            let stood = &mut files[*file].stood[*line];
            any |= *stood != i64::MIN;
            *stood = i64::MIN;
        }
        for ((file, line), place) in copies.places(self.repo, wanted, files, &mut self.texts)? {
            let (_, owner) = self.owner(&place)?;
            let stood = &mut files[file].stood[line];
            if *stood != i64::MIN && !owner.is_some_and(|(_, hunk)| hunk.contributor.is_agents()) {
                (*stood, any) = (i64::MIN, true);
            }
        }
        Ok(any)
    }

    /// Since when a line is there that is not another commit's agent's, and its commit and hunk.
    /// What has a note is never another's. Where nobody knows whose it is, it is there since the
    /// commit that wrote it, and did not only move it or bring it back.
    fn owner(&mut self, place: &Place) -> Result<(i64, Option<(Oid, NoteHunk)>), GitError> {
        if let Some(note) = self.note(&place.commit)? {
            let hunk = hunk_at(&note, &place.path, place.line).cloned();
            return Ok((i64::MIN, hunk.map(|hunk| (place.commit.clone(), hunk))));
        }
        let commit = self.repo.commit(&place.commit)?;
        match self.before(place, &commit)? {
            Some(before) => self.owner(&before),
            None => Ok((commit.time, None)),
        }
    }

    /// Where a line stood before the commit that is said to have written it, as far back as there
    /// are notes.
    fn before(&mut self, place: &Place, commit: &Commit) -> Result<Option<Place>, GitError> {
        if !self.concerns(commit.time) {
            return Ok(None);
        }
        let file = (place.commit.clone(), place.path.clone());
        if !self.before.contains_key(&file) {
            // What lies beyond the edge of a shallow or partial clone tells nothing.
            let lines = moved::into(self.repo, &place.commit, commit, &place.path);
            self.before.insert(file.clone(), lines.unwrap_or_default());
        }
        let line = (place.line as usize).saturating_sub(1);
        Ok(self.before[&file].get(&line).cloned())
    }

    /// The notes that have some of these lines, the nearest first, then the oldest.
    fn known(
        &mut self,
        wanted: &Wanted<'_>,
        prints: &[u64],
        latest: i64,
    ) -> Result<Vec<Known>, GitError> {
        let mut hits: Vec<(Oid, usize)> = self.index.find(prints).into_iter().collect();
        hits.retain(|(oid, _)| oid != wanted.oid);
        hits.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
        hits.truncate(NOTES);
        let mut known = Vec::new();
        for (commit, _) in hits {
            if let Some(note) = self.note(&commit)?
                && note.authored.is_none_or(|at| at.timestamp() <= latest)
                && let Some(kin) = self.kinship.of(wanted, noted(&commit, &note))?
            {
                let mut spent = match kin {
                    Kin::Aside => self.kinship.spent(wanted, noted(&commit, &note))?,
                    Kin::Same | Kin::Below => Vec::new(),
                };
                if kin != Kin::Below {
                    spent.push(Rc::new(taken(wanted, &note)));
                }
                known.push(Known { commit, kin, note, spent });
            }
        }
        known.sort_by_cached_key(|known| {
            let at = known.note.turns.values().filter_map(|turn| turn.at).min();
            (known.kin, at, known.commit.clone())
        });
        Ok(known)
    }

    /// Since when older versions of the commit have its lines, where a note is younger, and which
    /// of them are a person's by a version's own note. What is known of the commit itself may be
    /// from before others' notes came: then only times count.
    fn date(
        &mut self,
        wanted: &Wanted<'_>,
        known: &[Known],
        files: &mut [File<'_>],
    ) -> Result<(), GitError> {
        let others = known.iter().filter(|known| known.kin != Kin::Same).map(Known::noted);
        let later = others.filter(|noted| noted.authored > Some(wanted.commit.authored));
        let later: Vec<&Oid> = later.map(|noted| noted.commit).collect();
        let noted = self.note(wanted.oid)?.is_some();
        if noted && later.is_empty() {
            return Ok(());
        }
        let versions = self.kinship.versions(wanted, &later)?;
        let persons = if noted { Lines::new() } else { self.persons(&versions)? };
        for file in files {
            versions.iter().for_each(|version| file.date(version.time, &version.lines));
            if let Some(lines) = persons.get(file.path) {
                file.date(i64::MIN, lines);
            }
        }
        Ok(())
    }

    /// The lines that versions of a commit have and their own notes do not name.
    fn persons(&mut self, versions: &[Version]) -> Result<Lines, GitError> {
        let mut persons = Lines::new();
        for Version { oid, .. } in versions {
            let Some(note) = self.note(oid)? else {
                continue;
            };
            let targets = targets(self.repo, &self.repo.commit(oid)?)?;
            for file in targets.iter().filter_map(|target| File::of(target, &note.hunks)) {
                persons.entry(file.path.clone()).or_default().extend(file.telling());
            }
        }
        Ok(persons)
    }

    /// Takes lines out of what the journal says of a commit that was made from others, where its
    /// text was only found again: those that older versions of the commit have, a person's by their
    /// notes, or from before the edit, whose time `edited` knows; and those that stood in the file
    /// where such a version was made, whose owner is asked for there.
    pub fn without_persons(
        &mut self,
        wanted: &Wanted<'_>,
        hunks: Vec<NoteHunk>,
        edited: &dyn Fn(&NoteHunk) -> Option<i64>,
    ) -> Result<Vec<NoteHunk>, GitError> {
        let carried = hunks.iter().filter(|hunk| hunk.evidence == Some(Evidence::Carried));
        let paths: BTreeSet<&RepoPath> = carried.map(|hunk| &hunk.path).collect();
        if paths.is_empty() {
            return Ok(hunks);
        }
        let versions = self.kinship.versions(wanted, &[])?;
        let mut persons = self.persons(&versions)?;
        for base in self.kinship.bases(wanted, &versions) {
            for path in &paths {
                let text = self.repo.text_in(&base, path)?.unwrap_or_default();
                let stood = split(&text).into_iter().map(fingerprint);
                persons.entry((*path).clone()).or_default().extend(stood);
            }
        }
        let mut kept = Vec::new();
        for hunk in hunks {
            let target = wanted.targets.iter().find(|target| target.path == hunk.path);
            let (Some(target), Some(Evidence::Carried)) = (target, hunk.evidence) else {
                kept.push(hunk);
                continue;
            };
            let at = edited(&hunk).unwrap_or(i64::MAX);
            let is_persons = |line: &&[u8]| {
                let print = fingerprint(line);
                let before =
                    |version: &Version| version.time <= at && version.lines.contains(&print);
                let named = persons.get(&hunk.path).is_some_and(|lines| lines.contains(&print));
                tells(line) && (named || versions.iter().any(before))
            };
            kept.extend(parts(&hunk, &split(&target.text), &is_persons));
        }
        Ok(kept)
    }

    /// Until when lines were asked for and committed that can be the commit's. One that has a note
    /// may be older than text that others made of it since, and whose lines it calls nobody's are a
    /// person's unless an agent's are certain: clocks are not forgiven then.
    fn latest(&mut self, wanted: &Wanted<'_>) -> Result<i64, GitError> {
        let Commit { time, authored, .. } = wanted.commit;
        let noted = self.note(wanted.oid)?.is_some();
        Ok(if noted { *time.min(authored) } else { time + SKEW })
    }

    fn note(&mut self, commit: &Oid) -> Result<Option<Rc<Note>>, GitError> {
        if let Some(known) = self.read.get(commit) {
            return Ok(known.clone());
        }
        let bytes = self.notes.get(commit)?;
        let note = bytes.and_then(|bytes| notes::parse(&bytes).ok()).map(Rc::new);
        self.read.insert(commit.clone(), note.clone());
        Ok(note)
    }
}

/// Fingerprints of lines of files.
type Lines = HashMap<RepoPath, HashSet<u64>>;

/// A hunk without these of its lines.
fn parts(hunk: &NoteHunk, lines: &[&[u8]], without: &dyn Fn(&&[u8]) -> bool) -> Vec<NoteHunk> {
    let start = (hunk.lines.start as usize).saturating_sub(1).min(lines.len());
    let end = (start + hunk.fingerprints.len()).min(lines.len());
    let mut at = start;
    let mut parts = Vec::new();
    for part in lines[start..end].chunk_by(|a, b| without(a) == without(b)) {
        if !without(&part[0]) {
            parts.push(hunk.like(blank(&hunk.path, at, part)));
        }
        at += part.len();
    }
    parts
}

/// A line that stood elsewhere before, and the hunk that it was in.
struct Moved {
    file: usize,
    line: usize,
    commit: Oid,
    hunk: NoteHunk,
}

impl Carried {
    /// Adds the lines of a file of a commit of this time that were found: a note and one of its hunks
    /// each. Those of a commit that was written later are in doubt: a clock may be wrong, or an agent
    /// copied them there.
    fn take(
        &mut self,
        file: &File<'_>,
        found: &[Option<Found>],
        known: &[Known],
        owners: &[(usize, usize)],
        time: i64,
    ) {
        let later = |known: &Known| known.kin == Kin::Aside && known.noted().authored > Some(time);
        let mut start = 0;
        for part in found.chunk_by(|a, b| a == b) {
            let end = start + part.len();
            let lines = blank(file.path, start, &file.lines[start..end]);
            start = end;
            match part[0] {
                Some(Found { owner, sure: true }) if !later(&known[owners[owner].0]) => {
                    let (number, place) = owners[owner];
                    let Known { commit, kin, note, .. } = &known[number];
                    self.rewritten |= *kin != Kin::Below;
                    self.push(commit, &note.hunks[place], lines);
                }
                Some(_) => self.doubtful.push(lines),
                None => {}
            }
        }
    }

    /// Adds those that nobody owns yet.
    fn take_moved(&mut self, files: &[File<'_>], mut moved: Vec<Moved>) {
        moved.retain(|moved| files[moved.file].free[moved.line]);
        let place = |moved: &Moved| (moved.file, moved.line);
        let together = |a: &Moved, b: &Moved| {
            place(b) == (a.file, a.line + 1) && (&a.commit, &a.hunk) == (&b.commit, &b.hunk)
        };
        for run in moved.chunk_by(together) {
            let Moved { file, line, commit, hunk } = &run[0];
            let lines = *line..line + run.len();
            let lines = blank(files[*file].path, *line, &files[*file].lines[lines]);
            match hunk.contributor.is_agents() {
                true => self.push(commit, hunk, lines),
                false => self.doubtful.push(lines),
            }
        }
    }

    /// Adds lines that are those of a hunk of this commit's note.
    fn push(&mut self, commit: &Oid, old: &NoteHunk, lines: NoteHunk) {
        self.hunks.push(NoteHunk { evidence: Some(Evidence::Carried), ..old.like(lines) });
        if !self.from.contains(commit) {
            self.from.push(commit.clone());
        }
    }

    /// A note that says so, for a commit that has none; `None` where no agent's line was found.
    pub fn note(
        &self,
        carrier: &mut Carrier<'_>,
        commit: &Commit,
        targets: &[Target],
    ) -> Result<Option<Note>, GitError> {
        if self.hunks.is_empty() {
            return Ok(None);
        }
        let mut note =
            Note { authored: DateTime::from_timestamp(commit.authored, 0), ..Note::default() };
        self.add_to(carrier, &mut note)?;
        note.add(self.doubtful.clone());
        // What the note of its predecessor does not name is a person's. Of a commit that only has
        // text of its own history again nobody knows who wrote the rest.
        if !self.rewritten {
            note.add(unexplained(targets, &note.hunks));
        }
        Ok(Some(note))
    }

    /// Adds the lines to a note, with the sessions and turns that they name.
    pub fn add_to(&self, carrier: &mut Carrier<'_>, note: &mut Note) -> Result<(), GitError> {
        for commit in &self.from {
            let Some(old) = carrier.note(commit)? else {
                continue;
            };
            for hunk in &self.hunks {
                adopt(&mut note.sessions, &old.sessions, hunk.session.as_ref());
                adopt(&mut note.turns, &old.turns, hunk.turn.as_ref());
            }
        }
        note.add(self.hunks.clone());
        Ok(())
    }
}

/// Takes over what is known of this one.
pub fn adopt<K: Ord + Clone, V: Clone>(
    own: &mut BTreeMap<K, V>,
    others: &BTreeMap<K, V>,
    key: Option<&K>,
) {
    if let Some((key, value)) = key.and_then(|key| others.get_key_value(key)) {
        own.entry(key.clone()).or_insert_with(|| value.clone());
    }
}
