//! `git ai-log log`: commits with what their notes say.

use std::ffi::OsString;
use std::io;

use clap::Args;

use crate::commands::screen::{self, Printing, printed};
use crate::config::Env;
use crate::error::Result;
use crate::git::Repo;
use crate::git::history::LogEntry as Commit;
use crate::query::{Origin, Provenance};
use crate::render::escape::line;
use crate::render::json::LogEntry;
use crate::render::out::{Out, Style};
use crate::render::text;

/// Show commits with their sessions, prompts and verdicts
///
/// Takes ranges, paths and options that choose commits as `git log` does (-n, --since, --author,
/// --all, ...), and --json and --color.
#[derive(Debug, Default, Args)]
#[command(override_usage = "git ai-log log [--json] [GIT LOG OPTIONS] [RANGE] [-- PATH...]")]
pub struct LogArgs {
    /// Options of `git log`, a range, and paths
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    pub args: Vec<OsString>,
}

/// Prints the log.
pub fn run(env: &Env, args: &LogArgs) -> Result<()> {
    let mut printing = Printing::default();
    let mut git = Vec::new();
    for (at, arg) in args.args.iter().enumerate() {
        if arg == "--" {
            git.extend_from_slice(&args.args[at..]);
            break;
        }
        if !printing.take(&arg.to_string_lossy()) {
            git.push(arg.clone());
        }
    }
    let repo = Repo::from_environment()?;
    let commits = if repo.is_unborn() && git.is_empty() { Vec::new() } else { repo.log(&git)? };
    let mut provenance = Provenance::open(&repo)?;
    let mut out = printing.screen(env, Some(&repo));
    for commit in commits {
        let entry = entry(&mut provenance, commit)?;
        let outcome = if printing.json { out.json(&entry) } else { show(&mut out, &entry) };
        if outcome.as_ref().is_err_and(|e| e.kind() == io::ErrorKind::BrokenPipe) {
            break;
        }
        printed(outcome)?;
    }
    screen::complain(&provenance);
    printed(out.finish())
}

fn entry(provenance: &mut Provenance<'_>, commit: Commit) -> Result<LogEntry> {
    let note = provenance.note(&commit.commit)?;
    let (gate, verdict) = provenance.gate(&commit.commit)?;
    let source = note.as_ref().map(|_| provenance.source(&commit.commit));
    let mut entry = LogEntry {
        schema: "git-ai-log/log/1",
        author: commit.author,
        date: commit.date,
        subject: commit.subject,
        recorded: source == Some(Origin::Note),
        source,
        gate,
        verdict,
        lines: Default::default(),
        sessions: Vec::new(),
        turns: Vec::new(),
        commit: commit.commit,
    };
    if let Some(note) = note {
        entry.lines = screen::counts(&note.hunks);
        entry.sessions = screen::sessions(&note);
        entry.turns = screen::turns(provenance, &entry.commit, &note)?;
    }
    Ok(entry)
}

fn show(out: &mut Out, entry: &LogEntry) -> io::Result<()> {
    let date = entry.date.get(..10).unwrap_or(&entry.date);
    let commit = out.paint(Style::Commit, entry.commit.short());
    let subject = line(&entry.subject);
    let who = out.paint(Style::Dim, &format!("({}, {date})", line(&entry.author)));
    out.line(&format!("{commit} {subject} {who}"))?;
    if entry.source.is_none() {
        let text = out.paint(Style::Dim, "    nothing recorded");
        return out.line(&text);
    }
    if entry.sessions.is_empty() && entry.lines.unknown == 0 {
        let text = out.paint(Style::Dim, "    no line by an agent");
        return out.line(&text);
    }
    let counts = text::counts(entry.lines);
    let agents: Vec<String> =
        entry.sessions.iter().map(|s| text::agent(&s.agent, s.model.as_deref())).collect();
    let agents = out.paint(Style::Agent, &agents.join(", "));
    let gate = text::gate(out, entry.gate, entry.verdict);
    out.line(&format!("    {agents}  lines: {counts}  {gate}"))?;
    for turn in &entry.turns {
        let prompt = text::prompt_line(turn, 100);
        let id = out.paint(Style::Dim, turn.turn.as_str());
        out.line(&format!("    {id}  {prompt}"))?;
    }
    Ok(())
}
