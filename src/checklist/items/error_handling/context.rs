//! Errors that are raised again or logged without what is needed to find their cause.

use super::handler::{Handler, is_call};
use super::{Said, hit};
use crate::checklist::lang::{Lang, Node};
use crate::checklist::{File, Hit};
use crate::model::Confidence;

const CAUSE: Said = Said {
    rule: "cause-lost",
    message: "the new error does not name the one that led to it",
    hint: "pass the caught one on: `raise New(...) from error`, `new New(..., error)`, `{ cause: error }`",
    confidence: Confidence::Low,
};
const RETHROWN: Said = Said {
    rule: "cause-rethrown",
    message: "throwing the variable starts the stack trace anew",
    hint: "write `throw;` alone: it keeps the trace",
    confidence: Confidence::High,
};
const MESSAGE: Said = Said {
    rule: "context-message-only",
    message: "the log gets the message without the exception: where it came from is lost",
    hint: "give the log the exception itself, as its last argument or with exc_info",
    confidence: Confidence::Low,
};
const PRINTED: Said = Said {
    rule: "context-printed",
    message: "the trace goes to standard error, past the log",
    hint: "log the exception with a message that names what failed",
    confidence: Confidence::Low,
};
const UNUSED: Said = Said {
    rule: "context-unused",
    message: "what the exception says is asked for and thrown away",
    hint: "log the exception, or pass it on",
    confidence: Confidence::Low,
};
const TWICE: Said = Said {
    rule: "context-twice",
    message: "the log has the exception already; its text in the message says it twice",
    hint: "let the message say what was being done, with the ids at hand",
    confidence: Confidence::Advice,
};

/// Methods that write a log on the level of a failure.
const LEVELS: &[&str] = &["error", "warn", "warning", "fatal", "critical", "severe", "err"];

/// Judges what a handler does with what it caught.
pub fn judge(file: &File, lang: Lang, handler: &Handler<'_>, hits: &mut Vec<Hit>) {
    let name = handler.name.as_deref();
    for node in &handler.inside {
        let kind = node.kind();
        let said = match lang {
            Lang::Python if kind == "raise_statement" => raised(node, name),
            Lang::Python if kind == "call" => logged_in_python(node, name),
            Lang::Java if kind == "method_invocation" => called_in_java(node, name),
            Lang::CSharp
            | Lang::Java
            | Lang::Php
            | Lang::JavaScript
            | Lang::TypeScript
            | Lang::Tsx
                if kind.starts_with("throw_") =>
            {
                thrown(lang, node, name)
            }
            _ => None,
        };
        hits.extend(said.map(|said| hit(file, node, said)));
    }
}

/// `raise New(...)` without `from`; raising what was caught is another thing.
fn raised(node: &Node<'_>, name: Option<&str>) -> Option<&'static Said> {
    let value = node.named_children().next()?;
    let text = node.text();
    let own = name
        .is_some_and(|name| value.text() == name || value.text().starts_with(&format!("{name}.")));
    (node.field("cause").is_none() && !text.contains(" from ") && !own).then_some(&CAUSE)
}

/// `throw new New("...")` in which the caught one does not occur.
fn thrown(lang: Lang, node: &Node<'_>, name: Option<&str>) -> Option<&'static Said> {
    let value = node.named_children().next()?;
    if lang == Lang::CSharp && value.kind() == "identifier" {
        return (Some(&*value.text()) == name).then_some(&RETHROWN);
    }
    if !value.kind().contains("creation") && value.kind() != "new_expression" {
        return None;
    }
    let Some(name) = name else {
        // JavaScript's `catch { throw new Error() }` cannot pass it on at all.
        return (lang != Lang::CSharp && lang != Lang::Php).then_some(&CAUSE);
    };
    let passed = value.dfs().any(|part| {
        (part.is_named_leaf() || part.kind() == "variable_name")
            && part.text() == name
            && !only_its_message(&part)
    });
    (!passed).then_some(&CAUSE)
}

/// `e.getMessage()`: of the exception only its message is used.
fn only_its_message(name: &Node<'_>) -> bool {
    let Some(parent) = name.parent() else { return false };
    let text = parent.text();
    let rest = text.strip_prefix(&*name.text()).unwrap_or_default();
    let messages = [
        ".getMessage",
        ".getLocalizedMessage",
        ".message",
        ".Message",
        ".toString",
        ".ToString",
        "->getMessage",
        ".stack",
    ];
    messages.iter().any(|message| rest.starts_with(message))
}

fn logged_in_python(node: &Node<'_>, name: Option<&str>) -> Option<&'static Said> {
    let function = node.field("function")?.text().into_owned();
    let (object, method) = function.rsplit_once('.').unwrap_or(("", &function));
    let arguments = node.field("arguments")?.text().into_owned();
    let logger = object.to_ascii_lowercase().contains("log");
    if method == "exception" && (logger || object.is_empty()) {
        let named = node.field("arguments")?.dfs().any(|part| {
            part.kind() == "identifier" && name.is_some_and(|name| part.text() == name)
        });
        return named.then_some(&TWICE);
    }
    let told = arguments.contains("exc_info") || arguments.contains("traceback");
    (logger && ["error", "critical", "fatal"].contains(&method) && !told).then_some(&MESSAGE)
}

fn called_in_java(node: &Node<'_>, name: Option<&str>) -> Option<&'static Said> {
    let name = name?;
    let method = node.field("name")?.text().into_owned();
    let object = node.field("object").map(|object| object.text().into_owned()).unwrap_or_default();
    let own = object == name || object.starts_with(&format!("{name}."));
    let arguments: Vec<Node<'_>> =
        node.field("arguments").map(|list| list.named_children().collect()).unwrap_or_default();
    if own && method == "printStackTrace" && arguments.is_empty() {
        return Some(&PRINTED);
    }
    let asked = ["getMessage", "getLocalizedMessage", "toString", "getStackTrace"]
        .contains(&method.as_str());
    if own && asked && node.parent().is_some_and(|parent| parent.kind() == "expression_statement") {
        return Some(&UNUSED);
    }
    let logger = object.to_ascii_lowercase().contains("log");
    let levels =
        LEVELS.contains(&method.as_str()) || ["info", "debug", "trace"].contains(&method.as_str());
    if !logger || !levels || arguments.is_empty() {
        return None;
    }
    let whole = |argument: &Node<'_>| argument.text() == name;
    let passed = arguments.iter().skip(1).any(whole)
        || arguments
            .iter()
            .any(|argument| is_call(argument) && argument.text().contains(&format!("({name}")));
    let mentions = arguments.iter().any(|argument| {
        argument.dfs().any(|part| part.kind() == "identifier" && part.text() == name)
    });
    (mentions && !passed).then_some(&MESSAGE)
}
