//! husky: it owns the hooks folder, so our line goes into the scripts that it runs.

use std::path::Path;

use super::{HOOKS, Hook, HookError, read};
use crate::model::step::Step;

/// At the end of each line of ours.
const MARK: &str = "# git-ai-log";

/// The user's script with our line in it. `direct`: git runs the script itself, without husky
/// in between.
pub fn husky_script(text: Option<&str>, hook: &Hook, direct: bool) -> String {
    let text = text.unwrap_or("");
    let line = line(hook);
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let lines = text.split_inclusive('\n').collect::<Vec<_>>();
    if lines.iter().any(|old| is_ours(old)) {
        let renewed = |old: &&str| match is_ours(old) {
            true if old.ends_with('\n') => format!("{line}{end}"),
            true => line.clone(),
            false => (*old).to_owned(),
        };
        return lines.iter().map(renewed).collect();
    }
    let mut new = String::new();
    if direct && text.is_empty() {
        new.push_str("#!/usr/bin/env sh\n");
    }
    if !hook.stdin {
        new.push_str(text);
        if !text.is_empty() && !text.ends_with('\n') {
            new.push_str(end);
        }
        return format!("{new}{line}{end}");
    }
    // Ours comes first and leaves the input as it found it; behind it, it might be read already.
    let (first, rest) = match text.starts_with("#!") {
        true => text.split_at(lines.first().map_or(0, |first| first.len())),
        false => ("", text),
    };
    new.push_str(first);
    if !first.is_empty() && !first.ends_with('\n') {
        new.push_str(end);
    }
    format!("{new}{line}{end}{rest}")
}

/// The user's script without our line; `None` where nothing else was in it.
pub fn husky_script_removed(text: &str) -> Option<String> {
    let rest: String = text.split_inclusive('\n').filter(|line| !is_ours(line)).collect();
    let empty = rest.lines().all(|line| line.is_empty() || line == "#!/usr/bin/env sh");
    (rest == text || !empty).then_some(rest)
}

/// Our line in a script, whatever version wrote it.
pub(super) fn our_line(text: &str) -> Option<&str> {
    text.lines().find(|line| is_ours(line)).map(str::trim_end)
}

fn is_ours(line: &str) -> bool {
    line.trim_end().ends_with(MARK) && line.contains("git-ai-log hook ")
}

/// A line of our own; these scripts are committed, so it says nothing about one machine. They run
/// with `sh -e`.
pub(super) fn line(hook: &Hook) -> String {
    let name = hook.name;
    let found = "command -v git-ai-log >/dev/null 2>&1";
    match (hook.stdin, hook.gates()) {
        (false, false) => {
            format!("if {found}; then git-ai-log hook {name} \"$@\" || :; fi {MARK}")
        }
        (false, true) => format!("if {found}; then git-ai-log hook {name} \"$@\"; fi {MARK}"),
        (true, gates) => {
            let status = if gates { "" } else { " || :" };
            format!(
                "if {found} && ai_log_in=$(mktemp); then cat >\"$ai_log_in\"; git-ai-log hook \
                 {name} \"$@\" <\"$ai_log_in\"{status}; exec <\"$ai_log_in\"; rm -f \
                 \"$ai_log_in\"; fi {MARK}"
            )
        }
    }
}

pub(super) fn add(scripts: &Path, direct: bool) -> Result<Vec<Step>, HookError> {
    let mut steps = Vec::new();
    for hook in HOOKS {
        let path = scripts.join(hook.name);
        let before = read(&path)?;
        let text = before.as_deref().map(|bytes| text_of(&path, bytes)).transpose()?;
        let after = husky_script(text, hook, direct).into_bytes();
        if before.as_deref() != Some(&after) {
            let about = "git hook, run by husky".to_owned();
            steps.push(Step::Write { path, before, after, executable: direct, about });
        }
    }
    Ok(steps)
}

pub(super) fn remove(scripts: &Path) -> Result<Vec<Step>, HookError> {
    let mut steps = Vec::new();
    for hook in HOOKS {
        let path = scripts.join(hook.name);
        let Some(before) = read(&path)? else { continue };
        let about = "git hook, run by husky".to_owned();
        match husky_script_removed(text_of(&path, &before)?) {
            None => steps.push(Step::Delete { path, before, about }),
            Some(after) if after.as_bytes() != before => {
                let after = after.into_bytes();
                steps.push(Step::Write {
                    path,
                    before: Some(before),
                    after,
                    executable: false,
                    about,
                });
            }
            Some(_) => {}
        }
    }
    Ok(steps)
}

fn text_of<'a>(path: &Path, bytes: &'a [u8]) -> Result<&'a str, HookError> {
    std::str::from_utf8(bytes).map_err(|error| HookError::Read {
        path: path.to_owned(),
        source: std::io::Error::new(std::io::ErrorKind::InvalidData, error),
    })
}
