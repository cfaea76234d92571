//! `timeouts`: calls to other services end in bounded time.
//!
//! Python's calls are looked up by what their names were imported as; the rest are structural
//! rules.

use std::collections::HashMap;

use crate::checklist::lang::{Lang, Node};
use crate::checklist::{Check, Context, File, Hit, Meta};
use crate::model::Confidence;

/// The item.
pub struct Timeouts;

static META: Meta = Meta {
    id: "timeouts",
    summary: "calls to other services end in bounded time",
    explain: "A call without a timeout waits for ever, and soon everything waits for it. Looked \
              at: HTTP, database and socket calls without a limit, retries without an end.",
};

/// Modules whose functions wait for ever by default, the functions, and at which place a timeout
/// may stand without its name (from 1).
const WAITING: &[(&str, &[&str], Option<usize>)] = &[
    ("requests", &["get", "post", "put", "patch", "delete", "head", "options", "request"], None),
    (
        "requests.api",
        &["get", "post", "put", "patch", "delete", "head", "options", "request"],
        None,
    ),
    ("urllib.request", &["urlopen"], Some(3)),
    ("urllib2", &["urlopen"], Some(3)),
    ("http.client", &["HTTPConnection", "HTTPSConnection"], Some(3)),
    ("smtplib", &["SMTP", "SMTP_SSL", "LMTP"], None),
    ("ftplib", &["FTP", "FTP_TLS"], Some(5)),
    ("imaplib", &["IMAP4", "IMAP4_SSL"], None),
    ("poplib", &["POP3", "POP3_SSL"], Some(3)),
    ("telnetlib", &["Telnet"], Some(3)),
    ("nntplib", &["NNTP"], None),
    ("socket", &["create_connection"], Some(2)),
];

impl Check for Timeouts {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn run(&self, context: &Context<'_>, hits: &mut Vec<Hit>) {
        let names = |file: &&File| WAITING.iter().any(|(module, _, _)| file.text.contains(module));
        for file in
            context.change.files.iter().filter(|f| f.lang == Some(Lang::Python)).filter(names)
        {
            look(file, hits);
        }
    }
}

fn look(file: &File, hits: &mut Vec<Hit>) {
    let Some(tree) = file.tree() else { return };
    let imported = imports(&tree.root());
    let mut left = vec![tree.root()];
    while let Some(node) = left.pop() {
        if file.run_at(file.lines_of(node.range())).is_none() {
            continue;
        }
        if node.kind() == "call" && waits(&node, &imported) {
            hits.push(Hit {
                item: META.id,
                rule: "python-call".into(),
                path: file.path.clone(),
                lines: file.lines_of(node.range()),
                message: "this call to another service has no timeout, and may wait for ever"
                    .into(),
                hint: "give it one in seconds: timeout=10".into(),
                confidence: Confidence::High,
            });
        }
        left.extend(node.children());
    }
}

/// What names stand for: `import a.b as c`, `from a import b as c`.
fn imports(root: &Node<'_>) -> HashMap<String, String> {
    let mut names = HashMap::new();
    let mut left = vec![root.clone()];
    while let Some(node) = left.pop() {
        let module = match &*node.kind() {
            "import_statement" => String::new(),
            "import_from_statement" => match node.field("module_name") {
                Some(module) => format!("{}.", module.text()),
                None => continue,
            },
            // Imports stand in blocks, not in expressions.
            kind if kind.contains("statement")
                || kind.contains("block")
                || kind.contains("definition")
                || kind.contains("clause")
                || kind == "module" =>
            {
                left.extend(node.named_children());
                continue;
            }
            _ => continue,
        };
        for name in node.field_children("name") {
            let whole = name.field("name").unwrap_or_else(|| name.clone()).text().into_owned();
            let alias = name.field("alias").map(|alias| alias.text().into_owned());
            names.insert(alias.unwrap_or_else(|| whole.clone()), format!("{module}{whole}"));
        }
    }
    names
}

/// Whether a call waits without an end.
fn waits(call: &Node<'_>, imported: &HashMap<String, String>) -> bool {
    let (Some(function), Some(arguments)) = (call.field("function"), call.field("arguments"))
    else {
        return false;
    };
    let text = function.text();
    // The longest imported name at its start: `urllib.request.urlopen` is imported as a whole module.
    let whole =
        text.match_indices('.').map(|(at, _)| at).chain(Some(text.len())).rev().find_map(|end| {
            imported.get(&text[..end]).map(|name| format!("{name}{}", &text[end..]))
        });
    let Some((module, name)) = whole.as_deref().and_then(|whole| whole.rsplit_once('.')) else {
        return false;
    };
    let Some((_, _, place)) =
        WAITING.iter().find(|(known, names, _)| *known == module && names.contains(&name))
    else {
        return false;
    };
    let all: Vec<Node<'_>> = arguments.named_children().collect();
    let named = all.iter().any(|argument| match &*argument.kind() {
        "keyword_argument" => {
            argument.field("name").is_some_and(|name| name.text() == "timeout")
                && argument.field("value").is_none_or(|value| value.kind() != "none")
        }
        kind => kind.ends_with("_splat"),
    });
    let plain = all.iter().filter(|argument| argument.kind() != "keyword_argument").count();
    // `smtplib.SMTP()` connects later.
    !all.is_empty() && !named && place.is_none_or(|place| plain < place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checklist::Change;
    use crate::checklist::testing::Files;
    use crate::config::policy::Effective;

    fn found(text: &str) -> usize {
        let change = Change {
            files: vec![File::whole("a.py".into(), text.as_bytes())],
            ..Change::default()
        };
        let (project, policy) = (Files::default(), Effective::default());
        let mut hits = Vec::new();
        Timeouts.run(&Context { change: &change, project: &project, policy: &policy }, &mut hits);
        hits.len()
    }

    #[test]
    fn calls_are_known_by_what_they_were_imported_as() {
        assert_eq!(found("import requests\nrequests.get(url)\n"), 1);
        assert_eq!(found("import requests as r\nr.post(url, json=x)\n"), 1);
        assert_eq!(found("from requests import get as fetch\nfetch(url)\n"), 1);
        assert_eq!(
            found("def f():\n    from urllib.request import urlopen\n    urlopen(url)\n"),
            1
        );
        assert_eq!(found("import urllib.request\nurllib.request.urlopen(url)\n"), 1);
        assert_eq!(found("import smtplib\nsmtplib.SMTP('mail', 25)\n"), 1);
        assert_eq!(found("from shop import get\nget(url)  # requests\n"), 0);
    }

    #[test]
    fn a_timeout_by_name_or_place_is_one() {
        assert_eq!(found("import requests\nrequests.get(url, timeout=3)\n"), 0);
        assert_eq!(found("import requests\nrequests.get(url, timeout=None)\n"), 1);
        assert_eq!(found("import requests\nrequests.get(url, **options)\n"), 0);
        assert_eq!(found("import urllib.request\nurllib.request.urlopen(url, None, 3)\n"), 0);
        assert_eq!(found("import smtplib\nsmtplib.SMTP()\n"), 0);
    }
}
