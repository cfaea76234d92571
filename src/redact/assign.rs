//! Values given to a name that suggests a credential, in code, JSON, YAML, XML, environment
//! files, queries and command lines.

use super::literal::Value;
use super::value::Quote;
use super::{Rank, Scan};
use super::{verdict, words};

/// How much of a name is looked at on either side of its keyword, in bytes.
const MAX_NAME: usize = 64;

/// How many blanks may stand between a name and its value.
const MAX_BLANK: usize = 40;

/// A shorter value is no credential by the name of a service alone.
const MIN_TOKEN: usize = 12;

/// What a name suggests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Password,
    /// `pass`, which also means other things.
    Pass,
    Secret,
    Token,
    ApiKey,
    PrivateKey,
    Auth,
}

impl Family {
    fn kind(self) -> &'static str {
        match self {
            Self::Password | Self::Pass => "password",
            Self::Secret => "secret",
            Self::Token => "token",
            Self::ApiKey => "api-key",
            Self::PrivateKey => "private-key",
            Self::Auth => "auth-token",
        }
    }

    /// Whether the keyword is so short that it must be a word of its own.
    fn is_short(self) -> bool {
        matches!(self, Self::Pass | Self::Auth)
    }
}

/// How a name and its value are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Join {
    /// `name=value`: environment files, queries, options.
    Tight,
    /// `name = value`, `name := value`, `name => value`: mostly code.
    Spaced,
    /// `name: value`: YAML, JSON, headers, prose.
    Colon,
    /// `--name value`, `#define NAME "value"`, `ENV NAME value`.
    Word,
    /// `("name", "value")`.
    Pair,
    /// `<name>value</name>`.
    Xml,
    /// `the password is value`.
    Prose,
}

/// Words in a name that make its value a description of the credential, not the thing.
#[rustfmt::skip]
pub(super) const ABOUT: &[&str] = &[
    "algorithm", "arn", "at", "attempts", "budget", "callback", "changed", "class", "column",
    "confirm", "confirmation", "count", "counter", "counts", "created", "date", "description",
    "dir", "directory", "element", "enabled", "encoder", "endpoint", "env", "error", "errors",
    "exp", "expiration", "expired", "expires", "expiry", "field", "file", "filename", "format",
    "generator", "handler", "header", "help", "hint", "icon", "id", "ids", "index", "input",
    "invalid", "issuer", "kind", "label", "len", "length", "lifetime", "limit", "limits",
    "location", "manager", "max", "message", "method", "min", "mode", "model", "name", "names",
    "num", "page", "param", "path", "pattern", "placeholder", "policy", "position", "prefix",
    "prompt", "provider", "ref", "regex", "required", "reset", "rotation", "rule", "rules",
    "schema", "scheme", "scope", "scopes", "screen", "selector", "separator", "service", "size",
    "source", "span", "state", "status", "storage", "store", "strategy", "strength", "suffix",
    "text", "title", "total", "ttl", "type", "types", "uri", "url", "usage", "used", "validator",
    "var", "variable", "version", "visible",
];

/// The name around a keyword.
#[derive(Clone, Copy)]
pub(super) struct Name {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Name {
    /// The name that holds the keyword `start..end`, if the keyword is a word in it and no
    /// other word makes it a description.
    fn around(scan: &Scan, start: usize, end: usize, family: Family) -> Option<Self> {
        let in_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        let low = start.saturating_sub(MAX_NAME);
        let before = scan.bytes[low..start].iter().rev();
        let first = start - before.take_while(|b| in_name(b)).count();
        let high = scan.bytes.len().min(end + MAX_NAME);
        let after = scan.bytes[end..high].iter();
        let mut last = end + after.take_while(|b| in_name(b)).count();
        while last > end && scan.bytes[last - 1] == b'-' {
            last -= 1;
        }
        let suffix = &scan.bytes[end..last];
        let same_case = |a: u8, b: u8| a.is_ascii_lowercase() == b.is_ascii_lowercase();
        // `tokenizer`, `passwords`, `SECRETARY`.
        if let Some(&next) = suffix.first()
            && next.is_ascii_alphabetic()
            && (next.is_ascii_lowercase() || same_case(scan.bytes[end - 1], next))
        {
            return None;
        }
        if family.is_short() && first < start {
            let (prev, keyword) = (scan.bytes[start - 1], scan.bytes[start]);
            let camel = keyword.is_ascii_uppercase() && prev.is_ascii_lowercase();
            let known = scan.ends(start, "pg") || scan.ends(start, "db");
            if prev.is_ascii_alphabetic() && !camel && !known {
                return None;
            }
        }
        let about = |piece: &[u8]| {
            let lower = piece.to_ascii_lowercase();
            ABOUT.iter().any(|word| word.as_bytes() == lower)
        };
        let public = scan.bytes[first..start].to_ascii_lowercase();
        if words::pieces(suffix).any(about) || public.starts_with(b"public") {
            return None;
        }
        Some(Self { start: first, end: last })
    }

