//! `error-handling`: errors are logged or passed on, with their cause.
//!
//! What a handler does with what it caught is the same question in every language: [`handler`]
//! reads handlers through one table, [`swallowed`] and [`context`] judge them; [`go`] has errors
//! as values. Single constructs are structural rules.

mod context;
mod go;
mod handler;
mod swallowed;
#[cfg(test)]
mod tests;

use crate::checklist::lang::{Lang, Node};
use crate::checklist::{Check, Context, File, Hit, Meta};
use crate::model::Confidence;

/// The item.
pub struct ErrorHandling;

static META: Meta = Meta {
    id: "error-handling",
    summary: "errors are logged or passed on, with their cause",
    explain: "A handler that hides a failure turns a fault into wrong data, found weeks later. \
              Looked at: empty and pass-only handlers, broad ones that neither log nor raise, \
              ignored errors, promises without a catch, and errors raised again or logged without \
              their cause.",
};

/// What a rule says of a node.
struct Said {
    rule: &'static str,
    message: &'static str,
    hint: &'static str,
    confidence: Confidence,
}

impl Check for ErrorHandling {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn run(&self, context: &Context<'_>, hits: &mut Vec<Hit>) {
        for file in &context.change.files {
            let Some(lang) = file.lang else { continue };
            if lang == Lang::Go {
                go::look(file, hits);
            } else if handler::of(lang).is_some_and(|syntax| syntax.occurs(&file.text)) {
                look(file, lang, hits);
            }
        }
    }
}

fn look(file: &File, lang: Lang, hits: &mut Vec<Hit>) {
    let (Some(syntax), Some(tree)) = (handler::of(lang), file.tree()) else {
        return;
    };
    let mut left = vec![tree.root()];
    while let Some(node) = left.pop() {
        if file.run_at(file.lines_of(node.range())).is_none() {
            continue;
        }
        if let Some(handler) = syntax.read(&node) {
            swallowed::judge(file, lang, &handler, hits);
            context::judge(file, lang, &handler, hits);
        }
        left.extend(node.children());
    }
}

/// A hit on a node; of a handler only its head.
fn hit(file: &File, node: &Node<'_>, said: &Said) -> Hit {
    Hit {
        item: META.id,
        rule: said.rule.into(),
        path: file.path.clone(),
        lines: file.lines_of(node.range()),
        message: said.message.into(),
        hint: said.hint.into(),
        confidence: said.confidence,
    }
}
