//! The patch format of Codex's `apply_patch`: files by name, hunks by context instead of line
//! numbers.

use std::path::PathBuf;

use super::edit::{FileEdit, Told};

/// A run of context, removed and added lines.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PatchHunk {
    /// The lines before: context and removed ones.
    pub old: Vec<String>,
    /// The lines after: context and added ones.
    pub new: Vec<String>,
}

impl PatchHunk {
    /// The lines that it adds.
    pub fn added(&self) -> impl Iterator<Item = &str> {
        let new = self.new.iter().filter(|line| !self.old.contains(line));
        new.map(String::as_str)
    }
}

/// The edits of a patch; `None` where this is no patch.
pub fn parse(text: &str) -> Option<Vec<FileEdit>> {
    let start = text.find("*** Begin Patch")?;
    let mut edits: Vec<FileEdit> = Vec::new();
    for line in text[start..].lines().skip(1) {
        if line.trim_end() == "*** End Patch" {
            break;
        }
        if let Some(edit) = file_header(line) {
            edits.push(edit);
        } else if let Some(edit) = edits.last_mut() {
            body_line(edit, line);
        }
    }
    edits.retain(|edit| !edit.path.as_os_str().is_empty());
    Some(edits)
}

/// The hunks of a unified diff of one file.
pub fn hunks(diff: &str) -> Vec<PatchHunk> {
    let mut hunks = Vec::new();
    let body = diff.lines().skip_while(|line| !line.starts_with("@@"));
    for line in body.filter(|line| !line.starts_with('\\')) {
        patch_line(&mut hunks, line);
    }
    hunks
}

fn file_header(line: &str) -> Option<FileEdit> {
    let new = |path: &str, told| FileEdit { path: PathBuf::from(path.trim()), from: None, told };
    if let Some(path) = line.strip_prefix("*** Add File: ") {
        return Some(new(path, Told::Whole { before: Some(None), after: String::new() }));
    }
    if let Some(path) = line.strip_prefix("*** Delete File: ") {
        return Some(new(path, Told::Removed));
    }
    let path = line.strip_prefix("*** Update File: ")?;
    Some(new(path, Told::Patched(Vec::new())))
}

fn body_line(edit: &mut FileEdit, line: &str) {
    if let Some(path) = line.strip_prefix("*** Move to: ") {
        edit.from = Some(std::mem::replace(&mut edit.path, PathBuf::from(path.trim())));
        return;
    }
    match &mut edit.told {
        Told::Whole { after, .. } => {
            if let Some(added) = line.strip_prefix('+') {
                after.push_str(added);
                after.push('\n');
            }
        }
        Told::Patched(hunks) => patch_line(hunks, line),
        _ => {}
    }
}

fn patch_line(hunks: &mut Vec<PatchHunk>, line: &str) {
    if line.starts_with("@@") {
        hunks.push(PatchHunk::default());
        return;
    }
    if line.starts_with("***") {
        return; // "*** End of File" says where, not what
    }
    if hunks.is_empty() {
        hunks.push(PatchHunk::default());
    }
    let Some(hunk) = hunks.last_mut() else { return };
    match line.chars().next() {
        Some('+') => hunk.new.push(line[1..].to_owned()),
        Some('-') => hunk.old.push(line[1..].to_owned()),
        first => {
            // An empty line of the context may come without its space.
            let text = if first == Some(' ') { &line[1..] } else { line };
            hunk.old.push(text.to_owned());
            hunk.new.push(text.to_owned());
        }
    }
}

/// The text without the lines that the patch added, where [`reverse`] does not find its hunks:
/// what else was changed since is then nobody's work here. `None` where none of them is left.
pub fn without_added(after: &[u8], hunks: &[PatchHunk]) -> Option<Vec<u8>> {
    let mut added = hunks.iter().flat_map(PatchHunk::added).map(str::as_bytes);
    let mut next = added.next();
    let mut found = false;
    let mut out = Vec::with_capacity(after.len());
    for line in after.split_inclusive(|&b| b == b'\n') {
        let bare = line.strip_suffix(b"\n").unwrap_or(line);
        let bare = bare.strip_suffix(b"\r").unwrap_or(bare);
        if next == Some(bare) {
            found = true;
            next = added.next();
        } else {
            out.extend_from_slice(line);
        }
    }
    found.then_some(out)
}

