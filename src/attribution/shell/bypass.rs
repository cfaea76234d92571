//! Commands that would step round git's hooks.
//!
//! Only what is certain counts: a word that a variable or another command fills in is not known,
//! and text that only speaks of such a command (an argument of `echo`, a message, a file that is
//! written) is none.

use super::git::Call;
use super::parse::{Simple, name, parse, skip};

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

const CHANGES: &str = "changes git's hooks, or the record of who wrote what";

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

/// Commands of ours that speak for a person.
const PERSONS: &[&str] = &["attest", "waive", "review", "trust"];

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
    ("unbuffer", &[]),
    ("ionice", &["-c", "-n"]),
];

/// What in this command would step round the hooks. `alias` knows git's aliases.
pub fn bypass(command: &str, alias: Aliases<'_>) -> Option<Bypass> {
    let mut exported = Vec::new();
    let mut place = Place::default();
    parse(command).into_iter().find_map(|mut simple| {
        unwrap(&mut simple);
        match simple.program() {
            "export" | "declare" | "typeset" => {
                exported.extend(simple.words.drain(1..).find(|setting| switches_off(setting)));
                return None;
            }
            "cd" | "pushd" => place.enter(simple.words.get(1)),
            _ => {}
        }
        simple.settings.extend(exported.first().cloned());
        of_simple(&simple, &place, alias)
    })
}

/// Looks a git alias up.
type Aliases<'a> = &'a dyn Fn(&str) -> Option<String>;

const NO_ALIAS: Aliases<'static> = &|_| None;

/// The folder that a command works in, from where it started.
#[derive(Default)]
struct Place(String);

impl Place {
    fn enter(&mut self, folder: Option<&String>) {
        // Nothing longer is a folder that anybody has.
        if let Some(folder) = folder.filter(|folder| self.0.len() + folder.len() < 4_000) {
            self.0 = self.at(folder);
        }
    }

    fn at(&self, path: &str) -> String {
        match path.starts_with('/') || self.0.is_empty() {
            true => path.to_owned(),
            false => format!("{}/{path}", self.0),
        }
    }

    fn is_guarded(&self, path: &str) -> bool {
        is_guarded(&self.at(path))
    }
}

/// Whether this path lies in the folder of git's own hooks, or in that of our record.
pub fn is_guarded(path: &str) -> bool {
    let mut parts = path.split(['/', '\\']).skip_while(|part| *part != ".git").skip(1);
    parts.any(|part| part == "hooks" || part == "ai-log")
}

fn of_simple(simple: &Simple, place: &Place, alias: Aliases<'_>) -> Option<Bypass> {
    let moves = || simple.words.iter().any(|word| word.to_ascii_lowercase().contains("hookspath"));
    let written = |path: &&String| {
        place.is_guarded(path) || place.at(path).ends_with(".git/config") && moves()
    };
    if let Some(path) = simple.outputs.iter().find(written) {
        return Some(Bypass::of(format!("> {path}"), CHANGES));
    }
    let program = simple.program();
    match program {
        "git" | "git-ai-log" if asks_for_help(simple) => None,
        "git" => of_git(simple, alias),
        "alias" => simple.words[1..].iter().find_map(|word| {
            let (_, command) = word.split_once('=')?;
            bypass(command, alias)
        }),
        "git-ai-log" if simple.words.get(1).is_some_and(|w| PERSONS.contains(&w.as_str())) => {
            Some(Bypass::of(format!("git ai-log {}", simple.words[1]), "is a person's to say"))
        }
        _ if MANAGERS.contains(&program) => {
            let second = simple.words.get(1).map(String::as_str);
            (second == Some("uninstall"))
                .then(|| Bypass::of(simple.words.join(" "), "takes the hooks away"))
        }
        "find" => of_find(simple, place, alias),
        _ => of_files(simple, place),
    }
}

