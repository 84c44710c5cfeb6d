//! What is known of a secret here: its slot, its length, the verdict of who owns it. Never its text.

use crate::domain::Slot;

/// The slot of the second typing, or of what is typed back.
pub const AGAIN: Slot = Slot(15);

/// By which rules the owner of a slot judges what is typed into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretRule {
    /// To open with: as it is, refused only when empty; slips of the word list are hints.
    Entered,
    /// For a new passkey: the rules for new passphrases.
    Made,
    /// Must be the same as the secret in this slot.
    Repeats(Slot),
}

/// How well a passphrase of one's own making withstands somebody who has a copy of what it opens and tries offline, at the cost of Argon2id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// Fewer than 10^8 guesses: a day on one machine.
    Weak,
    /// Fewer than 10^11.
    Fair,
    /// Fewer than 10^15.
    Good,
    /// More than anybody can pay for.
    Strong,
}

impl Strength {
    /// By the guesses that it takes, as a power of ten.
    #[must_use]
    pub fn of(guesses_log10: u32) -> Self {
        match guesses_log10 {
            0..8 => Self::Weak,
            8..11 => Self::Fair,
            11..15 => Self::Good,
            _ => Self::Strong,
        }
    }

    /// In words, beside the field.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Weak => "weak: guessed within days by whoever has a copy",
            Self::Fair => "fair: whoever has a copy, and much money, guesses it",
            Self::Good => "good: too dear to guess for almost anybody",
            Self::Strong => "strong: nobody guesses it",
        }
    }
}

/// What the owner of a slot says of it. Places count from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is in it.
    #[default]
    Empty,
    /// Right by its rule. The number of list words, where it is made of such.
    Good {
        /// Twelve for a generated passphrase.
        words: Option<u8>,
    },
    /// Right, and of one's own making: how well it withstands guessing.
    Own(Strength),
    /// The word at this place is not in the list. A hint when entered; right when made.
    NotInList(usize),
    /// Twelve list words whose check bits do not match. A hint when entered.
    CheckBits,
    /// List words, but this many. A hint when entered.
    Count(usize),
    /// This many words are `?`: entered to be searched for.
    Unreadable(usize),
    /// Not the same as the first; the first word that differs, where words can be told apart.
    Mismatch {
        /// Its place.
        word: Option<usize>,
    },
    /// More than 1024 bytes.
    TooLong,
    /// A control character in it.
    Control,
    /// A character that Unicode has not assigned.
    Unassigned,
    /// Not UTF-8 text.
    NotText,
}

impl Verdict {
    /// Whether a field with this verdict may be submitted under `rule`.
    #[must_use]
    pub fn passes(self, rule: SecretRule) -> bool {
        match self {
            Self::Good { .. } | Self::Own(_) => true,
            Self::Empty | Self::Mismatch { .. } => false,
            Self::NotInList(_) | Self::CheckBits | Self::Count(_) => !matches!(rule, SecretRule::Repeats(_)),
            Self::Unreadable(_) | Self::TooLong | Self::Control | Self::Unassigned | Self::NotText => rule == SecretRule::Entered,
        }
    }

    /// In words, beside the field; empty where there is nothing to say.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Empty | Self::Good { words: None } => String::new(),
            Self::Good { words: Some(n) } => format!("{n} words, check bits match"),
            Self::Own(strength) => strength.words().into(),
            Self::NotInList(n) => format!("word {n} is not in the word list"),
            Self::CheckBits => "check bits do not match: a word is wrong, or two are swapped".into(),
            Self::Count(n) => format!("{n} words of the list; a generated passphrase has 12"),
            Self::Unreadable(1) => "one unreadable word: 128 tries a passkey, about a minute".into(),
            Self::Unreadable(n) => format!("{n} unreadable words; only one can be searched for"),
            Self::Mismatch { word: Some(n) } => format!("not the same: word {n} differs"),
            Self::Mismatch { word: None } => "not the same as the first".into(),
            Self::TooLong => "longer than 1024 bytes".into(),
            Self::Control => "it holds a control character".into(),
            Self::Unassigned => "it holds a character that Unicode has not assigned".into(),
            Self::NotText => "it is not UTF-8 text".into(),
        }
    }
}

/// All that the owner of a slot tells of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlotState {
    /// Characters in it.
    pub len: usize,
    /// What it is worth.
    pub verdict: Verdict,
    /// How many list words begin with the word that is being typed; Tab completes. 0: none, or not between words.
    pub completions: u16,
}

/// A field whose text is known only to the owner of its slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretField {
    /// Which slot.
    pub slot: Slot,
    /// The rules for it.
    pub rule: SecretRule,
    /// What its owner says.
    pub state: SlotState,
    /// Whether what is typed is shown (Ctrl-T).
    pub revealed: bool,
}

impl SecretField {
    /// An empty field.
    #[must_use]
    pub fn new(slot: Slot, rule: SecretRule) -> Self {
        Self { slot, rule, state: SlotState::default(), revealed: false }
    }

    /// Whether it may be submitted.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.state.verdict.passes(self.rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_well_it_withstands_guessing_is_said_in_words() {
        for (power, word) in [(0, "weak: "), (7, "weak: "), (8, "fair: "), (10, "fair: "), (11, "good: "), (14, "good: "), (15, "strong: ")]
        {
            assert!(Strength::of(power).words().starts_with(word), "10^{power}");
        }
    }
}
