//! Every wizard from its key to its receipt, and what the catalog says afterwards.

use crate::harness::house::House;
use crate::harness::pty::Terminal;
use crate::steps::{SECOND, at, close, opens, palette, quit, receipt, unlocked_by_typing, walk};

/// A typed passphrase, twice.
fn type_twice(terminal: &Terminal, passphrase: &str) {
    at(terminal, "Type passphrase twice");
    terminal.send(passphrase);
    terminal.send("\r");
    terminal.send(passphrase);
    terminal.send("\r");
}

/// Names of passkeys, and which is in use.
fn passkeys(house: &House) -> Vec<(String, bool)> {
    let list = house.json(&["passkey", "list"]);
    let items = list["items"].as_array().unwrap();
    items.iter().map(|p| (p["metadata"]["name"].as_str().unwrap().to_owned(), p["status"]["inuse"] == true)).collect()
}

fn named(all: &[(&str, bool)]) -> Vec<(String, bool)> {
    all.iter().map(|(name, used)| ((*name).to_owned(), *used)).collect()
}

#[test]
fn add_check_use_and_remove() {
    let house = House::new();
    let terminal = unlocked_by_typing(&house);
    terminal.send("2");
    terminal.wait_text("passkeys(all)[1]");

    terminal.send("n");
    walk(
        &terminal,
        &[
            ("Name", "ana\r"),
            ("Owner", "Ana\r"),
            ("Note", "in the safe\r"),
            ("Put it in use?", "\r"),
            ("Passphrase", "jj\r"),
            ("Review", "\r"),
        ],
    );
    type_twice(&terminal, SECOND);
    assert!(receipt(&terminal).contains("ana"));
    close(&terminal);
    terminal.wait_text("passkeys(all)[2]");
    assert_eq!(passkeys(&house), named(&[("ana", false), ("k10MasterKey", true)]));
    assert!(opens(&house.home, "ana", SECOND));

    // The first row is ana. A wrong passphrase says so, the right one is proved.
    select(&terminal, "ana");
    terminal.send("t");
    at(&terminal, "Type its passphrase");
    terminal.wait_text("PASSKEY ana / prod-eu1");
    terminal.send("quite another one\r");
    terminal.wait_text("[!] Run");
    terminal.wait_text("cannot open with passkey ana");
    assert_eq!(house.json(&["passkey", "show", "ana"])["status"]["valid"], true, "a person's slip proves nothing");
    leave(&terminal, "passkeys(all)[2]");
    select(&terminal, "ana");
    terminal.send("t");
    at(&terminal, "Type its passphrase");
    terminal.send(SECOND);
    terminal.send("\r");
    close(&terminal);
    assert_eq!(house.json(&["passkey", "show", "ana"])["status"]["valid"], true);

    terminal.wait_text("passkeys(all)[2]");
    select(&terminal, "ana");
    terminal.send("u");
    at(&terminal, "Review");
    assert!(terminal.screen().contains("in use: ana instead of k10MasterKey"), "{}", terminal.screen());
    terminal.send("\r");
    close(&terminal);
    assert_eq!(passkeys(&house), named(&[("ana", true), ("k10MasterKey", false)]));

    // Removing: the name is typed, and what retiring is not is said.
    terminal.wait_text("* ana ");
    select(&terminal, "k10MasterKey");
    palette(&terminal, "remove");
    terminal.wait_text("not now: k10MasterKey is what unlocked this session");
    terminal.send("\x18");
    terminal.wait_text("Enter unlocks");
    terminal.send(SECOND);
    terminal.send("\r");
    terminal.wait_text("unlocked by ana");
    terminal.send("2");
    select(&terminal, "k10MasterKey");
    palette(&terminal, "remove");
    at(&terminal, "Review");
    assert!(terminal.screen().contains("Retired, not revoked"), "{}", terminal.screen());
    terminal.send("\r");
    confirm(&terminal, "k10MasterKey");
    // Another way in is proved in this very operation.
    at(&terminal, "Passphrase of ana");
    terminal.send(SECOND);
    terminal.send("\r");
    let shown = close(&terminal);
    assert!(shown.to_lowercase().contains("not revoked"), "{shown}");
    terminal.wait_text("passkeys(all)[1]");
    quit(&terminal);
    assert_eq!(passkeys(&house), named(&[("ana", true)]));
    assert_eq!(house.home.run(&house.opening(&["policy", "add", "x"])).code, 3, "the old one opens nothing");
    assert!(opens(&house.home, "ana", SECOND));
}

