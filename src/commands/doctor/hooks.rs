//! git's hooks, as git finds them.

use std::path::Path;

use super::{Here, Report, fail, ok, warn};
use crate::commands::install::setup::program;
use crate::config::Env;
use crate::git::hooks::HOOKS;
use crate::git::hooks::look::{Fault, Look, Way, look};
use crate::render::json::{Checkup, Health};

const INSTALL: &str = "git ai-log install --no-agents";

/// What there is of each hook.
pub(super) fn check(env: &Env, here: &Here, report: &mut Report) -> Vec<Look> {
    let fallback = program(env, "git-ai-log").unwrap_or_else(|| env.program.clone());
    let looks = match look(&here.site, Some(&fallback)) {
        Ok(looks) => looks,
        Err(error) => {
            report.add(fail("git-hooks", error.to_string(), error.hint()));
            return Vec::new();
        }
    };
    let sound = |look: &&Look| look.ways.len() == 1 && look.faults.is_empty();
    let names: Vec<&str> = looks.iter().filter(sound).map(|look| look.hook.name).collect();
    if !names.is_empty() {
        let mut places: Vec<String> =
            looks.iter().filter(sound).map(|look| place(&look.ways[0])).collect();
        places.dedup();
        let message = format!("{}: {}", names.join(", "), places.join(", "));
        report.add(ok("git-hooks", message));
    }
    let all_missing = looks.iter().all(|look| look.faults == [Fault::Missing]);
    if all_missing {
        let message = format!("none of {} is installed", all().join(", "));
        report.add(fail("git-hooks", message, INSTALL));
        return looks;
    }
    let named = |look: &Look| look.ways.iter().any(|way| matches!(way, Way::Named { .. }));
    let managed = looks.iter().any(named);
    for look in &looks {
        for fault in &look.faults {
            let mut told = told(look, fault);
            // A hook manager that is configured to call us knows no `post-applypatch`.
            if managed && *fault == Fault::Missing && look.hook.name != "post-commit" {
                told.verdict = Health::Warn;
            }
            report.add(told.about(look.hook.name));
        }
        if look.ways.len() > 1 {
            let ways: Vec<String> = look.ways.iter().map(place).collect();
            let message = format!("runs {} times: {}", ways.len(), ways.join("; "));
            report.add(warn("git-hooks", message, INSTALL).about(look.hook.name));
        }
    }
    looks
}

fn all() -> Vec<&'static str> {
    HOOKS.iter().map(|hook| hook.name).collect()
}

/// Where a hook comes from.
fn place(way: &Way) -> String {
    match way {
        Way::File { path, .. } | Way::Husky { path, .. } => {
            let folder = path.parent().unwrap_or(Path::new("")).display();
            match path.extension().and_then(|end| end.to_str()) {
                Some("legacy") => format!("{folder}, run by the hook manager"),
                _ => folder.to_string(),
            }
        }
        Way::Config { .. } => "git's configuration".to_owned(),
        Way::Named { path } => format!("named in {}", path.display()),
    }
}

/// The message for a fault: it fails where nothing else calls us.
fn told(look: &Look, fault: &Fault) -> Checkup {
    let (message, mend) = match fault {
        Fault::Missing => ("is not installed".to_owned(), INSTALL.to_owned()),
        Fault::Replaced { path } => (
            format!("{} is another program's and does not call git ai-log", path.display()),
            INSTALL.to_owned(),
        ),
        Fault::PutAside { path } => (
            format!("a hook manager moved our hook to {} and does not run it", path.display()),
            format!("{INSTALL}, each time after the hook manager has installed itself"),
        ),
        Fault::NotExecutable { path } => (
            format!("git passes over {}: it is not executable", path.display()),
            format!("chmod +x '{}'", path.display()),
        ),
        Fault::Outdated { what } => {
            (format!("{what} is not as this version writes it"), INSTALL.to_owned())
        }
        Fault::SwitchedOff { section } => (
            format!("{section}.enabled is false"),
            format!("git config --unset-all {section}.enabled"),
        ),
        Fault::TooOld { section } => {
            (format!("this git does not run {section} from its configuration"), INSTALL.to_owned())
        }
        Fault::NotSetUp { path } => (
            format!("husky is not set up in this clone: {} is missing", path.display()),
            "npx husky".to_owned(),
        ),
        Fault::InputLost { path } => (
            format!(
                "{} runs it without its standard input: what a rebase rewrites is found again \
                 only later",
                path.display()
            ),
            INSTALL.to_owned(),
        ),
    };
    match look.ways.is_empty() {
        true => fail("git-hooks", message, mend),
        false => warn("git-hooks", message, mend),
    }
}
