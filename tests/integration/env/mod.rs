//! A sealed world for each test: a folder, an environment, a clock, and the real programs.

mod agent;
mod margin;
mod note;
pub mod schema;
pub mod team;
mod transcript;

use std::cell::{Cell, RefCell};
use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;

pub use agent::{Agent, apply_patch};
pub use margin::Margin;
pub use note::{Note, turn_id};

/// The git hooks that `install` writes.
pub const HOOKS: &[&str] = &[
    "pre-commit",
    "post-commit",
    "post-checkout",
    "post-merge",
    "post-rewrite",
    "post-applypatch",
    "pre-push",
];

/// Where git's clock starts: far ahead of the real one, which events are stamped with, as commits
/// come after the edits in them. Seconds.
const START: u64 = 4_000_000_000;
/// Where the one clock starts in a world that has no other. Seconds.
const ONE_START: u64 = 1_790_000_000;

/// What the repositories of one test share.
struct World {
    /// Removed with the world.
    _folder: tempfile::TempDir,
    root: PathBuf,
    ticks: Cell<u64>,
    /// The turns of all agents, in the order of their prompts.
    turns: RefCell<Vec<String>>,
    calls: Cell<u32>,
    /// How often each hook of an agent's is called.
    copies: Cell<usize>,
    /// Whether agents keep files of their sessions.
    kept: Cell<bool>,
    /// Whether events are stamped by git's clock, too.
    one_clock: Cell<bool>,
}

/// A repository with our hooks, and the person who works in it.
#[derive(Clone)]
pub struct TestRepo {
    world: Rc<World>,
    /// The top of the work tree, or the folder of a bare repository.
    pub top: PathBuf,
}

/// What a program answered.
#[must_use]
#[derive(Debug)]
pub struct Output {
    pub code: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

impl Output {
    /// Standard output of a program that succeeded.
    pub fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "{self}");
        String::from_utf8_lossy(&self.stdout).trim_end_matches('\n').to_owned()
    }

    /// Standard error of a program that failed.
    pub fn failed(self) -> String {
        assert_ne!(self.code, Some(0), "{self}");
        String::from_utf8_lossy(&self.stderr).into_owned()
    }
}

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (text(&self.stdout), text(&self.stderr));
        write!(f, "exit {:?}\n--- stdout\n{out}--- stderr\n{err}", self.code)
    }
}

impl Default for TestRepo {
    fn default() -> Self {
        Self::new()
    }
}

impl TestRepo {
    /// An empty repository with our hooks.
    pub fn new() -> Self {
        Self::init(&[])
    }

    /// The same with further arguments for `git init`.
    pub fn init(args: &[&str]) -> Self {
        let folder = tempfile::Builder::new().prefix("ai-log-").tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for name in ["home", "repo"] {
            std::fs::create_dir(root.join(name)).unwrap();
        }
        let top = root.join("repo");
        let world = World {
            _folder: folder,
            root,
            ticks: Cell::new(0),
            turns: RefCell::default(),
            calls: Cell::new(0),
            copies: Cell::new(1),
            kept: Cell::new(false),
            one_clock: Cell::new(false),
        };
        let repo = Self { world: Rc::new(world), top };
        repo.git(["init", "-q", "-b", "main"].iter().chain(args));
        repo.install_hooks();
        repo
    }

    /// A repository in which nothing was installed: of agents only their own files tell.
    pub fn unhooked(files: &[(&str, &str)]) -> Self {
        let repo = Self::new();
        repo.keep_sessions(false);
        std::fs::remove_dir_all(repo.git_path("hooks")).unwrap();
        if !files.is_empty() {
            repo.committed(files);
        }
        repo
    }

    /// From here on agents keep files of their sessions, and run with our hooks or without. git
    /// has its own all the same.
    pub fn keep_sessions(&self, hooks: bool) {
        self.world.copies.set(usize::from(hooks));
        self.world.kept.set(true);
    }

    /// From here on everything that happens has its own minute, by one clock.
    pub fn set_one_clock(&self) {
        self.world.one_clock.set(true);
    }

    /// The time by git's clock.
    fn now(&self) -> std::time::SystemTime {
        std::time::UNIX_EPOCH + std::time::Duration::from_secs(self.tick())
    }

    /// A minute goes by. Seconds since 1970.
    fn tick(&self) -> u64 {
        let World { ticks, one_clock, .. } = &*self.world;
        ticks.set(ticks.get() + 1);
        (if one_clock.get() { ONE_START } else { START }) + ticks.get() * 60
    }

