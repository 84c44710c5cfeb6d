//! Pictures of the real screens for the README. Made with `KASTELLAN_UPDATE=1`, else compared: cells and SVG; PNGs are for people.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod stage;

use kastellan::app::{Key, Msg};
use kastellan::domain::{Event, Receipt, Slot, StepId};
use kastellan::host::Color as Depth;
use kastellan::wizard::SlotState;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use resvg::{tiny_skia, usvg};
use stage::{Stage, calm, draw, facts, protected, receipt, text, without_dr};
use std::fmt::Write;
use std::path::{Path, PathBuf};

const THEME: &str = "dark";
const SIZE: (u16, u16) = (90, 24);
/// A cell of the bundled font at 16 pixels.
const WIDTH: f32 = 9.63;
const HEIGHT: f32 = 19.0;
const MARGIN: f32 = 12.0;

#[test]
fn pictures_are_of_todays_screens() {
    stage::in_utc("pictures_are_of_todays_screens", || {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshots");
        let pictures = [
            ("overview", overview()),
            ("passkeys", passkeys()),
            ("rotation", rotation()),
            ("help", help()),
            ("dr", screen("5jjj")),
            ("dr-set-up", dr_set_up()),
            ("readiness", screen("mjjjj")),
            ("artifacts", screen("4jj")),
            ("migration-export", export()),
            ("drill", talk(stage::talks::drill)),
            ("drill-report", talk(stage::talks::drill_report)),
            ("recover", talk(stage::talks::recover)),
        ];
        let stale: Vec<&str> = pictures.iter().filter(|(name, buffer)| !same(&folder, name, buffer)).map(|(name, _)| *name).collect();
        assert!(stale.is_empty(), "stale: {stale:?}; look, then KASTELLAN_UPDATE=1 cargo test --test screenshots");
    });
}

fn overview() -> Buffer {
    draw(&Stage::new(facts(), SIZE).app, THEME, Depth::True)
}

fn talk(at: fn((u16, u16)) -> Stage) -> Buffer {
    draw(&at(SIZE).app, THEME, Depth::True)
}

fn passkeys() -> Buffer {
    let mut stage = Stage::new(calm(), SIZE);
    stage.keys("2jjj");
    draw(&stage.app, THEME, Depth::True)
}

fn rotation() -> Buffer {
    let mut stage = rotating();
    for (step, result) in [("wrap", "Argon2id 256 MiB, wrap 5f0c3a9d"), ("prove", "read back from the catalog and unwrapped")] {
        stage.event(Event::StepStarted { step: StepId::new(step) });
        stage.event(Event::StepDone { step: StepId::new(step), result: result.into() });
    }
    stage.event(Event::StepStarted { step: StepId::new("switch") });
    draw(&stage.app, THEME, Depth::True)
}

/// A rotation that just began to run.
fn rotating() -> Stage {
    let mut stage = Stage::new(calm(), SIZE);
    stage.keys("2R");
    for _ in 0..12 {
        if stage.app.operation.is_some() {
            break;
        }
        if stage.app.focused_secret().is_some() {
            stage.secret();
        }
        stage.enter();
    }
    assert!(stage.app.operation.is_some(), "the wizard came to its run:\n{}", text(&draw(&stage.app, THEME, Depth::True)));
    stage.event(Event::Started { operation: "a1b2c3d4".into(), plan: stage::plan() });
    stage
}

/// A screen of an installation with DR, after these keys.
fn screen(keys: &str) -> Buffer {
    let mut stage = Stage::new(protected(), SIZE);
    stage.keys(keys);
    draw(&stage.app, THEME, Depth::True)
}

/// The review of setting DR up to two locations.
fn dr_set_up() -> Buffer {
    let mut stage = Stage::new(without_dr(), SIZE);
    stage.keys("5n").enter().enter().enter();
    let seen = text(&draw(&stage.app, THEME, Depth::True));
    assert!(seen.contains("DR passphrase no. 1; every change is archived"), "the review:\n{seen}");
    draw(&stage.app, THEME, Depth::True)
}

