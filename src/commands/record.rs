//! `git ai-log record AGENT`: one hook event on standard input.

use std::collections::HashMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::Args;

use crate::agents::{self, Act, Agent, FileEdit, Files, Report};
use crate::attribution::shell;
use crate::commands::observe::{self, Place};
use crate::commands::repair;
use crate::config::{Env, Homes};
use crate::error::{Error, Result};
use crate::journal::Journal;
use crate::model::event::{Edge, JOURNAL_VERSION, Window};
use crate::model::{EditId, Event, PromptText, SessionId, TurnId, What};
use crate::redact;

/// Payloads larger than this are not read. Bytes.
const MAX_PAYLOAD: u64 = 64 * 1024 * 1024;

/// How long the file is waited for that an edit was told of before it was written, and how often it
/// is looked at. Milliseconds.
const LATE: u64 = 160;
const STEP: u64 = 20;

/// Record one hook event of an agent, given on standard input
///
/// Agents call this. It always exits with 0 and prints nothing, so that an agent's turn never
/// breaks; what it could not use is shown by `git ai-log doctor` and `git ai-log status`.
#[derive(Debug, Args)]
pub struct RecordArgs {
    /// The agent: claude-code, codex, cline, continue, opencode, vibe, generic
    pub agent: String,
}

/// Records what standard input holds. Never fails: an agent's turn must not break.
pub fn run(env: &Env, args: &RecordArgs) -> Result<()> {
    let now = Env::now();
    let mut payload = Vec::new();
    let read = std::io::stdin().lock().take(MAX_PAYLOAD + 1).read_to_end(&mut payload);
    let outcome = match read {
        Err(error) => Err(Error::new("cannot read standard input").because(error)),
        Ok(_) if payload.len() as u64 > MAX_PAYLOAD => {
            Err(Error::new(format!("the payload is larger than {MAX_PAYLOAD} bytes")))
        }
        Ok(_) => record(env, &args.agent, &payload, now),
    };
    if let Err(error) = outcome {
        unusable(env, &args.agent, &error, now);
    }
    Ok(())
}

/// Records one payload.
pub fn record(env: &Env, agent: &str, payload: &[u8], now: DateTime<Utc>) -> Result<()> {
    let Some(adapter) = agents::find(agent) else {
        let names: Vec<_> = agents::AGENTS.iter().map(|a| a.name()).collect();
        return Err(Error::new(format!("`{agent}` is no agent known here"))
            .hint(format!("use one of: {}", names.join(", "))));
    };
    for mut report in adapter.reports(payload)? {
        if report.cwd.as_os_str().is_empty() {
            report.cwd.clone_from(&env.cwd);
        }
        if report.is_prompted_by_gate() {
            continue;
        }
        let own = agents::whose(adapter, &report);
        if own.writes_late() {
            await_files(&report);
        }
        let prompt = look_behind(own, &mut report, &Disk(&env.homes));
        if let Some(prompt) = prompt {
            // A person asked, whichever sub-agent was heard first.
            let act = Act::Prompt(prompt);
            let report = Report { act, call: None, subagent: None, ..report.clone() };
            Recorder { env, report, now }.prompt_once()?;
        }
        Recorder { env, report, now }.record()?;
    }
    Ok(())
}

/// Waits for an edit to come to the disk, for a while.
fn await_files(report: &Report) {
    let Act::Edited(edits) = &report.act else {
        return;
    };
    for _ in 0..LATE / STEP {
        let there = |edit: &FileEdit| observe::has(&report.cwd.join(&edit.path), &edit.told);
        if edits.iter().all(there) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(STEP));
    }
}

/// Adds what the session's own files say: the model, and the turn where no hook tells of prompts.
/// Returns the prompt of such a turn.
fn look_behind(adapter: &dyn Agent, report: &mut Report, files: &Disk<'_>) -> Option<String> {
    let ends = matches!(report.act, Act::Edited(_) | Act::CommandEnded { .. });
    let starts = matches!(report.act, Act::Before(_) | Act::CommandStarts { .. });
    // What was read is known by its prompt only.
    let reads = matches!(report.act, Act::Read(_)) && report.turn.is_none();
    if !(starts || ends || reads) || report.model.is_some() && report.turn.is_some() {
        return None;
    }
    let behind = adapter.behind(report, files);
    if ends {
        report.model = report.model.take().or(behind.model);
    }
    let (turn, prompt) = behind.prompt?;
    report.turn.get_or_insert(turn);
    Some(prompt)
}

