//! Structural rules: YAML in ast-grep's own format, under `rules/<item>/<language>.yml`, several
//! documents a file; beside each file its examples, `<language>-test.yml`, in ast-grep's format of
//! rule tests. `severity: error` is a rule that is hardly ever wrong, `warning` one that asks,
//! `hint` advice; `note` says how to mend it. Under `metadata` a rule may have
//!
//! - `words: [a, b]`, on one line: it is only tried where the file has one of them;
//! - `unless: [a, b]`: it is not tried where the file has one of them;
//! - `product: true`: it is not tried on files that hold tests or examples;
//! - `flow: {VAR: [condition, ...]}`: what the value of a metavariable must be, see [`super::flow`];
//! - `sure: {VAR: [condition, ...]}`: where this holds, too, a warning counts like an error;
//! - `fallback: true`: it is not told where another rule of its item tells of the same lines.
//!
//! Only rules of the change's languages whose words occur are ever compiled.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashSet};

use ast_grep_config::{RuleConfig, SerializableRuleConfig, Severity};
use ast_grep_core::matcher::{Matcher as _, MatcherExt as _, NodeMatch};
use ast_grep_core::tree_sitter::StrDoc;
use serde::Deserialize;
use serde_json::Value;

use super::flow::Flow;
use super::flow::condition::Condition;
use super::lang::{self, Lang, Node};
use super::{Context, File, Hit};
use crate::model::{Confidence, LineRange};

include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// What one rule may find in one file. More of the same says nothing new.
const MAX_OF_RULE: usize = 100;

/// A rule file of the team's own.
#[derive(Debug, Clone)]
pub struct TeamRule {
    /// Its path.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Why a rule cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the rule {rule} in {file} cannot be used: {said}")]
pub struct RuleError {
    /// The file.
    pub file: String,
    /// The rule's id, or its place.
    pub rule: String,
    /// Why.
    pub said: String,
}

/// What a rule has under `metadata`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metadata {
    words: Vec<String>,
    unless: Vec<String>,
    flow: BTreeMap<String, Vec<String>>,
    sure: BTreeMap<String, Vec<String>>,
    product: bool,
    fallback: bool,
}

/// One rule as it is written.
struct Source<'s> {
    item: &'static str,
    file: &'s str,
    /// The language of its file; `None` where only the rule itself tells.
    lang: Option<Lang>,
    text: &'s str,
}

struct Compiled {
    item: &'static str,
    rule: RuleConfig<Lang>,
    metadata: Metadata,
    /// Of each metavariable's conditions one must hold.
    flow: Conditions,
    /// What makes a rule that asks one that is hardly ever wrong.
    sure: Conditions,
}

/// Runs the rules over the lines to be judged.
pub fn run(context: &Context<'_>, team: &[TeamRule]) -> Result<Vec<Hit>, RuleError> {
    let mut hits = Vec::new();
    let mut by_lang: BTreeMap<&'static str, Vec<&File>> = BTreeMap::new();
    for file in &context.change.files {
        if let Some(lang) = file.lang {
            by_lang.entry(lang::name(lang)).or_default().push(file);
        }
    }
    let sources = sources(team);
    // A team's rule is looked at even where the change has none of its language: a broken gate
    // must not wait for the first file that needs it.
    for source in sources.iter().filter(|source| source.lang.is_none()) {
        compile(source, None)?;
    }
    for files in by_lang.values() {
        let Some(lang) = files.first().and_then(|file| file.lang) else {
            continue;
        };
        let rules = compiled(&sources, lang, files)?;
        let by_kind = by_kind(&rules);
        for file in files {
            scan(file, &rules, &by_kind, &mut hits);
        }
    }
    Ok(hits)
}

/// Every rule, built in and the team's.
fn sources(team: &[TeamRule]) -> Vec<Source<'_>> {
    let built_in = FILES.iter().flat_map(|(item, file, text)| {
        let lang = lang::LANGS.iter().find(|(_, name, _)| name == file).map(|(lang, _, _)| *lang);
        let item = super::item(item).map_or(*item, |meta| meta.id);
        documents(text).map(move |text| Source { item, file, lang, text })
    });
    let own = team.iter().flat_map(|file| {
        let folder = file.path.rsplit('/').nth(1).unwrap_or_default();
        let item = super::item(folder).map_or("team", |meta| meta.id);
        documents(&file.text).map(move |text| Source { item, file: &file.path, lang: None, text })
    });
    built_in.chain(own).collect()
}

