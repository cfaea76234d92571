//! Credentials known by their own shape. They are built from parts so that no scanner of
//! the source takes them for real ones.

use super::redact;

/// Letters and digits as random ones look, `len` bytes of them.
fn body(len: usize) -> String {
    "a8Kd3Pq9Zx7Lm2Vt5Rw4Yn6Bc1Hj0GfSuEiTo".chars().cycle().take(len).collect()
}

fn hex(len: usize) -> String {
    "3f9a0c7d1e5b8624".chars().cycle().take(len).collect()
}

fn upper(len: usize) -> String {
    "Q7ZL2MXK4RTV6NBP".chars().cycle().take(len).collect()
}

/// Every credential alone, quoted, in a sentence, and after a suggestive name: it goes, its
/// kind is the expected one, and a second redaction changes nothing.
fn assert_kinds(cases: &[(&str, String)]) {
    for (kind, secret) in cases {
        for (before, after) in [
            ("", ""),
            ("\"", "\""),
            ("use '", "' for it"),
            ("see ", ", please"),
            ("it was ", ".\nNext"),
            ("TOKEN=", "\n"),
            ("{\\\"token\\\": \\\"", "\\\"}"),
            ("line\\n", "\\nline"),
            ("token: \"", "\","),
            ("(", ")"),
            ("“", "”"),
        ] {
            let text = format!("{before}{secret}{after}");
            let result = redact(&text);
            assert!(!result.text.contains(secret), "{text} -> {}", result.text);
            assert_eq!(result.text, format!("{before}[redacted:{kind}]{after}"), "{text}");
            assert_eq!(result.removed.get(*kind), Some(&1), "{text}");
            let again = redact(&result.text);
            assert_eq!(again.text, result.text);
            assert!(again.removed.is_empty(), "{text}");
        }
    }
}

#[test]
fn code_hosts() {
    assert_kinds(&[
        ("github-token", concat!("gh", "p_").to_owned() + &body(36)),
        ("github-token", concat!("gh", "o_").to_owned() + &body(36)),
        ("github-token", concat!("gh", "u_").to_owned() + &body(36)),
        ("github-token", concat!("gh", "s_").to_owned() + &body(36)),
        ("github-token", concat!("gh", "r_").to_owned() + &body(36)),
        ("github-token", concat!("gh", "p_").to_owned() + &"a".repeat(36)),
        ("github-token", format!("{}{}_{}", concat!("github", "_pat_"), body(22), body(59))),
        ("gitlab-token", concat!("glp", "at-").to_owned() + &body(20)),
        ("gitlab-token", concat!("glr", "t-").to_owned() + &body(20)),
        ("npm-token", concat!("np", "m_").to_owned() + &body(36)),
        ("pypi-token", concat!("py", "pi-AgEIcHlwaS5vcmc").to_owned() + &body(120)),
        ("crates-io-token", concat!("ci", "o").to_owned() + &body(32)),
        ("docker-token", concat!("dckr", "_pat_").to_owned() + &body(27)),
    ]);
}

#[test]
fn clouds() {
    assert_kinds(&[
        ("aws-access-key", concat!("AK", "IA").to_owned() + &upper(16)),
        ("aws-access-key", concat!("AS", "IA").to_owned() + &upper(16)),
        ("aws-access-key", concat!("AK", "IAIOSFODNN7EXAMPLE").to_owned()),
        ("google-api-key", concat!("AI", "za").to_owned() + &body(35)),
        ("google-oauth-secret", concat!("GOC", "SPX-").to_owned() + &body(28)),
        ("google-oauth-token", concat!("ya", "29.").to_owned() + &body(60)),
        ("digitalocean-token", concat!("dop", "_v1_").to_owned() + &hex(64)),
        ("databricks-token", concat!("da", "pi").to_owned() + &hex(32)),
        ("hugging-face-token", concat!("h", "f_").to_owned() + &body(34)),
        ("openai-key", concat!("s", "k-").to_owned() + &body(48)),
        ("openai-key", concat!("s", "k-proj-").to_owned() + &body(120)),
        ("openai-key", concat!("s", "k-svcacct-").to_owned() + &body(80)),
        ("anthropic-key", format!("{}{}-{}AA", concat!("s", "k-ant-api03-"), body(50), body(42))),
        ("anthropic-key", concat!("s", "k-ant-admin01-").to_owned() + &body(86)),
    ]);
}

