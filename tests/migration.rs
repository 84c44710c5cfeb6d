//! A policy's key carried to another installation: its artifacts open there, every other policy's stay shut.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod harness;

use harness::cli::{Call, Run};
use harness::house::Home;
use harness::pty::Launch;
use kastellan::domain::{ArtifactKind, SealedFacts, Timestamp};
use kastellan::format::{ImportText, Sidecar, SidecarDraft};
use std::fs;
use std::os::unix::fs::PermissionsExt;

const SOURCE: &str = "the source's passphrase 0001";
const TARGET: &str = "the target's passphrase 0002";
const IMPORT: &str = "the import data's passphrase 0003";

/// An installation in a home of its own, whose one passkey has this name and passphrase.
struct Side {
    home: Home,
    key: String,
}

impl Side {
    fn new(name: &str, passkey: &str, passphrase: &str, policies: &[&str]) -> Self {
        let home = Home::small();
        let key = home.secret("key", passphrase);
        home.good(&["init", "--name", name, "--passkey", passkey, "--new-passphrase-file", &key]);
        let side = Self { home, key };
        for policy in policies {
            side.open(&["policy", "add", policy]);
        }
        side
    }

    fn run(&self, args: &[&str]) -> Run {
        self.home.run(&[args, &["--passphrase-file", &self.key]].concat())
    }

    fn open(&self, args: &[&str]) -> Run {
        let run = self.run(args);
        assert_eq!(run.code, 0, "{args:?}\n{}{}", run.out, run.err);
        run
    }

    fn ids(&self, flags: &[&str]) -> Vec<String> {
        let out = self.home.good(&[&["artifact", "list", "-o", "name"], flags].concat()).out;
        out.lines().map(|line| line.rsplit('/').next().unwrap().to_owned()).collect()
    }
}

/// A source with two policies, an artifact of each in one location, and import data of the first.
fn moved(protected: bool) -> (Side, Side, String) {
    let source = Side::new("prod-eu1", "k10MasterKey", SOURCE, &["app-daily", "other"]);
    let folder = source.home.path().join("share");
    fs::create_dir(&folder).unwrap();
    source.open(&["location", "add", "nfs", "--directory", folder.to_str().unwrap()]);
    for policy in ["app-daily", "other"] {
        let file = source.home.file(policy, format!("bytes of {policy}"), 0o600);
        source.open(&["artifact", "seal", &file, "--policy", policy]);
    }
    let target = Side::new("staging", "ops-envelope", TARGET, &["app-daily"]);
    let to = target.home.path().join("import").to_string_lossy().into_owned();
    let pass = source.home.secret("import-pass", IMPORT);
    let mut args = vec!["migration", "export", "app-daily", "--to", &to, "--note", "for the move"];
    args.extend(if protected { vec!["--import-passphrase-file", &pass] } else { vec!["--unprotected"] });
    source.open(&args);
    (source, target, to)
}

