//! `git ai-log backfill`: provenance for commits that were made before anything was recorded, from
//! the sessions that agents keep.

mod history;
mod memo;
mod survey;
mod told;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::iter::Peekable;
use std::ops::Range;
use std::slice::Iter;

use chrono::{DateTime, Utc};
use clap::Args;

use crate::agents::AGENTS;
use crate::commands::attribute::Evidences;
use crate::commands::forget;
use crate::commands::note::{self, Made};
use crate::commands::repair;
use crate::commands::screen::{Printing, printed};
use crate::commands::sessions::laid::Laid;
use crate::commands::sessions::roots::Roots;
use crate::commands::sessions::{self, Session, Spoken, Step, files};
use crate::config::Env;
use crate::config::terminal::Terminal;
use crate::error::{Error, Result};
use crate::git::Repo;
use crate::git::changed::ChangedFile;
use crate::git::notes::{Notes, PROVENANCE};
use crate::git::target::targets;
use crate::model::note::{Note, NoteHunk};
use crate::model::{Event, Evidence, Oid, SessionId};
use crate::notes;
use crate::query::file::unexplained;
use crate::render::backfill::{self, Backfilled, OfAgent, Unreadable};
use history::History;
use memo::{Memo, State};
use survey::{Survey, Unit};
use told::Told;

/// How many commits are looked at before their notes are written.
const BATCH: usize = 250;

/// Give commits already made their provenance, from the sessions that agents keep
///
/// Reads the session files of every agent on this machine, finds those that worked in this
/// repository, and looks for what they wrote in the commits that followed. On a terminal it says
/// first what it found, and asks. What hooks recorded stays as it is; a second run changes
/// nothing. Nothing leaves the machine.
#[derive(Debug, Args)]
pub struct BackfillArgs {
    /// Only sessions that were written to since: 2026-01-31, 2026-01-31T12:00:00Z
    #[arg(long, value_name = "DATE", value_parser = forget::moment)]
    pub since: Option<DateTime<Utc>>,
    /// Only sessions of this agent (repeat for more)
    #[arg(long = "agent", value_name = "NAME")]
    pub agents: Vec<String>,
    /// Only this session, by its id here (s_…) or by the agent's own
    #[arg(long, value_name = "ID")]
    pub session: Option<String>,
    /// A folder where this repository stood at the time of the sessions (repeat for more)
    #[arg(long = "root", value_name = "DIR")]
    pub roots: Vec<std::path::PathBuf>,
    /// Say what would be written, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Write without asking
    #[arg(long, short)]
    pub yes: bool,
    #[command(flatten)]
    pub printing: Printing,
}

/// Writes the notes, or says which.
pub fn run(env: &Env, args: &BackfillArgs) -> Result<()> {
    let (repo, now) = (Repo::from_environment()?, Env::now());
    known(&args.agents)?;
    let mut tops = repo.work_trees()?;
    tops.extend(args.roots.iter().map(|root| env.cwd.join(root)));
    let found = files::find(&env.homes, &tops, &args.agents, args.since);
    let roots = Roots::of(&tops);
    // Where one session is asked for, nothing else in its file counts.
    let memo = args.session.is_none().then(|| Memo::open(&repo, &env.program, &roots));
    let mut progress = Progress::on(env, "reading sessions");
    let survey = survey::of(&found, &roots, args, (memo.as_ref(), now), &mut progress);
    drop(progress);
    let journal = Evidences::read(&repo)?;
    let spoken = Spoken::of(&journal.events);
    let state = State::of(&repo, &survey, &spoken)?;
    let ask = env.terminal && !args.yes && !args.dry_run && !args.printing.json;
    if let (Some(memo), Some(state)) = (&memo, &state)
        && state.now(&repo)?.is_some_and(|state| memo.is_done(&state))
    {
        return show(env, args, &Tally::of(&survey, !args.dry_run).done);
    }
    drop(repo);
    let (survey, roots) = (&survey, &roots);
    let filling = Filling { survey, roots, args, now, journal, spoken };
    let mut done = filling.run(env, !(ask || args.dry_run))?;
    if ask && done.commits > 0 {
        show(env, args, &done)?;
        if !agreed()? {
            return Ok(());
        }
        done = filling.run(env, true)?;
    }
    let repo = Repo::from_environment()?;
    if done.written && done.commits > 0 {
        // What these notes say may have gone on into other commits.
        repair::look_again(&repo);
    }
    if let Some(memo) = memo.filter(|_| !args.dry_run) {
        let state = state.map(|state| state.now(&repo)).transpose()?.flatten();
        memo.keep(survey, roots, state);
    }
    show(env, args, &done)
}

