//! What people and agents do to files.

use std::collections::HashSet;

use serde_json::json;

use crate::history::History;
use crate::{PERSON, WRITERS};

impl History {
    /// Somebody replaces up to three lines by up to six.
    pub fn edit(&mut self, clone: usize) {
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

    /// An agent writes some of a person's lines into a new file, where it finds three in a row, and
    /// ends its turn: that nobody had committed them yet could not be known later otherwise.
    pub fn paste(&mut self, clone: usize) {
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
        self.tell(clone, who, "stop", json!({}));
    }

    /// A person moves lines to another file and commits. Those that were committed before are as in
    /// any other commit.
    pub fn shift(&mut self, clone: usize) {
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
        for line in moved.lines() {
            // An agent's copy comes beside what it was copied from: either may go later.
            if let Some(files) = self.copied.get_mut(line.trim()).filter(|f| !f.contains(&from)) {
                files.remove(&to);
            }
        }
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
    pub fn indent(&mut self, clone: usize) {
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
}
