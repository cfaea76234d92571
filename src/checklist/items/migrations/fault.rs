//! What can be wrong with a step of a migration, and what is said about it.

use crate::model::Confidence::{self, Advice, High, Low};

/// A reason why a step must not run beside the version of the code that is live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    DropTable,
    DropColumn,
    RenameTable,
    RenameColumn,
    RenameSchema,
    RenameValue,
    ReplaceTable,
    DropDatabase,
    TruncateCascade,
    ChangeType,
    SetNotNull,
    DropNotNull,
    SetDefault,
    RequiredColumn,
    VolatileDefault,
    StoredColumn,
    SerialColumn,
    JsonColumn,
    LockingIndex,
    WideIndex,
    IgnoredIndex,
    LockingDropIndex,
    LockingRebuild,
    BlockingAlter,
    ForeignKey,
    Check,
    Unique,
    PrimaryKey,
    Exclusion,
    EnumType,
    ConcurrentlyInTransaction,
    ValidateUnderLock,
    DataWithSchema,
    UnreadableSql,
    LiveModel,
    ShortKey,
}

impl Fault {
    /// The rule's name, what is wrong, how to mend it, and how sure that is.
    pub fn said(self) -> (&'static str, &'static str, &'static str, Confidence) {
        let dropped = "first ship code that no longer uses it, then drop it in a later release";
        let expand = "add the new name beside the old one, write both, move the readers, then drop the old one in a later release";
        let not_valid = "add the constraint without checking (NOT VALID, validate: false), and validate it in a migration of its own";
        match self {
            Self::DropTable => {
                ("drop-table", "the version that is running may still use this table", dropped, Low)
            }
            Self::DropColumn => (
                "drop-column",
                "the version that is running still reads and writes this column",
                dropped,
                High,
            ),
            Self::RenameTable => (
                "rename-table",
                "the version that is running knows the table by its old name",
                expand,
                High,
            ),
            Self::RenameColumn => (
                "rename-column",
                "the version that is running knows the column by its old name",
                expand,
                High,
            ),
            Self::RenameSchema => (
                "rename-schema",
                "the version that is running knows the schema by its old name",
                expand,
                High,
            ),
            Self::RenameValue => (
                "rename-value",
                "the version that is running knows the value by its old name",
                expand,
                High,
            ),
            Self::ReplaceTable => (
                "replace-table",
                "force: true drops the table that is there, with its rows",
                "leave force out; drop the table in a step of its own if that is meant",
                High,
            ),
            Self::DropDatabase => (
                "drop-database",
                "this destroys everything that is in it",
                "take it out of the migration",
                High,
            ),
            Self::TruncateCascade => (
                "truncate-cascade",
                "CASCADE empties every table that refers to this one",
                "name the tables to be emptied",
                High,
            ),
            Self::ChangeType => (
                "change-type",
                "changing the type rewrites the table under a lock, and the version that is running expects the old type",
                "add a column of the new type, write both, backfill, then move over",
                High,
            ),
            Self::SetNotNull => (
                "set-not-null",
                "the whole table is scanned under a lock, and the version that is running may still write NULL",
                "add a CHECK (... IS NOT NULL) NOT VALID, validate it in a later migration, then set NOT NULL",
                High,
            ),
            Self::DropNotNull => (
                "drop-not-null",
                "the version that is running may not expect NULL here",
                "ship code that copes with NULL first",
                Advice,
            ),
            Self::SetDefault => (
                "set-default",
                "the version that is running may write the old default, since it names every column in an INSERT",
                "ship code that does not rely on the default first, or write the value explicitly",
                Low,
            ),
            Self::RequiredColumn => (
                "required-column",
                "rows that are there, and inserts of the version that is running, have no value for this column",
                "allow NULL or give the column a default in the database; set NOT NULL after the backfill",
                High,
            ),
            Self::VolatileDefault => (
                "volatile-default",
                "a default that differs from row to row rewrites the table under a lock",
                "add the column without it, set the default in a second step, and backfill in batches",
                High,
            ),
            Self::StoredColumn => (
                "stored-column",
                "a stored generated column rewrites the table under a lock",
                "add a plain column and fill it by a trigger or in batches",
                High,
            ),
            Self::SerialColumn => (
                "serial-column",
                "an auto-incrementing column rewrites the table under a lock",
                "create a new table, or add the column without a default and backfill it",
                High,
            ),
            Self::JsonColumn => (
                "json-column",
                "json has no equality operator: SELECT DISTINCT over this table breaks",
                "use jsonb",
                Low,
            ),
            Self::LockingIndex => (
                "locking-index",
                "writes to the table wait until the index is built",
                "build it CONCURRENTLY (algorithm: :concurrently, AddIndexConcurrently, postgresql_concurrently=True), outside a transaction",
                High,
            ),
            Self::WideIndex => (
                "wide-index",
                "an index of more than three columns that is not unique seldom pays for its upkeep",
                "index the columns that narrow the search most",
                Advice,
            ),
            Self::IgnoredIndex => (
                "ignored-index",
                "add_column knows no index option: no index is made",
                "add the index with add_index",
                Low,
            ),
            Self::LockingDropIndex => (
                "locking-drop-index",
                "dropping the index waits for, and then blocks, everything on the table",
                "drop it CONCURRENTLY, outside a transaction",
                Low,
            ),
            Self::LockingRebuild => (
                "locking-rebuild",
                "the table is rewritten under a lock that stops reads, too",
                "use the CONCURRENTLY form, outside a transaction",
                High,
            ),
            Self::BlockingAlter => (
                "blocking-alter",
                "this algorithm or lock stops writes while the table is changed",
                "use ALGORITHM=INSTANT or INPLACE with LOCK=NONE",
                High,
            ),
            Self::ForeignKey => (
                "foreign-key",
                "every row of both tables is checked while writes wait",
                not_valid,
                High,
            ),
            Self::Check => (
                "check-constraint",
                "every row is checked while reads and writes wait",
                not_valid,
                High,
            ),
            Self::Unique => (
                "unique-constraint",
                "the index of the constraint is built while reads and writes wait",
                "build a unique index CONCURRENTLY, then add the constraint USING INDEX",
                High,
            ),
            Self::PrimaryKey => (
                "primary-key",
                "the index of the key is built while reads and writes wait",
                "build a unique index CONCURRENTLY, then add the key USING INDEX",
                High,
            ),
            Self::Exclusion => (
                "exclusion-constraint",
                "every row is checked while reads and writes wait, and there is no way to put it off",
                "add it while the table is small, or keep the rule in the code",
                High,
            ),
            Self::EnumType => (
                "enum-type",
                "a value of an enum type can never be taken away again",
                "use a lookup table, or text with a check constraint",
                Advice,
            ),
            Self::ConcurrentlyInTransaction => (
                "concurrently-in-transaction",
                "CONCURRENTLY is refused inside a transaction",
                "turn the transaction off (disable_ddl_transaction!, atomic = False, autocommit_block), with nothing else in the migration",
                High,
            ),
            Self::ValidateUnderLock => (
                "validate-under-lock",
                "the rows are checked while an earlier step of this transaction holds its lock",
                "validate in a migration of its own",
                High,
            ),
            Self::DataWithSchema => (
                "data-with-schema",
                "rows are read or changed while the schema change above holds its lock",
                "move it to a migration of its own, in batches",
                Low,
            ),
            Self::UnreadableSql => (
                "unreadable-sql",
                "nothing is known about SQL that is put together at run time",
                "write the statement out",
                Advice,
            ),
            Self::ShortKey => {
                ("short-key", "the key runs out at 2,147,483,647 rows", "use bigint", Advice)
            }
            Self::LiveModel => (
                "live-model",
                "the model will have changed by the time that this migration runs on another database",
                "get the model as it was then: apps.get_model(...)",
                Low,
            ),
        }
    }
}
