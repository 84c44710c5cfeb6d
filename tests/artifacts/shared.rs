//! Several installations, and several instances of one, in one location.

use crate::harness::house::House;
use crate::yard::{Yard, id_in};
use std::fs;

/// Another installation whose location is the first one's folder.
fn neighbour(yard: &Yard) -> House {
    let house = House::with_policies(&["app-daily"]);
    house.open(&["location", "add", "shared", "--directory", yard.folder("nfs").to_str().unwrap()]);
    house
}

#[test]
fn two_installations_in_one_location_do_not_disturb_each_other() {
    let yard = Yard::new();
    let mine = yard.seal(b"mine");
    // The same copy of an installation would be the same one: this is one with a master key of its own.
    let home = crate::harness::house::Home::new();
    let pass = home.secret("passphrase", "another installation's passphrase");
    home.good(&["init", "--name", "staging", "--new-passphrase-file", &pass]);
    let open = |args: &[&str]| home.good(&[args, &["--passphrase-file", &pass]].concat());
    open(&["policy", "add", "app-daily"]);
    open(&["location", "add", "shared", "--directory", yard.folder("nfs").to_str().unwrap()]);
    let file = home.secret("plain", "theirs");
    let theirs = id_in(&open(&["artifact", "seal", &file, "--policy", "app-daily"]).out);
    let run = open(&["artifact", "rescan", "shared"]);
    assert!(run.out.contains("holds 1 artifact of ours") && run.out.contains("1 of other installations"), "{}", run.out);
    let run = yard.house.open(&["artifact", "rescan", "nfs"]);
    assert!(run.out.contains("holds 1 artifact of ours") && run.out.contains("1 of other installations"), "{}", run.out);
    yard.house.home.run(&["artifact", "show", &theirs]).assert_fault(4);
    // Whatever one sweeps, the other's stays.
    open(&["artifact", "sweep", "shared", "--older-than", "1ms", "--confirm", "shared"]);
    assert_eq!(yard.open(&mine).unwrap(), b"mine");
    open(&["artifact", "remove", &theirs, "--confirm", &theirs]);
    assert_eq!(yard.open(&mine).unwrap(), b"mine");
}

#[test]
fn another_instance_finds_what_it_did_not_make_and_removes_only_when_told() {
    let yard = Yard::new();
    let id = yard.seal(b"x");
    let other = neighbour(&yard);
    // A copy of the same installation has the same instance; what this one did not make it finds all the same.
    let run = other.open(&["artifact", "rescan", "shared"]);
    assert!(run.out.contains("1 found in the location"), "{}", run.out);
    assert!(other.open(&["artifact", "list", "-o", "wide"]).out.contains("found there"));
    assert!(yard.house.open(&["artifact", "list", "-o", "wide"]).out.contains("made here"));
    other.open(&["artifact", "verify", &id]);
}

#[test]
fn hidden_policy_names_are_nowhere_in_the_location_and_come_back_after_a_loss() {
    let yard = Yard::new();
    yard.add_location("quiet", &["--hide-policy-names"]);
    let path = yard.house.home.file("plain", "x", 0o600);
    let id = yard.seal_path(&path, &["--location", "quiet"]);
    for (path, bytes) in yard.objects("quiet") {
        assert!(!path.to_string_lossy().contains("app-daily"), "{}", path.display());
        assert!(!bytes.windows(9).any(|w| w == b"app-daily"), "{}", path.display());
    }
    // The index is lost, and the policy as well.
    let index = yard.house.catalog().with_extension("db.artifacts");
    fs::remove_file(&index).unwrap();
    let _ = fs::remove_file(index.with_extension("artifacts-wal"));
    let _ = fs::remove_file(index.with_extension("artifacts-shm"));
    yard.house.open(&["policy", "remove", "app-daily", "--yes"]);
    let run = yard.house.open(&["artifact", "rescan", "quiet"]);
    assert!(run.out.contains("policy app-daily came back by its artifacts"), "{}", run.out);
    assert!(yard.house.look(&["policy", "list"]).out.contains("app-daily"));
    assert_eq!(yard.open(&id).unwrap(), b"x");
}

#[test]
fn a_copy_is_the_same_stream_read_back_and_opens_where_the_first_is_damaged() {
    let yard = Yard::new();
    yard.add_location("second", &[]);
    let ids: Vec<String> = (0..3).map(|n| yard.seal(&vec![n; 1_500_000])).collect();
    yard.house.open(&["artifact", "copy", &ids[0], "--to-location", "second"]);
    let run = yard.house.open(&["artifact", "copy", "--policy", "app-daily", "--to-location", "second"]);
    assert!(run.out.contains("2 artifacts copied to second") && run.out.contains("1 artifact there already"), "{}", run.out);
    for id in &ids {
        let at = |location: &str| fs::read(yard.object(location, &format!("{id}.tink"))).unwrap();
        assert!(at("nfs") == at("second"));
    }
    for id in &ids[..2] {
        let path = yard.object("nfs", &format!("{id}.tink"));
        let mut bytes = fs::read(&path).unwrap();
        bytes[(1 << 20) - 1] ^= 1;
        fs::write(&path, bytes).unwrap();
    }
    assert!(yard.open(&ids[0]).unwrap() == vec![0; 1_500_000], "the copy is whole");
    let run = yard.run(&["artifact", "verify", "--all"]);
    assert_eq!(run.code, 7);
    assert!(run.err.contains("NOT whole") && run.err.contains("in nfs") && run.err.contains("2 of 6 artifacts"), "{}", run.err);
    assert!(run.err.contains("next: take the copy in second: kastellan artifact open "), "{}", run.err);
    let run = yard.run(&["artifact", "verify", "--all", "-o", "json"]);
    let told: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    let broken = crate::harness::member(&told, "notWhole").unwrap().as_array().unwrap();
    assert!(ids[..2].iter().all(|id| broken.iter().any(|one| one["id"] == **id)) && broken.len() == 2, "all of them as data: {broken:?}");
    // Without a key, header, tags and length tell whether it is the stream that was sealed: this one is not copied on.
    yard.add_location("third", &[]);
    let _ = fs::remove_dir_all(yard.folder("second").join("artifacts"));
    yard.house.open(&["artifact", "rescan", "second"]);
    let run = yard.run(&["artifact", "copy", &ids[0], "--to-location", "third"]);
    assert!(run.assert_fault(7).0.contains("not the stream that was sealed"), "{}", run.err);
    assert_eq!(yard.objects("third").len(), 1, "only the mark");
}

#[test]
fn verify_goes_on_where_it_was_stopped() {
    let yard = Yard::new();
    for n in 0..3 {
        yard.seal(&[n]);
    }
    let (before, tmp) = (yard.objects("nfs"), yard.house.home.path().join("tmp"));
    fs::create_dir_all(&tmp).unwrap();
    let whole = |args: &[&str]| yard.house.open(args).out;
    assert_eq!(whole(&["artifact", "verify", "--all"]), "3 artifacts whole\n");
    assert_eq!(whole(&["artifact", "verify", "--all", "--resume"]), "0 artifacts whole\n");
    assert!(yard.objects("nfs") == before, "verifying writes nothing there");
    assert_eq!(fs::read_dir(tmp).unwrap().count(), 0, "nor beside it");
    yard.seal(b"new");
    assert_eq!(whole(&["artifact", "verify", "--all", "--resume"]), "1 artifact whole\n");
    assert_eq!(whole(&["artifact", "verify", "--all"]), "4 artifacts whole\n");
}
