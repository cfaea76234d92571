//! Migrations of Django and Alembic as steps.

use super::call::{Call, plain};
use super::fault::Fault;
use super::sql;
use super::step::{Act, Column, Step, name};
use crate::checklist::lang::{self, Lang, Node, Tree};
use crate::checklist::{File, Project};

/// The steps of a Django migration, and whether they run in a transaction.
pub fn django(file: &File, project: &dyn Project) -> Option<(Vec<Step>, bool)> {
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
    Some((steps, atomic))
}

fn calls(tree: &Tree) -> Vec<Node<'_>> {
    let root = tree.root();
    root.dfs().filter(|node| node.kind() == "call").collect()
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
    let new = field_of(call, 2)?;
    let required = !new.is("null", "True");
    let earlier = earlier(file, project, model, field);
    let Some(old) = earlier.as_ref().and_then(|tree| definition(tree, model, field)) else {
        return Some(if required { Fault::SetNotNull } else { Fault::ChangeType });
    };
    if old.name != new.name {
        return Some(Fault::ChangeType);
    }
    if required && old.is("null", "True") {
        return Some(Fault::SetNotNull);
    }
    let same = |key: &str| old.text(key) == new.text(key);
    if new.is("unique", "True") && !same("unique") {
        return Some(Fault::Unique);
    }
    if new.is("db_index", "True") && !same("db_index") {
        return Some(Fault::LockingIndex);
    }
    let shorter = |key: &str| {
        let number = |call: &Call<'_>| call.text(key).and_then(|text| text.parse::<u32>().ok());
        number(&new).zip(number(&old)).is_some_and(|(new, old)| new < old)
    };
    if !same("max_digits") || !same("decimal_places") || !same("to") || shorter("max_length") {
        return Some(Fault::ChangeType);
    }
    (!same("db_column")).then_some(Fault::RenameColumn)
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

/// The steps of the SQL that a call is given.
fn sql_of(call: &Call<'_>, file: &File, steps: &mut Vec<Step>) {
    let Some(first) = call.get("sql").or_else(|| call.get("sqltext")).or_else(|| call.args.first())
    else {
        return;
    };
    // `op.execute(sa.text("..."))`
    let inner = Call::of(first).filter(|inner| inner.name == "text");
    let value = inner.as_ref().and_then(|inner| inner.args.first()).unwrap_or(first);
    let parts: Vec<Node<'_>> = match &*value.kind() {
        "string" => vec![value.clone()],
        "concatenated_string" => vec![value.clone()],
        "list" | "tuple" => value.named_children().filter(|node| node.kind() == "string").collect(),
        _ => Vec::new(),
    };
    if parts.is_empty() {
        let lines = file.lines_of(call.node.range());
        steps.push(Step::new(Act::Other, "", lines, Some(Fault::UnreadableSql)));
    }
    for part in parts {
        let contents: Vec<Node<'_>> =
            part.dfs().filter(|node| node.kind() == "string_content").collect();
        let text: String = contents.iter().map(|node| node.text()).collect::<Vec<_>>().concat();
        let at = contents.first().map_or(part.range().start, |node| node.range().start);
        // Lines of joined pieces are those of the whole.
        let whole = file.lines_of(part.range());
        let one = contents.len() == 1;
        let lines = |range: std::ops::Range<usize>| {
            if one { file.lines_of(at + range.start..at + range.end) } else { whole }
        };
        steps.extend(sql::steps(&text, &lines));
    }
}

/// The steps of an Alembic migration, and whether they run in a transaction.
pub fn alembic(file: &File) -> Option<(Vec<Step>, bool)> {
    let tree = file.tree()?;
    let mut steps = Vec::new();
    for node in calls(tree) {
        let down = node.ancestors().any(|above| {
            above.kind() == "function_definition"
                && above.field("name").is_some_and(|name| name.text() == "downgrade")
        });
        let Some(call) = Call::of(&node).filter(|_| !down) else {
            continue;
        };
        let batch = batch_table(&call);
        if call.receiver != "op" && batch.is_none() {
            continue;
        }
        if call.name == "execute" {
            sql_of(&call, file, &mut steps);
        } else {
            steps.extend(alembic_step(&call, batch.as_deref(), file));
        }
    }
    Some((steps, !file.text.contains("autocommit_block")))
}

