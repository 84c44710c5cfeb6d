//! What was answered so far: step id to text. Never a secret.

use std::collections::BTreeMap;

/// Answers by step id. A choice is its value, an entry its text; a secret is never here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers(BTreeMap<&'static str, String>);

impl Answers {
    /// No answers yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with one more answer.
    #[must_use]
    pub fn with(mut self, id: &'static str, text: impl Into<String>) -> Self {
        self.set(id, text);
        self
    }

    /// Answers a step.
    pub fn set(&mut self, id: &'static str, text: impl Into<String>) {
        self.0.insert(id, text.into());
    }

    /// The answer of a step; None where it was not answered.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&str> {
        self.0.get(id).map(String::as_str)
    }

    /// The answer of a step, empty where there is none.
    #[must_use]
    pub fn text(&self, id: &str) -> &str {
        self.get(id).unwrap_or_default()
    }
}
