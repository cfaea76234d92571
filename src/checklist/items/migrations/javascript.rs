//! Migrations of Knex, Sequelize and TypeORM as steps.

use super::call::{Call, plain};
use super::fault::Fault;
use super::sql;
use super::step::{Act, Column, Step};
use crate::checklist::File;
use crate::checklist::lang::Node;

/// The steps of a migration; Knex runs each in a transaction unless told otherwise.
pub fn steps(file: &File) -> Option<(Vec<Step>, Option<bool>)> {
    let tree = file.tree()?;
    let root = tree.root();
    let mut steps = Vec::new();
    for node in root.dfs().filter(|node| node.kind() == "call_expression") {
        let Some(call) = Call::of(&node).filter(|_| !in_down(&node)) else {
            continue;
        };
        if is_sql(&call) {
            raw(&call, file, &mut steps);
        } else if call.receiver == "queryInterface" {
            steps.extend(sequelize(&call, file));
        } else if call.receiver.ends_with("schema") || call.receiver.contains("schema.") {
            steps.extend(schema(&call, file));
        } else if let Some(table) = table_of(&call) {
            steps.extend(in_table(&call, &table, file));
        }
    }
    let alone =
        file.text.contains("transaction: false") || file.text.contains("transaction = false");
    Some((steps, Some(!alone)))
}

/// Whether a call stands in the way back.
fn in_down(node: &Node<'_>) -> bool {
    node.ancestors().any(|above| match &*above.kind() {
        "function_declaration" | "method_definition" => {
            above.field("name").is_some_and(|name| name.text() == "down")
        }
        "assignment_expression" => {
            above.field("left").is_some_and(|left| left.text().ends_with(".down"))
        }
        "pair" => above.field("key").is_some_and(|key| key.text() == "down"),
        "variable_declarator" => above.field("name").is_some_and(|name| name.text() == "down"),
        _ => false,
    })
}

fn is_sql(call: &Call<'_>) -> bool {
    match &*call.name {
        "raw" => call.receiver.contains("knex") || call.receiver.ends_with("schema"),
        "query" => {
            call.receiver.ends_with("queryRunner")
                || call.receiver.ends_with("queryInterface.sequelize")
        }
        _ => false,
    }
}

fn raw(call: &Call<'_>, file: &File, steps: &mut Vec<Step>) {
    let Some(text) =
        call.args.first().filter(|arg| matches!(&*arg.kind(), "string" | "template_string"))
    else {
        let lines = file.lines_of(call.node.range());
        steps.push(Step::new(Act::Other, "", lines, Some(Fault::UnreadableSql)));
        return;
    };
    let whole = text.text();
    let at = text.range().start + 1;
    let inner = whole.get(1..whole.len().saturating_sub(1)).unwrap_or_default();
    steps.extend(sql::steps(inner, &|range| file.lines_of(at + range.start..at + range.end)));
}

fn schema(call: &Call<'_>, file: &File) -> Option<Step> {
    let at = call.node.range();
    // Of a chain only its last link, without the function that it is given.
    let start = call
        .node
        .field("function")
        .and_then(|f| f.field("property"))
        .map_or(at.start, |p| p.range().start);
    let lines = file.lines_of(start..start + 1);
    let step = |act, fault| Some(Step::new(act, &call.arg(0), lines, fault));
    match &*call.name {
        "createTable" | "createTableIfNotExists" => step(Act::CreateTable, None),
        "dropTable" | "dropTableIfExists" => step(Act::Alter, Some(Fault::DropTable)),
        "renameTable" => step(Act::Alter, Some(Fault::RenameTable)),
        "dropSchema" | "dropSchemaIfExists" => step(Act::Other, Some(Fault::DropDatabase)),
        _ => None,
    }
}

/// The table that `t` stands for in `alterTable("users", (t) => { t.string("x") })`.
fn table_of(call: &Call<'_>) -> Option<String> {
    if call.receiver.is_empty() || call.receiver.contains(['.', '(']) {
        return None;
    }
    let function = call.node.ancestors().find(|above| {
        matches!(&*above.kind(), "arrow_function" | "function_expression" | "function")
            && above.field("parameters").or_else(|| above.field("parameter")).is_some_and(|names| {
                let text = names.text();
                let own = text.trim_matches(['(', ')']).split([':', ',']).next().map(str::trim);
                own == Some(&*call.receiver)
            })
    })?;
    let outer = Call::of(&function.parent()?.parent()?)?;
    matches!(&*outer.name, "alterTable" | "table").then(|| outer.arg(0))
}

/// The calls chained behind this one: `.notNullable().defaultTo(1)`.
fn chained<'t>(call: &Call<'t>) -> Vec<Call<'t>> {
    let mut all = Vec::new();
    let mut node = call.node.clone();
    while let Some(next) = node.parent().and_then(|member| member.parent()) {
        let linked = next.kind() == "call_expression"
            && next
                .field("function")
                .is_some_and(|f| f.field("object").is_some_and(|o| o.range() == node.range()));
        if !linked || all.len() > 20 {
            break;
        }
        all.extend(Call::of(&next));
        node = next;
    }
    all
}

