//! The change to be judged: files as they are staged or committed, and the lines of them that
//! agents wrote.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::lang::{self, Lang, Tree};
use crate::model::{Contributor, LineRange, RepoPath, SessionId, TurnId};

/// Larger texts are not parsed. Bytes.
pub const MAX_PARSED: usize = 768 * 1024;

/// A text of fewer bytes than this cannot be nested so deep that a walk up from each node matters.
const DEEP: usize = 16 * 1024;

/// Levels of nodes that no written code has: patterns that look at what is around a node would take
/// the square of them.
const MAX_DEPTH: u32 = 600;

/// Whether a tree is nested deeper than anybody writes.
fn is_deep(tree: &Tree) -> bool {
    let mut left = vec![(tree.root(), 0)];
    while let Some((node, depth)) = left.pop() {
        if depth > MAX_DEPTH {
            return true;
        }
        left.extend(node.children().map(|child| (child, depth + 1)));
    }
    false
}

/// What is to be judged.
#[derive(Default)]
pub struct Change {
    /// The files that it changes and that have lines to be judged.
    pub files: Vec<File>,
    /// The files with lines that nobody can say who wrote, and none to be judged.
    pub doubtful: Vec<File>,
    /// Files that an agent edited since the commit below, whether or not a line of it is left:
    /// taking lines away leaves none.
    pub edited: BTreeSet<RepoPath>,
    /// Every file that it adds, changes or takes away, whoever did.
    pub touched: Vec<RepoPath>,
    /// The files that each session is known to have read.
    pub reads: BTreeMap<SessionId, BTreeSet<RepoPath>>,
}

impl Change {
    /// How many runs of lines are judged.
    pub fn hunks(&self) -> usize {
        self.files.iter().map(|file| file.runs.len()).sum()
    }

    /// The file of this path, if it has lines to be judged.
    pub fn file(&self, path: &RepoPath) -> Option<&File> {
        self.files.iter().find(|file| file.path == *path)
    }
}

/// A run of lines to be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Which lines.
    pub lines: LineRange,
    /// Who wrote them.
    pub contributor: Contributor,
    /// The agent's name.
    pub agent: Option<String>,
    /// The conversation.
    pub session: Option<SessionId>,
    /// The prompt.
    pub turn: Option<TurnId>,
    /// SHA-256 of the lines' bytes.
    pub digest: String,
}

/// A file with lines to be judged.
pub struct File {
    /// Where it is.
    pub path: RepoPath,
    /// Its text; what is not UTF-8 is replaced.
    pub text: String,
    /// Its text before the change; `None` where it is new.
    pub old: Option<String>,
    /// The lines to be judged, in order.
    pub runs: Vec<Run>,
    /// Lines of the change that nobody can say who wrote: they are not judged, and a comment in
    /// them allows nothing.
    pub unknown: Vec<LineRange>,
    /// Its language, where structural rules know it.
    pub lang: Option<Lang>,
    /// Whoever wrote it: every line is judged, and every comment counts.
    pub whole: bool,
    /// Where each line starts, in bytes.
    starts: Vec<usize>,
    tree: OnceCell<Option<Tree>>,
}

