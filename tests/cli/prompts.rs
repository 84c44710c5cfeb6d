//! Prompts in a real terminal.

use crate::harness::house::{Home, House, PASSPHRASE};
use crate::harness::pty::{Ended, Launch, Terminal};
use std::time::Duration;

fn start(home: &Home, args: &[&str]) -> Terminal {
    Launch::kastellan(home, args).size(100, 30).start()
}

/// Waits until it ended; the exit code.
fn code(terminal: &Terminal) -> u32 {
    let ended = terminal.wait_end();
    terminal.wait_restored();
    terminal.wait_quiet(Duration::from_millis(100));
    match ended {
        Ended::Code(code) => code,
        Ended::Signal(name) => panic!("ended by {name}: {}", terminal.screen()),
    }
}

/// The twelve words on the screen.
fn words(screen: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut parts = screen.split_whitespace().peekable();
    while let Some(part) = parts.next() {
        if part == (found.len() + 1).to_string()
            && let Some(word) = parts.peek()
        {
            found.push((*word).to_owned());
        }
    }
    found
}

#[test]
fn a_generated_passphrase_is_warned_of_shown_once_and_typed_back() {
    let home = Home::new();
    let terminal = start(&home, &["init", "--name", "prod-eu1", "--generate"]);
    terminal.wait_text("recorded or shared");
    assert!(!home.path().join("data/kastellan/catalog.db").exists());
    terminal.send("\r");
    terminal.wait_text("hide them");
    let words = words(&terminal.screen());
    assert_eq!(words.len(), 12, "{}", terminal.screen());
    terminal.send("\r");
    terminal.wait_text("0 of 12 words");
    assert!(!terminal.screen().contains(&words.join(" ")));
    // Typed wrongly it is shown again, and the word is named.
    terminal.send(format!("{} wrong\r", words[..4].join(" ")));
    terminal.wait_text("word 5 differs");
    terminal.send("\r");
    terminal.wait_text("0 of 12 words");
    // A paste of several lines is not submitted; what is typed is shown only on request.
    terminal.send(format!("\x1b[200~{}\n\x1b[201~", words.join("\n")));
    terminal.wait_text("12 of 12 words");
    assert!(!terminal.screen().contains(&words[0]), "{}", terminal.screen());
    terminal.send("\x14");
    terminal.wait_text(&words[0]);
    assert!(!home.path().join("data/kastellan/catalog.db").exists(), "committed before it was typed back");
    terminal.send("\r");
    assert_eq!(code(&terminal), 0);
    assert!(!terminal.screen().contains(&words[..2].join(" ")), "left on the screen: {}", terminal.screen());
    let secret = home.secret("words", &words.join(" "));
    home.good(&["passkey", "check", "--passphrase-file", &secret]);
}

#[test]
fn the_warning_names_the_flags_of_that_very_secret() {
    let house = House::new();
    house.location("nfs", "share");
    let terminal = start(&house.home, &["dr", "enable", "--location", "nfs", "--generate", "--passphrase-file", &house.key()]);
    terminal.wait_text("recorded or shared");
    terminal.wait_text("--new-dr-passphrase-file, --new-dr-passphrase-fd.");
    terminal.send("\x03");
    assert_eq!(code(&terminal), 130);
}

#[test]
fn leaving_the_words_changes_nothing() {
    let house = House::new();
    let terminal = start(&house.home, &["passkey", "add", "ana", "--generate", "--passphrase-file", &house.key()]);
    terminal.wait_text("recorded or shared");
    terminal.send("\r");
    terminal.wait_text("Write this line and these words");
    terminal.send("\x03");
    assert_eq!(code(&terminal), 130);
    assert_eq!(house.look(&["passkey", "list", "-o", "name"]).out, "passkey.vault.kio.kasten.io/k10MasterKey\n");
    assert_eq!(house.look(&["rotate", "--resume"]).err, "nothing to resume: no operation is unfinished\n");
}

#[test]
fn three_prompts_and_then_exit_3() {
    let house = House::new();
    let terminal = start(&house.home, &["policy", "add", "app-daily"]);
    for nth in 1..=3 {
        terminal.wait("a prompt", |screen| screen.contents().matches("passphrase:").count() == nth);
        terminal.send("not this one\r");
    }
    assert_eq!(code(&terminal), 3);
    let screen = terminal.screen();
    assert!(screen.contains("PASSKEY k10MasterKey / prod-eu1 "), "{screen}");
    assert!(!screen.contains("not this one"), "{screen}");
    assert!(house.look(&["policy", "list"]).out.starts_with("There is no policy."));
}

