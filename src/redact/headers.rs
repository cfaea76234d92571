//! Credentials in HTTP `Authorization` headers (RFC 9110, section 11).

use super::value::{self, Quote};
use super::words;
use super::{Rank, Run, Scan};

/// Schemes whose credential is one word, and the kind of that word.
const SCHEMES: &[(&str, &str)] = &[
    ("bearer", "bearer-token"),
    ("basic", "basic-auth"),
    ("token", "auth-token"),
    ("apikey", "api-key"),
    ("api-key", "api-key"),
    ("key", "api-key"),
    ("bot", "auth-token"),
    ("negotiate", "auth-token"),
    ("ntlm", "auth-token"),
    ("jwt", "bearer-token"),
    ("oauth", "auth-token"),
    ("sso-key", "api-key"),
    ("splunk", "auth-token"),
];

/// What may stand in a credential: everything that neither ends a word nor opens a group.
fn in_credential(b: u8) -> bool {
    !b.is_ascii_whitespace()
        && !matches!(b, b'"' | b'\'' | b'`' | b'<' | b'>' | b',' | b';')
        && !matches!(b, b')' | b'}' | b']' | b'[' | b'{' | b'\\' | b'(')
}

fn blank(b: u8) -> bool {
    b == b' ' || b == b'\t'
}

/// The word `start..end` of a credential, unless it is a stand-in or prose. `least` is the
/// least length in bytes.
fn credential(scan: &mut Scan, start: usize, least: usize) -> Option<usize> {
    let end = scan.shared_end(Run::Credential, start, in_credential);
    let end = scan.without_punctuation(start, end);
    if end - start < least {
        return None;
    }
    let text = &scan.text[start..end];
    if text.len() > value::MAX_JUDGED {
        return Some(end);
    }
    let opens_template =
        matches!(text.as_bytes()[0], b'$' | b'%' | b'+' | b'.' | b'&' | b'#' | b'|');
    if opens_template || value::is_placeholder(text) || words::is_plain(text) {
        return None;
    }
    // A word of letters with another word after it is a sentence; a call is code.
    let letters = text.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-');
    let goes_on = scan.at(end).is_some_and(blank)
        && scan.at(end + 1).is_some_and(|b| b.is_ascii_alphabetic());
    let call = value::is_name_path(text) && scan.at(end) == Some(b'(');
    let ordinary = call || (letters && goes_on);
    (!ordinary).then_some(end)
}

/// `Authorization: SCHEME value`, as a header line, an argument or a quoted pair.
pub(super) fn authorization(scan: &mut Scan, _start: usize, end: usize) {
    let mut at = end;
    if let Some(quote) = Quote::open(scan, at) {
        at = quote.after;
    }
    at = scan.run_end(at, |b| blank(b) || b == b']');
    if !matches!(scan.at(at), Some(b':' | b'=' | b',')) {
        return;
    }
    at = scan.run_end(at, |b| blank(b) || matches!(b, b':' | b'=' | b',' | b'>'));
    at += usize::from(
        matches!(scan.at(at), Some(b'f' | b'b')) && Quote::open(scan, at + 1).is_some(),
    );
    if let Some(quote) = Quote::open(scan, at) {
        at = scan.run_end(quote.after, blank);
    }
    let word = scan.run_end(at, |b| b.is_ascii_alphanumeric() || b == b'-');
    if scan.at(word).is_some_and(blank) {
        let scheme = SCHEMES.iter().find(|(s, _)| word - at == s.len() && scan.starts(at, s));
        if let Some(&(_, kind)) = scheme {
            let start = scan.run_end(word, blank);
            let start = Quote::open(scan, start).map_or(start, |quote| quote.after);
            if let Some(end) = credential(scan, start, 3) {
                scan.add(start, end, kind, Rank::Context);
            }
        }
        return;
    }
    // No scheme: the value is the credential if it cannot be a name.
    if let Some(end) = credential(scan, at, 12) {
        let text = &scan.bytes[at..end.min(at + value::MAX_JUDGED)];
        if text.iter().any(u8::is_ascii_digit) && text.iter().any(u8::is_ascii_alphabetic) {
            scan.add(at, end, "auth-token", Rank::Context);
        }
    }
}

/// `Bearer value` without a header name: only a value that is no word.
pub(super) fn bearer(scan: &mut Scan, start: usize, end: usize) {
    if !scan.word_edge(start) || !scan.at(end).is_some_and(|b| blank(b) || b == b':') {
        return;
    }
    let at = scan.run_end(end, |b| blank(b) || b == b':');
    if let Some(end) = credential(scan, at, 8) {
        let text = &scan.bytes[at..end.min(at + value::MAX_JUDGED)];
        if text.iter().any(u8::is_ascii_digit) && text.iter().any(u8::is_ascii_alphabetic) {
            scan.add(at, end, "bearer-token", Rank::Context);
        }
    }
}
