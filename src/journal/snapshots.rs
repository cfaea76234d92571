//! Texts of files, named by their SHA-256.
//!
//! A text is stored whole, or as what it has otherwise than another one, so that hundreds of
//! edits of one large file cost little more than the file. A file is a header line and bytes:
//! `whole\n<bytes>` or `delta <check> <base> <depth> <start,length>…\n<bytes>`, where a piece
//! `start,length` is copied from the base and `+length` from the bytes that follow. `check` is the
//! start of the SHA-256 of all that follows it: a long text that was made from one that is known
//! to be right need not be hashed.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use super::prune::collect;
use super::{JournalError, io, private_dir};
use crate::git::lines::{self, Space};
use crate::model::Digest;

/// Younger texts are never swept.
const YOUNG: Duration = Duration::from_secs(24 * 60 * 60);

/// How much text a [`Reader`] keeps. Bytes.
const MAX_KEPT: usize = 16 * 1024 * 1024;

/// How many deltas may stand on each other before a text is stored whole again.
const MAX_DEPTH: usize = 40;

/// The snapshots of one repository.
pub struct Snapshots {
    dir: PathBuf,
}

/// Reads texts one after the other and keeps the last ones: each edit stands on the one before.
pub struct Reader {
    snapshots: Snapshots,
    texts: HashMap<Digest, Rc<Vec<u8>>>,
    order: VecDeque<Digest>,
    size: usize,
}

impl Reader {
    /// Nothing read yet.
    pub fn of(snapshots: Snapshots) -> Self {
        Self { snapshots, texts: HashMap::new(), order: VecDeque::new(), size: 0 }
    }

    /// A text; `None` where it is gone or damaged.
    pub fn get(&mut self, digest: &Digest) -> Option<Rc<Vec<u8>>> {
        if let Some(text) = self.texts.get(digest) {
            return Some(Rc::clone(text));
        }
        let text = Rc::new(self.snapshots.get_by(digest, &self.texts)?);
        self.size += text.len();
        self.texts.insert(digest.clone(), Rc::clone(&text));
        self.order.push_back(digest.clone());
        while self.size > MAX_KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.size -= self.texts.remove(&oldest).map_or(0, |text| text.len());
        }
        Some(text)
    }
}

enum Piece {
    Copy(usize, usize),
    Insert(usize),
}

impl Snapshots {
    /// The snapshots below this state folder (`<git-common-dir>/ai-log`).
    pub fn at(state: &Path) -> Self {
        Self { dir: state.join("snapshots") }
    }

    /// Keeps a text; `base` is another one that is much the same and already kept.
    pub fn put(&self, text: &[u8], base: Option<(&Digest, &[u8])>) -> Result<Digest, JournalError> {
        let digest = Digest::of(text);
        let path = self.file(&digest);
        if path.exists() {
            return Ok(digest);
        }
        let bytes = base
            .and_then(|(digest, base)| self.delta(text, digest, base))
            .unwrap_or_else(|| [b"whole\n", text].concat());
        let folder = path.parent().unwrap_or(&self.dir);
        private_dir(folder)?;
        // Whole or not at all: the name promises the content.
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(io("write in", folder))?;
        file.write_all(&bytes).map_err(io("write", &path))?;
        file.persist(&path).map_err(|e| io("write", &path)(e.error))?;
        Ok(digest)
    }

    /// A text; `None` where it is gone or damaged.
    #[cfg(test)]
    pub fn get(&self, digest: &Digest) -> Option<Vec<u8>> {
        self.get_by(digest, &HashMap::new())
    }

    /// A text, by texts that have been read already; `None` where it is gone or damaged.
    fn get_by(&self, digest: &Digest, known: &HashMap<Digest, Rc<Vec<u8>>>) -> Option<Vec<u8>> {
        self.read(digest, 0, known)
    }

