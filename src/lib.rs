//! git ai-log: who wrote a line, what was it asked to do, and did anyone check it.
//!
//! The rooms, each of which may use the ones above it: [`model`] (words), [`git`] (the only room
//! that names git), [`journal`] (what agents told, on disk), [`agents`] (their protocols),
//! [`redact`], [`attribution`] (who wrote which line), [`checklist`] (what the gate asks of agents'
//! lines), [`notes`] (stored formats), [`query`], [`render`], [`commands`] (where all of it meets).

mod agents;
mod attribution;
mod checklist;
mod commands;
mod config;
mod error;
mod git;
mod journal;
mod model;
mod notes;
mod query;
mod redact;
mod render;

pub use commands::main;
