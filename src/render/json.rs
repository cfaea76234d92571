//! The JSON that other programs rely on: fields may be added, none taken away.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use crate::model::note::CommittedBy;
use crate::model::{
    Attestation, Contributor, Evidence, Finding, Gate, Hunk, LineRange, Oid, PromptText, RepoPath,
    SessionId, TurnId, Verdict, Waiver,
};
use crate::query::Origin;

/// `git ai-log --json PATH`: one object a path.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Prompts {
    /// `git-ai-log/prompts/1`.
    pub schema: &'static str,
    /// The file.
    pub path: RepoPath,
    /// The lines that were asked for; null for an empty file.
    pub lines: Option<LineRange>,
    /// Their answers, in order.
    pub answers: Vec<Answer>,
}

/// Lines with one origin.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Answer {
    /// The lines.
    pub lines: LineRange,
    /// The commit they come from; null for what is not committed yet.
    pub commit: Option<Oid>,
    /// Who wrote them.
    pub contributor: Contributor,
    /// The agent.
    pub agent: Option<String>,
    /// The model, where it is known.
    pub model: Option<String>,
    /// The conversation.
    pub session: Option<SessionId>,
    /// The prompt's name.
    pub turn: Option<TurnId>,
    /// What this rests on.
    pub evidence: Option<Evidence>,
    /// Where it was found; null where nothing is recorded.
    pub source: Option<Origin>,
    /// The commit's author.
    pub author: Option<String>,
    /// When: the prompt's time where there is one, else the commit's. UTC.
    pub at: Option<DateTime<Utc>>,
    /// What the agent was asked.
    pub prompt: Option<String>,
    /// Why there is no text: `forgotten` or `not-fetched`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_state: Option<&'static str>,
}

/// `git ai-log blame --json`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Blame {
    /// `git-ai-log/blame/1`.
    pub schema: &'static str,
    /// The file.
    pub path: RepoPath,
    /// The revision that was asked for; null for the work tree.
    pub rev: Option<String>,
    /// Its lines.
    pub lines: Vec<BlameLine>,
}

/// One line.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BlameLine {
    /// The line, from 1.
    pub line: u32,
    /// The commit it comes from; null for what is not committed yet.
    pub commit: Option<Oid>,
    /// The path it had there.
    pub orig_path: RepoPath,
    /// The line it was there.
    pub orig_line: u32,
    /// Who wrote it.
    pub contributor: Contributor,
    /// The agent.
    pub agent: Option<String>,
    /// The model, where it is known.
    pub model: Option<String>,
    /// The conversation.
    pub session: Option<SessionId>,
    /// The prompt's name.
    pub turn: Option<TurnId>,
    /// What this rests on.
    pub evidence: Option<Evidence>,
    /// Where it was found; null where nothing is recorded.
    pub source: Option<Origin>,
    /// The commit's author.
    pub author: String,
    /// The author's time, UTC.
    pub time: Option<DateTime<Utc>>,
    /// The line's text, with what is not UTF-8 replaced.
    pub text: String,
}

/// `git ai-log log --json`: one object a commit.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LogEntry {
    /// `git-ai-log/log/1`.
    pub schema: &'static str,
    /// The commit.
    pub commit: Oid,
    /// Its author.
    pub author: String,
    /// The author's date, ISO 8601.
    pub date: String,
    /// The first line of its message.
    pub subject: String,
    /// Whether anything is recorded for it.
    pub recorded: bool,
    /// Where what is told of it was found; null where nothing was.
    pub source: Option<Origin>,
    /// Whether the gate judged it.
    pub gate: Gate,
    /// `pass` or `block`; null where nobody judged it.
    pub verdict: Option<Verdict>,
    /// Lines by contributor; people's lines are not counted here.
    pub lines: Counts,
    /// The conversations it comes from.
    pub sessions: Vec<SessionInfo>,
    /// The prompts it comes from.
    pub turns: Vec<TurnInfo>,
}

/// `git ai-log show --json`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Show {
    /// `git-ai-log/show/1`.
    pub schema: &'static str,
    /// The commit.
    pub commit: Oid,
    /// Its author.
    pub author: String,
    /// The first line of its message.
    pub subject: String,
    /// Where what is told of it was found; null where nothing was.
    pub source: Option<Origin>,
    /// The agent that ran the commit; null where a person did, or nobody can say.
    pub committed_by: Option<CommittedBy>,
    /// Whether the gate judged it.
    pub gate: Gate,
    /// `pass` or `block`; null where nobody judged it.
    pub verdict: Option<Verdict>,
    /// The conversations it comes from.
    pub sessions: Vec<SessionInfo>,
    /// The prompts it comes from.
    pub turns: Vec<TurnInfo>,
    /// The lines that are not simply a person's.
    pub hunks: Vec<Hunk>,
    /// What the checklist found.
    pub findings: Vec<Finding>,
    /// What people vouched for.
    pub attestations: Vec<Attestation>,
    /// Exceptions.
    pub waivers: Vec<Waiver>,
}

