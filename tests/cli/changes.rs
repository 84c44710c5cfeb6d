//! Verbs that change something, without a terminal.

use crate::harness::cli::Call;
use crate::harness::house::{Home, House, PASSPHRASE};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;

const SECOND: &str = "a second passphrase, for ana";

/// A house with a second passkey `ana`; the file with its passphrase.
fn two() -> (House, String) {
    let house = House::new();
    let second = house.home.secret("second", SECOND);
    house.open(&["passkey", "add", "ana", "--owner", "ana", "--new-passphrase-file", &second]);
    (house, second)
}

#[test]
fn a_generated_passphrase_goes_to_a_new_owner_only_file() {
    let home = Home::new();
    let file = home.path().join("envelope");
    let at = file.to_string_lossy().into_owned();
    home.good(&["init", "--name", "prod-eu1", "--generate", "--write-passphrase", &at]);
    let words = std::fs::read_to_string(&file).unwrap();
    assert_eq!(words.split_whitespace().count(), 12);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    home.good(&["passkey", "check", "--passphrase-file", &at]);
    // Never overwritten, and a run that comes to nothing leaves no file.
    home.run(&["passkey", "add", "ana", "--generate", "--write-passphrase", &at, "--passphrase-file", &at]).assert_fault(5);
    let other = home.path().join("other");
    let to = other.to_string_lossy().into_owned();
    home.run(&["passkey", "add", "k10MasterKey", "--generate", "--write-passphrase", &to, "--passphrase-file", &at]).assert_fault(5);
    assert!(!other.exists());
}

#[test]
fn check_says_which_opens() {
    let (house, second) = two();
    let first = house.key();
    let run = house.home.run(&["passkey", "check", "--passphrase-file", &first]);
    assert_eq!(run.code, 9, "{}", run.err);
    assert!(run.err.starts_with("not every passkey opens: ana: "), "{}", run.err);
    house.home.good(&["passkey", "check", "--any", "--passphrase-file", &second]);
    house.home.good(&["passkey", "check", "ana", "--passphrase-file", &second]);
    let [k, a] = [format!("k10MasterKey={first}"), format!("ana={second}")];
    house.home.good(&["passkey", "check", "--passphrase-file", &k, "--passphrase-file", &a]);
    let [k, a] = [format!("ana={first}"), format!("k10MasterKey={second}")];
    assert_eq!(house.home.run(&["passkey", "check", "--any", "--passphrase-file", &k, "--passphrase-file", &a]).code, 9);
    house.home.run(&["passkey", "check"]).assert_fault(3);
    assert!(house.home.run(&["passkey", "check", "anna"]).assert_fault(4).1.contains("did you mean ana?"));
    let fd = Call::new(&house.home, &["passkey", "check", "ana", "--passphrase-fd", "7"]).descriptor(7, &second).run();
    assert_eq!(fd.code, 0, "{}", fd.err);
    assert!(fd.out.contains("proved by a fd"), "{}", fd.out);
}

#[test]
fn if_absent_is_good_where_the_same_is_there() {
    let (house, _) = two();
    house.look(&["passkey", "add", "ana", "--owner", "ana", "--if-absent"]);
    let run = house.home.run(&["passkey", "add", "ana", "--owner", "ben", "--if-absent"]);
    assert!(run.assert_fault(5).0.contains("it belongs to ana, not ben"));
    assert!(house.home.run(&["passkey", "add", "ana", "--use-now", "--if-absent"]).assert_fault(5).0.contains("it is not in use"));
    house.look(&["init", "--name", "prod-eu1", "--if-absent"]);
    house.look(&["init", "--if-absent"]);
    assert!(house.home.run(&["init", "--name", "prod-eu2", "--if-absent"]).assert_fault(5).0.contains("named prod-eu1, not prod-eu2"));
    house.home.run(&["init", "--name", "prod-eu1"]).assert_fault(5);
    house.open(&["policy", "add", "app-daily", "--if-absent"]);
    house.look(&["policy", "add", "app-daily", "--if-absent"]);
}

#[test]
fn a_passkey_is_taken_from_yaml_as_kasten_has_it() {
    let house = House::new();
    let secret = house.home.secret("cluster", "from the cluster");
    let yaml = "apiVersion: vault.kio.kasten.io/v1alpha1\nkind: Passkey\nmetadata:\n  name: from-yaml\nspec:\n  usenow: true\n  \
                secret:\n    name: k10-cluster-passphrase\n    namespace: kasten-io\n";
    let args = house.opening(&["passkey", "add", "-f", "-", "--new-passphrase-file", &secret]);
    let run = Call::new(&house.home, &args).input(yaml).run();
    assert_eq!(run.code, 0, "{}", run.err);
    let shown = house.json(&["passkey", "show", "from-yaml"]);
    assert_eq!(shown["spec"]["secret"]["name"], "k10-cluster-passphrase");
    assert_eq!(shown["status"]["inuse"], true);
}

