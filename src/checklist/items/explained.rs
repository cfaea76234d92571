//! `explained`: long new functions say why they do what is not obvious.

use crate::checklist::flow::syntax;
use crate::checklist::lang::{Lang, Node};
use crate::checklist::{Check, Context, File, Hit, Meta};
use crate::model::{Confidence, LineRange};

/// The item.
pub struct Explained;

static META: Meta = Meta {
    id: "explained",
    summary: "a long new function says why it does what is not obvious",
    explain: "Whoever is on call reads this code without its prompt. Looked at: new functions of \
              more than 40 lines in which an agent wrote every line and nobody a comment. It \
              never blocks by itself.",
};

/// Lines from which on a function is a long one.
const LONG: u32 = 40;

impl Check for Explained {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn run(&self, context: &Context<'_>, hits: &mut Vec<Hit>) {
        let unread = |file: &&File| file.lang.is_some() && file.tree().is_none();
        hits.extend(context.change.files.iter().filter(unread).map(not_read));
        // Of a whole file nobody knows what is new.
        for file in context.change.files.iter().filter(|file| !file.whole) {
            if let Some(lang) =
                file.lang.filter(|_| file.runs.iter().any(|run| run.lines.len() > LONG))
            {
                look(file, lang, hits);
            }
        }
    }
}

/// What the structural rules cannot read is said, or silence would look like a pass.
fn not_read(file: &File) -> Hit {
    Hit {
        item: META.id,
        rule: "not-read".into(),
        path: file.path.clone(),
        lines: file.runs.first().map_or(LineRange::one(1), |run| LineRange::one(run.lines.start)),
        message: "this file is too large or too deeply nested for the structural rules".into(),
        hint: "read what the agent wrote in it with more care, or cut the file into parts".into(),
        confidence: Confidence::Advice,
    }
}

fn look(file: &File, lang: Lang, hits: &mut Vec<Hit>) {
    let (Some(syntax), Some(tree)) = (syntax::of(lang), file.tree()) else {
        return;
    };
    let mut left = vec![tree.root()];
    while let Some(node) = left.pop() {
        let lines = file.lines_of(node.range());
        if lines.len() <= LONG {
            continue;
        }
        let function = syntax.functions.contains(&&*node.kind());
        if function && is_new(file, lines) && !is_explained(&node, lang) {
            hits.push(Hit {
                item: META.id,
                rule: "long-function".into(),
                path: file.path.clone(),
                lines: LineRange::one(lines.start),
                message: format!("this function has {} lines and not one comment", lines.len()),
                hint: "say in a comment why it does what is not obvious, or cut it into parts with names"
                    .into(),
                confidence: Confidence::Advice,
            });
        } else {
            left.extend(node.named_children());
        }
    }
}

/// Whether one run of an agent's holds all of it.
fn is_new(file: &File, lines: LineRange) -> bool {
    file.runs.iter().any(|run| run.lines.start <= lines.start && lines.end <= run.lines.end)
}

/// Whether there is a comment in it, right before it, or a docstring.
fn is_explained(function: &Node<'_>, lang: Lang) -> bool {
    let comment = |node: &Node<'_>| node.kind().contains("comment");
    let before = function.prev().or_else(|| function.parent()?.prev());
    let docstring = lang == Lang::Python
        && function.field("body").and_then(|body| body.named_children().next()).is_some_and(
            |first| {
                first.kind() == "expression_statement"
                    && first.named_children().next().is_some_and(|text| text.kind() == "string")
            },
        );
    docstring || before.as_ref().is_some_and(comment) || function.dfs().any(|node| comment(&node))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checklist::testing::Files;
    use crate::checklist::{Change, Run};
    use crate::config::policy::Effective;
    use crate::model::Contributor;

    fn found(text: &str, judged: (u32, u32)) -> usize {
        let run = Run {
            lines: LineRange { start: judged.0, end: judged.1 },
            contributor: Contributor::Ai,
            agent: None,
            session: None,
            turn: None,
            digest: String::new(),
        };
        let file = File::new("a.py".into(), text.as_bytes(), None, vec![run]);
        let change = Change { files: vec![file], ..Change::default() };
        let (project, policy) = (Files::default(), Effective::default());
        let mut hits = Vec::new();
        Explained.run(&Context { change: &change, project: &project, policy: &policy }, &mut hits);
        hits.len()
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let deep = format!("x = {}1{}\n", "(".repeat(10_000), ")".repeat(10_000));
        assert_eq!(found(&deep, (1, 1)), 1);
        assert_eq!(found(&"x = 1\n".repeat(200_000), (1, 1)), 1);
    }

    #[test]
    fn a_long_function_of_an_agents_has_a_comment() {
        let body = "    total = total + 1\n".repeat(45);
        let plain = format!("def count(total):\n{body}");
        assert_eq!(found(&plain, (1, 46)), 1);
        assert_eq!(found(&plain, (2, 46)), 0, "somebody else began it");
        assert_eq!(
            found(&format!("def count(total):\n    # the shop counts by hand\n{body}"), (1, 47)),
            0
        );
        assert_eq!(
            found(&format!("def count(total):\n    \"\"\"Counts.\"\"\"\n{body}"), (1, 47)),
            0
        );
        assert_eq!(found(&format!("# Counts.\ndef count(total):\n{body}"), (2, 47)), 0);
        assert_eq!(found("def count(total):\n    return 1\n", (1, 2)), 0);
    }
}
