//! Whoever writes a location may change, cut, swap and put back: nothing of it is believed.

use crate::yard::{Yard, bytes};
use std::fs;

/// Edits a location's object and says how opening ends.
fn edited(yard: &Yard, end: &str, edit: impl FnOnce(&mut Vec<u8>)) {
    let path = yard.object("nfs", end);
    let mut all = fs::read(&path).unwrap();
    edit(&mut all);
    fs::write(&path, all).unwrap();
}

#[test]
fn flips_cuts_and_appended_bytes_are_refused_and_nothing_is_left() {
    for (end, edit) in [
        (".tink", (|b: &mut Vec<u8>| b[0] ^= 1) as fn(&mut Vec<u8>)),
        (".tink", |b| b[20] ^= 1),
        (".tink", |b| b[39] ^= 1),
        (".tink", |b| b[1_000_000] ^= 1),
        (".tink", |b| *b.last_mut().unwrap() ^= 1),
        (".tink", |b| b.truncate(1 << 20)),
        (".tink", |b| b.truncate(10)),
        (".tink", Vec::clear),
        (".tink", |b| b.push(0)),
        (".tink", |b| b.extend(vec![0; 1 << 20])),
        (".tink", |b| b.drain(1 << 20..2 << 20).for_each(drop)),
        (".json", |b| *b = b.iter().map(|c| if *c == b'5' { b'6' } else { *c }).collect()),
        (".json", |b| b.truncate(100)),
        (".json", Vec::clear),
        (".json", |b| *b = b"{}".to_vec()),
    ] {
        let yard = Yard::new();
        let id = yard.seal(&bytes(2_500_000));
        edited(&yard, end, edit);
        let run = yard.open(&id).unwrap_err();
        run.assert_fault(7);
        let run = yard.run(&["artifact", "verify", &id]);
        assert_eq!(run.code, 7, "{}", run.err);
    }
}

#[test]
fn one_that_is_damaged_since_it_was_verified_is_not_said_to_be_whole() {
    let yard = Yard::new();
    let id = yard.seal(&vec![b'x'; 2_500_000]);
    let shown = || yard.house.look(&["artifact", "show", &id]).out;
    yard.house.open(&["artifact", "verify", &id]);
    assert!(shown().contains("every tag held"), "{}", shown());
    edited(&yard, ".tink", |b| b[2_000_000] ^= 1);
    assert_eq!(yard.run(&["artifact", "verify", &id]).code, 7);
    assert!(shown().contains("never verified"), "{}", shown());
    // Into a stream: what went out before it was found is said to be of no use.
    let run = yard.run(&["artifact", "open", &id, "--to", "-"]);
    assert_eq!(run.code, 7, "{}", run.err);
    assert!(run.err.contains("that went to standard output are not all of it: discard them"), "{}", run.err);
}

#[test]
fn objects_of_another_artifact_in_its_place_are_refused() {
    let yard = Yard::new();
    let (one, two) = (yard.seal(b"one"), yard.seal(b"two"));
    let object = |id: &str, end: &str| yard.object("nfs", &format!("{id}.{end}"));
    // The stream alone, the facts alone, and both: a whole older artifact under a newer one's name.
    for ends in [vec!["tink"], vec!["json"], vec!["tink", "json"]] {
        let before: Vec<Vec<u8>> = ["tink", "json"].iter().map(|end| fs::read(object(&one, end)).unwrap()).collect();
        for end in &ends {
            fs::copy(object(&two, end), object(&one, end)).unwrap();
        }
        yard.open(&one).unwrap_err().assert_fault(7);
        for (end, bytes) in ["tink", "json"].iter().zip(before) {
            fs::write(object(&one, end), bytes).unwrap();
        }
        assert_eq!(yard.open(&one).unwrap(), b"one");
    }
}

