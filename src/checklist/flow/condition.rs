//! What a rule may ask of a value: words joined by `+`, each of which may be negated by `!`.
//!
//! | word | holds where |
//! |---|---|
//! | `built` | a text is put together with a part that is not constant |
//! | `outside` | it comes from a request, an argument of the program, a message |
//! | `parameter` | it is at least a parameter of the function |
//! | `variable` | it is not constant |
//! | `constant` | it stands in the code |
//! | `literal` | its text is known |
//! | `sql` | its known text is a statement of SQL |
//! | `keyed` | a container whose keys stand in the code |
//! | `named` | its parts that are not constant stand where SQL names a table or the like |
//! | `host` | what comes from outside may decide the host of an address |
//! | `clean:KIND` | it was made harmless: `sql`, `shell`, `path`, `url`, `html`, `regex` |
//!
//! `outside`, `parameter` and `variable` do not hold for numbers and for what was compared with
//! what is allowed.

use super::{Clean, Level, Origin};

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition(Vec<(bool, Word)>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Built,
    AtLeast(Level),
    Constant,
    Literal,
    Sql,
    Keyed,
    Named,
    Host,
    Clean(Clean),
}

const WORDS: &[(&str, Word)] = &[
    ("built", Word::Built),
    ("outside", Word::AtLeast(Level::Outside)),
    ("parameter", Word::AtLeast(Level::Parameter)),
    ("variable", Word::AtLeast(Level::Local)),
    ("constant", Word::Constant),
    ("literal", Word::Literal),
    ("sql", Word::Sql),
    ("keyed", Word::Keyed),
    ("named", Word::Named),
    ("host", Word::Host),
    ("clean:sql", Word::Clean(Clean::SQL)),
    ("clean:shell", Word::Clean(Clean::SHELL)),
    ("clean:path", Word::Clean(Clean::PATH)),
    ("clean:url", Word::Clean(Clean::URL)),
    ("clean:html", Word::Clean(Clean::HTML)),
    ("clean:regex", Word::Clean(Clean::REGEX)),
];

impl Condition {
    /// Reads a condition; an error says which word is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let word = |text: &str| {
            let (wanted, name) = text.strip_prefix('!').map_or((true, text), |rest| (false, rest));
            let known = WORDS.iter().find(|(known, _)| *known == name);
            known.map(|(_, word)| (wanted, *word)).ok_or_else(|| {
                let known: Vec<&str> = WORDS.iter().map(|(known, _)| *known).collect();
                format!("unknown condition `{name}`; use {}", known.join(", "))
            })
        };
        text.split('+').map(|part| word(part.trim())).collect::<Result<_, _>>().map(Self)
    }

    /// Whether a value is so.
    pub fn holds(&self, origin: &Origin) -> bool {
        self.0.iter().all(|(wanted, word)| *wanted == word.holds(origin))
    }
}

impl Word {
    fn holds(self, origin: &Origin) -> bool {
        let harmless = origin.clean.has(Clean::NUMBER) || origin.clean.has(Clean::CHECKED);
        match self {
            Self::Built => origin.built && !harmless,
            Self::AtLeast(level) => origin.level >= level && !harmless,
            Self::Constant => origin.level == Level::Constant,
            Self::Literal => origin.level == Level::Constant && origin.literal.is_some(),
            Self::Sql => origin.literal.as_deref().is_some_and(super::sql::is_statement),
            Self::Keyed => origin.keyed,
            Self::Named => origin.named,
            Self::Host => !origin.rooted && !origin.clean.has(Clean::URL),
            Self::Clean(kind) => harmless || origin.clean.has(kind),
        }
    }
}
