//! Text from files, prompts and notes is not ours: before a terminal sees it, control characters
//! and marks that reorder text are made visible.

use std::fmt::Write as _;

/// The text on one line: line breaks and tabs become spaces.
pub fn line(text: &str) -> String {
    let spaced: String =
        text.chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c }).collect();
    visible(spaced.trim())
}

/// The text with its tabs and line feeds, all other control characters made visible.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\t' | '\n') || !is_hidden(c) {
            out.push(c);
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
    }
    out
}

/// JSON with the same in JSON's own escapes: the value stays what it is.
pub fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// Control characters, and marks that hide or reorder what stands around them.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// At most this many characters, with a mark where it was cut.
pub fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let head: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", head.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_moves_the_cursor_is_shown_as_text() {
        assert_eq!(visible("a\u{1b}[31mb\u{202e}c\r"), "a\\u{1b}[31mb\\u{202e}c\\u{d}");
        assert_eq!(line(" a\n\tb\u{7} "), "a  b\\u{7}");
        assert_eq!(shorten("abcdef", 4), "abc…");
    }

    proptest! {
        #[test]
        fn json_shows_everything_and_stays_the_same(text in any::<String>()) {
            let shown = json(&serde_json::to_string(&text).unwrap());
            prop_assert!(!shown.chars().any(is_hidden));
            prop_assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
        }

        #[test]
        fn nothing_hidden_is_left(text in "\\PC{0,40}|[\\x00-\\x1f\\u{202e}a]{0,20}") {
            prop_assert!(visible(&text).chars().all(|c| matches!(c, '\t' | '\n') || !is_hidden(c)));
        }
    }
}
