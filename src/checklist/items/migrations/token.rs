//! SQL cut into tokens and statements, tolerant of dialects and of text that is cut short.

use std::ops::Range;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A word or number.
    Word,
    /// A quoted name.
    Name,
    /// A quoted text.
    Text,
    /// One other character.
    Sign,
}

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token<'s> {
    /// What it is.
    pub kind: Kind,
    /// As it is written.
    pub text: &'s str,
    /// Where, in bytes.
    pub at: usize,
}

impl Token<'_> {
    /// Whether this is the word or sign, in any case.
    pub fn is(&self, text: &str) -> bool {
        matches!(self.kind, Kind::Word | Kind::Sign) && self.text.eq_ignore_ascii_case(text)
    }

    /// The bytes that it lies on.
    pub fn range(&self) -> Range<usize> {
        self.at..self.at + self.text.len()
    }
}

/// The statements of a text, each without its `;`.
pub fn statements(text: &str) -> Vec<Vec<Token<'_>>> {
    let mut all = Vec::new();
    let mut one: Vec<Token<'_>> = Vec::new();
    let mut depth = 0usize;
    for token in (Tokens { text, at: 0 }) {
        match token.text {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        let ends = token.is(";") && depth == 0;
        let go = token.is("go") && alone(text, &token);
        if ends || go {
            if !one.is_empty() {
                all.push(std::mem::take(&mut one));
            }
        } else {
            one.push(token);
        }
    }
    if !one.is_empty() {
        all.push(one);
    }
    all
}

/// Tokens cut at the commas outside of parentheses, up to the parenthesis that closes them.
pub fn parts<'a, 't>(tokens: &'a [Token<'t>]) -> Vec<&'a [Token<'t>]> {
    let (mut depth, mut start) = (0usize, 0);
    let mut all = Vec::new();
    let mut end = tokens.len();
    for (at, token) in tokens.iter().enumerate() {
        match token.text {
            "(" => depth += 1,
            ")" if depth == 0 => {
                end = at;
                break;
            }
            ")" => depth -= 1,
            "," if depth == 0 => {
                all.push(&tokens[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    all.push(&tokens[start..end]);
    all.retain(|part| !part.is_empty());
    all
}

/// Whether nothing else stands on its line.
fn alone(text: &str, token: &Token<'_>) -> bool {
    let blank = |c: char| matches!(c, ' ' | '\t' | '\r');
    let before = text[..token.at].trim_end_matches(blank);
    let after = text[token.range().end..].trim_start_matches(blank);
    (before.is_empty() || before.ends_with('\n')) && (after.is_empty() || after.starts_with('\n'))
}

/// The tokens of a text; comments are left out.
struct Tokens<'s> {
    text: &'s str,
    at: usize,
}

impl<'s> Tokens<'s> {
    fn seek(&self, from: usize, what: &str) -> Option<usize> {
        memchr::memmem::find(&self.text.as_bytes()[from..], what.as_bytes()).map(|at| from + at)
    }

    /// Where white space and comments from here on end.
    fn skip(&mut self) {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            if byte.is_ascii_whitespace() {
                self.at += 1;
            } else if self.text[self.at..].starts_with("--") {
                self.at = self.seek(self.at, "\n").unwrap_or(bytes.len());
            } else if self.text[self.at..].starts_with("/*") {
                self.at = self.seek(self.at + 2, "*/").map_or(bytes.len(), |end| end + 2);
            } else {
                return;
            }
        }
    }

    /// The end of what is quoted with this sign; a doubled one stands for itself.
    fn quoted(&self, quote: u8) -> usize {
        let bytes = self.text.as_bytes();
        let mut at = self.at + 1;
        while at < bytes.len() {
            if bytes[at] == quote {
                if bytes.get(at + 1) != Some(&quote) {
                    return at + 1;
                }
                at += 1;
            }
            at += 1;
        }
        bytes.len()
    }

    /// The end of a text between dollar tags, if one starts here.
    fn dollar(&self) -> Option<usize> {
        let rest = &self.text[self.at + 1..];
        let tag = rest.find('$')?;
        let named = rest[..tag].bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !named || rest.as_bytes().first().is_some_and(u8::is_ascii_digit) {
            return None;
        }
        let tag = &self.text[self.at..self.at + tag + 2];
        let end = self.seek(self.at + tag.len(), tag);
        Some(end.map_or(self.text.len(), |end| end + tag.len()))
    }
}

impl<'s> Iterator for Tokens<'s> {
    type Item = Token<'s>;

    fn next(&mut self) -> Option<Token<'s>> {
        self.skip();
        let at = self.at;
        let first = self.text[at..].chars().next()?;
        let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '@' | '#');
        let dollar = if first == '$' { self.dollar() } else { None };
        let (kind, end) = match (first, dollar) {
            (_, Some(end)) => (Kind::Text, end),
            ('\'', _) => (Kind::Text, self.quoted(b'\'')),
            ('"', _) => (Kind::Name, self.quoted(b'"')),
            ('`', _) => (Kind::Name, self.quoted(b'`')),
            ('[', _) => match self.bracketed() {
                Some(end) => (Kind::Name, end),
                None => (Kind::Sign, at + 1),
            },
            (first, _) if word(first) => {
                let rest = &self.text[at..];
                (Kind::Word, at + rest.find(|c| !word(c)).unwrap_or(rest.len()))
            }
            (other, _) => (Kind::Sign, at + other.len_utf8()),
        };
        self.at = end;
        Some(Token { kind, text: &self.text[at..end], at })
    }
}

impl Tokens<'_> {
    /// The end of a name in brackets, as SQL Server writes it.
    fn bracketed(&self) -> Option<usize> {
        let rest = &self.text[self.at + 1..];
        let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | ' ' | '-')))?;
        let named = end > 0 && rest[..end].starts_with(|c: char| c.is_alphabetic());
        (named && rest[end..].starts_with(']')).then_some(self.at + end + 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<String> {
        let join =
            |one: Vec<Token<'_>>| one.iter().map(|token| token.text).collect::<Vec<_>>().join(" ");
        statements(text).into_iter().map(join).collect()
    }

    #[test]
    fn statements_end_where_a_semicolon_is_one() {
        assert_eq!(cut("a; b ';' \"c;\" `d;`; -- e;\n/* f; */ g"), ["a", "b ';' \"c;\" `d;`", "g"]);
        assert_eq!(cut("do $$ begin; end $$; x"), ["do $$ begin; end $$", "x"]);
        assert_eq!(cut("$tag$ ; $$ ; $tag$;$1 x"), ["$tag$ ; $$ ; $tag$", "$1 x"]);
        assert_eq!(
            cut("create table a (b text default ';');"),
            ["create table a ( b text default ';' )"]
        );
        assert_eq!(cut("alter table [a b]\nGO\nx"), ["alter table [a b]", "x"]);
    }

    #[test]
    fn text_that_is_cut_short_is_read_to_its_end() {
        for text in ["a 'b", "a \"b", "/* a", "$$ a", "a (", "-- a", "[", "é'ü"] {
            assert!(statements(text).len() <= 1, "{text}");
        }
    }
}
