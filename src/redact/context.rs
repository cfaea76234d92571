//! Credentials known by where they stand: in addresses, commands and signed links.

use super::shapes::{base64, url64};
use super::value::{self, Quote};
use super::{Rank, Run, Scan};

/// A scheme longer than this is not one.
const MAX_SCHEME: usize = 40;

fn ends_word(b: u8) -> bool {
    b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'`' | b'<' | b'>')
}

/// `scheme://user:password@host` (RFC 3986, section 3.2.1): the password goes. `start` is
/// that of `://`.
pub(super) fn address(scan: &mut Scan, start: usize, end: usize) {
    let low = start.saturating_sub(MAX_SCHEME);
    let scheme = scan.bytes[low..start].iter().rev();
    let scheme =
        scheme.take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    if scheme.count() == 0 {
        return;
    }
    let in_user = |b: u8| !ends_word(b) && !matches!(b, b':' | b'/' | b'@' | b'?' | b'#' | b'\\');
    let user_end = scan.run_end(end, in_user);
    if scan.at(user_end) != Some(b':') {
        return;
    }
    let from = user_end + 1;
    // A next address cannot be part of the password; searching past it for every address
    // would not be linear.
    let mut to = scan.run_end(from, |b| !ends_word(b) && b != b':');
    while scan.at(to) == Some(b':') && !scan.starts(to, "://") {
        to = scan.run_end(to + 1, |b| !ends_word(b) && b != b':');
    }
    let rest = &scan.bytes[from..to];
    let authority = rest.iter().position(|b| matches!(b, b'/' | b'?' | b'#')).unwrap_or(rest.len());
    let close = match rest[..authority].iter().rposition(|&b| b == b'@') {
        Some(at) => Some(at),
        // Some programs take a password with a raw slash. A port before the slash means
        // that the sign belongs to the path.
        None if rest[..authority].iter().all(u8::is_ascii_digit) => None,
        None => rest.iter().position(|&b| b == b'@'),
    };
    let Some(close) = close else { return };
    let password = &scan.text[from..from + close];
    if !password.is_empty() && !is_template(password) {
        scan.add(from, from + close, "connection-string", Rank::Context);
    }
}

/// Whether a password in an address is filled in elsewhere. Plain words such as `password`
/// do count as passwords here.
fn is_template(text: &str) -> bool {
    let bytes = text.as_bytes();
    let masked = bytes.iter().all(|b| matches!(b, b'*' | b'x' | b'X' | b'.' | b'-' | b'_'));
    let spelled = text.to_ascii_lowercase();
    masked
        || value::without_templates(text).trim().is_empty()
        || value::is_variable(text)
        || (spelled.contains("your") && value::is_placeholder(text))
        || matches!(text, "%s" | "%v" | "{}" | "%d" | "...")
}

/// `hooks.slack.com/services/T…/B…/…`: the path is the credential.
pub(super) fn slack_webhook(scan: &mut Scan, _start: usize, end: usize) {
    for head in ["services/", "workflows/", "triggers/"] {
        if scan.starts(end, head) {
            let from = end + head.len();
            let to = scan.run_end(from, |b| url64(b) || b == b'/');
            let digits = scan.bytes[from..to].iter().any(u8::is_ascii_digit);
            if to - from >= 20 && (digits || scan.bytes[from..to].contains(&b'/')) {
                let stand_in = scan.bytes[from..to]
                    .iter()
                    .all(|b| matches!(b, b'x' | b'X' | b'/' | b'T' | b'B' | b'0'));
                if !stand_in {
                    scan.add(from, to, "slack-webhook", Rank::Shape);
                }
            }
        }
    }
}

/// `discord.com/api/webhooks/ID/TOKEN`: the token goes.
pub(super) fn discord_webhook(scan: &mut Scan, start: usize, end: usize) {
    let low = scan.text.floor_char_boundary(start.saturating_sub(24));
    if !scan.text[low..start].contains("discord") {
        return;
    }
    let id = scan.run_end(end, |b| b.is_ascii_digit());
    if id - end >= 15 && scan.at(id) == Some(b'/') {
        let to = scan.run_end(id + 1, url64);
        if to - id > 30 {
            scan.add(id + 1, to, "discord-webhook", Rank::Shape);
        }
    }
}

/// Telegram bots: 8 to 10 digits, a colon and 35 bytes of base64url that start with `AA`.
pub(super) fn telegram(scan: &mut Scan, start: usize, end: usize) {
    let low = start.saturating_sub(11);
    let digits = scan.bytes[low..start].iter().rev();
    let id = digits.take_while(|b| b.is_ascii_digit()).count();
    if !(8..=10).contains(&id) || !scan.bytes[start..].starts_with(b":AA") {
        return;
    }
    let limit = scan.bytes.len().min(end + 40);
    let body = &scan.bytes[end..limit];
    let len = body.iter().position(|&b| !url64(b)).unwrap_or(body.len());
    if (30..=36).contains(&len) {
        scan.add(start - id, end + len, "telegram-token", Rank::Shape);
    }
}

/// JSON web tokens (RFC 7519): base64url parts joined by dots, the first an object.
pub(super) fn jwt(scan: &mut Scan, start: usize, _end: usize) {
    // A start inside a word is no start; checked first so that a run is scanned only once.
    if !scan.bytes[start..].starts_with(b"eyJ") || !scan.word_edge(start) || scan.ends(start, "-") {
        return;
    }
    let mut end = scan.run_end(start, url64);
    let mut parts = 1;
    // Encrypted tokens have five parts, some of which may be empty.
    while parts < 5 && end - start >= 10 && scan.at(end) == Some(b'.') {
        let next = scan.run_end(end + 1, url64);
        if next == end + 1 && scan.at(next) != Some(b'.') {
            break;
        }
        end = next;
        parts += 1;
    }
    if parts >= 2 && end - start >= 30 {
        scan.add(start, end, "jwt", Rank::Shape);
    }
}

