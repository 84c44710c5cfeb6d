use super::*;
use crate::catalog::Put;
use crate::format::Link;
use rusqlite::config::DbConfig;
use std::fmt::Write as _;

fn published() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.db");
    Draft::new(&path).unwrap().publish().unwrap();
    (folder, path)
}

/// Asks a catalog's own connection.
async fn ask<T: Send + 'static>(catalog: &SqliteCatalog, job: impl FnOnce(&mut State) -> rusqlite::Result<T> + Send + 'static) -> T {
    catalog.run(Doing::Read, job).await.unwrap()
}

async fn number(catalog: &SqliteCatalog, pragma: &'static str) -> i64 {
    ask(catalog, move |state| state.connection.pragma_query_value(None, pragma, |row| row.get(0))).await
}

#[tokio::test]
async fn the_settings_hold_when_read_back() {
    let (_folder, path) = published();
    let catalog = SqliteCatalog::open(&path, false).unwrap().unwrap();
    for (pragma, value) in [
        ("synchronous", 2),
        ("secure_delete", 1),
        ("mmap_size", 0),
        ("cell_size_check", 1),
        ("trusted_schema", 0),
        ("temp_store", 2),
        ("journal_size_limit", 0),
        ("cache_size", -512),
        ("page_size", 4096),
        ("application_id", i64::from(schema::APPLICATION_ID)),
        ("user_version", i64::from(schema::VERSION)),
        ("busy_timeout", 5000),
    ] {
        // A pragma without a row, as mmap_size where it is compiled out, counts as 0.
        let found = ask(&catalog, move |state| match state.connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0)) {
            Err(rusqlite::Error::QueryReturnedNoRows) => Ok(0),
            other => other,
        })
        .await;
        assert_eq!(found, value, "{pragma}");
    }
    let mode: String = ask(&catalog, |state| state.connection.pragma_query_value(None, "journal_mode", |row| row.get(0))).await;
    assert_eq!(mode, "wal");
    for (setting, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
    ] {
        assert_eq!(ask(&catalog, move |state| state.connection.db_config(setting)).await, on);
    }
}

#[tokio::test]
async fn secure_delete_holds_from_creation_and_a_reader_only_queries() {
    let (_folder, path) = published();
    let reader = SqliteCatalog::open(&path, true).unwrap().unwrap();
    assert_eq!(number(&reader, "query_only").await, 1);
    let folder = tempfile::tempdir().unwrap();
    let draft = Draft::new(&folder.path().join("catalog.db")).unwrap();
    assert_eq!(number(&draft.catalog(), "secure_delete").await, 1);
}

#[tokio::test]
async fn an_older_file_is_brought_up_to_date_and_keeps_its_mode() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.db");
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(&format!("PRAGMA journal_mode=WAL; PRAGMA application_id={}; PRAGMA user_version=0;", schema::APPLICATION_ID))
        .unwrap();
    drop(old);
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let refused = SqliteCatalog::open(&path, true).err().unwrap();
    assert!(refused.to_string().contains("older Kastellan"), "{refused}");
    let catalog = SqliteCatalog::open(&path, false).unwrap().unwrap();
    assert_eq!(number(&catalog, "user_version").await, i64::from(schema::VERSION));
    assert_eq!(catalog.count(RecordKind::Policy).await.unwrap(), 0);
}

/// Each query must be answered by a search in an index: a scan or a sort would grow with the catalog.
#[tokio::test]
async fn no_query_scans_a_table_or_sorts() {
    let (_folder, path) = published();
    let catalog = SqliteCatalog::open(&path, false).unwrap().unwrap();
    for sql in [
        "SELECT id, rev, clear, sealed FROM records WHERE kind = ?1 AND id = ?2",
        rows::PAGE,
        rows::IDS,
        rows::COUNT,
        rows::JOURNAL,
        rows::LAST,
    ] {
        let plan = ask(&catalog, move |state| {
            let mut statement = state.connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
            let mut plan = String::new();
            let mut rows = statement.raw_query();
            while let Some(row) = rows.next()? {
                writeln!(plan, "{}", row.get::<_, String>(3)?).unwrap();
            }
            Ok(plan)
        })
        .await;
        assert!(!plan.contains("TEMP B-TREE"), "{sql}: {plan}");
        assert!(plan.contains("SEARCH") || (sql == rows::LAST && plan.trim() == "SCAN journal"), "{sql}: {plan}");
        if sql == rows::IDS {
            assert!(plan.contains("COVERING INDEX"), "{sql}: {plan}");
        }
    }
}

/// A reader in the middle of its work keeps the log; the purge is not forgotten, and done once the reader is gone.
#[tokio::test]
async fn a_purge_that_a_reader_keeps_back_is_made_up_for() {
    let (_folder, path) = published();
    let catalog = SqliteCatalog::open(&path, false).unwrap().unwrap();
    ask(&catalog, |state| state.connection.busy_timeout(std::time::Duration::ZERO)).await;
    let marker = "WRAP-THAT-MUST-GO-".repeat(8);
    let record =
        |rev, clear: &str| SealedRecord { kind: RecordKind::Passkey, id: "p".into(), rev, clear: clear.into(), sealed: vec![1; 40] };
    let mut after = Link { seq: 0, hash: [0; 32] };
    let mut commit = async |put: Put, purge: bool| {
        let entry = StoredEntry { seq: after.seq + 1, text: "{}".into(), hash: [u8::try_from(after.seq).unwrap(); 32], mac: vec![] };
        let batch = Batch { puts: vec![put], removals: vec![], after, entry, purge };
        let Committed::Done(link) = catalog.commit(batch).await.unwrap() else { panic!("moved") };
        after = link;
    };
    commit(Put { record: record(1, &marker), replaces: 0 }, false).await;
    let reader = rusqlite::Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    let _: i64 = reader.query_row("SELECT count(*) FROM records", [], |row| row.get(0)).unwrap();
    commit(Put { record: record(2, "{}"), replaces: 1 }, true).await;
    let logged =
        || std::fs::read(path.with_file_name("catalog.db-wal")).unwrap().windows(36).any(|window| window == &marker.as_bytes()[..36]);
    assert!(logged(), "the reader still needs it");
    reader.execute_batch("COMMIT").unwrap();
    commit(Put { record: record(3, "{}"), replaces: 2 }, false).await;
    assert!(!logged());
}
