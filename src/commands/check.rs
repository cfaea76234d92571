//! `git ai-log check`: the checklist on what is staged, on a range, or on whole files.

pub mod files;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};

use crate::checklist::{self, ITEMS, Judgement};
use crate::commands::Answer;
use crate::commands::gate::receipt::{Attributed, Receipt};
use crate::commands::gate::{self, Judged, Subject, claims};
use crate::commands::screen::{self, Color, Printing, printed};
use crate::config::Env;
use crate::config::policy::Effective;
use crate::error::{Error, Result};
use crate::git::Repo;
use crate::git::signature::Signers;
use crate::model::note::Turn;
use crate::model::{Confidence, Finding, Oid, Status, TurnId, Verdict};
use crate::render::check::text::Shown;
use crate::render::check::{Check, ItemResult, Origin, github, gitlab, markdown, sarif, text};
use crate::render::json::TurnInfo;
use crate::render::out::Out;

/// Judge the lines that agents wrote against the checklist
///
/// Without arguments what is staged is judged, as the pre-commit hook does. Exit code 1 means
/// that something blocks.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// A range of commits, or one commit; with --all-lines files and folders
    #[arg(value_name = "RANGE|PATH")]
    pub what: Vec<OsString>,
    /// Judge whole files and folders, whoever wrote them
    #[arg(long)]
    pub all_lines: bool,
    /// Count what people vouched for and waived in the range only where it is signed by a key of
    /// gpg.ssh.allowedSignersFile, or one that GnuPG knows
    #[arg(long)]
    pub require_signed: bool,
    /// Fail where nothing is recorded for a commit of the range
    #[arg(long)]
    pub require_notes: bool,
    /// How to print what was found
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Print JSON: --format json
    #[arg(long)]
    pub json: bool,
    /// Say what an item asks and why, and judge nothing
    #[arg(long, value_name = "ITEM")]
    pub explain: Option<String>,
    /// When to use colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Color,
}

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For people and agents
    #[default]
    Text,
    /// One object
    Json,
    /// For code scanning services
    Sarif,
    /// Workflow commands, which annotate the lines of a pull request
    Github,
    /// A Code Quality report
    Gitlab,
    /// The checklist section for the body of a pull request
    Markdown,
}

/// Judges, prints, and answers whether something blocks.
pub fn run(env: &Env, args: &CheckArgs) -> Result<Answer> {
    if let Some(item) = &args.explain {
        return explain(env, args, item);
    }
    if args.all_lines {
        let paths: Vec<PathBuf> = args.what.iter().map(PathBuf::from).collect();
        return report(env, args, None, files::judge(env, &paths)?);
    }
    let repo = Repo::from_environment()?;
    match args.what.as_slice() {
        [] => {
            let subject = gate::staged(&repo, env, Env::now())?;
            let judged = gate::judge(&repo, env, &subject, &claims::read(&repo))?;
            gate::policy::warn(&gate::project(&repo, env, &subject.tree));
            let added = gate::added(&repo, &subject)?;
            let mut reported = Reported::of(judged, subject);
            reported.added(added);
            report(env, args, Some(&repo), reported)
        }
        [range] => judge_range(&repo, env, args, &range.to_string_lossy()),
        _ => Err(Error::new("more than one range to judge")
            .hint("name one range, or judge files with --all-lines PATH...")),
    }
}

fn judge_range(repo: &Repo, env: &Env, args: &CheckArgs, range: &str) -> Result<Answer> {
    let range = gate::range::read(repo, range)?;
    let mut said = claims::read(repo);
    said.attestations.extend(range.claims.attestations);
    said.waivers.extend(range.claims.waivers);
    if args.require_signed {
        let signers = Signers::of(repo);
        said.attestations.retain(|said| signed(&signers, claims::signed_attestation(said)));
        said.waivers.retain(|said| signed(&signers, claims::signed_waiver(said)));
    }
    let judged = gate::judge(repo, env, &range.subject, &said)?;
    let mut reported = Reported::of(judged, range.subject);
    reported.added(range.added);
    if args.require_notes {
        reported.not_recorded = range.not_recorded;
    }
    report(env, args, Some(repo), reported)
}

/// Whether a record carries a signature that counts.
fn signed(signers: &Signers, record: Option<claims::Signature>) -> bool {
    record.is_some_and(|record| signers.check(&record.claim()).counts())
}

/// What the pre-commit hook does: judges what is staged, leaves a receipt, and prints to standard
/// error where there is something to say.
pub fn gate_staged(repo: &Repo, env: &Env, now: DateTime<Utc>) -> Result<Answer> {
    let subject = gate::staged(repo, env, now)?;
    let judged = gate::judge(repo, env, &subject, &claims::read(repo))?;
    let mut receipt =
        Receipt::of(judged.judgement.clone(), &subject.tree, &judged.policy.digest, now);
    let stamp = subject.stamp.clone();
    receipt.attributed = stamp.map(|stamp| Attributed::of(stamp, &subject.note));
    if let Err(error) = receipt.leave(repo) {
        // It was judged: that its note will say `bypassed` is no reason to hold it up.
        let _ = writeln!(io::stderr(), "warning: {error}");
    }
    gate::policy::warn(&gate::project(repo, env, &subject.tree));
    let open = judged.judgement.findings.iter().any(|finding| finding.status == Status::Open);
    if open {
        let reported = Reported::of(judged, subject);
        let (check, shown) = reported.check();
        let mut out = Printing::default().errors(env, repo);
        printed(text::print(&mut out, &check, shown.as_ref()))?;
        printed(out.finish())?;
    }
    Ok(Answer::of(receipt.ruling.verdict != Some(Verdict::Block)))
}

