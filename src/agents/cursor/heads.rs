//! Which of Cursor's sessions worked in which folder. Newer versions say so with the session; older
//! ones keep a list with each workspace, `workspaceStorage/<workspace>/state.vscdb`.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::path;
use super::sessions::STATE;
use super::state::{Asked, Database};
use crate::agents::continue_cli::folder;
use crate::agents::sessions::{self, SessionError};

/// What is known of a session before it is read.
pub(super) struct Head {
    pub(super) id: String,
    pub(super) folder: PathBuf,
    /// The session of a person's that it goes back to, where it is a sub-agent's.
    pub(super) root: Option<String>,
}

/// What a session says of itself.
#[derive(Default)]
struct Said {
    folder: Option<PathBuf>,
    workspace: Option<String>,
    updated: Option<DateTime<Utc>>,
    root: Option<String>,
}

impl Said {
    fn by(value: &Value) -> Self {
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
        let updated = value["lastUpdatedAt"].as_i64();
        let root = text("/subagentInfo/rootParentConversationId");
        Self {
            folder: text("/workspaceIdentifier/uri/fsPath").map(path),
            workspace: text("/workspaceIdentifier/id").map(str::to_owned),
            updated: updated.and_then(DateTime::from_timestamp_millis),
            root: root.or_else(|| text("/subagentInfo/parentComposerId")).map(str::to_owned),
        }
    }

    /// Adds what another place knows.
    fn fill(&mut self, other: Self) {
        self.folder = self.folder.take().or(other.folder);
        self.workspace = self.workspace.take().or(other.workspace);
        self.updated = self.updated.max(other.updated);
        self.root = self.root.take().or(other.root);
    }
}

/// The sessions that are asked for, and why those of a workspace may be missing.
pub(super) fn of(
    database: &Database,
    file: &Path,
    asked: Asked<'_>,
) -> Result<(Vec<Head>, Option<SessionError>), SessionError> {
    let mut said = said(database)?;
    let workspaces = workspaces(file, asked.wanted);
    let mut wrong = None;
    for (workspace, folder) in &workspaces {
        let listed = listed(&storage(file).join(workspace).join(STATE));
        for id in listed.unwrap_or_else(|error| {
            wrong.get_or_insert(error);
            Vec::new()
        }) {
            let one: &mut Said = said.entry(id).or_default();
            one.fill(Said { folder: Some(folder.clone()), ..Said::default() });
        }
    }
    let parents: HashMap<String, String> =
        said.iter().filter_map(|(id, said)| Some((id.clone(), said.root.clone()?))).collect();
    let heads = said.into_iter().filter_map(|(id, said)| {
        let of_workspace = said.workspace.as_ref().and_then(|name| workspaces.get(name));
        let folder = said.folder.as_ref().or(of_workspace).cloned();
        let late = said.updated.zip(asked.since).is_none_or(|(updated, since)| updated >= since);
        let root = top(&id, &parents);
        Some(Head { id, folder: folder.filter(|folder| (asked.wanted)(folder))?, root })
            .filter(|_| late)
    });
    Ok((heads.collect(), wrong))
}

/// What all sessions say of themselves, by their names.
fn said(database: &Database) -> Result<BTreeMap<String, Said>, SessionError> {
    let mut all = BTreeMap::new();
    if let Some(listed) = database.listed()? {
        for (id, workspace, value) in listed {
            let mut said = Said::by(&value);
            said.workspace = said.workspace.or(workspace);
            all.insert(id, said);
        }
        return Ok(all);
    }
    let start = "composerData:";
    for key in database.keys(start)? {
        let value = database.json(&key)?.unwrap_or_default();
        all.insert(key[start.len()..].to_owned(), Said::by(&value));
    }
    let headers = database.item("composer.composerHeaders")?.unwrap_or_default();
    for header in headers["allComposers"].as_array().into_iter().flatten() {
        if let Some(said) = header["composerId"].as_str().and_then(|id| all.get_mut(id)) {
            said.fill(Said::by(header));
        }
    }
    Ok(all)
}

/// The session of a person's above one of a sub-agent's; a circle ends.
fn top(id: &str, parents: &HashMap<String, String>) -> Option<String> {
    let mut top = parents.get(id)?;
    for _ in 0..16 {
        match parents.get(top) {
            Some(above) => top = above,
            None => break,
        }
    }
    Some(top.clone())
}

fn storage(file: &Path) -> PathBuf {
    file.ancestors().nth(2).unwrap_or(file).join("workspaceStorage")
}

/// The workspaces of folders that are wanted.
fn workspaces(file: &Path, wanted: &dyn Fn(&Path) -> bool) -> BTreeMap<String, PathBuf> {
    let entries = std::fs::read_dir(storage(file)).into_iter().flatten().flatten();
    let workspaces = entries.filter_map(|entry| {
        let said = sessions::json(&entry.path().join("workspace.json")).ok()?;
        let folder = folders(&said).into_iter().find(|folder| wanted(folder))?;
        Some((entry.file_name().to_string_lossy().into_owned(), folder))
    });
    workspaces.collect()
}

/// The folder of a workspace, or the folders of one that is a list of them in a file.
fn folders(said: &Value) -> Vec<PathBuf> {
    if let Some(address) = said["folder"].as_str() {
        return vec![local(address)];
    }
    let Some(file) = said["workspace"].as_str().map(local) else {
        return Vec::new();
    };
    let list = sessions::json(&file).unwrap_or_default();
    let listed = list["folders"].as_array().into_iter().flatten();
    let around = file.parent().unwrap_or(&file);
    listed.filter_map(|one| Some(around.join(one["path"].as_str()?))).collect()
}

/// The path in an address, of whichever machine.
fn local(address: &str) -> PathBuf {
    let path_of = match address.strip_prefix("vscode-remote://") {
        Some(rest) => folder(&format!("file://{}", &rest[rest.find('/').unwrap_or(0)..])),
        None => folder(address),
    };
    path(&path_of.to_string_lossy())
}

/// The sessions that a workspace's own database lists: all of them, or those with a tab or a pane.
fn listed(file: &Path) -> Result<Vec<String>, SessionError> {
    if !file.is_file() {
        return Ok(Vec::new());
    }
    let database = Database::open(file)?;
    let data = database.item("composer.composerData")?.unwrap_or_default();
    let all = data["allComposers"].as_array().into_iter().flatten();
    let all = all.filter_map(|one| one["composerId"].as_str());
    let open = data["selectedComposerIds"].as_array().into_iter().flatten();
    Ok(all.chain(open.filter_map(Value::as_str)).map(str::to_owned).collect())
}
