//! Pieces of screens: text, boxes, tables, fields. Each draws into a rectangle and knows no state.
//!
//! Owns: how things look. Must not: know what they mean beyond a role. Every text that is drawn is cleaned here once more, whatever it
//! went through before.

mod field;
mod table;

pub use field::{completes, said_of, secret_field, text_field};
pub use table::{Align, Cell, Column, Table};

use super::theme::{Role, Theme};
use crate::domain::Text;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use unicode_width::UnicodeWidthStr;

/// Where and with what to draw.
pub struct Canvas<'a> {
    /// The cells.
    pub buffer: &'a mut Buffer,
    /// The colours.
    pub theme: &'a Theme,
    /// No character beyond ASCII in lines and signs.
    pub ascii: bool,
    /// Where the cursor is to be, if anywhere.
    pub cursor: Option<Position>,
}

impl Canvas<'_> {
    /// Writes `text` at a place, on at most `width` columns; how many it took.
    pub fn put(&mut self, x: u16, y: u16, width: u16, text: &str, role: Role) -> u16 {
        if width == 0 || !self.buffer.area.contains(Position { x, y }) {
            return 0;
        }
        let text = Text::new(text).fit(usize::from(width));
        let (end, _) = self.buffer.set_stringn(x, y, &text, usize::from(width), self.theme.style(role));
        end.saturating_sub(x)
    }

    /// Writes spans one after the other; where the next would begin.
    pub fn spans(&mut self, x: u16, y: u16, width: u16, spans: &[(&str, Role)]) -> u16 {
        let end = x.saturating_add(width);
        spans.iter().fold(x, |at, (text, role)| at + self.put(at, y, end.saturating_sub(at), text, *role))
    }

    /// Writes a text over several lines, broken between words, within `area`; how many lines it took.
    pub fn wrapped(&mut self, area: Rect, text: &str, role: Role) -> u16 {
        let mut used = 0;
        for line in wrap(text, usize::from(area.width)) {
            if used == area.height {
                break;
            }
            self.put(area.x, area.y + used, area.width, &line, role);
            used += 1;
        }
        used
    }

    /// Empties a rectangle.
    pub fn blank(&mut self, area: Rect) {
        let area = area.intersection(self.buffer.area);
        let style = self.theme.style(Role::Text);
        for position in area.positions() {
            let cell = &mut self.buffer[position];
            cell.reset();
            cell.set_style(style);
        }
    }

    /// A box with a title in its upper line; the room inside.
    pub fn boxed(&mut self, area: Rect, title: &str, focus: bool) -> Rect {
        if area.width < 4 || area.height < 2 {
            return Rect { width: 0, height: 0, ..area };
        }
        let signs = if self.ascii { ["-", "|", "+", "+", "+", "+"] } else { ["─", "│", "┌", "┐", "└", "┘"] };
        let [line, wall, corners @ ..] = signs;
        let role = if focus { Role::BorderFocus } else { Role::Border };
        let style = self.theme.style(role);
        let (right, bottom) = (area.right() - 1, area.bottom() - 1);
        for x in area.x + 1..right {
            self.buffer[(x, area.y)].set_symbol(line).set_style(style);
            self.buffer[(x, bottom)].set_symbol(line).set_style(style);
        }
        for y in area.y + 1..bottom {
            self.buffer[(area.x, y)].set_symbol(wall).set_style(style);
            self.buffer[(right, y)].set_symbol(wall).set_style(style);
        }
        let places = [(area.x, area.y), (right, area.y), (area.x, bottom), (right, bottom)];
        for (place, corner) in places.into_iter().zip(corners) {
            self.buffer[place].set_symbol(corner).set_style(style);
        }
        if !title.is_empty() {
            self.title(area.x + 2, area.y, area.width - 4, title);
        }
        Rect { x: area.x + 1, y: area.y + 1, width: area.width - 2, height: area.height - 2 }
    }

    /// A line across with a title in it.
    pub fn rule(&mut self, x: u16, y: u16, width: u16, title: &str) {
        let line = if self.ascii { "-" } else { "─" };
        let style = self.theme.style(Role::Border);
        for x in x..x.saturating_add(width) {
            self.buffer[(x, y)].set_symbol(line).set_style(style);
        }
        if !title.is_empty() {
            self.title(x + 1, y, width.saturating_sub(2), title);
        }
    }

    fn title(&mut self, x: u16, y: u16, width: u16, title: &str) {
        self.put(x, y, width, &format!(" {title} "), Role::Title);
    }

    /// Shows that a row is selected: the sign before it, and its name reversed. Not the whole row: that would cost ten times the bytes.
    pub fn select(&mut self, mark: u16, name: Rect) {
        self.put(mark, name.y, 1, ">", Role::Mark);
        let style = self.theme.style(Role::Selection);
        self.buffer.set_style(name.intersection(self.buffer.area), style);
    }

    /// The wall between parts of a line.
    #[must_use]
    pub fn wall(&self) -> &'static str {
        if self.ascii { "|" } else { "│" }
    }
}

/// A rectangle in the middle of `area`.
#[must_use]
pub fn middle(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}

/// What is left of `area` below its first `rows` rows.
#[must_use]
pub fn below(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect { y: area.y + rows, height: area.height - rows, ..area }
}

/// A rectangle with room at its sides.
#[must_use]
pub fn inset(area: Rect, columns: u16) -> Rect {
    let columns = columns.min(area.width / 2);
    Rect { x: area.x + columns, width: area.width - 2 * columns, ..area }
}

/// Lines of at most `width` columns, broken between words; a longer word is cut.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let clean = Text::new(text).clean();
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in clean.split(' ') {
        let room = width.saturating_sub(line.width());
        if line.is_empty() || word.width() < room {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        } else {
            lines.push(std::mem::replace(&mut line, word.to_owned()));
        }
        while line.width() > width.max(1) {
            let cut = line.char_indices().map(|(at, _)| at).take_while(|at| line[..*at].width() <= width).last().filter(|at| *at > 0);
            let Some(cut) = cut else { break };
            let rest = line.split_off(cut);
            lines.push(std::mem::replace(&mut line, rest));
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_between_words_and_cuts_long_ones() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
        assert_eq!(wrap("日本語日本語", 4), ["日本", "語日", "本語"]);
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(wrap("x", 0), ["x"]);
    }
}
