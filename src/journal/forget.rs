//! Taking the words of turns out of the journal. What the turns did stays.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};

use super::fold::turns;
use super::{Journal, JournalError, io, write_private};
use crate::model::{Event, PromptText, TurnId, What};

/// What stands where a text was: a kind of thing that was removed.
const FORGOTTEN: &str = "forgotten";

/// The words of one turn in the journal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// Prompts and closing messages.
    pub texts: Vec<String>,
    /// The conversation.
    pub session: Option<crate::model::SessionId>,
    /// When it was asked.
    pub at: Option<chrono::DateTime<chrono::Utc>>,
}

impl Journal {
    /// The words of every turn.
    pub fn words(&self) -> Result<BTreeMap<TurnId, Words>, JournalError> {
        let mut all: BTreeMap<TurnId, Words> = BTreeMap::new();
        for path in self.files()? {
            let bytes = std::fs::read(&path).map_err(io("read", &path))?;
            let events: Vec<Event> = lines(&bytes).filter_map(parse).collect();
            let turns = turns(&events);
            for (event, (turn, _)) in events.into_iter().zip(turns) {
                let Some(turn) = turn else { continue };
                let words = all.entry(turn).or_default();
                words.session.get_or_insert(event.session);
                match event.what {
                    What::Prompt(prompt) => {
                        words.at.get_or_insert(event.at);
                        words.texts.push(prompt.text);
                    }
                    What::Stop { closing: Some(closing), .. } => words.texts.push(closing.text),
                    _ => {}
                }
            }
        }
        Ok(all)
    }

    /// Removes the prompts and closing messages of these turns. The events stay, so that what was
    /// edited keeps its owner. Returns how many texts went.
    pub fn forget(&self, gone: &BTreeSet<TurnId>) -> Result<usize, JournalError> {
        let mut count = 0;
        for path in self.files()? {
            count += forget_in(&path, gone)?;
        }
        Ok(count)
    }
}

fn forget_in(path: &Path, gone: &BTreeSet<TurnId>) -> Result<usize, JournalError> {
    // Whoever appends waits, and finds the new file then.
    let file = match OpenOptions::new().read(true).append(true).open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        opened => opened.map_err(io("open", path))?,
    };
    file.lock().map_err(io("lock", path))?;
    let bytes = std::fs::read(path).map_err(io("read", path))?;
    let modified = file.metadata().and_then(|metadata| metadata.modified());
    let read: Vec<(&[u8], Option<Event>)> = lines(&bytes).map(|line| (line, parse(line))).collect();
    let events: Vec<Event> = read.iter().filter_map(|(_, event)| event.clone()).collect();
    let mut turns = turns(&events).into_iter();
    let (mut count, mut text) = (0, Vec::with_capacity(bytes.len()));
    for (line, event) in read {
        let turn = event.as_ref().and_then(|_| turns.next());
        let scrubbed = event.zip(turn).and_then(|(event, (turn, place))| {
            let turn = turn.filter(|turn| gone.contains(turn))?;
            scrubbed(event, turn, place)
        });
        match scrubbed {
            Some(event) => {
                serde_json::to_writer(&mut text, &event)?;
                text.push(b'\n');
                count += 1;
            }
            None => text.extend_from_slice(line),
        }
    }
    if count > 0 {
        write_private(path, &text)?;
        // How old a session is, is told by its file.
        if let (Ok(modified), Ok(new)) = (modified, OpenOptions::new().append(true).open(path)) {
            let _ = new.set_modified(modified);
        }
    }
    Ok(count)
}

/// The event without its words; `None` where it has none. The turn of an event without a name
/// follows from its place among prompts that differ: so it names its turn now, and prompts that
/// were two still differ.
fn scrubbed(mut event: Event, turn: TurnId, place: usize) -> Option<Event> {
    match &mut event.what {
        What::Prompt(prompt) if !prompt.removed.contains_key(FORGOTTEN) => {
            let number = u32::try_from(place).unwrap_or(u32::MAX);
            let removed = BTreeMap::from([(FORGOTTEN.to_owned(), number)]);
            *prompt = PromptText { text: String::new(), removed };
        }
        What::Stop { closing, .. } if closing.is_some() => *closing = None,
        _ => return None,
    }
    event.turn = Some(turn);
    Some(event)
}

