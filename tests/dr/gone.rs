//! Archives that are not what the ledger says, and those that nobody would have an envelope for.

use crate::harness;
use crate::harness::house::House;
use crate::site::{Bare, DR, Site, archives};
use std::fs;

#[test]
fn a_new_dr_passphrase_that_one_location_refuses_leaves_the_old_one_in_force_and_no_archive_of_its_own() {
    let house = House::new();
    let folder = |name: &str| house.home.path().join(name);
    for name in ["first", "second"] {
        house.location(name, name);
    }
    let dr = house.home.secret("dr", DR);
    house.open(&["dr", "enable", "--location", "first", "--location", "second", "--new-dr-passphrase-file", &dr]);
    let before = archives(&folder("first"));
    fs::rename(folder("second"), folder("away")).unwrap();
    for n in ["the second DR passphrase, also long", "the third DR passphrase, just as long"] {
        let new = house.home.secret("new", n);
        let run = house.home.run(&house.opening(&["dr", "change-passphrase", "--new-dr-passphrase-file", &new, "--yes"]));
        let (cause, _) = run.assert_fault(6);
        assert!(cause.contains("no DR archive made in second") && cause.ends_with("nothing changed"), "{cause}");
        assert_eq!(archives(&folder("first")), before);
        assert!(house.look(&["dr", "status"]).out.contains("passphrase no. 1"));
    }
    fs::rename(folder("away"), folder("second")).unwrap();
    house.open(&["dr", "archive"]);
    house.open(&["dr", "check", "--dr-passphrase-file", &dr]);
    assert_eq!(Bare::new().restore(&folder("first"), &[]).code, 0, "the newest archive opens with the envelope that there is");
}

#[test]
fn nothing_is_pruned_while_what_would_stay_is_not_as_it_was_proved() {
    let site = Site::new();
    for _ in 0..4 {
        site.open(&["dr", "archive"]);
    }
    let all = site.archives();
    let (good, bad) = all.split_at(all.len() - 3);
    fs::remove_file(&bad[0]).unwrap();
    fs::write(&bad[1], []).unwrap();
    let prune = ["dr", "prune", "--before", "2999-01-01", "--confirm", "prod-eu1"];
    let run = site.run(&prune);
    let (cause, next) = run.assert_fault(7);
    assert!(cause.contains("not as it was proved") && next.contains("dr archive"), "{cause} {next}");
    assert!(good.iter().all(|path| path.exists()), "{:?}", site.archives());
    // Those count no more: the others are the three newest, until newer ones are there.
    site.open(&prune);
    assert!(good[good.len() - 1].exists());
    for _ in 0..3 {
        site.open(&["dr", "archive"]);
    }
    site.open(&prune);
    assert_eq!(site.archives().len(), 3);
    assert_eq!(Bare::new().restore(&site.share(), &[]).code, 0);
}

#[test]
fn a_passkey_goes_only_once_an_archive_that_is_there_holds_the_other() {
    let site = Site::new();
    let new = site.house.home.secret("k2", "another-passphrase-0002");
    site.open(&["passkey", "add", "k2", "--new-passphrase-file", &new, "--use-now"]);
    for path in site.archives() {
        fs::remove_file(path).unwrap();
    }
    let remove = ["passkey", "remove", "k10MasterKey", "--confirm", "k10MasterKey", "--shut-archives", "1"];
    site.house.home.good(&[&remove[..], &["--defer-archive", "--passphrase-file", &new]].concat());
    let bare = Bare { key: new, ..Bare::new() };
    assert_eq!(bare.restore(&site.share(), &[]).code, 0, "{:?}", site.archives());
}

#[test]
fn where_the_newest_archive_is_damaged_the_one_before_it_comes_back_and_that_is_said() {
    let site = Site::new();
    harness::next_second();
    site.open(&["policy", "add", "late"]);
    let newest = site.archives().pop().unwrap();
    let (whole, name) = (fs::read(&newest).unwrap(), newest.file_name().unwrap().to_str().unwrap());
    fs::write(&newest, harness::flipped(&whole, whole.len() - 40)).unwrap();
    let bare = Bare::new();
    assert_eq!(bare.restore(&site.share(), &[name]).code, 7, "one that is named is the one that is meant");
    let run = bare.restore(&site.share(), &[]);
    assert!(run.code == 0 && run.err.contains("does not verify: altered, or cut off; the one before it is tried"), "{}", run.err);
    assert!(run.out.contains(&format!("archive {name} did not open")) && run.out.contains("1 passkey, 2 policies"), "{}", run.out);
    fs::write(&newest, []).unwrap();
    let run = Bare::new().restore(&site.share(), &[]);
    assert!(run.code == 0 && run.out.contains(&format!("archive {name} cannot be read")), "{}{}", run.out, run.err);
}

#[test]
fn a_kit_opens_its_own_archive_beside_a_newer_one_of_another_instance_with_a_passphrase_of_the_same_number() {
    let site = Site::new();
    let other = Bare::new();
    assert_eq!(other.restore(&site.share(), &[]).code, 0);
    let (ours, theirs) =
        (site.house.home.secret("dr2", "the second DR passphrase, also long"), other.home.secret("dr2", "theirs, which is no. 2 as well"));
    site.open(&["dr", "change-passphrase", "--new-dr-passphrase-file", &ours, "--yes"]);
    let (kit, pass) = (site.house.home.path().join("kit.age"), site.house.home.secret("kit-pass", "a passphrase for what leaves"));
    site.open(&["kit", "make", "--to", kit.to_str().unwrap(), "--kit-passphrase-file", &pass, "--include-passphrases"]);
    assert_eq!(other.run(&["dr", "take-over", "--confirm", "prod-eu1"]).code, 0);
    harness::next_second();
    assert_eq!(other.run(&["dr", "change-passphrase", "--new-dr-passphrase-file", &theirs, "--yes"]).code, 0);
    let bare = Bare::new();
    let run = bare.home.run(&["recover", "--kit", kit.to_str().unwrap(), "--kit-passphrase-file", &pass, "--yes"]);
    assert!(run.code == 0 && run.out.contains(" did not open: "), "{}{}", run.out, run.err);
    assert!(bare.run(&["journal", "list"]).out.contains("restored from archive"));
}

#[test]
fn the_archive_that_came_back_is_in_its_own_ledger_and_counts_for_who_is_shut_out() {
    let site = Site::new();
    let bare = Bare::new();
    assert_eq!(bare.restore(&site.share(), &[]).code, 0);
    let all: serde_json::Value = serde_json::from_str(&bare.run(&["dr", "passphrases", "-o", "json"]).out).unwrap();
    let listed = harness::member(&all, "archives").unwrap().as_array().unwrap();
    let name = site.archives().pop().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
    assert!(listed.len() == 1 && listed[0]["name"].as_str().unwrap().ends_with(&name), "{listed:?}");
    // It opens with the old passkey alone, and the removal of that one counts it.
    assert_eq!(bare.run(&["dr", "take-over", "--confirm", "prod-eu1"]).code, 0);
    let ana = bare.home.secret("ana", "another-passphrase-0002");
    assert_eq!(bare.run(&["passkey", "add", "ana", "--new-passphrase-file", &ana, "--use-now"]).code, 0);
    let run = bare.home.run(&["passkey", "remove", "k10MasterKey", "--confirm", "k10MasterKey", "--passphrase-file", &ana]);
    let (_, next) = run.assert_fault(5);
    assert!(next.contains("--shut-archives 2"), "the one before the loss, and the one after take-over: {next}");
}
