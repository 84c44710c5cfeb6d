//! The console over a real SSH connection on loopback.

use crate::harness::house::House;
use crate::harness::procfs;
use crate::harness::pty::{Ended, Terminal};
use crate::harness::sshd::Sshd;
use crate::harness::until;
use rustix::process::Signal;

/// The console, open at the far end.
fn open(sshd: &Sshd, house: &House) -> Terminal {
    let terminal = sshd.kastellan(&house.home, &house.opening::<&str>(&[]), (120, 40));
    terminal.wait_text("unlocked by k10MasterKey");
    terminal
}

/// Nobody runs on this installation any more.
fn wait_nobody(house: &House) {
    let key = house.key();
    until("the far end to be gone", || procfs::alive_with_argument(&key).is_empty().then_some(()));
}

#[test]
fn it_works_resizes_and_leaves_over_ssh() {
    let Some(sshd) = Sshd::start() else { return };
    let house = House::new();
    let terminal = open(&sshd, &house);
    terminal.press("j").assert_one_update();
    terminal.resize(80, 24);
    terminal.wait("the other size", |screen| screen.contents().lines().all(|l| l.chars().count() <= 80));
    terminal.send(":q\r");
    assert_eq!(terminal.wait_end(), Ended::Code(0));
    terminal.wait_restored();
    wait_nobody(&house);
    let journal = house.look(&["journal", "list", "-o", "json"]).out;
    assert!(journal.contains("127.0.0.1"), "the journal knows the client's address");
}

#[test]
fn a_lost_connection_leaves_nobody() {
    let Some(sshd) = Sshd::start() else { return };
    let house = House::new();
    let terminal = open(&sshd, &house);
    assert!(!procfs::alive_with_argument(&house.key()).is_empty());
    terminal.kill(Signal::KILL);
    terminal.wait_end();
    wait_nobody(&house);

    // The client's terminal goes away, and with it the client.
    let mut terminal = open(&sshd, &house);
    terminal.hang_up();
    terminal.wait_end();
    wait_nobody(&house);
}

#[test]
fn a_lost_connection_leaves_nobody_also_where_hangups_are_ignored() {
    let Some(sshd) = Sshd::start() else { return };
    let house = House::new();
    let environment: Vec<String> = house.home.environment().iter().map(|(n, v)| format!("'{n}={v}'")).collect();
    let there = format!("trap '' HUP; exec env {} '{}' --passphrase-file '{}'", environment.join(" "), crate::harness::BINARY, house.key());
    let terminal = sshd.run(&there, (80, 24));
    terminal.wait_text("unlocked by k10MasterKey");
    terminal.kill(Signal::KILL);
    terminal.wait_end();
    wait_nobody(&house);
}
