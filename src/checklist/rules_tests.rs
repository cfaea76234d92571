//! Every rule is tried on its own examples; and rules of a team's that are wrong are refused.

use std::collections::BTreeMap;

use super::*;
use crate::checklist::{Change, testing};
use crate::config::policy::Effective;

/// Examples of one rule, in ast-grep's format of rule tests.
#[derive(Deserialize)]
struct Examples {
    id: String,
    valid: Vec<String>,
    invalid: Vec<String>,
}

/// The rules of an item that find something in this text, with what they say.
fn found(item: &str, lang: &str, text: &str) -> Vec<(String, u32)> {
    let end = lang::LANGS.iter().find(|(_, name, _)| *name == lang).unwrap().2[0];
    let file = File::whole(format!("example.{end}").as_str().into(), text.as_bytes());
    let change = Change { files: vec![file], ..Change::default() };
    let (project, policy) = (testing::Files::default(), Effective::default());
    let context = Context { change: &change, project: &project, policy: &policy };
    let hits = run(&context, &[]).unwrap();
    hits.into_iter().filter(|hit| hit.item == item).map(|hit| (hit.rule, hit.lines.start)).collect()
}

#[test]
fn every_rule_compiles_belongs_to_an_item_and_says_what_to_do() {
    let mut ids: BTreeMap<(String, String), String> = BTreeMap::new();
    for source in sources(&[]) {
        let place = format!("{}/{}", source.item, source.file);
        assert!(crate::checklist::item(source.item).is_some(), "{place}: no such item");
        let lang = source.lang.unwrap_or_else(|| panic!("{place}: no such language"));
        for dialect in lang::LANGS.iter().map(|(lang, _, _)| *lang) {
            if !lang::rules_for(dialect).contains(&lang) {
                continue;
            }
            let rule = compile(&source, Some(dialect)).unwrap_or_else(|e| panic!("{e}")).unwrap();
            assert!(!rule.rule.message.is_empty(), "{place} {}", rule.rule.id);
            assert!(
                rule.rule.note.is_some(),
                "{place} {}: no note says how to mend it",
                rule.rule.id
            );
        }
        let rule = compile(&source, Some(lang)).unwrap().unwrap();
        let named = source.text.contains("\n  words: [");
        assert_eq!(named, !rule.metadata.words.is_empty(), "{place}: words stand on one line");
        // A language's rules may stand in several files; the same rule of another language may
        // have the same name.
        let language = format!("{}/{}", source.item, lang::name(lang));
        let twice = ids.insert((language, rule.rule.id.clone()), place.clone());
        assert!(twice.is_none(), "{place}: {} is there twice", rule.rule.id);
    }
}

#[test]
fn every_rule_finds_what_it_must_and_nothing_else() {
    let mut wrong = Vec::new();
    let mut tested: Vec<(&str, &str, String)> = Vec::new();
    for (item, lang, text) in TESTS {
        let all: Vec<Examples> =
            ast_grep_config::from_multiple(text).unwrap_or_else(|e| panic!("{item}/{lang}: {e}"));
        for Examples { id, valid, invalid } in all {
            tested.push((item, lang, id.clone()));
            if valid.is_empty() || invalid.is_empty() {
                wrong.push(format!("{item}/{id} lacks examples"));
            }
            for text in invalid {
                if !found(item, lang, &text).iter().any(|(rule, _)| *rule == id) {
                    wrong.push(format!("{item}/{lang}: {id} does not find:\n{text}"));
                }
            }
            for text in valid {
                for (rule, line) in found(item, lang, &text) {
                    wrong.push(format!("{item}/{lang}: {rule} finds line {line} of:\n{text}"));
                }
            }
        }
    }
    for source in sources(&[]) {
        let rule = compile(&source, source.lang).unwrap().unwrap();
        if !tested.contains(&(source.item, source.file, rule.rule.id.clone())) {
            wrong
                .push(format!("{}/{}: {} has no examples", source.item, source.file, rule.rule.id));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_warning_is_sure_where_its_data_comes_from_outside() {
    let confidence = |data: &str| {
        let text = format!("import pickle\n\ndef f():\n    return pickle.loads({data})\n");
        let file = File::whole("a.py".into(), text.as_bytes());
        let change = Change { files: vec![file], ..Change::default() };
        let (project, policy) = (testing::Files::default(), Effective::default());
        let context = Context { change: &change, project: &project, policy: &policy };
        let hits = run(&context, &[]).unwrap();
        hits.iter().find(|hit| hit.rule == "pickle").map(|hit| hit.confidence)
    };
    assert_eq!(confidence("request.data"), Some(Confidence::High));
    assert_eq!(confidence("cache.read()"), Some(Confidence::Low));
    assert_eq!(confidence("b'N.'"), None);
}

fn refused(text: &str) -> String {
    let team = [TeamRule { path: ".ai-log/rules/own.yml".into(), text: text.into() }];
    let change = Change::default();
    let (project, policy) = (testing::Files::default(), Effective::default());
    let context = Context { change: &change, project: &project, policy: &policy };
    run(&context, &team).unwrap_err().to_string()
}

#[test]
fn a_rule_that_cannot_be_used_is_named_with_the_reason() {
    let said = refused("id: a\nlanguage: Css\nmessage: m\nrule: {pattern: x}\n");
    assert!(
        said.contains("`a`") && said.contains("unknown language `Css`; use one of python"),
        "{said}"
    );
    let said = refused("id: a\nlanguage: Python\nrule: {patern: x}\n");
    assert!(said.contains("patern"), "{said}");
    let said = refused("language: Python\nrule: {pattern: x}\n");
    assert!(said.contains("no id"), "{said}");
    let said = refused("id: a\nlanguage: Python\nrule: {regex: '(('}\n");
    assert!(said.contains("`a`"), "{said}");
    assert!(refused("{").contains("without an id"));
}
