//! What commands that print facts have in common: their switches, the screen, the notes.

use std::io;

use clap::{Args, ValueEnum};

use crate::commands::attribute::{self, Evidences};
use crate::config::Env;
use crate::error::{Error, Result};
use crate::git::Repo;
use crate::git::process::{self, With as _};
use crate::git::target::Target;
use crate::model::note::{Note, NoteHunk, PromptRecord};
use crate::model::{Contributor, Evidence, Oid, RepoPath, SessionId, TurnId};
use crate::query::Provenance;
use crate::render::json::{Capture, Counts, SessionInfo, TurnInfo};
use crate::render::out::Out;

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Color {
    /// As git would: `color.ai-log`, `color.ui`, `NO_COLOR`.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Switches of commands that print facts.
#[derive(Debug, Clone, Default, Args)]
pub struct Printing {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// When to use colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Color,
}

impl Printing {
    /// Takes a switch of ours from among options that are git's; false where this is none.
    pub fn take(&mut self, arg: &str) -> bool {
        match arg {
            "--json" => self.json = true,
            "--color" | "--color=always" => self.color = Color::Always,
            "--no-color" | "--color=never" => self.color = Color::Never,
            "--color=auto" => {}
            _ => return false,
        }
        true
    }

    /// Standard error, with colour if git would use it: for hooks, whose standard output is git's.
    pub fn errors(&self, env: &Env, repo: &Repo) -> Out {
        Out::errors(env.error_terminal && !env.no_color && colored(env, Some(repo)))
    }

    /// Standard output or git's pager, with colour if git would use it.
    pub fn screen(&self, env: &Env, repo: Option<&Repo>) -> Out {
        if self.json {
            return Out::plain(false);
        }
        let color = match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => !env.no_color && colored(env, repo),
        };
        match repo.filter(|_| env.terminal).and_then(pager) {
            Some(pager) => Out::paged(&pager, env.less.is_some(), color),
            None => Out::plain(color),
        }
    }
}

fn colored(env: &Env, repo: Option<&Repo>) -> bool {
    let screen = env.terminal || env.pager_in_use;
    let Some(repo) = repo.filter(|_| screen) else {
        return screen;
    };
    let mut command =
        repo.git().with("config").with("--get-colorbool").with("color.ai-log").with("true");
    process::output(&mut command, "read color.ai-log").is_ok_and(|said| said.starts_with(b"true"))
}

/// The pager that git would start, if any.
fn pager(repo: &Repo) -> Option<String> {
    match repo.config("pager.ai-log").as_deref() {
        Some("false") => return None,
        Some("true") | None => {}
        Some(own) => return Some(own.to_owned()),
    }
    let answer = process::output(&mut repo.git().with("var").with("GIT_PAGER"), "find the pager");
    let command = String::from_utf8_lossy(process::line(&answer.ok()?)).into_owned();
    (!command.is_empty() && command != "cat").then_some(command)
}

/// A reader that has seen enough is no error.
pub fn printed(outcome: io::Result<()>) -> Result<()> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Error::new("cannot write to standard output").because(error)),
        Ok(()) => Ok(()),
    }
}

/// git's name for what is not committed.
pub fn zero(like: Option<&Oid>) -> Oid {
    Oid("0".repeat(like.map_or(40, |oid| oid.as_str().len())))
}

/// Attributes files of the work tree that are not committed, and adds them to the notes.
pub fn add_uncommitted(
    env: &Env,
    repo: &Repo,
    provenance: &mut Provenance<'_>,
    paths: &[RepoPath],
) -> Result<()> {
    let head = repo.head()?;
    let evidences = Evidences::since(env, repo, head.as_ref())?;
    let mut targets = Vec::new();
    for path in paths {
        targets.extend(work_tree_target(repo, head.as_ref(), path)?);
    }
    let hunks = attribute::uncommitted(repo, &evidences, head.as_ref(), &targets)?;
    let mut note = Note { hunks, ..Note::default() };
    let prompts = evidences.describe(&mut note, None);
    provenance.add_uncommitted(zero(head.as_ref()), note, prompts);
    Ok(())
}

