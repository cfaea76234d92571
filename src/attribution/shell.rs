//! What a command of an agent's can have written.
//!
//! That a file changed while a command ran does not yet say that the command changed it: a person
//! may have saved it meanwhile. So a command must be tied to the file: its words, a script that it
//! runs, or a redirection name the file, or it is a tool known to write it. A command that only
//! reads writes nothing. What else changed is nobody's for sure.

/// What ties a command to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The command names the file and can write it.
    Named,
    /// The command may write anything.
    Opaque,
    /// The command writes nothing, or only other files.
    Nothing,
}

/// A program with its words.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Simple {
    words: Vec<String>,
    /// Files it writes by redirection.
    outputs: Vec<String>,
    /// Files it reads by redirection.
    inputs: Vec<String>,
}

/// What a program does to files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Reads,
    /// Writes what its words name, and nothing else.
    Writes,
    /// Moves text between commits and the work tree.
    Git,
    Opaque,
}

/// What ties this command, and the texts of the scripts it runs, to this path.
pub fn claim(command: &str, scripts: &[String], path: &str) -> Claim {
    let simples = parse(command);
    let mut opaque = false;
    for simple in &simples {
        if simple.outputs.iter().any(|word| names(word, path)) {
            return Claim::Named;
        }
        let kind = simple.kind();
        opaque |= kind == Kind::Opaque;
        let named = match kind {
            Kind::Reads | Kind::Git => false,
            Kind::Writes => simple.words[1..].iter().any(|word| covers(word, path)),
            Kind::Opaque => {
                simple.words[1..].iter().any(|word| covers(word, path) || mentions(word, path))
                    || simple.writes_by_habit(path)
                    // Its arguments come from the commands before it in the pipe.
                    || simple.program() == "xargs" && words(&simples).any(|word| covers(word, path))
            }
        };
        if named {
            return Claim::Named;
        }
    }
    let file = path.rsplit('/').next().unwrap_or(path);
    // The text of a here-document, and the scripts that are run, are programs themselves.
    if opaque && (mentions(command, file) || scripts.iter().any(|text| mentions(text, file))) {
        return Claim::Named;
    }
    if opaque { Claim::Opaque } else { Claim::Nothing }
}

fn words(simples: &[Simple]) -> impl Iterator<Item = &String> {
    simples.iter().flat_map(|simple| &simple.words[1..])
}

/// Whether the command lets git move text between commits, stash and work tree.
pub fn moves_text(command: &str) -> bool {
    parse(command).iter().any(|simple| simple.kind() == Kind::Git)
}

/// Folders that the command works in beside its own: what it changes may be in another
/// repository.
pub fn folders(command: &str) -> Vec<String> {
    let mut folders = Vec::new();
    for simple in parse(command) {
        let after = |flag: &str| {
            let at = simple.words.iter().position(|word| word == flag)?;
            simple.words.get(at + 1).cloned()
        };
        if simple.program() == "cd" {
            folders.extend(simple.words.get(1).cloned());
        }
        folders.extend(after("-C"));
        let named = simple.words.iter().skip(1).chain(&simple.outputs);
        folders
            .extend(named.filter(|word| word.starts_with('/') || word.starts_with("../")).cloned());
    }
    folders
}

/// Files that the command runs, or is told what to do by.
pub fn scripts(command: &str) -> Vec<String> {
    let mut files = Vec::new();
    for simple in parse(command) {
        let argument = || simple.words[1..].iter().find(|word| !word.starts_with('-')).cloned();
        match simple.program() {
            "make" | "gmake" => {
                files.extend(["Makefile", "makefile", "GNUmakefile"].map(str::to_owned))
            }
            "just" => files.push("justfile".into()),
            "task" => files.push("Taskfile.yml".into()),
            "rake" => files.push("Rakefile".into()),
            "npm" | "yarn" | "pnpm" | "bun" => files.push("package.json".into()),
            "patch" | "git" => {
                files.extend(simple.words[1..].iter().filter(|w| w.contains('.')).cloned());
                files.extend(simple.inputs.iter().cloned());
            }
            program if INTERPRETERS.contains(&program) => files.extend(argument()),
            _ if simple.words[0].contains('/') => files.push(simple.words[0].clone()),
            _ => {}
        }
    }
    files
}

