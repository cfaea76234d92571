//! opencode: a plugin of ours hands on what its hooks tell. The hooks as seen with version
//! 1.18.33; `multiedit`, `patch` and that a hook denies by an error are from documents.

mod sessions;

use serde_json::{Value, json};

use super::edit::{self, Replacement};
use super::scene::{CALL, Cue, Scene, TURN};
use super::settings::plugin::Plugin;
use super::settings::{Installer, Task};
use super::{
    Act, Agent, FileEdit, Marks, Payload, PayloadError, Question, Report, Sessions, Told, patch,
};

/// The event before a tool is used.
const BEFORE: &str = "tool.execute.before";
/// The event after it was used. It does not come where the tool failed.
const AFTER: &str = "tool.execute.after";
/// The event of a prompt.
const PROMPT: &str = "chat.message";
/// The event at a turn's end.
const IDLE: &str = "session.idle";

/// Tools that change no file; `read` is apart.
const QUIET: &[&str] = &[
    "codesearch",
    "glob",
    "grep",
    "invalid",
    "list",
    "lsp",
    "plan_enter",
    "plan_exit",
    "question",
    "skill",
    "task",
    "todoread",
    "todowrite",
    "webfetch",
    "websearch",
];

/// opencode.
pub struct OpenCode;

static PLUGIN: Plugin = Plugin {
    name: "opencode",
    program: "opencode",
    about: "plugin of opencode",
    home: |homes| homes.config().map(|config| config.join("opencode")),
    project: ".opencode",
    file: "plugins/git-ai-log.js",
    text: include_str!("plugin.js"),
    quiet: QUIET,
    reads: &["read"],
    events: |task| match task {
        Task::Record => &[PROMPT, BEFORE, AFTER, IDLE],
        Task::Gate => &[BEFORE],
    },
};

impl Agent for OpenCode {
    fn name(&self) -> &'static str {
        "opencode"
    }

    fn reports(&self, payload: &[u8]) -> Result<Vec<Report>, PayloadError> {
        self.told(&Payload::parse(payload)?)
    }

    fn question(&self, payload: &[u8]) -> Result<Option<Question>, PayloadError> {
        let payload = Payload::parse(payload)?;
        if payload.need("/event")? != BEFORE {
            return Ok(None);
        }
        Ok(Question::asked(self.told(&payload)?, |tool| tool == "bash"))
    }

    /// The plugin makes an error of it.
    fn refusal(&self, _: &Question, reason: &str) -> Value {
        json!({ "deny": reason })
    }

    fn installer(&self) -> Option<&'static dyn Installer> {
        Some(&PLUGIN)
    }

    fn sessions(&self) -> Option<&'static dyn Sessions> {
        Some(&Self)
    }

    fn cues(&self, scene: &Scene<'_>) -> Vec<Cue> {
        let both = format!("{}\n{}\n", scene.first, scene.added);
        let args = json!({
            "filePath": scene.cwd.join(scene.file),
            "oldString": format!("{}\n", scene.first),
            "newString": both,
        });
        let call = json!({ "tool": "edit", "call": CALL, "args": args });
        let cue = |event, tool, written, more| Cue {
            event,
            tool,
            written,
            payload: payload(scene, event, more),
        };
        vec![
            cue(PROMPT, None, false, json!({ "prompt": scene.prompt })),
            cue(BEFORE, Some("edit"), false, call.clone()),
            cue(AFTER, Some("edit"), true, call),
        ]
    }

    fn denied(&self, scene: &Scene<'_>) -> Cue {
        let args = json!({ "command": super::scene::DENIED });
        let call = json!({ "tool": "bash", "call": CALL, "args": args });
        let payload = payload(scene, BEFORE, call);
        Cue { event: BEFORE, tool: Some("bash"), written: false, payload }
    }

    fn marks(&self) -> Marks {
        Marks {
            variables: &["OPENCODE"],
            // Our plugin sets it.
            session: Some("GIT_AI_LOG_OPENCODE_SESSION"),
            programs: &["opencode"],
        }
    }
}

