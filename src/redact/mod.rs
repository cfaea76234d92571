//! Redaction: takes credentials out of a text before the text is stored.
//!
//! A text is searched in one pass over its keywords (an Aho-Corasick automaton, see
//! `rules`) and one pass over its long words (see `entropy`). What looks like a
//! credential is replaced by `[redacted:KIND]`; the text around it stays.
//!
//! Every matcher is hand written and works outward from its keyword. There is no pattern
//! to compile, so a short-lived process pays only for building the keyword automaton, and
//! every step is linear in the size of the text: no size needs special handling.

mod assign;
mod context;
mod entropy;
mod headers;
mod literal;
mod pem;
mod rules;
mod shapes;
mod value;
mod vendors;
mod verdict;
mod words;

#[cfg(test)]
mod tests_clean;
#[cfg(test)]
mod tests_context;
#[cfg(test)]
mod tests_kinds;
#[cfg(test)]
mod tests_limits;

use std::collections::BTreeMap;

/// What opens a marker; a known kind and `]` follow.
const MARKER: &str = "[redacted:";

/// How often the search is repeated over its own output before giving up on a stable
/// result. Real texts are stable after one redaction; only built ones need more.
const MAX_PASSES: usize = 8;

/// A text after redaction and what was taken out of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Redacted {
    /// The text with each removed value replaced by `[redacted:KIND]`.
    pub text: String,
    /// How many values of each kind were removed. A kind is a kebab-case name such as
    /// `aws-access-key`; a kind that did not occur has no entry.
    pub removed: BTreeMap<String, u32>,
}

/// Redaction of one text of any size.
///
/// The result is stable: redaction of `redact(x).text` removes nothing and returns the
/// same text. A marker counts as such only if its kind is one this module writes.
///
/// A text built so that each removal uncovers another credential, more than a few levels
/// deep, is replaced as a whole (kind `unstable`): that is stable too, and leaks nothing.
///
/// Time and memory are linear in `text.len()`.
pub fn redact(text: &str) -> Redacted {
    let mut result = Redacted { text: text.to_owned(), removed: BTreeMap::new() };
    for _ in 0..MAX_PASSES {
        let spans = find(&result.text);
        if spans.is_empty() {
            return result;
        }
        result = replace(result, &spans);
    }
    if !find(&result.text).is_empty() {
        *result.removed.entry("unstable".to_owned()).or_insert(0) += 1;
        result.text = format!("{MARKER}unstable]");
    }
    result
}

/// A credential in a text: byte offsets, both on character boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Where it starts.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// What it is, a kebab-case name such as `aws-access-key`.
    pub kind: &'static str,
    /// How it was found.
    pub rank: Rank,
}

/// How sure a rule is of its kind. Where spans overlap, the surest names the kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// A documented prefix or shape.
    Shape,
    /// A header, address or command that carries a credential by definition.
    Context,
    /// A name that suggests a credential.
    Name,
    /// Only the look of the value.
    Look,
}

/// Runs of bytes that may hold many keywords, each of which asks for the end of the run.
#[derive(Debug, Clone, Copy)]
enum Run {
    /// Up to a blank or a quote.
    Line,
    /// Up to what separates values, too.
    Value,
    /// See [`headers`].
    Credential,
    Base64,
    Percent,
}

/// One search: the text and what was found in it so far.
struct Scan<'t> {
    text: &'t str,
    bytes: &'t [u8],
    spans: Vec<Span>,
    /// Ranges of public base64 (certificates, public keys) that the entropy rule leaves.
    public: Vec<(usize, usize)>,
    /// Where the last `curl` was seen: `-u` means a login only in its command line.
    curl: Option<usize>,
    /// Per [`Run`], the last one scanned: keywords inside one run share the search for its
    /// end, which would not be linear otherwise.
    runs: [(usize, usize); 5],
}

impl<'t> Scan<'t> {
    fn new(text: &'t str) -> Self {
        Scan {
            text,
            bytes: text.as_bytes(),
            spans: Vec::new(),
            public: Vec::new(),
            curl: None,
            runs: [(0, 0); 5],
        }
    }

    fn add(&mut self, start: usize, end: usize, kind: &'static str, rank: Rank) {
        debug_assert!(rules::is_kind(kind.as_bytes()), "{kind} is not listed");
        if start < end {
            self.spans.push(Span { start, end, kind, rank });
        }
    }

