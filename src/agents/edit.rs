//! What an agent told of an edit, and the two texts that follow from it.

use std::path::PathBuf;

use super::patch::{self, PatchHunk};

/// An edit of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEdit {
    /// The file, absolute or below the agent's folder.
    pub path: PathBuf,
    /// The path it had before, where the edit moved it.
    pub from: Option<PathBuf>,
    /// What was told of its text.
    pub told: Told,
}

/// The files that edits touch, with those that they move away from.
pub fn paths(edits: Vec<FileEdit>) -> Vec<PathBuf> {
    edits.into_iter().flat_map(|edit| [edit.from, Some(edit.path)]).flatten().collect()
}

/// What was told of an edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// The text after; and before, if it was told, which is `None` inside for a new file.
    Whole {
        /// Before.
        before: Option<Option<String>>,
        /// After.
        after: String,
    },
    /// Strings that were replaced; and the text before, where it was told.
    Replaced {
        /// Before.
        before: Option<String>,
        /// The replacements, in order.
        steps: Vec<Replacement>,
    },
    /// Hunks of a patch.
    Patched(Vec<PatchHunk>),
    /// The file was removed.
    Removed,
    /// The text before, `None` for a new file; the text after is on the disk.
    Since(Option<String>),
    /// Only that it was edited.
    Touched,
}

/// One replaced string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// What stood there.
    pub old: String,
    /// What stands there now.
    pub new: String,
    /// Everywhere, not only once.
    pub all: bool,
}

impl Replacement {
    /// Whether this text has what it adds, around what was there, exactly once: done again, it
    /// would be there twice.
    fn stands_in(&self, text: &str) -> bool {
        let adds = !self.all && self.new.len() > self.old.len() && !self.old.is_empty();
        adds && self.new.contains(&self.old) && text.matches(&self.new).count() == 1
    }

    fn lines(&self) -> impl Iterator<Item = &str> {
        self.new.lines()
    }
}

/// The texts around an edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    /// Before: `None` where nobody can say, `Some(None)` where there was no file.
    pub before: Option<Option<Vec<u8>>>,
    /// After: `None` where there is no file.
    pub after: Option<Vec<u8>>,
}

/// The two texts, from what was told and the file as it is now. What the tool wrote is taken from
/// what was told wherever that suffices: the file may have been changed again since.
pub fn texts(told: &Told, disk: Option<&[u8]>) -> Texts {
    let now = || disk.map(<[u8]>::to_vec);
    match told {
        Told::Whole { before, after } => Texts {
            before: before.clone().map(|text| text.map(String::into_bytes)),
            after: Some(after.clone().into_bytes()),
        },
        Told::Replaced { before: Some(before), steps } => match forwards(before, steps, disk) {
            Some(after) => {
                Texts { before: Some(Some(before.clone().into_bytes())), after: Some(after) }
            }
            None => Texts { before: Some(Some(before.clone().into_bytes())), after: now() },
        },
        Told::Replaced { before: None, steps } => {
            Texts { before: disk.and_then(|text| backwards(text, steps)).map(Some), after: now() }
        }
        Told::Patched(hunks) => Texts {
            before: disk
                .and_then(|text| {
                    patch::reverse(text, hunks).or_else(|| patch::without_added(text, hunks))
                })
                .map(Some),
            after: now(),
        },
        Told::Removed => Texts { before: None, after: None },
        Told::Since(before) => {
            Texts { before: Some(before.clone().map(String::into_bytes)), after: now() }
        }
        Told::Touched => Texts { before: None, after: now() },
    }
}

/// Whether this text has what was told of an edit.
pub fn is_in(told: &Told, text: Option<&[u8]>) -> bool {
    let shown = text.map(|text| String::from_utf8_lossy(text).replace("\r\n", "\n"));
    let shown = shown.as_deref();
    match told {
        Told::Whole { after, .. } => shown == Some(after.replace("\r\n", "\n").as_str()),
        Told::Replaced { steps, .. } => steps.iter().all(|Replacement { old, new, .. }| {
            let there = |part: &str| shown.is_some_and(|text| text.contains(part));
            if new.is_empty() { !there(old) } else { there(&new.replace("\r\n", "\n")) }
        }),
        Told::Patched(hunks) => text.is_some_and(|text| patch::reverse(text, hunks).is_some()),
        Told::Removed => text.is_none(),
        Told::Since(_) | Told::Touched => false,
    }
}

