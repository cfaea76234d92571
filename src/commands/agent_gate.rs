//! `git ai-log hook agent-gate AGENT`: the gate in an agent's own loop. Before a command or an
//! edit it denies what would step round git's hooks; at the end of a turn the agent gets the
//! findings on what it wrote in it.
//!
//! Whatever goes wrong here, the agent goes on: what blocks is the commit.

use std::cell::{Cell, OnceCell};
use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::agents::{self, About, Question};
use crate::attribution::shell::{self, Bypass};
use crate::commands::attribute::{self, Evidences};
use crate::commands::{gate, screen};
use crate::config::Env;
use crate::config::policy::{Effective, FILE};
use crate::error::Result;
use crate::git::Repo;
use crate::git::hooks::{locate, look::look};
use crate::git::lines::is_binary;
use crate::journal::write_private;
use crate::model::note::{Note, NoteHunk};
use crate::model::{EditId, Finding, RepoPath, SessionId, Status, TurnId};
use crate::render::check::agent;

/// Payloads larger than this are not read. Bytes.
const MAX_PAYLOAD: u64 = 64 * 1024 * 1024;

/// How often the end of one turn is held up.
const MAX_ROUNDS: u32 = 5;

/// How many aliases of one command are looked up: each costs a process.
const MAX_ALIASES: usize = 20;

/// How many conversations are remembered.
const MAX_TOLD: usize = 100;

/// Answers what a hook of this agent asks on standard input.
pub fn run(env: &Env, name: &str) {
    let answer = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut payload = Vec::new();
        std::io::stdin().lock().take(MAX_PAYLOAD).read_to_end(&mut payload).ok()?;
        let agent = agents::find(name)?;
        let question = agent.question(&payload).ok()??;
        let reason = reason(env, &question).ok()??;
        Some(agent.refusal(&question, &reason))
    }));
    if let Ok(Some(answer)) = answer {
        let _ = writeln!(std::io::stdout().lock(), "{answer}");
    }
}

/// Why the agent may not do what it is about to do, if it may not.
fn reason(env: &Env, question: &Question) -> Result<Option<String>> {
    let found = OnceCell::new();
    let repo = || found.get_or_init(|| repository(question)).as_ref();
    let bypass = match &question.about {
        About::Stop => {
            return repo().map_or(Ok(None), |repo| findings(env, repo, question));
        }
        About::Run(command) => {
            let asked = Cell::new(0);
            shell::bypass(command, &|alias| {
                asked.set(asked.get() + 1);
                let within = asked.get() <= MAX_ALIASES;
                within.then(|| repo()?.config(&format!("alias.{alias}"))).flatten()
            })
        }
        About::Write(paths) => paths.iter().find_map(|path| guarded(path)),
    };
    // Most commands are none: only now it costs anything.
    let (Some(bypass), Some(repo)) = (bypass, repo()) else {
        return Ok(None);
    };
    // A policy that cannot be read frees nobody.
    let denied =
        is_gated(env, repo) && policy(env, repo).map_or(true, |policy| policy.denies_bypass());
    Ok(denied.then(|| agent::denial(&format!("`{}` {}", bypass.what, bypass.why))))
}

/// The repository that the agent works in, or that its command names.
fn repository(question: &Question) -> Option<Repo> {
    let mut folders = vec![question.cwd.clone()];
    if let About::Run(command) = &question.about {
        folders.extend(shell::folders(command).iter().map(|folder| question.cwd.join(folder)));
    }
    let there = folders.iter().filter(|folder| folder.is_dir());
    there.into_iter().find_map(|folder| Repo::around(folder).ok().flatten())
}

fn guarded(path: &Path) -> Option<Bypass> {
    let path = path.to_string_lossy();
    shell::is_guarded(&path).then(|| Bypass {
        what: path.into_owned(),
        why: "is one of git's own hooks or of the record, which agents do not write",
    })
}

/// Whether there is a gate to step round: a policy, or our pre-commit hook.
fn is_gated(env: &Env, repo: &Repo) -> bool {
    let Some(top) = repo.work_tree() else {
        return false;
    };
    let hook = || {
        let looks = look(&locate(top).ok()?, Some(&env.program)).ok()?;
        let ours = looks.iter().find(|look| look.hook.name == "pre-commit")?;
        (!ours.ways.is_empty()).then_some(())
    };
    top.join(FILE).is_file() || hook().is_some()
}

/// The policy of HEAD, which an agent cannot have changed just now; without one that of the work
/// tree.
fn policy(env: &Env, repo: &Repo) -> Result<Effective> {
    let committed = match repo.head()? {
        Some(head) => repo.text_in(&head, &RepoPath::from(FILE))?,
        None => None,
    };
    let lying = || repo.work_tree().and_then(|top| std::fs::read(top.join(FILE)).ok());
    let text = committed.or_else(lying);
    let text = text.as_deref().map(String::from_utf8_lossy);
    let texts = text.as_deref().map(|text| (FILE, text)).into_iter().collect();
    gate::policy::effective(env, texts)
}

