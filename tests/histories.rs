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

#[path = "integration/env/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the integration tests use all of it")]
mod env;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use env::TestRepo;
use serde_json::{Value, json};

/// How many histories, where nobody says.
const HISTORIES: u64 = 200;

const CLONES: &[&str] = &["repo", "second", "third"];
const FILES: &[&str] = &["one.txt", "two.txt", "three.txt"];
const COMMON: &[&str] = &["}", "", "    return None", "import os"];
const PERSON: usize = 0;
const WRITERS: &[&str] = &["person", "agent-one", "agent-two"];

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

/// Numbers that follow from a seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `end`.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// A history that is being made.
struct History {
    dice: Dice,
    clones: Vec<TestRepo>,
    /// Who typed a tag: a place in `WRITERS`.
    writers: HashMap<String, usize>,
    /// Three lines that a person typed one after the other.
    together: HashSet<[String; 3]>,
    /// Tags of a person's that an agent copied, and the files that had them before.
    copied: HashMap<String, HashSet<String>>,
    /// Every commit that was seen, and whether it is complete.
    commits: HashMap<String, bool>,
    /// The notes that each clone has.
    noted: Vec<HashSet<String>>,
    /// Lines of older commits that each clone's work tree has again, as the conflict of a stash
    /// brings them: nobody typed them for the next commit.
    stirred: Vec<HashSet<String>>,
    /// These lines in complete commits.
    again: HashMap<String, HashSet<String>>,
    /// Lines that were new in a complete commit, one after the other, of one agent.
    runs: Vec<Vec<String>>,
    /// What was done, to be read by people.
    log: String,
    calls: u32,
}

/// What an act made of a clone's history.
struct Made {
    new: Vec<String>,
    gone: Vec<String>,
}

/// The lines that a commit adds, without white space around them.
fn added(repo: &TestRepo, oid: &str) -> HashSet<String> {
    let diff = repo.git(["show", "-U0", "--format=", "--first-parent", oid]);
    let lines = diff.lines().filter(|line| !line.starts_with("+++"));
    lines.filter_map(|line| Some(line.strip_prefix('+')?.trim().to_owned())).collect()
}

