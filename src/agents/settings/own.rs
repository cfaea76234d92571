//! Files that are ours as a whole: scripts and plugins. What is another program's stays.

use std::path::{Path, PathBuf};

use super::{Edit, Edits, Obstacle, Read, Task};

fn is_ours(text: &str) -> bool {
    Task::of(text).is_some()
}

/// Writes the file, unless another program's stands there.
pub(in crate::agents) fn add(edit: Edit, read: Read<'_>) -> Edits {
    let foreign = read(&edit.path)?.is_some_and(|text| !is_ours(&text));
    Ok(if foreign { Vec::new() } else { vec![edit] })
}

/// Takes the file away, if it is ours.
pub(in crate::agents) fn remove(path: PathBuf, about: &'static str, read: Read<'_>) -> Edits {
    let ours = read(&path)?.is_some_and(|text| is_ours(&text));
    Ok(if ours { vec![Edit { path, text: None, about }] } else { Vec::new() })
}

/// The first of these files that is another program's.
pub(in crate::agents) fn obstacle(files: &[PathBuf], read: Read<'_>) -> Option<Obstacle> {
    let foreign = |path: &&PathBuf| read(path).ok().flatten().is_some_and(|text| !is_ours(&text));
    let file = files.iter().find(foreign)?;
    let name = file.file_name().map(Path::new).unwrap_or(file).display();
    Some(Obstacle {
        what: format!("{} is another program's, and stays", file.display()),
        mend: format!("give that {name} another name, or let it call git ai-log too"),
    })
}