/// The files below these folders that hold one of these texts, as it is or as JSON has it.
pub fn holding(folders: &[&Path], texts: &[String]) -> Vec<PathBuf> {
    let mut needles: Vec<String> = Vec::new();
    for text in texts {
        let json = serde_json::to_string(text).unwrap_or_default();
        needles.push(json.trim_matches('"').to_owned());
        needles.push(text.clone());
    }
    let finders: Vec<_> = needles.iter().map(memchr::memmem::Finder::new).collect();
    let mut found = Vec::new();
    let mut todo: Vec<PathBuf> = folders.iter().map(|folder| folder.to_path_buf()).collect();
    while let Some(path) = todo.pop() {
        if let Ok(entries) = std::fs::read_dir(&path) {
            todo.extend(entries.filter_map(Result::ok).map(|entry| entry.path()));
        } else if let Ok(bytes) = std::fs::read(&path)
            && finders.iter().any(|finder| finder.find(&bytes).is_some())
        {
            found.push(path);
        }
    }
    found.sort();
    found.dedup();
    found
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split_inclusive(|&b| b == b'\n')
}

fn parse(line: &[u8]) -> Option<Event> {
    serde_json::from_slice(line).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::fold;
    use crate::model::SessionId;

    fn event(session: &str, second: i64, what: What) -> Event {
        Event {
            v: 1,
            at: chrono::DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap(),
            agent: "my-tool".into(),
            session: SessionId(session.into()),
            turn: None,
            edit: None,
            subagent: None,
            model: None,
            worktree: "/top".into(),
            head: None,
            what,
        }
    }

    fn text(text: &str) -> PromptText {
        PromptText { text: text.into(), ..PromptText::default() }
    }

    #[test]
    fn words_go_and_turns_stay() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::at(dir.path());
        let session = SessionId("s_1".into());
        let prompt = |second, words: &str| event("s_1", second, What::Prompt(text(words)));
        let stop = What::Stop { closing: Some(text("done first")), background: false, tree: None };
        let read = What::Read { paths: vec!["a".into()] };
        // Told twice, so that positions and turns differ.
        let events = [
            prompt(0, "first"),
            prompt(0, "first"),
            event("s_1", 1, stop),
            prompt(2, "second"),
            event("s_1", 3, read),
        ];
        journal.append(&session, &events).unwrap();
        let file = journal.files().unwrap().remove(0);
        let torn = [std::fs::read(&file).unwrap(), b"{\"v\":1,\"torn\n".to_vec()].concat();
        std::fs::write(&file, torn).unwrap();
        let folded = || {
            let mut events = journal.read().unwrap().0;
            fold(&mut events);
            events.into_iter().map(|event| event.turn.unwrap()).collect::<Vec<_>>()
        };
        let before = folded();
        let words = journal.words().unwrap();
        assert_eq!(words[&before[0]].texts, ["first", "first", "done first"]);
        assert_eq!(journal.forget(&[before[0].clone()].into()).unwrap(), 3);
        assert_eq!(folded(), before);
        let left = std::fs::read_to_string(&file).unwrap();
        assert!(!left.contains("first") && left.contains("second"), "{left}");
        assert!(left.ends_with("torn\n"));
        assert_eq!(journal.forget(&[before[0].clone()].into()).unwrap(), 0);
        let folders = [dir.path()];
        assert_eq!(holding(&folders, &["second".into()]), [file]);
        assert!(holding(&folders, &["first".into()]).is_empty());
        journal.append(&session, &[prompt(9, "third")]).unwrap();
        assert_eq!(folded().len(), before.len() + 1);
    }
}