#[test]
fn a_stream_sealed_anew_under_the_same_key_is_not_the_one() {
    let yard = Yard::new();
    let one = yard.seal(b"the right one");
    // Whoever holds import data of the policy can make streams that verify; the index knows which one was sealed.
    let stream = fs::read(yard.object("nfs", ".tink")).unwrap();
    let facts = fs::read(yard.object("nfs", ".json")).unwrap();
    yard.house.open(&["artifact", "remove", &one, "--confirm", &one]);
    assert!(yard.objects("nfs").len() == 1);
    let folder = yard.folder("nfs").join("artifacts/app-daily");
    fs::write(folder.join(format!("{one}.tink")), stream).unwrap();
    fs::write(folder.join(format!("{one}.json")), facts).unwrap();
    // Removed here, and there again: a rescan does not bring it back.
    let run = yard.house.open(&["artifact", "rescan", "nfs"]);
    assert!(run.out.contains("1 were removed here, and are there again"), "{}", run.out);
    assert!(yard.ids(&[]).is_empty());
}

#[test]
fn missing_objects_are_said_to_be_missing() {
    let yard = Yard::new();
    let id = yard.seal(b"x");
    fs::remove_file(yard.object("nfs", ".tink")).unwrap();
    let run = yard.open(&id).unwrap_err();
    assert!(run.assert_fault(7).0.contains("its stream is not there in nfs"));
    fs::remove_file(yard.object("nfs", ".json")).unwrap();
    let run = yard.house.open(&["artifact", "rescan", "nfs"]);
    assert!(run.out.contains("1 that the index had are there no longer"), "{}", run.out);
    assert!(yard.ids(&[]).is_empty());
}

#[test]
fn a_location_full_of_rubbish_is_read_through() {
    let yard = Yard::new();
    let id = yard.seal(b"x");
    let folder = yard.folder("nfs").join("artifacts/app-daily");
    fs::write(folder.join(format!("{}.json", "a".repeat(32))), "not JSON").unwrap();
    fs::write(folder.join(format!("{}.json", "b".repeat(32))), vec![b'{'; 2 << 20]).unwrap();
    fs::write(folder.join("\x1b[2Jname.json"), "x").unwrap();
    fs::write(folder.join("x.json"), "x").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", folder.join(format!("{}.json", "c".repeat(32)))).unwrap();
    fs::create_dir(folder.join(format!("{}.json", "d".repeat(32)))).unwrap();
    let run = yard.house.open(&["artifact", "rescan", "nfs"]);
    assert!(run.out.contains("nfs holds 1 artifact of ours") && run.out.contains("2 with facts that do not verify"), "{}", run.out);
    assert_eq!(yard.ids(&[]), [id]);
}

#[test]
fn an_index_that_was_tampered_with_is_used_for_nothing() {
    let yard = Yard::new();
    let id = yard.seal(b"x");
    let index = yard.house.catalog().with_extension("db.artifacts");
    let edit = |sql: &str| {
        let db = rusqlite::Connection::open(&index).unwrap();
        db.execute_batch(sql).unwrap();
    };
    edit("UPDATE artifacts SET clear = replace(clear, 'app-daily', 'other'), policy = 'other'");
    assert!(yard.house.open(&["artifact", "list"]).out.contains("altered"));
    yard.open(&id).unwrap_err().assert_fault(7);
    yard.house.open(&["artifact", "rescan", "nfs"]);
    assert_eq!(yard.open(&id).unwrap(), b"x");
    // Gone, or no index at all.
    fs::remove_file(&index).unwrap();
    let _ = fs::remove_file(index.with_extension("artifacts-wal"));
    let _ = fs::remove_file(index.with_extension("artifacts-shm"));
    assert!(yard.ids(&[]).is_empty());
    yard.house.open(&["artifact", "rescan", "nfs"]);
    assert_eq!(yard.open(&id).unwrap(), b"x");
    fs::write(&index, vec![b'x'; 9000]).unwrap();
    let run = yard.house.home.run(&["artifact", "list"]);
    assert!(run.assert_fault(7).1.contains("rescan"));
}
