//! `business-logic`: a person vouches that the code does what the business asks.

use crate::checklist::{Check, Context, Hit, Meta};
use crate::model::{Confidence, LineRange};

/// The item.
pub struct BusinessLogic;

static META: Meta = Meta {
    id: "business-logic",
    summary: "a person vouches that the code does what the business asks",
    explain: "No analysis can say whether a rule of the business is the right one: the agent was \
              asked by somebody, and somebody who knows has to look. Asked for every hunk under \
              `strict`, or for the paths that the policy lists; `git ai-log attest business-logic` \
              or `git ai-log review` answers it, and the answer is void when the lines change.",
};

impl Check for BusinessLogic {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn run(&self, context: &Context<'_>, hits: &mut Vec<Hit>) {
        let files = &context.change.files;
        let asked = |path| context.policy.severity(META.id, path, Confidence::Judgement).is_some();
        for file in files.iter().filter(|file| !file.whole && asked(&file.path)) {
            hits.extend(file.runs.iter().map(|run| Hit {
                item: META.id,
                rule: "unattested".into(),
                path: file.path.clone(),
                lines: LineRange { start: run.lines.start, end: run.lines.end },
                message: "nobody has vouched for what this does".into(),
                hint: format!(
                    "read it beside its prompt, then: git ai-log attest {} {}:{}-{} -m \"...\"",
                    META.id, file.path, run.lines.start, run.lines.end
                ),
                confidence: Confidence::Judgement,
            }));
        }
    }
}
