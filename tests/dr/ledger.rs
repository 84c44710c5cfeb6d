//! Archives, debts and DR passphrases: what follows a change, what waits, what is said.

use crate::harness;
use crate::harness::house::{House, PASSPHRASE};
use crate::harness::seed;
use crate::site::{Bare, DR, Site, archives};
use kastellan::catalog::Catalog;
use kastellan::format::{Object, RecordKind};
use std::fs;

#[test]
fn archives_follow_changes_and_debts_are_said() {
    let site = Site::new();
    let status = || site.house.look(&["dr", "status"]).out;
    assert!(status().contains("DR is on, passphrase no. 1") && status().contains("every change is in an archive"), "{}", status());
    let count = site.archives().len();
    site.open(&["policy", "add", "new-one"]);
    assert_eq!(site.archives().len(), count + 1, "a change archives before it exits");
    site.open(&["policy", "add", "later", "--defer-archive"]);
    assert_eq!(site.archives().len(), count + 1);
    assert!(status().contains("1 change in no DR archive"), "{}", status());
    // The location is gone: the change is made, exit 0, and the debt is said.
    fs::rename(site.share(), site.share().with_extension("away")).unwrap();
    let run = site.open(&["policy", "add", "while-away"]);
    assert!(run.err.contains("in no DR archive yet"), "{}", run.err);
    assert!(status().contains("2 changes in no DR archive") && status().contains("refuses since"), "{}", status());
    let run = site.run(&["dr", "archive"]);
    assert_eq!(run.code, 6, "{}", run.err);
    // A new DR passphrase that no archive proves does not count: the old one stays in force.
    let new = site.house.home.secret("dr2", "the second DR passphrase, also long");
    site.run(&["dr", "change-passphrase", "--new-dr-passphrase-file", &new, "--yes"]).assert_fault(6);
    assert!(status().contains("DR is on, passphrase no. 1"), "{}", status());
    fs::rename(site.share().with_extension("away"), site.share()).unwrap();
    site.open(&["dr", "archive", "--if-needed"]);
    let made = site.archives().len();
    assert!(status().contains("every change is in an archive") && !status().contains("refuses"), "{}", status());
    site.open(&["dr", "archive", "--if-needed"]);
    assert_eq!(site.archives().len(), made, "nothing changed: none is made");
    let bare = Bare::new();
    assert_eq!(bare.restore(&site.share(), &[]).code, 0);
    assert!(bare.run(&["policy", "list"]).out.contains("while-away"));
}

#[test]
fn that_a_kit_was_made_or_a_key_left_is_archived_at_once() {
    let site = Site::new();
    let (pass, to) = (site.house.home.secret("pass", "a passphrase for what leaves"), |name: &str| {
        site.house.home.path().join(name).to_string_lossy().into_owned()
    });
    let (kit, second) = (to("kit.age"), to("second.age"));
    let make = |to: &str, flags: &[&str]| {
        site.open(&[&["kit", "make", "--to", to, "--kit-passphrase-file", &pass, "--include-passphrases"], flags].concat());
    };
    let (before, status) = (site.archives().len(), || site.house.look(&["dr", "status"]).out);
    make(&kit, &[]);
    assert_eq!(site.archives().len(), before + 1);
    site.open(&["migration", "export", "app-daily", "--to", &to("import"), "--import-passphrase-file", &pass]);
    site.open(&["migration", "export", "other", "--to", "-", "--unprotected"]);
    assert_eq!(site.archives().len(), before + 3);
    assert!(status().contains("every change is in an archive"), "{}", status());
    make(&second, &["--defer-archive"]);
    assert!(status().contains("1 change in no DR archive"), "{}", status());
    site.open(&["dr", "archive", "--if-needed"]);
    assert_eq!(site.archives().len(), before + 4);
    // That it was checked changes nothing that a restore would miss.
    site.open(&["kit", "check", &second, "--kit-passphrase-file", &pass]);
    site.open(&["dr", "check", "--dr-passphrase-file", &site.dr()]);
    assert!(status().contains("every change is in an archive"), "{}", status());
    let bare = Bare::new();
    assert_eq!(bare.restore(&site.share(), &[]).code, 0);
    let why = bare.home.run(&["readiness"]).out;
    assert!(!why.contains("no recovery kit"), "{why}");
    assert_eq!(bare.home.good(&["migration", "list", "-o", "name"]).out.lines().count(), 2);
}

