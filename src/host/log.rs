//! The log: file only, owner-only, rotated, never with a secret.

use super::files::{folder_of, shown, why};
use crate::domain::{Act, Fault, Kind};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The log rotates when it would grow larger, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// Starts logging to `path` (0600; at most 1 MiB, then one older file is kept). `verbose`: 0 info, 1 debug, 2 trace. A process logs to one
/// file: where it does so already, a console that is opened again for one, it goes on.
///
/// # Errors
/// `Kind::Unexpected` where the file cannot be made.
pub fn start_log(path: &Path, verbose: u8) -> Result<(), Fault> {
    if tracing::dispatcher::has_been_set() {
        return Ok(());
    }
    let failed = |cause: String| {
        let next = Act::say("name another with --log-file, in a folder of your own");
        Fault::new(Kind::Unexpected, format!("cannot log to {}", shown(path)), cause, next)
    };
    let log = Rotating::open(path, LARGEST).map_err(|error| failed(why(&error)))?;
    let level = match verbose {
        0 => LevelFilter::INFO,
        1 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    // Libraries are not trusted with secrets or with volume: only their warnings.
    let wanted = Targets::new().with_default(LevelFilter::WARN).with_target("kastellan", level);
    // Written in place, by whoever logs: a line is one short write, and a thread of its own would cost memory and wake-ups.
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(Mutex::new(log));
    tracing_subscriber::registry().with(lines).with(wanted).try_init().map_err(|_| failed("logging was started before".into()))
}

/// A file that is renamed to `NAME.1` when it is full. Other processes may write and rotate the same one.
struct Rotating {
    path: PathBuf,
    file: File,
    largest: u64,
}

impl Rotating {
    fn open(path: &Path, largest: u64) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder_of(path))?;
        Ok(Self { path: path.to_owned(), file: append_to(path)?, largest })
    }

    /// Sees that the file is the one at the path, and has room for `more` bytes.
    fn make_room(&mut self, more: u64) -> io::Result<()> {
        let mut own = self.file.metadata()?;
        if !std::fs::symlink_metadata(&self.path).is_ok_and(|there| there.ino() == own.ino() && there.dev() == own.dev()) {
            self.file = append_to(&self.path)?;
            own = self.file.metadata()?;
        }
        if own.len() > 0 && own.len().saturating_add(more) > self.largest {
            let mut older = self.path.clone().into_os_string();
            older.push(".1");
            std::fs::rename(&self.path, older)?;
            self.file = append_to(&self.path)?;
        }
        Ok(())
    }
}

impl Write for Rotating {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.make_room(u64::try_from(line.len()).unwrap_or(u64::MAX))?;
        self.file.write_all(line)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    use rustix::fs::OFlags;
    let flags = i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits()).unwrap_or(0);
    let file = OpenOptions::new().append(true).read(true).create(true).mode(0o600).custom_flags(flags).open(path)?;
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    // A slip must not write into, or rename, a catalog or anything else that is worth keeping.
    let mut head = [0; 4];
    if meta.len() > 0 && !(file.read_at(&mut head, 0)? == head.len() && head.iter().all(u8::is_ascii_digit)) {
        return Err(io::Error::other("it is there, and is not a log of Kastellan"));
    }
    file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotates_and_keeps_one_older_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/log");
        let mut log = Rotating::open(&path, 100).unwrap();
        for n in 0..30 {
            writeln!(log, "2026 {n:02} ------------").unwrap();
        }
        let now = std::fs::read_to_string(&path).unwrap();
        let older = std::fs::read_to_string(folder.path().join("new/log.1")).unwrap();
        assert!(now.ends_with("2026 29 ------------\n") && now.len() <= 100, "{now}");
        assert!(older.len() <= 100 && !older.is_empty());
        assert_eq!(std::fs::read_dir(folder.path().join("new")).unwrap().count(), 2);
    }

    #[test]
    fn is_owner_only_even_where_it_was_not_and_follows_no_link() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        std::fs::write(&path, "2026-07-31T00:00:00Z old\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        writeln!(Rotating::open(&path, 100).unwrap(), "new").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "2026-07-31T00:00:00Z old\nnew\n");
        std::fs::write(&path, "a shopping list\n").unwrap();
        assert!(Rotating::open(&path, 100).is_err(), "another file");
        std::os::unix::fs::symlink(&path, folder.path().join("link")).unwrap();
        assert!(Rotating::open(&folder.path().join("link"), 100).is_err());
    }

    #[test]
    fn two_processes_share_one_log() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut one = Rotating::open(&path, 60).unwrap();
        let mut two = Rotating::open(&path, 60).unwrap();
        for n in 0..6 {
            writeln!(one, "2026 one {n} ------").unwrap();
            writeln!(two, "2026 two {n} ------").unwrap();
        }
        let all = std::fs::read_to_string(&path).unwrap() + &std::fs::read_to_string(folder.path().join("log.1")).unwrap();
        assert!(all.contains("one 4") && all.contains("two 4") && all.contains("one 5") && all.contains("two 5"), "{all}");
    }
}
