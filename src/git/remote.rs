//! Notes of other repositories: fetched into refs of our own, pushed, and what a remote says to
//! that. All of it is git's own `fetch` and `push`, with the user's transport and credentials.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use super::process::{self, With as _};
use super::{GitError, Repo};
use crate::model::{Digest, Oid};

/// Tells the hooks of a push that it is our own.
pub const OWN_PUSH: &str = "GIT_AI_LOG_SYNCING";

/// Where the refs lie that say what a remote had when we last saw it. Outside `refs/notes`, so
/// that nobody takes them for notes of this repository.
const SEEN: &str = "refs/ai-log/remote/";

/// Words in a server's refusal that mean that another push was faster, or holds the lock.
const RACES: &[&str] = &[
    "lock",
    "failed to update ref",
    "old value",
    "but expected",
    "already exists",
    "transaction failed",
    "transaction failure",
    "non-fast-forward",
    "fetch first",
    "failed to report status",
];

/// Another repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// The remote's name, or the address that was given in its place.
    pub name: String,
    /// What git is told: the name where it fetches from where it pushes to, else the address that
    /// it pushes to. Notes are merged with what is there.
    place: String,
    /// Its part of the names of our refs.
    slug: String,
}

/// The remotes of a repository by their names, each with the addresses that git fetches from and
/// pushes to.
pub struct Remotes(BTreeMap<String, [Option<String>; 2]>);

impl Remotes {
    /// All of them, from one process.
    pub fn of(repo: &Repo) -> Result<Self, GitError> {
        let answer =
            process::output(&mut repo.git().with("remote").with("-v"), "list the remotes")?;
        Ok(Self::parse(&String::from_utf8_lossy(&answer)))
    }

    /// `<name> TAB <address> (fetch)`, with the filter of a partial clone behind it, or `(push)`,
    /// once for each address. One that has no address is a name and a tab.
    fn parse(listed: &str) -> Self {
        let mut remotes: BTreeMap<String, [Option<String>; 2]> = BTreeMap::new();
        for (name, rest) in listed.lines().filter_map(|line| line.split_once('\t')) {
            let known = remotes.entry(name.to_owned()).or_default();
            if let Some((address, what)) = rest.rsplit_once(" (") {
                known[usize::from(what.starts_with("push"))].get_or_insert(address.to_owned());
            }
        }
        Self(remotes)
    }

    /// Their names.
    pub fn names(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    /// The remote of this name, or at this address.
    pub fn get(&self, name: &str) -> Remote {
        let name = name.to_owned();
        let Some([fetched, pushed]) = self.0.get(&name) else {
            let digest = Digest::of(name.as_bytes());
            let slug = format!("url-{}", &digest.as_str()[..14]);
            return Remote { place: name.clone(), name, slug };
        };
        let elsewhere = pushed.clone().filter(|_| pushed != fetched);
        Remote { place: elsewhere.unwrap_or_else(|| name.clone()), slug: name.clone(), name }
    }
}

/// A ref to be moved on a remote.
#[derive(Debug, Clone)]
pub struct Update {
    /// The ref, of the same name on both sides.
    pub name: &'static str,
    /// What it is to be; `None` for nothing, which needs the one before it in the push done.
    pub new: Option<Oid>,
    /// What it was when we last looked.
    pub seen: Option<Oid>,
    /// Whether it may go anywhere from there; else only forward.
    pub free: bool,
}

impl Update {
    /// Whether the remote's ref is to be another one.
    pub fn is_news(&self) -> bool {
        self.new != self.seen
    }
}

/// What a remote answered to an [`Update`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// It is there.
    Done,
    /// Somebody else moved the ref meanwhile, or moves it just now. In git's words.
    Moved(String),
    /// It was refused. In the remote's words.
    Refused(String),
}

impl Remote {
    /// The ref that says what this remote's ref was when we last saw it.
    pub fn seen(&self, name: &str) -> String {
        seen_ref(&self.slug, name)
    }

