//! The line that says how far long work is, in a real terminal: there while it goes on, gone afterwards.

use crate::harness::BINARY;
use crate::harness::house::House;
use crate::harness::pty::{Ended, Launch};
use rustix::process::Signal;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::sync::mpsc;
use std::time::Duration;

fn house() -> House {
    let house = House::with_policies(&["app-daily"]);
    house.location("nfs", "share");
    house
}

#[test]
fn of_a_stream_the_bytes_and_the_rate_are_told() {
    let house = house();
    let pipe = house.home.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR, 0).unwrap();
    let script = r#"pipe=$1; shift; cat "$pipe" | "$0" "$@""#;
    let args = house.opening(&["artifact", "seal", "-", "--policy", "app-daily"]);
    let words = ["-c", script, BINARY, pipe.to_str().unwrap()].into_iter().chain(args.iter().map(String::as_str));
    let terminal = Launch::program(&house.home, "sh", &words.collect::<Vec<_>>()).size(100, 30).start();
    let (seen, enough) = mpsc::channel();
    // A source that is as slow as many are, and goes on until it is told that the line was seen.
    let source = std::thread::spawn(move || {
        let mut pipe = OpenOptions::new().write(true).open(pipe).unwrap();
        while enough.recv_timeout(Duration::from_millis(5)).is_err() {
            pipe.write_all(&vec![7; 1 << 20]).unwrap();
        }
    });
    terminal.wait_text("MiB/s  ");
    let line = terminal.screen();
    seen.send(()).unwrap();
    source.join().unwrap();
    assert!(matches!(terminal.wait_end(), Ended::Code(0)), "{}", terminal.screen());
    terminal.wait_gone("MiB/s  ");
    let told = line.lines().find(|line| line.contains("MiB/s  ")).unwrap();
    assert!(told.trim_start().split_once(" MiB  ").is_some_and(|(done, _)| done.parse::<f64>().is_ok_and(|done| done > 0.0)), "{told}");
}

#[test]
fn of_a_file_the_time_left_is_told_as_well() {
    let house = house();
    let file = house.home.path().join("large");
    fs::File::create(&file).unwrap().set_len(16 << 30).unwrap();
    let args = house.opening(&["artifact", "seal", file.to_str().unwrap(), "--policy", "app-daily"]);
    let terminal = Launch::kastellan(&house.home, &args).size(100, 30).start();
    terminal.wait_text(" left");
    let screen = terminal.screen();
    terminal.kill(Signal::TERM);
    assert!(matches!(terminal.wait_end(), Ended::Code(143)), "{}", terminal.screen());
    terminal.wait_gone(" left");
    let told = screen.lines().find(|line| line.contains(" left")).unwrap();
    assert!(told.contains(" of 16.00 GiB  ") && told.contains("iB/s  "), "{told}");
}
