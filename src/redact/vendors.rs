//! Credentials of services that give theirs no shape of their own: known by the name of the
//! service in the name of the value, or by what stands in their middle.

use super::assign::{self, Family, Name};
use super::shapes::url64;
use super::value;
use super::{Rank, Scan};

/// Services in names of values such as `SNYK_KEY`, where no word says that it is a credential.
#[rustfmt::skip]
pub(super) const NAMES: &[&str] = &[
    "adafruit", "adobe", "airtable", "algolia", "amplitude", "asana", "beamer", "bitbucket",
    "bitrise", "bittrex", "bugsnag", "cloudflare", "codeclimate", "codecov", "cohere", "coinbase",
    "confluent", "contentful", "datadog", "deepgram", "digitalocean", "docusign", "dropbox",
    "elevenlabs", "etsy", "fastly", "finicity", "finnhub", "flickr", "freshbooks", "giphy",
    "gitter", "gocardless", "heroku", "hockeyapp", "honeycomb", "hubspot", "infura", "intercom",
    "jfrog", "kraken", "kucoin", "launchdarkly", "linkedin", "lob_", "mailchimp", "mailgun",
    "mapbox", "mattermost", "meraki", "messagebird", "mistral", "mixpanel", "mux_", "netlify",
    "new_relic", "newrelic", "nytimes", "okta", "opsgenie", "pagerduty", "papertrail", "paypal",
    "pendo", "pingdom", "plaid", "postmark", "pusher", "quandl", "rapidapi", "recaptcha",
    "rollbar", "segment", "sendbird", "sendgrid", "sentry", "snyk", "sonar", "splunk",
    "squarespace", "stripe", "sumo", "telegram", "trello", "travis", "twilio", "twitch",
    "twitter", "vonage", "vultr", "yandex", "zendesk", "zoom_",
];

/// What makes a value with the name of a service its credential.
const PARTS: &[&str] = &["key", "login", "accessid", "access_id", "access-id", "license"];

/// How much of a name is looked at on either side of a service, in bytes.
const MAX_NAME: usize = 64;

/// Looks at the value of a name with the name of a service in it.
pub(super) fn name(scan: &mut Scan, start: usize, end: usize) {
    let in_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let low = start.saturating_sub(MAX_NAME);
    let first = start - scan.bytes[low..start].iter().rev().take_while(|b| in_name(b)).count();
    let high = scan.bytes.len().min(end + MAX_NAME);
    let last = end + scan.bytes[end..high].iter().take_while(|b| in_name(b)).count();
    let Some(text) = scan.text.get(first..last) else {
        return;
    };
    let key = ends_in_key(&text.to_ascii_lowercase());
    let edge = |b: Option<u8>| b.is_none_or(|b| !b.is_ascii_alphanumeric());
    let word = edge(start.checked_sub(1).and_then(|at| scan.at(at))) && edge(scan.at(end));
    // With its name alone the value must be random.
    if key || word {
        let name = Name { start: first, end: last };
        assign::vendor(scan, name, Family::ApiKey, key);
    }
}

fn ends_in_key(name: &str) -> bool {
    PARTS.iter().any(|part| name.ends_with(part))
}

/// Whether a name (lower case) has the name of a service and says that it is a key.
pub(super) fn is_key(name: &str) -> bool {
    ends_in_key(name) && NAMES.iter().any(|vendor| name.contains(vendor))
}

/// `//registry/:_password=…` in a `.npmrc`: the rest of the line is the credential.
pub(super) fn npmrc(scan: &mut Scan, start: usize, end: usize) {
    let last = scan.run_end(end, |b| !b.is_ascii_whitespace());
    let value = &scan.text[end..last];
    if scan.ends(start, ":") && value.len() >= 8 && !value::is_placeholder(value) {
        scan.add(end, last, "password", Rank::Context);
    }
}

/// `NAME.webhook.office.com/webhookb2/…`: the path is the credential.
pub(super) fn teams_webhook(scan: &mut Scan, _start: usize, end: usize) {
    let to = scan.run_end(end, |b| url64(b) || matches!(b, b'/' | b'@'));
    let path = &scan.bytes[end..to];
    if path.starts_with(b"webhook") && path.len() >= 80 {
        scan.add(end, to, "teams-webhook", Rank::Shape);
    }
}

/// The run of bytes of a class that ends at `end`, of at most `max`.
fn before(scan: &Scan, end: usize, max: usize, class: impl Fn(u8) -> bool) -> usize {
    let low = end.saturating_sub(max);
    let run = scan.bytes[low..end].iter().rev().take_while(|b| class(**b));
    end - run.count()
}

/// HCP Terraform: 14 letters and digits, `.atlasv1.`, and 60 or more.
pub(super) fn terraform(scan: &mut Scan, start: usize, end: usize) {
    let first = before(scan, start, 15, |b| b.is_ascii_alphanumeric());
    let last = scan.run_end(end, |b| url64(b) || b == b'=');
    if start - first == 14 && (60..=72).contains(&(last - end)) {
        scan.add(first, last, "terraform-token", Rank::Shape);
    }
}

/// Mailchimp: 32 hexadecimal digits and the data centre, `-us18`.
pub(super) fn mailchimp(scan: &mut Scan, start: usize, end: usize) {
    let first = before(scan, start, 33, |b| b.is_ascii_hexdigit());
    let last = scan.run_end(end, |b| b.is_ascii_digit());
    let digits = scan.bytes[first..start].iter().any(u8::is_ascii_digit);
    if start - first == 32 && digits && (1..=2).contains(&(last - end)) && scan.word_edge(first) {
        scan.add(first, last, "mailchimp-key", Rank::Shape);
    }
}

/// Client secrets of Microsoft Entra: three bytes, a digit, `Q~` and 31 to 34 more.
pub(super) fn azure_client(scan: &mut Scan, start: usize, end: usize) {
    let class = |b: u8| url64(b) || matches!(b, b'.' | b'~');
    let first = before(scan, start, 5, class);
    let rest = &scan.bytes[end..scan.bytes.len().min(end + 40)];
    let last = end + rest.iter().take_while(|b| class(**b)).count();
    let fits = start - first == 4 && (31..=34).contains(&(last - end));
    if fits && scan.bytes[start - 1].is_ascii_digit() && scan.bytes[start] == b'Q' {
        scan.add(first, last, "azure-client-secret", Rank::Shape);
    }
}

/// The login of Sidekiq's package server: two runs of 8 hexadecimal digits.
pub(super) fn sidekiq(scan: &mut Scan, _start: usize, end: usize) {
    let gap = |b: u8| matches!(b, b' ' | b':' | b'=' | b'"' | b'\'');
    let first = scan.run_end(end, gap);
    let last = scan.run_end(first, |b| b.is_ascii_hexdigit() || b == b':');
    let value = &scan.text[first..last];
    if first > end
        && value.len() == 17
        && value.find(':') == Some(8)
        && !value::is_placeholder(value)
    {
        scan.add(first, last, "sidekiq-secret", Rank::Shape);
    }
}
