//! A history that is being made: its clones, and what is known of every line and commit.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::dice::Dice;
use crate::env::TestRepo;
use crate::{CLONES, COMMON, FILES, PERSON, WRITERS};

/// What scripts may call. `both` keeps both sides of conflicts, `settle` goes on with what they have
/// stopped.
const PRELUDE: &str = r#"
both() {
    for f in $(git diff --name-only --diff-filter=U); do
        if [ -f "$f" ]; then sed -i '/^<<<<<<< /d; /^=======$/d; /^>>>>>>> /d' "$f"; fi
    done
    git add -A
}
settle() {
    git=$(git rev-parse --git-dir)
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
        both
        if [ -d "$git/rebase-merge" ] || [ -d "$git/rebase-apply" ]; then
            git rebase --continue || git rebase --skip
        elif [ -e "$git/CHERRY_PICK_HEAD" ]; then
            git cherry-pick --continue --no-edit || git cherry-pick --skip
        elif [ -e "$git/REVERT_HEAD" ]; then
            git revert --continue --no-edit || git revert --skip
        elif [ -e "$git/MERGE_HEAD" ]; then
            git commit -q --no-edit
        else return 0; fi
    done
    echo 'this does not end' >&2; exit 9
}
save() { git add -A; git diff --cached --quiet || git commit -q -m "$1"; }
"#;

/// A history that is being made.
pub struct History {
    pub dice: Dice,
    pub clones: Vec<TestRepo>,
    /// Who typed a tag: a place in `WRITERS`.
    pub writers: HashMap<String, usize>,
    /// Three lines that a person typed one after the other.
    pub together: HashSet<[String; 3]>,
    /// Tags of a person's that an agent copied, and the files that had them before.
    pub copied: HashMap<String, HashSet<String>>,
    /// Every commit that was seen, and whether it is complete.
    pub commits: HashMap<String, bool>,
    /// The notes that each clone has.
    pub noted: Vec<HashSet<String>>,
    /// Lines of older commits that each clone's work tree has again, as the conflict of a stash
    /// brings them: nobody typed them for the next commit.
    pub stirred: Vec<HashSet<String>>,
    /// These lines in complete commits.
    pub again: HashMap<String, HashSet<String>>,
    /// Lines that were new in a complete commit, one after the other, of one agent.
    pub runs: Vec<Vec<String>>,
    /// What was done, to be read by people.
    pub log: String,
    pub calls: u32,
}

/// What an act made of a clone's history.
pub struct Made {
    pub new: Vec<String>,
    pub gone: Vec<String>,
}

/// The lines that a commit adds, without white space around them.
fn added(repo: &TestRepo, oid: &str) -> HashSet<String> {
    let diff = repo.git(["show", "-U0", "--format=", "--first-parent", oid]);
    let lines = diff.lines().filter(|line| !line.starts_with("+++"));
    lines.filter_map(|line| Some(line.strip_prefix('+')?.trim().to_owned())).collect()
}

impl History {
    pub fn new(seed: u64) -> Self {
        let first = TestRepo::new();
        first.set_one_clock();
        first.git(["init", "-q", "--bare", "-b", "main", "../hub"]);
        let mut history = Self {
            dice: Dice(seed),
            clones: vec![first.clone()],
            writers: HashMap::new(),
            together: HashSet::new(),
            copied: HashMap::new(),
            commits: HashMap::new(),
            noted: vec![HashSet::new(); CLONES.len()],
            stirred: vec![HashSet::new(); CLONES.len()],
            again: HashMap::new(),
            runs: Vec::new(),
            log: String::new(),
            calls: 0,
        };
        for file in FILES {
            let text = history.lines(PERSON, 8);
            first.write(file, text);
        }
        first.commit_all("begin");
        first.git(["remote", "add", "origin", "../hub"]);
        first.git(["push", "-q", "-u", "origin", "main"]);
        let clones = 2 + history.dice.below(CLONES.len() - 1);
        for name in &CLONES[1..clones] {
            first.git(["clone", "-q", "../hub", &format!("../{name}")]);
            let clone = first.at(name);
            clone.install_hooks();
            history.clones.push(clone);
        }
        for who in 1..WRITERS.len() {
            for clone in 0..history.clones.len() {
                history.tell(clone, who, "prompt", json!({"prompt": "go on"}));
            }
        }
        history
    }

    /// New lines of a writer's.
    pub fn lines(&mut self, who: usize, count: usize) -> String {
        let mut text = String::new();
        for _ in 0..count {
            if self.dice.chance(25) {
                let _ = writeln!(text, "{}", self.dice.one(COMMON));
            } else {
                let tag = format!("tagged{:04}", self.writers.len());
                let _ = writeln!(text, "{tag}");
                self.writers.insert(tag, who);
            }
        }
        if who == PERSON {
            let lines: Vec<String> = text.lines().map(|line| line.trim().to_owned()).collect();
            let three = lines.windows(3).filter_map(|lines| lines.to_vec().try_into().ok());
            self.together.extend(three);
        }
        text
    }

