//! Files that only their owner may read.

use super::accounts;
use crate::domain::{Act, Fault, Kind, Text};
use rustix::fs::{Mode, OFlags};
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use zeroize::{Zeroize, Zeroizing};

/// The largest secret, in bytes.
const LARGEST_SECRET: usize = 64 * 1024;

/// A file that was just made, owner-only and synced; dropping it without [`Owned::keep`] removes it.
pub struct Owned(PathBuf);

impl Owned {
    /// It stays.
    pub fn keep(mut self) {
        self.0 = PathBuf::new();
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        if !self.0.as_os_str().is_empty() && std::fs::remove_file(&self.0).is_ok() {
            let _ = fsync_folder(folder_of(&self.0));
        }
    }
}

/// Reads a secret file: regular (no FIFO, device, folder), not readable or writable by group or others, owned by this account or
/// root, at most 64 KiB. Symbolic links are followed (Kubernetes mounts are links) and the target is judged.
///
/// # Errors
/// `Kind::Refused` for a rule (`passphrase file pass.txt not used: group "ci" may read it (mode 0640)`), `Kind::NotFound`,
/// `Kind::Secret` for an empty file.
pub fn read_secret_file(path: &Path, what: &str) -> Result<Zeroizing<Vec<u8>>, Fault> {
    const HINT: &str = "chmod 600 it (Kubernetes: defaultMode 0400), or use --passphrase-fd N";
    let doing = format!("{what} {} not used", shown(path));
    // Opened without waiting for a FIFO's writer, then judged by descriptor, so that nothing can be swapped in between.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(fd) => File::from(fd),
        Err(error) => return Err(unreadable(doing, &error.into(), what)),
    };
    let meta = file.metadata().map_err(|error| unreadable(doing.clone(), &error, what))?;
    if !meta.is_file() {
        let next = Act::say("name a regular file, or use --passphrase-fd N for a pipe");
        return Err(Fault::refused(doing, format!("it is {}, not a regular file", kind_of(&meta)), next));
    }
    if let Some(problem) = problem(&meta) {
        return Err(Fault::refused(doing, problem, Act::say(HINT)));
    }
    if meta.len() > LARGEST_SECRET as u64 {
        let cause = format!("it has {} bytes; a secret has at most {LARGEST_SECRET}", meta.len());
        return Err(Fault::refused(doing, cause, Act::say("name the file that holds only the secret")));
    }
    let bytes = read_bounded(file, &doing, what)?;
    if bytes.is_empty() {
        return Err(Fault::new(Kind::Secret, doing, "it is empty", Act::say("write the secret into it, or name another file")));
    }
    Ok(bytes)
}

/// What was open when the process began, where that could be told.
static INHERITED: OnceLock<Vec<i32>> = OnceLock::new();

/// Notes which descriptors are inherited. To be called before anything opens one of its own: a number that the caller got wrong must not
/// reach a catalog, or a pipe that nobody writes to.
pub fn note_descriptors() {
    let Ok(entries) = std::fs::read_dir("/dev/fd") else { return };
    // The listing itself has one: the folder that is being listed.
    let listing = |path: &Path| std::fs::read_link(path).is_ok_and(|to| to.starts_with("/proc") && to.ends_with("fd"));
    let handed_over = entries.flatten().filter(|entry| !listing(&entry.path()));
    let _ = INHERITED.set(handed_over.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect());
}

/// Reads a secret from an inherited descriptor to its end, at most 64 KiB. What was read cannot be read from it again, unless it is a
/// file; the descriptor itself stays open until the process ends, because closing a bare number is not safe in Rust.
///
/// # Errors
/// `Kind::Usage` for a number that is no open readable descriptor or is a terminal; `Kind::Secret` where nothing comes.
pub fn read_secret_fd(fd: i32, what: &str) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let doing = format!("{what} descriptor {fd} not used");
    let usage = |cause: &str| {
        let next = Act::say(format!("open one for reading, as in: kastellan ... --passphrase-fd {fd} {fd}< pass.txt"));
        Fault::new(Kind::Usage, doing.clone(), cause, next)
    };
    if fd < 0 {
        return Err(usage("descriptors begin at 0"));
    }
    if INHERITED.get().is_some_and(|inherited| !inherited.contains(&fd)) {
        return Err(usage("no such descriptor is open"));
    }
    let own = duplicate(fd).map_err(|_| usage("no such descriptor is open"))?;
    let mode = rustix::fs::fcntl_getfl(&own).map_err(|_| usage("no such descriptor is open"))? & OFlags::RWMODE;
    if mode == OFlags::WRONLY {
        return Err(usage("it is open for writing only"));
    }
    if rustix::termios::isatty(&own) {
        return Err(usage("it is a terminal, where a secret would be shown as it is typed"));
    }
    let file = File::from(own);
    if file.metadata().is_ok_and(|meta| meta.is_dir()) {
        return Err(usage("it is a folder"));
    }
    let bytes = read_bounded(file, &doing, what)?;
    if bytes.is_empty() {
        return Err(Fault::new(Kind::Secret, doing, "it is empty", Act::say("write the secret into it")));
    }
    Ok(bytes)
}

