//! The SQL: every query is found by an index, so that its time does not grow with the catalog.

use crate::catalog::{Batch, Committed, Page, Query};
use crate::format::{Link, RecordKind, SealedRecord, StoredEntry};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Error, OptionalExtension, Result, Row, TransactionBehavior, params};

/// A page, by key and not by offset: the second condition on the id is what the index searches by.
pub const PAGE: &str = "SELECT id, rev, clear, sealed FROM records WHERE kind = ?1 AND (?2 IS NULL OR id > ?2) AND id >= coalesce(?2, '')
    ORDER BY id LIMIT ?3";
/// Ids, from the index alone.
pub const IDS: &str = "SELECT id FROM records WHERE kind = ?1 ORDER BY id";
/// How many, as commits keep it: counting would take longer the more there are.
pub const COUNT: &str = "SELECT n FROM counts WHERE kind = ?1";
/// Entries in order.
pub const JOURNAL: &str = "SELECT seq, text, hash, mac FROM journal WHERE seq >= ?1 ORDER BY seq LIMIT ?2";
/// The last entry: one step from the right end of the table.
pub const LAST: &str = "SELECT seq, text, hash, mac FROM journal ORDER BY seq DESC LIMIT 1";

/// One record.
pub fn get(connection: &Connection, kind: RecordKind, id: &str) -> Result<Option<SealedRecord>> {
    let mut statement = connection.prepare_cached("SELECT id, rev, clear, sealed FROM records WHERE kind = ?1 AND id = ?2")?;
    statement.query_row(params![kind.word(), id], |row| record(kind, row)).optional()
}

/// A page, and whether there is more.
pub fn page(connection: &Connection, query: &Query) -> Result<Page> {
    let mut statement = connection.prepare_cached(PAGE)?;
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX).saturating_add(1);
    let rows = statement.query_map(params![query.kind.word(), query.after, limit], |row| record(query.kind, row))?;
    let mut records = rows.collect::<Result<Vec<_>>>()?;
    let more = records.len() > query.limit;
    records.truncate(query.limit);
    Ok(Page { records, more })
}

/// Ids alone.
pub fn ids(connection: &Connection, kind: RecordKind) -> Result<Vec<String>> {
    // One allocation of the right size, but never one that a hostile count alone could make large.
    let expected = usize::try_from(count(connection, kind)?).unwrap_or(0).min(1 << 20);
    let mut ids = Vec::with_capacity(expected);
    let mut statement = connection.prepare_cached(IDS)?;
    for id in statement.query_map([kind.word()], |row| text(0, row))? {
        ids.push(id?);
    }
    Ok(ids)
}

/// How many.
pub fn count(connection: &Connection, kind: RecordKind) -> Result<u64> {
    let mut statement = connection.prepare_cached(COUNT)?;
    Ok(statement.query_row([kind.word()], |row| unsigned(0, row)).optional()?.unwrap_or(0))
}

/// Entries in order.
pub fn journal(connection: &Connection, from: u64, max: usize) -> Result<Vec<StoredEntry>> {
    let mut statement = connection.prepare_cached(JOURNAL)?;
    let max = i64::try_from(max).unwrap_or(i64::MAX);
    statement.query_map(params![signed(from), max], entry)?.collect()
}

/// The last entry.
pub fn last(connection: &Connection) -> Result<Option<StoredEntry>> {
    let mut statement = connection.prepare_cached(LAST)?;
    statement.query_row([], entry).optional()
}

