//! The gate: what is blocked, what passes, and what is kept of it.

use std::io::Write as _;

use serde_json::Value;

use crate::env::{Agent, Output, TestRepo, at_terminal, run};

const BAD: &str = "def pay():\n    try:\n        go()\n    except Exception:\n        pass\n";
const GOOD: &str = "def pay():\n    try:\n        go()\n    except OSError:\n        \
                    log.exception(\"no payment\")\n        raise\n";

/// A repository in which a person has committed something, and an agent with a prompt.
fn world() -> (TestRepo, Agent) {
    let repo = TestRepo::with(&[("readme.md", "# Shop\n")]);
    let agent = repo.claude("a").prompt("Add payment retry");
    (repo, agent)
}

fn try_commit(repo: &TestRepo, args: &[&str]) -> Output {
    repo.try_git(["commit", "-q", "-m", "change"].iter().chain(args))
}

fn show(repo: &TestRepo, rev: &str) -> Value {
    serde_json::from_str(&repo.ai_log(["show", "--json", rev]).ok()).unwrap()
}

fn gate(repo: &TestRepo, rev: &str) -> (String, String) {
    let shown = show(repo, rev);
    let text = |name: &str| shown[name].as_str().unwrap_or("none").to_owned();
    (text("gate"), text("verdict"))
}

fn is(gate: (String, String), expected: (&str, &str)) {
    assert_eq!((gate.0.as_str(), gate.1.as_str()), expected);
}

fn fingerprint(repo: &TestRepo) -> String {
    let output = repo.ai_log(["check", "--json"]);
    let check: Value = serde_json::from_slice(&output.stdout).unwrap();
    check["findings"][0]["fingerprint"].as_str().unwrap().to_owned()
}

#[test]
fn a_commit_of_an_agents_fault_is_blocked_with_all_that_is_needed_to_go_on() {
    let (repo, agent) = world();
    agent.write("pay.py", BAD);
    repo.stage(&["pay.py"]);
    let head = repo.git(["rev-parse", "HEAD"]);
    let said = try_commit(&repo, &[]).failed();
    for part in [
        "error[error-handling/",
        "pay.py:4",
        "except Exception:",
        "written by claude-code",
        "Add payment retry",
        "help:",
        "git ai-log waive error-handling:",
        "The checklist blocks: 1 hunk judged, 1 error",
    ] {
        assert!(said.contains(part), "{part:?} is not in:\n{said}");
    }
    assert_eq!(repo.git(["rev-parse", "HEAD"]), head);
    agent.write("pay.py", GOOD);
    repo.stage(&["pay.py"]);
    repo.commit("mended");
    is(gate(&repo, "HEAD"), ("gated", "pass"));
}

#[test]
fn a_persons_fault_is_not_held_up() {
    let (repo, agent) = world();
    repo.write("own.py", BAD);
    agent.write("pay.py", GOOD);
    repo.commit_all("both");
    is(gate(&repo, "HEAD"), ("gated", "pass"));
    // Not even next to an agent's clean line.
    agent.edit("own.py", "        go()\n", "        go(1)\n");
    repo.commit_all("beside it");
    is(gate(&repo, "HEAD"), ("gated", "pass"));
}

#[test]
fn what_is_staged_counts_and_not_the_work_tree() {
    let (repo, agent) = world();
    agent.write("pay.py", GOOD);
    repo.stage(&["pay.py"]);
    agent.write("pay.py", BAD);
    repo.commit("the good one");
    is(gate(&repo, "HEAD"), ("gated", "pass"));
    // All ways to name what is committed lead through the index that git uses for it.
    for args in [&["-a"][..], &["pay.py"], &["-i", "pay.py"]] {
        assert!(try_commit(&repo, args).failed().contains("error-handling/"), "{args:?}");
    }
    agent.write("pay.py", GOOD);
    agent.write("other.py", BAD);
    repo.git(["add", "-N", "other.py"]);
    repo.write("readme.md", "# The shop\n");
    repo.commit_with(&["-m", "one file", "readme.md"]);
    is(gate(&repo, "HEAD"), ("gated", "pass"));
}

