//! What was seen of files.

use std::collections::BTreeMap;

use crate::model::{Content, Oid, RepoPath};

/// The files of a work tree that differ from HEAD.
pub type Tree = BTreeMap<RepoPath, Content>;

/// What an observation says of a file's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// A snapshot.
    Kept(Content),
    /// The object that a commit has there, if any.
    Committed(Option<Oid>),
}

impl From<Content> for Seen {
    fn from(content: Content) -> Self {
        Self::Kept(content)
    }
}
