//! Standard output, with git's colours and git's pager.

use std::io::{self, BufWriter, Write};
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::render::escape;

/// Colours that text may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A commit's name.
    Commit,
    /// An agent's work.
    Agent,
    /// An agent's and a person's work.
    Mixed,
    /// Nobody can say.
    Unknown,
    /// Of less weight.
    Dim,
    /// What the eye should find.
    Strong,
}

impl Style {
    fn code(self) -> &'static str {
        match self {
            Self::Commit => "\x1b[33m",
            Self::Agent => "\x1b[36m",
            Self::Mixed => "\x1b[35m",
            Self::Unknown => "\x1b[31m",
            Self::Dim => "\x1b[2m",
            Self::Strong => "\x1b[1m",
        }
    }
}

/// Where results go.
pub struct Out {
    to: Option<Box<dyn Write>>,
    pager: Option<Child>,
    color: bool,
}

impl Out {
    /// Standard output.
    pub fn plain(color: bool) -> Self {
        Self { to: Some(Box::new(BufWriter::new(io::stdout()))), pager: None, color }
    }

    /// Standard error.
    pub fn errors(color: bool) -> Self {
        Self { to: Some(Box::new(BufWriter::new(io::stderr()))), pager: None, color }
    }

    /// A pager's input; standard output where the pager cannot be started. `command` is run by a
    /// shell, as git runs it.
    pub fn paged(command: &str, less_is_set: bool, color: bool) -> Self {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(command).stdin(Stdio::piped());
        if !less_is_set {
            shell.env("LESS", "FRX").env("LV", "-c");
        }
        let Ok(mut child) = shell.spawn() else {
            return Self::plain(color);
        };
        let stdin: Option<ChildStdin> = child.stdin.take();
        match stdin {
            Some(stdin) => {
                Self { to: Some(Box::new(BufWriter::new(stdin))), pager: Some(child), color }
            }
            None => Self::plain(color),
        }
    }

    /// Whether colours are wanted.
    pub fn colored(&self) -> bool {
        self.color
    }

    /// The text in this colour, if colours are wanted.
    pub fn paint(&self, style: Style, text: &str) -> String {
        if self.color && !text.is_empty() {
            format!("{}{text}\x1b[0m", style.code())
        } else {
            text.to_owned()
        }
    }

    /// Writes a line.
    pub fn line(&mut self, text: &str) -> io::Result<()> {
        self.write_all(text.as_bytes())?;
        self.write_all(b"\n")
    }

    /// Writes a value as one line of JSON.
    pub fn json<T: serde::Serialize>(&mut self, value: &T) -> io::Result<()> {
        let text = serde_json::to_string(value)?;
        self.line(&escape::json(&text))
    }

    /// Writes what is still held, and waits for the pager.
    pub fn finish(mut self) -> io::Result<()> {
        let flushed = self.flush();
        self.to = None;
        if let Some(mut pager) = self.pager.take() {
            pager.wait()?;
        }
        flushed
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.to {
            Some(to) => to.write(bytes),
            None => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.as_mut().map_or(Ok(()), |to| to.flush())
    }
}
