//! Guided flows by name: what a key, a row's menu, the palette or a next act can start beside the flows of passkeys.

use super::{PolicyName, Text};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

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

/// What is looked for when it was named, before a flow goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// A policy of the catalog.
    Policy(PolicyName),
    /// A file or folder to be sealed.
    Source(PathBuf),
    /// A file that is to be made.
    NewFile(PathBuf),
}

/// What the console lets the command line ask step by step, and shows: it may begin with nothing at all, or tells more than a screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "guided", content = "of")]
pub enum Guided {
    /// I lost everything.
    Recover,
    /// Rehearse that.
    Drill,
    /// The report of a drill, by its id.
    DrillShow(Text),
    /// Open import data.
    Import,
    /// Try a recovery kit.
    KitCheck,
    /// Every tag of an artifact; None: of all of them.
    Verify(Option<Text>),
    /// Open an artifact, by its id.
    Open(Text),
    /// What is left to be done after a leak or a leaver.
    Checklist,
    /// Try every right on a location.
    LocationCheck(Text),
}

impl Guided {
    /// The choice where nothing is there yet, in words.
    pub const LOST: &'static str = "Recover: I lost everything";
    /// That of a kit.
    pub const TRY_KIT: &'static str = "Try a recovery kit";

    /// Whether it takes the keys of the console that is unlocked. What rehearses or undoes a loss asks for the very secrets of that day.
    #[must_use]
    pub fn borrows_keys(&self) -> bool {
        !matches!(self, Self::Recover | Self::Drill | Self::KitCheck)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rehearsal_asks_for_all_that_would_be_asked_for_on_that_day() {
        let asks = [Guided::Recover, Guided::Drill, Guided::KitCheck];
        assert!(asks.iter().all(|what| !what.borrows_keys()));
        let borrow = [Guided::Verify(None), Guided::Open("ab".into()), Guided::Import, Guided::LocationCheck("nfs".into())];
        assert!(borrow.iter().all(Guided::borrows_keys));
    }
}
