//! The overview: unfinished work, would the backups come back, who can open them, one next act.

use super::lists::{name_width, proved_width, verdict_role};
use crate::app::{App, Row, act_words, overview as rows};
use crate::domain::{Opens, Text, Verdict};
use crate::tui::theme::Role;
use crate::tui::widgets::{Canvas, Cell, Column, Table, below, inset};
use ratatui::layout::Rect;

/// Draws it.
pub fn overview(canvas: &mut Canvas<'_>, body: Rect, app: &App) {
    let inner = canvas.boxed(body, "overview", true);
    if let Some(fault) = &app.trouble {
        let used = canvas.wrapped(inset(inner, 1), &fault.line(), Role::Error);
        let next = format!("next: {}", act_words(&fault.next));
        canvas.wrapped(inset(below(inner, used), 1), &next, Role::Text);
        return;
    }
    let names = app.facts.iter().flat_map(|f| &f.passkeys).map(|p| p.name.as_str());
    let name = name_width(names, inner.width);
    let listed = rows(app, usize::from(inner.height));
    let proved = proved_width(listed.iter().filter_map(|(row, _)| match row {
        Row::Case { proved, .. } | Row::Passkey { proved, .. } => Some(proved.as_str()),
        _ => None,
    }));
    let cases = Table::new(
        inner,
        vec![
            Column::new("CASE", 20),
            Column::new("ANSWER", 8),
            Column::new("BY WHICH WAY, OR WHY NOT", 0),
            Column::new("PROVED", proved).right(),
        ],
    );
    let mut columns = vec![Column::new("", name), Column::new("", 10), Column::new("", 8)];
    if inner.width < 70 {
        columns.remove(1);
    }
    columns.extend([Column::new("", 0), Column::new("", proved).right()]);
    let passkeys = Table::new(inner, columns);
    let target_now = app.overview_target();
    for (y, (row, target)) in (inner.y..inner.bottom()).zip(listed) {
        let selected = target.is_some() && target == target_now;
        let width = inner.width.saturating_sub(2);
        match row {
            Row::Debt { text, .. } => {
                canvas.put(inner.x + 1, y, 1, "!", Role::Warn);
                let used = canvas.put(inner.x + 3, y, width.saturating_sub(2), &text.to_string(), Role::Warn);
                mark(canvas, inner, y, inner.x + 3, used, selected);
            }
            Row::Heading { question, answer } => {
                let used = canvas.put(inner.x + 1, y, width, question, Role::Title);
                canvas.put(inner.x + 3 + used, y, width.saturating_sub(used + 2), &answer.to_string(), Role::Text);
                mark(canvas, inner, y, inner.x + 1, used, selected);
            }
            Row::CaseHeads => cases.heads(canvas, y, None),
            Row::Case { scenario, verdict, why, proved, .. } => {
                let cells = [
                    Cell::new(scenario.title().to_string()),
                    Cell::meaning(verdict.word(), of_verdict(verdict)),
                    Cell::new(why.to_string()),
                    Cell::new(proved),
                ];
                cases.row(canvas, y, &cells, false, selected);
            }
            Row::MoreCases(count) => {
                cases.row(canvas, y, &[Cell::new(format!("{count} more cases")), Cell::meaning("YES", Role::Ok)], false, false);
            }
            Row::Passkey { name, in_use, method, opens, why, proved } => {
                let mut cells = vec![Cell::new(Text::new(name.as_str()).to_string())];
                if inner.width >= 70 {
                    cells.push(Cell::new(method));
                }
                cells.extend([Cell::meaning(opens.word(), verdict_role(opens)), Cell::new(why.to_string()), Cell::new(proved)]);
                passkeys.row(canvas, y, &cells, in_use, selected);
            }
            Row::MorePasskeys(count) => {
                canvas.put(inner.x + 3, y, width, &format!("{count} more passkeys: 2 shows them"), Role::Muted);
            }
            Row::Next { act, then } => {
                let say = act_words(&act).to_string();
                let then = then.map(|act| format!("  Then: {}", act_words(&act))).unwrap_or_default();
                canvas.put(inner.x + 3, y, 6, "Next: ", Role::Title);
                let used = canvas.put(inner.x + 9, y, width.saturating_sub(8), &say, Role::Text);
                canvas.put(inner.x + 9 + used, y, width.saturating_sub(8 + used), &then, Role::Muted);
                mark(canvas, inner, y, inner.x + 9, used, selected);
            }
            Row::Note(text) => {
                canvas.put(inner.x + 1, y, width, &text.to_string(), Role::Muted);
            }
            Row::Blank => {}
        }
    }
}

fn mark(canvas: &mut Canvas<'_>, inner: Rect, y: u16, x: u16, width: u16, selected: bool) {
    if selected {
        canvas.select(inner.x, Rect { x, y, width, height: 1 });
    }
}

fn of_verdict(verdict: Verdict) -> Role {
    match verdict {
        Verdict::Yes => verdict_role(Opens::Yes),
        Verdict::Unproved | Verdict::Stale => Role::Warn,
        Verdict::Unknown => Role::Info,
        Verdict::No => Role::Error,
    }
}
