//! The slots of secrets: what was typed, pasted, generated or read.
//!
//! Owns: their text. Must not: give it to anybody but an operation that needs it, and the view of a focused field for one frame. The
//! console's state hears of a slot's length and verdict only.

use crate::app::SecretEdit;
use crate::crypto::{Passphrase, PassphraseError, Secrets, Slip, Words, complete, scrub_stack};
use crate::domain::Slot;
use crate::wizard::{SecretRule, SlotState, Strength, Verdict};
use std::collections::{BTreeMap, BTreeSet};
use zeroize::{Zeroize, Zeroizing};

/// The longest that can be typed, in bytes: room from the start, so that the text never moves.
const LONGEST: usize = 4096;

/// The slots of one console. Dropping wipes them.
#[derive(Default)]
pub struct Slots {
    typed: BTreeMap<Slot, Zeroizing<Vec<u8>>>,
    whole: Secrets,
    /// Those that no person had to know: they lie in a file.
    filed: BTreeSet<Slot>,
}

impl Slots {
    /// Slots that already hold these.
    #[must_use]
    pub fn with(whole: Secrets) -> Self {
        Self { whole, ..Self::default() }
    }

    /// Edits what is typed into a slot.
    pub fn edit(&mut self, slot: Slot, rule: SecretRule, edit: SecretEdit) -> SlotState {
        let text = self.text(slot);
        match edit {
            SecretEdit::Push(c) => {
                let mut bytes = [0; 4];
                append(text, c.encode_utf8(&mut bytes).as_bytes());
                bytes.zeroize();
            }
            SecretEdit::Pop => {
                let start = text.iter().rposition(|b| b & 0xc0 != 0x80).unwrap_or(0);
                cut(text, start);
            }
            SecretEdit::PopWord => {
                let end = text.iter().rposition(|b| *b != b' ').map_or(0, |at| at + 1);
                let start = text[..end].iter().rposition(|b| *b == b' ').map_or(0, |at| at + 1);
                cut(text, start);
            }
            SecretEdit::Clear => cut(text, 0),
            SecretEdit::Complete => complete_last(text),
        }
        self.state(slot, rule)
    }

    /// Appends a paste. One of several lines is put into canonical form: one line.
    pub fn paste(&mut self, slot: Slot, rule: SecretRule, bytes: &[u8]) -> SlotState {
        let lines = bytes.trim_ascii_end().contains(&b'\n') || bytes.contains(&b'\r');
        let canonical = if lines { Passphrase::entered(bytes).ok() } else { None };
        append(self.text(slot), canonical.as_ref().map_or(bytes.trim_ascii_end(), Passphrase::expose));
        self.state(slot, rule)
    }

    /// Puts a new passphrase of twelve words into a slot.
    pub fn generate(&mut self, slot: Slot) -> SlotState {
        self.put(slot, Passphrase::generate(), SecretRule::Made)
    }

    /// Puts a secret into a slot; what was there is wiped.
    pub fn put(&mut self, slot: Slot, secret: Passphrase, rule: SecretRule) -> SlotState {
        self.wipe(slot);
        self.whole.put(slot.0, secret);
        self.state(slot, rule)
    }

    /// Notes that the secret in a slot was read from a file, or written to one.
    pub fn note_file(&mut self, slot: Slot) {
        self.filed.insert(slot);
    }

    /// Whether the secret in a slot was read from a file, or written to one.
    #[must_use]
    pub fn is_filed(&self, slot: Slot) -> bool {
        self.filed.contains(&slot)
    }

    /// Puts a text that is no passphrase into a slot, as it is; of it only the length is told.
    pub fn put_text(&mut self, slot: Slot, bytes: &[u8]) -> SlotState {
        self.wipe(slot);
        let mut text = Zeroizing::new(Vec::with_capacity(bytes.len()));
        text.extend_from_slice(bytes);
        self.typed.insert(slot, text);
        SlotState { len: bytes.len(), ..SlotState::default() }
    }

    /// What may be told of a slot.
    #[must_use]
    pub fn state(&self, slot: Slot, rule: SecretRule) -> SlotState {
        let bytes = self.lend(slot);
        let len = std::str::from_utf8(bytes).map_or(bytes.len(), |text| text.chars().count());
        let completions = u16::try_from(completions(bytes).len()).unwrap_or(u16::MAX);
        let verdict = self.verdict(bytes, rule);
        scrub_stack();
        SlotState { len, verdict, completions }
    }

