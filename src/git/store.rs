//! Objects and refs, through libgit2 where it can open the repository and through git where not
//! (reftable, unknown extensions, objects that a partial clone has yet to fetch).

use std::cell::RefCell;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::process::{self, With as _};
use super::{GitError, Kind};
use crate::model::Oid;

/// What the room needs of a repository; everything else is built on these.
pub trait Store {
    /// An object's type and bytes; `None` where there is none.
    fn read(&self, oid: &Oid) -> Result<Option<(Kind, Vec<u8>)>, GitError>;
    /// Whether an object is here. Nothing is fetched for it.
    fn has(&self, oid: &Oid) -> bool;
    /// Writes an object.
    fn write(&self, kind: Kind, bytes: &[u8]) -> Result<Oid, GitError>;
    /// What a ref (or HEAD) points at.
    fn target(&self, name: &str) -> Result<Option<Oid>, GitError>;
    /// Moves a ref if it still points at `old`; false if somebody was faster.
    fn swap(
        &self,
        name: &str,
        new: &Oid,
        old: Option<&Oid>,
        message: &str,
    ) -> Result<bool, GitError>;
    /// Whether git ignores this path of the work tree.
    fn ignores(&self, path: &std::path::Path) -> Result<bool, GitError>;
}

/// libgit2.
pub struct Native {
    pub repo: git2::Repository,
    /// Takes over where libgit2 does not find an object.
    pub fallback: Plumbing,
}

impl Native {
    fn oid(&self, oid: &Oid) -> Result<git2::Oid, GitError> {
        git2::Oid::from_str_ext(oid.as_str(), self.repo.object_format())
            .map_err(|e| GitError::library("read an object's name", e))
    }
}

impl Store for Native {
    fn read(&self, oid: &Oid) -> Result<Option<(Kind, Vec<u8>)>, GitError> {
        let doing = "read an object";
        let odb = self.repo.odb().map_err(|e| GitError::library(doing, e))?;
        match odb.read(self.oid(oid)?) {
            Ok(object) => Ok(Kind::of(object.kind()).map(|kind| (kind, object.data().to_vec()))),
            Err(error) if error.code() == git2::ErrorCode::NotFound => self.fallback.read(oid),
            Err(error) => Err(GitError::library(doing, error)),
        }
    }

    fn has(&self, oid: &Oid) -> bool {
        let odb = self.repo.odb();
        odb.is_ok_and(|odb| self.oid(oid).is_ok_and(|oid| odb.exists(oid)))
    }

    fn write(&self, kind: Kind, bytes: &[u8]) -> Result<Oid, GitError> {
        let doing = "write an object";
        let odb = self.repo.odb().map_err(|e| GitError::library(doing, e))?;
        let oid = odb.write(kind.native(), bytes).map_err(|e| GitError::library(doing, e))?;
        Ok(Oid(oid.to_string()))
    }

    fn target(&self, name: &str) -> Result<Option<Oid>, GitError> {
        match self.repo.refname_to_id(name) {
            Ok(oid) => Ok(Some(Oid(oid.to_string()))),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(GitError::library("read a ref", error)),
        }
    }

    fn swap(
        &self,
        name: &str,
        new: &Oid,
        old: Option<&Oid>,
        message: &str,
    ) -> Result<bool, GitError> {
        let new = self.oid(new)?;
        let moved = match old {
            Some(old) => {
                let old = self.oid(old)?;
                self.repo.reference_matching(name, new, true, old, message)
            }
            None => self.repo.reference(name, new, false, message),
        };
        match moved {
            Ok(_) => Ok(true),
            Err(error)
                if matches!(
                    error.code(),
                    git2::ErrorCode::Modified | git2::ErrorCode::Exists | git2::ErrorCode::Locked
                ) =>
            {
                Ok(false)
            }
            Err(error) => Err(GitError::library("move a ref", error)),
        }
    }

    fn ignores(&self, path: &std::path::Path) -> Result<bool, GitError> {
        self.repo.is_path_ignored(path).map_err(|e| GitError::library("read the ignore rules", e))
    }
}

fn is_missing(error: &git2::Error) -> bool {
    matches!(error.code(), git2::ErrorCode::NotFound | git2::ErrorCode::UnbornBranch)
}

/// git's own commands.
pub struct Plumbing {
    /// The folder to run in; `None` for the repository that the environment names.
    pub dir: Option<PathBuf>,
    /// Answers one question after the other: a process for each object costs milliseconds.
    reader: RefCell<Option<Batch>>,
}

impl Plumbing {
    /// In this folder.
    pub fn at(dir: Option<PathBuf>) -> Self {
        Self { dir, reader: RefCell::new(None) }
    }

    pub fn git(&self) -> Command {
        match &self.dir {
            Some(dir) => process::git_at(dir),
            None => process::git(),
        }
    }
}

