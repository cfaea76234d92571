//! `git ai-log verify`: notes that do not fit their commits, and what people said that does not
//! hold.

mod claims;

use std::collections::HashMap;
use std::ffi::OsString;

use clap::Args;

use crate::commands::Answer;
use crate::commands::screen::{Printing, printed};
use crate::config::Env;
use crate::error::{Error, Result};
use crate::git::changed::{Changed, ChangedFile};
use crate::git::notes::{Notes, PROVENANCE};
use crate::git::objects::Entry;
use crate::git::target::targets;
use crate::git::{GitError, Repo};
use crate::model::note::{Note, NoteHunk};
use crate::model::{LineRange, Oid, RepoPath};
use crate::notes::audit::{self, MAX_BROKEN};
use crate::notes::fit::{Misfit, misfits};
use crate::notes::{self, NoteError};
use crate::render::text::range;
use crate::render::verify::{Fault, Kind, Verified, print};

/// Faults of one note's hunks that are told. A note can come from anybody's push.
const MAX_FAULTS: usize = 50;

/// Check that notes fit their commits
///
/// Reads every commit of the range: whether its note speaks of lines that the commit adds, as they
/// are, whether attestations and waivers are for hunks that are there, and whether signatures are
/// good. Exits with 1 where something is wrong.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Commits, as `git log` takes them; without one, the history of HEAD
    #[arg(value_name = "RANGE")]
    pub range: Option<OsString>,
    /// Fail where nothing is recorded for a commit of the range
    #[arg(long)]
    pub require_notes: bool,
    /// Fail where an attestation or a waiver is not signed by a key of
    /// gpg.ssh.allowedSignersFile, or one that GnuPG knows
    #[arg(long)]
    pub require_signed: bool,
    #[command(flatten)]
    pub printing: Printing,
}

/// Reads the range, and says what is wrong.
pub fn run(env: &Env, args: &VerifyArgs) -> Result<Answer> {
    let repo = Repo::from_environment()?;
    let verified = verify(&repo, args)?;
    let mut out = args.printing.screen(env, Some(&repo));
    printed(if args.printing.json { out.json(&verified) } else { print(&mut out, &verified) })?;
    printed(out.finish())?;
    Ok(Answer::of(verified.ok))
}

fn verify(repo: &Repo, args: &VerifyArgs) -> Result<Verified> {
    let mut report = Report { args, verified: Verified::begun() };
    if args.range.is_none() && repo.is_unborn() {
        return Ok(report.verified);
    }
    let provenance = Notes::open(repo, PROVENANCE)?;
    let mut claims = claims::Checker::of(repo);
    let range = args.range.clone().unwrap_or_else(|| "HEAD".into());
    for commit in repo.changed(&range)? {
        let commit = commit.map_err(|error| unread(error, &range))?;
        report.verified.commits += 1;
        let Some(bytes) = provenance.get(&commit.commit)? else {
            report.missing(commit);
            continue;
        };
        report.verified.notes += 1;
        let about = About { commit: commit.commit.clone() };
        let Some(note) = read(&bytes, &about, &mut report) else {
            continue;
        };
        report.verified.hunks += note.hunks.len();
        hunks(repo, &commit, &note, &about, &mut report)?;
        claims.check(&note, &about, &mut report);
    }
    report.verified.ok = report.verified.faults.is_empty();
    Ok(report.verified)
}

fn unread(error: GitError, range: &OsString) -> Error {
    let shown = match error {
        GitError::Failed { said, .. } => {
            let range = range.to_string_lossy();
            Error::new(format!("cannot read the commits of `{range}`")).because(said)
        }
        error => return error.into(),
    };
    shown.hint("name a range as git does: main..HEAD; in CI fetch enough history first")
}

impl Verified {
    fn begun() -> Self {
        Self {
            schema: "git-ai-log/verify/1",
            ok: true,
            commits: 0,
            notes: 0,
            hunks: 0,
            claims: 0,
            faults: Vec::new(),
            notices: Vec::new(),
            not_recorded: Vec::new(),
        }
    }
}

