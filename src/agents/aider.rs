//! aider: it has no hooks and runs git's own without pre-commit; what it did is in the history of
//! its chats, at the top of the work tree. Seen with version 0.86.2 in the format `diff`; the
//! formats `whole` and `udiff`, and commands that it runs, are from its sources.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Local, NaiveDateTime, TimeZone as _, Utc};

use super::edit::Replacement;
use super::sessions::{Moment, SessionError, Sessions, Store, regular};
use super::{Act, Agent, FileEdit, Marks, PayloadError, Report, Told, blocks, patch};
use crate::config::Homes;

const HISTORY: &str = ".aider.chat.history.md";
/// What a person typed, each with its time.
const INPUT: &str = ".aider.input.history";
/// How much of the end of that is read. Bytes.
const INPUT_END: u64 = 16 * 1024 * 1024;

/// A line that is longer is cut. Bytes.
const MAX_LINE: u64 = 1024 * 1024;
/// What is kept of one answer. Bytes.
const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// aider.
pub struct Aider;

impl Agent for Aider {
    fn name(&self) -> &'static str {
        "aider"
    }

    /// It calls nobody.
    fn reports(&self, _payload: &[u8]) -> Result<Vec<Report>, PayloadError> {
        Err(PayloadError::Json("aider has no hooks".to_owned()))
    }

    fn sessions(&self) -> Option<&'static dyn Sessions> {
        Some(&Self)
    }

    fn marks(&self) -> Marks {
        Marks { variables: &[], session: None, programs: &["aider"] }
    }
}

impl Sessions for Aider {
    fn stores(&self, _homes: &Homes, tops: &[PathBuf]) -> Vec<Store> {
        tops.iter().map(|top| Store { folder: top.clone(), glob: HISTORY }).collect()
    }

    /// It says when a chat began; the history of what was typed, when each prompt came.
    fn read(
        &self,
        file: &Path,
        wanted: &dyn Fn(&Path) -> bool,
        tell: &mut dyn FnMut(Moment),
    ) -> Result<(), SessionError> {
        let cwd = file.parent().unwrap_or(file);
        if !wanted(cwd) {
            return Ok(());
        }
        let mut reader = BufReader::new(regular(file)?);
        let mut chat = Chat {
            file,
            cwd,
            tell,
            session: None,
            typed: typed(&cwd.join(INPUT)),
            model: None,
            format: String::new(),
            prompts: 0,
            prompt: Vec::new(),
            answer: String::new(),
            spoken: false,
            said: String::new(),
            made: Vec::new(),
        };
        let mut line = Vec::new();
        loop {
            line.clear();
            if reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)? == 0 {
                break;
            }
            chat.line(&String::from_utf8_lossy(&line));
        }
        chat.end_prompt();
        Ok(())
    }

    fn beside(&self, file: &Path) -> Option<Vec<PathBuf>> {
        Some(vec![file.with_file_name(INPUT)])
    }
}

/// A chat while it is read.
struct Chat<'c> {
    file: &'c Path,
    cwd: &'c Path,
    tell: &'c mut dyn FnMut(Moment),
    /// When it began, which is also its name.
    session: Option<String>,
    /// What was typed since, and when.
    typed: VecDeque<(DateTime<Utc>, String)>,
    model: Option<String>,
    /// How the model writes its edits down.
    format: String,
    prompts: usize,
    /// The lines of a prompt that goes on.
    prompt: Vec<String>,
    /// What the model said last.
    answer: String,
    /// Whether aider has spoken since.
    spoken: bool,
    /// What it said last, and the files that it said it makes.
    said: String,
    made: Vec<String>,
}