    fn read(
        &self,
        digest: &Digest,
        depth: usize,
        known: &HashMap<Digest, Rc<Vec<u8>>>,
    ) -> Option<Vec<u8>> {
        let bytes = std::fs::read(self.file(digest)).ok()?;
        let end = bytes.iter().position(|&b| b == b'\n')?;
        let (header, body) = (&bytes[..end], &bytes[end + 1..]);
        if header == b"whole" {
            return (Digest::of(body) == *digest).then(|| body.to_vec());
        }
        if depth > MAX_DEPTH {
            return None;
        }
        let header = std::str::from_utf8(header).ok()?;
        let (found, rest) = header.strip_prefix("delta ")?.split_once(' ')?;
        if found != check(bytes.get(end - rest.len()..)?) {
            return None;
        }
        let mut words = rest.split(' ');
        let base = Digest(words.next()?.to_owned());
        let read;
        let base: &[u8] = match known.get(&base) {
            Some(text) => text,
            None => {
                read = self.read(&base, depth + 1, known)?;
                &read
            }
        };
        let mut text = Vec::with_capacity(base.len() + body.len());
        let mut at = 0;
        for word in words.skip(1) {
            let from = match word.strip_prefix('+') {
                Some(length) => {
                    let end = at + length.parse::<usize>().ok()?;
                    let piece = body.get(at..end)?;
                    at = end;
                    piece
                }
                None => {
                    let (start, length) = word.split_once(',')?;
                    let start: usize = start.parse().ok()?;
                    base.get(start..start.checked_add(length.parse().ok()?)?)?
                }
            };
            text.extend_from_slice(from);
        }
        Some(text)
    }

    fn delta(&self, text: &[u8], digest: &Digest, base: &[u8]) -> Option<Vec<u8>> {
        let depth = self.depth(digest)? + 1;
        if depth > MAX_DEPTH {
            return None;
        }
        let pieces = pieces(base, text);
        let mut header = format!("{digest} {depth}");
        let mut body = Vec::new();
        let mut at = 0;
        for piece in pieces {
            match piece {
                Piece::Copy(start, length) => {
                    header.push_str(&format!(" {start},{length}"));
                    at += length;
                }
                Piece::Insert(length) => {
                    header.push_str(&format!(" +{length}"));
                    body.extend_from_slice(&text[at..at + length]);
                    at += length;
                }
            }
        }
        header.push('\n');
        let rest = [header.as_bytes(), &body].concat();
        let bytes = [format!("delta {} ", check(&rest)).as_bytes(), &rest].concat();
        (bytes.len() < text.len()).then_some(bytes)
    }

    fn depth(&self, digest: &Digest) -> Option<usize> {
        use std::io::Read as _;
        let mut start = [0; 128];
        let mut file = std::fs::File::open(self.file(digest)).ok()?;
        let length = file.read(&mut start).ok()?;
        if start.starts_with(b"whole\n") {
            return Some(0);
        }
        let text = String::from_utf8_lossy(&start[..length]);
        text.split([' ', '\n']).nth(3)?.trim().parse().ok()
    }

    /// Removes the texts that are neither named here, nor needed by one that is, nor young: what
    /// was written just now may be named in a moment.
    pub fn sweep(&self, named: &HashSet<Digest>, now: SystemTime) -> Result<(), JournalError> {
        let mut needed = HashSet::new();
        let mut todo: Vec<Digest> = named.iter().cloned().collect();
        while let Some(digest) = todo.pop() {
            if !needed.insert(digest.clone()) {
                continue;
            }
            let Ok(bytes) = std::fs::read(self.file(&digest)) else { continue };
            // A list of files names texts, a delta the text that it stands on.
            let mut names = HashSet::new();
            collect(&bytes, &mut names);
            todo.extend(names);
        }
        for (digest, path) in self.files() {
            let modified = path.metadata().and_then(|metadata| metadata.modified());
            let age = modified.ok().and_then(|then| now.duration_since(then).ok());
            if !needed.contains(&digest) && age.is_some_and(|age| age > YOUNG) {
                std::fs::remove_file(&path).map_err(io("remove", &path))?;
            }
        }
        Ok(())
    }

    /// What all texts take on the disk. Bytes.
    pub fn size(&self) -> u64 {
        let sizes =
            self.files().into_iter().filter_map(|(_, path)| Some(path.metadata().ok()?.len()));
        sizes.sum()
    }

    fn files(&self) -> Vec<(Digest, PathBuf)> {
        let list = |dir: &Path| {
            std::fs::read_dir(dir).into_iter().flatten().filter_map(Result::ok).map(|e| e.path())
        };
        let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
        let mut files = Vec::new();
        for folder in list(&self.dir) {
            for path in list(&folder) {
                if let (Some(start), Some(rest)) = (name(&folder), name(&path)) {
                    files.push((Digest(start + &rest), path));
                }
            }
        }
        files
    }

    fn file(&self, digest: &Digest) -> PathBuf {
        let name = digest.as_str();
        let (folder, rest) = name.split_at(name.len().min(2));
        self.dir.join(folder).join(rest)
    }
}

/// What a delta says of the bytes that follow.
fn check(rest: &[u8]) -> String {
    let mut digest = Digest::of(rest).0;
    digest.truncate(16);
    digest
}

