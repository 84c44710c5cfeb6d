//! Pages that fill the screen: the first one, details, texts, the history of errors.

use super::lists::sentences;
use crate::app::{App, Details, FirstScreen, Level, ListState, TextView, act_words, details as of_passkey, policy_details};
use crate::domain::Text;
use crate::tui::theme::Role;
use crate::tui::widgets::{Canvas, below, inset, wrap};
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

/// There is no catalog yet: set up, or demo.
pub fn first(canvas: &mut Canvas<'_>, body: Rect, app: &App, first: &FirstScreen) {
    let inner = inset(canvas.boxed(body, "start", true), 2);
    let mut area = below(inner, 1);
    let place = format!("There is no installation at {}.", app.setup.place);
    area = below(area, canvas.wrapped(area, &place, Role::Text) + 1);
    // Where there is no room for all of what they mean, only the marked one says it: no choice is ever out of sight.
    let width = usize::from(inner.width.saturating_sub(8));
    let lines: usize = FirstScreen::CHOICES.iter().map(|(_, says)| wrap(says, width).len() + 2).sum();
    let all = lines < usize::from(area.height);
    for (at, (label, says)) in FirstScreen::CHOICES.iter().enumerate() {
        area = below(area, choice(canvas, area, label, at == first.selected, Role::Text));
        if all || at == first.selected {
            area = below(area, canvas.wrapped(inset(area, 4), says, Role::Muted) + u16::from(all));
        }
    }
    canvas.wrapped(area, "Enter takes the marked one. Nothing is written before that.", Role::Muted);
}

/// A line that can be chosen, over several rows where it needs them and they are there; how many it took.
pub fn choice(canvas: &mut Canvas<'_>, area: Rect, label: &str, selected: bool, role: Role) -> u16 {
    let words = Rect { x: area.x + 2, width: area.width.saturating_sub(2), ..area };
    if area.height == 0 {
        return 0;
    }
    let lines = wrap(label, usize::from(words.width));
    let (rows, used) = if lines.len() <= usize::from(area.height) {
        (canvas.wrapped(words, label, role), lines.first().map_or(0, |line| line.width()))
    } else {
        (1, usize::from(canvas.put(words.x, words.y, words.width, label, role)))
    };
    if selected {
        canvas.select(area.x, Rect { width: u16::try_from(used).unwrap_or(words.width), height: 1, ..words });
    }
    rows
}

/// All that is known of one thing.
pub fn details(canvas: &mut Canvas<'_>, body: Rect, app: &App, details: &Details) {
    let (title, rows, list): (String, Vec<(&'static str, Text)>, &ListState) = match details {
        Details::Passkey(name, list) => {
            let passkey = app.facts.as_ref().and_then(|f| f.passkey(name));
            (format!("passkey {name}"), passkey.map(|p| of_passkey(app, p)).unwrap_or_default(), list)
        }
        Details::Policy(name, list) => {
            let policy = app.policy(name);
            (format!("policy {name}"), policy.map(|p| policy_details(app, p)).unwrap_or_default(), list)
        }
        Details::Item(item, list) => (item.title().to_string(), app.about(item), list),
    };
    let inner = inset(canvas.boxed(body, &title, true), 2);
    if rows.is_empty() {
        canvas.put(inner.x, inner.y + 1, inner.width, "It is gone: somebody removed it.", Role::Muted);
        return;
    }
    let area = below(inner, 1);
    let lines = sentences(canvas, area, &rows, list.offset);
    more(canvas, body, list.offset, usize::from(area.height), lines);
}

/// Lines to scroll through.
pub fn text(canvas: &mut Canvas<'_>, body: Rect, title: &str, view: &TextView) {
    let inner = inset(canvas.boxed(body, title, true), 1);
    let Some(lines) = &view.lines else {
        canvas.put(inner.x, inner.y, inner.width, "Reading ...", Role::Muted);
        return;
    };
    if lines.is_empty() {
        canvas.put(inner.x, inner.y, inner.width, "There is nothing here.", Role::Muted);
    }
    for (y, line) in (inner.y..inner.bottom()).zip(lines.iter().skip(view.offset)) {
        canvas.put(inner.x, y, inner.width, &line.to_string(), Role::Text);
    }
    more(canvas, body, view.offset, usize::from(inner.height), lines.len());
}

/// Says in the lower line of a box that there is more.
fn more(canvas: &mut Canvas<'_>, body: Rect, offset: usize, fit: usize, all: usize) {
    if all > fit {
        let said = format!(" {}-{} of {all} ", offset + 1, (offset + fit).min(all));
        let width = u16::try_from(said.len()).unwrap_or(0);
        canvas.put(body.right().saturating_sub(width + 2), body.bottom().saturating_sub(1), width, &said, Role::Muted);
    }
}

/// The history of flashes and errors, the newest first.
pub fn errors(canvas: &mut Canvas<'_>, body: Rect, app: &App, list: &ListState) {
    let inner = canvas.boxed(body, &format!("errors and messages[{}]", app.history.len()), true);
    if app.history.is_empty() {
        canvas.put(inner.x + 3, inner.y + 1, inner.width.saturating_sub(4), "Nothing went wrong so far.", Role::Muted);
        return;
    }
    let first = list.window(usize::from(inner.height / 2));
    let mut y = inner.y;
    for (at, flash) in app.history.iter().rev().enumerate().skip(first) {
        if y >= inner.bottom() {
            return;
        }
        let (word, role) = match flash.level {
            Level::Ok => ("done", Role::Ok),
            Level::Info => ("note", Role::Info),
            Level::Warn => ("WARN", Role::Warn),
            Level::Error => ("ERROR", Role::Error),
        };
        let time = flash.at.short(app.now);
        canvas.put(inner.x + 2, y, 7, &time, Role::Text);
        canvas.put(inner.x + 9, y, 6, word, role);
        let area = Rect { x: inner.x + 15, y, width: inner.width.saturating_sub(16), height: inner.bottom() - y };
        if at == list.selected {
            canvas.select(inner.x, Rect { x: inner.x + 2, y, width: u16::try_from(time.len()).unwrap_or(0), height: 1 });
        }
        let used = canvas.wrapped(area, &flash.text.to_string(), Role::Text);
        y += used.max(1);
        if let Some(act) = &flash.next {
            y += canvas.wrapped(below(area, used), &format!("next: {}", act_words(act)), Role::Muted);
        }
    }
}
