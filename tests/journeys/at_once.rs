//! Two at once: a console changes the DR passphrase; whoever else wants to change something is told who and since when, and whoever only
//! seals, reads or verifies is in nobody's way.

use crate::harness::house::House;
use crate::steps::{at, close, palette, quit, unlocked_by_typing, walk};
use std::fs;

const DR: &str = "a DR passphrase that is long enough";
const DR_NEXT: &str = "another DR passphrase, long as well";

#[test]
fn one_wins_and_the_other_is_told() {
    let house = House::with_policies(&["app-daily"]);
    let path = |name: &str| house.home.path().join(name).to_str().unwrap().to_owned();
    for folder in ["share", "second"] {
        fs::create_dir(path(folder)).unwrap();
    }
    fs::write(path("precious"), vec![7; 100_000]).unwrap();
    house.open(&["location", "add", "nfs", "--directory", &path("share")]);
    house.open(&["location", "add", "other", "--directory", &path("second")]);
    let dr = house.home.secret("dr", DR);
    house.open(&["dr", "enable", "--location", "nfs", "--new-dr-passphrase-file", &dr]);
    house.open(&["artifact", "seal", &path("precious"), "--policy", "app-daily", "--location", "nfs"]);
    let listed = house.json(&["artifact", "list"]);
    let id = listed["items"][0]["metadata"]["name"].as_str().unwrap().to_owned();

    // After the review the console has the lock.
    let terminal = unlocked_by_typing(&house);
    palette(&terminal, "dr-change");
    walk(&terminal, &[("Archives made so far", "\r"), ("Passphrase", "jj\r"), ("Review", "\r")]);
    at(&terminal, "Type passphrase twice");
    let next = house.home.secret("next", DR_NEXT);
    let kit = house.home.secret("kit", "the passphrase of a recovery kit");
    let changes: [&[&str]; 12] = [
        &["dr", "archive"],
        &["dr", "change-passphrase", "--new-dr-passphrase-file", &next],
        &["dr", "disable", "--confirm", "prod-eu1"],
        &["dr", "prune", "--before", "2026-01-01", "--confirm", "prod-eu1"],
        &["location", "add", "third", "--directory", &path("second")],
        &["location", "forget", "other", "--confirm", "other"],
        &["policy", "add", "db-hourly"],
        &["migration", "export", "app-daily", "--unprotected", "--to", &path("import")],
        &["kit", "make", "--to", &path("made.age"), "--kit-passphrase-file", &kit],
        &["artifact", "remove", &id, "--confirm", &id],
        &["artifact", "sweep", "nfs"],
        &["rotate", "k10MasterKey-2", "--new-passphrase-file", &next],
    ];
    let before = house.json(&["journal", "list"]);
    for change in changes {
        let run = house.home.run(&house.opening(change));
        let told = run.code == 8 && run.err.contains("has been changing the DR passphrase of prod-eu1") && run.err.contains("next: wait");
        assert!(told, "{change:?}: {} {}", run.code, run.err);
    }
    assert_eq!(house.json(&["journal", "list"]), before, "nobody changed anything");
    assert!(!fs::exists(path("import")).unwrap() && !fs::exists(path("made.age")).unwrap());
    let second = unlocked_by_typing(&house);
    second.wait_text("is changing the DR passphrase of prod-eu1 since");
    palette(&second, "dr-archive");
    second.wait_text("has been changing the DR passphrase of prod-eu1");

    // What changes no record goes on.
    house.open(&["artifact", "seal", &path("precious"), "--policy", "app-daily", "--location", "nfs"]);
    house.open(&["artifact", "copy", &id, "--to-location", "other"]);
    house.open(&["artifact", "rescan", "nfs"]);
    house.open(&["artifact", "verify", "--all"]);
    house.look(&["dr", "status"]);

    terminal.send(format!("{DR_NEXT}\r"));
    terminal.send(format!("{DR_NEXT}\r"));
    assert!(close(&terminal).contains("archive 2 in nfs"));
    // The one that was told is in nobody's way either, once the other is done.
    second.wait_gone("is changing the DR passphrase");
    palette(&second, "dr-archive");
    walk(&second, &[("Review", "\r")]);
    assert!(close(&second).contains("archive 3 in nfs"));
    quit(&second);
    quit(&terminal);
    house.open(&["journal", "verify"]);
}