/// All or nothing. An error or a `Moved` rolls back as the transaction is dropped.
pub fn commit(connection: &mut Connection, batch: &Batch) -> Result<Committed> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let end = end(&transaction)?;
    // An empty journal does not know its own hash_0: that depends on ids which are the format's affair.
    let follows = end.map_or(batch.after.seq == 0, |end| end == batch.after);
    if !follows {
        return Ok(Committed::JournalMoved(end.unwrap_or(Link { seq: 0, hash: [0; 32] })));
    }
    for put in &batch.puts {
        if !write(&transaction, &put.record, put.replaces)? {
            return Ok(Committed::RecordMoved);
        }
        if put.replaces == 0 {
            add(&transaction, put.record.kind, 1)?;
        }
    }
    for removal in &batch.removals {
        let mut statement = transaction.prepare_cached("DELETE FROM records WHERE kind = ?1 AND id = ?2 AND rev = ?3")?;
        if statement.execute(params![removal.kind.word(), removal.id, signed(removal.rev)])? != 1 {
            return Ok(Committed::RecordMoved);
        }
        add(&transaction, removal.kind, -1)?;
    }
    let entry = &batch.entry;
    let mut statement = transaction.prepare_cached("INSERT INTO journal(seq, text, hash, mac) VALUES(?1, ?2, ?3, ?4)")?;
    statement.execute(params![signed(entry.seq), entry.text, entry.hash, entry.mac])?;
    drop(statement);
    // In a page that every commit writes, and that stays the only one of its table: by it a log is known to belong to the file (`log`).
    transaction
        .prepare_cached("INSERT INTO counts(kind, n) VALUES('journal', ?1) ON CONFLICT(kind) DO UPDATE SET n = excluded.n")?
        .execute([signed(entry.seq)])?;
    transaction.commit()?;
    Ok(Committed::Done(entry.link()))
}

/// Whether the record was at the revision it replaces.
fn write(connection: &Connection, record: &SealedRecord, replaces: u64) -> Result<bool> {
    let rev = signed(record.rev);
    let changed = if replaces == 0 {
        let mut statement = connection
            .prepare_cached("INSERT INTO records(kind, id, rev, clear, sealed) VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING")?;
        statement.execute(params![record.kind.word(), record.id, rev, record.clear, record.sealed])?
    } else {
        let mut statement =
            connection.prepare_cached("UPDATE records SET rev = ?3, clear = ?4, sealed = ?5 WHERE kind = ?1 AND id = ?2 AND rev = ?6")?;
        statement.execute(params![record.kind.word(), record.id, rev, record.clear, record.sealed, signed(replaces)])?
    };
    Ok(changed == 1)
}

/// Keeps the count of a kind.
fn add(connection: &Connection, kind: RecordKind, more: i64) -> Result<usize> {
    let sql = "INSERT INTO counts(kind, n) VALUES(?1, ?2) ON CONFLICT(kind) DO UPDATE SET n = n + excluded.n";
    connection.prepare_cached(sql)?.execute(params![kind.word(), more])
}

fn end(connection: &Connection) -> Result<Option<Link>> {
    let mut statement = connection.prepare_cached("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1")?;
    statement.query_row([], |row| Ok(Link { seq: unsigned(0, row)?, hash: row.get(1)? })).optional()
}

/// A row that is not as we write them is read for what it is, and then does not verify: it must not keep the others from being read.
fn record(kind: RecordKind, row: &Row) -> Result<SealedRecord> {
    Ok(SealedRecord { kind, id: text(0, row)?, rev: unsigned(1, row).unwrap_or(0), clear: text(2, row)?, sealed: bytes(3, row)? })
}

fn text(column: usize, row: &Row) -> Result<String> {
    String::from_utf8(bytes(column, row)?).or_else(|e| Ok(String::from_utf8_lossy(e.as_bytes()).into_owned()))
}

fn bytes(column: usize, row: &Row) -> Result<Vec<u8>> {
    match row.get_ref(column)? {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Ok(bytes.to_vec()),
        _ => Ok(Vec::new()),
    }
}

fn entry(row: &Row) -> Result<StoredEntry> {
    Ok(StoredEntry { seq: unsigned(0, row)?, text: row.get(1)?, hash: row.get(2)?, mac: row.get(3)? })
}

/// `SQLite`'s integers are signed; a revision or a number beyond that was never written.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(column: usize, row: &Row) -> Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| Error::IntegralValueOutOfRange(column, number))
}
