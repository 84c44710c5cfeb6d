//! Mistyped names and words: the nearest right one.

use crate::domain::{Act, Facts, Fault, Intent, Kind, Passkey, PasskeyName, Text};

/// The passkey of that name.
///
/// # Errors
/// `Kind::NotFound`, naming the nearest.
pub fn passkey<'a>(facts: &'a Facts, name: &PasskeyName, doing: &Text) -> Result<&'a Passkey, Fault> {
    facts.passkey(name).ok_or_else(|| {
        let names = facts.passkeys.iter().map(|p| p.name.as_str());
        let next = match nearest(name.as_str(), names) {
            Some(near) => format!("did you mean {near}? All: kastellan passkey list"),
            None => "kastellan passkey list".into(),
        };
        Fault::new(Kind::NotFound, doing.clone(), format!("there is no passkey {name}"), Act::start(next, Intent::Passkeys))
    })
}

/// The word nearest to `word`, if one is near enough to be what was meant.
pub fn nearest<'a>(word: &str, among: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_ascii_lowercase();
    let among: Vec<&str> = among.collect();
    // What was typed only in part is plain.
    if lower.len() > 1
        && let Some(whole) = among.iter().find(|candidate| candidate.to_ascii_lowercase().starts_with(&lower))
    {
        return Some(whole);
    }
    let scored = among.into_iter().map(|candidate| (distance(&lower, &candidate.to_ascii_lowercase()), candidate));
    let (score, best) = scored.min_by_key(|(score, _)| *score)?;
    (score <= 1 + word.len() / 4).then_some(best)
}

/// Edits (one character put in, left out, replaced, or swapped with its neighbour) from one to the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(80).collect(), b.chars().take(80).collect());
    let mut rows = vec![vec![0usize; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let mut best = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    best = best.min(rows[i - 2][j - 2] + 1);
                }
                best
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_named_and_far_ones_are_not() {
        let verbs = || ["passkey", "policy", "rotate", "status"].into_iter();
        assert_eq!(nearest("passkye", verbs()), Some("passkey"));
        assert_eq!(nearest("rot", verbs()), Some("rotate"));
        assert_eq!(nearest("Statsu", verbs()), Some("status"));
        assert_eq!(nearest("xylophone", verbs()), None);
    }
}
