//! Analysers of another make: run on the staged content of files, in a folder of their own.

use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use super::TreeProject;
use crate::checklist::project::Analysis;
use crate::checklist::{File, Project as _};
use crate::config::policy::External;
use crate::git::Repo;
use crate::git::process::unbind;
use crate::model::{Digest, RepoPath};

/// The setting of git's that holds what this clone trusts.
pub const TRUSTED: &str = "ai-log.trusted";

/// How long an analyser may take.
const TIME: Duration = Duration::from_secs(120);

/// What it may print. Bytes.
const MAX_OUTPUT: u64 = 32 * 1024 * 1024;

/// Files at the top, where analysers keep their settings, that are laid beside the others.
const MAX_SETTINGS: usize = 200;

/// How large such a file is at most. Bytes.
const MAX_SETTING: usize = 256 * 1024;

/// Whether a person has trusted this in this clone.
pub fn is_trusted(repo: &Repo, digest: &Digest) -> bool {
    repo.config_all(TRUSTED).contains(&digest.0)
}

/// What an analyser says of these files of a tree.
pub fn analyse(
    repo: &Repo,
    project: &TreeProject<'_>,
    analyser: &External,
    own: bool,
    files: &[&File],
) -> Analysis {
    if analyser.format != "sarif" {
        let format = &analyser.format;
        return Analysis::Failed(format!("its format is `{format}`, and only `sarif` is known"));
    }
    let outcome = match &analyser.file {
        Some(file) => lying(repo, file),
        None if analyser.command.is_empty() => Err("it has neither a command nor a file".into()),
        None if !own && !is_trusted(repo, &analyser.digest()) => return Analysis::Untrusted,
        None => run(project, &analyser.command, files),
    };
    outcome.unwrap_or_else(Analysis::Failed)
}

/// SARIF that another run has left in the work tree.
fn lying(repo: &Repo, file: &str) -> Result<Analysis, String> {
    let top = repo.work_tree().ok_or("a bare repository has no work tree")?;
    let unreadable = |error: std::io::Error| format!("{file} cannot be read: {error}");
    let place = top.join(inside(&RepoPath::from(file))?);
    // A policy comes with a clone: a pipe or a device would be waited for without end.
    if place.metadata().is_ok_and(|meta| !meta.is_file()) {
        return Err(format!("{file} is no file"));
    }
    let mut sarif = Vec::new();
    let open = std::fs::File::open(place).map_err(unreadable)?;
    open.take(MAX_OUTPUT).read_to_end(&mut sarif).map_err(unreadable)?;
    Ok(Analysis::Done { sarif, roots: vec![top.to_path_buf()] })
}

fn run(project: &TreeProject<'_>, words: &[String], files: &[&File]) -> Result<Analysis, String> {
    let folder = tempfile::Builder::new().prefix("git-ai-log-").tempdir();
    let folder = folder.map_err(|error| format!("no temporary folder can be made: {error}"))?;
    let top = folder.path().canonicalize().unwrap_or_else(|_| folder.path().to_owned());
    for file in files {
        lay(&top, &file.path, &file.text)?;
    }
    settings(project, &top, files)?;
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).args(files.iter().map(|file| argument(&file.path)));
    command.current_dir(&top).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    unbind(&mut command);
    let sarif = output(command, TIME)?;
    Ok(Analysis::Done { sarif, roots: vec![top, folder.path().to_owned()] })
}

/// A file that is called like an option is none.
fn argument(path: &RepoPath) -> PathBuf {
    let path = path.below(Path::new(""));
    if path.as_os_str().as_encoded_bytes().starts_with(b"-") {
        Path::new(".").join(path)
    } else {
        path
    }
}

/// A path that stays in the folder it starts from: trees of git's and policies can hold others.
fn inside(path: &RepoPath) -> Result<PathBuf, String> {
    let inside = path.below(Path::new(""));
    match inside.components().all(|part| matches!(part, Component::Normal(_))) {
        true => Ok(inside),
        false => Err(format!("{} leads out of its folder", path.quoted())),
    }
}

