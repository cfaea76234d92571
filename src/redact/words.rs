//! How text splits into words, and whether it is made of words or of random characters.

/// Words that stand for a credential without being one: what examples, templates and
/// programs write in its place.
#[rustfmt::skip]
const STANDINS: &[&str] = &[
    "a", "access", "account", "actual", "add", "admin", "an", "ant", "api", "apikey", "app",
    "auth", "authorization", "aws", "bar", "basic", "baz", "bearer", "bot", "change",
    "changeit", "changeme", "client", "code", "config", "confirm", "confirmation",
    "credential", "credentials", "current", "data", "db", "default", "dummy", "email", "empty",
    "encrypted", "enter", "env", "example", "fake", "false", "field", "fill", "fixme", "foo",
    "forgot", "from", "github", "go", "goes", "google", "hash", "hashed", "header", "here",
    "hidden", "id", "in", "input", "insert", "invalid", "is", "it", "jwt", "key", "live",
    "login", "masked", "me", "missing", "mock", "my", "name", "new", "nil", "no", "none", "not",
    "null", "oauth", "of", "old", "omitted", "openai", "or", "param", "pass", "passphrase",
    "passwd", "password", "passwords", "pat", "personal", "placeholder", "please", "private",
    "prod", "provided", "pwd", "real", "redacted", "refresh", "removed", "replace", "required",
    "reset", "sample", "secret", "secrets", "session", "set", "signing", "sk", "some", "stripe",
    "stub", "super", "tbd", "test", "the", "this", "to", "todo", "token", "tokens", "true",
    "type", "unchanged", "undefined", "unset", "use", "user", "username", "value", "var",
    "with", "x", "xx", "xxx", "xxxx", "xxxxx", "xxxxxx", "xxxxxxxx", "your", "yours",
];

/// Words of prose, and names of types and schemes, that follow a name and a colon.
#[rustfmt::skip]
const PLAIN: &[&str] = &[
    "about", "accepted", "added", "after", "allowed", "always", "and", "any", "are", "argon2",
    "array", "as", "at", "authenticated", "available", "base64", "bcrypt", "be", "because",
    "been", "before", "being", "boolean", "both", "buffer", "but", "by", "bytes", "called",
    "can", "cannot", "changed", "character", "characters", "check", "checked", "command",
    "comma", "correct", "could", "created", "cl100k", "digest", "disabled", "does", "during",
    "each", "either", "enabled", "expired", "expires", "failed", "failure", "first", "flag",
    "flags", "for", "generated", "given", "guid", "handler", "handling", "has", "have", "http2",
    "identifier", "ignored", "incorrect", "inherit", "instead", "integer", "int64", "into",
    "invalidated", "just", "keyword", "length", "letters", "local", "manager", "match",
    "matches", "may", "might", "minimum", "must", "needed", "needs", "never", "number", "oauth2",
    "object", "obtained", "only", "operator", "option", "optional", "options", "otherwise",
    "parameter", "parser", "passed", "plain", "present", "protected", "punctuation", "rather",
    "received", "rejected", "response", "result", "results", "return", "returned", "returns",
    "rotated", "secretstr", "sent", "settings", "sha256", "sha512", "should", "shown", "since",
    "stored", "str", "string", "success", "sym", "symbol", "than", "that", "their", "then",
    "there", "these", "they", "together", "tuple", "uint8array", "uint64", "unauthorized",
    "unknown", "unless", "until", "usage", "used", "uses", "using", "utf8", "valid",
    "validation", "variable", "vector", "verified", "via", "void", "was", "webhook", "were",
    "what", "when", "where", "whether", "which", "while", "will", "within", "without", "would",
    "you",
];

/// Whether `word` (any case) stands for a credential without being one.
pub(super) fn is_standin(word: &str) -> bool {
    listed(STANDINS, word)
}

/// Whether `word` (any case) is prose or the name of a type or scheme.
pub(super) fn is_plain(word: &str) -> bool {
    listed(PLAIN, word)
}

