//! Checking signatures by git's own programs and settings: who signed, as far as this machine's
//! list of allowed signers or keyring knows the key.

use std::io::Write as _;
use std::process::Command;

use chrono::{DateTime, Utc};

use super::Repo;
use super::sign::{NAMESPACE, SignError, fed};

/// What a signature is worth.
#[derive(Debug)]
pub enum Signed {
    /// It fits the text, by a key that counts here.
    By {
        /// Who, as the allowed signers or GnuPG name them.
        who: String,
        /// Whether that is who the record names.
        same: bool,
    },
    /// It may fit the text, by a key that does not count here: not listed, expired, revoked.
    Unknown(String),
    /// It does not fit the text, or is none.
    Bad(String),
    /// It could not be checked here.
    Unchecked(SignError),
}

impl Signed {
    /// Whether it counts.
    pub fn counts(&self) -> bool {
        matches!(self, Self::By { .. })
    }
}

/// Something that was signed.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'c> {
    /// The bytes that the signature is over.
    pub payload: &'c [u8],
    /// The signature as text.
    pub signature: &'c str,
    /// Who the record names: `Name <address>`.
    pub who: &'c str,
    /// When, as the record says.
    pub at: DateTime<Utc>,
}

/// The settings of git's by which signatures are checked, read once.
#[derive(Debug)]
pub struct Signers {
    ssh: String,
    allowed: Option<String>,
    revoked: Option<String>,
    gpg: String,
    min_trust: usize,
}

/// GnuPG's words, the least trusted first.
const TRUST: &[&str] = &["NEVER", "UNDEFINED", "MARGINAL", "FULLY", "ULTIMATE"];

impl Signers {
    /// Those of this repository.
    pub fn of(repo: &Repo) -> Self {
        let path = |name| repo.config(name).map(|path| repo.expanded(&path));
        let trust = repo.config("gpg.minTrustLevel").unwrap_or_default();
        let trust = TRUST.iter().position(|word| word.eq_ignore_ascii_case(&trust));
        Self {
            ssh: repo.config("gpg.ssh.program").unwrap_or_else(|| "ssh-keygen".into()),
            allowed: path("gpg.ssh.allowedSignersFile"),
            revoked: path("gpg.ssh.revocationFile"),
            gpg: repo.gpg_program(),
            // Like git: a key that somebody said never to trust does not count.
            min_trust: trust.unwrap_or(1),
        }
    }

    /// Checks a signature.
    pub fn check(&self, claim: &Claim<'_>) -> Signed {
        let checked = if claim.signature.contains("BEGIN SSH SIGNATURE") {
            self.ssh(claim)
        } else if claim.signature.contains("BEGIN PGP ") {
            self.gpg(claim)
        } else {
            return Signed::Bad("it is neither an SSH nor an OpenPGP signature".into());
        };
        checked.unwrap_or_else(Signed::Unchecked)
    }

    fn ssh(&self, claim: &Claim<'_>) -> Result<Signed, SignError> {
        let file = file(claim.signature)?;
        let keygen = |action: &str| {
            let mut command = Command::new(&self.ssh);
            command.args(["-Y", action]).arg("-s").arg(file.path());
            command
        };
        let mut command = keygen("check-novalidate");
        command.args(["-n", NAMESPACE]);
        if let Err(said) = refused(fed(command, &self.ssh, claim.payload))? {
            return Ok(Signed::Bad(said));
        }
        let allowed = self.allowed.as_ref().ok_or(SignError::NoAllowedSigners)?;
        std::fs::metadata(allowed)
            .map_err(|source| SignError::Unreadable { path: allowed.clone(), source })?;
        // As git does it: a key counts if it was listed when the record was made.
        let time = format!("-Overify-time={}", claim.at.format("%Y%m%d%H%M%S"));
        let verify = |who: &str| {
            let mut command = keygen("verify");
            command.args(["-n", NAMESPACE, "-I", who, "-f", allowed, &time]);
            if let Some(revoked) = &self.revoked {
                command.args(["-r", revoked]);
            }
            refused(fed(command, &self.ssh, claim.payload))
        };
        let own = address(claim.who);
        if let Some(own) = own.filter(|own| !own.starts_with('-'))
            && verify(own)?.is_ok()
        {
            return Ok(Signed::By { who: own.to_owned(), same: true });
        }
        let mut command = keygen("find-principals");
        command.args(["-f", allowed, &time]);
        let mut said = match refused(fed(command, &self.ssh, b""))? {
            Err(said) => return Ok(Signed::Unknown(said)),
            Ok(names) if names.trim().is_empty() => "no signer of this key is listed".into(),
            Ok(names) => names,
        };
        for who in std::mem::take(&mut said).lines().filter(|who| !who.is_empty()) {
            match verify(who)? {
                Ok(_) => return Ok(Signed::By { who: who.to_owned(), same: false }),
                Err(refusal) => said = refusal,
            }
        }
        Ok(Signed::Unknown(said))
    }