const INTERPRETERS: &[&str] = &[
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

/// Words of the real program that only stand before another one.
const PREFIXES: &[&str] = &[
    "sudo", "nohup", "time", "nice", "exec", "builtin", "command", "then", "do", "else", "!",
    "env", "timeout",
];

impl Simple {
    fn program(&self) -> &str {
        let word = self.words[0].as_str();
        match word.rsplit('/').next() {
            Some(name) if !name.is_empty() => name,
            _ => word,
        }
    }

    fn has(&self, flag: &str) -> bool {
        self.words.iter().any(|word| word == flag)
    }

    fn kind(&self) -> Kind {
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
            "checkout" | "switch" | "restore" | "stash" | "pull" | "merge" | "rebase"
            | "cherry-pick" | "revert" | "reset" | "am" | "clean" | "mv" | "rm" | "submodule"
            | "bisect" | "sparse-checkout" => Kind::Git,
            _ => Kind::Reads,
        }
    }

    /// Manifests and lock files are written by their tools, whatever the words say.
    fn writes_by_habit(&self, path: &str) -> bool {
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

/// Whether a word is this path, given from anywhere.
fn names(word: &str, path: &str) -> bool {
    let word = word.trim_start_matches("./");
    let ends = |long: &str, short: &str| {
        long.strip_suffix(short).is_some_and(|head| head.is_empty() || head.ends_with('/'))
    };
    !word.is_empty() && (ends(path, word) || ends(word, path))
}

/// Whether a word is this path, a folder around it, or a pattern for it.
fn covers(word: &str, path: &str) -> bool {
    if names(word, path) {
        return true;
    }
    let word = word.trim_end_matches("...").trim_end_matches('/').trim_start_matches("./");
    if word.is_empty() || word == "." || word == "*" {
        return true;
    }
    if word.contains(['*', '?']) {
        let file = path.rsplit('/').next().unwrap_or(path);
        return glob(word.as_bytes(), path.as_bytes())
            || glob(word.rsplit('/').next().unwrap_or(word).as_bytes(), file.as_bytes());
    }
    path.strip_prefix(word).is_some_and(|rest| rest.starts_with('/'))
        || path.contains(&format!("/{word}/")) && !word.starts_with('-')
}

/// Whether a text mentions this path, or its file name, as a word of its own.
fn mentions(text: &str, path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    if file.len() < 3 {
        return false;
    }
    let part = |c: char| c.is_alphanumeric() || c == '_' || c == '-' || c == '.';
    text.match_indices(file).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let mut after = text[at + file.len()..].chars();
        let next = after.next();
        // A full stop may end a sentence.
        let ends = match next {
            Some('.') => !after.next().is_some_and(part),
            next => !next.is_some_and(part),
        };
        !before.is_some_and(part) && ends
    })
}

/// `*` for anything, `?` for one byte.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&c) if c == b'?' || c == text[t] => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, t) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == b'*')
}

/// The simple commands of a command line, those given to a shell as a word (`sh -c "…"`)
/// included.
fn parse(command: &str) -> Vec<Simple> {
    let mut found = Vec::new();
    let mut todo = vec![(command.to_owned(), 0)];
    while let Some((text, depth)) = todo.pop() {
        for mut simple in simples(&text) {
            while simple.words.len() > 1 && PREFIXES.contains(&simple.program()) {
                simple.words.remove(0);
                while simple.words.len() > 1 && is_prefix_argument(&simple.words[0]) {
                    simple.words.remove(0);
                }
            }
            let shell = INTERPRETERS[..5].contains(&simple.program()) || simple.program() == "eval";
            if shell && depth < 3 {
                let inner = simple.words[1..].iter().filter(|word| word.contains(' '));
                todo.extend(inner.map(|word| (word.clone(), depth + 1)));
            }
            if !(shell && simple.has("-c")) {
                found.push(simple);
            }
        }
    }
    found
}

/// Options, durations and settings that stand before the program.
fn is_prefix_argument(word: &str) -> bool {
    word.starts_with('-') || word.contains('=') || word.starts_with(|c: char| c.is_ascii_digit())
}

fn simples(text: &str) -> Vec<Simple> {
    let mut found = vec![Simple::default()];
    let mut redirect = None;
    for token in tokens(text) {
        let Some(simple) = found.last_mut() else {
            break;
        };
        match token {
            Token::End => {
                redirect = None;
                found.push(Simple::default());
            }
            Token::Into => redirect = Some(true),
            Token::From => redirect = Some(false),
            Token::Word(word) => match redirect.take() {
                Some(true) => simple.outputs.push(word),
                Some(false) => simple.inputs.push(word),
                // Settings before the program: `A=1 program`.
                None if simple.words.is_empty() && is_setting(&word) => {}
                None => simple.words.push(word),
            },
        }
    }
    for simple in &mut found {
        // A redirection alone writes too: `> file`.
        if simple.words.is_empty() && !simple.outputs.is_empty() {
            simple.words.push(":".into());
        }
    }
    found.retain(|simple| !simple.words.is_empty());
    found
}

fn is_setting(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    })
}

enum Token {
    Word(String),
    Into,
    From,
    End,
}

