//! Passphrases in canonical form.
//!
//! One function for prompt, file, descriptor and Secret: bytes that are not UTF-8 stay as they are; else NFKC, then the four white
//! spaces off both ends, then, if they are twelve words of the list with right check bits, those words joined by one space. A list
//! number is digits followed by `.` or `)` at the start of a word or standing alone (`7. abandon`, `7.abandon`).

use super::memory::scrubbed;
use super::wordlist::{canonical_words, generate_words, is_space, nfkc};
use subtle::ConstantTimeEq;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
use zeroize::Zeroizing;

/// The longest passphrase that is made, in bytes of its canonical form.
const LONGEST: usize = 1024;

/// A passphrase in canonical form (see `crypto.md`, Passphrases), wiped on drop. No Debug, no Clone.
pub struct Passphrase(Zeroizing<Vec<u8>>);

/// Why bytes are not taken as a passphrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PassphraseError {
    /// Nothing is left of it.
    #[error("it is empty")]
    Empty,
    /// More than 1024 bytes (only when made).
    #[error("it has more than 1024 bytes")]
    TooLong,
    /// Control characters (only when made).
    #[error("it holds a control character")]
    Control,
    /// Unassigned code points (only when made).
    #[error("it holds a character that Unicode has not assigned")]
    Unassigned,
    /// Not valid UTF-8 (only when made).
    #[error("it is not UTF-8 text")]
    NotText,
}

impl Passphrase {
    /// What a person or file gave to open with: canonical form, refused only when empty.
    ///
    /// # Errors
    /// [`PassphraseError::Empty`].
    pub fn entered(raw: &[u8]) -> Result<Self, PassphraseError> {
        let canonical = scrubbed(|| canonical(raw));
        if canonical.is_empty() { Err(PassphraseError::Empty) } else { Ok(Self(canonical)) }
    }

    /// What is to become a new passkey's passphrase: canonical form, with the rules for new ones.
    ///
    /// # Errors
    /// Any [`PassphraseError`].
    pub fn made(raw: &[u8]) -> Result<Self, PassphraseError> {
        let made = Self::entered(raw)?;
        if made.len() > LONGEST {
            return Err(PassphraseError::TooLong);
        }
        let text = std::str::from_utf8(&made.0).map_err(|_| PassphraseError::NotText)?;
        if text.chars().any(char::is_control) {
            return Err(PassphraseError::Control);
        }
        if text.chars().any(|c| c.general_category() == GeneralCategory::Unassigned) {
            return Err(PassphraseError::Unassigned);
        }
        Ok(made)
    }

    /// Twelve BIP-39 English words: 128 random bits and 4 check bits.
    #[must_use]
    pub fn generate() -> Self {
        Self(scrubbed(generate_words))
    }