impl History {
    fn new(seed: u64) -> Self {
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
    fn lines(&mut self, who: usize, count: usize) -> String {
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

    fn tell(&mut self, clone: usize, who: usize, event: &str, fields: Value) {
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
    fn files(&self, clone: usize) -> Vec<String> {
        let files = std::fs::read_dir(&self.clones[clone].top).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name.ends_with(".txt")).collect();
        names.sort();
        names
    }

    fn say(&mut self, clone: usize, what: &str) {
        let _ = writeln!(self.log, "  {}: {what}", CLONES[clone]);
    }

    /// Somebody replaces up to three lines by up to six.
    fn edit(&mut self, clone: usize) {
        let who = self.dice.below(WRITERS.len());
        let files = self.files(clone);
        if files.is_empty() {
            return;
        }
        let file = self.dice.one(&files).clone();
        let before = self.clones[clone].read(&file);
        let mut lines: Vec<&str> = before.split_inclusive('\n').collect();
        let at = self.dice.below(lines.len() + 1);
        let cut = if self.dice.chance(30) { self.dice.below(4) } else { 0 };
        let count = 1 + self.dice.below(6);
        let new = self.lines(who, count);
        let end = lines.len().min(at + cut);
        lines.splice(at..end, [new.as_str()]);
        let after = lines.concat();
        self.say(clone, &format!("{} edits {file}:{at} -{cut} {new:?}", WRITERS[who]));
        match who {
            PERSON => self.clones[clone].write(&file, &after),
            _ if self.dice.chance(15) => self.command(clone, who, &file, &after),
            _ => self.act_as(clone, who, &file, &before, &after),
        }
    }

    /// An agent edits a file, now and then because it is asked once more, and runs a command before
    /// or after it.
    fn act_as(&mut self, clone: usize, who: usize, file: &str, before: &str, after: &str) {
        if self.dice.chance(40) {
            self.tell(clone, who, "prompt", json!({"prompt": "go on"}));
        }
        if self.dice.chance(20) {
            self.test(clone, who);
        }
        self.clones[clone].write(file, after);
        let edits = json!([{"path": file, "before": before, "after": after}]);
        self.tell(clone, who, "edit", json!({"edits": edits}));
        if self.dice.chance(20) {
            self.test(clone, who);
        }
    }

    /// The same, by a command.
    fn command(&mut self, clone: usize, who: usize, file: &str, after: &str) {
        self.say(clone, "by a command");
        let command = json!({"command": format!("sed -i '1r new' {file}")});
        self.tell(clone, who, "shell-start", command.clone());
        self.clones[clone].write(file, after);
        self.tell(clone, who, "shell-end", command);
    }

    /// An agent runs a command that changes nothing. All files are looked at.
    fn test(&mut self, clone: usize, who: usize) {
        self.say(clone, &format!("{} runs the tests", WRITERS[who]));
        let command = json!({"command": "make test"});
        self.tell(clone, who, "shell-start", command.clone());
        self.tell(clone, who, "shell-end", command);
    }

    /// An agent writes some of a person's lines into a new file, where it finds three in a row.
    fn paste(&mut self, clone: usize) {
        let who = 1 + self.dice.below(WRITERS.len() - 1);
        let files = self.files(clone);
        if files.is_empty() {
            return;
        }
        let file = self.dice.one(&files).clone();
        let text = self.clones[clone].read(&file);
        let lines: Vec<&str> = text.lines().collect();
        let typed = |line: &&str| self.writers.get(line.trim()) == Some(&PERSON);
        let mut parts = lines.chunk_by(|a, b| typed(a) == typed(b));
        let Some(part) = parts.find(|part| part.len() >= 3 && typed(&part[0])) else {
            return;
        };
        for line in part {
            let holds = |(clone, file): &(usize, String)| {
                self.clones[*clone].read(file).contains(line.trim())
            };
            let all = (0..self.clones.len())
                .flat_map(|clone| self.files(clone).into_iter().map(move |file| (clone, file)));
            let holders = all.filter(holds).map(|(_, file)| file).collect();
            self.copied.entry(line.trim().to_owned()).or_insert(holders);
        }
        let after = part.join("\n") + "\n";
        let new = format!("paste{}.txt", self.calls);
        self.say(clone, &format!("{} copies from {file} into {new} {after:?}", WRITERS[who]));
        self.act_as(clone, who, &new, "", &after);
    }

    /// Runs a script in a clone, with our hooks or without.
    fn run(&mut self, clone: usize, hooks: bool, script: &str) -> Made {
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
    fn note(&mut self, clone: usize, made: Made, complete: bool, sources: &[String]) {
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
    fn look(&mut self, clone: usize) {
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
    fn own(&self, clone: usize) -> Vec<String> {
        let repo = &self.clones[clone];
        let own = repo.git(["rev-list", "--first-parent", "--no-merges", "@{u}..HEAD"]);
        own.lines().map(str::to_owned).collect()
    }

    fn commit(&mut self, clone: usize, hooks: bool) {
        let made = self.run(clone, hooks, "save work");
        self.note(clone, made, hooks, &[]);
    }

    /// Both sides of a stash's conflict may bring back any line that was ever committed. Returns
    /// whether there was one.
    fn stir(&mut self, clone: usize) -> bool {
        let repo = &self.clones[clone];
        let torn = std::fs::remove_file(repo.top.join(".git/stirred")).is_ok();
        if torn {
            let texts = repo.git(["log", "-p", "-m", "--format=", "--reflog", "--all"]);
            let lines = texts.lines().filter_map(|line| line.strip_prefix('+'));
            self.stirred[clone].extend(lines.map(|line| line.trim().to_owned()));
        }
        torn
    }

    /// Takes over what the others pushed, and pushes.
    fn integrate(&mut self, clone: usize, hooks: bool) {
        let rebase = self.dice.chance(50);
        let stash = self.dice.chance(30);
        if !stash {
            self.commit(clone, true);
        }
        let how = match (rebase, self.dice.below(4)) {
            (true, 0) => "rebase -q -X theirs",
            (true, 1) => "rebase -q -X ours",
            (true, 2) => "rebase -q --apply",
            (true, _) => "rebase -q",
            (false, 0) => "merge -q -X theirs",
            (false, 1) => "merge -q -X ours",
            (false, _) => "merge -q --no-edit",
        };
        let (put, pop) = match stash {
            true => (
                "git stash -q -u;",
                "git stash pop -q || { both; git reset -q; git stash drop -q; touch .git/stirred; };",
            ),
            false => ("", ""),
        };
        let own = self.own(clone);
        let stashed = std::mem::take(&mut self.stirred[clone]);
        let made = self.run(
            clone,
            hooks,
            &format!(
                "git fetch -q; {put} git {how} @{{u}} >/dev/null 2>&1 || settle >/dev/null 2>&1; {pop} \
                 git push -q origin HEAD:main; git fetch -q"
            ),
        );
        self.note(clone, made, hooks, &own);
        self.stirred[clone] = stashed;
        self.stir(clone);
    }

    /// The last commits of this clone alone, rewritten.
    fn rewrite(&mut self, clone: usize, hooks: bool) {
        self.commit(clone, hooks);
        let own = self.own(clone);
        let merges = self.clones[clone].git(["rev-list", "--merges", "@{u}..HEAD"]);
        if own.is_empty() || !merges.is_empty() {
            return;
        }
        let count = own.len().min(1 + self.dice.below(3));
        // git runs hooks for all of these but the last three.
        let way = self.dice.below(14);
        let script = match way {
            0 => format!("git reset -q --soft HEAD~{count}; save squashed"),
            1 => format!("git reset -q HEAD~{count}; save together"),
            2 => format!("git rebase -q --force-rebase HEAD~{count}"),
            3 => "git commit -q --amend --allow-empty -m 'another message'".into(),
            4 => format!(
                "git checkout -q --detach; git reset -q --hard HEAD~{count}; git cherry-pick \
                 --allow-empty -x HEAD..main >/dev/null; git checkout -q -B main"
            ),
            5 => format!(
                "git checkout -q --detach; git reset -q --hard HEAD~{count}; git format-patch -q \
                 --stdout HEAD..main | git am -q --empty=keep; git checkout -q -B main"
            ),
            6 => {
                self.edit(clone);
                let (first, base) = (count - 1, count + 1);
                format!(
                    "git add -A; git commit -q --allow-empty --fixup HEAD~{first}; {{ \
                     GIT_SEQUENCE_EDITOR=: git rebase -q -i --autosquash --empty=keep \
                     HEAD~{base} || settle; }} >/dev/null 2>&1"
                )
            }
            7 => format!(
                "{{ GIT_EDITOR=true GIT_SEQUENCE_EDITOR=\"sed -i '2,\\$s/^pick/squash/'\" git rebase \
                 -q -i HEAD~{count} || settle; }} >/dev/null 2>&1"
            ),
            8 => format!(
                "GIT_SEQUENCE_EDITOR=\"sed -i '1s/^pick/edit/'\" git rebase -q -i HEAD~{count} \
                 2>/dev/null; git reset -q HEAD^; for f in $(git ls-files -mo --exclude-standard); \
                 do git add -A -- $f; git commit -q -m part; done; {{ git \
                 rebase --continue || settle; }} >/dev/null 2>&1"
            ),
            9 => format!(
                "git rebase -q --exec 'git commit -q --amend --allow-empty -m anew' HEAD~{count}"
            ),
            10 => format!(
                "{{ GIT_SEQUENCE_EDITOR=\"sed -i '1!G;h;\\$!d'\" git rebase -q -i HEAD~{count} || \
                 settle; }} >/dev/null 2>&1"
            ),
            11 => format!(
                "git reset -q --soft $(git commit-tree -p HEAD~{count} -m plumbing 'HEAD^{{tree}}')"
            ),
            12 => format!(
                "FILTER_BRANCH_SQUELCH_WARNING=1 git filter-branch --msg-filter 'sed s/^/again,/' \
                 HEAD~{count}..HEAD >/dev/null 2>&1; git update-ref -d refs/original/refs/heads/main"
            ),
            _ => format!(
                "git replay --onto HEAD~{count} HEAD~{count}..main | git update-ref --stdin"
            ),
        };
        let made = self.run(clone, hooks, &script);
        let gone = made.gone.clone();
        self.note(clone, made, hooks && way < 11, &gone);
    }

    /// An edit that goes into the last commit.
    fn amend(&mut self, clone: usize, hooks: bool) {
        if self.own(clone).is_empty() {
            return;
        }
        self.edit(clone);
        let made =
            self.run(clone, hooks, "git add -A; git commit -q --amend --allow-empty -m amended");
        let gone = made.gone.clone();
        self.note(clone, made, hooks, &gone);
    }

    /// A branch with some commits, brought home.
    fn branch(&mut self, clone: usize, hooks: bool) {
        self.commit(clone, hooks);
        self.run(clone, true, "git checkout -q -b topic");
        for _ in 0..1 + self.dice.below(2) {
            self.edit(clone);
            self.commit(clone, true);
        }
        let range = ["rev-list", "main..topic"];
        let own = self.clones[clone].git(range).lines().map(str::to_owned).collect::<Vec<_>>();
        let along = self.dice.chance(25);
        if along {
            self.edit(clone);
        }
        self.run(
            clone,
            true,
            "git checkout -q -m main 2>/dev/null; \
             if git ls-files -u | grep -q .; then both; touch .git/stirred; fi; git reset -q",
        );
        let torn = self.stir(clone);
        if self.dice.chance(60) {
            self.edit(clone);
        }
        self.commit(clone, true);
        let script = match self.dice.below(5) {
            0 => "git merge -q --squash topic || both; save squashed",
            1 => "git cherry-pick main..topic >/dev/null || settle",
            2 => {
                "git cherry-pick -n main..topic || { both; git cherry-pick --quit; touch .git/torn; }; \
                 save picked"
            }
            3 => "git merge -q --no-ff --no-edit topic || settle",
            _ => "git rebase -q main topic || settle; git checkout -q main; git merge -q topic",
        };
        let made = self.run(clone, hooks, &format!("{{ {script}; }} >/dev/null 2>&1"));
        // What a conflict took along already comes a second time, as nobody wrote it; and git does
        // not say what it picks with `-n`.
        let torn = torn | std::fs::remove_file(self.clones[clone].top.join(".git/torn")).is_ok();
        self.note(clone, made, hooks && !torn, &own);
        self.run(clone, true, "git branch -q -D topic");
    }

    /// A person brings text of other places or times.
    fn bring(&mut self, clone: usize, hooks: bool) {
        self.commit(clone, hooks);
        let files = self.files(clone);
        if files.is_empty() {
            return;
        }
        let file = self.dice.one(&files).clone();
        let number = self.commits.len();
        let script = match self.dice.below(5) {
            0 => format!("cp {file} copy{number}.txt; save copied"),
            1 => format!("git mv {file} moved{number}.txt; save moved"),
            2 => {
                format!("sed -n '4,9p' {file} > part{number}.txt; sed -i '4,9d' {file}; save split")
            }
            3 => format!(
                "git rm -q {file}; git commit -q -m gone; git checkout HEAD~1 -- {file}; save back"
            ),
            _ => "git rev-parse -q --verify HEAD^2 >/dev/null || { \
                  git revert --no-edit HEAD || settle; git revert --no-edit HEAD || settle; } \
                  >/dev/null 2>&1"
                .into(),
        };
        let made = self.run(clone, hooks, &script);
        self.note(clone, made, false, &[]);
    }

    /// A person moves lines to another file and commits. Those that were committed before are as in
    /// any other commit.
    fn shift(&mut self, clone: usize) {
        let files = self.files(clone);
        if files.is_empty() {
            return;
        }
        let from = self.dice.one(&files).clone();
        let new = format!("shift{}.txt", self.commits.len());
        let to = if self.dice.chance(50) { new } else { self.dice.one(&files).clone() };
        let text = self.clones[clone].read(&from);
        let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
        let at = self.dice.below(lines.len() + 1);
        let end = lines.len().min(at + 1 + self.dice.below(6));
        if from == to || at == end {
            return;
        }
        let moved = lines.drain(at..end).collect::<String>();
        self.say(clone, &format!("person moves from {from}:{at} to {to} {moved:?}"));
        let repo = self.clones[clone].clone();
        let there = if files.contains(&to) { repo.read(&to) } else { String::new() };
        repo.write(&to, there + &moved);
        repo.write(&from, lines.concat());
        let known = repo.try_git(["grep", "-h", "", "HEAD", "--"]).to_string();
        let known: HashSet<&str> = known.lines().map(str::trim).collect();
        let old = moved.lines().map(str::trim).filter(|line| known.contains(line));
        self.stirred[clone].extend(old.map(str::to_owned));
        self.commit(clone, true);
    }

    /// The white space of some lines changes.
    fn indent(&mut self, clone: usize) {
        let files = self.files(clone);
        if files.is_empty() {
            return;
        }
        let file = self.dice.one(&files).clone();
        let first = 1 + self.dice.below(8);
        self.commit(clone, true);
        let script = format!("sed -i '{first},+4s/^t/    t/' {file}; save indented");
        let made = self.run(clone, true, &script);
        self.note(clone, made, false, &[]);
    }

    /// Notes go to the hub and come from there.
    fn exchange(&mut self, clone: usize) {
        self.say(clone, "exchanges notes");
        let done = self.clones[clone].ai_log(["sync"]);
        assert_eq!(done.code, Some(0), "{done}\n{}", self.log);
        // What has come was made elsewhere.
        let list = self.clones[clone].sh("git notes --ref ai-log/provenance list || true").ok();
        let names = list.lines().filter_map(|line| line.split_once(' '));
        self.noted[clone] = names.map(|(_, oid)| oid.to_owned()).collect();
    }

    fn repair(&mut self, clone: usize) {
        self.say(clone, "git ai-log repair");
        let _ = self.clones[clone].ai_log(["repair"]).ok();
        self.look(clone);
    }

    fn act(&mut self) {
        let clone = self.dice.below(self.clones.len());
        let hooks = self.dice.chance(65);
        match self.dice.below(24) {
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
            _ => self.repair(clone),
        }
    }

    /// What is wrong at the end; empty where nothing is.
    fn faults(&mut self) -> String {
        for clone in 0..self.clones.len() {
            self.commit(clone, true);
        }
        // Twice: the first has seen nothing of the last.
        for _ in 0..2 {
            (0..self.clones.len()).for_each(|clone| self.exchange(clone));
        }
        (0..self.clones.len()).for_each(|clone| self.repair(clone));
        let mut wrong = String::new();
        let mut told = BTreeSet::new();
        for (clone, name) in CLONES.iter().enumerate().take(self.clones.len()) {
            for file in self.files(clone) {
                let answer =
                    self.clones[clone].ai_log(["blame", "--json", "HEAD", "--", &file]).ok();
                let answer: Value = serde_json::from_str(&answer).unwrap();
                let lines = Blamed::all(&answer);
                for at in 0..lines.len() {
                    if let Some(fault) = self.fault(clone, &file, &lines, at) {
                        let line = &lines[at];
                        told.insert((clone, line.commit.clone()));
                        let _ = writeln!(
                            wrong,
                            "{}: {file}:{}: {:?} of {} is called {} {}: {fault}",
                            name,
                            at + 1,
                            line.text,
                            &line.commit[..10],
                            line.contributor,
                            line.agent,
                        );
                    }
                }
            }
        }
        for (clone, commit) in told {
            let show = format!(
                "git show -U1 {commit}; git notes --ref ai-log/provenance show {commit}; \
                 git rev-list --parents -1 {commit}"
            );
            let said = self.clones[clone].sh(&show);
            let _ = writeln!(wrong, "{}: {said}", CLONES[clone]);
        }
        wrong
    }

    fn fault(&self, clone: usize, file: &str, lines: &[Blamed], at: usize) -> Option<String> {
        let line = &lines[at];
        let once = |tag: &String| lines.iter().filter(|line| line.text == *tag).count() == 1;
        let typed_here = |tag: &String| {
            self.copied.get(tag).is_none_or(|files| files.contains(file) && once(tag))
        };
        let ai = ["ai", "mixed"].contains(&line.contributor.as_str());
        let Some(&who) = self.writers.get(&line.text) else {
            let near = at.checked_sub(1).and_then(|before| lines.get(before..at + 2));
            let own = near.filter(|near| near.iter().all(|near| near.commit == line.commit));
            let texts = own.map(|near| [0, 1, 2].map(|n| near[n].text.clone()));
            let tag = |text: &String| self.writers.contains_key(text) && typed_here(text);
            let typed = |texts: [String; 3]| {
                tag(&texts[0]) && tag(&texts[2]) && self.together.contains(&texts)
            };
            return (ai && texts.is_some_and(typed))
                .then(|| "it stands between lines of a person's".into());
        };
        match (who, ai) {
            (PERSON, true) => typed_here(&line.text).then(|| "a person typed it".into()),
            (PERSON, false) => None,
            (_, true) if line.agent == WRITERS[who] => None,
            (_, true) => Some(format!("it is {}'s", WRITERS[who])),
            (_, false) if self.is_complete(line) => {
                Some(format!("{} wrote it, and the commit is complete", WRITERS[who]))
            }
            (_, false) => (self.in_a_run(lines, at) && !self.is_twice(clone, line))
                .then(|| format!("it stands in a run of {}'s", WRITERS[who])),
        }
    }

    fn is_twice(&self, clone: usize, line: &Blamed) -> bool {
        let found = self.clones[clone].git(["grep", "-h", "-e", &line.text, &line.commit, "--"]);
        found.lines().count() > 1
    }

    fn is_complete(&self, line: &Blamed) -> bool {
        let again = self.again.get(&line.commit);
        self.commits[&line.commit] && !again.is_some_and(|again| again.contains(&line.text))
    }

    /// Whether the line stands in a run that was remembered.
    fn in_a_run(&self, lines: &[Blamed], at: usize) -> bool {
        let commit = &lines[at].commit;
        self.runs.iter().any(|run| {
            let Some(place) = run.iter().position(|tag| *tag == lines[at].text) else {
                return false;
            };
            let same = |n: usize, step: usize, up: bool| {
                let (there, here) = match up {
                    true => (n.checked_sub(step), at.checked_sub(step)),
                    false => (Some(n + step), Some(at + step)),
                };
                let tag = there.and_then(|there| run.get(there));
                let line = here.and_then(|here| lines.get(here));
                tag.zip(line).is_some_and(|(tag, l)| *tag == l.text && l.commit == *commit)
            };
            let up = (1..).take_while(|step| same(place, *step, true)).count();
            let down = (1..).take_while(|step| same(place, *step, false)).count();
            up + down + 1 >= 3
        })
    }
}

/// A line as `git ai-log blame --json` tells it.
struct Blamed {
    text: String,
    commit: String,
    contributor: String,
    agent: String,
}

impl Blamed {
    fn all(answer: &Value) -> Vec<Self> {
        let text = |value: &Value| value.as_str().unwrap_or_default().trim().to_owned();
        let lines = answer["lines"].as_array().unwrap().iter();
        lines
            .map(|line| Self {
                text: text(&line["text"]),
                commit: text(&line["commit"]),
                contributor: text(&line["contributor"]),
                agent: text(&line["agent"]),
            })
            .collect()
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
