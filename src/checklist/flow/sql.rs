//! Whether a text is SQL by its first words: prose may begin with `select`, but not go on as SQL.

/// Statements by their first word, and the words one of which follows.
const STATEMENTS: &[(&str, &[&str])] = &[
    ("select", &["from", "where", "*", "count", "distinct", "top"]),
    ("insert", &["into", "ignore"]),
    ("replace", &["into"]),
    ("merge", &["into"]),
    ("update", &["set"]),
    ("delete", &["from"]),
    ("create", &["table", "index", "database", "view", "trigger", "role", "schema", "user"]),
    ("alter", &["table", "database", "role", "user", "schema", "index"]),
    ("drop", &["table", "index", "database", "view", "trigger", "role", "schema", "user"]),
    ("truncate", &["table"]),
    ("with", &["as"]),
    ("grant", &["on", "to"]),
];

/// How much of a text is read.
const MAX_TEXT: usize = 2_000;

/// What prose hardly has.
const MARKS: &[char] = &['=', '*', '(', ',', '\''];

/// Whether a text starts as a statement of SQL does. Its first word in capitals is enough where
/// the text breaks off after it: `"UPDATE " + table`.
pub fn is_statement(text: &str) -> bool {
    let text: String = text.chars().take(MAX_TEXT).collect();
    let mut words = text.split(|c: char| c.is_whitespace() || "(),;".contains(c));
    let mut next = || words.by_ref().find(|word| !word.is_empty() && *word != "\\n");
    let Some(first) = next() else { return false };
    let known = STATEMENTS.iter().find(|(verb, _)| first.eq_ignore_ascii_case(verb));
    let Some((verb, wanted)) = known else { return false };
    let loud = first == verb.to_uppercase();
    if !loud && !text.contains(MARKS) && !text.contains(" where ") {
        return false;
    }
    let Some(second) = next() else { return loud && text.len() < 40 };
    let follows = |word: &str| wanted.iter().any(|wanted| word.eq_ignore_ascii_case(wanted));
    // Some verbs govern the word after them, of others it comes later.
    let later = ["select", "update", "with", "grant"].contains(verb) || loud;
    let filled = second.starts_with(['{', '$', '%', '#', '?', '[', '`', '"']);
    follows(second) || later && std::iter::from_fn(next).any(follows) || loud && filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_told_from_prose() {
        for text in [
            "SELECT * FROM users WHERE id = ",
            "select name from users where id = '",
            "\n  INSERT INTO t (a) VALUES (",
            "UPDATE ",
            "UPDATE {} SET a = 1",
            "delete from users where id=",
            "DROP TABLE ",
            "CREATE UNIQUE INDEX i ON t",
            "WITH x AS (SELECT 1) SELECT * FROM x WHERE a = ",
        ] {
            assert!(is_statement(text), "{text}");
        }
        for text in [
            "select a file: ",
            "select one from the list: ",
            "Update available: ",
            "update the settings of ",
            "Delete from the list: ",
            "delete ",
            "Insert coin",
            "Drop it here",
            "with love, ",
            "create a user ",
            "",
            "  ",
        ] {
            assert!(!is_statement(text), "{text}");
        }
    }
}
