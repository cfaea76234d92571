//! Looking at files and work trees for the journal.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use chrono::{DateTime, Utc};

use crate::agents::Told;
use crate::agents::edit::{is_in, texts};
use crate::attribution::shell;
use crate::error::{Error, Result};
use crate::git::Repo;
use crate::git::lines::MAX_TEXT;
use crate::journal::Snapshots;
use crate::journal::stats::{Stat, StatCache};
use crate::model::event::TreeFile;
use crate::model::{Content, Digest, RepoPath, What};

/// Texts that one command's window keeps at most; what is more is seen by its digest. Bytes.
const MAX_WINDOW: usize = 64 * 1024 * 1024;

/// Scripts larger than this are not read for the names they hold. Bytes.
const MAX_SCRIPT: u64 = 256 * 1024;

/// A work tree that events are recorded for.
pub struct Place {
    /// Its repository.
    pub repo: Repo,
    /// Its top.
    pub top: PathBuf,
    /// Texts of its files.
    pub snapshots: Snapshots,
}

impl Place {
    /// The work tree around this folder. Bare repositories have none.
    pub fn around(folder: &Path) -> Result<Option<Self>> {
        let Some(repo) = Repo::around(folder)? else {
            return Ok(None);
        };
        Ok(repo.work_tree().map(Path::to_path_buf).map(|top| Self {
            snapshots: Snapshots::at(&repo.state_dir()),
            repo,
            top,
        }))
    }

    /// The path of a file below this work tree.
    pub fn relative(&self, path: &Path) -> Result<RepoPath> {
        self.repo.relative(path).ok_or_else(|| {
            Error::new(format!("{} is not below {}", path.display(), self.top.display()))
        })
    }

    /// Keeps a file's text as it is now.
    pub fn keep_file(
        &self,
        path: &Path,
        base: Option<(&Digest, &[u8])>,
    ) -> Result<(Content, Option<Vec<u8>>)> {
        match read_file(path) {
            Found::Text(text) => {
                let digest = self.snapshots.put(&text, base)?;
                Ok((Content::Text(digest), Some(text)))
            }
            Found::Absent => Ok((Content::ABSENT, None)),
            Found::Opaque(opaque) => Ok((Content::Opaque { opaque }, None)),
        }
    }

    fn keep(&self, text: Option<&[u8]>, base: Option<(&Digest, &[u8])>) -> Result<Content> {
        Ok(match text {
            None => Content::ABSENT,
            Some(text) if text.len() > MAX_TEXT => {
                Content::Opaque { opaque: too_large(text.len()) }
            }
            Some(text) => Content::Text(self.snapshots.put(text, base)?),
        })
    }
}

/// The event of an edit: the two texts around it.
pub fn edit(place: &Place, path: &Path, from: Option<&Path>, told: &Told) -> Result<What> {
    let disk = match read_file(path) {
        Found::Text(text) => Some(text),
        Found::Absent => None,
        Found::Opaque(opaque) => {
            return Ok(What::Edit {
                path: place.relative(path)?,
                from: None,
                before: None,
                after: Content::Opaque { opaque },
            });
        }
    };
    let texts = texts(told, disk.as_deref());
    let before = match &texts.before {
        None => None,
        Some(text) => Some(place.keep(text.as_deref(), None)?),
    };
    let base = match (&before, &texts.before) {
        (Some(Content::Text(digest)), Some(Some(text))) => Some((digest, text.as_slice())),
        _ => None,
    };
    let after = place.keep(texts.after.as_deref(), base)?;
    let from = from.map(|from| place.relative(from)).transpose()?;
    Ok(What::Edit { path: place.relative(path)?, from, before, after })
}

/// Whether a file has what was told of an edit; where it cannot be read, nobody can say.
pub fn has(path: &Path, told: &Told) -> bool {
    match read_file(path) {
        Found::Text(text) => is_in(told, Some(&text)),
        Found::Absent => is_in(told, None),
        Found::Opaque(_) => true,
    }
}