    /// From bytes that are canonical by construction.
    pub(super) fn canonical(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    /// The canonical bytes, lent.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// A second copy, said aloud.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }

    /// Equality in constant time (lengths may show).
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        self.0.as_slice().ct_eq(other.0.as_slice()).into()
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// About how many guesses a clever program needs for it, as a power of ten (zxcvbn, Wheeler 2016); of twelve generated words 38, which is
    /// what they are. Bytes that are no text count as they are.
    #[must_use]
    pub fn guesses_log10(&self) -> u32 {
        const GENERATED: u32 = 38;
        let Ok(text) = std::str::from_utf8(&self.0) else { return GENERATED.min(u32::try_from(self.len()).unwrap_or(GENERATED) * 2) };
        if super::Words::of(&self.0).is_some_and(|words| words.count() == 12 && words.slip().is_none()) {
            return GENERATED;
        }
        let power = scrubbed(|| zxcvbn::zxcvbn(text, &[]).guesses_log10());
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and some hundreds")]
        let power = power.clamp(0.0, 1000.0) as u32;
        power
    }

    /// Never: an empty one is refused.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn canonical(raw: &[u8]) -> Zeroizing<Vec<u8>> {
    let Ok(text) = std::str::from_utf8(raw) else { return Zeroizing::new(raw.to_vec()) };
    let text = nfkc(text);
    let stripped = text.trim_matches(is_space);
    canonical_words(stripped).unwrap_or_else(|| Zeroizing::new(stripped.as_bytes().to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWELVE: &str = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";

    fn entered(raw: impl AsRef<[u8]>) -> Vec<u8> {
        Passphrase::entered(raw.as_ref()).unwrap().expose().to_vec()
    }

    #[test]
    fn twelve_words_in_any_dress() {
        let upper = TWELVE.to_uppercase();
        let dress = |open: &str, close: &str, end: &str| {
            let each = TWELVE.split(' ').enumerate().map(|(i, word)| format!("{open}{}{close}{word}{end}", i + 1));
            each.collect::<Vec<_>>().concat()
        };
        let (numbered, glued) = (dress("", ". ", "\r\n"), dress(" ", ")", "\t"));
        let wide: String =
            TWELVE.chars().map(|c| if c.is_ascii_lowercase() { char::from_u32(c as u32 + 0xfee0).unwrap() } else { c }).collect();
        for dressed in [TWELVE, &upper, &numbered, &glued, &wide, &TWELVE.replace(' ', "  \n"), &TWELVE.replace(' ', "\u{a0}")] {
            assert_eq!(entered(dressed), TWELVE.as_bytes(), "{dressed}");
        }
        let wrong = TWELVE.replace("about", "abandon");
        assert_eq!(entered(format!(" {}\n", wrong.to_uppercase())), wrong.to_uppercase().as_bytes(), "wrong check bits: left as typed");
    }

    #[test]
    fn rules_for_new_ones() {
        let error = |raw: &[u8]| Passphrase::made(raw).err();
        assert_eq!(error(b""), Some(PassphraseError::Empty));
        assert_eq!(error(b" \r\n\t"), Some(PassphraseError::Empty));
        assert_eq!(error(&[b'x'; 1025]), Some(PassphraseError::TooLong));
        assert_eq!(error(&[b'x'; 1024]), None);
        assert_eq!(error(b"a\nb"), Some(PassphraseError::Control));
        assert_eq!(error("a\u{85}b".as_bytes()), Some(PassphraseError::Control));
        assert_eq!(error("a\u{378}".as_bytes()), Some(PassphraseError::Unassigned));
        assert_eq!(error("a\u{10ffff}".as_bytes()), Some(PassphraseError::Unassigned));
        assert_eq!(error(b"\xff\xfe"), Some(PassphraseError::NotText));
        assert_eq!(error("Straße 12 \u{1f511}".as_bytes()), None);
        assert_eq!(Passphrase::entered(b"a\nb").unwrap().expose(), b"a\nb", "what exists may still be entered");
        assert_eq!(Passphrase::entered(b" \xff ").unwrap().expose(), b" \xff ", "not UTF-8: as it is");
    }

    #[test]
    fn generated_ones_are_canonical_and_differ() {
        let (a, b) = (Passphrase::generate(), Passphrase::generate());
        assert!(!a.same(&b));
        for one in [a, b] {
            assert_eq!(one.expose().split(|b| *b == b' ').count(), 12);
            assert_eq!(entered(one.expose().to_ascii_uppercase()), one.expose(), "its check bits are right");
            assert!(Passphrase::made(one.expose()).is_ok_and(|again| again.same(&one)));
        }
    }

    #[test]
    fn guesses_are_counted_as_a_clever_program_makes_them() {
        let guesses = |text: &str| Passphrase::made(text.as_bytes()).unwrap().guesses_log10();
        assert_eq!(guesses(TWELVE), 38, "twelve words with right check bits count as generated");
        assert_eq!(Passphrase::generate().guesses_log10(), 38);
        let weak = ["password", "Passw0rd!", "qwertyuiop1234", "aaaaaaaaaaaaaaaa", "summer2026summer2026"];
        for text in weak {
            assert!(guesses(text) < 8, "{text}: {}", guesses(text));
        }
        assert!(guesses("wet-ladder-behind-the-barn-0002") >= 15);
        assert!(guesses(&"x7$Qm ".repeat(150)) < 38, "what repeats is not endless");
        assert!(Passphrase::entered(&[0xff; 32]).unwrap().guesses_log10() > 30, "bytes that are no text");
    }
}
