//! One painter for every guided flow: its steps as a list that fills up, and the step that is asked now.

use super::pages::choice;
use super::view::View;
use crate::app::{App, Progress, act_words};
use crate::domain::{Fault, Plan, Risk, Slot, Text, count};
use crate::tui::theme::Role;
use crate::tui::widgets::{Canvas, below, completes, inset, said_of, secret_field, text_field, wrap};
use crate::wizard::{Body, Choice, Driver, Field, Mark, Problem, Running, SecretField, SecretRule, Stage, Step, Verdict, Waiting};
use ratatui::layout::Rect;

/// Draws a flow.
pub fn wizard(canvas: &mut Canvas<'_>, body: Rect, view: &View<'_>, driver: &Driver) {
    let inner = canvas.boxed(body, &format!("{}, step {} of {}", driver.wizard.title, driver.at + 1, driver.lines().len()), true);
    let beside = body.width >= 100;
    let mut area = if beside {
        let left = Rect { width: inner.width * 2 / 5, ..inner };
        steps(canvas, inset(left, 1), driver, usize::from(left.height));
        let x = left.right();
        for y in inner.y..inner.bottom() {
            canvas.put(x, y, 1, canvas.wall(), Role::Border);
        }
        inset(Rect { x: x + 1, width: inner.width.saturating_sub(left.width + 1), ..inner }, 2)
    } else {
        // In a low terminal the step itself needs the room; the title says which it is.
        let most = if inner.height < 14 { 1 } else { usize::from(inner.height * 3 / 10) };
        let used = steps(canvas, inset(inner, 1), driver, most);
        canvas.rule(inner.x, inner.y + used, inner.width, "");
        inset(below(inner, used + 1), 2)
    };
    let Some(step) = driver.step() else { return };
    if beside {
        canvas.put(area.x, area.y, area.width, &step.title, Role::Title);
        area = below(area, 2);
    }
    area = paint(canvas, area, view, driver, step);
    area = below(area, 1);
    if driver.leaving {
        area = below(area, canvas.wrapped(area, "Leave? What was entered is forgotten. Esc again leaves, Enter stays.", Role::Warn));
    }
    match &driver.problem {
        // What stands beside the field is not said twice.
        Some(Problem::Said(text)) if !beside_field(driver, text) => {
            canvas.wrapped(area, &text.to_string(), Role::FieldError);
        }
        Some(Problem::Fault(fault)) => {
            area = two_lines(canvas, area, fault);
            if driver.failed() {
                canvas.wrapped(area, driver.kept(), Role::Muted);
            }
        }
        _ => waiting(canvas, area, driver.waiting),
    }
}

fn beside_field(driver: &Driver, said: &Text) -> bool {
    // That the two differ as a whole is not said beside the field: while one types, they always do.
    let differs = Verdict::Mismatch { word: None };
    let same = |field: &SecretField| field.state.verdict != differs && *said == Text::new(field.state.verdict.words());
    match &driver.field {
        Field::Secret { fields, focus } => fields.get(*focus).is_some_and(same),
        Field::Generated { back, .. } => same(back),
        _ => false,
    }
}

fn two_lines(canvas: &mut Canvas<'_>, area: Rect, fault: &Fault) -> Rect {
    let area = below(area, canvas.wrapped(area, &fault.line(), Role::Error));
    below(area, canvas.wrapped(area, &format!("next: {}", act_words(&fault.next)), Role::Text))
}

fn waiting(canvas: &mut Canvas<'_>, area: Rect, waiting: Option<Waiting>) {
    let said = match waiting {
        Some(Waiting::Look) => "Looking ...",
        Some(Waiting::Plan) => "Planning ...",
        Some(Waiting::Begin) => "Taking the operation lock ...",
        Some(Waiting::File) => "Opening the file ...",
        Some(Waiting::Check) => "Unwrapping ... half a second or more, as it is meant to be.",
        Some(Waiting::Run) | None => return,
    };
    canvas.wrapped(area, said, Role::Info);
}

/// The steps, those around the current one where there is no room for all; how many lines they took.
fn steps(canvas: &mut Canvas<'_>, area: Rect, driver: &Driver, most: usize) -> u16 {
    let lines = driver.lines();
    let now = lines.iter().position(|line| matches!(line.mark, Mark::Now | Mark::Failed)).unwrap_or(driver.at);
    let first = now.saturating_sub(most / 2).min(lines.len().saturating_sub(most));
    let mut used = 0;
    for line in lines.iter().skip(first).take(most) {
        let y = area.y + used;
        marked(canvas, Rect { y, height: 1, ..area }, line.mark, &line.title.to_string(), &line.result.to_string());
        used += 1;
    }
    used
}

