//! `git ai-log install --list`: the agents we know, which of them are here, and whether they report.

use std::io::{Read as _, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::setup::{self, Setup, SetupError, on_disk};
use super::{state, why_found};
use crate::agents::settings::{Installer, Scope, installers};
use crate::agents::{AGENTS, Agent};
use crate::config::Env;

/// How long a program may take to say its version.
const PATIENCE: Duration = Duration::from_secs(20);

/// Prints a line an agent: its name, version, where it was found, and its state for each scope with
/// the file that says so.
pub(super) fn print(env: &Env, out: &mut dyn Write) -> Result<(), SetupError> {
    let scopes = [(Scope::Project, "project"), (Scope::User, "user")];
    let setups: Vec<(Setup, &str)> = scopes
        .into_iter()
        .filter_map(|(scope, word)| Some((Setup::open(env, scope).ok()?, word)))
        .collect();
    let known: Vec<&'static dyn Installer> = installers().collect();
    let programs: Vec<Option<PathBuf>> =
        known.iter().map(|agent| setup::program(env, agent.program())).collect();
    let versions = versions(&programs);
    for (agent, version) in known.iter().zip(versions) {
        let why =
            setups.first().and_then(|(setup, _)| Some(setup.show(&why_found(*agent, setup, env)?)));
        let mut line = format!(
            "{:<14}  {:<9}  {}",
            agent.name(),
            version.as_deref().unwrap_or("-"),
            why.as_deref().unwrap_or("not found")
        );
        for (setup, word) in &setups {
            let file = file(*agent, setup).map(|file| format!(" ({})", setup.show(&file)));
            line.push_str(&format!(
                "  {word}: {}{}",
                state(*agent, setup)?,
                file.unwrap_or_default()
            ));
        }
        setup::print(out, &line)?;
    }
    for agent in AGENTS.iter().filter(|agent| agent.installer().is_none()) {
        unhooked(*agent, out)?;
    }
    Ok(())
}

/// An agent without hooks.
fn unhooked(agent: &dyn Agent, out: &mut dyn Write) -> Result<(), SetupError> {
    if let Some(host) = agent.hooks_of() {
        return setup::print(out, &format!("{:<14}  runs the hooks of {host}", agent.name()));
    }
    match agent.sessions() {
        Some(_) => setup::print(
            out,
            &format!(
                "{:<14}  needs nothing: its session files are read at each commit",
                agent.name()
            ),
        ),
        None => Ok(()),
    }
}

/// The settings file that is ours to change.
fn file(agent: &dyn Installer, setup: &Setup) -> Option<PathBuf> {
    let edits = agent.add(&setup.place, &setup.options(), &|path: &Path| on_disk(path)).ok()?;
    edits.into_iter().next().map(|edit| edit.path)
}

/// What these programs say of their version, all at once: some take a second to start.
fn versions(programs: &[Option<PathBuf>]) -> Vec<Option<String>> {
    std::thread::scope(|scope| {
        let asked: Vec<_> = programs
            .iter()
            .map(|program| scope.spawn(|| program.as_deref().and_then(version)))
            .collect();
        asked.into_iter().map(|one| one.join().ok().flatten()).collect()
    })
}

fn version(program: &Path) -> Option<String> {
    let mut child = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let started = Instant::now();
    while child.try_wait().ok()?.is_none() {
        if started.elapsed() > PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let mut said = String::new();
    child.stdout.take()?.take(4096).read_to_string(&mut said).ok()?;
    let mut words = said.split(|c: char| c.is_whitespace() || c == 'v');
    let number = |word: &&str| word.contains('.') && word.starts_with(|c: char| c.is_ascii_digit());
    words.find(number).map(|word| word.trim_end_matches([',', '.']).to_owned())
}
