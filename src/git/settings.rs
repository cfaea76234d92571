//! What the repository's configuration says about its format and about notes.

use super::process::{self, With as _};
use super::{GitError, Repo};

/// One setting, and where it is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// `system`, `global`, `local`, `worktree`, or `command`.
    pub scope: String,
    /// The key; git writes section and name in lower case.
    pub key: String,
    /// The value.
    pub value: String,
}

impl Setting {
    /// The command that takes exactly this one away.
    pub fn unset(&self) -> String {
        let mut pattern = String::from("^");
        for letter in self.value.chars() {
            if "\\.^$*+?()[]{}|".contains(letter) {
                pattern.push('\\');
            }
            pattern.push(letter);
        }
        let pattern = pattern.replace('\'', r"'\''");
        format!("git config --{} --unset-all {} '{pattern}$'", self.scope, self.key)
    }
}

impl Repo {
    /// The settings whose keys match this regular expression, in the order in which git reads
    /// them.
    pub fn settings(&self, keys: &str) -> Result<Vec<Setting>, GitError> {
        let mut command = self
            .git()
            .with("config")
            .with("--null")
            .with("--show-scope")
            .with("--get-regexp")
            .with(keys);
        let answer = process::answer(&mut command, "read its configuration")?.unwrap_or_default();
        let text = String::from_utf8_lossy(&answer).into_owned();
        let mut parts = text.split('\0');
        let mut settings = Vec::new();
        while let (Some(scope), Some(entry)) = (parts.next(), parts.next()) {
            // A key without a value stands for "true".
            let (key, value) = entry.split_once('\n').unwrap_or((entry, "true"));
            let (scope, key, value) = (scope.to_owned(), key.to_owned(), value.to_owned());
            settings.push(Setting { scope, key, value });
        }
        Ok(settings)
    }

    /// What of this repository's format makes git read it, and not libgit2, in the words that
    /// people use for it.
    pub fn format(&self) -> Result<Vec<&'static str>, GitError> {
        let keys = r"^(extensions\.|core\.(bare|splitindex|sparsecheckout)$|index\.sparse$)";
        let settings = self.settings(keys)?;
        let value = |key: &str| {
            settings.iter().rev().find(|setting| setting.key == key).map(|s| s.value.as_str())
        };
        let on = |key: &str| value(key).is_some_and(|v| ["true", "yes", "on", "1"].contains(&v));
        let shallow = self.git_dir().join("shallow").exists() || self.shared("shallow");
        let linked = self.git_dir() != self.common_dir;
        let words = [
            (value("extensions.objectformat") == Some("sha256"), "SHA-256"),
            (value("extensions.refstorage") == Some("reftable"), "reftable"),
            (value("extensions.partialclone").is_some(), "partial clone"),
            (shallow, "shallow clone"),
            (on("index.sparse") && on("core.sparsecheckout"), "sparse index"),
            (on("core.splitindex"), "split index"),
            (on("core.bare") && self.work_tree().is_none(), "bare"),
            (linked, "linked work tree"),
        ];
        Ok(words.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect())
    }

    fn shared(&self, name: &str) -> bool {
        self.common_dir.join(name).exists()
    }
}

/// Whether a pattern of git's (`*` also stands for slashes) matches.
pub fn glob(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.any(|at| glob(rest, &text[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let name = "refs/notes/ai-log/provenance";
        for pattern in ["refs/notes/*", "refs/*", "refs/notes/ai-log/*", "*", name, "refs/n*/*e"] {
            assert!(glob(pattern, name), "{pattern}");
        }
        for pattern in ["refs/notes/ai-log", "refs/notes/commits", "refs/heads/*", "notes/*"] {
            assert!(!glob(pattern, name), "{pattern}");
        }
    }

    #[test]
    fn what_takes_a_setting_away() {
        let setting = Setting {
            scope: "local".into(),
            key: "remote.origin.fetch".into(),
            value: "+refs/notes/*:refs/notes/*".into(),
        };
        let command =
            r"git config --local --unset-all remote.origin.fetch '^\+refs/notes/\*:refs/notes/\*$'";
        assert_eq!(setting.unset(), command);
    }
}
