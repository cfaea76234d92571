//! What ASP.NET asks for beyond single attributes: anti-forgery checks on what changes something,
//! checks of tokens that are methods of their own, controllers without authorization.

use super::routes::{annotations, head};
use crate::checklist::lang::{Lang, Node};
use crate::checklist::{File, Project};
use crate::model::{Confidence, LineRange, RepoPath};

/// A rule with where it holds.
pub struct Found {
    pub lines: LineRange,
    pub rule: &'static str,
    pub message: &'static str,
    pub hint: &'static str,
    pub confidence: Confidence,
}

/// What is wrong with a file of C#.
pub fn faults(file: &File, project: &dyn Project) -> Vec<Found> {
    let Some(tree) = file.tree().filter(|_| file.lang == Some(Lang::CSharp)) else {
        return Vec::new();
    };
    let root = tree.root();
    let mut found = Vec::new();
    let mut global = None;
    for node in root.dfs() {
        match &*node.kind() {
            "attribute" if is_unguarded_write(&node) => {
                let by_filter = *global.get_or_insert_with(|| checks_everywhere(file, project));
                if !by_filter {
                    found.push(Found {
                        lines: file.lines_of(node.range()),
                        rule: "csrf-unchecked",
                        message: "this takes requests that other sites make in a user's name: no anti-forgery check",
                        hint: "add [ValidateAntiForgeryToken], or AutoValidateAntiforgeryToken for the whole application",
                        confidence: Confidence::Low,
                    });
                }
            }
            "class_declaration" if is_bare_controller(&node, &root, file, project) => {
                let name = node.field("name").unwrap_or_else(|| node.clone());
                found.push(Found {
                    lines: file.lines_of(name.range()),
                    rule: "unlike-siblings",
                    message: "this controller asks for no authorization, and those beside it do",
                    hint: "add [Authorize] with the role or policy, or [AllowAnonymous] where everybody is meant",
                    confidence: Confidence::Low,
                });
            }
            "assignment_expression" if is_empty_check(&node, &root) => found.push(Found {
                lines: file.lines_of(node.range()),
                rule: "token-check-empty",
                message: "this check of the token says yes to everything",
                hint: "leave the check out, or refuse what is not valid",
                confidence: Confidence::High,
            }),
            _ => {}
        }
    }
    found
}

/// Whether a controller says nothing of who may call it where most of its siblings do.
fn is_bare_controller(
    class: &Node<'_>,
    root: &Node<'_>,
    file: &File,
    project: &dyn Project,
) -> bool {
    let says = |text: &str| text.contains("[Authorize") || text.contains("[AllowAnonymous");
    if !is_controller(class) || says(&class.text()) {
        return false;
    }
    let others = root.dfs().filter(|other| is_controller(other) && other.range() != class.range());
    let mut asks: Vec<bool> = others.map(|other| other.text().contains("[Authorize")).collect();
    if asks.is_empty() {
        let path = file.path.lossy();
        let (folder, own) = path.rsplit_once('/').unwrap_or(("", &path));
        let names = project.list(folder).into_iter();
        let names = names.filter(|name| name.ends_with("Controller.cs") && name != own);
        asks = names
            .take(15)
            .filter_map(|name| project.text(&RepoPath::from(&*format!("{folder}/{name}"))))
            .map(|text| text.contains("[Authorize"))
            .collect();
    }
    let many = asks.iter().filter(|asks| **asks).count();
    many >= 2 && many * 2 > asks.len()
}

fn is_controller(node: &Node<'_>) -> bool {
    node.kind() == "class_declaration"
        && node.children().any(|child| {
            child.kind() == "base_list" && {
                let bases = child.text();
                let first = bases.trim_start_matches(':').split(',').next().unwrap_or_default();
                matches!(first.trim(), "Controller" | "ControllerBase" | "ApiController")
            }
        })
}

