//! The proof: a prompt, an edit and a commit in a throw-away repository, through the commands
//! that are installed, and then the note.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::agents::Installed;
use super::{Report, fail, ok};
use crate::agents;
use crate::agents::scene::{DENIED, Prop, Scene, TURN};
use crate::agents::settings::{Scope, Task};
use crate::commands::attribute::Evidences;
use crate::commands::install::disk;
use crate::commands::install::setup::program;
use crate::config::Env;
use crate::config::policy::FILE;
use crate::error::{Error, Result};
use crate::git::hooks::look::{Look, Way};
use crate::git::notes::{Notes, PROVENANCE};
use crate::git::process::{self, With as _, git_at, unbind};
use crate::git::{GitError, Repo};
use crate::model::note::{Note, NoteHunk};
use crate::model::{Contributor, LineRange, RepoPath, SessionId, TurnId, What};
use crate::notes;
use crate::render::json::Checkup;

/// The hook that is probed: without it no commit gets its note.
const HOOK: &str = "post-commit";

const FIRST: &str = "a line of a person's";
const ADDED: &str = "a line of the agent's";
const PROMPT: &str = "Add a line. (git ai-log doctor plays this.)";

/// Plays what is installed and reports what came of it.
pub(super) fn check(
    env: &Env,
    looks: Option<&[Look]>,
    installed: &[Installed],
    report: &mut Report,
) -> Result<()> {
    let ways = looks.into_iter().flatten().find(|look| look.hook.name == HOOK);
    let ways = ways.map(|look| look.ways.as_slice()).unwrap_or_default();
    if ways.is_empty() && installed.is_empty() {
        return Ok(());
    }
    let stage = match Stage::set_up(env, installed) {
        Ok(stage) => stage,
        Err(error) => {
            let mend = "see to it that git can make a repository in the folder for temporary files";
            report.add(fail("probe", error.to_string(), mend));
            return Ok(());
        }
    };
    stage.put_hooks(ways)?;
    let mut recorded = Vec::new();
    for one in installed {
        match stage.play(one)? {
            Ok(()) => recorded.push(one),
            Err(wrong) => report.add(wrong.about(one.name())),
        }
    }
    let said = stage.commit()?;
    let note = match ways.is_empty() {
        true => None,
        false => stage.note()?,
    };
    match &note {
        _ if ways.is_empty() => {}
        Some(_) => {
            let message = "a commit in a throw-away repository got its note through a copy of the \
                           installed hook";
            report.add(ok("probe", message).about(HOOK));
        }
        None => report.add(stage.no_note(&said).about(HOOK)),
    }
    for one in recorded {
        report.add(proved(one, note.as_ref()).about(one.name()));
        if let Some(checkup) = stage.ask(one)? {
            report.add(checkup.about(one.name()));
        }
    }
    Ok(())
}

/// What is proved of an agent whose prompt and edit were recorded.
fn proved(one: &Installed, note: Option<&Note>) -> Checkup {
    let Some(note) = note else {
        return ok("probe", "its own commands recorded a prompt and an edit");
    };
    let session = session(one);
    let path = RepoPath::from(file(one).as_str());
    // Some agents' hooks name no prompt; then it is the first of its session.
    let turns = [TURN, "#1"].map(|name| Some(TurnId::derive(&session, name)));
    let names_it = |hunk: &NoteHunk| {
        hunk.path == path
            && hunk.lines == LineRange { start: 2, end: 2 }
            && hunk.contributor == Contributor::Ai
            && hunk.session.as_ref() == Some(&session)
            && turns.contains(&hunk.turn)
    };
    let agent = note.sessions.get(&session).map(|session| session.agent.as_str());
    if agent == Some(one.agent.name()) && note.hunks.iter().any(names_it) {
        let message = "its own commands recorded a prompt and an edit, and the commit's note \
                       names the agent, the turn and the line";
        return ok("probe", message);
    }
    let message = "a prompt and an edit were recorded, but the commit's note does not name the \
                   agent's line";
    fail("probe", message, "git ai-log --version; report this with `git ai-log doctor --json`")
}

fn native(one: &Installed) -> String {
    let scope = if one.scope == Scope::User { "user" } else { "project" };
    format!("{}-{scope}", one.agent.name())
}

fn session(one: &Installed) -> SessionId {
    SessionId::derive(one.agent.name(), &native(one))
}

fn file(one: &Installed) -> String {
    format!("{}.txt", native(one))
}

/// The throw-away repository.
struct Stage<'e> {
    env: &'e Env,
    _folder: tempfile::TempDir,
    home: PathBuf,
    top: PathBuf,
}

