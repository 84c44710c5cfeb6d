//! Locations that are gone, full, read-only or somebody else's.

use crate::harness::BINARY;
use crate::harness::cli::Call;
use crate::harness::tools::{need, need_root};
use crate::yard::{Mounted, Yard, bytes};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

#[test]
fn an_empty_folder_under_the_mount_point_is_not_an_empty_location() {
    let yard = Yard::new();
    let id = yard.seal(b"x");
    let (folder, away) = (yard.folder("nfs"), yard.folder("away"));
    fs::rename(&folder, &away).unwrap();
    fs::create_dir(&folder).unwrap();
    let path = yard.house.home.file("plain", "x", 0o600);
    for args in [
        vec!["artifact", "seal", &path, "--policy", "app-daily"],
        vec!["artifact", "rescan", "nfs"],
        vec!["location", "check", "nfs"],
        vec!["artifact", "sweep", "nfs", "--confirm", "nfs"],
    ] {
        let run = yard.run(&args);
        let (cause, next) = run.assert_fault(6);
        assert!(cause.contains("is the share mounted?") && next.contains("mount it"), "{cause}");
    }
    assert!(yard.open(&id).unwrap_err().assert_fault(6).0.contains("is the share mounted?"));
    assert_eq!(yard.ids(&[]), std::slice::from_ref(&id), "a rescan of a share that is away forgets nothing");
    fs::remove_dir(&folder).unwrap();
    assert!(yard.run(&["location", "check", "nfs"]).assert_fault(6).0.contains("the folder is not there"));
    fs::rename(&away, &folder).unwrap();
    assert_eq!(yard.open(&id).unwrap(), b"x");
    fs::write(folder.join(".kastellan-location"), "0123456789abcdef0123456789abcdef\n").unwrap();
    assert!(yard.run(&["location", "check", "nfs"]).assert_fault(6).0.contains("mark of another location"));
}

#[test]
fn a_full_disk_leaves_nothing_that_lists() {
    if !need_root("mounting a small disk") {
        return;
    }
    let yard = Yard::new();
    let folder = yard.folder("small");
    fs::create_dir(&folder).unwrap();
    let mounted = Mounted::tmpfs(&folder, "size=3m,mode=700");
    yard.house.open(&["location", "add", "small", "--directory", folder.to_str().unwrap()]);
    let path = yard.house.home.file("plain", bytes(8 << 20), 0o600);
    let run = yard.run(&["artifact", "seal", &path, "--policy", "app-daily", "--location", "small"]);
    let (cause, next) = run.assert_fault(6);
    assert!(cause.contains("its disk is full") && next.contains("make room"), "{cause}");
    assert!(yard.ids(&[]).is_empty());
    let left: Vec<_> = yard.objects("small").into_iter().map(|(path, _)| path).collect();
    assert_eq!(left.len(), 1, "only the mark: {left:?}");
    mounted.remount("ro");
    let small = yard.house.home.file("little", "x", 0o600);
    let run = yard.run(&["artifact", "seal", &small, "--policy", "app-daily", "--location", "small"]);
    assert!(run.assert_fault(6).0.contains("read-only"));
    assert!(yard.run(&["location", "check", "small"]).out.contains("read-only"));
    drop(mounted);
    assert!(yard.run(&["location", "check", "small"]).assert_fault(6).0.contains("is the share mounted?"));
}

#[test]
fn a_full_disk_is_no_damage_of_what_is_opened_onto_it() {
    if !need_root("mounting a small disk") {
        return;
    }
    let yard = Yard::new();
    let (folder, small) = (yard.folder("app"), yard.folder("small"));
    fs::create_dir(&folder).unwrap();
    fs::create_dir(&small).unwrap();
    fs::write(folder.join("little"), "x").unwrap();
    fs::write(folder.join("much"), bytes(8 << 20)).unwrap();
    let ids = [yard.seal_path(folder.join("much").to_str().unwrap(), &[]), yard.seal_path(folder.to_str().unwrap(), &[])];
    let _mounted = Mounted::tmpfs(&small, "size=3m,mode=700");
    for (id, what) in ids.iter().zip(["no space left on device", "app/much: no space left on device"]) {
        let run = yard.run(&["artifact", "open", id, "--to", small.join("back").to_str().unwrap()]);
        let (cause, next) = run.assert_fault(1);
        assert!(cause.contains(what) && next.contains("make room there"), "{run:?}");
        assert_eq!(fs::read_dir(&small).unwrap().count(), 0, "nothing is left");
    }
}

