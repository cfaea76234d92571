//! Endpoints of a file, and which of them ask for permission.

use super::words::{Words, is_open};
use crate::checklist::File;
use crate::checklist::lang::{Lang, Node};
use crate::model::LineRange;

/// An endpoint.
pub struct Route {
    /// What belongs together: a class, a router.
    pub group: String,
    /// Its path or name.
    pub name: String,
    /// Where it is said that it is one.
    pub lines: LineRange,
    /// It asks for permission.
    pub guarded: bool,
    /// It is for everybody, by its name or because it says so.
    pub open: bool,
    /// It changes something.
    pub writes: bool,
}

/// The endpoints of a file. None of a group that is guarded as a whole.
pub fn routes(file: &File, words: &Words<'_>) -> Vec<Route> {
    let (Some(lang), Some(tree)) = (file.lang, file.tree()) else {
        return Vec::new();
    };
    let reader = Reader { file, words };
    let root = tree.root();
    let nodes = root.dfs().filter(Node::is_named);
    let mut found: Vec<Route> = match lang {
        Lang::Python => nodes.filter_map(|node| reader.python(&node)).collect(),
        Lang::JavaScript | Lang::TypeScript | Lang::Tsx => nodes
            .filter_map(|node| match &*node.kind() {
                "call_expression" => reader.call(&node, JS_VERBS),
                "method_definition" => reader.nest(&node),
                _ => None,
            })
            .collect(),
        Lang::Go => nodes
            .filter(|node| node.kind() == "call_expression")
            .filter_map(|node| reader.call(&node, GO_VERBS))
            .collect(),
        Lang::Java | Lang::CSharp => {
            nodes.filter_map(|node| reader.annotated(&node, lang)).collect()
        }
        Lang::Php => nodes.filter_map(|node| reader.laravel(&node)).collect(),
        Lang::Rust => nodes.filter_map(|node| reader.attributed(&node)).collect(),
        Lang::Ruby => nodes.flat_map(|node| super::rails::actions(file, words, &node)).collect(),
        _ => Vec::new(),
    };
    let free: Vec<String> = reader.used(&root, lang);
    found.retain(|route| !free.contains(&route.group));
    found
}

const JS_VERBS: &[&str] = &["get", "post", "put", "patch", "delete", "del", "all"];
const GO_VERBS: &[&str] = &[
    "GET",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "Get",
    "Post",
    "Put",
    "Patch",
    "Delete",
    "Handle",
    "HandleFunc",
    "Any",
];
const WRITES: &[&str] = &["post", "put", "patch", "delete", "del"];

/// Reads one file.
pub struct Reader<'r> {
    /// The file.
    pub file: &'r File,
    /// What speaks of permission.
    pub words: &'r Words<'r>,
}

