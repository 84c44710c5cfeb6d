//! The unlock screen from a slip to the open door.

use crate::harness::house::{Home, House, NAME, PASSPHRASE};
use crate::harness::pty::{Ended, Launch, Terminal};
use crate::steps::{quit, unlocked_by_typing};
use kastellan::crypto::{Passphrase, Slip, Words};

/// Twelve words, and a place of which the search finds the word among the first `most` candidates.
fn found_early(most: usize) -> (Vec<String>, usize) {
    loop {
        let passphrase = Passphrase::generate();
        let words: Vec<String> = String::from_utf8(passphrase.expose().to_vec()).unwrap().split(' ').map(str::to_owned).collect();
        for place in 0..words.len() {
            let tried = Words::of(gap(&words, place).as_bytes()).unwrap().fill().position(|c| c.same(&passphrase)).unwrap();
            // Not the very first one: then nothing would be searched.
            if (1..most).contains(&tried) {
                return (words, place);
            }
        }
    }
}

fn gap(words: &[String], place: usize) -> String {
    let mut words = words.to_vec();
    "?".clone_into(&mut words[place]);
    words.join(" ")
}

/// The same words, two neighbours of them swapped so that the check bits no longer match.
fn with_other_check_bits(words: &[String]) -> Vec<String> {
    let swapped = (0..words.len() - 1).map(|at| {
        let mut other = words.to_vec();
        other.swap(at, at + 1);
        other
    });
    let wrong = |other: &Vec<String>| Words::of(other.join(" ").as_bytes()).unwrap().slip() == Some(Slip::CheckBits);
    swapped.into_iter().find(wrong).expect("one in sixteen matches by chance, not all eleven")
}

fn set_up(words: &[String]) -> (Home, Terminal) {
    let home = Home::new();
    let new = home.secret("words", &words.join(" "));
    home.good(&["init", "--name", NAME, "--new-passphrase-file", &new]);
    let terminal = Launch::kastellan(&home, &[""; 0]).size(100, 30).start();
    terminal.wait_text("Esc looks around locked");
    (home, terminal)
}

#[test]
fn slips_are_hinted_revealed_and_searched() {
    let (words, place) = found_early(5);
    let (home, terminal) = set_up(&words);
    let whole = words.join(" ");

    // A word that is in no list: the hint names its place, before Enter and after.
    let mut slip = words.clone();
    "qqqqq".clone_into(&mut slip[6]);
    terminal.send(slip.join(" "));
    terminal.wait_text("word 7 is not in the word list");
    assert!(!terminal.screen().contains("qqqqq"), "hidden");
    terminal.send("\x14");
    terminal.wait_text("qqqqq");
    terminal.send("\x14");
    terminal.wait_gone("qqqqq");
    terminal.send("\r");
    terminal.wait_text("no passkey opens with this passphrase");
    terminal.wait_text("Caps Lock");
    assert!(terminal.screen().contains("check word 7"), "{}", terminal.screen());

    // Twelve words of the list, two of them swapped: the check bits tell, before Enter and after.
    terminal.send("\x15");
    let swapped = with_other_check_bits(&words);
    terminal.send(swapped.join(" "));
    terminal.wait_text("check bits do not match");
    terminal.send("\r");
    terminal.wait_text("no passkey opens with this passphrase (check bits do not match");
    // The search begins where it takes long, tells how far it is, and Esc stops it.
    terminal.send("\x15");
    let mut other = words.clone();
    "zoo".clone_into(&mut other[(place + 1) % 12]);
    terminal.send(gap(&other, place));
    terminal.wait_text("one unreadable word");
    terminal.send("\r");
    terminal.wait_text(", try 2 of 128");
    terminal.send("\x1b");
    terminal.wait_gone("Esc stops");
    assert!(terminal.screen().contains("LOCKED"), "{}", terminal.screen());

    // And finds the word where it is there to be found.
    terminal.send("\x15");
    terminal.send(gap(&words, place));
    terminal.wait_text("one unreadable word");
    terminal.send("\r");
    terminal.wait_text("unlocked by k10MasterKey");
    quit(&terminal);
    assert!(!String::from_utf8_lossy(&terminal.all_bytes()).contains(&whole), "never drawn");
    let failures = home.good(&["journal", "list"]).out;
    assert!(failures.contains("unlock failed"), "{failures}");
}

#[test]
fn looking_around_locked_and_unlocking_later() {
    let house = House::new();
    let terminal = Launch::kastellan(&house.home, &[""; 0]).start();
    terminal.wait_text("Esc looks around locked");
    terminal.send("\x1b");
    terminal.wait_text("facts not verified: locked");
    terminal.send("2R");
    // What needs to be unlocked asks for it, and then goes on.
    terminal.wait("the question", |screen| {
        let text = screen.contents();
        text.contains("Enter unlocks") || text.contains("[>] Name of the new passkey")
    });
    if !terminal.screen().contains("[>]") {
        terminal.send(PASSPHRASE);
        terminal.send("\r");
        terminal.wait_text("[>] Name of the new passkey");
    }
    quit(&terminal);
}

#[test]
fn after_locking_an_act_asks_for_the_passphrase_again() {
    let house = House::new();
    let terminal = unlocked_by_typing(&house);
    terminal.send("3");
    terminal.wait_text("policies(all)[0]");
    terminal.send("\x18");
    terminal.wait_text("Enter unlocks");
    terminal.send("\x1b");
    terminal.wait_gone("Enter unlocks");
    assert!(terminal.screen().contains("LOCKED"), "{}", terminal.screen());
    // What can be looked at is not verified by keys that should be gone.
    terminal.send("2");
    terminal.wait_text("facts not verified: locked");
    terminal.send("n");
    terminal.wait_text("Enter unlocks");
    terminal.send("a wrong one\r");
    terminal.wait_text("no passkey opens with this passphrase");
    assert!(!terminal.screen().contains("[>]"), "{}", terminal.screen());
    terminal.send("\x15");
    terminal.send(format!("{PASSPHRASE}\r"));
    terminal.wait_text("[>] Name");
    quit(&terminal);
    assert_eq!(house.home.good(&["passkey", "list", "-o", "name"]).out.lines().count(), 1);
}

#[test]
fn three_wrong_passphrases_at_a_prompt_are_the_end() {
    let house = House::new();
    let terminal = Launch::kastellan(&house.home, &["policy", "add", "app-daily"]).start();
    for nth in 1..=3 {
        terminal.wait("this prompt", |screen| screen.contents().matches("passphrase:").count() == nth);
        terminal.send(format!("a wrong one, number {nth}\r"));
    }
    assert_eq!(terminal.wait_end(), Ended::Code(3));
    terminal.wait_text("next: ");
    terminal.wait_restored();
    assert!(!String::from_utf8_lossy(&terminal.all_bytes()).contains("a wrong one"), "no echo");
    assert_eq!(house.home.run(&["policy", "show", "app-daily"]).code, 4, "nothing changed");
}