    /// Fetches what the remote has of these refs. One that it does not have is no error.
    pub fn fetch(&self, repo: &Repo, names: &[&str]) -> Result<(), GitError> {
        let mut command = self.git(repo, "fetch");
        command.args([
            "--quiet",
            "--prune",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-auto-maintenance",
            "--recurse-submodules=no",
            // What the user's own refspecs map stays as it is.
            "--refmap=",
            // A partial clone wants these objects, or each note would be a fetch of its own.
            "--no-filter",
        ]);
        let mut roots = Vec::new();
        for name in names {
            let seen = self.seen(name);
            for known in [*name, &seen] {
                if let Some(tip) = repo.target(known)? {
                    command.arg(format!("--negotiation-tip={tip}"));
                    // The other side need not know what it never had.
                    if known == seen && repo.commit(&tip)?.parents.is_empty() {
                        roots.push(tip);
                    }
                }
            }
        }
        // A commit without a parent tells the other side nothing of what else we have, so that it
        // would send all prompts again. But a client may say that its history ends at a commit,
        // as that of a shallow clone does, and then the files of that commit count. Here it ends
        // there in truth.
        let shallow = match roots.is_empty() {
            true => None,
            false => Some(beside(&repo.common_dir.join("shallow"), &roots)?),
        };
        if let Some(file) = &shallow {
            command.env("GIT_SHALLOW_FILE", file.path());
        }
        command.arg("--").arg(&self.place);
        for name in names {
            // The star is for a name that the remote does not have: a plain one would be an error.
            command.arg(format!("+{name}*:{}*", self.seen(name)));
        }
        process::output(&mut command, "fetch notes").map(drop)
    }

    /// Pushes: all of it or nothing where the remote can do that, so that the notes that say what
    /// is forgotten never arrive after prompts that were merged without them.
    pub fn push(&self, repo: &Repo, updates: &[Update]) -> Result<Vec<Answered>, GitError> {
        let all = self.push_once(repo, updates, updates.len() > 1)?;
        let moved = |answers: &[Answered]| answers.iter().any(|a| matches!(a, Answered::Moved(_)));
        if let Some(answers) = all
            && (updates.len() == 1
                || moved(&answers)
                || answers.iter().all(|answer| *answer == Answered::Done))
        {
            return Ok(answers);
        }
        // One was refused and took the others with it, or the remote knows only single refs.
        let mut answers: Vec<Answered> = Vec::new();
        for update in updates {
            // What a ref had is elsewhere only when the one before is there.
            if let (None, Some(before)) = (&update.new, answers.last())
                && *before != Answered::Done
            {
                answers.push(before.clone());
                continue;
            }
            let answer = self.push_once(repo, std::slice::from_ref(update), false)?;
            answers.extend(answer.into_iter().flatten());
            if moved(&answers) {
                break;
            }
        }
        Ok(answers)
    }

    /// `None` where the remote cannot do all or nothing.
    fn push_once(
        &self,
        repo: &Repo,
        updates: &[Update],
        atomic: bool,
    ) -> Result<Option<Vec<Answered>>, GitError> {
        let doing = "push notes";
        let mut command = self.git(repo, "push");
        command.args(["--porcelain", "--no-verify", "--recurse-submodules=no", "--no-follow-tags"]);
        if atomic {
            command.arg("--atomic");
        }
        // The same on the way there: to git in this process, the new tip stands on the one that
        // the other side has. A git that knows no grafts any more sends more than it must.
        let grafts = grafts(updates);
        let grafts = match grafts.is_empty() {
            true => None,
            false => Some(beside(&repo.common_dir.join("info/grafts"), &grafts)?),
        };
        if let Some(file) = &grafts {
            command.env("GIT_GRAFT_FILE", file.path());
        }
        for update in updates.iter().filter(|update| update.free) {
            let seen = update.seen.as_ref().map_or("", Oid::as_str);
            command.arg(format!("--force-with-lease={}:{seen}", update.name));
        }
        command.arg("--").arg(&self.place);
        command.args(updates.iter().map(|update| {
            let new = update.new.as_ref().map_or("", Oid::as_str);
            format!("{new}:{}", update.name)
        }));
        let output = command.output().map_err(|source| GitError::Start { doing, source })?;
        let said = String::from_utf8_lossy(&output.stderr);
        if atomic && said.contains("does not support --atomic") {
            return Ok(None);
        }
        let answers: Vec<Answered> =
            updates.iter().filter_map(|update| answer(&output, update.name, &said)).collect();
        if answers.len() < updates.len() {
            return Err(GitError::Failed { doing, said: said.trim().to_owned() });
        }
        for (update, answer) in updates.iter().zip(&answers) {
            if *answer == Answered::Done {
                self.saw(repo, update)?;
            }
        }
        Ok(Some(answers))
    }

