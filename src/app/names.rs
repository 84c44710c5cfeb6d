//! A hundred thousand names in one buffer.

/// Names in the order they came, one after the other in one buffer; 4 bytes a name beside its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    text: String,
    ends: Vec<u32>,
    /// The text in lower case, where it differs.
    lower: Option<String>,
}

/// Between names; no needle may hold it.
const BETWEEN: char = '\n';

impl Names {
    /// Takes names over.
    #[must_use]
    pub fn new(names: &[String]) -> Self {
        let mut text = String::with_capacity(names.iter().map(|n| n.len() + 1).sum());
        let mut ends = Vec::with_capacity(names.len());
        for name in names {
            text.push_str(name);
            // 4 GiB of names do not come; if they did, the rest is not listed.
            let Ok(end) = u32::try_from(text.len()) else { break };
            ends.push(end);
            text.push(BETWEEN);
        }
        let lower = text.bytes().any(|b| b.is_ascii_uppercase()).then(|| text.to_ascii_lowercase());
        Self { text, ends, lower }
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The name at this place, as it came.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<&str> {
        self.text.get(self.start(at)..self.end(at)?)
    }

    /// The places of all names that hold `needle`, without regard to ASCII case, in order. One pass over the buffer.
    #[must_use]
    pub fn holding(&self, needle: &str) -> Vec<u32> {
        let needle = needle.to_ascii_lowercase();
        if needle.is_empty() {
            return (0..).take(self.len()).collect();
        }
        if needle.contains(BETWEEN) {
            return Vec::new();
        }
        let mut found = Vec::new();
        let mut next = 0;
        for (position, _) in self.folded().match_indices(&needle) {
            // A name that was found already.
            if position < self.start(next) {
                continue;
            }
            // Mostly it is the very next name.
            let mut at = next;
            if self.end(at).is_some_and(|end| end <= position) {
                at += self.ends.get(at..).unwrap_or_default().partition_point(|end| (*end as usize) <= position);
            }
            found.extend(u32::try_from(at));
            next = at + 1;
        }
        found
    }

    /// Those of `among` that hold `needle`.
    #[must_use]
    pub fn narrowed(&self, among: &[u32], needle: &str) -> Vec<u32> {
        // With most names still there, one pass over the buffer is cheaper than many small searches.
        if among.len() > self.len() / 8 {
            return self.holding(needle);
        }
        let needle = needle.to_ascii_lowercase();
        let holds =
            |at: usize| self.end(at).and_then(|end| self.folded().get(self.start(at)..end)).is_some_and(|name| name.contains(&needle));
        among.iter().copied().filter(|at| holds(*at as usize)).collect()
    }

    /// The place of this very name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<u32> {
        (0..).take(self.len()).find(|at| self.get(*at as usize) == Some(name))
    }

    fn folded(&self) -> &str {
        self.lower.as_deref().unwrap_or(&self.text)
    }

    fn start(&self, at: usize) -> usize {
        at.checked_sub(1).and_then(|before| self.end(before)).map_or(0, |end| end + 1)
    }

    fn end(&self, at: usize) -> Option<usize> {
        self.ends.get(at).map(|end| *end as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(all: &[&str]) -> Names {
        Names::new(&all.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn finds_each_name_once_and_in_order() {
        let n = names(&["app-app", "db", "App2", "", "x\ny", "zapp"]);
        assert_eq!(n.len(), 6);
        assert_eq!(n.get(3), Some(""));
        assert_eq!(n.get(4), Some("x\ny"));
        assert_eq!(n.get(6), None);
        assert_eq!(n.holding("app"), [0, 2, 5]);
        assert_eq!(n.holding("APP"), [0, 2, 5]);
        assert_eq!(n.holding(""), [0, 1, 2, 3, 4, 5]);
        assert_eq!(n.holding("pd"), [] as [u32; 0], "no match reaches over the end of a name");
        assert_eq!(n.holding("p\nd"), [] as [u32; 0]);
        assert_eq!(n.find("db"), Some(1));
    }

    #[test]
    fn narrowing_gives_what_a_full_search_gives() {
        let all: Vec<String> = (0..100_000).map(|n| format!("team-{}-app-{n}-daily", n % 97)).collect();
        let n = Names::new(&all);
        for filter in ["app-9", "app-99", "app-999", "app-9999", "team-12-app-99"] {
            let expected: Vec<u32> = (0..).zip(&all).filter(|(_, name)| name.contains(filter)).map(|(at, _)| at).collect();
            assert_eq!(n.holding(filter), expected);
            assert_eq!(n.narrowed(&n.holding(&filter[..filter.len() - 1]), filter), expected);
        }
    }
}
