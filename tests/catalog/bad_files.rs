//! Files that are no catalog, or one that is not to be trusted: each gets its own words, and is left exactly as it was.

use crate::home::{Home, START, batch, put};
use crate::tools;
use kastellan::catalog::{Catalog, Committed, Draft, SqliteCatalog};
use kastellan::domain::{Fault, Kind};
use kastellan::format::{Link, RecordKind};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

/// The fault of opening it, for writing and for reading alike; its two lines have all parts.
fn refused(path: &Path) -> Fault {
    let writing = SqliteCatalog::open(path, false).err().expect("refused for writing");
    let reading = SqliteCatalog::open(path, true).err().expect("refused for reading");
    assert_eq!(writing.kind, reading.kind, "{writing}\n{reading}");
    let said = writing.to_string();
    assert!(said.starts_with(&format!("cannot open catalog {}: ", path.display())), "{said}");
    assert!(said.contains("; nothing changed\nnext: ") && said.lines().count() == 2, "{said}");
    writing
}

fn expect(path: &Path, kind: Kind, words: &str) {
    let fault = refused(path);
    assert_eq!(fault.kind, kind, "{fault}");
    assert!(fault.to_string().contains(words), "{fault}");
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn nothing_there_is_no_catalog_and_makes_nothing() {
    let home = Home::new();
    for path in [home.path.clone(), home.path.with_file_name("no/such/folder/catalog.db")] {
        assert!(SqliteCatalog::open(&path, false).unwrap().is_none());
        assert!(SqliteCatalog::open(&path, true).unwrap().is_none());
    }
    assert!(home.names().is_empty());
}

#[test]
fn what_is_no_regular_file() {
    let home = Home::new();
    expect(home.folder.path(), Kind::Refused, "it is a folder, not a file");
    let pipe = home.path.with_file_name("pipe");
    let owner_only = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, owner_only, 0).unwrap();
    expect(&pipe, Kind::Refused, "it is a named pipe, not a file");
    expect(Path::new("/dev/null"), Kind::Refused, "it is a device, not a file");
    let below = home.path.with_file_name("file").join("catalog.db");
    std::fs::write(home.path.with_file_name("file"), "x").unwrap();
    assert_eq!(refused(&below).kind, Kind::Unexpected);
}

#[test]
fn a_link_is_followed_and_its_target_judged() {
    let home = Home::published();
    let link = home.path.with_file_name("link.db");
    symlink(&home.path, &link).unwrap();
    assert!(SqliteCatalog::open(&link, false).unwrap().is_some());
    set_mode(&home.path, 0o640);
    expect(&link, Kind::Refused, "may read it (mode 0640)");
    let around = home.path.with_file_name("around");
    symlink(&around, &around).unwrap();
    assert_eq!(refused(&around).kind, Kind::Unexpected);
}

#[test]
fn readable_or_writable_by_others() {
    let home = Home::published();
    for (mode, words) in [(0o640, "may read it (mode 0640)"), (0o602, "everybody may write it (mode 0602)"), (0o666, "read and write")] {
        set_mode(&home.path, mode);
        expect(&home.path, Kind::Refused, words);
        assert!(refused(&home.path).next.say.to_string().starts_with("chmod 600 "));
    }
    set_mode(&home.path, 0o600);
    set_mode(home.folder.path(), 0o770);
    expect(&home.path, Kind::Refused, "others may write its folder (mode 0770)");
    let fault = Draft::new(&home.path.with_file_name("second.db")).err().unwrap();
    assert_eq!(fault.kind, Kind::Refused, "{fault}");
    assert_eq!(home.names(), ["catalog.db", "catalog.db.lock"]);
}