    /// The text of a slot, for one frame.
    #[must_use]
    pub fn lend(&self, slot: Slot) -> &[u8] {
        match (self.typed.get(&slot), self.whole.get(slot.0)) {
            (Some(text), _) => text,
            (None, Some(secret)) => secret.expose(),
            (None, None) => &[],
        }
    }

    /// Whether a person typed or pasted it here.
    #[must_use]
    pub fn is_typed(&self, slot: Slot) -> bool {
        self.typed.contains_key(&slot)
    }

    /// A second copy of the secret in a slot, in canonical form; None where there is none.
    #[must_use]
    pub fn secret(&self, slot: Slot) -> Option<Passphrase> {
        match self.typed.get(&slot) {
            Some(text) => Passphrase::entered(text).ok(),
            None => self.whole.get(slot.0).map(Passphrase::duplicate),
        }
    }

    /// Moves the secrets of these slots out, for an operation.
    pub fn take(&mut self, slots: impl IntoIterator<Item = Slot>) -> Secrets {
        let mut taken = Secrets::new();
        for slot in slots {
            if let Some(secret) = self.secret(slot) {
                taken.put(slot.0, secret);
            }
            self.wipe(slot);
        }
        taken
    }

    /// Wipes a slot.
    pub fn wipe(&mut self, slot: Slot) {
        self.typed.remove(&slot);
        self.whole.take(slot.0);
        self.filed.remove(&slot);
    }

    /// Wipes all.
    pub fn wipe_all(&mut self) {
        self.typed.clear();
        self.whole.clear();
        self.filed.clear();
        scrub_stack();
    }

    fn text(&mut self, slot: Slot) -> &mut Zeroizing<Vec<u8>> {
        self.whole.take(slot.0);
        self.filed.remove(&slot);
        self.typed.entry(slot).or_insert_with(|| Zeroizing::new(Vec::with_capacity(LONGEST)))
    }

    fn verdict(&self, bytes: &[u8], rule: SecretRule) -> Verdict {
        let Ok(entered) = Passphrase::entered(bytes) else { return Verdict::Empty };
        if let SecretRule::Repeats(first) = rule {
            return match self.secret(first) {
                Some(first) if first.same(&entered) => Verdict::Good { words: None },
                Some(first) => Verdict::Mismatch { word: differs(first.expose(), entered.expose()) },
                None => Verdict::Mismatch { word: None },
            };
        }
        if rule == SecretRule::Made {
            match Passphrase::made(bytes) {
                Err(PassphraseError::TooLong) => return Verdict::TooLong,
                Err(PassphraseError::Control) => return Verdict::Control,
                Err(PassphraseError::Unassigned) => return Verdict::Unassigned,
                Err(PassphraseError::NotText) => return Verdict::NotText,
                Err(PassphraseError::Empty) => return Verdict::Empty,
                Ok(made) => {
                    if let Some(words) = Words::of(bytes).filter(|words| words.slip().is_none() && words.unreadable().is_empty()) {
                        return Verdict::Good { words: u8::try_from(words.count()).ok() };
                    }
                    return Verdict::Own(Strength::of(made.guesses_log10()));
                }
            }
        }
        let Some(words) = Words::of(bytes) else { return Verdict::Good { words: None } };
        match (words.unreadable().len(), words.slip()) {
            (n, _) if n > 0 => Verdict::Unreadable(n),
            (_, Some(Slip::NotInList(place))) => Verdict::NotInList(place),
            (_, Some(Slip::CheckBits)) => Verdict::CheckBits,
            (_, Some(Slip::Count(count))) => Verdict::Count(count),
            (_, None) => Verdict::Good { words: u8::try_from(words.count()).ok() },
        }
    }
}

fn append(text: &mut Vec<u8>, bytes: &[u8]) {
    if text.len() + bytes.len() <= LONGEST {
        text.extend_from_slice(bytes);
    }
}

fn cut(text: &mut Vec<u8>, length: usize) {
    text[length..].zeroize();
    text.truncate(length);
}

/// The beginning of the word that is being typed; None between words.
fn beginning(text: &[u8]) -> Option<&str> {
    let start = text.iter().rposition(u8::is_ascii_whitespace).map_or(0, |at| at + 1);
    std::str::from_utf8(&text[start..]).ok().filter(|word| !word.is_empty())
}

fn completions(text: &[u8]) -> Vec<&'static str> {
    beginning(text).map_or_else(Vec::new, |word| complete(word, 300))
}

