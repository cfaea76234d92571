//! What sessions tell long after, laid onto the commits that followed: the same steps as in a
//! replay of the journal, but nobody looked at the files meanwhile.
//!
//! A commit continues the files that stood below it. One that was made from another state of them,
//! on another branch or another machine, is looked at and changes nothing.

use std::collections::{HashMap, HashSet};

use super::shell::{self, Claim};
use super::step::{Change, Files};
use super::tokens::{folded, tells};
use super::{Annotated, By, Owner};
use crate::agents::Told;
use crate::agents::edit::{onto, onto_loosely, out_of};
use crate::git::lines::split;
use crate::model::RepoPath;

/// How many commits later a command's text is still looked for.
const COMMANDS: u32 = 20;
/// How many lines that left files, or that agents inserted, are remembered: a history of any
/// length is retold in one go.
const LINES: usize = 50_000;

/// The files of a repository, as far as sessions and commits tell of them.
pub struct Retelling {
    files: Files,
    /// The text of each followed file in the last commit that continued it.
    committed: HashMap<RepoPath, Vec<u8>>,
    commands: Vec<Command>,
}

/// A command of an agent's.
struct Command {
    author: u32,
    text: String,
    /// Commits since.
    age: u32,
}

/// An edit that a session tells of.
#[derive(Clone, Copy)]
pub struct Edit<'e> {
    /// The file.
    pub path: &'e RepoPath,
    /// The path it had before.
    pub from: Option<&'e RepoPath>,
    /// How.
    pub told: &'e Told,
    /// By which call: a number of the caller's.
    pub author: u32,
}

/// Texts of a file in the commits around an edit.
pub trait Commits {
    /// In the last one before it.
    fn below(&mut self, path: &RepoPath) -> Option<Vec<u8>>;
    /// In the first one after it that changes the file.
    fn next(&mut self, path: &RepoPath) -> Option<Vec<u8>>;
}

/// A file of a commit.
pub struct Committed {
    /// Its path.
    pub path: RepoPath,
    /// The path it had before, where it was renamed.
    pub old_path: Option<RepoPath>,
    /// Its text in the commit below.
    pub base: Option<Vec<u8>>,
    /// Its text.
    pub text: Vec<u8>,
    /// Which lines the commit adds.
    pub added: Vec<bool>,
}

impl Default for Retelling {
    fn default() -> Self {
        let files = Files::of_last(LINES);
        Self { files, committed: HashMap::new(), commands: Vec::new() }
    }
}

impl Retelling {
    /// Whether this file is followed.
    pub fn follows(&self, path: &RepoPath) -> bool {
        self.committed.contains_key(path)
    }

    /// Whether commands of agents' may have written what the next commit brings.
    pub fn has_commands(&self) -> bool {
        !self.commands.is_empty()
    }

    /// An edit. False where it fits neither the file as it was nor as it became.
    pub fn edit(&mut self, edit: &Edit<'_>, commits: &mut dyn Commits) -> bool {
        let Edit { path, from, told, author } = edit;
        if let Some(from) = from.filter(|from| !self.follows(path) && from != path) {
            let below = (!self.follows(from)).then(|| commits.below(from)).flatten();
            self.begin(from, below);
            self.rename(from, path);
        }
        if !self.follows(path) {
            let below = commits.below(path);
            self.begin(path, below);
        }
        let text = self.files.texts.get(path).map(|known| known.text.clone());
        let around = onto(told, text.as_deref()).map(|texts| (texts.before.flatten(), texts.after));
        let around = around.or_else(|| {
            let next = commits.next(path)?;
            Some((Some(out_of(told, &next)?), Some(next)))
        });
        let around = around.or_else(|| {
            let texts = onto_loosely(told, text.as_deref()?)?;
            Some((texts.before.flatten(), texts.after))
        });
        let Some((before, after)) = around else {
            return false;
        };
        if before != text {
            self.files.step(vec![Change::new((*path).clone(), before, By::Other)]);
        }
        self.files.step(vec![Change::new((*path).clone(), after, By::Agent(*author))]);
        true
    }

    /// A command.
    pub fn command(&mut self, author: u32, text: &str) {
        self.commands.push(Command { author, text: text.to_owned(), age: 0 });
    }

    /// The followed files of which not all is committed.
    pub fn open(&self) -> impl Iterator<Item = &RepoPath> {
        let files = self.files.texts.iter();
        files
            .filter(|(path, now)| self.committed.get(*path).is_some_and(|text| *text != now.text))
            .map(|(path, _)| path)
    }

