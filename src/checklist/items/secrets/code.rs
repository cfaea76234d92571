//! Literals in code and what they are used for, by the syntax tree. One walk serves all
//! languages: their grammars name the parts of an assignment or a call alike.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::ops::Range;

use crate::checklist::File;
use crate::checklist::lang::Node;

/// A literal and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal {
    /// What it says, without quotes.
    pub text: String,
    /// Where it stands, quotes included.
    pub range: Range<usize>,
}

/// What code does with a literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Use {
    /// A name is given to it: a variable, a parameter's default, a key, a keyword argument.
    Named {
        /// The name.
        name: String,
        /// Whether it is a keyword argument, which says what the callee takes it for.
        keyword: bool,
        /// Whether it stands under a key of a table, which may as well be a label.
        entry: bool,
    },
    /// It is compared with the value of this name.
    Compared(String),
    /// The callee, and which argument it is, from 0.
    Argument(String, usize),
    /// Anything else.
    Other,
}

/// More arguments than this are not looked at.
const MAX_ARGUMENTS: usize = 8;

/// A longer name is cut at its start.
const MAX_NAME: usize = 80;

/// Kinds of nodes that are strings, without those that are filled in at run time.
const STRINGS: &[&str] = &[
    "string",
    "string_literal",
    "interpreted_string_literal",
    "raw_string_literal",
    "template_string",
    "encapsed_string",
    "verbatim_string_literal",
    "char_literal",
];

/// Calls that give back what they are given, in another type.
#[rustfmt::skip]
const CONVERSIONS: &[&str] = &[
    "encode", "getbytes", "tochararray", "from", "bytes", "bytearray", "string", "str", "freeze",
    "to_string", "to_owned", "into", "as_bytes", "as_ref", "to_vec", "some", "b64decode", "decode",
    "wrap", "strptr", "securestring", "unpack", "utf8tobytes", "parse", "tobytes", "fromcharcode",
    "getenv", "get", "env", "fetch", "secretstr", "ensure_binary", "to_sym", "trim", "strip",
];

/// The literals in the judged parts of a file, each with what is done with it. A value that a
/// sink gets by its name is given with the place where it is used.
pub fn uses(file: &File) -> Vec<(Literal, Use)> {
    let Some(tree) = file.tree() else {
        return Vec::new();
    };
    let names = OnceCell::new();
    let mut found = Vec::new();
    let mut left = vec![tree.root()];
    while let Some(node) = left.pop() {
        if file.run_at(file.lines_of(node.range())).is_none() {
            continue;
        }
        visit(
            &node,
            &|name| {
                let all = names.get_or_init(|| constants(tree.root()));
                all.get(name).cloned()
            },
            &mut found,
        );
        left.extend(node.children());
    }
    found
}

/// The literals that names of this file stand for.
fn constants(root: Node<'_>) -> HashMap<String, String> {
    let mut names = HashMap::new();
    let mut left = vec![root];
    while let Some(node) = left.pop() {
        for (name, value) in named(&node) {
            if let Some(Value::Literal(literal)) = value_of(&value) {
                names.entry(name.text().into_owned()).or_insert(literal.text);
            }
        }
        left.extend(node.children());
    }
    names
}

fn visit(
    node: &Node<'_>,
    constant: &dyn Fn(&str) -> Option<String>,
    found: &mut Vec<(Literal, Use)>,
) {
    let kind = node.kind();
    if let Some(literal) = literal(node) {
        found.push((literal, Use::Other));
        return;
    }
    for (name, value) in named(node) {
        if let Some(Value::Literal(literal)) = value_of(&value) {
            let name = last_name(&name.text());
            let keyword = matches!(&*kind, "keyword_argument" | "argument");
            let entry = matches!(&*kind, "pair" | "array_element_initializer" | "keyed_element");
            found.push((literal, Use::Named { name, keyword, entry }));
        }
    }
    for (name, value) in compared(node) {
        if let Some(Value::Literal(literal)) = value_of(&value) {
            found.push((literal, Use::Compared(last_name(&name.text()))));
        }
    }
    let Some((callee, arguments)) = call(node) else {
        return;
    };
    if let Some((name, value)) = given(&callee, &arguments)
        && let Some(Value::Literal(literal)) = value_of(value)
    {
        found.push((literal, Use::Named { name, keyword: false, entry: true }));
    }
    for (at, argument) in arguments.into_iter().enumerate().take(MAX_ARGUMENTS) {
        match value_of(&argument) {
            Some(Value::Literal(literal)) => {
                found.push((literal, Use::Argument(callee.clone(), at)));
            }
            Some(Value::Name(name))
                if super::sinks::takes(&callee, at)
                    && !name.to_ascii_lowercase().contains("pub") =>
            {
                let text = constant(&name);
                let literal = text.map(|text| Literal { text, range: argument.range() });
                found.extend(literal.map(|l| (l, Use::Argument(callee.clone(), at))));
            }
            _ => {}
        }
    }
}