    /// Keeps what the remote has now. If somebody else keeps something newer just now, that is
    /// right, too.
    fn saw(&self, repo: &Repo, update: &Update) -> Result<(), GitError> {
        let name = self.seen(update.name);
        let old = repo.target(&name)?;
        match &update.new {
            new if *new == old => {}
            Some(new) => {
                repo.store().swap(&name, new, old.as_ref(), "git ai-log: pushed")?;
            }
            // Where another process holds it just now, the next fetch does the same.
            None => drop(repo.drop_refs(&[name])),
        }
        Ok(())
    }

    fn git(&self, repo: &Repo, name: &str) -> Command {
        let mut command = repo.git();
        // A mirror takes no names of refs; its words are read, so they are asked for in English.
        command.arg("-c").arg(format!("remote.{}.mirror=false", self.name));
        command.args(["-c", "advice.graftFileDeprecated=false"]).arg(name);
        command.env(OWN_PUSH, "1").env("LC_ALL", "C");
        command
    }
}

/// Each new tip on those that the other side has.
fn grafts(updates: &[Update]) -> Vec<String> {
    let free = || updates.iter().filter(|update| update.free);
    let line = |new: &Oid| {
        let seen = free().filter_map(|update| update.seen.as_ref()).filter(|seen| *seen != new);
        let seen: String = seen.map(|seen| format!(" {seen}")).collect();
        Some(format!("{new}{seen}")).filter(|_| !seen.is_empty())
    };
    free()
        .filter(|update| update.is_news())
        .filter_map(|update| line(update.new.as_ref()?))
        .collect()
}

/// A file with the lines of another one, if there is one, and these.
fn beside<T: std::fmt::Display>(
    path: &Path,
    lines: &[T],
) -> Result<tempfile::NamedTempFile, GitError> {
    let mut bytes = std::fs::read(path).unwrap_or_default();
    for line in lines {
        bytes.extend_from_slice(format!("{line}\n").as_bytes());
    }
    let file = tempfile::NamedTempFile::new().and_then(|mut file| {
        file.write_all(&bytes)?;
        Ok(file)
    });
    file.map_err(|source| GitError::Start { doing: "exchange notes", source })
}

/// The ref that keeps what a remote has of one of ours.
fn seen_ref(slug: &str, name: &str) -> String {
    format!("{SEEN}{slug}/{}", name.rsplit('/').next().unwrap_or(name))
}

/// `<flag> TAB <from>:<to> TAB <summary> (<reason>)`, one line a ref.
fn answer(output: &Output, name: &str, said: &str) -> Option<Answered> {
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find(|line| {
        line.split('\t').nth(1).is_some_and(|refs| refs.rsplit(':').next() == Some(name))
    })?;
    if !line.starts_with('!') {
        return Some(Answered::Done);
    }
    let summary = line.split('\t').nth(2).unwrap_or_default();
    let told = said.lines().filter_map(|line| line.strip_prefix("remote:")).map(str::trim);
    let told: Vec<&str> = told.filter(|line| !line.is_empty()).collect();
    // git itself says no only where the ref is not where we saw it; or for another ref's sake.
    let by_git = summary.starts_with("[rejected]") && !summary.contains("atomic push failed");
    let race = by_git || RACES.iter().any(|word| summary.contains(word));
    Some(match race {
        true => Answered::Moved(summary.to_owned()),
        false if told.is_empty() => Answered::Refused(summary.to_owned()),
        false => Answered::Refused(format!("{summary}: {}", told.join("; "))),
    })
}