/// What the agent is told of the lines that it wrote in this turn; nothing twice.
fn findings(env: &Env, repo: &Repo, question: &Question) -> Result<Option<String>> {
    if repo.work_tree().is_none() || !policy(env, repo)?.reports_findings() {
        return Ok(None);
    }
    let evidences = Evidences::read(repo)?;
    let Some(own) = Own::of(&evidences, question) else {
        return Ok(None);
    };
    let head = repo.head()?;
    let mut targets = Vec::new();
    for path in repo.dirty()? {
        targets.extend(screen::work_tree_target(repo, head.as_ref(), &path)?);
    }
    targets.retain(|target| !is_binary(&target.text));
    let hunks = attribute::uncommitted(repo, &evidences, head.as_ref(), &targets)?;
    if !hunks.iter().any(|hunk| own.wrote(hunk)) {
        return Ok(None);
    }
    let mut note = Note { hunks, ..Note::default() };
    evidences.describe(&mut note, None);
    let judgement = gate::judge_work_tree(repo, env, &evidences, &targets, &note)?;
    let concerns = |finding: &Finding| {
        let mut hunks = note.hunks.iter().filter(|hunk| own.wrote(hunk));
        // What a person has to vouch for no agent can mend.
        finding.status == Status::Open
            && finding.item() != "business-logic"
            && hunks.any(|h| h.path == finding.path && h.lines.touches(finding.lines))
    };
    let mut found: Vec<Finding> = judgement.findings.into_iter().filter(concerns).collect();
    if found.is_empty() || !is_gated(env, repo) {
        return Ok(None);
    }
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let fresh = remember(repo, &own, &found)?;
    let source = |finding: &Finding| {
        let target = targets.iter().find(|target| target.path == finding.path);
        let text = target.map(|target| String::from_utf8_lossy(&target.text));
        let at = (finding.lines.start as usize).saturating_sub(1);
        text.and_then(|text| text.lines().nth(at).map(str::to_owned)).unwrap_or_default()
    };
    Ok((!fresh.is_empty()).then(|| agent::findings(&fresh, source)))
}

/// Whose turn ends.
struct Own {
    session: SessionId,
    turn: TurnId,
    /// The edits of the sub-agent that ends; a main agent answers for all.
    edits: Option<BTreeSet<EditId>>,
    subagent: Option<String>,
}

impl Own {
    fn of(evidences: &Evidences, question: &Question) -> Option<Self> {
        let session = SessionId::derive(&question.agent, &question.session);
        let events = || evidences.events.iter().filter(|event| event.session == session);
        let turn = match &question.turn {
            Some(turn) => TurnId::derive(&session, turn),
            None => events().rev().find_map(|event| event.turn.clone())?,
        };
        let edits = question.subagent.as_ref().map(|subagent| {
            let own = events().filter(|event| event.subagent.as_ref() == Some(subagent));
            own.filter_map(|event| event.edit.clone()).collect()
        });
        Some(Self { turn, edits, subagent: question.subagent.clone(), session })
    }

    fn wrote(&self, hunk: &NoteHunk) -> bool {
        let by_subagent =
            |edits: &BTreeSet<EditId>| hunk.edit.as_ref().is_some_and(|edit| edits.contains(edit));
        hunk.session.as_ref() == Some(&self.session)
            && hunk.turn.as_ref() == Some(&self.turn)
            && self.edits.as_ref().is_none_or(by_subagent)
    }
}

/// What an agent has been told.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    session: SessionId,
    subagent: Option<String>,
    turn: TurnId,
    /// How often the end of this turn was held up.
    rounds: u32,
    fingerprints: BTreeSet<String>,
}

/// Those of the findings that this agent has not been told. Where that cannot be kept, none: an
/// agent that is told the same for ever does not end.
fn remember(repo: &Repo, own: &Own, found: &[Finding]) -> Result<Vec<Finding>> {
    let path = repo.state_dir().join("told.json");
    let text = std::fs::read(&path).unwrap_or_default();
    let mut all: Vec<Told> = serde_json::from_slice(&text).unwrap_or_default();
    let at =
        all.iter().position(|told| told.session == own.session && told.subagent == own.subagent);
    let mut told = at.map(|at| all.remove(at)).unwrap_or_else(|| Told {
        session: own.session.clone(),
        subagent: own.subagent.clone(),
        turn: own.turn.clone(),
        rounds: 0,
        fingerprints: BTreeSet::new(),
    });
    if told.turn != own.turn {
        (told.turn, told.rounds) = (own.turn.clone(), 0);
    }
    let known = |finding: &&Finding| !told.fingerprints.contains(&finding.fingerprint);
    let fresh: Vec<Finding> = found.iter().filter(known).cloned().collect();
    if fresh.is_empty() || told.rounds >= MAX_ROUNDS {
        return Ok(Vec::new());
    }
    told.rounds += 1;
    told.fingerprints.extend(fresh.iter().map(|finding| finding.fingerprint.clone()));
    all.push(told);
    let from = all.len().saturating_sub(MAX_TOLD);
    write_private(&path, &serde_json::to_vec(&all[from..]).unwrap_or_default())?;
    Ok(fresh)
}