/// A file of the work tree beside its text in HEAD.
pub fn work_tree_target(
    repo: &Repo,
    head: Option<&Oid>,
    path: &RepoPath,
) -> Result<Option<Target>> {
    let Some(top) = repo.work_tree() else {
        return Ok(None);
    };
    let file = path.below(top);
    if !file.symlink_metadata().is_ok_and(|metadata| metadata.is_file()) {
        return Ok(None);
    }
    let text = std::fs::read(&file)
        .map_err(|e| Error::new(format!("cannot read {}", file.display())).because(e))?;
    let base = match head {
        Some(head) => repo.text_in(head, path)?,
        None => None,
    };
    Ok(Some(Target { path: path.clone(), old_path: None, bases: base.into_iter().collect(), text }))
}

/// The sessions of a note.
pub fn sessions(note: &Note) -> Vec<SessionInfo> {
    let info = |(id, session): (&SessionId, &crate::model::note::Session)| SessionInfo {
        session: id.clone(),
        agent: session.agent.clone(),
        model: session.model.clone(),
        human: session.human.clone(),
        started: session.started,
        parent: session.parent.clone(),
        capture: capture(note, id),
    };
    note.sessions.iter().map(info).collect()
}

fn capture(note: &Note, session: &SessionId) -> Capture {
    let own = |hunk: &&NoteHunk| hunk.session.as_ref() == Some(session);
    let told = |hunk: &NoteHunk| hunk.evidence == Some(Evidence::Transcript);
    match note.hunks.iter().filter(own).any(told) {
        true => Capture::Transcript,
        false => Capture::Hooks,
    }
}

/// The turns of a note, with their prompts, in the order they were asked.
pub fn turns(provenance: &mut Provenance<'_>, commit: &Oid, note: &Note) -> Result<Vec<TurnInfo>> {
    let mut turns = Vec::new();
    for (id, turn) in &note.turns {
        let state = provenance.prompt(commit, id)?;
        turns.push(TurnInfo {
            turn: id.clone(),
            session: turn.session.clone(),
            at: turn.at,
            prompt: state.text().map(str::to_owned),
            prompt_state: state.word(),
            closing: closing(&state),
        });
    }
    turns.sort_by(|a, b| (a.at, &a.turn).cmp(&(b.at, &b.turn)));
    Ok(turns)
}

fn closing(state: &crate::query::PromptState) -> Option<crate::model::PromptText> {
    match state {
        crate::query::PromptState::Known(PromptRecord { closing, .. }) => closing.clone(),
        _ => None,
    }
}

/// When a turn's prompt was given.
pub fn turn_time(
    provenance: &mut Provenance<'_>,
    commit: &Oid,
    turn: &TurnId,
) -> Result<Option<chrono::DateTime<chrono::Utc>>> {
    Ok(provenance.note(commit)?.and_then(|note| note.turns.get(turn).and_then(|turn| turn.at)))
}

/// Lines of a note by contributor; people's lines are in no note.
pub fn counts(hunks: &[NoteHunk]) -> Counts {
    let count = |kind| {
        hunks.iter().filter(|hunk| hunk.contributor == kind).map(|hunk| hunk.lines.len()).sum()
    };
    Counts {
        ai: count(Contributor::Ai),
        mixed: count(Contributor::Mixed),
        human: count(Contributor::Human),
        unknown: count(Contributor::Unknown),
    }
}

/// Says on standard error which notes could not be read.
pub fn complain(provenance: &Provenance<'_>) {
    use std::io::Write as _;
    let mut stderr = io::stderr().lock();
    for (commit, error) in &provenance.unreadable {
        let _ = writeln!(stderr, "warning: the note of {} was left out: {error}", commit.short());
    }
}
