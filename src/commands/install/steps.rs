//! Doing the planned steps: all of them, or none.

use std::io::Write;
use std::path::{Path, PathBuf};

use similar::TextDiff;

use super::{SetupError, disk};
use crate::git::hooks::config_at;
use crate::git::process;
use crate::model::step::Step;

/// What stood at a path, so that it can stand there again.
enum Saved {
    Nothing,
    File { bytes: Vec<u8>, mode: u32 },
    Link(PathBuf),
}

/// What undoes a step that is done.
enum Undo {
    Put(PathBuf, Saved),
    Back { from: PathBuf, to: PathBuf, over: Saved },
    Config { git_dir: PathBuf, args: Vec<Vec<String>> },
    Folder(PathBuf),
}

/// Does all steps; where one fails, those before it are undone.
pub(crate) fn apply(steps: &[Step]) -> Result<(), SetupError> {
    let mut done = Vec::new();
    for step in steps {
        if let Err(error) = apply_one(step, &mut done) {
            for undo in done.into_iter().rev() {
                // What cannot be undone either must not hide why.
                let _ = undo_one(undo);
            }
            return Err(error);
        }
    }
    Ok(())
}

fn apply_one(step: &Step, done: &mut Vec<Undo>) -> Result<(), SetupError> {
    match step {
        Step::Write { path, before, after, executable, .. } => {
            let failed = |source| SetupError::Write { path: path.clone(), source };
            let target = target(path);
            let saved = save(&target).map_err(failed)?;
            let unchanged = match (&saved, before) {
                (Saved::Nothing, None) => true,
                (Saved::File { bytes, .. }, Some(before)) => bytes == before,
                _ => false,
            };
            if !unchanged {
                return Err(SetupError::Changed { path: path.clone() });
            }
            make_folders(&target, done).map_err(failed)?;
            let mode = match &saved {
                Saved::File { mode, .. } if *executable => Some(mode | ((mode & 0o444) >> 2)),
                Saved::File { mode, .. } => Some(*mode),
                _ => None,
            };
            write(&target, after, mode, *executable).map_err(failed)?;
            done.push(Undo::Put(target, saved));
        }
        Step::Move { from, to, .. } => {
            let failed = |source| SetupError::Write { path: from.clone(), source };
            let over = save(to).map_err(failed)?;
            std::fs::rename(from, to).map_err(failed)?;
            done.push(Undo::Back { from: to.clone(), to: from.clone(), over });
        }
        Step::Delete { path, .. } => {
            let failed = |source| SetupError::Write { path: path.clone(), source };
            let saved = save(path).map_err(failed)?;
            std::fs::remove_file(path).map_err(failed)?;
            done.push(Undo::Put(path.clone(), saved));
        }
        Step::Config { git_dir, args, undo, .. } => {
            let mut command = config_at(git_dir);
            process::output(command.args(args), "change its configuration")?;
            done.push(Undo::Config { git_dir: git_dir.clone(), args: undo.clone() });
        }
    }
    Ok(())
}

fn undo_one(undo: Undo) -> std::io::Result<()> {
    match undo {
        Undo::Put(path, saved) => put(&path, saved),
        Undo::Back { from, to, over } => {
            std::fs::rename(&from, to)?;
            put(&from, over)
        }
        Undo::Config { git_dir, args } => {
            for args in args {
                config_at(&git_dir).args(args).output()?;
            }
            Ok(())
        }
        Undo::Folder(path) => std::fs::remove_dir(path),
    }
}

fn put(path: &Path, saved: Saved) -> std::io::Result<()> {
    match saved {
        Saved::Nothing => match std::fs::remove_file(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            other => other,
        },
        Saved::File { bytes, mode } => write(path, &bytes, Some(mode), false),
        Saved::Link(to) => {
            let _ = std::fs::remove_file(path);
            disk::symlink(&to, path)
        }
    }
}

fn save(path: &Path) -> std::io::Result<Saved> {
    match path.symlink_metadata() {
        Ok(meta) if meta.is_symlink() => Ok(Saved::Link(std::fs::read_link(path)?)),
        Ok(meta) => {
            let mode = disk::mode(&meta);
            Ok(Saved::File { bytes: std::fs::read(path)?, mode })
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Saved::Nothing),
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => Ok(Saved::Nothing),
        Err(error) => Err(error),
    }
}

/// Where a file really lies: settings are often symlinks into a folder of dotfiles.
fn target(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    // As many links as Linux follows; a loop fails when it is written.
    for _ in 0..40 {
        match std::fs::read_link(&path) {
            Ok(to) => path = path.parent().unwrap_or(Path::new("")).join(to),
            Err(_) => break,
        }
    }
    path
}

/// The folders that are missing above a file, the outermost first.
pub(crate) fn missing_folders(path: &Path) -> Vec<PathBuf> {
    let mut missing: Vec<PathBuf> = target(path)
        .ancestors()
        .skip(1)
        .take_while(|dir| !dir.as_os_str().is_empty() && !dir.exists())
        .map(Path::to_owned)
        .collect();
    missing.reverse();
    missing
}

fn make_folders(path: &Path, done: &mut Vec<Undo>) -> std::io::Result<()> {
    for dir in missing_folders(path) {
        std::fs::create_dir(&dir)?;
        done.push(Undo::Folder(dir));
    }
    Ok(())
}

