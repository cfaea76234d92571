//! `git ai-log doctor`: whether what agents write here is really recorded, and if not, why.

mod agents;
mod hooks;
mod journal;
mod machine;
mod probe;
mod repository;
mod transcripts;

use std::io;

use clap::Args;

use crate::commands::Answer;
use crate::commands::screen::{Printing, printed};
use crate::config::Env;
use crate::error::Result;
use crate::git::Repo;
use crate::git::hooks::{self as git_hooks, Site};
use crate::render::escape::line;
use crate::render::json::{Checkup, Doctor, Health};
use crate::render::out::{Out, Style};

/// Prove that what agents write here is recorded, and say what to do where it is not
///
/// Plays a prompt and an edit through the commands that are installed for each agent, commits in
/// a throw-away repository through a copy of the hook that is installed here, and reads the note.
/// Hooks of your own do not run. Exits with 1 where something fails.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    #[command(flatten)]
    pub printing: Printing,
}

/// Checks all there is to check.
pub fn run(env: &Env, args: &DoctorArgs) -> Result<Answer> {
    let mut report = Report::default();
    machine::check(env, &mut report);
    let here = open(env, &mut report);
    let repo = here.as_ref().map(|here| &here.repo);
    if let Some(here) = &here {
        repository::check(here, &mut report);
    }
    let looks = here.as_ref().map(|here| hooks::check(env, here, &mut report));
    let installed = agents::check(env, here.as_ref(), &mut report)?;
    probe::check(env, looks.as_deref(), &installed, &mut report)?;
    journal::check(env, repo, &installed, &mut report);
    transcripts::check(env, here.as_ref(), &mut report);

    let verdict = report.checks.iter().map(|check| check.verdict).max().unwrap_or(Health::Ok);
    let top = here.as_ref().map(|here| here.site.top.as_ref().unwrap_or(&here.site.git_dir));
    let doctor = Doctor {
        schema: "git-ai-log/doctor/1",
        repository: top.map(|top| top.display().to_string()),
        verdict,
        checks: report.checks,
    };
    let mut out = args.printing.screen(env, repo);
    printed(if args.printing.json { out.json(&doctor) } else { print(&mut out, &doctor) })?;
    printed(out.finish())?;
    Ok(if verdict == Health::Fail { Answer::No } else { Answer::Yes })
}

/// The repository here, and where its hooks are.
struct Here {
    repo: Repo,
    site: Site,
}

/// Opens the repository. That there is none is no fault.
fn open(env: &Env, report: &mut Report) -> Option<Here> {
    let open = || -> Result<Here, String> {
        let repo = Repo::from_environment().map_err(|error| error.to_string())?;
        let site = git_hooks::locate(&env.cwd).map_err(|error| error.to_string())?;
        Ok(Here { repo, site })
    };
    match open() {
        Ok(here) => Some(here),
        Err(said) if said.contains("not a git repository") => {
            report.add(warn(
                "repository",
                "this is no git repository; only what is installed for the user was checked",
                "run this in a repository to check its hooks",
            ));
            None
        }
        Err(said) if said.contains("dubious ownership") => {
            let folder = env.cwd.display();
            let mend = format!("git config --global --add safe.directory '{folder}'");
            let message = "git does not trust this repository: another user owns it";
            report.add(fail("safe-directory", message, mend));
            None
        }
        Err(said) => {
            report.add(fail("repository", said, "run `git status`; git itself has to open it"));
            None
        }
    }
}

/// What was found so far.
#[derive(Debug, Default)]
struct Report {
    checks: Vec<Checkup>,
}

impl Report {
    fn add(&mut self, check: Checkup) {
        self.checks.push(check);
    }
}

fn ok(check: &'static str, message: impl Into<String>) -> Checkup {
    Checkup { check, about: None, verdict: Health::Ok, message: message.into(), mend: None }
}

fn warn(check: &'static str, message: impl Into<String>, mend: impl Into<String>) -> Checkup {
    Checkup { verdict: Health::Warn, mend: Some(mend.into()), ..ok(check, message) }
}

fn fail(check: &'static str, message: impl Into<String>, mend: impl Into<String>) -> Checkup {
    Checkup { verdict: Health::Fail, mend: Some(mend.into()), ..ok(check, message) }
}

impl Checkup {
    /// The same, of this agent or hook.
    fn about(self, about: impl Into<String>) -> Self {
        Self { about: Some(about.into()), ..self }
    }
}

fn print(out: &mut Out, doctor: &Doctor) -> io::Result<()> {
    for check in &doctor.checks {
        let (word, style) = match check.verdict {
            Health::Ok => ("ok  ", Style::Agent),
            Health::Warn => ("warn", Style::Commit),
            Health::Fail => ("fail", Style::Unknown),
        };
        let about = check.about.as_deref().map(|about| format!(" {}", line(about)));
        let mut text = out.paint(style, word);
        let name = format!("{}{}", check.check, about.unwrap_or_default());
        text.push_str(&format!("  {}  {}", out.paint(Style::Strong, &name), line(&check.message)));
        if let Some(mend) = &check.mend {
            text.push_str(&out.paint(Style::Dim, &format!("  (mend: {})", line(mend))));
        }
        out.line(&text)?;
    }
    Ok(())
}
