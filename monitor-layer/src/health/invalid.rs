use std::{error::Error, fmt};

const LONGEST_NAME: usize = 64;

/// A readiness check that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidCheck {
    name: String,
    problem: &'static str,
}

impl InvalidCheck {
    pub(super) fn new(name: &str, problem: &'static str) -> Self {
        Self {
            name: name.chars().take(LONGEST_NAME).collect(),
            problem,
        }
    }

    /// Whether a name stands in JSON, and in a label, as it is.
    pub(super) fn if_unnamed(name: &str) -> Result<(), Self> {
        let is_name = |character: char| {
            character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.')
        };
        match (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(is_name) {
            true => Ok(()),
            false => Err(Self::new(
                name,
                "is no name; expected 1 to 64 letters, digits, hyphens, underscores or dots",
            )),
        }
    }
}

impl fmt::Display for InvalidCheck {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the check {:?} {}", self.name, self.problem)
    }
}

impl Error for InvalidCheck {}
