//! Names that suggest a credential, and whether a literal under such a name is one.

use crate::model::Confidence;
use crate::redact;

/// What a name says that its value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Something that a person types.
    Password,
    /// What signs, encrypts or identifies a program.
    Secret,
    /// What is given to a caller; the word also means a part of a text.
    Token,
}

/// Words that make a name a description of a credential, beside those that redaction knows.
#[rustfmt::skip]
const ABOUT: &[&str] = &[
    "action", "alias", "attribute", "attr", "available", "box", "btn", "button", "cache",
    "change", "cmd", "col", "component", "config", "control", "cookie", "css", "default", "dialog",
    "digits", "entry", "event", "exists", "expires", "factory", "filter", "flag", "flow", "form",
    "func", "grant", "group", "has", "hash", "hasher", "info", "int", "is", "item", "json", "kind",
    "link", "list", "login", "map", "module", "msg", "node", "not", "number", "object", "offset",
    "option", "options", "order", "parser", "plugin", "pos", "property", "provided", "query",
    "question", "recovery", "request", "response", "result", "role", "route", "row", "salt",
    "section", "separator", "setting", "settings", "should", "show", "static", "step", "str",
    "strategy", "style", "syntax", "system", "tag", "task", "template", "test", "time",
    "timeout", "toggle", "topic", "unit", "update", "username", "view", "warning", "widget", "xpath",
];

/// Words with which a name is none of a credential, wherever they stand.
const NOT: &[&str] = &[
    "public",
    "pub",
    "publishable",
    "csrf",
    "xsrf",
    "forgot",
    "has",
    "is",
    "no",
    "not",
    "show",
    "reset",
    "change",
    "toggle",
    "should",
    "next",
    "previous",
    "page",
    "sync",
    "continuation",
    "cancellation",
    "end",
    "start",
    "missing",
    "hashed",
    "encrypted",
    "invalid",
    "wrong",
    "expected",
];

/// What a name suggests, if it does.
pub fn family(name: &str) -> Option<Family> {
    if name.len() < 2 {
        return None;
    }
    let mut words: Vec<String> = redact::words(name).map(str::to_ascii_lowercase).collect();
    // `pass2` is a password, too.
    while words.last().is_some_and(|word| word.bytes().all(|b| b.is_ascii_digit())) {
        words.pop();
    }
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    let mut found = None;
    for at in 0..words.len() {
        let before = if at > 0 { word(at - 1) } else { "" };
        let last = at + 1 == words.len();
        let family = match word(at) {
            "password" | "passwd" | "passwort" | "passphrase" | "passcode" | "passw" | "pwd"
            | "passwords" | "paswd" | "psw" | "userpass" | "dbpass" => Some(Family::Password),
            "pass" if last && !matches!(before, "by" | "multi" | "first" | "second" | "render") => {
                Some(Family::Password)
            }
            "phrase" if before == "pass" => Some(Family::Password),
            "word" if before == "pass" => Some(Family::Password),
            "secret" | "secrets" | "secrete" | "credential" | "credentials" | "apikey"
            | "apisecret" | "secretkey" | "privatekey" | "accesskey" => Some(Family::Secret),
            "key" if is_secret_key(before) => Some(Family::Secret),
            "token" | "authtoken" | "apitoken" | "bearer" | "jwt" => Some(Family::Token),
            _ => None,
        };
        found = family.or(found.filter(|_| !is_about(word(at))));
    }
    if found.is_none() && redact::is_vendor_key(name) {
        return Some(Family::Token);
    }
    found.filter(|_| !words.iter().any(|word| NOT.contains(&word.as_str())))
}

/// Whether `key` after this word is secret.
fn is_secret_key(before: &str) -> bool {
    matches!(
        before,
        "api"
            | "secret"
            | "private"
            | "access"
            | "encryption"
            | "encrypt"
            | "signing"
            | "auth"
            | "account"
            | "service"
            | "db"
            | "database"
            | "jwt"
            | "crypto"
            | "cipher"
            | "aes"
            | "des"
            | "hmac"
            | "master"
            | "priv"
            | "decryption"
            | "signature"
            | "license"
            | "app"
    )
}

fn is_about(word: &str) -> bool {
    ABOUT.contains(&word) || redact::describes(word)
}

