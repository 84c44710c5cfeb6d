//! Setting up, from the first screen on an empty home.

use crate::harness::house::Home;
use crate::harness::pty::{Launch, Terminal};
use crate::steps::{SECOND, at, close, opens, quit, receipt, walk, words};

/// The wizard up to the question how the passphrase comes to be.
fn begun(home: &Home) -> Terminal {
    let terminal = Launch::kastellan(home, &[""; 0]).start();
    terminal.wait_text("> Recover: I lost everything");
    terminal.send("j");
    terminal.wait_text("> Set up a new installation");
    terminal.send("\r");
    walk(
        &terminal,
        &[
            ("What will be made", "\r"),
            ("Name of the installation", "\x15prod-eu1\r"),
            ("Name of the first passkey", "\r"),
            ("Owner", "ana\r"),
        ],
    );
    at(&terminal, "Passphrase");
    assert!(home.files().iter().all(|(path, _)| !path.ends_with("catalog.db")), "nothing is written yet");
    terminal
}

#[test]
fn a_generated_passphrase_is_shown_once_and_typed_back() {
    let home = Home::new();
    let terminal = begun(&home);
    terminal.send("\r");
    walk(&terminal, &[("Review", "\r"), ("Passphrase: shown once", "")]);
    terminal.wait_text("is about to be shown");
    assert!(terminal.screen().contains("recorded or shared"), "{}", terminal.screen());
    assert_eq!(words(&terminal.screen()), None, "a warning first");
    terminal.send("\r");
    terminal.wait("twelve words", |screen| words(&screen.contents()).is_some());
    let screen = terminal.screen();
    assert!(screen.contains("PASSKEY k10MasterKey / prod-eu1 "), "the envelope's line: {screen}");
    let written_down = words(&screen).unwrap();
    terminal.send("\r");
    terminal.wait_text("Type it back");
    assert_eq!(words(&terminal.screen()), None, "wiped");
    terminal.take();

    // Not what was shown: it does not go on.
    let mut wrong = written_down.clone();
    wrong[3] = if wrong[3] == "zoo" { "zone" } else { "zoo" }.to_owned();
    terminal.send(wrong.join(" "));
    terminal.send("\r");
    terminal.wait_text("word 4 differs");
    terminal.send("\x15");
    terminal.wait_gone("differs");
    let passphrase = written_down.join(" ");
    terminal.send(&passphrase);
    terminal.send("\r");
    let shown = receipt(&terminal);
    assert!(shown.contains("k10MasterKey"), "{shown}");
    close(&terminal);
    terminal.wait_text("unlocked by k10MasterKey");
    assert!(terminal.screen().contains("prod-eu1"), "{}", terminal.screen());
    let since = terminal.take().bytes;
    for pair in written_down.windows(2) {
        let pair = pair.join(" ");
        assert!(!String::from_utf8_lossy(&since).contains(&pair), "nothing of the words was drawn again");
    }
    quit(&terminal);
    assert!(!terminal.screen().contains(&passphrase), "nor is it left behind");

    assert!(opens(&home, "k10MasterKey", &passphrase));
    assert!(!opens(&home, "k10MasterKey", &wrong.join(" ")));
    let shown = home.good(&["passkey", "show", "k10MasterKey", "-o", "yaml"]).out;
    assert!(shown.contains("inuse: true") && shown.contains("ana"), "{shown}");
}

#[test]
fn a_passphrase_of_ones_own_is_typed_twice() {
    let home = Home::new();
    let terminal = begun(&home);
    terminal.send("jj\r");
    walk(&terminal, &[("Review", "\r"), ("Type passphrase twice", "")]);
    terminal.send(SECOND);
    terminal.send("\r");
    terminal.send("something else\r");
    terminal.wait_text("not the same");
    assert!(!terminal.screen().contains(SECOND), "it is not shown");
    terminal.send("\x15");
    terminal.send(SECOND);
    terminal.send("\r");
    close(&terminal);
    terminal.wait_text("unlocked by k10MasterKey");
    quit(&terminal);
    assert!(opens(&home, "k10MasterKey", SECOND));
    assert!(home.good(&["status"]).out.contains("prod-eu1"));
    assert!(!String::from_utf8_lossy(&terminal.all_bytes()).contains(SECOND), "never drawn");
}

#[test]
fn leaving_before_the_end_leaves_nothing_behind() {
    let home = Home::new();
    let terminal = begun(&home);
    terminal.send("\r");
    walk(&terminal, &[("Review", "\r"), ("Passphrase: shown once", "")]);
    terminal.wait_text("is about to be shown");
    terminal.send("\r");
    terminal.wait("twelve words", |screen| words(&screen.contents()).is_some());
    quit(&terminal);
    assert!(home.files().iter().all(|(path, _)| !path.ends_with("catalog.db")), "no catalog");
    // And the way is free.
    let new = home.secret("new", SECOND);
    home.good(&["init", "--name", "prod-eu1", "--new-passphrase-file", &new]);
}
