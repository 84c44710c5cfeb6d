//! A verb that asks step by step: what it said, from the end, and below it what it asks or how far it is.

use super::view::View;
use super::wizard::bar;
use crate::app::{Asked, Talk, TalkField};
use crate::domain::Text;
use crate::tui::theme::Role;
use crate::tui::widgets::{Canvas, below, completes, inset, said_of, secret_field, text_field, wrap};
use ratatui::layout::Rect;

/// Rows below what was said: one that is empty, the question, the field, what is said of it.
const FOOT: u16 = 4;

/// Columns before the words of a step that ended: `[x]   41.3 s  `.
const STEP: usize = 14;

/// Draws it.
pub fn talk(canvas: &mut Canvas<'_>, body: Rect, view: &View<'_>, talk: &Talk) {
    let app = view.app;
    let area = inset(canvas.boxed(body, &talk.title(), true), 1);
    let asks = talk.asked.as_ref().map_or(0, |asked| label_rows(asked, area.width) - 1);
    let said = Rect { height: area.height.saturating_sub(FOOT + asks), ..area };
    let upto = talk.lines.len().saturating_sub(talk.back);
    let rows = last_rows(talk.lines.get(..upto).unwrap_or_default(), usize::from(said.width), usize::from(said.height));
    let count = u16::try_from(rows.len()).unwrap_or(u16::MAX);
    for (y, (row, role)) in (said.y..).zip(&rows) {
        canvas.put(said.x, y, said.width, row, *role);
    }
    // Right below what was said, and at the bottom once that fills the box.
    let foot = below(Rect { y: said.y + count, height: area.bottom().saturating_sub(said.y + count), ..area }, u16::from(count > 0));
    // What is typed must be seen, wherever one reads.
    if let Some(asked) = &talk.asked {
        question(canvas, foot, view, asked);
    } else if talk.back > 0 {
        let more = format!("{} more below: End goes there", talk.back);
        canvas.put(foot.x, foot.y, foot.width, &more, Role::Muted);
    } else if let Some(well) = talk.ended {
        let (said, role) = if well { ("Done. Enter closes.", Role::Ok) } else { ("It did not go well. Enter closes.", Role::Error) };
        canvas.put(foot.x, foot.y, foot.width, said, role);
    } else if let Some(progress) = talk.progress(app.now) {
        canvas.put(foot.x, foot.y, foot.width, &bar(&progress, foot.width), Role::Info);
        canvas.put(foot.x, foot.y + 1, foot.width, "Esc leaves it running.", Role::Muted);
    } else {
        let said = if talk.stopping { "Stopping ..." } else { "Working ... Esc leaves it running." };
        canvas.put(foot.x, foot.y, foot.width, said, Role::Info);
    }
}

fn question(canvas: &mut Canvas<'_>, area: Rect, view: &View<'_>, asked: &Asked) {
    let rows = label_rows(asked, area.width);
    canvas.wrapped(area, &asked.label.to_string(), Role::Title);
    let field = Rect { y: area.y + rows, height: 1, ..area };
    let note = match &asked.field {
        TalkField::Line(line) => {
            text_field(canvas, field, line, true);
            String::new()
        }
        TalkField::Secret(secret) => {
            let typed = (view.secret)(secret.slot);
            secret_field(canvas, field, secret, typed, true);
            let said = said_of(secret, typed);
            if said.is_empty() { completes(secret) } else { said }
        }
    };
    canvas.put(area.x, field.y + 1, area.width, &note, Role::Info);
}

/// Rows that a question takes.
fn label_rows(asked: &Asked, width: u16) -> u16 {
    u16::try_from(wrap(&asked.label.to_string(), usize::from(width)).len()).unwrap_or(1)
}

/// The last rows of these lines, wrapped; what a line begins with tells its colour.
fn last_rows(lines: &[Text], width: usize, most: usize) -> Vec<(String, Role)> {
    let mut rows = Vec::new();
    for line in lines.iter().rev() {
        if rows.len() >= most {
            break;
        }
        let line = line.to_string();
        let role = role(&line);
        // The rows that a line is broken into stand below its words: a list's indentation, the time of a step.
        let words = if line.starts_with('[') { STEP } else { line.len() - line.trim_start_matches(' ').len() };
        let (head, rest) = line.split_at_checked(words).unwrap_or(("", &line));
        let room = width.saturating_sub(words).max(1);
        let broken: Vec<String> = wrap(rest, room).into_iter().map(|row| format!("{:words$}{row}", "")).collect();
        for (at, row) in broken.into_iter().enumerate().rev() {
            let row = if at == 0 { format!("{head}{}", row.get(head.len()..).unwrap_or_default()) } else { row };
            rows.push((row, role));
        }
    }
    rows.truncate(most);
    rows.reverse();
    rows
}

fn role(line: &str) -> Role {
    match line.trim_start() {
        line if line.starts_with("[!]") || line.starts_with("NOT ") || line.contains("wrong passphrase") => Role::Error,
        line if line.starts_with("[x]") || line.starts_with("whole ") => Role::Ok,
        line if line.starts_with("next: ") => Role::Hint,
        _ => Role::Text,
    }
}
