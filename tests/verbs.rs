//! What each verb prints and leaves, by the real binary.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod harness;

use harness::house::{Home, House, NAME, PASSPHRASE};
use harness::{member, until};
use serde_json::Value;
use std::io::{BufRead, BufReader};

const SECOND: &str = "correct-horse-battery-staple-0002";

/// The house with a second passkey `spare`.
fn two() -> House {
    let house = House::new();
    let new = house.home.secret("second", SECOND);
    house.open(&["passkey", "add", "spare", "--owner", "ben", "--new-passphrase-file", &new]);
    house
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    member(value, name).and_then(Value::as_str).unwrap_or_else(|| panic!("no {name} in {value}"))
}

/// The bytes of the catalog and its log.
fn bytes(house: &House) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    house.home.files().into_iter().filter(|(path, _)| path.to_string_lossy().contains("catalog.db")).collect()
}

#[test]
fn passkeys_in_every_output_form() {
    let house = two();
    let table = house.look(&["passkey", "list"]).out;
    let mut rows = table.lines();
    assert_eq!(rows.next().unwrap().split_whitespace().collect::<Vec<_>>(), ["NAME", "METHOD", "OPENS", "PROVED", "WHY"]);
    assert!(rows.next().unwrap().starts_with("*  k10MasterKey  passphrase  YES"), "{table}");
    assert!(rows.next().unwrap().starts_with("   spare         passphrase  YES"), "{table}");
    assert!(house.look(&["passkey", "list", "-o", "wide"]).out.lines().next().unwrap().contains("OWNER"));
    assert_eq!(
        house.look(&["passkey", "list", "-o", "name"]).out,
        "passkey.vault.kio.kasten.io/k10MasterKey\npasskey.vault.kio.kasten.io/spare\n"
    );
    let json = house.json(&["passkey", "list"]);
    assert_eq!((text(&json, "kind"), text(&json, "apiVersion")), ("PasskeyList", "vault.kio.kasten.io/v1alpha1"));
    assert_eq!(json["items"].as_array().map(Vec::len), Some(2));
    let yaml: Value = serde_yaml::from_str(&house.look(&["passkey", "show", "k10MasterKey", "-o", "yaml"]).out).unwrap();
    assert_eq!(yaml["kind"], "Passkey");
    assert_eq!(yaml["metadata"]["name"], "k10MasterKey");
    assert_eq!((&yaml["status"]["inuse"], &yaml["status"]["valid"]), (&Value::Bool(true), &Value::Bool(true)));
    assert_eq!(yaml["status"]["state"], "Added to Catalog");
    let shown = house.look(&["passkey", "show", "spare"]);
    assert!(shown.out.contains("Envelope   PASSKEY spare / prod-eu1 "), "{}", shown.out);
    assert_eq!(shown.err, "facts not verified: locked\n");
}

#[test]
fn status_says_who_opens_and_what_to_do_next() {
    let house = House::new();
    let status = house.open(&["status"]).out;
    for words in [
        NAME,
        "Do I get the backups back?",
        "restart",
        "in-use passkey lost",
        "NO",
        "Who can open them?",
        "anchor: ",
        "next: add a second passkey",
    ] {
        assert!(status.contains(words), "{words}: {status}");
    }
    let json = house.json(&["status"]);
    let anchor: Vec<&str> = text(&json, "anchor").split(' ').collect();
    assert_eq!(anchor.iter().map(|word| word.len()).collect::<Vec<_>>()[..2], [32, 32]);
    assert_eq!(anchor[3].len(), 64);
}

