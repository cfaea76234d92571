//! git's own blame, read line by line.

use std::ffi::OsString;
use std::path::Path;

use super::process::{self, With as _};
use super::{GitError, Repo};
use crate::model::path::os_bytes;
use crate::model::{Oid, RepoPath};

/// One line of `git blame --porcelain`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlamedLine {
    /// The commit; all zeros for what is not committed yet.
    pub commit: Oid,
    /// The line there, from 1.
    pub orig_line: u32,
    /// The line here, from 1.
    pub line: u32,
    /// Which of the blame's commits this is: an index into [`Blame::commits`].
    pub source: usize,
    /// The line's bytes, without its line feed.
    pub text: Vec<u8>,
    /// The header lines of this line as git wrote them, the first one included.
    pub headers: Vec<u8>,
}

/// What git says of a commit and the path that the lines had there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Source {
    /// The path in that commit.
    pub path: Option<RepoPath>,
    /// The author's name.
    pub author: String,
    /// The author's address, with its brackets.
    pub mail: String,
    /// When the author wrote it, seconds since 1970.
    pub time: i64,
    /// The author's time zone, such as `+0200`.
    pub zone: String,
    /// The history ends here.
    pub boundary: bool,
}

/// A blamed file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Blame {
    /// Its lines, in order.
    pub lines: Vec<BlamedLine>,
    /// Each commit and path that occurs.
    pub sources: Vec<Source>,
}

impl Repo {
    /// Runs `git blame --porcelain` with these further arguments, as the user gave them.
    pub fn blame(&self, args: &[OsString]) -> Result<Blame, GitError> {
        let mut command = self.git().with("blame").with("--porcelain");
        command.args(args);
        let answer = process::output(&mut command, "blame the file")?;
        Ok(parse(&answer))
    }
}

fn parse(answer: &[u8]) -> Blame {
    let mut blame = Blame::default();
    let mut known: std::collections::HashMap<Vec<u8>, Vec<usize>> = Default::default();
    let mut rest = answer;
    while let Some(group) = next_group(&mut rest) {
        let mut lines = group.headers.split(|&b| b == b'\n').filter(|line| !line.is_empty());
        let Some(first) = lines.next() else { break };
        let text = String::from_utf8_lossy(first);
        let mut words = text.split(' ');
        let (Some(oid), Some(orig), Some(line)) = (words.next(), words.next(), words.next()) else {
            break;
        };
        let fields: Vec<&[u8]> = lines.collect();
        let seen = known.entry(oid.as_bytes().to_vec()).or_default();
        let source = source_of(&mut blame.sources, seen, &fields);
        blame.lines.push(BlamedLine {
            commit: Oid(oid.to_owned()),
            orig_line: orig.parse().unwrap_or(0),
            line: line.parse().unwrap_or(0),
            source,
            text: group.text.to_vec(),
            headers: group.headers.to_vec(),
        });
    }
    blame
}

/// The commit's description comes with its first line only, its path with every change of path.
fn source_of(sources: &mut Vec<Source>, seen: &mut Vec<usize>, fields: &[&[u8]]) -> usize {
    let named = fields.iter().find_map(|field| field.strip_prefix(b"filename "));
    let path = named.map(|name| RepoPath::parse(&String::from_utf8_lossy(name)));
    if let Some(&last) = seen.last() {
        let Some(path) = path else { return last };
        let same = seen.iter().find(|&&at| sources[at].path.as_ref() == Some(&path));
        if let Some(&at) = same {
            return at;
        }
        let again = Source { path: Some(path), ..sources[last].clone() };
        sources.push(again);
    } else {
        sources.push(describe(fields, path));
    }
    seen.push(sources.len() - 1);
    sources.len() - 1
}

fn describe(fields: &[&[u8]], path: Option<RepoPath>) -> Source {
    let field = |name: &str| {
        let prefix = format!("{name} ");
        fields
            .iter()
            .find_map(|field| field.strip_prefix(prefix.as_bytes()))
            .map(|value| String::from_utf8_lossy(value).into_owned())
            .unwrap_or_default()
    };
    Source {
        path,
        author: field("author"),
        mail: field("author-mail"),
        time: field("author-time").parse().unwrap_or(0),
        zone: field("author-tz"),
        boundary: fields.contains(&b"boundary".as_slice()),
    }
}

struct Group<'a> {
    headers: &'a [u8],
    text: &'a [u8],
}

/// Header lines up to the one that starts with a tab, which is the text.
fn next_group<'a>(rest: &mut &'a [u8]) -> Option<Group<'a>> {
    let all = *rest;
    let mut at = 0;
    while at < all.len() {
        let end = all[at..].iter().position(|&b| b == b'\n').map_or(all.len(), |n| at + n);
        if all[at] == b'\t' {
            *rest = all.get(end + 1..).unwrap_or_default();
            return Some(Group { headers: &all[..at], text: &all[at + 1..end] });
        }
        at = end + 1;
    }
    None
}

/// The path that a user means by this argument, from the top of the work tree.
pub fn from_top(repo: &Repo, cwd: &Path, path: &Path) -> RepoPath {
    repo.relative(&cwd.join(path))
        .unwrap_or_else(|| RepoPath::from_bytes(&*os_bytes(path.as_os_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_lines_of_a_commit_need_no_description() {
        let answer =
            b"aa 1 1 2\nauthor Ann Lee\nauthor-mail <a@b>\nauthor-time 7\nauthor-tz +0100\n\
            summary x\nboundary\nfilename old.txt\n\tone\naa 2 2\n\ttwo\n\
            aa 9 3 1\nfilename \"o\\303.txt\"\n\t\tthree\n";
        let blame = parse(answer);
        let lines: Vec<_> = blame.lines.iter().map(|l| (l.orig_line, l.line, l.source)).collect();
        assert_eq!(lines, [(1, 1, 0), (2, 2, 0), (9, 3, 1)]);
        assert_eq!(blame.lines[2].text, b"\tthree");
        assert_eq!(blame.sources[0].author, "Ann Lee");
        assert!(blame.sources[0].boundary);
        assert_eq!(blame.sources[1].path, Some(RepoPath::from_bytes(*b"o\xc3.txt")));
        assert_eq!(blame.sources[1].time, 7);
    }
}
