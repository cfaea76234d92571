//! What is shared with whom: the user's own settings, in this clone.

use crate::git::Repo;
use crate::git::remote::{Remote, Remotes};
use crate::render::escape::line;

use super::SyncError;

/// `git config ai-log.*`, as far as it is about sharing.
#[derive(Debug, Default)]
pub struct Wishes {
    /// `ai-log.remote`: where attribution goes.
    remote: Option<String>,
    /// `ai-log.promptsRemote`: where prompts go.
    prompts_remote: Option<String>,
    /// `ai-log.prompts` is `share`.
    share: bool,
    /// `ai-log.sync` is not `never`.
    pub on_push: bool,
    /// Values that mean nothing.
    pub unknown: Vec<String>,
}

/// With whom to sync.
#[derive(Debug)]
pub struct Plan {
    /// Where attribution goes.
    pub provenance: Remote,
    /// Where prompts go.
    pub prompts: Remote,
    /// Whether prompts of this clone may leave it.
    pub share: bool,
}

impl Wishes {
    /// Reads them.
    pub fn read(repo: &Repo) -> Result<Self, SyncError> {
        let mut wishes = Self { on_push: true, ..Self::default() };
        for setting in repo.settings(r"^ai-log\.(remote|promptsremote|prompts|sync)$")? {
            let mut known = true;
            match (setting.key.as_str(), setting.value.as_str()) {
                ("ai-log.remote", name) => wishes.remote = Some(name.to_owned()),
                ("ai-log.promptsremote", name) => wishes.prompts_remote = Some(name.to_owned()),
                ("ai-log.prompts", value) => {
                    known = matches!(value, "share" | "local");
                    wishes.share = value == "share";
                }
                (_, value) => {
                    known = matches!(value, "push" | "never");
                    wishes.on_push = value == "push";
                }
            }
            if !known {
                let (key, value) = (line(&setting.key), line(&setting.value));
                wishes.unknown.push(format!("{key} is `{value}`, which means nothing"));
            }
        }
        Ok(wishes)
    }

    /// The plan for a sync with this remote.
    pub fn plan(&self, repo: &Repo, named: Option<&str>) -> Result<Plan, SyncError> {
        self.among(&Remotes::of(repo)?, repo, named)
    }

    fn among(
        &self,
        remotes: &Remotes,
        repo: &Repo,
        named: Option<&str>,
    ) -> Result<Plan, SyncError> {
        let name = match named.or(self.remote.as_deref()) {
            Some(name) => name.to_owned(),
            None => usual(repo, &remotes.names())?,
        };
        // Prompts that were given a place of their own go nowhere else, whatever is named.
        let prompts = remotes.get(self.prompts_remote.as_ref().unwrap_or(&name));
        Ok(Plan { provenance: remotes.get(&name), prompts, share: self.share })
    }

    /// The plan for a push to this remote; `None` for a push to an address without a name, which
    /// may be anybody's.
    pub fn plan_of_push(&self, repo: &Repo, remote: &str) -> Result<Option<Plan>, SyncError> {
        let remotes = Remotes::of(repo)?;
        if self.remote.is_none() && !remotes.names().contains(&remote) {
            return Ok(None);
        }
        self.among(&remotes, repo, self.remote.as_deref().or(Some(remote))).map(Some)
    }
}

/// The remote that `git push` would most likely mean.
fn usual(repo: &Repo, remotes: &[&str]) -> Result<String, SyncError> {
    if let [only] = remotes {
        return Ok((*only).to_owned());
    }
    let known = |name: &String| remotes.contains(&name.as_str());
    let origin = || Some("origin".to_owned()).filter(known);
    let none =
        || SyncError::NoRemote { known: remotes.iter().map(|&one| one.to_owned()).collect() };
    repo.upstream_remote().filter(known).or_else(origin).ok_or_else(none)
}
