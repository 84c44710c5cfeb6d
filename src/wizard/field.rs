//! What is being entered in the current step.

use super::SecretField;

/// A line of text that is no secret, with its cursor. Control characters and their kin never get in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextField {
    text: String,
    cursor: usize,
}

/// The longest line of text, in characters.
const LONGEST: usize = 1024;

impl TextField {
    /// With this text, the cursor at its end.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut field = Self::default();
        field.insert_all(text);
        field
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where the cursor is, in characters from the left.
    #[must_use]
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Types a character; whether it was taken.
    pub fn insert(&mut self, c: char) -> bool {
        if crate::domain::Text::new(c).clean().chars().ne(std::iter::once(c)) || self.text.chars().count() >= LONGEST {
            return false;
        }
        let at = self.byte(self.cursor);
        self.text.insert(at, c);
        self.cursor += 1;
        true
    }

    /// Types a whole text as one line; what is not allowed in it is left out.
    pub fn insert_all(&mut self, text: &str) {
        for c in text.chars() {
            self.insert(if c.is_whitespace() { ' ' } else { c });
        }
    }

    /// Removes the character before the cursor.
    pub fn backspace(&mut self) {
        if self.cursor > 0 {
            self.cursor -= 1;
            self.delete();
        }
    }

    /// Removes the character under the cursor.
    pub fn delete(&mut self) {
        let at = self.byte(self.cursor);
        if at < self.text.len() {
            self.text.remove(at);
        }
    }

    /// Moves the cursor by `by` characters.
    pub fn shift(&mut self, by: isize) {
        self.cursor = self.cursor.saturating_add_signed(by).min(self.text.chars().count());
    }

    /// Moves the cursor to the start.
    pub fn home(&mut self) {
        self.cursor = 0;
    }

    /// Moves the cursor to the end.
    pub fn end(&mut self) {
        self.cursor = self.text.chars().count();
    }

    /// Empties it.
    pub fn clear(&mut self) {
        self.text.clear();
        self.cursor = 0;
    }

    fn byte(&self, characters: usize) -> usize {
        self.text.char_indices().nth(characters).map_or(self.text.len(), |(at, _)| at)
    }
}

/// How far a generated secret has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The warning that this session may be recorded or shared; nothing was generated.
    Warning,
    /// It is on the screen, this once.
    Shown,
    /// It is gone from the screen and is typed back.
    TypedBack,
}

/// The entry state of the current step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// Nothing to enter.
    None,
    /// The selected choice, or the selected next act of a receipt.
    Choice {
        /// From 0.
        selected: usize,
    },
    /// A line of text.
    Text(TextField),
    /// One secret, or the same one twice.
    Secret {
        /// The fields in order.
        fields: Vec<SecretField>,
        /// Which has the focus, from 0.
        focus: usize,
    },
    /// A generated secret.
    Generated {
        /// How far it has come.
        stage: Stage,
        /// The field for typing it back.
        back: SecretField,
    },
    /// The name that confirms.
    Confirm {
        /// What was typed.
        text: TextField,
        /// Whether the focus is on the act; else it rests on Cancel.
        agree: bool,
    },
}
