//! The parts of code that the check asks for: literals, what is named, compared and called.

use std::ops::Range;

use crate::checklist::lang::Node;

/// More arguments than this are not looked at.
pub const MAX_ARGUMENTS: usize = 8;

/// A longer name is cut at its start.
const MAX_NAME: usize = 80;

/// A literal and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal {
    /// What it says, without quotes.
    pub text: String,
    /// Where it stands, quotes included.
    pub range: Range<usize>,
}

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
pub fn bytes(node: &Node<'_>) -> Option<Literal> {
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
pub fn named<'t>(node: &Node<'t>) -> Vec<(Node<'t>, Node<'t>)> {
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
pub fn compared<'t>(node: &Node<'t>) -> Vec<(Node<'t>, Node<'t>)> {
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
pub fn call<'t>(node: &Node<'t>) -> Option<(String, Vec<Node<'t>>)> {
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
