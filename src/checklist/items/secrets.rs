//! `secrets`: no credentials and no values of one environment in code or configuration.

mod code;
mod names;
mod places;
mod sinks;
mod syntax;
mod text;

use std::collections::BTreeMap;

use self::code::Use;
use self::names::Family;
use self::places::Place;
use crate::checklist::{Check, Context, File, Hit, Meta};
use crate::model::{Confidence, LineRange};
use crate::redact;

/// The item.
pub struct Secrets;

static META: Meta = Meta {
    id: "secrets",
    summary: "no credentials and no values of one environment in code or configuration",
    explain: "A secret in a commit is out for good. Looked at in any text: credentials by \
              their shape, as redaction of prompts knows them, and in configuration by their \
              names and their entropy. In code: literals that are given to a name such as \
              `password`, compared with it, or given to a call that signs, encrypts or logs \
              in. Beside them values that hold in one environment only: addresses, binding \
              to every interface, home and temporary folders, debug switches, certificates \
              not verified. Placeholders and templates are left out; in tests only shapes \
              count.",
};

const TAKE_OUT: &str = "revoke it, and read it from the environment or from a secret store instead";

impl Check for Secrets {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn run(&self, context: &Context<'_>, hits: &mut Vec<Hit>) {
        for file in &context.change.files {
            let mut found = Found::default();
            text_credentials(file, &mut found);
            if !file.is_test() {
                if file.lang.is_some() {
                    literals(file, &mut found);
                } else {
                    homes(file, &mut found);
                }
            }
            hits.extend(found.hits.into_values());
        }
    }
}

/// The surest hit of each line and category.
#[derive(Default)]
struct Found {
    hits: BTreeMap<(u32, bool), Hit>,
}

impl Found {
    fn add(
        &mut self,
        file: &File,
        lines: LineRange,
        rule: &str,
        message: String,
        confidence: Confidence,
    ) {
        let place = places_rule(rule);
        let hint = if place { hint(rule) } else { TAKE_OUT };
        let hit = Hit {
            item: META.id,
            rule: rule.to_owned(),
            path: file.path.clone(),
            lines,
            message,
            hint: hint.to_owned(),
            confidence,
        };
        let known = self.hits.get(&(lines.start, place));
        if known.is_none_or(|known| {
            known.confidence != Confidence::High && confidence == Confidence::High
        }) {
            self.hits.insert((lines.start, place), hit);
        }
    }
}

fn text_credentials(file: &File, found: &mut Found) {
    for text::Credential { span, confidence } in text::credentials(file) {
        let mut lines = file.lines_of(span.start..span.end);
        lines.end = lines.end.min(lines.start.saturating_add(9));
        let what = span.kind.replace('-', " ");
        let article = if what.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        let masked = masked(&file.text[span.start..span.end]);
        let message = format!("{article} {what} stands here{masked}");
        found.add(file, lines, span.kind, message, confidence);
    }
}

/// So much of a long credential that its owner knows it, and nobody else can use it.
fn masked(value: &str) -> String {
    let head: String = value.chars().take(4).collect();
    if value.len() < 20 || value.contains('\n') || !head.chars().all(|c| c.is_ascii_graphic()) {
        return String::new();
    }
    format!(": `{head}…`, {} characters", value.chars().count())
}

fn literals(file: &File, found: &mut Found) {
    // Rust keeps tests at the foot of a file.
    let tests = file.text.find("#[cfg(test)]\nmod ").unwrap_or(usize::MAX);
    for (literal, how) in code::uses(file) {
        if literal.range.start > tests {
            continue;
        }
        let mut lines = file.lines_of(literal.range.clone());
        lines.end = lines.end.min(lines.start.saturating_add(9));
        if let Some((rule, message, confidence)) = credential(&literal.text, &how) {
            found.add(file, lines, rule, message, confidence);
        } else if let Some(place) = places::of(&literal.text, &how) {
            add_place(file, lines, place, &literal.text, found);
        }
    }
}

