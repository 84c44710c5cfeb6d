//! The unlock screen: any of these passkeys opens.

use super::view::View;
use crate::app::{UnlockScreen, act_words};
use crate::domain::Text;
use crate::tui::theme::Role;
use crate::tui::widgets::{Canvas, below, completes, inset, said_of, secret_field};
use ratatui::layout::Rect;

/// Draws it.
pub fn unlock(canvas: &mut Canvas<'_>, body: Rect, view: &View<'_>, screen: &UnlockScreen) {
    let app = view.app;
    let installation = app.facts.as_ref().and_then(|f| f.installation.as_ref());
    let title = installation.map_or_else(String::new, |i| Text::new(i.title()).to_string());
    let mut area = inset(canvas.boxed(body, &format!("unlock {title}"), true), 2);
    let opening = match screen.passkeys.len().saturating_add(screen.more) {
        1 => "This passkey's passphrase opens it:",
        _ => "Any of these opens it, the first is tried first:",
    };
    canvas.put(area.x, area.y, area.width, opening, Role::Text);
    area = below(area, 1);
    // Where there is little room, what failed and what to do next need it more than the other names.
    let tight = area.height < 14;
    let room = if tight { 1 } else { usize::from(area.height / 3) };
    let first = if tight { screen.only.unwrap_or(0) } else { 0 };
    for (at, name) in screen.passkeys.iter().enumerate().skip(first).take(room) {
        let selected = screen.only == Some(at);
        let in_use = app.facts.as_ref().is_some_and(|f| f.in_use(name));
        let used = canvas.put(area.x + 3, area.y, area.width.saturating_sub(3), name.as_str(), Role::Text);
        if in_use {
            canvas.put(area.x + 1, area.y, 1, "*", Role::Mark);
        }
        if selected {
            canvas.select(area.x, Rect { x: area.x + 3, y: area.y, width: used, height: 1 });
        }
        let others = screen.passkeys.len() - 1 + screen.more;
        if tight && others > 0 {
            let beside = area.x + 3 + used;
            canvas.put(beside, area.y, area.right().saturating_sub(beside), &format!(", and {others} more"), Role::Muted);
        }
        area = below(area, 1);
    }
    let more = screen.more + screen.passkeys.len().saturating_sub(room);
    if more > 0 && !tight {
        canvas.put(area.x + 3, area.y, area.width.saturating_sub(3), &format!("and {more} more"), Role::Muted);
        area = below(area, 1);
    }
    if !screen.envelope.is_empty() {
        area = below(area, u16::from(!tight));
        canvas.put(area.x, area.y, 12, "Envelope", Role::Muted);
        let said = Rect { x: area.x + 12, width: area.width.saturating_sub(12), ..area };
        area = below(area, canvas.wrapped(said, &screen.envelope.to_string(), Role::Text).max(1) - 1);
    }
    area = below(area, 1);
    canvas.put(area.x, area.y, 12, "Passphrase", Role::Muted);
    let field = Rect { x: area.x + 12, y: area.y, width: area.width.saturating_sub(12), height: 1 };
    let typed = (view.secret)(screen.field.slot);
    secret_field(canvas, field, &screen.field, typed, !screen.busy);
    area = below(area, 1);
    let note = match &screen.trying {
        Some(trying) if screen.busy => {
            let candidate = trying.candidate.map(|(n, of)| format!(", try {n} of {of}")).unwrap_or_default();
            format!("Trying {} of {}: {}{candidate}. Esc stops.", trying.nth, trying.of, Text::new(trying.passkey.as_str()))
        }
        _ if screen.busy => "Trying ... Esc stops.".into(),
        _ => said_of(&screen.field, typed),
    };
    let line = if note.is_empty() { completes(&screen.field) } else { note };
    canvas.put(area.x + 12, area.y, area.width.saturating_sub(12), &line, Role::Info);
    area = below(area, if tight { 1 } else { 2 });
    if let Some(fault) = &screen.fault {
        area = below(area, canvas.wrapped(area, &fault.line(), Role::Error));
        area = below(area, canvas.wrapped(area, &format!("next: {}", act_words(&fault.next)), Role::Text) + 1);
    }
    // In a demo the words that open it are what helps.
    for hint in screen.hints().into_iter().filter(|_| app.setup.demo.is_empty()) {
        area = below(area, canvas.wrapped(area, hint, Role::Muted));
    }
    if screen.failures == 0 && screen.fault.is_none() {
        let said = "Enter unlocks. Up and Down choose one passkey. Esc looks around locked.";
        area = below(area, canvas.wrapped(area, said, Role::Muted) + 1);
    }
    for line in &app.setup.demo {
        area = below(area, canvas.wrapped(area, &line.to_string(), Role::Muted));
    }
}
