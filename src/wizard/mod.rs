//! Guided flows, as data: what is asked in which order, and the request that comes of it.
//!
//! Owns: the steps of every flow ([`ALL`], one file a flow), and one pure state machine ([`Driver`]) that walks any of them, for the
//! console and for `--plain` alike. Must not: draw, prompt, do I/O, or know a secret: a secret is a slot's number, length and verdict.
//! Next: `app` feeds the driver with keys and answers; `cli` runs it as prompts; adding a flow is one file and one line in [`ALL`].

mod answers;
mod driver;
mod field;
mod flows;
mod progress;
mod secret;
mod step;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use answers::Answers;
pub use driver::{Ask, Driver, Input, Problem, StepLine, Waiting};
pub use field::{Field, Stage, TextField};
pub use flows::ALL;
pub use progress::{Mark, RunLine, Running};
pub use secret::{AGAIN, SecretField, SecretRule, SlotState, Strength, Verdict};
pub use step::{Body, Choice, Entry, Goal, Proving, Step};

use crate::domain::{Facts, Fault, Intent};

/// A guided flow.
pub struct Wizard {
    /// Its name, as palette and tests have it: `rotate`.
    pub name: &'static str,
    /// Its title on screens: `Rotate to a new passkey`.
    pub title: &'static str,
    /// Answers to start with where it serves this intent; None where it does not.
    pub serves: fn(&Intent) -> Option<Answers>,
    /// The steps in order, given the answers so far. The driver adds what only the plan knows: typing a name to confirm, and secrets
    /// that the plan needs and no step here asks for.
    pub steps: fn(&Answers, &Facts) -> Vec<Step>,
    /// What the answers ask for. Called when the path reaches review (or, where there is none, the run).
    ///
    /// # Errors
    /// An answer that is missing or no longer right.
    pub finish: fn(&Answers, &Facts) -> Result<Goal, Fault>,
}

impl Wizard {
    /// The flow of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        ALL.iter().copied().find(|w| w.name == name)
    }

    /// The flow that serves an intent, with the answers that the intent gives.
    #[must_use]
    pub fn serving(intent: &Intent) -> Option<(&'static Self, Answers)> {
        ALL.iter().copied().find_map(|w| (w.serves)(intent).map(|answers| (w, answers)))
    }
}

impl std::fmt::Debug for Wizard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Wizard({})", self.name)
    }
}

impl PartialEq for Wizard {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}
