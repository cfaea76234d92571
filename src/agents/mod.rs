//! What each agent's hooks tell, in our words. Pure: bytes in, [`Report`]s out.
//!
//! An agent is one file with its payloads, its transcript and its installer, and a line in
//! [`AGENTS`].

pub mod aider;
pub mod amp;
mod blocks;
pub mod claude_code;
pub mod cline;
pub mod codex;
pub mod continue_cli;
pub mod copilot_cli;
pub mod copilot_vscode;
pub mod cursor;
pub mod droid;
pub mod edit;
pub mod gemini;
pub mod generic;
#[cfg(test)]
mod memory;
pub mod opencode;
pub mod patch;
mod payload;
pub mod question;
pub mod qwen;
pub mod scene;
pub mod sessions;
pub mod settings;
pub mod vibe;
pub mod windsurf;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::config::{Homes, Variables};
pub use edit::{FileEdit, Told};
pub(crate) use payload::Payload;
pub use payload::PayloadError;
pub use question::{About, Question};
pub use sessions::Sessions;

/// Every agent we know.
pub static AGENTS: &[&dyn Agent] = &[
    &claude_code::ClaudeCode,
    &codex::Codex,
    &aider::Aider,
    &amp::Amp,
    &cline::Cline,
    &continue_cli::Continue,
    &copilot_cli::CopilotCli,
    &copilot_vscode::CopilotVsCode,
    &cursor::Cursor,
    &droid::Droid,
    &gemini::Gemini,
    &opencode::OpenCode,
    &qwen::Qwen,
    &vibe::Vibe,
    &windsurf::Windsurf,
    &generic::Generic,
];

/// What a tool of an agent's does.
enum Tool {
    Edits,
    Reads,
    Runs,
    Nothing,
}

/// One agent's protocol.
pub trait Agent: Sync {
    /// Its name, as `record` takes it.
    fn name(&self) -> &'static str;

    /// What one payload of its hooks says.
    fn reports(&self, payload: &[u8]) -> Result<Vec<Report>, PayloadError>;

    /// What a payload asks, where the agent waits for an answer and heeds it.
    fn question(&self, _payload: &[u8]) -> Result<Option<Question>, PayloadError> {
        Ok(None)
    }

    /// The answer that keeps it from what it asked about.
    fn refusal(&self, question: &Question, reason: &str) -> Value {
        question.no(reason)
    }

    /// How its settings are edited so that it calls us; `None` where it must be told by hand.
    fn installer(&self) -> Option<&'static dyn settings::Installer> {
        None
    }

    /// The agent whose hooks it runs as they are, where it has none of its own.
    fn hooks_of(&self) -> Option<&'static str> {
        None
    }

    /// What its hooks would tell of this scene, in order; nothing where we do not know.
    fn cues(&self, _scene: &scene::Scene<'_>) -> Vec<scene::Cue> {
        Vec::new()
    }

    /// Files of the session that its hooks rely on in this scene, where they do not tell all.
    fn props(&self, _scene: &scene::Scene<'_>) -> Vec<scene::Prop> {
        Vec::new()
    }

    /// What the hook before a command gets that goes past the gate.
    fn denied(&self, scene: &scene::Scene<'_>) -> scene::Cue {
        scene.denied()
    }

    /// What the session's own files say of a tool call and its hook does not.
    fn behind(&self, _report: &Report, _files: &dyn Files) -> Behind {
        Behind::default()
    }

    /// Whether it tells of an edit before the file is on the disk.
    fn writes_late(&self) -> bool {
        false
    }

    /// The sessions that it keeps on this machine, where we can read them.
    fn sessions(&self) -> Option<&'static dyn Sessions> {
        None
    }

    /// How a command knows that this agent runs it.
    fn marks(&self) -> Marks {
        Marks::default()
    }
}

/// What an agent leaves on the commands that it runs, as they see it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Marks {
    /// Variables of which it sets at least one.
    pub variables: &'static [&'static str],
    /// The variable that holds the agent's name for the conversation.
    pub session: Option<&'static str>,
    /// Names of its program, as the process above git has them: its file name, or the file name of
    /// a script that an interpreter runs.
    pub programs: &'static [&'static str],
}

