//! `git ai-log install`: tells the agents found here and git to call us.

mod base64;
mod consent;
pub(super) mod disk;
mod list;
pub(super) mod record;
pub(super) mod setup;
pub(super) mod steps;

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::agents::find;
use crate::agents::settings::{Installer, Options, Scope, installer, installers};
use crate::config::Env;
use crate::error::Result;
use crate::git::hooks::{husky_script_removed, is_ours};
use crate::model::step::Step;
pub use setup::SetupError;
use setup::{Setup, Texts};

/// Install the hooks that record what agents write
///
/// Tells the agents found on this machine to report their edits, and git to keep the record with
/// each commit. Everything else in the files that are changed stays as it is, and `git ai-log
/// uninstall` puts them back.
#[derive(Debug, clap::Args)]
pub struct InstallArgs {
    /// Only this agent, found or not (repeat for more)
    #[arg(long = "agent", value_name = "NAME")]
    pub agents: Vec<String>,
    /// Agents' settings in your home: everything they do, in any folder
    #[arg(long, conflicts_with = "project")]
    pub user: bool,
    /// Agents' settings in this work tree (the default)
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
    /// Show the agents we know, whether they are here, and whether they report to us
    #[arg(long)]
    pub list: bool,
    /// Write into a hooks folder that other repositories share
    #[arg(long)]
    pub force: bool,
}

/// Installs.
pub fn run(env: &Env, args: &InstallArgs) -> Result<()> {
    let mut out = std::io::stdout().lock();
    if args.list {
        return Ok(list::print(env, &mut out)?);
    }
    let notes = install(env, args, &mut out)?;
    let mut err = std::io::stderr().lock();
    for note in notes {
        let _ = writeln!(err, "note: {note}");
    }
    if !args.dry_run {
        consent::ask(env);
    }
    Ok(())
}

/// Plans and does it; what a person should know beside what is printed.
fn install(env: &Env, args: &InstallArgs, out: &mut dyn Write) -> Result<Vec<String>, SetupError> {
    let scope = if args.user { Scope::User } else { Scope::Project };
    let chosen = named(&args.agents)?;
    let mut setup = Setup::open(env, scope)?;
    let agents = match (args.no_agents, chosen.is_empty()) {
        (true, _) => Vec::new(),
        (false, false) => chosen,
        (false, true) => found(&setup, env),
    };
    let options = setup.options();
    let mut notes = guests(&args.agents);
    let mut plan = agent_steps(&mut setup, &agents, &options, &mut notes)?;
    if !args.no_agents && agents.is_empty() {
        notes.push("no agent was found here; name one with --agent (see --list)".to_owned());
    }
    match &setup.site {
        _ if args.no_git_hooks => {}
        Some(site) => {
            plan.extend(site.install(setup.program.as_deref(), args.force)?);
            notes.extend(site.advice());
        }
        None => notes.push(
            "git's hooks belong to one repository: run `git ai-log install --no-agents` in each"
                .to_owned(),
        ),
    }
    note_files(&mut setup, &plan);
    if !setup.on_path {
        notes.push(
            "git-ai-log is not on your PATH, and agents and husky find it only there".to_owned(),
        );
    }
    setup.carry_out(out, &plan, args.dry_run)?;
    if args.dry_run {
        notes.clear();
    }
    Ok(notes)
}

/// The agents of these names.
pub(super) fn named(names: &[String]) -> Result<Vec<&'static dyn Installer>, SetupError> {
    let unknown = |name: &String| match find(name).and_then(|agent| agent.sessions()) {
        Some(_) => SetupError::NoHooks { name: name.clone() },
        None => SetupError::Agent { name: name.clone() },
    };
    names.iter().map(|name| installer(name).ok_or_else(|| unknown(name))).collect()
}

/// What is to be said of agents that run the hooks of others.
fn guests(names: &[String]) -> Vec<String> {
    let guests = names.iter().filter_map(|name| Some((name, find(name)?.hooks_of()?)));
    guests
        .map(|(name, host)| format!("{name} runs the hooks of {host}: that is its file"))
        .collect()
}

/// The agents whose program or folder is here.
fn found(setup: &Setup, env: &Env) -> Vec<&'static dyn Installer> {
    let here = |agent: &&dyn Installer| why_found(*agent, setup, env).is_some();
    installers().filter(here).collect()
}

/// The program or the folder that shows that an agent is used here.
pub(super) fn why_found(agent: &dyn Installer, setup: &Setup, env: &Env) -> Option<PathBuf> {
    let program = setup::program(env, agent.program());
    program.or_else(|| agent.folder(&setup.place).filter(|folder| folder.is_dir()))
}

/// The steps that make these agents call us; what they change is noted for `uninstall`.
fn agent_steps(
    setup: &mut Setup,
    agents: &[&'static dyn Installer],
    options: &Options,
    notes: &mut Vec<String>,
) -> Result<Vec<Step>, SetupError> {
    let (added, stripped) = (Texts::default(), Texts::default());
    let place = setup.place.clone();
    for agent in agents {
        let edits = agent.add(&place, options, &|path| added.read(path))?;
        if edits.is_empty() {
            notes.push(format!("{} has no settings for this folder", agent.name()));
        }
        // What the file would be without us: after its text is known to be in order.
        for edit in agent.remove(&place, &|path| stripped.read(path))? {
            stripped.put(edit);
        }
        let changes = edits.iter().any(|edit| added.changes(edit));
        edits.into_iter().for_each(|edit| added.put(edit));
        if changes {
            setup.book.note_agent(agent.name(), place.top.as_deref());
        }
        notes.extend(agent.advice(&place, &|path| added.read(path)));
    }
    let steps = added.steps()?;
    for step in &steps {
        let Step::Write { path, before, after, .. } = step else {
            continue;
        };
        let without = before.as_ref().and_then(|before| match stripped.get(path) {
            Some(Some(text)) => Some(text.into_bytes()),
            Some(None) if setup.book.made(path) == Some(false) => Some(setup::empty_file(path)),
            Some(None) => None,
            None => Some(before.clone()),
        });
        setup.book.note(path, before.as_deref(), without, after);
    }
    Ok(steps)
}

/// Notes the folders that will be made, the hooks folder, and husky's scripts. Our own hook
/// scripts need no note: they are known by their second line.
fn note_files(setup: &mut Setup, plan: &[Step]) {
    let mut hooks = false;
    for step in plan {
        let Step::Write { path, before, after, about, .. } = step else {
            continue;
        };
        setup.book.note_folders(&steps::missing_folders(path));
        hooks |= is_ours(after);
        if about.ends_with("husky") {
            hooks = true;
            let text = before.as_ref().map(|before| String::from_utf8_lossy(before).into_owned());
            let without = text.and_then(|text| husky_script_removed(&text));
            let without = without.map(String::into_bytes);
            setup.book.note(path, before.as_deref(), without, after);
        }
    }
    if let Some(site) = setup.site.as_ref().filter(|_| hooks) {
        setup.book.note_hooks(&site.hooks);
    }
}

/// Whether an agent reports to us.
pub(super) fn state(agent: &dyn Installer, setup: &Setup) -> Result<&'static str, SetupError> {
    let texts = Texts::default();
    let read = |path: &Path| texts.read(path);
    let added = agent.add(&setup.place, &setup.options(), &read)?;
    let removed = agent.remove(&setup.place, &read)?;
    Ok(match () {
        () if added.is_empty() => "-",
        () if !added.iter().any(|edit| texts.changes(edit)) => "installed",
        () if removed.iter().any(|edit| texts.changes(edit)) => "outdated",
        () => "not installed",
    })
}
