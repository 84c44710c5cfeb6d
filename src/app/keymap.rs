//! Which keys do what: the bindings with the user's changes.

use super::{Action, App, Binding, Key, bindings};
use crate::domain::Text;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Keys by action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap {
    keys: BTreeMap<Action, Vec<Key>>,
}

impl Default for Keymap {
    fn default() -> Self {
        Self { keys: bindings().iter().map(|b| (b.action, b.keys.to_vec())).collect() }
    }
}

impl Keymap {
    /// The bindings with these changes (action name to keys), and what is wrong with them: an unknown action or key, or two actions
    /// under one key in one place. What is wrong is left as it was.
    #[must_use]
    pub fn with(changes: &BTreeMap<String, Vec<String>>) -> (Self, Vec<Text>) {
        let mut map = Self::default();
        let mut problems = Vec::new();
        for (name, keys) in changes {
            let Some(binding) = bindings().iter().find(|b| b.name == name) else {
                problems.push(Text::new(format!("keys: no action is called \"{}\"", Text::new(name.as_str()).fit(40))));
                continue;
            };
            let parsed: Result<Vec<Key>, String> = keys.iter().map(|key| key.parse()).collect();
            match parsed {
                Err(why) => problems.push(Text::new(format!("keys: {name}: {why}"))),
                Ok(keys) => {
                    map.keys.insert(binding.action, keys);
                }
            }
        }
        // The user's own keys win nothing over others: where two meet, the change is taken back and said.
        while let Some((changed, other, key)) = map.conflict(changes) {
            map.keys.insert(changed.action, changed.keys.to_vec());
            problems.push(Text::new(format!("keys: {key} is {} already; {} stays as it was", other.name, changed.name)));
        }
        (map, problems)
    }

    /// The keys of an action.
    #[must_use]
    pub fn of(&self, action: Action) -> &[Key] {
        self.keys.get(&action).map_or(&[], Vec::as_slice)
    }

    /// The keys of an action in one text: each between `around`, with `between` standing for the two marks between keys.
    #[must_use]
    pub fn words(&self, action: Action, between: &str, around: &str) -> String {
        let keys: Vec<String> = self.of(action).iter().map(ToString::to_string).collect();
        if keys.is_empty() { String::new() } else { format!("{around}{}{around}", keys.join(between)) }
    }

    /// The binding that applies here and has this key.
    #[must_use]
    pub fn find(&self, app: &App, key: Key) -> Option<&'static Binding> {
        bindings().iter().find(|b| self.of(b.action).contains(&key) && b.applies(app))
    }

    /// A changed binding that shares a key and a place with another one.
    fn conflict(&self, changes: &BTreeMap<String, Vec<String>>) -> Option<(&'static Binding, &'static Binding, Key)> {
        let moved = bindings().iter().filter(|b| changes.contains_key(b.name) && self.of(b.action) != b.keys);
        for one in moved {
            for other in bindings().iter().filter(|b| b.action != one.action) {
                let meet = one.places.iter().any(|place| other.places.contains(place));
                if meet && let Some(key) = self.of(one.action).iter().find(|key| self.of(other.action).contains(key)) {
                    return Some((one, other, *key));
                }
            }
        }
        None
    }
}

/// The README's table of keys, as Markdown.
#[must_use]
pub fn key_table() -> String {
    let mut table = String::from("| keys | what they do |\n|---|---|\n");
    let mut group = "";
    let keymap = Keymap::default();
    for b in bindings().iter().filter(|b| !b.keys.is_empty()) {
        if b.group != group {
            group = b.group;
            let _ = writeln!(table, "| | **{group}** |");
        }
        let _ = writeln!(table, "| {} | {} |", keymap.words(b.action, "` `", "`"), b.description);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_actions_share_a_key_in_one_place() {
        for (at, one) in bindings().iter().enumerate() {
            for other in &bindings()[at + 1..] {
                assert_ne!(one.action, other.action);
                assert_ne!(one.name, other.name);
                let meet = one.places.iter().any(|place| other.places.contains(place));
                let shared: Vec<_> = one.keys.iter().filter(|key| other.keys.contains(key)).collect();
                assert!(!meet || shared.is_empty(), "{} and {} share {shared:?}", one.name, other.name);
            }
        }
    }

    #[test]
    fn nothing_that_takes_away_has_a_key() {
        for b in bindings() {
            assert!(!b.keys.contains(&Key::Ctrl('k')));
            assert!(!matches!(b.action, Action::Remove | Action::Stop) || b.keys.is_empty());
        }
    }

    #[test]
    fn users_rebind_and_hear_of_conflicts() {
        let change = |name: &str, key: &str| BTreeMap::from([(name.to_owned(), vec![key.to_owned()])]);
        let (map, problems) = Keymap::with(&change("rotate", "F5"));
        assert_eq!((map.of(Action::Rotate), problems.len()), (&[Key::F(5)][..], 0));
        let (map, problems) = Keymap::with(&change("rotate", "n"));
        assert_eq!(map.of(Action::Rotate), [Key::Char('R')]);
        assert_eq!(problems[0].clean(), "keys: n is new already; rotate stays as it was");
        assert_eq!(Keymap::with(&change("rotate", "hyper-x")).1.len(), 1);
        assert_eq!(Keymap::with(&change("frobnicate\x1b[2J", "x")).1[0].clean(), "keys: no action is called \"frobnicate\u{fffd}[2J\"");
        // The same key in places that never meet is no conflict.
        assert_eq!(Keymap::with(&change("verify", "u")).1, []);
    }

    #[test]
    fn the_table_names_every_key_once() {
        let table = super::super::key_table();
        for b in bindings().iter().filter(|b| !b.keys.is_empty()) {
            assert!(table.contains(&format!("| {} |", b.description)), "{}", b.name);
        }
        assert!(table.contains("| `?` `F1` |"));
    }
}
