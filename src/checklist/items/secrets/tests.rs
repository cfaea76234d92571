//! The item as a whole: what is said of which lines, and what never is.

use super::*;
use crate::checklist::testing::Files;
use crate::checklist::{Change, Run};
use crate::config::policy::Effective;
use crate::model::Contributor;

/// Letters and digits as random ones look. Built, so that no scanner takes it for a real one.
fn random(len: usize) -> String {
    "a8Kd3Pq9Zx7Lm2Vt5Rw4Yn6Bc1Hj0GfSuEiTo".chars().cycle().take(len).collect()
}

fn hits(file: File) -> Vec<Hit> {
    let change = Change { files: vec![file], ..Change::default() };
    let (project, policy) = (Files::default(), Effective::default());
    let mut hits = Vec::new();
    Secrets.run(&Context { change: &change, project: &project, policy: &policy }, &mut hits);
    hits
}

fn rules(path: &str, text: &str) -> Vec<String> {
    hits(File::whole(path.into(), text.as_bytes())).into_iter().map(|hit| hit.rule).collect()
}

#[test]
fn a_credential_is_found_in_any_text_and_never_shown_whole() {
    let token = concat!("gh", "p_").to_owned() + &random(36);
    for path in ["a.py", "config.yml", "notes.md", ".env", "tests/test_a.py"] {
        let text = format!("token: \"{token}\"\n");
        let found = hits(File::whole(path.into(), text.as_bytes()));
        assert_eq!(found.len(), 1, "{path}: {found:?}");
        assert_eq!(
            (found[0].rule.as_str(), found[0].confidence),
            ("github-token", Confidence::High)
        );
        assert!(found[0].message.contains("`ghp_…`") && !found[0].message.contains(&token[..12]));
    }
}

#[test]
fn the_value_of_a_name_is_found_and_never_shown() {
    let found = hits(File::whole("a.py".into(), b"db_password = 'hT7-kq2-Lw9'\n"));
    assert_eq!(found.len(), 1);
    assert!(found[0].message.contains("db_password") && !found[0].message.contains("hT7"));
    assert_eq!(
        rules("a.go", "package a\nfunc f() { if password == \"hT7-kq2-Lw9\" {} }\n"),
        ["compared"]
    );
    assert_eq!(rules("a.js", "jwt.sign(user, 'hT7-kq2-Lw9');\n"), ["hard-coded-argument"]);
    let text = "class A { string c = \"Server=db;User Id=sa;Password=hT7-kq2-Lw9;\"; }\n";
    assert_eq!(rules("a.cs", text), ["connection-string"]);
}

#[test]
fn stand_ins_and_tests_pass() {
    for (path, text) in [
        ("a.py", "password = os.environ['DB_PASSWORD']\n"),
        ("a.py", "password = '${DB_PASSWORD}'\npassword = ''\n"),
        ("a.py", "PASSWORD_FIELD = 'password'\n"),
        ("tests/test_a.py", "password = 'hT7-kq2-Lw9'\n"),
        ("a.py", "# see amqp://user:hT7-kq2-Lw9@host/\n"),
        ("a.rs", "#[cfg(test)]\nmod tests {\n    fn f() { let password = \"hT7-kq2-Lw9\"; }\n}\n"),
        (
            "package-lock.json",
            "\"integrity\": \"sha512-qKq9Zx7Lm2Vt5Rw4Yn6Bc1Hj0GfSuEiToa8Kd3P==\"\n",
        ),
    ] {
        assert_eq!(rules(path, text), Vec::<String>::new(), "{path}: {text}");
    }
}

#[test]
fn only_judged_lines_count() {
    let text = b"password = 'hT7-kq2-Lw9'\nx = 1\n";
    let run = Run {
        lines: LineRange { start: 2, end: 2 },
        contributor: Contributor::Ai,
        agent: None,
        session: None,
        turn: None,
        digest: String::new(),
    };
    assert!(hits(File::new("a.py".into(), text, None, vec![run])).is_empty());
}
