//! The keywords that start a closer look, and the kinds known by a fixed prefix.
//!
//! Prefixes and lengths are the ones each service documents for its own credentials. The
//! lower bounds are often below the documented length, so that a credential cut off by
//! copying is removed as well.

use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::assign::Family;
use super::{Rank, Scan, assign, context, headers, pem, value};

/// Every kind this module writes into a marker.
#[rustfmt::skip]
pub(super) const KINDS: &[&str] = &[
    "age-secret-key", "anthropic-key", "api-key", "auth-token", "aws-access-key",
    "aws-secret-key", "azure-sas", "azure-storage-key", "basic-auth", "bearer-token",
    "connection-string", "crates-io-token", "databricks-token", "digitalocean-token",
    "discord-token", "discord-webhook", "docker-token", "figma-token", "github-token",
    "gitlab-token", "google-api-key", "google-oauth-secret", "google-oauth-token",
    "high-entropy", "hugging-face-token", "jwt", "linear-key", "mailgun-key",
    "notion-token", "npm-token", "openai-key", "password", "private-key", "pypi-token",
    "secret", "sendgrid-key", "shopify-token", "slack-token", "slack-webhook",
    "square-token", "stripe-key", "telegram-token", "token", "twilio-key", "unstable",
];

/// The length of the longest entry of [`KINDS`], in bytes.
pub(super) const LONGEST_KIND: usize = 19;

/// A credential known by its prefix.
struct Shape {
    kind: &'static str,
    /// Compared exactly, including case.
    prefix: &'static str,
    /// The bytes that may follow the prefix. Always ASCII.
    body: fn(u8) -> bool,
    /// The least and the most bytes of body; a longer run is something else.
    min: usize,
    max: usize,
    /// Whether the prefix must start a word, for prefixes that words can end in.
    edge: bool,
    /// Whether the body must hold a digit, for prefixes that also start plain names.
    digit: bool,
}

const ANY: usize = usize::MAX;

fn alnum(b: u8) -> bool {
    b.is_ascii_alphanumeric()
}
fn word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}
fn dash(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'-'
}
/// The base64url alphabet (RFC 4648, section 5) without padding.
pub(super) fn url64(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'-' || b == b'_'
}
fn dotted(b: u8) -> bool {
    url64(b) || b == b'.'
}
/// The base64 alphabet (RFC 4648, section 4) with padding.
pub(super) fn base64(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=')
}
fn hex(b: u8) -> bool {
    b.is_ascii_hexdigit()
}
fn upper(b: u8) -> bool {
    b.is_ascii_uppercase() || b.is_ascii_digit()
}
fn hexdash(b: u8) -> bool {
    b.is_ascii_hexdigit() || b == b'-'
}

/// A distinctive prefix: valid wherever it stands.
const fn far(
    kind: &'static str,
    prefix: &'static str,
    body: fn(u8) -> bool,
    min: usize,
    max: usize,
) -> Shape {
    Shape { kind, prefix, body, min, max, edge: false, digit: false }
}

/// A prefix that must start a word.
const fn near(
    kind: &'static str,
    prefix: &'static str,
    body: fn(u8) -> bool,
    min: usize,
    max: usize,
) -> Shape {
    Shape { edge: true, ..far(kind, prefix, body, min, max) }
}

