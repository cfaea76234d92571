//! What can be wrong with a step of a migration, and what is said about it.

use crate::model::Confidence::{self, Advice, High, Low};

/// What is said of a fault.
pub struct Said {
    /// The rule's name.
    pub rule: &'static str,
    /// How sure that is.
    pub confidence: Confidence,
    /// What is wrong.
    pub message: &'static str,
    /// How to mend it.
    pub hint: &'static str,
}

/// The faults, each with what is said of it, in one place.
macro_rules! faults {
    ($($fault:ident: $rule:literal, $confidence:ident, $message:literal, $hint:expr;)+) => {
        /// A reason why a step must not run beside the version of the code that is live.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Fault {
            $($fault),+
        }

        impl Fault {
            /// What is said of it.
            pub fn said(self) -> &'static Said {
                const SAID: &[Said] = &[
                    $(Said { rule: $rule, confidence: $confidence, message: $message, hint: $hint }),+
                ];
                &SAID[self as usize]
            }
        }
    };
}

const LATER: &str = "first ship code that no longer uses it, then drop it in a later release";
const EXPAND: &str = "add the new name beside the old one, write both, move the readers, then drop the old one in a later release";
const UNCHECKED: &str = "add the constraint without checking (NOT VALID, validate: false), and validate it in a migration of its own";

faults! {
    DropTable: "drop-table", Low,
        "the version that is running may still use this table",
        LATER;
    DropColumn: "drop-column", High,
        "the version that is running still reads and writes this column",
        LATER;
    RenameTable: "rename-table", High,
        "the version that is running knows the table by its old name",
        EXPAND;
    RenameColumn: "rename-column", High,
        "the version that is running knows the column by its old name",
        EXPAND;
    RenameSchema: "rename-schema", High,
        "the version that is running knows the schema by its old name",
        EXPAND;
    RenameValue: "rename-value", High,
        "the version that is running knows the value by its old name",
        EXPAND;
    ReplaceTable: "replace-table", High,
        "force: true drops the table that is there, with its rows",
        "leave force out; drop the table in a step of its own if that is meant";
    DropDatabase: "drop-database", High,
        "this destroys everything that is in it",
        "take it out of the migration";
    TruncateCascade: "truncate-cascade", High,
        "CASCADE empties every table that refers to this one",
        "name the tables to be emptied";
    ChangeType: "change-type", High,
        "changing the type rewrites the table under a lock, and the version that is running expects the old type",
        "add a column of the new type, write both, backfill, then move over";
    Redefine: "redefine-column", Low,
        "the column is defined anew: a change of its type rewrites the table under a lock",
        "change one thing at a time, and the type by a new column";
    SetNotNull: "set-not-null", High,
        "the whole table is scanned under a lock, and the version that is running may still write NULL",
        "add a CHECK (... IS NOT NULL) NOT VALID, validate it in a later migration, then set NOT NULL";
    DropNotNull: "drop-not-null", Advice,
        "the version that is running may not expect NULL here",
        "ship code that copes with NULL first";
    SetDefault: "set-default", Low,
        "the version that is running may write the old default, since it names every column in an INSERT",
        "ship code that does not rely on the default first, or write the value explicitly";
    RequiredColumn: "required-column", High,
        "rows that are there, and inserts of the version that is running, have no value for this column",
        "allow NULL or give the column a default in the database; set NOT NULL after the backfill";
    VolatileDefault: "volatile-default", High,
        "a default that differs from row to row rewrites the table under a lock",
        "add the column without it, set the default in a second step, and backfill in batches";
    StoredColumn: "stored-column", High,
        "a stored generated column rewrites the table under a lock",
        "add a plain column and fill it by a trigger or in batches";
    SerialColumn: "serial-column", High,
        "an auto-incrementing column rewrites the table under a lock",
        "create a new table, or add the column without a default and backfill it";
    JsonColumn: "json-column", Low,
        "json has no equality operator: SELECT DISTINCT over this table breaks",
        "use jsonb";
    LockingIndex: "locking-index", High,
        "writes to the table wait until the index is built",
        "build it CONCURRENTLY (algorithm: :concurrently, AddIndexConcurrently, postgresql_concurrently=True), outside a transaction";
    WideIndex: "wide-index", Advice,
        "an index of more than three columns that is not unique seldom pays for its upkeep",
        "index the columns that narrow the search most";
    IgnoredIndex: "ignored-index", Low,
        "add_column knows no index option: no index is made",
        "add the index with add_index";
    LockingDropIndex: "locking-drop-index", Low,
        "dropping the index waits for, and then blocks, everything on the table",
        "drop it CONCURRENTLY, outside a transaction";
    LockingRebuild: "locking-rebuild", High,
        "the table is rewritten under a lock that stops reads, too",
        "use the CONCURRENTLY form, outside a transaction";
    BlockingAlter: "blocking-alter", High,
        "this algorithm or lock stops writes while the table is changed",
        "use ALGORITHM=INSTANT or INPLACE with LOCK=NONE";
    ForeignKey: "foreign-key", High,
        "every row of both tables is checked while writes wait",
        UNCHECKED;
    Check: "check-constraint", High,
        "every row is checked while reads and writes wait",
        UNCHECKED;
    Unique: "unique-constraint", High,
        "the index of the constraint is built while reads and writes wait",
        "build a unique index CONCURRENTLY, then add the constraint USING INDEX";
    PrimaryKey: "primary-key", High,
        "the index of the key is built while reads and writes wait",
        "build a unique index CONCURRENTLY, then add the key USING INDEX";
    Exclusion: "exclusion-constraint", High,
        "every row is checked while reads and writes wait, and there is no way to put it off",
        "add it while the table is small, or keep the rule in the code";
    DomainCheck: "domain-check", Advice,
        "a domain's constraint can hardly be changed once columns have the type",
        "put the constraint on the columns";
    EnumType: "enum-type", Advice,
        "a value of an enum type can never be taken away again",
        "use a lookup table, or text with a check constraint";
    ConcurrentlyInTransaction: "concurrently-in-transaction", High,
        "CONCURRENTLY is refused inside a transaction",
        "turn the transaction off (disable_ddl_transaction!, atomic = False, autocommit_block), with nothing else in the migration";
    ValidateUnderLock: "validate-under-lock", High,
        "the rows are checked while an earlier step of this transaction holds its lock",
        "validate in a migration of its own";
    DataWithSchema: "data-with-schema", Low,
        "rows are read or changed while the schema change above holds its lock",
        "move it to a migration of its own, in batches";
    UnreadableSql: "unreadable-sql", Advice,
        "nothing is known about SQL that is put together at run time",
        "write the statement out";
    ShortKey: "short-key", Advice,
        "the key runs out at 2,147,483,647 rows",
        "use bigint";
    LiveModel: "live-model", Low,
        "the model will have changed by the time that this migration runs on another database",
        "get the model as it was then: apps.get_model(...)";
}
