//! Recovery kits through the binary: made, tried on a bare machine, and enough to come back with.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod harness;

use age::secrecy::ExposeSecret;
use harness::cli::Run;
use harness::house::{Home, House, PASSPHRASE};
use harness::weed::{ADMIN, BUCKET, Weed};
use kastellan::crypto::Passphrase;
use kastellan::format::{Kit, KitFile};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

const DR: &str = "a DR passphrase that is long enough";
const KIT: &str = "a kit passphrase that is long enough";

/// An installation with a policy, a location with an artifact, and DR to it.
struct Site {
    house: House,
    share: PathBuf,
}

impl Site {
    fn new() -> Self {
        static FIRST: OnceLock<House> = OnceLock::new();
        let house = FIRST.get_or_init(|| House::with_policies(&["app-daily", "other"])).copy();
        let share = house.location("nfs", "share");
        let file = house.home.file("sealed", "bytes of app-daily", 0o600);
        house.open(&["artifact", "seal", &file, "--policy", "app-daily"]);
        let dr = house.home.secret("dr", DR);
        house.open(&["dr", "enable", "--location", "nfs", "--new-dr-passphrase-file", &dr]);
        Self { house, share }
    }

    fn run(&self, args: &[&str]) -> Run {
        self.house.home.run(&self.house.opening(args))
    }

    fn make(&self, flags: &[&str]) -> String {
        let pass = self.house.home.secret("kit-pass", KIT);
        self.make_with(&["--kit-passphrase-file", &pass], flags)
    }

    fn make_with(&self, how: &[&str], flags: &[&str]) -> String {
        let to = self.house.home.path().join("kit.age").to_string_lossy().into_owned();
        self.house.open(&[&["kit", "make", "--to", &to], how, flags].concat());
        to
    }

    fn answers(&self, case: &str) -> (String, String, Value) {
        let found = self.house.json(&["readiness"]);
        let answers = found["status"]["answers"].as_array().unwrap().clone();
        let of_it = answers.into_iter().find(|answer| answer["scenario"] == case).unwrap_or_else(|| panic!("{case} in {found}"));
        let word = |name: &str| of_it[name].as_str().unwrap_or_default().to_owned();
        (word("answer"), word("why"), of_it["next"].clone())
    }
}

/// A machine with the kit, its envelope, and nothing else.
fn bare(kit: &str) -> (Home, String, String) {
    let home = Home::small();
    let file = home.file("kit.age", fs::read(kit).unwrap(), 0o644);
    let pass = home.secret("kit-envelope", KIT);
    (home, file, pass)
}

/// What is in one.
fn opened(kit: &str) -> Kit {
    let passphrase = Passphrase::entered(KIT.as_bytes()).unwrap();
    KitFile::parse(&fs::read(kit).unwrap()).unwrap().open(&passphrase, 8 << 20).ok().unwrap()
}

fn check(home: &Home, file: &str, pass: &str) -> Run {
    home.run(&["kit", "check", file, "--kit-passphrase-file", pass])
}

