//! The rule for credentials of unknown kind: long words that look random.
//!
//! A word is a run of `[A-Za-z0-9+/=_-]` of at least 20 bytes. See [`words::is_random`] for
//! what counts as random. Left alone: hexadecimal hashes and UUIDs (no mixed case), paths
//! and identifiers (made of words), media in `data:` addresses, integrity hashes, public
//! keys and certificates.

use super::shapes::{base64, url64};
use super::words::{self, MIN_RANDOM};
use super::{Rank, Scan};

/// Integrity hashes: what stands before the base64, and how long that is.
const INTEGRITY: &[(&str, &[usize])] = &[
    ("sha512-", &[86, 88]),
    ("sha384-", &[64]),
    ("sha256-", &[43, 44]),
    ("sha1-", &[27, 28]),
    ("sha256:", &[43, 44]),
    ("sha512:", &[86, 88]),
    ("sha256=", &[43, 44]),
    ("h1:", &[44]),
    // Hexadecimal hashes in the base64 form of a `Digest` or `Content-MD5` header.
    ("md5:", &[24]),
];

/// How public keys in the SSH format start: the length and the name of the algorithm.
const SSH_PUBLIC: &[&str] = &["AAAAB3NzaC1", "AAAAC3NzaC1", "AAAAE2VjZHNh", "AAAAGnNrL"];

fn in_word(b: u8) -> bool {
    base64(b) || url64(b)
}

/// Looks at every long word of the text.
pub(super) fn scan(scan: &mut Scan) {
    let mut at = 0;
    while at < scan.bytes.len() {
        at = after_escape(scan, at);
        let end = scan.run_end(at, in_word);
        if end - at >= MIN_RANDOM {
            run(scan, at, end);
        }
        at = end + 1;
    }
}

/// The letters of an escape such as `\n` or `%3D` before a word are not part of it.
fn after_escape(scan: &Scan, at: usize) -> usize {
    let before = at.checked_sub(1).and_then(|prev| scan.at(prev));
    let hex = |at: usize| scan.at(at).is_some_and(|b| b.is_ascii_hexdigit());
    match (before, scan.at(at)) {
        (Some(b'\\'), Some(b'n' | b'r' | b't')) => at + 1,
        (Some(b'%'), _) if hex(at) && hex(at + 1) => at + 2,
        _ => at,
    }
}

/// Splits `name=value` but keeps the padding of base64 with its value.
fn run(scan: &mut Scan, start: usize, end: usize) {
    let mut from = start;
    while from < end {
        let name_end = from + until_equals(&scan.bytes[from..end]);
        let padded = scan.run_end(name_end, |b| b == b'=').min(end);
        if name_end - from >= MIN_RANDOM {
            word(scan, from, name_end, padded);
        }
        from = padded;
    }
}

fn until_equals(bytes: &[u8]) -> usize {
    bytes.iter().position(|&b| b == b'=').unwrap_or(bytes.len())
}

/// Judges the word `start..end`, whose padding ends at `padded`.
fn word(scan: &mut Scan, start: usize, end: usize, padded: usize) {
    let padded = if padded - end <= 2 { padded } else { end };
    let bytes = &scan.bytes[start..end];
    if let Some(kind) = twilio(bytes) {
        scan.add(start, end, kind, Rank::Shape);
        return;
    }
    if let Some(end) = discord(scan, start, end) {
        scan.add(start, end, "discord-token", Rank::Shape);
        return;
    }
    if is_exempt(scan, start, end, padded) {
        return;
    }
    if !bytes.iter().any(|b| matches!(b, b'/' | b'+')) {
        if words::is_random(bytes) {
            scan.add(start, padded, "high-entropy", Rank::Look);
        }
        return;
    }
    if !is_path(bytes) && words::is_random(bytes) {
        scan.add(start, padded, "high-entropy", Rank::Look);
        return;
    }
    let mut from = start;
    for part in bytes.split(|b| matches!(b, b'/' | b'+')) {
        let to = from + part.len();
        if words::is_random(part) {
            let to = if to == end { padded } else { to };
            scan.add(from, to, "high-entropy", Rank::Look);
        }
        from = to + 1;
    }
}