#[test]
fn a_bypass_is_recorded_with_the_verdict_that_it_would_have_had() {
    let (repo, agent) = world();
    agent.write("pay.py", BAD);
    repo.stage(&["pay.py"]);
    repo.commit_with(&["-n", "-m", "never judged"]);
    is(gate(&repo, "HEAD"), ("bypassed", "block"));
    assert_eq!(show(&repo, "HEAD")["findings"][0]["path"], "pay.py");
    repo.git(["commit", "-q", "--amend", "-m", "in other words"]);
    is(gate(&repo, "HEAD"), ("bypassed", "block"));
    agent.write("other.py", BAD);
    repo.stage(&["other.py"]);
    assert!(!try_commit(&repo, &[]).failed().is_empty());
    repo.commit_with(&["-n", "-m", "judged, blocked, and made all the same"]);
    is(gate(&repo, "HEAD"), ("bypassed", "block"));
    agent.write("fine.py", GOOD);
    repo.stage(&["fine.py"]);
    repo.commit_with(&["-n", "-m", "nothing wrong with it"]);
    is(gate(&repo, "HEAD"), ("bypassed", "pass"));
}

#[test]
fn a_rewritten_commit_keeps_what_the_gate_said_of_unchanged_hunks() {
    let (repo, agent) = world();
    agent.write("pay.py", BAD);
    repo.stage(&["pay.py"]);
    repo.commit_with(&["-n", "-m", "bypassed"]);
    agent.write("fine.py", GOOD);
    repo.stage(&["fine.py"]);
    repo.commit("gated");
    repo.git(["checkout", "-q", "-b", "side", "HEAD~2"]);
    repo.committed(&[("a.txt", "a\n")]);
    repo.git(["checkout", "-q", "main"]);
    repo.git(["rebase", "-q", "side"]);
    is(gate(&repo, "HEAD"), ("gated", "pass"));
    is(gate(&repo, "HEAD~1"), ("bypassed", "block"));
    assert_eq!(show(&repo, "HEAD~1")["findings"][0]["lines"][0], 4);
    repo.git(["commit", "-q", "--amend", "-m", "other words"]);
    is(gate(&repo, "HEAD"), ("gated", "pass"));
}

#[test]
fn a_gate_that_cannot_judge_blocks_and_says_how_to_go_on() {
    let (repo, agent) = world();
    agent.write("pay.py", GOOD);
    for (file, text, part) in [
        (".ai-log.toml", "preset = \"loud\"\n", ".ai-log.toml"),
        (".ai-log.toml", "min-version = \"99\"\n", "asks for version 99"),
        (".ai-log/rules/a.yml", "id: a\nlanguage: Klingon\nrule: {kind: x}\n", "Klingon"),
        (".ai-log/rules/a.yml", "id: a\nlanguage: Python\nrule: {regex: '('}\n", "`a`"),
    ] {
        repo.write(file, text);
        repo.git(["add", "-A"]);
        let said = try_commit(&repo, &[]).failed();
        assert!(said.contains(part) && said.contains("--no-verify"), "{said}");
        repo.git(["rm", "-q", "-f", "--cached", file]);
        std::fs::remove_file(repo.top.join(file)).unwrap();
    }
    repo.commit_all("without them");
}

#[test]
fn an_unknown_key_is_a_warning_that_names_the_nearest() {
    let (repo, agent) = world();
    agent.write("pay.py", GOOD);
    repo.write(".ai-log.toml", "[items]\nsecrts = \"warn\"\n");
    repo.git(["add", "-A"]);
    let output = try_commit(&repo, &[]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.code == Some(0) && said.contains("did you mean `secrets`?"), "{output}");
}

#[test]
fn an_agent_does_not_loosen_the_policy_and_a_person_does() {
    let loose = "[items]\nerror-handling = \"warn\"\n";
    let (repo, agent) = world();
    agent.write(".ai-log.toml", loose);
    agent.write("pay.py", BAD);
    repo.git(["add", "-A"]);
    assert!(try_commit(&repo, &[]).failed().contains("error["));
    repo.git(["reset", "-q"]);
    std::fs::remove_file(repo.top.join(".ai-log.toml")).unwrap();
    let (repo, agent) = world();
    repo.write(".ai-log.toml", loose);
    agent.write("pay.py", BAD);
    repo.git(["add", "-A"]);
    let output = try_commit(&repo, &[]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("warning["), "{output}");
    assert_eq!(output.code, Some(0));
}

