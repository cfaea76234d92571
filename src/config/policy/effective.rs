//! The policies that hold together: the user's below the repository's, and of two versions of the
//! repository's the stricter one.

use std::collections::BTreeMap;

use globset::{Glob, GlobMatcher};

use super::{External, Level, Levels, Policy, PolicyError, PolicyWaiver, Preset};
use crate::model::{Confidence, Digest, RepoPath, Severity};

/// What is asked of a change.
#[derive(Debug, Clone, Default)]
pub struct Effective {
    user: Option<Compiled>,
    /// Every one of them must be satisfied.
    repository: Vec<Compiled>,
    /// The digest of all their texts.
    pub digest: String,
}

#[derive(Debug, Clone)]
struct Compiled {
    policy: Policy,
    paths: Vec<(Vec<GlobMatcher>, Levels)>,
}

impl Effective {
    /// Joins the user's policy and the repository's versions, each with the name of its file.
    pub fn of(
        user: Option<(&str, &str)>,
        repository: &[(&str, &str)],
    ) -> Result<Self, PolicyError> {
        let texts = user.iter().chain(repository).map(|(_, text)| *text);
        let digest = Digest::of(texts.collect::<Vec<_>>().join("\0").as_bytes()).0;
        let compile = |(name, text): &(&str, &str)| Compiled::of(Policy::parse(text, name)?, name);
        Ok(Self {
            user: user.as_ref().map(compile).transpose()?,
            repository: repository.iter().map(compile).collect::<Result<_, _>>()?,
            digest,
        })
    }

    /// What becomes of a finding of this item in this file; `None` where it is not asked for.
    pub fn severity(
        &self,
        item: &str,
        path: &RepoPath,
        confidence: Confidence,
    ) -> Option<Severity> {
        let path = path.lossy();
        let user = self.user.as_ref();
        let level = |layers: &[&Compiled]| level(layers, item, &path, confidence);
        let mut strictest = match self.repository.is_empty() {
            true => level(&user.into_iter().collect::<Vec<_>>()),
            false => Level::Off,
        };
        for repository in &self.repository {
            let layers: Vec<_> = user.into_iter().chain(Some(repository)).collect();
            strictest = strictest.max(level(&layers));
        }
        if let Some(user) = user.filter(|user| user.policy.fixed.iter().any(|fixed| fixed == item))
        {
            strictest = strictest.max(level(&[user]));
        }
        match strictest {
            Level::Off => None,
            Level::Warn => Some(Severity::Warn),
            Level::Block => Some(Severity::Block),
        }
    }

    /// Whether an item of this confidence is asked for anywhere: by default, or for some paths.
    pub fn asks(&self, item: &str, confidence: Confidence) -> bool {
        let mut paths = self.policies().flat_map(|policy| &policy.paths);
        self.severity(item, &"".into(), confidence).is_some()
            || paths.any(|entry| {
                let level = entry.items.get(item).or_else(|| entry.items.get("all"));
                level.is_some_and(|level| *level != Level::Off)
            })
    }

    /// The exceptions that every version of the repository's policy makes, and the user's own.
    pub fn waivers(&self) -> Vec<&PolicyWaiver> {
        let Some((first, others)) = self.repository.split_first() else {
            return self.user.iter().flat_map(|user| &user.policy.waivers).collect();
        };
        let in_all = |waiver: &&PolicyWaiver| {
            others.iter().all(|other| other.policy.waivers.contains(waiver))
        };
        first.policy.waivers.iter().filter(in_all).collect()
    }

    /// Files that must have been read before files that match the pattern are edited.
    pub fn context(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut all: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for policy in self.policies() {
            for (pattern, files) in &policy.context {
                all.entry(pattern).or_default().extend(files.iter().map(String::as_str));
            }
        }
        all
    }

    /// Names that count as a permission check.
    pub fn permission_checks(&self) -> impl Iterator<Item = &str> {
        self.policies().flat_map(|policy| &policy.authorization.checks).map(String::as_str)
    }

    /// Analysers to be run. Of two versions the older one holds: a change does not take away or
    /// replace what judges it.
    pub fn external(&self) -> BTreeMap<&str, &External> {
        let all = self.repository.iter().chain(&self.user).flat_map(|one| &one.policy.external);
        let mut found = BTreeMap::new();
        for (name, analyser) in all {
            found.entry(name.as_str()).or_insert(analyser);
        }
        found
    }

    /// Whether this is an analyser of the user's own file, which needs nobody's trust.
    pub fn is_users(&self, analyser: &External) -> bool {
        let user = self.user.as_ref();
        user.is_some_and(|user| user.policy.external.values().any(|own| own == analyser))
    }

    /// Whether agents get the findings on what they wrote.
    pub fn reports_findings(&self) -> bool {
        self.policies().all(|policy| policy.agents.report_findings)
    }

    /// Whether agents' commands that step round the hooks are denied.
    pub fn denies_bypass(&self) -> bool {
        self.repository.is_empty() && self.user.is_none()
            || self.policies().any(|policy| policy.agents.deny_bypass)
    }

    fn policies(&self) -> impl Iterator<Item = &Policy> {
        self.user.iter().chain(&self.repository).map(|compiled| &compiled.policy)
    }
}

impl Compiled {
    fn of(policy: Policy, name: &str) -> Result<Self, PolicyError> {
        let glob = |pattern: &String| {
            Glob::new(pattern).map(|glob| glob.compile_matcher()).map_err(|source| {
                let (name, pattern) = (name.to_owned(), pattern.clone());
                PolicyError::Pattern { name, pattern, source }
            })
        };
        for pattern in policy.context.keys().chain(policy.external.values().flat_map(|e| &e.files))
        {
            glob(pattern)?;
        }
        let paths = policy.paths.iter().map(|entry| {
            let globs = entry.patterns.iter().map(glob).collect::<Result<_, _>>()?;
            Ok((globs, entry.items.clone()))
        });
        Ok(Self { paths: paths.collect::<Result<_, PolicyError>>()?, policy })
    }

