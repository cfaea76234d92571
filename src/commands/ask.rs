//! `git ai-log PATH[:LINE[-LINE]]`: the prompts behind lines.

use std::ffi::OsString;
use std::path::Path;

use chrono::DateTime;
use clap::Args;

use crate::commands::screen::{self, Printing, printed};
use crate::config::Env;
use crate::error::{Error, Result};
use crate::git::blame::{Blame, BlamedLine};
use crate::git::{Repo, blame};
use crate::model::{LineRange, RepoPath};
use crate::query::{LineOwner, Provenance};
use crate::render::json::{Answer, Prompts};
use crate::render::text;

/// What to ask for.
#[derive(Debug, Default, Args)]
pub struct AskArgs {
    /// Files, with a line or a range of lines: `src/pay.py`, `src/pay.py:41`, `src/pay.py:41-44`
    #[arg(value_name = "PATH[:LINE[-LINE]]")]
    pub paths: Vec<OsString>,
    /// Ask for the file as it is in this revision, instead of the work tree
    #[arg(long, value_name = "REV")]
    pub rev: Option<String>,
    #[command(flatten)]
    pub printing: Printing,
}

/// Answers for every path.
pub fn run(env: &Env, args: &AskArgs) -> Result<()> {
    let repo = Repo::from_environment()?;
    let bare = repo.work_tree().is_none();
    let rev = args.rev.clone().or_else(|| bare.then(|| "HEAD".to_owned()));
    let mut provenance = Provenance::open(&repo)?;
    let mut answers = Vec::new();
    for spec in &args.paths {
        let spec = Spec::parse(&env.cwd, spec);
        answers.push(ask(env, &repo, &mut provenance, &spec, rev.as_deref())?);
    }
    screen::complain(&provenance);
    let mut out = args.printing.screen(env, Some(&repo));
    for found in &answers {
        let outcome = if args.printing.json {
            out.json(found)
        } else {
            let path = found.path.quoted().into_owned();
            let shown: Vec<String> =
                found.answers.iter().map(|answer| text::answer(&out, &path, answer)).collect();
            out.line(&shown.join("\n"))
        };
        printed(outcome)?;
    }
    printed(out.finish())
}

/// A path with lines.
struct Spec {
    path: OsString,
    lines: Option<LineRange>,
}

impl Spec {
    /// `PATH:LINE` or `PATH:FIRST-LAST`, unless there is a file of the whole name.
    fn parse(cwd: &Path, text: &OsString) -> Self {
        let whole = Self { path: text.clone(), lines: None };
        if cwd.join(text).symlink_metadata().is_ok() {
            return whole;
        }
        let bytes = crate::model::path::os_bytes(text);
        let Some(colon) = bytes.iter().rposition(|&b| b == b':') else {
            return whole;
        };
        let lines = std::str::from_utf8(&bytes[colon + 1..]).ok().and_then(parse_range);
        match lines {
            Some(lines) => Self {
                path: crate::model::path::os_path(&bytes[..colon]).into_os_string(),
                lines: Some(lines),
            },
            None => whole,
        }
    }
}

/// A file of the repository and lines of it, as people write them.
pub fn place(repo: &Repo, env: &Env, text: &str) -> (RepoPath, Option<LineRange>) {
    let spec = Spec::parse(&env.cwd, &OsString::from(text));
    (blame::from_top(repo, &env.cwd, Path::new(&spec.path)), spec.lines)
}

fn parse_range(text: &str) -> Option<LineRange> {
    let (first, last) = text.split_once(['-', ',']).unwrap_or((text, text));
    let range = LineRange { start: first.parse().ok()?, end: last.parse().ok()? };
    (range.start > 0 && range.start <= range.end).then_some(range)
}