#[test]
fn a_kit_with_passphrases_alone_brings_everything_back() {
    let site = Site::new();
    let kit = site.make(&["--include-passphrases", "--policy", "app-daily"]);
    assert_eq!(fs::metadata(&kit).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&kit).unwrap();
    assert!(text.starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n"), "{text}");
    let (home, file, pass) = bare(&kit);
    let run = check(&home, &file, &pass);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    for part in ["location nfs", "DR passphrase no. 1", "passkey k10MasterKey", "key of policy app-daily"] {
        assert!(run.out.lines().any(|line| line.starts_with(part) && line.contains("YES")), "{part} in {}", run.out);
    }
    assert!(run.out.contains("With this kit alone everything comes back"), "{}", run.out);
    assert!(!home.path().join("data/kastellan").exists(), "checking makes no catalog");

    let run = home.good(&["recover", "--kit", &file, "--kit-passphrase-file", &pass]);
    assert!(run.out.contains("prod-eu1") && run.out.contains("1 passkey, 2 policies, 1 location"), "{}", run.out);
    let key = home.secret("envelope", PASSPHRASE);
    let list = home.good(&["artifact", "list", "-o", "name", "--passphrase-file", &key]).out;
    let to = home.path().join("back");
    let id = list.trim().rsplit('/').next().unwrap();
    home.good(&["artifact", "open", id, "--to", to.to_str().unwrap(), "--passphrase-file", &key]);
    assert_eq!(fs::read_to_string(to).unwrap(), "bytes of app-daily");
}

#[test]
fn a_kit_without_passphrases_says_which_envelopes_are_needed_besides() {
    let site = Site::new();
    let kit = site.make(&[]);
    let document = String::from_utf8(opened(&kit).to_json().to_vec()).unwrap();
    assert!(!document.contains(PASSPHRASE) && !document.contains(DR) && !document.contains("kst1"), "{document}");
    let (home, file, pass) = bare(&kit);
    let run = check(&home, &file, &pass);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(run.out.contains("bring the envelope DR no. 1 / prod-eu1"), "{}", run.out);
    assert!(run.out.contains("bring the envelope PASSKEY k10MasterKey / prod-eu1"), "{}", run.out);
    assert!(run.out.contains("you need two envelopes"), "{}", run.out);
    let recover = ["recover", "--kit", &file, "--kit-passphrase-file", &pass];
    let run = home.run(&recover);
    assert_eq!(run.code, 3, "{}", run.err);
    assert!(run.err.contains("DR passphrase was not given"), "{}", run.err);
    let (dr, key) = (home.secret("dr", DR), home.secret("key", PASSPHRASE));
    home.good(&[&recover[..], &["--dr-passphrase-file", &dr, "--passphrase-file", &key]].concat());
}

#[test]
fn what_does_not_open_it_and_what_is_none_have_words_of_their_own() {
    let site = Site::new();
    let kit = site.make(&["--include-passphrases"]);
    let (home, file, pass) = bare(&kit);
    let wrong = home.secret("wrong", "another passphrase altogether");
    let said = |run: &Run, code: i32, words: &str| {
        assert_eq!(run.code, code, "{}{}", run.out, run.err);
        assert!(run.err.contains(words), "{words}: {}", run.err);
    };
    said(&check(&home, &file, &wrong), 3, "does not open it");
    said(&home.run(&["kit", "check", &file]), 3, "its passphrase was not given");
    let text = fs::read_to_string(&kit).unwrap();
    let middle = text.len() / 2;
    let flipped: String = text.char_indices().map(|(at, c)| if at == middle { if c == 'A' { 'B' } else { 'A' } } else { c }).collect();
    said(&check(&home, &home.file("flipped", flipped, 0o600), &pass), 7, "altered or cut");
    said(&check(&home, &home.file("none", "hello", 0o600), &pass), 7, "not a recovery kit");
    let again = site.run(&["kit", "make", "--to", &kit, "--kit-passphrase-file", &pass]);
    said(&again, 5, "exists, and is never overwritten");
    let odd = home.secret("odd", "straße straße straße");
    let to = home.path().join("new").to_string_lossy().into_owned();
    said(&site.run(&["kit", "make", "--to", &to, "--kit-passphrase-file", &odd]), 5, "only printable ASCII");
    assert!(!Path::new(&to).exists());
}

#[test]
fn a_kit_whose_location_is_gone_answers_no() {
    let site = Site::new();
    let kit = site.make(&["--include-passphrases"]);
    let (home, file, pass) = bare(&kit);
    fs::rename(&site.share, site.share.with_extension("gone")).unwrap();
    let run = check(&home, &file, &pass);
    assert_eq!(run.code, 9, "{}{}", run.out, run.err);
    assert!(run.out.lines().any(|line| line.starts_with("location nfs") && line.contains("NO")), "{}", run.out);
    let run = home.run(&["recover", "--kit", &file, "--kit-passphrase-file", &pass]);
    assert_ne!(run.code, 0);
    assert!(!home.path().join("data/kastellan/catalog.db").exists());
}

#[test]
fn a_kit_for_recipients_opens_with_their_identities_and_with_no_passphrase() {
    let site = Site::new();
    let (one, other) = (age::x25519::Identity::generate(), age::x25519::Identity::generate());
    let kit = site.make_with(&["--recipient", &one.to_public().to_string()], &["--include-passphrases"]);
    let (home, file, pass) = bare(&kit);
    let identity = |name: &str, key: &age::x25519::Identity| home.secret(name, key.to_string().expose_secret());
    let run = home.good(&["kit", "check", &file, "--identity", &identity("id", &one)]);
    assert!(run.out.contains("With this kit alone"), "{}", run.out);
    assert_eq!(home.run(&["kit", "check", &file, "--identity", &identity("other", &other)]).code, 3);
    let run = check(&home, &file, &pass);
    assert_eq!(run.code, 3);
    assert!(run.err.contains("it takes an age identity"), "{}", run.err);
    let to = home.path().join("x").to_string_lossy().into_owned();
    let run = site.run(&["kit", "make", "--to", &to, "--recipient", "ssh-ed25519 AAAA"]);
    assert_eq!(run.code, 5);
    assert!(run.err.contains("is not an age recipient"), "{}", run.err);
}

#[test]
fn where_memory_is_short_a_kit_under_a_passphrase_is_refused_and_one_for_recipients_is_made() {
    let site = Site::new();
    let (home, file, pass) = bare(&site.make(&["--include-passphrases"]));
    let short = home.limited(Some(400_000));
    let run = check(&short, &file, &pass);
    let (cause, next) = run.assert_fault(5);
    assert!(cause.contains("takes 256.0 MiB of memory") && next.contains("a machine that has more"), "{cause} {next}");

    let house = House { home: site.house.home.limited(Some(450_000)) };
    let (pass, to) = (house.home.secret("kit-pass", KIT), house.home.path().join("second.age"));
    let make = ["kit", "make", "--to", to.to_str().unwrap()];
    let run = house.home.run(&house.opening(&[&make[..], &["--kit-passphrase-file", &pass]].concat()));
    let (cause, next) = run.assert_fault(5);
    assert!(cause.contains("takes 256.0 MiB of memory") && cause.ends_with("nothing changed"), "{cause}");
    assert!(next.contains("--recipient") && !to.exists(), "{next}");
    let recipient = age::x25519::Identity::generate().to_public().to_string();
    house.open(&[&make[..], &["--recipient", &recipient]].concat());
    assert!(to.exists());
}

#[test]
fn a_part_that_takes_too_much_memory_is_not_told_as_one_that_does_not_work() {
    let site = Site::new();
    let house = House { home: site.house.home.limited(None) };
    let new = house.home.secret("new-dr", "another DR passphrase that is long enough");
    house.open(&["dr", "change-passphrase", "--yes", "--new-dr-passphrase-file", &new]);
    let identity = age::x25519::Identity::generate();
    let (recipient, kit) = (identity.to_public().to_string(), house.home.path().join("kit.age").to_string_lossy().into_owned());
    house.open(&["kit", "make", "--to", &kit, "--recipient", &recipient, "--include-passphrases"]);
    let home = Home::small().limited(Some(450_000));
    let file = home.file("kit.age", fs::read(&kit).unwrap(), 0o644);
    let identity = home.secret("identity", identity.to_string().expose_secret());
    let run = home.run(&["kit", "check", &file, "--identity", &identity]);
    assert!(run.code == 5 && run.err.contains("DR passphrase no. 2 could not be tried: it needs 262144 KiB"), "{}", run.err);
    let line = run.out.lines().find(|line| line.starts_with("DR passphrase no. 2")).unwrap();
    assert!(line.contains("UNKNOWN") && line.contains("not tried: "), "{}", run.out);
    assert!(run.out.contains("1 part of it could not be tried here") && !run.out.contains("does not work"), "{}", run.out);
}

#[test]
fn a_kit_of_another_master_key_restores_nothing() {
    let site = Site::new();
    let kit = site.make(&["--include-passphrases"]);
    let passphrase = Passphrase::entered(KIT.as_bytes()).unwrap();
    let mut opened = opened(&kit);
    opened.installation.master_key_id = "00".repeat(8);
    fs::write(&kit, opened.seal(&passphrase, 8 << 20).unwrap()).unwrap();
    let (home, file, pass) = bare(&kit);
    let run = home.run(&["recover", "--kit", &file, "--kit-passphrase-file", &pass]);
    assert_eq!(run.code, 7, "{}{}", run.out, run.err);
    assert!(run.err.contains("the kit speaks of master key 0000000000000000"), "{}", run.err);
    assert!(!home.path().join("data/kastellan/catalog.db").exists());
}

#[test]
fn readiness_counts_a_kit_once_it_was_checked_and_until_something_changes() {
    let site = Site::new();
    let lost = || site.answers("dr-forgotten-and-machine-lost");
    assert_eq!(lost().0, "NO");
    let kit = site.make(&[]);
    assert_eq!(lost().0, "NO", "a kit without the DR passphrase does not help");
    fs::remove_file(&kit).unwrap();
    let kit = site.make(&["--include-passphrases"]);
    assert_eq!(lost().0, "UNPROVED");
    assert!(lost().2.as_str().unwrap().contains("kit check"));
    let pass = site.house.home.secret("kit-pass", KIT);
    let run = site.house.open(&["kit", "check", &kit, "--kit-passphrase-file", &pass]);
    assert!(run.err.contains("noted in the catalog"), "{}", run.err);
    let (verdict, why, act) = lost();
    assert_eq!((verdict.as_str(), act), ("YES", Value::Null), "{why}");
    // Whoever made it is the only one who ever opened it.
    let (verdict, why, _) = site.answers("handover");
    assert_eq!(verdict, "UNPROVED", "{why}");
    let new = site.house.home.secret("new", "a second passkey's passphrase");
    site.house.open(&["passkey", "add", "ana", "--new-passphrase-file", &new]);
    let (verdict, why, act) = lost();
    assert_eq!(verdict, "STALE");
    assert!(why.contains("passkeys changed since") && act.as_str().unwrap().contains("kit make"), "{why} {act}");
}

#[test]
fn what_can_be_in_no_file_is_not_noted() {
    let site = Site::new();
    let pass = site.house.home.secret("kit-pass", KIT);
    let none = site.house.home.path().join("none/such").to_string_lossy().into_owned();
    for (args, cause) in [
        (vec!["kit", "make", "--to", &none, "--kit-passphrase-file", &pass], "there is no folder"),
        (vec!["kit", "make", "--to", "-", "--kit-passphrase-file", &pass], "and not to standard output"),
        (vec!["kit", "make", "--to", &pass, "--kit-passphrase-file", &pass], "never overwritten"),
        (vec!["migration", "export", "app-daily", "--unprotected", "--to", &none], "there is no folder"),
        (vec!["passkey", "add", "ana", "--generate", "--write-passphrase", &none], "there is no folder"),
    ] {
        let run = site.run(&args);
        assert!(run.assert_fault(5).0.contains(cause), "{run:?}");
    }
    let journal = site.house.look(&["journal", "list"]).out;
    assert!(!journal.contains("kit") && !journal.contains("export") && !journal.contains("ana"), "{journal}");
    assert_eq!(site.answers("dr-forgotten-and-machine-lost").0, "NO");
}

#[test]
fn a_kit_whose_passphrase_no_longer_opens_answers_no() {
    let site = Site::new();
    let kit = site.make(&["--include-passphrases"]);
    // Each holds the other's passphrase in place of its own.
    let (mut passkey, mut dr) = (opened(&kit), opened(&kit));
    passkey.passkeys[0].passphrase = opened(&kit).dr_passphrases.remove(0).passphrase;
    dr.dr_passphrases[0].passphrase = opened(&kit).passkeys.remove(0).passphrase;
    for (altered, by_dr) in [(passkey, "YES"), (dr, "NO")] {
        fs::write(&kit, altered.seal(&Passphrase::entered(KIT.as_bytes()).unwrap(), 8 << 20).unwrap()).unwrap();
        let (home, file, pass) = bare(&kit);
        let run = check(&home, &file, &pass);
        assert_eq!(run.code, 9, "{}{}", run.out, run.err);
        let said = |part: &str, word: &str| run.out.lines().any(|line| line.starts_with(part) && line.contains(word));
        assert!(said("location nfs", "YES") && said("DR passphrase no. 1", by_dr), "{}", run.out);
        assert!(!said("passkey k10MasterKey", "YES"), "{}", run.out);
        assert!(!run.out.contains("With this kit alone everything comes back"), "{}", run.out);
    }
}

#[test]
fn the_newest_archive_is_taken_wherever_it_lies_and_one_older_than_the_kit_is_told() {
    let house = House::new();
    let share = |name: &str| house.home.path().join(name);
    for name in ["first", "second"] {
        fs::create_dir(share(name)).unwrap();
        house.open(&["location", "add", name, "--directory", share(name).to_str().unwrap()]);
    }
    let dr = house.home.secret("dr", DR);
    house.open(&["dr", "enable", "--location", "first", "--location", "second", "--new-dr-passphrase-file", &dr]);
    let away = |name: &str| fs::rename(share(name), share(name).with_extension("away")).unwrap();
    away("second");
    house.open(&["policy", "add", "in-the-first-alone"]);
    away("first");
    house.open(&["policy", "add", "in-none"]);
    let site = Site { share: share("first"), house };
    let kit = site.make(&["--include-passphrases"]);
    for name in ["first", "second"] {
        let path = site.house.home.path().join(name);
        fs::rename(path.with_extension("away"), path).unwrap();
    }
    let (home, file, pass) = bare(&kit);
    let run = home.good(&["recover", "--kit", &file, "--kit-passphrase-file", &pass]);
    assert!(run.err.contains("archives are in first ("), "{}", run.err);
    assert!(run.err.contains("warning: in no archive when the kit was made: 1 change; and this archive is no newer"), "{}", run.err);
    let policies = home.good(&["policy", "list", "-o", "name"]).out;
    assert!(policies.ends_with("/in-the-first-alone\n") && policies.lines().count() == 1, "{policies}");
    // Where the newer one is withheld, the kit knows; where all is in an archive, there is nothing to warn of.
    fs::rename(site.share.join("dr"), site.share.join("withheld")).unwrap();
    let (home, file, pass) = bare(&kit);
    let run = home.good(&["recover", "--kit", &file, "--kit-passphrase-file", &pass]);
    assert!(run.err.contains("warning: the kit knows of archive 2, this is 1: "), "{}", run.err);
    fs::rename(site.share.join("withheld"), site.share.join("dr")).unwrap();
    site.house.open(&["dr", "archive"]);
    fs::remove_file(&kit).unwrap();
    let (home, file, pass) = bare(&site.make(&["--include-passphrases"]));
    let run = home.good(&["recover", "--kit", &file, "--kit-passphrase-file", &pass]);
    assert!(!run.err.contains("warning"), "{}", run.err);
}

#[test]
fn the_credentials_of_a_location_are_in_a_kit_only_when_asked_for() {
    let Some(weed) = Weed::start() else { return };
    let site = Site::new();
    let key = site.house.home.secret("s3-key", ADMIN.1);
    let s3 = ["location", "add", "s3-eu", "--s3", BUCKET, "--endpoint", &weed.endpoint(), "--region", "us-east-1", "--path-style"];
    site.house.open(&[&s3[..], &["--access-key-id", ADMIN.0, "--secret-key-file", &key]].concat());
    for (flags, inside) in [(&["--include-passphrases"][..], false), (&["--with-credentials"], true)] {
        let kit = site.make(flags);
        let document = String::from_utf8(opened(&kit).to_json().to_vec()).unwrap();
        assert!(document.contains("\"s3-eu\"") && document.contains(BUCKET), "{document}");
        assert_eq!((document.contains(ADMIN.1), document.contains("secretAccessKey")), (inside, inside), "{flags:?}: {document}");
        fs::remove_file(kit).unwrap();
    }
}
