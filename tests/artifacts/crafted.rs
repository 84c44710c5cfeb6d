//! What whoever holds a policy's key can make, and what others leave behind: it opens nowhere it should not, and nobody takes it away.

use crate::harness::cli::Call;
use crate::harness::tools::{need, root};
use crate::yard::{Yard, bytes, kastellan_random};
use kastellan::domain::{ArtifactKind, SealedFacts, Timestamp};
use kastellan::format::{
    ArtifactPaths, ImportData, ImportText, Leftover, Sidecar, SidecarDraft, StreamDigest, artifact_ad, hex, seal_small,
};
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// What import data of the policy gives to whoever has it.
fn import(yard: &Yard) -> ImportData {
    let to = yard.folder(&format!("import-{}", kastellan_random())).to_string_lossy().into_owned();
    yard.house.open(&["migration", "export", "app-daily", "--to", &to, "--unprotected"]);
    ImportText::parse(&fs::read(&to).unwrap()).unwrap().open(None, 0).unwrap()
}

/// Puts an artifact with true facts into the location, made with the policy's key alone; its id.
fn planted(yard: &Yard, import: &ImportData, instance: &str, kind: ArtifactKind, plain: &[u8]) -> String {
    let id = new_id();
    let stream = seal_small(&import.key, &artifact_ad(&import.catalog_id, "app-daily", &id), plain);
    let mut digest = StreamDigest::new(stream.first_chunk().unwrap());
    digest.tag(&stream[stream.len() - 16..]);
    let draft = SidecarDraft {
        catalog_id: import.catalog_id.clone(),
        instance_id: instance.to_owned(),
        artifact_id: id.clone(),
        policy: import.policy.clone(),
        created_at: Timestamp::from_unix(1_800_000_000),
        size: plain.len() as u64,
        stored: stream.len() as u64,
        facts: SealedFacts { kind, names: "planted".into(), note: None, digest: hex(&digest.end()) },
    };
    put(yard, &ArtifactPaths::new("app-daily", &id).stream, &stream);
    put(yard, &ArtifactPaths::new("app-daily", &id).sidecar, Sidecar::make(&draft, &import.key, None).to_json().as_bytes());
    yard.house.open(&["artifact", "rescan", "nfs"]);
    assert!(yard.ids(&[]).contains(&id), "it verifies");
    id
}

