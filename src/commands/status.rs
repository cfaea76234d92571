//! `git ai-log status`: what agents wrote here that is not committed yet.

use std::collections::BTreeMap;
use std::io;

use clap::Args;

use crate::commands::attribute::{self, Evidences};
use crate::commands::gate;
use crate::commands::screen::{self, Printing, printed};
use crate::config::Env;
use crate::error::{Error, Result};
use crate::git::Repo;
use crate::git::lines::is_binary;
use crate::git::target::Target;
use crate::model::note::{Note, NoteHunk};
use crate::model::{Oid, RepoPath, What};
use crate::query::Provenance;
use crate::render::escape::line;
use crate::render::json::{Capture, Counts, FileStatus, Status, Unusable};
use crate::render::out::{Out, Style};
use crate::render::text;

/// Show what agents wrote here that is not committed yet
#[derive(Debug, Args)]
pub struct StatusArgs {
    #[command(flatten)]
    pub printing: Printing,
}

/// Prints the uncommitted lines by contributor.
pub fn run(env: &Env, args: &StatusArgs) -> Result<()> {
    let repo = Repo::from_environment()?;
    if repo.work_tree().is_none() {
        return Err(Error::new("a bare repository has no work tree")
            .hint("ask about commits: git ai-log log, git ai-log show REV"));
    }
    let head = repo.head()?;
    let evidences = Evidences::since(env, &repo, head.as_ref())?;
    let (staged, tree) = targets(&repo, head.as_ref())?;
    let now = Env::now();
    let hunks = |targets: &[Target]| {
        attribute::hunks(&repo, &evidences, head.as_ref(), targets, attribute::Made::Here, now)
    };
    let (staged_hunks, tree_hunks) = (hunks(&staged)?, hunks(&tree)?);
    let mut written = Note { hunks: tree_hunks.clone(), ..Note::default() };
    evidences.describe(&mut written, None);
    let judgement = gate::judge_work_tree(&repo, env, &evidences, &tree, &written)?;
    let both = [staged_hunks.clone(), tree_hunks.clone()].concat();
    let mut note = Note { hunks: both, ..Note::default() };
    let prompts = evidences.describe(&mut note, None);
    let zero = screen::zero(head.as_ref());
    let mut provenance = Provenance::open(&repo)?;
    provenance.add_uncommitted(zero.clone(), note.clone(), prompts);
    let status = Status {
        schema: "git-ai-log/status/1",
        files: files(&staged, &staged_hunks, &tree, &tree_hunks),
        sessions: screen::sessions(&note),
        turns: screen::turns(&mut provenance, &zero, &note)?,
        findings: judgement.findings,
        unusable: unusable(&evidences),
        torn_lines: evidences.skipped,
    };
    let mut out = args.printing.screen(env, Some(&repo));
    printed(if args.printing.json { out.json(&status) } else { print(&mut out, &status) })?;
    printed(out.finish())
}

/// The files of the index and those of the work tree that differ from HEAD.
fn targets(repo: &Repo, head: Option<&Oid>) -> Result<(Vec<Target>, Vec<Target>)> {
    let base = |path: &RepoPath| head.map_or(Ok(None), |head| repo.text_in(head, path));
    let mut staged = Vec::new();
    for (path, oid) in repo.staged()? {
        let bases = base(&path)?.into_iter().collect();
        let text = repo.blob(&oid)?.unwrap_or_default();
        staged.push(Target { path, old_path: None, bases, text });
    }
    let mut tree = Vec::new();
    for path in repo.dirty()? {
        tree.extend(screen::work_tree_target(repo, head, &path)?);
    }
    for targets in [&mut staged, &mut tree] {
        targets.retain(|target| !is_binary(&target.text));
    }
    Ok((staged, tree))
}

fn files(
    staged: &[Target],
    staged_hunks: &[NoteHunk],
    tree: &[Target],
    tree_hunks: &[NoteHunk],
) -> Vec<FileStatus> {
    let mut files: BTreeMap<RepoPath, FileStatus> = BTreeMap::new();
    let blank = |path: &RepoPath| FileStatus {
        path: path.clone(),
        staged: Counts::default(),
        work_tree: Counts::default(),
        hunks: Vec::new(),
    };
    for target in staged {
        let file = files.entry(target.path.clone()).or_insert_with(|| blank(&target.path));
        file.staged = counted(target, staged_hunks);
    }
    for target in tree {
        let file = files.entry(target.path.clone()).or_insert_with(|| blank(&target.path));
        file.work_tree = counted(target, tree_hunks);
        let own = tree_hunks.iter().filter(|hunk| hunk.path == target.path);
        file.hunks = own.map(NoteHunk::hunk).collect();
    }
    files.into_values().collect()
}

fn counted(target: &Target, hunks: &[NoteHunk]) -> Counts {
    let own: Vec<NoteHunk> = hunks.iter().filter(|h| h.path == target.path).cloned().collect();
    let bases: Vec<&[u8]> = target.bases.iter().map(Vec::as_slice).collect();
    let added = crate::attribution::hunks::added(&bases, &target.text);
    let all = u32::try_from(added.iter().filter(|added| **added).count()).unwrap_or(u32::MAX);
    let counts = screen::counts(&own);
    Counts { human: all.saturating_sub(counts.ai + counts.mixed + counts.unknown), ..counts }
}

fn unusable(evidences: &Evidences) -> Vec<Unusable> {
    let told = evidences.events.iter().filter_map(|event| match &event.what {
        What::Unusable { reason } => {
            Some(Unusable { at: event.at, agent: event.agent.clone(), reason: reason.clone() })
        }
        _ => None,
    });
    let mut all: Vec<Unusable> = told.collect();
    all.sort_by_key(|unusable| unusable.at);
    all
}

fn print(out: &mut Out, status: &Status) -> io::Result<()> {
    if status.files.is_empty() {
        out.line("Nothing is uncommitted here.")?;
    }
    for file in &status.files {
        let staged = text::counts(file.staged);
        let tree = text::counts(file.work_tree);
        let path = out.paint(Style::Strong, &line(&file.path.quoted()));
        out.line(&format!("{path}  staged: {staged}; work tree: {tree}"))?;
        for hunk in &file.hunks {
            let text = text::hunk(out, hunk);
            out.line(&format!("    {text}"))?;
        }
    }
    for session in status.sessions.iter().filter(|s| s.capture == Capture::Transcript) {
        let agent = line(&session.agent);
        out.line(&format!(
            "{}  {agent}, from its transcript: its hooks are silent",
            session.session
        ))?;
    }
    for turn in &status.turns {
        let prompt = text::prompt_line(turn, 100);
        out.line(&format!("{}  {prompt}", out.paint(Style::Dim, turn.turn.as_str())))?;
    }
    for finding in &status.findings {
        let text = text::finding(out, finding);
        out.line(&text)?;
    }
    if status.torn_lines > 0 {
        out.line(&format!("{} lines of the journal could not be read", status.torn_lines))?;
    }
    for unusable in status.unusable.iter().rev().take(5) {
        let text = format!("could not be used: {}: {}", unusable.agent, line(&unusable.reason));
        out.line(&out.paint(Style::Unknown, &text).clone())?;
    }
    Ok(())
}
