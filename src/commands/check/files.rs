//! Whole files and folders, whoever wrote them: the working directory is the project.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use ignore::WalkBuilder;

use super::{Reported, items};
use crate::checklist::project::Toolchain;
use crate::checklist::{Change, Claims, File, Project, TeamRule, judge as run};
use crate::commands::gate;
use crate::config::Env;
use crate::config::policy::{Effective, FILE};
use crate::error::{Error, Result};
use crate::git::lines::{MAX_TEXT, is_text};
use crate::model::{Finding, Oid, RepoPath};
use crate::render::check::text::Shown;

/// Judges every line of these files, and of the files below these folders.
pub fn judge(env: &Env, paths: &[PathBuf]) -> Result<Reported> {
    let folder = Folder::of(env.cwd.clone(), env);
    let mut change = Change::default();
    for path in paths {
        collect(&folder, path, &mut change)?;
    }
    change.touched = change.files.iter().map(|file| file.path.clone()).collect();
    let policy = policy(env)?;
    let judgement = run(&change, &folder, &policy, &rules(&folder), &Claims::default())?;
    let lines: HashMap<(RepoPath, u32), String> = judgement
        .findings
        .iter()
        .filter_map(|finding| {
            let line = change.file(&finding.path)?.line(finding.lines.start).to_owned();
            Some(((finding.path.clone(), finding.lines.start), line))
        })
        .collect();
    let shown = move |finding: &Finding| Shown {
        source: lines
            .get(&(finding.path.clone(), finding.lines.start))
            .cloned()
            .unwrap_or_default(),
        prompt: None,
    };
    let items = items(&policy, &judgement.findings);
    let shown = Box::new(shown);
    Ok(Reported { judgement, not_recorded: Vec::new(), items, origin: None, shown })
}

/// Where installed packages may lie.
pub fn toolchain(env: &Env) -> Toolchain {
    Toolchain {
        virtual_env: env.virtual_env.clone(),
        cargo_home: env.cargo_home.clone(),
        go_modules: env.go_modules.clone(),
    }
}

fn policy(env: &Env) -> Result<Effective> {
    let text = std::fs::read_to_string(env.cwd.join(FILE)).ok();
    gate::policy::effective(env, text.iter().map(|text| (FILE, text.as_str())).collect())
}

fn rules(folder: &Folder) -> Vec<TeamRule> {
    let walk = WalkBuilder::new(folder.top.join(gate::policy::RULES)).hidden(false).build();
    let files = walk.filter_map(std::result::Result::ok).filter_map(|entry| {
        let path = entry.path().to_string_lossy().into_owned();
        let rule = path.ends_with(".yml") || path.ends_with(".yaml");
        let text = std::fs::read_to_string(entry.path()).ok().filter(|_| rule)?;
        Some(TeamRule { path, text })
    });
    files.collect()
}

fn collect(folder: &Folder, path: &Path, change: &mut Change) -> Result<()> {
    let whole = folder.top.join(path);
    let unreadable =
        |error: ignore::Error| Error::new(format!("cannot read {}", path.display())).because(error);
    let walk = WalkBuilder::new(&whole)
        .hidden(false)
        .require_git(false)
        .sort_by_file_path(Ord::cmp)
        .build();
    for entry in walk {
        let entry = entry.map_err(unreadable)?;
        if entry.path().components().any(|part| part.as_os_str() == ".git")
            || !entry.path().is_file()
        {
            continue;
        }
        let text = std::fs::read(entry.path()).map_err(|e| {
            Error::new(format!("cannot read {}", entry.path().display())).because(e)
        })?;
        if !is_text(&text) {
            continue;
        }
        let name = entry.path().strip_prefix(&folder.top).ok().and_then(RepoPath::from_relative);
        let name = name.unwrap_or_else(|| RepoPath::from(&*entry.path().to_string_lossy()));
        change.files.push(File::whole(name, &text));
    }
    Ok(())
}

/// A folder with more files than this is no project: a home, a disk.
const MOST: usize = 50_000;

/// A folder as a project.
pub struct Folder {
    top: PathBuf,
    toolchain: Toolchain,
}

impl Folder {
    /// The project below this folder.
    pub fn of(top: PathBuf, env: &Env) -> Self {
        Self { top, toolchain: toolchain(env) }
    }
}

/// The text of a file of the machine's that is not too large.
pub fn read(path: &Path) -> Option<String> {
    let small = path.metadata().is_ok_and(|file| file.is_file() && file.len() <= MAX_TEXT as u64);
    let bytes = small.then(|| std::fs::read(path).ok()).flatten()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The names in a folder, folders with a `/` at the end.
pub fn names(path: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(path).into_iter().flatten().filter_map(std::result::Result::ok);
    let mut names: Vec<String> = entries
        .map(|entry| {
            let slash = if entry.path().is_dir() { "/" } else { "" };
            format!("{}{slash}", entry.file_name().to_string_lossy())
        })
        .collect();
    names.sort();
    names
}

impl Project for Folder {
    fn text(&self, path: &RepoPath) -> Option<Rc<str>> {
        read(&path.below(&self.top)).map(Rc::from)
    }

    fn list(&self, folder: &str) -> Vec<String> {
        names(&self.top.join(folder))
    }

    fn all(&self) -> Vec<(RepoPath, Oid)> {
        let walk = WalkBuilder::new(&self.top).hidden(false).require_git(false).build();
        let files = walk.filter_map(std::result::Result::ok).filter_map(|entry| {
            let inside = entry.path().strip_prefix(&self.top).ok()?;
            let path = RepoPath::from_relative(inside).filter(|_| !inside.starts_with(".git"))?;
            // Nothing of a folder is kept, so its files need no names for their contents.
            entry.path().is_file().then_some((path, Oid(String::new())))
        });
        files.take(MOST).collect()
    }

    fn top(&self) -> Option<&Path> {
        Some(&self.top)
    }

    fn toolchain(&self) -> &Toolchain {
        &self.toolchain
    }

    fn disk(&self, path: &Path) -> Option<String> {
        read(path)
    }

    fn disk_list(&self, path: &Path) -> Vec<String> {
        names(path)
    }

    fn kept(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn keep(&self, _: &str, _: &[u8]) {}

    fn today(&self) -> chrono::NaiveDate {
        Env::now().date_naive()
    }
}
