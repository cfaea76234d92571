//! `ai-log: allow(ITEM) reason` in a comment: an exception in the code itself. It counts only in a
//! line that a person wrote, on the finding's own line or on the one above it.

use super::File;
use crate::model::LineRange;

const MARK: &str = "ai-log: allow(";

/// The reason that a comment next to these lines gives for an exception from this item.
pub fn reason<'f>(file: &'f File, item: &str, lines: LineRange) -> Option<&'f str> {
    let first = lines.start.saturating_sub(1).max(1);
    (first..=lines.start)
        .filter(|line| file.is_human(*line))
        .find_map(|line| in_line(file.line(line), item))
}

/// The reason in one line. An exception without a reason is none.
fn in_line<'l>(line: &'l str, item: &str) -> Option<&'l str> {
    let (before, rest) = line.split_once(MARK)?;
    // Something must make it a comment: text in a string or a template allows nothing.
    let opened = ["#", "//", "/*", "--", "<!--", ";", "*"].iter().any(|open| before.contains(open));
    let (items, reason) = rest.split_once(')')?;
    let named = items.split(',').any(|named| named.trim() == item);
    let reason = reason.trim().trim_end_matches("*/").trim_end_matches("-->").trim();
    (opened && named && !reason.is_empty()).then_some(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_names_its_item_and_gives_a_reason() {
        let ask = |line| in_line(line, "timeouts");
        assert_eq!(
            ask("x() # ai-log: allow(timeouts) the caller has one"),
            Some("the caller has one")
        );
        assert_eq!(ask("/* ai-log: allow(secrets, timeouts) a test */"), Some("a test"));
        assert_eq!(ask("# ai-log: allow(timeouts)"), None);
        assert_eq!(ask("# ai-log: allow(secrets) no"), None);
        assert_eq!(ask("x = 'ai-log: allow(timeouts) no comment'"), None);
    }

    #[test]
    fn an_agents_own_comment_allows_nothing() {
        let text = b"# ai-log: allow(timeouts) fine\nget(x)\n";
        let mut file = File::whole("a.py".into(), text);
        assert!(reason(&file, "timeouts", LineRange::one(2)).is_some());
        assert!(reason(&file, "timeouts", LineRange::one(3)).is_none());
        file.whole = false;
        assert!(reason(&file, "timeouts", LineRange::one(2)).is_none());
        file.runs.clear();
        assert!(reason(&file, "timeouts", LineRange::one(2)).is_some());
        file.unknown.push(LineRange::one(1));
        assert!(reason(&file, "timeouts", LineRange::one(2)).is_none());
    }
}
