//! What `blame` says in the end, held against the truth.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use crate::history::History;
use crate::{CLONES, PERSON, WRITERS};

impl History {
    /// What is wrong at the end; empty where nothing is.
    pub fn faults(&mut self) -> String {
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
