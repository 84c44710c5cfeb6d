//! Where a catalog file is, and what can be asked of that place without opening it. Next: `judge` says whether it can be trusted.

use crate::host::folder_of;
use rustix::fs::{Access, AtFlags, CWD};
use std::fmt::Write;
use std::fs::Metadata;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

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
        Self::planned(path, path.to_owned())
    }

    /// A file of which this was found out.
    pub fn found(name: &Path, path: PathBuf, meta: &Metadata) -> Self {
        Self { name: name.to_owned(), path, identity: identity(meta) }
    }

    /// A file that is about to be made.
    pub fn planned(name: &Path, path: PathBuf) -> Self {
        Self { name: name.to_owned(), path, identity: (0, 0) }
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

    /// A name by which `SQLite` reads the file alone, whatever lies beside it.
    pub fn alone(&self) -> String {
        let mut uri = String::from("file:");
        for byte in self.path.as_os_str().as_bytes() {
            match byte {
                b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => uri.push(char::from(*byte)),
                other => _ = write!(uri, "%{other:02x}"),
            }
        }
        uri + "?immutable=1"
    }

    /// The file whose lock is the operation lock.
    pub fn lock_file(&self) -> PathBuf {
        self.beside(".lock")
    }
}

fn identity(meta: &Metadata) -> (u64, u64) {
    (meta.dev(), meta.ino())
}