/// The sign of a step, and the role of its words.
fn sign(canvas: &mut Canvas<'_>, row: Rect, mark: Mark) -> Role {
    let role = match mark {
        Mark::Todo => Role::StepTodo,
        Mark::Now => Role::StepNow,
        Mark::Done => Role::StepDone,
        Mark::Failed => Role::StepFailed,
    };
    canvas.put(row.x, row.y, 3, mark.sign(), role);
    if mark == Mark::Done { Role::Text } else { role }
}

fn marked(canvas: &mut Canvas<'_>, row: Rect, mark: Mark, title: &str, result: &str) {
    let words = sign(canvas, row, mark);
    let used = canvas.put(row.x + 4, row.y, row.width.saturating_sub(4), title, words);
    let x = row.x + 6 + used;
    canvas.put(x, row.y, row.right().saturating_sub(x), result, Role::Muted);
}

/// Choices with what each means; where there is no room for all of that, only the marked one says it, and it stays on the screen.
fn choose(canvas: &mut Canvas<'_>, area: Rect, choices: &[Choice], selected: usize) -> Rect {
    let said = |one: &Choice| one.disabled.as_ref().map_or_else(|| one.explains.clone(), |reason| format!("not now: {reason}"));
    let width = usize::from(area.width.saturating_sub(8));
    let rows = |one: &Choice| Some(said(one)).filter(|said| !said.is_empty()).map_or(0, |said| wrap(&said, width).len());
    let lines: usize = choices.iter().map(|one| 1 + rows(one)).sum();
    let all = lines <= usize::from(area.height);
    let own = choices.get(selected).map_or(0, rows);
    let fit = usize::from(area.height).saturating_sub(own).max(1);
    let first = if all { 0 } else { (selected + 1).saturating_sub(fit) };
    choices.iter().enumerate().skip(first).fold(area, |area, (at, one)| {
        let role = if one.disabled.is_some() { Role::Muted } else { Role::Text };
        let area = below(area, choice(canvas, area, &one.label, at == selected, role));
        if rows(one) > 0 && (all || at == selected) { below(area, canvas.wrapped(inset(area, 4), &said(one), Role::Muted)) } else { area }
    })
}

/// The step itself; what is left of the room.
fn paint(canvas: &mut Canvas<'_>, area: Rect, view: &View<'_>, driver: &Driver, step: &Step) -> Rect {
    match (&step.body, &driver.field) {
        (Body::Explain(paragraphs), _) => paragraphs.iter().fold(area, |area, text| {
            let used = canvas.wrapped(area, &text.to_string(), Role::Text);
            below(area, used + 1)
        }),
        (Body::Choose(choices), Field::Choice { selected }) => choose(canvas, area, choices, *selected),
        (Body::Entry(entry), Field::Text(field)) => {
            let label = u16::try_from(entry.label.len()).unwrap_or(0) + 2;
            canvas.put(area.x, area.y, label, entry.label, Role::Muted);
            let width = area.width.saturating_sub(label).min(64);
            text_field(canvas, Rect { x: area.x + label, width, height: 1, ..area }, field, true);
            let area = below(area, 2);
            below(area, canvas.wrapped(area, entry.help, Role::Muted))
        }
        (Body::Secret { envelope, .. }, Field::Secret { fields, focus }) => {
            let area = on_envelope(canvas, area, envelope);
            let area = fields.iter().enumerate().fold(area, |area, (at, field)| {
                let label = if at == 0 { "Passphrase" } else { "Once more" };
                secret(canvas, area, label, field, (view.secret)(field.slot), at == *focus)
            });
            // A demo's passphrases are told wherever one is asked for.
            view.app.setup.demo.iter().fold(area, |area, line| below(area, canvas.wrapped(area, &line.to_string(), Role::Muted)))
        }
        (Body::Generated { slot, envelope, .. }, Field::Generated { stage, back }) => {
            generated(canvas, area, view, *slot, envelope, *stage, back)
        }
        (Body::WriteFile { path, envelope, .. }, _) => {
            let area = on_envelope(canvas, area, envelope);
            let said = format!(
                "Twelve words are generated and written to {}, a new file that only you can read. They are not shown.",
                Text::new(path.as_str())
            );
            below(area, canvas.wrapped(area, &said, Role::Text))
        }
        (Body::ReadFile { path, .. }, _) => {
            let said = format!("The passphrase is read from {}, which only its owner may be able to read.", Text::new(path.as_str()));
            below(area, canvas.wrapped(area, &said, Role::Text))
        }
        (Body::Review, _) => driver.plan.as_ref().map_or(area, |plan| review(canvas, area, plan)),
        (Body::Confirm { name }, Field::Confirm { text, agree }) => confirm(canvas, area, name, text, *agree),
        (Body::Run, _) => driver.running.as_ref().map_or(area, |running| run(canvas, area, view.app, running, driver.problem.is_some())),
        (Body::Receipt, field) => receipt(canvas, area, view, driver, field),
        _ => area,
    }
}