/// Writes a file whole: nobody ever sees half of it.
pub(crate) fn write(
    path: &Path,
    bytes: &[u8],
    mode: Option<u32>,
    executable: bool,
) -> std::io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    // The process's umask takes away what the user does not want to give.
    let fresh = if executable { 0o777 } else { 0o666 };
    let mut file = disk::temporary(dir, fresh)?;
    file.write_all(bytes)?;
    if let Some(mode) = mode {
        disk::set_mode(file.as_file(), mode)?;
    }
    disk::keep_owner(file.path(), path);
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// One line a step: what was done to what.
pub(crate) fn summary(step: &Step, show: &dyn Fn(&Path) -> String) -> String {
    match step {
        Step::Write { path, before: None, about, .. } => {
            format!("created  {}  ({about})", show(path))
        }
        Step::Write { path, about, .. } => format!("changed  {}  ({about})", show(path)),
        Step::Move { from, to, about } => {
            format!("moved    {} -> {}  ({about})", show(from), show(to))
        }
        Step::Delete { path, about, .. } => format!("deleted  {}  ({about})", show(path)),
        Step::Config { args, about, .. } => {
            let args = args.iter().filter(|arg| !arg.starts_with("--")).take(1);
            let key = args.cloned().collect::<String>();
            format!("changed  git config {key}  ({about})")
        }
    }
}

/// The step as a unified diff, in the form that git gives it.
pub(crate) fn diff(step: &Step, show: &dyn Fn(&Path) -> String) -> String {
    match step {
        Step::Write { path, before, after, .. } => {
            let name = show(path);
            let old = before.as_ref().map_or("/dev/null", |_| name.as_str());
            unified(before.as_deref().unwrap_or_default(), after, old, &name)
        }
        Step::Delete { path, before, .. } => unified(before, b"", &show(path), "/dev/null"),
        Step::Move { from, to, .. } => {
            format!("rename from {}\nrename to {}\n", show(from), show(to))
        }
        Step::Config { args, .. } => format!("git config {}\n", args.join(" ")),
    }
}

fn unified(old: &[u8], new: &[u8], old_name: &str, new_name: &str) -> String {
    let (old, new) = (String::from_utf8_lossy(old), String::from_utf8_lossy(new));
    let diff = TextDiff::from_lines(&*old, &*new);
    diff.unified_diff().header(old_name, new_name).to_string()
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn write(path: PathBuf, before: Option<&[u8]>) -> Step {
        let before = before.map(<[u8]>::to_vec);
        Step::Write {
            path,
            before,
            after: b"new".to_vec(),
            executable: false,
            about: String::new(),
        }
    }

    #[test]
    fn what_cannot_be_done_whole_is_undone() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in ["changed", "moved", "over", "deleted", "file"] {
            std::fs::write(at(name), name).unwrap();
        }
        std::fs::set_permissions(at("deleted"), std::fs::Permissions::from_mode(0o755)).unwrap();
        symlink("nowhere", at("link")).unwrap();
        let about = String::new();
        let steps = [
            write(at("changed"), Some(b"changed")),
            write(at("a/b/fresh"), None),
            Step::Move { from: at("moved"), to: at("over"), about: about.clone() },
            Step::Move { from: at("over"), to: at("link"), about: about.clone() },
            Step::Delete { path: at("deleted"), before: b"deleted".to_vec(), about },
            write(at("file/below"), None),
        ];
        assert!(apply(&steps[..5]).is_ok_and(|()| at("a/b/fresh").is_file()));
        for name in ["changed", "moved", "over", "deleted"] {
            std::fs::write(at(name), name).unwrap();
        }
        std::fs::set_permissions(at("deleted"), std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::remove_file(at("link")).unwrap();
        symlink("nowhere", at("link")).unwrap();
        std::fs::remove_dir_all(at("a")).unwrap();

        assert!(matches!(apply(&steps), Err(SetupError::Write { .. })));
        for name in ["changed", "moved", "over", "deleted"] {
            assert_eq!(std::fs::read_to_string(at(name)).unwrap(), name);
        }
        assert_eq!(at("deleted").metadata().unwrap().permissions().mode() & 0o777, 0o755);
        assert_eq!(std::fs::read_link(at("link")).unwrap(), Path::new("nowhere"));
        assert!(!at("a").exists());
    }

    #[test]
    fn a_file_that_changed_in_the_meantime_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("settings.json");
        std::fs::write(&path, "theirs").unwrap();
        let done = apply(&[write(path.clone(), Some(b"older"))]);
        assert!(matches!(done, Err(SetupError::Changed { .. })));
        assert_eq!(std::fs::read_to_string(path).unwrap(), "theirs");
    }

    #[test]
    fn a_symlink_is_written_through_and_the_mode_stays() {
        let dir = tempfile::tempdir().unwrap();
        let (link, file) = (dir.path().join("link"), dir.path().join("dotfiles/file"));
        std::fs::create_dir(dir.path().join("dotfiles")).unwrap();
        std::fs::write(&file, "old").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        symlink("dotfiles/file", &link).unwrap();
        apply(&[write(link.clone(), Some(b"old"))]).unwrap();
        assert_eq!(std::fs::read_link(&link).unwrap(), Path::new("dotfiles/file"));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o640);
    }
}
