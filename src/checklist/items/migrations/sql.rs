//! Statements of SQL as steps.

use std::ops::Range;

use super::fault::Fault;
use super::step::{Act, Column, Step, name};
use super::token::{Kind, Token, parts, statements};
use crate::model::LineRange;

/// Lines that say where a way back starts: what follows is not run on a deploy.
const UNDO: &[&str] =
    &["-- +goose down", "-- migrate:down", "--//@undo", "-- +migrate down", "-- rambler down"];

/// The steps of SQL text; `lines` maps bytes of it to lines of the file.
pub fn steps(text: &str, lines: &dyn Fn(Range<usize>) -> LineRange) -> Vec<Step> {
    let text = forward(text);
    let mysql = is_mysql(text);
    let mut all = Vec::new();
    for tokens in statements(text) {
        let reader = Reader { tokens: &tokens, at: 0, lines, mysql };
        reader.statement(&mut all);
    }
    all
}

/// The text up to its way back.
fn forward(text: &str) -> &str {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let plain = line.trim().get(..24).unwrap_or(line.trim()).to_ascii_lowercase();
        if UNDO.iter().any(|undo| plain.starts_with(undo)) {
            return &text[..at];
        }
        at += line.len();
    }
    text
}

/// MySQL builds indexes without stopping writes, and knows no CONCURRENTLY.
fn is_mysql(text: &str) -> bool {
    let head: String = text.chars().take(20_000).collect::<String>().to_ascii_lowercase();
    let signs = ["`", "engine=", "auto_increment", "algorithm=", "modify column", "lock=none"];
    signs.iter().any(|sign| head.contains(sign))
}

#[derive(Clone)]
struct Reader<'r> {
    tokens: &'r [Token<'r>],
    at: usize,
    lines: &'r dyn Fn(Range<usize>) -> LineRange,
    mysql: bool,
}

impl<'r> Reader<'r> {
    fn peek(&self, text: &str) -> bool {
        self.tokens.get(self.at).is_some_and(|token| token.is(text))
    }

    /// Goes past these words if all of them come next.
    fn eat(&mut self, words: &str) -> bool {
        let words: Vec<&str> = words.split(' ').collect();
        let next = self.tokens.get(self.at..self.at + words.len());
        let all = next.is_some_and(|next| next.iter().zip(&words).all(|(t, word)| t.is(word)));
        if all {
            self.at += words.len();
        }
        all
    }

    fn any(&mut self, words: &[&str]) -> bool {
        words.iter().any(|words| self.eat(words))
    }

    /// A name, with its schema.
    fn name(&mut self) -> String {
        let mut last = String::new();
        while let Some(token) = self.tokens.get(self.at).filter(|token| token.kind != Kind::Sign) {
            last = name(token.text);
            self.at += 1;
            if !self.eat(".") {
                break;
            }
        }
        last
    }

    /// Whether these words stand anywhere from here on.
    fn has(&self, words: &str) -> bool {
        let mut from = self.clone();
        while from.at < from.tokens.len() {
            if from.eat(words) {
                return true;
            }
            from.at += 1;
        }
        false
    }

    /// Whether a column of this type stands in a list of columns.
    fn has_column(&self, kind: &str) -> bool {
        self.tokens.windows(3).any(|three| {
            let starts = three[0].is("(") || three[0].is(",");
            starts && three[1].kind != Kind::Sign && three[2].is(kind)
        })
    }

    fn span(&self) -> LineRange {
        let start = self.tokens.first().map_or(0, |token| token.at);
        (self.lines)(start..self.tokens.last().map_or(start, |token| token.range().end))
    }

    fn step(&self, act: Act, table: &str, fault: Option<Fault>) -> Step {
        Step::new(act, table, self.span(), fault)
    }

