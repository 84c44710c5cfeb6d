//! Every way out gives the terminal back and leaves nobody behind.

use crate::harness::house::{Home, House, PASSPHRASE};
use crate::harness::procfs;
use crate::harness::pty::{Ended, Launch, Terminal};
use crate::harness::{BINARY, PANICS, until};
use rustix::process::Signal;
use std::time::Duration;

/// Where the console may be when it has to go.
const PLACES: [(&str, &str, &str); 4] =
    [("overview", "1", "k10MasterKey"), ("help", "?", "quit"), ("wizard", "2n", "NAME"), ("palette", ":", ":")];

/// The console at one of the places.
fn at(house: &House, place: (&str, &str, &str)) -> Terminal {
    let terminal = Launch::kastellan(&house.home, &house.opening::<&str>(&[])).start();
    terminal.wait_text("unlocked by k10MasterKey");
    for key in place.1.bytes() {
        terminal.press([key]);
    }
    assert!(terminal.modes().alternate, "{}", place.0);
    assert_ne!(terminal.modes().stty, terminal.modes_before().stty, "it is in raw mode");
    terminal
}

/// It ended with this code (or by the signal that a shell shows as this code), and all is as it was.
fn assert_gone(terminal: &Terminal, code: u32, what: &str) {
    let ended = terminal.wait_end();
    let by_signal = [(129, "Hangup"), (143, "Terminated"), (130, "Interrupt")];
    let same = by_signal.iter().any(|(c, name)| *c == code && ended == Ended::Signal((*name).to_owned()));
    assert!(ended == Ended::Code(code) || same, "{what}: {ended:?}, not {code}");
    terminal.wait_restored();
    terminal.wait_nobody_left();
}

#[test]
fn quitting_gives_the_terminal_back() {
    let house = House::new();
    for keys in [":q\r", "qq", "\x03"] {
        let terminal = at(&house, PLACES[0]);
        terminal.send(keys);
        assert_gone(&terminal, 0, keys);
    }
    // From the unlock screen too, where nothing was opened yet.
    let terminal = Launch::kastellan(&house.home, &[""; 0]).start();
    terminal.wait_text("k10MasterKey");
    terminal.send("\x03");
    assert_gone(&terminal, 0, "Ctrl-C on the unlock screen");
    // And from the first screen, without any catalog.
    let empty = Home::new();
    let terminal = Launch::kastellan(&empty, &[""; 0]).start();
    terminal.wait("the first screen", |screen| screen.contents().to_lowercase().contains("set up"));
    terminal.send("\x03");
    assert_gone(&terminal, 0, "Ctrl-C on the first screen");
    assert!(empty.files().iter().all(|(path, _)| !path.ends_with("catalog.db")), "nothing was written before a choice");
}

#[test]
fn signals_give_the_terminal_back() {
    let house = House::new();
    for place in PLACES {
        for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
            let terminal = at(&house, place);
            terminal.kill(signal);
            assert_gone(&terminal, code, place.0);
        }
    }
}

#[test]
fn a_closed_terminal_ends_it() {
    let house = House::new();
    for place in PLACES {
        let mut terminal = at(&house, place);
        terminal.hang_up();
        let ended = terminal.wait_end();
        assert!([Ended::Code(129), Ended::Signal("Hangup".to_owned())].contains(&ended), "{}: {ended:?}", place.0);
        terminal.wait_nobody_left();
    }
}

#[test]
fn a_closed_terminal_ends_it_also_where_hangups_are_ignored() {
    let house = House::new();
    for args in [vec![], house.opening::<&str>(&[])] {
        let quoted: Vec<String> = args.iter().map(|a| format!("'{a}'")).collect();
        let script = format!("trap '' HUP; exec '{BINARY}' {}", quoted.join(" "));
        let mut terminal = Launch::program(&house.home, "sh", &["-c", &script]).start();
        terminal.wait_text("k10MasterKey");
        terminal.wait_quiet(Duration::from_millis(300));
        let ticks = procfs::process(terminal.pid()).unwrap().ticks;
        terminal.hang_up();
        terminal.wait_end();
        terminal.wait_nobody_left();
        assert!(ticks < 1000, "{ticks} ticks of CPU time before it was hung up");
    }
}

#[test]
fn a_closed_terminal_ends_it_while_it_asks_and_prints() {
    let house = House::new();
    // Not only the console: a prompt that nobody can answer any more.
    for args in [&["policy", "add", "app-daily"][..], &["passkey", "add", "ana"][..], &["--plain"][..]] {
        let quoted: Vec<String> = args.iter().map(|a| format!("'{a}'")).collect();
        let script = format!("trap '' HUP; exec '{BINARY}' {}", quoted.join(" "));
        let mut terminal = Launch::program(&house.home, "sh", &["-c", &script]).start();
        terminal.wait("a prompt", |screen| !screen.contents().trim().is_empty());
        terminal.hang_up();
        terminal.wait_end();
        terminal.wait_nobody_left();
    }
}

