//! The controlling terminal: where a person is asked, whatever standard input is.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};

/// The terminal that this process was started from.
pub struct Terminal {
    input: BufReader<File>,
    output: File,
}

#[cfg(unix)]
const NAMES: (&str, &str) = ("/dev/tty", "/dev/tty");
#[cfg(not(unix))]
const NAMES: (&str, &str) = ("CONIN$", "CONOUT$");

impl Terminal {
    /// The terminal; an error where there is none, as in a hook of a program's or in CI.
    pub fn open() -> io::Result<Self> {
        let input = BufReader::new(OpenOptions::new().read(true).open(NAMES.0)?);
        Ok(Self { input, output: OpenOptions::new().write(true).open(NAMES.1)? })
    }

    /// Shows a text.
    pub fn show(&mut self, text: &str) -> io::Result<()> {
        self.output.write_all(text.as_bytes())?;
        self.output.write_all(b"\n")
    }

    /// Asks, and reads a line; empty at the end of the input.
    pub fn ask(&mut self, question: &str) -> io::Result<String> {
        self.output.write_all(question.as_bytes())?;
        self.output.flush()?;
        let mut line = String::new();
        self.input.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }
}