    /// A repository in which a person committed these files.
    pub fn with(files: &[(&str, &str)]) -> Self {
        let repo = Self::new();
        repo.committed(files);
        repo
    }

    /// A person writes and commits these files.
    pub fn committed(&self, files: &[(&str, &str)]) {
        for (path, text) in files {
            self.write(path, text);
        }
        self.commit_all("by a person");
    }

    /// Another repository or work tree of the same world, at a path below its root.
    pub fn at(&self, path: &str) -> Self {
        Self { world: Rc::clone(&self.world), top: self.world.root.join(path) }
    }

    /// The folder around everything.
    pub fn root(&self) -> &Path {
        &self.world.root
    }

    /// The agents' and the person's home.
    pub fn home(&self) -> PathBuf {
        self.world.root.join("home")
    }

    /// Git's hooks as `install` writes them.
    pub fn install_hooks(&self) {
        let folder = self.git_path("hooks");
        self.install_hooks_in(&folder);
    }

    /// The same, in any folder.
    pub fn install_hooks_in(&self, folder: &Path) {
        std::fs::create_dir_all(folder).unwrap();
        for name in HOOKS {
            let script = format!("#!/bin/sh\nexec git-ai-log hook {name} \"$@\"\n");
            executable(&folder.join(name), &script);
        }
    }