impl Chat<'_> {
    fn line(&mut self, line: &str) {
        let bare = line.trim_end();
        if let Some(time) = bare.strip_prefix("# aider chat started at ") {
            self.end_prompt();
            self.begin(time);
        } else if let Some(prompt) = bare.strip_prefix("####") {
            self.prompt.push(prompt.strip_prefix(' ').unwrap_or(prompt).to_owned());
        } else if let Some(said) = bare.strip_prefix("> ") {
            self.end_prompt();
            self.aider(said);
            self.spoken = true;
        } else if !self.prompt.is_empty() && bare.is_empty() {
            self.end_prompt();
        } else {
            self.end_prompt();
            // It answers again where it was given another file.
            if self.spoken && !bare.is_empty() {
                self.answer.clear();
                self.spoken = false;
            }
            if self.answer.len() < MAX_ANSWER {
                self.answer.push_str(line);
            }
        }
    }

    fn begin(&mut self, time: &str) {
        self.session = Some(time.to_owned());
        (self.prompts, self.model) = (0, None);
        self.answer.clear();
        let at = NaiveDateTime::parse_from_str(time, "%Y-%m-%d %H:%M:%S").ok();
        let at = at.and_then(on_the_wall);
        if let Some(begun) = at {
            self.typed.retain(|(time, _)| *time >= begun);
        }
        self.say(Act::Started, at);
    }

    fn end_prompt(&mut self) {
        if self.prompt.is_empty() {
            return;
        }
        let text = std::mem::take(&mut self.prompt).join("\n").trim().to_owned();
        self.answer.clear();
        self.made.clear();
        // What aider is told, the model is not asked; but for a change of how it answers.
        let asked = match text.strip_prefix('/') {
            Some(command) => {
                let (name, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
                ["ask", "code", "architect"].contains(&name).then(|| rest.trim().to_owned())
            }
            None => (!text.starts_with('!') && text != "<blank>").then_some(text),
        };
        if let Some(text) = asked.filter(|text| !text.is_empty()) {
            self.prompts += 1;
            let at = self.typed.iter().position(|(_, typed)| typed.trim() == text);
            let at = at.and_then(|at| self.typed.drain(..=at).next_back());
            self.say(Act::Prompt(text), at.map(|(time, _)| time));
        }
    }

    /// What aider itself says.
    fn aider(&mut self, said: &str) {
        let said = said.trim();
        let model = said.strip_prefix("Model: ").or_else(|| said.strip_prefix("Main model: "));
        if let Some((model, rest)) = model.and_then(|model| model.split_once(" with ")) {
            self.model = Some(model.to_owned());
            let format = rest.strip_suffix(" edit format").unwrap_or(rest);
            self.format = format.rsplit(' ').next().unwrap_or(format).to_owned();
        } else if said.starts_with("Create new file?") {
            self.made.push(self.said.clone());
        } else if let Some(path) = said.strip_prefix("Applied edit to ") {
            self.applied(path);
        } else if let Some(command) = said.strip_prefix("Running ") {
            let (tool, command) = ("shell".to_owned(), command.to_owned());
            self.say(Act::CommandEnded { tool, command, background: false }, None);
        }
        self.said = said.to_owned();
    }

    fn applied(&mut self, path: &str) {
        let made = self.made.iter().any(|made| made == path);
        let told = self.told(path, made);
        let edit = FileEdit { path: path.into(), from: None, told };
        self.say(Act::Edited(vec![edit]), None);
    }

    /// What the model's last answer says of this file.
    fn told(&self, path: &str, made: bool) -> Told {
        match self.format.as_str() {
            "whole" => match fenced(&self.answer, path) {
                Some(after) => Told::Whole { before: made.then_some(None), after },
                None => Told::Touched,
            },
            "udiff" | "udiff-simple" => {
                let hunks = diff(&self.answer, path).map(patch::hunks).unwrap_or_default();
                if hunks.is_empty() { Told::Touched } else { Told::Patched(hunks) }
            }
            "patch" => {
                let edits = patch::parse(&self.answer).unwrap_or_default();
                let edit = edits.into_iter().find(|edit| edit.path == Path::new(path));
                edit.map_or(Told::Touched, |edit| edit.told)
            }
            _ => {
                let steps = steps(&self.answer, path);
                match steps.as_slice() {
                    [] => Told::Touched,
                    [one] if made && one.old.is_empty() => {
                        Told::Whole { before: Some(None), after: one.new.clone() }
                    }
                    _ => Told::Replaced { before: None, steps },
                }
            }
        }
    }

    fn say(&mut self, act: Act, at: Option<DateTime<Utc>>) {
        let Some(session) = &self.session else { return };
        let turn = (self.prompts > 0).then(|| format!("prompt-{}", self.prompts));
        let report = Report {
            agent: "aider".to_owned(),
            session: session.clone(),
            turn,
            call: None,
            subagent: None,
            model: self.model.clone(),
            transcript: Some(self.file.to_path_buf()),
            cwd: self.cwd.to_path_buf(),
            act,
        };
        (self.tell)(Moment { at, report });
    }
}

/// aider writes times as the clock on the wall shows them.
fn on_the_wall(time: NaiveDateTime) -> Option<DateTime<Utc>> {
    Local.from_local_datetime(&time).earliest().map(|time| time.to_utc())
}