#[test]
fn an_agent_does_not_take_strictness_out_of_the_policy() {
    let strict = "[items]\nerror-handling = \"block\"\ncors = \"off\"\n\n[agents]\n";
    let (repo, agent) = world();
    repo.committed(&[(".ai-log.toml", &format!("preset = \"relaxed\"\n{strict}"))]);
    agent.edit(".ai-log.toml", "error-handling = \"block\"\n", "");
    agent.write("pay.py", BAD);
    repo.git(["add", "-A"]);
    assert!(try_commit(&repo, &[]).failed().contains("error["));
}

#[test]
fn a_comment_allows_where_a_person_wrote_it() {
    let allowed = BAD.replace("Exception:", "Exception:  # ai-log: allow(error-handling) see #7");
    let (repo, agent) = world();
    agent.write("pay.py", &allowed);
    repo.stage(&["pay.py"]);
    assert!(try_commit(&repo, &[]).failed().contains("error["));
    agent.write("pay.py", BAD);
    let above = "    # ai-log: allow(error-handling) the caller retries\n    except Exception:\n";
    repo.replace("pay.py", "    except Exception:\n", above);
    repo.stage(&["pay.py"]);
    repo.commit("allowed");
    is(gate(&repo, "HEAD"), ("gated", "pass"));
    let shown = show(&repo, "HEAD");
    assert_eq!(shown["findings"][0]["status"], "waived");
    assert_eq!(shown["waivers"][0]["reason"], "the caller retries");
}

#[test]
fn nobody_vouches_or_waives_without_a_terminal() {
    let (repo, agent) = world();
    agent.write("pay.py", BAD);
    repo.stage(&["pay.py"]);
    let print = fingerprint(&repo);
    for command in [format!("waive {print} -m fine"), "attest error-handling -m fine".to_owned()] {
        let output = repo.sh(&format!("yes | setsid --wait git ai-log {command}"));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.code == Some(2) && said.contains("no terminal"), "{output}");
    }
    assert!(try_commit(&repo, &[]).failed().contains(&print));
}

#[test]
fn a_person_waives_a_finding_and_the_note_says_who_and_why() {
    let (repo, agent) = world();
    agent.write("pay.py", BAD);
    repo.stage(&["pay.py"]);
    let print = fingerprint(&repo);
    let line = format!("git ai-log waive {print} -m 'the caller retries' --until 2999-01-01");
    let refused = at_terminal(&repo, &line, "n\n");
    assert_eq!(refused.code, Some(1), "{refused}");
    assert!(try_commit(&repo, &[]).failed().contains(&print));
    let given = at_terminal(&repo, &line, "y\n");
    assert_eq!(given.code, Some(0), "{given}");
    assert!(String::from_utf8_lossy(&given.stdout).contains("asked: Add payment retry"), "{given}");
    repo.commit("waived");
    is(gate(&repo, "HEAD"), ("gated", "pass"));
    let waiver = &show(&repo, "HEAD")["waivers"][0];
    assert_eq!(waiver["who"], "Pat Person <pat@example.com>");
    assert_eq!(
        (&waiver["reason"], &waiver["until"]),
        (&"the caller retries".into(), &"2999-01-01".into())
    );
}

