//! Screens that are read off the facts: locations and artifacts, DR and drills, the readiness matrix.

use super::lists::{empty, halves, pane, proved_width, title};
use crate::app::{App, Level, Said, TIMES, WIDE, sheet_empty, sheet_heads, sheet_title};
use crate::tui::theme::Role;
use crate::tui::widgets::{Canvas, Cell, Column, Table, below, inset};
use ratatui::layout::Rect;

/// Sentences, a table, and a pane about the selected row.
pub fn sheet(canvas: &mut Canvas<'_>, body: Rect, app: &App) {
    let Some(state) = app.list() else { return };
    let items = app.items();
    let inner = canvas.boxed(body, &title(sheet_title(app.screen), &state.filter, items.len(), items.len()), true);
    let (mut upper, lower) = halves(app, inner);
    for said in app.above() {
        upper = below(upper, canvas.wrapped(inset(upper, 1), &said.text, role(&said)));
    }
    let wide = body.width >= WIDE;
    let fit = usize::from(upper.height.saturating_sub(1));
    let first = state.window(fit);
    let rows: Vec<Vec<Said>> = items.iter().skip(first).take(fit).map(|item| app.cells(item, wide)).collect();
    let column = |(at, (head, width)): (usize, (&'static str, u16))| match width {
        TIMES => Column::new(head, TIMES.max(proved_width(rows.iter().filter_map(|row| row.get(at)).map(|said| said.text.as_str())))),
        _ => Column::new(head, width),
    };
    let table = Table::new(upper, sheet_heads(app.screen, body.width).into_iter().enumerate().map(column).collect());
    table.heads(canvas, upper.y, None);
    if items.is_empty() {
        empty(canvas, upper, &state.filter, sheet_empty(app.screen));
    }
    for ((y, at), row) in (upper.y + 1..).zip(first..).zip(&rows) {
        let cells: Vec<Cell> = row.iter().map(|said| Cell::meaning(said.text.clone(), role(said))).collect();
        table.row(canvas, y, &cells, false, at == state.selected);
    }
    if let (Some(area), Some(item)) = (lower, items.get(state.selected)) {
        pane(canvas, area, &item.title().to_string(), &app.about(item));
    }
}

fn role(said: &Said) -> Role {
    match said.level {
        None => Role::Text,
        Some(Level::Ok) => Role::Ok,
        Some(Level::Info) => Role::Info,
        Some(Level::Warn) => Role::Warn,
        Some(Level::Error) => Role::Error,
    }
}