#[test]
fn what_cannot_be_read_of_a_folder_is_named() {
    if !need_root("giving up a right of root") {
        return;
    }
    let yard = Yard::new();
    let folder = yard.folder("app");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("Secret"), "x").unwrap();
    fs::set_permissions(folder.join("Secret"), fs::Permissions::from_mode(0o000)).unwrap();
    let args = yard.house.opening(&["artifact", "seal", folder.to_str().unwrap(), "--policy", "app-daily"]);
    let Some(setpriv) = need("setpriv", "util-linux") else { return };
    let run = Call::new(&yard.house.home, &args).under(&[&setpriv, "--bounding-set=-dac_override,-dac_read_search", "--"]).run();
    assert!(run.assert_fault(1).0.contains("app/Secret: permission denied"), "{run:?}");
}

#[test]
fn a_location_that_this_account_may_not_use_is_not_added() {
    let yard = Yard::new();
    let file = yard.house.home.file("file", "x", 0o600);
    let run = yard.run(&["location", "add", "x", "--directory", &file]);
    assert!(run.assert_fault(6).0.contains("no folder"));
    let run = yard.run(&["location", "add", "x", "--directory", "/does/not/exist"]);
    assert!(run.assert_fault(6).0.contains("the folder is not there"));
    yard.run(&["location", "add", "nfs", "--directory", "/tmp"]).assert_fault(5);
    yard.run(&["location", "add", "x"]).assert_fault(2);
    let folder = yard.folder("nfs").to_string_lossy().into_owned();
    yard.house.open(&["location", "add", "nfs", "--directory", &folder, "--if-absent"]);
    let other = yard.folder("other").to_string_lossy().into_owned();
    let run = yard.run(&["location", "add", "nfs", "--directory", &other, "--if-absent"]);
    assert!(run.assert_fault(5).0.contains("differs"));
    assert!(!yard.house.look(&["location", "list"]).out.contains(" x "));
}

#[test]
fn what_another_writer_owns_is_not_followed_out_of_the_location() {
    let yard = Yard::new();
    let outside = yard.folder("outside");
    fs::create_dir(&outside).unwrap();
    fs::create_dir_all(yard.folder("nfs").join("artifacts")).unwrap();
    std::os::unix::fs::symlink(&outside, yard.folder("nfs").join("artifacts/app-daily")).unwrap();
    let path = yard.house.home.file("plain", "x", 0o600);
    let run = yard.run(&["artifact", "seal", &path, "--policy", "app-daily"]);
    let (cause, _) = run.assert_fault(6);
    assert!(cause.contains("link") || cause.contains("no folder"), "{cause}");
    assert!(fs::read_dir(&outside).unwrap().next().is_none());
}

#[test]
fn a_forgotten_location_keeps_its_objects_and_comes_back() {
    let yard = Yard::new();
    let id = yard.seal(b"x");
    let before = yard.objects("nfs");
    yard.run(&["location", "forget", "nfs"]).assert_fault(5);
    yard.run(&["location", "forget", "nfs", "--yes"]).assert_fault(5);
    yard.house.open(&["location", "forget", "nfs", "--confirm", "nfs"]);
    assert_eq!(yard.objects("nfs"), before);
    assert!(yard.ids(&[]).is_empty());
    yard.house.open(&["location", "add", "again", "--directory", yard.folder("nfs").to_str().unwrap()]);
    yard.house.open(&["artifact", "rescan", "again"]);
    assert_eq!(yard.open(&id).unwrap(), b"x");
}

#[test]
fn objects_are_owner_only() {
    let yard = Yard::new();
    yard.seal(b"x");
    for (path, _) in yard.objects("nfs") {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
    }
}

