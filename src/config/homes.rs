//! Where agents keep what is the user's: below the home folder, or where a variable says.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

/// The folders of this user that agents may use.
#[derive(Debug, Clone, Default)]
pub struct Homes {
    /// The user's home.
    pub home: Option<PathBuf>,
    /// The variables of the environment that hold an absolute path, or one below the home (`~/`).
    pub variables: BTreeMap<OsString, PathBuf>,
}

impl Homes {
    /// The folder that a variable names, such as `CODEX_HOME`; without it this one below the home.
    pub fn folder(&self, variable: &str, below: &str) -> Option<PathBuf> {
        let named = self.variables.get(&OsString::from(variable)).cloned();
        named.or_else(|| self.below(below))
    }

    /// A folder below the home.
    pub fn below(&self, path: &str) -> Option<PathBuf> {
        self.home.as_ref().map(|home| home.join(path))
    }

    /// `$XDG_DATA_HOME`, or its default.
    pub fn data(&self) -> Option<PathBuf> {
        self.folder("XDG_DATA_HOME", ".local/share")
    }

    /// `$XDG_CONFIG_HOME`, or its default.
    pub fn config(&self) -> Option<PathBuf> {
        self.folder("XDG_CONFIG_HOME", ".config")
    }
}
