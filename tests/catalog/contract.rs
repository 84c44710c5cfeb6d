//! What every catalog must do, and what two handles on one must not do to each other.

use crate::home::{Home, START, batch, hash_after, holder, put, removal, replace};
use kastellan::catalog::{Catalog, Committed, Draft, Query, SqliteCatalog};
use kastellan::domain::{Holder, Kind};
use kastellan::format::{Link, RecordKind};
use rstest::rstest;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// The implementations; a reopened file must be as good as a new one.
#[derive(Clone, Copy)]
enum Which {
    Draft,
    Reopened,
}

/// A catalog under test, with what keeps it alive.
struct Subject {
    home: Home,
    draft: Option<Draft>,
    opened: Option<Arc<SqliteCatalog>>,
}

impl Subject {
    fn new(which: Which) -> Self {
        let home = Home::new();
        let draft = Draft::new(&home.path).unwrap();
        match which {
            Which::Draft => {
                let opened = Some(draft.catalog());
                Self { home, draft: Some(draft), opened }
            }
            Which::Reopened => {
                draft.publish().unwrap();
                let opened = Some(Arc::new(home.open()));
                Self { home, draft: None, opened }
            }
        }
    }

    fn catalog(&self) -> &dyn Catalog {
        self.opened.as_deref().unwrap()
    }
}

async fn end(catalog: &dyn Catalog) -> Link {
    catalog.last().await.unwrap().map_or(START, |entry| entry.link())
}

#[rstest]
#[tokio::test]
async fn an_empty_one_has_nothing(#[values(Which::Draft, Which::Reopened)] which: Which) {
    let subject = Subject::new(which);
    let catalog = subject.catalog();
    assert_eq!(catalog.last().await.unwrap(), None);
    assert_eq!(catalog.journal(0, 9).await.unwrap(), []);
    for kind in RecordKind::ALL {
        assert_eq!(catalog.count(kind).await.unwrap(), 0);
        assert_eq!(catalog.get(kind, "x").await.unwrap(), None);
        assert!(catalog.ids(kind).await.unwrap().is_empty());
        let page = catalog.page(&Query { kind, after: None, limit: 5 }).await.unwrap();
        assert!(page.records.is_empty() && !page.more);
    }
}

#[rstest]
#[tokio::test]
async fn what_was_written_is_read_byte_for_byte(#[values(Which::Draft, Which::Reopened)] which: Which) {
    let subject = Subject::new(which);
    let catalog = subject.catalog();
    let mut odd = put(RecordKind::Passkey, "o'dd \"id\" ä", 1);
    odd.record.clear = "{\"note\":\"\\u0000 \u{1b}[31m\"}".into();
    odd.record.sealed = (0..=255).collect();
    let wanted = batch(START, vec![odd.clone(), put(RecordKind::Policy, "o'dd \"id\" ä", 1)], vec![]);
    assert_eq!(catalog.commit(wanted.clone()).await.unwrap(), Committed::Done(wanted.entry.link()));
    assert_eq!(catalog.get(RecordKind::Passkey, &odd.record.id).await.unwrap(), Some(odd.record.clone()));
    assert_eq!(catalog.get(RecordKind::Policy, &odd.record.id).await.unwrap().unwrap().kind, RecordKind::Policy);
    assert_eq!(catalog.last().await.unwrap(), Some(wanted.entry.clone()));
    assert_eq!(catalog.journal(1, 9).await.unwrap(), [wanted.entry]);
    assert_eq!(catalog.count(RecordKind::Passkey).await.unwrap(), 1);
}