impl Marks {
    /// Whether a command that was started with these variables bears the marks.
    pub fn on(&self, variables: &Variables) -> bool {
        self.variables.iter().any(|name| variables.contains_key(OsStr::new(name)))
    }
}

/// What the files of a session say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Behind {
    /// The model that wrote last.
    pub model: Option<String>,
    /// The last prompt, where no hook tells it: the agent's name for it, and its text.
    pub prompt: Option<(String, String)>,
}

/// Files of an agent's sessions. Nothing is read that is no regular file.
pub trait Files {
    /// Where the agent may keep what is the user's.
    fn homes(&self) -> &Homes;
    /// What lies in a folder, sorted.
    fn names(&self, folder: &Path) -> Vec<PathBuf>;
    /// The end of a file, this many bytes of it at most.
    fn end(&self, path: &Path, bytes: u64) -> Option<Vec<u8>>;
    /// A whole file, if it is not longer than this.
    fn whole(&self, path: &Path, bytes: u64) -> Option<Vec<u8>> {
        self.end(path, bytes + 1).filter(|read| read.len() as u64 <= bytes)
    }
}

/// Variables by which agents mark their commands that have no adapter here, or share one.
const MARKS: &[&str] = &["AI_AGENT"];

/// Whether some agent runs a command that was started with these variables.
pub fn run_us(variables: &Variables) -> bool {
    AGENTS.iter().any(|agent| agent.marks().on(variables))
        || MARKS.iter().any(|name| variables.contains_key(OsStr::new(name)))
}

/// The agent that runs a command which was started with these variables below these processes (the
/// words of each, the nearest first), and its name for the conversation.
///
/// Variables are inherited: an agent that was started from another's shell has both sets. So the
/// nearest process that is an agent's goes first, and where none is seen only a single set counts.
pub fn runner(
    variables: &Variables,
    ancestors: &[Vec<String>],
) -> Option<(&'static dyn Agent, Option<String>)> {
    let mut near = ancestors.iter().filter_map(|words| {
        AGENTS.iter().copied().find(|agent| is_one_of(words, agent.marks().programs))
    });
    let mut marked = AGENTS.iter().copied().filter(|agent| agent.marks().on(variables));
    let agent = near.next().or_else(|| marked.next().filter(|_| marked.next().is_none()))?;
    let session = agent.marks().session.and_then(|name| variables.get(OsStr::new(name)));
    Some((agent, session.map(|value| value.to_string_lossy().into_owned())))
}

/// Whether a process is one of these programs: by its own name, or that of the script that an
/// interpreter runs.
fn is_one_of(words: &[String], programs: &[&str]) -> bool {
    let name = |word: &String| {
        let file = word.rsplit(['/', '\\']).next().unwrap_or(word);
        let bare = [".js", ".mjs", ".cjs", ".exe"].iter().find_map(|end| file.strip_suffix(end));
        programs.contains(&bare.unwrap_or(file))
    };
    let interpreted = words.first().is_some_and(|first| {
        let file = first.rsplit('/').next().unwrap_or(first);
        ["node", "bun", "deno", "python", "python3"].iter().any(|known| file.starts_with(known))
    });
    let script = words.iter().skip(1).find(|word| !word.starts_with('-'));
    words.first().is_some_and(name) || interpreted && script.is_some_and(name)
}

/// The agent of this name.
pub fn find(name: &str) -> Option<&'static dyn Agent> {
    AGENTS.iter().copied().find(|agent| agent.name() == name)
}

/// The agent whose session files go with a report: it may have come through the hooks of another.
pub fn whose(adapter: &'static dyn Agent, report: &Report) -> &'static dyn Agent {
    // A tool without an adapter names itself as it likes.
    let known = (adapter.name() != generic::Generic.name()).then(|| find(&report.agent)).flatten();
    known.unwrap_or(adapter)
}

/// One thing that an agent told us, paths and ids as the agent has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The name that events are recorded under.
    pub agent: String,
    /// The agent's name for the conversation.
    pub session: String,
    /// Its name for the prompt.
    pub turn: Option<String>,
    /// Its name for the tool call.
    pub call: Option<String>,
    /// Its name for the sub-agent that did it.
    pub subagent: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// The file that the agent keeps of the conversation.
    pub transcript: Option<PathBuf>,
    /// The folder it works in.
    pub cwd: PathBuf,
    /// What happened.
    pub act: Act,
}

