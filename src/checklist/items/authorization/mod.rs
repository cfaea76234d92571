//! `authorization`: new endpoints have the permission check that their siblings have.

mod aspnet;
mod python;
mod rails;
mod routes;
mod words;

use std::collections::BTreeMap;

use routes::Route;
use words::Words;

use crate::checklist::{Check, Context, File, Hit, Meta};
use crate::model::Confidence;

/// The item.
pub struct Authorization;

static META: Meta = Meta {
    id: "authorization",
    summary: "new endpoints have the permission check that their siblings have",
    explain: "An endpoint without a permission check is open to everybody. Agents write the \
              handler that was asked for and do not know who may call it. Looked at: routes \
              whose siblings in the file are guarded, CSRF or token verification switched \
              off, anonymous access allowed. Names that the team uses for checks are added in \
              the policy: [authorization] checks = [\"may_pay\"].",
};

/// So many endpoints that ask make those that do not stand out.
const ENOUGH: usize = 2;

impl Check for Authorization {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn run(&self, context: &Context<'_>, hits: &mut Vec<Hit>) {
        let words = Words { named: context.policy.permission_checks().collect() };
        for file in &context.change.files {
            if !file.is_test() {
                siblings(file, &words, hits);
            }
            for found in aspnet::faults(file, context.project) {
                hits.push(Hit {
                    item: META.id,
                    rule: found.rule.into(),
                    path: file.path.clone(),
                    lines: found.lines,
                    message: found.message.into(),
                    hint: found.hint.into(),
                    confidence: found.confidence,
                });
            }
        }
    }
}

/// Endpoints that do not ask for permission where those beside them do.
fn siblings(file: &File, words: &Words<'_>, hits: &mut Vec<Hit>) {
    let routes = routes::routes(file, words);
    if routes.iter().all(|route| !route.guarded) {
        hits.extend(routes.iter().filter(|route| words::is_privileged(&route.name)).map(|route| {
            Hit {
                item: META.id,
                rule: "open-admin".into(),
                path: file.path.clone(),
                lines: route.lines,
                message: format!(
                    "`{}` has no permission check, by its name it needs one",
                    route.name
                ),
                hint: "ask for the permission before anything else, or where all routes are set up"
                    .into(),
                confidence: Confidence::Low,
            }
        }));
        return;
    }
    let mut groups: BTreeMap<String, Vec<Route>> = BTreeMap::new();
    for route in routes {
        groups.entry(route.group.clone()).or_default().push(route);
    }
    for routes in groups.into_values() {
        let guarded = routes.iter().filter(|route| route.guarded).count();
        let bare: Vec<&Route> =
            routes.iter().filter(|route| !route.guarded && !route.open).collect();
        if guarded < ENOUGH || guarded < bare.len() {
            continue;
        }
        for route in &bare {
            let sure = route.writes && bare.len() == 1 && guarded > ENOUGH;
            hits.push(Hit {
                item: META.id,
                rule: "unlike-siblings".into(),
                path: file.path.clone(),
                lines: route.lines,
                message: format!(
                    "`{}` has no permission check, and {guarded} endpoints beside it have one",
                    route.name
                ),
                hint: "give it the check that its siblings have, or say that everybody may call it"
                    .into(),
                confidence: if sure { Confidence::High } else { Confidence::Low },
            });
        }
    }
}

#[cfg(test)]
mod tests;
