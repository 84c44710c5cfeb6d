//! Steps of a flow, as data.

use super::{Answers, SecretRule};
use crate::domain::{Facts, Look, PasskeyName, Request, Slot, Text};

/// What a finished flow asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "one a flow")]
pub enum Goal {
    /// An operation: planned at review, begun, run.
    Change(Request),
    /// A proof by opening: takes no lock and has no review.
    Check(Proving),
}

/// What is proved with a secret that is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proving {
    /// A passkey, by unwrapping the master key.
    Passkey(PasskeyName),
    /// The DR passphrase in force, by opening the newest archive.
    Dr,
}

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    /// Unique in its flow; the key of its answer.
    pub id: &'static str,
    /// In the list of steps.
    pub title: String,
    /// What is asked.
    pub body: Body,
}

/// What a step asks or shows.
#[derive(Clone, Debug)]
pub enum Body {
    /// Sentences to read; Enter goes on.
    Explain(Vec<Text>),
    /// One of these. The answer is the choice's value.
    Choose(Vec<Choice>),
    /// A line of text. The answer is the text.
    Entry(Entry),
    /// A passphrase, typed: once, or twice where `rule` is [`SecretRule::Made`].
    Secret {
        /// Where it goes.
        slot: Slot,
        /// The rules for it.
        rule: SecretRule,
        /// The passkey it belongs to.
        passkey: Text,
        /// The line on its envelope, empty until the plan says it.
        envelope: Text,
    },
    /// A passphrase that is generated, shown once after a warning, and typed back.
    Generated {
        /// Where it goes; it is typed back into [`super::AGAIN`].
        slot: Slot,
        /// The passkey it belongs to.
        passkey: Text,
        /// The line on its envelope, empty until the plan says it.
        envelope: Text,
    },
    /// A passphrase that is generated and written to a new owner-only file; never shown.
    WriteFile {
        /// Where it goes.
        slot: Slot,
        /// The file, as given.
        path: String,
        /// The line on its envelope.
        envelope: Text,
    },
    /// A passphrase that is read from an owner-only file.
    ReadFile {
        /// Where it goes.
        slot: Slot,
        /// The file, as given.
        path: String,
    },
    /// What will change, line by line (`Driver::plan`); Enter takes the operation lock.
    Review,
    /// The name is typed; the focus rests on Cancel.
    Confirm {
        /// The name.
        name: Text,
    },
    /// The operation runs (`Driver::running`).
    Run,
    /// What came of it (`Driver::receipt`), and what to do next.
    Receipt,
}

/// One of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The answer when it is taken.
    pub value: String,
    /// A few words.
    pub label: String,
    /// One line.
    pub explains: String,
    /// Why it cannot be taken now.
    pub disabled: Option<String>,
}

impl Choice {
    /// One that can be taken.
    pub fn new(value: impl Into<String>, label: impl Into<String>, explains: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), explains: explains.into(), disabled: None }
    }

    /// The same, disabled where there is a reason.
    #[must_use]
    pub fn unless(mut self, reason: Option<String>) -> Self {
        self.disabled = reason;
        self
    }
}

/// A line of text to be entered.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Beside the field.
    pub label: &'static str,
    /// What stands in it at first.
    pub initial: String,
    /// One sentence under it.
    pub help: &'static str,
    /// May it stay empty?
    pub optional: bool,
    /// Whether it is right, and if not, why not.
    pub validate: fn(&str, &Answers, &Facts) -> Result<(), String>,
    /// What is looked for before the flow goes on; None: nothing.
    pub looks: fn(&str) -> Option<Look>,
}

impl Step {
    pub(super) fn new(id: &'static str, title: impl Into<String>, body: Body) -> Self {
        Self { id, title: title.into(), body }
    }

    /// The slot that this step fills, if any.
    #[must_use]
    pub fn slot(&self) -> Option<Slot> {
        match self.body {
            Body::Secret { slot, .. } | Body::Generated { slot, .. } | Body::WriteFile { slot, .. } | Body::ReadFile { slot, .. } => {
                Some(slot)
            }
            _ => None,
        }
    }
}