#[test]
fn full_strength_is_what_is_written() {
    let home = Home::new();
    let new = home.secret("passphrase", PASSPHRASE);
    home.good(&["init", "--name", NAME, "--new-passphrase-file", &new]);
    let house = House { home };
    assert_eq!(text(&house.json(&["passkey", "show", "k10MasterKey"]), "settings"), "Argon2id 256 MiB");
    let catalog = rusqlite::Connection::open(house.catalog()).unwrap();
    let clear: String = catalog.query_row("SELECT clear FROM records WHERE kind = 'passkey'", [], |row| row.get(0)).unwrap();
    let record: Value = serde_json::from_str(&clear).unwrap();
    let wrap: Value = serde_json::from_str(record["wrap"].as_str().unwrap()).unwrap();
    assert_eq!((&wrap["m"], &wrap["t"], &wrap["p"]), (&Value::from(262_144), &Value::from(3), &Value::from(4)));
}

#[test]
fn a_limit_on_memory_bounds_what_is_written_and_is_said_where_it_is_too_tight() {
    let home = Home::new();
    let key = home.secret("passphrase", PASSPHRASE);
    home.good(&["init", "--name", NAME, "--new-passphrase-file", &key]);
    let house = House { home: home.limited(Some(450_000)) };
    let run = house.home.run(&house.opening(&["journal", "verify"]));
    let (cause, _) = run.assert_fault(5);
    assert!(cause.contains("262144 KiB"), "{cause}");
    let journal = house.look(&["journal", "list"]).out;
    assert!(!journal.contains("unlock failed"), "nothing was tried: {journal}");
    let run = house.home.run(&["passkey", "check", "--passphrase-file", &key]);
    assert!(run.code == 5 && run.err.contains("not every passkey could be tried"), "{}", run.err);
    assert!(run.out.contains("not tried") && !run.out.contains("did not open"), "{run:?}");
    let small = House::new();
    assert_eq!(text(&small.json(&["passkey", "show", "k10MasterKey"]), "settings"), "Argon2id 64 MiB");
}

#[test]
fn a_passkey_that_takes_too_much_memory_says_nothing_of_the_passphrase_whatever_others_there_are() {
    let home = Home::new();
    let (key, other) = (home.secret("passphrase", PASSPHRASE), home.secret("other", "correct-horse-battery-staple-0002"));
    home.good(&["init", "--name", NAME, "--new-passphrase-file", &key]);
    let house = House { home };
    house.open(&["passkey", "add", "second", "--new-passphrase-file", &other]);
    let house = House { home: house.home.limited(Some(450_000)) };
    let run = house.home.run(&house.opening(&["journal", "verify"]));
    let (cause, _) = run.assert_fault(5);
    for name in ["k10MasterKey", "second"] {
        assert!(cause.contains(&format!("{name} could not be tried: it needs 262144 KiB")), "{cause}");
    }
    assert!(!cause.contains("with this passphrase"), "{cause}");
    // With one that could be tried, both are said.
    let house = House { home: House::new().home.limited(None) };
    house.open(&["passkey", "add", "second", "--new-passphrase-file", &house.home.secret("other", "correct-horse-battery-staple-0002")]);
    let house = House { home: house.home.limited(Some(450_000)) };
    let run = house.home.run(&["journal", "verify", "--passphrase-file", &house.home.path().join("other").to_string_lossy()]);
    let (cause, _) = run.assert_fault(3);
    assert!(cause.contains("opens with this passphrase") && cause.contains("second could not be tried: it needs 262144 KiB"), "{cause}");
}

#[test]
fn a_plan_says_steps_risks_and_secrets_and_does_nothing() {
    let house = House::new();
    let before = bytes(&house);
    let plan = house.look(&["rotate", "k2", "--retire", "k10MasterKey", "--plan"]).out;
    let wanted = [
        "wrap the master key under k2, stored as pending  safe to stop",
        "read k2 back and open with it                    ask before stopping",
        "remove k10MasterKey and its wrap                 must finish",
        "in use: k2 instead of k10MasterKey",
        "Retired, not revoked.",
        "PASSKEY k2 / prod-eu1 ",
        "--confirm k10MasterKey",
    ];
    for words in wanted {
        assert!(plan.contains(words), "{words}: {plan}");
    }
    house.home.run(&["passkey", "remove", "k10MasterKey", "--plan"]).assert_fault(5);
    assert_eq!(bytes(&house), before, "a plan writes nothing");
}

