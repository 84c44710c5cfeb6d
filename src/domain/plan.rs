//! What an operation will do, said before it does it.

use super::{LocationName, PasskeyName, PolicyName, Request, Text};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Number of the slot that holds a secret; its text is known only to who owns the slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Slot(pub u16);

impl Slot {
    /// What opens the installation.
    pub const UNLOCK: Self = Self(0);
    /// The secret of a passkey that is being made.
    pub const NEW: Self = Self(1);
    /// A location's secret key.
    pub const LOCATION: Self = Self(2);
    /// The DR passphrase.
    pub const DR: Self = Self(3);
    /// A new DR passphrase.
    pub const NEW_DR: Self = Self(4);
    /// The passphrase of a recovery kit.
    pub const KIT: Self = Self(5);
    /// The passphrase of import data.
    pub const IMPORT: Self = Self(6);
    /// What an operation made for the person alone: import data.
    pub const TEXT: Self = Self(7);
    /// What a verb asks for that is shown in the console.
    pub const TALK: Self = Self(8);
    /// The first of the slots for secrets of existing passkeys, one after the other.
    pub const CHECK: Self = Self(16);
}

/// What a secret is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretPurpose {
    /// To open with an existing passkey: entered once, as it is.
    Enter,
    /// For a new passkey: made (generated and typed back, typed twice, or read), with the rules for new passphrases.
    Make,
}

/// Whose secret it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "of")]
pub enum SecretOf {
    /// A passkey's passphrase.
    Passkey(PasskeyName),
    /// The secret key that a location is reached with.
    Location(LocationName),
    /// A DR passphrase, by its number.
    Dr(u64),
    /// The passphrase of a recovery kit.
    Kit,
    /// The passphrase of a policy's import data.
    Import(PolicyName),
}

impl SecretOf {
    /// The passkey, where it is a passkey's.
    #[must_use]
    pub fn passkey(&self) -> Option<&PasskeyName> {
        if let Self::Passkey(name) = self { Some(name) } else { None }
    }
}

impl fmt::Display for SecretOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passkey(name) => write!(f, "{name}"),
            Self::Location(name) => write!(f, "location {name}"),
            Self::Dr(number) => write!(f, "DR passphrase no. {number}"),
            Self::Kit => write!(f, "the recovery kit"),
            Self::Import(policy) => write!(f, "the import data of {policy}"),
        }
    }
}

/// A secret that must be there before a plan runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretNeed {
    /// Where it goes.
    pub slot: Slot,
    /// Whose it is.
    pub of: SecretOf,
    /// What it is for.
    pub purpose: SecretPurpose,
    /// The line on its envelope.
    pub envelope: Text,
    /// The flag family that supplies it: `passphrase`, `new-passphrase`, `dr-passphrase`, ...
    pub flag: Text,
}

/// A key that a plan uses, so that a begun operation copies no more than these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyNeed {
    /// The master key.
    Master,
    /// The key of catalog records.
    Metadata,
    /// The key of journal MACs.
    Journal,
    /// The key of the policy that the request seals under.
    Policy,
}

/// What may be stopped when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Risk {
    /// Stopping here loses nothing.
    SafeToStop,
    /// Stopping here leaves something to finish or abandon.
    AskBeforeStopping,
    /// Too short to stop.
    MustFinish,
}

impl Risk {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::SafeToStop => "safe to stop",
            Self::AskBeforeStopping => "ask before stopping",
            Self::MustFinish => "must finish",
        }
    }
}

/// Name of a step, unique in its operation: `wrap`, `prove`, `switch`, `retire`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepId(pub String);

impl StepId {
    /// From its name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.to_owned())
    }
}

/// A step of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepInfo {
    /// Its name.
    pub id: StepId,
    /// In words.
    pub title: Text,
    /// May it be stopped?
    pub risk: Risk,
    /// Does it destroy something?
    pub irreversible: bool,
}

/// One thing that will be different afterwards, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Change(pub Text);

/// What a person must say before it begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confirm {
    /// Nothing: it only adds.
    None,
    /// Yes (`--yes`).
    Yes,
    /// This name, typed (`--confirm NAME`).
    Type(Text),
}

/// What an operation will do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What was asked.
    pub request: Request,
    /// Its steps in order.
    pub steps: Vec<StepInfo>,
    /// What will be different.
    pub changes: Vec<Change>,
    /// What is not promised, said plainly (`Retired, not revoked. ...`).
    pub warnings: Vec<Text>,
    /// Secrets it needs.
    pub secrets: Vec<SecretNeed>,
    /// Keys it needs.
    pub keys: Vec<KeyNeed>,
    /// What a person must say first.
    pub confirm: Confirm,
}

/// A wish to stop, shared between who wishes and who works.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks for a stop at the next safe point.
    pub fn ask(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether a stop was asked for.
    #[must_use]
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