fn listed(list: &[&str], word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    list.iter().any(|&entry| entry == lower)
}

/// Splits into words: `fooBar_baz9` gives `foo`, `Bar`, `baz`, `9`. Whatever is neither an
/// ASCII letter nor an ASCII digit separates.
pub(super) fn pieces(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut at = 0;
    std::iter::from_fn(move || {
        at += text[at..].iter().position(u8::is_ascii_alphanumeric)?;
        let start = at;
        let run = |from: usize, class: fn(&u8) -> bool| {
            let rest = &text[from..];
            from + rest.iter().position(|b| !class(b)).unwrap_or(rest.len())
        };
        at = if text[start].is_ascii_digit() {
            run(start, u8::is_ascii_digit)
        } else {
            let upper = run(start, u8::is_ascii_uppercase);
            let lower = run(upper, u8::is_ascii_lowercase);
            match (upper - start, lower - upper) {
                (0 | 1, _) => lower,
                (_, 0) => upper,
                // `HTTPServer`: the last capital belongs to the next word.
                _ => upper - 1,
            }
        };
        Some(&text[start..at])
    })
}

/// Whether every word of `text` is a stand-in, as in `YOUR_API_KEY` or `test-token`.
pub(super) fn all_standins(text: &str) -> bool {
    let mut any = false;
    let all = pieces(text.as_bytes()).all(|piece| {
        any = true;
        std::str::from_utf8(piece).is_ok_and(is_standin)
    });
    any && all && text.is_ascii()
}

/// Shannon entropy of what `counts` counts, in bits per byte.
fn entropy(counts: &[u32; 256], total: usize) -> f64 {
    let total = total as f64;
    counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| {
            let share = f64::from(count) / total;
            -share * share.log2()
        })
        .sum()
}

/// Fewer bytes than this are never called random.
pub(super) const MIN_RANDOM: usize = 20;

/// Below this many bits per byte a text repeats itself too much to be random. Twenty
/// random letters and digits have about 4.1, words about 3.3.
const MIN_BITS: f64 = 3.5;

/// A part between dashes that says nothing: a number, or the hexadecimal digits of an id.
fn is_neutral(part: &[u8]) -> bool {
    let hex = |upper: bool| {
        part.iter().all(|b| {
            b.is_ascii_hexdigit() && (b.is_ascii_digit() || b.is_ascii_uppercase() == upper)
        })
    };
    part.len() >= 4 && part.iter().any(u8::is_ascii_digit) && (hex(true) || hex(false))
}

/// Whether `text` has the look of random characters: at least [`MIN_RANDOM`] bytes besides
/// its neutral parts; capitals, small letters and digits; many different ones; few
/// separators; and a change between those classes every other byte, which names made of
/// words do not have.
pub(super) fn is_random(text: &[u8]) -> bool {
    if text.len() < MIN_RANDOM || text.iter().all(u8::is_ascii_hexdigit) {
        return false;
    }
    let mut counts = [0_u32; 256];
    let (mut kept, mut count, mut wordy) = (0, 0, 0);
    for part in text.split(|b| matches!(b, b'-' | b'_')) {
        if is_neutral(part) {
            continue;
        }
        kept += part.len();
        for &b in part {
            counts[usize::from(b)] += 1;
        }
        for piece in pieces(part) {
            count += 1;
            let vowel = |b: &u8| b"aeiouyAEIOUY".contains(b);
            if piece.len() >= 4 && piece.iter().any(vowel) {
                wordy += piece.len();
            }
        }
    }
    let separators = text.iter().filter(|b| !b.is_ascii_alphanumeric()).count();
    let has =
        |class: fn(&u8) -> bool| (0..=127).any(|b: u8| class(&b) && counts[usize::from(b)] > 0);
    kept >= MIN_RANDOM
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_digit)
        && separators * 6 <= text.len()
        && wordy * 2 < kept
        && kept * 10 < count * 27
        && entropy(&counts, kept) >= MIN_BITS
}
