//! Where names get their values: the definitions of a file, by name, scope and place.

use std::collections::HashMap;
use std::ops::Range;

use super::sources;
use super::syntax::{Role, Syntax};
use crate::checklist::lang::{Lang, Node, Tree};

/// A place where a name gets a value.
pub struct Def<'t> {
    /// Where it stands.
    at: usize,
    /// The function around it; the whole file where there is none.
    scope: Range<usize>,
    /// What may or may not run around it, inside that function.
    branch: Option<Range<usize>>,
    /// What it gets.
    pub value: Option<Node<'t>>,
    /// It keeps what it had.
    pub adds: bool,
    /// It is a parameter of its function.
    pub parameter: bool,
    /// A parameter that a framework fills from a request.
    pub outside: bool,
    /// Its type has only harmless values.
    pub number: bool,
}

impl Def<'_> {
    /// Whether what gives the value may not run.
    pub fn is_in_branch(&self) -> bool {
        self.branch.is_some()
    }
}

/// A test of a value against what is allowed.
struct Guard {
    scope: Range<usize>,
    /// Where a value that passed may be used.
    covers: Range<usize>,
}

/// The definitions of a file.
pub struct Names<'t> {
    defs: HashMap<String, Vec<Def<'t>>>,
    guards: HashMap<String, Vec<Guard>>,
    /// What was read out of a name: `url = urlparse(text)`. A test of the one tests the other.
    readings: HashMap<String, Vec<String>>,
    functions: HashMap<String, Node<'t>>,
}

/// Where the walk is.
#[derive(Clone)]
struct Place {
    scope: Range<usize>,
    branch: Option<Range<usize>>,
}

/// Methods that put their arguments into what they are called on.
const ADDING: &[&str] = &[
    "append",
    "Append",
    "AppendFormat",
    "AppendLine",
    "add",
    "Add",
    "push",
    "push_str",
    "unshift",
    "insert",
    "Insert",
    "concat",
    "put",
    "set",
    "Set",
    "extend",
    "update",
    "WriteString",
    "write",
    "addAll",
    "putAll",
    "<<",
    "setProperty",
    "append_pair",
];

impl<'t> Names<'t> {
    /// Reads the definitions of a file.
    pub fn of(tree: &'t Tree, syntax: &Syntax, lang: Lang) -> Self {
        let mut names = Self {
            defs: HashMap::new(),
            guards: HashMap::new(),
            readings: HashMap::new(),
            functions: HashMap::new(),
        };
        let root = tree.root();
        let whole = Place { scope: root.range(), branch: None };
        let mut left = vec![(root, whole)];
        while let Some((node, place)) = left.pop() {
            let kind = node.kind();
            let mut inner = place.clone();
            if syntax.functions.contains(&&*kind) {
                inner = Place { scope: node.range(), branch: None };
                if let Some(name) = node.field("name") {
                    names.functions.insert(name.text().into_owned(), node.clone());
                }
                names.parameters(&node, syntax, lang, &inner);
            } else if syntax.conditionals.contains(&&*kind) {
                inner.branch = Some(node.range());
                names.guard(&node, syntax, &place);
            }
            names.definition(&node, &kind, syntax, &place);
            left.extend(node.children().filter(Node::is_named).map(|child| (child, inner.clone())));
        }
        for defs in names.defs.values_mut() {
            defs.sort_by_key(|def| def.at);
        }
        names
    }

