//! What only a person may say: asked on the controlling terminal, whoever calls, and kept with the
//! commit that it is about.

use std::io;

use chrono::{DateTime, NaiveDate, Utc};
use clap::Args;

use super::{Subject, claims, committed, staged};
use crate::checklist::Run;
use crate::commands::gate::claims::Claim;
use crate::config::Env;
use crate::config::terminal::Terminal;
use crate::error::{Error, Result};
use crate::git::Repo;
use crate::git::notes::{self as refs, History, PROVENANCE};
use crate::model::note::Note;
use crate::model::{Oid, RepoPath};
use crate::notes;
use crate::render::escape::{line, shorten, visible};
use crate::render::text::range;

/// Lines of a hunk that are shown.
const MAX_SHOWN: usize = 40;

/// Switches of commands by which people say something.
#[derive(Debug, Args)]
pub struct Saying {
    /// Why
    #[arg(short = 'm', long = "message", value_name = "TEXT")]
    pub message: String,
    /// The last day it counts, such as 2027-03-01
    #[arg(long, value_name = "DATE")]
    pub until: Option<NaiveDate>,
    /// A commit, instead of what is staged
    #[arg(long, value_name = "REV")]
    pub rev: Option<String>,
    /// Sign it with the key that git signs commits with
    #[arg(long)]
    pub sign: bool,
}

/// What is spoken about, and where it is kept.
pub struct About {
    /// The repository.
    pub repo: Repo,
    /// The commit; `None` for what is staged.
    pub commit: Option<Oid>,
    /// Its change.
    pub subject: Subject,
}

impl About {
    /// A commit, or what is staged.
    pub fn of(env: &Env, rev: Option<&str>, now: DateTime<Utc>) -> Result<Self> {
        let repo = Repo::from_environment()?;
        let Some(rev) = rev else {
            let subject = staged(&repo, env, now)?;
            return Ok(Self { repo, commit: None, subject });
        };
        let Some(commit) = repo.commit_named(rev)? else {
            return Err(Error::new(format!("there is no commit `{rev}` here"))
                .hint("name a commit as git does: HEAD~1, a branch, the start of its name"));
        };
        let subject = committed(&repo, &commit)?;
        Ok(Self { repo, commit: Some(commit), subject })
    }

    /// What this is called.
    pub fn name(&self) -> String {
        self.commit.as_ref().map_or("what is staged".into(), |c| format!("commit {}", c.short()))
    }

    /// Keeps what somebody said: in the note of the commit, or until there is one.
    pub fn keep(&self, claim: Claim, now: DateTime<Utc>) -> Result<()> {
        let Some(commit) = &self.commit else {
            return claims::add(&self.repo, &claim);
        };
        let mut note = Note::default();
        match claim {
            Claim::Attestation(claim) => note.attestations.push(claim),
            Claim::Waiver(waiver) => note.waivers.push(waiver),
        }
        let notes = [(commit.clone(), notes::encode(&note))];
        let time = now.timestamp();
        Ok(refs::write(&self.repo, PROVENANCE, History::Kept, &notes, time, &notes::join)?)
    }

    /// A hunk with its prompt, as it is shown to whoever is asked.
    pub fn hunk(&self, path: &RepoPath, run: &Run) -> String {
        let mut text = format!("{}:{}", line(&path.quoted()), range(run.lines));
        if let Some(agent) = &run.agent {
            text.push_str(&format!("  written by {}", line(agent)));
        }
        if let Some(prompt) = run.turn.as_ref().and_then(|turn| self.subject.prompt(turn)) {
            text.push_str(&format!("\n  asked: {}", shorten(&line(prompt), 400)));
        }
        let Some(file) = self.subject.change.file(path) else {
            return text;
        };
        let last = run.lines.end.min(file.len());
        for number in (run.lines.start..=last).take(MAX_SHOWN) {
            text.push_str(&format!("\n{number:>6} | {}", visible(file.line(number))));
        }
        let left = (run.lines.len() as usize).saturating_sub(MAX_SHOWN);
        if left > 0 {
            text.push_str(&format!("\n       | ... {left} more lines"));
        }
        text
    }
}

/// The terminal, or why nobody can be asked.
pub fn terminal(doing: &str) -> Result<Terminal> {
    Terminal::open().map_err(|error| {
        Error::new(format!("there is no terminal here, and {doing} is a person's to say"))
            .because(error)
            .hint("run this in a terminal yourself; attest and waive can be signed instead: --sign")
    })
}

/// Asks whether to go on, unless it is signed: a signature needs the person's key.
pub fn confirm(saying: &Saying, doing: &str, shown: &str, question: &str) -> Result<bool> {
    if saying.message.trim().is_empty() {
        return Err(Error::new("a reason is missing").hint("say why: -m \"...\""));
    }
    if saying.sign {
        return Ok(true);
    }
    agree(doing, shown, question)
}

/// Asks on the terminal whether to go on.
pub fn agree(doing: &str, shown: &str, question: &str) -> Result<bool> {
    let mut terminal = terminal(doing)?;
    let asked = (|| -> io::Result<String> {
        terminal.show(shown)?;
        terminal.ask(&format!("{question} [y/N] "))
    })();
    let answer = asked.map_err(|e| Error::new("cannot ask on the terminal").because(e))?;
    Ok(matches!(answer.as_str(), "y" | "Y" | "yes"))
}

/// Who says it: git's committer, as `Name <address>`.
pub fn who(repo: &Repo) -> Result<String> {
    let ident = repo.committer()?;
    Ok(ident.rsplit_once('>').map_or(ident.clone(), |(who, _)| format!("{who}>")))
}

/// The time at which it is said.
pub fn now() -> DateTime<Utc> {
    Env::now()
}

/// Signs what is said with the key that git signs commits with.
pub fn sign(repo: &Repo, payload: &[u8]) -> Result<String> {
    Ok(repo.sign(payload)?)
}