#[test]
fn a_new_dr_passphrase_opens_new_archives_and_the_old_one_the_old() {
    let site = Site::new();
    let old = site.archives();
    let new = site.house.home.secret("dr2", "the second DR passphrase, also long");
    site.open(&["dr", "change-passphrase", "--new-dr-passphrase-file", &new, "--yes"]);
    let out = site.open(&["dr", "passphrases"]).out;
    assert!(out.contains("1    ") && out.contains("2    "), "{out}");
    // Which archives each of them opens.
    let all: serde_json::Value = serde_json::from_str(&site.open(&["dr", "passphrases", "-o", "json"]).out).unwrap();
    let numbers: Vec<Vec<u64>> = harness::member(&all, "items").unwrap().as_array().unwrap().iter().map(opened).collect();
    assert_eq!(numbers, [vec![1; old.len()], vec![2; site.archives().len() - old.len()]]);
    let bare = Bare::new();
    // The newest opens with no. 2; an old one named opens with no. 1.
    assert_eq!(bare.restore(&site.share(), &[]).code, 3);
    let run = bare.restore(&site.share(), &[old.last().unwrap().file_name().unwrap().to_str().unwrap()]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(site.run(&["dr", "check", "--dr-passphrase-file", &site.dr()]).code, 9);
    site.open(&["dr", "check", "--dr-passphrase-file", &new]);
    // Pruning the old ones wants the installation's name, and then they are gone.
    let third = site.house.home.secret("dr3", "the third DR passphrase, just as long");
    site.run(&["dr", "change-passphrase", "--prune-old", "--new-dr-passphrase-file", &third, "--yes"]).assert_fault(5);
    site.open(&["dr", "change-passphrase", "--prune-old", "--new-dr-passphrase-file", &third, "--confirm", "prod-eu1"]);
    assert_eq!(site.archives().len(), 1);
    let run = site.run(&["dr", "list"]);
    assert!(run.out.contains("DR no. 3") && !run.out.contains("DR no. 1"), "{}", run.out);
}

/// The DR passphrase's number of each archive that a DR passphrase is said to open.
fn opened(item: &serde_json::Value) -> Vec<u64> {
    let archives = harness::member(item, "archives").unwrap().as_array().unwrap();
    archives.iter().map(|a| harness::member(a, "number").unwrap().as_u64().unwrap()).collect()
}

#[test]
fn enabling_that_cannot_be_proved_leaves_dr_off() {
    let house = House::new();
    let folder = house.location("nfs", "share");
    let dr = house.home.secret("dr", DR);
    fs::rename(&folder, folder.with_extension("away")).unwrap();
    let run = house.home.run(&house.opening(&["dr", "enable", "--location", "nfs", "--new-dr-passphrase-file", &dr]));
    assert_eq!(run.code, 6, "{}", run.err);
    assert!(house.look(&["dr", "status"]).out.contains("DR is off"));
    fs::rename(folder.with_extension("away"), &folder).unwrap();
    house.open(&["dr", "enable", "--location", "nfs", "--new-dr-passphrase-file", &dr]);
    assert!(house.look(&["dr", "status"]).out.contains("DR is on, passphrase no. 2"));
    house.home.run(&house.opening(&["location", "forget", "nfs", "--yes"])).assert_fault(5);
    house.home.run(&house.opening(&["dr", "enable", "--location", "nfs", "--new-dr-passphrase-file", &dr])).assert_fault(5);
    house.open(&["dr", "disable", "--confirm", "prod-eu1"]);
    assert!(house.look(&["dr", "status"]).out.contains("DR is off") && !archives(&folder).is_empty());
}

#[test]
fn the_dr_passphrase_and_what_is_archived_are_nowhere_in_clear() {
    let site = Site::new();
    for (path, bytes) in site.house.home.files() {
        let path = path.to_string_lossy().into_owned();
        if path.ends_with("/dr") || path.ends_with("/passphrase") {
            continue;
        }
        // As it is, and as a record would have it.
        for form in [DR.to_owned(), kastellan::format::b64(DR.as_bytes()), kastellan::format::hex(DR.as_bytes())] {
            assert!(!bytes.windows(form.len()).any(|w| w == form.as_bytes()), "{path}");
        }
    }
    let archive = fs::read(site.archives().pop().unwrap()).unwrap();
    for word in ["k10MasterKey", "app-daily", "share", "masterKeyId"] {
        assert!(!archive.windows(word.len()).any(|w| w == word.as_bytes()), "{word} in the archive");
    }
}

#[test]
fn readiness_follows_what_is_proved_and_monitoring_reads_it() {
    let house = House::with_policies(&["app-daily"]);
    let folder = house.home.path().join("share");
    fs::create_dir(&folder).unwrap();
    let of = |case: &str| {
        let all: serde_json::Value = serde_json::from_str(&house.look(&["readiness", "-o", "json"]).out).unwrap();
        let answers = harness::member(&all, "answers").unwrap().as_array().unwrap().clone();
        // Every answer but YES has exactly one act.
        for answer in &answers {
            assert_eq!(answer["answer"] == "YES", !answer["next"].is_string(), "{answer}");
        }
        let found = answers.into_iter().find(|a| a["scenario"] == case).unwrap_or_default();
        found["answer"].as_str().unwrap_or("-").to_owned()
    };
    assert_eq!((of("restart").as_str(), of("machine-lost").as_str(), of("dr-forgotten").as_str()), ("YES", "NO", "-"));
    for verb in ["status", "readiness"] {
        let out = house.look(&[verb]).out;
        let table =
            out.lines().skip_while(|line| !line.starts_with("CASE ")).take_while(|line| !line.is_empty() && !line.starts_with("next:"));
        assert!(table.clone().count() > 2 && table.clone().all(|line| line.chars().count() <= 80), "{out}");
    }
    let fails = |on: &str| house.home.run(&["readiness", "--fail-on", on]).code;
    assert_eq!((fails("no"), fails("stale"), fails("unproved")), (9, 9, 9));
    house.open(&["location", "add", "nfs", "--directory", folder.to_str().unwrap()]);
    assert!(house.look(&["readiness"]).out.contains("kastellan dr enable --location nfs"));
    let dr = house.home.secret("dr", DR);
    house.open(&["dr", "enable", "--location", "nfs", "--new-dr-passphrase-file", &dr]);
    assert_eq!((of("machine-lost").as_str(), of("dr-forgotten").as_str()), ("UNPROVED", "YES"));
    // One passkey alone: the case of its loss is still NO.
    assert_eq!((of("in-use-lost").as_str(), fails("no")), ("NO", 9));
    let new = house.home.secret("new", "another-passphrase-0002");
    house.open(&["passkey", "add", "ana", "--new-passphrase-file", &new]);
    // Two cases are left that only a recovery kit answers.
    assert_eq!((of("dr-forgotten-and-machine-lost").as_str(), of("handover").as_str(), fails("no")), ("NO", "NO", 9));
    let (kit, pass) = (house.home.path().join("kit"), house.home.secret("kit-pass", "a kit's own passphrase 0003"));
    house.open(&["kit", "make", "--to", kit.to_str().unwrap(), "--include-passphrases", "--kit-passphrase-file", &pass]);
    assert_eq!((fails("no"), fails("stale"), fails("unproved")), (0, 0, 9));
    let file = house.home.path().join("metrics.prom");
    house.look(&["readiness", "-o", "prometheus", "--to", file.to_str().unwrap()]);
    let metrics = fs::read_to_string(&file).unwrap();
    for line in [
        "kastellan_readiness{scenario=\"machine-lost\",answer=\"UNPROVED\"} 1",
        "kastellan_dr_debt_changes 0",
        "kastellan_facts_verified 0",
    ] {
        assert!(metrics.contains(line), "{line} in\n{metrics}");
    }
    assert!(metrics.contains("kastellan_passkey_proved_timestamp_seconds{passkey=\"ana\"}"));
    house.home.run(&["status", "-o", "prometheus"]).assert_fault(2);
    house.home.run(&["readiness", "--to", "x"]).assert_fault(2);
}

#[test]
fn a_place_that_refuses_is_no_proved_way_back() {
    let house = House::new();
    let (one, two) = (house.location("l1", "one"), house.location("l2", "two"));
    let dr = house.home.secret("dr", DR);
    house.open(&["dr", "enable", "--location", "l1", "--location", "l2", "--new-dr-passphrase-file", &dr]);
    let of = |case: &str| {
        let all = house.json(&["readiness"]);
        let answers = harness::member(&all, "answers").unwrap().as_array().unwrap().clone();
        let found = answers.into_iter().find(|a| a["scenario"] == case).unwrap();
        ["answer", "why", "next"].map(|member| found[member].as_str().unwrap_or_default().to_owned())
    };
    let away = |folder: &std::path::Path| fs::rename(folder, folder.with_extension("away")).unwrap();
    away(&one);
    let _ = house.home.run(&house.opening(&["dr", "archive"]));
    assert_eq!((of("machine-lost")[0].as_str(), of("location-lost:l1")[0].as_str()), ("UNPROVED", "YES"));
    let [answer, why, next] = of("location-lost:l2");
    assert_eq!((answer.as_str(), next.as_str()), ("UNKNOWN", "kastellan location check l1, then kastellan dr archive"));
    assert!(why.starts_with("l1 refuses since "), "{why}");
    away(&two);
    house.home.run(&house.opening(&["dr", "archive"])).assert_fault(6);
    for case in ["machine-lost", "location-lost:l1", "location-lost:l2"] {
        assert_eq!(of(case)[0], "UNKNOWN", "{case}");
    }
    let status = house.look(&["status"]).out;
    for place in ["l1", "l2"] {
        assert!(status.contains(&format!("! {place} refuses since ")), "{status}");
    }
    for folder in [&one, &two] {
        fs::rename(folder.with_extension("away"), folder).unwrap();
    }
    house.open(&["dr", "archive"]);
    assert_eq!((of("machine-lost")[0].as_str(), of("location-lost:l2")[0].as_str()), ("UNPROVED", "YES"));
    assert!(!house.look(&["status"]).out.contains("refuses"));
}

#[test]
fn the_old_way_in_stays_until_an_archive_holds_the_new_one() {
    let site = Site::new();
    let new = site.house.home.secret("new", "another-passphrase-0002");
    // Archives that only the old passkey opens are named, and their number must be said.
    let rotate = ["rotate", "k2", "--yes", "--new-passphrase-file", &new, "--retire", "k10MasterKey", "--confirm", "k10MasterKey"];
    let run = site.run(&rotate);
    let (cause, next) = run.assert_fault(5);
    assert!(cause.contains("open with no other passkey") || cause.contains("opens with no other passkey"), "{cause}");
    let list: serde_json::Value = serde_json::from_str(&site.open(&["dr", "list", "-o", "json"]).out).unwrap();
    let day = &harness::member(&list, "createdAt").unwrap().as_str().unwrap()[..10];
    assert!(cause.contains(&format!("(the oldest of {day})")), "{cause}");
    let count = next.split("--shut-archives ").nth(1).unwrap().split(',').next().unwrap().to_owned();
    site.run(&[&rotate[..], &["--shut-archives", "999"]].concat()).assert_fault(5);
    // The location is away: the new passkey is made and in use, the old one stays, and it says why.
    fs::rename(site.share(), site.share().with_extension("away")).unwrap();
    let run = site.run(&[&rotate[..], &["--shut-archives", &count]].concat());
    assert_eq!(run.code, 6, "{}", run.err);
    assert!(run.err.contains("no DR archive holds k2 yet") && run.err.contains("keep BOTH envelopes"), "{}", run.err);
    assert!(run.err.contains("k2 is in use, k10MasterKey stays and still opens"), "{}", run.err);
    assert!(site.house.look(&["passkey", "list"]).out.contains("k10MasterKey"));
    assert_eq!(site.house.home.run(&["status", "--passphrase-file", &site.house.key()]).code, 0, "the old way in still opens");
    let resume = ["rotate", "--resume", "--confirm", "k10MasterKey", "--new-passphrase-file", &new];
    let run = site.run(&resume);
    assert!(run.code == 6 && run.err.contains("k2 is in use, k10MasterKey stays and still opens"), "{}", run.err);
    fs::rename(site.share().with_extension("away"), site.share()).unwrap();
    let run = site.run(&resume);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(!site.house.look(&["passkey", "list", "-o", "name"]).out.contains("k10MasterKey"));
    // The archive that was waited for opens with the new passkey.
    let bare = Bare::new();
    let key = bare.home.secret("k2-envelope", "another-passphrase-0002");
    let share = site.share();
    let args = ["dr", "restore", "--directory", share.to_str().unwrap(), "--dr-passphrase-file", &bare.dr, "--passphrase-file", &key];
    let run = bare.home.run(&args);
    assert_eq!(run.code, 0, "{}", run.err);
}

#[test]
fn two_machines_that_take_themselves_for_one_installation_are_told() {
    let site = Site::new();
    let bare = Bare::new();
    assert_eq!(bare.restore(&site.share(), &[]).code, 0);
    let told = || site.open(&["status"]).out.contains("another machine (instance ");
    site.open(&["dr", "archive"]);
    assert!(!told(), "one that only restored archives nothing");
    // The restored one takes over, although the old one goes on: each archives after the other.
    assert_eq!(bare.run(&["dr", "take-over", "--confirm", "prod-eu1"]).code, 0);
    assert_eq!(bare.run(&["dr", "archive"]).code, 0);
    site.open(&["dr", "archive"]);
    assert!(told(), "{}", site.open(&["status"]).out);
    // When that one is gone, the next archives say so no more, from the second after its last.
    harness::next_second();
    site.open(&["dr", "archive"]);
    site.open(&["dr", "archive"]);
    assert!(!told());
}

/// Writes into the ledger that an archive with every passkey's wrap was made, and not that it was proved.
fn unproved_archive(site: &Site) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let opened = seed::open(&site.house.catalog(), "k10MasterKey", PASSPHRASE).await;
        let mut wraps = Vec::new();
        for id in opened.catalog.ids(RecordKind::Passkey).await.unwrap() {
            let record = opened.catalog.get(RecordKind::Passkey, &id).await.unwrap().unwrap();
            wraps.push(record.clear().unwrap().text("wrapId").unwrap().to_owned());
        }
        let id = opened.catalog.ids(RecordKind::DrArchive).await.unwrap().remove(0);
        let known = opened.catalog.get(RecordKind::DrArchive, &id).await.unwrap().unwrap().clear().unwrap();
        let mut clear = Object::new().with("wraps", wraps.join(" "));
        for name in ["name", "location", "instanceId", "createdAt", "digest"] {
            clear = clear.with(name, known.text(name).unwrap());
        }
        for name in ["seq", "size", "number", "journalSeq"] {
            clear = clear.with_number(name, known.need_number(name).unwrap());
        }
        opened.add(RecordKind::DrArchive, &"ab".repeat(16), clear, "dr archive").await;
    });
}