/// Whether the parts between slashes are mostly names: words, numbers, hashes.
pub(super) fn is_path(bytes: &[u8]) -> bool {
    let (mut parts, mut names) = (0, 0);
    for part in bytes.split(|b| matches!(b, b'/' | b'+')) {
        if part.is_empty() {
            continue;
        }
        parts += 1;
        let mut pieces = 0;
        for _ in words::pieces(part) {
            pieces += 1;
        }
        let one_case =
            !(part.iter().any(u8::is_ascii_uppercase) && part.iter().any(u8::is_ascii_lowercase));
        // A random part changes class every other byte.
        if part.len() > 2 && (pieces * 3 <= part.len() || (one_case && pieces <= 2)) {
            names += 1;
        }
    }
    bytes.contains(&b'/') && names * 2 >= parts
}

/// Twilio: `SK` (API key) or `AC` (account) and 32 hexadecimal digits.
fn twilio(bytes: &[u8]) -> Option<&'static str> {
    let (head, rest) = bytes.split_at_checked(2)?;
    let digit = |b: &u8| b.is_ascii_digit() || matches!(b, b'a'..=b'f');
    let fits = matches!(head, b"SK" | b"AC") && rest.len() == 32 && rest.iter().all(digit);
    fits.then_some("twilio-key")
}

/// Discord bot tokens: three parts joined by dots, the first being the base64 of a decimal
/// id and so starting with M, N or O. Returns the end of the third part.
fn discord(scan: &Scan, start: usize, end: usize) -> Option<usize> {
    let first = matches!(scan.at(start)?, b'M' | b'N' | b'O') && (23..=28).contains(&(end - start));
    if !first || scan.at(end)? != b'.' {
        return None;
    }
    let limit = |from: usize, max: usize| (from + max).min(scan.bytes.len());
    let second = end + 1;
    let dot = scan.run_end(second, url64).min(limit(second, 9));
    if !(5..=8).contains(&(dot - second)) || scan.at(dot)? != b'.' {
        return None;
    }
    let third = dot + 1;
    let end = scan.run_end(third, url64);
    (end - third >= 25).then_some(end)
}

/// Whether the word is public by what it is or by what stands before it.
fn is_exempt(scan: &Scan, start: usize, end: usize, padded: usize) -> bool {
    let bytes = &scan.bytes[start..end];
    // Symbols of compiled C++ and Rust code.
    let symbols: [&[u8]; 6] = [b"_ZN", b"_RN", b"_RI", b"_RM", b"_RX", b"_RY"];
    if symbols.iter().any(|symbol| bytes.starts_with(symbol))
        || SSH_PUBLIC.iter().any(|p| bytes.starts_with(p.as_bytes()))
    {
        return true;
    }
    for &(name, lengths) in INTEGRITY {
        let inside = bytes.starts_with(name.as_bytes()).then(|| start + name.len());
        let before = scan.ends(start, name).then_some(start);
        if let Some(from) = inside.or(before)
            && (lengths.contains(&(end - from)) || lengths.contains(&(padded - from)))
        {
            return true;
        }
    }
    if scan.ends(start, ";base64,") {
        let low = scan.text.floor_char_boundary(start.saturating_sub(80));
        let media = ["data:image/", "data:font/", "data:audio/", "data:video/"];
        let head = scan.text[low..start].rfind("data:").map(|at| low + at);
        if head.is_some_and(|at| media.iter().any(|m| scan.starts(at, m))) {
            return true;
        }
    }
    let next = scan.public.partition_point(|&(_, to)| to <= start);
    scan.public.get(next).is_some_and(|&(from, _)| from <= start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_from_base64() {
        assert!(is_path(b"/home/alice/projects/Foo2Bar/src/main"));
        assert!(is_path(b"packages/ui/src/components/Button2/index"));
        assert!(!is_path(b"wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXKLMPLa3Y"));
    }
}
