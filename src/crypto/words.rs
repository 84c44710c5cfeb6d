//! What was entered, seen as words of the list: hints for slips, and the bounded search.
//!
//! Hints come only from the list and the check bits, never from a wrap. A `?` stands for a word that cannot be read, and is one only
//! where it is one of twelve. Next: `wordlist` owns the list, `passphrase` the canonical form.

use super::Passphrase;
use super::wordlist::{Chosen, LIST, TWELVE, distance, index, list, nfkc, tokens};
use zeroize::Zeroizing;

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

    /// Whether these are twelve words of the list with right check bits: as they were made, whatever they were made for.
    #[must_use]
    pub fn sound(&self) -> bool {
        self.slip().is_none() && self.unreadable().is_empty()
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
        gap.into_iter().flat_map(|(chosen, place)| (0..LIST).filter_map(move |word| passphrase(&chosen.with(place, word))))
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
            let swapped = swaps.clone().filter_map(move |at| passphrase(&start.swapped(at)?));
            let tries = tries.clone();
            swapped.chain(tries.into_iter().filter_map(move |(place, word)| passphrase(&base.with(place, word))))
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
        Chosen::of(self.each(), None)
    }

    /// The twelve with any word at `place` (from 0), if all others are in the list.
    fn with_gap(&self, place: usize) -> Option<(Chosen, usize)> {
        Chosen::of(self.each(), Some(place)).map(|chosen| (chosen, place))
    }

    fn each(&self) -> impl Iterator<Item = &str> {
        std::str::from_utf8(&self.0).unwrap_or_default().split(' ').filter(|word| !word.is_empty())
    }
}

/// A candidate, if its check bits are right.
fn passphrase(chosen: &Chosen) -> Option<Passphrase> {
    chosen.checks().then(|| Passphrase::canonical(chosen.text()))
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
        let sound = [GOOD, &GOOD.replace("sausage", "?"), &GOOD.replace("yellow", "zoo")].map(|text| words(text).sound());
        assert_eq!(sound, [true, false, false]);
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
}