impl Report {
    /// Whether this is the gate's own word, which some agents hand on like a prompt of a person's.
    /// What they write then is still led by the prompt before it.
    pub fn is_prompted_by_gate(&self) -> bool {
        let ours = |text: &str| text.trim_start().starts_with(question::FINDINGS);
        self.turn.is_none() && matches!(&self.act, Act::Prompt(text) if ours(text))
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// The conversation started or was resumed.
    Started,
    /// The conversation ended.
    Ended,
    /// A person asked for something.
    Prompt(String),
    /// These files are about to be edited.
    Before(Vec<PathBuf>),
    /// These files were edited.
    Edited(Vec<FileEdit>),
    /// A tool that may change any file starts.
    CommandStarts {
        /// The tool's name.
        tool: String,
        /// Its command line, or its input as JSON.
        command: String,
    },
    /// It has ended, whether it failed or not.
    CommandEnded {
        /// The tool's name.
        tool: String,
        /// Its command line, or its input as JSON.
        command: String,
        /// It goes on in the background.
        background: bool,
    },
    /// These files were read.
    Read(Vec<PathBuf>),
    /// The turn ended.
    Stopped {
        /// The agent's last message.
        closing: Option<String>,
        /// Commands of the agent's still run.
        background: bool,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_unique_and_kebab_case() {
        let mut names: Vec<_> = AGENTS.iter().map(|agent| agent.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), AGENTS.len());
        for name in names {
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{name}");
        }
    }

    #[test]
    fn the_nearest_agent_above_runs_the_command() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let set = |names: &[(&str, &str)]| -> Variables {
            names.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
        };
        let both =
            set(&[("CLAUDECODE", "1"), ("CODEX_SESSION_ID", "c"), ("CLAUDE_CODE_SESSION_ID", "s")]);
        let one = set(&[("CLAUDECODE", "1"), ("CLAUDE_CODE_SESSION_ID", "s")]);
        let found = |variables: &Variables, above: &[&str]| {
            let above: Vec<_> = above.iter().map(|line| words(line)).collect();
            runner(variables, &above)
                .map(|(agent, session)| (agent.name(), session.unwrap_or_default()))
        };
        let claude = Some(("claude-code", "s".to_owned()));
        assert_eq!(found(&one, &[]), claude);
        assert_eq!(found(&both, &[]), None, "which one?");
        assert_eq!(found(&both, &["bash -c x", "claude", "/usr/bin/codex exec"]), claude);
        let codex = Some(("codex", "c".to_owned()));
        assert_eq!(found(&both, &["bash", "node /opt/bin/codex.js exec", "claude"]), codex);
        assert_eq!(found(&set(&[]), &["vim claude", "bash"]), None);
    }

    #[test]
    fn what_the_gate_says_is_no_prompt() {
        let event =
            |agent: &str| if agent == "gemini" { "BeforeAgent" } else { "UserPromptSubmit" };
        for agent in ["gemini", "qwen", "copilot-cli"] {
            let prompted = |prompt: &str| {
                let payload = serde_json::json!({
                    "hook_event_name": event(agent), "session_id": "s", "cwd": "/c",
                    "timestamp": "2027-01-01T00:00:00Z", "prompt": prompt,
                });
                let reports = find(agent).unwrap().reports(payload.to_string().as_bytes());
                reports.unwrap().remove(0).is_prompted_by_gate()
            };
            assert!(prompted(&format!("{} Mend them now.", question::FINDINGS)), "{agent}");
            assert!(!prompted("Mend the findings of the checklist."), "{agent}");
        }
    }

