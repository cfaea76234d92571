//! Identifiers. They are derived, so that hooks, transcripts and a second run give the same ones.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::Digest as _;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
        )]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The identifier as text.
            #[allow(dead_code, reason = "not every kind is read as text")]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// One conversation with an agent: `s_` and 14 hexadecimal digits.
    SessionId
}
text_id! {
    /// One prompt and all it led to: `p_` and 14 hexadecimal digits.
    TurnId
}
text_id! {
    /// One tool call of an agent: `t_` and 14 hexadecimal digits.
    EditId
}
text_id! {
    /// The name of a git object, 40 (SHA-1) or 64 (SHA-256) hexadecimal digits.
    Oid
}
text_id! {
    /// SHA-256 of some bytes, 64 hexadecimal digits.
    Digest
}

impl SessionId {
    /// The session `native` of `agent`, as in the Git AI Standard 3.0.0.
    pub fn derive(agent: &str, native: &str) -> Self {
        Self(format!("s_{}", short(&format!("{agent}:{native}"))))
    }
}

impl TurnId {
    /// The turn that the agent calls `native` (or `#N`, the N-th prompt, where it has no name).
    pub fn derive(session: &SessionId, native: &str) -> Self {
        Self(format!("p_{}", short(&format!("{session}:{native}"))))
    }
}

impl EditId {
    /// The tool call that the agent calls `native` (or `#N`, its place in the session).
    pub fn derive(session: &SessionId, native: &str) -> Self {
        Self(format!("t_{}", short(&format!("{session}:{native}"))))
    }
}

impl Oid {
    /// Whether this is git's name for "no object".
    pub fn is_zero(&self) -> bool {
        self.0.bytes().all(|b| b == b'0')
    }

    /// The first ten digits, for people.
    pub fn short(&self) -> &str {
        self.0.get(..10).unwrap_or(&self.0)
    }
}

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(hex(&sha2::Sha256::digest(bytes)))
    }
}

/// Lower-case hexadecimal digits of these bytes.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    // A tree of notes has hundreds of names: the text grows but once.
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

fn short(text: &str) -> String {
    let mut digits = hex(&sha2::Sha256::digest(text.as_bytes())[..7]);
    digits.truncate(14);
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_derived_from_what_the_agent_reports() {
        let session = SessionId::derive("claude-code", "d7a85f43");
        assert_eq!(session.as_str().len(), 16);
        assert!(session.as_str().starts_with("s_"));
        assert_eq!(session, SessionId::derive("claude-code", "d7a85f43"));
        assert_ne!(session, SessionId::derive("codex", "d7a85f43"));
        assert_ne!(TurnId::derive(&session, "1").0[2..], EditId::derive(&session, "2").0[2..]);
    }
}
