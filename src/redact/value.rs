//! What a value is: how it is quoted, and whether it only stands for a credential.

use std::borrow::Cow;

use super::{MARKER, Scan, rules, words};

/// A longer value is taken as it is: stand-ins are short, and looking closely at every
/// value must cost no more than its name does.
pub(super) const MAX_JUDGED: usize = 256;

/// More backslashes than this before a quote are not an escape.
const MAX_ESCAPES: usize = 4;

/// An opening quote.
pub(super) struct Quote {
    byte: u8,
    /// Backslashes before it, as in JSON inside a string. The closing one has as many.
    escapes: usize,
    /// Where the value starts.
    pub(super) after: usize,
}

impl Quote {
    /// The quote that opens at `at`, if one does.
    pub(super) fn open(scan: &Scan, at: usize) -> Option<Self> {
        let limit = scan.bytes.len().min(at + MAX_ESCAPES + 1);
        let head = scan.bytes.get(at..limit)?;
        let escapes = head.iter().position(|&b| b != b'\\')?;
        let byte = head[escapes];
        let mut after = at + escapes + 1;
        if !matches!(byte, b'"' | b'\'' | b'`') {
            return None;
        }
        // Three quotes open a long string; two are an empty one.
        if byte != b'`' && scan.at(after) == Some(byte) && scan.at(after + 1) == Some(byte) {
            after += 2;
        }
        Some(Self { byte, escapes, after })
    }

    /// Where the value ends: before the closing quote and its backslashes, which must be on
    /// the same line.
    pub(super) fn close(&self, scan: &Scan) -> Option<usize> {
        let mut escapes = 0;
        for (index, &b) in scan.bytes[self.after..].iter().enumerate() {
            let at = self.after + index;
            if b == b'\n' {
                return None;
            }
            let closes = match self.escapes {
                0 => escapes % 2 == 0,
                _ => escapes <= self.escapes,
            };
            if b == self.byte && closes {
                return Some(at - if self.escapes == 0 { 0 } else { escapes });
            }
            escapes = if b == b'\\' { escapes + 1 } else { 0 };
        }
        None
    }
}

/// The value without what is filled in elsewhere: `${VAR}`, `$(command)`, `{{ name }}`,
/// `{name}`, `#{name}`, `%(name)s`, `<% name %>`, and markers.
pub(super) fn without_templates(text: &str) -> Cow<'_, str> {
    const PAIRS: &[(&str, &str)] = &[
        (MARKER, "]"),
        ("${{", "}}"),
        ("{{", "}}"),
        ("${", "}"),
        ("#{", "}"),
        ("$(", ")"),
        ("%(", ")s"),
        ("<%", "%>"),
        ("{", "}"),
    ];
    if !text.bytes().any(|b| matches!(b, b'$' | b'{' | b'%' | b'[')) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    'next: while let Some(first) = rest.chars().next() {
        for &(open, close) in PAIRS {
            if let Some(inner) = rest.strip_prefix(open)
                // A template names something: it is short.
                && let Some(len) = near(inner, close)
                && is_filled(open, &inner[..len])
            {
                rest = &inner[len + close.len()..];
                continue 'next;
            }
        }
        out.push(first);
        rest = &rest[first.len_utf8()..];
    }
    Cow::Owned(out)
}

fn near(text: &str, what: &str) -> Option<usize> {
    text[..text.floor_char_boundary(text.len().min(80))].find(what)
}

/// Whether the inner part of a template is one: a marker needs a known kind, and single
/// braces need a name.
fn is_filled(open: &str, inner: &str) -> bool {
    match open {
        MARKER => rules::is_kind(inner.as_bytes()),
        "{" => is_name_path(inner) || inner.is_empty(),
        // A password may hold any brackets; those of an expression match.
        "{{" | "${" => is_balanced(inner),
        _ => true,
    }
}

/// Whether no bracket closes in a text before it opens.
fn is_balanced(text: &str) -> bool {
    let mut open = [0_i32; 3];
    text.bytes().all(|b| {
        match b {
            b'(' | b')' => open[0] += if b == b'(' { 1 } else { -1 },
            b'[' | b']' => open[1] += if b == b'[' { 1 } else { -1 },
            b'{' | b'}' => open[2] += if b == b'{' { 1 } else { -1 },
            _ => {}
        }
        open.iter().all(|count| *count >= 0)
    })
}

/// `$NAME`, `$name`, `$env:NAME`, `%NAME%`: a variable and nothing else.
pub(super) fn is_variable(text: &str) -> bool {
    if let Some(inner) = text.strip_prefix('%').and_then(|t| t.strip_suffix('%')) {
        return is_name_path(inner);
    }
    let Some(name) = text.strip_prefix('$') else {
        return false;
    };
    let name = name.strip_prefix("env:").unwrap_or(name);
    let shape =
        |class: fn(&u8) -> bool| name.bytes().all(|b| class(&b) || b.is_ascii_digit() || b == b'_');
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let camel = name.bytes().all(|b| b.is_ascii_alphabetic());
    starts && (shape(u8::is_ascii_uppercase) || shape(u8::is_ascii_lowercase) || camel)
}

/// Names joined by `.` or `::`, as in `config.auth.token`.
pub(super) fn is_name_path(text: &str) -> bool {
    let name = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    text.replace("::", ".").replace("?.", ".").split('.').all(name)
}

/// Whether the value stands for a credential: a variable, a template, a mask, `<…>`, or
/// words such as `your-api-key`.
pub fn is_placeholder(text: &str) -> bool {
    let text = text.trim();
    let rest = without_templates(text);
    let rest = rest.trim();
    let masked = rest
        .chars()
        .all(|c| matches!(c, 'x' | 'X' | '*' | '.' | '-' | '_' | '…' | '•' | '?' | '#' | '/'));
    let bracketed = text.starts_with('<') && text.ends_with('>');
    masked
        || bracketed
        || is_variable(text)
        || text.contains("...")
        || rest.contains('…')
        || words::all_standins(rest)
}

/// Whether the value says where a credential is: an address, a path, a file, a resource.
pub fn is_reference(text: &str) -> bool {
    const HEADS: &[&str] =
        &["./", "../", "~/", "arn:", "urn:", "projects/", "vault:", "ref+", "op://"];
    const FILES: &[&str] = &[
        ".pem", ".key", ".json", ".txt", ".pub", ".crt", ".cer", ".yml", ".yaml", ".env", ".p12",
        ".pfx", ".rs", ".py", ".ts", ".tsx", ".js", ".go", ".toml", ".md", ".html", ".java", ".rb",
        ".php", ".css", ".sh", ".cs", ".kt", ".gpg", ".asc",
    ];
    let lower = text.to_ascii_lowercase();
    if HEADS.iter().any(|head| lower.starts_with(head))
        || FILES.iter().any(|file| lower.ends_with(file))
    {
        return true;
    }
    let scheme = text.find("://").is_some_and(|at| {
        at > 1 && text[..at].bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'-')
    });
    let drive = text.as_bytes().get(1..3) == Some(b":\\");
    let slashes = text.bytes().filter(|&b| b == b'/').count();
    let path = (text.starts_with('/') || slashes >= 2)
        && !text.bytes().any(|b| matches!(b, b'!' | b'#' | b'$' | b'^' | b'&' | b'=' | b'+'))
        && super::entropy::is_path(text.as_bytes());
    scheme || drive || path
}
