//! The keywords that start a closer look.

use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::assign::Family;
use super::shapes::{ANY, SHAPES, Shape, word};
use super::{Rank, Scan, assign, context, headers, pem, value, vendors};

/// The kinds that have no prefix of their own in [`SHAPES`].
#[rustfmt::skip]
const OTHER_KINDS: &[&str] = &[
    "api-key", "auth-token", "aws-secret-key", "azure-client-secret", "azure-sas",
    "azure-storage-key", "basic-auth", "bearer-token", "connection-string", "discord-token",
    "discord-webhook", "high-entropy", "jwt", "mailchimp-key", "password", "secret",
    "sidekiq-secret", "slack-webhook", "teams-webhook", "telegram-token", "terraform-token", "token",
    "twilio-key", "unstable",
];

/// Whether this module writes markers of this kind.
pub(super) fn is_kind(name: &[u8]) -> bool {
    let mut kinds = OTHER_KINDS.iter().copied().chain(SHAPES.iter().map(|shape| shape.kind));
    kinds.any(|kind| kind.as_bytes() == name)
}

/// The length of the longest kind, in bytes.
pub(super) const LONGEST_KIND: usize = 24;

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
    ("webhook.office.com/", vendors::teams_webhook),
    (".atlasv1.", vendors::terraform),
    ("-us", vendors::mailchimp),
    ("q~", vendors::azure_client),
    ("_auth=", vendors::npmrc),
    ("_password=", vendors::npmrc),
    ("contribsys__com", vendors::sidekiq),
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
        let vendors = vendors::NAMES.iter().map(|&k| (k, Action::Look(vendors::name)));
        let all = shapes.chain(looks).chain(names).chain(vendors);
        let (keywords, actions): (Vec<_>, Vec<_>) = all.unzip();
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
    fn kinds_are_kebab_case_and_no_longer_than_is_said() {
        let kinds = || OTHER_KINDS.iter().copied().chain(SHAPES.iter().map(|shape| shape.kind));
        assert_eq!(kinds().map(str::len).max(), Some(LONGEST_KIND));
        for kind in kinds() {
            let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            assert!(kind.bytes().all(plain), "{kind}");
        }
    }
}
