//! `verify`: notes that were tampered with, went stale, or are hostile; signatures.

use serde_json::{Value, json};

use crate::env::schema::faults;
use crate::env::{Output, TestRepo, run};

const WORK: &str = "def charge(order):\n    total = order.price * order.count\n    \
                    receipt = gateway.charge(total)\n    return receipt\n";

/// A person's file with an agent's function at its end, committed.
fn world() -> TestRepo {
    begin(&[])
}

fn begin(args: &[&str]) -> TestRepo {
    let repo = TestRepo::init(args);
    repo.committed(&[("a.py", "import gateway\n\n"), ("b.py", "b = 1\n")]);
    let agent = repo.claude("a").prompt("Charge the order");
    agent.edit("a.py", "gateway\n\n", &format!("gateway\n\n{WORK}")).stop();
    repo.commit_all("charge");
    repo
}

fn verify(repo: &TestRepo, args: &[&str]) -> (Option<i32>, Value) {
    let output = repo.ai_log(["verify", "--json"].iter().chain(args));
    let value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output}"));
    (output.code, value)
}

/// The kinds of faults, and the exit code that goes with them.
#[track_caller]
fn kinds(repo: &TestRepo, args: &[&str]) -> Vec<String> {
    let (code, value) = verify(repo, args);
    let list = value["faults"].as_array().unwrap();
    assert_eq!(code, Some(i32::from(!list.is_empty())), "{value:#}");
    assert_eq!(value["ok"], list.is_empty());
    list.iter().map(|fault| fault["kind"].as_str().unwrap().to_owned()).collect()
}

fn notices(repo: &TestRepo) -> Vec<String> {
    let (code, value) = verify(repo, &[]);
    assert_eq!(code, Some(0), "{value:#}");
    let list = value["notices"].as_array().unwrap().iter();
    list.map(|fault| fault["kind"].as_str().unwrap().to_owned()).collect()
}

fn records(repo: &TestRepo, rev: &str) -> Vec<Value> {
    repo.note(rev).unwrap().0
}

/// Puts these bytes in the place of a commit's note, as anybody with git can.
fn tamper(repo: &TestRepo, rev: &str, bytes: &[u8]) {
    let file = repo.root().join("note");
    std::fs::write(&file, bytes).unwrap();
    let blob = repo.git(["hash-object", "-w", file.to_str().unwrap()]);
    repo.git(["notes", "--ref", "ai-log/provenance", "add", "-f", "-C", &blob, rev]);
}

fn write(repo: &TestRepo, rev: &str, records: &[Value]) {
    let lines: Vec<String> = records.iter().map(|record| format!("{record}\n")).collect();
    tamper(repo, rev, lines.concat().as_bytes());
}

/// Changes every hunk's record, and its name with it: what a careful forger does.
fn forge(repo: &TestRepo, change: impl Fn(&mut Value)) {
    use sha2::Digest as _;
    let mut all = records(repo, "HEAD");
    for hunk in all.iter_mut().filter(|record| record["type"] == "hunk") {
        change(hunk);
        let (path, digest) = (hunk["path"].as_str().unwrap(), hunk["digest"].as_str().unwrap());
        let text = format!("{path}\0{}-{}\0{digest}\0", hunk["lines"][0], hunk["lines"][1]);
        let name: String = sha2::Sha256::digest(text).iter().map(|b| format!("{b:02x}")).collect();
        hunk["hunk"] = json!(name);
    }
    write(repo, "HEAD", &all);
}