/// Every file that differs from HEAD, kept, as one snapshot.
pub fn tree(place: &Place, now: DateTime<Utc>) -> Result<Content> {
    let state = place.repo.state_dir();
    let cache = StatCache::open(&state, &place.top.to_string_lossy());
    let (mut manifest, mut seen) = (Vec::new(), Vec::new());
    let mut budget = MAX_WINDOW;
    for path in place.repo.dirty()? {
        let file = path.below(&place.top);
        let metadata = file.symlink_metadata().ok();
        let stat = metadata.filter(std::fs::Metadata::is_file).and_then(|m| Stat::of(&m));
        let name = path.quoted().into_owned();
        let known = stat.as_ref().and_then(|stat| cache.get(&name, stat));
        let text = match known {
            Some(digest) => Content::Text(digest),
            None => keep_within(place, &file, &mut budget)?,
        };
        if let (Content::Text(digest), Some(stat)) = (&text, stat) {
            seen.push((name, stat, digest.clone()));
        }
        serde_json::to_writer(&mut manifest, &TreeFile { path, text })
            .map_err(|e| Error::new("cannot list the work tree").because(e))?;
        manifest.push(b'\n');
    }
    // Losing the cache costs time, not facts.
    let _ = cache.save(seen, nanos(now));
    place.keep(Some(&manifest), None)
}

fn keep_within(place: &Place, file: &Path, budget: &mut usize) -> Result<Content> {
    match read_file(file) {
        Found::Text(text) if text.len() > *budget => Ok(Content::Opaque {
            opaque: format!("not kept: over {MAX_WINDOW} bytes of changed files"),
        }),
        Found::Text(text) => {
            *budget -= text.len();
            Ok(Content::Text(place.snapshots.put(&text, None)?))
        }
        Found::Absent => Ok(Content::ABSENT),
        Found::Opaque(opaque) => Ok(Content::Opaque { opaque }),
    }
}

/// Texts of scripts that a command runs: what they name is what the command may write.
pub fn scripts(place: &Place, cwd: &Path, command: &str) -> Result<Vec<Digest>> {
    let mut kept = Vec::new();
    let mut commands = vec![command.to_owned()];
    // A script may run another one, as `make` or `npm run` do.
    for _ in 0..2 {
        let mut next = Vec::new();
        for name in commands.iter().flat_map(|command| shell::scripts(command)) {
            let path = cwd.join(&name);
            let small = path.metadata().is_ok_and(|m| m.is_file() && m.len() <= MAX_SCRIPT);
            if let (true, Found::Text(text)) = (small, read_file(&path)) {
                let digest = place.snapshots.put(&text, None)?;
                if !kept.contains(&digest) && kept.len() < 16 {
                    kept.push(digest);
                    next.push(String::from_utf8_lossy(&text).into_owned());
                }
            }
        }
        commands = next;
    }
    Ok(kept)
}

/// The nearest folder around this path that exists.
pub fn existing_folder(path: &Path) -> &Path {
    path.ancestors().find(|folder| folder.is_dir()).unwrap_or(path)
}

/// Appends a line where nothing else could be written. Failing here has no place left to go.
pub fn last_resort(folder: &Path, line: &str) {
    let _ = std::fs::create_dir_all(folder);
    let file =
        std::fs::OpenOptions::new().create(true).append(true).open(folder.join("unusable.log"));
    if let Ok(mut file) = file {
        let _ = file.write_all(line.as_bytes());
    }
}

enum Found {
    Text(Vec<u8>),
    Absent,
    Opaque(String),
}

fn read_file(path: &Path) -> Found {
    let metadata = match path.symlink_metadata() {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Found::Absent,
        Err(error) => return Found::Opaque(error.to_string()),
    };
    if !metadata.is_file() {
        return Found::Opaque("not a regular file".into());
    }
    if metadata.len() > MAX_TEXT as u64 {
        return Found::Opaque(too_large(metadata.len() as usize));
    }
    match std::fs::read(path) {
        Ok(text) => Found::Text(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Found::Absent,
        Err(error) => Found::Opaque(error.to_string()),
    }
}

fn too_large(size: usize) -> String {
    format!("too large: {size} bytes, more than {MAX_TEXT}")
}

fn nanos(now: DateTime<Utc>) -> u128 {
    let since = std::time::SystemTime::from(now).duration_since(UNIX_EPOCH);
    since.map_or(0, |elapsed| elapsed.as_nanos())
}