#[test]
fn if_absent_is_content_with_the_same_and_names_the_difference() {
    let house = two();
    let new = house.home.secret("third", "another passphrase 3");
    let head = |house: &House| text(&house.json(&["status"]), "anchor").to_owned();
    let before = head(&house);
    house.home.good(&["init", "--name", NAME, "--if-absent", "--new-passphrase-file", &new]);
    house.look(&["passkey", "add", "spare", "--owner", "ben", "--if-absent", "--new-passphrase-file", &new]);
    let other = house.home.run(&["passkey", "add", "spare", "--owner", "eve", "--if-absent", "--new-passphrase-file", &new]);
    assert!(other.assert_fault(5).0.contains("it belongs to ben, not eve"), "{}", other.err);
    let other = house.home.run(&["init", "--name", "elsewhere", "--if-absent", "--new-passphrase-file", &new]);
    assert!(other.assert_fault(5).0.contains("prod-eu1"), "{}", other.err);
    assert_eq!(head(&house), before, "nothing was written");
}

#[test]
fn only_the_very_name_confirms() {
    let house = two();
    for wrong in ["spar", "Spare", "yes", ""] {
        let run = house.home.run(&house.opening(&["passkey", "remove", "spare", "--confirm", wrong]));
        assert!(run.assert_fault(5).1.contains("--confirm spare"), "{wrong}: {}", run.err);
    }
    assert!(house.look(&["passkey", "list", "-o", "name"]).out.contains("/spare"));
    house.open(&["passkey", "remove", "spare", "--confirm", "spare"]);
    assert!(!house.look(&["passkey", "list", "-o", "name"]).out.contains("/spare"));
}

#[test]
fn kastens_yaml_with_usenow_is_put_in_use() {
    let house = House::new();
    let new = house.home.secret("second", SECOND);
    let yaml = "apiVersion: vault.kio.kasten.io/v1alpha1\nkind: Passkey\nmetadata:\n  name: from-kasten\nspec:\n  secret:\n    name: k10-passphrase\n    namespace: kasten-io\n  usenow: true\n";
    let file = house.home.file("passkey.yaml", yaml, 0o644);
    house.open(&["passkey", "add", "-f", &file, "--new-passphrase-file", &new]);
    let shown = house.json(&["passkey", "show", "from-kasten"]);
    assert_eq!(shown["status"]["inuse"], true);
    assert_eq!(shown["spec"]["secret"]["name"], "k10-passphrase");
    assert_eq!(house.json(&["passkey", "show", "k10MasterKey"])["status"]["inuse"], false);
    assert!(!house.look(&["passkey", "list"]).out.contains("TOTAL LOSS"), "nothing to say");
    // A Secret that goes with the cluster, and with it the only copy of the passphrase.
    let yaml = yaml.replace("kasten-io\n  usenow: true", "vault\n").replace("from-kasten", "elsewhere");
    let file = house.home.file("elsewhere.yaml", yaml, 0o644);
    let third = house.home.secret("third", "another passphrase 3");
    let run = house.home.good(&["passkey", "add", "-f", &file, "--new-passphrase-file", &third, "--passphrase-file", &new]);
    let lost = "elsewhere would not survive a total loss: its passphrase is in a Secret outside kasten-io; keep it elsewhere as well";
    assert!(format!("{}{}", run.out, run.err).contains(lost), "{}{}", run.out, run.err);
    let table = house.look(&["passkey", "list"]).out;
    let row = |name: &str| table.lines().find(|line| line.split_whitespace().any(|word| word == name)).unwrap().to_owned();
    assert!(table.lines().next().unwrap().contains("TOTAL LOSS"), "{table}");
    assert!(row("elsewhere").contains("NO: in a Secret outside kasten-io") && row("from-kasten").contains("survives"), "{table}");
}

