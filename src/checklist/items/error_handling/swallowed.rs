//! Handlers after which nobody knows that something failed.

use super::handler::Handler;
use super::{Said, hit};
use crate::checklist::lang::{Lang, Node};
use crate::checklist::{File, Hit};
use crate::model::Confidence;

const HINT: &str = "log the exception with its traceback and the ids at hand, or raise it again";
const HIDES: &str = "this handler hides the failure: nothing is logged and nothing is raised again";

const SWALLOWED: Said =
    Said { rule: "swallowed", message: HIDES, hint: HINT, confidence: Confidence::High };
const EMPTY: Said = Said { rule: "empty", confidence: Confidence::Low, ..SWALLOWED };
const BROAD: Said = Said {
    rule: "broad",
    message: "every failure ends here, and nothing is logged and nothing is raised again",
    hint: "catch the failures that are expected, and log or raise the others",
    confidence: Confidence::Low,
};
const NEVER: Said = Said {
    rule: "catches-too-much",
    message: "this catches what must end the program or is a fault of its own, and does not raise it again",
    hint: "catch the failures that are expected, and let the others through",
    confidence: Confidence::Low,
};
const INTERRUPTED: Said = Said {
    rule: "interrupted",
    message: "the thread is told to end, and does not hear it",
    hint: "call Thread.currentThread().interrupt() in the handler, or throw the exception on",
    confidence: Confidence::Low,
};

/// Lines of a guarded block from which on it is a long one.
const MUCH: usize = 4;

/// Names by which people say that they do not want what they caught.
const UNWANTED: &[&str] = &["ignored", "ignore", "expected", "unused", "_", "$ignored", "__"];

/// Judges a handler.
pub fn judge(file: &File, lang: Lang, handler: &Handler<'_>, hits: &mut Vec<Hit>) {
    if handler.raises {
        return;
    }
    let said = if handler.statements.iter().all(|statement| is_nothing(lang, statement)) {
        nothing(file, lang, handler)
    } else if handler.never && !handler.logs {
        Some(&NEVER)
    } else if handler.broad
        && !handler.logs
        && !handler.uses
        && (handler.shows || guards_much(handler))
    {
        Some(&BROAD)
    } else if lang == Lang::Java && interrupted(handler) {
        Some(&INTERRUPTED)
    } else {
        None
    };
    if let Some(said) = said {
        let mut hit = hit(file, &handler.node, said);
        // The head tells; the body may be long.
        hit.lines.end = hit.lines.end.min(hit.lines.start + 9);
        hits.push(hit);
    }
}

/// A handler that does nothing.
fn nothing(file: &File, lang: Lang, handler: &Handler<'_>) -> Option<&'static Said> {
    // A person who says why is asked; an agent's own excuse is none.
    let said = |comment: &Node<'_>| file.is_human(file.line_of(comment.range().start));
    let comment = handler.comments.iter().any(said);
    let unwanted = handler.name.as_ref().is_some_and(|name| UNWANTED.contains(&name.as_str()));
    if unwanted && !handler.bare {
        return None;
    }
    match (handler.broad || handler.never, comment) {
        (true, false) => Some(&SWALLOWED),
        (true, true) => Some(&EMPTY),
        // `except KeyError: pass` is how Python asks whether something is there.
        (false, _) if lang == Lang::Python => None,
        (false, _) => Some(&EMPTY),
    }
}

/// Statements that do nothing with a failure: `pass`, `continue`, `return None`.
fn is_nothing(lang: Lang, statement: &Node<'_>) -> bool {
    let text = statement.text();
    let text = text.trim().trim_end_matches(';').trim();
    match &*statement.kind() {
        "pass_statement" | "continue_statement" | "empty_statement" | "break_statement" => true,
        "expression_statement" => text == "..." || text.is_empty(),
        "next" | "break" => true,
        "return_statement" | "return" => {
            let value = text.trim_start_matches("return").trim();
            let nothing = ["", "None", "null", "nil", "undefined"];
            nothing.contains(&value) && lang != Lang::JavaScript
        }
        _ => false,
    }
}

/// A fallback for one or two calls is a decision; around a long block it hides what nobody thought
/// of.
fn guards_much(handler: &Handler<'_>) -> bool {
    let before = handler.node.prev().filter(Node::is_named);
    let body = before.or_else(|| handler.node.parent()?.field("body"));
    body.is_some_and(|body| body.end_pos().line() - body.start_pos().line() >= MUCH)
}

fn interrupted(handler: &Handler<'_>) -> bool {
    let head = handler.node.text();
    let head = head.split('{').next().unwrap_or_default();
    head.contains("InterruptedException") && !handler.node.text().contains(".interrupt()")
}
