//! What can be asked for: one line an operation. Serialisable, and never with a secret in it.

use super::{ArtifactKind, Because, LocationName, Method, PasskeyName, PassphraseSource, PolicyName, Target, Text, Timestamp};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

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
    /// So many kept archives may be left without any passkey that opens them.
    #[serde(default)]
    pub shut_archives: Option<u64>,
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
    /// Retire it although no DR archive holds the new one.
    #[serde(default)]
    pub without_archive: bool,
    /// So many kept archives may be left without any passkey that opens them.
    #[serde(default)]
    pub shut_archives: Option<u64>,
    /// Why; after a leak or a leaver there is more to do.
    #[serde(default)]
    pub because: Because,
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

/// Add a location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocationAdd {
    /// Its name.
    pub name: LocationName,
    /// Where it is.
    pub target: Target,
    /// Objects carry a policy's key id in place of its name.
    pub hide_policy_names: bool,
}

/// Forget a location; nothing in it is touched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocationForget {
    /// Which.
    pub name: LocationName,
}

/// Seal data into a location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// Under the key of this policy.
    pub policy: PolicyName,
    /// Where it goes.
    pub location: LocationName,
    /// What: paths; none: standard input.
    pub paths: Vec<PathBuf>,
    /// What it holds.
    pub kind: ArtifactKind,
    /// Its name, in place of the paths'.
    pub name: Option<Text>,
    /// A remark, kept encrypted.
    pub note: Option<Text>,
}

/// Which artifacts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "which", content = "of")]
pub enum Which {
    /// This one, by its full id.
    One(String),
    /// All of a policy.
    Policy(Text),
}

/// Copy artifacts to another location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactCopy {
    /// Which.
    pub which: Which,
    /// Where to.
    pub to: LocationName,
}

/// Remove an artifact from every location that has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactRemove {
    /// Its full id.
    pub id: String,
    /// Another instance whose artifacts may go as well, hex.
    pub instance: Option<String>,
}

/// Read a location through, and bring the index up to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rescan {
    /// Which.
    pub location: LocationName,
}

/// Remove from a location what seals that never ended left behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sweep {
    /// Which.
    pub location: LocationName,
    /// Only what is older, in seconds.
    pub older_than: u64,
    /// Another instance whose leftovers may go as well, hex.
    pub instance: Option<String>,
}

/// Export a policy's key as import data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// Which policy's.
    pub policy: PolicyName,
    /// The location that it names; None: that of the newest artifact.
    pub location: Option<LocationName>,
    /// Under a passphrase.
    pub protected: bool,
    /// A remark, which goes with it.
    pub note: Option<Text>,
}

/// Import a policy's key: what its import data says, but for the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportIn {
    /// The policy at its source.
    pub policy: PolicyName,
    /// The source, by name.
    pub installation: Text,
    /// The source's catalog id, hex.
    pub catalog_id: String,
    /// Public id of the key, hex.
    pub policy_key_id: String,
    /// The location's name at the source.
    pub location: Text,
    /// Where it is; as the import data says, or as a person says instead.
    pub target: Target,
    /// When it was exported.
    pub created_at: Timestamp,
}

/// Make a recovery kit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KitMake {
    /// For these age recipients; none: under a passphrase of its own.
    pub recipients: Vec<Text>,
    /// With the DR passphrases and the passphrase that unlocks.
    pub passphrases: bool,
    /// With the credentials that are stored for locations.
    pub credentials: bool,
    /// With the keys of these policies.
    pub policies: Vec<PolicyName>,
}

/// Begin to make DR archives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrEnable {
    /// Where they go.
    pub locations: Vec<LocationName>,
}

/// Make a DR archive in every location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrArchive {
    /// Only where there are changes that no archive has.
    pub if_needed: bool,
}

/// Change the DR passphrase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrChange {
    /// Remove the archives that open with older ones.
    pub prune_old: bool,
}

/// Remove old archives; never the three newest proved ones of a location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrPrune {
    /// Only what is older.
    pub before: Timestamp,
    /// Another instance whose archives may go as well, hex.
    pub instance: Option<String>,
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
    /// Add a location.
    LocationAdd(LocationAdd),
    /// Forget a location.
    LocationForget(LocationForget),
    /// Seal data.
    Seal(Seal),
    /// Copy artifacts.
    ArtifactCopy(ArtifactCopy),
    /// Remove an artifact.
    ArtifactRemove(ArtifactRemove),
    /// Read a location through.
    Rescan(Rescan),
    /// Remove leftovers.
    Sweep(Sweep),
    /// Export a policy's key.
    Export(Export),
    /// Begin to make DR archives.
    DrEnable(DrEnable),
    /// Make a DR archive.
    DrArchive(DrArchive),
    /// Change the DR passphrase.
    DrChange(DrChange),
    /// Remove old archives.
    DrPrune(DrPrune),
    /// Own what was restored.
    DrTakeOver,
    /// Make no more archives.
    DrDisable,
    /// Import a policy's key.
    Import(ImportIn),
    /// Make a recovery kit.
    KitMake(KitMake),
}

