//! The keys while unlocked.

use crate::crypto::{Derived, Key};
use crate::domain::{PasskeyName, Prover, Timestamp};

/// The keys of an unlocked installation. Dropping wipes them.
pub struct Keys {
    pub(super) master: Key,
    pub(super) derived: Derived,
    /// The passkey that opened.
    pub by: PasskeyName,
    /// Where its secret came from.
    pub prover: Prover,
    /// When.
    pub at: Timestamp,
}

impl Keys {
    pub(super) fn new(master: Key, by: PasskeyName, prover: Prover, at: Timestamp) -> Self {
        Self { derived: Derived::from_master(&master), master, by, prover, at }
    }

    /// A second copy, said aloud.
    pub(super) fn duplicate(&self) -> Self {
        Self::new(self.master.duplicate(), self.by.clone(), self.prover.clone(), self.at)
    }
}