/// How to make `text` from `base`: equal ends are found by comparing bytes, the middle by lines.
fn pieces(base: &[u8], text: &[u8]) -> Vec<Piece> {
    let limit = base.len().min(text.len());
    let head = lines::common_prefix(base, text);
    let tail = lines::common_suffix(base, text, limit - head);
    let (old, new) = (&base[head..base.len() - tail], &text[head..text.len() - tail]);
    let mut pieces = Vec::new();
    let mut add = |piece: Piece| match piece {
        Piece::Copy(_, 0) | Piece::Insert(0) => {}
        piece => pieces.push(piece),
    };
    add(Piece::Copy(0, head));
    // A middle of this size is cheaper to keep than to compare.
    if new.len() < 4_096 || old.is_empty() {
        add(Piece::Insert(new.len()));
    } else {
        let (mut old_at, mut new_lines_at) = (0, 0);
        let (old_lines, new_lines) = (lines::split(old), lines::split(new));
        let bytes = |lines: &[&[u8]]| lines.iter().map(|line| line.len()).sum::<usize>();
        for edit in lines::diff(old, new, Space::Counts) {
            let same = bytes(&new_lines[new_lines_at..edit.new.start]);
            add(Piece::Copy(head + old_at, same));
            add(Piece::Insert(bytes(&new_lines[edit.new.clone()])));
            old_at += same + bytes(&old_lines[edit.old.clone()]);
            new_lines_at = edit.new.end;
        }
        add(Piece::Copy(head + old_at, bytes(&new_lines[new_lines_at..])));
    }
    add(Piece::Copy(base.len() - tail, tail));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn store() -> (tempfile::TempDir, Snapshots) {
        let dir = tempfile::tempdir().unwrap();
        let store = Snapshots::at(dir.path());
        (dir, store)
    }

    #[test]
    fn two_hundred_edits_of_a_large_file_stay_small() {
        let (dir, store) = store();
        let mut text: Vec<Vec<u8>> = (0..10_000)
            .map(|n| format!("line number {n} of a file of half a megabyte, or so\n").into_bytes())
            .collect();
        let mut before = text.concat();
        let mut digest = store.put(&before, None).unwrap();
        for round in 0..200_usize {
            // Both ends and the middle: equal ends alone would not help.
            for at in [round, 5_000 + round, 9_999 - round] {
                text[at] = format!("edited in round {round}\n").into_bytes();
            }
            let after = text.concat();
            digest = store.put(&after, Some((&digest, &before))).unwrap();
            before = after;
        }
        assert_eq!(store.get(&digest).unwrap(), before);
        let size: u64 = walk(dir.path()).iter().map(|p| p.metadata().unwrap().len()).sum();
        assert!(size < 6_000_000, "{size} bytes");
    }

    fn walk(dir: &Path) -> Vec<PathBuf> {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { files.extend(walk(&path)) } else { files.push(path) }
        }
        files
    }

    #[test]
    fn a_damaged_text_is_no_text() {
        let (_dir, store) = store();
        let digest = store.put(b"text\n", None).unwrap();
        std::fs::write(store.file(&digest), b"whole\nforged\n").unwrap();
        assert_eq!(store.get(&digest), None);
        std::fs::write(store.file(&digest), b"delta x y z").unwrap();
        assert_eq!(store.get(&digest), None);
        let base = "line\n".repeat(100).into_bytes();
        let text = [base.as_slice(), b"more\n"].concat();
        let digest = store.put(&base, None).unwrap();
        let digest = store.put(&text, Some((&digest, &base))).unwrap();
        assert_eq!(store.get(&digest).unwrap(), text);
        let mut bytes = std::fs::read(store.file(&digest)).unwrap();
        let at = bytes.len() - 2;
        bytes[at] = b'x';
        std::fs::write(store.file(&digest), bytes).unwrap();
        assert_eq!(store.get(&digest), None);
    }

    proptest! {
        #[test]
        fn what_is_kept_comes_back(
            base in proptest::collection::vec("[ab]{0,3}\n|[^\n]{0,2000}\n", 0..40),
            cut in 0_usize..40, with in "[ab\n]{0,6000}",
        ) {
            let (_dir, store) = store();
            let base = base.concat().into_bytes();
            let mut text = base.clone();
            let at = cut.min(text.len());
            text.splice(at..(at + cut).min(text.len()), with.bytes());
            let digest = store.put(&base, None).unwrap();
            let other = store.put(&text, Some((&digest, &base))).unwrap();
            prop_assert_eq!(store.get(&other).unwrap(), text);
        }
    }
}