fn put(yard: &Yard, name: &str, bytes: &[u8]) {
    let path = yard.folder("nfs").join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn new_id() -> String {
    let mut id = [0; 16];
    kastellan::crypto::random(&mut id);
    hex(&id)
}

#[test]
fn members_of_an_archive_never_leave_the_folder() {
    let yard = Yard::new();
    let import = import(&yard);
    let outside = yard.folder("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("old"), "as it was").unwrap();
    let at = |name: &str| outside.join(name).to_string_lossy().into_owned();
    for (members, code) in [
        (vec![("../outside/new", None)], 7),
        (vec![("a/../../outside/new", None)], 7),
        // The root is left out of it: it lands inside.
        (vec![(at("new").as_str(), None)], 0),
        (vec![("link", Some(at(""))), ("link/new", None)], 7),
        (vec![("link", Some(at("old"))), ("link", None)], 7),
        (vec![("link", Some("../outside".to_owned())), ("link/old", None)], 7),
    ] {
        let id = planted(&yard, &import, &"9".repeat(32), ArtifactKind::Archive, &tar(&members));
        let to = yard.folder(&format!("unpacked-{}", kastellan_random()));
        let run = yard.run(&["artifact", "open", &id, "--to", to.to_str().unwrap()]);
        assert_eq!((run.code, to.exists()), (code, code == 0), "{members:?}: {}", run.err);
        let left: Vec<_> = fs::read_dir(&outside).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, ["old"], "{members:?}");
        assert_eq!(fs::read(outside.join("old")).unwrap(), b"as it was", "{members:?}");
    }
}

/// A tar stream of members by these very names: links to where they say, the others files.
fn tar(members: &[(&str, Option<String>)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, link) in members {
        let bytes: &[u8] = if link.is_some() { b"" } else { b"hostile" };
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(bytes.len() as u64);
        header.set_mode(0o600);
        if let Some(link) = link {
            header.set_entry_type(tar::EntryType::Symlink);
            header.set_link_name_literal(link).unwrap();
        }
        header.set_cksum();
        builder.append(&header, bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

#[test]
fn a_stream_made_with_the_same_key_in_place_of_the_right_one_is_refused() {
    let yard = Yard::new();
    let import = import(&yard);
    let id = yard.seal(b"the right one");
    let ad = artifact_ad(&import.catalog_id, "app-daily", &id);
    for plain in [&b"the wrong one"[..], b"the right one", b"longer than the right one"] {
        put(&yard, &ArtifactPaths::new("app-daily", &id).stream, &seal_small(&import.key, &ad, plain));
        yard.open(&id).unwrap_err().assert_fault(7);
        assert_eq!(yard.run(&["artifact", "verify", &id]).code, 7);
    }
}

#[test]
fn what_another_instance_made_is_removed_only_when_it_is_named() {
    let yard = Yard::new();
    let other = "9".repeat(32);
    let id = planted(&yard, &import(&yard), &other, ArtifactKind::File, b"theirs");
    let run = yard.run(&["artifact", "remove", &id, "--confirm", &id]);
    let (cause, next) = run.assert_fault(5);
    assert!(cause.contains("another instance") && next.contains(&format!("--instance {other}")), "{cause} {next}");
    yard.run(&["artifact", "remove", &id, "--confirm", &id, "--instance", &"8".repeat(32)]).assert_fault(5);
    assert_eq!(yard.open(&id).unwrap(), b"theirs");
    yard.house.open(&["artifact", "remove", &id, "--confirm", &id, "--instance", &other]);
    assert_eq!(yard.objects("nfs").len(), 1, "only the mark");
}

#[test]
fn a_sweep_takes_old_leftovers_of_its_own_and_of_no_other_one() {
    let yard = Yard::new();
    let status = yard.house.json(&["status"]);
    let mine = |what: &str| status["status"][what].as_str().unwrap().to_owned();
    let (catalog, instance, other) = (mine("catalogId"), mine("instanceId"), "9".repeat(32));
    let (old, young) = (Duration::from_hours(48), Duration::ZERO);
    let ids = [
        ("ours", &catalog, &instance, old, old),
        ("young by its marker", &catalog, &instance, young, old),
        ("young by its stream", &catalog, &instance, old, young),
        ("another instance's", &catalog, &other, old, old),
        ("another installation's", &other, &instance, old, old),
        ("both", &other, &other, old, old),
    ]
    .map(|(what, catalog, instance, began, written)| (what, leftover(&yard, catalog, instance, began, written)));
    let left = || -> Vec<&str> {
        let there = |id: &str, end: &str| yard.folder("nfs").join(format!("artifacts/app-daily/{id}.{end}")).exists();
        assert!(ids.iter().all(|(_, id)| there(id, "seal") == there(id, "tink")), "both or none");
        ids.iter().filter(|(_, id)| there(id, "tink")).map(|(what, _)| *what).collect()
    };
    yard.house.open(&["artifact", "sweep", "nfs", "--confirm", "nfs"]);
    assert_eq!(left(), ["young by its marker", "young by its stream", "another instance's", "another installation's", "both"]);
    yard.house.open(&["artifact", "sweep", "nfs", "--confirm", "nfs", "--instance", &other]);
    assert_eq!(left(), ["young by its marker", "young by its stream", "another installation's", "both"]);
}

/// What a seal that began so long ago left, and wrote to so long ago; its id.
fn leftover(yard: &Yard, catalog: &str, instance: &str, began: Duration, written: Duration) -> String {
    let ago = |time: Duration| SystemTime::now().checked_sub(time).unwrap();
    let seconds = ago(began).duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let began_at = Timestamp::from_unix(seconds.try_into().unwrap());
    let (id, marker) = (new_id(), Leftover { catalog_id: catalog.into(), instance_id: instance.into(), began_at });
    let paths = ArtifactPaths::new("app-daily", &id);
    put(yard, &paths.stream, b"half a stream");
    put(yard, &paths.marker, marker.to_json().as_bytes());
    File::options().write(true).open(yard.folder("nfs").join(&paths.stream)).unwrap().set_modified(ago(written)).unwrap();
    id
}

#[test]
fn an_opening_that_is_killed_leaves_nothing_under_the_final_name() {
    let yard = Yard::new();
    let plain = bytes(48 << 20);
    let folder = yard.folder("app");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("file"), &plain).unwrap();
    let (file, archive) = (yard.seal(&plain), yard.seal_path(folder.to_str().unwrap(), &[]));
    let places = yard.folder("places");
    fs::create_dir(&places).unwrap();
    let left = || fs::read_dir(&places).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    for (id, most) in [(&file, 0), (&archive, 1)] {
        for n in 0..3 {
            let to = places.join(format!("killed-{n}"));
            let args = yard.house.opening(&["artifact", "open", id, "--to", to.to_str().unwrap()]);
            let mut child = Call::new(&yard.house.home, &args).start();
            crate::harness::until("the first bytes", || begun(child.id(), &places).then_some(()));
            let _ = child.kill();
            child.wait().unwrap();
            assert!(!to.exists(), "all of it or nothing");
            // What the one before left is gone.
            assert!(left().len() <= most, "{:?}", left());
        }
    }
    assert!(!left().is_empty(), "it was killed while it was unpacked");
    let to = places.join("whole");
    yard.house.open(&["artifact", "open", &archive, "--to", to.to_str().unwrap()]);
    assert_eq!(left(), [to]);
    assert!(yard.open(&file).unwrap() == plain);
}

#[test]
fn what_somebody_puts_in_its_way_leaves_nothing_of_an_archive_behind() {
    let yard = Yard::new();
    let folder = yard.folder("app");
    fs::create_dir_all(folder.join("closed")).unwrap();
    fs::write(folder.join("closed/little"), "secret").unwrap();
    fs::write(folder.join("much"), bytes(48 << 20)).unwrap();
    fs::write(folder.join("then"), "secret").unwrap();
    fs::set_permissions(folder.join("closed"), fs::Permissions::from_mode(0o500)).unwrap();
    let id = yard.seal_path(folder.to_str().unwrap(), &[]);
    fs::set_permissions(folder.join("closed"), fs::Permissions::from_mode(0o700)).unwrap();
    let places = yard.folder("places");
    fs::create_dir(&places).unwrap();
    let to = places.join("target");
    // The target itself; and a folder of somebody else in place of the one that it is unpacked into.
    for swapped in [false, true] {
        let args = yard.house.opening(&["artifact", "open", &id, "--to", to.to_str().unwrap()]);
        let call = Call::new(&yard.house.home, &args);
        let mut child = if root() {
            let Some(setpriv) = need("setpriv", "util-linux") else { return };
            call.under(&[&setpriv, "--bounding-set=-dac_override,-dac_read_search", "--"]).start()
        } else {
            call.start()
        };
        crate::harness::until("the first bytes", || begun(child.id(), &places).then_some(()));
        let signal = |signal| rustix::process::kill_process(rustix::process::Pid::from_child(&child), signal).unwrap();
        signal(rustix::process::Signal::STOP);
        if swapped {
            let unpacking = fs::read_dir(&places).unwrap().next().unwrap().unwrap().path();
            fs::rename(&unpacking, places.join("moved")).unwrap();
            fs::create_dir(&unpacking).unwrap();
        } else {
            fs::create_dir(&to).unwrap();
        }
        signal(rustix::process::Signal::CONT);
        assert_eq!(crate::harness::cli::code(child.wait().unwrap()), 5);
        let left = yard.house.home.files().into_iter().filter(|(path, _)| path.starts_with(&places)).count();
        assert_eq!(left, 0, "{swapped}");
        assert!(swapped || fs::read_dir(&places).unwrap().count() == 1, "the target alone");
        fs::remove_dir_all(&places).unwrap();
        fs::create_dir(&places).unwrap();
    }
    let run = yard.run(&["artifact", "open", &id, "--to", places.join(".kastellan-opening-mine").to_str().unwrap()]);
    assert!(run.assert_fault(5).0.contains("not whole yet"), "{run:?}");
}

#[test]
fn what_was_opened_is_there_though_the_list_takes_no_note_of_it() {
    let yard = Yard::new();
    let id = yard.seal(b"bytes");
    let index = rusqlite::Connection::open(yard.house.catalog().with_file_name("catalog.db.artifacts")).unwrap();
    index.execute_batch("CREATE TRIGGER no BEFORE UPDATE ON artifacts BEGIN SELECT RAISE(ABORT, 'no'); END;").unwrap();
    assert_eq!(yard.open(&id).unwrap(), b"bytes");
}

/// Whether a process has written to a file in this folder, which may have no name, or in one below it.
fn begun(process: u32, folder: &Path) -> bool {
    let Ok(open) = fs::read_dir(format!("/proc/{process}/fd")) else { return false };
    open.flatten().map(|entry| entry.path()).any(|descriptor| {
        let there = fs::read_link(&descriptor).is_ok_and(|file| file.starts_with(folder));
        there && fs::metadata(&descriptor).is_ok_and(|meta| meta.is_file() && meta.len() > 0)
    })
}

#[test]
fn several_paths_come_back_in_one_folder() {
    let yard = Yard::new();
    let (one, two) = (yard.house.home.file("one", "1", 0o600), yard.folder("two"));
    fs::create_dir(&two).unwrap();
    fs::write(two.join("deep"), "2").unwrap();
    let id = yard.seal_path(&one, &["--location", "nfs", two.to_str().unwrap()]);
    let to = yard.folder("back");
    yard.house.open(&["artifact", "open", &id, "--to", to.to_str().unwrap()]);
    let inside = |path: &Path| fs::read(to.join(path.strip_prefix("/").unwrap())).unwrap();
    assert_eq!((inside(Path::new(&one)), inside(&two.join("deep"))), (b"1".to_vec(), b"2".to_vec()));
}
