//! The lists: passkeys, policies, the journal, each with a lower pane about the selected row.

use crate::app::{App, Screen, details, passkey_columns, passkey_row, policy_details};
use crate::domain::{Finding, JournalReport, Opens, Text};
use crate::tui::theme::Role;
use crate::tui::widgets::{Canvas, Cell, Column, Table, inset, wrap};
use ratatui::layout::Rect;

/// Terminals with fewer rows have no lower pane.
const PANE_FROM: u16 = 20;

/// The role of a passkey's answer.
#[must_use]
pub fn verdict_role(opens: Opens) -> Role {
    match opens {
        Opens::Yes => Role::Ok,
        Opens::Stale | Opens::Pending => Role::Warn,
        Opens::Unknown => Role::Info,
        Opens::No => Role::Error,
    }
}

/// How wide a column of passkey names is: as wide as the longest needs, within reason.
#[must_use]
pub fn name_width<'a>(names: impl Iterator<Item = &'a str>, inner: u16) -> u16 {
    let longest = names.map(str::len).max().unwrap_or(0);
    u16::try_from(longest).unwrap_or(u16::MAX).clamp(14, (inner / 3).max(14)) + 1
}

/// How wide a column of times is: other years need a whole date.
#[must_use]
pub fn proved_width<'a>(times: impl Iterator<Item = &'a str>) -> u16 {
    u16::try_from(times.map(str::len).max().unwrap_or(0)).unwrap_or(u16::MAX).clamp(6, 10)
}

/// How many rows of the screen's list fit where `inner` lines are inside the box.
#[must_use]
pub fn rows(app: &App, inner: u16) -> u16 {
    let width = usize::from(app.size.0.saturating_sub(4));
    let above = if app.screen.is_sheet() { app.above().iter().map(|said| wrap(&said.text, width).len()).sum() } else { 0 };
    inner.saturating_sub(1 + u16::try_from(above).unwrap_or(0) + pane_height(app, inner))
}

fn pane_height(app: &App, inner: u16) -> u16 {
    let wanted = match app.screen {
        Screen::Overview => return 0,
        Screen::Passkeys => 9,
        Screen::Policies => 6,
        Screen::Journal | Screen::Artifacts | Screen::Dr => 7,
        Screen::Readiness => 5,
    };
    let shown = app.list().is_some_and(|list| list.pane) && app.size.1 >= PANE_FROM;
    if shown { wanted.min(inner / 2) } else { 0 }
}

/// The upper and the lower part of the room in a box.
pub fn halves(app: &App, inner: Rect) -> (Rect, Option<Rect>) {
    let pane = pane_height(app, inner.height);
    let upper = Rect { height: inner.height - pane, ..inner };
    (upper, (pane > 0).then_some(Rect { y: upper.bottom(), height: pane, ..inner }))
}

/// `passkeys(all)[4]`, `passkeys(/k10)[1 of 4]`.
pub fn title(name: &str, filter: &str, shown: usize, all: usize) -> String {
    if filter.is_empty() { format!("{name}(all)[{all}]") } else { format!("{name}(/{})[{shown} of {all}]", Text::new(filter).fit(30)) }
}

/// One sentence and one act, where there is nothing to list.
pub fn empty(canvas: &mut Canvas<'_>, area: Rect, filter: &str, sentence: &str) {
    let sentence = if filter.is_empty() { sentence } else { "Nothing matches. Esc clears the filter." };
    let room = Rect { x: area.x + 3, y: area.y + 1, width: area.width.saturating_sub(4), height: area.height.saturating_sub(1) };
    canvas.wrapped(room, sentence, Role::Muted);
}

