//! Where sealed records live: the trait, the `SQLite` file, one contract suite.
//!
//! Owns: durability, atomic batches, revisions, the operation lock, the change feed. Must not: hold a key, open a box, make a journal
//! entry. Next: `ops` builds batches and reads records.

mod sqlite;

pub use sqlite::{Draft, SqliteCatalog, sqlite_version};

use crate::domain::{Fault, Holder, Text};
use crate::format::{Link, RecordKind, SealedRecord, StoredEntry};
use async_trait::async_trait;

/// A page of records of one kind, in ascending order of id.
#[derive(Debug, Clone)]
pub struct Query {
    /// The kind.
    pub kind: RecordKind,
    /// Only ids after this one.
    pub after: Option<String>,
    /// At most this many.
    pub limit: usize,
}

/// Records, and whether there are more.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// In ascending order of id.
    pub records: Vec<SealedRecord>,
    /// Whether more follow.
    pub more: bool,
}

/// A record to write, and the revision it replaces (0: it must not exist).
#[derive(Debug, Clone)]
pub struct Put {
    /// The record, with its new revision.
    pub record: SealedRecord,
    /// What must be there now.
    pub replaces: u64,
}

/// A record to remove at exactly this revision.
#[derive(Debug, Clone)]
pub struct Removal {
    /// Its kind.
    pub kind: RecordKind,
    /// Its id.
    pub id: String,
    /// What must be there now.
    pub rev: u64,
}

/// All or nothing, with one journal entry.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Records to write.
    pub puts: Vec<Put>,
    /// Records to remove.
    pub removals: Vec<Removal>,
    /// The journal's end that the entry continues.
    pub after: Link,
    /// The entry.
    pub entry: StoredEntry,
    /// Removed or replaced bytes must be gone from the write-ahead log too (a wrap was removed); [`Catalog::purged`] says whether they are.
    pub purge: bool,
}

/// How a commit ended, where it did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    /// It is durable; the journal's new end.
    Done(Link),
    /// The journal went on meanwhile; nothing was written. Make the entry again after this link.
    JournalMoved(Link),
    /// A record is not at the revision that was expected; nothing was written.
    RecordMoved,
}

/// The operation lock, held until dropped (or until the process dies).
pub struct OpLock(#[allow(dead_code)] Box<dyn Send + Sync>);

impl OpLock {
    /// A lock that ends when `held` is dropped.
    pub fn new(held: impl Send + Sync + 'static) -> Self {
        Self(Box::new(held))
    }
}

/// Says that something changed; readers ask again.
pub struct Changes(pub tokio::sync::watch::Receiver<u64>);

impl Changes {
    /// Waits for the next change by anyone, this process included. Pending for ever once the catalog is closed.
    pub async fn next(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Where sealed records live.
#[async_trait]
pub trait Catalog: Send + Sync {
    /// Where it is, for people.
    fn place(&self) -> Text;
    /// One record.
    async fn get(&self, kind: RecordKind, id: &str) -> Result<Option<SealedRecord>, Fault>;
    /// Those records of a kind that are there, in the order asked for: a screenful in one step.
    async fn some(&self, kind: RecordKind, ids: Vec<String>) -> Result<Vec<SealedRecord>, Fault>;
    /// A page of records.
    async fn page(&self, query: &Query) -> Result<Page, Fault>;
    /// All ids of a kind in ascending order, and nothing else: for long lists.
    async fn ids(&self, kind: RecordKind) -> Result<Vec<String>, Fault>;
    /// How many records of a kind there are.
    async fn count(&self, kind: RecordKind) -> Result<u64, Fault>;
    /// Entries from number `from` on, at most `max`.
    async fn journal(&self, from: u64, max: usize) -> Result<Vec<StoredEntry>, Fault>;
    /// The journal's last entry.
    async fn last(&self) -> Result<Option<StoredEntry>, Fault>;
    /// All or nothing, durable on return.
    async fn commit(&self, batch: Batch) -> Result<Committed, Fault>;
    /// Whether all that had to be purged is gone: not where another process keeps reading an older state meanwhile.
    async fn purged(&self) -> Result<bool, Fault>;
    /// Takes the operation lock; `Err(holder)` inside where somebody living holds it.
    async fn lock(&self, who: &Holder) -> Result<Result<OpLock, Holder>, Fault>;
    /// Who holds the operation lock, if anybody living does.
    async fn holder(&self) -> Result<Option<Holder>, Fault>;
    /// The change feed.
    fn changes(&self) -> Changes;
}