fn on_envelope(canvas: &mut Canvas<'_>, area: Rect, envelope: &Text) -> Rect {
    if envelope.is_empty() {
        return area;
    }
    canvas.put(area.x, area.y, 12, "Envelope", Role::Muted);
    let said = Rect { x: area.x + 12, width: area.width.saturating_sub(12), ..area };
    below(area, canvas.wrapped(said, &envelope.to_string(), Role::Text) + 1)
}

fn secret(canvas: &mut Canvas<'_>, area: Rect, label: &str, field: &SecretField, text: &[u8], focus: bool) -> Rect {
    canvas.put(area.x, area.y, 12, label, Role::Muted);
    let width = area.width.saturating_sub(12);
    secret_field(canvas, Rect { x: area.x + 12, width, height: 1, ..area }, field, text, focus);
    let said = match field.state.verdict {
        // While it is being typed it need not be the same yet.
        Verdict::Mismatch { word: None } => String::new(),
        _ => said_of(field, text),
    };
    let hint = match completes(field) {
        _ if !focus || !said.is_empty() => said,
        // A passphrase of one's own is not made of the list.
        words if field.rule == SecretRule::Made || words.is_empty() => "Ctrl-T shows what is typed".to_owned(),
        words => words,
    };
    let bad = !field.passes() && field.state.len > 0 && !matches!(field.rule, SecretRule::Entered);
    let role = if bad && hint.starts_with("not the same") { Role::FieldError } else { Role::Info };
    canvas.put(area.x + 12, area.y + 1, width, &hint, role);
    below(area, 3)
}

fn generated(canvas: &mut Canvas<'_>, area: Rect, view: &View<'_>, slot: Slot, envelope: &Text, stage: Stage, back: &SecretField) -> Rect {
    match stage {
        Stage::Warning => {
            let said = "The new passphrase, twelve words, is about to be shown on this screen, once. Is this session recorded or shared? Is anybody looking? Then go back (Shift-Tab) and have it written to an owner-only file instead.";
            let area = below(area, canvas.wrapped(area, said, Role::Warn) + 1);
            let said = "Have paper and an envelope ready, or a password manager. Enter shows it.";
            below(area, canvas.wrapped(area, said, Role::Text))
        }
        Stage::Shown => {
            let area = on_envelope(canvas, area, envelope);
            let text = std::str::from_utf8((view.secret)(slot)).unwrap_or_default();
            for (at, word) in (0_u16..).zip(text.split(' ')) {
                // In rows of three, as the command line shows them; four would not fit the smallest terminal.
                let (row, column) = (at / 3, at % 3);
                let (x, y) = (area.x + column * 16, area.y + row);
                if y < area.bottom() {
                    canvas.put(x, y, 3, &format!("{:>2} ", at + 1), Role::Muted);
                    let style = canvas.theme.style(Role::Secret);
                    canvas.buffer.set_stringn(x + 3, y, word, 12, style);
                }
            }
            let area = below(area, 5);
            below(area, canvas.wrapped(area, "Write it down. Enter wipes it; then it is typed back.", Role::Text))
        }
        Stage::TypedBack => {
            let area = on_envelope(canvas, area, envelope);
            let area = below(area, canvas.wrapped(area, "Type it back from what you wrote down.", Role::Text) + 1);
            secret(canvas, area, "Passphrase", back, (view.secret)(back.slot), true)
        }
    }
}

/// Columns that a number and the longest word for a risk take beside a title.
const RISK_BESIDE: usize = 4 + 2 + 20;