#[test]
fn an_attestation_is_void_when_its_lines_change() {
    let (repo, agent) = world();
    repo.committed(&[(".ai-log.toml", "[items]\nbusiness-logic = \"block\"\n")]);
    agent.write("pay.py", GOOD);
    repo.stage(&["pay.py"]);
    assert!(try_commit(&repo, &[]).failed().contains("business-logic/unattested"));
    let line = "git ai-log attest business-logic pay.py:2 -m 'read it'";
    let given = at_terminal(&repo, line, "y\n");
    assert_eq!(given.code, Some(0), "{given}");
    agent.edit("pay.py", "go()", "go(2)");
    repo.stage(&["pay.py"]);
    assert!(try_commit(&repo, &[]).failed().contains("business-logic/unattested"));
    let line = "git ai-log attest business-logic -m 'read it again'";
    assert_eq!(at_terminal(&repo, line, "y\n").code, Some(0));
    repo.commit("as it was read");
    let shown = show(&repo, "HEAD");
    assert_eq!(shown["findings"][0]["status"], "attested");
    assert_eq!(shown["attestations"][0]["reason"], "read it again");
    assert_eq!(shown["attestations"].as_array().unwrap().len(), 1);
}

#[test]
fn a_signature_stands_for_a_terminal() {
    let (repo, agent) = world();
    agent.write("pay.py", BAD);
    repo.stage(&["pay.py"]);
    let print = fingerprint(&repo);
    let line = format!("setsid --wait git ai-log waive {print} -m known --sign");
    let without = repo.sh(&line);
    let said = String::from_utf8_lossy(&without.stderr).into_owned();
    assert!(without.code == Some(2) && !said.is_empty(), "{without}");
    let key = repo.root().join("key");
    let made = run(
        repo.command("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key),
        b"",
    );
    assert_eq!(made.code, Some(0), "{made}");
    repo.git(["config", "gpg.format", "ssh"]);
    repo.git(["config", "user.signingKey", key.to_str().unwrap()]);
    let signed = repo.sh(&line);
    assert_eq!(signed.code, Some(0), "{signed}");
    repo.commit("waived");
    is(gate(&repo, "HEAD"), ("gated", "pass"));
    let waiver = &show(&repo, "HEAD")["waivers"][0];
    assert!(waiver["signature"].as_str().unwrap().contains("BEGIN SSH SIGNATURE"), "{waiver}");
    // In CI only the keys count that the team lists.
    std::fs::remove_file(repo.state_dir().join("claims.jsonl")).unwrap();
    assert_eq!(check(&repo, &["HEAD"]).0, Some(0));
    assert_eq!(check(&repo, &["HEAD", "--require-signed"]).0, Some(1));
    let public = std::fs::read_to_string(key.with_extension("pub")).unwrap();
    repo.write("../signers", format!("pat@example.com {public}"));
    let signers = repo.root().join("signers");
    repo.git(["config", "gpg.ssh.allowedSignersFile", signers.to_str().unwrap()]);
    assert_eq!(check(&repo, &["HEAD", "--require-signed"]).0, Some(0));
}

#[test]
fn a_review_goes_from_hunk_to_hunk() {
    let (repo, agent) = world();
    repo.committed(&[(".ai-log.toml", "[items]\nbusiness-logic = \"block\"\n")]);
    agent.write("a.py", BAD);
    agent.write("b.py", GOOD);
    repo.git(["add", "-A"]);
    let typed = "a\nbusiness-logic\nread it\ns\n";
    let first = at_terminal(&repo, "git ai-log review", typed);
    let text = String::from_utf8_lossy(&first.stdout).into_owned();
    assert!(text.contains("(1 of 2) a.py:1-5") && text.contains("(2 of 2) b.py:1-6"), "{text}");
    assert!(text.contains("error-handling/"), "{text}");
    let said = try_commit(&repo, &[]).failed();
    assert!(said.contains("b.py:1") && !said.contains("a.py:1"), "{said}");
    let rest = "w\nknown\na\n\nread, too\n";
    let second = at_terminal(&repo, "git ai-log review", rest);
    assert_eq!(second.code, Some(0), "{second}");
    repo.commit("reviewed");
    is(gate(&repo, "HEAD"), ("gated", "pass"));
}

fn check(repo: &TestRepo, args: &[&str]) -> (Option<i32>, Value) {
    let output = repo.ai_log(["check", "--json"].iter().chain(args));
    let value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output}"));
    (output.code, value)
}