/// Opens for reading without waiting for a named pipe's writer; what is no regular file is refused. For files that are only ever ours.
pub fn open_regular(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    let meta = file.metadata()?;
    if meta.is_file() { Ok(file) } else { Err(io::Error::other(format!("it is {}, not a regular file", kind_of(&meta)))) }
}

/// Reads a public file (YAML, anchors) or standard input (`-`), at most `most` bytes.
///
/// # Errors
/// `Kind::NotFound`, `Kind::Usage`.
pub fn read_public(path: &Path, most: u64, what: &str) -> Result<Vec<u8>, Fault> {
    let stdin = path.as_os_str() == "-";
    let doing = if stdin { format!("{what} on standard input not used") } else { format!("{what} {} not used", shown(path)) };
    let reader: Box<dyn Read> = if stdin {
        Box::new(io::stdin().lock())
    } else {
        let file = File::open(path).map_err(|error| unreadable(doing.clone(), &error, what))?;
        let meta = file.metadata().map_err(|error| unreadable(doing.clone(), &error, what))?;
        if meta.is_dir() {
            return Err(Fault::new(Kind::Usage, doing, "it is a folder", Act::say(format!("name the {what} itself"))));
        }
        Box::new(file)
    };
    at_most(reader, most, doing, what)
}

/// Reads a public file that can be nothing but a file, such as what lies beside another one: no pipe is waited for.
///
/// # Errors
/// As [`read_public`].
pub fn read_regular(path: &Path, most: u64, what: &str) -> Result<Vec<u8>, Fault> {
    let doing = format!("{what} {} not used", shown(path));
    let file = open_regular(path).map_err(|error| unreadable(doing.clone(), &error, what))?;
    at_most(file, most, doing, what)
}

fn at_most(reader: impl Read, most: u64, doing: String, what: &str) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    reader.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| unreadable(doing.clone(), &error, what))?;
    if bytes.len() as u64 > most {
        let next = Act::say(format!("name the right {what}"));
        return Err(Fault::new(Kind::Usage, doing, format!("it is longer than {most} bytes"), next));
    }
    Ok(bytes)
}

/// Reads what may be a secret, from a file or standard input (`-`), at most `most` bytes; wiped when dropped.
///
/// # Errors
/// As [`read_public`].
pub fn read_secret_or_public(path: &Path, most: u64, what: &str) -> Result<Zeroizing<Vec<u8>>, Fault> {
    read_public(path, most, what).map(Zeroizing::new)
}

/// Makes a new owner-only file (0600, `O_EXCL`) with these bytes, synced with its folder.
///
/// # Errors
/// `Kind::Refused` where it exists or the file system keeps no modes, `Kind::Unexpected` otherwise.
pub fn create_owner_only(path: &Path, bytes: &[u8], what: &str) -> Result<Owned, Fault> {
    let doing = format!("cannot write {what} {}", shown(path));
    let unexpected = |error: io::Error| {
        Fault::new(Kind::Unexpected, doing.clone(), why(&error), Act::say("name a file in a folder of your own with room on its disk"))
    };
    let mut file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let next = Act::say("name a file that does not exist, or remove that one");
            return Err(Fault::refused(doing, "it exists, and nothing is ever overwritten", next));
        }
        Err(error) => return Err(unexpected(error)),
    };
    let owned = Owned(path.to_owned());
    if let Some(problem) = file.metadata().map_err(&unexpected).map(|meta| problem(&meta))? {
        let next = Act::say("name a file on a disk that keeps permissions");
        return Err(Fault::refused(doing, format!("even a new file there is not private: {problem}"), next));
    }
    file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fsync_folder(folder_of(path))).map_err(unexpected)?;
    Ok(owned)
}

/// Whether a new file could be made at `path`: asked before anything is noted that would be in it.
///
/// # Errors
/// `Kind::Refused` where something is there already, or the folder is not.
pub fn can_be_made(path: &Path, doing: impl Into<Text>) -> Result<(), Fault> {
    if path.symlink_metadata().is_ok() {
        let next = Act::say("name a file that does not exist");
        return Err(Fault::refused(doing, format!("{} exists, and is never overwritten", shown(path)), next));
    }
    let folder = folder_of(path);
    if path.file_name().is_none() || !folder.is_dir() {
        let next = Act::say(format!("make it first (mkdir -p {}), or name another one", shown(folder)));
        return Err(Fault::refused(doing, format!("there is no folder {} for {}", shown(folder), shown(path)), next));
    }
    Ok(())
}

/// Writes a public file in place of what was there, in one step: whoever reads it sees the old one or the new one.
///
/// # Errors
/// `Kind::Unexpected`.
pub fn replace_public(path: &Path, bytes: &[u8], what: &str) -> Result<(), Fault> {
    let failed = |error: io::Error| {
        Fault::new(
            Kind::Unexpected,
            format!("cannot write {what} {}", shown(path)),
            why(&error),
            Act::say("name a file in a folder of your own"),
        )
    };
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    let beside = PathBuf::from(beside);
    let written = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o644).open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    };
    written().map_err(|error| {
        let _ = std::fs::remove_file(&beside);
        failed(error)
    })
}