#[test]
fn a_prompt_that_is_interrupted_gives_echo_back() {
    let house = House::new();
    let terminal = Launch::kastellan(&house.home, &["policy", "add", "app-daily"]).start();
    until("echo to be off", || (terminal.modes().stty != terminal.modes_before().stty).then_some(()));
    terminal.send("\x03");
    assert_gone(&terminal, 130, "Ctrl-C at a prompt");
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129)] {
        let terminal = Launch::kastellan(&house.home, &["policy", "add", "app-daily"]).start();
        until("echo to be off", || (terminal.modes().stty != terminal.modes_before().stty).then_some(()));
        terminal.kill(signal);
        assert_gone(&terminal, code, "a signal at a prompt");
    }
}

#[test]
fn what_is_typed_ahead_between_two_prompts_is_not_shown() {
    let house = House::new();
    let terminal = Launch::kastellan(&house.home, &["policy", "add", "app-daily"]).start();
    let mut prompt = 0;
    terminal.wait("the prompt", |screen| {
        prompt = screen.cursor_position().0;
        screen.contents().trim_end().ends_with("passphrase:")
    });
    terminal.send("a wrong one\r");
    // The line ended: it is being tried, and the next prompt is not there yet.
    terminal.wait("the end of the line", |screen| screen.cursor_position().0 > prompt);
    terminal.send("typed ahead");
    terminal.wait_text("no passkey opens with this passphrase");
    terminal.wait("the next prompt", |screen| screen.contents().trim_end().ends_with("passphrase:"));
    terminal.send(format!("{PASSPHRASE}\r"));
    assert_eq!(terminal.wait_end(), Ended::Code(0), "what was typed ahead is no part of the answer: {}", terminal.screen());
    assert!(!String::from_utf8_lossy(&terminal.all_bytes()).contains("typed ahead"));
    terminal.wait_restored();
}

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_and_takes_it_again() {
    let house = House::new();
    let quoted: Vec<String> = house.opening::<&str>(&[]).iter().map(|a| format!("'{a}'")).collect();
    // A shell with job control: it shows what the terminal is set to while the console is stopped.
    let script = format!(
        "set -m; was=$(stty -g); '{BINARY}' {}; echo \"stopped: $?\"; test \"$was\" = \"$(stty -g)\" && echo 'modes as before'; \
         read line; fg >/dev/null; echo \"ended: $?\"; stty \"$was\"",
        quoted.join(" ")
    );
    let terminal = Launch::program(&house.home, "bash", &["--norc", "--noprofile", "-c", &script]).start();
    terminal.wait_text("unlocked by k10MasterKey");
    for _ in 0..1 {
        terminal.send("\x1a");
        terminal.wait("the shell", |screen| ["stopped: 147", "stopped: 148"].iter().any(|s| screen.contents().contains(s)));
        terminal.wait_text("modes as before");
        let modes = terminal.modes();
        assert!(!modes.alternate && !modes.hidden_cursor && !modes.paste && modes.private.is_empty(), "{modes:#?}");
        terminal.send("\r");
        terminal.wait("the console again", |screen| screen.alternate_screen() && screen.contents().contains("k10MasterKey"));
        // It locked before it was stopped.
        assert!(!terminal.screen().contains("unlocked by"), "{}", terminal.screen());
    }
    terminal.send("\x03");
    terminal.wait_text("ended: 0");
    terminal.wait_end();
    terminal.wait_restored();
    terminal.wait_nobody_left();
}

#[test]
fn a_stop_from_outside_and_back_repaints_everything() {
    let house = House::new();
    let terminal = at(&house, PLACES[0]);
    let before = terminal.screen();
    terminal.kill(Signal::STOP);
    until("it to stop", || procfs::process(terminal.pid()).filter(|p| p.state == 'T'));
    terminal.take();
    terminal.kill(Signal::CONT);
    terminal.wait_update();
    terminal.wait("the same screen", |screen| screen.contents() == before);
    terminal.send("\x03");
    assert_gone(&terminal, 0, "after a stop");
}

#[test]
fn a_panic_gives_the_terminal_back() {
    if !PANICS {
        return;
    }
    let house = House::new();
    for place in ["draw", "task"] {
        let terminal = Launch::kastellan(&house.home, &house.opening::<&str>(&[])).env("KASTELLAN_TEST_PANIC", place).start();
        assert_gone(&terminal, 1, place);
        terminal.wait("where it panicked", |screen| screen.contents().contains("src/"));
    }
}

#[test]
fn a_reader_that_closes_early_is_no_error() {
    let house = House::new();
    let script = format!(
        "'{BINARY}' journal list 2>/dev/null | head -n 1 >/dev/null; echo \"${{PIPESTATUS[0]}}\"; '{BINARY}' man | true; echo \"${{PIPESTATUS[0]}}\""
    );
    let terminal = Launch::program(&house.home, "bash", &["-c", &script]).start();
    terminal.wait_end();
    terminal.wait_quiet(Duration::from_millis(100));
    assert_eq!(terminal.screen().trim(), "0\n0");
}