impl File {
    /// A file of which these runs are to be judged.
    pub fn new(path: RepoPath, text: &[u8], old: Option<&[u8]>, runs: Vec<Run>) -> Self {
        let text = String::from_utf8_lossy(text).into_owned();
        let lang = lang::of(&path.lossy(), &text);
        let starts =
            std::iter::once(0).chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1));
        Self {
            starts: starts.filter(|at| *at < text.len()).collect(),
            old: old.map(|old| String::from_utf8_lossy(old).into_owned()),
            tree: OnceCell::new(),
            unknown: Vec::new(),
            whole: false,
            path,
            text,
            runs,
            lang,
        }
    }

    /// A file that is judged as a whole, whoever wrote it.
    pub fn whole(path: RepoPath, text: &[u8]) -> Self {
        let mut file = Self::new(path, text, None, Vec::new());
        file.whole = true;
        file.runs = vec![Run {
            lines: LineRange { start: 1, end: u32::MAX },
            contributor: Contributor::Unknown,
            agent: None,
            session: None,
            turn: None,
            digest: String::new(),
        }];
        file
    }

    /// Whether it holds tests or examples, by its name and its folders.
    pub fn is_test(&self) -> bool {
        let path = self.path.lossy();
        let lower = path.to_ascii_lowercase();
        let mut parts = lower.split('/').rev();
        let name = parts.next().unwrap_or_default();
        let folder = |part: &str| {
            matches!(
                part,
                "test"
                    | "tests"
                    | "testing"
                    | "spec"
                    | "specs"
                    | "__tests__"
                    | "__mocks__"
                    | "fixtures"
                    | "testdata"
                    | "test-data"
                    | "mocks"
                    | "examples"
                    | "example"
                    | "docs"
                    | "docs_src"
                    | "tutorials"
                    | "demo"
                    | "t"
                    | "doc"
                    | "samples"
                    | "e2e"
                    | "benches"
                    | "benchmarks"
            )
        };
        let stem = name.split('.').next().unwrap_or_default();
        parts.any(folder)
            || [".test.", ".spec.", "_test.", "_spec.", ".example", ".sample"]
                .iter()
                .any(|m| name.contains(m))
            || stem.starts_with("test_")
            || matches!(stem, "conftest" | "test" | "tests")
            || path.rsplit('/').next().is_some_and(|name| {
                ["Test.java", "Tests.java", "Test.php", "Tests.cs", "Test.cs", "IT.java"]
                    .iter()
                    .any(|end| name.ends_with(end))
            })
    }

    /// The syntax tree, parsed once; `None` where the language is not known, or the file is too
    /// large or nested deeper than anybody writes.
    pub fn tree(&self) -> Option<&Tree> {
        let parse = || {
            let lang = self.lang.filter(|_| self.text.len() <= MAX_PARSED)?;
            lang::parse(lang, &self.text).filter(|tree| self.text.len() < DEEP || !is_deep(tree))
        };
        self.tree.get_or_init(parse).as_ref()
    }

    /// How many lines there are.
    pub fn len(&self) -> u32 {
        u32::try_from(self.starts.len()).unwrap_or(u32::MAX)
    }

    /// A line's text without its end; empty where there is no such line. From 1.
    pub fn line(&self, number: u32) -> &str {
        let at = number as usize;
        let Some(start) = at.checked_sub(1).and_then(|at| self.starts.get(at)) else {
            return "";
        };
        let end = self.starts.get(at).copied().unwrap_or(self.text.len());
        self.text[*start..end].trim_end_matches(['\n', '\r'])
    }

    /// The lines to be judged, each with its number.
    pub fn judged_lines(&self) -> impl Iterator<Item = (u32, &str)> {
        let last = self.len();
        self.runs
            .iter()
            .flat_map(move |run| run.lines.start..=run.lines.end.min(last))
            .map(|number| (number, self.line(number)))
    }

    /// The first run that has one of these lines.
    pub fn run_at(&self, lines: LineRange) -> Option<&Run> {
        self.runs.iter().find(|run| run.lines.start <= lines.end && lines.start <= run.lines.end)
    }

    /// Every run that has one of these lines.
    pub fn runs_at(&self, lines: LineRange) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(move |run| run.lines.touches(lines))
    }

    /// Whether a person is known to have written this line.
    pub fn is_human(&self, line: u32) -> bool {
        let holds = |range: &LineRange| range.contains(line);
        self.whole
            || !self.runs.iter().any(|run| holds(&run.lines)) && !self.unknown.iter().any(holds)
    }

    /// The line that holds this byte, from 1.
    pub fn line_of(&self, byte: usize) -> u32 {
        u32::try_from(self.starts.partition_point(|start| *start <= byte).max(1))
            .unwrap_or(u32::MAX)
    }

    /// The lines that these bytes lie on.
    pub fn lines_of(&self, bytes: std::ops::Range<usize>) -> LineRange {
        let last = bytes.end.saturating_sub(1).max(bytes.start);
        LineRange { start: self.line_of(bytes.start), end: self.line_of(last) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_from_one() {
        let file = File::whole("a.py".into(), b"a\r\nb\n\nd");
        assert_eq!((file.len(), file.line(1), file.line(4), file.line(5)), (4, "a", "d", ""));
        assert_eq!((file.line_of(0), file.line_of(3), file.line_of(6)), (1, 2, 4));
        assert_eq!(file.lines_of(0..4), LineRange { start: 1, end: 2 });
        assert_eq!(file.judged_lines().count(), 4);
        assert_eq!(File::whole("a".into(), b"").len(), 0);
    }
}
