//! Commands of agents' while they run.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use crate::model::{Content, EditId, Oid, RepoPath, SessionId, TurnId};

/// A command of an agent's that has started and not ended.
pub struct Running {
    /// Whose conversation.
    pub session: SessionId,
    /// The sub-agent that runs it; sub-agents may outlast the turn that started them.
    pub subagent: Option<String>,
    /// The tool call.
    pub call: Option<EditId>,
    /// The prompt.
    pub turn: Option<TurnId>,
    /// The command line.
    pub command: String,
    /// The texts of the scripts that it names.
    pub scripts: Vec<String>,
    /// HEAD when it started.
    pub head: Option<Oid>,
    /// The stash when it started.
    pub stash: Option<Oid>,
    /// The work tree when it started.
    pub tree: Content,
    /// When it started.
    pub since: DateTime<Utc>,
    /// Files that another session edited meanwhile.
    pub contested: HashSet<RepoPath>,
}