#[rstest]
#[tokio::test]
async fn a_batch_is_all_or_nothing(#[values(Which::Draft, Which::Reopened)] which: Which) {
    let subject = Subject::new(which);
    let catalog = subject.catalog();
    catalog.commit(batch(START, vec![put(RecordKind::Policy, "a", 1)], vec![])).await.unwrap();
    let before = end(catalog).await;
    for wrong in [
        batch(before, vec![put(RecordKind::Policy, "new", 1), put(RecordKind::Policy, "a", 1)], vec![]),
        batch(before, vec![put(RecordKind::Policy, "new", 1), replace(RecordKind::Policy, "a", 2)], vec![]),
        batch(before, vec![put(RecordKind::Policy, "new", 1), replace(RecordKind::Policy, "none", 1)], vec![]),
        batch(before, vec![put(RecordKind::Policy, "new", 1)], vec![removal(RecordKind::Policy, "a", 2)]),
        batch(before, vec![put(RecordKind::Policy, "new", 1)], vec![removal(RecordKind::Policy, "none", 1)]),
        batch(before, vec![put(RecordKind::Policy, "new", 1), put(RecordKind::Policy, "new", 1)], vec![]),
    ] {
        assert_eq!(catalog.commit(wrong).await.unwrap(), Committed::RecordMoved);
        assert_eq!(catalog.ids(RecordKind::Policy).await.unwrap(), ["a"]);
        assert_eq!(end(catalog).await, before);
    }
    let right = batch(before, vec![put(RecordKind::Policy, "new", 1)], vec![removal(RecordKind::Policy, "a", 1)]);
    assert!(matches!(catalog.commit(right).await.unwrap(), Committed::Done(link) if link.seq == 2));
    assert_eq!(catalog.count(RecordKind::Policy).await.unwrap(), 1);
    assert_eq!(catalog.ids(RecordKind::Policy).await.unwrap(), ["new"]);
}

#[rstest]
#[tokio::test]
async fn a_record_is_replaced_only_at_its_revision(#[values(Which::Draft, Which::Reopened)] which: Which) {
    let subject = Subject::new(which);
    let catalog = subject.catalog();
    catalog.commit(batch(START, vec![put(RecordKind::Proof, "p", 1)], vec![])).await.unwrap();
    for rev in 1..4 {
        let change = batch(end(catalog).await, vec![replace(RecordKind::Proof, "p", rev)], vec![]);
        assert!(matches!(catalog.commit(change).await.unwrap(), Committed::Done(_)));
        assert_eq!(catalog.get(RecordKind::Proof, "p").await.unwrap().unwrap().rev, rev + 1);
        let late = batch(end(catalog).await, vec![replace(RecordKind::Proof, "p", rev)], vec![]);
        assert_eq!(catalog.commit(late).await.unwrap(), Committed::RecordMoved);
    }
}

#[rstest]
#[tokio::test]
async fn an_entry_must_continue_the_journal(#[values(Which::Draft, Which::Reopened)] which: Which) {
    let subject = Subject::new(which);
    let catalog = subject.catalog();
    let ahead = Link { seq: 7, hash: [7; 32] };
    assert!(matches!(catalog.commit(batch(ahead, vec![], vec![])).await.unwrap(), Committed::JournalMoved(link) if link.seq == 0));
    catalog.commit(batch(START, vec![], vec![])).await.unwrap();
    let now = end(catalog).await;
    let forked = Link { seq: now.seq, hash: [0xee; 32] };
    for wrong in [START, ahead, forked] {
        let late = batch(wrong, vec![put(RecordKind::Policy, "x", 1)], vec![]);
        assert_eq!(catalog.commit(late).await.unwrap(), Committed::JournalMoved(now));
    }
    assert_eq!(catalog.count(RecordKind::Policy).await.unwrap(), 0);
    let mut gap = batch(now, vec![], vec![]);
    gap.entry.seq += 1;
    assert_eq!(catalog.commit(gap).await.unwrap_err().kind, Kind::Unexpected);
}

#[rstest]
#[tokio::test]
async fn pages_are_in_order_and_of_one_kind(#[values(Which::Draft, Which::Reopened)] which: Which) {
    let subject = Subject::new(which);
    let catalog = subject.catalog();
    let mut puts: Vec<_> = ["b", "a", "", "c-1", "c", "B"].into_iter().map(|id| put(RecordKind::Policy, id, 1)).collect();
    puts.push(put(RecordKind::Passkey, "bb", 1));
    catalog.commit(batch(START, puts, vec![])).await.unwrap();
    let sorted = ["", "B", "a", "b", "c", "c-1"];
    assert_eq!(catalog.ids(RecordKind::Policy).await.unwrap(), sorted);
    assert_eq!(catalog.count(RecordKind::Policy).await.unwrap(), 6);
    for limit in 1..=7 {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = catalog.page(&Query { kind: RecordKind::Policy, after: after.clone(), limit }).await.unwrap();
            assert!(page.records.len() <= limit);
            seen.extend(page.records.iter().map(|record| record.id.clone()));
            after = seen.last().cloned();
            assert_eq!(page.more, seen.len() < sorted.len(), "at {limit}");
            if !page.more {
                break;
            }
        }
        assert_eq!(seen, sorted);
    }
    let beyond = catalog.page(&Query { kind: RecordKind::Policy, after: Some("zzz".into()), limit: 3 }).await.unwrap();
    assert!(beyond.records.is_empty() && !beyond.more);
}

