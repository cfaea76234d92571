//! `git ai-log trust`: a person allows the analysers of the repository's policy to run in this
//! clone.

use clap::Args;

use crate::commands::Answer;
use crate::commands::gate::analyser::{TRUSTED, is_trusted};
use crate::commands::gate::people;
use crate::commands::screen::{Printing, printed};
use crate::config::Env;
use crate::config::policy::{External, FILE, Policy};
use crate::error::{Error, Result};
use crate::git::Repo;
use crate::render::escape::line;

/// Allow the analysers of this repository's policy to run in this clone
///
/// Shows what they would run and asks on the terminal. A command that changes has to be trusted
/// again. Without it they are not run, and where they would block the commit is blocked.
#[derive(Debug, Args)]
pub struct TrustArgs {
    /// Show what would be run and whether it is trusted, and change nothing
    #[arg(long)]
    pub list: bool,
}

/// Shows, asks, and keeps the answer.
pub fn run(env: &Env, args: &TrustArgs) -> Result<Answer> {
    let repo = Repo::from_environment()?;
    let top = repo.work_tree().ok_or_else(|| {
        Error::new("a bare repository has no work tree, and its policy runs nothing")
    })?;
    let policy = Policy::of(top)?;
    let commands: Vec<(&String, &External)> =
        policy.external.iter().filter(|(_, external)| !external.command.is_empty()).collect();
    let known = |external: &External| is_trusted(&repo, &external.digest());
    let mut out = Printing::default().screen(env, None);
    if commands.is_empty() {
        printed(out.line(&format!("{FILE} runs no command")))?;
    }
    if args.list || commands.iter().all(|(_, external)| known(external)) {
        for (name, external) in &commands {
            let word = if known(external) { "trusted" } else { "not trusted" };
            printed(out.line(&format!("{word}: {}", shown(name, external))))?;
            printed(out.line(&format!("    {}", external.digest())))?;
        }
        printed(out.finish())?;
        return Ok(Answer::Yes);
    }
    let new = commands.iter().filter(|(_, external)| !known(external));
    let text: Vec<String> = new.clone().map(|(name, one)| shown(name, one)).collect();
    let question = "The gate would run these on files that agents changed. They read the \
                    repository's own settings, which may run code too. Trust them in this clone?";
    if !people::agree("trust", &text.join("\n"), question)? {
        return Ok(Answer::No);
    }
    for (name, external) in new {
        repo.add_config(TRUSTED, &external.digest().0)?;
        printed(out.line(&format!("trusted {}", line(name))))?;
    }
    printed(out.finish())?;
    Ok(Answer::Yes)
}

fn shown(name: &str, external: &External) -> String {
    let words: Vec<String> = external.command.iter().map(|word| format!("{word:?}")).collect();
    format!("{}: {} FILE...", line(name), line(&words.join(" ")))
}