    /// What this policy itself says of an item; `all` stands for every item.
    fn said(&self, item: &str, path: &str) -> Option<Level> {
        let of = |levels: &Levels| levels.get(item).or_else(|| levels.get("all")).copied();
        let by_path = self.paths.iter().rev().filter_map(|(globs, levels)| {
            globs.iter().any(|glob| glob.is_match(path)).then(|| of(levels)).flatten()
        });
        by_path.into_iter().next().or_else(|| of(&self.policy.items))
    }
}

/// The level under these policies, later ones over earlier ones.
fn level(layers: &[&Compiled], item: &str, path: &str, confidence: Confidence) -> Level {
    for layer in layers.iter().rev() {
        if let Some(level) = layer.said(item, path) {
            return level;
        }
        if let Some(preset) = layer.policy.preset {
            return preset_level(preset, confidence);
        }
    }
    preset_level(Preset::default(), confidence)
}

fn preset_level(preset: Preset, confidence: Confidence) -> Level {
    match (preset, confidence) {
        (Preset::Strict, Confidence::Judgement) => Level::Block,
        (_, Confidence::Judgement) => Level::Off,
        (_, Confidence::Advice) | (Preset::Relaxed, _) => Level::Warn,
        (Preset::Standard, Confidence::Low) => Level::Warn,
        (Preset::Standard, Confidence::High) | (Preset::Strict, _) => Level::Block,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn severity(policy: &Effective, item: &str, path: &str) -> Option<Severity> {
        policy.severity(item, &path.into(), Confidence::High)
    }

    #[test]
    fn presets_decide_by_confidence() {
        let of = |text: &str| Effective::of(None, &[("p", text)]).unwrap();
        let (none, strict) = (Effective::default(), of("preset = \"strict\""));
        let relaxed = of("preset = \"relaxed\"");
        let path = RepoPath::from("a");
        let ask = |policy: &Effective, confidence| policy.severity("x", &path, confidence);
        assert_eq!(ask(&none, Confidence::High), Some(Severity::Block));
        assert_eq!(ask(&none, Confidence::Low), Some(Severity::Warn));
        assert_eq!(ask(&none, Confidence::Judgement), None);
        assert_eq!(ask(&strict, Confidence::Judgement), Some(Severity::Block));
        assert_eq!(ask(&strict, Confidence::Advice), Some(Severity::Warn));
        assert_eq!(ask(&relaxed, Confidence::High), Some(Severity::Warn));
    }

    #[test]
    fn later_paths_win_and_all_stands_for_every_item() {
        let text = "[items]\nsecrets = \"warn\"\n[[paths]]\nmatch = [\"gen/**\"]\nitems = { all = \
                    \"off\" }\n[[paths]]\nmatch = [\"gen/keep/**\"]\nitems = { secrets = \"block\" }";
        let policy = Effective::of(None, &[("p", text)]).unwrap();
        assert_eq!(severity(&policy, "secrets", "a"), Some(Severity::Warn));
        assert_eq!(severity(&policy, "secrets", "gen/a/b"), None);
        assert_eq!(severity(&policy, "secrets", "gen/keep/b"), Some(Severity::Block));
        assert_eq!(severity(&policy, "cors", "gen/keep/b"), None);
        assert!(policy.asks("secrets", Confidence::High) && policy.asks("cors", Confidence::High));
        assert!(!policy.asks("logic", Confidence::Judgement));
        let off = Effective::of(None, &[("p", "[items]\ncors = \"off\"")]).unwrap();
        assert!(!off.asks("cors", Confidence::High));
        let some = "[[paths]]\nmatch = [\"pay/**\"]\nitems = { logic = \"block\" }";
        assert!(Effective::of(None, &[("p", some)]).unwrap().asks("logic", Confidence::Judgement));
    }

    #[test]
    fn a_repository_tightens_a_user_and_does_not_loosen_what_is_fixed() {
        let user = "fixed = [\"secrets\"]\n[items]\nsecrets = \"block\"\ncors = \"block\"";
        let loose = "[items]\nsecrets = \"off\"\ncors = \"off\"\ntimeouts = \"block\"";
        let policy = Effective::of(Some(("u", user)), &[("p", loose)]).unwrap();
        assert_eq!(severity(&policy, "secrets", "a"), Some(Severity::Block));
        assert_eq!(severity(&policy, "cors", "a"), None);
        assert_eq!(severity(&policy, "timeouts", "a"), Some(Severity::Block));
    }

    #[test]
    fn of_two_versions_the_stricter_one_holds() {
        let waiver = "[[waivers]]\nfingerprint = \"a:1\"\nreason = \"b\"\n";
        let (old, new) = (format!("preset = \"strict\"\n{waiver}"), "[items]\nall = \"off\"");
        let policy = Effective::of(None, &[("old", &old), ("new", new)]).unwrap();
        assert_eq!(severity(&policy, "secrets", "a"), Some(Severity::Block));
        assert!(policy.waivers().is_empty());
        let same = Effective::of(None, &[("old", &old), ("new", &old)]).unwrap();
        assert_eq!(same.waivers().len(), 1);
    }

    #[test]
    fn a_pattern_that_is_none_is_an_error() {
        let text = "[[paths]]\nmatch = [\"a[\"]\nitems = {}";
        assert!(Effective::of(None, &[("p", text)]).unwrap_err().to_string().contains("`a[`"));
    }
}
