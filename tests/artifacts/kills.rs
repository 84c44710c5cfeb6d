//! Seals and copies that are killed: nothing half-visible, and a sweep takes the rest.

use crate::harness::cli::Call;
use crate::harness::kills::{at_random, kills_of_each};
use crate::harness::until;
use crate::yard::{Yard, bytes};
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

/// Seal, copy, archive, change-passphrase, prune, restore, import and drill share the random kills.
const OPERATIONS: usize = 8;

/// Nothing of the location lists but what is whole.
fn assert_whole(yard: &Yard, location: &str) {
    yard.house.open(&["artifact", "rescan", location]);
    yard.house.open(&["artifact", "verify", "--all"]);
    yard.house.open(&["journal", "verify"]);
}

#[test]
fn a_seal_killed_at_any_instant_leaves_nothing_that_lists() {
    let yard = Yard::new();
    let path = yard.house.home.file("plain", bytes(40 << 20), 0o600);
    let args = yard.house.opening(&["artifact", "seal", &path, "--policy", "app-daily"]);
    let call = Call::new(&yard.house.home, &args);
    at_random(kills_of_each(OPERATIONS), call.timed(), |instant| {
        let killed = call.run_killed(instant);
        let listed = yard.ids(&[]).len();
        let whole = yard.objects("nfs").iter().filter(|(path, _)| path.extension().is_some_and(|e| e == "json")).count();
        assert!(listed <= whole, "the index knows of more than there is: killed after {instant:?}");
        killed
    });
    assert_whole(&yard, "nfs");
    let run = yard.house.open(&["artifact", "sweep", "nfs", "--older-than", "1ms", "--confirm", "nfs"]);
    let left = yard.objects("nfs").into_iter().filter(|(path, _)| path.extension().is_some_and(|end| end == "part" || end == "seal"));
    assert_eq!(left.count(), 0, "{}", run.out);
    assert_whole(&yard, "nfs");
}

/// The object that is being written, once more than its head is.
fn half_written(yard: &Yard) -> PathBuf {
    let half = |(path, bytes): &(PathBuf, Vec<u8>)| path.extension().is_some_and(|end| end == "part") && bytes.len() > 1 << 20;
    until("a half-written object", || yard.objects("nfs").into_iter().find(half).map(|(path, _)| path))
}

#[test]
fn a_running_seal_is_not_swept() {
    let yard = Yard::new();
    let args = yard.house.opening(&["artifact", "seal", "-", "--policy", "app-daily"]);
    let mut child = Call::new(&yard.house.home, &args).start();
    let mut input = child.stdin.take().unwrap();
    input.write_all(&bytes(3 << 20)).unwrap();
    let path = half_written(&yard);
    // It waits for its source for longer than what is asked for.
    let written = |path: &PathBuf| path.metadata().unwrap().modified().unwrap().elapsed().is_ok_and(|age| age > Duration::from_secs(2));
    until("an object that was not written to for a while", || written(&path).then_some(()));
    yard.house.open(&["artifact", "sweep", "nfs", "--older-than", "1ms", "--confirm", "nfs"]);
    assert!(path.exists());
    input.write_all(&bytes(3 << 20)).unwrap();
    drop(input);
    assert!(child.wait().unwrap().success());
    assert_eq!(yard.ids(&[]).len(), 1);
    assert_whole(&yard, "nfs");
}

#[test]
fn an_interrupted_seal_takes_its_objects_back() {
    let yard = Yard::new();
    let args = yard.house.opening(&["artifact", "seal", "-", "--policy", "app-daily"]);
    let mut child = Call::new(&yard.house.home, &args).start();
    let mut input = child.stdin.take().unwrap();
    input.write_all(&bytes(3 << 20)).unwrap();
    half_written(&yard);
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    // It ends at the next segment.
    let _ = input.write_all(&bytes(3 << 20));
    drop(input);
    let out = child.wait_with_output().unwrap();
    assert_eq!(crate::harness::cli::code(out.status), 143, "{}", String::from_utf8_lossy(&out.stderr));
    let left: Vec<_> = yard.objects("nfs").into_iter().map(|(path, _)| path).collect();
    assert_eq!(left.len(), 1, "only the mark: {left:?}");
}

