//! Disaster recovery through the binary: archives, the way back on a bare machine, and what is refused on the way.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod harness;

use harness::cli::Run;
use harness::house::{Home, House, PASSPHRASE};
use harness::pty::{Ended, Launch};
use harness::seed;
use kastellan::catalog::Catalog;
use kastellan::crypto::Passphrase;
use kastellan::format::{ArchiveHeader, ArchiveReader, ArchiveWriter, Object, RecordKind};
use std::fs;
use std::path::{Path, PathBuf};

const DR: &str = "a DR passphrase that is long enough";

/// An installation with two policies, a location with an artifact of each, and DR to it.
struct Site {
    house: House,
}

impl Site {
    fn new() -> Self {
        static FIRST: std::sync::OnceLock<House> = std::sync::OnceLock::new();
        let house = FIRST.get_or_init(|| House::with_policies(&["app-daily", "other"])).copy();
        fs::create_dir(house.home.path().join("share")).unwrap();
        let site = Self { house };
        site.open(&["location", "add", "nfs", "--directory", site.share().to_str().unwrap()]);
        for policy in ["app-daily", "other"] {
            let file = site.house.home.file(policy, format!("bytes of {policy}"), 0o600);
            site.open(&["artifact", "seal", &file, "--policy", policy]);
        }
        let dr = site.dr();
        site.open(&["dr", "enable", "--location", "nfs", "--new-dr-passphrase-file", &dr]);
        site
    }

    fn share(&self) -> PathBuf {
        self.house.home.path().join("share")
    }

    fn dr(&self) -> String {
        self.house.home.secret("dr", DR)
    }

    fn open(&self, args: &[&str]) -> Run {
        self.house.open(args)
    }

    fn run(&self, args: &[&str]) -> Run {
        self.house.home.run(&self.house.opening(args))
    }

    fn archives(&self) -> Vec<PathBuf> {
        archives(&self.share())
    }
}

