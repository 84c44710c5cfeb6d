//! Guided flows by name: what a key, a row's menu, the palette or a next act can start beside the flows of passkeys.

use serde::{Deserialize, Serialize};

/// A flow of the console; some are about one thing, which an [`super::Intent`] names beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flow {
    /// Add a policy.
    PolicyAdd,
    /// Remove a policy.
    PolicyRemove,
    /// Add a location.
    LocationAdd,
    /// Forget a location.
    LocationForget,
    /// Read a location through.
    Rescan,
    /// Remove what seals that never ended left in a location.
    Sweep,
    /// Seal data.
    Seal,
    /// Copy an artifact, or all of a policy.
    Copy,
    /// Remove an artifact.
    ArtifactRemove,
    /// Export a policy's key.
    Export,
    /// Set DR up.
    DrEnable,
    /// Check the DR passphrase by typing it.
    DrCheck,
    /// Archive now.
    DrArchive,
    /// Change the DR passphrase.
    DrChange,
    /// Remove old archives.
    DrPrune,
    /// Own what was restored.
    DrTakeOver,
    /// Make no more archives.
    DrDisable,
    /// Make a recovery kit.
    KitMake,
}

/// What is asked line by line, outside of the console, because it may begin with nothing at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Guided {
    /// I lost everything.
    Recover,
    /// Rehearse that.
    Drill,
    /// Open import data.
    Import,
    /// Try a recovery kit.
    KitCheck,
}