#[rstest]
#[tokio::test]
async fn the_journal_is_read_from_any_number(#[values(Which::Draft, Which::Reopened)] which: Which) {
    let subject = Subject::new(which);
    let catalog = subject.catalog();
    for _ in 0..10 {
        catalog.commit(batch(end(catalog).await, vec![], vec![])).await.unwrap();
    }
    let numbers = async |from, max| catalog.journal(from, max).await.unwrap().iter().map(|entry| entry.seq).collect::<Vec<_>>();
    assert_eq!(numbers(0, 100).await, (1..=10).collect::<Vec<_>>());
    assert_eq!(numbers(4, 3).await, [4, 5, 6]);
    assert_eq!(numbers(10, 3).await, [10]);
    assert!(numbers(11, 3).await.is_empty());
    assert!(numbers(u64::MAX, usize::MAX).await.is_empty());
    assert_eq!(catalog.last().await.unwrap().unwrap().seq, 10);
}

#[rstest]
#[tokio::test]
async fn the_lock_has_one_holder(#[values(Which::Draft, Which::Reopened)] which: Which) {
    let subject = Subject::new(which);
    let catalog = subject.catalog();
    assert_eq!(catalog.holder().await.unwrap(), None);
    let (ana, ben) = (holder("ana@bastion"), holder("ben@bastion-2"));
    let lock = catalog.lock(&ana).await.unwrap().ok().unwrap();
    assert_eq!(catalog.lock(&ben).await.unwrap().err(), Some(ana.clone()));
    assert_eq!(catalog.holder().await.unwrap(), Some(ana));
    drop(lock);
    assert_eq!(catalog.holder().await.unwrap(), None);
    let _lock = catalog.lock(&ben).await.unwrap().ok().unwrap();
    assert_eq!(catalog.holder().await.unwrap(), Some(ben));
}

#[rstest]
#[tokio::test]
async fn own_commits_and_locks_are_told(#[values(Which::Draft, Which::Reopened)] which: Which) {
    let subject = Subject::new(which);
    let catalog = subject.catalog();
    let mut changes = catalog.changes();
    catalog.commit(batch(START, vec![], vec![])).await.unwrap();
    told(&mut changes).await;
    let lock = catalog.lock(&holder("ana")).await.unwrap().ok().unwrap();
    told(&mut changes).await;
    drop(lock);
    told(&mut changes).await;
}

/// Fails loudly instead of hanging when nothing is told.
async fn told(changes: &mut kastellan::catalog::Changes) {
    tokio::time::timeout(Duration::from_secs(20), changes.next()).await.expect("a change is told");
}

#[tokio::test]
async fn a_reopened_catalog_has_all_of_it() {
    let subject = Subject::new(Which::Draft);
    let catalog = subject.catalog();
    catalog.commit(batch(START, vec![put(RecordKind::Policy, "a", 1)], vec![])).await.unwrap();
    let link = end(catalog).await;
    let Subject { home, draft, opened } = subject;
    drop(opened);
    assert!(SqliteCatalog::open(&home.path, false).unwrap().is_none(), "not before it is published");
    draft.unwrap().publish().unwrap();
    for read_only in [false, true] {
        let catalog = SqliteCatalog::open(&home.path, read_only).unwrap().unwrap();
        assert_eq!(end(&catalog).await, link);
        assert_eq!(catalog.ids(RecordKind::Policy).await.unwrap(), ["a"]);
        assert_eq!(catalog.place().to_string(), home.path.canonicalize().unwrap().to_string_lossy());
    }
}

#[tokio::test]
async fn two_handles_conflict_instead_of_overwriting() {
    let home = Home::published();
    let (one, two) = (home.open(), home.open());
    let start = end(&one).await;
    assert!(matches!(one.commit(batch(start, vec![put(RecordKind::Policy, "a", 1)], vec![])).await.unwrap(), Committed::Done(_)));
    let late = two.commit(batch(start, vec![put(RecordKind::Policy, "b", 1)], vec![])).await.unwrap();
    assert_eq!(late, Committed::JournalMoved(end(&one).await));
    let again = two.commit(batch(end(&two).await, vec![put(RecordKind::Policy, "a", 1)], vec![])).await.unwrap();
    assert_eq!(again, Committed::RecordMoved);
    assert_eq!(two.ids(RecordKind::Policy).await.unwrap(), ["a"]);
}