fn payload(scene: &Scene<'_>, event: &str, more: Value) -> Value {
    let mut payload = json!({
        "event": event,
        "session": scene.session,
        "turn": TURN,
        "directory": scene.cwd,
    });
    if let (Value::Object(all), Value::Object(more)) = (&mut payload, more) {
        all.extend(more);
    }
    payload
}

impl OpenCode {
    /// What the plugin, or the database in the plugin's words, says.
    fn told(&self, payload: &Payload) -> Result<Vec<Report>, PayloadError> {
        let Some(act) = act(payload)? else {
            return Ok(Vec::new());
        };
        let folder = payload.path("/directory").unwrap_or_default();
        let cwd = match payload.path("/args/workdir") {
            Some(within) => folder.join(within),
            None => folder,
        };
        Ok(vec![Report {
            agent: self.name().to_owned(),
            session: payload.need("/session")?,
            turn: payload.owned("/turn"),
            call: payload.owned("/call"),
            subagent: payload.owned("/subagent"),
            model: payload.owned("/model"),
            transcript: None,
            cwd,
            act,
        }])
    }
}

fn act(payload: &Payload) -> Result<Option<Act>, PayloadError> {
    Ok(match payload.need("/event")?.as_str() {
        PROMPT => payload.owned("/prompt").map(|text| Act::Prompt(unquoted(text))),
        BEFORE => before(payload)?,
        AFTER => after(payload)?,
        IDLE => Some(Act::Stopped { closing: None, background: false }),
        _ => None,
    })
}

fn before(payload: &Payload) -> Result<Option<Act>, PayloadError> {
    let tool = payload.need("/tool")?;
    Ok(match tool.as_str() {
        _ if is_edit(&tool) => Some(Act::Before(edit::paths(edits(&tool, payload)?))),
        "read" => None,
        _ if QUIET.contains(&tool.as_str()) => None,
        _ => Some(Act::CommandStarts { command: command(payload), tool }),
    })
}

fn after(payload: &Payload) -> Result<Option<Act>, PayloadError> {
    let tool = payload.need("/tool")?;
    Ok(match tool.as_str() {
        _ if is_edit(&tool) => Some(Act::Edited(edits(&tool, payload)?)),
        "read" => payload.path("/args/filePath").map(|path| Act::Read(vec![path])),
        _ if QUIET.contains(&tool.as_str()) => None,
        _ => Some(Act::CommandEnded { command: command(payload), tool, background: false }),
    })
}

fn is_edit(tool: &str) -> bool {
    matches!(tool, "edit" | "write" | "multiedit" | "patch" | "apply_patch")
}

fn command(payload: &Payload) -> String {
    payload
        .owned("/args/command")
        .unwrap_or_else(|| payload.at("/args").map(ToString::to_string).unwrap_or_default())
}

fn edits(tool: &str, payload: &Payload) -> Result<Vec<FileEdit>, PayloadError> {
    if matches!(tool, "patch" | "apply_patch") {
        let text = payload.text("/args/patchText").unwrap_or_default();
        return patch::parse(text).ok_or(PayloadError::Missing("/args/patchText"));
    }
    let path = payload.path("/args/filePath").ok_or(PayloadError::Missing("/args/filePath"))?;
    Ok(vec![FileEdit { path, from: None, told: told(tool, payload) }])
}

fn told(tool: &str, payload: &Payload) -> Told {
    if tool == "write" {
        let new = payload.at("/metadata/exists").and_then(Value::as_bool) == Some(false);
        return match payload.text("/args/content") {
            Some(content) => Told::Whole { before: new.then_some(None), after: content.to_owned() },
            None => Told::Touched,
        };
    }
    // The edit looks for the old text with some tolerance; its own diff says what it did.
    let diff = payload.text("/metadata/diff").map(patch::hunks).unwrap_or_default();
    if !diff.is_empty() {
        return Told::Patched(diff);
    }
    let steps = match payload.at("/args/edits").and_then(Value::as_array) {
        Some(edits) => edits.iter().map(step).collect::<Option<Vec<_>>>(),
        None => payload.at("/args").and_then(step).map(|step| vec![step]),
    };
    match steps {
        // With nothing to look for it writes the file anew.
        Some(steps) if steps.iter().all(|step| !step.old.is_empty()) && !steps.is_empty() => {
            Told::Replaced { before: None, steps }
        }
        _ => Told::Touched,
    }
}