/// What will change, line by line, and what each step risks.
fn review(canvas: &mut Canvas<'_>, area: Rect, plan: &Plan) -> Rect {
    let mut area = area;
    for change in &plan.changes {
        canvas.put(area.x, area.y, 1, "-", Role::Muted);
        let used = canvas.wrapped(Rect { x: area.x + 2, width: area.width.saturating_sub(2), ..area }, &change.0.to_string(), Role::Text);
        area = below(area, used);
    }
    area = below(area, 1);
    for warning in &plan.warnings {
        area = below(area, canvas.wrapped(area, &warning.to_string(), Role::Warn));
    }
    if !plan.warnings.is_empty() {
        area = below(area, 1);
    }
    // Each step takes at most its title's lines and one for its risk.
    let titles = plan.steps.iter().map(|step| wrap(&format!("1. {}", step.title), usize::from(area.width)).len() + 1);
    let beside = plan.steps.iter().all(|step| step.title.to_string().chars().count() + RISK_BESIDE <= usize::from(area.width));
    let needed = if beside { plan.steps.len() } else { titles.sum() };
    if usize::from(area.height) < needed + 2 {
        let titles: Vec<String> = plan.steps.iter().map(|step| step.title.to_string()).collect();
        let role = if plan.steps.iter().any(|step| step.irreversible) { Role::Danger } else { Role::Muted };
        let named = format!("Steps: {}.", titles.join("; "));
        let last = plan.steps.iter().filter(|step| step.irreversible).count();
        // Half a sentence about what will be done is worse than none.
        let said = match (wrap(&named, usize::from(area.width)).len() <= usize::from(area.height), last) {
            (true, _) => named,
            (false, 0) => format!("{}: a taller terminal names them.", count(titles.len() as u64, "step", "steps")),
            (false, n) => format!("{}, {n} cannot be taken back.", count(titles.len() as u64, "step", "steps")),
        };
        return below(area, canvas.wrapped(area, &said, role));
    }
    for (nth, step) in (1..).zip(&plan.steps) {
        let role = if step.irreversible { Role::Danger } else { Role::Muted };
        let mark = if step.irreversible { "cannot be taken back" } else { step.risk.words() };
        let title = format!("{nth}. {}", step.title);
        let used = canvas.wrapped(area, &title, Role::Text);
        // Beside the title where there is room, else below it.
        let wide = u16::try_from(title.chars().count() + mark.len() + 2).unwrap_or(u16::MAX);
        if used == 1 && wide <= area.width {
            canvas.put(area.x + wide - u16::try_from(mark.len()).unwrap_or(0), area.y, area.width, mark, role);
            area = below(area, 1);
        } else {
            canvas.put(area.x + 3, area.y + used, area.width.saturating_sub(3), mark, role);
            area = below(area, used + 1);
        }
    }
    area = below(area, 1);
    below(area, canvas.wrapped(area, "Enter goes on and takes the operation lock; nothing has changed yet.", Role::Muted))
}

/// The name is typed; the focus rests on Cancel.
fn confirm(canvas: &mut Canvas<'_>, area: Rect, name: &Text, text: &crate::wizard::TextField, agree: bool) -> Rect {
    let name = name.to_string();
    let said = [("This cannot be taken back. Type ", Role::Text), (&name, Role::Danger), (" to go on.", Role::Text)];
    let whole: String = said.iter().map(|(text, _)| *text).collect();
    let rows = wrap(&whole, usize::from(area.width)).len();
    if rows == 1 {
        canvas.spans(area.x, area.y, area.width, &said);
    } else {
        canvas.wrapped(area, &whole, Role::Danger);
    }
    let area = below(area, u16::try_from(rows - 1).unwrap_or(0));
    let field = Rect { y: area.y + 2, width: area.width.min(66), height: 1, ..area };
    text_field(canvas, field, text, true);
    let buttons = below(area, 4);
    let (cancel, go) = if agree { ("  Cancel  ", "> Go on <") } else { ("> Cancel <", "  Go on  ") };
    let (left, right) = if agree { (Role::Text, Role::Danger) } else { (Role::Selection, Role::Text) };
    canvas.spans(buttons.x, buttons.y, buttons.width, &[(cancel, left), ("   ", Role::Text), (go, right)]);
    let area = below(buttons, 2);
    let said = match (text.text().trim() == name, agree) {
        (false, _) => "Enter cancels and goes back to the review.",
        (true, false) => "The name is right: Tab, then Enter goes on. Enter alone cancels.",
        (true, true) => "Enter goes on.",
    };
    below(area, canvas.wrapped(area, said, Role::Muted))
}

