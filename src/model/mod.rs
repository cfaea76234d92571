//! The words of the project as types. Nothing here reads or writes anything.

pub mod event;
pub mod finding;
pub mod hunk;
pub mod id;
pub mod note;
pub mod path;
pub mod step;

pub use event::{Content, Event, PromptText, What};
pub use finding::{
    Attestation, Confidence, Finding, Gate, Ruling, Severity, Status, Verdict, Waiver,
};
pub use hunk::{Contributor, Evidence, Hunk, LineRange};
pub use id::{Digest, EditId, Oid, SessionId, TurnId};
pub use path::RepoPath;