/// The texts around an edit of this text, of which a session's file tells; `None` where the text
/// must have been another one.
pub fn onto(told: &Told, text: Option<&[u8]>) -> Option<Texts> {
    let now = Some(text.map(<[u8]>::to_vec));
    Some(match told {
        Told::Whole { before, after } => Texts {
            before: before.clone().map(|text| text.map(String::into_bytes)).or(now),
            after: Some(after.clone().into_bytes()),
        },
        Told::Replaced { before: Some(before), steps } => Texts {
            before: Some(Some(before.clone().into_bytes())),
            after: Some(forwards(before, steps, text)?),
        },
        Told::Replaced { before: None, steps } => {
            let shown = std::str::from_utf8(text.unwrap_or_default()).ok()?.replace("\r\n", "\n");
            // Done already, and told again by a session that knows of no times.
            if steps.iter().all(|step| step.stands_in(&shown)) {
                return Some(Texts { before: now.clone(), after: now.flatten() });
            }
            Texts { before: now, after: Some(forwards(&shown, steps, text)?) }
        }
        Told::Patched(hunks) => {
            Texts { after: Some(patch::apply(text.unwrap_or_default(), hunks)?), before: now }
        }
        Told::Removed => Texts { before: now, after: None },
        Told::Since(_) | Told::Touched => return None,
    })
}

/// The text before an edit whose result stands in this text, whatever else was changed since;
/// `None` where it does not stand there, or more than once.
pub fn out_of(told: &Told, text: &[u8]) -> Option<Vec<u8>> {
    match told {
        Told::Replaced { steps, .. } => backwards(text, steps),
        Told::Patched(hunks) => {
            patch::reverse(text, hunks).or_else(|| patch::reverse_cores(text, hunks))
        }
        _ => None,
    }
}

/// The same as [`onto`] where a person has changed white space since the agent looked: whole lines
/// are replaced, each run of which has to stand in this text exactly once.
pub fn onto_loosely(told: &Told, text: &[u8]) -> Option<Texts> {
    let mut lines: Vec<String> =
        std::str::from_utf8(text).ok()?.split_inclusive('\n').map(str::to_owned).collect();
    let mut exchange = |old: Vec<&str>, new: Vec<&str>| {
        let bare = |line: &str| line.split_whitespace().collect::<String>();
        let old: Vec<String> = old.into_iter().map(bare).collect();
        let there =
            |window: &[String]| window.iter().zip(&old).all(|(line, old)| bare(line) == *old);
        let mut found = (0..=lines.len().checked_sub(old.len())?)
            .filter(|at| !old.is_empty() && there(&lines[*at..at + old.len()]));
        let at = found.next().filter(|_| found.next().is_none())?;
        let new = new.into_iter().map(|line| format!("{line}\n"));
        lines.splice(at..at + old.len(), new);
        Some(())
    };
    match told {
        Told::Replaced { steps, .. } => steps
            .iter()
            .try_for_each(|step| exchange(step.old.lines().collect(), step.new.lines().collect())),
        Told::Patched(hunks) => {
            hunks.iter().try_for_each(|hunk| exchange(texts_of(&hunk.old), texts_of(&hunk.new)))
        }
        _ => None,
    }?;
    let before = Some(Some(text.to_vec()));
    Some(Texts { before, after: Some(lines.concat().into_bytes()) })
}

fn texts_of(lines: &[String]) -> Vec<&str> {
    lines.iter().map(String::as_str).collect()
}

/// The lines that an edit wrote, where nothing else is known of it.
pub fn written(told: &Told) -> Vec<&str> {
    match told {
        Told::Whole { after, .. } => after.lines().collect(),
        Told::Replaced { steps, .. } => {
            let kept = |step: &Replacement, line: &str| step.old.lines().any(|old| old == line);
            let new = |step| Replacement::lines(step).filter(move |line| !kept(step, line));
            steps.iter().flat_map(new).collect()
        }
        Told::Patched(hunks) => hunks.iter().flat_map(PatchHunk::added).collect(),
        Told::Removed | Told::Since(_) | Told::Touched => Vec::new(),
    }
}