#[test]
fn a_passkey_is_not_removed_while_no_archive_holds_the_one_that_stays() {
    let site = Site::new();
    fs::rename(site.share(), site.share().with_extension("away")).unwrap();
    let ana = site.house.home.secret("ana", "another-passphrase-0002");
    site.open(&["passkey", "add", "ana", "--new-passphrase-file", &ana]);
    site.house.home.good(&["passkey", "use", "ana", "--yes", "--passphrase-file", &ana]);
    let count = archives(&site.share().with_extension("away")).len().to_string();
    let args = ["passkey", "remove", "k10MasterKey", "--confirm", "k10MasterKey", "--shut-archives", &count, "--passphrase-file", &ana];
    let run = site.house.home.run(&args);
    assert!(run.code == 6 && run.err.contains("no DR archive holds ana yet"), "{} {}", run.code, run.err);
    assert_eq!(site.run(&["status"]).code, 0, "the other one still opens");
    // An archive of which the ledger says that it holds it, and that nobody proved, counts for nothing.
    unproved_archive(&site);
    let run = site.house.home.run(&args);
    assert!(run.code == 6 && run.err.contains("no DR archive holds ana yet"), "{} {}", run.code, run.err);
    fs::rename(site.share().with_extension("away"), site.share()).unwrap();
    site.house.home.good(&args);
    let bare = Bare { key: ana, ..Bare::new() };
    assert_eq!(bare.restore(&site.share(), &[]).code, 0, "the archive that was waited for opens with the one that stays");
}

