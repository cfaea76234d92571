//! A result with one finding of each kind, for the tests of the formats.

use super::{Check, ItemResult, Origin};
use crate::model::{
    Attestation, Finding, LineRange, Oid, RepoPath, SessionId, Severity, Status, TurnId, Verdict,
    Waiver,
};
use crate::render::json::{Counts, SessionInfo, TurnInfo};

fn finding(check: &str, path: &str, severity: Severity, status: Status) -> Finding {
    let item = check.split('/').next().unwrap();
    Finding {
        check: check.into(),
        severity,
        path: RepoPath::from(path),
        lines: LineRange { start: 4, end: 6 },
        message: format!("{item}: 100% wrong,\nsee @all"),
        hint: "mend it: `so`".into(),
        fingerprint: format!("{item}:1f3a9c21"),
        agent: Some("claude-code".into()),
        turn: Some(TurnId("p_1".into())),
        status,
    }
}

pub(super) fn check() -> Check {
    let at = "2026-11-27T06:00:00Z".parse().unwrap();
    let findings = vec![
        finding("timeouts/requests", "src/a b,c.py", Severity::Warn, Status::Open),
        finding("secrets/key", "src/pay.py", Severity::Block, Status::Open),
        finding("cors/any-origin", "src/web.py", Severity::Block, Status::Waived),
        finding("business-logic/unattested", "src/pay.py", Severity::Block, Status::Attested),
    ];
    let items = ["business-logic", "secrets", "cors", "timeouts", "injection"];
    Check {
        schema: "git-ai-log/check/1",
        verdict: Verdict::Block,
        hunks: 3,
        not_recorded: vec![Oid("ab".repeat(20))],
        items: items
            .into_iter()
            .map(|item| ItemResult::of(item, &format!("{item} hold"), true, &findings))
            .collect(),
        waivers: vec![Waiver {
            fingerprint: "cors:1f3a9c21".into(),
            hunks: Vec::new(),
            who: "Dev <dev@example.com>".into(),
            reason: "a public feed".into(),
            at: Some(at),
            until: "2027-03-01".parse().ok(),
            signature: None,
        }],
        attestations: vec![Attestation {
            item: "business-logic".into(),
            hunks: Vec::new(),
            who: "Lead <lead@example.com>".into(),
            reason: "checked against the price list".into(),
            at,
            until: None,
            signature: None,
        }],
        findings,
        origin: Some(Origin {
            lines: Counts { ai: 40, mixed: 2, human: 30, unknown: 0 },
            sessions: vec![SessionInfo {
                session: SessionId("s_1".into()),
                agent: "claude-code".into(),
                model: Some("opus".into()),
                human: None,
                started: Some(at),
                parent: None,
                capture: crate::render::json::Capture::Hooks,
            }],
            turns: vec![TurnInfo {
                turn: TurnId("p_1".into()),
                session: SessionId("s_1".into()),
                at: Some(at),
                prompt: Some("Add `pay`.\n\n<b>Now</b> | @all".into()),
                prompt_state: None,
                closing: None,
            }],
        }),
    }
}