#[rustfmt::skip]
const SHAPES: &[Shape] = &[
    near("aws-access-key", "AKIA", upper, 16, 16),
    near("aws-access-key", "ASIA", upper, 16, 16),
    near("aws-access-key", "ABIA", upper, 16, 16),
    near("aws-access-key", "ACCA", upper, 16, 16),
    far("github-token", "ghp_", alnum, 20, ANY),
    far("github-token", "gho_", alnum, 20, ANY),
    far("github-token", "ghu_", alnum, 20, ANY),
    // Newer server tokens carry a JWT after the prefix.
    far("github-token", "ghs_", dotted, 20, ANY),
    far("github-token", "ghr_", alnum, 20, ANY),
    far("github-token", "github_pat_", word, 20, ANY),
    far("gitlab-token", "glpat-", dotted, 16, ANY),
    far("gitlab-token", "gldt-", url64, 16, ANY),
    far("gitlab-token", "glrt-", dotted, 16, ANY),
    far("gitlab-token", "glptt-", url64, 16, ANY),
    far("gitlab-token", "glcbt-", url64, 16, ANY),
    far("slack-token", "xoxa-", dash, 10, ANY),
    far("slack-token", "xoxb-", dash, 10, ANY),
    far("slack-token", "xoxe-", dash, 10, ANY),
    far("slack-token", "xoxe.", dotted, 10, ANY),
    far("slack-token", "xoxp-", dash, 10, ANY),
    far("slack-token", "xoxr-", dash, 10, ANY),
    far("slack-token", "xoxs-", dash, 10, ANY),
    Shape { digit: true, ..near("slack-token", "xapp-", dash, 20, ANY) },
    far("stripe-key", "sk_live_", alnum, 10, ANY),
    far("stripe-key", "sk_test_", alnum, 10, ANY),
    far("stripe-key", "rk_live_", alnum, 10, ANY),
    far("stripe-key", "rk_test_", alnum, 10, ANY),
    far("stripe-key", "whsec_", base64, 20, ANY),
    far("anthropic-key", "sk-ant-", url64, 16, ANY),
    far("openai-key", "sk-proj-", url64, 16, ANY),
    far("openai-key", "sk-svcacct-", url64, 16, ANY),
    far("openai-key", "sk-admin-", url64, 16, ANY),
    Shape { digit: true, ..near("openai-key", "sk-", url64, 20, ANY) },
    near("google-api-key", "AIza", url64, 30, ANY),
    far("google-oauth-secret", "GOCSPX-", url64, 20, ANY),
    near("google-oauth-token", "ya29.", url64, 20, ANY),
    near("npm-token", "npm_", alnum, 30, ANY),
    far("pypi-token", "pypi-AgE", url64, 30, ANY),
    Shape { digit: true, ..near("pypi-token", "pypi-", url64, 40, ANY) },
    near("crates-io-token", "cio", alnum, 32, 32),
    far("docker-token", "dckr_pat_", url64, 20, ANY),
    far("docker-token", "dckr_oat_", url64, 20, ANY),
    far("digitalocean-token", "dop_v1_", hex, 32, ANY),
    far("digitalocean-token", "doo_v1_", hex, 32, ANY),
    far("digitalocean-token", "dor_v1_", hex, 32, ANY),
    near("hugging-face-token", "hf_", alnum, 30, ANY),
    Shape { digit: true, ..near("sendgrid-key", "SG.", dotted, 50, ANY) },
    near("mailgun-key", "key-", hexdash, 32, 50),
    far("shopify-token", "shpat_", hex, 32, ANY),
    far("shopify-token", "shpca_", hex, 32, ANY),
    far("shopify-token", "shppa_", hex, 32, ANY),
    far("shopify-token", "shpss_", hex, 32, ANY),
    far("square-token", "sq0atp-", url64, 22, ANY),
    far("square-token", "sq0csp-", url64, 30, ANY),
    near("square-token", "EAAA", url64, 56, 80),
    near("databricks-token", "dapi", hexdash, 32, 36),
    far("linear-key", "lin_api_", alnum, 30, ANY),
    far("linear-key", "lin_oauth_", alnum, 30, ANY),
    near("notion-token", "secret_", alnum, 40, 50),
    near("notion-token", "ntn_", alnum, 40, ANY),
    far("figma-token", "figd_", url64, 30, ANY),
    far("age-secret-key", "AGE-SECRET-KEY-1", upper, 40, ANY),
    // The base64 of `openssh-key-v1`: the body of a key file without its first line.
    far("private-key", "b3BlbnNzaC1rZXktdjE", base64, 20, ANY),
];

/// Gets the start and the end of the keyword.
type Look = fn(&mut Scan, usize, usize);