#[test]
fn a_slip_is_named_and_an_unreadable_word_is_found() {
    let home = Home::new();
    let envelope = home.path().join("envelope").to_string_lossy().into_owned();
    home.good(&["init", "--name", "prod-eu1", "--generate", "--write-passphrase", &envelope]);
    let right: Vec<String> = std::fs::read_to_string(&envelope).unwrap().split_whitespace().map(str::to_owned).collect();
    let with = |place: usize, word: &str| {
        let mut words = right.clone();
        words[place] = word.to_owned();
        words.join(" ")
    };
    let terminal = start(&home, &["policy", "add", "app-daily"]);
    terminal.wait_text("passphrase:");
    terminal.send(format!("{}\r", with(2, "qqqq")));
    terminal.wait_text("word 3 is not in the word list");
    terminal.wait_text("[y/N]");
    terminal.send("n\n");
    terminal.wait("the second prompt", |screen| screen.contents().matches("passphrase:").count() == 2);
    terminal.send(format!("{}\r", right.join(" ")));
    assert_eq!(code(&terminal), 0);

    // The list is in order: a word near its start is found among the first candidates.
    let terminal = start(&home, &["policy", "add", "billing-daily"]);
    terminal.wait_text("passphrase:");
    let early = (0..12).min_by_key(|&place| right[place].clone()).unwrap();
    terminal.send(format!("{}\r", with(early, "?")));
    assert_eq!(code(&terminal), 0, "{}", terminal.screen());
    assert!(home.good(&["policy", "list", "-o", "name"]).out.contains("billing-daily"));
}

#[test]
fn a_new_passphrase_is_typed_twice() {
    let house = House::new();
    let terminal = start(&house.home, &["passkey", "add", "ana", "--passphrase-file", &house.key()]);
    for (nth, first, second) in [(1, "one phrase", "another phrase"), (2, "one phrase", "one phrase")] {
        terminal.wait("a prompt", |screen| screen.contents().matches("new passphrase:").count() == nth);
        terminal.send(format!("{first}\r"));
        terminal.wait("the second", |screen| screen.contents().matches("once more:").count() == nth);
        terminal.send(format!("{second}\r"));
    }
    assert_eq!(code(&terminal), 0, "{}", terminal.screen());
    assert!(terminal.screen().contains("the two differ"));
    assert!(!terminal.screen().contains("one phrase"));
    let typed = house.home.secret("typed", "one phrase");
    house.home.good(&["passkey", "check", "ana", "--passphrase-file", &typed]);
}

#[test]
fn what_takes_away_is_asked_for_by_name() {
    let house = House::with_policies(&["app-daily"]);
    let terminal = start(&house.home, &["policy", "remove", "app-daily", "--passphrase-file", &house.key()]);
    terminal.wait_text("Go on? [y/N]");
    terminal.send("n\n");
    assert_eq!(code(&terminal), 5);
    let new = house.home.secret("new", "the new passphrase");
    house.open(&["rotate", "k2", "--new-passphrase-file", &new, "--yes"]);
    let remove = ["passkey", "remove", "k10MasterKey", "--passphrase-file", &new];
    let terminal = start(&house.home, &remove);
    terminal.wait_text("Type k10MasterKey to go on:");
    terminal.send("k10\n");
    assert_eq!(code(&terminal), 5);
    let terminal = start(&house.home, &remove);
    terminal.wait_text("Type k10MasterKey to go on:");
    terminal.send("k10MasterKey\n");
    assert_eq!(code(&terminal), 0, "{}", terminal.screen());
    assert_eq!(house.look(&["passkey", "list", "-o", "name"]).out, "passkey.vault.kio.kasten.io/k2\n");
}

#[test]
fn check_asks_for_each_and_may_be_skipped() {
    let house = House::new();
    let second = house.home.secret("second", "the second one");
    house.open(&["passkey", "add", "ana", "--new-passphrase-file", &second]);
    let terminal = start(&house.home, &["passkey", "check"]);
    terminal.wait("a prompt", |screen| screen.contents().matches("passphrase:").count() == 1);
    terminal.send(format!("{PASSPHRASE}\r"));
    terminal.wait("the next", |screen| screen.contents().matches("passphrase:").count() == 2);
    assert!(terminal.screen().contains("PASSKEY ana"));
    terminal.send("\r");
    assert_eq!(code(&terminal), 9);
    let screen = terminal.screen();
    assert!(screen.contains("typed by") && screen.contains("ana: nothing was typed"), "{screen}");
}
