//! What people vouch for and waive before there is a commit to keep it with: a file in the git
//! directory, from which the commit's note takes what counted.

use std::io::Write as _;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::checklist::Claims;
use crate::error::{Error, Result};
use crate::git::Repo;
use crate::git::signature::Claim as SignedClaim;
use crate::journal::write_private;
use crate::model::{Attestation, Waiver};

/// How long a claim waits for its commit.
const KEPT_DAYS: i64 = 30;

/// One line of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Claim {
    /// Somebody vouches for an item.
    Attestation(Attestation),
    /// Somebody makes an exception.
    Waiver(Waiver),
}

/// What a signed claim says, and its signature.
pub struct Signature {
    payload: Vec<u8>,
    signature: String,
    who: String,
    at: DateTime<Utc>,
}

impl Signature {
    /// The same as the programs that check it take it.
    pub fn claim(&self) -> SignedClaim<'_> {
        let Self { payload, signature, who, at } = self;
        SignedClaim { payload, signature, who, at: *at }
    }
}

/// An attestation, if it is signed.
pub fn signed_attestation(claim: &Attestation) -> Option<Signature> {
    let (signature, who) = (claim.signature.clone()?, claim.who.clone());
    Some(Signature { payload: claim.payload(), signature, who, at: claim.at })
}

/// A waiver, if it is signed.
pub fn signed_waiver(waiver: &Waiver) -> Option<Signature> {
    let (signature, who, at) = (waiver.signature.clone()?, waiver.who.clone(), waiver.at?);
    Some(Signature { payload: waiver.payload(), signature, who, at })
}

/// Every claim that was made here.
pub fn read(repo: &Repo) -> Claims {
    let text = std::fs::read_to_string(path(repo)).unwrap_or_default();
    let mut claims = Claims::default();
    for claim in text.lines().filter_map(|line| serde_json::from_str(line).ok()) {
        claims.add(claim);
    }
    claims
}

impl Claims {
    /// Adds a claim.
    pub fn add(&mut self, claim: Claim) {
        match claim {
            Claim::Attestation(claim) => self.attestations.push(claim),
            Claim::Waiver(waiver) => self.waivers.push(waiver),
        }
    }
}

/// Keeps a claim.
pub fn add(repo: &Repo, claim: &Claim) -> Result<()> {
    let path = path(repo);
    let failed =
        |e: std::io::Error| Error::new(format!("cannot write {}", path.display())).because(e);
    let folder = repo.state_dir();
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let mut line =
        serde_json::to_vec(claim).map_err(|e| Error::new("cannot encode a claim").because(e))?;
    line.push(b'\n');
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.create(true).append(true).open(&path).map_err(failed)?;
    file.write_all(&line).map_err(failed)
}

/// Lets go of what was said so long ago that no commit waits for it.
pub fn prune(repo: &Repo, now: DateTime<Utc>) -> Result<()> {
    let path = path(repo);
    let Ok(text) = std::fs::read_to_string(&path) else {
        return Ok(());
    };
    let since = now - chrono::Duration::days(KEPT_DAYS);
    let recent = |line: &&str| match serde_json::from_str(line) {
        Ok(Claim::Attestation(claim)) => claim.at >= since,
        Ok(Claim::Waiver(waiver)) => waiver.at.is_none_or(|at| at >= since),
        Err(_) => false,
    };
    let kept: String = text.lines().filter(recent).flat_map(|line| [line, "\n"]).collect();
    if kept != text {
        write_private(&path, kept.as_bytes())?;
    }
    Ok(())
}

fn path(repo: &Repo) -> std::path::PathBuf {
    repo.state_dir().join("claims.jsonl")
}
