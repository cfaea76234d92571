//! Calls in a syntax tree, read the same way in Ruby, Python and JavaScript.

use super::super::super::lang::Node;

/// A call with its arguments.
pub struct Call<'t> {
    /// The whole of it.
    pub node: Node<'t>,
    /// What it is called on, as written; empty for a plain function.
    pub receiver: String,
    /// The function's name.
    pub name: String,
    /// Arguments by place.
    pub args: Vec<Node<'t>>,
    /// Arguments by name; the members of an object given last in JavaScript.
    pub named: Vec<(String, Node<'t>)>,
}

impl<'t> Call<'t> {
    /// Reads a node as a call.
    pub fn of(node: &Node<'t>) -> Option<Self> {
        let kind = node.kind();
        let (receiver, name) = match &*kind {
            "call" if node.field("method").is_some() => {
                (node.field("receiver"), node.field("method")?)
            }
            "call" | "call_expression" => {
                let function = node.field("function")?;
                match function.field("attribute").or_else(|| function.field("property")) {
                    Some(name) => (function.field("object"), name),
                    None => (None, function),
                }
            }
            "identifier" => (None, node.clone()),
            _ => return None,
        };
        let mut call = Self {
            node: node.clone(),
            receiver: receiver.map(receiver_text).unwrap_or_default(),
            name: name.text().into_owned(),
            args: Vec::new(),
            named: Vec::new(),
        };
        let arguments = node.field("arguments");
        for arg in arguments.iter().flat_map(|list| list.named_children()) {
            match &*arg.kind() {
                "pair" | "keyword_argument" => call.named.extend(pair(&arg)),
                "object" | "hash" => {
                    call.named.extend(arg.named_children().filter_map(|m| pair(&m)))
                }
                "comment" => {}
                _ => call.args.push(arg),
            }
        }
        Some(call)
    }

    /// The argument of this name.
    pub fn get(&self, name: &str) -> Option<&Node<'t>> {
        self.named.iter().find(|(known, _)| known == name).map(|(_, node)| node)
    }

    /// The text of the argument of this name, without quotes.
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(plain)
    }

    /// Whether an argument of this name has this text.
    pub fn is(&self, name: &str, text: &str) -> bool {
        self.text(name).is_some_and(|own| own == text)
    }

    /// The text of an argument by its place, without quotes.
    pub fn arg(&self, at: usize) -> String {
        self.args.get(at).map(plain).unwrap_or_default()
    }
}

/// Deeper code is none that a person or an agent wrote, and dear to walk.
const DEEPEST: usize = 150;

/// The nodes of a kind, in order, but for those in endless nesting.
pub fn shallow<'t>(root: &Node<'t>, kind: &str) -> Vec<Node<'t>> {
    let mut found = Vec::new();
    let mut left = vec![(root.clone(), 0)];
    while let Some((node, depth)) = left.pop() {
        if node.kind() == kind {
            found.push(node.clone());
        }
        if depth < DEEPEST {
            let children: Vec<_> = node.children().collect();
            left.extend(children.into_iter().rev().map(|child| (child, depth + 1)));
        }
    }
    found
}

/// What a call is called on; of an endless chain only that it is one.
fn receiver_text(node: Node<'_>) -> String {
    if node.range().len() > 8192 { "...".to_owned() } else { node.text().into_owned() }
}

fn pair<'t>(node: &Node<'t>) -> Option<(String, Node<'t>)> {
    let key = node.field("key").or_else(|| node.field("name"))?;
    Some((plain(&key), node.field("value")?))
}

/// A literal's text without its quotes or colon; other code as it is written.
pub fn plain(node: &Node<'_>) -> String {
    let text = node.text();
    let text = text.trim_start_matches(':').trim_end_matches(':');
    let text = text
        .trim_start_matches(['r', 'b', 'u', 'f'])
        .strip_prefix(['"', '\'', '`'])
        .map_or(text, |inner| inner.trim_start_matches('"').trim_end_matches(['"', '\'', '`']));
    text.to_owned()
}