#[tokio::test(flavor = "current_thread")]
async fn many_writers_make_one_chain() {
    let home = Home::published();
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 0..4 {
        let catalog = home.open();
        tasks.spawn(async move {
            for n in 0..10 {
                let mut after = end(&catalog).await;
                let id = format!("{writer}-{n}");
                loop {
                    match catalog.commit(batch(after, vec![put(RecordKind::Policy, &id, 1)], vec![])).await.unwrap() {
                        Committed::Done(_) => break,
                        Committed::JournalMoved(link) => after = link,
                        Committed::RecordMoved => panic!("nobody else writes {id}"),
                    }
                }
            }
        });
    }
    tasks.join_all().await;
    let catalog = home.open();
    assert_eq!(catalog.count(RecordKind::Policy).await.unwrap(), 40);
    let entries = catalog.journal(1, 100).await.unwrap();
    assert_eq!(entries.len(), 40);
    assert!(entries.windows(2).all(|pair| pair[1].hash == hash_after(pair[0].link())));
}

#[tokio::test]
async fn another_handles_commit_and_lock_are_told() {
    let home = Home::published();
    let (reader, writer) = (home.open(), home.open());
    let mut changes = reader.changes();
    let mut second = reader.changes();
    for n in 0..5 {
        writer.commit(batch(end(&writer).await, vec![put(RecordKind::Policy, &n.to_string(), 1)], vec![])).await.unwrap();
        told(&mut changes).await;
        assert_eq!(reader.count(RecordKind::Policy).await.unwrap(), n + 1, "told only when it can be read");
    }
    told(&mut second).await;
    let lock = writer.lock(&holder("ana")).await.unwrap().ok().unwrap();
    told(&mut changes).await;
    assert!(reader.holder().await.unwrap().is_some());
    assert_eq!(reader.lock(&holder("ben")).await.unwrap().err(), Some(holder("ana")), "one process, and still one holder");
    drop(lock);
    told(&mut changes).await;
    assert!(reader.holder().await.unwrap().is_none());
}

#[tokio::test]
async fn a_commit_that_takes_long_is_told_once_it_counts_and_does_not_stop_reading() {
    let home = Home::published();
    let (reader, onlooker) = (home.open(), SqliteCatalog::open(&home.path, true).unwrap().unwrap());
    let (mut changes, mut watched) = (reader.changes(), onlooker.changes());
    let slow = rusqlite::Connection::open(&home.path).unwrap();
    // A cache too small for the transaction, so that the log is written long before the commit.
    slow.execute_batch("PRAGMA cache_size=1; BEGIN IMMEDIATE").unwrap();
    for n in 0..300 {
        slow.execute("INSERT INTO records VALUES('policy', ?1, 1, '{}', zeroblob(4000))", [format!("p{n}")]).unwrap();
        if n % 100 == 0 {
            assert!(reader.ids(RecordKind::Policy).await.unwrap().is_empty());
        }
    }
    slow.execute_batch("COMMIT").unwrap();
    told(&mut changes).await;
    told(&mut watched).await;
    assert_eq!(reader.ids(RecordKind::Policy).await.unwrap().len(), 300);
}

#[tokio::test]
async fn reading_is_not_a_change() {
    let home = Home::published();
    let (listener, reader, writer) = (home.open(), home.open(), home.open());
    let mut changes = listener.changes();
    for _ in 0..20 {
        reader.count(RecordKind::Policy).await.unwrap();
        reader.holder().await.unwrap();
        drop(SqliteCatalog::open(&home.path, true).unwrap());
    }
    // The feed tells in order: what comes first after the reads must be the commit.
    let before = *changes.0.borrow_and_update();
    writer.commit(batch(end(&writer).await, vec![], vec![])).await.unwrap();
    told(&mut changes).await;
    assert_eq!(*changes.0.borrow(), before + 1);
}

