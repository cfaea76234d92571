//! What programs do to files.

use super::parse::Simple;

/// What a program does to files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Reads,
    /// Writes what its words name, and nothing else.
    Writes,
    /// Moves text between commits and the work tree.
    Git,
    Opaque,
}

/// Programs that run the file they are given.
pub(super) const INTERPRETERS: &[&str] = &[
    "sh", "bash", "zsh", "dash", "ksh", "python", "python2", "python3", "node", "deno", "tsx",
    "ts-node", "ruby", "perl", "php", "lua", "Rscript", "source", ".",
];

const READERS: &[&str] = &[
    ":",
    "[",
    "[[",
    "awk",
    "base64",
    "basename",
    "break",
    "cat",
    "cd",
    "clear",
    "cmp",
    "column",
    "comm",
    "command",
    "continue",
    "curl",
    "cut",
    "date",
    "df",
    "diff",
    "dirname",
    "do",
    "done",
    "du",
    "echo",
    "egrep",
    "else",
    "env",
    "esac",
    "exit",
    "export",
    "expr",
    "false",
    "fd",
    "fgrep",
    "fi",
    "file",
    "find",
    "free",
    "gh",
    "grep",
    "head",
    "hexdump",
    "history",
    "hostname",
    "htop",
    "id",
    "if",
    "jobs",
    "jq",
    "kill",
    "less",
    "ls",
    "lsof",
    "man",
    "md5sum",
    "more",
    "mypy",
    "nc",
    "nl",
    "nproc",
    "od",
    "paste",
    "pgrep",
    "ping",
    "pkill",
    "popd",
    "printenv",
    "printf",
    "ps",
    "pushd",
    "pwd",
    "pyright",
    "pytest",
    "read",
    "readlink",
    "realpath",
    "return",
    "rev",
    "rg",
    "sed",
    "seq",
    "set",
    "sha1sum",
    "sha256sum",
    "shellcheck",
    "shopt",
    "sleep",
    "sort",
    "stat",
    "strings",
    "tac",
    "tail",
    "test",
    "then",
    "top",
    "tr",
    "tree",
    "true",
    "tsc",
    "type",
    "ulimit",
    "umask",
    "uname",
    "uniq",
    "unset",
    "uptime",
    "wait",
    "wc",
    "which",
    "while",
    "who",
    "whoami",
    "xxd",
    "yes",
];

const WRITERS: &[&str] = &[
    "chmod", "chown", "cp", "dd", "install", "ln", "mkdir", "mktemp", "mv", "rm", "rmdir", "split",
    "tee", "touch", "truncate", "unlink",
];

impl Simple {
    /// What this program does to files.
    pub(super) fn kind(&self) -> Kind {
        let program = self.program();
        let second = self.words[1..].iter().find(|word| !word.starts_with('-'));
        let second = second.map_or("", String::as_str);
        match program {
            "git" => self.git_kind(),
            "sed"
                if self
                    .words
                    .iter()
                    .any(|w| w.starts_with("-i") || w.starts_with("--in-place")) =>
            {
                Kind::Writes
            }
            "awk" | "find" | "curl" | "sort"
                if ["-exec", "-execdir", "-delete", "-o", "-O", "inplace"]
                    .iter()
                    .any(|f| self.has(f)) =>
            {
                Kind::Opaque
            }
            "tsc" if !self.has("--noEmit") => Kind::Opaque,
            "cargo"
                if [
                    "test", "check", "clippy", "build", "doc", "bench", "tree", "metadata",
                    "nextest",
                ]
                .contains(&second)
                    && !self.has("--fix") =>
            {
                Kind::Reads
            }
            "go" if ["test", "vet", "build", "list", "version", "env"].contains(&second) => {
                Kind::Reads
            }
            "npm" | "yarn" | "pnpm" | "bun"
                if ["test", "t", "ls", "view", "audit"].contains(&second) =>
            {
                Kind::Reads
            }
            _ if READERS.contains(&program) => Kind::Reads,
            _ if WRITERS.contains(&program) => Kind::Writes,
            _ => Kind::Opaque,
        }
    }

    fn git_kind(&self) -> Kind {
        let mut words = self.words[1..].iter();
        let mut subcommand = "";
        while let Some(word) = words.next() {
            match word.as_str() {
                "-C" | "-c" | "--git-dir" | "--work-tree" => {
                    words.next();
                }
                word if word.starts_with('-') => {}
                word => {
                    subcommand = word;
                    break;
                }
            }
        }
        match subcommand {
            "apply" => Kind::Opaque,
            // A new branch from here brings nothing.
            "checkout" if self.has("-b") && self.words.len() <= 4 => Kind::Reads,
            "switch" if self.has("-c") && self.words.len() <= 4 => Kind::Reads,
            "checkout" | "switch" | "restore" | "stash" | "pull" | "merge" | "rebase"
            | "cherry-pick" | "revert" | "reset" | "am" | "clean" | "mv" | "rm" | "submodule"
            | "bisect" | "sparse-checkout" => Kind::Git,
            _ => Kind::Reads,
        }
    }

    /// Manifests and lock files are written by their tools, whatever the words say.
    pub(super) fn writes_by_habit(&self, path: &str) -> bool {
        let file = path.rsplit('/').next().unwrap_or(path);
        let files: &[&str] = match self.program() {
            "npm" | "yarn" | "pnpm" | "bun" => &[
                "package.json",
                "package-lock.json",
                "yarn.lock",
                "pnpm-lock.yaml",
                "bun.lock",
                "npm-shrinkwrap.json",
            ],
            "cargo" => &["Cargo.toml", "Cargo.lock"],
            "go" => &["go.mod", "go.sum"],
            "poetry" | "uv" | "pdm" | "pip" | "pipenv" => {
                &["pyproject.toml", "poetry.lock", "uv.lock", "pdm.lock", "Pipfile", "Pipfile.lock"]
            }
            "bundle" | "gem" => &["Gemfile", "Gemfile.lock"],
            "composer" => &["composer.json", "composer.lock"],
            _ => &[],
        };
        files.contains(&file)
    }
}