fn archives(share: &Path) -> Vec<PathBuf> {
    let (mut ways, mut found) = (vec![share.join("dr")], Vec::new());
    while let Some(way) = ways.pop() {
        for entry in fs::read_dir(way).into_iter().flatten().flatten() {
            if entry.file_type().unwrap().is_dir() {
                ways.push(entry.path());
            } else {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    found
}

/// A machine without anything but two envelopes.
struct Bare {
    home: Home,
    key: String,
    dr: String,
}

impl Bare {
    fn new() -> Self {
        let home = Home::new();
        let (key, dr) = (home.secret("passkey-envelope", PASSPHRASE), home.secret("dr-envelope", DR));
        Self { home, key, dr }
    }

    fn restore(&self, share: &Path, flags: &[&str]) -> Run {
        let share = share.to_str().unwrap();
        let args = ["dr", "restore", "--directory", share, "--dr-passphrase-file", &self.dr, "--passphrase-file", &self.key];
        self.home.run(&[&args[..], flags].concat())
    }

    fn run(&self, args: &[&str]) -> Run {
        self.home.run(&[args, &["--passphrase-file", &self.key]].concat())
    }
}

/// Waits until a file is older than a second, by which archives and artifacts are told apart.
fn next_second(after: &Path) {
    let second = |at: std::time::SystemTime| at.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let made = second(fs::metadata(after).unwrap().modified().unwrap());
    harness::until("the next second", || (second(std::time::SystemTime::now()) > made).then_some(()));
}

#[test]
fn an_old_archive_under_a_newer_name_is_not_taken_for_the_newest() {
    let site = Site::new();
    let old = site.archives().pop().unwrap();
    next_second(&old);
    site.open(&["policy", "add", "late"]);
    let name = old.file_name().unwrap().to_str().unwrap();
    let forged = format!("29991231T235959Z-99999999{}", &name[name.rfind('-').unwrap()..]);
    fs::copy(&old, old.with_file_name(&forged)).unwrap();
    let bare = Bare::new();
    let list = bare.home.good(&["dr", "list", "--directory", site.share().to_str().unwrap()]).out;
    assert!(list.contains(&forged) && !list.lines().nth(1).unwrap().contains(&forged), "its header says when it was made: {list}");
    let run = bare.restore(&site.share(), &[]);
    assert!(run.code == 0 && run.out.contains("1 passkey, 3 policies"), "{}{}", run.out, run.err);
}

#[test]
fn everything_is_lost_and_comes_back_from_a_folder_and_two_envelopes() {
    let site = Site::new();
    // An artifact that is newer than the last archive, by the seconds that both note.
    next_second(&site.archives().pop().unwrap());
    let file = site.house.home.file("late", "late bytes", 0o600);
    site.open(&["artifact", "seal", &file, "--policy", "app-daily"]);
    let bare = Bare::new();
    let before: Vec<_> = archives(&site.share()).into_iter().map(|p| (fs::read(&p).unwrap(), p)).collect();
    let run = bare.restore(&site.share(), &[]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(run.out.contains("prod-eu1") && run.out.contains("1 passkey, 2 policies, 1 location"), "{}", run.out);
    assert!(run.out.contains("nfs holds 3 artifacts of ours"), "{}", run.out);
    assert!(run.out.contains("1 artifact made after the archive, found in the locations"), "{}", run.out);
    let after: Vec<_> = archives(&site.share()).into_iter().map(|p| (fs::read(&p).unwrap(), p)).collect();
    assert_eq!(before, after, "restoring changes nothing in the location");
    let list = bare.run(&["artifact", "list", "-o", "name"]).out;
    assert_eq!(list.lines().count(), 3);
    for (n, line) in list.lines().enumerate() {
        let to = bare.home.path().join(format!("out{n}"));
        let run = bare.run(&["artifact", "open", line.rsplit('/').next().unwrap(), "--to", to.to_str().unwrap()]);
        assert_eq!(run.code, 0, "{}", run.err);
        assert!(fs::read_to_string(to).unwrap().contains("bytes"));
    }
    assert_eq!(bare.run(&["journal", "verify"]).code, 0);
    assert!(bare.run(&["journal", "list"]).out.contains("restored from archive"));
    // Another instance of the same installation, and not the owner.
    let (old, new) = (site.house.json(&["status"]), bare.home.good(&["status", "-o", "json"]).out);
    let new: serde_json::Value = serde_json::from_str(&new).unwrap();
    assert_eq!(old["status"]["catalogId"], new["status"]["catalogId"]);
    assert_ne!(old["status"]["instanceId"], new["status"]["instanceId"]);
}

#[test]
fn a_policy_that_no_archive_knows_comes_back_from_a_location_that_hides_its_name() {
    let site = Site::new();
    let quiet = site.house.home.path().join("quiet");
    fs::create_dir(&quiet).unwrap();
    site.open(&["location", "add", "quiet", "--directory", quiet.to_str().unwrap(), "--hide-policy-names"]);
    // While the archives' location is away, a policy is added and an artifact of it made; then all is lost but the two folders.
    let (share, away) = (site.share(), site.share().with_extension("away"));
    fs::rename(&share, &away).unwrap();
    site.open(&["policy", "add", "late-policy"]);
    let file = site.house.home.file("late", "late bytes", 0o600);
    site.open(&["artifact", "seal", &file, "--policy", "late-policy", "--location", "quiet"]);
    fs::rename(&away, &share).unwrap();
    for (path, bytes) in site.house.home.files().into_iter().filter(|(path, _)| path.starts_with(&quiet)) {
        let path = path.to_string_lossy().into_owned();
        assert!(!path.contains("late-policy") && !bytes.windows(11).any(|w| w == b"late-policy"), "{path}");
    }
    let bare = Bare::new();
    let run = bare.restore(&share, &[]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(run.out.contains("policy late-policy came back by its artifacts"), "{}", run.out);
    let id = bare.run(&["artifact", "list", "--policy", "late-policy", "-o", "name"]).out;
    let to = bare.home.path().join("out");
    let run = bare.run(&["artifact", "open", id.trim().rsplit('/').next().unwrap(), "--to", to.to_str().unwrap()]);
    assert_eq!((run.code, fs::read_to_string(to).unwrap().as_str()), (0, "late bytes"), "{}", run.err);
}

#[test]
fn a_restored_installation_seals_and_prunes_nothing_before_it_is_taken_over() {
    let site = Site::new();
    let bare = Bare::new();
    assert_eq!(bare.restore(&site.share(), &[]).code, 0);
    let file = bare.home.file("x", "x", 0o600);
    for args in [
        vec!["artifact", "seal", &file, "--policy", "app-daily"],
        vec!["dr", "archive"],
        vec!["dr", "prune", "--before", "2999-01-01", "--confirm", "prod-eu1"],
        vec!["artifact", "sweep", "nfs", "--confirm", "nfs"],
    ] {
        let run = bare.run(&args);
        assert!(run.assert_fault(5).1.contains("dr take-over"), "{args:?}: {}", run.err);
    }
    bare.run(&["dr", "take-over"]).assert_fault(5);
    assert_eq!(bare.run(&["dr", "take-over", "--confirm", "prod-eu1"]).code, 0);
    let run = bare.run(&["artifact", "seal", &file, "--policy", "app-daily"]);
    assert_eq!(run.code, 0, "{}", run.err);
    // Two twins prune: each only its own.
    let before = site.archives().len();
    for _ in 0..5 {
        assert_eq!(bare.run(&["dr", "archive"]).code, 0);
        site.open(&["dr", "archive"]);
    }
    let run = bare.run(&["dr", "prune", "--before", "2999-01-01", "--confirm", "prod-eu1"]);
    assert_eq!(run.code, 0, "{}", run.err);
    site.open(&["dr", "prune", "--before", "2999-01-01", "--confirm", "prod-eu1"]);
    let left = archives(&site.share());
    let instances: std::collections::BTreeSet<_> = left.iter().map(|p| p.parent().unwrap().to_owned()).collect();
    assert_eq!((instances.len(), left.len()), (2, 6), "three newest of each, of {before} and more: {left:?}");
    let again = Bare::new();
    assert_eq!(again.restore(&site.share(), &[]).code, 0, "what is left still restores");
}

#[test]
fn wrong_secrets_damaged_archives_and_occupied_places_change_nothing() {
    let site = Site::new();
    let bare = Bare::new();
    let catalog = |bare: &Bare| bare.home.files().into_iter().any(|(p, _)| p.to_string_lossy().contains("catalog.db"));
    let wrong = bare.home.secret("wrong", "not it");
    let share = site.share();
    let share = share.to_str().unwrap();
    let run = bare.home.run(&["dr", "restore", "--directory", share, "--dr-passphrase-file", &wrong, "--passphrase-file", &bare.key]);
    assert!(run.code == 3 && run.err.contains("wrong passphrase, or the header was altered"), "{}", run.err);
    let run = bare.home.run(&["dr", "restore", "--directory", share, "--dr-passphrase-file", &bare.dr, "--passphrase-file", &wrong]);
    assert!(run.code == 3 && run.err.contains("none of the passkeys in the archive opens"), "{}", run.err);
    assert!(run.err.contains("Which of these do you hold?") && run.err.contains("PASSKEY k10MasterKey / prod-eu1"), "{}", run.err);
    // The DR passphrase opens the archive and not the master key; the passkey's opens no archive.
    let run = bare.home.run(&["dr", "restore", "--directory", share, "--dr-passphrase-file", &bare.dr, "--passphrase-file", &bare.dr]);
    assert_eq!(run.code, 3);
    let run = bare.home.run(&["dr", "restore", "--directory", share, "--dr-passphrase-file", &bare.key, "--passphrase-file", &bare.key]);
    assert_eq!(run.code, 3);
    // Cut, flipped, empty.
    let newest = site.archives().pop().unwrap();
    let whole = fs::read(&newest).unwrap();
    for (edit, code) in
        [(whole[..whole.len() - 1].to_vec(), 7), (whole[..10].to_vec(), 4), (flip(&whole, whole.len() - 40), 7), (flip(&whole, 60), 4)]
    {
        fs::write(&newest, &edit).unwrap();
        let run = bare.restore(&site.share(), &[]);
        assert!(run.code == code || (code == 4 && run.code == 3) || (code == 4 && run.code == 7), "{} {}", run.code, run.err);
    }
    fs::write(&newest, &whole).unwrap();
    assert!(!catalog(&bare), "nothing was written");
    assert_eq!(bare.restore(&site.share(), &[]).code, 0);
    let run = bare.restore(&site.share(), &[]);
    assert!(run.assert_fault(5).0.contains("never overwritten"), "{}", run.err);
    // Nothing there.
    let empty = bare.home.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let other = Bare::new();
    assert!(other.restore(&empty, &[]).assert_fault(4).0.contains("no DR archive under"));
    // A folder too deep: what lies above is named.
    let deep = site.share().join("k10/dr");
    fs::create_dir_all(&deep).unwrap();
    let run = other.restore(&deep, &[]);
    let (cause, next) = run.assert_fault(4);
    assert!(cause.contains("1 installation found two levels up"), "{cause}");
    assert_eq!(next, format!("next: kastellan dr list --directory {}", site.share().display()));
}

fn flip(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1;
    bytes
}

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
    let folder = house.home.path().join("share");
    fs::create_dir(&folder).unwrap();
    house.open(&["location", "add", "nfs", "--directory", folder.to_str().unwrap()]);
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
fn recover_asks_for_one_thing_after_the_other_on_a_terminal() {
    let site = Site::new();
    let bare = Bare::new();
    let terminal = Launch::kastellan(&bare.home, &["recover"]).size(100, 40).start();
    terminal.wait_text("Where are the archives?");
    terminal.send(format!("{}\r", site.share().display()));
    terminal.wait_text("it comes back into ");
    terminal.wait_text("DR no. 1 / prod-eu1");
    terminal.send("legal winner thank year wave sausage worth useful legal winner thank yellop\r");
    terminal.wait_text("word 12 is not in the word list");
    terminal.send(format!("{DR}\r"));
    terminal.wait_text("Which of these do you hold?");
    terminal.wait_text("any of them opens it");
    terminal.send(format!("{PASSPHRASE}\r"));
    terminal.wait_text("is back: 1 passkey");
    assert!(matches!(terminal.wait_end(), Ended::Code(0)), "{}", terminal.screen());
    assert!(!terminal.screen().contains(DR) && !terminal.screen().contains(PASSPHRASE));
    assert_eq!(bare.run(&["artifact", "verify", "--all"]).code, 0);
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
    assert!(site.house.look(&["passkey", "list"]).out.contains("k10MasterKey"));
    assert_eq!(site.house.home.run(&["status", "--passphrase-file", &site.house.key()]).code, 0, "the old way in still opens");
    fs::rename(site.share().with_extension("away"), site.share()).unwrap();
    let run = site.run(&["rotate", "--resume", "--confirm", "k10MasterKey", "--new-passphrase-file", &new]);
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
    // When that one is gone, the next archives say so no more.
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

/// Another installation in the same share, with an artifact of its policy; and its import data.
fn neighbour(share: &Path) -> (Home, String) {
    let home = Home::new();
    let (key, dr, file) = (home.secret("key", "a neighbour's passphrase 0005"), home.secret("dr", DR), home.file("x", "x", 0o600));
    home.good(&["init", "--name", "neighbour", "--new-passphrase-file", &key]);
    let to = home.path().join("import").to_string_lossy().into_owned();
    for args in [
        vec!["policy", "add", "theirs"],
        vec!["location", "add", "nfs", "--directory", share.to_str().unwrap()],
        vec!["artifact", "seal", &file, "--policy", "theirs"],
        vec!["dr", "enable", "--location", "nfs", "--new-dr-passphrase-file", &dr],
        vec!["migration", "export", "theirs", "--unprotected", "--to", &to],
    ] {
        home.good(&[&args[..], &["--passphrase-file", &key]].concat());
    }
    (home, to)
}

#[test]
fn among_several_installations_one_is_named_and_the_receipt_says_what_is_missing() {
    let site = Site::new();
    let (_neighbour, import) = neighbour(&site.share());
    site.open(&["migration", "import", &import, "--yes"]);
    let ana = site.house.home.secret("ana", "another-passphrase-0002");
    site.open(&["passkey", "add", "ana", "--new-passphrase-file", &ana]);
    let second = site.share().with_file_name("second");
    fs::create_dir(&second).unwrap();
    site.open(&["location", "add", "second", "--directory", second.to_str().unwrap()]);
    fs::remove_dir_all(&second).unwrap();
    let (bare, share) = (Bare::new(), site.share());
    let list = bare.home.good(&["dr", "list", "--directory", share.to_str().unwrap()]).out;
    assert!(list.contains("prod-eu1 (") && list.contains("neighbour (") && !list.contains("unreadable"), "{list}");
    // Those of one installation together, newest first; the neighbour's one is neither the oldest nor the newest.
    let rows: Vec<&str> = list.lines().skip(1).filter(|line| !line.trim().is_empty()).collect();
    let files: Vec<&str> = rows.iter().map(|row| row.split_whitespace().last().unwrap()).collect();
    let ours = rows.iter().take_while(|row| row.starts_with("prod-eu1 (")).count();
    assert!(ours >= 4 && rows.len() == ours + 1 && rows[ours].starts_with("neighbour ("), "{list}");
    assert!(files[..ours].is_sorted_by(|a, b| a > b) && files[0] > files[ours] && files[ours - 1] < files[ours], "{list}");
    let newest = archives(&share).into_iter().max_by_key(|p| p.file_name().unwrap().to_owned()).unwrap();
    let mine = newest.parent().unwrap().parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
    let run = bare.restore(&share, &[]);
    let (cause, next) = run.assert_fault(2);
    assert!(cause.contains("2 installations have archives there") && next.contains("--installation ID"), "{cause}");
    // One that is cut is marked, and not taken.
    fs::write(&newest, &fs::read(&newest).unwrap()[..10]).unwrap();
    let list = bare.home.good(&["dr", "list", "--directory", share.to_str().unwrap(), "--installation", &mine]).out;
    let marked: Vec<_> = list.lines().filter(|line| line.contains("unreadable")).collect();
    assert!(marked.len() == 1 && marked[0].contains(newest.file_name().unwrap().to_str().unwrap()), "{list}");
    assert!(!list.contains("neighbour ("), "{list}");
    site.open(&["dr", "archive"]);
    let run = bare.restore(&share, &["--installation", &mine]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    for said in
        ["prod-eu1", "2 passkeys, 2 policies, 2 locations, 1 imported key", "location second was not read: ", "not tried today: ana"]
    {
        assert!(run.out.contains(said), "{said} in\n{}", run.out);
    }
}

#[test]
fn a_record_that_does_not_verify_is_left_out_and_said() {
    let site = Site::new();
    let newest = site.archives().pop().unwrap();
    // Written anew with the same key, the location's box altered: whoever knows the DR passphrase could.
    let dr = Passphrase::entered(DR.as_bytes()).unwrap();
    let whole = fs::read(&newest).unwrap();
    let mut from = &whole[..];
    let header = ArchiveHeader::read(&mut from).unwrap();
    let key = header.open(&dr, u64::MAX).unwrap();
    let mut reader = ArchiveReader::begin(from, &header, &key).unwrap();
    let mut writer = ArchiveWriter::begin(Vec::new(), &header, &key, reader.head()).unwrap();
    while let Some(mut record) = reader.record().unwrap() {
        if record.kind == RecordKind::Location {
            *record.sealed.last_mut().unwrap() ^= 1;
        }
        writer.record(&record).unwrap();
    }
    fs::write(&newest, writer.finish().unwrap()).unwrap();
    let bare = Bare::new();
    let run = bare.restore(&site.share(), &[]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(run.out.contains("2 policies, 0 locations") && run.out.contains("did not verify, and was left out"), "{}", run.out);
    assert_eq!(bare.run(&["location", "list", "-o", "name"]).out, "");
}

#[test]
fn an_archive_that_does_not_open_again_counts_for_nothing() {
    let house = House::with_policies(&["app-daily"]);
    let folder = house.home.path().join("share");
    fs::create_dir(&folder).unwrap();
    house.open(&["location", "add", "nfs", "--directory", folder.to_str().unwrap()]);
    let db = rusqlite::Connection::open(house.catalog()).unwrap();
    let damage = "UPDATE records SET sealed = substr(sealed, 1, length(sealed) - 1) || x'00' WHERE kind = 'policy'";
    assert_eq!(db.execute(damage, []).unwrap(), 1);
    drop(db);
    let dr = house.home.secret("dr", DR);
    let run = house.home.run(&house.opening(&["dr", "enable", "--location", "nfs", "--new-dr-passphrase-file", &dr]));
    assert!(run.assert_fault(7).0.contains("does not verify"), "{}", run.err);
    assert!(house.look(&["dr", "status"]).out.contains("DR is off") && archives(&folder).is_empty());
}
