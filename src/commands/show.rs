//! `git ai-log show`: all that is recorded for one commit.

use std::io;

use clap::Args;

use crate::commands::screen::{self, Printing, printed};
use crate::config::Env;
use crate::error::{Error, Result};
use crate::git::Repo;
use crate::model::note::NoteHunk;
use crate::query::{Origin, Provenance};
use crate::render::escape::line;
use crate::render::json::Show;
use crate::render::out::{Out, Style};
use crate::render::text;

/// Show one commit: sessions, prompts, hunks, checklist
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The commit
    #[arg(default_value = "HEAD")]
    pub rev: String,
    #[command(flatten)]
    pub printing: Printing,
}

/// Prints what the commit's notes say.
pub fn run(env: &Env, args: &ShowArgs) -> Result<()> {
    let repo = Repo::from_environment()?;
    let Some(commit) = repo.commit_named(&args.rev)? else {
        return Err(Error::new(format!("there is no commit `{}` here", args.rev))
            .hint("name a commit as git does: HEAD~1, a branch, the start of its name"));
    };
    let log = repo.log(&["--no-walk".into(), commit.as_str().into()])?;
    let mut provenance = Provenance::open(&repo)?;
    let note = provenance.note(&commit)?;
    let (author, subject) =
        log.into_iter().next().map(|entry| (entry.author, entry.subject)).unwrap_or_default();
    let (gate, verdict) = provenance.gate(&commit)?;
    let source = note.as_ref().map(|_| provenance.source(&commit));
    let mut shown = Show {
        schema: "git-ai-log/show/1",
        author,
        subject,
        source,
        committed_by: None,
        gate,
        verdict,
        sessions: Vec::new(),
        turns: Vec::new(),
        hunks: Vec::new(),
        findings: Vec::new(),
        attestations: Vec::new(),
        waivers: Vec::new(),
        commit,
    };
    if let Some(note) = note {
        shown.committed_by.clone_from(&note.committed_by);
        shown.sessions = screen::sessions(&note);
        shown.turns = screen::turns(&mut provenance, &shown.commit, &note)?;
        shown.hunks = note.hunks.iter().map(NoteHunk::hunk).collect();
        shown.findings.clone_from(&note.findings);
        shown.attestations.clone_from(&note.attestations);
        shown.waivers.clone_from(&note.waivers);
    }
    screen::complain(&provenance);
    let mut out = args.printing.screen(env, Some(&repo));
    printed(if args.printing.json { out.json(&shown) } else { print(&mut out, &shown) })?;
    printed(out.finish())
}

fn print(out: &mut Out, shown: &Show) -> io::Result<()> {
    let commit = out.paint(Style::Commit, &format!("commit {}", shown.commit));
    out.line(&format!(
        "{commit}\nAuthor: {}\n\n    {}\n",
        line(&shown.author),
        line(&shown.subject)
    ))?;
    if shown.source == Some(Origin::Carried) {
        out.line("This commit has no note; what others say of its lines:\n")?;
    } else if shown.source.is_none() {
        return out.line("Nothing is recorded for this commit.");
    }
    if let Some(by) = &shown.committed_by {
        let session = by.session.as_ref().map(|id| format!(", session {id}")).unwrap_or_default();
        out.line(&format!("Committed by {}{session}", line(&by.agent)))?;
    }
    if shown.hunks.is_empty() {
        return out.line("No line of this commit was written by an agent.");
    }
    for session in &shown.sessions {
        let text = text::session(session);
        out.line(&format!("{} {text}", out.paint(Style::Strong, "session")))?;
    }
    for turn in &shown.turns {
        let at = turn.at.map(|at| at.format("  %Y-%m-%d %H:%M").to_string()).unwrap_or_default();
        out.line(&format!("\n{} {}{at}", out.paint(Style::Strong, "turn"), turn.turn))?;
        out.line(&text::prompt(turn.prompt.as_deref(), turn.prompt_state))?;
        for hunk in shown.hunks.iter().filter(|hunk| hunk.turn.as_ref() == Some(&turn.turn)) {
            let text = text::hunk(out, hunk);
            out.line(&format!("  {text}"))?;
        }
    }
    let rest: Vec<_> = shown
        .hunks
        .iter()
        .filter(|hunk| !shown.turns.iter().any(|turn| hunk.turn.as_ref() == Some(&turn.turn)))
        .collect();
    if !rest.is_empty() {
        out.line(&format!("\n{}", out.paint(Style::Strong, "without a prompt")))?;
    }
    for hunk in rest {
        let text = text::hunk(out, hunk);
        out.line(&format!("  {text}"))?;
    }
    print_gate(out, shown)
}

/// What the gate said, what it found, and who dealt with it.
fn print_gate(out: &mut Out, shown: &Show) -> io::Result<()> {
    let gate = text::gate(out, shown.gate, shown.verdict);
    out.line(&format!("\n{} {gate}", out.paint(Style::Strong, "checklist")))?;
    for finding in &shown.findings {
        out.line(&format!("  {}", text::finding(out, finding)))?;
    }
    for claim in &shown.attestations {
        let until = claim.until.map(|day| format!(", until {day}")).unwrap_or_default();
        let text = format!("attested {} by {}{until}: {}", claim.item, claim.who, claim.reason);
        out.line(&format!("  {}", line(&text)))?;
    }
    for waiver in &shown.waivers {
        let until = waiver.until.map(|day| format!(", until {day}")).unwrap_or_default();
        let text =
            format!("waived {} by {}{until}: {}", waiver.fingerprint, waiver.who, waiver.reason);
        out.line(&format!("  {}", line(&text)))?;
    }
    Ok(())
}
