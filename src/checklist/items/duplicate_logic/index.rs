//! The functions of the repository, kept between runs: for each a sample of its runs of tokens.
//!
//! One file a language, so that a change pays only for its own. It remembers the tree that it was
//! made from; the next run looks only at what has changed since. Losing it costs time.

use std::collections::HashMap;

use super::likeness::TWIN;
use super::shape::{Function, functions};
use crate::checklist::lang::{self, Lang};
use crate::checklist::{File, Project};
use crate::model::{Oid, RepoPath};

/// The first bytes of the file; another form gets another number.
const MAGIC: &[u8] = b"git-ai-log duplicates 1\n";
/// How many runs of tokens are kept of a function: the least ones, which makes them a fair sample.
const SAMPLE: usize = 16;
/// A function may be a twin when at least one in this many of its sample occurs.
const ONE_IN: usize = 5;
/// How much text one run reads at most, in bytes; the next one goes on.
const MAX_READ: usize = 4 * 1024 * 1024;
/// Larger files are seldom written by anybody.
const MAX_FILE: usize = 512 * 1024;
/// More functions are not kept.
const MAX_FUNCTIONS: usize = 250_000;
/// Among so few functions nothing is common.
const FEW: usize = 100;
/// So many changed paths make it worth to write the file again.
const MANY: usize = 200;

/// A function that is known: where it starts, and its sample.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Known {
    line: u32,
    grams: [u32; SAMPLE],
    count: usize,
}

impl Known {
    fn of(line: u32, sample: impl Iterator<Item = u32>) -> Self {
        let mut known = Self { line, grams: [0; SAMPLE], count: 0 };
        for (to, gram) in known.grams.iter_mut().zip(sample) {
            *to = gram;
            known.count += 1;
        }
        known
    }

    fn sample(&self) -> &[u32] {
        &self.grams[..self.count]
    }
}

/// A file that has been looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    path: RepoPath,
    /// The start of the digest of its content's name.
    content: [u8; 8],
    functions: Vec<Known>,
}

/// Where a twin may be.
#[derive(Debug)]
pub struct Candidate<'i> {
    /// The file.
    pub path: &'i RepoPath,
    /// The line where the function starts.
    pub line: u32,
    /// How much of its sample the function has, from 0 to 1.
    share: f32,
    /// How common that is in the repository, from 0 to 1.
    common: f32,
    /// Among how many functions it was looked for.
    among: usize,
}

impl Candidate<'_> {
    /// How alike the two must be: more where they share what many have, and more where there are
    /// How likely it is the twin, for an order of candidates.
    pub fn worth(&self) -> f32 {
        self.share * (1.0 - self.common)
    }

    /// many functions to be like by chance.
    pub fn enough(&self) -> f32 {
        let many = (self.among.max(10) as f32 / 10.0).log10();
        TWIN + 0.04 * many + 0.25 * self.common
    }
}

/// What is known of the repository's functions in one language.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Index {
    tree: String,
    /// Whether every file has been looked at.
    complete: bool,
    files: Vec<Seen>,
}

impl Index {
    /// The index as it should be now: what was kept, brought up to date.
    pub fn of(project: &dyn Project, lang: Lang, near: &RepoPath) -> Self {
        let name = format!("duplicates-{}", lang::name(lang));
        let tree = project.tree();
        let kept = tree.as_ref().and_then(|_| project.kept(&name)).and_then(|kept| decode(&kept));
        let mut index = kept.unwrap_or_default();
        let current = tree.map(|tree| tree.0).unwrap_or_default();
        if index.complete && index.tree == current {
            return index;
        }
        let since = Some(Oid(index.tree.clone())).filter(|_| index.complete);
        let changed = since.and_then(|since| project.changed_since(&since));
        let many = changed.as_ref().is_none_or(|changed| changed.len() > MANY);
        let work = match changed {
            Some(changed) => changed,
            None => {
                let all = project.all().into_iter().map(|(path, oid)| (path, Some(oid)));
                index.forget_all_but(all.collect())
            }
        };
        let looked = index.look(project, lang, near, work);
        if !current.is_empty() && (looked || many) {
            index.tree = current;
            project.keep(&name, &index.encode());
        }
        index
    }