    #[test]
    fn who_can_be_installed_can_be_played() {
        let scene = scene::Scene {
            session: "s",
            cwd: Path::new("/top"),
            home: Path::new("/home"),
            file: "a.txt",
            first: "one",
            added: "two",
            prompt: "add two",
        };
        for agent in AGENTS.iter().filter(|agent| agent.installer().is_some()) {
            let props = agent.props(&scene).into_iter();
            let files =
                memory::Memory::of(props.map(|prop| (scene.home.join(prop.path), prop.text)));
            let mut acts = Vec::new();
            for cue in agent.cues(&scene) {
                for report in agent.reports(cue.payload.to_string().as_bytes()).unwrap() {
                    assert_eq!((report.session.as_str(), report.cwd.to_str()), ("s", Some("/top")));
                    let turn = match agent.behind(&report, &files).prompt {
                        Some((turn, text)) => {
                            acts.push(Act::Prompt(text));
                            Some(turn)
                        }
                        None => report.turn,
                    };
                    assert_eq!(turn.as_deref().unwrap_or(scene::TURN), scene::TURN);
                    acts.push(report.act);
                }
            }
            assert!(matches!(&acts[0], Act::Prompt(text) if text == "add two"), "{acts:?}");
            let asked = agent.question(agent.denied(&scene).payload.to_string().as_bytes());
            if let Ok(Some(asked)) = asked {
                assert_eq!(asked.about, About::Run(scene::DENIED.into()));
            }
            let Act::Edited(edits) = acts.last().unwrap() else { panic!("{acts:?}") };
            let texts = edit::texts(&edits[0].told, Some(b"one\ntwo\n"));
            assert_eq!(texts.after.as_deref(), Some(b"one\ntwo\n".as_slice()), "{texts:?}");
        }
    }

    proptest! {
        #[test]
        fn bytes_of_any_kind_are_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            for agent in AGENTS {
                let _ = agent.reports(&bytes);
                let _ = agent.question(&bytes);
            }
        }

        #[test]
        fn objects_of_any_shape_are_an_answer(
            event in "(PreToolUse|PostToolUse|Stop|UserPromptSubmit|edit|chat.message|tool.execute.after|\
                      agent.start|tool.call|tool.result|\
                      tool_call|tool_result|pre_tool|post_tool|BeforeAgent|BeforeTool|AfterTool|preToolUse|\
                      postToolUse|beforeShellExecution|stop|post_write_code|pre_run_command|\\p{L}{0,3})",
            tool in "(Edit|Write|Bash|apply_patch|NotebookEdit|mcp__x__y|edit|write|bash|editor|\
                     run_commands|read_files|file_system.search_replace|replace|write_file|view|create|\
                     run_shell_command|StrReplace|ApplyPatch|Delete|create_file|run_in_terminal|\
                     multi_replace_string_in_file|read_file|Create|Execute|edit_file|create_file|shell_command)",
            input in "[\\[\\]{}\":,a-z0-9*\\\\n@ +-]{0,120}",
        ) {
            for input in [format!("{{\"command\":{}}}", serde_json::json!(input)), input] {
                let text = format!(
                    "{{\"session_id\":\"s\",\"session\":\"s\",\"agent\":\"a\",\"cwd\":\"/c\",\
                      \"hook_event_name\":\"{event}\",\"event\":\"{event}\",\"tool_name\":\"{tool}\",\
                      \"agent_action_name\":\"{event}\",\"trajectory_id\":\"s\",\
                      \"conversation_id\":\"s\",\"tool_info\":{input},\"tool_response\":{input},\
                      \"thread\":{{\"id\":\"s\"}},\"status\":\"done\",\"input\":{input},\"output\":{input},\
                      \"hookName\":\"{event}\",\"taskId\":\"t\",\"tool\":\"{tool}\",\"args\":{input},\
                      \"tool_call\":{{\"name\":\"{tool}\",\"input\":{input}}},\"tool_status\":\"success\",\
                      \"tool_input\":{input}}}"
                );
                for agent in AGENTS {
                    let _ = agent.reports(text.as_bytes());
                    let _ = agent.question(text.as_bytes());
                }
            }
        }
    }
}