/// `git ai-log repair --json`: one object a commit that agents' lines were found in.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Repaired {
    /// `git-ai-log/repair/1`.
    pub schema: &'static str,
    /// The commit.
    pub commit: Oid,
    /// How many lines of agents' it has.
    pub lines: u32,
    /// The commits whose notes said so.
    pub from: Vec<Oid>,
    /// Whether its note was written: not by a dry run.
    pub written: bool,
}

/// `git ai-log status --json`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Status {
    /// `git-ai-log/status/1`.
    pub schema: &'static str,
    /// Files that differ from HEAD.
    pub files: Vec<FileStatus>,
    /// The conversations that wrote in them.
    pub sessions: Vec<SessionInfo>,
    /// The prompts behind them.
    pub turns: Vec<TurnInfo>,
    /// What the checklist finds in agents' lines of the work tree.
    pub findings: Vec<Finding>,
    /// What hooks of agents' told that could not be used, newest last.
    pub unusable: Vec<Unusable>,
    /// Lines of the journal that could not be read.
    pub torn_lines: usize,
}

/// A file that differs from HEAD.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FileStatus {
    /// The file.
    pub path: RepoPath,
    /// Added lines that are staged.
    pub staged: Counts,
    /// Added lines of the work tree, staged ones included.
    pub work_tree: Counts,
    /// The lines of the work tree that are not simply a person's.
    pub hunks: Vec<Hunk>,
}

/// Something that could not be used.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Unusable {
    /// When, UTC.
    pub at: DateTime<Utc>,
    /// The agent.
    pub agent: String,
    /// What and why.
    pub reason: String,
}

/// `git ai-log doctor --json`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Doctor {
    /// `git-ai-log/doctor/1`.
    pub schema: &'static str,
    /// The top of the work tree, or the repository's own folder; null outside of one.
    pub repository: Option<String>,
    /// The worst of all.
    pub verdict: Health,
    /// What was checked.
    pub checks: Vec<Checkup>,
}

/// One thing that was checked.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Checkup {
    /// Its name.
    pub check: &'static str,
    /// The agent or the hook it is about, where it is about one.
    pub about: Option<String>,
    /// How it is.
    pub verdict: Health,
    /// What was found.
    pub message: String,
    /// What to run or to do about it; null where there is nothing to do.
    pub mend: Option<String>,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// As it should be.
    Ok,
    /// Capture works, but something is lost or in doubt.
    Warn,
    /// Capture does not work.
    Fail,
}

/// Numbers of lines.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counts {
    /// An agent's.
    pub ai: u32,
    /// An agent's and a person's.
    pub mixed: u32,
    /// A person's.
    pub human: u32,
    /// Nobody can say.
    pub unknown: u32,
}

/// A conversation.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SessionInfo {
    /// Its name.
    pub session: SessionId,
    /// The agent.
    pub agent: String,
    /// The model, where it is known.
    pub model: Option<String>,
    /// Who had it.
    pub human: Option<String>,
    /// When it was first seen, UTC.
    pub started: Option<DateTime<Utc>>,
    /// The session that started it.
    pub parent: Option<SessionId>,
    /// How it came here.
    pub capture: Capture,
}

/// How a session came here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Capture {
    /// The agent's hooks told of it.
    Hooks,
    /// Only the file tells of it that the agent keeps.
    Transcript,
}

/// A prompt.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TurnInfo {
    /// Its name.
    pub turn: TurnId,
    /// The conversation.
    pub session: SessionId,
    /// When, UTC.
    pub at: Option<DateTime<Utc>>,
    /// What the agent was asked.
    pub prompt: Option<String>,
    /// Why there is no text: `forgotten` or `not-fetched`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_state: Option<&'static str>,
    /// The agent's closing message.
    pub closing: Option<PromptText>,
}

/// `git ai-log sync --json`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Sync {
    /// `git-ai-log/sync/1`.
    pub schema: &'static str,
    /// What happened to each ref.
    pub notes: Vec<SyncedRef>,
    /// Notes that lost a prompt because its turn is forgotten.
    pub dropped: usize,
}

/// What a sync did with one ref.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SyncedRef {
    /// `provenance` or `prompts`.
    pub what: &'static str,
    /// The remote.
    pub remote: String,
    /// Whether something came from there.
    pub received: bool,
    /// Whether something went there.
    pub sent: bool,
    /// How the two stand to each other now.
    pub state: SyncState,
    /// Why it was refused, in the remote's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How our notes and a remote's stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SyncState {
    /// They are the same.
    InStep,
    /// We have what is not there, and keep it here.
    KeptHere,
    /// The remote refused ours.
    Refused,
}

/// `git ai-log forget --json`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Forget {
    /// `git-ai-log/forget/1`.
    pub schema: &'static str,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// The turns whose prompts go.
    pub turns: Vec<ForgottenTurn>,
    /// Files of ours that still hold one of the texts, as part of something else.
    pub left: Vec<String>,
}

/// A turn whose prompt goes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ForgottenTurn {
    /// The prompt's name.
    pub turn: TurnId,
    /// The conversation, where it is known.
    pub session: Option<SessionId>,
    /// When it was asked, UTC.
    pub at: Option<DateTime<Utc>>,
    /// In how many notes of this clone its text was.
    pub notes: usize,
    /// Whether its text was in the journal of this clone.
    pub journal: bool,
}
