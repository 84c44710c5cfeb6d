//! A new catalog under a name of its own until it is whole, so that a set-up that dies leaves no half catalog behind.

use super::fault::{self, Doing};
use super::place::Place;
use super::{SqliteCatalog, judge, schema};
use crate::domain::{Act, Changed, Fault, Kind};
use crate::host::{folder_of, fsync_folder, lock};
use rustix::fs::{CWD, FlockOperation, RenameFlags, flock};
use std::collections::BTreeSet;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A new catalog that nobody sees until it is published. Dropped before that, it removes its files.
pub struct Draft {
    // The order matters: closed before its files go.
    catalog: Arc<SqliteCatalog>,
    files: Files,
    target: Place,
}

impl Draft {
    /// Makes an empty catalog beside `path` under a name of its own, and sweeps drafts whose makers are dead. A folder that is not
    /// there is made, for this account alone.
    ///
    /// # Errors
    /// As [`SqliteCatalog::open`]; `Kind::Refused` where `path` exists.
    pub fn new(path: &Path) -> Result<Self, Fault> {
        let target = target(path)?;
        let failed = |error: &io::Error| fault::system(error, Doing::Make, &target);
        sweep(&target.path);
        let files = Files::claim(&target.path).map_err(|error| failed(&error))?;
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&files.stem).map_err(|error| failed(&error))?;
        let place = judge::new(path, files.stem.clone())?.made().map_err(|error| failed(&error))?;
        schema::create(&place).map_err(|error| fault::of(&error, Doing::Make, &place))?;
        Ok(Self { catalog: Arc::new(SqliteCatalog::at(place, false)?), files, target })
    }

    /// The draft as a catalog: written and read back through it. Given back before it is published.
    #[must_use]
    pub fn catalog(&self) -> Arc<SqliteCatalog> {
        self.catalog.clone()
    }

    /// Makes it the catalog at `path`: closed, synced, moved without replacing anything, folder synced.
    ///
    /// # Errors
    /// `Kind::Changed` where somebody was faster; the draft is gone then.
    pub fn publish(self) -> Result<(), Fault> {
        let Self { catalog, files, target } = self;
        let failed = |error: &io::Error| fault::system(error, Doing::Make, &target);
        let closed = Arc::into_inner(catalog).ok_or_else(|| failed(&io::Error::other("it is still being written")))?;
        drop(closed);
        if std::fs::metadata(files.beside("-wal")).is_ok_and(|meta| meta.len() > 0) {
            return Err(failed(&io::Error::other("its log could not be moved into it")));
        }
        File::open(&files.stem).and_then(|file| file.sync_all()).map_err(|error| failed(&error))?;
        // Two set-ups at once: without this one could take the other's new catalog for the empty file that it may remove.
        let guard = lock::guard(&target.lock_file()).map_err(|error| failed(&error))?;
        let Some(_guard) = guard else { return Err(late(&target, "another process is setting one up")) };
        alone(&target)?;
        if is_empty(&target.path) {
            std::fs::remove_file(&target.path).map_err(|error| failed(&error))?;
        }
        match move_new(&files.stem, &target.path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(late(&target, FASTER)),
            Err(error) => return Err(failed(&error)),
        }
        fsync_folder(folder_of(&target.path))
            .map_err(|error| failed(&error).leaving(Changed::Partly("it is there, and may not outlive a power cut".into())))
    }
}

/// Where it will be: the folder made and judged, and nothing there yet.
fn target(path: &Path) -> Result<Place, Fault> {
    let named = Place::named(path);
    let failed = |error: &io::Error| fault::system(error, Doing::Make, &named);
    let folder = folder_of(path);
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| failed(&error))?;
    let folder = std::fs::canonicalize(folder).map_err(|error| failed(&error))?;
    let Some(name) = path.file_name() else {
        return Err(failed(&io::Error::other("that is no name of a file")));
    };
    let target = judge::new(path, folder.join(name))?;
    if taken(&target) {
        let next = Act::say("open it: kastellan status, or name another with --catalog");
        return Err(Fault::refused(Doing::Make.what(&target), "there is one already", next));
    }
    alone(&target)?;
    Ok(target)
}

