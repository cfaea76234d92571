//! Branches that are decided by what stands in the code: what is given a value in a branch that
//! never runs does not count, and what stood before one that always runs neither.

use super::Flow;
use super::names::Def;
use super::syntax::Role;
use crate::checklist::lang::Node;

/// A value that stands in the code.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fixed {
    Number(i64),
    Text(String),
    Truth(bool),
}

/// Whether a branch runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Runs {
    Never,
    Perhaps,
    Always,
}

const MAX_DEPTH: u32 = 12;

/// Statements and expressions that choose one of several arms by a value.
const SWITCHES: &[&str] = &[
    "switch_statement",
    "switch_expression",
    "match_statement",
    "match_expression",
    "expression_switch_statement",
    "case",
];

impl<'t> Flow<'t> {
    /// Of the definitions that may reach a place those in branches that may run.
    pub(super) fn alive<'d>(&self, defs: Vec<&'d Def<'t>>) -> Vec<&'d Def<'t>> {
        if defs.len() < 2 {
            return defs;
        }
        let mut alive: Vec<&Def<'t>> = Vec::new();
        for def in defs {
            let runs = match &def.value {
                Some(value) if def.is_in_branch() => self.runs(value),
                _ => Runs::Perhaps,
            };
            match runs {
                Runs::Never => continue,
                Runs::Always if !def.adds => alive.clear(),
                _ => {}
            }
            alive.push(def);
        }
        alive
    }

    /// Of `a ? b : c` the one that is meant, where that can be read in the code.
    pub(super) fn chosen(&self, node: &Node<'t>) -> Option<Node<'t>> {
        let parts: Vec<Node<'t>> = node.named_children().take(4).collect();
        let [first, second, third] = parts.as_slice() else { return None };
        // Python says `b if a else c`.
        let python = node.field("condition").is_none();
        let (condition, yes) = if python { (second, first) } else { (first, second) };
        match self.fixed(condition, 0)? {
            Fixed::Truth(true) => Some(yes.clone()),
            Fixed::Truth(false) => Some(third.clone()),
            _ => None,
        }
    }

    /// Whether the branches around a node run, up to the function around it.
    fn runs(&self, node: &Node<'t>) -> Runs {
        let mut child = node.clone();
        let mut runs = Runs::Always;
        for parent in node.ancestors().take(40) {
            let kind = parent.kind();
            if self.syntax.role(&kind) == Role::Function || self.syntax.functions.contains(&&*kind)
            {
                break;
            }
            let here = if SWITCHES.contains(&&*kind) {
                self.case(&parent, node)
            } else if let Some(condition) = parent.field("condition") {
                self.arm(&parent, &condition, &child)
            } else if self.syntax.conditionals.contains(&&*kind) && !is_arm(&kind) {
                Runs::Perhaps
            } else {
                Runs::Always
            };
            match here {
                Runs::Never => return Runs::Never,
                Runs::Perhaps => runs = Runs::Perhaps,
                Runs::Always => {}
            }
            child = parent;
        }
        runs
    }

    /// Of `if condition { a } else { b }` the part that `child` is.
    fn arm(&self, parent: &Node<'t>, condition: &Node<'t>, child: &Node<'t>) -> Runs {
        let is = |name: &str| parent.field_children(name).any(|f| f.node_id() == child.node_id());
        let otherwise = is("alternative");
        if !otherwise && !is("consequence") && !is("body") {
            return Runs::Always;
        }
        match self.fixed(condition, 0) {
            Some(Fixed::Truth(holds)) if holds == otherwise => Runs::Never,
            Some(Fixed::Truth(_)) => Runs::Always,
            _ => Runs::Perhaps,
        }
    }

    /// Of a switch over a value that is known the arm that a node stands in.
    fn case(&self, switch: &Node<'t>, node: &Node<'t>) -> Runs {
        let subject = ["value", "subject", "condition"].iter().find_map(|name| switch.field(name));
        let Some(wanted) = subject.and_then(|subject| self.fixed(&subject, 0)) else {
            return Runs::Perhaps;
        };
        let inside = |arm: &Node<'t>| {
            arm.range().start <= node.range().start && node.range().end <= arm.range().end
        };
        let arms: Vec<Node<'t>> = arms_of(switch);
        let Some(own) = arms.iter().find(|arm| inside(arm)) else {
            return Runs::Perhaps;
        };
        let chosen = arms.iter().find(|arm| self.labels(arm).contains(&wanted));
        match chosen {
            Some(chosen) if chosen.node_id() == own.node_id() => Runs::Always,
            // An arm that is left at its end does not run into the next one.
            Some(chosen) if leaves(chosen) => Runs::Never,
            Some(_) => Runs::Perhaps,
            None if self.labels(own).is_empty() => Runs::Always,
            None => Runs::Never,
        }
    }

    /// The values by which an arm is chosen.
    fn labels(&self, arm: &Node<'t>) -> Vec<Fixed> {
        let mut labels = Vec::new();
        let mut left: Vec<Node<'t>> = arm.children().filter(Node::is_named).take(12).collect();
        let mut steps = 0;
        while let Some(node) = left.pop() {
            steps += 1;
            let kind = node.kind();
            let label = ["label", "pattern", "literal"].iter().any(|part| kind.contains(part))
                || steps < 12 && node.parent().is_some_and(|p| is_label(&p, &node));
            if steps > 60 || !label {
                continue;
            }
            match self.fixed(&node, 0) {
                Some(fixed) => labels.push(fixed),
                None => left.extend(node.children().filter(Node::is_named)),
            }
        }
        labels
    }

    /// What an expression is, where that can be read in the code.
    fn fixed(&self, node: &Node<'t>, depth: u32) -> Option<Fixed> {
        if depth > MAX_DEPTH {
            return None;
        }
        let kind = node.kind();
        match self.syntax.role(&kind) {
            _ if kind.contains("char") => Some(Fixed::Text(self.syntax.unquoted(&node.text()))),
            Role::Constant => match &*node.text() {
                "true" | "True" => Some(Fixed::Truth(true)),
                "false" | "False" => Some(Fixed::Truth(false)),
                text => text.parse().ok().map(Fixed::Number),
            },
            Role::Text => {
                let plain = node.children().filter(Node::is_named).all(|part| {
                    let kind = part.kind();
                    kind.contains("content")
                        || kind.contains("start")
                        || kind.contains("end")
                        || kind.contains("fragment")
                });
                plain.then(|| Fixed::Text(self.syntax.unquoted(&node.text())))
            }
            Role::Name => {
                let defs = self.names.reaching(&node.text(), node.range().start);
                match defs.as_slice() {
                    [def] if !def.adds => self.fixed(def.value.as_ref()?, depth + 1),
                    _ => None,
                }
            }
            Role::Index => self.character(node, depth),
            Role::Call => self.character_call(node, depth),
            Role::Binary => self.operation(node, depth),
            _ => {
                let mut parts = node.named_children();
                let only = parts.next()?;
                let negated =
                    node.text().starts_with(['!', '-']) || node.text().starts_with("not ");
                (parts.next().is_none() && !negated).then(|| self.fixed(&only, depth + 1))?
            }
        }
    }

    /// `text[1]`.
    fn character(&self, node: &Node<'t>, depth: u32) -> Option<Fixed> {
        let mut parts = node.named_children();
        let (of, at) = (parts.next()?, parts.next()?);
        nth(self.fixed(&of, depth + 1)?, self.fixed(&at, depth + 1)?)
    }

    /// `text.charAt(1)`.
    fn character_call(&self, node: &Node<'t>, depth: u32) -> Option<Fixed> {
        let path = self.syntax.path(node);
        if path.last()? != "charAt" {
            return None;
        }
        let of = node.field("object").or_else(|| node.field("function")?.field("object"))?;
        let at = node.field("arguments")?.named_children().next()?;
        nth(self.fixed(&of, depth + 1)?, self.fixed(&at, depth + 1)?)
    }

    fn operation(&self, node: &Node<'t>, depth: u32) -> Option<Fixed> {
        let mut sides = node.named_children();
        let (left, right) = (sides.next()?, sides.next()?);
        let operator = node.field("operator").map(|operator| operator.text().into_owned());
        let operator = operator.or_else(|| super::texts::middle(node))?;
        let (left, right) = (self.fixed(&left, depth + 1)?, self.fixed(&right, depth + 1)?);
        match (left, right) {
            (Fixed::Number(a), Fixed::Number(b)) => arithmetic(&operator, a, b),
            (Fixed::Text(a), Fixed::Text(b)) => match operator.as_str() {
                "==" | "===" => Some(Fixed::Truth(a == b)),
                "!=" | "!==" => Some(Fixed::Truth(a != b)),
                "in" => Some(Fixed::Truth(b.contains(&a))),
                "not in" | "not" => Some(Fixed::Truth(!b.contains(&a))),
                _ => None,
            },
            _ => None,
        }
    }
}