fn step(value: &Value) -> Option<Replacement> {
    Some(Replacement {
        old: value.get("oldString")?.as_str()?.to_owned(),
        new: value.get("newString")?.as_str()?.to_owned(),
        all: value.get("replaceAll").and_then(Value::as_bool).unwrap_or(false),
    })
}

/// `opencode run` puts a prompt with spaces in double quotes, and a backslash before those in it.
fn unquoted(text: String) -> String {
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let Some(inner) = inner.filter(|inner| inner.contains(' ')) else {
        return text;
    };
    let plain = inner.replace("\\\"", "");
    if plain.contains('"') || plain.ends_with('\\') { text } else { inner.replace("\\\"", "\"") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pair_of_quotes_goes() {
        let text = |text: &str| unquoted(text.to_owned());
        assert_eq!(text("\"Edit the file.\""), "Edit the file.");
        assert_eq!(text("\"Say \\\"hi\\\" to all\""), "Say \"hi\" to all");
        for kept in ["Edit the file.", "\"one\"", "\"a b\" c \"d e\"", "\"", "\"a b"] {
            assert_eq!(text(kept), kept);
        }
    }

    fn reports(payload: Value) -> Vec<Report> {
        let mut payload = payload;
        payload["session"] = json!("s");
        payload["directory"] = json!("/top");
        OpenCode.reports(payload.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn tools_are_told_apart() {
        let before = |tool: &str, args: Value| {
            let told = reports(json!({"event": BEFORE, "tool": tool, "args": args}));
            told.into_iter().next().map(|report| report.act)
        };
        let edit = json!({"filePath": "/top/a", "oldString": "x", "newString": "y"});
        assert_eq!(before("edit", edit), Some(Act::Before(vec!["/top/a".into()])));
        assert_eq!(before("read", json!({"filePath": "/top/a"})), None);
        assert_eq!(before("todowrite", json!({})), None);
        let server = before("github_create_file", json!({"path": "a"}));
        let (tool, command) = ("github_create_file".to_owned(), "{\"path\":\"a\"}".to_owned());
        assert_eq!(server, Some(Act::CommandStarts { tool, command }));
    }

    #[test]
    fn a_command_runs_where_it_says() {
        let args = json!({"command": "touch x", "workdir": "sub"});
        let told = reports(json!({"event": AFTER, "tool": "bash", "args": args}));
        assert_eq!(told[0].cwd.to_str(), Some("/top/sub"));
    }

    #[test]
    fn what_was_written_is_told() {
        let edit = |metadata: Value, args: Value, tool: &str| {
            let event = json!({"event": AFTER, "tool": tool, "args": args, "metadata": metadata});
            match reports(event).remove(0).act {
                Act::Edited(mut edits) => edits.remove(0).told,
                act => panic!("{act:?}"),
            }
        };
        let whole = |before| Told::Whole { before, after: "x\n".into() };
        let args = json!({"filePath": "a", "content": "x\n"});
        assert_eq!(edit(json!({"exists": false}), args.clone(), "write"), whole(Some(None)));
        assert_eq!(edit(json!({"exists": true}), args.clone(), "write"), whole(None));
        assert_eq!(edit(Value::Null, args, "write"), whole(None));
        let args = json!({"filePath": "a", "oldString": "", "newString": "x\n"});
        assert_eq!(edit(Value::Null, args.clone(), "edit"), Told::Touched);
        let diff = json!({"diff": "--- a\n+++ a\n@@ -1,2 +1,2 @@\n one\n-two\n+TWO\n"});
        let Told::Patched(hunks) = edit(diff, args, "edit") else { panic!() };
        assert_eq!(hunks[0].old, ["one", "two"]);
        assert_eq!(hunks[0].new, ["one", "TWO"]);
    }
}
