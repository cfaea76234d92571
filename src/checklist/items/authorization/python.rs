//! Endpoints of Flask, FastAPI and Django.

use super::routes::{Reader, Route};
use super::words::is_open;
use crate::checklist::lang::Node;

/// Classes of views that ask for nothing by themselves.
const VIEWS: &[&str] = &[
    "View",
    "TemplateView",
    "ListView",
    "DetailView",
    "CreateView",
    "UpdateView",
    "DeleteView",
    "FormView",
    "RedirectView",
    "APIView",
    "GenericAPIView",
    "ViewSet",
    "ModelViewSet",
    "ReadOnlyModelViewSet",
    "GenericViewSet",
    "ListAPIView",
    "CreateAPIView",
    "RetrieveAPIView",
    "UpdateAPIView",
    "DestroyAPIView",
    "ListCreateAPIView",
    "RetrieveUpdateAPIView",
    "RetrieveDestroyAPIView",
    "RetrieveUpdateDestroyAPIView",
    "MethodView",
    "Resource",
];

impl Reader<'_> {
    /// Flask, FastAPI, Django.
    pub fn python(&self, node: &Node<'_>) -> Option<Route> {
        if node.kind() != "decorated_definition" {
            return self.django_view(node, node);
        }
        let definition = node.field("definition")?;
        let decorators: Vec<Node<'_>> =
            node.children().filter(|child| child.kind() == "decorator").collect();
        let routes = [
            "route",
            "get",
            "post",
            "put",
            "patch",
            "delete",
            "api_route",
            "websocket",
            "api_view",
            "action",
            "expose",
        ];
        let route = decorators.iter().find_map(|decorator| {
            let call = decorator.named_children().next().filter(|call| call.kind() == "call")?;
            let function = call.field("function")?;
            let last = function.field("attribute").unwrap_or_else(|| function.clone());
            let verb = last.text().into_owned();
            let first = call.field("arguments").and_then(|list| list.named_children().next());
            let path = first.is_none_or(|first| {
                let text = first.text();
                let text = text.trim_start_matches(['r', 'f', '"', '\'']);
                text.is_empty() || text.starts_with('/') || !first.kind().contains("string")
            });
            let by_path = !matches!(&*verb, "api_view" | "action" | "expose");
            let known = routes.contains(&&*verb)
                && (function.kind() == "attribute" || verb == "api_view")
                && (path || !by_path);
            known.then(|| {
                (decorator.clone(), verb, function.field("object"), call.field("arguments"))
            })
        });
        let Some((decorator, verb, object, arguments)) = route else {
            return self.django_view(node, &definition);
        };
        let arguments = arguments.map(|list| list.text().into_owned()).unwrap_or_default();
        let parameters =
            definition.field("parameters").map(|p| p.text().into_owned()).unwrap_or_default();
        let injected = parameters.contains("Depends(")
            || parameters.contains("Security(")
            || parameters.contains("Annotated[");
        let keywords = arguments.split_once(',').map_or("", |(_, rest)| rest);
        let guarded = decorators
            .iter()
            .any(|other| other.range() != decorator.range() && self.words.guard(&other.text()))
            || self.words.guard(keywords)
            || (injected && self.words.guard(&parameters))
            || self.asks(definition.field("body"));
        let path = arguments.split(['"', '\'']).nth(1).unwrap_or_default().to_owned();
        let name = definition.field("name")?.text().into_owned();
        let group = object.map(|object| object.text().into_owned()).unwrap_or(verb.clone());
        let write = if arguments.contains("POST")
            || arguments.contains("DELETE")
            || arguments.contains("PUT")
        {
            "post"
        } else {
            &verb
        };
        let mut route = self.route(&decorator, group, name, write, guarded);
        if !path.is_empty() {
            route.open |= is_open(&path);
            route.name = path;
        }
        Some(route)
    }

    /// A view of Django's: a function that takes a request, or a class of views.
    fn django_view(&self, node: &Node<'_>, definition: &Node<'_>) -> Option<Route> {
        let path = self.file.path.lossy();
        if !path.contains("views") || node.parent()?.kind() != "module" {
            return None;
        }
        let name = definition.field("name")?.text().into_owned();
        let decorators = node.children().filter(|child| child.kind() == "decorator");
        let decorated =
            decorators.map(|d| d.text().into_owned()).any(|text| self.words.guard(&text));
        match &*definition.kind() {
            "function_definition" => {
                let parameters = definition.field("parameters")?.text().into_owned();
                // A helper of views is none itself.
                let helper = name.starts_with('_') || name.starts_with("get_");
                if helper || !parameters.trim_start_matches('(').starts_with("request") {
                    return None;
                }
                let guarded = decorated || self.asks(definition.field("body"));
                Some(self.route(definition, "views".into(), name, "", guarded))
            }
            "class_definition" => {
                let bases = definition.field("superclasses")?.text().into_owned();
                if !self.is_plain_view(&bases) {
                    return None;
                }
                let body = definition.field("body")?.text().into_owned();
                let own = [
                    "permission_classes",
                    "permission_required",
                    "def get_permissions",
                    "def test_func",
                    "def has_permission",
                ];
                let guarded = decorated
                    || self.words.guard(&bases)
                    || own.iter().any(|word| body.contains(word))
                    || self.sets_guard(&definition.field("body")?);
                Some(self.route(definition, "classes".into(), name, "", guarded))
            }
            _ => None,
        }
    }

    /// Whether a class is a view by Django's own classes alone, and mixins: what a class of the
    /// project's asks for is not seen here.
    fn is_plain_view(&self, bases: &str) -> bool {
        let names = bases.trim_matches(['(', ')']).split(',').map(str::trim);
        let mut view = false;
        for base in names.filter(|base| !base.is_empty()) {
            let last = base.rsplit('.').next().unwrap_or(base);
            let own = self.file.text.contains(&format!("class {last}("));
            if VIEWS.contains(&last) && !own {
                view = true;
            } else if own || !(last.ends_with("Mixin") || self.words.guard(last)) {
                return false;
            }
        }
        view
    }

    /// Whether a class names its permission as a field.
    fn sets_guard(&self, body: &Node<'_>) -> bool {
        body.named_children().any(|statement| {
            statement.kind() == "expression_statement"
                && statement.text().split_once('=').is_some_and(|(name, _)| self.words.guard(name))
        })
    }
}
