//! `git ai-log attest`: a person vouches for an item of the checklist.

use clap::Args;

use crate::checklist::{self, ITEMS, Run};
use crate::commands::Answer;
use crate::commands::ask::place;
use crate::commands::gate::claims::Claim;
use crate::commands::gate::people::{self, About, Saying, confirm};
use crate::commands::screen::{Printing, printed};
use crate::config::Env;
use crate::error::{Error, Result};
use crate::model::{Attestation, LineRange, RepoPath};
use crate::render::escape::line;

/// Vouch that an item of the checklist holds for lines that agents wrote
///
/// It is asked on the terminal and bound to the lines as they are: when they change it is void.
#[derive(Debug, Args)]
pub struct AttestArgs {
    /// The item, such as business-logic
    pub item: String,
    /// The file, with or without lines; all that agents wrote where none is named
    #[arg(value_name = "PATH[:LINE[-LINE]]")]
    pub place: Option<String>,
    #[command(flatten)]
    pub saying: Saying,
}

/// Asks, and keeps the answer.
pub fn run(env: &Env, args: &AttestArgs) -> Result<Answer> {
    known_item(&args.item)?;
    let now = people::now();
    let about = About::of(env, args.saying.rev.as_deref(), now)?;
    let hunks = hunks(env, &about, args.place.as_deref())?;
    let shown: Vec<String> = hunks.iter().map(|(path, run)| about.hunk(path, run)).collect();
    let question = format!("Do you vouch for {} on these lines?", args.item);
    if !confirm(&args.saying, "an attestation", &shown.join("\n\n"), &question)? {
        return Ok(Answer::No);
    }
    let mut claim = Attestation {
        item: args.item.clone(),
        hunks: hunks.iter().map(|(_, run)| run.digest.clone()).collect(),
        who: people::who(&about.repo)?,
        reason: args.saying.message.trim().to_owned(),
        at: now,
        until: args.saying.until,
        signature: None,
    };
    if args.saying.sign {
        claim.signature = Some(people::sign(&about.repo, &claim.payload())?);
    }
    about.keep(Claim::Attestation(claim), now)?;
    let mut out = Printing::default().screen(env, None);
    let (count, name) = (hunks.len(), about.name());
    printed(out.line(&format!("attested {}: {count} of the hunks of {name}", line(&args.item))))?;
    printed(out.finish())?;
    Ok(Answer::Yes)
}

/// Refuses an item that is none.
pub fn known_item(id: &str) -> Result<()> {
    if checklist::item(id).is_some() || id.starts_with("external.") {
        return Ok(());
    }
    let known: Vec<_> = ITEMS.iter().map(|check| check.meta().id).collect();
    Err(Error::new(format!("there is no item `{id}` in the checklist"))
        .hint(format!("use one of: {}", known.join(", "))))
}

/// The hunks at a place, or all of them.
fn hunks<'a>(
    env: &Env,
    about: &'a About,
    wanted: Option<&str>,
) -> Result<Vec<(&'a RepoPath, &'a Run)>> {
    let files = &about.subject.change.files;
    let found: Vec<_> = match wanted {
        None => files.iter().flat_map(|f| f.runs.iter().map(|run| (&f.path, run))).collect(),
        Some(text) => {
            let (path, lines) = place(&about.repo, env, text);
            let lines = lines.unwrap_or(LineRange { start: 1, end: u32::MAX });
            files
                .iter()
                .filter(|file| file.path == path)
                .flat_map(|f| f.runs.iter().map(|run| (&f.path, run)))
                .filter(|(_, run)| run.lines.touches(lines))
                .collect()
        }
    };
    if found.is_empty() {
        let place = wanted.map_or(String::new(), |text| format!(" at {}", line(text)));
        return Err(Error::new(format!("no agent wrote anything{place} in {}", about.name()))
            .hint("`git ai-log status` shows what agents wrote; --rev REV names a commit"));
    }
    Ok(found)
}
