//! Keys that a policy has and this version does not know.

use toml::{Table, Value};

const TOP: &[&str] = &[
    "preset",
    "min-version",
    "items",
    "paths",
    "context",
    "authorization",
    "external",
    "waivers",
    "agents",
    "fixed",
];
const BELOW: &[(&str, &[&str])] = &[
    ("paths", &["match", "items"]),
    ("authorization", &["checks"]),
    ("waivers", &["fingerprint", "reason", "until"]),
    ("agents", &["report-findings", "deny-bypass"]),
];
const EXTERNAL: &[&str] = &["command", "file", "format", "files"];

/// One line a key. A text that is no TOML has none: that is an error of its own.
pub fn warnings(text: &str, name: &str, items: &[&str]) -> Vec<String> {
    let Ok(table) = text.parse::<Table>() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    unknown(&table, "", TOP, &mut found);
    for (key, known) in BELOW {
        for below in tables(&table, key) {
            unknown(below, key, known, &mut found);
        }
    }
    for (tool, value) in table.get("external").and_then(Value::as_table).into_iter().flatten() {
        if let Some(below) = value.as_table() {
            unknown(below, &format!("external.{tool}"), EXTERNAL, &mut found);
        }
    }
    let levels = tables(&table, "paths").into_iter().flat_map(|path| tables(path, "items"));
    for levels in tables(&table, "items").into_iter().chain(levels) {
        let mut known = items.to_vec();
        known.push("all");
        let own = levels.iter().filter(|(item, _)| !item.starts_with("external."));
        unknown(&own.map(|(k, v)| (k.clone(), v.clone())).collect(), "items", &known, &mut found);
    }
    found.into_iter().map(|said| format!("{name}: {said}")).collect()
}

/// The table of this key, or each of its tables.
fn tables<'t>(table: &'t Table, key: &str) -> Vec<&'t Table> {
    match table.get(key) {
        Some(Value::Table(below)) => vec![below],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_table).collect(),
        _ => Vec::new(),
    }
}

fn unknown(table: &Table, within: &str, known: &[&str], found: &mut Vec<String>) {
    for key in table.keys().filter(|key| !known.contains(&key.as_str())) {
        let place = if within.is_empty() { String::new() } else { format!(" in [{within}]") };
        let nearest = known
            .iter()
            .map(|known| (strsim::damerau_levenshtein(key, known), known))
            .min()
            .filter(|(distance, known)| *distance <= known.len().div_ceil(3))
            .map(|(_, known)| format!("; did you mean `{known}`?"));
        found.push(format!("unknown key `{key}`{place}{}", nearest.unwrap_or_default()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_said_with_the_nearest_one() {
        let text = "prest = \"strict\"\n[items]\nsecrts = \"warn\"\n\"external.x\" = \"warn\"\n\
                    [[paths]]\nmatch = []\nitmes = {}\n[external.x]\ncomand = []\n";
        let said = warnings(text, "p", &["secrets"]);
        assert_eq!(
            said,
            [
                "p: unknown key `prest`; did you mean `preset`?",
                "p: unknown key `itmes` in [paths]; did you mean `items`?",
                "p: unknown key `comand` in [external.x]; did you mean `command`?",
                "p: unknown key `secrts` in [items]; did you mean `secrets`?",
            ]
        );
        assert!(warnings("= no toml", "p", &[]).is_empty());
    }
}
