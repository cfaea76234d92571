//! Go: errors are values, and a value can be left lying.

use std::collections::BTreeSet;

use super::{Said, hit};
use crate::checklist::lang::Node;
use crate::checklist::{File, Hit};
use crate::model::Confidence;

const IGNORED: Said = Said {
    rule: "ignored",
    message: "the error that this call returns is dropped",
    hint: "check it: `if err := ...; err != nil { return fmt.Errorf(\"...: %w\", err) }`",
    confidence: Confidence::Low,
};
const NOTHING: Said = Said {
    rule: "swallowed",
    message: "the error is looked at and nothing is done about it",
    hint: "return it with what was being done, or log it with the ids at hand",
    confidence: Confidence::High,
};
const NIL: Said = Said {
    rule: "returns-nil",
    message: "there is an error, and nil is returned",
    hint: "return the error, or say in a comment and a log why it does not matter",
    confidence: Confidence::Low,
};
const UNWRAPPED: Said = Said {
    rule: "cause-unwrapped",
    message: "the error becomes text: callers cannot ask what it was",
    hint: "wrap it with %w instead of %v or %s",
    confidence: Confidence::Low,
};

/// Functions of the standard library whose error matters and is easily left.
const RETURNING: &[&str] = &[
    "os.Remove",
    "os.RemoveAll",
    "os.Rename",
    "os.Mkdir",
    "os.MkdirAll",
    "os.Chdir",
    "os.Chmod",
    "os.Chown",
    "os.WriteFile",
    "os.Setenv",
    "os.Unsetenv",
    "os.Truncate",
    "os.Symlink",
    "os.Link",
    "ioutil.WriteFile",
    "json.Unmarshal",
    "xml.Unmarshal",
    "yaml.Unmarshal",
    "proto.Unmarshal",
    "io.Copy",
    "io.CopyN",
    "io.ReadFull",
    "io.WriteString",
    "binary.Read",
    "binary.Write",
    "gob.Register",
    "http.ListenAndServe",
    "http.ListenAndServeTLS",
    "http.Serve",
    "filepath.Walk",
    "filepath.WalkDir",
    "fmt.Sscanf",
    "fmt.Sscan",
    "fmt.Fscan",
    "fmt.Scanf",
    "fmt.Scanln",
    "fmt.Scan",
    "fmt.Fscanf",
    "rand.Read",
    "syscall.Kill",
    "syscall.Unlink",
    "tls.LoadX509KeyPair",
    "template.Execute",
];

/// Methods whose error matters on whatever they are called.
const METHODS: &[&str] = &[
    "Decode",
    "Encode",
    "Flush",
    "Commit",
    "Exec",
    "ExecContext",
    "Scan",
    "Unmarshal",
    "UnmarshalJSON",
    "ParseForm",
    "ParseMultipartForm",
    "ListenAndServe",
    "Sync",
    "Truncate",
    "WriteTo",
    "ReadFrom",
    "SetDeadline",
    "SetReadDeadline",
    "SetWriteDeadline",
    "Execute",
    "ExecuteTemplate",
    "Shutdown",
    "Ping",
];

/// Looks for errors that are left lying.
pub fn look(file: &File, hits: &mut Vec<Hit>) {
    let Some(tree) = file.tree() else { return };
    let own = own_functions(&tree.root());
    let mut left = vec![tree.root()];
    while let Some(node) = left.pop() {
        if file.run_at(file.lines_of(node.range())).is_none() {
            continue;
        }
        let said = match &*node.kind() {
            "expression_statement" => ignored(&node, &own),
            "assignment_statement" => blanked(&node, &own),
            "if_statement" => looked_at(&node),
            "call_expression" => unwrapped(&node),
            _ => None,
        };
        if let Some(said) = said {
            let mut hit = hit(file, &node, said);
            hit.lines.end = hit.lines.end.min(hit.lines.start + 9);
            hits.push(hit);
        }
        left.extend(node.children());
    }
}

/// The functions of the file whose last result is an error.
fn own_functions(root: &Node<'_>) -> BTreeSet<String> {
    let functions = root.children().filter(|node| {
        matches!(&*node.kind(), "function_declaration" | "method_declaration")
            && node.field("result").is_some_and(|result| {
                result.text().trim_end_matches(')').trim_end().ends_with("error")
            })
    });
    functions.filter_map(|node| node.field("name")).map(|name| name.text().into_owned()).collect()
}

fn returns_error(call: &Node<'_>, own: &BTreeSet<String>) -> bool {
    let Some(function) = call.field("function") else { return false };
    let text = function.text();
    let last = text.rsplit('.').next().unwrap_or_default();
    RETURNING.contains(&&*text)
        || !text.contains('.') && own.contains(last)
        || text.contains('.') && METHODS.contains(&last) && !text.starts_with("flag.")
}

fn ignored(node: &Node<'_>, own: &BTreeSet<String>) -> Option<&'static Said> {
    let call = node.named_children().next().filter(|call| call.kind() == "call_expression")?;
    returns_error(&call, own).then_some(&IGNORED)
}

/// `_ = f()`: said aloud, so only where it is a function whose error is known to matter.
fn blanked(node: &Node<'_>, own: &BTreeSet<String>) -> Option<&'static Said> {
    let (left, right) = (node.field("left")?, node.field("right")?);
    let call = right.named_children().next().filter(|call| call.kind() == "call_expression")?;
    let all_blank = left.text().split(',').all(|name| name.trim() == "_");
    (all_blank && returns_error(&call, own)).then_some(&IGNORED)
}

fn looked_at(node: &Node<'_>) -> Option<&'static Said> {
    let condition = node.field("condition")?.text().into_owned();
    let name = condition.strip_suffix("!= nil")?.trim();
    if !name.to_ascii_lowercase().contains("err")
        || !name.chars().all(|c| c.is_alphanumeric() || c == '_')
    {
        return None;
    }
    let body = node.field("consequence")?;
    let list = body.named_children().find(|child| child.kind() == "statement_list");
    let statements: Vec<Node<'_>> = list
        .as_ref()
        .map_or_else(
            || body.named_children().collect(),
            |list| list.named_children().collect::<Vec<_>>(),
        )
        .into_iter()
        .filter(|statement| !statement.kind().contains("comment"))
        .collect();
    let comment = body.dfs().any(|part| part.kind() == "comment");
    match statements.as_slice() {
        [] if comment => Some(&IGNORED),
        [] => Some(&NOTHING),
        [one] if one.kind() == "return_statement" => {
            let text = one.text();
            let values = text.trim_start_matches("return").trim();
            let last = values.rsplit(',').next().unwrap_or_default().trim();
            let uses = one.dfs().any(|part| part.kind() == "identifier" && part.text() == name);
            (last == "nil" && !uses && !comment).then_some(&NIL)
        }
        _ => None,
    }
}

/// `fmt.Errorf("...: %v", err)`.
fn unwrapped(node: &Node<'_>) -> Option<&'static Said> {
    if node.field("function")?.text() != "fmt.Errorf" {
        return None;
    }
    let arguments: Vec<Node<'_>> = node.field("arguments")?.named_children().collect();
    let (pattern, values) = arguments.split_first()?;
    let error = values.iter().any(|value| {
        let text = value.text();
        text == "err" || text.ends_with("Err") || text == "err.Error()" || text == "e"
    });
    (error && !pattern.text().contains("%w")).then_some(&UNWRAPPED)
}
