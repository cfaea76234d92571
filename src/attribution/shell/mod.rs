//! What a command of an agent's can have written.
//!
//! That a file changed while a command ran does not yet say that the command changed it: a person
//! may have saved it meanwhile. So a command must be tied to the file: its words, a script that it
//! runs, or a redirection name the file, or it is a tool known to write it. A command that only
//! reads writes nothing. What else changed is nobody's for sure.

mod bypass;
mod git;
mod matching;
mod parse;
mod programs;

pub use bypass::{Bypass, bypass, is_guarded};
use matching::{covers, mentions, names};
use parse::{Simple, parse};
use programs::{INTERPRETERS, Kind};

/// What ties a command to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The command names the file and can write it.
    Named,
    /// The command may write anything.
    Opaque,
    /// The command writes nothing, or only other files.
    Nothing,
}

/// What ties this command, and the texts of the scripts it runs, to this path.
pub fn claim(command: &str, scripts: &[String], path: &str) -> Claim {
    let simples = parse(command);
    let mut opaque = false;
    for simple in &simples {
        if simple.outputs.iter().any(|word| names(word, path)) {
            return Claim::Named;
        }
        let kind = simple.kind();
        opaque |= kind == Kind::Opaque;
        let named = match kind {
            Kind::Reads | Kind::Git => false,
            Kind::Writes => simple.words[1..].iter().any(|word| covers(word, path)),
            Kind::Opaque => {
                simple.words[1..].iter().any(|word| covers(word, path) || mentions(word, path))
                    || simple.writes_by_habit(path)
                    // Its arguments come from the commands before it in the pipe.
                    || simple.program() == "xargs" && words(&simples).any(|word| covers(word, path))
            }
        };
        if named {
            return Claim::Named;
        }
    }
    let file = path.rsplit('/').next().unwrap_or(path);
    // The text of a here-document, and the scripts that are run, are programs themselves.
    if opaque && (mentions(command, file) || scripts.iter().any(|text| mentions(text, file))) {
        return Claim::Named;
    }
    if opaque { Claim::Opaque } else { Claim::Nothing }
}

fn words(simples: &[Simple]) -> impl Iterator<Item = &String> {
    simples.iter().flat_map(|simple| &simple.words[1..])
}

/// Whether the command lets git move text between commits, stash and work tree.
pub fn moves_text(command: &str) -> bool {
    parse(command).iter().any(|simple| simple.kind() == Kind::Git)
}

/// Folders that the command works in beside its own: what it changes may be in another
/// repository.
pub fn folders(command: &str) -> Vec<String> {
    let mut folders = Vec::new();
    for simple in parse(command) {
        let after = |flag: &str| {
            let at = simple.words.iter().position(|word| word == flag)?;
            simple.words.get(at + 1).cloned()
        };
        if simple.program() == "cd" {
            folders.extend(simple.words.get(1).cloned());
        }
        folders.extend(after("-C"));
        let named = simple.words.iter().skip(1).chain(&simple.outputs);
        folders
            .extend(named.filter(|word| word.starts_with('/') || word.starts_with("../")).cloned());
    }
    folders
}

/// What `echo` and `printf` of the command print, as far as its text says.
pub fn printed(command: &str) -> Vec<String> {
    let simples = parse(command).into_iter();
    let prints = simples.filter(|simple| matches!(simple.program(), "echo" | "printf"));
    prints.map(|simple| simple.words[1..].join(" ")).collect()
}

