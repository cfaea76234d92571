//! `git ai-log forget`: deletes prompts and keeps attribution.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::Write as _;
use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::Args;
use regex::Regex;

use crate::commands::screen::{Printing, printed};
use crate::commands::sync::merge::Prompts;
use crate::config::Env;
use crate::error::{Error, Result};
use crate::git::Repo;
use crate::git::notes::{self as refs, History, Notes, PROMPTS, PROMPTS_NEW, PROVENANCE};
use crate::journal::Journal;
use crate::journal::forget::holding;
use crate::model::note::{Forgotten, Note};
use crate::model::{Oid, SessionId, TurnId};
use crate::render::escape::{line, shorten};
use crate::render::json::{Forget, ForgottenTurn};
use crate::{notes, query};

/// A name of ours in full: `p_` or `s_` and 14 hexadecimal digits.
const FULL: usize = 16;

/// Shorter texts stand in too many files by chance.
const TELLING: usize = 8;

/// Delete prompts, keep attribution
///
/// Removes prompts and the agents' closing messages from the notes and the journal of this clone,
/// for ever: the next `git ai-log sync` takes them from the remote, and other clones let go of
/// them at their next one. Who wrote which line stays. With more than one condition, all of them
/// must hold.
#[derive(Debug, Args)]
#[group(required = true, multiple = true, args = ["id", "before", "matching"])]
pub struct ForgetArgs {
    /// A turn (`p_...`) or a session (`s_...`), or the start of its name
    #[arg(value_name = "TURN|SESSION")]
    pub id: Option<String>,
    /// Prompts older than this day or time (2027-03-01, 2027-03-01T12:00:00Z)
    #[arg(long, value_name = "DATE", value_parser = moment)]
    pub before: Option<DateTime<Utc>>,
    /// Prompts or closing messages that match this regular expression
    #[arg(long, value_name = "PATTERN")]
    pub matching: Option<Regex>,
    /// Say what would be deleted, and delete nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub printing: Printing,
}

/// A day or a time.
pub fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.to_utc());
    }
    let day: NaiveDate = text
        .parse()
        .map_err(|_| "write it as 2027-03-01, or with a time as 2027-03-01T12:00:00Z".to_owned())?;
    Ok(day.and_time(NaiveTime::MIN).and_utc())
}

/// What this clone knows of a turn.
#[derive(Default)]
struct Known {
    session: Option<SessionId>,
    at: Option<DateTime<Utc>>,
    texts: Vec<String>,
    notes: usize,
    journal: bool,
}

/// Chooses, deletes, and says what is left.
pub fn run(env: &Env, args: &ForgetArgs) -> Result<()> {
    let repo = Repo::from_environment()?;
    let journal = Journal::at(&repo.state_dir());
    let known = known(&repo, &journal)?;
    let chosen = choose(args, &known, &query::forgotten(&repo)?)?;
    let mut left = Vec::new();
    if !args.dry_run && !chosen.is_empty() {
        forget(&repo, &chosen, Env::now())?;
        // What turns that stay have said, too, is theirs.
        let (gone, kept): (Vec<_>, Vec<_>) =
            known.iter().partition(|(turn, _)| chosen.contains(*turn));
        let kept: HashSet<&String> = kept.into_iter().flat_map(|(_, one)| &one.texts).collect();
        let texts = gone.into_iter().flat_map(|(_, one)| &one.texts);
        let telling = |text: &&String| text.len() >= TELLING && !kept.contains(text);
        let texts: Vec<String> = texts.filter(telling).cloned().collect();
        let folders = state_folders(&repo);
        let folders: Vec<_> = folders.iter().map(PathBuf::as_path).collect();
        let files = if texts.is_empty() { Vec::new() } else { holding(&folders, &texts) };
        left.extend(files.iter().map(|path| path.to_string_lossy().into_owned()));
    }
    let mut out = args.printing.screen(env, None);
    let unknown = Known::default();
    let of = |turn: &TurnId| known.get(turn).unwrap_or(&unknown);
    printed(if args.printing.json {
        let turns = chosen.iter().map(|turn| {
            let Known { session, at, notes, journal, .. } = of(turn);
            let (session, at, notes, journal) = (session.clone(), *at, *notes, *journal);
            ForgottenTurn { turn: turn.clone(), session, at, notes, journal }
        });
        out.json(&Forget {
            schema: "git-ai-log/forget/1",
            dry_run: args.dry_run,
            turns: turns.collect(),
            left: left.clone(),
        })
    } else {
        chosen.iter().try_for_each(|turn| out.line(&told(turn, of(turn), args.dry_run)))
    })?;
    printed(out.finish())?;
    let mut stderr = std::io::stderr().lock();
    for path in &left {
        let _ = writeln!(
            stderr,
            "warning: {} still holds one of the texts, as part of something else",
            line(path)
        );
    }
    let advice = match (chosen.is_empty(), args.dry_run) {
        (true, _) => "note: no prompt was chosen",
        (false, true) => "",
        (false, false) => {
            "note: `git ai-log sync` takes them from the remote, too; `git gc --prune=now` deletes \
             what git still keeps of them here. Copies that others fetched cannot be recalled"
        }
    };
    if !advice.is_empty() {
        let _ = writeln!(stderr, "{advice}");
    }
    Ok(())
}

