//! Whether prompts of this clone may leave it: a person says so once, on the terminal.

use crate::config::Env;
use crate::config::terminal::Terminal;
use crate::git::Repo;

/// The setting. No policy of a repository's has a say in it.
const SETTING: &str = "ai-log.prompts";

/// Asks where nobody has said it yet and somebody is there. Without an answer prompts stay here.
pub fn ask(env: &Env) {
    let Some(repo) = Repo::from_environment().ok().filter(|_| env.terminal) else {
        return;
    };
    if repo.config(SETTING).is_some() {
        return;
    }
    let question = "\nWho wrote what is shared with your team when you push. May the prompts (redacted) be \
                    shared, too? [y/N] ";
    let answer = Terminal::open().and_then(|mut terminal| terminal.ask(question));
    if let Ok(answer) = answer {
        let yes = ["y", "yes"].contains(&answer.to_lowercase().as_str());
        let _ = repo.add_config(SETTING, if yes { "share" } else { "local" });
    }
}
