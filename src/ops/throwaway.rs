//! A folder that vanishes.

use crate::crypto::random;
use crate::domain::{Act, Fault, Kind};
use crate::host::{Paths, shown};
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// An owner-only folder that is removed when this is dropped, unless it is kept.
pub struct Throwaway {
    folder: PathBuf,
    kept: bool,
}

impl Throwaway {
    /// A new one in the system's folder for temporary files; `what` it is for: `demo`, `drill`.
    ///
    /// # Errors
    /// `Kind::Unexpected`.
    pub fn new(what: &str) -> Result<Self, Fault> {
        let mut name = [0u8; 8];
        random(&mut name);
        let folder = std::env::temp_dir().join(format!("kastellan-{what}-{:016x}", u64::from_be_bytes(name)));
        make(&folder, false, what)?;
        Ok(Self { folder, kept: false })
    }

    /// This one, which stays; it must be new or empty.
    ///
    /// # Errors
    /// `Kind::Refused` where something is in it, `Kind::Unexpected`.
    pub fn kept(folder: &Path) -> Result<Self, Fault> {
        let filled = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
        if filled || folder.symlink_metadata().is_ok_and(|found| !found.is_dir()) {
            let next = Act::say("name a folder that does not exist, or is empty");
            return Err(Fault::refused("demo not made", format!("{} is not an empty folder", shown(folder)), next));
        }
        make(folder, true, "demo")?;
        Ok(Self { folder: folder.to_owned(), kept: true })
    }

    /// Where it is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The files of an account that lives in it.
    #[must_use]
    pub fn paths(&self) -> Paths {
        Paths::within(&self.folder)
    }

    /// Whether it stays.
    #[must_use]
    pub fn stays(&self) -> bool {
        self.kept
    }
}

impl Drop for Throwaway {
    fn drop(&mut self) {
        if !self.kept {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

fn make(folder: &Path, recursive: bool, what: &str) -> Result<(), Fault> {
    let made = DirBuilder::new().mode(0o700).recursive(recursive).create(folder);
    made.map_err(|e| {
        let next = Act::say("make room for temporary files, or say where they go: TMPDIR=DIR");
        Fault::new(Kind::Unexpected, format!("{what} not made"), format!("{}: {e}", shown(folder)), next)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn it_is_owner_only_and_vanishes_unless_kept() {
        let Ok(gone) = Throwaway::new("demo") else { panic!("made") };
        let path = gone.folder().to_owned();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        std::fs::write(path.join("file"), "x").unwrap();
        drop(gone);
        assert!(!path.exists());

        let parent = tempfile::tempdir().unwrap();
        let stays = parent.path().join("a/b");
        drop(Throwaway::kept(&stays));
        assert!(stays.exists());
        std::fs::write(stays.join("file"), "x").unwrap();
        assert!(Throwaway::kept(&stays).is_err());
    }
}