/// Files that the command runs, or is told what to do by.
pub fn scripts(command: &str) -> Vec<String> {
    let mut files = Vec::new();
    for simple in parse(command) {
        let argument = || simple.words[1..].iter().find(|word| !word.starts_with('-')).cloned();
        match simple.program() {
            "make" | "gmake" => {
                files.extend(["Makefile", "makefile", "GNUmakefile"].map(str::to_owned))
            }
            "just" => files.push("justfile".into()),
            "task" => files.push("Taskfile.yml".into()),
            "rake" => files.push("Rakefile".into()),
            "npm" | "yarn" | "pnpm" | "bun" => files.push("package.json".into()),
            "patch" | "git" => {
                files.extend(simple.words[1..].iter().filter(|w| w.contains('.')).cloned());
                files.extend(simple.inputs.iter().cloned());
            }
            program if INTERPRETERS.contains(&program) => files.extend(argument()),
            _ if simple.words[0].contains('/') => files.push(simple.words[0].clone()),
            _ => {}
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_names_the_file_and_writes_claims_it() {
        let named = [
            ("printf 'x\\n' >> notes.txt", "notes.txt"),
            ("cd /repo && sed -i 's/a/b/' src/a.py", "src/a.py"),
            ("cd src && sed -i.bak s/a/b/ a.py", "src/a.py"),
            ("cat > /home/dev/repo/src/a.py <<'EOF'\nx\nEOF", "src/a.py"),
            ("echo x | tee -a notes.txt", "notes.txt"),
            ("cp a.txt b.txt", "b.txt"),
            ("python3 - <<'EOF'\nopen('out.txt', 'w').write('x')\nEOF", "gen/out.txt"),
            ("cargo fmt", "Cargo.toml"),
            ("prettier --write .", "web/a.ts"),
            ("ruff check --fix src", "src/x/a.py"),
            ("find . -name '*.py' | xargs sed -i s/a/b/", "x/a.py"),
            ("bash -c \"echo hi > new.txt\"", "new.txt"),
            (
                "apply_patch <<'EOF'\n*** Begin Patch\n*** Add File: heredoc.txt\n+x\n*** End Patch\nEOF",
                "heredoc.txt",
            ),
            ("npm install left-pad", "package-lock.json"),
        ];
        for (command, path) in named {
            assert_eq!(claim(command, &[], path), Claim::Named, "{command}");
        }
    }

    #[test]
    fn what_reads_or_writes_elsewhere_claims_nothing() {
        let nothing = [
            ("sleep 5", "notes.txt"),
            ("cat notes.txt", "notes.txt"),
            ("ls && git status && git add -A && git commit -m 'Update notes.txt'", "notes.txt"),
            ("printf x >> other.txt", "notes.txt"),
            ("cargo test 2>&1 | tail -5", "src/lib.rs"),
            ("pytest tests/test_a.py", "tests/test_a.py"),
            ("npm test", "src/a.ts"),
            ("grep -rn foo .", "src/a.ts"),
            ("sleep 2; false", "notes.txt"),
        ];
        for (command, path) in nothing {
            assert_eq!(claim(command, &[], path), Claim::Nothing, "{command}");
        }
    }

    #[test]
    fn what_may_write_anything_needs_a_script_that_names_the_file() {
        let script = "#!/bin/sh\necho x > out.txt\n".to_owned();
        assert_eq!(claim("./gen.sh", &[], "out.txt"), Claim::Opaque);
        assert_eq!(claim("./gen.sh", std::slice::from_ref(&script), "out.txt"), Claim::Named);
        assert_eq!(claim("./gen.sh", &[script], "person.txt"), Claim::Opaque);
        assert_eq!(scripts("cd x && ./gen.sh a"), ["./gen.sh"]);
        assert_eq!(scripts("python3 -u tools/gen.py --all"), ["tools/gen.py"]);
        assert_eq!(scripts("npm run gen"), ["package.json"]);
    }

    #[test]
    fn git_moves_text() {
        assert!(moves_text("git -C sub pull --rebase"));
        assert!(moves_text("cd x; git stash pop"));
        assert!(!moves_text("git add -A && git commit -m 'git checkout'"));
        assert_eq!(claim("git checkout other -- a.py", &[], "a.py"), Claim::Nothing);
        assert_eq!(
            folders("cd ../lib && git -C /srv/x status"),
            ["../lib", "../lib", "/srv/x", "/srv/x"]
        );
    }

    proptest! {
        #[test]
        fn any_text_is_parsed(text in ".{0,200}", path in "[a-z./]{0,20}") {
            let _ = (claim(&text, &[], &path), scripts(&text), folders(&text), moves_text(&text));
        }
    }
}
