//! What went wrong, in two lines a tired person understands.

use super::{Flow, Guided, PasskeyName, Text};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The kind of a fault; its number is the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Unexpected failure.
    Unexpected = 1,
    /// Wrong words on the command line, or in a file it named.
    Usage = 2,
    /// A secret is wrong or missing; no passkey opens.
    Secret = 3,
    /// Not found.
    NotFound = 4,
    /// Refused: a rule protects the user.
    Refused = 5,
    /// A service, location or cluster cannot be reached, or denies access.
    Unreachable = 6,
    /// Damaged, tampered or replaced data.
    Damaged = 7,
    /// Changed by somebody else meanwhile, or busy.
    Changed = 8,
    /// Answered, and the answer is no.
    AnswerNo = 9,
    /// Stopped by the person or a signal.
    Interrupted = 130,
}

impl Kind {
    /// The exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }
}

/// What the failed attempt left behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Changed {
    /// Nothing changed.
    Nothing,
    /// This changed, in words that follow a semicolon.
    Partly(Text),
    /// Nothing was tried, so the clause is left out.
    Unsaid,
}

/// What a console starts when Enter is pressed on an act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "intent", content = "of")]
pub enum Intent {
    /// Set up an installation.
    SetUp,
    /// Unlock.
    Unlock,
    /// Check a passkey by unwrapping with it.
    Check(PasskeyName),
    /// Add a passkey.
    Add,
    /// Put a passkey in use.
    Use(PasskeyName),
    /// Remove a passkey.
    Remove(PasskeyName),
    /// Rotate to a new passkey.
    Rotate,
    /// Finish the unfinished operation.
    Resume,
    /// Take the unfinished operation back.
    Abandon,
    /// Look at the journal.
    Journal,
    /// Look at the passkeys.
    Passkeys,
    /// Look at locations and artifacts.
    Artifacts,
    /// Look at DR and drills.
    Dr,
    /// Look at the answer to every case.
    Readiness,
    /// A flow, and what it is about where that is known.
    Flow(Flow, Option<Text>),
    /// What is asked line by line.
    Guided(Guided),
}

/// The next thing to do: said on the `next:` line, and started by Enter where there is an intent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// In words or as a command line, without `next:`.
    pub say: Text,
    /// What Enter starts.
    pub does: Option<Intent>,
}

impl Act {
    /// An act that is only said.
    pub fn say(say: impl Into<Text>) -> Self {
        Self { say: say.into(), does: None }
    }

    /// An act that begins a flow.
    pub fn flow(say: impl Into<Text>, flow: Flow, of: Option<Text>) -> Self {
        Self::start(say, Intent::Flow(flow, of))
    }

    /// An act that Enter starts.
    pub fn start(say: impl Into<Text>, does: Intent) -> Self {
        Self { say: say.into(), does: Some(does) }
    }
}

/// A failure: what was being done, why it failed, what it left behind, what to do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Its kind, and so the exit code.
    pub kind: Kind,
    /// What failed: `cannot unlock prod-eu1`, `passphrase file pass.txt not used`.
    pub doing: Text,
    /// Why.
    pub cause: Text,
    /// What it left behind.
    pub state: Changed,
    /// What to do next.
    pub next: Act,
    /// A server's own words, where one spoke.
    pub server: Option<Text>,
}

impl Fault {
    /// A fault that left nothing changed.
    pub fn new(kind: Kind, doing: impl Into<Text>, cause: impl Into<Text>, next: Act) -> Self {
        Self { kind, doing: doing.into(), cause: cause.into(), state: Changed::Nothing, next, server: None }
    }

    /// A rule that protects the user, as a fault.
    pub fn refused(doing: impl Into<Text>, cause: impl Into<Text>, next: Act) -> Self {
        Self::new(Kind::Refused, doing, cause, next)
    }

    /// The same with another account of what was left behind.
    #[must_use]
    pub fn leaving(mut self, state: Changed) -> Self {
        self.state = state;
        self
    }

    /// The first line: what failed, why, and what was left behind.
    #[must_use]
    pub fn line(&self) -> String {
        let server = self.server.as_ref().map(|s| format!(" ({s})")).unwrap_or_default();
        match &self.state {
            Changed::Nothing => format!("{}: {}{server}; nothing changed", self.doing, self.cause),
            Changed::Partly(what) => format!("{}: {}{server}; {what}", self.doing, self.cause),
            Changed::Unsaid => format!("{}: {}{server}", self.doing, self.cause),
        }
    }
}

/// Both lines.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\nnext: {}", self.line(), self.next.say)
    }
}

impl std::error::Error for Fault {}
