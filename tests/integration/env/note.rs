//! Notes as any reader of git finds them, and ids derived a second time.

use serde_json::Value;
use sha2::Digest as _;

use super::TestRepo;

/// The provenance note of a commit: one record a line.
#[derive(Debug, Clone)]
pub struct Note(pub Vec<Value>);

impl Note {
    /// The note of a commit, if it has one.
    pub fn read(repo: &TestRepo, rev: &str) -> Option<Self> {
        let output = repo.try_git(["notes", "--ref", "ai-log/provenance", "show", rev]);
        let text = (output.code == Some(0)).then(|| output.ok())?;
        Some(Self(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()))
    }

    /// The records of a type.
    pub fn of<'n>(&'n self, kind: &'n str) -> impl Iterator<Item = &'n Value> {
        self.0.iter().filter(move |record| record["type"] == kind)
    }

    /// The record that holds for a line (from 1) of a path; `None` where a person wrote it.
    pub fn hunk(&self, path: &[u8], line: u64) -> Option<&Value> {
        let mut found = self.of("hunk").filter(|hunk| {
            let (first, last) = (hunk["lines"][0].as_u64(), hunk["lines"][1].as_u64());
            unquote(hunk["path"].as_str().unwrap()) == path
                && first.unwrap() <= line
                && line <= last.unwrap()
        });
        let hunk = found.next();
        assert!(found.next().is_none(), "two records for line {line}: {self:#?}");
        hunk
    }

    /// The prompts of a commit: turn and text.
    pub fn prompts(repo: &TestRepo, rev: &str) -> Vec<(String, String)> {
        let output = repo.try_git(["notes", "--ref", "ai-log/prompts", "show", rev]);
        if output.code != Some(0) {
            return Vec::new();
        }
        let records = output.ok();
        let records = records.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        records.map(|record| (text(&record["turn"]), text(&record["prompt"]))).collect()
    }
}

/// The turn that an agent calls `native`, as the formats' documents derive it.
pub fn turn_id(agent: &str, session: &str, native: &str) -> String {
    let session = format!("s_{}", short(&format!("{agent}:{session}")));
    format!("p_{}", short(&format!("{session}:{native}")))
}

fn short(text: &str) -> String {
    sha2::Sha256::digest(text)[..7].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of a name that may stand in git's quotes.
pub fn unquote(name: &str) -> Vec<u8> {
    let Some(inner) = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return name.as_bytes().to_vec();
    };
    let mut bytes = Vec::new();
    let mut rest = inner.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'\\' => match rest.next().unwrap() {
                b'n' => b'\n',
                b't' => b'\t',
                high @ b'0'..=b'3' => {
                    let mut digit = || rest.next().unwrap() - b'0';
                    (high - b'0') * 64 + digit() * 8 + digit()
                }
                same => same,
            },
            same => same,
        });
    }
    bytes
}