#[tokio::test]
async fn a_read_only_handle_reads_and_writes_nothing() {
    let home = Home::published();
    let writer = home.open();
    let reader = SqliteCatalog::open(&home.path, true).unwrap().unwrap();
    writer.commit(batch(end(&writer).await, vec![put(RecordKind::Policy, "a", 1)], vec![])).await.unwrap();
    assert_eq!(reader.ids(RecordKind::Policy).await.unwrap(), ["a"], "what others write is seen");
    let refused = reader.commit(batch(end(&reader).await, vec![], vec![])).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Refused);
    assert!(refused.to_string().contains("--read-only"), "{refused}");
    assert_eq!(reader.lock(&holder("ana")).await.map(|_| ()).unwrap_err().kind, Kind::Refused);
    assert_eq!(reader.holder().await.unwrap(), None);
    assert!(!home.beside(".lock").exists() || std::fs::metadata(home.beside(".lock")).unwrap().len() == 0);
}

#[tokio::test]
async fn the_lock_of_a_killed_process_is_free() {
    let home = Home::published();
    let catalog = home.open();
    let mut changes = catalog.changes();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "contract::child_that_holds_the_lock", "--ignored", "--nocapture"])
        .env("KASTELLAN_TEST_CATALOG", &home.path)
        .stdout(Stdio::piped())
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("held")), "the child has the lock");
    let living = catalog.holder().await.unwrap();
    assert_eq!(living, Some(holder("child")));
    assert_eq!(catalog.lock(&holder("ana")).await.unwrap().err(), living);
    told(&mut changes).await;
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(catalog.holder().await.unwrap(), None, "although its note is still there");
    assert!(std::fs::metadata(home.beside(".lock")).unwrap().len() > 0);
    told(&mut changes).await;
    let _lock = catalog.lock(&holder("ana")).await.unwrap().ok().unwrap();
    assert_eq!(catalog.holder().await.unwrap(), Some(holder("ana")));
}

#[test]
#[ignore = "the child process of the_lock_of_a_killed_process_is_free"]
fn child_that_holds_the_lock() {
    let path = std::env::var_os("KASTELLAN_TEST_CATALOG").expect("started by its parent");
    let catalog = SqliteCatalog::open(Path::new(&path), false).unwrap().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let held: Result<_, Holder> = runtime.block_on(catalog.lock(&holder("child"))).unwrap();
    let Ok(_held) = held else { panic!("it was free") };
    println!("held");
    let mut nothing = String::new();
    // Until it is killed, or its parent is gone.
    let _ = std::io::stdin().read_line(&mut nothing);
}

#[tokio::test]
async fn what_a_purge_removed_is_in_no_file_even_with_another_handle_open() {
    let home = Home::published();
    let (one, other) = (home.open(), home.open());
    let marker = b"WRAPPED-MASTER-KEY-OF-A-RETIRED-PASSKEY".repeat(4);
    let mut wrap = put(RecordKind::Passkey, "old", 1);
    wrap.record.sealed.clone_from(&marker);
    let mut changed = put(RecordKind::Proof, "old", 1);
    changed.record.clear = String::from_utf8(marker.clone()).unwrap();
    one.commit(batch(end(&one).await, vec![wrap, changed], vec![])).await.unwrap();
    assert!(other.get(RecordKind::Passkey, "old").await.unwrap().is_some());
    let found = |home: &Home| home.all_bytes().windows(32).any(|window| window == &marker[..32]);
    assert!(found(&home), "the search can find it");
    let mut removing = batch(end(&one).await, vec![replace(RecordKind::Proof, "old", 1)], vec![removal(RecordKind::Passkey, "old", 1)]);
    removing.purge = true;
    assert!(matches!(one.commit(removing).await.unwrap(), Committed::Done(_)));
    assert!(!found(&home), "and it is gone while both are open");
    assert_eq!(std::fs::metadata(home.beside("-wal")).unwrap().len(), 0);
    assert!(other.get(RecordKind::Passkey, "old").await.unwrap().is_none());
}

