//! Fields to fill in. A secret is drawn as stars, or for one frame from who owns it.

use super::Canvas;
use crate::crypto::{Words, near};
use crate::domain::Text;
use crate::tui::theme::Role;
use crate::wizard::{SecretField, SecretRule, TextField, Verdict};
use ratatui::layout::{Position, Rect};
use unicode_width::UnicodeWidthChar;

/// A line of text with its cursor.
pub fn text_field(canvas: &mut Canvas<'_>, area: Rect, field: &TextField, focus: bool) {
    frame(canvas, area);
    let room = usize::from(area.width.saturating_sub(1));
    let shift = field.cursor().saturating_sub(room);
    let shown: String = field.text().chars().skip(shift).collect();
    canvas.put(area.x, area.y, area.width, &shown, Role::Field);
    if focus {
        let before: usize = field.text().chars().skip(shift).take(field.cursor() - shift).map(|c| c.width().unwrap_or(0)).sum();
        canvas.cursor = Some(Position { x: area.x + u16::try_from(before.min(room)).unwrap_or(0), y: area.y });
    }
}

/// A secret: stars for what was typed, or its text where it is revealed. `text` is lent for this frame.
pub fn secret_field(canvas: &mut Canvas<'_>, area: Rect, field: &SecretField, text: &[u8], focus: bool) {
    frame(canvas, area);
    let room = area.width.saturating_sub(1);
    let mut at = 0;
    if field.revealed {
        // Its end is what is being typed; what does not fit is left out at the left.
        let text = std::str::from_utf8(text).unwrap_or_default();
        let wide: usize = text.chars().map(|c| c.width().unwrap_or(1)).sum();
        let mut skip = wide.saturating_sub(usize::from(room));
        if skip > 0 {
            skip += 2;
            at += letter(canvas, area.x, area.y, '.');
            at += letter(canvas, area.x + at, area.y, '.');
        }
        for c in text.chars() {
            let columns = c.width().unwrap_or(1);
            if skip > 0 {
                skip = skip.saturating_sub(columns);
                continue;
            }
            at += letter(canvas, area.x + at, area.y, c);
        }
    } else {
        let stars = u16::try_from(field.state.len).unwrap_or(u16::MAX).min(room);
        for x in 0..stars {
            letter(canvas, area.x + x, area.y, '*');
        }
        at = stars;
    }
    if focus {
        canvas.cursor = Some(Position { x: area.x + at.min(room), y: area.y });
    }
}

/// What is said below a secret: its verdict, and of a word that is not in the list the nearest ones that are. They tell most of what was
/// typed, so they are shown only where that is.
#[must_use]
pub fn said_of(field: &SecretField, text: &[u8]) -> String {
    let verdict = field.state.verdict;
    match verdict {
        Verdict::NotInList(place) if field.rule == SecretRule::Entered && field.revealed => {
            let nearest = Words::of(text).and_then(|words| words.word(place).map(|word| near(word, NEAR).join(", "))).unwrap_or_default();
            format!("{}; near it: {nearest}", verdict.words())
        }
        Verdict::NotInList(_) if field.rule == SecretRule::Entered => format!("{}; Ctrl-T shows near ones", verdict.words()),
        _ => verdict.words(),
    }
}

/// Whether the word that is being typed can be completed; empty between words and where nothing begins like it.
#[must_use]
pub fn completes(field: &SecretField) -> String {
    match field.state.completions {
        0 => String::new(),
        1 => "Tab completes the word".into(),
        n => format!("{n} words begin like this"),
    }
}

/// How many near words are shown: what fits beside the verdict at 80 columns.
const NEAR: usize = 3;

/// One character of a secret, without a copy of the whole.
fn letter(canvas: &mut Canvas<'_>, x: u16, y: u16, c: char) -> u16 {
    let c = Text::new(c).clean().chars().next().unwrap_or(' ');
    if !canvas.buffer.area.contains(Position { x, y }) {
        return 0;
    }
    canvas.buffer[(x, y)].set_char(c).set_style(canvas.theme.style(Role::Secret));
    u16::try_from(c.width().unwrap_or(1)).unwrap_or(1)
}

fn frame(canvas: &mut Canvas<'_>, area: Rect) {
    let style = canvas.theme.style(Role::Field);
    for position in area.intersection(canvas.buffer.area).positions() {
        canvas.buffer[position].set_symbol(" ").set_style(style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Slot;

    #[test]
    fn near_words_are_shown_only_with_what_is_typed() {
        let typed = b"legal winner thank year wave sausge worth useful legal winner thank yellow";
        let mut field = SecretField::new(Slot::UNLOCK, SecretRule::Entered);
        field.state.verdict = Verdict::NotInList(6);
        assert_eq!(said_of(&field, typed), "word 6 is not in the word list; Ctrl-T shows near ones");
        field.revealed = true;
        assert!(said_of(&field, typed).starts_with("word 6 is not in the word list; near it: sausage, "), "{}", said_of(&field, typed));
        field.state.verdict = Verdict::CheckBits;
        assert_eq!(said_of(&field, typed), Verdict::CheckBits.words());
    }
}
