//! What each language's grammar calls the nodes that matter.

use crate::checklist::lang::{Lang, Node};

/// What a node is for a value. Nodes that are in no list are made of their parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A number, a truth value, nothing.
    Constant,
    /// A string, with or without parts in it.
    Text,
    /// A name.
    Name,
    /// A field of an object.
    Member,
    /// An element of a container.
    Index,
    /// A call, or the making of an object.
    Call,
    /// Two values and an operator.
    Binary,
    /// One of two values.
    Choice,
    /// A Rust macro: its arguments are bare tokens.
    Macro,
    /// A function as a value.
    Function,
    /// No part of a value: a type, a comment.
    Skip,
    /// Anything else.
    Parts,
}

/// The kinds of one language, by what they are.
pub struct Syntax {
    constants: &'static [&'static str],
    texts: &'static [&'static str],
    /// Nodes in a text that hold an expression.
    interpolations: &'static [&'static str],
    /// Expressions that stand in a text as they are.
    bare: &'static [&'static str],
    names: &'static [&'static str],
    members: &'static [&'static str],
    indexes: &'static [&'static str],
    calls: &'static [&'static str],
    binaries: &'static [&'static str],
    choices: &'static [&'static str],
    macros: &'static [&'static str],
    /// Functions: the scopes of names.
    pub functions: &'static [&'static str],
    /// Parameters, one node each.
    pub parameters: &'static [&'static str],
    /// Definitions: kind, field of what is defined, field of the value. Without a field name the
    /// value is the last child.
    pub definitions: &'static [(&'static str, &'static str, &'static str)],
    /// Of these the ones that add to what was there.
    pub additions: &'static [&'static str],
    /// What may or may not run: a definition in it does not end what was there before.
    pub conditionals: &'static [&'static str],
    skips: &'static [&'static str],
}

/// Containers whose keys stand in the code.
pub const KEYED: &[&str] =
    &["dictionary", "object", "hash", "composite_literal", "array_creation_expression"];

const NONE: &[&str] = &[];

static PYTHON: Syntax = Syntax {
    constants: &["integer", "float", "true", "false", "none", "ellipsis"],
    texts: &["string", "concatenated_string"],
    interpolations: &["interpolation"],
    bare: NONE,
    names: &["identifier"],
    members: &["attribute"],
    indexes: &["subscript"],
    calls: &["call"],
    binaries: &["binary_operator", "comparison_operator", "boolean_operator"],
    choices: &["conditional_expression"],
    macros: NONE,
    functions: &["function_definition", "lambda"],
    parameters: &[
        "parameters",
        "lambda_parameters",
        "typed_parameter",
        "default_parameter",
        "typed_default_parameter",
        "list_splat_pattern",
        "dictionary_splat_pattern",
    ],
    definitions: &[
        ("assignment", "left", "right"),
        ("augmented_assignment", "left", "right"),
        ("named_expression", "name", "value"),
        ("for_statement", "left", "right"),
        ("for_in_clause", "left", "right"),
        ("as_pattern", "alias", ""),
    ],
    additions: &["augmented_assignment"],
    conditionals: &[
        "if_statement",
        "elif_clause",
        "else_clause",
        "for_statement",
        "while_statement",
        "try_statement",
        "except_clause",
        "match_statement",
        "case_clause",
    ],
    skips: &["type", "comment", "keyword_separator"],
};

static JAVASCRIPT: Syntax = Syntax {
    constants: &["number", "true", "false", "null", "undefined", "regex", "this", "super"],
    texts: &["string", "template_string"],
    interpolations: &["template_substitution"],
    bare: NONE,
    names: &["identifier", "shorthand_property_identifier"],
    members: &["member_expression"],
    indexes: &["subscript_expression"],
    calls: &["call_expression", "new_expression"],
    binaries: &["binary_expression"],
    choices: &["ternary_expression"],
    macros: NONE,
    functions: &[
        "function_declaration",
        "function_expression",
        "arrow_function",
        "method_definition",
        "generator_function",
        "generator_function_declaration",
        "function",
    ],
    parameters: &["formal_parameters", "required_parameter", "optional_parameter"],
    definitions: &[
        ("variable_declarator", "name", "value"),
        ("assignment_expression", "left", "right"),
        ("augmented_assignment_expression", "left", "right"),
        ("for_in_statement", "left", "right"),
    ],
    additions: &["augmented_assignment_expression"],
    conditionals: &[
        "if_statement",
        "else_clause",
        "for_statement",
        "for_in_statement",
        "while_statement",
        "do_statement",
        "try_statement",
        "catch_clause",
        "switch_case",
        "switch_default",
    ],
    skips: &["type_annotation", "type_arguments", "comment", "predefined_type"],
};