/// The table of `with op.batch_alter_table("t") as batch:` for calls on `batch`.
fn batch_table(call: &Call<'_>) -> Option<String> {
    if call.receiver.is_empty() || call.receiver == "op" || call.receiver.contains('.') {
        return None;
    }
    call.node.ancestors().filter(|above| above.kind() == "with_statement").find_map(|with| {
        let pattern = with.dfs().take(40).find(|node| node.kind() == "as_pattern")?;
        let target = pattern.field("alias")?;
        if target.text() != call.receiver {
            return None;
        }
        let opened = Call::of(&pattern.named_children().next()?)?;
        (opened.name == "batch_alter_table")
            .then(|| opened.text("table_name").unwrap_or_else(|| opened.arg(0)))
    })
}

fn alembic_step(call: &Call<'_>, batch: Option<&str>, file: &File) -> Option<Step> {
    let lines = file.lines_of(call.node.range());
    let at = usize::from(batch.is_none());
    let table = |place: usize| match batch {
        Some(table) => table.to_owned(),
        None => call.text("table_name").unwrap_or_else(|| call.arg(place)),
    };
    let column = call.text("column_name").unwrap_or_else(|| call.arg(at));
    let step = |act, table: String, fault| Some(Step::new(act, &table, lines, fault));
    let postgres = |key: &str| call.is(key, "True");
    let unless = |safe: bool, fault| (!safe).then_some(fault);
    match &*call.name {
        "create_table" => step(Act::CreateTable, call.arg(0), None),
        "drop_table" => step(Act::Alter, call.arg(0), Some(Fault::DropTable)),
        "rename_table" => step(Act::Alter, call.arg(0), Some(Fault::RenameTable)),
        "drop_column" => step(Act::Alter, table(0), Some(Fault::DropColumn)).map(|s| s.on(&column)),
        "add_column" => {
            let node = call.args.get(at)?;
            let mut step = Step::new(Act::AddColumn, &table(0), lines, None);
            let definition = Call::of(node)?;
            step = step.on(&definition.arg(0));
            step.faults = sa_column(&definition).faults();
            Some(step)
        }
        "alter_column" => {
            let fault = if call.get("new_column_name").is_some() {
                Some(Fault::RenameColumn)
            } else if call.get("type_").is_some() {
                Some(Fault::ChangeType)
            } else if call.is("nullable", "False") {
                Some(Fault::SetNotNull)
            } else {
                call.get("server_default").map(|_| Fault::SetDefault)
            };
            step(Act::Alter, table(0), fault).map(|step| step.on(&column))
        }
        "create_index" => {
            let safe = postgres("postgresql_concurrently");
            let act = if safe { Act::Concurrent } else { Act::Alter };
            step(act, table(1), unless(safe, Fault::LockingIndex))
        }
        "drop_index" => {
            let safe = postgres("postgresql_concurrently");
            let act = if safe { Act::Concurrent } else { Act::Alter };
            step(act, table(1), unless(safe, Fault::LockingDropIndex))
        }
        "create_foreign_key" => {
            let table = call.text("source_table").unwrap_or_else(|| table(1));
            step(Act::Alter, table, unless(postgres("postgresql_not_valid"), Fault::ForeignKey))
        }
        "create_check_constraint" => {
            step(Act::Alter, table(1), unless(postgres("postgresql_not_valid"), Fault::Check))
        }
        "create_unique_constraint" => step(Act::Alter, table(1), Some(Fault::Unique)),
        "create_primary_key" => step(Act::Alter, table(1), Some(Fault::PrimaryKey)),
        "create_exclude_constraint" => step(Act::Alter, table(1), Some(Fault::Exclusion)),
        "bulk_insert" => None,
        _ => None,
    }
}

/// `sa.Column("name", sa.Integer(), nullable=False, server_default="0")`
fn sa_column(call: &Call<'_>) -> Column {
    let kind = call.args.get(1).map(|node| node.text().into_owned()).unwrap_or_default();
    let kind =
        kind.rsplit('.').next().unwrap_or_default().trim_end_matches("()").to_ascii_lowercase();
    let default = call.get("server_default").filter(|node| node.text() != "None").map(|node| {
        let text = node.text();
        match text.trim_start_matches("sa.").strip_prefix("text(") {
            Some(inner) => inner.trim_end_matches(')').trim_matches(['"', '\'']).to_owned(),
            None if text.contains("func.") => text.replace("sa.func.", "").replace("func.", ""),
            None => String::new(),
        }
    });
    let key = call.args.iter().any(|node| node.text().contains("ForeignKey("));
    Column {
        kind,
        required: call.is("nullable", "False"),
        default,
        stored: call
            .args
            .iter()
            .any(|n| n.text().contains("Computed(") && n.text().contains("persisted=True")),
        foreign_key: key,
        unique: call.is("unique", "True"),
        primary: call.is("primary_key", "True"),
    }
}