/// What is wrong with a literal that is used so: the rule, the message and how sure it is.
fn credential(text: &str, how: &Use) -> Option<(&'static str, String, Confidence)> {
    if let Some(password) = names::connection_password(text) {
        let confidence = names::judge(Family::Password, "password", password, false)?;
        return Some((
            "connection-string",
            "a password stands in this connection string".into(),
            confidence,
        ));
    }
    match how {
        Use::Named { name, .. } if is_login(name, text) => Some((
            "hard-coded",
            format!("the login in `{name}` is written into the code"),
            Confidence::Low,
        )),
        Use::Named { name, .. } if names::family(name).is_none() => {
            let random = (32..=128).contains(&text.len())
                && redact::is_random(text)
                && names::may_be_secret(name);
            let message = || format!("the value of `{name}` looks like a credential: it is random");
            random.then(|| ("high-entropy", message(), Confidence::Low))
        }
        Use::Named { name, keyword, entry } => {
            let family = names::family(name)?;
            let confidence = names::judge(family, name, text, *entry)?;
            let rule = if *keyword { "hard-coded-argument" } else { "hard-coded" };
            Some((rule, format!("the value of `{name}` is written into the code"), confidence))
        }
        Use::Compared(name) => {
            let family = names::family(name).filter(|family| *family != Family::Token)?;
            let confidence = names::judge(family, name, text, false)?;
            Some((
                "compared",
                format!("`{name}` is compared with a value written into the code"),
                confidence,
            ))
        }
        Use::Argument(callee, at) if sinks::takes(callee, *at) => {
            let confidence = names::judge_argument(text)?;
            let callee = syntax::last_name(callee);
            let message = format!("`{callee}` gets a credential that is written into the code");
            Some(("hard-coded-argument", message, confidence))
        }
        Use::Argument(..) | Use::Other => None,
    }
}

/// `auth: "user:password"`.
fn is_login(name: &str, text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.-!@#$%^&*+".contains(c);
    matches!(name, "auth" | "basicAuth" | "basic_auth" | "userpwd" | "CURLOPT_USERPWD")
        && text.split_once(':').is_some_and(|(user, password)| {
            let long = !user.is_empty() && password.len() >= 4;
            long && user.chars().all(plain) && password.chars().all(plain) && user != password
        })
}

fn places_rule(rule: &str) -> bool {
    ["bind-", "address-", "path-"].iter().any(|start| rule.starts_with(start))
}

fn hint(rule: &str) -> &'static str {
    match rule {
        "bind-all-interfaces" => "bind to 127.0.0.1, or read the address from the configuration",
        "address-hard-coded" => "read the address from the configuration",
        "path-home" => "take the path from the configuration or from the user's home at run time",
        _ => "let the language's library make a temporary file: other users can guess this name",
    }
}

fn add_place(file: &File, lines: LineRange, place: Place, text: &str, found: &mut Found) {
    let (rule, message) = match place {
        Place::Bind => {
            ("bind-all-interfaces", "this listens on every interface of the machine".into())
        }
        Place::Address => {
            ("address-hard-coded", format!("the address `{text}` holds in one environment only"))
        }
        Place::Home => (
            "path-home",
            format!("`{}` is one person's home folder", places::home(text).unwrap_or_default()),
        ),
        Place::Temporary => {
            ("path-temporary", format!("the temporary name `{text}` is the same for everybody"))
        }
    };
    found.add(file, lines, rule, message, Confidence::Low);
}

/// Home folders in configuration and scripts.
fn homes(file: &File, found: &mut Found) {
    for (number, line) in file.judged_lines() {
        if line.len() < 4096 && places::home(line).is_some() {
            add_place(file, LineRange { start: number, end: number }, Place::Home, line, found);
        }
    }
}

#[cfg(test)]
mod tests;