    /// A function of this file, by its name.
    pub fn function(&self, name: &str) -> Option<&Node<'t>> {
        self.functions.get(name)
    }

    /// The definitions that may have given this name its value at this place: back to the last
    /// one that is sure to have run, in the innermost function that has any.
    pub fn reaching(&self, name: &str, at: usize) -> Vec<&Def<'t>> {
        let Some(defs) = self.defs.get(name) else {
            return Vec::new();
        };
        let around = defs.iter().filter(|def| def.scope.contains(&at));
        let Some(innermost) = around.clone().map(|def| def.scope.len()).min() else {
            return Vec::new();
        };
        let own: Vec<&Def<'t>> = around.filter(|def| def.scope.len() == innermost).collect();
        let before: Vec<&Def<'t>> = own.iter().copied().filter(|def| def.at < at).collect();
        // Used above its only definition: a loop, or a function called later.
        let candidates = if before.is_empty() { own } else { before };
        let sure = |def: &&Def<'t>| {
            !def.adds && def.branch.as_ref().is_none_or(|branch| branch.contains(&at))
        };
        let first = candidates.iter().rposition(sure).unwrap_or(0);
        candidates[first..].to_vec()
    }

    /// Whether a value of this name at this place was compared with what is allowed.
    pub fn is_checked(&self, name: &str, at: usize) -> bool {
        let readings = self.readings.get(name).into_iter().flatten().map(String::as_str);
        let mut guards = readings.chain([name]).filter_map(|name| self.guards.get(name)).flatten();
        guards.any(|guard| guard.scope.contains(&at) && guard.covers.contains(&at))
    }

    fn add(&mut self, name: String, def: Def<'t>) {
        // A file of a machine's making must not cost more than it is worth.
        let defs = self.defs.entry(name).or_default();
        if defs.len() < 400 {
            defs.push(def);
        }
    }

    fn parameters(&mut self, function: &Node<'t>, syntax: &Syntax, lang: Lang, place: &Place) {
        let from_request = sources::handles_requests(lang, function);
        let lists = ["parameters", "parameter"].iter().filter_map(|name| function.field(name));
        let lists =
            lists.chain(function.named_children().filter(|c| c.kind().contains("parameter")));
        // What a method is called on is nobody's argument.
        let own = function.field("receiver").map(|receiver| receiver.node_id());
        let mut left: Vec<Node<'t>> = lists.collect();
        let mut seen: Vec<usize> = own.into_iter().collect();
        while let Some(node) = left.pop() {
            if seen.contains(&node.node_id()) {
                continue;
            }
            seen.push(node.node_id());
            let outside = from_request && !sources::is_carrier(&node)
                || sources::is_outside_parameter(lang, &node.text());
            if lang == Lang::Python && ["self", "cls"].contains(&&*node.text()) {
                continue;
            }
            if is_name(&node, syntax) {
                let outside = outside
                    || node.ancestors().take(4).any(|parent| {
                        syntax.parameters.contains(&&*parent.kind())
                            && sources::is_outside_parameter(lang, &parent.text())
                    });
                let name = node.text().trim_start_matches('&').to_owned();
                self.add(
                    name,
                    Def {
                        at: node.range().start,
                        scope: place.scope.clone(),
                        branch: None,
                        value: None,
                        adds: false,
                        parameter: true,
                        outside,
                        number: node.ancestors().take(3).any(|around| is_number(&around)),
                    },
                );
                continue;
            }
            let named: Vec<Node<'t>> =
                ["name", "pattern"].iter().flat_map(|field| node.field_children(field)).collect();
            match named.is_empty() {
                false if syntax.role_of(&node) != Role::Skip => left.extend(named),
                _ => left.extend(node.named_children().filter(|child| {
                    !["type", "value", "default_value"].iter().any(|field| {
                        node.field(field).is_some_and(|f| f.node_id() == child.node_id())
                    })
                })),
            }
        }
    }

    fn definition(&mut self, node: &Node<'t>, kind: &str, syntax: &Syntax, place: &Place) {
        let found = syntax.definitions.iter().find(|(known, _, _)| *known == kind);
        if let Some((_, target, value)) = found {
            let target = node.field(target).or_else(|| node.named_children().next());
            let value = match *value {
                "" => node.named_children().last(),
                name => node.field(name),
            };
            let Some(target) = target else { return };
            let value = value.filter(|value| value.node_id() != target.node_id());
            if let Some(value) = &value {
                self.reading(&target, value, syntax);
            }
            let operator = node.field("operator").map(|op| op.text().into_owned());
            let adds = syntax.additions.contains(&kind)
                || operator.is_some_and(|op| op.len() > 1 && op.ends_with('=') && op != ":=");
            self.targets(&target, value, adds, syntax, place);
        } else if syntax.role(kind) == Role::Call {
            self.adding_call(node, syntax, place);
        } else if syntax.role(kind) == Role::Binary
            && node.field("operator").is_some_and(|operator| operator.text() == "<<")
            && let (Some(left), right) = (node.field("left"), node.field("right"))
            && syntax.role_of(&left) == Role::Name
        {
            self.targets(&left, right, true, syntax, place);
        }
    }

    /// `url = urlparse(text)`: what is read out of a text.
    fn reading(&mut self, target: &Node<'t>, value: &Node<'t>, syntax: &Syntax) {
        let mut left = vec![value.clone()];
        while let Some(node) = left.pop() {
            match syntax.role_of(&node) {
                Role::Name if node.node_id() != value.node_id() => {
                    let first = syntax.path(target).first().cloned();
                    let name = first.unwrap_or_else(|| target.text().into_owned());
                    let known = self.readings.entry(node.text().into_owned()).or_default();
                    if known.len() < 40 && name.len() < 200 {
                        known.push(name);
                    }
                }
                Role::Call => {
                    let path = syntax.path(&node);
                    if path.last().is_some_and(|name| sources::READING.contains(&name.as_str())) {
                        left.extend(node.named_children());
                    }
                }
                Role::Name | Role::Function | Role::Text => {}
                _ => left.extend(node.named_children().take(20)),
            }
        }
    }

    /// `x`, `x, y`, `{x, y: z}`, `self.x`, `x["a"]`.
    fn targets(
        &mut self,
        target: &Node<'t>,
        value: Option<Node<'t>>,
        adds: bool,
        syntax: &Syntax,
        place: &Place,
    ) {
        let number = target.ancestors().take(2).any(|around| is_number(&around));
        let mut def = |name: String, at: usize, value: Option<Node<'t>>, adds: bool| {
            self.add(
                name,
                Def {
                    at,
                    scope: place.scope.clone(),
                    branch: place.branch.clone(),
                    value,
                    adds,
                    parameter: false,
                    outside: false,
                    number,
                },
            );
        };
        let end = value.as_ref().map_or(target.range().end, |value| value.range().end);
        match syntax.role_of(target) {
            Role::Name => def(target.text().into_owned(), end, value, adds),
            Role::Member | Role::Call => def(syntax.path(target).join("."), end, value, adds),
            // What is put into a container is part of it from then on.
            Role::Index => {
                if let Some(name) = syntax.path(target).first() {
                    if let Some(key) = key_of(syntax, target.named_children().skip(1)) {
                        def(element(name, &key), end, value.clone(), false);
                    }
                    def(name.clone(), end, value, true);
                }
            }
            _ => {
                let names: Vec<Node<'t>> = target.named_children().take(40).collect();
                let values: Vec<Node<'t>> =
                    value.iter().flat_map(|value| value.named_children()).take(40).collect();
                // `a, b = 1, 2` has a value for each; `a, b = f()` has one for all.
                let each = values.len() == names.len()
                    && value.as_ref().is_some_and(|v| syntax.role_of(v) == Role::Parts);
                for (nth, name) in names.into_iter().enumerate() {
                    let own = if each { values.get(nth).cloned() } else { value.clone() };
                    let inner = name.field("value").or_else(|| name.field("name"));
                    let name = inner.unwrap_or(name);
                    if is_name(&name, syntax) {
                        def(name.text().into_owned(), end, own, adds);
                    }
                }
            }
        }
    }

    /// `builder.append(x)`: what it is called on keeps what it had and gets the arguments.
    fn adding_call(&mut self, node: &Node<'t>, syntax: &Syntax, place: &Place) {
        let path = syntax.path(node);
        let [object @ .., method] = path.as_slice() else { return };
        if object.len() != 1 || !ADDING.contains(&method.as_str()) {
            return;
        }
        let Some(arguments) = node.field("arguments").or_else(|| node.named_children().last())
        else {
            return;
        };
        let mut def = |name: String, value: Node<'t>, adds: bool| {
            self.add(
                name,
                Def {
                    at: node.range().end,
                    scope: place.scope.clone(),
                    branch: place.branch.clone(),
                    value: Some(value),
                    adds,
                    parameter: false,
                    outside: false,
                    number: false,
                },
            );
        };
        let given: Vec<Node<'t>> = arguments.named_children().take(4).collect();
        if let [keys @ .., value] = given.as_slice()
            && let Some(key) = key_of(syntax, keys.iter().cloned())
        {
            def(element(&object[0], &key), value.clone(), false);
        }
        def(object[0].clone(), arguments, true);
    }

    /// `if x not in ALLOWED: return`, `if (allowed.includes(x)) { use(x) }`.
    fn guard(&mut self, node: &Node<'t>, syntax: &Syntax, place: &Place) {
        let Some(condition) = node.field("condition") else { return };
        let text = condition.text();
        let tests = || sources::TESTS.iter().chain(sources::REFUSED);
        if text.len() > 400 || !tests().any(|test| text.contains(test)) {
            return;
        }
        let refused = sources::REFUSED.iter().any(|mark| text.contains(mark));
        let negative = refused
            || ["not ", "!", "== -1", "=== -1", "< 0", "== false", "unless"]
                .iter()
                .any(|mark| text.contains(mark))
            || node.kind().starts_with("unless");
        let body = ["consequence", "body"].iter().find_map(|name| node.field(name));
        let leaves = body.as_ref().is_some_and(|body| {
            let text = body.text();
            sources::LEAVING.iter().any(|word| text.contains(word))
        });
        let covers = match (negative, leaves) {
            (true, true) => node.range().end..place.scope.end,
            (false, _) => body.map_or(0..0, |body| body.range()),
            (true, false) => return,
        };
        let mut left = vec![condition];
        while let Some(part) = left.pop() {
            if syntax.role_of(&part) == Role::Name {
                let guard = Guard { scope: place.scope.clone(), covers: covers.clone() };
                self.guards.entry(part.text().into_owned()).or_default().push(guard);
            } else {
                left.extend(part.named_children().take(20));
            }
        }
    }
}

