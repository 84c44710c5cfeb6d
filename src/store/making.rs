//! Which artifacts are being made on this machine, told by a lock on a file beside the index: freed by the system when its holder dies.
//!
//! A location tells the age of what is half made and no more: one that waits for its source looks like one that is dead.

use super::index::{Index, unusable};
use crate::domain::Fault;
use crate::host::lock;
use std::path::PathBuf;

/// Held while an artifact is being made.
pub struct Making {
    file: PathBuf,
    #[allow(dead_code)] // Freed when this is dropped, after the file is gone.
    lock: lock::Held,
}

impl Drop for Making {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

impl Index {
    /// Begins to make the artifact `id` in a location (in lower case); None where somebody is at it.
    ///
    /// # Errors
    /// As the folder's that the index lies in.
    pub fn making(&self, id: &str, location: &str) -> Result<Option<Making>, Fault> {
        let file = self.making_file(id, location);
        let lock = lock::guard(&file).map_err(|error| unusable(&self.path, &error))?;
        Ok(lock.map(|lock| Making { file, lock }))
    }

    fn making_file(&self, id: &str, location: &str) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(format!(".making-{location}-{id}"));
        path.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_makes_it_and_others_are_told_until_it_is_done() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (Index::open(&folder.path().join("index")).unwrap(), Index::open(&folder.path().join("index")).unwrap());
        let files =
            || std::fs::read_dir(folder.path()).unwrap().flatten().filter(|e| e.path().to_string_lossy().contains("making")).count();
        let making = one.making("0f", "nfs").unwrap().unwrap();
        assert!(other.making("0f", "nfs").unwrap().is_none());
        assert!(other.making("0f", "s3").unwrap().is_some());
        drop(making);
        assert_eq!(files(), 0);
        // A dead one's file has no lock.
        std::fs::write(one.making_file("0f", "nfs"), "").unwrap();
        assert!(other.making("0f", "nfs").unwrap().is_some());
        assert_eq!(files(), 0);
    }
}