/// One report on its way into the journals of the repositories that it concerns.
struct Recorder<'e> {
    env: &'e Env,
    report: Report,
    now: DateTime<Utc>,
}

impl Recorder<'_> {
    fn record(self) -> Result<()> {
        match &self.report.act {
            Act::Before(paths) => self.each_file(paths, |place, path| {
                let (text, _) = place.keep_file(path, None)?;
                Ok(What::Saw { path: place.relative(path)?, text })
            }),
            Act::Edited(edits) => {
                let paths: Vec<PathBuf> = edits.iter().map(|edit| edit.path.clone()).collect();
                self.each_file(&paths, |place, path| {
                    let edit = edits.iter().find(|edit| self.absolute(&edit.path) == path);
                    let edit = edit.ok_or_else(|| Error::new("an edit lost its path"))?;
                    let from = edit.from.as_ref().map(|from| self.absolute(from));
                    observe::edit(place, path, from.as_deref(), &edit.told)
                })
            }
            Act::Read(paths) => self.each_file(paths, |place, path| {
                Ok(What::Read { paths: vec![place.relative(path)?] })
            }),
            Act::CommandStarts { tool, command } => self.window(Edge::Open, tool, command, false),
            Act::CommandEnded { tool, command, background } => {
                self.window(Edge::Close, tool, command, *background)
            }
            Act::Started => self.here(|_| Ok(Some(self.session(Edge::Open)))),
            Act::Ended => self.here(|_| Ok(Some(self.session(Edge::Close)))),
            Act::Prompt(text) => self.here(|_| Ok(Some(What::Prompt(redacted(text))))),
            Act::Stopped { closing, background } => self.here(|place| {
                Ok(Some(What::Stop {
                    closing: closing.as_deref().map(redacted),
                    background: *background,
                    tree: Some(observe::tree(place, self.now)?),
                }))
            }),
        }
    }

    fn session(&self, edge: Edge) -> What {
        What::Session { native: self.report.session.clone(), edge }
    }

    fn absolute(&self, path: &Path) -> PathBuf {
        self.report.cwd.join(path)
    }

    /// A prompt that only the session's file tells, unless it was recorded before.
    fn prompt_once(self) -> Result<()> {
        let Act::Prompt(text) = &self.report.act else {
            return Ok(());
        };
        let session = SessionId::derive(&self.report.agent, &self.report.session);
        let turn = self.report.turn.as_deref().map(|turn| TurnId::derive(&session, turn));
        self.here(|place| {
            let told = Journal::at(&place.repo.state_dir()).of(&session)?;
            let prompted =
                |event: &Event| event.turn == turn && matches!(event.what, What::Prompt(_));
            Ok((!told.iter().any(prompted)).then(|| What::Prompt(redacted(text))))
        })
    }

    /// One event in the repository that the agent works in, if it works in one.
    fn here(&self, what: impl FnOnce(&Place) -> Result<Option<What>>) -> Result<()> {
        let Some(place) = Place::around(&self.report.cwd)? else {
            return Ok(());
        };
        let what = what(&place)?;
        self.append(&place, what.into_iter().collect())
    }

    /// One event for each file, in the repository that the file lies in. Ignored files and files
    /// outside of any repository are nobody's business.
    fn each_file(
        &self,
        paths: &[PathBuf],
        mut what: impl FnMut(&Place, &Path) -> Result<What>,
    ) -> Result<()> {
        let mut places: HashMap<PathBuf, (Place, Vec<What>)> = HashMap::new();
        for path in paths.iter().map(|path| self.absolute(path)) {
            let Some(place) = Place::around(observe::existing_folder(&path))? else {
                continue;
            };
            if place.relative(&path).is_err() || place.repo.ignores(&path)? {
                continue;
            }
            let top = place.top.clone();
            let (place, events) = places.entry(top).or_insert_with(|| (place, Vec::new()));
            events.push(what(place, &path)?);
        }
        for (place, events) in places.into_values() {
            self.append(&place, events)?;
        }
        Ok(())
    }

    /// The work trees that a command of the agent's may change, as they are now.
    fn window(&self, edge: Edge, tool: &str, command: &str, background: bool) -> Result<()> {
        for place in self.reach(command)? {
            let scripts = match edge {
                Edge::Open => observe::scripts(&place, &self.report.cwd, command)?,
                Edge::Close => Vec::new(),
            };
            let window = Window {
                edge,
                tool: tool.to_owned(),
                command: redacted(command).text,
                scripts,
                tree: observe::tree(&place, self.now)?,
                stash: place.repo.stash()?,
                background,
            };
            self.append(&place, vec![What::Window(window)])?;
            if edge == Edge::Close {
                // An agent may run git without its hooks; then this is the first to see the commit.
                repair::owed(self.env, &place.repo, self.now)?;
            }
        }
        Ok(())
    }

    /// The repository around the agent's folder, its submodules, and repositories that the
    /// command names.
    fn reach(&self, command: &str) -> Result<Vec<Place>> {
        let mut places = Vec::new();
        add_place(&mut places, &self.report.cwd)?;
        let submodules = places.first().map(|place| place.repo.submodules()).unwrap_or_default();
        for folder in shell::folders(command) {
            add_place(&mut places, &self.absolute(Path::new(&folder)))?;
        }
        for submodule in submodules.iter().take(20) {
            add_place(&mut places, submodule)?;
        }
        Ok(places)
    }

    fn append(&self, place: &Place, events: Vec<What>) -> Result<()> {
        let session = SessionId::derive(&self.report.agent, &self.report.session);
        let head = place.repo.head()?;
        let events: Vec<Event> = events
            .into_iter()
            .map(|what| Event {
                v: JOURNAL_VERSION,
                at: self.now,
                agent: self.report.agent.clone(),
                turn: self.report.turn.as_deref().map(|turn| TurnId::derive(&session, turn)),
                edit: self.report.call.as_deref().map(|call| EditId::derive(&session, call)),
                subagent: self.report.subagent.clone(),
                model: self.report.model.clone(),
                worktree: place.top.to_string_lossy().into_owned(),
                head: head.clone(),
                session: session.clone(),
                what,
            })
            .collect();
        Ok(Journal::at(&place.repo.state_dir()).append(&session, &events)?)
    }
}

