//! Commands that would step round git's hooks.
//!
//! Only what is certain counts: a word that a variable or another command fills in is not known,
//! and text that only speaks of such a command (an argument of `echo`, a message, a file that is
//! written) is none.

use super::git::{Call, is_off};
use super::parse::{Simple, parse};

/// A command with its words, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bypass {
    /// What it is in the command: `git commit -n`.
    pub what: String,
    /// What it does.
    pub why: &'static str,
}

impl Bypass {
    pub(super) fn of(what: impl Into<String>, why: &'static str) -> Self {
        Self { what: what.into(), why }
    }
}

/// Variables that make a hook manager pass hooks over, with the values that do not.
const SWITCHES: &[(&str, &[&str])] = &[
    ("SKIP", &[""]),
    ("PREK_SKIP", &[""]),
    ("HUSKY", &["", "1", "2"]),
    ("HUSKY_SKIP_HOOKS", &["", "0", "false"]),
    ("LEFTHOOK", &["", "1", "true", "on"]),
    ("LEFTHOOK_EXCLUDE", &[""]),
    ("PRE_COMMIT_ALLOW_NO_CONFIG", &["", "0"]),
    ("PREK_ALLOW_NO_CONFIG", &["", "0"]),
    ("OVERCOMMIT_DISABLE", &["", "0"]),
    ("SKIP_SIMPLE_GIT_HOOKS", &["", "0"]),
];

/// Programs whose `uninstall` takes hooks away.
const MANAGERS: &[&str] =
    &["git-ai-log", "pre-commit", "prek", "lefthook", "husky", "overcommit", "simple-git-hooks"];

/// Programs that run another one, with the options of theirs that take a word.
const RUNNERS: &[(&str, &[&str])] = &[
    ("xargs", &["-n", "-P", "-I", "-L", "-s", "-d", "-E", "-a"]),
    ("npx", &["-p", "--package"]),
    ("uvx", &["--from", "--with"]),
    ("bunx", &[]),
    ("stdbuf", &["-i", "-o", "-e"]),
    ("setsid", &[]),
    ("ionice", &["-c", "-n"]),
];

/// What in this command would step round the hooks. `alias` knows git's aliases.
pub fn bypass(command: &str, alias: &dyn Fn(&str) -> Option<String>) -> Option<Bypass> {
    let mut exported = Vec::new();
    parse(command).into_iter().find_map(|mut simple| {
        unwrap(&mut simple);
        if matches!(simple.program(), "export" | "declare" | "typeset") {
            exported.extend(simple.words.drain(1..));
            return None;
        }
        simple.settings.extend(exported.iter().cloned());
        of_simple(&simple, alias)
    })
}

/// Whether this path lies in the folder of git's own hooks.
pub fn is_hook(path: &str) -> bool {
    let mut parts = path.split(['/', '\\']).skip_while(|part| *part != ".git").skip(1);
    parts.any(|part| part == "hooks")
}

fn of_simple(simple: &Simple, alias: &dyn Fn(&str) -> Option<String>) -> Option<Bypass> {
    if let Some(path) = simple.outputs.iter().find(|path| is_hook(path)) {
        return Some(Bypass::of(format!("> {path}"), "writes into git's hooks"));
    }
    let program = simple.program();
    match program {
        "git" => of_git(simple, alias),
        "alias" => simple.words[1..].iter().find_map(|word| {
            let (_, command) = word.split_once('=')?;
            bypass(command, alias)
        }),
        _ if MANAGERS.contains(&program) => {
            let second = simple.words.get(1).map(String::as_str);
            (second == Some("uninstall"))
                .then(|| Bypass::of(simple.words.join(" "), "takes the hooks away"))
        }
        _ => of_files(simple),
    }
}