#[test]
fn a_range_is_judged_by_what_it_leads_to() {
    let (repo, agent) = world();
    let base = repo.git(["rev-parse", "HEAD"]);
    agent.write("pay.py", BAD);
    repo.stage(&["pay.py"]);
    repo.commit_with(&["-n", "-m", "bad"]);
    let (code, bad) = check(&repo, &["HEAD"]);
    assert_eq!((code, &bad["verdict"]), (Some(1), &"block".into()));
    let range = format!("{base}..HEAD");
    assert_eq!(check(&repo, &[&range]).0, Some(1));
    repo.write("own.py", BAD);
    agent.write("pay.py", GOOD);
    repo.commit_all("mended");
    let (code, good) = check(&repo, &[&range, "--require-notes"]);
    assert_eq!((code, &good["verdict"], &good["hunks"]), (Some(0), &"pass".into(), &2.into()));
}

#[test]
fn a_commit_without_a_note_is_not_recorded() {
    let (repo, _) = world();
    let base = repo.git(["rev-parse", "HEAD"]);
    repo.write("a.txt", "a\n");
    repo.git(["add", "-A"]);
    repo.git(["-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "without hooks"]);
    repo.git(["commit", "-q", "--allow-empty", "-m", "adds nothing"]);
    let range = format!("{base}..HEAD");
    assert_eq!(check(&repo, &[&range]).0, Some(0));
    let (code, missing) = check(&repo, &[&range, "--require-notes"]);
    assert_eq!(code, Some(1));
    assert_eq!(missing["not_recorded"][0], repo.git(["rev-parse", "HEAD~1"]));
    let text = repo.ai_log(["check", &range, "--require-notes"]);
    assert!(
        String::from_utf8_lossy(&text.stdout).contains("nothing is recorded for commit"),
        "{text}"
    );
}

#[test]
fn a_teams_own_rule_blocks_and_an_agent_does_not_take_it_away() {
    let rule = "id: no-print\nlanguage: Python\nseverity: error\nmessage: use the log\nnote: log.info\n\
                rule: {pattern: print($$$)}\n";
    let (repo, agent) = world();
    repo.committed(&[(".ai-log/rules/print.yml", rule)]);
    agent.write("a.py", "print(1)\n");
    repo.stage(&["a.py"]);
    assert!(try_commit(&repo, &[]).failed().contains("error[team/no-print]: use the log"));
    agent.run("git rm -q .ai-log/rules/print.yml");
    repo.git(["add", "-A"]);
    assert!(try_commit(&repo, &[]).failed().contains("team/no-print"));
}

#[test]
fn lines_that_nobody_can_explain_are_judged_where_an_agent_commits() {
    let (repo, agent) = world();
    agent.shell_with("make", |repo| repo.write("made.py", BAD));
    repo.stage(&["made.py"]);
    let said = repo.sh("CLAUDECODE=1 git commit -q -m made").failed();
    assert!(said.contains("made.py:4"), "{said}");
    repo.commit("by a person");
    is(gate(&repo, "HEAD"), ("gated", "pass"));
}

#[test]
fn files_are_judged_outside_a_repository_too() {
    let repo = TestRepo::new();
    let folder = repo.root().join("plain");
    std::fs::create_dir(&folder).unwrap();
    std::fs::File::create(folder.join("pay.py")).unwrap().write_all(BAD.as_bytes()).unwrap();
    let output = repo.at("plain").sh("git-ai-log check --all-lines --json . missing.py");
    assert_eq!(output.code, Some(2), "{output}");
    let output = repo.at("plain").sh("git-ai-log check --all-lines --json .");
    let check: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.code, &check["findings"][0]["path"]), (Some(1), &"pay.py".into()));
}

#[test]
fn generated_and_vendored_files_are_left_out() {
    let (repo, agent) = world();
    repo.committed(&[(".gitattributes", "gen/* linguist-generated\n")]);
    agent.write("gen/pay.py", BAD);
    repo.git(["add", "-A"]);
    repo.commit("generated");
    is(gate(&repo, "HEAD"), ("gated", "pass"));
}

