//! Verbs that look: formats, marks, exit codes.

use crate::harness::cli::Call;
use crate::harness::house::{House, NAME};

#[test]
fn lists_come_in_every_format() {
    let house = House::with_policies(&["app-daily", "billing-daily"]);
    let table = house.look(&["passkey", "list"]);
    assert!(table.out.starts_with("   NAME          METHOD      OPENS"), "{}", table.out);
    assert!(table.out.contains("\n*  k10MasterKey  passphrase  YES"), "{}", table.out);
    assert_eq!(table.err, "facts not verified: locked\n");
    assert!(house.look(&["passkey", "list", "-o", "wide"]).out.contains("Argon2id 64 MiB"));
    assert_eq!(house.look(&["passkey", "list", "-o", "name"]).out, "passkey.vault.kio.kasten.io/k10MasterKey\n");
    assert_eq!(house.look(&["policy", "list", "-o", "name"]).out, "policy.kastellan.dev/app-daily\npolicy.kastellan.dev/billing-daily\n");

    let list = house.json(&["passkey", "list"]);
    assert_eq!(list["apiVersion"], "vault.kio.kasten.io/v1alpha1");
    assert_eq!(list["kind"], "PasskeyList");
    assert_eq!(list["metadata"]["annotations"]["kastellan.dev/facts"], "not verified: locked");
    assert_eq!(list["items"][0]["metadata"]["name"], "k10MasterKey");

    let yaml: serde_yaml::Value = serde_yaml::from_str(&house.look(&["passkey", "show", "k10MasterKey", "-o", "yaml"]).out).unwrap();
    assert_eq!(yaml["kind"], "Passkey");
    assert_eq!(yaml["status"]["inuse"], true);
    assert_eq!(yaml["status"]["valid"], true);
    assert_eq!(yaml["status"]["state"], "Added to Catalog");
    assert_eq!(yaml["metadata"]["annotations"]["kastellan.dev/facts"], "not verified: locked");
}

#[test]
fn unlocked_lists_bear_no_mark() {
    let house = House::new();
    let run = house.open(&["passkey", "list", "-o", "json"]);
    let list: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert!(list["metadata"]["annotations"].is_null(), "{list}");
    assert!(!house.open(&["policy", "list"]).err.contains("not verified"));
}

#[test]
fn status_answers_first_and_carries_the_anchor() {
    let house = House::new();
    let people = house.look(&["status"]).out;
    assert!(people.starts_with(NAME), "{people}");
    for words in
        ["Do I get the backups back?", "restart", "in-use passkey lost", "Who can open them?  1 passkey yes", "next: add a second passkey"]
    {
        assert!(people.contains(words), "{words}: {people}");
    }
    let status = house.json(&["status"]);
    let anchor = status["status"]["anchor"].as_str().unwrap().to_owned();
    assert!(people.contains(&anchor));
    let parts: Vec<&str> = anchor.split(' ').collect();
    assert_eq!(parts.len(), 4);
    assert_eq!(parts[0], status["status"]["catalogId"]);
    assert_eq!(parts[3], status["status"]["journal"]["hash"]);
}

#[test]
fn the_journal_is_held_against_an_anchor() {
    let house = House::new();
    let anchor = house.json(&["status"])["status"]["anchor"].as_str().unwrap().to_owned();
    let right = house.home.file("anchor", format!("{anchor}\n"), 0o644);
    let verified = house.open(&["journal", "verify", "--anchor", &right]);
    assert!(verified.out.contains("intact to 3 of 3\nvouched to 3\n"), "{}", verified.out);
    let (ids, hash) = anchor.rsplit_once(' ').unwrap();
    let other = house.home.file("other", format!("{ids} {}\n", "0".repeat(hash.len())), 0o644);
    let run = house.home.run(&house.opening(&["journal", "verify", "--anchor", &other]));
    assert_eq!(run.code, 7, "{}{}", run.out, run.err);
    assert!(run.err.starts_with("the journal does not hold: "), "{}", run.err);
    assert!(run.err.lines().last().unwrap().starts_with("next: "), "{}", run.err);
    // Without the keys the chain alone is checked, and that is said.
    assert!(house.look(&["journal", "verify"]).out.contains("MACs and records not checked: locked"));
}

