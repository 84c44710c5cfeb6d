//! The artifact index: what the locations hold, as this machine last saw it.
//!
//! A file beside the catalog that can be made again from the locations at any time, and so is allowed to be lost. Its entries are sealed
//! records; which of them a query finds is told by columns that are believed no further than that. Owns: paging, filters, counts whose time
//! does not grow with the index. Must not: open a box. Next: `ops` makes the entries and reads them.

use crate::domain::{Act, Fault, Kind};
use crate::format::{RecordKind, SealedRecord};
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, TransactionBehavior, params};
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS artifacts(id TEXT NOT NULL, location TEXT NOT NULL, policy TEXT NOT NULL, created INTEGER NOT NULL,
    scan INTEGER NOT NULL, rev INTEGER NOT NULL, clear TEXT NOT NULL, sealed BLOB NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS by_id ON artifacts(id, location);
CREATE INDEX IF NOT EXISTS by_time ON artifacts(created DESC, id, location);
CREATE INDEX IF NOT EXISTS by_policy ON artifacts(policy, created DESC, id, location);
CREATE INDEX IF NOT EXISTS by_location ON artifacts(location, created DESC, id, location);
CREATE INDEX IF NOT EXISTS by_both ON artifacts(policy, location, created DESC, id);
CREATE TABLE IF NOT EXISTS notes(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
";

/// How many entries of each location no other location has: kept with every write, for counting them takes a look at each.
const ALONE: &str = "
CREATE TABLE alone(location TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO alone SELECT location, count(*) FROM (SELECT min(location) AS location FROM artifacts GROUP BY id HAVING count(*) = 1) GROUP BY 1;
CREATE TRIGGER copied AFTER INSERT ON artifacts BEGIN
    INSERT INTO alone SELECT NEW.location, 1 WHERE (SELECT count(*) FROM artifacts WHERE id = NEW.id) = 1
        ON CONFLICT(location) DO UPDATE SET count = count + 1;
    UPDATE alone SET count = count - 1 WHERE (SELECT count(*) FROM artifacts WHERE id = NEW.id) = 2
        AND location = (SELECT location FROM artifacts WHERE id = NEW.id AND location <> NEW.location);
END;
CREATE TRIGGER removed AFTER DELETE ON artifacts BEGIN
    UPDATE alone SET count = count - 1 WHERE location = OLD.location AND NOT EXISTS (SELECT 1 FROM artifacts WHERE id = OLD.id);
    INSERT INTO alone SELECT location, 1 FROM artifacts WHERE id = OLD.id AND (SELECT count(*) FROM artifacts WHERE id = OLD.id) = 1
        ON CONFLICT(location) DO UPDATE SET count = count + 1;
END;
PRAGMA user_version = 1;
";

/// New entries fall anywhere in each of the indexes. A cache that holds what a step changes, 8 MiB, writes each page once; a log of 4000 pages,
/// 16 MiB, brings over at once what several steps changed: together a quarter of the writing.
const SETTINGS: &str = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA trusted_schema=OFF; PRAGMA mmap_size=0;
    PRAGMA cache_size=-8192; PRAGMA wal_autocheckpoint=4000;";

/// How long another process may keep the file locked.
const PATIENCE: Duration = Duration::from_secs(10);

/// An entry, and the columns that it is found by.
#[derive(Clone, Debug)]
pub struct Indexed {
    /// The location's name in lower case.
    pub location: String,
    /// The policy's name.
    pub policy: String,
    /// When the artifact was made, seconds since 1970.
    pub created: i64,
    /// The entry; its id is the artifact's.
    pub record: SealedRecord,
}

/// The place after an entry in a list, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// When the last one shown was made.
    pub created: i64,
    /// Its id.
    pub id: String,
    /// Its location.
    pub location: String,
}

/// Which entries.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Only of this policy.
    pub policy: Option<String>,
    /// Only in this location, in lower case.
    pub location: Option<String>,
    /// Only after this place.
    pub after: Option<Cursor>,
    /// At most this many.
    pub limit: usize,
}

/// The index file.
pub struct Index {
    pub(super) path: PathBuf,
    connection: Mutex<Connection>,
}

impl Index {
    /// Opens the index at `path`, or makes an empty one, owner-only.
    ///
    /// # Errors
    /// `Kind::Damaged` where it is no index; it may then be moved away, since every rescan makes it again.
    pub fn open(path: &Path) -> Result<Self, Fault> {
        let fail = |error: rusqlite::Error| fault(path, &error);
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        if let Err(error) = made
            && error.kind() != std::io::ErrorKind::AlreadyExists
        {
            return Err(unusable(path, &error));
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        let mut connection = Connection::open_with_flags(path, flags).map_err(fail)?;
        connection.busy_timeout(PATIENCE).map_err(fail)?;
        connection
            .execute_batch(SETTINGS)
            .and_then(|()| connection.execute_batch(SCHEMA))
            .and_then(|()| count_alone(&mut connection))
            .map_err(fail)?;
        Ok(Self { path: path.to_owned(), connection: Mutex::new(connection) })
    }

    /// A page of entries, newest first, and whether more follow.
    ///
    /// # Errors
    /// As the file's.
    pub fn page(&self, wanted: &Wanted) -> Result<(Vec<Indexed>, bool), Fault> {
        let connection = self.held();
        let sql = query(wanted);
        let cursor = wanted.after.as_ref();
        let limit = i64::try_from(wanted.limit).unwrap_or(i64::MAX).saturating_add(1);
        let read = || {
            let mut statement = connection.prepare_cached(&sql)?;
            let values = params![
                wanted.policy,
                wanted.location,
                cursor.map(|c| c.created),
                cursor.map(|c| c.id.as_str()),
                cursor.map(|c| c.location.as_str()),
                limit
            ];
            statement.query_map(values, indexed)?.collect::<rusqlite::Result<Vec<_>>>()
        };
        let mut found = read().map_err(|error| fault(&self.path, &error))?;
        let more = found.len() > wanted.limit;
        found.truncate(wanted.limit);
        Ok((found, more))
    }

    /// All entries whose id begins with `prefix`, at most `limit`.
    ///
    /// # Errors
    /// As the file's.
    pub fn starting(&self, prefix: &str, limit: usize) -> Result<Vec<Indexed>, Fault> {
        let connection = self.held();
        let read = || {
            let sql = "SELECT id, location, policy, created, rev, clear, sealed FROM artifacts WHERE id >= ?1 AND id < ?2 ORDER BY id, location LIMIT ?3";
            let mut statement = connection.prepare_cached(sql)?;
            let end = format!("{prefix}g");
            statement
                .query_map(params![prefix, end, i64::try_from(limit).unwrap_or(i64::MAX)], indexed)?
                .collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(|error| fault(&self.path, &error))
    }

    /// Begins a scan of a location; its number. Whatever is written or seen from now on bears that number or a later one, so that
    /// [`Self::unseen`] takes out only what was there before and is there no longer, whoever seals or scans at the same time.
    ///
    /// # Errors
    /// As the file's.
    pub fn begin_scan(&self) -> Result<i64, Fault> {
        let mut scan = 0;
        self.write(|transaction| {
            scan = newest_scan(transaction)? + 1;
            let sql = "INSERT INTO notes(name, value) VALUES('scan', ?1) ON CONFLICT(name) DO UPDATE SET value = excluded.value";
            transaction.execute(sql, [scan]).map(|_| ())
        })?;
        Ok(scan)
    }

    /// Writes entries in one step, each in place of what was there.
    ///
    /// # Errors
    /// As the file's.
    pub fn put(&self, entries: &[Indexed]) -> Result<(), Fault> {
        self.write(|transaction| {
            let scan = newest_scan(transaction)?;
            let sql =
                "INSERT INTO artifacts(id, location, policy, created, scan, rev, clear, sealed) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                       ON CONFLICT(id, location) DO UPDATE SET policy = excluded.policy, created = excluded.created, scan = excluded.scan,
                       rev = excluded.rev, clear = excluded.clear, sealed = excluded.sealed";
            let mut statement = transaction.prepare_cached(sql)?;
            for entry in entries {
                let record = &entry.record;
                let rev = i64::try_from(record.rev).unwrap_or(i64::MAX);
                let values = params![record.id, entry.location, entry.policy, entry.created, scan, rev, record.clear, record.sealed];
                statement.execute(values)?;
            }
            Ok(())
        })
    }

    /// Writes an entry anew where it is still there: somebody may have removed it meanwhile.
    ///
    /// # Errors
    /// As the file's.
    pub fn renew(&self, entry: &Indexed) -> Result<(), Fault> {
        self.write(|transaction| {
            let record = &entry.record;
            let sql = "UPDATE artifacts SET rev = ?3, clear = ?4, sealed = ?5 WHERE id = ?1 AND location = ?2";
            let rev = i64::try_from(record.rev).unwrap_or(i64::MAX);
            transaction.execute(sql, params![record.id, entry.location, rev, record.clear, record.sealed]).map(|_| ())
        })
    }

    /// Takes an entry out; whether it was there.
    ///
    /// # Errors
    /// As the file's.
    pub fn remove(&self, id: &str, location: &str) -> Result<bool, Fault> {
        let mut removed = false;
        self.write(|transaction| {
            removed = transaction.execute("DELETE FROM artifacts WHERE id = ?1 AND location = ?2", params![id, location])? > 0;
            Ok(())
        })?;
        Ok(removed)
    }

    /// Marks entries as seen by a scan.
    ///
    /// # Errors
    /// As the file's.
    pub fn seen(&self, ids: &[String], location: &str) -> Result<(), Fault> {
        self.write(|transaction| {
            let scan = newest_scan(transaction)?;
            let mut statement = transaction.prepare_cached("UPDATE artifacts SET scan = ?3 WHERE id = ?1 AND location = ?2")?;
            for id in ids {
                statement.execute(params![id, location, scan])?;
            }
            Ok(())
        })
    }

    /// Takes out what neither a location's scan nor anybody since it began has seen; how many.
    ///
    /// # Errors
    /// As the file's.
    pub fn unseen(&self, location: &str, scan: i64) -> Result<u64, Fault> {
        let mut gone = 0;
        self.write(|transaction| {
            gone = transaction.execute("DELETE FROM artifacts WHERE location = ?1 AND scan < ?2", params![location, scan])?;
            Ok(())
        })?;
        Ok(gone as u64)
    }

    /// Takes out all entries of a location; how many.
    ///
    /// # Errors
    /// As the file's.
    pub fn forget(&self, location: &str) -> Result<u64, Fault> {
        self.unseen(location, i64::MAX)
    }

    /// How many entries a location has, counted up to `most`.
    ///
    /// # Errors
    /// As the file's.
    pub fn some_in(&self, location: &str, most: u32) -> Result<u64, Fault> {
        let connection = self.held();
        let sql = "SELECT count(*) FROM (SELECT 1 FROM artifacts WHERE location = ?1 LIMIT ?2)";
        connection
            .query_row(sql, params![location, most], |row| row.get::<_, i64>(0))
            .map(i64::unsigned_abs)
            .map_err(|error| fault(&self.path, &error))
    }

    /// How many entries of a location have no other copy.
    ///
    /// # Errors
    /// As the file's.
    pub fn alone_in(&self, location: &str) -> Result<u64, Fault> {
        let connection = self.held();
        let sql = "SELECT count FROM alone WHERE location = ?1";
        let count = connection.query_row(sql, [location], |row| row.get::<_, i64>(0)).optional();
        count.map(|count| count.unwrap_or(0).unsigned_abs()).map_err(|error| fault(&self.path, &error))
    }

    /// A number that was noted under a name.
    ///
    /// # Errors
    /// As the file's.
    pub fn note(&self, name: &str) -> Result<Option<i64>, Fault> {
        let connection = self.held();
        let sql = "SELECT value FROM notes WHERE name = ?1";
        connection.query_row(sql, [name], |row| row.get(0)).optional().map_err(|error| fault(&self.path, &error))
    }

    /// Notes a number under a name.
    ///
    /// # Errors
    /// As the file's.
    pub fn set_note(&self, name: &str, value: i64) -> Result<(), Fault> {
        self.write(|transaction| {
            let sql = "INSERT INTO notes(name, value) VALUES(?1, ?2) ON CONFLICT(name) DO UPDATE SET value = excluded.value";
            transaction.execute(sql, params![name, value]).map(|_| ())
        })
    }

    fn write(&self, work: impl FnOnce(&rusqlite::Transaction<'_>) -> rusqlite::Result<()>) -> Result<(), Fault> {
        let mut connection = self.held();
        let written = connection.transaction_with_behavior(TransactionBehavior::Immediate).and_then(|transaction| {
            work(&transaction)?;
            transaction.commit()
        });
        written.map_err(|error| fault(&self.path, &error))
    }

    fn held(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The number of the scan that began last; 0: none did.
fn newest_scan(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT coalesce(max(value), 0) FROM notes WHERE name = 'scan'", [], |row| row.get(0))
}

/// Counts once, in a file that is new or was made before there were counts.
fn count_alone(connection: &mut Connection) -> rusqlite::Result<()> {
    let version = |connection: &Connection| connection.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0));
    if version(connection)? > 0 {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have done it meanwhile.
    if version(&transaction)? == 0 {
        transaction.execute_batch(ALONE)?;
    }
    transaction.commit()
}

/// Each combination has an index that finds the page without looking at what stands before or beside it.
fn query(wanted: &Wanted) -> String {
    let mut conditions = Vec::new();
    if wanted.policy.is_some() {
        conditions.push("policy = ?1");
    }
    if wanted.location.is_some() {
        conditions.push("location = ?2");
    }
    if wanted.after.is_some() {
        // The first condition is what the index searches by, the second says exactly after what.
        conditions.push("created <= ?3 AND (created < ?3 OR id > ?4 OR (id = ?4 AND location > ?5))");
    }
    let filter = if conditions.is_empty() { String::new() } else { format!("WHERE {}", conditions.join(" AND ")) };
    format!("SELECT id, location, policy, created, rev, clear, sealed FROM artifacts {filter} ORDER BY created DESC, id, location LIMIT ?6")
}

fn indexed(row: &Row) -> rusqlite::Result<Indexed> {
    let id: String = row.get(0)?;
    let rev: i64 = row.get(4)?;
    let record = SealedRecord { kind: RecordKind::Artifact, id, rev: rev.unsigned_abs(), clear: row.get(5)?, sealed: row.get(6)? };
    Ok(Indexed { location: row.get(1)?, policy: row.get(2)?, created: row.get(3)?, record })
}

const ROOM: &str = "see that the catalog's folder is yours and its disk has room";

fn doing(path: &Path) -> String {
    format!("cannot use the artifact index {}", path.display())
}

pub(super) fn unusable(path: &Path, error: &std::io::Error) -> Fault {
    Fault::new(Kind::Unexpected, doing(path), crate::host::why(error), Act::say(ROOM))
}

fn fault(path: &Path, error: &rusqlite::Error) -> Fault {
    use rusqlite::ErrorCode as Code;
    let (kind, next) = match error.sqlite_error_code() {
        Some(Code::DatabaseBusy | Code::DatabaseLocked) => (Kind::Changed, "another Kastellan is writing to it: try again"),
        Some(Code::DiskFull | Code::SystemIoFailure | Code::CannotOpen | Code::PermissionDenied | Code::ReadOnly) => {
            (Kind::Unexpected, ROOM)
        }
        _ => (Kind::Damaged, "move that file away: kastellan artifact rescan LOCATION makes it again"),
    };
    Fault::new(kind, doing(path), error.to_string(), Act::say(next))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(n: i64, policy: &str, location: &str) -> Indexed {
        let record = SealedRecord { kind: RecordKind::Artifact, id: format!("{n:032x}"), rev: 1, clear: "{}".into(), sealed: vec![1] };
        Indexed { location: location.into(), policy: policy.into(), created: n / 3, record }
    }

    fn all(index: &Index, policy: Option<&str>, location: Option<&str>, limit: usize) -> Vec<(String, String)> {
        let mut wanted = Wanted { policy: policy.map(Into::into), location: location.map(Into::into), after: None, limit };
        let mut found = Vec::new();
        loop {
            let (page, more) = index.page(&wanted).unwrap();
            assert!(page.len() <= limit);
            wanted.after = page.last().map(|e| Cursor { created: e.created, id: e.record.id.clone(), location: e.location.clone() });
            found.extend(page.into_iter().map(|e| (e.record.id, e.location)));
            if !more {
                return found;
            }
        }
    }

    #[test]
    fn every_page_follows_the_last_whatever_the_filter() {
        let folder = tempfile::tempdir().unwrap();
        let index = Index::open(&folder.path().join("index")).unwrap();
        let entries: Vec<Indexed> = (0..100)
            .flat_map(|n| {
                let policy = if n % 2 == 0 { "even" } else { "odd" };
                [entry(n, policy, "a"), entry(n, policy, "b")]
            })
            .collect();
        index.put(&entries).unwrap();
        for limit in [1, 7, 1000] {
            let found = all(&index, None, None, limit);
            assert_eq!(found.len(), 200);
            let once: std::collections::BTreeSet<_> = found.iter().collect();
            assert_eq!(once.len(), 200, "each once");
            assert_eq!(all(&index, Some("odd"), None, limit).len(), 100);
            assert_eq!(all(&index, Some("odd"), Some("b"), limit).len(), 50);
            assert_eq!(all(&index, None, Some("a"), limit).len(), 100);
        }
        let scan = index.begin_scan().unwrap();
        index.seen(&[format!("{:032x}", 5)], "a").unwrap();
        assert_eq!(index.unseen("a", scan).unwrap(), 99);
        assert_eq!(all(&index, None, Some("a"), 10).len(), 1);
        assert_eq!(index.starting(&format!("{:032x}", 5)[..31], 100).unwrap().len(), 16 + 1);
        assert_eq!(index.forget("b").unwrap(), 100);
        index.set_note("n", 3).unwrap();
        assert_eq!((index.note("n").unwrap(), index.note("m").unwrap()), (Some(3), None));
    }

    #[test]
    fn a_scan_takes_out_what_was_there_before_it_and_nobody_has_seen_since() {
        let folder = tempfile::tempdir().unwrap();
        let index = Index::open(&folder.path().join("index")).unwrap();
        let ids = |index: &Index| all(index, None, None, 10).len();
        index.put(&[entry(1, "p", "a"), entry(2, "p", "a"), entry(3, "p", "a")]).unwrap();
        // Somebody seals while it is at work, and another one scans all of it.
        let first = index.begin_scan().unwrap();
        index.seen(&[format!("{:032x}", 1)], "a").unwrap();
        index.put(&[entry(4, "p", "a")]).unwrap();
        let second = index.begin_scan().unwrap();
        index.seen(&[1, 2, 4].map(|n| format!("{n:032x}")), "a").unwrap();
        assert_eq!((index.unseen("a", second).unwrap(), ids(&index)), (1, 3));
        assert_eq!((index.unseen("a", first).unwrap(), ids(&index)), (0, 3));
        // What is verified while somebody removes it does not come back.
        assert!(index.remove(&format!("{:032x}", 2), "a").unwrap());
        index.renew(&entry(2, "p", "a")).unwrap();
        index.renew(&entry(1, "p", "a")).unwrap();
        assert_eq!(ids(&index), 2);
    }

    #[test]
    fn every_query_is_found_by_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let index = Index::open(&folder.path().join("index")).unwrap();
        let plan = |sql: &str| {
            let connection = index.held();
            let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let lines: Vec<String> = statement.query_map([], |row| row.get(3)).unwrap().map(Result::unwrap).collect();
            lines.join("\n")
        };
        for filter in
            ["", "WHERE policy = 'p'", "WHERE location = 'l'", "WHERE policy = 'p' AND created <= 5 AND (created < 5 OR id > 'x')"]
        {
            let plan = plan(&format!("SELECT clear FROM artifacts {filter} ORDER BY created DESC, id, location LIMIT 9"));
            assert!(!plan.contains("TEMP B-TREE") && plan.contains("USING INDEX"), "{filter}: {plan}");
        }
    }

    #[test]
    fn what_lies_in_one_location_alone_is_counted_exactly_whatever_is_written() {
        use proptest::prelude::*;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index");
        let many = std::cell::RefCell::new(Index::open(&path).unwrap());
        let step = (0..6u8, 0..8i64, 0..3usize);
        proptest!(ProptestConfig::with_cases(64), |(steps in proptest::collection::vec(step, 1..40))| {
            let mut index = many.borrow_mut();
            for (what, n, location) in steps {
                let location = ["a", "b", "c"][location];
                match what {
                    0..3 => index.put(&[entry(n, "p", location), entry(n, "q", location), entry(n + 1, "p", "a")]).unwrap(),
                    3 => assert!(index.remove(&format!("{n:032x}"), location).is_ok()),
                    4 => {
                        let scan = index.begin_scan().unwrap();
                        index.seen(&[format!("{n:032x}")], location).unwrap();
                        assert!(index.unseen(location, scan).is_ok());
                    }
                    // As a file of before: the counts are made anew.
                    _ => {
                        let drops = "DROP TABLE alone; DROP TRIGGER copied; DROP TRIGGER removed; PRAGMA user_version = 0";
                        index.held().execute_batch(drops).unwrap();
                        *index = Index::open(&path).unwrap();
                    }
                }
                for location in ["a", "b", "c"] {
                    let sql = "SELECT count(*) FROM artifacts AS here WHERE location = ?1
                               AND NOT EXISTS (SELECT 1 FROM artifacts WHERE id = here.id AND location <> ?1)";
                    let counted: i64 = index.held().query_row(sql, [location], |row| row.get(0)).unwrap();
                    prop_assert_eq!(index.alone_in(location).unwrap(), counted.unsigned_abs(), "{}", location);
                }
            }
        });
    }

    #[test]
    fn a_file_that_is_no_index_is_said_to_be_replaceable() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index");
        std::fs::write(&path, vec![b'x'; 5000]).unwrap();
        let fault = Index::open(&path).err().unwrap();
        assert_eq!(fault.kind, Kind::Damaged);
        assert!(fault.next.say.to_string().contains("rescan"));
    }

    /// SQLite's steps for a page: they count work, and do not depend on the machine.
    fn steps(index: &Index, wanted: &Wanted) -> i32 {
        let connection = index.held();
        let mut statement = connection.prepare(&query(wanted)).unwrap();
        let after = wanted.after.as_ref();
        let values = params![
            wanted.policy,
            wanted.location,
            after.map(|c| c.created),
            after.map(|c| c.id.as_str()),
            after.map(|c| c.location.as_str()),
            i64::try_from(wanted.limit).unwrap() + 1
        ];
        let found = statement.query_map(values, indexed).unwrap().count();
        assert!(found > 0, "{wanted:?}");
        assert_eq!(statement.get_status(rusqlite::StatementStatus::Sort), 0, "nothing is sorted: {wanted:?}");
        statement.get_status(rusqlite::StatementStatus::VmStep)
    }

    #[test]
    fn a_page_costs_the_same_among_many_as_among_few_and_far_down_as_at_the_top() {
        let folder = tempfile::tempdir().unwrap();
        let made = |name: &str, count: i64| {
            let index = Index::open(&folder.path().join(name)).unwrap();
            // One policy has nearly all, of another all but the oldest lie elsewhere: what a filter must not walk through.
            let policy = |n: i64| if n % 97 == 0 { "rare" } else { "common" };
            let location = |n: i64| if n < 60 { "nfs" } else { "s3" };
            let entries: Vec<Indexed> = (0..count).map(|n| entry(n, policy(n), location(n))).collect();
            for some in entries.chunks(1000) {
                index.put(some).unwrap();
            }
            index
        };
        let (few, many) = (made("few", 1_000), made("many", 50_000));
        let cursor = |created: i64| Cursor { created, id: String::new(), location: String::new() };
        for policy in [None, Some("common"), Some("rare")] {
            for location in [None, Some("nfs"), Some("s3")] {
                for far in [false, true] {
                    let wanted = |top: i64| Wanted {
                        policy: policy.map(Into::into),
                        location: location.map(Into::into),
                        after: far.then(|| cursor(if location == Some("nfs") { 19 } else { top / 6 })),
                        limit: 20,
                    };
                    let (a, b) = (steps(&few, &wanted(1_000)), steps(&many, &wanted(50_000)));
                    assert!(b <= a + a / 2 + 300, "{policy:?} {location:?} far {far}: {a} steps among few, {b} among many");
                }
            }
        }
    }
}
