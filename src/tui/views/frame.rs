//! What is around every screen: the header, and the bottom line with crumbs, hints, flash or prompt.

use crate::app::{App, Layer, Level, act_words, hints};
use crate::domain::{Text, count};
use crate::tui::theme::Role;
use crate::tui::widgets::{Canvas, below, inset, text_field, wrap};
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

/// The rectangle between header and bottom line.
#[must_use]
pub fn body(app: &App, area: Rect) -> Rect {
    let header = header_rows(app);
    Rect { y: area.y + header, height: area.height.saturating_sub(header + 1), ..area }
}

fn header_rows(app: &App) -> u16 {
    if app.header_folds() { 1 } else { 2 }
}

/// The header: always the installation's name, who sits here, the lock's state, what may be changed.
pub fn header(canvas: &mut Canvas<'_>, area: Rect, app: &App) {
    let wall = format!(" {} ", canvas.wall());
    let name = app.title().fit(40);
    let name_role = if app.setup.production { Role::ContextProd } else { Role::Title };
    let (lock, lock_role) = lock(app);
    let (mode, mode_role) = if app.read_only() { ("READ-ONLY", Role::Readonly) } else { ("rw", Role::Muted) };
    let mut first = vec![(name.as_str(), name_role), (&wall, Role::Border)];
    let who = app.setup.who.to_string();
    first.extend([("local", Role::Muted), (&wall, Role::Border), (&who, Role::Text), (&wall, Role::Border)]);
    let demo = [("DEMO", Role::Warn), (wall.as_str(), Role::Border)];
    if header_rows(app) == 1 {
        if app.is_demo() {
            first.splice(0..0, demo);
        }
        // Who sits here gives way before the lock and the mode do.
        let needed = width(&first) + lock.len() + wall.len() + mode.len() + 10;
        if needed > usize::from(area.width) {
            first.retain(|(text, _)| *text != "local");
            first.dedup_by(|a, b| a.0 == wall && b.0 == wall);
        }
        if width(&first) + lock.len() + wall.len() + mode.len() + 10 > usize::from(area.width) {
            first.retain(|(text, _)| *text != who);
            first.dedup_by(|a, b| a.0 == wall && b.0 == wall);
        }
        first.extend([(lock.as_str(), lock_role), (&wall, Role::Border), (mode, mode_role)]);
        canvas.spans(area.x + 1, area.y, area.width.saturating_sub(9), &first);
        keys(canvas, area, area.y);
        return;
    }
    if app.is_demo() {
        first.extend(demo);
    }
    first.extend([(mode, mode_role)]);
    canvas.spans(area.x + 1, area.y, area.width.saturating_sub(30), &first);
    let mut second = vec![(lock.as_str(), lock_role)];
    let facts = facts(app);
    if !facts.is_empty() {
        second.extend([(wall.as_str(), Role::Border), (&facts, Role::Muted)]);
    }
    canvas.spans(area.x + 1, area.y + 1, area.width.saturating_sub(30), &second);
    let x = area.right().saturating_sub(28);
    canvas.spans(
        x,
        area.y,
        27,
        &[("?", Role::Key), (" help  ", Role::Hint), (":", Role::Key), (" go to  ", Role::Hint), ("!", Role::Key), (" errors", Role::Hint)],
    );
    canvas.spans(x, area.y + 1, 27, &[("Ctrl-X", Role::Key), (" lock  ", Role::Hint), ("Ctrl-C", Role::Key), (" quit", Role::Hint)]);
}

fn width(spans: &[(&str, Role)]) -> usize {
    spans.iter().map(|(text, _)| text.chars().count()).sum()
}

fn keys(canvas: &mut Canvas<'_>, area: Rect, y: u16) {
    let x = area.right().saturating_sub(8);
    canvas.spans(x, y, 8, &[("?", Role::Key), ("  ", Role::Hint), (":", Role::Key), ("  ", Role::Hint), ("!", Role::Key)]);
}

/// Who unlocked, or that it is locked.
fn lock(app: &App) -> (String, Role) {
    let nothing = app.facts.as_ref().is_some_and(|f| f.installation.is_none());
    if nothing {
        return ("nothing here yet".into(), Role::Muted);
    }
    (Text::new(app.lock_words()).fit(44), if app.unlocked() { Role::Ok } else { Role::Warn })
}

/// The second line of the tall header.
fn facts(app: &App) -> String {
    let Some(facts) = &app.facts else { return String::new() };
    if facts.installation.is_none() {
        return app.setup.place.to_string();
    }
    let verified = if facts.verified { "" } else { ", facts not verified: locked" };
    let passkeys = facts.unread.saturating_add(facts.passkeys.len() as u64);
    format!("{}, {}{verified}", count(passkeys, "passkey", "passkeys"), count(facts.policies, "policy", "policies"))
}

