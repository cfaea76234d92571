//! Credentials in text of any kind, as redaction finds them.

use std::collections::BTreeSet;

use super::names;
use crate::checklist::File;
use crate::checklist::lang::{Lang, Node};
use crate::model::Confidence;
use crate::redact::{self, Rank, Span};

/// Endings of files that are written by programs or for readers: only shapes count there.
#[rustfmt::skip]
const PROSE: &[&str] = &[
    "md", "rst", "adoc", "html", "htm", "css", "scss", "less", "svg", "lock", "sum", "po", "pot",
    "csv", "tsv", "ipynb", "map", "tex", "log", "snap", "diff", "patch", "vue", "svelte", "erb",
];

/// Of more spans than these nobody asks where in the syntax tree they stand.
const MAX_LOOKED_UP: usize = 200;

/// A credential and how sure it is.
pub struct Credential {
    /// Where it stands.
    pub span: Span,
    /// How sure it is.
    pub confidence: Confidence,
}

/// The credentials in the judged lines of a file that its text alone shows.
pub fn credentials(file: &File) -> Vec<Credential> {
    let path = file.path.lossy().to_ascii_lowercase();
    let names = reads_names(file, &path);
    let test = file.is_test();
    let spans = redact::find(&file.text).into_iter();
    let few = spans.len() < MAX_LOOKED_UP;
    let judged = spans.filter(|span| file.run_at(file.lines_of(span.start..span.end)).is_some());
    judged
        .filter_map(|span| {
            if test && span.rank != Rank::Shape || few && is_remark(file, &span) {
                return None;
            }
            let confidence = match confidence(&file.text, &span, names)? {
                // Tests bring keys of their own.
                _ if test && span.kind == "private-key" => Confidence::Low,
                confidence => confidence,
            };
            Some(Credential { span, confidence })
        })
        .collect()
}

/// Whether names in the text of this file are those of settings. In code the syntax tree says
/// more, unless the file cannot be parsed.
fn reads_names(file: &File, path: &str) -> bool {
    let end = path.rsplit('/').next().unwrap_or(path).rsplit('.').next().unwrap_or_default();
    let written = PROSE.contains(&end) || path.ends_with(".min.js") || path.contains("lock.");
    match file.lang {
        _ if written => false,
        None | Some(Lang::Yaml) => true,
        Some(_) => file.tree().is_some_and(|tree| tree.root().children().all(|n| n.is_error())),
    }
}

/// Whether something that its surroundings alone call a credential stands in a comment, or in a
/// text that documents code.
fn is_remark(file: &File, span: &Span) -> bool {
    if span.rank == Rank::Shape || file.lang.is_none_or(|lang| lang == Lang::Yaml) {
        return false;
    }
    let Some(tree) = file.tree() else {
        return false;
    };
    let mut node = tree.root();
    loop {
        if node.kind().contains("comment") {
            return true;
        }
        let holds =
            |child: &Node<'_>| child.range().start <= span.start && span.end <= child.range().end;
        let Some(child) = node.children().find(holds) else {
            return false;
        };
        if node.kind() == "expression_statement" && child.kind() == "string" {
            return true;
        }
        node = child;
    }
}

fn confidence(text: &str, span: &Span, names: bool) -> Option<Confidence> {
    let value = &text[span.start..span.end];
    let google =
        span.kind == "google-api-key" && (value.len() != 39 || text[span.end..].starts_with('='));
    if is_dummy(value) || google {
        return None;
    }
    match span.rank {
        Rank::Shape if span.kind == "private-key" => Some(Confidence::High),
        Rank::Shape if span.kind == "jwt" || value.contains("_test_") => Some(Confidence::Low),
        Rank::Shape => Some(Confidence::High),
        Rank::Context if redact::is_placeholder(value) => None,
        Rank::Context if is_default_login(text, span) => None,
        Rank::Context => {
            let sure = names::judge_argument(value)?;
            Some(if span.kind == "connection-string" { sure } else { Confidence::Low })
        }
        Rank::Name if names => {
            let digits = value.bytes().any(|b| b.is_ascii_digit());
            let sure = value.len() >= 12 && digits && !names::is_example(value);
            Some(if sure { Confidence::High } else { Confidence::Low })
        }
        Rank::Look if names && is_setting(text, span) => Some(Confidence::Low),
        Rank::Name | Rank::Look => None,
    }
}

/// A long random value that a line gives to a name, which is not that of a digest or an id.
fn is_setting(text: &str, span: &Span) -> bool {
    let line = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
    let head = text[line..span.start].trim_end_matches(['"', '\'', ' ']);
    let Some(name) = head.strip_suffix([':', '=']) else {
        return false;
    };
    span.end - span.start >= 32 && names::may_be_secret(name)
}

/// `guest:guest@localhost`: the login that a server has before anybody sets one.
fn is_default_login(text: &str, span: &Span) -> bool {
    let value = &text[span.start..span.end];
    let user = text[..span.start].strip_suffix(':').unwrap_or_default();
    let host = &text[span.end..];
    let local =
        ["@localhost", "@127.0.0.1", "@host", "@example"].iter().any(|at| host.starts_with(at));
    user.ends_with(value) || (local && !value.bytes().any(|b| b.is_ascii_digit()))
}

/// Made up: a mask, an example, or too few different characters to be random.
fn is_dummy(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let says = ["example", "xxxx", "placeholder", "redacted", "dummy", "your_", "your-", "fake"];
    let body = value.rsplit(['_', '-', '.']).find(|part| part.len() > 8).unwrap_or(value);
    let distinct: BTreeSet<u8> = body.bytes().collect();
    let rest = value.split_once(['_', '-', '.']).map_or(value, |(_, rest)| rest);
    let letters = rest.bytes().filter(u8::is_ascii_digit).count() < 2;
    let wordy = letters && redact::words(rest).count() * 4 <= rest.len();
    says.iter().any(|word| lower.contains(word))
        || (wordy && value.len() >= 16 && !value.contains('\n') && value.contains(['_', '-']))
        || (value.len() >= 16 && distinct.len() < 6)
}
