//! Functions as tokens, with the names that a copy would change left out.

use crate::checklist::lang::{Lang, Node, Tree};

/// Fewer tokens say too little to be called a copy.
pub const MIN_TOKENS: usize = 30;
/// Fewer lines are not worth a function that is shared.
pub const MIN_LINES: u32 = 5;
/// More are not compared.
const MAX_TOKENS: usize = 4000;

/// Functions deeper in functions without a name are left out.
const MAX_NESTED: usize = 8;

/// A function.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its name; empty where it has none.
    pub name: String,
    /// Its first and last line, from 1.
    pub lines: (u32, u32),
    /// Its tokens as numbers: names of its own are all the same one.
    pub tokens: Vec<u32>,
    /// Runs of three tokens, sorted, each once.
    pub grams: Vec<u32>,
    /// The names that it uses of others, sorted.
    pub names: Vec<u32>,
    /// Its literals, sorted.
    pub texts: Vec<u32>,
    /// All of its tokens as they are written, its own name aside.
    pub exact: u32,
    /// Whether it waits.
    pub waits: bool,
}

/// The functions of a file that are long enough to be compared.
pub fn functions(tree: &Tree, lang: Lang) -> Vec<Function> {
    let mut found = Vec::new();
    let mut left = vec![(tree.root(), 0)];
    while let Some((node, depth)) = left.pop() {
        if lang == Lang::Rust && is_test(&node) {
            continue;
        }
        let mut inner = depth;
        if is_function(&node, lang) {
            inner += 1;
            let own = name_of(&node);
            found.extend(function(&node, own.as_ref()));
            // What a named function has inside is its own affair.
            if own.is_some() {
                continue;
            }
        }
        if inner <= MAX_NESTED {
            let named = node.children().filter(|child| child.is_named());
            left.extend(named.map(|child| (child, inner)));
        }
    }
    found.sort_by_key(|function: &Function| function.lines);
    found
}

fn is_function(node: &Node<'_>, lang: Lang) -> bool {
    let kind = node.kind();
    match lang {
        Lang::Python => kind == "function_definition",
        Lang::Go => matches!(&*kind, "function_declaration" | "method_declaration"),
        Lang::Java => matches!(&*kind, "method_declaration" | "constructor_declaration"),
        Lang::CSharp => matches!(
            &*kind,
            "method_declaration" | "constructor_declaration" | "local_function_statement"
        ),
        Lang::Ruby => matches!(&*kind, "method" | "singleton_method"),
        Lang::Php => matches!(&*kind, "function_definition" | "method_declaration"),
        Lang::Rust => kind == "function_item",
        Lang::JavaScript | Lang::TypeScript | Lang::Tsx => matches!(
            &*kind,
            "function_declaration"
                | "generator_function_declaration"
                | "method_definition"
                | "arrow_function"
                | "function_expression"
        ),
        _ => false,
    }
}

/// A test, or a module of them, by the attribute before it.
fn is_test(node: &Node<'_>) -> bool {
    matches!(&*node.kind(), "function_item" | "mod_item")
        && node
            .prev_all()
            .take_while(|before| {
                before.kind().contains("attribute") || before.kind().contains("comment")
            })
            .any(|before| before.kind().contains("attribute") && before.text().contains("test"))
}

/// The name of a function, or of what it is given to.
fn name_of<'t>(node: &Node<'t>) -> Option<Node<'t>> {
    node.field("name").or_else(|| {
        let holder = node.parent()?;
        holder.field("name").or_else(|| holder.field("key"))
    })
}

