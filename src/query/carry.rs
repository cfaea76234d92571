//! Provenance for lines of a commit that nothing else explains: text of agents', found again by
//! what the notes of other commits say.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use chrono::DateTime;

use super::hunk_at;
use super::index::Index;
use super::moved::{self, Into};
use crate::attribution::carry::{Found, Kin, New, Pool, Run};
use crate::attribution::hunks::{added, blank};
use crate::attribution::tokens::{fingerprint, tells};
use crate::git::lines::{is_binary, split};
use crate::git::notes::{Notes, PROVENANCE};
use crate::git::objects::Commit;
use crate::git::target::Target;
use crate::git::{GitError, Repo};
use crate::journal::MAX_TEXT;
use crate::model::note::{Note, NoteHunk};
use crate::model::{Evidence, Oid, RepoPath};
use crate::notes;

/// How many notes are read for one commit: those that have most of its lines.
const NOTES: usize = 2_000;
/// Clocks of two machines differ. Seconds.
const SKEW: i64 = 600;

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
    lineage: Option<HashMap<Oid, usize>>,
}

/// Notes of one commit, by nearness.
struct Known {
    commit: Oid,
    kin: Kin,
    note: Rc<Note>,
}

impl<'r> Carrier<'r> {
    /// Opens the index and reads this many new notes at most.
    pub fn open(repo: &'r Repo, limit: usize) -> Result<Self, GitError> {
        Ok(Self {
            repo,
            notes: Notes::open(repo, PROVENANCE)?,
            index: Index::open(repo, limit)?,
            read: HashMap::new(),
            lineage: None,
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
        let known = self.known(wanted, &prints)?;
        if known.is_empty() {
            return Ok(Carried::default());
        }
        let mut owners = Vec::new();
        let pool = pool(&known, &mut owners);
        let news: Vec<New<'_>> = files.iter().map(File::as_new).collect();
        let found = pool.carry(self.latest(wanted)?, &news);
        let mut carried = Carried::default();
        for (file, found) in files.iter_mut().zip(found) {
            file.hunks(&found, &known, &owners, &mut carried);
            for (free, found) in file.free.iter_mut().zip(&found) {
                *free &= found.is_none();
            }
        }
        let agents = known.iter().flat_map(|known| &known.note.hunks);
        let agents = agents.filter(|hunk| hunk.contributor.is_agents());
        let agents: HashSet<u64> = agents.flat_map(|hunk| hunk.fingerprints.clone()).collect();
        for (from, to) in restored(self.repo, wanted.commit)? {
            let moved = Moved { from, back: to != wanted.commit.tree, to };
            self.moved(&moved, &agents, &mut files, &mut carried)?;
        }
        Ok(carried)
    }

    /// Lines that one commit took away, or a revert, and this one has: whose they were stays.
    fn moved(
        &mut self,
        between: &Moved,
        agents: &HashSet<u64>,
        files: &mut [File<'_>],
        carried: &mut Carried,
    ) -> Result<(), GitError> {
        let Moved { from, to, back } = between;
        let open = files.iter().flat_map(File::telling).any(|print| agents.contains(&print));
        if !open {
            return Ok(());
        }
        let removed = moved::removed(self.repo, &self.repo.commit(from)?.tree, to)?;
        let prints: Vec<Vec<u64>> = files.iter().map(File::prints).collect();
        let into = files.iter().zip(&prints);
        let into: Vec<Into<'_>> =
            into.map(|(file, prints)| Into { path: file.path, prints, free: &file.free }).collect();
        let pairs = moved::pairs(&removed, &into, agents, *back);
        if pairs.is_empty() {
            return Ok(());
        }
        let lines = pairs.iter().map(|(_, at)| removed[*at].clone());
        let blamed = moved::blamed(self.repo, from, lines)?;
        let mut owned: BTreeMap<(usize, usize), (Oid, NoteHunk)> = BTreeMap::new();
        for (to, at) in pairs {
            let Some(place) = blamed.get(&(removed[at].path.clone(), removed[at].line)) else {
                continue;
            };
            let note = self.note(&place.commit)?;
            let hunk = note.as_ref().and_then(|note| hunk_at(note, &place.path, place.line));
            if let Some(hunk) = hunk.filter(|hunk| hunk.contributor.is_agents()) {
                owned.insert(to, (place.commit.clone(), hunk.clone()));
            }
        }
        type Owned = ((usize, usize), (Oid, NoteHunk));
        let owned: Vec<Owned> = owned.into_iter().collect();
        let together =
            |(a, one): &Owned, (b, other): &Owned| a.0 == b.0 && a.1 + 1 == b.1 && one == other;
        for run in owned.chunk_by(together) {
            let ((number, start), (commit, hunk)) = &run[0];
            let file = &mut files[*number];
            let lines = *start..start + run.len();
            file.free[lines.clone()].fill(false);
            carried.push(commit, hunk, blank(file.path, *start, &file.lines[lines]));
        }
        Ok(())
    }

    /// The notes that have some of these lines, the nearest first, then the oldest.
    fn known(&mut self, wanted: &Wanted<'_>, prints: &[u64]) -> Result<Vec<Known>, GitError> {
        let mut hits: Vec<(Oid, usize)> = self.index.find(prints).into_iter().collect();
        hits.retain(|(oid, _)| oid != wanted.oid);
        hits.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
        hits.truncate(NOTES);
        let mut known = Vec::new();
        for (commit, _) in hits {
            if let Some(note) = self.note(&commit)?
                && let Some(kin) = self.kin(wanted, &commit, &note)?
            {
                known.push(Known { commit, kin, note });
            }
        }
        known.sort_by_cached_key(|known| {
            let at = known.note.turns.values().filter_map(|turn| turn.at).min();
            (known.kin, at, known.commit.clone())
        });
        Ok(known)
    }

    /// Until when the prompts were asked that can have led to the commit's lines. One that has a note
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

    /// How the commit of a note is related to the one that is looked at; `None` where it was made
    /// on top of it, and may have its lines from there.
    fn kin(
        &mut self,
        wanted: &Wanted<'_>,
        commit: &Oid,
        note: &Note,
    ) -> Result<Option<Kin>, GitError> {
        if wanted.predecessors.contains(commit) {
            return Ok(Some(Kin::Same));
        }
        let lineage = self.lineage(wanted.oid)?;
        let (place, own) = (lineage.get(commit).copied(), lineage.get(wanted.oid).copied());
        if place.is_some() && place > own {
            return Ok(Some(Kin::Below));
        }
        let authored = note.authored.map(|at| at.timestamp());
        if place.is_none() && authored == Some(wanted.commit.authored) {
            return Ok(Some(Kin::Same));
        }
        // What was written before the commit was made is not from there.
        let young = authored.is_some_and(|at| at + SKEW >= wanted.commit.time);
        if young && self.repo.stands_on(commit, wanted.oid)? {
            return Ok(None);
        }
        Ok(Some(if place.is_some() { Kin::Below } else { Kin::Aside }))
    }

    /// The history of a commit, as far back as there are notes. A history that is known already
    /// serves for the commits in it, too: what is not below them stands before them.
    fn lineage(&mut self, of: &Oid) -> Result<&HashMap<Oid, usize>, GitError> {
        let known = self.lineage.take().filter(|known| known.contains_key(of));
        let lineage = match known {
            Some(known) => known,
            None => self.repo.history(of, self.index.oldest().unwrap_or(0))?,
        };
        Ok(self.lineage.insert(lineage))
    }
}

/// The runs of these notes, and their owners: a note and one of its hunks. The same lines of the
/// same turn are in it once, as often as the commit they are in was made again.
fn pool(known: &[Known], owners: &mut Vec<(usize, usize)>) -> Pool {
    let mut pool = Pool::default();
    let mut pushed = HashSet::new();
    for (number, Known { note, kin, .. }) in known.iter().enumerate() {
        pool.others.insert(number, note.others.clone());
        let mut runs: Vec<(Run, u32)> = Vec::new();
        for (place, hunk) in note.hunks.iter().enumerate() {
            if !hunk.contributor.is_agents() {
                continue;
            }
            let turn = hunk.turn.as_ref().and_then(|id| note.turns.get(id));
            let since = turn.and_then(|turn| turn.at).map_or(i64::MIN, |at| at.timestamp());
            let owner = owners.len();
            owners.push((number, place));
            let lines = hunk.fingerprints.iter().map(|print| (*print, owner));
            match runs.last_mut() {
                Some((run, end))
                    if run.path == hunk.path && end.saturating_add(1) == hunk.lines.start =>
                {
                    run.lines.extend(lines);
                    run.since = run.since.max(since);
                    *end = hunk.lines.end;
                }
                _ => {
                    let path = hunk.path.clone();
                    let lines = lines.collect();
                    let run = Run { path, since, note: number, kin: *kin, lines };
                    runs.push((run, hunk.lines.end));
                }
            }
        }
        for (run, _) in runs {
            let prints: Vec<u64> = run.lines.iter().map(|(print, _)| *print).collect();
            let turns = |run: &Run| {
                let hunk = |owner: usize| &note.hunks[owners[owner].1];
                run.lines.iter().map(|(_, owner)| hunk(*owner).turn.clone()).collect::<Vec<_>>()
            };
            let name = (run.path.clone(), prints, turns(&run));
            if pushed.insert(name) {
                pool.push(run);
            }
        }
    }
    pool
}

/// A file of the commit.
struct File<'a> {
    path: &'a RepoPath,
    lines: Vec<&'a [u8]>,
    free: Vec<bool>,
}

impl<'a> File<'a> {
    fn of(target: &'a Target, taken: &[NoteHunk]) -> Option<Self> {
        if is_binary(&target.text) || target.text.len() > MAX_TEXT {
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
        free.contains(&true).then(|| Self { path, lines: split(&target.text), free })
    }

    fn as_new(&self) -> New<'_> {
        New { path: self.path, lines: &self.lines, free: &self.free }
    }

    /// Fingerprints of the lines that can be known again.
    fn telling(&self) -> impl Iterator<Item = u64> + '_ {
        let free = self.lines.iter().zip(&self.free).filter(|(_, free)| **free);
        free.map(|(line, _)| *line).filter(|line| tells(line)).map(fingerprint)
    }

    fn prints(&self) -> Vec<u64> {
        self.lines.iter().map(|line| fingerprint(line)).collect()
    }

    fn hunks(
        &self,
        found: &[Option<Found>],
        known: &[Known],
        owners: &[(usize, usize)],
        carried: &mut Carried,
    ) {
        let mut start = 0;
        for part in found.chunk_by(|a, b| a == b) {
            let end = start + part.len();
            let lines = blank(self.path, start, &self.lines[start..end]);
            start = end;
            let Some(Found { owner, sure }) = part[0] else {
                continue;
            };
            let (number, place) = owners[owner];
            let Known { commit, kin, note } = &known[number];
            if !sure {
                carried.doubtful.push(lines);
                continue;
            }
            carried.rewritten |= *kin != Kin::Below;
            carried.push(commit, &note.hunks[place], lines);
        }
    }
}

/// Where lines may have gone.
struct Moved {
    /// The commit that had them.
    from: Oid,
    /// A tree that has not.
    to: Oid,
    /// Whether they came back later.
    back: bool,
}

/// The pairs of commit and tree between which lines went away that this commit may have: its own
/// parent's, and that of the commit that it reverts, in the words of `git revert`.
fn restored(repo: &Repo, commit: &Commit) -> Result<Vec<(Oid, Oid)>, GitError> {
    let mut pairs = Vec::new();
    if let [parent] = commit.parents.as_slice() {
        pairs.push((parent.clone(), commit.tree.clone()));
    }
    let named = commit.message.split("This reverts commit ").nth(1);
    let digits = named.map(|text| text.split(|c: char| !c.is_ascii_hexdigit()).next());
    let reverted = digits.flatten().filter(|digits| matches!(digits.len(), 40 | 64));
    if let Some(reverted) = reverted.and_then(|oid| repo.commit(&Oid(oid.to_owned())).ok())
        && let [parent] = reverted.parents.as_slice()
    {
        pairs.push((parent.clone(), reverted.tree));
    }
    Ok(pairs)
}

impl Carried {
    /// Adds lines that are those of a hunk of this commit's note.
    fn push(&mut self, commit: &Oid, old: &NoteHunk, lines: NoteHunk) {
        self.hunks.push(NoteHunk {
            contributor: old.contributor,
            session: old.session.clone(),
            turn: old.turn.clone(),
            edit: old.edit.clone(),
            evidence: Some(Evidence::Carried),
            ..lines
        });
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