/// The last line: the filter while it is typed, else a flash, else crumbs and hints.
pub fn bottom(canvas: &mut Canvas<'_>, area: Rect, app: &App) {
    let y = area.bottom().saturating_sub(1);
    if let Some(filter) = app.filtering.as_ref().filter(|_| app.layers.is_empty()) {
        canvas.put(area.x, y, 2, " /", Role::Filter);
        let field = Rect { x: area.x + 2, y, width: area.width.saturating_sub(3), height: 1 };
        let said = [("Enter", Role::Key), (" keeps it  ", Role::Hint), ("Esc", Role::Key), (" clears ", Role::Hint)];
        let x = area.right().saturating_sub(24);
        canvas.spans(x, y, 24, &said);
        text_field(canvas, Rect { width: x.saturating_sub(field.x + 1), ..field }, filter, true);
        return;
    }
    if let Some(flash) = &app.flash {
        let role = match flash.level {
            Level::Ok => Role::Ok,
            Level::Info => Role::Info,
            Level::Warn => Role::Warn,
            Level::Error => Role::Error,
        };
        let text = flash.text.to_string();
        let next = flash.next.as_ref().map(|act| format!("  next: {}", act_words(act))).unwrap_or_default();
        flashed(canvas, area, (&text, role), &next);
        return;
    }
    let mut end = crumbs(canvas, area, y, app);
    // Long work is seen from every screen; its own flow says more of it.
    if let Some(words) = app.running_words().filter(|_| !own_flow(app)) {
        let width = area.right().saturating_sub(end + 4);
        end += 2 + canvas.put(end + 2, y, width, &words, Role::Info);
    }
    hint_bar(canvas, area, y, end + 3, app);
}

/// A flash on the bottom line; one that is too long takes as many lines as it needs, for what is next must not be cut off.
fn flashed(canvas: &mut Canvas<'_>, area: Rect, (text, role): (&str, Role), next: &str) {
    let room = inset(area, 1);
    let last = Rect { y: area.bottom().saturating_sub(1), height: 1, ..room };
    let width = usize::from(room.width);
    if text.width() + next.width() <= width {
        canvas.spans(last.x, last.y, last.width, &[(text, role), (next, Role::Text)]);
        return;
    }
    let next = next.trim_start();
    let rows = wrap(text, width).len() + if next.is_empty() { 0 } else { wrap(next, width).len() };
    let rows = u16::try_from(rows).unwrap_or(u16::MAX).min(area.height / 2);
    let place = Rect { y: area.bottom() - rows, height: rows, ..area };
    canvas.blank(place);
    let place = inset(place, 1);
    let used = canvas.wrapped(place, text, role);
    if !next.is_empty() {
        canvas.wrapped(below(place, used), next, Role::Text);
    }
}

/// Whether what runs is on top.
fn own_flow(app: &App) -> bool {
    match app.top() {
        Some(Layer::Wizard(driver)) => driver.runs(),
        Some(Layer::Talk) => true,
        _ => false,
    }
}

/// Where we are; how far it reaches.
fn crumbs(canvas: &mut Canvas<'_>, area: Rect, y: u16, app: &App) -> u16 {
    let mut names: Vec<String> = app.crumbs().iter().map(|crumb| crumb.fit(28)).collect();
    // Before there is an installation there is no screen below; deep down, what is near matters.
    if names.get(1).is_some_and(|name| name == "start") || names.len() > 4 {
        names.remove(0);
    }
    let mut x = area.x + 1;
    for (at, name) in names.iter().enumerate() {
        let last = at + 1 == names.len();
        let role = if last { Role::CrumbActive } else { Role::Crumb };
        x += canvas.put(x, y, area.width / 2, name, role);
        if !last {
            x += canvas.put(x, y, 3, " > ", Role::Crumb);
        }
    }
    x
}

/// As many hints as fit, the most useful first.
fn hint_bar(canvas: &mut Canvas<'_>, area: Rect, y: u16, from: u16, app: &App) {
    let mut shown = Vec::new();
    let room = usize::from(area.right().saturating_sub(from + 1));
    let mut used = 0;
    for (key, word) in hints(app) {
        let needed = key.chars().count() + word.len() + if shown.is_empty() { 1 } else { 3 };
        if used + needed > room {
            break;
        }
        used += needed;
        shown.push((key, word));
    }
    let mut x = area.right().saturating_sub(1 + u16::try_from(used).unwrap_or(0));
    for (at, (key, word)) in shown.iter().enumerate() {
        x += if at == 0 { 0 } else { 2 };
        x = canvas.spans(x, y, area.right().saturating_sub(x), &[(key, Role::Key), (" ", Role::Hint), (word, Role::Hint)]);
    }
}