#[tokio::test]
async fn a_published_draft_leaves_only_the_catalog() {
    let home = Home::new();
    let dropped = Draft::new(&home.path).unwrap();
    dropped.catalog().commit(batch(START, vec![], vec![])).await.unwrap();
    let _lock = dropped.catalog().lock(&holder("ana")).await.unwrap().ok().unwrap();
    drop(dropped);
    assert!(home.names().is_empty(), "{:?}", home.names());
    Draft::new(&home.path).unwrap().publish().unwrap();
    assert_eq!(home.names(), ["catalog.db", "catalog.db.lock"]);
    assert_eq!(home.mode("catalog.db"), 0o600);
    let catalog = home.open();
    catalog.commit(batch(end(&catalog).await, vec![], vec![])).await.unwrap();
    let _lock = catalog.lock(&holder("ana")).await.unwrap().ok().unwrap();
    for name in home.names() {
        assert_eq!(home.mode(&name), 0o600, "{name}");
    }
    drop(catalog);
    assert_eq!(home.names(), ["catalog.db", "catalog.db.lock"], "closing takes the log away");
}

#[tokio::test]
async fn the_slower_of_two_drafts_is_told() {
    let home = Home::new();
    let (first, second) = (Draft::new(&home.path).unwrap(), Draft::new(&home.path).unwrap());
    first.catalog().commit(batch(START, vec![put(RecordKind::Policy, "first", 1)], vec![])).await.unwrap();
    first.publish().unwrap();
    assert_eq!(second.publish().unwrap_err().kind, Kind::Changed);
    assert_eq!(home.open().ids(RecordKind::Policy).await.unwrap(), ["first"]);
    assert_eq!(home.names(), ["catalog.db", "catalog.db.lock"]);
    assert_eq!(Draft::new(&home.path).err().unwrap().kind, Kind::Refused);
}

#[tokio::test]
async fn the_living_log_of_whoever_was_faster_is_not_taken_for_an_old_one() {
    let home = Home::new();
    let (first, second) = (Draft::new(&home.path).unwrap(), Draft::new(&home.path).unwrap());
    first.publish().unwrap();
    let winner = home.open();
    winner.commit(batch(START, vec![put(RecordKind::Policy, "first", 1)], vec![])).await.unwrap();
    assert!(home.names().contains(&"catalog.db-wal".to_owned()), "it is at work: {:?}", home.names());
    let fault = second.publish().unwrap_err();
    assert_eq!(fault.kind, Kind::Changed, "{fault}");
    assert!(fault.to_string().contains("somebody else was faster"), "{fault}");
    assert_eq!(winner.ids(RecordKind::Policy).await.unwrap(), ["first"]);
}

#[test]
fn drafts_of_the_dead_are_swept_and_of_the_living_are_not() {
    let home = Home::new();
    let dead = [
        ".catalog.db.draft-99-0",
        ".catalog.db.draft-99-0-wal",
        ".catalog.db.draft-97-0-journal",
        ".catalog.db.draft-98-7.alive",
        ".catalog.db.draft-9-1.lock",
    ];
    for name in dead {
        std::fs::write(home.path.with_file_name(name), "left behind").unwrap();
    }
    std::fs::write(home.path.with_file_name("other.db.draft-1-1"), "not ours").unwrap();
    let living = Draft::new(&home.path).unwrap();
    let before = home.names();
    let second = Draft::new(&home.path).unwrap();
    drop(second);
    assert_eq!(home.names(), before);
    assert!(!before.iter().any(|name| dead.contains(&name.as_str())), "{before:?}");
    assert!(before.contains(&"other.db.draft-1-1".to_owned()));
    living.publish().unwrap();
    home.open();
}

#[test]
fn an_empty_file_counts_as_none_and_is_replaced() {
    let home = Home::new();
    std::fs::write(&home.path, "").unwrap();
    assert!(SqliteCatalog::open(&home.path, false).unwrap().is_none());
    Draft::new(&home.path).unwrap().publish().unwrap();
    home.open();
}

#[tokio::test]
async fn a_file_that_was_exchanged_is_neither_read_nor_written() {
    let home = Home::published();
    let catalog = home.open();
    let mut changes = catalog.changes();
    let copy = home.path.with_file_name("copy");
    std::fs::copy(&home.path, &copy).unwrap();
    std::fs::rename(&copy, &home.path).unwrap();
    told(&mut changes).await;
    assert_eq!(catalog.last().await.unwrap_err().kind, Kind::Changed);
    assert_eq!(catalog.commit(batch(START, vec![], vec![])).await.unwrap_err().kind, Kind::Changed);
    assert_eq!(catalog.lock(&holder("ana")).await.map(|_| ()).unwrap_err().kind, Kind::Changed);
}