impl<'e> Stage<'e> {
    /// With a file for each agent, which a person has committed.
    fn set_up(env: &'e Env, installed: &[Installed]) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("git-ai-log-doctor-")
            .tempdir()
            .map_err(|e| Error::new("cannot make a folder for the probe").because(e))?;
        let root = folder.path().canonicalize().unwrap_or(folder.path().to_owned());
        let (home, top) = (root.join("home"), root.join("probe"));
        let stage = Self { env, _folder: folder, home, top };
        for folder in [&stage.home, &stage.top] {
            std::fs::create_dir_all(folder)
                .map_err(|e| Error::new(format!("cannot make {}", folder.display())).because(e))?;
        }
        let hooks = stage.top.join(".git/hooks");
        for args in [
            &["init", "--quiet", "--template="][..],
            &["config", "user.name", "doctor"],
            &["config", "user.email", "doctor@example.com"],
        ] {
            stage.finish(stage.git(args))?;
        }
        stage.finish(stage.git(&["config", "core.hooksPath"]).with(&hooks))?;
        std::fs::create_dir_all(&hooks)
            .map_err(|e| Error::new(format!("cannot make {}", hooks.display())).because(e))?;
        for one in installed {
            stage.write(&file(one), &format!("{FIRST}\n"))?;
        }
        stage.commit()?;
        Ok(stage)
    }

    fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.top.join(name);
        std::fs::write(&path, text)
            .map_err(|e| Error::new(format!("cannot write {}", path.display())).because(e))
    }

    /// Puts a file of the agent's own where it keeps them.
    fn prop(&self, prop: &Prop) -> Result<()> {
        let path = self.home.join(&prop.path);
        let folder = path.parent().unwrap_or(&self.home);
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&path, &prop.text))
            .map_err(|e| Error::new(format!("cannot write {}", path.display())).because(e))
    }

    /// The hook of ours that is installed, and nothing that is chained to it.
    fn put_hooks(&self, ways: &[Way]) -> Result<()> {
        for way in ways {
            let script = match way {
                Way::Config { section, command } => {
                    for (name, value) in [("command", command.as_str()), ("event", HOOK)] {
                        let key = format!("{section}.{name}");
                        self.finish(self.git(&["config", &key, value]))?;
                    }
                    continue;
                }
                Way::File { bytes, .. } => bytes.clone(),
                // As husky runs its scripts.
                Way::Husky { line, .. } => format!("#!/bin/sh\nset -e\n{line}\n").into_bytes(),
                Way::Named { .. } => {
                    format!("#!/bin/sh\ngit-ai-log hook {HOOK} \"$@\"\n").into_bytes()
                }
            };
            self.script(&self.top.join(".git/hooks").join(HOOK), &script)?;
        }
        Ok(())
    }

    fn script(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let write = || {
            std::fs::write(path, bytes)?;
            disk::set_mode(&std::fs::File::open(path)?, 0o755)
        };
        write().map_err(|e| Error::new(format!("cannot write {}", path.display())).because(e))
    }

    fn scene<'a>(&'a self, native: &'a str, file: &'a str) -> Scene<'a> {
        Scene {
            session: native,
            cwd: &self.top,
            home: &self.home,
            file,
            first: FIRST,
            added: ADDED,
            prompt: PROMPT,
        }
    }

    /// Asks the gate by an agent's own command whether it may go past the hooks; `None` where the
    /// settings are of a version that did not ask.
    fn ask(&self, one: &Installed) -> Result<Option<Checkup>> {
        let (name, native) = (file(one), native(one));
        let Some(agent) = agents::find(one.agent.name()) else {
            return Ok(None);
        };
        let cue = agent.denied(&self.scene(&native, &name));
        let mut handlers = one.handlers.iter().filter(|handler| {
            Task::of(&handler.command) == Some(Task::Gate) && handler.serves(cue.event, cue.tool)
        });
        let Some(handler) = handlers.next() else {
            return Ok(None);
        };
        // A policy is what makes a repository one with a gate.
        self.write(FILE, "")?;
        let said = self.run(one, &handler.command, &cue.payload.to_string());
        let denied = said.as_ref().is_ok_and(|said| said.contains("\"deny\""));
        let what = format!("`{DENIED}` in an agent's command");
        Ok(Some(match denied {
            true => ok("probe", format!("{what} is denied")),
            false => {
                let said = said.err().map(|said| vec![said]).unwrap_or_default();
                self.wrong(&format!("{what} is not denied"), &said, one)
            }
        }))
    }

    /// Feeds an agent's own commands what its hooks would say; what is wrong if that did not
    /// reach the journal.
    fn play(&self, one: &Installed) -> Result<Result<(), Checkup>> {
        let (name, native) = (file(one), native(one));
        let scene = self.scene(&native, &name);
        let Some(agent) = agents::find(one.agent.name()) else {
            return Ok(Ok(()));
        };
        for prop in agent.props(&scene) {
            self.prop(&prop)?;
        }
        let mut said = Vec::new();
        for cue in agent.cues(&scene) {
            if cue.written {
                self.write(&name, &format!("{FIRST}\n{ADDED}\n"))?;
            }
            let mut handlers = one
                .handlers
                .iter()
                .filter(|handler| Task::of(&handler.command) == Some(Task::Record))
                .filter(|handler| handler.serves(cue.event, cue.tool))
                .peekable();
            if handlers.peek().is_none() {
                said.push(format!("nothing is called for {}", cue.event));
            }
            for handler in handlers {
                said.extend(self.run(one, &handler.command, &cue.payload.to_string()).err());
            }
        }
        let session = session(one);
        let evidences = self.evidences()?;
        let own = || evidences.events.iter().filter(|event| event.session == session);
        let prompted = own().any(|event| matches!(event.what, What::Prompt(_)));
        let edited = own().any(|event| matches!(event.what, What::Edit { .. }));
        let what = match (prompted, edited) {
            (true, true) => return Ok(Ok(())),
            (false, false) => "its commands recorded nothing",
            (false, true) => "its commands recorded an edit, but no prompt",
            (true, false) => "its commands recorded a prompt, but no edit",
        };
        said.extend(self.unusable(&evidences));
        Ok(Err(self.wrong(what, &said, one)))
    }

    fn wrong(&self, what: &str, said: &[String], one: &Installed) -> Checkup {
        let name = one.agent.name();
        if let Some(said) = said.first() {
            let user = if one.scope == Scope::User { " --user" } else { "" };
            let mend = format!("git ai-log install{user} --no-git-hooks --agent {name}");
            return fail("probe", format!("{what}: {said}"), mend);
        }
        match program(self.env, "git-ai-log") {
            None => {
                let folder = self.env.program.parent().unwrap_or(Path::new("."));
                let mend = format!("export PATH='{}':\"$PATH\"", folder.display());
                fail("probe", format!("{what}: there is no git-ai-log on PATH"), mend)
            }
            Some(program) => {
                let message = format!("{what}; they ran {}", program.display());
                fail("probe", message, format!("{} --version", program.display()))
            }
        }
    }

    fn no_note(&self, said: &str) -> Checkup {
        let mend = "git ai-log install --no-agents";
        let message = "a commit in a throw-away repository got no note";
        match (said.trim(), program(self.env, "git-ai-log")) {
            ("", None) => {
                let folder = self.env.program.parent().unwrap_or(Path::new("."));
                let mend = format!("export PATH='{}':\"$PATH\"", folder.display());
                fail("probe", format!("{message}: the hook finds no git-ai-log"), mend)
            }
            ("", Some(program)) => {
                fail("probe", format!("{message}; the hook ran {}", program.display()), mend)
            }
            (said, _) => fail("probe", format!("{message}: {said}"), mend),
        }
    }

    /// Runs a command as agents do: what it printed, or what it complained of.
    fn run(&self, one: &Installed, command: &str, payload: &str) -> Result<String, String> {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(command).current_dir(&self.top);
        unbind(&mut shell);
        self.seal(&mut shell);
        // The agent's own files are looked for where the props lie.
        shell.env("HOME", &self.home);
        let own = format!("{}_", one.agent.program().to_uppercase());
        let named = self.env.homes.variables.keys();
        for name in named.filter(|name| name.to_string_lossy().starts_with(&own)) {
            shell.env_remove(name);
        }
        match process::feed(&mut shell, payload.as_bytes(), "run an agent's command") {
            Ok(printed) => Ok(String::from_utf8_lossy(&printed).into_owned()),
            Err(GitError::Failed { said, .. }) => Err(format!("it failed: {said}")),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Commits all there is; what git and its hooks said.
    fn commit(&self) -> Result<String> {
        self.finish(self.git(&["add", "--all"]))?;
        let mut command =
            self.git(&["commit", "--quiet", "--allow-empty", "--no-gpg-sign", "-m", "probe"]);
        let done = command
            .output()
            .map_err(|e| Error::new("cannot start git for the probe").because(e))?;
        Ok(String::from_utf8_lossy(&done.stderr).into_owned())
    }

    /// The note of the commit.
    fn note(&self) -> Result<Option<Note>> {
        let repo = self.repo()?;
        let Some(commit) = repo.head()? else {
            return Ok(None);
        };
        let bytes = Notes::open(&repo, PROVENANCE)?.get(&commit)?;
        Ok(bytes.map(|bytes| notes::parse(&bytes)).transpose()?)
    }

    fn evidences(&self) -> Result<Evidences> {
        Evidences::read(&self.repo()?)
    }

    /// What the commands said that they could not use, wherever they could write it.
    fn unusable(&self, evidences: &Evidences) -> Option<String> {
        let told = evidences.events.iter().rev().find_map(|event| match &event.what {
            What::Unusable { reason } => Some(reason.clone()),
            _ => None,
        });
        let last = || std::fs::read_to_string(self.home.join("git-ai-log/unusable.log")).ok();
        told.or_else(last)
    }

    fn repo(&self) -> Result<Repo> {
        let repo = Repo::around(&self.top)?;
        repo.ok_or_else(|| Error::new("the probe's repository is gone"))
    }

    fn git(&self, args: &[&str]) -> Command {
        let mut command = git_at(&self.top);
        command.args(args);
        self.seal(&mut command);
        command
    }

    /// Nothing of the user's settings: no hook of theirs, no signing, no template.
    fn seal(&self, command: &mut Command) {
        command
            .current_dir(&self.top)
            .env("XDG_CONFIG_HOME", &self.home)
            .env("XDG_STATE_HOME", &self.home)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", self.home.join(".gitconfig"));
    }

    fn finish(&self, mut command: Command) -> Result<()> {
        process::output(&mut command, "set up the probe")?;
        Ok(())
    }
}