#[test]
fn each_location_gets_an_archive_and_one_that_refuses_stops_no_other() {
    let house = House::new();
    let dr = house.home.secret("dr", DR);
    let folder = |name: &str| house.home.path().join(name);
    for name in ["first", "second"] {
        fs::create_dir(folder(name)).unwrap();
        house.open(&["location", "add", name, "--directory", folder(name).to_str().unwrap()]);
    }
    house.open(&["dr", "enable", "--location", "first", "--location", "second", "--new-dr-passphrase-file", &dr]);
    let counts = || (archives(&folder("first")).len(), archives(&folder("second")).len());
    assert_eq!(counts(), (1, 1));
    fs::rename(folder("first"), folder("away")).unwrap();
    // A wrong passphrase is an answer, whatever else cannot be reached.
    let check = |file: &str| house.home.run(&house.opening(&["dr", "check", "--dr-passphrase-file", file])).code;
    assert_eq!((check(&house.key()), check(&dr)), (9, 0));
    let run = house.open(&["dr", "archive"]);
    assert!(run.out.contains("NOT in first: ") && run.out.contains("in second, "), "{}", run.out);
    assert_eq!(counts(), (0, 2));
    let status = house.look(&["dr", "status"]).out;
    assert!(status.contains("refuses since"), "{status}");
    fs::rename(folder("away"), folder("first")).unwrap();
    house.open(&["policy", "add", "app-daily"]);
    assert_eq!(counts(), (2, 3));
}

#[test]
fn an_archive_that_does_not_open_again_counts_for_nothing() {
    let house = House::with_policies(&["app-daily"]);
    let folder = house.location("nfs", "share");
    let db = rusqlite::Connection::open(house.catalog()).unwrap();
    let other = "CASE substr(sealed, -1) WHEN x'00' THEN x'01' ELSE x'00' END";
    let damage = format!("UPDATE records SET sealed = substr(sealed, 1, length(sealed) - 1) || {other} WHERE kind = 'policy'");
    assert_eq!(db.execute(&damage, []).unwrap(), 1);
    drop(db);
    let dr = house.home.secret("dr", DR);
    let run = house.home.run(&house.opening(&["dr", "enable", "--location", "nfs", "--new-dr-passphrase-file", &dr]));
    assert!(run.assert_fault(7).0.contains("does not verify"), "{}", run.err);
    assert!(house.look(&["dr", "status"]).out.contains("DR is off") && archives(&folder).is_empty());
}
