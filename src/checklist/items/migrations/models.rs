//! A change without its other half: a model without its migration, the code that stops using a
//! column together with the step that drops it.

use std::collections::BTreeSet;

use super::call::Call;
use crate::checklist::lang::{self, Lang, Node, Tree};
use crate::checklist::{Context, File};
use crate::model::{LineRange, RepoPath};

/// A model's change whose migration is missing: where, and what it is about.
pub struct Missing {
    /// Its lines.
    pub lines: LineRange,
    /// The kind of model.
    pub what: &'static str,
    /// The command that makes the migration.
    pub make: &'static str,
}

/// Changes to models of this file that no migration of the change goes with.
pub fn missing(file: &File, context: &Context<'_>) -> Vec<Missing> {
    let path = file.path.lossy();
    if file.whole || file.is_test() {
        return Vec::new();
    }
    let touched = |holds: &dyn Fn(&str) -> bool| {
        context.change.touched.iter().any(|other| holds(&other.lossy()))
    };
    let say = |lines: Vec<LineRange>, what, make| {
        lines.into_iter().map(|lines| Missing { lines, what, make }).collect()
    };
    if path.ends_with("schema.prisma") || (path.ends_with(".prisma") && path.contains("prisma/")) {
        let folder =
            path.rsplit_once('/').map_or("migrations".into(), |(f, _)| format!("{f}/migrations"));
        if context.project.list(&folder).is_empty() || touched(&|p| p.starts_with(&folder)) {
            return Vec::new();
        }
        return say(prisma(file), "schema", "prisma migrate dev");
    }
    if file.lang != Some(Lang::Python) {
        return Vec::new();
    }
    if let Some(app) = django_app(&path) {
        let folder = if app.is_empty() { "migrations".into() } else { format!("{app}/migrations") };
        if context.project.list(&folder).is_empty()
            || touched(&|p| p.starts_with(&format!("{folder}/")))
        {
            return Vec::new();
        }
        return say(fields(file, is_django_field), "model", "manage.py makemigrations");
    }
    if file.text.contains("__tablename__") && !touched(&|p| p.contains("versions/")) {
        let known = ["alembic/versions", "migrations/versions"];
        let alembic = context.project.text(&"alembic.ini".into()).is_some()
            || known.iter().any(|folder| !context.project.list(folder).is_empty());
        if alembic {
            return say(fields(file, is_column), "model", "alembic revision --autogenerate");
        }
    }
    Vec::new()
}

/// The folder of the Django application whose models a file holds.
fn django_app(path: &str) -> Option<&str> {
    if path == "models.py" {
        return Some("");
    }
    let (app, rest) = match path.rsplit_once("/models/") {
        Some(found) => found,
        None => (path.strip_suffix("/models.py")?, ""),
    };
    (!rest.contains('/')).then_some(app)
}

fn is_django_field(call: &Call<'_>) -> bool {
    let named = call.name.ends_with("Field") || call.name.ends_with("Key");
    named
        && (call.receiver.is_empty() || call.receiver == "models")
        && call.name != "GenericForeignKey"
}

fn is_column(call: &Call<'_>) -> bool {
    matches!(&*call.name, "Column" | "mapped_column")
}

/// A field of a model: its class, its name and its definition without white space.
type Field = (String, String, String);

fn fields_of<'t>(tree: &'t Tree, is: fn(&Call<'_>) -> bool) -> Vec<(Field, Node<'t>)> {
    let class = |node: &Node<'t>| {
        let class = node.ancestors().take(4).find(|above| above.kind() == "class_definition")?;
        let bases = class.field("superclasses")?;
        let form =
            ["Form", "Serializer", "Filter"].iter().any(|other| bases.text().contains(other));
        (!form).then(|| class.field("name").map(|name| name.text().into_owned())).flatten()
    };
    let root = tree.root();
    let assignments = root.dfs().filter(|node| node.kind() == "assignment");
    let found = assignments.filter_map(|node| {
        let call = Call::of(&node.field("right")?).filter(|call| is(call))?;
        let name = node.field("left")?.text().into_owned();
        let text: String = call.node.text().split_whitespace().collect();
        Some(((class(&node)?, name, text), node))
    });
    found.collect()
}

/// The fields that are not as they were.
fn fields(file: &File, is: fn(&Call<'_>) -> bool) -> Vec<LineRange> {
    let old_tree = file.old.as_deref().and_then(|old| lang::parse(Lang::Python, old));
    let old: BTreeSet<Field> = old_tree
        .iter()
        .flat_map(|tree| fields_of(tree, is).into_iter().map(|(field, _)| field))
        .collect();
    let new = file.tree().map(|tree| fields_of(tree, is)).unwrap_or_default();
    new.into_iter()
        .filter(|(field, _)| !old.contains(field))
        .map(|(_, node)| LineRange::one(file.lines_of(node.range()).start))
        .collect()
}

/// The fields of a Prisma schema that are not as they were.
fn prisma(file: &File) -> Vec<LineRange> {
    let plain = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let old: BTreeSet<String> = file.old.iter().flat_map(|old| old.lines().map(plain)).collect();
    let mut inside = false;
    let mut found = Vec::new();
    for number in 1..=file.len() {
        let line = plain(file.line(number));
        if line.starts_with("model ") || line.starts_with("enum ") {
            inside = true;
        } else if line == "}" {
            inside = false;
        } else if inside && !line.is_empty() && !line.starts_with("//") && !old.contains(&line) {
            found.push(LineRange::one(number));
        }
    }
    found
}

/// The file of the change that names `column` no more, though it did before.
pub fn last_use<'c>(
    context: &'c Context<'_>,
    own: &RepoPath,
    column: &str,
) -> Option<&'c RepoPath> {
    if column.len() < 3 {
        return None;
    }
    let others = context.change.files.iter().filter(|file| file.path != *own);
    let code = others.filter(|file| file.lang.is_some() && !file.is_test());
    let stops = |file: &&File| {
        file.old.as_deref().is_some_and(|old| has_word(old, column))
            && !has_word(&file.text, column)
    };
    code.filter(|file| !file.path.lossy().contains("migrat")).find(stops).map(|file| &file.path)
}

fn has_word(text: &str, word: &str) -> bool {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(word).any(|(at, _)| {
        !part(text[..at].chars().next_back()) && !part(text[at + word.len()..].chars().next())
    })
}