    fn gpg(&self, claim: &Claim<'_>) -> Result<Signed, SignError> {
        let file = file(claim.signature)?;
        let mut command = Command::new(&self.gpg);
        command.args(["--batch", "--status-fd", "1", "--verify"]).arg(file.path()).arg("-");
        let said = match refused(fed(command, &self.gpg, claim.payload))? {
            Ok(said) | Err(said) => said,
        };
        Ok(self.read_status(&said, claim.who))
    }

    /// What the status lines of GnuPG say (doc/DETAILS of GnuPG).
    fn read_status(&self, said: &str, who: &str) -> Signed {
        let status = |word: &str| {
            let lines = said.lines().filter_map(|line| line.strip_prefix("[GNUPG:] "));
            lines.filter_map(|line| line.strip_prefix(word)).map(str::trim).next()
        };
        let count = said.lines().filter(|line| line.starts_with("[GNUPG:] NEWSIG")).count();
        if count > 1 {
            return Signed::Bad("it is more than one signature".into());
        }
        if let Some(key) = status("GOODSIG ") {
            let trust = TRUST.iter().position(|word| status(&format!("TRUST_{word}")).is_some());
            if trust.is_none_or(|trust| trust >= self.min_trust) {
                let name = key.split_once(' ').map_or(key, |(_, name)| name);
                let same = address(who).is_some_and(|own| address(name) == Some(own));
                return Signed::By { who: name.to_owned(), same };
            }
            return Signed::Unknown(format!("the key {key} is not trusted enough"));
        }
        let doubtful = [
            ("EXPKEYSIG ", "the key has expired"),
            ("EXPSIG ", "the signature has expired"),
            ("REVKEYSIG ", "the key was revoked"),
            ("NO_PUBKEY ", "the key is not in the keyring"),
            ("ERRSIG ", "it cannot be checked"),
        ];
        for (word, why) in doubtful {
            if let Some(rest) = status(word) {
                return Signed::Unknown(format!("{why}: {rest}"));
            }
        }
        match status("BADSIG ") {
            Some(key) => Signed::Bad(format!("it is not over this text: {key}")),
            None => Signed::Bad(said.lines().last().unwrap_or("it is no signature").to_owned()),
        }
    }
}

/// A program that says no has answered; one that cannot be started has not.
fn refused(outcome: Result<String, SignError>) -> Result<Result<String, String>, SignError> {
    match outcome {
        Ok(said) => Ok(Ok(said)),
        Err(SignError::Refused { said, .. }) => Ok(Err(said)),
        Err(error) => Err(error),
    }
}

fn file(signature: &str) -> Result<tempfile::NamedTempFile, SignError> {
    let failed = |source| SignError::Start { program: "a temporary file".into(), source };
    let mut file = tempfile::NamedTempFile::new().map_err(failed)?;
    file.write_all(signature.as_bytes()).map_err(failed)?;
    Ok(file)
}

/// The address of `Name <address>`.
fn address(who: &str) -> Option<&str> {
    let (_, rest) = who.rsplit_once('<')?;
    rest.strip_suffix('>').filter(|address| !address.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(said: &str, min_trust: usize) -> Signed {
        let (ssh, gpg) = (String::new(), String::new());
        let signers = Signers { ssh, allowed: None, revoked: None, gpg, min_trust };
        signers.read_status(said, "Pat Person <pat@example.com>")
    }

    #[test]
    fn only_a_good_signature_of_a_key_that_is_trusted_enough_counts() {
        let good = "[GNUPG:] NEWSIG\n[GNUPG:] GOODSIG AB12 Pat <pat@example.com>\n\
                    [GNUPG:] TRUST_UNDEFINED 0 pgp\n";
        assert!(matches!(read(good, 1), Signed::By { who, same: true } if who.starts_with("Pat")));
        assert!(matches!(read(good, 3), Signed::Unknown(_)));
        let other = good.replace("pat@", "kim@");
        assert!(matches!(read(&other, 1), Signed::By { same: false, .. }));
        assert!(matches!(read(&format!("{good}{good}"), 1), Signed::Bad(_)));
        assert!(matches!(read(&good.replace("GOODSIG", "BADSIG"), 1), Signed::Bad(_)));
        assert!(matches!(read(&good.replace("GOODSIG", "REVKEYSIG"), 1), Signed::Unknown(_)));
        assert!(matches!(read("[GNUPG:] NODATA 1\n", 1), Signed::Bad(_)));
        // A name of a key cannot pretend to be a line of GnuPG's.
        let named = "gpg: [GNUPG:] GOODSIG AB12 Pat <pat@example.com>\n";
        assert!(matches!(read(named, 1), Signed::Bad(_)));
    }
}
