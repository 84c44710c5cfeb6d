//! The demo, as somebody who has just installed it sees it.

use crate::harness::house::Home;
use crate::harness::pty::{Ended, Launch, Terminal};
use crate::harness::until;
use crate::steps::{at, close, quit};
use rustix::process::Signal;
use std::path::PathBuf;

/// Where throwaway installations are made.
fn folders(home: &Home) -> Vec<PathBuf> {
    let all = std::fs::read_dir(home.path().join("tmp")).unwrap().flatten().map(|entry| entry.path());
    all.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("kastellan-demo-"))).collect()
}

/// The demo at its first screen.
fn demo(home: &Home, args: &[&str]) -> Terminal {
    let terminal = Launch::kastellan(home, args).size(120, 40).start();
    terminal.wait_text("Passphrase  ");
    terminal
}

/// The passphrase that the screen tells for a passkey.
fn told(screen: &str, passkey: &str) -> String {
    let start = format!("{passkey}: ");
    let line = screen.lines().find_map(|line| line.split_once(&start).map(|(_, rest)| rest.to_owned()));
    let words: Vec<String> =
        line.unwrap_or_else(|| panic!("{passkey} is not told:\n{screen}")).split_whitespace().map(str::to_owned).collect();
    words[..12].join(" ")
}

#[test]
fn a_look_around_and_the_rotation_finished() {
    let home = Home::new();
    let terminal = demo(&home, &["demo"]);
    let first = terminal.screen();
    assert!(first.contains("DEMO") && first.contains("vanishes"), "{first}");
    assert_eq!(folders(&home).len(), 1);
    assert!(home.files().iter().all(|(path, _)| path.starts_with(home.path().join("tmp"))), "nothing beside it");
    terminal.send(told(&first, "k10MasterKey"));
    terminal.send("\r");
    terminal.wait_text("unlocked by k10MasterKey");
    assert!(terminal.screen().contains("DEMO"));

    terminal.send("2");
    terminal.wait_text("passkeys(all)[5]");
    let passkeys = terminal.screen();
    for answer in ["UNKNOWN", " NO ", "PENDING", " YES "] {
        assert!(passkeys.contains(answer), "{answer}: {passkeys}");
    }
    assert!(passkeys.contains("DEMO"));
    terminal.send("3");
    terminal.wait_text("policies(all)[30]");
    terminal.send("6");
    terminal.wait_text("journal");
    terminal.wait("some history", |screen| {
        let text = screen.contents();
        text.contains("rotate") && text.contains("passkey add") && text.lines().filter(|l| l.contains("20")).count() > 5
    });

    terminal.send("1");
    terminal.wait_text("Rotation to k10MasterKey-2 stopped");
    terminal.send("g\r");
    terminal.wait_text("> Finish it");
    terminal.send("\r");
    at(&terminal, "What is unfinished");
    terminal.send("\r");
    at(&terminal, "Review");
    terminal.send("\r");
    terminal.wait_text("PASSKEY k10MasterKey-2 / demo");
    terminal.send(told(&first, "k10MasterKey-2"));
    terminal.send("\r");
    let receipt = close(&terminal);
    assert!(receipt.contains("k10MasterKey-2 is in use"), "{receipt}");
    terminal.wait_gone("stopped at step");
    quit(&terminal);
    until("the folder to be gone", || folders(&home).is_empty().then_some(()));
    assert_eq!(home.files(), Vec::new(), "nothing is left");
}

#[test]
fn it_vanishes_when_it_is_terminated() {
    let home = Home::new();
    let terminal = demo(&home, &["demo"]);
    assert_eq!(folders(&home).len(), 1);
    terminal.kill(Signal::TERM);
    let ended = terminal.wait_end();
    assert!(ended == Ended::Code(143) || ended == Ended::Signal("Terminated".into()), "{ended:?}");
    terminal.wait_restored();
    terminal.wait_nobody_left();
    assert_eq!(home.files(), Vec::new(), "nothing is left");
    assert!(folders(&home).is_empty());
}

#[test]
fn it_is_kept_where_that_is_asked_and_from_the_first_screen_it_vanishes() {
    let home = Home::new();
    let kept = home.path().join("kept").to_string_lossy().into_owned();
    let terminal = demo(&home, &["demo", "--keep", &kept]);
    let first = terminal.screen();
    assert!(first.contains("DEMO") && !first.contains("vanishes"), "{first}");
    quit(&terminal);
    // What the shell's screen says afterwards works.
    let catalog = format!("{kept}/catalog.db");
    let status = home.good(&["--catalog", &catalog, "status"]).out;
    assert!(status.contains("demo"), "{status}");
    let words = home.secret("told", &told(&first, "ops-envelope"));
    home.good(&["--catalog", &catalog, "passkey", "check", "ops-envelope", "--passphrase-file", &words]);

    let other = Home::new();
    let terminal = Launch::kastellan(&other, &[""; 0]).size(120, 40).start();
    terminal.wait_text("> Recover: I lost everything");
    terminal.send("jjj");
    terminal.wait_text("> Demo");
    terminal.send("\r");
    terminal.wait_text("Passphrase  ");
    assert!(terminal.screen().contains("vanishes"), "{}", terminal.screen());
    assert_eq!(folders(&other).len(), 1);
    quit(&terminal);
    assert!(folders(&other).is_empty());
}