#[test]
fn somebody_elses() {
    let home = Home::published();
    if !tools::need_root("somebody else's file: only root can give one away") {
        return;
    }
    std::os::unix::fs::chown(&home.path, Some(54_321), None).unwrap();
    expect(&home.path, Kind::Refused, "somebody else's (uid 54321)");
    std::os::unix::fs::chown(&home.path, Some(0), None).unwrap();
    std::os::unix::fs::chown(home.folder.path(), Some(54_321), None).unwrap();
    expect(&home.path, Kind::Refused, "its folder is somebody else's (uid 54321)");
}

#[test]
fn foreign_files_are_left_byte_for_byte() {
    let home = Home::new();
    let foreign = rusqlite::Connection::open(&home.path).unwrap();
    foreign.execute_batch("PRAGMA journal_mode=WAL; CREATE TABLE music(title TEXT); INSERT INTO music VALUES('a');").unwrap();
    drop(foreign);
    set_mode(&home.path, 0o600);
    let before = std::fs::read(&home.path).unwrap();
    expect(&home.path, Kind::Damaged, "an SQLite file of another program");
    assert_eq!(std::fs::read(&home.path).unwrap(), before);
    for (text, name) in [("#!/bin/sh\necho no\n".repeat(300), "script"), ("x".into(), "short")] {
        let path = home.path.with_file_name(name);
        std::fs::write(&path, &text).unwrap();
        set_mode(&path, 0o600);
        expect(&path, Kind::Damaged, "the file is not a catalog");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
}

/// Edits a published catalog as a foreign program would.
fn edited(sql: &str) -> Home {
    let home = Home::published();
    rusqlite::Connection::open(&home.path).unwrap().execute_batch(sql).unwrap();
    home
}

#[test]
fn a_newer_catalog_is_refused_and_left_as_it_is() {
    let home = edited("PRAGMA user_version=2; ALTER TABLE records ADD COLUMN future TEXT;");
    let before = std::fs::read(&home.path).unwrap();
    expect(&home.path, Kind::Refused, "made by a newer Kastellan (catalog version 2; this one knows 1)");
    assert_eq!(std::fs::read(&home.path).unwrap(), before);
}

#[test]
fn tables_that_are_not_ours() {
    for sql in [
        "DROP TABLE journal",
        "DROP INDEX by_id",
        "CREATE TRIGGER spy AFTER INSERT ON records BEGIN DELETE FROM journal; END",
        "CREATE VIEW more AS SELECT 1",
        "ALTER TABLE records ADD COLUMN extra TEXT",
    ] {
        expect(&edited(sql).path, Kind::Damaged, "its tables are not as Kastellan makes them");
    }
}

#[tokio::test]
async fn rows_that_are_not_ours() {
    for sql in [
        "INSERT INTO records VALUES('policy', 'x', -1, '{}', x'00')",
        "INSERT INTO records VALUES('policy', 'x', 'one', '{}', x'00')",
        "INSERT INTO records VALUES('policy', 'x', 1, x'ff', x'00')",
        "INSERT INTO records VALUES('policy', 'x', 1, CAST(x'ff' AS TEXT), x'00')",
    ] {
        // Read for what it is, beside the others; that it does not verify is for those who have the key to say.
        let home = edited(sql);
        let catalog = home.open();
        let record = catalog.get(RecordKind::Policy, "x").await.unwrap().expect("the row");
        assert!(record.rev == 0 || record.clear().is_err(), "{sql}: {record:?}");
        assert_eq!(catalog.ids(RecordKind::Policy).await.unwrap(), ["x"], "{sql}");
    }
    let home = edited("INSERT INTO journal VALUES(1, '{}', x'0102', x'')");
    let catalog = home.open();
    assert_eq!(catalog.last().await.unwrap_err().kind, Kind::Damaged);
    assert_eq!(catalog.commit(batch(START, vec![], vec![])).await.unwrap_err().kind, Kind::Damaged);
}

#[tokio::test]
async fn a_damaged_page_is_said_and_nothing_is_written() {
    let home = Home::published();
    let catalog = home.open();
    let puts = (0..400).map(|n| put(RecordKind::Policy, &format!("policy-{n:04}"), 1)).collect();
    assert!(matches!(catalog.commit(batch(START, puts, vec![])).await.unwrap(), Committed::Done(_)));
    drop(catalog);
    let whole = std::fs::read(&home.path).unwrap();
    let mut found = 0;
    for page in 1..whole.len() / 4096 {
        let mut bytes = whole.clone();
        bytes[page * 4096..page * 4096 + 64].fill(0xa5);
        std::fs::write(&home.path, &bytes).unwrap();
        match SqliteCatalog::open(&home.path, false) {
            Err(fault) => found += usize::from(fault.kind == Kind::Damaged),
            Ok(catalog) => {
                let catalog = catalog.unwrap();
                let mut faults = vec![catalog.ids(RecordKind::Policy).await.err(), catalog.last().await.err()];
                for n in 0..400 {
                    faults.push(catalog.get(RecordKind::Policy, &format!("policy-{n:04}")).await.err());
                }
                let mut faults = faults.into_iter().flatten();
                if let Some(fault) = faults.next() {
                    assert_eq!(fault.kind, Kind::Damaged, "page {page}: {fault}");
                    assert!(fault.to_string().contains("put back a copy"), "{fault}");
                    found += 1;
                }
            }
        }
        assert_eq!(std::fs::read(&home.path).unwrap(), bytes, "page {page}: looking changed nothing");
    }
    assert_eq!(found, whole.len() / 4096 - 1, "every page is used, and its damage found");
    std::fs::write(&home.path, &whole[..4096 * 3]).unwrap();
    let cut = SqliteCatalog::open(&home.path, false);
    let cut = match cut {
        Err(fault) => fault,
        Ok(catalog) => catalog.unwrap().ids(RecordKind::Policy).await.unwrap_err(),
    };
    assert_eq!(cut.kind, Kind::Damaged, "{cut}");
}

/// A small file system of its own, where this account may mount one.
struct Mount(tempfile::TempDir);

impl Mount {
    fn new(kib: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("size={kib}k,mode=0700");
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder.path()).output();
        if !done.is_ok_and(|output| output.status.success()) {
            tools::skip("a small disk: this account may not mount one");
            return None;
        }
        Some(Self(folder))
    }

    fn remount(&self, option: &str) {
        let done = Command::new("mount").args(["-o", &format!("remount,{option}")]).arg(self.0.path()).status().unwrap();
        assert!(done.success());
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

/// Commits until the catalog says no; what it had before is still there, and it goes on once there is room.
async fn fills_up(catalog: &SqliteCatalog) -> Fault {
    let mut after = START;
    let mut committed = 0;
    let fault = loop {
        let mut large = put(RecordKind::Policy, &format!("p{committed}"), 1);
        large.record.sealed = vec![7; 40_000];
        match catalog.commit(batch(after, vec![large], vec![])).await {
            Ok(Committed::Done(link)) => after = link,
            Ok(other) => panic!("{other:?}"),
            Err(fault) => break fault,
        }
        committed += 1;
        assert!(committed < 1000, "it never fills up");
    };
    assert!(committed > 0);
    assert_eq!(catalog.last().await.unwrap().unwrap().link(), after, "nothing of the failed batch is there");
    assert_eq!(catalog.count(RecordKind::Policy).await.unwrap(), committed);
    fault
}

#[tokio::test]
async fn a_full_disk_changes_nothing() {
    let Some(mount) = Mount::new(512) else { return };
    let path = mount.0.path().join("catalog.db");
    Draft::new(&path).unwrap().publish().unwrap();
    let catalog = SqliteCatalog::open(&path, false).unwrap().unwrap();
    let fault = fills_up(&catalog).await;
    assert_eq!(fault.kind, Kind::Unexpected);
    assert!(fault.to_string().contains("its disk is full; nothing changed"), "{fault}");
    mount.remount("size=4m");
    let after = catalog.last().await.unwrap().unwrap().link();
    assert!(matches!(catalog.commit(batch(after, vec![], vec![])).await.unwrap(), Committed::Done(_)));
}

#[tokio::test]
async fn no_catalog_is_half_made_on_a_full_disk() {
    let Some(mount) = Mount::new(16) else { return };
    std::fs::write(mount.0.path().join("filler"), vec![1; 12 * 1024]).unwrap();
    let path = mount.0.path().join("catalog.db");
    let fault = Draft::new(&path).and_then(Draft::publish).unwrap_err();
    assert_eq!(fault.kind, Kind::Unexpected, "{fault}");
    assert!(fault.to_string().contains("full"), "{fault}");
    let left: Vec<_> = mount.0.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["filler"]);
}

#[tokio::test]
async fn a_read_only_disk_can_be_looked_at_and_says_so() {
    let Some(mount) = Mount::new(1024) else { return };
    // A name that would mean something in a URI.
    let path = mount.0.path().join("cata?log%41#1.db");
    Draft::new(&path).unwrap().publish().unwrap();
    let catalog = SqliteCatalog::open(&path, false).unwrap().unwrap();
    catalog.commit(batch(START, vec![put(RecordKind::Policy, "a", 1)], vec![])).await.unwrap();
    drop(catalog);
    mount.remount("ro");
    let fault = SqliteCatalog::open(&path, false).err().unwrap();
    assert_eq!(fault.kind, Kind::Unexpected);
    assert!(fault.to_string().contains("read-only") && fault.to_string().contains("--read-only"), "{fault}");
    let reader = SqliteCatalog::open(&path, true).unwrap().unwrap();
    assert_eq!(reader.ids(RecordKind::Policy).await.unwrap(), ["a"]);
    assert_eq!(reader.holder().await.unwrap(), None);
    assert!(reader.commit(batch(reader.last().await.unwrap().unwrap().link(), vec![], vec![])).await.is_err());
    let fault = Draft::new(&mount.0.path().join("new.db")).err().unwrap();
    assert!(fault.to_string().contains("read-only"), "{fault}");
}

#[test]
fn a_busy_catalog_says_so() {
    let home = Home::published();
    let writer = rusqlite::Connection::open(&home.path).unwrap();
    let catalog = home.open();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let fault = runtime.block_on(catalog.commit(batch(START, vec![], vec![]))).unwrap_err();
    assert_eq!(fault.kind, Kind::Changed);
    assert!(fault.to_string().contains("busy") && fault.to_string().contains("nothing changed"), "{fault}");
    writer.execute_batch("ROLLBACK").unwrap();
    assert!(runtime.block_on(catalog.commit(batch(START, vec![], vec![]))).is_ok());
}

#[test]
fn a_new_folder_is_for_its_owner_alone() {
    let home = Home::new();
    let path = home.folder.path().join("deep/er/catalog.db");
    Draft::new(&path).unwrap().publish().unwrap();
    for folder in ["deep", "deep/er"] {
        assert_eq!(home.mode(folder), 0o700);
    }
    assert!(SqliteCatalog::open(&path, false).unwrap().is_some());
}

/// Copies of the file and its log as a crash leaves them, after so many commits since the log was last emptied.
async fn crashed(home: &Home, start: Link, from: u64, commits: u64) -> (Vec<u8>, Vec<u8>) {
    let catalog = home.open();
    let mut after = catalog.last().await.unwrap().map_or(start, |entry| entry.link());
    for n in from..from + commits {
        let Committed::Done(link) = catalog.commit(batch(after, vec![put(RecordKind::Policy, &format!("p{n}"), 1)], vec![])).await.unwrap()
        else {
            panic!("nobody else writes")
        };
        after = link;
    }
    (std::fs::read(&home.path).unwrap(), std::fs::read(home.path.with_file_name("catalog.db-wal")).unwrap())
}

fn lay(home: &Home, file: &[u8], log: &[u8]) {
    let (path, beside) = (&home.path, home.path.with_file_name("catalog.db-wal"));
    let _ = std::fs::remove_file(home.path.with_file_name("catalog.db-shm"));
    std::fs::write(path, file).unwrap();
    std::fs::write(&beside, log).unwrap();
    set_mode(path, 0o600);
    set_mode(&beside, 0o600);
}

#[tokio::test]
async fn a_log_that_belongs_to_another_state_or_file_is_not_replayed() {
    let home = Home::published();
    let old = std::fs::read(&home.path).unwrap();
    let (first, log_1) = crashed(&home, START, 0, 3).await;
    // As a crash leaves it: replayed, and all is there.
    lay(&home, &first, &log_1);
    assert_eq!(home.open().count(RecordKind::Policy).await.unwrap(), 3);
    let second = std::fs::read(&home.path).unwrap();
    let (_, log_2) = crashed(&home, START, 3, 2).await;
    // A log that is longer than the copy is old is whole: nothing is lost by it.
    lay(&home, &old, &log_1);
    assert_eq!(home.open().count(RecordKind::Policy).await.unwrap(), 3);

    let other = Home::published();
    let (foreign, foreign_log) = crashed(&other, Link { seq: 0, hash: [0x22; 32] }, 0, 4).await;
    for (what, file, log) in [
        ("an old copy put back beside a newer log", &old, &log_2),
        ("another catalog's log", &second, &foreign_log),
        ("another catalog beside this one's log", &foreign, &log_2),
    ] {
        lay(&home, file, log);
        let fault = refused(&home.path);
        assert_eq!(fault.kind, Kind::Damaged, "{what}: {fault}");
        assert!(fault.to_string().contains("catalog.db-wal does not belong to it"), "{what}: {fault}");
        assert_eq!(&std::fs::read(&home.path).unwrap(), file, "{what}: the copy is as it was");
        assert_eq!(&std::fs::read(home.path.with_file_name("catalog.db-wal")).unwrap(), log, "{what}: and so is the log");
    }
    // Also where the journal has grown over more pages than the copy has, none of which the log holds.
    let grown = Home::published();
    let (small, _) = crashed(&grown, START, 0, 1).await;
    drop(small);
    let small = std::fs::read(&grown.path).unwrap();
    crashed(&grown, START, 1, 60).await;
    let (_, log) = crashed(&grown, START, 61, 1).await;
    lay(&grown, &small, &log);
    assert_eq!(refused(&grown.path).kind, Kind::Damaged);
    // And the advice helps.
    lay(&home, &old, &log_2);
    std::fs::remove_file(home.path.with_file_name("catalog.db-wal")).unwrap();
    assert_eq!(home.open().count(RecordKind::Policy).await.unwrap(), 0);
}

#[tokio::test]
async fn nothing_new_is_made_beside_an_old_log() {
    let home = Home::published();
    let (_, log) = crashed(&home, START, 0, 3).await;
    std::fs::rename(&home.path, home.path.with_file_name("old.db")).unwrap();
    for suffix in ["-wal", "-shm", "-journal"] {
        let left = home.path.with_file_name(format!("catalog.db{suffix}"));
        std::fs::write(&left, &log).unwrap();
        let fault = Draft::new(&home.path).err().expect("refused");
        assert_eq!(fault.kind, Kind::Refused, "{fault}");
        assert!(fault.to_string().contains(&format!("catalog.db{suffix} of an earlier catalog is still there")), "{fault}");
        std::fs::remove_file(&left).unwrap();
    }
    Draft::new(&home.path).unwrap().publish().unwrap();
}

#[test]
fn a_file_with_two_names_is_refused() {
    let home = Home::published();
    let twin = home.path.with_file_name("twin.db");
    std::fs::hard_link(&home.path, &twin).unwrap();
    for path in [&home.path, &twin] {
        expect(path, Kind::Refused, "it has 2 names (hard links)");
    }
    std::fs::remove_file(&twin).unwrap();
    assert!(SqliteCatalog::open(&home.path, false).unwrap().is_some());
}