/// Lays a file where it belongs.
fn lay(top: &Path, path: &RepoPath, text: &str) -> Result<(), String> {
    let place = top.join(inside(path)?);
    let write = || {
        std::fs::create_dir_all(place.parent().unwrap_or(top))?;
        std::fs::write(&place, text)
    };
    write().map_err(|error| format!("{} cannot be laid out: {error}", path.quoted()))
}

fn settings(project: &TreeProject<'_>, top: &Path, files: &[&File]) -> Result<(), String> {
    let names = project.list("").into_iter().filter(|name| !name.ends_with('/'));
    for path in names.take(MAX_SETTINGS).map(|name| RepoPath::from(name.as_str())) {
        if files.iter().all(|file| file.path != path)
            && let Some(text) = project.text(&path).filter(|text| text.len() <= MAX_SETTING)
        {
            lay(top, &path, &text)?;
        }
    }
    Ok(())
}

/// Runs it; what it printed, whatever its status: many end with 1 where they found something.
fn output(mut command: Command, time: Duration) -> Result<Vec<u8>, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child =
        command.spawn().map_err(|error| format!("`{program}` cannot be started: {error}"))?;
    let out = reader(child.stdout.take());
    let err = reader(child.stderr.take());
    let until = Instant::now() + time;
    let left = || until.saturating_duration_since(Instant::now());
    let Ok(printed) = out.recv_timeout(left()) else {
        end(&mut child);
        return Err(format!("`{program}` took longer than {} seconds", time.as_secs()));
    };
    if printed.len() as u64 > MAX_OUTPUT {
        end(&mut child);
        return Err(format!("`{program}` printed more than {MAX_OUTPUT} bytes"));
    }
    let said = err.recv_timeout(left()).unwrap_or_default();
    end(&mut child);
    if printed.iter().all(u8::is_ascii_whitespace) {
        let said = String::from_utf8_lossy(&said);
        let last = said.lines().rev().find(|line| !line.trim().is_empty());
        return Err(match last {
            Some(last) => format!("`{program}` printed nothing, and said: {}", last.trim()),
            None => format!("`{program}` printed nothing"),
        });
    }
    Ok(printed)
}

/// Reads a stream to its end on a thread of its own, which is left alone where that takes too
/// long: a child of the analyser's may hold the stream open.
fn reader(stream: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(stream) = stream {
            let _ = stream.take(MAX_OUTPUT + 1).read_to_end(&mut bytes);
        }
        let _ = send.send(bytes);
    });
    receive
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn sh(script: &str, time: Duration) -> Result<Vec<u8>, String> {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdout(Stdio::piped()).stderr(Stdio::piped());
        output(command, time)
    }

    #[test]
    fn what_is_printed_counts_whatever_the_status() {
        assert_eq!(sh("echo x; exit 1", TIME), Ok(b"x\n".to_vec()));
        let said = sh("echo no such rule >&2; exit 2", TIME).unwrap_err();
        assert_eq!(said, "`sh` printed nothing, and said: no such rule");
        let mut command = Command::new("/nowhere/analyser");
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        assert!(output(command, TIME).unwrap_err().contains("cannot be started"));
    }

    #[test]
    fn it_is_ended_when_its_time_is_over_even_where_a_child_of_its_own_goes_on() {
        let said = sh("sleep 60 & sleep 60", Duration::from_millis(10)).unwrap_err();
        assert!(said.contains("took longer"), "{said}");
    }

    #[test]
    fn nothing_is_laid_outside_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["../x", "/tmp/x", "a/../../x"] {
            assert!(lay(folder.path(), &path.into(), "x").is_err(), "{path}");
        }
        lay(folder.path(), &"a/b".into(), "x").unwrap();
        assert_eq!(argument(&"-rf".into()), Path::new("./-rf"));
    }
}
