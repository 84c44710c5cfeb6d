//! The word list: hints for slips, near words, and the bounded search.
//!
//! Hints come only from the list and the check bits, never from a wrap. A `?` stands for a word that cannot be read, and is one only
//! where it is one of twelve. Next: `passphrase` owns the canonical form.

use super::passphrase::{is_space, nfkc};
use super::{Passphrase, hash, random};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Words in a passphrase of the list.
const TWELVE: usize = 12;
/// Words in the list.
const LIST: u16 = 2048;

/// A slip that the list and the check bits alone can tell; never a wrap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slip {
    /// Looks like twelve words, but the word at this place (from 1) is not in the list.
    NotInList(usize),
    /// Twelve words of the list whose check bits do not match.
    CheckBits,
    /// Words of the list, but this many instead of twelve.
    Count(usize),
}

/// What was entered, split into words: for hints and searches. Wiped on drop. A `?` stands for a word that cannot be read.
pub struct Words(Zeroizing<Vec<u8>>);

impl Words {
    /// Splits what was entered at white space, list numbers dropped, lower-cased; None if it does not look like list words at all
    /// (fewer than six words, or fewer than half of them in the list).
    #[must_use]
    pub fn of(entered: &[u8]) -> Option<Self> {
        let text = nfkc(std::str::from_utf8(entered).ok()?);
        let mut joined = Zeroizing::new(Vec::with_capacity(text.len() + 1));
        for token in tokens(&text) {
            joined.extend(token.bytes().map(|byte| byte.to_ascii_lowercase()));
            joined.push(b' ');
        }
        joined.pop();
        let words = Self(joined);
        let count = words.count();
        let known = words.each().filter(|word| index(word).is_some() || (count == TWELVE && *word == "?")).count();
        (count >= 6 && known * 2 >= count).then_some(words)
    }

