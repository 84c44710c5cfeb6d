//! The change feed: a watch on the catalog's folder, started by the first who asks, so that a single verb does not pay for it.
//!
//! The watch only wakes the connection's thread; what changed, if anything, is asked there (`State::look`). Nothing polls.

use super::place::Place;
use super::worker::{CHANGED, LOCK_CLOSED, Worker};
use crate::catalog::Changes;
use crate::host::folder_of;
use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use std::ffi::OsString;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// The feed of one open catalog.
pub struct Feed {
    news: Arc<watch::Sender<u64>>,
    watcher: Mutex<Option<RecommendedWatcher>>,
}

impl Feed {
    /// Without a watch yet.
    pub fn new() -> Self {
        Self { news: Arc::new(watch::Sender::new(0)), watcher: Mutex::new(None) }
    }

    /// Where news are told.
    pub fn news(&self) -> Arc<watch::Sender<u64>> {
        self.news.clone()
    }

    /// A listener; the first one starts the watch. Where the system has no watch left, only this process's own commits are told.
    pub fn changes(&self, place: &Place, worker: &Worker) -> Changes {
        let listener = self.news.subscribe();
        let mut watcher = self.watcher.lock().unwrap_or_else(PoisonError::into_inner);
        if watcher.is_none() {
            match watch(place, worker) {
                Ok(started) => *watcher = Some(started),
                Err(error) => tracing::warn!("changes by other processes are not noticed: {error}"),
            }
        }
        Changes(listener)
    }
}

fn watch(place: &Place, worker: &Worker) -> notify::Result<RecommendedWatcher> {
    let file = |path: std::path::PathBuf| path.file_name().map(OsString::from).unwrap_or_default();
    let (database, log, lock) = (file(place.path.clone()), file(place.beside("-wal")), file(place.lock_file()));
    let wake = worker.waker();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        let Ok(event) = event else { return wake(CHANGED) };
        let about = |name: &OsString| event.paths.iter().any(|path| path.file_name() == Some(name));
        match event.kind {
            EventKind::Access(AccessKind::Close(AccessMode::Write)) if about(&lock) => wake(CHANGED | LOCK_CLOSED),
            EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_)) => {}
            _ if event.need_rescan() || about(&database) || about(&log) || about(&lock) => wake(CHANGED),
            _ => {}
        }
    })?;
    watcher.watch(folder_of(&place.path), RecursiveMode::NonRecursive)?;
    Ok(watcher)
}
