//! Handlers of exceptions, read through one table of what the grammars call their parts.

use crate::checklist::lang::{Lang, Node};

/// What a language calls the parts of a handler.
pub struct Syntax {
    /// A word without which a file has no handler.
    word: &'static str,
    clause: &'static str,
    bodies: &'static [&'static str],
    /// Nodes that hold the types that are caught.
    types: &'static [&'static str],
    /// Nodes that hold the name of what is caught.
    names: &'static [&'static str],
    /// Types that stand for every failure.
    broad: &'static [&'static str],
    /// Types that nobody should catch: they stop the program, or are faults of its own.
    never: &'static [&'static str],
    raising: &'static [&'static str],
    functions: &'static [&'static str],
    /// A handler that names no type catches all.
    bare: bool,
}

static PYTHON: Syntax = Syntax {
    word: "except",
    clause: "except_clause",
    bodies: &["block"],
    types: &["identifier", "attribute", "tuple", "as_pattern"],
    names: &["as_pattern_target"],
    broad: &["Exception", "BaseException"],
    never: &["BaseException"],
    raising: &["raise_statement"],
    functions: &["function_definition", "lambda"],
    bare: true,
};

static JAVASCRIPT: Syntax = Syntax {
    word: "catch",
    clause: "catch_clause",
    bodies: &["statement_block"],
    types: &[],
    names: &["identifier"],
    broad: &[],
    never: &[],
    raising: &["throw_statement"],
    functions: &[
        "function_declaration",
        "function_expression",
        "arrow_function",
        "method_definition",
    ],
    bare: true,
};

static JAVA: Syntax = Syntax {
    word: "catch",
    clause: "catch_clause",
    bodies: &["block"],
    types: &["catch_formal_parameter"],
    names: &["catch_formal_parameter"],
    broad: &["Exception", "Throwable", "RuntimeException", "Error"],
    never: &["Throwable", "NullPointerException", "Error"],
    raising: &["throw_statement"],
    functions: &["lambda_expression", "class_body"],
    bare: false,
};

static CSHARP: Syntax = Syntax {
    word: "catch",
    clause: "catch_clause",
    bodies: &["block"],
    types: &["catch_declaration"],
    names: &["catch_declaration"],
    broad: &["Exception", "SystemException", "System.Exception"],
    never: &["NullReferenceException"],
    raising: &["throw_statement", "throw_expression"],
    functions: &["lambda_expression", "local_function_statement"],
    bare: true,
};

static PHP: Syntax = Syntax {
    word: "catch",
    clause: "catch_clause",
    bodies: &["compound_statement"],
    types: &["type_list", "named_type"],
    names: &["variable_name"],
    broad: &["Exception", "\\Exception", "Throwable", "\\Throwable"],
    never: &[],
    raising: &["throw_expression", "throw_statement"],
    functions: &["anonymous_function", "arrow_function"],
    bare: false,
};

static RUBY: Syntax = Syntax {
    word: "rescue",
    clause: "rescue",
    bodies: &["then"],
    types: &["exceptions"],
    names: &["exception_variable"],
    broad: &["StandardError", "Exception", "::Exception", "::StandardError"],
    never: &["Exception", "::Exception"],
    raising: &[],
    functions: &["method", "lambda"],
    bare: true,
};

/// The table of a language that has handlers.
pub fn of(lang: Lang) -> Option<&'static Syntax> {
    Some(match lang {
        Lang::Python => &PYTHON,
        Lang::JavaScript | Lang::TypeScript | Lang::Tsx => &JAVASCRIPT,
        Lang::Java => &JAVA,
        Lang::CSharp => &CSHARP,
        Lang::Php => &PHP,
        Lang::Ruby => &RUBY,
        _ => return None,
    })
}

/// A handler.
pub struct Handler<'t> {
    /// The whole of it.
    pub node: Node<'t>,
    /// Its statements, comments left out.
    pub statements: Vec<Node<'t>>,
    /// Everything in it, but for functions that are only defined there.
    pub inside: Vec<Node<'t>>,
    /// The name of what is caught.
    pub name: Option<String>,
    /// It catches every failure.
    pub broad: bool,
    /// It catches what nobody should.
    pub never: bool,
    /// It names no type where it could.
    pub bare: bool,
    /// Comments in it.
    pub comments: Vec<Node<'t>>,
    /// It raises again, or something else.
    pub raises: bool,
    /// It calls something that writes a log, or tells somebody.
    pub logs: bool,
    /// It shows something on the screen: a fixed text says that something failed, not what.
    pub shows: bool,
    /// What it caught is used.
    pub uses: bool,
}

/// Parts of names of functions that write a log or tell somebody.
const LOGGING: &[&str] = &[
    "log",
    "warn",
    "error",
    "debug",
    "info",
    "report",
    "capture",
    "notify",
    "trace",
    "fail",
    "abort",
    "exit",
    "traceback",
    "record",
    "emit",
    "alert",
    "raise",
    "reject",
    "fatal",
    "panic",
    "exception",
    "critical",
    "die",
    "stderr",
    "message",
    "next",
    "respond",
    "send",
    "render",
    "status",
    "flash",
    "skip",
    "callback",
    "done",
    "throw",
    "retry",
    "rollback",
];

