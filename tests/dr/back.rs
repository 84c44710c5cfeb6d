//! The way back: what restores, what is refused, and what the receipt says.

use crate::harness;
use crate::harness::house::{Home, PASSPHRASE};
use crate::harness::pty::{Ended, Launch};
use crate::site::{Bare, DR, Site, archives};
use kastellan::crypto::Passphrase;
use kastellan::format::{ArchiveHeader, ArchiveReader, ArchiveWriter, RecordKind};
use std::fs;
use std::path::Path;

#[test]
fn an_old_archive_under_a_newer_name_is_not_taken_for_the_newest() {
    let site = Site::new();
    let old = site.archives().pop().unwrap();
    harness::next_second();
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
    // Of what is known by the second, one artifact is newer than the last archive.
    harness::next_second();
    site.open(&["dr", "archive"]);
    let file = site.house.home.file("late", "late bytes", 0o600);
    site.open(&["artifact", "seal", &file, "--policy", "app-daily"]);
    let bare = Bare::new();
    let before: Vec<_> = archives(&site.share()).into_iter().map(|p| (fs::read(&p).unwrap(), p)).collect();
    let run = bare.restore(&site.share(), &[]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(run.out.contains("prod-eu1") && run.out.contains("1 passkey, 2 policies, 1 location"), "{}", run.out);
    assert!(run.out.contains("nfs holds 3 artifacts of ours"), "{}", run.out);
    assert!(run.out.contains("1 artifact made since the archive, found in the locations"), "{}", run.out);
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
    let journal = bare.run(&["journal", "list"]).out;
    assert!(journal.contains("restored from archive"), "{journal}");
    // A file proves that it opens, and no person.
    assert!(journal.contains("DR passphrase no. 1 opened archive ") && journal.contains("(file)"), "{journal}");
    assert!(bare.run(&["dr", "passphrases"]).out.contains("never"));
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
    let next = "next: kastellan dr take-over, once the old one is gone for good\n";
    let run = bare.restore(&site.share(), &[]);
    assert!(run.code == 0 && run.err.ends_with(next), "{}", run.err);
    let status = || bare.home.good(&["status"]).out;
    assert!(status().ends_with(next) && status().contains("\n! restored, and not the owner: "), "{}", status());
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
    assert!(!status().contains("take-over") && !status().contains("not the owner"), "{}", status());
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
fn read_only_brings_nothing_back_and_still_looks_and_rehearses() {
    let site = Site::new();
    let bare = Bare::new();
    let share = site.share();
    let share = share.to_str().unwrap();
    let refused = |run: harness::cli::Run| {
        let (first, next) = run.assert_fault(5);
        assert!(first.contains("read-only was asked for"), "{first}");
        assert!(next.contains("leave out --read-only"), "{next}");
    };
    refused(bare.restore(&site.share(), &["--read-only"]));
    let secrets = ["--dr-passphrase-file", &bare.dr, "--passphrase-file", &bare.key];
    refused(bare.home.run(&[&["recover", "--read-only", "--directory", share][..], &secrets].concat()));
    refused(bare.home.run(&["recover", "--read-only"]));
    let made = || bare.home.files().into_iter().any(|(path, _)| path.ends_with("catalog.db"));
    assert!(!made());
    bare.home.good(&["dr", "list", "--read-only", "--directory", share]);
    let report = bare.home.path().join("report");
    fs::create_dir(&report).unwrap();
    let drill = ["drill", "run", "--scenario", "machine-lost", "--read-only", "--directory", share, "--report", report.to_str().unwrap()];
    bare.home.good(&[&drill[..], &secrets].concat());
    assert!(!made());
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
    for (edit, code) in [
        (whole[..whole.len() - 1].to_vec(), 7),
        (whole[..10].to_vec(), 4),
        (harness::flipped(&whole, whole.len() - 40), 7),
        (harness::flipped(&whole, 60), 4),
    ] {
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
    let run = other.restore(&empty, &[]);
    let (cause, next) = run.assert_fault(4);
    assert!(cause.contains("no DR archive under"), "{cause}");
    assert!(next.ends_with("kastellan dr list --directory DIR | --s3 BUCKET"), "{next}");
    let run = other.home.run(&["dr", "list"]);
    let (cause, next) = run.assert_fault(4);
    assert!(cause.contains("there is no catalog at "), "{cause}");
    assert!(next.ends_with("kastellan dr list --directory DIR | --s3 BUCKET"), "{next}");
    // A folder too deep: what lies above is named.
    let deep = site.share().join("k10/dr");
    fs::create_dir_all(&deep).unwrap();
    let run = other.restore(&deep, &[]);
    let (cause, next) = run.assert_fault(4);
    assert!(cause.contains("1 installation found two levels up"), "{cause}");
    assert_eq!(next, format!("next: kastellan dr list --directory {}", site.share().display()));
}

#[test]
fn recover_asks_for_one_thing_after_the_other_on_a_terminal() {
    let site = Site::new();
    let bare = Bare::new();
    let terminal = Launch::kastellan(&bare.home, &["recover"]).size(100, 40).start();
    terminal.wait_text("Where are the archives?");
    // A slip is no reason to begin anew.
    terminal.send(format!("{}-\r", site.share().display()));
    terminal.wait_text("the folder is not there");
    terminal.send(format!("{}\r", site.share().display()));
    terminal.wait_text("it comes back into ");
    terminal.wait_text("DR no. 1 / prod-eu1");
    terminal.send("legal winner thank year wave sausage worth useful legal winner thank yellop\r");
    terminal.wait_text("word 12 is not in the word list");
    // Words without a slip are those of another envelope.
    let sound = "legal winner thank year wave sausage worth useful legal winner thank yellow";
    terminal.send(format!("{sound}\r"));
    terminal.wait_text("this asks for the envelope of the DR passphrase");
    terminal.send(format!("{DR}\r"));
    terminal.wait_text("Which of these do you hold?");
    terminal.wait_text("any of them opens it");
    terminal.send(format!("{sound}\r"));
    terminal.wait_text("this asks for the envelope of a passkey");
    terminal.send(format!("{PASSPHRASE}\r"));
    terminal.wait_text("is back: 1 passkey");
    assert!(matches!(terminal.wait_end(), Ended::Code(0)), "{}", terminal.screen());
    assert!(!terminal.screen().contains(DR) && !terminal.screen().contains(PASSPHRASE));
    assert_eq!(bare.run(&["artifact", "verify", "--all"]).code, 0);
    let other = bare.home.secret("sound", sound);
    let run = bare.home.run(&["policy", "add", "x", "--passphrase-file", &other]);
    let (cause, next) = run.assert_fault(3);
    assert!(cause.contains("they are probably another envelope's") && next.contains("the envelope PASSKEY"), "{cause} {next}");
    // Whoever typed it right has proved the envelope, as `dr check` would.
    let known = bare.run(&["dr", "passphrases"]).out;
    assert!(known.contains(" by ") && !known.contains("never"), "{known}");
    assert_eq!(bare.run(&["journal", "verify"]).code, 0);
}

#[test]
fn a_bare_machine_line_by_line_offers_recovery_first() {
    let site = Site::new();
    let bare = Bare::new();
    let terminal = Launch::kastellan(&bare.home, &["--plain"]).size(100, 60).start();
    terminal.wait_text("q: quit > ");
    let screen = terminal.screen();
    let offers = [" 1 Recover: I lost everything", " 2 Set up a new installation", " 3 Try a recovery kit"];
    let at = offers.map(|offer| screen.find(offer).unwrap_or_else(|| panic!("{offer}: {screen}")));
    assert!(at.is_sorted(), "{screen}");
    terminal.send("1\r");
    terminal.wait_text("Where are the archives?");
    terminal.send(format!("{}\r", site.share().display()));
    terminal.wait_text("DR no. 1 / prod-eu1");
    terminal.send(format!("{DR}\r"));
    terminal.wait_text("any of them opens it");
    terminal.send(format!("{PASSPHRASE}\r"));
    // The menu goes on with what came back.
    terminal
        .wait("the menu again", |screen| screen.contents().contains("Add a policy") && screen.contents().trim_end().ends_with("q: quit >"));
    terminal.send("q\r");
    assert!(matches!(terminal.wait_end(), Ended::Code(0)), "{}", terminal.screen());
    assert!(!terminal.screen().contains(DR) && !terminal.screen().contains(PASSPHRASE));
    assert_eq!(bare.run(&["journal", "verify"]).code, 0);
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
fn recover_says_what_is_wanted_where_an_answer_names_no_installation() {
    let site = Site::new();
    let (_neighbour, _) = neighbour(&site.share());
    let id = site.house.json(&["status"])["status"]["catalogId"].as_str().unwrap()[..4].to_owned();
    let bare = Bare::new();
    let share = site.share();
    let terminal = Launch::kastellan(&bare.home, &["recover", "--directory", share.to_str().unwrap()]).size(100, 40).start();
    terminal.wait_text("Which installation? Its number:");
    terminal.send("9\r");
    terminal.wait_text("a number from 1 to 2, or the id in brackets");
    terminal.send(format!("{id}\r"));
    terminal.wait_text("/ prod-eu1");
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
    // Those of one installation together, newest first; the neighbour's are neither the oldest nor the newest.
    let rows: Vec<&str> = list.lines().skip(1).filter(|line| !line.trim().is_empty()).collect();
    let files: Vec<&str> = rows.iter().map(|row| row.split_whitespace().last().unwrap()).collect();
    let ours = rows.iter().take_while(|row| row.starts_with("prod-eu1 (")).count();
    assert!(ours >= 4 && rows.len() == ours + 2 && rows[ours..].iter().all(|row| row.starts_with("neighbour (")), "{list}");
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
