//! Whether the value of a suggestive name is a credential or something ordinary.

use super::assign::{Family, Join, Name};
use super::literal::Value;
use super::value::{self, MAX_JUDGED};
use super::{Scan, words};

/// Fewer characters than this are no credential.
const MIN_VALUE: usize = 6;

/// Words that show that a value with blanks is a sentence and not a passphrase.
#[rustfmt::skip]
const SENTENCE: &[&str] = &[
    "a", "an", "and", "are", "at", "be", "by", "can", "cannot", "characters", "do", "enter", "error", "expired",
    "failed", "for", "forgot", "from", "has", "have", "if", "in", "incorrect", "invalid", "is",
    "it", "least", "letters", "minimum", "needs", "match", "missing", "must", "new", "no", "not", "of", "on", "or", "password",
    "please", "required", "reset", "should", "the", "this", "to", "token", "too", "was", "when",
    "will", "with", "wrong", "your",
];

pub(super) fn is_credential(
    scan: &Scan,
    value: &Value,
    join: Join,
    family: Family,
    name: Name,
) -> bool {
    let len = value.end - value.start;
    if !value.quoted && len > MAX_JUDGED {
        return true;
    }
    let text = &scan.text[value.start..value.end];
    let rest = value::without_templates(text);
    let rest = rest.trim();
    if rest.chars().count() < MIN_VALUE
        || !rest.bytes().any(|b| b.is_ascii_alphanumeric())
        || value::is_placeholder(text)
        || value::is_reference(text)
        || is_number(rest, family)
        || words::is_plain(rest)
        || (!value.quoted && is_literal(rest))
    {
        return false;
    }
    if value.quoted {
        quoted(rest, join, family)
    } else {
        let env = name.is_upper(scan) || scan.starts(name.start, "--");
        let bare =
            Bare { text: rest, after: &scan.bytes[value.end..], line: name.starts_line(scan), env };
        bare.is_credential(join, family)
    }
}

/// Numbers, dates and versions; a password may be a number.
fn is_number(text: &str, family: Family) -> bool {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    if digits && text.len() >= MIN_VALUE && family == Family::Password {
        return false;
    }
    let text = text.strip_prefix('v').unwrap_or(text);
    text.bytes().all(|b| b.is_ascii_digit() || b"._,:-+TZ".contains(&b))
}

/// Numbers of code: `0x1F`, `16i32`, `1_000UL`.
fn is_literal(text: &str) -> bool {
    let text = text.trim_start_matches('-');
    if !text.bytes().any(|b| b.is_ascii_alphabetic() || b == b'_') {
        return false;
    }
    let digits = text.trim_end_matches(['u', 'U', 'l', 'L']);
    let suffix = ["i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "usize", "f32", "f64"];
    let digits = suffix.iter().find_map(|s| digits.strip_suffix(s)).unwrap_or(digits);
    let hex = digits.strip_prefix("0x");
    let digits = hex.unwrap_or(digits);
    let digit = |b: u8| b.is_ascii_digit() || (hex.is_some() && b.is_ascii_hexdigit());
    digits.len() <= 19 && digits.bytes().all(|b| digit(b) || b == b'_')
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_digit())
}

fn has_letter(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_alphabetic())
}

fn quoted(text: &str, join: Join, family: Family) -> bool {
    if join == Join::Pair && !(has_digit(text) && has_letter(text)) {
        return false;
    }
    if text.contains(char::is_whitespace) {
        return match family {
            Family::Password | Family::Secret | Family::PrivateKey => !is_sentence(text),
            _ => text.split_whitespace().any(|word| {
                word.len() >= 16
                    && has_digit(word)
                    && has_letter(word)
                    && !value::is_reference(word)
            }),
        };
    }
    if join == Join::Prose {
        return has_digit(text) && has_letter(text);
    }
    let letters = text
        .bytes()
        .all(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'-' | b'.' | b':' | b'/'));
    if !letters {
        return true;
    }
    let single = text.bytes().all(|b| b.is_ascii_alphabetic());
    match family {
        Family::Password => true,
        // `db-credentials` is the name of a secret.
        Family::Secret | Family::ApiKey | Family::PrivateKey => single,
        Family::Token | Family::Auth | Family::Pass => single && is_mixed(text),
    }
}

/// Long, and not made of words.
fn is_mixed(text: &str) -> bool {
    let pieces = words::pieces(text.as_bytes()).count();
    text.len() >= 20 && pieces * 27 > text.len() * 10
}

/// Prose, including what ends like it.
fn is_sentence(text: &str) -> bool {
    let plain = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase();
        SENTENCE.contains(&word.as_str())
    };
    text.ends_with(['.', '?', ':']) || !text.is_ascii() || text.split_whitespace().any(plain)
}

/// Whether a word of a name is itself about credentials.
fn is_about(piece: &[u8]) -> bool {
    let about = ["password", "passwd", "pwd", "token", "secret", "key", "auth", "pass"];
    about.iter().any(|word| piece.eq_ignore_ascii_case(word.as_bytes()))
}

/// A value without quotes: it may be code.
struct Bare<'a> {
    text: &'a str,
    /// The rest of the text.
    after: &'a [u8],
    /// Whether the name starts its line.
    line: bool,
    /// Whether the name is one of the environment or an option.
    env: bool,
}