/// The text after the replacements. Files with CRLF are shown to agents with LF: where the file
/// has CRLF, the result has it too.
fn forwards(before: &str, steps: &[Replacement], disk: Option<&[u8]>) -> Option<Vec<u8>> {
    let mut text = before.to_owned();
    for Replacement { old, new, all } in steps {
        if old.is_empty() && text.is_empty() {
            text.clone_from(new);
        } else if old.is_empty() || !text.contains(old.as_str()) {
            return None;
        } else if *all {
            text = text.replace(old.as_str(), new);
        } else {
            text = text.replacen(old.as_str(), new, 1);
        }
    }
    let crlf = disk.is_some_and(|disk| disk.windows(2).any(|pair| pair == b"\r\n"));
    if crlf && !text.contains("\r\n") {
        text = text.replace('\n', "\r\n");
    }
    Some(text.into_bytes())
}

/// The text before the replacements, where each new string stands exactly once.
fn backwards(after: &[u8], steps: &[Replacement]) -> Option<Vec<u8>> {
    let mut text = String::from_utf8(after.to_vec()).ok()?;
    for Replacement { old, new, all } in steps.iter().rev() {
        if *all || new.is_empty() || text.matches(new.as_str()).count() != 1 {
            return None;
        }
        text = text.replacen(new.as_str(), old, 1);
    }
    Some(text.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(old: &str, new: &str, all: bool) -> Replacement {
        Replacement { old: old.into(), new: new.into(), all }
    }

    #[test]
    fn what_the_tool_wrote_is_not_what_was_changed_since() {
        let told =
            Told::Replaced { before: Some("a\nb\n".into()), steps: vec![step("b", "B", false)] };
        let texts = texts(&told, Some(b"a\nB\nperson\n"));
        assert_eq!(texts.after.unwrap(), b"a\nB\n");
        assert_eq!(texts.before, Some(Some(b"a\nb\n".to_vec())));
    }

    #[test]
    fn a_text_that_was_not_told_is_found_by_undoing() {
        let told = |all| Told::Replaced { before: None, steps: vec![step("b", "B", all)] };
        assert_eq!(texts(&told(false), Some(b"a\nB\n")).before, Some(Some(b"a\nb\n".to_vec())));
        // Twice there: nobody can say which one is new.
        assert_eq!(texts(&told(false), Some(b"B\nB\n")).before, None);
        assert_eq!(texts(&told(true), Some(b"a\nB\n")).before, None);
    }

    #[test]
    fn what_is_done_already_is_not_done_again() {
        let told = Told::Replaced { before: None, steps: vec![step("a\n", "a\nb\n", false)] };
        let after = |text: &str| onto(&told, Some(text.as_bytes())).unwrap().after.unwrap();
        assert_eq!(after("a\nc\n"), b"a\nb\nc\n");
        assert_eq!(after("a\nb\nc\n"), b"a\nb\nc\n");
    }

    #[test]
    fn what_is_not_written_yet_is_known() {
        let told = Told::Replaced { before: None, steps: vec![step("b", "B\nb2", false)] };
        assert!(!is_in(&told, Some(b"a\nb\n")) && !is_in(&told, None));
        assert!(is_in(&told, Some(b"a\r\nB\r\nb2\r\n")));
        let gone = Told::Replaced { before: None, steps: vec![step("b\n", "", false)] };
        assert!(!is_in(&gone, Some(b"a\nb\n")) && is_in(&gone, Some(b"a\n")));
        let whole = Told::Whole { before: Some(None), after: "x\n".into() };
        assert!(!is_in(&whole, None) && is_in(&whole, Some(b"x\n")));
        assert!(!is_in(&Told::Removed, Some(b"")) && is_in(&Told::Removed, None));
    }

    #[test]
    fn line_ends_stay() {
        let told =
            Told::Replaced { before: Some("a\nb\n".into()), steps: vec![step("b", "B", false)] };
        assert_eq!(texts(&told, Some(b"a\r\nB\r\n")).after.unwrap(), b"a\r\nB\r\n");
    }
}