/// The text before the patch, if each hunk's new lines stand in this text, in order.
///
/// A hunk that only removes lines leaves nothing to find but its context; without any, nobody can
/// say where it was.
pub fn reverse(after: &[u8], hunks: &[PatchHunk]) -> Option<Vec<u8>> {
    exchange(after, hunks.iter().map(|hunk| (&hunk.new, &hunk.old)))
}

/// The same, without the context that was told: each hunk's added lines have to stand in this text
/// exactly once.
pub fn reverse_cores(after: &[u8], hunks: &[PatchHunk]) -> Option<Vec<u8>> {
    let mut text = std::str::from_utf8(after).ok()?.to_owned();
    for PatchHunk { old, new } in hunks.iter().rev() {
        let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
        let (old, new) = (&old[head..], &new[head..]);
        let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
        let joined = |lines: &[String]| lines.iter().map(|line| format!("{line}\n")).collect();
        let before: String = joined(&old[..old.len() - tail]);
        let written: String = joined(&new[..new.len() - tail]);
        let whole = |at: usize| at == 0 || text.as_bytes()[at - 1] == b'\n';
        let mut found = text.match_indices(written.as_str()).filter(|(at, _)| whole(*at));
        let (at, _) = found.next().filter(|_| !written.is_empty() && found.next().is_none())?;
        text.replace_range(at..at + written.len(), &before);
    }
    Some(text.into_bytes())
}

/// The text after the patch, if each hunk's old lines stand in this text, in order.
pub fn apply(before: &[u8], hunks: &[PatchHunk]) -> Option<Vec<u8>> {
    exchange(before, hunks.iter().map(|hunk| (&hunk.old, &hunk.new)))
}

/// The text with other lines in place of these, in order.
fn exchange<'h>(
    text: &[u8],
    hunks: impl Iterator<Item = (&'h Vec<String>, &'h Vec<String>)>,
) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let bare = |line: &str| line.trim_end_matches(['\n', '\r']).to_owned();
    let mut out = String::new();
    let mut at = 0;
    for (there, instead) in hunks {
        if there.is_empty() && !lines.is_empty() {
            return None;
        }
        if there.is_empty() {
            instead.iter().for_each(|line| out.extend([line, "\n"]));
            continue;
        }
        let found = (at..=lines.len().checked_sub(there.len())?).find(|&start| {
            there.iter().zip(&lines[start..]).all(|(want, line)| bare(line) == *want)
        })?;
        out.extend(lines[at..found].iter().copied());
        let end = if lines[found].ends_with("\r\n") { "\r\n" } else { "\n" };
        for line in instead {
            out.push_str(line);
            out.push_str(end);
        }
        at = found + there.len();
    }
    out.extend(lines[at..].iter().copied());
    Some(out.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATCH: &str = "*** Begin Patch\n*** Update File: hello.txt\n@@\n alpha\n-beta\n+beta, edited\n gamma\n\
        *** Add File: new.txt\n+created\n+second line\n*** Update File: notes.txt\n*** Move to: moved.txt\n@@\n-one\n+ONE\n\
        *** Delete File: old.txt\n*** End Patch";

    #[test]
    fn a_patch_names_many_files() {
        let edits = parse(PATCH).unwrap();
        let names: Vec<_> = edits.iter().map(|e| e.path.to_str().unwrap()).collect();
        assert_eq!(names, ["hello.txt", "new.txt", "moved.txt", "old.txt"]);
        assert_eq!(edits[2].from.as_deref(), Some(std::path::Path::new("notes.txt")));
        assert_eq!(
            edits[1].told,
            Told::Whole { before: Some(None), after: "created\nsecond line\n".into() }
        );
        assert_eq!(edits[3].told, Told::Removed);
        assert_eq!(parse("ls -l"), None);
    }

    #[test]
    fn a_patch_can_be_undone() {
        let edits = parse(PATCH).unwrap();
        let Told::Patched(hunks) = &edits[0].told else { panic!("{:?}", edits[0].told) };
        assert_eq!(
            reverse(b"top\r\nalpha\r\nbeta, edited\r\ngamma\r\n", hunks).unwrap(),
            b"top\r\nalpha\r\nbeta\r\ngamma\r\n"
        );
        assert_eq!(reverse(b"alpha\nchanged since\ngamma\n", hunks), None);
        assert_eq!(
            without_added(b"changed since\nbeta, edited\nand this\n", hunks).unwrap(),
            b"changed since\nand this\n"
        );
        assert_eq!(without_added(b"alpha\n", hunks), None);
    }
}
