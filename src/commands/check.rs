//! `git ai-log check`: the checklist on what is staged, on a range, or on whole files.

mod files;

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::checklist::{self, ITEMS, Judgement};
use crate::commands::Answer;
use crate::commands::screen::{Color, Printing, printed};
use crate::config::Env;
use crate::error::{Error, Result};
use crate::model::{Finding, Verdict};
use crate::render::check::text::Shown;
use crate::render::check::{Check, sarif, text};
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
}

/// Judges, prints, and answers whether something blocks.
pub fn run(env: &Env, args: &CheckArgs) -> Result<Answer> {
    if let Some(item) = &args.explain {
        return explain(env, args, item);
    }
    if args.all_lines {
        let paths: Vec<PathBuf> = args.what.iter().map(PathBuf::from).collect();
        let judged = files::judge(env, &paths)?;
        return report(env, args, judged);
    }
    Err(Error::new("nothing to judge").hint("name files: --all-lines PATH"))
}

/// What was judged, with what the printing needs beside it.
pub struct Judged {
    /// What the checklist says.
    pub judgement: Judgement,
    /// The source line and the prompt of a finding.
    pub shown: Box<dyn Fn(&Finding) -> Shown>,
}

fn report(env: &Env, args: &CheckArgs, judged: Judged) -> Result<Answer> {
    let check = Check {
        schema: "git-ai-log/check/1",
        verdict: judged.judgement.verdict,
        hunks: judged.judgement.hunks,
        not_recorded: Vec::new(),
        findings: judged.judgement.findings,
    };
    let format = if args.json { Format::Json } else { args.format };
    let plain = format != Format::Text;
    let mut out = Printing { json: plain, color: args.color }.screen(env, None);
    printed(print(&mut out, format, &check, judged.shown.as_ref()))?;
    printed(out.finish())?;
    Ok(if check.verdict == Verdict::Block { Answer::No } else { Answer::Yes })
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
