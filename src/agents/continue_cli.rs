//! Continue: no hook of its own fires, but it keeps its sessions. What it gives to a program called
//! `git-ai`, where there is one, and its files as seen with version 1.5.47 of the command line.
//!
//! The file of a session is written when the turn has ended: at a call it still holds the prompt
//! before, so that nothing is looked up behind an edit.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::edit::Replacement;
use super::sessions::{self as files, Moment, SessionError, Sessions, Store};
use super::{Act, Agent, FileEdit, Marks, Payload, PayloadError, Report, Told};
use crate::config::Homes;

/// What the answer to a call that made a file begins with.
const MADE: &str = "Successfully created file";
/// The list of all sessions, which lies among them.
const INDEX: &str = "sessions.json";

/// Continue.
pub struct Continue;

impl Agent for Continue {
    fn name(&self) -> &'static str {
        "continue"
    }

    /// `git-ai checkpoint continue-cli --hook-input stdin`: only which file is edited.
    fn reports(&self, payload: &[u8]) -> Result<Vec<Report>, PayloadError> {
        let payload = Payload::parse(payload)?;
        let file = || {
            let path = payload.path("/tool_input/file_path");
            path.or_else(|| payload.path("/tool_input/filepath"))
                .ok_or(PayloadError::Missing("/tool_input/file_path"))
        };
        let act = match payload.need("/hook_event_name")?.as_str() {
            "PreToolUse" => Act::Before(vec![file()?]),
            "PostToolUse" => {
                Act::Edited(vec![FileEdit { path: file()?, from: None, told: Told::Touched }])
            }
            _ => return Ok(Vec::new()),
        };
        Ok(vec![Report {
            agent: self.name().to_owned(),
            session: payload.need("/session_id")?,
            turn: None,
            call: payload.owned("/tool_use_id"),
            subagent: None,
            model: payload.owned("/model"),
            transcript: payload.path("/transcript_path"),
            cwd: payload.path("/cwd").unwrap_or_default(),
            act,
        }])
    }

    fn sessions(&self) -> Option<&'static dyn Sessions> {
        Some(&Self)
    }

    fn marks(&self) -> Marks {
        Marks { variables: &[], session: None, programs: &["cn"] }
    }
}

impl Sessions for Continue {
    fn stores(&self, homes: &Homes, _tops: &[PathBuf]) -> Vec<Store> {
        let home = homes.folder("CONTINUE_GLOBAL_DIR", ".continue");
        let folder = home.map(|home| home.join("sessions"));
        folder.into_iter().map(|folder| Store { folder, glob: "*.json" }).collect()
    }

    /// It says nothing of times: the list of all sessions knows when each was first written, which
    /// is after its first turn.
    fn read(
        &self,
        file: &Path,
        wanted: &dyn Fn(&Path) -> bool,
        tell: &mut dyn FnMut(Moment),
    ) -> Result<(), SessionError> {
        if file.file_name().is_some_and(|name| name == INDEX) {
            return Ok(());
        }
        let session = files::json(file)?;
        let text = |name: &str| session[name].as_str().unwrap_or_default();
        let (id, cwd) = (text("sessionId"), folder(text("workspaceDirectory")));
        let Some(history) = session["history"].as_array().filter(|_| !id.is_empty()) else {
            return Err(SessionError::Format("no `sessionId` or no `history`".to_owned()));
        };
        if !wanted(&cwd) {
            return Ok(());
        }
        let mut report = Report {
            agent: self.name().to_owned(),
            session: id.to_owned(),
            turn: None,
            call: None,
            subagent: None,
            model: None,
            transcript: Some(file.to_path_buf()),
            cwd,
            act: Act::Started,
        };
        tell(Moment { at: None, report: report.clone() });
        let mut prompts = 0;
        for item in history {
            let message = &item["message"];
            if message["role"] == "user" {
                prompts += 1;
                // A prompt has no name of its own but its place.
                report.turn = Some(format!("prompt-{prompts}"));
                let act = Act::Prompt(said(&message["content"]));
                tell(Moment { at: None, report: Report { act, ..report.clone() } });
            }
            let model = message.pointer("/usage/model").and_then(Value::as_str);
            for state in item["toolCallStates"].as_array().into_iter().flatten() {
                let call = state["toolCallId"].as_str().map(str::to_owned);
                if let Some(act) = act(state) {
                    let report = Report {
                        call: call.clone(),
                        model: model.map(str::to_owned),
                        act,
                        ..report.clone()
                    };
                    tell(Moment { at: None, report });
                }
            }
        }
        Ok(())
    }

