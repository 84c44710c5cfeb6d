//! Unpacking a tar stream into a folder that it cannot leave, on a thread of its own.

use super::source::inside;
use crate::domain::Text;
use std::error::Error;
use std::fs::{Permissions, set_permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

/// Folders that their owner may not write to: by their place, the deepest first, and what their modes will be.
pub type Closed = Vec<(PathBuf, u32)>;

/// The thread.
pub struct Unpacking(JoinHandle<Result<Closed, Failed>>);

impl Unpacking {
    /// Waits for its end. The folders that it gives back are open still: nobody but root could take them away again.
    pub fn ended(self) -> Result<Closed, Failed> {
        self.0.join().unwrap_or_else(|_| Err(Failed::from(io::Error::other("it ended abnormally"))))
    }
}

/// Why it failed.
pub struct Failed {
    /// At which member, where it came to one.
    pub member: Option<Text>,
    /// What lies at the bottom of it.
    pub error: io::Error,
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self { member: None, error: bottom(error) }
    }
}

/// Begins to unpack.
pub fn unpack(reader: io::PipeReader, into: PathBuf) -> Unpacking {
    Unpacking(std::thread::spawn(move || all(reader, &into)))
}

fn all(reader: io::PipeReader, into: &Path) -> Result<Closed, Failed> {
    let mut reader = io::BufReader::with_capacity(1 << 18, reader);
    let mut archive = tar::Archive::new(&mut reader);
    archive.set_overwrite(false);
    let mut closed = Closed::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        one(&mut entry, into)?;
        let mode = entry.header().mode()? & 0o777;
        if entry.header().entry_type().is_dir() && mode & 0o700 != 0o700 {
            let place = inside(&entry.path()?);
            if place != Path::new(".") {
                set_permissions(into.join(&place), Permissions::from_mode(mode | 0o700))?;
                closed.push((place, mode));
            }
        }
    }
    closed.sort_by(|a, b| b.cmp(a));
    // What follows the archive's end (padding) is read too, so that its writer is not cut off.
    io::copy(&mut reader, &mut io::sink())?;
    Ok(closed)
}

fn one(entry: &mut tar::Entry<'_, impl io::Read>, into: &Path) -> Result<(), Failed> {
    let member = Text::new(entry.path()?.to_string_lossy());
    let inside = entry.unpack_in(into).and_then(|inside| if inside { Ok(()) } else { Err(io::Error::other("it would leave the folder")) });
    inside.map_err(|error| Failed { member: Some(member), error: bottom(error) })
}

/// The error below all that was wrapped around it: there the system says what is the matter.
fn bottom(error: io::Error) -> io::Error {
    let mut lowest = None;
    let mut at: Option<&(dyn Error + 'static)> = error.get_ref().map(|inner| inner as _);
    while let Some(inner) = at {
        if let Some(inner) = inner.downcast_ref::<io::Error>() {
            lowest = Some(inner);
        }
        at = inner.source();
    }
    let copied = lowest.map(|lowest| {
        lowest.raw_os_error().map_or_else(|| io::Error::new(lowest.kind(), lowest.to_string()), io::Error::from_raw_os_error)
    });
    copied.unwrap_or(error)
}