/// Knows what is shown of a finding beside the finding itself.
type Shower = Box<dyn Fn(&Finding) -> Shown>;

/// What was judged, with what the printing needs beside it.
pub struct Reported {
    /// What the checklist says.
    pub judgement: Judgement,
    /// Commits on which nothing is recorded, where notes are required.
    pub not_recorded: Vec<Oid>,
    /// What became of each item.
    pub items: Vec<ItemResult>,
    /// Where the lines come from.
    pub origin: Option<Origin>,
    /// The source line and the prompt of a finding.
    pub shown: Shower,
}

impl Reported {
    fn of(judged: Judged, subject: Subject) -> Self {
        let items = items(&judged.policy, &judged.judgement.findings);
        let origin = Some(Origin {
            lines: screen::counts(&subject.note.hunks),
            sessions: screen::sessions(&subject.note),
            turns: turns(&subject),
        });
        let shown = Box::new(move |finding: &Finding| subject.shown(finding));
        let judgement = judged.judgement;
        Self { judgement, not_recorded: Vec::new(), items, origin, shown }
    }

    /// Of all lines that the change adds, those that are not in the notes are people's.
    fn added(&mut self, all: u32) {
        if let Some(Origin { lines, .. }) = &mut self.origin {
            lines.human = all.saturating_sub(lines.ai + lines.mixed + lines.unknown);
        }
    }

    fn check(self) -> (Check, Shower) {
        let missing = !self.not_recorded.is_empty();
        let check = Check {
            schema: "git-ai-log/check/1",
            verdict: if missing { Verdict::Block } else { self.judgement.verdict },
            hunks: self.judgement.hunks,
            not_recorded: self.not_recorded,
            items: self.items,
            findings: self.judgement.findings,
            waivers: self.judgement.waivers,
            attestations: self.judgement.attestations,
            origin: self.origin,
        };
        (check, self.shown)
    }
}

/// What became of each item: those of the checklist, then the policy's analysers.
fn items(policy: &Effective, findings: &[Finding]) -> Vec<ItemResult> {
    let of = |item: &str, summary: &str| {
        let confidence = match item {
            "business-logic" => Confidence::Judgement,
            _ => Confidence::High,
        };
        ItemResult::of(item, summary, policy.asks(item, confidence), findings)
    };
    // The analysers stand for `external` one by one.
    let own = ITEMS.iter().map(|check| check.meta()).filter(|meta| meta.id != "external");
    let mut items: Vec<ItemResult> = own.map(|meta| of(meta.id, meta.summary)).collect();
    items.extend(
        policy
            .external()
            .into_keys()
            .map(|name| of(&format!("external.{name}"), &format!("{name} finds nothing"))),
    );
    items
}

fn turns(subject: &Subject) -> Vec<TurnInfo> {
    let info = |(id, turn): (&TurnId, &Turn)| {
        let prompt = subject.prompt(id).map(str::to_owned);
        TurnInfo {
            turn: id.clone(),
            session: turn.session.clone(),
            at: turn.at,
            prompt_state: prompt.is_none().then_some("not-fetched"),
            prompt,
            closing: None,
        }
    };
    let mut turns: Vec<_> = subject.note.turns.iter().map(info).collect();
    turns.sort_by(|a, b| (a.at, &a.turn).cmp(&(b.at, &b.turn)));
    turns
}

fn report(env: &Env, args: &CheckArgs, repo: Option<&Repo>, reported: Reported) -> Result<Answer> {
    let (check, shown) = reported.check();
    let format = if args.json { Format::Json } else { args.format };
    let plain = format != Format::Text;
    let mut out = Printing { json: plain, color: args.color }.screen(env, repo);
    printed(print(&mut out, format, &check, shown.as_ref()))?;
    printed(out.finish())?;
    Ok(Answer::of(check.verdict == Verdict::Pass))
}

fn print(
    out: &mut Out,
    format: Format,
    check: &Check,
    shown: &dyn Fn(&Finding) -> Shown,
) -> io::Result<()> {
    match format {
        Format::Text => text::print(out, check, shown),
        Format::Json => out.json(check),
        Format::Github => github::lines(check).iter().try_for_each(|line| out.line(line)),
        Format::Gitlab => out.json(&gitlab::report(check)),
        Format::Markdown => out.line(markdown::section(check).trim_end()),
        Format::Sarif => {
            let items: Vec<sarif::Item> = ITEMS
                .iter()
                .map(|check| check.meta())
                .map(|meta| (meta.id, meta.summary, meta.explain))
                .collect();
            out.json(&sarif::log(check, &items))
        }
    }
}

fn explain(env: &Env, args: &CheckArgs, id: &str) -> Result<Answer> {
    let Some(meta) = checklist::item(id) else {
        let known: Vec<_> = ITEMS.iter().map(|check| check.meta().id).collect();
        return Err(Error::new(format!("there is no item `{id}` in the checklist"))
            .hint(format!("use one of: {}", known.join(", "))));
    };
    let mut out = Printing { json: false, color: args.color }.screen(env, None);
    printed(out.line(&format!("{}: {}\n\n{}", meta.id, meta.summary, meta.explain)))?;
    printed(out.finish())?;
    Ok(Answer::Yes)
}