impl Repo {
    /// The remote that the current branch follows.
    pub fn upstream_remote(&self) -> Option<String> {
        let mut command =
            self.git().with("symbolic-ref").with("--quiet").with("--short").with("HEAD");
        let branch = process::answer(&mut command, "find the branch").ok()??;
        let branch = String::from_utf8_lossy(process::line(&branch)).into_owned();
        self.config(&format!("branch.{branch}.remote"))
    }

    /// What all remotes had of this ref when we last saw them: our refs, and what they point at.
    pub fn seen_of(&self, name: &str) -> Result<Vec<(String, Oid)>, GitError> {
        let last = name.rsplit('/').next().unwrap_or(name);
        let mut command = self
            .git()
            .with("for-each-ref")
            .with("--format=%(objectname) %(refname)")
            .with(SEEN.trim_end_matches('/'));
        let answer = process::output(&mut command, "list refs")?;
        let text = String::from_utf8_lossy(&answer);
        let refs = text.lines().filter_map(|line| line.split_once(' '));
        Ok(refs
            .filter(|(_, full)| full.rsplit('/').next() == Some(last))
            .map(|(oid, full)| (full.to_owned(), Oid(oid.to_owned())))
            .collect())
    }

    /// Takes away refs, or what git remembers of where a ref was.
    pub fn drop_refs(&self, names: &[String]) -> Result<(), GitError> {
        for name in names {
            process::output(
                &mut self.git().with("update-ref").with("-d").with(name),
                "drop a ref",
            )?;
        }
        Ok(())
    }

    /// Forgets where a ref was before.
    pub fn drop_reflog(&self, name: &str) -> Result<(), GitError> {
        let mut command = self.git();
        command.args(["reflog", "expire", "--expire=all", "--expire-unreachable=all", name]);
        process::output(&mut command, "forget where a ref was").map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(line: &str, stderr: &str) -> Option<Answered> {
        let stdout = format!("To x\n{line}\nDone\n").into_bytes();
        let output = Output { status: Default::default(), stdout, stderr: Vec::new() };
        answer(&output, "refs/notes/n", stderr)
    }

    #[test]
    fn where_git_fetches_from_and_pushes_to() {
        let remotes = Remotes::parse(
            "a\t/x y (fetch)/z (fetch) [blob:none]\na\t/x y (fetch)/z (push)\nb\thttps://b (fetch)\n\
             b\tssh://b (push)\nb\tssh://c (push)\nc\t\n",
        );
        assert_eq!(remotes.names(), ["a", "b", "c"]);
        let places = ["a", "b", "c"].map(|name| remotes.get(name).place);
        assert_eq!(places, ["a", "ssh://b", "c"]);
        let Remote { name, place, slug } = remotes.get("https://b");
        assert_eq!((name.as_str(), place.as_str()), ("https://b", "https://b"));
        assert!(slug.starts_with("url-"), "{slug}");
    }

    #[test]
    fn what_git_says_of_a_push() {
        let line = |flag: &str, summary: &str| format!("{flag}\t0123:refs/notes/n\t{summary}");
        for (flag, summary) in [(" ", "a..b"), ("*", "[new reference]"), ("=", "[up to date]")] {
            assert_eq!(answered(&line(flag, summary), ""), Some(Answered::Done));
        }
        for summary in [
            "[rejected] (fetch first)",
            "[rejected] (stale info)",
            "[remote rejected] (cannot lock ref 'refs/notes/n': is at a but expected b)",
            "[remote rejected] (incorrect old value provided)",
            "[remote failure] (remote failed to report status)",
        ] {
            let answer = answered(&line("!", summary), "");
            assert_eq!(answer, Some(Answered::Moved(summary.to_owned())));
        }
        let summary = "[remote rejected] (pre-receive hook declined)";
        let said = "remote: \nremote: no notes here  \nerror: failed to push some refs\n";
        let words = format!("{summary}: no notes here");
        assert_eq!(answered(&line("!", summary), said), Some(Answered::Refused(words)));
        assert_eq!(answered("!\t0123:refs/heads/n\tx", ""), None);
    }
}