static GO: Syntax = Syntax {
    constants: &["int_literal", "float_literal", "rune_literal", "true", "false", "nil", "iota"],
    texts: &["interpreted_string_literal", "raw_string_literal"],
    interpolations: NONE,
    bare: NONE,
    names: &["identifier"],
    members: &["selector_expression"],
    indexes: &["index_expression"],
    calls: &["call_expression"],
    binaries: &["binary_expression"],
    choices: NONE,
    macros: NONE,
    functions: &["function_declaration", "method_declaration", "func_literal"],
    parameters: &["parameter_declaration", "variadic_parameter_declaration"],
    definitions: &[
        ("short_var_declaration", "left", "right"),
        ("assignment_statement", "left", "right"),
        ("var_spec", "name", "value"),
        ("const_spec", "name", "value"),
        ("range_clause", "left", "right"),
    ],
    additions: NONE,
    conditionals: &[
        "if_statement",
        "for_statement",
        "expression_case",
        "default_case",
        "type_case",
        "communication_case",
        "select_statement",
    ],
    skips: &[
        "type_identifier",
        "comment",
        "qualified_type",
        "pointer_type",
        "slice_type",
        "map_type",
    ],
};

static JAVA: Syntax = Syntax {
    constants: &[
        "decimal_integer_literal",
        "hex_integer_literal",
        "decimal_floating_point_literal",
        "true",
        "false",
        "null_literal",
        "character_literal",
        "class_literal",
        "this",
        "super",
    ],
    texts: &["string_literal"],
    interpolations: NONE,
    bare: NONE,
    names: &["identifier"],
    members: &["field_access"],
    indexes: &["array_access"],
    calls: &["method_invocation", "object_creation_expression"],
    binaries: &["binary_expression", "instanceof_expression"],
    choices: &["ternary_expression"],
    macros: NONE,
    functions: &["method_declaration", "constructor_declaration", "lambda_expression"],
    parameters: &["formal_parameter", "spread_parameter", "inferred_parameters"],
    definitions: &[
        ("variable_declarator", "name", "value"),
        ("assignment_expression", "left", "right"),
        ("enhanced_for_statement", "name", "value"),
        ("resource", "name", "value"),
    ],
    additions: NONE,
    conditionals: &[
        "if_statement",
        "for_statement",
        "enhanced_for_statement",
        "while_statement",
        "do_statement",
        "catch_clause",
        "switch_block_statement_group",
        "switch_rule",
    ],
    skips: &[
        "type_identifier",
        "generic_type",
        "scoped_type_identifier",
        "array_type",
        "integral_type",
        "line_comment",
        "block_comment",
        "modifiers",
        "type_arguments",
        "dimensions",
    ],
};

static CSHARP: Syntax = Syntax {
    constants: &[
        "integer_literal",
        "real_literal",
        "boolean_literal",
        "null_literal",
        "character_literal",
        "this_expression",
        "base_expression",
        "typeof_expression",
        "default_expression",
    ],
    texts: &[
        "string_literal",
        "verbatim_string_literal",
        "raw_string_literal",
        "interpolated_string_expression",
    ],
    interpolations: &["interpolation"],
    bare: NONE,
    names: &["identifier"],
    members: &["member_access_expression", "conditional_access_expression"],
    indexes: &["element_access_expression"],
    calls: &[
        "invocation_expression",
        "object_creation_expression",
        "implicit_object_creation_expression",
    ],
    binaries: &["binary_expression", "is_pattern_expression"],
    choices: &["conditional_expression"],
    macros: NONE,
    functions: &[
        "method_declaration",
        "constructor_declaration",
        "local_function_statement",
        "lambda_expression",
        "anonymous_method_expression",
        "accessor_declaration",
    ],
    parameters: &["parameter"],
    definitions: &[
        ("variable_declarator", "name", ""),
        ("assignment_expression", "left", "right"),
        ("foreach_statement", "left", "right"),
        ("property_declaration", "name", "value"),
    ],
    additions: NONE,
    conditionals: &[
        "if_statement",
        "for_statement",
        "foreach_statement",
        "while_statement",
        "do_statement",
        "catch_clause",
        "switch_section",
    ],
    skips: &[
        "predefined_type",
        "generic_name",
        "nullable_type",
        "array_type",
        "qualified_name",
        "comment",
        "attribute_list",
        "type_argument_list",
        "array_rank_specifier",
    ],
};

