//! The repository: its format, where its hooks lie, and settings that work against the notes.

use super::{Here, Report, fail, ok, warn};
use crate::git::GitError;
use crate::git::hooks::CONFIG_HOOKS_SINCE;
use crate::git::notes::{PROMPTS, PROVENANCE};
use crate::git::settings::{Setting, glob};

pub(super) fn check(here: &Here, report: &mut Report) {
    format(here, report);
    writable(here, report);
    hooks_folder(here, report);
    if let Err(error) = notes(here, report).and_then(|()| fetch(here, report)) {
        report.add(fail("settings", error.to_string(), "git config --list --show-origin"));
    }
}

/// Every format that git opens works; it is said where git itself is asked, which takes longer.
fn format(here: &Here, report: &mut Report) {
    let words = match here.repo.format() {
        Ok(words) => words,
        Err(error) => {
            return report.add(fail("repository", error.to_string(), "git config --list"));
        }
    };
    let place = here.site.top.as_ref().unwrap_or(&here.site.git_dir).display().to_string();
    let mut message = place;
    if !words.is_empty() {
        message.push_str(&format!(": {}", words.join(", ")));
    }
    if !here.repo.is_native() {
        message.push_str("; git's own plumbing reads its objects and refs");
    } else if words.contains(&"partial clone") {
        message.push_str("; objects that are not here yet are fetched by git's own plumbing");
    }
    if words.contains(&"shallow clone") {
        message.push_str("; what lies below the cut is not known here");
    }
    report.add(ok("repository", message));
}

/// Whether anything can be recorded at all.
fn writable(here: &Here, report: &mut Report) {
    let state = here.repo.state_dir();
    let folders = [state.join("journal"), state.clone(), here.site.common.clone()];
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        if let Err(error) = tempfile::tempfile_in(folder) {
            let message = format!("nothing can be written in {}: {error}", folder.display());
            let mend = format!("chmod -R u+rwX '{}', and see to free space", folder.display());
            return report.add(fail("git-directory", message, mend));
        }
    }
}

/// A hooks folder that others share, or that is committed.
fn hooks_folder(here: &Here, report: &mut Report) {
    if !here.site.owns_hooks() && here.site.version < CONFIG_HOOKS_SINCE {
        let message = format!(
            "core.hooksPath is {}, outside this repository: hooks there run in every repository \
             that shares it",
            here.site.hooks.display()
        );
        report.add(warn("hooks-path", message, "git config --local core.hooksPath .git/hooks"));
    }
}

/// git copies notes wrongly when it rewrites commits, and shows ours as raw JSON.
fn notes(here: &Here, report: &mut Report) -> Result<(), GitError> {
    let settings = here.repo.settings(r"^notes\.(rewriteref|displayref)$")?;
    for setting in settings.iter().filter(|setting| touches(&setting.value)) {
        let what = match setting.key.as_str() {
            "notes.rewriteref" => {
                "makes git copy our notes when it rewrites commits, also onto commits that they \
                 do not fit"
            }
            _ => "makes `git log` print our notes as they are stored",
        };
        let message = format!("{}={} {what}", setting.key, setting.value);
        report.add(warn("notes-settings", message, setting.unset()));
    }
    Ok(())
}

/// A forced fetch onto our refs throws away what was not pushed.
fn fetch(here: &Here, report: &mut Report) -> Result<(), GitError> {
    for setting in here.repo.settings(r"^remote\..*\.fetch$")? {
        let Some(target) = forced_target(&setting) else { continue };
        if touches(target) {
            let message = format!(
                "{}={}: the next fetch overwrites notes that were not pushed",
                setting.key, setting.value
            );
            report.add(fail("fetch-refspec", message, setting.unset()));
        }
    }
    Ok(())
}

fn forced_target(setting: &Setting) -> Option<&str> {
    setting.value.strip_prefix('+')?.split_once(':').map(|(_, target)| target)
}

fn touches(pattern: &str) -> bool {
    [PROVENANCE, PROMPTS].iter().any(|name| glob(pattern, name))
}
