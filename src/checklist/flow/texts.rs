//! Texts: what stands in them, what they are put together from.

use super::syntax::{Role, Syntax};
use super::{Clean, Flow, Level, MAX_DEPTH, Origin, root, sql};
use crate::checklist::lang::{Lang, Node};

const COMPARISONS: &[&str] = &[
    "==",
    "!=",
    "===",
    "!==",
    "<",
    ">",
    "<=",
    ">=",
    "in",
    "not in",
    "is",
    "instanceof",
    "&&",
    "and",
];

impl<'t> Flow<'t> {
    /// A string: constant, or with parts in it.
    pub(super) fn text(&self, node: &Node<'t>, depth: u32) -> Origin {
        if node.kind() == "heredoc_beginning" {
            let body = heredoc(node).map(|body| self.text(&body, depth));
            return body.unwrap_or_else(|| Origin::of(Level::Local));
        }
        let mut parts: Vec<Node<'t>> = Vec::new();
        collect(node, self.syntax, &mut parts);
        let literal = self.syntax.unquoted(&node.text());
        if parts.is_empty() {
            return Origin::constant(Some(literal));
        }
        let first = literal.starts_with(root::FILLED).then(|| {
            let first = parts.iter().min_by_key(|part| part.range().start);
            first.map_or_else(|| Origin::of(Level::Local), |part| self.at(part, depth))
        });
        let mut origin = Origin::constant(None);
        for part in parts {
            origin = origin.join(self.at(&part, depth));
        }
        origin.built |= origin.level > Level::Constant;
        origin.rooted = root::is_fixed(&literal) || first.is_some_and(|first| first.roots());
        let start = match self.lang {
            Lang::Python | Lang::CSharp => '{',
            Lang::Ruby => '#',
            _ => '$',
        };
        origin.named = sql::holes_are_names(&literal, start);
        origin.literal = Some(literal);
        origin
    }

    /// `a + b`, `a % b`, `a . b`: a text that is put together. Comparisons give no text.
    pub(super) fn binary(&self, node: &Node<'t>, depth: u32) -> Origin {
        let operator = node.field("operator").map(|op| op.text().into_owned());
        let operator = operator.or_else(|| middle(node)).unwrap_or_default();
        if COMPARISONS.contains(&operator.as_str()) {
            return Origin { clean: Clean::NUMBER, ..Origin::of(Level::Local) };
        }
        let nodes: Vec<Node<'t>> = node.named_children().collect();
        let mut sides: Vec<Origin> = nodes.iter().map(|side| self.at(side, depth)).collect();
        if let ([left, _], [known, part]) = (nodes.as_slice(), sides.as_mut_slice())
            && part.level > Level::Constant
        {
            let tail = self.tail(left, known);
            part.named |= match operator.as_str() {
                "%" => known.literal.as_deref().is_some_and(|text| sql::holes_are_names(text, '%')),
                _ => tail.is_some_and(|tail| {
                    let defines = known.literal.as_deref().is_some_and(sql::is_definition);
                    sql::names_next(&tail) || defines && !tail.ends_with('\'')
                }),
            };
        }
        let mut sides = sides.into_iter();
        let Some(first) = sides.next() else {
            return Origin::constant(None);
        };
        let rooted = first.roots();
        let mut origin = sides.fold(first, Origin::join);
        let counts = nodes.iter().any(|side| self.syntax.role(&side.kind()) == Role::Constant);
        let number = |origin: &Origin| origin.literal.is_none() && !origin.built;
        if ["-", "*", "/"].contains(&operator.as_str())
            || operator == "+" && counts && number(&origin) && origin.level < Level::Outside
        {
            origin.clean = origin.clean.or(Clean::NUMBER);
        }
        // Only where one side is known to be text is it more than arithmetic.
        let text = origin.literal.is_some() || origin.built;
        if ["+", "%", ".", ".."].contains(&operator.as_str()) && text {
            origin.built |= origin.level > Level::Constant;
        }
        origin.rooted = rooted;
        origin
    }

    /// The text that a side ends with.
    fn tail(&self, side: &Node<'t>, known: &Origin) -> Option<String> {
        let mut last = side.clone();
        for _ in 0..MAX_DEPTH {
            match self.syntax.role(&last.kind()) {
                Role::Text => return Some(self.syntax.unquoted(&last.text())),
                Role::Binary | Role::Parts => last = last.named_children().last()?,
                _ => break,
            }
        }
        known.literal.clone().filter(|_| known.level == Level::Constant)
    }
}

/// The text that a `<<~SQL` stands for: it is a sibling of what stands around it.
fn heredoc<'t>(beginning: &Node<'t>) -> Option<Node<'t>> {
    let end = beginning.range().end;
    let below = |around: Node<'t>| {
        let bodies: Vec<Node<'t>> = around.named_children().take(2_000).collect();
        bodies.into_iter().find(|body| body.kind() == "heredoc_body" && body.range().start >= end)
    };
    beginning.ancestors().take(12).find_map(below)
}

/// The parts of a text that are no text.
fn collect<'t>(node: &Node<'t>, syntax: &Syntax, parts: &mut Vec<Node<'t>>) {
    let mut left: Vec<Node<'t>> = node.named_children().collect();
    while let Some(child) = left.pop() {
        let kind = child.kind();
        if syntax.is_interpolation(&kind) {
            let held = |part: &Node<'t>| !part.kind().contains("brace");
            parts.extend(child.named_children().find(held));
        } else if syntax.role(&kind) == Role::Text {
            left.extend(child.named_children());
        } else if syntax.is_bare_part(&kind) {
            parts.push(child);
        }
    }
}

/// The operator between two sides, where the grammar has no field for it.
pub(super) fn middle(node: &Node<'_>) -> Option<String> {
    node.children().find(|child| !child.is_named()).map(|op| op.text().into_owned())
}