static PHP: Syntax = Syntax {
    constants: &["integer", "float", "boolean", "null", "name", "class_constant_access_expression"],
    texts: &["string", "encapsed_string", "heredoc", "heredoc_body", "nowdoc"],
    interpolations: NONE,
    bare: &[
        "variable_name",
        "member_access_expression",
        "subscript_expression",
        "member_call_expression",
        "dynamic_variable_name",
        "function_call_expression",
    ],
    names: &["variable_name"],
    members: &["member_access_expression", "scoped_property_access_expression"],
    indexes: &["subscript_expression"],
    calls: &[
        "function_call_expression",
        "member_call_expression",
        "scoped_call_expression",
        "object_creation_expression",
        "nullsafe_member_call_expression",
    ],
    binaries: &["binary_expression"],
    choices: &["conditional_expression"],
    macros: NONE,
    functions: &[
        "function_definition",
        "method_declaration",
        "anonymous_function",
        "arrow_function",
    ],
    parameters: &["simple_parameter", "variadic_parameter", "property_promotion_parameter"],
    definitions: &[
        ("assignment_expression", "left", "right"),
        ("augmented_assignment_expression", "left", "right"),
        ("const_element", "", ""),
    ],
    additions: &["augmented_assignment_expression"],
    conditionals: &[
        "if_statement",
        "else_clause",
        "else_if_clause",
        "for_statement",
        "foreach_statement",
        "while_statement",
        "do_statement",
        "catch_clause",
        "case_statement",
        "default_statement",
    ],
    skips: &["comment", "named_type", "primitive_type", "optional_type", "attribute_list"],
};

static RUBY: Syntax = Syntax {
    constants: &[
        "integer",
        "float",
        "true",
        "false",
        "nil",
        "simple_symbol",
        "regex",
        "hash_key_symbol",
        "self",
        "character",
    ],
    texts: &[
        "string",
        "chained_string",
        "heredoc_body",
        "heredoc_beginning",
        "subshell",
        "delimited_symbol",
        "string_array",
    ],
    interpolations: &["interpolation"],
    bare: NONE,
    names: &["identifier", "constant", "instance_variable", "global_variable", "class_variable"],
    members: NONE,
    indexes: &["element_reference"],
    calls: &["call"],
    binaries: &["binary"],
    choices: &["conditional"],
    macros: NONE,
    functions: &["method", "singleton_method", "lambda", "block", "do_block"],
    parameters: &[
        "method_parameters",
        "block_parameters",
        "lambda_parameters",
        "optional_parameter",
        "keyword_parameter",
        "splat_parameter",
        "hash_splat_parameter",
    ],
    definitions: &[
        ("assignment", "left", "right"),
        ("operator_assignment", "left", "right"),
        ("for", "pattern", "value"),
    ],
    additions: &["operator_assignment"],
    conditionals: &[
        "if",
        "unless",
        "elsif",
        "else",
        "while",
        "until",
        "for",
        "case",
        "when",
        "rescue",
        "if_modifier",
        "unless_modifier",
        "block",
        "do_block",
    ],
    skips: &["comment"],
};

static RUST: Syntax = Syntax {
    constants: &[
        "integer_literal",
        "float_literal",
        "boolean_literal",
        "char_literal",
        "self",
        "unit_expression",
    ],
    texts: &["string_literal", "raw_string_literal"],
    interpolations: NONE,
    bare: NONE,
    names: &["identifier"],
    members: &["field_expression"],
    indexes: &["index_expression"],
    calls: &["call_expression"],
    binaries: &["binary_expression"],
    choices: &["if_expression"],
    macros: &["macro_invocation"],
    functions: &["function_item", "closure_expression"],
    parameters: &["parameter"],
    definitions: &[
        ("let_declaration", "pattern", "value"),
        ("assignment_expression", "left", "right"),
        ("compound_assignment_expr", "left", "right"),
        ("for_expression", "pattern", "value"),
        ("const_item", "name", "value"),
        ("static_item", "name", "value"),
        ("let_condition", "pattern", "value"),
    ],
    additions: &["compound_assignment_expr"],
    conditionals: &[
        "if_expression",
        "else_clause",
        "for_expression",
        "while_expression",
        "loop_expression",
        "match_arm",
    ],
    skips: &[
        "type_identifier",
        "generic_type",
        "line_comment",
        "block_comment",
        "type_arguments",
        "reference_type",
        "primitive_type",
    ],
};

