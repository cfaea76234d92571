//! Private keys in text armour: PEM (RFC 7468), OpenSSH, PGP (RFC 9580), SSH2 and PuTTY.

use super::shapes::base64;
use super::{Rank, Scan};

/// A label longer than this is not one.
const MAX_LABEL: usize = 64;

/// A header line longer than this is not one; without a limit, many blocks on one line
/// would each be searched to its end.
const MAX_HEADER: usize = 256;

/// Looks at the block whose `-----BEGIN ` (or `---- BEGIN ` for SSH2) is `start..label`.
///
/// A private key goes as a whole, first to last line. Without its last line it goes as far
/// as the lines look like key material. A public block is noted for the entropy rule.
pub(super) fn block(scan: &mut Scan, start: usize, label: usize) {
    let (fence, last) = if scan.at(start + 4) == Some(b'-') {
        ("-----", "-----END")
    } else {
        (" ----", "---- END")
    };
    let limit = scan.bytes.len().min(label + MAX_LABEL);
    let in_label = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'.');
    let label_end = scan.run_end(label, in_label).min(limit);
    // The run takes the space of ` ----` in.
    let spaced = fence.starts_with(' ') && label_end > label && scan.ends(label_end, " ");
    let label_end = label_end - usize::from(spaced);
    if !scan.starts(label_end, fence) {
        return;
    }
    let name = scan.text[label..label_end].to_ascii_uppercase();
    let private = ["PRIVATE KEY", "STATIC KEY"].iter().any(|p| name.contains(p));
    let body = label_end + fence.len();
    let close = close(scan, body, &last[..4], last);
    if let Some((body_end, end)) = close {
        let (share, material) = material(&scan.bytes[body..body_end]);
        if !private {
            if share {
                scan.public.push((start, end));
            }
            return;
        }
        if share && material {
            scan.add(start, end, "private-key", Rank::Shape);
            return;
        }
    }
    if private && let Some(end) = armour(scan, body) {
        scan.add(start, end, "private-key", Rank::Shape);
    }
}

/// The ends of the body and of the closing line. Only the next fence can be that line, so
/// blocks that are never closed are not searched twice.
fn close(scan: &Scan, body: usize, fence: &str, last: &str) -> Option<(usize, usize)> {
    let at = body + scan.text[body..].find(fence)?;
    if !scan.starts(at, last) {
        return None;
    }
    let from = at + last.len();
    let label_end = scan.run_end(from, |b| b.is_ascii_alphanumeric() || b == b' ');
    let end = scan.run_end(label_end, |b| b == b'-');
    Some((at, end.min(label_end + 5)))
}

/// Whether at least half of the body is runs of base64, and whether any run could be a key.
fn material(body: &[u8]) -> (bool, bool) {
    let (mut total, mut long, mut key) = (0, 0, false);
    for run in body.split(|&b| !base64(b)) {
        total += run.len();
        let digits = run.len() >= 8 && run.iter().any(u8::is_ascii_digit);
        if digits || run.len() >= 16 {
            key |= !run.iter().all(|b| matches!(b, b'x' | b'X'));
            long += run.len();
        }
    }
    (long > 0 && long * 2 >= total, key)
}

/// The end of the key material that starts at `at`: runs of base64 as long as lines are,
/// and a shorter last one. Between them anything that quotes or indents lines, including
/// escapes such as `\n`.
fn armour(scan: &Scan, at: usize) -> Option<usize> {
    let mut at = at;
    let mut end = None;
    let mut previous = 0;
    let mut headers = 0;
    loop {
        at = separators(scan, at);
        let run = scan.run_end(at, base64);
        let next = scan.at(run);
        let len = run - at;
        if end.is_none() && headers < 8 && len > 0 && matches!(next, Some(b':' | b'-')) {
            // `Proc-Type: 4,ENCRYPTED` and the like, up to the end of the line.
            headers += 1;
            let limit = scan.bytes.len().min(run + MAX_HEADER);
            let line = &scan.bytes[run..limit];
            at = run + line.iter().position(|b| matches!(b, b'\n' | b'\\'))?;
            continue;
        }
        let ends_line =
            !matches!(next, Some(b) if !matches!(b, b'\n' | b'\r' | b'\\' | b'"' | b'\''));
        if len >= 24 || (previous >= 40 && len > 0 && ends_line) {
            end = Some(run);
            previous = len;
            at = run;
        } else {
            return end;
        }
    }
}

fn separators(scan: &Scan, at: usize) -> usize {
    let limit = scan.bytes.len().min(at + 80);
    let mut at = at;
    while at < limit {
        match scan.bytes[at] {
            b'\\' => {
                let escape = scan.run_end(at, |b| b == b'\\').min(limit);
                let letter = scan.at(escape);
                at = escape + usize::from(matches!(letter, Some(b'n' | b'r' | b't')));
            }
            b if b.is_ascii_whitespace() => at += 1,
            b'"' | b'\'' | b'`' | b',' | b'>' | b'|' | b'#' | b'*' => at += 1,
            // A plus sign joins strings if a blank follows; else it is base64.
            b'+' if scan.at(at + 1).is_some_and(|b| b.is_ascii_whitespace()) => at += 1,
            _ => break,
        }
    }
    at
}

/// PuTTY keys: the lines after `Private-Lines: N`.
pub(super) fn putty(scan: &mut Scan, _start: usize, end: usize) {
    let blank = |b: u8| b == b' ';
    let count = scan.run_end(end, blank);
    let from = scan.run_end(count, |b| b.is_ascii_digit());
    let key = separators(scan, from);
    if let Some(end) = armour(scan, key) {
        scan.add(key, end, "private-key", Rank::Shape);
    }
}
