//! `external.NAME`: the analysers that the policy names find nothing on agents' lines.

mod sarif;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use globset::{Glob, GlobSet, GlobSetBuilder};

use crate::checklist::project::Analysis;
use crate::checklist::{Check, Context, File, Hit, Meta};
use crate::config::policy::External as Analyser;
use crate::model::{Confidence, LineRange};

/// The item.
pub struct External;

static META: Meta = Meta {
    id: "external",
    summary: "the analysers that the policy names find nothing on agents' lines",
    explain: "Each [external.NAME] of the policy is an item external.NAME: its command is run on \
              the staged content of the files with agents' lines, its SARIF is read (or a SARIF \
              file that is there already), and what touches an agent's line is a finding: an \
              `error` is taken as hardly ever wrong, a `warning` as a question, a `note` as \
              advice. Commands of a repository's policy run only after `git ai-log trust`. An \
              analyser that cannot be run, or fails, is a finding itself.",
};

impl Check for External {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn run(&self, context: &Context<'_>, hits: &mut Vec<Hit>) {
        for (name, analyser) in context.policy.external() {
            let item = item(name);
            let files = files(context, analyser);
            let (Some(first), true) = (files.first(), context.policy.asks(item, Confidence::High))
            else {
                continue;
            };
            let failed = |rule: &str, message: String, hint: &str| Hit {
                item,
                rule: rule.into(),
                path: first.path.clone(),
                lines: LineRange::one(first.runs.first().map_or(1, |run| run.lines.start)),
                message,
                hint: hint.into(),
                confidence: Confidence::High,
            };
            let own = context.policy.is_users(analyser);
            match context.project.analyse(analyser, own, &files) {
                Analysis::Skipped => {}
                Analysis::Untrusted => hits.push(failed(
                    "untrusted",
                    format!("{name} was not run: nobody has trusted its command in this clone"),
                    "see what it would run, and allow it: git ai-log trust",
                )),
                Analysis::Failed(why) => hits.push(failed(
                    "failed",
                    format!("{name} could not judge this: {why}"),
                    "mend the analyser or its entry in the policy",
                )),
                Analysis::Done { sarif, roots } => match sarif::read(&sarif, &roots) {
                    Ok(results) => hits.extend(
                        results.into_iter().filter_map(|result| result.hit(item, name, &files)),
                    ),
                    Err(why) => hits.push(failed(
                        "failed",
                        format!("what {name} printed cannot be read as SARIF: {why}"),
                        "give it the option that makes it print SARIF 2.1.0 to standard output",
                    )),
                },
            }
        }
    }
}

/// The judged files that an analyser is for.
fn files<'c>(context: &Context<'c>, analyser: &Analyser) -> Vec<&'c File> {
    let set = globs(&analyser.files);
    let wanted = |file: &&File| match &set {
        Some(set) => set.is_match(&*file.path.lossy()),
        None => true,
    };
    context.change.files.iter().filter(wanted).collect()
}

/// `None` where every file is meant. The policy refuses patterns that are none when it is read.
fn globs(patterns: &[String]) -> Option<GlobSet> {
    let mut builder = GlobSetBuilder::new();
    for glob in patterns.iter().filter_map(|pattern| Glob::new(pattern).ok()) {
        builder.add(glob);
    }
    builder.build().ok().filter(|_| !patterns.is_empty())
}

