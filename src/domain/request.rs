//! What can be asked for: one line an operation. Serialisable, and never with a secret in it.

use super::{Method, PasskeyName, PassphraseSource, PolicyName, Text};
use serde::{Deserialize, Serialize};

/// Make the master key, its catalog and the first passkey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Init {
    /// The installation's name.
    pub name: Text,
    /// The first passkey.
    pub passkey: PasskeyName,
    /// How it wraps.
    pub method: Method,
    /// Where its secret will be found.
    pub source: PassphraseSource,
    /// The person it belongs to.
    pub owner: Option<Text>,
}

/// Add a passkey beside the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasskeyAdd {
    /// Its name.
    pub name: PasskeyName,
    /// How it wraps.
    pub method: Method,
    /// Where its secret will be found.
    pub source: PassphraseSource,
    /// The person it belongs to.
    pub owner: Option<Text>,
    /// A remark, kept encrypted.
    pub note: Option<Text>,
    /// Put it in use once it is proved.
    pub use_now: bool,
}

/// Put a proved passkey in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasskeyUse {
    /// Which.
    pub name: PasskeyName,
}

/// Remove a passkey and its wrap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasskeyRemove {
    /// Which.
    pub name: PasskeyName,
}

/// Change over to a new passkey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotate {
    /// The new passkey.
    pub new: PasskeyName,
    /// How it wraps.
    pub method: Method,
    /// Where its secret will be found.
    pub source: PassphraseSource,
    /// The person it belongs to.
    pub owner: Option<Text>,
    /// The passkey to remove at the end; None: the old one stays.
    pub retire: Option<PasskeyName>,
}

/// Add a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyAdd {
    /// Its name.
    pub name: PolicyName,
}

/// Remove a policy from the catalog; its key comes back with its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyRemove {
    /// Which.
    pub name: PolicyName,
}

/// Everything that changes an installation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "request", content = "of")]
pub enum Request {
    /// Set up.
    Init(Init),
    /// Add a passkey.
    PasskeyAdd(PasskeyAdd),
    /// Put a passkey in use.
    PasskeyUse(PasskeyUse),
    /// Remove a passkey.
    PasskeyRemove(PasskeyRemove),
    /// Rotate.
    Rotate(Rotate),
    /// Finish the unfinished operation.
    Resume,
    /// Take the unfinished operation back.
    Abandon,
    /// Add a policy.
    PolicyAdd(PolicyAdd),
    /// Remove a policy.
    PolicyRemove(PolicyRemove),
}

impl Request {
    /// The verb as the command line and the journal have it.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Init(_) => "init",
            Self::PasskeyAdd(_) => "passkey add",
            Self::PasskeyUse(_) => "passkey use",
            Self::PasskeyRemove(_) => "passkey remove",
            Self::Rotate(_) => "rotate",
            Self::Resume => "resume",
            Self::Abandon => "abandon",
            Self::PolicyAdd(_) => "policy add",
            Self::PolicyRemove(_) => "policy remove",
        }
    }

    /// What somebody is doing who carries this out on `installation`: `rotating prod-eu1 to k10MasterKey-2`.
    #[must_use]
    pub fn doing(&self, installation: &Text) -> Text {
        Text::new(match self {
            Self::Init(_) => format!("setting up {installation}"),
            Self::PasskeyAdd(r) => format!("adding passkey {} to {}", r.name, installation),
            Self::PasskeyUse(r) => format!("putting passkey {} of {} in use", r.name, installation),
            Self::PasskeyRemove(r) => format!("removing passkey {} of {}", r.name, installation),
            Self::Rotate(r) => format!("rotating {} to {}", installation, r.new),
            Self::Resume => format!("finishing an operation on {installation}"),
            Self::Abandon => format!("taking back an operation on {installation}"),
            Self::PolicyAdd(r) => format!("adding policy {} to {}", r.name, installation),
            Self::PolicyRemove(r) => format!("removing policy {} of {}", r.name, installation),
        })
    }

    /// What fails when it fails: `cannot rotate`, `cannot add passkey ana`.
    #[must_use]
    pub fn failing(&self) -> Text {
        Text::new(match self {
            Self::Init(_) => "cannot set up".to_owned(),
            Self::PasskeyAdd(r) => format!("cannot add passkey {}", r.name),
            Self::PasskeyUse(r) => format!("cannot put passkey {} in use", r.name),
            Self::PasskeyRemove(r) => format!("cannot remove passkey {}", r.name),
            Self::Rotate(_) => "cannot rotate".to_owned(),
            Self::Resume => "cannot resume".to_owned(),
            Self::Abandon => "cannot abandon".to_owned(),
            Self::PolicyAdd(r) => format!("cannot add policy {}", r.name),
            Self::PolicyRemove(r) => format!("cannot remove policy {}", r.name),
        })
    }
}