fn is_unguarded_write(attribute: &Node<'_>) -> bool {
    let text = attribute.text();
    let verb = match head(&text) {
        "HttpPost" | "HttpPut" | "HttpDelete" | "HttpPatch" => true,
        "AcceptVerbs" => {
            let lower = text.to_ascii_lowercase();
            ["post", "put", "delete", "patch"].iter().any(|verb| lower.contains(verb))
        }
        _ => false,
    };
    if !verb {
        return false;
    }
    let Some(list) = attribute.parent().filter(|list| list.kind() == "attribute_list") else {
        return false;
    };
    let beside = list.prev_all().take(12).chain(list.next_all().take(12)).chain([list.clone()]);
    let others: Vec<String> = beside
        .take_while(|other| other.kind() != "declaration_list")
        .filter(|other| other.kind() == "attribute_list")
        .map(|other| other.text().into_owned())
        .collect();
    let safe = |text: &String| {
        let lower = text.to_ascii_lowercase();
        lower.contains("antiforgery") || lower.contains("application/json")
    };
    let method = list.parent();
    let body = method.as_ref().and_then(|method| method.field("parameters"));
    let json = body.is_some_and(|parameters| parameters.text().contains("FromBody"));
    !others.iter().any(safe) && !json && !in_api(attribute)
}

/// Whether the class takes tokens, not cookies, or checks as a whole.
fn in_api(node: &Node<'_>) -> bool {
    let Some(class) = node.ancestors().find(|above| above.kind() == "class_declaration") else {
        return false;
    };
    let own = annotations(&class, Lang::CSharp);
    let bases = class
        .children()
        .find(|child| child.kind() == "base_list")
        .map(|list| list.text().into_owned())
        .unwrap_or_default();
    let api = own.iter().any(|text| {
        head(text) == "ApiController" || text.to_ascii_lowercase().contains("antiforgery")
    });
    api || ["ControllerBase", "ApiController", "ODataController"]
        .iter()
        .any(|base| bases.contains(base))
}

/// Whether the application checks every request.
fn checks_everywhere(file: &File, project: &dyn Project) -> bool {
    let has = |text: &str| text.contains("AutoValidateAntiforgeryToken");
    if has(&file.text) {
        return true;
    }
    let path = file.path.lossy();
    let mut folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    loop {
        for name in ["Program.cs", "Startup.cs"] {
            let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
            let text = project.text(&RepoPath::from(&*path));
            if text.is_some_and(|text| has(&text)) {
                return true;
            }
        }
        match folder.rsplit_once('/') {
            Some((above, _)) => folder = above,
            None if folder.is_empty() => return false,
            None => folder = "",
        }
    }
}

/// `p.AudienceValidator = new AudienceValidator(Accept)` where `Accept` returns true at once.
fn is_empty_check(node: &Node<'_>, root: &Node<'_>) -> bool {
    let left = node.field("left").map(|left| left.text().into_owned()).unwrap_or_default();
    if !left.ends_with("Validator") {
        return false;
    }
    let Some(right) = node.field("right") else {
        return false;
    };
    let named = match &*right.kind() {
        "identifier" => Some(right.text().into_owned()),
        "object_creation_expression" => right.field("arguments").and_then(|arguments| {
            let mut own = arguments.named_children();
            let only = own.next().filter(|_| own.next().is_none())?;
            Some(only.text().into_owned())
        }),
        _ => None,
    };
    named.is_some_and(|named| {
        root.dfs().any(|method| {
            method.kind() == "method_declaration"
                && method.field("name").is_some_and(|name| name.text() == *named)
                && method.field("body").is_some_and(|body| says_yes(&body.text()))
        })
    })
}

fn says_yes(body: &str) -> bool {
    let plain: String = body.split_whitespace().collect::<Vec<_>>().join(" ");
    matches!(plain.as_str(), "{ return true; }" | "=> true" | "{return true;}")
}
