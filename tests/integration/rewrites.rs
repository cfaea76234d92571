//! Commits that git made again without our hooks, and `repair`, which finds the text in them.

use crate::env::TestRepo;

const WORK: &str = "def charge(order):\n    total = order.price * order.count\n    \
                    receipt = gateway.charge(total)\n    journal.append(order, receipt)\n    return receipt\n";

/// Operations as a server or another client does them: no hook runs.
const OPERATIONS: &[(&str, &str)] = &[
    ("merge --squash", "git merge -q --squash topic && git commit -qm squashed"),
    ("rebase", "git checkout -q -b moved topic && git rebase -q main"),
    ("cherry-pick", "git cherry-pick topic"),
    ("am", "git format-patch -q --stdout main..topic | git am -q"),
    (
        "filter-branch",
        "git checkout -q topic && FILTER_BRANCH_SQUELCH_WARNING=1 \
         git filter-branch -f --msg-filter 'sed s/by/of/' HEAD",
    ),
    (
        "commit-tree",
        "git merge -q --squash topic && git reset -q --hard \
         $(git commit-tree -p HEAD -m plumbing $(git write-tree))",
    ),
];

/// `topic` has an agent's function below a person's line; `main` has moved on.
fn begin(args: &[&str]) -> TestRepo {
    let repo = TestRepo::init(args);
    repo.committed(&[("a.py", "import gateway\n"), ("b.txt", "first\n")]);
    repo.git(["checkout", "-q", "-b", "topic"]);
    repo.replace("a.py", "import gateway\n", "import gateway\n# the person's remark\n");
    let agent = repo.claude("work").prompt("charge the order");
    agent.edit("a.py", "remark\n", &format!("remark\n{WORK}")).stop();
    repo.commit_all("charge, by an agent");
    repo.git(["checkout", "-q", "main"]);
    repo.committed(&[("b.txt", "second\n")]);
    std::fs::remove_dir_all(repo.git_path("hooks")).unwrap();
    // Only the notes are left, as in another clone.
    std::fs::remove_dir_all(repo.state_dir()).unwrap();
    repo
}

#[track_caller]
fn found_again(args: &[&str]) {
    for (name, line) in OPERATIONS {
        let repo = begin(args);
        let _ = repo.sh(line).ok();
        assert!(repo.note("HEAD").is_none(), "{name}: no hook may have run");
        let would = repo.ai_log(["repair", "--dry-run", "--json"]).ok();
        assert!(would.contains("\"written\":false"), "{name}: {would}");
        assert!(repo.note("HEAD").is_none(), "{name}: a dry run writes nothing");
        let _ = repo.ai_log(["repair"]).ok();
        let note = repo.note("HEAD").unwrap_or_else(|| panic!("{name}: no note"));
        assert!(note.hunk(b"a.py", 2).is_none(), "{name}: the remark is the person's");
        for line in 3..=7 {
            let hunk = note.hunk(b"a.py", line).unwrap_or_else(|| panic!("{name}: line {line}"));
            assert_eq!(
                (&hunk["contributor"], &hunk["evidence"]),
                (&"ai".into(), &"carried".into())
            );
        }
        let prompts = crate::env::Note::prompts(&repo, "HEAD");
        assert_eq!(prompts[0].1, "charge the order", "{name}");
        assert_eq!(repo.ai_log(["repair"]).ok(), "", "{name}: nothing is left to do");
    }
}

#[test]
fn what_was_rewritten_without_hooks_is_found_again() {
    found_again(&[]);
}

#[test]
fn in_sha_256_and_reftable_too() {
    found_again(&["--object-format=sha256", "--ref-format=reftable"]);
}

#[test]
fn a_persons_lines_that_an_agent_wrote_too_stay_theirs() {
    let repo = begin(&[]);
    repo.write("c.py", "total = order.price * order.count\nreceipt = gateway.charge(total)\n");
    repo.commit_all("two lines of the same words");
    assert_eq!(repo.ai_log(["repair"]).ok(), "");
    assert!(repo.note("HEAD").is_none());
}

#[test]
fn a_range_that_is_none_is_an_error() {
    let repo = begin(&[]);
    let said = repo.ai_log(["repair", "nowhere..HEAD"]);
    assert_eq!(said.code, Some(2), "{said}");
}

#[test]
fn the_document_lists_the_operations_tested_here() {
    let document = include_str!("../../docs/rewrites.md");
    let rows = document.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let rows: Vec<&str> = rows.filter(|name| *name != "operation").collect();
    let tested: Vec<&str> = OPERATIONS.iter().map(|(name, _)| *name).collect();
    assert_eq!(rows, tested);
}