#[test]
fn that_policys_artifacts_open_at_the_target_and_every_others_stay_shut() {
    for protected in [true, false] {
        let (source, target, file) = moved(protected);
        let pass = target.home.secret("import-pass", IMPORT);
        let mut args = vec!["migration", "import", &file, "--yes"];
        if protected {
            args.extend(["--import-passphrase-file", &pass]);
        }
        let run = target.open(&args);
        assert!(run.out.contains("stored as app-daily@prod-eu1") && run.out.contains("1 artifact of it found"), "{}", run.out);
        assert!(run.err.contains("app-daily, key id") && run.err.contains("share"), "it is shown first: {}", run.err);
        let ids = target.ids(&[]);
        assert_eq!(ids.len(), 1, "only that policy's");
        let to = target.home.path().join("out");
        target.open(&["artifact", "open", &ids[0], "--to", to.to_str().unwrap()]);
        assert_eq!(fs::read(&to).unwrap(), b"bytes of app-daily");
        target.open(&["artifact", "verify", &ids[0]]);
        // The other policy's artifact is not even known here, by no way of naming it.
        let other = source.ids(&["--policy", "other"]).remove(0);
        target.run(&["artifact", "open", &other, "--to", "x"]).assert_fault(4);
        let index = target.home.files().into_iter().map(|(p, _)| p).find(|p| p.to_string_lossy().ends_with(".artifacts")).unwrap();
        let db = rusqlite::Connection::open(index).unwrap();
        db.execute("UPDATE artifacts SET id = ?1", [&other]).unwrap();
        drop(db);
        target.run(&["artifact", "open", &other, "--to", "x"]).assert_fault(7);
        // It seals nothing, shadows nothing, and nothing is written to its location.
        let run = target.run(&["artifact", "seal", &file, "--policy", "app-daily@prod-eu1"]);
        run.assert_fault(2);
        let run = target.run(&["artifact", "seal", &file, "--policy", "app-daily"]);
        assert!(run.assert_fault(2).0.contains("no location to seal into"), "{}", run.err);
        let location = run_location(&target);
        let run = target.run(&["artifact", "seal", &file, "--policy", "app-daily", "--location", &location]);
        assert!(run.assert_fault(5).0.contains("nothing is ever written to it"));
        target.run(&["artifact", "sweep", &location, "--confirm", &location]).assert_fault(5);
    }
}

fn run_location(side: &Side) -> String {
    let out = side.open(&["location", "list", "-o", "name"]).out;
    let imported = out.lines().find(|line| !line.ends_with("/elsewhere"));
    imported.unwrap().rsplit('/').next().unwrap().to_owned()
}

#[test]
fn an_import_takes_what_its_own_source_made_in_its_own_location_alone() {
    let (source, target, file) = moved(false);
    target.open(&["migration", "import", &file, "--yes"]);
    // The same objects in another location.
    let (share, elsewhere) = (source.home.path().join("share"), target.home.path().join("elsewhere"));
    fs::create_dir(&elsewhere).unwrap();
    target.open(&["location", "add", "elsewhere", "--directory", elsewhere.to_str().unwrap()]);
    let folder = "artifacts/app-daily";
    fs::create_dir_all(elsewhere.join(folder)).unwrap();
    for entry in fs::read_dir(share.join(folder)).unwrap() {
        let name = entry.unwrap().file_name();
        fs::copy(share.join(folder).join(&name), elsewhere.join(folder).join(&name)).unwrap();
    }
    let run = target.open(&["artifact", "rescan", "elsewhere"]);
    assert!(run.out.contains("holds 0 artifacts of ours") && run.out.contains("1 of other installations"), "{}", run.out);
    // In the right location, with the same key, from a third installation.
    let import = ImportText::parse(&fs::read(&file).unwrap()).unwrap().open(None, 0).unwrap();
    let id = "9".repeat(32);
    let draft = SidecarDraft {
        catalog_id: "8".repeat(32),
        instance_id: "7".repeat(32),
        artifact_id: id.clone(),
        policy: import.policy.clone(),
        created_at: Timestamp::from_unix(1_800_000_000),
        size: 1,
        stored: 57,
        facts: SealedFacts { kind: ArtifactKind::File, names: "third".into(), note: None, digest: "6".repeat(64) },
    };
    fs::write(share.join(folder).join(format!("{id}.json")), Sidecar::make(&draft, &import.key, None).to_json()).unwrap();
    let run = target.open(&["artifact", "rescan", &run_location(&target)]);
    assert!(run.out.contains("holds 1 artifact of ours") && run.out.contains("2 of other installations"), "{}", run.out);
    assert_eq!(target.ids(&[]).len(), 1);
}

#[test]
fn an_export_says_beforehand_and_afterwards_that_there_is_no_recall() {
    let source = moved(false).0;
    let to = source.home.path().join("again").to_string_lossy().into_owned();
    let export = ["migration", "export", "app-daily", "--to", &to, "--unprotected"];
    let plan = source.open(&[&export[..], &["--plan"]].concat());
    assert!(plan.out.contains("There is no recall."), "{}", plan.out);
    let receipt = source.open(&export);
    assert!((receipt.out + &receipt.err).contains("There is no recall."));
}