/// Why a file or folder is not owner-only, in words; None where it is.
#[must_use]
pub fn owner_only_problem(path: &Path) -> Option<String> {
    match std::fs::metadata(path) {
        Ok(meta) => problem(&meta),
        Err(error) => Some(why(&error)),
    }
}

/// Makes a folder's entries durable.
///
/// # Errors
/// The system's.
pub fn fsync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Whether what is open has this name still.
pub fn is_at(open: &File, path: &Path) -> bool {
    let (Ok(own), Ok(there)) = (open.metadata(), path.symlink_metadata()) else { return false };
    (own.dev(), own.ino()) == (there.dev(), there.ino())
}

/// The folder that a path lies in; `.` for a bare name.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Who else may read or write, or owns it.
pub fn problem(meta: &Metadata) -> Option<String> {
    let mode = meta.mode() & 0o7777;
    let own = rustix::process::geteuid().as_raw();
    if meta.uid() != own && meta.uid() != 0 {
        let owner = accounts::user(meta.uid()).map_or_else(|| format!("uid {}", meta.uid()), |name| format!("\"{}\"", Text::new(name)));
        return Some(format!("it belongs to {owner}, who may read it"));
    }
    let does = |bits: u32| match (bits & 4 != 0, bits & 2 != 0) {
        (true, true) => Some("read and write"),
        (true, false) => Some("read"),
        (false, true) => Some("write"),
        (false, false) => (bits != 0).then_some("enter or run"),
    };
    if let Some(verb) = does(mode & 7) {
        return Some(format!("everybody may {verb} it (mode {mode:04o})"));
    }
    let group = || accounts::group(meta.gid()).map_or_else(|| format!("gid {}", meta.gid()), |name| format!("\"{}\"", Text::new(name)));
    does((mode >> 3) & 7).map(|verb| format!("group {} may {verb} it (mode {mode:04o})", group()))
}

/// What kind of thing it is, with its article.
pub fn kind_of(meta: &Metadata) -> &'static str {
    let kind = meta.file_type();
    if kind.is_dir() {
        "a folder"
    } else if kind.is_fifo() {
        "a named pipe"
    } else if kind.is_socket() {
        "a socket"
    } else if kind.is_file() {
        "a file"
    } else {
        "a device"
    }
}

/// The system's reason without its error number.
#[must_use]
pub fn why(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

/// A path for people.
pub fn shown(path: &Path) -> Text {
    Text::new(path.to_string_lossy())
}

fn unreadable(doing: String, error: &io::Error, what: &str) -> Fault {
    match error.kind() {
        io::ErrorKind::NotFound => Fault::new(Kind::NotFound, doing, "there is no such file", Act::say(format!("name the right {what}"))),
        io::ErrorKind::PermissionDenied => {
            Fault::new(Kind::Refused, doing, "this account may not read it", Act::say("run as the account that owns it"))
        }
        _ => Fault::new(Kind::Usage, doing, why(error), Act::say(format!("name the right {what}"))),
    }
}

/// Reads to the end into a buffer of fixed size, so that no copy is left behind by growing; what is over the bound is refused.
fn read_bounded(mut file: File, doing: &str, what: &str) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let mut buffer = Zeroizing::new(vec![0; LARGEST_SECRET + 1]);
    let mut length = 0;
    while length < buffer.len() {
        match file.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => await_readable(&file),
            Err(error) => return Err(unreadable(doing.to_owned(), &error, what)),
        }
    }
    if length > LARGEST_SECRET {
        let next = Act::say("hand over only the secret");
        return Err(Fault::refused(doing, format!("it holds more than {LARGEST_SECRET} bytes"), next));
    }
    buffer[length..].zeroize();
    buffer.truncate(length);
    Ok(buffer)
}

/// Waits for a descriptor that somebody made non-blocking.
fn await_readable(file: &File) {
    let _ = rustix::event::poll(&mut [rustix::event::PollFd::new(file, rustix::event::PollFlags::IN)], None);
}

/// An own descriptor for the same open file. Opening `/dev/fd/N` again is not the same for FIFOs and sockets, so it comes second.
fn duplicate(fd: i32) -> io::Result<OwnedFd> {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
        let copied = pidfd_open(getpid(), PidfdFlags::empty()).and_then(|own| pidfd_getfd(own, fd, PidfdGetfdFlags::empty()));
        match copied {
            Ok(copied) => return Ok(copied),
            Err(rustix::io::Errno::BADF) => return Err(rustix::io::Errno::BADF.into()),
            Err(_) => {} // an old kernel, or a sandbox that forbids the call
        }
    }
    Ok(File::open(format!("/dev/fd/{fd}"))?.into())
}

#[cfg(test)]
mod tests;
