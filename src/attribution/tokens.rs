//! What is compared of a line: its tokens, its text without white space, its fingerprint.

use sha2::Digest as _;

/// A token: a run of word characters (Unicode letters, digits, underscore), or one other visible
/// character.
pub fn tokens(line: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(line);
    let mut tokens: Vec<String> = Vec::new();
    let mut in_word = false;
    for c in text.chars() {
        let word = c.is_alphanumeric() || c == '_';
        match tokens.last_mut() {
            Some(last) if word && in_word => last.push(c),
            _ if c.is_whitespace() || c.is_control() => {}
            _ => tokens.push(c.to_string()),
        }
        in_word = word;
    }
    tokens
}

/// The line with all white space removed.
pub fn folded(line: &[u8]) -> Vec<u8> {
    line.iter().copied().filter(|b| !b.is_ascii_whitespace() && *b != 0x0b).collect()
}

/// 64 bits of SHA-256 of the folded line, the first eight bytes, big-endian.
pub fn fingerprint(line: &[u8]) -> u64 {
    let digest = sha2::Sha256::digest(folded(line));
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(bytes)
}

/// Whether the line says enough to be known again: not a brace, an import, a `return None`.
pub fn tells(line: &[u8]) -> bool {
    let tokens = tokens(line);
    let first = tokens.iter().find(|t| t.chars().any(char::is_alphanumeric));
    let imports = ["import", "from", "use", "using", "include", "require", "package", "export"];
    if first.is_some_and(|word| imports.contains(&word.as_str())) {
        return false;
    }
    let letters = tokens.iter().flat_map(|t| t.chars()).filter(|c| c.is_alphanumeric()).count();
    let digits = tokens.iter().flat_map(|t| t.chars()).filter(|c| c.is_numeric()).count();
    letters >= 14 || (letters >= 6 && digits > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_words_and_signs() {
        assert_eq!(
            tokens(b"  if (a_1 == \"x y\") {\n"),
            ["if", "(", "a_1", "=", "=", "\"", "x", "y", "\"", ")", "{"]
        );
        assert_eq!(tokens("größe=日本".as_bytes()), ["größe", "=", "日本"]);
    }

    #[test]
    fn common_lines_tell_nothing() {
        for line in
            ["}", "", "    return None", "import os", "use std::collections::HashMap;", "else:"]
        {
            assert!(!tells(line.as_bytes()), "{line}");
        }
        for line in ["total = price * quantity", "retries = 17", "tag0042"] {
            assert!(tells(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn white_space_does_not_count() {
        assert_eq!(fingerprint(b"\ta = b\r\n"), fingerprint(b"a=b"));
        assert_ne!(fingerprint(b"a = b"), fingerprint(b"a = c"));
    }
}
