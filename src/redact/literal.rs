//! How a value is written: in quotes, between tags, or bare.

use super::assign::{Join, Name, skip_blank};
use super::value::Quote;
use super::{Run, Scan};

/// A value as it stands in the text.
pub(super) struct Value {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) quoted: bool,
}

impl Value {
    /// The value at `at`, if there is one.
    pub(super) fn read(scan: &mut Scan, join: Join, at: usize, name: Name) -> Option<Self> {
        if join == Join::Xml {
            let end = scan.run_end(at, |b| b != b'<' && b != b'\n');
            if !scan.starts(end, "</") {
                return None;
            }
            return Some(Self { start: at, end, quoted: true });
        }
        // Prefixes of strings, as in `f"…"` and `@"…"`.
        let prefix =
            usize::from(matches!(scan.at(at), Some(b'f' | b'b' | b'r' | b'u' | b'@' | b'$')));
        let quote = Quote::open(scan, at).or_else(|| Quote::open(scan, at + prefix));
        if let Some(quote) = quote {
            if let Some(end) = quote.close(scan) {
                let start = scheme_end(scan, quote.after);
                return Some(Self { start: start.min(end), end, quoted: true });
            }
            return Self::bare(scan, join, quote.after, name);
        }
        if join == Join::Pair {
            return None;
        }
        Self::bare(scan, join, at, name)
    }

    /// A value without quotes: in lines of an environment file up to the next blank, else
    /// also up to what separates values.
    fn bare(scan: &mut Scan, join: Join, at: usize, name: Name) -> Option<Self> {
        let file = join == Join::Tight && (name.is_upper(scan) || name.starts_line(scan));
        let start = scheme_end(scan, at);
        let in_line = |b: u8| !b.is_ascii_whitespace() && !matches!(b, b'"' | b'\'' | b'`');
        let end = if file {
            scan.shared_end(Run::Line, start, in_line)
        } else {
            scan.shared_end(Run::Value, start, |b| in_line(b) && !b"&;,)}]<>|".contains(&b))
        };
        let end = scan.without_punctuation(start, end);
        (start < end).then_some(Self { start, end, quoted: false })
    }
}

/// Skips the scheme of a header value: it is no part of the credential.
fn scheme_end(scan: &Scan, at: usize) -> usize {
    let schemes = ["Bearer ", "Basic ", "Token "];
    let scheme = schemes.iter().find(|s| scan.starts(at, s));
    scheme.map_or(at, |s| skip_blank(scan, at + s.len()))
}
