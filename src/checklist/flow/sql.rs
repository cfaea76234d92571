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

/// Statements that take no parameters.
const DEFINING: &[&str] = &[
    "create", "alter", "drop", "truncate", "pragma", "describe", "show", "attach", "vacuum",
    "analyze", "comment", "rename", "explain",
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

/// Words after which SQL names a table, a column or a schema.
const NAMING: &[&str] = &[
    "from", "into", "update", "join", "table", "exists", "index", "view", "on", "database",
    "schema", "as", "only", "truncate", "describe", "column", "sequence", "trigger", "vacuum",
    "analyze",
];

/// Whether SQL that goes on after this text goes on with a name.
pub fn names_next(text: &str) -> bool {
    let text = text.trim_end_matches(['`', '"', '[', '\\', '{']);
    if text.ends_with('.') {
        return true;
    }
    let before = text.trim_end();
    let word = before.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
    let word = word.unwrap_or_default();
    text.len() > before.len() && NAMING.iter().any(|named| word.eq_ignore_ascii_case(named))
}

/// Whether all holes of a pattern stand where SQL has a name. A hole starts with this character:
/// `%s`, `{}`, `${x}`, `#{x}`.
pub fn holes_are_names(pattern: &str, start: char) -> bool {
    let holes: Vec<usize> = pattern
        .char_indices()
        .filter(|(at, c)| {
            let next = pattern[at + c.len_utf8()..].chars().next().unwrap_or(' ');
            *c == start
                && match c {
                    '%' => "sdvqrf(1".contains(next),
                    '$' => next == '{' || next.is_ascii_alphabetic(),
                    '#' => next == '{',
                    _ => true,
                }
        })
        .map(|(at, _)| at)
        .collect();
    let defines = is_definition(pattern);
    !holes.is_empty()
        && holes.iter().all(|at| {
            let (before, hole) = pattern.split_at(*at);
            let end = if start == '%' { Some(1) } else { hole.find('}') };
            let after = end.and_then(|end| hole.get(end + 1..)).unwrap_or_default();
            let quoted = before.ends_with('\'');
            names_next(before) || after.starts_with('.') || defines && !quoted
        })
}

/// Whether a text starts as a statement that takes no parameters, only names.
pub fn is_definition(text: &str) -> bool {
    let word = text.trim_start().split(char::is_whitespace).next().unwrap_or_default();
    DEFINING.iter().any(|verb| word.eq_ignore_ascii_case(verb))
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

    #[test]
    fn what_follows_is_a_name_after_from_and_no_name_after_an_operator() {
        for text in ["SELECT * FROM ", "INSERT INTO `", "SELECT 1 FROM a.", "DROP TABLE IF EXISTS "]
        {
            assert!(names_next(text), "{text}");
        }
        for text in ["WHERE a = ", "WHERE a = '", "", "from", "ORDER BY "] {
            assert!(!names_next(text), "{text}");
        }
        assert!(holes_are_names("SELECT * FROM %s WHERE id = ?", '%'));
        assert!(holes_are_names("SELECT * FROM {schema}.{table}", '{'));
        assert!(holes_are_names("SELECT * FROM {table} WHERE id = %s", '{'));
        assert!(holes_are_names("#{table_name}.id = ?", '#'));
        assert!(holes_are_names("DROP INDEX {name}", '{'));
        assert!(!holes_are_names("CREATE USER u PASSWORD '{password}'", '{'));
        assert!(holes_are_names("SELECT * FROM #{table_name} WHERE a = 1", '#'));
        assert!(!holes_are_names("SELECT * FROM {table} WHERE id = {id}", '{'));
        assert!(!holes_are_names("SELECT * FROM t WHERE id = '%s'", '%'));
        assert!(!holes_are_names("no holes", '{'));
    }
}