    fn statement(mut self, all: &mut Vec<Step>) {
        let step = if self.any(&["begin", "start transaction"]) {
            self.step(Act::Begin, "", None)
        } else if self.any(&["commit", "end", "rollback"]) {
            self.step(Act::Commit, "", None)
        } else if self.eat("create") {
            match self.create() {
                Some(step) => step,
                None => return,
            }
        } else if self.eat("alter") {
            return self.alter(all);
        } else if self.eat("drop") {
            match self.dropped() {
                Some(step) => step,
                None => return,
            }
        } else if self.eat("truncate") {
            let cascade = self.has("cascade").then_some(Fault::TruncateCascade);
            self.eat("table");
            let table = self.name();
            self.step(Act::Data, &table, cascade)
        } else if self.eat("rename table") {
            let table = self.name();
            self.step(Act::Alter, &table, Some(Fault::RenameTable))
        } else {
            match self.other() {
                Some(step) => step,
                None => return,
            }
        };
        all.push(step);
    }

    fn create(&mut self) -> Option<Step> {
        self.any(&["or replace", "global", "local"]);
        self.any(&["temporary", "temp", "unlogged", "foreign"]);
        let unique = self.any(&["unique", "fulltext", "spatial", "clustered", "nonclustered"]);
        if self.eat("table") {
            self.eat("if not exists");
            let table = self.name();
            let json = !self.mysql && self.has_column("json");
            let fault = json.then_some(Fault::JsonColumn);
            return Some(self.step(Act::CreateTable, &table, fault));
        }
        if self.eat("index") {
            return Some(self.index(unique));
        }
        if self.eat("domain") {
            let fault = self.has("check").then_some(Fault::DomainCheck);
            return Some(self.step(Act::Other, "", fault));
        }
        if self.eat("type") {
            let fault = self.has("as enum").then_some(Fault::EnumType);
            return Some(self.step(Act::Other, "", fault));
        }
        None
    }

    fn index(&mut self, unique: bool) -> Step {
        let concurrently = self.eat("concurrently") || self.has("online = on");
        self.eat("if not exists");
        while self.at < self.tokens.len() && !self.eat("on") {
            self.at += 1;
        }
        self.eat("only");
        let table = self.name();
        if concurrently {
            return self.step(Act::Concurrent, &table, None);
        }
        let locks = !self.mysql || self.has("algorithm = copy") || self.has("lock = exclusive");
        let mut step = self.step(Act::Alter, &table, locks.then_some(Fault::LockingIndex));
        if !unique && self.columns() > 3 {
            step.faults.push(Fault::WideIndex);
        }
        step
    }

    /// How many parts the list in the next parentheses has.
    fn columns(&self) -> usize {
        let Some(open) = self.tokens[self.at..].iter().position(|token| token.is("(")) else {
            return 0;
        };
        let parts = parts(&self.tokens[self.at + open + 1..]);
        parts.len()
    }

    fn dropped(&mut self) -> Option<Step> {
        if self.eat("table") {
            self.eat("if exists");
            let table = self.name();
            return Some(self.step(Act::Alter, &table, Some(Fault::DropTable)));
        }
        if self.eat("index") {
            let concurrently = self.eat("concurrently");
            let fault = (!concurrently && !self.mysql).then_some(Fault::LockingDropIndex);
            let act = if concurrently { Act::Concurrent } else { Act::Alter };
            return Some(self.step(act, "", fault));
        }
        self.any(&["database", "schema"])
            .then(|| self.step(Act::Other, "", Some(Fault::DropDatabase)))
    }

    /// What holds no name of a table that a migration makes, or is not about the schema.
    fn other(&mut self) -> Option<Step> {
        let concurrently = self.has("concurrently");
        let rebuild = |whole: bool| {
            if concurrently {
                (Act::Concurrent, None)
            } else {
                (Act::Alter, whole.then_some(Fault::LockingRebuild))
            }
        };
        if self.eat("reindex") {
            let (act, fault) = rebuild(true);
            return Some(self.step(act, "", fault));
        }
        if self.eat("refresh materialized view") {
            self.eat("concurrently");
            let view = self.name();
            // Unlike other CONCURRENTLY forms, this one may stand in a transaction.
            let fault = (!concurrently).then_some(Fault::LockingRebuild);
            return Some(self.step(Act::Other, &view, fault));
        }
        if self.eat("vacuum") {
            let full = self.has("full").then_some(Fault::LockingRebuild);
            return Some(self.step(Act::Concurrent, "", full));
        }
        if self.eat("cluster") {
            return Some(self.step(Act::Alter, "", Some(Fault::LockingRebuild)));
        }
        if self.eat("exec sp_rename") || self.eat("sp_rename") {
            let column = self.has("'column'");
            let fault = if column { Fault::RenameColumn } else { Fault::RenameTable };
            return Some(self.step(Act::Alter, "", Some(fault)));
        }
        self.rows()
    }