/// What was typed: `# TIME`, and below it a line for each one of the text, after a plus sign.
fn typed(file: &Path) -> VecDeque<(DateTime<Utc>, String)> {
    let mut all: VecDeque<(DateTime<Utc>, String)> = VecDeque::new();
    let Ok(mut file) = regular(file) else { return all };
    let length = file.metadata().map(|data| data.len()).unwrap_or_default();
    let mut bytes = Vec::new();
    let _ = file.seek(SeekFrom::Start(length.saturating_sub(INPUT_END)));
    let _ = file.take(INPUT_END).read_to_end(&mut bytes);
    for line in String::from_utf8_lossy(&bytes).lines() {
        if let Some(time) = line.strip_prefix("# ") {
            let time = NaiveDateTime::parse_from_str(time, "%Y-%m-%d %H:%M:%S%.f").ok();
            all.extend(time.and_then(on_the_wall).map(|time| (time, String::new())));
        } else if let (Some(text), Some((_, typed))) = (line.strip_prefix('+'), all.back_mut()) {
            if !typed.is_empty() {
                typed.push('\n');
            }
            typed.push_str(text);
        }
    }
    all
}

/// Whether a line names this file, as models decorate it.
fn names(line: &str, path: &str) -> bool {
    let marks = |c: char| matches!(c, '#' | '`' | '*' | ':') || c.is_whitespace();
    line.trim_matches(marks) == path
}

/// The blocks of an answer that are about this file: its name stands above the first of them,
/// with the line of a fence between, or below one.
fn steps(answer: &str, path: &str) -> Vec<Replacement> {
    let lines: Vec<&str> = answer.split_inclusive('\n').collect();
    let mut steps = Vec::new();
    let (mut above, mut about, mut at) = (Vec::new(), false, 0);
    while at < lines.len() {
        let rest: String = match lines[at].trim_end().ends_with("SEARCH") {
            true => {
                let end = lines[at..].iter().position(|line| line.trim_end().ends_with("REPLACE"));
                let Some(end) = end else { break };
                lines[at..=at + end].concat()
            }
            false => String::new(),
        };
        match blocks::parse(&rest).pop() {
            Some(step) => {
                let named = above.iter().rev().take(3).find(|line: &&&str| !is_fence(line));
                // A block without a name is about the file of the one before.
                let named = named.filter(|line| !line.trim().is_empty());
                about = named.map_or(about, |line| names(line, path));
                if about {
                    steps.push(step);
                }
                at += rest.split_inclusive('\n').count();
                above.clear();
            }
            None => {
                above.push(lines[at]);
                at += 1;
            }
        }
    }
    steps
}

fn is_fence(line: &str) -> bool {
    line.trim_start().starts_with("```") && !line.trim().trim_matches('`').contains('.')
}

/// The text in the fence below the file's name.
fn fenced(answer: &str, path: &str) -> Option<String> {
    let mut lines = answer.split_inclusive('\n').peekable();
    let mut text = None;
    while let Some(line) = lines.next() {
        if names(line, path) && lines.peek().is_some_and(|next| next.starts_with("```")) {
            let fence = lines.next()?;
            let fence: String = fence.chars().take_while(|&c| c == '`').collect();
            let mut inner = String::new();
            loop {
                let line = lines.next()?;
                if line.trim_end() == fence {
                    break;
                }
                inner.push_str(line);
            }
            // The last one counts.
            text = Some(inner);
        }
    }
    text
}

