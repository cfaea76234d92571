//! What people said in a note: whether it still is about hunks of the note, and whether its
//! signature is good.

use std::collections::{HashMap, HashSet};

use super::{About, Report};
use crate::commands::gate::claims::{Signature, signed_attestation, signed_waiver};
use crate::error::Error;
use crate::git::Repo;
use crate::git::signature::{Signed, Signers};
use crate::model::Digest;
use crate::model::note::Note;
use crate::render::verify::{Fault, Kind};

/// Signatures of one note that are checked: each costs two or three processes.
const MAX_SIGNATURES: usize = 200;

/// Checks claims; a claim that stands in many notes, after a rebase, is checked once.
pub struct Checker<'r> {
    repo: &'r Repo,
    signers: Option<Signers>,
    known: HashMap<Digest, Option<(Kind, String)>>,
}

/// One attestation or waiver.
struct Claim<'n> {
    /// What it is called.
    name: String,
    /// What it is about: claims of one subject can take each other's place.
    subject: String,
    hunks: &'n [String],
    signature: Option<Signature>,
}

impl<'r> Checker<'r> {
    /// Nothing checked yet.
    pub fn of(repo: &'r Repo) -> Self {
        Self { repo, signers: None, known: HashMap::new() }
    }

    /// Checks what people said in a note.
    pub fn check(&mut self, note: &Note, about: &About, report: &mut Report<'_>) {
        let claims = claims(note);
        report.verified.claims += claims.len();
        let own: HashSet<&str> = note.hunks.iter().map(|hunk| hunk.digest.as_str()).collect();
        let live = |claim: &&Claim<'_>| claim.hunks.iter().any(|hunk| own.contains(hunk.as_str()));
        let subjects: HashSet<&str> =
            claims.iter().filter(live).map(|claim| claim.subject.as_str()).collect();
        let mut signed = 0;
        for claim in &claims {
            let gone = claim.hunks.iter().filter(|hunk| !own.contains(hunk.as_str())).count();
            // What was said again for the lines as they are now has nothing to be told of.
            if gone == claim.hunks.len() && !subjects.contains(claim.subject.as_str()) {
                let why = match claim.hunks.is_empty() {
                    true => "it names no hunk",
                    false => "none of its hunks is in the note",
                };
                let text = format!("{} is void: {why}", claim.name);
                let next = format!("say it again: --rev {}", about.commit.short());
                report.add(Fault { next: Some(next), ..about.fault(Kind::Void, text) });
            } else if gone > 0 && gone < claim.hunks.len() {
                let all = claim.hunks.len();
                let text = format!("{} is void for {gone} of its {all} hunks", claim.name);
                report.add(about.fault(Kind::PartlyVoid, text));
            }
            signed += usize::from(claim.signature.is_some());
            if signed > MAX_SIGNATURES {
                let text = format!("only the first {MAX_SIGNATURES} signatures were checked");
                report.add(about.fault(Kind::More, text));
                break;
            }
            if let Some((kind, text)) = self.signature(claim) {
                let next = next(kind).map(str::to_owned);
                report.add(Fault { next, ..about.fault(kind, format!("{} {text}", claim.name)) });
            }
        }
    }

    fn signature(&mut self, claim: &Claim<'_>) -> Option<(Kind, String)> {
        let Some(signature) = &claim.signature else {
            return Some((Kind::Unsigned, "is not signed".into()));
        };
        let signed = signature.claim();
        let parts = [signed.payload, b"\0", signed.signature.as_bytes()];
        let key = Digest::of(&parts.concat());
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let signers = self.signers.get_or_insert_with(|| Signers::of(self.repo));
        let found = match signers.check(&signed) {
            Signed::By { same: true, .. } => None,
            Signed::By { who, .. } => {
                Some((Kind::OtherSigner, format!("is signed by {who}, and names {}", signed.who)))
            }
            Signed::Unknown(said) => Some((
                Kind::UnknownSigner,
                format!("is signed by a key that does not count: {said}"),
            )),
            Signed::Bad(said) => {
                Some((Kind::BadSignature, format!("has a signature that is not its own: {said}")))
            }
            Signed::Unchecked(error) => {
                let why = Error::from(error);
                Some((Kind::Unchecked, format!("has a signature that cannot be checked: {why}")))
            }
        };
        self.known.insert(key, found.clone());
        found
    }
}

fn next(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Unsigned => Some("say it again with --sign"),
        Kind::BadSignature => Some("ask who made it, and let them say it again with --sign"),
        Kind::UnknownSigner => Some(
            "list the key in gpg.ssh.allowedSignersFile, or import it, if you know whose it is",
        ),
        Kind::OtherSigner => Some("list both addresses for the key, if it is one person"),
        Kind::Unchecked => Some("name the keys that count in gpg.ssh.allowedSignersFile"),
        _ => None,
    }
}

/// The claims of a note. A waiver of the policy or of a comment is nobody's word of its own.
fn claims(note: &Note) -> Vec<Claim<'_>> {
    let attestations = note.attestations.iter().map(|claim| Claim {
        name: format!("the attestation of {} by {}", claim.item, claim.who),
        subject: format!("a {}", claim.item),
        hunks: &claim.hunks,
        signature: signed_attestation(claim),
    });
    let recorded = note.waivers.iter().filter(|waiver| waiver.at.is_some());
    let waivers = recorded.map(|waiver| Claim {
        name: format!("the waiver of {} by {}", waiver.fingerprint, waiver.who),
        subject: format!("w {}", waiver.fingerprint),
        hunks: &waiver.hunks,
        signature: signed_waiver(waiver),
    });
    attestations.chain(waivers).collect()
}
