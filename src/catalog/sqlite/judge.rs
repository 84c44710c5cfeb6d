//! Whether the place of a catalog can be trusted: judged before `SQLite` opens anything.
//!
//! Nothing here opens and closes the file itself other than as a bare path handle: closing any ordinary descriptor of it would drop
//! the locks that another connection of this process holds on it.

use super::fault::{self, Doing};
use super::network;
use super::place::Place;
use crate::domain::{Act, Fault, Kind};
use crate::host::{folder_of, kind_of, privacy_problem, shown};
use rustix::fs::{Mode, OFlags};
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// No `SQLite` database is shorter, in bytes; `SQLite` itself takes a shorter file for an empty one.
const SHORTEST: u64 = 512;

/// Judges the file at `path`; None where there is none, or an empty one.
pub fn find(path: &Path) -> Result<Option<Place>, Fault> {
    let named = Place::named(path);
    let failed = |error: &io::Error| fault::system(error, Doing::Open, &named);
    let real = match std::fs::canonicalize(path) {
        Ok(real) => real,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(&error)),
    };
    let handle = look_at(&real).map_err(|error| failed(&error))?;
    let meta = handle.metadata().map_err(|error| failed(&error))?;
    let place = Place::found(path, real, &meta);
    if !meta.is_file() {
        let next = Act::say("name the catalog file itself with --catalog");
        return Err(Fault::refused(Doing::Open.what(&place), format!("it is {}, not a file", kind_of(&meta)), next));
    }
    if meta.len() == 0 {
        return Ok(None);
    }
    if meta.nlink() > 1 {
        // Each name would have its own log and its own lock.
        let cause = format!("it has {} names (hard links), and SQLite would keep a log for each", meta.nlink());
        let next = Act::say("find the others (find -samefile), keep one, and make copies with cp");
        return Err(Fault::refused(Doing::Open.what(&place), cause, next));
    }
    if meta.len() < SHORTEST {
        return Err(fault::foreign(&place));
    }
    judge_owner(&place, &meta)?;
    judge_folder(&place, Doing::Open)?;
    network::judge(&handle, Doing::Open, &place)?;
    Ok(Some(place))
}

/// A place for a new file of this name, whose folder was judged.
pub fn new(name: &Path, path: PathBuf) -> Result<Place, Fault> {
    let place = Place::planned(name, path);
    judge_folder(&place, Doing::Make)?;
    let folder = look_at(folder_of(&place.path)).map_err(|error| fault::system(&error, Doing::Make, &place))?;
    network::judge(&folder, Doing::Make, &place)?;
    Ok(place)
}

/// Says so where the file is no longer the one that was judged.
pub fn still_there(place: &Place, doing: Doing) -> Result<(), Fault> {
    if place.is_there() {
        return Ok(());
    }
    let cause = "the file was moved, removed or replaced while it was open";
    Err(Fault::new(Kind::Changed, doing.what(place), cause, Act::say("start Kastellan again to open what is there now")))
}

fn judge_owner(place: &Place, meta: &Metadata) -> Result<(), Fault> {
    let own = rustix::process::geteuid().as_raw();
    if meta.uid() != own {
        let cause = format!("it is somebody else's (uid {}); a local catalog belongs to one account", meta.uid());
        let next = Act::say("run as the account that owns it, or name another with --catalog");
        return Err(Fault::refused(Doing::Open.what(place), cause, next));
    }
    match privacy_problem(meta) {
        Some(problem) => {
            let next = Act::say(format!("chmod 600 {}", shown(&place.name)));
            Err(Fault::refused(Doing::Open.what(place), problem, next))
        }
        None => Ok(()),
    }
}

/// Whoever can write the folder can exchange the catalog, and take its lock away.
fn judge_folder(place: &Place, doing: Doing) -> Result<(), Fault> {
    let folder = folder_of(&place.path);
    let meta = std::fs::metadata(folder).map_err(|error| fault::system(&error, doing, place))?;
    let refuse = |cause: String, next: String| Err(Fault::refused(doing.what(place), cause, Act::say(next)));
    let own = rustix::process::geteuid().as_raw();
    if meta.uid() != own && meta.uid() != 0 {
        let cause = format!("its folder is somebody else's (uid {}), who could exchange it", meta.uid());
        return refuse(cause, "use a folder of this account".into());
    }
    if meta.mode() & 0o022 != 0 {
        let cause = format!("others may write its folder (mode {:04o}), and so exchange it", meta.mode() & 0o7777);
        return refuse(cause, format!("chmod go-w {}, or use a folder of this account", shown(folder)));
    }
    Ok(())
}

/// A handle for looking at a file or folder, not for reading it.
fn look_at(path: &Path) -> io::Result<File> {
    #[cfg(target_os = "linux")]
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    #[cfg(not(target_os = "linux"))]
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::empty())?.into())
}
