//! After a leak, after a leaver, before a handover: what is left to be done, through the binary.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod harness;

use harness::house::{House, PASSPHRASE};
use serde_json::Value;
use std::fs;

const NEW: &str = "another passphrase altogether";
const DR: &str = "a DR passphrase that is long enough";

fn items(house: &House, args: &[&str], list: &str) -> Vec<(String, bool, bool)> {
    let found: Value = serde_json::from_str(&house.home.good(&[args, &["-o", "json"]].concat()).out).unwrap();
    let items = harness::member(&found, list).unwrap().as_array().unwrap().clone();
    items.iter().map(|i| (i["word"].as_str().unwrap().to_owned(), i["done"] == true, !i["act"].is_null())).collect()
}

fn left(items: &[(String, bool, bool)]) -> Vec<&str> {
    assert!(items.iter().all(|(_, done, act)| done != act), "an act for all that is left, and for nothing else: {items:?}");
    items.iter().filter(|(_, done, _)| !done).map(|(word, ..)| word.as_str()).collect()
}

#[test]
fn a_leak_leaves_a_checklist_until_all_of_it_is_done() {
    let house = House::with_policies(&["app-daily"]);
    fs::create_dir(house.home.path().join("share")).unwrap();
    house.open(&["location", "add", "nfs", "--directory", house.home.path().join("share").to_str().unwrap()]);
    let (new, dr) = (house.home.secret("new", NEW), house.home.secret("dr", DR));
    house.open(&["dr", "enable", "--location", "nfs", "--new-dr-passphrase-file", &dr]);
    let what = "the envelope was photographed";
    let rotate = ["rotate", "k2", "--because", "leak", "--leaked", what, "--yes", "--new-passphrase-file", &new];
    let run = house.open(&rotate);
    for said in ["the master key must be taken as known", "new installation", "[x] a new passkey is in use", "[ ] k10MasterKey is retired"]
    {
        assert!(run.err.contains(said), "{said} in {}", run.err);
    }
    let status = house.look(&["status"]).out;
    assert!(status.contains("! After the leak of k10MasterKey: 5 steps of 7 left: kastellan rotate --checklist"), "{status}");
    // What happened is for those who can unlock.
    for file in fs::read_dir(house.catalog().parent().unwrap()).unwrap().flatten() {
        let bytes = fs::read(file.path()).unwrap_or_default();
        assert!(!bytes.windows(what.len()).any(|w| w == what.as_bytes()), "{:?}", file.path());
    }
    let list = || items(&house, &["rotate", "--checklist"], "items");
    assert_eq!(left(&list()), ["retire", "dr-passphrase", "prune", "file-backups", "exports"]);
    // Item by item: seen by itself, or ticked.
    let key = house.home.secret("k2", NEW);
    let open = |args: &[&str]| house.home.good(&[args, &["--passphrase-file", &key]].concat());
    let run = house.home.run(&["passkey", "remove", "k10MasterKey", "--confirm", "k10MasterKey", "--passphrase-file", &key]);
    let (_, next) = run.assert_fault(5);
    let count = next.split("--shut-archives ").nth(1).unwrap().split(',').next().unwrap().to_owned();
    open(&["passkey", "remove", "k10MasterKey", "--confirm", "k10MasterKey", "--shut-archives", &count]);
    let dr2 = house.home.secret("dr2", "another DR passphrase, as long");
    // One of the leak's own second would count for nothing.
    harness::next_second();
    open(&["dr", "change-passphrase", "--yes", "--new-dr-passphrase-file", &dr2]);
    assert_eq!(left(&list()), ["prune", "file-backups", "exports"]);
    for _ in 0..3 {
        open(&["dr", "archive"]);
    }
    open(&["dr", "prune", "--before", "2999-01-01", "--confirm", "prod-eu1"]);
    assert_eq!(left(&list()), ["file-backups", "exports"]);
    house.home.run(&["rotate", "--checklist", "--done", "retire", "--passphrase-file", &key]).assert_fault(2);
    house.home.run(&["rotate", "--checklist", "--done", "exports"]).assert_fault(3);
    open(&["rotate", "--checklist", "--done", "exports"]);
    open(&["rotate", "--checklist", "--done", "file-backups"]);
    assert!(left(&list()).is_empty());
    assert!(!house.look(&["status"]).out.contains("After the leak"));
    assert!(open(&["journal", "list"]).out.contains("exports: done, says"));
    assert_eq!(open(&["journal", "verify"]).code, 0);
}

#[test]
fn a_leaver_has_no_verdict_and_a_planned_rotation_no_checklist() {
    let house = House::with_policies(&["app-daily"]);
    let new = house.home.secret("new", NEW);
    let rotate = |name: &str, because: &str, more: &[&str]| {
        let args = ["rotate", name, "--because", because, "--yes", "--new-passphrase-file", &new];
        house.open(&[&args[..], more].concat())
    };
    assert!(!rotate("k2", "planned", &[]).err.contains("[ ]"));
    assert!(house.look(&["rotate", "--checklist"]).out.contains("Nothing is left"));
    let run = rotate("k3", "leaver", &["--leaked", "ana"]);
    assert!(run.err.contains("After the leaver who knew k2") && !run.err.contains("must be taken as known"), "{}", run.err);
    let run = rotate("k4", "leak", &["--leaked", "seen", "--no-copy"]);
    assert!(run.err.contains("After the leak of k3") && !run.err.contains("must be taken as known"), "{}", run.err);
    assert_eq!(left(&items(&house, &["rotate", "--checklist"], "items")), ["retire", "file-backups", "exports"]);
    let plan = house.open(&["rotate", "k5", "--because", "leak", "--plan"]);
    assert!(plan.out.contains("must be taken as known"), "{}", plan.out);
}

#[test]
fn a_handover_fills_up_as_its_steps_are_done() {
    let house = House::with_policies(&["app-daily"]);
    let list = || items(&house, &["handover", "--from", "ana", "--to", "ben"], "items");
    assert_eq!(left(&list()), ["passkey", "typed"]);
    let new = house.home.secret("new", NEW);
    house.open(&["passkey", "add", "anas", "--owner", "ana", "--new-passphrase-file", &new]);
    assert_eq!(left(&list()), ["passkey", "typed", "retired"]);
    let bens = house.home.secret("bens", "the passphrase of ben himself");
    house.open(&["passkey", "add", "bens", "--owner", "ben", "--new-passphrase-file", &bens]);
    assert_eq!(left(&list()), ["typed", "retired"]);
    house.open(&["passkey", "remove", "anas", "--confirm", "anas"]);
    assert_eq!(left(&list()), ["typed"]);
    let said = house.look(&["handover", "--from", "ana", "--to", "ben"]).out;
    assert!(
        said.contains("[x] ana has no passkey any more") && said.contains("1 step is left. Next: ben runs: kastellan passkey check bens"),
        "{said}"
    );
    assert_ne!(PASSPHRASE, NEW);
    // Names of people are told apart without regard to case, and nobody hands over to themselves.
    house.open(&["passkey", "add", "again", "--owner", "Ana", "--new-passphrase-file", &new]);
    let said = house.look(&["handover", "--from", "ANA", "--to", "Ben"]).out;
    assert!(said.contains("[x] Ben has a passkey") && said.contains("[ ] ANA has no passkey any more"), "{said}");
    let run = house.home.run(&["handover", "--from", "ana", "--to", "Ana"]);
    let (cause, _) = run.assert_fault(2);
    assert!(cause.contains("ana and Ana are one person"), "{cause}");
}
