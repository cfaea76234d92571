//! Where Cursor keeps its sessions: all of the editor's in one database, and some of them again,
//! with those of the command line, as [transcripts](super::transcripts).

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::state::{self, Asked};
use super::{Cursor, SETTINGS, transcripts};
use crate::agents::sessions::{Moment, SessionError, Sessions, Store};
use crate::config::Homes;

/// The name of a database of the editor's.
pub(super) const STATE: &str = "state.vscdb";

impl Sessions for Cursor {
    fn stores(&self, homes: &Homes, _tops: &[PathBuf]) -> Vec<Store> {
        let home = homes.folder("CURSOR_CONFIG_DIR", ".cursor").or_else(|| (SETTINGS.home)(homes));
        let transcripts =
            home.map(|home| Store { folder: home.join("projects"), glob: "**/*.jsonl" });
        let above = [
            homes.config(),
            homes.below("Library/Application Support"),
            homes.folder("APPDATA", "AppData/Roaming"),
        ];
        let databases = above
            .into_iter()
            .flatten()
            .map(|above| Store { folder: above.join("Cursor/User/globalStorage"), glob: STATE });
        transcripts.into_iter().chain(databases).collect()
    }

    fn read(
        &self,
        file: &Path,
        wanted: &dyn Fn(&Path) -> bool,
        tell: &mut dyn FnMut(Moment),
    ) -> Result<(), SessionError> {
        match self.looks_up(file) {
            true => state::read(file, Asked { wanted, since: None }, tell),
            false => transcripts::read(file, tell),
        }
    }

    fn recent(
        &self,
        file: &Path,
        since: DateTime<Utc>,
        wanted: &dyn Fn(&Path) -> bool,
        tell: &mut dyn FnMut(Moment),
    ) -> Result<(), SessionError> {
        match self.looks_up(file) {
            true => state::read(file, Asked { wanted, since: Some(since) }, tell),
            false => transcripts::read(file, tell),
        }
    }

    fn looks_up(&self, file: &Path) -> bool {
        file.file_name().is_some_and(|name| name == STATE)
    }

    /// The database has times, and the texts around each edit.
    fn is_copy(&self, file: &Path) -> bool {
        !self.looks_up(file)
    }

    /// The editor writes to its database all the time; only what is asked for is read of it.
    fn beside(&self, file: &Path) -> Option<Vec<PathBuf>> {
        (!self.looks_up(file)).then(Vec::new)
    }
}
