//! Paths inside a repository: bytes, as git has them.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A path from the top of the work tree, `/` between its parts, not necessarily UTF-8.
///
/// As JSON and on the terminal it is itself where it is plain UTF-8, and in git's C-style
/// quotes where it holds other bytes, control characters, or starts with a quote.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RepoPath(Vec<u8>);

impl RepoPath {
    /// A path from git's own bytes.
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The path that a path of the file system has below the top of the work tree.
    pub fn from_relative(path: &Path) -> Option<Self> {
        let mut bytes = Vec::new();
        for part in path.components() {
            let std::path::Component::Normal(name) = part else {
                return None;
            };
            if !bytes.is_empty() {
                bytes.push(b'/');
            }
            bytes.extend_from_slice(&os_bytes(name));
        }
        (!bytes.is_empty()).then_some(Self(bytes))
    }

    /// The bytes as git has them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// What follows the last dot of the file's name.
    pub fn extension(&self) -> Option<&[u8]> {
        let name = self.0.rsplit(|&byte| byte == b'/').next()?;
        let dot = name.iter().rposition(|&byte| byte == b'.')?;
        Some(&name[dot + 1..])
    }

    /// The path with what is not UTF-8 replaced, for matching and for people.
    pub fn lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// The file below this top of a work tree.
    pub fn below(&self, top: &Path) -> PathBuf {
        top.join(os_path(&self.0))
    }

    /// The path as JSON and the terminal show it.
    pub fn quoted(&self) -> Cow<'_, str> {
        match std::str::from_utf8(&self.0) {
            Ok(text) if !text.starts_with('"') && !text.chars().any(char::is_control) => {
                Cow::Borrowed(text)
            }
            _ => Cow::Owned(quote(&self.0)),
        }
    }

    /// Reads [`RepoPath::quoted`]; a quoted form that is not well-formed is taken as it stands.
    pub fn parse(text: &str) -> Self {
        let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        match inner.and_then(unquote) {
            Some(bytes) => Self(bytes),
            None => Self(text.as_bytes().to_vec()),
        }
    }
}

/// The bytes of a name of the operating system.
#[cfg(unix)]
pub fn os_bytes(name: &std::ffi::OsStr) -> Cow<'_, [u8]> {
    use std::os::unix::ffi::OsStrExt as _;
    Cow::Borrowed(name.as_bytes())
}

/// The bytes of a name of the operating system, with `/` between parts.
#[cfg(not(unix))]
pub fn os_bytes(name: &std::ffi::OsStr) -> Cow<'_, [u8]> {
    Cow::Owned(name.to_string_lossy().replace('\\', "/").into_bytes())
}

/// A path of the operating system from git's bytes.
#[cfg(unix)]
pub fn os_path(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

/// A path of the operating system from git's bytes.
#[cfg(not(unix))]
pub fn os_path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}

fn quote(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    for &byte in bytes {
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\t' => out.push_str("\\t"),
            0x20..=0x7e => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\{byte:03o}")),
        }
    }
    out.push('"');
    out
}

fn unquote(inner: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut bytes = inner.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        out.push(match bytes.next()? {
            b'n' => b'\n',
            b't' => b'\t',
            same @ (b'"' | b'\\') => same,
            high @ b'0'..=b'3' => {
                let digit = |b: u8| (b'0'..=b'7').contains(&b).then(|| b - b'0');
                let (mid, low) = (digit(bytes.next()?)?, digit(bytes.next()?)?);
                (high - b'0') * 64 + mid * 8 + low
            }
            _ => return None,
        });
    }
    Some(out)
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.quoted())
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.quoted())
    }
}

impl From<&str> for RepoPath {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl Serialize for RepoPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.quoted())
    }
}

impl<'de> Deserialize<'de> for RepoPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::parse(&text))
    }
}

impl JsonSchema for RepoPath {
    fn schema_name() -> Cow<'static, str> {
        "RepoPath".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A path from the top of the work tree; in git's C-style quotes where it is not plain UTF-8."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn odd_names_are_quoted_as_git_does() {
        assert_eq!(RepoPath::from("a b.txt").quoted(), "a b.txt");
        assert_eq!(RepoPath::from("\"x").quoted(), "\"\\\"x\"");
        assert_eq!(RepoPath::from_bytes(*b"a\xff\n").quoted(), "\"a\\377\\n\"");
    }

    proptest! {
        #[test]
        fn every_name_survives(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let path = RepoPath::from_bytes(bytes);
            prop_assert_eq!(RepoPath::parse(&path.quoted()), path);
        }
    }
}
