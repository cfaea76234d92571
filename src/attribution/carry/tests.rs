use super::*;
use crate::git::lines::split;

const WORK: &str = "def charge(order):\n    total = order.price * order.count\n    \
                    receipt = gateway.charge(total)\n    return receipt\n";

fn path(name: &str) -> RepoPath {
    RepoPath::from(name)
}

fn pool(kin: Kin, texts: &[(&str, &str)]) -> Pool {
    let mut pool = Pool::default();
    for (owner, (name, text)) in texts.iter().enumerate() {
        let lines = split(text.as_bytes());
        let lines = lines.iter().map(|line| (fingerprint(line), owner)).collect();
        pool.push(Run { path: path(name), since: 100, made: 100, note: owner, kin, lines });
    }
    pool
}

fn found(pool: &Pool, name: &str, time: i64, text: &str) -> Vec<Option<Found>> {
    let lines = split(text.as_bytes());
    let free = vec![true; lines.len()];
    let new = New { path: &path(name), lines: &lines, free: &free, since: &[], stood: &[] };
    pool.carry(time, &[new]).remove(0)
}

fn carry(pool: &Pool, name: &str, time: i64, text: &str) -> Vec<Option<usize>> {
    let found = found(pool, name, time, text).into_iter();
    found.map(|found| found.filter(|found| found.sure).map(|found| found.owner)).collect()
}

#[test]
fn a_run_is_found_again_with_other_white_space_between_other_lines() {
    let text = format!("import os\n{}a person's own line of code\n", WORK.replace("    ", "\t"));
    let owners = carry(&pool(Kin::Below, &[("a.py", WORK)]), "b.py", 200, &text);
    assert_eq!(owners, [None, Some(0), Some(0), Some(0), Some(0), None]);
}

#[test]
fn lines_that_stand_alone_are_their_typists() {
    let text = "    total = order.price * order.count\n    receipt = gateway.charge(total)\n}\n";
    for kin in [Kin::Below, Kin::Aside] {
        let longer = format!("{WORK}    # some more of it\n");
        let pool = pool(kin, &[("a.py", &longer)]);
        assert_eq!(found(&pool, "a.py", 200, text), [None, None, None], "{kin:?}");
    }
}

#[test]
fn text_older_than_the_prompt_is_not_the_agents() {
    assert_eq!(carry(&pool(Kin::Same, &[("a.py", WORK)]), "a.py", 99, WORK), [None; 4]);
}

#[test]
fn the_same_file_goes_before_the_first_run() {
    let pool = pool(Kin::Below, &[("a.py", WORK), ("b.py", WORK)]);
    assert_eq!(carry(&pool, "b.py", 200, WORK), [Some(1); 4]);
    assert_eq!(carry(&pool, "c.py", 200, WORK), [Some(0); 4]);
    assert_eq!(carry(&pool, "sub/b.py", 200, WORK), [Some(1); 4], "a folder deeper");
}

#[test]
fn runs_that_overlap_each_give_what_the_longer_one_leaves() {
    let (one, two) = ("first_line = 1\nsecond_line = 2\n", "third_line = 3\nfourth_line = 4\n");
    let (three, four) = ("fifth_line = 5\nsixth_line = 6\n", "seventh_line = 7\n");
    let middle = format!("second_line = 2\n{two}fifth_line = 5\n");
    let first = format!("{one}third_line = 3\n");
    let last = format!("{three}{four}");
    let pool = pool(Kin::Below, &[("a.py", &first), ("b.py", &middle), ("c.py", &last)]);
    let found = carry(&pool, "d.py", 200, &format!("{one}{two}{three}{four}"));
    assert_eq!(found, [Some(0), Some(1), Some(1), Some(1), Some(1), Some(2), Some(2)]);
}

#[test]
fn lines_with_an_owner_are_left_alone() {
    let lines = split(WORK.as_bytes());
    let free = [false; 4];
    let new = New { path: &path("a.py"), lines: &lines, free: &free, since: &[], stood: &[] };
    assert_eq!(pool(Kin::Same, &[("a.py", WORK)]).carry(200, &[new]), [[None; 4]]);
}

#[test]
fn one_line_is_enough_from_the_commit_that_this_one_was_made_from() {
    let pool = pool(Kin::Same, &[("a.py", "timeout_seconds = 30\n}\n")]);
    let text = "a person's first line\ntimeout_seconds = 30\n}\n}\n";
    assert_eq!(carry(&pool, "a.py", 200, text), [None, Some(0), Some(0), None]);
    assert_eq!(carry(&pool, "b.py", 200, text), [None, Some(0), Some(0), None], "renamed");
    let twice = "timeout_seconds = 30\ntimeout_seconds = 30\n";
    assert_eq!(carry(&pool, "a.py", 200, twice), [None, None], "whose is which?");
}

#[test]
fn a_commit_aside_is_known_by_most_of_its_lines() {
    let one = pool(Kin::Aside, &[("a.py", "timeout_seconds = 30\n")]);
    let doubt = Some(Found { owner: 0, sure: false });
    assert_eq!(found(&one, "a.py", 200, "timeout_seconds = 30\n"), [doubt]);
    assert_eq!(found(&one, "b.py", 200, "timeout_seconds = 30\n"), [None]);
    let own = ["delay_seconds = 5", "window_size = 12"];
    let mut known = pool(Kin::Aside, &[("a.py", "timeout_seconds = 30\n")]);
    known.others.insert(0, Note::sample(own.map(|line| fingerprint(line.as_bytes())).into_iter()));
    let line = "timeout_seconds = 30\n";
    let with =
        |others: &[&str]| carry(&known, "a.py", 200, &format!("{}\n{line}", others.join("\n")));
    assert_eq!(with(&own), [None, None, Some(0)], "its commit's other lines came along");
    assert_eq!(with(&own[1..]), [None, None], "a half of them");
    let three = [
        ("a.py", "timeout_seconds = 30\n"),
        ("a.py", "retries_at_most = 4\n"),
        ("a.py", "backoff_factor = 2\n"),
    ];
    let text =
        "backoff_factor = 2\na person's line here\ntimeout_seconds = 30\nretries_at_most = 4\n";
    let owners = carry(&pool(Kin::Aside, &three), "a.py", 200, text);
    assert_eq!(owners, [Some(2), None, Some(0), Some(1)], "a squash of three commits");
    assert_eq!(carry(&pool(Kin::Below, &three), "a.py", 200, text), [None; 4]);
}