/// `AccountKey=` and `SharedAccessKey=` of Azure connection strings.
pub(super) fn azure_key(scan: &mut Scan, _start: usize, end: usize) {
    let to = scan.shared_end(Run::Base64, end, base64);
    if to - end >= 32 {
        scan.add(end, to, "azure-storage-key", Rank::Context);
    }
}

/// `sig=` of Azure shared access signatures: 44 bytes of base64, often percent encoded.
pub(super) fn azure_sas(scan: &mut Scan, start: usize, end: usize) {
    if !scan.word_edge(start) {
        return;
    }
    let in_value = |b| base64(b) || url64(b) || b == b'%';
    let to = scan.shared_end(Run::Percent, end, in_value);
    if to - end >= 40 {
        scan.add(end, to, "azure-sas", Rank::Context);
    }
}

/// `IDENTIFIED BY 'password'` of SQL.
pub(super) fn identified_by(scan: &mut Scan, _start: usize, end: usize) {
    let mut at = scan.run_end(end, |b| b == b' ');
    if scan.starts(at, "password ") {
        at = scan.run_end(at + "password ".len(), |b| b == b' ');
    }
    // Prose identifies things by `names`.
    if scan.at(at) != Some(b'`')
        && let Some(quote) = Quote::open(scan, at)
        && let Some(close) = quote.close(scan)
        && !value::is_placeholder(&scan.text[quote.after..close])
    {
        scan.add(quote.after, close, "password", Rank::Context);
    }
}

/// How far after `curl` its options are looked for, in bytes.
const MAX_COMMAND: usize = 2048;

pub(super) fn curl(scan: &mut Scan, start: usize, _end: usize) {
    scan.curl = Some(start);
}

/// `-u user:password` and its long forms in a `curl` command: the password goes.
pub(super) fn curl_user(scan: &mut Scan, start: usize, end: usize) {
    let Some(command) = scan.curl else { return };
    if start - command > MAX_COMMAND || !scan.bytes[start - 1].is_ascii_whitespace() {
        return;
    }
    let command = &scan.bytes[command..start];
    // The command goes on after a newline only if that is escaped.
    let ended = command.windows(2).any(|w| w[1] == b'\n' && w[0] != b'\\');
    if ended {
        return;
    }
    let mut at = scan.run_end(end, |b| matches!(b, b' ' | b'='));
    let quote = Quote::open(scan, at);
    at = quote.as_ref().map_or(at, |q| q.after);
    let user = scan.run_end(at, |b| !ends_word(b) && !matches!(b, b':' | b'/' | b'\\'));
    if scan.at(user) != Some(b':') {
        return;
    }
    let from = user + 1;
    let to = match quote.as_ref().and_then(|q| q.close(scan)) {
        Some(close) => close,
        None => scan.run_end(from, |b| !ends_word(b) && b != b'\\'),
    };
    if from < to && !is_template(&scan.text[from..to]) {
        scan.add(from, to, "basic-auth", Rank::Context);
    }
}

/// `sshpass -p password`.
pub(super) fn sshpass(scan: &mut Scan, _start: usize, end: usize) {
    let option = scan.run_end(end, |b| b == b' ');
    if option == end || !scan.bytes[option..].starts_with(b"-p") {
        return;
    }
    let at = scan.run_end(option + "-p".len(), |b| b == b' ');
    let quote = Quote::open(scan, at);
    let from = quote.as_ref().map_or(at, |q| q.after);
    let to = match quote.and_then(|q| q.close(scan)) {
        Some(close) => close,
        None => scan.run_end(from, |b| !ends_word(b)),
    };
    let text = &scan.text[from..to];
    if !text.starts_with([' ', ',']) && !is_template(text) {
        scan.add(from, to, "password", Rank::Context);
    }
}

/// A password before `@tcp(` is not looked for further back than this, in bytes.
const MAX_PASSWORD: usize = 128;

/// `user:password@tcp(host)/db`, the data source names of Go drivers.
pub(super) fn source_name(scan: &mut Scan, start: usize, _end: usize) {
    let low = start.saturating_sub(MAX_PASSWORD);
    let head = &scan.bytes[low..start];
    let first = head.iter().rposition(|&b| ends_word(b)).map_or(0, |at| at + 1);
    let Some(colon) = head[first..].iter().position(|&b| b == b':') else {
        return;
    };
    let from = low + first + colon + 1;
    // An address has been looked at already.
    if from < start && !scan.starts(from, "//") && !is_template(&scan.text[from..start]) {
        scan.add(from, start, "connection-string", Rank::Context);
    }
}

/// `auth=("user", "password")` of Python clients.
pub(super) fn auth_pair(scan: &mut Scan, _start: usize, end: usize) {
    let user = Quote::open(scan, end).and_then(|q| q.close(scan));
    let Some(user) = user else { return };
    let quote = scan.run_end(user, |b| b == b'\\');
    let at = scan.run_end(quote + 1, |b| b == b' ' || b == b',');
    if let Some(quote) = Quote::open(scan, at)
        && let Some(close) = quote.close(scan)
        && !value::is_placeholder(&scan.text[quote.after..close])
    {
        scan.add(quote.after, close, "basic-auth", Rank::Context);
    }
}