fn of_git(simple: &Simple, alias: Aliases<'_>) -> Option<Bypass> {
    let call = Call::of(&simple.words)?;
    // An alias stands for other words; one that is given on the spot comes first.
    if let Some(text) = call.alias().or_else(|| call.is_unknown().then(|| alias(call.name))?) {
        let found = match text.strip_prefix('!') {
            Some(command) => bypass(command, NO_ALIAS),
            None => parse(&format!("git {text}")).into_iter().next().and_then(|mut simple| {
                simple.words.extend(call.args.iter().cloned());
                of_git(&simple, NO_ALIAS)
            }),
        };
        return found.map(|found| Bypass::of(format!("git {}", call.name), found.why));
    }
    let by_setting = || {
        let setting = simple.settings.iter().find(|setting| switches_off(setting))?;
        let why = "makes git or the hook manager pass the hooks over";
        call.runs_hooks().then(|| Bypass::of(format!("{setting} git {}", call.name), why))
    };
    let by_command = || call.commands().iter().find_map(|command| bypass(command, NO_ALIAS));
    call.bypass().or_else(by_setting).or_else(by_command)
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

/// git looks for this only right behind a subcommand's name.
fn asks_for_help(simple: &Simple) -> bool {
    simple.words.iter().skip(1).take(2).any(|word| word == "--help" || word == "-h")
}

/// `find` that takes guarded files away, or runs something.
fn of_find(simple: &Simple, place: &Place, alias: Aliases<'_>) -> Option<Bypass> {
    let words = &simple.words[1..];
    let runs = |word: &String| matches!(word.as_str(), "-exec" | "-execdir" | "-ok");
    let command = words.iter().position(runs).map(|at| &words[at + 1..]);
    let removes = simple.has("-delete")
        || command.and_then(<[String]>::first).is_some_and(|word| name(word) == "rm");
    if let Some(path) = words.first().filter(|path| removes && place.is_guarded(path)) {
        return Some(Bypass::of(format!("find {path}"), CHANGES));
    }
    let command = Simple { words: command?.to_vec(), ..Simple::default() };
    let is_git = command.words.first().is_some_and(|word| name(word) == "git");
    is_git.then(|| of_git(&command, alias)).flatten()
}

/// Programs that change files, on files of git's own hooks.
fn of_files(simple: &Simple, place: &Place) -> Option<Bypass> {
    let words = &simple.words[1..];
    let mut paths = words.iter().filter(|word| !word.starts_with('-'));
    let in_place =
        || words.iter().any(|word| word.starts_with("-i") || word.starts_with("--in-place"));
    let path = match simple.program() {
        "rm" | "unlink" | "rmdir" | "truncate" | "shred" | "tee" | "mv" | "touch" => {
            paths.find(|path| place.is_guarded(path))
        }
        // What is read from there is no harm.
        "cp" | "ln" | "install" | "rsync" => {
            paths.next_back().filter(|path| place.is_guarded(path))
        }
        "chmod" => {
            let mode =
                words.iter().find(|word| !["-R", "-v", "-c", "-f"].contains(&word.as_str()))?;
            paths.find(|path| place.is_guarded(path)).filter(|_| takes_execution(mode))
        }
        "sed" | "perl" if in_place() => paths.find(|path| place.is_guarded(path)),
        _ => None,
    }?;
    Some(Bypass::of(format!("{} {path}", simple.program()), CHANGES))
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
    let mut at = 0;
    while let Some((_, with_value)) = RUNNERS
        .iter()
        .find(|(runner, _)| at + 1 < simple.words.len() && name(&simple.words[at]) == *runner)
    {
        at = skip(&simple.words, at + 1, with_value, |word| word.starts_with('-'));
    }
    simple.words.drain(..at);
    if simple.program() == "git" && simple.words.get(1).is_some_and(|word| word == "ai-log") {
        // `git ai-log` is `git-ai-log`.
        simple.words.drain(..2);
        simple.words.insert(0, "git-ai-log".into());
    }
}

#[cfg(test)]
#[path = "bypass_tests.rs"]
mod tests;