/// The operation's steps as its events tell them.
fn run(canvas: &mut Canvas<'_>, area: Rect, app: &App, running: &Running, fault_said: bool) -> Rect {
    let mut area = area;
    for line in &running.steps {
        let progress = app.progress().filter(|_| line.progress.is_some());
        let said = progress.as_ref().map_or_else(|| line.note.to_string(), |p| bar(p, area.width.saturating_sub(8)));
        if area.height > 0 {
            let words = sign(canvas, area, line.mark);
            let title = Rect { x: area.x + 4, width: area.width.saturating_sub(4), ..area };
            area = below(area, canvas.wrapped(title, &line.title.to_string(), words));
        }
        if !said.is_empty() {
            area = below(area, canvas.wrapped(inset(area, 4), &said, Role::Muted));
        }
    }
    area = below(area, 1);
    let said = match (&running.ended, running.stopping, running.risk()) {
        (Some(Err(_)), ..) if fault_said => return area,
        (Some(Err(fault)), ..) => return two_lines(canvas, area, fault),
        (Some(Ok(_)), ..) => "Done.",
        (None, true, _) => "Stopping at the next safe point ...",
        (None, false, Risk::SafeToStop) => "Running. Stopping now would lose nothing.",
        (None, false, Risk::AskBeforeStopping) => "Running. Stopping now leaves something to finish or to take back.",
        (None, false, Risk::MustFinish) => "Running. This step is too short to stop.",
    };
    below(area, canvas.wrapped(area, said, Role::Info))
}

/// A text that was made for the person alone: masked until they ask for it.
fn made_text(canvas: &mut Canvas<'_>, area: Rect, view: &View<'_>, text: Option<(usize, bool)>) -> Rect {
    match text {
        None => area,
        Some((len, false)) => {
            let said = format!(
                "The text, {len} characters, is not shown. Ctrl-T shows it: is this session recorded, is anybody looking? c copies it. Leaving wipes it."
            );
            below(area, canvas.wrapped(area, &said, Role::Warn) + 1)
        }
        Some((_, true)) => {
            let text = std::str::from_utf8((view.secret)(Slot::TEXT)).unwrap_or_default();
            let width = usize::from(area.width.max(1));
            let mut area = area;
            // It is one word, as wide as it comes: white space in it counts for nothing.
            for part in text.as_bytes().chunks(width) {
                canvas.put(area.x, area.y, area.width, std::str::from_utf8(part).unwrap_or_default(), Role::Secret);
                area = below(area, 1);
            }
            below(area, canvas.wrapped(area, "Ctrl-T hides it, c copies it.", Role::Muted) + 1)
        }
    }
}

/// `[########            ] 35 %  1.4 GiB of 4.0 GiB, 512 MiB/s, 5 s left`
pub(super) fn bar(progress: &Progress, width: u16) -> String {
    const CELLS: usize = 20;
    let words = progress.words.to_string();
    match progress.percent {
        Some(percent) if usize::from(width) >= CELLS + words.len() + 9 => {
            let full = usize::from(percent) * CELLS / 100;
            format!("[{}{}] {percent:>3} %  {words}", "#".repeat(full), " ".repeat(CELLS - full))
        }
        Some(percent) => format!("{percent} %, {words}"),
        None => words,
    }
}

/// What came of it, and what to do next.
fn receipt(canvas: &mut Canvas<'_>, area: Rect, view: &View<'_>, driver: &Driver, field: &Field) -> Rect {
    let Some((lines, next)) = &driver.receipt else { return area };
    let mut area = area;
    for line in lines {
        area = below(area, canvas.wrapped(area, &line.to_string(), Role::Text));
    }
    area = made_text(canvas, below(area, 1), view, driver.text);
    let selected = if let Field::Choice { selected } = field { *selected } else { 0 };
    let mut said = vec![("Close".to_owned(), Role::Text)];
    said.extend(next.iter().map(|act| (act_words(act).to_string(), if act.does.is_some() { Role::Text } else { Role::Muted })));
    for (at, (words, role)) in said.iter().enumerate() {
        area = below(area, choice(canvas, area, words, selected == at, *role));
    }
    area
}
