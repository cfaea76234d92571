//! What is a twin and what is not, and how the index follows the project.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use super::*;
use crate::checklist::project::Toolchain;
use crate::checklist::{Change, Project};
use crate::config::policy::Effective;
use crate::model::{Digest, Oid};

/// A project with trees, that counts how often a text is read.
#[derive(Default)]
struct Tracked {
    texts: BTreeMap<String, String>,
    before: BTreeMap<String, BTreeMap<String, String>>,
    kept: RefCell<BTreeMap<String, Vec<u8>>>,
    read: RefCell<Vec<String>>,
    toolchain: Toolchain,
}

impl Tracked {
    fn of(files: &[(&str, &str)]) -> Self {
        let texts = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        Self { texts: texts.collect(), ..Self::default() }
    }

    fn name(texts: &BTreeMap<String, String>) -> String {
        Digest::of(format!("{texts:?}").as_bytes()).0
    }

    fn oid(text: &str) -> Oid {
        Oid(Digest::of(text.as_bytes()).0)
    }

    /// Goes on to a next tree.
    fn put(&mut self, path: &str, text: Option<&str>) {
        self.before.insert(Self::name(&self.texts), self.texts.clone());
        match text {
            Some(text) => self.texts.insert(path.into(), text.into()),
            None => self.texts.remove(path),
        };
        self.read.borrow_mut().clear();
    }
}

impl Project for Tracked {
    fn text(&self, path: &RepoPath) -> Option<Rc<str>> {
        self.read.borrow_mut().push(path.lossy().into_owned());
        self.texts.get(&*path.lossy()).map(|text| text.as_str().into())
    }
    fn list(&self, _: &str) -> Vec<String> {
        Vec::new()
    }
    fn all(&self) -> Vec<(RepoPath, Oid)> {
        self.texts.iter().map(|(path, text)| (path.as_str().into(), Self::oid(text))).collect()
    }
    fn tree(&self) -> Option<Oid> {
        Some(Oid(Self::name(&self.texts)))
    }
    fn changed_since(&self, tree: &Oid) -> Option<Vec<(RepoPath, Option<Oid>)>> {
        let old = self.before.get(&tree.0)?;
        let paths: std::collections::BTreeSet<&String> =
            old.keys().chain(self.texts.keys()).collect();
        let other = paths.into_iter().filter(|path| old.get(*path) != self.texts.get(*path));
        let entry = |path: &String| {
            (path.as_str().into(), self.texts.get(path).map(|text| Self::oid(text)))
        };
        Some(other.map(entry).collect())
    }
    fn top(&self) -> Option<&Path> {
        None
    }
    fn toolchain(&self) -> &Toolchain {
        &self.toolchain
    }
    fn disk(&self, _: &Path) -> Option<String> {
        None
    }
    fn disk_list(&self, _: &Path) -> Vec<String> {
        Vec::new()
    }
    fn kept(&self, name: &str) -> Option<Vec<u8>> {
        self.kept.borrow().get(name).cloned()
    }
    fn keep(&self, name: &str, bytes: &[u8]) {
        self.kept.borrow_mut().insert(name.into(), bytes.to_vec());
    }
    fn today(&self) -> chrono::NaiveDate {
        chrono::NaiveDate::from_ymd_opt(2027, 1, 1).unwrap()
    }
}

const INVOICE: &str = "\
def invoice_total(invoice, rates):
    total = 0
    for line in invoice.lines():
        price = line.unit_price() * line.count()
        if line.is_taxed():
            price += price * rates.of(line.country())
        total += price
    return round(total, 2)
";
const RENAMED: &str = "\
def order_sum(order, tax):
    \"\"\"Adds up an order.\"\"\"
    amount = 0
    for item in order.lines():
        # with tax
        cost = item.unit_price() * item.count()
        if item.is_taxed():
            cost += cost * tax.of(item.country())
        amount += cost
    log.debug(amount)
    return round(amount, 2)
";
const OTHER: &str = "\
def order_sum(order, tax):
    names = []
    while order.pending():
        step = order.next_step()
        names.append(step.title().strip())
        if tax and step.final():
            break
    return \", \".join(sorted(names))
";

const APART: &str = "\
async def relay(*, source):
    async with source.stream() as events, limits[-1]:
        async for event in events:
            assert event is not None and not event.stale
            yield {**event.headers, **{k: v for k, v in event}}
            del limits[0], limits[2:]
";

fn judged(project: &Tracked, path: &str, text: &str) -> Vec<String> {
    let change =
        Change { files: vec![File::whole(path.into(), text.as_bytes())], ..Change::default() };
    let policy = Effective::default();
    let mut hits = Vec::new();
    DuplicateLogic.run(&Context { change: &change, project, policy: &policy }, &mut hits);
    hits.into_iter()
        .map(|hit| format!("{} {}: {}", hit.lines.start, hit.rule, hit.message))
        .collect()
}

#[test]
fn a_copy_with_other_names_is_told_with_the_place_of_its_twin() {
    let project = Tracked::of(&[("billing/invoice.py", &format!("import log\n\n{INVOICE}"))]);
    let said = judged(&project, "shop/order.py", RENAMED);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].starts_with("1 copy: this does what `invoice_total` at billing/invoice.py:3"),
        "{said:?}"
    );
    assert_eq!(judged(&project, "shop/order.py", OTHER), Vec::<String>::new());
}

