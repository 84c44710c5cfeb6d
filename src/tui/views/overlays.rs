//! What floats above a screen: help, palette, action menu, themes, questions.

use super::pages::choice;
use crate::app::{ActionMenu, App, Binding, Help, Palette, PaletteMatch, Question, ThemePicker};
use crate::tui::theme::Role;
use crate::tui::widgets::{Canvas, below, inset, middle, text_field, wrap};
use ratatui::layout::Rect;

/// A box above everything, emptied; the room inside.
fn floating(canvas: &mut Canvas<'_>, area: Rect, width: u16, height: u16, title: &str) -> Rect {
    let place = middle(area, width, height);
    canvas.blank(place);
    inset(canvas.boxed(place, title, true), 1)
}

/// How many rows of help fit.
#[must_use]
pub fn help_rows(area: Rect) -> u16 {
    area.height.saturating_sub(4)
}

/// All keys, from the bindings, narrowed as one types.
pub fn help(canvas: &mut Canvas<'_>, area: Rect, app: &App, help: &Help) {
    let inner = floating(canvas, area, 110, area.height, "keys");
    canvas.put(inner.x, inner.y, 6, "find: ", Role::Muted);
    text_field(canvas, Rect { x: inner.x + 6, y: inner.y, width: inner.width.saturating_sub(6).min(40), height: 1 }, &help.filter, true);
    let list = below(inner, 2);
    let rows = app.help_rows();
    let fit = usize::from(list.height);
    let first = help.list.window(fit);
    let mut group = rows.get(first.wrapping_sub(1)).map_or("", |b| b.group);
    for (y, (at, binding)) in (list.y..list.bottom()).zip(rows.iter().enumerate().skip(first)) {
        let said = if binding.group == group { "" } else { binding.group };
        group = binding.group;
        help_row(canvas, Rect { y, height: 1, ..list }, app, binding, said, at == help.list.selected);
    }
    if rows.is_empty() {
        canvas.put(list.x + 2, list.y, list.width, "No key does that. Esc clears the filter.", Role::Muted);
    }
}

fn help_row(canvas: &mut Canvas<'_>, row: Rect, app: &App, binding: &Binding, group: &str, selected: bool) {
    canvas.put(row.x + 2, row.y, 11, group, Role::Title);
    let keys = app.setup.keymap.words(binding.action, " ", "");
    canvas.put(row.x + 14, row.y, 16, &keys, Role::Key);
    let x = row.x + 31;
    let width = row.width.saturating_sub(31);
    let (role, reason) = match (binding.disabled)(app) {
        Some(reason) => (Role::Muted, format!(" ({reason})")),
        None if binding.dangerous => (Role::Warn, String::new()),
        None => (Role::Text, String::new()),
    };
    canvas.put(x, row.y, width, &format!("{}{reason}", binding.description), role);
    if selected {
        let wide = u16::try_from(keys.chars().count().min(16)).unwrap_or(16);
        canvas.select(row.x, Rect { x: row.x + 14, y: row.y, width: wide, height: 1 });
    }
}

/// What to go to or to do, by name.
pub fn palette(canvas: &mut Canvas<'_>, area: Rect, palette: &Palette) {
    let rows = u16::try_from(palette.matches.len()).unwrap_or(u16::MAX).clamp(1, area.height.saturating_sub(8).clamp(1, 12));
    // A reason that does not fit beside its word is said below the list, once it is marked.
    let said = |found: &PaletteMatch| found.disabled.as_ref().map_or_else(|| found.says.to_owned(), |reason| format!("not now: {reason}"));
    let beside = area.width.min(76).saturating_sub(4 + 21);
    let long = |found: &PaletteMatch| said(found).chars().count() > usize::from(beside);
    let foot = if palette.matches.iter().any(long) { 3 } else { 0 };
    let inner = floating(canvas, area, 76, rows + 4 + foot, "go to, or do");
    canvas.put(inner.x, inner.y, 1, ":", Role::Filter);
    text_field(canvas, Rect { x: inner.x + 1, y: inner.y, width: inner.width.saturating_sub(1), height: 1 }, &palette.text, true);
    let list = below(inner, 2);
    if palette.matches.is_empty() {
        canvas.put(list.x + 2, list.y, list.width.saturating_sub(2), "Nothing is called that. ? shows all keys.", Role::Muted);
    }
    let first = (palette.selected + 1).saturating_sub(usize::from(rows));
    for (y, (at, found)) in (list.y..list.bottom().min(list.y + rows)).zip(palette.matches.iter().enumerate().skip(first)) {
        let role = if found.disabled.is_some() { Role::Muted } else { Role::Key };
        choice(canvas, Rect { y, height: 1, width: list.width.min(20), ..list }, found.word, at == palette.selected, role);
        canvas.put(list.x + 21, y, beside, &said(found), Role::Muted);
    }
    if let Some(found) = palette.matches.get(palette.selected).filter(|found| long(found)) {
        canvas.wrapped(below(list, rows + 1), &said(found), Role::Muted);
    }
}