fn arithmetic(operator: &str, a: i64, b: i64) -> Option<Fixed> {
    let number = match operator {
        "+" => a.checked_add(b),
        "-" => a.checked_sub(b),
        "*" => a.checked_mul(b),
        "/" | "//" => a.checked_div(b),
        "%" => a.checked_rem(b),
        _ => None,
    };
    let truth = match operator {
        "<" => a < b,
        "<=" => a <= b,
        ">" => a > b,
        ">=" => a >= b,
        "==" | "===" => a == b,
        "!=" | "!==" => a != b,
        _ => return number.map(Fixed::Number),
    };
    Some(Fixed::Truth(truth))
}

fn nth(of: Fixed, at: Fixed) -> Option<Fixed> {
    match (of, at) {
        (Fixed::Text(text), Fixed::Number(at)) => {
            let at = usize::try_from(at).ok()?;
            text.chars().nth(at).map(|c| Fixed::Text(c.to_string()))
        }
        _ => None,
    }
}

/// Whether a node is an arm of a switch: the switch itself decides.
fn is_arm(kind: &str) -> bool {
    kind.contains("case") || kind.contains("switch") || kind.contains("else")
}

/// `case value:` where the value has no node of its own around it.
fn is_label(arm: &Node<'_>, node: &Node<'_>) -> bool {
    ["value", "pattern", "label"]
        .iter()
        .any(|name| arm.field_children(name).any(|field| field.node_id() == node.node_id()))
}

fn arms_of<'t>(switch: &Node<'t>) -> Vec<Node<'t>> {
    let wanted = |node: &Node<'t>| {
        let kind = node.kind();
        (kind.contains("case")
            || kind.contains("group")
            || kind.contains("default")
            || kind.contains("section")
            || kind.contains("rule")
            || kind == "when"
            || kind == "else")
            && !kind.contains("label")
    };
    let mut arms: Vec<Node<'t>> = switch.children().filter(wanted).take(200).collect();
    for body in switch.children().filter(Node::is_named) {
        arms.extend(body.children().filter(wanted).take(200));
    }
    arms
}

/// Whether an arm ends by leaving the switch; in some languages every arm does.
fn leaves(arm: &Node<'_>) -> bool {
    let kind = arm.kind();
    let alone = kind == "case_clause" || kind == "when" || kind == "expression_case";
    alone || ["break", "return", "throw", "->"].iter().any(|word| arm.text().contains(word))
}