    /// The files of a commit in which sessions may have written, each with its owners. `gone` are
    /// files that no later commit has.
    pub fn commit(
        &mut self,
        files: Vec<Committed>,
        gone: Vec<RepoPath>,
    ) -> Vec<(RepoPath, Annotated)> {
        for file in &files {
            if let Some(old) = file.old_path.as_ref().filter(|old| self.follows(old)) {
                self.rename(old, &file.path);
            }
        }
        let new: Vec<bool> = files.iter().map(|file| !self.follows(&file.path)).collect();
        let mut seen = self.look(&files, gone);
        for ((file, annotated), new) in files.iter().zip(&mut seen).zip(new) {
            for (owner, author) in annotated.owners.iter_mut().zip(self.said(file)) {
                if let (Owner::Person, Some(author)) = (*owner, author) {
                    *owner = Owner::of(author);
                }
            }
            let agents = annotated.owners.iter().any(|owner| owner.is_agent());
            match self.files.texts.get_mut(&file.path) {
                Some(known) if !new || agents => {
                    if known.text == annotated.text {
                        known.owners.clone_from(&annotated.owners);
                    }
                }
                _ => self.leave(&file.path),
            }
        }
        self.commands.iter_mut().for_each(|command| command.age += 1);
        self.commands.retain(|command| command.age <= COMMANDS);
        files.into_iter().map(|file| file.path).zip(seen).collect()
    }

    fn begin(&mut self, path: &RepoPath, text: Option<Vec<u8>>) {
        if self.follows(path) {
            return;
        }
        self.committed.insert(path.clone(), text.clone().unwrap_or_default());
        if let Some(text) = text {
            self.files.texts.insert(path.clone(), Annotated::plain(text));
        }
    }

    fn rename(&mut self, from: &RepoPath, to: &RepoPath) {
        if let Some(text) = self.files.texts.remove(from) {
            self.files.texts.insert(to.clone(), text);
        }
        if let Some(text) = self.committed.remove(from) {
            self.committed.insert(to.clone(), text);
        }
    }

    /// The texts of a commit with their owners: one step, so that what went from one file into
    /// another is known there.
    fn look(&mut self, files: &[Committed], gone: Vec<RepoPath>) -> Vec<Annotated> {
        let mut waiting = Vec::new();
        let mut changes: Vec<Change> =
            gone.into_iter().map(|path| Change::new(path, None, By::Other)).collect();
        for file in files {
            self.begin(&file.path, file.base.clone());
            let before = self.files.texts.get(&file.path);
            let below = self.committed.get(&file.path).map(Vec::as_slice).unwrap_or_default();
            let continues = file.base.as_deref().unwrap_or_default() == below;
            let open = before.filter(|before| !continues && before.text != below);
            match open {
                // The work of a session that is in no commit yet waits for its own.
                Some(before) => waiting.push((file.path.clone(), before.clone())),
                None => drop(self.committed.insert(file.path.clone(), file.text.clone())),
            }
            changes.push(Change::new(file.path.clone(), Some(file.text.clone()), By::Other));
        }
        self.files.step(changes);
        let text = |file: &Committed| self.files.texts.get(&file.path).cloned();
        let seen = files.iter().map(|file| text(file).unwrap_or_default()).collect();
        self.files.texts.extend(waiting);
        seen
    }

    /// A file without any work of an agent's.
    fn leave(&mut self, path: &RepoPath) {
        self.files.texts.remove(path);
        self.committed.remove(path);
    }

    /// Whose command says a line that the commit adds; blank lines and braces are those of both
    /// their neighbours.
    fn said(&self, file: &Committed) -> Vec<Option<u32>> {
        let name = file.path.lossy();
        let lines = split(&file.text);
        let mut said = vec![None; lines.len()];
        for command in &self.commands {
            if shell::claim(&command.text, &[], &name) != Claim::Named {
                continue;
            }
            let (whole, pieces) = (folded(command.text.as_bytes()), pieces(&command.text));
            for (at, line) in lines.iter().enumerate().filter(|(at, _)| file.added[*at]) {
                let print = folded(line);
                let has = || memchr::memmem::find(&whole, &print).is_some();
                if said[at].is_none() && (pieces.contains(&print) || tells(line) && has()) {
                    said[at] = Some(command.author);
                }
            }
        }
        for at in 1..lines.len().saturating_sub(1) {
            if said[at].is_none()
                && file.added[at]
                && !tells(lines[at])
                && said[at - 1] == said[at + 1]
            {
                said[at] = said[at - 1];
            }
        }
        said
    }
}

/// What stands between quotes, line ends and the words for line ends, and what is printed, folded.
fn pieces(command: &str) -> HashSet<Vec<u8>> {
    let printed = shell::printed(command);
    let texts = std::iter::once(command).chain(printed.iter().map(String::as_str));
    let parts = texts.flat_map(|text| text.split(['\n', '\'', '"']));
    let folded = parts.flat_map(|part| part.split("\\n")).map(|part| folded(part.as_bytes()));
    folded.filter(|part| part.iter().any(u8::is_ascii_alphanumeric)).collect()
}