fn in_table(call: &Call<'_>, table: &str, file: &File) -> Option<Step> {
    let lines = file.lines_of(call.node.range());
    let step = |act, fault| Some(Step::new(act, table, lines, fault).on(&call.arg(0)));
    let links = chained(call);
    let has = |name: &str| links.iter().any(|link| link.name == name);
    match &*call.name {
        "dropColumn" | "dropColumns" | "dropTimestamps" => {
            step(Act::Alter, Some(Fault::DropColumn))
        }
        "renameColumn" => step(Act::Alter, Some(Fault::RenameColumn)),
        "dropNullable" => step(Act::Alter, Some(Fault::SetNotNull)),
        "setNullable" => step(Act::Alter, Some(Fault::DropNotNull)),
        "index" => step(Act::Alter, Some(Fault::LockingIndex)),
        "unique" => step(Act::Alter, Some(Fault::Unique)),
        "primary" => step(Act::Alter, Some(Fault::PrimaryKey)),
        "foreign" => step(Act::Alter, Some(Fault::ForeignKey)),
        "check" => step(Act::Alter, Some(Fault::Check)),
        "dropIndex" => step(Act::Alter, Some(Fault::LockingDropIndex)),
        kind if is_type(kind) => {
            if has("alter") {
                return step(Act::Alter, Some(Fault::Redefine));
            }
            let default = links.iter().find(|link| link.name == "defaultTo").map(|link| {
                let text = link.args.first().map(|arg| arg.text().into_owned()).unwrap_or_default();
                if text.contains("fn.now") {
                    String::new()
                } else {
                    text.replace("knex.raw(", "").replace("knex.fn.", "")
                }
            });
            let column = Column {
                kind: match kind {
                    "increments" | "bigIncrements" => "serial".into(),
                    other => other.to_ascii_lowercase(),
                },
                required: has("notNullable"),
                default,
                foreign_key: has("references"),
                unique: has("unique"),
                primary: has("primary"),
                ..Column::default()
            };
            let mut step = step(Act::AddColumn, None)?;
            step.faults = column.faults();
            Some(step)
        }
        _ => None,
    }
}

fn is_type(name: &str) -> bool {
    let types = [
        "increments",
        "bigIncrements",
        "integer",
        "tinyint",
        "smallint",
        "mediumint",
        "bigint",
        "bigInteger",
        "text",
        "string",
        "float",
        "double",
        "decimal",
        "boolean",
        "date",
        "datetime",
        "time",
        "timestamp",
        "binary",
        "enum",
        "enu",
        "json",
        "jsonb",
        "uuid",
        "geometry",
        "specificType",
    ];
    types.contains(&name)
}

fn sequelize(call: &Call<'_>, file: &File) -> Option<Step> {
    let lines = file.lines_of(call.node.range());
    let step = |act, fault| Some(Step::new(act, &call.arg(0), lines, fault).on(&call.arg(1)));
    match &*call.name {
        "createTable" => step(Act::CreateTable, None),
        "dropTable" => step(Act::Alter, Some(Fault::DropTable)),
        "renameTable" => step(Act::Alter, Some(Fault::RenameTable)),
        "removeColumn" => step(Act::Alter, Some(Fault::DropColumn)),
        "renameColumn" => step(Act::Alter, Some(Fault::RenameColumn)),
        "changeColumn" => step(Act::Alter, Some(Fault::Redefine)),
        "addIndex" if call.is("concurrently", "true") => step(Act::Concurrent, None),
        "addIndex" => step(Act::Alter, Some(Fault::LockingIndex)),
        "removeIndex" if !call.is("concurrently", "true") => {
            step(Act::Alter, Some(Fault::LockingDropIndex))
        }
        "addConstraint" => {
            let fault = match call.text("type").as_deref() {
                Some("foreign key") => Fault::ForeignKey,
                Some("unique") => Fault::Unique,
                Some("primary key") => Fault::PrimaryKey,
                _ => Fault::Check,
            };
            step(Act::Alter, Some(fault))
        }
        "addColumn" => {
            let text = call.get("type").map(plain).unwrap_or_default().to_ascii_lowercase();
            let column = Column {
                kind: text.rsplit('.').next().unwrap_or_default().to_owned(),
                required: call.is("allowNull", "false"),
                default: call.get("defaultValue").map(|_| String::new()),
                foreign_key: call.get("references").is_some(),
                unique: call.is("unique", "true"),
                ..Column::default()
            };
            let mut step = step(Act::AddColumn, None)?;
            step.faults = column.faults();
            Some(step)
        }
        "bulkUpdate" | "bulkDelete" => step(Act::Data, None),
        _ => None,
    }
}