fn told(turn: &TurnId, known: &Known, dry_run: bool) -> String {
    let mut text = format!("{} {turn}", if dry_run { "would forget" } else { "forgot" });
    if let Some(session) = &known.session {
        text.push_str(&format!("  session {session}"));
    }
    if let Some(at) = known.at {
        text.push_str(&format!("  {}", at.format("%Y-%m-%d %H:%M")));
    }
    text.push_str(&format!("  notes: {}", known.notes));
    if known.journal {
        text.push_str(", journal");
    }
    // The words are shown as long as they are there.
    match known.texts.first().filter(|_| dry_run) {
        Some(prompt) => format!("{}  {}", line(&text), shorten(&line(prompt), 60)),
        None => line(&text),
    }
}

/// The turns of the notes and the journal.
fn known(repo: &Repo, journal: &Journal) -> Result<BTreeMap<TurnId, Known>> {
    let mut all: BTreeMap<TurnId, Known> = BTreeMap::new();
    let read = |blob: &Oid| Ok::<_, Error>(repo.blob(blob)?.unwrap_or_default());
    for (_, blob) in Notes::open(repo, PROVENANCE)?.all()? {
        // A note that cannot be read names no turns; `blame` and `show` complain of it.
        for (id, turn) in notes::parse(&read(&blob)?).unwrap_or_default().turns {
            let one = all.entry(id).or_default();
            one.session.get_or_insert(turn.session);
            one.at = one.at.or(turn.at);
        }
    }
    for (_, blob) in Notes::open(repo, PROMPTS)?.all()? {
        for (id, record) in notes::parse_prompts(&read(&blob)?).unwrap_or_default() {
            let one = all.entry(id).or_default();
            one.notes += 1;
            one.texts.push(record.prompt.text);
            one.texts.extend(record.closing.map(|closing| closing.text));
        }
    }
    for (id, words) in journal.words()? {
        let one = all.entry(id).or_default();
        one.session = one.session.take().or(words.session);
        one.at = one.at.or(words.at);
        one.journal = words.texts.iter().any(|text| !text.is_empty());
        one.texts.extend(words.texts.into_iter().filter(|text| !text.is_empty()));
    }
    Ok(all)
}

