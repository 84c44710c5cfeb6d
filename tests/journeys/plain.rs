//! `--plain`: the same flows as prompts, line after line.

use crate::harness::house::{Home, House, PASSPHRASE};
use crate::harness::pty::{Ended, Launch, Terminal, sequences};
use crate::harness::until;
use crate::steps::{SECOND, opens, words};
use std::cell::Cell;

/// A terminal that is only ever written on at its end, and how far it was read.
struct Lines {
    terminal: Terminal,
    read: Cell<usize>,
}

impl Lines {
    fn start(home: &Home) -> Self {
        Self { terminal: Launch::kastellan(home, &["--plain"]).size(120, 50).start(), read: Cell::new(0) }
    }

    /// Waits for a text beyond what was read; what came before it.
    fn expect(&self, text: &str) -> String {
        let found = until(&format!("{text:?} after {:?}", self.rest()), || {
            let rest = self.rest();
            rest.find(text).map(|at| (rest[..at].to_owned(), at + text.len()))
        });
        self.read.set(self.read.get() + found.1);
        found.0
    }

    fn rest(&self) -> String {
        String::from_utf8_lossy(&self.terminal.all_bytes()).into_owned().split_off(self.read.get())
    }

    /// Answers questions in turn.
    fn answer(&self, questions: &[(&str, &str)]) {
        for (question, answer) in questions {
            self.expect(question);
            self.terminal.send(answer);
            self.terminal.send("\r");
        }
    }

    /// Takes the flow of this title from the menu.
    fn choose(&self, title: &str) -> String {
        let menu = self.expect("number, Enter: status again, q: quit > ");
        let line = menu.lines().find(|line| line.trim_end().ends_with(title)).unwrap_or_else(|| panic!("{title}:\n{menu}"));
        self.terminal.send(line.split_whitespace().next().unwrap());
        self.terminal.send("\r");
        menu
    }

    /// The words that are shown are typed back; what they are.
    fn type_back(&self) -> String {
        self.expect("It is about to be shown on this screen");
        assert!(self.terminal.modes().alternate, "on a screen of their own");
        assert_eq!(words(&self.terminal.screen()), None, "a warning first");
        self.terminal.send("\r");
        self.terminal.wait("twelve words", |screen| words(&screen.contents()).is_some());
        let shown = words(&self.terminal.screen()).unwrap().join(" ");
        self.terminal.send("\r");
        self.expect("Type the twelve words of");
        self.terminal.wait("the words to go", |screen| words(&screen.contents()).is_none());
        self.terminal.send(&shown);
        self.terminal.send("\r");
        self.expect("\x1b[?1049l");
        shown
    }

    /// Leaves, and looks at all that was ever written.
    fn end(self, shown: &[&str]) {
        self.expect("number, Enter: status again, q: quit > ");
        self.terminal.send("q\r");
        assert_eq!(self.terminal.wait_end(), Ended::Code(0));
        self.terminal.wait_restored();
        let all = String::from_utf8_lossy(&self.terminal.all_bytes()).into_owned();
        let pieces: Vec<&str> = all.split("\x1b[?1049h").collect();
        assert_eq!(pieces.len() - 1, shown.len(), "the alternate screen, only where words are shown");
        for (number, piece) in pieces.iter().enumerate() {
            let lines = if number == 0 { piece } else { piece.split_once("\x1b[?1049l").expect("it is left").1 };
            for sequence in sequences(lines.as_bytes()) {
                let text = String::from_utf8_lossy(&sequence).into_owned();
                // Pastes are bracketed while a secret is asked for, the cursor comes back, answers have a colour; nothing else.
                let harmless = ["\x1b[?2004h", "\x1b[?2004l", "\x1b[?25h"].contains(&text.as_str()) || text.ends_with('m');
                assert!(harmless, "{text:?} among lines:\n{lines}");
            }
            for words in shown {
                assert!(!lines.contains(words), "the words are nowhere else");
            }
        }
    }
}

#[test]
fn an_installation_is_set_up_line_by_line() {
    let home = Home::new();
    let lines = Lines::start(&home);
    let status = lines.choose("Set up a new installation");
    assert!(status.contains("There is no catalog at"), "{status}");
    lines.answer(&[
        ("What will be made. Enter: go on", ""),
        ("Installation", "prod-eu1"),
        ("Name [k10MasterKey]: ", ""),
        ("Owner", "ana"),
        ("number, b: back, q: leave > ", "1"),
        ("Review: nothing has changed yet", ""),
    ]);
    let shown = lines.type_back();
    lines.answer(&[("Enter: done", "")]);
    lines.end(&[&shown]);
    assert!(opens(&home, "k10MasterKey", &shown));
    let status = home.good(&["status"]).out;
    assert!(status.contains("prod-eu1"), "{status}");
}

#[test]
fn adding_and_rotating_line_by_line() {
    let house = House::new();
    let lines = Lines::start(&house.home);
    let menu = lines.choose("Add a passkey");
    assert!(menu.contains("prod-eu1") && menu.contains("facts not verified: locked"), "status comes first: {menu}");
    lines.answer(&[
        ("passphrase: ", PASSPHRASE),
        ("Name: ", "ana"),
        ("Owner: ", "Ana"),
        ("Note: ", ""),
        ("number, b: back, q: leave > ", "1"),
        ("number, b: back, q: leave > ", "3"),
        ("Review: nothing has changed yet", ""),
        ("(Enter alone: leave): ", SECOND),
        ("once more: ", SECOND),
        ("Enter: done", ""),
    ]);
    lines.choose("Rotate to a new passkey");
    lines.answer(&[
        ("Name [k10MasterKey-2]: ", ""),
        ("Owner", ""),
        ("number, b: back, q: leave > ", "1"),
        ("number, b: back, q: leave > ", "1"),
        ("number, b: back, q: leave > ", "1"),
        ("Review: nothing has changed yet", ""),
    ]);
    let shown = lines.type_back();
    let receipt = lines.expect("Enter: done");
    assert!(receipt.contains("k10MasterKey-2 is in use"), "{receipt}");
    lines.terminal.send("\r");
    lines.end(&[&shown]);
    assert!(opens(&house.home, "ana", SECOND));
    assert!(opens(&house.home, "k10MasterKey-2", &shown));
    let all = house.json(&["passkey", "list"]);
    let used: Vec<&str> = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|p| p["status"]["inuse"] == true)
        .map(|p| p["metadata"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(used, ["k10MasterKey-2"]);
}
