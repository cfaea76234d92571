//! Hostile and arbitrary inputs: redaction finishes, is stable and leaks nothing.

use proptest::prelude::*;

use super::{Redacted, redact};

const MIB: usize = 1 << 20;

/// Redaction that is checked to be stable.
fn stable(text: &str) -> Redacted {
    let result = redact(text);
    let again = redact(&result.text);
    assert_eq!(again.text, result.text);
    assert!(again.removed.is_empty(), "{:?}", again.removed);
    result
}

fn github() -> String {
    concat!("gh", "p_").to_owned() + &"a8Kd3Pq9Zx".repeat(4)[..36]
}

#[test]
fn one_character_repeated() {
    for c in ["a", "A", "0", "=", "-", "/", ":", " ", "\n", "\"", "\\", "[", "é", "."] {
        let text = c.repeat(MIB / c.len());
        assert_eq!(redact(&text).text, text);
    }
}

/// What starts a closer look, alone and with what makes that look a long one.
const UNITS: &[&str] = &[
    "sshpass -p ",
    "auth=(\"",
    "auth=('a','",
    ":@tcp(",
    "a:b@tcp(",
    "login password ",
    "password=",
    "password: ",
    "token",
    "token=x.",
    "token=\"",
    "token='",
    "token=\\\"",
    "TOKEN=)",
    "secret:{",
    "bearer ",
    "bearer:",
    "authorization: ",
    "authorization:",
    "authorization:bearer ",
    "://",
    "://a:b",
    "a://b:c@",
    "x://u:p/",
    "eyJ",
    "eyJa.",
    "-eyJ",
    "sk-",
    "sk-a1",
    "ghp_",
    "glpat-",
    "key-",
    "cio",
    "AKIA",
    "sig=",
    "accountkey=",
    ":AA",
    "1:AA",
    "curl ",
    "curl -u a:",
    "curl -u \"a:",
    " -u a:b",
    "-----BEGIN ",
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----a:",
    "-----END ",
    "-----BEGIN A-----\n-----END A-----\n",
    "---- BEGIN ",
    "private-lines: 1\n",
    "identified by '",
    "identified by \"",
    "[redacted:",
    "[redacted:token]",
    "password=[redacted:token]",
    "${",
    "password=\"${",
    "<password>",
    "password is ",
    "--password ",
    "/api/webhooks/",
    "hooks.slack.com/services/",
    "data:image/png;base64,",
    "a1B/",
    "a=",
    "MTAa8Kd3Pq9Zx7Lm2Vt5Rw4Y.",
    "password\t:\t",
    "name: token\nvalue: ",
    "pass_auth_token_secret_",
    "token: A = ",
    "\u{feff}password=é",
];

#[test]
fn keywords_repeated() {
    for unit in UNITS {
        let text = unit.repeat(30_000 / unit.len());
        let planted = format!("{text}\n {} \n{text}", github());
        let result = stable(&planted);
        assert!(!result.text.contains(&github()), "{unit}");
        assert!(result.text.len() <= planted.len() * 16, "{unit}");
    }
}

#[test]
fn one_long_line() {
    let line = "let total = sum(items, 42); ".repeat(5 * MIB / 28);
    let secret = github();
    let text = format!("{line}{secret} {line}password=\"hunter{}\"", 2345);
    assert_eq!(
        redact(&text).text,
        format!("{line}[redacted:github-token] {line}password=\"[redacted:password]\"")
    );
}

#[test]
fn values_of_any_size_go_as_a_whole() {
    let long = "a8Kd3Pq9Zx7Lm2Vt5Rw4Yn6Bc".repeat(40_000);
    for (text, wanted) in [
        (format!("password=\"{long}\""), "password=\"[redacted:password]\""),
        (format!("TOKEN={long}"), "TOKEN=[redacted:token]"),
        (format!("Authorization: Bearer {long}"), "Authorization: Bearer [redacted:bearer-token]"),
        (format!("a://u:{long}@h"), "a://u:[redacted:connection-string]@h"),
        (long.clone(), "[redacted:high-entropy]"),
    ] {
        assert_eq!(stable(&text).text, wanted);
    }
}

#[test]
fn a_marker_counts_only_with_a_known_kind() {
    let inner = concat!("hunter2", "secret");
    let text = format!("password = \"[redacted:{inner}]\"");
    assert_eq!(stable(&text).text, "password = \"[redacted:password]\"");
    let text = "password = \"[redacted:github-token]\"";
    assert_eq!(stable(text).text, text);
}