/// Whether this is a name that gets a value.
fn is_name(node: &Node<'_>, syntax: &Syntax) -> bool {
    let kind = node.kind();
    syntax.role(&kind) == Role::Name || kind == "shorthand_property_identifier_pattern"
}

/// Whether a declaration gives a type whose values are harmless.
fn is_number(declaration: &Node<'_>) -> bool {
    let Some(named) = declaration.field("type") else { return false };
    let text = named.text();
    let name = text.trim_start_matches([':', ' ', '&', '*']).trim_end_matches('?');
    sources::NUMBERS.contains(&name)
}

/// The name of what a container holds under a key.
pub fn element(container: &str, key: &str) -> String {
    format!("{container}[{key}]")
}

/// A key, where it stands in the code: one text or number, or several of them.
pub fn key_of<'t>(syntax: &Syntax, keys: impl Iterator<Item = Node<'t>>) -> Option<String> {
    let mut whole = String::new();
    for mut key in keys {
        // Arguments and subscripts may have a node of their own around them.
        while matches!(syntax.role_of(&key), Role::Parts) && key.named_children().count() == 1 {
            let inner = key.named_children().next()?;
            key = inner;
        }
        let text = key.text();
        let plain = match syntax.role_of(&key) {
            Role::Text => !text.contains(['{', '$', '#']),
            Role::Constant => true,
            _ => false,
        };
        if !plain || text.len() > 80 {
            return None;
        }
        whole.push_str(&syntax.unquoted(&text));
        whole.push(',');
    }
    (!whole.is_empty()).then_some(whole)
}