    /// Drops files that are gone, and gives those that are new or other than they were.
    fn forget_all_but(
        &mut self,
        all: Vec<(RepoPath, Option<Oid>)>,
    ) -> Vec<(RepoPath, Option<Oid>)> {
        let known: HashMap<&RepoPath, [u8; 8]> =
            self.files.iter().map(|seen| (&seen.path, seen.content)).collect();
        let same = |(path, oid): &(RepoPath, Option<Oid>)| {
            oid.as_ref().is_some_and(|oid| known.get(path) == Some(&short(oid)))
        };
        let (same, other): (Vec<_>, Vec<_>) = all.into_iter().partition(|entry| same(entry));
        let same: std::collections::HashSet<RepoPath> =
            same.into_iter().map(|(path, _)| path).collect();
        self.files.retain(|seen| same.contains(&seen.path));
        other
    }

    /// Looks at files that have changed; says whether one of them was of this language.
    fn look(
        &mut self,
        project: &dyn Project,
        lang: Lang,
        near: &RepoPath,
        mut work: Vec<(RepoPath, Option<Oid>)>,
    ) -> bool {
        work.retain(|(path, _)| {
            let path = path.lossy();
            lang::of(&path, "") == Some(lang) && !is_aside(&path)
        });
        if work.is_empty() {
            self.complete = true;
            return false;
        }
        // Where not everything can be read now, what lies near the change is read first.
        work.sort_by_cached_key(|(path, _)| (usize::MAX - shared(path, near), path.clone()));
        let gone: std::collections::HashSet<&RepoPath> =
            work.iter().map(|(path, _)| path).collect();
        self.files.retain(|seen| !gone.contains(&seen.path));
        let mut count: usize = self.files.iter().map(|seen| seen.functions.len()).sum();
        let mut read = 0;
        self.complete = true;
        for (path, oid) in &work {
            let Some(oid) = oid else {
                continue;
            };
            if read > MAX_READ || count > MAX_FUNCTIONS {
                self.complete = count > MAX_FUNCTIONS;
                break;
            }
            let text = project.text(path).filter(|text| text.len() <= MAX_FILE);
            let text = text.filter(|text| !is_generated(text));
            read += text.as_ref().map_or(0, |text| text.len());
            let tree = text.and_then(|text| lang::parse(lang, &text));
            let functions = tree.map(|tree| functions(&tree, lang)).unwrap_or_default();
            count += functions.len();
            let known = functions
                .iter()
                .map(|function| Known::of(function.lines.0, function.grams.iter().copied()));
            self.files.push(Seen {
                path: path.clone(),
                content: short(oid),
                functions: known.collect(),
            });
        }
        true
    }

    /// Where twins of a function may be, the likeliest first.
    pub fn candidates(&self, function: &Function, most: usize) -> Vec<Candidate<'_>> {
        let filter = Filter::of(&function.grams);
        let mut common = vec![0usize; function.grams.len()];
        let mut found: Vec<(&Seen, &Known, Vec<usize>)> = Vec::new();
        for seen in &self.files {
            for known in &seen.functions {
                let sure = |gram: &u32| function.grams.binary_search(gram).ok();
                let maybe = known.sample().iter().filter(|gram| filter.has(**gram));
                let hits: Vec<usize> = maybe.filter_map(sure).collect();
                hits.iter().for_each(|at| common[*at] += 1);
                if !hits.is_empty() && hits.len() * ONE_IN >= known.sample().len() {
                    found.push((seen, known, hits));
                }
            }
        }
        let all: usize = self.files.iter().map(|seen| seen.functions.len()).sum();
        // A run of tokens that one function in ten has says next to nothing.
        let rare = |at: &usize| ((common[*at] * 10) as f32 / (all + 1) as f32).min(1.0);
        let mut found: Vec<Candidate<'_>> = found
            .into_iter()
            .map(|(seen, known, hits)| Candidate {
                path: &seen.path,
                line: known.line,
                share: hits.len() as f32 / known.sample().len() as f32,
                common: if all < FEW {
                    0.0
                } else {
                    hits.iter().map(rare).sum::<f32>() / hits.len() as f32
                },
                among: all,
            })
            .collect();
        found.sort_by(|a, b| {
            b.worth().total_cmp(&a.worth()).then_with(|| (a.path, a.line).cmp(&(b.path, b.line)))
        });
        found.truncate(most);
        found
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend(u32::try_from(self.files.len()).unwrap_or(u32::MAX).to_le_bytes());
        out.push(u8::from(self.complete));
        text(&mut out, self.tree.as_bytes());
        for seen in &self.files {
            text(&mut out, seen.path.as_bytes());
            out.extend(seen.content);
            number(&mut out, seen.functions.len());
            for known in &seen.functions {
                out.extend(known.line.to_le_bytes());
                number(&mut out, known.sample().len());
                out.extend(known.sample().iter().flat_map(|gram| gram.to_le_bytes()));
            }
        }
        out
    }
}