#[test]
fn credentials_uncovered_by_each_other_go_too() {
    let unit = format!("{}{}", concat!("AK", "IAQ7ZL2MXK4RTV6NBP"), github());
    let result = stable(&unit.repeat(20));
    assert!(!result.text.contains("Q7ZL2MXK"), "{}", result.text);
}

/// Texts made of what the rules look for, so that they meet in every way.
fn fragments() -> impl Strategy<Value = String> {
    let fragment = prop_oneof![
        3 => prop::sample::select(vec![
            "password", "token", "secret", "api_key", "auth", "pass", "Authorization", "Bearer ",
            "Basic ", "eyJ", "ghp_", "sk-", "sk-ant-", "AKIA", "://", "user:", "@host", "curl -u ",
            "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "-----BEGIN CERTIFICATE-----",
            "[redacted:", "[redacted:token]", "[redacted:password]", "postgres://", "name: ",
            "value: ", "data:image/png;base64,", "sha512-", "--password ", " is ", "SG.", "sig=",
            "<password>", "SK", "key-", "Private-Lines: 2\n", "${", "{{", "export ",
        ]).prop_map(str::to_owned),
        3 => prop::sample::select(vec![
            "=", ":", " ", " = ", ": ", "\"", "'", "`", "\\\"", "\\", "\n", "\\n", ",", ";", "&",
            ".", "/", "-", "_", "@", "[", "]", "{", "}", "(", ")", "<", ">", "$", "%", "é", "日本",
            "\u{a0}", "“", "!", "?", "|", "#", "+", "==",
        ]).prop_map(str::to_owned),
        2 => "[A-Za-z0-9]{1,12}",
        2 => "[A-Za-z0-9+/]{20,70}",
        1 => "[a-f0-9]{32,40}",
        1 => "\\PC{0,6}",
    ];
    prop::collection::vec(fragment, 0..24).prop_map(|parts| parts.concat())
}

/// A credential of a kind with a shape of its own.
fn credential() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z0-9]{36}".prop_map(|s| concat!("gh", "p_").to_owned() + &s),
        "[A-Za-z0-9_-]{80}7".prop_map(|s| concat!("sk", "-ant-api03-").to_owned() + &s),
        "[A-Z2-7]{16}".prop_map(|s| concat!("AK", "IA").to_owned() + &s),
        "[A-Za-z0-9]{24}".prop_map(|s| concat!("sk", "_live_").to_owned() + &s),
        "[A-Za-z0-9]{36}".prop_map(|s| concat!("np", "m_").to_owned() + &s),
        "[0-9]{10}-[A-Za-z0-9]{24}".prop_map(|s| concat!("xo", "xb-").to_owned() + &s),
        "[A-Za-z0-9_-]{35}".prop_map(|s| concat!("AI", "za").to_owned() + &s),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_text_is_stable(text in any::<String>()) {
        stable(&text);
    }

    #[test]
    fn any_mixture_is_stable(text in fragments()) {
        let result = stable(&text);
        prop_assert!(!result.removed.contains_key("unstable"), "{text}");
    }

    #[test]
    fn a_planted_credential_never_survives(
        before in fragments(),
        after in fragments(),
        open in "[ \"'`\n\t(]",
        close in "[ \"'`\n\t)]",
        secret in credential(),
    ) {
        let text = format!("{before}{open}{secret}{close}{after}");
        prop_assert!(!stable(&text).text.contains(&secret), "{text}");
    }

    #[test]
    fn a_named_value_never_survives(
        before in "\\PC{0,20}",
        name in prop::sample::select(vec!["password", "DB_PASSWORD", "clientSecret", "api_key", "auth_token"]),
        join in prop::sample::select(vec!["=", " = ", ": ", "\": ", " := "]),
        quote in prop::sample::select(vec!["\"", "'", "`", "\\\""]),
        value in "[a-z]{4}[0-9]{3}[A-Z]{4}[!#^~]?",
        after in "\\PC{0,20}",
    ) {
        let text = format!("{before}\n{name}{join}{quote}{value}{quote} {after}");
        prop_assert!(!stable(&text).text.contains(&value), "{text}");
    }
}