#[test]
fn the_policy_asks_what_an_agent_must_have_read() {
    let (repo, agent) = world();
    let policy = "[context]\n\"db/**\" = [\"docs/db.md\"]\n";
    repo.committed(&[(".ai-log.toml", policy), ("docs/db.md", "Names are singular.\n")]);
    agent.write("db/a.txt", "create\n");
    repo.stage(&["db/a.txt"]);
    let said = try_commit(&repo, &[]).failed();
    assert!(said.contains("context/unread") && said.contains("docs/db.md"), "{said}");
}

const TOTAL: &str = "\
def invoice_total(invoice, rates):
    total = 0
    for line in invoice.lines():
        price = line.unit_price() * line.count()
        if line.is_taxed():
            price += price * rates.of(line.country())
        total += price
    return round(total, 2)
";

#[test]
fn a_copy_is_found_through_an_index_that_follows_the_tree() {
    let (repo, agent) = world();
    repo.write("billing/invoice.py", TOTAL);
    repo.write("shop/names.py", "NAMES = []\n");
    repo.commit_all("billing");
    let copy = TOTAL.replace("invoice", "order").replace("rates", "tax").replace("total", "amount");
    agent.write("shop/order.py", &copy);
    repo.stage(&["shop/order.py"]);
    let twins = || {
        let output = repo.ai_log(["check", "--json"]);
        let check: Value = serde_json::from_slice(&output.stdout).unwrap();
        let found = check["findings"].as_array().unwrap().clone();
        let duplicate = |finding: &&Value| finding["check"] == "duplicate-logic/copy";
        found.iter().find(duplicate).map(|finding| finding["message"].as_str().unwrap().to_owned())
    };
    assert!(twins().unwrap().contains("`invoice_total` at billing/invoice.py:1"));
    let kept = repo.top.join(".git/ai-log/cache/duplicates-python");
    assert!(kept.exists());
    // The twin moves, then goes.
    repo.git(["mv", "billing/invoice.py", "billing/total.py"]);
    assert!(twins().unwrap().contains("at billing/total.py:1"));
    repo.git(["rm", "-q", "--cached", "billing/total.py"]);
    assert_eq!(twins(), None);
    std::fs::remove_file(kept).unwrap();
    assert_eq!(twins(), None);
}

#[test]
fn hostile_files_and_rules_end_in_an_answer() {
    let repo = TestRepo::new();
    let plain = repo.at("plain");
    let languages = ["py", "js", "ts", "tsx", "go", "java", "rb", "php", "rs", "cs", "yml", "sql"];
    for end in languages {
        plain.write(
            format!("deep.{end}"),
            format!("x = {}1{}\n", "(".repeat(20_000), ")".repeat(20_000)),
        );
        plain.write(format!("blocks.{end}"), "if (a) {\n".repeat(5_000));
        plain.write(format!("long.{end}"), format!("x = \"{}\"\n", "a%b ".repeat(60_000)));
        plain.write(format!("bytes.{end}"), b"x = '\xff\xfe'\n\xf0\x28\x8c\x28\n");
        plain.write(format!("text.{end}"), "");
    }
    plain.write("Dockerfile", "FROM \\\n".repeat(5_000));
    plain.write("requirements.txt", "==\n".repeat(5_000));
    plain.write("package.json", "{".repeat(50_000));
    let output = plain.sh("timeout 200 git-ai-log check --all-lines --json .");
    assert!(matches!(output.code, Some(0 | 1)), "{output}");
    // A pattern that other engines try for ever.
    let rule = "id: slow\nlanguage: Python\nmessage: m\nnote: n\nrule: {regex: '^(a+)+$', kind: identifier}\n";
    plain.write(".ai-log/rules/slow.yml", rule);
    plain.write("deep.py", format!("{}b = 1\n", "a".repeat(50_000)));
    let output = plain.sh("timeout 100 git-ai-log check --all-lines --json deep.py");
    assert!(matches!(output.code, Some(0 | 1)), "{output}");
    plain.write(".ai-log/rules/slow.yml", "id: a\n".repeat(20_000));
    let output = plain.sh("timeout 100 git-ai-log check --all-lines deep.py");
    assert!(output.code == Some(2) && output.stderr.starts_with(b"error: "), "{output}");
}
