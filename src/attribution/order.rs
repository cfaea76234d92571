//! The order of events.

use std::collections::HashMap;

use crate::model::{Event, RepoPath, What};

/// The events in order: by the clock, but two edits of one file in a row stand as their texts
/// say, the one that begins with what the other made behind it.
pub fn chained<'e>(events: &[&'e Event]) -> Vec<&'e Event> {
    let mut events = events.to_vec();
    events.sort_by_key(|event| event.at);
    let mut last: HashMap<&RepoPath, usize> = HashMap::new();
    for at in 0..events.len() {
        match &events[at].what {
            // Whoever looked at the file in between began after the first edit was over.
            What::Saw { path, .. } => drop(last.remove(path)),
            What::Window(_) => last.clear(),
            _ => {}
        }
        let What::Edit { path, before, after, .. } = &events[at].what else {
            continue;
        };
        if let Some(&earlier) = last.get(path)
            && let What::Edit { before: first_before, after: first_after, .. } =
                &events[earlier].what
        {
            let swapped = first_before.as_ref() == Some(after);
            let in_order = before.as_ref() == Some(first_after);
            if swapped && !in_order && before != first_before {
                events.swap(earlier, at);
            }
        }
        last.insert(path, at);
    }
    events
}