#[test]
fn a_passkey_may_name_the_file_with_its_passphrase() {
    let house = House::new();
    let secret = house.home.secret("service", "found without asking");
    let yaml = format!(
        "apiVersion: vault.kio.kasten.io/v1alpha1\nkind: Passkey\nmetadata:\n  name: service\nspec:\n  usenow: true\n  passphrase:\n    \
         from: file\n    path: {secret}\n"
    );
    let file = house.home.file("service.yaml", yaml, 0o644);
    house.open(&["passkey", "add", "-f", &file]);
    // In use now, so that nothing else is needed to unlock.
    house.home.good(&["policy", "add", "app-daily"]);
    house.home.good(&["passkey", "check", "service"]);
    std::fs::remove_file(&secret).unwrap();
    house.home.run(&["policy", "add", "other-daily"]).assert_fault(4);
}

#[test]
fn rotation_retires_only_what_is_confirmed() {
    let house = House::new();
    let new = house.home.secret("new", "the new passphrase");
    let rotate = |more: &[&str]| {
        let args = [&["rotate", "k2", "--new-passphrase-file", &new, "--retire", "k10MasterKey"][..], more].concat();
        house.home.run(&house.opening(&args))
    };
    rotate(&[]).assert_fault(5);
    assert!(rotate(&["--confirm", "k2"]).assert_fault(5).1.contains("--confirm k10MasterKey"));
    let done = rotate(&["--confirm", "k10MasterKey", "-o", "json"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let receipt: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(receipt["kind"], "Receipt");
    assert!(done.out.contains("retired, not revoked"));
    assert_eq!(house.look(&["passkey", "list", "-o", "name"]).out, "passkey.vault.kio.kasten.io/k2\n");
    house.home.run(&house.opening(&["policy", "add", "x"])).assert_fault(3);
    house.home.good(&["policy", "add", "x", "--passphrase-file", &new]);
}

#[test]
fn remove_wants_another_that_opens() {
    let (house, second) = two();
    let remove = |key: &str, name: &str| house.home.run(&["passkey", "remove", name, "--confirm", name, "--passphrase-file", key]);
    assert!(remove(&house.key(), "k10MasterKey").assert_fault(5).0.contains("in use"));
    assert!(remove(&second, "ana").assert_fault(5).0.contains("another passkey must open"));
    assert_eq!(remove(&house.key(), "ana").code, 0);
    assert!(house.look(&["journal", "list"]).out.contains("ana removed: retired, not revoked"));
}

#[test]
fn events_are_json_lines_in_order() {
    let house = House::new();
    let new = house.home.secret("new", SECOND);
    let run = house.open(&["passkey", "add", "ana", "--new-passphrase-file", &new, "--events", "-q"]);
    let events: Vec<serde_json::Value> = run.err.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["started", "step-started", "step-done", "step-started", "step-done", "finished"]);
    assert_eq!(run.out, "", "-q says nothing but data and errors");
    assert!(!run.err.contains(SECOND) && !run.err.contains(PASSPHRASE));
}

#[test]
fn a_signal_stops_at_the_next_safe_point_and_resume_finishes() {
    let house = House::new();
    let new = house.home.secret("new", "the new passphrase");
    let args = house.opening(&["rotate", "k2", "--new-passphrase-file", &new, "--events", "--yes"]);
    let mut child = Call::new(&house.home, &args).start();
    let mut events = BufReader::new(child.stderr.take().unwrap()).lines();
    // The first step has most of a second to go, and is not cut short: the wrap is stored, and nothing after it is begun.
    events.find(|line| line.as_ref().is_ok_and(|line| line.contains("step-started"))).unwrap().unwrap();
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let rest: Vec<String> = events.map(Result::unwrap).collect();
    assert_eq!(child.wait().unwrap().code(), Some(143), "{rest:?}");
    assert!(rest.iter().any(|line| line.contains("pending")), "{rest:?}");

    assert!(house.look(&["status"]).out.contains("stopped at step"));
    assert_eq!(house.home.run(&["doctor"]).code, 9);
    house.home.run(&house.opening(&["policy", "add", "x"])).assert_fault(5);
    assert!(house.home.run(&house.opening(&["rotate", "--resume"])).assert_fault(3).1.contains("--new-passphrase-file"));
    house.home.run(&house.opening(&["rotate", "--resume", "--generate", "--write-passphrase", "x"])).assert_fault(5);
    house.open(&["rotate", "--resume", "--new-passphrase-file", &new, "--yes"]);
    house.home.good(&["passkey", "check", "k2", "--passphrase-file", &new]);
    let again = house.look(&["rotate", "--resume"]);
    assert_eq!(again.err, "nothing to resume: no operation is unfinished\n");
}