impl Syntax {
    /// Whether a text may have a handler.
    pub fn occurs(&self, text: &str) -> bool {
        memchr::memmem::find(text.as_bytes(), self.word.as_bytes()).is_some()
    }

    /// The handler that this node is.
    pub fn read<'t>(&self, node: &Node<'t>) -> Option<Handler<'t>> {
        if node.kind() != self.clause || node.is_leaf() {
            return None;
        }
        let body = node.children().filter(|child| self.bodies.contains(&&*child.kind())).last();
        let mut statements: Vec<Node<'t>> =
            body.iter().flat_map(|body| body.named_children()).collect();
        let has_comment = |node: &Node<'t>| node.kind().contains("comment");
        let comments: Vec<Node<'t>> =
            statements.iter().cloned().chain(node.children()).filter(has_comment).collect();
        statements.retain(|statement| !has_comment(statement));
        let inside = self.inside(&statements);
        let types = self.types(node, body.as_ref());
        let name = self.name(node, body.as_ref());
        let raises = inside.iter().any(|node| self.is_raise(node));
        let calls =
            |found: fn(&Node<'_>) -> bool| inside.iter().any(|node| is_call(node) && found(node));
        let (logs, shows) = (calls(tells), calls(shows));
        let uses = name.as_ref().is_some_and(|name| {
            inside.iter().any(|node| node.is_named_leaf() && node.text() == name.as_str())
                || inside
                    .iter()
                    .any(|node| node.kind() == "variable_name" && node.text() == name.as_str())
        });
        let bare = types.is_empty() && self.bare;
        Some(Handler {
            broad: bare || types.iter().any(|name| self.broad.contains(&name.as_str())),
            never: types.iter().any(|name| self.never.contains(&name.as_str())),
            node: node.clone(),
            statements,
            inside,
            name,
            bare,
            comments,
            raises,
            logs,
            shows,
            uses,
        })
    }

    /// Every node below these, but for functions: they run later, or never.
    fn inside<'t>(&self, statements: &[Node<'t>]) -> Vec<Node<'t>> {
        let mut found = Vec::new();
        let mut left: Vec<Node<'t>> = statements.iter().rev().cloned().collect();
        while let Some(node) = left.pop() {
            if found.len() > 4_000 {
                break;
            }
            if !self.functions.contains(&&*node.kind()) {
                left.extend(node.named_children().collect::<Vec<_>>().into_iter().rev());
            }
            found.push(node);
        }
        found
    }

    /// The names of the types that are caught.
    fn types(&self, node: &Node<'_>, body: Option<&Node<'_>>) -> Vec<String> {
        let end = body.map_or(node.range().end, |body| body.range().start);
        let head = node.named_children().filter(|child| child.range().start < end);
        let mut names = Vec::new();
        for part in head.filter(|child| self.types.contains(&&*child.kind())) {
            let text = part.text();
            let text = text.split(" as ").next().unwrap_or_default();
            let words = text.split(|c: char| !(c.is_alphanumeric() || "_.\\:".contains(c)));
            names.extend(words.filter(|word| !word.is_empty()).map(str::to_owned));
        }
        names
    }

    fn name(&self, node: &Node<'_>, body: Option<&Node<'_>>) -> Option<String> {
        let end = body.map_or(node.range().end, |body| body.range().start);
        let head: Vec<_> =
            node.dfs().take_while(|part| part.range().start < end).take(60).collect();
        let holder = head.iter().find(|part| self.names.contains(&&*part.kind()))?;
        if let Some(name) = holder.field("name") {
            return Some(name.text().into_owned());
        }
        let text = holder.text();
        Some(text.trim_start_matches("=>").trim().to_owned()).filter(|name| !name.contains(' '))
    }

    fn is_raise(&self, node: &Node<'_>) -> bool {
        if self.raising.contains(&&*node.kind()) {
            return true;
        }
        // Ruby raises by a call, which without arguments is a name.
        self.raising.is_empty()
            && match &*node.kind() {
                "call" => node
                    .field("method")
                    .is_some_and(|m| ["raise", "fail", "throw"].contains(&&*m.text())),
                "identifier" => ["raise", "fail", "retry"].contains(&&*node.text()),
                "retry" => true,
                _ => false,
            }
    }
}

/// Whether a node is a call.
pub fn is_call(node: &Node<'_>) -> bool {
    let kind = node.kind();
    kind.contains("call")
        || kind.contains("invocation")
        || kind == "echo_statement"
        || kind == "print_intrinsic"
}

/// Whether a call shows something on the screen, by its name.
fn shows(node: &Node<'_>) -> bool {
    let text = node.text();
    let head = text.split(['(', ' ', '\'', '"']).next().unwrap_or_default();
    ["print", "puts", "echo", "println", "printf"].iter().any(|word| head.ends_with(word))
}

/// Whether a call writes a log or tells somebody, by its name.
pub fn tells(node: &Node<'_>) -> bool {
    let text = node.text();
    let head = text.split('(').next().unwrap_or_default().to_ascii_lowercase();
    LOGGING.iter().any(|word| head.contains(word))
}
