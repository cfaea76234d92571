//! A sealed place to install into: a home, a repository, and a stand-in for the program that
//! writes down how it is called.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

#[allow(dead_code, reason = "each test file uses its part")]
pub struct World {
    dir: TempDir,
    pub repo: PathBuf,
}

/// What a process left behind.
#[derive(Debug)]
#[must_use]
pub struct Ran {
    pub code: i32,
    pub out: String,
    #[allow(dead_code, reason = "each test file uses its part")]
    pub err: String,
}

impl Ran {
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, 0, "{self:#?}");
        self.out
    }

    #[track_caller]
    #[allow(dead_code, reason = "each test file uses its part")]
    pub fn fails(self, words: &[&str]) -> String {
        assert_eq!(self.code, 2, "{self:#?}");
        for word in words {
            assert!(self.err.contains(word), "no `{word}` in {self:#?}");
        }
        self.err
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

#[allow(dead_code, reason = "each test file uses its part")]
impl World {
    /// With a repository of this name.
    pub fn named(name: &str) -> Self {
        let dir = TempDir::new().unwrap();
        let repo = dir.path().join(name);
        for folder in ["home", "bin", "tmp", name] {
            std::fs::create_dir(dir.path().join(folder)).unwrap();
        }
        let world = Self { dir, repo };
        // Hooks are files, whatever git this is; those in its configuration have tests of their own.
        world.set_git_version("2.53.0");
        world.put_program();
        world.git(&["init", "-q", "-b", "main"]).ok();
        world.git(&["commit", "-q", "--allow-empty", "-m", "first"]).ok();
        world
    }

    pub fn new() -> Self {
        Self::named("repo")
    }

    pub fn real_git(&self) -> String {
        let found = Command::new("sh").args(["-c", "command -v git"]).output().unwrap();
        String::from_utf8(found.stdout).unwrap().trim().to_owned()
    }

    /// Whether the git of this machine runs hooks from its configuration, as 2.54 and later do.
    pub fn has_config_hooks(&self) -> bool {
        let listed = Command::new(self.real_git()).args(["hook", "list", "-h"]).output().unwrap();
        String::from_utf8_lossy(&listed.stdout).contains("hook list")
    }

    /// git says that it is of this version, and otherwise is what it is.
    pub fn set_git_version(&self, version: &str) {
        let git = self.real_git();
        self.script(
            "bin/git",
            &format!(
                "#!/bin/sh\n[ \"$1\" != --version ] || {{ echo git version {version}; exit; }}\n\
                 exec {git} \"$@\"\n"
            ),
        );
    }

    /// The stand-in for the program: one line a call, with what came on standard input. It fails
    /// where that must not matter, and at a push.
    pub fn put_program(&self) {
        let trace = self.path("trace");
        self.script(
            "bin/git-ai-log",
            &format!(
                "#!/bin/sh\nprintf 'ours %s <%s>\\n' \"$*\" \"$(cat | tr '\\n' ' ')\" >>'{}'\n[ \"$2\" = pre-commit ] || exit 7\n",
                trace.display()
            ),
        );
    }

    /// The program itself in the place of its stand-in.
    pub fn put_real_program(&self) {
        self.remove_program();
        let program = env!("CARGO_BIN_EXE_git-ai-log");
        std::os::unix::fs::symlink(program, self.path("bin/git-ai-log")).unwrap();
    }

    pub fn remove_program(&self) {
        std::fs::remove_file(self.path("bin/git-ai-log")).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn home(&self, name: &str) -> PathBuf {
        self.path("home").join(name)
    }

    pub fn hook(&self, name: &str) -> PathBuf {
        self.repo.join(".git/hooks").join(name)
    }

    /// Writes a file, folders included.
    pub fn write(&self, path: impl AsRef<Path>, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Writes an executable file. A process of its own does it: while another test starts one
    /// from this process, a file that is open for writing here cannot be run.
    pub fn script(&self, path: impl AsRef<Path>, text: &str) -> PathBuf {
        let path = self.dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut writer = Command::new("/bin/sh");
        writer.args(["-c", "printf %s \"$2\" >\"$1\" && chmod 755 \"$1\"", "sh"]);
        assert!(writer.arg(&path).arg(text).status().unwrap().success());
        path
    }

    /// A hook that writes down its name, arguments and input, and ends with this status.
    pub fn foreign_hook(&self, path: &Path, status: u8) -> PathBuf {
        let trace = self.path("trace");
        let text = format!(
            "#!/bin/sh\nprintf 'theirs %s <%s>\\n' \"$*\" \"$(cat | tr '\\n' ' ')\" >>'{}'\nexit {status}\n",
            trace.display()
        );
        self.script(path, &text)
    }

    /// A command in the repository, with nothing of the developer's environment.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", self.path("bin").display());
        command
            .current_dir(&self.repo)
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.path("tmp"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("LC_ALL", "C");
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "Dev");
            command.env(format!("GIT_{who}_EMAIL"), "dev@example.com");
        }
        command
    }

    pub fn git(&self, args: &[&str]) -> Ran {
        self.command(self.path("bin/git")).args(args).output().unwrap().into()
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        self.run_in(&self.repo, args)
    }

    pub fn run_in(&self, dir: &Path, args: &[&str]) -> Ran {
        let mut command = self.command(env!("CARGO_BIN_EXE_git-ai-log"));
        command.current_dir(dir).args(args).output().unwrap().into()
    }

    /// What an agent's hook does with this payload.
    pub fn record(&self, agent: &str, payload: &str) {
        let payload_file = self.write("payload", payload);
        let mut command = self.command(env!("CARGO_BIN_EXE_git-ai-log"));
        command.args(["record", agent]).stdin(std::fs::File::open(payload_file).unwrap());
        assert!(command.status().unwrap().success());
    }

    /// What was called since the last time, commit ids replaced.
    pub fn trace(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.path("trace")).unwrap_or_default();
        let _ = std::fs::remove_file(self.path("trace"));
        let id = |word: &str| word.len() == 40 && word.bytes().all(|b| b.is_ascii_hexdigit());
        let line = |line: &str| {
            let words = line.split(' ').map(|word| {
                let inner = word.trim_start_matches('<');
                if id(inner) { word.replace(inner, "ID") } else { word.to_owned() }
            });
            words.collect::<Vec<_>>().join(" ").replace(" >", ">")
        };
        text.lines().map(line).collect()
    }

    /// A commit that must go through, and what was called for it.
    #[track_caller]
    pub fn commit(&self) -> Vec<String> {
        let _ = self.trace();
        self.git(&["commit", "-q", "--allow-empty", "-m", "a commit"]).ok();
        self.trace()
    }

    /// Every file and folder below here: name, mode, bytes or target. Not what git keeps for
    /// itself.
    pub fn picture(&self) -> Vec<String> {
        let mut seen = Vec::new();
        for name in ["home", self.repo.file_name().unwrap().to_str().unwrap()] {
            look(&self.path(name), &mut seen);
        }
        seen
    }

    /// Nothing of the stub's is left in the folder for temporary files.
    #[track_caller]
    pub fn no_temporary_files(&self) {
        assert_eq!(std::fs::read_dir(self.path("tmp")).unwrap().count(), 0);
    }
}

fn look(path: &Path, seen: &mut Vec<String>) {
    let skipped = ["objects", "logs", "refs", "index", "COMMIT_EDITMSG", "ORIG_HEAD", "worktrees"];
    let in_git = path.parent().is_some_and(|dir| dir.ends_with(".git"));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if (in_git && skipped.contains(&&*name)) || name.ends_with(".sample") {
        return;
    }
    let meta = path.symlink_metadata().unwrap();
    let what = if meta.is_symlink() {
        format!("-> {}", std::fs::read_link(path).unwrap().display())
    } else if meta.is_file() {
        format!("{:?}", String::from_utf8_lossy(&std::fs::read(path).unwrap()))
    } else {
        String::new()
    };
    seen.push(format!("{} {:o} {what}", path.display(), meta.permissions().mode()));
    if meta.is_dir() {
        let mut inside: Vec<PathBuf> =
            std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        inside.sort();
        inside.iter().for_each(|path| look(path, seen));
    }
}