/// What to do where a keyword occurs.
#[derive(Clone, Copy)]
enum Action {
    Shape(&'static Shape),
    Look(Look),
    Name(Family),
}

#[rustfmt::skip]
const LOOKS: &[(&str, Look)] = &[
    ("://", context::address),
    ("hooks.slack.com/", context::slack_webhook),
    ("/api/webhooks/", context::discord_webhook),
    (":aa", context::telegram),
    ("eyj", context::jwt),
    ("accountkey=", context::azure_key),
    ("sharedaccesskey=", context::azure_key),
    ("sig=", context::azure_sas),
    ("identified by", context::identified_by),
    ("sshpass", context::sshpass),
    ("@tcp(", context::source_name),
    ("@unix(", context::source_name),
    ("auth=(", context::auth_pair),
    ("curl", context::curl),
    ("-u", context::curl_user),
    ("--user", context::curl_user),
    ("--proxy-user", context::curl_user),
    ("authorization", headers::authorization),
    ("bearer", headers::bearer),
    ("-----begin ", pem::block),
    ("---- begin ", pem::block),
    ("private-lines:", pem::putty),
];

#[rustfmt::skip]
const NAMES: &[(&str, Family)] = &[
    ("password", Family::Password), ("passwd", Family::Password),
    ("passphrase", Family::Password), ("pwd", Family::Password),
    ("pass", Family::Pass), ("secret", Family::Secret), ("credential", Family::Secret),
    ("token", Family::Token), ("auth", Family::Auth),
    ("apikey", Family::ApiKey), ("api_key", Family::ApiKey), ("api-key", Family::ApiKey),
    ("accesskey", Family::ApiKey), ("access_key", Family::ApiKey),
    ("access-key", Family::ApiKey),
    ("privatekey", Family::PrivateKey), ("private_key", Family::PrivateKey),
    ("private-key", Family::PrivateKey),
    ("encryption_key", Family::Secret), ("encryptionkey", Family::Secret),
    ("signing_key", Family::Secret), ("signingkey", Family::Secret),
];

struct Table {
    keywords: AhoCorasick,
    actions: Vec<Action>,
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let shapes = SHAPES.iter().map(|s| (s.prefix, Action::Shape(s)));
        let looks = LOOKS.iter().map(|&(k, f)| (k, Action::Look(f)));
        let names = NAMES.iter().map(|&(k, f)| (k, Action::Name(f)));
        let (keywords, actions): (Vec<_>, Vec<_>) = shapes.chain(looks).chain(names).unzip();
        let keywords = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            // Cheap to build, which counts for more here than the fastest search.
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .match_kind(MatchKind::Standard)
            .build(keywords)
            .expect("the keywords are few and short, so the automaton fits its limits");
        Table { keywords, actions }
    })
}

/// Looks at every keyword of the text.
pub(super) fn scan(scan: &mut Scan) {
    let table = table();
    // Per keyword, the end of what it last removed: a body may repeat its own prefix, and
    // scanning it once per repetition would not be linear.
    let mut done = vec![0; table.actions.len()];
    for hit in table.keywords.find_overlapping_iter(scan.text) {
        let index = hit.pattern().as_usize();
        if hit.start() < done[index] || scan.in_marker(hit.start()) {
            continue;
        }
        match table.actions[index] {
            Action::Shape(shape) => done[index] = shaped(scan, hit.start(), shape),
            Action::Look(look) => look(scan, hit.start(), hit.end()),
            Action::Name(family) => assign::name(scan, hit.start(), hit.end(), family),
        }
    }
}

/// Removes a credential of this shape at `start`; returns its end, or 0 if there is none.
fn shaped(scan: &mut Scan, start: usize, shape: &Shape) -> usize {
    if !scan.bytes[start..].starts_with(shape.prefix.as_bytes())
        || (shape.edge && !scan.word_edge(start))
    {
        return 0;
    }
    let from = start + shape.prefix.len();
    let limit = from.saturating_add(shape.max).saturating_add(1);
    let limited = &scan.bytes[from..limit.min(scan.bytes.len())];
    let len = limited.iter().position(|&b| !(shape.body)(b)).unwrap_or(limited.len());
    let body = &limited[..len];
    if len < shape.min || len > shape.max {
        return 0;
    }
    if shape.digit && !body.iter().any(u8::is_ascii_digit) {
        // A repeated prefix inside this body has a part of it as its body: no digit either.
        return from + len;
    }
    if len < 64 && value::is_placeholder(&scan.text[from..from + len]) {
        return 0;
    }
    // A fixed length that a letter or digit follows is part of a longer word.
    if shape.max != ANY && scan.at(from + len).is_some_and(word) {
        return 0;
    }
    // A sentence may end right after the credential.
    let end = from + len - usize::from(body.ends_with(b"."));
    scan.add(start, end, shape.kind, Rank::Shape);
    from + len
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_sorted_kebab_case_and_cover_the_shapes() {
        assert!(KINDS.is_sorted());
        assert_eq!(KINDS.iter().map(|k| k.len()).max(), Some(LONGEST_KIND));
        for kind in KINDS {
            assert!(kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'));
        }
        for shape in SHAPES {
            assert!(KINDS.contains(&shape.kind), "{}", shape.kind);
        }
    }
}