#[test]
fn notes_that_fit_are_no_faults() {
    for args in [&[][..], &["--object-format=sha256", "--ref-format=reftable"]] {
        let repo = begin(args);
        let (code, value) = verify(&repo, &["--require-notes"]);
        assert_eq!(code, Some(0), "{value:#}");
        assert_eq!((&value["commits"], &value["notes"]), (&json!(2), &json!(2)));
        assert_eq!(value["hunks"], 1);
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/verify.json");
        let schema = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert_eq!(faults(&schema, &value), Vec::<String>::new());
        forge(&repo, |hunk| hunk["digest"] = json!("0".repeat(64)));
        let (code, value) = verify(&repo, &[]);
        assert_eq!((code, &value["faults"][0]["kind"]), (Some(1), &json!("stale")), "{args:?}");
        assert_eq!(faults(&schema, &value), Vec::<String>::new());
        let text = repo.ai_log(["verify"]);
        let text = String::from_utf8(text.stdout).unwrap();
        let commit = repo.git(["rev-parse", "HEAD"])[..10].to_owned();
        assert!(text.starts_with(&format!("fault[stale]  {commit}  a.py:3-6  ")), "{text}");
        assert!(text.contains("(next: git notes --ref ai-log/provenance remove"), "{text}");
        assert!(
            text.ends_with("1 fault: 2 commits, 2 notes, 1 hunk, 0 attestations and waivers\n")
        );
        // The step that is named makes it good.
        repo.sh(&format!(
            "git notes --ref ai-log/provenance remove {commit} && git ai-log repair {commit}^!"
        ))
        .ok();
        assert_eq!(kinds(&repo, &[]), [""; 0]);
    }
}

#[test]
fn a_repository_without_commits_or_notes_has_no_faults() {
    let repo = TestRepo::new();
    assert_eq!(verify(&repo, &[]).0, Some(0));
    repo.git(["-c", "core.hooksPath=/dev/null", "commit", "-q", "--allow-empty", "-m", "empty"]);
    assert_eq!(kinds(&repo, &["--require-notes"]), [""; 0]);
    let said = repo.ai_log(["verify", "nowhere..HEAD"]);
    assert_eq!(said.code, Some(2), "{said}");
    assert!(String::from_utf8_lossy(&said.stderr).contains("hint: name a range"), "{said}");
}

