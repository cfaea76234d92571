//! Files in the memory, for tests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Files;
use crate::config::Homes;

/// Files of a user whose home is `/home`.
pub(super) struct Memory {
    files: BTreeMap<PathBuf, Vec<u8>>,
    homes: Homes,
}

impl Memory {
    pub(super) fn of<P: Into<PathBuf>>(files: impl IntoIterator<Item = (P, String)>) -> Self {
        let files = files.into_iter().map(|(path, text)| (path.into(), text.into_bytes()));
        let homes = Homes { home: Some("/home".into()), ..Homes::default() };
        Self { files: files.collect(), homes }
    }
}

impl Files for Memory {
    fn homes(&self) -> &Homes {
        &self.homes
    }

    fn names(&self, folder: &Path) -> Vec<PathBuf> {
        self.files.keys().filter(|path| path.parent() == Some(folder)).cloned().collect()
    }

    fn end(&self, path: &Path, bytes: u64) -> Option<Vec<u8>> {
        let text = self.files.get(path)?;
        Some(text[text.len().saturating_sub(bytes as usize)..].to_vec())
    }
}
