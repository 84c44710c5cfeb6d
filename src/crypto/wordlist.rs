//! The word list: BIP-39's English one, twelve words of it with their check bits, and the text rules by which words are read.
//!
//! Owns: the list's order and arithmetic. Must not: know a passphrase. Next: `passphrase` owns the canonical form, `words` the hints.

use super::{hash, random};
use unicode_normalization::UnicodeNormalization;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Words in a passphrase of the list.
pub const TWELVE: usize = 12;
/// Words in the list.
pub const LIST: u16 = 2048;

/// Words of the list that begin with `prefix`, at most `most`.
#[must_use]
pub fn complete(prefix: &str, most: usize) -> Vec<&'static str> {
    let prefix = prefix.to_ascii_lowercase();
    list().iter().copied().filter(|word| word.starts_with(&prefix)).take(most).collect()
}

/// The words of the list nearest to `word` by edit distance, at most `most`.
#[must_use]
pub fn near(word: &str, most: usize) -> Vec<&'static str> {
    let word = Zeroizing::new(word.to_ascii_lowercase());
    let mut ranked: Vec<(usize, &'static str)> = list().iter().map(|known| (distance(&word, known), *known)).collect();
    ranked.sort_unstable();
    ranked.into_iter().take(most).map(|(_, known)| known).collect()
}

/// Step 3 of the canonical form: the twelve words joined by one space, if they are that, with right check bits.
pub fn canonical_words(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let lowered = Zeroizing::new(text.to_ascii_lowercase());
    Chosen::of(tokens(&lowered), None).filter(Chosen::checks).map(|chosen| chosen.text())
}

/// Twelve random words with right check bits.
pub fn generate_words() -> Zeroizing<Vec<u8>> {
    let mut entropy = Zeroizing::new([0; 17]);
    random(&mut entropy[..16]);
    entropy[16] = check_bits(&entropy[..16]);
    let mut chosen = Chosen([0; TWELVE]);
    for (at, word) in chosen.0.iter_mut().enumerate() {
        *word = (at * 11..at * 11 + 11).fold(0, |word, bit| word << 1 | u16::from(entropy[bit / 8] >> (7 - bit % 8) & 1));
    }
    chosen.text()
}

/// Twelve places in the list; secret.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Chosen([u16; TWELVE]);

impl Chosen {
    /// These words, if there are twelve and all are in the list; the one at `gap` is left at the list's first.
    pub fn of<'a>(words: impl Iterator<Item = &'a str>, gap: Option<usize>) -> Option<Self> {
        let mut chosen = Self([0; TWELVE]);
        let mut count = 0;
        for word in words {
            let slot = chosen.0.get_mut(count)?;
            if gap != Some(count) {
                *slot = index(word)?;
            }
            count += 1;
        }
        (count == TWELVE).then_some(chosen)
    }

    /// Whether the last four of the 132 bits are the first four of the SHA-256 of the other 128.
    pub fn checks(&self) -> bool {
        let mut bits = Zeroizing::new([0u8; 17]);
        for (at, word) in self.0.iter().enumerate() {
            for bit in 0..11 {
                let to = at * 11 + bit;
                bits[to / 8] |= u8::from(word >> (10 - bit) & 1 == 1) << (7 - to % 8);
            }
        }
        bits[16] == check_bits(&bits[..16])
    }

    /// With this word at `place`.
    pub fn with(&self, place: usize, word: u16) -> Self {
        let mut other = self.clone();
        other.0[place] = word;
        other
    }

    /// With the words at `at` and after it swapped; None where they are the same word.
    pub fn swapped(&self, at: usize) -> Option<Self> {
        let mut other = self.clone();
        other.0.swap(at, at + 1);
        (other.0 != self.0).then_some(other)
    }

    /// The twelve words joined by one space.
    pub fn text(&self) -> Zeroizing<Vec<u8>> {
        let mut text = Zeroizing::new(Vec::with_capacity(TWELVE * 9));
        for word in &self.0 {
            if !text.is_empty() {
                text.push(b' ');
            }
            text.extend_from_slice(list()[usize::from(*word)].as_bytes());
        }
        text
    }
}

fn check_bits(entropy: &[u8]) -> u8 {
    let mut digest = hash(&[entropy]);
    let bits = digest[0] & 0xf0;
    digest.zeroize();
    bits
}

/// The words in their order.
pub fn list() -> &'static [&'static str; 2048] {
    bip39::Language::English.word_list()
}

/// Where a word is in the list.
pub fn index(word: &str) -> Option<u16> {
    bip39::Language::English.find_word(word)
}

/// Splits at runs of the four white spaces; a leading list number (`7.`, `7)`) is dropped, standing alone or before its word.
pub fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_space).map(without_number).filter(|token| !token.is_empty())
}

fn without_number(token: &str) -> &str {
    let rest = token.trim_start_matches(|c: char| c.is_ascii_digit());
    if rest.len() == token.len() {
        return token;
    }
    rest.strip_prefix(['.', ')']).unwrap_or(token)
}

/// Optimal string alignment distance in bytes: insert, delete, replace, swap of neighbours. Of long words only the start counts.
pub fn distance(a: &str, b: &str) -> usize {
    const MOST: usize = 24;
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let (a, b) = (&a[..a.len().min(MOST)], &b[..b.len().min(MOST)]);
    let mut rows = Zeroizing::new([[0usize; MOST + 1]; MOST + 1]);
    for i in 0..=a.len() {
        rows[i][0] = i;
    }
    for j in 0..=b.len() {
        rows[0][j] = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let same = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + same);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

/// The white space that is stripped and split at: tab, line feed, carriage return, space.
pub fn is_space(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' ')
}

/// NFKC, in one buffer of the right size, so that no grown-out-of copy is left behind.
pub fn nfkc(text: &str) -> Zeroizing<String> {
    let len = text.nfkc().map(char::len_utf8).sum();
    let mut out = Zeroizing::new(String::with_capacity(len));
    out.extend(text.nfkc());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_and_complete() {
        assert_eq!(near("sausge", 1), ["sausage"]);
        assert_eq!(near("yaer", 1), ["year"]);
        assert_eq!(complete("sau", 9), ["sauce", "sausage"]);
        assert_eq!(complete("A", 2), ["abandon", "ability"]);
        assert!(complete("qq", 9).is_empty());
        assert_eq!(near(&"x".repeat(10_000), 3).len(), 3);
        assert_eq!(distance("abc", "acb"), 1);
        assert_eq!(distance("", "abc"), 3);
    }
}