/// The name and the value in calls such as `set("password", "…")` and `with_password("…")`.
fn given<'a, 't>(callee: &str, arguments: &'a [Node<'t>]) -> Option<(String, &'a Node<'t>)> {
    let method = last_name(callee);
    match arguments {
        [value] => {
            let lower = method.to_ascii_lowercase();
            let rest =
                ["set_", "with_", "set", "with", "add"].iter().find_map(|p| lower.strip_prefix(p));
            let plain = rest.unwrap_or(&lower).replace('_', "");
            let setters = [
                "password",
                "passphrase",
                "secret",
                "apikey",
                "secretkey",
                "clientsecret",
                "accesskey",
            ];
            setters.contains(&plain.as_str()).then_some((method, value))
        }
        [name, value] => {
            const SET: &[&str] = &[
                "define",
                "setproperty",
                "put",
                "setenv",
                "set",
                "putenv",
                "header",
                "addheader",
                "setheader",
                "add",
                "append",
                "setattribute",
                "env",
                "putextra",
                "setdefault",
            ];
            let sets = SET.contains(&method.to_ascii_lowercase().as_str());
            let name = literal(name).filter(|_| sets)?;
            Some((name.text, value))
        }
        _ => None,
    }
}

/// A value as far as it can be read off the code.
enum Value {
    Literal(Literal),
    Name(String),
}

/// The literal or the name that a value comes down to, past conversions and fallbacks.
fn value_of(node: &Node<'_>) -> Option<Value> {
    let mut node = node.clone();
    for _ in 0..6 {
        if let Some(literal) = literal(&node) {
            return Some(Value::Literal(literal));
        }
        let kind = node.kind();
        node = match &*kind {
            "identifier" | "variable_name" | "constant" | "instance_variable"
            | "global_variable" => return Some(Value::Name(node.text().into_owned())),
            "array_initializer" | "array_creation_expression" | "composite_literal" => {
                return bytes(&node).map(Value::Literal);
            }
            "binary_expression" | "boolean_operator" | "binary" => {
                let operator = node.field("operator")?.text().into_owned();
                if !matches!(&*operator, "||" | "??" | "or" | "?:") {
                    return None;
                }
                node.field("right")?
            }
            "expression_list"
            | "parenthesized_expression"
            | "literal_element"
            | "argument"
            | "as_expression"
            | "non_null_expression"
            | "satisfies_expression"
            | "reference_expression"
            | "jsx_expression" => node.named_children().last()?,
            "type_conversion_expression" => node.field("operand")?,
            "cast_expression" => node.field("value")?,
            _ => converted(&node)?,
        };
    }
    None
}

/// What a call of a conversion converts: its only argument, or what it is called on. Of a look-up
/// in the environment, the default.
fn converted<'t>(node: &Node<'t>) -> Option<Node<'t>> {
    let (callee, arguments) = call(node)?;
    let name = last_name(&callee).to_ascii_lowercase();
    if !CONVERSIONS.contains(&&*name) && !name.ends_with("getbytes") && name != "base64" {
        return None;
    }
    let lookup = matches!(&*name, "getenv" | "get" | "env" | "fetch");
    match arguments.as_slice() {
        [] if !lookup => {
            let object = node.field("object").or_else(|| node.field("receiver"));
            let function = || {
                let function = node.field("function")?;
                ["object", "operand", "value", "expression"].iter().find_map(|f| function.field(f))
            };
            object.or_else(function)
        }
        [only] if !lookup => {
            let object = node.field("function").and_then(|f| f.field("object"));
            object.filter(|object| literal(object).is_some()).or_else(|| Some(only.clone()))
        }
        [first, _] if !lookup => Some(first.clone()),
        [_, default] if lookup => Some(default.clone()),
        _ => None,
    }
}