/// What can be done with a row; what cannot, and why not.
pub fn actions(canvas: &mut Canvas<'_>, area: Rect, menu: &ActionMenu) {
    let width = area.width.saturating_sub(4).min(90);
    let lines = |text: &str| u16::try_from(wrap(text, usize::from(width.saturating_sub(4))).len()).unwrap_or(u16::MAX);
    let says = if menu.says.is_empty() { 0 } else { lines(&menu.says.to_string()) + 1 };
    let rows = u16::try_from(menu.items.len()).unwrap_or(u16::MAX).clamp(1, area.height.saturating_sub(6 + says).max(1));
    let inner = floating(canvas, area, width, rows + says + 2, &menu.title.to_string());
    if says > 0 {
        canvas.wrapped(inner, &menu.says.to_string(), Role::Text);
    }
    let inner = below(inner, says);
    let first = (menu.selected + 1).saturating_sub(usize::from(rows));
    for (y, (at, item)) in (inner.y..inner.bottom()).zip(menu.items.iter().enumerate().skip(first)) {
        let row = Rect { y, height: 1, ..inner };
        match &item.disabled {
            None => {
                choice(canvas, row, &item.label, at == menu.selected, Role::Text);
            }
            Some(reason) => {
                choice(canvas, row, &item.label, at == menu.selected, Role::Muted);
                let x = row.x + 4 + u16::try_from(item.label.chars().count()).unwrap_or(0);
                canvas.put(x, y, row.right().saturating_sub(x), &format!("not now: {reason}"), Role::Muted);
            }
        }
    }
}

/// Themes; the one under the cursor is on the screen already.
pub fn themes(canvas: &mut Canvas<'_>, area: Rect, picker: &ThemePicker) {
    let rows = u16::try_from(picker.names.len()).unwrap_or(u16::MAX).clamp(1, area.height.saturating_sub(8));
    let inner = floating(canvas, area, 56, rows + 4, "themes");
    let first = (picker.selected + 1).saturating_sub(usize::from(rows));
    for (y, (at, name)) in (inner.y..).zip(picker.names.iter().enumerate().skip(first).take(usize::from(rows))) {
        choice(canvas, Rect { y, height: 1, ..inner }, name, at == picker.selected, Role::Text);
    }
    let y = inner.bottom().saturating_sub(1);
    let sample = [
        (" YES ", Role::Ok),
        (" STALE ", Role::Warn),
        (" NO ", Role::Error),
        (" danger ", Role::Danger),
        (" key ", Role::Key),
        (" note ", Role::Muted),
    ];
    canvas.spans(inner.x + 2, y, inner.width.saturating_sub(2), &sample);
}

/// A question; the first answer is the safe one.
pub fn ask(canvas: &mut Canvas<'_>, area: Rect, question: &Question) {
    let answers = u16::try_from(question.answers.len()).unwrap_or(0);
    let inner = floating(canvas, area, 64, answers + 6, "");
    let used = canvas.wrapped(inner, &question.text.to_string(), Role::Text);
    let mut row = below(inner, used + 1);
    for (at, answer) in question.answers.iter().enumerate() {
        let role = if at == 0 { Role::Text } else { Role::Warn };
        row = below(row, choice(canvas, row, answer, at == question.selected, role));
    }
}
