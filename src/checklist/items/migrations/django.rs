//! Migrations of Django as steps.

use super::call::{Call, plain};
use super::fault::Fault;
use super::python::{calls, sql_of};
use super::step::{Act, Column, Step, name};
use crate::checklist::lang::{self, Lang, Node, Tree};
use crate::checklist::{File, Project};

/// The steps of a Django migration, and whether they run in a transaction.
pub fn steps(file: &File, project: &dyn Project) -> Option<(Vec<Step>, Option<bool>)> {
    let tree = file.tree()?;
    let mut steps = Vec::new();
    let mut data = None;
    for node in calls(tree) {
        let Some(call) = Call::of(&node).filter(|_| !in_state_only(&node)) else {
            continue;
        };
        let Some(step) = operation(&call, file, project) else {
            continue;
        };
        if call.name == "RunSQL" {
            sql_of(&call, file, &mut steps);
        } else {
            if call.name == "RunPython" {
                data = Some(());
            }
            steps.push(step);
        }
    }
    let live = data.and_then(|()| live_model(tree));
    if let Some(node) = live {
        let lines = file.lines_of(node.range());
        steps.push(Step::new(Act::Other, "", lines, Some(Fault::LiveModel)));
    }
    let atomic = !file.text.contains("atomic = False");
    Some((steps, Some(atomic)))
}

/// Whether an operation only changes what Django knows, not the database.
fn in_state_only(node: &Node<'_>) -> bool {
    node.ancestors().take(6).any(|above| {
        above.kind() == "keyword_argument"
            && above.field("name").is_some_and(|name| name.text() == "state_operations")
    })
}

/// An import of the models that the code has now.
fn live_model(tree: &Tree) -> Option<Node<'_>> {
    tree.root().dfs().find(|node| {
        node.kind() == "import_from_statement"
            && node.field("module_name").is_some_and(|module| {
                let module = module.text();
                (module.ends_with(".models") || module == "models") && module != "django.db.models"
            })
    })
}

fn operation(call: &Call<'_>, file: &File, project: &dyn Project) -> Option<Step> {
    let known = matches!(&*call.receiver, "migrations" | "")
        || matches!(&*call.receiver, "operations" | "migrations.operations");
    if !known {
        return None;
    }
    let head = file.lines_of(call.node.range());
    let step = |act, table: &str, fault| Some(Step::new(act, table, head, fault));
    let model = call.text("model_name").unwrap_or_else(|| call.arg(0));
    let field = call.text("name").unwrap_or_else(|| call.arg(1));
    match &*call.name {
        "CreateModel" => {
            step(Act::CreateTable, &call.text("name").unwrap_or_else(|| call.arg(0)), None)
        }
        "DeleteModel" => {
            let table = call.text("name").unwrap_or_else(|| call.arg(0));
            step(Act::Alter, &table, Some(Fault::DropTable))
        }
        "RenameModel" | "AlterModelTable" => {
            let table = call.text("old_name").or(call.text("name")).unwrap_or_else(|| call.arg(0));
            step(Act::Alter, &table, Some(Fault::RenameTable))
        }
        "RemoveField" => step(Act::Alter, &model, Some(Fault::DropColumn)).map(|s| s.on(&field)),
        "RenameField" => step(Act::Alter, &model, Some(Fault::RenameColumn)).map(|s| s.on(&field)),
        "AddField" => add_field(call, head, &model, &field),
        "AlterField" => {
            let fault = alter_field(call, file, project, &model, &field);
            step(Act::Alter, &model, fault).map(|step| step.on(&field))
        }
        "AddIndex" => step(Act::Alter, &model, Some(Fault::LockingIndex)),
        "AlterIndexTogether" if is_empty(call, "index_together") => {
            step(Act::Alter, &call.text("name").unwrap_or_else(|| call.arg(0)), None)
        }
        "AlterIndexTogether" => step(
            Act::Alter,
            &call.text("name").unwrap_or_else(|| call.arg(0)),
            Some(Fault::LockingIndex),
        ),
        "AlterUniqueTogether" => {
            step(Act::Alter, &call.text("name").unwrap_or_else(|| call.arg(0)), Some(Fault::Unique))
        }
        "RemoveIndex" => step(Act::Alter, &model, Some(Fault::LockingDropIndex)),
        "AddIndexConcurrently" | "RemoveIndexConcurrently" => step(Act::Concurrent, &model, None),
        "AddConstraint" => step(Act::Alter, &model, Some(constraint(call))),
        "AddConstraintNotValid" => step(Act::Alter, &model, None),
        "ValidateConstraint" => step(Act::Validate, &model, None),
        "RunPython" => step(Act::Data, "", None),
        "RunSQL" => step(Act::Other, "", None),
        _ => None,
    }
}

fn is_empty(call: &Call<'_>, argument: &str) -> bool {
    let value = call.get(argument).or_else(|| call.args.get(1));
    value.is_some_and(|value| matches!(&*value.text(), "set()" | "[]" | "{}" | "()"))
}

fn constraint(call: &Call<'_>) -> Fault {
    let text =
        call.get("constraint").or_else(|| call.args.get(1)).map(|node| node.text().into_owned());
    match text.as_deref() {
        Some(text) if text.contains("UniqueConstraint(") => Fault::Unique,
        Some(text) if text.contains("ExclusionConstraint(") => Fault::Exclusion,
        _ => Fault::Check,
    }
}