    fn rows(&mut self) -> Option<Step> {
        let table = if self.eat("update") {
            self.eat("only");
            self.name()
        } else if self.eat("delete from") {
            self.name()
        } else if self.eat("insert into") {
            let table = self.name();
            if !self.has("from") {
                return None;
            }
            table
        } else if self.eat("select") && self.has("from") {
            while self.at < self.tokens.len() && !self.eat("from") {
                self.at += 1;
            }
            self.name()
        } else {
            return None;
        };
        // The list that a migration tool keeps of itself.
        let own = ["alembic_version", "schema_migrations", "django_migrations", "schema_version"];
        let catalogue = table.starts_with("pg_")
            || table.starts_with("sqlite_")
            || self
                .tokens
                .iter()
                .any(|token| token.text.eq_ignore_ascii_case("information_schema"));
        (!own.contains(&&*table) && !catalogue).then(|| self.step(Act::Data, &table, None))
    }

    fn alter(&mut self, all: &mut Vec<Step>) {
        if self.eat("table") || self.eat("foreign table") {
            self.any(&["if exists", "only", "if exists only"]);
            self.eat("only");
            let table = self.name();
            self.eat("*");
            for part in parts(&self.tokens[self.at..]) {
                let mut action = Reader { tokens: part, at: 0, ..self.clone() };
                if let Some(step) = action.action(&table) {
                    all.push(step);
                }
            }
        } else if self.eat("type") {
            self.name();
            let fault = if self.eat("rename value") {
                Some(Fault::RenameValue)
            } else if self.any(&["rename to", "rename attribute"]) {
                Some(Fault::RenameTable)
            } else {
                None
            };
            all.push(self.step(Act::Other, "", fault));
        } else if self.eat("schema") {
            self.name();
            if self.eat("rename to") {
                all.push(self.step(Act::Other, "", Some(Fault::RenameSchema)));
            }
        } else if self.eat("domain") {
            self.name();
            let checks = self.eat("add") && !self.has("not valid");
            all.push(self.step(Act::Other, "", checks.then_some(Fault::Check)));
        } else if self.any(&["view", "materialized view"]) && self.has("rename to") {
            all.push(self.step(Act::Other, "", Some(Fault::RenameTable)));
        }
    }

    /// One action of ALTER TABLE.
    fn action(&mut self, table: &str) -> Option<Step> {
        let alter = |reader: &Self, fault| Some(reader.step(Act::Alter, table, fault));
        if self.eat("add") {
            return self.added(table);
        }
        if self.eat("drop") {
            if self.any(&[
                "constraint",
                "foreign key",
                "primary key",
                "check",
                "partition",
                "expression",
            ]) {
                return alter(self, None);
            }
            if self.any(&["index", "key"]) {
                return alter(self, None);
            }
            self.eat("column");
            self.eat("if exists");
            let column = self.name();
            return Some(self.step(Act::Alter, table, Some(Fault::DropColumn)).on(&column));
        }
        if self.eat("alter") {
            self.eat("column");
            let column = self.name();
            let fault = self.altered();
            return Some(self.step(Act::Alter, table, fault).on(&column));
        }
        if self.any(&["modify column", "modify", "change column", "change"]) {
            let column = self.name();
            return Some(self.step(Act::Alter, table, Some(Fault::ChangeType)).on(&column));
        }
        if self.eat("rename") {
            if self.any(&["to", "as"]) {
                return alter(self, Some(Fault::RenameTable));
            }
            if self.any(&["constraint", "index", "key"]) {
                return alter(self, None);
            }
            self.eat("column");
            let column = self.name();
            return Some(self.step(Act::Alter, table, Some(Fault::RenameColumn)).on(&column));
        }
        if self.eat("validate constraint") {
            return Some(self.step(Act::Validate, table, None));
        }
        if self.eat("set") {
            let rewrites = self.any(&["logged", "unlogged", "tablespace", "access method"]);
            let moves = self.eat("schema").then_some(Fault::RenameTable);
            return alter(self, rewrites.then_some(Fault::LockingRebuild).or(moves));
        }
        if self.any(&["attach partition", "detach partition"]) {
            let safe = self.has("concurrently");
            let act = if safe { Act::Concurrent } else { Act::Alter };
            let detach = self.tokens.first().is_some_and(|token| token.is("detach"));
            let fault = (detach && !safe).then_some(Fault::LockingRebuild);
            return Some(self.step(act, table, fault));
        }
        let blocks = ["algorithm = copy", "lock = exclusive", "lock = shared"];
        if self.any(&blocks) {
            return alter(self, Some(Fault::BlockingAlter));
        }
        alter(self, None)
    }