/// What is found, as it is found.
struct Report<'a> {
    args: &'a VerifyArgs,
    verified: Verified,
}

impl Report<'_> {
    fn add(&mut self, fault: Fault) {
        let counts = match fault.kind {
            Kind::PartlyVoid => false,
            Kind::NotRecorded => self.args.require_notes,
            Kind::Unsigned | Kind::UnknownSigner | Kind::OtherSigner | Kind::Unchecked => {
                self.args.require_signed
            }
            _ => true,
        };
        let list = if counts { &mut self.verified.faults } else { &mut self.verified.notices };
        list.push(fault);
    }

    /// A commit that only deletes files has nothing to record.
    fn missing(&mut self, commit: Changed) {
        if commit.files.is_empty() {
            return;
        }
        if self.args.require_notes {
            let about = About { commit: commit.commit.clone() };
            self.add(Fault {
                next: Some(format!(
                    "fetch the notes, or: git ai-log repair {}^!",
                    commit.commit.short()
                )),
                ..about.fault(Kind::NotRecorded, "nothing is recorded for this commit")
            });
        }
        self.verified.not_recorded.push(commit.commit);
    }
}

/// The commit whose note is looked at.
struct About {
    commit: Oid,
}

impl About {
    fn fault(&self, kind: Kind, message: impl Into<String>) -> Fault {
        let (commit, message) = (self.commit.clone(), message.into());
        Fault { kind, commit, path: None, lines: None, message, next: None }
    }

    /// A fault that goes away when the note is made again from those of other commits.
    fn misfit(&self, kind: Kind, place: (&RepoPath, LineRange), message: String) -> Fault {
        Fault {
            path: Some(place.0.clone()),
            lines: Some(place.1),
            next: Some(self.again()),
            ..self.fault(kind, message)
        }
    }

    fn again(&self) -> String {
        let commit = self.commit.short();
        format!("git notes --ref ai-log/provenance remove {commit} && git ai-log repair {commit}^!")
    }
}

/// The note as readers see it; what they pass over is told.
fn read(bytes: &[u8], about: &About, report: &mut Report<'_>) -> Option<Note> {
    let broken = match audit::broken(bytes) {
        Ok(broken) => broken,
        Err(error) => {
            let newer = matches!(error, NoteError::Newer { .. });
            let kind = if newer { Kind::Newer } else { Kind::Unreadable };
            let next =
                if newer { "install a newer version of git ai-log".into() } else { about.again() };
            report.add(Fault { next: Some(next), ..about.fault(kind, error.to_string()) });
            return None;
        }
    };
    let many = broken.len() == MAX_BROKEN;
    for record in broken {
        report.add(Fault {
            path: record.path,
            lines: record.lines,
            next: Some(about.again()),
            ..about
                .fault(Kind::Damaged, format!("line {} of the note {}", record.line, record.what))
        });
    }
    if many {
        report.add(about.fault(Kind::More, "more records of this note may be broken"));
    }
    notes::parse_as_it_is(bytes).ok()
}

/// Holds the hunks of a note against the files of its commit.
fn hunks(
    repo: &Repo,
    commit: &Changed,
    note: &Note,
    about: &About,
    report: &mut Report<'_>,
) -> Result<()> {
    let mut files = Files::of(repo, commit);
    let mut told = 0;
    let sorted: Vec<&NoteHunk> = note.hunks.iter().collect();
    for own in sorted.chunk_by(|a, b| a.path == b.path) {
        let (path, lines) = (&own[0].path, own[0].lines);
        let misfits = match files.text(path)? {
            Some((text, bases)) => {
                let bases: Vec<&[u8]> = bases.iter().map(Vec::as_slice).collect();
                misfits(own, &text, &bases)
            }
            None => {
                told += 1;
                let (kind, what) = match files.has(path)? {
                    true => (Kind::NotAdded, "this commit does not change the file"),
                    false => (Kind::NoFile, "this commit has no such file"),
                };
                report.add(about.misfit(kind, (path, lines), what.to_owned()));
                Vec::new()
            }
        };
        for (at, misfit) in misfits.into_iter().take(MAX_FAULTS) {
            told += 1;
            let (kind, message) = words(misfit, own[at].lines);
            report.add(about.misfit(kind, (path, own[at].lines), message));
        }
        if told >= MAX_FAULTS {
            report.add(about.fault(Kind::More, "more hunks of this note may not fit"));
            break;
        }
    }
    Ok(())
}