/// The turns for which all conditions hold. One that is forgotten already counts while its text is
/// still here.
fn choose(
    args: &ForgetArgs,
    known: &BTreeMap<TurnId, Known>,
    forgotten: &BTreeSet<TurnId>,
) -> Result<BTreeSet<TurnId>> {
    let named = args.id.as_deref().map(|id| named(id, known)).transpose()?;
    if let Some(Named::Turn(turn)) = &named
        && !known.contains_key(turn)
    {
        // Never seen here, but another clone may have it.
        let alone = args.before.is_none() && args.matching.is_none();
        return Ok(Some(turn.clone()).filter(|_| alone).into_iter().collect());
    }
    let chosen = known.iter().filter(|(turn, one)| {
        let by_name = match &named {
            None => true,
            Some(Named::Turn(name)) => name == *turn,
            Some(Named::Session(name)) => one.session.as_ref() == Some(name),
        };
        let by_time = args.before.is_none_or(|before| one.at.is_some_and(|at| at < before));
        let by_text = |pattern: &Regex| one.texts.iter().any(|text| pattern.is_match(text));
        let by_text = args.matching.as_ref().is_none_or(by_text);
        by_name && by_time && by_text && !(forgotten.contains(*turn) && one.texts.is_empty())
    });
    Ok(chosen.map(|(turn, _)| turn.clone()).collect())
}

enum Named {
    Turn(TurnId),
    Session(SessionId),
}

/// The turn or session of this name, or the only one that starts so.
fn named(id: &str, known: &BTreeMap<TurnId, Known>) -> Result<Named> {
    let session = id.starts_with("s_");
    if !session && !id.starts_with("p_") {
        return Err(Error::new(format!("`{}` names no turn and no session", line(id)))
            .hint("names start with p_ or s_; `git ai-log log` shows those of turns"));
    }
    if id.len() == FULL && !session {
        return Ok(Named::Turn(TurnId(id.to_owned())));
    }
    let all: BTreeSet<&str> = match session {
        true => known.values().filter_map(|one| one.session.as_ref()).map(|s| s.as_str()).collect(),
        false => known.keys().map(TurnId::as_str).collect(),
    };
    let found: Vec<&str> = all.into_iter().filter(|name| name.starts_with(id)).collect();
    match found.as_slice() {
        [one] if session => Ok(Named::Session(SessionId((*one).to_owned()))),
        [one] => Ok(Named::Turn(TurnId((*one).to_owned()))),
        [] => Err(Error::new(format!("there is no `{}` here", line(id)))
            .hint("`git ai-log log` shows the turns; `git ai-log sync` brings those of others")),
        several => Err(Error::new(format!("{} names start with `{}`", several.len(), line(id)))
            .hint(format!("write more of it, such as `{}`", several[0]))),
    }
}

/// What is forgotten is kept first: whatever happens after that, the next sync goes on from there.
fn forget(repo: &Repo, turns: &BTreeSet<TurnId>, now: DateTime<Utc>) -> Result<()> {
    let time = now.timestamp();
    let ident = repo.committer().ok();
    let who = ident.and_then(|ident| Some(ident.split_once(" <")?.0.to_owned()));
    let forgotten = Forgotten { at: Some(now), who };
    let forgotten = turns.iter().map(|turn| (turn.clone(), forgotten.clone())).collect();
    let bytes = notes::encode(&Note { forgotten, ..Note::default() });
    let object = repo.empty_tree()?;
    refs::write(repo, PROVENANCE, History::Kept, &[(object, bytes)], time, &notes::join)?;
    let mut prompts = Prompts::of(repo)?;
    prompts.scan = true;
    prompts.merge(None, time)?;
    prompts.merge_stray(time)?;
    // What the remotes had is looked up again at the next sync.
    for name in [PROMPTS, PROMPTS_NEW] {
        let seen = repo.seen_of(name)?.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        repo.drop_refs(&seen)?;
    }
    Ok(())
}

/// Every folder with files of ours: the repository's, and those of its work trees.
fn state_folders(repo: &Repo) -> Vec<PathBuf> {
    let state = repo.state_dir();
    let worktrees = state.parent().map(|common| common.join("worktrees"));
    let worktrees = worktrees.and_then(|folder| std::fs::read_dir(folder).ok());
    let of_worktrees = worktrees.into_iter().flatten().filter_map(Result::ok);
    let mut folders: Vec<PathBuf> = of_worktrees.map(|entry| entry.path().join("ai-log")).collect();
    folders.push(state);
    folders
}
