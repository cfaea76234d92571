//! The programs: this one, as hooks find it, and git.

use std::path::Path;
use std::process::{Command, Stdio};

use super::{Report, fail, ok, warn};
use crate::commands::install::setup::program;
use crate::config::Env;
use crate::git::hooks::{CONFIG_HOOKS_SINCE, GitVersion};
use crate::git::process::{self, With as _};

/// The first git with all that we ask of it (`rev-parse --path-format`).
const OLDEST: GitVersion = GitVersion(2, 31);

pub(super) fn check(env: &Env, report: &mut Report) {
    own(env, report);
    git(report);
}

fn own(env: &Env, report: &mut Report) {
    let version = env!("CARGO_PKG_VERSION");
    let folder = env.program.parent().unwrap_or(Path::new("."));
    let first = format!("export PATH='{}':\"$PATH\"", folder.display());
    let Some(found) = program(env, "git-ai-log") else {
        let message = format!(
            "git-ai-log {version} is {}, and not on PATH: settings in a project find it only there",
            env.program.display()
        );
        return report.add(warn("program", message, first));
    };
    let real = |path: &Path| path.canonicalize().unwrap_or(path.to_owned());
    if real(&found) == real(&env.program) {
        return report.add(ok("program", format!("git-ai-log {version}, {}", found.display())));
    }
    let other = match version_of(&found) {
        Some(other) if other == version => {
            let message = format!(
                "git-ai-log {version}, {}; this one, of the same version, is {}",
                found.display(),
                env.program.display()
            );
            return report.add(ok("program", message));
        }
        Some(other) => format!("is version {other}"),
        None => "does not tell its version".to_owned(),
    };
    let message = format!(
        "hooks run {}, which {other}; this is version {version}, {}",
        found.display(),
        env.program.display()
    );
    report.add(warn("program", message, first));
}

/// What another `git-ai-log` says of itself.
fn version_of(program: &Path) -> Option<String> {
    let done = Command::new(program).arg("--version").stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(done.stdout).ok()?;
    let version = text.split_whitespace().last()?;
    version.starts_with(|c: char| c.is_ascii_digit()).then(|| version.to_owned())
}

fn git(report: &mut Report) {
    let answer = process::output(&mut process::git().with("--version"), "tell its version");
    let said = match answer {
        Ok(said) => String::from_utf8_lossy(process::line(&said)).into_owned(),
        Err(error) => {
            return report.add(fail("git", error.to_string(), "install git, or put it on PATH"));
        }
    };
    report.add(match GitVersion::parse(&said) {
        Some(version) if version >= CONFIG_HOOKS_SINCE => {
            ok("git", format!("{said}, which runs hooks from its configuration"))
        }
        Some(version) if version >= OLDEST => ok("git", said),
        Some(_) => warn("git", format!("{said} is older than 2.31"), "install a newer git"),
        None => warn("git", format!("`{said}` tells no version"), "git --version"),
    });
}