#[test]
fn a_commit_without_a_note_is_a_fault_where_notes_are_required() {
    let repo = world();
    repo.write("own.txt", "own\n");
    repo.git(["add", "-A"]);
    repo.git(["-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "unseen"]);
    repo.git(["rm", "-q", "own.txt"]);
    repo.git(["-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "only deletes"]);
    let (code, value) = verify(&repo, &[]);
    assert_eq!(
        (code, &value["not_recorded"]),
        (Some(0), &json!([repo.git(["rev-parse", "HEAD~1"])]))
    );
    let text = repo.ai_log(["verify"]).ok();
    assert!(text.contains("1 commit without a note"), "{text}");
    assert_eq!(kinds(&repo, &["--require-notes"]), ["not-recorded"]);
    assert_eq!(kinds(&repo, &["HEAD~1..HEAD", "--require-notes"]), [""; 0]);
}

#[test]
fn a_note_that_was_copied_to_an_amended_commit_is_stale() {
    let repo = world();
    let old = repo.git(["rev-parse", "HEAD"]);
    repo.replace("a.py", "return receipt", "return receipt.id");
    repo.git(["-c", "core.hooksPath=/dev/null", "commit", "-q", "-a", "--amend", "-m", "amended"]);
    repo.git(["notes", "--ref", "ai-log/provenance", "copy", &old, "HEAD"]);
    let (_, value) = verify(&repo, &[]);
    let fault = &value["faults"][0];
    assert_eq!((&fault["kind"], &fault["path"]), (&json!("stale"), &json!("a.py")));
    assert_eq!(fault["lines"], json!([3, 6]));
    assert!(fault["message"].as_str().unwrap().contains("3 of 4"), "{fault}");
}

#[test]
fn text_that_stands_elsewhere_is_shifted() {
    let repo = world();
    let old = repo.git(["rev-parse", "HEAD"]);
    repo.replace("a.py", "import gateway\n", "import os\nimport gateway\n");
    repo.git(["-c", "core.hooksPath=/dev/null", "commit", "-q", "-a", "--amend", "-m", "amended"]);
    repo.git(["notes", "--ref", "ai-log/provenance", "copy", &old, "HEAD"]);
    let (_, value) = verify(&repo, &[]);
    let fault = &value["faults"][0];
    assert_eq!(fault["kind"], "shifted");
    assert!(fault["message"].as_str().unwrap().contains("4-7"), "{fault}");
}

#[test]
fn what_the_commit_has_not_or_does_not_add_is_told() {
    let repo = world();
    forge(&repo, |hunk| hunk["path"] = json!("gone/a.py"));
    assert_eq!(kinds(&repo, &[]), ["no-file"]);
    // Not even a lookup leads out of the tree.
    forge(&repo, |hunk| hunk["path"] = json!("../../etc/passwd"));
    assert_eq!(kinds(&repo, &[]), ["no-file"]);
    forge(&repo, |hunk| hunk["path"] = json!("b.py"));
    assert_eq!(kinds(&repo, &[]), ["not-added"]);

    let repo = world();
    // A person's old line, claimed with its own digest and fingerprint.
    repo.git(["checkout", "-q", "--orphan", "other"]);
    repo.claude("b").prompt("x").write("c.py", "import gateway\n").stop();
    repo.commit_all("other");
    let own = records(&repo, "HEAD").into_iter().find(|r| r["path"] == "c.py").unwrap();
    repo.git(["checkout", "-q", "main"]);
    forge(&repo, |hunk| {
        *hunk = own.clone();
        hunk["path"] = json!("a.py");
    });
    let (_, value) = verify(&repo, &[]);
    assert_eq!(value["faults"][0]["kind"], "not-added", "{value:#}");
    assert!(value["faults"][0]["message"].as_str().unwrap().contains("line 1"), "{value:#}");
}

#[test]
fn ranges_and_fingerprints_that_cannot_be_are_told() {
    let repo = world();
    let honest = records(&repo, "HEAD");
    let mut huge = honest.clone();
    for hunk in huge.iter_mut().filter(|record| record["type"] == "hunk") {
        hunk["lines"] = json!([1, u32::MAX]);
    }
    write(&repo, "HEAD", &huge);
    assert_eq!(kinds(&repo, &[]), ["damaged"]);
    write(&repo, "HEAD", &honest);
    forge(&repo, |hunk| {
        hunk["lines"] = json!([u32::MAX - 3, u32::MAX]);
        hunk["fingerprints"] = json!(format!("{}=", "A".repeat(43)));
    });
    assert_eq!(kinds(&repo, &[]), ["beyond"]);
    write(&repo, "HEAD", &honest);
    forge(&repo, |hunk| hunk["fingerprints"] = json!(format!("{}=", "A".repeat(43))));
    assert_eq!(kinds(&repo, &[]), ["fingerprints"]);
    // Lines that were changed without the record's name.
    let mut moved = honest.clone();
    for hunk in moved.iter_mut().filter(|record| record["type"] == "hunk") {
        hunk["path"] = json!("b.py");
    }
    write(&repo, "HEAD", &moved);
    assert!(kinds(&repo, &[]).contains(&"damaged".to_owned()));
    let mut twice = honest.clone();
    let again = honest.iter().find(|record| record["type"] == "hunk").unwrap();
    twice.push(again.clone());
    write(&repo, "HEAD", &twice);
    assert_eq!(kinds(&repo, &[]), ["overlapping"]);
}

#[test]
fn notes_that_cannot_be_read_are_told_apart() {
    let repo = world();
    tamper(&repo, "HEAD", b"this is no note\n");
    assert_eq!(kinds(&repo, &[]), ["damaged"]);
    let newer = b"{\"type\":\"head\",\"schema\":\"git-ai-log/provenance/2\",\"tool\":\"x\"}\n";
    tamper(&repo, "HEAD", newer);
    assert_eq!(kinds(&repo, &[]), ["newer"]);
    let text = String::from_utf8(repo.ai_log(["verify"]).stdout).unwrap();
    assert!(text.contains("install a newer version"), "{text}");
}

#[test]
fn a_hostile_note_is_an_answer() {
    let repo = world();
    let evil = "\u{1b}[2J\u{202e}\u{7}";
    let mut all = records(&repo, "HEAD");
    for hunk in all.iter_mut().filter(|record| record["type"] == "hunk") {
        hunk["path"] = json!(format!("{evil}.py"));
    }
    all.push(json!({"type": "attestation", "item": evil, "hunks": ["x"], "who": evil,
        "reason": evil, "at": "2026-01-01T00:00:00Z",
        "signature": format!("{evil} BEGIN PGP SIGNATURE {evil}")}));
    all.push(json!({"type": evil.to_owned() + "x"}));
    let mut bytes: Vec<u8> =
        all.iter().flat_map(|record| format!("{record}\n").into_bytes()).collect();
    bytes.extend_from_slice(b"\xff\xfe\0\x1b]0;title\x07\n");
    bytes.extend_from_slice(&b"[".repeat(100_000));
    bytes.extend_from_slice(b"\n{\"type\":\"hunk\",\"path\":\"\x1b[31m\"}\n");
    bytes.extend_from_slice(&b"x\n".repeat(20_000));
    tamper(&repo, "HEAD", &bytes);
    for args in [&["verify"][..], &["verify", "--json"]] {
        let output = repo.ai_log(args);
        assert_eq!(output.code, Some(1), "{output}");
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        let hidden = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!text.contains(hidden), "{text:?}");
        assert!(text.len() < 40_000, "{} bytes", text.len());
        assert!(!text.contains("panicked"), "{text}");
    }
}

#[test]
fn thousands_of_hunks_that_fit_nothing_are_told_shortly() {
    let repo = world();
    let own = records(&repo, "HEAD").into_iter().find(|r| r["type"] == "hunk").unwrap();
    let many: Vec<Value> = (0..5_000)
        .map(|n| {
            let mut hunk = own.clone();
            hunk["path"] = json!(format!("{n}.py"));
            hunk
        })
        .collect();
    write(&repo, "HEAD", &many);
    let (code, value) = verify(&repo, &[]);
    assert_eq!(code, Some(1));
    assert!(value["faults"].as_array().unwrap().len() < 100);
}

#[test]
fn rewritten_merged_renamed_and_repaired_commits_fit() {
    let repo = world();
    let agent = repo.claude("c").prompt("More");
    agent.write("c.py", &format!("# c\n{}", WORK.replace("charge", "refund"))).stop();
    repo.commit_all("refund");
    // A file with an agent's lines under another name, and new lines in it.
    repo.git(["mv", "c.py", "d.py"]);
    agent.edit("d.py", "# c\n", "# c\nimport refunds\n").stop();
    repo.commit_all("moved");
    assert_eq!(records(&repo, "HEAD").iter().filter(|r| r["type"] == "hunk").count(), 1);
    repo.git(["checkout", "-q", "-b", "side", "HEAD~1"]);
    agent.edit("a.py", "import gateway\n", "import gateway, side\n").stop();
    repo.commit_all("side");
    repo.git(["checkout", "-q", "main"]);
    agent.edit("a.py", "import gateway\n", "import gateway, main\n").stop();
    repo.commit_all("main");
    assert_ne!(repo.try_git(["merge", "-q", "side"]).code, Some(0));
    agent.write("a.py", &format!("import gateway, main, side\n\n{WORK}")).stop();
    repo.commit_all("merged");
    assert_eq!(repo.git(["rev-list", "--count", "--merges", "HEAD"]), "1");
    repo.committed(&[("own.txt", "own\n")]);
    repo.git(["commit", "-q", "--amend", "-m", "other words"]);
    repo.git(["checkout", "-q", "-b", "moved", "HEAD~1"]);
    repo.git(["cherry-pick", "main"]);
    // As a server squashes.
    repo.git(["checkout", "-q", "--orphan", "squashed"]);
    repo.git(["-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "squashed"]);
    repo.ai_log(["repair"]).ok();
    for branch in ["main", "moved", "squashed"] {
        let (code, value) = verify(&repo, &[branch, "--require-notes"]);
        assert_eq!(code, Some(0), "{branch}: {value:#}");
        assert_ne!(value["hunks"], 0, "{branch}");
    }
    // A line that moved along with its file is nobody's new one.
    let base = repo.git(["rev-parse", "main~2"]);
    repo.git(["checkout", "-q", "--detach", &base]);
    let file = "d.py";
    let twin = repo.claude("t").prompt("Again");
    repo.git(["checkout", "-q", "--orphan", "twin"]);
    twin.write("t.py", &repo.read(file)).stop();
    repo.commit_all("twin");
    let mut whole: Vec<Value> = records(&repo, "HEAD");
    for hunk in whole.iter_mut().filter(|record| record["type"] == "hunk") {
        hunk["path"] = json!(file);
    }
    write(&repo, &base, &whole);
    let found = kinds(&repo, &[&format!("{base}^!")]);
    assert!(found.contains(&"not-added".to_owned()), "{found:?}");
}

#[test]
fn a_shallow_clone_is_judged_by_what_it_has() {
    let repo = world();
    let agent = repo.claude("d").prompt("More");
    agent.edit("a.py", "return receipt", "return receipt.id").stop();
    repo.commit_all("more");
    let url = format!("file://{}", repo.top.display());
    repo.git(["clone", "-q", "--depth", "1", &url, "../shallow"]);
    let shallow = repo.at("shallow");
    shallow.git(["fetch", "-q", "origin", "refs/notes/ai-log/*:refs/notes/ai-log/*"]);
    let (code, value) = verify(&shallow, &["--require-notes"]);
    assert_eq!((code, &value["hunks"]), (Some(0), &json!(1)), "{value:#}");
}

/// A key of this kind, without a passphrase.
fn ssh_key(repo: &TestRepo, name: &str) -> String {
    let key = repo.root().join(name);
    let mut keygen = repo.command("ssh-keygen");
    run(keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key), b"").ok();
    key.to_str().unwrap().to_owned()
}

fn attest(repo: &TestRepo, signed: bool) -> Output {
    let line = "attest business-logic --rev HEAD -m read";
    match signed {
        true => repo.ai_log(line.split(' ').chain(["--sign"])),
        false => crate::env::at_terminal(repo, &format!("git ai-log {line}"), "y\n"),
    }
}

/// Lists a key as Pat's, or as the one of somebody else.
fn list(repo: &TestRepo, who: &str, key: &str) {
    let public = std::fs::read_to_string(format!("{key}.pub")).unwrap();
    let signers = repo.root().join("signers");
    std::fs::write(&signers, format!("{who} {public}")).unwrap();
    repo.git(["config", "gpg.ssh.allowedSignersFile", signers.to_str().unwrap()]);
}

#[test]
fn an_attestation_counts_by_a_key_that_is_listed() {
    let repo = world();
    assert_eq!(attest(&repo, false).code, Some(0));
    assert_eq!(notices(&repo), ["unsigned"]);
    assert_eq!(kinds(&repo, &["--require-signed"]), ["unsigned"]);
    let text = repo.ai_log(["verify"]).ok();
    assert!(text.ends_with("1 attestation or waiver, 1 not signed"), "{text}");

    let repo = world();
    let key = ssh_key(&repo, "key");
    repo.git(["config", "gpg.format", "ssh"]);
    repo.git(["config", "user.signingKey", &key]);
    attest(&repo, true).ok();
    // Nobody is listed: it cannot be said whose key it is.
    assert_eq!(notices(&repo), ["unchecked"]);
    assert_eq!(kinds(&repo, &["--require-signed"]), ["unchecked"]);
    list(&repo, "pat@example.com", &key);
    assert_eq!(kinds(&repo, &["--require-signed"]), [""; 0]);
    assert_eq!(notices(&repo), [""; 0]);
    list(&repo, "*@example.com", &key);
    assert_eq!(kinds(&repo, &["--require-signed"]), [""; 0]);
    list(&repo, "kim@example.com", &key);
    assert_eq!(notices(&repo), ["other-signer"]);
    assert_eq!(kinds(&repo, &["--require-signed"]), ["other-signer"]);
    let stranger = ssh_key(&repo, "stranger");
    list(&repo, "pat@example.com", &stranger);
    assert_eq!(notices(&repo), ["unknown-signer"]);
    assert_eq!(kinds(&repo, &["--require-signed"]), ["unknown-signer"]);
    // A key that was taken back.
    list(&repo, "pat@example.com", &key);
    repo.git(["config", "gpg.ssh.revocationFile", &format!("{key}.pub")]);
    assert_eq!(kinds(&repo, &["--require-signed"]), ["unknown-signer"]);
    repo.git(["config", "gpg.ssh.allowedSignersFile", "/nowhere"]);
    assert_eq!(kinds(&repo, &["--require-signed"]), ["unchecked"]);
}

#[test]
fn a_signature_over_another_text_is_always_a_fault() {
    let repo = world();
    let key = ssh_key(&repo, "key");
    repo.git(["config", "gpg.format", "ssh"]);
    repo.git(["config", "user.signingKey", &key]);
    attest(&repo, true).ok();
    let honest = records(&repo, "HEAD");
    for listed in [false, true] {
        if listed {
            list(&repo, "pat@example.com", &key);
        }
        // Whatever the record says is signed.
        for (field, value) in [
            ("reason", json!("approved by the board")),
            ("who", json!("Kim <kim@example.com>")),
            ("item", json!("cors")),
            ("at", json!("2020-01-01T00:00:00Z")),
            ("until", json!("2999-01-01")),
            ("signature", json!("none")),
        ] {
            let mut changed = honest.clone();
            changed.iter_mut().find(|r| r["type"] == "attestation").unwrap()[field] = value;
            write(&repo, "HEAD", &changed);
            assert_eq!(kinds(&repo, &[]), ["bad-signature"], "{field}");
        }
        let mut more = honest.clone();
        let claim = more.iter_mut().find(|r| r["type"] == "attestation").unwrap();
        claim["hunks"].as_array_mut().unwrap().push(json!("0".repeat(64)));
        write(&repo, "HEAD", &more);
        assert_eq!(kinds(&repo, &[]), ["bad-signature"]);
        write(&repo, "HEAD", &honest);
        assert_eq!(kinds(&repo, &[]), [""; 0]);
    }
}

#[test]
fn an_attestation_for_hunks_that_are_not_there_is_void() {
    let repo = world();
    assert_eq!(attest(&repo, false).code, Some(0));
    let honest = records(&repo, "HEAD");
    let mut changed = honest.clone();
    let claim = changed.iter_mut().find(|r| r["type"] == "attestation").unwrap();
    claim["hunks"] = json!(["0".repeat(64)]);
    write(&repo, "HEAD", &changed);
    let (_, value) = verify(&repo, &[]);
    assert_eq!(value["faults"][0]["kind"], "void", "{value:#}");
    // Where it was said again there is nothing to tell.
    let claim = honest.iter().find(|r| r["type"] == "attestation").unwrap();
    changed.push(claim.clone());
    write(&repo, "HEAD", &changed);
    assert_eq!(kinds(&repo, &[]), [""; 0]);
    let mut partly = honest.clone();
    let claim = partly.iter_mut().find(|r| r["type"] == "attestation").unwrap();
    claim["hunks"].as_array_mut().unwrap().push(json!("0".repeat(64)));
    write(&repo, "HEAD", &partly);
    assert_eq!(notices(&repo), ["partly-void", "unsigned"]);
}

#[test]
fn openpgp_keys_count_too() {
    let repo = world();
    // A short path: the agent's socket has to fit.
    let home = tempfile::Builder::new().prefix("g").tempdir_in("/tmp").unwrap();
    let home = home.path().to_str().unwrap().to_owned();
    let gpg = repo.root().join("gpg");
    let script = format!("#!/bin/sh\nexec gpg --homedir {home} \"$@\"\n");
    crate::env::executable(&gpg, &script);
    let program = gpg.to_str().unwrap();
    let made = repo.sh(&format!(
        "command -v gpg && {program} -q --batch --passphrase '' --quick-generate-key \
         'Pat Person <pat@example.com>' ed25519 sign never"
    ));
    if made.code != Some(0) {
        eprintln!("skipped: there is no GnuPG here that makes keys: {made}");
        return;
    }
    repo.git(["config", "gpg.program", program]);
    attest(&repo, true).ok();
    assert_eq!(kinds(&repo, &["--require-signed"]), [""; 0]);
    let honest = records(&repo, "HEAD");
    let mut changed = honest.clone();
    changed.iter_mut().find(|r| r["type"] == "attestation").unwrap()["reason"] = json!("x");
    write(&repo, "HEAD", &changed);
    assert_eq!(kinds(&repo, &[]), ["bad-signature"]);
    write(&repo, "HEAD", &honest);
    repo.git(["config", "gpg.minTrustLevel", "ultimate"]);
    assert_eq!(kinds(&repo, &["--require-signed"]), [""; 0]);
    // Another keyring does not know the key.
    let other = tempfile::Builder::new().prefix("g").tempdir_in("/tmp").unwrap();
    crate::env::executable(&gpg, &script.replace(&home, other.path().to_str().unwrap()));
    assert_eq!(notices(&repo), ["unknown-signer"]);
    assert_eq!(kinds(&repo, &["--require-signed"]), ["unknown-signer"]);
    repo.git(["config", "gpg.program", "/nowhere/gpg"]);
    assert_eq!(notices(&repo), ["unchecked"]);
    for home in [home.as_str(), other.path().to_str().unwrap()] {
        let _ = repo.sh(&format!("gpgconf --homedir {home} --kill all")).code;
    }
}

/// The script of a job of docs/ci.md: the block that starts with the loop, up to its last line.
fn job(host: &str, last: &str) -> String {
    let text = include_str!("../../docs/ci.md");
    let text = &text[text.find("## After a server-side squash").unwrap()..];
    let text = &text[text.find(&format!("# {host}: ")).unwrap()..];
    let first = if host == "GitLab" { "pushed=no\n" } else { "for attempt" };
    let start = text.find(first).unwrap();
    let end = start + text[start..].find(last).unwrap() + last.len();
    text[start..end].to_owned()
}

#[test]
fn the_jobs_of_the_document_carry_notes_onto_a_squash_and_push_them() {
    for (host, last) in [("GitHub Actions", "exit 1\n"), ("GitLab", "!= no\n")] {
        let repo = world();
        let remote = repo.root().join("remote.git");
        let remote = remote.to_str().unwrap();
        repo.git(["init", "-q", "--bare", "-b", "main", remote]);
        // The server squashes: no hook runs there, and the branch is gone.
        repo.git(["push", "-q", remote, "refs/notes/ai-log/provenance"]);
        let squash = repo.git(["commit-tree", "-m", "squashed", "HEAD^{tree}", "-p", "HEAD~1"]);
        repo.git(["push", "-q", remote, &format!("{squash}:refs/heads/main")]);
        repo.git(["clone", "-q", remote, "../ci"]);
        let ci = repo.at("ci");
        let script = format!("set -e\nREMOTE='{remote}'\n{}", job(host, last));
        let output = ci.sh(&script);
        assert_eq!(output.code, Some(0), "{script}\n{output}");
        repo.git(["fetch", "-q", remote, "+refs/notes/ai-log/*:refs/notes/theirs/*"]);
        let note = repo.git(["notes", "--ref", "theirs/provenance", "show", &squash]);
        assert!(note.contains("\"carried\""), "{host}: {note}");
        let (code, value) = verify(&ci, &["--require-notes"]);
        assert_eq!(code, Some(0), "{host}: {value:#}");
        // A second merge with nothing to carry, and a remote without notes, are no failures.
        assert_eq!(ci.sh(&script).code, Some(0), "{host}");
        repo.git(["--git-dir", remote, "update-ref", "-d", "refs/notes/ai-log/provenance"]);
        ci.git(["update-ref", "-d", "refs/notes/ai-log/provenance"]);
        assert_eq!(ci.sh(&script).code, Some(0), "{host}");
    }
}