impl Request {
    /// Whether it must be the only operation: it takes the operation lock, and nothing may be unfinished. What only adds objects, or reads,
    /// runs beside anything.
    #[must_use]
    pub fn exclusive(&self) -> bool {
        !matches!(self, Self::Seal(_) | Self::ArtifactCopy(_) | Self::Rescan(_))
    }

    /// Whether a DR archive is due once it is done.
    #[must_use]
    pub fn wants_archive(&self) -> bool {
        matches!(
            self,
            Self::PasskeyAdd(_)
                | Self::PasskeyUse(_)
                | Self::PasskeyRemove(_)
                | Self::Rotate(_)
                | Self::Resume
                | Self::Abandon
                | Self::PolicyAdd(_)
                | Self::PolicyRemove(_)
                | Self::LocationAdd(_)
                | Self::LocationForget(_)
                | Self::Export(_)
                | Self::Import(_)
                | Self::KitMake(_)
                | Self::DrTakeOver
        )
    }

    /// The policy under whose key it seals.
    #[must_use]
    pub fn seals_under(&self) -> Option<&PolicyName> {
        if let Self::Seal(seal) = self { Some(&seal.policy) } else { None }
    }

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
            Self::LocationAdd(_) => "location add",
            Self::LocationForget(_) => "location forget",
            Self::Seal(_) => "artifact seal",
            Self::ArtifactCopy(_) => "artifact copy",
            Self::ArtifactRemove(_) => "artifact remove",
            Self::Rescan(_) => "artifact rescan",
            Self::Sweep(_) => "artifact sweep",
            Self::Export(_) => "migration export",
            Self::DrEnable(_) => "dr enable",
            Self::DrArchive(_) => "dr archive",
            Self::DrChange(_) => "dr change-passphrase",
            Self::DrPrune(_) => "dr prune",
            Self::DrTakeOver => "dr take-over",
            Self::DrDisable => "dr disable",
            Self::Import(_) => "migration import",
            Self::KitMake(_) => "kit make",
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
            Self::LocationAdd(r) => format!("adding location {} to {}", r.name, installation),
            Self::LocationForget(r) => format!("forgetting location {} of {}", r.name, installation),
            Self::Seal(r) => format!("sealing into {}", r.location),
            Self::ArtifactCopy(r) => format!("copying artifacts to {}", r.to),
            Self::ArtifactRemove(r) => format!("removing artifact {}", r.id),
            Self::Rescan(r) => format!("reading {} through", r.location),
            Self::Sweep(r) => format!("sweeping {}", r.location),
            Self::Export(r) => format!("exporting the key of {}", r.policy),
            Self::DrEnable(_) => format!("setting up DR of {installation}"),
            Self::DrArchive(_) => format!("archiving {installation}"),
            Self::DrChange(_) => format!("changing the DR passphrase of {installation}"),
            Self::DrPrune(_) => format!("pruning the DR archives of {installation}"),
            Self::DrTakeOver => format!("taking {installation} over"),
            Self::DrDisable => format!("turning DR of {installation} off"),
            Self::Import(r) => format!("importing the key of {}", r.policy),
            Self::KitMake(_) => format!("making a recovery kit of {installation}"),
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
            Self::LocationAdd(r) => format!("cannot add location {}", r.name),
            Self::LocationForget(r) => format!("cannot forget location {}", r.name),
            Self::Seal(r) => format!("cannot seal into {}", r.location),
            Self::ArtifactCopy(r) => format!("cannot copy to {}", r.to),
            Self::ArtifactRemove(r) => format!("cannot remove artifact {}", r.id.get(..12).unwrap_or(&r.id)),
            Self::Rescan(r) => format!("cannot rescan {}", r.location),
            Self::Sweep(r) => format!("cannot sweep {}", r.location),
            Self::Export(r) => format!("cannot export the key of {}", r.policy),
            Self::DrEnable(_) => "cannot set up DR".to_owned(),
            Self::DrArchive(_) => "no DR archive made".to_owned(),
            Self::DrChange(_) => "DR passphrase not changed".to_owned(),
            Self::DrPrune(_) => "DR archives not pruned".to_owned(),
            Self::DrTakeOver => "not taken over".to_owned(),
            Self::DrDisable => "DR not turned off".to_owned(),
            Self::Import(r) => format!("cannot import the key of {}", r.policy),
            Self::KitMake(_) => "no recovery kit made".to_owned(),
        })
    }
}
