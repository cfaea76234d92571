//! The sessions that agents keep: whether this version can read them, for `backfill` and for
//! commits whose hooks are silent.

use super::{Here, Report, ok, warn};
use crate::agents::AGENTS;
use crate::commands::sessions::files::{self, File};
use crate::config::Env;

/// How many files of each agent are read: the youngest.
const LAST: usize = 5;
/// Longer ones are left alone. Bytes.
const LARGE: u64 = 64 * 1024 * 1024;

/// Checks the newest sessions of every agent that keeps some.
pub(super) fn check(env: &Env, here: Option<&Here>, report: &mut Report) {
    let tops = here.and_then(|here| here.repo.work_trees().ok()).unwrap_or_default();
    let mut all = files::find(&env.homes, &tops, &[], None);
    all.sort_by_key(|file| std::cmp::Reverse(file.written));
    for agent in AGENTS.iter().filter(|agent| agent.sessions().is_some()) {
        let own: Vec<&File> = all.iter().filter(|file| file.agent.name() == agent.name()).collect();
        if !own.is_empty() {
            look(agent.name(), &own, report);
        }
    }
}

fn look(agent: &str, files: &[&File], report: &mut Report) {
    let mut told = 0;
    let mut wrong = None;
    let newest = || files.iter().filter(|file| file.size > 0 && file.size <= LARGE).take(LAST);
    for file in newest() {
        let Some(sessions) = file.agent.sessions() else {
            continue;
        };
        if let Err(error) = sessions.read(&file.path, &|_| true, &mut |_| told += 1) {
            wrong.get_or_insert((file, error));
        }
    }
    let mend = "install a newer git ai-log, or report this with the agent's version";
    report.add(match wrong {
        Some((file, error)) => {
            let message = format!("{} {error}; the others are read", file.path.display());
            warn("transcripts", message, mend).about(agent)
        }
        None if told == 0 && newest().next().is_some() => {
            let message = format!(
                "nothing in the newest of {} session files is understood: their format may be \
                 another by now",
                files.len()
            );
            warn("transcripts", message, mend).about(agent)
        }
        None => {
            let at = files[0].written.format("%Y-%m-%d %H:%M");
            let message =
                format!("{} session files, the last of {at} UTC, can be read", files.len());
            ok("transcripts", message).about(agent)
        }
    });
}
