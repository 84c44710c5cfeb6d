//! Numbered slots of passphrases, so that one may be lent without its text being known to who asked for it.

use super::Passphrase;
use std::collections::BTreeMap;

/// Slots of secrets that were typed, generated or read. Dropping wipes them.
#[derive(Default)]
pub struct Secrets(BTreeMap<u16, Passphrase>);

impl Secrets {
    /// Empty slots.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a secret into a slot; what was there is wiped.
    pub fn put(&mut self, slot: u16, secret: Passphrase) {
        self.0.insert(slot, secret);
    }

    /// Lends the secret of a slot.
    #[must_use]
    pub fn get(&self, slot: u16) -> Option<&Passphrase> {
        self.0.get(&slot)
    }

    /// Takes the secret out of a slot.
    pub fn take(&mut self, slot: u16) -> Option<Passphrase> {
        self.0.remove(&slot)
    }

    /// The filled slots.
    pub fn slots(&self) -> impl Iterator<Item = u16> + '_ {
        self.0.keys().copied()
    }

    /// Wipes all.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}
