//! The harness itself must see what it is there to see.

use crate::harness::house::Home;
use crate::harness::pty::{BEGIN, END, Ended, Launch};
use crate::harness::{procfs, sshd::Sshd, tools};
use rustix::process::Signal;
use std::collections::BTreeMap;
use std::time::Duration;

fn shell(home: &Home, script: &str) -> crate::harness::pty::Terminal {
    Launch::program(home, "sh", &["-c", script]).size(40, 10).start()
}

#[test]
fn it_reads_the_screen_types_and_sees_the_end() {
    let home = Home::new();
    let terminal = shell(&home, "stty size; echo $TERM; read x; echo \"got $x\"; exit 3");
    terminal.wait_text("10 40\nxterm-256color");
    terminal.send("word\r");
    terminal.wait_text("got word");
    assert_eq!(terminal.wait_end(), Ended::Code(3));
    terminal.wait_nobody_left();
    assert!(terminal.first_byte_after().is_some());
}

#[test]
fn it_counts_updates_and_reads() {
    let home = Home::new();
    let script = "stty raw -echo; printf ready; while :; do dd bs=1 count=1 >/dev/null 2>&1; printf '\\033[?2026hX\\033[?2026l'; done";
    let terminal = shell(&home, script);
    terminal.wait_text("ready");
    let frame = terminal.press("j");
    assert_eq!(frame.bytes, [BEGIN, b"X", END].concat());
    frame.assert_one_update();
    assert_eq!(frame.reads, 1);
    terminal.wait_quiet(Duration::from_millis(50));
    assert_eq!(terminal.take().bytes, b"");
}

#[test]
fn it_sees_a_terminal_that_was_not_given_back() {
    let home = Home::new();
    for (script, what) in [
        ("stty raw", "termios"),
        ("printf '\\033[?1049h'", "the alternate screen"),
        ("printf '\\033[?25l'", "the cursor"),
        ("printf '\\033[?2004h'", "paste"),
        ("printf '\\033[?1000h'", "the mouse"),
        ("printf '\\033[31m'", "colours"),
        ("printf '\\033[?1004h'", "focus reports"),
        ("printf '\\033[?2026h'", "a synchronised update"),
    ] {
        let terminal = shell(&home, &format!("{script}; echo done"));
        terminal.wait_text("done");
        terminal.wait_end();
        assert_ne!(terminal.modes(), terminal.modes_before(), "{what}");
    }
    let script = "stty raw; printf '\\033[?1049h\\033[?25l\\033[?2004h'; printf '\\033[?2004l\\033[?25h\\033[?1049l'; stty \"$0\"";
    let terminal = shell(&home, &format!("was=$(stty -g); {}", script.replace("$0", "$was")));
    terminal.wait_end();
    terminal.wait_restored();
}

#[test]
fn it_hangs_up_signals_and_sees_who_stays() {
    let home = Home::new();
    let mut terminal = shell(&home, "echo ready; exec sleep 600");
    terminal.wait_text("ready");
    terminal.hang_up();
    assert_eq!(terminal.wait_end(), Ended::Signal("Hangup".to_owned()));

    let mut ignoring = shell(&home, "trap '' HUP; echo ready; exec sleep 600");
    ignoring.wait_text("ready");
    ignoring.hang_up();
    assert_eq!(procfs::alive_in_session(ignoring.pid()).len(), 1, "it stays, and is seen to stay");
    ignoring.kill(Signal::TERM);
    assert_eq!(ignoring.wait_end(), Ended::Signal("Terminated".to_owned()));
    ignoring.wait_nobody_left();
}

#[test]
fn it_resizes_and_looks_into_processes() {
    let home = Home::new();
    let terminal = shell(&home, "trap 'stty size' WINCH; echo ready; while :; do read x || :; done");
    terminal.wait_text("ready");
    terminal.resize(100, 30);
    terminal.wait_text("30 100");
    assert!(procfs::switches_since(terminal.pid(), &BTreeMap::new()) > 0);
    assert!(!procfs::alive_with_argument("trap 'stty size' WINCH").is_empty());
    if tools::need_root("memory") {
        let (rss, anonymous) = procfs::memory(terminal.pid());
        assert!(rss > anonymous && anonymous > 0);
        assert!(procfs::mappings(terminal.pid()).values().any(|bytes| procfs::find(bytes, b"trap 'stty size' WINCH").is_some()));
    }
}

#[test]
fn it_counts_write_calls() {
    let Some(strace) = tools::need("strace", "strace") else { return };
    let home = Home::new();
    let log = home.path().join("strace");
    let terminal = Launch::program(&home, "sh", &["-c", "printf one; printf two"]).counting_writes(&strace, &log).start();
    terminal.wait_text("onetwo");
    terminal.wait_end();
    let log = std::fs::read_to_string(log).unwrap();
    assert_eq!(log.lines().filter(|l| l.contains("</dev/pts/")).count(), 2, "{log}");
}

#[test]
fn it_connects_over_ssh() {
    let Some(sshd) = Sshd::start() else { return };
    let terminal = sshd.run("stty size; echo \"$SSH_CONNECTION\"; read x; exit 5", (90, 20));
    terminal.wait_text("20 90");
    terminal.wait_text("127.0.0.1");
    terminal.send("\r");
    assert_eq!(terminal.wait_end(), Ended::Code(5));
}
