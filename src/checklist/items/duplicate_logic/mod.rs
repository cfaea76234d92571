//! `duplicate-logic`: a new function is not one that the repository already has.

mod index;
mod likeness;
mod shape;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use index::{Candidate, Index};
use likeness::{COPY, differ_in_data, likeness};
use shape::{Function, functions};

use crate::checklist::lang::{self, Lang};
use crate::checklist::{Check, Context, File, Hit, Meta};
use crate::model::{Confidence, LineRange, RepoPath};

/// The item.
pub struct DuplicateLogic;

static META: Meta = Meta {
    id: "duplicate-logic",
    summary: "a new function is not one that the repository already has",
    explain: "An agent that does not know the system writes again what is there, and the two \
              drift apart. Looked at: new functions of five lines and more whose tokens are, in \
              order, mostly those of an existing one, names of its own aside. Tests, migrations \
              and generated code are left out. What is known of the repository's functions is \
              kept in the git directory and follows what changes; it may be deleted.",
};

/// How many places are looked at for one function.
const PLACES: usize = 6;
/// How many files beside the judged ones are read at the least.
const FILES: usize = 2;
/// A shorter copy may be chance.
const SURE: usize = 80;

impl Check for DuplicateLogic {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn run(&self, context: &Context<'_>, hits: &mut Vec<Hit>) {
        let mut by_lang: BTreeMap<&str, Vec<(&File, Vec<Function>)>> = BTreeMap::new();
        let asked =
            |file: &&File| context.policy.severity(META.id, &file.path, Confidence::High).is_some();
        for file in context.change.files.iter().filter(asked) {
            let mut new = index::judged(file);
            new.retain(|function| is_new(file, function));
            if let Some(lang) = file.lang.filter(|_| !new.is_empty()) {
                by_lang.entry(lang::name(lang)).or_default().push((file, new));
            }
        }
        for files in by_lang.values() {
            let Some((first, lang)) = files.first().and_then(|(file, _)| Some((file, file.lang?)))
            else {
                continue;
            };
            let index = Index::of(context.project, lang, &first.path);
            let likely: Vec<_> = files
                .iter()
                .map(|(_, new)| new.iter().map(|f| index.candidates(f, PLACES)).collect::<Vec<_>>())
                .collect();
            let readable = readable(context, files.len(), likely.iter().flatten().flatten());
            let mut texts = Texts { context, lang, readable, files: HashMap::new() };
            for ((file, new), likely) in files.iter().zip(&likely) {
                judge(file, new, likely, &mut texts, hits);
            }
        }
    }
}

/// The files beside the judged ones that are read: those with the likeliest twins. Reading a file is
/// what this costs, so there are few, and more only where more is judged.
fn readable<'i>(
    context: &Context<'_>,
    judged: usize,
    likely: impl Iterator<Item = &'i Candidate<'i>>,
) -> BTreeSet<RepoPath> {
    let mut likely: Vec<_> = likely.filter(|c| context.change.file(c.path).is_none()).collect();
    likely.sort_by(|a, b| b.worth().total_cmp(&a.worth()));
    let mut readable = BTreeSet::new();
    for candidate in likely {
        if readable.len() >= FILES + judged / 4 {
            break;
        }
        readable.insert(candidate.path.clone());
    }
    readable
}

/// Whether most lines of a function are judged.
fn is_new(file: &File, function: &Function) -> bool {
    let (first, last) = function.lines;
    let judged = (first..=last).filter(|line| file.run_at(LineRange::one(*line)).is_some()).count();
    judged * 10 >= (last - first + 1) as usize * 6
}

fn judge(
    file: &File,
    new: &[Function],
    likely: &[Vec<Candidate<'_>>],
    texts: &mut Texts<'_>,
    hits: &mut Vec<Hit>,
) {
    let mut told = 0;
    for (function, likely) in new.iter().zip(likely) {
        // What stands inside a copy is copied with it.
        if function.lines.1 <= told {
            continue;
        }
        let Some((path, line, name, alike)) = twin(file, function, likely, texts) else {
            continue;
        };
        told = function.lines.1;
        let (first, last) = function.lines;
        let line_of_hit = (first..=last)
            .find(|line| file.run_at(LineRange::one(*line)).is_some())
            .unwrap_or(first);
        let name = if name.is_empty() { "the function".into() } else { format!("`{name}`") };
        let sure = alike >= COPY && function.tokens.len() >= SURE;
        hits.push(Hit {
            item: META.id,
            rule: if alike >= COPY { "copy" } else { "near" }.into(),
            path: file.path.clone(),
            lines: LineRange::one(line_of_hit),
            message: format!(
                "this does what {name} at {path}:{line} does ({:.0} % alike, own names aside)",
                alike * 100.0
            ),
            hint: "call the one that is there, or bring what differs into it".into(),
            confidence: if sure { Confidence::High } else { Confidence::Low },
        });
    }
}

/// The function most like this one.
fn twin(
    file: &File,
    function: &Function,
    likely: &[Candidate<'_>],
    texts: &mut Texts<'_>,
) -> Option<(RepoPath, u32, String, f32)> {
    let mut best: Option<(RepoPath, u32, String, f32)> = None;
    for candidate in likely {
        let (path, line) = (candidate.path, candidate.line);
        let own = *path == file.path;
        if own && function.lines.0 <= line && line <= function.lines.1 {
            continue;
        }
        let Some(other) = texts.functions(path).iter().find(|other| other.lines.0 == line) else {
            continue;
        };
        let around = own && other.lines.0 <= function.lines.0 && function.lines.1 <= other.lines.1;
        // The same for callers that wait and for those that do not is no mistake.
        // In one file the author has both before his eyes, and siblings are meant to be alike.
        let sibling = own && other.exact != function.exact;
        if around || sibling || other.waits != function.waits || differ_in_data(function, other) {
            continue;
        }
        let alike = likeness(function, other);
        if alike >= candidate.enough() && best.as_ref().is_none_or(|(_, _, _, most)| alike > *most)
        {
            best = Some((path.clone(), line, other.name.clone(), alike));
        }
    }
    best
}

/// Functions of files that have been looked at.
struct Texts<'c> {
    context: &'c Context<'c>,
    lang: Lang,
    readable: BTreeSet<RepoPath>,
    files: HashMap<RepoPath, Vec<Function>>,
}

impl Texts<'_> {
    fn functions(&mut self, path: &RepoPath) -> &[Function] {
        let Self { context, lang, readable, files } = self;
        files.entry(path.clone()).or_insert_with(|| {
            if let Some(tree) = context.change.file(path).and_then(|file| file.tree()) {
                return functions(tree, *lang);
            }
            if !readable.contains(path) {
                return Vec::new();
            }
            let text = context.project.text(path);
            let tree = text.and_then(|text| lang::parse(*lang, &text));
            tree.map(|tree| functions(&tree, *lang)).unwrap_or_default()
        })
    }
}

#[cfg(test)]
mod tests;
