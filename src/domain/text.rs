//! Text from outside, harmless by construction.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use unicode_width::UnicodeWidthChar;

/// The longest text, in characters, that [`Text`] ever displays: what is cut off is replaced by `…`'s plain form `...`.
pub const LONGEST: usize = 1024;

/// Whatever came from outside (a catalog, a file, a server, a person): displayed and serialised without control characters,
/// bidirectional overrides or invisible characters, and bounded in length.
///
/// The bytes as they came are reachable through [`Text::raw`] alone, for the rooms that must store or compare them.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(String);

impl Text {
    /// Wraps text as it came.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text as it came: for storing and comparing, never for a screen.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The harmless form, at most 1024 characters.
    #[must_use]
    pub fn clean(&self) -> String {
        clean(&self.0, LONGEST)
    }

    /// Its lines, each harmless.
    pub fn lines(&self) -> impl Iterator<Item = String> + '_ {
        self.0.lines().map(|line| clean(line, LONGEST))
    }

    /// The harmless form on one line of at most `width` terminal columns.
    #[must_use]
    pub fn fit(&self, width: usize) -> String {
        let clean = clean(&self.0, LONGEST);
        let mut used = 0;
        let mut out = String::new();
        for c in clean.chars() {
            let columns = c.width().unwrap_or(0);
            if used + columns > width {
                while used + 2 > width && out.pop().is_some() {
                    used = unicode_width::UnicodeWidthStr::width(out.as_str());
                }
                if width >= 2 {
                    out.push_str("..");
                }
                break;
            }
            used += columns;
            out.push(c);
        }
        out
    }
}

/// Replaces what could move a cursor, hide or reorder text; bounds the length.
fn clean(text: &str, longest: usize) -> String {
    let mut out = String::with_capacity(text.len().min(longest * 4));
    for (count, c) in text.chars().enumerate() {
        if count == longest {
            out.push_str("...");
            break;
        }
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            c if is_hostile(c) => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// Control, format, bidirectional, invisible, private-use and non-character code points.
fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0xad | 0x34f | 0x61c | 0x115f | 0x1160 | 0x17b4 | 0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f | 0x2028..=0x202e
            | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfffb | 0xfffe..=0xffff
            | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe000..=0xf8ff | 0xe0000..=0xe0fff | 0xf0000..=0x0010_ffff)
        || c.width() == Some(0)
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.clean())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.clean())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.clean())
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

/// A number with its noun: `1 policy`, `2 policies`.
#[must_use]
pub fn count(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_overrides_and_length_are_tamed() {
        assert_eq!(Text::new("a\x1b[31mb").to_string(), "a\u{fffd}[31mb");
        assert_eq!(Text::new("a\u{202e}b\u{9b}c\u{200b}d").to_string(), "a\u{fffd}b\u{fffd}c\u{fffd}d");
        assert_eq!(Text::new("two\nlines").to_string(), "two lines");
        assert_eq!(Text::new("x".repeat(100_000)).to_string().len(), LONGEST + 3);
        assert_eq!(serde_json::to_string(&Text::new("\x07")).unwrap(), "\"\u{fffd}\"");
    }

    #[test]
    fn fit_cuts_by_columns() {
        assert_eq!(Text::new("abcdef").fit(6), "abcdef");
        assert_eq!(Text::new("abcdefg").fit(6), "abcd..");
        assert_eq!(Text::new("abc").fit(1), "");
        assert_eq!(Text::new("日本語です").fit(5), "日..");
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!([0, 1, 2].map(|n| count(n, "policy", "policies")), ["0 policies", "1 policy", "2 policies"]);
    }
}