/// The passkeys.
pub fn passkeys(canvas: &mut Canvas<'_>, body: Rect, app: &App) {
    let (state, rows) = (&app.passkeys.list, &app.passkeys.rows);
    let all = app.facts.as_ref().map_or(&[][..], |f| &f.passkeys);
    let inner = canvas.boxed(body, &title("passkeys", &state.filter, rows.len(), all.len()), true);
    let (upper, lower) = halves(app, inner);
    let wide = body.width >= 100;
    let heads = passkey_columns();
    let fit = usize::from(upper.height.saturating_sub(1));
    let first = state.window(fit);
    let on_screen = rows.iter().skip(first).take(fit).filter_map(|i| all.get(usize::try_from(*i).ok()?));
    let times: Vec<String> = on_screen.map(|p| passkey_row(app, p).proved).collect();
    let mut columns = vec![
        Column::new(heads[0], name_width(all.iter().map(|p| p.name.as_str()), inner.width)),
        Column::new(heads[1], 10),
        Column::new(heads[2], 8),
        Column::new(heads[3], if wide { 10 } else { proved_width(times.iter().map(String::as_str)) }),
    ];
    if wide {
        columns.extend([Column::new(heads[4], 16), Column::new(heads[5], 10)]);
    }
    // With DR, what its archives need and what a total loss leaves matters more than why it opens today, which the pane says.
    let dr = app.facts.as_ref().is_some_and(|f| f.dr.is_some());
    if dr {
        columns.extend([Column::new("ARCHIVES", 9), Column::new("TOTAL LOSS", 0)]);
    } else {
        columns.push(Column::new("WHY", 0));
    }
    let table = Table::new(upper, columns);
    table.heads(canvas, upper.y, Some((state.sort, state.reverse)));
    if rows.is_empty() {
        empty(canvas, upper, &state.filter, "No passkey exists. n: add one.");
    }
    let shown = rows.iter().enumerate().skip(first).take(fit);
    for (y, (at, index)) in (upper.y + 1..).zip(shown) {
        let Some(passkey) = usize::try_from(*index).ok().and_then(|i| all.get(i)) else { continue };
        let row = passkey_row(app, passkey);
        let mut cells = vec![
            Cell::new(Text::new(row.name.as_str()).to_string()),
            Cell::new(row.method),
            Cell::meaning(row.opens.word(), verdict_role(row.opens)),
            Cell::new(row.proved),
        ];
        if wide {
            cells.extend([Cell::new(row.owner.to_string()), Cell::new(row.made)]);
        }
        if dr {
            cells.extend([Cell::new(row.archives), Cell::new(row.total_loss.to_string())]);
        } else {
            cells.push(Cell::new(row.why.to_string()));
        }
        table.row(canvas, y, &cells, row.in_use, at == state.selected);
    }
    let note = upper.y + 2 + u16::try_from(rows.len()).unwrap_or(u16::MAX).min(upper.height);
    if note + 1 < upper.bottom() && !rows.is_empty() {
        canvas.put(upper.x + 1, note, upper.width.saturating_sub(2), "* in use: tried first at unlock.", Role::Muted);
    }
    let selected = rows.get(state.selected).and_then(|i| all.get(usize::try_from(*i).ok()?));
    if let (Some(area), Some(passkey)) = (lower, selected) {
        // What the row itself says is not said twice: each move of the cursor redraws the pane.
        let mut said = details(app, passkey);
        said.retain(|(head, _)| !(matches!(*head, "In use" | "Wrap") || wide && *head == "Owner"));
        pane(canvas, area, passkey.name.as_str(), &said);
    }
}

/// The policies.
pub fn policies(canvas: &mut Canvas<'_>, body: Rect, app: &App) {
    let (list, state) = (&app.policies, &app.policies.list);
    let title = if list.loaded { title("policies", &state.filter, list.rows.len(), list.names.len()) } else { "policies".into() };
    let inner = canvas.boxed(body, &title, true);
    let (upper, lower) = halves(app, inner);
    let wide = body.width >= 100;
    let name = if wide { 60 } else { upper.width.saturating_sub(44).min(34) };
    let mut columns = vec![Column::new("NAME", name), Column::new("KEY ID", 16), Column::new("ADDED", 10)];
    if body.width >= 70 {
        columns.push(Column::new("BY", 0));
    }
    let table = Table::new(upper, columns);
    table.heads(canvas, upper.y, Some((0, state.reverse)));
    if list.rows.is_empty() {
        empty(canvas, upper, &state.filter, if list.loaded { "No policy exists. n: add one." } else { "Reading ..." });
    }
    let fit = usize::from(upper.height.saturating_sub(1));
    let first = state.window(fit);
    for (y, at) in (upper.y + 1..).zip((first..list.rows.len()).take(fit)) {
        let name = Text::new(list.name(at).unwrap_or_default()).to_string();
        let cells = match list.policy(at) {
            Some(policy) => vec![
                Cell::new(name),
                if policy.altered {
                    Cell::meaning("ALTERED", Role::Error)
                } else {
                    Cell::new(Text::new(policy.key_id.as_str()).to_string())
                },
                Cell::new(policy.created_at.short(app.now)),
                Cell::new(policy.created_by.to_string()),
            ],
            None => vec![Cell::new(name)],
        };
        table.row(canvas, y, &cells, false, at == state.selected);
    }
    if let (Some(area), Some(policy)) = (lower, list.policy(state.selected)) {
        pane(canvas, area, policy.name.as_str(), &policy_details(app, policy));
    }
}