#[test]
fn tests_generated_code_and_short_functions_have_no_twins() {
    let project = Tracked::of(&[("billing/invoice.py", INVOICE), ("tests/a.py", OTHER)]);
    assert!(judged(&project, "tests/order.py", RENAMED).is_empty());
    assert!(
        judged(&project, "order.py", &format!("# Code generated by x. DO NOT EDIT.\n{RENAMED}"))
            .is_empty()
    );
    assert!(judged(&project, "order.py", OTHER).is_empty(), "its twin is a test");
    let short = "def name(self):\n    return self.a.b(self.c)\n";
    let project = Tracked::of(&[("a.py", short)]);
    assert!(judged(&project, "b.py", short).is_empty());
}

#[test]
fn a_function_is_not_its_own_twin_and_siblings_in_one_file_may_be_alike() {
    let project = Tracked::of(&[("a.py", INVOICE)]);
    assert!(judged(&project, "a.py", INVOICE).is_empty());
    let two = format!("{INVOICE}\n{}", RENAMED.replace("is_taxed", "is_free"));
    let project = Tracked::of(&[("a.py", &two)]);
    assert!(judged(&project, "a.py", &two).is_empty());
    let twice = format!("{INVOICE}\n{}", INVOICE.replace("invoice_total", "sum_up"));
    let project = Tracked::of(&[("a.py", &twice)]);
    assert_eq!(judged(&project, "a.py", &twice).len(), 2);
}

#[test]
fn only_what_changed_is_read_again() {
    let mut project = Tracked::of(&[("a.py", INVOICE), ("b.py", APART), ("c.go", "package c\n")]);
    assert_eq!(judged(&project, "new.py", RENAMED).len(), 1);
    assert!(project.read.borrow().contains(&"b.py".to_owned()));
    assert!(!project.read.borrow().contains(&"c.go".to_owned()), "another language");
    project.put("d.py", Some("x = 1\n"));
    assert_eq!(judged(&project, "new.py", RENAMED).len(), 1);
    assert_eq!(*project.read.borrow(), ["d.py", "a.py"], "the new file, and the twin's to be sure");
    project.put("a.py", None);
    assert!(judged(&project, "new.py", RENAMED).is_empty(), "the twin is gone");
    assert!(project.read.borrow().is_empty());
    project.put("e.py", Some(INVOICE));
    assert!(judged(&project, "new.py", RENAMED)[0].contains("e.py:1"));
}

#[test]
fn an_index_that_is_gone_or_damaged_is_made_again() {
    let project = Tracked::of(&[("a.py", INVOICE)]);
    assert_eq!(judged(&project, "new.py", RENAMED).len(), 1);
    let whole = project.kept("duplicates-python").unwrap();
    for damaged in [Vec::new(), whole[..whole.len() / 2].to_vec(), vec![0xff; whole.len()]] {
        project.keep("duplicates-python", &damaged);
        assert_eq!(judged(&project, "new.py", RENAMED).len(), 1);
        assert_eq!(project.kept("duplicates-python").unwrap(), whole);
    }
}

#[test]
fn functions_of_every_language_are_read() {
    let body = "a.open(b); x = c.d(e, 1); if (x > 2) {\n f(x, g.h(x));\n}\nfor_each(x, y.z(a, b), q(r));\n";
    let texts = [
        (Lang::JavaScript, format!("function n(a, b) {{\n{body}}}\n")),
        (Lang::TypeScript, format!("const n = (a: A) => {{\n{body}}};\n")),
        (Lang::Tsx, format!("class A {{ n(a: A) {{\n{body}}} }}\n")),
        (Lang::Java, format!("class A {{ void n(B a) {{\n{body}}} }}\n")),
        (Lang::CSharp, format!("class A {{ void n(B a) {{\n{body}}} }}\n")),
        (
            Lang::Go,
            format!("package a\nfunc n(a A) {{\n{}}}\n", body.replace("if (x > 2)", "if x > 2")),
        ),
        (Lang::Rust, format!("fn n(a: A) {{\n{}}}\n", body.replace("if (x > 2)", "if x > 2"))),
        (Lang::Php, format!("<?php\nfunction n($a) {{\n{}}}\n", body.replace("x = ", "$x = "))),
        (Lang::Ruby, format!("def n(a)\n{}end\n", body.replace("{", "").replace('}', "end"))),
        (Lang::Python, INVOICE.to_owned()),
    ];
    for (lang, text) in texts {
        let tree = lang::parse(lang, &text).unwrap();
        let found = functions(&tree, lang);
        assert_eq!(found.len(), 1, "{}", lang::name(lang));
        assert!(!found[0].name.is_empty(), "{}", lang::name(lang));
    }
}

#[test]
fn tests_inside_rust_files_are_left_out() {
    let test = format!("#[test]\nfn n() {{\n{}}}\n", "    assert_eq!(a.b(c), d(e));\n".repeat(8));
    let tree =
        lang::parse(Lang::Rust, &format!("#[cfg(test)]\nmod t {{\n{test}}}\n{test}")).unwrap();
    assert!(functions(&tree, Lang::Rust).is_empty());
}

#[test]
fn what_many_functions_have_in_common_makes_no_twins() {
    let shape = |n: usize| {
        format!(
            "def step_{n}(self, value):\n    if value is None:\n        return None\n    self.check(value)\n    self.note_{n}(value, self.of_{n})\n    return self.run_{n}(value)\n"
        )
    };
    let many: String = (0..150).map(shape).collect();
    let project = Tracked::of(&[("a.py", &many)]);
    assert_eq!(judged(&project, "new.py", &shape(500)), Vec::<String>::new());
    let few = Tracked::of(&[("a.py", &shape(1))]);
    assert_eq!(judged(&few, "new.py", &shape(500)).len(), 1, "alone it is a twin");
}
