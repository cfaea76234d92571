//! The agents on this machine: whether they are told to call us, and whether they do.

use super::{Here, Report, fail, ok, warn};
use crate::agents::settings::{Handler, Installer, Options, Scope, Trust, installers};
use crate::commands::install::setup::{Setup, SetupError, on_disk};
use crate::commands::install::{state, why_found};
use crate::config::Env;
use crate::error::Result;
use crate::render::json::Health;

/// Handlers of ours in the settings of one agent, for one scope.
pub(super) struct Installed {
    pub(super) agent: &'static dyn Installer,
    pub(super) scope: Scope,
    pub(super) handlers: Vec<Handler>,
}

impl Installed {
    pub(super) fn name(&self) -> String {
        format!("{} ({})", self.agent.name(), word(self.scope))
    }
}

fn word(scope: Scope) -> &'static str {
    match scope {
        Scope::Project => "project",
        Scope::User => "user",
    }
}

/// Checks every agent that is here or that was installed; what may be played.
pub(super) fn check(env: &Env, here: Option<&Here>, report: &mut Report) -> Result<Vec<Installed>> {
    let scopes = match here.and_then(|here| here.site.top.as_ref()) {
        Some(_) => [Scope::Project, Scope::User].as_slice(),
        None => &[Scope::User],
    };
    let mut setups = Vec::new();
    for scope in scopes {
        match Setup::open(env, *scope) {
            Ok(setup) => setups.push(setup),
            Err(error) => {
                report.add(fail("agent", error.to_string(), error.hint()).about(word(*scope)));
            }
        }
    }
    let mut all = Vec::new();
    for agent in installers() {
        let mut installed = Vec::new();
        let (before, mut works) = (report.checks.len(), false);
        for setup in &setups {
            let (one, runs) = look(agent, setup, report);
            works |= one.is_some() && runs;
            installed.extend(one);
        }
        let told = &mut report.checks[before..];
        if works {
            // What one scope does not do the other does.
            let distrusted = told.iter_mut().filter(|check| check.check == "agent-trust");
            distrusted.for_each(|check| check.verdict = Health::Warn);
        }
        let found = setups.iter().find_map(|setup| why_found(agent, setup, env));
        if let (Some(found), true) = (found, told.is_empty()) {
            let message =
                format!("is here ({}), and does not report to git ai-log", found.display());
            let user = if here.is_some() { "" } else { " --user" };
            let mend = format!("git ai-log install{user} --agent {}", agent.name());
            report.add(warn("agent", message, mend).about(agent.name()));
        }
        if installed.len() > 1 {
            let message = "is told to report for this project and for the user: each event is \
                           told twice, and counts once";
            let mend = format!("git ai-log uninstall --user --agent {}", agent.name());
            report.add(warn("agent", message, mend).about(agent.name()));
        }
        all.extend(installed);
    }
    Ok(all)
}

fn install(agent: &dyn Installer, scope: Scope) -> String {
    let user = if scope == Scope::User { " --user" } else { "" };
    format!("git ai-log install{user} --no-git-hooks --agent {}", agent.name())
}

/// One agent's settings for one scope, and whether the agent runs what they say.
fn look(
    agent: &'static dyn Installer,
    setup: &Setup,
    report: &mut Report,
) -> (Option<Installed>, bool) {
    let scope = setup.place.scope;
    let mend = install(agent, scope);
    let name = agent.name();
    let handlers = match agent.handlers(&setup.place, &on_disk) {
        Ok(handlers) => handlers,
        Err(error) => {
            let hint = SetupError::from(error);
            report.add(fail("agent", hint.to_string(), hint.hint()).about(name));
            return (None, false);
        }
    };
    if handlers.is_empty() {
        let top = setup.place.top.as_deref();
        if setup.book.has_agent(name, top) {
            let message = format!("was installed ({}), and its hooks are gone", word(scope));
            report.add(fail("agent", message, mend).about(name));
        }
        return (None, false);
    }
    let runs = trust(agent, setup, &handlers, report);
    let files: Vec<String> = {
        let mut files: Vec<_> = handlers.iter().map(|handler| setup.show(&handler.file)).collect();
        files.dedup();
        files
    };
    match state(agent, setup) {
        Ok("outdated" | "not installed") => {
            let message = format!("{} is not as this version writes it", files.join(", "));
            report.add(warn("agent", message, mend.clone()).about(name));
        }
        Ok(_) => {
            let message = format!("reports to git ai-log ({}: {})", word(scope), files.join(", "));
            report.add(ok("agent", message).about(name));
        }
        Err(error) => report.add(fail("agent", error.to_string(), error.hint()).about(name)),
    }
    (Some(Installed { agent, scope, handlers: playable(agent, scope, handlers, report) }), runs)
}

/// Settings of a project come with a clone: of these only what `install` itself would write is
/// run. The user's own are the user's.
fn playable(
    agent: &dyn Installer,
    scope: Scope,
    handlers: Vec<Handler>,
    report: &mut Report,
) -> Vec<Handler> {
    if scope == Scope::User {
        return handlers;
    }
    let written = agent.commands(&Options::default()).ok();
    let is_own = |handler: &Handler| {
        written.as_ref().is_some_and(|own| [&own.record, &own.gate].contains(&&handler.command))
    };
    let (own, foreign): (Vec<_>, Vec<_>) = handlers.into_iter().partition(is_own);
    if let Some(handler) = foreign.first() {
        let message = format!(
            "{} holds a command that install did not write, and that the probe leaves alone: {}",
            handler.file.display(),
            handler.command
        );
        report.add(fail("agent", message, install(agent, scope)).about(agent.name()));
    }
    own
}

/// Whether the agent runs what it is told to run.
fn trust(agent: &dyn Installer, setup: &Setup, handlers: &[Handler], report: &mut Report) -> bool {
    let before = report.checks.len();
    let name = agent.name();
    let events = |trust: Trust| -> Vec<&str> {
        let some = handlers.iter().filter(|handler| handler.trust == trust);
        some.map(|handler| handler.event.as_str()).collect()
    };
    let missing = events(Trust::Missing);
    if !missing.is_empty() {
        let message = format!(
            "passes over our hooks without a word: nobody has agreed to them, or they were \
             changed since ({})",
            missing.join(", ")
        );
        report.add(fail("agent-trust", message, install(agent, setup.place.scope)).about(name));
    }
    let off = events(Trust::SwitchedOff);
    if !off.is_empty() {
        let message = format!("our hooks are switched off in it: {}", off.join(", "));
        report.add(fail("agent-trust", message, "switch them on again in /hooks").about(name));
    }
    if let Some(obstacle) = agent.obstacle(&setup.place, &on_disk) {
        report.add(fail("agent-trust", obstacle.what, obstacle.mend).about(name));
    }
    report.checks.len() == before
}
