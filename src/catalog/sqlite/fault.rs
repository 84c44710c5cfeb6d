//! What `SQLite` and the system say, as faults.

use super::place::Place;
use crate::domain::{Act, Changed, Fault, Kind};
use crate::host::{shown, why};
use rusqlite::{Error, ErrorCode, ffi};
use std::io;
use std::path::Path;

/// What was being done to the catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Opening it.
    Open,
    /// Reading it.
    Read,
    /// Writing it.
    Write,
    /// Taking or reading its operation lock.
    Lock,
    /// Making a new one.
    Make,
}

impl Doing {
    /// `cannot open catalog PATH`.
    pub fn what(self, place: &Place) -> String {
        let verb = match self {
            Self::Open => "open",
            Self::Read => "read",
            Self::Write => "write to",
            Self::Lock => "lock",
            Self::Make => "make",
        };
        format!("cannot {verb} catalog {}", shown(&place.name))
    }
}

const DAMAGED: &str = "keep it and its -wal and -shm elsewhere, and put back a copy: any copy opens with the passkeys it had";
const DISK: &str = "look at its disk (dmesg, df), then try again";

/// An error of `SQLite`.
pub fn of(error: &Error, doing: Doing, place: &Place) -> Fault {
    let fault = |kind, cause: &str, next: &str| Fault::new(kind, doing.what(place), cause, Act::say(next));
    let damaged = |cause: &str| fault(Kind::Damaged, cause, DAMAGED);
    let Error::SqliteFailure(failure, text) = error else {
        return match error {
            Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::InvalidColumnType(..)
            | Error::Utf8Error(..)
            | Error::QueryReturnedNoRows => damaged("a row in it is not as Kastellan writes them"),
            other => fault(Kind::Unexpected, &other.to_string(), DISK),
        };
    };
    match failure.code {
        ErrorCode::DatabaseCorrupt => damaged("the file is damaged: a page of it is not what SQLite wrote"),
        ErrorCode::NotADatabase => foreign(place),
        ErrorCode::DiskFull => disk_full(doing, place),
        ErrorCode::ReadOnly => read_only(doing, place),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            fault(Kind::Changed, "it is busy: another process has kept it locked for seconds", "try again")
        }
        ErrorCode::CannotOpen | ErrorCode::PermissionDenied => {
            let next = "see that the file and its folder belong to this account and can be written, or look with --read-only";
            fault(Kind::Unexpected, "the system does not let it be opened", next)
        }
        ErrorCode::TooBig => damaged("a row in it is larger than Kastellan writes them"),
        // A full disk shows first where the index of the write-ahead log is to grow, as one more I/O error.
        ErrorCode::SystemIoFailure if place.full() => disk_full(doing, place),
        ErrorCode::SystemIoFailure => {
            let cause = format!("its disk failed ({})", ffi::code_to_str(failure.extended_code));
            let fault = fault(Kind::Unexpected, &cause, DISK);
            // What a failed fsync has written, nobody knows before the file is opened again.
            if doing == Doing::Write { fault.leaving(Changed::Partly("either all of it or nothing was written".into())) } else { fault }
        }
        ErrorCode::Unknown if doing != Doing::Write => damaged("its tables are not as Kastellan makes them"),
        _ => fault(Kind::Unexpected, text.as_deref().unwrap_or("SQLite failed"), DISK),
    }
}

/// An error of the system.
pub fn system(error: &io::Error, doing: Doing, place: &Place) -> Fault {
    match error.kind() {
        io::ErrorKind::ReadOnlyFilesystem => read_only(doing, place),
        io::ErrorKind::StorageFull => disk_full(doing, place),
        _ => {
            let next = Act::say("see that the file and its folder belong to this account, or name another with --catalog");
            Fault::new(Kind::Unexpected, doing.what(place), why(error), next)
        }
    }
}

fn disk_full(doing: Doing, place: &Place) -> Fault {
    let next = Act::say("free some space there (a few MiB are enough), then try again");
    Fault::new(Kind::Unexpected, doing.what(place), "its disk is full", next)
}

/// A catalog that cannot be written because of where or how it was opened.
pub fn read_only(doing: Doing, place: &Place) -> Fault {
    if place.writable() {
        let next = Act::say("leave out --read-only (or readOnly in the config)");
        return Fault::refused(doing.what(place), "it was opened read-only", next);
    }
    let next = Act::say("look at it with --read-only, or make its disk, folder and file writable for this account");
    Fault::new(Kind::Unexpected, doing.what(place), "its disk, folder or file is read-only", next)
}

/// A file that is no `SQLite` database.
pub fn foreign(place: &Place) -> Fault {
    let cause = "the file is not a catalog: it is no SQLite database, or its first page is damaged";
    let next = Act::say("name the catalog with --catalog; if this is its path, put back a copy of it");
    Fault::new(Kind::Damaged, Doing::Open.what(place), cause, next)
}

/// A write-ahead log that continues another file, or another state of this one.
pub fn strange_log(place: &Place) -> Fault {
    let log = shown(&place.beside("-wal"));
    let cause = format!("{log} does not belong to it: one of the two was put back or left behind alone");
    let next = Act::say(format!("move {log} and {} elsewhere, and keep them; then try again", shown(&place.beside("-shm"))));
    Fault::new(Kind::Damaged, Doing::Open.what(place), cause, next)
}

/// Something of an earlier catalog where a new one is to be made.
pub fn left_over(place: &Place, path: &Path) -> Fault {
    let cause = format!("{} of an earlier catalog is still there", shown(path));
    let next = Act::say("move it to where that catalog went, or elsewhere; then try again");
    Fault::refused(Doing::Make.what(place), cause, next)
}

/// The connection's thread ended.
pub fn gone(doing: Doing, place: &Place) -> Fault {
    Fault::new(Kind::Unexpected, doing.what(place), "it was closed by an earlier failure", Act::say("start Kastellan again"))
}

/// An entry whose number does not continue the link it names.
pub fn unnumbered(after: u64, seq: u64, place: &Place) -> Fault {
    let cause = format!("journal entry {seq} cannot follow number {after}");
    Fault::new(Kind::Unexpected, Doing::Write.what(place), cause, Act::say("report this as a bug"))
}
