//! Command lines, as far as it takes to know which program gets which words.

use std::iter::Peekable;
use std::str::Chars;

use super::programs::INTERPRETERS;

/// A program with its words.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Simple {
    pub(super) words: Vec<String>,
    /// Files it writes by redirection.
    pub(super) outputs: Vec<String>,
    /// Files it reads by redirection.
    pub(super) inputs: Vec<String>,
    /// Variables that are set for it: `A=1`.
    pub(super) settings: Vec<String>,
}

/// Words of the real program that only stand before another one.
const PREFIXES: &[&str] = &[
    "sudo", "nohup", "time", "nice", "exec", "builtin", "command", "then", "do", "else", "!",
    "env", "timeout", "doas", "if", "while", "until", "elif",
];

/// Options of these programs that take the next word.
const WITH_VALUE: &[(&str, &[&str])] = &[
    ("sudo", &["-u", "-g", "-h", "-p", "-C", "-D", "-R", "-T", "-U"]),
    ("env", &["-u", "-C", "--unset", "--chdir"]),
    ("timeout", &["-k", "-s", "--kill-after", "--signal"]),
    ("nice", &["-n"]),
    ("exec", &["-a"]),
    ("time", &["-f", "-o"]),
];

/// Programs beside shells that run what `-c` gives them.
const RUN_A_WORD: &[&str] = &["script", "su", "runuser", "fish", "ash"];

/// Variables that are kept of one command.
const MAX_SETTINGS: usize = 64;

/// How deep commands stand in commands that are looked into.
const MAX_DEPTH: usize = 8;

impl Simple {
    /// The program's own name.
    pub(super) fn program(&self) -> &str {
        name(&self.words[0])
    }

    pub(super) fn has(&self, flag: &str) -> bool {
        self.words.iter().any(|word| word == flag)
    }

    fn is_shell(&self) -> bool {
        !self.words.is_empty() && INTERPRETERS[..5].contains(&self.program())
    }

    /// What a shell is given to run as a word: `sh -c "…"`, `eval "…"`.
    fn script(&self) -> Option<String> {
        if self.program() == "eval" {
            return Some(self.words[1..].join(" "));
        }
        let is_option = |word: &String| word.starts_with('-');
        let takes =
            |word: &String| is_option(word) && !word.starts_with("--") && word.contains('c');
        let mut words = self.words[1..].iter().skip_while(|word| !takes(word));
        let runs = self.is_shell() || RUN_A_WORD.contains(&self.program());
        words.next().filter(|_| runs)?;
        words.find(|word| !is_option(word)).cloned()
    }

    /// Takes away what stands before the program.
    fn strip(&mut self) {
        let mut at = 0;
        while let Some(word) = self.words.get(at).filter(|_| at + 1 < self.words.len()) {
            let name = name(word);
            if !PREFIXES.contains(&name) {
                break;
            }
            let end = skip(&self.words, at + 1, options_of(WITH_VALUE, name), is_prefix_argument);
            let settings = self.words[at..end].iter().filter(|word| is_setting(word));
            self.settings.extend(settings.take(MAX_SETTINGS).cloned());
            at = end;
        }
        self.words.drain(..at);
    }
}

/// A program's own name.
pub(super) fn name(word: &str) -> &str {
    word.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or(word)
}