fn known(agents: &[String]) -> Result<()> {
    let keep = || AGENTS.iter().filter(|agent| agent.sessions().is_some()).map(|a| a.name());
    match agents.iter().find(|name| !keep().any(|known| known == *name)) {
        Some(name) => Err(Error::new(format!("`{name}` keeps no sessions that can be read"))
            .hint(format!("use one of: {}", keep().collect::<Vec<_>>().join(", ")))),
        None => Ok(()),
    }
}

fn agreed() -> Result<bool> {
    let mut terminal = Terminal::open()
        .map_err(|e| Error::new("cannot ask whether to write").because(e).hint("use --yes"))?;
    let answer = terminal
        .ask("Write these notes? [y/N] ")
        .map_err(|e| Error::new("cannot read the answer").because(e).hint("use --yes"))?;
    Ok(["y", "yes"].contains(&answer.to_lowercase().as_str()))
}

fn show(env: &Env, args: &BackfillArgs, done: &Backfilled) -> Result<()> {
    // Without a pager, which would take the answer to the question.
    let mut out = args.printing.screen(env, None);
    printed(if args.printing.json { out.json(done) } else { backfill::print(&mut out, done) })?;
    printed(out.finish())
}

/// The sessions on their way into the notes.
struct Filling<'f> {
    survey: &'f Survey<'f>,
    roots: &'f Roots,
    args: &'f BackfillArgs,
    now: DateTime<Utc>,
    journal: Evidences,
    spoken: Spoken,
}

impl Filling<'_> {
    fn run(&self, env: &Env, write: bool) -> Result<Backfilled> {
        let mut tally = Tally::of(self.survey, write);
        let Some(first) = self.survey.units.first().map(|unit| unit.begins) else {
            return Ok(tally.done);
        };
        let history = History::since(&Repo::from_environment()?, first)?;
        let mut progress = Progress::on(env, "looking through commits");
        let mut course = Course::of(self.survey);
        for start in (0..history.commits.len()).step_by(BATCH) {
            progress.at(start, history.commits.len());
            // Opened anew: an open repository holds much of what was read from it.
            let repo = Repo::from_environment()?;
            let places = start..history.commits.len().min(start + BATCH);
            let made = self.batch(&repo, &history, places, &mut course)?;
            made.iter().for_each(|made| tally.add(made));
            if write {
                note::store(&repo, &made, self.now)?;
            }
        }
        Ok(tally.done)
    }

    /// What sessions say of the commits at these places.
    fn batch(
        &self,
        repo: &Repo,
        history: &History,
        places: Range<usize>,
        course: &mut Course<'_>,
    ) -> Result<Vec<Made>> {
        let notes = Notes::open(repo, PROVENANCE)?;
        let mut made = Vec::new();
        for place in places {
            let commit = &history.commits[place];
            // Of a commit's second, what happened came before it: what did not is found again.
            let end = commit.time + 1;
            while let Some(unit) = course.units.next_if(|unit| unit.begins.timestamp() < end) {
                for session in self.load(unit) {
                    course.told.add(session.id.clone(), session.events);
                    course.wait(session.steps, |at| self.spoken.has(&session.id, at));
                }
            }
            let mut texts = history.around(repo, place);
            while let Some(step) = course.next(end) {
                course.laid.step(step, &mut texts);
            }
            let concerns = |file: &ChangedFile| course.laid.concerns(&file.path);
            if !commit.files.iter().any(concerns) && !commit.gone {
                continue;
            }
            let mut texts = history.around(repo, place + 1);
            let old = notes.get(&commit.commit)?.and_then(|bytes| notes::parse(&bytes).ok());
            made.extend(self.note(repo, &commit.commit, old, course, &mut texts)?);
        }
        Ok(made)
    }

    fn load(&self, unit: &Unit<'_>) -> Vec<Session> {
        let raws = unit.files.iter().flat_map(|file| sessions::read(file, self.roots, None).0);
        let sessions = sessions::join(raws.collect()).into_iter();
        sessions.filter(|session| survey::is_asked_for(session, self.args)).collect()
    }

    /// What is known of the sessions of these hunks.
    fn evidences(&self, hunks: &[NoteHunk], told: &mut Told) -> Evidences {
        let mut sessions: Vec<&SessionId> =
            hunks.iter().filter_map(|h| h.session.as_ref()).collect();
        sessions.sort();
        sessions.dedup();
        let read = |session: &SessionId| self.events(session);
        let events = sessions.into_iter().flat_map(|id| told.of(id, &read).to_vec()).collect();
        let forgotten = self.journal.forgotten.clone();
        Evidences { events, forgotten, ..Evidences::default() }
    }

    fn events(&self, session: &SessionId) -> Vec<Event> {
        let units = self.survey.units.iter().filter(|unit| unit.sessions.contains(session));
        let sessions = units.flat_map(|unit| self.load(unit)).filter(|read| read.id == *session);
        sessions.flat_map(|read| read.events).collect()
    }

    /// What sessions say of a commit that its note does not.
    fn note(
        &self,
        repo: &Repo,
        oid: &Oid,
        old: Option<Note>,
        course: &mut Course<'_>,
        texts: &mut history::Around<'_>,
    ) -> Result<Option<Made>> {
        let commit = repo.commit(oid)?;
        let targets = targets(repo, &commit)?;
        let mut hunks = course.laid.commit(commit.time, &targets, texts);
        if let Some(old) = &old {
            hunks.retain(|hunk| is_new(hunk, old));
        }
        if hunks.is_empty() {
            return Ok(None);
        }
        let evidences = self.evidences(&hunks, &mut course.told);
        let mut note =
            Note { authored: DateTime::from_timestamp(commit.authored, 0), ..Note::default() };
        note.add(hunks);
        let prompts = evidences.describe(&mut note, Some(&commit.author));
        if old.is_none() {
            // No hook was there to see who else wrote.
            note.add(unexplained(&targets, &note.hunks));
        }
        Ok(Some(Made { commit: oid.clone(), note, prompts, from: Vec::new() }))
    }
}