impl Store for Plumbing {
    fn read(&self, oid: &Oid) -> Result<Option<(Kind, Vec<u8>)>, GitError> {
        // A name that somebody else wrote must not be two questions.
        if !oid.as_str().bytes().all(|b| b.is_ascii_hexdigit()) {
            return Ok(None);
        }
        let mut reader = self.reader.borrow_mut();
        if reader.is_none() {
            *reader = Batch::start(self.git()).ok();
        }
        if let Some(answer) = reader.as_mut().and_then(|batch| batch.ask(oid).ok()) {
            return Ok(answer);
        }
        // What went wrong is said by a process of its own.
        *reader = None;
        let mut command = self.git().with("cat-file").with("--batch");
        let answer = process::feed(&mut command, format!("{oid}\n").as_bytes(), "read an object")?;
        Ok(parse_batch(&answer))
    }

    fn has(&self, oid: &Oid) -> bool {
        let mut command = self.git().with("cat-file").with("-e").with(oid.as_str());
        command.env("GIT_NO_LAZY_FETCH", "1");
        process::answer(&mut command, "look for an object").is_ok_and(|found| found.is_some())
    }

    fn write(&self, kind: Kind, bytes: &[u8]) -> Result<Oid, GitError> {
        let mut command =
            self.git().with("hash-object").with("-w").with("-t").with(kind.name()).with("--stdin");
        let answer = process::feed(&mut command, bytes, "write an object")?;
        Ok(oid_of(&answer))
    }

    fn target(&self, name: &str) -> Result<Option<Oid>, GitError> {
        let mut command = self.git().with("rev-parse").with("--quiet").with("--verify").with(name);
        let answer = process::answer(&mut command, "read a ref")?;
        Ok(answer.map(|bytes| oid_of(&bytes)))
    }

    fn swap(
        &self,
        name: &str,
        new: &Oid,
        old: Option<&Oid>,
        message: &str,
    ) -> Result<bool, GitError> {
        let zeros = "0".repeat(new.as_str().len());
        let expected = old.map_or(zeros.as_str(), Oid::as_str);
        let mut command = self
            .git()
            .with("update-ref")
            .with("-m")
            .with(message)
            .with(name)
            .with(new.as_str())
            .with(expected);
        match process::output(&mut command, "move a ref") {
            Ok(_) => Ok(true),
            // git's words for "it moved meanwhile" and "somebody is moving it just now".
            Err(GitError::Failed { said, .. })
                if said.contains("but expected")
                    || said.contains("already exists")
                    || said.contains("cannot lock ref") =>
            {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    fn ignores(&self, path: &std::path::Path) -> Result<bool, GitError> {
        let mut command = self.git().with("check-ignore").with("--quiet").with("--").with(path);
        Ok(process::answer(&mut command, "read the ignore rules")?.is_some())
    }
}

/// A `git cat-file --batch` that stays.
struct Batch {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Batch {
    fn start(mut command: Command) -> io::Result<Self> {
        command.arg("cat-file").arg("--batch");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let stdin = child.stdin.take().expect("stdin is piped");
        let stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        Ok(Self { child, stdin, stdout })
    }

    fn ask(&mut self, oid: &Oid) -> io::Result<Option<(Kind, Vec<u8>)>> {
        self.stdin.write_all(format!("{oid}\n").as_bytes())?;
        self.stdin.flush()?;
        let mut header = String::new();
        self.stdout.read_line(&mut header)?;
        let wrong = || io::Error::from(io::ErrorKind::InvalidData);
        let mut words = header.strip_suffix('\n').ok_or_else(wrong)?.split(' ').skip(1);
        let kind = words.next().ok_or_else(wrong)?;
        if kind == "missing" {
            return Ok(None);
        }
        let size: usize = words.next().and_then(|word| word.parse().ok()).ok_or_else(wrong)?;
        let mut body = vec![0; size];
        self.stdout.read_exact(&mut body)?;
        self.stdout.read_exact(&mut [0])?;
        Ok(Kind::parse(kind).map(|kind| (kind, body)))
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn oid_of(answer: &[u8]) -> Oid {
    Oid(String::from_utf8_lossy(process::line(answer)).into_owned())
}

/// `<oid> <type> <size>\n<bytes>\n`, or `<oid> missing\n`.
fn parse_batch(answer: &[u8]) -> Option<(Kind, Vec<u8>)> {
    let end = answer.iter().position(|&b| b == b'\n')?;
    let header = std::str::from_utf8(&answer[..end]).ok()?;
    let mut words = header.split(' ').skip(1);
    let kind = Kind::parse(words.next()?)?;
    let size: usize = words.next()?.parse().ok()?;
    let body = answer.get(end + 1..end + 1 + size)?;
    Some((kind, body.to_vec()))
}
