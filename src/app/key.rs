//! Keys as the console knows them, whatever terminal library reads them.

/// A pressed key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A character; Shift is in it.
    Char(char),
    /// Control with this letter, in lower case.
    Ctrl(char),
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Shift-Tab.
    BackTab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// A function key, from 1.
    F(u8),
}

/// An edit of a secret field, which goes to the owner of its slot and nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretEdit {
    /// Append a character.
    Push(char),
    /// Remove the last character.
    Pop,
    /// Remove the last word.
    PopWord,
    /// Empty the field.
    Clear,
    /// Complete the word that is being typed from the word list.
    Complete,
}

/// What a key does to a focused secret field ([`super::App::focused_secret`]); None: the key is a message for the console.
///
/// The runtime asks this before a key becomes a message, so that no character of a secret ever reaches the console's state.
#[must_use]
pub fn secret_edit(key: Key) -> Option<SecretEdit> {
    match key {
        Key::Char(c) => Some(SecretEdit::Push(c)),
        Key::Backspace | Key::Ctrl('h') => Some(SecretEdit::Pop),
        Key::Ctrl('w') => Some(SecretEdit::PopWord),
        Key::Ctrl('u') => Some(SecretEdit::Clear),
        Key::Tab => Some(SecretEdit::Complete),
        _ => None,
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Char(' ') => f.write_str("Space"),
            Self::Char(c) => write!(f, "{c}"),
            Self::Ctrl(c) => write!(f, "Ctrl-{}", c.to_ascii_uppercase()),
            Self::F(n) => write!(f, "F{n}"),
            Self::BackTab => f.write_str("Shift-Tab"),
            Self::PageUp => f.write_str("PgUp"),
            Self::PageDown => f.write_str("PgDn"),
            other => write!(f, "{other:?}"),
        }
    }
}

impl std::str::FromStr for Key {
    type Err = String;

    /// Reads a key as it is displayed and as the configuration spells it: `q`, `Ctrl-X`, `F1`, `Enter`, `Shift-Tab`, `PgUp`.
    fn from_str(name: &str) -> Result<Self, String> {
        let unknown = || {
            format!(
                "no key is called \"{}\": use q, Ctrl-X, F1, Enter, Esc, Tab, Shift-Tab, PgUp, ...",
                crate::domain::Text::new(name).fit(30)
            )
        };
        let mut characters = name.chars();
        if let (Some(c), None) = (characters.next(), characters.next())
            && !c.is_control()
        {
            return Ok(Self::Char(c));
        }
        let lower = name.to_ascii_lowercase();
        if let Some(rest) = lower.strip_prefix("ctrl-").or_else(|| lower.strip_prefix("c-")) {
            let mut letters = rest.chars();
            return match (letters.next(), letters.next()) {
                (Some(c), None) if c.is_ascii_alphanumeric() => Ok(Self::Ctrl(c)),
                _ => Err(unknown()),
            };
        }
        if let Some(n) = lower.strip_prefix('f').and_then(|n| n.parse::<u8>().ok()).filter(|n| (1..=12).contains(n)) {
            return Ok(Self::F(n));
        }
        Ok(match lower.as_str() {
            "space" => Self::Char(' '),
            "enter" => Self::Enter,
            "esc" => Self::Esc,
            "tab" => Self::Tab,
            "shift-tab" => Self::BackTab,
            "backspace" => Self::Backspace,
            "delete" => Self::Delete,
            "up" => Self::Up,
            "down" => Self::Down,
            "left" => Self::Left,
            "right" => Self::Right,
            "home" => Self::Home,
            "end" => Self::End,
            "pgup" | "pageup" => Self::PageUp,
            "pgdn" | "pagedown" => Self::PageDown,
            _ => return Err(unknown()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_read_as_it_is_shown() {
        let keys = [Key::Char('q'), Key::Char(' '), Key::Ctrl('x'), Key::Enter, Key::Esc, Key::BackTab, Key::PageUp, Key::F(1), Key::Home];
        for key in keys {
            assert_eq!(key.to_string().parse(), Ok(key));
        }
        for bad in ["", "Ctrl-", "Ctrl-xx", "F13", "F0", "hyper", "\x1b"] {
            assert!(bad.parse::<Key>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn characters_of_a_secret_are_edits_and_commands_are_not() {
        assert_eq!(secret_edit(Key::Char('?')), Some(SecretEdit::Push('?')));
        assert_eq!(secret_edit(Key::Tab), Some(SecretEdit::Complete));
        for key in [Key::Enter, Key::Esc, Key::BackTab, Key::Ctrl('t'), Key::Ctrl('x'), Key::Ctrl('c'), Key::F(1), Key::Up] {
            assert_eq!(secret_edit(key), None, "{key}");
        }
    }
}