/// The literal that a node is, if it is one and nothing in it is filled in at run time.
pub fn literal(node: &Node<'_>) -> Option<Literal> {
    if !STRINGS.contains(&&*node.kind()) {
        return None;
    }
    let filled = |kind: &str| {
        kind.contains("interpolation")
            || kind.contains("substitution")
            || kind.ends_with("_expression")
            || kind == "variable_name"
    };
    if node.children().any(|child| filled(&child.kind())) {
        return None;
    }
    let text = node.text();
    let text = text.trim_start_matches(|c: char| c.is_ascii_alphabetic() || "@$#".contains(c));
    let text = text.trim_end_matches('#');
    let quote = text.chars().next().filter(|c| "\"'`".contains(*c))?;
    let long =
        if text.len() >= 6 && text.bytes().take(3).all(|b| char::from(b) == quote) { 3 } else { 1 };
    let inner = text.get(long..text.len().checked_sub(long)?)?;
    Some(Literal { text: inner.to_owned(), range: node.range() })
}

/// An array that is written out, number by number or character by character.
fn bytes(node: &Node<'_>) -> Option<Literal> {
    let written = |kind: &str| {
        kind.contains("integer")
            || kind == "int_literal"
            || kind.contains("char")
            || kind == "rune_literal"
    };
    let body = node.field("body").or_else(|| node.field("value")).or_else(|| {
        node.children()
            .find(|c| matches!(&*c.kind(), "initializer_expression" | "array_initializer"))
    });
    let body = body.unwrap_or_else(|| node.clone());
    let mut count = 0;
    for child in body.named_children() {
        let child = if child.kind() == "literal_element" { child.child(0)? } else { child };
        let single = literal(&child).is_some_and(|literal| literal.text.chars().count() == 1);
        if !written(&child.kind()) && !single {
            return None;
        }
        count += 1;
    }
    let zero = body.named_children().all(|child| child.text() == "0");
    (count >= 4 && !zero)
        .then(|| Literal { text: "0x".to_owned() + &"5a9".repeat(count), range: node.range() })
}

/// The names that a node gives to values, each with its value.
fn named<'t>(node: &Node<'t>) -> Vec<(Node<'t>, Node<'t>)> {
    let kind = node.kind();
    let two = |name: Option<Node<'t>>, value: Option<Node<'t>>| match (name, value) {
        (Some(name), Some(value)) if name.range() != value.range() => vec![(name, value)],
        _ => Vec::new(),
    };
    let field = |names: &[&str]| names.iter().find_map(|name| node.field(name));
    match &*kind {
        "short_var_declaration" | "assignment_statement" | "const_spec" | "var_spec" => {
            let left = field(&["left", "name"]);
            let right = field(&["right", "value"]);
            let (Some(left), Some(right)) = (left, right) else {
                return Vec::new();
            };
            if left.kind() != "expression_list" {
                return vec![(left, right)];
            }
            left.named_children().zip(right.named_children()).collect()
        }
        "assignment" | "assignment_expression" | "assignment_pattern" | "operator_assignment" => {
            two(field(&["left"]), field(&["right"]))
        }
        "keyword_argument"
        | "default_parameter"
        | "typed_default_parameter"
        | "named_expression"
        | "element_value_pair"
        | "keyword_parameter"
        | "optional_parameter"
        | "const_item"
        | "static_item"
        | "property_element"
        | "simple_parameter"
        | "property_declaration"
        | "public_field_definition"
        | "required_parameter" => {
            two(field(&["name", "pattern"]), field(&["value", "default_value"]))
        }
        "variable_declarator" => {
            let value = field(&["value"]).or_else(|| node.named_children().last());
            two(field(&["name"]), value)
        }
        "pair" | "keyed_element" => two(field(&["key"]), field(&["value"])),
        "field_definition" => two(field(&["property"]), field(&["value"])),
        "field_initializer" => two(field(&["field", "name"]), field(&["value"])),
        "let_declaration" => two(field(&["pattern"]), field(&["value"])),
        "parameter" | "array_element_initializer" | "const_element" | "jsx_attribute" => {
            let name = field(&["name"]).or_else(|| node.named_children().next());
            two(name, node.named_children().last())
        }
        // `name: value` of PHP and C#.
        "argument" => two(field(&["name"]), node.named_children().last()),
        _ => Vec::new(),
    }
}

