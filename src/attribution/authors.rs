//! The tool calls that owners point at.

use std::collections::HashMap;

use super::Author;

/// Tool calls, each once, by the numbers that they got in order.
#[derive(Default)]
pub struct Authors {
    all: Vec<Author>,
    numbers: HashMap<Author, u32>,
}

impl Authors {
    /// All of them, each at its number.
    pub fn all(&self) -> &[Author] {
        &self.all
    }

    /// The number of a tool call.
    pub fn number(&mut self, author: Author) -> u32 {
        if let Some(&number) = self.numbers.get(&author) {
            return number;
        }
        let number = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        self.all.push(author.clone());
        self.numbers.insert(author, number);
        number
    }
}