/// The diff of this file.
fn diff<'a>(answer: &'a str, path: &str) -> Option<&'a str> {
    answer.split("```diff\n").skip(1).find_map(|part| {
        let body = part.split("\n```").next()?;
        let named = body.lines().find_map(|line| line.strip_prefix("+++ "))?;
        (named.trim() == path || named.trim().strip_prefix("b/") == Some(path)).then_some(body)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<Moment> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(HISTORY);
        std::fs::write(&file, text).unwrap();
        let mut moments = Vec::new();
        Aider.read(&file, &|cwd| cwd == folder.path(), &mut |m| moments.push(m)).unwrap();
        moments
    }

    fn captured() -> String {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sessions/aider");
        std::fs::read_to_string(data.join("main.md")).unwrap()
    }

    #[test]
    fn a_chat_is_told() {
        let moments = told(&captured());
        let acts: Vec<&Act> = moments.iter().map(|moment| &moment.report.act).collect();
        assert_eq!(acts[0], &Act::Started);
        assert!(moments[0].at.is_some());
        assert_eq!(acts[1], &Act::Prompt("Please edit hello.txt and add new.txt.".into()));
        let edit = |at: usize| match acts[at] {
            Act::Edited(edits) => (edits[0].path.to_str().unwrap(), &edits[0].told),
            act => panic!("{act:?}"),
        };
        let step = |old: &str, new: &str| Replacement {
            old: old.to_owned(),
            new: new.to_owned(),
            all: false,
        };
        let steps = vec![step("beta\n", "beta, edited by the agent\n")];
        assert_eq!(edit(2), ("hello.txt", &Told::Replaced { before: None, steps }));
        let after = "created by the agent\nsecond line\n".to_owned();
        assert_eq!(edit(3), ("new.txt", &Told::Whole { before: Some(None), after }));
        // The command was not run.
        assert_eq!(acts.len(), 4);
        let report = &moments[2].report;
        assert_eq!(report.session, "2026-11-22 06:49:17");
        assert_eq!(report.turn.as_deref(), Some("prompt-1"));
        assert_eq!(report.model.as_deref(), Some("openai/mock-model"));
    }

    #[test]
    fn what_was_typed_says_when() {
        let folder = tempfile::tempdir().unwrap();
        let input = "\n# 2026-11-22 06:40:00.5\n+Go.\n\n# 2026-11-22 06:49:20.25\n+Go.\n\n\
                     # 2026-11-22 06:50:00.5\n+Go\n+on.\n";
        std::fs::write(folder.path().join(INPUT), input).unwrap();
        let chat = "# aider chat started at 2026-11-22 06:49:17\n\n#### Go.  \n\nYes.\n\n\
                    #### Go  \n#### on.  \n\nYes.\n";
        let file = folder.path().join(HISTORY);
        std::fs::write(&file, chat).unwrap();
        let mut times = Vec::new();
        Aider.read(&file, &|_| true, &mut |moment| times.push(moment.at.unwrap())).unwrap();
        let since = |at: usize| (times[at] - times[0]).num_milliseconds();
        assert_eq!((times.len(), since(1), since(2)), (3, 3_250, 43_500));
    }

    #[test]
    fn prompts_of_more_lines_and_words_for_aider() {
        let text = "# aider chat started at 2026-11-22 06:49:17\n\n#### /add a.txt  \n\n\
                    #### One  \n#### two.  \n\nYes.\n\n#### /ask Why?  \n\n#### !ls  \n\
                    #### cut";
        let prompts: Vec<_> = told(text)
            .into_iter()
            .filter_map(|moment| match moment.report.act {
                Act::Prompt(text) => Some((moment.report.turn.unwrap(), text)),
                _ => None,
            })
            .collect();
        let prompt = |turn: &str, text: &str| (turn.to_owned(), text.to_owned());
        assert_eq!(prompts, [prompt("prompt-1", "One\ntwo."), prompt("prompt-2", "Why?")]);
    }

    fn edit(format: &str, answer: &str, path: &str) -> Told {
        let text = format!(
            "# aider chat started at 2026-11-22 06:49:17\n\n> Main model: m with {format} edit format  \n\
             > Weak model: w  \n\n#### Go.  \n\n{answer}\n\n> Applied edit to {path}  \n"
        );
        match told(&text).pop().unwrap().report.act {
            Act::Edited(mut edits) => edits.remove(0).told,
            act => panic!("{act:?}"),
        }
    }

    #[test]
    fn other_formats_are_read() {
        let whole = "Here:\n\nsrc/a.py\n```python\nx = 1\n\n```\n";
        let after = "x = 1\n\n".to_owned();
        assert_eq!(edit("whole", whole, "src/a.py"), Told::Whole { before: None, after });
        assert_eq!(edit("whole", whole, "b.py"), Told::Touched);
        let udiff = "```diff\n--- a.py\n+++ a.py\n@@ ... @@\n one\n-two\n+TWO\n```\n";
        let Told::Patched(hunks) = edit("udiff", udiff, "a.py") else { panic!() };
        assert_eq!((hunks[0].old.len(), hunks[0].new.last().unwrap().as_str()), (2, "TWO"));
        let fenced = "```python\nsrc/a.py\n<<<<<<< SEARCH\na\n=======\nA\n>>>>>>> REPLACE\n```\n\
                      ```\n<<<<<<< SEARCH\nb\n=======\nB\n>>>>>>> REPLACE\n```\n\
                      **b.py**\n```\n<<<<<<< SEARCH\nc\n=======\nC\n>>>>>>> REPLACE\n```\n";
        let new = |path: &str| match edit("diff-fenced", fenced, path) {
            Told::Replaced { steps, .. } => steps.iter().map(|s| s.new.clone()).collect::<String>(),
            told => panic!("{told:?}"),
        };
        assert_eq!((new("src/a.py"), new("b.py")), ("A\nB\n".into(), "C\n".into()));
    }

    #[test]
    fn a_history_that_is_cut_off_does_no_harm() {
        let text = captured();
        for end in (0..text.len()).step_by(7).filter(|&end| text.is_char_boundary(end)) {
            let _ = told(&text[..end]);
        }
    }
}
