//! Holds JSON against a JSON Schema, as far as our schemas and SARIF's go. A keyword that is not
//! known here is a panic: nothing is passed over in silence.

use regex::Regex;
use serde_json::Value;

/// What is wrong with a value; empty where nothing is.
pub fn faults(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    Checker { root: schema }.check(schema, value, "", &mut found);
    found
}

struct Checker<'s> {
    root: &'s Value,
}

impl Checker<'_> {
    fn check(&self, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
        let Value::Object(keywords) = schema else {
            assert!(schema.is_boolean(), "{schema} is no schema");
            if *schema == Value::Bool(false) {
                found.push(format!("{at} may not be there"));
            }
            return;
        };
        let mut fault = |holds: bool, what: String| {
            if !holds {
                found.push(format!("{at}: {what}: {value}"));
            }
        };
        let number = || value.as_f64();
        let count = |all: Option<usize>| all.map(|count| count as f64);
        for (keyword, wanted) in keywords {
            match keyword.as_str() {
                "type" => fault(is_of(value, wanted), format!("is no {wanted}")),
                "enum" => {
                    let known = wanted.as_array().unwrap();
                    fault(known.contains(value), format!("is none of {wanted}"));
                }
                "const" => fault(value == wanted, format!("is not {wanted}")),
                "minimum" => {
                    fault(number() >= wanted.as_f64() || number().is_none(), format!("< {wanted}"))
                }
                "maximum" => fault(number() <= wanted.as_f64(), format!("> {wanted}")),
                "minItems" => {
                    let items = count(value.as_array().map(Vec::len));
                    fault(items.is_none() || items >= wanted.as_f64(), format!("< {wanted} items"));
                }
                "uniqueItems" => {
                    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
                    let twice = items.iter().enumerate().any(|(n, item)| items[..n].contains(item));
                    fault(*wanted == Value::Bool(false) || !twice, "has an item twice".into());
                }
                "pattern" => {
                    let pattern = Regex::new(wanted.as_str().unwrap()).unwrap();
                    let fits = value.as_str().is_none_or(|text| pattern.is_match(text));
                    fault(fits, format!("does not fit {wanted}"));
                }
                "format" => {
                    let fits = value.as_str().is_none_or(|text| is_format(text, wanted));
                    fault(fits, format!("is no {wanted}"));
                }
                "required" => {
                    for name in wanted.as_array().unwrap() {
                        let there =
                            !value.is_object() || value.get(name.as_str().unwrap()).is_some();
                        fault(there, format!("has no {name}"));
                    }
                }
                _ => {}
            }
        }
        for (keyword, wanted) in keywords {
            match keyword.as_str() {
                "$ref" => {
                    let pointer = wanted.as_str().unwrap().strip_prefix('#').unwrap();
                    self.check(self.root.pointer(pointer).unwrap(), value, at, found);
                }
                "properties" => {
                    for (name, schema) in wanted.as_object().unwrap() {
                        if let Some(member) = value.get(name) {
                            self.check(schema, member, &format!("{at}/{name}"), found);
                        }
                    }
                }
                "additionalProperties" => {
                    let known = keywords.get("properties");
                    let members = value.as_object().into_iter().flatten();
                    let more =
                        members.filter(|(name, _)| known.is_none_or(|k| k.get(name).is_none()));
                    for (name, member) in more {
                        self.check(wanted, member, &format!("{at}/{name}"), found);
                    }
                }
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.check(wanted, item, &format!("{at}/{index}"), found);
                    }
                }
                "prefixItems" => {
                    let items = value.as_array().into_iter().flatten();
                    for (schema, item) in wanted.as_array().unwrap().iter().zip(items) {
                        self.check(schema, item, at, found);
                    }
                }
                "anyOf" | "oneOf" => {
                    let fits = |schema: &&Value| {
                        let mut own = Vec::new();
                        self.check(schema, value, at, &mut own);
                        own.is_empty()
                    };
                    let fitting = wanted.as_array().unwrap().iter().filter(fits).count();
                    if fitting == 0 || keyword == "oneOf" && fitting > 1 {
                        found.push(format!("{at}: fits {fitting} of {keyword}: {value}"));
                    }
                }
                "type" | "enum" | "const" | "minimum" | "maximum" | "minItems" | "maxItems"
                | "uniqueItems" | "pattern" | "format" | "required" => {}
                "$schema" | "$id" | "title" | "description" | "default" | "definitions"
                | "$defs" => {}
                other => panic!("the keyword {other} is not known here"),
            }
        }
    }
}

fn is_of(value: &Value, kind: &Value) -> bool {
    if let Value::Array(kinds) = kind {
        return kinds.iter().any(|kind| is_of(value, kind));
    }
    match kind.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        other => panic!("there is no type {other}"),
    }
}

fn is_format(text: &str, format: &Value) -> bool {
    let reference = |text: &str| {
        let escapes = text.split('%').skip(1);
        let mut hex =
            escapes.map(|rest| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count());
        text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&b))
            && hex.all(|digits| digits == 2)
    };
    match format.as_str().unwrap() {
        "uri-reference" => reference(text),
        "uri" => reference(text) && text.contains(':'),
        "date-time" => text.parse::<chrono::DateTime<chrono::Utc>>().is_ok(),
        "date" => text.parse::<chrono::NaiveDate>().is_ok(),
        "uint" | "uint32" | "uint64" => true,
        other => panic!("the format {other} is not known here"),
    }
}
