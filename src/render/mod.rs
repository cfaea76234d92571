//! From answers to what is printed: terminal and JSON.

pub mod backfill;
pub mod blame;
pub mod check;
pub mod escape;
pub mod json;
pub mod out;
pub mod prune;
pub mod text;
pub mod verify;
