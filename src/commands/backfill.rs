//! `git ai-log backfill`: provenance for commits that were made before anything was recorded, from
//! the sessions that agents keep.

mod history;
mod survey;

use std::collections::BTreeMap;
use std::io::Write as _;

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
use crate::git::notes::{Notes, PROVENANCE};
use crate::git::target::targets;
use crate::model::note::{Note, NoteHunk};
use crate::model::{Event, Evidence, Oid, SessionId};
use crate::notes;
use crate::query::carry::unexplained;
use crate::render::backfill::{self, Backfilled, OfAgent, Unreadable};
use history::History;
use survey::{Survey, Unit};

/// How many notes are written at once.
const BATCH: usize = 500;

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
    let survey = survey::of(&found, &roots, args, &mut Progress::on(env, "reading sessions"));
    let ask = env.terminal && !args.yes && !args.dry_run && !args.printing.json;
    let mut filling = Filling { repo: &repo, survey: &survey, roots: &roots, args, now };
    let mut done = filling.run(env, !(ask || args.dry_run))?;
    if ask {
        show(env, args, &done)?;
        if done.commits == 0 || !agreed()? {
            return Ok(());
        }
        done = filling.run(env, true)?;
    }
    if done.written {
        // What these notes say may have gone on into other commits.
        repair::look_again(&repo);
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
    repo: &'f Repo,
    survey: &'f Survey<'f>,
    roots: &'f Roots,
    args: &'f BackfillArgs,
    now: DateTime<Utc>,
}

impl Filling<'_> {
    fn run(&mut self, env: &Env, write: bool) -> Result<Backfilled> {
        let mut tally = Tally::of(self.survey, write);
        let Some(first) = self.survey.units.first().map(|unit| unit.begins) else {
            return Ok(tally.done);
        };
        let journal = Evidences::read(self.repo)?;
        let spoken = Spoken::of(&journal.events);
        let history = History::since(self.repo, first)?;
        let mut progress = Progress::on(env, "looking through commits");
        let (mut laid, mut waiting) = (Laid::default(), Waiting::default());
        let mut units = self.survey.units.iter().peekable();
        let notes = Notes::open(self.repo, PROVENANCE)?;
        let mut batch = Vec::new();
        for (place, commit) in history.commits.iter().enumerate() {
            progress.at(place, history.commits.len());
            // Of a commit's second, what happened came before it: what did not is found again.
            let end = commit.time + 1;
            while let Some(unit) = units.next_if(|unit| unit.begins.timestamp() < end) {
                waiting.add(self.load(unit), &spoken);
            }
            let mut texts = history.around(self.repo, place);
            while let Some(step) = waiting.next(end) {
                laid.step(step, &mut texts);
            }
            if !commit.files.iter().any(|file| laid.concerns(&file.path)) && !commit.gone {
                continue;
            }
            let mut texts = history.around(self.repo, place + 1);
            let old = notes.get(&commit.commit)?.and_then(|bytes| notes::parse(&bytes).ok());
            let evidences = |hunks: &[NoteHunk]| waiting.evidences(hunks, &journal);
            let made = self.note(&commit.commit, old, &mut laid, &mut texts, &evidences)?;
            batch.extend(made.inspect(|made| tally.add(made)));
            if write && batch.len() >= BATCH {
                note::store(self.repo, &std::mem::take(&mut batch), self.now)?;
            } else if !write {
                batch.clear();
            }
        }
        if write {
            note::store(self.repo, &batch, self.now)?;
        }
        Ok(tally.done)
    }

    fn load(&self, unit: &Unit<'_>) -> Vec<Session> {
        let raws = unit.files.iter().flat_map(|file| sessions::read(file, self.roots, None).0);
        let sessions = sessions::join(raws.collect()).into_iter();
        sessions.filter(|session| survey::is_asked_for(session, self.args)).collect()
    }

    /// What sessions say of a commit that its note does not.
    fn note(
        &self,
        oid: &Oid,
        old: Option<Note>,
        laid: &mut Laid,
        texts: &mut history::Around<'_>,
        evidences: &dyn Fn(&[NoteHunk]) -> Evidences,
    ) -> Result<Option<Made>> {
        let commit = self.repo.commit(oid)?;
        let targets = targets(self.repo, &commit)?;
        let mut hunks = laid.commit(commit.time, &targets, texts);
        if let Some(old) = &old {
            hunks.retain(|hunk| is_new(hunk, old));
        }
        if hunks.is_empty() {
            return Ok(None);
        }
        let evidences = evidences(&hunks);
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

/// Steps of sessions that have been read and not come to their commit yet.
#[derive(Default)]
struct Waiting {
    steps: BTreeMap<(DateTime<Utc>, usize), Step>,
    told: usize,
    /// What else these sessions told, by session.
    events: BTreeMap<SessionId, Vec<Event>>,
}

impl Waiting {
    fn add(&mut self, sessions: Vec<Session>, spoken: &Spoken) {
        for session in sessions {
            for step in session.steps {
                if !spoken.has(&session.id, step.at) {
                    self.steps.insert((step.at, self.told), step);
                    self.told += 1;
                }
            }
            self.events.entry(session.id).or_default().extend(session.events);
        }
    }

    /// The next step before this second.
    fn next(&mut self, end: i64) -> Option<Step> {
        let first = self.steps.first_entry()?;
        (first.key().0.timestamp() < end).then(|| first.remove())
    }

    /// What is known of the sessions of these hunks.
    fn evidences(&self, hunks: &[NoteHunk], journal: &Evidences) -> Evidences {
        let mut sessions: Vec<&SessionId> =
            hunks.iter().filter_map(|h| h.session.as_ref()).collect();
        sessions.sort();
        sessions.dedup();
        let events = sessions.into_iter().filter_map(|session| self.events.get(session));
        Evidences {
            events: events.flatten().cloned().collect(),
            forgotten: journal.forgotten.clone(),
            ..Evidences::default()
        }
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