#[test]
fn exports_and_imports_are_listed_with_who_and_when() {
    let (source, target, file) = moved(false);
    let out = source.open(&["migration", "list"]).out;
    let row: Vec<&str> = out.lines().find(|line| line.starts_with("out")).unwrap().split_whitespace().collect();
    assert!(row.starts_with(&["out", "app-daily"]) && row.ends_with(&["no"]), "unprotected: {out}");
    target.open(&["migration", "import", &file, "--yes"]);
    assert!(target.open(&["migration", "list"]).out.contains("in   app-daily@prod-eu1"));
    // Once more is the same again, not a second one.
    target.open(&["migration", "import", &file, "--yes"]);
    assert_eq!(target.open(&["migration", "list"]).out.lines().count(), 2);
    assert_eq!(target.ids(&[]).len(), 1);
    let run = source.run(&["migration", "import", &file, "--yes"]);
    assert!(run.code == 5 && run.err.contains("this very installation"), "{}", run.err);
    assert!(source.home.good(&["journal", "list"]).out.contains("migration export"));
}

#[test]
fn the_key_is_nowhere_but_in_the_text() {
    let (source, target, file) = moved(false);
    let text = fs::read_to_string(&file).unwrap();
    let text = text.trim();
    target.open(&["migration", "import", &file, "--yes"]);
    for (path, bytes) in source.home.files().into_iter().chain(target.home.files()) {
        if path.to_string_lossy() != file {
            assert!(!bytes.windows(40).any(|w| w == &text.as_bytes()[20..60]), "{}", path.display());
        }
    }
    let run = target.home.run(&["migration", "inspect", &file, "-o", "json"]);
    let key_id = source.open(&["policy", "show", "app-daily"]).out;
    let id = key_id.lines().find_map(|l| l.strip_prefix("Key id")).unwrap().trim().to_owned();
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.contains(&id) && !run.out.contains("policyKey\""), "{}", run.out);
    let carried = ImportText::parse(text.as_bytes()).unwrap().open(None, 0).unwrap();
    for form in [kastellan::format::hex(carried.key.expose()), kastellan::format::b64(carried.key.expose())] {
        assert!(!run.out.contains(&form) && !run.err.contains(&form));
    }
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn each_slip_has_its_own_words() {
    let (source, target, file) = moved(true);
    let text = fs::read_to_string(&file).unwrap();
    let text = text.trim().to_owned();
    let inspect = |input: &str| Call::new(&target.home, &["migration", "inspect", "-"]).input(input).run();
    for (input, code, says) in [
        (String::new(), 2, "empty"),
        ("legal winner thank year wave sausage worth useful legal winner thank yellow".to_owned(), 2, "twelve words"),
        ("KDR1....".to_owned(), 2, "a DR archive"),
        (text[..text.len() / 2].to_owned(), 7, "checksum"),
        (text.replacen('a', "b", 1), 7, "checksum"),
        (format!("{}*{}", &text[..30], &text[30..]), 7, "character 31"),
        (text.clone(), 3, "no terminal"),
    ] {
        let run = inspect(&input);
        assert!(run.assert_fault(code).0.contains(says), "{says}: {}", run.err);
    }
    let wrong = target.home.secret("wrong", "not the passphrase");
    let run = target.home.run(&["migration", "inspect", &file, "--import-passphrase-file", &wrong]);
    assert!(run.assert_fault(3).0.contains("wrong passphrase"), "{}", run.err);
    // White space anywhere.
    let spread: String = text.chars().enumerate().flat_map(|(n, c)| if n % 7 == 0 { vec!['\n', c] } else { vec![c] }).collect();
    let pass = target.home.secret("import-pass", IMPORT);
    let run = Call::new(&target.home, &["migration", "inspect", "-", "--import-passphrase-file", &pass]).input(&spread).run();
    assert!(run.code == 0 && run.out.contains("app-daily") && run.out.contains("for the move"), "{}", run.err);
    // Protection must be said, one way or the other; nothing is overwritten.
    source.run(&["migration", "export", "app-daily", "--to", "-"]).assert_fault(2);
    source.run(&["migration", "export", "app-daily", "--to", &file, "--unprotected"]).assert_fault(5);
    source.run(&["migration", "export", "none", "--to", "-", "--unprotected"]).assert_fault(4);
    let run = source.run(&["migration", "import", &file]);
    assert_eq!(run.code, 3, "{}", run.err);
}

