//! Clones of one repository, and the bare one that they share.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use super::TestRepo;

pub const PROVENANCE: &str = "refs/notes/ai-log/provenance";
pub const PROMPTS: &str = "refs/notes/ai-log/prompts";

/// Two people and a server.
pub struct Team {
    pub hub: TestRepo,
    pub first: TestRepo,
    pub second: TestRepo,
}

impl Team {
    /// Both have one commit of a person's; nobody shares prompts yet.
    pub fn new(init: &[&str]) -> Self {
        let first = TestRepo::init(init);
        first.committed(&[("readme", "a person's\n")]);
        first.add_hub("hub.git", init);
        first.git(["remote", "add", "origin", "../hub.git"]);
        first.git(["push", "-q", "-u", "origin", "main"]);
        let second = first.clone_to("second", &[]);
        Self { hub: first.at("hub.git"), first, second }
    }

    /// The same with prompts shared by both.
    pub fn sharing(init: &[&str]) -> Self {
        let team = Self::new(init);
        for repo in [&team.first, &team.second] {
            repo.share_prompts();
        }
        team
    }
}

impl TestRepo {
    /// Consents to share prompts.
    pub fn share_prompts(&self) {
        self.git(["config", "ai-log.prompts", "share"]);
    }

    /// An empty bare repository beside this one.
    pub fn add_hub(&self, name: &str, init: &[&str]) {
        let folder = format!("../{name}");
        self.git(["init", "-q", "--bare", "-b", "main"].iter().chain(init).chain(&[&*folder]));
    }

    /// A clone of `hub.git` with our hooks.
    pub fn clone_to(&self, name: &str, args: &[&str]) -> Self {
        let url = format!("file://{}", self.root().join("hub.git").display());
        let folder = format!("../{name}");
        self.git(["clone", "-q"].iter().chain(args).chain(&[&*url, &*folder]));
        let clone = self.at(name);
        clone.install_hooks();
        clone
    }

    /// An agent is asked, writes a file of its own, and a person commits it. Returns the turn.
    pub fn agents_work(&self, file: &str, prompt: &str) -> String {
        let agent = self.claude(&format!("session of {file}")).prompt(prompt);
        agent.write(file, &format!("first line of {file}\nsecond line\nthird line\n")).stop();
        self.git(["add", "--", file]);
        self.commit(file);
        let note = self.note("HEAD").unwrap();
        note.of("turn").next().unwrap()["turn"].as_str().unwrap().to_owned()
    }

    /// `git ai-log sync` without more words; it must succeed.
    pub fn sync(&self) -> String {
        self.ai_log(["sync"]).ok()
    }

    /// Where a ref points.
    pub fn tip(&self, name: &str) -> Option<String> {
        let output = self.try_git(["rev-parse", "--quiet", "--verify", name]);
        (output.code == Some(0)).then(|| output.ok())
    }

    /// Every note of a ref: the object and its lines, sorted.
    pub fn notes_of(&self, name: &str) -> BTreeMap<String, Vec<String>> {
        let list = self.try_git(["notes", "--ref", name, "list"]);
        let list = if list.code == Some(0) { list.ok() } else { String::new() };
        let note = |line: &str| {
            let (blob, object) = line.split_once(' ').unwrap();
            let text = self.git(["cat-file", "blob", blob]);
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort();
            (object.to_owned(), lines)
        };
        list.lines().map(note).collect()
    }

    /// Whether any object here holds this text, after all that is not needed is gone.
    pub fn objects_hold(&self, text: &str) -> bool {
        self.git(["reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all"]);
        self.git(["gc", "-q", "--prune=now"]);
        let objects = self.try_git(["cat-file", "--batch-all-objects", "--batch"]);
        assert_eq!(objects.code, Some(0));
        objects.stdout.windows(text.len()).any(|window| window == text.as_bytes())
    }

    /// A hook of a bare repository's own.
    pub fn server_hook(&self, name: &str, script: &str) {
        super::executable(&self.top.join("hooks").join(name), &format!("#!/bin/sh\n{script}\n"));
    }
}

/// Every file below a folder.
pub fn files_below(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files
}

/// All of these sync at once. Every third is killed somewhere on its way, after so many milliseconds
/// by its number, and its owner tries again.
pub fn sync_at_once(clones: &[TestRepo], pause: impl Fn(u64) -> u64) {
    let start = |clone: &TestRepo| {
        let mut command = clone.command("git-ai-log");
        command.arg("sync").stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let mut running: Vec<_> = clones.iter().map(|clone| (clone, start(clone))).collect();
    for (n, (clone, child)) in running.iter_mut().enumerate().filter(|(n, _)| n % 3 == 0) {
        std::thread::sleep(std::time::Duration::from_millis(pause(n as u64)));
        child.kill().unwrap();
        child.wait().unwrap();
        *child = start(clone);
    }
    for (clone, child) in running {
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {said}", clone.top.display());
    }
}