/// The field that an operation gives: its class and its call.
fn field_of<'t>(call: &Call<'t>, at: usize) -> Option<Call<'t>> {
    let node = call.get("field").or_else(|| call.args.get(at))?;
    Call::of(node)
}

fn add_field(
    call: &Call<'_>,
    lines: crate::model::LineRange,
    model: &str,
    field: &str,
) -> Option<Step> {
    let definition = field_of(call, 2)?;
    let kind = &*definition.name;
    if matches!(kind, "ManyToManyField" | "GenericRelation") {
        return None;
    }
    // Django takes the default out of the database again, so that old code inserts NULL.
    let in_database = definition.text("db_default");
    let column = Column {
        kind: kind.to_ascii_lowercase(),
        required: !definition.is("null", "True"),
        stored: kind == "GeneratedField" && definition.is("db_persist", "True"),
        unique: definition.is("unique", "True") || kind == "OneToOneField",
        default: in_database,
        ..Column::default()
    };
    let mut step = Step::new(Act::AddColumn, model, lines, None).on(field);
    step.faults = column.faults();
    let generated = kind == "GeneratedField" || kind.ends_with("AutoField");
    step.faults.retain(|fault| !generated || *fault != Fault::RequiredColumn);
    Some(step)
}

/// What is wrong with a changed field: much of what a field says never reaches the database.
fn alter_field(
    call: &Call<'_>,
    file: &File,
    project: &dyn Project,
    model: &str,
    field: &str,
) -> Option<Fault> {
    let new = field_of(call, 2).filter(|new| new.name != "ManyToManyField")?;
    let required = !new.is("null", "True");
    let earlier = earlier(file, project, model, field);
    let Some(old) = earlier.as_ref().and_then(|tree| definition(tree, model, field)) else {
        return Some(if required { Fault::SetNotNull } else { Fault::ChangeType });
    };
    let nullable = old.is("null", "True") || old.name == "NullBooleanField";
    if required && nullable {
        return Some(Fault::SetNotNull);
    }
    let longer = stored(&new.name) == "text" && matches!(stored(&old.name), "text" | "varchar");
    if stored(&old.name) != stored(&new.name) && !longer {
        return Some(Fault::ChangeType);
    }
    let same = |key: &str| old.text(key) == new.text(key);
    if new.is("unique", "True") {
        return (!same("unique")).then_some(Fault::Unique);
    }
    if new.is("db_index", "True") && !same("db_index") {
        return Some(Fault::LockingIndex);
    }
    let shorter = |key: &str| {
        let number = |call: &Call<'_>| call.text(key).and_then(|text| text.parse::<u32>().ok());
        number(&new).zip(number(&old)).is_some_and(|(new, old)| new < old)
    };
    let to = |call: &Call<'_>| call.text("to").map(|to| name(&to));
    if !same("max_digits")
        || !same("decimal_places")
        || to(&new) != to(&old)
        || shorter("max_length")
    {
        return Some(Fault::ChangeType);
    }
    (!same("db_column")).then_some(Fault::RenameColumn)
}

/// What the database makes of a field's class; classes that are not known stand for themselves.
fn stored(class: &str) -> &str {
    match class {
        "CharField" | "SlugField" | "URLField" | "EmailField" | "FilePathField" => "varchar",
        "BooleanField" | "NullBooleanField" => "boolean",
        "IntegerField" | "PositiveIntegerField" => "integer",
        "SmallIntegerField" | "PositiveSmallIntegerField" => "smallint",
        "BigIntegerField" | "PositiveBigIntegerField" => "bigint",
        "ForeignKey" | "OneToOneField" => "key",
        file if file.ends_with("ImageField") || file.ends_with("FileField") => "varchar",
        text if text.ends_with("TextField") => "text",
        other => other,
    }
}

/// The last migration before this one that defines the field.
fn earlier(file: &File, project: &dyn Project, model: &str, field: &str) -> Option<Tree> {
    let path = file.path.lossy();
    let (folder, own) = path.rsplit_once('/')?;
    let mut names = project.list(folder);
    names.retain(|name| name.ends_with(".py") && name.as_str() < own && !name.starts_with("__"));
    names.sort();
    names.iter().rev().take(200).find_map(|name| {
        let text = project.text(&format!("{folder}/{name}").as_str().into())?;
        if !text.contains(field) {
            return None;
        }
        let tree = lang::parse(Lang::Python, &text)?;
        definition(&tree, model, field).is_some().then_some(tree)
    })
}

/// How a migration defines a field.
fn definition<'t>(tree: &'t Tree, model: &str, field: &str) -> Option<Call<'t>> {
    calls(tree).into_iter().find_map(|node| {
        let call = Call::of(&node)?;
        let is = |text: Option<String>, wanted: &str| {
            text.is_some_and(|text| name(&text) == name(wanted))
        };
        match &*call.name {
            "AddField" | "AlterField"
                if is(call.text("model_name"), model) && is(call.text("name"), field) =>
            {
                field_of(&call, 2)
            }
            "CreateModel" if is(call.text("name"), model) => {
                let fields = call.get("fields")?.clone();
                fields.named_children().find_map(|pair| {
                    let mut parts = pair.named_children();
                    let named = plain(&parts.next()?);
                    if name(&named) == name(field) { Call::of(&parts.next()?) } else { None }
                })
            }
            _ => None,
        }
    })
}
