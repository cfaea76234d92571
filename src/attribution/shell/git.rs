//! What a call of git does to the hooks.

use super::bypass::Bypass;

/// A call of git, its own options taken apart.
pub(super) struct Call<'w> {
    /// The subcommand.
    pub(super) name: &'w str,
    /// What follows it.
    pub(super) args: &'w [String],
    /// `-c KEY=VALUE` and `--config-env KEY=VARIABLE`.
    settings: Vec<&'w str>,
}

/// git's own options that take the next word.
const WITH_VALUE: &[&str] = &[
    "-C",
    "--git-dir",
    "--work-tree",
    "--namespace",
    "--super-prefix",
    "--attr-source",
    "--exec-path",
];

/// Subcommands that run hooks which judge.
const WITH_HOOKS: &[&str] =
    &["commit", "merge", "am", "rebase", "cherry-pick", "revert", "pull", "push"];

/// Subcommands whose names are not aliases: git does not let them be.
const KNOWN: &[&str] = &[
    "add",
    "am",
    "apply",
    "archive",
    "bisect",
    "blame",
    "branch",
    "bundle",
    "cat-file",
    "checkout",
    "cherry",
    "cherry-pick",
    "clean",
    "clone",
    "commit",
    "commit-tree",
    "config",
    "describe",
    "diff",
    "fast-import",
    "fetch",
    "format-patch",
    "fsck",
    "gc",
    "grep",
    "hash-object",
    "init",
    "log",
    "ls-files",
    "ls-tree",
    "merge",
    "merge-base",
    "mv",
    "notes",
    "pull",
    "push",
    "rebase",
    "reflog",
    "remote",
    "reset",
    "restore",
    "rev-list",
    "rev-parse",
    "revert",
    "rm",
    "shortlog",
    "show",
    "show-ref",
    "stash",
    "status",
    "submodule",
    "switch",
    "symbolic-ref",
    "tag",
    "update-index",
    "update-ref",
    "worktree",
    "write-tree",
];

const SKIPS: &str = "commits past the hooks";
const MOVES: &str = "makes git look for its hooks elsewhere, or switches them off";
const RECORD: &str = "changes the record of who wrote what";
const PLUMBING: &str = "makes commits that no hook sees";

impl<'w> Call<'w> {
    /// Takes the words apart; the first one is git. `None` where there is no subcommand.
    pub(super) fn of(words: &'w [String]) -> Option<Self> {
        let mut settings = Vec::new();
        let mut at = 1;
        while let Some(word) = words.get(at).map(String::as_str) {
            match word {
                "-c" | "--config-env" => {
                    settings.extend(words.get(at + 1).map(String::as_str));
                    at += 2;
                }
                word if WITH_VALUE.contains(&word) => at += 2,
                word if word.starts_with('-') => {
                    settings.extend(word.strip_prefix("--config-env="));
                    at += 1;
                }
                name => return Some(Self { name, args: &words[at + 1..], settings }),
            }
        }
        None
    }

    pub(super) fn is_unknown(&self) -> bool {
        !KNOWN.contains(&self.name)
    }

    pub(super) fn runs_hooks(&self) -> bool {
        WITH_HOOKS.contains(&self.name)
    }

    /// What the subcommand stands for by `-c alias.NAME=…`.
    pub(super) fn alias(&self) -> Option<String> {
        self.settings.iter().rev().find_map(|setting| {
            let (key, value) = setting.split_once('=')?;
            let name = key.strip_prefix("alias.")?;
            (name == self.name).then(|| value.to_owned())
        })
    }

