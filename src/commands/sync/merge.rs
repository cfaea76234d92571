//! Their notes into ours, record by record.

use std::collections::BTreeSet;

use crate::error::Result;
use crate::git::notes::{self as refs, Alone, Combine, History, PROMPTS, PROMPTS_NEW, PROVENANCE};
use crate::git::{GitError, Repo};
use crate::journal::{Journal, write_private};
use crate::model::{Digest, Oid, TurnId};
use crate::{notes, query};

/// Takes attribution in. Returns where our ref is then.
pub fn provenance(repo: &Repo, theirs: &Oid, time: i64) -> Result<Option<Oid>> {
    let none = BTreeSet::new();
    Ok(refs::merge(repo, PROVENANCE, History::Kept, Some(theirs), time, &mut |ours, theirs| {
        let mut note = |ours: &[Oid], theirs: &[Oid]| joined(repo, ours, theirs, &none, &mut 0);
        let (ours_alone, theirs_alone) = (Alone::Keep, Alone::Keep);
        Combine { ours: ours_alone, theirs: theirs_alone, equal: Alone::Keep, note: &mut note }
            .run(repo, ours, theirs)
    })?)
}

/// The tree with the notes of both commits.
pub fn union(repo: &Repo, one: Option<&Oid>, other: &Oid) -> Result<Oid> {
    let none = BTreeSet::new();
    let mut note = |one: &[Oid], other: &[Oid]| joined(repo, one, other, &none, &mut 0);
    let one = one.map(|one| repo.commit(one)).transpose()?.map(|commit| commit.tree);
    let other = repo.commit(other)?.tree;
    let (ours, theirs, equal) = (Alone::Keep, Alone::Keep, Alone::Keep);
    Ok(Combine { ours, theirs, equal, note: &mut note }.run(repo, one.as_ref(), Some(&other))?)
}

/// Prompts, and what must not be among them.
pub struct Prompts<'r> {
    repo: &'r Repo,
    forgotten: BTreeSet<TurnId>,
    /// Whether all of ours are looked through, whatever is known of them.
    pub scan: bool,
    /// Notes that lost a record because its turn is forgotten.
    pub dropped: usize,
}

impl<'r> Prompts<'r> {
    /// With what is forgotten now.
    pub fn of(repo: &'r Repo) -> Result<Self> {
        Ok(Self { repo, forgotten: query::forgotten(repo)?, scan: false, dropped: 0 })
    }

    /// Takes prompts in, if there are any, and lets go of those that are forgotten, in the journal,
    /// too. Returns where our ref is then.
    pub fn merge(&mut self, theirs: Option<&Oid>, time: i64) -> Result<Option<Oid>> {
        let (repo, forgotten) = (self.repo, &self.forgotten);
        // Ours hold nothing forgotten, unless more was forgotten since they were last looked
        // through: what is the same here and there need not be read again.
        let mark = repo.state_dir().join("forgotten");
        let names: Vec<&str> = forgotten.iter().map(TurnId::as_str).collect();
        let digest = Digest::of(names.join("\n").as_bytes());
        let known = || std::fs::read(&mark).is_ok_and(|text| text == digest.as_str().as_bytes());
        let scan = !forgotten.is_empty() && (self.scan || !known());
        let visit = |needed| if needed { Alone::Visit } else { Alone::Keep };
        let mut dropped = 0;
        let tip = refs::merge(repo, PROMPTS, History::None, theirs, time, &mut |ours, theirs| {
            dropped = 0;
            let mut note =
                |ours: &[Oid], theirs: &[Oid]| joined(repo, ours, theirs, forgotten, &mut dropped);
            Combine {
                ours: visit(scan),
                theirs: visit(!forgotten.is_empty()),
                equal: visit(scan),
                note: &mut note,
            }
            .run(repo, ours, theirs)
        })?;
        self.dropped += dropped;
        if scan {
            // The reflog would keep them for months.
            if tip.is_some() {
                repo.drop_reflog(PROMPTS)?;
            }
            Journal::at(&repo.state_dir()).forget(forgotten)?;
            write_private(&mark, digest.as_str().as_bytes())?;
        }
        Ok(tip)
    }

    /// Takes in what lies beside our own ref, where a fetch of all our refs into the same names
    /// puts it, as in CI.
    pub fn merge_stray(&mut self, time: i64) -> Result<()> {
        if let Some(stray) = self.repo.target(PROMPTS_NEW)? {
            self.merge(Some(&stray), time)?;
            self.repo.drop_refs(&[PROMPTS_NEW.to_owned()])?;
        }
        Ok(())
    }

    /// What the remote should have in place of `theirs` where prompts are not shared: the same
    /// without what is forgotten. `None` where nothing of that is there. `ours` has been merged.
    pub fn cleaned(&mut self, theirs: &Oid, ours: &Oid, time: i64) -> Result<Option<Oid>> {
        if self.forgotten.is_empty() {
            return Ok(None);
        }
        let (repo, forgotten, mut dropped) = (self.repo, &self.forgotten, 0);
        let mut note =
            |_: &[Oid], theirs: &[Oid]| joined(repo, &[], theirs, forgotten, &mut dropped);
        let mut combine = Combine {
            ours: Alone::Drop,
            theirs: Alone::Visit,
            equal: Alone::Keep,
            note: &mut note,
        };
        let (ours, theirs) = (repo.commit(ours)?.tree, repo.commit(theirs)?.tree);
        let tree = combine.run(repo, Some(&ours), Some(&theirs))?;
        if dropped == 0 {
            return Ok(None);
        }
        Ok(Some(repo.write_commit(&tree, &[], time, "Notes merged by git ai-log")?))
    }
}

/// The notes of one object as one, without what is forgotten; `None` where nothing is left.
fn joined(
    repo: &Repo,
    ours: &[Oid],
    theirs: &[Oid],
    forgotten: &BTreeSet<TurnId>,
    dropped: &mut usize,
) -> Result<Option<Oid>, GitError> {
    let mut oids: Vec<&Oid> = ours.iter().chain(theirs).collect();
    oids.dedup();
    let mut all: Option<Vec<u8>> = None;
    for oid in &oids {
        let missing = || GitError::Damaged { what: "note", oid: (*oid).clone() };
        let bytes = repo.blob(oid)?.ok_or_else(missing)?;
        all = Some(match all {
            None => bytes,
            Some(known) => notes::join(Some(&known), &bytes),
        });
    }
    let bytes = all.unwrap_or_default();
    let without = notes::without(&bytes, &|turn| forgotten.contains(turn));
    match (without, oids.as_slice()) {
        (None, [one]) => Ok(Some((*one).clone())),
        (None, _) => repo.write_blob(&bytes).map(Some),
        (Some(rest), _) => {
            *dropped += 1;
            if rest.trim_ascii().is_empty() { Ok(None) } else { repo.write_blob(&rest).map(Some) }
        }
    }
}