/// Reads what [`Index::encode`] wrote; `None` where it is cut short or of another form. Anything
/// else that is damaged costs a twin, since a twin is always compared with the text itself.
fn decode(bytes: &[u8]) -> Option<Index> {
    let mut reader = Reader(bytes.strip_prefix(MAGIC)?);
    let count = reader.u32()?;
    let complete = reader.take(1)?[0] == 1;
    let tree = String::from_utf8(reader.text()?.to_vec()).ok()?;
    let mut files = Vec::new();
    for _ in 0..count {
        let path = RepoPath::from_bytes(reader.text()?);
        let content = reader.take(8)?.try_into().ok()?;
        let count = reader.number()?;
        let mut functions = Vec::with_capacity(count.min(1024));
        for _ in 0..count {
            let line = reader.u32()?;
            let grams = reader.number()?;
            let bytes = reader.take(grams * 4)?;
            let grams = bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
            functions.push(Known::of(line, grams));
        }
        files.push(Seen { path, content, functions });
    }
    Some(Index { tree, complete, files })
}

struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    fn number(&mut self) -> Option<usize> {
        Some(usize::from(u16::from_le_bytes(self.take(2)?.try_into().ok()?)))
    }

    fn text(&mut self) -> Option<&'b [u8]> {
        let length = self.number()?;
        self.take(length)
    }
}

fn number(out: &mut Vec<u8>, count: usize) {
    out.extend(u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes());
}

fn text(out: &mut Vec<u8>, text: &[u8]) {
    let text = &text[..text.len().min(usize::from(u16::MAX))];
    number(out, text.len());
    out.extend(text);
}

/// A quick answer to whether a number may be among some: one bit each.
struct Filter(Vec<u64>);

impl Filter {
    fn of(grams: &[u32]) -> Self {
        let mut bits = vec![0u64; 1024];
        for gram in grams {
            bits[(gram >> 22) as usize] |= 1 << ((gram >> 16) & 63);
        }
        Self(bits)
    }

    fn has(&self, gram: u32) -> bool {
        self.0[(gram >> 22) as usize] >> ((gram >> 16) & 63) & 1 == 1
    }
}

fn short(oid: &Oid) -> [u8; 8] {
    let mut short = [0; 8];
    let bytes = oid.0.as_bytes();
    for (to, from) in short.iter_mut().zip(bytes.chunks(2)) {
        let text = std::str::from_utf8(from).unwrap_or_default();
        *to = u8::from_str_radix(text, 16).unwrap_or_default();
    }
    short
}

/// How many bytes of their folders two paths share.
fn shared(a: &RepoPath, b: &RepoPath) -> usize {
    a.as_bytes().iter().zip(b.as_bytes()).take_while(|(a, b)| a == b).count()
}

/// Tests, and code that nobody wrote here: neither is a twin or has one.
pub fn is_aside(path: &str) -> bool {
    const FOLDERS: &[&str] = &[
        "test",
        "tests",
        "testing",
        "__tests__",
        "spec",
        "specs",
        "e2e",
        "fixtures",
        "testdata",
        "mocks",
        "__mocks__",
        "vendor",
        "third_party",
        "node_modules",
        "dist",
        "build",
        "generated",
        "migrations",
        "migrate",
        "versions",
        "examples",
        "site-packages",
    ];
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.split('.').next().unwrap_or(name);
    folders.split('/').any(|folder| FOLDERS.contains(&folder))
        || stem.starts_with("test_")
        || stem.ends_with("_test")
        || stem.ends_with("_spec")
        || stem.ends_with("Test")
        || stem.ends_with("Tests")
        || stem == "conftest"
        || [
            ".test.",
            ".spec.",
            ".min.",
            ".pb.",
            "_pb2",
            ".generated.",
            ".g.cs",
            ".designer.cs",
            ".d.ts",
            "_generated",
        ]
        .iter()
        .any(|part| name.to_ascii_lowercase().contains(part))
}

/// Whether a text says of itself that a program wrote it.
pub fn is_generated(text: &str) -> bool {
    let head: String = text.chars().take(600).collect::<String>().to_ascii_lowercase();
    ["do not edit", "@generated", "auto-generated", "autogenerated", "code generated by"]
        .iter()
        .any(|sign| head.contains(sign))
}

/// The functions of a file that is judged.
pub fn judged(file: &File) -> Vec<Function> {
    let (Some(lang), Some(tree)) = (file.lang, file.tree()) else {
        return Vec::new();
    };
    if is_aside(&file.path.lossy()) || is_generated(&file.text) || file.text.len() > MAX_FILE {
        return Vec::new();
    }
    functions(tree, lang)
}
