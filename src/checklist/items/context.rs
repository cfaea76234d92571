//! `context`: the agent had read what the team asks for before it edited.

use std::collections::BTreeSet;

use globset::Glob;

use crate::checklist::{Check, Context, Hit, Meta};
use crate::model::{Confidence, LineRange};

/// The item.
pub struct ContextFiles;

static META: Meta = Meta {
    id: "context",
    summary: "the agent had read the files that the policy names before it edited",
    explain: "An agent that has not read the rules of a place does not keep them. The policy's \
              [context] table names, for patterns of paths, the files that must have been in the \
              agent's context; the reads that its hooks reported in the session are what counts.",
};

impl Check for ContextFiles {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn run(&self, context: &Context<'_>, hits: &mut Vec<Hit>) {
        for (pattern, wanted) in context.policy.context() {
            let Ok(glob) = Glob::new(pattern).map(|glob| glob.compile_matcher()) else {
                continue; // the policy refuses such a pattern when it is read
            };
            let files = context.change.files.iter().filter(|file| !file.whole);
            for file in files.filter(|file| glob.is_match(&*file.path.lossy())) {
                let mut told = BTreeSet::new();
                for run in &file.runs {
                    let Some(session) = run.session.as_ref().filter(|s| told.insert(*s)) else {
                        continue;
                    };
                    let read = context.change.reads.get(session);
                    let missing: Vec<&str> = wanted
                        .iter()
                        .copied()
                        .filter(|wanted| !read.is_some_and(|read| read.contains(&(*wanted).into())))
                        .collect();
                    if !missing.is_empty() {
                        hits.push(hit(file, run.lines.start, &missing.join(", ")));
                    }
                }
            }
        }
    }
}

fn hit(file: &crate::checklist::File, line: u32, missing: &str) -> Hit {
    Hit {
        item: META.id,
        rule: "unread".into(),
        path: file.path.clone(),
        lines: LineRange::one(line),
        message: format!("the session that wrote this had not read {missing}"),
        hint: format!("let the agent read {missing} and go over its change again"),
        confidence: Confidence::High,
    }
}
