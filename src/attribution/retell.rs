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
use crate::agents::edit::{onto, out_of};
use crate::git::lines::split;
use crate::model::RepoPath;

/// How many commits later a command's text is still looked for.
const COMMANDS: u32 = 20;

/// The files of a repository, as far as sessions and commits tell of them.
#[derive(Default)]
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

    /// The files of a commit that are followed or that commands name, each with its owners.
    pub fn commit(&mut self, files: Vec<Committed>) -> Vec<(RepoPath, Annotated)> {
        let mut seen = Vec::new();
        for file in files {
            if let Some(old) = file.old_path.as_ref().filter(|old| self.follows(old)) {
                self.rename(old, &file.path);
            }
            let said = self.said(&file);
            if !self.follows(&file.path) && said.iter().all(Option::is_none) {
                continue;
            }
            self.begin(&file.path, file.base.clone());
            let mut annotated = self.look(&file);
            for (owner, author) in annotated.owners.iter_mut().zip(said) {
                if let (Owner::Person, Some(author)) = (*owner, author) {
                    *owner = Owner::of(author);
                }
            }
            if let Some(known) = self.files.texts.get_mut(&file.path)
                && known.text == annotated.text
            {
                known.owners.clone_from(&annotated.owners);
            }
            seen.push((file.path, annotated));
        }
        self.commands.iter_mut().for_each(|command| command.age += 1);
        self.commands.retain(|command| command.age <= COMMANDS);
        seen
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

    /// The text of a commit with its owners.
    fn look(&mut self, file: &Committed) -> Annotated {
        let before = self.files.texts.get(&file.path).cloned();
        let below = self.committed.get(&file.path).map(Vec::as_slice).unwrap_or_default();
        let continues = file.base.as_deref().unwrap_or_default() == below;
        let open = before.as_ref().is_some_and(|before| before.text != below);
        let text = Some(file.text.clone());
        self.files.step(vec![Change::new(file.path.clone(), text, By::Other)]);
        let seen = self.files.texts.get(&file.path).cloned().unwrap_or_default();
        if continues || !open {
            self.committed.insert(file.path.clone(), file.text.clone());
        } else if let Some(before) = before {
            // The work of a session that is in no commit yet waits for its own.
            self.files.texts.insert(file.path.clone(), before);
        }
        seen
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

/// What stands between quotes, line ends and the words for line ends, folded.
fn pieces(command: &str) -> HashSet<Vec<u8>> {
    let parts = command.split(['\n', '\'', '"']).flat_map(|part| part.split("\\n"));
    let folded = parts.map(|part| folded(part.as_bytes()));
    folded.filter(|part| part.iter().any(u8::is_ascii_alphanumeric)).collect()
}