    pub fn tell(&mut self, clone: usize, who: usize, event: &str, fields: Value) {
        self.calls += 1;
        let repo = &self.clones[clone];
        let mut payload = json!({
            "schema": "git-ai-log/event/1",
            "agent": WRITERS[who],
            "session": format!("{}-{clone}", WRITERS[who]),
            "call": self.calls.to_string(),
            "cwd": repo.top.display().to_string(),
            "event": event,
        });
        let Value::Object(fields) = fields else { panic!("no object") };
        payload.as_object_mut().unwrap().extend(fields);
        repo.record("generic", payload.to_string());
    }

    /// The files of a clone's work tree.
    pub fn files(&self, clone: usize) -> Vec<String> {
        let files = std::fs::read_dir(&self.clones[clone].top).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name.ends_with(".txt")).collect();
        names.sort();
        names
    }

    pub fn say(&mut self, clone: usize, what: &str) {
        let _ = writeln!(self.log, "  {}: {what}", CLONES[clone]);
    }

    /// Runs a script in a clone, with our hooks or without.
    pub fn run(&mut self, clone: usize, hooks: bool, script: &str) -> Made {
        let off = "export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=core.hooksPath \
                   GIT_CONFIG_VALUE_0=/dev/null\n";
        let repo = self.clones[clone].clone();
        self.say(clone, &format!("{}{script}", if hooks { "" } else { "(no hooks) " }));
        let before = repo.git(["rev-parse", "HEAD"]);
        let done = repo.sh(&format!("{PRELUDE}{}{script}", if hooks { "" } else { off }));
        assert_eq!(done.code, Some(0), "{script}: {done}\n{}", self.log);
        let range = format!("{before}...HEAD");
        let moved = repo.git(["rev-list", "--reverse", "--left-right", &range]);
        let side = |side: char| {
            let lines = moved.lines().filter_map(|line| line.strip_prefix(side));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        let new = side('>').into_iter().filter(|oid| !self.commits.contains_key(oid)).collect();
        Made { new, gone: side('<') }
    }

    /// Writes down whether the new commits are complete. `sources` are those that they were made of.
    pub fn note(&mut self, clone: usize, made: Made, complete: bool, sources: &[String]) {
        let repo = self.clones[clone].clone();
        let mut complete = complete && sources.iter().all(|oid| self.commits[oid]);
        complete &= sources.iter().all(|oid| self.noted[clone].contains(oid));
        let mut again = match made.new.is_empty() {
            true => HashSet::new(),
            false => std::mem::take(&mut self.stirred[clone]),
        };
        again.extend(sources.iter().filter_map(|oid| self.again.get(oid)).flatten().cloned());
        if complete && !sources.is_empty() {
            // A conflict takes lines along that none of the sources has added.
            let own: HashSet<String> = sources.iter().flat_map(|oid| added(&repo, oid)).collect();
            let all = made.new.iter().flat_map(|oid| added(&repo, oid));
            again.extend(all.filter(|line| !own.contains(line)));
        }
        for oid in made.new {
            if complete {
                self.remember(&repo, &oid, &again);
                self.again.insert(oid.clone(), again.clone());
            }
            self.commits.insert(oid, complete);
        }
        self.look(clone);
    }

    /// Reads which notes a clone has by now.
    pub fn look(&mut self, clone: usize) {
        let repo = &self.clones[clone];
        let list = repo.git(["notes", "--ref", "ai-log/provenance", "list"]);
        let now: HashSet<String> =
            list.lines().filter_map(|line| Some(line.split_once(' ')?.1.to_owned())).collect();
        self.noted[clone] = now;
    }

    /// Keeps the runs of a complete commit, without lines that nobody typed for it.
    fn remember(&mut self, repo: &TestRepo, oid: &str, again: &HashSet<String>) {
        let diff = repo.git(["show", "-U0", "--format=", "--first-parent", oid]);
        let mut run: (usize, Vec<String>) = (PERSON, Vec::new());
        let mut done = Vec::new();
        for line in diff.lines() {
            let added = line.strip_prefix('+').filter(|_| !line.starts_with("+++"));
            let added = added.filter(|text| !again.contains(text.trim()));
            let who = added.and_then(|text| self.writers.get(text.trim())).copied();
            match (added, who) {
                (Some(text), Some(who)) if who == run.0 => run.1.push(text.trim().to_owned()),
                (Some(text), Some(who)) => {
                    done.push(std::mem::replace(&mut run, (who, vec![text.trim().to_owned()])));
                }
                _ => done.push(std::mem::take(&mut run)),
            }
        }
        done.push(run);
        let long = done.into_iter().filter(|(who, tags)| *who != PERSON && tags.len() >= 3);
        self.runs.extend(long.map(|(_, tags)| tags));
    }

    /// A clone's commits that no other one has.
    pub fn own(&self, clone: usize) -> Vec<String> {
        let repo = &self.clones[clone];
        let own = repo.git(["rev-list", "--first-parent", "--no-merges", "@{u}..HEAD"]);
        own.lines().map(str::to_owned).collect()
    }
}
