//! Lists the rule files of the checklist, so that a new one is a file and nothing else.

#![expect(clippy::disallowed_methods, reason = "cargo tells a build script by variables")]
#![allow(clippy::disallowed_macros, clippy::print_stdout, reason = "and is told by printing")]

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let rules = root.join("src/checklist/rules");
    println!("cargo::rerun-if-changed={}", rules.display());
    let (mut files, mut tests) = (String::new(), String::new());
    for item in sorted(&rules)?.into_iter().filter(|path| path.is_dir()) {
        println!("cargo::rerun-if-changed={}", item.display());
        for file in sorted(&item)? {
            let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            let (list, stem) = match stem.strip_suffix("-test") {
                Some(stem) => (&mut tests, stem),
                None => (&mut files, stem),
            };
            let item = item.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            // A language may have more than one file: `python.yml`, `python-orm.yml`.
            let lang = stem.split('-').next().unwrap_or_default();
            list.push_str(&format!("    ({item:?}, {lang:?}, include_str!({file:?})),\n"));
        }
    }
    let list =
        |name: &str, files: &str| format!("static {name}: &[(&str, &str, &str)] = &[\n{files}];\n");
    let text = list("FILES", &files) + "#[cfg(test)]\n" + &list("TESTS", &tests);
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("rules.rs"), text)
}

fn sorted(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = entries.collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