#[test]
fn every_operation_is_in_the_journal_by_its_verb_and_person() {
    let house = two();
    let new = house.home.secret("third", "another passphrase 3");
    house.open(&["policy", "add", "app-daily"]);
    house.open(&["policy", "remove", "app-daily", "--yes"]);
    house.open(&["passkey", "check", "k10MasterKey"]);
    house.open(&["passkey", "use", "spare", "--yes"]);
    house.open(&["rotate", "k2", "--new-passphrase-file", &new, "--yes"]);
    house.open(&["passkey", "remove", "spare", "--confirm", "spare"]);
    let list = house.json(&["journal", "list", "--limit", "100"]);
    let told = list.to_string();
    for verb in ["init", "unlock", "passkey add", "policy add", "policy remove", "passkey check", "passkey use", "rotate", "passkey remove"]
    {
        assert!(told.contains(&format!("\"verb\":\"{verb}\"")), "{verb}: {told}");
    }
    let whos: Vec<&Value> = list["items"].as_array().unwrap().iter().filter_map(|item| member(item, "who")).collect();
    assert!(whos.len() > 10 && whos.iter().all(|who| who.as_str().is_some_and(|who| who.contains('@'))), "{whos:?}");
}

#[test]
fn an_anchor_is_a_witness_and_a_cut_journal_contradicts_it() {
    let house = House::new();
    house.open(&["policy", "add", "app-daily"]);
    let anchor = house.home.file("anchor", text(&house.json(&["status"]), "anchor"), 0o644);
    let good = house.open(&["journal", "verify", "--anchor", &anchor]).out;
    assert!(good.contains("last outside witness"), "{good}");
    // The newest entries are cut off, with all that they wrote, and this machine's pin with them.
    let cut = House::new();
    let said = cut.open(&["journal", "verify"]).out;
    assert!(said.contains("last outside witness: pin file"), "{said}");
    let short = house.copy();
    rusqlite::Connection::open(short.catalog()).unwrap().execute("DELETE FROM journal WHERE seq > 3", []).unwrap();
    for (path, _) in short.home.files() {
        if path.ends_with("known") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let found = short.home.run(&short.opening(&["journal", "verify", "--anchor", &anchor]));
    assert_eq!(found.code, 7, "{}{}", found.out, found.err);
    assert!(format!("{}{}", found.out, found.err).contains("anchor"), "{}{}", found.out, found.err);
}

#[test]
fn what_verification_cannot_know_is_said() {
    let house = House::new();
    let locked = house.look(&["journal", "verify"]).out;
    assert!(locked.contains("not known: locked: MACs and records were not checked"), "{locked}");
    for (path, _) in house.home.files() {
        if path.ends_with("known") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let alone = house.look(&["journal", "verify"]).out;
    assert!(alone.contains("no outside witness: if the newest entries, or the whole catalog, were removed, nobody could tell"), "{alone}");
}

#[test]
fn rotation_costs_the_same_with_no_policy_and_with_many() {
    let changed = |house: &House| {
        let new = house.home.secret("third", "another passphrase 3");
        house.open(&["rotate", "k2", "--new-passphrase-file", &new, "--yes"]);
        let catalog = rusqlite::Connection::open(house.catalog()).unwrap();
        let mut entries = catalog.prepare("SELECT text FROM journal WHERE text LIKE '%\"verb\":\"rotate\"%' ORDER BY seq").unwrap();
        let entries = entries.query_map([], |row| row.get::<_, String>(0)).unwrap();
        entries
            .map(|entry| serde_json::from_str::<Value>(&entry.unwrap()).unwrap()["changes"].as_array().unwrap().len())
            .collect::<Vec<_>>()
    };
    let many = House::with_policies(&["a", "b", "c", "d", "e", "f"]);
    let none = changed(&House::new());
    assert!(none.iter().sum::<usize>() >= 5, "{none:?}");
    assert_eq!(none, changed(&many), "records written, step by step");
}

#[test]
fn completions_and_manual_cover_every_verb() {
    let house = House::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = house.look(&["completions", shell]).out;
        for word in ["passkey", "rotate", "journal", "passphrase-file"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let manual = house.look(&["man"]).out;
    for word in ["kastellan\\-passkey\\-add", "kastellan\\-rotate", "kastellan\\-journal\\-verify", "retire"] {
        assert!(manual.contains(word), "{word}");
    }
}

#[test]
fn a_secret_is_never_in_the_command_line_or_environment_of_a_running_process() {
    let house = House::new();
    let new = house.home.secret("second", SECOND);
    let call = house.opening(&["passkey", "add", "spare", "--new-passphrase-file", &new, "--events"]);
    let mut child = harness::cli::Call::new(&house.home, &call).start();
    // Read while it surely runs: after the first event, before the pipe is drained.
    let mut events = BufReader::new(child.stderr.take().unwrap());
    let mut first = String::new();
    events.read_line(&mut first).unwrap();
    assert!(first.contains("\"event\":\"started\""), "{first}");
    let of = |what: &str| std::fs::read(format!("/proc/{}/{what}", child.id())).unwrap();
    let (line, environment) = (of("cmdline"), of("environ"));
    assert!(!line.is_empty() && !environment.is_empty(), "it is running");
    for secret in [PASSPHRASE, SECOND] {
        let stands = |hay: &[u8]| hay.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!stands(&line) && !stands(&environment));
    }
    let mut rest = String::new();
    until("the end of its events", || (events.read_line(&mut rest).unwrap() == 0).then_some(()));
    assert!(child.wait().unwrap().success());
}

#[test]
fn while_somebody_works_on_it_every_change_says_who_and_ends_with_8() {
    let house = House::with_policies(&["app-daily"]);
    let (key, new) = (house.key(), house.home.secret("new", "another-passphrase-0002"));
    house.open(&["passkey", "add", "ana", "--new-passphrase-file", &new]);
    let before = house.look(&["passkey", "list", "-o", "name"]).out + &house.look(&["policy", "list", "-o", "name"]).out;
    // As another console holds it that stands at a review.
    let lock = std::fs::OpenOptions::new().write(true).open(house.catalog().with_file_name("catalog.db.lock")).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let note = serde_json::json!({ "who": "ben@bastion-2", "place": "pts/7", "since": "2026-07-31T14:02:00Z", "doing": "rotating prod-eu1 to k2" });
    lock.set_len(0).unwrap();
    std::io::Write::write_all(&mut &lock, note.to_string().as_bytes()).unwrap();
    for args in [
        &["passkey", "add", "zoe", "--new-passphrase-file", &new][..],
        &["passkey", "use", "ana", "--yes"],
        &["passkey", "remove", "ana", "--confirm", "ana"],
        &["rotate", "k2", "--new-passphrase-file", &new, "--yes"],
        &["rotate", "k2", "--new-passphrase-file", &new, "--retire", "k10MasterKey", "--confirm", "k10MasterKey", "--yes"],
        &["rotate", "--resume"],
        &["rotate", "--abandon"],
        &["policy", "add", "app-weekly"],
        &["policy", "remove", "app-daily", "--yes"],
    ] {
        for unlocking in [&[][..], &["--passphrase-file", &key]] {
            let run = house.home.run(&[args, unlocking].concat());
            let (first, next) = run.assert_fault(8);
            assert!(first.contains("ben@bastion-2 has been rotating prod-eu1 to k2 since 31 Jul"), "{args:?}: {first}");
            assert!(next.contains("wait"), "{args:?}: {next}");
        }
    }
    drop(lock);
    let after = house.look(&["passkey", "list", "-o", "name"]).out + &house.look(&["policy", "list", "-o", "name"]).out;
    assert_eq!(before, after);
    house.open(&["policy", "add", "app-weekly"]);
}
