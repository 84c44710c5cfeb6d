//! What the doctor tells, in a terminal, in tmux and without.

use crate::harness::house::{Home, House};
use crate::harness::pty::{Ended, Launch, Terminal};
use crate::harness::{BINARY, tools, until};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

#[test]
fn it_tells_every_path_permission_and_limit() {
    let house = House::new();
    let told = house.home.run(&["doctor"]);
    let home = house.home.path().to_string_lossy().into_owned();
    for what in [
        "kastellan",
        "configuration",
        "themes",
        "pin file",
        "log",
        "terminal",
        "locale",
        "colour",
        "memory",
        "locked memory",
        "swap",
        "core dumps",
        "catalog",
        "installation",
    ] {
        assert!(told.out.lines().any(|line| line.contains(what)), "{what} is missing:\n{}", told.out);
    }
    for path in ["config/kastellan", "data/kastellan/catalog.db", "state/kastellan"] {
        assert!(told.out.contains(&format!("{home}/{path}")), "{path} is missing:\n{}", told.out);
    }
    assert!(told.out.contains("mode 0600"), "{}", told.out);
    assert!(told.out.contains("neither input nor output"), "{}", told.out);
    assert_eq!(told.code, i32::from(told.out.contains("problem")) * 9, "{}", told.out);
}

#[test]
fn a_catalog_that_others_may_read_is_a_problem_with_advice() {
    let house = House::new();
    std::fs::set_permissions(house.catalog(), std::fs::Permissions::from_mode(0o644)).unwrap();
    let told = house.home.run(&["doctor"]);
    assert_eq!(told.code, 9, "{told:#?}");
    let line = told.out.lines().find(|line| line.contains("0644")).unwrap_or_else(|| panic!("{}", told.out));
    assert!(line.contains("problem"), "{line}");
    assert!(told.out.contains("chmod 600"), "{}", told.out);
    assert_eq!(house.catalog().metadata().unwrap().permissions().mode() & 0o777, 0o644, "it changes nothing");
}

#[test]
fn in_a_terminal_it_tells_about_it_and_the_console_shows_the_same() {
    let house = House::new();
    let terminal = Launch::kastellan(&house.home, &["doctor"]).size(132, 50).env("LANG", "C").start();
    let ended = terminal.wait_end();
    terminal.wait_text("132x50");
    let told = terminal.screen();
    assert!(told.contains("input and output; TERM is xterm-256color"), "{told}");
    assert!(told.contains("not UTF-8") && told.contains("--ascii"), "{told}");
    assert!([Ended::Code(0), Ended::Code(9)].contains(&ended));

    let console = crate::steps::unlocked(&house);
    assert!(holds_a_lock(&console, &house.catalog()));
    crate::steps::palette(&console, "doctor");
    console.wait_text("configuration");
    console.wait_text("100x30");
    assert!(holds_a_lock(&console, &house.catalog()), "a look at the catalog takes no lock of the console's away");
    crate::steps::quit(&console);
}

/// Whether a process holds a POSIX lock on a file; where the system does not tell, that is not looked at.
fn holds_a_lock(terminal: &Terminal, file: &Path) -> bool {
    let Ok(locks) = std::fs::read_to_string("/proc/locks") else { return true };
    let (pid, inode) = (format!(" {} ", terminal.pid()), format!(":{} ", file.metadata().unwrap().ino()));
    locks.lines().any(|line| line.contains("POSIX") && line.contains(&pid) && line.contains(&inode))
}

#[test]
fn in_tmux_it_advises_on_escape_time() {
    let Some(tmux) = tools::need("tmux", "tmux") else { return };
    let house = House::new();
    let call = |home: &Home, number: &str, args: &[&str]| {
        let mut command = Command::new(&tmux);
        command.args(["-S", &home.path().join(format!("tmux{number}")).to_string_lossy(), "-f", "/dev/null"]).args(args);
        command.env_clear().envs(home.environment()).current_dir(home.path());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    for (number, time, advised) in [("1", "500", true), ("2", "10", false)] {
        let path = |name: &str| house.home.path().join(format!("{name}{number}")).to_string_lossy().into_owned();
        let script = format!("'{BINARY}' doctor > '{}'; mv '{}' '{}'", path("begun"), path("begun"), path("told"));
        call(
            &house.home,
            number,
            &["new-session", "-d", "sleep 60", ";", "set", "-sg", "escape-time", time, ";", "new-window", "-d", &script],
        );
        let told = until("the doctor in tmux", || std::fs::read_to_string(path("told")).ok());
        call(&house.home, number, &["kill-server"]);
        let line = told.lines().find(|line| line.contains("tmux escape-time")).unwrap_or_else(|| panic!("{told}"));
        assert!(line.contains(&format!("{time} ms")), "{line}");
        assert_eq!(told.contains("set -sg escape-time 10"), advised, "{told}");
    }
}
