//! Literals in code and what they are used for, by the syntax tree. One walk serves all
//! languages: their grammars name the parts of an assignment or a call alike.

use std::cell::OnceCell;
use std::collections::HashMap;

use super::syntax::{Literal, MAX_ARGUMENTS, bytes, call, compared, last_name, literal, named};
use crate::checklist::File;
use crate::checklist::lang::Node;

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
