//! Reading a note strictly: what [`super::parse`] passes over, and why.

use serde_json::Value;

use super::record::{self, HunkRecord, Record};
use super::{MAX_NOTE, NoteError, check_version};
use crate::model::{LineRange, RepoPath};

/// Broken records that are told of one note; whoever breaks more is not worth more lines.
pub const MAX_BROKEN: usize = 20;

/// A record that readers pass over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The line of the note, from 1.
    pub line: usize,
    /// The file that the record is about, where it can be told.
    pub path: Option<RepoPath>,
    /// The lines that it is about.
    pub lines: Option<LineRange>,
    /// What is wrong with it.
    pub what: String,
}

/// The records of a note that cannot be used. A note that cannot be read at all is an error, as
/// it is to every reader.
pub fn broken(bytes: &[u8]) -> Result<Vec<Broken>, NoteError> {
    if bytes.len() > MAX_NOTE {
        return Err(NoteError::TooLarge { size: bytes.len() });
    }
    let mut found = Vec::new();
    for (number, line) in bytes.split(|&b| b == b'\n').enumerate() {
        // git's own merges leave blank lines.
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let at = |what: String| Broken { line: number + 1, path: None, lines: None, what };
        let fault = match serde_json::from_slice::<Value>(line) {
            Err(error) => Some(at(format!("is no JSON: {error}"))),
            Ok(value) if !value.is_object() => Some(at("is no JSON object".into())),
            Ok(value) => {
                check_version(std::slice::from_ref(&value))?;
                let kind = value["type"].as_str().unwrap_or_default().to_owned();
                match serde_json::from_value::<Record>(value) {
                    Err(error) => Some(at(format!("is no record of type `{kind}`: {error}"))),
                    Ok(Record::Hunk(hunk)) => hunk_fault(&hunk).map(|what| Broken {
                        path: Some(hunk.path.clone()),
                        lines: Some(hunk.lines),
                        ..at(what.into())
                    }),
                    Ok(_) => None,
                }
            }
        };
        if found.len() < MAX_BROKEN {
            found.extend(fault);
        }
    }
    Ok(found)
}

/// How many records of a note this version cannot make sense of: broken ones, and those of types
/// that a later version knows. `None` where the note cannot be read at all.
pub fn unknown(bytes: &[u8]) -> Option<usize> {
    let broken = broken(bytes).ok()?.len();
    let later = super::lines(bytes).ok()?.into_iter();
    let later =
        later.filter(|value| matches!(serde_json::from_value(value.clone()), Ok(Record::Other)));
    Some(broken + later.count())
}

fn hunk_fault(hunk: &HunkRecord) -> Option<&'static str> {
    if hunk.lines.start == 0 || hunk.lines.start > hunk.lines.end {
        return Some("names lines that no file can have");
    }
    if hunk.fingerprints().is_none() {
        return Some("has not one fingerprint for each of its lines");
    }
    let name = record::key(&hunk.path, hunk.lines, &hunk.digest);
    (name != hunk.hunk).then_some("was changed: its name is not that of its path, lines and text")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::note::Note;
    use proptest::prelude::*;

    fn note() -> String {
        let mut note = Note::default();
        let hunk = crate::notes::tests::hunk("a", 3, &[1, 2], crate::model::Evidence::Edit);
        note.hunks.push(hunk);
        String::from_utf8(crate::notes::encode(&note)).unwrap()
    }

    fn what(bytes: &str) -> Vec<(usize, String)> {
        let found = broken(bytes.as_bytes()).unwrap();
        found.into_iter().map(|broken| (broken.line, broken.what)).collect()
    }

    #[test]
    fn our_own_notes_and_gits_merges_of_them_are_whole() {
        assert_eq!(what(&note()), []);
        let later = format!("{0}\n\n{0}{{\"type\":\"hologram\"}}\n", note());
        assert_eq!(what(&later), []);
        assert_eq!(unknown(note().as_bytes()), Some(0));
        assert_eq!(unknown(later.as_bytes()), Some(1));
    }

    #[test]
    fn each_broken_line_is_told_with_its_number() {
        let text = format!("{}nonsense\n[1]\n{{\"type\":\"turn\"}}\n", note());
        let found = what(&text);
        assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [3, 4, 5]);
        assert!(found[2].1.contains("`turn`"), "{found:?}");
        for (old, new) in [("[3,4]", "[3,9]"), ("[3,4]", "[0,1]"), ("[3,4]", "[4,3]")] {
            assert_eq!(what(&note().replace(old, new)).len(), 1, "{new}");
        }
        let moved = broken(note().replace("[3,4]", "[4,5]").as_bytes()).unwrap();
        assert!(moved[0].what.contains("was changed"), "{moved:?}");
        assert_eq!(moved[0].lines, Some(LineRange { start: 4, end: 5 }));
    }

    #[test]
    fn a_note_full_of_nonsense_is_told_shortly() {
        assert_eq!(what(&"x\n".repeat(5_000)).len(), MAX_BROKEN);
    }

    proptest! {
        #[test]
        fn bytes_of_any_kind_are_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = broken(&bytes);
        }
    }
}