    /// A program in the sealed environment, in this repository's folder.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let now = self.tick();
        let date = format!("{now} +0000");
        let home = self.home();
        let mut command = Command::new(program);
        command
            .current_dir(&self.top)
            .env_clear()
            .env("PATH", path())
            .env("HOME", &home)
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env("XDG_STATE_HOME", home.join("state"))
            .env("XDG_DATA_HOME", home.join("data"))
            .env("XDG_CACHE_HOME", home.join("cache"))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CEILING_DIRECTORIES", &self.world.root)
            .env("GIT_EDITOR", "true")
            .env("GIT_AUTHOR_NAME", "Pat Person")
            .env("GIT_AUTHOR_EMAIL", "pat@example.com")
            .env("GIT_COMMITTER_NAME", "Pat Person")
            .env("GIT_COMMITTER_EMAIL", "pat@example.com")
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_DATE", &date)
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .stdin(Stdio::null());
        if self.world.one_clock.get() {
            command.env("GIT_AI_LOG_NOW", now.to_string());
        }
        command
    }

    /// Runs git, which must succeed.
    pub fn git<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> String {
        self.try_git(args).ok()
    }

    /// Runs git.
    pub fn try_git<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Output {
        let args: Vec<_> = args.into_iter().collect();
        run(self.command("git").args(&args), b"")
    }

    /// Runs `git ai-log`.
    pub fn ai_log<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Output {
        let args: Vec<_> = args.into_iter().collect();
        run(self.command("git").arg("ai-log").args(&args), b"")
    }

    /// Runs a command line through `sh` as a person does.
    pub fn sh(&self, line: &str) -> Output {
        run(self.command("sh").arg("-c").arg(line), b"")
    }

    /// An agent's hook: one payload into `record`, which must be silent and succeed.
    pub fn record(&self, agent: &str, payload: impl AsRef<[u8]>) {
        for _ in 0..self.world.copies.get() {
            let output = run(self.command("git-ai-log").args(["record", agent]), payload.as_ref());
            assert!(output.code == Some(0) && output.stdout.is_empty(), "{output}");
        }
    }

    /// From here on agents tell everything twice, as when they are installed for the project and
    /// for the user.
    pub fn tell_twice(&self) {
        self.world.copies.set(2);
    }

    /// A person saves a file.
    pub fn write(&self, path: impl AsRef<Path>, text: impl AsRef<[u8]>) {
        let path = self.top.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// A person replaces a text that stands in the file once.
    pub fn replace(&self, path: &str, old: &str, new: &str) {
        let text = self.read(path);
        assert_eq!(text.matches(old).count(), 1, "{old:?} in {text:?}");
        self.write(path, text.replacen(old, new, 1));
    }

    /// The text of a file in the work tree.
    pub fn read(&self, path: &str) -> String {
        String::from_utf8(std::fs::read(self.top.join(path)).unwrap()).unwrap()
    }

    /// Stages whole files.
    pub fn stage(&self, paths: &[&str]) {
        self.git(["add", "--"].iter().chain(paths));
    }

    /// Stages this text of a file and leaves the work tree as it is, as `git add -p` does.
    pub fn stage_lines(&self, path: &str, text: &str) {
        let (old, new) = (self.root().join("old"), self.root().join("new"));
        std::fs::write(&old, format!("{}\n", self.git(["show", &format!(":{path}")]))).unwrap();
        std::fs::write(&new, text).unwrap();
        let diff = run(self.command("git").args(["diff", "--no-index"]).arg(old).arg(new), b"");
        let diff = String::from_utf8(diff.stdout).unwrap();
        let hunks = &diff[diff.find("\n@@").expect("the staged text differs")..];
        let patch = format!("--- a/{path}\n+++ b/{path}{hunks}");
        let applied = run(self.command("git").args(["apply", "--cached"]), patch.as_bytes());
        assert_eq!(applied.ok(), "");
    }

    /// Commits what is staged.
    pub fn commit(&self, message: &str) {
        self.commit_with(&["-m", message]);
    }

    /// Commits with these arguments.
    pub fn commit_with(&self, args: &[&str]) {
        self.git(["commit", "-q"].iter().chain(args));
    }

    /// Commits everything.
    pub fn commit_all(&self, message: &str) {
        self.git(["add", "-A"]);
        self.commit(message);
    }

    /// A path in the git directory.
    pub fn git_path(&self, name: &str) -> PathBuf {
        self.top.join(self.git(["rev-parse", "--git-path", name]))
    }

    /// Where the journal and the snapshots lie.
    pub fn state_dir(&self) -> PathBuf {
        self.top.join(self.git(["rev-parse", "--git-common-dir"])).join("ai-log")
    }

    /// Every event of the journal, session by session.
    pub fn journal(&self) -> Vec<serde_json::Value> {
        let Ok(entries) = std::fs::read_dir(self.state_dir().join("journal")) else {
            return Vec::new();
        };
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let lines = files.iter().flat_map(|file| {
            let text = std::fs::read_to_string(file).unwrap();
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        });
        lines.filter_map(|line| serde_json::from_str(&line).ok()).collect()
    }

    /// A session of Claude Code.
    pub fn claude(&self, session: &str) -> Agent {
        Agent::new(self, agent::Kind::Claude, session)
    }

    /// A session of Codex.
    pub fn codex(&self, session: &str) -> Agent {
        Agent::new(self, agent::Kind::Codex, session)
    }

    /// A session of a tool without an adapter.
    pub fn generic(&self, session: &str) -> Agent {
        Agent::new(self, agent::Kind::Generic, session)
    }

    /// The note of a commit.
    pub fn note(&self, rev: &str) -> Option<Note> {
        Note::read(self, rev)
    }

    /// Who wrote the lines of a file at HEAD: blame names the commit, its note the owner.
    pub fn owners(&self, path: impl AsRef<OsStr>) -> Margin {
        Margin::at(self, "HEAD", path.as_ref())
    }

    /// Fails with two columns unless the file at HEAD has these lines and owners.
    #[track_caller]
    pub fn expect(&self, path: impl AsRef<OsStr>, expected: &str) {
        let path = path.as_ref();
        self.owners(path).must_be(&Margin::parse(expected), &path.to_string_lossy());
    }

    /// The number of a turn among the prompts of this world, from 1.
    fn turn_number(&self, turn: &str) -> Option<usize> {
        self.world.turns.borrow().iter().position(|known| known == turn).map(|at| at + 1)
    }

    /// Counts a prompt that an agent got.
    pub fn add_turn(&self, turn: String) {
        self.world.turns.borrow_mut().push(turn);
    }

    fn next_call(&self) -> u32 {
        self.world.calls.set(self.world.calls.get() + 1);
        self.world.calls.get()
    }
}

/// Runs a program with this standard input.
pub fn run(command: &mut Command, input: &[u8]) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        // A program that reads nothing closes its end; that is its business.
        scope.spawn(move || stdin.write_all(input));
        child.wait_with_output().unwrap()
    });
    Output { code: output.status.code(), stdout: output.stdout, stderr: output.stderr }
}

/// Writes a script that can be run.
pub fn executable(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// The built program's folder first.
#[expect(clippy::disallowed_methods, reason = "the way to git, sh and sed")]
fn path() -> std::ffi::OsString {
    let binary = Path::new(env!("CARGO_BIN_EXE_git-ai-log")).parent().unwrap().to_path_buf();
    let rest = std::env::var_os("PATH").unwrap();
    std::env::join_paths(std::iter::once(binary).chain(std::env::split_paths(&rest))).unwrap()
}

/// Runs a command with a terminal of its own, at which somebody types this.
pub fn at_terminal(repo: &TestRepo, line: &str, typed: &str) -> Output {
    let mut command: Command = repo.command("script");
    run(command.args(["-qec", line, "/dev/null"]), typed.as_bytes())
}