/// The journal, the newest entry first.
pub fn journal(canvas: &mut Canvas<'_>, body: Rect, app: &App) {
    let (list, state) = (&app.journal, &app.journal.list);
    let all = usize::try_from(list.last).unwrap_or(usize::MAX);
    let inner = canvas.boxed(body, &title("journal", &state.filter, list.count(), all), true);
    let report = list.report.as_ref().map(report_line);
    let said = if list.verifying { Some(("Verifying the chain ...".to_owned(), Role::Info)) } else { report };
    let (mut upper, lower) = halves(app, inner);
    if let Some((line, role)) = said {
        upper.height = upper.height.saturating_sub(1);
        canvas.put(upper.x + 1, upper.bottom(), upper.width.saturating_sub(2), &line, role);
    }
    let wide = body.width >= 100;
    let fit = usize::from(upper.height.saturating_sub(1));
    let first = state.window(fit);
    let on_screen: Vec<_> = (first..list.count()).take(fit).filter_map(|at| list.line(at)).collect();
    let times: Vec<String> = on_screen.iter().map(|line| line.at.short(app.now)).collect();
    let longest =
        |most: usize, lengths: &mut dyn Iterator<Item = usize>| u16::try_from(lengths.max().unwrap_or(0).clamp(4, most)).unwrap_or(4);
    let columns = vec![
        Column::new("NO", if wide { 6 } else { longest(6, &mut std::iter::once(all.to_string().len())) }),
        Column::new("WHEN", if wide { 20 } else { proved_width(times.iter().map(String::as_str)) }),
        Column::new("WHO", if wide { 24 } else { longest(16, &mut on_screen.iter().map(|line| line.who.to_string().chars().count())) }),
        Column::new("VERB", 13),
        Column::new("WHAT", 0),
    ];
    let table = Table::new(upper, columns);
    table.heads(canvas, upper.y, None);
    if list.count() == 0 {
        empty(canvas, upper, &state.filter, "The journal is empty.");
    }
    for (y, at) in (upper.y + 1..).zip((first..list.count()).take(fit)) {
        let number = list.seq(at).unwrap_or_default().to_string();
        let cells = match list.line(at) {
            Some(line) => vec![
                Cell::new(number),
                Cell::new(if wide { line.at.to_string() } else { line.at.short(app.now) }),
                Cell::new(line.who.to_string()),
                Cell::new(line.verb.to_string()),
                Cell::new(line.what.to_string()),
            ],
            None => vec![Cell::new(number)],
        };
        table.row(canvas, y, &cells, false, at == state.selected);
    }
    if let (Some(area), Some(line)) = (lower, list.line(state.selected)) {
        let vouched = if line.vouched { "yes: a MAC at or after it" } else { "not yet: written while locked, or not read so far" };
        let rows = [
            ("When", Text::new(line.at.to_string())),
            ("Who", line.who.clone()),
            ("From", line.from.clone()),
            ("What", Text::new(format!("{}: {}", line.verb, line.what))),
            ("Vouched", vouched.into()),
            ("Hash", Text::new(line.hash.as_str())),
        ];
        pane(canvas, area, &format!("entry {}", line.seq), &rows);
    }
}

/// What verification found, in one line.
fn report_line(report: &JournalReport) -> (String, Role) {
    let Some(first) = report.findings.first() else {
        let keyed = if report.keyed { format!("vouched to {}", report.vouched_to) } else { "MACs not checked: locked".to_owned() };
        let witness = report.witness.as_ref().map_or("no outside witness".to_owned(), |w| format!("{} agrees", w.place));
        return (format!("Verified: intact to {} of {}; {keyed}; {witness}.", report.intact_to, report.last), Role::Ok);
    };
    let more = report.findings.len() - 1;
    let more = if more == 0 { String::new() } else { format!(" (and {more} more)") };
    let said = match first {
        Finding::Broken { seq, why } => format!("entry {seq} does not continue the chain: {why}"),
        Finding::Missing { seq } => format!("entry {seq} is missing"),
        Finding::Forged { seq } => format!("entry {seq} is not by this installation"),
        Finding::CutOff { witness, last } => format!("it ends at {last}, but {} remembers {}", witness.place, witness.head.seq),
        Finding::Record { record, why } => format!("{record}: {why}"),
    };
    (format!("NOT intact: {said}{more}. kastellan journal verify says all."), Role::Error)
}

/// Heads and sentences about one thing.
pub fn pane(canvas: &mut Canvas<'_>, area: Rect, title: &str, rows: &[(&'static str, Text)]) {
    canvas.rule(area.x, area.y, area.width, title);
    let inner = inset(Rect { y: area.y + 1, height: area.height - 1, ..area }, 1);
    sentences(canvas, inner, rows, 0);
}

/// Heads on the left, sentences beside them, from line `skip` on; how many lines there are in all.
pub fn sentences(canvas: &mut Canvas<'_>, area: Rect, rows: &[(&'static str, Text)], skip: usize) -> usize {
    let head = rows.iter().map(|(head, _)| head.len()).max().unwrap_or(0).max(10) + 2;
    let head = u16::try_from(head).unwrap_or(12).min(area.width / 2);
    let mut line = 0;
    for (name, text) in rows {
        for (nth, part) in wrap(&text.to_string(), usize::from(area.width.saturating_sub(head))).iter().enumerate() {
            let at = u16::try_from(line - skip.min(line)).unwrap_or(u16::MAX);
            if line >= skip && at < area.height {
                if nth == 0 {
                    canvas.put(area.x, area.y + at, head, name, Role::Muted);
                }
                canvas.put(area.x + head, area.y + at, area.width - head, part, Role::Text);
            }
            line += 1;
        }
    }
    line
}