fn of_git(simple: &Simple, alias: &dyn Fn(&str) -> Option<String>) -> Option<Bypass> {
    let call = Call::of(&simple.words)?;
    // An alias stands for other words; one that is given on the spot comes first.
    if let Some(text) = call.alias().or_else(|| call.is_unknown().then(|| alias(call.name))?) {
        let none: &dyn Fn(&str) -> Option<String> = &|_| None;
        let found = match text.strip_prefix('!') {
            Some(command) => bypass(command, none),
            None => parse(&format!("git {text}")).into_iter().next().and_then(|mut simple| {
                simple.words.extend(call.args.iter().cloned());
                of_git(&simple, none)
            }),
        };
        return found.map(|found| Bypass::of(format!("git {}", call.name), found.why));
    }
    let by_setting = || {
        let setting = simple.settings.iter().find(|setting| switches_off(setting))?;
        let why = "makes git or the hook manager pass the hooks over";
        call.runs_hooks().then(|| Bypass::of(format!("{setting} git {}", call.name), why))
    };
    call.bypass().or_else(by_setting)
}

/// Whether a variable takes the hooks out of what follows.
fn switches_off(setting: &str) -> bool {
    let Some((name, value)) = setting.split_once('=') else {
        return false;
    };
    match name {
        "GIT_CONFIG_PARAMETERS" => value.to_ascii_lowercase().contains("core.hookspath"),
        _ if name.starts_with("GIT_CONFIG_KEY_") => {
            let key = value.to_ascii_lowercase();
            key == "core.hookspath" || key.starts_with("hook.") && key.ends_with(".enabled")
        }
        _ => {
            SWITCHES.iter().any(|(switch, harmless)| *switch == name && !harmless.contains(&value))
        }
    }
}

/// Programs that change files, on files of git's own hooks.
fn of_files(simple: &Simple) -> Option<Bypass> {
    let words = &simple.words[1..];
    let mut paths = words.iter().filter(|word| !word.starts_with('-'));
    let in_place =
        || words.iter().any(|word| word.starts_with("-i") || word.starts_with("--in-place"));
    let path = match simple.program() {
        "rm" | "unlink" | "rmdir" | "truncate" | "shred" | "tee" | "mv" | "touch" => {
            paths.find(|path| is_hook(path))
        }
        // What is read from there is no harm.
        "cp" | "ln" | "install" | "rsync" => paths.next_back().filter(|path| is_hook(path)),
        "chmod" => {
            let mode =
                words.iter().find(|word| !["-R", "-v", "-c", "-f"].contains(&word.as_str()))?;
            paths.find(|path| is_hook(path)).filter(|_| takes_execution(mode))
        }
        "sed" | "perl" if in_place() => paths.find(|path| is_hook(path)),
        _ => None,
    }?;
    Some(Bypass::of(format!("{} {path}", simple.program()), "changes git's hooks"))
}

/// Whether a mode leaves a file that nobody may run.
fn takes_execution(mode: &str) -> bool {
    match mode.bytes().all(|b| b.is_ascii_digit()) {
        true => !mode.bytes().any(|digit| (digit - b'0') & 1 == 1),
        false => mode.split(',').any(|part| {
            part.split_once('-').is_some_and(|(_, bits)| bits.contains('x'))
                || part.split_once('=').is_some_and(|(_, bits)| !bits.contains('x'))
        }),
    }
}

/// Takes away programs that only run another one.
fn unwrap(simple: &mut Simple) {
    while let Some((_, with_value)) = RUNNERS.iter().find(|(runner, _)| *runner == simple.program())
    {
        if simple.words.len() == 1 {
            return;
        }
        simple.words.remove(0);
        while simple.words.len() > 1 && simple.words[0].starts_with('-') {
            let option = simple.words.remove(0);
            if with_value.contains(&option.as_str()) && simple.words.len() > 1 {
                simple.words.remove(0);
            }
        }
    }
    if simple.program() == "git" && simple.words.get(1).is_some_and(|word| word == "ai-log") {
        // `git ai-log` is `git-ai-log`.
        simple.words.drain(..2);
        simple.words.insert(0, "git-ai-log".into());
    }
    if is_off(&simple.words) {
        simple.words.truncate(1);
    }
}

#[cfg(test)]
#[path = "bypass_tests.rs"]
mod tests;
