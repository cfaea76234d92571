//! The checklist: what is asked of the lines that agents wrote. Pure: what a check needs beside
//! the change comes through [`Project`].
//!
//! An item is one file in `items/` and one line in [`ITEMS`]; its structural rules are the YAML
//! files of `rules/<item>/`. [`judge`] runs all of them and is the one place where the policy's
//! severities, waivers, attestations and allowing comments apply.

pub mod allow;
pub mod change;
pub mod flow;
pub mod items;
mod judge;
pub mod lang;
pub mod project;
mod rules;
#[cfg(test)]
pub mod testing;

pub use change::{Change, File, Run};
pub use judge::{Claims, Judgement, judge};
pub use project::Project;
pub use rules::{RuleError, TeamRule};

use crate::config::policy::Effective;
use crate::model::{Confidence, LineRange, RepoPath};

/// What a rule found, before the policy has its say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The item.
    pub item: &'static str,
    /// The rule's name within it.
    pub rule: String,
    /// The file.
    pub path: RepoPath,
    /// Its lines. They are judged if one of them is an agent's; of more than ten only the first.
    pub lines: LineRange,
    /// What is wrong, one line.
    pub message: String,
    /// How to mend it, one line.
    pub hint: String,
    /// How sure the rule is.
    pub confidence: Confidence,
}

/// What is known of an item without running it.
#[derive(Debug)]
pub struct Meta {
    /// Its name, kebab-case.
    pub id: &'static str,
    /// What it asks, one line.
    pub summary: &'static str,
    /// Why it matters and what it looks at: `check --explain ITEM`.
    pub explain: &'static str,
}

/// An item of the checklist.
pub trait Check: Sync {
    /// What is known of it.
    fn meta(&self) -> &'static Meta;

    /// Finds what the item's structural rules cannot say. Most items are rules alone.
    fn run(&self, _: &Context<'_>, _: &mut Vec<Hit>) {}
}

/// What a check may look at.
pub struct Context<'c> {
    /// The change.
    pub change: &'c Change,
    /// The project around it.
    pub project: &'c dyn Project,
    /// What the team has agreed on.
    pub policy: &'c Effective,
}

/// The items, in the order of the documents.
pub static ITEMS: &[&dyn Check] = &[
    &items::business_logic::BusinessLogic,
    &items::authorization::Authorization,
    &items::error_handling::ErrorHandling,
    &items::dependencies::Dependencies,
    &items::migrations::Migrations,
    &items::duplicate_logic::DuplicateLogic,
    &items::secrets::Secrets,
    &items::injection::Injection,
    &items::deserialization::Deserialization,
    &items::cors::Cors,
    &items::input_validation::InputValidation,
    &items::timeouts::Timeouts,
    &items::context::ContextFiles,
    &items::explained::Explained,
    &items::team::Team,
    &items::external::External,
];

/// The item of this name.
pub fn item(id: &str) -> Option<&'static Meta> {
    let id = if id.starts_with("external.") { "external" } else { id };
    ITEMS.iter().map(|check| check.meta()).find(|meta| meta.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn items_have_names_of_their_own_and_say_what_they_ask() {
        let mut names = BTreeSet::new();
        for meta in ITEMS.iter().map(|check| check.meta()) {
            let plain = |c: char| c.is_ascii_lowercase() || c == '-';
            assert!(meta.id.chars().all(plain), "{}", meta.id);
            assert!(names.insert(meta.id), "{} is there twice", meta.id);
            assert!(!meta.summary.is_empty() && !meta.summary.ends_with('.'), "{}", meta.id);
            assert!(meta.explain.len() > 80, "{} is not explained", meta.id);
        }
    }
}