impl Bare<'_> {
    fn is_credential(&self, join: Join, family: Family) -> bool {
        let text = self.text;
        let template = ["${", "$(", "%{"].iter().any(|open| text.starts_with(open));
        let opens = text.starts_with(['(', '[', '{', '<', '|', '>', '#', '=', '\\']);
        if opens || template || self.is_code() {
            return false;
        }
        if matches!(join, Join::Colon | Join::Word) && self.is_prose() {
            return false;
        }
        if join == Join::Prose {
            return has_digit(text) && has_letter(text) && !self.is_identifier();
        }
        let trusted = matches!(join, Join::Tight | Join::Word);
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if plain && !text.as_bytes()[0].is_ascii_digit() {
            return match (trusted, self.env) {
                (true, true) => true,
                (true, false) => !self.is_identifier(),
                (false, _) => self.is_loose_word(join, family),
            };
        }
        let words = text
            .bytes()
            .all(|b| b.is_ascii_alphabetic() || matches!(b, b'-' | b'_' | b'/' | b'.' | b':'));
        if words {
            return trusted && !self.dotted_names()
                || family == Family::Password && join == Join::Colon && self.ends_line();
        }
        let special = text.contains(['!', '#', '$', '%', '^', '@']) || text.ends_with('=');
        trusted || has_digit(text) || special
    }

    /// A plain word after `name = ` or `name: `: mostly another name.
    fn is_loose_word(&self, join: Join, family: Family) -> bool {
        if has_digit(self.text) {
            return !(self.is_identifier() || self.is_constant());
        }
        let lower = self.text.bytes().all(|b| b.is_ascii_lowercase());
        let secret = matches!(family, Family::Password | Family::Secret | Family::ApiKey);
        let yaml = join == Join::Colon && self.line && self.ends_line() && lower && secret;
        // Random letters are no name.
        yaml || is_mixed(self.text)
    }

    fn ends_line(&self) -> bool {
        let rest = &self.after[..self.after.len().min(8)];
        let rest = rest.split(|&b| b == b'\n').next().unwrap_or_default();
        rest.trim_ascii().is_empty() || rest.trim_ascii().starts_with(b"#")
    }

    /// A name of code: words joined by case or underscores, with at most a number at its
    /// end, or a word that is about credentials itself.
    fn is_identifier(&self) -> bool {
        let stem = self.text.trim_end_matches(|c: char| c.is_ascii_digit());
        if has_digit(stem) || self.text.len() - stem.len() > 2 {
            return false;
        }
        let about = words::pieces(stem.as_bytes()).any(is_about);
        let joined = stem.contains('_') || words::pieces(stem.as_bytes()).count() > 1;
        about || (joined && !is_mixed(stem))
    }

    /// A name with digits inside: `SCREAMING_CASE_2_X`, `getV2Token`.
    fn is_constant(&self) -> bool {
        let bytes = self.text.as_bytes();
        let scores = bytes.iter().filter(|&&b| b == b'_').count();
        let screaming = scores >= 2 && !bytes.iter().any(u8::is_ascii_lowercase);
        let hump = |w: &[u8]| w[0].is_ascii_lowercase() && w[1].is_ascii_uppercase();
        let joined = scores > 0 || bytes.windows(2).any(hump);
        screaming || (joined && words::pieces(bytes).last().is_some_and(is_about))
    }

    /// Calls, members, indexing, generic types, paths of modules.
    fn is_code(&self) -> bool {
        let text = self.text.trim_start_matches(['&', '*', '!', '-']);
        let head = text.split(['(', '[', '{', '<']).next().unwrap_or(text);
        let opens = head.len() < text.len()
            || matches!(self.after.first(), Some(b'(' | b'[' | b'<' | b'{'));
        if opens && value::is_name_path(head.trim_end_matches(['!', '?', '$'])) {
            return true;
        }
        self.dotted_names() || text.starts_with("lambda") || text.starts_with("->")
    }

    /// `config.auth.token`, `Token::Comma`, `process.env.X`: names without digits, or behind
    /// something that holds settings.
    fn dotted_names(&self) -> bool {
        const HOLDERS: &[&str] = &[
            "args", "config", "cfg", "conf", "ctx", "data", "env", "event", "import", "json",
            "local", "module", "opts", "options", "os", "params", "process", "props", "req",
            "request", "res", "response", "secrets", "self", "session", "settings", "state", "std",
            "this", "user", "var",
        ];
        let text = self.text.trim_start_matches(['&', '*', '!']).trim_end_matches(['?', '!', ';']);
        if !(text.contains('.') || text.contains("::")) || !value::is_name_path(text) {
            return false;
        }
        let first = text.split(['.', ':', '?']).next().unwrap_or_default();
        let last = words::pieces(text.as_bytes()).last();
        !has_digit(text)
            || text.contains("::")
            || HOLDERS.contains(&first)
            || last.is_some_and(is_about)
    }

    /// A word of letters, then another one.
    fn is_prose(&self) -> bool {
        let letters = self.text.chars().all(|c| c.is_alphabetic() || matches!(c, '-' | '\'' | '/'));
        let word = |bytes: &[u8]| {
            bytes.first().is_some_and(|b| b.is_ascii_alphabetic() || *b >= 0x80 || *b == b'(')
        };
        let after = self.after;
        let next = match after {
            [b' ', rest @ ..] => word(rest),
            [b',' | b'.' | b';' | b':' | b')', b' ', rest @ ..] => word(rest),
            _ => false,
        };
        letters && next
    }
}
