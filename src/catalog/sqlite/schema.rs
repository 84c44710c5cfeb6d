//! Opening a connection: is the file a catalog of ours, which version, and with what settings.

use super::fault::{self, Doing};
use super::log;
use super::place::Place;
use crate::domain::{Act, Fault, Kind};
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, Error, OpenFlags, Result, TransactionBehavior};
use std::time::Duration;

/// Marks our files: `KSTL`.
pub const APPLICATION_ID: i32 = 0x4b53_544c;

/// How long another process may keep the file locked before it is called busy.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Step n brings a file from version n to n + 1; steps are never changed, only added.
const STEPS: [&str; 1] = ["
CREATE TABLE records(kind TEXT NOT NULL, id TEXT NOT NULL, rev INTEGER NOT NULL, clear TEXT NOT NULL, sealed BLOB NOT NULL);
CREATE UNIQUE INDEX by_id ON records(kind, id);
CREATE TABLE counts(kind TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE journal(seq INTEGER PRIMARY KEY, text TEXT NOT NULL, hash BLOB NOT NULL, mac BLOB NOT NULL);
"];

/// The newest version, which new files have.
#[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap)]
pub const VERSION: i32 = STEPS.len() as i32;

/// No row is larger, in bytes: a hostile file shall not take all memory.
const LARGEST_ROW: i32 = 1024 * 1024;

/// Opens the file at a judged place, and refuses what is not a catalog of ours.
pub fn connect(place: &Place, read_only: bool) -> std::result::Result<Connection, Fault> {
    let fail = |error: Error| fault::of(&error, Doing::Open, place);
    let writable = place.writable();
    if !read_only && !writable {
        return Err(fault::read_only(Doing::Open, place));
    }
    let mut connection = open(place, read_only, writable).map_err(fail)?;
    judge(&connection, place, read_only)?;
    if !log::belongs(place, &connection).map_err(fail)? {
        return Err(fault::strange_log(place));
    }
    if !read_only {
        migrate(&mut connection).map_err(fail)?;
    }
    configure(&connection, read_only).map_err(fail)?;
    if !as_made(&connection).map_err(fail)? {
        let next = Act::say("put back a copy of it, or look at it with sqlite3 (.schema)");
        return Err(Fault::new(Kind::Damaged, Doing::Open.what(place), "its tables are not as Kastellan makes them", next));
    }
    Ok(connection)
}

/// Makes an empty file into a catalog.
pub fn create(place: &Place) -> Result<()> {
    let mut connection = Connection::open_with_flags(&place.path, flags(false))?;
    connection.execute_batch("PRAGMA page_size=4096; PRAGMA secure_delete=ON; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    migrate(&mut connection)?;
    connection.close().map_err(|(_, error)| error)
}

fn flags(read_only: bool) -> OpenFlags {
    let way = if read_only { OpenFlags::SQLITE_OPEN_READ_ONLY } else { OpenFlags::SQLITE_OPEN_READ_WRITE };
    way | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW | OpenFlags::SQLITE_OPEN_EXRESCODE
}

fn open(place: &Place, read_only: bool, writable: bool) -> Result<Connection> {
    let logged = std::fs::metadata(place.beside("-wal")).is_ok_and(|meta| meta.len() > 0);
    let connection = if read_only && !writable && !logged {
        // Reading a write-ahead log needs files beside the catalog. Here none can be made, and none is needed: nobody writes.
        Connection::open_with_flags(place.alone(), flags(true) | OpenFlags::SQLITE_OPEN_URI)?
    } else {
        Connection::open_with_flags(&place.path, flags(read_only))?
    };
    // Until the file is known to be ours, closing it must not move its log into it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.busy_timeout(PATIENCE)?;
    Ok(connection)
}

fn judge(connection: &Connection, place: &Place, read_only: bool) -> std::result::Result<(), Fault> {
    let number = |pragma| {
        let read = connection.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0));
        read.map_err(|error| fault::of(&error, Doing::Open, place))
    };
    if number("application_id")? != APPLICATION_ID {
        let next = Act::say("name the catalog with --catalog; if this is its path, put back a copy of it");
        return Err(Fault::new(Kind::Damaged, Doing::Open.what(place), "it is an SQLite file of another program", next));
    }
    let version = number("user_version")?;
    if !(0..=VERSION).contains(&version) {
        let cause = format!("it was made by a newer Kastellan (catalog version {version}; this one knows {VERSION})");
        return Err(Fault::refused(Doing::Open.what(place), cause, Act::say("use that newer Kastellan")));
    }
    if read_only && version < VERSION {
        let cause = format!("it was made by an older Kastellan (catalog version {version}) and must be brought up to date first");
        return Err(Fault::refused(Doing::Open.what(place), cause, Act::say("open it once without --read-only")));
    }
    Ok(())
}

/// All missing steps in one transaction; the version is read again inside it, because another process may be as fast.
fn migrate(connection: &mut Connection) -> Result<()> {
    let version = |connection: &Connection| connection.pragma_query_value(None, "user_version", |row| row.get::<_, i32>(0));
    if version(connection)? == VERSION {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let from = usize::try_from(version(&transaction)?).unwrap_or(0);
    for step in STEPS.iter().skip(from) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

fn configure(connection: &Connection, read_only: bool) -> Result<()> {
    for (setting, on) in [
        (DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false),
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
    ] {
        connection.set_db_config(setting, on)?;
    }
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LARGEST_ROW)?;
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    // A small cache: rows are read by the screenful, and the system has the pages anyway. Its unit is KiB when negative.
    connection.execute_batch(
        "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-512; PRAGMA secure_delete=ON;
         PRAGMA synchronous=FULL; PRAGMA journal_size_limit=0; PRAGMA wal_autocheckpoint=256;",
    )?;
    if read_only {
        return connection.execute_batch("PRAGMA query_only=ON");
    }
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode == "wal" { Ok(()) } else { Err(Error::ExecuteReturnedResults) }
}

/// Whether tables and indexes are exactly those that the steps make.
fn as_made(connection: &Connection) -> Result<bool> {
    let mut statement = connection.prepare("SELECT sql FROM sqlite_schema ORDER BY rowid")?;
    let found = statement.query_map([], |row| row.get::<_, Option<String>>(0))?.collect::<Result<Vec<_>>>()?;
    let made = STEPS.iter().flat_map(|step| step.split(';')).map(str::trim).filter(|sql| !sql.is_empty());
    Ok(found.iter().map(|sql| sql.as_deref().unwrap_or_default()).eq(made))
}