/// Import data that was made, and is not shown unless asked for.
fn export() -> Buffer {
    let mut stage = Stage::new(protected(), SIZE);
    stage.keys("3:migration-export").enter();
    stage.enter().keys("2").enter().enter().keys("2").enter();
    for _ in 0..6 {
        if stage.app.operation.is_none() {
            stage.enter();
        }
    }
    stage.tell(Msg::SlotChanged(Slot::TEXT, SlotState { len: 402, ..SlotState::default() }));
    let lines = vec!["the key of app-01-daily left, NOT protected; it names location nfs".into()];
    stage.tell(Msg::Ended(Ok(Box::new(Receipt { verb: "migration export".into(), lines, ..receipt() }))));
    draw(&stage.app, THEME, Depth::True)
}

fn help() -> Buffer {
    let mut stage = Stage::new(calm(), SIZE);
    stage.keys("2").key(Key::Char('?'));
    draw(&stage.app, THEME, Depth::True)
}

/// Whether the files in the tree show this screen; with `KASTELLAN_UPDATE=1` they are made to.
fn same(folder: &Path, name: &str, buffer: &Buffer) -> bool {
    let (cells, svg) = (cells(buffer), svg(buffer));
    let file = |end: &str| -> PathBuf { folder.join(format!("{name}.{end}")) };
    if std::env::var_os("KASTELLAN_UPDATE").is_some_and(|v| v == "1") {
        std::fs::write(file("cells.txt"), &cells).unwrap();
        std::fs::write(file("svg"), &svg).unwrap();
        std::fs::write(file("png"), png(folder, &svg)).unwrap();
    }
    let is = |end: &str, want: &str| std::fs::read_to_string(file(end)).is_ok_and(|found| found == want);
    is("cells.txt", &cells) && is("svg", &svg) && file("png").exists()
}

/// Every cell: the characters, then the runs of one style.
fn cells(buffer: &Buffer) -> String {
    let mut out = text(buffer);
    for y in 0..buffer.area.height {
        for (x, width, cell) in runs(buffer, y) {
            if (cell.fg, cell.bg, cell.modifier) != (Color::Reset, Color::Reset, Modifier::empty()) {
                writeln!(out, "{y}:{x}+{width} {:?} {:?} {:?}", cell.fg, cell.bg, cell.modifier).unwrap();
            }
        }
    }
    out
}

/// Neighbours of one style: where, how many columns, and the first cell.
fn runs(buffer: &Buffer, y: u16) -> Vec<(u16, u16, &Cell)> {
    let mut runs: Vec<(u16, u16, &Cell)> = Vec::new();
    for x in 0..buffer.area.width {
        let cell = &buffer[(x, y)];
        match runs.last_mut() {
            Some((_, width, first)) if first.style() == cell.style() => *width += 1,
            _ => runs.push((x, 1, cell)),
        }
    }
    runs
}

fn svg(buffer: &Buffer) -> String {
    let area = buffer.area;
    let (width, height) = (f32::from(area.width) * WIDTH + 2.0 * MARGIN, f32::from(area.height) * HEIGHT + 2.0 * MARGIN);
    let ground = hex(buffer[(0, 0)].bg, "#16191f");
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         font-family=\"DejaVu Sans Mono, monospace\" font-size=\"16\">\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{ground}\"/>\n"
    );
    for y in 0..area.height {
        for (x, columns, cell) in runs(buffer, y) {
            let (mut ink, mut paper) = (hex(cell.fg, "#d5d9e0"), hex(cell.bg, &ground));
            if cell.modifier.contains(Modifier::REVERSED) {
                std::mem::swap(&mut ink, &mut paper);
            }
            let (left, top) = (MARGIN + f32::from(x) * WIDTH, MARGIN + f32::from(y) * HEIGHT);
            if paper != ground {
                let wide = f32::from(columns) * WIDTH;
                writeln!(out, "<rect x=\"{left:.2}\" y=\"{top:.2}\" width=\"{wide:.2}\" height=\"{HEIGHT}\" fill=\"{paper}\"/>").unwrap();
            }
            let symbols: Vec<&str> = (x..x + columns).map(|x| buffer[(x, y)].symbol()).collect();
            out.push_str(&lines(&symbols, left, top, &ink));
            out.push_str(&words(&symbols, left, top, &ink, cell.modifier));
        }
    }
    out.push_str("</svg>\n");
    out
}

