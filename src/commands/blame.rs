//! `git ai-log blame`: git's blame, and who wrote each line.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::Path;

use chrono::DateTime;
use clap::Args;

use crate::commands::screen::{self, Printing, printed};
use crate::config::Env;
use crate::error::{Error, Result};
use crate::git::Repo;
use crate::git::blame::{self, Blame};
use crate::model::RepoPath;
use crate::query::{LineOwner, Provenance};
use crate::render::blame::{self as render, Columns};
use crate::render::json::{Blame as BlameJson, BlameLine};

/// Show git's blame of a file, with agent and turn for every line that an agent wrote
///
/// Takes the options of `git blame` (-L, -w, -M, -C, --ignore-rev, --ignore-revs-file, -e, -l,
/// -s, --porcelain, --line-porcelain, ...), and --json and --color.
#[derive(Debug, Args)]
#[command(override_usage = "git ai-log blame [--json] [GIT BLAME OPTIONS] [REV] [--] PATH")]
pub struct BlameArgs {
    /// Options of `git blame`, a revision, and the file
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    pub args: Vec<OsString>,
}

/// Options of `git blame` whose value is an argument of its own.
const WITH_VALUE: &[&str] =
    &["-L", "-S", "--ignore-rev", "--ignore-revs-file", "--contents", "--since", "--date"];

#[derive(Default)]
struct Wanted {
    printing: Printing,
    porcelain: bool,
    columns: Columns,
    /// Options of git's.
    options: Vec<OsString>,
    rev: Option<String>,
    path: Option<OsString>,
}

/// Blames a file.
pub fn run(env: &Env, args: &BlameArgs) -> Result<()> {
    let mut wanted = sort(&args.args)?;
    let Some(file) = wanted.path.clone() else {
        return Err(Error::new("no file to blame").hint("git ai-log blame [-L A,B] [REV] PATH"));
    };
    let repo = Repo::from_environment()?;
    if repo.work_tree().is_none() {
        // git blame in a bare repository wants a revision.
        wanted.rev.get_or_insert_with(|| "HEAD".into());
    }
    let path = blame::from_top(&repo, &env.cwd, Path::new(&file));
    let mut git = std::mem::take(&mut wanted.options);
    git.extend(wanted.rev.iter().map(OsString::from));
    git.extend(["--".into(), file]);
    let blame = repo.blame(&git)?;
    let mut provenance = Provenance::open(&repo)?;
    if blame.lines.iter().any(|line| line.commit.is_zero()) {
        screen::add_uncommitted(env, &repo, &mut provenance, std::slice::from_ref(&path))?;
    }
    let owners = owners(&mut provenance, &blame, &path)?;
    screen::complain(&provenance);
    let mut out = wanted.printing.screen(env, Some(&repo));
    let outcome = if wanted.printing.json {
        out.json(&json(&blame, &owners, path, wanted.rev))
    } else if wanted.porcelain {
        out.write_all(&render::porcelain(&blame, &owners))
    } else {
        render::lines(&out, &blame, &owners, wanted.columns)
            .iter()
            .try_for_each(|line| out.write_all(line).and_then(|()| out.write_all(b"\n")))
    };
    printed(outcome)?;
    printed(out.finish())
}

/// Tells our switches from git's, and finds the file.
fn sort(args: &[OsString]) -> Result<Wanted> {
    let mut wanted = Wanted::default();
    let mut plain: Vec<&OsString> = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let text = arg.to_string_lossy();
        match text.as_ref() {
            "--" => {
                // `git blame [REV] -- PATH`: what stood before is the revision.
                wanted.path = args.next().cloned();
                wanted.rev = revision(&plain);
                return Ok(wanted);
            }
            text if wanted.printing.take(text) => {}
            "--porcelain" | "-p" => wanted.porcelain = true,
            "--line-porcelain" => {
                wanted.porcelain = true;
                wanted.options.push(arg.clone());
            }
            "--incremental" | "--reverse" => {
                return Err(Error::new(format!("{text} is not possible here"))
                    .hint(format!("git blame {text} does it, without agents")));
            }
            "-s" => wanted.columns.bare = true,
            "-l" => wanted.columns.long = true,
            "-e" | "--show-email" => wanted.columns.email = true,
            name if WITH_VALUE.contains(&name) => {
                wanted.options.push(arg.clone());
                wanted.options.extend(args.next().cloned());
            }
            text if text.starts_with('-') && text.len() > 1 => wanted.options.push(arg.clone()),
            _ => plain.push(arg),
        }
    }
    wanted.path = plain.pop().cloned();
    wanted.rev = revision(&plain);
    Ok(wanted)
}

fn revision(plain: &[&OsString]) -> Option<String> {
    plain.first().map(|rev| rev.to_string_lossy().into_owned())
}

fn owners(
    provenance: &mut Provenance<'_>,
    blame: &Blame,
    path: &RepoPath,
) -> Result<Vec<LineOwner>> {
    let mut owners = Vec::with_capacity(blame.lines.len());
    for line in &blame.lines {
        let there = blame.sources[line.source].path.as_ref().unwrap_or(path);
        owners.push(provenance.owner(&line.commit, there, line.orig_line)?);
    }
    Ok(owners)
}

fn json(blame: &Blame, owners: &[LineOwner], path: RepoPath, rev: Option<String>) -> BlameJson {
    let line = |(line, owner): (&blame::BlamedLine, &LineOwner)| {
        let source = &blame.sources[line.source];
        BlameLine {
            line: line.line,
            commit: (!line.commit.is_zero()).then(|| line.commit.clone()),
            orig_path: source.path.clone().unwrap_or_else(|| path.clone()),
            orig_line: line.orig_line,
            contributor: owner.contributor,
            agent: owner.agent.clone(),
            model: owner.model.clone(),
            session: owner.session.clone(),
            turn: owner.turn.clone(),
            evidence: owner.evidence,
            source: owner.source,
            author: source.author.clone(),
            time: DateTime::from_timestamp(source.time, 0),
            text: String::from_utf8_lossy(&line.text).into_owned(),
        }
    };
    let lines = blame.lines.iter().zip(owners).map(line).collect();
    BlameJson { schema: "git-ai-log/blame/1", path, rev, lines }
}