#[test]
fn damage_that_a_verification_finds_is_in_the_journal_one_entry_a_run() {
    let yard = Yard::new();
    let ids: Vec<String> = (0..5).map(|n| yard.seal(&[n])).collect();
    let entries = || {
        let out = yard.house.open(&["journal", "list", "-o", "json"]).out;
        let list: serde_json::Value = serde_json::from_str(&out).unwrap();
        let of_it = list["items"].as_array().unwrap().iter().filter(|item| item.to_string().contains("\"artifact verify\""));
        of_it.map(ToString::to_string).collect::<Vec<_>>()
    };
    yard.house.open(&["artifact", "verify", "--all"]);
    assert!(entries().is_empty(), "what is whole is no news");
    for (path, mut bytes) in yard.objects("nfs").into_iter().filter(|(path, _)| path.to_string_lossy().ends_with(".tink")).take(4) {
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(path, bytes).unwrap();
    }
    assert_eq!(yard.run(&["artifact", "verify", "--all", "--read-only"]).code, 7);
    assert!(entries().is_empty(), "read-only writes nothing");
    let run = yard.run(&["artifact", "verify", "--all"]);
    assert!(run.code == 7 && run.err.contains("next: no other copy is known: seal it again"), "{}", run.err);
    let found = entries();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("4 of 5 artifacts damaged: ") && found[0].contains("; and 1 more"), "{found:?}");
    assert!(found[0].contains("of app-daily in nfs: ") && ids.iter().any(|id| found[0].contains(&id[..12])), "{found:?}");
    fs::rename(yard.folder("nfs"), yard.folder("away")).unwrap();
    let run = yard.run(&["artifact", "verify", "--all"]);
    assert!(run.code == 6 && run.err.contains("not read") && !run.err.contains("whole"), "{}", run.err);
    assert_eq!(entries().len(), 1, "what cannot be read is not damaged");
    yard.house.open(&["journal", "verify"]);
}

#[test]
fn damage_says_how_a_verification_ends_whatever_else_could_not_be_read() {
    let yard = Yard::new();
    yard.add_location("second", &[]);
    let path = yard.house.home.file("plain", b"x", 0o600);
    for location in ["nfs", "second"] {
        yard.seal_path(&path, &["--location", location]);
    }
    for (damaged, away) in [("nfs", "second"), ("second", "nfs")] {
        let stream = yard.object(damaged, ".tink");
        let whole = fs::read(&stream).unwrap();
        fs::write(&stream, &whole[1..]).unwrap();
        fs::rename(yard.folder(away), yard.folder("away")).unwrap();
        let run = yard.run(&["artifact", "verify", "--all"]);
        assert!(run.code == 7 && run.err.contains("2 of 2 artifacts") && run.err.contains("not all artifacts are whole"), "{}", run.err);
        fs::rename(yard.folder("away"), yard.folder(away)).unwrap();
        fs::write(&stream, whole).unwrap();
    }
}

#[test]
fn a_reader_that_closes_early_has_not_all_of_it_and_the_exit_code_says_so() {
    let yard = Yard::new();
    let id = yard.seal(&bytes(8 << 20));
    let read = |verb: &str, reader: &str| {
        let script = format!("set -o pipefail; {BINARY} {verb} --passphrase-file {} | {reader} > /dev/null", yard.house.key());
        let ended = Command::new("bash").args(["-c", &script]).env_clear().envs(yard.house.home.environment()).output().unwrap();
        (ended.status.code(), String::from_utf8(ended.stderr).unwrap())
    };
    let open = format!("artifact open {id} --to -");
    let (code, said) = read(&open, "head -c 1");
    assert!(code == Some(141) && !said.contains("cannot"), "quiet: {code:?} {said}");
    assert_eq!(read(&open, "cat").0, Some(0));
    assert_eq!(read("artifact list", "true").0, Some(0), "what is no artifact's bytes may be cut");
    // What an exit code answers holds whoever reads.
    let (code, said) = read("migration export app-daily --unprotected --to -", "true");
    assert_eq!(code, Some(141), "the only copy reached nobody: {said}");
    let stream = yard.object("nfs", ".tink");
    fs::write(&stream, &fs::read(&stream).unwrap()[1..]).unwrap();
    let (code, said) = read("artifact verify --all", "true");
    assert!(code == Some(7) && said.contains("not all artifacts are whole"), "{code:?} {said}");
}
