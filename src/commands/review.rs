//! `git ai-log review`: hunk by hunk, with its prompt and findings.

use std::process::Command;

use clap::Args;

use crate::checklist::Run;
use crate::commands::Answer;
use crate::commands::gate::claims::{self, Claim};
use crate::commands::gate::judge;
use crate::commands::gate::people::{self, About};
use crate::config::Env;
use crate::config::terminal::Terminal;
use crate::error::{Error, Result};
use crate::model::{Attestation, Finding, RepoPath, Status, Waiver};
use crate::render::escape::line;

/// Go through what agents wrote hunk by hunk: prompt, lines, findings; attest or waive
#[derive(Debug, Args)]
pub struct ReviewArgs {
    /// A commit, instead of what is staged
    pub rev: Option<String>,
}

/// What to do with a hunk.
enum Step {
    Next,
    Again,
    Quit,
}

const KEYS: &str = "[a]ttest  [w]aive  [e]dit  [s]kip  [q]uit: ";

/// Asks about each hunk.
pub fn run(env: &Env, args: &ReviewArgs) -> Result<Answer> {
    let about = About::of(env, args.rev.as_deref(), people::now())?;
    let mut terminal = people::terminal("a review")?;
    let failed = |e| Error::new("cannot ask on the terminal").because(e);
    let hunks: Vec<(&RepoPath, &Run)> = about
        .subject
        .change
        .files
        .iter()
        .flat_map(|file| file.runs.iter().map(|run| (&file.path, run)))
        .collect();
    if hunks.is_empty() {
        terminal.show(&format!("No agent wrote anything in {}.", about.name())).map_err(failed)?;
        return Ok(Answer::Yes);
    }
    let mut at = 0;
    while let Some((path, run)) = hunks.get(at) {
        let findings = findings(env, &about, path, run)?;
        let head = format!("\n({} of {}) {}", at + 1, hunks.len(), about.hunk(path, run));
        terminal.show(&head).map_err(failed)?;
        for finding in &findings {
            terminal.show(&format!("  {}", said(finding))).map_err(failed)?;
        }
        match ask(&mut terminal, &about, path, run, &findings)? {
            Step::Next => at += 1,
            Step::Again => {}
            Step::Quit => break,
        }
    }
    Ok(Answer::Yes)
}

fn findings(env: &Env, about: &About, path: &RepoPath, run: &Run) -> Result<Vec<Finding>> {
    let judged = judge(&about.repo, env, &about.subject, &claims::read(&about.repo))?;
    let here = |finding: &Finding| finding.path == *path && finding.lines.touches(run.lines);
    Ok(judged.judgement.findings.into_iter().filter(here).collect())
}

fn said(finding: &Finding) -> String {
    let status = match finding.status {
        Status::Open => "",
        Status::Waived => " (waived)",
        Status::Attested => " (attested)",
    };
    format!("{} {}{status}: {}", finding.fingerprint, line(&finding.check), line(&finding.message))
}

fn ask(
    terminal: &mut Terminal,
    about: &About,
    path: &RepoPath,
    run: &Run,
    findings: &[Finding],
) -> Result<Step> {
    let mut question = |text: &str| {
        terminal.ask(text).map_err(|e| Error::new("cannot ask on the terminal").because(e))
    };
    let open: Vec<&Finding> = findings.iter().filter(|f| f.status == Status::Open).collect();
    match question(KEYS)?.as_str() {
        "a" => {
            let item = question("item [business-logic]: ")?;
            let item = if item.is_empty() { "business-logic".to_owned() } else { item };
            super::attest::known_item(&item)?;
            let reason = question("why it holds: ")?;
            if reason.is_empty() {
                return Ok(Step::Again);
            }
            attest(about, run, item, reason)?;
            Ok(Step::Next)
        }
        "w" => {
            let Some(finding) = open.first() else {
                question("nothing is open here [enter] ")?;
                return Ok(Step::Again);
            };
            let reason = question(&format!("why {} is right here: ", finding.fingerprint))?;
            if reason.is_empty() {
                return Ok(Step::Again);
            }
            waive(about, run, finding, reason)?;
            Ok(if open.len() > 1 { Step::Again } else { Step::Next })
        }
        "e" => {
            edit(about, path, run)?;
            Ok(Step::Next)
        }
        // The end of the input is nobody's answer.
        "q" | "" => Ok(Step::Quit),
        "s" => Ok(Step::Next),
        _ => Ok(Step::Again),
    }
}

fn attest(about: &About, run: &Run, item: String, reason: String) -> Result<()> {
    let claim = Attestation {
        item,
        hunks: vec![run.digest.clone()],
        who: people::who(&about.repo)?,
        reason,
        at: people::now(),
        until: None,
        signature: None,
    };
    about.keep(Claim::Attestation(claim), people::now())
}

fn waive(about: &About, run: &Run, finding: &Finding, reason: String) -> Result<()> {
    let waiver = Waiver {
        fingerprint: finding.fingerprint.clone(),
        hunks: vec![run.digest.clone()],
        who: people::who(&about.repo)?,
        reason,
        at: Some(people::now()),
        until: None,
        signature: None,
    };
    about.keep(Claim::Waiver(waiver), people::now())
}

/// Opens the user's editor at the hunk. What changes there is not staged: it is the person's to
/// stage.
fn edit(about: &About, path: &RepoPath, run: &Run) -> Result<()> {
    let Some(top) = about.repo.work_tree() else {
        return Ok(());
    };
    let editor = about.repo.editor()?;
    let file = path.below(top);
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("{editor} \"$@\"")).arg("editor");
    // Editors that take a line take it this way; the others open a second, empty file at worst.
    if ["vi", "vim", "nvim", "nano", "emacs"].iter().any(|known| editor.contains(known)) {
        shell.arg(format!("+{}", run.lines.start));
    }
    let ended = shell.arg(&file).status();
    ended.map(drop).map_err(|e| Error::new(format!("cannot start {editor}")).because(e))
}