    /// What in it steps round the hooks.
    pub(super) fn bypass(&self) -> Option<Bypass> {
        let found = |what: &str, why| Some(Bypass::of(format!("git {what}"), why));
        let moved = self.settings.iter().find(|setting| {
            let (key, value) = setting.split_once('=').unwrap_or((setting, ""));
            moves_hooks(key, value)
        });
        if let Some(setting) = moved.filter(|_| self.runs_hooks()) {
            return found(&format!("-c {setting} {}", self.name), MOVES);
        }
        match self.name {
            "commit" => self.flag(COMMIT).and_then(|flag| found(&format!("commit {flag}"), SKIPS)),
            "am" => self.flag(AM).and_then(|flag| found(&format!("am {flag}"), SKIPS)),
            // Their `-n` is something else.
            "merge" | "rebase" | "push" | "pull" => {
                self.flag(LONG).and_then(|flag| found(&format!("{} {flag}", self.name), SKIPS))
            }
            "commit-tree" | "fast-import" => found(self.name, PLUMBING),
            "hash-object" if self.has_pair("-t", "commit") && self.has("-w") => {
                found("hash-object -t commit", PLUMBING)
            }
            "update-ref" if self.args.iter().any(|arg| arg.starts_with("refs/notes/ai-log/")) => {
                found("update-ref refs/notes/ai-log", RECORD)
            }
            "update-ref" if !self.has("-d") && !self.has("--delete") => {
                let branch = |word: &&String| {
                    word.starts_with("refs/heads/") || matches!(word.as_str(), "HEAD" | "@")
                };
                let name = self.positional(&["-m"]).into_iter().next().filter(branch)?;
                found(&format!("update-ref {name}"), PLUMBING)
            }
            "notes" => {
                let ours = |arg: &String| arg.contains("ai-log");
                let writes = ["add", "append", "copy", "edit", "merge", "remove"];
                let about_ours =
                    self.args.windows(2).any(|pair| pair[0] == "--ref" && ours(&pair[1]))
                        || self.args.iter().any(|arg| arg.starts_with("--ref=") && ours(arg));
                let action = self.positional(&["--ref"]).into_iter().next()?;
                let writes = about_ours && writes.contains(&action.as_str());
                writes.then(|| Bypass::of(format!("git notes {action}"), RECORD))
            }
            "config" => self.config().and_then(|key| found(&format!("config {key}"), MOVES)),
            _ => None,
        }
    }

    /// Commands that it is given to run.
    pub(super) fn commands(&self) -> Vec<String> {
        let after = |flags: &[&str]| {
            let pairs = self.args.windows(2);
            let own = pairs.filter(|pair| flags.contains(&pair[0].as_str()));
            own.map(|pair| pair[1].clone()).collect::<Vec<_>>()
        };
        match self.name {
            "rebase" => {
                let joined = self.args.iter().filter_map(|arg| arg.strip_prefix("--exec="));
                let mut commands = after(&["-x", "--exec"]);
                commands.extend(joined.map(str::to_owned));
                commands
            }
            "submodule" => after(&["foreach", "--recursive"]),
            _ => Vec::new(),
        }
    }

    fn has(&self, flag: &str) -> bool {
        self.args.iter().any(|arg| arg == flag)
    }

    fn has_pair(&self, flag: &str, value: &str) -> bool {
        self.args.windows(2).any(|pair| pair[0] == flag && pair[1] == value)
    }