    /// How many words there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.each().count()
    }

    /// The word at a place (from 1), as entered: for near words on request. It may be part of a secret.
    #[must_use]
    pub fn word(&self, place: usize) -> Option<&str> {
        self.each().nth(place.checked_sub(1)?)
    }

    /// The slip that the list and check bits tell, if any; a `?` is no slip.
    #[must_use]
    pub fn slip(&self) -> Option<Slip> {
        let count = self.count();
        if count != TWELVE {
            return Some(Slip::Count(count));
        }
        if let Some(place) = self.each().position(|word| word != "?" && index(word).is_none()) {
            return Some(Slip::NotInList(place + 1));
        }
        match self.chosen() {
            Some(chosen) if !chosen.checks() => Some(Slip::CheckBits),
            _ => None,
        }
    }

    /// Places (from 1) of `?`.
    #[must_use]
    pub fn unreadable(&self) -> Vec<usize> {
        if self.count() != TWELVE {
            return Vec::new();
        }
        self.each().enumerate().filter(|(_, word)| *word == "?").map(|(at, _)| at + 1).collect()
    }

    /// Candidates with one `?` filled in and right check bits: one in 16 of 2048, so about 128 (just 128 where it is the last word);
    /// none for more than one `?`.
    pub fn fill(&self) -> impl Iterator<Item = Passphrase> + Send + use<> {
        let gap = match self.unreadable()[..] {
            [place] => self.with_gap(place - 1),
            _ => None,
        };
        gap.into_iter().flat_map(|(chosen, place)| (0..LIST).filter_map(move |word| chosen.with(place, word).passphrase()))
    }

    /// Candidates with right check bits that differ by two swapped neighbours, then by one wrong word anywhere (about 1 500), the
    /// likeliest slips of the pen first. Where one word is not in the list, that one is the wrong one.
    pub fn slips(&self) -> impl Iterator<Item = Passphrase> + Send + use<> {
        let places: Vec<usize> = (0..TWELVE).filter(|at| self.word(at + 1).is_some_and(|word| index(word).is_none())).collect();
        let (base, places) = match (self.chosen(), &places[..]) {
            (Some(chosen), _) => (Some(chosen), (0..TWELVE).collect()),
            (None, [place]) if self.unreadable().is_empty() => (self.with_gap(*place).map(|(chosen, _)| chosen), places),
            _ => (None, Vec::new()),
        };
        let swaps = if places.len() == TWELVE { 0..TWELVE - 1 } else { 0..0 };
        let tries = if base.is_some() { self.tries(&places) } else { Vec::new() };
        base.into_iter().flat_map(move |base| {
            let start = base.clone();
            let swapped = swaps.clone().filter_map(move |at| start.swapped(at)?.passphrase());
            let tries = tries.clone();
            swapped.chain(tries.into_iter().filter_map(move |(place, word)| base.with(place, word).passphrase()))
        })
    }

    /// Every other word at every one of `places`, nearest to what was entered there first.
    fn tries(&self, places: &[usize]) -> Vec<(usize, u16)> {
        let mut tries: Vec<(usize, usize, u16)> = Vec::with_capacity(places.len() * usize::from(LIST));
        for place in places {
            let Some(entered) = self.word(place + 1) else { continue };
            for (word, text) in (0..LIST).zip(list()) {
                if *text != entered {
                    tries.push((distance(entered, text), *place, word));
                }
            }
        }
        tries.sort_unstable();
        tries.into_iter().map(|(_, place, word)| (place, word)).collect()
    }

    /// The twelve as places in the list, if all are in it.
    fn chosen(&self) -> Option<Chosen> {
        let mut chosen = Chosen([0; TWELVE]);
        if self.count() != TWELVE {
            return None;
        }
        for (slot, word) in chosen.0.iter_mut().zip(self.each()) {
            *slot = index(word)?;
        }
        Some(chosen)
    }

    /// The twelve with any word at `place` (from 0), if all others are in the list.
    fn with_gap(&self, place: usize) -> Option<(Chosen, usize)> {
        let mut chosen = Chosen([0; TWELVE]);
        if self.count() != TWELVE {
            return None;
        }
        for (at, word) in self.each().enumerate() {
            if at != place {
                chosen.0[at] = index(word)?;
            }
        }
        Some((chosen, place))
    }

    fn each(&self) -> impl Iterator<Item = &str> {
        std::str::from_utf8(&self.0).unwrap_or_default().split(' ').filter(|word| !word.is_empty())
    }
}

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
pub(super) fn canonical_words(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut chosen = Chosen([0; TWELVE]);
    let mut count = 0;
    for token in tokens(text) {
        *chosen.0.get_mut(count)? = index(&Zeroizing::new(token.to_ascii_lowercase()))?;
        count += 1;
    }
    (count == TWELVE && chosen.checks()).then(|| chosen.text())
}

