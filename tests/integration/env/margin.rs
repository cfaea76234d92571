//! Margin notation: a file with the owner of each line beside it.
//!
//! `A1| text` an agent in turn 1, `M1| text` mixed, `H | text` a person, `? | text` nobody can
//! say. Turns are counted over all agents of a test, in the order of their prompts.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use serde_json::Value;

use super::note::unquote;
use super::{Note, TestRepo};

/// Lines with their owners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Margin(pub Vec<(String, String)>);

impl Margin {
    /// Reads the notation; empty lines and the space before an owner do not count.
    pub fn parse(text: &str) -> Self {
        let lines = text.lines().map(str::trim_start).filter(|line| !line.is_empty());
        Self(
            lines
                .map(|line| {
                    let (owner, text) = line.split_once('|').expect("OWNER| TEXT");
                    let text = text.strip_prefix(' ').unwrap_or(text);
                    (owner.trim_end().to_owned(), text.to_owned())
                })
                .collect(),
        )
    }

    /// The lines of a file in a commit: git's blame, and the notes of the commits it names.
    pub fn at(repo: &TestRepo, rev: &str, path: &OsStr) -> Self {
        let blame =
            repo.command("git").args(["blame", "--porcelain", rev, "--"]).arg(path).output();
        let blame = blame.unwrap();
        assert!(blame.status.success(), "{}", String::from_utf8_lossy(&blame.stderr));
        let mut notes: HashMap<String, Option<Note>> = HashMap::new();
        let mut paths: HashMap<String, Vec<u8>> = HashMap::new();
        let mut lines = Vec::new();
        let mut at: Option<(String, u64)> = None;
        for line in blame.stdout.split(|&b| b == b'\n') {
            let text = String::from_utf8_lossy(line);
            if let Some(content) = text.strip_prefix('\t') {
                let (commit, number) = at.take().expect("a header before each line");
                let note = notes.entry(commit.clone()).or_insert_with(|| Note::read(repo, &commit));
                let path = paths.get(&commit).map_or(path.as_bytes(), Vec::as_slice);
                let owner = owner(repo, note.as_ref(), path, number);
                lines.push((owner, content.trim_end_matches('\r').to_owned()));
            } else if let Some((commit, number)) =
                at.as_ref().map_or_else(|| header(&text), |_| None)
            {
                at = Some((commit, number));
            } else if let (Some(name), Some((commit, _))) = (text.strip_prefix("filename "), &at) {
                paths.insert(commit.clone(), unquote(name));
            }
        }
        let margin = Self(lines);
        margin.must_be_answered(repo, rev, path);
        margin
    }

    /// Fails unless `git ai-log blame` says the same.
    #[track_caller]
    fn must_be_answered(&self, repo: &TestRepo, rev: &str, path: &OsStr) {
        let args = ["blame", "--json", rev, "--"].map(OsStr::new);
        let answer: Value =
            serde_json::from_str(&repo.ai_log(args.iter().chain([&path])).ok()).unwrap();
        let lines = answer["lines"].as_array().unwrap();
        let owner = |line: &Value| owner_of(repo, &line["contributor"], &line["turn"]);
        let owners: Vec<String> = lines.iter().map(owner).collect();
        let expected: Vec<&String> = self.0.iter().map(|(owner, _)| owner).collect();
        assert!(owners.iter().eq(expected), "blame says {owners:?}, the notes say\n{self}");
    }

    /// Fails with two columns unless both are the same.
    #[track_caller]
    pub fn must_be(&self, expected: &Self, what: &str) {
        assert!(self == expected, "{what}:\n{}", expected.beside(self));
    }

    /// Two columns: what was expected, and what is there.
    fn beside(&self, actual: &Self) -> String {
        let show = |line: Option<&(String, String)>| {
            line.map_or_else(String::new, |(owner, text)| format!("{owner:<2}| {text}"))
        };
        let width = self.0.iter().map(|line| show(Some(line)).chars().count()).max().unwrap_or(0);
        let width = width.max("expected".len());
        let mut out = format!("    {:<width$}    actual\n", "expected");
        for at in 0..self.0.len().max(actual.0.len()) {
            let (left, right) = (self.0.get(at), actual.0.get(at));
            let mark = if left == right { ' ' } else { '!' };
            out.push_str(&format!("  {mark} {:<width$}    {}\n", show(left), show(right)));
        }
        out
    }
}

impl std::fmt::Display for Margin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|(owner, text)| writeln!(f, "{owner:<2}| {text}"))
    }
}

/// `<commit> <line there> <line here> [<count>]`.
fn header(text: &str) -> Option<(String, u64)> {
    let mut words = text.split(' ');
    let commit = words.next().filter(|word| word.len() >= 40)?;
    Some((commit.to_owned(), words.next()?.parse().ok()?))
}

fn owner(repo: &TestRepo, note: Option<&Note>, path: &[u8], line: u64) -> String {
    let Some(note) = note else {
        return "?".into();
    };
    let Some(hunk) = note.hunk(path, line) else {
        return "H".into();
    };
    owner_of(repo, &hunk["contributor"], &hunk["turn"])
}

fn owner_of(repo: &TestRepo, contributor: &Value, turn: &Value) -> String {
    let number = turn.as_str().and_then(|turn| repo.turn_number(turn));
    let number = number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    match contributor.as_str().unwrap() {
        "ai" => format!("A{number}"),
        "mixed" => format!("M{number}"),
        "human" => "H".into(),
        "unknown" => "?".into(),
        other => panic!("contributor {other}"),
    }
}

#[test]
fn a_failure_shows_two_columns() {
    let expected = Margin::parse("\n  A1| one\n  H | two\n");
    let actual = Margin::parse("A1| one\nM1| two\nH |");
    assert_eq!(
        expected.beside(&actual),
        "    expected    actual\n    A1| one     A1| one\n  ! H | two     M1| two\n  !             H | \n"
    );
    assert_eq!(actual.to_string(), "A1| one\nM1| two\nH | \n");
}