/// Words with their quotes removed, redirections, and ends of commands. Here-documents are left
/// in the text, where [`mentions`] finds names.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    let mut quote: Option<char> = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some('"') | None, '\\') => word.extend(chars.next()),
            (Some(_), c) => word.push(c),
            (None, '\'' | '"') => (quote, quoted) = (Some(c), true),
            (None, c) if c.is_whitespace() || ";&|()<>`{}".contains(c) => {
                // `2>` names a stream, not a file.
                let stream = matches!(c, '<' | '>')
                    && !word.is_empty()
                    && word.bytes().all(|b| b.is_ascii_digit());
                if (!word.is_empty() || quoted) && !stream {
                    tokens.push(Token::Word(std::mem::take(&mut word)));
                }
                word.clear();
                quoted = false;
                match c {
                    '>' => {
                        while chars.next_if(|c| matches!(c, '>' | '|')).is_some() {}
                        if chars.next_if_eq(&'&').is_none() {
                            tokens.push(Token::Into);
                        }
                    }
                    '<' => {
                        while chars.next_if_eq(&'<').is_some() {}
                        tokens.push(Token::From);
                    }
                    '\n' | ';' | '|' | '(' | ')' | '`' | '{' | '}' => tokens.push(Token::End),
                    '&' if chars.peek() != Some(&'>') => tokens.push(Token::End),
                    _ => {}
                }
            }
            (None, c) => word.push(c),
        }
    }
    if !word.is_empty() || quoted {
        tokens.push(Token::Word(word));
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_names_the_file_and_writes_claims_it() {
        let named = [
            ("printf 'x\\n' >> notes.txt", "notes.txt"),
            ("cd /repo && sed -i 's/a/b/' src/a.py", "src/a.py"),
            ("cd src && sed -i.bak s/a/b/ a.py", "src/a.py"),
            ("cat > /home/dev/repo/src/a.py <<'EOF'\nx\nEOF", "src/a.py"),
            ("echo x | tee -a notes.txt", "notes.txt"),
            ("cp a.txt b.txt", "b.txt"),
            ("python3 - <<'EOF'\nopen('out.txt', 'w').write('x')\nEOF", "gen/out.txt"),
            ("cargo fmt", "Cargo.toml"),
            ("prettier --write .", "web/a.ts"),
            ("ruff check --fix src", "src/x/a.py"),
            ("find . -name '*.py' | xargs sed -i s/a/b/", "x/a.py"),
            ("bash -c \"echo hi > new.txt\"", "new.txt"),
            (
                "apply_patch <<'EOF'\n*** Begin Patch\n*** Add File: heredoc.txt\n+x\n*** End Patch\nEOF",
                "heredoc.txt",
            ),
            ("npm install left-pad", "package-lock.json"),
        ];
        for (command, path) in named {
            assert_eq!(claim(command, &[], path), Claim::Named, "{command}");
        }
    }

    #[test]
    fn what_reads_or_writes_elsewhere_claims_nothing() {
        let nothing = [
            ("sleep 5", "notes.txt"),
            ("cat notes.txt", "notes.txt"),
            ("ls && git status && git add -A && git commit -m 'Update notes.txt'", "notes.txt"),
            ("printf x >> other.txt", "notes.txt"),
            ("cargo test 2>&1 | tail -5", "src/lib.rs"),
            ("pytest tests/test_a.py", "tests/test_a.py"),
            ("npm test", "src/a.ts"),
            ("grep -rn foo .", "src/a.ts"),
            ("sleep 2; false", "notes.txt"),
        ];
        for (command, path) in nothing {
            assert_eq!(claim(command, &[], path), Claim::Nothing, "{command}");
        }
    }

    #[test]
    fn what_may_write_anything_needs_a_script_that_names_the_file() {
        let script = "#!/bin/sh\necho x > out.txt\n".to_owned();
        assert_eq!(claim("./gen.sh", &[], "out.txt"), Claim::Opaque);
        assert_eq!(claim("./gen.sh", std::slice::from_ref(&script), "out.txt"), Claim::Named);
        assert_eq!(claim("./gen.sh", &[script], "person.txt"), Claim::Opaque);
        assert_eq!(scripts("cd x && ./gen.sh a"), ["./gen.sh"]);
        assert_eq!(scripts("python3 -u tools/gen.py --all"), ["tools/gen.py"]);
        assert_eq!(scripts("npm run gen"), ["package.json"]);
    }

    #[test]
    fn git_moves_text() {
        assert!(moves_text("git -C sub pull --rebase"));
        assert!(moves_text("cd x; git stash pop"));
        assert!(!moves_text("git add -A && git commit -m 'git checkout'"));
        assert_eq!(claim("git checkout other -- a.py", &[], "a.py"), Claim::Nothing);
        assert_eq!(
            folders("cd ../lib && git -C /srv/x status"),
            ["../lib", "../lib", "/srv/x", "/srv/x"]
        );
    }

    proptest! {
        #[test]
        fn any_text_is_parsed(text in ".{0,200}", path in "[a-z./]{0,20}") {
            let _ = (claim(&text, &[], &path), scripts(&text), folders(&text), moves_text(&text));
        }
    }
}