fn words(misfit: Misfit, lines: LineRange) -> (Kind, String) {
    match misfit {
        Misfit::Beyond { lines } => (Kind::Beyond, format!("the file has only {lines} lines")),
        Misfit::Overlaps => (Kind::Overlapping, "another hunk claims lines of this one".into()),
        Misfit::Stale { same } => {
            let of = lines.len();
            (Kind::Stale, format!("the text is another one ({same} of {of} lines are the same)"))
        }
        Misfit::Shifted(there) => {
            (Kind::Shifted, format!("this text stands at {} of the file", range(there)))
        }
        Misfit::Space => {
            (Kind::Stale, "the text is another one (only its white space differs)".into())
        }
        Misfit::Fingerprints => {
            (Kind::Fingerprints, "the fingerprints are those of another text".into())
        }
        Misfit::NotAdded(old) => {
            (Kind::NotAdded, format!("this commit does not add line {}", range(old)))
        }
    }
}

/// The files of a commit, read as they are asked for.
struct Files<'c> {
    repo: &'c Repo,
    commit: &'c Changed,
    changed: HashMap<&'c RepoPath, &'c ChangedFile>,
    renames: Option<HashMap<RepoPath, Texts>>,
    tree: Option<Oid>,
    folders: HashMap<Oid, Vec<Entry>>,
}

/// A file's text, and its texts in the commits below.
type Texts = (Vec<u8>, Vec<Vec<u8>>);

impl<'c> Files<'c> {
    fn of(repo: &'c Repo, commit: &'c Changed) -> Self {
        let changed = commit.files.iter().map(|file| (&file.path, file)).collect();
        Self { repo, commit, changed, renames: None, tree: None, folders: HashMap::new() }
    }

    /// The texts of a file that the commit changes.
    fn text(&mut self, path: &RepoPath) -> Result<Option<Texts>> {
        let Some(file) = self.changed.get(path).copied() else {
            return Ok(None);
        };
        if self.may_be_renamed(file) {
            return self.renamed(path);
        }
        let bases = file.old.iter().map(|oid| self.blob(oid)).collect::<Result<Vec<_>>>()?;
        Ok(Some((self.blob(&file.new)?, bases)))
    }

    /// A new file may be an old one under another name, of which lines were there before.
    fn may_be_renamed(&self, file: &ChangedFile) -> bool {
        match self.commit.parents {
            0 => false,
            1 => file.old.is_empty() && self.commit.gone,
            parents => file.old.len() < parents,
        }
    }

    /// Pairs old and new names as it was done when the note was written.
    fn renamed(&mut self, path: &RepoPath) -> Result<Option<Texts>> {
        if self.renames.is_none() {
            let targets = targets(self.repo, &self.repo.commit(&self.commit.commit)?)?;
            let all = targets.into_iter().map(|target| (target.path, (target.text, target.bases)));
            self.renames = Some(all.collect());
        }
        Ok(self.renames.as_ref().and_then(|renames| renames.get(path)).cloned())
    }

    /// Whether the commit has this file at all.
    fn has(&mut self, path: &RepoPath) -> Result<bool> {
        if self.tree.is_none() {
            self.tree = Some(self.repo.commit(&self.commit.commit)?.tree);
        }
        match &self.tree {
            Some(tree) => Ok(self.repo.file_by(tree, path, &mut self.folders)?.is_some()),
            None => Ok(false),
        }
    }

    fn blob(&self, oid: &Oid) -> Result<Vec<u8>> {
        let missing = || {
            let error = GitError::Damaged { what: "file", oid: oid.clone() };
            Error::new(error.to_string())
                .hint("a partial clone fetches it when the remote can be reached; else `git fsck`")
        };
        self.repo.blob(oid)?.ok_or_else(missing)
    }
}