/// Adds the work tree around this folder, if there is one and it is not among them yet.
fn add_place(places: &mut Vec<Place>, folder: &Path) -> Result<()> {
    if let Some(place) = Place::around(observe::existing_folder(folder))?
        && places.iter().all(|known| known.top != place.top)
    {
        places.push(place);
    }
    Ok(())
}

/// Notes what could not be used in the journal of the repository here; where even that cannot be
/// written, in the user's own state folder.
fn unusable(env: &Env, agent: &str, error: &Error, now: DateTime<Utc>) {
    let reason = redacted(&error.to_string()).text;
    let session = SessionId("unusable".into());
    let write = || -> Result<()> {
        let place = Place::around(&env.cwd)?.ok_or_else(|| Error::new("no repository here"))?;
        let event = Event {
            v: JOURNAL_VERSION,
            at: now,
            agent: agent.to_owned(),
            session: session.clone(),
            turn: None,
            edit: None,
            subagent: None,
            model: None,
            worktree: place.top.to_string_lossy().into_owned(),
            head: None,
            what: What::Unusable { reason: reason.clone() },
        };
        Ok(Journal::at(&place.repo.state_dir()).append(&session, &[event])?)
    };
    if write().is_err()
        && let Some(state) = &env.state_home
    {
        observe::last_resort(&state.join("git-ai-log"), &format!("{now} {agent}: {reason}\n"));
    }
}

fn redacted(text: &str) -> PromptText {
    let done = redact::redact(text);
    PromptText { text: done.text, removed: done.removed }
}

/// Files as they are on the disk.
struct Disk<'e>(&'e Homes);

impl Files for Disk<'_> {
    fn homes(&self) -> &Homes {
        self.0
    }

    fn end(&self, path: &Path, bytes: u64) -> Option<Vec<u8>> {
        use std::io::{Seek as _, SeekFrom};
        // A pipe would be waited for without end.
        let length = path.metadata().ok().filter(std::fs::Metadata::is_file)?.len();
        let mut file = std::fs::File::open(path).ok()?;
        file.seek(SeekFrom::Start(length.saturating_sub(bytes))).ok()?;
        let mut read = Vec::new();
        file.take(bytes).read_to_end(&mut read).ok()?;
        Some(read)
    }

    fn names(&self, folder: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        paths
    }
}