/// Whether a note says nothing of these lines yet, and its hooks never heard of their session.
fn is_new(hunk: &NoteHunk, old: &Note) -> bool {
    let seen = |known: &NoteHunk| {
        let saw = matches!(known.evidence, Some(Evidence::Edit | Evidence::Shell));
        saw && known.session == hunk.session
    };
    !old.hunks.iter().any(|known| known.contributor.is_agents() && known.meets(hunk) || seen(known))
}

/// How far the sessions have come through the history.
struct Course<'s> {
    /// Sessions that have not been read yet.
    units: Peekable<Iter<'s, Unit<'s>>>,
    /// Steps of sessions that have been read and not come to their commit yet.
    waiting: BTreeMap<(DateTime<Utc>, usize), Step>,
    waited: usize,
    laid: Laid,
    told: Told,
}

impl<'s> Course<'s> {
    fn of(survey: &'s Survey<'_>) -> Self {
        Self {
            units: survey.units.iter().peekable(),
            waiting: BTreeMap::new(),
            waited: 0,
            laid: Laid::default(),
            told: Told::default(),
        }
    }

    /// The steps of a session but those that hooks told of.
    fn wait(&mut self, steps: Vec<Step>, spoken: impl Fn(DateTime<Utc>) -> bool) {
        for step in steps.into_iter().filter(|step| !spoken(step.at)) {
            self.waiting.insert((step.at, self.waited), step);
            self.waited += 1;
        }
    }

    /// The next step before this second.
    fn next(&mut self, end: i64) -> Option<Step> {
        let first = self.waiting.first_entry()?;
        (first.key().0.timestamp() < end).then(|| first.remove())
    }
}

/// What was found, by agent.
struct Tally {
    done: Backfilled,
}

impl Tally {
    fn of(survey: &Survey<'_>, written: bool) -> Self {
        let mut done = Backfilled {
            schema: "git-ai-log/backfill/1",
            written,
            agents: Vec::new(),
            commits: 0,
            lines: 0,
            unreadable: Vec::new(),
        };
        for (agent, counts) in &survey.agents {
            done.agents.push(OfAgent {
                agent: agent.clone(),
                files: counts.files,
                sessions: counts.sessions.len(),
                turns: counts.turns,
                commits: 0,
                lines: 0,
            });
        }
        for (file, reason) in &survey.unreadable {
            let (agent, file) = (file.agent.name().to_owned(), file.path.display().to_string());
            done.unreadable.push(Unreadable { agent, file, reason: reason.clone() });
        }
        Self { done }
    }

    fn add(&mut self, made: &Made) {
        self.done.commits += 1;
        for agent in &mut self.done.agents {
            let own = made.note.hunks.iter().filter(|hunk| {
                let session = hunk.session.as_ref().and_then(|id| made.note.sessions.get(id));
                session.is_some_and(|session| session.agent == agent.agent)
            });
            let lines: usize = own.map(|hunk| hunk.lines.len() as usize).sum();
            agent.lines += lines;
            agent.commits += usize::from(lines > 0);
            self.done.lines += lines;
        }
    }
}

/// A line on a terminal's standard error that says how far it is.
pub(super) struct Progress {
    what: &'static str,
    shown: Option<usize>,
}

impl Progress {
    fn on(env: &Env, what: &'static str) -> Self {
        Self { what, shown: env.error_terminal.then_some(usize::MAX) }
    }

    /// So many of all.
    pub(super) fn at(&mut self, done: usize, all: usize) {
        let percent = done * 100 / all.max(1);
        if self.shown.is_some_and(|shown| shown != percent) {
            self.shown = Some(percent);
            let bar = "#".repeat(percent / 4);
            let _ = write!(std::io::stderr(), "\r{} [{bar:<25}] {percent:>3} %", self.what);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown.is_some_and(|shown| shown != usize::MAX) {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
