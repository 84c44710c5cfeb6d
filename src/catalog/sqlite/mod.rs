//! The catalog in an `SQLite` file.
//!
//! Owns: the file and what lies beside it (`-wal`, `-shm`, `.lock`, drafts). One thread owns the connection (`worker`); everything
//! asynchronous sends it a closure. Must not: believe a file before `judge` and `schema` have looked at it. Next: `rows` has the SQL.

mod draft;
mod fault;
mod feed;
mod judge;
mod log;
mod network;
mod place;
mod rows;
mod schema;
mod worker;

pub use draft::Draft;

use super::{Batch, Catalog, Changes, Committed, OpLock, Page, Query};
use crate::domain::{Fault, Holder, Text};
use crate::format::{RecordKind, SealedRecord, StoredEntry};
use crate::host::{lock, shown};
use async_trait::async_trait;
use fault::Doing;
use feed::Feed;
use place::Place;
use std::path::Path;
use std::sync::Arc;
use worker::{State, Worker};

/// The version of `SQLite` in this program, for the doctor.
#[must_use]
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}

/// An open catalog file: one thread owns the connection.
pub struct SqliteCatalog {
    // The order matters: the watcher ends before the thread that it wakes.
    feed: Feed,
    worker: Worker,
    place: Arc<Place>,
    read_only: bool,
}

impl SqliteCatalog {
    /// Opens an existing catalog; None where there is none (no file, or one that a set-up left empty).
    ///
    /// # Errors
    /// `Kind::Damaged`: foreign file, corrupt page; `Kind::Refused`: newer schema, network file system, folder, FIFO, somebody else's
    /// file, readable by others; `Kind::Unexpected`: read-only or full disk.
    pub fn open(path: &Path, read_only: bool) -> Result<Option<Self>, Fault> {
        match judge::find(path)? {
            Some(place) => Self::at(place, read_only).map(Some),
            None => Ok(None),
        }
    }

    fn at(place: Place, read_only: bool) -> Result<Self, Fault> {
        let connection = schema::connect(&place, read_only)?;
        judge::still_there(&place, Doing::Open)?;
        let place = Arc::new(place);
        let feed = Feed::new();
        let state = State::new(connection, place.clone(), feed.news()).map_err(|error| fault::of(&error, Doing::Open, &place))?;
        let worker = Worker::start(state).map_err(|error| fault::system(&error, Doing::Open, &place))?;
        Ok(Self { feed, worker, place, read_only })
    }

    /// Runs on the connection's thread. A file that was exchanged meanwhile is neither read nor written.
    async fn run<T, F>(&self, doing: Doing, job: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnOnce(&mut State) -> rusqlite::Result<T> + Send + 'static,
    {
        let place = self.place.clone();
        let done = self.worker.run(move |state| {
            judge::still_there(&place, doing)?;
            job(state).map_err(|error| fault::of(&error, doing, &place))
        });
        done.await.unwrap_or_else(|| Err(fault::gone(doing, &self.place)))
    }
}

#[async_trait]
impl Catalog for SqliteCatalog {
    fn place(&self) -> Text {
        shown(&self.place.path)
    }

    async fn get(&self, kind: RecordKind, id: &str) -> Result<Option<SealedRecord>, Fault> {
        let id = id.to_owned();
        self.run(Doing::Read, move |state| rows::get(&state.connection, kind, &id)).await
    }

    async fn some(&self, kind: RecordKind, ids: Vec<String>) -> Result<Vec<SealedRecord>, Fault> {
        self.run(Doing::Read, move |state| {
            // One view of the file for all of them.
            let reading = state.connection.unchecked_transaction()?;
            ids.iter().filter_map(|id| rows::get(&reading, kind, id).transpose()).collect()
        })
        .await
    }

    async fn page(&self, query: &Query) -> Result<Page, Fault> {
        let query = query.clone();
        self.run(Doing::Read, move |state| rows::page(&state.connection, &query)).await
    }

    async fn ids(&self, kind: RecordKind) -> Result<Vec<String>, Fault> {
        self.run(Doing::Read, move |state| rows::ids(&state.connection, kind)).await
    }

    async fn count(&self, kind: RecordKind) -> Result<u64, Fault> {
        self.run(Doing::Read, move |state| rows::count(&state.connection, kind)).await
    }

    async fn journal(&self, from: u64, max: usize) -> Result<Vec<StoredEntry>, Fault> {
        self.run(Doing::Read, move |state| rows::journal(&state.connection, from, max)).await
    }

    async fn last(&self) -> Result<Option<StoredEntry>, Fault> {
        self.run(Doing::Read, |state| rows::last(&state.connection)).await
    }

    async fn commit(&self, batch: Batch) -> Result<Committed, Fault> {
        if self.read_only {
            return Err(fault::read_only(Doing::Write, &self.place));
        }
        if batch.entry.seq != batch.after.seq.saturating_add(1) {
            return Err(fault::unnumbered(batch.after.seq, batch.entry.seq, &self.place));
        }
        let purge = batch.purge;
        self.run(Doing::Write, move |state| {
            let committed = rows::commit(&mut state.connection, &batch)?;
            if let Committed::Done(_) = committed {
                state.purge_due |= purge;
                state.purge();
                state.tell();
            }
            Ok(committed)
        })
        .await
    }

    async fn purged(&self) -> Result<bool, Fault> {
        self.run(Doing::Read, |state| Ok(!state.purge_due)).await
    }

    async fn lock(&self, who: &Holder) -> Result<Result<OpLock, Holder>, Fault> {
        if self.read_only {
            return Err(fault::read_only(Doing::Lock, &self.place));
        }
        let (who, place) = (who.clone(), self.place.clone());
        let taken = self.worker.run(move |_| {
            judge::still_there(&place, Doing::Lock)?;
            lock::take(&place.lock_file(), &who).map_err(|error| fault::system(&error, Doing::Lock, &place))
        });
        let taken = taken.await.unwrap_or_else(|| Err(fault::gone(Doing::Lock, &self.place)))?;
        Ok(taken.map(OpLock::new))
    }

    async fn holder(&self) -> Result<Option<Holder>, Fault> {
        let place = self.place.clone();
        let found = self.worker.run(move |_| lock::holder(&place.lock_file()).map_err(|error| fault::system(&error, Doing::Read, &place)));
        found.await.unwrap_or_else(|| Err(fault::gone(Doing::Read, &self.place)))
    }

    fn changes(&self) -> Changes {
        self.feed.changes(&self.place, &self.worker)
    }
}

#[cfg(test)]
mod tests;