/// The table of a language.
pub fn of(lang: Lang) -> Option<&'static Syntax> {
    Some(match lang {
        Lang::Python => &PYTHON,
        Lang::JavaScript | Lang::TypeScript | Lang::Tsx => &JAVASCRIPT,
        Lang::Go => &GO,
        Lang::Java => &JAVA,
        Lang::CSharp => &CSHARP,
        Lang::Php => &PHP,
        Lang::Ruby => &RUBY,
        Lang::Rust => &RUST,
        _ => return None,
    })
}

impl Syntax {
    /// What a node of this kind is for a value.
    pub fn role(&self, kind: &str) -> Role {
        let roles = [
            (self.names, Role::Name),
            (self.texts, Role::Text),
            (self.constants, Role::Constant),
            (self.members, Role::Member),
            (self.indexes, Role::Index),
            (self.calls, Role::Call),
            (self.binaries, Role::Binary),
            (self.choices, Role::Choice),
            (self.macros, Role::Macro),
            (self.functions, Role::Function),
            (self.skips, Role::Skip),
        ];
        roles.iter().find(|(kinds, _)| kinds.contains(&kind)).map_or(Role::Parts, |(_, role)| *role)
    }

    /// Whether a node of this kind in a text holds an expression.
    pub fn is_interpolation(&self, kind: &str) -> bool {
        self.interpolations.contains(&kind)
    }

    /// Whether a node of this kind stands in a text as it is.
    pub fn is_bare_part(&self, kind: &str) -> bool {
        self.bare.contains(&kind)
    }

    /// A text without its quotes and prefixes.
    pub fn unquoted(&self, text: &str) -> String {
        let start = text.find(['"', '\'', '`']).unwrap_or(0);
        let prefix = text[..start].chars().all(|c| c.is_ascii_alphanumeric() || "$@#%".contains(c));
        let text = if prefix { &text[start..] } else { text };
        text.trim_matches(['"', '\'', '`']).to_owned()
    }

    /// The names along a chain of members, elements and calls: `request.args.get("x")` is
    /// `request`, `args`, `get`.
    pub fn path(&self, node: &Node<'_>) -> Vec<String> {
        let mut path = Vec::new();
        let mut left = Some(node.clone());
        for _ in 0..32 {
            let Some(node) = left else { break };
            let kind = node.kind();
            let own = |name: &str| node.field(name).map(|field| field.text().into_owned());
            match self.role(&kind) {
                Role::Call => {
                    // Ruby, PHP and Java have the name beside the object, the others a function.
                    let name = own("method").or_else(|| own("name"));
                    match (name, object(&node)) {
                        (Some(name), object) => {
                            path.push(name);
                            left = object;
                        }
                        (None, _) => {
                            let function =
                                node.field("function").or_else(|| node.field("constructor"));
                            let made = || node.field("type");
                            left = function.or_else(made).or_else(|| node.named_children().next());
                            // `new Type()`: a type's name is no path below it.
                            if left.as_ref().is_some_and(|n| self.role(&n.kind()) == Role::Skip) {
                                path.extend(left.take().map(|n| n.text().into_owned()));
                            }
                        }
                    }
                }
                Role::Member => {
                    let field = ["attribute", "property", "field", "name"];
                    path.extend(field.iter().find_map(|name| own(name)));
                    left = object(&node).or_else(|| node.named_children().next());
                }
                Role::Index => left = object(&node).or_else(|| node.named_children().next()),
                Role::Name => {
                    path.push(node.text().trim_start_matches(['@']).to_owned());
                    left = None;
                }
                _ if node.named_children().count() == 1 => left = node.named_children().next(),
                _ => {
                    let text = node.text();
                    // `pkg::name`, `Type`, `this`
                    if text.len() < 80 && !text.contains(['(', '"', '\n']) {
                        path.extend(text.rsplit("::").map(str::to_owned));
                    }
                    left = None;
                }
            }
        }
        path.reverse();
        path
    }
}

/// What a member or call is taken from.
fn object<'t>(node: &Node<'t>) -> Option<Node<'t>> {
    let names =
        ["object", "receiver", "operand", "expression", "value", "scope", "array", "argument"];
    names.iter().find_map(|name| node.field(name))
}
