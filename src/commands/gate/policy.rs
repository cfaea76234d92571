//! Which policy and which rules of the team's judge a change: those of the commit below it, made
//! stricter, never looser, by the change itself, unless a person wrote that part of it.

use std::io::Write as _;

use crate::checklist::{Change, ITEMS, Project, TeamRule};
use crate::commands::check::files::read;
use crate::config::Env;
use crate::config::policy::{Effective, FILE, Policy};
use crate::error::Result;
use crate::model::RepoPath;

/// The folder of the team's own rules.
pub const RULES: &str = ".ai-log/rules";

/// The name of the user's file, for messages.
const USER: &str = "git-ai-log/config.toml";

/// The policy over a change from one tree to another.
pub fn of(
    env: &Env,
    before: Option<&dyn Project>,
    after: &dyn Project,
    change: &Change,
) -> Result<Effective> {
    let path = RepoPath::from(FILE);
    let old = before.and_then(|before| before.text(&path));
    let new = after.text(&path);
    let mut texts: Vec<(&str, &str)> = Vec::new();
    if old != new && !by_person(change, &path) {
        texts.push(("the policy before this change", old.as_deref().unwrap_or_default()));
    }
    texts.extend(new.as_deref().map(|text| (FILE, text)));
    effective(env, texts)
}

/// The user's policy below these versions of the repository's.
pub fn effective(env: &Env, texts: Vec<(&str, &str)>) -> Result<Effective> {
    let user = env.config_home.as_ref().and_then(|home| read(&home.join(USER)));
    Ok(Effective::of(user.as_deref().map(|text| (USER, text)), &texts)?)
}

/// Says which keys of the repository's policy this version does not know.
pub fn warn(project: &dyn Project) {
    let items: Vec<&str> = ITEMS.iter().map(|check| check.meta().id).collect();
    let text = project.text(&FILE.into()).unwrap_or_else(|| "".into());
    let mut stderr = std::io::stderr().lock();
    for warning in Policy::warnings(&text, FILE, &items) {
        let _ = writeln!(stderr, "warning: {}", crate::render::escape::line(&warning));
    }
}

/// The team's rules: those before the change stay unless a person changed them.
pub fn rules(before: Option<&dyn Project>, after: &dyn Project, change: &Change) -> Vec<TeamRule> {
    let mut rules = Vec::new();
    collect(after, RULES, &mut rules);
    let Some(before) = before else {
        return rules;
    };
    let mut old = Vec::new();
    collect(before, RULES, &mut old);
    for rule in old {
        let path = RepoPath::from(rule.path.as_str());
        match rules.iter_mut().find(|new| new.path == rule.path) {
            Some(new) if new.text == rule.text || by_person(change, &path) => {}
            Some(new) => *new = rule,
            None => rules.push(rule),
        }
    }
    rules
}

fn collect(project: &dyn Project, folder: &str, rules: &mut Vec<TeamRule>) {
    for name in project.list(folder) {
        let path = format!("{folder}/{name}");
        if let Some(below) = path.strip_suffix('/') {
            collect(project, below, rules);
        } else if path.ends_with(".yml") || path.ends_with(".yaml") {
            let text = project.text(&path.as_str().into()).unwrap_or_else(|| "".into());
            rules.push(TeamRule { path, text: text.to_string() });
        }
    }
}

/// Whether a person wrote all that the change does to this file.
fn by_person(change: &Change, path: &RepoPath) -> bool {
    let files = change.files.iter().chain(&change.doubtful);
    !change.edited.contains(path) && files.into_iter().all(|file| file.path != *path)
}