/// How sure it is that a literal under a name of this family is a credential; `None` where it
/// stands for one, names one or says something to a person.
pub fn judge(family: Family, name: &str, value: &str, entry: bool) -> Option<Confidence> {
    let text = value.trim();
    let least = if family == Family::Password { 3 } else { 4 };
    let length = text.chars().count();
    let outside = length < least || length > 300 || is_repeated(text);
    if outside
        || text.len() != value.len()
        || redact::is_reference(text)
        || is_template(text)
        || is_name(text, name)
    {
        return None;
    }
    let digits = text.bytes().any(|b| b.is_ascii_digit());
    let letters = text.bytes().any(|b| b.is_ascii_alphabetic());
    if text.contains(char::is_whitespace) {
        let odd = text.contains(['!', '#', '$', '%', '^', '&', '{', '}', '[', ']', '@']) && digits;
        let phrase = text.split_whitespace().count() == 2 && is_session(name) && is_lower(text);
        return (family != Family::Token && (odd || phrase)).then_some(Confidence::Low);
    }
    let standin = redact::is_placeholder(text);
    let token = digits && letters && length >= 8;
    match family {
        Family::Token if !(token || redact::is_random(text)) => return None,
        _ if PLAIN.contains(&&*text.to_ascii_lowercase()) => return None,
        _ if standin && is_session(name) => {}
        _ if standin && (entry || name.bytes().any(|b| b.is_ascii_uppercase())) => return None,
        _ if standin && is_mask(text) => return None,
        Family::Secret if !digits && length < 8 && entry => return None,
        _ => {}
    }
    let sure = digits && letters && length >= 8 && !is_example(text);
    Some(if sure { Confidence::High } else { Confidence::Low })
}

/// Values that say nothing.
const PLAIN: &[&str] = &[
    "testing",
    "test",
    "none",
    "null",
    "true",
    "false",
    "undefined",
    "unknown",
    "string",
    "text",
    "hidden",
    "empty",
    "password1",
    "optional",
    "required",
    "disabled",
    "enabled",
    "secret_key",
];

/// Whether a name is that of what signs sessions: any literal there is known to everybody.
fn is_session(name: &str) -> bool {
    let plain = name.replace(['_', '-'], "").to_ascii_lowercase();
    [
        "secret",
        "secretkey",
        "secretkeybase",
        "secrettoken",
        "sessionsecret",
        "jwtsecret",
        "cookiesecret",
        "appsecret",
    ]
    .contains(&plain.as_str())
}

fn is_lower(text: &str) -> bool {
    !text.bytes().any(|b| b.is_ascii_uppercase())
}

/// How sure it is that what a sink is given is a credential.
pub fn judge_argument(value: &str) -> Option<Confidence> {
    let text = value.trim();
    let plain = text.len() >= 3 && text.len() <= 300 && !text.contains('\n');
    if !plain || is_mask(text) || is_template(text) || redact::is_reference(text) {
        return None;
    }
    let mixed = text.bytes().any(|b| b.is_ascii_digit()) && text.len() >= 8 && !is_example(text);
    Some(if mixed { Confidence::High } else { Confidence::Low })
}

/// Whether a random value of this name may be a credential: digests, ids and public keys are
/// random, too.
pub fn may_be_secret(name: &str) -> bool {
    const OTHER: &[&str] = &[
        "hash",
        "hashes",
        "checksum",
        "digest",
        "integrity",
        "sha",
        "sha1",
        "sha256",
        "sha512",
        "md5",
        "id",
        "ids",
        "uuid",
        "guid",
        "fingerprint",
        "etag",
        "signature",
        "sig",
        "nonce",
        "public",
        "pub",
        "cert",
        "certificate",
        "ca",
        "commit",
        "revision",
        "rev",
        "alphabet",
        "chars",
        "characters",
        "charset",
        "base64",
        "image",
        "icon",
        "data",
        "url",
        "uri",
        "path",
        "xml",
        "html",
        "svg",
        "font",
        "pattern",
        "regex",
        "version",
        "expected",
        "test",
        "sri",
    ];
    let mut words = redact::words(name).map(str::to_ascii_lowercase);
    !words.any(|word| OTHER.contains(&word.as_str()))
}