/// The options of a program that take the next word.
fn options_of<'o>(table: &[(&str, &'o [&'o str])], program: &str) -> &'o [&'o str] {
    let own = table.iter().find(|(known, _)| *known == program);
    own.map(|(_, options)| *options).unwrap_or_default()
}

/// The first word from here on that is no option and no option's value; the last word is never
/// passed over.
pub(super) fn skip(
    words: &[String],
    mut at: usize,
    with_value: &[&str],
    is_option: impl Fn(&str) -> bool,
) -> usize {
    while at + 1 < words.len() && is_option(&words[at]) {
        at += 1 + usize::from(with_value.contains(&words[at].as_str()));
    }
    at.min(words.len().saturating_sub(1))
}

/// The simple commands of a command line, those given to a shell as a word (`sh -c "…"`) or as a
/// here-document included, and those in `$(…)`.
pub(super) fn parse(command: &str) -> Vec<Simple> {
    commands(command, 0)
}

fn commands(text: &str, depth: usize) -> Vec<Simple> {
    let mut lexer =
        Lexer { chars: text.chars().peekable(), depth, found: Vec::new(), documents: Vec::new() };
    lexer.list(false);
    let mut found = Vec::new();
    for mut simple in lexer.found {
        simple.strip();
        match simple.script().filter(|_| depth < MAX_DEPTH) {
            Some(script) => {
                found.extend(commands(&script, depth + 1).into_iter().map(|mut one| {
                    one.settings.extend(simple.settings.iter().cloned());
                    one
                }))
            }
            None => found.push(simple),
        }
    }
    found
}

/// Options, durations and settings that stand before the program.
fn is_prefix_argument(word: &str) -> bool {
    word.starts_with('-') || word.contains('=') || word.starts_with(|c: char| c.is_ascii_digit())
}

pub(super) fn is_setting(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    })
}

/// A here-document whose text is still to come.
struct Document {
    end: String,
    /// Its lines may stand behind tabs.
    tabs: bool,
    /// The first command that it may be for.
    command: usize,
}

/// One command on its way: its words so far, and the word that is being read.
#[derive(Default)]
struct Current {
    simple: Simple,
    word: String,
    /// A word is there even where it is empty: `''`.
    quoted: bool,
    redirect: Option<Redirect>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Redirect {
    Into,
    /// `>&1` goes where another stream goes.
    Stream,
    From,
    Document {
        tabs: bool,
    },
}

/// Reads commands from a text, those in `$(…)` and in here-documents for shells with them.
struct Lexer<'t> {
    chars: Peekable<Chars<'t>>,
    depth: usize,
    found: Vec<Simple>,
    documents: Vec<Document>,
}

