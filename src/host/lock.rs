//! Locks between processes: an OS lock on a file, freed by the system when its holder dies, and in it a note of who holds it.
//!
//! The lock counts, not the note: the note of a dead holder means nothing.

use super::files::{is_at, kind_of, shown};
use crate::domain::{Holder, Text, Timestamp};
use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

/// How often, and how long after each other, is looked again at a lock that is just being taken or freed: a fifth of a second in all.
pub const TRIES: usize = 20;
/// The pause.
pub const PAUSE: Duration = Duration::from_millis(10);
/// So often a lock must be found taken before its note is believed: whoever asks for the holder takes it for a moment too.
const BELIEVED: usize = 3;
/// No note is longer, in bytes.
const LONGEST: u64 = 16 * 1024;

/// Held until dropped.
pub struct Held(File);

impl Drop for Held {
    fn drop(&mut self) {
        // The note goes first, while nobody else can have written one.
        let _ = self.0.set_len(0);
    }
}

/// Takes the lock without waiting for its holder, who is given back instead.
pub fn take(path: &Path, who: &Holder) -> io::Result<Result<Held, Holder>> {
    let mut note = None;
    for attempt in 0..TRIES {
        let file = open(path, OFlags::RDWR | OFlags::CREATE)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) if !is_at(&file, path) => continue, // removed while it was being taken
            Ok(()) => return write(file, who).map(Ok),
            Err(error) if error == rustix::io::Errno::WOULDBLOCK => {}
            Err(error) => return Err(error.into()),
        }
        note = read(&file);
        if note.is_some() && attempt >= BELIEVED {
            break;
        }
        std::thread::sleep(PAUSE);
    }
    Ok(Err(note.unwrap_or_else(|| unnamed(path))))
}

/// Who holds it. Makes no file.
pub fn holder(path: &Path) -> io::Result<Option<Holder>> {
    for _ in 0..TRIES {
        let file = match open(path, OFlags::RDONLY) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        match flock(&file, FlockOperation::NonBlockingLockShared) {
            Ok(()) => return Ok(None),
            Err(error) if error == rustix::io::Errno::WOULDBLOCK => {}
            Err(error) => return Err(error.into()),
        }
        if let Some(note) = read(&file) {
            return Ok(Some(note));
        }
        std::thread::sleep(PAUSE);
    }
    Ok(Some(unnamed(path)))
}

/// The lock alone, without a note; None where somebody has it.
pub fn guard(path: &Path) -> io::Result<Option<Held>> {
    for _ in 0..TRIES {
        let file = open(path, OFlags::RDWR | OFlags::CREATE)?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() && is_at(&file, path) {
            return Ok(Some(Held(file)));
        }
        std::thread::sleep(PAUSE);
    }
    Ok(None)
}

fn open(path: &Path, flags: OFlags) -> io::Result<File> {
    let strange = |what: &str| io::Error::other(format!("its lock file {} is {what}", shown(path)));
    // Without NONBLOCK a named pipe put there would be waited for.
    let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR) {
        Ok(fd) => File::from(fd),
        Err(error) if error == rustix::io::Errno::LOOP => return Err(strange("a symbolic link")),
        Err(error) => return Err(error.into()),
    };
    let meta = file.metadata()?;
    if meta.is_file() { Ok(file) } else { Err(strange(kind_of(&meta))) }
}

fn write(file: File, who: &Holder) -> io::Result<Held> {
    let mut held = Held(file);
    held.0.set_len(0)?;
    held.0.rewind()?;
    let note = serde_json::to_vec(who).map_err(io::Error::other)?;
    held.0.write_all(&note)?;
    Ok(held)
}

fn read(file: &File) -> Option<Holder> {
    let mut note = Vec::new();
    file.take(LONGEST).read_to_end(&mut note).ok()?;
    serde_json::from_slice(&note).ok()
}

/// Somebody who left no note, by the time of the file.
fn unnamed(path: &Path) -> Holder {
    let since = std::fs::symlink_metadata(path).map_or(0, |meta| meta.mtime());
    Holder { who: "somebody".into(), place: Text::default(), since: Timestamp::from_unix(since), doing: "working on it".into() }
}