fn function(node: &Node<'_>, own: Option<&Node<'_>>) -> Option<Function> {
    let (first, last) = (node.start_pos().line(), node.end_pos().line());
    let lines = (u32::try_from(first).ok()? + 1, u32::try_from(last).ok()? + 1);
    if lines.1 - lines.0 + 1 < MIN_LINES {
        return None;
    }
    let leaves = leaves(node, own.map(|name| name.range()))?;
    let mut tokens = Vec::with_capacity(leaves.len());
    let (mut names, mut texts) = (Vec::new(), Vec::new());
    for (at, (kind, text)) in leaves.iter().enumerate() {
        let after = leaves.get(at + 1).is_some_and(|(_, next)| next == "(");
        let before = at > 0 && matches!(&*leaves[at - 1].1, "." | "->" | "::" | "?." | "&.");
        let token = match kind {
            Leaf::Word if after || before || text.starts_with(|c: char| c.is_uppercase()) => {
                names.push(hash(text.as_bytes()));
                hash(text.as_bytes())
            }
            Leaf::Type => {
                names.push(hash(text.as_bytes()));
                hash(text.as_bytes())
            }
            Leaf::Word => hash(b"i"),
            Leaf::Text | Leaf::Number => {
                texts.push(hash(text.as_bytes()));
                hash(b"0")
            }
            Leaf::Sign => hash(text.as_bytes()),
        };
        tokens.push(token);
    }
    if tokens.len() < MIN_TOKENS {
        return None;
    }
    names.sort_unstable();
    texts.sort_unstable();
    let whole: Vec<&str> = leaves.iter().map(|(_, text)| text.as_str()).collect();
    Some(Function {
        name: own.map(|name| name.text().into_owned()).unwrap_or_default(),
        lines,
        grams: grams(&tokens),
        tokens,
        names,
        texts,
        exact: hash(whole.join(" ").as_bytes()),
        waits: leaves.iter().any(|(_, text)| text == "await"),
    })
}

/// What a leaf of the tree is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leaf {
    Word,
    Type,
    Text,
    Number,
    Sign,
}

/// The tokens of a function without comments, documentation and brackets of blocks.
fn leaves(node: &Node<'_>, own: Option<std::ops::Range<usize>>) -> Option<Vec<(Leaf, String)>> {
    let mut found = Vec::new();
    let mut left = vec![node.clone()];
    while let Some(node) = left.pop() {
        let kind = node.kind();
        if kind.contains("comment") || is_documentation(&node) {
            continue;
        }
        if is_text(&kind) {
            found.push((Leaf::Text, node.text().into_owned()));
        } else if node.is_leaf() {
            let text = node.text();
            let text = text.trim();
            if own == Some(node.range()) {
                found.push((Leaf::Word, "i".to_owned()));
            } else if let Some(leaf) = leaf(&node, text) {
                found.push((leaf, text.to_owned()));
            }
        } else {
            let children: Vec<Node<'_>> = node.children().collect();
            left.extend(children.into_iter().rev());
        }
        if found.len() > MAX_TOKENS {
            return None;
        }
    }
    Some(found)
}

fn leaf(node: &Node<'_>, text: &str) -> Option<Leaf> {
    let kind = node.kind();
    let first = text.chars().next()?;
    if matches!(text, "{" | "}" | ";" | "end") {
        return None;
    }
    if first.is_ascii_digit() {
        return Some(Leaf::Number);
    }
    if !node.is_named() || !(first.is_alphabetic() || matches!(first, '_' | '$' | '@')) {
        return Some(Leaf::Sign);
    }
    let own_kind = matches!(
        &*kind,
        "type_identifier"
            | "predefined_type"
            | "primitive_type"
            | "integral_type"
            | "simple_symbol"
            | "hash_key_symbol"
    );
    Some(if own_kind { Leaf::Type } else { Leaf::Word })
}

fn is_text(kind: &str) -> bool {
    matches!(
        kind,
        "string"
            | "string_literal"
            | "raw_string_literal"
            | "interpreted_string_literal"
            | "template_string"
            | "char_literal"
            | "character_literal"
            | "rune_literal"
            | "encapsed_string"
            | "concatenated_string"
            | "verbatim_string_literal"
            | "interpolated_string_expression"
            | "heredoc_beginning"
            | "heredoc_body"
            | "heredoc"
            | "regex"
            | "text_block"
    )
}

/// A string that stands for itself, as Python's documentation does.
fn is_documentation(node: &Node<'_>) -> bool {
    node.kind() == "expression_statement"
        && node.children().len() == 1
        && node.child(0).is_some_and(|child| child.kind() == "string")
}

/// Runs of three tokens.
fn grams(tokens: &[u32]) -> Vec<u32> {
    let mix = |run: &[u32]| {
        let bytes: Vec<u8> = run.iter().flat_map(|token| token.to_le_bytes()).collect();
        hash(&bytes)
    };
    let mut grams: Vec<u32> = tokens.windows(3).map(mix).collect();
    grams.sort_unstable();
    grams.dedup();
    grams
}

/// FNV-1a, folded and mixed: the least of them are a fair sample.
fn hash(bytes: &[u8]) -> u32 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in bytes {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    (hash ^ (hash >> 32)) as u32
}