/// The documents of a YAML stream.
fn documents(text: &str) -> impl Iterator<Item = &str> {
    text.split("\n---").map(|text| text.trim_start_matches("---")).filter(|text| {
        text.lines().any(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
    })
}

/// The rules that may find something in these files.
fn compiled(
    sources: &[Source<'_>],
    lang: Lang,
    files: &[&File],
) -> Result<Vec<Compiled>, RuleError> {
    let mut rules = Vec::new();
    for source in sources {
        let applies = source.lang.is_none_or(|own| lang::rules_for(lang).contains(&own));
        if applies && files.iter().any(|file| has_words(source.text, &file.text)) {
            rules.extend(compile(source, Some(lang))?);
        }
    }
    Ok(rules)
}

/// Whether the file has one of the words that the rule names, read without parsing the rule.
fn has_words(rule: &str, text: &str) -> bool {
    let named = rule.lines().find_map(|line| {
        line.strip_prefix("  words: [").and_then(|rest| rest.trim_end().strip_suffix(']'))
    });
    let Some(named) = named else {
        return true;
    };
    named.split(',').any(|word| {
        let word = word.trim().trim_matches(['"', '\'']);
        !word.is_empty() && memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some()
    })
}

/// Compiles a rule for files of a language; `None` where it is for another one.
fn compile(source: &Source<'_>, lang: Option<Lang>) -> Result<Option<Compiled>, RuleError> {
    let error = |rule: &str, said: String| RuleError {
        file: format!("{}/{}", source.item, source.file),
        rule: if rule.is_empty() { "without an id".into() } else { format!("`{rule}`") },
        said,
    };
    let mut value: Value =
        ast_grep_config::from_str(source.text).map_err(|e| error("", e.to_string()))?;
    let id = value["id"].as_str().unwrap_or_default().to_owned();
    let named = value["language"].as_str().unwrap_or_default().to_owned();
    let own = named.parse().ok().filter(|own| !lang::name(*own).is_empty());
    let Some(own) = own else {
        let known: Vec<_> = lang::LANGS.iter().map(|(_, name, _)| *name).collect();
        return Err(error(
            &id,
            format!("unknown language `{named}`; use one of {}", known.join(", ")),
        ));
    };
    let wanted = lang.unwrap_or(own);
    if !lang::rules_for(wanted).contains(&own) {
        return Ok(None);
    }
    if id.is_empty() {
        return Err(error(&id, "it has no id".into()));
    }
    let metadata = value.as_object_mut().and_then(|rule| rule.remove("metadata"));
    let metadata: Metadata =
        serde_json::from_value(metadata.unwrap_or_else(|| Value::Object(Default::default())))
            .map_err(|e| error(&id, format!("metadata: {e}")))?;
    let mut rule: SerializableRuleConfig<Lang> =
        serde_json::from_value(value).map_err(|e| error(&id, e.to_string()))?;
    rule.language = wanted;
    let rule =
        RuleConfig::try_from(rule, &Default::default()).map_err(|e| error(&id, with_causes(&e)))?;
    let flow = conditions(&metadata.flow).map_err(|said| error(&id, said))?;
    let sure = conditions(&metadata.sure).map_err(|said| error(&id, said))?;
    Ok(Some(Compiled { item: source.item, rule, metadata, flow, sure }))
}

/// What is asked of each metavariable.
type Conditions = Vec<(String, Vec<Condition>)>;

fn conditions(written: &BTreeMap<String, Vec<String>>) -> Result<Conditions, String> {
    let one = |(variable, texts): (&String, &Vec<String>)| {
        let parsed = texts.iter().map(|text| Condition::parse(text)).collect::<Result<_, _>>()?;
        Ok((variable.clone(), parsed))
    };
    written.iter().map(one).collect()
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

/// Which rules may match a node of a kind, by the kind's number.
fn by_kind(rules: &[Compiled]) -> Vec<Vec<usize>> {
    let mut kinds: Vec<Vec<usize>> = Vec::new();
    for (at, compiled) in rules.iter().enumerate() {
        for kind in compiled.rule.matcher.potential_kinds().iter().flat_map(|kinds| kinds.iter()) {
            if kinds.len() <= kind {
                kinds.resize_with(kind + 1, Vec::new);
            }
            kinds[kind].push(at);
        }
    }
    kinds
}

/// Walks the parts of a file that have lines to be judged.
fn scan(file: &File, rules: &[Compiled], by_kind: &[Vec<usize>], hits: &mut Vec<Hit>) {
    let has = |word: &String| memchr::memmem::find(file.text.as_bytes(), word.as_bytes()).is_some();
    let tried: Vec<bool> = rules
        .iter()
        .map(|Compiled { metadata, .. }| {
            (metadata.words.is_empty() || metadata.words.iter().any(has))
                && !metadata.unless.iter().any(has)
                && !(metadata.product && file.is_test())
        })
        .collect();
    if !tried.contains(&true) {
        return;
    }
    let Some(tree) = file.tree() else {
        return;
    };
    let flow = OnceCell::new();
    let mut left = vec![tree.root()];
    let (mut told, mut fallback) = (Vec::new(), Vec::new());
    let mut found = vec![0; rules.len()];
    while let Some(node) = left.pop() {
        let lines = file.lines_of(node.range());
        if file.run_at(lines).is_none() {
            continue;
        }
        for &at in by_kind.get(usize::from(node.kind_id())).into_iter().flatten() {
            if tried[at] && found[at] < MAX_OF_RULE {
                let to = if rules[at].metadata.fallback { &mut fallback } else { &mut told };
                let hit = try_rule(file, &rules[at], &node, lines, &flow);
                found[at] += usize::from(hit.is_some());
                to.extend(hit);
            }
        }
        left.extend(node.children());
    }
    let first_lines = |hit: &Hit| (hit.lines.start..=hit.lines.end).take(10);
    let lines: HashSet<(&str, u32)> =
        told.iter().flat_map(|hit: &Hit| first_lines(hit).map(|line| (hit.item, line))).collect();
    fallback.retain(|hit| !first_lines(hit).any(|line| lines.contains(&(hit.item, line))));
    hits.extend(told.into_iter().chain(fallback));
}

fn try_rule<'t>(
    file: &'t File,
    compiled: &Compiled,
    node: &Node<'t>,
    lines: LineRange,
    flow: &OnceCell<Option<Flow<'t>>>,
) -> Option<Hit> {
    let rule = &compiled.rule;
    let found = rule.matcher.match_node(node.clone())?;
    if !flows(&compiled.flow, &found, flow, file) {
        return None;
    }
    let is_sure = || !compiled.sure.is_empty() && flows(&compiled.sure, &found, flow, file);
    let confidence = match rule.severity {
        Severity::Error => Confidence::High,
        Severity::Warning if is_sure() => Confidence::High,
        Severity::Warning => Confidence::Low,
        Severity::Info | Severity::Hint => Confidence::Advice,
        Severity::Off => return None,
    };
    Some(Hit {
        item: compiled.item,
        rule: rule.id.clone(),
        path: file.path.clone(),
        lines,
        message: rule.get_message(&found),
        hint: rule.note.clone().unwrap_or_default().trim().to_owned(),
        confidence,
    })
}

/// Whether the values of the metavariables are what the rule asks for. Of a variable that stands
/// for several nodes one is enough.
fn flows<'t>(
    conditions: &[(String, Vec<Condition>)],
    found: &NodeMatch<'t, StrDoc<Lang>>,
    flow: &OnceCell<Option<Flow<'t>>>,
    file: &'t File,
) -> bool {
    if conditions.is_empty() {
        return true;
    }
    let Some(flow) = flow.get_or_init(|| Flow::of(file)) else {
        return false;
    };
    conditions.iter().all(|(variable, conditions)| {
        let one = found.get_env().get_match(variable).cloned();
        let nodes =
            one.map_or_else(|| found.get_env().get_multiple_matches(variable), |one| vec![one]);
        // A list of arguments stands for each of them.
        let each =
            |node: &Node<'t>| match node.kind().contains("argument") && node.kind() != "argument" {
                true => node.named_children().collect(),
                false => vec![node.clone()],
            };
        nodes.iter().flat_map(each).any(|node| {
            let origin = flow.origin(&node);
            conditions.iter().any(|condition| condition.holds(&origin))
        })
    })
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
