//! Random histories: people and agents edit the same files in several clones, git rewrites their
//! commits in every way, with our hooks and without, and the clones exchange commits and notes. In
//! the end `git ai-log blame` must know the truth.
//!
//! # The truth
//!
//! Most lines are *tagged*: no other line has the same word, so its text names its writer for ever,
//! wherever git carries it. The others are *common* (`}`, an empty line, `return None`, `import os`)
//! and written by everybody.
//!
//! 1. A tagged line that a person typed is never `ai` or `mixed`.
//! 2. A tagged line that an agent wrote is never another agent's.
//! 3. It is that agent's where blame names a commit that is *complete*: made by an operation that
//!    ran our hooks, of lines typed for it or of complete commits whose notes were there. Lines that
//!    a conflict brought back from older commits are as in any other commit.
//! 4. In every other commit it is that agent's where it stands in a *run*: lines that were new in
//!    one complete commit, all by that agent, one after the other, and that stand in the same order
//!    in this commit, new and one after the other, three of them tagged. A shorter run may have no
//!    owner, nor one that the commit has twice: somebody copied it, and the commit says not from
//!    where.
//! 5. A common line between two tagged lines of a person's, typed together and all three new in the
//!    same commit, is never `ai` or `mixed`.
//! 6. Lines of a person's that an agent copied into a file of its own are still that person's in the
//!    files that had them before, unless somebody moves the copy beside them. In the copy they are
//!    the agent's.
//!
//! A history is made of its seed alone. `AI_LOG_HISTORIES` says how many there are, `AI_LOG_SEED`
//! which is the first.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stderr, reason = "a failure is shown with the way to play it again")]

#[path = "../integration/env/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the integration tests use all of it")]
mod env;

mod dice;
mod edits;
mod git;
mod history;
mod truth;

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};

use history::History;

/// How many histories, where nobody says.
const HISTORIES: u64 = 200;

const CLONES: &[&str] = &["repo", "second", "third"];
const FILES: &[&str] = &["one.txt", "two.txt", "three.txt"];
const COMMON: &[&str] = &["}", "", "    return None", "import os"];
const PERSON: usize = 0;
const WRITERS: &[&str] = &["person", "agent-one", "agent-two"];

impl History {
    /// Somebody does something.
    fn act(&mut self) {
        let clone = self.dice.below(self.clones.len());
        let hooks = self.dice.chance(65);
        match self.dice.below(25) {
            0..=6 => self.edit(clone),
            7..=9 => self.commit(clone, true),
            10..=12 => self.integrate(clone, hooks),
            13..=14 => self.rewrite(clone, hooks),
            15 => self.amend(clone, hooks),
            16..=17 => self.branch(clone, hooks),
            18 => self.bring(clone, hooks),
            19 => self.indent(clone),
            20 => self.exchange(clone),
            21 => self.paste(clone),
            22 => self.shift(clone),
            23 => self.part(clone, hooks),
            _ => self.repair(clone),
        }
    }
}

/// Plays the history of a seed; what was done and what is wrong, where something is.
fn play(seed: u64) -> Result<(), String> {
    let mut history = History::new(seed);
    for _ in 0..15 + history.dice.below(16) {
        history.act();
    }
    let wrong = history.faults();
    let again = "AI_LOG_HISTORIES=1 AI_LOG_SEED";
    let log = history.log;
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(format!("{again}={seed} cargo test --test histories\n{log}{wrong}")),
    }
}

#[expect(clippy::disallowed_methods, reason = "how many, and which")]
fn told(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().expect("a number"))
}

#[test]
fn blame_knows_the_truth_after_any_history() {
    let first = told("AI_LOG_SEED").unwrap_or(1);
    let end = first + told("AI_LOG_HISTORIES").unwrap_or(HISTORIES);
    let next = AtomicU64::new(first);
    let failed = std::sync::Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end || failed.lock().unwrap().len() > 4 {
                        break;
                    }
                    let outcome = std::panic::catch_unwind(|| play(seed));
                    let outcome = outcome.unwrap_or_else(|_| Err(format!("seed {seed} stopped")));
                    if let Err(wrong) = outcome {
                        eprintln!("{wrong}");
                        failed.lock().unwrap().push(seed);
                    }
                }
            });
        }
    });
    let failed: HashSet<u64> = failed.into_inner().unwrap().into_iter().collect();
    assert!(failed.is_empty(), "the histories of these seeds: {failed:?}");
}
