//! Where a catalog file is, and whether that place can be trusted: judged before `SQLite` opens anything.
//!
//! Nothing here opens and closes the file itself other than as a bare path handle: closing any ordinary descriptor of it would drop
//! the locks that another connection of this process holds on it.

use super::fault::{self, Doing};
use super::network;
use crate::domain::{Act, Fault, Kind};
use crate::host::{folder_of, kind_of, privacy_problem, shown};
use rustix::fs::{Access, AtFlags, CWD, Mode, OFlags};
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// No `SQLite` database is shorter, in bytes; `SQLite` itself takes a shorter file for an empty one.
const SHORTEST: u64 = 512;

/// A catalog file that was judged, or one that is about to be made.
#[derive(Debug)]
pub struct Place {
    /// As the person named it.
    pub name: PathBuf,
    /// Without links: `SQLite` names the files beside it after this one.
    pub path: PathBuf,
    /// Device and inode of the file that was judged.
    identity: (u64, u64),
}

impl Place {
    /// Whether its disk has no block left for this account.
    pub fn full(&self) -> bool {
        let folder = self.path.parent().unwrap_or(&self.path);
        rustix::fs::statvfs(folder).is_ok_and(|disk| disk.f_bavail == 0)
    }

    /// A place of which nothing is known yet, for saying what failed there.
    pub fn named(path: &Path) -> Self {
        Self { name: path.to_owned(), path: path.to_owned(), identity: (0, 0) }
    }

    /// Judges the file at `path`; None where there is none, or an empty one.
    pub fn find(path: &Path) -> Result<Option<Self>, Fault> {
        let named = Self::named(path);
        let failed = |error: &io::Error| fault::system(error, Doing::Open, &named);
        let real = match std::fs::canonicalize(path) {
            Ok(real) => real,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(&error)),
        };
        let handle = look_at(&real).map_err(|error| failed(&error))?;
        let meta = handle.metadata().map_err(|error| failed(&error))?;
        let place = Self { name: path.to_owned(), path: real, identity: identity(&meta) };
        if !meta.is_file() {
            let next = Act::say("name the catalog file itself with --catalog");
            return Err(Fault::refused(Doing::Open.what(&place), format!("it is {}, not a file", kind_of(&meta)), next));
        }
        if meta.len() == 0 {
            return Ok(None);
        }
        if meta.len() < SHORTEST {
            return Err(fault::foreign(&place));
        }
        place.judge_owner(&meta)?;
        place.judge_folder(Doing::Open)?;
        network::judge(&handle, Doing::Open, &place)?;
        Ok(Some(place))
    }

    /// A place for a new file of this name, whose folder was judged.
    pub fn new(name: &Path, path: PathBuf) -> Result<Self, Fault> {
        let place = Self { name: name.to_owned(), path, identity: (0, 0) };
        place.judge_folder(Doing::Make)?;
        let folder = look_at(folder_of(&place.path)).map_err(|error| fault::system(&error, Doing::Make, &place))?;
        network::judge(&folder, Doing::Make, &place)?;
        Ok(place)
    }

    /// The same place, once its file was made.
    pub fn made(mut self) -> io::Result<Self> {
        self.identity = identity(&std::fs::symlink_metadata(&self.path)?);
        Ok(self)
    }

    /// Whether the file is still the one that was judged.
    pub fn is_there(&self) -> bool {
        std::fs::symlink_metadata(&self.path).is_ok_and(|meta| identity(&meta) == self.identity)
    }

    /// The same as a fault.
    pub fn still_there(&self, doing: Doing) -> Result<(), Fault> {
        if self.is_there() {
            return Ok(());
        }
        let cause = "the file was moved, removed or replaced while it was open";
        Err(Fault::new(Kind::Changed, doing.what(self), cause, Act::say("start Kastellan again to open what is there now")))
    }

    /// Whether file and folder can be written by this account.
    pub fn writable(&self) -> bool {
        let may = |path: &Path| rustix::fs::accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS).is_ok();
        may(&self.path) && may(folder_of(&self.path))
    }

    /// `catalog.db` and a suffix.
    pub fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(suffix);
        name.into()
    }

    /// The file whose lock is the operation lock.
    pub fn lock_file(&self) -> PathBuf {
        self.beside(".lock")
    }

    fn judge_owner(&self, meta: &Metadata) -> Result<(), Fault> {
        let own = rustix::process::geteuid().as_raw();
        if meta.uid() != own {
            let cause = format!("it is somebody else's (uid {}); a local catalog belongs to one account", meta.uid());
            let next = Act::say("run as the account that owns it, or name another with --catalog");
            return Err(Fault::refused(Doing::Open.what(self), cause, next));
        }
        match privacy_problem(meta) {
            Some(problem) => {
                let next = Act::say(format!("chmod 600 {}", shown(&self.name)));
                Err(Fault::refused(Doing::Open.what(self), problem, next))
            }
            None => Ok(()),
        }
    }

    /// Whoever can write the folder can exchange the catalog, and take its lock away.
    fn judge_folder(&self, doing: Doing) -> Result<(), Fault> {
        let folder = folder_of(&self.path);
        let meta = std::fs::metadata(folder).map_err(|error| fault::system(&error, doing, self))?;
        let refuse = |cause: String, next: String| Err(Fault::refused(doing.what(self), cause, Act::say(next)));
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
}

fn identity(meta: &Metadata) -> (u64, u64) {
    (meta.dev(), meta.ino())
}

/// A handle for looking at a file or folder, not for reading it.
fn look_at(path: &Path) -> io::Result<File> {
    #[cfg(target_os = "linux")]
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    #[cfg(not(target_os = "linux"))]
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::empty())?.into())
}