/// Adds a passkey whose passphrase is made as these keys choose, with this file; the receipt.
fn add_by_file(terminal: &Terminal, name: &str, choice: &str, file: &str, step: &str) -> String {
    terminal.send("n");
    walk(
        terminal,
        &[
            ("Name", &format!("{name}\r")),
            ("Owner", "\r"),
            ("Note", "\r"),
            ("Put it in use?", "\r"),
            ("Passphrase", choice),
            ("File", &format!("{file}\r")),
            ("Review", "\r"),
            (step, "\r"),
        ],
    );
    close(terminal)
}

#[test]
fn a_passphrase_that_lies_in_a_file_was_typed_by_nobody() {
    let house = House::new();
    let terminal = unlocked_by_typing(&house);
    terminal.send("2");
    terminal.wait_text("passkeys(all)[1]");
    let written = house.home.path().join("written").to_string_lossy().into_owned();
    let read = house.home.secret("read", SECOND);
    for (count, (name, choice, file, step)) in
        [("made", "j\r", &written, "Write passphrase"), ("given", "jjj\r", &read, "Read passphrase")].into_iter().enumerate()
    {
        let shown = add_by_file(&terminal, name, choice, file, step);
        assert!(shown.contains("opened (file)"), "{shown}");
        terminal.wait_text(&format!("passkeys(all)[{}]", count + 2));
        let passkey = house.json(&["passkey", "show", name]);
        assert_eq!(crate::harness::member(&passkey, "typed"), None, "{passkey}");
    }
    quit(&terminal);
}

/// Leaves a wizard; it asks once anything was typed.
fn leave(terminal: &Terminal, behind: &str) {
    let asks = "Leave? What was entered is forgotten.";
    terminal.send("\x1b");
    terminal.wait("the question, or what is behind", |screen| [asks, behind].iter().any(|text| screen.contents().contains(text)));
    if terminal.screen().contains(asks) {
        terminal.send("\x1b");
    }
    terminal.wait_text(behind);
}

/// Types the name of what goes away. Enter alone goes back, and a wrong name does not go on.
fn confirm(terminal: &Terminal, name: &str) {
    at(terminal, "Confirm");
    terminal.wait_text("> Cancel <");
    terminal.send("\r");
    at(terminal, "Review");
    terminal.send("\r");
    at(terminal, "Confirm");
    terminal.wait_text("> Cancel <");
    terminal.send(format!("{name}x\t\r"));
    terminal.wait_text("exactly as it stands");
    terminal.send("\x15\t");
    terminal.wait_gone(&format!("{name}x"));
    terminal.wait_text("> Cancel <");
    terminal.send(name);
    terminal.wait_text("The name is right");
    terminal.send("\t");
    terminal.wait_text("> Go on <");
    terminal.send("\r");
}

/// Moves to one of the two rows that there are; the passkey in use comes first.
fn select(terminal: &Terminal, name: &str) {
    // Not the header, which names a passkey too.
    let of_it = |line: &&str| line.contains(" passphrase ") && line.split_whitespace().any(|word| word == name);
    let row = |screen: &vt100::Screen| screen.contents().lines().find(of_it).map(str::to_owned);
    terminal.wait(name, |screen| row(screen).is_some());
    let in_use = row(&terminal.cells()).is_some_and(|line| line.contains('*'));
    terminal.send(if in_use { "g" } else { "G" });
    terminal.wait(&format!("{name} to be chosen"), |screen| row(screen).is_some_and(|line| line.contains('>')));
}