/// Twelve random words with right check bits.
pub(super) fn generate_words() -> Zeroizing<Vec<u8>> {
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
struct Chosen([u16; TWELVE]);

impl Chosen {
    /// Whether the last four of the 132 bits are the first four of the SHA-256 of the other 128.
    fn checks(&self) -> bool {
        let mut bits = Zeroizing::new([0u8; 17]);
        for (at, word) in self.0.iter().enumerate() {
            for bit in 0..11 {
                let to = at * 11 + bit;
                bits[to / 8] |= u8::from(word >> (10 - bit) & 1 == 1) << (7 - to % 8);
            }
        }
        bits[16] == check_bits(&bits[..16])
    }

    fn with(&self, place: usize, word: u16) -> Self {
        let mut other = self.clone();
        other.0[place] = word;
        other
    }

    /// With the words at `at` and after it swapped; None where they are the same word.
    fn swapped(&self, at: usize) -> Option<Self> {
        let mut other = self.clone();
        other.0.swap(at, at + 1);
        (other.0 != self.0).then_some(other)
    }

    /// As a passphrase, if the check bits are right.
    fn passphrase(&self) -> Option<Passphrase> {
        self.checks().then(|| Passphrase::canonical(self.text()))
    }

    fn text(&self) -> Zeroizing<Vec<u8>> {
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

fn list() -> &'static [&'static str; 2048] {
    bip39::Language::English.word_list()
}

fn index(word: &str) -> Option<u16> {
    bip39::Language::English.find_word(word)
}

/// Splits at runs of the four white spaces; a leading list number (`7.`, `7)`) is dropped, standing alone or before its word.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
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
fn distance(a: &str, b: &str) -> usize {
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

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "legal winner thank year wave sausage worth useful legal winner thank yellow";

    fn words(text: &str) -> Words {
        Words::of(text.as_bytes()).unwrap()
    }

    #[test]
    fn slips_that_the_list_tells() {
        assert_eq!(words(GOOD).slip(), None);
        assert_eq!(words(&GOOD.replace("sausage", "sausge")).slip(), Some(Slip::NotInList(6)));
        assert_eq!(words(&GOOD.replace("yellow", "zoo")).slip(), Some(Slip::CheckBits));
        assert_eq!(words(GOOD.strip_suffix(" yellow").unwrap()).slip(), Some(Slip::Count(11)));
        assert_eq!(words(&format!("{GOOD} zoo")).slip(), Some(Slip::Count(13)));
        assert_eq!(words(&GOOD.replace("sausage", "?")).slip(), None);
        assert!(Words::of(b"correct horse battery staple").is_none());
        assert!(Words::of(b"five words are too few").is_none());
        assert!(Words::of(b"this phrase holds some seven quite arbitrary tokens that nobody lists qq qq qq").is_none());
        assert!(Words::of(b"\xff\xff\xff").is_none());
        assert!(Words::of(b"").is_none());
    }

    #[test]
    fn one_unreadable_word_has_about_128_candidates() {
        let gap = words(&GOOD.replace("sausage", "?"));
        assert_eq!(gap.unreadable(), [6]);
        let found: Vec<Passphrase> = gap.fill().collect();
        assert_eq!(found.len(), 146, "about 128: counted once with another implementation");
        assert_eq!(found.iter().filter(|candidate| candidate.expose() == GOOD.as_bytes()).count(), 1);
        assert!(found.iter().all(|candidate| Passphrase::entered(candidate.expose()).unwrap().same(candidate)));
        assert_eq!(words(&GOOD.replace("sausage", "?").replace("year", "?")).fill().count(), 0, "two are too many");
        assert_eq!(words(GOOD).fill().count(), 0);
        assert!(words(&format!("{GOOD} ?")).unreadable().is_empty(), "thirteen places: the ? is no word");
    }

    #[test]
    fn the_last_place_has_just_128_candidates() {
        assert_eq!(words(&GOOD.replace("yellow", "?")).fill().count(), 128);
    }

    #[test]
    fn search_finds_swaps_and_one_wrong_word() {
        let has = |typed: &str| words(typed).slips().position(|candidate| candidate.expose() == GOOD.as_bytes());
        assert!(has(&GOOD.replace("thank year", "year thank")).unwrap() < 11, "swaps come first");
        assert!(has(&GOOD.replace("sausage", "zoo")).is_some());
        assert!(has(&GOOD.replace("wave", "save")).unwrap() < 40, "near words come early");
        assert!(has(&GOOD.replace("sausage", "sausgae")).unwrap() < 3, "a word outside of the list is the wrong one");
        assert_eq!(has(&GOOD.replace("sausage", "zoo").replace("wave", "zoo")), None);
        let count = words(&GOOD.replace("sausage", "zoo")).slips().count();
        assert!((1200..1900).contains(&count), "{count}");
        assert_eq!(words(&GOOD.replace("sausage", "qqqq")).slips().count(), 146);
        assert_eq!(words(&GOOD.replace("sausage", "?")).slips().count(), 0);
    }

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