/// Box drawing as lines, so that it joins whatever the font does.
fn lines(symbols: &[&str], left: f32, top: f32, ink: &str) -> String {
    let mut path = String::new();
    for (at, symbol) in (0_u16..).zip(symbols) {
        let (x0, y0) = (left + f32::from(at) * WIDTH, top);
        let (x1, y1, xm, ym) = (x0 + WIDTH, y0 + HEIGHT, x0 + WIDTH / 2.0, y0 + HEIGHT / 2.0);
        match *symbol {
            "─" => write!(path, "M{x0:.2} {ym:.2}H{x1:.2}"),
            "│" => write!(path, "M{xm:.2} {y0:.2}V{y1:.2}"),
            "┌" => write!(path, "M{xm:.2} {y1:.2}V{ym:.2}H{x1:.2}"),
            "┐" => write!(path, "M{x0:.2} {ym:.2}H{xm:.2}V{y1:.2}"),
            "└" => write!(path, "M{xm:.2} {y0:.2}V{ym:.2}H{x1:.2}"),
            "┘" => write!(path, "M{x0:.2} {ym:.2}H{xm:.2}V{y0:.2}"),
            _ => Ok(()),
        }
        .unwrap();
    }
    if path.is_empty() { path } else { format!("<path d=\"{path}\" fill=\"none\" stroke=\"{ink}\"/>\n") }
}

/// Each word where its cells are.
fn words(symbols: &[&str], left: f32, top: f32, ink: &str, modifier: Modifier) -> String {
    let mut out = String::new();
    let blank = |s: &str| s == " " || "─│┌┐└┘".contains(s);
    let mut at = 0;
    while at < symbols.len() {
        let end = (at..symbols.len()).find(|i| blank(symbols[*i])).unwrap_or(symbols.len());
        if end > at {
            let word = symbols[at..end].concat().replace('&', "&amp;").replace('<', "&lt;");
            let x = left + f32::from(u16::try_from(at).unwrap()) * WIDTH;
            let y = top + 14.6;
            // One font: what is bold gets a thin line around it.
            let bold = if modifier.contains(Modifier::BOLD) { format!(" stroke=\"{ink}\" stroke-width=\"0.5\"") } else { String::new() };
            let under = if modifier.contains(Modifier::UNDERLINED) { " text-decoration=\"underline\"" } else { "" };
            writeln!(out, "<text x=\"{x:.2}\" y=\"{y:.2}\" fill=\"{ink}\"{bold}{under}>{word}</text>").unwrap();
        }
        at = end + 1;
    }
    out
}

fn hex(colour: Color, default: &str) -> String {
    match colour {
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        Color::Reset => default.to_owned(),
        other => panic!("the pictures' theme has 24-bit colours only, not {other:?}"),
    }
}

fn png(folder: &Path, svg: &str) -> Vec<u8> {
    let mut options = usvg::Options::default();
    options.fontdb_mut().load_font_data(std::fs::read(folder.join("font/DejaVuSansMono.ttf")).unwrap());
    options.font_family = "DejaVu Sans Mono".into();
    let tree = usvg::Tree::from_str(svg, &options).unwrap();
    let size = tree.size().to_int_size().scale_by(2.0).unwrap();
    let mut pixels = tiny_skia::Pixmap::new(size.width(), size.height()).unwrap();
    resvg::render(&tree, tiny_skia::Transform::from_scale(2.0, 2.0), &mut pixels.as_mut());
    pixels.encode_png().unwrap()
}
