//! Migrations of Active Record as steps.

use super::call::{Call, plain};
use super::fault::Fault;
use super::sql;
use super::step::{Act, Column, Step};
use crate::checklist::File;
use crate::checklist::lang::Node;

/// What is known where a node stands.
#[derive(Clone, Default)]
struct Place {
    /// The table whose block this is, and the block's variable.
    table: Option<(String, String)>,
    assured: bool,
    /// Depth, bounded.
    depth: usize,
}

/// The steps of a migration, and whether they run in a transaction.
pub fn steps(file: &File, mysql: bool) -> Option<(Vec<Step>, Option<bool>)> {
    let tree = file.tree()?;
    let mut reader = Reader { file, mysql, steps: Vec::new() };
    reader.walk(&tree.root(), &Place::default());
    Some((reader.steps, Some(!file.text.contains("disable_ddl_transaction!"))))
}

struct Reader<'f> {
    file: &'f File,
    mysql: bool,
    steps: Vec<Step>,
}

impl Reader<'_> {
    fn walk(&mut self, node: &Node<'_>, place: &Place) {
        if place.depth > 200 {
            return;
        }
        let mut inner = Place { depth: place.depth + 1, ..place.clone() };
        match &*node.kind() {
            "method" | "singleton_method" => {
                let down = node.field("name").is_some_and(|name| name.text() == "down");
                if down {
                    return;
                }
            }
            "call" => {
                let Some(call) = Call::of(node) else {
                    return;
                };
                if matches!(&*call.name, "down" | "revert") {
                    return;
                }
                let before = self.steps.len();
                self.call(&call, place);
                for step in &mut self.steps[before..] {
                    step.assured |= place.assured;
                }
                match &*call.name {
                    "safety_assured" => inner.assured = true,
                    "create_table" | "create_join_table" | "change_table" => {
                        let variable = node
                            .field("block")
                            .and_then(|block| block.field("parameters"))
                            .map(|names| names.text().trim_matches(['|', ' ']).to_owned());
                        let made = call.name != "change_table";
                        let table = if made { String::new() } else { call.arg(0) };
                        inner.table = variable.map(|variable| (table, variable));
                    }
                    _ => {}
                }
            }
            _ => {}
        }
        for child in node.children() {
            self.walk(&child, &inner);
        }
    }

    fn add(&mut self, node: &Node<'_>, act: Act, table: &str, fault: Option<Fault>) -> &mut Step {
        let at = node.range();
        // Of a call with a block only its head.
        let end = node.field("block").map_or(at.end, |block| block.range().start.max(at.start + 1));
        let lines = self.file.lines_of(at.start..end.min(at.end));
        self.steps.push(Step::new(act, table, lines, fault));
        let last = self.steps.len() - 1;
        &mut self.steps[last]
    }

    fn call(&mut self, call: &Call<'_>, place: &Place) {
        match &place.table {
            Some((table, variable)) if call.receiver == *variable => {
                if !table.is_empty() {
                    self.in_table(call, &table.clone());
                }
            }
            _ if matches!(&*call.receiver, "" | "self" | "connection" | "m" | "t") => {
                self.plain(call);
            }
            _ if call.receiver.ends_with("connection") && call.name == "execute" => {
                self.plain(call)
            }
            _ => self.rows(call),
        }
    }

    /// Rows changed by way of a model.
    fn rows(&mut self, call: &Call<'_>) {
        let model = call.receiver.starts_with(|c: char| c.is_ascii_uppercase());
        let changes = [
            "update_all",
            "delete_all",
            "destroy_all",
            "find_each",
            "in_batches",
            "update",
            "backfill",
        ];
        if model && changes.contains(&&*call.name) {
            self.add(&call.node, Act::Data, "", None);
        }
    }

    /// `t.string :name, null: false` in a block of change_table.
    fn in_table(&mut self, call: &Call<'_>, table: &str) {
        let node = &call.node;
        match &*call.name {
            "remove" | "remove_columns" => {
                self.add(node, Act::Alter, table, Some(Fault::DropColumn)).column =
                    super::step::name(&call.arg(0));
            }
            "remove_timestamps" | "remove_references" | "remove_belongs_to" => {
                self.add(node, Act::Alter, table, Some(Fault::DropColumn));
            }
            "rename" => {
                self.add(node, Act::Alter, table, Some(Fault::RenameColumn));
            }
            "change" => self.change_column(call, table, 0),
            "change_null" => self.change_null(call, table, 0),
            "change_default" => {
                self.add(node, Act::Alter, table, Some(Fault::SetDefault));
            }
            "index" => self.index(call, table),
            "remove_index" => self.remove_index(call, table),
            "foreign_key" => self.foreign_key(call, table),
            "check_constraint" => self.check(call, table),
            "unique_constraint" => self.unique(call, table),
            "exclusion_constraint" => {
                self.add(node, Act::Alter, table, Some(Fault::Exclusion));
            }
            "references" | "belongs_to" => self.reference(call, table),
            "column" => self.column(call, table, &call.arg(0), &call.arg(1)),
            "timestamps" => {
                let required = !call.is("null", "true");
                self.timestamps(call, table, required);
            }
            kind if is_type(kind) => self.column(call, table, &call.arg(0), kind),
            _ => {}
        }
    }

    fn plain(&mut self, call: &Call<'_>) {
        let (node, table) = (&call.node, call.arg(0));
        let column = super::step::name(&call.arg(1));
        match &*call.name {
            "create_table" | "create_join_table" => {
                let force = call.get("force").is_some_and(|v| v.text() != "false");
                let short = call
                    .text("id")
                    .is_some_and(|id| matches!(&*id, "integer" | "serial" | "smallint" | "int"));
                let fault =
                    force.then_some(Fault::ReplaceTable).or(short.then_some(Fault::ShortKey));
                self.add(node, Act::CreateTable, &table, fault);
            }
            "drop_table" | "drop_join_table" => {
                self.add(node, Act::Alter, &table, Some(Fault::DropTable));
            }
            "rename_table" => {
                self.add(node, Act::Alter, &table, Some(Fault::RenameTable));
            }
            "rename_schema" => {
                self.add(node, Act::Other, "", Some(Fault::RenameSchema));
            }
            "rename_enum" | "rename_enum_value" => {
                self.add(node, Act::Other, "", Some(Fault::RenameValue));
            }
            "drop_schema" => {
                self.add(node, Act::Other, "", Some(Fault::DropDatabase));
            }
            "remove_column" | "remove_columns" | "remove_timestamps" | "remove_reference"
            | "remove_references" | "remove_belongs_to" => {
                self.add(node, Act::Alter, &table, Some(Fault::DropColumn)).column = column;
            }
            "rename_column" => {
                self.add(node, Act::Alter, &table, Some(Fault::RenameColumn)).column = column;
            }
            "add_column" | "add_column_with_default" => {
                self.column(call, &table, &column, &call.arg(2));
            }
            "add_timestamps" => {
                let required = call.is("null", "false");
                self.timestamps(call, &table, required && call.get("default").is_some());
            }
            "add_reference" | "add_references" | "add_belongs_to" => self.reference(call, &table),
            "change_column" => self.change_column(call, &table, 1),
            "change_column_null" => self.change_null(call, &table, 1),
            "change_column_default" => {
                self.add(node, Act::Alter, &table, Some(Fault::SetDefault)).column = column;
            }
            "add_index" => self.index(call, &table),
            "remove_index" => self.remove_index(call, &table),
            "add_foreign_key" => self.foreign_key(call, &table),
            "add_check_constraint" | "add_text_limit_constraint" | "add_not_null_constraint" => {
                self.check(call, &table);
            }
            "add_unique_constraint" => self.unique(call, &table),
            "add_exclusion_constraint" => {
                self.add(node, Act::Alter, &table, Some(Fault::Exclusion));
            }
            "validate_constraint"
            | "validate_foreign_key"
            | "validate_check_constraint"
            | "validate_not_null_constraint"
            | "validate_text_limit_constraint" => {
                self.add(node, Act::Validate, &table, None);
            }
            "execute" | "exec_query" | "exec_update" => self.execute(call),
            _ => {}
        }
    }

    fn column(&mut self, call: &Call<'_>, table: &str, column: &str, kind: &str) {
        let default = call.get("default").filter(|value| value.text() != "nil");
        let sql = default.map(|value| match &*value.kind() {
            "lambda" => value.text().into_owned(),
            // Active Record hands the text of a uuid column's default to the database.
            _ if kind == "uuid" => plain(value),
            _ => String::new(),
        });
        let sql = sql.or_else(|| call.get("default_function").map(plain));
        let primary = kind == "primary_key" || call.is("primary_key", "true");
        let known = Column {
            kind: kind.to_owned(),
            // A generated column has a value always.
            required: call.is("null", "false") && call.get("as").is_none(),
            default: sql,
            stored: call.get("as").is_some() && call.is("stored", "true"),
            ..Column::default()
        };
        let mut faults = known.faults();
        if primary && !faults.contains(&Fault::SerialColumn) {
            faults.push(Fault::PrimaryKey);
        }
        let blocks = call.text("algorithm").is_some_and(|how| how == "copy")
            || call.text("lock").is_some_and(|how| how == "shared" || how == "exclusive");
        if blocks {
            faults.push(Fault::BlockingAlter);
        }
        if call.name == "add_column" && call.get("index").is_some() {
            faults.push(Fault::IgnoredIndex);
        }
        let column = super::step::name(column);
        let step = self.add(&call.node, Act::AddColumn, table, None);
        (step.column, step.faults) = (column, faults);
    }

    fn timestamps(&mut self, call: &Call<'_>, table: &str, required: bool) {
        let default = call.get("default").map(|value| value.text().into_owned());
        let known = Column { required, default, ..Column::default() };
        self.add(&call.node, Act::AddColumn, table, None).faults = known.faults();
    }

    fn change_column(&mut self, call: &Call<'_>, table: &str, at: usize) {
        let kind = call.arg(at + 1);
        // A longer text is no other type to the database, and nothing is rewritten.
        let longer = matches!(&*kind, "text" | "string") && call.named.is_empty();
        let mut faults = Vec::new();
        if call.is("null", "false") {
            faults.push(Fault::SetNotNull);
        }
        if !longer {
            faults.insert(0, Fault::ChangeType);
        }
        let column = super::step::name(&call.arg(at));
        let step = self.add(&call.node, Act::Alter, table, None);
        (step.column, step.faults) = (column, faults);
    }

    fn change_null(&mut self, call: &Call<'_>, table: &str, at: usize) {
        // Where the same migration has validated that nothing is NULL, the scan is spared.
        let validated =
            |step: &Step| step.act == Act::Validate && step.table == super::step::name(table);
        let required = call.arg(at + 1) == "false" && !self.steps.iter().any(validated);
        let fault = required.then_some(Fault::SetNotNull);
        self.add(&call.node, Act::Alter, table, fault);
    }

    fn index(&mut self, call: &Call<'_>, table: &str) {
        let concurrently = call.is("algorithm", "concurrently");
        let act = if concurrently { Act::Concurrent } else { Act::Alter };
        let mysql = self.mysql;
        let at = usize::from(call.receiver.is_empty());
        let wide = call.args.get(at).is_some_and(|columns| {
            columns.kind() == "array" && columns.named_children().count() > 3
        });
        // MySQL says so in other words.
        let online = call.is("lock", "none")
            || call.text("algorithm").is_some_and(|how| how == "inplace" || how == "instant");
        let step = self.add(&call.node, act, table, None);
        if !concurrently && !mysql && !online {
            step.faults.push(Fault::LockingIndex);
        }
        if wide && !call.is("unique", "true") {
            step.faults.push(Fault::WideIndex);
        }
    }

    fn remove_index(&mut self, call: &Call<'_>, table: &str) {
        let concurrently = call.is("algorithm", "concurrently");
        let act = if concurrently { Act::Concurrent } else { Act::Alter };
        let blocks = call.text("lock").is_some_and(|how| how == "shared" || how == "exclusive")
            || call.is("algorithm", "copy");
        let fault = if blocks {
            Some(Fault::BlockingAlter)
        } else {
            (!concurrently && !self.mysql).then_some(Fault::LockingDropIndex)
        };
        self.add(&call.node, act, table, fault);
    }

    fn unchecked(call: &Call<'_>) -> bool {
        call.is("validate", "false")
    }

    fn foreign_key(&mut self, call: &Call<'_>, table: &str) {
        let fault = (!Self::unchecked(call)).then_some(Fault::ForeignKey);
        self.add(&call.node, Act::Alter, table, fault);
    }

    fn check(&mut self, call: &Call<'_>, table: &str) {
        let fault = (!Self::unchecked(call)).then_some(Fault::Check);
        self.add(&call.node, Act::Alter, table, fault);
    }

    fn unique(&mut self, call: &Call<'_>, table: &str) {
        let fault = call.get("using_index").is_none().then_some(Fault::Unique);
        self.add(&call.node, Act::Alter, table, fault);
    }

    fn reference(&mut self, call: &Call<'_>, table: &str) {
        let index = call.get("index").map(|value| value.text().into_owned());
        let quiet = |how: &str| how == "false" || how.contains("concurrently");
        let key = call.get("foreign_key").map(|value| value.text().into_owned());
        let checked =
            |key: &str| key != "false" && !(key.contains("validate") && key.contains("false"));
        let required = call.is("null", "false") && call.get("default").is_none();
        let mysql = self.mysql;
        let concurrently = index.as_deref().is_some_and(|how| how.contains("concurrently"));
        let act = if concurrently { Act::Concurrent } else { Act::AddColumn };
        let step = self.add(&call.node, act, table, None);
        if required {
            step.faults.push(Fault::RequiredColumn);
        }
        if !mysql && !index.as_deref().is_some_and(quiet) {
            step.faults.push(Fault::LockingIndex);
        }
        if key.as_deref().is_some_and(checked) {
            step.faults.push(Fault::ForeignKey);
        }
    }

    fn execute(&mut self, call: &Call<'_>) {
        let Some(arg) = call.args.first() else {
            return;
        };
        let from = self.steps.len();
        let text = match &*arg.kind() {
            "string" if !arg.children().any(|part| part.kind() == "interpolation") => arg.clone(),
            _ if arg.text().starts_with("<<") => match heredoc(&call.node) {
                Some(body) => body,
                None => return,
            },
            _ => {
                self.add(&call.node, Act::Other, "", Some(Fault::UnreadableSql));
                return;
            }
        };
        let (inner, at) = (text.text(), text.range().start);
        let body = inner.trim_matches(['"', '\'']);
        let at = at + (inner.len() - inner.trim_start_matches(['"', '\'']).len());
        let lines =
            |range: std::ops::Range<usize>| self.file.lines_of(at + range.start..at + range.end);
        let found = sql::steps(body, &lines);
        self.steps.extend(found);
        // What somebody runs by hand is at least said where the statement starts.
        let head = self.file.lines_of(call.node.range().start..call.node.range().start + 1);
        for step in &mut self.steps[from..] {
            if text.kind() != "heredoc_body" {
                step.lines = head;
            }
        }
    }
}