    fn beside(&self, _file: &Path) -> Option<Vec<PathBuf>> {
        Some(Vec::new())
    }
}

/// A folder; in an editor it is an address.
pub(super) fn folder(text: &str) -> PathBuf {
    let Some(rest) = text.strip_prefix("file://") else {
        return text.into();
    };
    let mut bytes = Vec::with_capacity(rest.len());
    let mut rest = rest.as_bytes();
    while let [first, more @ ..] = rest {
        let code = (*first == b'%').then(|| more.get(..2)).flatten();
        let code = code.and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &more[2..];
            }
            None => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned().into()
}

/// The text of a message, in one piece or in parts.
fn said(content: &Value) -> String {
    let parts = content.as_array().into_iter().flatten();
    let texts: Vec<&str> = parts.filter_map(|part| part["text"].as_str()).collect();
    content.as_str().map_or_else(|| texts.join("\n"), str::to_owned)
}

/// What one tool call did.
fn act(state: &Value) -> Option<Act> {
    let function = state.pointer("/toolCall/function")?;
    let parsed = || serde_json::from_str(function["arguments"].as_str()?).ok();
    let input = match &state["parsedArgs"] {
        Value::Null => parsed()?,
        input => input.clone(),
    };
    let name = function["name"].as_str()?;
    let done = state["status"] == "done";
    let path = ["file_path", "filepath"].iter().find_map(|name| input[*name].as_str());
    let edited = |told| {
        let path = path?.into();
        Some(Act::Edited(vec![FileEdit { path, from: None, told }]))
    };
    match name {
        "Edit" if done => edited(replaced(std::slice::from_ref(&input))),
        "MultiEdit" if done => {
            edited(replaced(input["edits"].as_array().map(Vec::as_slice).unwrap_or_default()))
        }
        "Write" if done => {
            let output = state.pointer("/output/0/content").and_then(Value::as_str);
            let made = output.is_some_and(|said| said.starts_with(MADE));
            let content = input["content"].as_str();
            edited(content.map_or(Told::Touched, |after| Told::Whole {
                before: made.then_some(None),
                after: after.to_owned(),
            }))
        }
        "Read" if done => Some(Act::Read(vec![path?.into()])),
        // Whether it failed or not.
        "Bash" => Some(Act::CommandEnded {
            tool: name.to_owned(),
            command: input["command"].as_str()?.to_owned(),
            background: false,
        }),
        _ => None,
    }
}

