//! What a verb that asks step by step tells the console that shows it.

use super::{Fault, Text};

/// One thing that is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saying {
    /// A line for the person, as the command line would write it.
    Line(Text),
    /// It waits for an answer.
    Asks {
        /// The question.
        label: Text,
        /// The answer is a secret.
        secret: bool,
    },
    /// How far long work is.
    Counted(Counted),
    /// That work is over.
    CountedAll,
    /// It ended; why not well, where so.
    Ended(Result<(), Box<Fault>>),
}

/// How far long work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// So much is done.
    pub done: u64,
    /// Of so much, where that is known.
    pub total: Option<u64>,
    /// Bytes; else things.
    pub bytes: bool,
}