impl Reader<'_> {
    /// An endpoint; of a longer node only the first line is told.
    pub fn route(
        &self,
        node: &Node<'_>,
        group: String,
        name: String,
        verb: &str,
        guarded: bool,
    ) -> Route {
        let at = node.range();
        let first = self.file.text[at.clone()].lines().next().unwrap_or_default().len();
        Route {
            lines: self.file.lines_of(at.start..at.start + first.max(1)),
            open: is_open(&name),
            writes: WRITES.iter().any(|write| verb.to_ascii_lowercase().starts_with(write)),
            group,
            name,
            guarded,
        }
    }

    /// Whether a body asks for permission before it works.
    pub fn asks(&self, body: Option<Node<'_>>) -> bool {
        let Some(body) = body else {
            return false;
        };
        let called = |node: Node<'_>| match &*node.kind() {
            "call"
            | "call_expression"
            | "method_invocation"
            | "invocation_expression"
            | "member_call_expression"
            | "function_call_expression"
            | "if_statement"
            | "macro_invocation" => {
                let name = node
                    .field("function")
                    .or_else(|| node.field("name"))
                    .or_else(|| node.field("condition"))
                    .or_else(|| node.field("macro"));
                name.is_some_and(|name| name.text().len() < 200 && self.words.guard(&name.text()))
            }
            _ => false,
        };
        body.dfs().take(400).any(called)
    }

    /// `router.post("/path", guard, handler)`
    fn call(&self, node: &Node<'_>, verbs: &[&str]) -> Option<Route> {
        let function = node.field("function")?;
        let verb = function.field("property").or_else(|| function.field("field"))?;
        if !verbs.contains(&&*verb.text()) {
            return None;
        }
        let object = function.field("object").or_else(|| function.field("operand"))?;
        let args: Vec<Node<'_>> =
            node.field("arguments")?.named_children().filter(|a| a.kind() != "comment").collect();
        let path = args.first().filter(|arg| arg.kind().contains("string"))?;
        let path = path.text().trim_matches(['"', '\'', '`']).to_owned();
        if args.len() < 2 || !(path.starts_with('/') || path == "*") {
            return None;
        }
        let owner = object.text();
        let base = owner.split(['.', '(']).next().unwrap_or_default().to_owned();
        let last = args.last()?;
        let between = args[1..args.len() - 1].iter().any(|arg| self.words.guard(&arg.text()));
        let wrapped = match &*last.kind() {
            "call_expression" => {
                last.field("function").is_some_and(|f| self.words.guard(&f.text()))
            }
            "arrow_function" | "function_expression" | "func_literal" => {
                self.asks(last.field("body"))
            }
            _ => false,
        };
        let guarded = between
            || wrapped
            || (owner.len() > base.len() && self.words.guard(&owner[base.len()..]));
        Some(self.route(node, base, path, &verb.text(), guarded))
    }

    /// Routers whose every endpoint asks: `router.use(auth)`, a dependency of the router's own.
    fn used(&self, root: &Node<'_>, lang: Lang) -> Vec<String> {
        let mut found = Vec::new();
        for node in root
            .dfs()
            .filter(|node| matches!(&*node.kind(), "call_expression" | "call" | "assignment"))
        {
            let text = node.text();
            if text.len() > 2000 {
                continue;
            }
            if lang == Lang::Python {
                let right =
                    node.field("right").map(|right| right.text().into_owned()).unwrap_or_default();
                let own = right.contains("APIRouter(") || right.contains("FastAPI(");
                if own && right.contains("dependencies") && self.words.guard(&right) {
                    found.extend(node.field("left").map(|left| left.text().into_owned()));
                }
                continue;
            }
            let Some(function) = node.field("function") else {
                continue;
            };
            let verb = function.field("property").or_else(|| function.field("field"));
            let uses = verb.is_some_and(|verb| matches!(&*verb.text(), "use" | "Use" | "addHook"));
            let object = function.field("object").or_else(|| function.field("operand"));
            let args =
                node.field("arguments").map(|args| args.text().into_owned()).unwrap_or_default();
            let plain = !args.trim_start_matches('(').starts_with(['"', '\'', '`'])
                || args.contains("onRequest")
                || args.contains("preHandler");
            if uses && plain && self.words.guard(&args) {
                found.extend(object.map(|object| object.text().into_owned()));
            }
        }
        found
    }

    /// A method of a controller of Nest's.
    fn nest(&self, node: &Node<'_>) -> Option<Route> {
        let decorators: Vec<String> = node
            .prev_all()
            .take_while(|before| matches!(&*before.kind(), "decorator" | "comment"))
            .map(|decorator| decorator.text().into_owned())
            .collect();
        let verbs = ["@Get(", "@Post(", "@Put(", "@Patch(", "@Delete(", "@All("];
        let verb =
            decorators.iter().find(|text| verbs.iter().any(|verb| text.starts_with(verb)))?;
        let class = node.ancestors().find(|above| above.kind() == "class_declaration")?;
        let holder = class.parent().filter(|parent| parent.kind() == "export_statement");
        let above = class
            .children()
            .chain(holder.into_iter().flat_map(|h| h.children().collect::<Vec<_>>()));
        let whole = above.filter(|n| n.kind() == "decorator").any(|n| self.is_guard(&n.text()));
        if whole {
            return None;
        }
        let guarded =
            decorators.iter().any(|text| self.is_guard(text)) || self.asks(node.field("body"));
        let name = node.field("name")?.text().into_owned();
        let group = class.field("name").map(|name| name.text().into_owned()).unwrap_or_default();
        let mut route = self.route(node, group, name, verb.trim_start_matches('@'), guarded);
        route.open |= decorators.iter().any(|text| {
            text.contains("Public") || text.contains("Anonymous") || text.contains("Skip")
        });
        Some(route)
    }

    /// A note for a reader of the documentation guards nothing.
    fn is_guard(&self, text: &str) -> bool {
        let name = text.trim_start_matches(['@', '[']);
        !name.starts_with("Api")
            && !name.starts_with("SecurityRequirement")
            && self.words.guard(text)
    }

    /// A method with annotations or attributes: Spring, JAX-RS, ASP.NET.
    fn annotated(&self, node: &Node<'_>, lang: Lang) -> Option<Route> {
        if node.kind() != "method_declaration" {
            return None;
        }
        let own = annotations(node, lang);
        let verbs = [
            "Get",
            "Post",
            "Put",
            "Patch",
            "Delete",
            "Request",
            "GET",
            "POST",
            "PUT",
            "DELETE",
            "HttpGet",
            "HttpPost",
            "HttpPut",
            "HttpPatch",
            "HttpDelete",
            "Route",
            "Path",
        ];
        let verb = own.iter().find(|text| {
            let name = head(text);
            verbs.contains(&name)
                || name.strip_suffix("Mapping").is_some_and(|verb| verbs.contains(&verb))
        })?;
        let class = node.ancestors().find(|above| above.kind() == "class_declaration")?;
        if annotations(&class, lang).iter().any(|text| self.is_guard(head(text))) {
            return None;
        }
        let guarded =
            own.iter().any(|text| self.is_guard(head(text))) || self.asks(node.field("body"));
        let name = node.field("name")?.text().into_owned();
        let group = class.field("name").map(|name| name.text().into_owned()).unwrap_or_default();
        let mut route = self.route(
            &node.field("name")?,
            group,
            name,
            head(verb).trim_start_matches("Http"),
            guarded,
        );
        route.open |= own
            .iter()
            .any(|text| matches!(head(text), "AllowAnonymous" | "PermitAll" | "Anonymous"));
        Some(route)
    }

    /// `Route::post('/path', ...)->middleware('auth')`
    fn laravel(&self, node: &Node<'_>) -> Option<Route> {
        if node.kind() != "scoped_call_expression" || node.field("scope")?.text() != "Route" {
            return None;
        }
        let verb = node.field("name")?.text().into_owned();
        let known =
            ["get", "post", "put", "patch", "delete", "any", "match", "resource", "apiResource"];
        if !known.contains(&&*verb) {
            return None;
        }
        let mut guarded = false;
        let mut below = node.clone();
        for above in node.ancestors() {
            if above.kind() == "member_call_expression" {
                // In a chain, or in the function that a group is given.
                let calls = above
                    .field("arguments")
                    .map(|args| args.text().into_owned())
                    .unwrap_or_default();
                let name =
                    above.field("name").map(|name| name.text().into_owned()).unwrap_or_default();
                let chain = above
                    .field("object")
                    .map(|object| object.text().into_owned())
                    .unwrap_or_default();
                let in_arguments = above
                    .field("arguments")
                    .is_some_and(|args| args.range().contains(&below.range().start));
                if in_arguments {
                    guarded |=
                        chain.len() < 500 && self.words.guard(chain.trim_start_matches("Route"));
                } else {
                    guarded |= matches!(&*name, "middleware" | "can")
                        && (name == "can" || self.words.guard(&calls));
                }
            }
            below = above;
        }
        let args = node.field("arguments")?.text().into_owned();
        let path = args.split(['"', '\'']).nth(1).unwrap_or_default().to_owned();
        Some(self.route(node, "routes".into(), path, &verb, guarded))
    }

    /// `#[post("/path")] async fn handler(user: AuthUser)`
    fn attributed(&self, node: &Node<'_>) -> Option<Route> {
        if node.kind() != "function_item" {
            return None;
        }
        let attributes: Vec<String> = node
            .prev_all()
            .take_while(|before| before.kind() == "attribute_item")
            .map(|attribute| attribute.text().into_owned())
            .collect();
        let verbs = ["#[get(", "#[post(", "#[put(", "#[patch(", "#[delete("];
        let verb =
            attributes.iter().find(|text| verbs.iter().any(|verb| text.starts_with(verb)))?;
        let parameters = node.field("parameters")?.text().into_owned();
        let guarded = self.words.guard(&parameters)
            || attributes.iter().any(|text| text != verb && self.words.guard(text))
            || self.asks(node.field("body"));
        let path = verb.split('"').nth(1).unwrap_or_default().to_owned();
        Some(self.route(node, "handlers".into(), path, verb.trim_start_matches("#["), guarded))
    }
}

/// The texts of what is written above a method or class, without `@`.
pub fn annotations(node: &Node<'_>, lang: Lang) -> Vec<String> {
    let lists = node.children().filter(|child| match lang {
        Lang::Java => child.kind() == "modifiers",
        _ => child.kind() == "attribute_list",
    });
    let all = lists.flat_map(|list| list.named_children().collect::<Vec<_>>());
    all.filter(|one| matches!(&*one.kind(), "annotation" | "marker_annotation" | "attribute"))
        .map(|one| one.text().trim_start_matches('@').to_owned())
        .collect()
}

/// The name of an annotation.
pub fn head(text: &str) -> &str {
    let name = text.split(['(', '<', ' ']).next().unwrap_or(text);
    name.rsplit('.').next().unwrap_or(name)
}
