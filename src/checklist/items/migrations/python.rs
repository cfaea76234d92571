//! What Django and Alembic have in common.

use super::call::Call;
use super::fault::Fault;
use super::sql;
use super::step::{Act, Step};
use crate::checklist::File;
use crate::checklist::lang::{Node, Tree};

/// The calls of a file.
pub fn calls(tree: &Tree) -> Vec<Node<'_>> {
    let root = tree.root();
    root.dfs().filter(|node| node.kind() == "call").collect()
}

/// The steps of the SQL that a call is given.
pub fn sql_of(call: &Call<'_>, file: &File, steps: &mut Vec<Step>) {
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
        // What SQLAlchemy puts together here is about rows: `insert(...)`, `table.update()`.
        let rows = value.kind() == "call" && !value.text().starts_with("text(");
        let (act, fault) =
            if rows { (Act::Data, None) } else { (Act::Other, Some(Fault::UnreadableSql)) };
        steps.push(Step::new(act, "", lines, fault));
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
