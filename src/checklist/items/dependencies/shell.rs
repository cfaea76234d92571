//! The commands in a script or a Dockerfile: words and the lines they stand on. It knows quotes,
//! continued lines and what separates commands, and no more of the shell.

/// A word of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The word without its quotes.
    pub text: String,
    /// Its line, from 1.
    pub line: u32,
}

/// A text is not cut into more commands than these.
const MAX_COMMANDS: usize = 10_000;

/// The commands of a shell text that starts on this line.
pub fn commands(text: &str, line: u32) -> Vec<Vec<Word>> {
    let mut reader = Reader { line, ..Reader::default() };
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if reader.commands.len() > MAX_COMMANDS {
            break;
        }
        match (reader.quote, c) {
            (Some(quote), _) if c == quote => reader.quote = None,
            (Some(_), '\n') => reader.newline(true),
            (Some('"') | None, '\\') => match chars.next() {
                Some('\n') => {
                    reader.end_word();
                    reader.newline(true);
                    skip_comments(&mut chars, &mut reader);
                }
                Some(next) => reader.push(next),
                None => {}
            },
            (Some(_), _) => reader.push(c),
            (None, '"' | '\'') => {
                reader.quote = Some(c);
                reader.word.get_or_insert_with(String::new);
            }
            (None, '`') => reader.push(c),
            (None, '\n') => reader.newline(false),
            (None, ';' | '|' | '&' | '(' | ')') => reader.end_command(),
            (None, '#') if reader.word.is_none() => {
                while chars.peek().is_some_and(|c| *c != '\n') {
                    chars.next();
                }
            }
            (None, c) if c.is_whitespace() => reader.end_word(),
            (None, c) => reader.push(c),
        }
    }
    reader.end_command();
    reader.commands
}

/// Comment lines between continued lines are no part of the command.
fn skip_comments(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, reader: &mut Reader) {
    loop {
        let mut ahead = chars.clone();
        while ahead.peek().is_some_and(|c| matches!(c, ' ' | '\t')) {
            ahead.next();
        }
        if ahead.peek() != Some(&'#') {
            return;
        }
        while ahead.next_if(|c| *c != '\n').is_some() {}
        ahead.next();
        reader.newline(true);
        *chars = ahead;
    }
}

#[derive(Default)]
struct Reader {
    commands: Vec<Vec<Word>>,
    command: Vec<Word>,
    word: Option<String>,
    quote: Option<char>,
    line: u32,
}

impl Reader {
    fn push(&mut self, c: char) {
        self.word.get_or_insert_with(String::new).push(c);
    }

    fn end_word(&mut self) {
        if let Some(text) = self.word.take() {
            self.command.push(Word { text, line: self.line });
        }
    }

    fn end_command(&mut self) {
        self.end_word();
        if !self.command.is_empty() {
            self.commands.push(std::mem::take(&mut self.command));
        }
    }

    fn newline(&mut self, continued: bool) {
        if continued {
            if let (Some(word), Some(_)) = (&mut self.word, self.quote) {
                word.push('\n');
            }
        } else {
            self.end_command();
        }
        self.line += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_cut_where_the_shell_cuts_them() {
        let text = "apt-get update && \\\n  # why\n  apt-get install -y 'a b' \"c\" ; x # y\n";
        let said: Vec<String> = commands(text, 5)
            .iter()
            .map(|words| {
                let words = words.iter().map(|word| format!("{}@{}", word.text, word.line));
                words.collect::<Vec<_>>().join(" ")
            })
            .collect();
        assert_eq!(said, ["apt-get@5 update@5", "apt-get@7 install@7 -y@7 a b@7 c@7", "x@7"]);
    }
}