impl Lexer<'_> {
    /// Commands up to the end, or up to the bracket that closes them.
    fn list(&mut self, inner: bool) {
        let mut current = Current::default();
        let mut first = self.found.len();
        while let Some(c) = self.chars.next() {
            match c {
                '\'' => {
                    current.quoted = true;
                    current.word.extend(self.chars.by_ref().take_while(|c| *c != '\''));
                }
                '"' => self.quoted(&mut current),
                '\\' => match self.chars.next() {
                    Some('\n') | None => {}
                    Some(next) => current.word.push(next),
                },
                '$' if self.chars.peek() == Some(&'(') => self.substitution(&mut current),
                // `$'…'` and `$"…"` are quotes.
                '$' if matches!(self.chars.peek(), Some('\'' | '"')) => {}
                '`' => self.backquoted(&mut current),
                '#' if current.word.is_empty() && !current.quoted => self.comment(),
                '<' | '>' => self.redirection(c, &mut current, first),
                '&' if self.chars.peek() == Some(&'>') => self.end_word(&mut current, first),
                ')' if inner => break,
                '\n' | ';' | '&' | '|' | '(' | ')' => {
                    self.end_command(&mut current, first);
                    if c == '\n' {
                        self.read_documents();
                        first = self.found.len();
                    }
                }
                c if c.is_whitespace() => {
                    self.end_word(&mut current, first);
                }
                c => current.word.push(c),
            }
        }
        self.end_command(&mut current, first);
    }

    /// The rest of a text in double quotes.
    fn quoted(&mut self, current: &mut Current) {
        current.quoted = true;
        while let Some(c) = self.chars.next() {
            match c {
                '"' => return,
                '\\' => match self.chars.next() {
                    Some('\n') | None => {}
                    Some(next) => {
                        if !matches!(next, '"' | '\\' | '$' | '`') {
                            current.word.push('\\');
                        }
                        current.word.push(next);
                    }
                },
                '$' if self.chars.peek() == Some(&'(') => self.substitution(current),
                '`' => self.backquoted(current),
                c => current.word.push(c),
            }
        }
    }

    /// What stands in `$(…)` is commands; what they print is not known.
    fn substitution(&mut self, current: &mut Current) {
        self.chars.next();
        current.word.push_str("$()");
        current.quoted = true;
        if self.depth < MAX_DEPTH {
            self.depth += 1;
            self.list(true);
            self.depth -= 1;
        }
    }

    fn backquoted(&mut self, current: &mut Current) {
        let inner: String = self.chars.by_ref().take_while(|c| *c != '`').collect();
        current.word.push_str("$()");
        current.quoted = true;
        if self.depth < MAX_DEPTH {
            self.found.extend(commands(&inner, self.depth + 1));
        }
    }

    fn comment(&mut self) {
        while self.chars.next_if(|c| *c != '\n').is_some() {}
    }

    fn redirection(&mut self, c: char, current: &mut Current, first: usize) {
        // `2>` names a stream, not a file.
        if !current.quoted && current.word.bytes().all(|b| b.is_ascii_digit()) {
            current.word.clear();
        }
        self.end_word(current, first);
        if c == '>' {
            while self.chars.next_if(|c| matches!(c, '>' | '|')).is_some() {}
            let stream = self.chars.next_if_eq(&'&').is_some();
            current.redirect = Some(if stream { Redirect::Stream } else { Redirect::Into });
            return;
        }
        let mut count = 1;
        while self.chars.next_if_eq(&'<').is_some() {
            count += 1;
        }
        let tabs = count == 2 && self.chars.next_if_eq(&'-').is_some();
        current.redirect = match count {
            2 => Some(Redirect::Document { tabs }),
            _ => Some(Redirect::From),
        };
    }

    fn end_word(&mut self, current: &mut Current, first: usize) {
        if current.word.is_empty() && !current.quoted {
            return;
        }
        let word = std::mem::take(&mut current.word);
        let bare = !std::mem::take(&mut current.quoted);
        let simple = &mut current.simple;
        match current.redirect.take() {
            Some(Redirect::Into) => simple.outputs.push(word),
            Some(Redirect::Stream) if word.bytes().all(|b| b.is_ascii_digit() || b == b'-') => {}
            Some(Redirect::Stream) => simple.outputs.push(word),
            Some(Redirect::From) => simple.inputs.push(word),
            Some(Redirect::Document { tabs }) => {
                self.documents.push(Document { end: word, tabs, command: first });
            }
            // Settings before the program: `A=1 program`.
            None if simple.words.is_empty() && is_setting(&word) => {
                if simple.settings.len() < MAX_SETTINGS {
                    simple.settings.push(word);
                }
            }
            None if simple.words.is_empty() && bare && matches!(word.as_str(), "{" | "}") => {}
            None => simple.words.push(word),
        }
    }

    fn end_command(&mut self, current: &mut Current, first: usize) {
        self.end_word(current, first);
        let mut simple = std::mem::take(current).simple;
        // A redirection alone writes too: `> file`.
        if simple.words.is_empty() && !simple.outputs.is_empty() {
            simple.words.push(":".into());
        }
        if !simple.words.is_empty() {
            self.found.push(simple);
        } else if !simple.settings.is_empty() {
            // A setting alone holds for what follows.
            simple.words.push("export".into());
            simple.words.append(&mut simple.settings);
            self.found.push(simple);
        }
    }

    /// The here-documents that the line just read announced. What a shell reads is commands.
    fn read_documents(&mut self) {
        let documents = std::mem::take(&mut self.documents);
        let Some(first) = documents.iter().map(|document| document.command).min() else {
            return;
        };
        let reads = |simple: &Simple| {
            simple.is_shell() && simple.words[1..].iter().all(|word| word.starts_with('-'))
        };
        let for_shell = self.depth < MAX_DEPTH && self.found[first..].iter().any(reads);
        for document in documents {
            let text = self.document(&document);
            if for_shell {
                self.found.extend(commands(&text, self.depth + 1));
            }
        }
    }

    fn document(&mut self, document: &Document) -> String {
        let mut text = String::new();
        while self.chars.peek().is_some() {
            let line: String = self.chars.by_ref().take_while(|c| *c != '\n').collect();
            let bare = if document.tabs { line.trim_start_matches('\t') } else { &line };
            if bare == document.end {
                break;
            }
            text.push_str(&line);
            text.push('\n');
        }
        text
    }
}
