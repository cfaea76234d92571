//! `git ai-log waive`: an exception for one finding.

use clap::Args;

use crate::commands::Answer;
use crate::commands::gate::claims::{self, Claim};
use crate::commands::gate::judge;
use crate::commands::gate::people::{self, About, Saying, confirm};
use crate::commands::screen::{Printing, printed};
use crate::config::Env;
use crate::error::{Error, Result};
use crate::model::{Finding, Waiver};
use crate::render::escape::line;

/// Make an exception for one finding
///
/// It is asked on the terminal and kept with the commit: who, why, until when.
#[derive(Debug, Args)]
pub struct WaiveArgs {
    /// The finding's name, as it is printed: ITEM:1f3a9c21
    pub fingerprint: String,
    #[command(flatten)]
    pub saying: Saying,
}

/// Asks, and keeps the exception.
pub fn run(env: &Env, args: &WaiveArgs) -> Result<Answer> {
    let now = people::now();
    let about = About::of(env, args.saying.rev.as_deref(), now)?;
    let finding = find(env, &about, &args.fingerprint)?;
    let runs = about.subject.hunks_at(&finding.path, finding.lines);
    let mut shown: Vec<String> = runs.iter().map(|run| about.hunk(&finding.path, run)).collect();
    shown.push(format!("{}: {}", line(&finding.check), line(&finding.message)));
    let question = format!("Make an exception for {}?", finding.fingerprint);
    if !confirm(&args.saying, "an exception", &shown.join("\n\n"), &question)? {
        return Ok(Answer::No);
    }
    let mut waiver = Waiver {
        fingerprint: finding.fingerprint.clone(),
        hunks: runs.iter().map(|run| run.digest.clone()).collect(),
        who: people::who(&about.repo)?,
        reason: args.saying.message.trim().to_owned(),
        at: Some(now),
        until: args.saying.until,
        signature: None,
    };
    if args.saying.sign {
        waiver.signature = Some(people::sign(&about.repo, &waiver.payload())?);
    }
    about.keep(Claim::Waiver(waiver), now)?;
    let mut out = Printing::default().screen(env, None);
    printed(out.line(&format!("waived {} in {}", finding.fingerprint, about.name())))?;
    printed(out.finish())?;
    Ok(Answer::Yes)
}

/// The finding of this name in what is judged.
fn find(env: &Env, about: &About, fingerprint: &str) -> Result<Finding> {
    let judged = judge(&about.repo, env, &about.subject, &claims::read(&about.repo))?;
    let found = judged.judgement.findings.into_iter().find(|f| f.fingerprint == fingerprint);
    found.ok_or_else(|| {
        Error::new(format!("{} has no finding `{}`", about.name(), line(fingerprint)))
            .hint("`git ai-log check` names the findings; --rev REV names a commit")
    })
}
