//! Command lines, as far as it takes to know which program gets which words.

use super::programs::INTERPRETERS;

/// A program with its words.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Simple {
    pub(super) words: Vec<String>,
    /// Files it writes by redirection.
    pub(super) outputs: Vec<String>,
    /// Files it reads by redirection.
    pub(super) inputs: Vec<String>,
}

/// Words of the real program that only stand before another one.
const PREFIXES: &[&str] = &[
    "sudo", "nohup", "time", "nice", "exec", "builtin", "command", "then", "do", "else", "!",
    "env", "timeout",
];

impl Simple {
    /// The program's own name.
    pub(super) fn program(&self) -> &str {
        let word = self.words[0].as_str();
        match word.rsplit('/').next() {
            Some(name) if !name.is_empty() => name,
            _ => word,
        }
    }

    pub(super) fn has(&self, flag: &str) -> bool {
        self.words.iter().any(|word| word == flag)
    }
}

/// The simple commands of a command line, those given to a shell as a word (`sh -c "…"`)
/// included.
pub(super) fn parse(command: &str) -> Vec<Simple> {
    let mut found = Vec::new();
    let mut todo = vec![(command.to_owned(), 0)];
    while let Some((text, depth)) = todo.pop() {
        for mut simple in simples(&text) {
            while simple.words.len() > 1 && PREFIXES.contains(&simple.program()) {
                simple.words.remove(0);
                while simple.words.len() > 1 && is_prefix_argument(&simple.words[0]) {
                    simple.words.remove(0);
                }
            }
            let shell = INTERPRETERS[..5].contains(&simple.program()) || simple.program() == "eval";
            if shell && depth < 3 {
                let inner = simple.words[1..].iter().filter(|word| word.contains(' '));
                todo.extend(inner.map(|word| (word.clone(), depth + 1)));
            }
            if !(shell && simple.has("-c")) {
                found.push(simple);
            }
        }
    }
    found
}

/// Options, durations and settings that stand before the program.
fn is_prefix_argument(word: &str) -> bool {
    word.starts_with('-') || word.contains('=') || word.starts_with(|c: char| c.is_ascii_digit())
}

fn simples(text: &str) -> Vec<Simple> {
    let mut found = vec![Simple::default()];
    let mut redirect = None;
    for token in tokens(text) {
        let Some(simple) = found.last_mut() else {
            break;
        };
        match token {
            Token::End => {
                redirect = None;
                found.push(Simple::default());
            }
            Token::Into => redirect = Some(true),
            Token::From => redirect = Some(false),
            Token::Word(word) => match redirect.take() {
                Some(true) => simple.outputs.push(word),
                Some(false) => simple.inputs.push(word),
                // Settings before the program: `A=1 program`.
                None if simple.words.is_empty() && is_setting(&word) => {}
                None => simple.words.push(word),
            },
        }
    }
    for simple in &mut found {
        // A redirection alone writes too: `> file`.
        if simple.words.is_empty() && !simple.outputs.is_empty() {
            simple.words.push(":".into());
        }
    }
    found.retain(|simple| !simple.words.is_empty());
    found
}

fn is_setting(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    })
}

enum Token {
    Word(String),
    Into,
    From,
    End,
}

/// Words with their quotes removed, redirections, and ends of commands. Here-documents are left
/// in the text, where [`mentions`] finds names.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    let mut quote: Option<char> = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some('"') | None, '\\') => word.extend(chars.next()),
            (Some(_), c) => word.push(c),
            (None, '\'' | '"') => (quote, quoted) = (Some(c), true),
            (None, c) if c.is_whitespace() || ";&|()<>`{}".contains(c) => {
                // `2>` names a stream, not a file.
                let stream = matches!(c, '<' | '>')
                    && !word.is_empty()
                    && word.bytes().all(|b| b.is_ascii_digit());
                if (!word.is_empty() || quoted) && !stream {
                    tokens.push(Token::Word(std::mem::take(&mut word)));
                }
                word.clear();
                quoted = false;
                match c {
                    '>' => {
                        while chars.next_if(|c| matches!(c, '>' | '|')).is_some() {}
                        if chars.next_if_eq(&'&').is_none() {
                            tokens.push(Token::Into);
                        }
                    }
                    '<' => {
                        while chars.next_if_eq(&'<').is_some() {}
                        tokens.push(Token::From);
                    }
                    '\n' | ';' | '|' | '(' | ')' | '`' | '{' | '}' => tokens.push(Token::End),
                    '&' if chars.peek() != Some(&'>') => tokens.push(Token::End),
                    _ => {}
                }
            }
            (None, c) => word.push(c),
        }
    }
    if !word.is_empty() || quoted {
        tokens.push(Token::Word(word));
    }
    tokens
}
