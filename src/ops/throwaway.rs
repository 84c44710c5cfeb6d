//! A folder that vanishes.

use crate::crypto::random;
use crate::domain::{Act, Fault, Kind};
use crate::host::{Paths, shown};
use std::fs::{DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// After so long, one whose process was killed is removed: in between it may just be made.
const LEFT: Duration = Duration::from_mins(1);

/// An owner-only folder that is removed when this is dropped, unless it is kept. One whose process was killed goes when the next is made.
pub struct Throwaway {
    folder: PathBuf,
    kept: bool,
    /// Locked as long as its process lives.
    #[allow(dead_code)] // Held until it is dropped.
    alive: Option<File>,
}

impl Throwaway {
    /// A new one in the system's folder for temporary files; `what` it is for: `demo`, `drill`.
    ///
    /// # Errors
    /// `Kind::Unexpected`.
    pub fn new(what: &str) -> Result<Self, Fault> {
        sweep(&std::env::temp_dir(), what);
        let mut name = [0u8; 8];
        random(&mut name);
        let folder = std::env::temp_dir().join(format!("kastellan-{what}-{:016x}", u64::from_be_bytes(name)));
        make(&folder, false, what)?;
        // Where it cannot be locked, the next one removes it only after this one.
        let alive = File::open(&folder).ok().filter(|file| file.try_lock().is_ok());
        Ok(Self { folder, kept: false, alive })
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
        Ok(Self { folder: folder.to_owned(), kept: true, alive: None })
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

/// Removes what killed processes of this account left: their locks are free.
fn sweep(place: &Path, what: &str) {
    let begins = format!("kastellan-{what}-");
    for entry in std::fs::read_dir(place).into_iter().flatten().flatten() {
        let ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(&begins));
        let Ok(found) = entry.path().symlink_metadata() else { continue };
        let old = found.modified().is_ok_and(|at| at.elapsed().is_ok_and(|since| since >= LEFT));
        let own = found.is_dir() && found.uid() == rustix::process::geteuid().as_raw();
        if ours && old && own && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = std::fs::remove_dir_all(entry.path());
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

    #[test]
    fn what_a_killed_process_left_goes_and_what_lives_stays() {
        let place = tempfile::tempdir().unwrap();
        let folder = |name: &str, old: bool| {
            let path = place.path().join(name);
            std::fs::create_dir(&path).unwrap();
            std::fs::write(path.join("sealed"), "x").unwrap();
            if old {
                let then = std::time::SystemTime::now() - Duration::from_hours(1);
                File::open(&path).unwrap().set_modified(then).unwrap();
            }
            path
        };
        let (dead, young) = (folder("kastellan-drill-0000000000000001", true), folder("kastellan-drill-0000000000000002", false));
        let (alive, other) = (folder("kastellan-drill-0000000000000003", true), folder("somebody-elses", true));
        let held = File::open(&alive).unwrap();
        held.try_lock().unwrap();
        sweep(place.path(), "drill");
        assert!(!dead.exists() && young.exists() && alive.exists() && other.exists());
        drop(held);
        sweep(place.path(), "drill");
        assert!(!alive.exists());
    }
}
