//! Actions of a controller of Rails'.

use super::routes::Route;
use super::words::{Words, is_open};
use crate::checklist::File;
use crate::checklist::lang::Node;

/// The actions of a class, if filters guard some of them by name.
pub fn actions(file: &File, words: &Words<'_>, node: &Node<'_>) -> Vec<Route> {
    let body = (node.kind() == "class").then(|| node.field("body")).flatten();
    let named = node.field("name").map(|name| name.text().into_owned()).unwrap_or_default();
    let Some(body) = body.filter(|_| named.ends_with("Controller")) else {
        return Vec::new();
    };
    let mut covered: Vec<String> = Vec::new();
    for call in body.named_children().filter(|child| child.kind() == "call") {
        let text = call.text();
        let filter = text.starts_with("before_action") || text.starts_with("prepend_before_action");
        if !filter || !words.guard(&text) {
            continue;
        }
        let only = text.split_once("only:").or_else(|| text.split_once(":only =>"));
        let Some((_, only)) = only else {
            return Vec::new(); // all of them are guarded, but for those that it names
        };
        covered.extend(only.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned));
    }
    let mut public = true;
    let mut found = Vec::new();
    for child in body.named_children() {
        match &*child.kind() {
            "identifier" => public &= !matches!(&*child.text(), "private" | "protected"),
            "method" if public => {
                let Some(name) = child.field("name").map(|name| name.text().into_owned()) else {
                    continue;
                };
                let asks = child.dfs().take(300).any(|node| {
                    node.kind() == "call"
                        && node.field("method").is_some_and(|method| words.guard(&method.text()))
                });
                found.push(Route {
                    lines: file.lines_of(child.range().start..child.range().start + 1),
                    guarded: asks || covered.contains(&name),
                    open: is_open(&name) && name != "index",
                    writes: matches!(&*name, "create" | "update" | "destroy"),
                    group: named.clone(),
                    name,
                });
            }
            _ => {}
        }
    }
    found
}