/// The item's name. Names of a policy live as long as the program, which asks few policies.
fn item(name: &str) -> &'static str {
    static KNOWN: Mutex<BTreeMap<String, &'static str>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known
        .entry(name.to_owned())
        .or_insert_with(|| Box::leak(format!("external.{name}").into_boxed_str()))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::rc::Rc;

    use super::*;
    use crate::checklist::testing::Files;
    use crate::checklist::{Change, Claims, Run, judge};
    use crate::config::policy::Effective;
    use crate::model::{Contributor, Severity, Verdict};

    const POLICY: &str = "[external.lint]\ncommand = [\"lint\"]\nfiles = [\"*.py\"]\n";

    fn judged(policy: &str, analysis: Analysis) -> crate::checklist::Judgement {
        let run = Run {
            lines: LineRange { start: 2, end: 3 },
            contributor: Contributor::Ai,
            agent: Some("a".into()),
            session: None,
            turn: None,
            digest: String::new(),
        };
        let text = b"one\ntwo\nthree\nfour\n";
        let files =
            ["a.py", "b.txt"].map(|path| File::new(path.into(), text, None, vec![run.clone()]));
        let change = Change { files: files.into(), ..Change::default() };
        let mut project = Files::of(&[]);
        project.analysis = Some(Rc::new(analysis));
        let policy = Effective::of(None, &[("p", policy)]).unwrap();
        judge(&change, &project, &policy, &[], &Claims::default()).unwrap()
    }

    fn done(results: &str) -> Analysis {
        let sarif = format!(
            "{{\"version\": \"2.1.0\", \"runs\": [{{\"tool\": {{\"driver\": {{\"name\": \"x\", \
             \"rules\": [{{\"id\": \"R1\", \"helpUri\": \"https://x/R1\"}}]}}}}, \
             \"results\": [{results}]}}]}}"
        );
        Analysis::Done { sarif: sarif.into_bytes(), roots: vec![PathBuf::from("/tmp/x")] }
    }

    fn result(uri: &str, line: u32, level: &str) -> String {
        format!(
            "{{\"ruleId\": \"R1\", \"level\": \"{level}\", \"message\": {{\"text\": \"bad\\nmore\"}}, \
             \"locations\": [{{\"physicalLocation\": {{\"artifactLocation\": {{\"uri\": \"{uri}\"}}, \
             \"region\": {{\"startLine\": {line}}}}}}}]}}"
        )
    }

    #[test]
    fn what_touches_an_agents_line_is_a_finding_of_its_level() {
        let all = [
            result("a.py", 1, "error"),
            result("file:///tmp/x/a.py", 2, "error"),
            result("./a.py", 3, "warning"),
            result("b.txt", 2, "error"),
            result("../a.py", 2, "error"),
        ];
        let judgement = judged(POLICY, done(&all.join(",")));
        let found: Vec<_> = judgement
            .findings
            .iter()
            .map(|f| (f.check.as_str(), f.path.lossy(), f.lines.start, f.severity, f.hint.as_str()))
            .collect();
        let hint = "see https://x/R1";
        assert_eq!(
            found,
            [
                ("external.lint/R1", "a.py".into(), 2, Severity::Block, hint),
                ("external.lint/R1", "a.py".into(), 3, Severity::Warn, hint),
            ]
        );
        assert_eq!(judgement.findings[0].message, "bad");
        assert_eq!(judgement.findings[0].item(), "external.lint");
    }

    #[test]
    fn an_analyser_that_says_nothing_useful_is_a_finding_itself() {
        let block = |analysis: Analysis, rule: &str| {
            let judgement = judged(POLICY, analysis);
            assert_eq!(judgement.verdict, Verdict::Block);
            assert_eq!(judgement.findings[0].check, format!("external.lint/{rule}"));
        };
        block(Analysis::Untrusted, "untrusted");
        block(Analysis::Failed("it is gone".into()), "failed");
        block(Analysis::Done { sarif: b"oops".to_vec(), roots: Vec::new() }, "failed");
        let warn = format!("{POLICY}[items]\n\"external.lint\" = \"warn\"\n");
        assert_eq!(judged(&warn, Analysis::Untrusted).verdict, Verdict::Pass);
        let off = format!("{POLICY}[items]\n\"external.lint\" = \"off\"\n");
        assert!(judged(&off, Analysis::Untrusted).findings.is_empty());
        assert!(judged(POLICY, Analysis::Skipped).findings.is_empty());
    }
}
