//! The slots of secrets that a flow fills, and what each is worth.

use crate::crypto::{Passphrase, PassphraseError, Secrets, Slip, Words};
use crate::domain::{Prover, Slot};
use crate::wizard::{SecretRule, SlotState, Strength, Verdict};

/// Secrets of a flow, and where the new ones came from.
#[derive(Default)]
pub struct Slots {
    secrets: Secrets,
    /// Where a new secret came from, if not from a person.
    pub by: Option<Prover>,
}

impl Slots {
    /// Puts what was typed into a slot; what it is worth by the rule.
    pub fn typed(&mut self, slot: Slot, rule: SecretRule, bytes: &[u8]) -> SlotState {
        let len = String::from_utf8_lossy(bytes).chars().count();
        let verdict = match rule {
            SecretRule::Repeats(first) => self.repeats(first, bytes),
            SecretRule::Made => match Passphrase::made(bytes) {
                Ok(secret) => self.keep(slot, secret, bytes, false),
                Err(e) => refused(e),
            },
            SecretRule::Entered => match Passphrase::entered(bytes) {
                Ok(secret) => self.keep(slot, secret, bytes, true),
                Err(e) => refused(e),
            },
        };
        SlotState { len, verdict, completions: 0 }
    }

    /// Puts a secret into a slot.
    pub fn put(&mut self, slot: Slot, secret: Passphrase) -> SlotState {
        let len = secret.len();
        self.secrets.put(slot.0, secret);
        SlotState { len, verdict: Verdict::Good { words: None }, completions: 0 }
    }

    /// A second copy of what is in a slot.
    pub fn copy(&self, slot: Slot) -> Option<Passphrase> {
        self.secrets.get(slot.0).map(Passphrase::duplicate)
    }

    /// Wipes a slot.
    pub fn wipe(&mut self, slot: Slot) {
        drop(self.secrets.take(slot.0));
    }

    /// All of them, for an operation that is about to run.
    pub fn hand_over(&mut self) -> Secrets {
        std::mem::take(&mut self.secrets)
    }

    fn keep(&mut self, slot: Slot, secret: Passphrase, bytes: &[u8], hints: bool) -> Verdict {
        let own = (!hints).then(|| secret.guesses_log10());
        self.secrets.put(slot.0, secret);
        let own = own.map_or(Verdict::Good { words: None }, |power| Verdict::Own(Strength::of(power)));
        let Some(words) = Words::of(bytes) else { return own };
        match words.slip() {
            None if words.unreadable().is_empty() => Verdict::Good { words: Some(12) },
            None => Verdict::Unreadable(words.unreadable().len()),
            Some(_) if !hints => own,
            Some(Slip::NotInList(place)) => Verdict::NotInList(place),
            Some(Slip::CheckBits) => Verdict::CheckBits,
            Some(Slip::Count(count)) => Verdict::Count(count),
        }
    }

    fn repeats(&self, first: Slot, bytes: &[u8]) -> Verdict {
        let again = Passphrase::entered(bytes);
        match (self.secrets.get(first.0), again) {
            (Some(first), Ok(again)) if first.same(&again) => Verdict::Good { words: None },
            (_, Err(PassphraseError::Empty)) => Verdict::Empty,
            _ => Verdict::Mismatch { word: None },
        }
    }
}

fn refused(error: PassphraseError) -> Verdict {
    match error {
        PassphraseError::Empty => Verdict::Empty,
        PassphraseError::TooLong => Verdict::TooLong,
        PassphraseError::Control => Verdict::Control,
        PassphraseError::Unassigned => Verdict::Unassigned,
        PassphraseError::NotText => Verdict::NotText,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_typing_must_be_the_first() {
        let mut slots = Slots::default();
        assert_eq!(slots.typed(Slot::NEW, SecretRule::Made, b"correct horse").verdict, Verdict::Own(Strength::Fair));
        let again = |slots: &mut Slots, text: &[u8]| slots.typed(crate::wizard::AGAIN, SecretRule::Repeats(Slot::NEW), text).verdict;
        assert_eq!(again(&mut slots, b"correct horse "), Verdict::Good { words: None });
        assert_eq!(again(&mut slots, b"correct house"), Verdict::Mismatch { word: None });
        assert_eq!(again(&mut slots, b""), Verdict::Empty);
        assert_eq!(slots.typed(Slot::NEW, SecretRule::Made, b"a\x07b").verdict, Verdict::Control);
    }
}
