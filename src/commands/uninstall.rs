//! `git ai-log uninstall`: takes away what `install` wrote and puts back what was there before.

use std::io::Write;
use std::path::PathBuf;

use super::install::named;
use super::install::record::AgentRecord;
use super::install::setup::{self, Setup, SetupError, Texts};
use crate::agents::settings::{Installer, Place, Scope, installer, installers};
use crate::config::Env;
use crate::error::Result;
use crate::model::step::Step;

/// Take the hooks away again
///
/// Files that are still as `install` left them get back every byte they had before; from others
/// only our own entries go. What is already recorded stays.
#[derive(Debug, clap::Args)]
pub struct UninstallArgs {
    /// Only this agent's settings (repeat for more)
    #[arg(long = "agent", value_name = "NAME")]
    pub agents: Vec<String>,
    /// What was installed with --user
    #[arg(long, conflicts_with = "project")]
    pub user: bool,
    /// What was installed in this repository (the default)
    #[arg(long)]
    pub project: bool,
    /// Leave git's hooks alone
    #[arg(long)]
    pub no_git_hooks: bool,
    /// Leave the agents' settings alone
    #[arg(long, conflicts_with = "agents")]
    pub no_agents: bool,
    /// Show what would be written, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

impl UninstallArgs {
    fn all(&self) -> bool {
        self.agents.is_empty() && !self.no_git_hooks && !self.no_agents
    }

    fn wants(&self, agent: &dyn Installer) -> bool {
        let is = |name: &String| installer(name).is_some_and(|of| of.name() == agent.name());
        let named = self.agents.iter().any(is);
        !self.no_agents && (self.agents.is_empty() || named)
    }
}

/// Uninstalls.
pub fn run(env: &Env, args: &UninstallArgs) -> Result<()> {
    Ok(uninstall(env, args, &mut std::io::stdout().lock())?)
}

fn uninstall(env: &Env, args: &UninstallArgs, out: &mut dyn Write) -> Result<(), SetupError> {
    named(&args.agents)?;
    let scope = if args.user { Scope::User } else { Scope::Project };
    let setup = Setup::open(env, scope)?;
    let mut plan = Vec::new();
    let texts = Texts::default();
    for (agent, place) in places(&setup).iter().filter(|(agent, _)| args.wants(*agent)) {
        for edit in agent.remove(place, &|path| texts.read(path))? {
            texts.put(edit);
        }
    }
    plan.extend(texts.steps()?);
    let hooks = args.agents.is_empty() && !args.no_git_hooks;
    if let Some(site) = setup.site.as_ref().filter(|_| hooks) {
        let earlier: Vec<PathBuf> =
            setup.book.record.hooks.iter().map(|dir| setup.book.path(dir)).collect();
        plan.extend(site.uninstall(&earlier)?);
    }
    let mut plan: Vec<Step> = plan.into_iter().map(|step| restored(&setup, step)).collect();
    if args.all() {
        plan.extend(untouched(&setup, &plan));
    }
    setup.carry_out(out, &plan, args.dry_run)?;
    if !args.dry_run {
        clean_up(out, &setup, args, &plan)?;
    }
    Ok(())
}

/// The agents to ask, each for every work tree it was told about, and for this one.
fn places(setup: &Setup) -> Vec<(&'static dyn Installer, Place)> {
    let mut places: Vec<(&'static dyn Installer, Place)> = Vec::new();
    for AgentRecord { agent: name, top } in &setup.book.record.agents {
        let Some(agent) = installer(name) else { continue };
        let top = top.as_ref().map(|top| setup.book.path(top));
        if top != setup.place.top {
            places.push((agent, Place { top, ..setup.place.clone() }));
        }
    }
    places.extend(installers().map(|agent| (agent, setup.place.clone())));
    places
}

/// The step that puts back every byte where the file is as we left it; and a file of the user's
/// stays, if only as an empty one.
fn restored(setup: &Setup, step: Step) -> Step {
    let (path, now, about, executable) = match &step {
        Step::Write { path, before: Some(now), about, executable, .. } => {
            (path, now, about, *executable)
        }
        Step::Delete { path, before, about } => (path, before, about, false),
        _ => return step,
    };
    let after = match (setup.book.restored(path, now), &step) {
        (Some(original), _) => original,
        (None, Step::Delete { .. }) if setup.book.made(path) == Some(false) => {
            Some(setup::empty_file(path))
        }
        (None, _) => return step,
    };
    let (path, before, about) = (path.clone(), now.clone(), about.clone());
    match after {
        Some(after) => Step::Write { path, before: Some(before), after, executable, about },
        None => Step::Delete { path, before, about },
    }
}

/// Files in the record that are as we left them and that no step touches.
fn untouched(setup: &Setup, plan: &[Step]) -> Vec<Step> {
    let mut steps = Vec::new();
    for file in &setup.book.record.files {
        let path = setup.book.path(&file.path);
        let in_plan = |step: &Step| match step {
            Step::Write { path: other, .. } | Step::Delete { path: other, .. } => *other == path,
            _ => false,
        };
        let Ok(now) = std::fs::read(&path) else {
            continue;
        };
        if plan.iter().any(in_plan) || setup.book.restored(&path, &now).is_none() {
            continue;
        }
        let step = Step::Delete { path, before: now, about: "as before".to_owned() };
        steps.push(restored(setup, step));
    }
    steps
}

/// Takes away the folders that we made and that are empty, and the record.
fn clean_up(
    out: &mut dyn Write,
    setup: &Setup,
    args: &UninstallArgs,
    plan: &[Step],
) -> Result<(), SetupError> {
    for folder in setup.book.record.folders.iter().rev() {
        let path = setup.book.path(folder);
        if std::fs::remove_dir(&path).is_ok() {
            setup::print(out, &format!("removed  {}", setup.show(&path)))?;
        }
    }
    if args.all() {
        return setup.keep_book(None);
    }
    let mut book = setup.book.clone();
    for step in plan {
        if let Step::Write { path, .. } | Step::Delete { path, .. } = step {
            book.forget(path);
        }
    }
    book.record
        .agents
        .retain(|entry| installer(&entry.agent).is_some_and(|agent| !args.wants(agent)));
    if args.agents.is_empty() && !args.no_git_hooks {
        book.record.hooks.clear();
    }
    setup.keep_book(Some(&book))
}
