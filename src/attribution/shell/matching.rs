//! Whether a word of a command means a file.

/// Whether a word is this path, given from anywhere.
pub(super) fn names(word: &str, path: &str) -> bool {
    let word = word.trim_start_matches("./");
    let ends = |long: &str, short: &str| {
        long.strip_suffix(short).is_some_and(|head| head.is_empty() || head.ends_with('/'))
    };
    !word.is_empty() && (ends(path, word) || ends(word, path))
}

/// Whether a word is this path, a folder around it, or a pattern for it.
pub(super) fn covers(word: &str, path: &str) -> bool {
    if names(word, path) {
        return true;
    }
    let word = word.trim_end_matches("...").trim_end_matches('/').trim_start_matches("./");
    if word.is_empty() || word == "." || word == "*" {
        return true;
    }
    if word.contains(['*', '?']) {
        let file = path.rsplit('/').next().unwrap_or(path);
        return glob(word.as_bytes(), path.as_bytes())
            || glob(word.rsplit('/').next().unwrap_or(word).as_bytes(), file.as_bytes());
    }
    path.strip_prefix(word).is_some_and(|rest| rest.starts_with('/'))
        || path.contains(&format!("/{word}/")) && !word.starts_with('-')
}

/// Whether a text mentions this path, or its file name, as a word of its own.
pub(super) fn mentions(text: &str, path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    if file.len() < 3 {
        return false;
    }
    let part = |c: char| c.is_alphanumeric() || c == '_' || c == '-' || c == '.';
    text.match_indices(file).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let mut after = text[at + file.len()..].chars();
        let next = after.next();
        // A full stop may end a sentence.
        let ends = match next {
            Some('.') => !after.next().is_some_and(part),
            next => !next.is_some_and(part),
        };
        !before.is_some_and(part) && ends
    })
}

/// `*` for anything, `?` for one byte.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&c) if c == b'?' || c == text[t] => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, t) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == b'*')
}