/// A log that was left behind would be replayed into the new file.
fn alone(target: &Place) -> Result<(), Fault> {
    match ["-wal", "-shm", "-journal"].map(|suffix| target.beside(suffix)).iter().find(|path| std::fs::symlink_metadata(path).is_ok()) {
        // Looked for last: a log whose catalog is there by now is a living one, of whoever was faster.
        Some(_) if taken(target) => Err(late(target, FASTER)),
        Some(path) => Err(fault::left_over(target, path)),
        None => Ok(()),
    }
}

const FASTER: &str = "somebody else was faster: there is one now";

fn late(target: &Place, cause: &str) -> Fault {
    Fault::new(Kind::Changed, Doing::Make.what(target), cause, Act::say("open that one: kastellan status"))
}

/// Whether something is at the name of the new catalog.
fn taken(target: &Place) -> bool {
    std::fs::symlink_metadata(&target.path).is_ok() && !is_empty(&target.path)
}

fn is_empty(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() == 0)
}

/// Moves without replacing; where the file system cannot do that in one step, by a second name.
fn move_new(from: &Path, to: &Path) -> io::Result<()> {
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        Err(error) if error == rustix::io::Errno::EXIST => Err(error.into()),
        Err(_) => {
            std::fs::hard_link(from, to)?;
            std::fs::remove_file(from)
        }
    }
}

/// What a draft leaves beside it, the sign of life last.
const SUFFIXES: [&str; 5] = ["", "-journal", "-wal", "-shm", ".lock"];
/// A file that is locked as long as the draft's maker lives. Not the draft itself: closing a second descriptor of that one would drop
/// `SQLite`'s own locks.
const ALIVE: &str = ".alive";

static COUNT: AtomicU64 = AtomicU64::new(0);

/// The files of one draft, removed on drop.
struct Files {
    stem: PathBuf,
    _alive: File,
}

impl Files {
    fn claim(target: &Path) -> io::Result<Self> {
        loop {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let stem = folder_of(target).join(format!("{}{}-{number}", prefix(target), std::process::id()));
            let sign = with(&stem, ALIVE);
            let alive = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&sign) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            };
            // A sweep may have come between making and locking, and taken it for a dead one's.
            let locked = flock(&alive, FlockOperation::NonBlockingLockExclusive).is_ok();
            if locked && alive.metadata()?.nlink() > 0 {
                return Ok(Self { stem, _alive: alive });
            }
        }
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        with(&self.stem, suffix)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        remove(&self.stem);
    }
}

fn remove(stem: &Path) {
    for suffix in SUFFIXES.iter().chain([&ALIVE]) {
        let _ = std::fs::remove_file(with(stem, suffix));
    }
}

fn prefix(target: &Path) -> String {
    format!(".{}.draft-", target.file_name().unwrap_or_default().to_string_lossy())
}

fn with(stem: &Path, suffix: &str) -> PathBuf {
    let mut name = stem.to_owned().into_os_string();
    name.push(suffix);
    name.into()
}

/// Removes drafts whose makers are dead. What cannot be removed does no harm where it is.
fn sweep(target: &Path) {
    let folder = folder_of(target);
    let prefix = prefix(target);
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let stem = |name: String| {
        let rest = name.strip_prefix(&prefix)?;
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(rest.len());
        Some(folder.join(format!("{prefix}{}", rest[..end].trim_end_matches('-'))))
    };
    let stems: BTreeSet<PathBuf> = names.filter_map(stem).collect();
    for stem in stems {
        let sign = OpenOptions::new().write(true).open(with(&stem, ALIVE));
        let dead = match &sign {
            Ok(file) => flock(file, FlockOperation::NonBlockingLockExclusive).is_ok(),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        };
        if dead {
            remove(&stem);
        }
    }
}
