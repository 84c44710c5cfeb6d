//! Themes, no colour, read-only.

use crate::harness::house::House;
use crate::harness::pty::{Launch, Terminal, sequences};
use crate::steps::{palette, quit};

/// Colours of every cell of the rows that no overlay covers.
fn colours(terminal: &Terminal) -> Vec<(vt100::Color, vt100::Color)> {
    let screen = terminal.cells();
    let rows = [0u16, 1, 2];
    let cells = rows.iter().flat_map(|row| (0..100).map(|column| (*row, column)));
    cells.filter_map(|(row, column)| screen.cell(row, column).map(|cell| (cell.fgcolor(), cell.bgcolor()))).collect()
}

#[test]
fn a_theme_is_previewed_and_taken_back() {
    let house = House::new();
    let terminal = Launch::kastellan(&house.home, &house.opening::<&str>(&[])).size(100, 30).env("COLORTERM", "truecolor").start();
    terminal.wait_text("unlocked by k10MasterKey");
    terminal.press("1");
    let before = colours(&terminal);
    palette(&terminal, "theme");
    terminal.wait_text("> default");
    let mut seen = vec![before.clone()];
    for name in ["> mono", "> dark", "> light", "> high-contrast"] {
        terminal.press("j");
        terminal.wait_text(name);
        let now = colours(&terminal);
        assert!(!seen.contains(&now), "{name} looks as one before");
        seen.push(now);
    }
    let rgb = seen.iter().flatten().any(|(front, back)| [front, back].iter().any(|c| matches!(c, vt100::Color::Rgb(..))));
    assert!(rgb, "a theme of many colours is drawn in them");
    terminal.press("\x1b");
    terminal.wait_gone("> high-contrast");
    assert_eq!(colours(&terminal), before, "Esc takes the preview back");
    // Named, it stays.
    palette(&terminal, "theme dark");
    crate::harness::until("the dark theme", || (colours(&terminal) == seen[2]).then_some(()));
    quit(&terminal);
}

#[test]
fn no_color_draws_no_colour() {
    let house = House::new();
    let terminal = Launch::kastellan(&house.home, &house.opening::<&str>(&[])).env("NO_COLOR", "1").start();
    terminal.wait_text("unlocked by k10MasterKey");
    for key in ["2", "a", "\x1b", "?", "\x1b", "6", "1"] {
        terminal.press(key);
    }
    quit(&terminal);
    let mut styled = 0;
    for sequence in sequences(&terminal.all_bytes()) {
        let text = String::from_utf8_lossy(&sequence).into_owned();
        let Some(parameters) = text.strip_prefix("\x1b[").and_then(|t| t.strip_suffix('m')) else { continue };
        styled += 1;
        for parameter in parameters.split([';', ':']).filter_map(|p| p.parse::<u32>().ok()) {
            let colour = matches!(parameter, 30..=38 | 40..=48 | 90..=97 | 100..=107);
            assert!(!colour, "{text:?} is a colour");
        }
    }
    assert!(styled > 10, "what is chosen still shows, by other means");
}

#[test]
fn read_only_says_so_and_refuses() {
    let house = House::new();
    let before = std::fs::read(house.catalog()).unwrap();
    let terminal = Launch::kastellan(&house.home, &house.opening(&["--read-only"])).start();
    terminal.wait_text("unlocked by k10MasterKey");
    terminal.wait_text("READ-ONLY");
    terminal.send("2");
    terminal.wait_text("passkeys(all)[1]");
    for key in ["n", "R"] {
        terminal.press(key);
        terminal.wait_text("read-only");
        assert!(!terminal.screen().contains("[>]"), "no flow begins: {}", terminal.screen());
        // The next key takes the message away.
        terminal.press("j");
    }
    terminal.send("a");
    terminal.wait_text("Rotate to a new one");
    quit(&terminal);
    assert!(std::fs::read(house.catalog()).unwrap() == before, "nothing was written");
    assert_eq!(house.home.run(&house.opening(&["policy", "add", "x", "--read-only"])).code, 5);
}
