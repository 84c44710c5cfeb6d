//! `--plain`: the flows as prompts.

use crate::harness::house::{Home, House, PASSPHRASE};
use crate::harness::pty::{Ended, Launch, Terminal};
use crate::harness::until;
use std::time::Duration;

/// A conversation: what was said is found once, in order.
struct Talk {
    terminal: Terminal,
    heard: usize,
}

impl Talk {
    fn start(home: &Home, args: &[&str]) -> Self {
        Self { terminal: Launch::kastellan(home, args).size(120, 60).env("TERM", "dumb").start(), heard: 0 }
    }

    /// Waits until this is said; everything up to it.
    fn hear(&mut self, words: &str) -> String {
        let from = self.heard;
        let end = until(words, || {
            let all = self.terminal.all_bytes();
            let rest = String::from_utf8_lossy(&all[from..]).into_owned();
            assert!(self.terminal.ended().is_none() || rest.contains(words), "it ended without {words:?}: {rest}");
            rest.find(words).map(|at| (rest[..at + words.len()].to_owned(), from + at + words.len()))
        });
        self.heard = end.1;
        end.0
    }

    fn answer(&mut self, question: &str, text: &str) -> String {
        let said = self.hear(question);
        self.terminal.send(format!("{text}\r"));
        said
    }

    /// Picks the line of a numbered list that begins so.
    fn pick(&mut self, question: &str, title: &str) {
        let said = self.hear(question);
        let line = said.lines().rev().find(|line| line.trim_start().split_once(' ').is_some_and(|(_, rest)| rest.starts_with(title)));
        let number = line.unwrap_or_else(|| panic!("no {title} in {said}")).split_whitespace().next().unwrap().to_owned();
        self.terminal.send(format!("{number}\r"));
    }

    fn end(mut self, code: u32) -> String {
        let ended = self.terminal.wait_end();
        self.terminal.wait_restored();
        self.terminal.wait_quiet(Duration::from_millis(100));
        let all = String::from_utf8_lossy(&self.terminal.all_bytes()).into_owned();
        assert_eq!(ended, Ended::Code(code), "{all}");
        self.heard = all.len();
        all
    }
}

const MENU: &str = "q: quit > ";

#[test]
fn a_dumb_terminal_is_told_which_verb_to_use() {
    let house = House::new();
    for args in [&[][..], &["demo"][..]] {
        let said = Talk::start(&house.home, args).end(2);
        assert!(said.contains("TERM is dumb") && said.contains("next: "), "{said}");
    }
}

#[test]
fn an_installation_is_set_up_line_by_line() {
    let home = Home::new();
    let mut talk = Talk::start(&home, &["--plain"]);
    talk.pick(MENU, "Set up");
    talk.answer("Enter: go on", "");
    talk.answer("Installation", "prod-eu1");
    talk.answer("Name [k10MasterKey]", "");
    talk.answer("Owner", "ana");
    talk.pick("q: leave > ", "Type your own");
    talk.answer("nothing has changed yet. Enter: go on", "");
    talk.answer("leave): ", "one phrase");
    talk.answer("once more: ", "another phrase");
    talk.answer("leave): ", "one phrase");
    talk.answer("once more: ", "one phrase");
    talk.hear("is set up");
    talk.answer("Enter: done", "");
    // The keys are here: nothing more is asked.
    talk.pick(MENU, "Add a policy");
    talk.answer("Policy", "app-daily");
    talk.answer("nothing has changed yet. Enter: go on", "");
    talk.answer("Enter: done", "");
    talk.answer(MENU, "q");
    let said = talk.end(0);
    assert!(!said.contains('\x1b'), "nothing is redrawn: {said:?}");
    assert!(!said.contains("one phrase"));
    assert_eq!(home.good(&["policy", "list", "-o", "name"]).out, "policy.kastellan.dev/app-daily\n");
}

#[test]
fn a_rotation_without_a_name_asks_for_what_is_missing() {
    let house = House::new();
    let file = house.home.path().join("envelope");
    let mut talk = Talk::start(&house.home, &["rotate", "--plain"]);
    talk.answer("passphrase: ", PASSPHRASE);
    talk.answer("Name", "k2");
    talk.answer("Owner", "ana");
    talk.pick("q: leave > ", "Generate into a file");
    talk.answer("File: ", &file.to_string_lossy());
    talk.pick("q: leave > ", "Keep");
    talk.pick("q: leave > ", "It is time");
    talk.answer("nothing has changed yet. Enter: go on", "");
    talk.answer("Enter: done", "");
    talk.end(0);
    house.home.good(&["passkey", "check", "k2", "--passphrase-file", &file.to_string_lossy()]);
}

#[test]
fn leaving_a_flow_changes_nothing() {
    let house = House::new();
    let mut talk = Talk::start(&house.home, &["--plain"]);
    talk.pick(MENU, "Add a passkey");
    talk.answer("passphrase: ", PASSPHRASE);
    talk.answer("Name", "ana");
    talk.answer("Owner", "");
    talk.answer("Note", "");
    talk.pick("q: leave > ", "No, only add it");
    talk.pick("q: leave > ", "Type your own");
    talk.answer("nothing has changed yet. Enter: go on", "");
    talk.answer("leave): ", "");
    talk.answer(MENU, "q");
    talk.end(0);
    assert_eq!(house.look(&["passkey", "list", "-o", "name"]).out, "passkey.vault.kio.kasten.io/k10MasterKey\n");
    house.open(&["policy", "add", "app-daily"]);
}
