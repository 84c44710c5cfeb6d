//! The overview: unfinished work, would the backups come back, who can open them, one next act.

use super::lists::{name_width, proved_width, verdict_role};
use crate::app::{App, Row, act_words, overview as rows};
use crate::domain::{Act, Opens, Text, Verdict};
use crate::tui::theme::Role;
use crate::tui::widgets::{Canvas, Cell, Column, Table, below, inset, wrap};
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

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
    let room = room(app, inner.height);
    let listed = rows(app, usize::from(room));
    let whole = room < inner.height;
    let proved = proved_width(listed.iter().filter_map(|(row, _)| match row {
        Row::Case { proved, .. } | Row::Passkey { proved, .. } => Some(proved.as_str()),
        _ => None,
    }));
    let cases = Table::new(
        inner,
        vec![
            Column::new("CASE", case_width(inner.width)),
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
    let mut y = inner.y;
    for (row, target) in listed {
        if y >= inner.bottom() {
            break;
        }
        let selected = target.is_some() && target == target_now;
        let width = inner.width.saturating_sub(2);
        let taken = if whole { lines(&row, inner.width) } else { 1 };
        let rest = |x: u16| Rect { x: inner.x + x, y, width: inner.width.saturating_sub(x + 1), height: taken.min(inner.bottom() - y) };
        match row {
            Row::Debt { text, .. } => {
                canvas.put(inner.x + 1, y, 1, "!", Role::Warn);
                let used = sentence(canvas, rest(3), &text.to_string(), Role::Warn);
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
                let (say, then) = next_words(&act, then.as_ref());
                canvas.put(inner.x + 3, y, 6, "Next: ", Role::Title);
                let used = sentence(canvas, rest(9), &say, Role::Text);
                if taken == 1 {
                    canvas.put(inner.x + 9 + used, y, width.saturating_sub(8 + used), &then, Role::Muted);
                } else {
                    let said = u16::try_from(wrap(&say, usize::from(rest(9).width)).len()).unwrap_or(taken);
                    canvas.wrapped(below(rest(9), said), then.trim_start(), Role::Muted);
                }
                mark(canvas, inner, y, inner.x + 9, used, selected);
            }
            Row::Note(text) => {
                sentence(canvas, rest(1), &text.to_string(), Role::Muted);
            }
            Row::Blank => {}
        }
        y = y.saturating_add(taken);
    }
}

/// How many rows fit where sentences take more than one line each. Where what is next would then fall off, they are cut: Enter says all of it.
pub fn room(app: &App, inner: u16) -> u16 {
    let width = app.size.0.saturating_sub(2);
    let more: u16 = rows(app, usize::from(inner)).iter().map(|(row, _)| lines(row, width) - 1).sum();
    let room = inner.saturating_sub(more);
    if rows(app, usize::from(room)).len() > usize::from(room) { inner } else { room }
}

/// The longest case of every installation is 23 wide; names of locations may be longer.
fn case_width(width: u16) -> u16 {
    match width {
        0..70 => 20,
        70..100 => 23,
        _ => 34,
    }
}

/// Lines that a row takes in a box of this width.
fn lines(row: &Row, width: u16) -> u16 {
    let wrapped = |text: &str, beside: u16| wrap(text, usize::from(width.saturating_sub(beside + 1))).len();
    let lines = match row {
        Row::Debt { text, .. } => wrapped(&text.to_string(), 3),
        Row::Note(text) => wrapped(&text.to_string(), 1),
        Row::Next { act, then } => {
            let (say, then) = next_words(act, then.as_ref());
            match wrapped(&format!("{say}{then}"), 9) {
                1 => 1,
                _ if then.is_empty() => wrapped(&say, 9),
                _ => wrapped(&say, 9) + wrapped(then.trim_start(), 9),
            }
        }
        _ => 1,
    };
    u16::try_from(lines).unwrap_or(u16::MAX)
}

/// The next act, and what comes then.
fn next_words(act: &Act, then: Option<&Act>) -> (String, String) {
    (act_words(act).to_string(), then.map(|act| format!("  Then: {}", act_words(act))).unwrap_or_default())
}

/// A sentence, cut where there is but one line for it; columns of its first line.
fn sentence(canvas: &mut Canvas<'_>, area: Rect, text: &str, role: Role) -> u16 {
    if area.height == 1 {
        return canvas.put(area.x, area.y, area.width, text, role);
    }
    canvas.wrapped(area, text, role);
    wrap(text, usize::from(area.width)).first().map_or(0, |line| u16::try_from(line.width()).unwrap_or(area.width))
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