    /// Whether the name has only capitals, as environment variables do.
    pub(super) fn is_upper(self, scan: &Scan) -> bool {
        !scan.bytes[self.start..self.end].iter().any(u8::is_ascii_lowercase)
    }

    /// Whether the name starts a line, but for blanks, list dashes and `export`.
    pub(super) fn starts_line(self, scan: &Scan) -> bool {
        let low = self.start.saturating_sub(MAX_BLANK);
        let head = &scan.bytes[low..self.start];
        let line = head.iter().rposition(|&b| b == b'\n').map_or(head, |at| &head[at + 1..]);
        let line = line.trim_ascii();
        let line = line.strip_prefix(b"- ").unwrap_or(line);
        matches!(line, b"" | b"-" | b"export" | b"set" | b"$" | b"+" | b"ENV" | b"ARG")
    }
}

/// Looks at the value of the name around the keyword `start..end`.
pub(super) fn name(scan: &mut Scan, start: usize, end: usize, family: Family) {
    let Some(name) = Name::around(scan, start, end, family) else {
        return;
    };
    let Some((join, at)) = join(scan, name, family) else {
        return;
    };
    let typed = (join == Join::Colon).then(|| after_type(scan, at)).flatten();
    // What stands between a colon and an equals sign is mostly a type, but not surely.
    if typed.is_none() || !is_type(scan, at) {
        judge(scan, name, family, join, at);
    }
    if let Some(at) = typed {
        judge(scan, name, family, Join::Spaced, at);
    }
}

/// Looks at the value of a name that says only whose it is: it must look like a credential.
pub(super) fn vendor(scan: &mut Scan, name: Name, family: Family, key: bool) {
    let Some((join, at)) = join(scan, name, family) else {
        return;
    };
    let Some(value) = Value::read(scan, join, at, name) else {
        return;
    };
    let text = &scan.bytes[value.start..value.end];
    let token = |b: &u8| b.is_ascii_alphanumeric() || b"_-=+/.~".contains(b);
    let mixed = text.iter().any(u8::is_ascii_digit) && text.iter().any(u8::is_ascii_alphabetic);
    if text.len() >= MIN_TOKEN
        && mixed
        && (key || words::is_random(text))
        && text.iter().all(token)
        && verdict::is_credential(scan, &value, join, family, name)
    {
        scan.add(value.start, value.end, family.kind(), Rank::Name);
    }
}

/// Removes the value at `at` if it is a credential.
fn judge(scan: &mut Scan, name: Name, family: Family, join: Join, at: usize) {
    let Some(value) = Value::read(scan, join, at, name) else {
        return;
    };
    if verdict::is_credential(scan, &value, join, family, name) {
        let kind = kind(scan, name, family, &value);
        scan.add(value.start, value.end, kind, Rank::Name);
    }
}

fn kind(scan: &Scan, name: Name, family: Family, value: &Value) -> &'static str {
    let name = scan.text[name.start..name.end].to_ascii_lowercase().replace(['_', '-'], "");
    // The secret half of an AWS key pair: 40 bytes of base64.
    if value.end - value.start == 40 && (name.contains("aws") || name.contains("secretaccesskey")) {
        return "aws-secret-key";
    }
    family.kind()
}

fn is_blank(b: u8) -> bool {
    b == b' ' || b == b'\t'
}

/// Where blanks from `at` on end, if they are few.
pub(super) fn skip_blank(scan: &Scan, at: usize) -> usize {
    let limit = scan.bytes.len().min(at + MAX_BLANK);
    let blank = scan.bytes[at..limit].iter().take_while(|&&b| is_blank(b));
    at + blank.count()
}

