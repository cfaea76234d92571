//! `git ai-log demo`: the whole way in a throw-away repository.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use serde::Deserialize;

use crate::commands::screen::{Printing, printed};
use crate::config::Env;
use crate::error::{Error, Result};
use crate::git::process::git_at;
use crate::render::out::Out;

/// Play a recorded agent session in a throw-away repository, and ask for its lines
///
/// Everything is real: payloads go through `git ai-log record`, git runs the hooks that
/// `git ai-log install` writes, and the answers are read from the notes.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Keep the repository, and say where it is
    #[arg(long)]
    pub keep: bool,
}

/// The session: one step a line.
const SESSION: &str = include_str!("demo/session.jsonl");

/// A key in a prompt, to be seen removed. Put together here so that it is nowhere in the source.
const KEY: [&str; 2] = ["sk_live_", "4eC39HqLyjWDarjtT1zdp7dc"];

#[derive(Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
enum Step {
    /// What happens now.
    Say { text: String },
    /// Somebody writes a file.
    Write { path: PathBuf, text: String },
    /// An agent's hook fires.
    Record { agent: String, payload: serde_json::Value },
    /// Somebody runs git.
    Git { args: Vec<String> },
    /// A question and its answer.
    Show { args: Vec<String> },
}

/// Plays the session.
pub fn run(env: &Env, args: &DemoArgs) -> Result<()> {
    let folder = tempfile::Builder::new()
        .prefix("git-ai-log-demo-")
        .tempdir()
        .map_err(|e| Error::new("cannot make a folder for the demo").because(e))?;
    let stage = Stage { env, home: folder.path().join("home"), top: folder.path().join("shop") };
    let mut out = Printing { json: true, ..Printing::default() }.screen(env, None);
    stage.set_up()?;
    for line in SESSION.lines() {
        let step = serde_json::from_str(line)
            .map_err(|e| Error::new("the demo's session is broken").because(e))?;
        stage.play(&mut out, step)?;
    }
    printed(out.finish())?;
    if args.keep {
        let kept = folder.keep();
        let mut stderr = std::io::stderr().lock();
        let _ = writeln!(stderr, "the repository is in {}", kept.join("shop").display());
    }
    Ok(())
}

struct Stage<'e> {
    env: &'e Env,
    home: PathBuf,
    top: PathBuf,
}

impl Stage<'_> {
    fn set_up(&self) -> Result<()> {
        for folder in [&self.home, &self.top] {
            std::fs::create_dir_all(folder)
                .map_err(|e| Error::new(format!("cannot make {}", folder.display())).because(e))?;
        }
        self.finish(self.git(["init", "--quiet", "--initial-branch=main"]))?;
        self.finish(self.git(["config", "user.name", "Dev"]))?;
        self.finish(self.git(["config", "user.email", "dev@example.com"]))?;
        self.finish(self.git(["ai-log", "install", "--no-agents"]))?;
        Ok(())
    }

    fn play(&self, out: &mut Out, step: Step) -> Result<()> {
        match step {
            Step::Say { text } => printed(out.line(&format!("# {text}"))),
            Step::Write { path, text } => {
                let path = self.top.join(path);
                std::fs::write(&path, text)
                    .map_err(|e| Error::new(format!("cannot write {}", path.display())).because(e))
            }
            Step::Record { agent, payload } => self.record(&agent, &payload.to_string()),
            Step::Git { args } => self.finish(self.git(&args)).map(|_| ()),
            Step::Show { args } => {
                printed(out.line(&format!("\n$ git {}", args.join(" "))))?;
                let answer = self.finish(self.git(&args))?;
                printed(out.write_all(&answer))
            }
        }
    }

    /// Pipes a payload into this very program, as an agent does.
    fn record(&self, agent: &str, payload: &str) -> Result<()> {
        let payload = payload
            .replace("@ROOT@", &self.top.to_string_lossy().replace('\\', "/"))
            .replace("@KEY@", &KEY.concat());
        let mut command = Command::new(&self.env.program);
        command.args(["record", agent]).current_dir(&self.top).env("HOME", &self.home);
        crate::git::process::feed(&mut command, payload.as_bytes(), "record a hook event")?;
        Ok(())
    }

    /// git in the demo's repository, with nothing of the user's settings, and with this program
    /// as `git ai-log`.
    fn git<S: AsRef<std::ffi::OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = git_at(&self.top);
        let own = self.env.program.parent().unwrap_or(Path::new("."));
        let path = self.env.path.clone().unwrap_or_default();
        let folders = std::iter::once(own.to_path_buf()).chain(std::env::split_paths(&path));
        command
            .args(args)
            .current_dir(&self.top)
            .env("HOME", &self.home)
            .env("XDG_CONFIG_HOME", self.home.join(".config"))
            .env("XDG_STATE_HOME", self.home.join(".local/state"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", self.home.join(".gitconfig"))
            .env("PATH", std::env::join_paths(folders).unwrap_or(path));
        command
    }

    fn finish(&self, mut command: Command) -> Result<Vec<u8>> {
        Ok(crate::git::process::output(&mut command, "play the demo")?)
    }
}