#[test]
fn rotation_with_retirement() {
    let house = House::with_policies(&["app-daily"]);
    let key = house.json(&["policy", "show", "app-daily"]);
    let terminal = unlocked_by_typing(&house);
    terminal.send("2");
    terminal.wait_text("passkeys(all)[1]");
    terminal.send("R");
    walk(
        &terminal,
        &[
            ("Name of the new passkey", "\r"),
            ("Owner", "\r"),
            ("Passphrase", "jj\r"),
            ("The old passkey", "j\r"),
            ("Why", "\r"),
            ("Review", ""),
        ],
    );
    let review = terminal.screen();
    assert!(review.contains("Retired, not revoked"), "{review}");
    assert!(review.contains("cannot be taken back"), "risks are marked: {review}");
    terminal.send("\r");
    // The name is typed before there is a secret.
    confirm(&terminal, "k10MasterKey");
    type_twice(&terminal, SECOND);
    let shown = close(&terminal);
    assert!(shown.contains("k10MasterKey-2 is in use") && shown.to_lowercase().contains("not revoked"), "{shown}");
    terminal.wait_text("passkeys(all)[1]");
    terminal.wait_text("k10MasterKey-2");
    quit(&terminal);
    assert_eq!(passkeys(&house), named(&[("k10MasterKey-2", true)]));
    assert!(opens(&house.home, "k10MasterKey-2", SECOND));
    assert_eq!(house.home.run(&house.opening(&["policy", "add", "x"])).code, 3, "the old passphrase opens nothing");
    assert_eq!(house.json(&["policy", "show", "app-daily"]), key, "the policy's key is the same");
}

#[test]
fn policies_come_and_go() {
    let house = House::new();
    let terminal = unlocked_by_typing(&house);
    terminal.send("3");
    terminal.wait_text("policies(all)[0]");
    terminal.send("n");
    walk(&terminal, &[("Name of the policy", "app-daily\r"), ("Review", "\r")]);
    assert!(close(&terminal).contains("app-daily"));
    terminal.wait_text("policies(all)[1]");
    let first = house.json(&["policy", "show", "app-daily"]);
    terminal.wait_text("app-daily");

    terminal.send("g");
    palette(&terminal, "policy-remove");
    terminal.wait("a step", |screen| screen.contents().contains("[>] Which policy") || screen.contents().contains("[>] Review"));
    if terminal.screen().contains("[>] Which policy") {
        terminal.send("\x15app-daily\r");
    }
    walk(&terminal, &[("Review", "\r")]);
    close(&terminal);
    terminal.wait_text("policies(all)[0]");
    assert_eq!(house.home.run(&["policy", "show", "app-daily"]).code, 4);
    // Reversible: the same name, the same key.
    house.open(&["policy", "add", "app-daily"]);
    terminal.wait_text("policies(all)[1]");
    let again = house.json(&["policy", "show", "app-daily"]);
    let id = |policy: &serde_json::Value| crate::harness::member(policy, "keyId").cloned().expect("a key id");
    assert_eq!(id(&first), id(&again));
    quit(&terminal);
}

#[test]
fn leaving_after_the_review_frees_the_lock() {
    let house = House::new();
    let terminal = unlocked_by_typing(&house);
    terminal.send("2R");
    walk(&terminal, &[("Name of the new passkey", "\r"), ("Owner", "\r"), ("Passphrase", "\r"), ("The old passkey", "\r"), ("Why", "\r")]);
    at(&terminal, "Review");
    terminal.send("\r");
    at(&terminal, "Passphrase: shown once");
    terminal.wait_text("is about to be shown");
    // Held: another process is told by whom.
    let held = house.home.run(&house.opening(&["policy", "add", "app-daily"]));
    let (what, _) = held.assert_fault(8);
    assert!(what.contains("rotating prod-eu1 to k10MasterKey-2 since"), "{what}");
    leave(&terminal, "passkeys(all)[1]");
    house.open(&["policy", "add", "app-daily"]);
    assert_eq!(house.json(&["policy", "list"])["items"].as_array().unwrap().len(), 1);
    assert_eq!(passkeys(&house), named(&[("k10MasterKey", true)]), "nothing of the rotation");
    quit(&terminal);
}