fn ask(
    env: &Env,
    repo: &Repo,
    provenance: &mut Provenance<'_>,
    spec: &Spec,
    rev: Option<&str>,
) -> Result<Prompts> {
    let name = spec.path.to_string_lossy();
    let path = blame::from_top(repo, &env.cwd, Path::new(&spec.path));
    let blame = match rev {
        None if !is_tracked(repo, &spec.path)? => untracked(repo, &path)?,
        rev => {
            let mut args: Vec<OsString> = Vec::new();
            if let Some(lines) = spec.lines {
                args.extend(["-L".into(), format!("{},{}", lines.start, lines.end).into()]);
            }
            args.extend(rev.map(OsString::from));
            args.extend(["--".into(), spec.path.clone()]);
            repo.blame(&args).map_err(|error| {
                let hint = "name a file of this repository, as PATH, PATH:LINE or PATH:LINE-LINE";
                Error::new(format!("cannot say who wrote {name}")).because(error).hint(hint)
            })?
        }
    };
    let in_range = |line: u32| spec.lines.is_none_or(|lines| lines.contains(line));
    let lines: Vec<&BlamedLine> = blame.lines.iter().filter(|line| in_range(line.line)).collect();
    if let (Some(asked), true) = (spec.lines, lines.is_empty()) {
        let count = blame.lines.len();
        return Err(Error::new(format!("{name} has no line {}", asked.start))
            .hint(format!("it has {count} lines")));
    }
    if lines.iter().any(|line| line.commit.is_zero()) {
        screen::add_uncommitted(env, repo, provenance, std::slice::from_ref(&path))?;
    }
    let range = lines.first().zip(lines.last());
    Ok(Prompts {
        schema: "git-ai-log/prompts/1",
        lines: range.map(|(a, b)| LineRange { start: a.line, end: b.line }),
        answers: answers(provenance, &blame, &lines, &path)?,
        path,
    })
}

/// Whether git knows the file; without that it cannot blame it.
fn is_tracked(repo: &Repo, path: &OsString) -> Result<bool> {
    use crate::git::process::{With as _, answer};
    if repo.is_unborn() {
        return Ok(false);
    }
    let mut command = repo.git().with("ls-files").with("--error-unmatch").with("--").with(path);
    Ok(answer(&mut command, "look for the file")?.is_some())
}

/// The lines of a file that git does not know yet.
fn untracked(repo: &Repo, path: &RepoPath) -> Result<Blame> {
    let Some(target) = screen::work_tree_target(repo, None, path)? else {
        return Err(Error::new(format!("there is no file {path} here"))
            .hint("paths are taken from the working directory, as git takes them"));
    };
    let zero = screen::zero(repo.head()?.as_ref());
    let lines = crate::git::lines::split(&target.text)
        .into_iter()
        .zip(1..)
        .map(|(text, line)| BlamedLine {
            commit: zero.clone(),
            orig_line: line,
            line,
            source: 0,
            text: text.to_vec(),
            headers: Vec::new(),
        })
        .collect();
    let source = blame::Source { path: Some(path.clone()), ..Default::default() };
    Ok(Blame { lines, sources: vec![source] })
}

/// Neighbouring lines with one origin are one answer.
fn answers(
    provenance: &mut Provenance<'_>,
    blame: &Blame,
    lines: &[&BlamedLine],
    path: &RepoPath,
) -> Result<Vec<Answer>> {
    let mut answers: Vec<(Answer, LineOwner)> = Vec::new();
    for line in lines {
        let source = &blame.sources[line.source];
        let there = source.path.as_ref().unwrap_or(path);
        let owner = provenance.owner(&line.commit, there, line.orig_line)?;
        let commit = (!line.commit.is_zero()).then(|| line.commit.clone());
        if let Some((last, known)) = answers.last_mut()
            && last.commit == commit
            && same_origin(known, &owner)
            && last.lines.end + 1 == line.line
        {
            last.lines.end = line.line;
            continue;
        }
        let mut at = commit.as_ref().and_then(|_| DateTime::from_timestamp(source.time, 0));
        let mut answer = Answer {
            lines: LineRange::one(line.line),
            contributor: owner.contributor,
            agent: owner.agent.clone(),
            model: owner.model.clone(),
            session: owner.session.clone(),
            turn: owner.turn.clone(),
            evidence: owner.evidence,
            source: owner.source,
            author: commit.as_ref().map(|_| source.author.clone()),
            at: None,
            prompt: None,
            prompt_state: None,
            commit,
        };
        if let Some(turn) = &owner.turn {
            let state = provenance.prompt(&line.commit, turn)?;
            answer.prompt = state.text().map(str::to_owned);
            answer.prompt_state = state.word();
            at = screen::turn_time(provenance, &line.commit, turn)?.or(at);
        }
        answer.at = at;
        answers.push((answer, owner));
    }
    Ok(answers.into_iter().map(|(answer, _)| answer).collect())
}

/// Two tool calls of one prompt are one origin.
fn same_origin(a: &LineOwner, b: &LineOwner) -> bool {
    (a.contributor, &a.session, &a.turn, a.evidence)
        == (b.contributor, &b.session, &b.turn, b.evidence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_a_line_or_two() {
        assert_eq!(parse_range("41"), Some(LineRange { start: 41, end: 41 }));
        assert_eq!(parse_range("41-44"), Some(LineRange { start: 41, end: 44 }));
        for text in ["", "0", "4-2", "x", "1-", "-3"] {
            assert_eq!(parse_range(text), None, "{text}");
        }
    }
}
