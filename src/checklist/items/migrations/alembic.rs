//! Migrations of Alembic as steps.

use super::call::Call;
use super::fault::Fault;
use super::python::{calls, sql_of};
use super::step::{Act, Column, Step};
use crate::checklist::File;

/// The steps of an Alembic migration, and whether they run in a transaction.
pub fn steps(file: &File) -> Option<(Vec<Step>, Option<bool>)> {
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
    Some((steps, Some(!file.text.contains("autocommit_block"))))
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
            } else if call.get("type_").is_some() && is_longer_text(call) {
                None
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

/// Whether one text type becomes another that holds more: nothing is rewritten.
fn is_longer_text(call: &Call<'_>) -> bool {
    let length = |key: &str| {
        let text = call.get(key)?.text().into_owned();
        let (kind, rest) = text.split_once('(').unwrap_or((&text, ""));
        let kind = kind.rsplit('.').next().unwrap_or(kind).to_ascii_lowercase();
        let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
        match &*kind {
            "text" | "unicodetext" => Some(u32::MAX),
            "string" | "varchar" | "unicode" => Some(digits.parse().unwrap_or(u32::MAX)),
            _ => None,
        }
    };
    length("existing_type").zip(length("type_")).is_some_and(|(old, new)| old <= new)
}
