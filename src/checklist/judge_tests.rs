use super::*;
use crate::checklist::testing;
use crate::model::RepoPath;

const CODE: &str = "try:\n    pay()\nexcept Exception:\n    pass\n";

fn hit(line: u32) -> Hit {
    Hit {
        item: "error-handling",
        rule: "swallowed".into(),
        path: RepoPath::from("a.py"),
        lines: LineRange { start: line, end: line + 1 },
        message: "m".into(),
        hint: "h".into(),
        confidence: Confidence::High,
    }
}

fn judged(
    runs: &[(u32, u32)],
    text: &str,
    hits: Vec<Hit>,
    claims: &Claims,
    policy: &str,
) -> Judgement {
    let runs = runs.iter().map(|(start, end)| Run {
        lines: LineRange { start: *start, end: *end },
        contributor: crate::model::Contributor::Ai,
        agent: Some("codex".into()),
        session: None,
        turn: None,
        digest: format!("digest of {start}-{end}"),
    });
    let file = File::new("a.py".into(), text.as_bytes(), None, runs.collect());
    let change = Change { files: vec![file], ..Change::default() };
    let policy = Effective::of(None, &[("p", policy)]).unwrap();
    let project = testing::Files::default();
    decide(hits, &Context { change: &change, project: &project, policy: &policy }, claims)
}

fn simply(runs: &[(u32, u32)], hits: Vec<Hit>) -> Judgement {
    judged(runs, CODE, hits, &Claims::default(), "")
}

#[test]
fn only_lines_of_agents_are_judged() {
    assert_eq!(simply(&[(1, 2)], vec![hit(3)]).verdict, Verdict::Pass);
    let judgement = simply(&[(4, 4)], vec![hit(3)]);
    assert_eq!(judgement.verdict, Verdict::Block);
    assert_eq!(judgement.findings[0].agent.as_deref(), Some("codex"));
}

#[test]
fn a_long_finding_is_about_its_first_line() {
    let long = Hit { lines: LineRange { start: 1, end: 40 }, ..hit(1) };
    assert!(simply(&[(4, 4)], vec![long.clone()]).findings.is_empty());
    assert_eq!(simply(&[(1, 1)], vec![long]).findings.len(), 1);
}

#[test]
fn a_fingerprint_stays_when_lines_move_and_white_space_changes() {
    let name = |text: &str, line| {
        judged(&[(1, 20)], text, vec![hit(line)], &Claims::default(), "").findings[0]
            .fingerprint
            .clone()
    };
    let moved = CODE.replace("except Exception", "\n\nexcept  Exception");
    assert_eq!(name(CODE, 3), name(&moved, 5));
    assert_ne!(name(CODE, 3), name(&CODE.replace("pass", "raise"), 3));
    let twice = format!("{CODE}{CODE}");
    let both = judged(&[(1, 20)], &twice, vec![hit(3), hit(7)], &Claims::default(), "");
    assert_ne!(both.findings[0].fingerprint, both.findings[1].fingerprint);
    assert_eq!(both.findings[0].fingerprint, name(CODE, 3));
}

fn attestation(item: &str, digest: &str) -> Claims {
    let claim = Attestation {
        item: item.into(),
        hunks: vec![digest.into()],
        who: "Dev".into(),
        reason: "read it".into(),
        at: chrono::DateTime::UNIX_EPOCH,
        until: None,
        signature: None,
    };
    Claims { attestations: vec![claim], waivers: Vec::new() }
}

#[test]
fn an_attestation_covers_its_item_on_its_hunks_and_nothing_else() {
    let judge = |claims: &Claims| judged(&[(3, 4)], CODE, vec![hit(3)], claims, "");
    let good = judge(&attestation("error-handling", "digest of 3-4"));
    assert_eq!((good.verdict, good.findings[0].status), (Verdict::Pass, Status::Attested));
    assert_eq!(good.attestations.len(), 1);
    assert_eq!(judge(&attestation("secrets", "digest of 3-4")).verdict, Verdict::Block);
    assert_eq!(judge(&attestation("error-handling", "another")).verdict, Verdict::Block);
}

#[test]
fn a_waiver_is_for_one_fingerprint_and_ends() {
    let open = simply(&[(3, 4)], vec![hit(3)]);
    let print = &open.findings[0].fingerprint;
    let policy = |print: &str, until: &str| {
        format!("[[waivers]]\nfingerprint = \"{print}\"\nreason = \"r\"\nuntil = {until}\n")
    };
    let verdict =
        |policy: String| judged(&[(3, 4)], CODE, vec![hit(3)], &Claims::default(), &policy).verdict;
    assert_eq!(verdict(policy(print, "2027-01-01")), Verdict::Pass);
    assert_eq!(verdict(policy(print, "2026-12-31")), Verdict::Block);
    assert_eq!(verdict(policy("error-handling:00000000", "2027-01-01")), Verdict::Block);
}

#[test]
fn advice_never_blocks_and_items_can_be_off() {
    let advice = Hit { confidence: Confidence::Advice, ..hit(3) };
    let claims = Claims::default();
    let strict = judged(&[(3, 4)], CODE, vec![advice], &claims, "[items]\nall = \"block\"");
    assert_eq!((strict.verdict, strict.findings.len()), (Verdict::Pass, 1));
    let off = judged(&[(3, 4)], CODE, vec![hit(3)], &claims, "[items]\nerror-handling = \"off\"");
    assert!(off.findings.is_empty());
}