#[test]
fn services() {
    let parts = |a: usize, b: usize| format!("{}.{}", body(a), body(b));
    assert_kinds(&[
        ("slack-token", format!("{}123456789012-{}", concat!("xo", "xb-"), body(24))),
        ("slack-token", format!("{}123456789012-{}", concat!("xo", "xp-"), body(32))),
        ("slack-token", format!("{}2-{}", concat!("xo", "xa-"), body(32))),
        ("slack-token", format!("{}1-A012-{}", concat!("xa", "pp-"), hex(64))),
        ("stripe-key", concat!("sk", "_live_").to_owned() + &body(24)),
        ("stripe-key", concat!("sk", "_test_").to_owned() + &body(99)),
        ("stripe-key", concat!("rk", "_live_").to_owned() + &body(24)),
        ("sendgrid-key", format!("{}{}", concat!("S", "G."), parts(22, 43))),
        ("mailgun-key", concat!("ke", "y-").to_owned() + &hex(32)),
        ("twilio-key", concat!("S", "K").to_owned() + &hex(32)),
        ("twilio-key", concat!("A", "C").to_owned() + &hex(32)),
        ("telegram-token", format!("123456789:{}{}", concat!("A", "A"), body(33))),
        ("discord-token", format!("{}{}.{}", concat!("M", "TA"), body(21), parts(6, 38))),
    ]);
}

#[test]
fn shops_and_desks() {
    assert_kinds(&[
        ("shopify-token", concat!("shp", "at_").to_owned() + &hex(32)),
        ("shopify-token", concat!("shp", "ca_").to_owned() + &hex(32)),
        ("shopify-token", concat!("shp", "pa_").to_owned() + &hex(32)),
        ("shopify-token", concat!("shp", "ss_").to_owned() + &hex(32)),
        ("square-token", concat!("sq0", "atp-").to_owned() + &body(22)),
        ("square-token", concat!("sq0", "csp-").to_owned() + &body(43)),
        ("square-token", concat!("EA", "AA").to_owned() + &body(60)),
        ("linear-key", concat!("lin", "_api_").to_owned() + &body(40)),
        ("notion-token", concat!("secr", "et_").to_owned() + &body(43)),
        ("notion-token", concat!("nt", "n_").to_owned() + &body(46)),
        ("figma-token", concat!("fi", "gd_").to_owned() + &body(40)),
        ("age-secret-key", concat!("AGE-SECRET", "-KEY-1").to_owned() + &upper(58)),
        (
            "jwt",
            format!(
                "{}{}.{}{}.{}",
                concat!("ey", "J"),
                body(33),
                concat!("ey", "J"),
                body(60),
                body(43)
            ),
        ),
        (
            "jwt",
            format!("{}{}.{}{}.", concat!("ey", "J"), body(17), concat!("ey", "J"), body(60))
                .trim_end_matches('.')
                .to_owned(),
        ),
    ]);
}

#[test]
fn unknown_kinds_by_their_look() {
    let parts = ["wJa7rXUtnF3MI", "K7M9ENG", "bPxRf1CYzEXKLM2La3Y"];
    for secret in [
        body(20),
        body(32),
        body(64),
        parts.join("/"),
        parts.join("+") + "==",
        parts.join("_"),
        "dGhpcyBpcyBub3QgYSByZWFsIHNlY3JldCBidXQgaXQgbG9va3MgbGlrZSBvbmU=".to_owned(),
    ] {
        for (before, after) in [("", ""), ("use ", " now"), ("x = \"", "\""), ("?v=", "&w=1")] {
            let result = redact(&format!("{before}{secret}{after}"));
            assert_eq!(result.text, format!("{before}[redacted:high-entropy]{after}"), "{secret}");
        }
    }
}

#[test]
fn random_words_are_mostly_found() {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for (len, least) in [(24, 900), (32, 950), (40, 970), (64, 980)] {
        let mut found = 0;
        for _ in 0..1000 {
            let mut secret = String::new();
            for _ in 0..len {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let index = usize::try_from((state >> 33) % 62).expect("less than 62");
                secret.push(char::from(alphabet[index]));
            }
            found += u32::from(!redact(&secret).text.contains(&secret));
        }
        assert!(found >= least, "{found} of 1000 with {len} bytes");
    }
}