#[test]
fn a_copy_killed_at_any_instant_leaves_nothing_that_lists() {
    let yard = Yard::new();
    yard.add_location("second", &[]);
    let id = yard.seal(&bytes(30 << 20));
    let args = yard.house.opening(&["artifact", "copy", &id, "--to-location", "second"]);
    let call = Call::new(&yard.house.home, &args);
    let empty = || {
        let _ = fs::remove_dir_all(yard.folder("second").join("artifacts"));
        yard.house.open(&["artifact", "rescan", "second"]);
    };
    let length = call.timed();
    empty();
    at_random(kills_of_each(OPERATIONS), length, |instant| {
        let killed = call.run_killed(instant);
        assert_whole(&yard, "second");
        yard.house.open(&["artifact", "copy", &id, "--to-location", "second"]);
        assert_eq!(yard.ids(&["--location", "second"]), [id.as_str()], "the next one goes on: killed after {instant:?}");
        yard.house.open(&["artifact", "verify", "--all"]);
        // Each copy begins anew: what a killed one left would spare the next one some of its time.
        empty();
        killed
    });
}

#[test]
fn a_copy_goes_on_from_a_stream_that_a_killed_one_left_and_takes_no_other_for_it() {
    let yard = Yard::new();
    yard.add_location("second", &[]);
    let id = yard.seal(&bytes(2 << 20));
    let copy = ["artifact", "copy", &id, "--to-location", "second"];
    let (stream, second) = (yard.object("nfs", ".tink"), yard.folder("second/artifacts/app-daily"));
    let left = second.join(stream.file_name().unwrap());
    fs::create_dir_all(&second).unwrap();
    let mut other = fs::read(&stream).unwrap();
    other[1 << 20] ^= 1;
    fs::write(&left, &other).unwrap();
    let refused = yard.run(&copy);
    assert!(refused.assert_fault(7).0.contains("another stream lies in its place"), "{refused:?}");
    assert_eq!(fs::read(&left).unwrap(), other, "what is not ours stays");
    assert_eq!(fs::read_dir(&second).unwrap().count(), 1, "and no marker, by which a sweep would take it");
    fs::copy(&stream, &left).unwrap();
    yard.house.open(&copy);
    assert_eq!(yard.ids(&["--location", "second"]), [id.as_str()]);
    assert_whole(&yard, "second");
    assert!(!yard.objects("second").iter().any(|(path, _)| path.extension().is_some_and(|end| end == "seal")), "no marker stays");
    // The list knows of a copy that is gone since: it is made again.
    assert!(yard.house.open(&copy).out.contains("1 artifact there already"));
    fs::remove_file(&left).unwrap();
    assert!(yard.house.open(&copy).out.contains("1 artifact copied to second"));
    assert_whole(&yard, "second");
}

#[test]
fn of_two_copies_to_one_place_one_is_told() {
    let yard = Yard::new();
    yard.add_location("second", &[]);
    let id = yard.seal(&bytes(60 << 20));
    let args = yard.house.opening(&["artifact", "copy", &id, "--to-location", "second"]);
    let mut first = Call::new(&yard.house.home, &args).start();
    let marker = yard.folder(&format!("second/artifacts/app-daily/{id}.seal"));
    until("the first one's marker", || marker.exists().then_some(()));
    rustix::process::kill_process(rustix::process::Pid::from_child(&first), rustix::process::Signal::STOP).unwrap();
    let second = yard.run(&["artifact", "copy", &id, "--to-location", "second"]);
    rustix::process::kill_process(rustix::process::Pid::from_child(&first), rustix::process::Signal::CONT).unwrap();
    assert!(second.assert_fault(8).0.contains("another Kastellan is copying"), "{second:?}");
    assert!(first.wait().unwrap().success());
    assert_whole(&yard, "second");
}

#[test]
fn killed_at_each_step_that_lasts_a_seal_and_a_copy_leave_nothing_that_lists() {
    let yard = Yard::new();
    yard.add_location("second", &[]);
    let path = yard.house.home.file("plain", bytes(3 << 20), 0o600);
    let id = yard.seal(b"to be copied");
    for (args, location) in [
        (vec!["artifact", "seal", &path, "--policy", "app-daily", "--location", "nfs"], "nfs"),
        (vec!["artifact", "copy", &id, "--to-location", "second"], "second"),
    ] {
        for number in 1.. {
            let Some(ended) = Call::new(&yard.house.home, &yard.house.opening(&args)).run_killed_at_sync(number) else { return };
            let listed = yard.ids(&["--location", location]).len();
            assert_whole(&yard, location);
            assert!(listed <= yard.ids(&["--location", location]).len(), "the index knew of more than there was");
            if location == "second" && !ended {
                yard.house.open(&args);
                // Each copy begins anew: what a killed one left would spare the next one some of its steps.
                let _ = fs::remove_dir_all(yard.folder(location).join("artifacts"));
                yard.house.open(&["artifact", "rescan", location]);
            }
            if ended {
                println!("{args:?}: {} kills", number - 1);
                assert!(number > 3);
                break;
            }
        }
    }
}