/// The two sides of a comparison, in both orders.
fn compared<'t>(node: &Node<'t>) -> Vec<(Node<'t>, Node<'t>)> {
    let sides = match &*node.kind() {
        "binary_expression" | "binary" => {
            let operator = node.field("operator").map(|node| node.text().into_owned());
            let equal = ["==", "!=", "===", "!=="];
            if !operator.is_some_and(|operator| equal.contains(&&*operator)) {
                return Vec::new();
            }
            node.field("left").zip(node.field("right"))
        }
        "comparison_operator" => {
            let operator = node.child(1).map(|node| node.text().into_owned());
            if node.children().len() != 3 || !matches!(operator.as_deref(), Some("==" | "!=")) {
                return Vec::new();
            }
            node.child(0).zip(node.child(2))
        }
        "method_invocation" | "invocation_expression" | "call_expression" | "call" => {
            let Some((callee, arguments)) = call(node) else {
                return Vec::new();
            };
            let method = last_name(&callee);
            match (&*method, arguments.as_slice()) {
                ("equals" | "equalsIgnoreCase" | "Equals" | "eql?", [other]) => {
                    let function = node.field("function");
                    let object = node.field("object").or_else(|| {
                        let function = function.as_ref()?;
                        function.field("expression").or_else(|| function.field("object"))
                    });
                    object.map(|object| (object, other.clone()))
                }
                (
                    "strcmp"
                    | "hash_equals"
                    | "compare_digest"
                    | "ConstantTimeCompare"
                    | "timingSafeEqual"
                    | "secure_compare",
                    [a, b],
                ) => Some((a.clone(), b.clone())),
                _ => None,
            }
        }
        _ => None,
    };
    sides.map(|(a, b)| vec![(a.clone(), b.clone()), (b, a)]).unwrap_or_default()
}

/// The callee of a call, and its arguments in order. Keyword arguments are not among them.
fn call<'t>(node: &Node<'t>) -> Option<(String, Vec<Node<'t>>)> {
    let kind = node.kind();
    let callee = match &*kind {
        "call" | "call_expression" | "invocation_expression" | "function_call_expression" => {
            match node.field("function") {
                Some(function) => function.text().into_owned(),
                None => {
                    let method = node.field("method")?.text().into_owned();
                    let on = node.field("receiver").map(|on| on.text().into_owned());
                    on.map_or(method.clone(), |on| format!("{on}.{method}"))
                }
            }
        }
        "method_invocation" | "member_call_expression" | "scoped_call_expression" => {
            let name = node.field("name")?.text().into_owned();
            let on = node.field("object").or_else(|| node.field("scope"));
            on.map_or(name.clone(), |on| format!("{}.{name}", on.text()))
        }
        "object_creation_expression" => {
            let class = node.field("type").or_else(|| node.named_children().next())?;
            class.text().into_owned()
        }
        "new_expression" => node.field("constructor")?.text().into_owned(),
        _ => return None,
    };
    let list = node.field("arguments").or_else(|| {
        node.children().find(|child| matches!(&*child.kind(), "arguments" | "argument_list"))
    });
    let keyword =
        |node: &Node<'_>| matches!(&*node.kind(), "keyword_argument" | "pair" | "comment");
    let arguments = list.iter().flat_map(|list| list.named_children().collect::<Vec<_>>());
    Some((cut(&callee), arguments.filter(|node| !keyword(node)).take(MAX_ARGUMENTS).collect()))
}

/// The end of a text, at most [`MAX_NAME`] bytes.
fn cut(text: &str) -> String {
    text[text.ceil_char_boundary(text.len().saturating_sub(MAX_NAME))..].to_owned()
}