/// The password in a connection string such as `Server=db;User Id=sa;Password=…;`.
pub fn connection_password(text: &str) -> Option<&str> {
    const PLACES: &[&str] = &[
        "server=",
        "host=",
        "data source=",
        "user id=",
        "uid=",
        "user=",
        "dbname=",
        "database=",
        "username=",
        "accountname=",
    ];
    let lower = text.to_ascii_lowercase();
    if text.len() > 1000
        || lower.len() != text.len()
        || !PLACES.iter().any(|place| lower.contains(place))
    {
        return None;
    }
    let start =
        ["password=", "pwd="].iter().find_map(|key| lower.find(key).map(|at| at + key.len()))?;
    let end = text[start..].find([';', '&', ' ', '"', '\'']).map_or(text.len(), |at| start + at);
    Some(&text[start..end])
}

/// One character, or two, again and again.
fn is_repeated(text: &str) -> bool {
    let mut seen: Vec<char> = text.chars().take(64).collect();
    seen.sort_unstable();
    seen.dedup();
    text.len() > 3 && seen.len() < 3
}

/// A mask or a hole to be filled.
fn is_mask(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    text.chars().all(|c| matches!(c, 'x' | 'X' | '*' | '.' | '-' | '_' | '•' | '?' | '#' | '0'))
        || (text.starts_with('<') && text.ends_with('>'))
        || [
            "your",
            "xxxx",
            "changeme",
            "change_me",
            "change-me",
            "placeholder",
            "redacted",
            "insert",
        ]
        .iter()
        .any(|word| lower.contains(word))
}

/// Something that says what it is: for examples and tests.
pub fn is_example(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    [
        "example", "test", "dummy", "fake", "sample", "mock", "demo", "foo", "123456", "password",
        "abc",
    ]
    .iter()
    .any(|word| lower.contains(word))
}

/// Formats and templates that are filled in elsewhere, selectors, patterns.
fn is_template(text: &str) -> bool {
    let holes = ["%s", "%v", "%d", "{}", "{0}"];
    let brace = text.starts_with('{') && text.ends_with('}');
    holes.iter().any(|hole| text.contains(hole))
        || redact::has_template(text)
        || brace
        || text.starts_with(['$', '.', ':', '@', '/', '\\', '^', '(', '<'])
            && !text.bytes().any(|b| b.is_ascii_digit())
        || text.contains("://")
}

/// The name of a variable, of a field or of a file: `DB_PASSWORD`, `app.auth.password`,
/// `auth-token`, or what the name itself says.
fn is_name(text: &str, name: &str) -> bool {
    let plain = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
    };
    let upper = text.contains('_') && !text.bytes().any(|b| b.is_ascii_lowercase());
    let word = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '-' | '.' | ':' | '/' | ',');
    let joined = text.chars().all(word) && text.contains(['.', ':', '/', ',']);
    let itself = plain(text) == plain(name) && !text.contains('_');
    upper || joined || itself && name.bytes().any(|b| b.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_suggest_a_credential_unless_they_are_about_one() {
        for name in ["password", "dbPassword", "DB_PASS", "user_pwd", "pass", "passPhrase"] {
            assert_eq!(family(name), Some(Family::Password), "{name}");
        }
        for name in ["api_key", "apiKey", "SECRET_KEY", "client_secret", "jwtSecret", "privateKey"]
        {
            assert_eq!(family(name), Some(Family::Secret), "{name}");
        }
        assert_eq!(family("accessToken"), Some(Family::Token));
        for name in [
            "password_field",
            "passwordHash",
            "token_type",
            "publicKey",
            "key",
            "bypass",
            "compass",
            "secretName",
            "tokenizer",
            "csrf_token",
            "password_reset_url",
            "x",
        ] {
            assert_eq!(family(name), None, "{name}");
        }
    }

    #[test]
    fn values_are_judged_by_what_they_look_like() {
        let judge = |value| judge(Family::Password, "password", value, false);
        assert_eq!(judge("hT7-kq2-Lw9"), Some(Confidence::High));
        for low in ["megadeth", "sysadmin", "myPassword1", "12345678"] {
            assert_eq!(judge(low), Some(Confidence::Low), "{low}");
        }
        for none in [
            "",
            "  ",
            "${DB_PASSWORD}",
            "DB_PASSWORD",
            "xxxxxxxx",
            "<password>",
            "%s",
            "Enter your password",
            "./password.txt",
            "app.password",
            "your-password",
        ] {
            assert_eq!(judge(none), None, "{none}");
        }
        assert_eq!(super::judge(Family::Token, "token", "identifier", false), None);
        assert_eq!(super::judge(Family::Password, "PASSWORD", "password", false), None);
        assert_eq!(super::judge(Family::Password, "password", "Password", true), None);
    }
}