/// How the name and its value are joined, and where the value starts.
fn join(scan: &Scan, name: Name, family: Family) -> Option<(Join, usize)> {
    let quote = Quote::open(scan, name.end);
    let mut at = quote.as_ref().map_or(name.end, |q| q.after);
    if scan.at(at) == Some(b'>') && scan.ends(name.start, "<") {
        return Some((Join::Xml, at + 1));
    }
    // `config["password"]`, `char password[32]`.
    if scan.at(at) == Some(b'[') {
        at = scan.run_end(at + 1, |b| b.is_ascii_digit());
    }
    at += usize::from(scan.at(at) == Some(b']'));
    // `password?: string` and `token!: string`.
    if matches!(scan.at(at), Some(b'?' | b'!')) && scan.at(at + 1) == Some(b':') {
        at += 1;
    }
    let op = skip_blank(scan, at);
    if let Some(value) = named_value(scan, op) {
        return Some((Join::Colon, value));
    }
    let spaced = op > at;
    let (join, after) = match (scan.at(op)?, scan.at(op + 1)) {
        (b':', Some(b':')) => {
            let end = scan.run_end(op, |b| b == b':').min(op + 4);
            if scan.at(end) != Some(b'=') {
                return None;
            }
            (Join::Spaced, end + 1)
        }
        (b':', Some(b'=')) => (Join::Spaced, op + 2),
        (b':', _) => (Join::Colon, op + 1),
        (b'=', Some(b'=' | b'>' | b'~')) => {
            (Join::Spaced, scan.run_end(op, |b| matches!(b, b'=' | b'>' | b'~')))
        }
        (b'=', _) => (Join::Tight, op + 1),
        (b'!' | b'+' | b'?' | b'|', Some(b'=')) if spaced => {
            (Join::Spaced, scan.run_end(op + 1, |b| b == b'='))
        }
        (b'|' | b'?', Some(b'|' | b'?')) => (Join::Spaced, scan.run_end(op + 2, |b| b == b'=')),
        (b',', _) if quote.is_some() => (Join::Pair, op + 1),
        _ if spaced => return words_join(scan, name, op, family),
        _ => return None,
    };
    let at = skip_blank(scan, after);
    Some(match join {
        Join::Tight if spaced || at > after => (Join::Spaced, at),
        _ => (join, at),
    })
}

/// Joins that are words or nothing: `op` is what follows the blank after the name.
fn words_join(scan: &Scan, name: Name, op: usize, family: Family) -> Option<(Join, usize)> {
    let command = ["#define ", "ENV ", "ARG ", "setx "];
    if scan.starts(name.start, "--") || command.iter().any(|c| scan.ends(name.start, c)) {
        return Some((Join::Word, op));
    }
    // Go writes the type after the name, SQL only a string.
    if scan.starts(op, "string = ") {
        return Some((Join::Spaced, op + "string = ".len()));
    }
    if family == Family::Password {
        // Lines of a `.netrc` file.
        let low = scan.text.floor_char_boundary(name.start.saturating_sub(MAX_NAME));
        if scan.text[low..name.start].contains("login ") && scan.ends(name.end, "password") {
            return Some((Join::Spaced, op));
        }
        if scan.at(op) == Some(b'\'') && name.is_upper(scan) {
            return Some((Join::Word, op));
        }
        if scan.starts(op, "is ") || scan.starts(op, "is: ") {
            let word = scan.run_end(op, |b| b != b' ');
            return Some((Join::Prose, skip_blank(scan, word)));
        }
    }
    None
}

/// `name: PASSWORD` and then, often on the next line, `value: …`.
fn named_value(scan: &Scan, at: usize) -> Option<usize> {
    let limit = scan.bytes.len().min(at + MAX_BLANK);
    let head = &scan.bytes[at.min(limit)..limit];
    let gap = head
        .iter()
        .take_while(|b| b.is_ascii_whitespace() || matches!(b, b',' | b'"' | b'\'' | b'\\'));
    let word = at + gap.count();
    if !scan.starts(word, "value") {
        return None;
    }
    let end = word + "value".len();
    let end = Quote::open(scan, end).map_or(end, |q| q.after);
    let op = skip_blank(scan, end);
    matches!(scan.at(op), Some(b':' | b'=')).then(|| skip_blank(scan, op + 1))
}

/// Whether a name that looks like that of a type stands at `at`: `Token2`, `c_int`.
fn is_type(scan: &Scan, at: usize) -> bool {
    let name = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b':';
    let end = scan.run_end(at, name).min(at + MAX_NAME).min(scan.bytes.len());
    let text = &scan.bytes[at..end];
    let first = text.first().is_some_and(|b| b.is_ascii_uppercase() || *b == b'_');
    let blank = scan.at(end).is_none_or(is_blank);
    blank && (first || text.contains(&b'_') || text.windows(2).any(|w| w == b"::"))
}

/// `: Type = value`: where the value starts.
fn after_type(scan: &Scan, at: usize) -> Option<usize> {
    let limit = scan.bytes.len().min(at + MAX_BLANK);
    let in_type = |b: &u8| b.is_ascii_alphanumeric() || b"_&<>'[]:., |?*-".contains(b);
    let len = scan.bytes[at..limit].iter().take_while(|b| in_type(b)).count();
    let op = at + len;
    let assigns = scan.at(op) == Some(b'=') && !matches!(scan.at(op + 1), Some(b'=' | b'>'));
    (len > 1 && assigns && scan.ends(op, " ")).then(|| skip_blank(scan, op + 1))
}
