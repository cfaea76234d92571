//! The integration tests: one binary that runs the real program under the real git.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stderr, reason = "a test says why it does not apply here")]

mod agent_gate;
mod attribution;
mod backfill;
mod bad_input;
mod carry;
mod env;
mod external;
mod forget;
mod formats;
mod gate;
mod payloads;
mod payloads_more;
mod prune;
mod repositories;
mod rewrites;
mod stores;
mod sync;
mod sync_large;
mod verify;

/// A file that is not listed above would never be compiled, and its tests would never run.
#[test]
fn every_file_here_is_listed() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let module = path.file_stem().unwrap().to_str().unwrap();
        let counts = path.is_dir() || path.extension().is_some_and(|end| end == "rs");
        if counts && module != "main" && module != "snapshots" {
            let listed = include_str!("main.rs").contains(&format!("\nmod {module};\n"));
            assert!(listed, "{} is not listed in main.rs", path.display());
        }
    }
}