/// The last name in an expression: `password` of `self.config["password"]`.
pub fn last_name(text: &str) -> String {
    let text = cut(text);
    let in_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '?' | '!');
    let end = text.trim_end_matches(|c: char| !in_name(c) || c == '?' || c == '!');
    let start = end.char_indices().rev().take_while(|(_, c)| in_name(*c)).last();
    start.map_or(String::new(), |(at, _)| end[at..].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The uses that are not [`Use::Other`], as text.
    fn said(path: &str, text: &str) -> Vec<String> {
        let file = File::whole(path.into(), text.as_bytes());
        let mut said: Vec<String> = uses(&file)
            .into_iter()
            .filter_map(|(literal, how)| {
                let how = match how {
                    Use::Named { name, .. } => format!("{name} ="),
                    Use::Compared(name) => format!("{name} =="),
                    Use::Argument(callee, at) => format!("{callee} {at}"),
                    Use::Other => return None,
                };
                Some(format!("{how} {}", literal.text))
            })
            .collect();
        said.sort();
        said
    }

    #[test]
    fn names_are_found_in_every_language() {
        for (path, text) in [
            ("a.py", "pin = 'v'"),
            ("a.py", "f(pin='v')"),
            ("a.py", "def f(pin: str = 'v'): pass"),
            ("a.py", "d = {'pin': b'v'}"),
            ("a.py", "self.d['pin'] = 'v'.encode()"),
            ("a.py", "pin = os.environ.get('PIN', 'v')"),
            ("a.js", "const pin = process.env.PIN || 'v'"),
            ("a.js", "f({pin: 'v'})"),
            ("a.js", "class A { pin = `v` }"),
            ("a.ts", "function f(pin: string = 'v') {}"),
            ("a.tsx", "const a = <A pin=\"v\" />"),
            ("a.go", "package a\nconst pin = \"v\""),
            ("a.go", "package a\nfunc f() { pin, err := \"v\", 1 }"),
            ("a.go", "package a\nvar c = C{pin: []byte(`v`)}"),
            ("A.java", "class A { char[] pin = \"v\".toCharArray(); }"),
            ("A.java", "class A { void f() { this.pin = new String(\"v\"); } }"),
            ("a.rb", "pin = 'v'.freeze"),
            ("a.rb", "f(:pin => 'v')"),
            ("a.rb", "def f(pin: 'v'); end"),
            ("a.php", "<?php $pin = 'v';"),
            ("a.php", "<?php f(['pin' => 'v']);"),
            ("a.php", "<?php class A { const pin = 'v'; }"),
            ("a.php", "<?php class A { private $pin = 'v'; }"),
            ("a.rs", "const pin: &str = \"v\";"),
            ("a.rs", "fn f() { let pin = \"v\".to_string(); }"),
            ("a.rs", "fn f() { A { pin: String::from(\"v\") }; }"),
            ("a.cs", "class A { string pin = \"v\"; }"),
            ("a.cs", "class A { void F(string pin = \"v\") {} }"),
            ("a.cs", "class A { void F() { new B { pin = \"v\" }; } }"),
        ] {
            assert!(
                said(path, text).contains(&"pin = v".to_owned()),
                "{text}: {:?}",
                said(path, text)
            );
        }
    }

    #[test]
    fn comparisons_and_arguments_are_found() {
        for (path, text, expected) in [
            ("a.py", "if pin == 'v': pass", "pin == v"),
            ("a.js", "if ('v' !== req.body.pin) {}", "pin == v"),
            ("A.java", "class A { boolean f() { return \"v\".equals(pin); } }", "pin == v"),
            ("a.cs", "class A { bool F() { return pin.Equals(\"v\"); } }", "pin == v"),
            ("a.go", "package a\nfunc f() { if pin == \"v\" {} }", "pin == v"),
            ("a.go", "package a\nfunc f() { t.SignedString([]byte(\"v\")) }", "t.SignedString 0 v"),
            ("a.py", "key = 'v'\njwt.encode(x, key)", "jwt.encode 1 v"),
            ("a.rb", "JWT.encode(x, 'v')", "JWT.encode 1 v"),
            ("a.php", "<?php hash_hmac('sha256', $x, 'v');", "hash_hmac 2 v"),
        ] {
            assert!(
                said(path, text).contains(&expected.to_owned()),
                "{text}: {:?}",
                said(path, text)
            );
        }
    }

    #[test]
    fn text_that_is_filled_in_is_no_literal() {
        for (path, text) in [
            ("a.py", "pin = f'{x}'"),
            ("a.js", "const pin = `${x}`"),
            ("a.rb", "pin = \"#{x}\""),
            ("a.php", "<?php $pin = \"$x\";"),
            ("a.cs", "class A { string pin = $\"{x}\"; }"),
        ] {
            assert_eq!(said(path, text), Vec::<String>::new(), "{text}");
        }
    }
}
