//! What an operation tells while it runs: one stream for the console, the command line and the journal.

use super::{Act, Fault, Plan, StepId, Text, Timestamp};
use serde::{Deserialize, Serialize};

/// Something that happened in a running operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
#[allow(clippy::large_enum_variant, reason = "one beginning an operation, told by reference")]
pub enum Event {
    /// It began, with this plan.
    Started {
        /// The operation's id, hex.
        operation: String,
        /// What it will do.
        plan: Plan,
    },
    /// A step began.
    StepStarted {
        /// Which.
        step: StepId,
    },
    /// A step goes on.
    Progress {
        /// Which.
        step: StepId,
        /// Units done.
        done: u64,
        /// Units in all, where known.
        total: Option<u64>,
    },
    /// A step is done, and its result is durable.
    StepDone {
        /// Which.
        step: StepId,
        /// Its result in words.
        result: Text,
    },
    /// A step failed.
    StepFailed {
        /// Which.
        step: StepId,
        /// Why.
        fault: Fault,
    },
    /// It ended.
    Finished {
        /// What came of it.
        receipt: Receipt,
    },
}

/// What came of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The operation's id, hex.
    pub operation: String,
    /// Its verb.
    pub verb: Text,
    /// The installation, `prod-eu1 (7f3a)`.
    pub installation: Text,
    /// When it ended.
    pub at: Timestamp,
    /// The last journal entry it wrote.
    pub journal: u64,
    /// What is different now, line by line.
    pub lines: Vec<Text>,
    /// What to do next, most important first.
    pub next: Vec<Act>,
}
