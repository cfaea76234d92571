//! A project in memory.

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use super::project::{Analysis, Toolchain};
use super::{File, Project};
use crate::config::policy::External;
use crate::model::{Digest, Oid, RepoPath};

/// Files by their path.
#[derive(Default)]
pub struct Files {
    pub texts: BTreeMap<String, String>,
    pub toolchain: Toolchain,
    /// Files of the machine's, by their absolute path.
    pub disk: BTreeMap<String, String>,
    /// The top of the work tree.
    pub top: Option<std::path::PathBuf>,
    /// What every analyser says.
    pub analysis: Option<Rc<Analysis>>,
}

impl Files {
    pub fn of(files: &[(&str, &str)]) -> Self {
        let texts = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        Self { texts: texts.collect(), ..Self::default() }
    }
}

/// The names right below a folder, folders with a `/` at the end.
fn names_below(files: &BTreeMap<String, String>, prefix: &str) -> Vec<String> {
    let below = files.keys().filter_map(|path| path.strip_prefix(prefix));
    let mut names: Vec<String> = below
        .map(|rest| match rest.split_once('/') {
            Some((name, _)) => format!("{name}/"),
            None => rest.to_owned(),
        })
        .collect();
    names.dedup();
    names
}

impl Project for Files {
    fn text(&self, path: &RepoPath) -> Option<Rc<str>> {
        self.texts.get(&*path.lossy()).map(|text| text.as_str().into())
    }

    fn list(&self, folder: &str) -> Vec<String> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        names_below(&self.texts, &prefix)
    }

    fn all(&self) -> Vec<(RepoPath, Oid)> {
        let oid = |text: &String| Oid(Digest::of(text.as_bytes()).0);
        self.texts.iter().map(|(path, text)| (path.as_str().into(), oid(text))).collect()
    }

    fn top(&self) -> Option<&Path> {
        self.top.as_deref()
    }

    fn toolchain(&self) -> &Toolchain {
        &self.toolchain
    }

    fn disk(&self, path: &Path) -> Option<String> {
        self.disk.get(&*path.to_string_lossy()).cloned()
    }

    fn disk_list(&self, path: &Path) -> Vec<String> {
        names_below(&self.disk, &format!("{}/", path.to_string_lossy()))
    }

    fn kept(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn keep(&self, _: &str, _: &[u8]) {}

    fn analyse(&self, _: &External, _: bool, _: &[&File]) -> Analysis {
        self.analysis.as_ref().map_or(Analysis::Skipped, |analysis| (**analysis).clone())
    }

    fn today(&self) -> chrono::NaiveDate {
        chrono::NaiveDate::from_ymd_opt(2027, 1, 1).unwrap()
    }
}
