//! Walking through the console as a person does: look, then press.

use crate::harness::house::{Home, House, PASSPHRASE};
use crate::harness::pty::{Ended, Launch, Terminal};

/// What is typed for passkeys that are made by typing.
pub const SECOND: &str = "wet-ladder-behind-the-barn-0002";

/// The console of a house, unlocked by a file.
pub fn unlocked(house: &House) -> Terminal {
    let terminal = Launch::kastellan(&house.home, &house.opening::<&str>(&[])).size(100, 30).start();
    terminal.wait_text("unlocked by k10MasterKey");
    terminal
}

/// The console of a house, unlocked by typing.
pub fn unlocked_by_typing(house: &House) -> Terminal {
    let terminal = Launch::kastellan(&house.home, &[""; 0]).size(100, 30).start();
    terminal.wait_text("Passphrase");
    terminal.send(format!("{PASSPHRASE}\r"));
    terminal.wait_text("unlocked by k10MasterKey");
    terminal
}

/// Waits for each step of a wizard in turn, and sends its keys once it is there.
pub fn walk(terminal: &Terminal, steps: &[(&str, &str)]) {
    for (step, keys) in steps {
        at(terminal, step);
        terminal.send(keys);
    }
}

/// Waits until this step of a wizard is the one that is asked; a review also has to have its plan.
pub fn at(terminal: &Terminal, step: &str) {
    terminal.wait_text(&format!("[>] {step}"));
    if step == "Review" {
        terminal.wait("the plan", |screen| ["  1. ", "Steps: "].iter().any(|steps| screen.contents().contains(steps)));
    }
}

/// Waits for the receipt, and gives the screen that shows it.
pub fn receipt(terminal: &Terminal) -> String {
    terminal.wait("the receipt", |screen| {
        let text = screen.contents();
        (text.contains("[>] Receipt") || text.contains("[x] Receipt")) && text.contains("Close")
    });
    terminal.screen()
}

/// The same, and closes it.
pub fn close(terminal: &Terminal) -> String {
    let shown = receipt(terminal);
    terminal.send("\r");
    terminal.wait_gone("] Receipt");
    shown
}

/// A word of the palette.
pub fn palette(terminal: &Terminal, word: &str) {
    terminal.send(":");
    terminal.send(word);
    terminal.wait_text(&format!(":{word}"));
    terminal.send("\r");
}

/// Leaves by Ctrl-C, and all is well.
pub fn quit(terminal: &Terminal) {
    terminal.send("\x03");
    assert_eq!(terminal.wait_end(), Ended::Code(0));
    terminal.wait_restored();
    terminal.wait_nobody_left();
}

/// The twelve words that are on the screen with their numbers; None where they are not.
pub fn words(screen: &str) -> Option<Vec<String>> {
    // Only rows of them: a title may say "step 7 of 9".
    let rows = screen.lines().map(|line| line.trim_matches(['│', ' '])).filter(|line| line.starts_with(|c: char| c.is_ascii_digit()));
    let tokens: Vec<&str> = rows.flat_map(str::split_whitespace).collect();
    let after = |number: usize| {
        let pairs = tokens.windows(2).filter(|w| w[0] == number.to_string());
        pairs.map(|w| w[1].to_owned()).find(|word| word.bytes().all(|b| b.is_ascii_lowercase()))
    };
    (1..=12).map(after).collect()
}

/// Whether a passkey opens with a passphrase, told by the command line with an owner-only file.
pub fn opens(home: &Home, passkey: &str, passphrase: &str) -> bool {
    let file = home.secret("tried", passphrase);
    match home.run(&["passkey", "check", passkey, "--passphrase-file", &format!("{passkey}={file}")]) {
        run if run.code == 0 => true,
        run => {
            assert_eq!(run.code, 9, "{run:#?}");
            false
        }
    }
}
