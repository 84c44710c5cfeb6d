//! Screens: from the console's state to cells.
//!
//! Owns: what is drawn where. Must not: change anything, decide anything, keep anything. The text of a secret is lent for one frame by
//! who owns its slot, and only for the field or page that shows it.

mod frame;
mod lists;
mod overlays;
mod overview;
mod pages;
mod sheet;
mod talk;
mod unlock;
mod view;
mod wizard;

pub use view::View;

use super::theme::Role;
use super::widgets::{Canvas, middle};
use crate::app::{App, Layer, Screen};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// Draws one frame; where the cursor is to be, if anywhere.
pub fn draw(buffer: &mut Buffer, view: &View<'_>) -> Option<Position> {
    let area = buffer.area;
    let mut canvas = Canvas { buffer, theme: view.theme, ascii: view.app.setup.ascii, cursor: None };
    canvas.blank(area);
    if view.app.too_small() {
        too_small(&mut canvas, area, view.app);
    } else {
        whole(&mut canvas, area, view);
    }
    canvas.cursor.filter(|p| area.contains(*p))
}

/// How many rows of the uppermost list fit.
#[must_use]
pub fn rows(app: &App) -> usize {
    let area = Rect { x: 0, y: 0, width: app.size.0, height: app.size.1 };
    let body = frame::body(app, area);
    let inner = body.height.saturating_sub(2);
    usize::from(match app.top() {
        Some(Layer::Help(_)) => overlays::help_rows(body),
        Some(Layer::Errors(_)) => inner / 2,
        Some(Layer::Talk) => inner.saturating_sub(4),
        Some(Layer::Yaml(_) | Layer::Doctor(_) | Layer::Log(_) | Layer::Details(_)) => inner,
        _ if app.screen == Screen::Overview => overview::room(app, inner),
        _ => lists::rows(app, inner),
    })
    .max(1)
}

fn whole(canvas: &mut Canvas<'_>, area: Rect, view: &View<'_>) {
    let app = view.app;
    frame::header(canvas, area, app);
    let body = frame::body(app, area);
    let page = app.layers.iter().rposition(|layer| !floats(layer));
    match page.and_then(|at| app.layers.get(at)) {
        None => screen(canvas, body, app),
        Some(Layer::First(first)) => pages::first(canvas, body, app, first),
        Some(Layer::Unlock(unlock)) => unlock::unlock(canvas, body, view, unlock),
        Some(Layer::Details(details)) => pages::details(canvas, body, app, details),
        Some(Layer::Yaml(yaml)) => pages::text(canvas, body, &yaml.title.to_string(), &yaml.view),
        Some(Layer::Doctor(text)) => pages::text(canvas, body, "doctor", text),
        Some(Layer::Log(text)) => pages::text(canvas, body, "log", text),
        Some(Layer::Errors(list)) => pages::errors(canvas, body, app, list),
        Some(Layer::Wizard(driver)) => wizard::wizard(canvas, body, view, driver),
        Some(Layer::Talk) => {
            if let Some(talk) = &app.talk {
                talk::talk(canvas, body, view, talk);
            }
        }
        Some(_) => {}
    }
    // What lies below an overlay has no cursor.
    let over = page.map_or(0, |at| at + 1);
    for layer in app.layers.iter().skip(over) {
        canvas.cursor = None;
        match layer {
            Layer::Help(help) => overlays::help(canvas, body, app, help),
            Layer::Palette(palette) => overlays::palette(canvas, body, palette),
            Layer::Actions(menu) => overlays::actions(canvas, body, menu),
            Layer::Themes(picker) => overlays::themes(canvas, body, picker),
            Layer::Ask(question) => overlays::ask(canvas, body, question),
            _ => {}
        }
    }
    frame::bottom(canvas, area, app);
}

/// Whether a layer leaves what is below it on the screen.
fn floats(layer: &Layer) -> bool {
    matches!(layer, Layer::Help(_) | Layer::Palette(_) | Layer::Actions(_) | Layer::Themes(_) | Layer::Ask(_))
}

fn screen(canvas: &mut Canvas<'_>, body: Rect, app: &App) {
    match app.screen {
        Screen::Overview => overview::overview(canvas, body, app),
        Screen::Passkeys => lists::passkeys(canvas, body, app),
        Screen::Policies => lists::policies(canvas, body, app),
        Screen::Journal => lists::journal(canvas, body, app),
        Screen::Artifacts | Screen::Dr | Screen::Readiness => sheet::sheet(canvas, body, app),
    }
}

fn too_small(canvas: &mut Canvas<'_>, area: Rect, app: &App) {
    let lines = [
        format!("{} columns and {} rows are too few.", app.size.0, app.size.1),
        format!("Kastellan needs {} and {}.", App::MIN_COLUMNS, App::MIN_ROWS),
        "Ctrl-X locks, Ctrl-C quits.".to_owned(),
    ];
    let place = middle(area, 44, 3);
    for (y, line) in (place.y..).zip(&lines) {
        canvas.put(place.x, y, place.width, line, Role::Text);
    }
}
