//! Two processes on one catalog: what one changes, the other shows without a key press.

use crate::harness::cli::Call;
use crate::harness::house::House;
use crate::steps::{SECOND, at, quit, unlocked, unlocked_by_typing, walk};
use std::io::{BufRead, BufReader};
use std::time::Instant;

#[test]
fn a_change_by_another_process_is_seen_without_a_key() {
    let house = House::new();
    let terminal = unlocked(&house);
    terminal.send("2");
    terminal.wait_text("passkeys(all)[1]");
    for (number, name) in ["live-one", "live-two", "live-three"].iter().enumerate() {
        let new = house.home.secret(name, &format!("{SECOND}-{number}"));
        let args = house.opening(&["passkey", "add", name, "--new-passphrase-file", &new, "--events"]);
        let mut child = Call::new(&house.home, &args).start();
        let events = BufReader::new(child.stderr.take().unwrap());
        // The time of the last event: its commit was just before it.
        let committed = std::thread::spawn(move || events.lines().map_while(Result::ok).map(|_| Instant::now()).last());
        terminal.wait(name, |screen| {
            let text = screen.contents();
            text.contains(&format!("passkeys(all)[{}]", number + 2)) && text.lines().any(|line| line.contains(name) && line.contains("YES"))
        });
        let shown = Instant::now();
        assert!(child.wait().unwrap().success());
        let committed = committed.join().unwrap().expect("events");
        let (word, by) = match shown.checked_duration_since(committed) {
            Some(after) => ("after", after),
            None => ("before", committed - shown),
        };
        eprintln!("live update: {name} on the screen {:.1} ms {word} the other process's last event was read", by.as_secs_f64() * 1000.0);
    }
    house.open(&["passkey", "remove", "live-two", "--confirm", "live-two"]);
    terminal.wait_gone("live-two ");
    terminal.wait_text("passkeys(all)[3]");
    quit(&terminal);
}

#[test]
fn a_locked_console_is_live_too() {
    let house = House::new();
    let terminal = crate::harness::pty::Launch::kastellan(&house.home, &[""; 0]).start();
    terminal.wait_text("Esc looks around locked");
    terminal.send("\x1b");
    terminal.wait_text("facts not verified: locked");
    terminal.send("3");
    terminal.wait_text("policies(all)[0]");
    house.open(&["policy", "add", "app-daily"]);
    terminal.wait_text("policies(all)[1]");
    terminal.wait_text("app-daily");
    quit(&terminal);
}

#[test]
fn who_holds_the_lock_is_shown() {
    let house = House::new();
    let (one, other) = (unlocked(&house), unlocked_by_typing(&house));
    other.send("2R");
    walk(
        &other,
        &[
            ("Name of the new passkey", "\r"),
            ("Owner", "\r"),
            ("Passphrase", "\r"),
            ("The old passkey", "\r"),
            ("Why", "\r"),
            ("Review", "\r"),
        ],
    );
    at(&other, "Passphrase: shown once");
    one.wait_text("rotating prod-eu1 to k10MasterKey-2 since");
    // It is refused here, with the same words.
    one.send("3n");
    one.wait_text("not now: ");
    one.wait_text("has been rotating prod-eu1 to k10MasterKey-2 since");
    assert!(!one.screen().contains("[>]"), "no flow begins: {}", one.screen());
    drop(other);
    one.send("1");
    one.wait_text("Do I get the backups back?");
    one.wait_gone("rotating prod-eu1");
    assert_eq!(house.open(&["policy", "add", "app-daily"]).code, 0);
    quit(&one);
}