/// The body of a here-document that a call starts.
fn heredoc<'t>(call: &Node<'t>) -> Option<Node<'t>> {
    let own = call
        .children()
        .chain(call.field("arguments").into_iter().flat_map(|a| a.children().collect::<Vec<_>>()));
    let after =
        call.ancestors().take(4).flat_map(|node| node.next_all().take(2).collect::<Vec<_>>());
    own.chain(call.next_all().take(2)).chain(after).find(|node| node.kind() == "heredoc_body")
}

fn is_type(word: &str) -> bool {
    let types = [
        "string",
        "text",
        "integer",
        "bigint",
        "float",
        "decimal",
        "numeric",
        "datetime",
        "timestamp",
        "timestamptz",
        "time",
        "date",
        "binary",
        "blob",
        "boolean",
        "json",
        "jsonb",
        "uuid",
        "inet",
        "cidr",
        "macaddr",
        "hstore",
        "xml",
        "citext",
        "ltree",
        "tsvector",
        "virtual",
        "serial",
        "bigserial",
        "primary_key",
        "enum",
        "bit",
        "daterange",
        "numrange",
        "tsrange",
        "tstzrange",
        "int4range",
        "int8range",
        "interval",
        "money",
        "oid",
        "point",
        "polygon",
        "line",
    ];
    types.contains(&word)
}
