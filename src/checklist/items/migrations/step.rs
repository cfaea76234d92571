//! What migrations do, whatever language they are written in, and what is wrong with it.

use std::collections::BTreeSet;

use super::fault::Fault;
use crate::model::LineRange;

/// One thing that a migration does.
#[derive(Debug, Clone)]
pub struct Step {
    /// What kind of thing.
    pub act: Act,
    /// The table, as [`name`] writes it; empty where it is not known.
    pub table: String,
    /// The column.
    pub column: String,
    /// Why it may not run, if the table was there before.
    pub faults: Vec<Fault>,
    /// Where it stands.
    pub lines: LineRange,
    /// Somebody has said in the code that it is safe.
    pub assured: bool,
}

/// The kinds of things that migrations do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Makes a table.
    CreateTable,
    /// Makes a column.
    AddColumn,
    /// Changes a table and holds a lock until the end of the transaction.
    Alter,
    /// Changes something that has no table.
    Other,
    /// Builds or drops without a lock; refused in a transaction.
    Concurrent,
    /// Checks a constraint that was added unchecked.
    Validate,
    /// Reads or changes rows.
    Data,
    /// A transaction starts, or ends.
    Begin,
    Commit,
}

impl Step {
    /// A step with one fault or none.
    pub fn new(act: Act, table: &str, lines: LineRange, fault: Option<Fault>) -> Self {
        Self {
            act,
            table: name(table),
            column: String::new(),
            faults: fault.into_iter().collect(),
            lines,
            assured: false,
        }
    }

    /// The same step for a column.
    pub fn on(mut self, column: &str) -> Self {
        self.column = name(column);
        self
    }
}

/// A name of a table or column, comparable: without schema, quotes and case.
pub fn name(text: &str) -> String {
    let last = text.rsplit('.').next().unwrap_or(text);
    last.trim_matches(|c: char| matches!(c, ':' | '"' | '\'' | '`' | '[' | ']' | ' '))
        .to_ascii_lowercase()
}

/// What is known of a new column.
#[derive(Debug, Default)]
pub struct Column {
    /// Its type, lower case.
    pub kind: String,
    /// NOT NULL.
    pub required: bool,
    /// Its default's text as SQL; `None` where there is none.
    pub default: Option<String>,
    /// Generated and stored.
    pub stored: bool,
    /// A key to another table that is checked at once.
    pub foreign_key: bool,
    /// Unique, or a primary key.
    pub unique: bool,
    pub primary: bool,
}

impl Column {
    /// What is wrong with adding it to a table that is there.
    pub fn faults(&self) -> Vec<Fault> {
        let serial = ["serial", "bigserial", "smallserial", "primary_key"];
        let checks = [
            (self.stored, Fault::StoredColumn),
            (serial.contains(&&*self.kind), Fault::SerialColumn),
            (self.kind == "json", Fault::JsonColumn),
            (self.default.as_deref().is_some_and(volatile), Fault::VolatileDefault),
            (
                self.required
                    && self.default.is_none()
                    && !self.stored
                    && !self.primary
                    && !serial.contains(&&*self.kind),
                Fault::RequiredColumn,
            ),
            (self.foreign_key, Fault::ForeignKey),
            (self.primary, Fault::PrimaryKey),
            (self.unique && !self.primary, Fault::Unique),
        ];
        checks.into_iter().filter(|(holds, _)| *holds).map(|(_, fault)| fault).collect()
    }
}

/// Functions that give one value for the whole statement.
const STABLE: &[&str] = &[
    "now",
    "current_timestamp",
    "localtimestamp",
    "current_date",
    "current_time",
    "localtime",
    "transaction_timestamp",
    "statement_timestamp",
    "current_user",
    "session_user",
    "current_setting",
    "timezone",
    "date_trunc",
    "to_timestamp",
    "lower",
    "upper",
    "coalesce",
    "cast",
    "array",
    "jsonb_build_object",
    "json_build_object",
    "jsonb_build_array",
    "getdate",
    "getutcdate",
    "sysdatetime",
    "utc_timestamp",
    "varchar",
    "char",
    "character",
    "numeric",
    "decimal",
    "bit",
    "interval",
    "timestamp",
    "point",
    "to_tsvector",
];

/// Whether a default may differ from row to row: it calls a function that is not known to be
/// stable.
pub fn volatile(default: &str) -> bool {
    let lower = default.to_ascii_lowercase();
    let mut rest = lower.as_str();
    while let Some(at) = rest.find('(') {
        let before = rest[..at].trim_end();
        let start = before
            .rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
        let word = &before[start..];
        if !word.is_empty() && !STABLE.contains(&word) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}

/// A step with what is wrong with it.
pub type Found = (Step, Fault);

/// What is wrong with these steps, in order. `transaction`: whether they run in one unless they
/// say otherwise, where that is known.
pub fn judge(steps: &[Step], transaction: Option<bool>) -> Vec<Found> {
    let made: BTreeSet<&str> = steps
        .iter()
        .filter(|step| step.act == Act::CreateTable)
        .map(|step| step.table.as_str())
        .filter(|table| !table.is_empty())
        .collect();
    let mut columns = BTreeSet::new();
    let mut transaction = transaction;
    let mut locked = false;
    let mut found = Vec::new();
    for step in steps {
        let new = made.contains(step.table.as_str());
        let mut faults: Vec<Fault> = Vec::new();
        let new_column = columns.contains(&(&step.table, &step.column));
        if !new || step.act == Act::CreateTable {
            faults.extend(step.faults.iter().filter(|fault| !new_column || !of_column(**fault)));
        }
        match step.act {
            Act::Begin => (transaction, locked) = (Some(true), false),
            Act::Commit => (transaction, locked) = (Some(false), false),
            Act::AddColumn if !step.column.is_empty() => {
                columns.insert((&step.table, &step.column));
            }
            Act::Concurrent if transaction == Some(true) => {
                faults.push(Fault::ConcurrentlyInTransaction)
            }
            Act::Validate if transaction == Some(true) && locked => {
                faults.push(Fault::ValidateUnderLock)
            }
            Act::Data if transaction != Some(false) && locked => faults.push(Fault::DataWithSchema),
            _ => {}
        }
        if matches!(step.act, Act::Alter | Act::AddColumn) && !new {
            locked = true;
        }
        if !step.assured {
            found.extend(faults.into_iter().map(|fault| (step.clone(), fault)));
        }
    }
    found
}

/// Faults that a column made by the same migration cannot have.
fn of_column(fault: Fault) -> bool {
    matches!(fault, Fault::SetDefault | Fault::ChangeType | Fault::DropColumn | Fault::RenameColumn)
}
