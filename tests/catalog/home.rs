//! What the tests of the catalog share: a folder, records, batches.

use kastellan::catalog::{Batch, Draft, Put, Removal, SqliteCatalog};
use kastellan::domain::{Holder, Timestamp};
use kastellan::format::{Link, RecordKind, SealedRecord, StoredEntry};
use sha2::{Digest, Sha256};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// Where the test journals begin: a catalog knows no hash before the first entry.
pub const START: Link = Link { seq: 0, hash: [0x11; 32] };

/// A folder of its own, and the path of a catalog in it.
pub struct Home {
    pub folder: tempfile::TempDir,
    pub path: PathBuf,
}

impl Home {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalog.db");
        Self { folder, path }
    }

    pub fn published() -> Self {
        let home = Self::new();
        Draft::new(&home.path).unwrap().publish().unwrap();
        home
    }

    pub fn open(&self) -> SqliteCatalog {
        SqliteCatalog::open(&self.path, false).unwrap().expect("there is a catalog")
    }

    pub fn beside(&self, suffix: &str) -> PathBuf {
        self.path.with_file_name(format!("catalog.db{suffix}"))
    }

    /// Names of all files in the folder, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<_> =
            self.folder.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    pub fn mode(&self, name: &str) -> u32 {
        std::fs::metadata(self.folder.path().join(name)).unwrap().mode() & 0o7777
    }

    /// The bytes of all files in the folder.
    pub fn all_bytes(&self) -> Vec<u8> {
        self.names().iter().flat_map(|name| std::fs::read(self.folder.path().join(name)).unwrap()).collect()
    }
}

fn record(kind: RecordKind, id: &str, rev: u64) -> SealedRecord {
    let clear = format!("{{\"id\":\"{id}\",\"kind\":\"{}\",\"rev\":{rev}}}", kind.word());
    SealedRecord { kind, id: id.into(), rev, clear, sealed: vec![u8::try_from(rev % 251).unwrap(); 80] }
}

/// A new record.
pub fn put(kind: RecordKind, id: &str, rev: u64) -> Put {
    Put { record: record(kind, id, rev), replaces: 0 }
}

/// The record after `rev`.
pub fn replace(kind: RecordKind, id: &str, rev: u64) -> Put {
    Put { record: record(kind, id, rev + 1), replaces: rev }
}

pub fn removal(kind: RecordKind, id: &str, rev: u64) -> Removal {
    Removal { kind, id: id.into(), rev }
}

/// A stand-in for the chain: catalogs compare hashes, and never compute them.
pub fn hash_after(link: Link) -> [u8; 32] {
    Sha256::new_with_prefix(link.hash).chain_update(link.seq.to_be_bytes()).finalize().into()
}

pub fn batch(after: Link, puts: Vec<Put>, removals: Vec<Removal>) -> Batch {
    let seq = after.seq + 1;
    let entry = StoredEntry { seq, text: format!("{{\"n\":{seq}}}"), hash: hash_after(after), mac: vec![9; 32] };
    Batch { puts, removals, after, entry, purge: false }
}

pub fn holder(who: &str) -> Holder {
    Holder { who: who.into(), place: "pts/3".into(), since: Timestamp::from_unix(1_700_000_000), doing: "rotating prod-eu1".into() }
}
