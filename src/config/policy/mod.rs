//! The policy: `.ai-log.toml` at the top of the repository, over the user's own
//! `$XDG_CONFIG_HOME/git-ai-log/config.toml`.

mod effective;
mod keys;

use std::collections::BTreeMap;
use std::path::Path;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;

pub use effective::Effective;

use crate::model::Digest;

/// The file's name.
pub const FILE: &str = ".ai-log.toml";

/// What the checklist does by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// Nothing blocks.
    Relaxed,
    /// What is hardly ever wrong blocks, the rest warns.
    #[default]
    Standard,
    /// Everything blocks, and a person vouches for the business logic of every hunk.
    Strict,
}

/// What is done with an item's findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// They are not looked for.
    Off,
    /// They are said.
    Warn,
    /// They block.
    Block,
}

/// Levels by item.
pub type Levels = BTreeMap<String, Level>;

/// What a team has agreed on. Keys that this version does not know are left to later ones.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", default)]
pub struct Policy {
    /// The defaults.
    pub preset: Option<Preset>,
    /// The oldest version of this program that may be used.
    pub min_version: Option<String>,
    /// Other levels than the preset's.
    pub items: Levels,
    /// Other levels for some files; later entries win.
    pub paths: Vec<PathLevels>,
    /// Files that an agent must have read before it edits files that match the pattern.
    pub context: BTreeMap<String, Vec<String>>,
    /// What counts as a permission check, beside what is known.
    pub authorization: Authorization,
    /// Analysers to be run.
    pub external: BTreeMap<String, External>,
    /// Exceptions.
    pub waivers: Vec<PolicyWaiver>,
    /// What agents are told and denied in their own loop.
    pub agents: Agents,
    /// In a user's own file: items that no repository may loosen.
    pub fixed: Vec<String>,
}

/// Levels for some files.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct PathLevels {
    /// Patterns of paths from the top of the repository.
    #[serde(rename = "match")]
    pub patterns: Vec<String>,
    /// Their levels; `all` stands for every item.
    pub items: Levels,
}

/// What counts as a permission check.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Authorization {
    /// Names of functions, decorators, annotations and middleware.
    pub checks: Vec<String>,
}

/// An analyser of another make. Its command is run only after `git ai-log trust`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct External {
    /// The program and its arguments; the files follow.
    #[serde(default)]
    pub command: Vec<String>,
    /// A file in the work tree that holds its SARIF already, in place of a command.
    #[serde(default)]
    pub file: Option<String>,
    /// What it prints: `sarif`.
    #[serde(default = "sarif")]
    pub format: String,
    /// Patterns of the files it is for; all where none is given.
    #[serde(default)]
    pub files: Vec<String>,
}

impl External {
    /// The SHA-256 of what it would run, by which a clone trusts it.
    pub fn digest(&self) -> Digest {
        Digest::of(self.command.join("\0").as_bytes())
    }
}

fn sarif() -> String {
    "sarif".into()
}

/// An exception that the policy makes.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
pub struct PolicyWaiver {
    /// The finding.
    pub fingerprint: String,
    /// Why.
    pub reason: String,
    /// The last day it counts.
    #[serde(default, deserialize_with = "day")]
    pub until: Option<NaiveDate>,
}

/// A day as TOML has it, or as text.
fn day<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveDate>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Day {
        Toml(toml::value::Datetime),
        Text(String),
    }
    let text = match Day::deserialize(deserializer)? {
        Day::Toml(date) => date.to_string(),
        Day::Text(text) => text,
    };
    text.get(..10)
        .unwrap_or(&text)
        .parse()
        .map(Some)
        .map_err(|_| serde::de::Error::custom(format!("`{text}` is no day: write 2027-03-01")))
}

/// What agents are told and denied in their own loop.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", default)]
pub struct Agents {
    /// At the end of a turn the agent gets the findings on what it wrote.
    pub report_findings: bool,
    /// Commands that would step round the hooks are denied.
    pub deny_bypass: bool,
}

impl Default for Agents {
    fn default() -> Self {
        Self { report_findings: true, deny_bypass: true }
    }
}

/// Why a policy cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// It is no valid TOML, or a key has the wrong kind of value.
    #[error("{name} cannot be used: {source}")]
    Malformed {
        /// The file.
        name: String,
        /// The place and the reason.
        source: Box<toml::de::Error>,
    },
    /// A pattern of paths is none.
    #[error("{name}: the pattern `{pattern}` cannot be used: {source}")]
    Pattern {
        /// The file.
        name: String,
        /// The pattern.
        pattern: String,
        /// Why.
        source: globset::Error,
    },
    /// It cannot be read.
    #[error("{FILE} cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// It asks for a newer program.
    #[error("{name} asks for version {wanted}, and this is {}", env!("CARGO_PKG_VERSION"))]
    TooOld {
        /// The file.
        name: String,
        /// The version it asks for.
        wanted: String,
    },
}

impl Policy {
    /// Reads a policy. `name` is its file, for errors.
    pub fn parse(text: &str, name: &str) -> Result<Self, PolicyError> {
        let policy: Self = toml::from_str(text).map_err(|source| PolicyError::Malformed {
            name: name.to_owned(),
            source: Box::new(source),
        })?;
        match &policy.min_version {
            Some(wanted) if numbers(wanted) > numbers(env!("CARGO_PKG_VERSION")) => {
                Err(PolicyError::TooOld { name: name.to_owned(), wanted: wanted.clone() })
            }
            _ => Ok(policy),
        }
    }

    /// The policy as it lies in this work tree; without a file nothing is asked.
    pub fn of(top: &Path) -> Result<Self, PolicyError> {
        match std::fs::read_to_string(top.join(FILE)) {
            Ok(text) => Self::parse(&text, FILE),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error.into()),
        }
    }

    /// Keys and items that this version does not know, each with the one that may be meant.
    pub fn warnings(text: &str, name: &str, items: &[&str]) -> Vec<String> {
        keys::warnings(text, name, items)
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
    fn the_whole_shape_is_read() {
        let text = r#"
            preset = "strict"
            min-version = "0.1"
            later = 1
            [items]
            explained = "off"
            [[paths]]
            match = ["billing/**"]
            items = { business-logic = "block" }
            [context]
            "db/**" = ["docs/db.md"]
            [external.semgrep]
            command = ["semgrep", "scan", "--sarif"]
            [[waivers]]
            fingerprint = "timeouts:1f3a9c21"
            reason = "bounded by the caller"
            until = 2027-03-01
        "#;
        let policy = Policy::parse(text, FILE).unwrap();
        assert_eq!(policy.preset, Some(Preset::Strict));
        assert_eq!(policy.context["db/**"], ["docs/db.md"]);
        assert_eq!(policy.waivers[0].until, NaiveDate::from_ymd_opt(2027, 3, 1));
        assert_eq!(policy.external["semgrep"].format, "sarif");
        assert!(policy.agents.deny_bypass);
    }

    #[test]
    fn what_cannot_be_used_is_said() {
        let error = |text| Policy::parse(text, FILE).unwrap_err().to_string();
        assert!(error("min-version = \"99.0\"").contains("asks for version 99.0"));
        assert!(error("[items]\nsecrets = \"loud\"").contains("loud"));
        let until = "[[waivers]]\nfingerprint = \"a:1\"\nreason = \"b\"\nuntil = \"soon\"";
        assert!(error(until).contains("`soon` is no day"), "{}", error(until));
        assert!(numbers("0.10") > numbers("0.9.9"));
    }
}