fn replaced(edits: &[Value]) -> Told {
    let step = |edit: &Value| {
        Some(Replacement {
            old: edit["old_string"].as_str()?.to_owned(),
            new: edit["new_string"].as_str()?.to_owned(),
            all: edit["replace_all"] == true,
        })
    };
    match edits.iter().map(step).collect::<Option<Vec<_>>>() {
        Some(steps) if !steps.is_empty() => Told::Replaced { before: None, steps },
        _ => Told::Touched,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(run: &str) -> PathBuf {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sessions/continue");
        data.join(run)
    }

    fn told(file: &Path) -> (Vec<Moment>, Option<SessionError>) {
        let mut moments = Vec::new();
        let wanted = |cwd: &Path| cwd == Path::new("/top");
        let outcome = Continue.read(file, &wanted, &mut |moment| moments.push(moment));
        (moments, outcome.err())
    }

    #[test]
    fn a_session_is_told() {
        let (moments, error) = told(&data("main/b33a469c-1e47-41ca-914a-32c3795213ca.json"));
        assert!(error.is_none(), "{error:?}");
        let acts: Vec<&Act> = moments.iter().map(|moment| &moment.report.act).collect();
        assert_eq!(acts[0], &Act::Started);
        let prompt = "Please edit hello.txt, add new.txt and a line to notes.txt, then commit.";
        assert_eq!(acts[1], &Act::Prompt(prompt.into()));
        assert_eq!(acts[2], &Act::Read(vec!["/top/hello.txt".into()]));
        let Act::Edited(edits) = acts[3] else { panic!("{acts:#?}") };
        let Told::Replaced { steps, .. } = &edits[0].told else { panic!("{edits:?}") };
        assert_eq!(
            (steps[0].old.as_str(), steps[0].new.as_str()),
            ("beta", "beta, edited by the agent")
        );
        let Act::Edited(edits) = acts[4] else { panic!("{acts:#?}") };
        let after = "created by the agent\nsecond line\n".into();
        assert_eq!(edits[0].told, Told::Whole { before: Some(None), after });
        assert!(acts[5..].iter().all(|act| matches!(act, Act::CommandEnded { .. })));
        assert_eq!(acts.len(), 8);
        let report = &moments[3].report;
        assert_eq!(report.session, "b33a469c-1e47-41ca-914a-32c3795213ca");
        assert_eq!(report.turn.as_deref(), Some("prompt-1"));
        assert_eq!(report.call.as_deref(), Some("call_mock000004"));
        assert_eq!(report.model.as_deref(), Some("mock-model"));
    }

    #[test]
    fn edits_that_failed_are_not_told() {
        let (moments, error) = told(&data("resumed/a3f239a0-5fc5-416e-92ad-cce5a3a30a5e.json"));
        assert!(error.is_none(), "{error:?}");
        assert!(moments.iter().all(|moment| moment.at.is_none()));
        let of = |kind: fn(&Act) -> bool| {
            let of_kind = moments.iter().filter(|moment| kind(&moment.report.act));
            of_kind.map(|moment| moment.report.turn.clone().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(of(|act| matches!(act, Act::Prompt(_))), ["prompt-1", "prompt-2"]);
        assert_eq!(of(|act| matches!(act, Act::Edited(_))), ["prompt-1", "prompt-1"]);
        let commands = of(|act| matches!(act, Act::CommandEnded { .. }));
        assert_eq!(commands, ["prompt-1", "prompt-2"]);
        let (list, error) = told(&data("resumed/sessions.json"));
        assert!(list.is_empty() && error.is_none());
    }

    #[test]
    fn files_that_are_cut_off_or_strange_are_said() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("s.json");
        for (text, wrong) in [
            ("{\"sessionId\": \"s\", \"history\": [", true),
            ("{\"sessionId\": \"s\", \"history\": 1}", true),
            ("[]", true),
            (
                "{\"sessionId\": \"s\", \"workspaceDirectory\": \"/top\", \"history\": [1, {}, \
              {\"toolCallStates\": [{\"toolCall\": {\"function\": {\"name\": \"Edit\"}}}]}]}",
                false,
            ),
        ] {
            std::fs::write(&file, text).unwrap();
            assert_eq!(told(&file).1.is_some(), wrong, "{text}");
        }
    }

    #[test]
    fn a_folder_may_be_an_address() {
        assert_eq!(folder("/top"), Path::new("/top"));
        assert_eq!(folder("file:///my%20top%2"), Path::new("/my top%2"));
    }

    #[test]
    fn what_it_gives_to_another_program_is_understood() {
        let payload = |event: &str| {
            let input = serde_json::json!({ "file_path": "/top/a" });
            serde_json::json!({
                "session_id": "s", "cwd": "/top", "hook_event_name": event, "tool_input": input,
                "transcript_path": "/home/.continue/sessions/s.json", "model": "m",
            })
        };
        let act = |event: &str| {
            let reports = Continue.reports(payload(event).to_string().as_bytes()).unwrap();
            assert_eq!(reports[0].model.as_deref(), Some("m"));
            reports.into_iter().next().unwrap().act
        };
        assert_eq!(act("PreToolUse"), Act::Before(vec!["/top/a".into()]));
        assert!(matches!(act("PostToolUse"), Act::Edited(_)));
    }
}