/// Completes as far as all candidates agree; a whole word gets its space.
fn complete_last(text: &mut Vec<u8>) {
    let found = completions(text);
    let (Some(word), Some(first)) = (beginning(text), found.first()) else { return };
    let common = found.iter().fold(first.len(), |n, other| n.min(first.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count()));
    let rest = first.get(word.len()..common).unwrap_or_default();
    append(text, rest.as_bytes());
    if found.len() == 1 {
        append(text, b" ");
    }
}

/// The place (from 1) of the first finished word that differs; None while what is there may still become the same.
fn differs(first: &[u8], again: &[u8]) -> Option<usize> {
    if first.starts_with(again) {
        return None;
    }
    let (mut left, mut right) = (first.split(|b| *b == b' '), again.split(|b| *b == b' '));
    let place = (1..).zip(&mut left).find_map(|(place, word)| (right.next() != Some(word)).then_some(place));
    place.filter(|_| first.contains(&b' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOT: Slot = Slot::UNLOCK;
    const RULE: SecretRule = SecretRule::Entered;
    const TWELVE: &str = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";

    fn type_in(slots: &mut Slots, slot: Slot, rule: SecretRule, text: &str) -> SlotState {
        let mut state = SlotState::default();
        for c in text.chars() {
            state = slots.edit(slot, rule, SecretEdit::Push(c));
        }
        state
    }

    #[test]
    fn typing_is_edited_like_a_line() {
        let mut slots = Slots::default();
        assert_eq!(type_in(&mut slots, SLOT, RULE, "grün wald").len, 9);
        slots.edit(SLOT, RULE, SecretEdit::PopWord);
        assert_eq!(slots.lend(SLOT), "grün ".as_bytes());
        slots.edit(SLOT, RULE, SecretEdit::Pop);
        slots.edit(SLOT, RULE, SecretEdit::Pop);
        assert_eq!(slots.edit(SLOT, RULE, SecretEdit::Pop).len, 2);
        assert_eq!(slots.edit(SLOT, RULE, SecretEdit::Clear), SlotState::default());
    }

    #[test]
    fn verdicts_hint_without_refusing() {
        let mut slots = Slots::default();
        let mut of = |text: &str| {
            slots.wipe(SLOT);
            type_in(&mut slots, SLOT, RULE, text).verdict
        };
        assert_eq!(of("x"), Verdict::Good { words: None });
        assert_eq!(of(TWELVE), Verdict::Good { words: Some(12) });
        assert_eq!(of(&TWELVE.replace("about", "abandon")), Verdict::CheckBits);
        assert_eq!(of(&TWELVE.replace("about", "?")), Verdict::Unreadable(1));
        assert_eq!(of(&TWELVE.replace("about", "abuot")), Verdict::NotInList(12));
    }

    #[test]
    fn words_complete_where_the_list_leaves_no_choice() {
        let mut slots = Slots::default();
        assert_eq!(type_in(&mut slots, SLOT, RULE, "aban").completions, 1);
        slots.edit(SLOT, RULE, SecretEdit::Complete);
        assert_eq!(slots.lend(SLOT), b"abandon ");
        type_in(&mut slots, SLOT, RULE, "zz");
        slots.edit(SLOT, RULE, SecretEdit::Complete);
        assert_eq!(slots.lend(SLOT), b"abandon zz");
    }

    #[test]
    fn a_paste_of_lines_becomes_one_line_and_is_not_submitted() {
        let mut slots = Slots::default();
        let lines = TWELVE.replace(' ', "\r\n") + "\n";
        assert_eq!(slots.paste(SLOT, RULE, lines.as_bytes()).verdict, Verdict::Good { words: Some(12) });
        assert_eq!(slots.lend(SLOT), TWELVE.as_bytes());
    }

    #[test]
    fn typing_back_names_the_word_that_differs() {
        let mut slots = Slots::default();
        let again = SecretRule::Repeats(Slot::NEW);
        slots.put(Slot::NEW, Passphrase::entered(TWELVE.as_bytes()).unwrap(), SecretRule::Made);
        assert_eq!(type_in(&mut slots, SLOT, again, "abandon aban").verdict, Verdict::Mismatch { word: None });
        assert_eq!(type_in(&mut slots, SLOT, again, "x abandon").verdict, Verdict::Mismatch { word: Some(2) });
        slots.edit(SLOT, again, SecretEdit::Clear);
        assert_eq!(type_in(&mut slots, SLOT, again, TWELVE).verdict, Verdict::Good { words: None });
        let taken = slots.take([Slot::NEW]);
        assert_eq!(taken.get(Slot::NEW.0).unwrap().expose(), TWELVE.as_bytes());
        assert!(slots.secret(Slot::NEW).is_none(), "taken means gone");
    }
}