    /// Words that are no options and no option's value.
    fn positional(&self, with_value: &[&str]) -> Vec<&'w String> {
        let mut words = Vec::new();
        let mut args = self.args.iter();
        while let Some(arg) = args.next() {
            if with_value.contains(&arg.as_str()) {
                args.next();
            } else if !arg.starts_with('-') {
                words.push(arg);
            }
        }
        words
    }

    /// The option that skips the hooks, if it is given and not taken back.
    fn flag(&self, options: Options) -> Option<String> {
        let mut found = None;
        let mut args = self.args.iter();
        while let Some(arg) = args.next() {
            if arg == "--" {
                break;
            }
            if let Some(long) = arg.strip_prefix("--") {
                // git takes any beginning that is not another option's too.
                if long.len() > 6 && "no-verify".starts_with(long) {
                    found = Some(arg.clone());
                } else if long == "verify" {
                    found = None;
                } else if options.long.contains(&long) {
                    args.next();
                }
            } else if let Some(letters) = arg.strip_prefix('-') {
                for (at, letter) in letters.char_indices() {
                    if Some(letter) == options.skip {
                        found = Some(arg.clone());
                    } else if options.short.contains(letter) {
                        // The rest is its value, or the next word is.
                        if at + letter.len_utf8() == letters.len() {
                            args.next();
                        }
                        break;
                    } else if options.attached.contains(letter) {
                        break;
                    }
                }
            }
        }
        found
    }

    /// The key that `git config` changes so that other hooks run, or none.
    fn config(&self) -> Option<String> {
        const READS: &[&str] = &[
            "--get",
            "--get-all",
            "--get-regexp",
            "--get-urlmatch",
            "--list",
            "-l",
            "get",
            "list",
        ];
        const WRITES: &[&str] =
            &["set", "unset", "--unset", "--unset-all", "--add", "--replace-all"];
        const SECTIONS: &[&str] =
            &["remove-section", "rename-section", "--remove-section", "--rename-section"];
        let with_value =
            ["-f", "--file", "--blob", "--type", "--default", "--comment", "--value", "--url"];
        let mut words = self.positional(&with_value);
        let first = words.first().map(|word| word.as_str()).unwrap_or_default();
        let given = |names: &[&str]| {
            names.contains(&first) || names.iter().any(|n| n.starts_with("--") && self.has(n))
        };
        if given(READS) || self.has("-l") {
            return None;
        }
        let (writes, sections) = (given(WRITES), given(SECTIONS));
        if ["set", "unset", "remove-section", "rename-section"].contains(&first) {
            words.remove(0);
        }
        let key = words.first()?;
        let value = words.get(1).map(|value| value.as_str()).unwrap_or_default();
        if sections {
            let ours = ["core", "hook"].contains(&key.as_str()) || key.starts_with("hook.");
            return ours.then(|| (*key).clone());
        }
        let alias = key.strip_prefix("alias.").filter(|_| !value.is_empty());
        if alias.is_some() {
            let command = match value.strip_prefix('!') {
                Some(command) => command.to_owned(),
                None => format!("git {value}"),
            };
            return super::bypass::bypass(&command, &|_| None).map(|_| (*key).clone());
        }
        let changes = writes || words.len() > 1;
        // What a person has agreed to.
        if changes && key.to_ascii_lowercase().starts_with("ai-log.") {
            return Some((*key).clone());
        }
        (changes && moves_hooks(key, value)).then(|| (*key).clone())
    }
}

/// The options of a subcommand, as far as it takes to find one among them.
#[derive(Clone, Copy)]
struct Options {
    /// The letter that skips the hooks.
    skip: Option<char>,
    /// Letters that take a value.
    short: &'static str,
    /// Letters that take a value only in the same word.
    attached: &'static str,
    /// Names that take the next word.
    long: &'static [&'static str],
}

const COMMIT: Options = Options {
    skip: Some('n'),
    short: "mFCct",
    attached: "Su",
    long: &[
        "message",
        "file",
        "author",
        "date",
        "template",
        "reuse-message",
        "reedit-message",
        "fixup",
        "squash",
        "cleanup",
        "trailer",
        "pathspec-from-file",
    ],
};
const AM: Options =
    Options { skip: Some('n'), short: "Cp", attached: "S", long: &["exclude", "include"] };
const LONG: Options = Options {
    skip: None,
    short: "mFsXxoC",
    attached: "S",
    long: &[
        "message",
        "file",
        "strategy",
        "strategy-option",
        "exec",
        "onto",
        "into-name",
        "cleanup",
    ],
};

/// Whether a setting takes our hooks out of git's way.
fn moves_hooks(key: &str, value: &str) -> bool {
    let key = key.to_ascii_lowercase();
    if key == "core.hookspath" {
        return true;
    }
    let no = matches!(value.to_ascii_lowercase().as_str(), "false" | "no" | "off" | "0" | "");
    key.starts_with("hook.")
        && (key.ends_with(".enabled") && no || key.ends_with(".command") || key.ends_with(".event"))
}
