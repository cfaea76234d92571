//! The policy: `.ai-log.toml` at the top of the work tree.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

/// The file's name.
pub const FILE: &str = ".ai-log.toml";

/// What a team has agreed on. Keys that this version does not know are left to later ones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Policy {
    /// The oldest version of this program that may be used.
    pub min_version: Option<String>,
    /// Files that an agent must have read before it edits files that match the pattern.
    pub context: BTreeMap<String, Vec<String>>,
}

/// Why a policy cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// It is no valid TOML, or a key has the wrong kind of value.
    #[error("{FILE}: {0}")]
    Malformed(#[from] toml::de::Error),
    /// It cannot be read.
    #[error("{FILE} cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// It asks for a newer program.
    #[error("{FILE} asks for version {wanted}, and this is {}", env!("CARGO_PKG_VERSION"))]
    TooOld {
        /// The version it asks for.
        wanted: String,
    },
}

impl Policy {
    /// The policy of this work tree; without a file nothing is asked.
    pub fn of(top: &Path) -> Result<Self, PolicyError> {
        match std::fs::read_to_string(top.join(FILE)) {
            Ok(text) => Self::parse(&text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error.into()),
        }
    }

    fn parse(text: &str) -> Result<Self, PolicyError> {
        let policy: Self = toml::from_str(text)?;
        match &policy.min_version {
            Some(wanted) if numbers(wanted) > numbers(env!("CARGO_PKG_VERSION")) => {
                Err(PolicyError::TooOld { wanted: wanted.clone() })
            }
            _ => Ok(policy),
        }
    }
}

/// `1.10.2` as numbers; what is no number counts as 0.
fn numbers(version: &str) -> [u32; 3] {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    [(); 3].map(|()| parts.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_keys_are_left_to_later_versions() {
        let text =
            "preset = \"strict\"\nmin-version = \"0.1\"\n[context]\n\"db/**\" = [\"docs/db.md\"]\n";
        let policy = Policy::parse(text).unwrap();
        assert_eq!(policy.context["db/**"], ["docs/db.md"]);
    }

    #[test]
    fn what_cannot_be_used_is_said() {
        let error = Policy::parse("min-version = \"99.0\"").unwrap_err().to_string();
        assert!(error.contains("asks for version 99.0"), "{error}");
        assert!(Policy::parse("context = 3").is_err());
        assert!(numbers("0.10") > numbers("0.9.9"));
    }
}