#[test]
fn the_journal_is_listed_in_parts() {
    let house = House::with_policies(&["app-daily"]);
    let names = |args: &[&str]| house.look(args).out.lines().map(|line| line.rsplit('/').next().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&["journal", "list", "-o", "name"]), ["1", "2", "3", "4"]);
    assert_eq!(names(&["journal", "list", "-o", "name", "--limit", "2"]), ["3", "4"]);
    assert_eq!(names(&["journal", "list", "-o", "name", "--from", "2", "--limit", "2"]), ["2", "3"]);
    assert!(house.look(&["journal", "list", "--from", "99"]).out.contains("the journal ends at 4"));
}

#[test]
fn plans_change_nothing_and_ask_for_nothing() {
    let house = House::with_policies(&["app-daily"]);
    let before = std::fs::read(house.catalog()).unwrap();
    for args in [
        &["passkey", "add", "ana"][..],
        &["passkey", "check"],
        &["rotate", "k2", "--retire", "k10MasterKey"],
        &["policy", "add", "new-daily"],
        &["policy", "remove", "app-daily"],
    ] {
        let run = house.look(&[args, &["--plan"]].concat());
        assert!(run.out.contains("steps\n"), "{args:?}: {}", run.out);
        assert!(run.err.contains("not verified: locked"), "{args:?}: {}", run.err);
    }
    let plan = house.json(&["rotate", "k2", "--retire", "k10MasterKey", "--plan"]);
    assert_eq!(plan["kind"], "Plan");
    assert_eq!(plan["status"]["confirm"]["type"], "k10MasterKey");
    assert!(plan["status"]["warnings"][0].as_str().unwrap().starts_with("Retired, not revoked."));
    // It exits as the preflight would.
    house.home.run(&["passkey", "remove", "k10MasterKey", "--plan"]).assert_fault(5);
    house.home.run(&["passkey", "add", "k10MasterKey", "--plan"]).assert_fault(5);
    assert_eq!(std::fs::read(house.catalog()).unwrap(), before);
}

#[test]
fn read_only_guards_against_slips() {
    let house = House::new();
    let run = house.home.run(&house.opening(&["policy", "add", "app-daily", "--read-only"]));
    assert!(run.assert_fault(5).0.contains("read-only"));
    house.open(&["status", "--read-only"]);
}

#[test]
fn doctor_names_a_catalog_that_others_may_read() {
    let house = House::new();
    let well = house.look(&["doctor"]).out;
    for what in ["kastellan", "configuration", "pin file", "terminal", "memory", "swap", "core dumps", "installation"] {
        assert!(well.contains(&format!("\n{what} ")) || well.contains(&format!("{what}  ")), "{what}: {well}");
    }
    let folder = house.catalog().parent().unwrap().to_owned();
    std::fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    let run = house.home.run(&["doctor"]);
    assert_eq!(run.code, 9, "{}", run.out);
    assert!(run.out.contains("others may write to it"), "{}", run.out);
    assert!(run.err.starts_with("not all is well: "), "{}", run.err);
}

#[test]
fn a_context_names_the_catalog_and_may_be_read_only() {
    let house = House::new();
    let config = format!("contexts:\n  prod:\n    catalog: {}\n    readOnly: true\n", house.catalog().display());
    let config = house.home.file("other.yaml", config, 0o600);
    let run = house.home.good(&["--config", &config, "--context", "prod", "status", "-o", "name"]);
    assert_eq!(run.out, format!("installation.kastellan.dev/{NAME}\n"));
    let add = house.opening(&["--config", &config, "--context", "prod", "policy", "add", "x"]);
    assert!(house.home.run(&add).assert_fault(5).0.contains("read-only"));
    let wrong = Call::new(&house.home, &["--config", &config, "--context", "prd", "status"]).run();
    assert_eq!(wrong.code, 4, "{}", wrong.err);
    assert!(wrong.err.contains("prod"), "{}", wrong.err);
}

#[test]
fn completions_and_the_manual_need_nothing() {
    let house = House::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = Call::new(&house.home, &["completions", shell]).without("HOME").run();
        assert!(run.code == 0 && run.out.contains("new-passphrase-file"), "{shell}: {}", run.err);
    }
    let man = house.look(&["man"]).out;
    for page in [".TH kastellan", "kastellan-passkey-add", "kastellan-journal-verify", "kastellan-rotate"] {
        assert!(man.contains(page) || man.contains(&page.replace('-', "\\-")), "{page}");
    }
}