    /// What ALTER COLUMN changes.
    fn altered(&mut self) -> Option<Fault> {
        if self.eat("set not null") {
            Some(Fault::SetNotNull)
        } else if self.eat("drop not null") {
            Some(Fault::DropNotNull)
        } else if self.any(&["set", "drop", "restart", "reset", "add"]) {
            self.eat("data type").then_some(Fault::ChangeType)
        } else {
            // `TYPE new`, or SQL Server's `ALTER COLUMN name new`.
            Some(Fault::ChangeType)
        }
    }

    fn added(&mut self, table: &str) -> Option<Step> {
        let constraint = self.eat("constraint");
        if constraint {
            self.eat("if not exists");
            self.name();
        }
        let unchecked = self.has("not valid") || self.has("not enforced");
        let by_index = self.has("using index");
        let fault = if self.any(&["foreign key"]) {
            Some((!unchecked).then_some(Fault::ForeignKey))
        } else if self.peek("check") {
            Some((!unchecked).then_some(Fault::Check))
        } else if self.eat("not null") {
            Some((!unchecked).then_some(Fault::SetNotNull))
        } else if self.eat("unique") {
            Some((!by_index).then_some(Fault::Unique))
        } else if self.eat("primary key") {
            Some((!by_index).then_some(Fault::PrimaryKey))
        } else if self.eat("exclude") {
            Some(Some(Fault::Exclusion))
        } else if constraint || self.any(&["index", "key", "fulltext", "spatial", "partition"]) {
            Some(None)
        } else {
            None
        };
        if let Some(fault) = fault {
            return Some(self.step(Act::Alter, table, fault));
        }
        self.eat("column");
        self.eat("if not exists");
        let many = self.eat("(");
        let column = self.name();
        let kind = self.tokens.get(self.at).map(|t| t.text.to_ascii_lowercase());
        let mut step = self.step(Act::AddColumn, table, None).on(&column);
        step.faults =
            if many { Vec::new() } else { self.column(kind.unwrap_or_default()).faults() };
        Some(step)
    }

    fn column(&self, kind: String) -> Column {
        let identity =
            self.has("as identity") || self.has("identity") || self.has("auto_increment");
        let default = self.tokens[self.at..].iter().position(|token| token.is("default"));
        let default = default.map(|at| default_text(&self.tokens[self.at + at + 1..]));
        Column {
            kind: if identity { "serial".into() } else { kind },
            required: self.has("not null"),
            default: default.filter(|text| !text.eq_ignore_ascii_case("null")),
            stored: self.has("stored"),
            foreign_key: self.has("references") && !self.has("not valid"),
            unique: self.has("unique"),
            primary: self.has("primary key"),
        }
    }
}

/// The expression after DEFAULT.
fn default_text(tokens: &[Token<'_>]) -> String {
    let ends = [
        "not",
        "null",
        "unique",
        "check",
        "references",
        "primary",
        "constraint",
        "generated",
        "collate",
        "comment",
        "after",
    ];
    let mut depth = 0usize;
    let mut text = String::new();
    for (at, token) in tokens.iter().enumerate() {
        if at > 0 && depth == 0 && ends.iter().any(|end| token.is(end)) {
            break;
        }
        match token.text {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if token.kind != Kind::Text {
            text.push_str(token.text);
            if token.kind == Kind::Word {
                text.push(' ');
            }
        } else {
            text.push('\'');
        }
    }
    text.trim().to_owned()
}