    fn at(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    /// The first offset from `from` on whose byte is not in `class`.
    fn run_end(&self, from: usize, class: impl Fn(u8) -> bool) -> usize {
        let rest = self.bytes.get(from..).unwrap_or_default();
        from + rest.iter().position(|&b| !class(b)).unwrap_or(rest.len())
    }

    /// As [`Scan::run_end`], but remembers the run. A marker ends a run.
    fn shared_end(&mut self, run: Run, from: usize, class: impl Fn(u8) -> bool) -> usize {
        let known = self.runs[run as usize];
        if (known.0..known.1).contains(&from) {
            return known.1;
        }
        let inside = |b: u8| b != b'[' && class(b);
        let mut end = self.run_end(from, inside);
        while self.at(end) == Some(b'[') && class(b'[') && self.marker_end(end).is_none() {
            end = self.run_end(end + 1, inside);
        }
        self.runs[run as usize] = (from, end);
        end
    }

    /// `end` without the punctuation of the sentence or the code around `start..end`.
    fn without_punctuation(&self, start: usize, end: usize) -> usize {
        let low = start.max(end.saturating_sub(4));
        let punctuation = |b: &u8| b".,;:)?\\".contains(b);
        let tail = self.bytes[low..end].iter().rev();
        end - tail.take_while(|b| punctuation(b)).count()
    }

    /// Whether the text goes on with `what` at `at`, in any ASCII case.
    fn starts(&self, at: usize, what: &str) -> bool {
        self.bytes
            .get(at..at + what.len())
            .is_some_and(|part| part.eq_ignore_ascii_case(what.as_bytes()))
    }

    /// Whether the text before `at` ends with `what`, in any ASCII case.
    fn ends(&self, at: usize, what: &str) -> bool {
        at >= what.len() && self.starts(at - what.len(), what)
    }

    /// Whether a word may start at `at`. Escapes such as `\n` and `%20` end in a letter or
    /// digit but do separate words.
    fn word_edge(&self, at: usize) -> bool {
        let before = |n: usize| at.checked_sub(n).and_then(|i| self.at(i));
        let Some(prev) = before(1) else { return true };
        if !(prev.is_ascii_alphanumeric() || prev == b'_') {
            return true;
        }
        (matches!(prev, b'n' | b'r' | b't') && before(2) == Some(b'\\'))
            || (prev.is_ascii_hexdigit()
                && before(2).is_some_and(|b| b.is_ascii_hexdigit())
                && before(3) == Some(b'%'))
    }

    /// The end of the marker that starts at `at`, if one does.
    fn marker_end(&self, at: usize) -> Option<usize> {
        if !self.bytes.get(at..)?.starts_with(MARKER.as_bytes()) {
            return None;
        }
        let kind = at + MARKER.len();
        let limit = self.bytes.len().min(kind + rules::LONGEST_KIND + 1);
        let len = self.bytes[kind..limit].iter().position(|&b| b == b']')?;
        let name = &self.bytes[kind..kind + len];
        rules::is_kind(name).then_some(kind + len + 1)
    }

    /// Whether `at` lies in a marker, whose words are not names of anything.
    fn in_marker(&self, at: usize) -> bool {
        let low = at.saturating_sub(MARKER.len() + rules::LONGEST_KIND);
        self.bytes[low..at]
            .iter()
            .rposition(|&b| b == b'[')
            .and_then(|open| self.marker_end(low + open))
            .is_some_and(|end| end > at)
    }
}

/// Every credential in `text`, in order and without overlaps: what [`redact`] removes.
///
/// Time and memory are linear in `text.len()`.
pub fn find(text: &str) -> Vec<Span> {
    let mut scan = Scan::new(text);
    rules::scan(&mut scan);
    entropy::scan(&mut scan);
    merge(scan.spans)
}

/// The words of a name: `dbPassword_2` has `db`, `Password` and `2`.
pub fn words(name: &str) -> impl Iterator<Item = &str> {
    words::pieces(name.as_bytes()).filter_map(|piece| std::str::from_utf8(piece).ok())
}

/// Whether a word (lower case) makes a name a description of a credential, as in `token_type`.
pub fn describes(word: &str) -> bool {
    assign::ABOUT.contains(&word)
}

/// Whether a part of a text is filled in elsewhere, as in `${NAME}` or `{{ name }}`.
pub fn has_template(text: &str) -> bool {
    // `{x}` may be part of a password.
    value::without_templates(text).len() + 4 <= text.len()
}

/// Whether a name says that its value is the key of a service known by name: `SNYK_KEY`.
pub fn is_vendor_key(name: &str) -> bool {
    vendors::is_key(&name.to_ascii_lowercase())
}

/// Whether a text has the look of random characters.
pub fn is_random(text: &str) -> bool {
    words::is_random(text.as_bytes())
}

pub use value::{is_placeholder, is_reference};

/// Overlapping spans become one: a part of a credential left standing would be a leak.
fn merge(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|span| (span.start, span.rank));
    let mut merged: Vec<Span> = Vec::with_capacity(spans.len().min(64));
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.start < last.end => {
                last.end = last.end.max(span.end);
                // The later of two keywords says more, as in `auth_token` and `sk-ant-`.
                let refined = span.start == last.start && span.rank == last.rank;
                if span.rank < last.rank || refined {
                    last.rank = span.rank;
                    last.kind = span.kind;
                }
            }
            _ => merged.push(span),
        }
    }
    merged
}

fn replace(from: Redacted, spans: &[Span]) -> Redacted {
    let mut removed = from.removed;
    let mut text = String::with_capacity(from.text.len());
    let mut done = 0;
    for span in spans {
        text.push_str(&from.text[done..span.start]);
        text.push_str(MARKER);
        text.push_str(span.kind);
        text.push(']');
        done = span.end;
        *removed.entry(span.kind.to_owned()).or_insert(0) += 1;
    }
    text.push_str(&from.text[done..]);
    Redacted { text, removed }
}