#[test]
fn hostile_import_data_is_harmless_on_the_screen_and_contacts_nothing_unasked() {
    let (_, target, _) = moved(false);
    let evil = kastellan::format::ImportData {
        policy: "app".parse().unwrap(),
        key: kastellan::crypto::Key::generate(),
        installation: "evil\x1b[2J\x1b]0;owned\x07".into(),
        catalog_id: "0".repeat(32),
        location: "..\x1b[31m".into(),
        target: kastellan::domain::Target::Directory { path: "/does/not/\x1b[2Jexist".into() },
        created_at: kastellan::domain::Timestamp::from_unix(0),
        note: Some("\u{202e}note".into()),
    };
    let file = target.home.file("evil", evil.to_text().as_bytes(), 0o600);
    let run = target.home.run(&["migration", "inspect", &file]);
    assert!(run.code == 0 && !run.out.contains('\x1b') && !run.out.contains('\u{202e}'), "{}", run.out);
    // Without a yes, nothing.
    assert_eq!(target.run(&["migration", "import", &file]).code, 5);
    let run = target.run(&["migration", "import", &file, "--yes"]);
    assert_eq!(run.code, 6, "{}", run.err);
    assert!(!run.err.contains('\x1b'));
    assert!(target.open(&["migration", "list"]).out.contains("No policy's key"));
}

#[test]
fn on_a_terminal_the_words_are_shown_once_and_the_target_asks_for_them() {
    let (source, target, _) = moved(false);
    let (to, words) = (source.home.path().join("protected"), source.home.path().join("words"));
    let args =
        ["migration", "export", "app-daily", "--to", to.to_str().unwrap(), "--generate", "--write-passphrase", words.to_str().unwrap()];
    source.open(&args);
    let line = fs::read_to_string(&words).unwrap();
    assert_eq!(line.split_whitespace().count(), 12);
    let terminal = Launch::kastellan(&target.home, &["migration", "inspect", to.to_str().unwrap()]).start();
    terminal.wait_text("passphrase of the import data");
    // One word misread: the word list tells which.
    let misread: Vec<&str> = line.split_whitespace().enumerate().map(|(at, word)| if at == 6 { "kastellan" } else { word }).collect();
    terminal.send(format!("{}\r", misread.join(" ")));
    terminal.wait_text("wrong passphrase");
    terminal.wait_text("word 7 is not in the word list");
    terminal.send(format!("{}\r", line.trim()));
    terminal.wait_text("Policy      app-daily");
    assert!(matches!(terminal.wait_end(), harness::pty::Ended::Code(0)));
    // One that nobody can read: those that fit are tried.
    let abandon = "abandon ".repeat(10);
    let (to, key) = (source.home.path().join("unread"), source.home.secret("about", &format!("abandon {abandon}about")));
    source.open(&["migration", "export", "app-daily", "--to", to.to_str().unwrap(), "--import-passphrase-file", &key]);
    let terminal = Launch::kastellan(&target.home, &["migration", "inspect", to.to_str().unwrap()]).start();
    terminal.wait_text("passphrase of the import data");
    terminal.send(format!("? ? {}about\r", "abandon ".repeat(9)));
    terminal.wait_text("only one word may be replaced by ?");
    terminal.send(format!("? {abandon}about\r"));
    terminal.wait_text("Policy      app-daily");
    assert!(matches!(terminal.wait_end(), harness::pty::Ended::Code(0)));
}
